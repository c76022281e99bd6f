package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/muster-scim/muster/schema"
)

// ErrGroupsManaged is the answer to an application's own edit of groups while
// Settings.GroupsManaged is set: the identity provider has them.
var ErrGroupsManaged = errors.New("scim: groups are managed by the identity provider")

// errNoState says that there is nothing to administrate.
var errNoState = errors.New("scim: this needs Config.State")

// Admin is what the application itself calls, beside what identity providers do. It
// needs Config.State. Its methods may be called from many goroutines.
type Admin struct{ h *Handler }

// Admin returns what the application calls.
func (h *Handler) Admin() *Admin { return &Admin{h} }

// GroupEdit says what the application is about to do to one of its groups.
type GroupEdit struct {
	GroupID string

	// Users are the users who come or go, whose roles may change.
	Users []string

	// Delete says that the group is going to be deleted: its members are remembered
	// if the settings say so, and those who have roles by it lose them.
	Delete bool
}

// EditGroup does an edit of a group that the application's own users make. It checks
// that they may ([ErrGroupsManaged]), runs do in a transaction of the store, if it has
// any, and sees to the roles that follow. do may be run more than once, and uses the
// context it is given. Its error is returned and undoes everything.
func (a *Admin) EditGroup(ctx context.Context, t Tenant, e GroupEdit, do func(ctx context.Context) error) error {
	l := a.h.life
	if l == nil || l.groups == nil {
		return errNoState
	}
	q, err := l.job(ctx, t, "")
	if err != nil {
		return err
	}
	if q.settings.GroupsManaged {
		return ErrGroupsManaged
	}
	_, err = groupWriter{l}.attempt(q, func(c *groupChange) error {
		c.id = e.GroupID
		return c.edit(e, do)
	})
	return err
}

func (c *groupChange) edit(e GroupEdit, do func(ctx context.Context) error) error {
	affected := e.Users
	if e.Delete {
		group, err := c.l.groups.app.GetGroup(c.ctx, c.t, c.id)
		if err != nil {
			return err
		}
		if err := c.remember(group); err != nil {
			return err
		}
		citing, _, err := findRecords[account](c.ctx, c.l.state, c.t, StateQuery{Kind: kindAccount, Ref: refOfDriver(c.id), Limit: directly + 1})
		if err != nil {
			return err
		}
		for _, r := range citing {
			affected = append(affected, r.Key)
		}
		acc, err := getRecord[groupAccount](c.ctx, c.l.state, c.t, kindGroup, c.id)
		if err != nil {
			return err
		}
		acc.Delete = true
		if err := putRecords(c.ctx, c.l.state, c.t, acc); err != nil {
			return err
		}
	}
	// do gets the application's own context, with the transaction: what it does is not
	// done by an identity provider.
	if err := do(unscoped{c.ctx}); err != nil {
		return err
	}
	if len(affected) > directly {
		return c.queue(job{Type: jobGroup, GroupID: c.id, UserIDs: affected, Members: !e.Delete})
	}
	return c.recompute(affected)
}

// unscoped is a context of the application: no connection's.
type unscoped struct{ context.Context }

func (c unscoped) Value(key any) any {
	switch key.(type) {
	case scopeKey, settingsKey:
		return nil
	}
	return c.Context.Value(key)
}

// ChangeSettings saves a change of what Config.Settings builds the settings of a tenant
// from, and lets the worker recompute everybody's roles: both, or neither. save may be
// run more than once, and uses the context it is given.
func (a *Admin) ChangeSettings(ctx context.Context, t Tenant, save func(ctx context.Context) error) error {
	l := a.h.life
	if l == nil {
		return errNoState
	}
	err := l.attempt(ctx, func(ctx context.Context) error {
		// The job first: without a shared transaction it is better done for nothing than
		// forgotten.
		if err := putRecords(ctx, l.state, t, newJob(job{Type: jobReconcile}, l.now())); err != nil {
			return err
		}
		return save(ctx)
	})
	if err == nil {
		l.wake()
	}
	return err
}

