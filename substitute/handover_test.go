package substitute_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/substitute"
)

// TestHandOver is a departure from the suspension to the erasure.
func TestHandOver(t *testing.T) {
	each(t, func(t *testing.T, s store) {
		w := newWorld(t, s)
		w.manage("ann", "bob")
		w.own("ann", 95)
		w.documents.give("zzz", w.ids["cid"])

		w.suspend("ann")
		h := w.handover("ann")
		require.Equal(t, substitute.Planned, h.Phase)
		require.Equal(t, scim.TriggerSuspend, h.Trigger)
		require.Len(t, w.events(scim.HandoverPlanned), 1)
		require.Equal(t, map[string]int{"ann": 104, "cid": 1}, w.holders(), "a request moves nothing")

		w.work()
		h = w.handover("ann")
		assert.Equal(t, substitute.Done, h.Phase)
		assert.Equal(t, w.ids["bob"], h.Heir)
		assert.Equal(t, "manager", h.Source)
		assert.Equal(t, map[string]int{"document": 95, "session": 9}, h.Total)
		assert.Equal(t, h.Total, h.Moved)
		assert.Equal(t, start.Add(30*24*time.Hour), h.UndoUntil.UTC())
		assert.Equal(t, map[string]int{"bob": 104, "cid": 1}, w.holders())
		batches, events := w.audited(h.ID)
		assert.Equal(t, w.all()[:104], batches)
		assert.Equal(t, batches, events)
		assert.Len(t, w.events(scim.HandoverDone), 1)

		w.delete("ann")
		again := w.handover("ann")
		assert.Equal(t, h.ID, again.ID, "the same hand-over")
		assert.Equal(t, scim.TriggerDelete, again.Trigger)
		assert.True(t, w.purge("ann"))
		w.work()
		assert.Equal(t, substitute.Done, w.phase("ann"))

		w.clock.add(31 * 24 * time.Hour)
		w.work()
		all, _, err := w.List(ctx, tenant, substitute.Query{})
		require.NoError(t, err)
		assert.Empty(t, all, "its time is over")
		left, err := w.Batches(ctx, tenant, h.ID, 0, 0)
		require.NoError(t, err)
		assert.Empty(t, left)
	})
}

// TestNothingOwned: there is nobody to name, and nothing to wait for.
func TestNothingOwned(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.settings.Substitute = nil
	w.settings.HandOverAfter = time.Hour
	w.delete("ann")
	assert.True(t, w.purge("ann"))
	w.clock.add(time.Hour)
	w.work()
	assert.Equal(t, substitute.Done, w.phase("ann"))
}

func TestGracePeriod(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 10)
	w.settings.HandOverAfter = 48 * time.Hour
	w.suspend("ann")
	w.clock.add(47 * time.Hour)
	w.work()
	assert.Equal(t, substitute.Planned, w.phase("ann"))
	w.delete("ann") // the grace period runs on
	assert.False(t, w.purge("ann"))
	w.work()
	assert.Equal(t, map[string]int{"ann": 11}, w.holders())
	w.clock.add(time.Hour)
	w.work()
	assert.Equal(t, map[string]int{"eve": 11}, w.holders())

	// A deletion may be sooner than the suspension would have been.
	w.documents.give("x", w.ids["bob"])
	w.suspend("bob")
	w.settings.HandOverAfter = 0
	w.delete("bob")
	w.work()
	assert.Equal(t, map[string]int{"eve": 12}, w.holders())
}

// TestOnlyOnDelete: the settings may be switched after the suspension.
func TestOnlyOnDelete(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 10)
	w.settings.HandOverOnSuspend = false
	w.suspend("ann")
	w.work()
	h := w.handover("ann")
	assert.Equal(t, substitute.Planned, h.Phase)
	assert.Contains(t, h.Problem, "when it is deleted")
	assert.Zero(t, h.Next)
	assert.Equal(t, map[string]int{"ann": 11}, w.holders())
	w.delete("ann")
	w.work()
	assert.Equal(t, map[string]int{"eve": 11}, w.holders())

	// An administrator need not wait.
	w.documents.give("x", w.ids["bob"])
	w.suspend("bob")
	w.work()
	require.NoError(t, w.Assign(ctx, tenant, w.handover("bob").ID, w.ids["cid"]))
	w.work()
	assert.Equal(t, map[string]int{"eve": 11, "cid": 1}, w.holders())
}

