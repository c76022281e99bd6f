package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
)

// requirement is one sentence of an RFC or a profile that binds a service provider, and
// the test that holds it. Levels are the RFC's keywords; STATED is a plain statement,
// DERIVED what follows from the text, INTEROP what real clients need.
type requirement struct {
	id    string // a letter of documents; the section; a number
	level string
	text  string
	test  func(c *suite)
}

// documents has the RFCs and profiles by the letter of their requirements, and how
// the matrix of requirements calls them.
var documents = map[string]struct{ short, name string }{
	"S": {"7643", "RFC 7643"},
	"P": {"7644", "RFC 7644"},
	"C": {"9865", "RFC 9865"},
	"I": {"interop", "draft-zollner-scim-interop-profile"},
	"A": {"IPSIE", "OpenID IPSIE AL SCIM 2.0 Profile"},
}

// requirements has all of them, in the order of the documents.
var requirements = slices.Concat(coreSchema, protocol, patching, bulk, cursorPaging, interopProfile, ipsieProfile)

// waived lists requirements that no test over HTTP can hold, or that Muster leaves to
// the application, with the reason.
var waived = map[string]string{
	"A-4.1-02":   "The metadata are those of the authorization server, which is none of Muster's.",
	"S-4.1.1-15": "Muster hands a password to the application's store and opens no connection of its own to pass it on.",
}

// TestConformance runs every requirement against the program, each on an empty store.
func TestConformance(t *testing.T) {
	seen, passed := map[string]bool{}, new(tally)
	if os.Getenv("MUSTER_CONFORMANCE") != "" {
		t.Cleanup(passed.print)
	}
	for _, r := range requirements {
		require.False(t, seen[r.id], "%s is there twice", r.id)
		seen[r.id] = true
		t.Run(r.id, func(t *testing.T) {
			t.Parallel()
			defer func() { passed.add(r, !t.Failed()) }()
			r.test(newSuite(t))
		})
	}
}

// tally has the lines of the table that "make conformance" shows.
type tally struct {
	mu    sync.Mutex
	lines []string
	pass  map[string]int // by document
	all   map[string]int
}

func (y *tally) add(r requirement, pass bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	result := "FAIL"
	if y.pass == nil {
		y.pass, y.all = map[string]int{}, map[string]int{}
	}
	y.all[r.id[:1]]++
	if pass {
		result = "pass"
		y.pass[r.id[:1]]++
	}
	y.line(r.id, r.level, result)
}

func (y *tally) line(id, level, result string) {
	y.lines = append(y.lines, fmt.Sprintf("%-17s %-20s %-12s %s", id, section(id), level, result))
}

// print shows all lines, and a last one for each document.
func (y *tally) print() {
	given := map[string]int{}
	for id, reason := range waived {
		given[id[:1]]++
		y.line(id, "", "waived: "+reason)
	}
	for letter, d := range documents {
		y.lines = append(y.lines, fmt.Sprintf("= %-40s %3d requirements, %3d pass, %d waived", d.name, y.all[letter]+given[letter], y.pass[letter], given[letter]))
	}
	fmt.Println("\n" + strings.Join(y.lines, "\n"))
}

// section returns the document and the section of an id.
func section(id string) string {
	return documents[id[:1]].short + " " + id[2:strings.LastIndexByte(id, '-')]
}

