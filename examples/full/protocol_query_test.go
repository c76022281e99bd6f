package main

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
)

// walk reads a list page by page, by number, and returns the ids in order.
func (c *suite) walk(path string, count int) (ids []string) {
	c.Helper()
	for start, total := 1, 1; start <= total; start += count {
		a := c.get(fmt.Sprintf("%s&startIndex=%d&count=%d", path, start, count)).is(200)
		n, _ := a.doc["totalResults"].(float64)
		total = int(n)
		ids = append(ids, a.each("id", "Resources")...)
	}
	return ids
}

// distinct asserts that every id is there once.
func distinct(c *suite, want, have []string) {
	c.Helper()
	assert.ElementsMatch(c, want, have)
}

// called makes users of these names, in this order.
func (c *suite) called(names ...string) {
	c.Helper()
	for _, name := range names {
		c.user(`{"userName":"` + name + `"}`)
	}
}

// querying has section 3.4.2.
var querying = []requirement{
	{"P-3.4.2-01", "MAY", "Queries go to a type or to all of them.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		c.get("/Users").total(1)
		ids := c.get("/").is(200).has([]any{macros.Replace("$LR")}, "schemas").each("id", "Resources")
		assert.Subset(c, ids, []string{u, g})
	}},
	{"P-3.4.2-02", "SHOULD", "Unknown parameters are ignored.", func(c *suite) {
		c.u1()
		c.u2()
		assert.Len(c, c.get("/Users?foo=bar&count=1").total(2).resources(), 1)
	}},
	{"P-3.4.2-03", "MUST", "The answer to a query is a ListResponse, of one result too.", func(c *suite) {
		c.u1()
		c.get("/Users").total(1)
		c.matching(1, "/Users", `userName eq "bjensen"`)
		c.matching(0, "/Users", `userName eq "nobody"`)
	}},
	{"P-3.4.2-04", "REQUIRED", "totalResults counts all that match.", func(c *suite) {
		c.users(15)
		c.get("/Users?count=5").total(15)
		a := c.get(`/Users?count=2&filter=userName sw "u00"`).total(10)
		assert.IsType(c, 1.0, a.doc["totalResults"])
	}},
	{"P-3.4.2-05", "REQUIRED", "Resources has the page.", func(c *suite) {
		c.users(15)
		a := c.get("/Users?count=5").total(15)
		require.Len(c, a.resources(), 5)
		for _, r := range a.resources() {
			assert.Regexp(c, `^u0\d\d$`, r["userName"])
		}
	}},
	{"P-3.4.2-06", "REQUIRED", "A page says where it begins.", func(c *suite) {
		c.users(15)
		c.get("/Users?startIndex=6&count=5").total(15).has(6, "startIndex")
	}},
	{"P-3.4.2-07", "REQUIRED", "A page says how much is on it.", func(c *suite) {
		c.users(15)
		a := c.get("/Users?startIndex=11&count=10").total(15).has(5, "itemsPerPage")
		assert.Len(c, a.resources(), 5)
	}},
	{"P-3.4.2-08", "SHALL", "No match is an empty list.", func(c *suite) {
		assert.Empty(c, c.matching(0, "/Users", `userName eq "nobody"`).resources())
		c.u1()
		assert.Empty(c, c.matching(0, "/Users", `userName eq "nobody"`).resources())
	}},
	{"P-3.4.2-09", "DERIVED", "A listed resource is as it is when read alone.", func(c *suite) {
		c.employee()
		c.g1(c.user(`{"userName":"u","emails":[{"value":"a@x"}]}`))
		for _, path := range []string{"/Users", "/Groups"} {
			list := c.get(path).is(200).resources()
			require.NotEmpty(c, list)
			for _, r := range list {
				meta, _ := r["meta"].(map[string]any)
				location, _ := meta["location"].(string)
				require.Contains(c, location, c.url)
				assert.Equal(c, c.get(location[len(c.url):]).is(200).doc, r)
			}
		}
	}},
	{"P-3.4.2-10", "DERIVED", "A list may be empty.", func(c *suite) {
		assert.Empty(c, c.get("/Groups").total(0).resources())
	}},
}

