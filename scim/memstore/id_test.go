package memstore

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestHex: eight digits at once are those that package hex makes.
func TestHex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint32().Draw(t, "n")
		w, text := hexOf(n), make([]byte, 8)
		for i := range text {
			text[i] = byte(w >> (8 * i))
		}
		want := hex.EncodeToString([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		require.Equal(t, want, string(text))
		got, ok := unhex(want[:4], want[4:])
		require.True(t, ok)
		require.Equal(t, n, got)
	})
}

// TestParseID: what an id is made of is read again, and only what ids look like.
func TestParseID(t *testing.T) {
	var s stamper
	now := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	u := s.nextID(now, 0xdeadbeef)
	id := string(u.append(nil))
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{4}deadbeef$`, id)
	assert.Equal(t, handle(0xdeadbeef), u.handle())
	got, ok := parseID(id)
	assert.True(t, ok)
	assert.Equal(t, u, got)
	assert.Greater(t, string(s.nextID(now.Add(-time.Hour), 0).append(nil)), id, "they ascend, whatever the clock does")
	for i := range id {
		for _, c := range "gG/:@`A F-\x00\xff" {
			other := id[:i] + string(c) + id[i+1:]
			if u, ok := parseID(other); ok {
				assert.Equal(t, other, string(u.append(nil)))
			}
		}
	}
	for _, other := range []string{"", id[1:], id + "0", strings.ToUpper(id), strings.ReplaceAll(id, "-", "0")} {
		_, ok := parseID(other)
		assert.False(t, ok, other)
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("0193a1b2-c3d4-7e5f-8a6b-7c8d00000001")
	f.Add("0193A1B2-c3d4-7e5f-8a6b-7c8d0000000g")
	f.Fuzz(func(t *testing.T, id string) {
		if u, ok := parseID(id); ok {
			require.Equal(t, id, string(u.append(nil)))
		}
	})
}
