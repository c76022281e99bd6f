package schema

import (
	"errors"
	"slices"
)

// Builder makes a [Resource], from nothing or from another one. It keeps only
// what is changed; Build copies the rest as it is. It is not safe for use from
// several goroutines.
type Builder struct {
	base  *Resource
	t     *Type
	id    string
	stamp stamp
	edits []edit
	space [2]edit // what edits begins in: most changes are small
	keys  int     // edits of open extensions
	errs  []error
}

// edit is a new value of a top-level attribute; the zero Value unassigns it.
type edit struct {
	a *Attr
	v Value
}

// New returns a Builder for a resource of type t.
func New(t *Type) *Builder { return (&Resource{tape: tape{t: t}}).Edit() }

// Edit returns a Builder that starts from r, which stays as it is.
func (r *Resource) Edit() *Builder {
	b := &Builder{t: r.t, base: r, id: r.id, stamp: r.stamp}
	b.edits = b.space[:0]
	return b
}

// ID sets the resource's identifier.
func (b *Builder) ID(id string) *Builder { b.id = id; return b }

// Meta sets what the store knows of the resource.
func (b *Builder) Meta(m Meta) *Builder { b.stamp = stampOf(m); return b }

// ExternalID sets the identifier that the client gave.
func (b *Builder) ExternalID(id string) *Builder {
	if id == "" {
		return b.Put(b.t.externalID, Value{})
	}
	return b.Set("externalId", id)
}

// Set is [Builder.Put] with a path, see [Type.Attr], and a Go value, see
// [Attr.Make]. nil unassigns the attribute.
func (b *Builder) Set(path string, v any) *Builder {
	a, ok := b.t.Attr(path)
	if !ok {
		b.errs = append(b.errs, invalid(path, "there is no such attribute"))
		return b
	}
	made, err := a.Make(v)
	if err != nil {
		b.errs = append(b.errs, err)
		return b
	}
	return b.Put(a, made)
}

// Put assigns v to attribute a, which may be a sub-attribute of a singular
// complex one; the zero Value unassigns it. v is taken as [Attr.Make] takes it.
// A computed attribute is left alone, see [Attr.IsComputed]. What is wrong is
// reported by Build.
func (b *Builder) Put(a *Attr, v Value) *Builder {
	if a.open && b.keys > maxKeyEdits {
		return b // which was reported
	}
	if err := b.check(a); err != nil {
		b.errs = append(b.errs, err)
		return b
	}
	if !v.IsZero() && !v.is(a, a.MultiValued) {
		var err error
		if v, err = a.Make(v); err != nil {
			b.errs = append(b.errs, err)
			return b
		}
	}
	if p := a.parent; p != nil {
		a, v = p, b.Value(p).With(p, a, v)
	}
	for i := range b.edits {
		if b.edits[i].a.same(a) {
			b.edits[i] = edit{a, v}
			return b
		}
	}
	if a.open {
		if b.keys++; b.keys > maxKeyEdits {
			b.errs = append(b.errs, tooManyKeys(a))
		}
	}
	b.edits = append(b.edits, edit{a, v})
	return b
}

// maxKeyEdits is maxKeys for a Builder: as many may go as come.
const maxKeyEdits = 2 * maxKeys

// check reports why a can't be set.
func (b *Builder) check(a *Attr) error {
	switch {
	case a.t != b.t:
		return invalid(a.path, "is an attribute of another resource type")
	case a.isBeside():
		return invalid(a.path, "is set by ID and Meta")
	case a.IsPassword():
		return invalid(a.path, "is never part of a resource")
	case a.parent != nil && a.parent.MultiValued:
		return invalid(a.path, "is below a multi-valued attribute: set that")
	}
	return nil
}

// same reports whether a and o are one attribute; those of open extensions are
// made anew at each look-up.
func (a *Attr) same(o *Attr) bool {
	return a == o || a.number == o.number && a.open && equalFold(a.Name, o.Name)
}

