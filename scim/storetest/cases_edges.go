package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// edgeCases are about memberships as they are asked for.
var edgeCases = []Case{
	{
		Name:        "Groups/Edges",
		Rule:        "ListMemberships returns the members of q.Groups, the groups of q.Members, or with both only the pairs that exist.",
		Section:     "RFC 7643, sections 4.1.2 and 4.2",
		Consequence: "The identity provider is told of memberships that are not there, or not of those that are.",
		needs:       needTeams,
		run:         onTeams(testEdges),
	},
	{
		Name:        "Groups/EdgesOfNobody",
		Rule:        "Unknown ids have no edges, and a query for no ids has none.",
		Section:     "scim.GroupStore",
		Consequence: "A search for the groups of nobody returns the memberships of everybody.",
		needs:       needTeams,
		run:         onTeams(testEdgesOfNobody),
	},
	{
		Name:        "Groups/EdgesOfMany",
		Rule:        "A query may have any number of ids; an id that is there twice counts once.",
		Section:     "scim.MembershipQuery",
		Consequence: "Lists fail with 500 in large tenants, since the database takes only so many arguments.",
		needs:       needTeams,
		run:         onTeams(testEdgesOfMany),
	},
	{
		Name:        "Groups/EdgesOrder",
		Rule:        "Edges are in the order of group, then member, whichever way they are asked for and in which order the ids are.",
		Section:     "scim.GroupStore",
		Consequence: "The same group is shown with its members in another order each time, and a client that compares sees changes.",
		needs:       needTeams,
		run:         onTeams(testEdgesOrder),
	},
	{
		Name:        "Groups/EdgesPages",
		Rule:        "Limit is the most edges of a page, 0 is no limit; After continues behind Next, which is empty if there are no more.",
		Section:     "scim.MembershipQuery",
		Consequence: "Removing members by type misses some, or never ends.",
		needs:       needTeams,
		run:         onTeams(testEdgesPages),
	},
	{
		Name:        "Groups/EdgesPagesChange",
		Rule:        "After continues behind the edge at which the page ended, even if that is gone.",
		Section:     "scim.MembershipQuery",
		Consequence: "Emptying a large group page by page leaves every second member in.",
		needs:       needTeams,
		run:         onTeams(testEdgesPagesChange),
	},
	{
		Name:        "Groups/EdgesNames",
		Rule:        "An edge has the displayName of the group as it is now, the type of the member and, if any, its name as it is now.",
		Section:     "RFC 7643, section 4.1.2",
		Consequence: "Users show the former name of a group after it was renamed, and groups that of a member.",
		needs:       needTeams,
		run:         onTeams(testEdgesNames),
	},
	{
		Name:        "Groups/EdgesTenants",
		Rule:        "Edges of another tenant are not there.",
		Section:     "RFC 7644, section 6",
		Consequence: "One customer sees who belongs to the groups of another.",
		needs:       needTeams | needTenants,
		run:         onTeams(testEdgesTenants),
	},
	{
		Name:        "Groups/DeleteUser",
		Rule:        "Deleting a user erases its memberships.",
		Section:     "RFC 7644, section 3.6",
		Consequence: "A group shows a member who is gone; who gets the id later is in it.",
		needs:       needTeams,
		run:         onTeams(testDeleteUser),
	},
	{
		Name:        "Groups/DeleteGroup",
		Rule:        "Deleting a group erases its memberships; the members stay.",
		Section:     "RFC 7644, section 3.6",
		Consequence: "Deleting a group deletes people, or they are still shown as its members.",
		needs:       needTeams,
		run:         onTeams(testDeleteGroup),
	},
}

// pair is an edge by its ids.
type pair struct{ group, member string }

func pairsOf(edges []scim.Membership) []pair {
	pairs := make([]pair, len(edges))
	for i, e := range edges {
		pairs[i] = pair{e.GroupID, e.Member.ID}
	}
	return pairs
}

