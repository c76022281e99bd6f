package scim_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

const roleTenant scim.Tenant = "acme"

// roleBench is an application in memory with role groups beside its own.
type roleBench struct {
	scim.RoleGroups
	t     require.TestingT
	ctx   context.Context
	store *memstore.Store
	clock *clock
}

func newRoleBench(t require.TestingT, most int) *roleBench {
	s, c := memstore.New(), newClock()
	return &roleBench{scim.NewRoleGroups(s, s, groupType, s, c.now, s, most), t, context.Background(), s, c}
}

// person creates a user and returns its id.
func (b *roleBench) person(name string) string {
	r, err := schema.New(userType).Set("userName", name).Build()
	require.NoError(b.t, err)
	u, err := b.store.CreateUser(b.ctx, roleTenant, scim.Write{New: r})
	require.NoError(b.t, err)
	return u.ID()
}

func groupWrite(t require.TestingT, name, externalID string, members ...string) scim.GroupWrite {
	r, err := schema.New(groupType).Set("displayName", name).ExternalID(externalID).Build()
	require.NoError(t, err)
	return scim.GroupWrite{Write: scim.Write{New: r, Changed: r.Changed(nil)}, Members: patch.MemberDelta{Add: roleMembers(members...)}}
}

func roleMembers(ids ...string) (members []patch.Member) {
	for _, id := range ids {
		members = append(members, patch.Member{ID: id})
	}
	return members
}

// role and app create a group of either kind and return its id.
func (b *roleBench) role(name string, members ...string) string {
	res, err := b.CreateRoleGroup(b.ctx, roleTenant, groupWrite(b.t, name, "", members...))
	require.NoError(b.t, err)
	return res.Group.ID()
}

func (b *roleBench) app(name string, members ...string) string {
	res, err := b.CreateGroup(b.ctx, roleTenant, groupWrite(b.t, name, "", members...))
	require.NoError(b.t, err)
	return res.Group.ID()
}

func (b *roleBench) rename(id, name string) error {
	w := groupWrite(b.t, name, "")
	_, err := b.UpdateGroup(b.ctx, roleTenant, id, w)
	return err
}

func (b *roleBench) members(d patch.MemberDelta, id string) scim.GroupResult {
	res, err := b.UpdateGroup(b.ctx, roleTenant, id, scim.GroupWrite{Members: d})
	require.NoError(b.t, err)
	return res
}

// edges returns edges as "group member", by names.
func (b *roleBench) edges(q scim.MembershipQuery) (all []string) {
	page, err := b.ListMemberships(b.ctx, roleTenant, q)
	require.NoError(b.t, err)
	for _, e := range page.Edges {
		all = append(all, e.GroupName+" "+e.Member.Display)
	}
	return all
}

func (b *roleBench) list(q scim.Query) scim.Page {
	page, err := b.ListGroups(b.ctx, roleTenant, q)
	require.NoError(b.t, err)
	return page
}

func roleFilter(t require.TestingT, text string) *filter.Filter {
	if text == "" {
		return nil
	}
	e, err := filter.Parse(text, filter.Leniency{})
	require.NoError(t, err)
	f, err := filter.Check(e, groupType, filter.Checking{})
	require.NoError(t, err)
	return f
}

func namesIn(page scim.Page) []string {
	names := make([]string, len(page.Resources))
	for i, r := range page.Resources {
		names[i] = schema.AsGroup(r).DisplayName()
	}
	return names
}

func assertTaken(t require.TestingT, err error) {
	e, ok := errors.AsType[*scim.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 409, e.Status)
	require.Equal(t, schema.ScimTypeUniqueness, e.Type)
}

