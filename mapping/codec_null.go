package mapping

import (
	"reflect"
	"unsafe"

	"github.com/muster-scim/muster/schema"
)

// pointerCodec is for pointers: nil is unassigned. What a pointer points to is
// never written, since a copy of the struct may share it.
func pointerCodec(t reflect.Type, a *schema.Attr) (codec, error) {
	elem, err := singleCodec(t.Elem(), a, true)
	if err != nil {
		return codec{}, err
	}
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			target := *(*unsafe.Pointer)(p)
			if target == nil {
				return nil, nil
			}
			return elem.get(target)
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			if v.IsZero() {
				*(*unsafe.Pointer)(p) = nil
				return nil
			}
			target := copyOf(t.Elem(), *(*unsafe.Pointer)(p))
			err := elem.set(target, v)
			if err == nil {
				*(*unsafe.Pointer)(p) = target
			}
			return err
		},
	}, nil
}

// isNull reports whether t is a value with a flag that says whether there is one,
// as sql.NullString, sql.Null and their relatives in other packages are.
func isNull(t reflect.Type) bool {
	_, _, ok := nullFields(t)
	return ok
}

func nullFields(t reflect.Type) (value, valid reflect.StructField, ok bool) {
	if t.Kind() != reflect.Struct || t.NumField() != 2 {
		return value, valid, false
	}
	value, valid = t.Field(0), t.Field(1)
	ok = value.IsExported() && valid.Name == "Valid" && valid.Type.Kind() == reflect.Bool
	return value, valid, ok
}

// nullCodec is for the types that isNull knows.
func nullCodec(t reflect.Type, a *schema.Attr) (codec, error) {
	value, valid, _ := nullFields(t)
	elem, err := singleCodec(value.Type, a, true)
	if err != nil {
		return codec{}, mismatch(t, a)
	}
	isValid := func(p unsafe.Pointer) *bool { return (*bool)(unsafe.Add(p, valid.Offset)) }
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			if !*isValid(p) {
				return nil, nil
			}
			return elem.get(unsafe.Add(p, value.Offset))
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			err := elem.set(unsafe.Add(p, value.Offset), v)
			if err == nil {
				*isValid(p) = !v.IsZero()
			}
			return err
		},
	}, nil
}
