package scim

import (
	"time"

	"github.com/muster-scim/muster/schema"
)

// EventType names what happened.
type EventType string

// What events tell of.
const (
	UserCreated   EventType = "user.created"
	UserLinked    EventType = "user.linked"    // a connection took over a user who was there
	UserUpdated   EventType = "user.updated"   // attributes changed
	UserSuspended EventType = "user.suspended" // active became false
	UserReturned  EventType = "user.returned"  // active became true, or a hidden user came back
	UserDeleted   EventType = "user.deleted"   // gone for SCIM; perhaps kept for a while
	UserErased    EventType = "user.erased"    // gone for good
	UserRoles     EventType = "user.roles"     // provisioned roles changed
	GroupCreated  EventType = "group.created"
	GroupLinked   EventType = "group.linked"
	GroupUpdated  EventType = "group.updated" // attributes or members changed
	GroupDeleted  EventType = "group.deleted"

	// AccessKept is an alert: the last administrator would have been lost.
	AccessKept EventType = "access.kept"

	// AccessCut tells that a cutoff has been carried out.
	AccessCut EventType = "access.cut"

	HandoverPlanned   EventType = "handover.planned"
	HandoverMoved     EventType = "handover.moved" // one batch of objects
	HandoverParked    EventType = "handover.parked"
	HandoverDone      EventType = "handover.done"
	HandoverCancelled EventType = "handover.cancelled"
	HandoverUndone    EventType = "handover.undone"
	HandoverAbandoned EventType = "handover.abandoned" // an administrator gave up what was left
)

// Event tells the application of one change that really happened. It is stored with
// the change and delivered at least once, those of one resource in order: ID tells a
// repetition. No event holds a password or a token.
type Event struct {
	ID string
	At time.Time

	Tenant     Tenant
	Connection string
	Actor      string

	Type       EventType
	Resource   string // the resource type, "User"
	ResourceID string

	// Before and After are the resource, nil where there is none for SCIM: Before too, if
	// a deleted user returns.
	Before, After *schema.Resource

	// Changed has the canonical paths of the attributes that differ.
	Changed []string

	// Added and Removed are ids of members, or names of roles. If there are very
	// many, both are nil and Many is set.
	Added, Removed []string
	Many           bool

	// Detail says more, as the reason of a link or the name of a cutoff.
	Detail string
}
