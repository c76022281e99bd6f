package storetest

import (
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
	next, err := c.update(c.ctx, c.tenant, r.ID(), scim.Write{Old: was, New: was, Version: was.Meta().Version, Password: schema.NewSecret(two)})
	c.must(err, "changing a password and nothing else")
	c.expectValues("after a change of the password", c.read(r.ID()), was)
	for _, r := range append(c.all(), r, was, next) {
		if text := r.String(); strings.Contains(text, one) || strings.Contains(text, two) {
			c.errorf("a user that the store returned has the password in it")
		}
	}
}
