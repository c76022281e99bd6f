package storetest

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

const needTeams = needUsers | needGroups

// groupCases are about groups and how their members change.
var groupCases = []Case{
	{
		Name:        "Groups/IDsOfUsers",
		Rule:        "No group has the id of a user: members are told apart by their id alone.",
		Section:     "RFC 7643, section 3.1",
		Consequence: "The identity provider adds a group and a person gets in, or the other way round.",
		needs:       needTeams,
		run:         onTeams(testGroupIDs),
	},
	{
		Name:        "Groups/NamesMayRepeat",
		Rule:        "With Options.DuplicateGroupNames two groups may have one name.",
		Section:     "RFC 7643, section 4.2",
		Consequence: "The second group of that name can't be provisioned.",
		needs:       needTeams,
		run:         onTeams(testGroupNames),
	},
	{
		Name:        "Groups/NoMembersInside",
		Rule:        "Resources of groups never hold members.",
		Section:     "scim.GroupStore",
		Consequence: "Each look at a large group loads all of its members, and an answer shows those of some time ago.",
		needs:       needTeams,
		run:         onTeams(testNoMembersInside),
	},
	{
		Name:        "Groups/CreateMembers",
		Rule:        "CreateGroup stores the members Members.Add too, in one step: with an unknown one it is UnknownMember and there is no group.",
		Section:     "RFC 7644, section 3.3",
		Consequence: "A new group is empty until the next full synchronisation; or half of it is there, and the repeated POST is a conflict.",
		needs:       needTeams,
		run:         onTeams(testCreateMembers),
	},
	{
		Name:        "Groups/Add",
		Rule:        "Members.Add adds those who are not in yet; all others stay. The result says who was really added.",
		Section:     "RFC 7644, section 3.5.2.1",
		Consequence: "Assigning one person throws others out, or a person who is in twice can't be removed.",
		needs:       needTeams,
		run:         onTeams(testAdd),
	},
	{
		Name:        "Groups/Remove",
		Rule:        "Members.Remove removes just these; all others stay. Ids that are no members, or unknown, change nothing. The result says who was really removed.",
		Section:     "RFC 7644, section 3.5.2.2",
		Consequence: "Removing one leaver empties the whole group; or it is answered 200 and the leaver stays in.",
		needs:       needTeams,
		run:         onTeams(testRemove),
	},
	{
		Name:        "Groups/Replace",
		Rule:        "With Members.Replace the members are Add, and nobody else; with an empty Add there are none.",
		Section:     "RFC 7644, section 3.5.2.3",
		Consequence: "Who is not on the new list keeps the access.",
		needs:       needTeams,
		run:         onTeams(testReplace),
	},
	{
		Name:        "Groups/AddAndRemove",
		Rule:        "One call may add and remove, and change attributes too.",
		Section:     "RFC 7644, section 3.5.2",
		Consequence: "Half of a PATCH is lost, and answered 200.",
		needs:       needTeams,
		run:         onTeams(testAddAndRemove),
	},
	{
		Name:        "Groups/NothingChanges",
		Rule:        "If nobody is really added or removed, version and time stay, and the result lists nobody.",
		Section:     "scim.GroupStore",
		Consequence: "Each synchronisation moves the version of every group, so that events and caches see changes all the time.",
		needs:       needTeams,
		run:         onTeams(testNothingChanges),
	},
	{
		Name:        "Groups/MembersMoveVersion",
		Rule:        "If somebody is really added or removed, version and time move, and GroupResult.Version is the new one.",
		Section:     "RFC 7644, section 3.14",
		Consequence: "A client asks with If-None-Match and never learns that the members changed.",
		needs:       needTeams,
		run:         onTeams(testMembersMoveVersion),
	},
	{
		Name:        "Groups/AttributesAndMembers",
		Rule:        "A change of attributes leaves the members, and one of members the attributes.",
		Section:     "RFC 7644, section 3.5.2",
		Consequence: "Renaming a group empties it.",
		needs:       needTeams,
		run:         onTeams(testAttributesAndMembers),
	},
	{
		Name:        "Groups/OneStep",
		Rule:        "Attributes and members change in one step: if one part is refused, for a name in use, an unknown member or another version, nothing changes.",
		Section:     "RFC 7644, section 3.5.2",
		Consequence: "The identity provider is answered an error, but half of its change was done.",
		needs:       needTeams,
		run:         onTeams(testOneStep),
	},
	{
		Name:        "Groups/UnknownMember",
		Rule:        "Adding an id that does not exist (any more), or belongs to another tenant, is UnknownMember, and nobody is added.",
		Section:     "RFC 7644, section 3.5.2.1",
		Consequence: "A membership of nobody, which somebody may inherit; or 500, which the identity provider repeats for ever.",
		needs:       needTeams,
		run:         onTeams(testUnknownMember),
	},
	{
		Name:        "Groups/MembersOfUnknownGroup",
		Rule:        "Changing the members of a group that does not exist, or belongs to another tenant, is ErrNotFound.",
		Section:     "RFC 7644, section 3.5.2",
		Consequence: "The answer is 200 or 500 for a group that is gone, so that it is never created again.",
		needs:       needTeams,
		run:         onTeams(testMembersOfUnknownGroup),
	},
	{
		Name:        "Groups/MembersRace",
		Rule:        "Without Write.Version two deltas never conflict, and none is lost.",
		Section:     "RFC 7644, section 3.5.2",
		Consequence: "Entra ID sends many changes of one group at once: some fail, or are lost.",
		needs:       needTeams,
		run:         onTeams(testMembersRace),
	},
	{
		Name:        "Groups/SameMemberRace",
		Rule:        "Of several that add or remove the same member at once one is told that it did; the member is in once.",
		Section:     "scim.GroupResult",
		Consequence: "Somebody is in a group twice and is removed once, or gets two welcome mails.",
		needs:       needTeams,
		run:         onTeams(testSameMemberRace),
	},
	{
		Name:        "Groups/Many",
		Rule:        "Up to MaxEffective members that were added and removed are listed; of more than that both lists are nil and Many is set.",
		Section:     "scim.GroupResult",
		Consequence: "Changes of access are not seen by those who act on them, or one replaced list fills the memory.",
		needs:       needTeams,
		run:         onTeams(testMany),
	},
	{
		Name:        "Groups/Large",
		Rule:        "A change of members does the same in a group of 10 and of 100,000, and its cost depends on the delta, not on the group.",
		Section:     "RFC 7644, section 3.5.2",
		Consequence: "Requests for the largest group take so long that the identity provider gives up and repeats them.",
		needs:       needTeams,
		run:         onTeams(testLarge),
	},
	{
		Name:        "Groups/Nested",
		Rule:        "A group may be a member of a group, where the application allows it; edges say of which type a member is.",
		Section:     "RFC 7643, section 4.2",
		Consequence: "Nested groups are shown as people, or not at all.",
		needs:       needTeams,
		run:         onTeams(testNested),
	},
	{
		Name:        "Groups/DeltaArguments",
		Rule:        "A store does not change the members it is given, and keeps none of the slices; those it returns are the caller's.",
		Section:     "scim.GroupStore",
		Consequence: "A retry adds others than the first try; one request changes the answer to another.",
		needs:       needTeams,
		run:         onTeams(testDeltaArguments),
	},
}

