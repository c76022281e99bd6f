package scim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

func TestAuthentication(t *testing.T) {
	s := newServer(t)
	s.token = ""
	for _, path := range []string{"/Users", "/Users/unknown", "/Nope"} { // P-2-11
		r := s.get(path).fails(401, "")
		assert.Equal(t, `Bearer realm="SCIM"`, r.header.Get("WWW-Authenticate")) // P-2-01
		assert.Equal(t, "401", r.doc["status"])
	}
	s.do("POST", "/Users", `{bad json`).fails(401, "")
	s.get("/Users?access_token=secret").fails(401, "") // P-7.4-02
	s.token = "wrong"
	r := s.get("/Users").fails(401, "")
	assert.Contains(t, r.header.Get("WWW-Authenticate"), `error="invalid_token"`) // P-2-02
	s.get("/ServiceProviderConfig").fails(401, "")
	assert.NotContains(t, s.log.String(), "wrong")
}

// TestChallenges has what is told of schemes, and of why not (RFC 6750, section 3.1).
func TestChallenges(t *testing.T) {
	outcome := scim.ErrUnauthorized
	own := schemer{func(*http.Request) (scim.Scope, error) { return scim.Scope{}, outcome }, []scim.AuthScheme{
		{Type: "oauth2", Name: "OAuth", Description: "x", SpecURI: "https://a.example", DocumentationURI: "https://b.example", Challenge: "Bearer"},
		{Type: "httpbasic", Name: "Basic", Description: "x", Challenge: "Basic"},
	}}
	auth := scim.AnyOf(scim.StaticToken("secret", scim.Scope{}), own)
	s := newServer(t, func(c *scim.Config) { c.Auth = auth })
	challenges := func(header string, status int) []string {
		return s.do("GET", "/Users", "", "Authorization", header).fails(status, "").header.Values("WWW-Authenticate")
	}
	s.token = ""
	assert.Equal(t, []string{`Bearer realm="SCIM"`, `Basic realm="SCIM"`}, challenges("Basic eDp5", 401))
	assert.Equal(t, []string{`Bearer realm="SCIM", error="invalid_token"`, `Basic realm="SCIM"`}, challenges("Bearer x", 401))
	outcome = scim.ErrInsufficientScope
	assert.Equal(t, []string{`Bearer realm="SCIM", error="insufficient_scope"`}, challenges("Bearer x", 403))
	assert.Empty(t, challenges("Basic eDp5", 403))
	outcome = scim.Forbidden("No.")
	assert.Empty(t, challenges("Bearer x", 403))

	schemes, _ := s.get("/ServiceProviderConfig").is(200).doc["authenticationSchemes"].([]any)
	require.Len(t, schemes, 3)
	assert.Equal(t, "https://www.rfc-editor.org/info/rfc6750", schemes[0].(map[string]any)["specUri"])
	assert.Equal(t, map[string]any{
		"type": "oauth2", "name": "OAuth", "description": "x", "specUri": "https://a.example", "documentationUri": "https://b.example",
	}, schemes[1])
	assert.NotContains(t, schemes[2], "specUri")
}

// TestAnyOfTellsWhy holds that the application learns all reasons.
func TestAnyOfTellsWhy(t *testing.T) {
	refuses := func(why string) scim.Authenticator {
		return scim.AuthenticatorFunc(func(*http.Request) (scim.Scope, error) {
			return scim.Scope{}, fmt.Errorf("%w: %s", scim.ErrUnauthorized, why)
		})
	}
	r := httptest.NewRequest("GET", "/", nil)
	_, err := scim.AnyOf(refuses("expired"), refuses("no cookie")).Authenticate(r)
	require.ErrorIs(t, err, scim.ErrUnauthorized)
	require.ErrorContains(t, err, "expired")
	require.ErrorContains(t, err, "no cookie")
	_, err = scim.AnyOf().Authenticate(r)
	require.Equal(t, scim.ErrUnauthorized, err)
}

// schemer is an authenticator of the application's own.
type schemer struct {
	scim.AuthenticatorFunc
	schemes []scim.AuthScheme
}

func (s schemer) Schemes() []scim.AuthScheme { return s.schemes }

func TestPublicDiscovery(t *testing.T) { // S-5-04, AM-50
	paths := []string{"/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/Schemas/" + userURN}
	open, private := newServer(t), newServer(t, func(c *scim.Config) { c.PrivateDiscovery = true })
	open.token, private.token = "", ""
	for _, path := range paths {
		open.get(path).is(200)
		private.get(path).fails(401, "")
	}
}

