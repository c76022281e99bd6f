package scim

import (
	"context"
	"maps"
	"slices"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// roleDelta is what really changes of a group's members, in order.
type roleDelta struct {
	add    []patch.Member
	remove []string

	// seen are those of remove who are in sight. Members that are hidden leave like
	// others, but nobody is told of those who cannot be seen.
	seen []string
}

func (d roleDelta) isVisible() bool { return len(d.add) > 0 || len(d.seen) > 0 }

// records returns what stores the change.
func (d roleDelta) records(groupID string) []State {
	records := make([]State, 0, len(d.add)+len(d.remove))
	for _, m := range d.add {
		records = append(records, roleMember{groupID, m.ID, m.Type}.added())
	}
	for _, id := range d.remove {
		records = append(records, roleMember{group: groupID, member: id}.removed())
	}
	return records
}

// result reports what was done to a group.
func (d roleDelta) result(r *schema.Resource) GroupResult {
	res := GroupResult{Group: r, Version: r.Version()}
	if len(d.add)+len(d.seen) > MaxEffective {
		res.Many = true
		return res
	}
	for _, m := range d.add {
		res.Added = append(res.Added, m.ID)
	}
	res.Removed = d.seen
	return res
}

// effective returns what a delta changes of a group's members. Only a replacement
// reads all of them.
func (g *roleGroups) effective(ctx context.Context, t Tenant, id string, d patch.MemberDelta) (roleDelta, error) {
	if !d.Replace && len(d.Add) == 0 && len(d.Remove) == 0 {
		return roleDelta{}, nil
	}
	wanted, err := g.known(ctx, t, d.Add)
	if err != nil {
		return roleDelta{}, err
	}
	q := StateQuery{Ref: refOfRoleGroup(id)}
	if !d.Replace {
		q = StateQuery{Keys: roleMemberKeys(id, wanted, d.Remove)}
	}
	there, _, err := g.memberships(ctx, t, q)
	if err != nil {
		return roleDelta{}, err
	}
	stays := map[string]bool{}
	for _, m := range wanted {
		stays[m.ID] = true
	}
	leaves := map[string]bool{}
	for _, m := range d.Remove {
		leaves[m] = true
	}
	in := map[string]bool{}
	var gone []roleMember
	for _, m := range there {
		in[m.member] = true
		if d.Replace && !stays[m.member] || !d.Replace && leaves[m.member] {
			gone = append(gone, m)
		}
	}
	seen, err := g.lookUp(ctx, t, gone)
	if err != nil {
		return roleDelta{}, err
	}
	change := roleDelta{add: slices.DeleteFunc(wanted, func(m patch.Member) bool { return in[m.ID] })}
	for _, m := range gone {
		change.remove = append(change.remove, m.member)
		if _, ok := seen[m.member]; ok {
			change.seen = append(change.seen, m.member)
		}
	}
	return change, nil
}

// roleMemberKeys returns where the memberships of a delta are, if they are.
func roleMemberKeys(groupID string, add []patch.Member, remove []string) []string {
	keys := make([]string, 0, len(add)+len(remove))
	for _, m := range add {
		keys = append(keys, roleMember{group: groupID, member: m.ID}.key())
	}
	for _, id := range remove {
		keys = append(keys, roleMember{group: groupID, member: id}.key())
	}
	return keys
}

// known returns members each once, in order, with their types. One that does not
// exist is UnknownMember.
func (g *roleGroups) known(ctx context.Context, t Tenant, members []patch.Member) ([]patch.Member, error) {
	if len(members) == 0 {
		return nil, nil
	}
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.ID
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	found := map[string]patch.Member{}
	if err := g.findUsers(ctx, t, ids, found); err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return found[id].ID != "" })
	if err := g.findGroups(ctx, t, others, found); err != nil {
		return nil, err
	}
	known := make([]patch.Member, len(ids))
	for i, id := range ids {
		m, ok := found[id]
		if !ok {
			return nil, UnknownMember(id)
		}
		known[i] = m
	}
	return known, nil
}

// lookUp returns the members, by id, as far as they are in sight.
func (g *roleGroups) lookUp(ctx context.Context, t Tenant, members []roleMember) (map[string]patch.Member, error) {
	users, groups := map[string]bool{}, map[string]bool{}
	for _, m := range members {
		if m.typ == g.typ.Name() {
			groups[m.member] = true
		} else {
			users[m.member] = true
		}
	}
	found := make(map[string]patch.Member, len(users)+len(groups))
	if err := g.findUsers(ctx, t, slices.Sorted(maps.Keys(users)), found); err != nil {
		return nil, err
	}
	return found, g.findGroups(ctx, t, slices.Sorted(maps.Keys(groups)), found)
}