func testGroupIDs(g *teams) {
	seen := map[string]string{}
	for range 5 {
		for kind, id := range map[string]string{"user": g.persons(1)[0], "group": g.formed()} {
			if other := seen[id]; other != "" {
				g.errorf("the id %q is that of a %s and of a %s", id, other, kind)
			}
			seen[id] = kind
		}
	}
	person, group := g.persons(1)[0], g.formed()
	_, err := g.get(g.ctx, g.tenant, person)
	g.expectNotFound(err, "reading a group by the id of a user")
	_, err = g.people.get(g.ctx, g.tenant, group)
	g.expectNotFound(err, "reading a user by the id of a group")
	page := g.page(scim.Query{IDs: []string{person, group}, StartIndex: 1, Count: 10})
	g.expectIDs("groups by the ids of a user and a group", idsOf(page.Resources), []string{group}, false)
}

func testGroupNames(g *teams) {
	if !g.o.DuplicateGroupNames {
		g.skipf("Options.DuplicateGroupNames is not set")
	}
	name := g.word()
	one, two := g.add(assign{g.naming, name}), g.add(assign{g.naming, name})
	third := g.edit(g.add(), assign{g.naming, name})
	g.expectIDs("groups of one name", idsOf(g.all()), []string{one.ID(), two.ID(), third.ID()}, false)
	g.expectFilter(g.naming.Path()+" eq "+quote(name), scim.Query{})
	g.erase(one.ID())
	g.expectFilter(g.naming.Path()+" eq "+quote(name), scim.Query{})
}

