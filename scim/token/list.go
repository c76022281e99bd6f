package token

import (
	"cmp"
	"context"
	"slices"

	"github.com/muster-scim/muster/scim"
)

// List returns the tenant's tokens, the oldest first, also those that have ended. Of
// which connection each is says [Token].
func (t *Tokens) List(ctx context.Context, tenant scim.Tenant) ([]Token, error) {
	records, err := t.all(ctx, scim.StateQuery{Ref: tenantRef(tenant)})
	if err != nil {
		return nil, err
	}
	all := make([]Token, len(records))
	for i, r := range records {
		all[i] = r.Token
	}
	slices.SortFunc(all, func(a, b Token) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// Get returns one of the tenant's tokens, or [ErrNotFound].
func (t *Tokens) Get(ctx context.Context, tenant scim.Tenant, id string) (Token, error) {
	r, err := t.find(ctx, tenant, id)
	return r.Token, err
}
