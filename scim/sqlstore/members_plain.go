package sqlstore

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/muster-scim/muster/scim"
)

// isPlain reports whether members are all that changes, and in one direction.
func isPlain(w scim.GroupWrite) bool {
	m := w.Members
	return len(w.Changed) == 0 && !m.Replace && (len(m.Add) == 0) != (len(m.Remove) == 0)
}

// The statements of changeMembers lock the group, change members unless one of them
// is unknown, and move the version if something has changed. They are one each, so
// that the group is locked for no longer than that takes.
const (
	lockGroup = `
		WITH g AS (
			SELECT r.tenant, r.id, r.version FROM {resources} r
			WHERE r.tenant = $1 AND r.kind = 'group' AND r.id = $2 AND CAST($3 AS bigint) IN (0, r.version) FOR UPDATE LOCK
		), `
	bumpGroup = `, bumped AS (
			UPDATE {resources} SET version = GREATEST($5, {resources}.version + 1), modified = GREATEST($5, modified + 1)
			FROM g WHERE {resources}.tenant = g.tenant AND {resources}.kind = 'group' AND {resources}.id = g.id
				AND EXISTS (SELECT 1 FROM changed WHERE visible)
			RETURNING {resources}.version
		)
		SELECT (SELECT coalesce(jsonb_agg(member_id ORDER BY member_id), '[]') FROM changed WHERE visible),
			coalesce((SELECT version FROM bumped), g.version), `
	addMembers = lockGroup + `wanted AS MATERIALIZED (
			SELECT r.id, r.kind FROM {resources} r
			WHERE r.tenant = $1 AND r.kind IN ('user', 'group') AND r.id AMONG($4) FOR KEY SHARE LOCK
		), changed AS (
			INSERT INTO {members} (tenant, group_id, member_id, member_kind)
			SELECT g.tenant, g.id, w.id, w.kind FROM g CROSS JOIN wanted w
			WHERE (SELECT count(*) FROM wanted) = $6
			ON CONFLICT DO NOTHING RETURNING member_id, TRUE AS visible
		)` + bumpGroup + `(SELECT count(*) FROM wanted) FROM g`
	removeMembers = lockGroup + `changed AS (
			DELETE FROM {members} USING g
			WHERE {members}.tenant = g.tenant AND {members}.group_id = g.id AND {members}.member_id AMONG($4)
			RETURNING {members}.member_id, ` + visible + ` AS visible
		)` + bumpGroup + `CAST($6 AS bigint) FROM g`
)

// changeMembers adds or removes members by one statement, which SQLite does not have.
func (s *Store) changeMembers(ctx context.Context, tenant, id string, w scim.GroupWrite) (scim.GroupResult, error) {
	statement, ids := addMembers, idsOf(w.Members.Add)
	if len(ids) == 0 {
		statement, ids = removeMembers, w.Members.Remove
	}
	var text []byte
	var version, known int64
	err := s.d.change(ctx, func(rows Rows) error { return rows.Scan(&text, &version, &known) },
		statement, tenant, id, wanted(w.Version), list(ids), s.d.stamper.micros(), len(ids))
	switch {
	case err != nil:
		return scim.GroupResult{}, err
	case version == 0:
		return scim.GroupResult{}, s.groups.missing(ctx, tenant, id)
	case known != int64(len(ids)):
		if err := s.checkMembers(ctx, tenant, ids); err != nil {
			return scim.GroupResult{}, err
		}
		return scim.GroupResult{}, errAgain
	}
	var changed []string
	if err := json.Unmarshal(text, &changed); err != nil {
		return scim.GroupResult{}, err
	}
	if len(changed) == 0 {
		changed = nil
	}
	d := delta{added: changed}
	if len(w.Members.Add) == 0 {
		d = delta{removed: changed}
	}
	res := scim.GroupResult{Version: formatVersion(version)}
	report(&res, d)
	return res, nil
}

// changeMembersInSteps does the same by two statements of a transaction: one for members,
// if the group is there and of the wanted version, and one for the version. Where nothing
// has changed the second finds out why.
func (s *Store) changeMembersInSteps(ctx context.Context, tenant, id string, w scim.GroupWrite) (res scim.GroupResult, err error) {
	var d delta
	ids := idsOf(w.Members.Add)
	if len(ids) > 0 {
		d, err = s.insertMembers(ctx, tenant, id, wanted(w.Version), ids)
	} else {
		err = s.leave(ctx, &d, deleteThese, tenant, id, wanted(w.Version), list(w.Members.Remove))
		slices.Sort(d.removed)
	}
	if err != nil {
		return res, err
	}
	var version int64
	known := len(d.added)
	if d.isVisible() {
		version, err = s.bump(ctx, tenant, id)
	} else {
		version, known, err = s.versionOf(ctx, tenant, id, w.Version, ids)
	}
	if err == nil && known < len(ids) {
		err = s.checkMembers(ctx, tenant, ids)
	}
	res.Version = formatVersion(version)
	report(&res, d)
	return res, err
}

// bump gives a group a new version and time.
func (s *Store) bump(ctx context.Context, tenant, id string) (version int64, err error) {
	err = s.d.change(ctx, func(rows Rows) error { return rows.Scan(&version) }, `
		UPDATE {resources} SET version = GREATEST($3, version + 1), modified = GREATEST($3, modified + 1)
		WHERE tenant = $1 AND kind = 'group' AND id = $2 RETURNING version`, tenant, id, s.d.stamper.micros())
	return version, err
}

// versionOf returns the version of a group, if it is the wanted one, and how many of ids
// could be members.
func (s *Store) versionOf(ctx context.Context, tenant, id, wanted string, ids []string) (version int64, known int, err error) {
	err = s.d.query(ctx, func(rows Rows) error { return rows.Scan(&version, &known) }, `
		SELECT r.version, (SELECT count(*) FROM {resources} m WHERE m.tenant = $1 AND m.kind IN ('user', 'group') AND m.id AMONG($3))
		FROM {resources} r WHERE r.tenant = $1 AND r.kind = 'group' AND r.id = $2`, tenant, id, list(ids))
	switch {
	case err != nil:
	case version == 0:
		err = scim.ErrNotFound
	case wanted != "" && wanted != formatVersion(version):
		err = scim.ErrVersionMismatch
	}
	return version, known, err
}
