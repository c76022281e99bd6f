package scim

import (
	"context"

	"github.com/muster-scim/muster/schema"
)

// Linker finds what the application has already for what an identity provider
// brings. It is asked before a connection's first write to a resource that it has
// not linked yet: a POST, or a PATCH or PUT of a resource that the identity provider
// has found by a filter. What is linked keeps its id and data.
//
// Look-ups are done within the tenant. They may be made in a transaction, so a
// Linker uses the context.
type Linker interface {
	// FindUser returns the user that is meant, nil if there is none. incoming has
	// what the identity provider sent; on a PATCH, the user as it would be.
	FindUser(ctx context.Context, t Tenant, incoming *schema.Resource) (*LinkCandidate, error)

	// FindGroup is the same for groups.
	FindGroup(ctx context.Context, t Tenant, incoming *schema.Resource) (*LinkCandidate, error)
}

// LinkCandidate is a resource of the application's that an identity provider may
// take over.
type LinkCandidate struct {
	ID string

	// Privileged says that it is never linked: an administrator whom nobody may
	// become by choosing a name. The request is a 409, on a PATCH a 403.
	Privileged bool

	// Reason says how it was found, for the log: "userName", "verified e-mail".
	Reason string
}
