package scim

import (
	"slices"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// Dialect says what is refused of what real identity providers send. The zero
// value refuses nothing that is understood. [Strict], [Interop] and [IPSIE] make the
// dialects of standards and profiles; what a connection needs otherwise can be
// changed in them.
type Dialect struct {
	// Options has the leniencies of bodies, paths and filters: its Decoding is
	// used for POST and PUT, its Path and Checking for filters too.
	patch.Options

	// RefuseUnknownMembers answers 400 to a member that does not exist.
	// Otherwise it is left out and the rest is done: one leaver must not block
	// a whole group push for ever, as it does with Okta.
	RefuseUnknownMembers bool

	// RefusePlainJSON answers 415 to a body that is not called
	// application/scim+json, and calls every answer that. Otherwise
	// application/json, or nothing at all, will do, and a client that accepts
	// only application/json is answered so (RFC 7644, section 3.8).
	RefusePlainJSON bool

	// MaxResults bounds a page where Config.MaxResults does not do so already;
	// zero is no bound.
	MaxResults int

	// PatchGroupBody answers a PATCH of a group with 200 and the group, members
	// included. Otherwise it is a 204, since members are never read only to be
	// shown. PATCH of other types always answers 200 with the resource.
	PatchGroupBody bool
}

// Strict is the dialect of RFC 7643 and RFC 7644 to the letter.
func Strict() Dialect {
	return Dialect{
		Options:              patch.Strict(),
		RefuseUnknownMembers: true,
	}
}

// Interop is the dialect of the SCIM 2.0 Interoperability Profile
// (draft-zollner-scim-interop-profile): RFC 7644 with less to choose from. Okta and
// Entra ID do not keep to it by default.
//
// /ServiceProviderConfig says interopProfileConformant to a connection that refuses
// and does all that the profile demands of service providers, for which
// Config.MaxResults must be 100 at least, and each "type" of several addresses must
// have canonical values, as those of [schema.User] have.
//
// The profile lets service providers take a PATCH path that ends with a filter. It
// is how Okta and Entra ID remove a member, and the profile has no other way, so it
// is taken here; set RefuseElements to refuse it.
func Interop() Dialect {
	d := Strict()
	d.RefuseNoPath = true
	d.RefuseAddOfOne = true
	d.UnknownIsSyntax = true
	d.OverwriteComplex = true
	d.RefusePlainJSON = true
	return d
}

// IPSIE is the dialect of the OpenID profile for account lifecycle (IPSIE AL SCIM 2.0
// Profile, draft 00): that of [Interop] without passwords, in pages of 1,000 at most.
//
// What else the profile demands is the application's: Config.MaxBulkOperations, an
// Authenticator that knows tokens of scope scim and limits how often one may ask, a
// Config.Record that keeps what was done, and that access ends with active.
func IPSIE() Dialect {
	d := Interop()
	d.Decoding.RefusePasswords = true
	d.MaxResults = 1000
	return d
}

// maxResults is the most resources that a page of this request has.
func (q *request) maxResults() int {
	if n := q.settings.Dialect.MaxResults; n > 0 {
		return min(n, q.h.config.MaxResults)
	}
	return q.h.config.MaxResults
}

// interopPage is the size of a page that the interoperability profile demands.
const interopPage = 100

// conformsToInterop reports whether the connection keeps to all that the
// interoperability profile demands of service providers and that can be switched off.
func (q *request) conformsToInterop() bool {
	d := &q.settings.Dialect
	return d.Decoding.RefuseUnknown && d.Decoding.RefuseSchemas && d.RefuseUnknown && d.UnknownIsSyntax &&
		d.RefuseNoPath && d.OverwriteComplex && d.RefusePlainJSON &&
		q.maxResults() >= interopPage && !slices.ContainsFunc(q.h.collections, (*collection).leavesTypesOpen)
}

// leavesTypesOpen reports whether the schema does not say which values a "type" can
// have, where RFC 7643, section 4.1.2, has some.
func (c *collection) leavesTypesOpen() bool {
	for _, a := range schema.User().Attributes {
		for _, standard := range a.Sub {
			own, ok := c.typ.Attr(a.Name + "." + standard.Name)
			if ok && standard.Name == "type" && len(standard.Canonical) > 0 && len(own.Canonical) == 0 {
				return true
			}
		}
	}
	return false
}
