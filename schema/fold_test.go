package schema

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLowerASCII: looking at eight bytes at once sees what looking at each does.
func TestLowerASCII(t *testing.T) {
	for n := range 20 {
		for at := range n {
			for c := range 256 {
				b := bytes.Repeat([]byte{'z'}, n)
				b[at] = byte(c)
				s := string(b)
				require.Equal(t, isASCII(s) && foldASCII(s) == s, isLowerASCII(s), "%q", s)
			}
		}
	}
}
