package substitute_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/substitute"
)

// model is a world in which anything may happen at any time, and what is known of who
// has to own what.
type model struct {
	*world
	names  []string
	erased map[string]bool
	given  map[string]bool // objects that the application has given to somebody

	// expected has the owner of each object by the transfers that were right when
	// they were made.
	expected map[string]string
}

// TestModel lets users leave, come back and be erased, administrators choose, assign,
// undo and give up, the application move things itself, and processes die at any call.
// Always each object has one owner, who is not erased; each transfer goes from a leaver to
// somebody who could inherit just then, or back; and the audit trail tells all of them.
// In the end nobody who has left owns anything, unless it is parked or taken back.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"suspend": m.suspendAny, "delete": m.deleteAny, "back": m.backAny, "purge": m.purgeAny,
			"choose": m.chooseAny, "assign": m.assignAny, "undo": m.undoAny, "abandon": m.abandonAny,
			"give": m.giveAny, "work": m.workSome, "work2": m.workSome, "crash": m.crashSome,
			"later": func(t *rapid.T) { m.clock.add(time.Duration(rapid.IntRange(1, 180).Draw(t, "minutes")) * time.Minute) },
			"":      m.invariants,
		})
		m.settle()
	})
}

func newModel(t *rapid.T) *model {
	m := &model{world: newWorld(t, memstore.New()), erased: map[string]bool{}, given: map[string]bool{}, expected: map[string]string{}}
	m.names = slices.Sorted(maps.Keys(m.ids))
	m.config.Batch = 2
	for _, name := range m.names {
		if manager := rapid.SampledFrom(append([]string{""}, m.names...)).Draw(t, "manager of "+name); manager != "" {
			m.manage(name, manager)
		}
	}
	for i, id := range ids("document", 14) {
		m.own1(id, m.names[i%len(m.names)])
	}
	for _, things := range []things{m.documents, m.sessions} {
		things.(*memThings).hook = func(ids []string, from, to string) error { m.moving(ids, from, to); return nil }
	}
	m.restart()
	return m
}

func (m *model) own1(id, name string) {
	m.documents.give(id, m.ids[name])
	m.expected[id] = m.ids[name]
}

// moving is told of each Move. It holds that it is a right one.
func (m *model) moving(moved []string, from, to string) {
	if m.isAway(from) && m.isFit(to) {
		m.transfer(moved, from, to)
		return
	}
	// Otherwise it is taken back: there is a record of it the other way round.
	m.transfer(moved, from, to)
	for _, h := range m.handovers() {
		if h.UserID != to {
			continue
		}
		batches, err := m.clean().Batches(ctx, tenant, h.ID, 0, 0)
		require.NoError(m.t, err)
		for _, b := range batches {
			if b.From == to && b.To == from && subset(moved, b.IDs) {
				return
			}
		}
	}
	require.Fail(m.t, "a wrong move", "%v from %s to %s", moved, m.name(from), m.name(to))
}

func (m *model) transfer(moved []string, from, to string) {
	for _, id := range moved {
		if m.expected[id] == from {
			m.expected[id] = to
		}
	}
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(id string) bool { return !slices.Contains(b, id) })
}

// clean is a coordinator of a process that is well.
func (m *model) clean() *substitute.Coordinator {
	other := *m.world
	other.faults = nil
	other.restart()
	return other.Coordinator
}

func (m *model) handovers() []substitute.Handover {
	all, _, err := m.clean().List(ctx, tenant, substitute.Query{})
	require.NoError(m.t, err)
	return all
}

func (m *model) isAway(id string) bool {
	leaving, err := m.leaving(ctx, tenant, id)
	require.NoError(m.t, err)
	return leaving
}

func (m *model) isFit(id string) bool { return m.exists(id) && !m.isAway(id) }

