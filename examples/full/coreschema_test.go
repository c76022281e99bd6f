package main

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// coreSchema has the requirements of RFC 7643.
var coreSchema = slices.Concat(dataModel, dataTypes, severalValues, commonAttributes, usersAndGroups, discovery, definitions)

// dataModel has sections 1 to 2.2.
var dataModel = []requirement{
	{"S-1.1-01", "MUST NOT", "Quotation marks around values in the text are no part of the value.", func(c *suite) {
		names := c.get("/ResourceTypes").is(200).each("name", "Resources")
		assert.Subset(c, names, []string{"User", "Group"})
		for _, name := range names {
			assert.NotContains(c, name, `"`)
		}
	}},
	{"S-1.2-01", "MUST NOT", "A simple attribute has no sub-attributes.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","displayName":{"value":"x"}}`).fails(400, "invalidValue")
		c.get("/Users").total(0)
	}},
	{"S-1.2-02", "MAY", "The schemas can be read at /Schemas.", func(c *suite) {
		a := c.get("/Schemas").is(200)
		require.NotEmpty(c, a.resources())
		a.total(len(a.resources()))
	}},
	{"S-2.1-01", "MUST", "A resource is a JSON object that names its schemas.", func(c *suite) {
		a := c.get("/Users/" + c.u1()).is(200)
		assert.True(c, strings.HasPrefix(a.text, "{"))
		a.has(urns("$U"), "schemas")
	}},
	{"S-2.1-02", "STATED", "The case of attribute names in bodies does not matter.", func(c *suite) {
		a := c.post("/Users", `{"USERNAME":"x1","Name":{"GIVENNAME":"A"}}`).is(201)
		a.has("x1", "userName").has("A", "name", "givenName").lacks("USERNAME", "Name")
		assert.NotContains(c, a.text, "GIVENNAME")
	}},
	{"S-2.1-03", "DERIVED", "Names that differ by case only are one attribute, which can't be there twice.", func(c *suite) {
		for _, body := range []string{
			`{"userName":"a","USERNAME":"b"}`,
			`{"userName":"a","name":{"givenName":"A","GivenName":"B"}}`,
			`{"userName":"a","emails":[{"value":"a@x","Value":"b@x"}]}`,
		} {
			c.post("/Users", body).fails(400, "invalidSyntax")
		}
		c.get("/Users").total(0)
	}},
	{"S-2.1-04", "MUST", "Published names have letters, digits, \"$\", \"-\" and \"_\" and begin with a letter, but for $ref.", func(c *suite) {
		name := regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_$-]*|\$ref)$`)
		for _, a := range shownAttrs(c) {
			assert.Regexp(c, name, a.doc["name"], a.schema)
		}
	}},
	{"S-2.1-05", "DERIVED", "A schema with a wrong name of an attribute is refused at start-up.", func(c *suite) {
		for _, name := range []string{"1bad", "a b", "a.b", ""} {
			_, err := schema.Compile(schema.TypeConfig{Name: "X", Schema: schema.Schema{
				ID: "urn:example:X", Attributes: []schema.Attribute{{Name: name}},
			}})
			require.ErrorContains(c, err, "urn:example:X")
			assert.ErrorContains(c, err, `"`+name+`"`)
		}
	}},
	{"S-2.1-06", "DERIVED", "$ref can be named in filters and in PATCH paths.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		c.get(`/Groups?filter=members[$ref eq "` + c.url + `/Users/` + u + `"]`).total(1)
		c.get(`/Groups?filter=members[$ref eq "` + c.url + `/Users/x"]`).total(0)
		c.patch("/Groups/"+g, `{"op":"remove","path":"members[$ref eq \"`+c.url+`/Users/`+u+`\"]"}`).is(200, 204)
		c.get("/Groups/" + g).is(200).lacks("members")
	}},
	{"S-2.2-01", "STATED", "An attribute of which a schema says nothing has the defaults.", func(c *suite) {
		a := shownAttr(c, "$T", "strCI")
		delete(a, "description")
		assert.Equal(c, map[string]any{
			"name": "strCI", "type": "string", "multiValued": false, "required": false,
			"caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "none",
		}, a)
	}},
}

