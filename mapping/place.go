package mapping

import (
	"slices"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// place is an element of a list that fields are bound to by a value path, such as
// the e-mail address of type work.
type place struct {
	attr    *schema.Attr
	where   []filter.Assertion
	fields  []*field
	primary bool

	// base is the element with what the conditions say of it.
	base schema.Value
}

func (p *place) add(f *field) {
	p.fields = append(p.fields, f)
	p.primary = p.primary || f.primary
}

// sameConditions compares sets.
func (p *place) sameConditions(where []filter.Assertion) bool {
	if len(where) != len(p.where) {
		return false
	}
	for _, w := range where {
		if !slices.ContainsFunc(p.where, func(o filter.Assertion) bool { return o.Sub == w.Sub && o.Value.Key() == w.Value.Key() }) {
			return false
		}
	}
	return true
}

func (p *place) finish() {
	for _, w := range p.where {
		p.base = p.base.With(p.attr, w.Sub, w.Value)
	}
	primary := p.attr.SubAttr("primary")
	if !p.primary || len(p.where) == 0 || primary == nil || !p.base.Sub(primary).IsZero() || p.binds(primary) {
		return
	}
	p.base = p.base.With(p.attr, primary, booleans(primary)[true])
}

func (p *place) binds(sub *schema.Attr) bool {
	return slices.ContainsFunc(p.fields, func(f *field) bool { return f.target.sub == sub })
}

// read returns the element; the zero Value if no field has anything to say. kept is
// the element as the row keeps it beside the fields.
func (p *place) read(t row, kept schema.Value) (schema.Value, error) {
	if kept.IsZero() {
		kept = p.base
	}
	e, said, err := overlay(t, p.attr, p.fields, kept)
	if !said || err != nil {
		return schema.Value{}, err
	}
	return e, nil
}

// meets reports whether an element says what the conditions ask for.
func (p *place) meets(e schema.Value) bool {
	for _, w := range p.where {
		if !says(e, w) {
			return false
		}
	}
	return true
}

// allows reports whether an element says nothing against the conditions.
func (p *place) allows(e schema.Value) bool {
	for _, w := range p.where {
		if !e.Sub(w.Sub).IsZero() && !says(e, w) {
			return false
		}
	}
	return true
}

// says takes a boolean that is missing as false, as filters do.
func says(e schema.Value, w filter.Assertion) bool {
	v := e.Sub(w.Sub)
	if b, ok := w.Value.Bool(); ok && v.IsZero() {
		return !b
	}
	return !v.IsZero() && v.Key() == w.Value.Key()
}

// assign gives each place its element of a list: first those that meet its
// conditions, then, if it got none, one that contradicts none. Places with more
// conditions choose before others. Of several, each takes one that it prefers, then
// a primary one, then the first. assign returns the elements in the order of the
// places, zero Values for places without one, and all elements of the list.
func (s *slot) assign(list schema.Value, prefers func(p *place, e schema.Value) bool) (of, elems []schema.Value) {
	elems = slices.Collect(list.Elems())
	of = make([]schema.Value, len(s.places))
	taken := make([]bool, len(elems))
	for _, fits := range []func(p *place, e schema.Value) bool{(*place).meets, (*place).allows} {
		for i, p := range s.places {
			if !of[i].IsZero() {
				continue
			}
			best, most := -1, -1
			for k, e := range elems {
				if taken[k] || !fits(p, e) {
					continue
				}
				if r := s.rank(e, prefers(p, e)); r > most {
					best, most = k, r
				}
			}
			if best >= 0 {
				of[i], taken[best] = elems[best], true
			}
		}
	}
	return of, elems
}

func (s *slot) rank(e schema.Value, preferred bool) int {
	rank := 0
	if preferred {
		rank = 2
	}
	if primary, _ := e.Sub(s.attr.SubAttr("primary")).Bool(); primary {
		rank++
	}
	return rank
}

// prefersNone is for places that take what there is.
func prefersNone(*place, schema.Value) bool { return false }

// prefersNew is for a list that was old before. A place without conditions, of which
// an element can't be told by a client, takes one that was not there: otherwise the
// address that is added by emails[type eq "work"].value would lose against the one
// there is.
func prefersNew(old schema.Value) func(p *place, e schema.Value) bool {
	return func(p *place, e schema.Value) bool {
		if len(p.where) > 0 {
			return false
		}
		for o := range old.Elems() {
			if o.Identical(e) {
				return false
			}
		}
		return true
	}
}

// prefersShown is for elements that a row keeps beside its fields: those that have
// what the fields hold.
func prefersShown(t row) func(p *place, e schema.Value) bool {
	return func(p *place, e schema.Value) bool {
		same, _, err := overlay(t, p.attr, p.fields, e)
		return err == nil && same.Identical(e)
	}
}
