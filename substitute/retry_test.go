package substitute_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/substitute"
)

// maxFirstWait is the most that a step waits after its first failure.
const maxFirstWait = 10 * time.Second

// TestRetries: the application fails for as long as it likes.
func TestRetries(t *testing.T) {
	for _, what := range []string{"error", "panic"} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, memstore.New())
			w.own("ann", 30)
			w.delete("ann")
			documents, broken := w.documents.(*memThings), true
			documents.hook = func([]string, string, string) error {
				if !broken {
					return nil
				}
				if what == "panic" {
					panic(errFault)
				}
				return errFault
			}
			longest := maxFirstWait
			for attempt := 1; attempt <= 15; attempt++ {
				w.work()
				h := w.handover("ann")
				require.Equal(t, attempt, h.Attempts)
				require.Contains(t, h.Problem, "the application's log has the reason")
				require.NotContains(t, h.Problem, errFault.Error())
				wait := h.Next.Sub(w.clock.Now())
				require.LessOrEqual(t, wait, longest)
				require.GreaterOrEqual(t, wait, longest/2)
				w.clock.add(wait - time.Second)
				w.work()
				require.Equal(t, attempt, w.handover("ann").Attempts, "not before its time")
				w.clock.add(time.Second)
				longest = min(2*longest, time.Hour)
			}
			assert.Equal(t, map[string]int{"ann": 33}, w.holders())
			broken = false
			w.work()
			h := w.handover("ann")
			assert.Equal(t, substitute.Done, h.Phase)
			assert.Zero(t, h.Attempts)
			assert.Empty(t, h.Problem)
			assert.Equal(t, map[string]int{"eve": 33}, w.holders())
		})
	}
}

// TestStuck: an application whose Move does nothing is not asked for ever, and the user
// is not erased.
func TestStuck(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 30)
	w.delete("ann")
	w.documents.(*memThings).lazy = true
	w.work()
	assert.Equal(t, 1, w.handover("ann").Attempts)
	assert.False(t, w.purge("ann"))
	w.documents.(*memThings).lazy = false
	w.clock.add(maxFirstWait)
	w.work()
	assert.Equal(t, map[string]int{"eve": 33}, w.holders())
	assert.True(t, w.purge("ann"))
}

// TestKindIsGone: a batch of a kind that a new release does not know waits.
func TestKindIsGone(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.midway("ann")
	documents := w.documents
	w.documents = newThings("picture")
	w.restart()
	w.clock.add(maxFirstWait)
	w.work()
	assert.Equal(t, 2, w.handover("ann").Attempts)
	w.documents = documents
	w.restart()
	w.clock.add(time.Hour)
	w.work()
	assert.Equal(t, map[string]int{"eve": 33}, w.holders())
}

// TestNewThingsMeanwhile: what comes while other things are moved is moved, too, of
// whatever kind.
func TestNewThingsMeanwhile(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 20)
	w.delete("ann")
	w.sessions.(*memThings).hook = func([]string, string, string) error {
		if w.documents.owners()["a new one"] == "" {
			w.documents.give("a new one", w.ids["ann"])
			w.sessions.give("a new one", w.ids["ann"])
		}
		return nil
	}
	w.work()
	assert.Equal(t, map[string]int{"eve": 24}, w.holders())
	assert.True(t, w.purge("ann"))
}

// TestUnreadable: a record that can't be read stops no other.
func TestUnreadable(t *testing.T) {
	w := newWorld(t, memstore.New())
	require.NoError(t, w.store.PutState(ctx, tenant, scim.State{Kind: "handover", Key: "bad", Due: start.Add(-time.Hour), Data: []byte("{")}))
	w.own("ann", 10)
	w.suspend("ann")
	w.work()
	assert.Equal(t, map[string]int{"eve": 11}, w.holders())
	_, _, err := w.List(ctx, tenant, substitute.Query{})
	require.ErrorContains(t, err, `hand-over "bad" can't be read`)
}

// TestTurnsAreBounded: a large hand-over lets the others have their turn.
func TestTurnsAreBounded(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 500)
	w.documents.give("bob's", w.ids["bob"])
	w.suspend("ann")
	w.clock.add(time.Second)
	w.suspend("bob")
	w.clock.add(time.Second)
	for range 2 {
		more, err := w.Work(ctx)
		require.NoError(t, err)
		require.True(t, more)
		w.clock.add(time.Second)
	}
	assert.Equal(t, substitute.Done, w.phase("bob"))
	assert.Equal(t, map[string]int{"document": 100}, w.handover("ann").Moved)
	w.work()
	assert.Equal(t, map[string]int{"eve": 551}, w.holders())
}

// TestManyWorkers: several instances at once move each object once.
func TestManyWorkers(t *testing.T) {
	each(t, func(t *testing.T, s store) {
		w := newWorld(t, s)
		for i, id := range ids("document", 120) {
			w.documents.give(id, w.ids[[]string{"ann", "bob", "cid"}[i%3]])
		}
		for _, name := range []string{"ann", "bob", "cid"} {
			w.delete(name)
		}
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for more, err := true, error(nil); more; {
					more, err = w.Work(ctx)
					assert.NoError(t, err)
				}
			})
		}
		group.Wait()
		w.work()
		assert.Equal(t, map[string]int{"eve": 120}, w.holders())
		assert.Len(t, w.documents.transfers(), 120)
	})
}

// TestSlowWorker: a worker that is thought to be dead goes on when another one has done
// everything. It changes nothing, and begins nothing.
func TestSlowWorker(t *testing.T) {
	for _, undone := range []bool{false, true} {
		w := newWorld(t, memstore.New())
		w.own("ann", 30)
		w.suspend("ann")
		documents, times := w.documents.(*memThings), 0
		documents.hook = func([]string, string, string) error {
			if times++; times == 1 {
				w.clock.add(3 * time.Minute)
				w.work()
				require.Equal(t, substitute.Done, w.phase("ann"))
				if undone {
					require.NoError(t, w.Undo(ctx, tenant, w.handover("ann").ID))
					w.work()
				}
			}
			return nil
		}
		w.work()
		want := map[string]int{"eve": 33}
		if undone {
			want = map[string]int{"ann": 33}
		}
		assert.Equal(t, want, w.holders())
		seen := map[string]bool{}
		for _, e := range w.events(scim.HandoverMoved) {
			for _, id := range e.Added {
				assert.False(t, seen[id], "told twice of %s", id)
				seen[id] = true
			}
		}
	}
}
