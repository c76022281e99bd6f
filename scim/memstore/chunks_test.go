package memstore

import (
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestSet does random things to a set and to a sorted slice. Keys come in runs,
// so that chunks become full, empty and joined.
func TestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s set[handle]
		var model []handle
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for _, k := range drawRun(t) {
					i, found := slices.BinarySearch(model, k)
					if s.add(k) == found {
						t.Fatalf("add(%d) = %t", k, found)
					}
					if !found {
						model = slices.Insert(model, i, k)
					}
				}
			},
			"remove": func(t *rapid.T) {
				for _, k := range drawRun(t) {
					i, found := slices.BinarySearch(model, k)
					if s.remove(k) != found {
						t.Fatalf("remove(%d) = %t", k, !found)
					}
					if found {
						model = slices.Delete(model, i, i+1)
					}
				}
			},
			"": func(t *rapid.T) {
				checkSet(t, &s, model)
				checkRank(t, &s, model, rapid.IntRange(0, len(model)+2).Draw(t, "rank"))
				checkKey(t, &s, model, handle(rapid.IntRange(0, 10_000).Draw(t, "key")))
			},
		})
	})
}

// drawRun draws keys in order, in reverse order or in none.
func drawRun(t *rapid.T) []handle {
	first, step := rapid.IntRange(0, 5000).Draw(t, "first"), rapid.IntRange(1, 3).Draw(t, "step")
	run := make([]handle, rapid.SampledFrom([]int{1, 2, 100, 2000}).Draw(t, "n"))
	for i := range run {
		run[i] = handle(first + i*step)
	}
	switch rapid.IntRange(0, 2).Draw(t, "order") {
	case 1:
		slices.Reverse(run)
	case 2:
		r := rand.New(rand.NewPCG(uint64(first), 0))
		r.Shuffle(len(run), func(i, j int) { run[i], run[j] = run[j], run[i] })
	}
	return run
}

func checkSet(t require.TestingT, s *set[handle], model []handle) {
	require.Equal(t, len(model), s.len())
	require.True(t, slices.Equal(model, slices.Collect(s.all().each)))
	for i, c := range s.chunks {
		require.NotEmpty(t, c)
		require.LessOrEqual(t, len(c), maxChunk)
		require.Equal(t, c[0], s.firsts[i])
		if i > 0 {
			require.Greater(t, len(c)+len(s.chunks[i-1]), maxChunk/2, "two small chunks side by side")
		}
	}
}

func checkRank(t require.TestingT, s *set[handle], model []handle, rank int) {
	want := model[min(rank, len(model)):]
	require.True(t, slices.Equal(firstOf(slices.Values(want)), firstOf(s.from(rank).each)))
	if rank < len(model) {
		require.Equal(t, rank, s.rank(func(h handle) bool { return h >= model[rank] }))
	}
}

func checkKey(t require.TestingT, s *set[handle], model []handle, k handle) {
	i, found := slices.BinarySearch(model, k)
	require.Equal(t, found, s.has(k))
	if found {
		i++
	}
	require.True(t, slices.Equal(firstOf(slices.Values(model[i:])), firstOf(s.after(k).each)))
	require.Equal(t, i, s.rank(func(h handle) bool { return h > k }))
}

// firstOf returns so many keys that they are from two chunks.
func firstOf(keys iter.Seq[handle]) []handle {
	var first []handle
	for k := range keys {
		if first = append(first, k); len(first) == maxChunk+1 {
			break
		}
	}
	return first
}

// TestSetFillsChunks: keys that come in order, as handles do, leave no gaps.
func TestSetFillsChunks(t *testing.T) {
	var s set[handle]
	for k := range handle(10 * maxChunk) {
		s.add(k)
	}
	assert.Len(t, s.chunks, 10)
	for k := range handle(10 * maxChunk) {
		if k%100 != 0 {
			s.remove(k)
		}
	}
	assert.Len(t, s.chunks, 1, "small chunks are joined")
}

func TestTable(t *testing.T) {
	var tab table
	for range 3 * pageSize {
		h, err := tab.reserve()
		require.NoError(t, err)
		tab.put(h, record{hidden: h%2 == 0})
	}
	for h := range handle(2 * pageSize) {
		if h != pageSize+1 {
			tab.drop(h)
		}
	}
	assert.Nil(t, tab.pages[0], "an empty page is let go")
	assert.NotNil(t, tab.pages[1])
	tab.put(0, record{hidden: true})
	assert.True(t, tab.at(0).hidden, "and comes back when a deletion is undone")
	assert.False(t, tab.at(pageSize+1).hidden)

	tab.next = 1<<32 - 1
	_, err := tab.reserve()
	assert.ErrorIs(t, err, errFull)
}

func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, model := newIndex(), map[digest][]handle{}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			key, h := digest(rapid.IntRange(0, 2).Draw(t, "key")), handle(rapid.IntRange(0, 5).Draw(t, "handle"))
			i, found := slices.BinarySearch(model[key], h)
			if rapid.Bool().Draw(t, "add") {
				if x.add(key, h); !found {
					model[key] = slices.Insert(model[key], i, h)
				}
			} else if x.remove(key, h); found {
				model[key] = slices.Delete(model[key], i, i+1)
			}
		}
		for key, want := range model {
			require.True(t, slices.Equal(want, x.appendTo(nil, key)))
		}
		require.Empty(t, x.appendTo(nil, 3))
	})
}
