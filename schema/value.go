package schema

import (
	"iter"
	"math"
	"strconv"
	"time"
)

// Value is what an attribute holds: a string, a number, a boolean, an object
// or a list of these. It is a cursor into an immutable tape, so it is cheap to
// copy and never changes. The zero Value is unassigned, which is also what
// null, an empty list and an object without members are (RFC 7643, section
// 2.5).
type Value struct {
	t *tape
	i int
}

// IsZero reports whether the value is unassigned.
func (v Value) IsZero() bool { return v.t == nil }

// Attr returns the attribute that the value is of, nil for the zero Value.
func (v Value) Attr() *Attr {
	if v.t == nil {
		return nil
	}
	n := v.t.nodes[v.i]
	a := v.t.t.attrs[n.attr]
	if n.flags&flagNamed != 0 {
		return a.named(v.t.nameOf(v.i))
	}
	return a
}

func (v Value) node() node {
	if v.t == nil {
		return node{}
	}
	return v.t.nodes[v.i]
}

// IsList reports whether v holds several values.
func (v Value) IsList() bool { return v.node().kind == kindArray }

// IsObject reports whether v has sub-attributes.
func (v Value) IsObject() bool { return v.node().kind == kindObject }

// String returns the text of a string, number, boolean, date, reference or
// binary as it was sent, without a copy. It is empty for other values.
func (v Value) String() string {
	switch {
	case v.t == nil:
		return ""
	case v.node().kind == kindTrue:
		return "true"
	case v.node().kind == kindFalse:
		return "false"
	}
	return v.t.textOf(v.i)
}

// Bool returns a boolean; ok is false if v is none.
func (v Value) Bool() (b, ok bool) {
	k := v.node().kind
	return k == kindTrue, v.t != nil && (k == kindTrue || k == kindFalse)
}

// Int returns an integer; ok is false if v is none or exceeds 64 bits.
func (v Value) Int() (n int64, ok bool) {
	if v.node().kind != kindNumber {
		return 0, false
	}
	n, err := strconv.ParseInt(v.String(), 10, 64)
	return n, err == nil
}

// Float returns a number; ok is false if v is none.
func (v Value) Float() (f float64, ok bool) {
	if v.node().kind != kindNumber {
		return math.NaN(), false
	}
	f, err := strconv.ParseFloat(v.String(), 64)
	return f, err == nil
}

// Time returns a dateTime; ok is false if v is none. One without a zone is
// taken as UTC.
func (v Value) Time() (t time.Time, ok bool) {
	if v.t == nil || v.t.t.attrs[v.node().attr].Type != DateTime {
		return time.Time{}, false
	}
	return ParseTime(v.String())
}

// Key returns the form in which v is compared, see [Attr.Key].
func (v Value) Key() string {
	if v.t == nil {
		return ""
	}
	return v.t.t.attrs[v.node().attr].Key(v.String())
}

// Len returns the number of elements of a list, 1 for any other value, 0 for
// the zero Value.
func (v Value) Len() int {
	if !v.IsList() {
		if v.t == nil {
			return 0
		}
		return 1
	}
	n := 0
	for i, end := v.i+1, v.i+v.node().span(); i < end; i += v.t.nodes[i].span() {
		n++
	}
	return n
}

// hasOne reports whether a list has one element.
func (v Value) hasOne() bool { return v.node().span() == 1+v.t.nodes[v.i+1].span() }

// Elems yields the elements of a list; any other value is yielded itself.
func (v Value) Elems() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if !v.IsList() {
			if v.t != nil {
				yield(v)
			}
			return
		}
		for i, end := v.i+1, v.i+v.node().span(); i < end; i += v.t.nodes[i].span() {
			if !yield(Value{v.t, i}) {
				return
			}
		}
	}
}

// Members yields the assigned sub-attributes of an object in canonical order.
func (v Value) Members() iter.Seq2[*Attr, Value] {
	return func(yield func(*Attr, Value) bool) {
		if !v.IsObject() {
			return
		}
		for i, end := v.i+1, v.i+v.node().span(); i < end; i += v.t.nodes[i].span() {
			if !yield(v.t.t.attrs[v.t.nodes[i].attr], Value{v.t, i}) {
				return
			}
		}
	}
}

