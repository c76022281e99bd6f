package memstore

import (
	"slices"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// delta is what really changes of a group's members, in order.
type delta struct {
	add, remove []handle

	// seen is how many of remove are in sight. Members that are hidden leave
	// like others, but nobody is told of those who cannot be seen.
	seen int
}

func (d delta) isVisible() bool { return len(d.add) > 0 || d.seen > 0 }

// effective returns what d changes of the members of g, in slices that begin as
// add and remove.
func (n *tenant) effective(g handle, d patch.MemberDelta, add, remove []handle) (delta, error) {
	wanted, err := n.membersOf(d.Add, add)
	if err != nil {
		return delta{}, err
	}
	members := n.records.at(g).members
	switch {
	case members == nil:
	case d.Replace:
		wanted, remove = differences(wanted, members, remove)
	default:
		remove = n.appendPresent(remove, members, d.Remove)
		wanted = slices.DeleteFunc(wanted, members.has)
	}
	return delta{wanted, remove, n.countVisible(remove)}, nil
}

// differences returns which of wanted are not among members, in the place of wanted, and
// appends to remove which members are not wanted. Both are in order, so that one walk along
// both tells.
func differences(wanted []handle, members *set[handle], remove []handle) (add, _ []handle) {
	add = wanted[:0]
	for m := range members.all().each {
		for len(wanted) > 0 && wanted[0] < m {
			add, wanted = append(add, wanted[0]), wanted[1:]
		}
		if len(wanted) > 0 && wanted[0] == m {
			wanted = wanted[1:]
		} else {
			remove = append(remove, m)
		}
	}
	return append(add, wanted...), remove
}

// membersOf appends the handles of members, in order.
func (n *tenant) membersOf(members []patch.Member, dst []handle) ([]handle, error) {
	dst = slices.Grow(dst, len(members))
	for _, m := range members {
		h, ok := n.handleOf(m.ID)
		if !ok || n.records.at(h).kind > groupKind || n.records.at(h).hidden {
			return nil, scim.UnknownMember(m.ID)
		}
		dst = append(dst, h)
	}
	slices.Sort(dst)
	return slices.Compact(dst), nil
}

// appendPresent appends the members that ids name.
func (n *tenant) appendPresent(dst []handle, members *set[handle], ids []string) []handle {
	for _, id := range ids {
		if h, ok := n.handleOf(id); ok && members.has(h) {
			dst = append(dst, h)
		}
	}
	slices.Sort(dst)
	return slices.Compact(dst)
}

func (n *tenant) countVisible(hs []handle) int {
	count := 0
	for _, h := range hs {
		if !n.records.at(h).hidden {
			count++
		}
	}
	return count
}

// relink makes members of g of those in add, and no members of those in remove.
// Both are in order and change something each.
func (n *tenant) relink(g handle, add, remove []handle) {
	rec := n.records.at(g)
	if rec.members == nil && len(add) > 0 {
		rec.members = &set[handle]{}
	}
	// From the last to the first, since at the end of a chunk nothing moves.
	for _, m := range slices.Backward(remove) {
		rec.members.remove(m)
		in := &n.records.at(m).in
		if i, ok := slices.BinarySearch(*in, g); ok {
			*in = slices.Delete(*in, i, i+1)
		}
	}
	for _, m := range add {
		rec.members.add(m)
		in := &n.records.at(m).in
		if i, ok := slices.BinarySearch(*in, g); !ok {
			*in = slices.Insert(*in, i, g)
		}
	}
	if rec.members != nil && rec.members.len() == 0 {
		rec.members = nil
	}
	if u := n.d.undo; u != nil {
		added, removed := slices.Clone(add), slices.Clone(remove)
		u.push(func() { n.relink(g, removed, added) })
	}
}

// isolate takes h out of all groups and all members out of h.
func (n *tenant) isolate(h handle) {
	rec := n.records.at(h)
	for _, g := range slices.Clone(rec.in) {
		n.relink(g, nil, []handle{h})
	}
	if rec.members != nil {
		n.relink(h, nil, slices.AppendSeq(make([]handle, 0, rec.members.len()), rec.members.all().each))
	}
}

// touchGroups gives the groups of h a new version, since it will be gone from
// among their members, or be back.
func (n *tenant) touchGroups(h handle) {
	for _, g := range n.records.at(h).in {
		n.collection(groupKind).touch(g)
	}
}

// appendIDs appends the ids of those who are in sight.
func (n *tenant) appendIDs(dst []string, hs []handle) []string {
	for _, h := range hs {
		if rec := n.records.at(h); !rec.hidden {
			dst = append(dst, rec.res.ID())
		}
	}
	return dst
}
