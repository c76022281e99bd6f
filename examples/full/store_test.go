package main

import (
	"cmp"
	"database/sql"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// storeVariable says where the suite keeps its data: all of it is run against any of
// these stores.
const storeVariable = "MUSTER_STORE"

// stores open an empty store for each test. holds tells whether a text is anywhere in
// what the store keeps.
var stores = map[string]func(t testing.TB, users, groups *schema.Type) (d data, holds func(text string) bool){
	"memory": func(_ testing.TB, users, groups *schema.Type) (data, func(string) bool) {
		return inspected(inMemory(users, groups))
	},
	"sqlite": func(t testing.TB, users, groups *schema.Type) (data, func(string) bool) {
		return databaseOf(t, dbtest.SQLite(t), users, groups)
	},
	"postgres": func(t testing.TB, users, groups *schema.Type) (data, func(string) bool) {
		return databaseOf(t, dbtest.Postgres(t), users, groups)
	},
	"mapped": func(t testing.TB, users, groups *schema.Type) (data, func(string) bool) {
		return inspected(inApplication(t, users, groups))
	},
	"mapped-sqlite": func(t testing.TB, users, groups *schema.Type) (data, func(string) bool) {
		return inTables(t, dbtest.SQLite(t), inSQLite, users, groups)
	},
	"mapped-postgres": func(t testing.TB, users, groups *schema.Type) (data, func(string) bool) {
		return inTables(t, dbtest.Postgres(t), inPostgres, users, groups)
	},
}

// open opens the store that is asked for.
func open(t testing.TB, users, groups *schema.Type) (data, func(text string) bool) {
	t.Helper()
	name := cmp.Or(os.Getenv(storeVariable), "memory")
	f, ok := stores[name]
	require.True(t, ok, "%s is %q, which is none of the stores", storeVariable, name)
	return f(t, users, groups)
}

// inspected looks for texts in the memory of a store.
func inspected(d data) (data, func(text string) bool) {
	return d, func(text string) bool {
		return holds(reflect.ValueOf(d.users), text, map[uintptr]bool{}) || holds(reflect.ValueOf(d.groups), text, map[uintptr]bool{})
	}
}

// databaseOf keeps data in db, and looks for texts in all of its tables.
func databaseOf(t testing.TB, db *sql.DB, users, groups *schema.Type) (data, func(text string) bool) {
	t.Helper()
	d, err := inDatabase(t.Context(), db, users, groups)
	require.NoError(t, err)
	return d, lookingIn(t, db, "muster_resources", "muster_members", "muster_unique", "muster_state", "muster_refs")
}

// lookingIn returns a function that looks for a text in tables.
func lookingIn(t testing.TB, db *sql.DB, tables ...string) func(text string) bool {
	return func(text string) bool {
		for _, table := range tables {
			rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
			require.NoError(t, err)
			if anyRowHas(t, rows, text) {
				return true
			}
		}
		return false
	}
}

func anyRowHas(t testing.TB, rows *sql.Rows, text string) bool {
	t.Helper()
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		row := make([]any, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		require.NoError(t, rows.Scan(into...))
		for _, v := range row {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			if strings.Contains(fmt.Sprint(v), text) {
				return true
			}
		}
	}
	require.NoError(t, rows.Err())
	return false
}

// keepsPasswords reports whether the store does.
func (c *suite) keepsPasswords() bool {
	keeper, ok := c.data.users.(scim.PasswordKeeper)
	return ok && keeper.KeepsPasswords()
}

// keep gives a configuration an empty store for users and groups of these types.
func (c *suite) keep(config *scim.Config, users, groups *schema.Type) {
	c.Helper()
	d, _ := open(c, users, groups)
	config.Users, config.UserType = d.users, d.userType
	config.Groups, config.GroupType = d.groups, d.groupType
	config.State = d.state
}

// resource returns a resource type with an empty store.
func (c *suite) resource(t *schema.Type) scim.Resource {
	c.Helper()
	d, _ := open(c, userType, groupType)
	store, stored, err := d.resources(t)
	require.NoError(c, err)
	return scim.Resource{Type: stored, Store: store}
}