// Changed tells that the application has changed users itself: their attributes, whether
// they are active, groups that drive roles, or roles granted by hand. What follows is
// done before it returns.
func (a *Admin) Changed(ctx context.Context, t Tenant, userIDs ...string) error {
	l := a.h.life
	if l == nil {
		return errNoState
	}
	for _, id := range userIDs {
		acc, err := l.accountOf(ctx, t, id)
		if err != nil {
			return err
		}
		q, err := l.job(ctx, t, acc.Value.Writer)
		if err != nil {
			return err
		}
		if err := l.settle(q, id); err != nil {
			return err
		}
	}
	return l.release(ctx, t, "")
}

// Report tells what a recomputation of a tenant's roles did or would do.
type Report struct {
	Users   int // that were looked at
	Changes []RoleChange

	// NoAdmin says that the last administrator would be gone but for the Guard.
	NoAdmin bool
}

// RoleChange is what a recomputation does for one user.
type RoleChange struct {
	UserID   string
	UserName string

	Gained, Lost []string

	// Refusal says why the user's attributes name no role; then the roles stay.
	Refusal string

	// Kept says that the Guard keeps the roles.
	Kept bool
}

// Reconcile recomputes the roles of all users of a tenant now. progress, if not nil, is
// called after each part. It can be called while requests are served, and again after an
// error: what is done stays.
func (a *Admin) Reconcile(ctx context.Context, t Tenant, progress func(done int)) (*Report, error) {
	l := a.h.life
	if l == nil {
		return nil, errNoState
	}
	q, err := l.job(ctx, t, "")
	if err != nil {
		return nil, err
	}
	report := &Report{}
	err = l.eachPart(q, func(ids []string) error {
		changes, err := l.recomputeNow(q, ids)
		for _, c := range changes {
			report.add(c.roleChange())
		}
		report.Users += len(ids)
		if progress != nil {
			progress(report.Users)
		}
		return err
	})
	if err != nil {
		return report, err
	}
	return report, l.release(ctx, t, "")
}

// eachPart calls f with the ids of all users of a tenant, some at a time.
func (l *lifecycle) eachPart(q *request, f func(ids []string) error) error {
	for after := ""; ; {
		ids, next, err := l.usersAfter(q, after)
		if err != nil {
			return err
		}
		if err := f(ids); err != nil {
			return err
		}
		if after = next; after == "" {
			return nil
		}
	}
}

func (r *Report) add(c RoleChange) {
	if len(c.Gained) > 0 || len(c.Lost) > 0 || c.Refusal != "" || c.Kept {
		r.Changes = append(r.Changes, c)
	}
}

// roleChange tells what has become of a user's roles.
func (c *userChange) roleChange() RoleChange {
	change := RoleChange{UserID: c.id, UserName: schema.AsUser(c.result).UserName()}
	for _, e := range c.events {
		if e.Type == UserRoles {
			change.Gained, change.Lost = e.Added, e.Removed
		}
		change.Kept = change.Kept || e.Type == AccessKept
	}
	for _, d := range c.decisions {
		if d.Policy == "roles" && d.Outcome == unresolved {
			change.Refusal = d.Reason
		}
	}
	return change
}

// Preview tells what would change if r decided on the roles of a tenant. It changes
// nothing.
func (a *Admin) Preview(ctx context.Context, t Tenant, r RoleResolver) (*Report, error) {
	l := a.h.life
	if l == nil {
		return nil, errNoState
	}
	q, err := l.job(ctx, t, "")
	if err != nil {
		return nil, err
	}
	candidate := *q.settings
	candidate.Roles = r
	q.useSettings(&candidate)
	p := preview{l: l, q: q, report: &Report{}}
	if err := l.eachPart(q, p.look); err != nil {
		return nil, err
	}
	return p.report, p.admins()
}

// preview collects a report.
type preview struct {
	l      *lifecycle
	q      *request
	report *Report

	losing  []string // users who would be no administrators any more
	staying bool     // somebody would be one
}

