package memstore_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

var errUndo = errors.New("undo")

// everything changes something of each sort with ctx.
func everything(t *testing.T, s *memstore.Store, ctx context.Context, ann, bob, cid, g string) {
	require.NoError(t, s.DeleteUser(ctx, acme, cid, ""))
	_, err := s.CreateUser(ctx, acme, scim.Write{New: user(t, "new")})
	require.NoError(t, err)
	_, err = s.UpdateUser(ctx, acme, ann, scim.Write{New: user(t, "ann2"), Changed: []string{"userName"}})
	require.NoError(t, err)
	_, err = s.UpdateGroup(ctx, acme, g, scim.GroupWrite{Members: patch.MemberDelta{Add: membersOf(bob), Remove: []string{ann}}})
	require.NoError(t, err)
	require.NoError(t, s.SetUserRoles(ctx, acme, ann, []string{"editor"}))
	require.NoError(t, s.HideUser(ctx, acme, ann, ""))
	require.NoError(t, s.DeleteUser(ctx, acme, bob, ""))
	require.NoError(t, s.DeleteGroup(ctx, acme, g, ""))
	_, err = s.Resources("Device").Create(ctx, acme, scim.Write{New: user(t, "laptop")})
	require.NoError(t, err)
	require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "a", Version: 1, Delete: true}, scim.State{Kind: "k", Key: "b"}))
}

func TestTransactionUndone(t *testing.T) {
	ways := map[string]func(s *memstore.Store, do func(ctx context.Context)){
		"by an error": func(s *memstore.Store, do func(ctx context.Context)) {
			err := s.InTx(ctx, func(ctx context.Context) error { do(ctx); return errUndo })
			assert.Same(t, errUndo, err, "as it is")
		},
		"by a panic": func(s *memstore.Store, do func(ctx context.Context)) {
			assert.PanicsWithValue(t, "oh", func() {
				_ = s.InTx(ctx, func(ctx context.Context) error { do(ctx); panic("oh") })
			})
		},
		"by the end of the goroutine": func(s *memstore.Store, do func(ctx context.Context)) {
			var wg sync.WaitGroup
			wg.Go(func() {
				_ = s.InTx(ctx, func(ctx context.Context) error { do(ctx); runtime.Goexit(); return nil })
			})
			wg.Wait()
		},
		"by the outer one": func(s *memstore.Store, do func(ctx context.Context)) {
			err := s.InTx(ctx, func(ctx context.Context) error {
				assert.NoError(t, s.InTx(ctx, func(ctx context.Context) error { do(ctx); return nil }))
				return errUndo
			})
			assert.Same(t, errUndo, err)
		},
		"by the inner one": func(s *memstore.Store, do func(ctx context.Context)) {
			err := s.InTx(ctx, func(ctx context.Context) error {
				assert.Same(t, errUndo, s.InTx(ctx, func(ctx context.Context) error { do(ctx); return errUndo }))
				return nil
			})
			assert.NoError(t, err)
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			s := memstore.New()
			ann, bob := addUser(t, s, "ann"), addUser(t, s, "bob")
			cid := addUser(t, s, "cid")
			g := addGroup(t, s, "g", ann, cid)
			require.NoError(t, s.HideUser(ctx, acme, cid, ""))
			require.NoError(t, s.SetUserRoles(ctx, acme, ann, []string{"admin"}))
			require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "a"}))
			before := []*schema.Resource{mustGet(t, s, ann), mustGet(t, s, bob), getGroup(t, s, g)}

			way(s, func(ctx context.Context) { everything(t, s, ctx, ann, bob, cid, g) })

			assert.Equal(t, before, []*schema.Resource{mustGet(t, s, ann), mustGet(t, s, bob), getGroup(t, s, g)})
			assert.Equal(t, []string{"ann", "bob"}, userNames(t, s, scim.Query{}))
			assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{Filter: filterOf(t, userType, `userName eq "ann"`)}))
			assert.Equal(t, []string{ann}, memberIDs(t, s, g))
			roles, err := s.UserRoles(ctx, acme, ann)
			require.NoError(t, err)
			assert.Equal(t, []string{"admin"}, roles)
			page, err := s.Resources("Device").List(ctx, acme, scim.Query{})
			require.NoError(t, err)
			assert.Zero(t, page.Total)
			records, _, err := s.ListState(ctx, acme, scim.StateQuery{Kind: "k"})
			require.NoError(t, err)
			assert.Equal(t, []scim.State{{Kind: "k", Key: "a", Version: 1}}, records)
			addUser(t, s, "new")
			hidden, err := s.HiddenUsers(ctx, acme, scim.Query{Count: 9})
			require.NoError(t, err)
			assert.Equal(t, []string{"cid"}, namesIn(hidden))
		})
	}
}

