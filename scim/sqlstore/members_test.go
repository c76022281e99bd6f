package sqlstore_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

func TestMembers(t *testing.T) { each(t, testMembers) }

func testMembers(t *testing.T, open opener) {
	tests := []struct {
		name           string
		before         []int // of the users
		delta          func(ids []string) patch.MemberDelta
		after          []int
		added, removed []int
	}{
		{"add", []int{0}, func(ids []string) patch.MemberDelta { return patch.MemberDelta{Add: membersOf(ids[1], ids[2])} },
			[]int{0, 1, 2}, []int{1, 2}, nil},
		{"add who is there", []int{0, 1}, func(ids []string) patch.MemberDelta { return patch.MemberDelta{Add: membersOf(ids[0], ids[2])} },
			[]int{0, 1, 2}, []int{2}, nil},
		{"add nobody new", []int{0, 1}, func(ids []string) patch.MemberDelta { return patch.MemberDelta{Add: membersOf(ids[1], ids[0])} },
			[]int{0, 1}, nil, nil},
		{"remove one", []int{0, 1, 2}, func(ids []string) patch.MemberDelta { return patch.MemberDelta{Remove: []string{ids[1]}} },
			[]int{0, 2}, nil, []int{1}},
		{"remove who is not there", []int{0}, func(ids []string) patch.MemberDelta { return patch.MemberDelta{Remove: []string{ids[1], "unknown"}} },
			[]int{0}, nil, nil},
		{"remove twice", []int{0, 1}, func(ids []string) patch.MemberDelta { return patch.MemberDelta{Remove: []string{ids[1], ids[1]}} },
			[]int{0}, nil, []int{1}},
		{"add and remove", []int{0, 1}, func(ids []string) patch.MemberDelta {
			return patch.MemberDelta{Add: membersOf(ids[2]), Remove: []string{ids[0]}}
		}, []int{1, 2}, []int{2}, []int{0}},
		{"replace", []int{0, 1, 2}, func(ids []string) patch.MemberDelta { return patchReplace(ids[3], ids[1]) },
			[]int{1, 3}, []int{3}, []int{0, 2}},
		{"replace by the same", []int{0, 1}, func(ids []string) patch.MemberDelta { return patchReplace(ids[1], ids[0]) },
			[]int{0, 1}, nil, nil},
		{"clear", []int{0, 1}, func([]string) patch.MemberDelta { return patchReplace() }, nil, nil, []int{0, 1}},
		{"clear nobody", nil, func([]string) patch.MemberDelta { return patchReplace() }, nil, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(sqlstore.Options{})
			ids := addUsers(t, s, 4)
			some := func(of []int) []string {
				var chosen []string
				for _, i := range of {
					chosen = append(chosen, ids[i])
				}
				return chosen
			}
			g := addGroup(t, s, "g", some(tt.before)...)
			before := getGroup(t, s, g)
			res, err := updateMembers(s, g, tt.delta(ids))
			require.NoError(t, err)
			assert.Equal(t, some(tt.added), res.Added)
			assert.Equal(t, some(tt.removed), res.Removed)
			assert.ElementsMatch(t, some(tt.after), memberIDs(t, s, g))

			after := getGroup(t, s, g)
			assert.Equal(t, after.Meta().Version, res.Version)
			if tt.added == nil && tt.removed == nil {
				assert.Equal(t, before.Meta(), after.Meta(), "nothing changed")
			} else {
				assert.NotEqual(t, before.Meta().Version, after.Meta().Version)
				assert.True(t, after.Meta().LastModified.After(before.Meta().LastModified))
			}
		})
	}
}

// TestUnknownMembers: one that is unknown, and nothing is done.
func TestUnknownMembers(t *testing.T) { each(t, testUnknownMembers) }

func testUnknownMembers(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ann, hidden := addUser(t, s, "ann"), addUser(t, s, "hidden")
	require.NoError(t, s.HideUser(ctx, acme, hidden, ""))
	foreign, err := s.CreateUser(ctx, other, scim.Write{New: user(t, "x")})
	require.NoError(t, err)
	dev, err := s.Resources(userType).Create(ctx, acme, scim.Write{New: user(t, "x")})
	require.NoError(t, err)
	g := addGroup(t, s, "g")
	before := getGroup(t, s, g)
	for name, id := range map[string]string{"": "nonsense", "hidden": hidden, "foreign": foreign.ID(), "device": dev.ID()} {
		want := scim.UnknownMember(id)
		w := scim.GroupWrite{
			Write:   scim.Write{New: group(t, "renamed"), Changed: []string{"displayName"}},
			Members: patch.MemberDelta{Add: membersOf(ann, id)},
		}
		_, err := s.UpdateGroup(ctx, acme, g, w)
		assert.Equal(t, want, err, name)
		w.Members.Replace = true
		_, err = s.UpdateGroup(ctx, acme, g, w)
		assert.Equal(t, want, err, name)
		_, err = s.CreateGroup(ctx, acme, w)
		assert.Equal(t, want, err, name)
	}
	same(t, before, getGroup(t, s, g))
	assert.Empty(t, memberIDs(t, s, g))
	page, err := s.ListGroups(ctx, acme, scim.Query{})
	require.NoError(t, err)
	assert.Equal(t, 1, page.Total)
}

