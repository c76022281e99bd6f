package scim_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServiceProviderConfig(t *testing.T) { // S-5-01, S-5-02, P-4-02
	s := newServer(t)
	r := s.get("/ServiceProviderConfig").is(200)
	assert.Equal(t, []any{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"}, r.doc["schemas"])
	assert.Equal(t, map[string]any{"supported": false, "maxOperations": 0.0, "maxPayloadSize": 0.0}, r.doc["bulk"])
	assert.Equal(t, map[string]any{"supported": true, "maxResults": 200.0}, r.doc["filter"])
	for _, name := range []string{"patch", "sort", "etag"} {
		assert.Equal(t, true, r.at(name, "supported"), name)
	}
	assert.Equal(t, false, r.at("changePassword", "supported"))
	assert.Equal(t, "ServiceProviderConfig", r.at("meta", "resourceType"))
	assert.Len(t, r.doc["authenticationSchemes"], 1)
}

func TestResourceTypes(t *testing.T) {
	s := newServer(t)
	r := s.get("/ResourceTypes?startIndex=2&count=1").total(2) // P-4-07
	for _, v := range r.doc["Resources"].([]any) {
		m := v.(map[string]any)
		for _, name := range []string{"id", "name", "endpoint", "schema", "description"} {
			assert.NotEmpty(t, m[name], name)
		}
		s.get("/Schemas/" + m["schema"].(string)).is(200) // S-6-02
		one := s.get("/ResourceTypes/" + strings.ToLower(m["id"].(string))).is(200)
		assert.Equal(t, m, one.doc)
		assert.Equal(t, s.url+"/ResourceTypes/"+m["id"].(string), one.at("meta", "location"))
	}
	user := s.get("/ResourceTypes/User")
	assert.Equal(t, []any{map[string]any{"schema": enterpriseURN, "required": false}}, user.doc["schemaExtensions"])
	s.get("/ResourceTypes/Nope").fails(404, "") // P-4-09
}

func TestSchemas(t *testing.T) {
	s := newServer(t)
	r := s.get("/Schemas").is(200)
	ids := r.values("Resources", "id")
	assert.Subset(t, ids, []string{userURN, groupURN, enterpriseURN})
	r.total(len(ids))
	assert.NotContains(t, r.text, "null")
	for _, id := range ids {
		one := s.get("/Schemas/" + strings.ToUpper(id)).is(200) // P-4-11
		assert.Equal(t, id, one.at("id"))
		assert.Equal(t, "Schema", one.at("meta", "resourceType"))
		require.Equal(t, []any{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, one.doc["schemas"])
	}
	s.get("/Schemas/urn:nope").fails(404, "")
	for _, path := range []string{"/Schemas", "/ResourceTypes", "/ServiceProviderConfig"} { // P-4-08
		s.get(path+`?filter=id+pr`).fails(403, "")
	}
}
