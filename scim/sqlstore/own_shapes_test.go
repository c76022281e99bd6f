package sqlstore_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/storetest"
)

// The tables of three applications, none of which was made for SCIM.

// plan is an enum as applications have them.
type plan int

const (
	free plan = iota + 1
	paid
)

// account is a row of an application with numbers for keys, which the database makes, a
// version, and rows that are marked as deleted.
type account struct {
	ID         int64
	Email      string
	External   *string
	First      string
	Last       string
	Title      string
	Work       string
	Home       string
	Plan       plan
	Active     bool
	Dept       sql.NullString
	Boss       int64
	Level      *int
	Score      float64
	Hired      time.Time
	Badge      []byte
	Version    int64
	Created    time.Time
	Updated    time.Time
	Deleted    *time.Time
	Enterprise map[string]string
}

const hrURN = "urn:example:params:scim:schemas:extension:hr:2.0:User"

func accountTable(t testing.TB, more ...mapping.Binding[account]) *mapping.Table[account] {
	table, err := mapping.Users(append([]mapping.Binding[account]{
		mapping.ID(func(a *account) *int64 { return &a.ID }).Column("id"),
		mapping.Field("userName", func(a *account) *string { return &a.Email }).Column("email").Unique(),
		mapping.Field("externalId", func(a *account) **string { return &a.External }).Column("ext"),
		mapping.Field("name.givenName", func(a *account) *string { return &a.First }).Column("first name"),
		mapping.Field("name.familyName", func(a *account) *string { return &a.Last }).Column("last"),
		mapping.Field("title", func(a *account) *string { return &a.Title }).Column("title"),
		mapping.Field(`emails[type eq "work"].value`, func(a *account) *string { return &a.Work }).Column("work").Primary(),
		mapping.Field(`emails[type eq "home"].value`, func(a *account) *string { return &a.Home }).Column("home"),
		mapping.Field("userType", func(a *account) *plan { return &a.Plan }).Enum(map[string]plan{"Free": free, "Paid": paid}).Column("plan"),
		mapping.Field("active", func(a *account) *bool { return &a.Active }).Column("active"),
		mapping.Field(schema.EnterpriseUserURN+":department", func(a *account) *sql.NullString { return &a.Dept }).Column("dept"),
		mapping.Field(schema.EnterpriseUserURN+":manager.value", func(a *account) *int64 { return &a.Boss }).Column("boss"),
		mapping.Field(hrURN+":level", func(a *account) **int { return &a.Level }).Column("level"),
		mapping.Field(hrURN+":score", func(a *account) *float64 { return &a.Score }).Column("score"),
		mapping.Field(hrURN+":hired", func(a *account) *time.Time { return &a.Hired }).Column("hired"),
		mapping.Field(hrURN+":badge", func(a *account) *[]byte { return &a.Badge }).Column("badge"),
		mapping.CountedVersion(func(a *account) *int64 { return &a.Version }).Column("version"),
		mapping.Created(func(a *account) *time.Time { return &a.Created }).Column("created_at"),
		mapping.Modified(func(a *account) *time.Time { return &a.Updated }).Column("updated_at"),
		mapping.DeletedAt(func(a *account) **time.Time { return &a.Deleted }).Column("deleted_at"),
	}, more...)...)
	require.NoError(t, err)
	return table
}

type team struct {
	ID      int64
	Name    string
	Ext     string
	Version int64
	Created time.Time
	Updated time.Time
}

func teamTable(t testing.TB) *mapping.Table[team] {
	table, err := mapping.Groups(
		mapping.ID(func(g *team) *int64 { return &g.ID }).Prefix("team-").Column("id"),
		mapping.Field("displayName", func(g *team) *string { return &g.Name }).Column("name").Unique(),
		mapping.Field("externalId", func(g *team) *string { return &g.Ext }).Column("ext"),
		mapping.CountedVersion(func(g *team) *int64 { return &g.Version }).Column("version"),
		mapping.Created(func(g *team) *time.Time { return &g.Created }).Column("created_at"),
		mapping.Modified(func(g *team) *time.Time { return &g.Updated }).Column("updated_at"),
	)
	require.NoError(t, err)
	return table
}

