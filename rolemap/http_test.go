package rolemap_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// app is an application with roles by a table, and its identity provider.
type app struct {
	t     *testing.T
	h     http.Handler
	store *memstore.Store
}

func newApp(t *testing.T, roles scim.RoleResolver) *app {
	s := memstore.New()
	h, err := scim.New(scim.Config{
		Users: s, Groups: s, State: s, BaseURL: "https://app.example.com/scim/v2",
		Auth:     scim.StaticToken("secret", scim.Scope{Tenant: "acme", Connection: "entra"}),
		Settings: scim.Fixed(scim.Settings{Roles: roles}),
	})
	require.NoError(t, err)
	return &app{t, h, s}
}

// send sends a request and returns the status and what was answered.
func (a *app) send(method, path, body string) (int, map[string]any) {
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	a.h.ServeHTTP(w, r)
	var answer map[string]any
	if w.Body.Len() > 0 {
		require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body.String())
	}
	return w.Code, answer
}

// create returns the id of what was created.
func (a *app) create(path, body string) string {
	status, answer := a.send(http.MethodPost, path, body)
	require.Equal(a.t, http.StatusCreated, status, "%v", answer)
	return answer["id"].(string)
}

func (a *app) user(name, more string) string {
	return a.create("/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q%s}`, name, more))
}

func (a *app) group(name string, members ...string) string {
	var values []string
	for _, id := range members {
		values = append(values, fmt.Sprintf(`{"value":%q}`, id))
	}
	return a.create("/Groups", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"members":[%s]}`, name, strings.Join(values, ",")))
}

func (a *app) patch(path, ops string) (int, map[string]any) {
	return a.send(http.MethodPatch, path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+ops+`]}`)
}

func (a *app) roles(id string) string {
	roles, err := a.store.UserRoles(a.t.Context(), "acme", id)
	require.NoError(a.t, err)
	return strings.Join(roles, " ")
}

// TestRoleGroupsOverHTTP: groups named role.<name> are roles.
func TestRoleGroupsOverHTTP(t *testing.T) {
	a := newApp(t, rolemap.Must(tim))
	ann, bob := a.user("ann", ""), a.user("bob", "")
	group := a.group("Role.approver", ann)
	assert.Equal(t, "Approver", a.roles(ann))
	own, err := a.store.ListGroups(t.Context(), "acme", scim.Query{StartIndex: 1, Count: 10})
	require.NoError(t, err)
	assert.Zero(t, own.Total, "the application has no such group")

	status, _ := a.patch("/Groups/"+group, fmt.Sprintf(`{"op":"Add","path":"members","value":[{"value":%q}]}`, bob))
	assert.Equal(t, http.StatusNoContent, status)
	assert.Equal(t, "Approver", a.roles(bob))
	status, _ = a.patch("/Groups/"+group, fmt.Sprintf(`{"op":"Remove","path":"members[value eq \"%s\"]"}`, ann))
	assert.Equal(t, http.StatusNoContent, status)
	assert.Equal(t, "", a.roles(ann), "leaving the group takes the role away")

	a.group("role.system", ann)
	a.group("role.janitor", ann)
	assert.Equal(t, "", a.roles(ann), "system roles are never given, unknown ones are skipped")

	status, answer := a.send(http.MethodGet, "/Groups?filter=displayName%20eq%20%22ROLE.APPROVER%22", "")
	assert.Equal(t, http.StatusOK, status)
	assert.EqualValues(t, 1, answer["totalResults"])
	status, answer = a.send(http.MethodGet, "/Groups/"+group, "")
	assert.Equal(t, http.StatusOK, status)
	assert.Len(t, answer["members"], 1)
	status, _ = a.send(http.MethodDelete, "/Groups/"+group, "")
	assert.Equal(t, http.StatusNoContent, status)
	assert.Equal(t, "", a.roles(bob), "deleting the group takes the role away")
}

// TestUserTypeOverHTTP: a value outside of the table is refused with those that are
// allowed, and nothing of the request is done.
func TestUserTypeOverHTTP(t *testing.T) {
	a := newApp(t, rolemap.Must(v6))
	ann := a.user("ann", `,"userType":"Manager"`)
	assert.Equal(t, "Creator - Manager", a.roles(ann))
	status, _ := a.patch("/Users/"+ann, `{"op":"Replace","path":"userType","value":"viewer"}`)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "Viewer", a.roles(ann))

	status, answer := a.patch("/Users/"+ann, `{"op":"Replace","path":"title","value":"x"},{"op":"Replace","path":"userType","value":"boss"}`)
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Equal(t, "invalidValue", answer["scimType"])
	assert.Equal(t, `userType must be one of "admin", "manager", "user" and "viewer", not "boss".`, answer["detail"])
	_, answer = a.send(http.MethodGet, "/Users/"+ann, "")
	assert.Equal(t, "viewer", answer["userType"])
	assert.NotContains(t, answer, "title")
	status, _ = a.send(http.MethodPost, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"eve","userType":"boss"}`)
	assert.Equal(t, http.StatusBadRequest, status)
}

// TestAppRolesOverHTTP sends the role of Entra ID's SingleAppRoleAssignment.
func TestAppRolesOverHTTP(t *testing.T) {
	a := newApp(t, rolemap.Must(web))
	ann := a.user("ann", `,"roles":[]`)
	assert.Equal(t, "", a.roles(ann))
	for _, step := range []struct{ op, want string }{
		{`{"op":"Add","path":"roles[primary eq \"True\"].value","value":"User"}`, "User"},
		{`{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Admin"}`, "Admin"},
		{`{"op":"Replace","path":"roles","value":[{"value":"{\"id\":\"06b0\",\"value\":\"ReadOnly\",\"displayName\":\"Readers\"}"}]}`, "ReadOnly"},
		{`{"op":"Remove","path":"roles"}`, ""},
	} {
		status, answer := a.patch("/Users/"+ann, step.op)
		require.Equal(t, http.StatusOK, status, "%v", answer)
		assert.Equal(t, step.want, a.roles(ann), step.op)
	}
}
