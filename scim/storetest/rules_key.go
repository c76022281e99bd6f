package storetest

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// keyRules are about pages that begin where the one before ended.
var keyRules = []rule{
	{
		name:        "KeyPages",
		rule:        "With ByKey a page begins behind After and has Count resources at most; Next leads on until nothing follows, and is empty then. The pages together have everything once.",
		section:     "RFC 9865, section 2.1",
		consequence: "An import by cursor ends too early, reads something twice, or never ends.",
		run:         testKeyPages,
	},
	{
		name:        "KeyPagesChange",
		rule:        "What other clients insert or delete between two pages moves no other resource from one page to another, not even if the resource at which the page ended is gone.",
		section:     "RFC 9865, section 2.1",
		consequence: "Somebody is left out of an import because somebody else was deleted meanwhile, and is created again or taken for deleted.",
		run:         testKeyPagesChange,
	},
	{
		name:        "KeyOrder",
		rule:        "With ByKey the order is that of SortBy, with ties and absent values where they belong, and a filter holds for each page.",
		section:     "RFC 9865, section 2.1",
		consequence: "An import in the order of some attribute loses all but one of those who share a value.",
		run:         testKeyOrder,
	},
	{
		name:        "KeyOrderChange",
		rule:        "The place of a page in the order is that of its last resource, which may be deleted or changed before the next page is asked for.",
		section:     "RFC 9865, section 2.1",
		consequence: "The next page begins in the wrong place: some are read twice, or never.",
		run:         testKeyOrderChange,
	},
}

// lister is a store's list by key.
type lister struct {
	c    *collection
	what string
	list func(q scim.Query) (scim.Page, error)
}

// byKey returns the collection's list, or ends the case if it can't do that.
func (c *collection) byKey() lister {
	s, ok := c.store.(scim.CursorLister)
	if !ok || !s.ListsByKey() {
		c.skipf("the store does not list by key")
	}
	return lister{c, c.typ.Name() + "s by key", func(q scim.Query) (scim.Page, error) { return c.list(c.ctx, c.tenant, q) }}
}

// walk reads pages and calls between after each but the last. ok is false if the
// store refuses the query.
func (l lister) walk(q scim.Query, total int, between func(page []string)) (ids []string, ok bool) {
	c := l.c
	q.StartIndex, q.ByKey, q.After = 1, true, ""
	for pages := 0; ; pages++ {
		page, err := l.list(q)
		if isDeclined(err) && (q.Filter != nil || q.SortBy != nil) {
			return nil, false
		}
		c.must(err, "%s, After %q", l.what, q.After)
		if n := len(page.Resources); n > q.Count || n == 0 && page.Next != "" {
			c.errorf("%s: a page has %d resources, Count is %d, Next is %q", l.what, n, q.Count, page.Next)
		}
		if total >= 0 && page.Total != total && page.Total != -1 {
			c.errorf("%s: the total is %d, want %d, or -1 for not counted", l.what, page.Total, total)
		}
		ids = append(ids, idsOf(page.Resources)...)
		if page.Next == "" {
			return ids, true
		}
		if page.Next == q.After || pages > maxAll {
			c.fatalf("%s: the pages do not end, Next is %q", l.what, page.Next)
		}
		q.After = page.Next
		if between != nil {
			between(idsOf(page.Resources))
		}
	}
}

func testKeyPages(c *collection) {
	l := c.byKey()
	if ids, _ := l.walk(scim.Query{Count: 3}, 0, nil); len(ids) > 0 {
		c.errorf("a list by key of an empty store has %d resources", len(ids))
	}
	want := idsOf(c.adds(12))
	for _, size := range []int{1, 3, 5, 11, 12, 13, 100} {
		l.what = fmt.Sprintf("%ss by key, Count %d", c.typ.Name(), size)
		ids, _ := l.walk(scim.Query{Count: size}, len(want), nil)
		c.expectIDs(l.what, ids, want, false)
	}
	page := c.page(scim.Query{StartIndex: 1, ByKey: true, Count: 4})
	if len(page.Resources) == 4 {
		rest := c.page(scim.Query{StartIndex: 1, ByKey: true, Count: 8, After: page.Next})
		if rest.Next != "" && len(rest.Resources) == 8 {
			c.errorf("Next is %q after the last resource, want it empty", rest.Next)
		}
	}
	some := []string{want[2], want[7], "unknown", want[9]}
	ids, _ := l.walk(scim.Query{Count: 2, IDs: some}, 3, nil)
	c.expectIDs("three ids by key", ids, []string{want[2], want[7], want[9]}, false)
}