// TestRoleGroupsSurvive: all of it is in the state, nothing in the process.
func TestRoleGroupsSurvive(t *testing.T) {
	b := newRoleBench(t, 2)
	ann := b.person("ann")
	res, err := b.CreateRoleGroup(b.ctx, roleTenant, groupWrite(t, "role.approver", "0a21", ann))
	require.NoError(t, err)
	other := b.role("role.admin")

	b.RoleGroups = scim.NewRoleGroups(b.store, b.store, groupType, b.store, b.clock.now, b.store, 2)
	got, err := b.GetGroup(b.ctx, roleTenant, res.Group.ID())
	require.NoError(t, err)
	assert.True(t, got.Equal(res.Group))
	assert.Equal(t, res.Group.Meta(), got.Meta())
	assert.Equal(t, "0a21", got.ExternalID())
	assert.Equal(t, []string{"role.approver ann"}, b.edges(scim.MembershipQuery{Members: []string{ann}}))
	_, err = b.CreateRoleGroup(b.ctx, roleTenant, groupWrite(t, "ROLE.Admin", ""))
	assertTaken(t, err)
	require.NoError(t, b.DeleteGroup(b.ctx, roleTenant, other, ""))
	b.role("role.admin")
}

// TestRoleGroupsLimit: a tenant has as many as the constant says, and no more. How many
// there are is counted in the state.
func TestRoleGroupsLimit(t *testing.T) {
	assert.Equal(t, 10_000, scim.MaxRoleGroups)
	b := newRoleBench(t, 3)
	ids := []string{b.role("role.a"), b.role("role.b"), b.role("role.c")}
	_, err := b.CreateRoleGroup(b.ctx, roleTenant, groupWrite(t, "role.d", ""))
	e, ok := errors.AsType[*scim.Error](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, 403, e.Status)
	assert.Equal(t, "There are 3 groups that stand for roles already, and there can be no more. Delete those that are not needed.", e.Detail)
	b.app("Sales") // is none of them
	_, err = b.CreateRoleGroup(b.ctx, "globex", groupWrite(t, "role.d", ""))
	require.NoError(t, err, "another tenant")

	require.NoError(t, b.DeleteGroup(b.ctx, roleTenant, ids[1], ""))
	assert.ErrorIs(t, b.DeleteGroup(b.ctx, roleTenant, ids[1], ""), scim.ErrNotFound, "twice")
	b.role("role.d")
	_, err = b.CreateRoleGroup(b.ctx, roleTenant, groupWrite(t, "role.e", ""))
	require.Error(t, err)
	assert.Equal(t, 4, b.list(scim.Query{StartIndex: 1}).Total)
}

// TestRoleGroupNames: no two groups have one name, whichever kind they are.
func TestRoleGroupNames(t *testing.T) {
	for name, filters := range map[string]bool{"WithFilters": true, "WithoutFilters": false} {
		t.Run(name, func(t *testing.T) {
			b := newRoleBench(t, 0)
			if !filters {
				b.RoleGroups = scim.NewRoleGroups(noGroupFilters{b.store}, b.store, groupType, b.store, b.clock.now, b.store, 0)
			}
			role, app := b.role("role.a"), b.app("Sales")
			_, err := b.CreateRoleGroup(b.ctx, roleTenant, groupWrite(t, "sales", ""))
			assertTaken(t, err)
			_, err = b.CreateGroup(b.ctx, roleTenant, groupWrite(t, "ROLE.A", ""))
			assertTaken(t, err)
			assertTaken(t, b.rename(role, "SALES"))
			assertTaken(t, b.rename(app, "Role.a"))
			require.NoError(t, b.rename(role, "Role.A"), "its own name")
			require.NoError(t, b.rename(role, "Staff"))
			require.NoError(t, b.rename(app, "role.a"), "a name that was given up")
			assert.Equal(t, []string{"role.a", "Staff"}, namesIn(b.list(scim.Query{StartIndex: 1, Count: 10})))
			require.NoError(t, b.DeleteGroup(b.ctx, roleTenant, role, ""))
			b.app("Staff")
		})
	}
}

// noGroupFilters is an application that can't filter groups.
type noGroupFilters struct{ scim.GroupStore }

func (s noGroupFilters) ListGroups(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	if q.Filter != nil {
		return scim.Page{}, scim.ErrNotImplemented
	}
	return s.GroupStore.ListGroups(ctx, t, q)
}

