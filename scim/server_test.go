package scim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	patchURN      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	errorURN      = "urn:ietf:params:scim:api:messages:2.0:Error"
	listURN       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
)

// server is a running server with a client that a test talks to it by.
type server struct {
	t       *testing.T
	url     string // base URL
	token   string
	log     *bytes.Buffer
	mu      sync.Mutex
	entries []scim.Entry
	mux     *http.ServeMux
}

// serve mounts a handler.
func (s *server) serve(h http.Handler) { s.mux.Handle("/scim/v2/", h) }

// newServer starts a server on a fresh memstore; change may alter its Config.
func newServer(t *testing.T, change ...func(*scim.Config)) *server {
	t.Helper()
	s, c := prepare(t)
	for _, f := range change {
		f(&c)
	}
	h, err := scim.New(c)
	require.NoError(t, err)
	s.serve(h)
	return s
}

// prepare starts a server without a handler, and returns what one may be made of.
func prepare(t *testing.T) (*server, scim.Config) {
	t.Helper()
	s := &server{t: t, token: "secret", log: &bytes.Buffer{}}
	s.mux = http.NewServeMux()
	ts := httptest.NewServer(s.mux)
	t.Cleanup(ts.Close)
	s.url = ts.URL + "/scim/v2"
	store := memstore.New()
	c := scim.Config{
		BaseURL: s.url,
		Auth:    scim.StaticToken("secret", scim.Scope{Tenant: "t", Connection: "test"}),
		Users:   store,
		Groups:  store,
		Logger:  slog.New(slog.NewTextHandler(s.log, nil)),
		Record: func(e scim.Entry) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.entries = append(s.entries, e)
		},
	}
	return s, c
}

func strict(c *scim.Config) { c.Settings = scim.Fixed(scim.Settings{Dialect: scim.Strict()}) }

// reply is an answer with its body read.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	text   string
	doc    map[string]any
}

// do sends a request; headers come in pairs.
func (s *server) do(method, path, body string, headers ...string) *reply {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	r := &reply{t: s.t, status: resp.StatusCode, header: resp.Header, text: string(text)}
	if len(text) > 0 {
		require.NoError(s.t, json.Unmarshal(text, &r.doc), "%s %s: %s", method, path, text)
	}
	return r
}

func (s *server) get(path string, headers ...string) *reply {
	s.t.Helper()
	return s.do("GET", path, "", headers...)
}

// find lists by a filter.
func (s *server) find(endpoint, filter string) *reply {
	s.t.Helper()
	return s.get(endpoint + "?filter=" + url.QueryEscape(filter))
}

// create posts and returns the id.
func (s *server) create(endpoint, body string) string {
	s.t.Helper()
	r := s.do("POST", endpoint, body).is(http.StatusCreated)
	id, _ := r.doc["id"].(string)
	require.NotEmpty(s.t, id)
	return id
}

func (s *server) user(userName string) string {
	s.t.Helper()
	return s.create("/Users", `{"schemas":["`+userURN+`"],"userName":"`+userName+`"}`)
}

func (s *server) group(name string, members ...string) string {
	s.t.Helper()
	return s.create("/Groups", `{"schemas":["`+groupURN+`"],"displayName":"`+name+`","members":[`+memberList(members)+`]}`)
}

func memberList(ids []string) string {
	var list []string
	for _, id := range ids {
		list = append(list, `{"value":"`+id+`"}`)
	}
	return strings.Join(list, ",")
}

// patch sends operations.
func (s *server) patch(path, ops string, headers ...string) *reply {
	s.t.Helper()
	return s.do("PATCH", path, `{"schemas":["`+patchURN+`"],"Operations":[`+ops+`]}`, headers...)
}

// members returns the ids of a group's members.
func (s *server) members(id string) []string {
	s.t.Helper()
	return s.get("/Groups/"+id).is(http.StatusOK).values("members", "value")
}

// is asserts the status.
func (r *reply) is(status ...int) *reply {
	r.t.Helper()
	require.Contains(r.t, status, r.status, r.text)
	return r
}

// fails asserts a SCIM error with this status and scimType.
func (r *reply) fails(status int, scimType string) *reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, r.text)
	assert.Equal(r.t, []any{errorURN}, r.doc["schemas"], r.text)
	assert.Equal(r.t, "application/scim+json", r.header.Get("Content-Type"))
	if scimType == "" {
		assert.NotContains(r.t, r.doc, "scimType")
	} else {
		assert.Equal(r.t, scimType, r.doc["scimType"], r.text)
	}
	assert.NotEmpty(r.t, r.doc["detail"])
	return r
}

// at returns what stands at a path of names, "" for itself.
func (r *reply) at(names ...string) any {
	var v any = r.doc
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// values returns one member of each element of a list.
func (r *reply) values(list, member string) []string {
	var all []string
	elements, _ := r.doc[list].([]any)
	for _, e := range elements {
		m, _ := e.(map[string]any)
		text, _ := m[member].(string)
		all = append(all, text)
	}
	return all
}

// total asserts totalResults.
func (r *reply) total(n int) *reply {
	r.t.Helper()
	require.Equal(r.t, http.StatusOK, r.status, r.text)
	require.EqualValues(r.t, n, r.doc["totalResults"], r.text)
	return r
}
