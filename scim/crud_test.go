package scim_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/scim"
)

// TestProvisioningCycle is the life of a user as an identity provider sees it.
func TestProvisioningCycle(t *testing.T) {
	s := newServer(t)
	s.find("/Users", `userName eq "ann@example.com"`).total(0)

	created := s.do("POST", "/Users", `{"schemas":["`+userURN+`","`+enterpriseURN+`"],"userName":"ann@example.com","externalId":"e1",
		"active":"True","name":{"givenName":"Ann","familyName":"Lee"},"emails":[{"type":"work","value":"ann@example.com","primary":true}],
		"password":"pw-1","`+enterpriseURN+`":{"department":"Legal","manager":"m1"}}`).is(201)
	id := created.at("id").(string)
	assert.Equal(t, s.url+"/Users/"+id, created.header.Get("Location"))
	assert.Equal(t, s.url+"/Users/"+id, created.at("meta", "location"))
	assert.Equal(t, "User", created.at("meta", "resourceType"))
	assert.Equal(t, created.header.Get("ETag"), created.at("meta", "version"))
	assert.Equal(t, created.at("meta", "created"), created.at("meta", "lastModified"))
	assert.Equal(t, true, created.at("active"))
	assert.Equal(t, map[string]any{"value": "m1", "$ref": s.url + "/Users/m1"}, created.at(enterpriseURN, "manager"))
	assert.NotContains(t, created.text, "pw-1")

	found := s.find("/Users", `userName eq "ANN@example.com"`).total(1)
	assert.Equal(t, []string{id}, found.values("Resources", "id"))

	patched := s.patch("/Users/"+id, `{"op":"Replace","path":"active","value":"False"}`).is(200)
	assert.Equal(t, false, patched.at("active"))
	assert.NotEqual(t, created.header.Get("ETag"), patched.header.Get("ETag"))
	assert.Equal(t, false, s.get("/Users/"+id).is(200).at("active"))
	s.find("/Users", `userName eq "ann@example.com"`).total(1)

	s.do("DELETE", "/Users/"+id, "").is(204)
	s.get("/Users/"+id).fails(404, "")
	s.do("DELETE", "/Users/"+id, "").fails(404, "")
	s.find("/Users", `userName eq "ann@example.com"`).total(0)
	assert.NotEqual(t, id, s.user("ann@example.com"))
	assert.NotContains(t, s.log.String(), "pw-1")
}

func TestPost(t *testing.T) {
	for _, c := range []struct {
		id, path, body string
		change         func(*scim.Config)
		status         int
		scimType       string
	}{
		{id: "P-3.3-08", path: "/Users", body: `{"nickName":"x"}`, status: 400, scimType: "invalidValue"},
		{id: "P-3.3-09 cut", path: "/Users", body: `{"schemas":[`, status: 400, scimType: "invalidSyntax"},
		{id: "P-3.3-09 list", path: "/Users", body: `[]`, status: 400, scimType: "invalidSyntax"},
		{id: "P-3.3-09 string", path: "/Users", body: `"x"`, status: 400, scimType: "invalidSyntax"},
		{id: "P-3.3-10", path: "/Users", body: `{"userName":"a"} {"x":1}`, status: 400, scimType: "invalidSyntax"},
		{id: "P-3.8-10", path: "/Users", body: "{\"userName\":\"\xff\"}", status: 400, scimType: "invalidSyntax"},
		{id: "S-2.1-03", path: "/Users", body: `{"userName":"a","USERNAME":"b"}`, status: 400, scimType: "invalidSyntax"},
		{id: "S-2.3.1-01", path: "/Users", body: `{"userName":"a","nickName":5}`, status: 400, scimType: "invalidValue"},
		{id: "S-4.1.1-01", path: "/Users", body: `{"userName":""}`, status: 400, scimType: "invalidValue"},
		{id: "S-4.1.1-03", path: "/Users", body: `{"userName":"TAKEN"}`, status: 409, scimType: "uniqueness"},
		{id: "S-3-01 strict", path: "/Users", body: `{"userName":"x"}`, change: strict, status: 400, scimType: "invalidSyntax"},
		{id: "S-3-01 tolerant", path: "/Users", body: `{"userName":"x"}`, status: 201},
		{id: "S-2.4-03 strict", path: "/Users", change: strict, status: 400, scimType: "invalidValue",
			body: `{"schemas":["` + userURN + `"],"userName":"x","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`},
		{id: "S-4.2-01", path: "/Groups", body: `{"members":[]}`, status: 400, scimType: "invalidValue"},
		{id: "AM-32", path: "/Groups", body: `{"displayName":"taken"}`, status: 409, scimType: "uniqueness"},
		{id: "unknown-member", path: "/Groups", body: `{"displayName":"x","members":[{"value":"nobody"}]}`, status: 201},
		{id: "S-2.3.7-04 strict", path: "/Groups", change: strict, status: 400, scimType: "invalidValue",
			body: `{"schemas":["` + groupURN + `"],"displayName":"x","members":[{"value":"nobody"}]}`},
	} {
		t.Run(c.id, func(t *testing.T) {
			s := newServer(t)
			if c.change != nil {
				s = newServer(t, c.change)
			}
			s.user("taken")
			s.group("Taken")
			r := s.do("POST", c.path, c.body)
			if c.status >= 400 {
				r.fails(c.status, c.scimType)
				s.get(c.path).total(1)
				return
			}
			r.is(c.status)
		})
	}
}

