package substitute_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/substitute"
)

const tenant scim.Tenant = "acme"

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

	userType = schema.MustCompile(schema.TypeConfig{
		Name: "User", Schema: schema.User(), Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}},
	})
)

// store has users and Muster's own records in the same transactions.
type store interface {
	scim.UserStore
	scim.StateStore
	scim.Transactor
	scim.UserTrash
}

// each runs a test on each kind of store.
func each(t *testing.T, f func(t *testing.T, s store)) {
	t.Run("memory", func(t *testing.T) { f(t, memstore.New()) })
	dbtest.Each(t, func(t *testing.T, db *sql.DB) { f(t, openSQL(t, db)) })
}

func openSQL(t testing.TB, db *sql.DB) store { return openPrefix(t, db, "") }

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is an application, its users, and what provisioning does to them.
type world struct {
	*substitute.Coordinator
	t         require.TestingT
	store     store
	clock     *clock
	documents things
	sessions  things
	settings  scim.Settings
	config    substitute.Config
	faults    *faults // nil is none
	ids       map[string]string
}

// newWorld has users ann to eve and the policy chosen, manager, default eve.
func newWorld(t require.TestingT, s store) *world {
	w := &world{
		t: t, store: s, clock: &clock{now: start}, documents: newThings("document"), sessions: newThings("session"), ids: map[string]string{},
	}
	for _, name := range []string{"ann", "bob", "cid", "dan", "eve"} {
		w.create(name, "")
	}
	w.settings = scim.Settings{
		HandOverOnSuspend: true,
		Substitute:        substitute.Chain(substitute.Chosen(), substitute.Manager(), substitute.User(w.ids["eve"]), substitute.Park()),
	}
	w.config = substitute.Config{Batch: 10}
	w.restart()
	return w
}

