package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// cursorPaging has the requirements of RFC 9865.
var cursorPaging = []requirement{
	{"C-2-01", "MUST", "An empty cursor asks for the first page by cursor.", func(c *suite) {
		c.users(25)
		for _, path := range []string{"/Users?cursor&count=10", "/Users?cursor=&count=10"} {
			a := c.get(path).total(25).has(10, "itemsPerPage").lacks("startIndex")
			assert.Len(c, a.resources(), 10)
			assert.NotEmpty(c, a.doc["nextCursor"])
		}
	}},
	{"C-2-02", "STATED", "A cursor needs no escaping in a URL.", func(c *suite) {
		c.users(25)
		for _, path := range []string{"/Users?count=10", "/Users?count=10&sortBy=userName", "/?count=10"} {
			assert.Regexp(c, `^[A-Za-z0-9._~-]+$`, nextCursor(c, path))
		}
	}},
	{"C-2-03", "SHALL", "A negative count is none.", func(c *suite) {
		c.users(25)
		a := c.get("/Users?cursor=&count=-1").total(25).has(0, "itemsPerPage")
		assert.Empty(c, a.doc["Resources"])
	}},
	{"C-2-04", "STATED", "count=0 returns only totalResults.", func(c *suite) {
		c.users(25)
		a := c.get("/Users?cursor=&count=0").total(25).has(0, "itemsPerPage")
		assert.Empty(c, a.doc["Resources"])
	}},
	{"C-2-05", "MUST NOT", "A page has no more than count resources.", func(c *suite) {
		c.users(25)
		for _, n := range []int{1, 10, 24} {
			a := c.get(fmt.Sprintf("/Users?cursor=&count=%d", n)).total(25)
			assert.LessOrEqual(c, len(a.resources()), n)
			assert.NotEmpty(c, a.resources())
		}
	}},
	{"C-2-06", "MUST", "Every page but the last has a cursor for the next.", func(c *suite) {
		ids := c.users(25)
		got, sizes := cursorWalk(c, "/Users?count=10")
		assert.ElementsMatch(c, ids, got)
		assert.Equal(c, []int{10, 10, 5}, sizes)
	}},
	{"C-2-07", "MUST", "Only the last page has none, also if others are short or empty.", func(c *suite) {
		c.users(20)
		_, sizes := cursorWalk(c, "/Users?count=10")
		assert.Equal(c, []int{10, 10}, sizes)
		c = c.hooked(hooked{page: func(p *scim.Page) { // hides the first page and one of the second
			p.Resources = slices.DeleteFunc(slices.Clone(p.Resources), func(r *schema.Resource) bool {
				return r.Get("userName").String() <= "u010"
			})
			p.Total = 9
		}})
		c.users(20)
		got, sizes := cursorWalk(c, "/Users?count=10")
		assert.Equal(c, []int{0, 9}, sizes)
		assert.Len(c, got, 9)
	}},
	{"C-2-08", "OPTIONAL", "The first page has no cursor for one before it; others may.", func(c *suite) {
		c.users(25)
		first := c.get("/Users?cursor=&count=10").total(25).lacks("previousCursor")
		second := c.get("/Users?count=10&cursor=" + textAt(first, "nextCursor")).onward(25)
		if previous, ok := second.doc["previousCursor"].(string); ok {
			back := c.get("/Users?count=10&cursor=" + previous).onward(25)
			assert.Equal(c, first.each("id", "Resources"), back.each("id", "Resources"))
		}
	}},
	{"C-2-09", "MUST", "A cursor is good for the query that it came from.", func(c *suite) {
		activeUsers(c, 25)
		const one = "/Users?count=10&filter=active eq true&sortBy=userName"
		next := nextCursor(c, one)
		for _, other := range []string{
			"/Users?count=10&filter=active eq false&sortBy=userName",
			"/Users?count=10&sortBy=userName",
			"/Users?count=10&filter=active eq true&sortBy=displayName",
			"/Users?count=10&filter=active eq true",
			one + "&sortOrder=descending",
		} {
			c.get(other+"&cursor="+next).fails(400, "invalidCursor")
		}
		c.get(one + "&cursor=" + next).onward(25)
	}},
	{"C-2-10", "MAY", "totalResults can be left out where counting is dear; it is never wrong.", func(c *suite) {
		c.users(25)
		c.get("/Users?cursor=&count=10").total(25)
		c = c.hooked(hooked{page: func(p *scim.Page) { p.Total = -1 }})
		c.users(25)
		for cursor, more := "", true; more; {
			a := c.get("/Users?count=10&cursor="+cursor).is(200).has(urns("$LR"), "schemas").lacks("totalResults")
			assert.NotEmpty(c, a.resources())
			cursor, more = a.doc["nextCursor"].(string)
		}
	}},
	{"C-2-11", "DERIVED", "A cursor is good for one endpoint and one tenant.", func(c *suite) {
		c = c.with(twoTenants)
		for _, token := range []string{"a", "b"} {
			c.as(token).users(25)
		}
		next := nextCursor(c.as("a"), "/Users?count=10")
		c.as("a").get("/Groups?count=10&cursor="+next).fails(400, "invalidCursor")
		c.as("a").get("/?count=10&cursor="+next).fails(400, "invalidCursor")
		c.as("b").get("/Users?count=10&cursor="+next).fails(400, "invalidCursor")
		c.as("a").get("/Users?count=10&cursor=" + next).onward(25)
	}},
	{"C-2-12", "DERIVED", "A walk sees once whatever was there all the time, whoever else writes.", func(c *suite) {
		const n = 1000
		var ops []string
		for i := range n {
			ops = append(ops, bulkPost("/Users", fmt.Sprint(i), fmt.Sprintf(`{"userName":"u%03d"}`, i)))
		}
		a := c.bulk(strings.Join(ops, ",")).is(200)
		seen := map[string]int{}
		var leavers []string
		for i := range n {
			if id := bulkID(c, a, i); i%4 == 0 {
				leavers = append(leavers, id)
			} else {
				seen[id] = 0
			}
		}
		require.Len(c, seen, n*3/4)
		page := 0
		for cursor, more := "", true; more; page++ {
			a := c.get("/Users?count=50&cursor=" + cursor).is(200)
			for _, id := range a.each("id", "Resources") {
				if _, stays := seen[id]; stays {
					seen[id]++
				}
			}
			cursor, more = a.doc["nextCursor"].(string)
			for i := range 4 { // what comes and goes, before and behind this page
				at := (page*37 + i*61) % len(leavers)
				c.delete("/Users/" + leavers[at]).is(204)
				leavers = slices.Delete(leavers, at, at+1)
			}
			if page < 10 {
				c.user(fmt.Sprintf(`{"userName":"a%d"}`, page))
			}
		}
		assert.Greater(c, page, 10)
		for id, times := range seen {
			require.Equal(c, 1, times, id)
		}
	}},
	{"C-2.1-01", "SHOULD", "Parameters that are wrong are an error.", func(c *suite) {
		c.users(2)
		c.get("/Users?cursor=&count=abc").fails(400, "invalidValue")
		c.search("/Users", `"cursor":"","count":"abc"`).fails(400, "invalidValue")
		c.search("/Users", `"cursor":5`).fails(400, "invalidValue")
	}},
	{"C-2.1-02", "SHOULD", "A cursor that the server did not make is invalid.", func(c *suite) {
		c.users(25)
		next := nextCursor(c, "/Users?count=10")
		for _, cursor := range []string{"forged", "%00", next[1:], next + "A", next + next, next[:5] + "%0A" + next[5:]} {
			c.get("/Users?count=10&cursor="+cursor).fails(400, "invalidCursor")
		}
	}},
	{"C-2.1-03", "STATED", "A cursor that is too old has expired.", func(c *suite) {
		var seconds atomic.Int64
		start := time.Now()
		c = c.with(func(config *scim.Config) {
			config.CursorTimeout = time.Second
			config.Now = func() time.Time { return start.Add(time.Duration(seconds.Load()) * time.Second) }
		})
		c.users(25)
		c.get("/ServiceProviderConfig").is(200).has(1, "pagination", "cursorTimeout")
		next := nextCursor(c, "/Users?count=10")
		seconds.Store(1)
		c.get("/Users?count=10&cursor=" + next).onward(25)
		seconds.Store(3)
		c.get("/Users?count=10&cursor="+next).fails(400, "expiredCursor")
	}},
	{"C-2.1-04", "STATED", "A count beyond the limit is taken as the limit, which is published; it may change on the way.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.MaxResults = 10 })
		ids := c.users(25)
		c.get("/ServiceProviderConfig").is(200).has(10, "pagination", "maxPageSize")
		first := c.get("/Users?cursor=&count=5000").total(25)
		assert.Len(c, first.resources(), 10)
		second := c.get("/Users?count=7&cursor=" + textAt(first, "nextCursor")).onward(25)
		assert.Len(c, second.resources(), 7)
		assert.ElementsMatch(c, ids[:17], slices.Concat(first.each("id", "Resources"), second.each("id", "Resources")))
	}},
	{"C-2.2-01", "STATED", "Pages by cursor are sorted as the whole would be.", func(c *suite) {
		c.users(25)
		c.user(`{"userName":"a","nickName":"z"}`)
		c.user(`{"userName":"z","nickName":"a"}`)
		for _, query := range []string{"sortBy=userName", "sortBy=userName&sortOrder=descending", "sortBy=nickName"} {
			whole := c.get("/Users?"+query).total(27).each("id", "Resources")
			got, sizes := cursorWalk(c, "/Users?count=10&"+query)
			assert.Equal(c, whole, got, query)
			assert.Equal(c, []int{10, 10, 7}, sizes, query)
		}
		names := c.get("/Users?sortBy=userName").each("userName", "Resources")
		assert.True(c, slices.IsSorted(names), names)
	}},
	{"C-2.3-01", "MAY", "Without a cursor in the request there is none in the answer: pages have numbers.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.MaxResults = 10 })
		c.users(25)
		size := c.get("/ServiceProviderConfig").is(200).at("pagination", "defaultPageSize")
		a := c.get("/Users").total(25).has(size, "itemsPerPage").has(1, "startIndex").lacks("nextCursor")
		assert.Len(c, a.resources(), 10)
	}},
	{"C-2.4-01", "MUST", "Pages by number are the default, and the configuration says so.", func(c *suite) {
		c.users(25)
		pagination := c.get("/ServiceProviderConfig").is(200).has("index", "pagination", "defaultPaginationMethod")
		pagination.has(true, "pagination", "cursor").has(true, "pagination", "index")
		c.get("/Users").total(25).has(1, "startIndex").lacks("nextCursor")
		c.get("/Users?startIndex=11&count=10").total(25).has(11, "startIndex").lacks("nextCursor")
	}},
	{"C-2.4-02", "DERIVED", "A page has a number or a cursor, not both.", func(c *suite) {
		c.users(2)
		c.get("/Users?startIndex=1&cursor=&count=5").fails(400, "invalidValue")
		c.search("/Users", `"startIndex":1,"cursor":"","count":5`).fails(400, "invalidValue")
	}},
	{"C-3-01", "STATED", "A search has its cursor in the body.", func(c *suite) {
		ids := c.users(25)
		const query = `"count":10,"filter":"userName sw \"u\""`
		for _, path := range []string{"/Users", ""} {
			first := c.search(path, query+`,"cursor":""`).total(25).lacks("startIndex")
			second := c.search(path, query+`,"cursor":"`+textAt(first, "nextCursor")+`"`).onward(25)
			assert.Len(c, second.resources(), 10, path)
			both := slices.Concat(first.each("id", "Resources"), second.each("id", "Resources"))
			assert.Subset(c, ids, both, path)
			assert.Len(c, slices.Compact(slices.Sorted(slices.Values(both))), 20, path)
		}
	}},
	{"C-4-01", "SHOULD", "The configuration tells of paging.", func(c *suite) {
		pagination, ok := c.get("/ServiceProviderConfig").is(200).at("pagination").(map[string]any)
		require.True(c, ok)
		assert.Subset(c, slices.Collect(maps.Keys(pagination)), []string{"cursor", "index"})
		assert.Equal(c, "complex", shownAttr(c, "$SPC", "pagination")["type"])
	}},
	{"C-4-02", "REQUIRED", "It says truly which of the two ways there are.", func(c *suite) {
		for _, conn := range []*suite{c, c.with(func(config *scim.Config) { config.Users = struct{ scim.UserStore }{config.Users} })} {
			conn.users(3)
			config := conn.get("/ServiceProviderConfig").is(200).has(true, "pagination", "index")
			assert.IsType(c, true, config.at("pagination", "cursor"))
			a := conn.get("/Users?cursor=&count=2").total(3)
			_, byCursor := a.doc["nextCursor"]
			assert.Equal(c, byCursor, config.at("pagination", "cursor"))
			conn.get("/Users?startIndex=2&count=1").total(3).has(2, "startIndex").has("u001", "Resources", "0", "userName")
		}
	}},
	{"C-4-03", "OPTIONAL", "It tells the default, the sizes of pages and how long a cursor lives.", func(c *suite) {
		a := c.get("/ServiceProviderConfig").is(200)
		assert.Contains(c, []any{"cursor", "index"}, a.at("pagination", "defaultPaginationMethod"))
		for _, name := range []string{"defaultPageSize", "maxPageSize", "cursorTimeout"} {
			assert.Regexp(c, `"`+name+`":[1-9]\d*[,}]`, a.text)
			assert.Equal(c, "integer", shownAttr(c, "$SPC", "pagination."+name)["type"])
		}
		assert.Equal(c, "boolean", shownAttr(c, "$SPC", "pagination.cursor")["type"])
		assert.Equal(c, "boolean", shownAttr(c, "$SPC", "pagination.index")["type"])
		assert.ElementsMatch(c, []any{"cursor", "index"}, shownAttr(c, "$SPC", "pagination.defaultPaginationMethod")["canonicalValues"])
	}},
	{"C-4-04", "MUST NOT", "There are limits, and those that hold are published.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.MaxResults = 7 })
		c.users(10)
		a := c.get("/ServiceProviderConfig").is(200).has(7, "pagination", "maxPageSize").has(7, "pagination", "defaultPageSize")
		a.has(7, "filter", "maxResults")
		assert.Len(c, c.get("/Users?cursor=").total(10).resources(), 7)
		assert.Len(c, c.get("/Users?cursor=&count=10").total(10).resources(), 7)
	}},
	{"C-5.2-01", "MUST", "The cursor of another connection opens nothing.", func(c *suite) {
		c.users(25)
		next := nextCursor(c, "/Users?count=10")
		c.tolerant().get("/Users?count=10&cursor="+next).fails(400, "invalidCursor").lacks("Resources")
		c.as("wrong").get("/Users?count=10&cursor="+next).fails(401, "")
		c.get("/Users?count=10&cursor=" + next).onward(25)
	}},
	{"C-5.2-02", "MUST", "Each page asks anew whether the client may have it.", func(c *suite) {
		var revoked atomic.Bool
		c = c.with(func(config *scim.Config) {
			auth := config.Auth
			config.Auth = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
				if revoked.Load() {
					return scim.Scope{}, scim.Forbidden("This connection was turned off.")
				}
				return auth.Authenticate(r)
			})
		})
		c.users(25)
		next := nextCursor(c, "/Users?count=10")
		revoked.Store(true)
		c.get("/Users?count=10&cursor="+next).fails(403, "").lacks("Resources", "totalResults")
	}},
	{"C-5.2-03", "SHOULD", "What a client may see any more decides, not what it might when it began; the total too.", func(c *suite) {
		var demoted atomic.Bool
		c = c.hooked(hooked{page: func(p *scim.Page) {
			if demoted.Load() {
				p.Resources, p.Total = p.Resources[:min(2, len(p.Resources))], 12
			}
		}})
		c.users(25)
		next := nextCursor(c, "/Users?count=10")
		demoted.Store(true)
		a := c.get("/Users?count=10&cursor="+next).is(200, 400)
		if a.status == 400 {
			a.fails(400, "invalidCursor")
			return
		}
		assert.Len(c, a.total(12).resources(), 2)
	}},
	{"C-5.2-04", "MUST", "The error does not tell a forged cursor from another's or from one of a server that is gone.", func(c *suite) {
		c.users(25)
		gone := c.with(func(*scim.Config) {})
		gone.users(25)
		forged := c.get("/Users?count=10&cursor=forged").fails(400, "invalidCursor").text
		for _, cursor := range []string{nextCursor(c.tolerant(), "/Users?count=10"), nextCursor(gone, "/Users?count=10"), nextCursor(c, "/?count=10")} {
			assert.Equal(c, forged, c.get("/Users?count=10&cursor="+cursor).fails(400, "invalidCursor").text)
		}
	}},
	{"C-5.2-05", "STATED", "A cursor tells nothing, and a change of any letter is noticed.", func(c *suite) {
		ids := c.users(25)
		const path = "/Users?count=10&sortBy=userName"
		next := nextCursor(c, path)
		for skip := range 4 { // wherever base64 begins
			text, _ := base64.RawURLEncoding.DecodeString(next[skip : skip+(len(next)-skip)/4*4])
			assert.NotContains(c, string(text), ids[9])
			assert.NotContains(c, string(text), "u009")
		}
		assert.NotEqual(c, next, nextCursor(c, path), "the same place looks the same")
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		for i := range next {
			flipped := letters[strings.IndexByte(letters, next[i])^1]
			a := c.get(path + "&cursor=" + next[:i] + string(flipped) + next[i+1:])
			require.Equal(c, 400, a.status, "letter %d of %d", i, len(next))
			a.fails(400, "invalidCursor")
		}
	}},
	{"C-5.3-01", "STATED", "Cursors cost the server nothing to keep; who asks too often can be told to wait.", func(c *suite) {
		key := bytes.Repeat([]byte{7}, 32)
		one := c.with(func(config *scim.Config) { config.CursorKey = key })
		other := c.with(func(config *scim.Config) {
			config.CursorKey = key
			config.Users, config.UserType = one.data.users, one.data.userType
			config.Groups, config.GroupType = one.data.groups, one.data.groupType
			config.State = one.data.state
		})
		ids := one.users(25)
		second := other.get("/Users?count=10&cursor=" + nextCursor(one, "/Users?count=10")).onward(25)
		assert.Equal(c, ids[10:20], second.each("id", "Resources"))

		var asked atomic.Int64
		limited := c.with(func(config *scim.Config) {
			auth := config.Auth
			config.Auth = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
				if asked.Add(1) > 3 {
					return scim.Scope{}, &scim.Error{Status: http.StatusTooManyRequests, Detail: "Too many requests."}
				}
				return auth.Authenticate(r)
			})
		})
		for range 3 {
			limited.get("/Users?cursor=").total(0)
		}
		a := limited.get("/Users?cursor=").fails(429, "")
		wait, err := strconv.Atoi(a.header.Get("Retry-After"))
		assert.NoError(c, err)
		assert.Positive(c, wait)
	}},
}

// nextCursor asks for the first page of a query by cursor and returns the cursor of
// the second.
func nextCursor(c *suite, path string) string {
	c.Helper()
	return textAt(c.get(path+"&cursor=").is(200), "nextCursor")
}

// cursorWalk reads all pages of a query and returns the ids and the sizes of pages.
func cursorWalk(c *suite, path string) (ids []string, sizes []int) {
	c.Helper()
	for cursor, more := "", true; more; {
		a := c.get(path + "&cursor=" + cursor).is(200)
		page := a.each("id", "Resources")
		ids, sizes = append(ids, page...), append(sizes, len(page))
		a.has(len(page), "itemsPerPage")
		cursor, more = a.doc["nextCursor"].(string)
		require.Less(c, len(sizes), 100, "no end of pages")
	}
	return ids, sizes
}

// activeUsers makes users of whom all are active.
func activeUsers(c *suite, n int) {
	c.Helper()
	for i := range n {
		c.user(fmt.Sprintf(`{"userName":"u%03d","active":true}`, i))
	}
}
