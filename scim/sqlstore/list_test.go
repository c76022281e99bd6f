package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// TestPages is RFC 7644, section 3.4.2.4, below the handler.
func TestPages(t *testing.T) { each(t, testPages) }

func testPages(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	addUsers(t, s, 15)
	tests := []struct {
		name              string
		start, count      int
		wantFrom, wantLen int
	}{
		{"first", 1, 5, 0, 5},
		{"in the middle", 7, 5, 6, 5},
		{"last", 11, 5, 10, 5},
		{"part of the last", 14, 5, 13, 2},
		{"all", 1, 15, 0, 15},
		{"more than all", 1, 5000, 0, 15},
		{"only the total", 1, 0, 0, 0},
		{"negative count", 1, -1, 0, 0},
		{"start zero", 0, 5, 0, 5},
		{"negative start", -3, 5, 0, 5},
		{"behind the end", 16, 5, 0, 0},
		{"far behind the end", 100, 5, 0, 0},
	}
	queries := map[string]scim.Query{
		"all":    {},
		"match":  {Filter: filterOf(t, userType, "userName pr")},
		"sorted": {SortBy: attr(t, userType, "userName")},
	}
	for how, q := range queries {
		for _, tt := range tests {
			q.StartIndex, q.Count = tt.start, tt.count
			page, err := s.ListUsers(ctx, acme, q)
			require.NoError(t, err)
			assert.Equal(t, 15, page.Total, "%s, %s", tt.name, how)
			require.Len(t, page.Resources, tt.wantLen, "%s, %s", tt.name, how)
			for i, r := range page.Resources {
				assert.Equal(t, fmt.Sprintf("user%07d", tt.wantFrom+i), r.Get("userName").String(), "%s, %s", tt.name, how)
			}
		}
	}
}

// TestPagesStay: what is removed or added between two pages moves nothing else.
func TestPagesStay(t *testing.T) { each(t, testPagesStay) }

func testPagesStay(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ids := addUsers(t, s, 3000)
	first, err := s.ListUsers(ctx, acme, scim.Query{StartIndex: 1, Count: 1500})
	require.NoError(t, err)
	for _, id := range ids[2000:2100] {
		require.NoError(t, s.DeleteUser(ctx, acme, id, ""))
	}
	addUser(t, s, "late")
	_, err = updateUser(t, s, ids[0], "title", "Boss")
	require.NoError(t, err)
	second, err := s.ListUsers(ctx, acme, scim.Query{StartIndex: 1501, Count: 1500})
	require.NoError(t, err)
	assert.Equal(t, 2901, second.Total)
	var got []string
	for _, r := range append(first.Resources, second.Resources...) {
		got = append(got, r.ID())
	}
	want := append(append([]string{}, ids[:2000]...), ids[2100:]...)
	assert.Equal(t, want, got[:2900])
	assert.Len(t, got, 2901)
}

// TestKeyPagesStay: pages by key go on behind where they were, even if what was
// there has gone.
func TestKeyPagesStay(t *testing.T) { each(t, testKeyPagesStay) }

func testKeyPagesStay(t *testing.T, open opener) {
	for name, q := range map[string]scim.Query{
		"all":        {},
		"match":      {Filter: filterOf(t, userType, "userName pr")},
		"by ids":     {IDs: []string{}},
		"sorted":     {SortBy: attr(t, userType, "userName")},
		"by created": {SortBy: attr(t, userType, "meta.created")},
	} {
		s := open(sqlstore.Options{})
		ids := addUsers(t, s, 20)
		if q.IDs != nil {
			q.IDs = ids
		}
		q.ByKey, q.StartIndex, q.Count = true, 1, 10
		first, err := s.ListUsers(ctx, acme, q)
		require.NoError(t, err, name)
		require.NotEmpty(t, first.Next, name)
		for _, i := range []int{0, 9, 10} {
			require.NoError(t, s.DeleteUser(ctx, acme, ids[i], ""))
		}
		q.After = first.Next
		second, err := s.ListUsers(ctx, acme, q)
		require.NoError(t, err, name)
		var got []string
		for _, r := range second.Resources {
			got = append(got, r.ID())
		}
		assert.Equal(t, ids[11:], got, name)
		assert.Contains(t, []int{17, -1}, second.Total, name)
		assert.Empty(t, second.Next, name)
		q.Count = 0
		last, err := s.ListUsers(ctx, acme, q)
		require.NoError(t, err, name)
		assert.Empty(t, last.Next, name)
	}
	s := open(sqlstore.Options{})
	addUser(t, s, "ann")
	_, err := s.ListUsers(ctx, acme, scim.Query{ByKey: true, After: "id\n{", Count: 1, SortBy: attr(t, userType, "userName")})
	assert.Error(t, err, "a cursor that no page gave")
}