// restart is another process on the same data.
func (w *world) restart() {
	w.config.Owned = []substitute.Owned{w.faults.owned(w.documents), w.faults.owned(w.sessions)}
	c, err := substitute.New(w.config)
	require.NoError(w.t, err)
	s := w.faults.store(w.store)
	c.Bind(scim.Services{
		Users: s, State: s, InTx: s.InTx, Emit: w.emit, Leaving: w.leaving, Wake: func() {},
		Settings: func(_ context.Context, s scim.Scope) (*scim.Settings, error) {
			require.Equal(w.t, tenant, s.Tenant)
			settings := w.settings
			return &settings, nil
		},
		Now: w.clock.Now, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	w.Coordinator = c
}

const kindEvent scim.Kind = "test-event"

// emit stores events as the handler does: with the change, or not at all.
func (w *world) emit(ctx context.Context, t scim.Tenant, e scim.Event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return w.faults.store(w.store).PutState(ctx, t, scim.State{Kind: kindEvent, Key: rand.Text(), Data: data})
}

// events returns the events of some types, in no order.
func (w *world) events(types ...scim.EventType) (all []scim.Event) {
	records, _, err := w.store.ListState(ctx, tenant, scim.StateQuery{Kind: kindEvent})
	require.NoError(w.t, err)
	for _, r := range records {
		var e scim.Event
		require.NoError(w.t, json.Unmarshal(r.Data, &e))
		if slices.Contains(types, e.Type) {
			all = append(all, e)
		}
	}
	return all
}

func (w *world) leaving(ctx context.Context, t scim.Tenant, id string) (bool, error) {
	u, err := w.store.GetUser(ctx, t, id)
	if errors.Is(err, scim.ErrNotFound) {
		return true, nil
	}
	return err != nil || !schema.AsUser(u).Active(), err
}

// create makes a user; manager is a name of this world, or what an IdP would send.
func (w *world) create(name, manager string) string {
	b := schema.New(userType).ExternalID("x-"+name).Set("userName", name).Set("active", true)
	if id, ok := w.ids[manager]; ok {
		manager = id
	}
	if manager != "" {
		b.Set(schema.EnterpriseUserURN+":manager", map[string]any{"value": manager})
	}
	r, err := b.Build()
	require.NoError(w.t, err)
	r, err = w.store.CreateUser(ctx, tenant, scim.Write{New: r})
	require.NoError(w.t, err)
	w.ids[name] = r.ID()
	return r.ID()
}

// manage sets a user's manager.
func (w *world) manage(name, manager string) {
	if id, ok := w.ids[manager]; ok {
		manager = id
	}
	u, err := w.store.GetUser(ctx, tenant, w.ids[name])
	require.NoError(w.t, err)
	n, err := u.Edit().Set(schema.EnterpriseUserURN+":manager", map[string]any{"value": manager}).Build()
	require.NoError(w.t, err)
	_, err = w.store.UpdateUser(ctx, tenant, u.ID(), scim.Write{Old: u, New: n, Changed: []string{schema.EnterpriseUserURN + ":manager"}})
	require.NoError(w.t, err)
}

// name is the name of a user's id.
func (w *world) name(id string) string {
	for name, known := range w.ids {
		if known == id {
			return name
		}
	}
	return id
}

func (w *world) departure(u *schema.Resource, trigger scim.Trigger) scim.Departure {
	now := w.clock.Now()
	return scim.Departure{UserID: u.ID(), User: u, Manager: schema.AsUser(u).Manager(), Trigger: trigger, At: now, Due: now.Add(w.settings.HandOverAfter)}
}

// setActive writes active as a PATCH would, and f in the same transaction.
func (w *world) setActive(name string, active bool, f func(ctx context.Context, u *schema.Resource) error) error {
	return w.faults.store(w.store).InTx(ctx, func(ctx context.Context) error {
		u, err := w.store.GetUser(ctx, tenant, w.ids[name])
		if err != nil {
			return err
		}
		n, err := u.Edit().Set("active", active).Build()
		if err != nil {
			return err
		}
		if _, err = w.store.UpdateUser(ctx, tenant, u.ID(), scim.Write{Old: u, New: n, Changed: []string{"active"}}); err != nil {
			return err
		}
		return f(ctx, u)
	})
}

func (w *world) trySuspend(name string) error {
	return w.setActive(name, false, func(ctx context.Context, u *schema.Resource) error {
		return w.Depart(ctx, tenant, w.departure(u, scim.TriggerSuspend))
	})
}

func (w *world) suspend(name string) { require.NoError(w.t, w.trySuspend(name)) }

func (w *world) tryBack(name string) error {
	id := w.ids[name]
	if w.isHidden(name) {
		return w.faults.store(w.store).InTx(ctx, func(ctx context.Context) error {
			u := w.hidden(ctx, id)
			n, err := u.Edit().Set("active", true).Build()
			if err != nil {
				return err
			}
			if _, err := w.store.RestoreUser(ctx, tenant, id, scim.Write{Old: u, New: n, Changed: []string{"active"}}); err != nil {
				return err
			}
			return w.Return(ctx, tenant, id)
		})
	}
	return w.setActive(name, true, func(ctx context.Context, u *schema.Resource) error { return w.Return(ctx, tenant, id) })
}

func (w *world) back(name string) { require.NoError(w.t, w.tryBack(name)) }

func (w *world) hidden(ctx context.Context, id string) *schema.Resource {
	page, err := w.store.HiddenUsers(ctx, tenant, scim.Query{IDs: []string{id}, StartIndex: 1, Count: 1})
	require.NoError(w.t, err)
	if len(page.Resources) == 0 {
		return nil
	}
	return page.Resources[0]
}

func (w *world) isHidden(name string) bool { return w.hidden(ctx, w.ids[name]) != nil }

// exists reports whether a user is not erased.
func (w *world) exists(id string) bool {
	_, err := w.store.GetUser(ctx, tenant, id)
	return err == nil || w.hidden(ctx, id) != nil
}

// tryDelete hides a user, as DELETE does.
func (w *world) tryDelete(name string) error {
	return w.faults.store(w.store).InTx(ctx, func(ctx context.Context) error {
		u, err := w.store.GetUser(ctx, tenant, w.ids[name])
		if err != nil {
			return err
		}
		if err := w.store.HideUser(ctx, tenant, u.ID(), ""); err != nil {
			return err
		}
		return w.Depart(ctx, tenant, w.departure(u, scim.TriggerDelete))
	})
}

func (w *world) delete(name string) { require.NoError(w.t, w.tryDelete(name)) }

// tryPurge erases a hidden user if that may be, and reports whether it did.
func (w *world) tryPurge(name string) (erased bool, err error) {
	err = w.faults.store(w.store).InTx(ctx, func(ctx context.Context) error {
		erased = false
		may, err := w.MayErase(ctx, tenant, w.ids[name])
		if err != nil || !may {
			return err
		}
		erased = true
		return w.store.DeleteUser(ctx, tenant, w.ids[name], "")
	})
	return erased && err == nil, err
}

func (w *world) purge(name string) bool {
	erased, err := w.tryPurge(name)
	require.NoError(w.t, err)
	return erased
}

// work lets the worker do what is due now.
func (w *world) work() {
	for range 1000 {
		more, err := w.Work(ctx)
		require.NoError(w.t, err)
		if !more {
			return
		}
	}
	require.Fail(w.t, "the worker does not come to an end")
}

// own gives n documents and n/10 sessions to a user.
func (w *world) own(name string, n int) {
	for _, id := range ids("document", n) {
		w.documents.give(id, w.ids[name])
	}
	for _, id := range ids("session", n/10) {
		w.sessions.give(id, w.ids[name])
	}
}

// holders counts objects by the name of their owner.
func (w *world) holders() map[string]int {
	counts := map[string]int{}
	for _, things := range []things{w.documents, w.sessions} {
		for _, owner := range things.owners() {
			counts[w.name(owner)]++
		}
	}
	return counts
}

// handover returns the latest hand-over of a user.
func (w *world) handover(name string) substitute.Handover {
	all, _, err := w.List(ctx, tenant, substitute.Query{UserID: w.ids[name]})
	require.NoError(w.t, err)
	require.NotEmpty(w.t, all, "no hand-over of %s", name)
	return all[len(all)-1]
}

func (w *world) phase(name string) substitute.Phase { return w.handover(name).Phase }

// audited returns the ids in the batches of a hand-over, and those in its events.
func (w *world) audited(id string) (batches, events []string) {
	all, err := w.Batches(ctx, tenant, id, 0, 0)
	require.NoError(w.t, err)
	for _, b := range all {
		if b.State == substitute.BatchMoved {
			batches = append(batches, b.IDs...)
		}
	}
	for _, e := range w.events(scim.HandoverMoved) {
		if strings.Contains(e.Detail, "hand-over "+id+",") {
			events = append(events, e.Added...)
		}
	}
	slices.Sort(batches)
	slices.Sort(events)
	return batches, events
}

// all returns the ids of everything that there is.
func (w *world) all() []string {
	return slices.Sorted(maps.Keys(w.everything()))
}

func (w *world) everything() map[string]string {
	all := w.documents.owners()
	maps.Copy(all, w.sessions.owners())
	return all
}

// snapshot is everything that could have been changed.
func (w *world) snapshot() any {
	all := []any{w.everything()}
	for _, kind := range []scim.Kind{"handover", "batch", "choice", kindEvent} {
		records, _, err := w.store.ListState(ctx, tenant, scim.StateQuery{Kind: kind})
		require.NoError(w.t, err)
		all = append(all, records)
	}
	return all
}

// replaceWord names a user in a text, which may end with the id or with a bracket.
func replaceWord(text, id, name string) string {
	if strings.HasSuffix(text, " "+id+")") {
		return strings.TrimSuffix(text, id+")") + name + ")"
	}
	return text
}

func openPrefix(t testing.TB, db *sql.DB, prefix string) store {
	s, err := sqlstore.Open(ctx, db, sqlstore.Options{UserType: userType, Prefix: prefix})
	require.NoError(t, err)
	return s
}
