package main

import (
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// discovery has sections 5 and 6.
var discovery = []requirement{
	{"S-5-01", "REQUIRED", "The configuration tells of every feature, also of what is not there.", func(c *suite) {
		for _, conn := range []*suite{c, c.with(func(config *scim.Config) { config.MaxBulkOperations = 0 })} {
			a := conn.get("/ServiceProviderConfig").is(200).has(urns("$SPC"), "schemas")
			for _, feature := range []string{"patch", "bulk", "filter", "changePassword", "sort", "etag"} {
				assert.IsType(c, true, a.at(feature, "supported"), feature)
			}
			for _, limit := range []string{"maxOperations", "maxPayloadSize"} {
				assert.Regexp(c, `"`+limit+`":\d+[,}]`, a.text)
				assert.IsType(c, 1., a.at("bulk", limit), limit)
			}
			assert.Regexp(c, `"maxResults":[1-9]\d*[,}]`, a.text)
			assert.IsType(c, 1., a.at("filter", "maxResults"))
			assert.NotEmpty(c, a.doc["authenticationSchemes"])
		}
	}},
	{"S-5-02", "REQUIRED", "It tells how to authenticate, completely.", func(c *suite) {
		a := c.get("/ServiceProviderConfig").is(200)
		schemes, _ := a.doc["authenticationSchemes"].([]any)
		require.NotEmpty(c, schemes)
		primaries := 0
		for _, v := range schemes {
			s, _ := v.(map[string]any)
			assert.Contains(c, []any{"oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"}, s["type"])
			assert.NotEmpty(c, s["name"])
			assert.NotEmpty(c, s["description"])
			if s["primary"] == true {
				primaries++
			}
		}
		assert.LessOrEqual(c, primaries, 1)
	}},
	{"S-5-03", "OPTIONAL", "Where it names documents, it does so by absolute URLs.", func(c *suite) {
		a := c.get("/ServiceProviderConfig").is(200)
		links := []any{a.doc["documentationUri"]}
		for i := range a.each("type", "authenticationSchemes") {
			for _, name := range []string{"specUri", "documentationUri"} {
				links = append(links, a.at("authenticationSchemes", strconv.Itoa(i), name))
			}
		}
		for _, link := range links {
			if link == nil {
				continue
			}
			text, _ := link.(string)
			u, err := url.Parse(text)
			require.NoError(c, err)
			assert.True(c, u.IsAbs(), text)
		}
		for _, path := range []string{"documentationUri", "authenticationSchemes.specUri", "authenticationSchemes.documentationUri"} {
			assert.Equal(c, "reference", shownAttr(c, "$SPC", path)["type"])
		}
	}},
	{"S-5-04", "SHOULD", "It can be read without a credential, unless the application says otherwise.", func(c *suite) {
		open := c.as("").get("/ServiceProviderConfig").is(200)
		assert.NotEmpty(c, open.doc["authenticationSchemes"])
		c = c.with(func(config *scim.Config) { config.PrivateDiscovery = true })
		closed := c.as("").get("/ServiceProviderConfig").fails(401, "")
		assert.NotEmpty(c, closed.header.Get("WWW-Authenticate"))
		c.get("/ServiceProviderConfig").is(200)
	}},
	{"S-5-05", "STATED", "It is one resource and needs no id.", func(c *suite) {
		a := c.get("/ServiceProviderConfig").is(200).has(urns("$SPC"), "schemas").lacks("Resources", "totalResults")
		a.has("ServiceProviderConfig", "meta", "resourceType").has(c.url+"/ServiceProviderConfig", "meta", "location")
	}},
	{"S-5-06", "DERIVED", "What it tells is so: what is there works, what is not is refused.", func(c *suite) {
		u := c.u1()
		config := c.get("/ServiceProviderConfig").is(200)
		for _, feature := range []string{"patch", "bulk", "filter", "sort", "etag"} {
			config.has(true, feature, "supported")
		}
		c.patch("/Users/"+u, `{"op":"replace","path":"nickName","value":"x"}`).is(200, 204)
		c.bulk(bulkPost("/Users", "1", `{"userName":"alice"}`)).is(200)
		c.get(`/Users?filter=nickName eq "x"`).total(1)
		assert.Equal(c, []string{"alice", "bjensen"}, c.get("/Users?sortBy=userName").total(2).each("userName", "Resources"))
		assert.NotEmpty(c, c.get("/Users/"+u).is(200).header.Get("ETag"))
		config.has(c.keepsPasswords(), "changePassword", "supported")
		c.refusing(func(*scim.Write) error { return nil }).get("/ServiceProviderConfig").is(200).has(true, "changePassword", "supported")
		c = c.with(func(config *scim.Config) { config.MaxBulkOperations = 0 })
		c.get("/ServiceProviderConfig").is(200).has(false, "bulk", "supported")
		c.bulk(bulkPost("/Users", "1", `{"userName":"alice"}`)).fails(501, "")
	}},
	{"S-6-01", "REQUIRED", "Every resource type has a name, an endpoint and a schema.", func(c *suite) {
		types := c.get("/ResourceTypes").is(200).resources()
		require.NotEmpty(c, types)
		for _, t := range types {
			assert.Equal(c, urns("$RT"), t["schemas"])
			assert.NotEmpty(c, t["name"])
			assert.Regexp(c, "^/", t["endpoint"])
			assert.NotEmpty(c, t["schema"])
			meta, _ := t["meta"].(map[string]any)
			name, _ := t["name"].(string)
			assert.Equal(c, map[string]any{"resourceType": "ResourceType", "location": c.url + "/ResourceTypes/" + name}, meta)
		}
	}},
	{"S-6-02", "MUST", "The schema of a resource type is one of /Schemas.", func(c *suite) {
		urns := c.get("/ResourceTypes").is(200).each("schema", "Resources")
		require.NotEmpty(c, urns)
		for _, urn := range urns {
			c.get("/Schemas/"+urn).is(200).has(urn, "id")
		}
	}},
	{"S-6-03", "MUST", "So is each of its extensions.", func(c *suite) {
		a := c.get("/ResourceTypes/User").is(200)
		assert.Equal(c, []string{macros.Replace("$E")}, a.each("schema", "schemaExtensions"))
		a.has(false, "schemaExtensions", "0", "required")
		c.get("/Schemas/$E").is(200).has(macros.Replace("$E"), "id")
	}},
	{"S-6-04", "MUST", "A required extension must be there, with what it requires.", func(c *suite) {
		const urn = "urn:example:X"
		c = c.with(func(config *scim.Config) {
			base := thingType.Config()
			base.Extensions = []schema.Extension{{Required: true, Schema: schema.Schema{ID: urn, Name: "X", Attributes: []schema.Attribute{
				{Name: "must", Required: true}, {Name: "may"},
			}}}}
			config.Resources[0] = c.resource(compiled(c, base))
		})
		c.get("/ResourceTypes/Thing").is(200).has(true, "schemaExtensions", "0", "required")
		c.post("/Things", `{"name":"t"}`).fails(400, "invalidValue")
		c.post("/Things", `{"name":"t","`+urn+`":{"may":"x"}}`).fails(400, "invalidValue")
		c.get("/Things").total(0)
		id := c.create("/Things", `{"name":"t","`+urn+`":{"must":"x"}}`)
		c.put("/Things/"+id, `{"name":"t"}`).fails(400, "invalidValue")
	}},
	{"S-6-05", "MAY", "Any other extension can be left out.", func(c *suite) {
		c.get("/ResourceTypes/User").is(200).has(false, "schemaExtensions", "0", "required")
		c.post("/Users", `{"userName":"bjensen"}`).is(201).has(urns("$U"), "schemas").lacks("$E")
	}},
	{"S-6-06", "DERIVED", "Two resource types have neither one endpoint nor one name.", func(c *suite) {
		type named struct{ name, endpoint string }
		for _, t := range []named{{"Account", "/Users"}, {"Account", "/users"}, {"User", "/Accounts"}, {"Account", "/Schemas"}} {
			o := options{data: c.data, baseURL: c.url, token: "a", strictToken: "b", change: func(config *scim.Config) {
				account := compiled(c, schema.TypeConfig{Name: t.name, Endpoint: t.endpoint, Schema: schema.Schema{
					ID: "urn:example:Account", Name: "Account", Attributes: []schema.Attribute{{Name: "x"}},
				}})
				config.Resources = append(config.Resources, c.resource(account))
			}}
			_, err := o.handler()
			assert.ErrorContains(c, err, t.name, "%v", t)
		}
	}},
}

// definitions has sections 7 to 9.
var definitions = []requirement{
	{"S-7-01", "MUST", "The id of a schema is its URI.", func(c *suite) {
		var ids []string
		for _, s := range c.get("/Schemas").is(200).resources() {
			id, _ := s["id"].(string)
			ids = append(ids, id)
			assert.Equal(c, urns("$SCH"), s["schemas"])
		}
		for _, urn := range []string{"$U", "$G", "$E", "$T", "$SPC", "$RT", "$SCH"} {
			assert.Contains(c, ids, macros.Replace(urn))
			c.get("/Schemas/"+urn).is(200).has(macros.Replace(urn), "id")
		}
		assert.Len(c, ids, len(slices.Compact(slices.Sorted(slices.Values(ids)))))
	}},
	{"S-7-02", "MUST", "Schemas and attributes have names and descriptions.", func(c *suite) {
		for _, s := range c.get("/Schemas").is(200).resources() {
			assert.NotEmpty(c, s["name"], s["id"])
			assert.NotEmpty(c, s["description"], s["id"])
		}
		for _, a := range shownAttrs(c) {
			assert.NotEmpty(c, a.doc["name"], a.schema)
			assert.NotEmpty(c, a.doc["description"], "%s of %s", a.path, a.schema)
		}
	}},
	{"S-7-03", "REQUIRED", "Every attribute tells all of its characteristics.", func(c *suite) {
		for _, a := range shownAttrs(c) {
			where := a.path + " of " + a.schema
			for _, name := range []string{"multiValued", "required", "caseExact"} {
				assert.IsType(c, true, a.doc[name], "%s: %s", where, name)
			}
			for _, name := range []string{"name", "type", "description", "mutability", "returned"} {
				assert.IsType(c, "", a.doc[name], "%s: %s", where, name)
			}
			assert.Contains(c, []any{"readOnly", "readWrite", "immutable", "writeOnly"}, a.doc["mutability"], where)
			assert.Contains(c, []any{"always", "never", "default", "request"}, a.doc["returned"], where)
			if a.doc["type"] == "complex" {
				assert.Contains(c, []any{nil, "none"}, a.doc["uniqueness"], where)
			} else {
				assert.Contains(c, []any{"none", "server", "global"}, a.doc["uniqueness"], where)
			}
		}
		assert.Equal(c, []any{"a", "b"}, shownAttr(c, "$T", "canon")["canonicalValues"])
		assert.Equal(c, []any{"external"}, shownAttr(c, "$T", "ref")["referenceTypes"])
		assert.Equal(c, "server", shownAttr(c, "$T", "uniq")["uniqueness"])
	}},
	{"S-7-04", "SHOULD", "A complex attribute lists its sub-attributes.", func(c *suite) {
		n := 0
		for _, a := range shownAttrs(c) {
			if a.doc["type"] == "complex" {
				assert.NotEmpty(c, a.doc["subAttributes"], "%s of %s", a.path, a.schema)
				n++
			} else {
				assert.NotContains(c, a.doc, "subAttributes", "%s of %s", a.path, a.schema)
			}
		}
		assert.Positive(c, n)
	}},
	{"S-7-05", "MAY", "Other values than the canonical ones are taken, unless the configuration says otherwise.", func(c *suite) {
		for _, conn := range []*suite{c, c.tolerant()} {
			conn.post("/Things", `{"name":"t","canon":"zzz"}`).is(201).has("zzz", "canon")
		}
		c.with(canonicalOnly).post("/Things", `{"name":"t","canon":"zzz"}`).fails(400, "invalidValue")
	}},
	{"S-7-06", "SHALL", "Filters look at the case where it counts.", func(c *suite) {
		c.thing(`"strExact":"Abc","strCI":"Abc"`)
		c.get(`/Things?filter=strExact eq "abc"`).total(0)
		c.get(`/Things?filter=strExact eq "Abc"`).total(1)
		c.get(`/Things?filter=strCI eq "abc"`).total(1)
	}},
	{"S-7-07", "SHALL", "Where case counts it is kept.", func(c *suite) {
		id := c.thing(`"strExact":"MiXeD"`)
		c.get("/Things/"+id).is(200).has("MiXeD", "strExact")
		c.patch("/Things/"+id, `{"op":"replace","path":"strExact","value":"mIxEd"}`).is(200, 204)
		c.get("/Things/"+id).is(200).has("mIxEd", "strExact")
	}},
	{"S-7-08", "MAY", "Where it does not count it is kept too.", func(c *suite) {
		id := c.user(`{"userName":"BJensen"}`)
		c.get("/Users/"+id).is(200).has("BJensen", "userName")
		c.get(`/Users?filter=userName eq "bjensen"`).total(1).has("BJensen", "Resources", "0", "userName")
	}},
	{"S-7-09", "SHALL NOT", "Clients can't change what is readOnly.", func(c *suite) {
		id := c.thing(`"ro":"hack"`)
		c.get("/Things/"+id).is(200).has("server", "ro")
		c.put("/Things/"+id, `{"name":"t","ro":"hack"}`).is(200).has("server", "ro")
		for _, op := range []string{`"replace","path":"ro","value":"hack"`, `"add","value":{"ro":"hack"}`, `"remove","path":"ro"`} {
			c.patch("/Things/"+id, `{"op":`+op+`}`).fails(400, "mutability")
		}
		c.get("/Things/"+id).is(200).has("server", "ro")
	}},
	{"S-7-10", "MAY", "What is readWrite can be changed at any time.", func(c *suite) {
		id := c.thing("")
		for _, v := range []string{"v1", "v2"} {
			c.patch("/Things/"+id, `{"op":"replace","path":"strCI","value":"`+v+`"}`).is(200, 204)
			c.get("/Things/"+id).is(200).has(v, "strCI")
		}
	}},
	{"S-7-11", "MAY", "What is immutable can be set once, also later.", func(c *suite) {
		c.post("/Things", `{"name":"t","imm":"a"}`).is(201).has("a", "imm")
		c.put("/Things/"+c.thing(""), `{"name":"t","imm":"b"}`).is(200).has("b", "imm")
		id := c.thing("")
		c.patch("/Things/"+id, `{"op":"add","path":"imm","value":"c"}`).is(200, 204)
		c.get("/Things/"+id).is(200).has("c", "imm")
	}},
	{"S-7-12", "SHALL NOT", "It is not changed afterwards.", func(c *suite) {
		id := c.thing(`"imm":"a"`)
		c.put("/Things/"+id, `{"name":"t","imm":"b"}`).fails(400, "mutability")
		for _, op := range []string{`"replace","path":"imm","value":"b"`, `"add","path":"imm","value":"b"`, `"remove","path":"imm"`} {
			c.patch("/Things/"+id, `{"op":`+op+`}`).fails(400, "mutability")
		}
		c.get("/Things/"+id).is(200).has("a", "imm")
		c.put("/Things/"+id, `{"name":"t","imm":"a"}`).is(200).has("a", "imm")
	}},
	{"S-7-13", "MAY", "What is writeOnly can be changed at any time.", func(c *suite) {
		id := c.thing(`"wo":"s1"`)
		before := c.get("/Things/" + id).is(200).header.Get("ETag")
		c.patch("/Things/"+id, `{"op":"replace","path":"wo","value":"s2"}`).is(200, 204)
		assert.NotEqual(c, before, c.get("/Things/"+id).is(200).header.Get("ETag"))
	}},
	{"S-7-14", "SHALL NOT", "It is never returned.", func(c *suite) {
		a := c.post("/Things?attributes=wo", `{"name":"t","wo":"s1"}`).is(201).lacks("wo")
		id := textAt(a, "id")
		c.get("/Things/" + id).is(200).lacks("wo")
		c.get("/Things/" + id + "?attributes=wo").is(200).lacks("wo")
		c.patch("/Things/"+id+"?attributes=wo", `{"op":"replace","path":"wo","value":"s2"}`).is(200).lacks("wo")
		c.put("/Things/"+id, `{"name":"t","wo":"s3"}`).is(200).lacks("wo")
	}},
	{"S-7-15", "STATED", "What is returned always is returned whatever is asked for.", func(c *suite) {
		id := c.thing(`"always":"x","strCI":"y"`)
		c.get("/Things/"+id+"?attributes=name").is(200).has("x", "always").lacks("strCI")
		c.get("/Things/"+id+"?excludedAttributes=always").is(200).has("x", "always").has("y", "strCI")
	}},
	{"S-7-16", "STATED", "What is returned never is not, whatever is asked for.", func(c *suite) {
		a := c.post("/Things", `{"name":"t","never":"x"}`).is(201).lacks("never")
		c.get("/Things/" + textAt(a, "id") + "?attributes=never").is(200).lacks("never")
		found := c.get(`/Things?filter=never eq "x"`).is(200, 400)
		assert.NotContains(c, found.text, `"never"`)
		if found.status == 400 {
			found.fails(400, "invalidFilter")
			return
		}
		found.total(1)
	}},
	{"S-7-17", "STATED", "What is returned by default is not if others are asked for.", func(c *suite) {
		id := c.thing(`"strCI":"y","strExact":"z"`)
		c.get("/Things/"+id).is(200).has("y", "strCI").has("z", "strExact")
		c.get("/Things/"+id+"?attributes=strExact").is(200).has("z", "strExact").lacks("strCI", "name")
	}},
	{"S-7-18", "STATED", "What is returned on request is if it was asked for, or has just been sent.", func(c *suite) {
		a := c.post("/Things", `{"name":"t","req":"x"}`).is(201).has("x", "req")
		at := "/Things/" + textAt(a, "id")
		c.get(at).is(200).lacks("req")
		c.get("/Things").total(1)
		assert.NotContains(c, c.get("/Things").resources()[0], "req")
		c.get(at+"?attributes=req").is(200).has("x", "req")
		c.put(at, `{"name":"t","req":"y"}`).is(200).has("y", "req")
		c.patch(at, `{"op":"replace","path":"req","value":"z"}`).is(200).has("z", "req")
		c.patch(at, `{"op":"replace","path":"name","value":"u"}`).is(200).lacks("req")
	}},
	{"S-7-19", "MAY", "A value that is taken is a conflict, whichever attribute it is of.", func(c *suite) {
		c.thing(`"uniq":"a"`)
		c.post("/Things", `{"name":"t","uniq":"A"}`).fails(409, "uniqueness")
		c.get("/Things").total(1)
	}},
	{"S-7-20", "SHOULD", "What is unique in the server is, by whichever method it comes.", func(c *suite) {
		c.thing(`"uniq":"a"`)
		id := c.thing("")
		c.post("/Things", `{"name":"t","uniq":"a"}`).fails(409, "uniqueness")
		c.put("/Things/"+id, `{"name":"t","uniq":"a"}`).fails(409, "uniqueness")
		c.patch("/Things/"+id, `{"op":"replace","path":"uniq","value":"a"}`).fails(409, "uniqueness")
		c.get(`/Things?filter=uniq eq "a"`).total(1)
	}},
	{"S-7-21", "SHOULD", "What is unique everywhere is so across tenants.", func(c *suite) {
		c = c.with(func(config *scim.Config) {
			twoTenants(config)
			t := thingType.Config()
			t.Schema.Attributes = append(slices.Clone(t.Schema.Attributes), schema.Attribute{Name: "everywhere", Uniqueness: schema.Global})
			config.Resources[0] = c.resource(compiled(c, t))
		})
		c.as("a").thing(`"everywhere":"x","uniq":"y"`)
		c.as("b").post("/Things", `{"name":"t","everywhere":"x"}`).fails(409, "uniqueness")
		c.as("b").get("/Things").total(0)
		c.as("b").thing(`"uniq":"y"`)
	}},
	{"S-7-22", "STATED", "References have referenceTypes, and nothing else has.", func(c *suite) {
		for _, a := range shownAttrs(c) {
			_, has := a.doc["referenceTypes"]
			assert.Equal(c, a.doc["type"] == "reference", has, "%s of %s", a.path, a.schema)
		}
	}},
	{"S-7-23", "STATED", "There is a type binary.", func(c *suite) {
		assert.Equal(c, "binary", shownAttr(c, "$U", "x509Certificates.value")["type"])
		assert.Contains(c, shownAttr(c, "$SCH", "attributes.type")["canonicalValues"], "binary")
	}},
	{"S-7-24", "STATED", "Schemas can't be changed.", func(c *suite) {
		before := c.get("/Schemas/$U").is(200).text
		for _, a := range []*answer{
			c.do("PUT", "/Schemas/$U", `{"schemas":["$SCH"],"id":"$U"}`),
			c.do("PATCH", "/Schemas/$U", `{"schemas":["$PO"],"Operations":[{"op":"remove","path":"name"}]}`),
			c.delete("/Schemas/$U"),
			c.do("POST", "/Schemas", `{"schemas":["$SCH"],"id":"urn:example:New"}`),
		} {
			a.fails(405, "")
			allowed := strings.Split(a.header.Get("Allow"), ", ")
			assert.Contains(c, allowed, "GET")
			for _, method := range []string{"PUT", "POST", "PATCH", "DELETE"} {
				assert.NotContains(c, allowed, method)
			}
		}
		assert.Equal(c, before, c.get("/Schemas/$U").is(200).text)
	}},
	{"S-8.7-01", "STATED", "The schema of users is that of the RFC, with its errata.", func(c *suite) {
		isGolden(c, "$U", "user")
		for _, path := range []string{"name", "emails", "addresses"} {
			assert.NotContains(c, shownAttr(c, "$U", path), "uniqueness", path)
		}
		assert.Equal(c, []any{"Group"}, shownAttr(c, "$U", "groups.$ref")["referenceTypes"])
	}},
	{"S-8.7-02", "STATED", "So is the schema of groups.", func(c *suite) {
		isGolden(c, "$G", "group")
		assert.Equal(c, true, shownAttr(c, "$G", "displayName")["required"])
		assert.Equal(c, "string", shownAttr(c, "$G", "members.display")["type"])
	}},
	{"S-8.7-03", "STATED", "So is the enterprise extension.", func(c *suite) {
		isGolden(c, "$E", "enterpriseuser")
		assert.Equal(c, true, shownAttr(c, "$E", "manager.value")["caseExact"])
	}},
	{"S-8.7-04", "STATED", "So are the schemas of discovery itself.", func(c *suite) {
		isGolden(c, "$SPC", "serviceproviderconfig")
		isGolden(c, "$RT", "resourcetype")
		isGolden(c, "$SCH", "schema")
		assert.Equal(c, "complex", shownAttr(c, "$SPC", "etag")["type"])
		assert.Equal(c, "string", shownAttr(c, "$SPC", "authenticationSchemes.type")["type"])
		assert.Equal(c, true, shownAttr(c, "$RT", "schemaExtensions")["multiValued"])
		assert.Equal(c, true, shownAttr(c, "$SCH", "attributes.subAttributes.referenceTypes")["multiValued"])
		types := shownAttr(c, "$SCH", "attributes.subAttributes.type")["canonicalValues"]
		assert.NotContains(c, types, "complex")
		assert.Contains(c, types, "binary")
	}},
	{"S-9.2-01", "MUST NOT", "A password is nowhere in clear: not in the store, not in the log.", func(c *suite) {
		u := c.user(`{"userName":"f1nd-me","password":"` + secret + `"}`)
		c.patch("/Users/"+u, `{"op":"replace","path":"password","value":"`+secret+`"}`).is(200, 204)
		c.put("/Users/"+u, `{"userName":"f1nd-me","password":"`+secret+`"}`).is(200)
		assert.True(c, c.holds("f1nd-me"), "the search finds what is there")
		assert.False(c, c.holds(secret))
		assert.NotContains(c, c.log.String(), secret)
	}},
	{"S-9.2-02", "SHOULD", "What a filter compares with is a value and nothing else.", func(c *suite) {
		c.u1()
		for _, text := range []string{`x' OR 1=1 --`, `x' OR '1'='1`, `%`, `_jensen`, `*`} {
			filter := `userName eq "` + text + `"`
			c.get("/Users?filter=" + url.QueryEscape(filter)).total(0)
			c.search("/Users", `"filter":`+quoted(c, filter)).total(0)
		}
		c.get("/Users").total(1)
	}},
}

// isGolden asserts that a published schema is that of the file.
func isGolden(c *suite, urn, name string) {
	c.Helper()
	data, err := os.ReadFile("../../schema/testdata/" + name + ".json")
	require.NoError(c, err)
	var want map[string]any
	require.NoError(c, json.Unmarshal(data, &want))
	got := c.get("/Schemas/"+urn).is(200).has("Schema", "meta", "resourceType")
	c.get(below(c, textAt(got, "meta", "location"))).is(200).has(macros.Replace(urn), "id")
	delete(got.doc, "meta")
	assert.Equal(c, want, got.doc)
}
