package memstore

import (
	"context"
	"errors"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// HideUser takes a user out of sight: it is unknown to all methods but
// [Store.RestoreUser], [Store.HiddenUsers], [Store.DeleteUser] and those for
// roles. Its unique values are free. Its memberships stay as they are, unseen,
// unless its group is deleted or the membership is removed meanwhile; its groups
// get a new version. Errors are [scim.ErrNotFound], of a hidden user too, and
// [scim.ErrVersionMismatch].
func (s *Store) HideUser(ctx context.Context, t scim.Tenant, id, version string) error {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return err
	}
	defer hold.release()
	c := s.d.find(t, userKind)
	h, ok := c.visible(id)
	if !ok {
		return scim.ErrNotFound
	}
	if err := checkVersion(c.n.records.at(h).res, version); err != nil {
		return err
	}
	c.hide(h, true)
	c.n.touchGroups(h)
	return nil
}

// RestoreUser brings a hidden user back as w.New, whatever w.Changed says, with
// its id, its time of creation, its memberships and its roles. It and its groups
// get a new version. Errors are [scim.ErrNotFound], of a user who is not hidden
// too, [scim.ErrVersionMismatch] and [scim.Taken].
func (s *Store) RestoreUser(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	c := s.d.find(t, userKind)
	h, ok := c.lookup(id)
	if !ok || !c.n.records.at(h).hidden {
		return nil, scim.ErrNotFound
	}
	if err := c.checkRestore(h, w); err != nil {
		return nil, err
	}
	r := s.d.stamper.changed(c.n.records.at(h).res, w.New)
	c.replace(h, r)
	c.hide(h, false)
	c.n.touchGroups(h)
	return r, nil
}

func (c *collection) checkRestore(h handle, w scim.Write) error {
	if w.New == nil {
		return errors.New("memstore: Write.New is nil")
	}
	if err := checkVersion(c.n.records.at(h).res, w.Version); err != nil {
		return err
	}
	return c.checkUnique(h, nil, w.New)
}

// HiddenUsers is [Store.ListUsers] of the hidden ones. No index helps it.
func (s *Store) HiddenUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return s.users.list(ctx, t, q, true)
}
