package mapping

import (
	"errors"
	"fmt"
	"slices"

	"github.com/muster-scim/muster/schema"
)

// RestField is what [Rest] returns.
type RestField[T any] struct{ restField }

// restField is a RestField as a table keeps it.
type restField struct {
	load   func(row) []byte
	store  func(row, []byte)
	column string
	at     func(row) any
}

// Rest binds all that has no field of its own to one field, which holds it as a JSON
// object with a member for each attribute: what clients send is then kept and shown
// again, and /Schemas has every attribute of the table's schemas. Elements of a list
// that no value path covers are kept too; where a path covers one, the field's value
// counts.
//
// Without Rest and [RefuseRest], what has no field is dropped: /Schemas does not have
// it, and clients that send it are told nothing.
func Rest[T any, B ~[]byte | ~string](p func(*T) *B) RestField[T] {
	if p == nil {
		return RestField[T]{}
	}
	return RestField[T]{restAt(func(t row, _ mode) *B { return p(t.(*T)) })}
}

func restAt[B ~[]byte | ~string](p func(row, mode) *B) restField {
	return restField{
		load: func(t row) []byte {
			if b := p(t, look); b != nil {
				return []byte(*b)
			}
			return nil
		},
		store: func(t row, text []byte) {
			if b := p(t, replace); b != nil {
				*b = B(text)
			}
		},
		at: func(t row) any { return p(t, complete) },
	}
}

// Column names the column of an SQL table that holds the field.
func (r RestField[T]) Column(name string) RestField[T] { r.column = name; return r }

func (r RestField[T]) bind(d *draft, _ *T) { r.restField.bind(d) }

func (r restField) bind(d *draft) {
	switch {
	case r.load == nil:
		d.failure("Rest", errNoFunction)
	case d.table.rest != nil:
		d.failure("Rest", errors.New("is bound twice"))
	default:
		d.table.rest = &r
	}
}

// RefuseRest refuses what has no field with a 400 that names it: attributes,
// sub-attributes of what is no list, and elements of lists. /Schemas has them, since
// they are known.
func RefuseRest[T any]() Binding[T] {
	return bindFunc[T](func(d *draft) { d.table.refuse = true })
}

// readRest returns what a row keeps beside its fields, as a resource; an empty one
// if it keeps nothing.
func (t *table) readRest(v row) (*schema.Resource, error) {
	if t.rest == nil {
		return t.empty, nil
	}
	text := t.rest.load(v)
	if len(text) == 0 {
		return t.empty, nil
	}
	r, err := schema.Restore(t.typ, text)
	if err != nil {
		return nil, fmt.Errorf("the field of Rest is not what was stored there: %w", err)
	}
	return r, nil
}

// writeRest takes the attributes at paths from r to what the row keeps.
func (t *table) writeRest(v row, r *schema.Resource, paths []string) error {
	kept, err := t.readRest(v)
	if err != nil {
		return err
	}
	b := kept.Edit()
	for _, path := range paths {
		a, _ := t.typ.Attr(path)
		if t.openOf(a) == nil {
			b.Put(a, t.unbound(a, r.Value(a)))
		}
	}
	next, err := b.Build()
	switch {
	case err != nil:
		return err
	case next.Equal(t.empty):
		t.rest.store(v, nil)
	case !next.Equal(kept):
		t.rest.store(v, next.AppendValues(nil))
	}
	return nil
}

// unbound returns the part of value v of a for which there is no field.
func (t *table) unbound(a *schema.Attr, v schema.Value) schema.Value {
	s := t.bound[a]
	switch {
	case s == nil || v.IsZero():
		return v
	case s.whole != nil:
		return schema.Value{}
	case !a.MultiValued:
		for _, f := range s.subs {
			v = v.With(a, f.target.sub, schema.Value{})
		}
		return v
	case s.coversAll(v):
		return schema.Value{}
	}
	return v
}

// coversAll reports whether the fields alone would show the list as it is.
func (s *slot) coversAll(list schema.Value) bool {
	of, elems := s.assign(list, prefersNone)
	last := -1
	for _, e := range elems {
		i := slices.Index(of, e)
		if i <= last || !s.places[i].coversAll(e) {
			return false
		}
		last = i
	}
	return true
}

func (p *place) coversAll(e schema.Value) bool {
	for _, sub := range p.attr.Subs() {
		if !p.binds(sub) && !p.base.Sub(sub).Identical(e.Sub(sub)) {
			return false
		}
	}
	return true
}

// refusals names what of r has no field.
func (t *table) refusals(r *schema.Resource, paths []string) []string {
	var refused []string
	for _, path := range paths {
		a, _ := t.typ.Attr(path)
		v := r.Value(a)
		s := t.bound[a]
		switch {
		case t.openOf(a) != nil || v.IsZero():
		case s == nil:
			refused = append(refused, path)
		case s.whole == nil && a.MultiValued:
			refused = append(refused, s.uncovered(v)...)
		case s.whole == nil:
			for sub := range t.unbound(a, v).Members() {
				refused = append(refused, sub.Path())
			}
		}
	}
	return refused
}

// uncovered names a list of which an element has no place.
func (s *slot) uncovered(list schema.Value) []string {
	of, elems := s.assign(list, prefersNone)
	for _, e := range elems {
		if !slices.Contains(of, e) {
			return []string{s.attr.Path() + " other than " + s.paths()}
		}
	}
	return nil
}