// some draws a user for whom ok holds, empty if there is none.
func (m *model) some(t *rapid.T, ok func(name string) bool) string {
	var all []string
	for _, name := range m.names {
		if !m.erased[name] && ok(name) {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return rapid.SampledFrom(all).Draw(t, "user")
}

func (m *model) isActive(name string) bool  { return !m.isAway(m.ids[name]) }
func (m *model) isVisible(name string) bool { return !m.isHidden(name) }

func (m *model) suspendAny(t *rapid.T) {
	if name := m.some(t, m.isActive); name != "" {
		m.suspend(name)
	}
}

func (m *model) deleteAny(t *rapid.T) {
	if name := m.some(t, m.isVisible); name != "" {
		m.delete(name)
	}
}

func (m *model) backAny(t *rapid.T) {
	if name := m.some(t, func(name string) bool { return !m.isActive(name) }); name != "" {
		m.back(name)
	}
}

func (m *model) purgeAny(t *rapid.T) {
	if name := m.some(t, m.isHidden); name != "" && m.purge(name) {
		m.erased[name] = true
	}
}

func (m *model) chooseAny(t *rapid.T) {
	user, heir := m.some(t, func(string) bool { return true }), m.some(t, func(string) bool { return true })
	if user == "" {
		return
	}
	err := m.Choose(ctx, tenant, m.ids[user], m.ids[heir])
	require.Equal(t, heir != user && m.isFit(m.ids[heir]), err == nil, "%v", err)
}

// someHandover draws a hand-over.
func (m *model) someHandover(t *rapid.T) (substitute.Handover, bool) {
	all := m.handovers()
	if len(all) == 0 {
		return substitute.Handover{}, false
	}
	return rapid.SampledFrom(all).Draw(t, "hand-over"), true
}

func (m *model) assignAny(t *rapid.T) {
	if h, ok := m.someHandover(t); ok {
		heir := rapid.SampledFrom(m.names).Draw(t, "heir")
		if err := m.Assign(ctx, tenant, h.ID, m.ids[heir]); err == nil {
			require.True(t, m.isFit(m.ids[heir]))
		}
	}
}

func (m *model) undoAny(t *rapid.T) {
	if h, ok := m.someHandover(t); ok {
		if err := m.Undo(ctx, tenant, h.ID); err == nil {
			require.True(t, m.exists(h.UserID))
		}
	}
}

func (m *model) abandonAny(t *rapid.T) {
	if h, ok := m.someHandover(t); ok && h.Phase == substitute.Parked && rapid.IntRange(0, 3).Draw(t, "sure") == 0 {
		require.NoError(t, m.Abandon(ctx, tenant, h.ID))
	}
}

// giveAny is the application: a user gives something away, or makes something new.
func (m *model) giveAny(t *rapid.T) {
	if name := m.some(t, m.isActive); name != "" {
		id := fmt.Sprintf("document-%04d", rapid.IntRange(0, 20).Draw(t, "object"))
		m.own1(id, name)
		m.given[id] = true
	}
}

func (m *model) workSome(t *rapid.T) {
	for range rapid.IntRange(1, 5).Draw(t, "times") {
		_, err := m.Work(ctx)
		require.NoError(t, err)
	}
}

// crashSome lets a worker die at any of its calls, and starts another one.
func (m *model) crashSome(t *rapid.T) {
	m.faults = &faults{
		at: rapid.IntRange(1, 60).Draw(t, "call"), after: rapid.Bool().Draw(t, "after"),
		what: rapid.SampledFrom([]fault{kill, fail, panics}).Draw(t, "fault"),
	}
	m.restart()
	for range 3 {
		m.survive(func() error { _, err := m.Work(ctx); return err })
	}
	m.faults = nil
	m.restart()
}

func (m *model) invariants(t *rapid.T) {
	owners := m.documents.owners()
	require.Equal(t, m.expected, owners, "what is where nobody has moved it")
	abandoned := map[string]bool{}
	for _, h := range m.handovers() {
		abandoned[h.UserID] = abandoned[h.UserID] || h.Phase == substitute.Abandoned
	}
	for id, owner := range owners {
		require.True(t, abandoned[owner] || m.exists(owner), "%s belongs to %s, who is erased", id, m.name(owner))
	}
}

// settle lets everything come to an end, and looks at who owns what then.
func (m *model) settle() {
	for range 20 {
		m.clock.add(time.Hour)
		m.work()
	}
	owns := map[string]int{}
	for _, owner := range m.documents.owners() {
		owns[owner]++
	}
	latest := map[string]substitute.Handover{}
	for _, h := range m.handovers() {
		latest[h.UserID] = h
		moved := maps.Clone(m.given)
		for _, tr := range m.documents.transfers() {
			moved[tr.id] = true
		}
		batches, err := m.Batches(ctx, tenant, h.ID, 0, 0)
		require.NoError(m.t, err)
		count, left := 0, 0
		for _, b := range batches {
			require.NotEqual(m.t, substitute.BatchRecorded, b.State, "nothing is left half done")
			left += len(b.Left)
			if b.State == substitute.BatchMoved {
				count += len(b.IDs) - len(b.Missed)
				require.True(m.t, subset(b.IDs, slices.Concat(slices.Collect(maps.Keys(moved)), b.Missed)))
			}
		}
		if left == 0 {
			require.Equal(m.t, count, h.Moved["document"], "%+v", h)
		}
	}
	for _, name := range m.names {
		id := m.ids[name]
		if m.erased[name] || m.isActive(name) {
			continue
		}
		h := latest[id]
		switch h.Phase {
		case substitute.Parked, substitute.Undone, substitute.Abandoned:
		default:
			require.Equal(m.t, substitute.Done, h.Phase, "%s", name)
			require.Zero(m.t, owns[id], "%s has left and owns %d", name, owns[id])
		}
	}
}
