package memstore

import (
	"time"

	"github.com/muster-scim/muster/scim"
)

// Options say how a store differs from the one that [New] makes. They are read
// once, when the store is made.
type Options struct {
	// UniqueExternalID refuses an externalId that another resource of the same
	// type has. RFC 7643, section 3.1, leaves that to the client; IdPs that find
	// accounts by it are safer with it.
	UniqueExternalID bool

	// DuplicateGroupNames lets groups have the same displayName. RFC 7643 has
	// nothing against it, but Entra ID finds groups by their names and can't go
	// on once two have the same.
	DuplicateGroupNames bool

	// Now tells the time for meta.created and meta.lastModified; nil is
	// [time.Now]. It is called with the store's lock held.
	Now func() time.Time
}

// New returns an empty store for users, groups and Muster's own records.
func New() *Store { return Options{}.New() }

// New is the function [New] with options.
func (o Options) New() *Store {
	d := newDB(o)
	return &Store{
		d:      d,
		users:  shelf{d, userKind},
		groups: shelf{d, groupKind},
	}
}

// NewResources returns an empty store for resources of one type. For one whose
// writes are to be part of a Store's transactions see [Store.Resources].
func NewResources() *Resources { return Options{}.NewResources() }

// NewResources is the function [NewResources] with options.
func (o Options) NewResources() *Resources {
	d := newDB(o)
	return &Resources{shelf{d, d.kindNamed("")}}
}

var (
	_ scim.UserStore     = (*Store)(nil)
	_ scim.GroupStore    = (*Store)(nil)
	_ scim.StateStore    = (*Store)(nil)
	_ scim.Transactor    = (*Store)(nil)
	_ scim.UserTrash     = (*Store)(nil)
	_ scim.RoleSetter    = (*Store)(nil)
	_ scim.ResourceStore = (*Resources)(nil)
)
