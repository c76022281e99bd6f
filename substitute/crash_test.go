package substitute_test

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/substitute"
)

// Crash tests: a user who owns 1,000 objects is deleted, everything is handed over, the
// user is erased, and at each call that is made on the way something goes wrong, before
// it has its effect or after. Then another process goes on with the same data.

const (
	crashDocuments = 900
	crashSessions  = 100
	crashBatch     = 100
)

// newCrashWorld is ann with 1,000 objects, whose manager is bob.
func newCrashWorld(t require.TestingT, s store, documents, sessions things) *world {
	w := newWorld(t, s)
	w.manage("ann", "bob")
	w.config.Batch = crashBatch
	w.documents, w.sessions = documents, sessions
	w.restart()
	documents.give("document-of-bob", w.ids["bob"])
	documents.give("document-of-cid", w.ids["cid"])
	return w
}

// deleted deletes ann as an IdP does, which tries again; it reports whether it had to be
// ended.
func (w *world) deleted() bool {
	if w.isHidden("ann") || !w.exists(w.ids["ann"]) {
		return true
	}
	return w.survive(func() error { return w.tryDelete("ann") }) && w.isHidden("ann")
}

// survive calls f, which may fail or panic, and reports whether it did neither.
func (w *world) survive(f func() error) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			require.Equal(w.t, errFault, r)
			ok = false
		}
	}()
	err := f()
	if err != nil {
		require.ErrorIs(w.t, err, errFault)
	}
	return err == nil
}

// offboard does everything until ann is erased, or this process is dead. After each step
// it holds that nothing is lost, and that ann is there as long as it is not done.
func (w *world) offboard() {
	for range 500 {
		if w.faults != nil && w.faults.dead {
			return
		}
		if !w.deleted() {
			continue
		}
		more := false
		w.survive(func() (err error) {
			more, err = w.Work(ctx)
			return err
		})
		w.survive(func() (err error) {
			if w.exists(w.ids["ann"]) {
				_, err = w.tryPurge("ann")
			}
			return err
		})
		left := w.holders()["ann"]
		if !w.exists(w.ids["ann"]) {
			require.Zero(w.t, left, "ann is erased and still owns %d objects", left)
			done := false
			if w.survive(func() error {
				all, _, err := w.List(ctx, tenant, substitute.Query{Phase: substitute.Done})
				done = len(all) == 1
				return err
			}); done {
				return
			}
		}
		if !more {
			w.clock.add(time.Hour) // what has failed is tried again
		}
	}
	require.Fail(w.t, "it does not come to an end")
}

// check holds that everything is as it has to be in the end.
func (w *world) check(what string) {
	require.Equal(w.t, map[string]int{"bob": crashDocuments + crashSessions + 1, "cid": 1}, w.holders(), what)
	seen := map[string]bool{}
	for _, things := range []things{w.documents, w.sessions} {
		for _, tr := range things.transfers() {
			require.False(w.t, seen[tr.id], "%s: %s was moved twice", what, tr.id)
			require.Equal(w.t, w.ids["bob"], tr.to, what)
			seen[tr.id] = true
		}
	}
	require.Len(w.t, seen, crashDocuments+crashSessions, what)
	h := w.handover("ann")
	require.Equal(w.t, substitute.Done, h.Phase, what)
	require.Equal(w.t, map[string]int{"document": crashDocuments, "session": crashSessions}, h.Moved, what)
	batches, events := w.audited(h.ID)
	require.Len(w.t, batches, crashDocuments+crashSessions, what)
	require.Equal(w.t, batches, events, what)
	for _, id := range batches {
		require.True(w.t, seen[id], "%s: %s", what, id)
	}
}

// crash does all of it with one fault, and reports how many calls it took.
func crash(t require.TestingT, s store, documents, sessions things, f *faults) int {
	what := fmt.Sprintf("call %d, after: %v, fault %d", f.at, f.after, f.what)
	w := newCrashWorld(t, s, documents, sessions)
	for _, id := range ids("document", crashDocuments) {
		w.documents.give(id, w.ids["ann"])
	}
	for _, id := range ids("session", crashSessions) {
		w.sessions.give(id, w.ids["ann"])
	}
	w.faults = f
	w.restart()
	w.offboard()
	if f.dead {
		w.faults = nil
		w.restart()
		w.offboard()
	}
	w.faults = nil
	w.restart()
	w.check(what)
	return f.calls
}

// TestCrashEverywhere: every call, before and after its effect, in memory.
func TestCrashEverywhere(t *testing.T) {
	run := func(f *faults) int {
		return crash(t, memstore.New(), newThings("document"), newThings("session"), f)
	}
	calls := run(&faults{})
	t.Log(calls, "calls")
	require.Greater(t, calls, 100)
	for _, what := range []fault{kill, fail, panics} {
		for _, after := range []bool{false, true} {
			for at := 1; at <= calls; at++ {
				run(&faults{at: at, after: after, what: what})
			}
		}
	}
}

