package memstore

import (
	"context"
	"slices"

	"github.com/muster-scim/muster/scim"
)

// SetUserRoles gives a user, hidden or not, exactly these roles, or is
// [scim.ErrNotFound]. The store knows no roles of another origin.
func (s *Store) SetUserRoles(ctx context.Context, t scim.Tenant, id string, roles []string) error {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return err
	}
	defer hold.release()
	c := s.d.find(t, userKind)
	h, ok := c.lookup(id)
	if !ok {
		return scim.ErrNotFound
	}
	c.n.setRoles(h, slices.Clone(roles))
	return nil
}

// UserRoles returns the roles that a user, hidden or not, was given last, or
// [scim.ErrNotFound]. The caller owns the slice.
func (s *Store) UserRoles(ctx context.Context, t scim.Tenant, id string) ([]string, error) {
	hold, err := s.d.lock(ctx, false)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	c := s.d.find(t, userKind)
	h, ok := c.lookup(id)
	if !ok {
		return nil, scim.ErrNotFound
	}
	return slices.Clone(c.n.roles[h]), nil
}

// setRoles keeps roles, which nobody else changes.
func (n *tenant) setRoles(h handle, roles []string) {
	old := n.roles[h]
	if len(roles) > 0 {
		n.roles[h] = roles
	} else {
		delete(n.roles, h)
	}
	if u := n.d.undo; u != nil {
		u.push(func() { n.setRoles(h, old) })
	}
}
