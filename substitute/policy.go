package substitute

import (
	"context"

	"github.com/muster-scim/muster/scim"
)

// policyFunc is a function as a policy.
type policyFunc func(ctx context.Context, t scim.Tenant, d scim.Departure) ([]scim.Heir, error)

func (f policyFunc) Heirs(ctx context.Context, t scim.Tenant, d scim.Departure) ([]scim.Heir, error) {
	return f(ctx, t, d)
}

// Chain asks several policies: those whom the first names come before those of the
// second. It ends at [Park].
func Chain(policies ...scim.SubstitutePolicy) scim.SubstitutePolicy {
	return policyFunc(func(ctx context.Context, t scim.Tenant, d scim.Departure) ([]scim.Heir, error) {
		var all []scim.Heir
		for _, p := range policies {
			if _, ends := p.(park); ends {
				break
			}
			heirs, err := p.Heirs(ctx, t, d)
			if err != nil {
				return nil, err
			}
			all = append(all, heirs...)
		}
		return all, nil
	})
}

// Manager names the leaver's manager as last known. Identity providers send the
// manager's id, but also a userName or an externalId; if no user has it as id, the
// one with that userName or externalId is meant.
func Manager() scim.SubstitutePolicy {
	return policyFunc(func(ctx context.Context, t scim.Tenant, d scim.Departure) ([]scim.Heir, error) {
		if d.Manager == "" {
			return nil, nil
		}
		id := d.Manager
		if c := coordinatorOf(ctx); c != nil {
			var err error
			if id, err = c.resolve(ctx, t, d); err != nil {
				return nil, err
			}
		}
		return []scim.Heir{{UserID: id, Source: "manager"}}, nil
	})
}

// User names one user by id. An empty id names nobody.
func User(id string) scim.SubstitutePolicy {
	return policyFunc(func(context.Context, scim.Tenant, scim.Departure) ([]scim.Heir, error) {
		return named(id, "named user"), nil
	})
}

// Default names the tenant's default substitute: the id that f returns, nobody if it is
// empty. f is asked when the heir is needed, so it may look up what an administrator has
// set.
func Default(f func(ctx context.Context, t scim.Tenant) (userID string, err error)) scim.SubstitutePolicy {
	return policyFunc(func(ctx context.Context, t scim.Tenant, _ scim.Departure) ([]scim.Heir, error) {
		id, err := f(ctx, t)
		return named(id, "default substitute"), err
	})
}

// Chosen names the heir whom an administrator has chosen for the leaver, see
// [Coordinator.Choose].
func Chosen() scim.SubstitutePolicy {
	return policyFunc(func(ctx context.Context, t scim.Tenant, d scim.Departure) ([]scim.Heir, error) {
		c := coordinatorOf(ctx)
		if c == nil {
			return nil, nil
		}
		made, err := c.chosen(ctx, t, d.UserID)
		return named(made.Heir, "choice"), err
	})
}

func named(id, source string) []scim.Heir {
	if id == "" {
		return nil
	}
	return []scim.Heir{{UserID: id, Source: source}}
}

// Park names nobody, and what stands behind it in a [Chain] is not asked: what the
// leaver owned waits until an administrator names the heir, see [Coordinator.Assign].
// Nothing is lost. Without any policy it is the same.
func Park() scim.SubstitutePolicy { return park{} }

type park struct{}

func (park) Heirs(context.Context, scim.Tenant, scim.Departure) ([]scim.Heir, error) { return nil, nil }

// coordinatorKey finds the coordinator that asks a policy in the context: policies are
// part of settings, which know no coordinator.
type coordinatorKey struct{}

func coordinatorOf(ctx context.Context) *Coordinator {
	c, _ := ctx.Value(coordinatorKey{}).(*Coordinator)
	return c
}
