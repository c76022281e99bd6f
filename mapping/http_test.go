package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/scim"
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
}

// TestEntraPatches: each form in which Entra ID sends a change reaches the field.
func TestEntraPatches(t *testing.T) {
	for name, c := range map[string]struct {
		ops  string
		want func(*account)
	}{
		"boolean":            {`{"op":"Replace","path":"active","value":false}`, func(a *account) { a.Disabled = true }},
		"string":             {`{"op":"Replace","path":"active","value":"False"}`, func(a *account) { a.Disabled = true }},
		"without a path":     {`{"op":"replace","value":{"active":"False","name.givenName":"Bea"}}`, func(a *account) { a.Disabled = true; a.First = "Bea" }},
		"dotted keys":        {`{"op":"replace","value":{"displayName":"x","name":{"familyName":"Ray"},"` + enterpriseURN + `:department":"IT"}}`, func(a *account) { a.Last = "Ray"; a.Dept = "IT" }},
		"extension object":   {`{"op":"replace","value":{"` + enterpriseURN + `":{"department":"IT"}}}`, func(a *account) { a.Dept = "IT" }},
		"phone":              {`{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"9"}`, func(a *account) { a.Mobile = "9" }},
		"phone replaced":     {`{"op":"Replace","path":"phoneNumbers[type eq \"work\"].value","value":"9"}`, func(a *account) { a.Work = "9" }},
		"phone of no field":  {`{"op":"Add","path":"phoneNumbers[type eq \"fax\"].value","value":"9"}`, func(*account) {}},
		"phone removed":      {`{"op":"Remove","path":"phoneNumbers[type eq \"work\"]"}`, func(a *account) { a.Work = "" }},
		"manager":            {`{"op":"Add","path":"` + enterpriseURN + `:manager","value":"8"}`, func(a *account) { a.Boss = 8 }},
		"manager as object":  {`{"op":"Replace","path":"` + enterpriseURN + `:manager","value":{"value":"8"}}`, func(a *account) { a.Boss = 8 }},
		"manager as list":    {`{"op":"Add","path":"` + enterpriseURN + `:manager","value":[{"$ref":"../Users/8","value":"8"}]}`, func(a *account) { a.Boss = 8 }},
		"department by dot":  {`{"op":"Add","path":"` + enterpriseURN + `.department","value":"IT"}`, func(a *account) { a.Dept = "IT" }},
		"manager removed":    {`{"op":"Remove","path":"` + enterpriseURN + `:manager"}`, func(a *account) { a.Boss = 0 }},
		"manager emptied":    {`{"op":"Replace","path":"` + enterpriseURN + `:manager.value","value":""}`, func(a *account) { a.Boss = 0 }},
		"roles by primary":   {`{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"User"}`, func(a *account) { a.Roles = []string{"User"} }},
		"roles":              {`{"op":"Replace","path":"roles","value":[{"value":"User","display":"u"},{"value":"Admin","primary":true}]}`, func(a *account) { a.Roles = []string{"Admin", "User"} }},
		"one more role":      {`{"op":"Add","path":"roles","value":[{"value":"User"}]}`, func(a *account) { a.Roles = []string{"Admin", "User"} }},
		"role removed":       {`{"op":"Remove","path":"roles[value eq \"Admin\"]"}`, func(a *account) { a.Roles = nil }},
		"folders":            {`{"op":"Replace","path":"` + folderURN + `:folders","value":["x","y"]}`, func(a *account) { a.Folders = "x;y" }},
		"metadata":           {`{"op":"Add","path":"` + metadataURN + `:Cost","value":"7"}`, func(a *account) { a.Meta = map[string]string{"Cost": "7"} }},
		"license":            {`{"op":"Replace","path":"userType","value":"PREMIUM"}`, func(a *account) { a.Kind = premium }},
		"null":               {`{"op":"Replace","path":"name.givenName","value":null}`, func(a *account) { a.First = "" }},
		"external id":        {`{"op":"Replace","path":"externalId","value":"e2"}`, func(a *account) { a.Ext = ptr("e2") }},
		"external id gone":   {`{"op":"Remove","path":"externalId"}`, func(a *account) { a.Ext = nil }},
		"unknown attributes": {`{"op":"Add","path":"nickName","value":"x"},{"op":"Add","path":"title","value":"y"}`, func(*account) {}},
		"password":           {`{"op":"Replace","path":"password","value":"new"}`, func(a *account) { a.Hash = "hash of new" }},
		"what it is already": {`{"op":"Replace","path":"userName","value":"ann@example.com"},{"op":"Replace","path":"active","value":"True"}`, func(*account) {}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			id := s.create("/Users", `{"userName":"ann@example.com","externalId":"e1","name":{"givenName":"Ann","familyName":"Lee"},
				"phoneNumbers":[{"type":"work","value":"1"}],"roles":[{"value":"Admin"}],"`+enterpriseURN+`":{"department":"Legal","manager":{"value":"7"}}}`)
			before := s.users.row(t, id)
			before.Login, before.Tenant = "own", "own"
			s.users.rows[tenant][id] = before
			r := s.patch("/Users/"+id, c.ops).is(200)
			after, want := s.users.row(t, id), before
			c.want(&want)
			changed := !assert.ObjectsAreEqual(before, want)
			assert.Equal(t, changed, after.Updated.After(before.Updated), "time moves with what is stored: %s", r.text)
			after.Updated = want.Updated
			assert.Equal(t, want, after)
		})
	}
}

