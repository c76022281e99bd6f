package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// listRules are about lists without a filter.
var listRules = []rule{
	{
		name:        "List",
		rule:        "A list has every resource once, as reading it gives it, and the exact total; of an empty store it is empty.",
		section:     "RFC 7644, section 3.4.2",
		consequence: "The identity provider reads the list to see what is there: what is missing it creates again, what is there twice it can't match.",
		run:         testList,
	},
	{
		name:        "ListPages",
		rule:        "A page begins at StartIndex, counted from 1, and has Count resources or all that are left. Total counts all that match, not only the page.",
		section:     "RFC 7644, section 3.4.2.4",
		consequence: "The identity provider stops after the first page and takes everybody else for deleted, or reads the same page for ever.",
		run:         testListPages,
	},
	{
		name:        "ListCountZero",
		rule:        "Count 0 asks for the total alone.",
		section:     "RFC 7644, section 3.4.2.4",
		consequence: "A connection test that only asks how many there are reads everything.",
		run:         testListCountZero,
	},
	{
		name:        "ListOrder",
		rule:        "Without SortBy the order is the same from page to page, even if resources are changed in between.",
		section:     "RFC 7644, section 3.4.2.4",
		consequence: "During an import somebody is on two pages and somebody else on none, who is then created again.",
		run:         testListOrder,
	},
	{
		name:        "ListIDs",
		rule:        "Query.IDs restricts the result to resources with these ids, each once; unknown ones are left out. An empty list, other than nil, finds nothing.",
		section:     "scim.Query",
		consequence: "Members are taken for unknown and left out of a group, or a search for the groups of nobody finds all groups.",
		run:         testListIDs,
	},
	{
		name:        "ListManyIDs",
		rule:        "Query.IDs may have any number of ids.",
		section:     "scim.Query",
		consequence: "A search for the groups of a user fails with 500 in large tenants, since the database takes only so many arguments.",
		run:         testListManyIDs,
	},
}

func testList(c *collection) {
	page := c.page(scim.Query{StartIndex: 1, Count: 10})
	if len(page.Resources) != 0 || page.Total != 0 {
		c.errorf("a list of an empty store has %d resources and total %d", len(page.Resources), page.Total)
	}
	created := c.adds(5)
	created[1] = c.edit(created[1], assign{c.text(0), c.word()})
	page = c.page(scim.Query{StartIndex: 1, Count: maxAll})
	c.expectIDs("a list", idsOf(page.Resources), idsOf(created), false)
	if page.Total != len(created) {
		c.errorf("the total is %d, want %d", page.Total, len(created))
	}
	for _, r := range page.Resources {
		c.expectStored("a list has", r, c.read(r.ID()))
	}
}

func testListPages(c *collection) {
	created := c.adds(7)
	all := idsOf(c.all())
	c.expectIDs("a list", all, idsOf(created), false)
	for _, size := range []int{1, 2, 3, 7, 10} {
		for start := 1; start <= len(all)+2; start++ {
			page := c.page(scim.Query{StartIndex: start, Count: size})
			c.expectWindow(fmt.Sprintf("StartIndex %d, Count %d", start, size), page, all, start, size)
		}
	}
	page := c.page(scim.Query{StartIndex: 1_000_000, Count: 10})
	c.expectWindow("StartIndex 1000000", page, all, 1_000_000, 10)
}

// expectWindow reports if a page is not the window of all.
func (c *collection) expectWindow(what string, page scim.Page, all []string, start, size int) {
	from := min(start-1, len(all))
	c.expectIDs(what, idsOf(page.Resources), all[from:min(from+size, len(all))], true)
	if page.Total != len(all) {
		c.errorf("%s: the total is %d, want %d", what, page.Total, len(all))
	}
}

func testListCountZero(c *collection) {
	rs := c.adds(3)
	for what, q := range map[string]scim.Query{"all": {}, "three ids of which two exist": {IDs: []string{rs[0].ID(), rs[1].ID(), "unknown"}}} {
		q.StartIndex = 1
		want := 3 - len(q.IDs)/3
		page := c.page(q)
		if len(page.Resources) != 0 || page.Total != want {
			c.errorf("Count 0 of %s: %d resources and total %d, want none and %d", what, len(page.Resources), page.Total, want)
		}
	}
}

func testListOrder(c *collection) {
	a := c.text(0)
	if a == c.naming {
		c.skipf("the store keeps no attribute of text besides %s", a.Path())
	}
	byID := map[string]*schema.Resource{}
	for _, r := range c.adds(12) {
		byID[r.ID()] = r
	}
	var seen []string
	for start := 1; start <= len(byID); start += 3 {
		page := c.page(scim.Query{StartIndex: start, Count: 3})
		seen = append(seen, idsOf(page.Resources)...)
		// One that was seen and one that was not are changed.
		changed := map[bool]bool{}
		for _, id := range slices.Sorted(keysOf(byID)) {
			if was := slices.Contains(seen, id); !changed[was] {
				changed[was] = true
				byID[id] = c.edit(byID[id], assign{a, c.word()})
			}
		}
	}
	c.expectIDs("pages between which resources were updated", seen, slices.Collect(keysOf(byID)), false)
}

