package schema

import "slices"

// sort brings the siblings from index i to the end into canonical order, and their text
// with them.
func (d *decoder) sort(i int) {
	d.starts = d.starts[:0]
	for k := i; k < len(d.nodes); k += d.nodes[k].span() {
		d.starts = append(d.starts, k)
	}
	slices.SortFunc(d.starts, d.compare)
	begin := start(d.text, d.nodes[i])
	d.sorted, d.moved = d.sorted[:0], d.moved[:0]
	for _, k := range d.starts {
		n, end := k+d.nodes[k].span(), uint32(len(d.text))
		if n < len(d.nodes) {
			end = start(d.text, d.nodes[n])
		}
		from, to := start(d.text, d.nodes[k]), begin+uint32(len(d.moved))
		for _, n := range d.nodes[k:n] {
			n.off += to - from
			d.sorted = append(d.sorted, n)
		}
		d.moved = append(d.moved, d.text[from:end]...)
	}
	copy(d.nodes[i:], d.sorted)
	copy(d.text[begin:], d.moved)
}

// compare is the canonical order of siblings. Nodes that are equal have the same
// attribute, or the same key of an open extension.
func (d *decoder) compare(i, j int) int {
	a, b := d.nodes[i], d.nodes[j]
	if a.attr != b.attr {
		return int(a.attr) - int(b.attr)
	}
	return compareFold(nameBefore(d.text, a), nameBefore(d.text, b))
}

// finish copies what was written out of the scratch space.
func (d *decoder) finish() tape {
	return tape{t: d.t, nodes: slices.Clone(d.nodes), text: string(d.text)}
}

// settle does what needs the whole resource: dotted keys are set, elements that
// are there twice go, and one of several primaries stays.
func (d *decoder) settle(r *Resource) (*Resource, error) {
	b := Builder{t: d.t, base: r}
	for _, e := range d.late {
		if !b.Value(e.a.parent).Sub(e.a).IsZero() {
			return nil, twice(e.a.path)
		}
		d.sawBefore(int(e.a.parent.number))
		b.Put(e.a, e.v)
	}
	for i := 0; i < len(r.nodes); i += r.nodes[i].span() {
		if !r.mayNeedSettling(i) {
			continue
		}
		v := Value{&r.tape, i}
		a := v.Attr()
		settled, err := d.settleValue(a, v)
		if err != nil {
			return nil, err
		}
		if settled != v {
			b.edits = append(b.edits, edit{a, settled})
		}
	}
	if len(b.edits) == 0 {
		return r, nil
	}
	return b.Build()
}

// mayNeedSettling tells at a glance of most values that there is nothing to settle.
func (t *tape) mayNeedSettling(i int) bool {
	n := &t.nodes[i]
	if n.kind < kindObject {
		return false
	}
	isLong := n.kind == kindArray && n.span() > 1+t.nodes[i+1].span()
	return isLong || t.t.forms[n.attr].holdsLists
}

// settleValue settles a list or an object, and first the lists within.
func (d *decoder) settleValue(a *Attr, v Value) (Value, error) {
	v, err := d.settleInner(a, v)
	if err != nil || !v.IsList() {
		return v, err
	}
	return d.settleList(a, v)
}

// settleInner settles the lists in a complex value or in its elements.
func (d *decoder) settleInner(a *Attr, v Value) (Value, error) {
	if !a.holdsLists {
		return v, nil
	}
	changed := false
	var elems []Value
	for e := range v.Elems() {
		for s, inner := range e.Members() {
			if !inner.IsList() {
				continue
			}
			settled, err := d.settleList(s, inner)
			if err != nil {
				return v, err
			}
			if settled != inner {
				e, changed = e.With(a, s, settled), true
			}
		}
		elems = append(elems, e)
	}
	switch {
	case !changed:
		return v, nil
	case v.IsList():
		return a.List(elems), nil
	}
	return elems[0], nil
}

// settleList leaves out elements that are there twice, and primaries but the
// first. Lists of references to resources are left to the store, which knows its
// members by id and may have millions of them.
func (d *decoder) settleList(a *Attr, v Value) (Value, error) {
	if a.refers || v.hasOne() {
		return v, nil
	}
	unique := a.Unique(v)
	settled, several := a.OnePrimary(unique, 0)
	if several && d.o.RefuseTwoPrimaries {
		return v, invalid(a.path, "has more than one element with \"primary\": true")
	}
	if several {
		d.note(a.path, "first of several primaries kept")
		settled = a.Unique(settled) // two may have differed in that only
	}
	if unique != v {
		d.note(a.path, "element that is there twice left out")
	}
	return settled, nil
}

