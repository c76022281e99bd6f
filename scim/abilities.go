package scim

import (
	"context"

	"github.com/muster-scim/muster/schema"
)

// What a store may be able to do beyond its interface. New asks by type once;
// a wrapper that has every method passes the inner store's refusal on by
// returning ErrNotImplemented.

// Transactor is a store that can do several calls as one.
type Transactor interface {
	// InTx runs f. The calls that f makes with its context are done together
	// or not at all; f's error is returned and undoes them. f may be run more
	// than once, so it has no outside effect.
	InTx(ctx context.Context, f func(ctx context.Context) error) error
}

// RoleSetter is a UserStore that keeps the roles which provisioning gives.
type RoleSetter interface {
	// SetUserRoles gives a user exactly these provisioned roles. Roles of
	// another origin stay.
	SetUserRoles(ctx context.Context, t Tenant, id string, roles []string) error
}

// UserTrash is a UserStore that can take a user out of sight and bring it back.
type UserTrash interface {
	// HideUser makes a user unknown to GetUser, ListUsers, UpdateUser and
	// ListMemberships, and frees its unique values, but keeps data and
	// memberships. If version is not empty it must equal the stored one.
	HideUser(ctx context.Context, t Tenant, id, version string) error

	// RestoreUser brings a hidden user back as w.New, with its memberships. It
	// is Taken if a unique value is in use meanwhile.
	RestoreUser(ctx context.Context, t Tenant, id string, w Write) (*schema.Resource, error)

	// HiddenUsers is ListUsers of the hidden ones.
	HiddenUsers(ctx context.Context, t Tenant, q Query) (Page, error)
}

// UserChecker is a UserStore that can tell which users there are without reading them.
// The members that a group is to get are checked so; without it they are listed by
// Query.IDs, which of a group of ten thousand reads ten thousand users.
type UserChecker interface {
	// UsersExist reports of each id whether it is that of a user whom GetUser would
	// return, in their order. There may be 10,000 ids; none is there twice. They are the
	// caller's again when it returns.
	UsersExist(ctx context.Context, t Tenant, ids []string) ([]bool, error)
}

// CursorLister is a store that can do Query.ByKey for all it lists.
type CursorLister interface {
	// ListsByKey reports whether it can.
	ListsByKey() bool
}

// Typer is a store that knows the type of its resources: a mapping of an
// application's own struct does.
type Typer interface {
	SCIMType() *schema.Type
}
