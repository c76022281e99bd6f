package scim

import "context"

// Guard keeps the last administrator of a tenant. A write that would take it away
// is accepted, so that the identity provider does not try for ever, but the access
// stays: what the identity provider was told is kept apart and laid over what it
// reads. The application gets an [AccessKept] event. As soon as there is another
// administrator, what was held back is done.
type Guard struct {
	// Admin reports whether these provisioned roles make an administrator.
	Admin func(roles []string) bool

	// Holds reports whether a user is an active administrator now, by provisioned
	// roles or granted by hand. If nil, the provisioned roles decide.
	Holds func(ctx context.Context, t Tenant, userID string) (bool, error)

	// Others counts the active administrators of the tenant beside these users. It
	// is called in the transaction of the write, so it uses ctx.
	Others func(ctx context.Context, t Tenant, except []string) (int, error)

	// Refuse answers such a write with 409 instead.
	Refuse bool
}
