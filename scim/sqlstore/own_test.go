package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/internal/transcript"
	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/storetest"
)

// eachShape runs a test on the tables of each application.
func eachShape(t *testing.T, f func(t *testing.T, db *sql.DB, s storetest.Stores)) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *sql.DB) {
				apply(t, db, s.ddl...)
				f(t, db, s.open(t, db))
			})
		})
	}
}

// eachAccounts runs a test on the tables with accounts.
func eachAccounts(t *testing.T, f func(t *testing.T, db *sql.DB, s storetest.Stores)) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, accountDDL...)
		f(t, db, openAccounts(t, db))
	})
}

// ownUser makes a resource of the type of the store.
func ownUser(t require.TestingT, s storetest.Stores, name string, pairs ...any) *schema.Resource {
	return values(t, s.Users.(scim.Typer).SCIMType(), append([]any{"userName", name}, pairs...)...)
}

func ownAdd(t require.TestingT, s storetest.Stores, name string, pairs ...any) *schema.Resource {
	r, err := s.Users.CreateUser(ctx, acme, scim.Write{New: ownUser(t, s, name, pairs...)})
	require.NoError(t, err)
	return r
}

func ownTeam(t require.TestingT, s storetest.Stores, name string, members ...string) string {
	g := values(t, s.Groups.(scim.Typer).SCIMType(), "displayName", name)
	res, err := s.Groups.CreateGroup(ctx, acme, scim.GroupWrite{Write: scim.Write{New: g}, Members: patch.MemberDelta{Add: membersOf(members...)}})
	require.NoError(t, err)
	return res.Group.ID()
}

func ownFind(t require.TestingT, s storetest.Stores, text string) scim.Page {
	page, err := s.Users.ListUsers(ctx, acme, scim.Query{Filter: filterOf(t, s.Users.(scim.Typer).SCIMType(), text), Count: 10})
	require.NoError(t, err, text)
	return page
}

// ownChange updates a user as a PATCH does: it is read, and written with its version.
func ownChange(t require.TestingT, s storetest.Stores, id string, pairs ...any) (*schema.Resource, error) {
	r, err := s.Users.GetUser(ctx, acme, id)
	require.NoError(t, err)
	w := change(t, r, pairs...)
	w.Version = r.Meta().Version
	return s.Users.UpdateUser(ctx, acme, id, w)
}

// TestOwnStatements holds each call to the number of statements that it may take.
func TestOwnStatements(t *testing.T) {
	eachShape(t, func(t *testing.T, db *sql.DB, s storetest.Stores) {
		ann, bob := ownAdd(t, s, "ann", "active", true), ownAdd(t, s, "bob", "active", true)
		team := ownTeam(t, s, "team", ann.ID())
		patches := 3 // the row is read, locked and written
		if strings.Contains(t.Name(), "numbers") {
			patches = 2 // read, and compared and written by its version
		}
		// Users and groups in groups are in two tables, each read by one statement.
		tables := 2
		if strings.Contains(t.Name(), "texts") {
			tables = 1 // which has no groups in groups
		}
		members := 2
		if strings.Contains(t.Name(), "texts") && isPostgres(t) {
			members = 3 // no index keeps a membership from being there twice
		}
		for _, tt := range []struct {
			name string
			want int
			do   func(t *testing.T) error
		}{
			{"GET", 1, func(*testing.T) error { _, err := s.Users.GetUser(ctx, acme, ann.ID()); return err }},
			{"userName eq", 1, func(t *testing.T) error { require.Equal(t, 1, ownFind(t, s, `userName eq "ANN"`).Total); return nil }},
			{"userName eq nobody", 1, func(t *testing.T) error { require.Zero(t, ownFind(t, s, `userName eq "xx"`).Total); return nil }},
			{"id eq", 1, func(t *testing.T) error {
				require.Equal(t, 1, ownFind(t, s, `id eq "`+ann.ID()+`"`).Total)
				return nil
			}},
			{"a page", 1, func(*testing.T) error { _, err := s.Users.ListUsers(ctx, acme, scim.Query{Count: 10}); return err }},
			{"POST", 1, func(t *testing.T) error { ownAdd(t, s, "carl"); return nil }},
			{"PATCH", patches, func(t *testing.T) error { _, err := ownChange(t, s, ann.ID(), "active", false); return err }},
			{"PATCH of a name", patches, func(t *testing.T) error { _, err := ownChange(t, s, ann.ID(), "userName", "anna"); return err }},
			{"a member more", members, func(*testing.T) error {
				_, err := s.Groups.UpdateGroup(ctx, acme, team, scim.GroupWrite{Members: patch.MemberDelta{Add: membersOf(bob.ID())}})
				return err
			}},
			{"the groups of a page", tables, func(*testing.T) error {
				_, err := s.Groups.ListMemberships(ctx, acme, scim.MembershipQuery{Members: []string{ann.ID(), bob.ID()}})
				return err
			}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				log := dbtest.Statements(db)
				log.Reset()
				require.NoError(t, tt.do(t))
				assert.Len(t, log.Work(), tt.want, "%s", strings.Join(log.All(), "\n"))
				if tt.want == 1 {
					assert.Equal(t, log.Work(), log.All(), "no transaction")
				}
			})
		}
	})
}

