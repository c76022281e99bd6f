package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// crowd is a store with many users, all of them in one group.
type crowd struct {
	*sqlstore.Store
	db    *sql.DB
	n     int
	group string // of all
	few   string // a group of two
	first int    // of those that are looked up
}

// newCrowd makes n users, user0000000 and so on, and a group of all: the first as
// always, and the others as copies of it, which takes a thousandth of the time.
func newCrowd(t testing.TB, db *sql.DB, n int) *crowd {
	s := openOn(t, db, sqlstore.Options{})
	first := addUser(t, s, "user0000000", "externalId", "x-user0000000", "active", true,
		"emails", []any{map[string]any{"value": "user0000000@example.com", "type": "work", "primary": true}})
	c := &crowd{Store: s, db: db, n: n, group: addGroup(t, s, "all", first)}
	numbers := "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2 - 1), names AS (SELECT i, printf('%07d', i) AS name FROM n)"
	document := "replace(search, 'user0000000', 'user' || name)"
	if isPostgres(t) {
		numbers = "WITH names AS (SELECT i, lpad(i::text, 7, '0') AS name FROM generate_series(1, CAST($2 AS integer) - 1) AS i)"
		document = "replace(search::text, 'user0000000', 'user' || name)::jsonb"
	}
	for _, statement := range []string{
		`INSERT INTO muster_resources (tenant, kind, id, shelf, version, created, modified, label, name_key, name_twin, external_key, external_twin, data, search)
			` + numbers + `
			SELECT tenant, kind, '01000000-0000-7000-8000-00000' || name, shelf, version, created, modified,
				replace(label, 'user0000000', 'user' || name), replace(name_key, 'user0000000', 'user' || name), name_twin,
				replace(external_key, 'user0000000', 'user' || name), replace(external_twin, id, '01000000-0000-7000-8000-00000' || name),
				replace(data, 'user0000000', 'user' || name), ` + document + `
			FROM muster_resources CROSS JOIN names WHERE id = $1`,
		`INSERT INTO muster_members (tenant, group_id, member_id, member_kind)
			` + numbers + ` SELECT tenant, group_id, '01000000-0000-7000-8000-00000' || name, member_kind
			FROM muster_members CROSS JOIN names WHERE member_id = $1`,
	} {
		_, err := db.Exec(statement, first, n)
		require.NoError(t, err)
	}
	c.few = addGroup(t, s, "few", c.id(3), c.id(4))
	return c
}

func (c *crowd) id(i int) string { return fmt.Sprintf("01000000-0000-7000-8000-00000%07d", i) }

func isPostgres(t testing.TB) bool { return strings.Contains(t.Name(), "postgres") }

// lookUps are what must cost the same however many users there are. want is how many
// resources or members come back.
func (c *crowd) lookUps(t *testing.T) map[string]func() (got, want int, err error) {
	list := func(q scim.Query) (int, int, error) {
		q.StartIndex, q.Count = 1, 10
		page, err := c.ListUsers(ctx, acme, q)
		return len(page.Resources), 1, err
	}
	edges := func(q scim.MembershipQuery) (int, error) {
		page, err := c.ListMemberships(ctx, acme, q)
		return len(page.Edges), err
	}
	return map[string]func() (int, int, error){
		"GET":           func() (int, int, error) { _, err := c.GetUser(ctx, acme, c.id(c.first+7)); return 0, 0, err },
		"GET the group": func() (int, int, error) { _, err := c.GetGroup(ctx, acme, c.group); return 0, 0, err },
		"userName eq": func() (int, int, error) {
			return list(scim.Query{Filter: filterOf(t, userType, fmt.Sprintf(`userName eq "USER%07d"`, c.first+7))})
		},
		"externalId eq": func() (int, int, error) {
			return list(scim.Query{Filter: filterOf(t, userType, fmt.Sprintf(`externalId eq "x-user%07d"`, c.first+7))})
		},
		"by ids": func() (int, int, error) { return list(scim.Query{IDs: []string{c.id(c.first + 7)}}) },
		"a page by key": func() (int, int, error) {
			page, err := c.ListUsers(ctx, acme, scim.Query{ByKey: true, After: c.id(1500), Count: 10})
			return len(page.Resources), 10, err
		},
		"remove one member": func() (int, int, error) {
			res, err := updateMembers(c.Store, c.group, patch.MemberDelta{Remove: []string{c.id(c.first + 5)}})
			return len(res.Removed), 1, err
		},
		"add one member": func() (int, int, error) {
			res, err := updateMembers(c.Store, c.group, patch.MemberDelta{Add: membersOf(c.id(c.first + 9))})
			return len(res.Added), 0, err
		},
		"a page of members": func() (int, int, error) {
			n, err := edges(scim.MembershipQuery{Groups: []string{c.group}, Limit: 10})
			return n, 10, err
		},
		"a page of few members": func() (int, int, error) {
			n, err := edges(scim.MembershipQuery{Groups: []string{c.few}, Limit: 10})
			return n, 2, err
		},
		"another page of members": func() (int, int, error) {
			n, err := edges(scim.MembershipQuery{Groups: []string{c.group}, Limit: 10, After: c.group + "." + c.id(1000)})
			return n, 10, err
		},
		"a page of the members of groups": func() (int, int, error) {
			n, err := edges(scim.MembershipQuery{Groups: []string{c.few, c.group}, Limit: 10})
			return n, 10, err
		},
		"another page of the members of groups": func() (int, int, error) {
			n, err := edges(scim.MembershipQuery{Groups: []string{c.few, c.group}, Limit: 10, After: c.group + "." + c.id(1000)})
			return n, 10, err
		},
		"groups of a user": func() (int, int, error) {
			n, err := edges(scim.MembershipQuery{Members: []string{c.id(c.first + 7)}})
			return n, 1, err
		},
		"groups of a user, found": func() (int, int, error) {
			n, err := edges(scim.MembershipQuery{Members: []string{c.id(c.first + 7)}, Groups: []string{c.group}})
			return n, 1, err
		},
	}
}

