package token

import (
	"context"
	"errors"
	"time"

	"github.com/muster-scim/muster/scim"
)

// note stores that a token was used, once in Options.UsedEvery: an identity provider
// sends many requests a second. That it can't be stored is no reason to refuse the
// request, nor that another instance just has.
func (t *Tokens) note(ctx context.Context, e *entry, now time.Time) {
	if now.Sub(e.LastUsed) < t.o.UsedEvery || !e.noting.CompareAndSwap(false, true) {
		return
	}
	r := e.record
	r.LastUsed = now
	drops := t.cache.dropped()
	switch err := t.store(ctx, r); {
	case err == nil:
		r.version++
		t.cache.put(&entry{record: r, read: e.read}, drops)
	case !errors.Is(err, scim.ErrVersionMismatch) && ctx.Err() == nil:
		t.o.Logger.WarnContext(ctx, "The use of a SCIM token can't be noted.", "token", e.ID, "tenant", string(e.Tenant), "error", err)
	}
}
