package memstore

import (
	"context"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Resources holds resources of a type that is neither User nor Group. It is made
// by [NewResources] or [Store.Resources] and may be used from many goroutines at
// once.
type Resources struct{ shelf shelf }

// Get returns a resource, or [scim.ErrNotFound].
func (r *Resources) Get(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return r.shelf.get(ctx, t, id)
}

// List returns a page of resources, see [scim.ResourceStore].
func (r *Resources) List(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return r.shelf.list(ctx, t, q, false)
}

// Create stores a resource under a new id, or is [scim.Taken].
func (r *Resources) Create(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	return r.shelf.create(ctx, t, w)
}

// Update stores what w.Changed names of w.New, see [Store.UpdateUser].
func (r *Resources) Update(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	return r.shelf.update(ctx, t, id, w)
}

// Delete erases a resource. Errors are [scim.ErrNotFound] and
// [scim.ErrVersionMismatch].
func (r *Resources) Delete(ctx context.Context, t scim.Tenant, id, version string) error {
	return r.shelf.delete(ctx, t, id, version)
}
