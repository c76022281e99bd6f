package jwt

import (
	"context"
	"net/http"

	josejwt "github.com/go-jose/go-jose/v4/jwt"

	"github.com/muster-scim/muster/scim"
)

// ByIssuer takes the tokens of many issuers, as of customers who each bring their own.
// find returns the authenticator for an issuer, nil for one that is unknown. It is asked
// with each request and must return the same one for the same issuer, since that has the
// keys; it must not make one for whatever issuer it is asked for, since anybody may name
// any. An error is a 503.
func ByIssuer(find func(ctx context.Context, issuer string) (*Authenticator, error)) scim.Authenticator {
	return byIssuer(find)
}

type byIssuer func(ctx context.Context, issuer string) (*Authenticator, error)

// Schemes returns OAuth 2.0, for /ServiceProviderConfig.
func (byIssuer) Schemes() []scim.AuthScheme { return schemes() }

// Authenticate lets the issuer's authenticator decide.
func (find byIssuer) Authenticate(r *http.Request) (scim.Scope, error) {
	token, err := parse(r, algorithms[:])
	if err != nil {
		return scim.Scope{}, err
	}
	var c josejwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&c); err != nil {
		return scim.Scope{}, errMalformed
	}
	a, err := find(r.Context(), c.Issuer)
	if err != nil {
		return scim.Scope{}, &scim.Error{Status: http.StatusServiceUnavailable, Detail: "Access tokens can't be checked now. Try again later.", Err: err}
	}
	if a == nil {
		return scim.Scope{}, errIssuer
	}
	return a.Authenticate(r)
}
