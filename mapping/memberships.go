package mapping

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// Memberships answers a query for edges out of some that are in memory: it keeps
// those that are asked for, puts them in order, and cuts out the page. edges is not
// changed. The error is a [scim.Invalid], of a cursor that no page gave.
func Memberships(edges []scim.Membership, q scim.MembershipQuery) (scim.MembershipPage, error) {
	group, member, err := parseCursor(q.After)
	if err != nil {
		return scim.MembershipPage{}, err
	}
	groups, members := setOf(q.Groups), setOf(q.Members)
	after := scim.Membership{GroupID: group, Member: patch.Member{ID: member}}
	var found []scim.Membership
	for _, e := range edges {
		asked := (q.Groups != nil || q.Members != nil) && (q.Groups == nil || groups[e.GroupID]) && (q.Members == nil || members[e.Member.ID])
		if asked && (q.After == "" || compareEdges(e, after) > 0) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, compareEdges)
	page := scim.MembershipPage{Edges: found}
	if q.Limit > 0 && len(found) > q.Limit {
		page.Edges = found[:q.Limit]
		last := page.Edges[q.Limit-1]
		page.Next = cursorOf(last.GroupID, last.Member.ID)
	}
	return page, nil
}

func setOf(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

func compareEdges(a, b scim.Membership) int {
	return cmp.Or(strings.Compare(a.GroupID, b.GroupID), strings.Compare(a.Member.ID, b.Member.ID))
}

// A cursor is the two ids of an edge with a character between that no id has: they
// are parts of URLs.
const cursorSeparator = "\n"

func cursorOf(group, member string) string { return group + cursorSeparator + member }

func parseCursor(text string) (group, member string, err error) {
	if text == "" {
		return "", "", nil
	}
	group, member, ok := strings.Cut(text, cursorSeparator)
	if !ok {
		return "", "", scim.Invalid("cursor", "is none that was handed out.")
	}
	return group, member, nil
}

// ApplyMembers works out what a delta does to a list of members: for repositories
// that hold it in memory or in one column. It returns the members there are then, in
// the order of their ids, and which of them are new and which are gone. now is not
// changed.
func ApplyMembers(now []patch.Member, d patch.MemberDelta) (next []patch.Member, e Effect) {
	had := map[string]bool{}
	for _, m := range now {
		had[m.ID] = true
	}
	removed, added := setOf(d.Remove), map[string]bool{}
	for _, m := range d.Add {
		added[m.ID] = true
		if !had[m.ID] {
			next = append(next, m)
			e.Added = append(e.Added, m.ID)
		}
	}
	for _, m := range now {
		if d.Replace && !added[m.ID] || removed[m.ID] {
			e.Removed = append(e.Removed, m.ID)
			continue
		}
		next = append(next, m)
	}
	slices.SortFunc(next, func(a, b patch.Member) int { return strings.Compare(a.ID, b.ID) })
	return next, e
}
