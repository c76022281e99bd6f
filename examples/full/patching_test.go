package main

import (
	"context"
	"errors"
	"slices"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// patching has the requirements of RFC 7644, section 3.5.2.
var patching = slices.Concat(operating, adding, removing, replacingParts)

// refuses asserts that each list of operations is refused in the same way and changes
// nothing.
func (c *suite) refuses(path string, status int, scimType string, ops ...string) {
	c.Helper()
	c.keeps(path, func() {
		for _, op := range ops {
			c.patch(path, op).fails(status, scimType)
		}
	})
}

// speaking returns a suite whose connections all have one dialect.
func (c *suite) speaking(d scim.Dialect) *suite {
	c.Helper()
	return c.with(func(config *scim.Config) { config.Settings = scim.Fixed(scim.Settings{Dialect: d}) })
}

// primaries returns the types of the e-mail addresses that are primary.
func (a *answer) primaries() (types []string) {
	list, _ := a.doc["emails"].([]any)
	for _, e := range list {
		if m, _ := e.(map[string]any); m["primary"] == true {
			kind, _ := m["type"].(string)
			types = append(types, kind)
		}
	}
	return types
}

// operating has what all operations have in common.
var operating = []requirement{
	{"P-3.5.2-01", "OPTIONAL", "PATCH is announced; where it can't be done it is a 501.", func(c *suite) {
		c.get("/ServiceProviderConfig").has(true, "patch", "supported")
		c = c.withUsers(ownUsers{update: func(context.Context, string, *scim.Write) error { return scim.ErrNotImplemented }})
		c.refuses("/Users/"+c.u1(), 501, "", `{"op":"replace","path":"nickName","value":"x"}`)
	}},
	{"P-3.5.2-02", "MUST", "The body names the schema of PATCH.", func(c *suite) {
		path := "/Users/" + c.u1()
		const ops = `"Operations":[{"op":"replace","path":"nickName","value":"x"}]`
		c.keeps(path, func() {
			c.do("PATCH", path, `{`+ops+`}`).fails(400, "invalidSyntax")
			c.do("PATCH", path, `{"schemas":["$U"],`+ops+`}`).fails(400, "invalidSyntax")
			c.do("PATCH", path, `{"schemas":[],`+ops+`}`).fails(400, "invalidSyntax")
			c.do("PATCH", path, `{"schemas":["$PO:x"],`+ops+`}`).fails(400, "invalidSyntax")
		})
	}},
	{"P-3.5.2-03", "MUST", "Operations is a list of at least one.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() {
			for _, ops := range []string{``, `,"Operations":[]`, `,"Operations":{"op":"remove","path":"title"}`, `,"Operations":null`, `,"Operations":["remove"]`} {
				c.do("PATCH", path, `{"schemas":["$PO"]`+ops+`}`).fails(400, "invalidSyntax")
			}
		})
	}},
	{"P-3.5.2-04", "MUST", "An operation is add, remove or replace.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "invalidSyntax",
			`{"path":"nickName","value":"x"}`, `{"op":"move","path":"nickName","value":"x"}`, `{"op":"test","path":"nickName","value":"x"}`,
			`{"op":"","path":"nickName","value":"x"}`, `{"op":["add"],"path":"nickName","value":"x"}`,
			`{"op":"add","op":"remove","path":"nickName","value":"x"}`)
	}},
	{"P-3.5.2-05", "INTEROP", "Case does not count in op.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.patched(path, `{"op":"Replace","path":"nickName","value":"x"}`).has("x", "nickName")
		c.patched(path, `{"op":"REMOVE","path":"nickName"}`).lacks("nickName")
		c.patched(path, `{"op":"Add","path":"nickName","value":"y"}`).has("y", "nickName")
	}},
	{"P-3.5.2-06", "REQUIRED", "add and replace need no path, remove does.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.patched(path, `{"op":"add","value":{"nickName":"x"}}`).has("x", "nickName")
		c.patched(path, `{"op":"replace","value":{"nickName":"y"}}`).has("y", "nickName")
		c.refuses(path, 400, "noTarget", `{"op":"remove"}`)
	}},
	{"P-3.5.2-07", "STATED", "A path names an attribute, a sub-attribute, elements, or a part of elements.", func(c *suite) {
		u := c.user(`{"userName":"bjensen","name":{"givenName":"B"},"emails":[{"value":"b@x","type":"work"}],"addresses":[{"type":"work","locality":"Y"}]}`)
		g := c.g1(u)
		c.patched("/Users/"+u, `{"op":"replace","path":"name.familyName","value":"F"}`).has("F", "name", "familyName")
		c.patched("/Users/"+u, `{"op":"replace","path":"addresses[type eq \"work\"]","value":{"locality":"X"}}`).has("X", "addresses", "0", "locality")
		c.patched("/Users/"+u, `{"op":"replace","path":"emails[type eq \"work\"].display","value":"d"}`).has("d", "emails", "0", "display").has("b@x", "emails", "0", "value")
		c.patched("/Groups/"+g, `{"op":"remove","path":"members[value eq \"`+u+`\"]"}`).lacks("members")
	}},
	{"P-3.5.2-08", "STATED", "What is no path is an error.", func(c *suite) {
		path := "/Users/" + c.u1()
		for _, p := range []string{``, `name..familyName`, `.name`, `name.`, `/nickName`, `name familyName`, ` `, `nickName]`} {
			c.refuses(path, 400, "invalidPath", `{"op":"replace","path":"`+p+`","value":"v"}`)
		}
		for _, p := range []string{`emails[type eq \"work\"`, `emails[0].value`, `emails[]`} {
			a := c.patch(path, `{"op":"replace","path":"`+p+`","value":"v"}`).is(400)
			assert.Contains(c, []any{"invalidPath", "invalidFilter"}, a.doc["scimType"], p)
		}
	}},
	{"P-3.5.2-09", "STATED", "Elements have no number.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "invalidPath", `{"op":"replace","path":"emails.0.value","value":"x"}`, `{"op":"remove","path":"emails.0"}`)
	}},
	{"P-3.5.2-10", "MUST", "What clients can't write can't be patched.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "mutability",
			`{"op":"replace","path":"id","value":"x"}`, `{"op":"add","path":"groups","value":[{"value":"g"}]}`, `{"op":"remove","path":"meta"}`,
			`{"op":"replace","path":"meta.created","value":"1990-01-01T00:00:00Z"}`, `{"op":"replace","value":{"id":"x"}}`)
		c.refuses("/Things/"+c.thing(""), 400, "mutability", `{"op":"replace","path":"ro","value":"hack"}`)
	}},
	{"P-3.5.2-11", "MUST NOT", "An immutable value can't be changed or removed.", func(c *suite) {
		c.refuses("/Things/"+c.thing(`"imm":"a"`), 400, "mutability",
			`{"op":"replace","path":"imm","value":"b"}`, `{"op":"remove","path":"imm"}`, `{"op":"add","path":"imm","value":"b"}`,
			`{"op":"replace","value":{"imm":"b"}}`, `{"op":"remove","path":"imm"},{"op":"add","path":"imm","value":"b"}`)
	}},
	{"P-3.5.2-12", "MAY", "An immutable attribute without a value can be given one.", func(c *suite) {
		c.patched("/Things/"+c.thing(""), `{"op":"add","path":"imm","value":"a"}`).has("a", "imm")
		c.patched("/Things/"+c.thing(""), `{"op":"replace","path":"imm","value":"a"}`).has("a", "imm")
	}},
	{"P-3.5.2-13", "DERIVED", "An immutable value can be sent as it is.", func(c *suite) {
		path := "/Things/" + c.thing(`"imm":"a"`)
		c.keeps(path, func() {
			c.patch(path, `{"op":"replace","path":"imm","value":"a"}`).is(200, 204)
			c.patch(path, `{"op":"add","path":"imm","value":"a"}`).is(200, 204)
		})
	}},
	{"P-3.5.2-14", "MUST", "A value of another type is an error.", func(c *suite) {
		path := "/Users/" + c.u1()
		for _, connection := range []*suite{c, c.tolerant()} {
			connection.refuses(path, 400, "invalidValue", `{"op":"replace","path":"active","value":5}`, `{"op":"replace","path":"name","value":"x"}`,
				`{"op":"replace","path":"nickName","value":7}`, `{"op":"replace","path":"emails","value":7}`)
		}
		c.refuses(path, 400, "invalidValue", `{"op":"add","path":"emails","value":["x"]}`)
	}},
	{"P-3.5.2-15", "DERIVED", "A path that no schema has is an error, or ignored.", func(c *suite) {
		path := "/Users/" + c.u1()
		const op = `{"op":"replace","path":"shoeSize","value":42}`
		c.refuses(path, 400, "invalidPath", op, `{"op":"add","path":"name.nope","value":"x"}`, `{"op":"remove","path":"urn:example:Nope:x"}`)
		c.keeps(path, func() { c.tolerant().patch(path, op).is(200) })
	}},
	{"P-3.5.2-16", "DERIVED", "A path goes no deeper than the schema, and filters only lists.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "invalidPath",
			`{"op":"replace","path":"name.givenName.first","value":"x"}`, `{"op":"replace","path":"userName[value eq \"x\"]","value":"y"}`,
			`{"op":"replace","path":"name[givenName eq \"Barbara\"].familyName","value":"y"}`)
	}},
	{"P-3.5.2-17", "SHALL", "With or without the URN of the core schema a path is the same.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.patched(path, `{"op":"replace","path":"$U:nickName","value":"x"}`).has("x", "nickName")
		c.patched(path, `{"op":"replace","path":"$U:name.givenName","value":"y"}`).has("y", "name", "givenName").has("Jensen", "name", "familyName")
		c.patched(path, `{"op":"remove","path":"$U:emails[type eq \"home\"]"}`).has("work", "emails", "0", "type")
	}},
	{"P-3.5.2-18", "SHALL", "An operation sees what the one before made of schemas.", func(c *suite) {
		a := c.patched("/Users/"+c.u1(), `{"op":"add","path":"schemas","value":["$E"]},{"op":"add","path":"$E:department","value":"D"}`)
		a.has("D", "$E", "department")
		assert.Contains(c, a.doc["schemas"], macros.Replace("$E"))
	}},
	{"P-3.5.2-19", "MAY", "Setting an attribute of an extension adds its URN.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.get(path).has([]any{macros.Replace("$U")}, "schemas")
		a := c.patched(path, `{"op":"add","path":"$E:employeeNumber","value":"7"}`).has("7", "$E", "employeeNumber")
		assert.ElementsMatch(c, []any{macros.Replace("$U"), macros.Replace("$E")}, a.doc["schemas"])
	}},
	{"P-3.5.2-20", "DERIVED", "The URN of an extension is a path to all of it.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.patched(path, `{"op":"add","path":"$E","value":{"department":"D","costCenter":"C"}}`).has("D", "$E", "department").has("C", "$E", "costCenter")
		c.patched(path, `{"op":"replace","path":"$E","value":{"department":"E"}}`).has("E", "$E", "department").has("C", "$E", "costCenter")
		c.patched(path, `{"op":"remove","path":"$E"}`).lacks("$E").has([]any{macros.Replace("$U")}, "schemas")
	}},
	{"P-3.5.2-21", "DERIVED", "With its last attribute the extension's URN goes.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","$E":{"department":"D"}}`)
		c.patched(path, `{"op":"remove","path":"$E:department"}`).lacks("$E").has([]any{macros.Replace("$U")}, "schemas")
	}},
	{"P-3.5.2-22", "STATED", "Operations are done in order.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.patched(path, `{"op":"add","path":"title","value":"a"},{"op":"replace","path":"title","value":"b"},{"op":"remove","path":"title"},{"op":"add","path":"title","value":"c"}`).
			has("c", "title")
		c.patched(path, `{"op":"replace","path":"title","value":"d"},{"op":"remove","path":"title"}`).lacks("title")
	}},
	{"P-3.5.2-23", "SHALL", "A new primary value makes the others not primary.", func(c *suite) {
		path := "/Users/" + c.u1()
		a := c.patched(path, `{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}`)
		assert.Equal(c, []string{"home"}, a.primaries())
		a = c.patched(path, `{"op":"add","path":"emails","value":[{"value":"n@x","type":"other","primary":true}]}`)
		assert.Equal(c, []string{"other"}, a.primaries())
		assert.Len(c, a.doc["emails"], 3)
	}},
	{"P-3.5.2-24", "DERIVED", "One operation can't make two values primary.", func(c *suite) {
		const two = `[{"value":"a","primary":true},{"value":"b","primary":true}]`
		c.refuses("/Users/"+c.u1(), 400, "invalidValue", `{"op":"replace","path":"emails","value":`+two+`}`, `{"op":"add","path":"emails","value":`+two+`}`,
			`{"op":"replace","value":{"emails":`+two+`}}`)
	}},
	{"P-3.5.2-25", "SHALL", "All operations are done or none.", func(c *suite) {
		writes := 0
		var entries []scim.Entry
		c = c.with(func(config *scim.Config) {
			config.Users = ownUsers{UserStore: config.Users, update: func(context.Context, string, *scim.Write) error { writes++; return nil }}
			config.Record = func(e scim.Entry) { entries = append(entries, e) }
		})
		path := "/Users/" + c.u1()
		c.keeps(path, func() {
			c.patch(path, `{"op":"replace","path":"nickName","value":"changed"},{"op":"replace","path":"userName","value":null}`).is(400)
		})
		assert.Zero(c, writes)
		for _, e := range entries[1:] {
			assert.Empty(c, e.Changed)
		}
	}},
	{"P-3.5.2-26", "MUST", "After an error the resource is as before.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "mutability",
			`{"op":"replace","path":"nickName","value":"x"},{"op":"remove","path":"emails[type eq \"nope\"].value"},{"op":"replace","path":"id","value":"z"}`)
		c = c.withUsers(ownUsers{update: func(context.Context, string, *scim.Write) error { return errors.New("down") }})
		c.refuses("/Users/"+c.u1(), 500, "", `{"op":"replace","path":"nickName","value":"x"}`)
	}},
	{"P-3.5.2-27", "SHALL", "An error has a body in JSON.", func(c *suite) {
		c.patch("/Users/"+c.u1(), `{"op":"replace","path":"id","value":"z"}`).fails(400, "mutability").has("400", "status")
	}},
	{"P-3.5.2-28", "MUST", "Success is a 200 with the whole resource or a 204 with headers only.", func(c *suite) {
		u := c.u1()
		for path, op := range map[string]string{
			"/Users/" + u: `{"op":"replace","path":"nickName","value":"x"}`, "/Groups/" + c.g1(u): `{"op":"replace","path":"displayName","value":"x"}`,
		} {
			a := c.patch(path, op).is(200, 204)
			get := c.get(path)
			assert.NotEmpty(c, a.header.Get("ETag"))
			assert.Equal(c, get.header.Get("ETag"), a.header.Get("ETag"))
			if a.status == 200 {
				assert.Equal(c, get.doc, a.doc)
			} else {
				assert.Empty(c, a.text)
			}
			a = c.patch(path, op, "Prefer", "return=minimal").is(204)
			assert.Empty(c, a.text)
			a = c.patch(path, op, "Prefer", "return=representation").is(200)
			assert.Equal(c, get.doc, a.doc)
		}
	}},
	{"P-3.5.2-29", "MUST", "With attributes the answer is a 200.", func(c *suite) {
		u := c.u1()
		g := c.g1(u)
		shows(c, c.patch("/Users/"+u+"?attributes=nickName", `{"op":"replace","path":"nickName","value":"x"}`).is(200).has("x", "nickName").doc, "nickName")
		shows(c, c.patch("/Groups/"+g+"?attributes=displayName", `{"op":"replace","path":"displayName","value":"x"}`).is(200).doc, "displayName")
		c.patch("/Groups/"+g+"?attributes=members", `{"op":"replace","path":"displayName","value":"y"}`, "Prefer", "return=minimal").is(200).has(u, "members", "0", "value")
	}},
	{"P-3.5.2-30", "DERIVED", "What is not there can't be patched.", func(c *suite) {
		c.patch("/Users/none", `{"op":"replace","path":"nickName","value":"x"}`).fails(404, "")
		c.patch("/Groups/none", `{"op":"replace","path":"displayName","value":"x"}`).fails(404, "")
		c.patch("/Groups/none", `{"op":"add","path":"members","value":[{"value":"`+c.u1()+`"}]}`).fails(404, "")
	}},
	{"P-3.5.2-31", "DERIVED", "A value in use is a conflict.", func(c *suite) {
		c.u1()
		c.refuses("/Users/"+c.u2(), 409, "uniqueness", `{"op":"replace","path":"userName","value":"BJensen"}`)
		c.thing(`"uniq":"a"`)
		c.refuses("/Things/"+c.thing(`"uniq":"b"`), 409, "uniqueness", `{"op":"replace","path":"uniq","value":"A"}`)
	}},
	{"P-3.5.2-32", "DERIVED", "What is required must be there at the end.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.refuses(path, 400, "invalidValue", `{"op":"replace","path":"userName","value":""}`)
		c.patched(path, `{"op":"replace","path":"userName","value":"x"}`).has("x", "userName")
	}},
	{"P-3.5.2-33", "DERIVED", "Case does not count in paths and names.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.patched(path, `{"op":"replace","path":"NICKNAME","value":"x"}`).has("x", "nickName").lacks("NICKNAME")
		c.patched(path, `{"op":"add","value":{"NickName":"y","NAME":{"GivenName":"z"}}}`).has("y", "nickName").has("z", "name", "givenName").
			has(nil, "name", "GivenName").lacks("NickName", "NAME")
	}},
	{"P-3.5.2-34", "DERIVED", "A change moves version and time; none moves neither.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","nickName":"a"}`)
		c.keeps(path, func() { c.patch(path, `{"op":"replace","path":"nickName","value":"a"}`).is(200, 204) })
		before := c.get(path)
		after := c.patched(path, `{"op":"replace","path":"nickName","value":"b"}`)
		assert.NotEqual(c, before.header.Get("ETag"), after.header.Get("ETag"))
		assert.NotEqual(c, before.at("meta", "lastModified"), after.at("meta", "lastModified"))
		after.has(before.at("meta", "created"), "meta", "created")
	}},
	{"P-3.5.2-35", "INTEROP", "Names of a value without path may be paths.", func(c *suite) {
		path := "/Users/" + c.u1()
		const op = `{"op":"replace","value":{"displayName":"B","name.givenName":"K","$E:employeeNumber":"A"}}`
		for _, connection := range []*suite{c.tolerant(), c} {
			connection.patched(path, op).has("B", "displayName").has("K", "name", "givenName").has("Jensen", "name", "familyName").has("A", "$E", "employeeNumber").
				lacks("name.givenName", "$E:employeeNumber")
			c.patched(path, `{"op":"replace","value":{"displayName":"C","name":{"givenName":"L"}}},{"op":"remove","path":"$E"}`).has("L", "name", "givenName")
		}
		c = c.speaking(scim.Dialect{Options: patch.Options{RefuseKeyPaths: true}})
		c.refuses("/Users/"+c.u1(), 400, "invalidSyntax", op)
	}},
	{"P-3.5.2-36", "INTEROP", "Text is no boolean, but for clients that write it so.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","active":true}`)
		const op = `{"op":"Replace","path":"active","value":"False"}`
		c.refuses(path, 400, "invalidValue", op)
		c.tolerant().patched(path, op).has(false, "active")
		c.tolerant().patched(path, `{"op":"Replace","path":"active","value":"True"}`).has(true, "active")
	}},
	{"P-3.5.2-37", "INTEROP", "The resource's own id may be sent with the rest.", func(c *suite) {
		g := c.g1(c.u1())
		c.tolerant().patched("/Groups/"+g, `{"op":"replace","value":{"id":"`+g+`","displayName":"New"}}`).has("New", "displayName").has(g, "id")
		c.tolerant().refuses("/Groups/"+g, 400, "mutability", `{"op":"replace","value":{"id":"other","displayName":"Newer"}}`)
	}},
	{"P-3.5.2-38", "INTEROP", "A manager may be sent as a bare id, or as nothing, by clients that do.", func(c *suite) {
		path, u2 := "/Users/"+c.u1(), c.u2()
		op := `{"op":"Add","path":"$E:manager","value":"` + u2 + `"}`
		c.refuses(path, 400, "invalidValue", op)
		c.tolerant().patched(path, op).has(u2, "$E", "manager", "value")
		c.refuses(path, 400, "invalidValue", `{"op":"Replace","path":"$E:manager","value":""}`)
		c.tolerant().patched(path, `{"op":"Replace","path":"$E:manager","value":""}`).has(nil, "$E", "manager")
	}},
}

// adding has section 3.5.2.1.
var adding = []requirement{
	{"P-3.5.2.1-01", "MUST", "add needs a value.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "invalidSyntax", `{"op":"add","path":"nickName"}`, `{"op":"add"}`)
	}},
	{"P-3.5.2.1-02", "MAY", "The value may be simple or an object.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.patched(path, `{"op":"add","path":"nickName","value":"B"}`).has("B", "nickName")
		c.patched(path, `{"op":"add","path":"name","value":{"middleName":"J"}}`).has("J", "name", "middleName")
	}},
	{"P-3.5.2.1-03", "STATED", "Without a path the value has attributes.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","emails":[{"value":"bjensen@example.com","type":"work"}]}`)
		a := c.patched(path, `{"op":"add","value":{"emails":[{"value":"babs@jensen.org","type":"home"}],"nickName":"Babs"}}`).has("Babs", "nickName")
		assert.Equal(c, []string{"bjensen@example.com", "babs@jensen.org"}, a.each("value", "emails"))
	}},
	{"P-3.5.2.1-04", "DERIVED", "Without a path the value is an object.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "invalidValue", `{"op":"add","value":"x"}`, `{"op":"add","value":[{"nickName":"x"}]}`, `{"op":"replace","value":7}`)
	}},
	{"P-3.5.2.1-05", "STATED", "What is not there is added.", func(c *suite) {
		c.patched("/Users/"+c.u1(), `{"op":"add","path":"title","value":"Guide"}`).has("Guide", "title")
	}},
	{"P-3.5.2.1-06", "SHALL", "Sub-attributes are added to those that are there.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","name":{"givenName":"B","familyName":"J"}}`)
		c.patched(path, `{"op":"add","path":"name","value":{"middleName":"M"}}`).has(map[string]any{"givenName": "B", "familyName": "J", "middleName": "M"}, "name")
	}},
	{"P-3.5.2.1-07", "STATED", "Values are added to a list, be it one or several.", func(c *suite) {
		path := "/Users/" + c.u1()
		a := c.patched(path, `{"op":"add","path":"emails","value":[{"value":"c@x","type":"other"}]}`)
		assert.Equal(c, []string{"bjensen@example.com", "babs@jensen.org", "c@x"}, a.each("value", "emails"))
		a = c.tolerant().patched(path, `{"op":"add","path":"emails","value":{"value":"d@x"}}`)
		assert.Equal(c, []string{"bjensen@example.com", "babs@jensen.org", "c@x", "d@x"}, a.each("value", "emails"))
		a = c.patched(path, `{"op":"add","path":"emails","value":{"value":"e@x"}}`)
		assert.Len(c, a.doc["emails"], 5)
		c.patched("/Things/"+c.thing(`"tags":["old"]`), `{"op":"add","path":"tags","value":"new"}`).has([]any{"old", "new"}, "tags")
	}},
	{"P-3.5.2.1-08", "STATED", "A single value is replaced.", func(c *suite) {
		c.patched("/Users/"+c.user(`{"userName":"bjensen","nickName":"a"}`), `{"op":"add","path":"nickName","value":"b"}`).has("b", "nickName")
	}},
	{"P-3.5.2.1-09", "SHOULD", "Adding what is there already succeeds.", func(c *suite) {
		u := c.u1()
		a := c.patched("/Groups/"+c.g1(u), `{"op":"add","path":"members","value":[{"value":"`+u+`"}]}`)
		assert.Equal(c, []string{u}, a.each("value", "members"))
		a = c.patched("/Users/"+u, `{"op":"add","path":"emails","value":[{"value":"babs@jensen.org","type":"home"}]}`)
		assert.Len(c, a.doc["emails"], 2)
	}},
	{"P-3.5.2.1-10", "SHALL NOT", "Adding what is there already moves neither time nor version.", func(c *suite) {
		u := c.u1()
		path := "/Groups/" + c.g1(u)
		c.keeps(path, func() { c.patch(path, `{"op":"add","path":"members","value":[{"value":"`+u+`"}]}`).is(200, 204) })
		c.keeps("/Users/"+u, func() {
			c.patch("/Users/"+u, `{"op":"add","path":"emails","value":[{"value":"babs@jensen.org","type":"home"}]}`).is(200)
		})
	}},
	{"P-3.5.2.1-11", "DERIVED", "A value is in a list once.", func(c *suite) {
		c.patched("/Things/"+c.thing(`"tags":["a"]`), `{"op":"add","path":"tags","value":["a","b","b"]}`).has([]any{"a", "b"}, "tags")
	}},
	{"P-3.5.2.1-12", "DERIVED", "Members are the same if their ids are.", func(c *suite) {
		u := c.u1()
		path := "/Groups/" + c.g1(u)
		a := c.patched(path, `{"op":"add","path":"members","value":[{"value":"`+u+`","display":"Other"}]}`)
		assert.Equal(c, []string{u}, a.each("value", "members"))
		a = c.patched(path, `{"op":"add","path":"members","value":[{"value":"`+u+`","$ref":"https://x.example/Users/`+u+`","type":"User"}]}`)
		assert.Equal(c, []string{u}, a.each("value", "members"))
	}},
	{"P-3.5.2.1-13", "DERIVED", "A sub-attribute is set in every element that matches.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","emails":[{"value":"a@x","type":"work"},{"value":"b@x","type":"work"},{"value":"c@x","type":"home"}]}`)
		a := c.patched(path, `{"op":"add","path":"emails[type eq \"work\"].display","value":"D"}`)
		assert.Equal(c, []string{"D", "D", ""}, a.each("display", "emails"))
	}},
	{"P-3.5.2.1-14", "INTEROP", "A filter that nothing matches makes the element, or is refused if so configured.", func(c *suite) {
		const op = `{"op":"Add","path":"phoneNumbers[type eq \"fax\"].value","value":"555"}`
		for _, connection := range []*suite{c, c.tolerant()} {
			path := "/Users/" + c.user(`{"userName":"`+connection.token+`","phoneNumbers":[{"value":"1","type":"work"}]}`)
			connection.patched(path, op).has([]any{map[string]any{"value": "1", "type": "work"}, map[string]any{"value": "555", "type": "fax"}}, "phoneNumbers")
			connection.refuses(path, 400, "noTarget", `{"op":"add","path":"phoneNumbers[type ne \"work\" and type ne \"fax\"].value","value":"5"}`)
		}
		c = c.speaking(scim.Dialect{Options: patch.Options{RefuseCreateOnAdd: true}})
		c.refuses("/Users/"+c.u1(), 400, "noTarget", op)
	}},
	{"P-3.5.2.1-15", "DERIVED", "Adding nothing clears nothing.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() {
			c.patch(path, `{"op":"add","path":"emails","value":[]}`).is(200, 204)
			c.patch(path, `{"op":"add","path":"emails","value":null}`).is(200, 204)
		})
	}},
	{"P-3.5.2.1-16", "DERIVED", "A sub-attribute brings what it belongs to.", func(c *suite) {
		c.patched("/Users/"+c.u2(), `{"op":"add","path":"name.givenName","value":"B"}`).has(map[string]any{"givenName": "B"}, "name")
	}},
}

