package scim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

var (
	userType = schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User(), Extensions: []schema.Extension{
		{Schema: schema.EnterpriseUser()},
		{Schema: schema.Schema{ID: "urn:example:ext", Attributes: []schema.Attribute{
			{Name: "badge", Returned: schema.OnRequest},
			{Name: "pin", Returned: schema.Never},
			{Name: "lastLogin", Type: schema.DateTime, Mutability: schema.ReadOnly},
			{Name: "key", Type: schema.Complex, Sub: []schema.Attribute{
				{Name: "id"}, {Name: "secret", Returned: schema.Never}, {Name: "hint", Returned: schema.OnRequest}}},
		}}},
	}})
	groupType = schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: schema.Group()})
)

func typeNamed(name string) *schema.Type {
	return map[string]*schema.Type{"User": userType, "Group": groupType}[name]
}

// clock is a clock that only moves when told to.
type clock struct {
	lock sync.Mutex
	at   time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.at = c.at.Add(d)
}

// box is an outbox on a fresh memstore.
type box struct {
	*scim.Outbox
	*clock
	store *memstore.Store
	got   []scim.Event
	fail  func(scim.Event) error
}

func newBox() *box {
	b := &box{clock: newClock(), store: memstore.New()}
	b.Outbox = scim.NewOutbox(b.store, typeNamed, b.now)
	return b
}

func (b *box) receive(_ context.Context, e scim.Event) error {
	if b.fail != nil {
		if err := b.fail(e); err != nil {
			return err
		}
	}
	b.got = append(b.got, e)
	return nil
}

// details returns what was delivered since the last call.
func (b *box) details() []string {
	all := []string{}
	for _, e := range b.got {
		all = append(all, e.Detail)
	}
	b.got = nil
	return all
}

// drain delivers until nothing is due.
func (b *box) drain(t require.TestingT) {
	for more := true; more; {
		var err error
		more, err = b.Deliver(context.Background(), 10, b.receive)
		require.NoError(t, err)
	}
}

func (b *box) emit(t require.TestingT, id, detail string) {
	require.NoError(t, b.Emit(context.Background(), "t", scim.Event{Type: scim.UserUpdated, Resource: "User", ResourceID: id, Detail: detail}))
}

func resource(t require.TestingT, typ *schema.Type, id string, pairs ...any) *schema.Resource {
	b := schema.New(typ).ID(id).Meta(schema.Meta{Version: "1", Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), pairs[i+1])
	}
	r, err := b.Build()
	require.NoError(t, err)
	return r
}

// sameEvents compares events with the resources in them.
var sameEvents = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b *schema.Resource) bool {
		if a == nil || b == nil {
			return a == b
		}
		return a.Equal(b) && cmp.Equal(a.Meta(), b.Meta())
	}),
}

func TestOutboxDeliversWhatWasEmitted(t *testing.T) {
	b := newBox()
	e := scim.Event{
		Type: scim.UserUpdated, Resource: "User", ResourceID: "1", Connection: "entra", Actor: "token 7",
		Before: resource(t, userType, "1", "userName", "a", "urn:example:ext:badge", "7"),
		After: resource(t, userType, "1", "userName", "b", "urn:example:ext:lastLogin", "2026-01-02T03:04:05Z",
			"urn:example:ext:key", map[string]any{"id": "k", "hint": "h"}),
		Changed: []string{"userName"}, Added: []string{"x"}, Removed: []string{"y"}, Many: true, Detail: "why",
	}
	require.NoError(t, b.Emit(context.Background(), "t", e))
	b.drain(t)
	require.Len(t, b.got, 1)
	got := b.got[0]
	assert.NotEmpty(t, got.ID)
	e.ID, e.At, e.Tenant = got.ID, b.now(), "t"
	assert.Empty(t, cmp.Diff(e, got, sameEvents))

	b.got = nil
	b.move(24 * time.Hour)
	b.drain(t)
	assert.Empty(t, b.got, "it is delivered once")
}

func TestOutboxScope(t *testing.T) {
	b := newBox()
	s := newServer(t, func(c *scim.Config) {
		c.Auth = scim.StaticToken("secret", scim.Scope{Tenant: "acme", Connection: "okta", Actor: "token 7"})
		c.Users = emitting{c.Users, b}
	})
	s.user("bjensen")
	b.drain(t)
	require.Len(t, b.got, 1)
	assert.Equal(t, []any{scim.Tenant("acme"), "okta", "token 7"}, []any{b.got[0].Tenant, b.got[0].Connection, b.got[0].Actor})
}

