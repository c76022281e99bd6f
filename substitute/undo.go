package substitute

import (
	"context"
	"fmt"
	"slices"

	"github.com/muster-scim/muster/scim"
)

// Undo gives back to the user what a hand-over has moved, the last batch first; what is
// not moved yet is not moved any more. A worker does it: [Handover].Phase is [Undone]
// when it has. What heirs have given on, or what has moved on since they left too, stays
// where it is and is counted in [Handover].Left.
//
// It can be done while the hand-over is remembered ([Config].Retention), as long as the
// user exists and has not left again. The error is [ErrNotFound], [ErrOver] or [ErrNothingMoved]; to undo
// what is being undone is none.
func (c *Coordinator) Undo(ctx context.Context, t scim.Tenant, id string) error {
	return c.change(ctx, t, id, func(_ *job, p *plan) ([]scim.Event, error) {
		if p.Phase == Undoing {
			return nil, nil
		}
		if p.Batches == 0 || p.Phase == Undone {
			return nil, ErrNothingMoved
		}
		now := c.s.Now()
		if !p.Ended.IsZero() && now.After(p.Ended.Add(c.config.Retention)) {
			return nil, ErrOver
		}
		last, err := c.latest(ctx, t, p.User)
		if err != nil {
			return nil, err
		}
		if last != nil && last.N != p.N && !last.over() {
			return nil, fmt.Errorf("%w: the user has left again since", ErrOver)
		}
		u, err := c.stored(ctx, t, p.User)
		if err != nil {
			return nil, err
		}
		if u == nil {
			return nil, fmt.Errorf("%w: user %q is erased", ErrOver, p.User)
		}
		p.again(now)
		p.Phase, p.Undo, p.Left, p.next = Undoing, p.Batches, nil, now
		return nil, nil
	})
}

// undoBatch takes back the next batch.
func (w *turn) undoBatch(ctx context.Context) (more bool, err error) {
	if w.Undo == 0 {
		return false, w.undone(ctx)
	}
	b, err := w.c.batch(ctx, w.tenant, w.key(), w.Undo)
	if err != nil {
		return false, err
	}
	p := w.clone()
	p.Undo--
	p.Attempts, p.Problem, p.next = 0, "", w.lease()
	if b.State == BatchReturned {
		return true, w.c.save(ctx, w.job, p, nil)
	}
	ids := b.moved()
	others, err := w.move(ctx, b.Kind, ids, b.To, b.From)
	if err != nil {
		return false, err
	}
	back := slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(others, id) })
	if b.State == BatchMoved {
		p.Moved = add(p.Moved, b.Kind, -len(back))
	}
	p.Left = add(p.Left, b.Kind, len(others))
	p.Open = false
	b.State, b.Changed, b.Left = BatchReturned, w.c.s.Now(), others
	record, err := b.encode()
	if err != nil {
		return false, err
	}
	e := w.c.event(w.job, scim.HandoverMoved, "%d of kind %s back from %s to %s, hand-over %s, batch %d", len(back), b.Kind, b.To, b.From, b.id, b.N)
	e.Removed = back
	return true, w.c.save(ctx, w.job, p, []scim.Event{e}, record)
}

func (w *turn) undone(ctx context.Context) error {
	p := w.clone()
	w.c.end(&p, Undone)
	p.Heir, p.Source, p.Assigned = "", "", ""
	return w.c.save(ctx, w.job, p, []scim.Event{w.c.event(w.job, scim.HandoverUndone, "%s", describe(p.Left, "left with others"))})
}
