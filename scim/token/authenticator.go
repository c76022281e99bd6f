package token

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/muster-scim/muster/scim"
)

// Authenticator takes the tokens as bearer tokens.
func (t *Tokens) Authenticator() scim.Authenticator {
	return authenticator{t, scim.AuthScheme{
		Type: "oauthbearertoken", Name: "Bearer token", Description: "A token in the Authorization header (RFC 6750).",
		SpecURI: "https://www.rfc-editor.org/info/rfc6750", Challenge: "Bearer",
	}, bearer}
}

// Basic takes the tokens as passwords of HTTP Basic authentication, for connectors
// that ask for a user name and a password. The user name must be that of the token
// ([Issue].UserName); if it has none, userName; if that is empty too, any will do,
// since the token says who asks. Use it beside the bearer form:
//
//	scim.AnyOf(tokens.Authenticator(), tokens.Basic("scim"))
//
// Without it HTTP Basic is refused (RFC 7644, section 2, discourages it).
func (t *Tokens) Basic(userName string) scim.Authenticator {
	return authenticator{t, scim.AuthScheme{
		Type: "httpbasic", Name: "HTTP Basic", Description: "User name and token in the Authorization header (RFC 7617).",
		SpecURI: "https://www.rfc-editor.org/info/rfc7617", Challenge: "Basic",
	}, func(r *http.Request) (credential, bool) {
		name, password, ok := r.BasicAuth()
		return credential{strings.TrimSpace(password), func(t Token) bool {
			want := t.UserName
			if want == "" {
				want = userName
			}
			return want == "" || subtle.ConstantTimeCompare([]byte(name), []byte(want)) == 1
		}}, ok
	}}
}

type authenticator struct {
	tokens *Tokens
	scheme scim.AuthScheme
	read   func(*http.Request) (credential, bool)
}

// credential is what a request has.
type credential struct {
	secret string
	// fits, if not nil, reports whether the rest of the request goes with the
	// token.
	fits func(Token) bool
}

func bearer(r *http.Request) (credential, bool) {
	secret, ok := scim.BearerToken(r)
	return credential{secret, nil}, ok
}

// Schemes returns the one scheme, for /ServiceProviderConfig.
func (a authenticator) Schemes() []scim.AuthScheme { return []scim.AuthScheme{a.scheme} }

// Why a token is refused is for the application only: clients are told the same of all.
var (
	errNone      = refusal("no token")
	errMalformed = refusal("not a token of ours, or mistyped")
	errUnknown   = refusal("unknown token")
	errRevoked   = refusal("revoked token")
	errExpired   = refusal("expired token")
	errRetired   = refusal("token that was rotated")
	errUserName  = refusal("wrong user name")
)

func refusal(why string) error { return fmt.Errorf("%w: %s", scim.ErrUnauthorized, why) }

// Authenticate returns the scope of a live token. The error wraps
// [scim.ErrUnauthorized], or is a 503 if the store can't be asked.
func (a authenticator) Authenticate(r *http.Request) (scim.Scope, error) {
	c, ok := a.read(r)
	if !ok {
		return scim.Scope{}, errNone
	}
	if !wellFormed(c.secret) {
		return scim.Scope{}, errMalformed
	}
	now := a.tokens.now()
	e, err := a.tokens.lookUp(r.Context(), hash(c.secret), now)
	if err != nil {
		return scim.Scope{}, err
	}
	if err := e.check(now, c); err != nil {
		a.tokens.o.Logger.InfoContext(r.Context(), "SCIM token refused",
			"token", e.ID, "tenant", string(e.Tenant), "connection", e.Connection, "reason", err)
		return scim.Scope{}, err
	}
	a.tokens.note(r.Context(), e, now)
	return scim.Scope{Tenant: e.Tenant, Connection: e.Connection, Actor: e.ID, ReadOnly: e.ReadOnly}, nil
}

// lookUp returns the token with that hash, from the cache if it is there.
func (t *Tokens) lookUp(ctx context.Context, hash digest, now time.Time) (*entry, error) {
	e, drops := t.cache.get(hash, now)
	if e == nil {
		r, err := t.byHash(ctx, hash)
		switch {
		case errors.Is(err, ErrNotFound):
			return nil, errUnknown
		case errors.Is(err, context.Canceled):
			return nil, err
		case err != nil:
			return nil, &scim.Error{Status: http.StatusServiceUnavailable, Detail: "Tokens can't be checked now. Try again later.", Err: err}
		}
		e = &entry{record: r, read: now}
		t.cache.put(e, drops)
	}
	if subtle.ConstantTimeCompare(e.hash[:], hash[:]) != 1 { // a store that folds keys, say
		return nil, errUnknown
	}
	return e, nil
}

// check returns why the token is refused, nil if it is not.
func (e *entry) check(now time.Time, c credential) error {
	switch {
	case !e.Revoked.IsZero():
		return errRevoked
	case !now.Before(e.Expires):
		return errExpired
	case !e.Live(now):
		return errRetired
	case c.fits != nil && !c.fits(e.Token):
		return errUserName
	}
	return nil
}
