package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// eachDB is each for tests of what is sent to the database.
func eachDB(t *testing.T, f func(t *testing.T, db *sql.DB, s *sqlstore.Store)) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		user := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User(),
			Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}}})
		f(t, db, openOn(t, db, sqlstore.Options{UserType: user, GroupType: groupType}))
	})
}

func plainUser(t require.TestingT, s *sqlstore.Store, name string) *schema.Resource {
	return values(t, s.UserType(), "userName", name, "externalId", "x-"+name, "active", true)
}

func addPlain(t require.TestingT, s *sqlstore.Store, n int) []*schema.Resource {
	all := make([]*schema.Resource, n)
	for i := range all {
		var err error
		all[i], err = s.CreateUser(ctx, acme, scim.Write{New: plainUser(t, s, fmt.Sprintf("user%04d", i))})
		require.NoError(t, err)
	}
	return all
}

// TestStatements holds each call to the number of statements that it may take.
func TestStatements(t *testing.T) {
	eachDB(t, func(t *testing.T, db *sql.DB, s *sqlstore.Store) {
		all := addPlain(t, s, 150)
		var ids []string
		for _, r := range all {
			ids = append(ids, r.ID())
		}
		g := addGroup(t, s, "g", ids[:10]...)
		members := 1 // one statement for members, group and version
		if !isPostgres(t) {
			members = 2 // members, version: nothing goes over a wire
		}
		tests := []struct {
			name string
			want int
			do   func() error
		}{
			{"GET", 1, func() error { _, err := s.GetUser(ctx, acme, ids[0]); return err }},
			{"userName eq", 1, func() error { return find(t, s, `userName eq "USER0007"`, 1) }},
			{"externalId eq", 1, func() error { return find(t, s, `externalId eq "x-user0007"`, 1) }},
			{"a page", 1, func() error { _, err := s.ListUsers(ctx, acme, scim.Query{StartIndex: 101, Count: 100}); return err }},
			{"a page by key", 1, func() error {
				_, err := s.ListUsers(ctx, acme, scim.Query{ByKey: true, After: ids[9], Count: 100})
				return err
			}},
			{"a full page and its total", 1, func() error { _, err := s.ListUsers(ctx, acme, scim.Query{Count: 100}); return err }},
			{"POST", 1, func() error { _, err := s.CreateUser(ctx, acme, scim.Write{New: plainUser(t, s, "new")}); return err }},
			{"PATCH", 2, func() error { return patchActive(t, s, ids[0]) }},
			{"100 members", members, func() error {
				_, err := updateMembers(s, g, patch.MemberDelta{Add: membersOf(ids[20:120]...)})
				return err
			}},
			{"100 members less", members, func() error {
				_, err := updateMembers(s, g, patch.MemberDelta{Remove: ids[20:120]})
				return err
			}},
			{"the groups of a page", 1, func() error {
				_, err := s.ListMemberships(ctx, acme, scim.MembershipQuery{Members: ids})
				return err
			}},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				log := dbtest.Statements(db)
				log.Reset()
				require.NoError(t, tt.do())
				assert.Len(t, log.Work(), tt.want, "%s", strings.Join(log.All(), "\n"))
				if tt.name == "PATCH" || tt.name == "POST" {
					assert.Equal(t, log.Work(), log.All(), "no transaction")
				}
				touching := 0
				for _, text := range log.Work() {
					if strings.Contains(text, "INTO muster_members") || strings.Contains(text, "DELETE FROM muster_members") {
						touching++
					}
				}
				assert.LessOrEqual(t, touching, 1, "members are changed by one statement")
			})
		}
	})
}

func find(t *testing.T, s *sqlstore.Store, text string, want int) error {
	page, err := s.ListUsers(ctx, acme, scim.Query{Filter: filterOf(t, s.UserType(), text), StartIndex: 1, Count: 10})
	assert.Equal(t, want, page.Total)
	return err
}

func patchActive(t *testing.T, s *sqlstore.Store, id string) error {
	old, err := s.GetUser(ctx, acme, id)
	require.NoError(t, err)
	active, _ := old.Get("active").Bool()
	w := change(t, old, "active", !active)
	w.Version = old.Meta().Version
	_, err = s.UpdateUser(ctx, acme, id, w)
	return err
}