func testKeyPagesChange(c *collection) {
	l := c.byKey()
	for _, size := range []int{1, 3} {
		stays := map[string]bool{}
		for _, r := range c.adds(12) {
			stays[r.ID()] = true
		}
		for _, id := range c.olderThan(stays) {
			c.erase(id)
		}
		l.what = fmt.Sprintf("%ss by key, Count %d, with changes in between", c.typ.Name(), size)
		turns := 0
		ids, _ := l.walk(scim.Query{Count: size}, -1, func(page []string) {
			if turns++; turns%2 == 0 || len(stays) < 7 {
				return
			}
			// The one at which the page ended, and one from a page to come.
			for _, id := range []string{page[len(page)-1], c.unseen(stays, page)} {
				c.erase(id)
				delete(stays, id)
			}
			c.add()
		})
		c.expectOnce(l.what, ids, keysOf(stays))
	}
}

// olderThan lists resources of an earlier round.
func (c *collection) olderThan(these map[string]bool) []string {
	return slices.DeleteFunc(idsOf(c.all()), func(id string) bool { return these[id] })
}

// unseen returns one of ids that is not on a page: in the store's own order the
// last, if that is the order of creation.
func (c *collection) unseen(ids map[string]bool, page []string) string {
	for _, r := range slices.Backward(c.all()) {
		if ids[r.ID()] && !slices.Contains(page, r.ID()) {
			return r.ID()
		}
	}
	return page[0]
}

// expectOnce reports if one of those that were there all along was not seen just
// once, or another one more often.
func (x *trial) expectOnce(what string, ids []string, stays iter.Seq[string]) {
	seen := map[string]int{}
	for _, id := range ids {
		seen[id]++
	}
	missing, twice := 0, 0
	for id := range stays {
		if seen[id] == 0 {
			missing++
		}
	}
	for _, n := range seen {
		if n > 1 {
			twice++
		}
	}
	if missing+twice > 0 {
		x.errorf("%s: of what was there all along %d were never seen, and %d were seen twice", what, missing, twice)
	}
}

func testKeyOrder(c *collection) {
	l := c.byKey()
	a := c.note()
	values := []any{"b", "A", nil, "a", "B", "_", "a", nil, "ä", "c"}
	for _, v := range values {
		c.add(assign{a, v})
	}
	answered := false
	for _, text := range []string{"", a.Path() + " pr", "not (" + a.Path() + ` eq "a")`} {
		for _, by := range []*schema.Attr{a, c.naming, nil} {
			for _, descending := range []bool{false, true} {
				q := scim.Query{SortBy: by, Descending: descending && by != nil}
				if text != "" {
					q.Filter = c.check(text)
				}
				answered = c.keyOrder(l, q) || answered
			}
		}
	}
	if !answered {
		c.skipf("the store refuses these queries")
	}
}

// keyOrder compares what walking gives with what it should.
func (c *collection) keyOrder(l lister, q scim.Query) bool {
	for _, q.Count = range []int{1, 3, 20} {
		l.what = fmt.Sprintf("by key, Count %d, filter %q", q.Count, q.Filter)
		if q.SortBy != nil {
			l.what += fmt.Sprintf(", sorted by %s, descending %v", q.SortBy.Path(), q.Descending)
		}
		var want []string
		if q.SortBy != nil {
			want = c.ordered(q)
		} else {
			want = c.ordered(scim.Query{SortBy: c.naming, Filter: q.Filter})
		}
		ids, ok := l.walk(q, len(want), nil)
		if !ok {
			return false
		}
		c.expectIDs(l.what, ids, want, q.SortBy != nil)
	}
	return true
}

func testKeyOrderChange(c *collection) {
	l := c.byKey()
	a := c.note()
	answered := false
	for _, descending := range []bool{false, true} {
		stays := map[string]bool{}
		for i := range 12 {
			// Four of each, so that pages end within ties.
			stays[c.add(assign{a, []any{"k", "m", nil}[i%3]}).ID()] = true
		}
		for _, id := range c.olderThan(stays) {
			c.erase(id)
		}
		l.what = fmt.Sprintf("by key, sorted by %s, descending %v, with changes in between", a.Path(), descending)
		turns, moved := 0, map[string]bool{}
		ids, ok := l.walk(scim.Query{Count: 2, SortBy: a, Descending: descending}, -1, func(page []string) {
			last := page[len(page)-1]
			switch turns++; {
			case !stays[last]:
			case turns%2 == 0:
				c.erase(last)
				delete(stays, last)
			case turns%4 == 1:
				// Moved, so that it may be seen again or not.
				c.edit(c.read(last), assign{a, []any{"a", "z"}[boolInt(descending)]})
				delete(stays, last)
				moved[last] = true
			}
			c.add(assign{a, []any{"a", "l", "z", nil}[turns%4]})
		})
		if !ok {
			continue
		}
		answered = true
		ids = slices.DeleteFunc(ids, func(id string) bool { return moved[id] })
		c.expectOnce(l.what, ids, keysOf(stays))
	}
	if !answered {
		c.skipf("the store refuses this order")
	}
}

// keysOf yields the ids in a set.
func keysOf[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
