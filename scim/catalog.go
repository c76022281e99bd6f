package scim

import (
	"context"

	"github.com/muster-scim/muster/schema"
)

// Catalog is a resource type that clients may only read and that the application can
// list at once: its roles, its entitlements. list returns all of a tenant, with
// their ids; it is called for each request. Filters, sorting and pages are done
// here.
//
//	scim.Catalog(schema.MustCompile(schema.TypeConfig{Name: "Role", Schema: schema.Role()}), app.Roles)
func Catalog(t *schema.Type, list func(ctx context.Context, t Tenant) ([]*schema.Resource, error)) Resource {
	return Resource{Type: t, Store: catalog{list}, ReadOnly: true}
}

type catalog struct {
	list func(ctx context.Context, t Tenant) ([]*schema.Resource, error)
}

func (c catalog) Get(ctx context.Context, t Tenant, id string) (*schema.Resource, error) {
	all, err := c.list(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.ID() == id {
			return r, nil
		}
	}
	return nil, ErrNotFound
}

func (c catalog) List(ctx context.Context, t Tenant, q Query) (Page, error) {
	all, err := c.list(ctx, t)
	if err != nil {
		return Page{}, err
	}
	var matching []*schema.Resource
	for _, r := range all {
		if q.Filter.Match(r) && q.wants(r.ID()) {
			matching = append(matching, r)
		}
	}
	return PageOf(matching, q)
}

func (catalog) Create(context.Context, Tenant, Write) (*schema.Resource, error) {
	return nil, ErrNotImplemented
}

func (catalog) Update(context.Context, Tenant, string, Write) (*schema.Resource, error) {
	return nil, ErrNotImplemented
}

func (catalog) Delete(context.Context, Tenant, string, string) error { return ErrNotImplemented }

// ListsByKey: all is at hand, so any page is.
func (catalog) ListsByKey() bool { return true }