// TestFlat holds PostgreSQL to reading few rows: its counters tell. Look-ups must
// not need statistics, which a new table does not have; pages may.
func TestFlat(t *testing.T) {
	db := dbtest.Postgres(t)
	s := openOn(t, db, sqlstore.Options{})
	ids := addUsers(t, s, 3000)
	g := addGroup(t, s, "g", ids...)
	addGroup(t, s, "h", ids[:5]...)
	conn, err := db.Conn(ctx)
	require.NoError(t, err)
	defer conn.Close()
	read := func() (n int) {
		require.NoError(t, conn.QueryRowContext(ctx, `
			SELECT sum(idx_tup_fetch + seq_tup_read) FROM pg_stat_xact_user_tables WHERE relname LIKE 'muster_%'`).Scan(&n))
		return n
	}
	shared := openOn(t, db, sqlstore.Options{Tx: func(context.Context) sqlstore.Conn { return sqlstore.FromSQL(conn) }})
	for _, tt := range []struct {
		name string
		most int
		do   func() error
	}{
		{"GET", 1, func() error { _, err := shared.GetUser(ctx, acme, ids[0]); return err }},
		{"userName eq", 1, func() error {
			_, err := shared.ListUsers(ctx, acme, scim.Query{Filter: filterOf(t, userType, `userName eq "user0000007"`), Count: 10})
			return err
		}},
		{"by ids", 3, func() error { _, err := shared.ListUsers(ctx, acme, scim.Query{IDs: ids[:3], Count: 10}); return err }},
		{"remove one", 12, func() error {
			_, err := updateMembers(shared, g, patch.MemberDelta{Remove: ids[5:6]})
			return err
		}},
		{"add one", 12, func() error {
			_, err := updateMembers(shared, g, patch.MemberDelta{Add: membersOf(ids[5])})
			return err
		}},
		{"remove 100", 800, func() error {
			_, err := updateMembers(shared, g, patch.MemberDelta{Remove: ids[100:200]})
			return err
		}},
		{"groups of a user", 12, func() error {
			_, err := shared.ListMemberships(ctx, acme, scim.MembershipQuery{Members: ids[:1]})
			return err
		}},
		{"a page", 60, func() error {
			_, err := shared.ListUsers(ctx, acme, scim.Query{StartIndex: 30, Count: 10, ByKey: true, After: ids[1000]})
			return err
		}},
		{"a page of members", 60, func() error {
			_, err := shared.ListMemberships(ctx, acme, scim.MembershipQuery{Groups: []string{g}, Limit: 10})
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.HasPrefix(tt.name, "a page") {
				_, err := conn.ExecContext(ctx, "ANALYZE")
				require.NoError(t, err)
			}
			_, err := conn.ExecContext(ctx, "BEGIN")
			require.NoError(t, err)
			before := read()
			require.NoError(t, tt.do())
			assert.LessOrEqual(t, read()-before, tt.most)
			_, err = conn.ExecContext(ctx, "ROLLBACK")
			require.NoError(t, err)
		})
	}
}

// TestStartTogether: several programs that start at once migrate once.
func TestStartTogether(t *testing.T) {
	file, dsn := filepath.Join(t.TempDir(), "x.db"), ""
	for name, open := range map[string]func(t *testing.T) *sql.DB{
		"sqlite": func(t *testing.T) *sql.DB { return dbtest.OpenSQLite(t, file) },
		"postgres": func(t *testing.T) *sql.DB {
			if dsn == "" {
				dsn = dbtest.PostgresDSN(t)
			}
			return dbtest.OpenPostgres(t, dsn)
		},
	} {
		t.Run(name, func(t *testing.T) {
			pools := []*sql.DB{open(t), open(t), open(t), open(t)}
			schemas := []string{"", "own"}
			if name == "sqlite" {
				schemas = schemas[:1]
			}
			for _, schema := range schemas {
				var wg sync.WaitGroup
				for i, db := range pools {
					wg.Go(func() {
						s, err := sqlstore.Open(ctx, db, sqlstore.Options{Schema: schema, Prefix: "p_", UserType: userType})
						if assert.NoError(t, err) {
							_, err = s.CreateUser(ctx, acme, scim.Write{New: user(t, fmt.Sprint(schema, "u", i))})
							assert.NoError(t, err)
						}
					})
				}
				wg.Wait()
				if schema != "" {
					_, err := pools[0].Exec("DROP SCHEMA own CASCADE")
					require.NoError(t, err)
				}
			}
			_, err := pools[0].Exec("INSERT INTO p_migrations (tables, version) VALUES ('store', 99)")
			require.NoError(t, err)
			_, err = sqlstore.Open(ctx, pools[0], sqlstore.Options{Prefix: "p_"})
			assert.ErrorContains(t, err, "too old")
		})
	}
}

