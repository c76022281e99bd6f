package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// GroupRepository keeps groups and memberships in tables of the application: a
// GroupRepository of package mapping. It is made by [Groups] and may be used from many
// goroutines and in many processes at once.
type GroupRepository[G any] struct {
	own[G]
	members *membership
	nested  *membership // nil if groups have no groups
}

// Members is the application's table of memberships, with a row for each.
type Members struct {
	Schema string
	Name   string

	// Group and Member are the columns with the keys of group and user.
	Group, Member string

	// Tenant is the column with the tenant, if there is one.
	Tenant string

	// Of is the [Repository] of the users that can be members. It forgets the
	// memberships of those whom it erases.
	Of Source

	// Nested is the table of groups that are members of groups, with a row for each. Without
	// it groups have users only: another member is one that does not exist.
	Nested *Nested
}

// Nested is the application's table of groups in groups.
type Nested struct {
	Schema string
	Name   string

	// Group and Member are the columns with the keys of the outer and the inner group.
	Group, Member string

	// Tenant is the column with the tenant, if there is one.
	Tenant string
}

// Source is a repository whose rows can be members: a [Repository].
type Source interface {
	source(m *membership) source
}

// Groups returns a repository of groups over two tables of the application, for
// GroupStore of package mapping. It is made before the repository of the users is
// used. See [Users].
func Groups[G any](ctx context.Context, db *sql.DB, m Mapper[G], t Table, members Members, o Options) (*GroupRepository[G], error) {
	x, err := openOwn(ctx, db, m, t, o)
	if err != nil {
		return nil, err
	}
	r := &GroupRepository[G]{own: *x}
	groups := x.source()
	if groups.label == "" {
		return nil, fmt.Errorf("sqlstore: table %s: no column holds displayName as it is: name it by Column", x.name)
	}
	if members.Of == nil {
		return nil, fmt.Errorf("sqlstore: table %s: Members.Of is nil: it is the Repository of the users", qualified(members.Schema, members.Name))
	}
	if r.members, err = openMembers(ctx, x.d, members); err != nil {
		return nil, err
	}
	r.members.group, r.members.member = groups, members.Of.source(r.members)
	if n := members.Nested; n != nil {
		if r.nested, err = openMembers(ctx, x.d, Members{Schema: n.Schema, Name: n.Name, Group: n.Group, Member: n.Member, Tenant: n.Tenant}); err != nil {
			return nil, err
		}
		r.nested.group, r.nested.member = groups, groups
	}
	return r, nil
}

// InTx is [State.InTx].
func (r *GroupRepository[G]) InTx(ctx context.Context, f func(ctx context.Context) error) error {
	return r.d.inTx(ctx, f)
}

// ListsByKey says that pages can be asked for by where the last one ended.
func (r *GroupRepository[G]) ListsByKey() bool { return true }

// LeavesStored says that Create and Update leave in a row what the database has
// stored.
func (r *GroupRepository[G]) LeavesStored() bool { return true }

// Get returns a group, or [scim.ErrNotFound].
func (r *GroupRepository[G]) Get(ctx context.Context, t scim.Tenant, id string) (*G, error) {
	return r.read(ctx, t, id, "")
}

// List is that of [Repository].
func (r *GroupRepository[G]) List(ctx context.Context, t scim.Tenant, q scim.RowQuery) (scim.Rows[G], error) {
	return r.find(ctx, t, q)
}

// Create stores a group with members. Errors are [scim.Taken] and
// [scim.UnknownMember].
func (r *GroupRepository[G]) Create(ctx context.Context, t scim.Tenant, g *G, members []patch.Member) error {
	if len(members) == 0 {
		return r.create(ctx, t, g, nil)
	}
	return r.create(ctx, t, g, func(ctx context.Context) error {
		id, _ := r.m.Key(r.m.ID(g))
		key, err := r.key(id)
		if err == nil {
			_, err = r.changeMembers(ctx, t, key, patch.MemberDelta{Add: members})
		}
		return err
	})
}

// Update locks the group, changes members by one statement each way, calls change and
// stores the columns that differ then. Its cost depends on d, not on the group.
func (r *GroupRepository[G]) Update(ctx context.Context, t scim.Tenant, id string, change func(g *G, members bool) error, d patch.MemberDelta) (e scim.MemberEffect, err error) {
	err = r.changing(ctx, t, id, func(ctx context.Context) (g *G, store func(*G) error, err error) {
		g, e, err = r.apply(ctx, t, id, d)
		return g, func(g *G) error { return change(g, e.Changes()) }, err
	})
	if err != nil {
		return scim.MemberEffect{}, err
	}
	return e, nil
}

// apply reads and locks the group and changes members, as a part of a transaction.
func (r *GroupRepository[G]) apply(ctx context.Context, t scim.Tenant, id string, d patch.MemberDelta) (g *G, e scim.MemberEffect, err error) {
	if r.addsFew(d) {
		if g, e.Added, err = r.join(ctx, t, id, idsOf(d.Add)); g != nil || err != nil {
			return g, e, err
		}
	}
	if g, err = r.read(ctx, t, id, r.locked()); err != nil {
		return nil, e, err
	}
	key, err := r.key(id)
	if err == nil {
		e, err = r.changeMembers(ctx, t, key, d)
	}
	return g, e, err
}

