package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

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

// config is what an installation of the product is configured with.
type config struct {
	TokenLifetime   string // as "1y", "6m", "2w", "30d"
	DisabledFor     time.Duration
	DeletedFor      time.Duration
	RememberMembers time.Duration
	InternalRoles   []string
	NestedGroups    bool
	Passwords       policy
}

// defaults are what the product's guide says.
func defaults() config {
	const day = 24 * time.Hour
	return config{
		TokenLifetime: "1y", DisabledFor: 30 * day, DeletedFor: 30 * day, RememberMembers: 365 * day,
		InternalRoles: []string{"system", "timer", "viewer"}, NestedGroups: true, Passwords: policy{Length: 16},
	}
}

// allRoles are the static roles that there are.
var allRoles = []string{"user", "approver", "processmanager", "clientadmin", "system", "timer", "viewer"}

// admin is the role of those who may see the admin pages.
const admin = "clientadmin"

// systemUser is whom the tokens of SCIM belong to.
const systemUser = "sys.scim"

// app is a workflow product: users start processes if they have the role for it.
type app struct {
	db     *sql.DB
	log    *slog.Logger
	now    func() time.Time
	config config

	// mail sends a letter to a user.
	mail func(to, text string) error

	// Provisioning, see scim.go.
	scimURL string
	scim    *scim.Handler
	tokens  *token.Tokens
}

// openApp makes the tables and, if there is nothing in them, what the program starts with.
func openApp(ctx context.Context, db *sql.DB, log *slog.Logger, c config) (*app, error) {
	if err := host.CreateTables(ctx, db, tables); err != nil {
		return nil, err
	}
	var users int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&users); err != nil {
		return nil, err
	}
	if users == 0 {
		if _, err := db.ExecContext(ctx, seed); err != nil {
			return nil, fmt.Errorf("demonstration data: %w", err)
		}
	}
	return &app{db: db, log: log, now: time.Now, config: c, mail: func(string, string) error { return nil }}, nil
}

// user is a row of users.
type user struct {
	ID           string
	Name         string
	Email        string
	ExternalID   *string
	FirstName    string
	LastName     string
	Phone        string
	Mobile       string
	Number       string
	Organization string
	Department   string
	Manager      *string
	Active       bool
	Version      int64
	Created      time.Time
	Updated      time.Time
	Deleted      *time.Time
}

// group is a row of user_groups.
type group struct {
	ID         string
	Name       string
	ExternalID *string
	Version    int64
	Created    time.Time
	Updated    time.Time
}

// match is a user or a group that is here already, with what it was found by.
type match struct {
	ID, By  string
	Guarded bool // nobody becomes that one
}

// whoIs finds the user whom Azure means: by the externalId, or by name or address. One
// who has another externalId is found too, which makes it a conflict instead of a second
// user. Nobody becomes the system, or who was made an administrator by hand.
func (a *app) whoIs(ctx context.Context, externalID, name, email string) (*match, error) {
	for _, by := range []struct{ what, where, value string }{
		{"externalId", `external_id = $1`, externalID},
		{"userName", `lower(user_name) = lower($1)`, name},
		{"e-mail", `lower(email) = lower($1)`, email},
	} {
		if by.value == "" {
			continue
		}
		found := match{By: by.what}
		err := sqlstore.Within(ctx, a.db).QueryRowContext(ctx, `
			SELECT id, is_system OR EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = users.id AND r.role = 'clientadmin' AND r.given_by = 'hand')
			FROM users WHERE deleted_at IS NULL AND `+by.where+` ORDER BY id LIMIT 1`, by.value).
			Scan(&found.ID, &found.Guarded)
		if !errors.Is(err, sql.ErrNoRows) {
			return &found, err
		}
	}
	return nil, nil
}

