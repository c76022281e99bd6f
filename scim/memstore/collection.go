package memstore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// collection holds the resources of one kind and tenant. Its methods check
// everything before they change anything. The store's lock is held.
type collection struct {
	n    *tenant
	kind kind

	live, hidden set[handle]

	indexes map[string]*index // by path
	plans   map[*schema.Type][]field
}

func newCollection(n *tenant, k kind) *collection {
	return &collection{n: n, kind: k, indexes: map[string]*index{}, plans: map[*schema.Type][]field{}}
}

// index returns the index of that name, which is made if there is none.
func (c *collection) index(name string) *index {
	x := c.indexes[name]
	if x == nil {
		x = newIndex()
		c.indexes[name] = x
	}
	return x
}

// fields returns what is indexed of resources of type t. Types are known by
// their first write. One store may see several that say the same, such as those
// of two handlers.
func (c *collection) fields(t *schema.Type) []field {
	if plan, ok := c.plans[t]; ok {
		return plan
	}
	before := len(c.indexes)
	c.plans[t] = c.fieldsOf(t)
	if len(c.indexes) > before && c.live.len() > 0 {
		c.rebuild()
	}
	return c.plans[t]
}

// rebuild fills all indexes anew, after a type has brought one that the others
// did not have.
func (c *collection) rebuild() {
	for _, x := range c.indexes {
		*x = *newIndex()
	}
	for t := range c.plans {
		c.plans[t] = c.fieldsOf(t)
	}
	for h := range c.live.all().each {
		r := c.n.records.at(h).res
		c.reindex(h, nil, r)
	}
}

// reindex takes what h was out of the indexes and puts in what it is; nil is
// neither.
func (c *collection) reindex(h handle, was, is *schema.Resource) {
	if was != nil && is != nil && was.Type() != is.Type() {
		c.reindex(h, was, nil)
		was = nil
	}
	typ := cmp.Or(is, was).Type()
	fields := c.fields(typ)
	for i := range fields {
		c.reindexField(&fields[i], h, was, is)
	}
}

func (c *collection) reindexField(f *field, h handle, was, is *schema.Resource) {
	if f.sameIn(was, is) {
		return
	}
	var oldBuf, newBuf [4]string
	oldKeys, newKeys := f.appendKeys(oldBuf[:0], was), f.appendKeys(newBuf[:0], is)
	for _, key := range oldKeys {
		f.index.remove(digestOf(key), h)
		if f.global {
			delete(c.n.d.globals, globalKey{c.kind, f.attr.Path(), key})
		}
	}
	for _, key := range newKeys {
		c.enter(h, place{f, key, digestOf(key)})
	}
}

// place is where a resource is in an index.
type place struct {
	field  *field
	key    string
	digest digest
}

// appendPlaces appends all places of r.
func (c *collection) appendPlaces(dst []place, r *schema.Resource) []place {
	fields := c.fields(r.Type())
	for i := range fields {
		var buf [4]string
		for _, key := range fields[i].appendKeys(buf[:0], r) {
			dst = append(dst, place{&fields[i], key, digestOf(key)})
		}
	}
	return dst
}

// enter puts h into an index.
func (c *collection) enter(h handle, p place) {
	p.field.index.add(p.digest, h)
	if p.field.global {
		// Copied, since the key is a part of the resource, which must not stay for it.
		c.n.d.globals[globalKey{c.kind, p.field.attr.Path(), strings.Clone(p.key)}] = owner{c.n, h}
	}
}

