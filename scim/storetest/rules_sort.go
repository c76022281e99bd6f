package storetest

import (
	"fmt"
	"slices"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// sortRules compare the order that a store makes with scim.Compare. An order may
// always be refused.
var sortRules = []rule{
	{
		name:        "SortText",
		rule:        "Text is ordered by the code points of its schema.Attr.Key: folded where case does not count, not by the rules of a language.",
		section:     "RFC 7644, section 3.4.2.3",
		consequence: "Pages that are put together from two stores, or before and after an upgrade of the database, overlap or have gaps.",
		run:         testSortText,
	},
	{
		name:        "SortTies",
		rule:        "Resources with equal values are in the order of ids, whether ascending or descending.",
		section:     "scim.Query",
		consequence: "On every page the database may choose another order among equals: some are read twice, some never.",
		run:         testSortTies,
	},
	{
		name:        "SortAbsent",
		rule:        "Resources without a value come last, or first if descending.",
		section:     "RFC 7644, section 3.4.2.3",
		consequence: "Those without a value are at the wrong end, or left out altogether.",
		run:         testSortAbsent,
	},
	{
		name:        "SortTypes",
		rule:        "Numbers, times and booleans are ordered by value; every simple attribute is compared by its type.",
		section:     "RFC 7644, section 3.4.2.3",
		consequence: "10 comes before 9, and last year after this.",
		run:         testSortTypes,
	},
	{
		name:        "SortElements",
		rule:        "Of a multi-valued attribute the primary or else the first element counts.",
		section:     "RFC 7644, section 3.4.2.3",
		consequence: "People are listed by an address that nobody sees.",
		run:         testSortElements,
	},
	{
		name:        "SortPages",
		rule:        "Pages are cut out of the ordered result, with a filter too; the total is the same on each.",
		section:     "RFC 7644, section 3.4.2.4",
		consequence: "Each page is ordered on its own, so that the list as a whole is not.",
		run:         testSortPages,
	},
}

// expectSort compares the order of all resources, and of pages of two, with
// scim.Compare. It reports whether the order was answered.
func (c *collection) expectSort(q scim.Query) bool {
	what := "sorted by " + q.SortBy.Path()
	if q.Descending {
		what += " descending"
	}
	if q.Filter != nil {
		what += ", filter " + q.Filter.String()
	}
	q.StartIndex, q.Count = 1, maxAll
	page, err := c.list(c.ctx, c.tenant, q)
	if isDeclined(err) {
		return false
	}
	c.must(err, "%s", what)
	want := c.ordered(q)
	c.expectIDs(what, idsOf(page.Resources), want, true)
	if page.Total != len(want) {
		c.errorf("%s: the total is %d, want %d", what, page.Total, len(want))
	}
	return true
}

// ordered returns the ids of what q should find, in order.
func (c *collection) ordered(q scim.Query) []string {
	all := slices.DeleteFunc(slices.Clone(c.all()), func(r *schema.Resource) bool { return !q.Filter.Match(r) })
	slices.SortFunc(all, func(a, b *schema.Resource) int { return scim.Compare(a, b, q) })
	return idsOf(all)
}

// expectSorts does so for several attributes, in both directions.
func (c *collection) expectSorts(attrs ...*schema.Attr) {
	answered := false
	for _, a := range attrs {
		for _, descending := range []bool{false, true} {
			answered = c.expectSort(scim.Query{SortBy: a, Descending: descending}) || answered
		}
	}
	if !answered {
		c.skipf("the store refuses these orders")
	}
}

func testSortText(c *collection) {
	a := c.note()
	for _, v := range []string{
		"b", "A", "a z", "Z", "_x", "[x", "`x", "ä", "Á", "É", "ß", "ss", "st", "10", "9", "\uFF5Ew", "\U0001F600", "zz", "Zy", "e\u0301f", "-", "a-b", "aa",
	} {
		c.add(assign{a, v})
	}
	c.expectSorts(a, c.naming)
}

func testSortTies(c *collection) {
	a := c.note()
	values := []any{"same", "Same", "SAME", "other", nil}
	for i := range 3 * len(values) {
		c.add(assign{a, values[i%len(values)]})
	}
	c.expectSorts(a)
}

func testSortAbsent(c *collection) {
	a := c.note()
	for _, v := range []any{nil, "b", nil, "a", "zzz", nil} {
		c.add(assign{a, v})
	}
	c.expectSorts(a)
}

func testSortTypes(c *collection) {
	for range 12 {
		c.insert(c.full())
	}
	c.add()
	var attrs []*schema.Attr
	for _, a := range c.attrs() {
		if !a.MultiValued && !a.Top().MultiValued && a.Type != schema.Binary {
			attrs = append(attrs, a)
		}
	}
	for _, path := range []string{"id", "meta.created", "meta.lastModified"} {
		if a, ok := c.typ.Attr(path); ok {
			attrs = append(attrs, a)
		}
	}
	c.expectSorts(attrs...)
}

func testSortElements(c *collection) {
	value, _ := c.labelled()
	primary := value.Parent().SubAttr("primary")
	if primary == nil || !c.keeps(primary) {
		c.skipf("the elements of %s can't be primary", value.Parent().Path())
	}
	// First, second and third of each, and which of them is primary.
	for _, tt := range []struct {
		values  [3]string
		primary int
	}{
		{[3]string{"a", "z", "m"}, 1}, {[3]string{"c", "b", "a"}, -1}, {[3]string{"y", "a", "b"}, 2},
		{[3]string{"d", "x", "c"}, 0}, {[3]string{"x", "c", "e"}, 2}, {[3]string{"b", "c", "d"}, 1},
	} {
		var elems []map[string]any
		for i, v := range tt.values {
			elem := map[string]any{value.Name: v + "@example.com"}
			if i == tt.primary {
				elem[primary.Name] = true
			}
			elems = append(elems, elem)
		}
		c.add(assign{value.Parent(), elems})
	}
	c.add()
	c.expectSorts(value)
}

func testSortPages(c *collection) {
	a := c.note()
	for i := range 11 {
		c.add(assign{a, []any{"c", "A", "b", "a", nil}[i%5]})
	}
	answered := false
	for _, f := range []string{"", a.Path() + " pr", c.naming.Path() + " pr and not (" + a.Path() + ` eq "b")`} {
		for _, descending := range []bool{false, true} {
			q := scim.Query{SortBy: a, Descending: descending, Count: 2}
			if f != "" {
				q.Filter = c.check(f)
			}
			if !c.expectSort(q) {
				continue
			}
			answered = true
			want := c.ordered(q)
			for q.StartIndex = 1; q.StartIndex <= len(want); q.StartIndex += 2 {
				what := fmt.Sprintf("sorted by %s, filter %q, StartIndex %d, Count 2", a.Path(), f, q.StartIndex)
				c.expectWindow(what, c.page(q), want, q.StartIndex, 2)
			}
		}
	}
	if !answered {
		c.skipf("the store refuses these orders")
	}
}
