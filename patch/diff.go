package patch

import (
	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// Diff returns operations that make new of old: [Apply] of them to old gives a
// resource equal to new. Both have the same type.
func Diff(old, new *schema.Resource) []Op {
	var ops []Op
	for _, path := range new.Changed(old) {
		a, _ := new.Type().Attr(path)
		was, is := old.Value(a), new.Value(a)
		switch {
		case is.IsZero():
			ops = append(ops, Op{Kind: Remove, Target: filter.Target{Attr: a}})
		case a.Type == schema.Complex && !a.MultiValued:
			ops = append(ops, diffSubs(a, was, is)...)
		default:
			ops = append(ops, Op{Kind: Replace, Target: filter.Target{Attr: a}, Value: is})
		}
	}
	for i := range ops {
		ops[i].Index = i
		ops[i].Path = ops[i].Target.Attr.Path()
		if s := ops[i].Target.Sub; s != nil {
			ops[i].Path = s.Path()
		}
	}
	return ops
}

// diffSubs goes sub by sub, since replacing a complex value merges.
func diffSubs(a *schema.Attr, was, is schema.Value) []Op {
	var ops []Op
	for _, s := range a.Subs() {
		v := is.Sub(s)
		switch {
		case v.Identical(was.Sub(s)):
		case v.IsZero():
			ops = append(ops, Op{Kind: Remove, Target: filter.Target{Attr: a, Sub: s}})
		default:
			ops = append(ops, Op{Kind: Replace, Target: filter.Target{Attr: a, Sub: s}, Value: v})
		}
	}
	return ops
}

// MarshalJSON writes the operation as a request has it (RFC 7644, section 3.5.2).
func (op Op) MarshalJSON() ([]byte, error) {
	b := append([]byte(`{"op":"`), op.Kind.String()...)
	b = append(b, '"')
	if op.Path != "" {
		b = append(b, `,"path":`...)
		b = schema.AppendQuote(b, op.Path)
	}
	if op.Kind != Remove {
		b = append(b, `,"value":`...)
		b = op.Value.AppendJSON(b)
	}
	return append(b, '}'), nil
}
