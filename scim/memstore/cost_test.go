package memstore_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/peer"
	"github.com/muster-scim/muster/internal/turns"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// TestAllocations holds the store to exact figures. What is counted is the
// result that the interface asks for and, in a write, the new resource.
func TestAllocations(t *testing.T) {
	s := memstore.New()
	ids := addUsers(t, s, 2000)
	g := addGroup(t, s, "g", ids...)
	userName := scim.Query{Filter: filterOf(t, userType, `userName eq "user0000007"`), StartIndex: 1, Count: 100}
	remove := scim.GroupWrite{Members: patch.MemberDelta{Remove: []string{ids[7]}}}
	add := scim.GroupWrite{Members: patch.MemberDelta{Add: []patch.Member{{ID: ids[7]}}}}
	update := change(t, mustGet(t, s, ids[3]), "active", true)
	inactive := change(t, mustGet(t, s, ids[3]), "active", false)
	tests := []struct {
		name string
		most float64
		do   func() error
	}{
		{"GetUser", 0, func() error { _, err := s.GetUser(ctx, acme, ids[7]); return err }},
		{"ListUsers by userName", 2, func() error { _, err := s.ListUsers(ctx, acme, userName); return err }},
		{"ListUsers, a page", 1, func() error {
			_, err := s.ListUsers(ctx, acme, scim.Query{StartIndex: 1500, Count: 100})
			return err
		}},
		{"ListUsers, only the total", 0, func() error { _, err := s.ListUsers(ctx, acme, scim.Query{}); return err }},
		{"ListMemberships, a page", 3, func() error {
			_, err := s.ListMemberships(ctx, acme, scim.MembershipQuery{Groups: []string{g}, Limit: 100})
			return err
		}},
		// Twice: the group with its new stamp, the version, the list of one id.
		{"a member less, a member more", 6, func() error {
			if _, err := s.UpdateGroup(ctx, acme, g, remove); err != nil {
				return err
			}
			_, err := s.UpdateGroup(ctx, acme, g, add)
			return err
		}},
		{"a member who is there", 0, func() error { _, err := s.UpdateGroup(ctx, acme, g, add); return err }},
		{"UpdateUser, twice", 16, func() error {
			if _, err := s.UpdateUser(ctx, acme, ids[3], update); err != nil {
				return err
			}
			_, err := s.UpdateUser(ctx, acme, ids[3], inactive)
			return err
		}},
	}
	for _, tt := range tests {
		got := testing.AllocsPerRun(100, func() {
			if err := tt.do(); err != nil {
				t.Error(err)
			}
		})
		assert.LessOrEqual(t, got, tt.most, tt.name)
	}
}

// fill puts n users with a JSON of 600 bytes into a store and returns their ids.
func fill(t require.TestingT, s *memstore.Store, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		d, err := schema.Decode(userType, peer.UserBodyN(i), schema.Decoding{})
		require.NoError(t, err)
		r, err := s.CreateUser(ctx, acme, scim.Write{New: d.Resource})
		require.NoError(t, err)
		ids[i] = r.ID()
	}
	return ids
}

// perUser measures what n users need, indexes included.
func perUser(t require.TestingT, n int) (bytes, objects float64) {
	var before, after runtime.MemStats
	s := memstore.New()
	fill(t, s, 10) // types and pools, which are there once
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	s = memstore.New()
	fill(t, s, n)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(s)
	return float64(after.HeapAlloc-before.HeapAlloc) / float64(n), float64(after.HeapObjects-before.HeapObjects) / float64(n)
}

// TestMemory holds a stored user, with all indexes, to 1.1 KB and 9 objects.
func TestMemory(t *testing.T) {
	// Maps double, so that the figure depends on how full they are: here
	// between half and nearly.
	for _, n := range []int{5_000, 10_000} {
		bytes, objects := perUser(t, n)
		t.Logf("%d users: %.0f bytes and %.1f objects each", n, bytes, objects)
		assert.LessOrEqual(t, bytes, 1100.)
		assert.LessOrEqual(t, objects, 9.)
	}
}

// crowd is how many users benchmarks have: a million, or with -short, where they are
// only to be seen to work, what is made in a moment.
func crowd() int {
	if testing.Short() {
		return 200_000
	}
	return 1_000_000
}

func BenchmarkStoreMemory(b *testing.B) {
	for _, n := range []int{10_000, 100_000, crowd()} {
		b.Run(fmt.Sprintf("muster/%d", n), func(b *testing.B) {
			for b.Loop() {
				bytes, objects := perUser(b, n)
				b.ReportMetric(bytes, "bytes/user")
				b.ReportMetric(objects, "objects/user")
			}
		})
	}
}

