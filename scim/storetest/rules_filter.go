package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// filterRules compare what a store finds with what matches. A filter may always
// be refused, but never ignored or taken for another.
var filterRules = []rule{
	{
		name:        "FilterEquality",
		rule:        "An equality finds just the resources that have the value, by the attribute that it names; none if nobody has it.",
		section:     "RFC 7644, section 3.4.2.2",
		consequence: "Before it creates an account the identity provider looks whether there is one: it finds everybody and binds the new person to the first, or finds nobody and makes a duplicate.",
		run:         testFilterEquality,
	},
	{
		name:        "FilterAttributes",
		rule:        "A filter looks at the attribute that it names: sub-attributes, those of extensions and common ones too.",
		section:     "RFC 7644, section 3.10",
		consequence: "A search by department or e-mail address finds other people, or nobody.",
		run:         testFilterAttributes,
	},
	{
		name:        "FilterOperators",
		rule:        "eq, ne, co, sw, ew, gt, ge, lt and le compare text by its schema.Attr.Key.",
		section:     "RFC 7644, section 3.4.2.2",
		consequence: "A search finds too much or too little, without an error.",
		run:         testFilterOperators,
	},
	{
		name:        "FilterWildcards",
		rule:        "The value of a filter is text and nothing else: %, _, *, quotes and backslashes have no meaning.",
		section:     "RFC 7644, section 3.4.2.2",
		consequence: "userName sw \"a_\" finds other people; in the worst case a quote in a value runs SQL of the sender's choice.",
		run:         testFilterWildcards,
	},
	{
		name:        "FilterLogic",
		rule:        "not binds tighter than and, and tighter than or; parentheses group.",
		section:     "RFC 7644, section 3.4.2.2",
		consequence: "A search that should leave somebody out finds just them.",
		run:         testFilterLogic,
	},
	{
		name:        "FilterAbsent",
		rule:        "A resource without a value is not eq to anything, is ne to everything, and pr is false.",
		section:     "RFC 7643, section 2.5",
		consequence: "A search for accounts that are not of a department leaves out those without one, as SQL does with NULL.",
		run:         testFilterAbsent,
	},
	{
		name:        "FilterElements",
		rule:        "Within brackets one element must satisfy everything; without them each comparison may be satisfied by another.",
		section:     "RFC 7644, section 3.4.2.2",
		consequence: "A search by work address finds people by their private one.",
		run:         testFilterElements,
	},
	{
		name:        "FilterTypes",
		rule:        "Booleans, numbers and times are compared by value, times of any zone as instants.",
		section:     "RFC 7644, section 3.4.2.2",
		consequence: "A search for what has changed since the last run misses some of it; 9 is greater than 10.",
		run:         testFilterTypes,
	},
	{
		name:        "FilterUnicode",
		rule:        "Where case does not count it does not beyond ASCII either, and accents may be characters of their own.",
		section:     "RFC 7644, section 5",
		consequence: "Somebody called Émile is not found and is created again.",
		run:         testFilterUnicode,
	},
	{
		name:        "FilterPages",
		rule:        "With a filter pages are cut out of what matches, and Total counts what matches.",
		section:     "RFC 7644, section 3.4.2.4",
		consequence: "The identity provider reads pages that have nothing on them, or stops too early.",
		run:         testFilterPages,
	},
	{
		name:        "FilterIDs",
		rule:        "Query.IDs and a filter restrict the result both.",
		section:     "scim.Query",
		consequence: "A search for the groups of a user with a certain name finds groups of others.",
		run:         testFilterIDs,
	},
}