func TestPostIgnoresWhatClientsCantSet(t *testing.T) { // S-3.1-07, S-3.1-17, P-3.3-01
	s := newServer(t)
	r := s.do("POST", "/Users", `{"userName":"bjensen","id":"mine","groups":[{"value":"g"}],
		"meta":{"created":"04-12-2018 00:00:00","resourceType":"Group","location":"http://evil"}}`).is(201)
	assert.NotEqual(t, "mine", r.at("id"))
	assert.Equal(t, "User", r.at("meta", "resourceType"))
	assert.NotContains(t, r.text, "evil")
	assert.NotContains(t, r.doc, "groups")
	assert.NotContains(t, r.doc, "externalId")
}

func TestPostRace(t *testing.T) { // P-3.3-13
	s := newServer(t)
	var wg sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		wg.Go(func() { statuses[i] = s.do("POST", "/Users", `{"userName":"race"}`).status })
	}
	wg.Wait()
	created := 0
	for _, status := range statuses {
		if status == http.StatusCreated {
			created++
			continue
		}
		assert.Equal(t, http.StatusConflict, status)
	}
	assert.Equal(t, 1, created)
}

func TestPut(t *testing.T) {
	s := newServer(t)
	id := s.create("/Users", `{"userName":"bjensen","externalId":"e","active":false,"nickName":"n","title":"T","emails":[{"value":"a@x"},{"value":"b@x"}],
		"`+enterpriseURN+`":{"department":"D"}}`)
	other := s.user("other")

	r := s.do("PUT", "/Users/"+id, `{"id":"other","meta":{"version":"x"},"userName":"BJensen","nickName":"N2","emails":[{"value":"c@x"}],"groups":[]}`).is(200)
	assert.Equal(t, id, r.at("id"))
	assert.Equal(t, "BJensen", r.at("userName")) // P-3.5.1-11: one's own name in another case
	assert.Equal(t, "N2", r.at("nickName"))
	assert.Equal(t, []string{"c@x"}, r.values("emails", "value"))
	assert.NotContains(t, r.doc, "title")
	assert.NotContains(t, r.doc, "externalId")
	assert.Equal(t, []any{userURN}, r.doc["schemas"]) // P-3.5.1-12
	assert.Equal(t, false, r.at("active"), "a PUT that says nothing of active must not let a suspended user in")

	again := s.do("PUT", "/Users/"+id, r.text).is(200) // P-3.5.1-09
	assert.Equal(t, r.header.Get("ETag"), again.header.Get("ETag"))
	assert.JSONEq(t, r.text, again.text)

	s.do("PUT", "/Users/"+id, `{"nickName":"x"}`).fails(400, "invalidValue") // P-3.5.1-08
	s.do("PUT", "/Users/"+other, `{"userName":"BJENSEN"}`).fails(409, "uniqueness")
	s.do("PUT", "/Users/nobody", `{"userName":"x"}`).fails(404, "") // P-3.2-03
	assert.Equal(t, r.text, s.get("/Users/"+id).text)
}

