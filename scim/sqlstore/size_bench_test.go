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
	"github.com/muster-scim/muster/scim"
)

// sizesVariable says how many users BenchmarkSize has, as 1000,100000,1000000.
const sizesVariable = "MUSTER_BENCH_SIZES"

// BenchmarkSize measures what must cost the same however many users there are, all of
// them in one group: through the handler, of random users. On a machine that does
// something else too the median tells more than the mean.
func BenchmarkSize(b *testing.B) {
	for _, text := range strings.Split(cmp.Or(os.Getenv(sizesVariable), "1000"), ",") {
		n, err := strconv.Atoi(text)
		require.NoError(b, err)
		for name, open := range map[string]func(testing.TB) *sql.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) { benchmarkSize(b, open(b), n) })
		}
	}
}

func benchmarkSize(b *testing.B, db *sql.DB, n int) {
	c := newCrowd(b, db, n)
	_, err := db.Exec("ANALYZE")
	require.NoError(b, err)
	h, err := scim.New(scim.Config{
		BaseURL: "https://example.com/scim",
		Auth:    scim.StaticToken("t", scim.Scope{Tenant: acme, Connection: "c"}),
		Users:   c, UserType: c.UserType(), Groups: c, GroupType: c.GroupType(),
	})
	require.NoError(b, err)
	send := func(b *testing.B, method, path, body string, want int) {
		r := httptest.NewRequest(method, "/scim"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer t")
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			b.Fatal(w.Code, w.Body)
		}
	}
	member := func(b *testing.B, op string) {
		send(b, "PATCH", "/Groups/"+c.group, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+op+`]}`, http.StatusNoContent)
	}
	i := 0 // one of the copies
	for _, work := range []struct {
		name string
		do   func(b *testing.B)
	}{
		{"GET", func(b *testing.B) { send(b, "GET", "/Users/"+c.id(i), "", 200) }},
		{"userName", func(b *testing.B) {
			send(b, "GET", fmt.Sprint("/Users?filter=", url.QueryEscape(fmt.Sprintf(`userName eq "user%07d"`, i))), "", 200)
		}},
		{"externalId", func(b *testing.B) {
			send(b, "GET", fmt.Sprint("/Users?filter=", url.QueryEscape(fmt.Sprintf(`externalId eq "x-user%07d"`, i))), "", 200)
		}},
		{"group", func(b *testing.B) { send(b, "GET", "/Groups/"+c.group+"?excludedAttributes=members", "", 200) }},
		{"remove+add", func(b *testing.B) {
			member(b, `{"op":"remove","path":"members[value eq \"`+c.id(i)+`\"]"}`)
			member(b, `{"op":"add","path":"members","value":[{"value":"`+c.id(i)+`"}]}`)
		}},
	} {
		b.Run(work.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				i = 1 + rand.IntN(n-1)
				begin := time.Now()
				work.do(b)
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "ns/median")
		})
	}
}
