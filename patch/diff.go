package patch

import (
	"fmt"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// Diff returns operations that make new of old: [Apply] of them to old gives a
// resource equal to new. Both have the same type. Attributes that clients can't write
// are compared too; the operations for them can be applied but not sent.
func Diff(old, new *schema.Resource) []Op {
	var ops []Op
	for _, path := range new.Changed(old) {
		a, ok := new.Type().Attr(path)
		if !ok {
			continue
		}
		was, is := old.Value(a), new.Value(a)
		switch {
		case is.IsZero():
			ops = append(ops, Op{Kind: Remove, Path: path, Target: filter.Target{Attr: a}})
		case a.Type == schema.Complex && !a.MultiValued:
			ops = append(ops, diffSubs(a, was, is)...)
		default:
			ops = append(ops, Op{Kind: Replace, Path: path, Target: filter.Target{Attr: a}, Value: is})
		}
	}
	for i := range ops {
		ops[i].Index = i
	}
	return ops
}

// diffSubs goes sub by sub, since replacing a complex value merges.
func diffSubs(a *schema.Attr, was, is schema.Value) []Op {
	var ops []Op
	for _, s := range a.Subs() {
		v := is.Sub(s)
		op := Op{Kind: Replace, Path: s.Path(), Target: filter.Target{Attr: a, Sub: s}, Value: v}
		switch {
		case v.Identical(was.Sub(s)):
			continue
		case v.IsZero():
			op.Kind = Remove
		}
		ops = append(ops, op)
	}
	return ops
}

// MarshalJSON writes the operation as a request has it (RFC 7644, section 3.5.2), so
// that [Decode] reads it again. A password is not written.
func (op Op) MarshalJSON() ([]byte, error) {
	dst := append([]byte(`{"op":"`), op.Kind.String()...)
	value := op.appendValue(nil)
	switch t := op.Target; {
	case op.isPath():
		dst = append(dst, `","path":`...)
		dst = schema.AppendQuote(dst, op.Path)
	case t.Attr.URN() == "":
		dst = append(dst, '"')
		value = object(t.Attr.Name, value)
	case op.Listed:
		return nil, fmt.Errorf("patch: some values of a key that is no path can't be removed by an operation: %s", op.shownPath())
	default: // a key of an open extension
		dst = append(dst[:0], `{"op":"replace","path":`...)
		dst = schema.AppendQuote(dst, t.Attr.URN())
		if value == nil {
			value = []byte("null")
		}
		value = object(t.Attr.Name, value)
	}
	if value != nil {
		dst = append(append(dst, `,"value":`...), value...)
	}
	return append(dst, '}'), nil
}

// isPath reports whether Path leads to the target. Some keys of a value without a
// path do not, being readOnly or made of what no path can have.
func (op *Op) isPath() bool {
	t := op.Target
	if t.URN != "" {
		return true
	}
	if t.Attr.Mutability == schema.ReadOnly {
		return !op.Key
	}
	path, err := filter.ParsePath(op.Path, filter.Leniency{})
	if err != nil {
		return false
	}
	u, err := filter.ResolvePath(path, t.Attr.Of(), filter.Checking{})
	return err == nil && u.Attr != nil && foldASCII(u.Attr.Path()) == foldASCII(t.Attr.Path()) && u.Sub == t.Sub
}

// appendValue appends the value, or nothing if the operation has none.
func (op *Op) appendValue(dst []byte) []byte {
	if op.Kind == Remove && !op.Listed {
		return dst
	}
	a, list := op.attr()
	switch {
	case list && op.Value.IsZero():
		return append(dst, "[]"...)
	case op.Null || a.Type != schema.Complex || list:
		return op.Value.AppendJSON(dst)
	}
	dst = append(dst, '{')
	for s, v := range op.Value.Members() {
		dst = appendMember(dst, s.Name)
		dst = v.AppendJSON(dst)
	}
	for _, s := range op.Cleared {
		dst = append(appendMember(dst, s.Name), "null"...)
	}
	return append(dst, '}')
}

// object returns a JSON object with one member.
func object(name string, value []byte) []byte {
	dst := append(appendMember([]byte{'{'}, name), value...)
	return append(dst, '}')
}

func appendMember(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(schema.AppendQuote(dst, name), ':')
}
