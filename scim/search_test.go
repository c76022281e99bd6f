package scim_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

const searchURN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

func (s *server) search(path, params string) *reply {
	s.t.Helper()
	return s.do("POST", path+"/.search", `{"schemas":["`+searchURN+`"]`+params+`}`)
}

func TestSearch(t *testing.T) {
	s := newServer(t)
	for i := range 15 {
		s.user(fmt.Sprintf("u%02d", i))
	}
	s.search("/Users", `,"filter":"userName eq \"U03\""`).total(1)
	r := s.search("/Users", `,"filter":"userName pr","startIndex":6,"count":5,"sortBy":"userName","sortOrder":"descending","attributes":["userName"]`).total(15) // P-3.4.3-02
	assert.EqualValues(t, 6, r.doc["startIndex"])
	assert.Equal(t, []string{"u09", "u08", "u07", "u06", "u05"}, r.values("Resources", "userName"))
	assert.NotContains(t, r.text, "meta")
	r = s.search("/Users", `,"count":1,"excludedAttributes":["id","userName"]`)
	assert.Len(t, r.doc["Resources"], 1)
	assert.NotContains(t, r.text, "userName")
	assert.NotEmpty(t, r.values("Resources", "id")[0])
	s.search("/Users", `,"filter":"userName =="`).fails(400, "invalidFilter") // P-3.4.3-06
	s.search("/Users", `,"count":"2"`).total(15)
	s.do("POST", "/Users/.search", `{"schemas":["`+patchURN+`"]}`).fails(400, "invalidSyntax")
	s.do("POST", "/Users/.search", `[]`).fails(400, "invalidSyntax")
	s.do("GET", "/Users/.search", "").fails(405, "")
	s.do("POST", "/Nope/.search", `{}`).fails(404, "")

	s = newServer(t, strict)
	s.do("POST", "/Users/.search", `{"filter":"userName pr"}`).fails(400, "invalidSyntax") // P-3.4.3-03
	s.search("/Users", `,"count":"2"`).fails(400, "invalidValue")                          // P-3.4.3-08
}

func TestSearchIsReading(t *testing.T) {
	s := newServer(t, func(c *scim.Config) { c.Auth = scim.StaticToken("secret", scim.Scope{ReadOnly: true}) })
	s.search("/Users", "").total(0)
}

func TestRoot(t *testing.T) { // P-3.4.2.1-02 to -06
	s := newServer(t)
	a := s.create("/Users", `{"userName":"a","displayName":"Sam"}`)
	b := s.create("/Users", `{"userName":"b","displayName":"bob"}`)
	g := s.group("Staff", a)
	for filter, want := range map[string][]string{
		`id pr`:                        {a, b, g},
		`meta.resourceType eq "Group"`: {g},
		`displayName sw "s" and not (meta.resourceType eq "Group")`: {a},
		`userName pr`: {a, b},
		`members pr`:  {g},
		`userName eq "a" or members eq "` + a + `"`: {a, g},
		`not (userName pr)`:                         {g},
		`userName ne "a"`:                           {b, g},
		`userName eq null`:                          {g},
		`emails[type eq "work"]`:                    {},
	} {
		t.Run(filter, func(t *testing.T) {
			s.t = t
			assert.ElementsMatch(t, want, s.find("/", filter).total(len(want)).values("Resources", "id"))
			text := strings.ReplaceAll(filter, `"`, `\"`)
			assert.ElementsMatch(t, want, s.search("", `,"filter":"`+text+`"`).total(len(want)).values("Resources", "id")) // P-3.4.3-09
		})
	}
	s.t = t
	s.find("/", `shoeSize eq 42`).fails(400, "invalidFilter")
	assert.Equal(t, []string{b, a, g}, s.get("/?sortBy=displayName").total(3).values("Resources", "id"))
	assert.Equal(t, []string{g, a}, s.get("/?sortBy=displayName&sortOrder=descending&count=2").total(3).values("Resources", "id"))
	var walked []string
	for start := 1; start <= 3; start++ {
		walked = append(walked, s.get(fmt.Sprintf("/?startIndex=%d&count=1", start)).total(3).values("Resources", "id")...)
	}
	assert.ElementsMatch(t, []string{a, b, g}, walked)
	s.get("/?sortBy=shoeSize").fails(400, "invalidPath")
	assert.ElementsMatch(t, []string{a, b, g}, s.walk("/?count=1"))
	assert.ElementsMatch(t, []string{a, b, g}, s.walk("/?count=2"))
}

// walk follows cursors to the end.
func (s *server) walk(path string) (ids []string) {
	s.t.Helper()
	cursor := ""
	for range 100_000 {
		r := s.get(path + "&cursor=" + cursor).is(200)
		ids = append(ids, r.values("Resources", "id")...)
		next, ok := r.doc["nextCursor"].(string)
		if !ok {
			return ids
		}
		cursor = next
	}
	return ids
}

