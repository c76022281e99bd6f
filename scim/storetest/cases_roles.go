package storetest

import (
	"slices"

	"github.com/muster-scim/muster/scim"
)

// roleCases are about the roles that provisioning gives.
var roleCases = []Case{
	{
		Name:        "Roles/Exactly",
		Rule:        "SetUserRoles gives a user exactly these provisioned roles: those of before that are not among them are taken away.",
		Section:     "scim.RoleSetter",
		Consequence: "Somebody who changed departments keeps the access of the former one.",
		needs:       needUsers | needRoles,
		run:         onRoles(testRolesExactly),
	},
	{
		Name:        "Roles/KeepGrants",
		Rule:        "Roles of another origin stay, even one that provisioning gives and takes too.",
		Section:     "scim.RoleSetter",
		Consequence: "The next synchronisation takes away what the application's administrator gave by hand.",
		needs:       needUsers | needRoles,
		run:         onRoles(testRolesKeepGrants),
	},
	{
		Name:        "Roles/Others",
		Rule:        "The roles of other users stay, and those of a user stay when its attributes change.",
		Section:     "scim.RoleSetter",
		Consequence: "One change takes everybody's roles, or renaming somebody does.",
		needs:       needUsers | needRoles,
		run:         onRoles(testRolesOthers),
	},
	{
		Name:        "Roles/Unknown",
		Rule:        "Setting the roles of a user who does not exist, or belongs to another tenant, is ErrNotFound.",
		Section:     "scim.RoleSetter",
		Consequence: "Roles of nobody wait for whoever gets the id, or one tenant makes administrators in another.",
		needs:       needUsers | needRoles,
		run:         onRoles(testRolesUnknown),
	},
}

// roles are the users of a store that keeps roles.
type roles struct {
	*collection
	scim.RoleSetter
	a, b, c string
}

// onRoles makes the run of a case out of one on roles.
func onRoles(f func(s *roles)) func(*trial) {
	return func(x *trial) {
		names := x.o.Roles.Names
		if len(names) < 3 {
			x.skipf("Options.Roles has fewer than three names")
		}
		f(&roles{x.users(), x.Users.(scim.RoleSetter), names[0], names[1], names[2]})
	}
}

// set gives provisioned roles, which has to work.
func (s *roles) set(id string, names ...string) {
	err := s.SetUserRoles(s.ctx, s.tenant, id, names)
	s.ability(err)
	s.must(err, "setting the roles %q", names)
}

// expectRoles reports if a user has other roles than it should have.
func (s *roles) expectRoles(what, id string, want ...string) {
	if s.o.Roles.Of == nil {
		s.skipf("Options.Roles.Of is nil")
	}
	got, err := s.o.Roles.Of(s.ctx, s.Users, s.tenant, id)
	s.must(err, "Options.Roles.Of")
	got = slices.Compact(slices.Sorted(slices.Values(got)))
	s.expectIDs(what+": the roles", got, want, false)
}

func testRolesExactly(s *roles) {
	id := s.add().ID()
	names := []string{s.b, s.a}
	s.set(id, names...)
	s.expectRoles("two roles", id, s.a, s.b)
	expectSame(s.trial, "the list of roles", names, []string{s.b, s.a})
	clear(names)
	s.expectRoles("after the caller has changed its list", id, s.a, s.b)
	s.set(id, s.b, s.c)
	s.expectRoles("one role taken and one given", id, s.b, s.c)
	s.set(id, s.b, s.c)
	s.expectRoles("the same again", id, s.b, s.c)
	s.set(id)
	s.expectRoles("no roles", id)
}

func testRolesKeepGrants(s *roles) {
	grant := s.o.Roles.Grant
	if grant == nil {
		s.skipf("Options.Roles.Grant is nil")
	}
	id := s.add().ID()
	s.must(grant(s.ctx, s.Users, s.tenant, id, s.a), "Options.Roles.Grant")
	s.set(id, s.b)
	s.expectRoles("one by hand, one provisioned", id, s.a, s.b)
	s.set(id, s.a, s.b)
	s.expectRoles("one by hand and provisioned too", id, s.a, s.b)
	s.set(id, s.c)
	s.expectRoles("one by hand and no more provisioned", id, s.a, s.c)
	s.set(id)
	s.expectRoles("one by hand", id, s.a)
}

func testRolesOthers(s *roles) {
	r, other := s.add(), s.add()
	s.set(r.ID(), s.a)
	s.set(other.ID(), s.b, s.c)
	s.set(r.ID(), s.b)
	s.expectRoles("another user", other.ID(), s.b, s.c)
	s.edit(s.read(r.ID()), assign{s.text(0), s.word()})
	s.expectRoles("after a change of attributes", r.ID(), s.b)
	s.erase(r.ID())
	s.expectRoles("after the other was deleted", other.ID(), s.b, s.c)
}

func testRolesUnknown(s *roles) {
	r := s.add()
	gone := s.add()
	s.erase(gone.ID())
	for _, id := range append(oddIDs(), gone.ID()) {
		err := s.SetUserRoles(s.ctx, s.tenant, id, []string{s.a})
		s.ability(err)
		s.expectNotFound(err, "setting the roles of the id %.40q", id)
	}
	if len(s.o.Tenants) > 1 {
		s.expectNotFound(s.SetUserRoles(s.ctx, s.other(), r.ID(), []string{s.a}), "setting roles from another tenant")
	}
	if s.o.Roles.Of != nil {
		s.expectRoles("the user", r.ID())
	}
}
