package storetest

import (
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// writeRules are about one resource: creating, reading, changing, deleting.
var writeRules = []rule{
	{
		name:        "Create",
		rule:        "A created resource is returned with an id that does not contain \"bulkId\", a version without quotes, and two equal times; reading it gives the same.",
		section:     "RFC 7643, section 3.1",
		consequence: "The identity provider keeps an id or ETag from the answer that later requests do not know, and creates the account again.",
		run:         testCreate,
	},
	{
		name:        "Values",
		rule:        "What is created is stored as it is in Write.New: each attribute that the store keeps, with all elements and sub-attributes.",
		section:     "RFC 7644, section 3.3",
		consequence: "In each cycle the identity provider compares, finds a difference and sends the resource again, for ever; or a person lacks an address.",
		run:         testValues,
	},
	{
		name:        "CreateUnassigned",
		rule:        "What Write.Changed names and Write.New does not have is unassigned, on create too: no default fills it in.",
		section:     "RFC 7643, section 2.5",
		consequence: "The identity provider says that somebody has no title, and reads one that it has never sent.",
		run:         testCreateUnassigned,
	},
	{
		name:        "Text",
		rule:        "Text comes back as it was sent: quotes, backslashes, line breaks, markup, accents, other scripts and emoji.",
		section:     "RFC 7643, section 2.3.1",
		consequence: "Names of people are shown wrong, or a name with a quote breaks the request or the database.",
		run:         testText,
	},
	{
		name:        "Type",
		rule:        "Resources come back with the resource type with which they were handed in, or that of the store's SCIMType.",
		section:     "scim.Typer",
		consequence: "Attributes of extensions are not found in what the store returns, and filters match nothing.",
		run:         testType,
	},
	{
		name:        "GetUnknown",
		rule:        "Reading an id that does not exist is ErrNotFound, whatever the id looks like.",
		section:     "RFC 7644, section 3.4.1",
		consequence: "An answer of 500 instead of 404: Entra ID counts errors and puts the whole job into quarantine.",
		run:         testGetUnknown,
	},
	{
		name:        "IDsAreNew",
		rule:        "The id of a created resource has never been used before, not even by one that is deleted.",
		section:     "RFC 7643, section 3.1",
		consequence: "A new hire gets the id of somebody who left, and with it what other systems still keep under that id.",
		run:         testIDsAreNew,
	},
	{
		name:        "CreateNeverOverwrites",
		rule:        "Creating never changes another resource, even if externalId, addresses or names are the same: it makes a new one or is Taken.",
		section:     "RFC 7644, section 3.3",
		consequence: "Whoever may create accounts takes over an existing one by sending its e-mail address.",
		run:         testCreateNeverOverwrites,
	},
	{
		name:        "Update",
		rule:        "An update is returned with a new version and a later Meta.LastModified; id and Meta.Created stay; reading it gives the same.",
		section:     "RFC 7643, section 3.1",
		consequence: "A client that asks with If-None-Match is told that nothing changed, and goes on with old data.",
		run:         testUpdate,
	},
	{
		name:        "UpdateValues",
		rule:        "All that Write.Changed names is stored as Write.New has it, lists and complex attributes as a whole.",
		section:     "RFC 7644, section 3.5.2",
		consequence: "The answer is 200, but the change is lost or went to another value: the identity provider believes it is right and never sends it again.",
		run:         testUpdateValues,
	},
	{
		name:        "UpdateUnassigns",
		rule:        "An attribute that Write.Changed names and Write.New does not have is unassigned.",
		section:     "RFC 7644, section 3.5.2.2",
		consequence: "What the identity provider removed stays: a former department, an address that belongs to somebody else now.",
		run:         testUpdateUnassigns,
	},
	{
		name:        "UpdateKeepsRest",
		rule:        "What no path of Write.Changed names stays as it is in the store, whatever Write.New says.",
		section:     "RFC 7644, section 3.5.2",
		consequence: "A PATCH of one attribute brings back old values of others, or erases what only the application knows.",
		run:         testUpdateKeepsRest,
	},
	{
		name:        "UpdateUnknown",
		rule:        "Updating or deleting an id that does not exist is ErrNotFound, and creates nothing.",
		section:     "RFC 7644, section 3.5.1",
		consequence: "A PUT to a deleted account answers 500, or brings the account back.",
		run:         testUpdateUnknown,
	},
	{
		name:        "VersionsAreNew",
		rule:        "Each change gives another version and a later time, however quickly changes follow each other.",
		section:     "RFC 7644, section 3.14",
		consequence: "Two changes within one second have the same ETag: If-Match lets the second client overwrite what it has not seen.",
		run:         testVersionsAreNew,
	},
	{
		name:        "UpdateVersion",
		rule:        "With Write.Version an update is done only if the stored version equals it; otherwise it is ErrVersionMismatch or ErrNotFound, and nothing changes.",
		section:     "RFC 7644, section 3.14",
		consequence: "A client that sends If-Match overwrites what somebody else has just changed.",
		run:         testUpdateVersion,
	},
	{
		name:        "UpdateRace",
		rule:        "Comparing the version and writing are one step: of several writers with the same version one succeeds.",
		section:     "RFC 7644, section 3.14",
		consequence: "Two PATCH requests at the same time are both answered 200, and one of them is lost.",
		run:         testUpdateRace,
	},
	{
		name:        "Bystanders",
		rule:        "A write of one resource leaves all others as they are, version and time included.",
		section:     "RFC 7644, section 3.5",
		consequence: "Changing one account changes or deletes others.",
		run:         testBystanders,
	},
	{
		name:        "Delete",
		rule:        "A deleted resource is unknown to all methods, and what was unique of it is free.",
		section:     "RFC 7644, section 3.6",
		consequence: "A person who was removed and comes back can't be provisioned: the identity provider gets 409 for an account that it can't find.",
		run:         testDelete,
	},
	{
		name:        "DeleteVersion",
		rule:        "With a version a resource is deleted only if the stored version equals it.",
		section:     "RFC 7644, section 3.14",
		consequence: "DELETE with If-Match erases an account that has changed meanwhile, for instance one that was activated again.",
		run:         testDeleteVersion,
	},
	{
		name:        "DeleteRace",
		rule:        "Of several that delete the same resource at once one succeeds; the others get ErrNotFound.",
		section:     "RFC 7644, section 3.6",
		consequence: "Two workers of the identity provider delete the same account, and one gets an error that it retries for ever.",
		run:         testDeleteRace,
	},
}

func testCreate(c *collection) {
	r := c.add()
	c.checkStamp(r)
	if m := r.Meta(); !m.Created.Equal(m.LastModified) {
		c.errorf("created is %v but lastModified is %v; they must be the same until the first change", m.Created, m.LastModified)
	}
	c.expectStored("reading what was created", c.read(r.ID()), r)
}

func testValues(c *collection) {
	for range 2 {
		want := c.full()
		r := c.insert(want)
		c.expectValues("what creating returned", r, want)
		c.expectStored("reading it", c.read(r.ID()), r)
	}
}

func testCreateUnassigned(c *collection) {
	w := c.writeOf(c.fresh())
	var unset []*schema.Attr
	for _, a := range c.typ.Attrs() {
		// What can't be unassigned in the application's struct is its own affair.
		if c.writes(a) && c.keeps(a) && w.New.Value(a).IsZero() && (a.Type == schema.String || a.MultiValued) {
			w.Changed = append(w.Changed, a.Path())
			unset = append(unset, a)
		}
	}
	if len(unset) == 0 {
		c.skipf("the store keeps nothing that could be unassigned")
	}
	r, err := c.create(c.ctx, c.tenant, w)
	c.must(err, "creating a resource with attributes in Write.Changed that Write.New does not have")
	for what, got := range map[string]*schema.Resource{"what creating returned": r, "reading it": c.read(r.ID())} {
		for _, a := range unset {
			if v := got.Value(a); !v.IsZero() {
				c.errorf("%s: %s is %s, which nobody sent", what, a.Path(), c.canon(v))
			}
		}
	}
}

// texts are such as have broken stores.
var texts = []string{
	`quote " and 'single'`, `back\slash \n \u0041`, "line\nbreak and tab\t.", "100% _sure_ [a-z]*",
	"'; DROP TABLE users; --", "<b>&amp;</b> {{.}} ${x} %s %d", "Zoë Müller-Lüdenscheidt", "Ὀδυσσεύς 王小明 محمد",
	"👩‍👩‍👧 🏳️‍🌈 𝒜", "Zoe\u0308", strings.Repeat("long ", 40) + "text",
}

func testText(c *collection) {
	a := c.text(0)
	for _, text := range texts {
		r := c.add(assign{a, text})
		c.expectText("what creating returned", r, a, text)
		c.expectText("reading it", c.read(r.ID()), a, text)
	}
	r := c.add()
	for _, text := range texts {
		r = c.edit(r, assign{a, text + "."})
		c.expectText("reading what was updated", c.read(r.ID()), a, text+".")
	}
}

func testType(c *collection) {
	r := c.add()
	page := c.page(scim.Query{StartIndex: 1, Count: 1})
	for what, got := range map[string][]*schema.Resource{
		"creating": {r}, "reading": {c.read(r.ID())}, "listing": page.Resources, "updating": {c.edit(r, assign{c.text(0), c.word()})},
	} {
		for _, r := range got {
			if r.Type() != c.typ {
				c.errorf("%s: the resource's Type is %s at another address than the %s that was handed in", what, r.Type().Name(), c.typ.Name())
			}
		}
	}
}

// oddIDs returns ids that no resource has, in forms that a database may stumble on:
// no number, no UUID, not even text.
func oddIDs() []string {
	return []string{
		"unknown", "", "0", "-1", "9223372036854775808", "00000000-0000-0000-0000-000000000000", "%", "_", "*", "' OR ''='",
		`"`, `\`, "a/b", "ünknown", "a\x00b", "\xff\xfe", strings.Repeat("x", 3000),
	}
}

func testGetUnknown(c *collection) {
	stored := c.add()
	for _, id := range append(oddIDs(), stored.ID()+" ", stored.ID()+"0") {
		_, err := c.get(c.ctx, c.tenant, id)
		c.expectNotFound(err, "getting the id %.40q", id)
	}
}

func testIDsAreNew(c *collection) {
	seen := map[string]bool{}
	note := func(r *schema.Resource) string {
		if seen[r.ID()] {
			c.errorf("the id %q was used before", r.ID())
		}
		seen[r.ID()] = true
		return r.ID()
	}
	for range 3 {
		note(c.add())
	}
	// The last one is deleted, since some databases count on from what is left.
	for range 3 {
		c.erase(note(c.add()))
	}
	note(c.add())
}

func testCreateNeverOverwrites(c *collection) {
	victim := c.insert(c.full())
	before := c.read(victim.ID())
	second := c.full().Edit()
	for _, a := range c.typ.Attrs() {
		if v := before.Value(a); c.writes(a) && !c.isUniqueIn(a) && !v.IsZero() {
			second.Put(a, v)
		}
	}
	r, err := c.create(c.ctx, c.tenant, c.writeOf(c.build(second)))
	switch {
	case err != nil && !isTaken(err):
		c.errorf("creating a resource with the values of another: %v, want none or scim.Taken", err)
	case err == nil && r.ID() == victim.ID():
		c.errorf("creating a resource with the values of another returned that one")
	}
	c.expectStored("the resource that was there before", c.read(victim.ID()), before)
}

func testUpdate(c *collection) {
	old := c.add()
	a := c.text(0)
	text := c.word()
	r := c.edit(old, assign{a, text})
	c.checkStamp(r)
	c.checkSuccessor(r, old)
	c.expectText("what updating returned", r, a, text)
	c.expectStored("reading what was updated", c.read(r.ID()), r)
}

// checkSuccessor reports if r can't be what became of old by a change.
func (c *collection) checkSuccessor(r, old *schema.Resource) {
	was, is := old.Meta(), r.Meta()
	switch {
	case r.ID() != old.ID():
		c.errorf("the id became %q, it was %q", r.ID(), old.ID())
	case is.Version == was.Version:
		c.errorf("the version is still %q", is.Version)
	case !is.LastModified.After(was.LastModified):
		c.errorf("lastModified is %v, want it later than before, %v", is.LastModified, was.LastModified)
	case !is.Created.Equal(was.Created):
		c.errorf("created became %v, it was %v", is.Created, was.Created)
	}
}

func testUpdateValues(c *collection) {
	// All at once, from nothing to everything and on to other values.
	r := c.add()
	for range 2 {
		next := c.full().Edit().ID(r.ID()).Meta(r.Meta()).Put(c.naming, r.Value(c.naming))
		w := scim.Write{Old: r, New: c.build(next)}
		w.Changed = w.New.Changed(r)
		r = c.write(r.ID(), w)
		c.expectValues("what updating returned", r, w.New)
		c.expectValues("reading it", c.read(r.ID()), w.New)
	}
	// One after the other.
	other := c.full()
	for _, a := range c.typ.Attrs() {
		if !c.writes(a) || !c.keeps(a) || other.Value(a).IsZero() || other.Value(a).Identical(r.Value(a)) {
			continue
		}
		w := scim.Write{Old: r, New: c.build(r.Edit().Put(a, other.Value(a))), Changed: []string{a.Path()}}
		r = c.write(r.ID(), w)
		c.expectValues("after updating "+a.Path()+" alone", c.read(r.ID()), w.New)
	}
	c.fewerElements(r)
}

// fewerElements takes elements out of lists, the first and then the last.
func (c *collection) fewerElements(r *schema.Resource) {
	for _, a := range c.typ.Attrs() {
		elems := slices.Collect(r.Value(a).Elems())
		if !c.writes(a) || !c.keeps(a) || !a.MultiValued || len(elems) < 2 {
			continue
		}
		for _, rest := range [][]schema.Value{elems[1:], elems[:1]} {
			w := scim.Write{Old: r, New: c.build(r.Edit().Put(a, a.List(rest))), Changed: []string{a.Path()}}
			r = c.write(r.ID(), w)
			c.expectValues("after leaving one element of "+a.Path(), c.read(r.ID()), w.New)
		}
	}
}

func testUpdateUnassigns(c *collection) {
	r := c.insert(c.full())
	b := r.Edit()
	var gone []*schema.Attr
	for _, a := range c.typ.Attrs() {
		// A boolean or number may have a default.
		if !c.writes(a) || !c.keeps(a) || a.Required || a == c.naming || r.Value(a).IsZero() || a.Type != schema.String && !a.MultiValued {
			continue
		}
		b.Put(a, schema.Value{})
		gone = append(gone, a)
	}
	if len(gone) == 0 {
		c.skipf("the store keeps nothing that could be unassigned")
	}
	w := scim.Write{Old: r, New: c.build(b)}
	w.Changed = w.New.Changed(r)
	for what, got := range map[string]*schema.Resource{"what updating returned": c.write(r.ID(), w), "reading it": c.read(r.ID())} {
		for _, a := range gone {
			if v := got.Value(a); !v.IsZero() {
				c.errorf("%s: %s is still %s", what, a.Path(), c.canon(v))
			}
		}
		c.expectValues(what, got, w.New)
	}
}

func testUpdateKeepsRest(c *collection) {
	a := c.text(0)
	var b *schema.Attr
	for _, other := range c.texts {
		if other.Top() != a.Top() {
			b = other
		}
	}
	if b == nil {
		c.skipf("the store keeps one attribute of text only")
	}
	read := c.insert(c.full())
	// Somebody else writes b in between.
	now := c.edit(read, assign{b, c.word()})
	text := c.word()
	w := c.change(read, assign{a, text}, assign{b, c.word()})
	w.Changed = []string{a.Top().Path()}
	c.write(read.ID(), w)
	got := c.read(read.ID())
	c.expectText("the attribute that was named", got, a, text)
	c.expectText("the attribute that was not", got, b, now.Get(b.Path()).String())

	// Write.New has nothing but the name and what is changed.
	now = c.insert(c.full())
	bare := c.fresh(assign{c.naming, now.Get(c.naming.Path()).String()}, assign{a, text})
	c.write(now.ID(), scim.Write{Old: now, New: bare, Changed: []string{a.Top().Path()}})
	want := c.build(now.Edit().Put(a.Top(), bare.Value(a.Top())))
	c.expectValues("after a write of "+a.Path()+" alone", c.read(now.ID()), want)
}

func testUpdateUnknown(c *collection) {
	stored := c.add()
	gone := c.add()
	c.erase(gone.ID())
	w := c.change(c.fresh(), assign{c.text(0), c.word()})
	for _, id := range append(oddIDs(), gone.ID()) {
		_, err := c.update(c.ctx, c.tenant, id, w)
		c.expectNotFound(err, "updating the id %.40q", id)
		c.expectNotFound(c.delete(c.ctx, c.tenant, id, ""), "deleting the id %.40q", id)
	}
	withVersion := w
	withVersion.Version = gone.Version()
	_, err := c.update(c.ctx, c.tenant, gone.ID(), withVersion)
	c.expectNotFound(err, "updating a deleted resource with its version")
	c.expectNotFound(c.delete(c.ctx, c.tenant, gone.ID(), gone.Version()), "deleting a deleted resource with its version")
	c.expectIDs("afterwards", idsOf(c.all()), []string{stored.ID()}, false)
}

func testVersionsAreNew(c *collection) {
	r := c.add()
	seen := map[string]bool{r.Version(): true}
	for range 20 {
		next := c.edit(r, assign{c.text(0), c.word()})
		if v := next.Version(); seen[v] {
			c.errorf("the version %q has been there before", v)
		}
		seen[next.Version()] = true
		if !next.Meta().LastModified.After(r.Meta().LastModified) {
			c.errorf("lastModified went from %v to %v", r.Meta().LastModified, next.Meta().LastModified)
		}
		r = next
	}
}

func testUpdateVersion(c *collection) {
	a := c.text(0)
	first := c.add()
	second := c.edit(first, assign{a, c.word()})
	w := c.change(first, assign{a, c.word()})
	w.Version = first.Version()
	_, err := c.update(c.ctx, c.tenant, first.ID(), w)
	c.expectMismatch(err, "updating with an old version")
	c.expectStored("after an update with an old version", c.read(first.ID()), second)

	text := c.word()
	w = c.change(second, assign{a, text})
	w.Version = second.Version()
	third := c.write(second.ID(), w)
	c.expectText("after an update with the right version", c.read(third.ID()), a, text)
}

func testUpdateRace(c *collection) {
	a := c.text(0)
	r := c.add()
	for range c.rounds() {
		var words [racers]string
		for i := range words {
			words[i] = c.word()
		}
		errs := c.parallel(racers, func(i int) error {
			w := c.change(r, assign{a, words[i]})
			w.Version = r.Version()
			_, err := c.update(c.ctx, c.tenant, r.ID(), w)
			return err
		})
		won := c.winner(errs, isMismatch, "scim.ErrVersionMismatch")
		r = c.read(r.ID())
		if won >= 0 {
			c.expectText("after the race", r, a, words[won])
		}
	}
}

// winner returns which of several calls succeeded: just one must. The others have
// to fail in the way that is says.
func (x *trial) winner(errs []error, is func(error) bool, want string) int {
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won >= 0:
			x.errorf("two of %d calls at once succeeded, want one", len(errs))
		case err == nil:
			won = i
		default:
			x.expect(is, want, err, "a call that lost a race")
		}
	}
	if won < 0 {
		x.errorf("none of %d calls at once succeeded, want one", len(errs))
	}
	return won
}

func testBystanders(c *collection) {
	var others []*schema.Resource
	for range 3 {
		others = append(others, c.insert(c.full()))
	}
	r := c.add()
	r = c.edit(r, assign{c.text(0), c.word()})
	w := c.change(r, assign{c.naming, c.word()})
	w.Version = r.Version()
	r = c.write(r.ID(), w)
	c.erase(r.ID())
	for _, want := range others {
		c.expectStored("a resource that nobody wrote", c.read(want.ID()), want)
	}
}

func testDelete(c *collection) {
	stays, r := c.add(), c.add()
	c.erase(r.ID())
	_, err := c.get(c.ctx, c.tenant, r.ID())
	c.expectNotFound(err, "getting a deleted resource")
	_, err = c.update(c.ctx, c.tenant, r.ID(), c.change(r, assign{c.text(0), c.word()}))
	c.expectNotFound(err, "updating a deleted resource")
	c.expectNotFound(c.delete(c.ctx, c.tenant, r.ID(), ""), "deleting a deleted resource")
	for what, q := range map[string]scim.Query{
		"listing all": {}, "listing by ids": {IDs: []string{r.ID(), stays.ID()}},
	} {
		q.StartIndex, q.Count = 1, maxAll
		page := c.page(q)
		c.expectIDs(what+" after a deletion", idsOf(page.Resources), []string{stays.ID()}, false)
		if page.Total != 1 {
			c.errorf("%s after a deletion: the total is %d, want 1", what, page.Total)
		}
	}
	_, err = c.create(c.ctx, c.tenant, c.writeOf(c.fresh(assign{c.naming, r.Get(c.naming.Path()).String()})))
	c.must(err, "creating a resource with the %s of a deleted one", c.naming.Path())
}

func testDeleteVersion(c *collection) {
	first := c.add()
	second := c.edit(first, assign{c.text(0), c.word()})
	c.expectMismatch(c.delete(c.ctx, c.tenant, first.ID(), first.Version()), "deleting with an old version")
	c.expectStored("after deleting with an old version", c.read(first.ID()), second)
	c.must(c.delete(c.ctx, c.tenant, second.ID(), second.Version()), "deleting with the right version")
	_, err := c.get(c.ctx, c.tenant, first.ID())
	c.expectNotFound(err, "getting what was deleted with the right version")
}

func testDeleteRace(c *collection) {
	for range c.rounds() {
		r := c.add()
		c.winner(c.parallel(racers, func(int) error { return c.delete(c.ctx, c.tenant, r.ID(), "") }), isNotFound, "scim.ErrNotFound")
	}
}
