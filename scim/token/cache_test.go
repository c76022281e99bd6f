package token_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/token"
)

// TestStatements is an identity provider in full flight: what it costs the database.
func TestStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		s, err := sqlstore.OpenState(t.Context(), db, sqlstore.Options{})
		require.NoError(t, err)
		i := open(t, s, &clock{now: start})
		_, secret := i.issue(token.Issue{})
		log := dbtest.Statements(db)

		log.Reset()
		i.accepts(secret)
		first := len(log.Work())
		assert.LessOrEqual(t, first, 4) // the read, and the note of the first use
		log.Reset()
		for range 25 * 9 {
			i.clock.add(40 * time.Millisecond)
			i.accepts(secret)
		}
		assert.Empty(t, log.All())
		i.clock.add(time.Second)
		i.accepts(secret)
		assert.Len(t, log.All(), 1)
	})
}

// TestLastUsed holds that a token which is used all the time is written seldom.
func TestLastUsed(t *testing.T) {
	store := &spy{StateStore: memstore.New()}
	i := open(t, store, &clock{now: start}, func(o *token.Options) { o.UsedEvery = 5 * time.Minute })
	tok, secret := i.issue(token.Issue{})
	store.calls()
	for range 600 { // ten minutes, with a request each second
		i.accepts(secret)
		i.clock.add(time.Second)
	}
	_, puts := store.calls()
	assert.Equal(t, 2, puts)
	assert.Equal(t, start.Add(5*time.Minute), i.get(tok.ID).LastUsed)
}

// TestLastUsedAtOnce has many requests at the moment that a use is to be noted: one does.
func TestLastUsedAtOnce(t *testing.T) {
	store := &spy{StateStore: memstore.New()}
	i := open(t, store, &clock{now: start}, func(o *token.Options) { o.UsedEvery = time.Second })
	_, secret := i.issue(token.Issue{})
	i.accepts(secret)
	i.clock.add(time.Second)
	store.calls()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := i.Authenticator().Authenticate(bearer(secret))
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	lists, puts := store.calls()
	assert.Equal(t, []int{0, 1}, []int{lists, puts})
}

// TestUseCannotBeNoted holds that a store that can't be written refuses nobody, is
// told of, and is not tried with each request.
func TestUseCannotBeNoted(t *testing.T) {
	store := &spy{StateStore: memstore.New()}
	i := open(t, store, &clock{now: start})
	tok, secret := i.issue(token.Issue{})
	store.put = errors.New("read-only")
	store.calls()
	for range 100 {
		i.accepts(secret)
	}
	lists, puts := store.calls()
	assert.Equal(t, []int{1, 1}, []int{lists, puts})
	assert.Contains(t, i.log.String(), "level=WARN")
	assert.Contains(t, i.log.String(), tok.ID)
	assert.Contains(t, i.log.String(), "read-only")
	i.log.Reset()

	// Another instance has noted it meanwhile: nothing to tell.
	store.put = scim.ErrVersionMismatch
	i.clock.add(time.Minute)
	i.accepts(secret)
	assert.Empty(t, i.log.String())
}

// TestOtherInstance states the bound: here at once, elsewhere within CacheFor.
func TestOtherInstance(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		c := &clock{now: start}
		here, there := open(t, s, c), open(t, s, c)
		for name, end := range map[string]func(id string) error{
			"revoked": func(id string) error { return here.Revoke(t.Context(), "t1", id) },
			"deleted": func(id string) error { return here.Delete(t.Context(), "t1", id) },
			"rotated": func(id string) error { _, _, err := here.Rotate(t.Context(), "t1", id, token.Rotation{}); return err },
		} {
			tok, secret := here.issue(token.Issue{})
			here.accepts(secret)
			there.accepts(secret)
			require.NoError(t, end(tok.ID), name)
			_, err := here.Authenticator().Authenticate(bearer(secret))
			require.ErrorIs(t, err, scim.ErrUnauthorized, name)
			c.add(10*time.Second - 1)
			there.accepts(secret) // at most
			c.add(1)
			_, err = there.Authenticator().Authenticate(bearer(secret))
			require.ErrorIs(t, err, scim.ErrUnauthorized, name)
		}
	})
}

