package sqlstore_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// TestStatementsOfRequests counts what each request sends to the database, transactions apart:
// not one depends on how many users, groups or members there are. So there is no query
// for each of many anywhere.
func TestStatementsOfRequests(t *testing.T) {
	for _, size := range []int{3, 60} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *sql.DB) { countStatements(t, db, size) })
		})
	}
}

func countStatements(t *testing.T, db *sql.DB, size int) {
	url := serve(t, db, sqlstore.Options{})
	post := func(path, body string) string {
		status, reply := call(t, "POST", url+path, body)
		require.Equal(t, 201, status, reply)
		_, rest, _ := strings.Cut(reply, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		return id
	}
	ids := make([]string, size)
	for i := range ids {
		ids[i] = post("/Users", fmt.Sprintf(`{"userName":"u%d","active":true}`, i))
	}
	list := func(ids []string) string {
		var b strings.Builder
		for i, id := range ids {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"value":%q}`, id)
		}
		return b.String()
	}
	group := post("/Groups", `{"displayName":"G","members":[`+list(ids[1:])+`]}`)
	for i := range size {
		post("/Groups", fmt.Sprintf(`{"displayName":"g%d","members":[%s]}`, i, list(ids[:2])))
	}
	patch := func(ops string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + ops + `]}`
	}
	log := dbtest.Statements(db)
	for _, tt := range []struct {
		name               string
		method, path, body string
		status, most       int
	}{
		{"a user and its groups", "GET", "/Users/" + ids[0], "", 200, 2},
		{"a user without groups", "GET", "/Users/" + ids[0] + "?excludedAttributes=groups", "", 200, 1},
		{"a group and its members", "GET", "/Groups/" + group, "", 200, 2},
		{"a group without members", "GET", "/Groups/" + group + "?excludedAttributes=members", "", 200, 1},
		{"userName eq, nobody", "GET", `/Users?filter=userName+eq+"nobody"`, "", 200, 1},
		{"userName eq", "GET", `/Users?filter=userName+eq+"u1"&excludedAttributes=groups`, "", 200, 1},
		{"userName eq and groups", "GET", `/Users?filter=userName+eq+"u1"`, "", 200, 2},
		{"displayName eq", "GET", `/Groups?filter=displayName+eq+"G"&excludedAttributes=members`, "", 200, 1},
		{"members eq", "GET", `/Groups?filter=members+eq+"` + ids[1] + `"&excludedAttributes=members`, "", 200, 2},
		{"a list of users", "GET", "/Users?count=200&excludedAttributes=groups", "", 200, 1},
		{"a list of users and their groups", "GET", "/Users?count=200", "", 200, 2},
		{"a full page, whose total is counted", "GET", "/Users?count=1&startIndex=2&excludedAttributes=groups", "", 200, 1},
		{"userName eq, a full page", "GET", `/Users?count=1&filter=userName+eq+"u1"&excludedAttributes=groups`, "", 200, 1},
		{"a list of groups", "GET", "/Groups?count=200&excludedAttributes=members", "", 200, 1},
		{"a list of groups and their members", "GET", "/Groups?count=200", "", 200, 2},
		{"POST a user", "POST", "/Users?excludedAttributes=groups", `{"userName":"new","active":true}`, 201, 1},
		{"POST a group", "POST", "/Groups?excludedAttributes=members", `{"displayName":"new","members":[` + list(ids) + `]}`, 201, 3},
		{"PATCH active", "PATCH", "/Users/" + ids[1] + "?excludedAttributes=groups", patch(`{"op":"replace","path":"active","value":false}`), 200, 2},
		{"PUT", "PUT", "/Users/" + ids[1] + "?excludedAttributes=groups", `{"userName":"u1","active":true}`, 200, 2},
		{"a member more", "PATCH", "/Groups/" + group, patch(`{"op":"add","path":"members","value":[{"value":"` + ids[0] + `"}]}`), 204, 3},
		{"a member again", "PATCH", "/Groups/" + group, patch(`{"op":"add","path":"members","value":[{"value":"` + ids[0] + `"}]}`), 204, 3},
		{"a member less", "PATCH", "/Groups/" + group, patch(`{"op":"remove","path":"members[value eq \"` + ids[0] + `\"]"}`), 204, 2},
		{"all members", "PATCH", "/Groups/" + group, patch(`{"op":"replace","path":"members","value":[` + list(ids) + `]}`), 204, 6},
	} {
		log.Reset()
		status, body := call(t, tt.method, url+tt.path, tt.body)
		assert.Equal(t, tt.status, status, "%s: %s", tt.name, body)
		assert.LessOrEqual(t, len(log.Work()), tt.most, "%s: %s", tt.name, strings.Join(log.Work(), "\n"))
	}
}

// BenchmarkStatements counts the statements of requests, for the table of targets.
func BenchmarkStatements(b *testing.B) {
	db := dbtest.SQLite(b)
	url := serve(b, db, sqlstore.Options{})
	var ids []string
	for i := range 150 { // fewer than a page has
		_, reply := call(b, "POST", url+"/Users", fmt.Sprintf(`{"userName":"u%d"}`, i))
		_, rest, _ := strings.Cut(reply, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		ids = append(ids, id)
	}
	_, reply := call(b, "POST", url+"/Groups", `{"displayName":"g"}`)
	_, rest, _ := strings.Cut(reply, `"id":"`)
	group, _, _ := strings.Cut(rest, `"`)
	patch := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`
	n := 0
	for _, tt := range []struct {
		name, method, path string
		body               func() string
	}{
		{"get", "GET", "/Users/" + ids[0] + "?excludedAttributes=groups", func() string { return "" }},
		{"equality", "GET", `/Users?filter=userName+eq+"u1"&excludedAttributes=groups`, func() string { return "" }},
		{"list", "GET", "/Users?count=200&excludedAttributes=groups", func() string { return "" }},
		{"post", "POST", "/Users?excludedAttributes=groups", func() string { return fmt.Sprintf(`{"userName":"new%d"}`, n) }},
		{"patch", "PATCH", "/Users/" + ids[0] + "?excludedAttributes=groups", func() string {
			return fmt.Sprintf(patch, fmt.Sprintf(`{"op":"replace","path":"title","value":"t%d"}`, n))
		}},
		{"members", "PATCH", "/Groups/" + group, func() string {
			return fmt.Sprintf(patch, `{"op":"add","path":"members","value":[{"value":"`+strings.Join(ids[:100], `"},{"value":"`)+`"}]}`)
		}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			log := dbtest.Statements(db)
			log.Reset()
			for b.Loop() {
				n++
				if status, body := call(b, tt.method, url+tt.path, tt.body()); status/100 != 2 {
					b.Fatal(body)
				}
			}
			b.ReportMetric(float64(len(log.Work()))/float64(b.N), "statements/op")
		})
	}
}
