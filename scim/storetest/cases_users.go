package storetest

import (
	"errors"
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// userCases are about what only users have.
var userCases = []Case{
	{
		Name:        "Users/Active",
		Rule:        "\"active\" is stored as it is sent, false too; a user of whom nothing is said is not inactive.",
		Section:     "RFC 7643, section 4.1.1",
		Consequence: "A leaver is set to inactive, the answer is 200, and the account still works; or a new hire can't sign in.",
		needs:       needUsers,
		run:         testActive,
	},
	{
		Name:        "Users/Password",
		Rule:        "A write with a password and nothing else is no error and changes no attribute. The password is nowhere in what the store returns.",
		Section:     "RFC 7643, section 7.6",
		Consequence: "A password that is synchronised fails, or is shown to everybody who may read the user.",
		needs:       needUsers,
		run:         testPassword,
	},
	{
		Name:        "Users/Exist",
		Rule:        "UsersExist tells, in the order of the ids, of whom GetUser would return a user: neither of those who are gone, hidden or another tenant's, nor of groups.",
		Section:     "scim.UserChecker",
		Consequence: "Somebody who is not there becomes a member of a group, or somebody who is there is left out.",
		needs:       needUsers | needChecker,
		run:         testUsersExist,
	},
}

func testUsersExist(x *trial) {
	c, s := x.users(), x.Users.(scim.UserChecker)
	exist := func(what string, ids []string, want ...bool) {
		got, err := s.UsersExist(c.ctx, c.tenant, ids)
		c.ability(err)
		c.must(err, "asking which users exist")
		if !slices.Equal(got, want) {
			c.errorf("%s: UsersExist(%.40q) is %v, want %v", what, ids, got, want)
		}
	}
	a, b, gone := c.add().ID(), c.add().ID(), c.add().ID()
	c.erase(gone)
	exist("two of three", []string{b, gone, a}, true, false, true)
	exist("the other way round", []string{a, b, gone}, true, true, false)
	exist("none asked for", nil)
	odd := oddIDs()
	exist("strange ids", odd, make([]bool, len(odd))...)
	if len(c.o.Tenants) > 1 {
		theirs, err := c.create(c.ctx, c.other(), c.writeOf(c.fresh()))
		c.must(err, "creating a user of another tenant")
		exist("somebody else's", []string{theirs.ID(), a}, false, true)
	}
	if x.Groups != nil {
		exist("a group", []string{x.groups().add().ID()}, false)
	}
	if t, ok := x.Users.(scim.UserTrash); ok {
		err := t.HideUser(c.ctx, c.tenant, b, "")
		if errors.Is(err, scim.ErrNotImplemented) {
			return
		}
		c.must(err, "hiding a user")
		exist("one is hidden", []string{a, b}, true, false)
	}
}

func testActive(x *trial) {
	c := x.users()
	a, ok := c.typ.Attr("active")
	if !ok || !c.keeps(a) {
		c.skipf("the store does not keep \"active\"")
	}
	expect := func(what string, r *schema.Resource, want bool) {
		for how, r := range map[string]*schema.Resource{"returned": r, "read": c.read(r.ID())} {
			if is, ok := r.Value(a).Bool(); ok && is != want || !ok && !want {
				c.errorf("%s, as %s: active is %s, want %v", what, how, orNothing(r.Value(a).String()), want)
			}
		}
	}
	expect("created inactive", c.add(assign{a, false}), false)
	expect("created active", c.add(assign{a, true}), true)
	r := c.add()
	expect("created without a word of it", r, true)
	r = c.edit(r, assign{a, false})
	expect("set to inactive", r, false)
	r = c.edit(r, assign{c.text(0), c.word()})
	expect("inactive, and another attribute changed", r, false)
	r = c.edit(r, assign{a, true})
	expect("set to active", r, true)
	r = c.edit(r, assign{c.text(0), c.word()}, assign{a, false})
	expect("set to inactive with another attribute", r, false)
}

func testPassword(x *trial) {
	c := x.users()
	const one, two = "correct horse 1!", "battery staple 2?"
	w := c.writeOf(c.fresh())
	w.Password = schema.NewSecret(one)
	r, err := c.create(c.ctx, c.tenant, w)
	c.must(err, "creating a user with a password")
	was := c.read(r.ID())
	next, err := c.update(c.ctx, c.tenant, r.ID(), scim.Write{Old: was, New: was, Version: was.Version(), Password: schema.NewSecret(two)})
	c.must(err, "changing a password and nothing else")
	c.expectValues("after a change of the password", c.read(r.ID()), was)
	for _, r := range append(c.all(), r, was, next) {
		if text := r.String(); strings.Contains(text, one) || strings.Contains(text, two) {
			c.errorf("a user that the store returned has the password in it")
		}
	}
}
