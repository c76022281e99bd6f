package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// membership is a table of memberships with what is known of both ends.
type membership struct {
	d             *database
	table         Members
	name          string // quoted
	groupCast     string
	memberCast    string
	tenantCast    string
	group, member source

	// unique says that no membership can be there twice, whoever adds it at the same time.
	unique bool
}

// source is what a table of memberships needs to know of the tables at its ends.
type source struct {
	name, id string // quoted
	cast     string
	typ      string // name of the resource type
	label    string // the column with the name; "" if there is none

	// seen is the condition that a row, as alias, is one of the tenant's in sight; ok is
	// false if the tenant has none.
	seen func(t scim.Tenant, a *args) (where string, ok bool)

	// key returns the argument for an id; ok is false if no row can have it. shown is
	// the inverse for the text of a key.
	key   func(id string) (arg any, ok bool, err error)
	shown func(key string) string
}

func (x *own[T]) source() source {
	s := source{name: x.name, id: quote(x.columns[x.id].name), cast: x.columns[x.id].cast, typ: x.m.SCIMType().Name()}
	for _, path := range []string{"displayName", "userName"} {
		if column, ok := x.m.Plain(path); ok && s.label == "" {
			s.label = quote(column)
		}
	}
	s.seen = func(t scim.Tenant, a *args) (string, bool) {
		where, ok := x.base(t, a)
		return x.seen(where, false), ok
	}
	s.key = func(id string) (any, bool, error) {
		key, ok := x.m.Key(id)
		if !ok {
			return nil, false, nil
		}
		arg, err := x.key(key)
		if errors.Is(err, errNoKey) {
			return nil, false, nil
		}
		return arg, true, err
	}
	s.shown = func(key string) string {
		v := new(T)
		if err := x.m.SetKey(v, key); err != nil {
			return key
		}
		return x.m.ID(v)
	}
	return s
}

// source is the method of [Source].
func (r *Repository[T]) source(m *membership) source {
	r.memberships = append(r.memberships, m)
	return r.own.source()
}

