package token

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"github.com/muster-scim/muster/scim"
)

// Authenticator takes the tokens as bearer tokens.
func (t *Tokens) Authenticator() scim.Authenticator {
	return authenticator{t, scim.AuthScheme{
		Type: "oauthbearertoken", Name: "Bearer token", Description: "A token in the Authorization header (RFC 6750).", Challenge: "Bearer",
	}, scim.BearerToken}
}

// Basic takes the tokens as passwords of HTTP Basic authentication, for connectors
// that ask for a user name and a password. If userName is not empty it must be that;
// otherwise any will do, since the token says who asks. Use it beside the bearer
// form: scim.AnyOf(tokens.Authenticator(), tokens.Basic("scim")).
func (t *Tokens) Basic(userName string) scim.Authenticator {
	return authenticator{t, scim.AuthScheme{
		Type: "httpbasic", Name: "HTTP Basic", Description: "User name and token in the Authorization header (RFC 7617).", Challenge: "Basic",
	}, func(r *http.Request) (string, bool) {
		name, password, ok := r.BasicAuth()
		wrong := userName != "" && subtle.ConstantTimeCompare([]byte(name), []byte(userName)) != 1
		return password, ok && !wrong
	}}
}

type authenticator struct {
	tokens *Tokens
	scheme scim.AuthScheme
	secret func(*http.Request) (string, bool)
}

// Schemes returns the one scheme, for /ServiceProviderConfig.
func (a authenticator) Schemes() []scim.AuthScheme { return []scim.AuthScheme{a.scheme} }

// Authenticate returns the scope of a live token. Why another one is refused is not
// told.
func (a authenticator) Authenticate(r *http.Request) (scim.Scope, error) {
	secret, ok := a.secret(r)
	if !ok || !wellFormed(a.tokens.o.Prefix, secret) {
		return scim.Scope{}, scim.ErrUnauthorized
	}
	key := hash(secret)
	tok, err := a.tokens.byKey(r.Context(), key)
	if errors.Is(err, ErrNotFound) {
		return scim.Scope{}, scim.ErrUnauthorized
	}
	if err != nil {
		return scim.Scope{}, err
	}
	now := a.tokens.o.Now().UTC()
	if subtle.ConstantTimeCompare([]byte(tok.key), []byte(key)) != 1 || !tok.Live(now) {
		return scim.Scope{}, scim.ErrUnauthorized
	}
	a.tokens.touch(r.Context(), tok, now)
	return scim.Scope{Tenant: tok.Tenant, Connection: tok.Connection, Actor: tok.ID, ReadOnly: tok.ReadOnly}, nil
}

// useInterval is how exact LastUsed is: an identity provider sends many requests a
// second, and each would be a write.
const useInterval = time.Minute

// touch notes that a token was used. That it can't be noted, or that another request
// just has, is no reason to refuse the request.
func (t *Tokens) touch(ctx context.Context, tok Token, now time.Time) {
	if now.Sub(tok.LastUsed) < useInterval {
		return
	}
	tok.LastUsed = now
	_ = t.put(ctx, tok)
}
