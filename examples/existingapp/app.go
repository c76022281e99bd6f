package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
)

// Role is what an account may do.
type Role string

// The roles of an account.
const (
	Member  Role = "member"
	Manager Role = "manager"
)

// Account is somebody who can sign in.
type Account struct {
	ID          int64
	Email       string
	DirectoryID string
	FirstName   string
	LastName    string
	Phone       string
	Department  string
	Role        Role
	Suspended   bool
	CreatedAt   sql.NullTime
	UpdatedAt   sql.NullTime
}

// Team is a number of accounts.
type Team struct {
	ID        int64
	Name      string
	UpdatedAt sql.NullTime
}

// tables are the application's, as they were before it had SCIM. KEY and TIME are types
// that databases have different names for.
var tables = []string{`
	CREATE TABLE IF NOT EXISTS accounts (
		id           KEY,
		org          TEXT NOT NULL,
		email        TEXT NOT NULL,
		directory_id TEXT,
		first_name   TEXT NOT NULL DEFAULT '',
		last_name    TEXT NOT NULL DEFAULT '',
		phone        TEXT,
		department   TEXT,
		role         TEXT NOT NULL DEFAULT 'member',
		suspended    BOOLEAN NOT NULL DEFAULT FALSE,
		theme        TEXT NOT NULL DEFAULT 'light',
		created_at   TIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
		updated_at   TIME NOT NULL DEFAULT CURRENT_TIMESTAMP
	)`,
	`CREATE UNIQUE INDEX IF NOT EXISTS accounts_email ON accounts (org, lower(email))`, `
	CREATE TABLE IF NOT EXISTS teams (
		id         KEY,
		org        TEXT NOT NULL,
		name       TEXT NOT NULL,
		updated_at TIME NOT NULL DEFAULT CURRENT_TIMESTAMP
	)`,
	`CREATE UNIQUE INDEX IF NOT EXISTS teams_name ON teams (org, lower(name))`, `
	CREATE TABLE IF NOT EXISTS team_accounts (
		team_id    BIGINT NOT NULL REFERENCES teams (id),
		account_id BIGINT NOT NULL REFERENCES accounts (id),
		PRIMARY KEY (team_id, account_id)
	)`,
}

// app is the application without SCIM: people choose a theme, and see who is in a team.
type app struct{ db *sql.DB }

func (a *app) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /profile/{email}", a.profile)
	mux.HandleFunc("PUT /profile/{email}/theme/{theme}", a.setTheme)
	mux.HandleFunc("GET /teams/{name}", a.team)
}

var errNoSuchAccount = errors.New("no such account")

// profile shows an account to the person whose it is. Those who are suspended can't
// sign in.
func (a *app) profile(w http.ResponseWriter, r *http.Request) {
	var p struct{ Email, Name, Theme, Role string }
	err := a.db.QueryRowContext(r.Context(), `
		SELECT email, first_name || ' ' || last_name, theme, role FROM accounts
		WHERE org = 'acme' AND lower(email) = lower($1) AND NOT suspended`, r.PathValue("email")).Scan(&p.Email, &p.Name, &p.Theme, &p.Role)
	answer(w, p, err)
}

func (a *app) setTheme(w http.ResponseWriter, r *http.Request) {
	result, err := a.db.ExecContext(r.Context(), "UPDATE accounts SET theme = $1 WHERE org = 'acme' AND lower(email) = lower($2) AND NOT suspended",
		r.PathValue("theme"), r.PathValue("email"))
	if err == nil {
		if n, _ := result.RowsAffected(); n == 0 {
			err = errNoSuchAccount
		}
	}
	answer(w, map[string]string{"theme": r.PathValue("theme")}, err)
}

func (a *app) team(w http.ResponseWriter, r *http.Request) {
	emails, err := a.teamEmails(r.Context(), r.PathValue("name"))
	answer(w, map[string][]string{"members": emails}, err)
}

func (a *app) teamEmails(ctx context.Context, name string) ([]string, error) {
	emails := []string{}
	rows, err := a.db.QueryContext(ctx, `
		SELECT accounts.email FROM teams
		JOIN team_accounts ON team_accounts.team_id = teams.id
		JOIN accounts ON accounts.id = team_accounts.account_id
		WHERE teams.org = 'acme' AND teams.name = $1 ORDER BY accounts.email`, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var email string
		if err := rows.Scan(&email); err != nil {
			return nil, err
		}
		emails = append(emails, email)
	}
	return emails, rows.Err()
}

func answer(w http.ResponseWriter, v any, err error) {
	switch {
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, errNoSuchAccount):
		http.Error(w, errNoSuchAccount.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, "something went wrong", http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
}
