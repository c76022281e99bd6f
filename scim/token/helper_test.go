package token_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/token"
)

// start is the last day of a month, which has no like in most others.
var start = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// each runs f on every kind of store.
func each(t *testing.T, f func(t *testing.T, s scim.StateStore)) {
	t.Run("memory", func(t *testing.T) { f(t, memstore.New()) })
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		s, err := sqlstore.OpenState(t.Context(), db, sqlstore.Options{})
		require.NoError(t, err)
		f(t, s)
	})
}

// instance is one of an application, of which there may be several on a store.
type instance struct {
	*token.Tokens
	t     *testing.T
	clock *clock
	log   *bytes.Buffer
}

func open(t *testing.T, s scim.StateStore, c *clock, change ...func(*token.Options)) *instance {
	t.Helper()
	log := &bytes.Buffer{}
	o := token.Options{Prefix: "acme", Now: c.Now, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, f := range change {
		f(&o)
	}
	tokens, err := token.New(s, o)
	require.NoError(t, err)
	return &instance{tokens, t, c, log}
}

// inMemory opens an instance on a store of its own.
func inMemory(t *testing.T, change ...func(*token.Options)) *instance {
	t.Helper()
	return open(t, memstore.New(), &clock{now: start}, change...)
}

// issue returns a new token of tenant t1 and its secret.
func (i *instance) issue(issue token.Issue) (token.Token, string) {
	i.t.Helper()
	tok, secret, err := i.Issue(i.t.Context(), "t1", issue)
	require.NoError(i.t, err)
	return tok, secret.Reveal()
}

// rotate returns the successor and its secret.
func (i *instance) rotate(id string, overlap time.Duration) (token.Token, string) {
	i.t.Helper()
	tok, secret, err := i.Rotate(i.t.Context(), "t1", id, token.Rotation{Overlap: overlap})
	require.NoError(i.t, err)
	return tok, secret.Reveal()
}

// accepts asks for the scope of a bearer token, which must be live.
func (i *instance) accepts(secret string) scim.Scope {
	i.t.Helper()
	scope, err := i.Authenticator().Authenticate(bearer(secret))
	require.NoError(i.t, err)
	return scope
}

// refuses holds that a bearer token is refused, for the reason that the application is
// told.
func (i *instance) refuses(secret, reason string) {
	i.t.Helper()
	_, err := i.Authenticator().Authenticate(bearer(secret))
	require.ErrorIs(i.t, err, scim.ErrUnauthorized)
	require.EqualError(i.t, err, "scim: unauthorized: "+reason)
}

func (i *instance) get(id string) token.Token {
	i.t.Helper()
	tok, err := i.Get(i.t.Context(), "t1", id)
	require.NoError(i.t, err)
	return tok
}

func request(header string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/Users", nil)
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	return r
}

func bearer(secret string) *http.Request { return request("Bearer " + secret) }

func basic(name, password string) *http.Request {
	r := request("")
	r.SetBasicAuth(name, password)
	return r
}

// spy counts what is asked of a store, and lets a test get in between.
type spy struct {
	scim.StateStore
	mu           sync.Mutex
	lists, puts  int
	afterList    func() // called once
	listErr, put error
}

func (s *spy) ListState(ctx context.Context, t scim.Tenant, q scim.StateQuery) ([]scim.State, string, error) {
	s.mu.Lock()
	s.lists++
	err, after := s.listErr, s.afterList
	s.afterList = nil
	s.mu.Unlock()
	if err != nil {
		return nil, "", err
	}
	records, next, err := s.StateStore.ListState(ctx, t, q)
	if after != nil {
		after()
	}
	return records, next, err
}

func (s *spy) PutState(ctx context.Context, t scim.Tenant, records ...scim.State) error {
	s.mu.Lock()
	s.puts++
	err := s.put
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.StateStore.PutState(ctx, t, records...)
}

// calls returns how often the store was asked since the last time.
func (s *spy) calls() (lists, puts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lists, puts = s.lists, s.puts
	s.lists, s.puts = 0, 0
	return lists, puts
}
