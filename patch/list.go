package patch

import (
	"slices"

	"github.com/muster-scim/muster/schema"
)

// list is a multi-valued attribute while operations are applied to it.
type list struct {
	a     *schema.Attr
	elems []schema.Value

	// weight is no less than what all elements weigh.
	weight int

	// places has where elements are, by their keys. It is nil until an add to a
	// long list needs it.
	places map[string][]int
}

func listOf(a *schema.Attr, v schema.Value) *list {
	return &list{a: a, elems: slices.Collect(v.Elems()), weight: weigh(v)}
}

// weigh returns how many elements of the usual size v is.
func weigh(v schema.Value) int {
	const usual = 256 // bytes of text
	switch {
	case v.IsZero():
		return 0
	case v.IsList():
		n := 0
		for e := range v.Elems() {
			n += weigh(e)
		}
		return n
	case v.IsObject():
		n := 1
		for _, m := range v.Members() {
			n += len(m.String()) / usual
			if m.IsList() {
				n += weigh(m)
			}
		}
		return n
	}
	return 1 + len(v.String())/usual
}

// set puts other elements in place of those there are.
func (l *list) set(elems []schema.Value) { l.elems, l.places = elems, nil }

// visits returns how many elements op will look at. A long filter counts as several,
// and so does each element without a value that a remove lists.
func (l *list) visits(op *Op) int {
	times := 1
	if op.Target.Where != nil {
		times += len(op.Path) / 64
	}
	if op.Kind == Remove && op.Listed {
		for e := range op.Value.Elems() {
			if e.IsObject() && valueOf(e).IsZero() {
				times++
			}
		}
	}
	return times * l.weight
}

func (l *list) apply(op *Op, o Options) error {
	l.weight += weigh(op.Value)
	if op.Target.Where == nil && op.Target.Sub == nil {
		l.whole(op)
		return nil
	}
	// Without a filter it is a remove of a sub-attribute from all elements.
	found, err := l.selected(op)
	if err != nil || found || op.Kind == Remove {
		return err
	}
	return l.create(op, o)
}

// whole works on the list as such.
func (l *list) whole(op *Op) {
	switch {
	case op.Kind == Remove && op.Listed:
		l.removeListed(op.Value)
	case op.Kind == Remove:
		l.set(nil)
	case op.Kind == Replace:
		l.set(slices.Collect(op.Value.Elems()))
	default:
		l.add(op.Value)
	}
}

// add appends elements that are not there yet. One that is there takes what the new
// one says beside the value, but for what is immutable; the last primary wins.
func (l *list) add(v schema.Value) {
	primary := -1
	for e := range v.Elems() {
		i := l.find(e)
		if i < 0 {
			i = len(l.elems)
			l.elems = append(l.elems, e)
			l.place(i)
		} else {
			l.elems[i] = l.merged(l.elems[i], e)
		}
		if l.isPrimary(e) {
			primary = i
		}
	}
	l.onePrimary(primary)
}

// find returns where the list has an element that is the same as e, or -1.
func (l *list) find(e schema.Value) int {
	const short = 16
	if len(l.elems) <= short {
		return slices.IndexFunc(l.elems, func(have schema.Value) bool { return l.a.SameElement(have, e) })
	}
	if l.places == nil {
		l.places = make(map[string][]int, len(l.elems))
		for i := range l.elems {
			l.place(i)
		}
	}
	for _, i := range l.places[l.key(e)] {
		if l.a.SameElement(l.elems[i], e) {
			return i
		}
	}
	return -1
}

func (l *list) place(i int) {
	if l.places != nil {
		key := l.key(l.elems[i])
		l.places[key] = append(l.places[key], i)
	}
}

// key is a text that is equal for elements that are the same, and for few others.
func (l *list) key(e schema.Value) string {
	switch value := valueOf(e); {
	case !e.IsObject():
		return e.Key()
	case value.IsZero():
		return string(e.AppendJSON(nil))
	case isReference(l.a):
		return value.Key()
	default:
		return pair(value, e.Sub(l.a.SubAttr("type")))
	}
}

func pair(value, label schema.Value) string { return value.Key() + "\x00" + label.Key() }

