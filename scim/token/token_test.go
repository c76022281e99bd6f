package token_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/token"
)

// clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newTokens(t *testing.T) (*token.Tokens, *clock, *memstore.Store) {
	t.Helper()
	c := &clock{time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
	store := memstore.New()
	return token.New(store, token.Options{Prefix: "acme", Now: c.Now}), c, store
}

func bearer(secret string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	return r
}

func TestLife(t *testing.T) {
	tokens, clock, store := newTokens(t)
	ctx := t.Context()
	tok, secret, err := tokens.Issue(ctx, "t1", token.Issue{Description: "Entra ID", Connection: "entra", Lifetime: "30d"})
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(secret, "acme_"))
	auth := tokens.Authenticator()

	scope, err := auth.Authenticate(bearer(secret))
	require.NoError(t, err)
	assert.Equal(t, scim.Scope{Tenant: "t1", Connection: "entra", Actor: tok.ID}, scope)
	list, err := tokens.List(ctx, "t1")
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, clock.now, list[0].LastUsed)
	assert.Equal(t, clock.now.AddDate(0, 0, 30), list[0].Expires)
	others, err := tokens.List(ctx, "t2")
	require.NoError(t, err)
	assert.Empty(t, others)

	records, _, err := store.ListState(ctx, "", scim.StateQuery{Kind: "token"})
	require.NoError(t, err)
	assert.NotContains(t, string(records[0].Data)+records[0].Key, secret)

	clock.now = clock.now.AddDate(0, 0, 30)
	_, err = auth.Authenticate(bearer(secret))
	assert.ErrorIs(t, err, scim.ErrUnauthorized) // expired
}

func TestRefused(t *testing.T) {
	tokens, _, _ := newTokens(t)
	tok, secret, err := tokens.Issue(t.Context(), "t1", token.Issue{})
	require.NoError(t, err)
	swapped := []byte(secret)
	swapped[10] ^= 1
	for _, bad := range []string{"", "acme_", secret + "x", secret[:len(secret)-1], string(swapped), strings.Replace(secret, "acme", "evil", 1)} {
		_, err := tokens.Authenticator().Authenticate(bearer(bad))
		assert.ErrorIs(t, err, scim.ErrUnauthorized, bad)
	}
	r := httptest.NewRequest("GET", "/?access_token="+secret, nil)
	_, err = tokens.Authenticator().Authenticate(r)
	assert.ErrorIs(t, err, scim.ErrUnauthorized)

	require.ErrorIs(t, tokens.Revoke(t.Context(), "t2", tok.ID), token.ErrNotFound)
	require.NoError(t, tokens.Revoke(t.Context(), "t1", tok.ID))
	require.NoError(t, tokens.Revoke(t.Context(), "t1", tok.ID))
	_, err = tokens.Authenticator().Authenticate(bearer(secret))
	assert.ErrorIs(t, err, scim.ErrUnauthorized)
}

func TestRotate(t *testing.T) {
	tokens, clock, _ := newTokens(t)
	tok, old, err := tokens.Issue(t.Context(), "t1", token.Issue{Description: "d", Connection: "c", ReadOnly: true})
	require.NoError(t, err)
	fresh, secret, err := tokens.Rotate(t.Context(), "t1", tok.ID, 24*time.Hour)
	require.NoError(t, err)
	assert.Equal(t, []any{"d", "c", true}, []any{fresh.Description, fresh.Connection, fresh.ReadOnly})
	for _, s := range []string{old, secret} { // two live
		scope, err := tokens.Authenticator().Authenticate(bearer(s))
		require.NoError(t, err)
		assert.True(t, scope.ReadOnly)
	}
	clock.now = clock.now.Add(25 * time.Hour)
	_, err = tokens.Authenticator().Authenticate(bearer(old))
	require.ErrorIs(t, err, scim.ErrUnauthorized)
	_, err = tokens.Authenticator().Authenticate(bearer(secret))
	require.NoError(t, err)
}

func TestBasic(t *testing.T) {
	tokens, _, _ := newTokens(t)
	_, secret, err := tokens.Issue(t.Context(), "t1", token.Issue{})
	require.NoError(t, err)
	request := func(name, password string) *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(name, password)
		return r
	}
	_, err = tokens.Basic("scim").Authenticate(request("scim", secret))
	require.NoError(t, err)
	_, err = tokens.Basic("").Authenticate(request("anything", secret))
	require.NoError(t, err)
	for _, r := range []*http.Request{request("other", secret), request("scim", "x"), bearer(secret)} {
		_, err = tokens.Basic("scim").Authenticate(r)
		assert.ErrorIs(t, err, scim.ErrUnauthorized)
	}
}

func TestUnique(t *testing.T) { // P-7.4-01
	tokens, _, _ := newTokens(t)
	seen := map[string]bool{}
	for range 1000 {
		_, secret, err := tokens.Issue(t.Context(), "t", token.Issue{})
		require.NoError(t, err)
		require.False(t, seen[secret])
		seen[secret] = true
		require.Len(t, secret, len("acme_")+43+1+6)
	}
}

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for lifetime, want := range map[string]time.Time{
		"1y":         now.AddDate(1, 0, 0),
		"6m":         now.AddDate(0, 6, 0),
		"2w":         now.AddDate(0, 0, 14),
		"30d":        now.AddDate(0, 0, 30),
		"2027-01-31": time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC),
	} {
		got, err := token.Expiry(now, lifetime)
		require.NoError(t, err, lifetime)
		assert.Equal(t, want, got, lifetime)
	}
	for _, bad := range []string{"", "y", "1", "0d", "-1y", "1h", "11y", "2026-01-30", "2026-13-01", "99999999999999999999d"} {
		_, err := token.Expiry(now, bad)
		assert.ErrorContains(t, err, "1y, 6m", bad)
	}
}

// TestOverHTTP is what an identity provider sees.
func TestOverHTTP(t *testing.T) {
	tokens, _, store := newTokens(t)
	h, err := scim.New(scim.Config{BaseURL: "https://x.example", Users: store, Groups: store,
		Auth: scim.AnyOf(tokens.Authenticator(), tokens.Basic("scim"))})
	require.NoError(t, err)
	_, secret, err := tokens.Issue(t.Context(), "t1", token.Issue{})
	require.NoError(t, err)
	do := func(set func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/Users", nil)
		set(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	assert.Equal(t, 200, do(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }).Code)
	assert.Equal(t, 200, do(func(r *http.Request) { r.SetBasicAuth("scim", secret) }).Code)
	refused := do(func(*http.Request) {})
	assert.Equal(t, 401, refused.Code)
	assert.Equal(t, []string{`Bearer realm="SCIM"`, `Basic realm="SCIM"`}, refused.Header().Values("WWW-Authenticate"))
}
