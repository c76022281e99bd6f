package jwt_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token/jwt"
)

var start = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

const audience = "https://app.example.com/scim/v2"

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

// key is one of the provider's.
type key struct {
	id      string
	alg     jose.SignatureAlgorithm
	private crypto.Signer
}

// Making keys takes long, so that tests share them.
var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	smallKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 1024)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ecKey(id string) key {
	return key{id, jose.ES256, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
}

func edKey(id string) key {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return key{id, jose.EdDSA, must(private, err)}
}

// public is the key as the provider publishes it.
func (k key) public() map[string]any {
	text := must(json.Marshal(jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Use: "sig"}))
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		panic(err)
	}
	return m
}

// provider is an authorization server on this machine.
type provider struct {
	t *testing.T
	*httptest.Server

	mu      sync.Mutex
	keys    []map[string]any
	answer  http.HandlerFunc // instead of the keys
	fetches int
}

func newProvider(t *testing.T, keys ...key) *provider {
	t.Helper()
	p := &provider{t: t}
	p.publish(keys...)
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.fetches++
	answer, keys := p.answer, p.keys
	p.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys})
}

// publish exchanges the keys for others.
func (p *provider) publish(keys ...key) {
	var all []map[string]any
	for _, k := range keys {
		all = append(all, k.public())
	}
	p.publishRaw(all...)
}

func (p *provider) publishRaw(keys ...map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

// answers has the provider give another answer; nil gives keys again.
func (p *provider) answers(f http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = f
}

func (p *provider) down() {
	p.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
}

// fetched returns how often keys were asked for since the last time.
func (p *provider) fetched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.fetches
	p.fetches = 0
	return n
}

// claims are those of a good token, and others for some of them; nil takes one away.
func (p *provider) claims(change map[string]any) map[string]any {
	all := map[string]any{
		"iss": p.URL, "aud": audience, "sub": "client-1", "iat": start.Unix(), "nbf": start.Unix(), "exp": start.Add(time.Hour).Unix(),
		"scope": "openid scim",
	}
	maps.Copy(all, change)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

// token is a good one but for what is changed.
func (p *provider) token(k key, change map[string]any) string {
	return sign(k, map[jose.HeaderKey]any{"kid": k.id, "typ": "at+jwt"}, p.claims(change))
}

func sign(k key, header map[jose.HeaderKey]any, claims any) string {
	return signWith(k.alg, k.private, header, must(json.Marshal(claims)))
}

func signWith(alg jose.SignatureAlgorithm, key any, header map[jose.HeaderKey]any, payload []byte) string {
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: header}))
	return must(must(signer.Sign(payload)).CompactSerialize())
}

// unsigned is a token with a header and a signature of the test's making.
func unsigned(header map[string]any, claims any, signature string) string {
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(must(json.Marshal(v))) }
	return part(header) + "." + part(claims) + "." + signature
}

// server is an application that takes the provider's tokens.
type server struct {
	*jwt.Authenticator
	t     *testing.T
	clock *clock
	log   *bytes.Buffer
}

func (p *provider) server(change ...func(*jwt.Config)) *server {
	p.t.Helper()
	s := &server{t: p.t, clock: &clock{now: start}, log: &bytes.Buffer{}}
	c := jwt.Config{
		Issuer: p.URL, Audience: []string{audience}, KeysURL: p.URL, Client: p.Client(), Algorithms: []string{"RS256", "PS256", "ES256", "EdDSA"},
		Scope:  func(context.Context, jwt.Claims) (scim.Scope, error) { return scim.Scope{Tenant: "t1"}, nil },
		Logger: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: s.clock.Now,
	}
	for _, f := range change {
		f(&c)
	}
	var err error
	s.Authenticator, err = jwt.New(c)
	require.NoError(p.t, err)
	return s
}

func bearer(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/Users", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

func (s *server) accepts(token string) scim.Scope {
	s.t.Helper()
	scope, err := s.Authenticate(bearer(token))
	require.NoError(s.t, err)
	return scope
}

// refuses holds that a token is a 401, for the reason that the application is told.
func (s *server) refuses(token, reason string) {
	s.t.Helper()
	_, err := s.Authenticate(bearer(token))
	require.ErrorIs(s.t, err, scim.ErrUnauthorized)
	require.EqualError(s.t, err, "scim: unauthorized: "+reason)
}

// answers holds that a token is answered with a status, and returns the error.
func (s *server) answers(token string, status int) *scim.Error {
	s.t.Helper()
	_, err := s.Authenticate(bearer(token))
	var answer *scim.Error
	require.ErrorAs(s.t, err, &answer)
	require.Equal(s.t, status, answer.Status)
	return answer
}
