package scim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// refuseRoles answers a user whose attributes name no role, before anything is
// written. old is nil for a new user. A refusal that was there before is none of this
// request's doing.
func (l *lifecycle) refuseRoles(q *request, old, r *schema.Resource) error {
	resolver := q.settings.Roles
	if resolver == nil {
		return nil
	}
	out := resolver.Resolve(RoleInput{User: r, Connection: q.scope.Connection})
	if out.Refusal == nil {
		return nil
	}
	if old != nil {
		before := resolver.Resolve(RoleInput{User: old, Connection: q.scope.Connection})
		if before.Refusal != nil && before.Refusal.Detail == out.Refusal.Detail {
			return nil
		}
	}
	q.entry.refused("roles", out.Refusal)
	return out.Refusal
}

// roleSet returns roles in order, each once.
func roleSet(roles []string) []string {
	set := slices.Clone(roles)
	slices.Sort(set)
	return slices.Compact(set)
}

// assign gives the application the roles of the user, unless it has them, or unless
// the Guard keeps those there are.
func (c *userChange) assign(roles []string, drivers []GroupRef, notes []string) error {
	for _, note := range notes {
		c.decide("roles", "noted", note)
	}
	acc := &c.acc.Value
	acc.Drivers = nil
	for _, g := range drivers {
		acc.Drivers = append(acc.Drivers, g.ID)
	}
	if acc.Given && slices.Equal(acc.Roles, roles) {
		return nil
	}
	kept, err := c.guardRoles(roles)
	if kept || err != nil {
		return err
	}
	return c.setRoles(roles)
}

// setRoles gives exactly these roles and notes it.
func (c *userChange) setRoles(roles []string) error {
	if c.l.roles == nil {
		return errors.New("scim: Settings.Roles is set, but the store of users is no RoleSetter")
	}
	if err := c.l.roles.SetUserRoles(c.ctx, c.t, c.id, roles); err != nil {
		return fmt.Errorf("scim: setting the roles of user %s: %w", c.id, err)
	}
	acc := &c.acc.Value
	added, removed := difference(roles, acc.Roles), difference(acc.Roles, roles)
	if g := c.s.Guard; g != nil && g.Admin(roles) && !g.Admin(acc.Roles) {
		c.gained = true
	}
	acc.Roles, acc.Given = roles, true
	if len(added) > 0 || len(removed) > 0 {
		c.event(Event{Type: UserRoles, Added: added, Removed: removed})
		c.decide("roles", "set", strings.Join(roles, ", "))
	}
	return nil
}

// difference returns what is in a and not in b.
func difference(a, b []string) []string {
	var d []string
	for _, x := range a {
		if !slices.Contains(b, x) {
			d = append(d, x)
		}
	}
	return d
}

// driversOf returns the groups of users that drive roles, by the user's id, each in
// the order of ids.
func (l *lifecycle) driversOf(q *request, userIDs ...string) (map[string][]GroupRef, error) {
	resolver := q.settings.Roles
	if resolver == nil || l.groups == nil || len(userIDs) == 0 {
		return nil, nil
	}
	drivers, err := l.groups.roleGroupsOf(q.ctx, q.scope.Tenant, userIDs...)
	if err != nil {
		return nil, err
	}
	edges, err := l.groups.app.ListMemberships(q.ctx, q.scope.Tenant, MembershipQuery{Members: userIDs})
	if err != nil {
		return nil, err
	}
	refs, err := l.groupRefs(q, edges.Edges)
	if err != nil {
		return nil, err
	}
	if drivers == nil {
		drivers = map[string][]GroupRef{}
	}
	for _, e := range edges.Edges {
		if ref, ok := refs[e.GroupID]; ok && resolver.GroupUse(ref.Name, ref.ExternalID) == UseBoth {
			drivers[e.Member.ID] = append(drivers[e.Member.ID], ref)
		}
	}
	for _, groups := range drivers {
		slices.SortFunc(groups, func(a, b GroupRef) int { return strings.Compare(a.ID, b.ID) })
	}
	return drivers, nil
}

// groupRefs reads the application's groups of these edges.
func (l *lifecycle) groupRefs(q *request, edges []Membership) (map[string]GroupRef, error) {
	var ids []string
	for _, e := range edges {
		ids = append(ids, e.GroupID)
	}
	slices.Sort(ids)
	refs := map[string]GroupRef{}
	for part := range slices.Chunk(slices.Compact(ids), batch) {
		page, err := l.groups.app.ListGroups(q.ctx, q.scope.Tenant, Query{IDs: part, StartIndex: 1, Count: len(part)})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Resources {
			refs[r.ID()] = groupRefOf(r)
		}
	}
	return refs, nil
}

func groupRefOf(group *schema.Resource) GroupRef {
	return GroupRef{ID: group.ID(), ExternalID: group.ExternalID(), Name: group.Get("displayName").String()}
}

