package scim_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// logged is a server that keeps a log, on a clock that moves by a second with each
// request.
type logged struct {
	*server
	*clock
	log   *scim.Log
	state *memstore.Store
}

func newLogged(t *testing.T, change ...func(*scim.Config)) *logged {
	l := &logged{clock: newClock()}
	l.server = newServer(t, append([]func(*scim.Config){func(c *scim.Config) {
		l.state = c.Users.(*memstore.Store)
		c.State, c.Now = l.state, l.now
		c.Settings = scim.Fixed(scim.Settings{KeepLog: time.Hour})
		auth := c.Auth
		c.Auth = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
			l.move(time.Second)
			return auth.Authenticate(r)
		})
	}}, change...)...)
	l.log = scim.NewLog(l.state)
	return l
}

// list returns all entries of the tenant that q asks for.
func (l *logged) list(q scim.LogQuery) []scim.Entry {
	l.t.Helper()
	page, err := l.log.List(context.Background(), "t", q)
	require.NoError(l.t, err)
	return page.Entries
}

// last returns the newest entry.
func (l *logged) last() scim.Entry {
	l.t.Helper()
	all := l.list(scim.LogQuery{Limit: 1})
	require.NotEmpty(l.t, all)
	return all[0]
}

func TestLogTellsOfRequests(t *testing.T) {
	l := newLogged(t)
	id := l.create("/Users", `{"userName":"bjensen","title":"Guide","password":"s3cret","shoeSize":44}`)
	assert.Empty(t, cmp.Diff(scim.Entry{
		At: l.now().Add(-time.Second), Duration: time.Second, Scope: scim.Scope{Tenant: "t", Connection: "test"},
		Method: "POST", Path: "/Users", Status: 201, Resource: "User", ResourceID: id,
		Changed: []string{"userName", "title"},
		Notes:   []schema.Note{{Path: "shoeSize", Rule: "unknown attribute ignored"}},
	}, l.last(), ignoreID))
	assert.Equal(t, []scim.Change{{Path: "userName", After: `"bjensen"`}, {Path: "title", After: `"Guide"`}, {Path: "password", After: `"[redacted]"`}}, l.last().Changes())
	assert.Empty(t, l.last().WithoutChanges().Changes())

	l.patch("/Users/"+id, `{"op":"Replace","path":"title","value":"Boss"},{"op":"add","path":"active","value":"False"}`).is(200)
	e := l.last()
	assert.Equal(t, "/Users/"+id, e.Path)
	assert.Equal(t, []scim.Change{{Path: "title", Before: `"Guide"`, After: `"Boss"`}, {Path: "active", After: "false"}}, e.Changes())

	l.do("PUT", "/Users/"+id, `{"userName":"bjensen","emails":[{"value":"b@example.com"}]}`).is(200)
	assert.Equal(t, []scim.Change{{Path: "title", Before: `"Boss"`}, {Path: "emails", After: `[{"value":"b@example.com"}]`}}, l.last().Changes())

	l.do("PUT", "/Users/"+id, `{"userName":"bjensen","emails":[{"value":"b@example.com"}]}`).is(200)
	assert.Empty(t, l.last().Changes(), "nothing changed")

	g := l.group("Guides", id)
	assert.Equal(t, []scim.Change{{Path: "displayName", After: `"Guides"`}, {Path: "members", Added: []string{id}}}, l.last().Changes())
	l.patch("/Groups/"+g, `{"op":"remove","path":"members[value eq \"`+id+`\"]"}`).is(204)
	assert.Equal(t, []scim.Change{{Path: "members", Removed: []string{id}}}, l.last().Changes())

	l.do("DELETE", "/Users/"+id, "").is(204)
	e = l.last()
	assert.Equal(t, []any{"DELETE", "User", id, 204}, []any{e.Method, e.Resource, e.ResourceID, e.Status})
}

var ignoreID = cmp.Options{cmpopts.IgnoreFields(scim.Entry{}, "ID"), cmpopts.IgnoreUnexported(scim.Entry{})}