func valueOf(e schema.Value) schema.Value {
	if !e.IsObject() {
		return schema.Value{}
	}
	return e.Sub(e.Attr().SubAttr("value"))
}

// merged puts what e says over an element that is the same. The value and the type
// stay as they are spelled: to add what is there changes nothing (RFC 7644, section
// 3.5.2.1).
func (l *list) merged(have, e schema.Value) schema.Value {
	value, label := l.a.SubAttr("value"), l.a.SubAttr("type")
	for s, v := range e.Members() {
		was := have.Sub(s)
		spelling := (s == value || s == label) && was.Key() == v.Key()
		if was.IsZero() || s.Mutability != schema.Immutable && !spelling {
			have = have.With(l.a, s, v)
		}
	}
	return have
}

// removeListed takes out the elements that a remove lists. The value tells which,
// and the type if it is given: what else is said may have changed since. Elements
// without a value must have everything that is said.
func (l *list) removeListed(v schema.Value) {
	listed := map[string]bool{}
	var loose []schema.Value
	label := l.a.SubAttr("type")
	for e := range v.Elems() {
		switch value := valueOf(e); {
		case !e.IsObject():
			listed[e.Key()] = true
		case value.IsZero():
			loose = append(loose, e)
		case e.Sub(label).IsZero():
			listed[value.Key()] = true
		default:
			listed[pair(value, e.Sub(label))] = true
		}
	}
	gone := func(have schema.Value) bool {
		if !have.IsObject() {
			return listed[have.Key()]
		}
		value := valueOf(have)
		return !value.IsZero() && (listed[value.Key()] || listed[pair(value, have.Sub(label))]) ||
			slices.ContainsFunc(loose, func(e schema.Value) bool { return agrees(have, e) })
	}
	l.set(slices.DeleteFunc(slices.Clone(l.elems), gone))
}

// agrees reports whether an element has everything that another says.
func agrees(have, listed schema.Value) bool {
	for s, v := range listed.Members() {
		if w := have.Sub(s); !w.Identical(v) && (w.IsZero() || v.IsList() || w.Key() != v.Key()) {
			return false
		}
	}
	return true
}

// selected works on the elements that the path's filter selects, and reports whether
// there was one.
func (l *list) selected(op *Op) (found bool, err error) {
	var asserted schema.Value
	if op.Kind == Replace && op.Target.Sub == nil {
		asserted = l.asserted(op)
	}
	kept := make([]schema.Value, 0, len(l.elems))
	primary, changed := -1, false // changed: what tells elements apart is
	for _, e := range l.elems {
		if !op.Target.Where.Match(e) {
			kept = append(kept, e)
			continue
		}
		found = true
		now := l.element(e, op, asserted)
		if now.IsZero() {
			continue
		}
		if err := l.checkImmutable(e, now, op); err != nil {
			return found, err
		}
		changed = changed || !l.a.SameElement(now, e)
		if primary < 0 && op.Kind != Remove && l.isPrimary(now) {
			primary = len(kept)
		}
		kept = append(kept, now)
	}
	l.set(kept)
	l.onePrimary(primary)
	if changed {
		l.unique()
	}
	return found, nil
}

// unique leaves out elements that have become the same as one before them (RFC 7643,
// section 2.4).
func (l *list) unique() {
	v := l.a.List(l.elems)
	if u := l.a.Unique(v); u != v {
		l.set(slices.Collect(u.Elems()))
	}
}

// checkImmutable refuses what changes a sub-attribute that can only be set once.
func (l *list) checkImmutable(was, now schema.Value, op *Op) error {
	for _, s := range l.a.Subs() {
		if v := was.Sub(s); s.Mutability == schema.Immutable && !v.IsZero() && !v.Identical(now.Sub(s)) {
			return op.fail(schema.ScimTypeMutability, "%s is immutable and has a value already", s.Path())
		}
	}
	return nil
}

