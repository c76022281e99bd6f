package memstore

import (
	"strconv"
	"time"

	"github.com/muster-scim/muster/schema"
)

// stamper makes ids, versions and times. What it has made it never makes again,
// not even after a transaction was undone.
type stamper struct {
	now     func() time.Time
	tick    uint64 // of the last id
	version uint64 // the last one
}

// created stamps a resource that is new.
func (s *stamper) created(r *schema.Resource, h handle) (*schema.Resource, uuid) {
	now := s.now().UTC().Truncate(time.Microsecond)
	// Both in one string: a million resources are a million objects less.
	var buf [idSize + 16]byte
	id := s.nextID(now, h)
	both := string(s.appendVersion(id.append(buf[:0])))
	return r.WithMeta(both[:idSize], schema.Meta{Created: now, LastModified: now, Version: both[idSize:]}), id
}

// changed stamps r, which takes the place of old. Its time is later than that of
// old even if the clock is not.
func (s *stamper) changed(old, r *schema.Resource) *schema.Resource {
	m := old.Meta()
	now := s.now().UTC().Truncate(time.Microsecond)
	if !now.After(m.LastModified) {
		now = m.LastModified.Add(time.Microsecond)
	}
	var buf [16]byte
	m.LastModified, m.Version = now, string(s.appendVersion(buf[:0]))
	return r.WithMeta(old.ID(), m)
}

// appendVersion appends the number of the change, counted for the whole store:
// a version says nothing about its resource, and none comes twice.
func (s *stamper) appendVersion(dst []byte) []byte {
	s.version++
	return strconv.AppendUint(dst, s.version, 36)
}
