package memstore

import (
	"context"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Store holds users, groups, memberships and Muster's own records. It is made by
// [New] and may be used from many goroutines at once. The errors of its methods
// are those that the interfaces of package scim name; the error of a context
// that has ended is returned as it is.
type Store struct {
	d             *db
	users, groups shelf
}

// Resources returns a store for resources of one more type, kept in s: it has
// part in the transactions of s. The same name gives the same resources.
func (s *Store) Resources(name string) *Resources {
	return &Resources{shelf{s.d, s.d.kindNamed(name)}}
}

// GetUser returns a user, or [scim.ErrNotFound].
func (s *Store) GetUser(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return s.users.get(ctx, t, id)
}

// ListUsers returns a page of users, see [scim.UserStore]. A filter or order
// that names the groups of users is [scim.ErrNotImplemented].
func (s *Store) ListUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return s.users.list(ctx, t, q, false)
}

// CreateUser stores a user under a new id, or is [scim.Taken].
func (s *Store) CreateUser(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	return s.users.create(ctx, t, w)
}

// UpdateUser stores what w.Changed names of w.New. If nothing differs the user
// stays as it is, version and time included. Errors are [scim.ErrNotFound],
// [scim.ErrVersionMismatch] and [scim.Taken].
func (s *Store) UpdateUser(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	return s.users.update(ctx, t, id, w)
}

// DeleteUser erases a user, hidden or not, with its memberships and roles. Its
// groups get a new version. Errors are [scim.ErrNotFound] and
// [scim.ErrVersionMismatch].
func (s *Store) DeleteUser(ctx context.Context, t scim.Tenant, id, version string) error {
	return s.users.delete(ctx, t, id, version)
}

// GetGroup returns a group without members, or [scim.ErrNotFound].
func (s *Store) GetGroup(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return s.groups.get(ctx, t, id)
}

// ListGroups returns a page of groups, see [scim.GroupStore]. A filter or order
// that names members is [scim.ErrNotImplemented].
func (s *Store) ListGroups(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return s.groups.list(ctx, t, q, false)
}

// CreateGroup stores a group under a new id, with members. Errors are
// [scim.Taken] and [scim.UnknownMember].
func (s *Store) CreateGroup(ctx context.Context, t scim.Tenant, w scim.GroupWrite) (scim.GroupResult, error) {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return scim.GroupResult{}, err
	}
	defer hold.release()
	n := s.d.tenant(t)
	add, err := n.membersOf(w.Members.Add, nil)
	if err != nil {
		return scim.GroupResult{}, err
	}
	h, r, err := n.collection(groupKind).create(w.New)
	if err != nil {
		return scim.GroupResult{}, err
	}
	n.relink(h, add, nil)
	return n.result(r, delta{add: add}), nil
}

// UpdateGroup stores what w.Changed names of w.New, and changes members, in one
// step. If neither changes anything the group stays as it is, version and time
// included. Members that are hidden leave by w.Members as others do, but this is
// neither reported nor a change. Errors are [scim.ErrNotFound],
// [scim.ErrVersionMismatch], [scim.Taken] and [scim.UnknownMember].
func (s *Store) UpdateGroup(ctx context.Context, t scim.Tenant, id string, w scim.GroupWrite) (scim.GroupResult, error) {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return scim.GroupResult{}, err
	}
	defer hold.release()
	c := s.d.find(t, groupKind)
	h, ok := c.visible(id)
	if !ok {
		return scim.GroupResult{}, scim.ErrNotFound
	}
	r, err := c.next(h, w.Write)
	if err != nil {
		return scim.GroupResult{}, err
	}
	var remove [4]handle
	d, err := c.n.effective(h, w.Members, s.d.space(len(w.Members.Add)), remove[:0])
	if err != nil {
		return scim.GroupResult{}, err
	}
	if r == c.n.records.at(h).res && d.isVisible() {
		r = c.touch(h)
	} else {
		r = c.store(h, r)
	}
	c.n.relink(h, d.add, d.remove)
	return c.n.result(r, d), nil
}

// result reports what was done to a group.
func (n *tenant) result(r *schema.Resource, d delta) scim.GroupResult {
	res := scim.GroupResult{Group: r, Version: r.Version()}
	if res.Many = len(d.add)+d.seen > scim.MaxEffective; !res.Many {
		ids := n.appendIDs(make([]string, 0, len(d.add)+d.seen), d.add)
		added := len(ids)
		ids = n.appendIDs(ids, d.remove)
		if added > 0 {
			res.Added = ids[:added:added]
		}
		if added < len(ids) {
			res.Removed = ids[added:]
		}
	}
	return res
}

// DeleteGroup erases a group with its memberships; its members stay. Errors are
// [scim.ErrNotFound] and [scim.ErrVersionMismatch].
func (s *Store) DeleteGroup(ctx context.Context, t scim.Tenant, id, version string) error {
	return s.groups.delete(ctx, t, id, version)
}