// midway lets the worker move one batch of ten and stops it there.
func (w *world) midway(name string) {
	w.own(name, 30)
	w.delete(name)
	documents := w.documents.(*memThings)
	documents.hook = func([]string, string, string) error {
		if len(documents.transfers()) > 0 {
			return errFault
		}
		return nil
	}
	w.work()
	documents.hook = nil
	require.Equal(w.t, substitute.Running, w.phase(name))
	require.Equal(w.t, 23, w.holders()[name])
}

func TestReturn(t *testing.T) {
	t.Run("before anything is moved", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		w.own("ann", 10)
		w.suspend("ann")
		w.back("ann")
		w.work()
		assert.Equal(t, substitute.Cancelled, w.phase("ann"))
		assert.Len(t, w.events(scim.HandoverCancelled), 1)
		assert.Equal(t, map[string]int{"ann": 11}, w.holders())
		w.back("ann") // twice is nothing
		assert.Len(t, w.events(scim.HandoverCancelled), 1)
	})
	t.Run("of one who never left", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		require.NoError(t, w.Return(ctx, tenant, w.ids["ann"]))
	})
	t.Run("midway", func(t *testing.T) {
		each(t, func(t *testing.T, s store) {
			w := newWorld(t, s)
			w.midway("ann")
			w.back("ann")
			w.work()
			assert.Equal(t, substitute.Cancelled, w.phase("ann"))
			assert.Equal(t, map[string]int{"ann": 23, "eve": 10}, w.holders(), "what is moved stays moved")

			first := w.handover("ann")
			require.NoError(t, w.Undo(ctx, tenant, first.ID))
			w.work()
			assert.Equal(t, substitute.Undone, w.phase("ann"))
			assert.Equal(t, map[string]int{"ann": 33}, w.holders())

			// A further departure is another hand-over.
			w.suspend("ann")
			assert.NotEqual(t, first.ID, w.handover("ann").ID)
			w.work()
			assert.Equal(t, map[string]int{"eve": 33}, w.holders())
			require.NoError(t, w.Undo(ctx, tenant, w.handover("ann").ID))
			w.work()
			assert.Equal(t, map[string]int{"ann": 33}, w.holders())
		})
	})
	t.Run("after it was done", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		w.own("ann", 10)
		w.suspend("ann")
		w.work()
		w.back("ann")
		assert.Equal(t, substitute.Done, w.phase("ann"))
		require.ErrorIs(t, w.Assign(ctx, tenant, w.handover("ann").ID, w.ids["bob"]), substitute.ErrOver)
		require.NoError(t, w.Undo(ctx, tenant, w.handover("ann").ID))
		w.work()
		assert.Equal(t, map[string]int{"ann": 11}, w.holders())
	})
	t.Run("and leaving again", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		w.own("ann", 10)
		w.suspend("ann")
		w.work()
		w.back("ann")
		first := w.handover("ann").ID
		w.suspend("ann")
		w.work()
		require.ErrorIs(t, w.Undo(ctx, tenant, first), substitute.ErrOver)
		w.back("ann")
		require.NoError(t, w.Undo(ctx, tenant, first))
		w.suspend("ann") // the undoing comes first
		w.work()
		assert.Equal(t, map[string]int{"eve": 11}, w.holders())
		w.back("ann")
		require.NoError(t, w.Undo(ctx, tenant, w.handover("ann").ID))
		w.work()
		assert.Equal(t, map[string]int{"ann": 11}, w.holders())
	})
	t.Run("when it is parked", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		w.own("ann", 10)
		w.settings.Substitute = nil
		w.suspend("ann")
		w.work()
		w.back("ann")
		parked, err := w.Parked(ctx, tenant)
		require.NoError(t, err)
		assert.Empty(t, parked)
	})
	t.Run("without a word to the coordinator", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		w.own("ann", 10)
		w.suspend("ann")
		require.NoError(t, w.setActive("ann", true, func(context.Context, *schema.Resource) error { return nil }))
		w.work()
		assert.Equal(t, substitute.Cancelled, w.phase("ann"))
		assert.Equal(t, map[string]int{"ann": 11}, w.holders())
	})
}

