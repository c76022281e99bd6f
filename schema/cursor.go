package schema

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// cursor reads JSON that was found valid before, so that nothing it does can
// fail. That, and not looking at each token twice, is what makes decoding quick.
type cursor struct {
	data []byte
	pos  int
}

// newCursor checks that data is one JSON value in UTF-8.
func newCursor(data []byte) (cursor, error) {
	if len(data) > maxDocument {
		return cursor{}, syntax("The document is too large.")
	}
	// Members that are there twice are found by attribute, since names ignore
	// case.
	option := jsontext.AllowDuplicateNames(true)
	if jsontext.Value(data).IsValid(option) {
		return cursor{data: data}, nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return cursor{}, syntax("The document is empty.")
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(data), option)
	if _, err := d.ReadValue(); err == nil {
		return cursor{}, syntax("Something follows the JSON value.")
	}
	return cursor{}, syntax(fmt.Sprintf("The document is not valid JSON in UTF-8 near byte %d.", d.InputOffset()))
}

// peek returns the first byte of the next value, or the last one of the object or
// list that ends here.
func (c *cursor) peek() byte {
	for {
		switch b := c.data[c.pos]; b {
		case ' ', '\t', '\n', '\r', ',', ':':
			c.pos++
		default:
			return b
		}
	}
}

// enter goes into an object or list.
func (c *cursor) enter() {
	c.peek()
	c.pos++
}

// more reports whether there is another member or element. If not, it leaves the
// object or list.
func (c *cursor) more() bool {
	if b := c.peek(); b == '}' || b == ']' {
		c.pos++
		return false
	}
	return true
}

// quoted returns the next string with its quotes, and whether it has escapes.
func (c *cursor) quoted() (text []byte, escaped bool) {
	c.peek()
	begin := c.pos
	c.pos++
	for {
		end := c.pos + bytes.IndexByte(c.data[c.pos:], '"')
		backslash := bytes.IndexByte(c.data[c.pos:end], '\\')
		if backslash < 0 {
			c.pos = end + 1
			return c.data[begin:c.pos], escaped
		}
		escaped = true
		c.pos += backslash + len(`\"`)
	}
}

// name returns the next string without quotes and escapes.
func (c *cursor) name() []byte {
	text, escaped := c.quoted()
	if !escaped {
		return text[1 : len(text)-1]
	}
	return unquote(nil, text)
}

// unquote appends the text of a JSON string.
func unquote(dst, quoted []byte) []byte {
	dst, err := jsontext.AppendUnquote(dst, quoted)
	if err != nil {
		panic("schema: a valid string can't be unquoted: " + err.Error())
	}
	return dst
}

// value returns the next value as it stands.
func (c *cursor) value() []byte {
	c.peek()
	begin := c.pos
	c.skip()
	return c.data[begin:c.pos]
}

// skip goes over the next value, however deep it is nested.
func (c *cursor) skip() {
	for depth := 0; ; {
		switch c.peek() {
		case '"':
			c.quoted()
		case '{', '[':
			c.pos++
			depth++
		case '}', ']':
			c.pos++
			depth--
		default:
			c.literal()
		}
		if depth == 0 {
			return
		}
	}
}

// literal goes over a number, true, false or null.
func (c *cursor) literal() {
	for c.pos < len(c.data) {
		switch c.data[c.pos] {
		case ' ', '\t', '\n', '\r', ',', ':', '}', ']':
			return
		}
		c.pos++
	}
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
