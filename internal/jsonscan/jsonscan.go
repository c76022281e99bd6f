// Package jsonscan reads JSON in one pass, without allocations and without a tree: what
// packages schema and patch are fast by.
package jsonscan

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Scanner reads one document. What is no JSON makes it bad: it is then at the end, where
// there is nothing more to read. So whoever uses it need not look at every step, but only
// ask Err before a result is believed. The hard parts, escapes and numbers, are left to
// package jsontext. What it returns are parts of the document, as far as they can be.
type Scanner struct {
	data  []byte
	pos   int
	depth int
	fresh bool // just behind an opening bracket
	bad   bool
	msg   string // why it is bad, unless it is the usual
	at    int    // where it was found to be
}

// maxDocument is what the offsets of schema's tape can count, with room to spare.
const maxDocument = 1 << 30

// MaxDepth limits how deep values may nest that are skipped, so that a hostile
// document can't exhaust the stack. It is that of encoding/json.
const MaxDepth = 10_000

// New returns a scanner of data, which is not changed.
func New(data []byte) Scanner {
	c := Scanner{data: data}
	switch {
	case isTooLarge(len(data)):
		c.fail("The document is too large.")
	case !utf8.Valid(data):
		c.pos = validPrefix(data)
		c.fail("")
	default:
		c.space()
		if c.pos == len(data) {
			c.fail("The document is empty.")
		}
	}
	return c
}

// Again is New for a value that has been read, and so is known to be valid.
func Again(value []byte) Scanner { return Scanner{data: value} }