func TestLogTellsOfRefusals(t *testing.T) {
	l := newLogged(t, func(c *scim.Config) {
		c.Auth = scim.AnyOf(c.Auth, scim.StaticToken("reader", scim.Scope{Tenant: "t", Connection: "reader", ReadOnly: true}))
	})
	l.user("bjensen")
	for _, c := range []struct {
		method, path, body string
		status             int
		resource, detail   string
	}{
		{"POST", "/Users", `{"userName":"BJensen"}`, 409, "User", "userName is in use"},
		{"POST", "/Users", `{"userName":`, 400, "User", "JSON"},
		{"GET", "/Users/nobody", "", 404, "User", "no such resource"},
		{"GET", "/Nothing", "", 404, "", "no such endpoint"},
		{"BREW", "/Users", "", 405, "", "BREW"},
		{"GET", "/Users?filter=nonsense", "", 400, "User", ""},
	} {
		l.do(c.method, c.path, c.body).is(c.status)
		e := l.last()
		path, _, _ := strings.Cut(c.path, "?")
		assert.Equal(t, []any{c.method, path, c.status, c.resource}, []any{e.Method, e.Path, e.Status, e.Resource})
		assert.Contains(t, e.Detail, c.detail)
		assert.Empty(t, e.Changes())
	}
	l.token = "reader"
	l.do("DELETE", "/Users/x", "").is(403)
	assert.Equal(t, "reader", l.last().Scope.Connection)

	before := len(l.list(scim.LogQuery{}))
	l.token = "wrong"
	l.get("/Users").is(401)
	l.token = ""
	l.get("/ServiceProviderConfig").is(200)
	assert.Len(t, l.list(scim.LogQuery{}), before, "a stranger has no tenant, and must not fill anybody's log")
}

func TestLogTellsOfDecisions(t *testing.T) {
	l := newLogged(t, func(c *scim.Config) {
		c.Settings = scim.Fixed(scim.Settings{KeepLog: time.Hour, NoGroupCreate: true})
	})
	l.do("POST", "/Groups", `{"displayName":"G"}`).is(403)
	e := l.last()
	assert.Equal(t, []scim.Decision{{Policy: "groups", Outcome: "refused", Reason: e.Detail}}, e.Decisions)
	assert.Contains(t, l.server.log.String(), `level=INFO msg="SCIM groups: refused" reason="This connection may not create groups`)
}