// Value returns what top-level attribute a holds now, edits included.
func (b *Builder) Value(a *Attr) Value {
	for i := range b.edits {
		if b.edits[i].a.same(a) {
			return b.edits[i].v
		}
	}
	return b.base.Value(a)
}

// ClearExtension unassigns all data of the extension with that URI, ignoring
// case.
func (b *Builder) ClearExtension(urn string) *Builder {
	ext := findURN(b.t, urn)
	if ext <= 0 {
		return b
	}
	b.edits = slices.DeleteFunc(b.edits, func(e edit) bool { return int(e.a.ext) == ext })
	for i := 0; i < len(b.base.nodes); i += b.base.nodes[i].span() {
		if a := (Value{&b.base.tape, i}).Attr(); int(a.ext) == ext {
			b.edits = append(b.edits, edit{a: a})
		}
	}
	return b
}

// Build returns the resource. The error joins what Set and Put could not do,
// each an [*Error].
func (b *Builder) Build() (*Resource, error) {
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	r := &Resource{tape: b.base.tape, id: b.id, stamp: b.stamp, bareID: b.base.bareID && b.id == b.base.id}
	if switched, ok := b.switched(); ok {
		r.tape = switched
	} else {
		r.tape = b.merge()
		if err := countKeys(b.t, r.nodes); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// switched is merge where booleans become others, as that of "active" does at every leave and
// return: they have no text, so all of it is shared. A list of them may have another length.
func (b *Builder) switched() (t tape, ok bool) {
	t = b.base.tape
	for _, e := range b.edits {
		if e.a.Type != Boolean || e.a.MultiValued || e.a.open || e.v.IsZero() || t.find(e.a, 0, len(t.nodes)) < 0 {
			return tape{}, false
		}
	}
	if len(b.edits) == 0 {
		return t, true
	}
	t.nodes = slices.Clone(t.nodes)
	for _, e := range b.edits {
		t.nodes[t.find(e.a, 0, len(t.nodes))].kind = e.v.node().kind
	}
	return t, true
}

// merge walks the base and the edits side by side, both in canonical order.
// Stretches of the base between two edits are copied in one piece.
func (b *Builder) merge() tape {
	slices.SortFunc(b.edits, func(x, y edit) int { return compareAttrs(x.a, y.a) })
	src := &b.base.tape
	w := writer{t: b.t}
	b.grow(&w)
	from, i := 0, 0
	for _, e := range b.edits {
		for i < len(src.nodes) && compareNode(src, i, e.a) < 0 {
			i += src.nodes[i].span()
		}
		w.copyRange(src, from, i)
		if i < len(src.nodes) && compareNode(src, i, e.a) == 0 {
			i += src.nodes[i].span()
		}
		from = i
		if !e.v.IsZero() {
			w.value(e.v, e.a)
		}
	}
	w.copyRange(src, from, len(src.nodes))
	return w.tape()
}

// grow makes room for the result, which is kept: as much as it needs and no more.
func (b *Builder) grow(w *writer) {
	nodes, text := len(b.base.nodes), len(b.base.text)
	for _, e := range b.edits {
		n, size := e.v.extent()
		nodes, text = nodes+n, text+size
		if e.a.open {
			text += len(e.a.Name) + nameTail
		}
		n, size = b.base.Value(e.a).extent()
		nodes, text = nodes-n, text-size
	}
	w.nodes = make([]node, 0, nodes)
	w.text.Grow(text)
}

// compareAttrs is the canonical order of top-level attributes.
func compareAttrs(a, o *Attr) int {
	if a.number != o.number || !a.open {
		return int(a.number) - int(o.number)
	}
	return compareFold(a.Name, o.Name)
}

func compareNode(t *tape, i int, a *Attr) int {
	if n := t.nodes[i]; n.attr != a.number || !a.open {
		return int(n.attr) - int(a.number)
	}
	return compareFold(t.nameOf(i), a.Name)
}
