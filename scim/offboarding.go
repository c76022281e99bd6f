package scim

import (
	"context"
	"log/slog"
	"time"

	"github.com/muster-scim/muster/schema"
)

// Cutoff takes away one kind of access that a user has beside being active:
// sessions, API keys, invitations. It is run right after the commit that suspends or
// deletes the user, and again until it succeeds.
type Cutoff struct {
	// Name is unique among a Config's cutoffs and must not change between
	// releases: what is not done yet is remembered by it.
	Name string

	// Cut must be idempotent. The user may be gone already.
	Cut func(ctx context.Context, t Tenant, userID string) error
}

// Trigger is why a user departs.
type Trigger string

// What makes a user depart.
const (
	TriggerSuspend Trigger = "suspend" // active became false
	TriggerDelete  Trigger = "delete"  // DELETE
)

// Departure tells of a user who leaves.
type Departure struct {
	UserID string

	// User is the user as it was before.
	User *schema.Resource

	// Manager is the id or other value of the manager as last known: identity
	// providers take it away before they take the user away.
	Manager string

	Connection string
	Trigger    Trigger
	At         time.Time

	// Due is when what the user owned may be handed over: At, or later if the
	// settings give a grace period.
	Due time.Time
}

// Heir is who inherits, and by which rule.
type Heir struct {
	UserID string
	Source string // "manager", "default substitute", …
}

// SubstitutePolicy names who inherits what a leaver owned. Package substitute has
// the usual ones. It is asked by a worker, never while a client waits.
type SubstitutePolicy interface {
	// Heirs returns whom to consider, in the order of preference. Who does not
	// exist, is not active, or leaves too, is passed over. None at all means that
	// what the leaver owned is parked until somebody is named.
	Heirs(ctx context.Context, t Tenant, d Departure) ([]Heir, error)
}

// Offboarding carries out what follows when a user leaves: the coordinator of
// package substitute is one. Depart and Return are called in the transaction of the
// write, where there is one: they store what is to be done and nothing else.
type Offboarding interface {
	// Bind is called once, by New.
	Bind(Services)

	// Depart stores that a user leaves. An error fails the request, and the
	// identity provider tries again. It may be told of the same user twice: of the
	// suspension, then of the deletion.
	Depart(ctx context.Context, t Tenant, d Departure) error

	// Return cancels what is not done yet: the user is back.
	Return(ctx context.Context, t Tenant, userID string) error

	// MayErase reports whether nothing is left that needs the user's data.
	MayErase(ctx context.Context, t Tenant, userID string) (bool, error)

	// Work does a bounded part of what is due and reports whether there was
	// anything. It is called again and again by [Handler.Run], on several
	// instances at once.
	Work(ctx context.Context) (more bool, err error)
}

// Services is what an Offboarding works with.
type Services struct {
	Users    UserStore
	State    StateStore
	Settings SettingsFunc

	// InTx runs f in a transaction of users and state, where there is one.
	InTx func(ctx context.Context, f func(ctx context.Context) error) error

	// Emit stores an event, in the transaction that ctx belongs to.
	Emit func(ctx context.Context, t Tenant, e Event) error

	// Leaving reports whether a user is suspended, deleted, or on the way out.
	Leaving func(ctx context.Context, t Tenant, userID string) (bool, error)

	// Wake makes the worker look at what is due now.
	Wake func()

	Now    func() time.Time
	Logger *slog.Logger
}