// TestReturnWhileMoving: the user comes back while a worker is moving a batch. Whoever
// is quicker, nothing of it stays with the heir.
func TestReturnWhileMoving(t *testing.T) {
	for _, other := range []bool{false, true} {
		w := newWorld(t, memstore.New())
		w.own("ann", 10)
		w.suspend("ann")
		documents, times := w.documents.(*memThings), 0
		documents.hook = func([]string, string, string) error {
			if times++; times > 1 {
				return nil
			}
			w.back("ann")
			if other { // another instance is there first
				w.work()
			}
			return nil
		}
		w.work()
		assert.Equal(t, substitute.Cancelled, w.phase("ann"))
		assert.Equal(t, map[string]int{"ann": 11}, w.holders())
		all, err := w.Batches(ctx, tenant, w.handover("ann").ID, 0, 0)
		require.NoError(t, err)
		require.Len(t, all, 1)
		assert.Equal(t, substitute.BatchReturned, all[0].State)
		assert.Empty(t, w.events(scim.HandoverMoved))
	}
}

func TestParked(t *testing.T) {
	parked := func(t *testing.T, s store) (*world, string) {
		w := newWorld(t, s)
		w.own("ann", 30)
		w.settings.Substitute = substitute.Chain(substitute.Chosen(), substitute.Manager())
		w.delete("ann")
		w.work()
		all, err := w.Parked(ctx, tenant)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, "No policy names an heir.", all[0].Problem)
		require.Len(t, w.events(scim.HandoverParked), 1)
		require.False(t, w.purge("ann"))
		w.clock.add(365 * 24 * time.Hour)
		w.work()
		require.False(t, w.purge("ann"), "however long it takes")
		require.Equal(t, map[string]int{"ann": 33}, w.holders())
		return w, all[0].ID
	}
	moved := func(w *world, to string) {
		w.work()
		assert.Equal(w.t, map[string]int{to: 33}, w.holders())
		assert.Equal(w.t, substitute.Done, w.phase("ann"))
		assert.True(w.t, w.purge("ann"))
	}
	t.Run("Assign", func(t *testing.T) {
		each(t, func(t *testing.T, s store) {
			w, id := parked(t, s)
			require.NoError(t, w.Assign(ctx, tenant, id, w.ids["cid"]))
			moved(w, "cid")
			assert.Equal(t, "assigned", w.handover("ann").Source)
		})
	})
	t.Run("Choose", func(t *testing.T) {
		w, _ := parked(t, memstore.New())
		require.NoError(t, w.Choose(ctx, tenant, w.ids["ann"], w.ids["dan"]))
		moved(w, "dan")
		assert.Equal(t, "choice", w.handover("ann").Source)
		w.clock.add(31 * 24 * time.Hour)
		w.work()
		rest, _, err := w.store.ListState(ctx, tenant, scim.StateQuery{Kind: "choice"})
		require.NoError(t, err)
		assert.Empty(t, rest, "the choice goes with the hand-over")
	})
	t.Run("Reconsider", func(t *testing.T) {
		w, _ := parked(t, memstore.New())
		w.settings.Substitute = substitute.User(w.ids["eve"])
		n, err := w.Reconsider(ctx, tenant)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		moved(w, "eve")
		n, err = w.Reconsider(ctx, tenant)
		require.NoError(t, err)
		assert.Zero(t, n)
	})
	t.Run("Reconsider in vain", func(t *testing.T) {
		w, _ := parked(t, memstore.New())
		w.suspend("eve")
		w.work()
		w.settings.Substitute = substitute.User(w.ids["eve"])
		_, err := w.Reconsider(ctx, tenant)
		require.NoError(t, err)
		w.work()
		h := w.handover("ann")
		assert.Equal(t, "Nobody whom the policies name can inherit.", h.Problem)
		assert.Equal(t, []string{"named user " + w.ids["eve"] + " is not active"}, h.PassedOver)
	})
	t.Run("Abandon", func(t *testing.T) {
		w, id := parked(t, memstore.New())
		require.NoError(t, w.Abandon(ctx, tenant, id))
		assert.Equal(t, substitute.Abandoned, w.phase("ann"))
		assert.Len(t, w.events(scim.HandoverAbandoned), 1)
		require.ErrorIs(t, w.Abandon(ctx, tenant, id), substitute.ErrOver)
		require.ErrorIs(t, w.Assign(ctx, tenant, id, w.ids["bob"]), substitute.ErrOver)
		assert.True(t, w.purge("ann"))
	})
	t.Run("a deletion asks again", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		w.own("ann", 30)
		w.settings.Substitute = substitute.Park()
		w.suspend("ann")
		w.work()
		w.settings.Substitute = substitute.User(w.ids["eve"])
		w.delete("ann")
		moved(w, "eve")
	})
}