func testListIDs(c *collection) {
	rs := c.adds(5)
	a, b := rs[3].ID(), rs[1].ID()
	for what, tt := range map[string]struct{ ask, want []string }{
		"two ids":                    {[]string{a, b}, []string{a, b}},
		"an id twice":                {[]string{a, b, a}, []string{a, b}},
		"ids of which some are none": {append(oddIDs(), a, b), []string{a, b}},
		"only unknown ids":           {oddIDs(), nil},
		"no ids":                     {[]string{}, nil},
		"all ids":                    {idsOf(rs), idsOf(rs)},
	} {
		q := scim.Query{IDs: tt.ask, StartIndex: 1, Count: 10}
		page := c.page(q)
		all := idsOf(page.Resources)
		c.expectIDs(what, all, tt.want, false)
		if page.Total != len(tt.want) {
			c.errorf("%s: the total is %d, want %d", what, page.Total, len(tt.want))
		}
		q.StartIndex, q.Count = 2, 1
		c.expectWindow("the second of "+what, c.page(q), all, 2, 1)
		for _, r := range page.Resources {
			c.expectStored(what+": a list has", r, c.read(r.ID()))
		}
	}
}

// manyIDs is more than the 65,535 arguments that one statement of PostgreSQL
// may have, and the 32,766 of SQLite.
const manyIDs = 70_000

// amongMany returns ids with so many unknown ones around them.
func amongMany(ids ...string) []string {
	many := make([]string, manyIDs)
	for i := range many {
		many[i] = "00000000-0000-7000-8000-000000" + strconv.Itoa(100_000+i)
	}
	for i, id := range ids {
		many[(i+1)*len(many)/(len(ids)+1)] = id
	}
	return many
}

func testListManyIDs(c *collection) {
	want := idsOf(c.adds(3))[:2]
	page := c.page(scim.Query{IDs: amongMany(want...), StartIndex: 1, Count: manyIDs})
	c.expectIDs(fmt.Sprintf("%d ids", manyIDs), idsOf(page.Resources), want, false)
	if page.Total != len(want) {
		c.errorf("%d ids: the total is %d, want %d", manyIDs, page.Total, len(want))
	}
}

// check makes a filter on the collection's type.
func (c *collection) check(text string) *filter.Filter {
	e, err := filter.Parse(text, filter.Leniency{})
	c.must(err, "storetest: filter %s", text)
	f, err := filter.Check(e, c.typ, filter.Checking{KeepEmptyStrings: true})
	c.must(err, "storetest: filter %s", text)
	return f
}

// expectFilter compares the answer to a filter with what matches. A filter may be
// refused; it reports whether it was answered.
func (c *collection) expectFilter(text string, q scim.Query) bool {
	q.Filter = c.check(text)
	q.StartIndex, q.Count = 1, maxAll
	page, err := c.list(c.ctx, c.tenant, q)
	if isDeclined(err) {
		return false
	}
	if err != nil {
		c.errorf("filter %s: %v; refuse it by scim.ErrNotImplemented if the store can't do it", text, err)
		return false
	}
	var want []string
	for _, r := range c.all() {
		if q.Filter.Match(r) && (q.IDs == nil || slices.Contains(q.IDs, r.ID())) {
			want = append(want, r.ID())
		}
	}
	c.expectIDs("filter "+text, idsOf(page.Resources), want, false)
	if page.Total != len(want) {
		c.errorf("filter %s: the total is %d, want %d", text, page.Total, len(want))
	}
	return true
}

// expectFilters does so for several. If all are refused the case is skipped.
func (c *collection) expectFilters(texts []string) {
	answered := false
	for _, text := range texts {
		answered = c.expectFilter(text, scim.Query{}) || answered
	}
	if !answered {
		c.skipf("the store refuses all of these filters")
	}
}

// literal returns a value as it stands in a filter.
func literal(v schema.Value) string {
	switch v.Attr().Type {
	case schema.Boolean, schema.Integer, schema.Decimal:
		return v.String()
	}
	return quote(v.String())
}

func quote(s string) string { return string(schema.AppendQuote(nil, s)) }

// each puts values into a format of filters.
func each(format string, values ...string) []string {
	var all []string
	for _, v := range values {
		all = append(all, strings.ReplaceAll(format, "?", v))
	}
	return all
}