// TestRoleGroupIDs: an application may have ids that look alike.
func TestRoleGroupIDs(t *testing.T) {
	b := newRoleBench(t, 0)
	id := b.role("role.a")
	assert.True(t, scim.IsRoleGroup(id))
	assert.NotEqual(t, id, b.role("role.b"))
	for _, other := range []string{"", "rg-", "rg-eu-west", id[1:], id + "0", id[:len(id)-1] + "g", strings.ToUpper(id), b.app("Sales")} {
		assert.False(t, scim.IsRoleGroup(other), other)
	}
}

// TestHiddenMembers: who is out of sight is in no group, and is back in all of them when
// it comes back.
func TestHiddenMembers(t *testing.T) {
	b := newRoleBench(t, 0)
	ann, bob, eve := b.person("ann"), b.person("bob"), b.person("eve")
	id := b.role("role.a", ann, bob, eve)
	was, err := b.GetGroup(b.ctx, roleTenant, id)
	require.NoError(t, err)
	hidden, err := b.store.GetUser(b.ctx, roleTenant, bob)
	require.NoError(t, err)
	for _, gone := range []string{bob, eve} {
		require.NoError(t, b.store.HideUser(b.ctx, roleTenant, gone, ""))
	}
	inGroup := scim.MembershipQuery{Groups: []string{id}}
	assert.Equal(t, []string{"role.a ann"}, b.edges(inGroup))
	assert.Empty(t, b.edges(scim.MembershipQuery{Members: []string{bob}}))
	page, err := b.ListMemberships(b.ctx, roleTenant, scim.MembershipQuery{Groups: []string{id}, Limit: 1})
	require.NoError(t, err)
	assert.Empty(t, page.Next, "nobody in sight follows")
	_, err = b.UpdateGroup(b.ctx, roleTenant, id, scim.GroupWrite{Members: patch.MemberDelta{Add: roleMembers(bob)}})
	assert.ErrorContains(t, err, bob, "UnknownMember")

	// Whoever is removed while it is hidden stays out, but nobody is told.
	res := b.members(patch.MemberDelta{Remove: []string{eve}}, id)
	assert.Empty(t, res.Removed)
	assert.Equal(t, was.Meta().Version, res.Version)
	for _, back := range []string{bob, eve} {
		name := map[string]string{bob: "bob", eve: "eve"}[back]
		r, err := hidden.Edit().Set("userName", name).Build()
		require.NoError(t, err)
		_, err = b.store.RestoreUser(b.ctx, roleTenant, back, scim.Write{New: r})
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"role.a ann", "role.a bob"}, b.edges(inGroup))

	of, err := b.RoleGroupsOf(b.ctx, roleTenant, bob)
	require.NoError(t, err)
	require.NoError(t, b.store.HideUser(b.ctx, roleTenant, bob, ""))
	still, err := b.RoleGroupsOf(b.ctx, roleTenant, bob)
	require.NoError(t, err)
	assert.Equal(t, of, still)
	assert.Len(t, of[bob], 1)
}

// TestRoleGroupsOfUsers: roles are found for many users at once.
func TestRoleGroupsOfUsers(t *testing.T) {
	b := newRoleBench(t, 0)
	ann, bob, eve := b.person("ann"), b.person("bob"), b.person("eve")
	_, err := b.CreateRoleGroup(b.ctx, roleTenant, groupWrite(t, "role.a", "ext", ann, bob))
	require.NoError(t, err)
	two := b.role("role.b", ann)
	b.app("Sales", ann, eve)

	of, err := b.RoleGroupsOf(b.ctx, roleTenant, eve, ann, bob, "unknown")
	require.NoError(t, err)
	require.Len(t, of, 2)
	slices.SortFunc(of[ann], func(a, b scim.GroupRef) int { return cmp.Compare(a.Name, b.Name) })
	assert.Equal(t, "role.a", of[ann][0].Name)
	assert.Equal(t, "ext", of[ann][0].ExternalID)
	assert.Equal(t, scim.GroupRef{ID: two, Name: "role.b", Role: true}, of[ann][1])
	assert.Equal(t, of[ann][:1], of[bob])
	none, err := b.RoleGroupsOf(b.ctx, roleTenant)
	require.NoError(t, err)
	assert.Empty(t, none)

	dropped, err := b.DropMemberships(b.ctx, roleTenant, ann)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{of[ann][0].ID, two}, dropped)
	assert.Equal(t, []string{"Sales ann"}, b.edges(scim.MembershipQuery{Members: []string{ann}}))
	now, err := b.GetGroup(b.ctx, roleTenant, two)
	require.NoError(t, err)
	assert.True(t, now.Meta().LastModified.After(now.Meta().Created), "its members changed")
	dropped, err = b.DropMemberships(b.ctx, roleTenant, ann)
	require.NoError(t, err)
	assert.Empty(t, dropped)
}

