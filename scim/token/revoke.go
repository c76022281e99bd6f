package token

import (
	"context"
	"errors"

	"github.com/muster-scim/muster/scim"
)

// Revoke ends a token: at once here, and within Options.CacheFor on other instances.
// Revoking it again changes nothing. In a transaction of the application it holds
// within Options.CacheFor of the commit.
func (t *Tokens) Revoke(ctx context.Context, tenant scim.Tenant, id string) error {
	return t.change(ctx, tenant, id, func(r record) ([]record, error) {
		if !r.Revoked.IsZero() {
			return nil, nil
		}
		r.Revoked = t.now()
		return []record{r}, nil
	})
}

// RevokeConnection revokes all live tokens of a connection and returns how many these
// were: for when an administrator disconnects the identity provider.
func (t *Tokens) RevokeConnection(ctx context.Context, tenant scim.Tenant, connection string) (int, error) {
	all, err := t.List(ctx, tenant)
	if err != nil {
		return 0, err
	}
	n, now := 0, t.now()
	for _, tok := range all {
		if tok.Connection != connection || !tok.Live(now) {
			continue
		}
		switch err := t.Revoke(ctx, tenant, tok.ID); {
		case errors.Is(err, ErrNotFound): // deleted meanwhile
		case err != nil:
			return n, err
		default:
			n++
		}
	}
	return n, nil
}

// Delete ends a token as [Tokens.Revoke] does, and forgets it: it is not listed any
// more. Deleting it again is [ErrNotFound].
func (t *Tokens) Delete(ctx context.Context, tenant scim.Tenant, id string) error {
	return t.change(ctx, tenant, id, func(r record) ([]record, error) {
		r.gone = true
		return []record{r}, nil
	})
}
