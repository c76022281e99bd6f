package main

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
)

// advertised is a server of which is tried what it says of itself.
type advertised struct {
	*suite
	said      *answer       // /ServiceProviderConfig
	user      string        // the id of one of its users
	passwords *atomic.Int32 // how many the application has kept
	seconds   *atomic.Int64 // how far its clock is ahead
}

// says returns a value of the configuration; of a list of objects it is their types.
func (c *advertised) says(path string) any {
	names := strings.Split(path, ".")
	v := c.said.at(names...)
	if _, ok := v.([]any); !ok {
		return v
	}
	return c.said.each("type", names...)
}

// number returns a number of the configuration, zero if it is not there.
func (c *advertised) number(path string) int {
	n, _ := c.says(path).(float64)
	return int(n)
}

// probes has what each value of /ServiceProviderConfig turns out to be. nil and false
// are what need not be said.
var probes = map[string]func(c *advertised) any{
	"patch.supported": func(c *advertised) any {
		c.patch("/Users/"+c.user, `{"op":"replace","path":"title","value":"patched"}`)
		return c.get("/Users/"+c.user).at("title") == "patched"
	},
	"bulk.supported":      func(c *advertised) any { return bulkOf(c, 1) == 200 },
	"bulk.maxOperations":  func(c *advertised) any { return largest(c, "bulk.maxOperations", bulkOf) },
	"bulk.maxPayloadSize": func(c *advertised) any { return largest(c, "bulk.maxPayloadSize", bulkOfSize) },
	"filter.supported": func(c *advertised) any {
		return c.get(`/Users?filter=userName eq "U000"`).at("totalResults") == 1.0 && c.get(`/Users?filter=userName eq "x"`).at("totalResults") == 0.0
	},
	"filter.maxResults": func(c *advertised) any { return len(c.get("/Users?count=100000&filter=userName pr").resources()) },
	"changePassword.supported": func(c *advertised) any {
		// Kept is what the application was seen to keep, or what made another version of a
		// user of whom nothing else has changed.
		before, version := c.passwords.Load(), c.get("/Users/"+c.user).header.Get("ETag")
		a := c.patch("/Users/"+c.user, `{"op":"replace","path":"password","value":"t1meMa$heen"}`)
		return a.status == 200 && (c.passwords.Load() > before || c.get("/Users/"+c.user).header.Get("ETag") != version)
	},
	"sort.supported": func(c *advertised) any {
		names := c.get("/Users?sortBy=userName&sortOrder=descending&count=5").each("userName", "Resources")
		slices.Reverse(names)
		return len(names) == 5 && slices.IsSorted(names)
	},
	"etag.supported": func(c *advertised) any {
		tag := c.get("/Users/" + c.user).header.Get("ETag")
		return tag != "" && c.get("/Users/"+c.user, "If-None-Match", tag).status == 304 &&
			c.patch("/Users/"+c.user, `{"op":"add","path":"title","value":"x"}`, "If-Match", `W/"stale"`).status == 412
	},
	"pagination.index": func(c *advertised) any {
		all := c.get("/Users?count=3").each("id", "Resources")
		return slices.Equal(all[1:], c.get("/Users?startIndex=2&count=2").each("id", "Resources"))
	},
	"pagination.cursor": func(c *advertised) any {
		next, ok := c.get("/Users?cursor=&count=2").doc["nextCursor"].(string)
		return ok && len(c.get("/Users?count=2&cursor="+next).resources()) == 2
	},
	"pagination.defaultPaginationMethod": func(c *advertised) any {
		if _, ok := c.get("/Users").doc["nextCursor"]; ok {
			return "cursor"
		}
		return "index"
	},
	"pagination.defaultPageSize": func(c *advertised) any { return len(c.get("/Users").resources()) },
	"pagination.maxPageSize":     func(c *advertised) any { return len(c.get("/Users?count=100000").resources()) },
	"pagination.cursorTimeout": func(c *advertised) any {
		next, ok := c.get("/Users?cursor=&count=2").doc["nextCursor"].(string)
		if !ok {
			return nil
		}
		start := c.seconds.Load()
		for second := range int64(60) {
			c.seconds.Store(start + second + 1)
			if a := c.get("/Users?count=2&cursor=" + next); a.status != 200 {
				a.fails(400, "expiredCursor")
				return second
			}
		}
		return nil
	},
	"interopProfileConformant": func(c *advertised) any {
		path := "/Users/" + c.user
		refused := c.patch(path, `{"op":"replace","value":{"title":"x"}}`).at("scimType") == "invalidSyntax" &&
			c.patch(path, `{"op":"add","path":"shoeSize","value":1}`).at("scimType") == "invalidSyntax" &&
			c.post("/Users", `{"userName":"interop","shoeSize":1}`).at("scimType") == "invalidSyntax" &&
			c.post("/Users", `{"userName":"interop"}`, "Content-Type", "application/json").status == 415
		c.patch(path, `{"op":"add","path":"name","value":{"givenName":"G","familyName":"F"}}`)
		c.patch(path, `{"op":"replace","path":"name","value":{"familyName":"F"}}`)
		return refused && c.get(path).at("name", "givenName") == nil && len(c.get("/Users?count=100").resources()) == 100
	},
	"authenticationSchemes": func(c *advertised) any {
		var works []string
		for scheme, header := range map[string]string{"oauthbearertoken": "Bearer " + c.token, "httpbasic": "Basic " + c.token} {
			if c.get("/Users?count=0", "Authorization", header).status == 200 {
				works = append(works, scheme)
			}
		}
		return works
	},
	"RolesAndEntitlements.roles.supported":                func(c *advertised) any { return c.get("/Roles").status == 200 },
	"RolesAndEntitlements.roles.multipleSupported":        func(c *advertised) any { return kept(c, "roles", "value") == 2 },
	"RolesAndEntitlements.roles.primarySupported":         func(c *advertised) any { return kept(c, "roles", "primary") > 0 },
	"RolesAndEntitlements.roles.typeSupported":            func(c *advertised) any { return kept(c, "roles", "type") > 0 },
	"RolesAndEntitlements.entitlements.supported":         func(c *advertised) any { return c.get("/Entitlements").status == 200 },
	"RolesAndEntitlements.entitlements.multipleSupported": func(c *advertised) any { return kept(c, "entitlements", "value") == 2 },
	"RolesAndEntitlements.entitlements.primarySupported":  func(c *advertised) any { return kept(c, "entitlements", "primary") > 0 },
	"RolesAndEntitlements.entitlements.typeSupported":     func(c *advertised) any { return kept(c, "entitlements", "type") > 0 },
}