func TestUndo(t *testing.T) {
	t.Run("what the heir gave on stays", func(t *testing.T) {
		each(t, func(t *testing.T, s store) {
			w := newWorld(t, s)
			w.own("ann", 30)
			w.suspend("ann")
			w.work()
			w.documents.give("document-0003", w.ids["cid"])
			w.documents.give("document-0017", w.ids["dan"])
			w.documents.give("new", w.ids["eve"])
			id := w.handover("ann").ID
			require.NoError(t, w.Undo(ctx, tenant, id))
			require.NoError(t, w.Undo(ctx, tenant, id), "twice is once")
			w.work()
			h := w.handover("ann")
			assert.Equal(t, substitute.Undone, h.Phase)
			assert.Equal(t, map[string]int{"document": 2, "session": 0}, h.Left)
			assert.Equal(t, map[string]int{"document": 2, "session": 0}, h.Moved)
			assert.Equal(t, map[string]int{"ann": 31, "cid": 1, "dan": 1, "eve": 1}, w.holders())
			require.Len(t, w.events(scim.HandoverUndone), 1)
			assert.Equal(t, "2 document left with others", w.events(scim.HandoverUndone)[0].Detail)
			all, err := w.Batches(ctx, tenant, id, 0, 0)
			require.NoError(t, err)
			left := []string{}
			for _, b := range all {
				left = append(left, b.Left...)
			}
			assert.Equal(t, []string{"document-0003", "document-0017"}, left)
			require.ErrorIs(t, w.Undo(ctx, tenant, id), substitute.ErrNothingMoved)

			// Ann is still suspended: somebody else may get everything.
			require.NoError(t, w.Assign(ctx, tenant, id, w.ids["bob"]))
			w.work()
			assert.Equal(t, map[string]int{"bob": 31, "cid": 1, "dan": 1, "eve": 1}, w.holders())
			require.NoError(t, w.Undo(ctx, tenant, id))
			w.work()
			assert.Equal(t, map[string]int{"ann": 31, "cid": 1, "dan": 1, "eve": 1}, w.holders())
		})
	})
	t.Run("midway", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		w.midway("ann")
		require.NoError(t, w.Undo(ctx, tenant, w.handover("ann").ID))
		require.ErrorIs(t, w.Abandon(ctx, tenant, w.handover("ann").ID), substitute.ErrBusy)
		w.work()
		assert.Equal(t, substitute.Undone, w.phase("ann"))
		assert.Equal(t, map[string]int{"ann": 33}, w.holders())
		assert.False(t, w.purge("ann"))
		assert.Equal(t, substitute.Parked, w.phase("ann"), "visible, since somebody wants to erase the user")
	})
	t.Run("while another worker moves", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		w.own("ann", 10)
		w.delete("ann")
		documents, times := w.documents.(*memThings), 0
		documents.hook = func([]string, string, string) error {
			if times++; times == 1 {
				require.NoError(t, w.Undo(ctx, tenant, w.handover("ann").ID))
				w.work()
			}
			return nil
		}
		w.work()
		assert.Equal(t, map[string]int{"ann": 11}, w.holders())
	})
	t.Run("refused", func(t *testing.T) {
		w := newWorld(t, memstore.New())
		require.ErrorIs(t, w.Undo(ctx, tenant, "none"), substitute.ErrNotFound)
		w.own("ann", 10)
		w.delete("ann")
		id := w.handover("ann").ID
		require.ErrorIs(t, w.Undo(ctx, "other", id), substitute.ErrNotFound)
		require.ErrorIs(t, w.Undo(ctx, tenant, id), substitute.ErrNothingMoved)
		w.work()
		require.True(t, w.purge("ann"))
		require.ErrorIs(t, w.Undo(ctx, tenant, id), substitute.ErrOver, "the user is erased")
		w.own("bob", 10)
		w.suspend("bob")
		w.work()
		id = w.handover("bob").ID
		w.clock.add(30*24*time.Hour + 1)
		require.ErrorIs(t, w.Undo(ctx, tenant, id), substitute.ErrOver, "too late")
	})
}

// TestMayErase: the things themselves have the last word.
func TestMayErase(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 10)
	w.delete("ann")
	w.work()
	w.documents.give("late", w.ids["ann"])
	assert.False(t, w.purge("ann"), "it was done, and then something came")
	w.work()
	assert.Equal(t, map[string]int{"eve": 12}, w.holders())
	assert.True(t, w.purge("ann"))

	// A user whose departure nobody has told of.
	w.documents.give("x", w.ids["bob"])
	require.NoError(t, w.store.HideUser(ctx, tenant, w.ids["bob"], ""))
	assert.False(t, w.purge("bob"))
	w.work()
	assert.Equal(t, map[string]int{"eve": 13}, w.holders())
	assert.True(t, w.purge("bob"))

	assert.True(t, w.purge("cid"), "owns nothing, never left")
}

