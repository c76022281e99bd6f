package scim

import (
	"context"
	"time"

	"github.com/muster-scim/muster/schema"
)

// RoleGroups is the store of both kinds of groups, for tests from outside: those of
// stores import this package.
type RoleGroups struct{ *roleGroups }

// NewRoleGroups puts role groups beside an application's. most is how many there may
// be; 0 is as many as there may be anyway.
func NewRoleGroups(app GroupStore, users UserStore, t *schema.Type, state StateStore, now func() time.Time, tx Transactor, most int) RoleGroups {
	var inTx func(context.Context, func(context.Context) error) error
	if tx != nil {
		inTx = tx.InTx
	}
	g := newRoleGroups(app, users, t, state, now, inTx)
	if most > 0 {
		g.most = most
	}
	return RoleGroups{g}
}

const MaxRoleGroups = maxRoleGroups

func (g RoleGroups) RoleGroupsOf(ctx context.Context, t Tenant, userIDs ...string) (map[string][]GroupRef, error) {
	return g.roleGroupsOf(ctx, t, userIDs...)
}

func (g RoleGroups) DropMemberships(ctx context.Context, t Tenant, userID string) ([]string, error) {
	return g.dropMemberships(ctx, t, userID)
}

func (g RoleGroups) MembersOf(ctx context.Context, t Tenant, groupID, after string, limit int) ([]string, string, error) {
	return g.membersOf(ctx, t, groupID, after, limit)
}

// IsRoleGroup reports whether an id is that of a role group.
func IsRoleGroup(id string) bool { return isRoleGroup(id) }
