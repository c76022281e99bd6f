package scim

import (
	"context"
	"slices"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// Tenant names one customer. It is an argument of its own in everything that
// touches data, so that an adapter can't forget it. An application without
// tenants uses one value, which may be empty.
type Tenant string

// UserStore is where users are. Its methods are called from many goroutines at
// once. Resources are immutable, so a store may keep and share what it is given
// and hand out what it keeps.
//
// Every method works within tenant t: an id of another tenant is unknown.
//
// The error decides the answer:
//
//	[ErrNotFound]         404
//	[ErrVersionMismatch]  412 if the client sent If-Match, otherwise the request is tried again
//	[Taken]               409 uniqueness
//	[Invalid]             400 invalidValue
//	[UnknownMember]       400 invalidValue, or the member is skipped, as the dialect says
//	[Unsupported]         400 invalidFilter, with what is supported
//	[ErrTooBroad]         400 tooMany
//	[Forbidden]           403
//	[ErrNotImplemented]   Muster does it itself if it can, otherwise 501
//	an [*Error]           as it says
//	context.Canceled      no answer
//	anything else         500; the text goes to the log only
type UserStore interface {
	// GetUser returns a user with ID and Meta, or ErrNotFound.
	GetUser(ctx context.Context, t Tenant, id string) (*schema.Resource, error)

	// ListUsers returns one page of what q asks for and the exact total. A
	// filter or order that it can't do is ErrNotImplemented: then Muster reads
	// up to Config.MaxScan users and does it. It is never ignored.
	ListUsers(ctx context.Context, t Tenant, q Query) (Page, error)

	// CreateUser stores w.New and returns it with an ID, which has never been
	// used before and does not contain "bulkId", a version and times. A value
	// that must be unique and is in use is Taken. All of it is stored or
	// nothing.
	CreateUser(ctx context.Context, t Tenant, w Write) (*schema.Resource, error)

	// UpdateUser stores w.New in place of the user with that id and returns it
	// with a new version and a new Meta.LastModified. If w.Version is not
	// empty it does so only if the stored version equals it; comparing and
	// writing are one step. ErrNotFound may stand for "no such version" too.
	// What no path of w.Changed names stays as it is in the store, whatever
	// w.New says.
	UpdateUser(ctx context.Context, t Tenant, id string, w Write) (*schema.Resource, error)

	// DeleteUser erases a user together with its memberships. If version is
	// not empty it does so only if the stored version equals it.
	DeleteUser(ctx context.Context, t Tenant, id, version string) error
}

// GroupStore is where groups and memberships are. What UserStore says of its
// methods goes for these too.
//
// Resources of groups never hold members. Memberships are edges, asked for and
// changed on their own, so that one member more costs the same in a group of
// ten and of a million.
type GroupStore interface {
	// GetGroup returns a group without members.
	GetGroup(ctx context.Context, t Tenant, id string) (*schema.Resource, error)

	// ListGroups is as ListUsers. q.Filter never names members.
	ListGroups(ctx context.Context, t Tenant, q Query) (Page, error)

	// CreateGroup stores w.New with the members w.Members.Add.
	CreateGroup(ctx context.Context, t Tenant, w GroupWrite) (GroupResult, error)

	// UpdateGroup changes attributes, if w.Changed is not empty, and members,
	// if w.Members is not zero, in one step, and reports who was really added
	// and removed. If nothing changes, version and time stay; otherwise both
	// move. Without w.Version two deltas never conflict. Its cost depends on
	// the delta, not on the group.
	//
	// Every id in w.Members.Add has just been seen in this tenant; one that is
	// gone since is UnknownMember.
	UpdateGroup(ctx context.Context, t Tenant, id string, w GroupWrite) (GroupResult, error)

	// DeleteGroup erases a group and its memberships; the members stay.
	DeleteGroup(ctx context.Context, t Tenant, id, version string) error

	// ListMemberships returns edges in the order of group, then member: the
	// members of q.Groups, the groups of q.Members, or with both only the pairs
	// that exist. Unknown ids have no edges.
	ListMemberships(ctx context.Context, t Tenant, q MembershipQuery) (MembershipPage, error)
}

// ResourceStore is where resources of any other type are. What UserStore says
// goes for it too.
type ResourceStore interface {
	Get(ctx context.Context, t Tenant, id string) (*schema.Resource, error)
	List(ctx context.Context, t Tenant, q Query) (Page, error)
	Create(ctx context.Context, t Tenant, w Write) (*schema.Resource, error)
	Update(ctx context.Context, t Tenant, id string, w Write) (*schema.Resource, error)
	Delete(ctx context.Context, t Tenant, id, version string) error
}

// Query asks for a page of resources.
type Query struct {
	// Filter says which; nil is all. It is checked against the type: paths
	// exist, literals have the right type.
	Filter *filter.Filter

	// IDs, if not nil, restricts the result to resources with these ids. Those
	// that do not exist are left out. There are at most 10,000, which one statement
	// of most databases takes.
	IDs []string

	// SortBy orders the result: nil is the store's own order, which must be the
	// same from page to page. Strings are ordered by the code points of
	// [schema.Attr.Key], numbers and times by value; of a multi-valued attribute
	// the primary or else the first element counts. Resources without a value
	// come last, or first if Descending. Ties are in the order of ids.
	SortBy     *schema.Attr
	Descending bool

	// StartIndex is the first result, from 1. Count is the most that may be
	// returned; 0 asks for the total alone.
	StartIndex int
	Count      int

	// ByKey asks for a page by where the one before ended rather than by
	// number: it begins behind After, which is empty for the first page and
	// then Page.Next. What other clients insert or delete meanwhile moves no
	// other resource from one page to another. Only a [CursorLister] is asked
	// so; StartIndex is 1 then.
	ByKey bool
	After string
}

// Page is a part of a result.
type Page struct {
	Resources []*schema.Resource

	// Total counts all that match, not only this page. With Query.ByKey it may
	// be -1 for not counted.
	Total int

	// Next, with Query.ByKey, is where the page ended: the place of its last
	// resource in the order, in a form that is the store's own. It is empty if
	// nothing follows.
	Next string
}

// Write is one change of one resource. All of it is done, or nothing.
type Write struct {
	// Old is the resource as it was read, nil on create; New as it shall be.
	// They hold neither password nor memberships.
	Old, New *schema.Resource

	// Changed has the canonical paths of the top-level attributes that differ:
	// all others may be left alone. On create it also names those that the client
	// left unassigned by null or [], which a default must not fill in.
	Changed []string

	// Version, if not empty, must equal the stored version.
	Version string

	// Password is set if the client sent one. Hash it; keep nothing else.
	Password schema.Secret
}

// GroupWrite is a change of a group's attributes and members.
type GroupWrite struct {
	Write
	Members patch.MemberDelta
}

// GroupResult says what a GroupWrite did.
type GroupResult struct {
	// Group is the group as it is now. It may be nil if only members changed.
	Group *schema.Resource

	// Version is the group's version now.
	Version string

	// Added and Removed have the ids of members that were really added and
	// removed. If there are more than MaxEffective, both are nil and Many is set.
	Added, Removed []string
	Many           bool
}

// MaxEffective is the most ids that a GroupResult lists: it bounds what a
// replaced member list of a huge group costs.
const MaxEffective = 1000

// MembershipQuery asks for edges. An id in Groups stands for its members, one
// in Members for its groups; with both it asks which of the pairs exist.
type MembershipQuery struct {
	Groups, Members []string

	// After continues behind MembershipPage.Next; Limit is the most edges to
	// return, 0 is no limit.
	After string
	Limit int
}

// Membership is one edge.
type Membership struct {
	GroupID string

	// GroupName is the group's displayName.
	GroupName string

	// Member has the member's id and type, and if the store knows it its name.
	Member patch.Member
}

// MembershipPage is a part of the edges. Next is empty if there are no more.
type MembershipPage struct {
	Edges []Membership
	Next  string
}

// wants reports whether q.IDs lets a resource through.
func (q Query) wants(id string) bool { return q.IDs == nil || slices.Contains(q.IDs, id) }