func TestReadOnlyCredential(t *testing.T) { // P-2-03, P-2-10
	store := memstore.New()
	use := func(c *scim.Config) {
		c.Users, c.Groups = store, store
		c.Auth = scim.AnyOf(scim.StaticToken("secret", scim.Scope{Tenant: "t"}), scim.StaticToken("reader", scim.Scope{Tenant: "t", ReadOnly: true}))
	}
	s := newServer(t, use)
	id := s.user("bjensen")
	s.token = "reader"
	s.get("/Users/" + id).is(200)
	s.do("POST", "/Users", `{"userName":"x"}`).fails(403, "")
	s.patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`).fails(403, "")
	s.do("DELETE", "/Users/"+id, "").fails(403, "")
	s.token = "neither"
	s.get("/Users").fails(401, "")
}

func TestTenants(t *testing.T) { // P-6.1-01, P-6.1-04, P-6.2-01
	s := newServer(t, func(c *scim.Config) {
		c.Auth = scim.AnyOf(scim.StaticToken("a", scim.Scope{Tenant: "A"}), scim.StaticToken("b", scim.Scope{Tenant: "B"}))
	})
	s.token = "a"
	inA := s.create("/Users", `{"userName":"x","externalId":"e"}`)
	g := s.group("G")
	s.token = "b"
	inB := s.create("/Users", `{"userName":"x","externalId":"e"}`)
	s.get("/Users").total(1)
	s.get("/Users/"+inA).fails(404, "")
	s.do("PUT", "/Users/"+inA, `{"userName":"y"}`).fails(404, "")
	s.patch("/Users/"+inA, `{"op":"add","path":"title","value":"x"}`).fails(404, "")
	s.do("DELETE", "/Users/"+inA, "").fails(404, "")
	s.patch("/Groups/"+g, `{"op":"add","path":"members","value":[{"value":"`+inB+`"}]}`).fails(404, "")
	s.token = "a"
	s.patch("/Groups/"+g, `{"op":"add","path":"members","value":[{"value":"`+inB+`"}]}`).is(204)
	assert.Empty(t, s.members(g))
	assert.Equal(t, []string{inA}, s.find("/Users", `externalId eq "e"`).total(1).values("Resources", "id"))
}

func TestMethods(t *testing.T) { // P-3.2-05
	s := newServer(t)
	id := s.user("bjensen")
	for _, c := range []struct{ method, path, allow string }{
		{"DELETE", "/Users", "GET, HEAD, OPTIONS, POST"},
		{"PUT", "/Users", "GET, HEAD, OPTIONS, POST"},
		{"POST", "/Users/" + id, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"}, // P-3.3-12
		{"POST", "/ServiceProviderConfig", "GET, HEAD, OPTIONS"},
		{"DELETE", "/Schemas/" + userURN, "GET, HEAD, OPTIONS"}, // S-7-24
		{"BREW", "/Users", "GET, HEAD, OPTIONS, POST"},
	} {
		r := s.do(c.method, c.path, "").fails(405, "")
		assert.Equal(t, c.allow, r.header.Get("Allow"))
	}
	assert.Equal(t, "GET, HEAD, OPTIONS, POST", s.do("OPTIONS", "/Users", "").is(204).header.Get("Allow"))

	get, head := s.get("/Users/"+id), s.do("HEAD", "/Users/"+id, "").is(200) // P-3.2-07
	assert.Empty(t, head.text)
	for _, name := range []string{"ETag", "Location", "Content-Type", "Content-Length"} {
		assert.Equal(t, get.header.Get(name), head.header.Get(name), name)
	}
}

func TestPaths(t *testing.T) {
	s := newServer(t)
	id := s.user("bjensen")
	for _, path := range []string{"/Users/", "/Users/" + id + "/", "/Users?", "/users/" + id, "/Users/" + id + "?&"} {
		s.get(path).is(200)
	}
	for _, path := range []string{"/Nope", "/Nope/1", "/Users/" + id + "/x", "/Users/%zz/1", "/Users/" + strings.ToUpper(id)} { // S-3.1-09
		r := s.do("GET", strings.ReplaceAll(path, "%zz", "%2F"), "").fails(404, "")
		assert.Equal(t, "404", r.doc["status"])
	}
	s.get("/Me").fails(501, "")
	s.do("POST", "/Bulk", `{}`).fails(501, "")
}

func TestContentTypes(t *testing.T) {
	s := newServer(t)
	for i, contentType := range []string{"application/scim+json", "application/scim+json; charset=utf-8", "application/json", "Application/JSON;charset=UTF-8", ""} {
		s.do("POST", "/Users", `{"userName":"`+strings.Repeat("u", i+1)+`"}`, "Content-Type", contentType).is(201)
	}
	for _, contentType := range []string{"application/xml", "application/scim+json; charset=utf-16", "text/plain", "nonsense"} { // P-3.8-03
		s.do("POST", "/Users", `{"userName":"x"}`, "Content-Type", contentType).fails(415, "")
	}
	assert.Equal(t, "application/scim+json", s.get("/Users").header.Get("Content-Type"))
	assert.Equal(t, "application/scim+json", s.get("/Users", "Accept", "application/json, application/scim+json").header.Get("Content-Type"))
	assert.Equal(t, "application/scim+json", s.get("/Users", "Accept", "*/*").header.Get("Content-Type"))
	assert.Equal(t, "application/json", s.get("/Users", "Accept", "application/json").header.Get("Content-Type"))
}

func TestBodyLimit(t *testing.T) {
	s := newServer(t, func(c *scim.Config) { c.MaxBody = 100 })
	s.user("short")
	r := s.do("POST", "/Users", `{"userName":"`+strings.Repeat("x", 100)+`"}`).fails(413, "")
	assert.Contains(t, r.doc["detail"], "100")
	s.get("/Users").total(1)
}

func TestInternals(t *testing.T) { // P-3.12-13: nothing of a store's error gets out, and the process lives on
	for name, store := range map[string]broken{
		"error": {err: errors.New("pq: relation secret-detail does not exist")},
		"panic": {panic: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, func(c *scim.Config) {
				store.UserStore = c.Users
				c.Users = store
			})
			r := s.get("/Users/x", "X-Request-Id", "req-7").fails(500, "")
			assert.NotContains(t, r.text, "secret-detail")
			assert.Contains(t, r.doc["detail"], "req-7")
			assert.Equal(t, "req-7", r.header.Get("X-Request-Id"))
			assert.Contains(t, s.log.String(), "secret-detail")
			assert.Contains(t, s.log.String(), "req-7")
			s.get("/Users").total(0)
		})
	}
}

func TestStoreErrors(t *testing.T) {
	for _, c := range []struct {
		err      error
		status   int
		scimType string
	}{
		{scim.ErrNotFound, 404, ""},
		{scim.ErrVersionMismatch, 412, ""},
		{scim.Taken("userName"), 409, "uniqueness"},
		{scim.Invalid("userType", "must be one of %s.", "a, b"), 400, "invalidValue"},
		{scim.Unsupported("userName eq"), 400, "invalidFilter"},
		{scim.ErrTooBroad, 400, "tooMany"},
		{scim.Forbidden("No."), 403, ""},
		{scim.ErrNotImplemented, 501, ""},
		{scim.UnknownMember("x"), 400, "invalidValue"},
		{&scim.Error{Status: 429, Detail: "Slow down."}, 429, ""},
	} {
		s := newServer(t, func(config *scim.Config) { config.Users = broken{UserStore: config.Users, err: c.err} })
		s.get("/Users/x").fails(c.status, c.scimType)
	}
}

func TestSettingsUnavailable(t *testing.T) {
	s := newServer(t, func(c *scim.Config) {
		c.Settings = func(context.Context, scim.Scope) (*scim.Settings, error) { return nil, errors.New("db-down") }
	})
	r := s.get("/Users").fails(503, "")
	assert.NotContains(t, r.text, "db-down")
	assert.NotEmpty(t, r.header.Get("Retry-After"))
}

func TestMounting(t *testing.T) {
	store := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: "https://app.example.com/v1.0/scim/v2/",
		Auth:    scim.StaticToken("secret", scim.Scope{}),
		Users:   store, Groups: store,
	})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/v1.0/scim/v2/", h)                            // as it comes
	mux.Handle("/internal/", http.StripPrefix("/internal", h)) // stripped by a proxy
	for _, path := range []string{"/v1.0/scim/v2/Users", "/internal/Users"} {
		req := httptest.NewRequest("POST", path, strings.NewReader(`{"userName":"`+path+`"}`))
		req.Host = "evil.example"
		req.Header.Set("Authorization", "Bearer secret")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		require.Equal(t, 201, w.Code, w.Body)
		assert.True(t, strings.HasPrefix(w.Header().Get("Location"), "https://app.example.com/v1.0/scim/v2/Users/"), w.Header())
		assert.NotContains(t, w.Body.String(), "evil")
	}
}

func TestNewErrors(t *testing.T) {
	_, err := scim.New(scim.Config{BaseURL: "/scim", Groups: memstore.New()})
	require.Error(t, err)
	for _, part := range []string{"BaseURL", "Auth", "Users"} {
		assert.ErrorContains(t, err, part)
	}
	for _, base := range []string{"https://x/scim?v=1", "https://u:p@x/scim", "ftp://x", "https://"} { // P-1.3-01, P-7.1-01
		_, err := scim.New(scim.Config{BaseURL: base, Auth: scim.StaticToken("t", scim.Scope{}), Users: memstore.New()})
		assert.ErrorContains(t, err, "BaseURL", base)
	}
	thing := schema.MustCompile(schema.TypeConfig{Name: "Thing", Endpoint: "/Users", Schema: schema.Schema{ID: "urn:t", Attributes: []schema.Attribute{{Name: "a"}}}})
	_, err = scim.New(scim.Config{BaseURL: "https://x", Auth: scim.StaticToken("t", scim.Scope{}), Users: memstore.New(),
		Resources: []scim.Resource{{Type: thing, Store: memstore.NewResources()}, {}}})
	assert.ErrorContains(t, err, "/Users") // S-6-06
	assert.ErrorContains(t, err, "lacks")
}

func TestOwnResourceType(t *testing.T) { // S-3.2-01
	thing := schema.MustCompile(schema.TypeConfig{Name: "Thing", Schema: schema.Schema{ID: "urn:example:Thing", Name: "Thing", Attributes: []schema.Attribute{
		{Name: "name", Required: true}, {Name: "req", Returned: schema.OnRequest}, {Name: "imm", Mutability: schema.Immutable}, {Name: "uniq", Uniqueness: schema.Server},
	}}})
	s := newServer(t, func(c *scim.Config) { c.Resources = []scim.Resource{{Type: thing, Store: memstore.NewResources()}} })
	r := s.do("POST", "/Things", `{"name":"t","req":"x","imm":"a","uniq":"u"}`).is(201)
	assert.Equal(t, "x", r.at("req")) // S-7-18
	id := r.at("id").(string)
	assert.NotContains(t, s.get("/Things/"+id).doc, "req")
	assert.Equal(t, "x", s.get("/Things/"+id+"?attributes=req").at("req"))
	assert.Equal(t, "y", s.patch("/Things/"+id, `{"op":"replace","path":"req","value":"y"}`).is(200).at("req"))
	s.patch("/Things/"+id, `{"op":"replace","path":"imm","value":"b"}`).fails(400, "mutability")
	s.do("PUT", "/Things/"+id, `{"name":"t","imm":"b"}`).fails(400, "mutability") // P-3.5.1-05
	assert.Equal(t, "a", s.do("PUT", "/Things/"+id, `{"name":"t","imm":"a"}`).is(200).at("imm"))
	s.do("PUT", "/Things/"+id, `{"name":"t","uniq":"u"}`).is(200)
	s.do("POST", "/Things", `{"name":"t","uniq":"U"}`).fails(409, "uniqueness") // S-7-20
	s.find("/Things", `name eq "T"`).total(1)
	s.get("/ResourceTypes/Thing").is(200)
	s.get("/Schemas/urn:example:Thing").is(200)
	s.do("DELETE", "/Things/"+id, "").is(204)
}

func TestEntries(t *testing.T) {
	s := newServer(t)
	id := s.user("bjensen")
	s.patch("/Users/"+id+"?x=y", `{"op":"Replace","path":"active","value":"False"}`)
	s.get("/Users/nobody")
	require.Len(t, s.entries, 3)
	e := s.entries[1]
	assert.Equal(t, []any{"PATCH", "/Users/" + id, 200, "User", id, "test"}, []any{e.Method, e.Path, e.Status, e.Resource, e.ResourceID, e.Scope.Connection})
	assert.Equal(t, []string{"active"}, e.Changed)
	assert.Contains(t, e.Notes, schema.Note{Path: "active", Rule: "string taken as boolean"})
	assert.NotEmpty(t, s.entries[2].Detail)
}

// asked is a store that tells which ids it was asked for.
type asked struct {
	scim.UserStore
	ids *[]string
}

func (s asked) GetUser(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	*s.ids = append(*s.ids, id)
	return s.UserStore.GetUser(ctx, t, id)
}

// TestEscapedIDs: an escaped slash belongs to the id, and ends no segment.
func TestEscapedIDs(t *testing.T) {
	var ids []string
	s := newServer(t, func(c *scim.Config) { c.Users = asked{c.Users, &ids} })
	for _, path := range []string{"/Users/a%2Fb", "/Users/a%20b", "/Users/%61", "/Users/a-b_c.d"} {
		s.do("GET", path, "").is(404)
	}
	assert.Equal(t, []string{"a/b", "a b", "a", "a-b_c.d"}, ids)
	s.do("GET", "/Users%2Fa", "").is(404)
	assert.Len(t, ids, 4, "there is no such endpoint")
}
