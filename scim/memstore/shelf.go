package memstore

import (
	"context"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// shelf is one kind of resources in all tenants, with the noun taken off: what
// users, groups and others have in common.
type shelf struct {
	d    *db
	kind kind
}

func (s shelf) get(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	hold, err := s.d.lock(ctx, false)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	c := s.d.find(t, s.kind)
	h, ok := c.visible(id)
	if !ok {
		return nil, scim.ErrNotFound
	}
	return c.n.records.at(h).res, nil
}

func (s shelf) create(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	_, r, err := s.d.tenant(t).collection(s.kind).create(w.New)
	return r, err
}

func (s shelf) update(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	c := s.d.find(t, s.kind)
	h, ok := c.visible(id)
	if !ok {
		return nil, scim.ErrNotFound
	}
	r, err := c.next(h, w)
	if err != nil {
		return nil, err
	}
	return c.store(h, r), nil
}

func (s shelf) delete(ctx context.Context, t scim.Tenant, id, version string) error {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return err
	}
	defer hold.release()
	c := s.d.find(t, s.kind)
	h, ok := c.lookup(id)
	if !ok {
		return scim.ErrNotFound
	}
	if err := checkVersion(c.n.records.at(h).res, version); err != nil {
		return err
	}
	c.erase(h)
	return nil
}
