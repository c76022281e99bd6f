package substitute

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-scim/muster/scim"
)

// Phase is how far a hand-over is.
type Phase string

// The phases of hand-overs.
const (
	Planned   Phase = "planned"   // waits for its time
	Running   Phase = "running"   // is being carried out
	Parked    Phase = "parked"    // waits for an heir to be named
	Done      Phase = "done"      // the user owned nothing any more
	Cancelled Phase = "cancelled" // the user came back before it was done
	Undoing   Phase = "undoing"   // is being taken back
	Undone    Phase = "undone"    // was taken back
	Abandoned Phase = "abandoned" // an administrator has given up what was left
)

// Handover tells of one hand-over.
type Handover struct {
	ID         string
	UserID     string
	Connection string
	Phase      Phase
	Trigger    scim.Trigger

	// Departed is when the user left; Due is when moving may begin.
	Departed, Due time.Time

	// Heir gets what is moved next, or got what was moved last; Source says by which
	// rule. PassedOver says who was not fit, and why.
	Heir, Source string
	PassedOver   []string

	// Total has what the user owned at the start, by kind, once that is known; Moved
	// what belongs to heirs now; Left what could not be taken back.
	Total, Moved, Left map[string]int

	// Problem says in a sentence what keeps it from being done. Attempts counts
	// failures of the next step in a row.
	Problem  string
	Attempts int

	// Next is when a worker looks at it again, zero if only an administrator can go
	// on. Ended is when it ended; until UndoUntil it can be undone.
	Next, Ended, UndoUntil time.Time
}

func (c *Coordinator) handover(j *job) Handover {
	p := j.clone()
	h := Handover{
		ID: p.key(), UserID: p.User, Connection: p.Connection, Phase: p.Phase, Trigger: p.Trigger,
		Departed: p.At, Due: p.Due, Heir: p.Heir, Source: p.Source, PassedOver: p.Passed,
		Total: p.Total, Moved: p.Moved, Left: p.Left, Problem: p.Problem, Attempts: p.Attempts,
		Next: p.next, Ended: p.Ended,
	}
	if !p.Ended.IsZero() {
		h.Next, h.UndoUntil = time.Time{}, p.Ended.Add(c.config.Retention)
	}
	return h
}

// Query asks for hand-overs: those in one phase, of one user, or all, in the order of
// their ids.
type Query struct {
	Phase  Phase  // if not empty
	UserID string // if not empty; Phase is ignored then
	After  string // continue behind this id
	Limit  int    // 0 is no limit
}

// List returns the hand-overs that q asks for and, if the limit was reached, the id to
// continue after.
func (c *Coordinator) List(ctx context.Context, t scim.Tenant, q Query) (all []Handover, next string, err error) {
	if err := c.check(); err != nil {
		return nil, "", err
	}
	sq := scim.StateQuery{Kind: kindHandover, After: q.After, Limit: q.Limit}
	switch {
	case q.UserID != "":
		sq.Ref = refOfUser(q.UserID)
	case q.Phase != "":
		sq.Ref = refOfPhase(q.Phase)
	}
	found, next, err := c.s.State.ListState(ctx, t, sq)
	if err != nil {
		return nil, "", err
	}
	for _, s := range found {
		j, err := readJob(t, s)
		if err != nil {
			return nil, "", err
		}
		all = append(all, c.handover(j))
	}
	return all, next, nil
}

// Parked returns the hand-overs that wait for an heir.
func (c *Coordinator) Parked(ctx context.Context, t scim.Tenant) ([]Handover, error) {
	all, _, err := c.List(ctx, t, Query{Phase: Parked})
	return all, err
}

// Get returns one hand-over, or [ErrNotFound].
func (c *Coordinator) Get(ctx context.Context, t scim.Tenant, id string) (Handover, error) {
	if err := c.check(); err != nil {
		return Handover{}, err
	}
	j, err := c.load(ctx, t, id)
	if err != nil {
		return Handover{}, err
	}
	return c.handover(j), nil
}

