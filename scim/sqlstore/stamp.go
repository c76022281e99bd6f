package sqlstore

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// stamper makes ids and tells the time. It may be used from many goroutines.
type stamper struct {
	now func() time.Time

	mu   sync.Mutex
	tick uint64 // of the last id
}

// micros returns the time as tables have it.
func (s *stamper) micros() int64 { return s.now().UnixMicro() }

// timeOf is the inverse.
func timeOf(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// idSize is the length of a UUID.
const idSize = 36

// id returns a UUID of version 7 (RFC 9562, section 5.7): milliseconds, a counter
// within them, 62 random bits. Those of one process ascend strictly, even if the
// clock goes back; those of several ascend as well as their clocks agree.
func (s *stamper) id() string {
	const counter = 12
	s.mu.Lock()
	s.tick = max(s.tick+1, uint64(max(s.now().UnixMilli(), 0))<<counter)
	tick := s.tick
	s.mu.Unlock()
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], tick>>counter<<16|7<<counter|tick&(1<<counter-1))
	_, _ = rand.Read(u[8:]) // never fails
	u[8] = u[8]&0x3f | 0x80
	text := make([]byte, 0, idSize)
	for i, part := range [...][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}

// isID reports whether text may be an id that a stamper has made. Databases are not
// asked for others, which hold what they may not take.
func isID(text string) bool {
	if len(text) != idSize {
		return false
	}
	for _, c := range []byte(text) {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
