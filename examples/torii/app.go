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
	"strings"
	"time"

	"github.com/muster-scim/muster/examples/internal/host"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/token"
)

// defaultRole is that of everybody of whom nothing else is said.
const defaultRole = "Employee"

var (
	//go:embed schema.sql
	tables string

	//go:embed seed.sql
	seed string
)

// app is a SaaS-management product: it knows a company's people, the software that the
// company pays for, and who has a licence of what.
type app struct {
	db  *sql.DB
	log *slog.Logger
	now func() time.Time

	// Provisioning, see scim.go.
	scimURL string
	linker  scim.Linker
	scim    *scim.Handler
	keys    *token.Tokens
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
	return &app{db: db, log: log, now: time.Now}, nil
}

// person is a row of people.
type person struct {
	ID        string
	Email     string
	FirstName string
	LastName  string
	UserType  string
	Active    bool
	Version   int64
	Created   time.Time
	Updated   time.Time
}

// validEmail says what is wrong with an address. People are invited by it, so its
// domain must be one that mail can be sent to.
func validEmail(email string) error {
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || strings.ContainsFunc(email, func(r rune) bool { return r >= 0x80 }) {
		return errors.New("must be an e-mail address, as ann@example.com")
	}
	domain := email[strings.LastIndex(email, "@")+1:]
	labels := strings.Split(domain, ".")
	for _, l := range labels {
		if !validLabel(l) {
			return fmt.Errorf("must be an e-mail address in a valid domain, which %q is not", domain)
		}
	}
	if last := labels[len(labels)-1]; len(labels) < 2 || strings.Trim(last, "0123456789") == "" {
		return fmt.Errorf("must be an e-mail address in a valid domain, which %q is not", domain)
	}
	return nil
}

