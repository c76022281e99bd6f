package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// interopProfile has what the SCIM 2.0 Interoperability Profile
// (draft-zollner-scim-interop-profile) demands of service providers.
var interopProfile = []requirement{
	{"I-conformance-01", "MUST", "A connection that keeps to the profile says so, and no other does.", func(c *suite) {
		const claim = "interopProfileConformant"
		for connection, keeps := range map[string]bool{interopConnection: true, ipsieConnection: true, strictConnection: false, tolerantConnection: false, "": false} {
			a := c.as(connection).get("/ServiceProviderConfig").is(200)
			attributes := c.as(connection).get("/Schemas/$SPC").is(200).each("name", "attributes")
			if keeps {
				a.has(true, claim)
				assert.Contains(c, attributes, claim)
			} else {
				a.lacks(claim)
				assert.NotContains(c, attributes, claim)
			}
		}
		// Whoever turns off what it demands claims it no more.
		for name, change := range map[string]func(*scim.Dialect){
			"RefuseNoPath":           func(d *scim.Dialect) { d.RefuseNoPath = false },
			"UnknownIsSyntax":        func(d *scim.Dialect) { d.UnknownIsSyntax = false },
			"OverwriteComplex":       func(d *scim.Dialect) { d.OverwriteComplex = false },
			"RefusePlainJSON":        func(d *scim.Dialect) { d.RefusePlainJSON = false },
			"RefuseUnknown":          func(d *scim.Dialect) { d.RefuseUnknown = false },
			"Decoding.RefuseUnknown": func(d *scim.Dialect) { d.Decoding.RefuseUnknown = false },
			"Decoding.RefuseSchemas": func(d *scim.Dialect) { d.Decoding.RefuseSchemas = false },
			"pages of 99":            func(d *scim.Dialect) { d.MaxResults = 99 },
		} {
			d := scim.Interop()
			change(&d)
			assert.NotContains(c, c.speaking(d).get("/ServiceProviderConfig").is(200).doc, claim, name)
		}
		c.speaking(scim.Interop()).get("/ServiceProviderConfig").is(200).has(true, claim)
	}},
	{"I-discovery-01", "MUST", "What is served is described, and nothing else.", func(c *suite) {
		c = c.as(interopConnection)
		c.get("/ServiceProviderConfig").is(200)
		described := c.get("/Schemas").is(200).each("id", "Resources")
		types := c.get("/ResourceTypes").is(200).resources()
		require.NotEmpty(c, types)
		for _, t := range types {
			assert.Contains(c, described, t["schema"])
			for _, e := range t["schemaExtensions"].([]any) {
				assert.Contains(c, described, e.(map[string]any)["schema"])
			}
		}
		u := c.u1()
		for _, attribute := range c.get("/Schemas/$U").is(200).each("name", "attributes") { // each is known, and nothing else
			if a := c.patch("/Users/"+u, `{"op":"remove","path":"`+attribute+`"}`); a.status != 200 {
				a.fails(400, "mutability")
			}
			c.patch("/Users/"+u, `{"op":"remove","path":"`+attribute+`x"}`).fails(400, "invalidSyntax")
		}
	}},
	{"I-discovery-02", "MUST", "The id of a resource type is its name.", func(c *suite) {
		a := c.as(interopConnection).get("/ResourceTypes").is(200)
		assert.NotEmpty(c, a.resources())
		assert.Equal(c, a.each("name", "Resources"), a.each("id", "Resources"))
	}},
	{"I-case-01", "MUST", "Case counts in filters where it counts for what is unique: for id and externalId, not for userName.", func(c *suite) {
		c = c.as(interopConnection)
		id := c.user(`{"userName":"JSmith","externalId":"ABC-123"}`)
		c.get(`/Users?filter=userName eq "jsmith"`).total(1)
		c.post("/Users", `{"userName":"jsmith"}`).fails(409, "uniqueness")
		c.get(`/Users?filter=externalId eq "abc-123"`).total(0)
		c.get(`/Users?filter=externalId eq "ABC-123"`).total(1)
		c.get(`/Users?filter=id eq "` + strings.ToUpper(id) + `x"`).total(0)
		c.get("/Users/"+strings.ToUpper(id)).fails(404, "")
		c.user(`{"userName":"other","externalId":"abc-123"}`)
	}},
	{"I-unknown-01", "MUST", "Attributes and URIs that no schema has are an invalidSyntax.", func(c *suite) {
		c = c.as(interopConnection)
		u := c.u1()
		c.post("/Users", `{"userName":"x","shoeSize":1}`).fails(400, "invalidSyntax")
		c.post("/Users", `{"schemas":["$U","urn:example:none"],"userName":"x"}`).fails(400, "invalidSyntax")
		c.post("/Users", `{"schemas":["$U"],"userName":"x","urn:example:none":{"a":1}}`).fails(400, "invalidSyntax")
		c.put("/Users/"+u, `{"userName":"bjensen","shoeSize":1}`).fails(400, "invalidSyntax")
		c.refuses("/Users/"+u, 400, "invalidSyntax",
			`{"op":"add","path":"shoeSize","value":1}`,
			`{"op":"replace","path":"name.shoeSize","value":1}`,
			`{"op":"remove","path":"urn:example:none:a"}`,
			`{"op":"add","path":"name","value":{"shoeSize":1}}`)
		c.get("/Users").total(1)
	}},
	{"I-canonical-01", "MUST", "The schema says which types addresses have.", func(c *suite) {
		for _, name := range []string{"emails", "phoneNumbers", "ims", "addresses", "photos"} {
			assert.NotEmpty(c, shownAttr(c.as(interopConnection), "$U", name+".type")["canonicalValues"], name)
		}
		open := schema.User()
		for i := range open.Attributes {
			for k := range open.Attributes[i].Sub {
				open.Attributes[i].Sub[k].Canonical = nil
			}
		}
		c = c.with(func(config *scim.Config) {
			config.UserType = compiled(c, schema.TypeConfig{Name: "User", Schema: open})
		})
		c.as(interopConnection).get("/ServiceProviderConfig").is(200).lacks("interopProfileConformant")
	}},
	{"I-endpoints-01", "MUST", "A resource has one address: that of its id.", func(c *suite) {
		c = c.as(interopConnection)
		u := c.u1()
		c.get("/Users/bjensen").fails(404, "")
		c.get("/Groups/"+u).fails(404, "")
		c.get("/Users/" + u).is(200)
	}},
	{"I-content-01", "MUST", "What is sent and answered is application/scim+json.", func(c *suite) {
		c = c.as(interopConnection)
		for _, contentType := range []string{"application/json", "text/json", "", "application/scim+json; charset=latin1"} {
			c.post("/Users", `{"userName":"x"}`, "Content-Type", contentType).fails(415, "")
			c.do("POST", "/Users/.search", `{"schemas":["$SR"]}`, "Content-Type", contentType).fails(415, "")
			c.do("POST", "/Bulk", `{"schemas":["$BR"],"Operations":[]}`, "Content-Type", contentType).fails(415, "")
		}
		for i, contentType := range []string{"application/scim+json", "application/scim+json; charset=UTF-8"} {
			a := c.post("/Users", fmt.Sprintf(`{"userName":"u%d"}`, i), "Content-Type", contentType, "Accept", "application/json").is(201)
			assert.Equal(c, "application/scim+json", a.header.Get("Content-Type"))
		}
		assert.Equal(c, "201", bulkStatuses(c.bulk(bulkPost("/Users", "1", `{"userName":"x"}`)).is(200)))
		assert.Equal(c, "application/scim+json", c.get("/Users", "Accept", "application/json").total(3).header.Get("Content-Type"))
	}},
	{"I-filter-01", "MUST", "Filters have eq and and.", func(c *suite) {
		c = c.as(interopConnection)
		c.user(`{"userName":"a","active":true}`)
		c.get(`/Users?filter=userName eq "a" and active eq true`).total(1)
		c.get(`/Users?filter=userName eq "a" and active eq false`).total(0)
	}},
	{"I-filter-02", "MUST NOT", "A filter in a URL goes with GET only.", func(c *suite) {
		c = c.as(interopConnection)
		u := c.u1()
		for _, method := range []string{"PATCH", "PUT", "DELETE"} {
			c.do(method, `/Users?filter=userName eq "bjensen"`, `{}`).fails(405, "")
		}
		c.get("/Users/" + u).is(200)
	}},
	{"I-filter-03", "MUST", "A filter on what no schema has is an invalidFilter.", func(c *suite) {
		c.as(interopConnection).get("/Users?filter=shoeSize eq 1").fails(400, "invalidFilter")
		c.as(interopConnection).get(`/Groups?filter=userName eq "x"`).fails(400, "invalidFilter")
	}},
	{"I-paging-01", "MUST", "A page of 100 can be asked for, and is the least of one that nobody sized.", func(c *suite) {
		c = c.as(interopConnection)
		c.users(150)
		for _, path := range []string{"/Users?count=100", "/Users?count=100&startIndex=2", "/Users?count=100&cursor="} {
			assert.Len(c, c.get(path).total(150).resources(), 100, path)
		}
		assert.GreaterOrEqual(c, len(c.get("/Users").total(150).resources()), 100)
		c.get("/Users?count=100000").total(150)
	}},
	{"I-patch-01", "MUST", "Every operation has a path.", func(c *suite) {
		c = c.as(interopConnection)
		c.refuses("/Users/"+c.u1(), 400, "invalidSyntax",
			`{"op":"replace","value":{"active":false}}`,
			`{"op":"add","path":null,"value":{"title":"x"}}`,
			`{"op":"add","path":"title","value":"x"},{"op":"add","value":{"nickName":"x"}}`)
	}},
	{"I-patch-02", "MUST", "add and replace do the same to a single value.", func(c *suite) {
		c = c.as(interopConnection)
		u := c.u1()
		c.patch("/Users/"+u, `{"op":"add","path":"title","value":"a"},{"op":"replace","path":"title","value":"b"}`).is(200).has("b", "title")
		c.patch("/Users/"+u, `{"op":"replace","path":"displayName","value":"x"},{"op":"add","path":"displayName","value":"y"}`).is(200).has("y", "displayName")
	}},
	{"I-patch-03", "MUST", "replace of a complex value leaves nothing of the old one; add merges.", func(c *suite) {
		for connection, want := range map[string]map[string]any{
			interopConnection: {"familyName": "F"},
			strictConnection:  {"familyName": "F", "givenName": "Barbara", "middleName": "Jane", "formatted": "Ms. Barbara J Jensen"},
		} {
			c := c.with(func(*scim.Config) {}).as(connection)
			u := c.u1()
			c.patch("/Users/"+u, `{"op":"replace","path":"name","value":{"familyName":"F"}}`).is(200).has(want, "name")
			want["givenName"] = "G"
			c.patch("/Users/"+u, `{"op":"add","path":"name","value":{"givenName":"G"}}`).is(200).has(want, "name")
		}
	}},
	{"I-patch-04", "MUST", "What is added to a list, or put in its place, is a list.", func(c *suite) {
		c = c.as(interopConnection)
		u := c.u1()
		c.refuses("/Users/"+u, 400, "invalidValue",
			`{"op":"add","path":"emails","value":{"value":"a@x"}}`,
			`{"op":"replace","path":"emails","value":{"value":"a@x"}}`)
		a := c.patch("/Users/"+u, `{"op":"add","path":"emails","value":[{"value":"a@x","type":"other"}]}`).is(200)
		assert.Equal(c, []string{"work", "home", "other"}, a.each("type", "emails"))
		c.patch("/Groups/"+c.g1(), `{"op":"add","path":"members","value":{"value":"`+u+`"}}`).fails(400, "invalidValue")
	}},
	{"I-patch-05", "MUST", "A path does not end with a filter. It may be refused; by default members can be removed so.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		remove := `{"op":"remove","path":"members[value eq \"` + u + `\"]"}`
		d := scim.Interop()
		d.RefuseElements = true
		other := c.speaking(d)
		v := other.u1()
		other.refuses("/Groups/"+other.g1(v), 400, "invalidPath", `{"op":"remove","path":"members[value eq \"`+v+`\"]"}`)
		other.refuses("/Users/"+v, 400, "invalidPath", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"x"}}`)
		other.patch("/Users/"+v, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"x"}`).is(200).has("x", "emails", "0", "value")
		other.get("/ServiceProviderConfig").is(200).has(true, "interopProfileConformant")

		c.as(interopConnection).patch("/Groups/"+g, remove).is(204)
		c.get("/Groups/" + g).is(200).lacks("members")
	}},
	{"I-lifecycle-01", "MUST NOT", "PATCH deletes nobody, and DELETE does not merely deactivate.", func(c *suite) {
		c = c.as(interopConnection)
		u := c.u1()
		c.patch("/Users/"+u, `{"op":"replace","path":"active","value":false}`).is(200, 204)
		c.get("/Users/"+u).is(200).has(false, "active")
		c.delete("/Users/" + u).is(204)
		c.get("/Users/"+u).fails(404, "")
		c.delete("/Users/"+u).fails(404, "")
		c.patch("/Users/"+u, `{"op":"replace","path":"active","value":true}`).fails(404, "")
		c.get("/Users").total(0)
	}},
	{"I-lifecycle-02", "MUST", "What identified a deleted resource is free.", func(c *suite) {
		c = c.as(interopConnection)
		u := c.u1()
		c.delete("/Users/" + u).is(204)
		assert.NotEqual(c, u, c.u1())
	}},
	{"I-etag-01", "MAY", "Conditions on versions, which clients must not send, may be looked at or not.", func(c *suite) {
		c = c.as(interopConnection)
		c.get("/Users/"+c.u1(), "If-None-Match", "*").is(200, 304, 412)
	}},
	{"I-errors-01", "MUST", "A value that is taken is a 409.", func(c *suite) {
		c = c.as(interopConnection)
		c.u1()
		u2 := c.u2()
		c.post("/Users", `{"userName":"bjensen"}`).fails(409, "uniqueness")
		c.patch("/Users/"+u2, `{"op":"replace","path":"userName","value":"bjensen"}`).fails(409, "uniqueness")
	}},
}

// ipsieProfile has what the OpenID profile for account lifecycle (IPSIE AL SCIM 2.0
// Profile) demands besides.
var ipsieProfile = []requirement{
	{"A-4.1-01", "MUST", "A token of another scope is a 403.", func(c *suite) {
		c = c.with(func(config *scim.Config) {
			config.Auth = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
				if token, _ := scim.BearerToken(r); token != "scope=scim" {
					return scim.Scope{}, scim.Forbidden("insufficient_scope: the token has not the scope scim.")
				}
				return scim.Scope{Tenant: tenant, Connection: ipsieConnection}, nil
			})
		})
		a := c.as("scope=openid").get("/Users").fails(403, "")
		assert.Contains(c, a.doc["detail"], "insufficient_scope")
		c.as("scope=scim").get("/Users").total(0)
	}},
	{"A-4.2-01", "MUST", "The interoperability profile is kept to as well.", func(c *suite) {
		c = c.as(ipsieConnection)
		c.get("/ServiceProviderConfig").is(200).has(true, "interopProfileConformant")
		interop, ipsie := scim.Interop(), scim.IPSIE()
		interop.Decoding.RefusePasswords, interop.MaxResults = true, 1000
		assert.Equal(c, interop, ipsie, "the same but for passwords and the size of pages")
	}},
	{"A-4.3-01", "MUST", "Who asks too often is told when to come back, at all endpoints.", func(c *suite) {
		var asked atomic.Int64
		const most = 25
		c = c.with(func(config *scim.Config) {
			auth := config.Auth
			config.Auth = scim.AuthenticatorFunc(func(r *http.Request) (scim.Scope, error) {
				if asked.Add(1) > most {
					return scim.Scope{}, &scim.Error{Status: http.StatusTooManyRequests, Detail: "Too many requests."}
				}
				return auth.Authenticate(r)
			})
		}).as(ipsieConnection)
		for range most {
			c.get("/Users").total(0)
		}
		for _, path := range []string{"/Users", "/Users/x", "/Groups", "/Groups/x", "/Things", "/Me", "/", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes"} {
			assert.Regexp(c, `^\d+$`, c.get(path).fails(429, "").header.Get("Retry-After"), path)
		}
		for _, path := range []string{"/Users", "/Bulk", "/Users/.search", "/.search"} {
			assert.Regexp(c, `^\d+$`, c.do("POST", path, `{}`).fails(429, "").header.Get("Retry-After"), path)
		}
	}},
	{"A-4.3-02", "MUST", "There are bulk requests.", func(c *suite) {
		c = c.as(ipsieConnection)
		c.get("/ServiceProviderConfig").is(200).has(true, "bulk", "supported")
		assert.Equal(c, "201", bulkStatuses(c.bulk(bulkPost("/Users", "1", `{"userName":"b1"}`)).is(200)))
		bulkFailure(c, c.bulk(bulkPost("/Users", "2", `{"userName":"b2","password":"x"}`)).is(200), 0, "400", "invalidSyntax")
	}},
	{"A-4.3-03", "MUST", "One PATCH can change several attributes.", func(c *suite) {
		c = c.as(ipsieConnection)
		a := c.patch("/Users/"+c.u1(), `{"op":"replace","path":"title","value":"a"},{"op":"replace","path":"displayName","value":"b"}`).is(200)
		a.has("a", "title").has("b", "displayName")
	}},
	{"A-5.1-01", "MUST", "The application learns once of each change of active.", func(c *suite) {
		var changes []string
		c = c.refusing(func(w *scim.Write) error {
			was := w.Old != nil && w.Old.Get("active").String() == "false"
			if is := w.New.Get("active").String() == "false"; is != was {
				changes = append(changes, fmt.Sprint("inactive: ", is))
			}
			return nil
		}).as(ipsieConnection)
		u := c.u1()
		for _, active := range []string{"false", "false", "true", "true"} {
			c.patch("/Users/"+u, `{"op":"replace","path":"active","value":`+active+`}`).is(200)
		}
		assert.Equal(c, []string{"inactive: true", "inactive: false"}, changes)
	}},
	{"A-5.2-01", "MUST", "The userName of a deleted user is free.", func(c *suite) {
		c = c.as(ipsieConnection)
		c.delete("/Users/" + c.u1()).is(204)
		c.user(`{"userName":"bjensen"}`)
	}},
	{"A-5.3-01", "MUST", "A user can be read.", func(c *suite) {
		c = c.as(ipsieConnection)
		c.get("/Users/"+c.u1()).is(200).has("bjensen", "userName")
	}},
	{"A-5.4-01", "MUST", "Users are found by userName, externalId and e-mail.", func(c *suite) {
		c = c.as(ipsieConnection)
		c.u2()
		c.user(`{"userName":"bjensen","externalId":"e","emails":[{"value":"a@x","type":"work"},{"value":"b@x","type":"home"}]}`)
		for filter, n := range map[string]int{
			`userName eq "bjensen"`: 1, `externalId eq "e"`: 1, `emails[value eq "a@x"]`: 1, `emails[type eq "work" and value eq "a@x"]`: 1,
			`userName eq "nobody"`: 0, `externalId eq "E"`: 0, `emails[value eq "c@x"]`: 0, `emails[type eq "work" and value eq "b@x"]`: 0,
		} {
			a := c.get("/Users?filter=" + filter).total(n)
			if n > 0 {
				a.has("bjensen", "Resources", "0", "userName")
			}
		}
	}},
	{"A-6.1-01", "MUST", "Users have userName, displayName and active, and an externalId.", func(c *suite) {
		c = c.as(ipsieConnection)
		assert.Subset(c, c.get("/Schemas/$U").is(200).each("name", "attributes"), []string{"userName", "displayName", "active"})
		u := c.user(`{"userName":"bjensen","displayName":"Babs","active":true,"externalId":"e"}`)
		c.get("/Users/"+u).is(200).has("bjensen", "userName").has("Babs", "displayName").has(true, "active").has("e", "externalId")
	}},
	{"A-6.1-02", "MUST NOT", "There are no passwords.", func(c *suite) {
		c = c.refusing(func(*scim.Write) error { return nil }) // an application that could keep them
		for connection, has := range map[string]bool{ipsieConnection: false, strictConnection: true} {
			c := c.as(connection)
			c.get("/ServiceProviderConfig").is(200).has(has, "changePassword", "supported")
			for _, schemas := range [][]string{c.get("/Schemas/$U").is(200).each("name", "attributes"), attributesOf(c, "$U")} {
				assert.Equal(c, has, strings.Contains(strings.Join(schemas, " "), "password"), schemas)
				assert.Contains(c, schemas, "userName")
			}
		}
		c = c.as(ipsieConnection)
		u := c.u1()
		c.post("/Users", `{"userName":"x","password":"t1meMa$heen"}`).fails(400, "invalidSyntax")
		c.put("/Users/"+u, `{"userName":"bjensen","password":"t1meMa$heen"}`).fails(400, "invalidSyntax")
		c.refuses("/Users/"+u, 400, "invalidSyntax", `{"op":"replace","path":"password","value":"t1meMa$heen"}`, `{"op":"remove","path":"password"}`)
		c.get("/Users").total(1)
	}},
	{"A-6.1-03", "MUST", "Pages have 1,000 users at most.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.MaxResults = 5000 })
		const n = 1100
		ops := make([]string, n)
		for i := range ops {
			ops[i] = bulkPost("/Users", fmt.Sprint(i), fmt.Sprintf(`{"userName":"u%d"}`, i))
		}
		c.bulk(strings.Join(ops, ",")).is(200)
		for connection, size := range map[string]int{ipsieConnection: 1000, strictConnection: n} {
			c := c.as(connection)
			for _, path := range []string{"/Users?count=5000", "/Users", "/Users?cursor="} {
				assert.Len(c, c.get(path).total(n).resources(), size, path)
			}
		}
		c.as(ipsieConnection).get("/ServiceProviderConfig").is(200).has(1000, "pagination", "maxPageSize").has(1000, "filter", "maxResults")
	}},
	{"A-6.2-01", "MUST", "Groups can be without members, and have names of their own.", func(c *suite) {
		c = c.as(ipsieConnection)
		assert.Subset(c, c.get("/Schemas/$G").is(200).each("name", "attributes"), []string{"displayName", "members"})
		g := c.create("/Groups", `{"displayName":"Tour Guides","members":[],"externalId":"e"}`)
		c.get("/Groups/"+g).is(200).lacks("members").has("e", "externalId")
		c.post("/Groups", `{"displayName":"Tour Guides"}`).fails(409, "uniqueness")
	}},
	{"A-6.2-02", "MUST", "Groups are found by displayName, externalId and member.", func(c *suite) {
		c = c.as(ipsieConnection)
		u := c.u1()
		c.create("/Groups", `{"displayName":"Tour Guides","externalId":"e","members":[{"value":"`+u+`"}]}`)
		c.create("/Groups", `{"displayName":"Drivers"}`)
		for filter, n := range map[string]int{
			`displayName eq "Tour Guides"`: 1, `externalId eq "e"`: 1, `members[value eq "` + u + `"]`: 1,
			`displayName eq "Nobody"`: 0, `externalId eq "f"`: 0, `members[value eq "x"]`: 0,
		} {
			a := c.get("/Groups?filter=" + filter).total(n)
			if n > 0 {
				a.has("Tour Guides", "Resources", "0", "displayName")
			}
		}
	}},
	{"A-6.2-03", "MUST", "One PATCH can have fifty operations on members.", func(c *suite) {
		c = c.as(ipsieConnection)
		ids := c.users(50)
		g := c.g1(ids[:25]...)
		var ops []string
		for i, id := range ids {
			op := `{"op":"remove","path":"members[value eq \"` + id + `\"]"}`
			if i >= 25 {
				op = `{"op":"add","path":"members","value":[{"value":"` + id + `"}]}`
			}
			ops = append(ops, op)
		}
		c.patch("/Groups/"+g, strings.Join(ops, ",")).is(200, 204)
		assert.ElementsMatch(c, ids[25:], c.get("/Groups/"+g).is(200).each("value", "members"))
	}},
	{"A-8-01", "SHALL", "What was done can be told, with or without values; and errors leak nothing.", func(c *suite) {
		var mu sync.Mutex
		var log []scim.Entry
		c = c.with(func(config *scim.Config) {
			config.Auth = scim.StaticToken("t", scim.Scope{Tenant: tenant, Connection: ipsieConnection, Actor: "token 7"})
			config.Record = func(e scim.Entry) {
				mu.Lock()
				defer mu.Unlock()
				log = append(log, e)
			}
		}).as("t")
		u := c.u1()
		const private = "private-value"
		c.patch("/Users/"+u, `{"op":"replace","path":"title","value":"`+private+`"}`).is(200)
		a := c.patch("/Users/"+u, `{"op":"replace","path":"active","value":"`+private+`"}`).fails(400, "invalidValue")
		c.delete("/Users/" + u).is(204)
		assert.NotContains(c, a.text, private)
		require.Len(c, log, 4)
		for i, want := range []string{"POST 201", "PATCH 200", "PATCH 400", "DELETE 204"} {
			e := log[i]
			assert.Equal(c, want, fmt.Sprintf("%s %d", e.Method, e.Status))
			assert.Equal(c, "token 7", e.Scope.Actor)
			assert.False(c, e.At.IsZero())
			text, err := json.Marshal(e.WithoutChanges()) // what an application keeps that must not keep values
			require.NoError(c, err)
			assert.NotContains(c, string(text)+fmt.Sprintf("%+v", e), private)
			if i != 2 {
				assert.Equal(c, u, e.ResourceID, want)
			}
		}
		assert.Equal(c, []string{"title"}, log[1].Changed)
		assert.Equal(c, []scim.Change{{Path: "title", After: `"` + private + `"`}}, log[1].Changes())
	}},
}

// attributesOf returns the names of a schema's attributes as the list of all has them.
func attributesOf(c *suite, urn string) (names []string) {
	c.Helper()
	for _, r := range c.get("/Schemas").is(200).resources() {
		if r["id"] != macros.Replace(urn) {
			continue
		}
		for _, a := range r["attributes"].([]any) {
			name, _ := a.(map[string]any)["name"].(string)
			names = append(names, name)
		}
	}
	return names
}