// TestOwnColumns: only columns of the mapping are touched, and of a change only those
// that differ; what the application has in others stays.
func TestOwnColumns(t *testing.T) {
	eachAccounts(t, func(t *testing.T, db *sql.DB, s storetest.Stores) {
		ann := ownAdd(t, s, "ann", "title", "Boss", "name.givenName", "Ann")
		_, err := db.Exec("UPDATE accounts SET theme = 'dark', logins = 7, secret = 's', last = 'x'")
		require.NoError(t, err)
		log := dbtest.Statements(db)
		for _, unconditional := range []bool{false, true} {
			log.Reset()
			w := change(t, ann, "title", fmt.Sprint("Chief ", unconditional))
			if !unconditional {
				w.Version = ann.Meta().Version
			}
			ann, err = s.Users.UpdateUser(ctx, acme, ann.ID(), w)
			require.NoError(t, err)
			last := log.Work()[len(log.Work())-1]
			sets := last[strings.Index(last, "SET"):strings.Index(last, "WHERE")]
			assert.Contains(t, sets, `"title" =`)
			for _, other := range []string{"theme", "logins", "secret", "first name", "email", "created_at", "deleted_at"} {
				assert.NotContains(t, sets, other)
			}
		}
		var theme, first, last, title string
		var logins int
		require.NoError(t, db.QueryRow(`SELECT theme, logins, "first name", last, title FROM accounts`).Scan(&theme, &logins, &first, &last, &title))
		assert.Equal(t, []any{"dark", 7, "Ann", "x", "Chief true"}, []any{theme, logins, first, last, title})
	})
}

// TestOwnSharedTransaction: rows and Muster's own records commit together or not at all.
func TestOwnSharedTransaction(t *testing.T) {
	eachAccounts(t, func(t *testing.T, _ *sql.DB, s storetest.Stores) {
		undo := errors.New("undo")
		for _, begin := range []scim.Transactor{s.Users.(scim.Transactor), s.Groups.(scim.Transactor), s.State.(scim.Transactor)} {
			err := begin.InTx(ctx, func(ctx context.Context) error {
				ann, err := s.Users.CreateUser(ctx, acme, scim.Write{New: ownUser(t, s, "ann")})
				require.NoError(t, err)
				require.NoError(t, s.State.PutState(ctx, acme, scim.State{Kind: "link", Key: "k"}))
				_, err = s.Users.CreateUser(ctx, acme, scim.Write{New: ownUser(t, s, "ANN")})
				require.Equal(t, "userName", taken(t, err))
				_, err = s.Users.GetUser(ctx, acme, ann.ID())
				require.NoError(t, err, "a refused write undoes itself alone")
				return undo
			})
			require.ErrorIs(t, err, undo)
			require.Zero(t, ownFind(t, s, `userName eq "ann"`).Total)
			records, _, err := s.State.ListState(ctx, acme, scim.StateQuery{Kind: "link"})
			require.NoError(t, err)
			require.Empty(t, records)
		}
	})
}