// TestPut: a PUT replaces what SCIM shows, not the row.
func TestPut(t *testing.T) {
	s := newServer(t)
	id := s.create("/Users", `{"userName":"ann","externalId":"e1","active":false,"password":"pw","name":{"givenName":"Ann"},"`+metadataURN+`":{"k":"v"},
		"phoneNumbers":[{"type":"work","value":"1"},{"type":"mobile","value":"2"}]}`)
	row := s.users.row(t, id)
	row.Login, row.Granted = "own", []string{"manual"}
	s.users.rows[tenant][id] = row
	r := s.do("PUT", "/Users/"+id, `{"userName":"bea","phoneNumbers":[{"type":"mobile","value":"3"}]}`).is(200)
	assert.Equal(t, []any{map[string]any{"type": "mobile", "value": "3"}}, r.at("phoneNumbers"))
	got := s.users.row(t, id)
	assert.Equal(t, account{ID: row.ID, Email: "bea", Mobile: "3", Login: "own", Granted: []string{"manual"}, Hash: "hash of pw",
		Disabled: true, Meta: map[string]string{}, Created: row.Created, Updated: got.Updated}, got, "active stays as it was")
	etag := r.header.Get("ETag")
	same := s.do("PUT", "/Users/"+id, `{"userName":"bea","phoneNumbers":[{"type":"mobile","value":"3"}]}`).is(200)
	assert.Equal(t, etag, same.header.Get("ETag"))
	s.do("PUT", "/Users/"+id, `{"userName":"bea","title":"x"}`, "If-Match", `W/"old"`).fails(412, "")
	s.do("PUT", "/Users/"+id, `{"userName":"cea"}`, "If-Match", etag).is(200)
	s.do("PUT", "/Users/99", `{"userName":"x"}`).fails(404, "")
}

// TestAnswers: mistakes of clients get answers that name the attribute.
func TestAnswers(t *testing.T) {
	s := newServer(t)
	id := s.create("/Users", `{"userName":"ann"}`)
	s.create("/Users", `{"userName":"bea"}`)
	s.do("POST", "/Users", `{"userName":"x","userType":"Gold"}`).fails(400, "invalidValue", `userType must be one of "Premium", "Standard".`)
	s.do("POST", "/Users", `{"name":{"givenName":"x"}}`).fails(400, "invalidValue", "userName")
	s.patch("/Users/"+id, `{"op":"replace","path":"userType","value":"Gold"}`).fails(400, "invalidValue", `one of "Premium", "Standard".`)
	s.patch("/Users/"+id, `{"op":"replace","path":"`+enterpriseURN+`:manager","value":"boss"}`).fails(400, "invalidValue", "manager.value must be a whole number")
	s.patch("/Users/"+id, `{"op":"replace","path":"userName","value":"BEA"}`).fails(409, "uniqueness", "userName")
	s.find("/Users", `nickName eq "x"`).fails(400, "invalidFilter", "nickName")
	s.find("/Users", `password eq "x"`).fails(400, "invalidFilter", "password")
	s.find("/Users", `userName eq 5 or`).fails(400, "invalidFilter")
	s.users.find = func(_ []*account, q mapping.Query) (mapping.Rows[account], error) {
		if q.Filter != nil {
			return mapping.Rows[account]{}, scim.Unsupported("userName eq")
		}
		return mapping.Rows[account]{}, scim.ErrNotImplemented
	}
	s.find("/Users", `userType eq "Premium"`).fails(400, "invalidFilter", "Supported are: userName eq.")
	s.get("/Users").fails(501, "")
}

