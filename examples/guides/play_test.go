package guides_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/examples/guides"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

const (
	baseURL   = "https://app.example.com/scim/v2"
	token     = "secret"
	ownToken  = "application" // for what the application does itself
	userName  = "ann@example.com"
	groupName = "Contracts"
)

// app is an application with one connection to a provider.
type app struct {
	t     *testing.T
	h     http.Handler
	store *users
	ids   map[string]string // what placeholders stand for
}

// newApp makes an application that has two managers already.
func newApp(t *testing.T, s scim.Settings) *app {
	store := &users{Store: memstore.New()}
	h, err := scim.New(scim.Config{
		BaseURL: baseURL,
		Auth: scim.AnyOf(
			scim.StaticToken(token, scim.Scope{Tenant: "acme", Connection: "idp"}),
			scim.StaticToken(ownToken, scim.Scope{Tenant: "acme", Connection: "own"}),
		),
		Users: store, Groups: store, State: store,
		Logger: slog.New(slog.DiscardHandler),
		Settings: func(_ context.Context, scope scim.Scope) (*scim.Settings, error) {
			if scope.Connection == "own" {
				return &scim.Settings{}, nil
			}
			return &s, nil
		},
	})
	require.NoError(t, err)
	a := &app{t, h, store, map[string]string{"userName": userName, "groupName": groupName, "managerName": "max@example.com"}}
	a.ids["manager"] = a.make("/Users", `{"userName":"max@example.com"}`)
	a.ids["other"] = a.make("/Users", `{"userName":"moe@example.com"}`)
	return a
}

// users is a store that can be broken.
type users struct {
	*memstore.Store
	broken error
}

func (u *users) ListUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	if u.broken != nil {
		return scim.Page{}, u.broken
	}
	return u.Store.ListUsers(ctx, t, q)
}

// make creates something in the application, and returns its id.
func (a *app) make(path, body string) string {
	status, doc := a.send(guides.Request{Method: "POST", Path: path, Body: body}, ownToken)
	require.Equal(a.t, http.StatusCreated, status, "%v", doc)
	return doc["id"].(string)
}

// send sends a request with its placeholders filled, and returns what was answered.
func (a *app) send(r guides.Request, token string) (int, map[string]any) {
	w := a.answer(r, token)
	if w.Body.Len() == 0 {
		return w.Code, nil
	}
	var doc map[string]any
	require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), &doc), w.Body.String())
	return w.Code, doc
}

