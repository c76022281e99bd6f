package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/muster-scim/muster/schema"
)

// member is a field of a struct that stands for a complex value.
type member struct {
	sub    *schema.Attr
	offset uintptr
	codec
}

// structCodec is for structs that hold a complex value: their fields are bound to
// sub-attributes by a tag, or by their name if that is one ignoring case. Fields of
// other names are the application's own.
func structCodec(t reflect.Type, a *schema.Attr) (codec, error) {
	members, err := membersOf(t, a, 0)
	if err == nil && len(members) == 0 {
		err = fmt.Errorf("no field of the Go %s is a sub-attribute of %s", t, a.Path())
	}
	s := structOf{a, members}
	return codec{get: s.get, set: s.set}, err
}

type structOf struct {
	attr    *schema.Attr
	members []member
}

func membersOf(t reflect.Type, a *schema.Attr, offset uintptr) ([]member, error) {
	var members []member
	var errs []error
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct && f.Tag.Get("scim") == "" {
			inner, err := membersOf(f.Type, a, offset+f.Offset)
			members, errs = append(members, inner...), append(errs, err)
			continue
		}
		sub, err := subOf(f, a)
		if sub == nil || err != nil {
			errs = append(errs, err)
			continue
		}
		c, err := codecOf(f.Type, sub, sub.MultiValued)
		if err != nil {
			err = fmt.Errorf("field %s.%s: %w", t, f.Name, err)
		}
		members, errs = append(members, member{sub, offset + f.Offset, c}), append(errs, err)
	}
	return members, errors.Join(errs...)
}

// subOf returns the sub-attribute that a field is bound to, nil if to none.
func subOf(f reflect.StructField, a *schema.Attr) (*schema.Attr, error) {
	tag := f.Tag.Get("scim")
	name, _, _ := strings.Cut(tag, ",")
	switch {
	case tag == "-":
		return nil, nil
	case name == "":
		name = f.Name
	case !f.IsExported():
		return nil, fmt.Errorf("field %s has a tag but is not exported", f.Name)
	case a.SubAttr(name) == nil:
		return nil, fmt.Errorf("field %s: %s has no sub-attribute %q", f.Name, a.Path(), name)
	}
	sub := a.SubAttr(name)
	if !f.IsExported() || sub != nil && sub.IsComputed() {
		return nil, nil
	}
	return sub, nil
}

func (s structOf) get(p unsafe.Pointer) (any, error) {
	if p == nil {
		return nil, nil
	}
	var values map[string]any
	for _, m := range s.members {
		v, err := m.get(unsafe.Add(p, m.offset))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.sub.Name, err)
		}
		if v == nil || v == false && m.sub.Name == "primary" {
			continue
		}
		if values == nil {
			values = make(map[string]any, len(s.members))
		}
		values[m.sub.Name] = v
	}
	if values == nil {
		return nil, nil
	}
	return values, nil
}

func (s structOf) set(p unsafe.Pointer, v schema.Value) error {
	for _, m := range s.members {
		if err := m.set(unsafe.Add(p, m.offset), v.Sub(m.sub)); err != nil {
			return fmt.Errorf("%s %w", m.sub.Name, err)
		}
	}
	return nil
}