// element returns what op makes of one element; unassigned if it goes.
func (l *list) element(e schema.Value, op *Op, asserted schema.Value) schema.Value {
	sub := op.Target.Sub
	switch {
	case sub != nil && sub.MultiValued:
		inner := listOf(sub, e.Sub(sub))
		inner.whole(op)
		return l.with(e, sub, sub.List(inner.elems))
	case sub != nil && op.Kind == Remove:
		return l.with(e, sub, schema.Value{})
	case sub != nil:
		return l.with(e, sub, op.Value)
	case op.Kind == Remove || op.Kind == Replace && op.Value.IsZero():
		return schema.Value{}
	case l.a.Type != schema.Complex && op.Kind == Add:
		return e
	case l.a.Type != schema.Complex:
		return op.Value
	case op.Kind == Replace:
		return l.cleared(e, asserted.Merge(op.Value), op.Cleared...)
	}
	return l.cleared(e, e.Merge(op.Value), op.Cleared...)
}

// with sets a sub-attribute of an element.
func (l *list) with(e schema.Value, sub *schema.Attr, v schema.Value) schema.Value {
	if v.IsZero() {
		return l.cleared(e, e, sub)
	}
	return e.With(l.a, sub, v)
}

// cleared returns now without some sub-attributes. An element that loses its value,
// or the last of what it says, goes: its type, display and primary flag alone are
// none.
func (l *list) cleared(was, now schema.Value, subs ...*schema.Attr) schema.Value {
	lost := false
	for _, s := range subs {
		now = now.With(l.a, s, schema.Value{})
		lost = lost || !was.Sub(s).IsZero() && !l.isLabel(s)
	}
	if !lost {
		return now
	}
	for s := range now.Members() {
		if !l.isLabel(s) {
			return now
		}
	}
	return schema.Value{}
}

func (l *list) isLabel(s *schema.Attr) bool {
	switch s {
	case l.a.SubAttr("type"), l.a.SubAttr("display"), l.a.SubAttr("primary"), l.a.SubAttr("$ref"):
		return true
	}
	return false
}

// asserted returns an element of what the filter's "eq" terms say.
func (l *list) asserted(op *Op) schema.Value {
	var e schema.Value
	terms, _ := op.Target.Where.Assertions()
	for _, t := range terms {
		if t.Sub != nil && t.Sub.Mutability != schema.ReadOnly {
			e = e.With(l.a, t.Sub, t.Value)
		}
	}
	return e
}

// create makes the element that a filter without a match describes. What op sets
// may contradict the filter: then there was one, and op was applied before, or there
// is nothing to apply it to.
func (l *list) create(op *Op, o Options) error {
	_, simple := op.Target.Where.Assertions()
	refused := op.Kind == Add && o.RefuseCreateOnAdd || op.Kind == Replace && o.RefuseCreateOnReplace
	if op.Value.IsZero() && !refused {
		return nil // what would be cleared is not there
	}
	if simple && !refused {
		e := l.described(op)
		if l.find(e) >= 0 {
			return nil
		}
		if op.Target.Where.Match(e) {
			l.add(l.a.List([]schema.Value{e}))
			return nil
		}
	}
	return op.fail(schema.ScimTypeNoTarget, "no element matches the filter")
}

// described returns an element of what the filter says and op sets.
func (l *list) described(op *Op) schema.Value {
	switch sub := op.Target.Sub; {
	case l.a.Type != schema.Complex:
		return op.Value
	case sub != nil:
		return l.asserted(op).With(l.a, sub, op.Value)
	}
	return l.asserted(op).Merge(op.Value)
}

func (l *list) isPrimary(e schema.Value) bool {
	p, _ := e.Sub(l.a.SubAttr("primary")).Bool()
	return p
}

// onePrimary takes "primary" from all elements but the one at index i, which has it
// (RFC 7644, section 3.5.2); -1 is none.
func (l *list) onePrimary(i int) {
	if i < 0 {
		return
	}
	primary := l.a.SubAttr("primary")
	no, _ := primary.Make(false) // there is one, so it is a Boolean
	changed := false
	for k, e := range l.elems {
		if k == i || !l.isPrimary(e) {
			continue
		}
		l.elems[k] = e.With(l.a, primary, no)
		changed = changed || !l.a.SameElement(l.elems[k], e)
	}
	if changed {
		l.places = nil
		l.unique() // without a value, elements are the same if all of them is
	}
}
