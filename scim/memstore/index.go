package memstore

import "iter"

// index finds resources by a key. Nearly always one has it, or few.
type index struct {
	first map[string]handle       // one of those that have the key
	more  map[string]*set[handle] // all of them, if they are several
}

func newIndex() *index {
	return &index{first: map[string]handle{}, more: map[string]*set[handle]{}}
}

func (x *index) add(key string, h handle) {
	first, ok := x.first[key]
	if !ok || first == h {
		// Assigned even if it is there: keys are parts of resources, and the
		// map takes the new one, so that the old resource can go.
		x.first[key] = h
	}
	if !ok {
		return
	}
	more := x.more[key]
	if more == nil {
		if first == h {
			return
		}
		more = &set[handle]{}
		more.add(first)
		x.more[key] = more
	}
	more.add(h)
}

func (x *index) remove(key string, h handle) {
	more := x.more[key]
	if more == nil {
		if first, ok := x.first[key]; ok && first == h {
			delete(x.first, key)
		}
		return
	}
	if !more.remove(h) {
		return
	}
	for first := range more.all() {
		x.first[key] = first
		break
	}
	if more.len() == 1 {
		delete(x.more, key)
	}
}

// has yields what has the key, in order.
func (x *index) has(key string) iter.Seq[handle] {
	if more := x.more[key]; more != nil {
		return more.all()
	}
	first, ok := x.first[key]
	return func(yield func(handle) bool) {
		if ok {
			yield(first)
		}
	}
}

// len returns how many have the key.
func (x *index) len(key string) int {
	if more := x.more[key]; more != nil {
		return more.len()
	}
	if _, ok := x.first[key]; ok {
		return 1
	}
	return 0
}

// isTaken reports whether anything but h has the key.
func (x *index) isTaken(key string, h handle) bool {
	first, ok := x.first[key]
	return ok && (first != h || x.more[key] != nil)
}

// globalKey is a value that is unique across tenants.
type globalKey struct {
	kind      kind
	path, key string
}

// owner is who has it.
type owner struct {
	n *tenant
	h handle
}