// emitting emits an event for each user that is created.
type emitting struct {
	scim.UserStore
	b *box
}

func (s emitting) CreateUser(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	r, err := s.UserStore.CreateUser(ctx, t, w)
	return r, errors.Join(err, s.b.Emit(ctx, t, scim.Event{Type: scim.UserCreated, Resource: "User", ResourceID: r.ID()}))
}

func TestOutboxJoinsTheTransaction(t *testing.T) {
	b := newBox()
	err := b.store.InTx(context.Background(), func(ctx context.Context) error {
		require.NoError(t, b.Emit(ctx, "t", scim.Event{Type: scim.UserCreated, Resource: "User", ResourceID: "1"}))
		return errors.New("no")
	})
	require.Error(t, err)
	b.drain(t)
	assert.Empty(t, b.got)
}

func TestOutboxWithout(t *testing.T) {
	var none *scim.Outbox
	assert.NoError(t, none.Emit(context.Background(), "t", scim.Event{}))
}

func TestOutboxRetries(t *testing.T) {
	b := newBox()
	b.emit(t, "1", "a")
	b.emit(t, "1", "b")
	b.emit(t, "2", "c")
	b.fail = func(e scim.Event) error {
		if e.Detail == "a" {
			return errors.New("queue is down")
		}
		return nil
	}
	attempt := 0
	try := func() {
		attempt++
		more, err := b.Deliver(context.Background(), 10, b.receive)
		require.ErrorContains(t, err, fmt.Sprintf("user.updated, User 1, attempt %d", attempt))
		require.ErrorContains(t, err, "queue is down")
		assert.Equal(t, attempt == 1, more, "c came out, so there may be more")
	}
	try()
	assert.Equal(t, []string{"c"}, b.details(), "b waits for a")
	for _, wait := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600} {
		b.move(wait*time.Second - time.Millisecond)
		b.drain(t) // too early
		b.move(time.Millisecond)
		try()
	}
	b.fail = nil
	b.move(time.Hour)
	b.drain(t)
	assert.Equal(t, []string{"a", "b"}, b.details())
}

func TestOutboxSurvives(t *testing.T) {
	t.Run("a panic", func(t *testing.T) {
		b := newBox()
		b.emit(t, "1", "a")
		b.fail = func(scim.Event) error { panic("oops") }
		_, err := b.Deliver(context.Background(), 10, b.receive)
		require.ErrorContains(t, err, "oops")
		b.fail = nil
		b.move(time.Second)
		b.drain(t)
		assert.Equal(t, []string{"a"}, b.details())
	})
	t.Run("a worker that died", func(t *testing.T) {
		b := newBox()
		b.emit(t, "1", "a")
		_, err := b.store.ClaimState(context.Background(), "event", b.now(), time.Minute, 10)
		require.NoError(t, err)
		b.drain(t)
		assert.Empty(t, b.details())
		b.move(time.Minute)
		b.drain(t)
		assert.Equal(t, []string{"a"}, b.details())
	})
	t.Run("the end of the context", func(t *testing.T) {
		b := newBox()
		b.emit(t, "1", "a")
		b.emit(t, "2", "b")
		ctx, cancel := context.WithCancel(context.Background())
		b.fail = func(scim.Event) error { cancel(); return ctx.Err() }
		more, err := b.Deliver(ctx, 10, b.receive)
		require.NoError(t, err)
		assert.False(t, more)
		b.fail = nil
		b.drain(t) // at once, and by another
		assert.ElementsMatch(t, []string{"a", "b"}, b.details())
	})
	t.Run("slow deliveries: what is left goes back before the lease ends", func(t *testing.T) {
		b := newBox()
		for i := range 3 {
			b.emit(t, fmt.Sprint(i), "x")
		}
		b.fail = func(scim.Event) error { b.move(20 * time.Second); return nil }
		more, err := b.Deliver(context.Background(), 10, b.receive)
		require.NoError(t, err)
		assert.True(t, more)
		assert.Len(t, b.details(), 2)
		b.drain(t)
		assert.Len(t, b.details(), 1)
	})
	t.Run("a lease that ended: the outcome of the slower one does not count", func(t *testing.T) {
		b := newBox()
		b.emit(t, "1", "a")
		b.fail = func(scim.Event) error {
			b.fail = nil
			b.move(2 * time.Minute)
			b.drain(t) // another worker gets it, and is done
			return nil
		}
		b.drain(t)
		assert.Equal(t, []string{"a", "a"}, b.details(), "at least once")
	})
	t.Run("a record that is no event", func(t *testing.T) {
		b := newBox()
		require.NoError(t, b.store.PutState(context.Background(), "t", scim.State{Kind: "event", Key: "x", Due: b.now(), Data: []byte("{")}))
		b.emit(t, "1", "a")
		_, err := b.Deliver(context.Background(), 10, b.receive)
		require.ErrorContains(t, err, "event x can't be read")
		assert.Equal(t, []string{"a"}, b.details())
		records, _, err := b.store.ListState(context.Background(), "t", scim.StateQuery{Kind: "event"})
		require.NoError(t, err)
		require.Len(t, records, 1)
		assert.Equal(t, "{", string(records[0].Data))
	})
	t.Run("a type that is not served any more", func(t *testing.T) {
		b := newBox()
		e := scim.Event{Type: scim.GroupCreated, Resource: "Group", ResourceID: "1", After: resource(t, groupType, "1", "displayName", "x")}
		require.NoError(t, b.Emit(context.Background(), "t", e))
		without := scim.NewOutbox(b.store, func(string) *schema.Type { return nil }, b.now)
		_, err := without.Deliver(context.Background(), 10, b.receive)
		require.ErrorContains(t, err, `type "Group"`)
		b.move(time.Second)
		b.drain(t)
		assert.Len(t, b.got, 1, "nothing is lost")
	})
}