// expectEdges reports if there are other edges than should be.
func (g *teams) expectEdges(what string, edges []scim.Membership, want ...pair) {
	text := func(pairs []pair) []string {
		var all []string
		for _, p := range pairs {
			all = append(all, p.group+" has "+p.member)
		}
		return all
	}
	g.expectIDs(what, text(pairsOf(edges)), text(want), false)
}

func testEdges(g *teams) {
	p := g.persons(4)
	one, two, three := g.formed(p[0], p[1]), g.formed(p[1], p[2]), g.formed()
	for what, tt := range map[string]struct {
		q    scim.MembershipQuery
		want []pair
	}{
		"the members of a group":      {scim.MembershipQuery{Groups: []string{one}}, []pair{{one, p[0]}, {one, p[1]}}},
		"the members of two groups":   {scim.MembershipQuery{Groups: []string{two, one}}, []pair{{one, p[0]}, {one, p[1]}, {two, p[1]}, {two, p[2]}}},
		"the members of an empty one": {scim.MembershipQuery{Groups: []string{three}}, nil},
		"the groups of a member":      {scim.MembershipQuery{Members: p[1:2]}, []pair{{one, p[1]}, {two, p[1]}}},
		"the groups of several":       {scim.MembershipQuery{Members: p}, []pair{{one, p[0]}, {one, p[1]}, {two, p[1]}, {two, p[2]}}},
		"the groups of one in none":   {scim.MembershipQuery{Members: p[3:]}, nil},
		"a pair that exists":          {scim.MembershipQuery{Groups: []string{one}, Members: p[:1]}, []pair{{one, p[0]}}},
		"a pair that does not":        {scim.MembershipQuery{Groups: []string{two}, Members: p[:1]}, nil},
		"pairs": {scim.MembershipQuery{Groups: []string{one, three, two}, Members: []string{p[2], p[0], p[3]}},
			[]pair{{one, p[0]}, {two, p[2]}}},
	} {
		g.expectEdges(what, g.edges(tt.q), tt.want...)
	}
}

func testEdgesOfNobody(g *teams) {
	p := g.persons(1)
	group := g.formed(p...)
	for what, q := range map[string]scim.MembershipQuery{
		"unknown groups":                     {Groups: oddIDs()},
		"unknown members":                    {Members: oddIDs()},
		"unknown groups and a member":        {Groups: oddIDs(), Members: p},
		"a group and unknown members":        {Groups: []string{group}, Members: oddIDs()},
		"a user as a group":                  {Groups: p},
		"a group as a member":                {Members: []string{group}},
		"no groups":                          {Groups: []string{}},
		"no members":                         {Members: []string{}},
		"neither groups nor members":         {},
		"neither groups nor members, with 1": {Limit: 1},
	} {
		g.expectEdges(what, g.edges(q))
	}
}

func testEdgesOfMany(g *teams) {
	p := g.persons(3)
	one, two := g.formed(p...), g.formed(p[:1]...)
	want := []pair{{one, p[0]}, {one, p[1]}, {one, p[2]}, {two, p[0]}}
	g.expectEdges("an id twice", g.edges(scim.MembershipQuery{Groups: []string{one, two, one}}), want...)
	g.expectEdges("a member twice", g.edges(scim.MembershipQuery{Members: append(slices.Clone(p), p...)}), want...)
	g.expectEdges("ids twice in pairs", g.edges(scim.MembershipQuery{Groups: []string{one, one}, Members: []string{p[0], p[0]}}), want[0])
	groups, members := amongMany(one, two), amongMany(p...)
	g.expectEdges("many groups", g.edges(scim.MembershipQuery{Groups: groups}), want...)
	g.expectEdges("many members", g.edges(scim.MembershipQuery{Members: members}), want...)
	g.expectEdges("many pairs", g.edges(scim.MembershipQuery{Groups: []string{one, two}, Members: members}), want...)
}

// web makes groups and members of whom each is in several, not in the order of
// their creation.
func (g *teams) web() (groups, members []string) {
	members = g.persons(5)
	for i := range 4 {
		id := g.formed()
		groups = append(groups, id)
		for k := range 4 {
			g.apply(id, patch.MemberDelta{Add: g.membersOf(members[(3*k+2*i)%5])})
		}
	}
	return groups, members
}

