package scim

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/internal/idindex"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

const (
	// maxIDs is how many ids are asked for at once, see [Query.IDs].
	maxIDs = 10_000

	// batch is how many memberships or records are read at once.
	batch = 1000
)

// knownMembers returns the delta, whose Add it overwrites, with only members that exist in
// this tenant, each with its type. groupID is the group itself, which can't be its own member. What
// does not exist is refused or left out, as the dialect says.
func (q *request) knownMembers(groupID string, d patch.MemberDelta) (patch.MemberDelta, error) {
	if len(d.Add) == 0 {
		return d, nil
	}
	known := d.Add[:0]
	for part := range slices.Chunk(d.Add, maxIDs) {
		if err := q.findTypes(part); err != nil {
			return d, err
		}
		for _, m := range part {
			if m.Type == "" {
				if q.settings.Dialect.RefuseUnknownMembers {
					return d, UnknownMember(m.ID)
				}
				q.entry.Notes = append(q.entry.Notes, schema.Note{Path: "members", Rule: "unknown member left out"})
				continue
			}
			if err := q.checkNested(groupID, m); err != nil {
				return d, err
			}
			known = append(known, m)
		}
	}
	d.Add = known
	return d, nil
}

func (q *request) checkNested(groupID string, m patch.Member) error {
	switch {
	case m.Type != q.h.groups.typ.Name():
		return nil
	case m.ID == groupID:
		return Invalid("members", "has the group itself.")
	case q.settings.NoNestedGroups:
		return Invalid("members", "has a group; only users can be members here.")
	}
	return nil
}

// findTypes looks members up, users first, and gives each its type, "" if it does not
// exist.
func (q *request) findTypes(members []patch.Member) error {
	for i := range members {
		members[i].Type = ""
	}
	for _, c := range []*collection{q.h.users, q.h.groups} {
		ids := slices.Grow(q.ids[:0], len(members))
		for _, m := range members {
			if m.Type == "" {
				ids = append(ids, m.ID)
			}
		}
		if len(ids) == 0 {
			break
		}
		exist, err := c.existing(q, ids)
		clear(ids)
		if q.ids = ids; err != nil {
			return err
		}
		n := 0 // of ids
		for i := range members {
			m := &members[i]
			if m.Type != "" {
				continue
			}
			if exist[n] {
				m.Type = c.typ.Name()
			}
			n++
		}
	}
	return nil
}

// existing reports of each id whether there is such a resource.
func (c *collection) existing(q *request, ids []string) ([]bool, error) {
	if c.exist != nil {
		exist, err := c.exist(q.ctx, q.scope.Tenant, ids)
		if err == nil && len(exist) != len(ids) {
			err = fmt.Errorf("scim: UsersExist of the store told of %d ids, not of %d", len(exist), len(ids))
		}
		if !errors.Is(err, ErrNotImplemented) {
			return exist, err
		}
	}
	ids = slices.Clone(ids) // which the store may keep
	// One more than there can be: then a store need not count what is behind the page.
	page, err := c.list(q.ctx, q.scope.Tenant, Query{IDs: ids, StartIndex: 1, Count: len(ids) + 1})
	if err != nil {
		return nil, err
	}
	exist, places := make([]bool, len(ids)), idPlaces{ids: ids}
	for _, r := range page.Resources {
		if i, ok := places.find(r.ID()); ok {
			exist[i] = true
		}
	}
	return exist, nil
}

// idPlaces finds ids in a list. Nearly always stores list them in the order in which a
// client that has read the group sends them; only otherwise there is an index.
type idPlaces struct {
	ids   []string
	next  int
	index *idindex.Index
}

func (p *idPlaces) id(place int) string { return p.ids[place] }

func (p *idPlaces) find(id string) (place int, ok bool) {
	place = p.next
	if ok = place < len(p.ids) && p.ids[place] == id; !ok {
		if p.index == nil {
			p.index = idindex.Of(len(p.ids), p.id)
		}
		place, ok = p.index.Find(id, p.id)
	}
	p.next = place + 1
	return place, ok
}

