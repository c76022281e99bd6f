package main

import (
	"context"
	"errors"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// oddID is an id that must be escaped in a path.
const oddID = "a/b c@x"

// oddly gives a store's only user an id that must be escaped.
type oddly struct{ scim.UserStore }

func (s oddly) GetUser(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	if id != oddID {
		return nil, scim.ErrNotFound
	}
	page, err := s.ListUsers(ctx, t, scim.Query{StartIndex: 1, Count: 1})
	if err != nil {
		return nil, err
	}
	return page.Resources[0].WithMeta(oddID, page.Resources[0].Meta()), nil
}

// noMemberships is a group store that must not be asked for memberships.
type noMemberships struct{ scim.GroupStore }

func (noMemberships) ListMemberships(context.Context, scim.Tenant, scim.MembershipQuery) (scim.MembershipPage, error) {
	return scim.MembershipPage{}, errors.New("memberships were asked for")
}

// reading has sections 3.4 and 3.4.1.
var reading = []requirement{
	{"P-3.4-01", "MAY", "A resource is read by its URL or found by a query.", func(c *suite) {
		u := c.u1()
		list := c.matching(1, "/Users", `id eq "`+u+`"`)
		assert.Equal(c, c.get("/Users/"+u).is(200).doc, list.resources()[0])
	}},
	{"P-3.4-02", "STATED", "Shown is what is returned always or by default.", func(c *suite) {
		t := c.thing(`"strCI":"d","always":"a","never":"n","req":"r","wo":"w"`)
		c.get("/Things/"+t).is(200).has("a", "always").has("d", "strCI").has("t", "name").lacks("never", "req", "wo")
	}},
	{"P-3.4.1-01", "STATED", "GET answers with the resource.", func(c *suite) {
		u := c.u1()
		a := c.get("/Users/"+u).is(200).has(u, "id").has("bjensen", "userName")
		assert.Equal(c, "application/scim+json", a.header.Get("Content-Type"))
	}},
	{"P-3.4.1-02", "STATED", "An unknown id is a 404.", func(c *suite) {
		c.get("/Users/00919288221112222").fails(404, "").has("404", "status")
	}},
	{"P-3.4.1-03", "DERIVED", "An id is one of its own type only.", func(c *suite) {
		g := c.g1()
		c.get("/Users/"+g).fails(404, "")
		c.get("/Things/"+g).fails(404, "")
		c.get("/Groups/" + g).is(200)
	}},
	{"P-3.4.1-04", "DERIVED", "Ids are escaped in paths and locations.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.Users = oddly{config.Users} })
		c.u2()
		a := c.get("/Users/a%2Fb%20c%40x").is(200).has(oddID, "id")
		location, _ := a.at("meta", "location").(string)
		assert.Regexp(c, `/Users/a%2[Ff]b%20c(@|%40)x$`, location)
		assert.Equal(c, location, a.header.Get("Location"))
		c.get(location[len(c.url):]).is(200).has(oddID, "id")
	}},
	{"P-3.4.1-05", "DERIVED", "GET has the location and the version in the header too.", func(c *suite) {
		a := c.get("/Users/" + c.u1()).is(200)
		a.has(a.header.Get("Location"), "meta", "location").has(a.header.Get("Content-Location"), "meta", "location").has(a.header.Get("ETag"), "meta", "version")
		assert.NotEmpty(c, a.header.Get("ETag"))
	}},
	{"P-3.4.1-06", "DERIVED", "Schemas and resource types are read by id too.", func(c *suite) {
		c.get("/Schemas/$U").is(200).has(macros.Replace("$U"), "id").lacks("Resources", "totalResults")
		c.get("/ResourceTypes/Group").is(200).has("Group", "name").lacks("Resources", "totalResults")
	}},
}