func (a *app) answer(r guides.Request, token string) *httptest.ResponseRecorder {
	r = r.Fill(a.ids)
	req := httptest.NewRequest(r.Method, baseURL+r.Path, strings.NewReader(r.Body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("X-Request-Id", "7f3a-01") // or the application makes one, which a guide can't quote
	if r.Body != "" {
		req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	w := httptest.NewRecorder()
	a.h.ServeHTTP(w, req)
	return w
}

func (a *app) get(path string) map[string]any {
	status, doc := a.send(guides.Request{Method: "GET", Path: path}, token)
	require.Equal(a.t, http.StatusOK, status, "%s: %v", path, doc)
	return doc
}

// members returns the ids of the members of the group.
func (a *app) members() []string {
	ids := []string{}
	list, _ := a.get("/Groups/{group}")["members"].([]any)
	for _, m := range list {
		ids = append(ids, m.(map[string]any)["value"].(string))
	}
	return ids
}

// reads checks what the user has at the target of an attribute.
func (a *app) reads(attr guides.Attribute, want any) {
	if text, ok := want.(string); ok {
		want = guides.Request{Body: text}.Fill(a.ids).Body // a manager's id
	}
	assert.Equal(a.t, want, guides.Get(a.get("/Users/{id}"), attr.Target), "%s is read back", attr.Target)
}

// story is a provider that provisions into an application.
type story struct {
	*app
	p        guides.Provider
	w        guides.Wire
	statuses map[string]int
}

// play has the provider provision a user and a group from the first request to the
// last, and returns the status of each step.
func play(t *testing.T, p guides.Provider, w guides.Wire) map[string]int {
	s := &story{newApp(t, p.ConnectionSettings()), p, w, map[string]int{}}
	s.do("test", w.Test, http.StatusOK)
	found := s.do("find", w.Find, http.StatusOK)
	assert.EqualValues(t, 0, found["totalResults"], "nobody is there yet")

	s.createUser()
	s.hasRole("Manager")
	changed := s.updateUser()
	s.hasRole("Viewer")
	if p.Wires[0].AddMember.Method != "" {
		s.groups()
	}
	s.leaveAndReturn(changed)

	var played []string
	for step := range s.statuses {
		played = append(played, step)
	}
	var sent []string
	for _, step := range w.Steps() {
		sent = append(sent, step.Key)
	}
	assert.ElementsMatch(t, sent, played, "every request of the guide was played")
	return s.statuses
}

// do sends the request of a step.
func (s *story) do(step string, r guides.Request, want int) map[string]any {
	status, doc := s.send(r, token)
	require.Equal(s.t, want, status, "%s: %v", step, doc)
	s.statuses[step] = status
	return doc
}

func (s *story) createUser() {
	made := s.do("create", s.p.CreateUser(s.w, nil), http.StatusCreated)
	assert.NotContains(s.t, made, "password")
	s.ids["id"] = made["id"].(string)
	s.ids["member"] = s.ids["id"]
	for _, a := range s.p.Attributes {
		switch {
		case a.Later:
			s.reads(a, nil)
		case a.Reads != nil:
			s.reads(a, a.Reads)
		default:
			s.reads(a, a.Value)
		}
	}
	found := s.do("find", s.w.Find, http.StatusOK)
	assert.EqualValues(s.t, 1, found["totalResults"], "the user is found")
}

// hasRole checks the role that userType gives; providers that send none have the default.
func (s *story) hasRole(want string) {
	if !slices.ContainsFunc(s.p.Attributes, func(a guides.Attribute) bool { return a.Target == "userType" }) {
		want = "Contributor"
	}
	got, err := s.store.UserRoles(s.t.Context(), "acme", s.ids["id"])
	require.NoError(s.t, err)
	assert.Equal(s.t, []string{want}, got)
}

// updateUser changes each attribute by a request of its own, and returns the new values.
func (s *story) updateUser() map[string]any {
	changed := map[string]any{}
	for _, a := range s.p.Attributes {
		if a.Changed == nil {
			continue
		}
		step := "update"
		if s.w.UpdateElement.Method != "" && strings.Contains(a.Target, "[") {
			step = "updateElement"
		}
		if a.Later {
			first := a
			first.Changed = a.Value
			s.do(step, s.p.UpdateUser(s.w, first, changed), http.StatusOK)
			s.reads(a, a.Value)
		}
		s.do(step, s.p.UpdateUser(s.w, a, changed), http.StatusOK)
		s.reads(a, a.Changed)
		changed[a.Target] = a.Changed
	}
	for _, a := range s.p.Attributes {
		if a.Changed != nil {
			s.reads(a, a.Changed)
		}
	}
	return changed
}

func (s *story) groups() {
	if s.p.ConnectionSettings().NoGroupCreate {
		s.statuses["createGroup"], _ = s.send(s.w.CreateGroup, token)
		require.Equal(s.t, http.StatusForbidden, s.statuses["createGroup"])
		s.ids["group"] = s.make("/Groups", `{"displayName":"`+groupName+`"}`)
	} else {
		none := s.do("findGroup", s.w.FindGroup, http.StatusOK)
		assert.EqualValues(s.t, 0, none["totalResults"])
		s.ids["group"] = s.do("createGroup", s.w.CreateGroup, http.StatusCreated)["id"].(string)
	}
	found := s.do("findGroup", s.w.FindGroup, http.StatusOK)
	assert.EqualValues(s.t, 1, found["totalResults"])
	assert.Empty(s.t, s.members())

	s.member("addMember", s.w.AddMember, s.ids["id"])
	s.member("addMember", s.w.AddMember, s.ids["id"])
	if s.w.RemoveMember.Method == http.MethodPut {
		s.member("removeMember", s.w.RemoveMember)
	} else {
		s.beside()
	}
	if s.w.ClearMembers.Method != "" {
		s.member("addMember", s.w.AddMember, s.ids["id"])
		s.member("clearMembers", s.w.ClearMembers)
	}
	if s.w.RenameGroup.Method != "" {
		status, doc := s.send(s.w.RenameGroup, token)
		require.Less(s.t, status, 300, "%v", doc)
		s.statuses["renameGroup"] = status
		assert.Equal(s.t, "Renamed", s.get("/Groups/{group}")["displayName"])
	}
	if s.w.DeleteGroup.Method != "" {
		s.do("deleteGroup", s.w.DeleteGroup, http.StatusNoContent)
		status, _ := s.send(guides.Request{Method: "GET", Path: "/Groups/{group}"}, token)
		assert.Equal(s.t, http.StatusNotFound, status)
	}
}

// beside removes one of two members: the other one stays.
func (s *story) beside() {
	s.ids["member"] = s.ids["other"]
	s.member("addMember", s.w.AddMember, s.ids["id"], s.ids["other"])
	s.member("removeMember", s.w.RemoveMember, s.ids["id"])
	s.ids["member"] = s.ids["id"]
	s.member("removeMember", s.w.RemoveMember)
}

// member sends a change of members: the group has these then.
func (s *story) member(step string, r guides.Request, want ...string) {
	status, doc := s.send(r, token)
	require.Less(s.t, status, 300, "%s: %v", step, doc)
	s.statuses[step] = status
	assert.ElementsMatch(s.t, want, s.members(), step)
}

// leaveAndReturn has the user leave, come back as the same one with the same groups, and
// be deleted.
func (s *story) leaveAndReturn(changed map[string]any) {
	kept := s.make("/Groups", `{"displayName":"Kept","members":[{"value":"{id}"}]}`)
	active := guides.Attribute{Target: "active"}
	s.do("deactivate", s.p.SetActive(s.w, false, changed), http.StatusOK)
	s.reads(active, false)
	s.ids["userName"] = changed["userName"].(string)
	found := s.do("find", s.w.Find, http.StatusOK)
	assert.EqualValues(s.t, 1, found["totalResults"], "who is inactive is found")

	s.do("activate", s.p.SetActive(s.w, true, changed), http.StatusOK)
	s.reads(active, true)
	for _, a := range s.p.Attributes {
		if a.Changed != nil {
			s.reads(a, a.Changed)
		}
	}
	groups, _ := s.get("/Users/{id}")["groups"].([]any)
	if assert.Len(s.t, groups, 1, "memberships are kept") {
		assert.Equal(s.t, kept, groups[0].(map[string]any)["value"])
	}
	if s.w.Delete.Method != "" {
		s.deleteAndReturn(changed)
	}
}

// deleteAndReturn has the user be deleted, and made again before that is for good.
func (s *story) deleteAndReturn(changed map[string]any) {
	s.do("delete", s.w.Delete, http.StatusNoContent)
	status, _ := s.send(guides.Request{Method: "GET", Path: "/Users/{id}"}, token)
	assert.Equal(s.t, http.StatusNotFound, status)
	found := s.do("find", s.w.Find, http.StatusOK)
	assert.EqualValues(s.t, 0, found["totalResults"], "who is deleted is not found")

	made := s.do("create", s.p.CreateUser(s.w, changed), http.StatusCreated)
	assert.Equal(s.t, s.ids["id"], made["id"], "it is the same user again")
}
