package token_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token"
)

const day = 24 * time.Hour

func TestRotate(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i := open(t, s, &clock{now: start})
		old, oldSecret := i.issue(token.Issue{Description: "d", Connection: "c", UserName: "u", Lifetime: "90d", ReadOnly: true})
		i.clock.add(60 * day)
		fresh, freshSecret := i.rotate(old.ID, day)
		assert.Equal(t, token.Token{
			ID: fresh.ID, Tenant: "t1", Connection: "c", Description: "d", UserName: "u", ReadOnly: true, Lifetime: "90d",
			Created: start.Add(60 * day), Expires: start.Add(150 * day), Replaces: old.ID,
		}, fresh)
		old = i.get(old.ID)
		assert.Equal(t, fresh.ID, old.ReplacedBy)
		assert.Equal(t, start.Add(90*day), old.Expires)
		assert.Equal(t, start.Add(61*day), old.Ends())

		for secret, id := range map[string]string{oldSecret: old.ID, freshSecret: fresh.ID} { // two live
			assert.Equal(t, scim.Scope{Tenant: "t1", Connection: "c", Actor: id, ReadOnly: true}, i.accepts(secret))
		}
		i.clock.add(day)
		i.refuses(oldSecret, "token that was rotated")
		i.accepts(freshSecret)
	})
}

// TestRotateNeverExtends holds that an overlap does not prolong the old token, and that
// one which was given a date keeps it.
func TestRotateNeverExtends(t *testing.T) {
	i := inMemory(t)
	old, secret := i.issue(token.Issue{Lifetime: "2026-02-01"})
	fresh, _ := i.rotate(old.ID, 30*day)
	old = i.get(old.ID)
	assert.Equal(t, old.Expires, old.Ends())
	assert.Equal(t, old.Expires, fresh.Expires)

	_, _, err := i.Rotate(t.Context(), "t1", fresh.ID, token.Rotation{Lifetime: "1h"})
	var lifetime *token.LifetimeError
	require.ErrorAs(t, err, &lifetime)
	next, _, err := i.Rotate(t.Context(), "t1", fresh.ID, token.Rotation{Lifetime: "2027-01-31"}) // unless another is asked for
	require.NoError(t, err)
	assert.Equal(t, []any{"2027-01-31", start.AddDate(1, 0, 0).Add(12 * time.Hour)}, []any{next.Lifetime, next.Expires})

	i.clock.add(2 * day)
	i.refuses(secret, "expired token")
	_, _, err = i.Rotate(t.Context(), "t1", fresh.ID, token.Rotation{})
	require.ErrorIs(t, err, token.ErrEnded)
}

func TestRotateAtOnce(t *testing.T) {
	i := inMemory(t)
	for _, overlap := range []time.Duration{0, -time.Hour} {
		old, secret := i.issue(token.Issue{})
		i.accepts(secret)
		_, fresh := i.rotate(old.ID, overlap)
		i.refuses(secret, "token that was rotated")
		i.accepts(fresh)
		assert.Equal(t, start, i.get(old.ID).Ends())
	}
}

// TestNeverThreeLive rotates again before the first rotation is over.
func TestNeverThreeLive(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i, ctx := open(t, s, &clock{now: start}), t.Context()
		a, aSecret := i.issue(token.Issue{})
		b, bSecret := i.rotate(a.ID, day)
		_, _, err := i.Rotate(ctx, "t1", a.ID, token.Rotation{Overlap: day})
		require.ErrorIs(t, err, token.ErrRotating)
		c, cSecret := i.rotate(b.ID, day)
		i.refuses(aSecret, "token that was rotated")
		i.accepts(bSecret)
		i.accepts(cSecret)

		// The successor is gone: the one that is left can be rotated.
		require.NoError(t, i.Revoke(ctx, "t1", c.ID))
		d, _ := i.rotate(b.ID, day)
		require.NoError(t, i.Delete(ctx, "t1", d.ID))
		_, eSecret := i.rotate(b.ID, day)
		i.accepts(bSecret)
		i.accepts(eSecret)

		require.NoError(t, i.Revoke(ctx, "t1", b.ID)) // done early
		i.refuses(bSecret, "revoked token")
		i.accepts(eSecret)
		_, _, err = i.Rotate(ctx, "t1", b.ID, token.Rotation{Overlap: day})
		require.ErrorIs(t, err, token.ErrEnded)
	})
}

func TestCancelRotation(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i, ctx := open(t, s, &clock{now: start}), t.Context()
		old, oldSecret := i.issue(token.Issue{})
		require.ErrorIs(t, i.CancelRotation(ctx, "t1", old.ID), token.ErrNotRotating)

		_, freshSecret := i.rotate(old.ID, day)
		require.NoError(t, i.CancelRotation(ctx, "t1", old.ID))
		i.refuses(freshSecret, "revoked token")
		require.ErrorIs(t, i.CancelRotation(ctx, "t1", old.ID), token.ErrNotRotating)
		i.clock.add(2 * day)
		i.accepts(oldSecret)
		assert.Equal(t, old.Expires, i.get(old.ID).Ends())

		// The successor has ended in another way.
		fresh, _ := i.rotate(old.ID, day)
		require.NoError(t, i.Revoke(ctx, "t1", fresh.ID))
		require.NoError(t, i.CancelRotation(ctx, "t1", old.ID))
		assert.Equal(t, i.clock.Now(), i.get(fresh.ID).Revoked)
		i.clock.add(2 * day)
		i.accepts(oldSecret)

		// Too late.
		_, freshSecret = i.rotate(old.ID, day)
		i.clock.add(day)
		require.ErrorIs(t, i.CancelRotation(ctx, "t1", old.ID), token.ErrEnded)
		i.accepts(freshSecret)
	})
}

// TestRotateRace has two administrators press the button at once, while the token is
// in use.
func TestRotateRace(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		c := &clock{now: start}
		one, two := open(t, s, c), open(t, s, c)
		old, secret := one.issue(token.Issue{})
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for n, i := range []*instance{one, two} {
			wg.Go(func() { _, _, errs[n] = i.Rotate(t.Context(), "t1", old.ID, token.Rotation{Overlap: day}) })
			wg.Go(func() { _, _ = i.Authenticator().Authenticate(bearer(secret)) })
		}
		wg.Wait()
		if errs[0] != nil {
			errs[0], errs[1] = errs[1], errs[0]
		}
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], token.ErrRotating)
		all, err := one.List(t.Context(), "t1")
		require.NoError(t, err)
		require.Len(t, all, 2)
	})
}
