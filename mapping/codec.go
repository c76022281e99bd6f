package mapping

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
	"unsafe"

	"github.com/muster-scim/muster/schema"
)

// codec moves values of one Go type in and out of an attribute. It is chosen by
// reflection when a table is made; what it does afterwards is to read and write
// through pointers whose type was checked then. This file and its neighbours
// codec_*.go are the only ones that do so.
type codec struct {
	// get returns the value that p points to as [schema.Attr.Make] takes it;
	// nil is unassigned.
	get func(p unsafe.Pointer) (any, error)

	// set stores v where p points to; the zero Value clears. The error says
	// what is allowed, as "must be …".
	set func(p unsafe.Pointer, v schema.Value) error
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	bytesType       = reflect.TypeFor[[]byte]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// codecOf returns the codec for values of Go type t in attribute a: of the whole
// list if list is set, otherwise of one value. The error says why there is none.
func codecOf(t reflect.Type, a *schema.Attr, list bool) (codec, error) {
	if list {
		return sliceCodec(t, a)
	}
	return singleCodec(t, a, false)
}

// singleCodec is codecOf for one value. If nullable is set, something around the
// value says whether there is one, so that 0 counts as a value.
func singleCodec(t reflect.Type, a *schema.Attr, nullable bool) (codec, error) {
	switch {
	case t.Kind() == reflect.Pointer:
		return pointerCodec(t, a)
	case t.ConvertibleTo(timeType) && a.Type == schema.DateTime:
		return timeCodec, nil
	case isNull(t):
		return nullCodec(t, a)
	case isText(t) && isTextual(a):
		return textCodec(t, nullable), nil
	case a.Type == schema.Complex && t.Kind() == reflect.Struct:
		return structCodec(t, a)
	case a.Type == schema.Binary && t.ConvertibleTo(bytesType) && t.Kind() == reflect.Slice:
		return bytesCodec, nil
	}
	if c, ok := kindCodec(t.Kind(), a, nullable); ok {
		return c, nil
	}
	return codec{}, mismatch(t, a)
}

// mismatch names the Go types that would do.
func mismatch(t reflect.Type, a *schema.Attr) error {
	fits := map[schema.DataType]string{
		schema.String:    "a string, a whole number or an encoding.TextMarshaler",
		schema.Reference: "a string, a whole number or an encoding.TextMarshaler",
		schema.Boolean:   "a bool",
		schema.Integer:   "a whole number",
		schema.Decimal:   "a number",
		schema.DateTime:  "a time.Time or a string",
		schema.Binary:    "a []byte or a string",
		schema.Complex:   "a struct",
	}
	kind := "a single value"
	if a.MultiValued {
		kind = "one value of a list"
	}
	return fmt.Errorf("a Go %s can't hold %s of type %s; %s can, and a pointer or an sql.Null of it", t, kind, a.Type, fits[a.Type])
}

// isTextual reports whether values of a are any text to a Go type that reads and
// writes text.
func isTextual(a *schema.Attr) bool { return a.Type == schema.String || a.Type == schema.Reference }

// isText reports whether t turns itself into text and back.
func isText(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(textMarshaler) && p.Implements(textUnmarshaler)
}

// kindCodec is for types that are a basic type at bottom.
func kindCodec(k reflect.Kind, a *schema.Attr, nullable bool) (codec, bool) {
	switch k {
	case reflect.String:
		return stringCodec, isTextual(a) || a.Type == schema.DateTime || a.Type == schema.Binary
	case reflect.Bool:
		return boolCodec, a.Type == schema.Boolean
	case reflect.Float32:
		return floatCodec[float32](), a.Type == schema.Decimal
	case reflect.Float64:
		return floatCodec[float64](), a.Type == schema.Decimal
	}
	n, ok := integerOf(k)
	switch {
	case !ok:
		return codec{}, false
	case isTextual(a):
		return digitsCodec(n, nullable), true
	}
	return numberCodec(n), a.Type == schema.Integer || a.Type == schema.Decimal
}

// stringCodec takes "" as unassigned, as the tolerant dialect does.
var stringCodec = codec{
	get: func(p unsafe.Pointer) (any, error) {
		if s := *(*string)(p); s != "" {
			return s, nil
		}
		return nil, nil
	},
	set: func(p unsafe.Pointer, v schema.Value) error {
		*(*string)(p) = v.String()
		return nil
	},
}

var boolCodec = codec{
	get: func(p unsafe.Pointer) (any, error) { return *(*bool)(p), nil },
	set: func(p unsafe.Pointer, v schema.Value) error {
		*(*bool)(p), _ = v.Bool()
		return nil
	},
}

// timeCodec takes the zero time as unassigned.
var timeCodec = codec{
	get: func(p unsafe.Pointer) (any, error) {
		if t := *(*time.Time)(p); !t.IsZero() {
			return t, nil
		}
		return nil, nil
	},
	set: func(p unsafe.Pointer, v schema.Value) error {
		*(*time.Time)(p), _ = v.Time()
		return nil
	},
}

var bytesCodec = codec{
	get: func(p unsafe.Pointer) (any, error) {
		if b := *(*[]byte)(p); len(b) > 0 {
			return b, nil
		}
		return nil, nil
	},
	set: func(p unsafe.Pointer, v schema.Value) error {
		if v.IsZero() {
			*(*[]byte)(p) = nil
			return nil
		}
		b, err := schema.DecodeBinary(v.String())
		if err != nil {
			return errors.New("must be base64")
		}
		*(*[]byte)(p) = b
		return nil
	},
}

func floatCodec[N float32 | float64]() codec {
	return codec{
		get: func(p unsafe.Pointer) (any, error) { return *(*N)(p), nil },
		set: func(p unsafe.Pointer, v schema.Value) error {
			f, ok := v.Float()
			if !ok {
				f = 0
			}
			*(*N)(p) = N(f)
			return nil
		},
	}
}

// textCodec is for types that marshal themselves, such as UUIDs. Their zero value
// is unassigned.
func textCodec(t reflect.Type, nullable bool) codec {
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			v := reflect.NewAt(t, p)
			if !nullable && v.Elem().IsZero() {
				return nil, nil
			}
			text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
			if err != nil || len(text) == 0 {
				return nil, err
			}
			return string(text), nil
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			into := reflect.NewAt(t, p)
			into.Elem().SetZero()
			if v.IsZero() {
				return nil
			}
			if err := into.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(v.String())); err != nil {
				return fmt.Errorf("can't be read: %w", err)
			}
			return nil
		},
	}
}

