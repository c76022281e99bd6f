package substitute

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muster-scim/muster/scim"
)

// beginBatch records which objects are moved next, and to whom. Nothing is moved before
// that is stored.
func (w *turn) beginBatch(ctx context.Context) (more bool, err error) {
	o, ids, at, err := w.following(ctx)
	if err != nil {
		return false, err
	}
	if len(ids) == 0 {
		return false, w.done(ctx)
	}
	leaving, err := w.c.s.Leaving(ctx, w.tenant, w.User)
	if err != nil {
		return false, err
	}
	if !leaving {
		return false, w.c.cancel(ctx, w.job)
	}
	p := w.clone()
	if err := w.nameHeir(ctx, &p); err != nil {
		return false, err
	}
	if p.Heir == "" {
		return false, w.wait(ctx, p)
	}
	if p.Total == nil {
		if p.Total, err = w.c.count(ctx, w.tenant, w.User); err != nil {
			return false, err
		}
	}
	p.Phase, p.Pass, p.Open, p.Problem, p.next = Running, at, true, "", w.lease()
	p.Batches++
	b := Batch{
		id: p.key(), N: p.Batches, Kind: o.Kind(), IDs: ids, From: p.User, To: p.Heir,
		State: BatchRecorded, Recorded: w.c.s.Now(),
	}
	record, err := b.encode()
	if err != nil {
		return false, err
	}
	return true, w.c.save(ctx, w.job, p, nil, record)
}

// following returns the objects that are moved next, none if the user owns nothing any
// more. Each kind is gone through until it is found empty from the beginning, and so are
// all of them in the end: something may come while others are moved.
func (w *turn) following(ctx context.Context) (Owned, []string, pass, error) {
	at := w.Pass
	first := max(0, slices.IndexFunc(w.c.config.Owned, func(o Owned) bool { return o.Kind() == at.Kind }))
	for _, o := range w.c.config.Owned[first:] {
		if at.Kind != o.Kind() {
			at = pass{Kind: o.Kind()}
		}
		ids, next, err := w.page(ctx, o, at)
		if len(ids) > 0 || err != nil {
			return o, ids, next, err
		}
	}
	if first == 0 && w.Pass == (pass{}) {
		return nil, nil, pass{}, nil
	}
	for _, o := range w.c.config.Owned {
		ids, next, err := w.page(ctx, o, pass{Kind: o.Kind()})
		if len(ids) > 0 || err != nil {
			return o, ids, next, err
		}
	}
	return nil, nil, pass{}, nil
}

// page lists what comes behind a place in a kind, or if nothing does from the beginning.
func (w *turn) page(ctx context.Context, o Owned, at pass) ([]string, pass, error) {
	list := func() ([]string, error) {
		ids, err := o.List(ctx, w.tenant, w.User, at.After, w.c.config.Batch)
		if err != nil {
			return nil, fmt.Errorf("listing kind %q: %w", o.Kind(), err)
		}
		return ids[:min(len(ids), w.c.config.Batch)], nil
	}
	ids, err := list()
	if len(ids) == 0 && err == nil && at.After != "" {
		at.After = ""
		ids, err = list()
	}
	if len(ids) == 0 || err != nil {
		return nil, at, err
	}
	if at.After == "" {
		if ids[0] == at.First {
			return nil, at, fmt.Errorf("kind %q: %w", o.Kind(), errStuck)
		}
		at.First = ids[0]
	}
	at.After = ids[len(ids)-1]
	return ids, at, nil
}

// count counts what a user owns, by kind.
func (c *Coordinator) count(ctx context.Context, t scim.Tenant, userID string) (map[string]int, error) {
	counts := map[string]int{}
	for _, o := range c.config.Owned {
		n, err := o.Count(ctx, t, userID)
		if err != nil {
			return nil, fmt.Errorf("counting kind %q: %w", o.Kind(), err)
		}
		counts[o.Kind()] = n
	}
	return counts, nil
}

// nameHeir keeps the heir of p, or names another one if he is unfit. It leaves it empty
// if nobody can be named.
func (w *turn) nameHeir(ctx context.Context, p *plan) error {
	if p.Heir != "" {
		reason, err := w.c.unfit(ctx, w.tenant, w.User, p.Heir)
		if reason == "" || err != nil {
			return err
		}
		p.Heir, p.Source = "", ""
	}
	settings, err := w.asked(ctx)
	if err != nil {
		return err
	}
	if waitsForDeletion(p, settings) {
		return nil
	}
	d, err := w.c.departure(ctx, w.job)
	if err != nil {
		return err
	}
	h, passed, err := w.c.find(ctx, w.tenant, settings.Substitute, d, named(p.Assigned, "assigned")...)
	if err != nil {
		return err
	}
	p.Passed = passed
	if h != nil {
		p.Heir, p.Source = h.UserID, h.Source
	}
	return nil
}

// asked returns the settings of the user's connection, the same for the whole turn.
func (w *turn) asked(ctx context.Context) (*scim.Settings, error) {
	if w.settings == nil {
		s, err := w.c.settings(ctx, w.tenant, w.Connection)
		if err != nil {
			return nil, err
		}
		w.settings = s
	}
	return w.settings, nil
}