// addsFew reports whether a delta does nothing but add some members, so that the group
// is read by the same statement. That does not see what others have added while it waited
// for the group: a unique index must.
func (r *GroupRepository[G]) addsFew(d patch.MemberDelta) bool {
	const few = 100
	return r.members.unique && !r.nests(d) && !d.Replace && len(d.Remove) == 0 && len(d.Add) > 0 && len(d.Add) <= few
}

// join adds members and reads the group by one statement. g is nil if it has done
// nothing.
func (r *GroupRepository[G]) join(ctx context.Context, t scim.Tenant, id string, ids []string) (g *G, added []string, err error) {
	a := &args{d: r.d}
	one, err := r.one(t, id, a)
	if err != nil {
		return nil, nil, err
	}
	keys, err := r.members.member.args(ids)
	if err != nil || len(keys) < len(ids) {
		return nil, nil, err
	}
	key, err := r.key(id)
	if err != nil {
		return nil, nil, err
	}
	from := r.name + " AS " + alias + " WHERE " + one
	insert, ok := r.members.insert(t, key, keys, a, from)
	if !ok {
		return nil, nil, nil
	}
	var text string
	if r.d.dialect == filter.PostgreSQL {
		text = "WITH g AS MATERIALIZED (SELECT " + r.list + " FROM " + from + " FOR UPDATE), changed AS (" + insert +
			" AS member) SELECT changed.member, " + r.list + " FROM g LEFT JOIN changed ON TRUE"
	} else {
		text = insert
		for _, c := range r.columns {
			text += ", (SELECT " + quote(c.name) + " FROM " + from + ")"
		}
	}
	err = r.d.changeText(ctx, func(rows Rows) (err error) {
		var member *string
		g, err = r.scan(rows, &member)
		if member != nil {
			added = append(added, r.members.member.shown(*member))
		}
		return err
	}, text, a.all)
	if err != nil || g == nil {
		return nil, nil, err
	}
	slices.Sort(added)
	if len(added) < len(ids) {
		err = r.members.known(ctx, t, ids)
	}
	return g, added, err
}

// nests reports whether a delta adds groups.
func (r *GroupRepository[G]) nests(d patch.MemberDelta) bool {
	return r.nested != nil && slices.ContainsFunc(d.Add, r.isGroup)
}

func (r *GroupRepository[G]) isGroup(m patch.Member) bool { return m.Type == r.nested.member.typ }

// changeMembers changes the members of a group that is locked: users in one table, groups
// in the other. Of those who go nobody has said which they are.
func (r *GroupRepository[G]) changeMembers(ctx context.Context, t scim.Tenant, key any, d patch.MemberDelta) (e scim.MemberEffect, err error) {
	if r.nested == nil {
		return r.members.apply(ctx, t, key, d)
	}
	inner, add := d, d.Add
	d.Add, inner.Add = nil, nil
	for _, m := range add {
		if r.isGroup(m) {
			inner.Add = append(inner.Add, m)
		} else {
			d.Add = append(d.Add, m)
		}
	}
	if e, err = r.members.apply(ctx, t, key, d); err != nil {
		return e, err
	}
	more, err := r.nested.apply(ctx, t, key, inner)
	e.Added, e.Removed = append(e.Added, more.Added...), append(e.Removed, more.Removed...)
	slices.Sort(e.Added)
	slices.Sort(e.Removed)
	return e, err
}

// Delete erases a group and its memberships.
func (r *GroupRepository[G]) Delete(ctx context.Context, t scim.Tenant, id string) error {
	return r.DeleteIf(ctx, t, id, nil)
}

// DeleteIf locks the group, calls check with it and erases it unless that fails.
func (r *GroupRepository[G]) DeleteIf(ctx context.Context, t scim.Tenant, id string, check func(*G) error) error {
	return r.remove(ctx, t, id, check, func(ctx context.Context, key any) error {
		if r.nested != nil {
			if err := errors.Join(r.nested.dissolve(ctx, t, key), r.nested.leaveAll(ctx, t, key)); err != nil {
				return err
			}
		}
		return r.members.dissolve(ctx, t, key)
	})
}

// Memberships is [scim.GroupStore].ListMemberships. Edges are in the order of the
// texts of the keys.
func (r *GroupRepository[G]) Memberships(ctx context.Context, t scim.Tenant, q scim.MembershipQuery) (scim.MembershipPage, error) {
	if r.nested != nil {
		return r.bothMemberships(ctx, t, q)
	}
	all, err := r.members.list(ctx, t, q, ">")
	return pageOf(all, q.Limit), err
}

// nestedPlace ends the place of an edge between groups, and no key: a user may have the same key, and
// comes first.
const nestedPlace = "\x00"

// bothMemberships puts the pages of both tables together.
func (r *GroupRepository[G]) bothMemberships(ctx context.Context, t scim.Tenant, q scim.MembershipQuery) (page scim.MembershipPage, err error) {
	behind := ">"
	if after, ok := strings.CutSuffix(q.After, nestedPlace); ok {
		q.After = after
	} else {
		behind = ">="
	}
	all, err := r.members.list(ctx, t, q, ">")
	if err != nil {
		return page, err
	}
	inner, err := r.nested.list(ctx, t, q, behind)
	for _, e := range inner {
		e.nested = true
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b edge) int {
		return cmp.Or(strings.Compare(a.group, b.group), strings.Compare(a.member, b.member))
	})
	page = pageOf(all, q.Limit)
	if page.Next != "" && all[q.Limit-1].nested {
		page.Next += nestedPlace
	}
	return page, err
}
