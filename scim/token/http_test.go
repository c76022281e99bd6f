package token_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/token"
)

// TestOverHTTP is what an identity provider sees of a connection that takes both forms.
func TestOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		store := &spy{StateStore: s}
		i := open(t, store, &clock{now: start})
		users := memstore.New()
		var log bytes.Buffer
		var entries []scim.Entry
		h, err := scim.New(scim.Config{
			BaseURL: "https://x.example", Users: users, Groups: users, Auth: scim.AnyOf(i.Authenticator(), i.Basic("scim")),
			Logger: slog.New(slog.NewTextHandler(&log, nil)), Record: func(e scim.Entry) { entries = append(entries, e) },
		})
		require.NoError(t, err)
		tok, secret := i.issue(token.Issue{Connection: "entra"})
		_, reader := i.issue(token.Issue{ReadOnly: true})
		do := func(method, path, body string, set func(*http.Request)) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/scim+json")
			set(r)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w
		}
		with := func(secret string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
		}
		asBasic := func(name, secret string) func(*http.Request) {
			return func(r *http.Request) { r.SetBasicAuth(name, secret) }
		}
		none := func(*http.Request) {}

		assert.Equal(t, 200, do("GET", "/Users", "", with(secret)).Code)
		assert.Equal(t, 201, do("POST", "/Users", `{"userName":"ann"}`, asBasic("scim", secret)).Code)
		assert.Equal(t, "entra", entries[1].Scope.Connection)
		assert.Equal(t, tok.ID, entries[1].Scope.Actor)
		assert.Equal(t, 200, do("GET", "/Users", "", with(reader)).Code)

		// RFC 6750, section 3.1, for bearer tokens.
		w := do("POST", "/Users", `{"userName":"bob"}`, with(reader))
		assert.Equal(t, 403, w.Code)
		assert.Equal(t, `Bearer realm="SCIM", error="insufficient_scope"`, w.Header().Get("WWW-Authenticate"))
		w = do("POST", "/Users", `{"userName":"bob"}`, asBasic("scim", reader))
		assert.Equal(t, 403, w.Code)
		assert.Empty(t, w.Header().Values("WWW-Authenticate"))

		// RFC 6750, section 3.1: an error is told to who has sent a bearer token.
		for _, tt := range []struct {
			name   string
			set    func(*http.Request)
			bearer string
		}{
			{"nothing", none, `Bearer realm="SCIM"`},
			{"wrong bearer", with(secret + "x"), `Bearer realm="SCIM", error="invalid_token"`},
			{"wrong basic", asBasic("scim", secret+"x"), `Bearer realm="SCIM"`},
			{"wrong user name", asBasic("other", secret), `Bearer realm="SCIM"`},
		} {
			w := do("GET", "/Users", "", tt.set)
			assert.Equal(t, 401, w.Code, tt.name)
			assert.Equal(t, []string{tt.bearer, `Basic realm="SCIM"`}, w.Header().Values("WWW-Authenticate"), tt.name)
			assert.Contains(t, w.Body.String(), "A valid credential is required.", tt.name)
		}

		var config struct {
			AuthenticationSchemes []struct {
				Type    string
				SpecURI string
				Primary bool
			}
		}
		w = do("GET", "/ServiceProviderConfig", "", none)
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &config))
		assert.Equal(t, `[{oauthbearertoken https://www.rfc-editor.org/info/rfc6750 true} {httpbasic https://www.rfc-editor.org/info/rfc7617 false}]`, fmt.Sprint(config.AuthenticationSchemes))

		require.NoError(t, i.Revoke(t.Context(), "t1", tok.ID))
		for _, set := range []func(*http.Request){with(secret), asBasic("scim", secret)} {
			assert.Equal(t, 401, do("GET", "/Users", "", set).Code)
		}

		i.clock.add(day) // nothing is remembered any more
		store.listErr = errors.New("the database is down")
		w = do("GET", "/Users", "", with(reader))
		assert.Equal(t, 503, w.Code)
		assert.Equal(t, "30", w.Header().Get("Retry-After"))
		assert.NotContains(t, w.Body.String(), "database")
		assert.Contains(t, log.String(), "the database is down")
		for _, s := range []string{secret, reader} {
			hides(t, log.String()+i.log.String()+fmt.Sprintf("%+v", entries), s)
		}
	})
}

// TestTenantsOverHTTP has two tenants on one handler.
func TestTenantsOverHTTP(t *testing.T) {
	i := inMemory(t)
	users := memstore.New()
	h, err := scim.New(scim.Config{BaseURL: "https://x.example", Users: users, Auth: i.Authenticator()})
	require.NoError(t, err)
	_, one := i.issue(token.Issue{})
	_, two, err := i.Issue(t.Context(), "t2", token.Issue{})
	require.NoError(t, err)
	do := func(method, path, body, secret string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := do("POST", "/Users", `{"userName":"ann"}`, one)
	require.Equal(t, 201, w.Code)
	var made struct{ ID string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &made))
	assert.Equal(t, 200, do("GET", "/Users/"+made.ID, "", one).Code)
	assert.Equal(t, 404, do("GET", "/Users/"+made.ID, "", two.Reveal()).Code)
}
