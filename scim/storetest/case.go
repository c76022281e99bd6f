package storetest

import (
	"slices"

	"github.com/muster-scim/muster/scim"
)

// Case is one rule that stores must keep, with the test of it.
type Case struct {
	// Name is that of the subtest, as "Users/UpdateKeepsRest".
	Name string

	// Rule is what must hold, in a sentence.
	Rule string

	// Section is where the rule comes from: a section of an RFC or, for what no
	// RFC has, the interface of package scim.
	Section string

	// Consequence is what somebody sees if it does not hold.
	Consequence string

	needs need
	run   func(*trial)
}

// need says which stores and abilities a case needs.
type need uint16

const (
	needUsers need = 1 << iota
	needGroups
	needResources
	needState

	needTenants
	needTrash
	needRoles
	needTx
	needChecker

	anyAbility = needTenants | needTrash | needRoles | needTx | needChecker
)

// rule is a case for any kind of resources: users, groups and others have the
// same rules.
type rule struct {
	name, rule, section, consequence string

	needs need
	run   func(*collection)
}

// Cases lists all cases in the order in which they are run.
func Cases() []Case {
	rules := slices.Concat(writeRules, uniqueRules, listRules, filterRules, sortRules, keyRules, isolationRules)
	var all []Case
	for _, k := range []struct {
		name  string
		needs need
		of    func(*trial) *collection
	}{
		{"Users", needUsers, (*trial).users},
		{"Groups", needUsers | needGroups, (*trial).groups},
		{"Resources", needResources, (*trial).resources},
	} {
		for _, r := range rules {
			all = append(all, Case{
				Name:        k.name + "/" + r.name,
				Rule:        r.rule,
				Section:     r.section,
				Consequence: r.consequence,
				needs:       k.needs | r.needs,
				run:         func(x *trial) { r.run(k.of(x)) },
			})
		}
	}
	return slices.Concat(all, userCases, groupCases, edgeCases, trashCases, roleCases, txCases, stateCases, claimCases)
}

// casesWithin lists the cases that need nothing else.
func casesWithin(n need) []Case {
	return slices.DeleteFunc(Cases(), func(c Case) bool { return c.needs&^n != 0 })
}

// lacks returns what x does not have.
func (x *trial) lacks() need {
	var n need
	for lack, has := range map[need]bool{
		needUsers:     x.Users != nil,
		needGroups:    x.Groups != nil,
		needResources: x.Resources != nil,
		needState:     x.State != nil,
		needTenants:   len(x.o.Tenants) > 1,
		needTrash:     is[scim.UserTrash](x.Users),
		needRoles:     is[scim.RoleSetter](x.Users),
		needTx:        x.transactor() != nil,
		needChecker:   is[scim.UserChecker](x.Users),
	} {
		if !has {
			n |= lack
		}
	}
	return n
}

// String says why a case that needs n does not apply, "" for nothing.
func (n need) String() string {
	for _, lack := range []struct {
		need need
		name string
	}{
		{needUsers, "there is no UserStore"},
		{needGroups, "there is no GroupStore"},
		{needResources, "there is no ResourceStore"},
		{needState, "there is no StateStore"},
		{needTenants, "Options.Tenants has only one"},
		{needTrash, "the store is no UserTrash"},
		{needRoles, "the store is no RoleSetter"},
		{needTx, "the store is no Transactor"},
		{needChecker, "the store is no UserChecker"},
	} {
		if n&lack.need != 0 {
			return lack.name
		}
	}
	return ""
}

func is[T any](store any) bool {
	_, ok := store.(T)
	return ok
}