func TestMembersOfRoleGroup(t *testing.T) {
	b := newRoleBench(t, 0)
	var ids []string
	for i := range 7 {
		ids = append(ids, b.person(fmt.Sprint("user", i)))
	}
	slices.Sort(ids)
	group := b.role("role.a", ids...)
	b.role("role.b", ids[0])
	require.NoError(t, b.store.HideUser(b.ctx, roleTenant, ids[3], ""))
	for _, limit := range []int{0, 1, 3, 7, 8} {
		var all []string
		for after, pages := "", 0; ; pages++ {
			require.Less(t, pages, 10)
			part, next, err := b.MembersOf(b.ctx, roleTenant, group, after, limit)
			require.NoError(t, err)
			all = append(all, part...)
			if next == "" {
				break
			}
			require.Len(t, part, limit)
			after = next
		}
		assert.Equal(t, ids, all, "limit %d", limit)
	}
}

// TestNestedInRoleGroups: a group that is deleted leaves the role groups that it is in.
func TestNestedInRoleGroups(t *testing.T) {
	b := newRoleBench(t, 0)
	app, inner := b.app("Sales"), b.role("role.inner")
	outer := b.role("role.outer", app, inner)
	page, err := b.ListMemberships(b.ctx, roleTenant, scim.MembershipQuery{Groups: []string{outer}})
	require.NoError(t, err)
	require.Len(t, page.Edges, 2)
	for _, e := range page.Edges {
		assert.Equal(t, "Group", e.Member.Type)
	}
	assert.ElementsMatch(t, []string{"role.outer Sales", "role.outer role.inner"}, b.edges(scim.MembershipQuery{Groups: []string{outer}}))
	for _, id := range []string{app, inner} {
		require.NoError(t, b.DeleteGroup(b.ctx, roleTenant, id, ""))
	}
	ids, _, err := b.MembersOf(b.ctx, roleTenant, outer, "", 0)
	require.NoError(t, err)
	assert.Empty(t, ids)
}

// TestRoleGroupsInOthers: the application has no role group, so none is a member of its
// groups, and who asks for it is told why.
func TestRoleGroupsInOthers(t *testing.T) {
	b := newRoleBench(t, 0)
	role := b.role("role.inner")
	outer := b.app("Sales")
	for name, write := range map[string]func() error{
		"create": func() error { _, err := b.CreateGroup(b.ctx, roleTenant, groupWrite(t, "Legal", "", role)); return err },
		"update": func() error {
			_, err := b.UpdateGroup(b.ctx, roleTenant, outer, scim.GroupWrite{Members: patch.MemberDelta{Add: roleMembers(role)}})
			return err
		},
	} {
		var refused *scim.Error
		require.ErrorAs(t, write(), &refused, name)
		assert.Equal(t, 400, refused.Status)
		assert.Contains(t, refused.Detail, role+", a group that stands for a role", name)
	}
	assert.Equal(t, []string{"Sales", "role.inner"}, namesIn(b.list(scim.Query{StartIndex: 1, Count: 10})))
}