var accountDDL = []string{`
	CREATE TABLE accounts (
		id @serial, org_id @text NOT NULL, email @text NOT NULL, ext @text, "first name" @text NOT NULL DEFAULT '', last @text NOT NULL DEFAULT '',
		title VARCHAR(500), work @text, home @text, plan INTEGER, active BOOLEAN NOT NULL DEFAULT TRUE, dept @text, boss BIGINT,
		level INTEGER, score DOUBLE PRECISION NOT NULL DEFAULT 0, hired @time, badge @bytes,
		version BIGINT NOT NULL, created_at @time NOT NULL, updated_at @time NOT NULL, deleted_at @time,
		theme @text NOT NULL DEFAULT 'light', logins INTEGER NOT NULL DEFAULT 0, secret @text
	)`,
	`CREATE UNIQUE INDEX accounts_email ON accounts (org_id, lower(email)) WHERE deleted_at IS NULL`,
	`CREATE TABLE account_roles (account_id BIGINT NOT NULL REFERENCES accounts (id), role @text NOT NULL, given_by @text NOT NULL, PRIMARY KEY (account_id, role, given_by))`,
	`CREATE TABLE teams (
		id @serial, org_id @text NOT NULL, name @text NOT NULL, ext @text, color @text NOT NULL DEFAULT 'red',
		version BIGINT NOT NULL, created_at @time NOT NULL, updated_at @time NOT NULL)`,
	`CREATE UNIQUE INDEX teams_name ON teams (org_id, lower(name))`,
	`CREATE TABLE team_members (
		team_id BIGINT NOT NULL REFERENCES teams (id), account_id BIGINT NOT NULL REFERENCES accounts (id),
		since @time NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (team_id, account_id))`,
	`CREATE INDEX team_members_account ON team_members (account_id)`,
	`CREATE TABLE team_teams (
		outer_id BIGINT NOT NULL REFERENCES teams (id), inner_id BIGINT NOT NULL REFERENCES teams (id), PRIMARY KEY (outer_id, inner_id))`,
}

// apply makes tables. Words with @ are types of the database.
func apply(t testing.TB, db *sql.DB, ddl ...string) {
	words := strings.NewReplacer("@serial", "INTEGER PRIMARY KEY AUTOINCREMENT", "@text", "TEXT", "@time", "TIMESTAMP", "@bytes", "BLOB", "@json", "TEXT", "@uuid", "TEXT")
	if speaksPostgres(db) {
		words = strings.NewReplacer("@serial", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "@text", "TEXT", "@time", "TIMESTAMPTZ",
			"@bytes", "BYTEA", "@json", "JSONB", "@uuid", "UUID")
	}
	for _, text := range ddl {
		_, err := db.Exec(words.Replace(text))
		require.NoError(t, err, text)
	}
}

func speaksPostgres(db *sql.DB) bool {
	var version string
	return db.QueryRow("SELECT version()").Scan(&version) == nil
}

// shape is an application.
type shape struct {
	name    string
	ddl     []string
	clear   []string // what empties the tables
	open    func(t testing.TB, db *sql.DB) storetest.Stores
	options func(db func() *sql.DB) storetest.Options
}

var shapes = []shape{
	{"numbers", accountDDL, []string{"team_members", "account_roles", "teams", "accounts", "muster_refs", "muster_state"}, openAccounts, accountOptions},
	{"uuids", personDDL, []string{"circle_persons", "circles", "persons"}, openPersons, personOptions},
	{"texts", loginDDL, []string{"squad_logins", "squads", "logins WHERE kind = 'person'"}, openLogins, loginOptions},
}

func openAccounts(t testing.TB, db *sql.DB) storetest.Stores {
	users, teams := accountTable(t), teamTable(t)
	accounts, err := sqlstore.Users(ctx, db, users, sqlstore.Table{
		Name: "accounts", Tenant: "org_id",
		Roles: sqlstore.Roles{Name: "account_roles", User: "account_id", Role: "role", Origin: "given_by"},
	}, sqlstore.Options{})
	require.NoError(t, err)
	groups, err := sqlstore.Groups(ctx, db, teams, sqlstore.Table{Name: "teams", Tenant: "org_id"},
		sqlstore.Members{Name: "team_members", Group: "team_id", Member: "account_id", Of: accounts,
			Nested: &sqlstore.Nested{Name: "team_teams", Group: "outer_id", Member: "inner_id"}}, sqlstore.Options{})
	require.NoError(t, err)
	state, err := sqlstore.OpenState(ctx, db, sqlstore.Options{})
	require.NoError(t, err)
	return storetest.Stores{Users: mapping.UserStore(users, accounts), Groups: mapping.GroupStore(teams, groups), State: state}
}