func TestLogOfBulk(t *testing.T) {
	l := newLogged(t, func(c *scim.Config) { c.MaxBulkOperations = 10 })
	l.do("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}},
		{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"G","members":[{"value":"bulkId:a"}]}},
		{"method":"DELETE","path":"/Users/nobody"},
		{"method":"DELETE","path":"/Users?filter=x"}]}`).is(200)
	lines := []string{}
	for _, e := range l.list(scim.LogQuery{}) {
		lines = append(lines, strings.TrimSpace(e.Method+" "+e.Path+" "+http.StatusText(e.Status)))
	}
	assert.ElementsMatch(t, []string{"POST /Bulk OK", "POST /Users Created", "POST /Groups Created", "DELETE /Users/nobody Not Found", "DELETE /Users Bad Request"}, lines)
}

func TestLogQueries(t *testing.T) {
	l := newLogged(t, func(c *scim.Config) {
		c.Auth = scim.AnyOf(c.Auth, scim.StaticToken("other", scim.Scope{Tenant: "t", Connection: "other"}), scim.StaticToken("elsewhere", scim.Scope{Tenant: "u"}))
	})
	a, b := l.user("a"), l.user("b")
	g := l.group("G", a)
	l.token = "other"
	l.patch("/Groups/"+g, `{"op":"add","path":"members","value":[{"value":"`+b+`"}]}`).is(204)
	l.get("/Users/x").is(404)
	l.get("/Users/" + b).is(200)
	l.token = "elsewhere"
	l.user("c")

	lines := func(q scim.LogQuery) []string {
		t.Helper()
		all := []string{}
		for _, e := range l.list(q) {
			all = append(all, e.Method+" "+strings.NewReplacer(a, "a", b, "b", g, "g").Replace(e.Path))
		}
		return all
	}
	all := []string{"GET /Users/b", "GET /Users/x", "PATCH /Groups/g", "POST /Groups", "POST /Users", "POST /Users"}
	assert.Equal(t, all, lines(scim.LogQuery{}))
	assert.Equal(t, []string{"POST /Groups", "POST /Users"}, lines(scim.LogQuery{ResourceID: a}), "groups that a was put into, too")
	assert.Equal(t, []string{"GET /Users/b", "PATCH /Groups/g", "POST /Users"}, lines(scim.LogQuery{ResourceID: b}))
	assert.Equal(t, []string{"GET /Users/b", "GET /Users/x", "PATCH /Groups/g"}, lines(scim.LogQuery{Connection: "other"}))
	assert.Equal(t, []string{"GET /Users/x"}, lines(scim.LogQuery{Failed: true}))
	assert.Empty(t, lines(scim.LogQuery{Failed: true, Connection: "test"}))
	assert.Equal(t, []string{"POST /Users"}, lines(scim.LogQuery{ResourceID: b, Connection: "test"}))

	from, to := l.list(scim.LogQuery{})[4].At, l.list(scim.LogQuery{})[1].At
	assert.Equal(t, all[2:5], lines(scim.LogQuery{From: from, To: to}), "From is in, To is not")
	assert.Equal(t, all[1:], lines(scim.LogQuery{To: to.Add(1)}))
}

// TestLogPages holds pages to a model: all that match, newest first, each once, whatever
// the limit.
func TestLogPages(t *testing.T) {
	t.Run("memory", func(t *testing.T) { testLogPages(t, memstore.New(), 40) })
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		s, err := sqlstore.OpenState(t.Context(), db, sqlstore.Options{})
		require.NoError(t, err)
		testLogPages(t, s, 10)
	})
}

func testLogPages(t *testing.T, state scim.StateStore, most int) {
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		tenant := scim.Tenant(fmt.Sprint("t", n))
		c, log := newClock(), scim.NewLog(state)
		connections, ids := []string{"entra", "okta"}, []string{"1", "2", "3"}
		var all []scim.Entry
		for range rapid.IntRange(0, most).Draw(t, "entries") {
			c.move(time.Duration(rapid.IntRange(1, 3).Draw(t, "gap")))
			e := scim.Entry{
				At: c.now(), Scope: scim.Scope{Tenant: tenant, Connection: rapid.SampledFrom(connections).Draw(t, "connection")},
				ResourceID: rapid.SampledFrom(ids).Draw(t, "id"), Status: rapid.SampledFrom([]int{200, 404}).Draw(t, "status"),
			}
			require.NoError(t, log.Append(context.Background(), e, time.Hour))
			all = append(all, e)
		}
		slices.Reverse(all)
		q := scim.LogQuery{
			ResourceID: rapid.SampledFrom(append(ids, "")).Draw(t, "asked id"),
			Connection: rapid.SampledFrom(append(connections, "")).Draw(t, "asked connection"),
			Failed:     rapid.Bool().Draw(t, "failed"),
			Limit:      rapid.IntRange(1, 7).Draw(t, "limit"),
		}
		begin := newClock().now()
		if rapid.Bool().Draw(t, "bounded") {
			q.From = begin.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "from")))
			q.To = begin.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "to")))
		}
		want := slices.DeleteFunc(all, func(e scim.Entry) bool {
			return q.ResourceID != "" && e.ResourceID != q.ResourceID ||
				q.Connection != "" && e.Scope.Connection != q.Connection ||
				q.Failed && e.Status != 404 || e.At.Before(q.From) || !q.To.IsZero() && !e.At.Before(q.To)
		})
		var got []scim.Entry
		for {
			page, err := log.List(context.Background(), tenant, q)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Entries), q.Limit)
			got = append(got, page.Entries...)
			if page.Next == "" {
				break
			}
			require.NotEqual(t, q.After, page.Next)
			q.After = page.Next
		}
		require.Empty(t, cmp.Diff(want, got, ignoreID, cmpopts.EquateEmpty()))
	})
}

func TestLogRetention(t *testing.T) {
	l := newLogged(t)
	ctx := context.Background()
	for range 5 {
		l.get("/Users").is(200)
	}
	l.move(time.Hour - 3*time.Second)
	purged := func(limit int) (more bool, left int) {
		more, err := l.log.Purge(ctx, l.now(), limit)
		require.NoError(t, err)
		return more, len(l.list(scim.LogQuery{}))
	}
	more, left := purged(2)
	assert.Equal(t, []any{true, 3}, []any{more, left}, "bounded")
	more, left = purged(2)
	assert.Equal(t, []any{false, 2}, []any{more, left}, "the first three were an hour old")
	l.move(time.Hour)
	more, left = purged(100)
	assert.Equal(t, []any{false, 0}, []any{more, left})
}

func TestLogOff(t *testing.T) {
	for name, change := range map[string]func(*scim.Config){
		"no time":  func(c *scim.Config) { c.Settings = nil },
		"no state": func(c *scim.Config) { c.State = nil },
		"no settings to be had": func(c *scim.Config) {
			c.Settings = func(context.Context, scim.Scope) (*scim.Settings, error) { return nil, errors.New("down") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLogged(t, change)
			l.get("/Users").is(200, 503)
			l.get("/Nothing").is(404)
			assert.Empty(t, l.list(scim.LogQuery{}))
		})
	}
}

// failing is a state into which no log can be written.
type failing struct{ scim.StateStore }

func (f failing) PutState(ctx context.Context, t scim.Tenant, s ...scim.State) error {
	if s[0].Kind == "log" {
		return errors.New("disk full")
	}
	return f.StateStore.PutState(ctx, t, s...)
}

func TestLogFailureIsNoFailure(t *testing.T) {
	l := newLogged(t, func(c *scim.Config) { c.State = failing{c.State} })
	l.user("bjensen")
	assert.Contains(t, l.server.log.String(), "disk full")
}

func TestLogDetailOfChanges(t *testing.T) {
	key := map[string]any{"id": "k", "secret": "MARK", "hint": "h"}
	before := resource(t, userType, "1", "urn:example:ext:pin", "MARK1", "title", strings.Repeat("ä", scim.MaxChangeValue))
	after := resource(t, userType, "1", "urn:example:ext:pin", "MARK2", "title", strings.Repeat("x", scim.MaxChangeValue-2), "urn:example:ext:key", key)
	changes := scim.ChangesOf(before, after, after.Changed(before))
	got := map[string]scim.Change{}
	for _, c := range changes {
		got[c.Path] = c
	}
	require.Len(t, got, 3)
	assert.Equal(t, scim.Change{Path: "urn:example:ext:pin", Before: `"[redacted]"`, After: `"[redacted]"`}, got["urn:example:ext:pin"])
	assert.Equal(t, `{"id":"k","hint":"h"}`, got["urn:example:ext:key"].After)
	title := got["title"]
	assert.Equal(t, `"`+strings.Repeat("x", scim.MaxChangeValue-2)+`"`, title.After, "just short enough")
	assert.True(t, utf8.ValidString(title.Before))
	assert.True(t, strings.HasSuffix(title.Before, "ä…"))
	assert.LessOrEqual(t, len(title.Before), scim.MaxChangeValue+len("…"))
	assert.Nil(t, scim.ChangesOf(nil, nil, []string{"title"}))
}

func TestLogSpeaks(t *testing.T) {
	var out strings.Builder
	l := newLogged(t, func(c *scim.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	l.create("/Users", `{"userName":"bjensen","shoeSize":44}`)
	l.do("POST", "/Users", `{"userName":"bjensen"}`).is(409)
	for _, want := range []string{
		`level=DEBUG msg="SCIM request" method=POST path=/Users status=201`, "changed=[userName]",
		`note.path=shoeSize note.rule="unknown attribute ignored"`, "status=409", `detail="userName is in use`,
	} {
		assert.Contains(t, out.String(), want)
	}
}

