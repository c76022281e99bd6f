package schema

import "slices"

// Projection says which attributes an answer shows. It is immutable.
type Projection struct {
	bits []uint64 // by number

	// Of open extensions' keys, only these (if not nil), and not those; by
	// folded path.
	only, except []string
}

func (p *Projection) has(number uint16) bool {
	return p.bits[number/64]&(1<<(number%64)) != 0
}

func (p *Projection) set(a *Attr) { p.bits[a.number/64] |= 1 << (a.number % 64) }

func (p *Projection) clear(a *Attr) { p.bits[a.number/64] &^= 1 << (a.number % 64) }

func (p *Projection) hasKey(a *Attr, name string) bool {
	if p.only == nil && p.except == nil {
		return true
	}
	key := foldASCII(a.named(name).path)
	return (p.only == nil || slices.Contains(p.only, key)) && !slices.Contains(p.except, key)
}

// Shows reports whether an answer has the attribute. Handlers ask it to spare
// what would not be shown, such as a group's members.
func (p *Projection) Shows(a *Attr) bool { return p.has(a.number) }

// With returns a projection that shows a and its sub-attributes too: for
// attributes with returned "request" that the client has just sent.
func (p *Projection) With(a *Attr) *Projection {
	c := &Projection{slices.Clone(p.bits), p.only, p.except}
	c.show(a)
	return c
}

// show sets a, what is above it and what is below it.
func (p *Projection) show(a *Attr) {
	if a.Returned == Never {
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

func (t *Type) newProjection() *Projection {
	return &Projection{bits: make([]uint64, (len(t.attrs)+63)/64)}
}

// defaultProjection shows what is returned always and by default.
func (t *Type) defaultProjection() *Projection {
	p := t.newProjection()
	for _, a := range t.top {
		if a.Returned == Always || a.Returned == ByDefault {
			p.show(a)
		}
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
		t.eachNamed(attributes, p.show, func(a *Attr, key string) {
			p.set(a)
			p.only = append(p.only, key)
		})
		return p
	case len(excluded) > 0:
		p := &Projection{bits: slices.Clone(t.projection.bits)}
		t.eachNamed(excluded, p.hide, func(_ *Attr, key string) { p.except = append(p.except, key) })
		return p
	}
	return t.projection
}

// hide clears a, unless it is returned always. A complex attribute without any
// sub-attribute left is then empty, and empty objects are not written.
func (p *Projection) hide(a *Attr) {
	if a.Returned != Always {
		p.clear(a)
	}
}

// eachNamed calls do with each attribute that names mean. A single key of an open
// extension goes to key instead, with its folded path.
func (t *Type) eachNamed(names []string, do func(*Attr), key func(a *Attr, path string)) {
	for _, name := range names {
		if urn, ok := t.ExtensionOf(name); ok {
			for _, a := range t.top {
				if a.URN() == urn {
					do(a)
				}
			}
			continue
		}
		switch a, ok := t.Attr(name); {
		case !ok:
		case a.open:
			key(a, foldASCII(a.path))
		default:
			do(a)
		}
	}
}
