package mapping

import (
	"context"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// trashOf returns what hides users; nil if nothing does.
func trashOf[T any](s *userStore[T]) scim.UserTrash {
	if own, ok := s.items.repo.(Trash[T]); ok {
		return trash[T]{s, own}
	}
	if s.table.special[isDeleted] == nil {
		return nil
	}
	return trash[T]{s, fieldTrash[T]{s}}
}

// trash is a [scim.UserTrash] over one of the application's rows.
type trash[T any] struct {
	of  *userStore[T] // named: what is embedded is compiled again for each T
	own Trash[T]
}

func (s trash[T]) HideUser(ctx context.Context, t scim.Tenant, id, version string) error {
	key, err := s.of.key(id)
	if err != nil {
		return err
	}
	call, done := once(func(v *T) error { return s.of.checkVersion(v, version) })
	return done(s.own.Hide(ctx, t, key, call))
}

func (s trash[T]) RestoreUser(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	p, err := s.of.table.plan(ctx, t, w, restores)
	if err != nil {
		return nil, err
	}
	key, err := s.of.key(id)
	if err != nil {
		return nil, err
	}
	var row *T
	call, done := once(func(v *T) error {
		row = v
		if err := s.of.checkVersion(v, w.Version); err != nil {
			return err
		}
		return p.apply(v, s.of.now())
	})
	if err := done(s.own.Restore(ctx, t, key, call)); err != nil {
		return nil, err
	}
	return s.of.written(ctx, t, id, row)
}

func (s trash[T]) HiddenUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	hidden := s.of.table.special[isDeleted] != nil
	return s.of.list(ctx, t, Query{Query: q, Hidden: hidden}, s.own.Hidden)
}

// fieldTrash is a [Trash] by the field of [DeletedAt].
type fieldTrash[T any] struct{ of *userStore[T] }

func (s fieldTrash[T]) Hide(ctx context.Context, t scim.Tenant, id string, change func(*T) error) error {
	return s.mark(ctx, t, id, true, change)
}

func (s fieldTrash[T]) Restore(ctx context.Context, t scim.Tenant, id string, change func(*T) error) error {
	return s.mark(ctx, t, id, false, change)
}

func (s fieldTrash[T]) Hidden(ctx context.Context, t scim.Tenant, q Query) (Rows[T], error) {
	return s.of.items.repo.List(ctx, t, q)
}

// mark hides a row that is in sight, or the other way round.
func (s fieldTrash[T]) mark(ctx context.Context, t scim.Tenant, id string, hidden bool, change func(*T) error) error {
	call, done := once(func(v *T) error {
		if s.of.table.isHidden(v) == hidden {
			return scim.ErrNotFound
		}
		if err := change(v); err != nil {
			return err
		}
		return s.of.table.setHidden(v, hidden, s.of.now())
	})
	return done(s.of.items.repo.Update(ctx, t, id, call))
}

// setHidden writes the field of DeletedAt.
func (t *table) setHidden(v row, hidden bool, now time.Time) error {
	f := t.special[isDeleted]
	if isFlag(f.typ) {
		return f.store(v, flagSetter(hidden))
	}
	value := schema.Value{}
	if hidden {
		var err error
		if value, err = t.attrs[isDeleted].Make(now); err != nil {
			return err
		}
	}
	return f.write(v, value)
}