// TestGroupWriteIsOneStep: a name in use keeps the members out, too.
func TestGroupWriteIsOneStep(t *testing.T) { each(t, testGroupWriteIsOneStep) }

func testGroupWriteIsOneStep(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ann := addUser(t, s, "ann")
	g := addGroup(t, s, "g")
	addGroup(t, s, "taken")
	write := func(name string) scim.GroupWrite {
		return scim.GroupWrite{
			Write:   scim.Write{New: group(t, name), Changed: []string{"displayName"}},
			Members: patch.MemberDelta{Add: membersOf(ann)},
		}
	}
	_, err := s.UpdateGroup(ctx, acme, g, write("Taken"))
	assert.Equal(t, "displayName", taken(t, err))
	assert.Empty(t, memberIDs(t, s, g))

	before := getGroup(t, s, g)
	res, err := s.UpdateGroup(ctx, acme, g, write("free"))
	require.NoError(t, err)
	assert.Equal(t, []string{ann}, res.Added)
	assert.Equal(t, "free", res.Group.Get("displayName").String())
	assert.NotEqual(t, before.Meta().Version, res.Version)
}

// TestDeletionTakesEdges is RFC 7643, section 4.2: who is gone is no member.
func TestDeletionTakesEdges(t *testing.T) { each(t, testDeletionTakesEdges) }

func testDeletionTakesEdges(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ann, bob := addUser(t, s, "ann"), addUser(t, s, "bob")
	inner := addGroup(t, s, "inner", ann, bob)
	outer := addGroup(t, s, "outer", ann, inner)
	before := getGroup(t, s, outer)

	require.NoError(t, s.DeleteUser(ctx, acme, ann, ""))
	assert.Equal(t, []string{bob}, memberIDs(t, s, inner))
	assert.Equal(t, []string{inner}, memberIDs(t, s, outer))
	after := getGroup(t, s, outer)
	assert.NotEqual(t, before.Meta().Version, after.Meta().Version, "its representation is another")

	require.NoError(t, s.DeleteGroup(ctx, acme, inner, ""))
	assert.Empty(t, memberIDs(t, s, outer))
	_, err := s.GetUser(ctx, acme, bob)
	require.NoError(t, err, "members stay")
	page, err := s.ListMemberships(ctx, acme, scim.MembershipQuery{Members: []string{ann, bob, inner}})
	require.NoError(t, err)
	assert.Empty(t, page.Edges)
}

func TestMemberships(t *testing.T) { each(t, testMemberships) }

func testMemberships(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ann, bob := addUser(t, s, "ann", "displayName", "Ann A."), addUser(t, s, "bob")
	g := addGroup(t, s, "G", bob, ann)
	h := addGroup(t, s, "H", g, bob)
	foreign, err := s.CreateGroup(ctx, other, scim.GroupWrite{Write: scim.Write{New: group(t, "F")}})
	require.NoError(t, err)

	annInG := scim.Membership{GroupID: g, GroupName: "G", Member: patch.Member{ID: ann, Type: "User", Display: "Ann A."}}
	bobInG := scim.Membership{GroupID: g, GroupName: "G", Member: patch.Member{ID: bob, Type: "User", Display: "bob"}}
	bobInH := scim.Membership{GroupID: h, GroupName: "H", Member: patch.Member{ID: bob, Type: "User", Display: "bob"}}
	gInH := scim.Membership{GroupID: h, GroupName: "H", Member: patch.Member{ID: g, Type: "Group", Display: "G"}}
	tests := []struct {
		name            string
		groups, members []string
		want            []scim.Membership
	}{
		{"of a group", []string{g}, nil, []scim.Membership{annInG, bobInG}},
		{"of groups, in any order and twice", []string{h, g, h}, nil, []scim.Membership{annInG, bobInG, bobInH, gInH}},
		{"of a member", nil, []string{bob}, []scim.Membership{bobInG, bobInH}},
		{"of a group as member", nil, []string{g}, []scim.Membership{gInH}},
		{"of members", nil, []string{bob, ann, bob}, []scim.Membership{annInG, bobInG, bobInH}},
		{"pairs", []string{h, g}, []string{ann, g}, []scim.Membership{annInG, gInH}},
		{"no such pair", []string{h}, []string{ann}, nil},
		{"unknown", []string{"unknown", foreign.Group.ID(), ann}, nil, nil},
		{"unknown members", nil, []string{"unknown", foreign.Group.ID()}, nil},
		{"nothing asked", nil, nil, nil},
		{"no groups", []string{}, nil, nil},
		{"no groups of a member", []string{}, []string{bob}, nil},
		{"no members", []string{g}, []string{}, nil},
	}
	for _, tt := range tests {
		for limit := range 4 {
			q := scim.MembershipQuery{Groups: tt.groups, Members: tt.members, Limit: limit}
			var got []scim.Membership
			for {
				page, err := s.ListMemberships(ctx, acme, q)
				require.NoError(t, err, tt.name)
				got = append(got, page.Edges...)
				if q.After = page.Next; q.After == "" {
					break
				}
				require.Len(t, page.Edges, limit, tt.name)
			}
			assert.Equal(t, tt.want, got, "%s, limit %d", tt.name, limit)
		}
	}
}

