package schema

import (
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// cursor reads JSON in one pass. What is no JSON makes it bad: it is then at the
// end, where there is nothing more to read. So whoever uses it need not look at
// every step, but only ask err before a result is believed. The hard parts,
// escapes and numbers, are left to package jsontext.
type cursor struct {
	data  []byte
	pos   int
	depth int
	fresh bool // just behind an opening bracket
	bad   bool
	msg   string // why it is bad, unless it is the usual
	at    int    // where it was found to be
}

// maxDocument is what the offsets of a tape can count, with room to spare.
const maxDocument = 1 << 30

// maxDepth limits how deep values may nest that are skipped, so that a hostile
// document can't exhaust the stack. It is that of encoding/json.
const maxDepth = 10_000

func newCursor(data []byte) cursor {
	c := cursor{data: data}
	switch err := checkSize(len(data)); {
	case err != nil:
		c.fail(err.Msg)
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

func checkSize(n int) *Error {
	if n > maxDocument {
		return syntax("The document is too large.")
	}
	return nil
}

func (c *cursor) fail(msg string) {
	if !c.bad {
		c.bad, c.msg, c.at = true, msg, c.pos
	}
	c.pos = len(c.data)
}

// end makes sure that nothing follows.
func (c *cursor) end() {
	if c.space(); c.pos < len(c.data) {
		c.fail("Something follows the JSON value.")
	}
}

// err returns what is wrong with the JSON as far as it was read.
func (c *cursor) err() error {
	switch {
	case !c.bad:
		return nil
	case c.msg != "":
		return syntax(c.msg)
	}
	return syntax(fmt.Sprintf("The document is not valid JSON in UTF-8 near byte %d.", c.at))
}

func (c *cursor) space() {
	for c.pos < len(c.data) {
		switch c.data[c.pos] {
		case ' ', '\t', '\n', '\r':
			c.pos++
		default:
			return
		}
	}
}

// first returns the first byte of the next value, which tells its kind; 0 if there
// is none.
func (c *cursor) first() byte {
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
func (c *cursor) take(b byte) {
	if c.pos == len(c.data) || c.data[c.pos] != b {
		c.fail("")
		return
	}
	c.pos++
}

// enter goes into an object or list.
func (c *cursor) enter() {
	c.pos++
	c.fresh = true
	if c.depth++; c.depth > maxDepth {
		c.fail("The document is nested too deep.")
	}
}

// more goes on to the next member or element and reports whether there is one. If
// not, it leaves the object or list, which ends with the given bracket.
func (c *cursor) more(end byte) bool {
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

// quoted returns the next string with its quotes, and whether it has escapes, which
// may be wrong.
func (c *cursor) quoted() (text []byte, escaped bool) {
	if c.first() != '"' {
		c.fail("")
		return nil, false
	}
	data := c.data[c.pos:]
	for i := 1; i < len(data); i++ {
		switch b := data[i]; {
		case b == '"':
			c.pos += i + 1
			return data[:i+1], escaped
		case b == '\\':
			escaped = true
			i++
		case b < ' ':
			c.pos += i
			c.fail("")
			return nil, false
		}
	}
	c.fail("")
	return nil, false
}

// str returns the next string without quotes and escapes.
func (c *cursor) str() []byte {
	text, escaped := c.quoted()
	if escaped {
		return c.unquote(nil, text)
	}
	if len(text) > 0 {
		text = text[1 : len(text)-1]
	}
	return text
}

// unquote appends the text of a JSON string.
func (c *cursor) unquote(dst, quoted []byte) []byte {
	dst, err := jsontext.AppendUnquote(dst, quoted)
	if err != nil {
		c.fail("")
	}
	return dst
}

// name returns the name of the next member and goes on to its value.
func (c *cursor) name() []byte {
	name := c.str()
	c.space()
	c.take(':')
	c.space()
	return name
}

// literal returns the next number, true, false or null.
func (c *cursor) literal() []byte {
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

// skip goes over the next value.
func (c *cursor) skip() {
	switch c.first() {
	case '"':
		if text, escaped := c.quoted(); escaped {
			c.unquote(nil, text)
		}
	case '{':
		for c.enter(); c.more('}'); {
			c.name()
			c.skip()
		}
	case '[':
		for c.enter(); c.more(']'); {
			c.skip()
		}
	default:
		c.literal()
	}
}

// value returns the next value as it stands.
func (c *cursor) value() []byte {
	begin := c.pos
	c.skip()
	return c.data[begin:c.pos]
}

// kindName names a kind of value by its first byte.
func kindName(first byte) string {
	switch first {
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 'n':
		return "null"
	}
	return "a number"
}