// TestOutboxOrder lets several workers deliver events of several resources, failing
// now and then: those of one resource come in the order in which they were emitted,
// and each comes.
func TestOutboxOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBox()
		want, got := map[string][]string{}, map[string][]string{}
		b.fail = func(e scim.Event) error {
			if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
				return errors.New("no")
			}
			got[e.ResourceID] = append(got[e.ResourceID], e.Detail)
			return nil
		}
		n := 0
		steps := rapid.IntRange(1, 40).Draw(t, "steps")
		for range steps {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				id := rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "id")
				n++
				b.emit(t, id, fmt.Sprint(n))
				want[id] = append(want[id], fmt.Sprint(n))
			case 1:
				_, _ = b.Deliver(context.Background(), rapid.IntRange(1, 4).Draw(t, "limit"), b.receive)
			case 2:
				b.move(time.Duration(rapid.IntRange(0, 5).Draw(t, "seconds")) * time.Second)
			}
			for id := range got {
				require.Equal(t, want[id][:len(got[id])], got[id])
			}
		}
		b.fail = func(e scim.Event) error {
			got[e.ResourceID] = append(got[e.ResourceID], e.Detail)
			return nil
		}
		b.move(2 * time.Hour)
		b.drain(t)
		require.Equal(t, want, got)
	})
}

func TestEventJSON(t *testing.T) {
	e := scim.Event{
		ID: "1", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Tenant: "acme", Type: scim.UserCreated, Resource: "User", ResourceID: "u",
		After: resource(t, userType, "u", "userName", "a", "urn:example:ext:pin", "1234", "urn:example:ext:badge", "7",
			"urn:example:ext:key", map[string]any{"id": "k", "secret": "s", "hint": "h"}),
	}
	text, err := json.Marshal(e)
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":"1","at":"2026-03-01T12:00:00Z","tenant":"acme","type":"user.created","resource":"User","resourceId":"u",
		"after":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:example:ext"],"id":"u","userName":"a",
			"urn:example:ext":{"badge":"7","key":{"id":"k","hint":"h"}},
			"meta":{"resourceType":"User","created":"2026-01-02T03:04:05Z","version":"W/\"1\""}}}`, string(text),
		"what is never returned to a client does not leave the application")

	got, err := scim.DecodeEvent(text, groupType, userType)
	require.NoError(t, err)
	e.After = resource(t, userType, "u", "userName", "a", "urn:example:ext:badge", "7", "urn:example:ext:key", map[string]any{"id": "k", "hint": "h"})
	assert.Empty(t, cmp.Diff(e, got, sameEvents))

	_, err = scim.DecodeEvent(text, groupType)
	assert.ErrorContains(t, err, `type "User"`)
	_, err = scim.DecodeEvent([]byte(`{`), userType)
	assert.ErrorContains(t, err, "can't be read")
	_, err = scim.DecodeEvent([]byte(`{"id":"7","resource":"User","before":{"active":"x"}}`), userType)
	assert.ErrorContains(t, err, "event 7: active")
}