func TestPutGroup(t *testing.T) {
	s := newServer(t)
	a, b := s.user("a"), s.user("b")
	g := s.group("G", a)
	s.do("PUT", "/Groups/"+g, `{"displayName":"G2"}`).is(200)
	assert.Equal(t, []string{a}, s.members(g), "a rename must not empty a group")
	s.do("PUT", "/Groups/"+g, `{"displayName":"G2","members":[{"value":"`+b+`"}]}`).is(200) // P-3.5.1-15
	assert.Equal(t, []string{b}, s.members(g))
	s.do("PUT", "/Groups/"+g, `{"displayName":"G2","members":[]}`).is(200)
	assert.Empty(t, s.members(g))
}

func TestPatchAtomic(t *testing.T) { // P-3.5.2-25, P-3.5.2-26
	s := newServer(t)
	id := s.create("/Users", `{"userName":"bjensen","nickName":"old"}`)
	before := s.get("/Users/" + id)
	s.patch("/Users/"+id, `{"op":"replace","path":"nickName","value":"new"},{"op":"replace","path":"userName","value":null}`).fails(400, "mutability")
	s.patch("/Users/"+id, `{"op":"replace","path":"nickName","value":"new"},{"op":"replace","path":"id","value":"z"}`).fails(400, "mutability")
	assert.Equal(t, before.text, s.get("/Users/"+id).text)
	assert.Equal(t, before.header.Get("ETag"), s.get("/Users/"+id).header.Get("ETag"))
}

func TestPatchNothing(t *testing.T) { // AM-16, P-3.5.2-34
	s := newServer(t)
	id := s.create("/Users", `{"userName":"bjensen","nickName":"n"}`)
	before := s.get("/Users/" + id)
	r := s.patch("/Users/"+id, `{"op":"replace","path":"nickName","value":"n"}`).is(200)
	assert.Equal(t, before.text, r.text)
	moved := s.patch("/Users/"+id, `{"op":"replace","path":"nickName","value":"m"}`).is(200)
	assert.NotEqual(t, before.header.Get("ETag"), moved.header.Get("ETag"))
	assert.Greater(t, moved.at("meta", "lastModified"), before.at("meta", "lastModified"))
	assert.Equal(t, before.at("meta", "created"), moved.at("meta", "created"))
}

func TestPatchErrors(t *testing.T) {
	s := newServer(t)
	id, other := s.user("bjensen"), s.user("other")
	for _, c := range []struct{ id, ops, scimType string }{
		{"P-3.5.2-04", `{"op":"move","path":"nickName","value":"x"}`, "invalidSyntax"},
		{"P-3.5.2.2-01", `{"op":"remove"}`, "noTarget"},
		{"P-3.5.2-08", `{"op":"replace","path":"name..familyName","value":"v"}`, "invalidPath"},
		{"P-3.5.2-10", `{"op":"add","path":"groups","value":[{"value":"g"}]}`, "mutability"},
		{"P-3.5.2-14", `{"op":"replace","path":"active","value":5}`, "invalidValue"},
		{"P-3.5.2-16", `{"op":"replace","path":"userName[value eq \"x\"]","value":"y"}`, "invalidPath"},
		{"P-3.5.2.1-01", `{"op":"add","path":"nickName"}`, "invalidSyntax"},
		{"P-3.5.2.1-04", `{"op":"add","value":"x"}`, "invalidValue"},
		{"P-3.5.2.2-09", `{"op":"remove","path":"userName"}`, "mutability"},
		{"P-3.12-15", `{"op":"replace","path":"emails[type xx \"w\"].value","value":"v"}`, "invalidFilter"},
	} {
		t.Run(c.id, func(t *testing.T) {
			s.t = t
			s.patch("/Users/"+id, c.ops).fails(400, c.scimType)
		})
	}
	s.t = t
	s.patch("/Users/"+other, `{"op":"replace","path":"userName","value":"BJensen"}`).fails(409, "uniqueness") // P-3.5.2-31
	s.patch("/Users/nobody", `{"op":"replace","path":"title","value":"x"}`).fails(404, "")
	s.do("PATCH", "/Users/"+id, `{"Operations":[]}`).fails(400, "invalidSyntax")
	s.do("PATCH", "/Users/"+id, `{"Operations":{"op":"remove","path":"title"}}`).fails(400, "invalidSyntax")
}

func TestPatchRaces(t *testing.T) { // no lost update without If-Match
	s := newServer(t)
	id := s.user("bjensen")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s.patch("/Users/"+id, fmt.Sprintf(`{"op":"add","path":"emails","value":[{"value":"%d@x"}]}`, i)).is(200, 503)
		})
	}
	wg.Wait()
	want := 0
	for _, e := range s.entries {
		if e.Method == "PATCH" && e.Status == 200 {
			want++
		}
	}
	assert.Len(t, s.get("/Users/"+id).values("emails", "value"), want)
}