func TestFilters(t *testing.T) { each(t, testFilters) }

func testFilters(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ann := addUser(t, s, "Ann", "externalId", "X", "displayName", "The Boss", "title", "Lead",
		"emails", []map[string]any{{"value": "Ann@X.org", "type": "work"}, {"value": "a@home.org", "type": "home"}})
	addUser(t, s, "bob", "externalId", "x", "displayName", "the boss", "emails", []map[string]any{{"value": "ann@x.org", "type": "home"}})
	addUser(t, s, "cid")
	tests := []struct {
		filter string
		want   []string
	}{
		{`userName eq "ANN"`, []string{"Ann"}},
		{`userName eq "nobody"`, []string{}},
		{`externalId eq "x"`, []string{"bob"}},
		{`displayName eq "THE BOSS"`, []string{"Ann", "bob"}},
		{`displayName eq "the boss" and title pr`, []string{"Ann"}},
		{`emails.value eq "ann@x.org"`, []string{"Ann", "bob"}},
		{`emails eq "ann@x.org"`, []string{"Ann", "bob"}},
		{`emails[type eq "work" and value eq "ann@x.org"]`, []string{"Ann"}},
		{`id eq "` + ann + `"`, []string{"Ann"}},
		{`id eq "` + ann + `x"`, []string{}},
		{`not (userName eq "ann")`, []string{"bob", "cid"}},
		{`userName eq "ann" or title pr`, []string{"Ann"}},
		{`emails.type eq "work"`, []string{"Ann"}},
		{`userName eq "ann" and userName eq "bob"`, []string{}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, userNames(t, s, scim.Query{Filter: filterOf(t, userType, tt.filter)}), tt.filter)
	}
	both := scim.Query{Filter: filterOf(t, userType, "title pr"), IDs: []string{ann, ann, "unknown"}}
	assert.Equal(t, []string{"Ann"}, userNames(t, s, both), "ids and filter")
	both.IDs = []string{}
	assert.Empty(t, userNames(t, s, both), "no ids are no resources")
}

// TestFiltersNeverIgnored: what resources don't hold can't be matched, so the
// store says that it can't do it.
func TestFiltersNeverIgnored(t *testing.T) { each(t, testFiltersNeverIgnored) }

func testFiltersNeverIgnored(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	addUser(t, s, "ann")
	for _, q := range []scim.Query{
		{Filter: filterOf(t, userType, `groups.value eq "g"`), Count: 1},
		{Filter: filterOf(t, userType, `userName eq "ann" and not (groups[display eq "g"])`), Count: 1},
		{SortBy: attr(t, userType, "groups.value"), Count: 1},
	} {
		_, err := s.ListUsers(ctx, acme, q)
		assert.ErrorIs(t, err, scim.ErrNotImplemented)
		_, err = s.HiddenUsers(ctx, acme, q)
		assert.ErrorIs(t, err, scim.ErrNotImplemented)
	}
	_, err := s.ListGroups(ctx, acme, scim.Query{Filter: filterOf(t, groupType, `members.value eq "u"`), Count: 1})
	assert.ErrorIs(t, err, scim.ErrNotImplemented)
}

// TestSort is RFC 7644, section 3.4.2.3.
func TestSort(t *testing.T) { each(t, testSort) }

