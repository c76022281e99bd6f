package guides_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/examples/guides"
)

// expected says how each trouble is answered: the detail has to name what is given.
var expected = map[guides.Trouble]struct {
	status   int
	scimType string
	names    []string
}{
	guides.WrongToken:     {http.StatusUnauthorized, "", []string{"credential"}},
	guides.NoUserName:     {http.StatusBadRequest, "invalidValue", []string{"userName"}},
	guides.BadValue:       {http.StatusBadRequest, "invalidValue", []string{"active"}},
	guides.UnknownRole:    {http.StatusBadRequest, "invalidValue", []string{"userType", "admin", "manager", "user", "viewer", "owner"}},
	guides.Duplicate:      {http.StatusConflict, "uniqueness", []string{"userName"}},
	guides.RenameConflict: {http.StatusConflict, "uniqueness", []string{"userName"}},
	guides.GroupExists:    {http.StatusConflict, "uniqueness", []string{"displayName"}},
	guides.NoGroups:       {http.StatusForbidden, "", []string{"group"}},
	guides.Gone:           {http.StatusNotFound, "", []string{"no such resource"}},
	guides.WrongURL:       {http.StatusNotFound, "", []string{"no such endpoint"}},
	guides.AppFailed:      {http.StatusInternalServerError, "", []string{"request id"}},
}

// provoke makes a trouble, and returns the answer that the guide quotes.
func provoke(t *testing.T, p guides.Provider, trouble guides.Trouble) guides.Answer {
	a := newApp(t, p.TroubleSettings(trouble))
	switch trouble {
	case guides.UnknownMember:
		return leaveOut(a, p)
	case guides.Duplicate:
		a.make("/Users", `{"userName":"`+userName+`"}`)
	case guides.AppFailed:
		a.store.broken = errors.New("pq: password of user muster is wrong")
	case guides.GroupExists:
		a.make("/Groups", `{"displayName":"`+groupName+`"}`)
	}
	attempts := p.Provoke(trouble)
	require.NotEmpty(t, attempts)
	for _, before := range attempts[:len(attempts)-1] {
		status, doc := a.send(before.Request, token)
		require.Equal(t, http.StatusCreated, status, "%v", doc)
		a.ids["id"] = doc["id"].(string)
	}
	last := attempts[len(attempts)-1]
	with := token
	if last.Token != "" {
		with = last.Token
	}
	w := a.answer(last.Request, with)
	want := expected[trouble]
	require.Equal(t, want.status, w.Code, "%s", w.Body)
	var doc struct{ Status, ScimType, Detail string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &doc))
	assert.Equal(t, strconv.Itoa(w.Code), doc.Status, "it is a SCIM error")
	assert.Equal(t, want.scimType, doc.ScimType)
	assert.NotEmpty(t, doc.Detail)
	answer := guides.Answer{Status: w.Code, ScimType: doc.ScimType, Detail: doc.Detail}
	if trouble == guides.AppFailed {
		assert.True(t, strings.HasSuffix(doc.Detail, " 7f3a-01"), "the guide says that the request id is at the end: %s", doc.Detail)
		assert.NotContains(t, answer.Detail, "pq", "what the store says stays in the log")
	}
	for _, name := range want.names {
		assert.Contains(t, answer.Detail, name)
	}
	return answer
}

// leaveOut sends a member that does not exist: it is left out, and nothing fails.
func leaveOut(a *app, p guides.Provider) guides.Answer {
	a.ids["group"] = a.make("/Groups", `{"displayName":"`+groupName+`"}`)
	attempts := p.Provoke(guides.UnknownMember)
	require.Len(a.t, attempts, 1)
	status, doc := a.send(attempts[0].Request, token)
	require.Less(a.t, status, 300, "%v", doc)
	assert.Empty(a.t, a.members())
	return guides.Answer{Status: status}
}

// provider returns the provider with this file.
func provider(t *testing.T, file string) guides.Provider {
	all := guides.Providers()
	i := slices.IndexFunc(all, func(p guides.Provider) bool { return p.File == file })
	require.GreaterOrEqual(t, i, 0, file)
	return all[i]
}

// create has a provider make its user.
func (a *app) create(p guides.Provider, changed map[string]any) {
	status, doc := a.send(p.CreateUser(p.Wires[0], changed), token)
	require.Equal(a.t, http.StatusCreated, status, "%v", doc)
	a.ids["id"] = doc["id"].(string)
	a.ids["member"] = a.ids["id"]
}

// TestFoundUser: a user whom the application had before is found by userName, and the
// provider goes on with it.
func TestFoundUser(t *testing.T) {
	for _, p := range guides.Providers() {
		t.Run(p.File, func(t *testing.T) {
			w := p.Wires[0]
			a := newApp(t, p.ConnectionSettings())
			a.ids["id"] = a.make("/Users", `{"userName":"{userName}","title":"Judge"}`)
			_, found := a.send(w.Find, token)
			list, _ := found["Resources"].([]any)
			require.Len(t, list, 1)
			assert.Equal(t, a.ids["id"], guides.Get(list[0].(map[string]any), "id"))

			i := slices.IndexFunc(p.Attributes, func(attr guides.Attribute) bool { return attr.Target == "name.familyName" })
			status, doc := a.send(p.UpdateUser(w, p.Attributes[i], nil), token)
			require.Equal(t, http.StatusOK, status, "%v", doc)
			a.reads(p.Attributes[i], p.Attributes[i].Changed)
		})
	}
}

// TestEmptyValues: what a provider sends for a value that a user does not have is no
// value. An attribute that the application does not know does no harm.
func TestEmptyValues(t *testing.T) {
	const phone, email = `phoneNumbers[type eq "work"].value`, `emails[type eq "work"].value`

	p := provider(t, "onelogin")
	a := newApp(t, p.ConnectionSettings())
	empty := map[string]any{phone: "", "displayName": "", "userType": ""}
	a.create(p, empty)
	for target := range empty {
		a.reads(guides.Attribute{Target: target}, nil)
	}

	p = provider(t, "jumpcloud")
	a = newApp(t, p.ConnectionSettings())
	a.create(p, nil)
	status, doc := a.send(guides.Request{Method: "PUT", Path: "/Users/{id}", Body: `{"id":"{id}","userName":"{userName}","active":true,"phoneNumbers":[],"emails":null,"user_mobile":"1"}`}, token)
	require.Equal(t, http.StatusOK, status, "%v", doc)
	a.reads(guides.Attribute{Target: phone}, nil)
	a.reads(guides.Attribute{Target: email}, nil)
}

// TestRoleByGroup: where no attribute is left for a role, a group gives it.
func TestRoleByGroup(t *testing.T) {
	p := provider(t, "jumpcloud")
	w := p.Wires[0]
	a := newApp(t, p.ConnectionSettings())
	a.create(p, nil)
	a.ids["groupName"] = "App Admins"
	status, group := a.send(w.CreateGroup, token)
	require.Equal(t, http.StatusCreated, status, "%v", group)
	a.ids["group"] = group["id"].(string)
	for _, step := range []struct {
		request guides.Request
		role    string
	}{{w.AddMember, "Admin"}, {w.RemoveMember, "Contributor"}} {
		status, doc := a.send(step.request, token)
		require.Equal(t, http.StatusNoContent, status, "%v", doc)
		roles, err := a.store.UserRoles(t.Context(), "acme", a.ids["id"])
		require.NoError(t, err)
		assert.Equal(t, []string{step.role}, roles)
	}
}
