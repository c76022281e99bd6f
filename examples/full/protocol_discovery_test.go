package main

import (
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// discovering has section 4.
var discovering = []requirement{
	{"P-4-01", "MAY", "The three discovery endpoints can be read.", func(c *suite) {
		for _, path := range []string{"/ServiceProviderConfig", "/Schemas", "/ResourceTypes"} {
			c.get(path).is(200)
			c.as("").get(path).is(200)
		}
	}},
	{"P-4-02", "SHALL", "/ServiceProviderConfig is one object.", func(c *suite) {
		c.get("/ServiceProviderConfig").is(200).has([]any{macros.Replace("$SPC")}, "schemas").has("ServiceProviderConfig", "meta", "resourceType").
			lacks("Resources", "totalResults")
	}},
	{"P-4-03", "SHALL", "/Schemas lists every schema.", func(c *suite) {
		a := c.get("/Schemas").is(200)
		a.total(len(a.resources()))
		assert.Subset(c, a.each("id", "Resources"), []string{macros.Replace("$U"), macros.Replace("$G"), macros.Replace("$E"), thingURN})
	}},
	{"P-4-04", "STATED", "One schema can be read.", func(c *suite) {
		a := c.get("/Schemas/$U").is(200).has(macros.Replace("$U"), "id").has([]any{macros.Replace("$SCH")}, "schemas").has("Schema", "meta", "resourceType")
		location, _ := a.at("meta", "location").(string)
		require.True(c, strings.HasPrefix(location, c.url+"/Schemas/"), location)
		assert.Equal(c, a.doc, c.get(location[len(c.url):]).is(200).doc)
	}},
	{"P-4-05", "STATED", "One resource type can be read.", func(c *suite) {
		c.get("/ResourceTypes/User").is(200).has([]any{macros.Replace("$RT")}, "schemas").has("/Users", "endpoint").
			has(c.url+"/ResourceTypes/User", "meta", "location").has(macros.Replace("$U"), "schema")
	}},
	{"P-4-06", "SHALL", "/ResourceTypes is a list.", func(c *suite) {
		a := c.get("/ResourceTypes").is(200)
		a.total(len(a.resources()))
		assert.Subset(c, a.each("name", "Resources"), []string{"User", "Group", "Thing"})
	}},
	{"P-4-07", "SHALL", "Discovery is neither sorted nor paged.", func(c *suite) {
		assert.Equal(c, c.get("/Schemas").doc, c.get("/Schemas?startIndex=2&count=1&sortBy=name").is(200).doc)
		assert.Equal(c, c.get("/ResourceTypes").doc, c.get("/ResourceTypes?count=1&cursor=x").is(200).doc)
		assert.Equal(c, c.get("/ServiceProviderConfig").doc, c.get("/ServiceProviderConfig?count=0").is(200).doc)
	}},
	{"P-4-08", "SHOULD", "A filter on discovery is forbidden.", func(c *suite) {
		c.get(`/Schemas?filter=name eq "User"`).fails(403, "")
		c.get(`/ResourceTypes?filter=id pr`).fails(403, "")
		c.get(`/ServiceProviderConfig?filter=id pr`).fails(403, "")
	}},
	{"P-4-09", "DERIVED", "An unknown schema or type is a 404.", func(c *suite) {
		c.get("/Schemas/urn:nope").fails(404, "")
		c.get("/ResourceTypes/Nope").fails(404, "")
	}},
	{"P-4-10", "DERIVED", "Discovery can't be written.", func(c *suite) {
		before := c.get("/Schemas").text
		for _, t := range [][2]string{{"POST", "/Schemas"}, {"PUT", "/ServiceProviderConfig"}, {"PATCH", "/ResourceTypes/User"}, {"DELETE", "/Schemas/$U"}, {"POST", "/ResourceTypes"}} {
			allow := c.do(t[0], t[1], `{}`).fails(405, "").header.Get("Allow")
			assert.Contains(c, allow, "GET")
			assert.NotContains(c, allow, t[0])
		}
		assert.Equal(c, before, c.get("/Schemas").text)
	}},
	{"P-4-11", "DERIVED", "Case does not count in ids of schemas and types.", func(c *suite) {
		c.get("/Schemas/"+strings.ToLower(macros.Replace("$U"))).is(200).has(macros.Replace("$U"), "id")
		c.get("/ResourceTypes/user").is(200).has("User", "name")
	}},
	{"P-4-12", "DERIVED", "The schemas that are listed are those that the types have, and the three of discovery.", func(c *suite) {
		want := map[string]bool{macros.Replace("$SPC"): true, macros.Replace("$RT"): true, macros.Replace("$SCH"): true}
		for _, t := range c.get("/ResourceTypes").is(200).resources() {
			want[t["schema"].(string)] = true
			extensions, _ := t["schemaExtensions"].([]any)
			for _, e := range extensions {
				want[e.(map[string]any)["schema"].(string)] = true
			}
		}
		for _, id := range c.get("/Schemas").is(200).each("id", "Resources") {
			assert.True(c, want[id], "%s is listed and nothing has it, or twice", id)
			delete(want, id)
		}
		delete(want, macros.Replace("$SPC"))
		delete(want, macros.Replace("$RT"))
		delete(want, macros.Replace("$SCH"))
		assert.Empty(c, want, "not listed")
	}},
}