// TestCoverage holds the list to the matrix of requirements: none is missing, none
// has another level, and few are waived.
func TestCoverage(t *testing.T) {
	shared := os.Getenv("MUSTER_SHARED")
	if shared == "" {
		t.Skip("MUSTER_SHARED is not set: it names the folder with rfc/requirements.json")
	}
	data, err := os.ReadFile(filepath.Join(shared, "rfc", "requirements.json"))
	require.NoError(t, err)
	var matrix []struct{ ID, RFC, Level string }
	require.NoError(t, json.Unmarshal(data, &matrix))
	have := map[string]string{}
	for _, r := range requirements {
		have[r.id] = r.level
	}
	const mostWaived = 15
	assert.LessOrEqual(t, len(waived), mostWaived)
	count := 0
	for _, m := range matrix {
		if d, ok := documents[m.ID[:1]]; !ok || !strings.HasPrefix(m.RFC, d.name) {
			continue
		}
		count++
		level, tested := have[m.ID]
		reason, isWaived := waived[m.ID]
		assert.True(t, tested != isWaived, "%s (%s): tested %v, waived %q", m.ID, m.Level, tested, reason)
		if tested {
			assert.Equal(t, m.Level, level, m.ID)
		}
		delete(have, m.ID)
	}
	assert.Empty(t, have, "not in the matrix")
	t.Logf("%d requirements, %d waived", count, len(waived))
}

// macros are the names of schemas in paths and bodies.
var macros = strings.NewReplacer(
	"$SPC", "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
	"$SCH", "urn:ietf:params:scim:schemas:core:2.0:Schema",
	"$RT", "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
	"$PO", "urn:ietf:params:scim:api:messages:2.0:PatchOp",
	"$LR", "urn:ietf:params:scim:api:messages:2.0:ListResponse",
	"$SR", "urn:ietf:params:scim:api:messages:2.0:SearchRequest",
	"$BR", "urn:ietf:params:scim:api:messages:2.0:BulkRequest",
	"$BP", "urn:ietf:params:scim:api:messages:2.0:BulkResponse",
	"$ER", "urn:ietf:params:scim:api:messages:2.0:Error",
	"$U", "urn:ietf:params:scim:schemas:core:2.0:User",
	"$G", "urn:ietf:params:scim:schemas:core:2.0:Group",
	"$E", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
	"$T", thingURN,
)

// suite is what a test has: a fresh server with the program's connections. Requests go
// to the strict one, which holds to the RFCs; tolerant and as give the others.
type suite struct {
	*testing.T
	url   string
	token string
	log   *bytes.Buffer

	data  data
	holds func(text string) bool // whether a text is anywhere in data

	// transport is the server's own: closing a server closes idle connections of
	// the default one, under the hands of tests that run beside it.
	transport http.RoundTripper
}

// newSuite starts the program's handler on an empty store, see MUSTER_STORE.
func newSuite(t *testing.T, change ...func(*scim.Config)) *suite {
	c := &suite{T: t, token: strictConnection, log: &bytes.Buffer{}}
	mux := http.NewServeMux()
	ts := httptest.NewServer(mux)
	t.Cleanup(ts.Close)
	c.url = ts.URL + basePath
	c.transport = ts.Client().Transport
	c.data, c.holds = open(t, userType, groupType)
	o := options{
		data:    c.data,
		baseURL: c.url, token: tolerantConnection, strictToken: strictConnection,
		interopToken: interopConnection, ipsieToken: ipsieConnection, me: "bjensen",
		log: slog.New(slog.NewTextHandler(c.log, nil)),
		change: func(config *scim.Config) {
			for _, f := range change {
				f(config)
			}
		},
	}
	h, err := o.handler()
	require.NoError(t, err)
	mux.Handle(basePath+"/", h)
	return c
}

// with returns a suite on a server of its own whose configuration is changed.
func (c *suite) with(change func(*scim.Config)) *suite {
	c.Helper()
	return newSuite(c.T, change)
}

// tolerant returns the tolerant connection to the same server.
func (c *suite) tolerant() *suite {
	other := *c
	other.token = tolerantConnection
	return &other
}

// as returns a connection with another token; "" is none.
func (c *suite) as(token string) *suite {
	other := *c
	other.token = token
	return &other
}

// answer is a reply with its body.
type answer struct {
	*testing.T
	status int
	header http.Header
	text   string
	doc    map[string]any
}

