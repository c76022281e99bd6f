package sqlstore

import (
	"context"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// HideUser takes a user out of sight: it is unknown to all methods but
// [Store.RestoreUser], [Store.HiddenUsers], [Store.DeleteUser] and those for
// roles. Its unique values are free. Its memberships stay as they are, unseen,
// unless its group is deleted or the membership is removed meanwhile; its groups
// get a new version. Errors are [scim.ErrNotFound], of a hidden user too, and
// [scim.ErrVersionMismatch].
func (s *Store) HideUser(ctx context.Context, t scim.Tenant, id, version string) error {
	if !isID(id) {
		return scim.ErrNotFound
	}
	tenant := name(t)
	return s.d.inTx(ctx, func(ctx context.Context) error {
		n, err := s.d.exec(ctx, `
			UPDATE {resources} SET kind = $5, shelf = $6, name_twin = id, external_twin = id
			WHERE tenant = $1 AND kind = $2 AND id = $3 AND CAST($4 AS bigint) IN (0, version)`,
			tenant, userKind, id, wanted(version), hiddenKind, s.hidden.place(tenant))
		switch {
		case err != nil:
			return err
		case n == 0:
			return s.users.missing(ctx, tenant, id)
		}
		if err := s.users.deleteUnique(ctx, tenant, id); err != nil {
			return err
		}
		return s.touchGroups(ctx, tenant, id)
	})
}

// RestoreUser brings a hidden user back as w.New, whatever w.Changed says, with
// its id, its time of creation, its memberships and its roles. It and its groups
// get a new version. Errors are [scim.ErrNotFound], of a user who is not hidden
// too, [scim.ErrVersionMismatch] and [scim.Taken].
func (s *Store) RestoreUser(ctx context.Context, t scim.Tenant, id string, w scim.Write) (r *schema.Resource, err error) {
	if err := s.users.check(w.New); err != nil {
		return nil, err
	}
	tenant := name(t)
	err = s.d.inTx(ctx, func(ctx context.Context) error {
		base, err := s.hidden.read(ctx, t, id, " FOR UPDATE LOCK")
		if err != nil {
			return err
		}
		if err := checkVersion(base.resource, w.Version); err != nil {
			return err
		}
		if r, err = s.restore(ctx, tenant, base.resource, w.New); err != nil {
			return err
		}
		return s.touchGroups(ctx, tenant, id)
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// restore writes the row of a user who is back.
func (s *Store) restore(ctx context.Context, tenant string, old, new *schema.Resource) (r *schema.Resource, err error) {
	id := old.ID()
	w := s.users.newRow(tenant, new)
	if err := s.users.lookUp(ctx, tenant, id, w); err != nil {
		return nil, err
	}
	nameTwin, externalTwin := s.users.twins(id)
	err = s.d.change(ctx, func(rows Rows) error {
		var version, modified int64
		err := rows.Scan(&version, &modified)
		r = new.WithMeta(id, schema.Meta{Created: old.Meta().Created, LastModified: timeOf(modified), Version: formatVersion(version)})
		return err
	}, `
		UPDATE {resources} SET kind = $4, version = GREATEST($5, version + 1), modified = GREATEST($5, modified + 1), label = $6,
			name_key = $7, name_twin = $8, external_key = $9, external_twin = $10, data = $11, search = JSON($12), shelf = $13
		WHERE tenant = $1 AND kind = $2 AND id = $3
		RETURNING version, modified`,
		tenant, hiddenKind, id, userKind, s.d.stamper.micros(), w.label,
		w.name, nameTwin, w.external, externalTwin, w.data, w.search, s.users.place(tenant))
	if err != nil {
		return nil, s.users.refused(err)
	}
	return r, s.users.insertUnique(ctx, tenant, id, w.unique)
}

// HiddenUsers is [Store.ListUsers] of the hidden ones.
func (s *Store) HiddenUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return s.hidden.list(ctx, t, q)
}