// TestListsOfBothKinds compares pages with those of one list that has all groups.
func TestListsOfBothKinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newRoleBench(t, 0)
		for i := range rapid.IntRange(0, 12).Draw(t, "groups") {
			name := fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"a", "B", "c", "Ä", "role."}).Draw(t, "name"), i)
			external := rapid.SampledFrom([]string{"", "x", "X", "y"}).Draw(t, "externalId")
			create := b.CreateGroup
			if rapid.Bool().Draw(t, "role") {
				create = b.CreateRoleGroup
			}
			_, err := create(b.ctx, roleTenant, groupWrite(t, name, external))
			require.NoError(t, err)
			b.clock.move(time.Second)
		}
		all := b.list(scim.Query{StartIndex: 1, Count: 100}).Resources
		q := scim.Query{StartIndex: 1, Count: rapid.IntRange(0, 5).Draw(t, "count"), Descending: rapid.Bool().Draw(t, "descending")}
		if path := rapid.SampledFrom([]string{"", "displayName", "externalId", "id", "meta.created"}).Draw(t, "sortBy"); path != "" {
			q.SortBy, _ = groupType.Attr(path)
		}
		filters := []string{"", `displayName sw "a"`, `externalId eq "x"`, `externalId pr and not (displayName sw "role.")`, `id eq "unknown"`}
		if len(all) > 0 {
			some := rapid.SampledFrom(all).Draw(t, "some")
			filters = append(filters, fmt.Sprintf("id eq %q", some.ID()), fmt.Sprintf("displayName eq %q and id pr", strings.ToUpper(schema.AsGroup(some).DisplayName())),
				fmt.Sprintf("displayName eq %q or externalId eq %q", schema.AsGroup(some).DisplayName(), "y"))
			if rapid.Bool().Draw(t, "ids") {
				q.IDs = []string{"unknown", some.ID(), all[0].ID(), all[len(all)-1].ID()}
			}
		}
		q.Filter = roleFilter(t, rapid.SampledFrom(filters).Draw(t, "filter"))

		var matching []*schema.Resource
		for _, r := range all {
			if q.Filter.Match(r) && (q.IDs == nil || slices.Contains(q.IDs, r.ID())) {
				matching = append(matching, r)
			}
		}
		if q.SortBy != nil {
			slices.SortFunc(matching, func(a, b *schema.Resource) int { return scim.Compare(a, b, q) })
		}
		for q.StartIndex = 1; q.StartIndex <= len(matching)+2; q.StartIndex++ {
			page := b.list(q)
			from := min(q.StartIndex-1, len(matching))
			want := matching[from:min(from+q.Count, len(matching))]
			require.Equal(t, namesIn(scim.Page{Resources: want}), namesIn(page), "StartIndex %d", q.StartIndex)
			require.Equal(t, len(matching), page.Total)
		}
		if q.Count > 0 {
			require.Equal(t, namesIn(scim.Page{Resources: matching}), b.walk(q, len(matching)))
		}
	})
}

// walk reads pages by key.
func (b *roleBench) walk(q scim.Query, total int) []string {
	names := []string{}
	q.StartIndex, q.ByKey = 1, true
	for pages := 0; ; pages++ {
		require.Less(b.t, pages, 50)
		page := b.list(q)
		require.Contains(b.t, []int{-1, total}, page.Total)
		require.LessOrEqual(b.t, len(page.Resources), q.Count)
		names = append(names, namesIn(page)...)
		if page.Next == "" {
			return names
		}
		require.NotEmpty(b.t, page.Resources)
		q.After = page.Next
	}
}

// TestForeignPlaces: a place that no page ended with is the client's mistake.
func TestForeignPlaces(t *testing.T) {
	b := newRoleBench(t, 0)
	b.role("role.a")
	for _, after := range []string{"x", "-", ":", "1:", "-2:x", "99999999999999999999:", "5:abc"} {
		_, err := b.ListGroups(b.ctx, roleTenant, scim.Query{ByKey: true, StartIndex: 1, Count: 1, After: after})
		e, ok := errors.AsType[*scim.Error](err)
		require.True(t, ok, "%q: %v", after, err)
		assert.Equal(t, 400, e.Status)
		_, err = b.ListMemberships(b.ctx, roleTenant, scim.MembershipQuery{Members: []string{"x"}, After: after})
		require.Error(t, err, after)
	}
}

// tallied counts the calls of a state.
type tallied struct {
	scim.StateStore
	lists, puts int
	fail        error // of PutState, from the call after survive on
	survive     int
}