// resolveWhere turns removals by something else than an id into ids, by looking at
// the members there are. The write is then held to the version that was read. Members
// are read batch by batch; what is kept of them is the ids of those that go, of whom
// there may be Config.MaxScan.
func (q *request) resolveWhere(d patch.MemberDelta) (patch.MemberDelta, error) {
	if len(d.Where) == 0 {
		return d, nil
	}
	settled := make(map[string]bool, len(d.Add)+len(d.Remove)) // by id, in the same request
	for _, m := range d.Add {
		settled[m.ID] = true
	}
	for _, id := range d.Remove {
		settled[id] = true
	}
	var found []string
	query := MembershipQuery{Groups: []string{q.id}, Limit: batch}
	for more := true; more; more = query.After != "" {
		page, err := q.edges(query)
		if err != nil {
			return d, err
		}
		for _, e := range page.Edges {
			if settled[e.Member.ID] {
				continue
			}
			v, err := q.h.groups.edgeElement(q, e)
			if err != nil {
				return d, err
			}
			if slices.ContainsFunc(d.Where, func(f *filter.ElementFilter) bool { return f.Match(v) }) {
				found = append(found, e.Member.ID)
			}
		}
		if len(found) > q.h.config.MaxScan {
			return d, ErrTooBroad
		}
		query.After = page.Next
	}
	d.Remove = slices.Concat(d.Remove, found)
	slices.Sort(d.Remove)
	d.Remove = slices.Compact(d.Remove)
	d.Where = nil
	return d, nil
}

// The sub-attributes of an edge.
const (
	edgeValue = iota
	edgeRef
	edgeDisplay
	edgeType
)

var edgeSubNames = [...]string{edgeValue: "value", edgeRef: "$ref", edgeDisplay: "display", edgeType: "type"}

// edgeSubs says which of edgeSubNames are shown.
type edgeSubs [len(edgeSubNames)]bool

func (c *collection) appendEdge(q *request, dst []byte, e *Membership, show edgeSubs) []byte {
	begin := len(dst)
	to := c.farEnd(q, e)
	if show[edgeValue] && to.id != "" {
		dst = schema.AppendQuote(append(dst, `,"value":`...), to.id)
	}
	if show[edgeRef] {
		dst, _ = q.base.links.AppendMember(dst, "$ref", to.typ, to.id)
	}
	if show[edgeDisplay] && to.display != "" {
		dst = schema.AppendQuote(append(dst, `,"display":`...), to.display)
	}
	if show[edgeType] && to.kind != "" {
		dst = schema.AppendQuote(append(dst, `,"type":`...), to.kind)
	}
	if len(dst) == begin {
		return append(dst, "{}"...)
	}
	dst[begin] = '{'
	return append(dst, '}')
}

// edgeEnd is what an edge leads to.
type edgeEnd struct{ id, typ, display, kind string }

// farEnd returns the end of an edge that is shown at a resource of c.
func (c *collection) farEnd(q *request, e *Membership) edgeEnd {
	if c.members != nil {
		return edgeEnd{e.Member.ID, e.Member.Type, e.Member.Display, e.Member.Type}
	}
	return edgeEnd{e.GroupID, q.h.groups.typ.Name(), e.GroupName, "direct"}
}

// edgeTexts returns the sub-attributes of an edge in the order of edgeSubNames.
func (c *collection) edgeTexts(q *request, e Membership) [len(edgeSubNames)]string {
	to, ref := c.farEnd(q, &e), ""
	if endpoint, ok := q.h.refs[to.typ]; ok {
		ref = q.base.url + endpoint + "/" + url.PathEscape(to.id)
	}
	return [...]string{to.id, ref, to.display, to.kind}
}

// edgeElement returns an edge as an element of the attribute.
func (c *collection) edgeElement(q *request, e Membership) (schema.Value, error) {
	list, err := c.edges().Make([]map[string]any{c.edgeValue(q, e)})
	for v := range list.Elems() {
		return v, err
	}
	return schema.Value{}, err
}

// edgeValue returns an edge as a Go value of the attribute, as far as its schema has
// the sub-attributes.
func (c *collection) edgeValue(q *request, e Membership) map[string]any {
	v := map[string]any{}
	for i, text := range c.edgeTexts(q, e) {
		if text != "" && c.edges().SubAttr(edgeSubNames[i]) != nil {
			v[edgeSubNames[i]] = text
		}
	}
	return v
}