// Assign names the heir of one hand-over: before any policy does, of one that is parked,
// or in the place of the heir who has got a part. It takes effect with the next batch.
// The error is [ErrNotFound], [ErrOver], or an [*UnfitError].
func (c *Coordinator) Assign(ctx context.Context, t scim.Tenant, id, heirID string) error {
	return c.change(ctx, t, id, func(j *job, p *plan) ([]scim.Event, error) {
		switch {
		case !p.Returned.IsZero():
			return nil, fmt.Errorf("%w: the user is back", ErrOver)
		case p.Phase != Planned && p.Phase != Running && p.Phase != Parked && p.Phase != Undone:
			return nil, fmt.Errorf("%w: the hand-over is %s", ErrOver, p.Phase)
		}
		if err := c.mustFit(ctx, t, p.User, heirID); err != nil {
			return nil, err
		}
		p.Assigned, p.Heir, p.Source = heirID, "", ""
		p.again(c.s.Now())
		return nil, nil
	})
}

// Abandon gives up what the user still owns: nothing more is moved, and the user may be
// erased although things are left. What becomes of them is up to the application then.
// The error is [ErrNotFound], [ErrOver], or [ErrBusy] while a batch is being moved.
func (c *Coordinator) Abandon(ctx context.Context, t scim.Tenant, id string) error {
	return c.change(ctx, t, id, func(j *job, p *plan) ([]scim.Event, error) {
		switch {
		case !p.Returned.IsZero() || p.Phase == Done || p.Phase == Abandoned:
			return nil, fmt.Errorf("%w: the hand-over is %s", ErrOver, p.Phase)
		case p.Open || p.Phase == Undoing:
			return nil, ErrBusy
		}
		c.end(p, Abandoned)
		return []scim.Event{c.event(j, scim.HandoverAbandoned, "%s", describe(p.Moved, "moved before"))}, nil
	})
}

// Reconsider lets the policies be asked again for everything that is parked in the
// tenant: call it when the default substitute or another policy has changed. It returns
// how many hand-overs are looked at again.
func (c *Coordinator) Reconsider(ctx context.Context, t scim.Tenant) (int, error) {
	parked, err := c.Parked(ctx, t)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, h := range parked {
		err := c.change(ctx, t, h.ID, func(j *job, p *plan) ([]scim.Event, error) {
			if p.Phase == Parked {
				p.again(c.s.Now())
			}
			return nil, nil
		})
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Forecast is what a hand-over would do.
type Forecast struct {
	// Heir is who would get everything, and Source by which rule; both are empty if
	// it would be parked. PassedOver says who is not fit, and why.
	Heir, Source string
	PassedOver   []string

	// Counts has what would be moved, by kind.
	Counts map[string]int
}

// Preview tells what a hand-over of what the user owns would do if it began now. It
// changes nothing. For a user who has not left, the manager is the one in its
// attributes, and the settings are those of the connection in ctx, if there is one.
func (c *Coordinator) Preview(ctx context.Context, t scim.Tenant, userID string) (Forecast, error) {
	if err := c.check(); err != nil {
		return Forecast{}, err
	}
	j, err := c.latest(ctx, t, userID)
	if err != nil {
		return Forecast{}, err
	}
	d, _, err := c.departureOf(ctx, t, userID)
	if err != nil {
		return Forecast{}, err
	}
	if d == nil {
		return Forecast{}, fmt.Errorf("substitute: there is no user %q: %w", userID, scim.ErrNotFound)
	}
	var first []scim.Heir
	if j != nil && !j.over() {
		first = append(named(j.Heir, j.Source), named(j.Assigned, "assigned")...)
	} else if scope, ok := scim.ScopeFrom(ctx); ok {
		d.Connection = scope.Connection
	}
	settings, err := c.settings(ctx, t, d.Connection)
	if err != nil {
		return Forecast{}, err
	}
	h, passed, err := c.find(ctx, t, settings.Substitute, *d, first...)
	if err != nil {
		return Forecast{}, err
	}
	f := Forecast{PassedOver: passed}
	if h != nil {
		f.Heir, f.Source = h.UserID, h.Source
	}
	f.Counts, err = c.count(ctx, t, userID)
	return f, err
}
