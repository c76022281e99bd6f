package main

import (
	"net/http"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// addressing has section 1.
var addressing = []requirement{
	{"P-1.2-01", "MUST", "URLs are percent-encoded, and \"+\" is a blank in a query.", func(c *suite) {
		c.u1()
		c.get(`/Users?filter=userName%20eq%20%22bjensen%22`).total(1)
		c.get(`/Users?filter=userName+eq+%22bjensen%22`).total(1)
	}},
	{"P-1.3-01", "MUST NOT", "A base URL with a query is refused at the start.", func(c *suite) {
		require.NoError(c, newAt("https://x/scim"))
		assert.ErrorContains(c, newAt("https://x/scim?v=1"), "BaseURL")
		assert.ErrorContains(c, newAt("https://x/scim?"), "BaseURL")
	}},
	{"P-1.3-02", "MAY", "The base URL may have a segment with the version.", func(c *suite) {
		assert.True(c, strings.HasSuffix(c.url, "/scim/v2"), c.url)
		c.u1()
		c.get("/Users").total(1)
	}},
}

// messaging has section 3.1.
var messaging = []requirement{
	{"P-3.1-01", "MUST", "Messages of the protocol name a schema of urn:ietf:params:scim:api.", func(c *suite) {
		u := c.u1()
		for _, a := range []*answer{c.get("/Users").is(200), c.get("/Users/none").is(404)} {
			schemas, _ := a.doc["schemas"].([]any)
			require.Len(c, schemas, 1)
			assert.Contains(c, schemas[0], "urn:ietf:params:scim:api:messages:2.0:")
		}
		c.patched("/Users/"+u, `{"op":"replace","path":"nickName","value":"x"}`).has("x", "nickName")
		c.do("PATCH", "/Users/"+u, `{"schemas":["urn:example:Patch"],"Operations":[{"op":"replace","path":"nickName","value":"y"}]}`).fails(400, "invalidSyntax")
	}},
	{"P-3.1-02", "SHALL NOT", "Schemas of messages are not listed.", func(c *suite) {
		ids := c.get("/Schemas").is(200).each("id", "Resources")
		require.NotEmpty(c, ids)
		for _, id := range ids {
			assert.False(c, strings.HasPrefix(strings.ToLower(id), "urn:ietf:params:scim:api:"), id)
		}
		for _, macro := range []string{"$LR", "$ER", "$PO", "$SR", "$BR", "$BP"} {
			c.get("/Schemas/"+macro).fails(404, "")
		}
	}},
	{"P-3.1-03", "SHALL", "Answers have the resource as it is stored, not as it was sent.", func(c *suite) {
		c = c.withUsers(lowerCasing)
		a := c.post("/Users", `{"userName":"BJensen"}`).is(201).has("bjensen", "userName")
		assert.JSONEq(c, a.text, c.get("/Users/"+a.doc["id"].(string)).is(200).text)
	}},
	{"P-3.1-04", "MAY", "The details of a schema can be read.", func(c *suite) {
		a := c.get("/Schemas/$U").is(200).has(macros.Replace("$U"), "id")
		assert.Contains(c, a.each("name", "attributes"), "userName")
	}},
	{"P-3.1-05", "DERIVED", "Unknown attributes are ignored, or refused, by one rule for all requests.", func(c *suite) {
		u := c.u1()
		const more = `"userName":"bjensen","shoeSize":42`
		const patch = `{"op":"replace","value":{"nickName":"N","shoeSize":42}}`
		const bulk = `{"method":"POST","path":"/Users","bulkId":"1","data":{"schemas":["$U"],"userName":"b1","shoeSize":42}}`
		c.keeps("/Users/"+u, func() {
			c.post("/Users", `{"userName":"new","shoeSize":42}`).fails(400, "invalidSyntax")
			c.put("/Users/"+u, `{`+more+`}`).fails(400, "invalidSyntax")
			c.patch("/Users/"+u, patch).fails(400, "invalidSyntax")
			c.bulk(bulk).is(200).has("400", "Operations", "0", "status").has("invalidSyntax", "Operations", "0", "response", "scimType")
		})
		c.get("/Users").total(1)

		c = c.tolerant()
		c.post("/Users", `{"userName":"new","shoeSize":42}`).is(201).lacks("shoeSize")
		c.put("/Users/"+u, `{`+more+`}`).is(200).lacks("shoeSize")
		c.patch("/Users/"+u, patch).is(200).has("N", "nickName").lacks("shoeSize")
		c.bulk(bulk).is(200).has("201", "Operations", "0", "status")
		c.get("/Users").total(3)
	}},
}

// endpoints has section 3.2.
var endpoints = []requirement{
	{"P-3.2-01", "SHOULD", "A type's endpoint is its name with an s, unless it says otherwise.", func(c *suite) {
		c.get("/ResourceTypes/Thing").is(200).has("/Things", "endpoint")
		c.thing("")
		c.get("/Things").total(1)
		c = c.with(func(config *scim.Config) {
			config.Resources = []scim.Resource{c.resource(schema.MustCompile(schema.TypeConfig{
				Name: "Person", Endpoint: "/People", Schema: schema.Schema{ID: "urn:example:Person", Name: "Person", Attributes: []schema.Attribute{{Name: "name"}}},
			}))}
		})
		c.get("/ResourceTypes/Person").is(200).has("/People", "endpoint")
		c.get("/People").total(0)
		c.get("/Persons").fails(404, "")
	}},
	{"P-3.2-02", "MAY", "What POST does depends on the endpoint.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen"}`).is(201)
		c.search("/Users", "").total(1)
		c.bulk(`{"method":"POST","path":"/Users","bulkId":"1","data":{"schemas":["$U"],"userName":"b1"}}`).is(200).
			has(macros.Replace("$BP"), "schemas", "0").has("201", "Operations", "0", "status")
	}},
	{"P-3.2-03", "MUST NOT", "PUT creates nothing.", func(c *suite) {
		c.put("/Users/new-id", `{"userName":"bjensen"}`).fails(404, "")
		c.get("/Users/new-id").fails(404, "")
		c.get("/Users").total(0)
	}},
	{"P-3.2-04", "SHOULD", "The body of an error repeats its status.", func(c *suite) {
		c.get("/Users/none").fails(404, "").has("404", "status")
	}},
	{"P-3.2-05", "DERIVED", "A method that an endpoint does not take is a 405 that says what it takes.", func(c *suite) {
		for _, t := range []struct{ method, path, allow string }{
			{"DELETE", "/Users", "GET, HEAD, OPTIONS, POST"},
			{"PUT", "/Users", "GET, HEAD, OPTIONS, POST"},
			{"PATCH", "/Users", "GET, HEAD, OPTIONS, POST"},
			{"POST", "/ServiceProviderConfig", "GET, HEAD, OPTIONS"},
			{"POST", "/Users/" + c.u1(), "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"},
		} {
			assert.Equal(c, t.allow, c.do(t.method, t.path, `{}`).fails(405, "").header.Get("Allow"), "%s %s", t.method, t.path)
		}
		c.get("/Users").total(1)
	}},
	{"P-3.2-06", "DERIVED", "An unknown path is a 404 in JSON, never a page for people.", func(c *suite) {
		for _, path := range []string{"/Nope/1", "/Nope", "/Users/1/2", "/Users/1/2/3"} {
			c.get(path).fails(404, "")
		}
	}},
	{"P-3.2-07", "DERIVED", "HEAD is GET without the body; cross-origin headers are the application's.", func(c *suite) {
		path := "/Users/" + c.u1()
		get, head := c.get(path).is(200), c.do("HEAD", path, "").is(200)
		assert.Empty(c, head.text)
		for _, name := range []string{"ETag", "Location", "Content-Location", "Content-Type", "Content-Length"} {
			assert.Equal(c, get.header.Get(name), head.header.Get(name), name)
		}
		assert.NotEmpty(c, head.header.Get("ETag"))
		assert.Empty(c, c.do("OPTIONS", path, "", "Origin", "https://x.example").header.Get("Access-Control-Allow-Origin"))
	}},
	{"P-3.2-08", "DERIVED", "Slashes at the end or in a row open nothing else.", func(c *suite) {
		c, _ = site{}.open(c.T) // without a mux, which would redirect some of these
		u := c.u1()
		c.get("/Users/").total(1)
		c.get("/Users/"+u+"/").is(200).has(u, "id")
		for _, path := range []string{"//Users", "/Users//" + u, "//Users//" + u, "/Users//"} {
			if a := c.get(path).is(200, 404); a.status == 200 && a.doc["id"] != u {
				a.total(1)
			}
			c.as("").get(path).fails(401, "")
		}
	}},
}

// mediaTypes has section 3.8.
var mediaTypes = []requirement{
	{"P-3.8-01", "MUST", "JSON in UTF-8 is taken and given.", func(c *suite) {
		c.post("/Users", `{"userName":"ümläut"}`, "Content-Type", "application/scim+json; charset=utf-8").is(201).has("ümläut", "userName")
		c.get("/Users?filter=userName%20eq%20%22%C3%BCml%C3%A4ut%22").total(1)
	}},
	{"P-3.8-02", "SHALL", "Without a charset it is UTF-8.", func(c *suite) {
		a := c.post("/Users", `{"userName":"ü1"}`, "Content-Type", "application/scim+json").is(201)
		assert.Contains(c, a.text, `"ü1"`)
		assert.Contains(c, c.get("/Users/"+a.doc["id"].(string)).is(200).text, `"ü1"`)
	}},
	{"P-3.8-03", "MAY", "A media type that is not supported is refused in JSON.", func(c *suite) {
		c.do("POST", "/Users", "<User/>", "Content-Type", "application/xml").fails(415, "")
		c.get("/Users").total(0)
	}},
	{"P-3.8-04", "MUST", "Another encoding is refused, and a suffix of the path is part of the id.", func(c *suite) {
		c.do("POST", "/Users", "\xff\xfe{\x00}\x00", "Content-Type", "application/scim+json; charset=utf-16").is(400, 415)
		c.get("/Users/"+c.u1()+".scim").fails(404, "")
	}},
	{"P-3.8-05", "MUST", "Accept: application/scim+json is answered so.", func(c *suite) {
		a := c.get("/Users/"+c.u1(), "Accept", "application/scim+json").is(200)
		assert.Equal(c, "application/scim+json", a.header.Get("Content-Type"))
	}},
	{"P-3.8-06", "SHOULD", "Accept: application/json is answered in JSON.", func(c *suite) {
		a := c.get("/Users/"+c.u1(), "Accept", "application/json").is(200).has("bjensen", "userName")
		assert.Contains(c, []string{"application/json", "application/scim+json"}, a.header.Get("Content-Type"))
	}},
	{"P-3.8-07", "STATED", "Without Accept the answer is application/scim+json.", func(c *suite) {
		u := c.u1()
		for _, accept := range []string{"", "*/*", "application/json;q=0.5, */*"} {
			a := c.get("/Users/"+u, "Accept", accept).is(200)
			assert.Equal(c, "application/scim+json", a.header.Get("Content-Type"), accept)
		}
	}},
	{"P-3.8-08", "INTEROP", "Bodies may be declared as application/json.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen"}`, "Content-Type", "application/json").is(201).has("bjensen", "userName")
		c.post("/Users", `{"userName":"jsmith"}`, "Content-Type", "application/json; charset=UTF-8").is(201)
	}},
	{"P-3.8-09", "DERIVED", "An Accept without JSON is never answered by nothing.", func(c *suite) {
		a := c.get("/Users/"+c.u1(), "Accept", "text/html").is(200, 406)
		assert.NotEmpty(c, a.doc["schemas"])
		assert.Equal(c, "application/scim+json", a.header.Get("Content-Type"))
	}},
	{"P-3.8-10", "DERIVED", "What is not UTF-8 is refused rather than repaired.", func(c *suite) {
		for _, name := range []string{"\xff", "a\xc3(", `\ud800`, `\udc00x`} {
			c.post("/Users", `{"userName":"`+name+`"}`).fails(400, "invalidSyntax")
		}
		c.get("/Users").total(0)
	}},
	{"P-3.8-11", "DERIVED", "A body without Content-Type is taken as JSON.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen"}`, "Content-Type", "").is(201).has("bjensen", "userName")
		c.delete("/Users/" + a.doc["id"].(string)).is(204)
	}},
}

// versioning has section 3.13.
var versioning = []requirement{
	{"P-3.13-01", "MAY", "One handler can be served with and without the version in the path.", func(c *suite) {
		c, ts := site{wrap: func(h http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/scim/v2/", h)
			mux.Handle("/scim/", http.StripPrefix("/scim", h))
			return mux
		}}.open(c.T)
		u := c.u1()
		c.get("/Users").total(1)
		c.below(ts.URL+"/scim").get("/Users/"+u).is(200).has(c.url+"/Users/"+u, "meta", "location")
	}},
	{"P-3.13-02", "MUST", "The version stands before the endpoint, not behind it.", func(c *suite) {
		c, _ = site{path: "/v2"}.open(c.T)
		c.get("/Users").total(0)
		c.get("/Users/v2").fails(404, "")
		c.get("/Users/v2/none").fails(404, "")
	}},
	{"P-3.13-03", "MUST", "A version that is not served is an error.", func(c *suite) {
		c, ts := site{path: "/v2"}.open(c.T)
		c.get("/Users").total(0)
		for _, path := range []string{"/v1", "/v9", "/v20"} {
			a := c.below(ts.URL+path).get("/Users").is(400, 404)
			assert.Equal(c, []any{macros.Replace("$ER")}, a.doc["schemas"])
		}
	}},
	{"P-3.13-04", "SHOULD", "Without a version it is SCIM 2.0.", func(c *suite) {
		c, ts := site{path: "/scim"}.open(c.T)
		u := c.u1()
		c.get("/Users").total(1)
		c.get("/Users/"+u).is(200).has(macros.Replace("$U"), "schemas", "0").has(ts.URL+"/scim/Users/"+u, "meta", "location")
	}},
}
