package filter

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
)

// term checks and prepares a comparison with a value that is not null.
func (c checker) term(a *schema.Attr, op CompareOperator, value any) (node, error) {
	t := &term{place: c.placeOf(a), op: op}
	if a.Type == schema.Integer || a.Type == schema.Decimal {
		value = number(value)
	}
	if !slices.Contains(operatorsOf(a.Type), op) {
		return nil, c.fail(a.Path(), "is %s: it takes %s and pr, not %s", article(a.Type), list(operatorsOf(a.Type)), clip(string(op)))
	}
	if value == nil {
		return nil, c.fail(a.Path(), "only eq and ne take null, not %s", op)
	}
	if t.source == atLocation {
		if t.base = c.o.BaseURL; t.base == "" || c.of != nil {
			return nil, c.fail(a.Path(), "can't be compared here; id can")
		}
	}
	if err := c.literal(t, value); err != nil {
		return nil, c.fail(a.Path(), "is %s: it is compared with %s, not with %s", article(a.Type), err.Error(), kindOf(value))
	}
	t.absent = op == NE
	if isPrimary(a) {
		t.absent = (op == EQ) == !t.boolean
	}
	return t, nil
}

// isPrimary reports whether a is a "primary" that counts as false where it is
// missing (RFC 7643, section 2.4).
func isPrimary(a *schema.Attr) bool {
	return a.Type == schema.Boolean && a.Parent() != nil && a.Parent().MultiValued && isKeyword(a.Name, "primary")
}

var (
	equality = []CompareOperator{EQ, NE}
	order    = []CompareOperator{EQ, NE, GT, GE, LT, LE}
	every    = []CompareOperator{EQ, NE, CO, SW, EW, GT, GE, LT, LE}
)

// operatorsOf returns what can be compared with values of a type. RFC 7644,
// table 3, takes order from booleans and binaries. It says of none that it has
// no substrings, but only text has some that mean anything: two spellings of one
// dateTime are equal and so must not differ in what they contain.
func operatorsOf(t schema.DataType) []CompareOperator {
	switch t {
	case schema.Boolean, schema.Binary:
		return equality
	case schema.Integer, schema.Decimal, schema.DateTime:
		return order
	}
	return every
}

// literal prepares a value for comparison with those of t's attribute. The error
// says what would have been right.
func (c checker) literal(t *term, value any) error {
	t.literal = value
	switch t.attr.Type {
	case schema.Boolean:
		return c.boolean(t, value)
	case schema.Integer, schema.Decimal:
		return t.setNumber(value)
	case schema.DateTime:
		return c.instant(t, value)
	case schema.Binary:
		text, ok := value.(string)
		data, err := schema.DecodeBinary(text)
		if !ok || err != nil {
			return errors.New("base64 in double quotes")
		}
		t.kind, t.data = isBinary, data
		return nil
	}
	return c.text(t, value)
}

func (c checker) text(t *term, value any) error {
	text, ok := value.(string)
	if n, isInt := value.(int); isInt && !c.o.RefuseBareNumbers {
		text, ok = strconv.Itoa(n), true
	}
	if !ok {
		return errors.New("text in double quotes")
	}
	t.kind, t.key, t.literal = isText, t.attr.Key(text), text
	t.folds = t.attr.Folds()
	return nil
}

func (c checker) boolean(t *term, value any) error {
	b, ok := value.(bool)
	if text, isText := value.(string); isText && !c.o.RefuseStringBooleans {
		switch {
		case isKeyword(text, "true"):
			b, ok = true, true
		case isKeyword(text, "false"):
			ok = true
		}
	}
	if !ok {
		return errors.New("true or false")
	}
	t.kind, t.boolean, t.literal = isBoolean, b, b
	return nil
}

func (c checker) instant(t *term, value any) error {
	text, ok := value.(string)
	instant, isTime := schema.ParseTime(text)
	if !isTime && !c.o.RefuseDates {
		day, err := time.Parse(time.DateOnly, text)
		instant, isTime, t.literal = day, err == nil, day
	}
	if !ok || !isTime {
		return errors.New(`a dateTime such as "2008-01-23T04:56:22Z"`)
	}
	t.kind, t.instant = isInstant, instant
	return nil
}

// number returns what [Parse] makes of numbers for what other makers of an
// Expression may use.
func number(value any) any {
	switch n := value.(type) {
	case int64:
		if int64(int(n)) == n {
			return int(n)
		}
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return number(i)
		}
		if f, err := n.Float64(); err == nil {
			return f
		}
	}
	return value
}

func (t *term) setNumber(value any) error {
	t.kind = isDecimal
	switch n := value.(type) {
	case int:
		t.integer, t.decimal = int64(n), float64(n)
		if t.attr.Type == schema.Integer {
			t.kind = isInteger
		}
		return nil
	case float64:
		t.decimal = n
		if !math.IsNaN(n) && !math.IsInf(n, 0) {
			return nil
		}
	}
	return errors.New("a number")
}

// article returns a simple data type with its article.
func article(t schema.DataType) string {
	if t == schema.Integer {
		return "an integer"
	}
	return "a " + t.String()
}

func list(ops []CompareOperator) string {
	var words []string
	for _, op := range ops {
		words = append(words, string(op))
	}
	return strings.Join(words, ", ")
}

// kindOf says what a value is without telling it.
func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "this text"
	case bool:
		return "a boolean"
	case int, int64, float64, json.Number:
		return "a number"
	}
	return "this value"
}
