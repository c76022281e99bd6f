package patch

import (
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// check compares a resource with what operations made of it. What was missing
// before is not looked at: a resource that is incomplete must not become
// unchangeable.
type check struct {
	old, edited *schema.Resource
	ops         []Op
}

func (c *check) all(changed []string) error {
	for _, path := range changed {
		a, ok := c.old.Type().Attr(path)
		if !ok || a.Mutability != schema.Immutable && len(a.Subs()) == 0 {
			continue
		}
		if err := c.changed(a, c.old.Value(a), c.edited.Value(a)); err != nil {
			return err
		}
	}
	if c.old.Type().Validate(c.edited) == nil {
		return nil
	}
	for _, a := range c.old.Type().Attrs() {
		if a.Required && a.Mutability != schema.ReadOnly && lacks(c.edited, a) && !lacks(c.old, a) {
			return c.missing(a, !c.old.Value(a).IsZero())
		}
	}
	for _, e := range c.old.Type().Config().Extensions {
		if e.Required && has(c.old, e.Schema.ID) && !has(c.edited, e.Schema.ID) {
			return c.fail(e.Schema.ID, e.Schema.ID, schema.ScimTypeMutability, "is required and can't be removed")
		}
	}
	return nil
}

func has(r *schema.Resource, urn string) bool { return slices.Contains(r.Schemas(), urn) }

// lacks reports whether r must have a value of a and has none. An extension's
// attributes are required of who has the extension.
func lacks(r *schema.Resource, a *schema.Attr) bool {
	return r.Value(a).IsZero() && (a.URN() == "" || has(r, a.URN()))
}

// changed checks an attribute that differs.
func (c *check) changed(a *schema.Attr, was, is schema.Value) error {
	if a.Mutability == schema.Immutable && !was.IsZero() {
		return c.immutable(a)
	}
	for _, s := range a.Subs() {
		switch {
		case s.Mutability == schema.Immutable && !a.MultiValued:
			if v := was.Sub(s); !v.IsZero() && !v.Identical(is.Sub(s)) {
				return c.immutable(s)
			}
		case s.Required && s.Mutability != schema.ReadOnly && !s.IsComputed():
			if without(is, s) > without(was, s) {
				return c.missing(s, !a.MultiValued && !was.IsZero())
			}
		}
	}
	return nil
}

// without counts the elements that have no s.
func without(v schema.Value, s *schema.Attr) (n int) {
	for e := range v.Elems() {
		if e.Sub(s).IsZero() {
			n++
		}
	}
	return n
}

func (c *check) immutable(a *schema.Attr) error {
	return c.fail(a.Path(), a.URN(), schema.ScimTypeMutability, "is immutable and has a value already")
}

func (c *check) missing(a *schema.Attr, removed bool) error {
	if removed {
		return c.fail(a.Path(), a.URN(), schema.ScimTypeMutability, "is required and can't be removed")
	}
	return c.fail(a.Path(), a.URN(), schema.ScimTypeInvalidValue, "is required")
}

// fail makes an error about the last operation on the attribute at path, or else on
// the extension that it is of.
func (c *check) fail(path, urn string, t schema.ScimType, msg string) error {
	exact, near := -1, -1
	for _, op := range c.ops {
		switch a := op.Target.Attr; {
		case a != nil && (path == a.Path() || strings.HasPrefix(path, a.Path()+".")):
			exact = op.Index
		case a == nil && op.Target.URN == urn, a != nil && urn != "" && a.URN() == urn:
			near = op.Index
		}
	}
	if exact < 0 {
		exact = near
	}
	return &Error{Index: exact, Type: t, Path: path, Msg: msg}
}
