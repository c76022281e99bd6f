package substitute_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/substitute"
)

// TestHeirs: who inherits from ann, of whom nothing is known but what the case does.
func TestHeirs(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(w *world)
		heir    string // empty: parked
		source  string
		passed  []string // words of those passed over
	}{
		{name: "nobody is named", prepare: func(w *world) { w.settings.Substitute = nil }},
		{name: "parked by policy", prepare: func(w *world) { w.settings.Substitute = substitute.Park() }},
		{name: "an empty chain", prepare: func(w *world) { w.settings.Substitute = substitute.Chain() }},
		{name: "an empty user", prepare: func(w *world) { w.settings.Substitute = substitute.User("") }},
		{name: "the end of the chain", prepare: func(w *world) {}, heir: "eve", source: "named user"},
		{name: "nobody behind Park", prepare: func(w *world) {
			w.settings.Substitute = substitute.Chain(substitute.Manager(), substitute.Park(), substitute.User(w.ids["eve"]))
		}},
		{name: "a chain in a chain", prepare: func(w *world) {
			w.settings.Substitute = substitute.Chain(substitute.Chain(substitute.Manager()), substitute.Chain(substitute.User(w.ids["dan"])))
		}, heir: "dan", source: "named user"},
		{name: "manager by id", prepare: func(w *world) { w.manage("ann", "bob") }, heir: "bob", source: "manager"},
		{name: "manager by userName", prepare: func(w *world) { w.manage("ann", "BOB") }, heir: "bob", source: "manager"},
		{name: "manager by externalId", prepare: func(w *world) { w.manage("ann", "x-bob") }, heir: "bob", source: "manager"},
		{name: "manager of no filter's shape", prepare: func(w *world) { w.manage("ann", "\x01\"\\") }, heir: "eve", source: "named user",
			passed: []string{"does not exist"}},
		{name: "manager unknown", prepare: func(w *world) { w.manage("ann", "nobody") }, heir: "eve", source: "named user",
			passed: []string{"manager nobody does not exist"}},
		{name: "choice before manager", prepare: func(w *world) {
			w.manage("ann", "bob")
			require.NoError(w.t, w.Choose(ctx, tenant, w.ids["ann"], w.ids["cid"]))
		}, heir: "cid", source: "choice"},
		{name: "a choice taken back", prepare: func(w *world) {
			require.NoError(w.t, w.Choose(ctx, tenant, w.ids["ann"], w.ids["cid"]))
			require.NoError(w.t, w.Choose(ctx, tenant, w.ids["ann"], w.ids["dan"]))
			require.NoError(w.t, w.Choose(ctx, tenant, w.ids["ann"], ""))
		}, heir: "eve", source: "named user"},
		{name: "default looked up late", prepare: func(w *world) {
			w.settings.Substitute = substitute.Default(func(context.Context, scim.Tenant) (string, error) { return w.ids["dan"], nil })
		}, heir: "dan", source: "default substitute"},
		{name: "default not set", prepare: func(w *world) {
			w.settings.Substitute = substitute.Default(func(context.Context, scim.Tenant) (string, error) { return "", nil })
		}},
		{name: "not the leaver", prepare: func(w *world) { w.manage("ann", "ann") }, heir: "eve", source: "named user"},
		{name: "not the leaver as default", prepare: func(w *world) { w.settings.Substitute = substitute.User(w.ids["ann"]) }},
		{name: "not who is suspended", prepare: func(w *world) {
			w.manage("ann", "bob")
			w.suspend("bob")
		}, heir: "eve", source: "named user (in place of bob)", passed: []string{"is not active"}},
		{name: "not who is deleted", prepare: func(w *world) {
			w.manage("ann", "bob")
			w.delete("bob")
		}, heir: "eve", source: "named user (in place of bob)", passed: []string{"does not exist"}},
		{name: "not of another tenant", prepare: func(w *world) {
			u, err := w.store.CreateUser(ctx, "other", scim.Write{New: newUser("far")})
			require.NoError(w.t, err)
			w.settings.Substitute = substitute.User(u.ID())
		}, passed: []string{"does not exist"}},
		{name: "the heir's manager in his place", prepare: func(w *world) {
			w.manage("ann", "bob")
			w.manage("bob", "cid")
			w.suspend("bob")
		}, heir: "cid", source: "manager (in place of bob)"},
		{name: "the heir of one who was erased is not known any more", prepare: func(w *world) {
			w.manage("ann", "bob")
			w.delete("bob")
			require.NoError(w.t, w.store.DeleteUser(ctx, tenant, w.ids["bob"], ""))
		}, heir: "eve", source: "named user (in place of bob)"},
		{name: "three leave in a row", prepare: func(w *world) {
			w.manage("ann", "bob")
			w.manage("bob", "cid")
			w.manage("cid", "dan")
			w.delete("bob")
			w.suspend("cid")
		}, heir: "dan", source: "manager (in place of cid)"},
		{name: "a circle", prepare: func(w *world) {
			w.manage("ann", "bob")
			w.manage("bob", "ann")
			w.suspend("bob")
		}, heir: "eve", source: "named user (in place of bob)"},
		{name: "a circle of others", prepare: func(w *world) {
			w.manage("ann", "bob")
			w.manage("bob", "cid")
			w.manage("cid", "bob")
			w.suspend("bob")
			w.suspend("cid")
		}, heir: "eve", source: "named user (in place of cid)"},
		{name: "all leave", prepare: func(w *world) {
			w.manage("ann", "bob")
			w.manage("eve", "bob")
			w.suspend("bob")
			w.suspend("eve")
		}},
		{name: "whom a leaver's things went to", prepare: func(w *world) {
			w.manage("ann", "bob")
			w.documents.give("bob's", w.ids["bob"])
			require.NoError(w.t, w.Choose(ctx, tenant, w.ids["bob"], w.ids["dan"]))
			w.delete("bob")
			w.work()
			require.NoError(w.t, w.Choose(ctx, tenant, w.ids["bob"], ""))
		}, heir: "dan", source: "choice (in place of bob)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, memstore.New())
			tt.prepare(w)
			w.documents.give("object", w.ids["ann"])
			before := w.snapshot()
			f, err := w.Preview(ctx, tenant, w.ids["ann"])
			require.NoError(t, err)
			require.Equal(t, before, w.snapshot(), "a preview changes nothing")
			assert.Equal(t, map[string]int{"document": 1, "session": 0}, f.Counts)

			w.suspend("ann")
			w.work()
			h := w.handover("ann")
			for name, id := range w.ids {
				h.Source = replaceWord(h.Source, id, name)
				f.Source = replaceWord(f.Source, id, name)
			}
			assert.Equal(t, tt.source, h.Source)
			assert.Equal(t, tt.source, f.Source)
			assert.Equal(t, w.ids[tt.heir], h.Heir)
			assert.Equal(t, h.Heir, f.Heir)
			assert.Equal(t, h.PassedOver, f.PassedOver)
			for _, words := range tt.passed {
				require.NotEmpty(t, h.PassedOver)
				assert.Contains(t, h.PassedOver[0], words)
			}
			owner := tt.heir
			if owner == "" {
				owner = "ann"
				assert.Equal(t, substitute.Parked, h.Phase)
			}
			assert.Equal(t, w.ids[owner], w.documents.owners()["object"])
		})
	}
}

