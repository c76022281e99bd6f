package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/muster-scim/muster/examples/internal/host"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/token"
	"github.com/muster-scim/muster/substitute"
)

var (
	//go:embed schema.sql
	tables string

	//go:embed seed.sql
	seed string
)

// app is a contract platform: members own contracts, templates and steps of approvals,
// and what each may do follows from the role.
type app struct {
	db  *sql.DB
	log *slog.Logger
	now func() time.Time

	// Provisioning, see scim.go.
	scimURL  string
	linker   scim.Linker
	scim     *scim.Handler
	tokens   *token.Tokens
	offboard *substitute.Coordinator
}

// openApp makes the tables and, if there is no workspace, the demonstration's.
func openApp(ctx context.Context, db *sql.DB, log *slog.Logger) (*app, error) {
	if err := host.CreateTables(ctx, db, tables); err != nil {
		return nil, err
	}
	var workspaces int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM workspaces`).Scan(&workspaces); err != nil {
		return nil, err
	}
	if workspaces == 0 {
		if _, err := db.ExecContext(ctx, seed); err != nil {
			return nil, fmt.Errorf("demonstration data: %w", err)
		}
	}
	return &app{db: db, log: log, now: time.Now}, nil
}

// member is a row of members.
type member struct {
	ID         string
	Email      string
	ExternalID *string
	FirstName  string
	LastName   string
	UserType   string
	Active     bool
	Version    int64
	Created    time.Time
	Updated    time.Time
	Deleted    *time.Time
}

// The roles that pages ask for.
const (
	admin  = "Admin"
	viewer = "Viewer"
)

// role is one of a plan's, with the userType that stands for it.
type role struct{ UserType, Name string }

// rolesOf lists the roles of a pricing plan, the highest first.
func rolesOf(plan int) []role {
	if plan < 6 {
		return []role{{"admin", admin}, {"manager", "Manager"}, {"user", "Contributor"}, {"viewer", viewer}}
	}
	return []role{{"admin", admin}, {"manager", "Creator - Manager"}, {"user", "Creator - Contributor"}, {"viewer", viewer}}
}

// workspace is a customer.
type workspace struct {
	ID           string
	Name         string
	Plan         int
	Substitute   string // the id of a member, or empty
	GroupsLocked bool

	PermissionGroups []permissionGroup
}

// permissionGroup is a group whose members have a role.
type permissionGroup struct{ Name, UserType string }

func (a *app) workspace(ctx context.Context, id string) (w workspace, err error) {
	db := sqlstore.Within(ctx, a.db)
	err = db.QueryRowContext(ctx, `SELECT id, name, plan, coalesce(substitute_id, ''), groups_locked FROM workspaces WHERE id = $1`, id).
		Scan(&w.ID, &w.Name, &w.Plan, &w.Substitute, &w.GroupsLocked)
	if err != nil {
		return w, err
	}
	w.PermissionGroups, err = query(ctx, db, func(g *permissionGroup) []any { return []any{&g.Name, &g.UserType} },
		`SELECT group_name, user_type FROM permission_groups WHERE workspace_id = $1 ORDER BY group_name`, id)
	return w, err
}

// connection is what an identity provider may do with groups.
type connection struct {
	Name          string
	CreatesGroups bool
	SeesAll       bool
	AdoptsGroups  bool
}

func (a *app) connections(ctx context.Context, workspaceID string) ([]connection, error) {
	return query(ctx, sqlstore.Within(ctx, a.db), func(c *connection) []any { return []any{&c.Name, &c.CreatesGroups, &c.SeesAll, &c.AdoptsGroups} },
		`SELECT name, creates_groups, sees_all, adopts_groups FROM connections WHERE workspace_id = $1 ORDER BY name`, workspaceID)
}

// connection returns one by name. Of one that is not there nothing is allowed.
func (a *app) connection(ctx context.Context, workspaceID, name string) (connection, error) {
	all, err := a.connections(ctx, workspaceID)
	if i := slices.IndexFunc(all, func(c connection) bool { return c.Name == name }); i >= 0 {
		return all[i], nil
	}
	return connection{Name: name}, err
}

// change runs a statement that changes what provisioning follows: the roles of everybody
// are looked at again.
func (a *app) change(ctx context.Context, workspaceID, statement string, args ...any) error {
	return a.scim.Admin().ChangeSettings(ctx, scim.Tenant(workspaceID), func(ctx context.Context) error {
		db := sqlstore.Within(ctx, a.db)
		if _, err := db.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
		_, err := db.ExecContext(ctx, `UPDATE workspaces SET settings_version = settings_version + 1 WHERE id = $1`, workspaceID)
		return err
	})
}

func (a *app) setPlan(ctx context.Context, workspaceID string, plan int) error {
	return a.change(ctx, workspaceID, `UPDATE workspaces SET plan = $2 WHERE id = $1`, workspaceID, plan)
}

func (a *app) lockGroups(ctx context.Context, workspaceID string, locked bool) error {
	return a.change(ctx, workspaceID, `UPDATE workspaces SET groups_locked = $2 WHERE id = $1`, workspaceID, locked)
}

func (a *app) setConnection(ctx context.Context, workspaceID string, c connection) error {
	return a.change(ctx, workspaceID, `UPDATE connections SET creates_groups = $3, sees_all = $4, adopts_groups = $5 WHERE workspace_id = $1 AND name = $2`,
		workspaceID, c.Name, c.CreatesGroups, c.SeesAll, c.AdoptsGroups)
}

// setSubstitute names who inherits what leavers own; what waits for an heir goes on. An
// empty address names nobody.
func (a *app) setSubstitute(ctx context.Context, workspaceID, email string) error {
	var id *string
	if email != "" {
		m, err := a.memberNamed(ctx, workspaceID, email)
		if err != nil {
			return err
		}
		id = &m
	}
	if err := a.change(ctx, workspaceID, `UPDATE workspaces SET substitute_id = $2 WHERE id = $1`, workspaceID, id); err != nil {
		return err
	}
	_, err := a.offboard.Reconsider(ctx, scim.Tenant(workspaceID))
	return err
}

// substituteOf is the default substitute of a workspace.
func (a *app) substituteOf(ctx context.Context, t scim.Tenant) (string, error) {
	w, err := a.workspace(ctx, string(t))
	return w.Substitute, err
}

// memberNamed returns the id of a member.
func (a *app) memberNamed(ctx context.Context, workspaceID, email string) (id string, err error) {
	err = a.db.QueryRowContext(ctx, `SELECT id FROM members WHERE workspace_id = $1 AND lower(email) = lower($2) AND deleted_at IS NULL`,
		workspaceID, strings.TrimSpace(email)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = refusal(fmt.Sprintf("nobody is called %q", email))
	}
	return id, err
}

// listed is a member as pages show them.
type listed struct {
	ID, Email, Name, Roles string
	Active                 bool
}

func (a *app) members(ctx context.Context, workspaceID string) (all []listed, err error) {
	rows, err := query(ctx, a.db, func(m *listed) []any { return []any{&m.ID, &m.Email, &m.Name, &m.Active, &m.Roles} }, `
		SELECT m.id, m.email, trim(m.first_name || ' ' || m.last_name), m.active, coalesce(r.role, '')
		FROM members m LEFT JOIN member_roles r ON r.member_id = m.id
		WHERE m.workspace_id = $1 AND m.deleted_at IS NULL ORDER BY m.email, r.role`, workspaceID)
	for _, m := range rows {
		if n := len(all); n > 0 && all[n-1].ID == m.ID {
			all[n-1].Roles += ", " + m.Roles
		} else {
			all = append(all, m)
		}
	}
	return all, err
}

// visitor is who is signed in.
type visitor struct {
	listed
	Workspace        string
	IsAdmin, Creates bool
}

// refusal is why something is not done, in words for who wanted it.
type refusal string

func (r refusal) Error() string { return string(r) }

const errRefused refusal = "there is no active account of this name"

// signIn begins a session. Who is not active has none.
func (a *app) signIn(ctx context.Context, workspaceID, email string) (session string, err error) {
	session = rand.Text()
	result, err := a.db.ExecContext(ctx, `
		INSERT INTO sessions (token, member_id)
		SELECT $1, id FROM members WHERE workspace_id = $2 AND lower(email) = lower($3) AND active AND deleted_at IS NULL`, session, workspaceID, email)
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
		SELECT m.id, m.email, trim(m.first_name || ' ' || m.last_name), m.workspace_id,
			EXISTS (SELECT 1 FROM member_roles r WHERE r.member_id = m.id AND r.role = $2),
			EXISTS (SELECT 1 FROM member_roles r WHERE r.member_id = m.id AND r.role <> $3)
		FROM sessions s JOIN members m ON m.id = s.member_id WHERE s.token = $1`, session, admin, viewer).
		Scan(&v.ID, &v.Email, &v.Name, &v.Workspace, &v.IsAdmin, &v.Creates)
	if errors.Is(err, sql.ErrNoRows) {
		err = errRefused
	}
	return v, err
}