// dataTypes has section 2.3.
var dataTypes = []requirement{
	{"S-2.3-01", "SHOULD NOT", "There are eight data types and no others.", func(c *suite) {
		types := []any{"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"}
		for _, a := range shownAttrs(c) {
			assert.Contains(c, types, a.doc["type"], a.path)
		}
		_, err := schema.Compile(schema.TypeConfig{Name: "X", Schema: schema.Schema{
			ID: "urn:example:X", Attributes: []schema.Attribute{{Name: "color", Type: 99}},
		}})
		assert.ErrorContains(c, err, "color")
	}},
	{"S-2.3.1-01", "STATED", "A string is a JSON string and nothing else.", func(c *suite) {
		for _, v := range []string{`5`, `true`, `["x"]`, `{"value":"x"}`} {
			c.post("/Users", `{"userName":"bjensen","nickName":`+v+`}`).fails(400, "invalidValue")
		}
		c.post("/Users", `{"userName":"bjensen","nickName":"5"}`).is(201).has("5", "nickName")
	}},
	{"S-2.3.1-02", "MAY", "An application can ask for a form of a string.", func(c *suite) {
		const body = `{"userName":"bjensen","locale":"not a tag!"}`
		c.post("/Users", body).is(201).has("not a tag!", "locale")
		c = c.refusing(func(w *scim.Write) error {
			if strings.ContainsAny(w.New.Get("locale").String(), " !") {
				return scim.Invalid("locale", "must be a language tag such as en-US.")
			}
			return nil
		})
		a := c.post("/Users", body).fails(400, "invalidValue")
		assert.Contains(c, a.doc["detail"], "locale")
		c.user(`{"userName":"bjensen","locale":"en-US"}`)
	}},
	{"S-2.3.1-03", "MAY", "Values can be restricted to the canonical ones.", func(c *suite) {
		c.post("/Things", `{"name":"t","canon":"zzz"}`).is(201).has("zzz", "canon")
		c = c.with(canonicalOnly)
		c.post("/Things", `{"name":"t","canon":"zzz"}`).fails(400, "invalidValue")
		c.post("/Things", `{"name":"t","canon":"b"}`).is(201).has("b", "canon")
	}},
	{"S-2.3.1-04", "STATED", "Any Unicode text of any length comes back as it was sent.", func(c *suite) {
		for _, text := range []string{"Zoë 😀 \"q\" \\ \n", "", "\u0000\u2028\U0010ffff", strings.Repeat("ü", 100_000)} {
			id := c.user(`{"userName":"bjensen","displayName":` + quoted(c, text) + `}`)
			c.get("/Users/"+id).is(200).has(text, "displayName")
			c.delete("/Users/" + id).is(204)
		}
	}},
	{"S-2.3.2-01", "STATED", "A boolean is true or false; the tolerant connection reads Entra's strings.", func(c *suite) {
		for _, v := range []string{`"true"`, `"True"`, `"False"`, `1`} {
			c.post("/Users", `{"userName":"bjensen","active":`+v+`}`).fails(400, "invalidValue")
		}
		for i, v := range []string{"True", "true", "False"} {
			c.tolerant().post("/Users", `{"userName":"u`+strconv.Itoa(i)+`","active":"`+v+`"}`).is(201).has(v != "False", "active")
		}
	}},
	{"S-2.3.3-01", "STATED", "A decimal is a JSON number and keeps its value.", func(c *suite) {
		id := c.thing(`"dec":3.141592653589793`)
		assert.Regexp(c, `"dec":3\.141592653589793[,}]`, c.get("/Things/"+id).is(200).text)
	}},
	{"S-2.3.3-02", "DERIVED", "A string or a boolean is no decimal.", func(c *suite) {
		c.post("/Things", `{"name":"t","dec":"1.5"}`).fails(400, "invalidValue")
		c.post("/Things", `{"name":"t","dec":true}`).fails(400, "invalidValue")
		c.post("/Things", `{"name":"t","dec":1.5e1}`).is(201).has(15, "dec")
	}},
	{"S-2.3.4-01", "MUST NOT", "An integer has neither fraction nor exponent.", func(c *suite) {
		for _, v := range []string{`1.5`, `1e3`, `5.0`, `1E0`} {
			c.post("/Things", `{"name":"t","num":`+v+`}`).fails(400, "invalidValue")
		}
		c.post("/Things", `{"name":"t","num":5}`).is(201).has(5, "num")
	}},
	{"S-2.3.4-02", "DERIVED", "An integer of 64 bits keeps every digit.", func(c *suite) {
		for _, v := range []string{"9007199254740993", "-9223372036854775808"} {
			id := c.thing(`"num":` + v)
			assert.Regexp(c, `"num":`+v+`[,}]`, c.get("/Things/"+id).is(200).text)
			c.get("/Things?filter=num eq " + v).total(1)
		}
	}},
	{"S-2.3.5-01", "MUST", "A dateTime has date and time, in the form of XML Schema.", func(c *suite) {
		for _, v := range []string{
			"2008-01-23", "04:56:22Z", "2008-13-45T99:00:00Z", "2008-02-30T04:56:22Z", "2008-01-23 04:56:22Z",
			"2008-01-23T4:56:22Z", "2008-01-23T04:56:22,5Z", "2008-01-23T04:56:22+24:00",
		} {
			a := c.post("/Things", `{"name":"t","when":"`+v+`"}`)
			if assert.Equal(c, 400, a.status, v) {
				a.fails(400, "invalidValue")
			}
		}
		c.get("/Things").total(0)
	}},
	{"S-2.3.5-02", "MUST", "Zone, offset or none, and fractions of a second are all right.", func(c *suite) {
		for _, v := range []string{
			"2008-01-23T04:56:22Z", "2008-01-23T04:56:22.123456Z", "2008-01-23T06:56:22+02:00",
			"2008-01-23T04:56:22", "2008-01-23T04:56:22.5", "2008-01-22T23:26:22-05:30", "2008-01-23T24:00:00Z",
		} {
			c.post("/Things", `{"name":"t","when":"`+v+`"}`).is(201)
		}
		c.get(`/Things?filter=when eq "2008-01-23T04:56:22Z"`).total(4)
	}},
	{"S-2.3.5-03", "MUST", "The server's own times are valid and have a zone.", func(c *suite) {
		a := c.get("/Users/" + c.u1()).is(200)
		for _, name := range []string{"created", "lastModified"} {
			_, err := time.Parse(time.RFC3339, textAt(a, "meta", name))
			assert.NoError(c, err)
		}
	}},
	{"S-2.3.6-01", "MUST", "Binary is base64.", func(c *suite) {
		for _, v := range []string{"!!!not base64!!!", "T", "TWF\u00fc"} {
			c.post("/Things", `{"name":"t","bin":"`+v+`"}`).fails(400, "invalidValue")
		}
		c.post("/Things", `{"name":"t","bin":"TWFu"}`).is(201).has("TWFu", "bin")
	}},
	{"S-2.3.6-02", "MAY", "Binary can be in the URL alphabet.", func(c *suite) {
		c.post("/Things", `{"name":"t","bin64u":"-_-_"}`).is(201).has("-_-_", "bin64u")
	}},
	{"S-2.3.6-03", "MAY", "The padding of base64 can be left out.", func(c *suite) {
		c.thing(`"bin":"TWE"`)
		c.get(`/Things?filter=bin eq "TWE="`).total(1)
		c.get(`/Things?filter=bin eq "TWE"`).total(1)
	}},
	{"S-2.3.6-04", "STATED", "Case counts in comparisons of binary.", func(c *suite) {
		c.thing(`"bin":"TWFu"`)
		c.get(`/Things?filter=bin eq "twfu"`).total(0)
		c.get(`/Things?filter=bin eq "TWFu"`).total(1)
	}},
	{"S-2.3.7-01", "MUST", "A reference is a URI, absolute or relative.", func(c *suite) {
		for _, v := range []string{"http://[bad", "https://e.com/two words", "%zz"} {
			a := c.post("/Users", `{"userName":"bjensen","profileUrl":"`+v+`"}`)
			if assert.Equal(c, 400, a.status, v) {
				a.fails(400, "invalidValue")
			}
		}
		c.user(`{"userName":"absolute","profileUrl":"https://e.com/b?x=1#y"}`)
		c.user(`{"userName":"relative","profileUrl":"../b"}`)
	}},
	{"S-2.3.7-02", "MUST", "A relative reference begins at the base URL.", func(c *suite) {
		u := c.u1()
		ref := textAt(c.get("/Groups/"+c.g1(u)).is(200), "members", "0", "$ref")
		base, err := url.Parse(c.url + "/")
		require.NoError(c, err)
		target, err := base.Parse(ref)
		require.NoError(c, err)
		assert.Equal(c, c.url+"/Users/"+u, target.String())
	}},
	{"S-2.3.7-03", "MUST", "What a reference to a resource names can be got there.", func(c *suite) {
		u := c.u1()
		ref := textAt(c.get("/Groups/"+c.g1(u)).is(200), "members", "0", "$ref")
		c.get(below(c, ref)).is(200).has(u, "id").has("bjensen", "userName")
	}},
	{"S-2.3.7-04", "MAY", "Members that do not exist: the strict connection refuses, the tolerant one leaves them out, everywhere.", func(c *suite) {
		g := c.g1()
		const members = `"members":[{"value":"no-such-id"}]`
		all := func(c *suite, name string) []*answer {
			return []*answer{
				c.post("/Groups", `{"displayName":"`+name+`",`+members+`}`),
				c.put("/Groups/"+g, `{"displayName":"Tour Guides",`+members+`}`),
				c.patch("/Groups/"+g, `{"op":"add","path":"members","value":[{"value":"no-such-id"}]}`),
			}
		}
		inBulk := func(c *suite, name string) *answer {
			return c.bulk(bulkPost("/Groups", "1", `{"displayName":"`+name+`",`+members+`}`)).is(200)
		}
		for _, a := range all(c, "a") {
			a.fails(400, "invalidValue")
		}
		inBulk(c, "b").has("400", "Operations", "0", "status").has("invalidValue", "Operations", "0", "response", "scimType")
		c.get("/Groups").total(1)
		for _, a := range all(c.tolerant(), "a") {
			a.is(200, 201, 204)
		}
		inBulk(c.tolerant(), "b").has("201", "Operations", "0", "status")
		for _, group := range c.get("/Groups").total(3).resources() {
			assert.NotContains(c, group, "members")
		}
	}},
	{"S-2.3.7-05", "STATED", "Case counts in comparisons of references.", func(c *suite) {
		c.user(`{"userName":"bjensen","profileUrl":"https://e.com/A"}`)
		c.get(`/Users?filter=profileUrl eq "https://e.com/a"`).total(0)
		c.get(`/Users?filter=profileUrl eq "https://e.com/A"`).total(1)
	}},
	{"S-2.3.7-06", "OPTIONAL", "Clients need not send $ref.", func(c *suite) {
		u := c.u1()
		a := c.post("/Groups", `{"displayName":"Tour Guides","members":[{"value":"`+u+`"}]}`).is(201)
		a.has(u, "members", "0", "value").has(c.url+"/Users/"+u, "members", "0", "$ref")
	}},
	{"S-2.3.8-01", "MUST NOT", "The order of the members of an object means nothing.", func(c *suite) {
		a := c.post("/Users", `{"userName":"o1","name":{"familyName":"F","givenName":"G"},"schemas":["$U"]}`).is(201)
		b := c.post("/Users", `{"schemas":["$U"],"name":{"givenName":"G","familyName":"F"},"userName":"o2"}`).is(201)
		a.has("F", "name", "familyName").has("G", "name", "givenName")
		sameBut(c, a, b)
	}},
	{"S-2.3.8-02", "MUST NOT", "No sub-attribute is complex, but for those in the schema of schemas.", func(c *suite) {
		inner := schema.Attribute{Name: "inner", Type: schema.Complex, Sub: []schema.Attribute{{Name: "x"}}}
		_, err := schema.Compile(schema.TypeConfig{Name: "X", Schema: schema.Schema{
			ID: "urn:example:X", Attributes: []schema.Attribute{{Name: "outer", Type: schema.Complex, Sub: []schema.Attribute{inner}}},
		}})
		assert.ErrorContains(c, err, "outer.inner")
		for _, a := range shownAttrs(c) {
			if a.schema != macros.Replace("$SCH") && a.depth > 0 {
				assert.NotEqual(c, "complex", a.doc["type"], a.path)
				assert.NotContains(c, a.doc, "subAttributes", a.path)
			}
		}
	}},
	{"S-2.3.8-03", "DERIVED", "A complex attribute takes an object and nothing else.", func(c *suite) {
		for _, v := range []string{`"Barbara Jensen"`, `5`, `[{"givenName":"B"}]`} {
			c.post("/Users", `{"userName":"bjensen","name":`+v+`}`).fails(400, "invalidValue")
		}
		c.get("/Users").total(0)
	}},
}