// checkUnique reports what r, stored under h in the place of old, would share with another
// resource although it must not. old may be nil.
func (c *collection) checkUnique(h handle, old, r *schema.Resource) error {
	fields := c.fields(r.Type())
	for i := range fields {
		f := &fields[i]
		if !f.unique || f.sameIn(old, r) {
			continue
		}
		var buf [4]string
		for _, key := range f.appendKeys(buf[:0], r) {
			if err := c.checkPlace(h, place{f, key, digestOf(key)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkPlace does it for one key.
func (c *collection) checkPlace(h handle, p place) error {
	if p.field.unique && (c.isTaken(p, h) || p.field.global && c.isTakenElsewhere(p.field, p.key, h)) {
		return scim.Taken(p.field.attr.Path())
	}
	return nil
}

// isTaken reports whether anything but h has the key.
func (c *collection) isTaken(p place, h handle) bool {
	var buf [4]handle
	for _, other := range p.field.index.appendTo(buf[:0], p.digest) {
		if other != h && c.has(c.n.records.at(other).res, p.field.index, p.key) {
			return true
		}
	}
	return false
}

// has reports whether r, whose type may be another's, is found by the key in x.
func (c *collection) has(r *schema.Resource, x *index, key string) bool {
	fields := c.fields(r.Type())
	for i := range fields {
		var buf [4]string
		if fields[i].index == x && slices.Contains(fields[i].appendKeys(buf[:0], r), key) {
			return true
		}
	}
	return false
}

func (c *collection) isTakenElsewhere(f *field, key string, h handle) bool {
	o, ok := c.n.d.globals[globalKey{c.kind, f.attr.Path(), key}]
	return ok && o != owner{c.n, h}
}

// create stores a new resource.
func (c *collection) create(r *schema.Resource) (handle, *schema.Resource, error) {
	if r == nil {
		return 0, nil, errors.New("memstore: Write.New is nil")
	}
	h, err := c.n.records.reserve()
	if err != nil {
		return 0, nil, err
	}
	var space [8]place
	places := c.appendPlaces(space[:0], r)
	for _, p := range places {
		if err := c.checkPlace(h, p); err != nil {
			return 0, nil, err
		}
	}
	r, id := c.n.d.stamper.created(r, h)
	c.insert(h, newRecord(r, id, c.kind), places)
	return h, r, nil
}

// next returns what w makes of the resource with handle h, without a stamp. It
// is the stored resource itself if nothing differs.
func (c *collection) next(h handle, w scim.Write) (*schema.Resource, error) {
	old := c.n.records.at(h).res
	err := checkVersion(old, w.Version)
	if err != nil || len(w.Changed) == 0 {
		return old, err
	}
	r := w.New
	if !isWhole(old, w) {
		if r, err = merge(old, w); err != nil {
			return nil, err
		}
	}
	if r.Equal(old) {
		return old, nil
	}
	return r, c.checkUnique(h, old, r)
}

func checkVersion(r *schema.Resource, version string) error {
	if version != "" && version != r.Version() {
		return scim.ErrVersionMismatch
	}
	return nil
}

// isWhole reports whether w.New is old with what w.Changed names and nothing else
// changed, as it is unless somebody else has written meanwhile.
func isWhole(old *schema.Resource, w scim.Write) bool {
	return w.New != nil && w.New.Type() == old.Type() && w.New.ID() == old.ID() && w.New.ChangesOnly(old, w.Changed)
}

// merge returns old with the values of w.New for what w.Changed names.
func merge(old *schema.Resource, w scim.Write) (*schema.Resource, error) {
	if w.New == nil {
		return nil, errors.New("memstore: Write.New is nil")
	}
	old, err := converted(old, w.New.Type())
	if err != nil {
		return nil, err
	}
	b := old.Edit()
	for _, path := range w.Changed {
		a, ok := w.New.Type().Attr(path)
		if !ok {
			return nil, fmt.Errorf("memstore: Write.Changed names %q, which %s does not have", path, w.New.Type().Name())
		}
		a = a.Top()
		b.Put(a, w.New.Value(a))
	}
	return b.Build()
}

// converted returns r as a resource of type t, in which attributes have other
// numbers. What t does not have is left out.
func converted(r *schema.Resource, t *schema.Type) (*schema.Resource, error) {
	if r.Type() == t {
		return r, nil
	}
	b := schema.New(t).ID(r.ID()).Meta(r.Meta())
	for _, path := range r.Changed(nil) {
		a, ok := t.Attr(path)
		if !ok {
			continue
		}
		v, _, err := schema.DecodeValue(a, r.Get(path).AppendJSON(nil), schema.Decoding{KeepEmptyStrings: true})
		if err != nil {
			return nil, fmt.Errorf("memstore: a stored %s as one of another type: %w", t.Name(), err)
		}
		b.Put(a, v)
	}
	return b.Build()
}

// insert stores rec, whose resource has these places.
func (c *collection) insert(h handle, rec record, places []place) {
	c.n.records.put(h, rec)
	if rec.hidden {
		c.hidden.add(h)
	} else {
		c.live.add(h)
		for _, p := range places {
			c.enter(h, p)
		}
	}
	if u := c.n.d.undo; u != nil {
		u.push(func() { c.drop(h) })
	}
}

// drop forgets h, which has neither members nor groups nor roles any more.
func (c *collection) drop(h handle) {
	rec := *c.n.records.at(h)
	if rec.hidden {
		c.hidden.remove(h)
	} else {
		c.live.remove(h)
		c.reindex(h, rec.res, nil)
	}
	c.n.records.drop(h)
	rec.in, rec.members = nil, nil // which are empty
	if u := c.n.d.undo; u != nil {
		u.push(func() { c.insert(h, rec, c.appendPlaces(nil, rec.res)) })
	}
}

// replace stores r in place of what h has.
func (c *collection) replace(h handle, r *schema.Resource) {
	rec := c.n.records.at(h)
	old := rec.res
	if !rec.hidden {
		c.reindex(h, old, r)
	}
	rec.res = r
	if u := c.n.d.undo; u != nil {
		u.push(func() { c.replace(h, old) })
	}
}

// store puts r, which next returned, in the place of what h has, and returns it
// with its stamp.
func (c *collection) store(h handle, r *schema.Resource) *schema.Resource {
	if old := c.n.records.at(h).res; r != old {
		r = c.n.d.stamper.changed(old, r)
		c.replace(h, r)
	}
	return r
}

// touch gives h a new version and time: its values are the same, but its members
// are not.
func (c *collection) touch(h handle) *schema.Resource {
	rec := c.n.records.at(h)
	old := rec.res
	rec.res = c.n.d.stamper.changed(old, old)
	if u := c.n.d.undo; u != nil {
		u.push(func() { c.n.records.at(h).res = old })
	}
	return rec.res
}

// hide takes h out of sight, or brings it back.
func (c *collection) hide(h handle, hidden bool) {
	rec := c.n.records.at(h)
	if hidden {
		c.live.remove(h)
		c.hidden.add(h)
		c.reindex(h, rec.res, nil)
	} else {
		c.hidden.remove(h)
		c.live.add(h)
		c.reindex(h, nil, rec.res)
	}
	rec.hidden = hidden
	if u := c.n.d.undo; u != nil {
		u.push(func() { c.hide(h, !hidden) })
	}
}

// erase forgets h with its members, groups and roles.
func (c *collection) erase(h handle) {
	if !c.n.records.at(h).hidden {
		c.n.touchGroups(h)
	}
	c.n.isolate(h)
	c.n.setRoles(h, nil)
	c.drop(h)
}