func accountOptions(db func() *sql.DB) storetest.Options {
	return storetest.Options{
		Users: storetest.Kind{Keeps: func(path string) bool {
			switch path {
			case "emails.primary", "emails.type", "userType", schema.EnterpriseUserURN + ":manager.value":
				return false
			}
			return true
		}},
		Roles: storetest.Roles{
			Of: func(ctx context.Context, _ scim.UserStore, _ scim.Tenant, id string) (roles []string, err error) {
				rows, err := db().QueryContext(ctx, "SELECT DISTINCT role FROM account_roles WHERE account_id = "+id)
				if err != nil {
					return nil, err
				}
				defer rows.Close()
				for rows.Next() {
					var role string
					if err := rows.Scan(&role); err != nil {
						return nil, err
					}
					roles = append(roles, role)
				}
				return roles, rows.Err()
			},
			Grant: func(ctx context.Context, _ scim.UserStore, _ scim.Tenant, id, role string) error {
				_, err := db().ExecContext(ctx, "INSERT INTO account_roles VALUES ("+id+", '"+role+"', 'hand')")
				return err
			},
		},
	}
}

// person is a row of an application with UUIDs for keys, no version, tags, and a column
// for what it has no field for.
type person struct {
	ID       uuid.UUID `scim:"id,column=id"`
	Login    string    `scim:"userName,unique,column=login"`
	Ext      *string   `scim:"externalId,unique,column=ext"`
	Name     string    `scim:"displayName,column=name"`
	Disabled bool      `scim:"active,not,column=disabled"`
	Dept     string    `scim:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department,column=dept"`
	Rest     []byte    `scim:",rest,column=rest"`
	Created  time.Time `scim:"meta.created,column=created"`
	Modified time.Time `scim:"meta.lastModified,column=modified"`
}

type circle struct {
	ID       uuid.UUID `scim:"id,column=id"`
	Name     string    `scim:"displayName,unique,column=name"`
	Ext      *string   `scim:"externalId,column=ext"`
	Created  time.Time `scim:"meta.created,column=created"`
	Modified time.Time `scim:"meta.lastModified,column=modified"`
}

var personDDL = []string{
	`CREATE TABLE persons (
		id @uuid PRIMARY KEY, tenant @text NOT NULL, login @text NOT NULL, ext @text, name @text, disabled BOOLEAN NOT NULL DEFAULT FALSE,
		dept @text, rest @json, created @time NOT NULL, modified @time NOT NULL, granted @json)`,
	`CREATE UNIQUE INDEX persons_login ON persons (tenant, lower(login))`,
	`CREATE UNIQUE INDEX persons_ext ON persons (tenant, ext)`,
	`CREATE TABLE circles (id @uuid PRIMARY KEY, tenant @text NOT NULL, name @text NOT NULL, ext @text, created @time NOT NULL, modified @time NOT NULL)`,
	`CREATE UNIQUE INDEX circles_name ON circles (tenant, lower(name))`,
	`CREATE TABLE circle_persons (
		tenant @text NOT NULL, circle @uuid NOT NULL REFERENCES circles (id), person @uuid NOT NULL REFERENCES persons (id),
		PRIMARY KEY (tenant, circle, person))`,
	`CREATE TABLE circle_circles (
		tenant @text NOT NULL, around @uuid NOT NULL REFERENCES circles (id), within @uuid NOT NULL REFERENCES circles (id),
		PRIMARY KEY (tenant, around, within))`,
}

func openPersons(t testing.TB, db *sql.DB) storetest.Stores {
	users, err := mapping.Users(mapping.Tags[person]()...)
	require.NoError(t, err)
	circles, err := mapping.Groups(mapping.Tags[circle]()...)
	require.NoError(t, err)
	persons, err := sqlstore.Users(ctx, db, users, sqlstore.Table{
		Name: "persons", Tenant: "tenant", NewKey: uuid.NewString, Roles: sqlstore.Roles{Column: "granted"},
	}, sqlstore.Options{})
	require.NoError(t, err)
	groups, err := sqlstore.Groups(ctx, db, circles, sqlstore.Table{Name: "circles", Tenant: "tenant", NewKey: uuid.NewString},
		sqlstore.Members{Name: "circle_persons", Tenant: "tenant", Group: "circle", Member: "person", Of: persons,
			Nested: &sqlstore.Nested{Name: "circle_circles", Tenant: "tenant", Group: "around", Member: "within"}}, sqlstore.Options{})
	require.NoError(t, err)
	return storetest.Stores{Users: mapping.UserStore(users, persons), Groups: mapping.GroupStore(circles, groups)}
}

