package scim_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/scim"
)

// tolerance is a request that the default dialect takes and the strict one refuses.
type tolerance struct {
	field              string // of the dialect
	method, path, body string
	status             int // of the strict answer
	scimType           string
}

// tolerances has a case for every leniency there is. {id}, {g} and {a} are a user, a
// group with one member, and that member.
var tolerances = []tolerance{
	{"RefuseStringBooleans", "POST", "/Users", `{"schemas":["$U"],"userName":"x","active":"True"}`, 400, "invalidValue"},
	{"RefuseShapes", "POST", "/Users", `{"schemas":["$U"],"userName":"x","emails":{"value":"a@x"}}`, 400, "invalidValue"},
	{"RefuseShapes", "PATCH", "/Users/{id}", `{"op":"add","path":"$E:manager","value":"m1"}`, 400, "invalidValue"},
	{"RefuseUnknown", "POST", "/Users", `{"schemas":["$U"],"userName":"x","shoeSize":42}`, 400, "invalidSyntax"},
	{"RefuseUnknown", "PATCH", "/Users/{id}", `{"op":"add","path":"shoeSize","value":42}`, 400, "invalidPath"},
	{"RefuseSchemas", "POST", "/Users", `{"userName":"x"}`, 400, "invalidSyntax"},
	{"RefuseSchemas", "POST", "/Groups", `{"schemas":["$G","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"displayName":"x"}`, 400, "invalidSyntax"},
	{"RefuseDottedKeys", "POST", "/Users", `{"schemas":["$U"],"userName":"x","name.givenName":"G"}`, 400, "invalidSyntax"},
	{"RefuseTwoPrimaries", "POST", "/Users", `{"schemas":["$U"],"userName":"x","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, 400, "invalidValue"},
	{"RefuseBareWords", "GET", "/Users?filter=userName+eq+bjensen", "", 400, "invalidFilter"},
	{"RefuseStringBooleans", "GET", "/Users?filter=active+eq+%22True%22", "", 400, "invalidFilter"},
	{"RefuseBareNumbers", "GET", "/Users?filter=externalId+eq+701984", "", 400, "invalidFilter"},
	{"RefuseDates", "GET", "/Users?filter=meta.created+gt+%222025-03-01%22", "", 400, "invalidFilter"},
	{"RefuseShortNames", "GET", "/Users?filter=employeeNumber+eq+%227%22", "", 400, "invalidFilter"},
	{"RefuseBareReferences", "GET", "/Users?filter=$E:manager+eq+%227%22", "", 400, "invalidFilter"},
	{"RefuseMissingSchemas", "PATCH", "/Users/{id}", `{"Operations":[{"op":"add","path":"title","value":"x"}]}`, 400, "invalidSyntax"},
	{"RefuseRemoveByValue", "PATCH", "/Groups/{g}", `{"op":"remove","path":"members","value":[{"value":"{a}"}]}`, 400, "invalidSyntax"},
	{"RefuseReadOnlyKeys", "PATCH", "/Users/{id}", `{"op":"replace","value":{"groups":[{"value":"{g}"}],"title":"x"}}`, 400, "mutability"},
	{"RefuseEmptyPath", "PATCH", "/Users/{id}", `{"op":"replace","path":"","value":{"title":"x"}}`, 400, "invalidPath"},
	{"RefuseCreateOnReplace", "PATCH", "/Users/{id}", `{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@x"}`, 400, "noTarget"},
	{"RefuseUnknownMembers", "PATCH", "/Groups/{g}", `{"op":"add","path":"members","value":[{"value":"nobody"}]}`, 400, "invalidValue"},
}

// both lists fields that are the same in both dialects, with the reason.
var both = map[string]string{
	"RefuseSubAfterFilter": "emails[type eq \"work\"].value eq \"x\" has one meaning (AM-22)",
	"RefuseKeywordCase":    "the ABNF of an RFC ignores case (AM-24)",
	"RefuseCreateOnAdd":    "RFC 7644 is silent, and every first e-mail of Entra comes so (AM-1)",
	"RefuseNonCanonical":   "canonical values are suggestions (RFC 7643, section 7)",
	"RefuseKeyPaths":       "no attribute has a dot in its name, so it can only be a path (AM-13)",
	"OverwriteComplex":     "RFC 7644, section 3.5.2.3, merges (AM-5)",
	"PatchGroupBody":       "both answers are right (AM-15)",
	"KeepEmptyStrings":     "see TestEmptyStrings",
	"BaseURL":              "is the handler's to set",
}

func TestDialects(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range tolerances {
		covered[c.field] = true
		t.Run(c.field+" "+c.method+" "+c.path, func(t *testing.T) {
			assert.Less(t, c.play(newServer(t)).status, 300)
			c.play(newServer(t, strict)).fails(c.status, c.scimType)
		})
	}
	for _, field := range boolFields(reflect.TypeFor[scim.Dialect]()) {
		_, same := both[field]
		assert.True(t, covered[field] != same, "%s: covered %v, listed as the same %v", field, covered[field], same)
	}
}

func (c tolerance) play(s *server) *reply {
	a := s.create("/Users", `{"schemas":["`+userURN+`"],"userName":"a"}`)
	id := s.create("/Users", `{"schemas":["`+userURN+`"],"userName":"bjensen"}`)
	g := s.group("G", a)
	fill := strings.NewReplacer("{id}", id, "{g}", g, "{a}", a, "$U", userURN, "$G", groupURN, "$E", enterpriseURN)
	body := c.body
	if strings.HasPrefix(body, `{"op"`) {
		body = `{"schemas":["` + patchURN + `"],"Operations":[` + body + `]}`
	}
	return s.do(c.method, fill.Replace(c.path), fill.Replace(body))
}

// boolFields returns the names of all boolean fields, also within structs.
func boolFields(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		switch f := t.Field(i); f.Type.Kind() {
		case reflect.Bool:
			names = append(names, f.Name)
		case reflect.Struct:
			names = append(names, boolFields(f.Type)...)
		}
	}
	return names
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
