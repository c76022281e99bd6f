package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/token"
)

func TestLife(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i := open(t, s, &clock{now: start})
		tok, secret := i.issue(token.Issue{Description: "Entra ID", Connection: "entra", Lifetime: "30d"})
		want := token.Token{
			ID: tok.ID, Tenant: "t1", Connection: "entra", Description: "Entra ID", Lifetime: "30d",
			Created: start, Expires: start.AddDate(0, 0, 30),
		}
		require.Equal(t, want, tok)
		require.Equal(t, want, i.get(tok.ID))

		require.Equal(t, scim.Scope{Tenant: "t1", Connection: "entra", Actor: tok.ID}, i.accepts(secret))
		want.LastUsed = start
		require.Equal(t, want, i.get(tok.ID))

		i.clock.add(30*24*time.Hour - 1)
		i.accepts(secret)
		i.clock.add(1)
		i.refuses(secret, "expired token")
	})
}

func TestList(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i := open(t, s, &clock{now: start})
		var ids []string
		for _, description := range []string{"first", "second", "third"} {
			tok, _ := i.issue(token.Issue{Description: description})
			ids = append(ids, tok.ID)
			i.clock.add(time.Second)
		}
		nobody, _, err := i.Issue(t.Context(), "", token.Issue{}) // an application with one tenant may leave it empty
		require.NoError(t, err)
		require.NoError(t, i.Revoke(t.Context(), "t1", ids[1]))

		list := func(tenant scim.Tenant) (ids []string) {
			all, err := i.List(t.Context(), tenant)
			require.NoError(t, err)
			for _, tok := range all {
				ids = append(ids, tok.ID)
			}
			return ids
		}
		assert.Equal(t, ids, list("t1"))
		assert.Equal(t, []string{nobody.ID}, list(""))
		assert.Empty(t, list("t2"))

		require.NoError(t, i.Delete(t.Context(), "t1", ids[1]))
		assert.Equal(t, []string{ids[0], ids[2]}, list("t1"))
	})
}

// TestManyTokens has more of them than one statement reads.
func TestManyTokens(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i := open(t, s, &clock{now: start})
		for range 401 {
			i.issue(token.Issue{})
		}
		all, err := i.List(t.Context(), "t1")
		require.NoError(t, err)
		require.Len(t, all, 401)
	})
}

// TestTenants holds that an id of another tenant is unknown, whatever is asked.
func TestTenants(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i, ctx := open(t, s, &clock{now: start}), t.Context()
		tok, secret := i.issue(token.Issue{})
		for _, other := range []scim.Tenant{"t2", ""} {
			for _, id := range []string{tok.ID, "none", ""} {
				_, err := i.Get(ctx, other, id)
				require.ErrorIs(t, err, token.ErrNotFound)
				_, _, err = i.Rotate(ctx, other, id, token.Rotation{Overlap: time.Hour})
				require.ErrorIs(t, err, token.ErrNotFound)
				require.ErrorIs(t, i.CancelRotation(ctx, other, id), token.ErrNotFound)
				require.ErrorIs(t, i.Revoke(ctx, other, id), token.ErrNotFound)
				require.ErrorIs(t, i.Delete(ctx, other, id), token.ErrNotFound)
			}
			n, err := i.RevokeConnection(ctx, other, "")
			require.NoError(t, err)
			require.Zero(t, n)
		}
		require.Equal(t, scim.Tenant("t1"), i.accepts(secret).Tenant)
	})
}

func TestRevoke(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i := open(t, s, &clock{now: start})
		tok, secret := i.issue(token.Issue{})
		i.accepts(secret)
		require.NoError(t, i.Revoke(t.Context(), "t1", tok.ID))
		i.refuses(secret, "revoked token") // at once

		i.clock.add(time.Hour)
		require.NoError(t, i.Revoke(t.Context(), "t1", tok.ID))
		tok = i.get(tok.ID)
		assert.Equal(t, start, tok.Revoked)
		assert.Equal(t, start, tok.Ends())
		assert.Contains(t, i.log.String(), "token="+tok.ID)
		assert.Contains(t, i.log.String(), "revoked token")
	})
}

func TestDelete(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i := open(t, s, &clock{now: start})
		tok, secret := i.issue(token.Issue{})
		i.accepts(secret)
		require.NoError(t, i.Delete(t.Context(), "t1", tok.ID))
		i.refuses(secret, "unknown token")
		require.ErrorIs(t, i.Delete(t.Context(), "t1", tok.ID), token.ErrNotFound)
	})
}

