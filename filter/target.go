package filter

import (
	"github.com/muster-scim/muster/schema"
)

// Target is what the path of a PATCH operation means. Either URN is set or Attr.
type Target struct {
	// Attr is the attribute of the resource.
	Attr *schema.Attr

	// Where chooses elements of Attr, which is multi-valued then. It is nil if
	// the path has no brackets.
	Where *ElementFilter

	// Sub is the sub-attribute of Attr, or of the elements chosen. It is nil
	// if they are meant themselves.
	Sub *schema.Attr

	// URN is the URI of an extension, of which all attributes are meant.
	URN string
}

// ResolvePath finds what a path of RFC 7644, section 3.5.2, means in a resource
// of type t. The longest registered URI that the path starts with counts, since
// URIs hold dots and colons themselves; it may be the whole path. Whether the
// target may be written is for the caller to say.
//
// Every error is a [*TypeError]: without InFilter if the path names something
// that is not there or can't have a filter, with InFilter if it is what stands in
// the brackets. ResolvePath may be called from many goroutines at once.
func ResolvePath(p Path, t *schema.Type, o Checking) (Target, error) {
	c := checker{t: t, o: o}
	if p.ValueExpression != nil {
		return c.filtered(p)
	}
	path := joined(p.AttributePath)
	if p.SubAttribute != nil {
		path += "." + *p.SubAttribute
	}
	if urn, ok := t.ExtensionOf(path); ok {
		return Target{URN: urn}, nil
	}
	a, err := c.find(path)
	if err != nil {
		return Target{}, err
	}
	if a.Parent() != nil {
		return Target{Attr: a.Parent(), Sub: a}, nil
	}
	return Target{Attr: a}, nil
}

// filtered resolves a path with brackets.
func (c checker) filtered(p Path) (Target, error) {
	a, err := c.find(joined(p.AttributePath))
	if err != nil {
		return Target{}, err
	}
	if !a.MultiValued || a.Parent() != nil {
		return Target{}, c.fail(a.Path(), "can't have a filter, since it is not a list of values of the resource")
	}
	where, err := CheckElement(p.ValueExpression, a, c.o)
	if err != nil {
		return Target{}, err
	}
	sub, err := c.subOf(a, p.SubAttribute)
	if err != nil {
		return Target{}, err
	}
	return Target{Attr: a, Where: where, Sub: sub}, nil
}

// subOf finds the sub-attribute behind the brackets, if there is one. In a list
// of simple values, the "value" of an element is the element.
func (c checker) subOf(a *schema.Attr, name *string) (*schema.Attr, error) {
	if name == nil || a.Type != schema.Complex && isKeyword(*name, "value") {
		return nil, nil
	}
	if s := a.SubAttr(*name); s != nil {
		return s, nil
	}
	e := c.fail(a.Path(), "has no sub-attribute %s%s", quote(*name), subNames(a, "; it has "))
	e.Unknown = true
	return nil, e
}