// Sub returns the sub-attribute s of an object. One of another type is found by its
// path, as by [Resource.Value].
func (v Value) Sub(s *Attr) Value {
	if s == nil || !v.IsObject() {
		return Value{}
	}
	if s.t != v.t.t {
		if s = v.t.t.counterpart(s); s == nil {
			return Value{}
		}
	}
	return v.t.at(v.t.find(s, v.i+1, v.i+v.node().span()))
}

// Get returns a sub-attribute of an object by name, ignoring case. Of a list it
// returns that of the first element that has it.
func (v Value) Get(name string) Value {
	if v.t == nil {
		return Value{}
	}
	s := v.t.t.attrs[v.node().attr].SubAttr(name)
	for e := range v.Elems() {
		if found := e.Sub(s); !found.IsZero() {
			return found
		}
	}
	return Value{}
}

// at returns the value at index i, the zero Value for -1.
func (t *tape) at(i int) Value {
	if i < 0 {
		return Value{}
	}
	return Value{t, i}
}

// Identical reports whether v and w hold the same: the same text, numbers
// written the same way, elements in the same order. It does not fold case.
func (v Value) Identical(w Value) bool {
	if v.t == nil || w.t == nil {
		return v.t == w.t
	}
	span := v.node().span()
	if span != w.node().span() {
		return false
	}
	a, b := v.t.nodes[v.i:v.i+span], w.t.nodes[w.i:w.i+span]
	for k := range a {
		if a[k].kind != b[k].kind || a[k].size != b[k].size || k > 0 && a[k].attr != b[k].attr {
			return false
		}
	}
	return v.t.text[a[0].off:a[span-1].end()] == w.t.text[b[0].off:b[span-1].end()]
}

// With returns a copy of v, an object of attribute parent, in which its
// sub-attribute s is w; unassigned if w is the zero Value. v may be the zero Value
// too. An object that would have no members is the zero Value.
//
// w must be a value of s, as [Attr.Make], [DecodeValue] and [Value.Sub] return.
// A computed s is left as it is, see [Attr.IsComputed].
func (v Value) With(parent, s *Attr, w Value) Value {
	if s.IsComputed() {
		return v
	}
	out := writer{t: parent.t}
	o := out.open(parent, kindObject)
	put := func() {
		if !w.IsZero() {
			out.unnamed(w, s)
		}
	}
	done := false
	for a, m := range v.Members() {
		if !done && a.number >= s.number {
			put()
			done = true
		}
		if a.number != s.number {
			out.unnamed(m, a)
		}
	}
	if !done {
		put()
	}
	out.close(o)
	return out.result()
}

// Merge returns a copy of the object v in which the sub-attributes that w, an
// object of the same attribute, has stand in place of v's (RFC 7644, sections
// 3.5.2.1 and 3.5.2.3).
func (v Value) Merge(w Value) Value {
	if v.IsZero() || w.IsZero() {
		if v.IsZero() {
			return w
		}
		return v
	}
	parent := v.Attr()
	for s, m := range w.Members() {
		v = v.With(parent, s, m)
	}
	return v
}

// is reports whether v can stand where a has its value, or as an element of it.
func (v Value) is(a *Attr, list bool) bool {
	return v.t.t == a.t && v.node().attr == a.number && v.IsList() == list
}

// extent returns how many nodes and bytes of text v takes, without its key.
func (v Value) extent() (nodes, text int) {
	if v.t == nil {
		return 0, 0
	}
	first := v.t.nodes[v.i]
	end := v.i + first.span()
	return end - v.i, int(v.t.end(end) - first.off)
}

// result returns what was written as a value, the zero Value for an empty
// object or list.
func (w *writer) result() Value {
	if len(w.nodes) == 0 || w.nodes[0].kind >= kindObject && w.nodes[0].size == 0 {
		return Value{}
	}
	t := w.tape()
	return Value{&t, 0}
}