func TestOptions(t *testing.T) {
	db := dbtest.SQLite(t)
	for _, o := range []sqlstore.Options{{Prefix: "Muster"}, {Prefix: "a;b"}, {Schema: "s"}, {Prefix: strings.Repeat("a", 40)}} {
		_, err := sqlstore.Open(ctx, db, o)
		assert.Error(t, err, "%+v", o)
	}
	_, err := sqlstore.Open(ctx, nil, sqlstore.Options{})
	assert.Error(t, err)
	_, err = sqlstore.OpenState(ctx, db, sqlstore.Options{Dialect: filter.SQLite})
	assert.NoError(t, err)
}

// TestSharedTransaction: the store joins a transaction of the application, and its
// fate is the application's.
func TestSharedTransaction(t *testing.T) {
	type key struct{}
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		s := openOn(t, db, sqlstore.Options{Tx: func(ctx context.Context) sqlstore.Conn {
			if tx, ok := ctx.Value(key{}).(*sql.Tx); ok {
				return sqlstore.FromSQL(tx)
			}
			return nil
		}})
		addUser(t, s, "ann")
		for _, commit := range []bool{false, true} {
			tx, err := db.Begin()
			require.NoError(t, err)
			in := context.WithValue(ctx, key{}, tx)
			_, err = s.CreateUser(in, acme, scim.Write{New: user(t, "bob")})
			require.NoError(t, err)
			_, err = s.CreateUser(in, acme, scim.Write{New: user(t, "Ann")})
			require.Equal(t, "userName", taken(t, err), "and the transaction goes on")
			err = s.InTx(in, func(ctx context.Context) error {
				require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "undone"}))
				return errUndo
			})
			require.ErrorIs(t, err, errUndo)
			require.NoError(t, s.PutState(in, acme, scim.State{Kind: "k", Key: "kept", Refs: []string{"r"}}))
			if !commit {
				require.NoError(t, tx.Rollback())
				assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{}))
				continue
			}
			require.NoError(t, tx.Commit())
			assert.Equal(t, []string{"ann", "bob"}, userNames(t, s, scim.Query{}))
			records, _, err := s.ListState(ctx, acme, scim.StateQuery{Kind: "k", Ref: "r"})
			require.NoError(t, err)
			require.Len(t, records, 1)
		}
	})
}

// TestRaceInTransactions: names that two transactions look up and then take lead to
// one Taken, whoever is quicker, and never to a broken transaction.
func TestRaceInTransactions(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(sqlstore.Options{})
		var ids []string
		for i := range 8 {
			ids = append(ids, addUser(t, s, fmt.Sprint("u", i)))
		}
		for round := range 5 {
			name := fmt.Sprint("wanted", round)
			var wg sync.WaitGroup
			var mu sync.Mutex
			won := 0
			for _, id := range ids {
				wg.Go(func() {
					err := s.InTx(ctx, func(ctx context.Context) error {
						_, err := s.UpdateUser(ctx, acme, id, scim.Write{New: user(t, name), Changed: []string{"userName"}})
						if err == nil {
							err = s.PutState(ctx, acme, scim.State{Kind: "won", Key: name})
						}
						return err
					})
					mu.Lock()
					defer mu.Unlock()
					if taken(t, err) == "" {
						won++
					}
				})
			}
			wg.Wait()
			assert.Equal(t, 1, won)
		}
	})
}

