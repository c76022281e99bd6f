package scim

import (
	"context"
)

// What tests of package scim_test need to see.

type Outbox = outbox

var NewOutbox = newOutbox

func (o *outbox) Emit(ctx context.Context, t Tenant, e Event) error { return o.emit(ctx, t, e) }

func (o *outbox) Deliver(ctx context.Context, limit int, f func(context.Context, Event) error) (bool, error) {
	return o.deliver(ctx, limit, f)
}
