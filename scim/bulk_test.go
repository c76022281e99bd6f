package scim_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

const bulkURN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

func withBulk(c *scim.Config) { c.MaxBulkOperations = 1000 }

// bulk sends operations and returns the results.
func (s *server) bulk(ops ...string) []map[string]any {
	s.t.Helper()
	r := s.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[`+strings.Join(ops, ",")+`]}`).is(200)
	require.Equal(s.t, []any{"urn:ietf:params:scim:api:messages:2.0:BulkResponse"}, r.doc["schemas"])
	var results []map[string]any
	for _, v := range r.doc["Operations"].([]any) {
		results = append(results, v.(map[string]any))
	}
	return results
}

func statusesOf(results []map[string]any) string {
	var all []string
	for _, r := range results {
		all = append(all, r["status"].(string))
	}
	return strings.Join(all, " ")
}

func idOf(result map[string]any) string {
	location, _ := result["location"].(string)
	return location[strings.LastIndexByte(location, '/')+1:]
}

func post(path, bulkID, data string) string {
	return `{"method":"POST","path":"` + path + `","bulkId":"` + bulkID + `","data":` + data + `}`
}

func TestBulk(t *testing.T) {
	s := newServer(t, withBulk)
	u := s.user("bjensen")
	results := s.bulk(
		post("/Users", "b1", `{"userName":"b1"}`),
		`{"method":"PATCH","path":"/Users/`+u+`","data":{"Operations":[{"op":"replace","path":"nickName","value":"x"}]}}`,
		`{"method":"PUT","path":"/Users/`+u+`","version":"W/\"stale\"","data":{"userName":"bjensen"}}`,
		`{"method":"DELETE","path":"/Users/none"}`,
		post("/Users", "dup", `{"userName":"BJENSEN"}`),
		`{"method":"GET","path":"/Users/`+u+`"}`,
		`{"method":"POST","path":"/Users","data":{"userName":"nobulkid"}}`,
		post("/Bulk", "x", `{}`), post("/Users/.search", "y", `{}`), post("/Nope", "z", `{}`),
		`{"method":"PUT","path":"/Users/`+u+`"}`,
		`{"method":"PATCH","path":"/Users/`+u+`","data":{"Operations":[{"op":"replace","path":"id","value":"x"}]}}`,
		`{"method":"DELETE","path":"/Users/`+u+`"}`,
	)
	assert.Equal(t, "201 200 412 404 409 400 400 404 404 404 400 400 204", statusesOf(results))
	assert.Equal(t, "b1", results[0]["bulkId"]) // P-3.7-18
	assert.NotEmpty(t, results[0]["version"])
	assert.Equal(t, s.url+"/Users/"+u, results[2]["location"]) // P-3.7.3-02
	assert.Equal(t, s.url+"/Users/none", results[3]["location"])
	assert.NotContains(t, results[4], "location") // P-3.7-11
	failure := results[4]["response"].(map[string]any)
	assert.Equal(t, []any{[]any{errorURN}, "409", "uniqueness"}, []any{failure["schemas"], failure["status"], failure["scimType"]})
	assert.Equal(t, "mutability", results[11]["response"].(map[string]any)["scimType"]) // P-3.12-25
	s.get("/Users/" + idOf(results[0])).is(200)
	s.get("/Users/"+u).fails(404, "")
}

func TestBulkRefused(t *testing.T) {
	s := newServer(t, withBulk, func(c *scim.Config) { c.MaxBulkOperations, c.MaxBulkPayload = 2, 1024 })
	for body, status := range map[string]int{
		`{"schemas":["` + bulkURN + `"]}`:                  400, // P-3.7-04
		`{"schemas":["` + bulkURN + `"],"Operations":"x"}`: 400, // P-3.7-15
		`{bad`: 400,
		`{"schemas":["` + patchURN + `"],"Operations":[]}`:                                           400, // P-3.7-01
		`{"schemas":["` + bulkURN + `"],"failOnErrors":"1","Operations":[]}`:                         400, // P-3.7-03
		`{"schemas":["` + bulkURN + `"],"failOnErrors":-1,"Operations":[]}`:                          400,
		`{"schemas":[5],"Operations":[]}`:                                                            400,
		`{"Operations":[],"operations":[]}`:                                                          400,
		`{"Operations":[` + post("/Users", "a", `{"userName":"a"}`) + `],"schemas":["x"]}`:           400, // told when all was read
		`{"Operations":[` + post("/Users", "a", `{"userName":"a"}`) + `]} {}`:                        400,
		`{"Operations":[` + post("/Users", "a", `{"userName":"a"}`) + `]`:                            400,
		`{"Operations":[` + post("/Users", "a", `{"userName":"a"}`) + `,{"method":"POST","data":{]}`: 400,
		`[]`: 400,
		``:   400,
		`{"Operations":[` + strings.Repeat(post("/Users", "a", `{"userName":"a"}`)+",", 2) + post("/Users", "b", `{"userName":"b"}`) + `]}`: 413, // P-3.7.4-03
		`{"Operations":[` + post("/Users", "a", `{"userName":"a","title":"`+strings.Repeat("x", 1024)+`"}`) + `]}`:                          413,
	} {
		r := s.do("POST", "/Bulk", body)
		assert.Equal(t, status, r.status, body)
		if strings.Contains(body, `"b"`) {
			assert.Contains(t, r.doc["detail"], "maxOperations (2)") // P-3.7.4-04
		}
	}
	s.get("/Users").total(0)
}

func TestBulkFailOnErrors(t *testing.T) { // P-3.7-17
	s := newServer(t, withBulk)
	r := s.do("POST", "/Bulk", `{"failOnErrors":1,"Operations":[`+post("/Users", "0", `{"userName":"b0"}`)+`,{"method":"DELETE","path":"/Users/none"},`+post("/Users", "1", `{"userName":"b1"}`)+`]}`).is(200)
	assert.Len(t, r.doc["Operations"], 2)
	assert.NotContains(t, r.doc, "failOnErrors")
	s.find("/Users", `userName eq "b1"`).total(0)
	s.find("/Users", `userName eq "b0"`).total(1)
}

func TestBulkReferences(t *testing.T) {
	s := newServer(t, withBulk)
	results := s.bulk( // P-3.7-19: before what it refers to
		post("/Groups", "g1", `{"displayName":"Tour Guides","members":[{"value":"bulkId:u1"}]}`),
		post("/Users", "u1", `{"userName":"alice"}`),
		post("/Users", "u2", `{"userName":"bob","`+enterpriseURN+`":{"manager":{"value":"bulkId:u1"}}}`), // P-3.7.2-02
		`{"method":"PATCH","path":"/Groups/bulkId:g1","data":{"Operations":[{"op":"add","path":"members","value":[{"value":"bulkId:u2"}]},{"op":"remove","path":"members[value eq \"bulkId:u1\"]"}]}}`, // P-3.7.2-04
		post("/Groups", "g2", `{"displayName":"Lost","members":[{"value":"bulkId:nope"}]}`),                                                                                                            // P-3.7.2-03
		post("/Users", "u1", `{"userName":"again"}`), // P-3.7-20
	)
	assert.Equal(t, "201 201 201 200 400 400", statusesOf(results))
	alice, bob := idOf(results[1]), idOf(results[2])
	assert.Equal(t, []string{bob}, s.members(idOf(results[0])))
	assert.Equal(t, alice, s.get("/Users/"+bob).at(enterpriseURN, "manager").(map[string]any)["value"])
	s.find("/Groups", `displayName eq "Lost"`).total(0)
}

// TestBulkTwice: an operation with a bulkId that is there already fails, and takes
// nothing from those that wait for the first.
func TestBulkTwice(t *testing.T) {
	s := newServer(t, withBulk)
	results := s.bulk(
		post("/Groups", "g", `{"displayName":"G","members":[{"value":"bulkId:u"}]}`),
		post("/Users", "u", `{"userName":"u","`+enterpriseURN+`":{"manager":{"value":"bulkId:m"}}}`),
		post("/Users", "u", `{"userName":"other"}`),
		post("/Users", "m", `{"userName":"m"}`),
	)
	require.Equal(t, "201 201 400 201", statusesOf(results))
	assert.Equal(t, []string{idOf(results[1])}, s.members(idOf(results[0])))
	assert.Equal(t, idOf(results[3]), s.get("/Users/"+idOf(results[1])).at(enterpriseURN, "manager").(map[string]any)["value"])
}

func TestBulkCircles(t *testing.T) { // P-3.7.1-01
	s := newServer(t, withBulk)
	results := s.bulk(
		post("/Groups", "a", `{"displayName":"A","members":[{"type":"Group","value":"bulkId:b"}]}`),
		post("/Groups", "b", `{"displayName":"B","members":[{"type":"Group","value":"bulkId:a"}]}`),
		post("/Users", "x", `{"userName":"x","`+enterpriseURN+`":{"department":"D","manager":{"value":"bulkId:y"}}}`),
		post("/Users", "y", `{"userName":"y","`+enterpriseURN+`":{"manager":"bulkId:x"}}`),
	)
	assert.Equal(t, "201 201 201 201", statusesOf(results))
	a, b, x, y := idOf(results[0]), idOf(results[1]), idOf(results[2]), idOf(results[3])
	assert.Equal(t, []string{b}, s.members(a))
	assert.Equal(t, []string{a}, s.members(b))
	assert.Equal(t, y, s.get("/Users/"+x).at(enterpriseURN, "manager").(map[string]any)["value"])
	assert.Equal(t, x, s.get("/Users/"+y).at(enterpriseURN, "manager").(map[string]any)["value"])
	assert.Equal(t, "D", s.get("/Users/"+x).at(enterpriseURN, "department"))
}

// TestBulkThousand: users whose groups are made before them, groups in a ring.
func TestBulkThousand(t *testing.T) {
	s := newServer(t, withBulk)
	const n = 500
	var ops []string
	for i := range n {
		ops = append(ops, post("/Groups", fmt.Sprintf("g%d", i), fmt.Sprintf(`{"displayName":"G%d","members":[{"value":"bulkId:u%d"},{"value":"bulkId:g%d"}]}`, i, i, (i+1)%n)))
	}
	for i := range n {
		ops = append(ops, post("/Users", fmt.Sprintf("u%d", i), fmt.Sprintf(`{"userName":"u%d","%s":{"manager":{"value":"bulkId:u%d"}}}`, i, enterpriseURN, (i+1)%n)))
	}
	results := s.bulk(ops...)
	require.Len(t, results, 2*n)
	for i := range n {
		require.Equal(t, "201", results[i]["status"], results[i])
		require.Equal(t, "201", results[n+i]["status"], results[n+i])
		require.ElementsMatch(t, []string{idOf(results[n+i]), idOf(results[(i+1)%n])}, s.members(idOf(results[i])))
		manager := s.get("/Users/"+idOf(results[n+i])).at(enterpriseURN, "manager").(map[string]any)["value"]
		require.Equal(t, idOf(results[n+(i+1)%n]), manager)
	}
	r := s.do("POST", "/Bulk", `{"Operations":[`+strings.Join(append(ops, ops[0]), ",")+`]}`)
	r.fails(413, "")
	s.get("/Users").total(n)
}

// TestBulkMemory: operations are read one by one, so that a request takes up little more
// than its text while it arrives, and nothing is done before all of it has.
func TestBulkMemory(t *testing.T) {
	store := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: "https://example.com/scim", Auth: scim.StaticToken("secret", scim.Scope{}),
		Users: store, MaxBulkOperations: 10_000, MaxBulkPayload: 64 << 20,
	})
	require.NoError(t, err)
	title := strings.Repeat("x", 1000)
	body := &measured{next: func(i int) string {
		switch {
		case i == 0:
			return `{"schemas":["` + bulkURN + `"],"Operations":[`
		case i <= 10_000:
			return strings.TrimPrefix(",", strings.Repeat(",", max(0, 2-i))) + post("/Users", fmt.Sprint(i), fmt.Sprintf(`{"userName":"u%d","title":"%s"}`, i, title))
		case i == 10_001:
			return "]}"
		}
		return ""
	}}
	body.atEnd = func() {
		page, err := store.ListUsers(t.Context(), "", scim.Query{StartIndex: 1})
		assert.NoError(t, err)
		assert.Zero(t, page.Total, "something was done before the end of the request")
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/scim/Bulk", body)
	r.Header.Set("Authorization", "Bearer secret")
	h.ServeHTTP(w, r)
	require.Equal(t, 200, w.Code)
	assert.Equal(t, 10_000, strings.Count(w.Body.String(), `"status":"201"`))
	require.Greater(t, body.sent, uint64(10<<20))
	assert.Less(t, body.allocated, body.sent*3/2, "bytes allocated to read %d", body.sent)
}

// measured is a body that is made while it is read, and counts the bytes that are
// allocated meanwhile by others than itself.
type measured struct {
	next  func(i int) string // "" is the end
	atEnd func()
	i     int
	rest  string

	sent, allocated, last uint64
}

func (m *measured) Read(p []byte) (int, error) {
	now := allocated()
	if m.last > 0 {
		m.allocated += now - m.last
	}
	defer func() { m.last = allocated() }()
	if m.rest == "" {
		m.rest = m.next(m.i)
		m.i++
	}
	if m.rest == "" {
		m.atEnd()
		return 0, io.EOF
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	m.sent += uint64(n)
	return n, nil
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}
