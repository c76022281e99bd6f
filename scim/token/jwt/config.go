package jwt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/muster-scim/muster/scim"
)

// Config says which tokens are taken. Issuer, Audience, KeysURL and Scope are required;
// every other field may be left zero. New copies it.
type Config struct {
	// Issuer is what a token's "iss" must be, to the letter: a slash at the end
	// counts.
	Issuer string

	// Audience are names of the application, one of which must be in "aud".
	Audience []string

	// KeysURL is where the issuer publishes its keys, the jwks_uri of its metadata
	// (RFC 8414). It is an https URL, or http on this machine.
	KeysURL string

	// Client reads the keys. If nil it is a plain
	// http.Client. Redirects are not followed unless its CheckRedirect is set.
	Client *http.Client

	// Algorithms are those that tokens may be signed with. If nil they are RS256
	// and ES256. Ones without a public key, as HS256, can't be allowed.
	Algorithms []string

	// Skew is how much the clocks may differ, ten minutes at most. If zero it is
	// one minute; if negative, nothing.
	Skew time.Duration

	// Require names claims that a token must have, and of which values one; none
	// is any. A token that lacks one is a 403. "scope" and "scp" are lists of words.
	Require map[string][]string

	// Scope says who a token with these claims is. [scim.ErrUnauthorized] is a 401,
	// [scim.Forbidden] and [scim.ErrInsufficientScope] are 403s. If it leaves Actor empty, that is "sub" or, without
	// it, "client_id".
	Scope func(ctx context.Context, c Claims) (scim.Scope, error)

	// Refresh is after what time keys are read again, one minute at least: so long
	// a key that the issuer withdraws may be used. If zero it is one hour.
	Refresh time.Duration

	// Logger is told why tokens are refused, and of keys that can't be read. If nil
	// it is slog.Default().
	Logger *slog.Logger

	// Now is the clock; if nil it is time.Now.
	Now func() time.Time
}

const (
	defaultSkew    = time.Minute
	maxSkew        = 10 * time.Minute
	defaultRefresh = time.Hour
	minRefresh     = pauseRead
)

// algorithms are all that can be allowed: those with a public key.
var algorithms = [...]jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// Authenticator takes the tokens of one issuer. It is a [scim.Authenticator] and a
// [scim.Schemer], and is safe for use from many goroutines.
type Authenticator struct {
	c          Config
	algorithms []jose.SignatureAlgorithm
	keys       *keySet
}

// New checks c. The error joins everything that is wrong with it. Keys are not read yet:
// an issuer that is down must not keep the application from starting.
func New(c Config) (*Authenticator, error) {
	if c.Algorithms == nil {
		c.Algorithms = []string{string(jose.RS256), string(jose.ES256)}
	}
	if c.Skew == 0 {
		c.Skew = defaultSkew
	}
	if c.Refresh == 0 {
		c.Refresh = defaultRefresh
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &Authenticator{c: c}
	for _, name := range c.Algorithms {
		a.algorithms = append(a.algorithms, jose.SignatureAlgorithm(name))
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	a.c.Skew = max(c.Skew, 0)
	a.keys = &keySet{url: c.KeysURL, client: withoutRedirects(c.Client), refresh: c.Refresh, now: c.Now, logger: c.Logger}
	return a, nil
}

// check reports everything that is wrong with the Config.
func (a *Authenticator) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("jwt: Config."+format, args...)) }
	if a.c.Issuer == "" {
		fail(`Issuer is empty: it is the "iss" of tokens`)
	}
	if len(a.c.Audience) == 0 || slices.Contains(a.c.Audience, "") {
		fail("Audience is empty or has an empty name: without it the issuer's tokens for other applications would be taken")
	}
	if err := checkURL(a.c.KeysURL); err != nil {
		fail("KeysURL %w", err)
	}
	if len(a.algorithms) == 0 {
		fail("Algorithms is empty: leave it nil for RS256 and ES256")
	}
	for _, name := range a.algorithms {
		if !slices.Contains(algorithms[:], name) {
			fail("Algorithms has %q, which is not one of %v", name, algorithms)
		}
	}
	if a.c.Skew > maxSkew {
		fail("Skew is %s; %s is the most", a.c.Skew, maxSkew)
	}
	if a.c.Refresh < minRefresh {
		fail("Refresh is %s; %s is the least", a.c.Refresh, minRefresh)
	}
	if a.c.Scope == nil {
		fail("Scope is nil: it says which tenant a token is for")
	}
	return errors.Join(errs...)
}

// checkURL refuses keys that somebody on the way could exchange.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return errors.New("is not an absolute URL")
	}
	if u.User != nil {
		return errors.New("must have no user, since it is logged")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return errors.New("must be https")
	}
	return nil
}

// withoutRedirects returns a client that takes a redirect for an answer, since it could
// lead away from https.
func withoutRedirects(c *http.Client) *http.Client {
	own := http.Client{}
	if c != nil {
		own = *c
	}
	if own.CheckRedirect == nil {
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return &own
}
