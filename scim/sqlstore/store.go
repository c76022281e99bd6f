package sqlstore

import (
	"context"
	"errors"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// State holds Muster's own records. It is made by [OpenState], and part of a
// [Store], and may be used from many goroutines at once.
type State struct{ d *database }

// Store holds users, groups, memberships and Muster's own records. It is made by
// [Open] and may be used from many goroutines, and in many processes, at once. The
// errors of its methods are those that the interfaces of package scim name; what
// the database reports otherwise is returned wrapped.
type Store struct {
	*State
	users, hidden, groups *shelf
	options               Options
}

// UserType returns the type of users, for [scim.Config].
func (s *Store) UserType() *schema.Type { return s.users.typ }

// GroupType returns the type of groups, for [scim.Config].
func (s *Store) GroupType() *schema.Type { return s.groups.typ }

// ListsByKey says that pages can be asked for by where the last one ended, see
// [scim.CursorLister].
func (s *Store) ListsByKey() bool { return true }

// GetUser returns a user, or [scim.ErrNotFound].
func (s *Store) GetUser(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return s.users.get(ctx, t, id)
}

// ListUsers returns a page of users, see [scim.UserStore]. A filter or order that
// names the groups of users is [scim.ErrNotImplemented], and so is an order by a
// binary or by a key of an open extension.
func (s *Store) ListUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return s.users.list(ctx, t, q)
}

// CreateUser stores a user under a new id, or is [scim.Taken].
func (s *Store) CreateUser(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	return s.users.create(ctx, t, w.New)
}

// UpdateUser stores what w.Changed names of w.New. If nothing differs the user
// stays as it is, version and time included. If w.Version is set and w.Old is what
// the store has returned, it takes one statement. Errors are [scim.ErrNotFound],
// [scim.ErrVersionMismatch] and [scim.Taken].
func (s *Store) UpdateUser(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	return s.users.update(ctx, t, id, w)
}

// DeleteUser erases a user, hidden or not, with its memberships and roles. Its
// groups get a new version. Errors are [scim.ErrNotFound] and
// [scim.ErrVersionMismatch].
func (s *Store) DeleteUser(ctx context.Context, t scim.Tenant, id, version string) error {
	if !isID(id) {
		return scim.ErrNotFound
	}
	tenant := name(t)
	return s.d.inTx(ctx, func(ctx context.Context) error {
		err := s.users.remove(ctx, tenant, id, version)
		if err == nil {
			err = s.touchGroups(ctx, tenant, id)
		} else if errors.Is(err, scim.ErrNotFound) {
			err = s.hidden.remove(ctx, tenant, id, version)
		}
		if err != nil {
			return err
		}
		return s.leaveAll(ctx, tenant, id)
	})
}

// GetGroup returns a group without members, or [scim.ErrNotFound].
func (s *Store) GetGroup(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return s.groups.get(ctx, t, id)
}

// ListGroups returns a page of groups, see [scim.GroupStore] and
// [Store.ListUsers]. A filter or order that names members is
// [scim.ErrNotImplemented].
func (s *Store) ListGroups(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return s.groups.list(ctx, t, q)
}

// DeleteGroup erases a group with its memberships; its members stay. Errors are
// [scim.ErrNotFound] and [scim.ErrVersionMismatch].
func (s *Store) DeleteGroup(ctx context.Context, t scim.Tenant, id, version string) error {
	if !isID(id) {
		return scim.ErrNotFound
	}
	tenant := name(t)
	return s.d.inTx(ctx, func(ctx context.Context) error {
		if err := s.groups.remove(ctx, tenant, id, version); err != nil {
			return err
		}
		if err := s.touchGroups(ctx, tenant, id); err != nil {
			return err
		}
		if _, err := s.d.exec(ctx, "DELETE FROM {members} WHERE (tenant || '/' || group_id) = $1", tenant+"/"+id); err != nil {
			return err
		}
		return s.leaveAll(ctx, tenant, id)
	})
}