// BenchmarkMemberAdd adds a random user, one of a million, to a group of that
// size and takes it out again, or the other way round if all are members. They differ in
// the size of the group alone: finding a random user among a million costs cache misses in
// all of them.
func BenchmarkMemberAdd(b *testing.B) {
	users := crowd()
	s := memstore.New()
	ids := addUsers(b, s, users)
	r := rand.New(rand.NewPCG(1, 2))
	order := make([]string, 1<<16)
	for i := range order {
		// A copy: the id comes with the request, not from afar.
		order[i] = strings.Clone(ids[r.IntN(users)])
	}
	var sides []turns.Side
	for _, n := range []int{10, 1000, 100_000, users} {
		g := addGroup(b, s, fmt.Sprint(n), ids[:n]...)
		add := patch.MemberDelta{Add: make([]patch.Member, 1)}
		remove := patch.MemberDelta{Remove: make([]string, 1)}
		first, second := add, remove
		if n == users {
			first, second = remove, add
		}
		i := 0
		sides = append(sides, turns.Side{Name: fmt.Sprint(n), Do: func(b *testing.B, n int) {
			for range n / 2 { // of which each is two changes
				id := order[i%len(order)]
				i++
				add.Add[0].ID, remove.Remove[0] = id, id
				for _, d := range []patch.MemberDelta{first, second} {
					if _, err := updateMembers(s, g, d); err != nil {
						b.Fatal(err)
					}
				}
			}
		}})
	}
	turns.Differences(b, 4000, sides...)
}

// BenchmarkStore has the other calls on a million users.
func BenchmarkStore(b *testing.B) {
	n := crowd()
	s := memstore.New()
	ids := fill(b, s, n)
	r := rand.New(rand.NewPCG(1, 2))
	some := func() int { return r.IntN(n) }
	filters := make([]scim.Query, 1024)
	for i := range filters {
		text := fmt.Sprintf("userName eq %q", peer.UserNameN(some()))
		filters[i] = scim.Query{Filter: filterOf(b, userType, text), StartIndex: 1, Count: 1}
	}
	list := func(q scim.Query) error { _, err := s.ListUsers(ctx, acme, q); return err }
	scan := filterOf(b, userType, `title co "x"`)
	sorted := attr(b, userType, "userName")
	i := 0
	for _, bench := range []struct {
		name string
		do   func() error
	}{
		{"get", func() error { _, err := s.GetUser(ctx, acme, ids[some()]); return err }},
		{"eq", func() error { i++; return list(filters[i%len(filters)]) }},
		{"page", func() error { return list(scim.Query{StartIndex: some(), Count: 100}) }},
		{"keypage", func() error { return list(scim.Query{ByKey: true, StartIndex: 1, After: ids[some()], Count: 100}) }},
		{"scan", func() error { return list(scim.Query{Filter: scan, StartIndex: 1, Count: 100}) }},
		{"sort", func() error { return list(scim.Query{SortBy: sorted, StartIndex: 1, Count: 100}) }},
		{"update", func() error {
			id := ids[some()]
			old, err := s.GetUser(ctx, acme, id)
			if err != nil {
				return err
			}
			active, _ := old.Get("active").Bool()
			next, err := old.Edit().Set("active", !active).Build()
			if err != nil {
				return err
			}
			_, err = s.UpdateUser(ctx, acme, id, scim.Write{Old: old, New: next, Changed: []string{"active"}})
			return err
		}},
	} {
		b.Run("muster/"+bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bench.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMark is a collection of garbage with users in memory: those of a store, or as
// many decoded into maps. What is marked is all that it does.
func BenchmarkMark(b *testing.B) {
	const users = 50_000
	var kept any
	collect := func(_ *testing.B, n int) {
		for range n {
			runtime.GC()
		}
		runtime.KeepAlive(kept)
	}
	turns.Ratios(b, 3,
		turns.Side{Name: "muster", Do: collect, Prepare: func(b *testing.B) {
			s := memstore.New()
			fill(b, s, users)
			kept = s
		}},
		turns.Side{Name: "maps", Do: collect, Prepare: func(b *testing.B) {
			all := make([]map[string]any, users)
			for i := range all {
				require.NoError(b, json.Unmarshal(peer.UserBodyN(i), &all[i]))
			}
			kept = all
		}})
}