func testNoMembersInside(g *teams) {
	ids := g.persons(2)
	created := g.form(ids...)
	id := created.Group.ID()
	changed := g.apply(id, patch.MemberDelta{Remove: ids[:1]})
	results := map[string]*schema.Resource{
		"creating": created.Group, "changing members": changed.Group, "reading": g.read(id), "listing": g.all()[0],
		"updating": g.edit(g.read(id), assign{g.text(0), g.word()}),
	}
	for what, r := range results {
		if r != nil && !r.Get("members").IsZero() {
			g.errorf("what %s returned has members", what)
		}
	}
}

func testCreateMembers(g *teams) {
	ids := g.persons(3)
	res := g.form(ids...)
	g.expectMembers("a new group", res.Group.ID(), ids...)
	g.expectResult("creating a group", res, ids, nil)
	g.expectCurrent("creating a group", res.Group.ID(), res)
	g.expectMembers("a new group without members", g.formed())

	n := len(g.all())
	gone := g.persons(1)[0]
	g.people.erase(gone)
	w := scim.GroupWrite{Write: g.writeOf(g.fresh()), Members: patch.MemberDelta{Add: g.membersOf(ids[0], gone, ids[1])}}
	_, err := g.Groups.CreateGroup(g.ctx, g.tenant, w)
	g.expectUnknownMember(err, "creating a group with a deleted user")
	if is := len(g.all()); is != n {
		g.errorf("after a refused creation there are %d groups, want %d", is, n)
	}
	g.expectIDs("the groups of a member of a refused group", g.groupsOf(ids[0]), []string{res.Group.ID()}, false)
	w.Members.Add = g.membersOf(ids...)
	_, err = g.Groups.CreateGroup(g.ctx, g.tenant, w)
	g.must(err, "creating the refused group again, without the unknown member")
}

func testAdd(g *teams) {
	ids := g.persons(5)
	id, bystander := g.formed(ids[:2]...), g.formed(ids[1:4]...)
	res := g.apply(id, patch.MemberDelta{Add: g.membersOf(ids[2])})
	g.expectMembers("adding one", id, ids[:3]...)
	g.expectResult("adding one", res, ids[2:3], nil)
	res = g.apply(id, patch.MemberDelta{Add: g.membersOf(ids...)})
	g.expectMembers("adding five of whom three are in", id, ids...)
	g.expectResult("adding five of whom three are in", res, ids[3:], nil)
	g.expectMembers("a group that nobody changed", bystander, ids[1:4]...)
}

