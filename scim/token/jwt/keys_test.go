package jwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token/jwt"
)

// TestRotation has the provider sign with a new key: it is found at once, and the old
// one is refused when it is gone.
func TestRotation(t *testing.T) {
	old, fresh := ecKey("2026-01"), ecKey("2026-02")
	p := newProvider(t, old)
	s := p.server()
	long := map[string]any{"exp": start.AddDate(1, 0, 0).Unix()}
	s.accepts(p.token(old, long))
	s.clock.add(time.Minute)
	p.publish(old, fresh)
	s.accepts(p.token(fresh, long))
	s.accepts(p.token(old, long))
	assert.Equal(t, 2, p.fetched())

	p.publish(fresh)
	s.clock.add(time.Hour - 1)
	s.accepts(p.token(old, long)) // at most for Refresh
	assert.Zero(t, p.fetched())
	s.clock.add(1)
	s.refuses(p.token(old, long), noKey)
	s.accepts(p.token(fresh, long))
	assert.Equal(t, 1, p.fetched())
}

// TestKeyWithoutAName has no key id to tell by, or one that does not tell.
func TestKeyWithoutAName(t *testing.T) {
	old, fresh := ecKey("same"), ecKey("same")
	p := newProvider(t, old)
	for name, sign := range map[string]func(key) string{
		"none": func(k key) string { return sign(k, nil, p.claims(nil)) },
		"same": func(k key) string { return p.token(k, nil) },
	} {
		p.answers(nil)
		p.publish(old)
		s := p.server()
		s.accepts(sign(old))
		p.publish(fresh)
		s.refuses(sign(fresh), signature) // at most for a minute
		s.clock.add(time.Minute)
		s.accepts(sign(fresh))
		s.refuses(sign(old), signature)

		p.down()
		p.publish(old)
		s.clock.add(time.Minute)
		if name == "none" {
			s.answers(sign(old), http.StatusServiceUnavailable) // it may be new
		} else {
			s.refuses(sign(old), signature)
		}
		p.fetched()
		s.accepts(sign(fresh))
		assert.Zero(t, p.fetched())
	}
}

// TestForgeriesAreBounded sends tokens that somebody else has signed.
func TestForgeriesAreBounded(t *testing.T) {
	ec, forged := ecKey("ec"), ecKey("ec")
	p := newProvider(t, ec)
	s := p.server()
	for range 120 {
		s.refuses(p.token(forged, nil), signature)
		s.clock.add(time.Second)
	}
	assert.Equal(t, 2, p.fetched())
}

// TestUnknownKeysAreBounded sends tokens with made-up key ids: keys are read once a
// minute.
func TestUnknownKeysAreBounded(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	s := p.server()
	for minute := range 3 {
		var wg sync.WaitGroup
		for n := range 50 {
			token := p.token(key{fmt.Sprint("made-up-", n), ec.alg, ec.private}, nil)
			wg.Go(func() {
				_, err := s.Authenticate(bearer(token))
				assert.ErrorIs(t, err, scim.ErrUnauthorized)
			})
		}
		wg.Wait()
		assert.Equal(t, 1, p.fetched(), minute)
		s.accepts(p.token(ec, nil))
		s.clock.add(time.Minute)
	}
}

func TestProviderDown(t *testing.T) {
	old, fresh := ecKey("old"), ecKey("new")
	p := newProvider(t, old, fresh)
	p.down()
	s := p.server()
	long := map[string]any{"exp": start.AddDate(1, 0, 0).Unix()}

	// From the start: a 503 for whatever may be good, and one try in ten seconds.
	for range 20 {
		e := s.answers(p.token(old, long), http.StatusServiceUnavailable)
		assert.ErrorContains(t, e, "502")
		assert.NotContains(t, e.Detail, p.URL)
	}
	assert.Equal(t, 1, p.fetched())
	s.clock.add(10 * time.Second)
	s.answers(p.token(old, long), http.StatusServiceUnavailable)
	assert.Equal(t, 1, p.fetched())
	assert.Contains(t, s.log.String(), "level=WARN")

	// It is back.
	p.answers(nil)
	p.publish(old)
	s.clock.add(10 * time.Second)
	s.accepts(p.token(old, long))

	// Down again: known keys are good for a day, unknown ones can't be told.
	p.down()
	s.clock.add(2 * time.Hour)
	p.fetched()
	for range 20 {
		s.accepts(p.token(old, long))
		s.answers(p.token(fresh, long), http.StatusServiceUnavailable)
	}
	assert.Equal(t, 1, p.fetched())
	s.clock.add(22*time.Hour - 1)
	s.accepts(p.token(old, long))
	s.clock.add(1)
	s.answers(p.token(old, long), http.StatusServiceUnavailable)

	p.answers(nil)
	p.publish(old, fresh)
	s.clock.add(time.Minute)
	s.accepts(p.token(fresh, long))
}

