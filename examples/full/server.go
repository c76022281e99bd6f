package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// tenant is the one that all connections belong to.
const tenant scim.Tenant = "example"

// maxBulkOperations is what /Bulk takes in one request.
const maxBulkOperations = 10_000

// options are what the flags say.
type options struct {
	baseURL                  string
	token, strictToken       string
	interopToken, ipsieToken string
	me                       string
	data                     data
	log                      *slog.Logger

	// change may alter the configuration; tests do.
	change func(*scim.Config)
}

func (o options) handler() (http.Handler, error) {
	things, thingType, err := o.data.resources(thingType)
	if err != nil {
		return nil, err
	}
	roles, err := roleCatalog()
	if err != nil {
		return nil, err
	}
	entitlements, err := entitlementCatalog()
	if err != nil {
		return nil, err
	}
	c := scim.Config{
		BaseURL: o.baseURL,
		Auth: scim.AnyOf(
			scim.StaticToken(o.token, scim.Scope{Tenant: tenant, Connection: tolerantConnection}),
			scim.StaticToken(o.strictToken, scim.Scope{Tenant: tenant, Connection: strictConnection}),
			scim.StaticToken(o.interopToken, scim.Scope{Tenant: tenant, Connection: interopConnection}),
			scim.StaticToken(o.ipsieToken, scim.Scope{Tenant: tenant, Connection: ipsieConnection}),
		),
		Users:             o.data.users,
		UserType:          o.data.userType,
		Groups:            o.data.groups,
		GroupType:         o.data.groupType,
		State:             o.data.state,
		Resources:         []scim.Resource{{Type: thingType, Store: thingStore{things}}, roles, entitlements},
		Settings:          settings,
		Me:                me(o.data, o.me),
		MaxBulkOperations: maxBulkOperations,
		Logger:            o.log,
	}
	if o.change != nil {
		o.change(&c)
	}
	return scim.New(c)
}

// me finds the user that /Me means by its userName.
func me(d data, userName string) scim.MeFunc {
	return func(ctx context.Context, s scim.Scope) (string, error) {
		byName, err := filter.Check(&filter.AttributeExpression{
			AttributePath: filter.AttributePath{AttributeName: "userName"}, Operator: filter.EQ, CompareValue: userName,
		}, d.userType, filter.Checking{})
		if err != nil {
			return "", err
		}
		page, err := d.users.ListUsers(ctx, s.Tenant, scim.Query{Filter: byName, StartIndex: 1, Count: 1})
		if err != nil {
			return "", err
		}
		if len(page.Resources) == 0 {
			return "", scim.ErrNotFound
		}
		return page.Resources[0].ID(), nil
	}
}

var userType = schema.MustCompile(schema.TypeConfig{
	Name:        "User",
	Description: "User accounts.",
	Schema:      schema.User(),
	Extensions:  []schema.Extension{{Schema: schema.EnterpriseUser()}},
})

var groupType = schema.MustCompile(schema.TypeConfig{Name: "Group", Description: "Groups of users.", Schema: schema.Group()})

// thingURN is the schema of a type that has every kind of attribute there is.
const thingURN = "urn:example:params:scim:schemas:test:2.0:Thing"

var thingType = schema.MustCompile(schema.TypeConfig{
	Name:        "Thing",
	Description: "What the standard types have no attribute for.",
	Schema: schema.Schema{ID: thingURN, Name: "Thing", Description: "Every kind of attribute.", Attributes: []schema.Attribute{
		{Name: "name", Required: true, Description: "A required string."},
		{Name: "strCI", Description: "A string of which case does not count."},
		{Name: "strExact", CaseExact: true, Description: "A string of which case counts."},
		{Name: "num", Type: schema.Integer, Description: "An integer."},
		{Name: "dec", Type: schema.Decimal, Description: "A decimal."},
		{Name: "when", Type: schema.DateTime, Description: "A point in time."},
		{Name: "bin", Type: schema.Binary, CaseExact: true, Description: "Bytes."},
		{Name: "bin64u", Type: schema.Binary, CaseExact: true, Description: "Bytes in the URL alphabet."},
		{Name: "ref", Type: schema.Reference, CaseExact: true, References: []string{"external"}, Description: "A URI."},
		{Name: "ro", Mutability: schema.ReadOnly, Description: "What the server sets."},
		{Name: "imm", Mutability: schema.Immutable, Description: "What can be set once."},
		{Name: "wo", Mutability: schema.WriteOnly, Returned: schema.Never, Description: "What can't be read."},
		{Name: "always", Returned: schema.Always, Description: "What is always returned."},
		{Name: "never", Returned: schema.Never, Description: "What is never returned."},
		{Name: "req", Returned: schema.OnRequest, Description: "What is returned on request."},
		{Name: "uniq", Uniqueness: schema.Server, Description: "What no two have."},
		{Name: "canon", Canonical: []string{"a", "b"}, Description: "What should be a or b."},
		{Name: "tags", MultiValued: true, Description: "Several strings."},
	}},
})

// thingStore gives each thing its readOnly value, as an application would.
type thingStore struct{ resourceStore }

func (s thingStore) Create(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	thing, err := w.New.Edit().Set("ro", "server").Build()
	if err != nil {
		return nil, err
	}
	w.New = thing
	return s.resourceStore.Create(ctx, t, w)
}

// roleCatalog lists the roles as draft-ietf-scim-roles-entitlements has them.
func roleCatalog() (scim.Resource, error) {
	t, err := schema.Compile(schema.TypeConfig{Name: "Role", Description: "Roles that users can have.", Schema: schema.Role()})
	if err != nil {
		return scim.Resource{}, err
	}
	return fixed(t,
		map[string]any{"value": "admin", "display": "Administrator", "supported": true},
		map[string]any{"value": "member", "display": "Member", "supported": true})
}

// entitlementCatalog lists what users can be entitled to.
func entitlementCatalog() (scim.Resource, error) {
	t, err := schema.Compile(schema.TypeConfig{Name: "Entitlement", Description: "What users can be entitled to.", Schema: schema.Entitlement()})
	if err != nil {
		return scim.Resource{}, err
	}
	return fixed(t,
		map[string]any{"value": "reports", "display": "Reports", "supported": true},
		map[string]any{"value": "exports", "display": "Exports", "supported": true})
}

// fixed is a catalog of entries that never change; their values are their ids.
func fixed(t *schema.Type, entries ...map[string]any) (scim.Resource, error) {
	var all []*schema.Resource
	for _, e := range entries {
		b := schema.New(t)
		for name, v := range e {
			b.Set(name, v)
		}
		r, err := b.ID(fmt.Sprint(e["value"])).Build()
		if err != nil {
			return scim.Resource{}, err
		}
		all = append(all, r)
	}
	return scim.Catalog(t, func(context.Context, scim.Tenant) ([]*schema.Resource, error) { return all, nil }), nil
}
