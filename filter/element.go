package filter

import (
	"strings"

	"github.com/muster-scim/muster/schema"
)

// ElementFilter is an [Expression] that [CheckElement] has held against the
// elements of an attribute. It is immutable and may be used from many goroutines
// at once. A nil *ElementFilter matches every element.
type ElementFilter struct {
	expr Expression
	attr *schema.Attr
	root node
}

// Assertion is what an element filter demands of one sub-attribute.
type Assertion struct {
	// Sub is the sub-attribute. It is nil for the element itself, in a list of
	// simple values.
	Sub *schema.Attr

	// Value is what it must equal: a list of one if Sub is multi-valued.
	Value schema.Value
}

// CheckElement holds what stands in the brackets of a PATCH path against the
// sub-attributes of a, which is multi-valued or complex (RFC 7644, section
// 3.5.2). Elements of a list of simple values are called "value", as in
// tags[value eq "x"]. A nil e is a nil ElementFilter.
//
// Every error is a [*TypeError] with InFilter. CheckElement may be called from
// many goroutines at once.
func CheckElement(e Expression, a *schema.Attr, o Checking) (*ElementFilter, error) {
	if e == nil {
		return nil, nil
	}
	c := checker{t: a.Of(), of: a, o: o, inFilter: true}
	root, err := c.expression(e)
	if err != nil {
		return nil, err
	}
	return &ElementFilter{expr: e, attr: a, root: root}, nil
}

// Attr returns the attribute whose elements are matched; nil for a nil
// ElementFilter.
func (f *ElementFilter) Attr() *schema.Attr {
	if f == nil {
		return nil
	}
	return f.attr
}

// Expr returns the expression that was checked; nil for a nil ElementFilter. It
// must not be changed.
func (f *ElementFilter) Expr() Expression {
	if f == nil {
		return nil
	}
	return f.expr
}

// String returns the canonical text of what stands in the brackets, see
// [String]. It is empty for a nil ElementFilter.
func (f *ElementFilter) String() string { return String(f.Expr()) }

// Match reports whether an element matches, by the rules of [Filter.Match]. v is
// an element of the attribute that f was checked against. Match may be called
// from many goroutines at once.
func (f *ElementFilter) Match(v schema.Value) bool {
	return f == nil || f.root.holds(scope{v: v})
}

// Assertions returns what an element must have to match, if f says no more than
// that: one comparison with eq, or several joined by "and", of which each names
// another sub-attribute. This is how an identity provider describes an element
// that is to be made if there is none. The values are in the spelling sent, or in
// the canonical one of the schema if they differ from that by case alone. ok is
// false for every other filter, and for a nil one.
func (f *ElementFilter) Assertions() (all []Assertion, ok bool) {
	if f == nil {
		return nil, false
	}
	seen := map[*schema.Attr]bool{}
	for _, n := range conjunctsOf(f.root) {
		t, isTerm := n.(*term)
		if !isTerm || t.op != EQ || seen[t.sub] {
			return nil, false
		}
		v, err := t.value()
		if err != nil {
			return nil, false
		}
		seen[t.sub] = true
		all = append(all, Assertion{t.sub, v})
	}
	return all, true
}

// value makes a value of the literal.
func (t *term) value() (schema.Value, error) {
	literal := t.literal
	if text, ok := literal.(string); ok && !t.attr.CaseExact {
		for _, canonical := range t.attr.Canonical {
			if strings.EqualFold(canonical, text) {
				literal = canonical
			}
		}
	}
	v, err := t.attr.Make(literal)
	if t.sub == nil && err == nil {
		for e := range v.Elems() { // Make has made a list of it
			return e, nil
		}
	}
	return v, err
}