// TestCrashSQL: the same on databases, with the application's objects in tables of its
// own. Not every call, but over time all kinds of them.
func TestCrashSQL(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		for _, at := range []int{2, 36, 70, 125} {
			for _, after := range []bool{false, true} {
				s := openPrefix(t, db, fmt.Sprintf("c%d%v_", at, after))
				w := newCrashWorld(t, s, newSQLThings(t, db, "document"), newSQLThings(t, db, "session"))
				w.fill()
				w.faults = &faults{at: at, after: after, what: kill}
				w.restart()
				w.offboard()
				require.True(t, w.faults.dead)
				w.faults = nil
				w.restart()
				w.offboard()
				w.check(fmt.Sprintf("call %d, after: %v", at, after))
				w.documents.(*sqlThings).exec("DELETE FROM things")
				w.documents.(*sqlThings).exec("DELETE FROM transfers")
			}
		}
	})
}

func (w *world) fill() {
	w.documents.(*sqlThings).fill(crashDocuments, w.ids["ann"])
	w.sessions.(*sqlThings).fill(crashSessions, w.ids["ann"])
}

// killed names the database and the call at which this process, a child of the test,
// kills itself.
const killed = "MUSTER_TEST_KILLED"

// TestKilledProcess: the process that hands over is really killed, at some calls of the
// way. Another one goes on with the database that is left.
func TestKilledProcess(t *testing.T) {
	if spec := os.Getenv(killed); spec != "" {
		handOverUntilKilled(t, strings.SplitN(spec, ",", 4))
		return
	}
	for _, at := range []int{3, 17, 20, 24, 29, 101, 125} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("call %d, after %v", at, after), func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "test.db")
				db := dbtest.OpenSQLite(t, file)
				w := newCrashWorld(t, openSQL(t, db), newSQLThings(t, db, "document"), newSQLThings(t, db, "session"))
				w.fill()
				w.clock.add(time.Hour)

				child := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
				child.Env = append(os.Environ(), killed+"="+fmt.Sprintf("%d,%v,%s,%s", at, after, w.ids["ann"], file))
				out, err := child.CombinedOutput()
				require.Error(t, err)
				require.False(t, child.ProcessState.Exited(), "the child was to be killed: %s", out)

				w.offboard()
				w.check("after the child was killed")
			})
		}
	}
}

// handOverUntilKilled is the child: a world on a database that is there.
func handOverUntilKilled(t *testing.T, spec []string) {
	at, err := strconv.Atoi(spec[0])
	require.NoError(t, err)
	self, err := os.FindProcess(os.Getpid())
	require.NoError(t, err)
	db := dbtest.OpenSQLite(t, spec[3])
	w := &world{
		t: t, store: openSQL(t, db), clock: &clock{now: start}, ids: map[string]string{"ann": spec[2]},
		documents: newSQLThings(t, db, "document"), sessions: newSQLThings(t, db, "session"),
		config:   substitute.Config{Batch: crashBatch},
		settings: scim.Settings{Substitute: substitute.Manager()},
	}
	w.faults = &faults{at: at, after: spec[1] == "true", die: func() {
		_ = self.Kill()
		select {} // it is on its way
	}}
	w.restart()
	w.offboard()
}

// TestCrashWhileUndoing: the same for taking everything back, at every call.
func TestCrashWhileUndoing(t *testing.T) {
	run := func(f *faults) int {
		w := newCrashWorld(t, memstore.New(), newThings("document"), newThings("session"))
		for _, id := range ids("document", crashDocuments) {
			w.documents.give(id, w.ids["ann"])
		}
		w.suspend("ann")
		w.work()
		w.documents.give("document-0007", w.ids["cid"])
		id := w.handover("ann").ID
		w.faults = f
		w.restart()
		for range 100 {
			if f.dead && w.faults != nil {
				w.faults = nil
				w.restart()
			}
			phase := substitute.Phase("")
			w.survive(func() error {
				h, err := w.Get(ctx, tenant, id)
				phase = h.Phase
				return err
			})
			if phase == substitute.Undone {
				break
			}
			if phase == substitute.Done {
				w.survive(func() error { return w.Undo(ctx, tenant, id) })
			}
			w.survive(func() error { _, err := w.Work(ctx); return err })
			w.clock.add(time.Hour)
		}
		w.faults = nil
		w.restart()
		require.Equal(t, map[string]int{"ann": crashDocuments - 1, "bob": 1, "cid": 2}, w.holders())
		require.Len(t, w.documents.transfers(), 2*crashDocuments-1, "each there and back, but one")
		h := w.handover("ann")
		require.Equal(t, substitute.Undone, h.Phase)
		require.Equal(t, map[string]int{"document": 1}, h.Left)
		require.Len(t, w.events(scim.HandoverUndone), 1)
		return f.calls
	}
	calls := run(&faults{})
	require.Greater(t, calls, 30)
	for _, what := range []fault{kill, fail, panics} {
		for _, after := range []bool{false, true} {
			for at := 1; at <= calls; at++ {
				run(&faults{at: at, after: after, what: what})
			}
		}
	}
}
