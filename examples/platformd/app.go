package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/muster-scim/muster/examples/internal/host"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/token"
)

var (
	//go:embed schema.sql
	tables string

	//go:embed seed.sql
	seed string
)

// app is a training platform: courses lie in folders, and people see the folders that they
// or their teams are given.
type app struct {
	db  *sql.DB
	log *slog.Logger
	now func() time.Time
	url string // as customers see it

	// Provisioning, see scim.go.
	linker scim.Linker
	scim   *scim.Handler
	tokens *token.Tokens

	// Sign-on, see sso.go.
	mu        sync.Mutex
	providers map[string]*oidc.Provider // by issuer
}

// openApp makes the tables and, if there is no customer, the demonstration's.
func openApp(ctx context.Context, db *sql.DB, log *slog.Logger) (*app, error) {
	if err := host.CreateTables(ctx, db, tables); err != nil {
		return nil, err
	}
	var customers int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM orgs`).Scan(&customers); err != nil {
		return nil, err
	}
	if customers == 0 {
		if _, err := db.ExecContext(ctx, seed); err != nil {
			return nil, fmt.Errorf("demonstration data: %w", err)
		}
	}
	return &app{db: db, log: log, now: time.Now, providers: map[string]*oidc.Provider{}}, nil
}

// account is a row of accounts, but for the login method, which is none of the identity
// provider's business.
type account struct {
	ID         string
	ExternalID string
	Email      string
	FirstName  string
	LastName   string
	Active     bool
	Licence    string
	AppRoles   []appRole
	Folders    []string
	Metadata   map[string]string
	Version    int64
	Created    time.Time
	Updated    time.Time
}

// appRole is an app role as Entra ID sends it.
type appRole struct {
	Value, Display, Type string
	Primary              bool
}

// team is a row of teams.
type team struct {
	ID, ExternalID, Name string
	Version              int64
	Created, Updated     time.Time
}

// validEmail says what is wrong with an address.
func validEmail(email string) error {
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || strings.ContainsFunc(email, func(r rune) bool { return r >= 0x80 }) {
		return errors.New("must be an e-mail address, as ann@example.com")
	}
	return nil
}

// The licences that there are.
const (
	premium  = "Premium"
	standard = "Standard"
)

// validLicence says what a licence may be.
func validLicence(licence string) error {
	if licence != premium && licence != standard {
		return fmt.Errorf("must be exactly %q or %q, not %q", premium, standard, licence)
	}
	return nil
}

// The roles of people who may use the web pages, the highest first.
var webRoles = []string{"EnterpriseAdmin", "Admin", "User", "ReadOnly"}

// folder is a row of folders.
type folder struct{ ID, ExternalID, Name string }

// folders lists a customer's.
func (a *app) folders(ctx context.Context, org string) ([]folder, error) {
	return query(ctx, sqlstore.Within(ctx, a.db), func(f *folder) []any { return []any{&f.ID, &f.ExternalID, &f.Name} },
		`SELECT id, external_id, name FROM folders WHERE org_id = $1 ORDER BY name`, org)
}

// resolve finds folders by GUID or external id, and reports the names that are neither.
func (a *app) resolve(ctx context.Context, org string, names []string) (ids, unknown []string, err error) {
	all, err := a.folders(ctx, org)
	for _, name := range names {
		i := slices.IndexFunc(all, func(f folder) bool { return strings.EqualFold(f.ID, name) || f.ExternalID == name })
		switch {
		case i < 0:
			unknown = append(unknown, name)
		case !slices.Contains(ids, all[i].ID):
			ids = append(ids, all[i].ID)
		}
	}
	return ids, unknown, err
}

// grant gives an account exactly the folders that its row names.
func (a *app) grant(ctx context.Context, org scim.Tenant, v *account) error {
	ids, _, err := a.resolve(ctx, string(org), v.Folders)
	if err != nil {
		return err
	}
	db := sqlstore.Within(ctx, a.db)
	if _, err := db.ExecContext(ctx, `DELETE FROM account_folders WHERE account_id = $1`, v.ID); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := db.ExecContext(ctx, `INSERT INTO account_folders (account_id, folder_id) VALUES ($1, $2)`, v.ID, id); err != nil {
			return err
		}
	}
	return nil
}

// course is what people come for.
type course struct{ Folder, Name string }

// courses lists what an account may see: of its folders and those of its teams, and only
// with a premium licence what is premium.
func (a *app) courses(ctx context.Context, accountID string) ([]course, error) {
	return query(ctx, a.db, func(c *course) []any { return []any{&c.Folder, &c.Name} }, `
		SELECT f.name, c.name FROM courses c JOIN folders f ON f.id = c.folder_id JOIN accounts a ON a.id = $1
		WHERE (NOT c.premium OR a.licence = 'Premium') AND f.id IN (
			SELECT folder_id FROM account_folders WHERE account_id = a.id
			UNION SELECT tf.folder_id FROM team_folders tf JOIN team_members m ON m.team_id = tf.team_id WHERE m.account_id = a.id)
		ORDER BY f.name, c.name`, accountID)
}

// teamRow is a team as pages list it.
type teamRow struct {
	ID, Name, Folders string
	Members           int
}

func (a *app) teams(ctx context.Context, org string) ([]teamRow, error) {
	all, err := query(ctx, a.db, func(t *teamRow) []any { return []any{&t.ID, &t.Name, &t.Members} }, `
		SELECT t.id, t.name, (SELECT count(*) FROM team_members m WHERE m.team_id = t.id) FROM teams t WHERE t.org_id = $1 ORDER BY t.name`, org)
	if err != nil {
		return nil, err
	}
	for i := range all {
		names, err := query(ctx, a.db, func(name *string) []any { return []any{name} },
			`SELECT f.name FROM team_folders tf JOIN folders f ON f.id = tf.folder_id WHERE tf.team_id = $1 ORDER BY f.name`, all[i].ID)
		if err != nil {
			return nil, err
		}
		all[i].Folders = strings.Join(names, ", ")
	}
	return all, nil
}

// giveTeam gives a team a folder.
func (a *app) giveTeam(ctx context.Context, org, teamID, folderID string) error {
	_, err := a.db.ExecContext(ctx, `
		INSERT INTO team_folders (team_id, folder_id)
		SELECT t.id, f.id FROM teams t, folders f WHERE t.org_id = $1 AND f.org_id = $1 AND t.id = $2 AND f.id = $3
		ON CONFLICT DO NOTHING`, org, teamID, folderID)
	return err
}

// person is an account as pages show it.
type person struct {
	ID, Org, Email, Name, Licence, Login, Metadata string
	Active                                         bool
	Web                                            []string // roles
}

func (p *person) fields() []any {
	return []any{&p.ID, &p.Org, &p.Email, &p.Name, &p.Licence, &p.Login, &p.Metadata, &p.Active}
}

const personColumns = `p.id, p.org_id, p.email, p.first_name || ' ' || p.last_name, p.licence, p.login, coalesce(p.metadata, ''), p.active`

// IsAdmin reports whether a person may connect identity providers.
func (p person) IsAdmin() bool {
	return slices.Contains(p.Web, "Admin") || slices.Contains(p.Web, "EnterpriseAdmin")
}

// HasWeb reports whether a person may use the web pages at all.
func (p person) HasWeb() bool { return len(p.Web) > 0 }

func (a *app) people(ctx context.Context, org string) ([]person, error) {
	all, err := query(ctx, a.db, (*person).fields, `SELECT `+personColumns+` FROM accounts p WHERE p.org_id = $1 ORDER BY p.email`, org)
	for i := range all {
		if err == nil {
			all[i].Web, err = a.webRolesOf(ctx, all[i].ID)
		}
	}
	return all, err
}

// refusal is why something is not done, in words for who wanted it.
type refusal string

func (r refusal) Error() string { return string(r) }

const errRefused refusal = "you have no active account here"

// find returns the one person that a condition holds for.
func (a *app) find(ctx context.Context, where string, args ...any) (person, error) {
	all, err := query(ctx, a.db, (*person).fields, `SELECT `+personColumns+` FROM accounts p WHERE `+where, args...)
	if err == nil && len(all) != 1 {
		err = errRefused
	}
	if err != nil {
		return person{}, err
	}
	all[0].Web, err = a.webRolesOf(ctx, all[0].ID)
	return all[0], err
}

func (a *app) webRolesOf(ctx context.Context, accountID string) ([]string, error) {
	return query(ctx, a.db, func(role *string) []any { return []any{role} },
		`SELECT DISTINCT role FROM web_access WHERE account_id = $1 ORDER BY role`, accountID)
}

// The two ways to sign in.
const (
	builtIn  = "built-in"
	external = "external"
)

// setLogin chooses how a person signs in. Whoever is signed in otherwise is signed out.
func (a *app) setLogin(ctx context.Context, org, accountID, login string) error {
	if login != builtIn && login != external {
		return refusal("the login method is built-in or external")
	}
	if _, err := a.db.ExecContext(ctx, `UPDATE accounts SET login = $1 WHERE org_id = $2 AND id = $3`, login, org, accountID); err != nil {
		return err
	}
	return a.endSessions(ctx, accountID)
}

// signIn begins a session by one of the two ways, which must be that of the account.
func (a *app) signIn(ctx context.Context, p person, login string) (session string, err error) {
	switch {
	case !p.Active:
		return "", errRefused
	case p.Login != login:
		return "", refusal("you sign in by the " + p.Login + " login")
	}
	session = rand.Text()
	_, err = a.db.ExecContext(ctx, `INSERT INTO sessions (token, account_id) VALUES ($1, $2)`, session, p.ID)
	return session, err
}

// endSessions signs a person out everywhere.
func (a *app) endSessions(ctx context.Context, accountID string) error {
	_, err := a.db.ExecContext(ctx, `DELETE FROM sessions WHERE account_id = $1`, accountID)
	return err
}

// connector is how a customer's identity provider is connected.
type connector struct {
	Licence                        string // of users who come without one
	Issuer, ClientID, ClientSecret string
}

func (a *app) connector(ctx context.Context, org string) (c connector, err error) {
	err = a.db.QueryRowContext(ctx, `SELECT licence, issuer, client_id, client_secret FROM connectors WHERE org_id = $1`, org).
		Scan(&c.Licence, &c.Issuer, &c.ClientID, &c.ClientSecret)
	return c, err
}

// setConnector changes it. An empty secret leaves the one that there is. No roles follow
// from it, or it would be a matter of Admin.ChangeSettings.
func (a *app) setConnector(ctx context.Context, org string, c connector) error {
	if c.Licence != "" {
		if err := validLicence(c.Licence); err != nil {
			return refusal("the default licence " + err.Error())
		}
	}
	_, err := a.db.ExecContext(ctx, `
		UPDATE connectors SET licence = $1, issuer = $2, client_id = $3, client_secret = CASE WHEN $4 = '' THEN client_secret ELSE $4 END, version = version + 1
		WHERE org_id = $5`, c.Licence, c.Issuer, c.ClientID, c.ClientSecret, org)
	return err
}

// query reads rows into values of T, whose fields are given by into.
func query[T any](ctx context.Context, db sqlstore.DBTX, into func(*T) []any, text string, args ...any) (all []T, err error) {
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v T
		if err := rows.Scan(into(&v)...); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
