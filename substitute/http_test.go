package substitute_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/substitute"
)

// contracts is a contract platform that Entra ID provisions, with a default substitute
// that the organisation picks in the application.
type contracts struct {
	*world
	t          *testing.T
	handler    *scim.Handler
	substitute string
	told       []scim.Event
}

func newContracts(t *testing.T, s store) *contracts {
	a := &contracts{t: t, world: &world{
		t: t, store: s, clock: &clock{now: start}, ids: map[string]string{},
		documents: newThings("contract"), sessions: newThings("approval step"),
	}}
	// The leaver is there as long as anything is moved.
	for _, things := range []things{a.documents, a.sessions} {
		things.(*memThings).hook = func(_ []string, from, _ string) error {
			assert.True(t, a.exists(from), "erased before it was handed over")
			return nil
		}
	}
	a.settings = scim.Settings{Substitute: substitute.Chain(
		substitute.Manager(),
		substitute.Default(func(context.Context, scim.Tenant) (string, error) { return a.ids[a.substitute], nil }),
	)}
	var err error
	a.Coordinator, err = substitute.New(substitute.Config{Owned: []substitute.Owned{a.documents, a.sessions}, Batch: 10})
	require.NoError(t, err)
	a.handler, err = scim.New(scim.Config{
		BaseURL: "https://contracts.example.com/scim/v2", Users: s, UserType: userType, State: s,
		Auth: scim.StaticToken("secret", scim.Scope{Tenant: tenant, Connection: "entra"}),
		Settings: func(context.Context, scim.Scope) (*scim.Settings, error) {
			settings := a.settings
			return &settings, nil
		},
		Offboard: a.Coordinator,
		Events:   func(_ context.Context, e scim.Event) error { a.told = append(a.told, e); return nil },
		Now:      a.clock.Now, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	require.NoError(t, err)
	for _, name := range []string{"ann", "bob", "eve"} {
		body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"%[1]s@example.com","externalId":"%[1]s@example.com","active":true}`, name)
		created := struct{ ID string }{}
		require.NoError(t, json.Unmarshal(a.call(http.MethodPost, "/Users", body, http.StatusCreated), &created))
		a.ids[name] = created.ID
	}
	return a
}

// call sends a request and holds the status of the answer.
func (a *contracts) call(method, path, body string, status int) []byte {
	a.t.Helper()
	r := httptest.NewRequest(method, "https://contracts.example.com/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	require.Equal(a.t, status, w.Code, w.Body)
	return w.Body.Bytes()
}

func (a *contracts) remove(name string) {
	a.t.Helper()
	a.call(http.MethodDelete, "/Users/"+a.ids[name], "", http.StatusNoContent)
	a.call(http.MethodGet, "/Users/"+a.ids[name], "", http.StatusNotFound)
}

func (a *contracts) patch(name, operation string) {
	a.t.Helper()
	a.call(http.MethodPatch, "/Users/"+a.ids[name],
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+operation+`]}`, http.StatusOK)
}

// run is the worker, and after a while once more.
func (a *contracts) run() {
	for range 2 {
		require.NoError(a.t, a.handler.RunOnce(ctx))
		a.clock.add(time.Minute)
	}
}

// order returns when the application was told of these of ann's, in order.
func (a *contracts) order(types ...scim.EventType) (got []scim.EventType) {
	for _, e := range a.told {
		if e.ResourceID == a.ids["ann"] && slices.Contains(types, e.Type) && !slices.Contains(got, e.Type) {
			got = append(got, e.Type)
		}
	}
	return got
}

// TestDefaultSubstitute is what a contract platform does with what a removed user owned.
func TestDefaultSubstitute(t *testing.T) {
	each(t, func(t *testing.T, s store) {
		a := newContracts(t, s)
		a.substitute = "eve"
		a.own("ann", 35)
		a.remove("ann")
		require.Equal(t, map[string]int{"ann": 38}, a.holders(), "an answer waits for nothing")
		a.run()
		assert.Equal(t, map[string]int{"eve": 38}, a.holders())
		assert.False(t, a.exists(a.ids["ann"]))
		in := []scim.EventType{scim.UserDeleted, scim.HandoverPlanned, scim.HandoverMoved, scim.HandoverDone, scim.UserErased}
		assert.ElementsMatch(t, in, a.order(in...))
		assert.Equal(t, in[2:], a.order(in[2:]...), "erased at the end")
		var moved []string
		for _, e := range a.told {
			if e.Type == scim.HandoverMoved {
				moved = append(moved, e.Added...)
			}
		}
		slices.Sort(moved)
		assert.Equal(t, a.all(), moved)
	})
}

// TestNoSubstitute: nothing is lost if there is none, or one who can't take over.
func TestNoSubstitute(t *testing.T) {
	tests := map[string]func(a *contracts){
		"none":       func(a *contracts) {},
		"the leaver": func(a *contracts) { a.substitute = "ann" },
		"deactivated": func(a *contracts) {
			a.substitute = "bob"
			a.patch("bob", `{"op":"Replace","path":"active","value":"False"}`)
		},
		"removed, too": func(a *contracts) { a.substitute = "bob"; a.remove("bob") },
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			a := newContracts(t, memstore.New())
			a.own("ann", 35)
			prepare(a)
			a.remove("ann")
			a.run()
			a.clock.add(365 * 24 * time.Hour)
			a.run()
			require.Equal(t, map[string]int{"ann": 38}, a.holders())
			require.True(t, a.exists(a.ids["ann"]))
			parked, err := a.Parked(ctx, tenant)
			require.NoError(t, err)
			require.Len(t, parked, 1)
			assert.Contains(t, a.order(scim.HandoverParked), scim.HandoverParked)

			a.substitute = "eve"
			n, err := a.Reconsider(ctx, tenant)
			require.NoError(t, err)
			assert.Equal(t, 1, n)
			a.run()
			assert.Equal(t, map[string]int{"eve": 38}, a.holders())
			assert.False(t, a.exists(a.ids["ann"]))
		})
	}
}

// TestManagerIsRemembered: Entra ID takes the manager away before it takes the user away.
func TestManagerIsRemembered(t *testing.T) {
	const path = `"path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"`
	a := newContracts(t, memstore.New())
	a.substitute = "eve"
	a.own("ann", 35)
	a.patch("ann", `{"op":"Add",`+path+`,"value":"`+a.ids["bob"]+`"}`)
	a.patch("ann", `{"op":"Remove",`+path+`}`)
	a.remove("ann")
	a.run()
	assert.Equal(t, map[string]int{"bob": 38}, a.holders())
}

// TestSuspendAndReturn: within the grace period nothing is moved; who comes back keeps
// everything, and who does not hands over.
func TestSuspendAndReturn(t *testing.T) {
	a := newContracts(t, memstore.New())
	a.substitute = "eve"
	a.settings.HandOverOnSuspend, a.settings.HandOverAfter = true, 24*time.Hour
	a.own("ann", 35)
	a.patch("ann", `{"op":"Replace","path":"active","value":"False"}`)
	a.run()
	a.clock.add(23 * time.Hour)
	a.run()
	require.Equal(t, map[string]int{"ann": 38}, a.holders())
	a.patch("ann", `{"op":"Replace","path":"active","value":"True"}`)
	a.clock.add(48 * time.Hour)
	a.run()
	require.Equal(t, map[string]int{"ann": 38}, a.holders())
	assert.Equal(t, substitute.Cancelled, a.phase("ann"))

	a.patch("ann", `{"op":"Replace","path":"active","value":"False"}`)
	a.clock.add(48 * time.Hour)
	a.run()
	assert.Equal(t, map[string]int{"eve": 38}, a.holders())
	a.patch("ann", `{"op":"Replace","path":"active","value":"True"}`)
	require.NoError(t, a.Undo(ctx, tenant, a.handover("ann").ID))
	a.run()
	assert.Equal(t, map[string]int{"ann": 38}, a.holders())
}
