package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// commonAttributes has section 3.
var commonAttributes = []requirement{
	{"S-3-01", "REQUIRED", "Every resource in a request and in an answer names its schemas.", func(c *suite) {
		u := c.u1()
		for _, schemas := range []string{"", `"schemas":[],`, `"schemas":null,`} {
			body := `{` + schemas + `"userName":"x"}`
			c.do("POST", "/Users", body).fails(400, "invalidSyntax")
			c.do("PUT", "/Users/"+u, body).fails(400, "invalidSyntax")
		}
		c.get("/Users/"+u+"?attributes=userName").is(200).has(urns("$U"), "schemas")
		for _, r := range c.get("/Users").total(1).resources() {
			assert.Equal(c, urns("$U"), r["schemas"])
		}
	}},
	{"S-3-02", "MUST", "schemas has those of the resource type and no others; the tolerant connection ignores Entra's.", func(c *suite) {
		const foreign = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
		const body = `{"schemas":["$G","` + foreign + `"],"displayName":"g"}`
		c.post("/Groups", body).fails(400, "invalidSyntax")
		a := c.tolerant().post("/Groups", body).is(201).has(urns("$G"), "schemas")
		assert.NotContains(c, c.get("/Groups/"+textAt(a, "id")).is(200).text, "microsoft")
	}},
	{"S-3-03", "MUST NOT", "No URI is in schemas twice.", func(c *suite) {
		id := c.user(`{"schemas":["$U","$U"],"userName":"d1"}`)
		c.get("/Users/"+id).is(200).has(urns("$U"), "schemas")
	}},
	{"S-3-04", "MUST NOT", "The order of schemas means nothing.", func(c *suite) {
		a := c.post("/Users", `{"schemas":["$E","$U"],"userName":"o2","$E":{"department":"D"}}`).is(201)
		b := c.post("/Users", `{"schemas":["$U","$E"],"userName":"o3","$E":{"department":"D"}}`).is(201)
		a.has("D", "$E", "department")
		sameBut(c, a, b)
	}},
	{"S-3-05", "SHALL", "Every resource has the common attributes, whatever its schemas say.", func(c *suite) {
		a := c.post("/Things", `{"name":"t","externalId":"e1"}`).is(201).has("e1", "externalId").has(urns("$T"), "schemas")
		assert.NotEmpty(c, a.doc["id"])
		a.has("Thing", "meta", "resourceType")
	}},
	{"S-3-06", "MAY", "Clients can look up the type of a resource.", func(c *suite) {
		kind := textAt(c.get("/Users/"+c.u1()).is(200), "meta", "resourceType")
		c.get("/ResourceTypes/"+kind).is(200).has(urns("$RT"), "schemas").has("User", "name").has("/Users", "endpoint")
	}},
	{"S-3-07", "DERIVED", "Data of an extension that schemas does not name is kept, and named.", func(c *suite) {
		id := c.user(`{"schemas":["$U"],"userName":"n1","$E":{"department":"D"}}`)
		c.get("/Users/"+id).is(200).has(urns("$U", "$E"), "schemas").has("D", "$E", "department")
	}},
	{"S-3.1-01", "MUST", "Resources of any type have id and meta.", func(c *suite) {
		a := c.post("/Things", `{"name":"t"}`).is(201)
		isStamped(c, a, "Thing", "/Things/")
	}},
	{"S-3.1-02", "MUST", "The server gives id and meta.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen"}`).is(201)
		isStamped(c, a, "User", "/Users/")
	}},
	{"S-3.1-03", "SHALL", "The common attributes are what the RFC says, also where a schema lists them otherwise.", func(c *suite) {
		user := schema.User()
		user.Attributes = append(user.Attributes, schema.Attribute{Name: "id", Mutability: schema.ReadWrite}, schema.Attribute{Name: "externalId"})
		c = c.with(func(config *scim.Config) {
			c.keep(config, compiled(c, schema.TypeConfig{Name: "User", Schema: user}), groupType)
		})
		u := c.u1()
		c.put("/Users/"+u, `{"id":"other","userName":"bjensen"}`).is(200).has(u, "id")
		c.patch("/Users/"+u, `{"op":"replace","path":"id","value":"other"}`).fails(400, "mutability")
		c.get("/Users/" + u).is(200)
	}},
	{"S-3.1-04", "MUST", "Every representation has an id.", func(c *suite) {
		ids := c.users(3)
		for _, a := range []*answer{c.get("/Users"), c.search("/Users", ""), c.get("/Users?attributes=userName")} {
			assert.ElementsMatch(c, ids, a.total(3).each("id", "Resources"))
		}
		c.get("/Users/"+ids[0]).is(200).has(ids[0], "id")
	}},
	{"S-3.1-05", "MUST", "No two resources have the same id, not even of two types.", func(c *suite) {
		const n = 100
		var ops []string
		for i := range n {
			ops = append(ops, bulkPost("/Users", fmt.Sprint("u", i), fmt.Sprintf(`{"userName":"u%d"}`, i)),
				bulkPost("/Groups", fmt.Sprint("g", i), fmt.Sprintf(`{"displayName":"g%d"}`, i)))
		}
		c.bulk(strings.Join(ops, ",")).is(200)
		seen := map[string]bool{}
		for _, path := range []string{"/Users", "/Groups"} {
			for _, id := range c.get(path+"?count=200").total(n).each("id", "Resources") {
				seen[id] = true
			}
		}
		assert.Len(c, seen, 2*n)
	}},
	{"S-3.1-06", "MUST", "An id is never given to another resource.", func(c *suite) {
		old := c.u1()
		c.delete("/Users/" + old).is(204)
		assert.NotEqual(c, old, c.u1())
		c.get("/Users/"+old).fails(404, "")
	}},
	{"S-3.1-07", "MUST NOT", "A client can't choose the id.", func(c *suite) {
		assert.NotEqual(c, "mine", c.user(`{"userName":"bjensen","id":"mine"}`))
		c.get("/Users/mine").fails(404, "")
	}},
	{"S-3.1-08", "MUST NOT", "No id has the word bulkId in it, even if a store makes one.", func(c *suite) {
		c = c.hooked(hooked{stored: func(r *schema.Resource) *schema.Resource { return r.WithMeta("bulkId:1", r.Meta()) }})
		a := c.post("/Users", `{"userName":"bjensen"}`).fails(500, "")
		assert.NotContains(c, a.text, "bulkId")
		assert.NotContains(c, a.header.Get("Location"), "bulkId")
		assert.Contains(c, c.log.String(), "bulkId")
	}},
	{"S-3.1-09", "STATED", "The case of an id counts.", func(c *suite) {
		u := c.u1()
		upper := strings.ToUpper(u)
		require.NotEqual(c, u, upper)
		c.get("/Users/"+upper).fails(404, "")
		c.get(`/Users?filter=id eq "` + upper + `"`).total(0)
		c.get(`/Users?filter=id eq "` + u + `"`).total(1)
	}},
	{"S-3.1-10", "STATED", "The id is always returned.", func(c *suite) {
		u := c.u1()
		c.get("/Users/"+u+"?attributes=userName").is(200).has(u, "id").lacks("nickName")
		c.get("/Users/"+u+"?excludedAttributes=id").is(200).has(u, "id").has("Babs", "nickName")
	}},
	{"S-3.1-11", "MAY", "A client can set externalId; it stays as it is.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","externalId":"Ext-1"}`).is(201).has("Ext-1", "externalId")
		c.get(`/Users?filter=externalId eq "Ext-1"`).total(1).has("Ext-1", "Resources", "0", "externalId")
	}},
	{"S-3.1-12", "MUST NOT", "The server invents no externalId.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen"}`).is(201).lacks("externalId")
		c.get("/Users/" + textAt(a, "id")).is(200).lacks("externalId")
		c.get("/Users?filter=externalId pr").total(0)
	}},
	{"S-3.1-13", "MUST", "The externalId of one tenant is not seen by another.", func(c *suite) {
		c = c.with(twoTenants)
		a := c.as("a").user(`{"userName":"bjensen","externalId":"x"}`)
		b := c.as("b").user(`{"userName":"bjensen","externalId":"x"}`)
		for token, id := range map[string]string{"a": a, "b": b} {
			found := c.as(token).get(`/Users?filter=externalId eq "x"`).total(1)
			assert.Equal(c, []string{id}, found.each("id", "Resources"))
		}
	}},
	{"S-3.1-14", "STATED", "Two users can have the same externalId.", func(c *suite) {
		c.user(`{"userName":"bjensen","externalId":"x"}`)
		c.user(`{"userName":"other","externalId":"x"}`)
		c.get(`/Users?filter=externalId eq "x"`).total(2)
	}},
	{"S-3.1-15", "STATED", "The case of an externalId counts.", func(c *suite) {
		c.user(`{"userName":"bjensen","externalId":"abc"}`)
		c.get(`/Users?filter=externalId eq "ABC"`).total(0)
		c.get(`/Users?filter=externalId eq "abc"`).total(1)
	}},
	{"S-3.1-16", "STATED", "externalId can be changed and taken away.", func(c *suite) {
		u := c.user(`{"userName":"bjensen","externalId":"a"}`)
		c.patch("/Users/"+u, `{"op":"replace","path":"externalId","value":"b"}`).is(200, 204)
		c.get("/Users/"+u).is(200).has("b", "externalId")
		c.patch("/Users/"+u, `{"op":"remove","path":"externalId"}`).is(200, 204)
		c.get("/Users/" + u).is(200).lacks("externalId")
	}},
	{"S-3.1-17", "SHALL", "meta in a request is ignored.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen","meta":{"created":"1999-01-01T00:00:00Z","resourceType":"Group","location":"http://evil","version":"W/\"x\""}}`).is(201)
		isStamped(c, a, "User", "/Users/")
		u := textAt(a, "id")
		b := c.put("/Users/"+u, `{"userName":"bjensen","title":"x","meta":{"lastModified":"1999-01-01T00:00:00Z","created":5}}`).is(200)
		b.has(a.at("meta", "created"), "meta", "created").has("x", "title")
		for _, a := range []*answer{a, b, c.get("/Users/" + u)} {
			assert.NotContains(c, a.text, "1999-01-01")
			assert.NotContains(c, a.text, "evil")
		}
	}},
	{"S-3.1-18", "STATED", "meta can't be changed by PATCH.", func(c *suite) {
		u := c.u1()
		before := c.get("/Users/" + u).is(200).text
		for _, op := range []string{
			`{"op":"replace","path":"meta.created","value":"1999-01-01T00:00:00Z"}`,
			`{"op":"add","path":"meta","value":{"version":"x"}}`,
			`{"op":"remove","path":"meta.location"}`,
		} {
			c.patch("/Users/"+u, op).fails(400, "mutability")
		}
		assert.Equal(c, before, c.get("/Users/"+u).is(200).text)
	}},
	{"S-3.1-19", "MUST", "meta.created never changes.", func(c *suite) {
		u := c.u1()
		created := textAt(c.get("/Users/"+u).is(200), "meta", "created")
		_, err := time.Parse(time.RFC3339, created)
		require.NoError(c, err)
		c.patch("/Users/"+u, `{"op":"replace","path":"nickName","value":"x"}`).is(200, 204)
		c.get("/Users/"+u).is(200).has("x", "nickName").has(created, "meta", "created")
		c.put("/Users/"+u, `{"userName":"bjensen"}`).is(200).has(created, "meta", "created")
	}},
	{"S-3.1-20", "MUST", "Before the first change meta.lastModified is meta.created.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen"}`).is(201)
		require.NotEmpty(c, a.at("meta", "created"))
		a.has(a.at("meta", "created"), "meta", "lastModified")
	}},
	{"S-3.1-21", "STATED", "meta.lastModified moves with each change and only then.", func(c *suite) {
		u := c.u1()
		modified := func() time.Time {
			at, err := time.Parse(time.RFC3339, textAt(c.get("/Users/"+u).is(200), "meta", "lastModified"))
			require.NoError(c, err)
			return at
		}
		first := modified()
		c.patch("/Users/"+u, `{"op":"replace","path":"nickName","value":"new"}`).is(200, 204)
		second := modified()
		assert.True(c, second.After(first), "%s, then %s", first, second)
		c.patch("/Users/"+u, `{"op":"replace","path":"nickName","value":"new"}`).is(200, 204)
		assert.Equal(c, second, modified())
	}},
	{"S-3.1-22", "MUST", "meta.location is the URI of the resource, as in Content-Location.", func(c *suite) {
		u := c.u1()
		at := c.url + "/Users/" + u
		a := c.get("/Users/"+u).is(200).has(at, "meta", "location")
		if sent := a.header.Values("Content-Location"); len(sent) > 0 {
			assert.Equal(c, []string{at}, sent)
		}
		c.get("/Users").total(1).has(at, "Resources", "0", "meta", "location")
	}},
	{"S-3.1-23", "STATED", "meta.version is the ETag header, letter by letter.", func(c *suite) {
		a := c.get("/Users/" + c.u1()).is(200)
		require.NotEmpty(c, a.header.Get("ETag"))
		a.has(a.header.Get("ETag"), "meta", "version")
	}},
	{"S-3.1-24", "MUST", "A version that does not stand for the very bytes is weak.", func(c *suite) {
		u := c.u1()
		for _, path := range []string{"/Users/" + u, "/Users/" + u + "?attributes=userName"} {
			assert.Regexp(c, `^W/"[^"]*"$`, c.get(path).is(200).header.Get("ETag"))
		}
	}},
	{"S-3.1-25", "STATED", "meta is returned by default, its sub-attributes one by one.", func(c *suite) {
		u := c.u1()
		c.get("/Users/" + u + "?attributes=userName").is(200).lacks("meta")
		a := c.get("/Users/" + u + "?attributes=meta.location").is(200).lacks("userName")
		a.has(map[string]any{"location": c.url + "/Users/" + u}, "meta")
	}},
	{"S-3.2-01", "STATED", "A type of the application's own is a name, an endpoint and schemas, and no code.", func(c *suite) {
		a := c.get("/ResourceTypes/Thing").is(200).has("/Things", "endpoint").has(thingURN, "schema")
		a.has(c.url+"/ResourceTypes/Thing", "meta", "location")
		c.get("/Schemas/$T").is(200).has(thingURN, "id")
		id := c.thing("")
		c.get("/Things/"+id).is(200).has("t", "name")
		c.get(`/Things?filter=name eq "t"`).total(1)
		c.patch("/Things/"+id, `{"op":"replace","path":"name","value":"u"}`).is(200, 204)
		c.delete("/Things/" + id).is(204)
	}},
	{"S-3.3-01", "MUST", "schemas has the base schema.", func(c *suite) {
		c.post("/Users", `{"schemas":["$E"],"userName":"x","$E":{"department":"D"}}`).fails(400, "invalidSyntax")
		c.get("/Users").total(0)
	}},
	{"S-3.3-02", "MAY", "schemas has the extensions in use.", func(c *suite) {
		id := c.user(`{"schemas":["$U","$E"],"userName":"bjensen","$E":{"department":"D"}}`)
		c.get("/Users/"+id).is(200).has(urns("$U", "$E"), "schemas")
	}},
	{"S-3.3-03", "SHOULD", "An extension that has a name of the base schema again works, and the log warns of it.", func(c *suite) {
		const urn = "urn:example:Copy"
		c = c.with(func(config *scim.Config) {
			c.keep(config, compiled(c, schema.TypeConfig{Name: "User", Schema: schema.User(), Extensions: []schema.Extension{
				{Schema: schema.Schema{ID: urn, Name: "Copy", Attributes: []schema.Attribute{{Name: "userName"}}}},
			}}), groupType)
		})
		a := c.post("/Users", `{"userName":"bjensen","`+urn+`":{"userName":"other"}}`).is(201)
		a.has("bjensen", "userName").has("other", urn, "userName")
		c.get(`/Users?filter=userName eq "bjensen"`).total(1)
		c.get(`/Users?filter=userName eq "other"`).total(0)
		log := c.log.String()
		assert.Contains(c, log, "level=WARN")
		assert.Contains(c, log, urn)
		assert.Contains(c, log, "userName")
	}},
	{"S-3.3-04", "SHALL", "The attributes of an extension are in an object under its URI.", func(c *suite) {
		id := c.user(`{"userName":"bjensen","$E":{"employeeNumber":"7"}}`)
		c.get("/Users/"+id).is(200).has("7", "$E", "employeeNumber").lacks("employeeNumber")
	}},
	{"S-3.3-05", "DERIVED", "The case of the URI does not matter; it is returned as it was registered.", func(c *suite) {
		upper := strings.ToUpper(macros.Replace("$E"))
		id := c.user(`{"userName":"ci","` + upper + `":{"department":"D"}}`)
		c.get("/Users/"+id).is(200).has("D", "$E", "department").has(urns("$U", "$E"), "schemas").lacks(upper)
	}},
	{"S-3.3-06", "DERIVED", "schemas names an extension exactly as long as the resource has data of it.", func(c *suite) {
		id := c.user(`{"userName":"bjensen","$E":{"department":"D","costCenter":"1"}}`)
		c.patch("/Users/"+id, `{"op":"remove","path":"$E:department"}`).is(200, 204)
		c.get("/Users/"+id).is(200).has(urns("$U", "$E"), "schemas")
		c.patch("/Users/"+id, `{"op":"remove","path":"$E"}`).is(200, 204)
		c.get("/Users/"+id).is(200).has(urns("$U"), "schemas").lacks("$E")
		c.patch("/Users/"+id, `{"op":"add","path":"$E:department","value":"D"}`).is(200, 204)
		c.get("/Users/"+id).is(200).has(urns("$U", "$E"), "schemas")
	}},
	{"S-3.3-07", "MAY", "meta.resourceType leads to the URI of the base schema.", func(c *suite) {
		a := c.get("/Users/" + c.user(`{"userName":"bjensen","$E":{"department":"D"}}`)).is(200)
		urn := c.get("/ResourceTypes/" + textAt(a, "meta", "resourceType")).is(200).doc["schema"]
		assert.Equal(c, macros.Replace("$U"), urn)
		assert.Contains(c, a.doc["schemas"], urn)
	}},
}

// isStamped asserts what the server gives a new resource.
func isStamped(c *suite, a *answer, kind, endpoint string) {
	c.Helper()
	a.has(kind, "meta", "resourceType").has(c.url+endpoint+textAt(a, "id"), "meta", "location")
	for _, name := range []string{"created", "lastModified"} {
		at, err := time.Parse(time.RFC3339, textAt(a, "meta", name))
		require.NoError(c, err)
		assert.WithinDuration(c, time.Now(), at, time.Hour)
	}
}
