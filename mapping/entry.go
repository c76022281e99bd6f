package mapping

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unsafe"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// options is what a binding says of its attribute, whatever the Go type.
type options struct {
	path   string // as the application wrote it
	column string
	prefix string // of IDs
	role   role

	required, unique, readOnly, immutable, negate, primary bool

	counted bool // a version that a change adds one to

	split, join string

	// texts are the only values that are taken, if there are any.
	texts []string

	// enumerated and computed say that the field holds something else than the
	// attribute's values.
	enumerated, computed bool

	// hasDefault says that the field has a value where the attribute has none.
	hasDefault bool
}

// role says what a field is for.
type role uint8

const (
	isAttribute role = iota
	isID
	isVersion
	isCreated
	isModified
	isDeleted
)

// String names a role in errors.
func (r role) String() string {
	return [...]string{"an attribute", "the ID", "the version", "the time of creation", "the time of the last change", "the time of deletion"}[r]
}

// row is one of the application's: a *T of the table. What was made for that T knows it
// again, by t.(*T).
type row = any

// field is a binding as a table keeps it.
type field struct {
	options
	typ    reflect.Type
	goName string // of the struct's field, if a tag made the binding
	errs   []error

	load    func(t row) unsafe.Pointer
	store   func(t row, fill func(p unsafe.Pointer) error) error
	wrap    func(c codec, a *schema.Attr) (codec, error)
	check   func(ctx context.Context, tenant scim.Tenant, fill func(p unsafe.Pointer) error) error
	pointer func(t row) any // for SQL

	// Known when the table's type has been compiled.
	target target
	codec  codec
}

var (
	errNoPlace    = errors.New("the binding's function returned nil: the row has no place for the value")
	errNoFunction = errors.New("the function is nil")
)

func (f *field) fail(err error) { f.errs = append(f.errs, err) }

// allow adds a text to the only ones that are taken.
func (f *field) allow(text string, err error) {
	if err != nil {
		f.fail(err)
		return
	}
	f.texts = append(f.texts, text)
}

// name is how errors of the table name the field.
func (f *field) name() string {
	name := f.path
	if f.role != isAttribute {
		name = f.role.String()
	}
	if f.goName != "" {
		return "field " + f.goName + " (" + name + ")"
	}
	return name
}

// compile chooses the codec.
func (f *field) compile(a *schema.Attr, list bool) error {
	c, err := f.options.codec(f.typ, a, list)
	if err == nil && f.wrap != nil {
		c, err = f.wrap(c, a)
	}
	if !f.hasDefault && a.Path() == "active" && a.Type == schema.Boolean && !isNullable(f.typ) {
		c = orTrue(c, a)
		f.hasDefault = true
	}
	f.codec = c
	f.hasDefault = f.hasDefault || f.negate
	return err
}

// isNullable reports whether a value of t can say that there is none.
func isNullable(t reflect.Type) bool { return t.Kind() == reflect.Pointer || isNull(t) }

// codec is codecOf for what the options say.
func (o *options) codec(t reflect.Type, a *schema.Attr, list bool) (codec, error) {
	switch {
	case o.prefix != "" && o.role != isID:
		return codec{}, errors.New("Prefix is for the ID")
	case o.enumerated:
		return codec{}, nil // the binding makes it
	case o.split != "":
		return splitCodec(t, a, list, o.split)
	case o.join != "":
		return joinCodec(t, a, list, o.join)
	}
	c, err := codecOf(t, a, list)
	switch {
	case err == nil && o.negate:
		return negated(t, c, a)
	case o.prefix != "":
		return prefixed(c, a, o.prefix), err
	}
	return c, err
}

// read returns the value as [schema.Attr.Make] takes it; nil is unassigned.
func (f *field) read(t row) (any, error) {
	p := f.load(t)
	if p == nil {
		return nil, nil
	}
	v, err := f.codec.get(p)
	if err != nil {
		return nil, fmt.Errorf("mapping: %s can't be shown: %w", f.name(), err)
	}
	return v, nil
}

// write stores a value that verify has let pass.
func (f *field) write(t row, v schema.Value) error {
	if v.IsZero() && !f.hasDefault && f.load(t) == nil {
		return nil
	}
	err := f.store(t, func(p unsafe.Pointer) error { return f.codec.set(p, v) })
	if _, ok := errors.AsType[*scim.Error](err); err == nil || ok {
		return err
	}
	return fmt.Errorf("mapping: %s can't be stored: %w", f.name(), err)
}

// verify reports why a value can't be stored. It stores nothing in a row.
func (f *field) verify(ctx context.Context, tenant scim.Tenant, v schema.Value) error {
	if v.IsZero() {
		if f.required {
			return scim.Invalid(f.path, "is required.")
		}
		return nil
	}
	if err := f.verifyText(v); err != nil {
		return err
	}
	fill := func(p unsafe.Pointer) error {
		if err := f.codec.set(p, v); err != nil {
			return scim.Invalid(f.path, "%s.", err)
		}
		return nil
	}
	if f.check != nil {
		return f.check(ctx, tenant, fill)
	}
	return fill(reflect.New(f.typ).UnsafePointer())
}

func (f *field) verifyText(v schema.Value) error {
	if len(f.texts) == 0 {
		return nil
	}
	for e := range v.Elems() {
		if s := f.target.sub; s != nil && e.IsObject() {
			e = e.Sub(s)
		}
		if !slices.ContainsFunc(f.texts, func(text string) bool { return e.Attr().Key(text) == e.Key() }) {
			return scim.Invalid(f.path, "must be %s.", oneOf(f.texts))
		}
	}
	return nil
}

// plainText returns a value as an attribute that is text shows it.
func plainText(v any) (string, error) {
	if m, ok := v.(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return string(text), err
	}
	r := reflect.ValueOf(v)
	switch {
	case r.Kind() == reflect.String:
		return r.String(), nil
	case r.CanInt():
		return strconv.FormatInt(r.Int(), 10), nil
	case r.CanUint():
		return strconv.FormatUint(r.Uint(), 10), nil
	}
	return "", fmt.Errorf("OneOf takes texts and whole numbers, not a Go %T; use Check", v)
}