func (g *roleGroups) findUsers(ctx context.Context, t Tenant, ids []string, found map[string]patch.Member) error {
	return describe(ctx, t, g.users.ListUsers, ids, found)
}

func (g *roleGroups) findGroups(ctx context.Context, t Tenant, ids []string, found map[string]patch.Member) error {
	app, roles := splitIDs(ids)
	if err := describe(ctx, t, g.app.ListGroups, app, found); err != nil || len(roles) == 0 {
		return err
	}
	groups, err := g.find(ctx, t, StateQuery{Keys: roles})
	for _, r := range groups {
		found[r.ID()] = memberOf(r)
	}
	return err
}

// describe adds those of ids that a list has to found.
func describe(ctx context.Context, t Tenant, list func(context.Context, Tenant, Query) (Page, error), ids []string, found map[string]patch.Member) error {
	for part := range slices.Chunk(ids, batch) {
		page, err := list(ctx, t, Query{IDs: part, StartIndex: 1, Count: len(part)})
		if err != nil {
			return err
		}
		for _, r := range page.Resources {
			found[r.ID()] = memberOf(r)
		}
	}
	return nil
}

// membersOf returns the ids of a role group's members, hidden ones too, in order:
// those behind after, limit of them at most. next is empty if there are no more.
func (g *roleGroups) membersOf(ctx context.Context, t Tenant, groupID, after string, limit int) (ids []string, next string, err error) {
	q := StateQuery{Ref: refOfRoleGroup(groupID), Limit: limit}
	if after != "" {
		q.After = roleMember{group: groupID, member: after}.key()
	}
	members, more, err := g.memberships(ctx, t, q)
	for _, m := range members {
		ids = append(ids, m.member)
	}
	if more != "" {
		next = ids[len(ids)-1]
	}
	return ids, next, err
}

// roleGroupsOf returns the role groups of users, hidden ones too, in the order of ids.
func (g *roleGroups) roleGroupsOf(ctx context.Context, t Tenant, userIDs ...string) (map[string][]GroupRef, error) {
	refs := make([]string, len(userIDs))
	for i, id := range userIDs {
		refs[i] = refOfRoleMember(id)
	}
	of := map[string][]GroupRef{}
	members, _, err := g.memberships(ctx, t, StateQuery{Refs: refs})
	if err != nil || len(members) == 0 {
		return of, err
	}
	names, err := g.named(ctx, t, members, map[string]GroupRef{})
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if ref, ok := names[m.group]; ok {
			of[m.member] = append(of[m.member], ref)
		}
	}
	return of, nil
}

// named adds the groups of memberships to those that are known.
func (g *roleGroups) named(ctx context.Context, t Tenant, members []roleMember, known map[string]GroupRef) (map[string]GroupRef, error) {
	var ids []string
	for _, m := range members {
		if _, ok := known[m.group]; !ok && (len(ids) == 0 || ids[len(ids)-1] != m.group) {
			ids = append(ids, m.group)
		}
	}
	if len(ids) == 0 {
		return known, nil
	}
	groups, err := g.find(ctx, t, StateQuery{Keys: ids})
	for _, r := range groups {
		known[r.ID()] = g.refOf(r)
	}
	return known, err
}

func (g *roleGroups) refOf(r *schema.Resource) GroupRef {
	ref := GroupRef{ID: r.ID(), ExternalID: r.ExternalID(), Role: true}
	if g.name != nil {
		ref.Name = r.Get(g.name.Path()).String()
	}
	return ref
}

// dropMemberships takes a user out of all role groups, and returns which these were.
// The groups get a new version, as from any change of members.
func (g *roleGroups) dropMemberships(ctx context.Context, t Tenant, userID string) (groups []string, err error) {
	err = g.attempt(ctx, func(ctx context.Context) error {
		groups, err = g.leave(ctx, t, userID)
		return err
	})
	return groups, err
}

func (g *roleGroups) leave(ctx context.Context, t Tenant, memberID string) ([]string, error) {
	members, _, err := g.memberships(ctx, t, StateQuery{Ref: refOfRoleMember(memberID)})
	if err != nil || len(members) == 0 {
		return nil, err
	}
	ids := make([]string, len(members))
	var edges []State
	for i, m := range members {
		ids[i] = m.group
		edges = append(edges, m.removed())
	}
	records, _, err := g.state.ListState(ctx, t, StateQuery{Kind: kindRoleGroup, Keys: ids})
	if err != nil {
		return nil, err
	}
	for i, s := range records {
		old, err := g.decode(s)
		if err != nil {
			return nil, err
		}
		if records[i], err = g.encode(g.successor(old, old, s.Version), s.Version); err != nil {
			return nil, err
		}
	}
	return ids, g.put(ctx, t, append(records, edges...))
}