// TestHeirLeaves: what the heir has got moves on with his own departure; the rest goes
// to whom the policies name then.
func TestHeirLeaves(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.manage("ann", "bob")
	w.manage("bob", "cid")
	w.midway("ann")
	w.documents.give("bob's", w.ids["bob"])
	require.Equal(t, 11, w.holders()["bob"])
	w.delete("bob")
	w.work() // what failed before is not due yet
	assert.Equal(t, map[string]int{"ann": 23, "cid": 11}, w.holders())
	assert.True(t, w.purge("bob"))
	w.clock.add(time.Hour)
	w.work()
	assert.Equal(t, map[string]int{"cid": 34}, w.holders())
	assert.Equal(t, "manager (in place of "+w.ids["bob"]+")", w.handover("ann").Source)
	assert.True(t, w.purge("ann"))
}

// TestHeirLeavesWhileMoving: the heir leaves, hands over and is erased between two
// looks at him.
func TestHeirLeavesWhileMoving(t *testing.T) {
	for _, erased := range []bool{false, true} {
		w := newWorld(t, memstore.New())
		w.manage("ann", "bob")
		w.own("ann", 30)
		w.delete("ann")
		documents, times := w.documents.(*memThings), 0
		documents.hook = func([]string, string, string) error {
			if times++; times == 1 {
				w.delete("bob")
				w.work()
				if erased {
					require.True(t, w.purge("bob"))
				}
			}
			return nil
		}
		w.work()
		assert.Equal(t, map[string]int{"eve": 33}, w.holders())
		assert.Equal(t, substitute.Done, w.phase("ann"))
	}
}

// TestNotOurs: what does not belong to the leaver any more when it is moved is left
// alone, and told apart.
func TestNotOurs(t *testing.T) {
	each(t, func(t *testing.T, s store) {
		w := newWorld(t, s)
		w.own("ann", 20)
		w.suspend("ann")
		documents, times := w.documents.(*memThings), 0
		documents.hook = func([]string, string, string) error {
			if times++; times == 1 {
				documents.give("document-0002", w.ids["dan"])
			}
			return nil
		}
		w.work()
		h := w.handover("ann")
		assert.Equal(t, map[string]int{"document": 19, "session": 2}, h.Moved)
		_, events := w.audited(h.ID)
		assert.NotContains(t, events, "document-0002")
		require.NoError(t, w.Undo(ctx, tenant, h.ID))
		w.work()
		assert.Equal(t, map[string]int{"ann": 21, "dan": 1}, w.holders())
		assert.Equal(t, map[string]int{"document": 0, "session": 0}, w.handover("ann").Left)
	})
}

// TestTenants: another tenant neither sees nor changes anything.
func TestTenants(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 10)
	w.settings.Substitute = nil
	w.delete("ann")
	w.work()
	id := w.handover("ann").ID
	all, _, err := w.List(ctx, "other", substitute.Query{})
	require.NoError(t, err)
	assert.Empty(t, all)
	_, err = w.Get(ctx, "other", id)
	require.ErrorIs(t, err, substitute.ErrNotFound)
	require.ErrorIs(t, w.Assign(ctx, "other", id, w.ids["eve"]), substitute.ErrNotFound)
	require.ErrorIs(t, w.Abandon(ctx, "other", id), substitute.ErrNotFound)
	got, err := w.Get(ctx, tenant, id)
	require.NoError(t, err)
	assert.Equal(t, substitute.Parked, got.Phase)
}

func TestList(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 30)
	for _, name := range []string{"ann", "bob", "cid"} {
		w.suspend(name)
	}
	w.settings.Substitute = nil
	w.work()
	var got []string
	q := substitute.Query{Limit: 1}
	for {
		page, next, err := w.List(ctx, tenant, q)
		require.NoError(t, err)
		for _, h := range page {
			got = append(got, w.name(h.UserID)+" "+string(h.Phase))
		}
		if q.After = next; next == "" {
			break
		}
	}
	slices.Sort(got)
	assert.Equal(t, []string{"ann parked", "bob done", "cid done"}, got)
	done, _, err := w.List(ctx, tenant, substitute.Query{Phase: substitute.Done})
	require.NoError(t, err)
	assert.Len(t, done, 2)

	require.NoError(t, w.Assign(ctx, tenant, w.handover("ann").ID, w.ids["dan"]))
	w.work()
	batches, err := w.Batches(ctx, tenant, w.handover("ann").ID, 1, 2)
	require.NoError(t, err)
	require.Len(t, batches, 2)
	assert.Equal(t, 2, batches[0].N)
}

