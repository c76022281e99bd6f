package sqlstore_test

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
	"github.com/muster-scim/muster/scim/sqlstore"
)

var errUndo = errors.New("undo")

// everything changes something of each sort with ctx.
func everything(t *testing.T, s *sqlstore.Store, ctx context.Context, ann, bob, g string) {
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
	_, err = s.Resources(userType).Create(ctx, acme, scim.Write{New: user(t, "laptop")})
	require.NoError(t, err)
	require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "a", Version: 1, Delete: true}, scim.State{Kind: "k", Key: "b"}))
}

func TestTransactionUndone(t *testing.T) { each(t, testTransactionUndone) }

func testTransactionUndone(t *testing.T, open opener) {
	ways := map[string]func(s *sqlstore.Store, do func(ctx context.Context)){
		"by an error": func(s *sqlstore.Store, do func(ctx context.Context)) {
			err := s.InTx(ctx, func(ctx context.Context) error { do(ctx); return errUndo })
			assert.Same(t, errUndo, err, "as it is")
		},
		"by a panic": func(s *sqlstore.Store, do func(ctx context.Context)) {
			assert.PanicsWithValue(t, "oh", func() {
				_ = s.InTx(ctx, func(ctx context.Context) error { do(ctx); panic("oh") })
			})
		},
		"by the end of the goroutine": func(s *sqlstore.Store, do func(ctx context.Context)) {
			var wg sync.WaitGroup
			wg.Go(func() {
				_ = s.InTx(ctx, func(ctx context.Context) error { do(ctx); runtime.Goexit(); return nil })
			})
			wg.Wait()
		},
		"by the outer one": func(s *sqlstore.Store, do func(ctx context.Context)) {
			err := s.InTx(ctx, func(ctx context.Context) error {
				assert.NoError(t, s.InTx(ctx, func(ctx context.Context) error { do(ctx); return nil }))
				return errUndo
			})
			assert.Same(t, errUndo, err)
		},
		"by the inner one": func(s *sqlstore.Store, do func(ctx context.Context)) {
			err := s.InTx(ctx, func(ctx context.Context) error {
				assert.Same(t, errUndo, s.InTx(ctx, func(ctx context.Context) error { do(ctx); return errUndo }))
				return nil
			})
			assert.NoError(t, err)
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			s := open(sqlstore.Options{})
			ann, bob := addUser(t, s, "ann"), addUser(t, s, "bob")
			g := addGroup(t, s, "g", ann)
			require.NoError(t, s.SetUserRoles(ctx, acme, ann, []string{"admin"}))
			require.NoError(t, s.PutState(ctx, acme, scim.State{Kind: "k", Key: "a"}))
			before := []*schema.Resource{mustGet(t, s, ann), mustGet(t, s, bob), getGroup(t, s, g)}

			way(s, func(ctx context.Context) { everything(t, s, ctx, ann, bob, g) })

			assert.Equal(t, before, []*schema.Resource{mustGet(t, s, ann), mustGet(t, s, bob), getGroup(t, s, g)})
			assert.Equal(t, []string{"ann", "bob"}, userNames(t, s, scim.Query{}))
			assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{Filter: filterOf(t, userType, `userName eq "ann"`)}))
			assert.Equal(t, []string{ann}, memberIDs(t, s, g))
			roles, err := s.UserRoles(ctx, acme, ann)
			require.NoError(t, err)
			assert.Equal(t, []string{"admin"}, roles)
			page, err := s.Resources(userType).List(ctx, acme, scim.Query{})
			require.NoError(t, err)
			assert.Zero(t, page.Total)
			records, _, err := s.ListState(ctx, acme, scim.StateQuery{Kind: "k"})
			require.NoError(t, err)
			assert.Equal(t, []scim.State{{Kind: "k", Key: "a", Version: 1}}, records)
			addUser(t, s, "new")
		})
	}
}

// TestTransactionSeesItself: f sees what it has done, nobody else does before it
// is over.
func TestTransactionSeesItself(t *testing.T) { each(t, testTransactionSeesItself) }

func testTransactionSeesItself(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
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
	assert.Contains(t, [][]string{{}, {"a", "b"}}, <-seen)
}

// TestEndedTransaction: a context that outlives its transaction is an ordinary one.
func TestEndedTransaction(t *testing.T) { each(t, testEndedTransaction) }

func testEndedTransaction(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	var late context.Context
	require.NoError(t, s.InTx(ctx, func(ctx context.Context) error {
		late = ctx
		return nil
	}))
	_, err := s.CreateUser(late, acme, scim.Write{New: user(t, "ann")})
	require.NoError(t, err)
	err = s.InTx(late, func(ctx context.Context) error {
		_, err := s.CreateUser(ctx, acme, scim.Write{New: user(t, "bob")})
		require.NoError(t, err)
		return errUndo
	})
	require.ErrorIs(t, err, errUndo)
	assert.Equal(t, []string{"ann"}, userNames(t, s, scim.Query{}))
}

// TestVersionsPass: what a transaction that was undone gave out is not given
// again.
func TestVersionsPass(t *testing.T) { each(t, testVersionsPass) }

func testVersionsPass(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
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
func TestGoroutines(t *testing.T) { each(t, testGoroutines) }

func testGoroutines(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
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
