package scim_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// licensed is a type of users who must have a userType.
func licensed() *schema.Type {
	s := schema.User()
	for i := range s.Attributes {
		if s.Attributes[i].Name == "userType" {
			s.Attributes[i].Required = true
		}
	}
	return schema.MustCompile(schema.TypeConfig{Name: "User", Schema: s})
}

// TestDefaults: what a body does not name has its default; null keeps an attribute
// unassigned, unless it is required.
func TestDefaults(t *testing.T) {
	s := newServer(t, func(c *scim.Config) {
		c.UserType = licensed()
		c.Settings = scim.Fixed(scim.Settings{Defaults: map[string]any{"userType": "Standard", "title": "Member"}})
	})
	for body, want := range map[string][2]any{
		`"userName":"a"`: {"Standard", "Member"},
		`"userName":"b","userType":"Premium","title":"x"`:  {"Premium", "x"},
		`"userName":"c","userType":null,"title":null`:      {"Standard", nil},
		`"userName":"d","userType":"","title":""`:          {"Standard", nil},
		`"userName":"e","userType":[],"title":"Dr.","x":1`: {"Standard", "Dr."},
	} {
		r := s.do("POST", "/Users", `{"schemas":["`+userURN+`"],`+body+`}`).is(201)
		assert.Equal(t, want, [2]any{r.at("userType"), r.at("title")}, body)
	}

	id := s.create("/Users", `{"schemas":["`+userURN+`"],"userName":"ann","userType":"Premium","title":"Dr."}`)
	for _, op := range []string{
		`{"op":"remove","path":"userType"}`, `{"op":"replace","path":"userType","value":null}`, `{"op":"replace","value":{"userType":null}}`,
	} {
		s.patch("/Users/"+id, `{"op":"replace","path":"userType","value":"Premium"}`).is(200)
		assert.Equal(t, "Standard", s.patch("/Users/"+id, op).is(200).at("userType"), op)
	}
	assert.Nil(t, s.patch("/Users/"+id, `{"op":"remove","path":"title"}`).is(200).at("title"))
	s.patch("/Users/"+id, `{"op":"replace","path":"userType","value":"Premium"}`).is(200)
	r := s.do("PUT", "/Users/"+id, `{"schemas":["`+userURN+`"],"userName":"ann"}`).is(200)
	assert.Equal(t, "Standard", r.at("userType"))
	assert.Nil(t, r.at("title"))
	s.patch("/Users/"+id, `{"op":"remove","path":"userName"}`).fails(400, "mutability")
}

// TestDefaultMissing: without a default, what is required is refused in every form.
func TestDefaultMissing(t *testing.T) {
	s := newServer(t, func(c *scim.Config) { c.UserType = licensed() })
	for _, body := range []string{`"userName":"a"`, `"userName":"a","userType":null`, `"userName":"a","userType":""`} {
		r := s.do("POST", "/Users", `{"schemas":["`+userURN+`"],`+body+`}`).fails(400, "invalidValue")
		assert.Contains(t, r.text, "userType")
	}
	id := s.create("/Users", `{"schemas":["`+userURN+`"],"userName":"ann","userType":"Premium"}`)
	s.patch("/Users/"+id, `{"op":"remove","path":"userType"}`).fails(400, "mutability")
	s.do("PUT", "/Users/"+id, `{"schemas":["`+userURN+`"],"userName":"ann"}`).fails(400, "invalidValue")
}

// TestDefaultUnknown: a default for what no user has is a mistake of the application's.
func TestDefaultUnknown(t *testing.T) {
	s := newServer(t, func(c *scim.Config) {
		c.Settings = scim.Fixed(scim.Settings{Defaults: map[string]any{"shoeSize": "44"}})
	})
	s.do("POST", "/Users", `{"schemas":["`+userURN+`"],"userName":"a"}`).fails(500, "")
	assert.Contains(t, s.log.String(), "shoeSize")
}