// validLabel holds to RFC 1123, section 2.1: other scripts come in the form of RFC 5890,
// as xn--bcher-kva.
func validLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(l, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// role is what a person may see.
type role struct {
	Name      string
	SeesSpend bool
	IsAdmin   bool
}

// roles lists a customer's roles by name.
func (a *app) roles(ctx context.Context, org string) (all []role, err error) {
	return query(ctx, a.db, func(r *role) []any { return []any{&r.Name, &r.SeesSpend, &r.IsAdmin} },
		`SELECT name, sees_spend, is_admin FROM roles WHERE org_id = $1 ORDER BY name`, org)
}

// addRole adds a role of the customer's own. The identity provider may name it from then
// on, so it is a change of the settings of provisioning.
func (a *app) addRole(ctx context.Context, org string, r role) error {
	if r.Name = strings.TrimSpace(r.Name); r.Name == "" {
		return refusal("a role needs a name")
	}
	return a.changeSettings(ctx, org, func(ctx context.Context, db sqlstore.DBTX) error {
		_, err := db.ExecContext(ctx, `INSERT INTO roles (org_id, name, sees_spend, is_admin) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			org, r.Name, r.SeesSpend, r.IsAdmin)
		return err
	})
}

// member is a person with what pages show beside the name.
type member struct {
	ID, Email, Name, Roles string
	Active                 bool
}

// members lists those who work with the product: employees who have no other role are
// only counted.
func (a *app) members(ctx context.Context, org string) (all []member, employees int, err error) {
	people, err := query(ctx, a.db, func(m *member) []any { return []any{&m.ID, &m.Email, &m.Name, &m.Active, &m.Roles} }, `
		SELECT p.id, p.email, trim(p.first_name || ' ' || p.last_name), p.active, coalesce(r.role, '')
		FROM people p LEFT JOIN person_roles r ON r.person_id = p.id AND r.role <> $2
		WHERE p.org_id = $1 ORDER BY p.email, r.role`, org, defaultRole)
	for _, m := range people {
		switch {
		case m.Roles == "":
			employees++
		case len(all) > 0 && all[len(all)-1].ID == m.ID:
			all[len(all)-1].Roles += ", " + m.Roles
		default:
			all = append(all, m)
		}
	}
	return all, employees, err
}

// usage is one piece of software: what it costs, and how many of those who hold a licence
// can't sign in any more.
type usage struct {
	ID, Name             string
	Price, Seats, Wasted int
}

// Cost is what all licences cost in a year, Saving what those cost that nobody can use.
func (u usage) Cost() int   { return u.Price * u.Seats }
func (u usage) Saving() int { return u.Price * u.Wasted }

// spend lists what a customer pays for.
func (a *app) spend(ctx context.Context, org string) ([]usage, error) {
	return query(ctx, a.db, func(u *usage) []any { return []any{&u.ID, &u.Name, &u.Price, &u.Seats, &u.Wasted} }, `
		SELECT a.id, a.name, a.seat_price, count(p.id), count(CASE WHEN NOT p.active THEN 1 END)
		FROM apps a LEFT JOIN licences l ON l.app_id = a.id LEFT JOIN people p ON p.id = l.person_id
		WHERE a.org_id = $1 GROUP BY a.id, a.name, a.seat_price ORDER BY a.name`, org)
}

// licencesOf lists what one person has a licence of.
func (a *app) licencesOf(ctx context.Context, personID string) ([]string, error) {
	return query(ctx, a.db, func(name *string) []any { return []any{name} },
		`SELECT a.name FROM licences l JOIN apps a ON a.id = l.app_id WHERE l.person_id = $1 ORDER BY a.name`, personID)
}

// assign gives a person a licence.
func (a *app) assign(ctx context.Context, org, appID, email string) error {
	result, err := a.db.ExecContext(ctx, `
		INSERT INTO licences (app_id, person_id)
		SELECT a.id, p.id FROM apps a, people p WHERE a.org_id = $1 AND p.org_id = $1 AND a.id = $2 AND lower(p.email) = lower($3)
		ON CONFLICT DO NOTHING`, org, appID, strings.TrimSpace(email))
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = refusal(fmt.Sprintf("nobody is called %q, or they have the licence already", email))
	}
	return err
}

// visitor is who is signed in.
type visitor struct {
	member
	Org                string
	SeesSpend, IsAdmin bool
}

// refusal is why something is not done, in words for who wanted it.
type refusal string

func (r refusal) Error() string { return string(r) }

const errRefused refusal = "there is no active account of this name"

// signIn begins a session. Who is not active has none.
func (a *app) signIn(ctx context.Context, org, email string) (session string, err error) {
	session = rand.Text()
	result, err := a.db.ExecContext(ctx, `
		INSERT INTO sessions (token, person_id) SELECT $1, id FROM people WHERE org_id = $2 AND lower(email) = lower($3) AND active`, session, org, email)
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
func (a *app) visitorOf(ctx context.Context, session string) (visitor, error) {
	var v visitor
	err := a.db.QueryRowContext(ctx, `
		SELECT p.id, p.email, trim(p.first_name || ' ' || p.last_name), p.org_id,
			EXISTS (SELECT 1 FROM person_roles g JOIN roles r ON r.name = g.role AND r.org_id = p.org_id WHERE g.person_id = p.id AND r.sees_spend),
			EXISTS (SELECT 1 FROM person_roles g JOIN roles r ON r.name = g.role AND r.org_id = p.org_id WHERE g.person_id = p.id AND r.is_admin)
		FROM sessions s JOIN people p ON p.id = s.person_id WHERE s.token = $1`, session).
		Scan(&v.ID, &v.Email, &v.Name, &v.Org, &v.SeesSpend, &v.IsAdmin)
	if errors.Is(err, sql.ErrNoRows) {
		err = errRefused
	}
	return v, err
}

// endSessions signs a person out everywhere.
func (a *app) endSessions(ctx context.Context, personID string) error {
	_, err := a.db.ExecContext(ctx, `DELETE FROM sessions WHERE person_id = $1`, personID)
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
