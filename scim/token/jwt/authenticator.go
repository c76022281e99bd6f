package jwt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"

	"github.com/muster-scim/muster/scim"
)

// maxToken bounds a token in bytes; those of large directories, with hundreds of groups
// in them, stay below it.
const maxToken = 32 << 10

// Schemes returns OAuth 2.0, for /ServiceProviderConfig.
func (a *Authenticator) Schemes() []scim.AuthScheme { return schemes() }

func schemes() []scim.AuthScheme {
	return []scim.AuthScheme{{
		Type: "oauth2", Name: "OAuth 2.0", SpecURI: "https://www.rfc-editor.org/info/rfc6749", Challenge: "Bearer",
		Description: "An access token of the authorization server, in the Authorization header (RFC 6750, RFC 9068).",
	}}
}

// Why a token is refused is for the application only: clients are told the same of all.
var (
	errNone      = refusal("no token")
	errMalformed = refusal("not a JWT, or not signed with an algorithm that is allowed")
	errIssuer    = refusal("a token of another issuer")
	errAudience  = refusal("a token for another audience")
	errNoExpiry  = refusal("a token that never expires")
	errExpired   = refusal("expired token")
	errNotYet    = refusal("a token that is not valid yet")
	errKey       = refusal("a token with a key that the issuer does not publish")
	errSignature = refusal("a token with a wrong signature")
)

func refusal(why string) error { return fmt.Errorf("%w: %s", scim.ErrUnauthorized, why) }

// Authenticate returns the scope of a good token. The error wraps
// [scim.ErrUnauthorized], is a 403 for a token that lacks what is required, a 503 if
// keys can't be read, or what Config.Scope returns.
func (a *Authenticator) Authenticate(r *http.Request) (scim.Scope, error) {
	scope, err := a.authenticate(r)
	if err != nil {
		level := slog.LevelInfo
		if errors.Is(err, errNone) || errors.Is(err, errMalformed) || errors.Is(err, errIssuer) {
			level = slog.LevelDebug // another authenticator may well take it
		}
		a.c.Logger.Log(r.Context(), level, "SCIM access token refused", "issuer", a.c.Issuer, "reason", err)
	}
	return scope, err
}

func (a *Authenticator) authenticate(r *http.Request) (scim.Scope, error) {
	token, err := parse(r, a.algorithms)
	if err != nil {
		return scim.Scope{}, err
	}
	if err := a.promises(token); err != nil {
		return scim.Scope{}, err
	}
	claims, err := a.verify(r.Context(), token)
	if err != nil {
		return scim.Scope{}, err
	}
	if err := claims.satisfy(a.c.Require); err != nil {
		return scim.Scope{}, err
	}
	scope, err := a.c.Scope(r.Context(), claims)
	if err != nil {
		return scim.Scope{}, err
	}
	scope.Actor = cmp.Or(scope.Actor, claims.Text("sub"), claims.Text("client_id"))
	return scope, nil
}

// parse reads the token of a request. Nothing in it is verified.
func parse(r *http.Request, allowed []jose.SignatureAlgorithm) (*josejwt.JSONWebToken, error) {
	text, ok := scim.BearerToken(r)
	if !ok {
		return nil, errNone
	}
	if len(text) > maxToken {
		return nil, errMalformed
	}
	token, err := josejwt.ParseSigned(text, allowed)
	if err != nil { // which may quote the token
		return nil, errMalformed
	}
	return token, nil
}

// promises checks what a token says of itself before its signature, so that one which
// can't be good costs no look at keys.
func (a *Authenticator) promises(token *josejwt.JSONWebToken) error {
	var c josejwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&c); err != nil {
		return errMalformed
	}
	now := a.c.Now()
	switch {
	case c.Issuer != a.c.Issuer:
		return errIssuer
	case !slices.ContainsFunc(a.c.Audience, c.Audience.Contains):
		return errAudience
	case c.Expiry == nil:
		return errNoExpiry
	case !now.Before(c.Expiry.Time().Add(a.c.Skew)):
		return errExpired
	case after(c.NotBefore, now.Add(a.c.Skew)), after(c.IssuedAt, now.Add(a.c.Skew)):
		return errNotYet
	}
	return nil
}

func after(date *josejwt.NumericDate, t time.Time) bool { return date != nil && date.Time().After(t) }

// verify returns the claims of a token with a good signature.
func (a *Authenticator) verify(ctx context.Context, token *josejwt.JSONWebToken) (Claims, error) {
	header := token.Headers[0]                  // of the one signature that a compact token has
	for _, again := range []bool{false, true} { // again, since a key may have been exchanged under its name
		keys, err := a.keys.find(ctx, header.KeyID, jose.SignatureAlgorithm(header.Algorithm), again)
		if err != nil {
			return nil, err
		}
		if len(keys) == 0 {
			return nil, errKey
		}
		for _, key := range keys {
			var claims Claims
			if token.Claims(key, &claims) == nil {
				return claims, nil
			}
		}
	}
	return nil, errSignature
}