// rooting has section 3.4.2.1.
var rooting = []requirement{
	{"P-3.4.2.1-01", "MAY", "GET of one resource can be projected; a filter there is ignored.", func(c *suite) {
		u := c.user(`{"userName":"bjensen","active":false}`)
		shows(c, c.get("/Users/"+u+"?attributes=userName").is(200).doc, "userName")
		c.get("/Users/"+u+"?filter=active eq true").is(200).has(u, "id")
	}},
	{"P-3.4.2.1-02", "SHALL", "A query of the root finds resources of all types.", func(c *suite) {
		want := []string{c.u1(), c.u2()}
		want = append(want, c.g1(want...), c.thing(""))
		catalogs := append(c.get("/Roles").each("id", "Resources"), c.get("/Entitlements").each("id", "Resources")...)
		want = append(want, catalogs...)
		assert.ElementsMatch(c, want, c.matching(len(want), "/", "id pr").each("id", "Resources"))
		distinct(c, want, c.walk("/?filter=id pr", 2))
	}},
	{"P-3.4.2.1-03", "MAY", "meta.resourceType chooses the types.", func(c *suite) {
		g := c.g1(c.u1(), c.u2())
		assert.Equal(c, []string{g}, c.matching(1, "/", `meta.resourceType eq "Group"`).each("id", "Resources"))
		c.get("/?filter=meta.resourceType eq Group").fails(400, "invalidFilter")
		c.tolerant().matching(1, "/", "meta.resourceType eq Group")
	}},
	{"P-3.4.2.1-04", "SHALL", "A query that finds too much is tooMany.", func(c *suite) {
		c = c.withUsers(ownUsers{list: func(q *scim.Query) error {
			if q.Filter != nil && q.Count > 1 {
				return scim.ErrTooBroad
			}
			return nil
		}})
		c.users(3)
		c.get("/Users?filter=userName pr").fails(400, "tooMany")
		c.get("/Users?filter=userName pr&count=1").total(3)
	}},
	{"P-3.4.2.1-05", "MUST", "Filters over several types are filters like any other.", func(c *suite) {
		u := c.user(`{"userName":"sam","displayName":"Sam"}`)
		c.user(`{"userName":"bob","displayName":"Bob"}`)
		c.create("/Groups", `{"displayName":"Staff"}`)
		a := c.matching(1, "/", `displayName sw "S" and not (meta.resourceType eq "Group")`)
		assert.Equal(c, []string{u}, a.each("id", "Resources"))
		c.matching(2, "/", `displayName sw "S"`)
	}},
	{"P-3.4.2.1-06", "SHALL", "An attribute that a type has not is one without a value there.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		assert.Equal(c, []string{u}, c.matching(1, "/", "userName pr").each("id", "Resources"))
		assert.Equal(c, []string{g}, c.matching(1, "/", "members pr").each("id", "Resources"))
		assert.NotContains(c, c.get("/?filter=not (userName pr)").is(200).each("id", "Resources"), u)
	}},
	{"P-3.4.2.1-07", "DERIVED", "An attribute that the type has not is an error.", func(c *suite) {
		c.u1()
		for _, filter := range []string{"shoeSize eq 42", "members pr", "name.nope pr", "urn:example:Nope:a pr"} {
			c.get("/Users?filter="+filter).fails(400, "invalidFilter")
			c.tolerant().get("/Users?filter="+filter).fails(400, "invalidFilter")
		}
	}},
}

