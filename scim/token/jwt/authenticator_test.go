package jwt_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token/jwt"
)

// The reasons that the application is told.
const (
	none      = "no token"
	malformed = "not a JWT, or not signed with an algorithm that is allowed"
	issuer    = "a token of another issuer"
	wrongAud  = "a token for another audience"
	noExpiry  = "a token that never expires"
	expired   = "expired token"
	notYet    = "a token that is not valid yet"
	noKey     = "a token with a key that the issuer does not publish"
	signature = "a token with a wrong signature"
)

func TestAccepted(t *testing.T) {
	ec, ed := ecKey("ec"), edKey("ed")
	rs, ps := key{"rsa", jose.RS256, rsaKey()}, key{"rsa", jose.PS256, rsaKey()}
	p := newProvider(t, ec, ed, rs)
	s := p.server()
	for name, token := range map[string]string{
		"ES256":               p.token(ec, nil),
		"EdDSA":               p.token(ed, nil),
		"RS256":               p.token(rs, nil),
		"PS256":               p.token(ps, nil),
		"no key id":           sign(ec, nil, p.claims(nil)),
		"several audiences":   p.token(ec, map[string]any{"aud": []string{"x", audience}}),
		"least claims":        p.token(ec, map[string]any{"nbf": nil, "iat": nil, "scope": nil}),
		"expiry with decimal": p.token(ec, map[string]any{"exp": float64(start.Unix()) + 0.5}),
		"expires in a second": p.token(ec, map[string]any{"exp": start.Unix() + 1}),
		"clock behind":        p.token(ec, map[string]any{"exp": start.Unix() - 59}),
		"clock ahead":         p.token(ec, map[string]any{"nbf": start.Unix() + 60, "iat": start.Unix() + 60}),
	} {
		assert.Equal(t, scim.Scope{Tenant: "t1", Actor: "client-1"}, s.accepts(token), name)
	}
	assert.Equal(t, "client-2", s.accepts(p.token(ec, map[string]any{"sub": nil, "client_id": "client-2"})).Actor)
	assert.Equal(t, 1, p.fetched())
}