func TestRevokeConnection(t *testing.T) {
	each(t, func(t *testing.T, s scim.StateStore) {
		i, ctx := open(t, s, &clock{now: start}), t.Context()
		one, _ := i.issue(token.Issue{Connection: "entra"})
		i.issue(token.Issue{Connection: "entra"})
		_, okta := i.issue(token.Issue{Connection: "okta"})
		require.NoError(t, i.Revoke(ctx, "t1", one.ID))
		n, err := i.RevokeConnection(ctx, "t1", "entra")
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		i.accepts(okta)
	})
}

// TestRefused has what is no token of ours: the store is not asked.
func TestRefused(t *testing.T) {
	store := &spy{StateStore: memstore.New()}
	i := open(t, store, &clock{now: start})
	_, secret := i.issue(token.Issue{})
	swapped := []byte(secret)
	swapped[10] ^= 1
	store.calls()
	for _, bad := range []string{
		"x", "_", "acme_", "______", secret + "x", secret[:len(secret)-1], string(swapped), strings.ToUpper(secret),
		strings.Replace(secret, "acme", "evil", 1), secret + secret, strings.Repeat("x", 1<<16), "acme_\xff_\x00", strings.Repeat("0", 7),
	} {
		i.refuses(bad, "not a token of ours, or mistyped")
	}
	for _, header := range []string{"", "Bearer", "Bearer ", secret, "Basic " + secret, "Digest x"} {
		_, err := i.Authenticator().Authenticate(request(header))
		require.EqualError(t, err, "scim: unauthorized: no token", header)
	}
	r := request("")
	r.URL.RawQuery = "access_token=" + secret
	_, err := i.Authenticator().Authenticate(r)
	require.ErrorIs(t, err, scim.ErrUnauthorized)
	lists, puts := store.calls()
	assert.Zero(t, lists+puts)

	_, elsewhere := inMemory(t).issue(token.Issue{})
	i.refuses(elsewhere, "unknown token") // of the right form
}

func TestForm(t *testing.T) { // P-7.4-01
	i := inMemory(t)
	seen := map[string]bool{}
	for range 1000 {
		tok, secret := i.issue(token.Issue{})
		require.False(t, seen[secret] || seen[tok.ID])
		seen[secret], seen[tok.ID] = true, true
		require.Regexp(t, `^acme_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$`, secret) // 62^43 > 2^256
	}
}

// TestPrefixMayChange holds that tokens which were issued before go on.
func TestPrefixMayChange(t *testing.T) {
	s, c := memstore.New(), &clock{now: start}
	_, secret := open(t, s, c).issue(token.Issue{})
	i := open(t, s, c, func(o *token.Options) { o.Prefix = "newco_scim" })
	i.accepts(secret)
	_, secret = i.issue(token.Issue{})
	assert.True(t, strings.HasPrefix(secret, "newco_scim_"))
	i.accepts(secret)
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]token.Options{
		"prefix \"a-b\" must be":           {Prefix: "a-b"},
		"prefix \"ä\" must be":             {Prefix: "ä"},
		"1 to 32 letters":                  {Prefix: strings.Repeat("x", 33)},
		"Options.Lifetime can't be used: ": {Lifetime: "1h"},
	} {
		_, err := token.New(memstore.New(), o)
		assert.ErrorContains(t, err, name)
	}
	_, err := token.New(nil, token.Options{})
	require.ErrorContains(t, err, "the state store is nil")

	// The zero value is usable, and a prefix may have 32 characters.
	i, err := token.New(memstore.New(), token.Options{Prefix: strings.Repeat("x", 32)})
	require.NoError(t, err)
	tok, secret, err := i.Issue(t.Context(), "t1", token.Issue{})
	require.NoError(t, err)
	assert.Equal(t, tok.Created.AddDate(1, 0, 0).Year(), tok.Expires.Year())
	_, err = i.Authenticator().Authenticate(bearer(secret.Reveal()))
	require.NoError(t, err)
}

func TestIssueRefuses(t *testing.T) {
	i := inMemory(t)
	_, secret, err := i.Issue(t.Context(), "t1", token.Issue{Lifetime: "1h"})
	var lifetime *token.LifetimeError
	require.ErrorAs(t, err, &lifetime)
	assert.False(t, secret.IsSet())
	for _, name := range []string{"a:b", "a\nb"} {
		_, _, err = i.Issue(t.Context(), "t1", token.Issue{UserName: name})
		require.ErrorContains(t, err, "must have neither colons nor control characters")
	}
	all, err := i.List(t.Context(), "t1")
	require.NoError(t, err)
	assert.Empty(t, all)
}