// sorting has section 3.4.2.3.
var sorting = []requirement{
	{"P-3.4.2.3-01", "OPTIONAL", "Sorting is announced, and done for a store that can't.", func(c *suite) {
		c.get("/ServiceProviderConfig").has(true, "sort", "supported")
		c = c.withUsers(ownUsers{list: noFilter})
		c.called("b", "a", "c")
		assert.Equal(c, []string{"a", "b", "c"}, c.get("/Users?sortBy=userName").total(3).names())
	}},
	{"P-3.4.2.3-02", "SHALL", "sortBy orders the results.", func(c *suite) {
		c.called("b", "a", "c")
		assert.Equal(c, []string{"a", "b", "c"}, c.get("/Users?sortBy=userName").total(3).names())
		assert.Equal(c, []string{"b"}, c.get("/Users?sortBy=userName&startIndex=2&count=1").total(3).names())
	}},
	{"P-3.4.2.3-03", "STATED", "Of several values the primary counts, else the first.", func(c *suite) {
		c.user(`{"userName":"first-c","emails":[{"value":"c@x","type":"work"},{"value":"a@x","type":"home"}]}`)
		c.user(`{"userName":"primary-b","emails":[{"value":"z@x","type":"work"},{"value":"b@x","type":"home","primary":true}]}`)
		c.user(`{"userName":"first-a","emails":[{"value":"a2@x","type":"work"},{"value":"y@x","type":"home"}]}`)
		want := []string{"first-a", "primary-b", "first-c"}
		assert.Equal(c, want, c.get("/Users?sortBy=emails.value").total(3).names())
		assert.Equal(c, want, c.get("/Users?sortBy=emails").total(3).names())
		slices.Reverse(want)
		assert.Equal(c, want, c.get("/Users?sortBy=emails.value&sortOrder=descending").total(3).names())
	}},
	{"P-3.4.2.3-04", "STATED", "A complex attribute is sorted by one of its sub-attributes.", func(c *suite) {
		c.user(`{"userName":"u","name":{"givenName":"B","familyName":"A"}}`)
		c.user(`{"userName":"v","name":{"givenName":"A","familyName":"B"}}`)
		assert.Equal(c, []string{"v", "u"}, c.get("/Users?sortBy=name.givenName").total(2).names())
		assert.Equal(c, []string{"u", "v"}, c.get("/Users?sortBy=name.familyName").total(2).names())
		c.get("/Users?sortBy=name").fails(400, "invalidPath")
		c.get("/Users?sortBy=nope").fails(400, "invalidPath")
	}},
	{"P-3.4.2.3-05", "STATED", "Without a value comes last, or first if descending.", func(c *suite) {
		c.user(`{"userName":"none"}`)
		c.user(`{"userName":"b","title":"B"}`)
		c.user(`{"userName":"a","title":"A"}`)
		assert.Equal(c, []string{"a", "b", "none"}, c.get("/Users?sortBy=title").total(3).names())
		assert.Equal(c, []string{"none", "b", "a"}, c.get("/Users?sortBy=title&sortOrder=descending").total(3).names())
	}},
	{"P-3.4.2.3-06", "SHALL", "The order is ascending unless said otherwise.", func(c *suite) {
		c.called("b", "a", "c")
		for order, want := range map[string][]string{
			"": {"a", "b", "c"}, "&sortOrder=ascending": {"a", "b", "c"}, "&sortOrder=Ascending": {"a", "b", "c"}, "&sortOrder=descending": {"c", "b", "a"},
		} {
			assert.Equal(c, want, c.get("/Users?sortBy=userName"+order).total(3).names(), order)
		}
	}},
	{"P-3.4.2.3-07", "MUST", "The order is that of the type: text with or without case, numbers, times.", func(c *suite) {
		c.called("c", "B", "a", "É", "z")
		assert.Equal(c, []string{"a", "B", "c", "z", "É"}, c.get("/Users?sortBy=userName").total(5).names())
		c.thing(`"strExact":"c","num":10,"when":"2011-05-13T06:42:34+02:00","dec":-1.5`)
		c.thing(`"strExact":"B","num":2,"when":"2011-05-13T05:00:00Z","dec":10`)
		c.thing(`"strExact":"a","num":-30,"when":"2011-05-13T04:42:34.5Z","dec":2.25`)
		for by, want := range map[string][]string{"strExact": {"B", "a", "c"}, "num": {"a", "B", "c"}, "when": {"c", "a", "B"}, "dec": {"c", "a", "B"}} {
			assert.Equal(c, want, c.get("/Things?sortBy="+by).total(3).each("strExact", "Resources"), by)
		}
	}},
	{"P-3.4.2.3-08", "DERIVED", "Pages of a sorted list don't overlap, even of equal values.", func(c *suite) {
		var want []string
		for i := range 50 {
			want = append(want, c.user(fmt.Sprintf(`{"userName":"u%d","title":"T"}`, i)))
		}
		distinct(c, want, c.walk("/Users?sortBy=title", 7))
		distinct(c, want, c.walk("/Users?sortBy=title&sortOrder=descending", 7))
		distinct(c, want, c.walk("/Users?sortBy=nickName", 7))
	}},
	{"P-3.4.2.3-09", "DERIVED", "An unknown order is an error.", func(c *suite) {
		c.get("/Users?sortBy=userName&sortOrder=up").fails(400, "invalidValue")
		c.search("/Users", `"sortBy":"userName","sortOrder":"up"`).fails(400, "invalidValue")
	}},
	{"P-3.4.2.3-10", "DERIVED", "sortBy may be a name with a URN.", func(c *suite) {
		for _, name := range []string{"b", "a", "c"} {
			c.user(`{"userName":"` + name + `","$E":{"department":"` + name + `"}}`)
		}
		assert.Equal(c, []string{"a", "b", "c"}, c.get("/Users?sortBy=$E:department").total(3).names())
		assert.Equal(c, []string{"c", "b", "a"}, c.get("/Users?sortBy=$U:userName&sortOrder=descending").total(3).names())
	}},
}