// TestOwnTaken: a unique index's refusal names the attribute, whichever way it says so.
func TestOwnTaken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, accountDDL...)
		apply(t, db, `CREATE UNIQUE INDEX some_name ON accounts (org_id, dept)`, `CREATE UNIQUE INDEX other_name ON accounts (org_id, lower(title))`)
		s := openAccounts(t, db)
		department := schema.EnterpriseUserURN + ":department"
		ownAdd(t, s, "ann", department, "Legal", "title", "CEO")
		for path, text := range map[string]string{department: "Legal", "title": "ceo"} {
			_, err := s.Users.CreateUser(ctx, acme, scim.Write{New: ownUser(t, s, "bob", path, text)})
			require.Error(t, err)
			if path == "title" && !isPostgres(t) {
				continue // SQLite names the index and not what it is on
			}
			require.Equal(t, path, taken(t, err))
		}
	})
}

// TestOwnManyRows: where many rows are in doubt, those are compared in Go and the others
// counted and paged by the database.
func TestOwnManyRows(t *testing.T) {
	eachAccounts(t, func(t *testing.T, db *sql.DB, s storetest.Stores) {
		const n = 2100
		var rows []string
		for i := range n {
			title := [...]string{"Chief", "CHIEF", "Élan chief", "chíef", "other"}[i%5]
			rows = append(rows, fmt.Sprintf("('acme', 'user%d', '%s', 1, '2020-01-01 00:00:00+00:00', '2020-01-01 00:00:00+00:00')", i, title))
		}
		_, err := db.Exec("INSERT INTO accounts (org_id, email, title, version, created_at, updated_at) VALUES " + strings.Join(rows, ", "))
		require.NoError(t, err)
		f := filterOf(t, s.Users.(scim.Typer).SCIMType(), `title co "CHIEF"`)
		seen := map[string]bool{}
		for from := 1; from <= 3*n/5; from += 400 {
			page, err := s.Users.ListUsers(ctx, acme, scim.Query{Filter: f, StartIndex: from, Count: 400})
			require.NoError(t, err)
			require.Equal(t, 3*n/5, page.Total)
			for _, r := range page.Resources {
				require.True(t, f.Match(r))
				seen[r.ID()] = true
			}
		}
		assert.Len(t, seen, 3*n/5)
		all, err := s.Users.ListUsers(ctx, acme, scim.Query{Filter: filterOf(t, f.Type(), `active eq true`), SortBy: attr(t, f.Type(), "id"), Count: 1})
		require.NoError(t, err)
		assert.Equal(t, n, all.Total)
	})
}

// TestOwnNames: names are quoted and values bound, whatever is in them.
func TestOwnNames(t *testing.T) {
	type row struct {
		ID   string
		Name string
		Role string
	}
	const odd = `na"me'); DROP TABLE x; --`
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		_, err := db.Exec(`CREATE TABLE "t""; --" ("select" TEXT PRIMARY KEY, "na""me'); DROP TABLE x; --" TEXT NOT NULL, "$1" TEXT)`)
		require.NoError(t, err)
		users, err := mapping.Users(
			mapping.ID(func(r *row) *string { return &r.ID }).Column("select"),
			mapping.Field("userName", func(r *row) *string { return &r.Name }).Column(odd),
			mapping.Field("userType", func(r *row) *string { return &r.Role }).Enum(map[string]string{`it's "x"`: "a'b", "y": "$1"}).Column("$1"),
		)
		require.NoError(t, err)
		keys := 0
		repo, err := sqlstore.Users(ctx, db, users, sqlstore.Table{Name: `t"; --`, NewKey: func() string { keys++; return fmt.Sprintf(`k'"%d`, keys) }}, sqlstore.Options{})
		require.NoError(t, err)
		store := mapping.UserStore(users, repo)
		for _, name := range []string{`o'; DROP TABLE "x"; --`, `$1`, `?1`, `{members}`} {
			r, err := store.CreateUser(ctx, "", scim.Write{New: values(t, users.SCIMType(), "userName", name, "userType", `IT'S "X"`)})
			require.NoError(t, err)
			got, err := store.GetUser(ctx, "", r.ID())
			require.NoError(t, err)
			assert.Equal(t, name, got.Get("userName").String())
			quoted := strings.ReplaceAll(name, `"`, `\"`)
			page, err := store.ListUsers(ctx, "", scim.Query{Filter: filterOf(t, users.SCIMType(), `userName eq "`+quoted+`" and userType eq "it's \"x\""`), Count: 10})
			require.NoError(t, err)
			assert.Equal(t, 1, page.Total)
			page, err = store.ListUsers(ctx, "", scim.Query{IDs: []string{r.ID(), "nobody"}, Count: 10})
			require.NoError(t, err)
			assert.Equal(t, 1, page.Total)
		}
	})
}

