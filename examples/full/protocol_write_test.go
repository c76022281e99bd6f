package main

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// lowerCasing keeps user names in lower case.
var lowerCasing = ownUsers{create: func(_ context.Context, w *scim.Write) error {
	return setting(w, "userName", strings.ToLower(w.New.Get("userName").String()))
}}

// atOnce runs f twice at the same time and returns the statuses in order.
func atOnce(f func() *answer) []int {
	statuses := make([]int, 2)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() { statuses[i] = f().status })
	}
	wg.Wait()
	slices.Sort(statuses)
	return statuses
}

// employee makes bjensen with data of the enterprise extension.
func (c *suite) employee() string {
	c.Helper()
	return c.user(`{"userName":"bjensen","name":{"givenName":"Barbara","familyName":"Jensen"},"emails":[{"value":"b@x","type":"work"}],
		"$E":{"department":"D","costCenter":"C","manager":{"value":"` + c.u2() + `"}}}`)
}

// creating has section 3.3.
var creating = []requirement{
	{"P-3.3-01", "SHALL", "What clients can't write is ignored in a new resource.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen","id":"x","meta":{"created":"1990-01-01T00:00:00Z","version":"v"},"groups":[{"value":"g"}]}`).is(201)
		a.lacks("groups")
		assert.NotEqual(c, "x", a.doc["id"])
		assert.NotContains(c, a.text, "1990-01-01")
		assert.NotEqual(c, "v", a.at("meta", "version"))
	}},
	{"P-3.3-02", "MAY", "The application may give values that the client has not.", func(c *suite) {
		c = c.defaulting(map[string]any{"active": true})
		a := c.post("/Users", `{"userName":"bjensen"}`).is(201).has(true, "active")
		c.get("/Users/"+a.doc["id"].(string)).has(true, "active")
		c.post("/Users", `{"userName":"jsmith","active":false}`).is(201).has(false, "active")
	}},
	{"P-3.3-03", "MAY", "null and [] are more than nothing: they keep the application's value off.", func(c *suite) {
		c = c.defaulting(map[string]any{"nickName": "n", "roles": []map[string]any{{"value": "r"}}})
		c.post("/Users", `{"userName":"jsmith"}`).is(201).has("n", "nickName").has("r", "roles", "0", "value")
		c.post("/Users", `{"userName":"bjensen","nickName":null,"roles":[]}`).is(201).lacks("nickName", "roles")
	}},
	{"P-3.3-04", "SHALL", "A new resource is a 201.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen"}`).is(201)
		c.get("/Users").total(1)
	}},
	{"P-3.3-05", "SHOULD", "The answer has the new resource.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","name":{"givenName":"B"}}`).is(201).
			has(macros.Replace("$U"), "schemas", "0").has("bjensen", "userName").has("B", "name", "givenName").has("User", "meta", "resourceType")
		assert.NotEmpty(c, c.post("/Users", `{"userName":"x"}`).at("id"))
	}},
	{"P-3.3-06", "SHALL", "Location is the resource's absolute URI, in the header and in meta.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen"}`).is(201)
		want := c.url + "/Users/" + a.doc["id"].(string)
		assert.Equal(c, want, a.has(want, "meta", "location").header.Get("Location"))
	}},
	{"P-3.3-07", "MUST", "A value in use is a 409 that names the attribute.", func(c *suite) {
		c.u1()
		a := c.post("/Users", `{"userName":"bjensen"}`).fails(409, "uniqueness")
		assert.Contains(c, a.doc["detail"], "userName")
		c.post("/Users", `{"userName":"BJENSEN"}`).fails(409, "uniqueness")
		c.get("/Users").total(1)
	}},
	{"P-3.3-08", "DERIVED", "A required value that is missing is an error.", func(c *suite) {
		for _, body := range []string{`{"nickName":"x"}`, `{"userName":null}`, `{"userName":[]}`} {
			assert.Contains(c, c.post("/Users", body).fails(400, "invalidValue").doc["detail"], "userName")
		}
		c.get("/Users").total(0)
	}},
	{"P-3.3-09", "DERIVED", "A body that is no JSON object is an error.", func(c *suite) {
		for _, body := range []string{`{"schemas":[`, `[]`, `"x"`, ``, `null`, `7`, `{"schemas":["$U"],"userName":"a",}`} {
			c.do("POST", "/Users", body).fails(400, "invalidSyntax")
		}
		c.get("/Users").total(0)
	}},
	{"P-3.3-10", "DERIVED", "Nothing may follow the JSON object.", func(c *suite) {
		for _, more := range []string{` {"x":1}`, `x`, `]`} {
			c.do("POST", "/Users", `{"schemas":["$U"],"userName":"a"}`+more).fails(400, "invalidSyntax")
		}
		c.do("POST", "/Users", `{"schemas":["$U"],"userName":"a"}`+" \n").is(201)
		c.get("/Users").total(1)
	}},
	{"P-3.3-11", "DERIVED", "The answer to a create can be projected.", func(c *suite) {
		a := c.post("/Users?attributes=userName", `{"userName":"bjensen","nickName":"n"}`).is(201)
		shows(c, a.doc, "userName")
		a = c.post("/Users?excludedAttributes=nickName", `{"userName":"jsmith","nickName":"n","title":"t"}`).is(201).lacks("nickName").has("t", "title")
		c.get("/Users/"+a.doc["id"].(string)).has("n", "nickName")
	}},
	{"P-3.3-12", "DERIVED", "POST to a resource creates nothing.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() { c.post(path, `{"userName":"new"}`).fails(405, "") })
		c.get("/Users").total(1)
	}},
	{"P-3.3-13", "DERIVED", "Of two who create the same at once, one does.", func(c *suite) {
		for range 20 {
			statuses := atOnce(func() *answer { return c.post("/Users", `{"userName":"race"}`) })
			require.Equal(c, []int{201, 409}, statuses)
			a := c.matching(1, "/Users", `userName eq "race"`)
			c.delete("/Users/" + a.each("id", "Resources")[0]).is(204)
		}
	}},
	{"P-3.3-14", "DERIVED", "A create that fails anywhere stores nothing.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","$E":{"employeeNumber":7}}`).fails(400, "invalidValue")
		c.matching(0, "/Users", `userName eq "bjensen"`)
		c.post("/Users", `{"userName":"bjensen"}`).is(201)
	}},
	{"P-3.3.1-01", "SHALL", "meta.resourceType is that of the endpoint.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","meta":{"resourceType":"Group"}}`).is(201).has("User", "meta", "resourceType")
		c.post("/Groups", `{"displayName":"Tour Guides"}`).is(201).has("Group", "meta", "resourceType")
		c.post("/Things", `{"name":"t"}`).is(201).has("Thing", "meta", "resourceType")
	}},
}

