package mapping_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestCycle is the life of a user in an application that has its own table.
func TestCycle(t *testing.T) {
	s := newServer(t)
	s.find("/Users", `userName eq "ann@example.com"`).total(0)
	created := s.do("POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
		"userName":"ann@example.com","externalId":"e1","active":"True","password":"pw-1","userType":"premium","nickName":"An",
		"name":{"givenName":"Ann","familyName":"Lee","middleName":"B"},
		"phoneNumbers":[{"type":"work","value":"1"},{"type":"mobile","value":"2"},{"type":"fax","value":"3"}],
		"roles":[{"value":"a"},{"value":"b","primary":true}],
		"`+enterpriseURN+`":{"department":"Legal","manager":"7"},
		"`+folderURN+`":{"folders":["x","y"]},
		"`+metadataURN+`":{"costUnit":5,"site":"Ulm"}}`).is(201)
	id := created.at("id").(string)

	row := s.users.row(t, id)
	row.Created, row.Updated = row.Created.Truncate(1), row.Updated.Truncate(1)
	ext := "e1"
	assert.Equal(t, account{
		ID: 1, Email: "ann@example.com", Ext: &ext, First: "Ann", Last: "Lee", Work: "1", Mobile: "2", Kind: premium,
		Dept: "Legal", Boss: 7, Roles: []string{"b", "a"}, Folders: "x;y", Meta: map[string]string{"costUnit": "5", "site": "Ulm"},
		Hash: "hash of pw-1", Created: row.Created, Updated: row.Updated,
	}, row)
	assert.Equal(t, "Premium", created.at("userType"))
	assert.Equal(t, map[string]any{"givenName": "Ann", "familyName": "Lee"}, created.at("name"))
	assert.Equal(t, []any{map[string]any{"type": "work", "value": "1"}, map[string]any{"type": "mobile", "value": "2"}}, created.at("phoneNumbers"))
	assert.Equal(t, []any{map[string]any{"value": "b", "primary": true}, map[string]any{"value": "a"}}, created.at("roles"))
	assert.Equal(t, s.url+"/Users/7", created.at(enterpriseURN, "manager", "$ref"))
	assert.NotContains(t, created.text, "nickName")
	assert.NotContains(t, created.text, "pw-1")
	assert.Equal(t, created.header.Get("ETag"), s.get("/Users/"+id).header.Get("ETag"))

	s.find("/Users", `userName eq "ANN@example.com"`).total(1)
	s.do("POST", "/Users", `{"userName":"Ann@Example.com"}`).fails(409, "uniqueness", "userName")

	disabled := s.patch("/Users/"+id, `{"op":"Replace","path":"active","value":"False"}`).is(200)
	assert.Equal(t, false, disabled.at("active"))
	assert.True(t, s.users.row(t, id).Disabled)
	assert.NotEqual(t, created.header.Get("ETag"), disabled.header.Get("ETag"))
	assert.NotEqual(t, created.at("meta", "lastModified"), disabled.at("meta", "lastModified"))
	assert.Equal(t, created.at("meta", "created"), disabled.at("meta", "created"))

	s.do("DELETE", "/Users/"+id, "").is(204)
	s.get("/Users/"+id).fails(404, "")
	s.do("DELETE", "/Users/"+id, "").fails(404, "")
	_ = fmt.Sprint()
}