// paging has sections 3.4.2.4 and 3.4.2.5.
var paging = []requirement{
	{"P-3.4.2.4-01", "STATED", "Pages begin at 1.", func(c *suite) {
		c.users(15)
		c.get("/Users?count=5").total(15).has(1, "startIndex")
	}},
	{"P-3.4.2.4-02", "SHALL", "A startIndex below 1 is 1.", func(c *suite) {
		c.users(15)
		want := c.get("/Users?count=5").total(15).names()
		for _, start := range []string{"0", "-3"} {
			assert.Equal(c, want, c.get("/Users?count=5&startIndex="+start).total(15).has(1, "startIndex").names())
		}
	}},
	{"P-3.4.2.4-03", "MUST NOT", "A page has no more than count.", func(c *suite) {
		c.users(15)
		for _, count := range []int{1, 5, 14} {
			assert.Len(c, c.get(fmt.Sprintf("/Users?count=%d", count)).total(15).resources(), count)
		}
	}},
	{"P-3.4.2.4-04", "SHALL", "A negative count is 0.", func(c *suite) {
		c.users(15)
		assert.Empty(c, c.get("/Users?count=-1").total(15).resources())
	}},
	{"P-3.4.2.4-05", "STATED", "With a count of 0 there is only the total.", func(c *suite) {
		c.users(15)
		assert.Empty(c, c.get("/Users?count=0").total(15).has(0, "itemsPerPage").resources())
	}},
	{"P-3.4.2.4-06", "STATED", "Without count the server's maximum holds.", func(c *suite) {
		c.users(250)
		most, _ := c.get("/ServiceProviderConfig").at("filter", "maxResults").(float64)
		require.Positive(c, most)
		a := c.get("/Users").total(250)
		assert.LessOrEqual(c, len(a.resources()), int(most))
		a.has(len(a.resources()), "itemsPerPage")
	}},
	{"P-3.4.2.4-07", "DERIVED", "More than the maximum is the maximum.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.MaxResults = 20 })
		c.users(30)
		a := c.get("/Users?count=5000").total(30).has(20, "itemsPerPage")
		assert.Len(c, a.resources(), 20)
		c.get("/ServiceProviderConfig").has(20, "filter", "maxResults")
	}},
	{"P-3.4.2.4-08", "DERIVED", "Behind the end is an empty page.", func(c *suite) {
		c.users(15)
		a := c.get("/Users?startIndex=100&count=5").total(15).has(100, "startIndex").has(0, "itemsPerPage")
		assert.Empty(c, a.resources())
	}},
	{"P-3.4.2.4-09", "DERIVED", "What is no integer is an error.", func(c *suite) {
		for _, query := range []string{"count=abc", "startIndex=1.5", "count=1e3", "startIndex=99999999999999999999"} {
			c.get("/Users?"+query).fails(400, "invalidValue")
		}
	}},
	{"P-3.4.2.4-10", "DERIVED", "The numbers of a list are JSON numbers.", func(c *suite) {
		c.users(3)
		a := c.get("/Users?count=2").total(3)
		for _, name := range []string{"startIndex", "itemsPerPage", "totalResults"} {
			assert.IsType(c, 1.0, a.doc[name], name)
		}
	}},
	{"P-3.4.2.4-11", "DERIVED", "Without an order it is the same from page to page.", func(c *suite) {
		want := c.users(25)
		have := c.walk("/Users?", 5)
		distinct(c, want, have)
		assert.Equal(c, have, c.walk("/Users?", 5))
	}},
	{"P-3.4.2.4-12", "MUST", "Pages survive changes in between.", func(c *suite) {
		ids := c.users(15)
		c.get("/Users?startIndex=1&count=5").total(15)
		c.delete("/Users/" + ids[2]).is(204)
		assert.Len(c, c.get("/Users?startIndex=6&count=5").total(14).resources(), 5)
		c.u1()
		assert.Len(c, c.get("/Users?startIndex=11&count=5").total(15).resources(), 5)
	}},
	{"P-3.4.2.5-01", "MUST", "Lists can be projected.", func(c *suite) {
		c.u1()
		shows(c, c.get("/Users?attributes=userName").total(1).resources()[0], "userName")
		shows(c, c.get("/Users?excludedAttributes=emails").total(1).resources()[0], "meta", "userName", "name", "nickName")
	}},
	{"P-3.4.2.5-02", "MUST", "Names may have their URN, in lists too.", func(c *suite) {
		c.employee()
		a := c.get(`/Users?filter=userName eq "bjensen"&attributes=$U:name.givenName,$E:department`).total(1)
		shows(c, a.resources()[0], "name", "$E")
		a.has(map[string]any{"givenName": "Barbara"}, "Resources", "0", "name").has(map[string]any{"department": "D"}, "Resources", "0", "$E")
	}},
	{"P-3.4.2.5-03", "SHALL", "What is always returned can't be excluded.", func(c *suite) {
		u := c.u1()
		c.get("/Users?excludedAttributes=id,schemas,userName").total(1).
			has(u, "Resources", "0", "id").has(macros.Replace("$U"), "Resources", "0", "schemas", "0").has(nil, "Resources", "0", "userName")
		c.thing(`"always":"a"`)
		c.get("/Things?excludedAttributes=always,name").total(1).has("a", "Resources", "0", "always").has(nil, "Resources", "0", "name")
	}},
}