func testFilterEquality(c *collection) {
	names := []string{c.word(), c.word(), c.word()}
	values := [][]assign{{}, {}, {}}
	// One's name is another's e-mail address and title.
	if emails, ok := c.typ.Attr("emails.value"); ok && c.keeps(emails) && !c.isUnique(emails) && !c.isUnique(emails.Top()) {
		values[0], values[1] = []assign{having(emails, names[1])}, []assign{having(emails, names[0])}
	}
	if a := c.text(0); a != c.naming && !c.isUnique(a) {
		values[2] = append(values[2], assign{a, names[0]})
	}
	var rs []*schema.Resource
	for i, name := range names {
		rs = append(rs, c.add(append(values[i], assign{c.naming, name})...))
	}
	n := c.naming.Path()
	texts := each(n+" eq ?", quote(names[0]), quote(names[1]), quote(strings.ToUpper(names[2])), `"nobody@example.com"`, `""`)
	texts = append(texts, each("id eq ?", quote(rs[1].ID()), quote(strings.ToUpper(rs[1].ID())+"x"), `"unknown"`)...)
	texts = append(texts,
		fmt.Sprintf("%s eq %s and id eq %s", n, quote(names[0]), quote(rs[1].ID())),
		fmt.Sprintf("%s eq %s and %s eq %s", n, quote(names[0]), n, quote(names[0])),
		fmt.Sprintf("%s eq %s and %s eq %s", n, quote(names[0]), n, quote(names[1])),
		`externalId eq "nobody"`,
	)
	c.expectFilters(texts)
}

func testFilterAttributes(c *collection) {
	var texts []string
	for range 3 {
		r := c.insert(c.full())
		for _, a := range c.attrs() {
			v := r.Get(a.Path())
			if v.IsZero() || v.IsList() || a.Type == schema.Binary {
				continue
			}
			texts = append(texts, a.Path()+" eq "+literal(v), strings.ToUpper(a.Path())+" eq "+literal(v))
		}
	}
	c.expectFilters(texts)
}

func testFilterOperators(c *collection) {
	a := c.note()
	for _, v := range []any{"a", "B", "b", "C", "bb", "aBc", "ab cd", "10", "9", nil} {
		c.add(assign{a, v})
	}
	var texts []string
	for _, op := range []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"} {
		texts = append(texts, each(a.Path()+" "+op+" ?", `"b"`, `"B"`, `"ab"`, `"9"`, `"zz"`)...)
	}
	c.expectFilters(texts)
}