func TestCursors(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newServer(t, func(c *scim.Config) {
		c.MaxResults = 100
		c.Now = func() time.Time { return now }
		c.Auth = scim.AnyOf(scim.StaticToken("secret", scim.Scope{Tenant: "t"}), scim.StaticToken("other", scim.Scope{Tenant: "o"}))
	})
	for i := range 25 {
		s.user(fmt.Sprintf("u%02d", (i*7)%25))
	}
	s.group("G")
	first := s.get("/Users?cursor&count=10").total(25) // C-2-01
	assert.Len(t, first.doc["Resources"], 10)
	assert.NotContains(t, first.doc, "startIndex")
	assert.NotContains(t, first.doc, "previousCursor")
	next := first.doc["nextCursor"].(string)
	assert.Regexp(t, regexp.MustCompile(`^[A-Za-z0-9._~-]+$`), next) // C-2-02
	assert.Len(t, s.walk("/Users?count=10"), 25)                     // C-2-06
	assert.Len(t, s.walk("/Users?count=5"), 25)                      // C-2-07
	assert.NotContains(t, s.get("/Users?cursor=&count=25").doc, "nextCursor")

	var sorted []string
	for cursor, more := "", true; more; { // C-2.2-01
		r := s.get("/Users?sortBy=userName&sortOrder=descending&count=4&cursor=" + cursor)
		sorted = append(sorted, r.values("Resources", "userName")...)
		cursor, more = r.doc["nextCursor"].(string)
	}
	require.Len(t, sorted, 25)
	for i := range sorted[1:] {
		assert.Greater(t, sorted[i], sorted[i+1])
	}

	assert.Len(t, s.get("/Users?cursor=&count=0").total(25).doc["Resources"], 0) // C-2-04
	assert.Len(t, s.get("/Users?cursor=&count=-1").doc["Resources"], 0)
	assert.Len(t, s.get("/Users?cursor=&count=5000").doc["Resources"], 25) // AM-57
	s.get("/Users?cursor=&count=abc").fails(400, "invalidValue")
	s.get("/Users?startIndex=1&cursor=&count=5").fails(400, "invalidValue") // C-2.4-02
	r := s.search("/Users", `,"cursor":"","count":10`).total(25)            // C-3-01
	s.search("/Users", `,"count":10,"cursor":"`+r.doc["nextCursor"].(string)+`"`).total(25)

	forged := s.get("/Users?cursor=forged&count=10").fails(400, "invalidCursor").text
	flipped := strings.ToUpper(next[:1]) + strings.ToLower(next[1:])
	bad := []string{
		"/Users?count=10&cursor=" + flipped,                                          // C-5.2-05
		"/Groups?count=10&cursor=" + next,                                            // C-2-11
		"/Users?count=10&filter=" + url.QueryEscape("active pr") + "&cursor=" + next, // C-2-09
	}
	for _, path := range bad {
		assert.Equal(t, forged, s.get(path).fails(400, "invalidCursor").text) // C-5.2-04
	}
	s.token = "other"
	assert.Equal(t, forged, s.get("/Users?count=10&cursor="+next).fails(400, "invalidCursor").text) // C-5.2-01
	s.token = "secret"
	now = now.Add(2 * time.Hour)
	s.get("/Users?count=10&cursor="+next).fails(400, "expiredCursor") // C-2.1-03
}

// TestCursorsUnderWrites: what stays is seen once, whatever comes and goes.
func TestCursorsUnderWrites(t *testing.T) { // C-2-12
	s := newServer(t, func(c *scim.Config) { c.MaxResults = 50 })
	stay := map[string]int{}
	var leavers []string
	for i := range 300 {
		id := s.user(fmt.Sprintf("u%03d", i))
		if i%3 == 0 {
			leavers = append(leavers, id)
			continue
		}
		stay[id] = 0
	}
	cursor, page := "", 0
	for more := true; more; page++ {
		r := s.get("/Users?count=17&cursor=" + cursor).is(200)
		for _, id := range r.values("Resources", "id") {
			if _, ok := stay[id]; ok {
				stay[id]++
			}
		}
		cursor, more = r.doc["nextCursor"].(string)
		for range 4 {
			if len(leavers) > 0 {
				s.do("DELETE", "/Users/"+leavers[len(leavers)/2], "").is(204)
				leavers = append(leavers[:len(leavers)/2], leavers[len(leavers)/2+1:]...)
			}
		}
		if page < 20 {
			s.user(fmt.Sprintf("new%d", page))
		}
	}
	for id, seen := range stay {
		require.Equal(t, 1, seen, id)
	}
}