func (s *tallied) ListState(ctx context.Context, t scim.Tenant, q scim.StateQuery) ([]scim.State, string, error) {
	s.lists++
	return s.StateStore.ListState(ctx, t, q)
}

func (s *tallied) PutState(ctx context.Context, t scim.Tenant, r ...scim.State) error {
	if s.puts++; s.fail != nil && s.puts > s.survive {
		return s.fail
	}
	return s.StateStore.PutState(ctx, t, r...)
}

// TestRoleGroupStatements: how often the state is asked does not depend on how much is
// there.
func TestRoleGroupStatements(t *testing.T) {
	for _, size := range []int{2, 500} {
		b := newRoleBench(t, 0)
		s := &tallied{StateStore: b.store}
		b.RoleGroups = scim.NewRoleGroups(b.store, b.store, groupType, s, b.clock.now, b.store, 0)
		var ids []string
		for i := range size {
			ids = append(ids, b.person(fmt.Sprint("user", i)))
		}
		group, other := b.role("role.a", ids...), b.role("role.b", ids...)
		ann := b.person("ann")
		b.app("Sales", ann)
		equality := scim.Query{StartIndex: 1, Count: 10, Filter: roleFilter(t, `displayName eq "role.b"`)}
		for _, step := range []struct {
			what        string
			do          func()
			lists, puts int
		}{
			{"reading", func() { _, _ = b.GetGroup(b.ctx, roleTenant, group) }, 1, 0},
			{"looking up by name", func() { require.Len(t, b.list(equality).Resources, 1) }, 1, 0},
			{"a page of the application's", func() { require.Equal(t, 3, b.list(scim.Query{StartIndex: 1, Count: 1}).Total) }, 1, 0},
			{"a page of both", func() { require.Len(t, b.list(scim.Query{StartIndex: 1, Count: 3}).Resources, 3) }, 1, 0},
			{"one member more", func() { require.Len(t, b.members(patch.MemberDelta{Add: roleMembers(ann)}, group).Added, 1) }, 2, 1},
			{"one who is in", func() { require.Empty(t, b.members(patch.MemberDelta{Add: roleMembers(ann)}, group).Added) }, 2, 0},
			{"one member less", func() { require.Len(t, b.members(patch.MemberDelta{Remove: []string{ann}}, group).Removed, 1) }, 2, 1},
			{"renaming", func() { require.NoError(t, b.rename(group, "role.c")) }, 2, 1},
			{"the groups of all users", func() { require.Len(t, b.edges(scim.MembershipQuery{Members: ids}), 2*size) }, 2, 0},
			{"the members of both groups", func() { require.Len(t, b.edges(scim.MembershipQuery{Groups: []string{group, other}}), 2*size) }, 2, 0},
			{"the roles of all users", func() {
				of, err := b.RoleGroupsOf(b.ctx, roleTenant, ids...)
				require.NoError(t, err)
				require.Len(t, of, size)
			}, 2, 0},
			{"a user of the application", func() { require.Len(t, b.edges(scim.MembershipQuery{Members: []string{ann}}), 1) }, 1, 0},
		} {
			s.lists, s.puts = 0, 0
			step.do()
			assert.Equal(t, [2]int{step.lists, step.puts}, [2]int{s.lists, s.puts}, "%s, %d members", step.what, size)
		}
	}
}

// TestHalfDeletedRoleGroup: without transactions a deletion may end after the group and
// before its memberships. They are not seen, and in nobody's way.
func TestHalfDeletedRoleGroup(t *testing.T) {
	b := newRoleBench(t, 0)
	ann := b.person("ann")
	id := b.role("role.a", ann)
	s := &tallied{StateStore: b.store, fail: errors.New("the power went out"), survive: 1}
	half := scim.NewRoleGroups(b.store, b.store, groupType, s, b.clock.now, nil, 0)
	require.ErrorIs(t, half.DeleteGroup(b.ctx, roleTenant, id, ""), s.fail)

	assert.Empty(t, b.edges(scim.MembershipQuery{Members: []string{ann}}))
	assert.Empty(t, b.edges(scim.MembershipQuery{Groups: []string{id}}))
	of, err := b.RoleGroupsOf(b.ctx, roleTenant, ann)
	require.NoError(t, err)
	assert.Empty(t, of)
	b.role("role.a")
	_, err = b.DropMemberships(b.ctx, roleTenant, ann)
	require.NoError(t, err)
	ids, _, err := b.MembersOf(b.ctx, roleTenant, id, "", 0)
	require.NoError(t, err)
	assert.Empty(t, ids)
}