func testEdgesOrder(g *teams) {
	groups, members := g.web()
	all := pairsOf(g.edges(scim.MembershipQuery{Groups: groups}))
	// The order of members is the same in each group.
	for _, m := range members {
		for _, n := range members {
			if g.before(all, m, n) && g.before(all, n, m) {
				g.fatalf("%q is before %q in one group and behind in another", m, n)
			}
		}
	}
	seen := map[string]bool{}
	for i, p := range all {
		if i == 0 || all[i-1].group != p.group {
			if seen[p.group] {
				g.fatalf("the edges of the group %q are not in one piece", p.group)
			}
			seen[p.group] = true
		}
	}
	reversed := func(ids []string) []string {
		ids = slices.Clone(ids)
		slices.Reverse(ids)
		return ids
	}
	for what, q := range map[string]scim.MembershipQuery{
		"groups in another order":  {Groups: reversed(groups)},
		"by members":               {Members: members},
		"members in another order": {Members: reversed(members)},
		"pairs":                    {Groups: reversed(groups), Members: reversed(members)},
	} {
		if got := pairsOf(g.edges(q)); !slices.Equal(got, all) {
			g.errorf("edges, %s: %v, want %v", what, got, all)
		}
	}
}

// before reports whether m stands before n in some group.
func (g *teams) before(all []pair, m, n string) bool {
	first := map[string]bool{}
	for _, p := range all {
		if p.member == m {
			first[p.group] = true
		}
		if p.member == n && m != n && first[p.group] {
			return true
		}
	}
	return false
}

func testEdgesPages(g *teams) {
	groups, members := g.web()
	for what, q := range map[string]scim.MembershipQuery{
		"by groups": {Groups: groups}, "by members": {Members: members}, "pairs": {Groups: groups[1:], Members: members[1:]}, "of one group": {Groups: groups[:1]},
	} {
		all := pairsOf(g.edges(q))
		for _, q.Limit = range []int{1, 2, 3, len(all) - 1, len(all), len(all) + 1} {
			q.After = ""
			got := pairsOf(g.walkEdges(fmt.Sprintf("edges %s, Limit %d", what, q.Limit), q, nil))
			if !slices.Equal(got, all) {
				g.errorf("edges %s by pages of %d: %v, want %v", what, q.Limit, got, all)
			}
		}
	}
}

// walkEdges reads pages of edges and calls between after each but the last.
func (g *teams) walkEdges(what string, q scim.MembershipQuery, between func(page []scim.Membership)) []scim.Membership {
	var all []scim.Membership
	for pages := 0; ; pages++ {
		page := g.edgePage(q)
		switch n := len(page.Edges); {
		case n > q.Limit:
			g.errorf("%s: a page has %d edges", what, n)
		case n == 0 && (page.Next != "" || pages > 0 && between == nil):
			g.errorf("%s: an empty page, Next of the one before should have been empty", what)
		}
		all = append(all, page.Edges...)
		if page.Next == "" {
			return all
		}
		if page.Next == q.After || pages > maxAll {
			g.fatalf("%s: the pages do not end, Next is %q", what, page.Next)
		}
		q.After = page.Next
		if between != nil {
			between(page.Edges)
		}
	}
}

func testEdgesPagesChange(g *teams) {
	members := g.persons(9)
	for _, limit := range []int{1, 2} {
		id := g.formed(members...)
		what := fmt.Sprintf("removing members page by page, Limit %d", limit)
		var seen []string
		q := scim.MembershipQuery{Groups: []string{id}, Limit: limit}
		for _, e := range g.walkEdges(what, q, func(page []scim.Membership) {
			for _, e := range page {
				g.apply(id, patch.MemberDelta{Remove: []string{e.Member.ID}})
			}
		}) {
			seen = append(seen, e.Member.ID)
		}
		g.expectIDs(what+": the members that were seen", seen, members, false)
		g.erase(id) // those of the last page are still in it

		groups := []string{g.formed(members...), g.formed(members[0]), g.formed(members[0]), g.formed(members...)}
		what, seen = fmt.Sprintf("deleting groups page by page, Limit %d", limit), nil
		q = scim.MembershipQuery{Members: members[:1], Limit: limit}
		for _, e := range g.walkEdges(what, q, func(page []scim.Membership) {
			for _, e := range page {
				g.erase(e.GroupID)
			}
		}) {
			seen = append(seen, e.GroupID)
		}
		g.expectIDs(what+": the groups that were seen", seen, groups, false)
		for _, id := range g.groupsOf(members[0]) {
			g.erase(id)
		}
	}
}

