package scim

import (
	"context"

	"github.com/muster-scim/muster/patch"
)

// Settings is what may differ from tenant to tenant and from connection to
// connection, and change while the server runs.
type Settings struct {
	// Dialect says what this connection's requests may look like. The zero
	// value is the tolerant one, which all known identity providers can use.
	Dialect Dialect

	// Defaults are values of attributes of users, by path, that a POST gets which
	// does not name them, as "userType": "member". What a value may be says
	// [schema.Attr.Make].
	Defaults map[string]any

	// NoGroupCreate refuses POST /Groups with a 403: for identity providers
	// that fill groups which the application makes, such as OneLogin.
	NoGroupCreate bool

	// NoNestedGroups refuses groups as members of groups with a 400.
	NoNestedGroups bool
}

// SettingsFunc returns the settings of a scope. It is called once per request,
// and what it returns holds to the end of it; it must not be changed any more. An
// error is a 503, which makes identity providers back off.
type SettingsFunc func(ctx context.Context, s Scope) (*Settings, error)

// Fixed is a SettingsFunc for settings that never change.
func Fixed(s Settings) SettingsFunc {
	return func(context.Context, Scope) (*Settings, error) { return &s, nil }
}

// Dialect says what is refused of what real identity providers send. The zero
// value refuses nothing that is understood.
type Dialect struct {
	// Options has the leniencies of bodies, paths and filters: its Decoding is
	// used for POST and PUT, its Path and Checking for filters too.
	patch.Options

	// RefuseUnknownMembers answers 400 to a member that does not exist.
	// Otherwise it is left out and the rest is done: one leaver must not block
	// a whole group push for ever, as it does with Okta.
	RefuseUnknownMembers bool

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