func TestEntryJSON(t *testing.T) {
	e := scim.Entry{
		ID: "x", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Duration: 1234 * time.Microsecond,
		Scope:  scim.Scope{Tenant: "acme", Connection: "entra", Actor: "token 7"},
		Method: "PATCH", Path: "/Users/1", Status: 200, Resource: "User", ResourceID: "1", Changed: []string{"title"},
		Decisions: []scim.Decision{{Policy: "link", Outcome: "bound", Reason: "userName"}},
		Notes:     []schema.Note{{Path: "active", Rule: "string taken as boolean"}},
		Detail:    "d", RequestID: "r",
	}
	const text = `{"id":"x","at":"2026-03-01T12:00:00Z","durationMs":1.234,"tenant":"acme","connection":"entra","actor":"token 7",
		"method":"PATCH","path":"/Users/1","status":200,"resource":"User","resourceId":"1","changed":["title"],
		"changes":[{"path":"title","before":"\"a\"","after":"\"b\""}],"decisions":[{"policy":"link","outcome":"bound","reason":"userName"}],
		"notes":[{"path":"active","rule":"string taken as boolean"}],"detail":"d","requestId":"r"}`
	var got scim.Entry
	require.NoError(t, json.Unmarshal([]byte(text), &got))
	assert.Equal(t, []scim.Change{{Path: "title", Before: `"a"`, After: `"b"`}}, got.Changes())
	again, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, text, string(again))
	assert.Empty(t, cmp.Diff(e, got, cmpopts.IgnoreUnexported(scim.Entry{})))
	assert.Error(t, json.Unmarshal([]byte(`{"at":1}`), &got))
}

