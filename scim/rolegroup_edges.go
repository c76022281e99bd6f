package scim

import (
	"context"
	"slices"
)

// ListMemberships returns the edges of the application's groups, in its order, then
// those of role groups. Edges of members that are hidden, or gone, are left out.
func (g *roleGroups) ListMemberships(ctx context.Context, t Tenant, q MembershipQuery) (MembershipPage, error) {
	at, err := parsePlaces(q.After)
	if err != nil {
		return MembershipPage{}, err
	}
	if q.Groups == nil && q.Members == nil {
		return MembershipPage{}, nil
	}
	app, roles := splitIDs(q.Groups)
	var page MembershipPage
	if !at.appDone && (app == nil || len(app) > 0) {
		own := q
		own.Groups, own.After = app, at.app
		if page, err = g.app.ListMemberships(ctx, t, own); err != nil {
			return MembershipPage{}, err
		}
		if page.Next != "" {
			page.Next = places{app: page.Next}.String()
			return page, nil
		}
	}
	if roles != nil && len(roles) == 0 || q.Members != nil && len(q.Members) == 0 {
		return page, nil
	}
	q.Groups, q.After = roles, at.role
	return g.addRoleEdges(ctx, t, q, page)
}

// addRoleEdges adds edges of role groups to a page that has room for them.
func (g *roleGroups) addRoleEdges(ctx context.Context, t Tenant, q MembershipQuery, page MembershipPage) (MembershipPage, error) {
	room := 0
	if q.Limit > 0 {
		room = q.Limit - len(page.Edges)
		q.Limit = max(room, 1)
	}
	edges, next, err := g.roleEdges(ctx, t, q)
	if err != nil {
		return MembershipPage{}, err
	}
	if q.Limit > 0 && room == 0 {
		if len(edges) > 0 {
			page.Next = places{appDone: true}.String()
		}
		return page, nil
	}
	page.Edges = append(page.Edges, edges...)
	if next != "" {
		page.Next = places{appDone: true, role: next}.String()
	}
	return page, nil
}

// roleEdges returns edges of role groups behind q.After, which is the key of a
// membership, and the key to continue after. Only one edge more than the limit tells
// that there are others.
func (g *roleGroups) roleEdges(ctx context.Context, t Tenant, q MembershipQuery) (edges []Membership, next string, err error) {
	look := StateQuery{After: q.After, Refs: refsOfEdges(q)}
	var wanted map[string]bool // of both conditions the second one
	if q.Groups != nil && q.Members != nil {
		wanted = map[string]bool{}
		for _, id := range q.Groups {
			wanted[id] = true
		}
	}
	if q.Limit > 0 {
		look.Limit = min(q.Limit+1, batch)
	}
	names := map[string]GroupRef{}
	for {
		members, more, err := g.memberships(ctx, t, look)
		if err != nil {
			return nil, "", err
		}
		if wanted != nil {
			members = slices.DeleteFunc(members, func(m roleMember) bool { return !wanted[m.group] })
		}
		if edges, err = g.appendEdges(ctx, t, edges, members, names); err != nil {
			return nil, "", err
		}
		if q.Limit > 0 && len(edges) > q.Limit {
			edges = edges[:q.Limit]
			last := edges[q.Limit-1]
			return edges, roleMember{group: last.GroupID, member: last.Member.ID}.key(), nil
		}
		if more == "" {
			return edges, "", nil
		}
		look.After = more
	}
}

// refsOfEdges returns by which refs edges are found: by members where there are any,
// since a user is in fewer groups than a group has users.
func refsOfEdges(q MembershipQuery) []string {
	ids, ref := q.Groups, refOfRoleGroup
	if q.Members != nil {
		ids, ref = q.Members, refOfRoleMember
	}
	refs := make([]string, len(ids))
	for i, id := range ids {
		refs[i] = ref(id)
	}
	return refs
}

// appendEdges appends memberships as edges: those whose group and member are there.
func (g *roleGroups) appendEdges(ctx context.Context, t Tenant, edges []Membership, members []roleMember, names map[string]GroupRef) ([]Membership, error) {
	names, err := g.named(ctx, t, members, names)
	if err != nil {
		return nil, err
	}
	found, err := g.lookUp(ctx, t, members)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		group, ok := names[m.group]
		member, there := found[m.member]
		if ok && there {
			edges = append(edges, Membership{GroupID: group.ID, GroupName: group.Name, Member: member})
		}
	}
	return edges, nil
}
