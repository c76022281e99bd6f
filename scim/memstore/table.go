package memstore

import (
	"errors"
	"math"

	"github.com/muster-scim/muster/schema"
)

// handle numbers the resources of a tenant in the order of their creation. It
// takes the place of their ids in indexes and memberships, where it needs a
// tenth of their memory. It is never used again, so that a place in a list of
// handles means the same after deletions.
type handle uint32

// record is a resource with what is known of it.
type record struct {
	res *schema.Resource // nil if there is none

	// in has the groups that it is a member of, in order. They are few, other
	// than the members of a group.
	in []handle

	// members is nil for what has none.
	members *set[handle]

	// What the id has beside the handle, so that a resource which is not the one that
	// was asked for need not be looked at.
	idTime   uint64
	idRandom uint32

	kind   kind
	hidden bool
}

func newRecord(r *schema.Resource, id uuid, k kind) record {
	return record{res: r, idTime: id.hi, idRandom: id.random(), kind: k}
}

// pageSize is how many records a page has: so many that pages are few, so few
// that the first of a small tenant is small.
const pageSize = 64

// table finds records by their handles. Records stay where they are when it
// grows.
type table struct {
	pages []*page // nil where no record is used
	next  handle
}

type page struct {
	records [pageSize]record
	used    int
}

// errFull comes after four billion creations in one tenant.
var errFull = errors.New("memstore: a tenant has used up its handles")

// reserve returns a handle that nobody has had.
func (t *table) reserve() (handle, error) {
	if t.next == math.MaxUint32 {
		return 0, errFull
	}
	h := t.next
	t.next++
	return h, nil
}

// has reports whether there is a record of that handle.
func (t *table) has(h handle) bool {
	return int(h/pageSize) < len(t.pages) && t.pages[h/pageSize] != nil && t.at(h).res != nil
}

// at returns the record of a handle that is used. The pointer is good until the
// record is dropped.
func (t *table) at(h handle) *record {
	return &t.pages[h/pageSize].records[h%pageSize]
}

// put stores r under a handle from reserve.
func (t *table) put(h handle, r record) {
	for int(h/pageSize) >= len(t.pages) {
		t.pages = append(t.pages, nil)
	}
	p := t.pages[h/pageSize]
	if p == nil {
		p = new(page)
		t.pages[h/pageSize] = p
	}
	p.records[h%pageSize] = r
	p.used++
}

// drop forgets a record, and its page with the last record on it.
func (t *table) drop(h handle) {
	p := t.pages[h/pageSize]
	p.records[h%pageSize] = record{}
	if p.used--; p.used == 0 {
		t.pages[h/pageSize] = nil
	}
}
