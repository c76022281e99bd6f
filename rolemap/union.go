package rolemap

import (
	"slices"

	"github.com/muster-scim/muster/scim"
)

// Union puts resolvers together: a user has the roles of each, is refused if one of them
// refuses, and a group is for all that it is to any of them, where to be a role group
// outweighs the rest. nil resolvers are left out.
//
// Each table has its own Priority: where one role excludes those of another table, they
// belong into one table.
func Union(resolvers ...scim.RoleResolver) scim.RoleResolver {
	return union(slices.DeleteFunc(slices.Clone(resolvers), func(r scim.RoleResolver) bool { return r == nil }))
}

type union []scim.RoleResolver

// Resolve implements [scim.RoleResolver]. Of several refusals the first counts.
func (u union) Resolve(in scim.RoleInput) scim.RoleOutcome {
	var all scim.RoleOutcome
	for _, r := range u {
		out := r.Resolve(in)
		if all.Refusal == nil {
			all.Refusal = out.Refusal
		}
		all.Roles = append(all.Roles, out.Roles...)
		all.Notes = append(all.Notes, out.Notes...)
	}
	all.Roles = slices.Compact(inOrder(slices.Values(all.Roles)))
	all.Notes = slices.Compact(inOrder(slices.Values(all.Notes)))
	if all.Refusal != nil {
		all.Roles = nil
	}
	return all
}

// GroupUse implements [scim.RoleResolver].
func (u union) GroupUse(name, externalID string) scim.GroupUse {
	use := scim.UseNone
	for _, r := range u {
		use = max(use, r.GroupUse(name, externalID))
	}
	return use
}