func testRemove(g *teams) {
	ids := g.persons(6)
	id, bystander := g.formed(ids[:5]...), g.formed(ids...)
	res := g.apply(id, patch.MemberDelta{Remove: ids[1:2]})
	g.expectMembers("removing one of five", id, ids[0], ids[2], ids[3], ids[4])
	g.expectResult("removing one of five", res, nil, ids[1:2])
	gone := g.persons(1)[0]
	g.people.erase(gone)
	ask := []string{ids[5], ids[4], ids[1], gone, "unknown", "", "' OR ''='"}
	res = g.apply(id, patch.MemberDelta{Remove: ask})
	g.expectMembers("removing one who is in and some who are not", id, ids[0], ids[2], ids[3])
	g.expectResult("removing one who is in and some who are not", res, nil, ids[4:5])
	g.expectMembers("a group that nobody changed", bystander, ids...)
	g.apply(id, patch.MemberDelta{Remove: []string{ids[0], ids[2], ids[3]}})
	g.expectMembers("removing all that are left", id)
}

func testReplace(g *teams) {
	ids := g.persons(5)
	id, bystander := g.formed(ids[:3]...), g.formed(ids...)
	res := g.apply(id, patch.MemberDelta{Replace: true, Add: g.membersOf(ids[1], ids[3])})
	g.expectMembers("replacing", id, ids[1], ids[3])
	g.expectResult("replacing", res, ids[3:4], []string{ids[0], ids[2]})
	res = g.apply(id, patch.MemberDelta{Replace: true})
	g.expectMembers("replacing by nobody", id)
	g.expectResult("replacing by nobody", res, nil, []string{ids[1], ids[3]})
	res = g.apply(id, patch.MemberDelta{Replace: true, Add: g.membersOf(ids[4])})
	g.expectMembers("replacing nobody by one", id, ids[4])
	g.expectResult("replacing nobody by one", res, ids[4:], nil)
	g.expectMembers("a group that nobody changed", bystander, ids...)
}

func testAddAndRemove(g *teams) {
	ids := g.persons(4)
	id := g.formed(ids[:2]...)
	a, text := g.text(0), g.word()
	w := scim.GroupWrite{Write: g.change(g.read(id), assign{a, text})}
	w.Members = patch.MemberDelta{Add: g.membersOf(ids[2], ids[1]), Remove: []string{ids[0], ids[3]}}
	res, err := g.Groups.UpdateGroup(g.ctx, g.tenant, id, w)
	g.must(err, "changing attributes and members")
	g.expectMembers("adding and removing", id, ids[1], ids[2])
	g.expectResult("adding and removing", res, ids[2:3], ids[:1])
	g.expectText("attributes changed with members", g.expectCurrent("changing attributes and members", id, res), a, text)
}

func testNothingChanges(g *teams) {
	ids := g.persons(3)
	id := g.formed(ids[:2]...)
	was := g.read(id)
	for what, d := range map[string]patch.MemberDelta{
		"adding one who is in":        {Add: g.membersOf(ids[0])},
		"removing one who is not in":  {Remove: []string{ids[2], "unknown"}},
		"adding and removing nobody":  {Add: g.membersOf(ids[1]), Remove: ids[2:]},
		"replacing by those in it":    {Replace: true, Add: g.membersOf(ids[1], ids[0])},
		"a delta of nothing":          {},
		"removing one who is unknown": {Remove: []string{"unknown"}},
	} {
		res := g.apply(id, d)
		g.expectResult(what, res, nil, nil)
		g.expectCurrent(what, id, res)
		g.expectUnmoved(what, was)
	}
	g.expectMembers("after nothing changed", id, ids[:2]...)
}

func testMembersMoveVersion(g *teams) {
	ids := g.persons(3)
	id := g.formed(ids[0])
	was := g.read(id)
	for _, step := range []struct {
		what string
		d    patch.MemberDelta
	}{
		{"adding one", patch.MemberDelta{Add: g.membersOf(ids[1])}},
		{"removing one", patch.MemberDelta{Remove: ids[:1]}},
		{"replacing", patch.MemberDelta{Replace: true, Add: g.membersOf(ids[2])}},
		{"replacing by nobody", patch.MemberDelta{Replace: true}},
	} {
		res := g.apply(id, step.d)
		now := g.expectCurrent(step.what, id, res)
		g.checkSuccessor(now, was)
		was = now
	}
}

