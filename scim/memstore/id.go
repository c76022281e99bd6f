package memstore

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// uuid is the id of a resource, of version 7 (RFC 9562, section 5.7): milliseconds, a
// counter within them, 30 random bits, and the handle, so that a resource is found by its id
// without an index.
type uuid struct{ hi, lo uint64 }

// idSize is the length of a UUID as text.
const idSize = 36

// nextID makes an id. They ascend strictly, so that the order of ids is that of creation
// and of handles, even if the clock goes back.
func (s *stamper) nextID(now time.Time, h handle) uuid {
	const counter, version, variant = 12, 7, 2
	s.tick = max(s.tick+1, uint64(max(now.UnixMilli(), 0))<<counter)
	random := uint64(rand.Uint32() >> 2) // that an id is hard to guess protects nothing
	return uuid{
		hi: s.tick>>counter<<16 | version<<counter | s.tick&(1<<counter-1),
		lo: variant<<62 | random<<32 | uint64(h),
	}
}

func (u uuid) handle() handle { return handle(u.lo) }

// random is what u has beside its time and its handle.
func (u uuid) random() uint32 { return uint32(u.lo >> 32) }

// append appends the text.
func (u uuid) append(dst []byte) []byte {
	var text [idSize]byte
	for _, at := range [...]int{8, 13, 18, 23} {
		text[at] = '-'
	}
	order := binary.LittleEndian
	order.PutUint64(text[0:], hexOf(uint32(u.hi>>32)))
	for i, half := range [...]uint64{hexOf(uint32(u.hi)), hexOf(uint32(u.lo >> 32))} {
		order.PutUint32(text[9+10*i:], uint32(half))
		order.PutUint32(text[14+10*i:], uint32(half>>32))
	}
	order.PutUint64(text[28:], hexOf(uint32(u.lo)))
	return append(dst, text[:]...)
}

// parseID reads the text that append has made, and nothing else.
func parseID(id string) (u uuid, ok bool) {
	if len(id) != idSize || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return uuid{}, false
	}
	a, ok1 := unhex(id[0:4], id[4:8])
	b, ok2 := unhex(id[9:13], id[14:18])
	c, ok3 := unhex(id[19:23], id[24:28])
	d, ok4 := unhex(id[28:32], id[32:36])
	return uuid{uint64(a)<<32 | uint64(b), uint64(c)<<32 | uint64(d)}, ok1 && ok2 && ok3 && ok4
}

// hexOf returns eight digits, the first in the lowest byte. All are made at once, each in a
// byte of the word.
func hexOf(n uint32) uint64 {
	w := uint64(n)
	w = w>>16 | w&0xffff<<32
	w = w>>8&0x000000ff000000ff | w&0x000000ff000000ff<<16
	w = w>>4&0x000f000f000f000f | w&0x000f000f000f000f<<8
	letters := (w + 6*ones) >> 4 & ones // where the digit is ten and more
	return w + '0'*ones + letters*('a'-'0'-10)
}

// unhex is the opposite of hexOf, and reports whether the digits are as hexOf makes them.
func unhex(a, b string) (n uint32, ok bool) {
	text := word(a) | word(b)<<32
	w := text&(0x0f*ones) + text>>6&ones*9
	w = w&0x000f000f000f000f<<4 | w>>8&0x000f000f000f000f
	w = w&0x000000ff000000ff<<8 | w>>16&0x000000ff000000ff
	n = uint32(w&0xffff<<16 | w>>32&0xffff)
	return n, hexOf(n) == text
}

const ones = 0x0101010101010101

func word(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// handleOf finds the resource with that id, of any kind, be it hidden or not.
func (n *tenant) handleOf(id string) (handle, bool) {
	u, ok := parseID(id)
	h := u.handle()
	if !ok || !n.records.has(h) {
		return 0, false
	}
	rec := n.records.at(h)
	if rec.idTime != u.hi || rec.idRandom != u.random() { // an id of another tenant, or nobody's
		return 0, false
	}
	return h, true
}