func (p *preview) look(ids []string) error {
	t := p.q.scope.Tenant
	accounts, err := getRecords[account](p.q.ctx, p.l.state, t, kindAccount, ids...)
	if err != nil {
		return err
	}
	drivers, err := p.l.driversOf(p.q, ids...)
	if err != nil {
		return err
	}
	page, err := p.l.users.ListUsers(p.q.ctx, t, Query{IDs: ids, StartIndex: 1, Count: len(ids)})
	if err != nil {
		return err
	}
	for _, user := range page.Resources {
		p.user(user, accounts[user.ID()], drivers[user.ID()])
	}
	p.report.Users += len(ids)
	return nil
}

func (p *preview) user(user *schema.Resource, acc *record[account], drivers []GroupRef) {
	c := userWriter{p.l}.change(p.q, p.q.ctx)
	c.id, c.new, c.result, c.acc = user.ID(), user, user, acc
	roles, refusal, _ := c.resolvedAnew(drivers)
	if g := p.q.settings.Guard; g != nil {
		was, is := g.Admin(acc.Value.Roles) && isActive(user), g.Admin(roles) && isActive(user)
		p.staying = p.staying || is
		if was && !is {
			p.losing = append(p.losing, c.id)
		}
	}
	p.report.add(RoleChange{
		UserID: c.id, UserName: schema.AsUser(user).UserName(), Refusal: refusal,
		Gained: difference(roles, acc.Value.Roles), Lost: difference(acc.Value.Roles, roles),
	})
}

// admins finds out whether anybody would be left.
func (p *preview) admins() error {
	if p.staying || len(p.losing) == 0 {
		return nil
	}
	others, err := p.q.settings.Guard.Others(p.q.ctx, p.q.scope.Tenant, p.losing)
	p.report.NoAdmin = others == 0
	return err
}

// Check reports what the settings of a tenant ask of stores that can't do it, all at
// once.
func (a *Admin) Check(ctx context.Context, t Tenant, connection string) error {
	s, err := a.h.config.Settings(ctx, Scope{Tenant: t, Connection: connection})
	if err != nil {
		return err
	}
	return a.h.checkSettings(s)
}

// checkSettings reports policies that the stores can't do.
func (h *Handler) checkSettings(s *Settings) error {
	var errs []error
	needs := func(set bool, setting string, can bool, what string) {
		if set && !can {
			errs = append(errs, fmt.Errorf("scim: Settings.%s needs %s", setting, what))
		}
	}
	state := h.config.State != nil
	_, trash := h.config.Users.(UserTrash)
	_, roles := h.config.Users.(RoleSetter)
	const wantsState = "Config.State"
	needs(s.Linker != nil, "Linker", state, wantsState)
	needs(s.Roles != nil, "Roles", state, wantsState)
	needs(s.Roles != nil, "Roles", roles, "a store of users that is a RoleSetter")
	needs(s.Guard != nil, "Guard", state, wantsState)
	needs(s.Guard != nil, "Guard", s.Guard == nil || s.Guard.Admin != nil && s.Guard.Others != nil, "Guard.Admin and Guard.Others")
	needs(s.Admission != nil, "Admission", state, wantsState)
	needs(s.OnlyLinkedUsers, "OnlyLinkedUsers", state, wantsState)
	needs(s.OnlyLinkedGroups, "OnlyLinkedGroups", state, wantsState)
	needs(s.OnDeactivate > Suspend, "OnDeactivate", state, wantsState)
	needs(s.OnDelete == Suspend || s.OnDelete == Tombstone, "OnDelete", state, wantsState)
	needs(s.OnDelete == Suspend || s.OnDelete == Tombstone, "OnDelete", trash, "a store of users that is a UserTrash")
	needs(s.Substitute != nil, "Substitute", h.config.Offboard != nil, "Config.Offboard")
	needs(s.GroupsManaged, "GroupsManaged", state, wantsState)
	needs(s.RememberMembers > 0, "RememberMembers", state, wantsState)
	return errors.Join(errs...)
}

// unfit is the answer where settings ask for what can't be done.
func unfit(err error) *Error {
	return &Error{Status: http.StatusInternalServerError, Detail: "The settings of this connection ask for what this server can't do. Its log says what.", Err: err}
}
