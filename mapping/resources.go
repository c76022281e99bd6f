package mapping

import (
	"context"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// ResourceStore makes a store of a repository of resources of the application's own
// type. It is as [UserStore]; of abilities it passes on [scim.Transactor] and
// [scim.CursorLister].
func ResourceStore[T any](t *Table[T], r Repository[T], options ...Option) scim.ResourceStore {
	s := &resourceStore[T]{items[T]{newRows(t, r, options), r}}
	if tx, ok := r.(scim.Transactor); ok {
		return struct {
			*resourceStore[T]
			scim.Transactor
		}{s, tx}
	}
	return s
}

type resourceStore[T any] struct{ items[T] }

func (s *resourceStore[T]) Get(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return s.get(ctx, t, id)
}

func (s *resourceStore[T]) List(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return s.list(ctx, t, Query{Query: q}, s.repo.List)
}

func (s *resourceStore[T]) Create(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	return s.create(ctx, t, w)
}

func (s *resourceStore[T]) Update(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	return s.update(ctx, t, id, w)
}

func (s *resourceStore[T]) Delete(ctx context.Context, t scim.Tenant, id, version string) error {
	return s.delete(ctx, t, id, version)
}
