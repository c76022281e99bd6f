package substitute_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/substitute"
)

// transfer is one object that has really changed hands.
type transfer struct{ id, from, to string }

// things is one kind of things of an application, with what a test wants to know.
type things interface {
	substitute.Owned
	give(id, owner string)
	owners() map[string]string
	transfers() []transfer
}

// memThings are things in memory. All are in one tenant.
type memThings struct {
	kind string

	mu    sync.Mutex
	owner map[string]string
	log   []transfer

	// hook, if not nil, is called by Move before it does anything.
	hook func(ids []string, from, to string) error

	// lazy makes Move report success and do nothing.
	lazy bool
}

func newThings(kind string) *memThings { return &memThings{kind: kind, owner: map[string]string{}} }

func (m *memThings) Kind() string { return m.kind }

func (m *memThings) give(id, owner string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.owner[id] = owner
}

func (m *memThings) owners() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.owner)
}

func (m *memThings) transfers() []transfer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log)
}

func (m *memThings) Count(ctx context.Context, t scim.Tenant, owner string) (int, error) {
	ids, err := m.List(ctx, t, owner, "", len(m.owners()))
	return len(ids), err
}

func (m *memThings) List(_ context.Context, t scim.Tenant, owner, after string, limit int) (ids []string, err error) {
	if t != tenant {
		return nil, nil
	}
	all := m.owners()
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id] == owner && id > after && len(ids) < limit {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (m *memThings) Move(ctx context.Context, t scim.Tenant, ids []string, from, to string) (others []string, err error) {
	if m.hook != nil {
		if err := m.hook(ids, from, to); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lazy || t != tenant {
		return nil, ctx.Err()
	}
	for _, id := range ids {
		if m.owner[id] == from {
			m.owner[id] = to
			m.log = append(m.log, transfer{id, from, to})
		}
		if m.owner[id] != to {
			others = append(others, id)
		}
	}
	return others, ctx.Err()
}

// sqlThings are things in a table of the application's.
type sqlThings struct {
	t    testing.TB
	db   *sql.DB
	kind string
}

func newSQLThings(t testing.TB, db *sql.DB, kind string) *sqlThings {
	s := &sqlThings{t, db, kind}
	s.exec("CREATE TABLE IF NOT EXISTS things (kind text, tenant text, id text, owner text, PRIMARY KEY (kind, tenant, id))")
	s.exec("CREATE TABLE IF NOT EXISTS transfers (kind text, id text, source text, target text)")
	return s
}

func (s *sqlThings) exec(text string, args ...any) {
	_, err := s.db.Exec(text, args...)
	require.NoError(s.t, err)
}

func (s *sqlThings) Kind() string { return s.kind }

func (s *sqlThings) give(id, owner string) {
	s.exec("DELETE FROM things WHERE kind = $1 AND tenant = $2 AND id = $3", s.kind, string(tenant), id)
	s.exec("INSERT INTO things VALUES ($1, $2, $3, $4)", s.kind, string(tenant), id, owner)
}

// fill gives many new things to an owner.
func (s *sqlThings) fill(n int, owner string) {
	for part := range slices.Chunk(ids(s.kind, n), 200) {
		rows := make([]string, len(part))
		for i, id := range part {
			rows[i] = fmt.Sprintf("('%s', '%s', '%s', '%s')", s.kind, tenant, id, owner)
		}
		s.exec("INSERT INTO things VALUES " + strings.Join(rows, ", "))
	}
}

func (s *sqlThings) rows(text string, args ...any) (rows [][3]string) {
	found, err := s.db.Query(text, args...)
	require.NoError(s.t, err)
	defer found.Close()
	for found.Next() {
		var r [3]string
		require.NoError(s.t, found.Scan(&r[0], &r[1], &r[2]))
		rows = append(rows, r)
	}
	require.NoError(s.t, found.Err())
	return rows
}

func (s *sqlThings) owners() map[string]string {
	all := map[string]string{}
	for _, r := range s.rows("SELECT id, owner, tenant FROM things WHERE kind = $1", s.kind) {
		all[r[0]] = r[1]
	}
	return all
}

func (s *sqlThings) transfers() (log []transfer) {
	for _, r := range s.rows("SELECT id, source, target FROM transfers WHERE kind = $1", s.kind) {
		log = append(log, transfer{r[0], r[1], r[2]})
	}
	return log
}

func (s *sqlThings) Count(ctx context.Context, t scim.Tenant, owner string) (n int, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM things WHERE kind = $1 AND tenant = $2 AND owner = $3", s.kind, string(t), owner).Scan(&n)
	return n, err
}

func (s *sqlThings) List(ctx context.Context, t scim.Tenant, owner, after string, limit int) ([]string, error) {
	return texts(ctx, s.db, "SELECT id FROM things WHERE kind = $1 AND tenant = $2 AND owner = $3 AND id > $4 ORDER BY id LIMIT $5",
		s.kind, string(t), owner, after, limit)
}

type querier interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

func texts(ctx context.Context, q querier, text string, args ...any) (all []string, err error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// Move is what a careful application writes, and notes who got what in the same
// transaction.
func (s *sqlThings) Move(ctx context.Context, t scim.Tenant, ids []string, from, to string) (others []string, err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	args := []any{s.kind, string(t), from, to}
	marks := make([]string, len(ids))
	for i, id := range ids {
		args = append(args, id)
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	these := " WHERE kind = $1 AND tenant = $2 AND id IN (" + strings.Join(marks, ", ") + ")"
	if _, err = tx.ExecContext(ctx, "INSERT INTO transfers SELECT kind, id, owner, CAST($4 AS text) FROM things"+these+" AND owner = $3", args...); err != nil {
		return nil, err
	}
	if _, err = tx.ExecContext(ctx, "UPDATE things SET owner = $4"+these+" AND owner = $3", args...); err != nil {
		return nil, err
	}
	others, err = texts(ctx, tx, "SELECT id FROM things"+these+" AND owner <> $4 AND CAST($3 AS text) IS NOT NULL", args...)
	if err != nil {
		return nil, err
	}
	return others, tx.Commit()
}

// ids returns names of things, in order.
func ids(kind string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s-%04d", kind, i)
	}
	return all
}
