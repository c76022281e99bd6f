package mapping

import (
	"context"
	"errors"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// UserStore makes a store of a repository of users. What the repository can do
// beyond its methods, the store can too, see [Repository]; it is a [scim.UserTrash]
// if the table has [DeletedAt] or the repository is a [Trash], and a
// [scim.RoleSetter] if the table has [Roles] or the repository is one.
//
// A change is made in the row as it is when the repository holds it, not as it was
// when the request began: fields that the request does not change are not written,
// and if the version that the client or the handler has seen is not the row's any
// more, nothing is.
func UserStore[T any](t *Table[T], r Repository[T], options ...Option) scim.UserStore {
	return withAbilities(&userStore[T]{items[T]{newRows(t, r, options), r}})
}

// items are rows that are created and updated one by one: users and resources of
// other types, but not groups.
type items[T any] struct {
	*rows[T]
	repo Repository[T]
}

func (s items[T]) create(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	p, err := s.table.plan(ctx, t, w, creates)
	if err != nil {
		return nil, err
	}
	v := new(T)
	if err := p.apply(v, s.now()); err != nil {
		return nil, err
	}
	if err := s.repo.Create(ctx, t, v); err != nil {
		return nil, err
	}
	return s.created(ctx, t, v)
}

func (s items[T]) update(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	p, err := s.table.plan(ctx, t, w, changes)
	if err != nil {
		return nil, err
	}
	if p.isEmpty() {
		return s.unchanged(ctx, t, id, w.Version)
	}
	key, err := s.key(id)
	if err != nil {
		return nil, err
	}
	if r, err := s.swap(ctx, t, key, w, p); !errors.Is(err, scim.ErrNotImplemented) {
		return r, err
	}
	var row *T
	call, done := once(func(v *T) error {
		row = v
		if s.table.isHidden(v) {
			return scim.ErrNotFound
		}
		if err := s.checkVersion(v, w.Version); err != nil {
			return err
		}
		return p.apply(v, s.now())
	})
	if err := done(s.repo.Update(ctx, t, key, call)); err != nil {
		return nil, err
	}
	return s.written(ctx, t, id, row)
}

// unchanged is an update of attributes that no field holds.
func (s *rows[T]) unchanged(ctx context.Context, t scim.Tenant, id, version string) (*schema.Resource, error) {
	r, err := s.get(ctx, t, id)
	if err == nil && version != "" && r.Version() != version {
		return nil, scim.ErrVersionMismatch
	}
	return r, err
}

// userStore is a [scim.UserStore] without the abilities that not all repositories
// have.
type userStore[T any] struct{ items[T] }

func (s *userStore[T]) GetUser(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return s.get(ctx, t, id)
}

func (s *userStore[T]) ListUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return s.list(ctx, t, Query{Query: q}, s.repo.List)
}

func (s *userStore[T]) CreateUser(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	return s.create(ctx, t, w)
}

func (s *userStore[T]) UpdateUser(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	return s.update(ctx, t, id, w)
}

func (s *userStore[T]) DeleteUser(ctx context.Context, t scim.Tenant, id, version string) error {
	return s.delete(ctx, t, id, version)
}

// KeepsPasswords reports whether the table has [Password].
func (s *userStore[T]) KeepsPasswords() bool { return s.table.password != nil }
