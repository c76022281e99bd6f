package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/muster-scim/muster/schema"
)

// definitions are the schemas of a table: first all attributes that could be
// bound, then those that are.
type definitions struct {
	config schema.TypeConfig

	// made are the URIs of extensions that only bindings know of, in lower case.
	made map[string]bool
}

func newDefinitions(c schema.TypeConfig) definitions {
	c.Extensions = slices.Clone(c.Extensions)
	return definitions{config: c, made: map[string]bool{}}
}

// extend adds an extension or replaces one with the same URI.
func (d *definitions) extend(e schema.Extension) {
	for i := range d.config.Extensions {
		if strings.EqualFold(d.config.Extensions[i].Schema.ID, e.Schema.ID) {
			d.config.Extensions[i] = e
			return
		}
	}
	d.config.Extensions = append(d.config.Extensions, e)
}

// extension returns the extension with that URI, or nil.
func (d *definitions) extension(urn string) *schema.Extension {
	for i := range d.config.Extensions {
		if strings.EqualFold(d.config.Extensions[i].Schema.ID, urn) {
			return &d.config.Extensions[i]
		}
	}
	return nil
}

// make returns the extension with that URI, a new one if there is none.
func (d *definitions) make(urn string) *schema.Extension {
	if e := d.extension(urn); e != nil {
		return e
	}
	d.made[strings.ToLower(urn)] = true
	d.extend(schema.Extension{Schema: schema.Schema{ID: urn, Name: schemaName(urn)}})
	return d.extension(urn)
}

// schemaName makes a name of a URI: its last part that is a word.
func schemaName(urn string) string {
	parts := strings.FieldsFunc(urn, func(r rune) bool { return r == ':' || r == '/' })
	for _, part := range slices.Backward(parts) {
		if r, _ := utf8.DecodeRuneInString(part); unicode.IsLetter(r) {
			return part
		}
	}
	return urn
}

// open makes the extension with that URI take any key.
func (d *definitions) open(urn string) error {
	e := d.make(urn)
	if e.Schema.Open != nil {
		return errors.New("is open already")
	}
	e.Schema.Open = &schema.Attribute{Type: schema.String}
	return nil
}

// declare makes an attribute of an extension that no schema is known of: its type
// is that of the field. Paths of other kinds are left alone.
func (d *definitions) declare(path string, t reflect.Type, o options) error {
	colon := strings.LastIndexByte(path, ':')
	if colon < 0 {
		return nil
	}
	urn, rest := path[:colon], path[colon+1:]
	if d.knows(path) {
		return nil
	}
	name, sub, dotted := strings.Cut(rest, ".")
	if name == "" || dotted && sub == "" {
		return errors.New("the attribute's name is missing behind the URI")
	}
	a, err := attributeFor(t, o)
	if err != nil {
		return fmt.Errorf("%w; define the extension by Extend", err)
	}
	a.Name = name
	if dotted {
		a.Name = sub
		a = schema.Attribute{Name: name, Type: schema.Complex, Sub: []schema.Attribute{a}}
	}
	s := &d.make(urn).Schema
	for i := range s.Attributes {
		if strings.EqualFold(s.Attributes[i].Name, name) {
			if dotted && s.Attributes[i].Type == schema.Complex && !hasAttribute(s.Attributes[i].Sub, sub) {
				s.Attributes[i].Sub = append(s.Attributes[i].Sub, a.Sub...)
			}
			return nil // twice: reported when all paths are known
		}
	}
	s.Attributes = append(s.Attributes, a)
	return nil
}

// knows reports whether a path begins with the URI of a schema that was not made for
// bindings, so that what follows is one of its attributes or a mistake.
func (d *definitions) knows(path string) bool {
	begins := func(urn string) bool {
		return len(path) >= len(urn) && strings.EqualFold(path[:len(urn)], urn) && (len(path) == len(urn) || path[len(urn)] == ':')
	}
	return begins(d.config.Schema.ID) || slices.ContainsFunc(d.config.Extensions, func(e schema.Extension) bool {
		return begins(e.Schema.ID) && !d.made[strings.ToLower(e.Schema.ID)]
	})
}

func hasAttribute(attrs []schema.Attribute, name string) bool {
	return slices.ContainsFunc(attrs, func(a schema.Attribute) bool { return strings.EqualFold(a.Name, name) })
}

// holdsList reports whether a Go type holds many values.
func holdsList(t reflect.Type, o options) bool {
	switch {
	case o.split != "":
		return true
	case o.join != "":
		return false
	}
	return t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 && !isText(t)
}

// attributeFor returns the attribute that holds values of a Go type.
func attributeFor(t reflect.Type, o options) (schema.Attribute, error) {
	if holdsList(t, o) {
		if o.split != "" {
			return schema.Attribute{MultiValued: true}, nil
		}
		a, err := attributeFor(t.Elem(), options{})
		a.MultiValued = true
		return a, err
	}
	if len(o.texts) > 0 || o.join != "" {
		return schema.Attribute{}, nil
	}
	if value, _, ok := nullFields(t); ok {
		return attributeFor(value.Type, options{})
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return attributeFor(t.Elem(), options{})
	case t.ConvertibleTo(timeType):
		return schema.Attribute{Type: schema.DateTime}, nil
	case isText(t):
		return schema.Attribute{}, nil
	case t.Kind() == reflect.Slice:
		return schema.Attribute{Type: schema.Binary}, nil
	case t.Kind() == reflect.Struct:
		return complexFor(t)
	}
	return simpleFor(t)
}

func simpleFor(t reflect.Type) (schema.Attribute, error) {
	switch k := t.Kind(); {
	case k == reflect.String:
		return schema.Attribute{}, nil
	case k == reflect.Bool:
		return schema.Attribute{Type: schema.Boolean}, nil
	case k == reflect.Float32 || k == reflect.Float64:
		return schema.Attribute{Type: schema.Decimal}, nil
	case k >= reflect.Int && k <= reflect.Uint64:
		return schema.Attribute{Type: schema.Integer}, nil
	}
	return schema.Attribute{}, fmt.Errorf("no attribute can be made of a Go %s", t)
}

// complexFor makes a sub-attribute of each exported field: named by its tag or as
// the field is, with a small letter in front.
func complexFor(t reflect.Type) (schema.Attribute, error) {
	a := schema.Attribute{Type: schema.Complex}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("scim"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		sub, err := attributeFor(f.Type, options{})
		if err != nil || sub.Type == schema.Complex {
			return a, fmt.Errorf("no attribute can be made of the field %s of a Go %s", f.Name, t)
		}
		if sub.Name = name; name == "" {
			sub.Name = strings.ToLower(f.Name[:1]) + f.Name[1:]
		}
		a.Sub = append(a.Sub, sub)
	}
	if len(a.Sub) == 0 {
		return a, fmt.Errorf("no attribute can be made of a Go %s", t)
	}
	return a, nil
}