// TestOwnRenamedColumn: where a column has another name, the mapping names that and all
// else stays.
func TestOwnRenamedColumn(t *testing.T) {
	type user struct {
		ID   int64
		Name string
	}
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, "CREATE TABLE users (id @serial, name @text NOT NULL)")
		for _, column := range []string{"name", "login", "Login Name"} {
			if column != "name" {
				_, err := db.Exec(`ALTER TABLE users RENAME COLUMN name TO "` + column + `"`)
				require.NoError(t, err)
			}
			users, err := mapping.Users(
				mapping.ID(func(u *user) *int64 { return &u.ID }).Column("id"),
				mapping.Field("userName", func(u *user) *string { return &u.Name }).Column(column),
			)
			require.NoError(t, err)
			repo, err := sqlstore.Users(ctx, db, users, sqlstore.Table{Name: "users"}, sqlstore.Options{})
			require.NoError(t, err)
			store := mapping.UserStore(users, repo)
			r, err := store.CreateUser(ctx, "", scim.Write{New: values(t, users.SCIMType(), "userName", "of "+column)})
			require.NoError(t, err)
			_, err = store.UpdateUser(ctx, "", r.ID(), change(t, r, "userName", "still of "+column))
			require.NoError(t, err)
			page, err := store.ListUsers(ctx, "", scim.Query{Filter: filterOf(t, users.SCIMType(), `userName sw "STILL of `+column+`"`), Count: 10})
			require.NoError(t, err)
			assert.Equal(t, 1, page.Total)
			if column != "name" {
				_, err := db.Exec(`ALTER TABLE users RENAME COLUMN "` + column + `" TO name`)
				require.NoError(t, err)
			}
		}
	})
}

// TestOwnUniqueNeedsColumn: what lies among the rest, in one column, can't be kept unique,
// although /Schemas would say that it is.
func TestOwnUniqueNeedsColumn(t *testing.T) {
	type user struct {
		ID   int64
		Rest string
	}
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, "CREATE TABLE users (id @serial, rest @text)")
		users, err := mapping.Users(
			mapping.ID(func(u *user) *int64 { return &u.ID }).Column("id"),
			mapping.Rest(func(u *user) *string { return &u.Rest }).Column("rest"),
		)
		require.NoError(t, err)
		_, err = sqlstore.Users(ctx, db, users, sqlstore.Table{Name: "users"}, sqlstore.Options{})
		require.ErrorContains(t, err, "userName must be unique")
	})
}

// TestOwnFolded: with an expression that is folded an index serves look-ups by name, also
// where a database has no statistics of it and could read in the order of the page.
func TestOwnFolded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, accountDDL...)
		users := accountTable(t)
		repo, err := sqlstore.Users(ctx, db, users, sqlstore.Table{
			Name: "accounts", Tenant: "org_id", Folded: map[string]string{"userName": "lower(email)"},
		}, sqlstore.Options{})
		require.NoError(t, err)
		s := storetest.Stores{Users: mapping.UserStore(users, repo)}
		ownMany(t, db, s, 20_000)
		log := dbtest.Statements(db)
		log.Reset()
		require.Equal(t, 1, ownFind(t, s, `userName eq "USER0007777"`).Total)
		require.Len(t, log.Work(), 1)
		assertByName(t, db, log.Statements()[0])
	})
}