// replacing has sections 3.5 and 3.5.1.
var replacing = []requirement{
	{"P-3.5-01", "MUST", "Resources can be replaced.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.put(path, `{"userName":"bjensen","displayName":"New"}`).is(200).has("New", "displayName")
		c.get(path).has("New", "displayName").lacks("nickName")
	}},
	{"P-3.5-02", "SHOULD", "Resources can be patched, and the server says so.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.patched(path, `{"op":"replace","path":"displayName","value":"New"}`).has("New", "displayName").has("Babs", "nickName")
		c.get("/ServiceProviderConfig").has(true, "patch", "supported")
	}},
	{"P-3.5.1-01", "MUST NOT", "PUT creates nothing.", func(c *suite) {
		c.put("/Users/unknown", `{"userName":"bjensen"}`).fails(404, "")
		c.get("/Users").total(0)
	}},
	{"P-3.5.1-02", "SHALL", "What is sent replaces what was there.", func(c *suite) {
		password := ""
		c = c.withUsers(ownUsers{passwords: true, update: func(_ context.Context, _ string, w *scim.Write) error {
			password = w.Password.Reveal()
			return nil
		}})
		path := "/Users/" + c.u1()
		a := c.put(path, `{"userName":"bjensen","nickName":"N2","password":"n3w!Passphrase","emails":[{"value":"only@x","type":"work"}]}`).is(200)
		for _, a := range []*answer{a, c.get(path).is(200)} {
			a.has("N2", "nickName").lacks("password")
			assert.Equal(c, []string{"only@x"}, a.each("value", "emails"))
		}
		assert.Equal(c, "n3w!Passphrase", password)
	}},
	{"P-3.5.1-03", "MAY", "What is not sent is cleared, but for members and active.", func(c *suite) {
		u := c.user(`{"userName":"bjensen","nickName":"N","title":"T","active":false}`)
		c.put("/Users/"+u, `{"userName":"bjensen"}`).is(200).lacks("nickName", "title").has(false, "active")
		c.get("/Users/"+u).lacks("nickName", "title").has(false, "active")
		g := c.g1(u)
		c.put("/Groups/"+g, `{"displayName":"x"}`).is(200).has("x", "displayName")
		c.get("/Groups/"+g).has(u, "members", "0", "value")
	}},
	{"P-3.5.1-04", "MAY", "null and [] clear.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.put(path, `{"userName":"bjensen","nickName":null,"emails":[]}`).is(200).lacks("nickName", "emails")
		c.get(path).lacks("nickName", "emails")
	}},
	{"P-3.5.1-05", "MUST", "An immutable value can only be sent as it is.", func(c *suite) {
		path := "/Things/" + c.thing(`"imm":"a"`)
		c.keeps(path, func() { c.put(path, `{"name":"t","imm":"b"}`).fails(400, "mutability") })
		c.put(path, `{"name":"t2","imm":"a"}`).is(200).has("a", "imm").has("t2", "name")
	}},
	{"P-3.5.1-06", "SHALL", "An immutable attribute without a value can be given one.", func(c *suite) {
		path := "/Things/" + c.thing("")
		c.put(path, `{"name":"t","imm":"b"}`).is(200).has("b", "imm")
		c.get(path).has("b", "imm")
	}},
	{"P-3.5.1-07", "SHALL", "What clients can't write is ignored.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		before := c.get("/Users/" + u).is(200)
		after := c.put("/Users/"+u, `{"userName":"bjensen","id":"other","meta":{"version":"x","created":"1990-01-01T00:00:00Z"},"groups":[]}`).is(200)
		after.has(u, "id").has(g, "groups", "0", "value").has(before.at("meta", "created"), "meta", "created").has(before.at("meta", "location"), "meta", "location")
		assert.NotEqual(c, "x", after.at("meta", "version"))
		c.get("/Groups/"+g).has(u, "members", "0", "value")
	}},
	{"P-3.5.1-08", "MUST", "What is required must be sent.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() { c.put(path, `{"nickName":"x"}`).fails(400, "invalidValue") })
	}},
	{"P-3.5.1-09", "MAY", "What was read can be sent back.", func(c *suite) {
		u := c.employee()
		c.g1(u)
		c.keeps("/Users/"+u, func() { c.put("/Users/"+u, c.get("/Users/"+u).text).is(200) })
		t := c.thing(`"imm":"a","num":7,"dec":1.5,"when":"2011-05-13T06:42:34+02:00","bin":"AAAA","tags":["a","b"]`)
		c.keeps("/Things/"+t, func() { c.put("/Things/"+t, c.get("/Things/"+t).text).is(200) })
	}},
	{"P-3.5.1-10", "STATED", "The answer is a 200 with the whole resource.", func(c *suite) {
		path := "/Users/" + c.u1()
		a := c.put(path, `{"userName":"bjensen","displayName":"New"}`).is(200)
		get := c.get(path).is(200)
		assert.JSONEq(c, get.text, a.text)
		for _, name := range []string{"ETag", "Location", "Content-Location", "Content-Type"} {
			assert.NotEmpty(c, a.header.Get(name), name)
			assert.Equal(c, get.header.Get(name), a.header.Get(name), name)
		}
	}},
	{"P-3.5.1-11", "DERIVED", "Another's value is a conflict; one's own in another case is not.", func(c *suite) {
		u1, u2 := c.u1(), c.u2()
		c.keeps("/Users/"+u2, func() { c.put("/Users/"+u2, `{"userName":"BJENSEN"}`).fails(409, "uniqueness") })
		c.put("/Users/"+u1, `{"userName":"BJensen"}`).is(200).has("BJensen", "userName")
	}},
	{"P-3.5.1-12", "DERIVED", "An extension that is not sent goes, with its URN.", func(c *suite) {
		path := "/Users/" + c.employee()
		for _, a := range []*answer{c.put(path, `{"userName":"bjensen"}`).is(200), c.get(path)} {
			a.lacks("$E").has([]any{macros.Replace("$U")}, "schemas")
		}
	}},
	{"P-3.5.1-13", "DERIVED", "What can't be read is kept if it is not sent.", func(c *suite) {
		login := ""
		keep := func(w *scim.Write) error {
			if w.Password.IsSet() {
				login = w.Password.Reveal()
			}
			return nil
		}
		c = c.withUsers(ownUsers{passwords: true,
			create: func(_ context.Context, w *scim.Write) error { return keep(w) },
			update: func(_ context.Context, _ string, w *scim.Write) error { return keep(w) },
		})
		path := "/Users/" + c.user(`{"userName":"bjensen","password":"n3w!Passphrase"}`)
		c.put(path, `{"userName":"bjensen","title":"T"}`).is(200).has("T", "title")
		assert.Equal(c, "n3w!Passphrase", login)

		path = "/Things/" + c.thing(`"wo":"secret","never":"n"`)
		c.put(path, `{"name":"t2"}`).is(200)
		c.matching(1, "/Things", `never eq "n"`)
	}},
	{"P-3.5.1-14", "DERIVED", "A resource can't be replaced by one of another type.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() {
			c.put(path, `{"schemas":["$G"],"displayName":"Tour Guides"}`).fails(400, "invalidSyntax")
			c.put(path, `{"schemas":["$G"],"userName":"bjensen","displayName":"x"}`).fails(400, "invalidSyntax")
		})
	}},
	{"P-3.5.1-15", "DERIVED", "A group's members are replaced as a whole.", func(c *suite) {
		u1, u2 := c.u1(), c.u2()
		path := "/Groups/" + c.g1(u1)
		c.put(path, `{"displayName":"Tour Guides","members":[{"value":"`+u2+`"}]}`).is(200)
		assert.Equal(c, []string{u2}, c.get(path).each("value", "members"))
		c.put(path, `{"displayName":"Tour Guides","members":[]}`).is(200)
		assert.Empty(c, c.get(path).each("value", "members"))
		c.get("/Users/" + u2).lacks("groups")
	}},
}

