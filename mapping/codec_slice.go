package mapping

import (
	"fmt"
	"iter"
	"reflect"
	"unsafe"

	"github.com/muster-scim/muster/schema"
)

// sliceCodec is for lists as a whole. A slice of structs holds the elements of a
// complex attribute. A slice of anything else holds simple values: of a itself, or
// of its "value", or of a if that is a sub-attribute of a list.
func sliceCodec(t reflect.Type, a *schema.Attr) (codec, error) {
	if t.Kind() != reflect.Slice {
		return codec{}, fmt.Errorf("a Go %s can't hold a list of values; a slice can, and a string with Split", t)
	}
	l := listCodec{slice: t, attr: a}
	err := l.setElem()
	return codec{get: l.get, set: l.set}, err
}

// listCodec is a sliceCodec with what it knows.
type listCodec struct {
	slice reflect.Type
	attr  *schema.Attr // top-level, or a sub-attribute of a list
	sub   *schema.Attr // nil if an element of the slice is an element of the list
	elem  codec

	// item is the struct that an element is, nil if it is none; indirect says
	// that the slice has pointers to it.
	item     reflect.Type
	indirect bool

	// primary, if not nil, is shown on the first of simple values.
	primary *schema.Attr
}

func (l *listCodec) setElem() (err error) {
	elem := l.slice.Elem()
	item := elem
	if l.indirect = elem.Kind() == reflect.Pointer; l.indirect {
		item = elem.Elem()
	}
	switch a := l.attr; {
	case a.Parent() != nil && !a.MultiValued:
		l.sub = a
	case a.Type != schema.Complex:
	case item.Kind() == reflect.Struct && !isNull(item) && !isText(item):
		l.item = item
		l.elem, err = structCodec(item, a)
		return err
	default:
		if l.sub = a.SubAttr("value"); l.sub == nil {
			return fmt.Errorf("its elements have no \"value\": a Go %s can't hold them; a slice of structs can", l.slice)
		}
	}
	of := l.attr
	if l.sub != nil {
		of = l.sub
		l.primary = l.sub.Parent().SubAttr("primary")
	}
	l.elem, err = singleCodec(elem, of, false)
	return err
}

// get returns a list of values, or of objects with one sub-attribute.
func (l *listCodec) get(p unsafe.Pointer) (any, error) {
	s := reflect.NewAt(l.slice, p).Elem()
	var values []any
	for i := range s.Len() {
		v, err := l.elem.get(l.place(s.Index(i)))
		if err != nil {
			return nil, err
		}
		if v != nil {
			values = append(values, l.wrap(v, values == nil))
		}
	}
	if values == nil {
		return nil, nil
	}
	return values, nil
}

// place returns where the codec of elements reads and writes one.
func (l *listCodec) place(item reflect.Value) unsafe.Pointer {
	if l.item != nil && l.indirect {
		return item.UnsafePointer()
	}
	return item.Addr().UnsafePointer()
}

// wrap makes an element of a simple value. A slice of these has no other way to say
// which is primary than to have it first.
func (l *listCodec) wrap(v any, first bool) any {
	if l.sub == nil {
		return v
	}
	if l.primary == nil || !first {
		return map[string]any{l.sub.Name: v}
	}
	return map[string]any{l.sub.Name: v, l.primary.Name: true}
}

// set makes a new slice, since a copy of the struct may share the old one. Structs
// keep what no attribute is bound to if the list had their value before.
func (l *listCodec) set(p unsafe.Pointer, v schema.Value) error {
	into := reflect.NewAt(l.slice, p).Elem()
	if v.IsZero() {
		into.SetZero()
		return nil
	}
	var olds []old
	if l.item != nil {
		olds = l.remember(into)
	}
	next := reflect.MakeSlice(l.slice, 0, v.Len())
	for e := range primaryFirst(v, l.primary) {
		if l.sub != nil {
			if e = e.Sub(l.sub); e.IsZero() {
				continue
			}
		}
		item, err := l.make(e, olds)
		if err != nil {
			return err
		}
		next = reflect.Append(next, item)
	}
	into.Set(next)
	return nil
}

// primaryFirst yields the elements of v, the primary one before the others.
func primaryFirst(v schema.Value, primary *schema.Attr) iter.Seq[schema.Value] {
	isPrimary := func(e schema.Value) bool {
		b, _ := e.Sub(primary).Bool()
		return b
	}
	return func(yield func(schema.Value) bool) {
		for _, wanted := range []bool{true, false} {
			for e := range v.Elems() {
				if isPrimary(e) == wanted && !yield(e) {
					return
				}
			}
		}
	}
}

// make returns an element of the slice.
func (l *listCodec) make(e schema.Value, olds []old) (reflect.Value, error) {
	if l.item == nil {
		item := reflect.New(l.slice.Elem())
		err := l.elem.set(item.UnsafePointer(), e)
		return item.Elem(), err
	}
	item := reflect.New(l.item)
	if o := predecessor(l.attr, olds, e); o != nil {
		o.used = true
		item.Elem().Set(o.item)
	}
	err := l.elem.set(item.UnsafePointer(), e)
	if l.indirect {
		return item, err
	}
	return item.Elem(), err
}

// old is an element that a slice had.
type old struct {
	item  reflect.Value
	value schema.Value
	used  bool
}

// remember returns the elements of a slice of structs. One that can't be read has
// no successor.
func (l *listCodec) remember(s reflect.Value) []old {
	var olds []old
	for i := range s.Len() {
		item := s.Index(i)
		if l.indirect {
			if item.IsNil() {
				continue
			}
			item = item.Elem()
		}
		read, err := l.elem.get(item.Addr().UnsafePointer())
		if err != nil || read == nil {
			continue
		}
		if value, err := l.attr.Make([]any{read}); err == nil {
			for e := range value.Elems() {
				olds = append(olds, old{item: item, value: e})
			}
		}
	}
	return olds
}

// predecessor returns the old element that e continues: one with the same value and
// type, or else the same value, or if elements have no value one of the same type.
// Another value never inherits what the application knows of the old one, such as
// that an address has been verified.
func predecessor(a *schema.Attr, olds []old, e schema.Value) *old {
	value, label := a.SubAttr("value"), a.SubAttr("type")
	for _, same := range []func(o schema.Value) bool{
		func(o schema.Value) bool { return o.Identical(e) },
		func(o schema.Value) bool { return value != nil && a.SameElement(o, e) },
		func(o schema.Value) bool { return sameKey(o.Sub(value), e.Sub(value)) },
		func(o schema.Value) bool { return value == nil && sameKey(o.Sub(label), e.Sub(label)) },
	} {
		for i := range olds {
			if !olds[i].used && same(olds[i].value) {
				return &olds[i]
			}
		}
	}
	return nil
}

func sameKey(a, b schema.Value) bool { return !a.IsZero() && !b.IsZero() && a.Key() == b.Key() }