// searching has section 3.4.3.
var searching = []requirement{
	{"P-3.4.3-01", "SHALL", "POST to /.search is a query.", func(c *suite) {
		u := c.u1()
		c.u2()
		c.search("/Users", `"filter":"userName eq \"bjensen\""`).total(1).has(u, "Resources", "0", "id")
		c.get("/Users").total(2)
	}},
	{"P-3.4.3-02", "MAY", "A search takes all that a query takes.", func(c *suite) {
		c.users(15)
		a := c.search("/Users", `"filter":"userName pr","startIndex":6,"count":5,"sortBy":"userName","sortOrder":"descending","attributes":["userName"]`).
			total(15).has(6, "startIndex").has(5, "itemsPerPage")
		assert.Equal(c, []string{"u009", "u008", "u007", "u006", "u005"}, a.names())
		shows(c, a.resources()[0], "userName")
	}},
	{"P-3.4.3-03", "MUST", "A search names its schema.", func(c *suite) {
		c.u1()
		c.do("POST", "/Users/.search", `{"filter":"userName pr"}`).fails(400, "invalidSyntax")
		c.do("POST", "/Users/.search", `{"schemas":["$PO"],"filter":"userName pr"}`).fails(400, "invalidSyntax")
		c.tolerant().do("POST", "/Users/.search", `{"schemas":["$PO"],"filter":"userName pr"}`).fails(400, "invalidSyntax")
	}},
	{"P-3.4.3-04", "MUST", "attributes is a list of names.", func(c *suite) {
		c.user(`{"userName":"bjensen","displayName":"B","title":"T"}`)
		shows(c, c.search("/Users", `"attributes":["displayName","userName"]`).total(1).resources()[0], "userName", "displayName")
		c.search("/Users", `"attributes":7`).fails(400, "invalidValue")
	}},
	{"P-3.4.3-05", "SHALL", "excludedAttributes is a list, without effect on what is always returned.", func(c *suite) {
		u := c.u1()
		a := c.search("/Users", `"excludedAttributes":["id","emails"]`).total(1).has(u, "Resources", "0", "id")
		shows(c, a.resources()[0], "meta", "userName", "name", "nickName")
	}},
	{"P-3.4.3-06", "MUST", "The filter of a search is checked.", func(c *suite) {
		c.search("/Users", `"filter":"userName =="`).fails(400, "invalidFilter")
		c.search("/Users", `"filter":""`).fails(400, "invalidFilter")
	}},
	{"P-3.4.3-07", "MUST", "A search is sorted as a query is.", func(c *suite) {
		for _, name := range []string{"b", "a", "c"} {
			c.user(`{"userName":"` + name + `","name":{"familyName":"` + name + `"}}`)
		}
		assert.Equal(c, []string{"c", "b", "a"}, c.search("/Users", `"sortBy":"$U:name.familyName","sortOrder":"descending"`).total(3).names())
		assert.Equal(c, []string{"a", "b", "c"}, c.search("/Users", `"sortBy":"$U:name.familyName"`).total(3).names())
	}},
	{"P-3.4.3-08", "OPTIONAL", "startIndex and count are integers.", func(c *suite) {
		c.users(3)
		assert.Len(c, c.search("/Users", `"startIndex":1,"count":2`).total(3).resources(), 2)
		c.search("/Users", `"count":"2"`).fails(400, "invalidValue")
		c.search("/Users", `"startIndex":1.5`).fails(400, "invalidValue")
		assert.Len(c, c.tolerant().search("/Users", `"count":"2"`).total(3).resources(), 2)
	}},
	{"P-3.4.3-09", "STATED", "A search of the root finds resources of all types.", func(c *suite) {
		u := c.user(`{"userName":"sam","displayName":"Sam"}`)
		c.u2()
		g := c.create("/Groups", `{"displayName":"Staff"}`)
		a := c.search("", `"filter":"displayName sw \"s\"","count":10`).total(2)
		assert.ElementsMatch(c, []string{u, g}, a.each("id", "Resources"))
	}},
	{"P-3.4.3-10", "DERIVED", "Searches are only where resources are, and are no resources.", func(c *suite) {
		c.search("/Nope", "").fails(404, "")
		c.search("/Schemas", "").is(404, 405)
		c.get("/Users/.search").is(404, 405).has([]any{macros.Replace("$ER")}, "schemas")
	}},
}
