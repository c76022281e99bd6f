package scim

import (
	"bytes"
	"io"
	"slices"
	"sync"
)

// space is memory for a body or an answer. It is used again, so what is decoded from a body
// is copied. It is no bytes.Buffer since answers are appended: to write such a buffer's own
// end into it copies each resource onto itself.
type space struct{ bytes []byte }

// spaces keeps those that nobody uses.
var spaces = sync.Pool{New: func() any { return new(space) }}

func newSpace() *space { return spaces.Get().(*space) }

// maxKept is the largest space that is kept: a page of 1,000 users or a group of
// 10,000 members fits in, while a bulk request of 100 MB must not stay.
const maxKept = 1 << 20

// release gives the space back.
func (s *space) release() {
	if cap(s.bytes) <= maxKept {
		s.bytes = s.bytes[:0]
		spaces.Put(s)
	}
}

// grow makes room for n more bytes.
func (s *space) grow(n int) { s.bytes = slices.Grow(s.bytes, n) }

// read reads from r to its end.
func (s *space) read(r io.Reader) error {
	b := bytes.NewBuffer(s.bytes)
	_, err := b.ReadFrom(r)
	s.bytes = b.Bytes()
	return err
}
