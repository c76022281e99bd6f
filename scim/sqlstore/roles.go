package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/muster-scim/muster/scim"
)

// SetUserRoles gives a user, hidden or not, exactly these roles, or is
// [scim.ErrNotFound]. The store knows no roles of another origin.
func (s *Store) SetUserRoles(ctx context.Context, t scim.Tenant, id string, roles []string) error {
	if !isID(id) {
		return scim.ErrNotFound
	}
	text, err := json.Marshal(roles)
	if err != nil {
		return err
	}
	return s.d.alone(ctx, func(ctx context.Context) error {
		n, err := s.d.exec(ctx, "UPDATE {resources} SET roles = $3 WHERE tenant = $1 AND kind IN ('user', 'hidden user') AND id = $2",
			name(t), id, string(text))
		if err == nil && n == 0 {
			err = scim.ErrNotFound
		}
		return err
	})
}

// UserRoles returns the roles that a user, hidden or not, was given last, or
// [scim.ErrNotFound].
func (s *Store) UserRoles(ctx context.Context, t scim.Tenant, id string) (roles []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !isID(id) {
		return nil, scim.ErrNotFound
	}
	found := false
	err = s.d.query(ctx, func(rows Rows) error {
		found = true
		var text sql.NullString
		if err := rows.Scan(&text); err != nil || !text.Valid {
			return err
		}
		return json.Unmarshal([]byte(text.String), &roles)
	}, "SELECT r.roles FROM {resources} r WHERE r.tenant = $1 AND r.kind IN ('user', 'hidden user') AND r.id = $2", name(t), id)
	if err == nil && !found {
		err = scim.ErrNotFound
	}
	return roles, err
}