// deleting has section 3.6.
var deleting = []requirement{
	{"P-3.6-01", "MUST", "What is deleted is not there for any request.", func(c *suite) {
		u2 := c.u2()
		for path, required := range map[string]string{"/Users/" + c.u1(): "userName", "/Groups/" + c.g1(u2): "displayName", "/Things/" + c.thing(""): "name"} {
			c.delete(path).is(204)
			c.get(path).fails(404, "")
			c.put(path, `{"`+required+`":"new"}`).fails(404, "")
			c.patch(path, `{"op":"replace","path":"`+required+`","value":"new"}`).fails(404, "")
			if required == "displayName" {
				c.patch(path, `{"op":"remove","path":"members[value eq \"`+u2+`\"]"}`).fails(404, "")
			}
			c.delete(path).fails(404, "")
		}
	}},
	{"P-3.6-02", "MUST", "What is deleted is not found.", func(c *suite) {
		u := c.u1()
		c.matching(1, "/Users", `userName eq "bjensen"`)
		c.delete("/Users/" + u).is(204)
		c.matching(0, "/Users", `userName eq "bjensen"`)
		c.search("/Users", `"filter":"id eq \"`+u+`\""`).total(0)
		c.matching(0, "/", `userName pr`)
	}},
	{"P-3.6-03", "SHOULD NOT", "What is deleted conflicts with nothing.", func(c *suite) {
		u := c.u1()
		c.delete("/Users/" + u).is(204)
		assert.NotEqual(c, u, c.u1())
	}},
	{"P-3.6-04", "SHALL", "The answer to DELETE is a 204 without a body.", func(c *suite) {
		a := c.delete("/Users/" + c.u1()).is(204)
		assert.Empty(c, a.text)
		assert.Empty(c, a.header.Get("Content-Type"))
	}},
	{"P-3.6-05", "DERIVED", "What is not there can't be deleted.", func(c *suite) {
		c.delete("/Users/none").fails(404, "")
		c.delete("/Users/"+c.g1()).fails(404, "")
		c.get("/Groups").total(1)
	}},
	{"P-3.6-06", "DERIVED", "DELETE holds to If-Match.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() { c.delete(path, "If-Match", `W/"stale"`).fails(412, "") })
		c.delete(path, "If-Match", c.get(path).header.Get("ETag")).is(204)
	}},
	{"P-3.6-07", "DERIVED", "A group's members outlive it.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		c.get("/Users/"+u).has(g, "groups", "0", "value")
		c.delete("/Groups/" + g).is(204)
		c.get("/Users/" + u).is(200).lacks("groups")
	}},
}

