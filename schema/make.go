package schema

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"time"
)

// List makes the value of multi-valued attribute a out of elements of it, as
// [Attr.Make], [DecodeElement] and [Value.Elems] give them. Without elements it is
// unassigned.
func (a *Attr) List(elems []Value) Value {
	w := writer{t: a.t}
	o := w.open(a, kindArray)
	for _, e := range elems {
		if !e.IsZero() {
			w.unnamed(e, a)
		}
	}
	w.close(o)
	return w.result()
}

// Make makes a value of a out of a Go value: a string, bool, any integer or
// float, time.Time, []byte (for Binary), a [Value], a map[string]any of
// sub-attributes, or a slice ([]any, []string, []Value, []map[string]any) for a
// multi-valued attribute, where a single value is a list of one. nil, an empty
// slice and an empty map are unassigned; "" is a value. A Value of another
// attribute is taken if its JSON would be.
//
// The error is an [*Error] that names the attribute.
func (a *Attr) Make(v any) (Value, error) {
	if v, ok := v.(Value); ok && (v.IsZero() || v.is(a, a.MultiValued)) {
		return v, nil
	}
	w := writer{t: a.t}
	if err := w.any(a, v, a.MultiValued); err != nil {
		return Value{}, err
	}
	return w.result(), nil
}

func (w *writer) any(a *Attr, v any, list bool) error {
	if list {
		return w.list(a, v)
	}
	switch v := v.(type) {
	case nil:
		return nil
	case Value:
		return w.adopt(a, v)
	case map[string]any:
		return w.object(a, v)
	case time.Time:
		if a.Type == DateTime {
			return w.string(a, FormatTime(v))
		}
	case []byte:
		if a.Type == Binary {
			w.scalar(a, kindString, base64.StdEncoding.EncodeToString(v))
			return nil
		}
	case bool:
		if a.Type == Boolean {
			w.scalar(a, kindOf(v), "")
			return nil
		}
	case string:
		return w.string(a, v)
	default:
		if text, ok := numberText(a.Type, v); ok {
			w.scalar(a, kindNumber, text)
			return nil
		}
	}
	return invalid(a.path, fmt.Sprintf("is %s, not a Go %T", article(a.Type), v))
}

// adopt appends a value that may be one of another attribute.
func (w *writer) adopt(a *Attr, v Value) error {
	if !v.IsZero() && !v.is(a, false) {
		var err error
		if v, _, err = DecodeElement(a, v.AppendJSON(nil), StrictDecoding()); err != nil {
			return err
		}
	}
	if !v.IsZero() {
		w.unnamed(v, a)
	}
	return nil
}

func (w *writer) string(a *Attr, v string) error {
	if err := checkString(a, v); err != nil {
		return err
	}
	w.scalar(a, kindString, v)
	return nil
}

func (w *writer) object(a *Attr, m map[string]any) error {
	if a.Type != Complex {
		return invalid(a.path, "is "+article(a.Type)+" and has no sub-attributes")
	}
	named := make(map[*Attr]string, len(m))
	for name := range m {
		s := a.SubAttr(name)
		if s == nil {
			return invalid(a.path, fmt.Sprintf("has no sub-attribute %q", name))
		}
		if _, dup := named[s]; dup {
			return twice(s.path)
		}
		named[s] = name
	}
	o := w.open(a, kindObject)
	for _, s := range a.subs {
		name, ok := named[s]
		if !ok || s.IsComputed() {
			continue
		}
		if err := w.any(s, m[name], s.MultiValued); err != nil {
			return err
		}
	}
	w.closeOrDrop(o)
	return nil
}

// closeOrDrop ends an object or list, and takes back one that is empty.
func (w *writer) closeOrDrop(o int) {
	w.close(o)
	if w.nodes[o].size == 0 {
		w.nodes = w.nodes[:o]
	}
}

func (w *writer) list(a *Attr, v any) error {
	o := w.open(a, kindArray)
	each := func(e any) error { return w.any(a, e, false) }
	var err error
	switch v := v.(type) {
	case nil:
	case []any:
		err = eachOf(v, each)
	case []string:
		err = eachOf(v, each)
	case []map[string]any:
		err = eachOf(v, each)
	case []Value:
		err = eachOf(v, each)
	case Value:
		for e := range v.Elems() {
			err = cmp.Or(err, w.adopt(a, e))
		}
	default:
		err = each(v)
	}
	w.closeOrDrop(o)
	return err
}

func eachOf[T any](s []T, f func(any) error) error {
	for _, e := range s {
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

// numberText writes a Go number as JSON does, if t takes it.
func numberText(t DataType, v any) (string, bool) {
	switch v := v.(type) {
	case int, int8, int16, int32, int64, uint8, uint16, uint32:
		return fmt.Sprint(v), t == Integer || t == Decimal
	case uint:
		return strconv.FormatUint(uint64(v), 10), t == Integer && v <= math.MaxInt64 || t == Decimal
	case uint64:
		return strconv.FormatUint(v, 10), t == Integer && v <= math.MaxInt64 || t == Decimal
	case float32:
		return floatText(t, float64(v), 32)
	case float64:
		return floatText(t, v, 64)
	}
	return "", false
}

func floatText(t DataType, v float64, bits int) (string, bool) {
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return "", false
	case t == Integer && v == math.Trunc(v) && math.Abs(v) < 1<<63:
		return strconv.FormatInt(int64(v), 10), true
	}
	return strconv.FormatFloat(v, 'g', -1, bits), t == Decimal
}
