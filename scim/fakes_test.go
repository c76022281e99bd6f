package scim_test

import (
	"context"
	"errors"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Stores that work but for one thing.

// noEdges fails when memberships are asked for.
type noEdges struct{ scim.GroupStore }

func (noEdges) ListMemberships(context.Context, scim.Tenant, scim.MembershipQuery) (scim.MembershipPage, error) {
	return scim.MembershipPage{}, errors.New("memberships were asked for")
}

// noFilters can only list everything.
type noFilters struct{ scim.UserStore }

func (s noFilters) ListUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	if q.Filter != nil || q.SortBy != nil {
		return scim.Page{}, scim.ErrNotImplemented
	}
	return s.UserStore.ListUsers(ctx, t, q)
}

// broken answers every read with an error or a panic.
type broken struct {
	scim.UserStore
	err   error
	panic bool
}

func (s broken) GetUser(context.Context, scim.Tenant, string) (*schema.Resource, error) {
	if s.panic {
		panic("internal secret-detail")
	}
	return nil, s.err
}