func testSort(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	mail := func(value string, primary bool) map[string]any {
		return map[string]any{"value": value, "primary": primary}
	}
	addUser(t, s, "a", ext("level"), 10, ext("score"), 1.5, ext("exact"), "B", "active", true, ext("hired"), "2020-01-01T01:00:00+02:00",
		"emails", []map[string]any{mail("z@x.org", false), mail("c@x.org", true)})
	addUser(t, s, "C", ext("level"), 2, ext("score"), -3, ext("exact"), "a", "active", false, ext("hired"), "2020-01-01T00:00:00Z",
		"emails", []map[string]any{mail("b@x.org", false), mail("y@x.org", false)})
	addUser(t, s, "B", ext("level"), -1, ext("score"), 10, ext("exact"), "c", "active", true, ext("hired"), "2019-12-31T23:30:00Z",
		"emails", []map[string]any{mail("a@x.org", true)})
	addUser(t, s, "é")
	addUser(t, s, "D")
	tests := []struct {
		path     string
		up, down []string
	}{
		{"userName", []string{"a", "B", "C", "D", "é"}, []string{"é", "D", "C", "B", "a"}},
		{ext("exact"), []string{"a", "C", "B", "é", "D"}, []string{"é", "D", "B", "C", "a"}},
		{ext("level"), []string{"B", "C", "a", "é", "D"}, []string{"é", "D", "a", "C", "B"}},
		{ext("score"), []string{"C", "a", "B", "é", "D"}, []string{"é", "D", "B", "a", "C"}},
		{ext("hired"), []string{"a", "B", "C", "é", "D"}, []string{"é", "D", "C", "B", "a"}},
		{"active", []string{"C", "a", "B", "é", "D"}, []string{"é", "D", "a", "B", "C"}},
		{"emails.value", []string{"B", "C", "a", "é", "D"}, []string{"é", "D", "a", "C", "B"}},
		{"title", []string{"a", "C", "B", "é", "D"}, []string{"a", "C", "B", "é", "D"}},
		{"id", []string{"a", "C", "B", "é", "D"}, []string{"D", "é", "B", "C", "a"}},
		{"meta.created", []string{"a", "C", "B", "é", "D"}, nil},
	}
	for _, tt := range tests {
		q := scim.Query{SortBy: attr(t, userType, tt.path)}
		assert.Equal(t, tt.up, userNames(t, s, q), tt.path)
		if q.Descending = true; tt.down != nil {
			assert.Equal(t, tt.down, userNames(t, s, q), "%s, descending", tt.path)
		}
	}
}

// TestOwnership: what a caller does with a result changes nothing in the store.
func TestOwnership(t *testing.T) { each(t, testOwnership) }

func testOwnership(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ids := addUsers(t, s, 5)
	g := addGroup(t, s, "g", ids...)
	for _, q := range []scim.Query{
		{}, {IDs: ids}, {Filter: filterOf(t, userType, `userName pr`)}, {Filter: filterOf(t, userType, `userName eq "user0000001"`)},
		{SortBy: attr(t, userType, "userName")},
	} {
		q.Count = 10
		want := userNames(t, s, q)
		page, err := s.ListUsers(ctx, acme, q)
		require.NoError(t, err)
		clear(page.Resources)
		assert.Equal(t, want, userNames(t, s, q))
	}
	given := []string{"admin"}
	require.NoError(t, s.SetUserRoles(ctx, acme, ids[0], given))
	given[0] = "changed"
	roles, err := s.UserRoles(ctx, acme, ids[0])
	require.NoError(t, err)
	assert.Equal(t, []string{"admin"}, roles)
	roles[0] = "changed"
	roles, err = s.UserRoles(ctx, acme, ids[0])
	require.NoError(t, err)
	assert.Equal(t, []string{"admin"}, roles)

	page, err := s.ListMemberships(ctx, acme, scim.MembershipQuery{Groups: []string{g}})
	require.NoError(t, err)
	clear(page.Edges)
	assert.Equal(t, ids, memberIDs(t, s, g))
	assert.IsType(t, &schema.Resource{}, getGroup(t, s, g))
}
