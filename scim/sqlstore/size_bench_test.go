package sqlstore_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/storetest"
)

// sizesVariable says how many users BenchmarkSize has, as 1000,100000,1000000.
const sizesVariable = "MUSTER_BENCH_SIZES"

// BenchmarkSize measures what must cost the same however many users there are, all of
// them in one group: through the handler, of random users, in tables of ours and in those
// of an application. On a machine that does something else too the median tells more than
// the mean.
func BenchmarkSize(b *testing.B) {
	for _, text := range strings.Split(cmp.Or(os.Getenv(sizesVariable), "1000"), ",") {
		n, err := strconv.Atoi(text)
		require.NoError(b, err)
		for name, open := range map[string]func(testing.TB) *sql.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) { benchmarkSize(b, oursOfSize(b, open(b), n)) })
			b.Run(fmt.Sprintf("own/%s/%d", name, n), func(b *testing.B) { benchmarkSize(b, ownOfSize(b, open(b), n)) })
		}
	}
}

// sized is a handler with n users, user0000000 and so on, all of them in one group.
type sized struct {
	*scim.Handler
	n     int
	id    func(i int) string
	group string
}

func serveSized(b *testing.B, db *sql.DB, s sized, config scim.Config) sized {
	_, err := db.Exec("ANALYZE")
	require.NoError(b, err)
	config.BaseURL = "https://example.com/scim"
	config.Auth = scim.StaticToken("t", scim.Scope{Tenant: acme, Connection: "c"})
	s.Handler, err = scim.New(config)
	require.NoError(b, err)
	return s
}

func oursOfSize(b *testing.B, db *sql.DB, n int) sized {
	c := newCrowd(b, db, n)
	return serveSized(b, db, sized{n: n, id: c.id, group: c.group},
		scim.Config{Users: c, UserType: c.UserType(), Groups: c, GroupType: c.GroupType()})
}

// ownOfSize keeps them in accounts and teams, in which all but the first are copies.
func ownOfSize(b *testing.B, db *sql.DB, n int) sized {
	apply(b, db, accountDDL...)
	apply(b, db, "CREATE INDEX accounts_ext ON accounts (org_id, ext)")
	users, teams := accountTable(b), teamTable(b)
	accounts, err := sqlstore.Users(ctx, db, users, sqlstore.Table{
		Name: "accounts", Tenant: "org_id", Folded: map[string]string{"userName": "lower(email)"},
	}, sqlstore.Options{})
	require.NoError(b, err)
	groups, err := sqlstore.Groups(ctx, db, teams, sqlstore.Table{Name: "teams", Tenant: "org_id"},
		sqlstore.Members{Name: "team_members", Group: "team_id", Member: "account_id", Of: accounts}, sqlstore.Options{})
	require.NoError(b, err)
	s := storetest.Stores{Users: mapping.UserStore(users, accounts), Groups: mapping.GroupStore(teams, groups)}
	first := ownMany(b, db, s, n)
	group := ownTeam(b, s, "all", strconv.Itoa(first))
	_, err = db.Exec("INSERT INTO team_members (team_id, account_id) SELECT teams.id, accounts.id FROM teams CROSS JOIN accounts WHERE accounts.id <> $1", first)
	require.NoError(b, err)
	config := scim.Config{Users: s.Users, UserType: users.SCIMType(), Groups: s.Groups, GroupType: teams.SCIMType()}
	return serveSized(b, db, sized{n: n, id: func(i int) string { return strconv.Itoa(first + i) }, group: group}, config)
}

// ownMany makes n accounts, user0000000 and so on, with keys in this order: the first by
// the store, whose key it returns, and the others as copies of it.
func ownMany(t testing.TB, db *sql.DB, s storetest.Stores, n int) (first int) {
	first, err := strconv.Atoi(ownAdd(t, s, "user0000000", "externalId", "x-user0000000", "active", true, "name.givenName", "Ann").ID())
	require.NoError(t, err)
	names := "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1) SELECT printf('user%07d', i) AS name FROM n"
	if isPostgres(t) {
		names = "SELECT 'user' || lpad(i::text, 7, '0') AS name FROM generate_series(1, CAST($1 AS integer) - 1) AS i"
	}
	_, err = db.Exec(`INSERT INTO accounts (org_id, email, ext, "first name", last, active, version, created_at, updated_at)
		SELECT org_id, names.name, 'x-' || names.name, "first name", last, active, version, created_at, updated_at
		FROM (`+names+`) AS names CROSS JOIN accounts ORDER BY names.name`, n)
	require.NoError(t, err)
	_, err = db.Exec("ANALYZE accounts")
	require.NoError(t, err)
	return first
}

func benchmarkSize(b *testing.B, s sized) {
	send := func(b *testing.B, method, path, body string, want int) {
		r := httptest.NewRequest(method, "/scim"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer t")
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != want {
			b.Fatal(w.Code, w.Body)
		}
	}
	member := func(b *testing.B, op string) {
		send(b, "PATCH", "/Groups/"+s.group, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+op+`]}`, http.StatusNoContent)
	}
	i := 0 // one of the copies
	added := 0
	for _, work := range []struct {
		name string
		do   func(b *testing.B)
	}{
		{"GET", func(b *testing.B) { send(b, "GET", "/Users/"+s.id(i), "", 200) }},
		{"userName", func(b *testing.B) {
			send(b, "GET", fmt.Sprint("/Users?filter=", url.QueryEscape(fmt.Sprintf(`userName eq "user%07d"`, i))), "", 200)
		}},
		{"externalId", func(b *testing.B) {
			send(b, "GET", fmt.Sprint("/Users?filter=", url.QueryEscape(fmt.Sprintf(`externalId eq "x-user%07d"`, i))), "", 200)
		}},
		{"group", func(b *testing.B) { send(b, "GET", "/Groups/"+s.group+"?excludedAttributes=members", "", 200) }},
		{"remove+add", func(b *testing.B) {
			member(b, `{"op":"remove","path":"members[value eq \"`+s.id(i)+`\"]"}`)
			member(b, `{"op":"add","path":"members","value":[{"value":"`+s.id(i)+`"}]}`)
		}},
		{"POST", func(b *testing.B) {
			added++
			send(b, "POST", "/Users", fmt.Sprintf(`{"schemas":[%q],"userName":"New%d","active":true}`, schema.UserURN, added), 201)
		}},
	} {
		b.Run(work.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				i = 1 + rand.IntN(s.n-1)
				begin := time.Now()
				work.do(b)
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "ns/median")
		})
	}
}
