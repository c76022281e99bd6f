package scim_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/scim"
)

// tolerance is a request that is taken unless a field of the dialect refuses it.
type tolerance struct {
	field              string // of the dialect
	method, path, body string
	status             int // of the refusal
	scimType           string
}

// tolerances has a case for every refusal there is. {id}, {g} and {a} are a user, a
// group with one member, and that member; an operation becomes the body of a PATCH.
var tolerances = []tolerance{
	{"Decoding.RefuseStringBooleans", "POST", "/Users", `{"schemas":["$U"],"userName":"x","active":"True"}`, 400, "invalidValue"},
	{"Decoding.RefuseStringBooleans", "PATCH", "/Users/{id}", `{"op":"replace","path":"active","value":"False"}`, 400, "invalidValue"},
	{"Decoding.RefuseShapes", "POST", "/Users", `{"schemas":["$U"],"userName":"x","emails":{"value":"a@x"}}`, 400, "invalidValue"},
	{"Decoding.RefuseShapes", "PUT", "/Users/{id}", `{"schemas":["$U"],"userName":"x","name":[{"givenName":"G"}]}`, 400, "invalidValue"},
	{"Decoding.RefuseShapes", "PATCH", "/Users/{id}", `{"op":"add","path":"$E:manager","value":"m1"}`, 400, "invalidValue"},
	{"Decoding.RefuseShapes", "PATCH", "/Users/{id}", `{"op":"replace","path":"emails","value":{"value":"a@x"}}`, 400, "invalidValue"},
	{"Decoding.RefuseUnknown", "POST", "/Users", `{"schemas":["$U"],"userName":"x","shoeSize":42}`, 400, "invalidSyntax"},
	{"Decoding.RefuseUnknown", "PATCH", "/Users/{id}", `{"op":"add","path":"name","value":{"nickname":"x","givenName":"G"}}`, 400, "invalidSyntax"},
	{"Decoding.RefuseSchemas", "POST", "/Users", `{"userName":"x"}`, 400, "invalidSyntax"},
	{"Decoding.RefuseSchemas", "POST", "/Groups", `{"schemas":["$G","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"displayName":"x"}`, 400, "invalidSyntax"},
	{"Decoding.RefuseDottedKeys", "POST", "/Users", `{"schemas":["$U"],"userName":"x","name.givenName":"G"}`, 400, "invalidSyntax"},
	{"Decoding.RefuseTwoPrimaries", "POST", "/Users", `{"schemas":["$U"],"userName":"x","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, 400, "invalidValue"},
	{"Decoding.RefuseNonCanonical", "POST", "/Users", `{"schemas":["$U"],"userName":"x","emails":[{"value":"a","type":"alias"}]}`, 400, "invalidValue"},
	{"Decoding.RefusePasswords", "POST", "/Users", `{"schemas":["$U"],"userName":"x","password":"t1meMa$heen"}`, 400, "invalidSyntax"},
	{"Decoding.RefusePasswords", "PATCH", "/Users/{id}", `{"op":"replace","path":"password","value":"t1meMa$heen"}`, 400, "invalidSyntax"},
	{"Decoding.KeepEmptyStrings", "POST", "/Users", `{"schemas":["$U"],"userName":"x","active":""}`, 400, "invalidValue"},
	{"Path.RefuseBareWords", "GET", "/Users?filter=userName+eq+bjensen", "", 400, "invalidFilter"},
	{"Path.RefuseSubAfterFilter", "GET", "/Users?filter=emails[type+eq+%22work%22].value+eq+%22x%22", "", 400, "invalidFilter"},
	{"Path.RefuseKeywordCase", "GET", "/Users?filter=active+eq+True", "", 400, "invalidFilter"},
	{"Checking.RefuseStringBooleans", "GET", "/Users?filter=active+eq+%22True%22", "", 400, "invalidFilter"},
	{"Checking.RefuseBareNumbers", "GET", "/Users?filter=externalId+eq+701984", "", 400, "invalidFilter"},
	{"Checking.RefuseDates", "GET", "/Users?filter=meta.created+gt+%222025-03-01%22", "", 400, "invalidFilter"},
	{"Checking.RefuseShortNames", "GET", "/Users?filter=employeeNumber+eq+%227%22", "", 400, "invalidFilter"},
	{"Checking.RefuseBareReferences", "GET", "/Users?filter=$E:manager+eq+%227%22", "", 400, "invalidFilter"},
	{"Checking.KeepEmptyStrings", "GET", "/Users?filter=active+eq+%22%22", "", 400, "invalidFilter"},
	{"RefuseMissingSchemas", "PATCH", "/Users/{id}", `{"Operations":[{"op":"add","path":"title","value":"x"}]}`, 400, "invalidSyntax"},
	{"RefuseMissingSchemas", "POST", "/Users/.search", `{"filter":"userName pr"}`, 400, "invalidSyntax"},
	{"RefuseMissingSchemas", "POST", "/.search", `{"schemas":["$S"],"count":"5"}`, 400, "invalidValue"},
	{"RefuseMissingSchemas", "POST", "/Users/.search", `{"schemas":["$S"],"attributes":"userName,title"}`, 400, "invalidValue"},
	{"RefuseMissingSchemas", "POST", "/Bulk", `{"Operations":[]}`, 400, "invalidSyntax"},
	{"RefuseRemoveByValue", "PATCH", "/Groups/{g}", `{"op":"remove","path":"members","value":[{"value":"{a}"}]}`, 400, "invalidSyntax"},
	{"RefuseKeyPaths", "PATCH", "/Users/{id}", `{"op":"add","value":{"name.givenName":"x"}}`, 400, "invalidSyntax"},
	{"RefuseUnknown", "PATCH", "/Users/{id}", `{"op":"add","path":"shoeSize","value":42}`, 400, "invalidPath"},
	{"RefuseUnknown", "PATCH", "/Users/{id}", `{"op":"add","value":{"shoeSize":42}}`, 400, "invalidSyntax"},
	{"RefuseReadOnlyKeys", "PATCH", "/Users/{id}", `{"op":"replace","value":{"groups":[{"value":"{g}"}],"title":"x"}}`, 400, "mutability"},
	{"RefuseEmptyPath", "PATCH", "/Users/{id}", `{"op":"replace","path":"","value":{"title":"x"}}`, 400, "invalidPath"},
	{"RefuseNoPath", "PATCH", "/Users/{id}", `{"op":"replace","value":{"active":false}}`, 400, "invalidSyntax"},
	{"RefuseAddOfOne", "PATCH", "/Users/{id}", `{"op":"add","path":"emails","value":{"value":"a@x"}}`, 400, "invalidValue"},
	{"RefuseAddOfOne", "PATCH", "/Groups/{g}", `{"op":"add","path":"members","value":{"value":"{id}"}}`, 400, "invalidValue"},
	{"RefuseElements", "PATCH", "/Groups/{g}", `{"op":"remove","path":"members[value eq \"{a}\"]"}`, 400, "invalidPath"},
	{"RefuseCreateOnAdd", "PATCH", "/Users/{id}", `{"op":"add","path":"emails[type eq \"work\"].value","value":"a@x"}`, 400, "noTarget"},
	{"RefuseCreateOnReplace", "PATCH", "/Users/{id}", `{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@x"}`, 400, "noTarget"},
	{"RefuseUnknownMembers", "PATCH", "/Groups/{g}", `{"op":"add","path":"members","value":[{"value":"nobody"}]}`, 400, "invalidValue"},
	{"RefuseUnknownMembers", "PUT", "/Groups/{g}", `{"schemas":["$G"],"displayName":"G","members":[{"value":"nobody"}]}`, 400, "invalidValue"},
	{"RefusePlainJSON", "POST application/json", "/Users", `{"schemas":["$U"],"userName":"x"}`, 415, ""},
	{"RefusePlainJSON", "POST ", "/Bulk", `{"schemas":["$B"],"Operations":[]}`, 415, ""},
}

// strictTakes lists what the strict dialect takes as well, with the reason.
var strictTakes = map[string]string{
	"Path.RefuseSubAfterFilter":   "emails[type eq \"work\"].value eq \"x\" has one meaning (AM-22)",
	"Path.RefuseKeywordCase":      "the ABNF of an RFC ignores case (AM-24)",
	"Decoding.RefuseNonCanonical": "canonical values are suggestions (RFC 7643, section 7)",
	"Decoding.RefusePasswords":    "RFC 7643, section 4.1.1, has a password; a profile has none",
	"RefuseKeyPaths":              "no attribute has a dot in its name, so it can only be a path (AM-13)",
	"RefuseCreateOnAdd":           "RFC 7644 is silent, and every first e-mail of Entra comes so (AM-1)",
	"RefuseNoPath":                "RFC 7644, section 3.5.2.1, lets the path be left out",
	"RefuseAddOfOne":              "RFC 7644, section 3.5.2.1, adds what is no list",
	"RefuseElements":              "RFC 7644, figure 7, has such paths",
	"RefusePlainJSON":             "RFC 7644, section 3.8, lets clients use application/json",
}

// noRefusals lists fields that say how something is done, with the test that holds it.
var noRefusals = map[string]string{
	"OverwriteComplex": "TestProfiles, I-patch-03 in examples/full",
	"UnknownIsSyntax":  "TestProfiles, I-unknown-01 in examples/full",
	"PatchGroupBody":   "TestPatchGroupBody",
	"MaxResults":       "TestMaxResults",
	"Checking.BaseURL": "the handler sets it",
}

// TestDialects: each refusal is there for itself. A request that the tolerant connection
// takes is refused by the strict one, or is in strictTakes; by a connection on which
// just this field is the other way round it is the opposite.
func TestDialects(t *testing.T) {
	rows := map[string]bool{}
	for _, c := range tolerances {
		rows[c.field] = true
		t.Run(c.field+" "+c.method+" "+c.path, func(t *testing.T) {
			strict, other := scim.Strict(), scim.Strict()
			field := fieldOf(&other, c.field)
			refused := field.Bool()
			field.SetBool(!refused)
			assert.NotEqual(t, refused, strictTakes[c.field] != "", "the strict dialect refuses: %v", refused)
			c.play(t, scim.Dialect{}, false)
			c.play(t, strict, refused)
			c.play(t, other, !refused)
		})
	}
	for _, field := range fieldsIn(reflect.TypeFor[scim.Dialect](), "") {
		assert.NotEqual(t, rows[field], noRefusals[field] != "", "%s is in one of the tables", field)
	}
}

// play sends the request to a connection with that dialect.
func (c tolerance) play(t *testing.T, d scim.Dialect, refused bool) {
	t.Helper()
	s := newServer(t, withBulk, func(c *scim.Config) {
		c.Auth = scim.AnyOf(scim.StaticToken("secret", scim.Scope{Tenant: "t"}), scim.StaticToken("connection", scim.Scope{Tenant: "t", Connection: "its own"}))
		c.Settings = func(_ context.Context, scope scim.Scope) (*scim.Settings, error) {
			if scope.Connection == "" {
				return &scim.Settings{}, nil
			}
			return &scim.Settings{Dialect: d}, nil
		}
	})
	a := s.create("/Users", `{"schemas":["`+userURN+`"],"userName":"a"}`)
	id := s.create("/Users", `{"schemas":["`+userURN+`"],"userName":"bjensen"}`)
	g := s.group("G", a)
	fill := strings.NewReplacer("{id}", id, "{g}", g, "{a}", a, "$U", userURN, "$G", groupURN, "$E", enterpriseURN, "$S", searchURN, "$B", bulkURN)
	body := c.body
	if strings.HasPrefix(body, `{"op"`) {
		body = `{"schemas":["` + patchURN + `"],"Operations":[` + body + `]}`
	}
	var headers []string
	method, contentType, ok := strings.Cut(c.method, " ")
	if ok {
		headers = []string{"Content-Type", contentType}
	}
	s.token = "connection"
	r := s.do(method, fill.Replace(c.path), fill.Replace(body), headers...)
	if refused {
		r.fails(c.status, c.scimType)
		return
	}
	assert.Less(t, r.status, 300, r.text)
}

// fieldOf returns the field of a dialect with that name, as "Decoding.RefuseShapes".
func fieldOf(d *scim.Dialect, name string) reflect.Value {
	v := reflect.ValueOf(d).Elem()
	for part := range strings.SplitSeq(name, ".") {
		v = v.FieldByName(part)
	}
	return v
}

// fieldsIn returns the names of all fields, those of structs in it with its name.
func fieldsIn(t reflect.Type, prefix string) []string {
	var names []string
	for i := range t.NumField() {
		switch f := t.Field(i); {
		case f.Type.Kind() != reflect.Struct:
			names = append(names, prefix+f.Name)
		case f.Anonymous:
			names = append(names, fieldsIn(f.Type, prefix)...)
		default:
			names = append(names, fieldsIn(f.Type, prefix+f.Name+".")...)
		}
	}
	return names
}

// TestMaxResults: a connection may have smaller pages than the server, never larger
// ones, and is told so.
func TestMaxResults(t *testing.T) {
	for most, want := range map[int]int{0: 7, 3: 3, 50: 7} {
		s := newServer(t, func(c *scim.Config) {
			c.MaxResults = 7
			c.Settings = scim.Fixed(scim.Settings{Dialect: scim.Dialect{MaxResults: most}})
		})
		for i := range 10 {
			s.user(fmt.Sprint("u", i))
		}
		for _, path := range []string{"/Users", "/Users?count=5000", "/Users?cursor=", "/?count=9", "/?sortBy=userName"} {
			assert.Len(t, s.get(path).total(10).doc["Resources"], want, path)
		}
		assert.Len(t, s.search("/Users", `,"count":9`).total(10).doc["Resources"], want)
		config := s.get("/ServiceProviderConfig").is(200)
		assert.EqualValues(t, want, config.at("filter", "maxResults"))
		assert.EqualValues(t, want, config.at("pagination", "maxPageSize"))
		assert.EqualValues(t, want, config.at("pagination", "defaultPageSize"))
	}
}

func TestPatchGroupBody(t *testing.T) { // AM-15
	for want, status := range map[bool]int{false: 204, true: 200} {
		s := newServer(t, func(c *scim.Config) {
			c.Settings = scim.Fixed(scim.Settings{Dialect: scim.Dialect{PatchGroupBody: want}})
		})
		a := s.user("a")
		r := s.patch("/Groups/"+s.group("G"), `{"op":"add","path":"members","value":[{"value":"`+a+`"}]}`).is(status)
		if want {
			assert.Equal(t, []string{a}, r.values("members", "value"))
		}
	}
}

func TestEmptyStrings(t *testing.T) { // AM-54
	const body = `{"schemas":["` + userURN + `"],"userName":"x","title":""}`
	s := newServer(t)
	id := s.create("/Users", body)
	assert.NotContains(t, s.get("/Users/"+id).doc, "title")
	s = newServer(t, strict)
	id = s.create("/Users", body)
	assert.Equal(t, "", s.get("/Users/"+id).at("title"))
}

// TestAdvertised: what /ServiceProviderConfig says is what is done, for servers with
// everything and with little.
func TestAdvertised(t *testing.T) {
	for name, s := range map[string]*server{
		"default":   newServer(t),
		"bulk":      newServer(t, withBulk),
		"no cursor": newServer(t, func(c *scim.Config) { c.Users = struct{ scim.UserStore }{c.Users} }),
		"no groups": newServer(t, func(c *scim.Config) { c.Groups = nil }),
		"strict":    newServer(t, strict, withBulk),
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			spc := s.get("/ServiceProviderConfig").is(200)
			says := func(path ...string) bool { yes, _ := spc.at(path...).(bool); return yes }
			id := s.create("/Users", `{"schemas":["`+userURN+`"],"userName":"b","password":"p"}`)
			s.create("/Users", `{"schemas":["`+userURN+`"],"userName":"a"}`)

			assert.Equal(t, says("patch", "supported"), s.patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`).status == 200)
			assert.Equal(t, says("filter", "supported"), s.find("/Users", `title eq "x"`).doc["totalResults"] == 1.0)
			assert.Equal(t, says("sort", "supported"), s.get("/Users?sortBy=userName").values("Resources", "userName")[0] == "a")
			assert.Equal(t, says("etag", "supported"), s.get("/Users/"+id).header.Get("ETag") != "")
			assert.Equal(t, says("etag", "supported"), s.patch("/Users/"+id, `{"op":"add","path":"title","value":"y"}`, "If-Match", `W/"stale"`).status == 412)
			assert.Equal(t, says("bulk", "supported"), s.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[{"method":"DELETE","path":"/Users/none"}]}`).status == 200)
			_, cursor := s.get("/Users?cursor=&count=1").doc["nextCursor"]
			assert.Equal(t, says("pagination", "cursor"), cursor)
			_, index := s.get("/Users?startIndex=1&count=1").doc["startIndex"]
			assert.Equal(t, says("pagination", "index"), index)
			assert.False(t, says("changePassword", "supported"))
			for _, v := range s.get("/ResourceTypes").is(200).doc["Resources"].([]any) {
				s.get(v.(map[string]any)["endpoint"].(string)).is(200)
			}
		})
	}
}