// Unique returns the list v of a without elements that are there twice: of simple
// values those with the same key, of complex ones those with the same "value" and
// "type" (RFC 7643, section 2.4), of references to resources those with the same
// "value", and if they have no value those that are identical. The first stays, and
// becomes primary if otherwise none of those that stay would be. Without duplicates v
// itself is returned.
func (a *Attr) Unique(v Value) Value {
	if !a.mayHaveTwice(v) {
		return v
	}
	var kept []Value
	n, primary, heir := 0, false, -1 // heir: of whom a primary duplicate goes
	seen := make(map[string]int)
	for e := range v.Elems() {
		n++
		isPrimary, _ := e.Sub(a.primary).Bool()
		key := a.elementKey(e)
		if i, there := seen[key]; there {
			if isPrimary && heir < 0 {
				heir = i
			}
			continue
		}
		seen[key] = len(kept)
		kept = append(kept, e)
		primary = primary || isPrimary
	}
	if len(kept) == n {
		return v
	}
	if !primary && heir >= 0 {
		kept[heir] = kept[heir].With(a, a.primary, a.primary.is(true))
	}
	return a.List(kept)
}

// mayHaveTwice compares short lists pair by pair, which costs no memory. Of long
// ones it says yes, since elementKey is quicker to tell.
func (a *Attr) mayHaveTwice(v Value) bool {
	if !v.IsList() {
		return false
	}
	const short = 16
	first, end, n := v.i+1, v.i+v.node().span(), 0
	for i := first; i < end; i += v.t.nodes[i].span() {
		for j := first; j < i; j += v.t.nodes[j].span() {
			if a.SameElement(Value{v.t, j}, Value{v.t, i}) {
				return true
			}
		}
		if n++; n > short {
			return true
		}
	}
	return false
}

// SameElement reports whether a list of a should not hold both x and y, see
// [Attr.Unique].
func (a *Attr) SameElement(x, y Value) bool {
	if a.Type != Complex {
		return a.sameKey(x.String(), y.String())
	}
	xv, yv := x.Sub(a.value), y.Sub(a.value)
	if xv.IsZero() || yv.IsZero() {
		return x.Identical(y)
	}
	return a.value.sameKey(xv.String(), yv.String()) && (a.refers || a.sameLabel(x, y))
}

func (a *Attr) sameLabel(x, y Value) bool {
	return a.label == nil || a.label.sameKey(x.Sub(a.label).String(), y.Sub(a.label).String())
}

// elementKey is a text that is the same for two elements exactly if SameElement
// says so.
func (a *Attr) elementKey(e Value) string {
	if a.Type != Complex {
		return e.Key()
	}
	value := e.Sub(a.value)
	switch {
	case value.IsZero():
		return string(e.AppendJSON(nil))
	case a.refers:
		return quote(value.Key())
	}
	return quote(value.Key()) + quote(e.Sub(a.label).Key())
}

// OnePrimary returns the list v of a with "primary" on one element at most: on
// the one with index keep if that is primary, otherwise on the first that is.
// On the others it becomes false (RFC 7644, section 3.5.2). It reports whether there
// were several.
func (a *Attr) OnePrimary(v Value, keep int) (Value, bool) {
	chosen, several := a.choosePrimary(v, keep)
	if !several {
		return v, false
	}
	var elems []Value
	i := 0
	for e := range v.Elems() {
		if is, _ := e.Sub(a.primary).Bool(); is && i != chosen {
			e = e.With(a, a.primary, a.primary.is(false))
		}
		elems = append(elems, e)
		i++
	}
	return a.List(elems), true
}

func (a *Attr) choosePrimary(v Value, keep int) (chosen int, several bool) {
	chosen = -1
	i := 0
	for e := range v.Elems() {
		if is, _ := e.Sub(a.primary).Bool(); is {
			several = several || chosen >= 0
			if chosen < 0 || i == keep {
				chosen = i
			}
		}
		i++
	}
	return chosen, several
}

// is returns a boolean as a value of a.
func (a *Attr) is(v bool) Value {
	if made := a.bools[kindOf(v)-kindTrue]; !made.IsZero() {
		return made
	}
	w := writer{t: a.t}
	w.scalar(a, kindOf(v), "")
	return w.result()
}