func TestNew(t *testing.T) {
	documents := newThings("document")
	tests := []struct {
		name string
		c    substitute.Config
		want string
	}{
		{"nothing owned", substitute.Config{}, "Config.Owned is empty"},
		{"nil", substitute.Config{Owned: []substitute.Owned{nil}}, "Config.Owned[0] is nil"},
		{"no kind", substitute.Config{Owned: []substitute.Owned{newThings("")}}, `needs a kind of its own, not ""`},
		{"a kind twice", substitute.Config{Owned: []substitute.Owned{documents, documents}}, `Config.Owned[1] needs a kind of its own, not "document"`},
		{"batch too small", substitute.Config{Owned: []substitute.Owned{documents}, Batch: -1}, "between 1 and 1000"},
		{"batch too large", substitute.Config{Owned: []substitute.Owned{documents}, Batch: substitute.MaxBatch + 1}, "between 1 and 1000"},
		{"negative time", substitute.Config{Owned: []substitute.Owned{documents}, Lease: -1}, "must not be negative"},
		{"largest batch", substitute.Config{Owned: []substitute.Owned{documents}, Batch: substitute.MaxBatch}, ""},
	}
	for _, tt := range tests {
		c, err := substitute.New(tt.c)
		if tt.want == "" {
			assert.NoError(t, err, tt.name)
			continue
		}
		assert.ErrorContains(t, err, tt.want, tt.name)
		assert.Nil(t, c)
	}
}

// TestUnbound: what a console calls too early is an error, not a panic.
func TestUnbound(t *testing.T) {
	c, err := substitute.New(substitute.Config{Owned: []substitute.Owned{newThings("document")}})
	require.NoError(t, err)
	_, _, listErr := c.List(ctx, tenant, substitute.Query{})
	_, getErr := c.Get(ctx, tenant, "x")
	_, batchErr := c.Batches(ctx, tenant, "x", 0, 0)
	_, previewErr := c.Preview(ctx, tenant, "x")
	for _, err := range []error{listErr, getErr, batchErr, previewErr, c.Undo(ctx, tenant, "x"), c.Choose(ctx, tenant, "x", "y")} {
		assert.ErrorContains(t, err, "scim.Config.Offboard")
	}
}

// TestStoreFails: a departure that can't be stored is an error of the request.
func TestStoreFails(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.faults = &faults{at: 2, what: fail}
	w.restart()
	require.ErrorIs(t, w.trySuspend("ann"), errFault)
	leaving, err := w.leaving(ctx, tenant, w.ids["ann"])
	require.NoError(t, err)
	assert.False(t, leaving, "nothing is stored without the other")
	require.NoError(t, w.trySuspend("ann"))
}

// TestTransactionRunsTwice: what a store may run again changes nothing twice.
func TestTransactionRunsTwice(t *testing.T) {
	w := newWorld(t, twice{memstore.New()})
	w.manage("ann", "bob")
	w.own("ann", 30)
	w.suspend("ann")
	w.work()
	assert.Equal(t, map[string]int{"bob": 33}, w.holders())
	assert.Len(t, w.events(scim.HandoverPlanned), 1)
	assert.Len(t, w.events(scim.HandoverDone), 1)
	batches, events := w.audited(w.handover("ann").ID)
	assert.Equal(t, w.all(), batches)
	assert.Equal(t, batches, events)
	w.back("ann")
	require.NoError(t, w.Undo(ctx, tenant, w.handover("ann").ID))
	w.work()
	assert.Equal(t, map[string]int{"ann": 33}, w.holders())
	w.delete("ann")
	w.work()
	assert.True(t, w.purge("ann"))
}

// twice runs every transaction twice, the first time in vain.
type twice struct{ *memstore.Store }

func (s twice) InTx(ctx context.Context, f func(ctx context.Context) error) error {
	again := errors.New("again")
	err := s.Store.InTx(ctx, func(ctx context.Context) error { return errors.Join(f(ctx), again) })
	if !errors.Is(err, again) {
		return err
	}
	return s.Store.InTx(ctx, f)
}