func testAttributesAndMembers(g *teams) {
	ids := g.persons(3)
	r, err := g.Groups.CreateGroup(g.ctx, g.tenant, scim.GroupWrite{Write: g.writeOf(g.full()), Members: patch.MemberDelta{Add: g.membersOf(ids...)}})
	g.must(err, "creating a group")
	id := r.Group.ID()
	g.edit(r.Group, assign{g.naming, g.word()})
	g.expectMembers("renaming a group", id, ids...)
	was := g.read(id)
	g.apply(id, patch.MemberDelta{Remove: ids[:1]})
	g.expectValues("after a change of members alone", g.read(id), was)

	// A write without Changed says nothing of attributes, whatever it holds.
	bare := g.fresh(assign{g.text(0), g.word()})
	w := scim.GroupWrite{Write: scim.Write{Old: was, New: bare}, Members: patch.MemberDelta{Remove: ids[1:2]}}
	_, err = g.Groups.UpdateGroup(g.ctx, g.tenant, id, w)
	g.must(err, "changing members, with a Write.New and nothing in Changed")
	g.expectValues("after a change of members with nothing in Changed", g.read(id), was)
	g.expectMembers("after that", id, ids[2])
}

func testOneStep(g *teams) {
	ids := g.persons(4)
	gone := g.persons(1)[0]
	g.people.erase(gone)
	first := g.read(g.formed(ids[:2]...))
	was := g.edit(first, assign{g.text(0), g.word()})
	try := func(what string, is func(error) bool, want string, w scim.GroupWrite) {
		_, err := g.Groups.UpdateGroup(g.ctx, g.tenant, was.ID(), w)
		g.expect(is, want, err, "%s", what)
		g.expectUnmoved(what, was)
		g.expectMembers(what, was.ID(), ids[:2]...)
	}
	d := patch.MemberDelta{Add: g.membersOf(ids[2:]...), Remove: ids[:1]}
	change := g.change(was, assign{g.text(0), g.word()})
	if g.isUnique(g.naming) {
		taken := g.add().Get(g.naming.Path()).String()
		try("a name in use, with members", isTaken, "scim.Taken",
			scim.GroupWrite{Write: g.change(was, assign{g.naming, taken}), Members: d})
	}
	bad := patch.MemberDelta{Add: g.membersOf(ids[2], gone, ids[3]), Remove: ids[:1]}
	try("an unknown member, with attributes", isUnknownMember, "scim.UnknownMember", scim.GroupWrite{Write: change, Members: bad})
	old := change
	old.Version = first.Version()
	try("an old version, with attributes and members", isMismatch, "scim.ErrVersionMismatch", scim.GroupWrite{Write: old, Members: d})
	try("an old version, with members", isMismatch, "scim.ErrVersionMismatch", scim.GroupWrite{Write: scim.Write{Version: old.Version}, Members: d})
	change.Version = was.Version()
	_, err := g.Groups.UpdateGroup(g.ctx, g.tenant, was.ID(), scim.GroupWrite{Write: change, Members: d})
	g.must(err, "the same with the right version and known members")
	g.expectMembers("the same with the right version and known members", was.ID(), ids[1:]...)
}

func testUnknownMember(g *teams) {
	ids := g.persons(2)
	id := g.formed(ids[0])
	was := g.read(id)
	gone := g.persons(1)[0]
	g.people.erase(gone)
	unknown := []string{"unknown", "", "00000000-0000-0000-0000-000000000000", gone}
	if len(g.o.Tenants) > 1 {
		stranger, err := g.people.create(g.ctx, g.other(), g.people.writeOf(g.people.fresh()))
		g.must(err, "creating a user in another tenant")
		unknown = append(unknown, stranger.ID())
	}
	for _, member := range unknown {
		for _, replace := range []bool{false, true} {
			d := patch.MemberDelta{Replace: replace, Add: g.membersOf(ids[1], member)}
			_, err := g.Groups.UpdateGroup(g.ctx, g.tenant, id, scim.GroupWrite{Members: d})
			g.expectUnknownMember(err, "adding the member %q, who is unknown in this tenant", member)
		}
	}
	g.expectMembers("after unknown members", id, ids[0])
	g.expectUnmoved("after unknown members", was)
}