// TestPlans holds look-ups to indexes, in a tenant of 20,000 users who are all in one
// group: before the database has statistics, and with them.
func TestPlans(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newCrowd(t, db, 20_000)
		for _, state := range []string{"without statistics", "with statistics"} {
			if state == "with statistics" {
				_, err := db.Exec("ANALYZE")
				require.NoError(t, err)
			}
			for name, do := range c.lookUps(t) {
				t.Run(state+"/"+strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
					log := dbtest.Statements(db)
					log.Reset()
					got, want, err := do()
					require.NoError(t, err)
					if name != "remove one member" || state == "without statistics" {
						assert.Equal(t, want, got)
					}
					for _, statement := range log.Statements() {
						assertIndexed(t, db, statement)
						if strings.Contains(name, "members of groups") {
							assertNotSorted(t, db, statement)
						}
					}
				})
			}
		}
	})
}

// assertIndexed asks for the plans of a statement: none reads a whole table or index.
func assertIndexed(t *testing.T, db *sql.DB, s dbtest.Statement) {
	t.Helper()
	if !isPostgres(t) {
		plan := linesOf(t, db, 3, "EXPLAIN QUERY PLAN "+s.Text, s.Args...)
		for _, line := range strings.Split(plan, "\n") {
			// A scan of the list in an argument, or of one row that another part of
			// the statement has found, is none of a table.
			if strings.HasPrefix(line, "SCAN ") && !strings.Contains(line, "json_each") && !strings.HasPrefix(line, "SCAN CONSTANT") {
				assert.Fail(t, "a table is scanned", "%s\n%s", s.Text, plan)
			}
		}
		return
	}
	conn, err := db.Conn(ctx)
	require.NoError(t, err)
	defer conn.Close()
	plans := map[string]string{"for these arguments": linesOf(t, conn, 0, "EXPLAIN "+s.Text, s.Args...)}
	for _, statement := range []string{"SET plan_cache_mode = force_generic_plan", "PREPARE planned AS " + s.Text} {
		_, err := conn.ExecContext(ctx, statement)
		require.NoError(t, err, statement)
	}
	plans["for any arguments"] = linesOf(t, conn, 0, "EXPLAIN EXECUTE planned("+strings.Join(nulls(len(s.Args)), ", ")+")")
	for _, statement := range []string{"DEALLOCATE planned", "RESET plan_cache_mode"} {
		_, err := conn.ExecContext(ctx, statement)
		require.NoError(t, err)
	}
	for about, plan := range plans {
		assert.NotContains(t, plan, "Seq Scan on muster_", "%s\n%s", about, plan)
		scans := strings.Count(plan, "Index Scan ") + strings.Count(plan, "Index Only Scan ")
		assert.NotZero(t, scans, "%s\n%s", about, plan)
		assert.Equal(t, scans, strings.Count(plan, "Index Cond: "), "an index is read from end to end: %s\n%s", about, plan)
	}
}

// assertNotSorted asks for the plan of a statement: it reads rows in the order wanted, and
// so no more than are.
func assertNotSorted(t *testing.T, db *sql.DB, s dbtest.Statement) {
	t.Helper()
	explain, column := "EXPLAIN ", 0
	if !isPostgres(t) {
		explain, column = "EXPLAIN QUERY PLAN ", 3
	}
	plan := linesOf(t, db, column, explain+s.Text, s.Args...)
	assert.NotContains(t, plan, "Sort", plan)
	assert.NotContains(t, plan, "FOR ORDER BY", plan)
}

func nulls(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "NULL"
	}
	return all
}

// linesOf returns one column of a query's rows, a line each.
func linesOf(t *testing.T, db interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}, column int, query string, args ...any) string {
	t.Helper()
	rows, err := db.QueryContext(ctx, query, args...)
	require.NoError(t, err, query)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(t, err)
	var text strings.Builder
	for rows.Next() {
		row := make([]any, len(names))
		for i := range row {
			row[i] = new(any)
		}
		require.NoError(t, rows.Scan(row...))
		fmt.Fprintln(&text, *row[column].(*any))
	}
	require.NoError(t, rows.Err())
	return text.String()
}