func testEdgesNames(g *teams) {
	name, ok := g.typ.Attr("displayName")
	if !ok || !g.keeps(name) {
		g.skipf("groups have no displayName")
	}
	p := g.persons(2)
	id := g.formed(p...)
	check := func(what string) {
		want := g.read(id).Get("displayName").String()
		for _, e := range slices.Concat(g.edges(scim.MembershipQuery{Groups: []string{id}}), g.edges(scim.MembershipQuery{Members: p})) {
			if e.GroupName != want {
				g.errorf("%s: an edge has the GroupName %q, want %q", what, e.GroupName, want)
			}
			if e.Member.Type != g.people.typ.Name() {
				g.errorf("%s: an edge has a member of the type %q, want %q", what, e.Member.Type, g.people.typ.Name())
			}
		}
	}
	check("a new group")
	g.edit(g.read(id), assign{name, g.word()})
	check("a renamed group")
	g.renamedMember(p[0], id)
}

// renamedMember reports if a member has its former name still.
func (g *teams) renamedMember(member, group string) {
	c := g.people
	old := c.read(member)
	values := []assign{{c.naming, c.word()}}
	if a, ok := c.typ.Attr("displayName"); ok && c.keeps(a) && a != c.naming {
		old = c.edit(old, assign{a, c.word()})
		values = append(values, assign{a, c.word()})
	}
	c.edit(old, values...)
	for _, e := range g.edges(scim.MembershipQuery{Groups: []string{group}, Members: []string{member}}) {
		for _, v := range values {
			if former := old.Get(v.a.Path()).String(); former != "" && strings.Contains(e.Member.Display, former) {
				g.errorf("an edge has the Display %q, which was the member's %s before it was renamed", e.Member.Display, v.a.Path())
			}
		}
	}
}

func testEdgesTenants(g *teams) {
	p := g.persons(2)
	id := g.formed(p...)
	for what, q := range map[string]scim.MembershipQuery{
		"by group": {Groups: []string{id}}, "by members": {Members: p}, "pairs": {Groups: []string{id}, Members: p},
	} {
		page, err := g.Groups.ListMemberships(g.ctx, g.other(), q)
		g.must(err, "listing memberships in another tenant")
		g.expectEdges(what+" in another tenant", page.Edges)
	}
}

func testDeleteUser(g *teams) {
	p := g.persons(3)
	one, two := g.formed(p...), g.formed(p[0])
	g.people.erase(p[0])
	g.expectMembers("after a member was deleted", one, p[1:]...)
	g.expectMembers("after the only member was deleted", two)
	g.expectIDs("the groups of a deleted user", g.groupsOf(p[0]), nil, false)
	g.expectEdges("pairs with a deleted user", g.edges(scim.MembershipQuery{Groups: []string{one, two}, Members: p}), pair{one, p[1]}, pair{one, p[2]})
	g.read(one)
	g.read(two)
}

func testDeleteGroup(g *teams) {
	p := g.persons(2)
	one, two := g.formed(p...), g.formed(p[0])
	g.erase(one)
	g.expectIDs("the members of a deleted group", g.members(one), nil, false)
	g.expectIDs("the groups of a member of a deleted group", g.groupsOf(p[0]), []string{two}, false)
	g.expectIDs("the groups of another", g.groupsOf(p[1]), nil, false)
	for _, id := range p {
		g.people.read(id)
	}
	g.expectMembers("another group", two, p[0])
}
