package memstore

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
	for first := range more.all().each {
		x.first[key] = first
		break
	}
	if more.len() == 1 {
		delete(x.more, key)
	}
}

// appendTo appends what has the key, in order.
func (x *index) appendTo(dst []handle, key string) []handle {
	if more := x.more[key]; more != nil {
		// Not slices.AppendSeq, which would take dst off the caller's stack.
		for h := range more.all().each {
			dst = append(dst, h)
		}
		return dst
	}
	if first, ok := x.first[key]; ok {
		dst = append(dst, first)
	}
	return dst
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
