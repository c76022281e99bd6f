package scim

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/muster-scim/muster/schema"
)

// The keywords of RFC 9865, table 3.
const (
	scimTypeInvalidCursor schema.ScimType = "invalidCursor"
	scimTypeExpiredCursor schema.ScimType = "expiredCursor"
)

// errInvalidCursor is the one answer to every cursor that is not good: a forged, a
// damaged and a foreign one look alike (RFC 9865, section 5.2).
var errInvalidCursor = badRequest(scimTypeInvalidCursor, "The cursor is not valid for this request. Begin again without one.")

// cursors makes and reads the cursors that clients see. A cursor is encrypted, since
// places hold values of attributes, and bound to tenant, connection, endpoint and
// query; the server remembers nothing.
type cursors struct {
	aead    cipher.AEAD
	timeout time.Duration
	now     func() time.Time
}

// cursorText has only characters that need no escaping in a URL.
var cursorText = base64.RawURLEncoding

// cursorKeySize is that of AES-256.
const cursorKeySize = 32

func newCursors(c Config) (*cursors, error) {
	key := c.CursorKey
	if len(key) == 0 {
		key = make([]byte, cursorKeySize)
		if _, err := rand.Read(key); err != nil {
			return nil, err
		}
	}
	block, err := aes.NewCipher(key)
	if err != nil || len(key) != cursorKeySize {
		return nil, fmt.Errorf("scim: Config.CursorKey must have %d bytes", cursorKeySize)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &cursors{aead, c.CursorTimeout, c.Now}, err
}

// seal makes the cursor for what comes behind a place; "" if nothing does.
func (c *cursors) seal(q *request, s *search, place string) string {
	if place == "" {
		return ""
	}
	text := binary.BigEndian.AppendUint64(nil, uint64(c.now().Add(c.timeout).Unix()))
	text = append(text, place...)
	return cursorText.EncodeToString(c.aead.Seal(nil, nil, text, binding(q, s)))
}

// open returns the place that a cursor is for; "" for the empty one.
func (c *cursors) open(q *request, s *search) (string, error) {
	if *s.cursor == "" {
		return "", nil
	}
	sealed, err := cursorText.DecodeString(*s.cursor)
	if err != nil || cursorText.EncodeToString(sealed) != *s.cursor {
		return "", errInvalidCursor
	}
	text, err := c.aead.Open(nil, nil, sealed, binding(q, s))
	const stamp = 8
	if err != nil || len(text) < stamp {
		return "", errInvalidCursor
	}
	if c.now().Unix() > int64(binary.BigEndian.Uint64(text)) {
		return "", badRequest(scimTypeExpiredCursor, "The cursor has expired. Begin again without one.")
	}
	return string(text[stamp:]), nil
}

// binding is what must be the same from page to page. The count may change.
func binding(q *request, s *search) []byte {
	h := sha256.New()
	filter := ""
	if s.filter != nil {
		filter = *s.filter
	}
	for _, part := range []string{string(q.scope.Tenant), q.scope.Connection, q.rest, filter, s.sortBy, fmt.Sprint(s.descending)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}