func testMembersOfUnknownGroup(g *teams) {
	ids := g.persons(2)
	id := g.formed(ids[0])
	gone := g.formed(ids[0])
	g.erase(gone)
	deltas := map[string]patch.MemberDelta{
		"adding": {Add: g.membersOf(ids[1])}, "removing": {Remove: ids[:1]}, "replacing": {Replace: true}, "nothing": {},
	}
	for what, d := range deltas {
		for _, unknown := range []string{"unknown", gone, ids[0]} {
			_, err := g.Groups.UpdateGroup(g.ctx, g.tenant, unknown, scim.GroupWrite{Members: d})
			g.expectNotFound(err, "%s in an unknown group", what)
		}
	}
	if len(g.o.Tenants) > 1 {
		stranger, err := g.people.create(g.ctx, g.other(), g.people.writeOf(g.people.fresh()))
		g.must(err, "creating a user in another tenant")
		deltas["adding"] = patch.MemberDelta{Add: g.membersOf(stranger.ID())}
		for what, d := range deltas {
			_, err := g.Groups.UpdateGroup(g.ctx, g.other(), id, scim.GroupWrite{Members: d})
			g.expectNotFound(err, "%s in a group of another tenant", what)
		}
	}
	g.expectMembers("the group", id, ids[0])
}

func testMembersRace(g *teams) {
	const each = 3
	rounds := min(g.rounds(), 10)
	ids := g.persons(2 * racers * each)
	in, out := ids[:racers*each], ids[racers*each:]
	for range rounds {
		id := g.formed(in...)
		errs := g.parallel(racers, func(i int) error {
			for n := range each {
				d := patch.MemberDelta{Add: g.membersOf(out[i*each+n]), Remove: in[i*each+n : i*each+n+1]}
				res, err := g.Groups.UpdateGroup(g.ctx, g.tenant, id, scim.GroupWrite{Members: d})
				if err != nil {
					return err
				}
				if !slices.Equal(res.Added, out[i*each+n:i*each+n+1]) || !slices.Equal(res.Removed, d.Remove) {
					g.errorf("a delta among others: the result has %q added and %q removed, want one each", res.Added, res.Removed)
				}
			}
			return nil
		})
		g.must(errors.Join(errs...), "deltas of one group at once")
		g.expectMembers("after deltas at once", id, out...)
	}
}

func testSameMemberRace(g *teams) {
	ids := g.persons(2)
	id := g.formed(ids[0])
	for range g.rounds() {
		for _, d := range []patch.MemberDelta{{Add: g.membersOf(ids[1])}, {Remove: ids[1:]}} {
			did := make([]int, racers)
			errs := g.parallel(racers, func(i int) error {
				res, err := g.Groups.UpdateGroup(g.ctx, g.tenant, id, scim.GroupWrite{Members: d})
				did[i] = len(res.Added) + len(res.Removed)
				return err
			})
			g.must(errors.Join(errs...), "the same delta several times at once")
			total := 0
			for _, n := range did {
				total += n
			}
			if total != 1 {
				g.errorf("%d of %d calls say that they changed the member, want 1", total, racers)
			}
		}
	}
	g.expectMembers("after adding and removing one", id, ids[0])
}

