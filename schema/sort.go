package schema

import (
	"cmp"
	"strings"
)

// SortValue returns the value of r that counts when resources are ordered by a
// (RFC 7644, section 3.4.2.3): of a multi-valued attribute that of the primary
// element, or else of the first.
func (r *Resource) SortValue(a *Attr) Value {
	if a.parent == nil {
		return first(r.Value(a))
	}
	v := r.Value(a.parent)
	if !v.IsList() {
		return first(v.Sub(a))
	}
	primary := a.parent.SubAttr("primary")
	for e := range v.Elems() {
		if p, _ := e.Sub(primary).Bool(); p {
			return first(e.Sub(a))
		}
	}
	return first(first(v).Sub(a))
}

func first(v Value) Value {
	for e := range v.Elems() {
		return e
	}
	return Value{}
}

// Compare orders two values of one attribute: numbers and times by size, false
// before true, text by the code points of its [Attr.Key]. An unassigned value comes
// last.
func Compare(v, w Value) int {
	switch {
	case v.IsZero() || w.IsZero():
		return boolInt(v.IsZero()) - boolInt(w.IsZero())
	case v.node().kind == kindNumber:
		return compareNumbers(v, w)
	case v.node().kind == kindTrue || v.node().kind == kindFalse:
		return boolInt(v.node().kind == kindTrue) - boolInt(w.node().kind == kindTrue)
	}
	if t, ok := v.Time(); ok {
		u, _ := w.Time()
		return t.Compare(u)
	}
	return strings.Compare(v.Key(), w.Key())
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func compareNumbers(v, w Value) int {
	a, aok := v.Int()
	b, bok := w.Int()
	if aok && bok {
		return cmp.Compare(a, b)
	}
	f, _ := v.Float()
	g, _ := w.Float()
	return cmp.Compare(f, g)
}
