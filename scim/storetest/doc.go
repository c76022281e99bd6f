// Package storetest is the conformance kit for stores: it holds what an
// application has written against every rule in the comments of [scim.UserStore],
// [scim.GroupStore], [scim.ResourceStore], [scim.StateStore] and their abilities.
//
//	func TestStore(t *testing.T) {
//		storetest.All(t, func(t testing.TB) storetest.Stores {
//			s := openEmpty(t) // closed by t.Cleanup
//			return storetest.Stores{Users: s, Groups: s, State: s}
//		}, storetest.Options{})
//	}
//
// [Users], [Groups], [Resources] and [State] do a part of it. Each case is a
// subtest with a fresh store, so one can be run alone:
//
//	go test -run 'TestStore/Users/UpdateKeepsRest'
//
// A failure tells which rule was broken, the section of the RFC behind it, and
// what an identity provider or a user sees then:
//
//	after an update with an old version: title is "b", want "a"
//	rule:      With Write.Version an update is done only if the stored version equals it; …
//	section:   RFC 7644, section 3.14
//	if broken: A client that sends If-Match overwrites what somebody else has just changed.
//
// [Cases] lists all of them.
//
// # What differs from store to store
//
// [Options] say what an application's store does otherwise: which attributes it
// keeps, what else is unique, what a new user must have. What it does not keep is
// neither sent nor expected.
//
// Cases on an ability that the store lacks are left out, and the log names them;
// those on one that it refuses by [scim.ErrNotImplemented] say so and pass. A filter or order that it refuses, by ErrNotImplemented,
// [scim.Unsupported] or [scim.ErrTooBroad], is no failure. What it does answer is
// compared with [filter.Filter.Match] and [scim.Compare]: a filter that is ignored,
// or taken for another, is a failure.
//
// # What it finds and what not
//
// A case that fails has seen a rule broken; there is no failure by chance or by
// timing. A case that passes proves less, above all those on races: use -race.
// Nothing is measured in time. One case counts the memory that a change of a large
// group takes, see [Options.Short].
//
// Passwords are beyond it: that a store hashes them can't be seen from outside.
//
// # Transactions
//
// A [scim.Transactor] may run a function more than once. [Twice] makes one that
// always does, for an application's own tests. The cases on transactions run
// theirs so.
package storetest
