package substitute

import (
	"context"

	"github.com/muster-scim/muster/scim"
)

// Owned is one kind of thing that users own: documents, templates, steps of an
// approval. Everything is within tenant t. Its methods are called from many
// goroutines.
//
// They are called again after an error or a crash, so what they do must not depend on
// how often they are called. Any error is logged, and the step is tried again later.
type Owned interface {
	// Kind names the kind, as "document". It is unique among a Config's kinds and
	// must not change between releases.
	Kind() string

	// Count counts what a user owns.
	Count(ctx context.Context, t scim.Tenant, owner string) (int, error)

	// List returns up to limit ids of what a user owns, in an order that stays the
	// same, beginning behind the id after, which need not be the user's any more. An
	// empty after is the beginning.
	List(ctx context.Context, t scim.Tenant, owner, after string, limit int) (ids []string, err error)

	// Move gives to the user to what belongs to the user from of these ids, and
	// leaves alone what does not. It returns those of the ids that do not belong to
	// to now, since somebody else has them or they are gone. In SQL that is an
	// UPDATE … SET owner = to WHERE id IN (ids) AND owner = from, and then a SELECT of
	// those with another owner.
	Move(ctx context.Context, t scim.Tenant, ids []string, from, to string) (others []string, err error)
}