// removing has section 3.5.2.2.
var removing = []requirement{
	{"P-3.5.2.2-01", "STATED", "remove without a path is an error.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "noTarget", `{"op":"remove"}`)
	}},
	{"P-3.5.2.2-02", "SHALL", "A removed attribute has no value.", func(c *suite) {
		c.patched("/Users/"+c.u1(), `{"op":"remove","path":"nickName"}`).lacks("nickName")
		c.matching(0, "/Users", "nickName pr")
	}},
	{"P-3.5.2.2-03", "SHALL", "Without a filter all values go.", func(c *suite) {
		u := c.u1()
		c.patched("/Users/"+u, `{"op":"remove","path":"emails"}`).lacks("emails")
		c.patched("/Groups/"+c.g1(u, c.u2()), `{"op":"remove","path":"members"}`).lacks("members")
		c.matching(0, "/Groups", "members pr")
	}},
	{"P-3.5.2.2-04", "STATED", "With a filter on the value the matching ones go.", func(c *suite) {
		u1, u2 := c.u1(), c.u2()
		a := c.patched("/Groups/"+c.g1(u1, u2), `{"op":"remove","path":"members[value eq \"`+u1+`\"]"}`)
		assert.Equal(c, []string{u2}, a.each("value", "members"))
		c.patched("/Things/"+c.thing(`"tags":["a","b"]`), `{"op":"remove","path":"tags[value eq \"a\"]"}`).has([]any{"b"}, "tags")
	}},
	{"P-3.5.2.2-05", "SHALL", "A list without values is not there.", func(c *suite) {
		u := c.u1()
		c.patched("/Groups/"+c.g1(u), `{"op":"remove","path":"members[value eq \"`+u+`\"]"}`).lacks("members")
		c.matching(0, "/Groups", "members pr")
	}},
	{"P-3.5.2.2-06", "STATED", "Filters of several terms choose elements.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() {
			c.patch(path, `{"op":"remove","path":"emails[type eq \"home\" and value ew \"example.com\"]"}`).is(200)
		})
		a := c.patched(path, `{"op":"remove","path":"emails[type eq \"work\" and value ew \"example.com\"]"}`)
		assert.Equal(c, []string{"babs@jensen.org"}, a.each("value", "emails"))
	}},
	{"P-3.5.2.2-07", "SHALL", "A sub-attribute is removed from elements that stay.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","emails":[{"value":"b@x","type":"work","display":"B"},{"value":"c@x","type":"home","display":"C"}]}`)
		c.patched(path, `{"op":"remove","path":"emails[type eq \"work\"].display"}`).
			has([]any{map[string]any{"value": "b@x", "type": "work"}, map[string]any{"value": "c@x", "type": "home", "display": "C"}}, "emails")
	}},
	{"P-3.5.2.2-08", "SHALL", "With the last element the attribute goes.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","emails":[{"value":"b@x","type":"work"}]}`)
		c.patched(path, `{"op":"remove","path":"emails[type eq \"work\"]"}`).lacks("emails")
		c.matching(0, "/Users", "emails pr")
	}},
	{"P-3.5.2.2-09", "SHALL", "What is required can't be removed.", func(c *suite) {
		u := c.u1()
		c.refuses("/Users/"+u, 400, "mutability", `{"op":"remove","path":"userName"}`)
		c.refuses("/Groups/"+c.g1(u), 400, "mutability", `{"op":"remove","path":"displayName"}`)
	}},
	{"P-3.5.2.2-10", "SHALL", "What clients can't write can't be removed.", func(c *suite) {
		u := c.u1()
		c.g1(u)
		c.refuses("/Users/"+u, 400, "mutability", `{"op":"remove","path":"id"}`, `{"op":"remove","path":"groups"}`, `{"op":"remove","path":"meta.version"}`)
	}},
	{"P-3.5.2.2-11", "STATED", "Removing who is no member succeeds and changes nothing.", func(c *suite) {
		path, u2 := "/Groups/"+c.g1(c.u1()), c.u2()
		c.keeps(path, func() { c.patch(path, `{"op":"remove","path":"members[value eq \"`+u2+`\"]"}`).is(200, 204) })
	}},
	{"P-3.5.2.2-12", "DERIVED", "Removing what is not there succeeds.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.keeps(path, func() {
			c.patch(path, `{"op":"remove","path":"title"}`).is(200, 204)
			c.patch(path, `{"op":"remove","path":"phoneNumbers"}`).is(200, 204)
			c.patch(path, `{"op":"remove","path":"name.honorificPrefix"}`).is(200, 204)
		})
	}},
	{"P-3.5.2.2-13", "DERIVED", "A sub-attribute can be removed; without any the attribute goes.", func(c *suite) {
		path := "/Users/" + c.u1()
		c.patched(path, `{"op":"remove","path":"name.middleName"}`).has(nil, "name", "middleName").has("Jensen", "name", "familyName")
		c.patched(path, `{"op":"remove","path":"name.givenName"},{"op":"remove","path":"name.familyName"},{"op":"remove","path":"name.formatted"}`).lacks("name")
	}},
	{"P-3.5.2.2-14", "DERIVED", "Without a filter a sub-attribute goes from every element.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","emails":[{"value":"b@x","display":"B"},{"value":"c@x","display":"C"}]}`)
		c.patched(path, `{"op":"remove","path":"emails.display"}`).has([]any{map[string]any{"value": "b@x"}, map[string]any{"value": "c@x"}}, "emails")
	}},
	{"P-3.5.2.2-15", "DERIVED", "No element is left empty.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","phoneNumbers":[{"value":"1","type":"work"},{"value":"2","type":"home"}]}`)
		c.patched(path, `{"op":"remove","path":"phoneNumbers[type eq \"work\"].value"},{"op":"remove","path":"phoneNumbers[type eq \"work\"].type"}`).
			has([]any{map[string]any{"value": "2", "type": "home"}}, "phoneNumbers")
	}},
	{"P-3.5.2.2-16", "INTEROP", "remove with a list of values removes those, or is refused; never all.", func(c *suite) {
		u1, u2 := c.u1(), c.u2()
		path := "/Groups/" + c.g1(u1, u2)
		op := `{"op":"Remove","path":"members","value":[{"value":"` + u1 + `"}]}`
		c.refuses(path, 400, "invalidSyntax", op)
		a := c.tolerant().patched(path, op)
		assert.Equal(c, []string{u2}, a.each("value", "members"))
	}},
}

