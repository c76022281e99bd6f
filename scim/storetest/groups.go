package storetest

import (
	"errors"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// teams are the groups of a store with their members.
type teams struct {
	*collection
	people *collection
}

func (x *trial) teams() *teams { return &teams{x.groups(), x.users()} }

// onTeams makes the run of a case out of one on teams.
func onTeams(f func(g *teams)) func(*trial) { return func(x *trial) { f(x.teams()) } }

// persons creates n users and returns their ids.
func (g *teams) persons(n int) []string { return idsOf(g.people.adds(n)) }

// membersOf makes members of users.
func (g *teams) membersOf(ids ...string) []patch.Member {
	members := make([]patch.Member, len(ids))
	for i, id := range ids {
		members[i] = patch.Member{ID: id, Type: g.people.typ.Name()}
	}
	return members
}

// form creates a group with members.
func (g *teams) form(members ...string) scim.GroupResult {
	w := scim.GroupWrite{Write: g.writeOf(g.fresh()), Members: patch.MemberDelta{Add: g.membersOf(members...)}}
	res, err := g.Groups.CreateGroup(g.ctx, g.tenant, w)
	g.must(err, "creating a group with %d members", len(members))
	if res.Group == nil {
		g.fatalf("creating a group: GroupResult.Group is nil")
	}
	return res
}

// formed is form for cases that need the id only.
func (g *teams) formed(members ...string) string { return g.form(members...).Group.ID() }

// apply changes members, which has to work.
func (g *teams) apply(id string, d patch.MemberDelta) scim.GroupResult {
	res, err := g.Groups.UpdateGroup(g.ctx, g.tenant, id, scim.GroupWrite{Members: d})
	g.must(err, "changing members: add %d, remove %d, replace %v", len(d.Add), len(d.Remove), d.Replace)
	return res
}

// edges asks for edges.
func (g *teams) edges(q scim.MembershipQuery) []scim.Membership { return g.edgePage(q).Edges }

func (g *teams) edgePage(q scim.MembershipQuery) scim.MembershipPage {
	page, err := g.Groups.ListMemberships(g.ctx, g.tenant, q)
	g.must(err, "listing memberships")
	return page
}

// members returns who is in a group.
func (g *teams) members(id string) []string {
	var ids []string
	for _, e := range g.edges(scim.MembershipQuery{Groups: []string{id}}) {
		if e.GroupID != id {
			g.errorf("the members of %q have an edge of the group %q", id, e.GroupID)
		}
		ids = append(ids, e.Member.ID)
	}
	return ids
}

// groupsOf returns the groups of a member.
func (g *teams) groupsOf(id string) []string {
	var ids []string
	for _, e := range g.edges(scim.MembershipQuery{Members: []string{id}}) {
		if e.Member.ID != id {
			g.errorf("the groups of %q have an edge of the member %q", id, e.Member.ID)
		}
		ids = append(ids, e.GroupID)
	}
	return ids
}

// expectMembers reports if others are in a group than should be.
func (g *teams) expectMembers(what, id string, want ...string) {
	g.expectIDs(what+": the members", g.members(id), want, false)
}

// expectResult reports if a result does not say who was added and removed.
func (g *teams) expectResult(what string, res scim.GroupResult, added, removed []string) {
	if len(added)+len(removed) > scim.MaxEffective {
		if !res.Many || res.Added != nil || res.Removed != nil {
			g.errorf("%s: the result has Many %v and lists %d added, %d removed; of more than MaxEffective it must have Many and no ids",
				what, res.Many, len(res.Added), len(res.Removed))
		}
		return
	}
	if res.Many {
		g.errorf("%s: the result has Many for %d changes, which must be listed", what, len(added)+len(removed))
		return
	}
	g.expectIDs(what+": GroupResult.Added", res.Added, added, false)
	g.expectIDs(what+": GroupResult.Removed", res.Removed, removed, false)
}

// expectCurrent reports if a result is not about the group as it is now.
func (g *teams) expectCurrent(what, id string, res scim.GroupResult) *schema.Resource {
	now := g.read(id)
	if res.Version != now.Version() {
		g.errorf("%s: GroupResult.Version is %q, but the group has %q", what, res.Version, now.Version())
	}
	if res.Group != nil {
		g.expectStored(what+": GroupResult.Group", res.Group, now)
	}
	return now
}

// isUnknownMember knows scim.UnknownMember.
func isUnknownMember(err error) bool { return isInvalid(err) }

func (g *teams) expectUnknownMember(err error, format string, args ...any) {
	g.expect(isUnknownMember, "scim.UnknownMember", err, format, args...)
}

// expectUnmoved reports if anything of a group is not as it was, version included.
func (g *teams) expectUnmoved(what string, was *schema.Resource) {
	g.expectStored(what+": the group", g.read(was.ID()), was)
}

// nested makes a group a member of another; ok is false if the application wants
// no groups in groups.
func (g *teams) nested(outer, inner string) bool {
	_, err := g.Groups.UpdateGroup(g.ctx, g.tenant, outer, scim.GroupWrite{Members: patch.MemberDelta{
		Add: []patch.Member{{ID: inner, Type: g.typ.Name()}},
	}})
	if e, ok := errors.AsType[*scim.Error](err); ok && e.Status/100 == 4 {
		return false
	}
	g.must(err, "adding a group to a group")
	return true
}
