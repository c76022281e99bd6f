// Package token issues and checks the credentials that identity providers are given:
// opaque bearer tokens with a description and an expiry, kept only as hashes.
//
//	tokens, err := token.New(state, token.Options{Prefix: "acme"})
//	t, secret, err := tokens.Issue(ctx, "tenant-1", token.Issue{
//		Description: "Entra ID", Connection: "entra", Lifetime: "1y",
//	})
//	// show secret.Reveal() once, then forget it
//	h, err := scim.New(scim.Config{Auth: tokens.Authenticator(), …})
//
// A token looks like acme_4fRz…k9_1x2Y3z: the prefix lets people and scanners of
// repositories recognise it, 256 bits from crypto/rand make it unguessable, and a
// checksum tells a mistyped one without asking the store. The store has its SHA-256,
// which for so much randomness needs neither salt nor stretching.
//
// The records are in a [scim.StateStore]: that of package memstore or sqlstore, beside
// users or on its own. Those of all tenants are together, since a token has to be found
// before its tenant is known; but every call names the tenant, and knows no other.
//
// Connectors that ask for a user name and a password get the same secret as the
// password, see [Tokens.Basic]. Access tokens of an OAuth 2.0 server are taken by the
// package jwt below this one.
//
// # A token's life
//
// It expires ([Issue].Lifetime; a year if nothing is said, RFC 7644, section 7.4). To
// change it without a gap, [Tokens.Rotate] issues a second one and lets the first end
// a little later; [Tokens.CancelRotation] goes back. [Tokens.Revoke] ends one, and
// [Tokens.RevokeConnection] all of a connection. [Tokens.List] has those that have
// ended too, until [Tokens.Delete] forgets them.
//
// # What it costs
//
// A token that was read is taken as read for Options.CacheFor: an identity provider in
// full flight costs one statement in ten seconds, and one write in Options.UsedEvery
// for [Token].LastUsed. A request in between touches no store and allocates nothing.
//
// # Security considerations
//
// A token is shown once and can't be read back; [schema.Secret] keeps it out of logs
// until it is revealed. Hashes are compared in constant time. An unknown, an expired
// and a revoked token are answered alike; the application's log has the reason. A
// revocation holds at once for the [Tokens] that it was made with, and within
// Options.CacheFor for those of other instances, however the store is shared. If the
// store can't be asked, the answer is a 503: an identity provider that is told 401
// would stop, or alarm somebody.
//
// Trying tokens is hopeless, but each try that has the right form costs a statement:
// limit the rate of requests in front of the handler.
package token
