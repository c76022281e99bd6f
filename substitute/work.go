package substitute

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/muster-scim/muster/scim"
)

// turnSteps bounds what is done in one go, so that one large hand-over does not keep
// all others waiting. A batch takes two steps.
const turnSteps = 20

// How long a step that has failed waits: twice as long each time, less a random part,
// so that what failed together is not tried again together.
const (
	firstWait = 10 * time.Second
	maxWait   = time.Hour
)

// turn is what a worker does with a hand-over that it has claimed. It does one step
// after another; after each, what is stored says how to go on, whoever does it.
type turn struct {
	c *Coordinator
	*job
	settings *scim.Settings // asked once
}

// Work does a part of one hand-over that is due. See [scim.Offboarding].
func (c *Coordinator) Work(ctx context.Context) (more bool, err error) {
	claimed, err := c.s.State.ClaimState(ctx, kindHandover, c.s.Now(), c.config.Lease, 1)
	for t, records := range claimed {
		for _, r := range records {
			err = errors.Join(err, c.take(ctx, t, r))
		}
	}
	return len(claimed) > 0, err
}

// take goes on with a hand-over. What its objects or policies report is no error of the
// worker: it is logged, and tried again later.
func (c *Coordinator) take(ctx context.Context, t scim.Tenant, r scim.State) error {
	j, err := readJob(t, r)
	if err != nil {
		c.s.Logger.ErrorContext(ctx, "A hand-over can't be carried out.", "tenant", t, "handover", r.Key, "error", err)
		return nil
	}
	w := &turn{c: c, job: j}
	switch err = w.run(ctx); {
	case err == nil, errors.Is(err, scim.ErrVersionMismatch): // somebody else goes on
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	c.s.Logger.ErrorContext(ctx, "A step of a hand-over failed. It will be tried again.",
		"tenant", t, "handover", j.key(), "user", j.User, "attempt", j.Attempts+1, "error", err)
	if err = w.putOff(ctx); errors.Is(err, scim.ErrVersionMismatch) {
		return nil
	}
	return err
}

// run does up to turnSteps steps. A panic of the application's is an error of its step.
func (w *turn) run(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, r, debug.Stack())
		}
	}()
	for range turnSteps {
		more, err := w.step(ctx)
		if err != nil || !more {
			return err
		}
	}
	p := w.clone()
	p.next = w.c.s.Now()
	return w.c.save(ctx, w.job, p, nil)
}

// step does what comes next and reports whether there is more to do now.
func (w *turn) step(ctx context.Context) (more bool, err error) {
	switch {
	case w.Phase == Undoing:
		return w.undoBatch(ctx)
	case w.Open:
		return w.finishBatch(ctx)
	case w.Phase == Planned || w.Phase == Running:
		return w.beginBatch(ctx)
	case w.Phase == Parked:
		p := w.clone()
		p.next = time.Time{}
		return false, w.c.save(ctx, w.job, p, nil)
	}
	return false, w.forget(ctx)
}

// lease is until when this worker alone goes on, from now.
func (w *turn) lease() time.Time { return w.c.s.Now().Add(w.c.config.Lease) }

// move moves objects, unless the time of this worker is over: then another one does it.
func (w *turn) move(ctx context.Context, kind string, ids []string, from, to string) (others []string, err error) {
	if !w.c.s.Now().Before(w.next) {
		return nil, scim.ErrVersionMismatch
	}
	return w.moveLate(ctx, kind, ids, from, to)
}

// moveLate moves objects, be it by a worker whose time is over.
func (w *turn) moveLate(ctx context.Context, kind string, ids []string, from, to string) (others []string, err error) {
	o := w.c.kind(kind)
	if o == nil {
		return nil, fmt.Errorf("kind %q is not in Config.Owned any more", kind)
	}
	ctx, cancel := context.WithTimeout(ctx, w.c.config.Lease)
	defer cancel()
	if others, err = o.Move(ctx, w.tenant, ids, from, to); err != nil {
		return nil, fmt.Errorf("moving %d of kind %q: %w", len(ids), kind, err)
	}
	return others, nil
}

// putOff lets a step that has failed be tried again later.
func (w *turn) putOff(ctx context.Context) error {
	p := w.clone()
	p.Attempts++
	p.Pass = pass{}
	p.Problem = fmt.Sprintf("A step has failed, %d times so far. It is tried again; the application's log has the reason.", p.Attempts)
	p.next = w.c.s.Now().Add(backoff(p.Attempts))
	return w.c.save(ctx, w.job, p, nil)
}

// backoff returns how long to wait after that many attempts.
func backoff(attempts int) time.Duration {
	wait := firstWait
	for i := 1; i < attempts && wait < maxWait; i++ {
		wait *= 2
	}
	wait = min(wait, maxWait)
	return wait/2 + rand.N(wait/2)
}

// forget deletes what is remembered of a hand-over whose time is over.
func (w *turn) forget(ctx context.Context) error {
	for {
		batches, err := w.c.Batches(ctx, w.tenant, w.key(), 0, turnSteps)
		if err != nil {
			return err
		}
		if len(batches) == 0 {
			break
		}
		gone := make([]scim.State, len(batches))
		for i, b := range batches {
			gone[i] = scim.State{Kind: kindBatch, Key: batchKey(b.id, b.N), Version: b.version, Delete: true}
		}
		if err := w.c.s.State.PutState(ctx, w.tenant, gone...); err != nil {
			return err
		}
	}
	gone := []scim.State{{Kind: kindHandover, Key: w.key(), Version: w.version, Delete: true}}
	made, err := w.c.chosen(ctx, w.tenant, w.User)
	if err != nil {
		return err
	}
	if last, err := w.c.latest(ctx, w.tenant, w.User); err != nil {
		return err
	} else if made.Heir != "" && last != nil && last.N == w.N && w.Returned.IsZero() {
		gone = append(gone, scim.State{Kind: kindChoice, Key: w.User, Version: made.version, Delete: true})
	}
	return w.c.s.State.PutState(ctx, w.tenant, gone...)
}
