package scim

import (
	"context"
	"errors"
	"time"

	"github.com/muster-scim/muster/schema"
)

// cutoffTime is how long a request waits for cutoffs in all; the worker does the rest.
const cutoffTime = 2 * time.Second

// eraseAgain is when an erasure that something stands against is looked at again.
const eraseAgain = 30 * time.Second

// depart stores what follows when a user leaves.
func (c *userChange) depart(why Trigger, changed []string) error {
	acc := &c.acc.Value
	manager := schema.AsUser(c.old).Manager()
	if manager == "" {
		manager = acc.Manager
	}
	acc.Manager = manager
	acc.Gone, acc.GoneAt = why, c.l.now()
	if why == TriggerSuspend {
		c.event(Event{Type: UserSuspended, Before: c.old, After: c.result, Changed: changed})
		c.suspendedFor()
	} else {
		c.event(Event{Type: UserDeleted, Before: c.old})
	}
	c.decide("deprovision", string(why), "")
	if err := c.planCutoffs(); err != nil {
		return err
	}
	if c.l.offboard == nil || why == TriggerSuspend && !c.s.HandOverOnSuspend {
		return nil
	}
	return c.l.offboard.Depart(c.ctx, c.t, Departure{
		UserID: c.id, User: c.old, Manager: manager, Connection: c.q.scope.Connection,
		Trigger: why, At: acc.GoneAt, Due: acc.GoneAt.Add(c.s.HandOverAfter),
	})
}

// suspendedFor says how long a suspended user is kept.
func (c *userChange) suspendedFor() {
	switch c.s.OnDeactivate {
	case Tombstone:
		c.acc.Due = c.l.now().Add(c.s.SuspendedFor)
	case Erase:
		c.acc.Due, c.erase = c.l.now(), true
	}
}

// comeBack undoes what is not done yet of a departure.
func (c *userChange) comeBack(changed []string) error {
	if c.acc.Value.Gone == TriggerDelete && c.s.ForgetRoles && c.l.groups != nil {
		if _, err := c.l.groups.dropMemberships(c.ctx, c.t, c.id); err != nil {
			return err
		}
	}
	before := c.old
	if c.acc.Value.Gone == TriggerDelete {
		before = nil // who was deleted was there for nobody
	}
	c.acc.Value.Gone, c.acc.Value.GoneAt = "", time.Time{}
	c.acc.Value.HiddenID, c.acc.Value.HiddenName = "", ""
	c.acc.Due = time.Time{}
	c.event(Event{Type: UserReturned, Before: before, After: c.result, Changed: changed})
	c.decide("deprovision", "returned", "")
	c.gained = c.s.Guard != nil
	if err := c.cancelCutoffs(); err != nil {
		return err
	}
	if c.l.offboard == nil {
		return nil
	}
	return c.l.offboard.Return(c.ctx, c.t, c.id)
}

// planCutoffs stores one job for each cutoff, so that none is lost.
func (c *userChange) planCutoffs() error {
	if err := c.cancelCutoffs(); err != nil {
		return err
	}
	for _, cutoff := range c.l.cutoffs {
		// The request does them itself in a moment; the worker waits for it to end.
		r := newJob(job{Type: jobCutoff, UserID: c.id, Cutoff: cutoff.Name, Connection: c.q.scope.Connection}, c.l.now().Add(2*cutoffTime))
		c.cut = append(c.cut, r)
		c.records = append(c.records, r)
	}
	return nil
}

// cancelCutoffs deletes the jobs that are left of an earlier departure.
func (c *userChange) cancelCutoffs() error {
	if len(c.l.cutoffs) == 0 {
		return nil
	}
	jobs, _, err := findRecords[job](c.ctx, c.l.state, c.t, StateQuery{Kind: kindJob, Ref: refOfJobs(c.id)})
	if err != nil {
		return err
	}
	for _, r := range jobs {
		if r.Value.Type == jobCutoff {
			r.Delete = true
			c.records = append(c.records, r)
		}
	}
	return nil
}

// runCutoffs carries cutoffs out right after the commit. What fails or takes too long
// is left to the worker.
func (l *lifecycle) runCutoffs(q *request, jobs []*record[job]) {
	if len(jobs) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.ctx), cutoffTime)
	defer cancel()
	for _, r := range jobs {
		if err := l.runCutoff(ctx, q.scope.Tenant, r); err != nil {
			l.log.WarnContext(ctx, "Access could not be cut; the worker tries again.",
				"tenant", string(q.scope.Tenant), "user", r.Value.UserID, "cutoff", r.Value.Cutoff, "error", err)
		}
	}
}

// runCutoff carries one cutoff out and deletes its job.
func (l *lifecycle) runCutoff(ctx context.Context, t Tenant, r *record[job]) error {
	for _, cutoff := range l.cutoffs {
		if cutoff.Name != r.Value.Cutoff {
			continue
		}
		if err := cutoff.Cut(ctx, t, r.Value.UserID); err != nil {
			return err
		}
	}
	r.Delete = true
	return l.put(ctx, t, []stored{r}, Event{
		Type: AccessCut, Resource: l.h.users.typ.Name(), ResourceID: r.Value.UserID, Detail: r.Value.Cutoff, Connection: r.Value.Connection,
	})
}

// eraseNow erases a user who has left, if the time has come and nothing stands against
// it. Otherwise it is looked at again.
func (l *lifecycle) eraseNow(ctx context.Context, t Tenant, id string) error {
	return l.attempt(ctx, func(ctx context.Context) error {
		acc, err := l.accountOf(ctx, t, id)
		if err != nil || acc.Value.Gone == "" || acc.Due.IsZero() {
			return err
		}
		if l.offboard != nil {
			may, err := l.offboard.MayErase(ctx, t, id)
			if err != nil {
				return err
			}
			if !may {
				acc.Due = l.now().Add(eraseAgain)
				return l.putAccount(ctx, t, acc)
			}
		}
		return l.eraseRecords(ctx, t, acc)
	})
}

// eraseRecords erases a user and what is remembered of it. What the application erased
// itself is only forgotten.
func (l *lifecycle) eraseRecords(ctx context.Context, t Tenant, acc *record[account]) error {
	id := acc.Key
	if err := l.users.DeleteUser(ctx, t, id, ""); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err := l.forget(ctx, t, id); err != nil {
		return err
	}
	acc.Delete = true
	return l.put(ctx, t, []stored{acc}, Event{Type: UserErased, Resource: l.h.users.typ.Name(), ResourceID: id, Connection: acc.Value.Writer})
}

// forget deletes what is remembered of a user beside the account.
func (l *lifecycle) forget(ctx context.Context, t Tenant, id string) error {
	if l.groups != nil {
		if _, err := l.groups.dropMemberships(ctx, t, id); err != nil {
			return err
		}
	}
	held, err := getRecord[retention](ctx, l.state, t, kindRetained, id)
	if err != nil {
		return err
	}
	held.Delete = true
	return putRecords(ctx, l.state, t, held)
}
