package scim_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/storetest"
)

// The ways to make groups in a store that has both kinds.
var makers = map[string]func(scim.RoleGroups) scim.GroupStore{
	"Application": func(g scim.RoleGroups) scim.GroupStore { return g },
	"Roles":       func(g scim.RoleGroups) scim.GroupStore { return onlyRoles{g} },
	"Both":        func(g scim.RoleGroups) scim.GroupStore { return &byTurns{RoleGroups: g} },
}

// onlyRoles makes every group a role group.
type onlyRoles struct{ scim.RoleGroups }

func (g onlyRoles) CreateGroup(ctx context.Context, t scim.Tenant, w scim.GroupWrite) (scim.GroupResult, error) {
	return g.CreateRoleGroup(ctx, t, w)
}

// byTurns makes every other group a role group: half of those whose name begins with
// the same letter.
type byTurns struct{ scim.RoleGroups }

func (g *byTurns) CreateGroup(ctx context.Context, t scim.Tenant, w scim.GroupWrite) (scim.GroupResult, error) {
	name := schema.AsGroup(w.New).DisplayName()
	if len(name)%2 == 0 || len(name) > 0 && name[len(name)-1]%2 == 0 {
		return g.CreateRoleGroup(ctx, t, w)
	}
	return g.RoleGroups.CreateGroup(ctx, t, w)
}

// stores are an application's stores and the state.
type stores interface {
	scim.UserStore
	scim.GroupStore
	scim.StateStore
	scim.Transactor
}

// TestRoleGroupsAreGroups holds both kinds of groups to what stores are held to.
func TestRoleGroupsAreGroups(t *testing.T) {
	for name, kind := range makers {
		t.Run(name, func(t *testing.T) {
			for what, tx := range map[string]func(stores) scim.Transactor{
				"Shared":              func(s stores) scim.Transactor { return s },
				"Twice":               func(s stores) scim.Transactor { return storetest.Twice(s) },
				"WithoutTransactions": func(stores) scim.Transactor { return nil },
			} {
				t.Run(what, func(t *testing.T) {
					storetest.Groups(t, func(testing.TB) (scim.UserStore, scim.GroupStore) {
						s := memstore.New()
						return opened(s, groupType, tx(s), kind)
					}, storetest.Options{Groups: storetest.Kind{Type: groupType}, Short: true})
				})
			}
		})
	}
}

// opened returns the stores of a case. Without transactions users are alone, so that
// the cases on transactions do not apply.
func opened(s stores, typ *schema.Type, tx scim.Transactor, kind func(scim.RoleGroups) scim.GroupStore) (scim.UserStore, scim.GroupStore) {
	groups := kind(scim.NewRoleGroups(s, s, typ, s, time.Now, tx, 0))
	if tx == nil {
		return onlyUsers{s}, groups
	}
	return s, groups
}

// onlyUsers hides what else a store can do.
type onlyUsers struct{ scim.UserStore }

// TestRoleGroupsAreGroupsInSQL does so where the state is in a database. All cases use
// one set of tables, which is emptied for each: making tables takes longer than they do.
func TestRoleGroupsAreGroupsInSQL(t *testing.T) {
	if testing.Short() {
		return // in memory it is the same code
	}
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		s, err := sqlstore.Open(t.Context(), db, sqlstore.Options{Prefix: "roles_"})
		require.NoError(t, err)
		tables := tablesOf(t, db, "roles_")
		storetest.Groups(t, func(tb testing.TB) (scim.UserStore, scim.GroupStore) {
			for _, table := range tables {
				_, err := db.ExecContext(context.Background(), "DELETE FROM "+table)
				require.NoError(tb, err)
			}
			return opened(s, s.GroupType(), s, makers["Roles"])
		}, storetest.Options{
			Users:  storetest.Kind{Type: s.UserType()},
			Groups: storetest.Kind{Type: s.GroupType()},
			Short:  true,
		})
	})
}

// tablesOf lists the tables whose names begin with prefix.
func tablesOf(t *testing.T, db *sql.DB, prefix string) []string {
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '" + prefix + "%'"
	if strings.HasSuffix(t.Name(), "/postgres") {
		query = "SELECT tablename FROM pg_tables WHERE tablename LIKE '" + prefix + "%'"
	}
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, names)
	return names
}