func TestETags(t *testing.T) {
	s := newServer(t)
	id := s.user("bjensen")
	tag := s.get("/Users/" + id).header.Get("ETag")
	assert.True(t, strings.HasPrefix(tag, `W/"`), tag) // S-3.1-24

	for _, match := range []string{tag, `W/"a", ` + tag, `*`, `"` + strings.Trim(tag, `W/"`) + `"`} {
		r := s.get("/Users/"+id, "If-None-Match", match) // P-3.14-03
		r.is(304)
		assert.Empty(t, r.text)
		assert.Equal(t, tag, r.header.Get("ETag"))
	}
	s.get("/Users/"+id, "If-None-Match", `W/"stale"`).is(200)

	stale := []string{"If-Match", `W/"stale"`}
	s.do("PUT", "/Users/"+id, `{"userName":"bjensen","title":"x"}`, stale...).fails(412, "") // P-3.14-04
	s.patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`, stale...).fails(412, "")
	s.do("DELETE", "/Users/"+id, "", stale...).fails(412, "") // P-3.6-06
	assert.Equal(t, tag, s.get("/Users/"+id).header.Get("ETag"))

	r := s.patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`, "If-Match", tag).is(200) // P-3.14-05
	s.do("PUT", "/Users/"+id, `{"userName":"bjensen"}`, "If-Match", "*").is(200)
	s.do("PUT", "/Users/nobody", `{"userName":"x"}`, "If-Match", "*").fails(404, "")
	s.do("DELETE", "/Users/"+id, "", "If-Match", r.header.Get("ETag")).fails(412, "")
	s.do("DELETE", "/Users/"+id, "", "If-Match", s.get("/Users/"+id).header.Get("ETag")).is(204)
}

func TestETagRace(t *testing.T) { // P-3.14-08
	s := newServer(t)
	id := s.user("bjensen")
	tag := s.get("/Users/" + id).header.Get("ETag")
	statuses := make([]int, 4)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() {
			statuses[i] = s.do("PUT", "/Users/"+id, fmt.Sprintf(`{"userName":"bjensen","title":"%d"}`, i), "If-Match", tag).status
		})
	}
	wg.Wait()
	assert.ElementsMatch(t, []int{200, 412, 412, 412}, statuses)
}

func TestPrefer(t *testing.T) {
	s := newServer(t)
	id := s.user("bjensen")
	op := `{"op":"replace","path":"title","value":"x"}`
	r := s.patch("/Users/"+id, op, "Prefer", "return=minimal").is(204)
	assert.NotEmpty(t, r.header.Get("ETag"))
	r = s.patch("/Users/"+id+"?attributes=title", op).is(200) // P-3.5.2-29
	assert.Equal(t, "x", r.at("title"))
	assert.NotContains(t, r.doc, "userName")
	g := s.group("G")
	s.patch("/Groups/"+g, `{"op":"replace","path":"displayName","value":"H"}`).is(204)
	assert.Equal(t, "I", s.patch("/Groups/"+g+"?attributes=displayName", `{"op":"replace","path":"displayName","value":"I"}`).is(200).at("displayName"))
}

func TestPassword(t *testing.T) { // S-4.1.1-12
	s := newServer(t)
	r := s.do("POST", "/Users?attributes=password,userName", `{"userName":"bjensen","password":"t1meMa$heen"}`).is(201)
	id := r.at("id").(string)
	answers := r.text +
		s.get("/Users/"+id+"?attributes=password").text +
		s.get("/Users?attributes=userName,password").text +
		s.patch("/Users/"+id+"?attributes=password", `{"op":"replace","path":"password","value":"n3w!Pass"}`).is(200).text +
		s.do("PUT", "/Users/"+id, `{"userName":"bjensen","password":"t1meMa$heen"}`).is(200).text
	assert.NotContains(t, answers, "password")
	assert.NotContains(t, answers, "t1meMa")
	s.find("/Users", `password eq "x"`).fails(400, "invalidFilter") // S-4.1.1-17
	s.find("/Users", `password sw "t"`).fails(400, "invalidFilter")
	s.get("/Users?sortBy=password").fails(400, "invalidPath")
	require.NotContains(t, fmt.Sprintf("%+v", s.entries), "t1meMa")
}