// TestManyPools: programs on one database lose nothing: each addition to a group
// moves its version once, and each change of a user is kept.
func TestManyPools(t *testing.T) {
	file, dsn := filepath.Join(t.TempDir(), "x.db"), ""
	for name, open := range map[string]func(t *testing.T) *sql.DB{
		"sqlite": func(t *testing.T) *sql.DB { return dbtest.OpenSQLite(t, file) },
		"postgres": func(t *testing.T) *sql.DB {
			if dsn == "" {
				dsn = dbtest.PostgresDSN(t)
			}
			return dbtest.OpenPostgres(t, dsn)
		},
	} {
		t.Run(name, func(t *testing.T) {
			const pools, each = 4, 40
			var stores []*sqlstore.Store
			for range pools {
				stores = append(stores, openOn(t, open(t), sqlstore.Options{}))
			}
			ids := addUsers(t, stores[0], pools*each)
			g := addGroup(t, stores[0], "g")
			var mu sync.Mutex
			versions := map[string]bool{}
			var wg sync.WaitGroup
			for p, s := range stores {
				wg.Go(func() {
					for i := range each {
						res, err := updateMembers(s, g, patch.MemberDelta{Add: membersOf(ids[p*each+i])})
						if !assert.NoError(t, err) {
							return
						}
						mu.Lock()
						assert.False(t, versions[res.Version], "a version comes once")
						versions[res.Version] = true
						mu.Unlock()
						_, err = s.UpdateUser(ctx, acme, ids[0], scim.Write{
							New: user(t, "x", openURN+":"+fmt.Sprintf("k%d-%d", p, i), "v"), Changed: []string{openURN + ":" + fmt.Sprintf("k%d-%d", p, i)}})
						assert.NoError(t, err)
					}
				})
			}
			wg.Wait()
			assert.Equal(t, ids, memberIDs(t, stores[1], g))
			assert.Len(t, mustGet(t, stores[2], ids[0]).Changed(nil), 1+pools*each)
		})
	}
}

// TestStoredAsGiven: what clients can't write, or not in this spelling, comes back
// as the application has stored it.
func TestStoredAsGiven(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(sqlstore.Options{})
		enterprise := schema.EnterpriseUser().ID
		given := user(t, "ann",
			"title", "", "emails", []map[string]any{{"value": "a@x.org", "type": "WORK", "display": "A"}, {"value": "a@x.org", "type": "work"}},
			enterprise+":manager", map[string]any{"value": "m", "displayName": "The Boss"},
			ext("secret"), "s\x00\x01\u2028", ext("score"), 1.50, openURN+":a.b", "x", openURN+":K\x00", "y")
		r, err := s.CreateUser(ctx, acme, scim.Write{New: given})
		require.NoError(t, err)
		got := mustGet(t, s, r.ID())
		same(t, given.WithMeta(r.ID(), r.Meta()), got)
		assert.Equal(t, "The Boss", got.Get(enterprise+":manager.displayName").String())
		for _, text := range []string{ext("secret") + ` co "\u0000\u0001"`, ext("secret") + ` eq "s\u0000\u0001\u2028"`, `title eq null and not (title pr)`} {
			assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{Filter: filterOf(t, userType, text)}), text)
		}
		after, err := s.UpdateUser(ctx, acme, r.ID(), change(t, got, "nickName", "x"))
		require.NoError(t, err)
		assert.Equal(t, "The Boss", after.Get(enterprise+":manager.displayName").String())
	})
}

// TestLongNames: keys that are too long for an index are unique and found.
func TestLongNames(t *testing.T) {
	each(t, func(t *testing.T, open opener) {
		s := open(sqlstore.Options{})
		long := strings.Repeat("ä", 5000)
		addUser(t, s, long+"1")
		addUser(t, s, long+"2")
		_, err := s.CreateUser(ctx, acme, scim.Write{New: user(t, strings.ToUpper(long)+"1")})
		assert.Equal(t, "userName", taken(t, err))
		names := userNames(t, s, scim.Query{Filter: filterOf(t, userType, `userName eq "`+long+`2"`)})
		assert.Equal(t, []string{long + "2"}, names)
	})
}