// do sends a request; macros in path and body are replaced. headers come in pairs; an
// empty value takes a header away.
func (c *suite) do(method, path, body string, headers ...string) *answer {
	c.Helper()
	path, body = macros.Replace(path), macros.Replace(body)
	if at, query, ok := strings.Cut(path, "?"); ok {
		path = at + "?" + escapeQuery(query)
	}
	req, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	require.NoError(c, err)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Del(headers[i])
		if headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := c.transport.RoundTrip(req)
	require.NoError(c, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(c, err)
	a := &answer{T: c.T, status: resp.StatusCode, header: resp.Header, text: string(text)}
	if len(text) > 0 {
		require.NoError(c, json.Unmarshal(text, &a.doc), "%s %s: %s", method, path, text)
	}
	return a
}

// escapeQuery lets tests write filters as people read them.
func escapeQuery(query string) string {
	if !strings.ContainsAny(query, " \"") {
		return query // escaped already, or with nothing to escape
	}
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		name, value, ok := strings.Cut(part, "=")
		if ok {
			part = name + "=" + url.QueryEscape(value)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "&")
}

func (c *suite) get(path string, headers ...string) *answer {
	c.Helper()
	return c.do("GET", path, "", headers...)
}

// post sends a resource; "schemas" is added for the endpoint if the body has none.
func (c *suite) post(path, body string, headers ...string) *answer {
	c.Helper()
	return c.do("POST", path, withSchemas(path, body), headers...)
}

func (c *suite) put(path, body string, headers ...string) *answer {
	c.Helper()
	return c.do("PUT", path, withSchemas(path, body), headers...)
}

// patch sends operations.
func (c *suite) patch(path, ops string, headers ...string) *answer {
	c.Helper()
	return c.do("PATCH", path, `{"schemas":["$PO"],"Operations":[`+ops+`]}`, headers...)
}

func (c *suite) delete(path string, headers ...string) *answer {
	c.Helper()
	return c.do("DELETE", path, "", headers...)
}

// bulk sends operations to /Bulk; more is put before them, as `"failOnErrors":1,`.
func (c *suite) bulk(ops string, more ...string) *answer {
	c.Helper()
	return c.do("POST", "/Bulk", `{"schemas":["$BR"],`+strings.Join(more, "")+`"Operations":[`+ops+`]}`)
}

// search sends a SearchRequest with these members.
func (c *suite) search(path, members string) *answer {
	c.Helper()
	if members != "" {
		members = "," + members
	}
	return c.do("POST", path+"/.search", `{"schemas":["$SR"]`+members+`}`)
}

// withSchemas puts "schemas" into the body of a resource.
func withSchemas(path, body string) string {
	schemas := ""
	for prefix, urn := range map[string]string{"/Users": "$U", "/Groups": "$G", "/Things": "$T", "/Me": "$U"} {
		if strings.HasPrefix(path, prefix) {
			schemas = `"schemas":["` + urn + `"`
		}
	}
	if schemas == "" || !strings.HasPrefix(body, "{") || strings.Contains(body, `"schemas"`) {
		return body
	}
	if strings.Contains(body, `"$E"`) {
		schemas += `,"$E"`
	}
	return strings.Replace("{"+schemas+"],"+body[1:], ",}", "}", 1)
}

// must create a resource and returns its id.
func (c *suite) create(path, body string) string {
	c.Helper()
	a := c.post(path, body).is(201)
	id, _ := a.doc["id"].(string)
	require.NotEmpty(c, id)
	return id
}

// u1 is bjensen, with a name, a nickname, a work e-mail (primary) and one at home.
func (c *suite) u1() string {
	c.Helper()
	return c.create("/Users", `{"userName":"bjensen","name":{"formatted":"Ms. Barbara J Jensen","familyName":"Jensen","givenName":"Barbara","middleName":"Jane"},
		"nickName":"Babs","emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}]}`)
}

// u2 is jsmith.
func (c *suite) u2() string {
	c.Helper()
	return c.create("/Users", `{"userName":"jsmith"}`)
}

// user makes a user with a body of its own.
func (c *suite) user(body string) string { c.Helper(); return c.create("/Users", body) }

// g1 is the group Tour Guides with the given members.
func (c *suite) g1(members ...string) string {
	c.Helper()
	var list []string
	for _, m := range members {
		list = append(list, `{"value":"`+m+`"}`)
	}
	return c.create("/Groups", `{"displayName":"Tour Guides","members":[`+strings.Join(list, ",")+`]}`)
}

// thing makes a Thing of the given members, as `"imm":"a"`.
func (c *suite) thing(members string) string {
	c.Helper()
	if members != "" {
		members = "," + members
	}
	return c.create("/Things", `{"name":"t"`+members+`}`)
}

// users makes n users u000, u001, …
func (c *suite) users(n int) (ids []string) {
	c.Helper()
	for i := range n {
		ids = append(ids, c.create("/Users", fmt.Sprintf(`{"userName":"u%03d"}`, i)))
	}
	return ids
}

// is asserts the status.
func (a *answer) is(status ...int) *answer {
	a.Helper()
	require.Contains(a, status, a.status, a.text)
	return a
}

// fails asserts a SCIM error with this status and scimType ("" for none).
func (a *answer) fails(status int, scimType string) *answer {
	a.Helper()
	a.is(status)
	assert.Equal(a, []any{macros.Replace("$ER")}, a.doc["schemas"], a.text)
	assert.Equal(a, fmt.Sprint(status), a.doc["status"], a.text)
	assert.Equal(a, "application/scim+json", a.header.Get("Content-Type"))
	assert.IsType(a, "", a.doc["detail"])
	assert.NotEmpty(a, a.doc["detail"])
	if scimType == "" {
		assert.NotContains(a, a.doc, "scimType", a.text)
	} else {
		assert.Equal(a, scimType, a.doc["scimType"], a.text)
	}
	return a
}

// total asserts a ListResponse with so many results.
func (a *answer) total(n int) *answer {
	a.Helper()
	a.is(200)
	assert.Equal(a, []any{macros.Replace("$LR")}, a.doc["schemas"])
	require.EqualValues(a, n, a.doc["totalResults"], a.text)
	return a
}

// onward asserts a page of so many results that a cursor asked for. Behind the first
// page the total can be left out (RFC 9865, section 2): to count again would cost a
// database more than the page.
func (a *answer) onward(n int) *answer {
	a.Helper()
	a.is(200)
	if _, has := a.doc["totalResults"]; has {
		return a.total(n)
	}
	assert.Equal(a, []any{macros.Replace("$LR")}, a.doc["schemas"])
	return a
}

// at returns what stands at a path of member names; macros are replaced, numbers are
// indexes.
func (a *answer) at(path ...string) any {
	var v any = a.doc
	for _, name := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[macros.Replace(name)]
		case []any:
			i := -1
			_, _ = fmt.Sscan(name, &i)
			if i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// has asserts a value at a path.
func (a *answer) has(want any, path ...string) *answer {
	a.Helper()
	assert.EqualValues(a, want, a.at(path...), "at %v of %s", path, a.text)
	return a
}

// lacks asserts that the answer has none of these members.
func (a *answer) lacks(names ...string) *answer {
	a.Helper()
	for _, name := range names {
		assert.NotContains(a, a.doc, macros.Replace(name), a.text)
	}
	return a
}

// resources returns the resources of a list.
func (a *answer) resources() []map[string]any {
	var all []map[string]any
	list, _ := a.doc["Resources"].([]any)
	for _, v := range list {
		m, _ := v.(map[string]any)
		all = append(all, m)
	}
	return all
}

// each returns one member of each element of a list at a path.
func (a *answer) each(member string, path ...string) []string {
	var all []string
	list, _ := a.at(path...).([]any)
	for _, v := range list {
		m, _ := v.(map[string]any)
		text, _ := m[member].(string)
		all = append(all, text)
	}
	return all
}