// TestCursorsStay: a cursor is a place, whether or not the edge there still
// exists.
func TestCursorsStay(t *testing.T) { each(t, testCursorsStay) }

func testCursorsStay(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ids := addUsers(t, s, 10)
	g := addGroup(t, s, "g", ids...)
	q := scim.MembershipQuery{Groups: []string{g}, Limit: 5}
	page, err := s.ListMemberships(ctx, acme, q)
	require.NoError(t, err)
	require.NoError(t, s.DeleteUser(ctx, acme, ids[4], ""))
	_, err = updateMembers(s, g, patch.MemberDelta{Remove: []string{ids[0], ids[5]}})
	require.NoError(t, err)
	q.After = page.Next
	page, err = s.ListMemberships(ctx, acme, q)
	require.NoError(t, err)
	var got []string
	for _, e := range page.Edges {
		got = append(got, e.Member.ID)
	}
	assert.Equal(t, ids[6:], got)
	assert.Empty(t, page.Next)

	for _, cursor := range []string{"x", ".", "1", "1.", "1.-2", "zzzzzzzzzz.1"} {
		_, err := s.ListMemberships(ctx, acme, scim.MembershipQuery{Groups: []string{g}, After: cursor})
		var e *scim.Error
		require.ErrorAs(t, err, &e, cursor)
		assert.Equal(t, schema.ScimTypeInvalidValue, e.Type)
	}
}

// TestLargeGroup fills, changes, pages and replaces a group of 100,000.
func TestLargeGroup(t *testing.T) { each(t, testLargeGroup) }

func testLargeGroup(t *testing.T, open opener) {
	const n = 3000
	s := open(sqlstore.Options{})
	ids := addUsers(t, s, n)
	g := addGroup(t, s, "all", ids...)

	r := rand.New(rand.NewPCG(1, 2))
	gone := map[string]bool{}
	for range 300 {
		id := ids[r.IntN(n)]
		res, err := updateMembers(s, g, patch.MemberDelta{Remove: []string{id}})
		require.NoError(t, err)
		require.Equal(t, !gone[id], len(res.Removed) == 1)
		gone[id] = true
	}
	want := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return gone[id] })
	var got []string
	q := scim.MembershipQuery{Groups: []string{g}, Limit: 97}
	for {
		page, err := s.ListMemberships(ctx, acme, q)
		require.NoError(t, err)
		for _, e := range page.Edges {
			got = append(got, e.Member.ID)
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	require.True(t, slices.Equal(want, got))

	res, err := updateMembers(s, g, patchReplace(ids[:n/2]...))
	require.NoError(t, err)
	assert.True(t, res.Many, "more than MaxEffective")
	assert.Nil(t, res.Added)
	assert.Nil(t, res.Removed)
	assert.True(t, slices.Equal(ids[:n/2], memberIDs(t, s, g)))

	require.NoError(t, s.DeleteGroup(ctx, acme, g, ""))
	page, err := s.ListMemberships(ctx, acme, scim.MembershipQuery{Members: ids})
	require.NoError(t, err)
	assert.Empty(t, page.Edges)
}

// TestMaxEffective: so many ids are listed, and no more.
func TestMaxEffective(t *testing.T) { each(t, testMaxEffective) }

func testMaxEffective(t *testing.T, open opener) {
	s := open(sqlstore.Options{})
	ids := addUsers(t, s, scim.MaxEffective+1)
	g := addGroup(t, s, "g", ids[0])
	for _, tt := range []struct {
		add, remove int
		many        bool
	}{{scim.MaxEffective, 0, false}, {0, scim.MaxEffective, false}, {scim.MaxEffective, 1, true}} {
		t.Run(fmt.Sprint(tt.add, tt.remove), func(t *testing.T) {
			_, err := updateMembers(s, g, patchReplace(ids[0]))
			require.NoError(t, err)
			d := patch.MemberDelta{Add: membersOf(ids[1 : 1+tt.add]...)}
			if tt.remove == 1 {
				d.Remove = ids[:1]
			} else if tt.remove > 0 {
				_, err = updateMembers(s, g, patchReplace(ids[:tt.remove]...))
				require.NoError(t, err)
				d.Remove = ids[:tt.remove]
			}
			res, err := updateMembers(s, g, d)
			require.NoError(t, err)
			assert.Equal(t, tt.many, res.Many)
			if !tt.many {
				assert.Len(t, res.Added, tt.add)
				assert.Len(t, res.Removed, tt.remove)
			}
		})
	}
}