// canonicalOnly makes both connections strict and refuse what is not canonical.
func canonicalOnly(config *scim.Config) {
	d := scim.Dialect{Options: patch.Strict()}
	d.Decoding.RefuseNonCanonical = true
	config.Settings = scim.Fixed(scim.Settings{Dialect: d})
}

// severalValues has sections 2.4 and 2.5.
var severalValues = []requirement{
	{"S-2.4-01", "SHALL", "The elements of a multi-valued complex attribute are objects.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","emails":["a@b.c"]}`).fails(400, "invalidValue")
		c.get("/Users").total(0)
	}},
	{"S-2.4-02", "MUST", "primary and $ref have the type that the RFC gives them.", func(c *suite) {
		found := map[string]bool{}
		for _, a := range shownAttrs(c) {
			name, _ := a.doc["name"].(string)
			want, ok := map[string]string{"primary": "boolean", "$ref": "reference"}[name]
			if ok && a.depth > 0 {
				assert.Equal(c, want, a.doc["type"], a.path)
				found[name] = true
			}
		}
		assert.Len(c, found, 2)
		for name, wrong := range map[string]schema.DataType{"primary": schema.String, "$ref": schema.Boolean} {
			_, err := schema.Compile(schema.TypeConfig{Name: "X", Schema: schema.Schema{ID: "urn:example:X", Attributes: []schema.Attribute{
				{Name: "list", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{{Name: name, Type: wrong}}},
			}}})
			assert.ErrorContains(c, err, "list."+name)
		}
	}},
	{"S-2.4-03", "MUST", "One value at most is the primary one.", func(c *suite) {
		const body = `{"userName":"bjensen","emails":[{"value":"a@x","primary":true},{"value":"b@x","primary":true}]}`
		c.post("/Users", body).fails(400, "invalidValue")
		c.get("/Users").total(0)
		u := c.u1()
		c.put("/Users/"+u, body).fails(400, "invalidValue")
		c.get("/Users/"+u).is(200).has("bjensen@example.com", "emails", "0", "value")
	}},
	{"S-2.4-04", "SHALL", "A missing primary counts as false.", func(c *suite) {
		c.u1()
		c.get(`/Users?filter=emails[type eq "home" and primary eq false]`).total(1)
		c.get(`/Users?filter=emails[type eq "home" and primary eq true]`).total(0)
		c.get(`/Users?filter=emails[type eq "work" and primary eq false]`).total(0)
	}},
	{"S-2.4-05", "SHALL", "URIs of resources can be compared whether or not they name the version.", func(c *suite) {
		u := c.u1()
		c.g1(u)
		unversioned, ok := strings.CutSuffix(c.url, "/v2")
		require.True(c, ok)
		for base, n := range map[string]int{c.url: 1, unversioned: 1, "https://other.example.com": 0} {
			a := c.get(`/Groups?filter=members[$ref eq "` + base + `/Users/` + u + `"]`).is(200)
			assert.EqualValues(c, n, a.doc["totalResults"], base)
		}
	}},
	{"S-2.4-06", "SHOULD", "Types are returned in their canonical spelling.", func(c *suite) {
		id := c.user(`{"userName":"bjensen","emails":[{"value":"a@x","type":"WORK"}]}`)
		c.get("/Users/"+id).is(200).has("work", "emails", "0", "type")
	}},
	{"S-2.4-07", "MAY", "One value can be there under two types.", func(c *suite) {
		id := c.user(`{"userName":"bjensen","emails":[{"value":"a@x","type":"work"},{"value":"a@x","type":"home"}]}`)
		a := c.get("/Users/" + id).is(200)
		assert.Equal(c, []string{"work", "home"}, a.each("type", "emails"))
		assert.Equal(c, []string{"a@x", "a@x"}, a.each("value", "emails"))
	}},
	{"S-2.4-08", "SHOULD NOT", "The same value is not there twice under one type.", func(c *suite) {
		id := c.user(`{"userName":"bjensen","emails":[{"value":"a@x","type":"work"},{"value":"a@x","type":"work"}]}`)
		assert.Equal(c, []string{"a@x"}, c.get("/Users/"+id).is(200).each("value", "emails"))
	}},
	{"S-2.4-09", "MAY", "The schema tells which types of e-mail addresses are usual.", func(c *suite) {
		assert.Equal(c, []any{"work", "home", "other"}, shownAttr(c, "$U", "emails.type")["canonicalValues"])
	}},
	{"S-2.4-10", "DERIVED", "An object is no list; the tolerant connection takes it as a list of one.", func(c *suite) {
		const body = `{"userName":"bjensen","emails":{"value":"a@x"}}`
		c.post("/Users", body).fails(400, "invalidValue")
		assert.Equal(c, []string{"a@x"}, c.tolerant().post("/Users", body).is(201).each("value", "emails"))
	}},
	{"S-2.5-01", "SHALL", "null, [] and nothing are the same.", func(c *suite) {
		a := c.post("/Users", `{"userName":"bjensen","nickName":null,"emails":[]}`).is(201)
		b := c.post("/Users", `{"userName":"jsmith"}`).is(201)
		sameBut(c, a, b)
		c.get("/Users?filter=nickName pr or emails pr").total(0)
	}},
	{"S-2.5-02", "STATED", "null and [] take a value away.", func(c *suite) {
		u := c.u1()
		c.patch("/Users/"+u, `{"op":"replace","path":"nickName","value":null}`).is(200, 204)
		c.get("/Users/" + u).is(200).lacks("nickName")
		c.patch("/Users/"+u, `{"op":"replace","path":"emails","value":[]}`).is(200, 204)
		c.get("/Users/" + u).is(200).lacks("emails")
	}},
	{"S-2.5-03", "MAY", "What has no value is not shown.", func(c *suite) {
		a := c.get("/Users/"+c.u2()).is(200).lacks("nickName", "emails", "name", "groups")
		assert.NotContains(c, a.text, "null")
		assert.NotContains(c, a.text, "[]")
	}},
	{"S-2.5-04", "DERIVED", "A complex value without values is none.", func(c *suite) {
		c.post("/Users", `{"userName":"bjensen","name":{"givenName":null},"emails":[{}]}`).is(201).lacks("name", "emails")
		c.get("/Users?filter=name pr or emails pr").total(0)
	}},
}
