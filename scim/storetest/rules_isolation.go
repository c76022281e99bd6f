package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// isolationRules keep tenants, callers and goroutines apart.
var isolationRules = []rule{
	{
		name:        "Tenants",
		rule:        "Every method works within its tenant: an id of another tenant is unknown, to reading, lists, filters, updates and deletions.",
		section:     "RFC 7644, section 6",
		consequence: "One customer reads or changes the accounts of another.",
		needs:       needTenants,
		run:         testTenants,
	},
	{
		name:        "TenantsAtOnce",
		rule:        "Calls for several tenants at the same time do not get into each other's way.",
		section:     "RFC 7644, section 6",
		consequence: "Under load one customer is shown the accounts of another.",
		needs:       needTenants,
		run:         testTenantsAtOnce,
	},
	{
		name:        "Arguments",
		rule:        "A store does not change what it is given, and keeps no slice of it: Write.Changed and Query.IDs are the caller's.",
		section:     "scim.UserStore",
		consequence: "The log names other attributes than were written; a retry sends something else than the first try.",
		run:         testArguments,
	},
	{
		name:        "Results",
		rule:        "Slices that a store returns are the caller's to change.",
		section:     "scim.UserStore",
		consequence: "One request changes the answer to another.",
		run:         testResults,
	},
	{
		name:        "Cancel",
		rule:        "A call whose context has ended does its work or returns the context's error, wrapped or not, and has changed nothing then.",
		section:     "scim.UserStore",
		consequence: "A client that hangs up is logged as an internal error, or leaves half of its change behind.",
		run:         testCancel,
	},
	{
		name:        "Concurrency",
		rule:        "Methods are called from many goroutines at once.",
		section:     "scim.UserStore",
		consequence: "Under load changes are lost, or the process ends.",
		run:         testConcurrency,
	},
}

func testTenants(c *collection) {
	a := c.text(0)
	r := c.add(assign{a, c.word()})
	name := r.Get(c.naming.Path()).String()
	if rs := c.allOf(c.other()); len(rs) > 0 {
		c.errorf("another tenant lists %d resources, want none", len(rs))
	}
	theirs, err := c.create(c.ctx, c.other(), c.writeOf(c.fresh()))
	c.must(err, "creating a resource in another tenant")

	_, err = c.get(c.ctx, c.other(), r.ID())
	c.expectNotFound(err, "reading from another tenant")
	w := c.change(r, assign{a, c.word()})
	_, err = c.update(c.ctx, c.other(), r.ID(), w)
	c.expectNotFound(err, "updating from another tenant")
	c.expectNotFound(c.delete(c.ctx, c.other(), r.ID(), ""), "deleting from another tenant")
	w.Version = r.Version()
	_, err = c.update(c.ctx, c.other(), r.ID(), w)
	c.expectNotFound(err, "updating from another tenant with the version")
	c.expectNotFound(c.delete(c.ctx, c.other(), r.ID(), r.Version()), "deleting from another tenant with the version")
	c.expectStored("the resource", c.read(r.ID()), r)

	for what, q := range map[string]scim.Query{
		"listing all":               {},
		"listing by id":             {IDs: []string{r.ID(), theirs.ID()}},
		"a filter by id":            {Filter: c.check("id eq " + quote(r.ID()) + " or id eq " + quote(theirs.ID()))},
		"a filter that always fits": {Filter: c.check("id pr or not (id pr)")},
		"a filter by name":          {Filter: c.check(c.naming.Path() + " eq " + quote(name) + " or id eq " + quote(theirs.ID()))},
		"a sorted list":             {SortBy: c.naming},
	} {
		q.StartIndex, q.Count = 1, maxAll
		page, err := c.list(c.ctx, c.other(), q)
		if isDeclined(err) && (q.Filter != nil || q.SortBy != nil) {
			continue
		}
		c.must(err, "%s in another tenant", what)
		c.expectIDs(what+" in another tenant", idsOf(page.Resources), []string{theirs.ID()}, false)
		if page.Total != 1 {
			c.errorf("%s in another tenant: the total is %d, want 1", what, page.Total)
		}
	}
	c.expectIDs("listing all in the first tenant", idsOf(c.all()), []string{r.ID()}, false)
}

func testTenantsAtOnce(c *collection) {
	tenants := c.o.Tenants[:2]
	var ids [2]string
	for i, t := range tenants {
		r, err := c.create(c.ctx, t, c.writeOf(c.fresh()))
		c.must(err, "creating")
		ids[i] = r.ID()
	}
	c.parallel(racers, func(i int) error {
		mine, other := i%2, 1-i%2
		for range 10 * c.rounds() {
			if _, err := c.get(c.ctx, tenants[mine], ids[mine]); err != nil {
				c.fatalf("reading while another tenant reads: %v", err)
			}
			if _, err := c.get(c.ctx, tenants[mine], ids[other]); !isNotFound(err) {
				c.fatalf("reading an id of a tenant that reads at the same time: %v, want scim.ErrNotFound", err)
			}
			page, err := c.list(c.ctx, tenants[mine], scim.Query{StartIndex: 1, Count: 10})
			if err != nil || !slices.Equal(idsOf(page.Resources), ids[mine:mine+1]) {
				c.fatalf("listing while another tenant lists: %q, %v", idsOf(page.Resources), err)
			}
		}
		return nil
	})
}

// expectSame reports if a call has changed what it was given.
func expectSame[T comparable](x *trial, what string, got, want []T) {
	if !slices.Equal(got, want) {
		x.errorf("%s was changed to %v, it was %v", what, got, want)
	}
}