// TestLostRaces: who always comes late gives up some time.
func TestLostRaces(t *testing.T) {
	b := newRoleBench(t, 0)
	id := b.role("role.a")
	s := &tallied{StateStore: b.store, fail: scim.ErrVersionMismatch}
	b.RoleGroups = scim.NewRoleGroups(b.store, b.store, groupType, s, b.clock.now, b.store, 0)
	assert.ErrorIs(t, b.rename(id, "role.b"), scim.ErrVersionMismatch)
	assert.Equal(t, 100, s.puts)
	old := groupWrite(t, "role.b", "")
	old.Version = "0"
	s.puts = 0
	_, err := b.UpdateGroup(b.ctx, roleTenant, id, old)
	assert.ErrorIs(t, err, scim.ErrVersionMismatch)
	assert.Zero(t, s.puts, "a version of the client's that is not the stored one is told at once")
}

// TestLargeDeletion: memberships are erased in parts.
func TestLargeDeletion(t *testing.T) {
	b := newRoleBench(t, 0)
	var ids []string
	for i := range 2_500 {
		ids = append(ids, b.person(fmt.Sprint("user", i)))
	}
	id := b.role("role.a", ids...)
	require.NoError(t, b.DeleteGroup(b.ctx, roleTenant, id, ""))
	left, _, err := b.MembersOf(b.ctx, roleTenant, id, "", 0)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// TestRoleGroupAttributes: all attributes of the type are kept, and those that the type
// has no more are left out.
func TestRoleGroupAttributes(t *testing.T) {
	s, c := memstore.New(), newClock()
	const urn = "urn:example:params:scim:schemas:extension:2.0:Group"
	wide := schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: schema.Group(), Extensions: []schema.Extension{{Schema: schema.Schema{
		ID: urn, Name: "More", Attributes: []schema.Attribute{
			{Name: "vendor"}, {Name: "level", Type: schema.Integer}, {Name: "tags", MultiValued: true},
			{Name: "owners", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{{Name: "value"}, {Name: "primary", Type: schema.Boolean}}},
		},
	}}}})
	r, err := schema.New(wide).Set("displayName", "role.ä").Set(urn+":vendor", "").Set(urn+":level", 7).Set(urn+":tags", []string{"b", "a"}).
		Set(urn+":owners", []map[string]any{{"value": "x", "primary": true}}).Build()
	require.NoError(t, err)
	groups := scim.NewRoleGroups(s, s, wide, s, c.now, s, 0)
	res, err := groups.CreateRoleGroup(t.Context(), roleTenant, scim.GroupWrite{Write: scim.Write{New: r}})
	require.NoError(t, err)
	got, err := groups.GetGroup(t.Context(), roleTenant, res.Group.ID())
	require.NoError(t, err)
	assert.Equal(t, res.Group.String(), got.String())

	narrow := scim.NewRoleGroups(s, s, groupType, s, c.now, s, 0)
	got, err = narrow.GetGroup(t.Context(), roleTenant, res.Group.ID())
	require.NoError(t, err)
	assert.Equal(t, "role.ä", schema.AsGroup(got).DisplayName())
	assert.True(t, got.Get(urn+":level").IsZero())
	assert.Same(t, groupType, narrow.SCIMType())

	// A record that is no such thing is named in the log.
	broken, _, err := s.ListState(t.Context(), roleTenant, scim.StateQuery{Kind: "rolegroup"})
	require.NoError(t, err)
	broken[0].Data = []byte("{")
	require.NoError(t, s.PutState(t.Context(), roleTenant, broken...))
	_, err = groups.GetGroup(t.Context(), roleTenant, res.Group.ID())
	assert.ErrorContains(t, err, res.Group.ID())
}
