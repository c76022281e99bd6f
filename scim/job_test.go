package scim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// apart is a store of users that shares no transaction with the state.
type apart struct {
	scim.UserStore
	scim.UserTrash
	scim.RoleSetter
}

// dying is a StateStore whose nth write from now fails, and all after it as long as it
// is down: as if the process had died there.
type dying struct {
	scim.StateStore
	left int // writes until it fails; negative is never
	down bool
}

var errDown = errors.New("the state is down")

func (f *dying) PutState(ctx context.Context, t scim.Tenant, s ...scim.State) error {
	if f.down || f.left == 0 {
		f.down = true
		return errDown
	}
	f.left--
	return f.StateStore.PutState(ctx, t, s...)
}

func (f *dying) repair() { f.down, f.left = false, -1 }

// TestSeparateState: without a shared transaction a crash between the two stores is
// healed by the worker: never an event, a cut session or a role too few.
func TestSeparateState(t *testing.T) {
	for _, write := range []struct {
		name string
		do   func(a *application, id string)
		want func(a *application, id string)
	}{
		{"create", func(a *application, _ string) { a.do("POST", "/Users", userBody("new", `"userType":"user"`)) },
			func(a *application, _ string) {
				r := a.find("/Users", `userName eq "new"`)
				if ids := r.values("Resources", "id"); len(ids) == 1 {
					assert.Equal(a.t, []string{"Contributor"}, a.roles(ids[0]))
				}
			}},
		{"suspend", func(a *application, id string) { a.suspend(id) },
			func(a *application, id string) {
				if a.get("/Users/"+id).is(200).at("active") == false {
					assert.False(a.t, a.signedIn(id))
					assert.Contains(a.t, a.told(id), scim.UserSuspended)
				} else {
					assert.True(a.t, a.signedIn(id))
				}
			}},
		{"delete", func(a *application, id string) { a.do("DELETE", "/Users/"+id, "") },
			func(a *application, id string) {
				if a.get("/Users/"+id).status == 404 {
					assert.False(a.t, a.signedIn(id))
					assert.Contains(a.t, a.told(id), scim.UserDeleted)
				}
			}},
		{"role", func(a *application, id string) {
			a.patch("/Users/"+id, `{"op":"replace","path":"userType","value":"admin"}`)
		},
			func(a *application, id string) {
				want := "Contributor"
				if a.get("/Users/"+id).at("userType") == "admin" {
					want = "Admin"
				}
				assert.Equal(a.t, []string{want}, a.roles(id))
			}},
	} {
		for n := range 6 {
			t.Run(fmt.Sprintf("%s, write %d fails", write.name, n), func(t *testing.T) {
				store := memstore.New()
				state := &dying{StateStore: memstore.New(), left: -1}
				a := newApplication(t, store, func(c *scim.Config) {
					c.Users, c.State = apart{store, store, store}, state
				})
				a.settings.OnDelete, a.settings.Retention = scim.Tombstone, 30*day
				id := a.userOf("ann", `"userType":"user"`)
				a.signIn(id)
				a.work()
				state.left = n
				write.do(a, id)
				state.repair()
				a.later(2 * time.Minute)
				write.want(a, id)
				records, _, err := state.ListState(t.Context(), tenant, scim.StateQuery{Kind: "job"})
				require.NoError(t, err)
				assert.Empty(t, records, "nothing is left to do")
			})
		}
	}
}

// TestRunDelivers: Run works off what requests leave, and ends with its context.
func TestRunDelivers(t *testing.T) {
	told := make(chan scim.Event, 10)
	a := newApplication(t, newMemory(), func(c *scim.Config) {
		c.Now = nil
		c.Events = func(_ context.Context, e scim.Event) error { told <- e; return nil }
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.handler.Run(ctx) }()
	id := a.userOf("ann", "")
	e := <-told
	assert.Equal(t, scim.UserCreated, e.Type)
	assert.Equal(t, id, e.ResourceID)
	assert.Equal(t, "entra", e.Connection)
	assert.Equal(t, "token-1", e.Actor)
	cancel()
	assert.ErrorIs(t, <-ended, context.Canceled)
}

// TestConfigNeeds: New says what is missing for what is asked, all at once.
func TestConfigNeeds(t *testing.T) {
	plain := struct{ scim.UserStore }{memstore.New()}
	_, err := scim.New(scim.Config{
		BaseURL: "https://x.example/scim", Auth: scim.StaticToken("t", scim.Scope{}), Users: plain,
		Cutoffs: []scim.Cutoff{{Name: "a"}}, Events: func(context.Context, scim.Event) error { return nil }, StateInTx: true,
	})
	require.Error(t, err)
	for _, want := range []string{"need Config.State", `cutoff "a"`, "StateInTx needs"} {
		assert.ErrorContains(t, err, want)
	}

	h, err := scim.New(scim.Config{BaseURL: "https://x.example/scim", Auth: scim.StaticToken("t", scim.Scope{}), Users: plain,
		Settings: scim.Fixed(scim.Settings{Roles: testRoles{}, OnDelete: scim.Tombstone})})
	require.NoError(t, err)
	err = h.Admin().Check(t.Context(), tenant, "")
	assert.ErrorContains(t, err, "Settings.Roles needs Config.State")
	assert.ErrorContains(t, err, "a store of users that is a RoleSetter")
	assert.ErrorContains(t, err, "Settings.OnDelete needs a store of users that is a UserTrash")
}

// TestNoWorker: an application that has work to do and nobody who does it is told, once.
func TestNoWorker(t *testing.T) {
	a := newApplication(t, newMemory())
	a.user("ann")
	assert.NotContains(t, a.server.log.String(), "Handler.Run")
	a.mu.Lock()
	a.at = a.at.Add(2 * time.Minute)
	a.mu.Unlock()
	a.user("bob")
	a.user("cid")
	assert.Equal(t, 1, strings.Count(a.server.log.String(), "neither Handler.Run"))
}

// TestWorkGoesOn: events that can't be delivered keep nothing else from being done.
func TestWorkGoesOn(t *testing.T) {
	down := errors.New("the queue is down")
	a := newApplication(t, newMemory(), func(c *scim.Config) {
		c.Events = func(context.Context, scim.Event) error { return down }
	})
	var ids []string
	for i := range 70 { // more than a worker takes at once
		ids = append(ids, a.userOf(fmt.Sprintf("user%d", i), ""))
		a.signIn(ids[i])
	}
	a.mu.Lock()
	a.cutFails = len(ids)
	a.mu.Unlock()
	for _, id := range ids {
		a.suspend(id).is(200)
		assert.True(t, a.signedIn(id))
	}
	a.mu.Lock()
	a.at = a.at.Add(time.Minute)
	a.mu.Unlock()
	assert.ErrorContains(t, a.handler.RunOnce(t.Context()), "the queue is down")
	for _, id := range ids {
		assert.False(t, a.signedIn(id))
	}
}
