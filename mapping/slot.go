package mapping

import (
	"errors"
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// slot is one attribute of a resource with the fields that are bound to it: one
// field for all of it, or one for each of several sub-attributes, or those of
// elements of a list.
type slot struct {
	attr   *schema.Attr
	whole  *field
	subs   []*field
	places []*place
}

// buildSlots puts the fields in slots.
func (d *draft) buildSlots() {
	slots := map[*schema.Attr]*slot{}
	for _, f := range d.table.fields {
		s := slots[f.target.top]
		if s == nil {
			s = &slot{attr: f.target.top}
			slots[f.target.top] = s
		}
		d.failure(f.name(), s.add(f))
	}
	for _, a := range d.table.typ.Attrs() {
		if s := slots[a]; s != nil {
			s.finish()
			d.table.slots = append(d.table.slots, s)
		}
	}
}

func (s *slot) add(f *field) error {
	inParts := len(s.subs)+len(s.places) > 0
	switch {
	case f.target.sub == nil || s.attr.MultiValued && !f.target.sub.MultiValued && f.isList():
		if s.whole != nil || inParts {
			return errors.New("another binding has a part of the same attribute")
		}
		s.whole = f
	case s.whole != nil:
		return errors.New("another binding, of " + s.whole.path + ", has the whole attribute")
	case s.attr.MultiValued:
		s.addPlace(f)
	default:
		s.subs = append(s.subs, f)
	}
	return nil
}

func (s *slot) addPlace(f *field) {
	for _, p := range s.places {
		if p.sameConditions(f.target.where) {
			p.add(f)
			return
		}
	}
	p := &place{attr: s.attr, where: f.target.where}
	p.add(f)
	s.places = append(s.places, p)
}

func (s *slot) finish() {
	if len(s.places) == 1 {
		s.places[0].primary = true
	}
	slices.SortStableFunc(s.places, func(a, b *place) int { return len(b.where) - len(a.where) })
	for _, p := range s.places {
		p.finish()
	}
}

// read returns the attribute's value. rest is what the row keeps of it beside the
// fields.
func (s *slot) read(t row, rest schema.Value) (schema.Value, error) {
	if s.whole != nil {
		v, err := s.whole.read(t)
		if v == nil || err != nil {
			return schema.Value{}, err
		}
		return s.attr.Make(v)
	}
	if s.attr.MultiValued {
		return s.readPlaces(t, rest)
	}
	v, _, err := overlay(t, s.attr, s.subs, rest)
	return v, err
}

// overlay returns the object v with the sub-attributes that fields hold, and whether
// they hold any. A false says nothing on its own.
func overlay(t row, a *schema.Attr, fields []*field, v schema.Value) (_ schema.Value, said bool, err error) {
	for _, f := range fields {
		read, err := f.read(t)
		if err != nil {
			return v, false, err
		}
		sub := f.target.sub
		if read == nil {
			if !v.Sub(sub).IsZero() {
				v = v.With(a, sub, schema.Value{})
			}
			continue
		}
		made, err := sub.Make(read)
		if err != nil {
			return v, false, err
		}
		v = v.With(a, sub, made)
		said = said || read != false
	}
	return v, said, nil
}

// readPlaces returns the list of the elements that fields describe, on top of those
// that the row keeps in full.
func (s *slot) readPlaces(t row, rest schema.Value) (schema.Value, error) {
	kept, elems := s.assign(rest, prefersShown(t))
	for i, p := range s.places {
		e, err := p.read(t, kept[i])
		if err != nil {
			return schema.Value{}, err
		}
		at := slices.Index(elems, kept[i])
		switch {
		case kept[i].IsZero() && !e.IsZero():
			elems = append(elems, e)
		case at >= 0 && e.IsZero():
			elems = slices.Delete(elems, at, at+1)
		case at >= 0:
			elems[at] = e
		}
	}
	list := s.attr.List(elems)
	if s.attr.SubAttr("primary") != nil {
		list, _ = s.attr.OnePrimary(list, 0)
	}
	return list, nil
}

// values calls do with each field and the value that r has for it. before is what
// the attribute was.
func (s *slot) values(r *schema.Resource, before schema.Value, do func(f *field, v schema.Value)) {
	v := r.Value(s.attr)
	switch {
	case s.whole != nil:
		do(s.whole, v)
	case s.attr.MultiValued:
		elems, _ := s.assign(v, prefersNew(before))
		for i, p := range s.places {
			for _, f := range p.fields {
				do(f, elems[i].Sub(f.target.sub))
			}
		}
	default:
		for _, f := range s.subs {
			do(f, v.Sub(f.target.sub))
		}
	}
}

// paths names the elements of a list that have a place.
func (s *slot) paths() string {
	var all []string
	for _, p := range s.places {
		all = append(all, p.fields[0].path)
	}
	return strings.Join(all, " and ")
}
