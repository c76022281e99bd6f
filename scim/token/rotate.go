package token

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Rotation says how a token is followed by another.
type Rotation struct {
	// Overlap is how long both are live. If zero the old one ends now.
	Overlap time.Duration

	// Lifetime is that of the new one, as in [Issue]. If empty it is that of the
	// old one: as long again, or until the same date.
	Lifetime string
}

// Rotate issues a token like the one with that id and lets that one end after an
// overlap: both are live until then, so that the identity provider can be changed over
// without a gap. To end the old one sooner, revoke it.
//
// Never more than two are live: the token that the old one replaced ends now. The error
// is [ErrRotating] if the old one has a live successor, [ErrEnded] if it is not live
// itself; of two calls at the same moment one wins.
func (t *Tokens) Rotate(ctx context.Context, tenant scim.Tenant, id string, rotation Rotation) (Token, schema.Secret, error) {
	var fresh record
	var secret string
	err := t.change(ctx, tenant, id, func(old record) ([]record, error) {
		now := t.now()
		if !old.Live(now) {
			return nil, ErrEnded
		}
		_, rotating, err := t.live(ctx, tenant, old.ReplacedBy, now)
		if err != nil {
			return nil, err
		}
		if rotating {
			return nil, ErrRotating
		}
		before, live, err := t.live(ctx, tenant, old.Replaces, now)
		if err != nil {
			return nil, err
		}
		fresh, secret, err = t.make(tenant, Issue{
			Description: old.Description, Connection: old.Connection, UserName: old.UserName, ReadOnly: old.ReadOnly,
			Lifetime: cmp.Or(rotation.Lifetime, old.Lifetime),
		})
		if err != nil {
			return nil, err
		}
		fresh.Replaces, old.ReplacedBy, old.Retires = old.ID, fresh.ID, now.Add(max(rotation.Overlap, 0))
		if !live {
			return []record{fresh, old}, nil
		}
		before.Retires = now
		return []record{fresh, old, before}, nil
	})
	if err != nil {
		return Token{}, schema.Secret{}, err
	}
	return fresh.Token, schema.NewSecret(secret), nil
}

// live returns the token with that id, if there is one and it is live.
func (t *Tokens) live(ctx context.Context, tenant scim.Tenant, id string, now time.Time) (record, bool, error) {
	if id == "" {
		return record{}, false, nil
	}
	r, err := t.find(ctx, tenant, id)
	if errors.Is(err, ErrNotFound) {
		return record{}, false, nil
	}
	return r, err == nil && r.Live(now), err
}

// CancelRotation undoes [Tokens.Rotate] while both tokens are live: the one with that
// id, the old one, lives on for what it had left, and its successor is revoked. The
// error is [ErrNotRotating] or [ErrEnded].
func (t *Tokens) CancelRotation(ctx context.Context, tenant scim.Tenant, id string) error {
	return t.change(ctx, tenant, id, func(old record) ([]record, error) {
		now := t.now()
		if old.ReplacedBy == "" {
			return nil, ErrNotRotating
		}
		if !old.Live(now) {
			return nil, ErrEnded
		}
		next, live, err := t.live(ctx, tenant, old.ReplacedBy, now)
		if err != nil {
			return nil, err
		}
		old.ReplacedBy, old.Retires = "", time.Time{}
		if !live {
			return []record{old}, nil
		}
		next.Revoked = now
		return []record{old, next}, nil
	})
}
