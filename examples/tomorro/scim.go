package main

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/token"
	"github.com/muster-scim/muster/substitute"
)

// basePath is where SCIM is mounted on the product's mux.
const basePath = "/api/scim"

// memberTable and groupTable say which attribute stands for which field and column.
var memberTable = mapping.Must(mapping.Users(
	mapping.ID(func(m *member) *string { return &m.ID }).Column("id"),
	mapping.Field("userName", func(m *member) *string { return &m.Email }).Column("email").Required().Unique(),
	mapping.Field("externalId", func(m *member) **string { return &m.ExternalID }).Column("external_id"),
	mapping.Field("active", func(m *member) *bool { return &m.Active }).Column("active"),
	mapping.Field("name.givenName", func(m *member) *string { return &m.FirstName }).Column("first_name"),
	mapping.Field("name.familyName", func(m *member) *string { return &m.LastName }).Column("last_name"),
	mapping.Field("userType", func(m *member) *string { return &m.UserType }).Column("user_type"),
	mapping.CountedVersion(func(m *member) *int64 { return &m.Version }).Column("version"),
	mapping.Created(func(m *member) *time.Time { return &m.Created }).Column("created_at"),
	mapping.Modified(func(m *member) *time.Time { return &m.Updated }).Column("updated_at"),
	mapping.DeletedAt(func(m *member) **time.Time { return &m.Deleted }).Column("deleted_at"),
))

var groupTable = mapping.Must(mapping.Groups(
	mapping.ID(func(g *group) *string { return &g.ID }).Column("id"),
	mapping.Field("displayName", func(g *group) *string { return &g.Name }).Column("name").Required(),
	mapping.Field("externalId", func(g *group) **string { return &g.ExternalID }).Column("external_id"),
	mapping.CountedVersion(func(g *group) *int64 { return &g.Version }).Column("version"),
	mapping.Created(func(g *group) *time.Time { return &g.Created }).Column("created_at"),
	mapping.Modified(func(g *group) *time.Time { return &g.Updated }).Column("updated_at"),
))

// provision makes the handler that identity providers talk to.
func (a *app) provision(ctx context.Context, publicURL string) error {
	state, err := sqlstore.OpenState(ctx, a.db, sqlstore.Options{})
	if err != nil {
		return err
	}
	members, err := sqlstore.Users(ctx, a.db, memberTable, sqlstore.Table{
		Name: "members", Tenant: "workspace_id", NewKey: uuid.NewString, Folded: map[string]string{"userName": "lower(email)"},
		Roles: sqlstore.Roles{Name: "member_roles", User: "member_id", Role: "role", Origin: "given_by"},
	}, sqlstore.Options{})
	if err != nil {
		return err
	}
	groups, err := sqlstore.Groups(ctx, a.db, groupTable, sqlstore.Table{
		Name: "member_groups", Tenant: "workspace_id", NewKey: uuid.NewString, Folded: map[string]string{"displayName": "lower(name)"},
	}, sqlstore.Members{Name: "group_members", Group: "group_id", Member: "member_id", Of: members}, sqlstore.Options{})
	if err != nil {
		return err
	}
	if a.tokens, err = token.New(state, token.Options{Prefix: "tomorro", Logger: a.log, Now: a.now}); err != nil {
		return err
	}
	a.offboard, err = substitute.New(substitute.Config{Owned: []substitute.Owned{
		belongings{a.db, "contract", "contracts"}, belongings{a.db, "template", "templates"}, belongings{a.db, "approval step", "approval_steps"},
	}})
	if err != nil {
		return err
	}
	users := mapping.UserStore(memberTable, members, mapping.WithClock(a.now))
	a.scimURL, a.linker = publicURL+basePath, scim.LinkByUserName(users, members.RolesByHand)
	a.scim, err = scim.New(scim.Config{
		BaseURL: a.scimURL, Auth: a.tokens.Authenticator(), Logger: a.log, Now: a.now,
		Users: users, Groups: mapping.GroupStore(groupTable, groups, mapping.WithClock(a.now)),
		State: state, StateInTx: true, Offboard: a.offboard,
		Settings: scim.Versioned(a.settingsVersion, a.settings),
		Cutoffs:  []scim.Cutoff{{Name: "sessions", Cut: a.endSessions}},
	})
	return err
}

// settings of a connection. What differs between Entra ID and OneLogin is in a row of the
// table connections; the rest is the workspace's.
func (a *app) settings(ctx context.Context, s scim.Scope) (*scim.Settings, error) {
	w, err := a.workspace(ctx, string(s.Tenant))
	if err != nil {
		return nil, err
	}
	c, err := a.connection(ctx, w.ID, s.Connection)
	if err != nil {
		return nil, err
	}
	table := rolemap.Table{Attribute: "userType", Values: map[string]string{}, Default: viewer, Groups: map[string]string{}}
	for _, r := range rolesOf(w.Plan) {
		table.Values[r.UserType] = r.Name
		table.Priority = append(table.Priority, r.Name)
	}
	for _, g := range w.PermissionGroups {
		table.Groups[g.Name] = table.Values[g.UserType]
	}
	roles, err := rolemap.New(table)
	return &scim.Settings{
		Roles: roles, Linker: linker{a.linker, a, c.AdoptsGroups},
		NoGroupCreate: !c.CreatesGroups, OnlyLinkedGroups: !c.SeesAll, GroupsManaged: w.GroupsLocked,
		Substitute: substitute.Default(a.substituteOf), KeepLog: 30 * 24 * time.Hour,
	}, err
}

func (a *app) settingsVersion(ctx context.Context, s scim.Scope) (string, error) {
	var version int64
	err := a.db.QueryRowContext(ctx, `SELECT settings_version FROM workspaces WHERE id = $1`, string(s.Tenant)).Scan(&version)
	return strconv.FormatInt(version, 10), err
}

// linker takes over who is here already by the address, but for administrators whom a
// person has made; and groups by name, if the connection says so.
type linker struct {
	scim.Linker
	a           *app
	adoptGroups bool
}

func (l linker) FindGroup(ctx context.Context, t scim.Tenant, incoming *schema.Resource) (*scim.LinkCandidate, error) {
	if !l.adoptGroups {
		return nil, nil
	}
	id, err := l.a.groupMadeHere(ctx, string(t), incoming.Get("displayName").String())
	if err != nil || id == "" {
		return nil, err
	}
	return &scim.LinkCandidate{ID: id, Reason: "displayName"}, nil
}
