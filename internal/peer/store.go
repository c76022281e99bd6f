package peer

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// A Store holds the users and groups of a server that [New] returned.
type Store struct {
	users, groups *table
	events        chan Event
	indexed       atomic.Bool
}

// Users returns the number of users.
func (s *Store) Users() int { return s.users.len() }

// Groups returns the number of groups.
func (s *Store) Groups() int { return s.groups.len() }

// Events returns the channel with one event for each request. Events that
// nobody reads are dropped once the channel is full.
func (s *Store) Events() <-chan Event { return s.events }

// SetIndexed sets whether a filter that is nothing but userName eq "…" is
// answered from the index of userName. At first it is not, and the library
// evaluates such a filter on every user.
func (s *Store) SetIndexed(on bool) { s.indexed.Store(on) }

// table holds the resources of one type.
type table struct {
	unique string // name of the attribute that is unique, "" for none

	mu    sync.RWMutex
	byID  map[string]*row
	byKey map[string]*row // by folded value of the unique attribute
	order []*row          // by seq
	seq   uint64          // of the newest row
}

// row is one resource. What resource points to, and all maps and slices in it,
// are never changed: a write puts another resource in its place.
type row struct {
	seq      uint64
	rev      uint64
	key      string
	resource *scim.Resource
}

func newTable(unique string) *table {
	return &table{unique: unique, byID: map[string]*row{}, byKey: map[string]*row{}}
}

func (t *table) len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.order)
}

func (t *table) get(id string) (*scim.Resource, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if r, ok := t.byID[id]; ok {
		return r.resource, true
	}
	return nil, false
}

// find returns the resource whose unique attribute has the given value.
func (t *table) find(value string) (*scim.Resource, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if r, ok := t.byKey[strings.ToLower(value)]; ok {
		return r.resource, true
	}
	return nil, false
}

// page returns count resources from the one at start, counted from 0, in order
// of creation, and the number of all.
func (t *table) page(start, count int) ([]*scim.Resource, int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	rows := window(t.order, start, count)
	resources := make([]*scim.Resource, len(rows))
	for i, r := range rows {
		resources[i] = r.resource
	}
	return resources, len(t.order)
}

// window returns the part of s that a page shows.
func window[S ~[]E, E any](s S, start, count int) S {
	start = min(max(start, 0), len(s))
	return s[start : start+min(max(count, 0), len(s)-start)]
}

func (t *table) insert(attrs scim.ResourceAttributes) (*scim.Resource, error) {
	key := t.keyOf(attrs)
	resource := newResource(newID(), attrs, time.Now().UTC(), 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, taken := t.byKey[key]; taken {
		return nil, scimerrors.ScimErrorUniqueness
	}
	t.seq++
	r := &row{seq: t.seq, rev: 1, key: key, resource: resource}
	t.byID[resource.ID] = r
	t.order = append(t.order, r)
	if t.unique != "" {
		t.byKey[key] = r
	}
	return resource, nil
}

// update replaces the attributes of a resource by what change makes of them.
// It must not modify those it gets.
func (t *table) update(id string, change func(scim.ResourceAttributes) (scim.ResourceAttributes, error)) (*scim.Resource, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.byID[id]
	if !ok {
		return nil, scimerrors.ScimErrorResourceNotFound(id)
	}
	attrs, err := change(r.resource.Attributes)
	if err != nil {
		return nil, err
	}
	if key := t.keyOf(attrs); key != r.key {
		if _, taken := t.byKey[key]; taken {
			return nil, scimerrors.ScimErrorUniqueness
		}
		delete(t.byKey, r.key)
		t.byKey[key] = r
		r.key = key
	}
	r.rev++
	next := newResource(id, attrs, time.Now().UTC(), r.rev)
	next.Meta.Created = r.resource.Meta.Created
	r.resource = next
	return next, nil
}

func (t *table) remove(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.byID[id]
	if !ok {
		return false
	}
	delete(t.byID, id)
	delete(t.byKey, r.key)
	i, _ := slices.BinarySearchFunc(t.order, r.seq, func(r *row, seq uint64) int { return cmp.Compare(r.seq, seq) })
	t.order = slices.Delete(t.order, i, i+1)
	return true
}

// keyOf returns the folded value of the unique attribute.
func (t *table) keyOf(attrs scim.ResourceAttributes) string {
	if t.unique == "" {
		return ""
	}
	value, _ := attrs[t.unique].(string)
	return strings.ToLower(value)
}

func newResource(id string, attrs scim.ResourceAttributes, now time.Time, rev uint64) *scim.Resource {
	r := &scim.Resource{
		ID:         id,
		Attributes: attrs,
		Meta: scim.Meta{
			Created:      &now,
			LastModified: &now,
			Version:      `W/"` + strconv.FormatUint(rev, 10) + `"`,
		},
	}
	if s, ok := attrs[schema.CommonAttributeExternalID].(string); ok {
		r.ExternalID = optional.NewString(s)
	}
	return r
}

// newID returns a random UUID (RFC 9562, section 5.4).
func newID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[:8], u[:4])
	hex.Encode(s[9:13], u[4:6])
	hex.Encode(s[14:18], u[6:8])
	hex.Encode(s[19:23], u[8:10])
	hex.Encode(s[24:], u[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}
