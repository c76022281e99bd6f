package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/token"
)

// basePath is where SCIM is mounted on the product's mux.
const basePath = "/api/scim/v2"

// The extensions that the product's guide tells administrators to map.
const (
	foldersPath = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders"
	metadataURN = "urn:ietf:params:scim:schemas:extension:2.0:Metadata"
)

// accounts says which attribute stands for which field and column. The login method has
// none, so that nothing writes it.
func (a *app) accounts() *mapping.Table[account] {
	return mapping.Must(mapping.Users(
		mapping.ID(func(v *account) *string { return &v.ID }).Column("id"),
		mapping.Field("externalId", func(v *account) *string { return &v.ExternalID }).Column("external_id"),
		mapping.Field("userName", func(v *account) *string { return &v.Email }).Column("email").Required().Unique().Check(validEmail),
		mapping.Field("name.givenName", func(v *account) *string { return &v.FirstName }).Column("first_name").Required(),
		mapping.Field("name.familyName", func(v *account) *string { return &v.LastName }).Column("last_name").Required(),
		mapping.Field("active", func(v *account) *bool { return &v.Active }).Column("active"),
		mapping.Field("userType", func(v *account) *string { return &v.Licence }).Column("licence").Required().Check(validLicence),
		mapping.Field("roles", func(v *account) *[]appRole { return &v.AppRoles }).Column("app_roles"),
		mapping.Field(foldersPath, func(v *account) *[]string { return &v.Folders }).Column("folders").CheckContext(a.knownFolders),
		mapping.Open(metadataURN, func(v *account) *map[string]string { return &v.Metadata }).Column("metadata"),
		mapping.CountedVersion(func(v *account) *int64 { return &v.Version }).Column("version"),
		mapping.Created(func(v *account) *time.Time { return &v.Created }).Column("created_at"),
		mapping.Modified(func(v *account) *time.Time { return &v.Updated }).Column("updated_at"),
	))
}

// teamTable does the same for groups.
var teamTable = mapping.Must(mapping.Groups(
	mapping.ID(func(g *team) *string { return &g.ID }).Column("id"),
	mapping.Field("externalId", func(g *team) *string { return &g.ExternalID }).Column("external_id"),
	mapping.Field("displayName", func(g *team) *string { return &g.Name }).Column("name").Required().Unique(),
	mapping.CountedVersion(func(g *team) *int64 { return &g.Version }).Column("version"),
	mapping.Created(func(g *team) *time.Time { return &g.Created }).Column("created_at"),
	mapping.Modified(func(g *team) *time.Time { return &g.Updated }).Column("updated_at"),
))

// provision makes the handler that identity providers talk to.
func (a *app) provision(ctx context.Context) error {
	state, err := sqlstore.OpenState(ctx, a.db, sqlstore.Options{})
	if err != nil {
		return err
	}
	table := a.accounts()
	accounts, err := sqlstore.Users(ctx, a.db, table, sqlstore.Table{
		Name: "accounts", Tenant: "org_id", NewKey: uuid.NewString, Folded: map[string]string{"userName": "lower(email)"},
		Roles: sqlstore.Roles{Name: "web_access", User: "account_id", Role: "role", Origin: "given_by"},
	}, sqlstore.Options{})
	if err != nil {
		return err
	}
	groups, err := sqlstore.Groups(ctx, a.db, teamTable, sqlstore.Table{
		Name: "teams", Tenant: "org_id", NewKey: uuid.NewString,
	}, sqlstore.Members{Name: "team_members", Group: "team_id", Member: "account_id", Of: accounts}, sqlstore.Options{})
	if err != nil {
		return err
	}
	// Accounts get their folders in the transaction that stores the row.
	users := mapping.UserStore(table, accounts.Then(a.grant))
	a.linker = scim.LinkByUserName(users, accounts.RolesByHand)
	if a.tokens, err = token.New(state, token.Options{Prefix: "platformd", Logger: a.log, Now: a.now}); err != nil {
		return err
	}
	a.scim, err = scim.New(scim.Config{
		BaseURL: a.url + basePath, Logger: a.log, Now: a.now,
		Auth:  scim.AnyOf(a.tokens.Authenticator(), a.tokens.Basic("")),
		Users: users, Groups: mapping.GroupStore(teamTable, groups),
		State: state, StateInTx: true, Settings: scim.Versioned(a.settingsVersion, a.settings),
		Cutoffs: []scim.Cutoff{{Name: "sessions", Cut: func(ctx context.Context, _ scim.Tenant, id string) error { return a.endSessions(ctx, id) }}},
	})
	return err
}

func (a *app) knownFolders(ctx context.Context, t scim.Tenant, names []string) error {
	_, unknown, err := a.resolve(ctx, string(t), names)
	if err == nil && len(unknown) > 0 {
		err = scim.Invalid(foldersPath, "must be GUIDs or external ids of folders; there is no %s.", strings.Join(unknown, ", "))
	}
	return err
}

// webAccess is the highest of the app roles that somebody is assigned.
var webAccess = rolemap.Must(rolemap.Table{Attribute: "roles", Values: rolemap.Same(webRoles...), Exact: true, Priority: webRoles})

// settings of a customer. Who is here already is taken over by the address, but for those
// to whom a person has given web access; a team of the same name stays the application's.
func (a *app) settings(ctx context.Context, s scim.Scope) (*scim.Settings, error) {
	c, err := a.connector(ctx, string(s.Tenant))
	settings := &scim.Settings{Roles: webAccess, Linker: a.linker}
	if c.Licence != "" {
		settings.Defaults = map[string]any{"userType": c.Licence}
	}
	return settings, err
}

func (a *app) settingsVersion(ctx context.Context, s scim.Scope) (string, error) {
	var version int64
	err := a.db.QueryRowContext(ctx, `SELECT version FROM connectors WHERE org_id = $1`, string(s.Tenant)).Scan(&version)
	return strconv.FormatInt(version, 10), err
}