// groupNamed finds a group that Azure does not have yet.
func (a *app) groupNamed(ctx context.Context, name string) (*match, error) {
	found := match{By: "displayName"}
	err := sqlstore.Within(ctx, a.db).QueryRowContext(ctx, `SELECT id FROM user_groups WHERE lower(name) = lower($1) AND coalesce(external_id, '') = ''`, name).Scan(&found.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &found, err
}

// listed is a user or a group as pages show it.
type listed struct{ ID, Name, More string }

func (a *app) users(ctx context.Context) ([]listed, error) {
	return query(ctx, a.db, func(u *listed) []any { return []any{&u.ID, &u.Name, &u.More} }, `
		SELECT id, user_name, CASE WHEN active THEN '' ELSE 'disabled' END FROM users
		WHERE NOT is_system AND deleted_at IS NULL ORDER BY lower(user_name)`)
}

func (a *app) groups(ctx context.Context) ([]listed, error) {
	return query(ctx, a.db, func(g *listed) []any { return []any{&g.ID, &g.Name} }, `SELECT id, name FROM user_groups ORDER BY lower(name)`)
}

// deleteGroup deletes a group in the product. Azure makes it again, and does not send its
// members again; so they are remembered.
func (a *app) deleteGroup(ctx context.Context, id string) error {
	return a.scim.Admin().EditGroup(ctx, "", scim.GroupEdit{GroupID: id, Delete: true}, func(ctx context.Context) error {
		_, err := sqlstore.Within(ctx, a.db).ExecContext(ctx, `DELETE FROM user_groups WHERE id = $1`, id)
		return err
	})
}

// process is one that may be started.
type process struct{ ID, Name, Role string }

// processesFor lists what a user may start.
func (a *app) processesFor(ctx context.Context, userID string) ([]process, error) {
	return query(ctx, a.db, func(p *process) []any { return []any{&p.ID, &p.Name, &p.Role} }, `
		SELECT id, name, role FROM processes p WHERE EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = $1 AND r.role = p.role) ORDER BY name`, userID)
}

// errNotAllowed says that a user lacks the role.
var errNotAllowed = errors.New("your roles do not allow that")

// startProcess begins a run of a process.
func (a *app) startProcess(ctx context.Context, userID, processID string) error {
	result, err := a.db.ExecContext(ctx, `
		INSERT INTO runs (id, process_id, started_by, started_at)
		SELECT $1, p.id, $2, $3 FROM processes p WHERE p.id = $4 AND EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = $2 AND r.role = p.role)`,
		uuid.NewString(), userID, a.now().UTC(), processID)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = errNotAllowed
	}
	return err
}

// runsOf counts what a user has started.
func (a *app) runsOf(ctx context.Context, userID string) (n int, err error) {
	err = a.db.QueryRowContext(ctx, `SELECT count(*) FROM runs WHERE started_by = $1`, userID).Scan(&n)
	return n, err
}

// visitor is who is signed in.
type visitor struct {
	ID, Name string
	IsAdmin  bool
}

// errRefused says that somebody may not sign in.
var errRefused = errors.New("there is no active account of this name")

// signIn begins a session. Who is disabled has none, and a system user neither.
func (a *app) signIn(ctx context.Context, name string) (session string, err error) {
	session = rand.Text()
	result, err := a.db.ExecContext(ctx, `
		INSERT INTO sessions (token, user_id)
		SELECT $1, id FROM users WHERE lower(user_name) = lower($2) AND active AND NOT is_system AND deleted_at IS NULL`, session, strings.TrimSpace(name))
	if err != nil {
		return "", err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = errRefused
	}
	return session, err
}

// visitorOf returns who has a session.
func (a *app) visitorOf(ctx context.Context, session string) (v visitor, err error) {
	err = a.db.QueryRowContext(ctx, `
		SELECT u.id, u.user_name, EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = u.id AND r.role = $2)
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token = $1`, session, admin).Scan(&v.ID, &v.Name, &v.IsAdmin)
	if errors.Is(err, sql.ErrNoRows) {
		err = errRefused
	}
	return v, err
}

// endSessions signs a user out everywhere.
func (a *app) endSessions(ctx context.Context, _ scim.Tenant, userID string) error {
	_, err := a.db.ExecContext(ctx, `DELETE FROM sessions WHERE user_id = $1`, userID)
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