// bulkOf sends so many operations that do nothing and returns the status.
func bulkOf(c *advertised, n int) int {
	ops := strings.TrimSuffix(strings.Repeat(`{"method":"DELETE","path":"/Users/none"},`, n), ",")
	return c.bulk(ops).status
}

// bulkOfSize sends a bulk request of that many bytes and returns the status.
func bulkOfSize(c *advertised, n int) int {
	body := macros.Replace(`{"schemas":["$BR"],"Operations":[]}`)
	return c.do("POST", "/Bulk", body+strings.Repeat(" ", max(0, n-len(body)))).status
}

// largest returns the limit that is said if it is the largest number that is taken, and
// what lies beyond is a 413; zero if none is taken.
func largest(c *advertised, limit string, send func(c *advertised, n int) int) any {
	n := c.number(limit)
	within, beyond := send(c, n), send(c, n+1)
	switch {
	case within == 200 && beyond == 413:
		return n
	case within == 501 && beyond == 501:
		return 0
	}
	return fmt.Sprintf("%d of %d, %d of one more", within, n, beyond)
}

// kept returns how many of two values of a user's attribute have a sub-attribute when
// they are read again; none if the list that they are of is not served.
func kept(c *advertised, attribute, sub string) int {
	endpoint := map[string]string{"roles": "/Roles", "entitlements": "/Entitlements"}[attribute]
	if c.get(endpoint).status != 200 {
		return 0
	}
	c.patch("/Users/"+c.user, `{"op":"replace","path":"`+attribute+`","value":[{"value":"a","type":"t","primary":true},{"value":"b"}]}`).is(200)
	n := 0
	list, _ := c.get("/Users/" + c.user).at(attribute).([]any)
	for _, e := range list {
		if _, ok := e.(map[string]any)[sub]; ok {
			n++
		}
	}
	return n
}

