package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// site is how an application serves the handler, where a test needs more than another
// configuration.
type site struct {
	path   string                          // where it is mounted; basePath if empty
	wrap   func(http.Handler) http.Handler // what stands before the handler
	tls    *tls.Config                     // serves https if not nil
	change func(*scim.Config)
}

// open starts it. Requests of the suite go below the mount point; the server's URL is
// the root.
func (s site) open(t *testing.T) (*suite, *httptest.Server) {
	t.Helper()
	if s.path == "" {
		s.path = basePath
	}
	ts := httptest.NewUnstartedServer(nil)
	root := "http://" + ts.Listener.Addr().String()
	if s.tls != nil {
		root = "https://" + ts.Listener.Addr().String()
	}
	c := &suite{T: t, token: strictConnection, log: &bytes.Buffer{}, url: root + s.path}
	c.data, c.holds = open(t, userType, groupType)
	o := options{
		data: c.data, baseURL: c.url, token: tolerantConnection, strictToken: strictConnection, me: "bjensen",
		log: slog.New(slog.NewTextHandler(c.log, nil)), change: s.change,
	}
	h, err := o.handler()
	require.NoError(t, err)
	ts.Config.Handler = h
	if s.wrap != nil {
		ts.Config.Handler = s.wrap(h)
	}
	ts.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // failed handshakes
	if s.tls == nil {
		ts.Start()
	} else {
		ts.TLS = s.tls
		ts.StartTLS()
	}
	c.transport = ts.Client().Transport
	t.Cleanup(ts.Close)
	return c, ts
}

// below returns the suite with another base URL, for the same data.
func (c *suite) below(url string) *suite {
	other := *c
	other.url = url
	return &other
}

// by sends a GET with a client of the test's own.
func (c *suite) by(client *http.Client, path string) *answer {
	c.Helper()
	req, err := http.NewRequest("GET", c.url+path, nil)
	require.NoError(c, err)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := client.Do(req)
	require.NoError(c, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(c, err)
	a := &answer{T: c.T, status: resp.StatusCode, header: resp.Header, text: string(text)}
	require.NoError(c, json.Unmarshal(text, &a.doc), "%s", text)
	return a
}

// ownUsers is a user store with rules of the application's own; a nil hook has none.
type ownUsers struct {
	scim.UserStore
	create    func(ctx context.Context, w *scim.Write) error
	update    func(ctx context.Context, id string, w *scim.Write) error
	list      func(q *scim.Query) error
	read      func(r *schema.Resource) (*schema.Resource, error)
	passwords bool
}

func (s ownUsers) KeepsPasswords() bool { return s.passwords }

func (s ownUsers) CreateUser(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	if s.create != nil {
		if err := s.create(ctx, &w); err != nil {
			return nil, err
		}
	}
	return s.seen(s.UserStore.CreateUser(ctx, t, w))
}

func (s ownUsers) UpdateUser(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	if s.update != nil {
		if err := s.update(ctx, id, &w); err != nil {
			return nil, err
		}
	}
	return s.seen(s.UserStore.UpdateUser(ctx, t, id, w))
}

func (s ownUsers) GetUser(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return s.seen(s.UserStore.GetUser(ctx, t, id))
}

func (s ownUsers) ListUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	if s.list != nil {
		if err := s.list(&q); err != nil {
			return scim.Page{}, err
		}
	}
	return s.UserStore.ListUsers(ctx, t, q)
}

func (s ownUsers) seen(r *schema.Resource, err error) (*schema.Resource, error) {
	if err != nil || s.read == nil {
		return r, err
	}
	return s.read(r)
}

// withUsers returns a suite on a server whose user store has these rules.
func (c *suite) withUsers(own ownUsers) *suite {
	c.Helper()
	return c.with(func(config *scim.Config) {
		own.UserStore = config.Users
		config.Users = own
	})
}

// defaulting returns a suite on a server that gives new users what they say nothing of.
func (c *suite) defaulting(values map[string]any) *suite {
	c.Helper()
	return c.with(func(config *scim.Config) {
		config.Settings = scim.Fixed(scim.Settings{Dialect: scim.Strict(), Defaults: values})
	})
}

// setting changes a value that is about to be stored.
func setting(w *scim.Write, path string, value any) error {
	r, err := w.New.Edit().Set(path, value).Build()
	if err == nil {
		w.New = r
		w.Changed = append(w.Changed, path)
	}
	return err
}

// matching asserts that a filter finds so many resources.
func (c *suite) matching(n int, path, filter string) *answer {
	c.Helper()
	return c.get(path + "?filter=" + filter).total(n)
}

// patched sends operations that must succeed and returns what is stored then.
func (c *suite) patched(path, ops string) *answer {
	c.Helper()
	c.patch(path, ops).is(200, 204)
	return c.get(path).is(200)
}

// keeps asserts that f leaves a resource as it is, version and time included.
func (c *suite) keeps(path string, f func()) {
	c.Helper()
	before := c.get(path).is(200)
	f()
	after := c.get(path).is(200)
	assert.Equal(c, before.text, after.text)
	assert.Equal(c, before.header.Get("ETag"), after.header.Get("ETag"))
}

// names returns the userName of each resource of a list.
func (a *answer) names() []string { return a.each("userName", "Resources") }

// shows asserts that a resource has exactly these members beside id and schemas.
func shows(c *suite, r map[string]any, names ...string) {
	c.Helper()
	want := []string{"id", "schemas"}
	for _, name := range names {
		want = append(want, macros.Replace(name))
	}
	var have []string
	for name := range r {
		have = append(have, name)
	}
	assert.ElementsMatch(c, want, have)
}

// newAt returns New's error for a base URL.
func newAt(baseURL string) error {
	o := options{data: inMemory(userType, groupType), baseURL: baseURL, token: tolerantConnection, strictToken: strictConnection}
	_, err := o.handler()
	return err
}

// redirectMe answers /Me before the handler: with the user's location.
func redirectMe(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(basePath+"/", h)
	mux.HandleFunc(basePath+"/Me", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://"+r.Host+basePath+"/Users/"+r.URL.Query().Get("user"))
		w.WriteHeader(http.StatusPermanentRedirect)
		_, _ = w.Write([]byte("{}"))
	})
	return mux
}

// noFollowing lets a client see a redirect.
func noFollowing(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