// endSessions signs a member out everywhere.
func (a *app) endSessions(ctx context.Context, _ scim.Tenant, memberID string) error {
	_, err := a.db.ExecContext(ctx, `DELETE FROM sessions WHERE member_id = $1`, memberID)
	return err
}

// contract is what the product is about.
type contract struct {
	ID, Title, Owner string
	Steps            []step
}

// step is one of a contract's approvals.
type step struct{ Title, Owner string }

// contractsFor lists what somebody may read: administrators all, others what they own,
// have to approve, or may read by a group.
func (a *app) contractsFor(ctx context.Context, v visitor) ([]contract, error) {
	all, err := query(ctx, a.db, func(c *contract) []any { return []any{&c.ID, &c.Title, &c.Owner} }, `
		SELECT c.id, c.title, o.email FROM contracts c JOIN members o ON o.id = c.owner_id
		WHERE c.workspace_id = $1 AND ($3 OR c.owner_id = $2
			OR EXISTS (SELECT 1 FROM approval_steps s WHERE s.contract_id = c.id AND s.owner_id = $2)
			OR EXISTS (SELECT 1 FROM group_members g WHERE g.group_id = c.group_id AND g.member_id = $2))
		ORDER BY c.title, c.id`, v.Workspace, v.ID, v.IsAdmin)
	for i := range all {
		if err != nil {
			break
		}
		all[i].Steps, err = query(ctx, a.db, func(s *step) []any { return []any{&s.Title, &s.Owner} }, `
			SELECT s.title, o.email FROM approval_steps s JOIN members o ON o.id = s.owner_id WHERE s.contract_id = $1 ORDER BY s.title, s.id`, all[i].ID)
	}
	return all, err
}

// addContract makes a contract with an approval for each of some members.
func (a *app) addContract(ctx context.Context, v visitor, title string, approvers ...string) (id string, err error) {
	id = uuid.NewString()
	if _, err := a.db.ExecContext(ctx, `INSERT INTO contracts (id, workspace_id, title, owner_id) VALUES ($1, $2, $3, $4)`, id, v.Workspace, title, v.ID); err != nil {
		return "", err
	}
	for _, approver := range approvers {
		if _, err := a.db.ExecContext(ctx, `INSERT INTO approval_steps (id, workspace_id, contract_id, title, owner_id) VALUES ($1, $2, $3, $4, $5)`,
			uuid.NewString(), v.Workspace, id, "Approval", approver); err != nil {
			return "", err
		}
	}
	return id, nil
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