// servers are made in ways in which what is offered differs.
var servers = map[string]func(*advertised, *scim.Config){
	"everything":       func(_ *advertised, config *scim.Config) {},
	"no bulk requests": func(_ *advertised, config *scim.Config) { config.MaxBulkOperations = 0 },
	"no cursors":       func(_ *advertised, config *scim.Config) { config.Users = struct{ scim.UserStore }{config.Users} },
	"no groups":        func(_ *advertised, config *scim.Config) { config.Groups = nil },
	"no catalogs":      func(_ *advertised, config *scim.Config) { config.Resources = config.Resources[:1] },
	"one catalog":      func(_ *advertised, config *scim.Config) { config.Resources = config.Resources[:2] },
	"small pages":      func(_ *advertised, config *scim.Config) { config.MaxResults = 7 },
	"passwords": func(c *advertised, config *scim.Config) {
		config.Users = hooked{listingUsers: config.Users.(listingUsers), write: func(w *scim.Write) error {
			if w.Password.IsSet() {
				c.passwords.Add(1)
			}
			return nil
		}}
	},
}

// TestAdvertised: on every connection of every server, what is said is what is done, and
// what is not said is not done. Nothing is said that is not tried.
func TestAdvertised(t *testing.T) {
	for name, change := range servers {
		for _, connection := range []string{tolerantConnection, strictConnection, interopConnection, ipsieConnection} {
			t.Run(name+" "+connection, func(t *testing.T) {
				t.Parallel()
				c := advertising(t, connection, change)
				for path, probe := range probes {
					said, found := c.says(path), probe(c)
					if said == nil && found == false {
						continue // what is not done need not be said
					}
					assert.EqualValues(t, said, found, path)
				}
				for _, path := range leaves("", c.said.doc) {
					assert.Contains(t, probes, path, "it is said and not tried")
				}
				c.servesItsTypes()
			})
		}
	}
}

// advertising starts a server with more users than a page has.
func advertising(t *testing.T, connection string, change func(*advertised, *scim.Config)) *advertised {
	c := &advertised{passwords: new(atomic.Int32), seconds: new(atomic.Int64)}
	start, pages := time.Now(), 0
	c.suite = newSuite(t, func(config *scim.Config) {
		config.MaxResults, config.MaxBulkOperations, config.MaxBulkPayload, config.CursorTimeout = 100, 3, 1000, 5*time.Second
		config.Now = func() time.Time { return start.Add(time.Duration(c.seconds.Load()) * time.Second) }
		change(c, config)
		pages = config.MaxResults
	}).as(connection)
	ids := c.users(pages + 3)
	c.user = ids[0]
	c.said = c.get("/ServiceProviderConfig").is(200)
	return c
}

// servesItsTypes asserts that the resource types that are said to be there are, and no
// other.
func (c *advertised) servesItsTypes() {
	said := c.get("/ResourceTypes").is(200).each("endpoint", "Resources")
	require.NotEmpty(c, said)
	for _, endpoint := range []string{"/Users", "/Groups", "/Things", "/Roles", "/Entitlements", "/Devices"} {
		assert.Equal(c, slices.Contains(said, endpoint), c.get(endpoint).status == 200, endpoint)
		assert.Equal(c, slices.Contains(said, endpoint), c.search(endpoint, "").status == 200, endpoint)
	}
}

// leaves returns the paths of the values in a configuration, but for what is no claim.
func leaves(prefix string, doc map[string]any) []string {
	var paths []string
	for name, v := range doc {
		inner, ok := v.(map[string]any)
		switch {
		case prefix == "" && (name == "schemas" || name == "meta"):
		case ok:
			paths = append(paths, leaves(prefix+name+".", inner)...)
		default:
			paths = append(paths, prefix+name)
		}
	}
	return paths
}
