package sqlstore_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

func TestHide(t *testing.T) { each(t, testHide) }

func testHide(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ann, bob := addUser(t, s, "ann", ext("badge"), "7", ext("passport"), "p"), addUser(t, s, "bob")
	g := addGroup(t, s, "g", ann, bob)
	require.NoError(t, s.SetUserRoles(ctx, acme, ann, []string{"admin"}))
	before, group := mustGet(t, s, ann), getGroup(t, s, g)

	require.NoError(t, s.HideUser(ctx, acme, ann, before.Meta().Version))

	_, err := s.GetUser(ctx, acme, ann)
	assert.ErrorIs(t, err, scim.ErrNotFound)
	assert.Equal(t, []string{"bob"}, userNames(t, s, scim.Query{}))
	for _, f := range []string{`userName eq "ann"`, `id eq "` + ann + `"`, ext("badge") + ` eq "7"`} {
		assert.Empty(t, userNames(t, s, scim.Query{Filter: filterOf(t, userType, f)}), f)
	}
	assert.Empty(t, userNames(t, s, scim.Query{IDs: []string{ann}}))
	assert.Equal(t, []string{bob}, memberIDs(t, s, g))
	for _, q := range []scim.MembershipQuery{{Members: []string{ann}}, {Groups: []string{g}, Members: []string{ann}}} {
		page, err := s.ListMemberships(ctx, acme, q)
		require.NoError(t, err)
		assert.Empty(t, page.Edges)
	}
	assert.NotEqual(t, group.Meta().Version, getGroup(t, s, g).Meta().Version)

	for _, q := range []scim.Query{
		{Count: 1}, {Count: 1, IDs: []string{ann, bob}}, {Count: 1, Filter: filterOf(t, userType, `userName eq "ANN"`)},
		{Count: 1, SortBy: attr(t, userType, "userName")},
	} {
		page, err := s.HiddenUsers(ctx, acme, q)
		require.NoError(t, err)
		assert.Equal(t, 1, page.Total)
		require.Len(t, page.Resources, 1)
		same(t, before, page.Resources[0])
	}
	page, err := s.HiddenUsers(ctx, other, scim.Query{})
	require.NoError(t, err)
	assert.Zero(t, page.Total)

	// Its unique values are free, here and in other tenants.
	addUser(t, s, "Ann", ext("badge"), "7")
	_, err = s.CreateUser(ctx, other, scim.Write{New: user(t, "x", ext("passport"), "p")})
	require.NoError(t, err)
	for _, back := range [][]any{{"ann"}, {"ann2", ext("badge"), "7"}, {"ann2", ext("passport"), "p"}} {
		_, err = s.RestoreUser(ctx, acme, ann, scim.Write{New: user(t, back[0].(string), back[1:]...)})
		assert.NotEmpty(t, taken(t, err))
	}
	assert.Equal(t, []string{"bob", "Ann"}, userNames(t, s, scim.Query{}), "a refused restoration does nothing")
}

func TestRestore(t *testing.T) { each(t, testRestore) }

func testRestore(t *testing.T, open opener) {
	s := open(sqlstore.Options{Now: stoppedClock})
	ann, bob := addUser(t, s, "ann", "title", "Lead"), addUser(t, s, "bob")
	g := addGroup(t, s, "g", ann, bob)
	h := addGroup(t, s, "h", ann)
	gone := addGroup(t, s, "gone", ann)
	require.NoError(t, s.SetUserRoles(ctx, acme, ann, []string{"admin"}))
	before := mustGet(t, s, ann)
	require.NoError(t, s.HideUser(ctx, acme, ann, ""))
	require.NoError(t, s.DeleteGroup(ctx, acme, gone, ""))
	group := getGroup(t, s, g)

	restored, err := s.RestoreUser(ctx, acme, ann, scim.Write{New: user(t, "ann2", "externalId", "x")})
	require.NoError(t, err)
	assert.Equal(t, ann, restored.ID())
	assert.Equal(t, "ann2", restored.Get("userName").String())
	assert.True(t, restored.Get("title").IsZero(), "it comes back as the write says")
	assert.Equal(t, before.Meta().Created, restored.Meta().Created)
	assert.True(t, restored.Meta().LastModified.After(before.Meta().LastModified))
	assert.NotEqual(t, before.Meta().Version, restored.Meta().Version)
	same(t, restored, mustGet(t, s, ann))

	assert.Equal(t, []string{"ann2", "bob"}, userNames(t, s, scim.Query{}), "at its old place")
	assert.Equal(t, []string{"ann2"}, userNames(t, s, scim.Query{Filter: filterOf(t, userType, `externalId eq "x"`)}))
	assert.Equal(t, []string{ann, bob}, memberIDs(t, s, g))
	assert.Equal(t, []string{ann}, memberIDs(t, s, h))
	assert.NotEqual(t, group.Meta().Version, getGroup(t, s, g).Meta().Version)
	roles, err := s.UserRoles(ctx, acme, ann)
	require.NoError(t, err)
	assert.Equal(t, []string{"admin"}, roles)
	page, err := s.HiddenUsers(ctx, acme, scim.Query{Count: 1})
	require.NoError(t, err)
	assert.Zero(t, page.Total)
}

// TestHiddenMembersLeave: what an IdP says of a group's members goes for those,
// too, who are hidden, but is no change that anybody could see.
func TestHiddenMembersLeave(t *testing.T) { each(t, testHiddenMembersLeave) }

func testHiddenMembersLeave(t *testing.T, open opener) {
	for name, d := range map[string]func(id, other string) patch.MemberDelta{
		"remove":  func(id, _ string) patch.MemberDelta { return patch.MemberDelta{Remove: []string{id}} },
		"replace": func(_, other string) patch.MemberDelta { return patchReplace(other) },
	} {
		s := open(sqlstore.Options{})
		ann, bob := addUser(t, s, "ann"), addUser(t, s, "bob")
		g := addGroup(t, s, "g", ann, bob)
		require.NoError(t, s.HideUser(ctx, acme, ann, ""))
		before := getGroup(t, s, g)
		res, err := updateMembers(s, g, d(ann, bob))
		require.NoError(t, err, name)
		assert.Empty(t, res.Removed, name)
		same(t, before, getGroup(t, s, g), name)
		_, err = s.RestoreUser(ctx, acme, ann, scim.Write{New: user(t, "ann")})
		require.NoError(t, err, name)
		assert.Equal(t, []string{bob}, memberIDs(t, s, g), name)
	}
}

// TestEraseHidden: retention ends with DeleteUser.
func TestEraseHidden(t *testing.T) { each(t, testEraseHidden) }

func testEraseHidden(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ann := addUser(t, s, "ann")
	g := addGroup(t, s, "g", ann)
	require.NoError(t, s.HideUser(ctx, acme, ann, ""))
	before := getGroup(t, s, g)
	assert.ErrorIs(t, s.DeleteUser(ctx, acme, ann, "other"), scim.ErrVersionMismatch)
	require.NoError(t, s.DeleteUser(ctx, acme, ann, ""))
	same(t, before, getGroup(t, s, g), "nobody saw it there")
	page, err := s.HiddenUsers(ctx, acme, scim.Query{})
	require.NoError(t, err)
	assert.Zero(t, page.Total)
	_, err = s.RestoreUser(ctx, acme, ann, scim.Write{New: user(t, "ann")})
	assert.ErrorIs(t, err, scim.ErrNotFound)
}
