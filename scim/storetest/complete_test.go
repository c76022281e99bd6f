package storetest

import (
	"context"
	"slices"
	"sync"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// complete is a store that has every ability: memstore with roles that are given by
// hand.
type complete struct {
	*memstore.Store

	mu     sync.Mutex
	byHand map[string][]string
}

func newComplete(o memstore.Options) *complete {
	return &complete{Store: o.New(), byHand: map[string][]string{}}
}

// grant gives a role by hand.
func (s *complete) grant(t scim.Tenant, id, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := string(t) + "/" + id
	s.byHand[key] = append(s.byHand[key], role)
}

// rolesOf returns roles of either origin.
func (s *complete) rolesOf(ctx context.Context, t scim.Tenant, id string) ([]string, error) {
	provisioned, err := s.UserRoles(ctx, t, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(provisioned, s.byHand[string(t)+"/"+id]), err
}

// stores returns all that the cases can look at.
func (s *complete) stores() Stores {
	return Stores{Users: s, Groups: s, State: s, Resources: s.Resources("Device")}
}

// rolesOfComplete are the Options.Roles of a complete store, or one that wraps it.
func rolesOfComplete() Roles {
	inner := func(s scim.UserStore) *complete {
		if f, ok := s.(*faulty); ok {
			return f.complete
		}
		return s.(*complete)
	}
	return Roles{
		Of: func(ctx context.Context, s scim.UserStore, t scim.Tenant, id string) ([]string, error) {
			return inner(s).rolesOf(ctx, t, id)
		},
		Grant: func(_ context.Context, s scim.UserStore, t scim.Tenant, id, role string) error {
			inner(s).grant(t, id, role)
			return nil
		},
	}
}