// TestOwnGuardIsIndexed: whether a new name is in use is looked up in the index that keeps
// it unique, without any expression that the application would have to name.
func TestOwnGuardIsIndexed(t *testing.T) {
	eachAccounts(t, func(t *testing.T, db *sql.DB, s storetest.Stores) {
		ownMany(t, db, s, 20_000)
		log := dbtest.Statements(db)
		log.Reset()
		bob := ownAdd(t, s, "Bob")
		require.Len(t, log.Work(), 1)
		assertByName(t, db, log.Statements()[0])
		_, err := s.Users.CreateUser(ctx, acme, scim.Write{New: ownUser(t, s, "BOB")})
		require.ErrorContains(t, err, "userName is in use")

		log.Reset()
		_, err = s.Users.UpdateUser(ctx, acme, bob.ID(), scim.Write{New: ownUser(t, s, "Bobby"), Changed: []string{"userName"}})
		require.NoError(t, err)
		work := log.Statements()
		assertByName(t, db, work[len(work)-1])
	})
}

// assertByName asks for the plan of a statement: it reads the index of names to where
// the name is.
func assertByName(t *testing.T, db *sql.DB, s dbtest.Statement) {
	t.Helper()
	explain, column, want := "EXPLAIN QUERY PLAN ", 3, "USING INDEX accounts_email (org_id=? AND <expr>=?)"
	if isPostgres(t) {
		explain, column, want = "EXPLAIN ", 0, "lower(email) ="
	}
	plan := linesOf(t, db, column, explain+s.Text, s.Args...)
	assert.Contains(t, plan, "accounts_email", "%s\n%s", s.Text, plan)
	assert.Contains(t, plan, want, "%s\n%s", s.Text, plan)
}

// TestRolesByHand: who has been given a role by somebody is told from those who have
// roles by provisioning only, also in a transaction.
func TestRolesByHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, accountDDL...)
		users := accountTable(t)
		table := sqlstore.Table{Name: "accounts", Tenant: "org_id", Roles: sqlstore.Roles{Name: "account_roles", User: "account_id", Role: "role", Origin: "given_by"}}
		repo, err := sqlstore.Users(ctx, db, users, table, sqlstore.Options{})
		require.NoError(t, err)
		ann := ownAdd(t, storetest.Stores{Users: mapping.UserStore(users, repo)}, "Ann").ID()
		byHand := func(ctx context.Context, id string) bool {
			t.Helper()
			yes, err := repo.RolesByHand(ctx, "acme", id)
			require.NoError(t, err)
			return yes
		}
		assert.False(t, byHand(ctx, ann))
		require.NoError(t, repo.SetUserRoles(ctx, "acme", ann, []string{"editor"}))
		assert.False(t, byHand(ctx, ann), "given by provisioning")
		rollback := errors.New("undone")
		require.ErrorIs(t, repo.InTx(ctx, func(ctx context.Context) error {
			_, err := sqlstore.Within(ctx, db).ExecContext(ctx, "INSERT INTO account_roles VALUES ("+ann+", 'editor', 'hand')")
			require.NoError(t, err)
			assert.True(t, byHand(ctx, ann))
			return rollback
		}), rollback)
		assert.False(t, byHand(ctx, ann))
		_, err = db.ExecContext(ctx, "INSERT INTO account_roles VALUES ("+ann+", 'admin', 'hand')")
		require.NoError(t, err)
		assert.True(t, byHand(ctx, ann))
		assert.False(t, byHand(ctx, "9999999"), "nobody")
		assert.False(t, byHand(ctx, "no key"))

		table.Roles.Origin = ""
		repo, err = sqlstore.Users(ctx, db, users, table, sqlstore.Options{})
		require.NoError(t, err)
		_, err = repo.RolesByHand(ctx, "acme", ann)
		require.ErrorContains(t, err, "Origin")
	})
}

