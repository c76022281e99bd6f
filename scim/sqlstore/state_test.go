package sqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

func TestStateVersions(t *testing.T) { each(t, testStateVersions) }

func testStateVersions(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	put := func(version int64, remove bool) error {
		return s.PutState(ctx, acme, scim.State{Kind: "k", Key: "a", Version: version, Delete: remove})
	}
	steps := []struct {
		name    string
		version int64
		remove  bool
		want    error
	}{
		{"change what is not there", 1, false, scim.ErrVersionMismatch},
		{"delete what is not there, by version", 1, true, scim.ErrVersionMismatch},
		{"delete what is not there", 0, true, nil},
		{"create", 0, false, nil},
		{"create again", 0, false, scim.ErrVersionMismatch},
		{"change", 1, false, nil},
		{"change an older version", 1, false, scim.ErrVersionMismatch},
		{"delete an older version", 1, true, scim.ErrVersionMismatch},
		{"delete without a version", 0, true, scim.ErrVersionMismatch},
		{"delete", 2, true, nil},
		{"create anew", 0, false, nil},
	}
	for _, step := range steps {
		assert.ErrorIs(t, put(step.version, step.remove), step.want, step.name)
	}
	records, _, err := s.ListState(ctx, acme, scim.StateQuery{Kind: "k"})
	require.NoError(t, err)
	assert.Equal(t, []scim.State{{Kind: "k", Key: "a", Version: 1}}, records)
}

// TestStateAllOrNone: one wrong version, and none of the call is stored.
func TestStateAllOrNone(t *testing.T) { each(t, testStateAllOrNone) }

func testStateAllOrNone(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	err := s.PutState(ctx, acme, scim.State{Kind: "k", Key: "a"}, scim.State{Kind: "l", Key: "b", Refs: []string{"r"}}, scim.State{Kind: "k", Key: "c", Version: 9})
	require.ErrorIs(t, err, scim.ErrVersionMismatch)
	for _, kind := range []scim.Kind{"k", "l"} {
		records, _, err := s.ListState(ctx, acme, scim.StateQuery{Kind: kind})
		require.NoError(t, err)
		assert.Empty(t, records)
	}
	// Two of one key follow each other.
	require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "a"}, scim.State{Kind: "k", Key: "a", Version: 1}))
	require.ErrorIs(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "b"}, scim.State{Kind: "k", Key: "b"}), scim.ErrVersionMismatch)
}

func TestStateOwnership(t *testing.T) { each(t, testStateOwnership) }

func testStateOwnership(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	given := scim.State{Kind: "k", Key: "a", Refs: []string{"r"}, Data: []byte("data")}
	require.NoError(t, s.PutState(ctx, acme, given))
	given.Refs[0], given.Data[0] = "x", 'x'
	for range 2 {
		records, _, err := s.ListState(ctx, acme, scim.StateQuery{Kind: "k", Ref: "r"})
		require.NoError(t, err)
		require.Len(t, records, 1)
		assert.Equal(t, []string{"r"}, records[0].Refs)
		assert.Equal(t, "data", string(records[0].Data))
		records[0].Refs[0] = "y"
	}
}

func TestListState(t *testing.T) { each(t, testListState) }

