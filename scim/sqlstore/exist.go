package sqlstore

import (
	"context"

	"github.com/muster-scim/muster/internal/idindex"
	"github.com/muster-scim/muster/scim"
)

// UsersExist reports of each id whether there is a user in sight, see
// [scim.UserChecker]. It reads the index of ids alone.
func (s *Store) UsersExist(ctx context.Context, t scim.Tenant, ids []string) ([]bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	exist := make([]bool, len(ids))
	at := func(place int) string { return ids[place] }
	var index *idindex.Index
	err := s.d.query(ctx, func(rows Rows) error {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if index == nil {
			index = idindex.Of(len(ids), at)
		}
		if place, ok := index.Find(id, at); ok {
			exist[place] = true
		}
		return nil
	}, "SELECT r.id FROM {resources} r WHERE r.tenant = $1 AND r.kind = 'user' AND r.id AMONG($2)", name(t), list(ids))
	return exist, err
}