// integer is a Go type of whole numbers.
type integer struct {
	bits     int
	unsigned bool
	load     func(p unsafe.Pointer) uint64 // sign extended
	store    func(p unsafe.Pointer, n uint64)
}

func integerOf(k reflect.Kind) (integer, bool) {
	switch k {
	case reflect.Int:
		return wholeNumber[int](false), true
	case reflect.Int8:
		return wholeNumber[int8](false), true
	case reflect.Int16:
		return wholeNumber[int16](false), true
	case reflect.Int32:
		return wholeNumber[int32](false), true
	case reflect.Int64:
		return wholeNumber[int64](false), true
	case reflect.Uint:
		return wholeNumber[uint](true), true
	case reflect.Uint8:
		return wholeNumber[uint8](true), true
	case reflect.Uint16:
		return wholeNumber[uint16](true), true
	case reflect.Uint32:
		return wholeNumber[uint32](true), true
	case reflect.Uint64:
		return wholeNumber[uint64](true), true
	}
	return integer{}, false
}

func wholeNumber[N int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64](unsigned bool) integer {
	return integer{
		bits:     int(unsafe.Sizeof(N(0))) * 8,
		unsigned: unsigned,
		load:     func(p unsafe.Pointer) uint64 { return uint64(*(*N)(p)) },
		store:    func(p unsafe.Pointer, n uint64) { *(*N)(p) = N(n) },
	}
}

// parse reads digits, if the type can hold the number.
func (n integer) parse(text string) (uint64, error) {
	var u uint64
	var err error
	if n.unsigned {
		u, err = strconv.ParseUint(text, 10, n.bits)
	} else {
		var i int64
		i, err = strconv.ParseInt(text, 10, n.bits)
		u = uint64(i)
	}
	if err != nil {
		return 0, n.mustBe()
	}
	return u, nil
}

func (n integer) mustBe() error {
	if n.unsigned {
		return fmt.Errorf("must be a whole number from 0 to %d", ^uint64(0)>>(64-n.bits))
	}
	most := int64(^uint64(0) >> (65 - n.bits))
	return fmt.Errorf("must be a whole number from %d to %d", -most-1, most)
}

func (n integer) format(p unsafe.Pointer) string {
	if n.unsigned {
		return strconv.FormatUint(n.load(p), 10)
	}
	return strconv.FormatInt(int64(n.load(p)), 10)
}

// numberCodec is for whole numbers in attributes that are numbers.
func numberCodec(n integer) codec {
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			if n.unsigned {
				return n.load(p), nil
			}
			return int64(n.load(p)), nil
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			if v.IsZero() {
				n.store(p, 0)
				return nil
			}
			u, err := n.parse(v.String())
			if err == nil {
				n.store(p, u)
			}
			return err
		},
	}
}

// digitsCodec is for whole numbers in attributes that are text, such as the id
// of a manager. 0 is unassigned, since no key is 0.
func digitsCodec(n integer, nullable bool) codec {
	return codec{
		get: func(p unsafe.Pointer) (any, error) {
			if !nullable && n.load(p) == 0 {
				return nil, nil
			}
			return n.format(p), nil
		},
		set: func(p unsafe.Pointer, v schema.Value) error {
			if v.IsZero() {
				n.store(p, 0)
				return nil
			}
			u, err := n.parse(v.String())
			if err == nil {
				n.store(p, u)
			}
			return err
		},
	}
}
