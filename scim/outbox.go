package scim

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/muster-scim/muster/schema"
)

const kindEvent Kind = "event"

const (
	// eventLease is how long nobody else gets an event that is being delivered. It is
	// twice eventTimeout, since a delivery begins in the first half of it.
	eventLease = 2 * eventTimeout

	// eventTimeout is how long Config.Events has for one event. Otherwise an event that
	// it is still busy with could be delivered again, and then the next one, while it
	// is.
	eventTimeout = 30 * time.Second

	// An event that could not be delivered is tried again after eventRetry, then after
	// twice as long, and so on up to maxEventRetry.
	eventRetry    = time.Second
	maxEventRetry = time.Hour

	// storeTimeout is how long the outcome of a delivery may take to be stored when
	// the worker has been told to stop.
	storeTimeout = 10 * time.Second
)

// outbox keeps events until they are delivered. They are stored in the transaction of
// the change that they tell of, so that there is none without the other.
type outbox struct {
	state StateStore
	types func(name string) *schema.Type
	now   func() time.Time
}

// storedEvent is a record of the outbox.
type storedEvent struct {
	eventJSON
	Attempts int `json:"attempts,omitempty"`
}

// newOutbox returns an outbox in state; types finds the resource types of events.
func newOutbox(state StateStore, types func(name string) *schema.Type, now func() time.Time) *outbox {
	return &outbox{state, types, now}
}

// emit stores an event, in the transaction that ctx belongs to. It is called after the
// resource has been written, which other writers of the resource wait for: the order of
// events is the order of the writes. A nil outbox, of an application that wants no
// events, stores nothing.
func (o *outbox) emit(ctx context.Context, t Tenant, e Event) error {
	if o == nil {
		return nil
	}
	r, err := o.record(ctx, t, e)
	if err != nil {
		return err
	}
	return o.state.PutState(ctx, t, r)
}

// record returns the record of an event that is not stored yet: for those that are
// stored together with something else.
func (o *outbox) record(ctx context.Context, t Tenant, e Event) (State, error) {
	now := o.now()
	e.ID, e.Tenant = sortableKey(now), t
	if e.At.IsZero() {
		e.At = now
	}
	if s, ok := ScopeFrom(ctx); ok {
		e.Connection, e.Actor = cmp.Or(e.Connection, s.Connection), cmp.Or(e.Actor, s.Actor)
	}
	data, err := json.Marshal(storedEvent{eventJSON: newEventJSON(e)})
	if err != nil {
		return State{}, fmt.Errorf("scim: storing the event %s: %w", e.Type, err)
	}
	return State{Kind: kindEvent, Key: e.ID, Lane: e.Resource + "/" + e.ResourceID, Due: now, Data: data}, nil
}

// sortableKey returns a key that is unique, and greater than those made earlier.
func sortableKey(now time.Time) string {
	const random = 13 // characters of base 32: 65 bits
	return fmt.Sprintf("%016x-%s", now.UnixNano(), rand.Text()[:random])
}

// deliver calls f with up to limit events that are due, and forgets those for which it
// returns nil. The others are tried again later, and those of the same resource wait
// for them. err tells of what failed; more says that there may be others at once.
//
// Several instances may call it at the same time. If one dies, its events are
// delivered again by another.
func (o *outbox) deliver(ctx context.Context, limit int, f func(context.Context, Event) error) (more bool, err error) {
	begin := o.now()
	claimed, err := o.state.ClaimState(ctx, kindEvent, begin, eventLease, limit)
	if err != nil {
		return false, fmt.Errorf("scim: claiming events: %w", err)
	}
	var errs []error
	n, delivered := 0, 0
	for t, records := range claimed {
		n += len(records)
		for _, r := range records {
			if ctx.Err() != nil || o.now().Sub(begin) >= eventLease-eventTimeout {
				errs = append(errs, o.settle(ctx, t, r, o.now()))
				continue
			}
			ok, err := o.deliverOne(ctx, t, r, f)
			errs = append(errs, err)
			if ok {
				delivered++
			}
		}
	}
	return ctx.Err() == nil && (delivered > 0 || n == limit && n > 0), errors.Join(errs...)
}

// deliverOne delivers one event and reports whether it is done with.
func (o *outbox) deliverOne(ctx context.Context, t Tenant, r State, f func(context.Context, Event) error) (ok bool, err error) {
	var doc storedEvent
	if err := json.Unmarshal(r.Data, &doc); err != nil {
		err = fmt.Errorf("scim: event %s can't be read: %w", r.Key, err)
		return false, errors.Join(err, o.settle(ctx, t, r, o.now().Add(maxEventRetry)))
	}
	err = o.call(ctx, doc, f)
	switch {
	case err == nil:
		r.Delete = true
		return true, o.settle(ctx, t, r, time.Time{})
	case ctx.Err() != nil: // the worker stops; that is not the event's fault
		return false, o.settle(ctx, t, r, o.now())
	}
	doc.Attempts++
	err = fmt.Errorf("scim: delivering event %s (%s, %s %s, attempt %d): %w", r.Key, doc.Type, doc.Resource, doc.ResourceID, doc.Attempts, err)
	if data, fault := json.Marshal(doc); fault == nil {
		r.Data = data
	}
	return false, errors.Join(err, o.settle(ctx, t, r, o.now().Add(retryAfter(doc.Attempts))))
}

// call hands an event to the application. A panic costs this attempt, not the process.
func (o *outbox) call(ctx context.Context, doc storedEvent, f func(context.Context, Event) error) (err error) {
	e, err := doc.event(o.types)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f(ctx, e)
}

// settle stores the outcome, also if ctx has ended. A record that has changed belongs
// to somebody else: the lease is over.
func (o *outbox) settle(ctx context.Context, t Tenant, r State, due time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	r.Due = due
	err := o.state.PutState(ctx, t, r)
	if err == nil || errors.Is(err, ErrVersionMismatch) {
		return nil
	}
	return fmt.Errorf("scim: storing the outcome of event %s: %w", r.Key, err)
}

// retryAfter returns how long to wait after a number of attempts.
func retryAfter(attempts int) time.Duration {
	d := eventRetry
	for range attempts - 1 {
		if d *= 2; d >= maxEventRetry {
			return maxEventRetry
		}
	}
	return d
}