// without drops the version from what a store returns.
func without(r *schema.Resource) (*schema.Resource, error) {
	m := r.Meta()
	m.Version = ""
	return r.WithMeta(r.ID(), m), nil
}

// tagging has section 3.14.
var tagging = []requirement{
	{"P-3.14-01", "MAY", "Versions are weak ETags.", func(c *suite) {
		assert.Regexp(c, `^W/"[^"]+"$`, c.get("/Users/"+c.u1()).is(200).header.Get("ETag"))
	}},
	{"P-3.14-02", "MUST", "Every answer with or about one resource has its ETag, which is meta.version.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		path := "/Users/" + u
		for _, a := range []*answer{
			c.get(path).is(200),
			c.post("/Users", `{"userName":"e1"}`).is(201),
			c.put(path, `{"userName":"bjensen"}`).is(200),
			c.patch(path, `{"op":"replace","path":"nickName","value":"x"}`).is(200),
		} {
			assert.NotEmpty(c, a.header.Get("ETag"))
			a.has(a.header.Get("ETag"), "meta", "version")
		}
		for _, a := range []*answer{
			c.patch(path, `{"op":"replace","path":"nickName","value":"y"}`, "Prefer", "return=minimal").is(204),
			c.patch("/Groups/"+g, `{"op":"replace","path":"displayName","value":"y"}`, "Prefer", "return=minimal").is(204),
		} {
			assert.NotEmpty(c, a.header.Get("ETag"))
			assert.Equal(c, c.get(strings.TrimPrefix(a.header.Get("Location"), c.url)).header.Get("ETag"), a.header.Get("ETag"))
		}
	}},
	{"P-3.14-03", "STATED", "A client that has the version already gets a 304.", func(c *suite) {
		path := "/Users/" + c.u1()
		etag := c.get(path).header.Get("ETag")
		a := c.get(path+"?attributes=displayName", "If-None-Match", etag).is(304)
		assert.Empty(c, a.text)
		assert.Equal(c, etag, a.header.Get("ETag"))
		c.get(path, "If-None-Match", `W/"other", `+etag).is(304)
		c.get(path, "If-None-Match", `W/"other"`).is(200)
	}},
	{"P-3.14-04", "STATED", "A write to another version than the client means is a 412.", func(c *suite) {
		u1, u2 := c.u1(), c.u2()
		g := c.g1(u1)
		addMember := `{"op":"add","path":"members","value":[{"value":"` + u2 + `"}]}`
		for path, required := range map[string]string{"/Users/" + u1: "userName", "/Groups/" + g: "displayName", "/Things/" + c.thing(""): "name"} {
			old := c.get(path).header.Get("ETag")
			c.patch(path, `{"op":"replace","path":"`+required+`","value":"x"}`).is(200, 204)
			c.keeps(path, func() {
				for _, tag := range []string{`W/"stale"`, old} {
					c.put(path, `{"`+required+`":"y"}`, "If-Match", tag).fails(412, "")
					c.patch(path, `{"op":"replace","path":"`+required+`","value":"y"}`, "If-Match", tag).fails(412, "")
					c.delete(path, "If-Match", tag).fails(412, "")
					if required == "displayName" {
						c.patch(path, addMember, "If-Match", tag).fails(412, "")
					}
				}
			})
		}
	}},
	{"P-3.14-05", "STATED", "A write to the version that the client means is done.", func(c *suite) {
		path := "/Users/" + c.u1()
		etag := c.get(path).header.Get("ETag")
		a := c.patch(path, `{"op":"replace","path":"nickName","value":"x"}`, "If-Match", etag).is(200).has("x", "nickName")
		assert.NotEqual(c, etag, a.header.Get("ETag"))
		strong := strings.TrimPrefix(a.header.Get("ETag"), "W/")
		c.put(path, `{"userName":"bjensen"}`, "If-Match", strong).is(200)
		c.delete(path, "If-Match", c.get(path).header.Get("ETag")).is(204)
	}},
	{"P-3.14-06", "DERIVED", "If-Match may be a star or a list.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.put(path, `{"userName":"bjensen","title":"a"}`, "If-Match", "*").is(200).has("a", "title")
		c.put("/Users/none", `{"userName":"bjensen"}`, "If-Match", "*").is(404, 412)
		c.put(path, `{"userName":"bjensen","title":"b"}`, "If-Match", `W/"a", `+c.get(path).header.Get("ETag")).is(200).has("b", "title")
		c.put(path, `{"userName":"bjensen","title":"c"}`, "If-Match", `W/"a", W/"b"`).fails(412, "")
	}},
	{"P-3.14-07", "DERIVED", "An ETag is that of the resource, whatever is shown, and moves with it.", func(c *suite) {
		path := "/Users/" + c.u1()
		etag := c.get(path).header.Get("ETag")
		assert.Equal(c, etag, c.get(path+"?attributes=userName").header.Get("ETag"))
		assert.Equal(c, etag, c.get(path+"?excludedAttributes=meta").header.Get("ETag"))
		c.patch(path, `{"op":"replace","path":"nickName","value":"new"}`).is(200)
		assert.NotEqual(c, etag, c.get(path).header.Get("ETag"))
	}},
	{"P-3.14-08", "DERIVED", "Of two who write to one version at once, one does.", func(c *suite) {
		path := "/Users/" + c.u1()
		for i := range 20 {
			etag := c.get(path).header.Get("ETag")
			body := `{"userName":"bjensen","title":"` + strings.Repeat("x", i+1) + `"}`
			require.Equal(c, []int{200, 412}, atOnce(func() *answer { return c.put(path, body, "If-Match", etag) }))
		}
	}},
	{"P-3.14-09", "DERIVED", "Without versions there are no ETags, and nothing is conditional.", func(c *suite) {
		c = c.withUsers(ownUsers{read: without})
		path := "/Users/" + c.u1()
		for _, tag := range []string{"*", `W/"1"`, `""`, `W/""`} {
			a := c.get(path, "If-None-Match", tag).is(200).has("bjensen", "userName").has(nil, "meta", "version")
			assert.Empty(c, a.header.Values("ETag"))
		}
	}},
	{"P-3.14-10", "DERIVED", "A change of members moves the group's ETag.", func(c *suite) {
		u1, u2 := c.u1(), c.u2()
		path := "/Groups/" + c.g1(u1)
		etag := c.get(path).header.Get("ETag")
		patched := c.patch(path, `{"op":"add","path":"members","value":[{"value":"`+u2+`"}]}`).is(200, 204).header.Get("ETag")
		after := c.get(path).header.Get("ETag")
		assert.NotEqual(c, etag, after)
		assert.Equal(c, after, patched)
	}},
}
