package patch

import (
	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// Options are the part of a dialect that PATCH has. The zero value is the
// tolerant one; fields name what is refused.
type Options struct {
	// Decoding says how values are read.
	Decoding schema.Decoding

	// Path says how paths and the filters in them are read.
	Path     filter.Leniency
	Checking filter.Checking

	// RefuseMissingSchemas: a body without a list of URIs in "schemas", in which
	// the PatchOp URN is. Okta leaves it out of some group requests. A list
	// without it is always refused.
	RefuseMissingSchemas bool

	// RefuseRemoveByValue: "remove" with a list of values beside the path, as
	// Entra removes members by default. It is then an error: it never empties
	// the attribute.
	RefuseRemoveByValue bool

	// RefuseKeyPaths: keys of a value without path that are paths themselves,
	// as "name.givenName". Entra sends them with the flag aadOptscim062020.
	RefuseKeyPaths bool

	// RefuseUnknown: paths and keys that no schema of the type has.
	RefuseUnknown bool

	// RefuseReadOnlyKeys: readOnly attributes as keys of a value without path.
	// "id" may always be one, but only with the resource's own id: Okta and
	// authentik send it.
	RefuseReadOnlyKeys bool

	// RefuseEmptyPath: "path": "" beside an object, which means no path.
	RefuseEmptyPath bool

	// RefuseNoPath: operations without a path, whose value is an object of
	// attributes. Okta deactivates users so; the interoperability profile
	// (draft-zollner-scim-interop-profile) wants a path in each.
	RefuseNoPath bool

	// RefuseAddOfOne: "add" of an element to a multi-valued attribute that is not
	// in a list. RFC 7644, section 3.5.2.1, takes it, the interoperability profile
	// wants a list. A "replace" is refused by Decoding.RefuseShapes.
	RefuseAddOfOne bool

	// RefuseElements: paths that end with a filter, as
	// members[value eq "2819c223"]. The interoperability profile wants a
	// sub-attribute behind it, but Okta and Entra ID remove members so.
	RefuseElements bool

	// RefuseCreateOnAdd: "add" by a filter that nothing matches. RFC 7644,
	// section 3.5.2.1, is silent about it; Entra sends every first e-mail so.
	RefuseCreateOnAdd bool

	// RefuseCreateOnReplace: "replace" by a filter that nothing matches, which
	// RFC 7644, section 3.5.2.3, wants refused. Entra sends it for values that
	// were never set, and one refusal fails its whole request.
	RefuseCreateOnReplace bool

	// UnknownIsSyntax: a path that no schema has is an invalidSyntax, as the
	// interoperability profile wants it, rather than the invalidPath of RFC 7644,
	// table 9. It says nothing without RefuseUnknown.
	UnknownIsSyntax bool

	// OverwriteComplex: "replace" of a complex attribute drops the
	// sub-attributes that the value does not have. RFC 7644 merges; the
	// interoperability profile (draft-zollner-scim-interop-profile) overwrites.
	OverwriteComplex bool
}

// Strict follows RFC 7644 to the letter. Where the RFC is silent and just one
// meaning is possible that is taken, as with keys that are paths.
func Strict() Options {
	return Options{
		Decoding:              schema.StrictDecoding(),
		Path:                  filter.Leniency{RefuseBareWords: true},
		Checking:              filter.StrictChecking(),
		RefuseMissingSchemas:  true,
		RefuseRemoveByValue:   true,
		RefuseUnknown:         true,
		RefuseReadOnlyKeys:    true,
		RefuseEmptyPath:       true,
		RefuseCreateOnReplace: true,
	}
}