func TestRefused(t *testing.T) {
	ec, other, rs := ecKey("ec"), ecKey("ec"), key{"rsa", jose.RS256, rsaKey()}
	small := key{"small", jose.RS256, smallKey()}
	p := newProvider(t, ec, rs)
	declared, encryption, smallPublic := rs.public(), ec.public(), map[string]any{}
	declared["kid"], declared["alg"] = "declared", "RS256"
	encryption["kid"], encryption["use"] = "encryption", "enc"
	if k := small.private.Public(); k != nil {
		text := must(json.Marshal(jose.JSONWebKey{Key: k, KeyID: "small"}))
		require.NoError(t, json.Unmarshal(text, &smallPublic))
	}
	p.publishRaw(ec.public(), rs.public(), declared, encryption, smallPublic,
		map[string]any{"kty": "oct", "kid": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"})
	s := p.server()
	good := p.token(ec, nil)
	parts := strings.Split(good, ".")
	der := must(x509.MarshalPKIXPublicKey(rs.private.Public()))
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	kid := func(id string) map[jose.HeaderKey]any { return map[jose.HeaderKey]any{"kid": id} }
	hmac := func(secret []byte) string {
		return signWith(jose.HS256, secret, kid("rsa"), must(json.Marshal(p.claims(nil))))
	}
	for _, tt := range []struct{ name, token, want string }{
		{"no JWT", "acme_opaque_token", malformed},
		{"two parts", parts[0] + "." + parts[1], malformed},
		{"four parts", good + ".x", malformed},
		{"no JSON", parts[0] + ".eA." + parts[2], malformed},
		{"long", good + strings.Repeat("x", 33<<10), malformed},
		{"encrypted", "a.b.c.d.e", malformed},

		{"alg none", unsigned(map[string]any{"alg": "none", "kid": "ec"}, p.claims(nil), ""), malformed},
		{"alg NONE", unsigned(map[string]any{"alg": "NoNe", "kid": "ec"}, p.claims(nil), ""), malformed},
		{"no alg", unsigned(map[string]any{"kid": "ec"}, p.claims(nil), "x"), malformed},
		{"public key as HMAC secret, PEM", hmac(asPEM), malformed},
		{"public key as HMAC secret, DER", hmac(der), malformed},
		{"published symmetric key", signWith(jose.HS256, []byte("secret-secret-secret-secret-secret"), kid("oct"), must(json.Marshal(p.claims(nil)))), malformed},
		{"algorithm not allowed", p.token(key{"rsa", jose.RS512, rs.private}, nil), malformed},

		{"issuer", p.token(ec, map[string]any{"iss": "https://evil.example"}), issuer},
		{"issuer with a slash", p.token(ec, map[string]any{"iss": p.URL + "/"}), issuer},
		{"no issuer", p.token(ec, map[string]any{"iss": nil}), issuer},
		{"audience", p.token(ec, map[string]any{"aud": "https://mail.example.com"}), wrongAud},
		{"audience that begins alike", p.token(ec, map[string]any{"aud": audience + "/"}), wrongAud},
		{"no audience", p.token(ec, map[string]any{"aud": nil}), wrongAud},
		{"empty audience", p.token(ec, map[string]any{"aud": []string{}}), wrongAud},
		{"no expiry", p.token(ec, map[string]any{"exp": nil}), noExpiry},
		{"expiry is text", p.token(ec, map[string]any{"exp": "never"}), malformed},
		{"expiry overflows", p.token(ec, map[string]any{"exp": 1e300}), malformed},
		{"expired", p.token(ec, map[string]any{"exp": start.Unix() - 60}), expired},
		{"not yet", p.token(ec, map[string]any{"nbf": start.Unix() + 61}), notYet},
		{"issued in the future", p.token(ec, map[string]any{"iat": start.Unix() + 61}), notYet},

		{"unknown key", p.token(key{"none", ec.alg, ec.private}, nil), noKey},
		{"key of another kind", p.token(key{"rsa", ec.alg, ec.private}, nil), noKey},
		{"key for another algorithm", p.token(key{"declared", jose.PS256, rs.private}, nil), noKey},
		{"key for encryption", p.token(key{"encryption", ec.alg, ec.private}, nil), noKey},
		{"small key", p.token(small, nil), noKey},

		{"signed by another", p.token(other, nil), signature},
		{"signed by another, no key id", sign(other, nil, p.claims(nil)), signature},
		{"another payload", parts[0] + "." + strings.Split(p.token(ec, map[string]any{"sub": "x"}), ".")[1] + "." + parts[2], signature},
		{"no signature", parts[0] + "." + parts[1] + ".", signature},
		{"its own key in the header", sign(other, map[jose.HeaderKey]any{"kid": "ec", "jwk": jose.JSONWebKey{Key: other.private.Public()}}, p.claims(nil)), signature},
		{"critical header", sign(ec, map[jose.HeaderKey]any{"kid": "ec", "crit": []string{"x"}, "x": true}, p.claims(nil)), signature},
	} {
		_, err := s.Authenticate(bearer(tt.token))
		require.ErrorIs(t, err, scim.ErrUnauthorized, tt.name)
		require.EqualError(t, err, "scim: unauthorized: "+tt.want, tt.name)
	}
	s.accepts(good)
	assert.Equal(t, 1, p.fetched())
	for _, header := range []string{"", "Bearer ", "Basic " + good, good} {
		r := bearer("")
		r.Header.Set("Authorization", header)
		_, err := s.Authenticate(r)
		require.EqualError(t, err, "scim: unauthorized: "+none)
	}
}

// TestNoKeysForTheHopeless holds that a token which can't be good has nobody look for
// keys: anybody may send one.
func TestNoKeysForTheHopeless(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	p.down()
	s := p.server()
	s.refuses("x", malformed)
	s.refuses(p.token(ec, map[string]any{"iss": "x"}), issuer)
	s.refuses(p.token(ec, map[string]any{"aud": "x"}), wrongAud)
	s.refuses(p.token(ec, map[string]any{"exp": start.Unix() - 60}), expired)
	assert.Zero(t, p.fetched())
}

func TestSkew(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	s := p.server(func(c *jwt.Config) { c.Skew = -1 })
	s.accepts(p.token(ec, map[string]any{"exp": start.Unix() + 1}))
	s.refuses(p.token(ec, map[string]any{"exp": start.Unix()}), expired)
	s.refuses(p.token(ec, map[string]any{"nbf": start.Unix() + 1}), notYet)
	s.clock.add(time.Hour)
	s.refuses(p.token(ec, nil), expired)
	s = p.server(func(c *jwt.Config) { c.Skew = 10 * time.Minute })
	s.accepts(p.token(ec, map[string]any{"exp": start.Unix() - 599}))
	s.refuses(p.token(ec, map[string]any{"exp": start.Unix() - 600}), expired)
}

func TestDefaultAlgorithms(t *testing.T) {
	ec, ed, rs := ecKey("ec"), edKey("ed"), key{"rsa", jose.RS256, rsaKey()}
	p := newProvider(t, ec, ed, rs)
	s := p.server(func(c *jwt.Config) { c.Algorithms = nil })
	s.accepts(p.token(ec, nil))
	s.accepts(p.token(rs, nil))
	s.refuses(p.token(ed, nil), malformed)
}

func TestRequire(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	s := p.server(func(c *jwt.Config) {
		c.Require = map[string][]string{"scope": {"scim", "scim.write"}, "azp": nil, "groups": {"idp"}}
	})
	with := func(change map[string]any) string {
		all := map[string]any{"azp": "x", "groups": []any{1, "idp"}}
		for name, v := range change {
			all[name] = v
		}
		return p.token(ec, all)
	}
	s.accepts(with(nil))
	s.accepts(with(map[string]any{"scope": []string{"scim.write"}}))
	for claim, tokens := range map[string][]string{
		"scope": {
			with(map[string]any{"scope": "openid"}), with(map[string]any{"scope": nil}), with(map[string]any{"scope": "scimitar scim.read"}),
			with(map[string]any{"scope": 1}), with(map[string]any{"scope": []string{"openid scim"}}),
		},
		"azp":    {with(map[string]any{"azp": nil})},
		"groups": {with(map[string]any{"groups": "idp2"}), with(map[string]any{"groups": []string{}})},
	} {
		for _, token := range tokens {
			assert.Contains(t, s.answers(token, http.StatusForbidden).Detail, `"`+claim+`"`)
		}
	}
	s.refuses(p.token(ecKey("ec"), map[string]any{"scope": nil}), signature) // before anything is told
}

func TestScope(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	broken := errors.New("the database is down")
	s := p.server(func(c *jwt.Config) {
		c.Scope = func(_ context.Context, c jwt.Claims) (scim.Scope, error) {
			switch c.Text("tid") {
			case "":
				return scim.Scope{}, scim.ErrUnauthorized
			case "blocked":
				return scim.Scope{}, scim.Forbidden("Provisioning is off for this tenant.")
			case "broken":
				return scim.Scope{}, broken
			}
			return scim.Scope{Tenant: scim.Tenant(c.Text("tid")), Connection: "entra", Actor: c.Text("azp"), ReadOnly: !c.Has("scope", "write")}, nil
		}
	})
	assert.Equal(t, scim.Scope{Tenant: "a", Connection: "entra", Actor: "app", ReadOnly: true}, s.accepts(p.token(ec, map[string]any{"tid": "a", "azp": "app"})))
	assert.False(t, s.accepts(p.token(ec, map[string]any{"tid": "a", "scope": "write"})).ReadOnly)
	s.answers(p.token(ec, map[string]any{"tid": "blocked"}), http.StatusForbidden)
	_, err := s.Authenticate(bearer(p.token(ec, nil)))
	require.ErrorIs(t, err, scim.ErrUnauthorized)
	_, err = s.Authenticate(bearer(p.token(ec, map[string]any{"tid": "broken"})))
	require.ErrorIs(t, err, broken)
}

func TestClaims(t *testing.T) {
	c := jwt.Claims{"sub": "x", "n": 1.0, "scope": " a  b ", "scp": "c d", "roles": []any{"r", 2.0}, "text": "a b"}
	assert.Equal(t, "x", c.Text("sub"))
	assert.Empty(t, c.Text("n"))
	assert.Empty(t, c.Text("none"))
	assert.Equal(t, []string{"a", "b"}, c.Values("scope"))
	assert.Equal(t, []string{"c", "d"}, c.Values("scp"))
	assert.Equal(t, []string{"r"}, c.Values("roles"))
	assert.Equal(t, []string{"a b"}, c.Values("text"))
	assert.Empty(t, c.Values("n"))
	assert.True(t, c.Has("scope", "b"))
	assert.False(t, c.Has("text", "b"))
}

func TestConfig(t *testing.T) {
	good := jwt.Config{
		Issuer: "i", Audience: []string{"a"}, KeysURL: "https://idp.example/keys",
		Scope: func(context.Context, jwt.Claims) (scim.Scope, error) { return scim.Scope{}, nil },
	}
	_, err := jwt.New(good)
	require.NoError(t, err)
	for want, change := range map[string]func(*jwt.Config){
		"Config.Issuer is empty":              func(c *jwt.Config) { c.Issuer = "" },
		"Config.Audience is empty":            func(c *jwt.Config) { c.Audience = nil },
		"has an empty name":                   func(c *jwt.Config) { c.Audience = []string{"a", ""} },
		"Config.KeysURL is not an absolute":   func(c *jwt.Config) { c.KeysURL = "/keys" },
		"Config.KeysURL must be https":        func(c *jwt.Config) { c.KeysURL = "http://idp.example/keys" },
		"must be https":                       func(c *jwt.Config) { c.KeysURL = "ftp://127.0.0.1/keys" },
		"Config.KeysURL must have no user":    func(c *jwt.Config) { c.KeysURL = "https://u:p4ssword@idp.example/keys" },
		"Config.Algorithms is empty":          func(c *jwt.Config) { c.Algorithms = []string{} },
		`Config.Algorithms has "HS256"`:       func(c *jwt.Config) { c.Algorithms = []string{"RS256", "HS256"} },
		`Config.Algorithms has "none"`:        func(c *jwt.Config) { c.Algorithms = []string{"none"} },
		"Config.Skew is 10m0.000000001s; 10m": func(c *jwt.Config) { c.Skew = 10*time.Minute + 1 },
		"Config.Refresh is 59s; 1m0s is":      func(c *jwt.Config) { c.Refresh = 59 * time.Second },
		"Config.Scope is nil":                 func(c *jwt.Config) { c.Scope = nil },
	} {
		bad := good
		change(&bad)
		_, err := jwt.New(bad)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "p4ssword")
	}
	_, err = jwt.New(jwt.Config{})
	assert.Len(t, strings.Split(err.Error(), "\n"), 4) // all at once
	for _, local := range []string{"http://localhost:1/keys", "http://127.0.0.1/keys", "http://[::1]:8080/keys"} {
		good.KeysURL = local
		_, err = jwt.New(good)
		require.NoError(t, err)
	}
}