func TestNoCursors(t *testing.T) { // a store that can't: not advertised, the parameter ignored
	s := newServer(t, func(c *scim.Config) { c.Users = struct{ scim.UserStore }{c.Users} })
	s.user("a")
	r := s.get("/Users?cursor=&startIndex=1").total(1)
	assert.Contains(t, r.doc, "startIndex")
	assert.Equal(t, false, s.get("/ServiceProviderConfig").at("pagination", "cursor"))
}

func TestMe(t *testing.T) { // P-3.11-*
	var id string
	s := newServer(t, func(c *scim.Config) {
		c.Me = func(_ context.Context, s scim.Scope) (string, error) {
			if id == "" {
				return "", scim.ErrNotFound
			}
			return id, nil
		}
	})
	s.get("/Me").fails(404, "")
	id = s.user("bjensen")
	r := s.get("/Me?attributes=userName").is(200)
	assert.Equal(t, s.url+"/Users/"+id, r.header.Get("Location"))
	assert.Equal(t, "bjensen", r.at("userName"))
	assert.Equal(t, s.url+"/Users/"+id, s.do("PUT", "/Me", `{"userName":"bjensen","title":"x"}`).is(200).at("meta", "location"))
	s.patch("/Me", `{"op":"replace","path":"nickName","value":"x"}`).is(200)
	assert.Equal(t, "x", s.get("/Users/"+id).at("nickName"))
	s.do("POST", "/Me", `{"userName":"x"}`).fails(501, "")
	s.do("DELETE", "/Me", "").is(204)
	s.get("/Users/"+id).fails(404, "")
}

func TestCatalog(t *testing.T) { // R-role-01, R-okta-01
	role := schema.MustCompile(schema.TypeConfig{Name: "Role", Schema: schema.Role()})
	entitlement := schema.MustCompile(schema.TypeConfig{Name: "Entitlement", Schema: schema.OktaEntitlement()})
	roles := func(_ context.Context, t scim.Tenant) ([]*schema.Resource, error) {
		admin, err := schema.New(role).ID("r1").Set("value", "admin").Set("supported", true).Build()
		return []*schema.Resource{admin}, err
	}
	entitlements := func(context.Context, scim.Tenant) ([]*schema.Resource, error) {
		var all []*schema.Resource
		for i := range 3 {
			r, err := schema.New(entitlement).ID(fmt.Sprint(i)).Set("displayName", fmt.Sprintf("E%d", i)).Build()
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
		return all, nil
	}
	s := newServer(t, func(c *scim.Config) {
		c.Resources = []scim.Resource{scim.Catalog(role, roles), scim.Catalog(entitlement, entitlements)}
	})
	assert.Equal(t, "admin", s.get("/Roles").total(1).doc["Resources"].([]any)[0].(map[string]any)["value"])
	s.get("/Roles/r1").is(200)
	s.get("/Roles/none").fails(404, "")
	s.find("/Roles", `value eq "ADMIN"`).total(0)
	r := s.get("/Entitlements?count=1&startIndex=1").total(3) // R-entitlement-01
	assert.EqualValues(t, 1, r.doc["itemsPerPage"])
	assert.Len(t, s.walk("/Entitlements?count=2"), 3)
	assert.Equal(t, "GET, HEAD, OPTIONS", s.do("POST", "/Roles", `{}`).fails(405, "").header.Get("Allow"))
	s.do("DELETE", "/Roles/r1", "").fails(405, "")
	assert.Equal(t, schema.RoleURN, s.get("/ResourceTypes/Role").at("schema"))
	assert.Equal(t, true, s.get("/ServiceProviderConfig").at("RolesAndEntitlements", "roles", "supported"))
}

// TestOneStoreOfTwoHandlers: filters find what a handler with types of its own has
// stored, whether by an index or by looking at each.
func TestOneStoreOfTwoHandlers(t *testing.T) {
	store := memstore.New()
	compiled := func(c *scim.Config) {
		c.UserType = schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User(), Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}}})
	}
	for name, change := range map[string]func(*scim.Config){"types of their own": compiled, "the usual types": func(*scim.Config) {}} {
		t.Run(name, func(t *testing.T) {
			use := func(c *scim.Config) { c.Users, c.Groups = store, store }
			one, other := newServer(t, use, change), newServer(t, use, change)
			id := one.create("/Users", `{"userName":"`+name+`","title":"T","emails":[{"value":"b@example.com","type":"work"}],"`+enterpriseURN+`":{"department":"D"}}`)
			for _, filter := range []string{`userName eq "` + name + `"`, `title eq "t"`, `emails[type eq "work"]`, enterpriseURN + `:department sw "d"`} {
				assert.Equal(t, []string{id}, other.find("/Users", filter).total(1).values("Resources", "id"), filter)
				other.find("/Users", `not (`+filter+`)`).total(0)
			}
			one.do("DELETE", "/Users/"+id, "").is(204)
		})
	}
}
