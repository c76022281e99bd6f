package scim

import (
	"github.com/muster-scim/muster/schema"
)

// RoleResolver says which roles a user has by provisioning: a pure function of the
// user's attributes and of the groups that drive roles. It does no I/O, keeps no
// state and may be called from many goroutines. Package rolemap builds resolvers
// from tables.
//
// Its answer is recomputed on every change of what it looks at, and the application
// is given exactly these roles through [RoleSetter]; what it grants by hand stays.
type RoleResolver interface {
	// Resolve returns the roles of one user.
	Resolve(in RoleInput) RoleOutcome

	// GroupUse says what a group of this displayName and externalId is for. It
	// decides once, when the group is created, whether Muster keeps the group
	// ([UseRole]); whether an application's group drives roles ([UseBoth]) is
	// asked anew each time.
	GroupUse(name, externalID string) GroupUse
}

// RoleInput is all that a resolver may look at.
type RoleInput struct {
	// User has the user's attributes.
	User *schema.Resource

	// Groups are the user's groups that drive roles, in the order of their ids.
	Groups []GroupRef

	// Connection is the one that wrote the user, empty if none did.
	Connection string
}

// GroupRef names a group that a user is in.
type GroupRef struct {
	ID, ExternalID, Name string

	// Role says that Muster keeps the group: it is none of the application's.
	Role bool
}

// RoleOutcome is what a resolver answers.
type RoleOutcome struct {
	// Roles are the user's provisioned roles; the order does not count.
	Roles []string

	// Refusal, if not nil, says why the user's attributes name no role. A request
	// that writes these attributes is answered with it. Anything else, as a table
	// that has changed since, keeps the roles there are and reports it.
	Refusal *Error

	// Notes tell of what was left out, as a role that the application does not
	// have, for the log.
	Notes []string
}

// GroupUse is what a group is for.
type GroupUse uint8

const (
	// UseNone is a group of the application that drives no role.
	UseNone GroupUse = iota

	// UseBoth is a group of the application that also drives roles.
	UseBoth

	// UseRole is a group that stands for a role. Muster keeps it; the application
	// never sees it.
	UseRole
)
