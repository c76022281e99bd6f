package memstore

import (
	"cmp"
	"slices"
	"sort"
)

// maxChunk is how many keys a chunk holds at most. One key more or less moves
// half a chunk, 2 KB of handles, which takes less time than the cache misses of
// finding it.
const maxChunk = 1024

// set is an ordered set that stays quick when it is large: sorted keys, cut into
// chunks. It knows the n-th key, which a map or tree does not, and takes 4 to 6
// bytes a handle. The zero value is empty.
type set[K cmp.Ordered] struct {
	chunks []chunk[K] // none of them empty
	n      int
}

type chunk[K cmp.Ordered] struct {
	first K // keys[0], so that the search for a chunk stays in one piece of memory
	keys  []K
}

func (s *set[K]) len() int { return s.n }

// chunkOf returns the index of the chunk where k is or belongs; 0 in an empty
// set.
func (s *set[K]) chunkOf(k K) int {
	i := sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].first > k })
	return max(i-1, 0)
}

func (s *set[K]) has(k K) bool {
	if s.n == 0 {
		return false
	}
	_, ok := slices.BinarySearch(s.chunks[s.chunkOf(k)].keys, k)
	return ok
}

// add reports whether k was not there yet.
func (s *set[K]) add(k K) bool {
	if s.n == 0 {
		s.chunks = append(s.chunks[:0], chunk[K]{first: k, keys: []K{k}})
		s.n = 1
		return true
	}
	i := s.chunkOf(k)
	j, ok := slices.BinarySearch(s.chunks[i].keys, k)
	if ok {
		return false
	}
	if len(s.chunks[i].keys) == maxChunk {
		i, j = s.split(i, j)
	}
	c := &s.chunks[i]
	c.keys = slices.Insert(c.keys, j, k)
	c.first = c.keys[0]
	s.n++
	return true
}

// split makes room in the full chunk i for a key at j, and returns where it
// belongs now. Behind the last key of all a new chunk is begun, so that keys
// which come in order fill their chunks.
func (s *set[K]) split(i, j int) (int, int) {
	if i == len(s.chunks)-1 && j == maxChunk {
		s.chunks = append(s.chunks, chunk[K]{})
		return i + 1, 0
	}
	const half = maxChunk / 2
	keys := s.chunks[i].keys
	right := append(make([]K, 0, maxChunk), keys[half:]...)
	clear(keys[half:])
	s.chunks[i].keys = keys[:half]
	s.chunks = slices.Insert(s.chunks, i+1, chunk[K]{first: right[0], keys: right})
	if j > half {
		return i + 1, j - half
	}
	return i, j
}

// remove reports whether k was there.
func (s *set[K]) remove(k K) bool {
	if s.n == 0 {
		return false
	}
	i := s.chunkOf(k)
	c := &s.chunks[i]
	j, ok := slices.BinarySearch(c.keys, k)
	if !ok {
		return false
	}
	c.keys = slices.Delete(c.keys, j, j+1)
	s.n--
	if len(c.keys) == 0 {
		s.chunks = slices.Delete(s.chunks, i, i+1)
		return true
	}
	c.first = c.keys[0]
	s.join(i - 1)
	s.join(i)
	return true
}

// join puts chunk i and the next into one if both are small, so that a set from
// which most is removed becomes small. What is joined is far from being split
// again.
func (s *set[K]) join(i int) {
	if i < 0 || i+1 >= len(s.chunks) || len(s.chunks[i].keys)+len(s.chunks[i+1].keys) > maxChunk/2 {
		return
	}
	s.chunks[i].keys = append(s.chunks[i].keys, s.chunks[i+1].keys...)
	s.chunks = slices.Delete(s.chunks, i+1, i+2)
}

// run is a part of a set: the keys from one place to the end. The set must not
// change meanwhile.
type run[K cmp.Ordered] struct {
	chunks []chunk[K]
	skip   int // keys of the first chunk
}

// each yields the keys in order. It is an iterator itself rather than return one,
// which would be an allocation.
func (r run[K]) each(yield func(K) bool) {
	skip := r.skip
	for i := range r.chunks {
		for _, k := range r.chunks[i].keys[skip:] {
			if !yield(k) {
				return
			}
		}
		skip = 0
	}
}

// all returns the keys.
func (s *set[K]) all() run[K] { return run[K]{chunks: s.chunks} }

// from returns the keys from the one with that rank on, counted from 0.
func (s *set[K]) from(rank int) run[K] {
	i := 0
	for i < len(s.chunks) && rank >= len(s.chunks[i].keys) {
		rank -= len(s.chunks[i].keys)
		i++
	}
	if i == len(s.chunks) {
		return run[K]{}
	}
	return run[K]{s.chunks[i:], rank}
}

// after returns the keys that are greater than k.
func (s *set[K]) after(k K) run[K] {
	if s.n == 0 {
		return run[K]{}
	}
	i := s.chunkOf(k)
	j, ok := slices.BinarySearch(s.chunks[i].keys, k)
	if ok {
		j++
	}
	return run[K]{s.chunks[i:], j}
}

// rank returns how many keys are less than the first one for which is is true; it
// must be true of all behind that one.
func (s *set[K]) rank(is func(K) bool) int {
	i := sort.Search(len(s.chunks), func(i int) bool { return is(s.chunks[i].first) })
	if i == 0 {
		return 0
	}
	keys := s.chunks[i-1].keys
	n := sort.Search(len(keys), func(j int) bool { return is(keys[j]) })
	for _, c := range s.chunks[:i-1] {
		n += len(c.keys)
	}
	return n
}