// TestUnfit: who could not inherit is refused when an administrator names him.
func TestUnfit(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 10)
	w.settings.Substitute = nil
	w.suspend("ann")
	w.suspend("bob")
	w.delete("cid")
	w.work()
	id := w.handover("ann").ID
	for name, reason := range map[string]string{"ann": "is the leaver", "bob": "is not active", "cid": "does not exist", "nobody": "does not exist"} {
		for _, err := range []error{w.Assign(ctx, tenant, id, w.ids[name]), w.Choose(ctx, tenant, w.ids["ann"], "x"+w.ids[name])} {
			unfit, ok := errors.AsType[*substitute.UnfitError](err)
			require.True(t, ok, "%s: %v", name, err)
			if unfit.UserID == w.ids[name] {
				assert.Equal(t, reason, unfit.Reason)
			}
		}
	}
	require.NoError(t, w.Assign(ctx, tenant, id, w.ids["dan"]))
	w.suspend("dan") // between being named and inheriting
	w.work()
	assert.Equal(t, substitute.Parked, w.phase("ann"))
	assert.Equal(t, map[string]int{"ann": 11}, w.holders())
}

// TestPoliciesAlone: without a coordinator, policies name what they know.
func TestPoliciesAlone(t *testing.T) {
	p := substitute.Chain(substitute.Chosen(), substitute.Manager(), substitute.User("boss"))
	heirs, err := p.Heirs(ctx, tenant, scim.Departure{UserID: "ann", Manager: "bob"})
	require.NoError(t, err)
	assert.Equal(t, []scim.Heir{{UserID: "bob", Source: "manager"}, {UserID: "boss", Source: "named user"}}, heirs)
}