// TestInnerTransaction: one that fails within another takes back what is its own,
// and the other goes on as before.
func TestInnerTransaction(t *testing.T) {
	for _, fail := range []error{nil, errUndo} {
		s := memstore.New()
		create := func(ctx context.Context, name string) {
			_, err := s.CreateUser(ctx, acme, scim.Write{New: user(t, name)})
			require.NoError(t, err)
		}
		err := s.InTx(ctx, func(ctx context.Context) error {
			create(ctx, "before")
			assert.Same(t, errUndo, s.InTx(ctx, func(ctx context.Context) error { create(ctx, "within"); return errUndo }))
			create(ctx, "after")
			require.ErrorIs(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "a"}, scim.State{Kind: "k", Version: 9}), scim.ErrVersionMismatch)
			create(ctx, "last")
			return fail
		})
		assert.Equal(t, fail, err)
		if fail == nil {
			assert.Equal(t, []string{"before", "after", "last"}, userNames(t, s, scim.Query{}))
		} else {
			assert.Empty(t, userNames(t, s, scim.Query{}))
		}
	}
}

// TestTransactionSeesItself: f sees what it has done, nobody else does before it
// is over.
func TestTransactionSeesItself(t *testing.T) {
	s := memstore.New()
	started, seen := make(chan struct{}), make(chan []string)
	go func() {
		<-started
		seen <- userNames(t, s, scim.Query{})
	}()
	err := s.InTx(ctx, func(ctx context.Context) error {
		a, err := s.CreateUser(ctx, acme, scim.Write{New: user(t, "a")})
		require.NoError(t, err)
		close(started)
		_, err = s.GetUser(ctx, acme, a.ID())
		require.NoError(t, err)
		page, err := s.ListUsers(ctx, acme, scim.Query{Count: 5})
		require.NoError(t, err)
		assert.Equal(t, []string{"a"}, namesIn(page))
		for range 100 {
			runtime.Gosched()
		}
		_, err = s.CreateUser(ctx, acme, scim.Write{New: user(t, "b")})
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, <-seen)
}

// TestEndedTransaction: a context that outlives its transaction is an ordinary
// one, and a transaction of another store is none of this one.
func TestEndedTransaction(t *testing.T) {
	s, elsewhere := memstore.New(), memstore.New()
	var late context.Context
	require.NoError(t, s.InTx(ctx, func(ctx context.Context) error {
		late = ctx
		_, err := elsewhere.CreateUser(ctx, acme, scim.Write{New: user(t, "ann")})
		return err
	}))
	_, err := s.CreateUser(late, acme, scim.Write{New: user(t, "ann")})
	require.NoError(t, err)
	err = s.InTx(late, func(ctx context.Context) error {
		_, err := s.CreateUser(ctx, acme, scim.Write{New: user(t, "bob")})
		require.NoError(t, err)
		_, err = elsewhere.CreateUser(ctx, acme, scim.Write{New: user(t, "bob")})
		require.NoError(t, err)
		return errUndo
	})
	require.ErrorIs(t, err, errUndo)
	assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{}))
	assert.Equal(t, []string{"ann", "bob"}, userNames(t, elsewhere, scim.Query{}))
}

// TestVersionsPass: what a transaction that was undone gave out is not given
// again.
func TestVersionsPass(t *testing.T) {
	s := memstore.New()
	ann := addUser(t, s, "ann")
	var undone *schema.Resource
	_ = s.InTx(ctx, func(ctx context.Context) error {
		var err error
		undone, err = s.UpdateUser(ctx, acme, ann, scim.Write{New: user(t, "x", "title", "a"), Changed: []string{"title"}})
		require.NoError(t, err)
		return errUndo
	})
	after, err := updateUser(t, s, ann, "title", "b")
	require.NoError(t, err)
	assert.NotEqual(t, undone.Meta().Version, after.Meta().Version)
}

// TestGoroutines has everybody do everything, for the race detector. In between,
// two users in one transaction always come together.
func TestGoroutines(t *testing.T) {
	s := memstore.New()
	ids := addUsers(t, s, 50)
	g := addGroup(t, s, "g", ids[:25]...)
	pairs := filterOf(t, userType, `title eq "pair"`)
	race(8, func(i int) {
		for n := range 60 {
			id := ids[(i*7+n)%len(ids)]
			_, _ = s.UpdateUser(ctx, acme, id, scim.Write{New: user(t, "x", "nickName", string(rune('a'+n%26))), Changed: []string{"nickName"}})
			_, _ = updateMembers(s, g, patch.MemberDelta{Add: membersOf(id)})
			_, _ = updateMembers(s, g, patch.MemberDelta{Remove: []string{id}})
			_, _ = s.GetUser(ctx, acme, id)
			_, _ = s.ListMemberships(ctx, acme, scim.MembershipQuery{Members: ids, Limit: 10})
			_ = s.InTx(ctx, func(ctx context.Context) error {
				for _, name := range []string{"a", "b"} {
					r, err := s.CreateUser(ctx, acme, scim.Write{New: user(t, name+string(rune('0'+i)), "title", "pair")})
					if err != nil {
						return err
					}
					defer func() { _ = s.PutState(ctx, acme, scim.State{Kind: "k", Key: r.ID()}) }()
				}
				return nil
			})
			page, err := s.ListUsers(ctx, acme, scim.Query{Filter: pairs, Count: 100})
			assert.NoError(t, err)
			assert.Zero(t, page.Total%2)
			if n%2 == 1 {
				_ = s.InTx(ctx, func(ctx context.Context) error {
					page, err := s.ListUsers(ctx, acme, scim.Query{Filter: pairs, Count: 100})
					for _, r := range page.Resources {
						err = errors.Join(err, s.DeleteUser(ctx, acme, r.ID(), ""))
					}
					return err
				})
			}
		}
	})
}