// TestOwnTableThatDoesNotFit: what is wrong with a table is said at once.
func TestOwnTableThatDoesNotFit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		_, err := sqlstore.Users(ctx, db, accountTable(t), sqlstore.Table{Name: "accounts"}, sqlstore.Options{})
		require.ErrorContains(t, err, `table "accounts": there is none of that name`)
		apply(t, db, `CREATE TABLE accounts (id @serial, email @text, must INTEGER NOT NULL)`)
		_, err = sqlstore.Users(ctx, db, accountTable(t), sqlstore.Table{Name: "accounts", Tenant: "org"}, sqlstore.Options{})
		for _, words := range []string{`no column "ext", which the mapping has for externalId`, `no column "org" for the tenant`, `"must" may not be NULL`} {
			require.ErrorContains(t, err, words)
		}
		apply(t, db, `CREATE TABLE members (team INTEGER)`, `CREATE TABLE teams (id @serial, name @text, ext @text, version BIGINT, created_at @time, updated_at @time)`)
		_, err = sqlstore.Groups(ctx, db, teamTable(t), sqlstore.Table{Name: "teams"}, sqlstore.Members{Name: "members", Group: "team", Member: "person"}, sqlstore.Options{})
		require.ErrorContains(t, err, "Members.Of is nil")
	})
}

// TestOwnValuesThatDoNotFit: what a column can't hold is the client's mistake.
func TestOwnValuesThatDoNotFit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, accountDDL...)
		s := openAccounts(t, db)
		refused := func(words string, pairs ...any) {
			_, err := s.Users.CreateUser(ctx, acme, scim.Write{New: ownUser(t, s, "ann", pairs...)})
			var e *scim.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, 400, e.Status)
			require.Contains(t, e.Detail, words)
		}
		refused("title must not have the character U+0000", "title", "a\x00b")
		if isPostgres(t) {
			refused("title must have at most 500 characters", "title", strings.Repeat("ü", 501))
		}
		ownAdd(t, s, "bob", "title", strings.Repeat("ü", 500))
		for _, id := range []string{"x", "007", "-", "99999999999999999999", "1\x00"} {
			_, err := s.Users.GetUser(ctx, acme, id)
			require.ErrorIs(t, err, scim.ErrNotFound, id)
		}
	})
}

// tagged is a person of the transcripts.
type tagged struct {
	person
	First string `scim:"name.givenName,column=first"`
	Work  string `scim:"emails[type eq \"work\"].value,column=work"`
}

// TestOwnTranscripts plays what identity providers were seen to send against tables of an
// application.
func TestOwnTranscripts(t *testing.T) {
	shared := os.Getenv("MUSTER_SHARED")
	if shared == "" {
		t.Skip("MUSTER_SHARED is not set: it names the folder with idp/transcripts")
	}
	all, err := transcript.Load(filepath.Join(shared, "idp", "transcripts"))
	require.NoError(t, err)
	for _, tr := range all {
		t.Run(tr.Name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *sql.DB) {
				apply(t, db, personDDL...)
				apply(t, db, "DROP INDEX persons_ext", "ALTER TABLE persons ADD COLUMN first @text", "ALTER TABLE persons ADD COLUMN work @text")
				needs := tr.Needs()
				var more []mapping.Binding[tagged]
				if needs.Extension != "" {
					more = append(more, mapping.Extend[tagged](contactsOf(needs.Extension)))
				}
				users, err := mapping.Users(mapping.Tags(more...)...)
				require.NoError(t, err)
				circles, err := mapping.Groups(mapping.Tags[circle]()...)
				require.NoError(t, err)
				persons, err := sqlstore.Users(ctx, db, users, sqlstore.Table{Name: "persons", Tenant: "tenant", NewKey: newUUID}, sqlstore.Options{})
				require.NoError(t, err)
				groups, err := sqlstore.Groups(ctx, db, circles, sqlstore.Table{Name: "circles", Tenant: "tenant", NewKey: newUUID},
					sqlstore.Members{Name: "circle_persons", Tenant: "tenant", Group: "circle", Member: "person", Of: persons}, sqlstore.Options{})
				require.NoError(t, err)
				p := transcript.Player{Token: "secret", BaseURL: serveOwn(t, mapping.UserStore(users, persons), mapping.GroupStore(circles, groups))}
				require.NoError(t, p.SeedUsers(t.Context(), needs.Users))
				for _, f := range p.Play(t.Context(), tr) {
					t.Error(f)
				}
			})
		})
	}
	t.Logf("%d transcripts played", len(all))
}

