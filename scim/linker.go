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

// LinkByUserName is a [Linker] that takes over the user who has the userName, and no
// groups. privileged, if not nil, says whom it never takes over: those to whom the
// application's own administrators have given rights, say. It is called in the
// transaction of the write, if there is one.
//
// users must be able to list by a filter for userName, as the stores of this module are.
func LinkByUserName(users UserStore, privileged func(ctx context.Context, t Tenant, userID string) (bool, error)) Linker {
	return byUserName{users, privileged}
}

type byUserName struct {
	users      UserStore
	privileged func(ctx context.Context, t Tenant, userID string) (bool, error)
}

func (l byUserName) FindUser(ctx context.Context, t Tenant, incoming *schema.Resource) (*LinkCandidate, error) {
	name := schema.AsUser(incoming).UserName()
	if name == "" {
		return nil, nil
	}
	f, err := userNamed(incoming.Type(), name)
	if err != nil {
		return nil, err
	}
	page, err := l.users.ListUsers(ctx, t, Query{Filter: f, StartIndex: 1, Count: 1})
	if err != nil || len(page.Resources) == 0 {
		return nil, err
	}
	c := &LinkCandidate{ID: page.Resources[0].ID(), Reason: "userName"}
	if l.privileged != nil {
		c.Privileged, err = l.privileged(ctx, t, c.ID)
	}
	return c, err
}

func (byUserName) FindGroup(context.Context, Tenant, *schema.Resource) (*LinkCandidate, error) {
	return nil, nil
}
