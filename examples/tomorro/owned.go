package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// belongings is a table whose rows have an owner, who may leave.
type belongings struct {
	db    *sql.DB
	kind  string
	table string
}

func (b belongings) Kind() string { return b.kind }

func (b belongings) Count(ctx context.Context, t scim.Tenant, owner string) (n int, err error) {
	err = sqlstore.Within(ctx, b.db).QueryRowContext(ctx, `SELECT count(*) FROM `+b.table+` WHERE workspace_id = $1 AND owner_id = $2`, string(t), owner).Scan(&n)
	return n, err
}

func (b belongings) List(ctx context.Context, t scim.Tenant, owner, after string, limit int) ([]string, error) {
	return query(ctx, sqlstore.Within(ctx, b.db), func(id *string) []any { return []any{id} },
		`SELECT id FROM `+b.table+` WHERE workspace_id = $1 AND owner_id = $2 AND id > $3 ORDER BY id LIMIT $4`, string(t), owner, after, limit)
}

func (b belongings) Move(ctx context.Context, t scim.Tenant, ids []string, from, to string) (others []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	db := sqlstore.Within(ctx, b.db)
	among, args := in(4, ids)
	if _, err := db.ExecContext(ctx, `UPDATE `+b.table+` SET owner_id = $3 WHERE workspace_id = $1 AND owner_id = $2 AND id IN `+among,
		append([]any{string(t), from, to}, args...)...); err != nil {
		return nil, err
	}
	among, args = in(3, ids)
	moved, err := query(ctx, db, func(id *string) []any { return []any{id} },
		`SELECT id FROM `+b.table+` WHERE workspace_id = $1 AND owner_id = $2 AND id IN `+among, append([]any{string(t), to}, args...)...)
	has := map[string]bool{}
	for _, id := range moved {
		has[id] = true
	}
	for _, id := range ids {
		if !has[id] {
			others = append(others, id)
		}
	}
	return others, err
}

// in writes a list of placeholders, which begins with number n.
func in(n int, ids []string) (list string, args []any) {
	marks := make([]string, len(ids))
	for i, id := range ids {
		marks[i], args = fmt.Sprintf("$%d", n+i), append(args, id)
	}
	return "(" + strings.Join(marks, ", ") + ")", args
}
