package scim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// kindJob has what is still to be done.
const kindJob Kind = "job"

// jobBatch is how many users one transaction of a job looks at, directly how many a
// request recomputes itself before it answers.
const (
	jobBatch = 500
	directly = 100
)

// jobType is what a job does.
type jobType string

const (
	jobCutoff    jobType = "cutoff"    // cut one kind of a user's access
	jobGroup     jobType = "group"     // recompute those whose roles a group gave or gives
	jobReconcile jobType = "reconcile" // recompute all of a tenant
	jobSettle    jobType = "settle"    // see what has become of a write
)

// job is one thing to do. Progress is stored, so that it goes on after a crash.
type job struct {
	Type       jobType `json:"type"`
	Connection string  `json:"connection,omitempty"`

	UserID string `json:"userId,omitempty"`
	Cutoff string `json:"cutoff,omitempty"`
	Name   string `json:"name,omitempty"` // settle: the userName as it is compared

	GroupID string   `json:"groupId,omitempty"`
	UserIDs []string `json:"userIds,omitempty"`
	Members bool     `json:"members,omitempty"` // group: those who cite it are done

	After string `json:"after,omitempty"` // where to go on
	Tries int    `json:"tries,omitempty"`
}

func newJob(j job, due time.Time) *record[job] {
	r := newRecord[job](kindJob, string(j.Type)+"-"+rand.Text())
	r.Value, r.Due = j, due
	if j.UserID != "" {
		r.Refs = []string{refOfJobs(j.UserID)}
	}
	return r
}

func refOfJobs(userID string) string { return "u\n" + userID }

// The settling of writes without a shared transaction: what is intended is stored
// before, and deleted by save with what is to be remembered. If the process dies in between,
// the worker sees what has become of it.

// intentTime is how long a write may take before the worker looks at it.
const intentTime = 30 * time.Second

// intend stores that a user is going to be written, unless a transaction sees to it
// that nothing is half done.
func (l *lifecycle) intend(q *request, j job) error {
	if l.tx != nil {
		return nil
	}
	j.Type, j.Connection = jobSettle, q.scope.Connection
	q.intent = newJob(j, l.now().Add(intentTime))
	return putRecords(q.ctx, l.state, q.scope.Tenant, q.intent)
}

// settle brings what is remembered of a user in line with what the application has.
func (l *lifecycle) settle(q *request, id string) error {
	var c *userChange
	w := userWriter{l}
	err := l.attempt(q.ctx, func(ctx context.Context) (err error) {
		c = w.change(q, ctx)
		c.id = id
		if c.acc, err = l.accountOf(ctx, c.t, id); err != nil {
			return err
		}
		c.old, err = l.users.GetUser(ctx, c.t, id)
		if errors.Is(err, ErrNotFound) {
			return c.settleGone()
		}
		if err != nil {
			return err
		}
		return c.settleLive()
	})
	if err != nil {
		return err
	}
	w.finish(q, c)
	return nil
}

// settleLive does for a live user what was not done when it was written.
func (c *userChange) settleLive() error {
	c.new, c.result = c.old, c.old
	if c.acc.Value.Links == nil && c.q.scope.Connection != "" {
		c.acc.Value.Links = linkTo(nil, c.q.scope.Connection, c.old.ExternalID(), "settled", c.l.now())
	}
	var err error
	switch gone := c.acc.Value.Gone; {
	case gone == "" && !isActive(c.old):
		err = c.depart(TriggerSuspend, nil)
	case gone != "" && isActive(c.old):
		err = c.comeBack(nil)
	}
	if err != nil {
		return err
	}
	if err := c.assignNow(); err != nil {
		return err
	}
	return c.store()
}

// settleGone does the same for a user who is hidden or erased.
func (c *userChange) settleGone() error {
	if c.acc.Value.Gone == TriggerDelete || !c.acc.exists() {
		return nil
	}
	if c.l.trash != nil {
		page, err := c.l.trash.HiddenUsers(c.ctx, c.t, Query{IDs: []string{c.id}, StartIndex: 1, Count: 1})
		if err != nil {
			return err
		}
		if len(page.Resources) == 1 {
			c.old = page.Resources[0]
			c.result = c.old
			c.hidden()
			if err := c.depart(TriggerDelete, nil); err != nil {
				return err
			}
			return c.store()
		}
	}
	if err := c.planCutoffs(); err != nil {
		return err
	}
	if err := putRecords(c.ctx, c.l.state, c.t, c.records...); err != nil {
		return err
	}
	return c.l.eraseRecords(c.ctx, c.t, c.acc)
}

