package memstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// ListMemberships returns edges, see [scim.GroupStore], in the order of the
// group's id, then the member's. A page costs what is on it, wherever in a group
// it begins. A nil list of ids asks nothing; an empty one asks for none, so that
// the answer has no edges.
//
// Edges of hidden users, and of ids that are unknown, are not there. A cursor
// stays good when groups or members are removed. One that no page gave is
// refused: 400 invalidValue.
func (s *Store) ListMemberships(ctx context.Context, t scim.Tenant, q scim.MembershipQuery) (scim.MembershipPage, error) {
	after, err := parseCursor(q.After)
	if err != nil {
		return scim.MembershipPage{}, err
	}
	hold, err := s.d.lock(ctx, false)
	if err != nil {
		return scim.MembershipPage{}, err
	}
	defer hold.release()
	groups := s.d.find(t, groupKind)
	if groups == nil || groups.live.len() == 0 { // as while users are brought in for the first time
		return scim.MembershipPage{}, nil
	}
	n := groups.n
	b := edgePage{n: n, limit: q.Limit}
	switch {
	case q.Members != nil:
		n.edgesOfMembers(&b, q, after)
	case q.Groups != nil:
		n.edgesOfGroups(&b, q, after)
	}
	return scim.MembershipPage{Edges: b.edges, Next: b.next}, nil
}

// edge is a membership by handles, whose order is that of ids.
type edge struct{ group, member handle }

func (e edge) compare(f edge) int {
	return cmp.Or(cmp.Compare(e.group, f.group), cmp.Compare(e.member, f.member))
}

// parseCursor returns the edge that a page ended with; nil for the beginning.
func parseCursor(text string) (*edge, error) {
	if text == "" {
		return nil, nil
	}
	g, m, _ := strings.Cut(text, ".")
	group, gerr := strconv.ParseUint(g, 36, 32)
	member, merr := strconv.ParseUint(m, 36, 32)
	if gerr != nil || merr != nil {
		return nil, scim.Invalid("cursor", "is none that was handed out.")
	}
	return &edge{handle(group), handle(member)}, nil
}

func (e edge) cursor() string {
	var buf [16]byte
	text := append(strconv.AppendUint(buf[:0], uint64(e.group), 36), '.')
	return string(strconv.AppendUint(text, uint64(e.member), 36))
}

// edgesOfGroups walks along the members of each group.
func (n *tenant) edgesOfGroups(b *edgePage, q scim.MembershipQuery, after *edge) {
	var space [4]handle
	groups := n.appendHandles(space[:0], q.Groups)
	if after != nil {
		i, _ := slices.BinarySearch(groups, after.group)
		groups = groups[i:]
	}
	b.grow(n, groups)
	for _, g := range groups {
		members := n.records.at(g).members
		if members == nil {
			continue
		}
		rest := members.all()
		if after != nil && g == after.group {
			rest = members.after(after.member)
		}
		for m := range rest.each {
			if !b.add(edge{g, m}) {
				return
			}
		}
	}
}

// edgesOfMembers gathers what each member gives to the page at most, and then
// puts it in order.
func (n *tenant) edgesOfMembers(b *edgePage, q scim.MembershipQuery, after *edge) {
	var groups []handle
	if q.Groups != nil {
		groups = n.appendHandles(nil, q.Groups)
	}
	var edges []edge
	var space [4]handle
	for _, m := range n.appendHandles(space[:0], q.Members) {
		found := 0
		for _, g := range n.common(m, groups, q.Groups != nil) {
			e := edge{g, m}
			if after != nil && e.compare(*after) <= 0 {
				continue
			}
			edges = append(edges, e)
			if found++; q.Limit > 0 && found > q.Limit {
				break
			}
		}
	}
	slices.SortFunc(edges, edge.compare)
	for _, e := range edges {
		if !b.add(e) {
			return
		}
	}
}

// common returns the groups of m or, if restricted, those of them that are among
// groups.
func (n *tenant) common(m handle, groups []handle, restricted bool) []handle {
	in := n.records.at(m).in
	if !restricted {
		return in
	}
	if len(in) > len(groups) {
		in, groups = groups, in
	}
	var both []handle
	for _, g := range in {
		if _, ok := slices.BinarySearch(groups, g); ok {
			both = append(both, g)
		}
	}
	return both
}

// appendHandles appends the handles of ids, in order.
func (n *tenant) appendHandles(hs []handle, ids []string) []handle {
	hs = slices.Grow(hs, len(ids))
	for _, id := range ids {
		if h, ok := n.handleOf(id); ok {
			hs = append(hs, h)
		}
	}
	slices.Sort(hs)
	return slices.Compact(hs)
}

// edgePage collects edges up to a limit.
type edgePage struct {
	n     *tenant
	limit int
	edges []scim.Membership
	last  edge
	next  string

	group     handle // of name
	name, gid string
}

// grow makes room for the members of groups, or as many as the page can have.
func (b *edgePage) grow(n *tenant, groups []handle) {
	count := 0
	for _, g := range groups {
		if members := n.records.at(g).members; members != nil {
			count += members.len()
		}
	}
	if b.limit > 0 {
		count = min(count, b.limit)
	}
	if count > 0 {
		b.edges = make([]scim.Membership, 0, count)
	}
}

// add reports whether the page may have more. Only an edge too many tells that
// there is a next page.
func (b *edgePage) add(e edge) bool {
	member := b.n.records.at(e.member)
	if member.hidden {
		return true
	}
	if b.limit > 0 && len(b.edges) == b.limit {
		b.next = b.last.cursor()
		return false
	}
	if b.gid == "" || b.group != e.group {
		r := b.n.records.at(e.group).res
		b.group, b.gid, b.name = e.group, r.ID(), r.Get("displayName").String()
	}
	b.last = e
	b.edges = append(b.edges, scim.Membership{GroupID: b.gid, GroupName: b.name, Member: memberOf(member.res)})
	return true
}

// memberOf describes a member. What it is shown as is its displayName, or
// userName if it has none.
func memberOf(r *schema.Resource) patch.Member {
	display := r.Get("displayName").String()
	if display == "" {
		display = r.Get("userName").String()
	}
	return patch.Member{ID: r.ID(), Type: r.Type().Name(), Display: display}
}