// TestLogWithPolicies holds that the log tells of what happened, not of what was asked.
func TestLogWithPolicies(t *testing.T) {
	l := newLogged(t, func(c *scim.Config) {
		c.Settings = scim.Fixed(scim.Settings{KeepLog: time.Hour, Linker: linksByName{c.Users}, OnDelete: scim.Suspend})
	})
	there, err := l.state.CreateUser(context.Background(), "t", scim.Write{New: resource(t, userType, "", "userName", "bjensen", "title", "Guide")})
	require.NoError(t, err)

	id := l.create("/Users", `{"userName":"bjensen","externalId":"e1","title":"Boss"}`)
	require.Equal(t, there.ID(), id)
	e := l.last()
	assert.ElementsMatch(t, []scim.Change{{Path: "externalId", After: `"e1"`}, {Path: "title", Before: `"Guide"`, After: `"Boss"`}}, e.Changes())
	require.Len(t, e.Decisions, 1)
	assert.Equal(t, "link", e.Decisions[0].Policy)

	l.do("DELETE", "/Users/"+id, "").is(204)
	e = l.last()
	assert.Contains(t, e.Changes(), scim.Change{Path: "userName", Before: `"bjensen"`})
	assert.Equal(t, "deprovision", e.Decisions[0].Policy)

	g := l.group("Guides")
	l.do("DELETE", "/Groups/"+g, "").is(204)
	assert.Equal(t, []scim.Change{{Path: "displayName", Before: `"Guides"`}}, l.last().Changes())
}

// linksByName links users of the same userName.
type linksByName struct{ users scim.UserStore }

func (l linksByName) FindUser(ctx context.Context, t scim.Tenant, incoming *schema.Resource) (*scim.LinkCandidate, error) {
	page, err := l.users.ListUsers(ctx, t, scim.Query{StartIndex: 1, Count: 10})
	for _, u := range page.Resources {
		if u.Get("userName").Key() == incoming.Get("userName").Key() {
			return &scim.LinkCandidate{ID: u.ID(), Reason: "userName"}, err
		}
	}
	return nil, err
}

func (linksByName) FindGroup(context.Context, scim.Tenant, *schema.Resource) (*scim.LinkCandidate, error) {
	return nil, nil
}

func TestWithRecord(t *testing.T) {
	var got []string
	store := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: "https://example.com/scim/v2", Auth: scim.StaticToken("secret", scim.Scope{}), Users: store, MaxBulkOperations: 10,
	})
	require.NoError(t, err)
	r := httptest.NewRequest("POST", "/scim/v2/Bulk", strings.NewReader(bulk(`{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}}`)))
	r.Header.Set("Authorization", "Bearer secret")
	r = r.WithContext(scim.WithRecord(r.Context(), func(e scim.Entry) {
		got = append(got, fmt.Sprint(e.Method, " ", e.Path, " ", e.Status, " ", e.Operation))
	}))
	h.ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, []string{"POST /Users 201 true", "POST /Bulk 200 false"}, got, "operations come first")
}

// TestLogOfOthers holds that the log tells of those too whom a request was not about, and
// of what no request asked for.
func TestLogOfOthers(t *testing.T) {
	a := newApplication(t, memstore.New())
	a.settings.KeepLog = time.Hour
	log := scim.NewLog(a.store)
	last := func(id string) scim.Entry {
		page, err := log.List(t.Context(), tenant, scim.LogQuery{ResourceID: id, Limit: 1})
		require.NoError(t, err)
		require.Len(t, page.Entries, 1)
		return page.Entries[0]
	}
	u := a.create("/Users", `{"userName":"bjensen","userType":"user"}`)
	assert.Equal(t, []scim.Decision{{Policy: "roles", Outcome: "set", Reason: "Contributor"}}, last(u).Decisions)

	a.later(time.Second)
	g := a.group("role.editor", u)
	e := last(u)
	assert.Equal(t, []any{"POST", "Group", g}, []any{e.Method, e.Resource, e.ResourceID})
	assert.Contains(t, e.Decisions, scim.Decision{Policy: "roles", Outcome: "set", Reason: "Contributor, editor", ResourceID: u})

	a.later(time.Second)
	err := a.handler.Admin().ChangeSettings(t.Context(), tenant, func(context.Context) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.settings.Roles = testRoles{table: map[string]string{"user": "Reader"}}
		return nil
	})
	require.NoError(t, err)
	a.work()
	e = last(u)
	assert.Equal(t, []any{"", "", 0, "User", u, "muster"}, []any{e.Method, e.Path, e.Status, e.Resource, e.ResourceID, e.Scope.Actor})
	assert.Equal(t, []scim.Decision{{Policy: "roles", Outcome: "set", Reason: "Reader, editor"}}, e.Decisions)
}
