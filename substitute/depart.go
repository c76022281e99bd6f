package substitute

import (
	"context"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Depart plans the hand-over of what a user owns. A second departure, as the deletion
// after the suspension, goes on with the same hand-over. See [scim.Offboarding].
func (c *Coordinator) Depart(ctx context.Context, t scim.Tenant, d scim.Departure) error {
	return retry(ctx, func() error {
		j, err := c.latest(ctx, t, d.UserID)
		if err != nil {
			return err
		}
		if j == nil || j.over() {
			return c.plan(ctx, t, j, d)
		}
		p := j.clone()
		p.upgrade(d)
		return c.save(ctx, j, p, nil)
	})
}

// plan stores a new hand-over behind the last one.
func (c *Coordinator) plan(ctx context.Context, t scim.Tenant, last *job, d scim.Departure) error {
	p := plan{
		User: d.UserID, N: 1, Phase: Planned, Connection: d.Connection, Trigger: d.Trigger,
		Manager: managerOf(d), At: d.At, Due: d.Due, next: d.Due,
	}
	if last != nil {
		p.N = last.N + 1
	}
	if p.next.IsZero() {
		p.next = c.s.Now()
	}
	j := &job{plan: p, tenant: t}
	return c.save(ctx, j, p, []scim.Event{c.event(j, scim.HandoverPlanned, "")})
}

func managerOf(d scim.Departure) string {
	if d.Manager == "" && d.User != nil {
		return schema.AsUser(d.User).Manager()
	}
	return d.Manager
}

// upgrade makes a further departure part of the hand-over. A grace period runs from the
// first one.
func (p *plan) upgrade(d scim.Departure) {
	if p.Trigger != scim.TriggerDelete {
		p.Trigger = d.Trigger
	}
	p.Connection = d.Connection
	if m := managerOf(d); m != "" {
		p.Manager = m
	}
	switch p.Phase {
	case Planned:
		if d.Due.Before(p.Due) {
			p.Due = d.Due
		}
		if p.next.IsZero() || p.Due.Before(p.next) && p.Attempts == 0 {
			p.next = p.Due
		}
	case Parked, Done, Undone, Abandoned:
		p.Due = d.Due
		p.again(d.Due)
	}
}

// Return cancels what is not done yet. What was moved stays where it is, see
// [Coordinator.Undo]; a batch that is just being moved is taken back. See
// [scim.Offboarding].
func (c *Coordinator) Return(ctx context.Context, t scim.Tenant, userID string) error {
	return retry(ctx, func() error {
		j, err := c.latest(ctx, t, userID)
		if err != nil || j == nil || j.over() {
			return err
		}
		return c.cancel(ctx, j)
	})
}

// cancel ends a hand-over whose user is back.
func (c *Coordinator) cancel(ctx context.Context, j *job) error {
	p := j.clone()
	p.Returned = c.s.Now()
	var events []scim.Event
	switch p.Phase {
	case Planned, Running, Parked:
		c.end(&p, Cancelled)
		if p.Open {
			p.next = c.s.Now() // a worker takes it back
		}
		events = []scim.Event{c.event(j, scim.HandoverCancelled, "%s", describe(p.Moved, "moved"))}
	}
	return c.save(ctx, j, p, events)
}

// MayErase reports whether the user owns nothing any more, as the things themselves say
// now, or what he owns was abandoned. What turns up late is handed over, too. See
// [scim.Offboarding].
func (c *Coordinator) MayErase(ctx context.Context, t scim.Tenant, userID string) (bool, error) {
	may := false
	err := retry(ctx, func() (err error) {
		may, err = c.mayErase(ctx, t, userID)
		return err
	})
	return may && err == nil, err
}

func (c *Coordinator) mayErase(ctx context.Context, t scim.Tenant, userID string) (bool, error) {
	jobs, err := c.of(ctx, t, userID)
	if err != nil {
		return false, err
	}
	for _, j := range jobs {
		if j.Open || j.Phase == Undoing { // an earlier one may be giving back
			return false, nil
		}
	}
	var j *job
	if len(jobs) > 0 {
		j = jobs[len(jobs)-1]
	}
	known := j != nil && !j.over()
	if known && j.Phase == Abandoned {
		return true, nil
	}
	owns, err := c.owns(ctx, t, userID)
	if err != nil || !owns {
		return err == nil, err
	}
	if !known {
		now := c.s.Now()
		return false, c.plan(ctx, t, j, scim.Departure{UserID: userID, Trigger: scim.TriggerDelete, At: now, Due: now})
	}
	p := j.clone()
	switch j.Phase {
	case Done:
		p.again(c.s.Now())
		return false, c.save(ctx, j, p, nil)
	case Undone:
		c.park(&p, "It was taken back, and nobody else has been named.")
		return false, c.save(ctx, j, p, []scim.Event{c.event(j, scim.HandoverParked, "%s", p.Problem)})
	}
	return false, nil
}

// park lets a plan wait for an heir.
func (c *Coordinator) park(p *plan, why string) {
	p.Phase, p.Problem, p.Attempts = Parked, why, 0
	p.Heir, p.Source, p.Ended = "", "", time.Time{}
	p.next = time.Time{}
}

// owns reports whether a user owns anything.
func (c *Coordinator) owns(ctx context.Context, t scim.Tenant, userID string) (bool, error) {
	for _, o := range c.config.Owned {
		ids, err := o.List(ctx, t, userID, "", 1)
		if len(ids) > 0 || err != nil {
			return true, err
		}
	}
	return false, nil
}