// recompute gives users the roles that follow from what is there now, each with the
// settings of the connection that wrote it last. It is part of the transaction of q;
// what has to be done after that is in the changes.
func (l *lifecycle) recompute(q *request, userIDs []string) ([]*userChange, error) {
	if l.roles == nil || len(userIDs) == 0 {
		return nil, nil
	}
	// Accounts first: whoever changes what is read afterwards changes the account
	// too, and then this write fails and is done again.
	accounts, err := getRecords[account](q.ctx, l.state, q.scope.Tenant, kindAccount, userIDs...)
	if err != nil {
		return nil, err
	}
	page, err := l.users.ListUsers(q.ctx, q.scope.Tenant, Query{IDs: userIDs, StartIndex: 1, Count: len(userIDs)})
	if err != nil {
		return nil, err
	}
	byWriter := map[string][]*schema.Resource{}
	for _, user := range page.Resources {
		writer := cmp.Or(accounts[user.ID()].Value.Writer, q.scope.Connection)
		byWriter[writer] = append(byWriter[writer], user)
	}
	var changes []*userChange
	for _, writer := range slices.Sorted(maps.Keys(byWriter)) {
		wq, err := q.as(writer)
		if err != nil {
			return nil, err
		}
		some, err := l.reassignAll(wq, byWriter[writer], accounts)
		if err != nil {
			return nil, err
		}
		changes = append(changes, some...)
	}
	return changes, nil
}

// as returns the request with the settings of another connection of the tenant.
func (q *request) as(connection string) (*request, error) {
	if connection == q.scope.Connection {
		return q, nil
	}
	return q.h.life.job(q.ctx, q.scope.Tenant, connection)
}

// reassignAll computes the roles of users whom one connection wrote.
func (l *lifecycle) reassignAll(q *request, users []*schema.Resource, accounts map[string]*record[account]) ([]*userChange, error) {
	if q.settings.Roles == nil {
		return nil, nil
	}
	ids := make([]string, len(users))
	for i, user := range users {
		ids[i] = user.ID()
	}
	drivers, err := l.driversOf(q, ids...)
	if err != nil {
		return nil, err
	}
	var changes []*userChange
	for _, user := range users {
		c := userWriter{l}.change(q, q.ctx)
		c.id, c.old, c.new, c.result, c.acc = user.ID(), user, user, user, accounts[user.ID()]
		if err := c.reassign(drivers[c.id]); err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// reassign computes the roles of one user anew.
func (c *userChange) reassign(drivers []GroupRef) error {
	if err := c.assignAnew(drivers); err != nil {
		return err
	}
	return c.save()
}

// resolvedAnew returns the roles of a user whom nobody is writing. If the attributes
// name none any more, as after a change of the table, the roles stay, and refusal says
// why.
func (c *userChange) resolvedAnew(drivers []GroupRef) (roles []string, refusal string, notes []string) {
	out := c.s.Roles.Resolve(RoleInput{User: c.new, Groups: drivers, Connection: c.q.scope.Connection})
	if out.Refusal != nil {
		return c.acc.Value.Roles, out.Refusal.Detail, out.Notes
	}
	return roleSet(out.Roles), "", out.Notes
}

// assignNow gives a user the roles that follow from what it is now, and from the groups it
// is in: those of a hidden user are known when it has been restored.
func (c *userChange) assignNow() error {
	drivers, err := c.l.driversOf(c.q, c.id)
	if err != nil {
		return err
	}
	return c.assignAnew(drivers[c.id])
}

// assignAnew computes and gives the roles of a user who is in these groups.
func (c *userChange) assignAnew(drivers []GroupRef) error {
	if c.s.Roles == nil {
		return nil
	}
	roles, refusal, notes := c.resolvedAnew(drivers)
	if refusal != "" {
		c.decide("roles", unresolved, refusal)
	}
	return c.assign(roles, drivers, notes)
}

// unresolved is the outcome for a user who keeps the roles it has, since its attributes
// name none.
const unresolved = "unresolved"

// recomputeNow recomputes users in transactions of their own, and finishes.
func (l *lifecycle) recomputeNow(q *request, userIDs []string) ([]*userChange, error) {
	var all []*userChange
	for part := range slices.Chunk(userIDs, jobBatch) {
		var changes []*userChange
		err := l.attempt(q.ctx, func(ctx context.Context) (err error) {
			changes, err = l.recompute(q.within(ctx), part)
			return err
		})
		if err != nil {
			return all, err
		}
		l.finishAll(q, changes)
		all = append(all, changes...)
	}
	return all, nil
}

// finishAll finishes changes of roles after their commit.
func (l *lifecycle) finishAll(q *request, changes []*userChange) {
	for _, c := range changes {
		userWriter{l}.finish(q, c)
	}
}