// TestPolicyFails: nothing is moved, and it is asked again.
func TestPolicyFails(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 10)
	broken := true
	w.settings.Substitute = substitute.Chain(substitute.Manager(), substitute.Default(func(context.Context, scim.Tenant) (string, error) {
		if broken {
			return "", errFault
		}
		return w.ids["eve"], nil
	}))
	w.suspend("ann")
	w.work()
	assert.Equal(t, 1, w.handover("ann").Attempts)
	_, err := w.Preview(ctx, tenant, w.ids["ann"])
	require.ErrorIs(t, err, errFault)
	broken = false
	w.clock.add(maxFirstWait)
	w.work()
	assert.Equal(t, map[string]int{"eve": 11}, w.holders())
}

// TestPolicyNamesEverybody: what a policy names is not looked at without end.
func TestPolicyNamesEverybody(t *testing.T) {
	w := newWorld(t, memstore.New())
	w.own("ann", 10)
	all := make([]scim.Heir, 10_000)
	for i, id := range ids("ghost", len(all)) {
		all[i] = scim.Heir{UserID: id, Source: "ghost"}
	}
	w.settings.Substitute = heirs(all)
	w.suspend("ann")
	w.work()
	assert.Len(t, w.handover("ann").PassedOver, 100)
	w.settings.Substitute = heirs(append(all[:99:99], scim.Heir{UserID: w.ids["eve"]}))
	_, err := w.Reconsider(ctx, tenant)
	require.NoError(t, err)
	w.work()
	assert.Equal(t, map[string]int{"eve": 11}, w.holders(), "the hundredth counts")
}

func TestPreview(t *testing.T) {
	w := newWorld(t, memstore.New())
	_, err := w.Preview(ctx, tenant, "nobody")
	require.ErrorIs(t, err, scim.ErrNotFound)
	w.own("ann", 10)
	w.settings.Substitute = nil
	w.delete("ann")
	w.work()
	require.NoError(t, w.Assign(ctx, tenant, w.handover("ann").ID, w.ids["bob"]))
	f, err := w.Preview(ctx, tenant, w.ids["ann"])
	require.NoError(t, err)
	assert.Equal(t, substitute.Forecast{Heir: w.ids["bob"], Source: "assigned", Counts: map[string]int{"document": 10, "session": 1}}, f)
}

// heirs names always the same.
type heirs []scim.Heir

func (h heirs) Heirs(context.Context, scim.Tenant, scim.Departure) ([]scim.Heir, error) {
	return h, nil
}

func newUser(name string) *schema.Resource {
	r, err := schema.New(userType).Set("userName", name).Build()
	if err != nil {
		panic(err)
	}
	return r
}
