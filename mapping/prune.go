package mapping

import (
	"reflect"
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// marking says what of the definitions is bound, and how.
type marking struct {
	keepAll  bool   // what has no field is known nevertheless
	password bool   // the password is bound
	edges    string // kept as it is

	attrs map[string]*mark // by path in lower case
}

// mark is what bindings say of one attribute or sub-attribute.
type mark struct {
	required, unique, immutable bool
	written                     bool // a binding writes it
	texts                       []string
}

func (m *marking) at(a *schema.Attr) *mark {
	if m.attrs == nil {
		m.attrs = map[string]*mark{}
	}
	key := strings.ToLower(a.Path())
	if m.attrs[key] == nil {
		m.attrs[key] = &mark{}
	}
	return m.attrs[key]
}

// mark adds one binding.
func (m *marking) mark(t target, typ reflect.Type, o options) {
	top, own := m.at(t.top), m.at(t.attr())
	if !o.readOnly {
		top.written, own.written = true, true
	}
	if o.required {
		top.required = true
		own.required = own.required || !t.top.MultiValued
	}
	own.unique = own.unique || o.unique
	own.immutable = own.immutable || o.immutable
	if !t.hasWhere {
		own.texts = o.texts
	}
	for _, w := range t.where {
		s := m.at(w.Sub)
		s.written = s.written || !o.readOnly
		if text := w.Value.String(); !w.Sub.MultiValued && !slices.Contains(s.texts, text) {
			s.texts = append(s.texts, text)
		}
	}
	m.markSubs(t, typ, o)
}

// markSubs keeps the sub-attributes that come with a binding: those that the fields
// of a struct are bound to, those by which clients choose elements of a list, and the
// "$ref" that follows from an id.
func (m *marking) markSubs(t target, typ reflect.Type, o options) {
	if t.top.Type != schema.Complex {
		return
	}
	for _, s := range t.top.Subs() {
		chooses := t.top.MultiValued && (s.Name == "value" || s.Name == "type" || s.Name == "primary")
		refers := s.IsComputed() && (t.sub == nil || t.sub.Name == "value")
		if chooses || refers {
			m.at(s).written = m.at(s).written || !o.readOnly
		}
	}
	if t.sub != nil {
		return
	}
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	// What is wrong with the struct is reported when its codec is made.
	members, _ := membersOf(typ, t.top, 0)
	for _, s := range members {
		m.at(s.sub).written = m.at(s.sub).written || !o.readOnly
	}
}

// prune leaves out what is not bound, and tells of the rest what the bindings say.
// It returns the paths of required attributes that are not bound.
func (d *definitions) prune(m marking) (missing []string) {
	c := &d.config
	p := pruner{marking: m}
	c.Schema.Attributes = p.prune(c.Schema.Attributes, "")
	for i := range c.Extensions {
		e := &c.Extensions[i]
		p.required = false
		p.optional = !e.Required
		e.Schema.Attributes = p.prune(e.Schema.Attributes, e.Schema.ID+":")
		e.Required = e.Required || p.required
	}
	if !m.keepAll {
		c.Extensions = slices.DeleteFunc(c.Extensions, func(e schema.Extension) bool {
			return len(e.Schema.Attributes) == 0 && e.Schema.Open == nil
		})
	}
	return p.missing
}

type pruner struct {
	marking
	optional bool     // the extension may be left out as a whole
	required bool     // a binding of the extension is required
	missing  []string // required attributes that are not bound
}

func (p *pruner) prune(attrs []schema.Attribute, prefix string) []schema.Attribute {
	var kept []schema.Attribute
	for _, a := range attrs {
		path := prefix + a.Name
		mark := p.attrs[strings.ToLower(path)]
		switch {
		case prefix == "" && a.Name == p.edges:
			kept = append(kept, a)
		case prefix == "" && a.Name == "password" && a.Mutability == schema.WriteOnly:
			if p.password {
				kept = append(kept, a)
			}
		case mark != nil:
			kept = append(kept, p.apply(a, mark, path))
		case p.keepAll:
			kept = append(kept, a)
		case a.Required && a.Mutability != schema.ReadOnly && !p.optional:
			p.missing = append(p.missing, path)
		}
	}
	return kept
}

// apply tells an attribute what its bindings say.
func (p *pruner) apply(a schema.Attribute, m *mark, path string) schema.Attribute {
	a.Required = a.Required || m.required
	p.required = p.required || m.required
	switch {
	case !m.written:
		a.Mutability = schema.ReadOnly
	case m.immutable:
		a.Mutability = schema.Immutable
	}
	if m.unique {
		a.Uniqueness = schema.Server
	}
	if len(m.texts) > 0 && a.Type == schema.String && !p.keepAll {
		a.Canonical = m.texts
	}
	// A sub-attribute that is not bound is not asked for either.
	outer := p.optional
	p.optional = true
	a.Sub = p.prune(a.Sub, path+".")
	p.optional = outer
	return a
}