func testMany(g *teams) {
	ids := g.persons(scim.MaxEffective + 1)
	all, most := ids, ids[:scim.MaxEffective]
	id := g.formed()
	for _, step := range []struct {
		what           string
		d              patch.MemberDelta
		added, removed []string
	}{
		{"adding MaxEffective", patch.MemberDelta{Add: g.membersOf(most...)}, most, nil},
		{"removing MaxEffective", patch.MemberDelta{Remove: most}, nil, most},
		{"adding one more", patch.MemberDelta{Add: g.membersOf(all...)}, all, nil},
		{"adding all again", patch.MemberDelta{Add: g.membersOf(all...)}, nil, nil},
		{"replacing by one", patch.MemberDelta{Replace: true, Add: g.membersOf(all[0])}, nil, all[1:]},
		{"replacing by all the others", patch.MemberDelta{Replace: true, Add: g.membersOf(all[1:]...)}, all[1:], all[:1]},
	} {
		g.expectResult(step.what, g.apply(id, step.d), step.added, step.removed)
	}
	g.expectMembers("after that", id, all[1:]...)
}

// largeGroup is the size that the interface promises to bear.
func (x *trial) largeGroup() int {
	if x.o.Short {
		return 2_000
	}
	return 100_000
}

func testLarge(g *teams) {
	ids := g.manyPersons(g.largeGroup())
	small, large := g.formed(ids[:10]...), g.formed()
	for part := range slices.Chunk(ids, 10_000) {
		g.apply(large, patch.MemberDelta{Add: g.membersOf(part...)})
	}
	extra := g.persons(1)[0]
	for _, n := range []int{10, len(ids)} {
		id := map[bool]string{true: small, false: large}[n == 10]
		what := fmt.Sprintf("a group of %d", n)
		g.expectMembers(what, id, ids[:n]...)
		g.expectResult("adding one to "+what, g.apply(id, patch.MemberDelta{Add: g.membersOf(extra)}), []string{extra}, nil)
		g.expectResult("removing one from "+what, g.apply(id, patch.MemberDelta{Remove: ids[5:6]}), nil, ids[5:6])
		g.expectResult("adding one who is in "+what, g.apply(id, patch.MemberDelta{Add: g.membersOf(ids[3])}), nil, nil)
		want := append(slices.Concat(ids[:5], ids[6:n]), extra)
		g.expectIDs(what+" by pages", g.byPages(id), want, false)
		g.expectIDs("the pairs of "+what, g.pairs(id, []string{ids[5], ids[n-1], extra}), []string{ids[n-1], extra}, false)
	}
	g.expectCost(small, large, len(ids), extra)
	res := g.apply(large, patch.MemberDelta{Replace: true, Add: g.membersOf(ids[7], ids[5])})
	g.expectMembers("replacing a large list by two", large, ids[5], ids[7])
	if !res.Many {
		g.errorf("replacing a large list by two: the result has not Many")
	}
	g.erase(large)
	g.expectIDs("the groups of one who was in a large group", g.groupsOf(ids[7]), []string{small}, false)
}

// manyPersons creates users, several at a time.
func (g *teams) manyPersons(n int) []string {
	ids := make([]string, n)
	errs := g.parallel(racers, func(i int) error {
		for k := i; k < n; k += racers {
			r, err := g.people.create(g.ctx, g.tenant, g.people.writeOf(g.people.fresh()))
			if err != nil {
				return err
			}
			ids[k] = r.ID()
		}
		return nil
	})
	g.must(errors.Join(errs...), "creating %d users", n)
	return ids
}

// byPages reads the members of a group by pages of a thousand.
func (g *teams) byPages(id string) []string {
	var ids []string
	q := scim.MembershipQuery{Groups: []string{id}, Limit: 1000}
	for {
		page := g.edgePage(q)
		for _, e := range page.Edges {
			ids = append(ids, e.Member.ID)
		}
		if page.Next == "" || len(page.Edges) == 0 {
			return ids
		}
		q.After = page.Next
	}
}

// pairs returns which of members are in a group.
func (g *teams) pairs(group string, members []string) []string {
	var ids []string
	for _, e := range g.edges(scim.MembershipQuery{Groups: []string{group}, Members: members}) {
		ids = append(ids, e.Member.ID)
	}
	return ids
}