func (c *Coordinator) settings(ctx context.Context, t scim.Tenant, connection string) (*scim.Settings, error) {
	s, err := c.s.Settings(ctx, scim.Scope{Tenant: t, Connection: connection})
	if err != nil {
		return nil, fmt.Errorf("the settings can't be read: %w", err)
	}
	return s, nil
}

// waitsForDeletion reports whether a suspension is no reason to hand over, any more.
func waitsForDeletion(p *plan, s *scim.Settings) bool {
	return p.Trigger == scim.TriggerSuspend && !s.HandOverOnSuspend && p.Assigned == ""
}

// wait stores that nobody can be named: the hand-over is parked, or has to wait for the
// deletion of the user.
func (w *turn) wait(ctx context.Context, p plan) error {
	if waitsForDeletion(&p, w.settings) {
		p.Phase, p.Problem = Planned, "The user is suspended; the settings hand over when it is deleted."
		p.next = time.Time{}
		return w.c.save(ctx, w.job, p, nil)
	}
	why := "No policy names an heir."
	if len(p.Passed) > 0 {
		why = "Nobody whom the policies name can inherit."
	}
	w.c.park(&p, why)
	return w.c.save(ctx, w.job, p, []scim.Event{w.c.event(w.job, scim.HandoverParked, "%s", why)})
}

// finishBatch moves the batch that was recorded last, again if that was begun already.
func (w *turn) finishBatch(ctx context.Context) (more bool, err error) {
	b, err := w.c.batch(ctx, w.tenant, w.key(), w.Batches)
	if err != nil {
		return false, err
	}
	if w.Phase == Cancelled {
		return false, w.takeBack(ctx, b)
	}
	reason, err := w.c.unfit(ctx, w.tenant, b.From, b.To)
	if err != nil {
		return false, err
	}
	if reason != "" {
		return true, w.takeBack(ctx, b)
	}
	others, err := w.move(ctx, b.Kind, b.IDs, b.From, b.To)
	if err != nil {
		return false, err
	}
	// Who leaves now finds these objects among his own. Who has left meanwhile may
	// have handed over everything already: he must not keep them.
	if reason, err = w.c.unfit(ctx, w.tenant, b.From, b.To); err != nil {
		return false, err
	}
	if reason != "" {
		return true, w.takeBack(ctx, b)
	}
	return true, w.closeBatch(ctx, b, others)
}

// closeBatch notes that a batch was moved.
func (w *turn) closeBatch(ctx context.Context, b *Batch, others []string) error {
	b.State, b.Changed, b.Missed = BatchMoved, w.c.s.Now(), others
	moved := b.moved()
	p := w.clone()
	p.Open, p.Problem, p.Attempts, p.next = false, "", 0, w.lease()
	p.Moved = add(p.Moved, b.Kind, len(moved))
	record, err := b.encode()
	if err != nil {
		return err
	}
	var events []scim.Event
	if len(moved) > 0 {
		e := w.c.event(w.job, scim.HandoverMoved, "%d of kind %s from %s to %s, hand-over %s, batch %d", len(moved), b.Kind, b.From, b.To, b.id, b.N)
		e.Added = moved
		events = append(events, e)
	}
	err = w.c.save(ctx, w.job, p, events, record)
	if errors.Is(err, scim.ErrVersionMismatch) {
		return errors.Join(err, w.settle(ctx, b))
	}
	return err
}

// settle is called when a batch has been moved by a worker that was not alone any more.
// If it was taken back meanwhile, that has to be done once more.
func (w *turn) settle(ctx context.Context, b *Batch) error {
	now, err := w.c.batch(ctx, w.tenant, b.id, b.N)
	if err != nil || now.State != BatchReturned {
		return err
	}
	_, err = w.moveLate(ctx, b.Kind, b.IDs, b.To, b.From)
	return err
}

// takeBack undoes the batch that was recorded last, whether it was moved or not: its
// user is back, or its heir is unfit by now.
func (w *turn) takeBack(ctx context.Context, b *Batch) error {
	others, err := w.move(ctx, b.Kind, b.IDs, b.To, b.From)
	if err != nil {
		return err
	}
	b.State, b.Changed, b.Left = BatchReturned, w.c.s.Now(), others
	p := w.clone()
	p.Open, p.Pass, p.Heir, p.Source, p.next = false, pass{}, "", "", w.lease()
	if p.Phase == Cancelled {
		p.next = p.Ended.Add(w.c.config.Retention)
	}
	record, err := b.encode()
	if err != nil {
		return err
	}
	return w.c.save(ctx, w.job, p, nil, record)
}

// done notes that the user owns nothing any more.
func (w *turn) done(ctx context.Context) error {
	p := w.clone()
	w.c.end(&p, Done)
	p.Pass = pass{}
	return w.c.save(ctx, w.job, p, []scim.Event{w.c.event(w.job, scim.HandoverDone, "%s", describe(p.Moved, "moved"))})
}

func add(counts map[string]int, kind string, n int) map[string]int {
	if counts == nil {
		counts = map[string]int{}
	}
	counts[kind] += n
	return counts
}

// describe says what was done, as "3 document, 1 session moved".
func describe(counts map[string]int, verb string) string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		if counts[kind] != 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[kind], kind))
		}
	}
	if len(parts) == 0 {
		return "nothing " + verb
	}
	return strings.Join(parts, ", ") + " " + verb
}