// replacingParts has section 3.5.2.3.
var replacingParts = []requirement{
	{"P-3.5.2.3-01", "SHALL", "Without a path the attributes of the value are replaced, no others.", func(c *suite) {
		a := c.patched("/Users/"+c.u1(), `{"op":"replace","value":{"emails":[{"value":"bjensen@example.com","type":"work","primary":true}],"nickName":"B2"}}`)
		a.has("B2", "nickName").has("bjensen", "userName").has("Jensen", "name", "familyName")
		assert.Equal(c, []string{"bjensen@example.com"}, a.each("value", "emails"))
	}},
	{"P-3.5.2.3-02", "STATED", "A single value is replaced.", func(c *suite) {
		c.patched("/Users/"+c.user(`{"userName":"bjensen","title":"Guide"}`), `{"op":"replace","path":"title","value":"Boss"}`).has("Boss", "title")
	}},
	{"P-3.5.2.3-03", "STATED", "Without a filter a list is replaced as a whole.", func(c *suite) {
		u1, u2 := c.u1(), c.u2()
		a := c.patched("/Groups/"+c.g1(u1), `{"op":"replace","path":"members","value":[{"value":"`+u2+`"}]}`)
		assert.Equal(c, []string{u2}, a.each("value", "members"))
		a = c.patched("/Users/"+u1, `{"op":"replace","path":"emails","value":[{"value":"only@x"}]}`)
		assert.Equal(c, []string{"only@x"}, a.each("value", "emails"))
	}},
	{"P-3.5.2.3-04", "SHALL", "Replacing what is not there adds it.", func(c *suite) {
		path := "/Users/" + c.u2()
		c.patched(path, `{"op":"replace","path":"title","value":"Guide"}`).has("Guide", "title")
		c.patched(path, `{"op":"replace","path":"name.givenName","value":"J"}`).has(map[string]any{"givenName": "J"}, "name")
		c.patched(path, `{"op":"replace","path":"emails","value":[{"value":"a@x"}]}`).has("a@x", "emails", "0", "value")
	}},
	{"P-3.5.2.3-05", "SHALL", "Of a complex value what is sent is replaced, the rest stays.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","name":{"givenName":"B","familyName":"J"}}`)
		const op = `{"op":"replace","path":"name","value":{"familyName":"New"}}`
		for _, connection := range []*suite{c, c.tolerant()} {
			connection.patched(path, op).has(map[string]any{"givenName": "B", "familyName": "New"}, "name")
			connection.patched(path, `{"op":"replace","value":{"name":{"familyName":"J"}}}`).has(map[string]any{"givenName": "B", "familyName": "J"}, "name")
		}
		c = c.speaking(scim.Dialect{Options: patch.Options{OverwriteComplex: true}})
		c.patched("/Users/"+c.u1(), op).has(map[string]any{"familyName": "New"}, "name")
	}},
	{"P-3.5.2.3-06", "SHALL", "Every element that matches is replaced.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","phoneNumbers":[{"value":"a","type":"work","display":"A"},{"value":"b","type":"home"},{"value":"c","type":"work"}]}`)
		a := c.patched(path, `{"op":"replace","path":"phoneNumbers[type eq \"work\"]","value":{"value":"1","type":"work"}}`)
		values := a.each("value", "phoneNumbers")
		assert.NotContains(c, values, "a")
		assert.NotContains(c, values, "c")
		assert.Contains(c, values, "b")
		assert.Contains(c, values, "1")
		assert.NotContains(c, a.text, `"display"`)
	}},
	{"P-3.5.2.3-07", "STATED", "A sub-attribute is replaced in every element that matches.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","addresses":[{"type":"work","streetAddress":"a","locality":"A"},{"type":"work","streetAddress":"b"},{"type":"home","streetAddress":"c"}]}`)
		a := c.patched(path, `{"op":"replace","path":"addresses[type eq \"work\"].streetAddress","value":"1010 Broadway Ave"}`).has("A", "addresses", "0", "locality")
		assert.Equal(c, []string{"1010 Broadway Ave", "1010 Broadway Ave", "c"}, a.each("streetAddress", "addresses"))
	}},
	{"P-3.5.2.3-08", "SHALL", "A filter that nothing matches is an error, but for clients that count on more.", func(c *suite) {
		path := "/Users/" + c.u1()
		const op = `{"op":"replace","path":"phoneNumbers[type eq \"pager\"].value","value":"5"}`
		c.refuses(path, 400, "noTarget", op, `{"op":"replace","path":"emails[type eq \"other\"]","value":{"value":"x@x"}}`)
		c.tolerant().patched(path, op).has([]any{map[string]any{"value": "5", "type": "pager"}}, "phoneNumbers")
	}},
	{"P-3.5.2.3-09", "DERIVED", "null and [] clear, where nothing is required.", func(c *suite) {
		path := "/Users/" + c.user(`{"userName":"bjensen","title":"T","emails":[{"value":"a@x"}]}`)
		c.refuses(path, 400, "mutability", `{"op":"replace","path":"userName","value":null}`)
		c.patched(path, `{"op":"replace","path":"title","value":null}`).lacks("title")
		c.patched(path, `{"op":"replace","path":"emails","value":[]}`).lacks("emails")
	}},
	{"P-3.5.2.3-10", "DERIVED", "replace needs a value.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "invalidSyntax", `{"op":"replace","path":"title"}`, `{"op":"replace","path":"nickName"}`)
	}},
	{"P-3.5.2.3-11", "DERIVED", "What clients can't write, or not again, can't be replaced.", func(c *suite) {
		c.refuses("/Users/"+c.u1(), 400, "mutability", `{"op":"replace","path":"meta.resourceType","value":"x"}`)
		c.refuses("/Things/"+c.thing(`"imm":"a"`), 400, "mutability", `{"op":"replace","path":"imm","value":"z"}`)
	}},
	{"P-3.5.2.3-12", "DERIVED", "One object in place of a list is a list of one, or refused.", func(c *suite) {
		path := "/Users/" + c.u1()
		const op = `{"op":"replace","path":"emails","value":{"value":"a@x","type":"work"}}`
		c.refuses(path, 400, "invalidValue", op)
		c.tolerant().patched(path, op).has([]any{map[string]any{"value": "a@x", "type": "work"}}, "emails")
	}},
	{"P-3.5.2.3-13", "INTEROP", "An empty text is nothing.", func(c *suite) {
		for _, connection := range []*suite{c, c.tolerant()} {
			path := "/Users/" + c.user(`{"userName":"`+connection.token+`","title":"T"}`)
			a := connection.patched(path, `{"op":"Replace","path":"title","value":""}`)
			assert.Contains(c, []any{nil, ""}, a.doc["title"])
			connection.patched(path, `{"op":"Replace","path":"title","value":"T"}`).has("T", "title")
			connection.patched(path, `{"op":"Replace","path":"title","value":null}`).lacks("title")
		}
		require.Len(c, c.tolerant().get("/Users?filter=title pr").total(0).resources(), 0)
	}},
}
