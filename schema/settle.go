package schema

// settle does what needs the whole resource: dotted keys are set, elements that
// are there twice go, and one of several primaries stays.
func (d *decoder) settle(r *Resource) (*Resource, error) {
	b := r.Edit()
	for _, e := range d.late {
		b.Put(e.a, e.v)
	}
	for i := 0; i < len(r.nodes); i += r.nodes[i].span() {
		if r.nodes[i].kind != kindArray {
			continue
		}
		v := Value{&r.tape, i}
		settled, err := d.settleList(v.Attr(), v)
		if err != nil {
			return nil, err
		}
		if settled != v {
			b.Put(v.Attr(), settled)
		}
	}
	if len(b.edits) == 0 {
		return r, nil
	}
	return b.Build()
}

func (d *decoder) settleList(a *Attr, v Value) (Value, error) {
	if v.node().span() <= 2 || a.refersToResources() {
		return v, nil
	}
	v = a.Unique(v)
	if a.Type != Complex || v.Len() < 2 {
		return v, nil
	}
	v, extra := a.OnePrimary(v, 0)
	if extra && d.o.RefuseTwoPrimaries {
		return v, invalid(a.path, "has more than one element with \"primary\": true")
	}
	if extra {
		d.note(a.path, "first of several primaries kept")
	}
	return v, nil
}

// Unique returns the list v of a without elements that are there twice: of simple
// values those with the same key, of complex ones those with the same "value" and
// "type" (RFC 7643, section 2.4), or if they have no value those that are
// identical. The first stays. Without duplicates v itself is returned.
func (a *Attr) Unique(v Value) Value {
	if !a.hasTwice(v) {
		return v
	}
	var kept []Value
	seen := make(map[string]bool)
	for e := range v.Elems() {
		if key := a.elementKey(e); !seen[key] {
			seen[key] = true
			kept = append(kept, e)
		}
	}
	return a.List(kept)
}

// hasTwice compares short lists pair by pair, which costs no memory.
func (a *Attr) hasTwice(v Value) bool {
	const short = 16
	n := 0
	for e := range v.Elems() {
		m := 0
		for f := range v.Elems() {
			if m++; m > n {
				break
			}
			if a.SameElement(e, f) {
				return true
			}
		}
		if n++; n > short {
			return true // likely not, but the map is quicker to tell
		}
	}
	return false
}

// SameElement reports whether a list of a should not hold both x and y.
func (a *Attr) SameElement(x, y Value) bool {
	if a.Type != Complex {
		return x.Key() == y.Key()
	}
	value, kind := a.SubAttr("value"), a.SubAttr("type")
	xv, yv := x.Sub(value), y.Sub(value)
	if xv.IsZero() || yv.IsZero() {
		return x.Identical(y)
	}
	return xv.Key() == yv.Key() && (a.refersToResources() || x.Sub(kind).Key() == y.Sub(kind).Key())
}

// elementKey is a text that is the same for two elements exactly if SameElement
// says so.
func (a *Attr) elementKey(e Value) string {
	if a.Type != Complex {
		return e.Key()
	}
	value := e.Sub(a.SubAttr("value"))
	switch {
	case value.IsZero():
		return string(e.AppendJSON(nil))
	case a.refersToResources():
		return value.Key()
	}
	return value.Key() + "\x00" + e.Sub(a.SubAttr("type")).Key()
}

// OnePrimary returns the list v of a with "primary" on one element at most: on
// the one with index keep if that is primary, otherwise on the first that is.
// The others lose the sub-attribute. It reports whether there were several.
func (a *Attr) OnePrimary(v Value, keep int) (Value, bool) {
	primary := a.SubAttr("primary")
	if primary == nil || primary.Type != Boolean || countTrue(v, primary) < 2 {
		return v, false
	}
	var elems []Value
	var marked []int
	for e := range v.Elems() {
		if p, _ := e.Sub(primary).Bool(); p {
			marked = append(marked, len(elems))
		}
		elems = append(elems, e)
	}
	chosen := marked[0]
	for _, i := range marked {
		if i == keep {
			chosen = keep
		}
	}
	for _, i := range marked {
		if i != chosen {
			elems[i] = elems[i].With(a, primary, Value{})
		}
	}
	return a.List(elems), true
}

func countTrue(v Value, s *Attr) int {
	n := 0
	for e := range v.Elems() {
		if p, _ := e.Sub(s).Bool(); p {
			n++
		}
	}
	return n
}