// projecting has section 3.9.
var projecting = []requirement{
	{"P-3.9-01", "MAY", "Whatever answers with a resource can be projected.", func(c *suite) {
		path := "/Users/" + c.u1()
		shows(c, c.put(path+"?attributes=userName", `{"userName":"bjensen","emails":[{"value":"b@x"}]}`).is(200).doc, "userName")
		c.post("/Users?excludedAttributes=emails", `{"userName":"x","emails":[{"value":"x@x"}]}`).is(201).lacks("emails").has("x", "userName")
		c.patch(path+"?excludedAttributes=emails", `{"op":"replace","path":"nickName","value":"x"}`).is(200).lacks("emails").has("x", "nickName")
		shows(c, c.patch(path+"?attributes=nickName", `{"op":"replace","path":"nickName","value":"y"}`).is(200).doc, "nickName")
		assert.Equal(c, []string{"b@x"}, c.get(path).each("value", "emails"))
	}},
	{"P-3.9-02", "MUST", "attributes shows what it names and what is always returned.", func(c *suite) {
		a := c.get("/Users/" + c.u1() + "?attributes=userName,name.givenName").is(200)
		shows(c, a.doc, "userName", "name")
		a.has(map[string]any{"givenName": "Barbara"}, "name")
		a = c.get("/Things/" + c.thing(`"always":"a","strCI":"d"`) + "?attributes=strCI").is(200)
		shows(c, a.doc, "always", "strCI")
	}},
	{"P-3.9-03", "MUST", "excludedAttributes shows everything else.", func(c *suite) {
		a := c.get("/Users/" + c.u1() + "?excludedAttributes=emails,name.familyName").is(200)
		shows(c, a.doc, "meta", "userName", "name", "nickName")
		a.has(map[string]any{"formatted": "Ms. Barbara J Jensen", "givenName": "Barbara", "middleName": "Jane"}, "name")
	}},
	{"P-3.9-04", "DERIVED", "attributes and excludedAttributes exclude each other.", func(c *suite) {
		u := c.u1()
		c.get("/Users/"+u+"?attributes=userName&excludedAttributes=emails").fails(400, "invalidValue")
		c.get("/Users?attributes=userName&excludedAttributes=emails").fails(400, "invalidValue")
		c.search("/Users", `"attributes":["userName"],"excludedAttributes":["emails"]`).fails(400, "invalidValue")
		c.keeps("/Users/"+u, func() {
			c.put("/Users/"+u+"?attributes=userName&excludedAttributes=emails", `{"userName":"bjensen"}`).fails(400, "invalidValue")
		})
	}},
	{"P-3.9-05", "DERIVED", "One sub-attribute of each element can be asked for.", func(c *suite) {
		a := c.get("/Users/" + c.u1() + "?attributes=emails.value").is(200)
		shows(c, a.doc, "emails")
		a.has([]any{map[string]any{"value": "bjensen@example.com"}, map[string]any{"value": "babs@jensen.org"}}, "emails")
	}},
	{"P-3.9-06", "DERIVED", "Extensions, their attributes and sub-attributes are named by URN.", func(c *suite) {
		u := "/Users/" + c.employee()
		a := c.get(u + "?attributes=$E").is(200)
		shows(c, a.doc, "$E")
		a.has("D", "$E", "department").has("C", "$E", "costCenter")
		assert.NotEmpty(c, a.at("$E", "manager", "value"))
		a = c.get(u + "?attributes=$E:manager.value").is(200)
		shows(c, a.doc, "$E")
		a.has(map[string]any{"manager": map[string]any{"value": a.at("$E", "manager", "value")}}, "$E")
		c.get(u+"?excludedAttributes=$E").is(200).lacks("$E").has("bjensen", "userName")
		c.get(u+"?excludedAttributes=$E:department").is(200).has(nil, "$E", "department").has("C", "$E", "costCenter")
	}},
	{"P-3.9-07", "DERIVED", "Unknown names are ignored.", func(c *suite) {
		u := c.u1()
		shows(c, c.get("/Users/"+u+"?attributes=nope").is(200).doc)
		shows(c, c.get("/Users/"+u+"?attributes=nope,userName,name.nope").is(200).doc, "userName")
		c.get("/Users/"+u+"?excludedAttributes=nope").is(200).has("Babs", "nickName")
	}},
	{"P-3.9-08", "DERIVED", "Lists of names may have blanks, repeats and any case.", func(c *suite) {
		u := c.u1()
		for _, query := range []string{"attributes=userName,%20EMAILS", "attributes=userName&attributes=emails", "attributes=username,userName,,emails,", "ATTRIBUTES=userName,emails"} {
			shows(c, c.get("/Users/"+u+"?"+query).is(200).doc, "userName", "emails")
		}
	}},
	{"P-3.9-09", "DERIVED", "schemas is always shown.", func(c *suite) {
		u := c.u1()
		for _, query := range []string{"attributes=userName", "excludedAttributes=schemas", "attributes=nope"} {
			c.get("/Users/"+u+"?"+query).is(200).has([]any{macros.Replace("$U")}, "schemas")
		}
	}},
	{"P-3.9-10", "DERIVED", "Asking shows what is returned on request, and never what is never returned.", func(c *suite) {
		t := c.thing(`"never":"n","wo":"w","req":"r"`)
		a := c.get("/Things/"+t+"?attributes=never,wo,req").is(200).has("r", "req")
		shows(c, a.doc, "req")
		list := c.get("/Things?attributes=never,wo,req").total(1)
		assert.Equal(c, a.doc, list.resources()[0])
	}},
	{"P-3.9-11", "INTEROP", "Members that are not shown are not read.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.Groups = noMemberships{config.Groups} })
		u := c.create("/Users?attributes=userName", `{"userName":"bjensen"}`)
		g := c.create("/Groups?excludedAttributes=members", `{"displayName":"x","members":[{"value":"`+u+`"}]}`)
		c.get("/Groups/"+g+"?excludedAttributes=members").is(200).lacks("members").has("x", "displayName")
		a := c.get(`/Groups?excludedAttributes=members&filter=displayName eq "x"`).total(1)
		require.Len(c, a.resources(), 1)
		assert.NotContains(c, a.resources()[0], "members")
		c.get("/Groups/"+g).fails(500, "") // so it is by asking the store that they are shown
	}},
}