// runJob does a job, or a part of it. more says that there is another part: r has been
// stored with where to go on.
func (l *lifecycle) runJob(ctx context.Context, t Tenant, r *record[job]) error {
	q, err := l.job(ctx, t, r.Value.Connection)
	if err != nil {
		return err
	}
	switch r.Value.Type {
	case jobCutoff:
		return l.runCutoff(q.ctx, t, r)
	case jobSettle:
		if err := l.runSettle(q, r.Value); err != nil {
			return err
		}
	case jobGroup:
		return l.runGroupJob(q, r)
	case jobReconcile:
		return l.runReconcile(q, r)
	default:
		return fmt.Errorf("scim: the state has a job of the unknown type %q", r.Value.Type)
	}
	return l.done(q.ctx, t, r)
}

func (l *lifecycle) runSettle(q *request, j job) error {
	if j.UserID != "" {
		return l.settle(q, j.UserID)
	}
	user, err := l.userByNameKey(q, j.Name)
	if err != nil || user == nil {
		return err
	}
	return l.settle(q, user.ID())
}

// done deletes a job.
func (l *lifecycle) done(ctx context.Context, t Tenant, r *record[job]) error {
	r.Delete = true
	return putRecords(ctx, l.state, t, r)
}

// progress stores where a job goes on, at once.
func (l *lifecycle) progress(ctx context.Context, t Tenant, r *record[job]) error {
	r.Value.Tries = 0
	r.Due = l.now()
	return putRecords(ctx, l.state, t, r)
}

// failed stores when a job is tried again.
func (l *lifecycle) failed(ctx context.Context, t Tenant, r *record[job], cause error) {
	r.Value.Tries++
	r.Due = l.now().Add(backoff(r.Value.Tries))
	l.log.WarnContext(ctx, "A job failed and is tried again.", "tenant", string(t), "job", string(r.Value.Type),
		"user", r.Value.UserID, "group", r.Value.GroupID, "tries", r.Value.Tries, "error", cause)
	if err := putRecords(ctx, l.state, t, r); err != nil {
		// Its lease ends, and somebody does it again.
		l.log.WarnContext(ctx, "The job could not be put off.", "error", err)
	}
}

// backoff is how long after the nth failure something is tried again.
func backoff(tries int) time.Duration {
	const most = time.Hour
	if tries > 12 {
		return most
	}
	return min(time.Second<<tries, most)
}

// runGroupJob recomputes a part of those whose roles a group gave, then of its members.
// Who is recomputed stays in order: the records are paged by user id.
func (l *lifecycle) runGroupJob(q *request, r *record[job]) error {
	j := &r.Value
	if len(j.UserIDs) > 0 {
		part := j.UserIDs[:min(jobBatch, len(j.UserIDs))]
		if _, err := l.recomputeNow(q, part); err != nil {
			return err
		}
		j.UserIDs = j.UserIDs[len(part):]
		return l.progress(q.ctx, q.scope.Tenant, r)
	}
	ids, next, err := l.groupPart(q, j)
	if err != nil {
		return err
	}
	if _, err := l.recomputeNow(q, ids); err != nil {
		return err
	}
	j.After = next
	if next == "" {
		if j.Members {
			return l.done(q.ctx, q.scope.Tenant, r)
		}
		j.Members = true
	}
	return l.progress(q.ctx, q.scope.Tenant, r)
}

// groupPart returns the next users that a job on a group looks at.
func (l *lifecycle) groupPart(q *request, j *job) (ids []string, next string, err error) {
	if j.Members {
		page, err := l.groups.ListMemberships(q.ctx, q.scope.Tenant, MembershipQuery{Groups: []string{j.GroupID}, After: j.After, Limit: jobBatch})
		for _, e := range page.Edges {
			ids = append(ids, e.Member.ID)
		}
		return ids, page.Next, err
	}
	records, next, err := findRecords[account](q.ctx, l.state, q.scope.Tenant, StateQuery{Kind: kindAccount, Ref: refOfDriver(j.GroupID), After: j.After, Limit: jobBatch})
	for _, acc := range records {
		ids = append(ids, acc.Key)
	}
	return ids, next, err
}

// runReconcile recomputes a part of a tenant.
func (l *lifecycle) runReconcile(q *request, r *record[job]) error {
	ids, next, err := l.usersAfter(q, r.Value.After)
	if err != nil {
		return err
	}
	if _, err := l.recomputeNow(q, ids); err != nil {
		return err
	}
	if next == "" {
		if err := l.release(q.ctx, q.scope.Tenant, ""); err != nil {
			return err
		}
		return l.done(q.ctx, q.scope.Tenant, r)
	}
	r.Value.After = next
	return l.progress(q.ctx, q.scope.Tenant, r)
}
