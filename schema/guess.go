package schema

// guesses has which attribute came after which in the last documents that a decoder read.
// Whoever sends a user sends the same attributes in the same order for the next: what is
// guessed need not be scanned nor looked up, but only compared.
type guesses struct {
	t    *Type
	next []uint16 // number and one more; 0 is nothing to guess
}

// of makes g guess for type t.
func (g *guesses) of(t *Type) {
	if g.t == t {
		return
	}
	size := 2*len(t.attrs) + len(t.exts)
	if cap(g.next) < size {
		g.next = make([]uint16, size)
	}
	g.t, g.next = t, g.next[:size]
	clear(g.next)
}

// The places in next: behind an attribute, at the beginning of its object, and at the
// beginning of the object of an extension, or of all.

func (g *guesses) behind(a *Attr) int       { return int(a.number) }
func (g *guesses) within(a *Attr) int       { return len(g.t.attrs) + int(a.number) }
func (g *guesses) extension(ext int) int    { return 2*len(g.t.attrs) + ext }
func (g *guesses) learn(place int, a *Attr) { g.next[place] = a.number + 1 }

// member goes over the name of the next member, which stands at that place, and returns its
// attribute, one of names. If there is none, it returns the name.
func (d *decoder) member(place int, names attrIndex) (a *Attr, name []byte) {
	if n := d.guesses.next[place]; n > 0 {
		if key := d.t.forms[n-1].key; d.TookName(key[1 : len(key)-1]) {
			return d.t.attrs[n-1], nil
		}
	}
	name = d.Name()
	if a = findName(names, name); a != nil {
		d.guesses.learn(place, a)
	}
	return a, name
}
