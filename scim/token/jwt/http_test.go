package jwt_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
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
	"github.com/muster-scim/muster/scim/token/jwt"
)

// TestOverHTTP is what identity providers see of an application that takes opaque tokens,
// HTTP Basic and JWTs. No credential is in an answer, an error or a log.
func TestOverHTTP(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	s := p.server(func(c *jwt.Config) { c.Require = map[string][]string{"scope": {"scim"}} })
	store := memstore.New()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	tokens, err := token.New(store, token.Options{Logger: logger})
	require.NoError(t, err)
	var entries []scim.Entry
	h, err := scim.New(scim.Config{
		BaseURL: "https://x.example", Users: store, Auth: scim.AnyOf(tokens.Authenticator(), tokens.Basic("scim"), s),
		Logger: logger, Record: func(e scim.Entry) { entries = append(entries, e) },
	})
	require.NoError(t, err)
	_, opaque, err := tokens.Issue(t.Context(), "t1", token.Issue{})
	require.NoError(t, err)

	sent := []string{opaque.Reveal()}
	var said strings.Builder
	do := func(path, authorization string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
			sent = append(sent, strings.TrimPrefix(authorization, "Bearer "))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Fprintln(&said, w.Header(), w.Body)
		return w
	}
	good := p.token(ec, nil)
	w := do("/Users", "Bearer "+good)
	require.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, scim.Scope{Tenant: "t1", Actor: "client-1"}, entries[0].Scope)
	assert.Equal(t, http.StatusOK, do("/Users", "Bearer "+opaque.Reveal()).Code)

	for name, bad := range map[string]string{
		"expired": p.token(ec, map[string]any{"exp": start.Unix() - 60}), "forged": p.token(ecKey("ec"), nil), "form": good + "x.y.z",
	} {
		w = do("/Users", "Bearer "+bad)
		assert.Equal(t, http.StatusUnauthorized, w.Code, name)
		assert.Equal(t, []string{`Bearer realm="SCIM", error="invalid_token"`, `Basic realm="SCIM"`}, w.Header().Values("WWW-Authenticate"), name)
		assert.Contains(t, w.Body.String(), "A valid credential is required.", name)
	}
	w = do("/Users", "")
	assert.Equal(t, []string{`Bearer realm="SCIM"`, `Basic realm="SCIM"`}, w.Header().Values("WWW-Authenticate"))

	w = do("/Users", "Bearer "+p.token(ec, map[string]any{"scope": "openid"})) // A-4.1-01
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.Contains(t, w.Body.String(), `claim \"scope\"`)
	assert.Equal(t, []string{`Bearer realm="SCIM", error="insufficient_scope"`}, w.Header().Values("WWW-Authenticate"))

	p.down()
	s.clock.add(time.Hour)
	w = do("/Users", "Bearer "+p.token(key{"new", ec.alg, ec.private}, map[string]any{"exp": start.Add(2 * time.Hour).Unix()}))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "30", w.Header().Get("Retry-After"))

	var config struct{ AuthenticationSchemes []struct{ Type string } }
	require.NoError(t, json.Unmarshal(do("/ServiceProviderConfig", "").Body.Bytes(), &config))
	assert.Equal(t, "[{oauthbearertoken} {httpbasic} {oauth2}]", fmt.Sprint(config.AuthenticationSchemes))

	text := said.String() + log.String() + s.log.String() + fmt.Sprintf("%+v %#v %+v", entries, s.Authenticator, *s.Authenticator)
	require.Contains(t, text, "expired token")
	require.Contains(t, text, "502 Bad Gateway")
	for _, secret := range sent {
		for _, part := range strings.Split(secret, ".") {
			if len(part) > 3 {
				assert.NotContains(t, text, part)
			}
		}
	}
}