func testFilterWildcards(c *collection) {
	a := c.note()
	values := []string{
		"100% sure", "100 percent sure", "under_score", "underXscore", `back\slash`, `back\\slash`, `quo"te`, "O'Brien",
		"semi;colon -- drop", "[a-z]*", "plain", "%", "_", `\`, "' OR '1'='1", "$1 ? :x @p",
	}
	for _, v := range values {
		c.add(assign{a, v})
	}
	var texts []string
	for _, v := range values {
		for _, op := range []string{"eq", "co", "sw", "ew"} {
			texts = append(texts, a.Path()+" "+op+" "+quote(v))
		}
	}
	texts = append(texts, each(a.Path()+" co ?", `"0%"`, `"r_s"`, `"k\\s"`, `"'"`, `"[a"`, `"]*"`, `"%s"`)...)
	texts = append(texts, each(a.Path()+" sw ?", `"%sure"`, `"under_"`, `"_nder"`, `"*"`)...)
	c.expectFilters(texts)
}

func testFilterLogic(c *collection) {
	a, n := c.note(), c.naming
	for i := range 9 {
		v := []any{"x", "y", nil}[i%3]
		c.add(assign{a, v}, assign{n, fmt.Sprintf("%c%s", "abc"[i/3], c.word())})
	}
	x, y, z := a.Path()+` eq "x"`, a.Path()+` eq "y"`, n.Path()+` sw "a"`
	none := "not (" + a.Path() + " pr)"
	c.expectFilters([]string{
		x + " or " + y + " and " + z,
		"(" + x + " or " + y + ") and " + z,
		z + " and (" + x + " or " + y + ")",
		z + " and " + x + " or " + y,
		"not (" + x + ")",
		"not (" + x + " or " + y + ")",
		"not (" + x + " and " + z + ")",
		"not (" + x + ") and " + z,
		"not (" + x + ") or " + z,
		x + " and not (" + z + ")",
		x + " or " + none,
		"not (not (" + x + "))",
		"(" + none + " or " + x + ") and not (" + z + " or " + n.Path() + ` sw "b")`,
		"not (" + x + ") and not (" + y + ") and not (" + z + ")",
		x + " and " + y,
		x + " or " + y + " or " + none,
		"(" + x + " or " + z + ") and (" + y + " or " + n.Path() + ` sw "b")`,
	})
}

func testFilterAbsent(c *collection) {
	a := c.note()
	for _, v := range []any{"x", "y", "X y", nil, nil} {
		c.add(assign{a, v})
	}
	texts := each("?", a.Path()+" pr", a.Path()+" eq null", a.Path()+" ne null", a.Path()+` ne "x"`, a.Path()+` eq "x"`)
	texts = append(texts, each("not ("+a.Path()+" ?)", "pr", `eq "x"`, `ne "x"`, `co "x"`, `gt "x"`, "eq null")...)
	for _, top := range c.typ.Attrs() {
		if c.writes(top) && c.keeps(top) {
			texts = append(texts, top.Path()+" pr", "not ("+top.Path()+" pr)")
		}
	}
	c.insert(c.full())
	c.expectFilters(texts)
}

// labelled returns the values and labels of a list: emails.value and emails.type.
func (c *collection) labelled() (value, label *schema.Attr) {
	for _, a := range c.typ.Attrs() {
		value, label := a.SubAttr("value"), a.SubAttr("type")
		if !a.MultiValued || !c.writes(a) || value == nil || label == nil || !c.keeps(value) || !c.keeps(label) {
			continue
		}
		if value.Type == schema.String && !c.isUniqueIn(a) && !c.refers(value) {
			return value, label
		}
	}
	c.skipf("the store keeps no list whose elements have a value and a type")
	return nil, nil
}

func testFilterElements(c *collection) {
	value, label := c.labelled()
	top := value.Top()
	elem := func(v, kind string) map[string]any { return map[string]any{value.Name: v, label.Name: kind} }
	for _, elems := range [][]map[string]any{
		{elem("a@example.com", "work"), elem("b@example.com", "home")},
		{elem("a@example.com", "home"), elem("b@example.com", "work")},
		{elem("a@example.com", "home")},
		{elem("b@example.com", "work")},
		{elem("c@example.org", "work"), elem("d@example.org", "work")},
		nil,
	} {
		c.add(assign{top, elems})
	}
	p, v, l := top.Path(), value.Path(), label.Path()
	c.expectFilters([]string{
		v + ` eq "a@example.com"`,
		v + ` eq "A@Example.com"`,
		p + ` eq "a@example.com"`,
		l + ` eq "work"`,
		l + ` eq "work" and ` + v + ` eq "a@example.com"`,
		p + `[type eq "work" and value eq "a@example.com"]`,
		p + `[type eq "work" or value eq "a@example.com"]`,
		p + `[type eq "work" and not (value eq "b@example.com")]`,
		"not (" + p + `[type eq "work"])`,
		p + `[type eq "work"] and ` + p + `[type eq "home"]`,
		p + `[type eq "work" and value sw "c"] or ` + p + `[type eq "home" and value sw "b"]`,
		v + ` ne "a@example.com"`,
		"not (" + v + ` eq "a@example.com")`,
		v + ` co "EXAMPLE.ORG"`,
		p + " pr",
		"not (" + p + " pr)",
		l + ` pr and not (` + l + ` eq "home")`,
	})
}

func testFilterTypes(c *collection) {
	var rs []*schema.Resource
	for range 4 {
		rs = append(rs, c.insert(c.full()))
	}
	rs = append(rs, c.add())
	rs[0] = c.edit(rs[0], assign{c.text(0), c.word()})
	var texts []string
	for _, path := range []string{"meta.created", "meta.lastModified"} {
		for _, r := range rs[:2] {
			at, _ := r.Get(path).Time()
			texts = append(texts, compared(path, quote(schema.FormatTime(at)), quote(at.In(time.FixedZone("", 5*3600+1800)).Format(time.RFC3339Nano)))...)
		}
	}
	for _, a := range c.attrs() {
		if a.MultiValued || a.Top().MultiValued {
			continue
		}
		for _, r := range rs[:2] {
			v := r.Get(a.Path())
			switch {
			case v.IsZero():
			case a.Type == schema.Boolean:
				texts = append(texts, each(a.Path()+" ?", "eq true", "eq false", "ne true", "pr")...)
				texts = append(texts, "not ("+a.Path()+" eq true)")
			case a.Type == schema.Integer || a.Type == schema.Decimal:
				texts = append(texts, compared(a.Path(), v.String(), "10", "1e1", "-3")...)
			case a.Type == schema.DateTime:
				at, _ := v.Time()
				texts = append(texts, compared(a.Path(), literal(v), quote(at.In(time.FixedZone("", -3600)).Format(time.RFC3339)))...)
			}
		}
	}
	c.expectFilters(texts)
}

// compared lists the comparisons of an attribute with values.
func compared(path string, values ...string) []string {
	var texts []string
	for _, op := range []string{"eq", "ne", "gt", "ge", "lt", "le"} {
		texts = append(texts, each(path+" "+op+" ?", values...)...)
	}
	return texts
}

func testFilterUnicode(c *collection) {
	a := c.note()
	values := []string{"Élan", "élan", "ÉLAN", "E\u0301lan", "Straße", "STRASSE", "ΣΊΣΥΦΟΣ", "σίσυφος", "𝒜lpha", "日本語", "👩‍👩‍👧"}
	var texts []string
	for _, v := range values {
		c.add(assign{a, v})
		texts = append(texts, each(a.Path()+" ? "+quote(v), "eq", "ne", "co", "sw", "ew")...)
	}
	c.expectFilters(append(texts, each(a.Path()+" co ?", `"É"`, `"é"`, `"SS"`, `"本"`)...))
}

func testFilterPages(c *collection) {
	a := c.note()
	for i := range 9 {
		c.add(assign{a, []any{"in", "out", "IN"}[i%3]})
	}
	for _, text := range []string{a.Path() + ` eq "in"`, a.Path() + ` co "u" or ` + a.Path() + ` sw "i"`, a.Path() + ` eq "nothing"`} {
		q := scim.Query{Filter: c.check(text), StartIndex: 1, Count: maxAll}
		page, err := c.list(c.ctx, c.tenant, q)
		if isDeclined(err) {
			continue
		}
		c.must(err, "filter %s", text)
		all := idsOf(page.Resources)
		for start := 1; start <= len(all)+1; start += 2 {
			q.StartIndex, q.Count = start, 2
			c.expectWindow(fmt.Sprintf("filter %s, StartIndex %d, Count 2", text, start), c.page(q), all, start, 2)
		}
		q.StartIndex, q.Count = 1, 0
		c.expectWindow("filter "+text+", Count 0", c.page(q), all, 1, 0)
		c.expectFilter(text, scim.Query{})
	}
}

func testFilterIDs(c *collection) {
	a := c.note()
	var ids []string
	for i := range 6 {
		ids = append(ids, c.add(assign{a, []any{"in", "out"}[i%2]}).ID())
	}
	some := append(slices.Clone(ids[:3]), "unknown")
	answered := false
	for _, text := range []string{
		a.Path() + ` eq "in"`, a.Path() + ` eq "out"`, "not (" + a.Path() + ` eq "in")`,
		"id eq " + quote(ids[0]), "id eq " + quote(ids[5]), a.Path() + ` eq "nothing"`,
	} {
		answered = c.expectFilter(text, scim.Query{IDs: some}) || answered
		c.expectFilter(text, scim.Query{IDs: []string{}})
	}
	if !answered {
		c.skipf("the store refuses all filters with ids")
	}
}
