package memstore

import "hash/maphash"

// digest stands for a key in an index: a quarter of the memory of the text itself, nothing
// that the garbage collector has to follow, and no text that must stay for it. Two keys
// may have the same one, as some hundred of a million do, so what is found by it has to be
// looked at.
type digest uint32

// seed lets nobody choose keys with the same digest.
var seed = maphash.MakeSeed()

func digestOf(key string) digest { return digest(maphash.String(seed, key)) }

// index finds resources by a key. Nearly always one has it, or few.
type index struct {
	first map[digest]handle       // one of those that have the key
	more  map[digest]*set[handle] // all of them, if they are several
}

func newIndex() *index {
	return &index{first: map[digest]handle{}, more: map[digest]*set[handle]{}}
}

func (x *index) add(d digest, h handle) {
	first, ok := x.first[d]
	if !ok {
		x.first[d] = h
		return
	}
	more := x.more[d]
	if more == nil {
		if first == h {
			return
		}
		more = &set[handle]{}
		more.add(first)
		x.more[d] = more
	}
	more.add(h)
}

func (x *index) remove(d digest, h handle) {
	more := x.more[d]
	if more == nil {
		if first, ok := x.first[d]; ok && first == h {
			delete(x.first, d)
		}
		return
	}
	if !more.remove(h) {
		return
	}
	for first := range more.all().each {
		x.first[d] = first
		break
	}
	if more.len() == 1 {
		delete(x.more, d)
	}
}

// appendTo appends what may have the key, in order.
func (x *index) appendTo(dst []handle, d digest) []handle {
	if more := x.more[d]; more != nil {
		// Not slices.AppendSeq, which would take dst off the caller's stack.
		for h := range more.all().each {
			dst = append(dst, h)
		}
		return dst
	}
	if first, ok := x.first[d]; ok {
		dst = append(dst, first)
	}
	return dst
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
