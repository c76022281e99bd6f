package main

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/token"
)

// basePath is where SCIM is mounted on the product's mux.
const basePath = "/api/scim"

// The attributes of the product's extensions.
const (
	emailPath       = "urn:ietf:params:scim:schemas:extension:tim:1.0:User:email"
	userVendorPath  = "urn:ietf:params:scim:schemas:extension:tim:2.0:User:vendor"
	groupVendorPath = "urn:ietf:params:scim:schemas:extension:tim:2.0:Group:vendor"
	vendor          = "Azure"
)

// userTable and groupTable say which attribute stands for which field and column.
var userTable = mapping.Must(mapping.Users(
	mapping.ID(func(u *user) *string { return &u.ID }).Column("id"),
	mapping.Field("userName", func(u *user) *string { return &u.Name }).Column("user_name").Required().Unique(),
	mapping.Field("active", func(u *user) *bool { return &u.Active }).Column("active").Required(),
	mapping.Field("externalId", func(u *user) **string { return &u.ExternalID }).Column("external_id").Required(),
	mapping.Field(emailPath, func(u *user) *string { return &u.Email }).Column("email").Required(),
	mapping.Constant[user](userVendorPath, vendor).Required(),
	mapping.Field("name.givenName", func(u *user) *string { return &u.FirstName }).Column("first_name"),
	mapping.Field("name.familyName", func(u *user) *string { return &u.LastName }).Column("last_name"),
	mapping.Field(`phoneNumbers[type eq "work"].value`, func(u *user) *string { return &u.Phone }).Column("phone"),
	mapping.Field(`phoneNumbers[type eq "mobile"].value`, func(u *user) *string { return &u.Mobile }).Column("mobile"),
	mapping.Field(schema.EnterpriseUserURN+":employeeNumber", func(u *user) *string { return &u.Number }).Column("employee_number"),
	mapping.Field(schema.EnterpriseUserURN+":organization", func(u *user) *string { return &u.Organization }).Column("organization"),
	mapping.Field(schema.EnterpriseUserURN+":department", func(u *user) *string { return &u.Department }).Column("department"),
	mapping.Field(schema.EnterpriseUserURN+":manager.value", func(u *user) **string { return &u.Manager }).Column("manager_id"),
	mapping.CountedVersion(func(u *user) *int64 { return &u.Version }).Column("version"),
	mapping.Created(func(u *user) *time.Time { return &u.Created }).Column("created_at"),
	mapping.Modified(func(u *user) *time.Time { return &u.Updated }).Column("updated_at"),
	mapping.DeletedAt(func(u *user) **time.Time { return &u.Deleted }).Column("deleted_at"),
))

var groupTable = mapping.Must(mapping.Groups(
	mapping.ID(func(g *group) *string { return &g.ID }).Column("id"),
	mapping.Field("displayName", func(g *group) *string { return &g.Name }).Column("name").Required().Unique(),
	mapping.Field("externalId", func(g *group) **string { return &g.ExternalID }).Column("external_id").Required(),
	mapping.Constant[group](groupVendorPath, vendor).Required(),
	mapping.CountedVersion(func(g *group) *int64 { return &g.Version }).Column("version"),
	mapping.Created(func(g *group) *time.Time { return &g.Created }).Column("created_at"),
	mapping.Modified(func(g *group) *time.Time { return &g.Updated }).Column("updated_at"),
))

// provision makes the handler that Azure talks to.
func (a *app) provision(ctx context.Context, publicURL string) error {
	state, err := sqlstore.OpenState(ctx, a.db, sqlstore.Options{})
	if err != nil {
		return err
	}
	users, err := sqlstore.Users(ctx, a.db, userTable, sqlstore.Table{
		Name: "users", Where: "NOT is_system", NewKey: uuid.NewString, Folded: map[string]string{"userName": "lower(user_name)"},
		Roles: sqlstore.Roles{Name: "user_roles", User: "user_id", Role: "role", Origin: "given_by"},
	}, sqlstore.Options{})
	if err != nil {
		return err
	}
	groups, err := sqlstore.Groups(ctx, a.db, groupTable, sqlstore.Table{
		Name: "user_groups", NewKey: uuid.NewString, Folded: map[string]string{"displayName": "lower(name)"},
	}, sqlstore.Members{
		Name: "group_users", Group: "group_id", Member: "user_id", Of: users,
		Nested: &sqlstore.Nested{Name: "group_groups", Group: "outer_id", Member: "inner_id"},
	}, sqlstore.Options{})
	if err != nil {
		return err
	}
	if a.tokens, err = token.New(state, token.Options{Prefix: "tim", Lifetime: a.config.TokenLifetime, Logger: a.log, Now: a.now}); err != nil {
		return err
	}
	roles, err := rolemap.New(rolemap.Table{Prefix: "role.", Known: allRoles, Ignored: a.config.InternalRoles})
	if err != nil {
		return err
	}
	a.scimURL = publicURL + basePath
	a.scim, err = scim.New(scim.Config{
		BaseURL: a.scimURL, Auth: a.tokens.Authenticator(), Logger: a.log, Now: a.now,
		Users:  mapping.UserStore(userTable, users, mapping.WithClock(a.now)),
		Groups: mapping.GroupStore(groupTable, groups, mapping.WithClock(a.now)),
		State:  state, StateInTx: true, Events: a.welcome,
		Settings: scim.Fixed(scim.Settings{
			Roles: roles, Linker: linker{a}, NoNestedGroups: !a.config.NestedGroups,
			OnDeactivate: scim.Tombstone, SuspendedFor: a.config.DisabledFor,
			OnDelete: scim.Tombstone, Retention: a.config.DeletedFor,
			RememberMembers: a.config.RememberMembers, KeepLog: 30 * 24 * time.Hour,
		}),
		Cutoffs: []scim.Cutoff{{Name: "sessions", Cut: a.endSessions}},
	})
	return err
}

// linker finds who is here already: by the externalId, or else, if they have none yet, by
// name or address. It keeps off the product's own users.
type linker struct{ a *app }

func (l linker) FindUser(ctx context.Context, _ scim.Tenant, u *schema.Resource) (*scim.LinkCandidate, error) {
	return candidate(l.a.whoIs(ctx, u.ExternalID(), u.Get("userName").String(), u.Get(emailPath).String()))
}

func (l linker) FindGroup(ctx context.Context, _ scim.Tenant, g *schema.Resource) (*scim.LinkCandidate, error) {
	return candidate(l.a.groupNamed(ctx, g.Get("displayName").String()))
}

func candidate(m *match, err error) (*scim.LinkCandidate, error) {
	if m == nil || err != nil {
		return nil, err
	}
	return &scim.LinkCandidate{ID: m.ID, Reason: m.By, Privileged: m.Guarded}, nil
}
