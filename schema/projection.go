package schema

import "slices"

// Projection says which attributes an answer shows (RFC 7644, section 3.9). It is
// immutable.
type Projection struct {
	bits []uint64 // by number

	// Single keys of open extensions, by folded path: those shown although
	// their extension is not, and those not shown although it is.
	only, except []string

	// all says that it shows everything that a resource can have.
	all bool
}

// shown returns the bits, nil if nothing is left out: then nobody need ask for each value.
func (p *Projection) shown() []uint64 {
	if p.all {
		return nil
	}
	return p.bits
}

func (p *Projection) has(number uint16) bool {
	return p.bits[number/64]&(1<<(number%64)) != 0
}

func (p *Projection) set(a *Attr) { p.bits[a.number/64] |= 1 << (a.number % 64) }

func (p *Projection) clear(a *Attr) { p.bits[a.number/64] &^= 1 << (a.number % 64) }

// Shows reports whether an answer has the attribute. Handlers ask it to spare
// what would not be shown, such as a group's members.
func (p *Projection) Shows(a *Attr) bool {
	if a.open && (p.only != nil || p.except != nil) {
		return p.hasKey(a)
	}
	return p.has(a.number)
}

func (p *Projection) hasKey(a *Attr) bool {
	key := foldASCII(a.path)
	if p.has(a.number) {
		return !slices.Contains(p.except, key)
	}
	return slices.Contains(p.only, key)
}

// With returns a projection that shows a and its sub-attributes too: for
// attributes with returned "request" that the client has just sent.
func (p *Projection) With(a *Attr) *Projection {
	c := &Projection{slices.Clone(p.bits), slices.Clone(p.only), p.except, p.all}
	c.show(a)
	return c
}

// show sets a, what is above it and what is below it.
func (p *Projection) show(a *Attr) {
	if a.Returned == Never {
		return
	}
	if a.isKey() {
		p.only = append(p.only, foldASCII(a.path))
		return
	}
	p.set(a)
	for _, s := range a.subs {
		if s.Returned == ByDefault || s.Returned == Always {
			p.set(s)
		}
	}
	if a.parent == nil || a.parent.Returned == Never {
		return
	}
	p.set(a.parent)
	for _, s := range a.parent.subs {
		if s.Returned == Always {
			p.set(s)
		}
	}
}

// hide clears a, unless it is returned always. A complex attribute without any
// sub-attribute left is then empty, and empty objects are not written.
func (p *Projection) hide(a *Attr) {
	switch {
	case a.Returned == Always:
	case a.isKey():
		p.except = append(p.except, foldASCII(a.path))
	default:
		p.clear(a)
	}
}

func (t *Type) newProjection() *Projection {
	both := new(struct { // one piece of memory for what nearly every type needs
		Projection
		bits [4]uint64
	})
	words := (len(t.attrs) + 63) / 64
	if words > len(both.bits) {
		return &Projection{bits: make([]uint64, words)}
	}
	both.Projection.bits = both.bits[:words]
	return &both.Projection
}

// defaultProjection shows what is returned always and by default.
func (t *Type) defaultProjection() *Projection {
	p := t.newProjection()
	for _, a := range t.top {
		if a.Returned == Always || a.Returned == ByDefault {
			p.show(a)
		}
	}
	p.all = true
	for _, a := range t.attrs {
		p.all = p.all && (p.has(a.number) || a.IsPassword()) // which no resource has
	}
	return p
}

// minimum shows only what is returned always.
func (t *Type) minimum() *Projection {
	p := t.newProjection()
	for _, a := range t.top {
		if a.Returned == Always {
			p.show(a)
		}
	}
	return p
}

// Project makes a projection of the parameters attributes and
// excludedAttributes (RFC 7644, section 3.9). Names are paths, or the URN of an
// extension for all of it; unknown ones are ignored. If both lists are given,
// attributes wins; with neither it is the default.
func (t *Type) Project(attributes, excluded []string) *Projection {
	switch {
	case len(attributes) > 0:
		p := t.minimum()
		t.eachNamed(attributes, p.show)
		return p
	case len(excluded) == 1 && t.without[excluded[0]] != nil: // Entra excludes the members of groups
		return t.without[excluded[0]]
	case len(excluded) > 0:
		p := t.newProjection()
		copy(p.bits, t.projection.bits)
		t.eachNamed(excluded, p.hide)
		return p
	}
	return t.projection
}

// eachNamed calls do with each attribute that names mean.
func (t *Type) eachNamed(names []string, do func(*Attr)) {
	for _, name := range names {
		if urn, ok := t.ExtensionOf(name); ok {
			for _, a := range t.top {
				if a.URN() == urn {
					do(a)
				}
			}
		} else if a, ok := t.Attr(name); ok {
			do(a)
		}
	}
}