// TestNotPushedDown: what a repository does not do package scim does, and the answer
// is the same.
func TestNotPushedDown(t *testing.T) {
	s := newServer(t)
	for _, name := range []string{"c", "a", "b"} {
		s.create("/Users", `{"userName":"`+name+`","userType":"`+map[string]string{"a": "Premium"}[name]+`"}`)
	}
	s.users.find = func(all []*account, q mapping.Query) (mapping.Rows[account], error) {
		if q.Filter != nil || q.SortBy != nil {
			return mapping.Rows[account]{}, scim.ErrNotImplemented
		}
		return mapping.Candidates(all), nil
	}
	assert.Equal(t, "a", s.find("/Users", `userType eq "Premium"`).total(1).at("Resources", 0, "userName"))
	sorted := s.get("/Users?sortBy=userName&count=2").total(3)
	assert.Equal(t, []any{"a", "b"}, []any{sorted.at("Resources", 0, "userName"), sorted.at("Resources", 1, "userName")})
}

// TestGroupsOverHTTP: groups of the application with members.
func TestGroupsOverHTTP(t *testing.T) {
	s := newServer(t)
	for _, name := range []string{"a", "b", "c"} {
		s.create("/Users", `{"userName":"`+name+`"}`)
	}
	created := s.do("POST", "/Groups", `{"displayName":"G","externalId":"x","members":[{"value":"1"},{"value":"2"},{"value":"99"}]}`).is(201)
	id := created.at("id").(string)
	members := func() (ids []any) {
		list, _ := s.get("/Groups/" + id).is(200).at("members").([]any)
		for _, m := range list {
			ids = append(ids, m.(map[string]any)["value"])
		}
		return ids
	}
	assert.Equal(t, []any{"1", "2"}, members())
	s.patch("/Groups/"+id, `{"op":"Add","path":"members","value":[{"value":"3"}]}`).is(204)
	s.patch("/Groups/"+id, `{"op":"Remove","path":"members","value":[{"value":"1"}]}`).is(204)
	s.patch("/Groups/"+id, `{"op":"remove","path":"members[value eq \"9\"]"}`).is(204)
	assert.Equal(t, []any{"2", "3"}, members())
	s.find("/Groups", `members eq "2"`).total(1)
	s.find("/Groups", `displayName eq "g"`).total(1)
	s.find("/Users", `groups.value eq "`+id+`"`).total(2)
	assert.Equal(t, "G", s.get("/Users/2").at("groups", 0, "display"))
	etag := s.get("/Groups/" + id).header.Get("ETag")
	s.patch("/Groups/"+id, `{"op":"Add","path":"members","value":[{"value":"3"}]}`).is(204)
	assert.Equal(t, etag, s.get("/Groups/"+id).header.Get("ETag"), "nothing changed")
	s.patch("/Groups/"+id, `{"op":"Replace","path":"displayName","value":"H"},{"op":"Remove","path":"members"}`).is(204)
	assert.Nil(t, members())
	assert.Equal(t, "H", s.get("/Groups/"+id).at("displayName"))
	s.do("PUT", "/Groups/"+id, `{"displayName":"I","members":[{"value":"1"}]}`).is(200)
	assert.Equal(t, []any{"1"}, members())
	s.do("DELETE", "/Users/1", "").is(204)
	assert.Nil(t, members())
	s.do("DELETE", "/Groups/"+id, "").is(204)
	s.get("/Groups/"+id).fails(404, "")
}

// TestDiscovery: clients see the attributes that have a field.
func TestDiscovery(t *testing.T) {
	s := newServer(t)
	text := s.get("/Schemas").is(200).text
	for _, word := range []string{`"userName"`, `"phoneNumbers"`, folderURN, metadataURN, `"folders"`} {
		assert.Contains(t, text, word)
	}
	assert.NotContains(t, text, `"nickName"`)
	assert.NotContains(t, text, `"costCenter"`)
	types := s.get("/ResourceTypes/User").is(200)
	assert.Len(t, types.at("schemaExtensions"), 3)
	assert.Equal(t, true, s.get("/ServiceProviderConfig").at("changePassword", "supported"))
}

// TestTenants: another tenant's rows are unknown.
func TestTenants(t *testing.T) {
	s := newServer(t)
	s.users.rows["other"] = map[string]account{"5": {ID: 5, Email: "foreign"}}
	s.get("/Users/5").fails(404, "")
	s.patch("/Users/5", `{"op":"replace","path":"active","value":false}`).fails(404, "")
	s.do("DELETE", "/Users/5", "").fails(404, "")
	s.get("/Users").total(0)
	s.do("POST", "/Groups", `{"displayName":"G","members":[{"value":"5"}]}`).is(201)
	assert.Empty(t, s.teams.members[tenant]["1"])
}
