package sqlstore

import (
	"context"
	"slices"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// CreateGroup stores a group under a new id, with members. Errors are
// [scim.Taken] and [scim.UnknownMember].
func (s *Store) CreateGroup(ctx context.Context, t scim.Tenant, w scim.GroupWrite) (res scim.GroupResult, err error) {
	if len(w.Members.Add) == 0 {
		r, err := s.groups.create(ctx, t, w.New)
		return resultOf(r, delta{}), err
	}
	err = s.d.inTx(ctx, func(ctx context.Context) error {
		r, err := s.groups.create(ctx, t, w.New)
		if err != nil {
			return err
		}
		d, err := s.join(ctx, name(t), r.ID(), idsOf(w.Members.Add))
		res = resultOf(r, d)
		return err
	})
	if err != nil {
		return scim.GroupResult{}, err
	}
	return res, nil
}

// UpdateGroup stores what w.Changed names of w.New, and changes members, in one
// step. If neither changes anything the group stays as it is, version and time
// included. Members that are hidden leave by w.Members as others do, but this is
// neither reported nor a change. Errors are [scim.ErrNotFound],
// [scim.ErrVersionMismatch], [scim.Taken] and [scim.UnknownMember].
//
// What it costs depends on the delta, not on the group. Members that are only added, or
// only removed, take one statement with PostgreSQL and two with SQLite.
func (s *Store) UpdateGroup(ctx context.Context, t scim.Tenant, id string, w scim.GroupWrite) (res scim.GroupResult, err error) {
	switch {
	case !isID(id):
		return res, scim.ErrNotFound
	case w.Members.IsZero():
		r, err := s.groups.update(ctx, t, id, w.Write)
		return resultOf(r, delta{}), err
	case isPlain(w):
		run, change := s.d.alone, s.changeMembers
		if s.d.dialect == filter.SQLite {
			run, change = s.d.inTx, s.changeMembersInSteps
		}
		err = run(ctx, func(ctx context.Context) error {
			res, err = change(ctx, name(t), id, w)
			return err
		})
	default:
		err = s.d.inTx(ctx, func(ctx context.Context) error {
			res, err = s.changeGroup(ctx, t, id, w)
			return err
		})
	}
	if err != nil {
		return scim.GroupResult{}, err
	}
	return res, nil
}

// delta is who was really added to a group and removed from it. Members that are
// hidden leave as others do, but nobody is told of those who are out of sight.
type delta struct{ added, removed []string }

func (d delta) isVisible() bool { return len(d.added) > 0 || len(d.removed) > 0 }

// resultOf reports what was done to a group; r is nil if there is none.
func resultOf(r *schema.Resource, d delta) scim.GroupResult {
	if r == nil {
		return scim.GroupResult{}
	}
	res := scim.GroupResult{Group: r, Version: r.Version()}
	report(&res, d)
	return res
}

// report lists who was added and removed, unless they are too many.
func report(res *scim.GroupResult, d delta) {
	if res.Many = len(d.added)+len(d.removed) > scim.MaxEffective; !res.Many {
		res.Added, res.Removed = d.added, d.removed
	}
}

// changeGroup changes attributes and members, as a part of a transaction.
func (s *Store) changeGroup(ctx context.Context, t scim.Tenant, id string, w scim.GroupWrite) (scim.GroupResult, error) {
	base, err := s.groups.read(ctx, t, id, " FOR UPDATE LOCK")
	if err != nil {
		return scim.GroupResult{}, err
	}
	if err := checkVersion(base.resource, w.Version); err != nil {
		return scim.GroupResult{}, err
	}
	r, err := s.groups.merge(base.resource, w.Write)
	if err != nil {
		return scim.GroupResult{}, err
	}
	d, err := s.apply(ctx, name(t), id, w.Members)
	switch {
	case err != nil:
		return scim.GroupResult{}, err
	case !r.Equal(base.resource):
		r, err = s.groups.replace(ctx, name(t), base, r)
	case d.isVisible():
		r, err = s.touch(ctx, name(t), base.resource)
	default:
		r = base.resource
	}
	return resultOf(r, d), err
}

// touch gives a group a new version and time: its values are the same, but its
// members are not.
func (s *Store) touch(ctx context.Context, tenant string, r *schema.Resource) (touched *schema.Resource, err error) {
	touched = r
	err = s.d.change(ctx, func(rows Rows) error {
		var version, modified int64
		err := rows.Scan(&version, &modified)
		m := r.Meta()
		m.Version, m.LastModified = formatVersion(version), timeOf(modified)
		touched = r.WithMeta(r.ID(), m)
		return err
	}, `
		UPDATE {resources} SET version = GREATEST($4, version + 1), modified = GREATEST($4, modified + 1)
		WHERE tenant = $1 AND kind = $2 AND id = $3 RETURNING version, modified`,
		tenant, groupKind, r.ID(), s.d.stamper.micros())
	return touched, err
}

// apply changes members by one statement each way.
func (s *Store) apply(ctx context.Context, tenant, group string, m patch.MemberDelta) (delta, error) {
	ids := idsOf(m.Add)
	d, err := s.join(ctx, tenant, group, ids)
	if err != nil {
		return d, err
	}
	switch {
	case m.Replace:
		err = s.leave(ctx, &d, deleteOthers, tenant+"/"+group, list(ids))
	case len(m.Remove) > 0:
		err = s.leave(ctx, &d, deleteThese, tenant, group, anyVersion, list(m.Remove))
	}
	slices.Sort(d.removed)
	return d, err
}

const (
	// A member in sight has a row of the kind that it had when it joined.
	visible = `EXISTS (
		SELECT 1 FROM {resources} r
		WHERE r.tenant = {members}.tenant AND r.kind = {members}.member_kind AND r.id = {members}.member_id)`
	deleteOthers = `
		DELETE FROM {members} WHERE (tenant || '/' || group_id) = $1 AND member_id NOT IN (LIST($2))
		RETURNING member_id, ` + visible
	deleteThese = `
		DELETE FROM {members} WHERE tenant = $1 AND group_id = $2 AND member_id AMONG($4) AND ` + wantedGroup + `
		RETURNING member_id, ` + visible
	insertThese = `
		INSERT INTO {members} (tenant, group_id, member_id, member_kind)
		SELECT r.tenant, CAST($2 AS text), r.id, r.kind FROM {resources} r
		WHERE r.tenant = $1 AND r.kind IN ('user', 'group') AND r.id AMONG($4) AND ` + wantedGroup + `
		FOR KEY SHARE LOCK ON CONFLICT DO NOTHING RETURNING member_id`
	wantedGroup = `EXISTS (
			SELECT 1 FROM {resources} g
			WHERE g.tenant = $1 AND g.kind = 'group' AND g.id = $2 AND CAST($3 AS bigint) IN (0, g.version))`
)

func (s *Store) leave(ctx context.Context, d *delta, statement string, args ...any) error {
	return s.d.change(ctx, func(rows Rows) error {
		var id string
		var visible bool
		err := rows.Scan(&id, &visible)
		if visible {
			d.removed = append(d.removed, id)
		}
		return err
	}, statement, args...)
}

// join adds members, all of whom must be there.
func (s *Store) join(ctx context.Context, tenant, group string, ids []string) (d delta, err error) {
	if len(ids) == 0 {
		return d, nil
	}
	d, err = s.insertMembers(ctx, tenant, group, anyVersion, ids)
	if err != nil || len(d.added) == len(ids) {
		return d, err
	}
	return d, s.checkMembers(ctx, tenant, ids)
}

// insertMembers adds those who are there, if the group has that version. Their rows are
// locked, so that none of them is deleted meanwhile.
func (s *Store) insertMembers(ctx context.Context, tenant, group string, version int64, ids []string) (d delta, err error) {
	err = s.d.change(ctx, func(rows Rows) error {
		var id string
		err := rows.Scan(&id)
		d.added = append(d.added, id)
		return err
	}, insertThese, tenant, group, version, list(ids))
	slices.Sort(d.added)
	return d, err
}

// checkMembers is UnknownMember for the first of ids that is neither a user nor a
// group.
func (s *Store) checkMembers(ctx context.Context, tenant string, ids []string) error {
	known := make(map[string]bool, len(ids))
	err := s.d.query(ctx, func(rows Rows) error {
		var id string
		err := rows.Scan(&id)
		known[id] = true
		return err
	}, "SELECT r.id FROM {resources} r WHERE r.tenant = $1 AND r.kind IN ('user', 'group') AND r.id AMONG($2)", tenant, list(ids))
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !known[id] {
			return scim.UnknownMember(id)
		}
	}
	return nil
}

// idsOf returns each id once.
func idsOf(members []patch.Member) []string {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.ID
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// touchGroups gives the groups of a member a new version, since it will be gone
// from among their members, or be back.
func (s *Store) touchGroups(ctx context.Context, tenant, member string) error {
	_, err := s.d.exec(ctx, `
		UPDATE {resources} SET version = GREATEST($3, version + 1), modified = GREATEST($3, modified + 1)
		WHERE tenant = $1 AND kind = 'group' AND id IN (
			SELECT m.group_id FROM {members} m WHERE m.tenant = $1 AND m.member_id = $2 AND m.group_id <> $2)`,
		tenant, member, s.d.stamper.micros())
	return err
}

// leaveAll takes a member out of all groups.
func (s *Store) leaveAll(ctx context.Context, tenant, member string) error {
	_, err := s.d.exec(ctx, "DELETE FROM {members} WHERE tenant = $1 AND member_id = $2", tenant, member)
	return err
}