func contactsOf(urn string) schema.Extension {
	return schema.Extension{Schema: schema.Schema{ID: urn, Name: "Contacts", Attributes: []schema.Attribute{{
		Name: "contacts", Type: schema.Complex, MultiValued: true,
		Sub: []schema.Attribute{{Name: "value"}, {Name: "primary", Type: schema.Boolean}},
	}}}}
}

// pgxConn is all that it takes to have Muster write in a pgx.Tx.
type pgxConn struct{ pgx.Tx }

func (c pgxConn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := c.Tx.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (c pgxConn) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	return c.Tx.Query(ctx, query, args...)
}

type pgxKey struct{}

// TestOwnInPgxTx: an application that speaks pgx hands its transaction on, and rows and
// Muster's records are part of it.
func TestOwnInPgxTx(t *testing.T) {
	dsn := dbtest.PostgresDSN(t)
	db := dbtest.OpenPostgres(t, dsn)
	apply(t, db, accountDDL...)
	o := sqlstore.Options{Tx: func(ctx context.Context) sqlstore.Conn {
		if tx, ok := ctx.Value(pgxKey{}).(pgx.Tx); ok {
			return pgxConn{tx}
		}
		return nil
	}}
	users, teams := accountTable(t), teamTable(t)
	accounts, err := sqlstore.Users(ctx, db, users, sqlstore.Table{Name: "accounts", Tenant: "org_id"}, o)
	require.NoError(t, err)
	groups, err := sqlstore.Groups(ctx, db, teams, sqlstore.Table{Name: "teams", Tenant: "org_id"},
		sqlstore.Members{Name: "team_members", Group: "team_id", Member: "account_id", Of: accounts}, o)
	require.NoError(t, err)
	state, err := sqlstore.OpenState(ctx, db, o)
	require.NoError(t, err)
	s := storetest.Stores{Users: mapping.UserStore(users, accounts), Groups: mapping.GroupStore(teams, groups), State: state}

	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	for _, commit := range []bool{false, true} {
		tx, err := conn.Begin(ctx)
		require.NoError(t, err)
		in := context.WithValue(ctx, pgxKey{}, tx)
		ann, err := s.Users.CreateUser(in, acme, scim.Write{New: ownUser(t, s, "ann", "title", "CEO", hrURN+":level", 3)})
		require.NoError(t, err)
		w := change(t, ann, "title", "CTO")
		w.Version = ann.Meta().Version
		_, err = s.Users.UpdateUser(in, acme, ann.ID(), w)
		require.NoError(t, err)
		g := values(t, teams.SCIMType(), "displayName", "team")
		res, err := s.Groups.CreateGroup(in, acme, scim.GroupWrite{Write: scim.Write{New: g}, Members: patch.MemberDelta{Add: membersOf(ann.ID())}})
		require.NoError(t, err)
		edges, err := s.Groups.ListMemberships(in, acme, scim.MembershipQuery{Groups: []string{res.Group.ID()}})
		require.NoError(t, err)
		require.Len(t, edges.Edges, 1)
		require.NoError(t, state.PutState(in, acme, scim.State{Kind: "link", Key: "k"}))
		require.Zero(t, ownFind(t, s, `userName eq "ann"`).Total, "nobody else sees it yet")
		end := tx.Rollback
		if commit {
			end = tx.Commit
		}
		require.NoError(t, end(ctx))
		records, _, err := state.ListState(ctx, acme, scim.StateQuery{Kind: "link"})
		require.NoError(t, err)
		if !commit {
			require.Zero(t, ownFind(t, s, `userName eq "ann"`).Total)
			require.Empty(t, records)
			continue
		}
		require.Equal(t, 1, ownFind(t, s, `title eq "cto"`).Total)
		require.Len(t, records, 1)
	}
}
