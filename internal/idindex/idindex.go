// Package idindex finds ids in a list by a hash table of one piece of memory. A map of
// ten thousand ids takes dozens of allocations and three times the memory.
package idindex

import "hash/maphash"

// Index has the places of ids in a list that its owner keeps and gives to each call
// as a function from place to id. An id whose place holds another one by now, such as
// "", is not found any more. The zero value is empty.
type Index struct {
	seed  maphash.Seed
	slots []uint32 // a place + 1, 0 is free; as many as a power of two
	used  int
}

// Of returns an index of the n ids of a list. Of one that is there twice it has one.
func Of(n int, at func(place int) string) *Index {
	x := new(Index)
	x.Grow(n, at)
	for place := range n {
		x.Add(place, at)
	}
	return x
}

// Find returns the place of an id.
func (x *Index) Find(id string, at func(place int) string) (place int, ok bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	for i := maphash.String(x.seed, id); ; i++ {
		slot := x.slots[i&uint64(len(x.slots)-1)]
		if slot == 0 {
			return 0, false
		}
		if place = int(slot) - 1; at(place) == id {
			return place, true
		}
	}
}

// Add enters a place, unless its id is there already, which it reports.
func (x *Index) Add(place int, at func(place int) string) (added bool) {
	x.Grow(1, at)
	id := at(place)
	for i := maphash.String(x.seed, id); ; i++ {
		slot := &x.slots[i&uint64(len(x.slots)-1)]
		if *slot == 0 {
			*slot = uint32(place + 1)
			x.used++
			return true
		}
		if at(int(*slot)-1) == id {
			return false
		}
	}
}

// Grow makes room for n ids more.
func (x *Index) Grow(n int, at func(place int) string) {
	if 2*(x.used+n) <= len(x.slots) {
		return
	}
	if len(x.slots) == 0 {
		x.seed = maphash.MakeSeed()
	}
	old := x.slots
	size := max(8, len(old))
	for size < 2*(x.used+n) {
		size *= 2
	}
	x.slots, x.used = make([]uint32, size), 0
	for _, slot := range old {
		if slot != 0 {
			x.Add(int(slot)-1, at)
		}
	}
}
