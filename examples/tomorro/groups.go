package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// group is a row of member_groups.
type group struct {
	ID         string
	Name       string
	ExternalID *string
	Version    int64
	Created    time.Time
	Updated    time.Time
}

// groupPage is a group as pages show it.
type groupPage struct {
	ID, Name string
	Members  []listed
}

func (a *app) groups(ctx context.Context, workspaceID string) ([]groupPage, error) {
	all, err := query(ctx, a.db, func(g *groupPage) []any { return []any{&g.ID, &g.Name} },
		`SELECT id, name FROM member_groups WHERE workspace_id = $1 ORDER BY lower(name), id`, workspaceID)
	for i := range all {
		if err != nil {
			break
		}
		all[i].Members, err = query(ctx, a.db, func(m *listed) []any { return []any{&m.ID, &m.Email} }, `
			SELECT m.id, m.email FROM group_members g JOIN members m ON m.id = g.member_id
			WHERE g.group_id = $1 AND m.deleted_at IS NULL ORDER BY m.email`, all[i].ID)
	}
	return all, err
}

// groupMadeHere finds a group by name that no identity provider has.
func (a *app) groupMadeHere(ctx context.Context, workspaceID, name string) (id string, err error) {
	err = sqlstore.Within(ctx, a.db).QueryRowContext(ctx, `
		SELECT id FROM member_groups WHERE workspace_id = $1 AND lower(name) = lower($2) AND external_id IS NULL ORDER BY id LIMIT 1`, workspaceID, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, err
}

// edit runs statements that change groups, if people may: scim.ErrGroupsManaged is the
// error while only identity providers do.
func (a *app) edit(ctx context.Context, workspaceID string, e scim.GroupEdit, do func(ctx context.Context, db sqlstore.DBTX) error) error {
	return a.scim.Admin().EditGroup(ctx, scim.Tenant(workspaceID), e, func(ctx context.Context) error {
		return do(ctx, sqlstore.Within(ctx, a.db))
	})
}

func (a *app) createGroup(ctx context.Context, workspaceID, name string) (id string, err error) {
	if name == "" {
		return "", refusal("a group needs a name")
	}
	id = uuid.NewString()
	return id, a.edit(ctx, workspaceID, scim.GroupEdit{GroupID: id}, func(ctx context.Context, db sqlstore.DBTX) error {
		_, err := db.ExecContext(ctx, `INSERT INTO member_groups (id, workspace_id, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)`,
			id, workspaceID, name, a.now().UTC())
		return err
	})
}

// renameGroup may give its members a role, or take one away.
func (a *app) renameGroup(ctx context.Context, workspaceID, id, name string) error {
	members, err := a.membersOf(ctx, id)
	if err != nil {
		return err
	}
	return a.edit(ctx, workspaceID, scim.GroupEdit{GroupID: id, Users: members}, func(ctx context.Context, db sqlstore.DBTX) error {
		return a.touch(ctx, db, workspaceID, id, `UPDATE member_groups SET name = $3 WHERE workspace_id = $1 AND id = $2`, name)
	})
}

func (a *app) deleteGroup(ctx context.Context, workspaceID, id string) error {
	return a.edit(ctx, workspaceID, scim.GroupEdit{GroupID: id, Delete: true}, func(ctx context.Context, db sqlstore.DBTX) error {
		_, err := db.ExecContext(ctx, `DELETE FROM member_groups WHERE workspace_id = $1 AND id = $2`, workspaceID, id)
		return err
	})
}

func (a *app) putIn(ctx context.Context, workspaceID, id, memberID string) error {
	return a.edit(ctx, workspaceID, scim.GroupEdit{GroupID: id, Users: []string{memberID}}, func(ctx context.Context, db sqlstore.DBTX) error {
		return a.touch(ctx, db, workspaceID, id, `
			INSERT INTO group_members (group_id, member_id)
			SELECT g.id, m.id FROM member_groups g, members m WHERE g.workspace_id = $1 AND m.workspace_id = $1 AND g.id = $2 AND m.id = $3
			ON CONFLICT DO NOTHING`, memberID)
	})
}

func (a *app) takeOut(ctx context.Context, workspaceID, id, memberID string) error {
	return a.edit(ctx, workspaceID, scim.GroupEdit{GroupID: id, Users: []string{memberID}}, func(ctx context.Context, db sqlstore.DBTX) error {
		return a.touch(ctx, db, workspaceID, id, `
			DELETE FROM group_members WHERE group_id IN (SELECT id FROM member_groups WHERE workspace_id = $1 AND id = $2) AND member_id = $3`, memberID)
	})
}

// clearGroups takes everybody out of all groups, before an identity provider fills them.
func (a *app) clearGroups(ctx context.Context, workspaceID string) error {
	groups, err := a.groups(ctx, workspaceID)
	if err != nil {
		return err
	}
	for _, g := range groups {
		var ids []string
		for _, m := range g.Members {
			ids = append(ids, m.ID)
		}
		err := a.edit(ctx, workspaceID, scim.GroupEdit{GroupID: g.ID, Users: ids}, func(ctx context.Context, db sqlstore.DBTX) error {
			return a.touch(ctx, db, workspaceID, g.ID, `
				DELETE FROM group_members WHERE group_id IN (SELECT id FROM member_groups WHERE workspace_id = $1 AND id = $2)`)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// touch runs a statement and gives the group a new version, which identity providers see.
func (a *app) touch(ctx context.Context, db sqlstore.DBTX, workspaceID, id, statement string, args ...any) error {
	if _, err := db.ExecContext(ctx, statement, append([]any{workspaceID, id}, args...)...); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, `UPDATE member_groups SET version = version + 1, updated_at = $3 WHERE workspace_id = $1 AND id = $2`, workspaceID, id, a.now().UTC())
	return err
}

func (a *app) membersOf(ctx context.Context, groupID string) ([]string, error) {
	return query(ctx, a.db, func(id *string) []any { return []any{id} }, `SELECT member_id FROM group_members WHERE group_id = $1 ORDER BY member_id`, groupID)
}
