package memstore

import (
	"cmp"
	"slices"
	"sort"
)

// maxChunk is how many keys a chunk holds at most: so few that one of handles is in some
// lines of the processor's cache, since each line that is not there yet costs more than
// all else.
const maxChunk = 128

// set is an ordered set that stays quick when it is large: sorted keys, cut into
// chunks. It knows the n-th key, which a map or tree does not, and takes 4 to 6
// bytes a handle. The zero value is empty.
type set[K cmp.Ordered] struct {
	firsts []K   // the first key of each chunk, so that the search stays in one piece of memory
	chunks [][]K // none of them empty
	n      int
}

func (s *set[K]) len() int { return s.n }

// chunkOf returns the index of the chunk where k is or belongs; 0 in an empty
// set.
func (s *set[K]) chunkOf(k K) int {
	i, ok := slices.BinarySearch(s.firsts, k)
	if ok {
		return i
	}
	return max(i-1, 0)
}

func (s *set[K]) has(k K) bool {
	if s.n == 0 {
		return false
	}
	_, ok := slices.BinarySearch(s.chunks[s.chunkOf(k)], k)
	return ok
}

// add reports whether k was not there yet.
func (s *set[K]) add(k K) bool {
	if s.n == 0 {
		s.insert(0, []K{k})
		s.n = 1
		return true
	}
	i, j, ok := s.search(k)
	if ok {
		return false
	}
	if len(s.chunks[i]) == maxChunk {
		i, j = s.split(i, j)
	}
	s.chunks[i] = slices.Insert(s.chunks[i], j, k)
	s.firsts[i] = s.chunks[i][0]
	s.n++
	return true
}

// search returns where k is or belongs. Behind all others, where what is new belongs, it
// need not search.
func (s *set[K]) search(k K) (i, j int, ok bool) {
	i = len(s.chunks) - 1
	if j = len(s.chunks[i]); k > s.chunks[i][j-1] {
		return i, j, false
	}
	i = s.chunkOf(k)
	j, ok = slices.BinarySearch(s.chunks[i], k)
	return i, j, ok
}

// insert makes keys chunk i.
func (s *set[K]) insert(i int, keys []K) {
	s.chunks = slices.Insert(s.chunks, i, keys)
	s.firsts = slices.Insert(s.firsts, i, keys[0])
}

// delete takes chunk i away.
func (s *set[K]) delete(i int) {
	s.chunks = slices.Delete(s.chunks, i, i+1)
	s.firsts = slices.Delete(s.firsts, i, i+1)
}

// split makes room in the full chunk i for a key at j, and returns where it
// belongs now. Behind the last key of all a new chunk is begun, so that keys
// which come in order fill their chunks.
func (s *set[K]) split(i, j int) (int, int) {
	if i == len(s.chunks)-1 && j == maxChunk {
		s.chunks, s.firsts = append(s.chunks, nil), append(s.firsts, s.firsts[i])
		return i + 1, 0
	}
	const half = maxChunk / 2
	keys := s.chunks[i]
	right := append(make([]K, 0, maxChunk), keys[half:]...)
	clear(keys[half:])
	s.chunks[i] = keys[:half]
	s.insert(i+1, right)
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
	i, j, ok := s.search(k)
	if !ok {
		return false
	}
	s.chunks[i] = slices.Delete(s.chunks[i], j, j+1)
	s.n--
	if len(s.chunks[i]) == 0 {
		s.delete(i)
		return true
	}
	s.firsts[i] = s.chunks[i][0]
	s.join(i - 1)
	s.join(i)
	return true
}

// join puts chunk i and the next into one if both are small, so that a set from
// which most is removed becomes small. What is joined is far from being split
// again.
func (s *set[K]) join(i int) {
	if i < 0 || i+1 >= len(s.chunks) || len(s.chunks[i])+len(s.chunks[i+1]) > maxChunk/2 {
		return
	}
	s.chunks[i] = append(s.chunks[i], s.chunks[i+1]...)
	s.delete(i + 1)
}

// run is a part of a set: the keys from one place to the end. The set must not
// change meanwhile.
type run[K cmp.Ordered] struct {
	chunks [][]K
	skip   int // keys of the first chunk
}

// each yields the keys in order. It is an iterator itself rather than return one,
// which would be an allocation.
func (r run[K]) each(yield func(K) bool) {
	skip := r.skip
	for i := range r.chunks {
		for _, k := range r.chunks[i][skip:] {
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
	for i < len(s.chunks) && rank >= len(s.chunks[i]) {
		rank -= len(s.chunks[i])
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
	j, ok := slices.BinarySearch(s.chunks[i], k)
	if ok {
		j++
	}
	return run[K]{s.chunks[i:], j}
}

// rank returns how many keys are less than the first one for which is is true; it
// must be true of all behind that one.
func (s *set[K]) rank(is func(K) bool) int {
	i := sort.Search(len(s.firsts), func(i int) bool { return is(s.firsts[i]) })
	if i == 0 {
		return 0
	}
	keys := s.chunks[i-1]
	n := sort.Search(len(keys), func(j int) bool { return is(keys[j]) })
	for _, c := range s.chunks[:i-1] {
		n += len(c)
	}
	return n
}
