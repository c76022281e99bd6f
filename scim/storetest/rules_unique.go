package storetest

import (
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// uniqueRules are about values that no two resources of a tenant may share.
var uniqueRules = []rule{
	{
		name:        "Unique",
		rule:        "Creating a resource with a value that must be unique and is in use is Taken, and nothing of it is stored. Where case does not count it does not count here.",
		section:     "RFC 7644, section 3.3",
		consequence: "Two accounts with one name: the identity provider matches either, and changes the wrong person. Or 500 in place of 409, so that it never looks for the account that is there.",
		run:         testUnique,
	},
	{
		name:        "UniqueUnicode",
		rule:        "Values are the same if their schema.Attr.Key is: case is folded beyond ASCII, and an accent may be a character of its own.",
		section:     "RFC 7644, section 5",
		consequence: "ÉLODIE and élodie are two accounts; whoever registers the second is taken for the first.",
		run:         testUniqueUnicode,
	},
	{
		name:        "UniqueUpdate",
		rule:        "Updating to a value that is in use is Taken, and nothing changes. A resource may write its own value again, and the value it gave up is free.",
		section:     "RFC 7644, section 3.5.2",
		consequence: "A rename gives somebody the name of another account; or a user whose name changes in case only can't be updated.",
		run:         testUniqueUpdate,
	},
	{
		name:        "UniqueAbsent",
		rule:        "Resources without a value do not share it.",
		section:     "RFC 7643, section 2.5",
		consequence: "Only one account without the optional value can exist; the second is refused with 409.",
		run:         testUniqueAbsent,
	},
	{
		name:        "UniqueRace",
		rule:        "Of several that take a value at the same time one succeeds; the others get Taken.",
		section:     "RFC 7644, section 3.3",
		consequence: "The identity provider repeats a POST that was slow, and there are two accounts for one person.",
		run:         testUniqueRace,
	},
	{
		name:        "TenantsUnique",
		rule:        "What is unique in one tenant may be in use in another, unless the schema says Global.",
		section:     "RFC 7644, section 6",
		consequence: "A customer can't provision a consultant who works for another customer too, and learns who that has.",
		needs:       needTenants,
		run:         testTenantsUnique,
	},
}

// uniqueText lists the unique attributes of text; the naming attribute is the
// first if it is one.
func (c *collection) uniqueText() []*schema.Attr {
	all := slices.DeleteFunc(slices.Clone(c.unique), func(a *schema.Attr) bool {
		return a.Type != schema.String || a.Mutability != schema.ReadWrite || len(a.Canonical) > 0 || c.refers(a)
	})
	slices.SortStableFunc(all, func(a, b *schema.Attr) int { return boolInt(a != c.naming) - boolInt(b != c.naming) })
	return all
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// having returns the assignment by which a resource has text as a value of a.
func having(a *schema.Attr, text string) assign {
	switch {
	case a.Parent() != nil && a.Parent().MultiValued:
		return assign{a.Parent(), []map[string]any{{a.Name: text}}}
	case a.MultiValued:
		return assign{a, []string{text}}
	}
	return assign{a, text}
}

// needUnique returns the unique attributes of text, or ends the case.
func (c *collection) needUnique() []*schema.Attr {
	all := c.uniqueText()
	if len(all) == 0 {
		c.skipf("the type has no unique attribute of text")
	}
	return all
}

// valueOf makes a value for a unique attribute, in lower case.
func (c *collection) valueOf(a *schema.Attr) string {
	text, _ := c.sampleText(a, c.number()).(string)
	return strings.ToLower(text)
}

// variants returns texts that are the same as text for a.
func variants(a *schema.Attr, text string) []string {
	all := []string{text}
	for _, v := range []string{strings.ToUpper(text), strings.ToUpper(text[:1]) + text[1:]} {
		if a.Key(v) == a.Key(text) && v != text {
			all = append(all, v)
		}
	}
	return all
}

func testUnique(c *collection) {
	for _, a := range c.needUnique() {
		text := c.valueOf(a)
		first := c.add(having(a, text))
		count := len(c.all())
		for _, v := range variants(a, text) {
			_, err := c.create(c.ctx, c.tenant, c.writeOf(c.fresh(having(a, v))))
			c.expectTaken(err, "creating a second resource with %s %q, there is %q", a.Path(), v, text)
		}
		c.expectStored("the resource that has the value", c.read(first.ID()), first)
		if n := len(c.all()); n != count {
			c.errorf("%d resources are there after refused creations, want %d", n, count)
		}
		if a.CaseExact {
			_, err := c.create(c.ctx, c.tenant, c.writeOf(c.fresh(having(a, strings.ToUpper(text)))))
			c.must(err, "creating a resource with %s %q; there is %q, and case counts", a.Path(), strings.ToUpper(text), text)
		}
	}
}

// twins are names that are the same where case does not count.
var twins = [][2]string{
	{"élodie", "ÉLODIE"}, {"ömer", "Ömer"}, {"иван", "ИВАН"}, {"zoë", "zoe\u0308"}, {"ａnn", "ＡNN"},
}

func testUniqueUnicode(c *collection) {
	tried := false
	for _, a := range c.needUnique() {
		for _, pair := range twins {
			rest := "." + c.valueOf(a)
			text, twin := pair[0]+rest, pair[1]+rest
			if a.Key(text) != a.Key(twin) {
				continue
			}
			_, err := c.create(c.ctx, c.tenant, c.writeOf(c.fresh(having(a, text))))
			if isInvalid(err) {
				continue // the application takes no such names at all
			}
			c.must(err, "creating a resource with %s %q", a.Path(), text)
			tried = true
			_, err = c.create(c.ctx, c.tenant, c.writeOf(c.fresh(having(a, twin))))
			c.expectTaken(err, "creating a resource with %s %q, there is %q", a.Path(), twin, text)
		}
	}
	if !tried {
		c.skipf("no unique attribute takes letters beyond ASCII and ignores case")
	}
}

func testUniqueUpdate(c *collection) {
	for _, a := range c.needUnique() {
		taken, given := c.valueOf(a), c.valueOf(a)
		c.add(having(a, taken))
		r := c.add(having(a, given))
		for _, v := range variants(a, taken) {
			_, err := c.update(c.ctx, c.tenant, r.ID(), c.change(r, assign{c.text(0), c.word()}, having(a, v)))
			c.expectTaken(err, "updating %s to %q, another has %q", a.Path(), v, taken)
		}
		c.expectStored("after refused updates", c.read(r.ID()), r)
		// Its own value in another spelling, and back.
		for _, v := range append(variants(a, given), given) {
			if w := c.change(r, having(a, v)); len(w.Changed) > 0 {
				r = c.write(r.ID(), w)
			}
		}
		r = c.edit(r, having(a, c.valueOf(a)))
		_, err := c.create(c.ctx, c.tenant, c.writeOf(c.fresh(having(a, given))))
		c.must(err, "creating a resource with the %s that another gave up", a.Path())
		_, err = c.update(c.ctx, c.tenant, r.ID(), c.change(r, having(a, given)))
		c.expectTaken(err, "taking back the %s that is in use now", a.Path())
	}
}

func testUniqueAbsent(c *collection) {
	tried := false
	for _, a := range c.needUnique() {
		if a.Required || a.Top().Required || a == c.naming {
			continue
		}
		tried = true
		var rs []*schema.Resource
		for range 2 {
			r, err := c.create(c.ctx, c.tenant, c.writeOf(c.fresh(assign{a.Top(), nil})))
			c.must(err, "creating several resources without %s", a.Path())
			rs = append(rs, r)
		}
		for _, r := range rs {
			r = c.edit(r, having(a, c.valueOf(a)))
			_, err := c.update(c.ctx, c.tenant, r.ID(), c.change(r, assign{a.Top(), nil}))
			c.must(err, "unassigning %s of several resources", a.Path())
		}
	}
	if !tried {
		c.skipf("what is unique is required")
	}
}

func testUniqueRace(c *collection) {
	for _, a := range c.needUnique() {
		for range c.rounds() {
			text := c.valueOf(a)
			spellings := variants(a, text)
			ids := make([]string, racers)
			// Half of them are there already and are renamed.
			for i := range racers / 2 {
				ids[i] = c.add(having(a, c.valueOf(a))).ID()
			}
			errs := c.parallel(racers, func(i int) error {
				v := having(a, spellings[i%len(spellings)])
				if ids[i] == "" {
					_, err := c.create(c.ctx, c.tenant, c.writeOf(c.fresh(v)))
					return err
				}
				_, err := c.update(c.ctx, c.tenant, ids[i], c.change(c.read(ids[i]), v))
				return err
			})
			c.winner(errs, isTaken, "scim.Taken")
		}
		keys := map[string]bool{}
		for _, r := range c.all() {
			for e := range r.Value(a.Top()).Elems() {
				if a != a.Top() {
					e = e.Sub(a)
				}
				for v := range e.Elems() {
					if keys[v.Key()] {
						c.errorf("two resources have the %s %q", a.Path(), v)
					}
					keys[v.Key()] = true
				}
			}
		}
	}
}

func testTenantsUnique(c *collection) {
	for _, a := range c.needUnique() {
		if a.Uniqueness == schema.Global {
			continue
		}
		text := c.valueOf(a)
		w := c.writeOf(c.fresh(having(a, text)))
		first := c.insert(w.New)
		second, err := c.create(c.ctx, c.other(), w)
		c.must(err, "creating a resource with %s %q in another tenant", a.Path(), text)
		r, err := c.get(c.ctx, c.other(), second.ID())
		c.must(err, "reading it")
		c.expectStored("the one of the other tenant", r, second)
		c.erase(first.ID())
		page, err := c.list(c.ctx, c.other(), scim.Query{StartIndex: 1, Count: maxAll})
		c.must(err, "listing the other tenant")
		if !slices.Contains(idsOf(page.Resources), second.ID()) {
			c.errorf("deleting a resource deleted that of another tenant with the same %s", a.Path())
		}
	}
}