func testListState(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	for i := range 10 {
		r := scim.State{Kind: "k", Key: fmt.Sprint("k", 9-i), Refs: []string{"all", fmt.Sprint("r", i%2)}}
		require.NoError(t, s.PutState(ctx, acme, r))
	}
	tests := []struct {
		name string
		q    scim.StateQuery
		want string
	}{
		{"all", scim.StateQuery{}, "k0 k1 k2 k3 k4 k5 k6 k7 k8 k9"},
		{"after", scim.StateQuery{After: "k6"}, "k7 k8 k9"},
		{"after what is not there", scim.StateQuery{After: "k66"}, "k7 k8 k9"},
		{"by ref", scim.StateQuery{Ref: "r0"}, "k1 k3 k5 k7 k9"},
		{"by unknown ref", scim.StateQuery{Ref: "x"}, ""},
		{"by keys", scim.StateQuery{Keys: []string{"k4", "x", "k2", "k4"}}, "k2 k4"},
		{"by no keys", scim.StateQuery{Keys: []string{}}, ""},
		{"by keys and ref", scim.StateQuery{Keys: []string{"k4", "k3"}, Ref: "r0"}, "k3"},
		{"another kind", scim.StateQuery{Kind: "l"}, ""},
	}
	for _, tt := range tests {
		for limit := range 4 {
			q, got := tt.q, []string{}
			if q.Limit = limit; q.Kind == "" {
				q.Kind = "k"
			}
			for {
				records, next, err := s.ListState(ctx, acme, q)
				require.NoError(t, err)
				for _, r := range records {
					got = append(got, r.Key)
				}
				if q.After = next; next == "" {
					break
				}
				require.Len(t, records, limit)
			}
			assert.Equal(t, tt.want, strings.Join(got, " "), "%s, limit %d", tt.name, limit)
		}
	}
	records, _, err := s.ListState(ctx, other, scim.StateQuery{Kind: "k"})
	require.NoError(t, err)
	assert.Empty(t, records)
}

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// claim returns the keys that are handed out at noon plus after.
func claim(t require.TestingT, s *sqlstore.Store, ctx context.Context, after time.Duration, limit int) []string {
	claimed, err := s.ClaimState(ctx, "k", noon.Add(after), time.Minute, limit)
	require.NoError(t, err)
	keys := []string{}
	for tenant, records := range claimed {
		for _, r := range records {
			require.True(t, r.Due.Equal(noon.Add(after+time.Minute)))
			keys = append(keys, string(tenant)+"/"+r.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestClaim(t *testing.T) { each(t, testClaim) }

func testClaim(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	put := func(tenant scim.Tenant, key, lane string, due time.Duration) {
		r := scim.State{Kind: "k", Key: key, Lane: lane, Due: noon.Add(due)}
		require.NoError(t, s.PutState(ctx, tenant, r))
	}
	put(acme, "now", "", 0)
	put(acme, "later", "", time.Hour)
	put(acme, "first", "lane", 0)
	put(acme, "second", "lane", -time.Hour)
	put(other, "first", "lane", -time.Minute)
	put(other, "free", "", -time.Minute)
	require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "never"}, scim.State{Kind: "l", Key: "x", Due: noon}))

	assert.Empty(t, claim(t, s, ctx, -2*time.Minute, 10), "the oldest of a lane holds up the rest, due or not")
	assert.Empty(t, claim(t, s, ctx, 0, 0))
	assert.Equal(t, []string{"other/first", "other/free"}, claim(t, s, ctx, 0, 2), "the longest due first")
	assert.Equal(t, []string{"acme/first", "acme/now"}, claim(t, s, ctx, 0, 10))
	assert.Empty(t, claim(t, s, ctx, 59*time.Second, 10), "leased")
	assert.Len(t, claim(t, s, ctx, time.Minute, 10), 4, "the worker has died")

	// The claim was a write: who has lost its lease can't store.
	err := s.PutState(ctx, acme, scim.State{Kind: "k", Key: "first", Version: 2, Delete: true})
	require.ErrorIs(t, err, scim.ErrVersionMismatch)
	require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "first", Version: 3, Delete: true}))
	assert.Equal(t, []string{"acme/second"}, claim(t, s, ctx, time.Minute, 10), "next in the lane")
	claimed, err := s.ClaimState(ctx, "unknown", noon, time.Minute, 10)
	require.NoError(t, err)
	assert.Empty(t, claimed)
}

// TestRetryKeepsItsPlace: a record that is put off is not overtaken in its lane.
func TestRetryKeepsItsPlace(t *testing.T) { each(t, testRetryKeepsItsPlace) }

func testRetryKeepsItsPlace(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	for _, key := range []string{"b", "a"} {
		require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: key, Lane: "l", Due: noon}))
	}
	require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "b", Lane: "l", Due: noon.Add(time.Hour), Version: 1}))
	assert.Empty(t, claim(t, s, ctx, 0, 10))
	assert.Equal(t, []string{"acme/b"}, claim(t, s, ctx, time.Hour, 10))
	require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "b", Version: 3}), "done, but kept")
	assert.Equal(t, []string{"acme/a"}, claim(t, s, ctx, time.Hour, 10))
}

// TestOneWorkerClaims: of many workers one gets a record.
func TestOneWorkerClaims(t *testing.T) { each(t, testOneWorkerClaims) }

func testOneWorkerClaims(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	for i := range 100 {
		require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: fmt.Sprint(i), Due: noon}))
	}
	got := make([][]string, 8)
	race(len(got), func(i int) {
		for range 20 {
			got[i] = append(got[i], claim(t, s, ctx, 0, 3)...)
		}
	})
	all := slices.Concat(got...)
	slices.Sort(all)
	assert.Len(t, all, 100)
	assert.Len(t, slices.Compact(all), 100)
}

// TestStateModel does random things to a store and to a list of records.
func TestStateModel(t *testing.T) { eachEmptied(t, sqlstore.Options{}, testStateModel) }

func testStateModel(t *testing.T, empty func(require.TestingT) *sqlstore.Store) {
	rapid.Check(t, func(t *rapid.T) {
		w := &stateWorld{s: empty(t), ctx: ctx}
		t.Repeat(map[string]func(*rapid.T){
			"put": w.put, "put2": w.put, "claim": w.claim, "": w.check,
			"InTx": func(t *rapid.T) {
				before, fail := slices.Clone(w.records), rapid.Bool().Draw(t, "fail")
				err := w.s.InTx(ctx, func(tx context.Context) error {
					w.ctx = tx
					defer func() { w.ctx = ctx }()
					for range rapid.IntRange(0, 5).Draw(t, "steps") {
						rapid.SampledFrom([]func(*rapid.T){w.put, w.put, w.claim}).Draw(t, "step")(t)
					}
					if fail {
						return errUndo
					}
					return nil
				})
				if require.Equal(t, fail, err != nil); fail {
					w.records = before
				}
			},
		})
	})
}

