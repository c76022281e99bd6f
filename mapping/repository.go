package mapping

import (
	"context"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// Repository is where the application keeps its rows. It is called from many
// goroutines at once, and every method works within tenant t: a row of another
// tenant is unknown. Errors are those of [scim.UserStore]:
//
//   - [scim.ErrNotFound]: there is no row with this id, or no text like this is one.
//   - [scim.Taken]: a value that must be unique is in use.
//   - [scim.Forbidden], [scim.Invalid]: what the application does not want.
//   - anything else is a 500, and its text goes to the log only.
//
// What it can do beyond these methods is found by its type and passed on: it may be a
// [scim.Transactor], a [scim.CursorLister] (a query ByKey is then answered exactly, or
// by Candidates), a [VersionDeleter], a [Rereader], a [Swapper],
// and of users a [Trash] and a [scim.RoleSetter], which goes before [Roles].
type Repository[T any] interface {
	// Get returns a row that nobody else writes to.
	Get(ctx context.Context, t scim.Tenant, id string) (*T, error)

	// List returns rows, as [Candidates] or as the [Exact] page. A filter or order
	// that is neither pushed down nor worth reading all rows for is
	// [scim.ErrNotImplemented], which makes package scim read them up to its own
	// limit, or [scim.Unsupported], which tells the client what is possible. An
	// ErrNotImplemented to a query for IDs makes it Get one after the other.
	List(ctx context.Context, t scim.Tenant, q Query) (Rows[T], error)

	// Create stores a new row, after it has given it an ID if it has none.
	Create(ctx context.Context, t scim.Tenant, v *T) error

	// Update loads the row, calls change with it and stores it: in one transaction
	// in which nobody else can write the row, or under a lock. If change fails,
	// nothing is stored and its error is returned. change may be called again with
	// a row that has been loaded again; it does not use ctx and takes no locks.
	Update(ctx context.Context, t scim.Tenant, id string, change func(*T) error) error

	// Delete erases the row and what belongs to it, memberships too. Of several calls
	// for one row at once one succeeds. If a client names a version, that of Get is
	// compared before; a [VersionDeleter] does both in one step.
	Delete(ctx context.Context, t scim.Tenant, id string) error
}

// GroupRepository is where the application keeps its groups and who is a member of
// which. What Repository says of its methods goes for these too.
type GroupRepository[G any] interface {
	Get(ctx context.Context, t scim.Tenant, id string) (*G, error)
	List(ctx context.Context, t scim.Tenant, q Query) (Rows[G], error)

	// Create stores a new group with members. [scim.UnknownMember] is the error if
	// one of them does not exist.
	Create(ctx context.Context, t scim.Tenant, g *G, members []patch.Member) error

	// Update works out which members d really adds and removes, calls change with
	// the group and whether there are any, and stores both: all of it, or nothing if
	// change fails. Its cost depends on d, not on the group. d.Where is empty.
	// [scim.UnknownMember] is the error if a new member does not exist.
	Update(ctx context.Context, t scim.Tenant, id string, change func(g *G, members bool) error, d patch.MemberDelta) (Effect, error)

	// Delete erases a group and its memberships; the members stay.
	Delete(ctx context.Context, t scim.Tenant, id string) error

	// Memberships is [scim.GroupStore].ListMemberships. Those of hidden users are
	// left out. [Memberships] does it for edges in memory.
	Memberships(ctx context.Context, t scim.Tenant, q scim.MembershipQuery) (scim.MembershipPage, error)
}

// Effect has the ids of the members that a delta really added and removed.
type Effect = scim.MemberEffect

// VersionDeleter is a repository that can look at a row and delete it in one step.
// Without it, a delete that names a version compares it first and deletes then.
type VersionDeleter[T any] interface {
	// DeleteIf loads the row as Update does, calls check with it and deletes it
	// unless that fails.
	DeleteIf(ctx context.Context, t scim.Tenant, id string, check func(*T) error) error
}

// Rereader is a repository whose rows need not be read again after a write: Create and
// Update leave in the row that change was called with what the database has stored, with
// its defaults and what triggers have done.
type Rereader interface {
	LeavesStored() bool
}

// Swapper is a repository that compares a version and stores a change in one step, so
// that an update of a row which was read before needs no lock.
type Swapper[T any] interface {
	// Swap stores the fields in which after differs from before in the row that is in
	// sight and has before's [Version], and leaves in after what is stored then. before
	// was made of the resource that was read: it has no other fields. If there is no such
	// row, Swap changes nothing and returns [scim.ErrNotImplemented]; Update says why.
	Swap(ctx context.Context, t scim.Tenant, id string, before, after *T) error
}

// Trash is a repository of users that takes rows out of sight itself, see
// [scim.UserTrash]. It needs no [DeletedAt]. change is called as by Update.
type Trash[T any] interface {
	Hide(ctx context.Context, t scim.Tenant, id string, change func(*T) error) error
	Restore(ctx context.Context, t scim.Tenant, id string, change func(*T) error) error

	// Hidden is List of the hidden ones.
	Hidden(ctx context.Context, t scim.Tenant, q Query) (Rows[T], error)
}