func TestWithoutCache(t *testing.T) {
	s, c := memstore.New(), &clock{now: start}
	none := func(o *token.Options) { o.CacheFor = -1 }
	here, there := open(t, s, c, none), open(t, s, c, none)
	tok, secret := here.issue(token.Issue{})
	there.accepts(secret)
	require.NoError(t, here.Revoke(t.Context(), "t1", tok.ID))
	there.refuses(secret, "revoked token")
}

// TestRevokedWhileRead revokes a token between the moment that a request has read it
// and the moment that it is remembered.
func TestRevokedWhileRead(t *testing.T) {
	store := &spy{StateStore: memstore.New()}
	i := open(t, store, &clock{now: start}, func(o *token.Options) { o.CacheFor = 24 * time.Hour })
	tok, secret := i.issue(token.Issue{})
	store.afterList = func() { assert.NoError(t, i.Revoke(t.Context(), "t1", tok.ID)) }
	_, err := i.Authenticator().Authenticate(bearer(secret))
	require.NoError(t, err) // it was live when it was read
	i.refuses(secret, "revoked token")
}

// TestExpiryIsExact holds that the cache prolongs nothing.
func TestExpiryIsExact(t *testing.T) {
	i := inMemory(t, func(o *token.Options) { o.CacheFor = 1000 * time.Hour })
	_, secret := i.issue(token.Issue{Lifetime: "1d"})
	i.accepts(secret)
	i.clock.add(24 * time.Hour)
	i.refuses(secret, "expired token")
}

// TestCacheIsBounded uses more tokens than are remembered.
func TestCacheIsBounded(t *testing.T) {
	store := &spy{StateStore: memstore.New()}
	i := open(t, store, &clock{now: start}, func(o *token.Options) { o.CacheSize = 2 })
	var secrets []string
	for range 3 {
		_, secret := i.issue(token.Issue{})
		i.accepts(secret)
		secrets = append(secrets, secret)
		i.clock.add(time.Second)
	}
	store.calls()
	i.accepts(secrets[1])
	i.accepts(secrets[2])
	lists, _ := store.calls()
	assert.Zero(t, lists)
	i.accepts(secrets[0]) // the oldest was forgotten
	lists, _ = store.calls()
	assert.Equal(t, 1, lists)
}

// TestClockBack sets the clock back: what was read in the future is read again.
func TestClockBack(t *testing.T) {
	store := &spy{StateStore: memstore.New()}
	i := open(t, store, &clock{now: start})
	_, secret := i.issue(token.Issue{})
	i.accepts(secret)
	i.clock.add(-time.Hour)
	store.calls()
	i.accepts(secret)
	lists, _ := store.calls()
	assert.Equal(t, 1, lists)
}

func TestStoreDown(t *testing.T) {
	store := &spy{StateStore: memstore.New()}
	i := open(t, store, &clock{now: start})
	_, secret := i.issue(token.Issue{})
	store.listErr = errors.New("the database is down")
	_, err := i.Authenticator().Authenticate(bearer(secret))
	var answer *scim.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, http.StatusServiceUnavailable, answer.Status)
	assert.NotContains(t, answer.Detail, "database")
	require.ErrorIs(t, err, store.listErr)

	store.listErr = context.Canceled
	_, err = i.Authenticator().Authenticate(bearer(secret))
	require.Equal(t, context.Canceled, err)
}

// TestAllocations holds what a request costs that finds its token in the cache.
func TestAllocations(t *testing.T) {
	i := inMemory(t)
	_, secret := i.issue(token.Issue{})
	auth, r := i.Authenticator(), bearer(secret)
	_, err := auth.Authenticate(r)
	require.NoError(t, err)
	allocs := testing.AllocsPerRun(100, func() { _, err = auth.Authenticate(r) })
	require.NoError(t, err)
	assert.Zero(t, allocs)
}

func BenchmarkAuthenticate(b *testing.B) {
	tokens, err := token.New(memstore.New(), token.Options{})
	require.NoError(b, err)
	_, secret, err := tokens.Issue(b.Context(), "t1", token.Issue{})
	require.NoError(b, err)
	auth, r := tokens.Authenticator(), bearer(secret.Reveal())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := auth.Authenticate(r); err != nil {
			b.Fatal(err)
		}
	}
}
