package scim

import (
	"context"
	"sync"
	"time"

	"github.com/muster-scim/muster/schema"
)

// Settings is what may differ from tenant to tenant and from connection to
// connection, and change while the server runs.
type Settings struct {
	// Dialect says what this connection's requests may look like. The zero
	// value is the tolerant one, which all known identity providers can use.
	Dialect Dialect

	// Defaults are values of attributes of users, by path, that a POST gets which
	// does not name them, as "userType": "member". One that is required gets it also
	// instead of null, and when a PUT or PATCH would take its value away. What a value
	// may be says [schema.Attr.Make].
	Defaults map[string]any

	// NoGroupCreate refuses POST /Groups with a 403: for identity providers
	// that fill groups which the application makes, such as OneLogin.
	NoGroupCreate bool

	// NoNestedGroups refuses groups as members of groups with a 400.
	NoNestedGroups bool

	// OnlyLinkedUsers and OnlyLinkedGroups hide from the connection what it has
	// neither created nor linked: what the application made itself is a 404 and in
	// no list.
	OnlyLinkedUsers, OnlyLinkedGroups bool

	// Linker finds what the application has already. If nil, nothing is taken over:
	// a POST of a user who exists is a 409.
	Linker Linker

	// Roles says which roles users have. If nil, roles are none of Muster's business.
	Roles RoleResolver

	// Guard keeps the last administrator, if not nil.
	Guard *Guard

	// Admission is asked before a user comes in, if not nil.
	Admission Admission

	// OnDeactivate says what becomes of a user whose active becomes false; if zero
	// it is Suspend. SuspendedFor is how long a [Tombstone] is kept then.
	OnDeactivate Leaving
	SuspendedFor time.Duration

	// OnDelete says what becomes of a user who is deleted; if zero it is Erase. The
	// user is a 404 at once in any case. Retention is how long a [Tombstone] is
	// kept.
	OnDelete  Leaving
	Retention time.Duration

	// Revive decides whether a hidden user is the one that a POST means. If nil it
	// is, if the externalId is the same and is not just the userName, which may have
	// been given to somebody else; or, where the POST has none, if the userName is
	// the same and the hidden user has none either.
	Revive func(hidden, incoming *schema.Resource) bool

	// ForgetRoles gives a user who returns none of the roles that depend on groups
	// which drive roles: Muster's own memberships end with a deletion.
	ForgetRoles bool

	// Substitute names who inherits what a leaver owned. HandOverOnSuspend hands
	// over when a user is suspended, otherwise only when it is deleted.
	// HandOverAfter is a grace period.
	Substitute        SubstitutePolicy
	HandOverOnSuspend bool
	HandOverAfter     time.Duration

	// GroupsManaged refuses the application's own edits of groups, see
	// [Admin.EditGroup].
	GroupsManaged bool

	// RememberMembers is how long the members of a group that the application has
	// deleted are remembered, for when an identity provider creates it again; zero
	// is not at all.
	RememberMembers time.Duration

	// KeepLog is how long entries of the log are kept; zero is not at all.
	KeepLog time.Duration
}

// Leaving is what becomes of a user who leaves.
type Leaving uint8

const (
	// Zero is Suspend for OnDeactivate and Erase for OnDelete.
	_ Leaving = iota

	// Suspend keeps the user, and after a DELETE out of sight, until it comes back.
	Suspend

	// Tombstone does the same and erases the user when its time is over and nothing
	// needs it any more.
	Tombstone

	// Erase deletes the user: at once, or as soon as what it owned is handed over.
	Erase
)

// onDelete is what becomes of a deleted user.
func (s *Settings) onDelete() Leaving {
	if s.OnDelete == 0 {
		return Erase
	}
	return s.OnDelete
}

// SettingsFunc returns the settings of a scope. It is called once per request,
// and what it returns holds to the end of it; it must not be changed any more. An
// error is a 503, which makes identity providers back off.
type SettingsFunc func(ctx context.Context, s Scope) (*Settings, error)

// Fixed is a SettingsFunc for settings that never change.
func Fixed(s Settings) SettingsFunc {
	return func(context.Context, Scope) (*Settings, error) { return &s, nil }
}

// Versioned is a SettingsFunc for settings that are built from what the application
// stores. version is asked each time and names the state of the stored settings, as a
// counter does; build is called once for each version of a scope's tenant and
// connection, and what it returns is used until the version is another one, on every
// instance. Errors of both are passed on.
func Versioned(version func(ctx context.Context, s Scope) (string, error), build func(ctx context.Context, s Scope) (*Settings, error)) SettingsFunc {
	v := &versioned{version: version, build: build, built: map[connectionKey]builtSettings{}}
	return v.settings
}

// connectionKey is what settings may depend on.
type connectionKey struct {
	tenant     Tenant
	connection string
}

type builtSettings struct {
	version  string
	settings *Settings
}

type versioned struct {
	version func(context.Context, Scope) (string, error)
	build   func(context.Context, Scope) (*Settings, error)

	mu    sync.Mutex
	built map[connectionKey]builtSettings
}

func (v *versioned) settings(ctx context.Context, s Scope) (*Settings, error) {
	version, err := v.version(ctx, s)
	if err != nil {
		return nil, err
	}
	key := connectionKey{s.Tenant, s.Connection}
	v.mu.Lock()
	known, ok := v.built[key]
	v.mu.Unlock()
	if ok && known.version == version {
		return known.settings, nil
	}
	settings, err := v.build(ctx, s)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	v.built[key] = builtSettings{version, settings}
	v.mu.Unlock()
	return settings, nil
}
