package memstore

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
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
func (s *stamper) created(r *schema.Resource, h handle) *schema.Resource {
	now := s.now().UTC().Truncate(time.Microsecond)
	// Both in one string: a million resources are a million objects less.
	var buf [idSize + 16]byte
	both := string(s.appendVersion(s.appendID(buf[:0], now, h)))
	return r.WithMeta(both[:idSize], schema.Meta{Created: now, LastModified: now, Version: both[idSize:]})
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

// idSize is the length of a UUID.
const idSize = 36

// appendID appends a UUID of version 7 (RFC 9562, section 5.7): milliseconds, a
// counter within them, 30 random bits, and the handle, by which it is found without an
// index. They ascend strictly, so that the order of ids is that of creation and of handles,
// even if the clock goes back.
func (s *stamper) appendID(dst []byte, now time.Time, h handle) []byte {
	const counter = 12
	s.tick = max(s.tick+1, uint64(max(now.UnixMilli(), 0))<<counter)
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], s.tick>>counter<<16|7<<counter|s.tick&(1<<counter-1))
	binary.BigEndian.PutUint32(u[8:], rand.Uint32()) // that an id is hard to guess protects nothing
	u[8] = u[8]&0x3f | 0x80
	binary.BigEndian.PutUint32(u[12:], uint32(h))
	for i, part := range [...][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}

// handleOf finds the resource with that id, of any kind, be it hidden or not.
func (n *tenant) handleOf(id string) (handle, bool) {
	if len(id) != idSize {
		return 0, false
	}
	last, err := strconv.ParseUint(id[idSize-8:], 16, 32)
	h := handle(last)
	// It may be an id of another tenant, or nobody's.
	if err != nil || !n.records.has(h) || n.records.at(h).res.ID() != id {
		return 0, false
	}
	return h, true
}
