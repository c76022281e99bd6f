// Package jwt takes the access tokens of an OAuth 2.0 authorization server: JWTs
// (RFC 9068) that an identity provider gets with the client credentials grant, signed
// by keys that the server publishes as a JWK Set.
//
//	auth, err := jwt.New(jwt.Config{
//		Issuer:   "https://login.example.com/",
//		Audience: []string{"https://app.example.com/scim/v2"},
//		KeysURL:  "https://login.example.com/.well-known/jwks.json",
//		Require:  map[string][]string{"scope": {"scim"}},
//		Scope: func(ctx context.Context, c jwt.Claims) (scim.Scope, error) {
//			return scim.Scope{Tenant: tenantOf(c.Text("azp")), Connection: "entra"}, nil
//		},
//	})
//	h, err := scim.New(scim.Config{Auth: scim.AnyOf(tokens.Authenticator(), auth), …})
//
// Opaque tokens and JWTs go together: what is no JWT of the issuer is refused without a
// look at keys, so that [scim.AnyOf] can ask the next one. For customers who each bring
// an issuer of their own there is [ByIssuer].
//
// # What is checked
//
// Of a token: its form, that its algorithm is allowed, issuer, audience, exp (which
// must be there), nbf, iat, and the signature, in this order; then what [Config].Require
// asks for, and the application's function. A wrong token is a 401 that does not tell
// what is wrong; a good one that lacks what is required is a 403 that names the claim.
//
// Algorithms are those with a public key only. Keys come from KeysURL and from nowhere
// else: what a token's header says of keys (jwk, jku, x5c, x5u) is not read. A key is
// used for the algorithms of its own type and, if it names one, for that one only; RSA
// keys have at least 2048 bits (RFC 7518, section 3.3).
//
// # Keys
//
// They are read when the first token comes, and again after Config.Refresh. A token that
// no known key has signed has them read too: so a new key is found at once. That is done
// once a minute at most, whatever tokens come, and by one request while others wait. If they can't be read, those that were read last are used for up to
// a day; a token that needs another is a 503, with Retry-After, and not a 401, since it
// may well be good.
//
// # Security considerations
//
// Tokens are not remembered, so that one can be replayed until it expires: have the
// server issue short ones. They can't be revoked here; a refusal of [Config].Scope holds
// at once. A token is in no error and no log of this package.
package jwt