func personOptions(db func() *sql.DB) storetest.Options {
	return storetest.Options{Roles: storetest.Roles{
		Of: func(ctx context.Context, _ scim.UserStore, _ scim.Tenant, id string) (roles []string, err error) {
			var text sql.NullString
			if err := db().QueryRowContext(ctx, "SELECT granted FROM persons WHERE id = '"+id+"'").Scan(&text); err != nil || !text.Valid {
				return nil, err
			}
			return roles, json.Unmarshal([]byte(text.String), &roles)
		},
	}}
}

// login is a row of an application for one customer, with texts for keys and a bool
// that says that it is deleted.
type login struct {
	Key      string    `scim:"id,column=key"`
	Name     string    `scim:"userName,unique,column=name"`
	Nick     string    `scim:"nickName,column=nick"`
	On       *bool     `scim:"active,column=is_on"`
	Phone    string    `scim:"phoneNumbers[type eq \"mobile\"].value,column=phone"`
	Tags     []string  `scim:"urn:example:params:scim:schemas:extension:tags:2.0:User:tags,column=tags"`
	Created  time.Time `scim:"meta.created,column=created"`
	Modified time.Time `scim:"meta.lastModified,column=modified"`
	Gone     bool      `scim:",deleted,column=gone"`
}

type squad struct {
	Key      string    `scim:"id,column=key"`
	Name     string    `scim:"displayName,unique,column=name"`
	Ext      string    `scim:"externalId,column=ext"`
	Created  time.Time `scim:"meta.created,column=created"`
	Modified time.Time `scim:"meta.lastModified,column=modified"`
}

var loginDDL = []string{
	`CREATE TABLE logins (
		key @text PRIMARY KEY, kind @text NOT NULL DEFAULT 'person', name @text NOT NULL, nick @text NOT NULL, is_on BOOLEAN, phone @text NOT NULL,
		tags @json NOT NULL, created @time NOT NULL, modified @time NOT NULL, gone BOOLEAN NOT NULL DEFAULT FALSE)`,
	`CREATE UNIQUE INDEX logins_name ON logins (lower(name)) WHERE kind = 'person' AND gone IS NOT TRUE`,
	`CREATE TABLE squads (key @text PRIMARY KEY, name @text NOT NULL, ext @text NOT NULL, created @time NOT NULL, modified @time NOT NULL)`,
	`CREATE UNIQUE INDEX squads_name ON squads (lower(name))`,
	`CREATE TABLE squad_logins (squad @text NOT NULL, login @text NOT NULL)`,
	`INSERT INTO logins (key, kind, name, nick, phone, tags, created, modified)
		VALUES ('robot', 'robot', 'user1@example.com', '', '', '[]', '2020-01-01 00:00:00+00:00', '2020-01-01 00:00:00+00:00')`,
}

func openLogins(t testing.TB, db *sql.DB) storetest.Stores {
	users, err := mapping.Users(mapping.Tags[login]()...)
	require.NoError(t, err)
	squads, err := mapping.Groups(mapping.Tags[squad]()...)
	require.NoError(t, err)
	logins, err := sqlstore.Users(ctx, db, users, sqlstore.Table{
		Name: "logins", Only: acme, Where: "kind = 'person'", NewKey: func() string { return "u_" + rand.Text() },
	}, sqlstore.Options{})
	require.NoError(t, err)
	groups, err := sqlstore.Groups(ctx, db, squads, sqlstore.Table{Name: "squads", Only: acme, NewKey: func() string { return "s_" + rand.Text() }},
		sqlstore.Members{Name: "squad_logins", Group: "squad", Member: "login", Of: logins}, sqlstore.Options{})
	require.NoError(t, err)
	return storetest.Stores{Users: mapping.UserStore(users, logins), Groups: mapping.GroupStore(squads, groups)}
}

func loginOptions(func() *sql.DB) storetest.Options {
	return storetest.Options{
		Tenants: []scim.Tenant{acme},
		Users:   storetest.Kind{Keeps: func(path string) bool { return path != "externalId" && !strings.HasPrefix(path, "phoneNumbers.") }},
	}
}

func newUUID() string { return uuid.NewString() }

// serveOwn starts a server and returns its base URL.
func serveOwn(t *testing.T, users scim.UserStore, groups scim.GroupStore) string {
	t.Helper()
	mux := http.NewServeMux()
	ts := httptest.NewServer(mux)
	t.Cleanup(ts.Close)
	base := ts.URL + "/scim/v2"
	h, err := scim.New(scim.Config{
		BaseURL: base, Users: users, Groups: groups,
		Auth: scim.StaticToken("secret", scim.Scope{Tenant: acme, Connection: "test"}),
	})
	require.NoError(t, err)
	mux.Handle("/scim/v2/", h)
	return base
}
