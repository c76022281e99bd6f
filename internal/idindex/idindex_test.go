package idindex_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/internal/idindex"
)

// TestAgainstMap draws additions, removals and look-ups of few ids, so that they meet.
func TestAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x idindex.Index
		var ids []string
		at := func(place int) string { return ids[place] }
		want := map[string]int{}
		if rapid.Bool().Draw(t, "roomy") {
			x.Grow(rapid.IntRange(0, 100).Draw(t, "room"), at)
		}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			id := strconv.Itoa(rapid.IntRange(0, 30).Draw(t, "id"))
			place, there := want[id]
			got, ok := x.Find(id, at)
			assert.Equal(t, there, ok)
			if there {
				assert.Equal(t, place, got)
				ids = append(ids, id)
				assert.False(t, x.Add(len(ids)-1, at), "it is there")
				ids = ids[:len(ids)-1]
				ids[place] = ""
				delete(want, id)
				continue
			}
			want[id] = len(ids)
			ids = append(ids, id)
			assert.True(t, x.Add(len(ids)-1, at))
		}
	})
}

func TestAllocations(t *testing.T) {
	ids := make([]string, 10_000)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	at := func(place int) string { return ids[place] }
	allocs := testing.AllocsPerRun(5, func() {
		var x idindex.Index
		x.Grow(len(ids), at)
		for i := range ids {
			x.Add(i, at)
		}
		for i, id := range ids {
			if place, ok := x.Find(id, at); !ok || place != i {
				panic(id)
			}
		}
	})
	assert.LessOrEqual(t, allocs, 1.0)
}