// validPrefix returns how many bytes there are before those that are not UTF-8.
func validPrefix(data []byte) int {
	for i := 0; ; {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

func isTooLarge(n int) bool { return n > maxDocument }

func (c *Scanner) fail(msg string) {
	if !c.bad {
		c.bad, c.msg, c.at = true, msg, c.pos
	}
	c.pos = len(c.data)
}

// End makes sure that nothing follows.
func (c *Scanner) End() {
	if c.space(); c.pos < len(c.data) {
		c.fail("Something follows the JSON value.")
	}
}

// Err says what is wrong with the JSON as far as it was read, in a sentence for the
// client; "" is nothing.
func (c *Scanner) Err() string {
	switch {
	case !c.bad:
		return ""
	case c.msg != "":
		return c.msg
	}
	return fmt.Sprintf("The document is not valid JSON in UTF-8 near byte %d.", c.at)
}

func (c *Scanner) space() {
	for c.pos < len(c.data) {
		switch c.data[c.pos] {
		case ' ', '\t', '\n', '\r':
			c.pos++
		default:
			return
		}
	}
}

// First returns the first byte of the next value, which tells its kind; 0 if there
// is none.
func (c *Scanner) First() byte {
	if c.pos < len(c.data) {
		switch b := c.data[c.pos]; b {
		case '"', '{', '[', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			return b
		}
	}
	c.fail("")
	return 0
}

// take goes over b, which must come next.
func (c *Scanner) take(b byte) {
	if c.pos == len(c.data) || c.data[c.pos] != b {
		c.fail("")
		return
	}
	c.pos++
}

// Enter goes into an object or list.
func (c *Scanner) Enter() {
	c.pos = min(c.pos+1, len(c.data))
	c.fresh = true
	if c.depth++; c.depth > MaxDepth {
		c.fail("The document is nested too deep.")
	}
}

// More goes on to the next member or element and reports whether there is one. If
// not, it leaves the object or list, which ends with the given bracket.
func (c *Scanner) More(end byte) bool {
	if at := c.pos; !c.fresh && at+1 < len(c.data) && c.data[at] == ',' && c.data[at+1] > ' ' { // without blanks
		c.pos++
		return true
	}
	c.space()
	if c.pos < len(c.data) && c.data[c.pos] == end {
		c.pos++
		c.depth--
		c.fresh = false
		return false
	}
	if !c.fresh {
		c.take(',')
		c.space()
	}
	c.fresh = false
	if c.pos == len(c.data) {
		c.fail("")
	}
	return !c.bad
}

// Quoted returns the next string with its quotes, and whether it has escapes, which
// may be wrong.
func (c *Scanner) Quoted() (text []byte, escaped bool) {
	if c.First() != '"' {
		c.fail("")
		return nil, false
	}
	data := c.data[c.pos:]
	for i := 1; ; i++ {
		i += PlainPrefix(data[i:])
		switch {
		case i >= len(data):
			c.fail("")
			return nil, false
		case data[i] == '"':
			c.pos += i + 1
			return data[:i+1], escaped
		case data[i] == '\\':
			escaped = true
			i = min(i+1, len(data)-1)
		case data[i] < ' ':
			c.pos += i
			c.fail("")
			return nil, false
		}
	}
}

// PlainPrefix returns how many bytes there are from the beginning that are ASCII and stand
// in a JSON string as they are.
func PlainPrefix[T string | []byte](text T) int {
	i := 0
	for ; i+8 <= len(text); i += 8 {
		if special := specials(Word(text[i:])); special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for i < len(text) && text[i] < utf8.RuneSelf && !isSpecial(text[i]) {
		i++
	}
	return i
}

func isSpecial(b byte) bool { return b < ' ' || b == '"' || b == '\\' }

// Word has the first eight bytes, the first of them lowest, which the compiler reads at once.
func Word[T string | []byte](text T) uint64 {
	_ = text[7]
	return uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
		uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
}

// specials sets the highest bit of the first of eight bytes that is special or not ASCII, and
// of none before it.
func specials(word uint64) uint64 {
	const each, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := word^each*'"', word^each*'\\'
	return ((word - each*' ') | (quote - each) | (backslash - each) | word) & high
}

// Str returns the next string without quotes and escapes.
func (c *Scanner) Str() []byte {
	text, escaped := c.Quoted()
	if escaped {
		return c.Unquote(nil, text)
	}
	if len(text) > 0 {
		text = text[1 : len(text)-1]
	}
	return text
}

// AppendPlain appends the text of the next string, if it is one of ASCII without escapes and
// dst has room for it: what is scanned is copied with the same step. Otherwise it does nothing
// and returns false.
func (c *Scanner) AppendPlain(dst []byte) (text []byte, ok bool) {
	data, space, end := c.data[c.pos:], dst[:cap(dst)], len(dst)
	if len(data) == 0 || data[0] != '"' {
		return dst, false
	}
	for i := 1; i+8 <= len(data) && end+8 <= len(space); i, end = i+8, end+8 {
		word := Word(data[i:])
		binary.LittleEndian.PutUint64(space[end:], word)
		if special := specials(word); special != 0 {
			n := bits.TrailingZeros64(special) / 8
			if data[i+n] != '"' {
				return dst, false
			}
			c.pos += i + n + 1
			return space[:end+n], true
		}
	}
	return dst, false
}

// Unquote appends the text of a JSON string.
func (c *Scanner) Unquote(dst, quoted []byte) []byte {
	dst, err := jsontext.AppendUnquote(dst, quoted)
	if err != nil {
		c.fail("")
	}
	return dst
}

// Name returns the name of the next member and goes on to its value.
func (c *Scanner) Name() []byte {
	if name := c.plainName(); name != nil {
		return name
	}
	name := c.Str()
	c.space()
	c.take(':')
	c.space()
	return name
}

// plainName is Name where there are neither escapes nor blanks, as in most documents; nil
// elsewhere.
func (c *Scanner) plainName() []byte {
	data := c.data[c.pos:]
	if len(data) == 0 || data[0] != '"' {
		return nil
	}
	end := 1 + PlainPrefix(data[1:])
	if end+2 >= len(data) || data[end] != '"' || data[end+1] != ':' || data[end+2] <= ' ' {
		return nil
	}
	c.pos += end + 2
	return data[1:end]
}

// Took goes over a string if it comes next, as it is given: quoted, and escaped in the same
// way.
func (c *Scanner) Took(quoted string) bool {
	end := c.pos + len(quoted)
	if end > len(c.data) || string(c.data[c.pos:end]) != quoted {
		return false
	}
	c.pos = end
	return true
}

// TookName is Took for the name of the next member, which is given with quotes and colon, and
// goes on to its value.
func (c *Scanner) TookName(name string) bool {
	if !c.Took(name) {
		return false
	}
	c.space()
	return true
}

// Literal returns the next number, true, false or null.
func (c *Scanner) Literal() []byte {
	begin := c.pos
	for c.pos < len(c.data) {
		if b := c.data[c.pos]; b <= ' ' || b == ',' || b == ']' || b == '}' {
			break
		}
		c.pos++
	}
	raw := c.data[begin:c.pos]
	switch string(raw) {
	case "true", "false", "null":
	default:
		if !jsontext.Value(raw).IsValid() {
			c.pos = begin
			c.fail("")
		}
	}
	return raw
}

// Skip goes over the next value.
func (c *Scanner) Skip() {
	switch c.First() {
	case '"':
		if text, escaped := c.Quoted(); escaped {
			c.Unquote(nil, text)
		}
	case '{':
		for c.Enter(); c.More('}'); {
			c.Name()
			c.Skip()
		}
	case '[':
		for c.Enter(); c.More(']'); {
			c.Skip()
		}
	default:
		c.Literal()
	}
}

// Value returns the next value as it stands.
func (c *Scanner) Value() []byte {
	begin := c.pos
	c.Skip()
	return c.data[begin:c.pos]
}