// stateWorld is a store beside its model: records in the order in which their
// keys were stored first.
type stateWorld struct {
	s       *sqlstore.Store
	ctx     context.Context
	records []stateOf
}

type stateOf struct {
	tenant scim.Tenant
	scim.State
}

func (w *stateWorld) find(tenant scim.Tenant, kind scim.Kind, key string) int {
	return slices.IndexFunc(w.records, func(r stateOf) bool { return r.tenant == tenant && r.Kind == kind && r.Key == key })
}

func (w *stateWorld) put(t *rapid.T) {
	tenant := drawTenant(t)
	before, failed := slices.Clone(w.records), false
	var states []scim.State
	for range rapid.IntRange(1, 3).Draw(t, "n") {
		s := drawState(t)
		i := w.find(tenant, s.Kind, s.Key)
		if s.Version = 0; i >= 0 {
			s.Version = w.records[i].Version
		}
		if rapid.IntRange(0, 9).Draw(t, "wrong") == 0 {
			s.Version += 7
			failed = true
		}
		states = append(states, s)
		w.apply(tenant, s, i)
	}
	err := w.s.PutState(w.ctx, tenant, states...)
	if failed {
		require.ErrorIs(t, err, scim.ErrVersionMismatch)
		w.records = before
		return
	}
	require.NoError(t, err)
}

func (w *stateWorld) apply(tenant scim.Tenant, s scim.State, i int) {
	remove := s.Delete
	s.Delete = false
	s.Version++
	switch {
	case remove && i >= 0:
		w.records = slices.Delete(slices.Clone(w.records), i, i+1)
	case remove:
	case i >= 0:
		w.records = slices.Clone(w.records)
		w.records[i].State = s
	default:
		w.records = append(slices.Clip(w.records), stateOf{tenant, s})
	}
}

func drawState(t *rapid.T) scim.State {
	s := scim.State{
		Kind:   rapid.SampledFrom([]scim.Kind{"k", "k", "l"}).Draw(t, "kind"),
		Key:    rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "key"),
		Refs:   rapid.SampledFrom([][]string{nil, {"r"}, {"r", "q"}, {"q", "q"}}).Draw(t, "refs"),
		Lane:   rapid.SampledFrom([]string{"", "x", "x", "y"}).Draw(t, "lane"),
		Delete: rapid.IntRange(0, 3).Draw(t, "delete") == 0,
	}
	if minutes := rapid.IntRange(0, 5).Draw(t, "due"); minutes > 0 {
		s.Due = noon.Add(time.Duration(minutes) * time.Minute)
	}
	return s
}

func (w *stateWorld) claim(t *rapid.T) {
	now, limit := noon.Add(time.Duration(rapid.IntRange(0, 8).Draw(t, "now"))*time.Minute), rapid.IntRange(0, 4).Draw(t, "limit")
	claimed, err := w.s.ClaimState(w.ctx, "k", now, 3*time.Minute, limit)
	require.NoError(t, err)
	want := map[scim.Tenant][]scim.State{}
	w.records = slices.Clone(w.records)
	for _, i := range w.due(now, limit) {
		r := &w.records[i]
		r.Version++
		r.Due = now.Add(3 * time.Minute)
		want[r.tenant] = append(want[r.tenant], r.State)
	}
	if len(want) > 0 || len(claimed) > 0 {
		require.Equal(t, want, claimed)
	}
}

// due returns the indexes of what can be claimed, the longest due first.
func (w *stateWorld) due(now time.Time, limit int) []int {
	var due []int
	heads := map[string]bool{}
	for i, r := range w.records {
		if r.Kind != "k" || r.Due.IsZero() {
			continue
		}
		lane := string(r.tenant) + "/" + r.Lane
		if r.Lane != "" && heads[lane] {
			continue
		}
		heads[lane] = true
		if !r.Due.After(now) {
			due = append(due, i)
		}
	}
	slices.SortStableFunc(due, func(i, j int) int { return w.records[i].Due.Compare(w.records[j].Due) })
	return due[:min(limit, len(due))]
}

func (w *stateWorld) check(t *rapid.T) {
	tenant := drawTenant(t)
	q := scim.StateQuery{Kind: "k", Ref: rapid.SampledFrom([]string{"", "r", "q"}).Draw(t, "ref"), Limit: rapid.IntRange(0, 3).Draw(t, "limit")}
	var want, got []scim.State
	for _, r := range w.records {
		if r.tenant == tenant && r.Kind == "k" && (q.Ref == "" || slices.Contains(r.Refs, q.Ref)) {
			want = append(want, r.State)
		}
	}
	slices.SortFunc(want, func(a, b scim.State) int { return strings.Compare(a.Key, b.Key) })
	for {
		records, next, err := w.s.ListState(w.ctx, tenant, q)
		require.NoError(t, err)
		got = append(got, records...)
		if q.After = next; next == "" {
			break
		}
	}
	require.Equal(t, want, got)
}
