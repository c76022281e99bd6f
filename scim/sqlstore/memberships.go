package sqlstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
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
func (s *Store) ListMemberships(ctx context.Context, t scim.Tenant, q scim.MembershipQuery) (page scim.MembershipPage, err error) {
	if err := ctx.Err(); err != nil {
		return page, err
	}
	if q.Groups == nil && q.Members == nil {
		return page, nil
	}
	text, args, err := s.membershipText(t, q)
	if err != nil {
		return page, err
	}
	err = s.d.queryText(ctx, func(rows Rows) error {
		e, err := s.scanMembership(rows)
		page.Edges = append(page.Edges, e)
		return err
	}, text, args)
	if err != nil {
		return scim.MembershipPage{}, err
	}
	if q.Limit > 0 && len(page.Edges) > q.Limit {
		page.Edges = page.Edges[:q.Limit]
		last := page.Edges[q.Limit-1]
		page.Next = last.GroupID + "." + last.Member.ID
	}
	return page, nil
}

// membershipText asks for one edge more than the page has, which tells that there
// are others. What is known of group and member is looked up edge by edge, whatever
// the database thinks of joining all.
func (s *Store) membershipText(t scim.Tenant, q scim.MembershipQuery) (string, []any, error) {
	e := &edges{d: s.d, tenant: name(t), order: "m.group_id, m.member_id"}
	if q.Members != nil {
		e.where = "m.tenant = " + e.bind(e.tenant) + " AND m.member_id " + s.d.oneOf(e.bind, q.Members)
	}
	if q.Groups != nil {
		e.groups(q.Groups)
	}
	if err := e.after(q); err != nil {
		return "", nil, err
	}
	text := s.d.text(`
		SELECT m.group_id,
			(SELECT r.label FROM {resources} r WHERE r.tenant = m.tenant AND r.kind = 'group' AND r.id = m.group_id),
			m.member_id, m.member_kind,
			(SELECT r.label FROM {resources} r WHERE r.tenant = m.tenant AND r.kind = m.member_kind AND r.id = m.member_id)
		FROM {members} m
		WHERE (
			SELECT r.label FROM {resources} r WHERE r.tenant = m.tenant AND r.kind = m.member_kind AND r.id = m.member_id) IS NOT NULL AND `) +
		e.where + " ORDER BY " + e.order
	if q.Limit > 0 {
		text += " LIMIT " + strconv.Itoa(q.Limit+1)
	}
	return text, e.args, nil
}

// What the index of lists has: groups, each with its members in order.
const (
	ofGroup = "(m.tenant || '/' || m.group_id)"
	inGroup = "(m.member_id || '')"
)

// edges is a query for memberships on its way into SQL.
type edges struct {
	d      *database
	tenant string
	args   []any
	where  string
	order  string

	// byIndex says that the index of lists finds what is wanted.
	byIndex bool
}

func (e *edges) bind(v any) string {
	e.args = append(e.args, v)
	return e.d.placeholder(len(e.args))
}

// groups restricts the query to these groups. If they are all it is restricted by,
// they are found by the index of lists, which has the members of each in order.
func (e *edges) groups(ids []string) {
	if e.where != "" {
		e.where += " AND m.group_id " + e.d.oneOf(e.bind, ids)
		return
	}
	var places []string
	for _, id := range ids {
		if isID(id) {
			places = append(places, e.tenant+"/"+id)
		}
	}
	e.byIndex, e.order = true, ofGroup+", "+inGroup
	if len(places) == 1 {
		e.where = ofGroup + " = " + e.bind(places[0])
		return
	}
	e.where = ofGroup + " " + e.d.among(e.bind(jsonList(places)))
}

// after begins behind the last edge of a page.
func (e *edges) after(q scim.MembershipQuery) error {
	if q.After == "" {
		return nil
	}
	group, member, ok := strings.Cut(q.After, ".")
	if !ok || !isID(group) || !isID(member) {
		return scim.Invalid("cursor", "is none that was handed out.")
	}
	switch {
	case !e.byIndex:
		e.where += " AND (m.group_id, m.member_id) > (" + e.bind(group) + ", " + e.bind(member) + ")"
	case len(q.Groups) == 1 && q.Groups[0] == group:
		e.where += " AND " + inGroup + " > " + e.bind(member)
	default:
		e.where += " AND (" + ofGroup + ", " + inGroup + ") > (" + e.bind(e.tenant+"/"+group) + ", " + e.bind(member) + ")"
	}
	return nil
}

func (s *Store) scanMembership(rows Rows) (scim.Membership, error) {
	var group, groupLabel, member, kind, label string
	err := rows.Scan(&group, &groupLabel, &member, &kind, &label)
	typ := s.users.typ.Name()
	if kind == groupKind {
		typ = s.groups.typ.Name()
	}
	return scim.Membership{
		GroupID:   group,
		GroupName: filter.PlainText(groupLabel),
		Member:    patch.Member{ID: member, Type: typ, Display: filter.PlainText(label)},
	}, err
}
