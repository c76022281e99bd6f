package sqlstore

import (
	"context"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Resources holds resources of a type that is neither User nor Group. It is made
// by [Store.Resources] and may be used from many goroutines at once.
type Resources struct{ shelf *shelf }

// Resources returns a store for resources of one more type, kept in s: it has
// part in the transactions of s. They are told from others by the type's name.
func (s *Store) Resources(t *schema.Type) *Resources {
	return &Resources{newShelf(s.d, otherKind(t), t, s.options)}
}

// SCIMType returns the type of the resources, see [scim.Typer].
func (r *Resources) SCIMType() *schema.Type { return r.shelf.typ }

// ListsByKey says that pages can be asked for by where the last one ended, see
// [scim.CursorLister].
func (r *Resources) ListsByKey() bool { return true }

// Get returns a resource, or [scim.ErrNotFound].
func (r *Resources) Get(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return r.shelf.get(ctx, t, id)
}

// List returns a page of resources, see [Store.ListUsers].
func (r *Resources) List(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return r.shelf.list(ctx, t, q)
}

// Create stores a resource under a new id, or is [scim.Taken].
func (r *Resources) Create(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	return r.shelf.create(ctx, t, w.New)
}

// Update stores what w.Changed names of w.New, see [Store.UpdateUser].
func (r *Resources) Update(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	return r.shelf.update(ctx, t, id, w)
}

// Delete erases a resource. Errors are [scim.ErrNotFound] and
// [scim.ErrVersionMismatch].
func (r *Resources) Delete(ctx context.Context, t scim.Tenant, id, version string) error {
	if !isID(id) {
		return scim.ErrNotFound
	}
	run := r.shelf.d.alone
	if len(r.shelf.index.unique) > 0 {
		run = r.shelf.d.inTx
	}
	return run(ctx, func(ctx context.Context) error { return r.shelf.remove(ctx, name(t), id, version) })
}
