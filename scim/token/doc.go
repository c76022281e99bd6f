// Package token issues and checks the credentials that identity providers are given:
// opaque bearer tokens with a description and an expiry, kept only as hashes.
//
//	tokens := token.New(state, token.Options{Prefix: "acme"})
//	t, secret, err := tokens.Issue(ctx, "tenant-1", token.Issue{
//		Description: "Entra ID", Connection: "entra", Lifetime: "1y",
//	})
//	// show secret once, then forget it
//	h, err := scim.New(scim.Config{Auth: tokens.Authenticator(), …})
//
// A token looks like acme_4fRz…k9_1x2Y3z: the prefix lets scanners of repositories
// find it, 256 bits from crypto/rand make it unguessable, and a checksum tells a
// mistyped one without asking the store. The store has its SHA-256, which for so much
// randomness needs neither salt nor stretching.
//
// Connectors that ask for a user name and a password get the same secret as the
// password, see [Tokens.Basic].
//
// # Security considerations
//
// A token is shown once and can't be read back. It expires ([Issue].Lifetime; a year
// if nothing is said, RFC 7644, section 7.4). To change it without a gap, issue a
// second one and let the first end: [Tokens.Rotate]. Hashes are compared in constant
// time, and an unknown, an expired and a revoked token are answered alike.
package token
