package schema

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"time"
)

// List makes the value of multi-valued attribute a out of elements. Without
// elements it is unassigned.
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
// multi-valued attribute. nil, an empty slice and an empty map are unassigned.
// The error is an [*Error] that names the attribute.
func (a *Attr) Make(v any) (Value, error) {
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
		if !v.IsZero() {
			w.unnamed(v, a)
		}
		return nil
	case map[string]any:
		return w.object(a, v)
	case time.Time:
		if a.Type == DateTime {
			w.scalar(a, kindString, FormatTime(v))
			return nil
		}
	case []byte:
		if a.Type == Binary {
			w.scalar(a, kindString, base64.StdEncoding.EncodeToString(v))
			return nil
		}
	case bool:
		if a.Type == Boolean {
			w.bool(a, v)
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
	return invalid(a.path, fmt.Sprintf("is %s, not a Go %T", a.Type, v))
}

func (w *writer) bool(a *Attr, v bool) {
	k := kindFalse
	if v {
		k = kindTrue
	}
	w.scalar(a, k, "")
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
		return invalid(a.path, fmt.Sprintf("is %s and has no sub-attributes", a.Type))
	}
	o := w.open(a, kindObject)
	for _, s := range a.subs {
		for name, v := range m {
			if a.SubAttr(name) != s {
				continue
			}
			if err := w.any(s, v, s.MultiValued); err != nil {
				return err
			}
		}
	}
	for name := range m {
		if a.SubAttr(name) == nil {
			return invalid(a.path, fmt.Sprintf("has no sub-attribute %q", name))
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
			w.unnamed(e, a)
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
	if t != Integer && t != Decimal {
		return "", false
	}
	switch v := v.(type) {
	case int, int8, int16, int32, int64, uint8, uint16, uint32:
		return fmt.Sprint(v), true
	case float32:
		return numberText(t, float64(v))
	case float64:
		if t == Integer && (v != math.Trunc(v) || math.Abs(v) >= 1<<63) || math.IsInf(v, 0) || math.IsNaN(v) {
			return "", false
		}
		if t == Integer {
			return strconv.FormatInt(int64(v), 10), true
		}
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}
