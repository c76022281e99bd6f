package scim

import (
	"context"

	"github.com/muster-scim/muster/schema"
)

// Admission is asked before a user comes in: created, restored or made active again
// (returning). An [*Error] is the answer, as Forbidden("All 50 seats are taken."); its
// text is what the identity provider's administrator reads. It is called in the
// transaction of the write, so that seats can be counted exactly.
type Admission func(ctx context.Context, t Tenant, u *schema.Resource, returning bool) error
