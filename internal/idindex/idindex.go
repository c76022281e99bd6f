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
		x.put(place, at(place))
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

// Add enters a place whose id is not there yet.
func (x *Index) Add(place int, at func(place int) string) {
	x.Grow(1, at)
	x.put(place, at(place))
}

func (x *Index) put(place int, id string) {
	i := maphash.String(x.seed, id)
	for x.slots[i&uint64(len(x.slots)-1)] != 0 {
		i++
	}
	x.slots[i&uint64(len(x.slots)-1)] = uint32(place + 1)
	x.used++
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
			place := int(slot) - 1
			x.put(place, at(place))
		}
	}
}
