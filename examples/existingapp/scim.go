package main

// Everything that SCIM takes is in this file: which column stands for which attribute,
// where the rows are, and the handler. A test counts its lines.

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

func accountTable() (*mapping.Table[Account], error) {
	return mapping.Users(
		mapping.ID(func(a *Account) *int64 { return &a.ID }).Column("id"),
		mapping.Field("userName", func(a *Account) *string { return &a.Email }).Column("email").Unique(),
		mapping.Field("externalId", func(a *Account) *string { return &a.DirectoryID }).Column("directory_id"),
		mapping.Field("name.givenName", func(a *Account) *string { return &a.FirstName }).Column("first_name"),
		mapping.Field("name.familyName", func(a *Account) *string { return &a.LastName }).Column("last_name"),
		mapping.Field(`phoneNumbers[type eq "work"].value`, func(a *Account) *string { return &a.Phone }).Column("phone"),
		mapping.Field("userType", func(a *Account) *Role { return &a.Role }).Enum(map[string]Role{"Member": Member, "Manager": Manager}).Default(Member).Column("role"),
		mapping.Field("active", func(a *Account) *bool { return &a.Suspended }).Not().Column("suspended"),
		mapping.Field(schema.EnterpriseUserURN+":department", func(a *Account) *string { return &a.Department }).Column("department"),
		mapping.Created(func(a *Account) *sql.NullTime { return &a.CreatedAt }).Column("created_at"),
		mapping.Modified(func(a *Account) *sql.NullTime { return &a.UpdatedAt }).Column("updated_at"),
	)
}

func teamTable() (*mapping.Table[Team], error) {
	return mapping.Groups(
		mapping.ID(func(t *Team) *int64 { return &t.ID }).Prefix("team-").Column("id"),
		mapping.Field("displayName", func(t *Team) *string { return &t.Name }).Column("name").Unique(),
		mapping.Modified(func(t *Team) *sql.NullTime { return &t.UpdatedAt }).Column("updated_at"),
	)
}

func newSCIM(ctx context.Context, db *sql.DB, baseURL, token string) (http.Handler, error) {
	users, err := accountTable()
	if err != nil {
		return nil, err
	}
	groups, err := teamTable()
	if err != nil {
		return nil, err
	}
	// Addresses are ASCII here, so that the index of them serves look-ups.
	accounts, err := sqlstore.Users(ctx, db, users, sqlstore.Table{
		Name: "accounts", Tenant: "org", Folded: map[string]string{"userName": "lower(email)"},
	}, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	teams, err := sqlstore.Groups(ctx, db, groups, sqlstore.Table{Name: "teams", Tenant: "org"},
		sqlstore.Members{Name: "team_accounts", Group: "team_id", Member: "account_id", Of: accounts}, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	return scim.New(scim.Config{
		BaseURL: baseURL,
		Auth:    scim.StaticToken(token, scim.Scope{Tenant: "acme", Connection: "directory"}),
		Users:   mapping.UserStore(users, accounts),
		Groups:  mapping.GroupStore(groups, teams),
	})
}
