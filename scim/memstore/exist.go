package memstore

import (
	"context"

	"github.com/muster-scim/muster/scim"
)

// UsersExist reports of each id whether there is a user in sight, see
// [scim.UserChecker].
func (s *Store) UsersExist(ctx context.Context, t scim.Tenant, ids []string) ([]bool, error) {
	hold, err := s.d.lock(ctx, false)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	c := s.d.find(t, userKind)
	exist := make([]bool, len(ids))
	for i, id := range ids {
		_, exist[i] = c.visible(id)
	}
	return exist, nil
}