// notation has section 3.10.
var notation = []requirement{
	{"P-3.10-01", "MAY", "Core attributes need no URN; those of extensions do.", func(c *suite) {
		u := "/Users/" + c.employee()
		shows(c, c.get(u+"?attributes=$U:userName").is(200).doc, "userName")
		a := c.get(u+"?attributes=$E:department").is(200).has(map[string]any{"department": "D"}, "$E")
		shows(c, a.doc, "$E")
		shows(c, c.get(u+"?attributes=department").is(200).doc)
	}},
	{"P-3.10-02", "STATED", "Case does not count in any part of a name.", func(c *suite) {
		u := "/Users/" + c.employee()
		c.get(u+"?attributes=URN:IETF:PARAMS:SCIM:SCHEMAS:EXTENSION:ENTERPRISE:2.0:USER:DEPARTMENT").is(200).has("D", "$E", "department")
		c.patched(u, `{"op":"replace","path":"urn:IETF:params:scim:schemas:core:2.0:user:NAME.GIVENNAME","value":"x"}`).has("x", "name", "givenName")
		c.matching(1, "/Users", `Urn:ietf:params:scim:schemas:EXTENSION:enterprise:2.0:user:Department eq "D"`)
	}},
	{"P-3.10-03", "DERIVED", "A URN ends where a schema's does, not at a colon or a dot.", func(c *suite) {
		u := "/Users/" + c.employee()
		c.patched(u, `{"op":"replace","path":"$U:name.givenName","value":"x"}`).has("x", "name", "givenName").has("Jensen", "name", "familyName")
		c.get("/Users?filter=$E:manager.displayName pr").is(200)
		c.matching(1, "/Users", `$E:manager.value pr`)
		c.matching(1, "/Users", `$U:name.givenName eq "x"`)
	}},
}

// aliasing has section 3.11.
var aliasing = []requirement{
	{"P-3.11-01", "MAY", "/Me is the user who asks, for every request.", func(c *suite) {
		u := c.u1()
		c.get("/Me").is(200).has(u, "id")
		assert.Equal(c, c.get("/Users/"+u).doc, c.get("/Me").doc)
		c.patch("/Me", `{"op":"replace","path":"nickName","value":"x"}`).is(200).has("x", "nickName")
		c.get("/Users/"+u).has("x", "nickName")
		c.put("/Me", `{"userName":"bjensen","title":"T"}`).is(200).has("T", "title")
		c.delete("/Me").is(204)
		c.get("/Users/"+u).fails(404, "")
	}},
	{"P-3.11-02", "MAY", "/Me is a 501, a redirect or an answer.", func(c *suite) {
		c.u1()
		c.get("/Me").is(200).has("bjensen", "userName")
		c.with(func(config *scim.Config) { config.Me = nil }).get("/Me").fails(501, "")
	}},
	{"P-3.11-03", "SHOULD", "/Me that is off is a 501.", func(c *suite) {
		c = c.with(func(config *scim.Config) { config.Me = nil })
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "POST"} {
			c.do(method, "/Me", "").fails(501, "")
		}
	}},
	{"P-3.11-04", "MAY", "An application can redirect /Me to the user.", func(c *suite) {
		c, ts := site{wrap: redirectMe}.open(c.T)
		u := c.u1()
		plain := *ts.Client()
		plain.CheckRedirect = noFollowing
		a := c.by(&plain, "/Me?user="+u)
		assert.Equal(c, c.url+"/Users/"+u, a.is(308).header.Get("Location"))
		c.by(ts.Client(), "/Me?user="+u).is(200).has(u, "id")
	}},
	{"P-3.11-05", "MAY", "/Me can be answered at once, projected too.", func(c *suite) {
		c.u1()
		shows(c, c.get("/Me?attributes=userName").is(200).has("bjensen", "userName").doc, "userName")
	}},
	{"P-3.11-06", "MUST", "The location is the user's own.", func(c *suite) {
		want := c.url + "/Users/" + c.u1()
		for _, a := range []*answer{
			c.get("/Me"), c.put("/Me", `{"userName":"bjensen"}`), c.patch("/Me", `{"op":"add","path":"title","value":"T"}`),
		} {
			a.is(200).has(want, "meta", "location")
			assert.Equal(c, want, a.header.Get("Location"))
		}
	}},
	{"P-3.11-07", "STATED", "POST /Me registers nobody.", func(c *suite) {
		c.post("/Me", `{"userName":"bjensen"}`).fails(501, "")
		c.get("/Users").total(0)
	}},
	{"P-3.11-08", "DERIVED", "/Me without a user is a 404, without a credential a 401.", func(c *suite) {
		c.u2()
		c.get("/Me").fails(404, "")
		c.as("").get("/Me").fails(401, "")
	}},
}