// TestAnswers has what a provider, or somebody in its place, may say instead of keys.
func TestAnswers(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	set := func(keys ...any) string { return string(must(json.Marshal(map[string]any{"keys": keys}))) }
	many := make([]any, 101)
	for i := range many {
		many[i] = ec.public()
	}
	private := ec.public()
	private["d"] = private["x"]
	for want, text := range map[string]string{
		"no JWK Set":                        "<html>",
		"has more than 1048576 bytes":       strings.Repeat(" ", 1<<20) + set(ec.public()),
		"none of the 0 keys":                `{}`,
		"none of the 2 keys of the answer":  set(1, map[string]any{"kty": "PQ"}),
		"none of the 1 keys of the answer":  set(private),
		"has more than 100 keys":            set(many...),
		"is no JWK Set: json: cannot unmar": `{"keys":"x"}`,
	} {
		p.answers(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
		assert.ErrorContains(t, p.server().answers(p.token(ec, nil), http.StatusServiceUnavailable), want)
	}
	p.answers(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(set(1, map[string]any{"kty": "PQ", "kid": "ec"}, private, ec.public())))
	})
	p.server().accepts(p.token(ec, nil)) // what is not understood is passed over

	p.answers(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			_, _ = w.Write([]byte(set(ec.public())))
			return
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	assert.ErrorContains(t, p.server().answers(p.token(ec, nil), http.StatusServiceUnavailable), "302 Found")
	p.server(func(c *jwt.Config) {
		c.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	}).accepts(p.token(ec, nil))

	p.CloseClientConnections()
	p.Close()
	p.server().answers(p.token(ec, nil), http.StatusServiceUnavailable) // nobody there
}

// TestOneReads has many requests come while keys are being read.
func TestOneReads(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	asked, proceed := make(chan struct{}), make(chan struct{})
	p.answers(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-proceed
		p.answers(nil)
		p.ServeHTTP(w, r)
	})
	s := p.server()
	token := p.token(ec, nil)
	var wg sync.WaitGroup
	authenticate := func(ctx context.Context) error {
		_, err := s.Authenticate(bearer(token).WithContext(ctx))
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	wg.Go(func() { assert.ErrorIs(t, authenticate(ctx), context.Canceled) })
	<-asked

	// One that waits and goes away does not wait for the keys.
	gone, leave := context.WithCancel(t.Context())
	leave()
	require.ErrorIs(t, authenticate(gone), context.Canceled)

	for range 10 {
		wg.Go(func() { assert.NoError(t, authenticate(t.Context())) })
	}
	cancel() // the client of the request that reads goes away: the others need the keys
	close(proceed)
	wg.Wait()
	assert.Equal(t, 2, p.fetched()) // one fetch: the handler has called itself
}

// panics is a transport of the application's that does just that, once.
type panics struct{ n int }

func (p *panics) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.n++; p.n == 1 {
		panic("a bug")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestPanicOfTheClient(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	s := p.server(func(c *jwt.Config) { c.Client = &http.Client{Transport: &panics{}} })
	require.PanicsWithValue(t, "a bug", func() { _, _ = s.Authenticate(bearer(p.token(ec, nil))) })
	assert.ErrorContains(t, s.answers(p.token(ec, nil), http.StatusServiceUnavailable), "panicked")
	s.clock.add(10 * time.Second)
	s.accepts(p.token(ec, nil))
}

// TestClockBack sets the clock back: keys of the future are read again.
func TestClockBack(t *testing.T) {
	ec := ecKey("ec")
	p := newProvider(t, ec)
	s := p.server()
	s.accepts(p.token(ec, nil))
	s.clock.add(-time.Hour)
	s.accepts(p.token(ec, map[string]any{"nbf": nil, "iat": nil}))
	assert.Equal(t, 2, p.fetched())
}

func TestByIssuer(t *testing.T) {
	one, two := ecKey("key"), ecKey("key")
	p1, p2 := newProvider(t, one), newProvider(t, two)
	tenant := func(name scim.Tenant) func(*jwt.Config) {
		return func(c *jwt.Config) {
			c.Scope = func(context.Context, jwt.Claims) (scim.Scope, error) { return scim.Scope{Tenant: name}, nil }
		}
	}
	issuers := map[string]*jwt.Authenticator{p1.URL: p1.server(tenant("one")).Authenticator, p2.URL: p2.server(tenant("two")).Authenticator}
	broken := errors.New("the database is down")
	auth := jwt.ByIssuer(func(_ context.Context, issuer string) (*jwt.Authenticator, error) {
		if issuer == "broken" {
			return nil, broken
		}
		return issuers[issuer], nil
	})
	for token, want := range map[string]scim.Tenant{p1.token(one, nil): "one", p2.token(two, nil): "two"} {
		scope, err := auth.Authenticate(bearer(token))
		require.NoError(t, err)
		assert.Equal(t, want, scope.Tenant)
	}
	for token, want := range map[string]string{
		p1.token(two, nil): signature, // one customer's provider in the name of another's
		p1.token(one, map[string]any{"iss": "unknown"}): issuer,
		"x": malformed,
		signWith(one.alg, one.private, nil, []byte("[]")): malformed,
	} {
		_, err := auth.Authenticate(bearer(token))
		assert.EqualError(t, err, "scim: unauthorized: "+want)
	}
	_, err := auth.Authenticate(bearer(p1.token(one, map[string]any{"iss": "broken"})))
	var answer *scim.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, http.StatusServiceUnavailable, answer.Status)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, issuers[p1.URL].Schemes(), auth.(scim.Schemer).Schemes())
}
