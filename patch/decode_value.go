package patch

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-scim/muster/schema"
)

// This file has the part of the decoder that reads values, once it is known what
// they are values of.

// attr returns the attribute that the value of op is of, and whether it is the
// whole list of a multi-valued one, rather than an element or a single value.
func (op *Op) attr() (a *schema.Attr, list bool) {
	if a = op.Target.Sub; a == nil {
		a = op.Target.Attr
	}
	return a, a.MultiValued && (op.Target.Where == nil || op.Target.Sub != nil)
}

// value reads the value as what the target is.
func (d *decoder) value(op *Op, raw jsontext.Value) error {
	a, list := op.attr()
	t := op.Target
	switch {
	case op.Kind == Remove && list:
		return d.listed(op, a, raw)
	case op.Kind == Remove:
		return nil
	case t.Sub != nil && t.Attr.MultiValued && t.Where == nil:
		return op.fail(schema.ScimTypeNoTarget, "%s is multi-valued: say which element, as in %s[type eq \"work\"].%s", t.Attr.Path(), t.Attr.Path(), t.Sub.Name)
	case string(raw) == `""` && a.Required && a.Parent() == nil:
		return op.fail(schema.ScimTypeInvalidValue, "is required and must not be empty")
	case list && op.Kind == Replace && raw.Kind() != '[' && d.o.Decoding.RefuseShapes && !d.unassigns(raw):
		return op.fail(schema.ScimTypeInvalidValue, "is replaced by a list")
	case list && op.Kind == Add && raw.Kind() != '[' && d.o.RefuseAddOfOne && !d.unassigns(raw):
		return op.fail(schema.ScimTypeInvalidValue, "a list is added")
	case list:
		return d.list(op, a, raw)
	}
	return d.single(op, a, raw)
}

// list reads the value of a whole list.
func (d *decoder) list(op *Op, a *schema.Attr, raw jsontext.Value) error {
	if err := d.read(op, a, raw); err != nil {
		return err
	}
	if op.Kind == Replace && op.Value.IsZero() && isReference(a) && !d.unassigns(raw) && !isEmptyList(raw) {
		return op.fail(schema.ScimTypeInvalidValue, "no element has a \"value\"; an empty list removes all")
	}
	return nil
}

// isReference reports whether the values of a point to resources: such a list is
// not emptied by mistake.
func isReference(a *schema.Attr) bool {
	return a.SubAttr("value") != nil && a.SubAttr("$ref") != nil
}

func isEmptyList(raw jsontext.Value) bool {
	return raw.Kind() == '[' && len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0
}

// single reads one value: that of a single-valued attribute, or what goes over the
// elements that a filter selects.
func (d *decoder) single(op *Op, a *schema.Attr, raw jsontext.Value) error {
	raw, err := d.unwrap(op, a, raw)
	if err != nil {
		return err
	}
	if op.Null = d.unassigns(raw) || isEmptyList(raw); op.Null {
		return nil
	}
	if err := d.read(op, a, raw); err != nil {
		return err
	}
	if a.Type == schema.Complex && raw.Kind() == '{' {
		op.Cleared, err = clearedSubs(a, raw, op.Value)
	}
	return err
}

// unwrap takes the one element out of a list that stands where an object or an
// element is declared. Package schema would do so only for the former, and leaves
// what is cleared in it untold.
func (d *decoder) unwrap(op *Op, a *schema.Attr, raw jsontext.Value) (jsontext.Value, error) {
	if raw.Kind() != '[' || isEmptyList(raw) || a.Type != schema.Complex && !a.MultiValued || d.o.Decoding.RefuseShapes {
		return raw, nil
	}
	n := 0
	err := eachElement(raw, func(v jsontext.Value) error {
		if n++; n > 1 {
			return op.fail(schema.ScimTypeInvalidValue, "is one value, not a list")
		}
		raw = v
		return nil
	})
	d.note(schema.Note{Path: a.Path(), Rule: "list taken as a single value"})
	return raw, err
}

// read reads the value of a, or an element of it.
func (d *decoder) read(op *Op, a *schema.Attr, raw jsontext.Value) error {
	read := schema.DecodeElement
	if _, list := op.attr(); list {
		read = schema.DecodeValue
	}
	v, notes, err := read(a, raw, d.o.Decoding)
	if err != nil {
		return op.wrap(err)
	}
	op.Value = v
	d.note(notes...)
	return nil
}

// listed reads the value of a remove: which elements go (Entra, authentik), or an
// object that has the list under the attribute's name (Salesforce).
func (d *decoder) listed(op *Op, a *schema.Attr, raw jsontext.Value) error {
	if len(raw) == 0 || raw.Kind() == 'n' {
		return nil
	}
	if d.o.RefuseRemoveByValue {
		return op.fail(schema.ScimTypeInvalidSyntax, "remove takes no value: select elements by a filter in the path")
	}
	d.noteAt(op, "only the listed values removed")
	op.Listed = true
	if inner, ok := underName(a, raw); ok {
		raw = inner
	}
	return d.read(op, a, raw)
}

// underName finds the list in {"members": […]}.
func underName(a *schema.Attr, raw jsontext.Value) (list jsontext.Value, ok bool) {
	if raw.Kind() != '{' || a.SubAttr(a.Name) != nil {
		return nil, false
	}
	// raw was read before, so there is no error.
	_ = eachMember(raw, func(name []byte, value jsontext.Value) error {
		if isNamed(name, a.Name) {
			list, ok = value, true
		}
		return nil
	})
	return list, ok
}

// clearedSubs returns the sub-attributes that an object names but gives no value.
func clearedSubs(a *schema.Attr, object jsontext.Value, v schema.Value) ([]*schema.Attr, error) {
	var cleared []*schema.Attr
	err := eachMember(object, func(name []byte, _ jsontext.Value) error {
		s := a.SubAttr(string(name))
		if s != nil && s.Mutability != schema.ReadOnly && !s.IsComputed() && v.Sub(s).IsZero() && !slices.Contains(cleared, s) {
			cleared = append(cleared, s)
		}
		return nil
	})
	return cleared, err
}
