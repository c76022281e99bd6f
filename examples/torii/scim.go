package main

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/token"
)

// basePath is where SCIM is mounted on the product's mux.
const basePath = "/v1.0/scim/v2"

// people says which attribute stands for which field and column.
var people = mapping.Must(mapping.Users(
	mapping.ID(func(p *person) *string { return &p.ID }).Column("id"),
	mapping.Field("userName", func(p *person) *string { return &p.Email }).Column("email").Required().Unique().Check(validEmail),
	mapping.Field("active", func(p *person) *bool { return &p.Active }).Column("active"),
	mapping.Field("name.givenName", func(p *person) *string { return &p.FirstName }).Column("first_name"),
	mapping.Field("name.familyName", func(p *person) *string { return &p.LastName }).Column("last_name"),
	mapping.Field("userType", func(p *person) *string { return &p.UserType }).Column("user_type"),
	mapping.CountedVersion(func(p *person) *int64 { return &p.Version }).Column("version"),
	mapping.Created(func(p *person) *time.Time { return &p.Created }).Column("created_at"),
	mapping.Modified(func(p *person) *time.Time { return &p.Updated }).Column("updated_at"),
))

// provision makes the handler that identity providers talk to. publicURL is the product's
// as its customers see it, whatever proxy is in between.
func (a *app) provision(ctx context.Context, publicURL string) error {
	state, err := sqlstore.OpenState(ctx, a.db, sqlstore.Options{})
	if err != nil {
		return err
	}
	rows, err := sqlstore.Users(ctx, a.db, people, sqlstore.Table{
		Name: "people", Tenant: "org_id", NewKey: uuid.NewString, Folded: map[string]string{"userName": "lower(email)"},
		Roles: sqlstore.Roles{Name: "person_roles", User: "person_id", Role: "role", Origin: "given_by"},
	}, sqlstore.Options{})
	if err != nil {
		return err
	}
	if a.keys, err = token.New(state, token.Options{Prefix: "torii", Logger: a.log, Now: a.now}); err != nil {
		return err
	}
	users := mapping.UserStore(people, rows)
	a.scimURL, a.linker = publicURL+basePath, scim.LinkByUserName(users, rows.RolesByHand)
	a.scim, err = scim.New(scim.Config{
		BaseURL: a.scimURL, Auth: a.keys.Authenticator(), Logger: a.log, Now: a.now,
		Users: users, State: state, StateInTx: true,
		Settings: scim.Versioned(a.settingsVersion, a.settings),
		Cutoffs: []scim.Cutoff{{Name: "sessions", Cut: func(ctx context.Context, _ scim.Tenant, id string) error {
			return a.endSessions(ctx, id)
		}}},
	})
	return err
}

// settings of a customer: userType is one of its roles, to the letter. Who is here already
// is taken over by the address, but for administrators whom a person has made one.
func (a *app) settings(ctx context.Context, s scim.Scope) (*scim.Settings, error) {
	all, err := a.roles(ctx, string(s.Tenant))
	if err != nil {
		return nil, err
	}
	table := rolemap.Table{Attribute: "userType", Exact: true, Default: defaultRole, Values: map[string]string{}}
	for _, r := range all {
		table.Values[r.Name] = r.Name
	}
	roles, err := rolemap.New(table)
	return &scim.Settings{Roles: roles, Linker: a.linker}, err
}

func (a *app) settingsVersion(ctx context.Context, s scim.Scope) (string, error) {
	var version int64
	err := a.db.QueryRowContext(ctx, `SELECT settings_version FROM orgs WHERE id = $1`, string(s.Tenant)).Scan(&version)
	return strconv.FormatInt(version, 10), err
}

// changeSettings changes what the settings are made of.
func (a *app) changeSettings(ctx context.Context, org string, save func(ctx context.Context, db sqlstore.DBTX) error) error {
	return a.scim.Admin().ChangeSettings(ctx, scim.Tenant(org), func(ctx context.Context) error {
		db := sqlstore.Within(ctx, a.db)
		if _, err := db.ExecContext(ctx, `UPDATE orgs SET settings_version = settings_version + 1 WHERE id = $1`, org); err != nil {
			return err
		}
		return save(ctx, db)
	})
}
