package scim

import (
	"context"
	"time"
)

// What tests of package scim_test need to see.

type Outbox = outbox

var NewOutbox = newOutbox

func (o *outbox) Emit(ctx context.Context, t Tenant, e Event) error { return o.emit(ctx, t, e) }

func (o *outbox) Deliver(ctx context.Context, limit int, f func(context.Context, Event) error) (bool, error) {
	return o.deliver(ctx, limit, f)
}

var ChangesOf = changesOf

func (l *Log) Append(ctx context.Context, e Entry, keep time.Duration) error {
	e.ID = logKey(e.At)
	return l.append(ctx, &e, keep)
}

func (l *Log) Purge(ctx context.Context, now time.Time, limit int) (bool, error) {
	return l.purge(ctx, now, limit)
}