// perMember is how many bytes a change may take for each member that the group
// has: a store that reads them takes more than that for their ids alone.
const perMember = 8

// expectCost compares the memory that a change of one member takes in two groups.
// The least of several tries counts, so that others at work do not.
func (g *teams) expectCost(small, large string, n int, member string) {
	if g.o.Short {
		return
	}
	cost := func(id string) uint64 {
		least := uint64(1) << 63
		for i := range 10 {
			d := patch.MemberDelta{Remove: []string{member}}
			if i%2 == 1 {
				d = patch.MemberDelta{Add: g.membersOf(member)}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			g.apply(id, d)
			runtime.ReadMemStats(&after)
			least = min(least, after.TotalAlloc-before.TotalAlloc)
		}
		return least
	}
	if s, l := cost(small), cost(large); l > s+uint64(n)*perMember {
		g.errorf("one member more or less takes %d bytes of memory in a group of 10 and %d in one of %d", s, l, n)
	}
}

func testNested(g *teams) {
	person := g.persons(1)[0]
	inner, outer := g.formed(person), g.formed(person)
	if !g.nested(outer, inner) {
		g.skipf("the application takes no groups as members")
	}
	types := map[string]string{}
	for _, e := range g.edges(scim.MembershipQuery{Groups: []string{outer}}) {
		types[e.Member.ID] = e.Member.Type
	}
	if types[inner] != g.typ.Name() || types[person] != g.people.typ.Name() || len(types) != 2 {
		g.errorf("the members of a group have the types %v, want %q and %q", types, g.typ.Name(), g.people.typ.Name())
	}
	g.expectIDs("the groups of a group", g.groupsOf(inner), []string{outer}, false)
	g.expectIDs("the groups of a member", g.groupsOf(person), []string{inner, outer}, false)
	g.expectMembers("the inner group", inner, person)
	g.erase(inner)
	g.expectMembers("after the inner group is deleted", outer, person)
	g.people.read(person)
}

func testDeltaArguments(g *teams) {
	ids := g.persons(4)
	slices.Reverse(ids)
	d := patch.MemberDelta{Add: g.membersOf(ids[0], ids[2], ids[1], ids[3])}
	given := slices.Clone(d.Add)
	res, err := g.Groups.CreateGroup(g.ctx, g.tenant, scim.GroupWrite{Write: g.writeOf(g.fresh()), Members: d})
	g.must(err, "creating a group")
	expectSame(g.trial, "Members.Add of a creation", d.Add, given)
	id := res.Group.ID()
	added := slices.Clone(res.Added)
	clear(d.Add)
	clear(res.Added)
	g.expectMembers("after the caller has changed what it handed in", id, ids...)

	d = patch.MemberDelta{Remove: []string{ids[3], "unknown", ids[0]}, Add: g.membersOf(ids[2], ids[1])}
	removed, added2 := slices.Clone(d.Remove), slices.Clone(d.Add)
	res = g.apply(id, d)
	expectSame(g.trial, "Members.Remove of an update", d.Remove, removed)
	expectSame(g.trial, "Members.Add of an update", d.Add, added2)
	clear(d.Remove)
	clear(d.Add)
	clear(res.Removed)
	g.expectMembers("after the caller has changed what it handed in", id, ids[1], ids[2])
	d = patch.MemberDelta{Add: g.membersOf(added...)}
	g.expectResult("adding them again", g.apply(id, d), []string{ids[0], ids[3]}, nil)

	edges := g.edges(scim.MembershipQuery{Groups: []string{id}})
	clear(edges)
	g.expectMembers("after the caller has changed what it got", id, ids...)
	q := scim.MembershipQuery{Groups: []string{id, "unknown", id}, Members: slices.Clone(ids)}
	g.edges(q)
	expectSame(g.trial, "MembershipQuery.Groups", q.Groups, []string{id, "unknown", id})
	expectSame(g.trial, "MembershipQuery.Members", q.Members, ids)
}