func testArguments(c *collection) {
	a := c.text(0)
	w := c.writeOf(c.fresh(assign{a, c.word()}))
	sent := w.New.String()
	slices.Reverse(w.Changed)
	changed := slices.Clone(w.Changed)
	r, err := c.create(c.ctx, c.tenant, w)
	c.must(err, "creating")
	expectSame(c.trial, "Write.Changed of a creation", w.Changed, changed)

	u := c.change(r, assign{a, c.word()}, assign{c.naming, c.word()})
	slices.Reverse(u.Changed)
	uChanged := slices.Clone(u.Changed)
	next := c.write(r.ID(), u)
	expectSame(c.trial, "Write.Changed of an update", u.Changed, uChanged)
	clear(w.Changed)
	clear(u.Changed)
	c.expectStored("after the caller has changed what it handed in", c.read(r.ID()), next)
	if w.New.ID() != "" || w.New.String() != sent {
		c.errorf("Write.New of a creation was changed to %s, it was %s", w.New, sent)
	}

	ids := append(idsOf(c.adds(3)), r.ID(), "unknown", r.ID())
	slices.Reverse(ids)
	asked := slices.Clone(ids)
	c.page(scim.Query{IDs: ids, StartIndex: 1, Count: 10})
	expectSame(c.trial, "Query.IDs", ids, asked)
}

func testResults(c *collection) {
	c.adds(5)
	want := idsOf(c.all())
	for what, q := range map[string]scim.Query{
		"all": {}, "ids": {IDs: want[:3]}, "sorted": {SortBy: c.naming}, "filtered": {Filter: c.check("id pr")},
	} {
		q.StartIndex, q.Count = 1, maxAll
		page, err := c.list(c.ctx, c.tenant, q)
		if isDeclined(err) && (q.Filter != nil || q.SortBy != nil) {
			continue
		}
		c.must(err, "listing %s", what)
		before := idsOf(page.Resources)
		clear(page.Resources)
		_ = append(page.Resources[:0], make([]*schema.Resource, len(before))...)
		again, err := c.list(c.ctx, c.tenant, q)
		c.must(err, "listing %s", what)
		if slices.Contains(again.Resources, nil) {
			c.fatalf("a list (%s) has what the caller of the one before wrote into it", what)
		}
		c.expectIDs("listing "+what+" again", idsOf(again.Resources), before, true)
	}
}

// isCanceled reports whether a call did its work, or said why not.
func isCanceled(err error) bool { return err == nil || errors.Is(err, context.Canceled) }

func (x *trial) expectCanceled(err error, what string) {
	x.expect(isCanceled, "context.Canceled or none", err, "%s with a context that has ended", what)
}

func testCancel(c *collection) {
	r := c.add()
	ended, cancel := context.WithCancel(c.ctx)
	cancel()
	got, err := c.get(ended, c.tenant, r.ID())
	if c.expectCanceled(err, "reading"); err == nil {
		c.expectStored("reading with a context that has ended", got, r)
	}
	page, err := c.list(ended, c.tenant, scim.Query{StartIndex: 1, Count: 10})
	if c.expectCanceled(err, "listing"); err == nil {
		c.expectIDs("listing with a context that has ended", idsOf(page.Resources), []string{r.ID()}, false)
	}
	n := len(c.all())
	_, err = c.create(ended, c.tenant, c.writeOf(c.fresh()))
	c.expectCanceled(err, "creating")
	if is := len(c.all()); is != n && err != nil {
		c.errorf("a creation that failed with %v left %d resources, want %d", err, is, n)
	}
	text := c.word()
	_, err = c.update(ended, c.tenant, r.ID(), c.change(r, assign{c.text(0), text}))
	if c.expectCanceled(err, "updating"); err != nil {
		c.expectStored("after an update that failed", c.read(r.ID()), r)
	}
	err = c.delete(ended, c.tenant, r.ID(), "")
	if c.expectCanceled(err, "deleting"); err != nil {
		c.read(r.ID())
	}
}

func testConcurrency(c *collection) {
	a := c.text(0)
	keep := make([][]string, racers)
	last := make([]map[string]string, racers)
	errs := c.parallel(racers, func(i int) error {
		last[i] = map[string]string{}
		for n := range 2 * c.rounds() {
			r, err := c.create(c.ctx, c.tenant, c.writeOf(c.fresh()))
			if err != nil {
				return fmt.Errorf("creating: %w", err)
			}
			text := c.word()
			if r, err = c.update(c.ctx, c.tenant, r.ID(), c.change(r, assign{a, text})); err != nil {
				return fmt.Errorf("updating: %w", err)
			}
			if _, err := c.list(c.ctx, c.tenant, scim.Query{StartIndex: 1, Count: 10}); err != nil {
				return fmt.Errorf("listing: %w", err)
			}
			if n%3 == 0 {
				if err := c.delete(c.ctx, c.tenant, r.ID(), ""); err != nil {
					return fmt.Errorf("deleting: %w", err)
				}
				continue
			}
			keep[i] = append(keep[i], r.ID())
			last[i][r.ID()] = text
		}
		return nil
	})
	c.must(errors.Join(errs...), "several goroutines at once")
	c.expectIDs("after several goroutines at once", idsOf(c.all()), slices.Concat(keep...), false)
	for _, texts := range last {
		for id, text := range texts {
			c.expectText("after several goroutines at once", c.read(id), a, text)
		}
	}
}