// openMembers looks at a table of memberships. Its ends are set by the caller.
func openMembers(ctx context.Context, d *database, t Members) (*membership, error) {
	m := &membership{d: d, table: t, name: qualified(t.Schema, t.Name)}
	found, err := d.describe(ctx, m.name, t.Schema, t.Name)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: table %s: %w", m.name, err)
	}
	var errs []error
	for name, cast := range map[string]*string{t.Group: &m.groupCast, t.Member: &m.memberCast, t.Tenant: &m.tenantCast} {
		k := slices.IndexFunc(found, func(c column) bool { return c.name == name })
		switch {
		case k >= 0:
			*cast = found[k].cast
		case name != "" || cast != &m.tenantCast:
			errs = append(errs, fmt.Errorf("sqlstore: table %s: it has no column %q", m.name, name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	m.unique = d.dialect == filter.SQLite // there is one writer
	if !m.unique {
		if m.unique, err = d.isUnique(ctx, m.name, t.Group, t.Member, t.Tenant); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// own is the condition that a membership is one of the tenant's.
func (m *membership) own(t scim.Tenant, a *args) string {
	if m.table.Tenant == "" {
		return ""
	}
	return " AND " + m.column(m.table.Tenant) + " = " + a.bind(string(t))
}

// column names a column of the table of memberships.
func (m *membership) column(name string) string { return quote(m.table.Name) + "." + quote(name) }

// apply changes the members of a group that is locked.
func (m *membership) apply(ctx context.Context, t scim.Tenant, group any, d patch.MemberDelta) (e scim.MemberEffect, err error) {
	if e.Added, err = m.join(ctx, t, group, idsOf(d.Add)); err != nil {
		return e, err
	}
	switch {
	case d.Replace:
		e.Removed, err = m.leave(ctx, t, group, idsOf(d.Add), true)
	case len(d.Remove) > 0:
		e.Removed, err = m.leave(ctx, t, group, d.Remove, false)
	}
	return e, err
}

// args returns the keys of ids; those that no row can have are left out.
func (s source) args(ids []string) ([]any, error) {
	keys := make([]any, 0, len(ids))
	for _, id := range ids {
		key, ok, err := s.key(id)
		if err != nil {
			return nil, err
		}
		if ok {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// join adds members. Their rows are locked, so that none is deleted meanwhile.
func (m *membership) join(ctx context.Context, t scim.Tenant, group any, ids []string) (added []string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	keys, err := m.member.args(ids)
	if err != nil {
		return nil, err
	}
	a := &args{d: m.d}
	text, ok := m.insert(t, group, keys, a, "")
	if !ok {
		return nil, scim.UnknownMember(ids[0])
	}
	err = m.d.changeText(ctx, func(rows Rows) error {
		var key string
		err := rows.Scan(&key)
		added = append(added, m.member.shown(key))
		return err
	}, text, a.all)
	if err != nil {
		return nil, err
	}
	slices.Sort(added)
	if len(added) == len(ids) {
		return added, nil
	}
	return added, m.known(ctx, t, ids)
}

// insert writes the statement that adds members who are in sight, and returns those who
// were none before. If from is not empty they are added only if that has a row: the
// group, which in PostgreSQL a part of the same statement has locked as g.
func (m *membership) insert(t scim.Tenant, group any, keys []any, a *args, from string) (text string, ok bool) {
	groupArg := a.bind(group)
	columns, values := quote(m.table.Group)+", "+quote(m.table.Member), m.cast(groupArg, m.groupCast)+", "+alias+"."+m.member.id
	if m.table.Tenant != "" {
		columns, values = columns+", "+quote(m.table.Tenant), values+", "+m.cast(a.bind(string(t)), m.tenantCast)
	}
	where, ok := m.member.seen(t, a)
	text = "INSERT INTO " + m.name + " (" + columns + ") SELECT " + values + " FROM " + m.member.name + " AS " + alias +
		" WHERE " + where + " AND " + alias + "." + m.member.id + " " + m.d.amongKeys(a, keys, m.member.cast) +
		" AND NOT EXISTS (SELECT 1 FROM " + m.name + " AS m WHERE m." + quote(m.table.Group) + " = " + m.cast(groupArg, m.groupCast) +
		" AND m." + quote(m.table.Member) + " = " + alias + "." + m.member.id + ")"
	postgres := m.d.dialect == filter.PostgreSQL
	switch {
	case from != "" && postgres:
		text += " AND EXISTS (SELECT 1 FROM g)"
	case from != "":
		text += " AND EXISTS (SELECT 1 FROM " + from + ")"
	}
	if postgres {
		text += " FOR KEY SHARE OF " + alias
	}
	return text + " ON CONFLICT DO NOTHING RETURNING CAST(" + quote(m.table.Member) + " AS text)", ok
}

func (m *membership) cast(placeholder, cast string) string {
	if m.d.dialect == filter.PostgreSQL {
		return "CAST(" + placeholder + " AS " + cast + ")"
	}
	return placeholder
}

// known is UnknownMember for the first id that nobody in sight has.
func (m *membership) known(ctx context.Context, t scim.Tenant, ids []string) error {
	keys, err := m.member.args(ids)
	if err != nil {
		return err
	}
	a := &args{d: m.d}
	where, _ := m.member.seen(t, a)
	found := map[string]bool{}
	err = m.d.queryText(ctx, func(rows Rows) error {
		var key string
		err := rows.Scan(&key)
		found[m.member.shown(key)] = true
		return err
	}, "SELECT CAST("+alias+"."+m.member.id+" AS text) FROM "+m.member.name+" AS "+alias+" WHERE "+where+
		" AND "+alias+"."+m.member.id+" "+m.d.amongKeys(a, keys, m.member.cast), a.all)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !found[id] {
			return scim.UnknownMember(id)
		}
	}
	return nil
}

// leave removes members: these, or all others. Those who are out of sight leave too, but
// nobody is told.
func (m *membership) leave(ctx context.Context, t scim.Tenant, group any, ids []string, others bool) (removed []string, err error) {
	keys, err := m.member.args(ids)
	if err != nil {
		return nil, err
	}
	a := &args{d: m.d}
	where := m.column(m.table.Group) + " = " + a.bind(group) + m.own(t, a)
	among := m.column(m.table.Member) + " " + m.d.amongKeys(a, keys, m.memberCast)
	if others {
		among = "NOT (" + among + ")"
	}
	seen, ok := m.member.seen(t, a)
	if !ok {
		return nil, nil
	}
	text := "DELETE FROM " + m.name + " WHERE " + where + " AND " + among + " RETURNING CAST(" + quote(m.table.Member) + " AS text), " +
		"EXISTS (SELECT 1 FROM " + m.member.name + " AS " + alias + " WHERE " + seen + " AND " + alias + "." + m.member.id + " = " + m.column(m.table.Member) + ")"
	err = m.d.changeText(ctx, func(rows Rows) error {
		var key string
		var seen bool
		err := rows.Scan(&key, &seen)
		if seen {
			removed = append(removed, m.member.shown(key))
		}
		return err
	}, text, a.all)
	slices.Sort(removed)
	return removed, err
}

// leaveAll takes a member out of all groups.
func (m *membership) leaveAll(ctx context.Context, t scim.Tenant, member any) error {
	return m.forget(ctx, t, m.table.Member, member)
}

// dissolve takes all members out of a group.
func (m *membership) dissolve(ctx context.Context, t scim.Tenant, group any) error {
	return m.forget(ctx, t, m.table.Group, group)
}

func (m *membership) forget(ctx context.Context, t scim.Tenant, column string, key any) error {
	a := &args{d: m.d}
	where := m.column(column) + " = " + a.bind(key) + m.own(t, a)
	_, err := m.d.execText(ctx, "DELETE FROM "+m.name+" WHERE "+where, a.all)
	return err
}

// edge is a membership with the keys in the tables.
type edge struct {
	group, member string
	nested        bool
	scim.Membership
}

// place is where a page that ends with the edge is continued.
func (e edge) place() string { return e.group + "\n" + e.member }

// list returns the edges of a page, and one more if there are others. behind is the
// operator for those that come after q.After.
func (m *membership) list(ctx context.Context, t scim.Tenant, q scim.MembershipQuery, behind string) (all []edge, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if q.Groups == nil && q.Members == nil {
		return nil, nil
	}
	a := &args{d: m.d}
	text, ok, err := m.edges(t, q, a, behind)
	if !ok || err != nil {
		return nil, err
	}
	err = m.d.queryText(ctx, func(rows Rows) error {
		var e edge
		var name, label *string
		if err := rows.Scan(&e.group, &name, &e.member, &label); err != nil {
			return err
		}
		e.Membership = scim.Membership{
			GroupID:   e.group,
			GroupName: textOf(name),
			Member:    patch.Member{ID: m.member.shown(e.member), Type: m.member.typ, Display: textOf(label)},
		}
		all = append(all, e)
		return nil
	}, text, a.all)
	return all, err
}

// pageOf cuts the page out.
func pageOf(all []edge, limit int) (page scim.MembershipPage) {
	if limit > 0 && len(all) > limit {
		all = all[:limit]
		page.Next = all[limit-1].place()
	}
	for _, e := range all {
		page.Edges = append(page.Edges, e.Membership)
	}
	return page
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// edges writes the query for a page and one edge more, which tells that there are others.
func (m *membership) edges(t scim.Tenant, q scim.MembershipQuery, a *args, behind string) (text string, ok bool, err error) {
	groups, ok := m.group.end(t, a)
	if !ok {
		return "", false, nil
	}
	members, ok := m.member.end(t, a)
	if !ok {
		return "", false, nil
	}
	where := "TRUE" + m.own(t, a)
	for column, ids := range map[string][]string{m.table.Group: q.Groups, m.table.Member: q.Members} {
		if ids == nil {
			continue
		}
		s, key, cast := m.member, m.member.key, m.memberCast
		if column == m.table.Group {
			s, key, cast = m.group, m.groupKey, m.groupCast
		}
		s.key = key
		keys, err := s.args(ids)
		if err != nil {
			return "", false, err
		}
		where += " AND " + m.column(column) + " " + m.d.amongKeys(a, keys, cast)
	}
	group, member := m.text(m.column(m.table.Group)), m.text(m.column(m.table.Member))
	if q.After != "" {
		g, u, ok := strings.Cut(q.After, "\n")
		if !ok || strings.Contains(q.After, "\x00") {
			return "", false, scim.Invalid("cursor", "is none that was handed out.")
		}
		where += " AND (" + group + ", " + member + ") " + behind + " (" + m.text(a.bind(g)) + ", " + m.text(a.bind(u)) + ")"
	}
	text = "SELECT CAST(" + m.column(m.table.Group) + " AS text), g.label, CAST(" + m.column(m.table.Member) + " AS text), u.label FROM " + m.name +
		" JOIN " + groups + " AS g ON g.id = " + m.column(m.table.Group) + " JOIN " + members + " AS u ON u.id = " + m.column(m.table.Member) +
		" WHERE " + where + " ORDER BY " + group + ", " + member
	if q.Limit > 0 {
		text += " LIMIT " + strconv.Itoa(q.Limit+1)
	}
	return text, true, nil
}

// groupKey is for keys of groups, which the repository is asked for without a prefix.
func (m *membership) groupKey(key string) (any, bool, error) { return m.group.key(m.group.shown(key)) }

// end selects the keys and names of the rows at one end.
func (s source) end(t scim.Tenant, a *args) (string, bool) {
	where, ok := s.seen(t, a)
	label := "CAST(NULL AS text)"
	if s.label != "" {
		label = "CAST(" + alias + "." + s.label + " AS text)"
	}
	return "(SELECT " + alias + "." + s.id + " AS id, " + label + " AS label FROM " + s.name + " AS " + alias + " WHERE " + where + ")", ok
}

// text gives an expression the type text and the order of code points.
func (m *membership) text(e string) string {
	e = "CAST(" + e + " AS text)"
	if m.d.dialect == filter.PostgreSQL {
		return e + ` COLLATE "C"`
	}
	return e
}
