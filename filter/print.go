package filter

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// How tightly an expression binds (RFC 7644, section 3.4.2.2).
const (
	bindsOr = iota + 1
	bindsAnd
	bindsTerm
)

// String returns the canonical text of a filter, within the grammar of RFC 7644,
// figure 1: operators in lower case, text as JSON strings, parentheses only
// where the order of operations needs them. What [Parse] returned parses back to
// an equal expression, whatever the [Leniency], unless it was so near
// [MaxLength] that the quotes added make it too long. The text of nil is empty.
//
// An expression put together by hand should use the types of values that Parse
// does; others are printed as the text that package fmt makes of them. Invalid
// UTF-8 becomes U+FFFD. String may be called from many goroutines at once.
func String(e Expression) string {
	return string(appendExpression(nil, e, bindsOr))
}

// PathString returns the canonical text of a path, within the grammar of
// RFC 7644, figure 7. See [String] for what that promises.
func PathString(p Path) string {
	b := appendPath(nil, p.AttributePath)
	if p.ValueExpression != nil {
		b = appendBrackets(b, p.ValueExpression)
	}
	if p.SubAttribute != nil {
		b = append(append(b, '.'), *p.SubAttribute...)
	}
	return string(b)
}

// appendExpression appends e, in parentheses if it binds less tightly than the
// place where it stands demands.
func appendExpression(b []byte, e Expression, place int) []byte {
	switch e := e.(type) {
	case *AttributeExpression:
		return appendComparison(b, e)
	case *LogicalExpression:
		return appendLogical(b, e, place)
	case *NotExpression:
		b = append(b, "not ("...)
		return append(appendExpression(b, e.Expression, bindsOr), ')')
	case *ValuePath:
		return appendBrackets(appendPath(b, e.AttributePath), e.ValueFilter)
	}
	return b
}

// appendLogical keeps the structure of e: since chains lean to the left, the
// same operator on the right is in parentheses.
func appendLogical(b []byte, e *LogicalExpression, place int) []byte {
	binds := bindsOr
	if e.Operator == AND {
		binds = bindsAnd
	}
	if binds < place {
		return append(appendLogical(append(b, '('), e, binds), ')')
	}
	b = append(appendExpression(b, e.Left, binds), ' ')
	b = append(append(b, e.Operator...), ' ')
	return appendExpression(b, e.Right, binds+1)
}

func appendBrackets(b []byte, e Expression) []byte {
	return append(appendExpression(append(b, '['), e, bindsOr), ']')
}

func appendPath(b []byte, p AttributePath) []byte {
	if p.URIPrefix != nil {
		b = append(append(b, *p.URIPrefix...), ':')
	}
	b = append(b, p.AttributeName...)
	if p.SubAttribute != nil {
		b = append(append(b, '.'), *p.SubAttribute...)
	}
	return b
}

func appendComparison(b []byte, e *AttributeExpression) []byte {
	b = append(appendPath(b, e.AttributePath), ' ')
	b = append(b, e.Operator...)
	if e.Operator == PR {
		return b
	}
	return appendValue(append(b, ' '), e.CompareValue)
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendQuoted(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case float64:
		return appendFloat(b, v)
	case json.Number: // which the parser of the AST's package can make
		return append(b, v...)
	}
	return appendQuoted(b, fmt.Sprint(v))
}

// appendFloat appends f so that it is read as a float64 again, not as an int.
func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) { // JSON has no number for these
		return appendQuoted(b, fmt.Sprint(f))
	}
	text := strconv.FormatFloat(f, 'g', -1, 64)
	b = append(b, text...)
	if !strings.ContainsAny(text, ".e") {
		b = append(b, ".0"...)
	}
	return b
}

// appendQuoted appends s as a JSON string. It escapes only what must be, as
// short as can be: what was read never grows.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = appendControl(b, byte(r))
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func appendControl(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return append(b, `\u00`+string([]byte{'0' + c>>4, hex[c&0xf]})...)
}
