// Package memstore keeps users, groups, memberships, other resources and
// Muster's own records in memory. It is for applications whose data fits there
// and may be gone after a restart, for trying things out, and for tests.
//
//	store := memstore.New()
//	h, err := scim.New(scim.Config{Users: store, Groups: store, State: store, …})
//
// One [Store] has everything that package scim can ask of a store: it is a
// [scim.UserStore], [scim.GroupStore], [scim.StateStore], [scim.Transactor],
// [scim.UserTrash] and [scim.RoleSetter]. [Resources] holds resources of other
// types.
//
// # What is unique
//
// Within a tenant: userName by its [schema.Attr.Key], the displayName of a group
// ignoring case, every attribute whose schema says [schema.Server], and
// externalId if [Options] say so. Across tenants: what the schema says is
// [schema.Global]. Hidden users do not count.
//
// # Order
//
// Resources are in the order of their creation, which is also that of their
// ids, so that pages stay where they are when something is removed. An id is a UUID of
// version 7 (RFC 9562, section 5.7) whose last eight digits count the resources of the
// tenant. Edges are in the order of the group's id, then the member's.
//
// # What it costs
//
// Look-ups by id, and filters that demand an equal userName, externalId,
// displayName, emails.value or unique attribute, take as long among a million
// resources as among ten. So does a page without a filter, with its total, and
// one member more or less of a group. Other filters, and sorting, look at every
// resource of the tenant; the lock is held only until these are listed.
//
// A user is in memory as the tape of its resource and a few words per index:
// about 0.8 KB for one with a JSON of 600 bytes. A membership is about 13 bytes.
//
// # Goroutines and transactions
//
// Everything may be called from many goroutines. One lock protects a store:
// readers share it, a writer has it alone, and a transaction is one writer
// from its begin to its end, see [Store.InTx].
//
// Resources are immutable. Those that go in are kept and come out as they are,
// with an id and meta; slices are copied where both sides could write to them.
//
// All users of a store should be of one [schema.Type], or of types compiled of
// the same schemas, and so should its groups. An update turns a resource into
// one of the type that it is updated with.
//
// # What it does not do
//
// Nothing is written to disk. Passwords are not kept in any form, so that the
// handler tells clients that it has no use for them. A filter that names the
// groups of a user or the members of a group is answered by
// [scim.ErrNotImplemented], since resources don't have them; package scim does
// these itself.
package memstore
