// Package substitute hands over what leavers owned: it names the heir, moves
// everything in the background, and keeps the leaver from being erased before that is
// done.
//
//	offboard, err := substitute.New(substitute.Config{Owned: []substitute.Owned{documents, templates}})
//	…
//	h, err := scim.New(scim.Config{
//		Users: store, State: store, Offboard: offboard,
//		Settings: scim.Fixed(scim.Settings{
//			OnDelete:   scim.Tombstone,
//			Retention:  30 * 24 * time.Hour,
//			Substitute: substitute.Chain(substitute.Chosen(), substitute.Manager(), substitute.User(boss)),
//		}),
//	})
//	go h.Run(ctx)
//
// # The heir
//
// The policy in [scim.Settings] names whom to consider, in order: [Chosen] by an
// administrator for this leaver, the [Manager] as last known, the tenant's [Default],
// one [User]; [Chain] puts them together and [Park] ends them. The first of them inherits
// who exists in the tenant, is active, is not the leaver and does not leave too. In the
// place of one who leaves come his own heirs; circles end. Without an heir, or without
// any policy, the hand-over is parked: nothing is moved, nothing is lost and nobody is
// erased, until somebody is named ([Coordinator.Assign], [Coordinator.Reconsider]) or
// the rest is given up ([Coordinator.Abandon]).
//
// [Coordinator.Preview] tells all of it beforehand.
//
// # The hand-over
//
// It is planned in the transaction of the suspension or deletion, due at once or after
// a grace period ([scim.Settings].HandOverAfter). A worker ([scim.Handler.Run]) then goes
// through what the user owns, batch by batch: list ids, record the batch, move it,
// record that it was moved. After a crash the last batch is moved again, to the same
// heir, which changes nothing if it was moved before. Every object that ever was moved
// is in a [Batch] and, with the batch, in an event.
//
// Before and after each batch the heir is looked at again. If he has left meanwhile, the
// batch is taken back and the policy is asked anew; what he has got before moves with his
// own hand-over. If the leaver comes back, what is not moved yet stays, and what was moved
// stays moved unless it is taken back by [Coordinator.Undo].
//
// What fails is tried again, after 10 seconds at first and after an hour at most.
//
// # Several instances
//
// Each may work; a hand-over is claimed by one of them for [Config].Lease. If one is
// thought to be dead and is not, both move the same batch to the same heir, and only one
// of them can store that it was. A batch that was taken back while a slow worker moved it
// is taken back once more by that worker.
//
// # What it does not do
//
// Access is not inherited: sessions and keys are cut ([scim.Cutoff]), never moved. An
// object's own history, and whether the heir may see it, is up to the application.
package substitute
