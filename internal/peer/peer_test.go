package peer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// answer is what a server said.
type answer struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

func (a answer) id() string { s, _ := a.body["id"].(string); return s }

// at returns the value at a path of names and indexes, nil if there is none.
func (a answer) at(path ...any) any {
	v := any(a.body)
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

func (a answer) list(path ...any) []any {
	list, _ := a.at(path...).([]any)
	return list
}

// request returns a request with the token, as benchmarks make it.
func request(method, target string, body []byte) *http.Request {
	var r *http.Request
	if body == nil {
		r = httptest.NewRequest(method, target, nil)
	} else {
		r = httptest.NewRequest(method, target, bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("Authorization", "Bearer "+Token)
	return r
}

func serve(h http.Handler, r *http.Request) answer {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Result().Header, raw: w.Body.Bytes()}
	_ = json.Unmarshal(a.raw, &a.body)
	return a
}

// do makes a request and requires the given status.
func do(t *testing.T, h http.Handler, want int, method, target string, body []byte) answer {
	t.Helper()
	a := serve(h, request(method, target, body))
	require.Equal(t, want, a.status, "%s %s: %s", method, target, a.raw)
	return a
}

func search(t *testing.T, h http.Handler, endpoint, filter string) answer {
	t.Helper()
	return do(t, h, 200, "GET", endpoint+"?filter="+url.QueryEscape(filter), nil)
}

func patch(operations string) []byte {
	return patchBody("%s", operations)
}

// withUsers returns a server with n users and their ids.
func withUsers(t *testing.T, n int) (http.Handler, *Store, []string) {
	t.Helper()
	h, store := New(Token)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = do(t, h, 201, "POST", "/Users", UserBodyN(i)).id()
	}
	return h, store, ids
}

// fakeIDs returns n ids of the form that the server gives.
func fakeIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("2819c223-7f76-453a-919d-%012d", i)
	}
	return ids
}

func TestUserBody(t *testing.T) {
	assert.InDelta(t, 600, len(UserBody), 5)
	assert.Equal(t, UserBody, UserBodyN(0))
	seen := map[string]bool{}
	for _, i := range []int{0, 1, 42, 999_999, 9_999_999} {
		body := UserBodyN(i)
		assert.Len(t, body, len(UserBody))
		var u map[string]any
		require.NoError(t, json.Unmarshal(body, &u))
		a := answer{body: u}
		assert.Equal(t, UserNameN(i), u["userName"])
		assert.Len(t, a.list("emails"), 2)
		for _, v := range []any{u["userName"], u["externalId"], a.at("emails", 1, "value"), a.at(enterprise, "employeeNumber")} {
			assert.False(t, seen[v.(string)], v)
			seen[v.(string)] = true
		}
		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, body))
		assert.Equal(t, compact.Len(), len(body))
	}
}

func TestCreateAndGet(t *testing.T) {
	h, store := New(Token)
	created := do(t, h, 201, "POST", "/Users", UserBody)
	assert.Equal(t, 1, store.Users())
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, created.id())
	assert.Equal(t, "Users/"+created.id(), created.header.Get("Location"))
	assert.Equal(t, `W/"1"`, created.header.Get("Etag"))
	assert.Equal(t, contentType, created.header.Get("Content-Type"))

	got := do(t, h, 200, "GET", "/Users/"+created.id(), nil)
	assert.JSONEq(t, string(created.raw), string(got.raw))
	assert.Equal(t, `W/"1"`, got.header.Get("Etag"))
	assert.Equal(t, `W/"1"`, got.at("meta", "version"))
	assert.Equal(t, "User", got.at("meta", "resourceType"))
	assert.NotEmpty(t, got.at("meta", "created"))

	// All that was sent is there.
	var sent map[string]any
	require.NoError(t, json.Unmarshal(UserBody, &sent))
	for name, v := range sent {
		assert.Equal(t, v, got.body[name], name)
	}
	do(t, h, 404, "GET", "/Users/nobody", nil)
}

func TestPasswordIsNotReturned(t *testing.T) {
	h, _ := New(Token)
	body := bytes.Replace(UserBody, []byte(`"active":true`), []byte(`"active":true,"password":"t1meMa$heen"`), 1)
	id := do(t, h, 201, "POST", "/Users", body).id()
	do(t, h, 200, "PATCH", "/Users/"+id, patch(`{"op":"add","path":"password","value":"t1meMa$heen"}`))
	assert.NotContains(t, string(do(t, h, 200, "GET", "/Users/"+id, nil).raw), "t1meMa$heen")
}

func TestUserNameIsUnique(t *testing.T) {
	h, store, ids := withUsers(t, 2)
	upper := bytes.Replace(UserBodyN(0), []byte(`"userName":"user`), []byte(`"userName":"USER`), 1)
	conflict := do(t, h, 409, "POST", "/Users", upper)
	assert.Equal(t, "uniqueness", conflict.body["scimType"])
	do(t, h, 409, "PUT", "/Users/"+ids[1], upper)
	do(t, h, 409, "PATCH", "/Users/"+ids[1], patch(`{"op":"replace","path":"userName","value":"`+UserNameN(0)+`"}`))
	assert.Equal(t, 2, store.Users())

	// The same name in another case is still the user's own, and a name that
	// is given up is free.
	do(t, h, 200, "PUT", "/Users/"+ids[0], upper)
	do(t, h, 200, "PATCH", "/Users/"+ids[0], patch(`{"op":"replace","path":"userName","value":"other"}`))
	do(t, h, 201, "POST", "/Users", UserBodyN(0))
	do(t, h, 204, "DELETE", "/Users/"+ids[1], nil)
	do(t, h, 201, "POST", "/Users", UserBodyN(1))
}

func TestReplaceAndDelete(t *testing.T) {
	h, store, ids := withUsers(t, 3)
	replaced := do(t, h, 200, "PUT", "/Users/"+ids[1],
		[]byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"new","title":"Chief"}`))
	assert.Equal(t, `W/"2"`, replaced.header.Get("Etag"))
	got := do(t, h, 200, "GET", "/Users/"+ids[1], nil)
	assert.Equal(t, "Chief", got.body["title"])
	assert.NotContains(t, got.body, "emails")
	assert.NotContains(t, got.body, "externalId")

	do(t, h, 204, "DELETE", "/Users/"+ids[1], nil)
	do(t, h, 404, "DELETE", "/Users/"+ids[1], nil)
	do(t, h, 404, "PUT", "/Users/"+ids[1], UserBodyN(1))
	do(t, h, 404, "PATCH", "/Users/"+ids[1], PatchActive(true))
	assert.Equal(t, 2, store.Users())
	list := do(t, h, 200, "GET", "/Users", nil)
	assert.Equal(t, ids[0], list.at("Resources", 0, "id"))
	assert.Equal(t, ids[2], list.at("Resources", 1, "id"))
}

func TestFilter(t *testing.T) {
	h, store, ids := withUsers(t, 300)
	do(t, h, 200, "PATCH", "/Users/"+ids[3], PatchActive(false))
	for _, tt := range []struct {
		filter string
		total  int
	}{
		{`userName eq "` + UserNameN(217) + `"`, 1},
		{`USERNAME eq "` + strings.ToUpper(UserNameN(217)) + `"`, 1},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "` + UserNameN(217) + `"`, 1},
		{`userName eq "nobody"`, 0},
		{`externalId eq "00u0000217"`, 1},
		{`id eq "` + ids[217] + `"`, 1},
		{`active eq false`, 1},
		{`active eq true and name.familyName sw "jen"`, 299},
		{`emails[type eq "home" and value co "u0000217@"]`, 1},
		{`not (userName sw "user00002")`, 200},
		{`userName sw "user000021" or userName sw "user000022"`, 20},
		{enterprise + `:employeeNumber eq "0000217"`, 1},
		{enterprise + `:department eq "Sales"`, 300},
		{`meta.lastModified gt "2000-01-01T00:00:00Z"`, 300},
		{`photos[type eq "photo"]`, 0},
	} {
		a := search(t, h, "/Users", tt.filter)
		assert.EqualValues(t, tt.total, a.body["totalResults"], tt.filter)
		assert.Len(t, a.list("Resources"), tt.total, tt.filter)
		if tt.total == 1 && tt.filter != "active eq false" {
			assert.Equal(t, ids[217], a.at("Resources", 0, "id"), tt.filter)
		}
	}
	for _, filter := range []string{`userName`, `shoeSize eq 43`, `name eq "x"`} {
		a := do(t, h, 400, "GET", "/Users?filter="+url.QueryEscape(filter), nil)
		assert.Equal(t, "invalidFilter", a.body["scimType"], filter)
	}

	store.SetIndexed(true)
	for filter, total := range map[string]int{
		`userName eq "` + UserNameN(217) + `"`:                                            1,
		`userName eq "` + strings.ToUpper(UserNameN(217)) + `"`:                           1,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "` + UserNameN(217) + `"`: 1,
		`userName eq "nobody"`:  0,
		`userName co "0000217"`: 1,
	} {
		a := search(t, h, "/Users", filter)
		assert.EqualValues(t, total, a.body["totalResults"], filter)
		if total == 1 {
			assert.Equal(t, ids[217], a.at("Resources", 0, "id"), filter)
		}
	}
}

func TestList(t *testing.T) {
	h, _, ids := withUsers(t, 250)
	for _, tt := range []struct {
		query       string
		first, size int
	}{
		{"?count=100", 0, 100},
		{"?startIndex=1&count=100", 0, 100},
		{"?startIndex=101&count=100", 100, 100},
		{"?startIndex=201&count=100", 200, 50},
		{"?startIndex=251&count=100", 0, 0},
		{"?startIndex=-3&count=2", 0, 2},
		{"?count=0", 0, 0},
		{"", 0, 250},
	} {
		a := do(t, h, 200, "GET", "/Users"+tt.query, nil)
		assert.EqualValues(t, 250, a.body["totalResults"], tt.query)
		resources, ok := a.body["Resources"].([]any)
		require.True(t, ok, "Resources must be a list")
		require.Len(t, resources, tt.size, tt.query)
		for i := range resources {
			assert.Equal(t, ids[tt.first+i], a.at("Resources", i, "id"))
			assert.Equal(t, UserNameN(tt.first+i), a.at("Resources", i, "userName"))
		}
	}
	// Pages of a filtered list.
	a := do(t, h, 200, "GET", "/Users?startIndex=3&count=2&filter="+url.QueryEscape(`userName sw "user000012"`), nil)
	assert.EqualValues(t, 10, a.body["totalResults"])
	require.Len(t, a.list("Resources"), 2)
	assert.Equal(t, ids[122], a.at("Resources", 0, "id"))
}

func TestPatchActive(t *testing.T) {
	h, _, ids := withUsers(t, 1)
	before := do(t, h, 200, "GET", "/Users/"+ids[0], nil)
	patched := do(t, h, 200, "PATCH", "/Users/"+ids[0], PatchActive(false))
	assert.Equal(t, false, patched.body["active"])
	assert.Equal(t, `W/"2"`, patched.header.Get("Etag"))
	got := do(t, h, 200, "GET", "/Users/"+ids[0], nil)
	assert.JSONEq(t, string(patched.raw), string(got.raw))
	assert.Equal(t, before.at("meta", "created"), got.at("meta", "created"))
	for name, v := range before.body {
		if name != "active" && name != "meta" {
			assert.Equal(t, v, got.body[name], name)
		}
	}
	assert.Equal(t, true, do(t, h, 200, "PATCH", "/Users/"+ids[0], PatchActive(true)).body["active"])
}

func TestPatchUser(t *testing.T) {
	for name, tt := range map[string]struct {
		operations string
		path       []any
		want       any // nil for none
	}{
		"replace attribute":           {`{"op":"replace","path":"title","value":"Chief"}`, []any{"title"}, "Chief"},
		"any case":                    {`{"op":"Replace","path":"TITLE","value":"Chief"}`, []any{"title"}, "Chief"},
		"external id":                 {`{"op":"replace","path":"externalId","value":"x"}`, []any{"externalId"}, "x"},
		"remove attribute":            {`{"op":"remove","path":"title"}`, []any{"title"}, nil},
		"add sub-attribute":           {`{"op":"add","path":"name.middleName","value":"B"}`, []any{"name", "middleName"}, "B"},
		"keep other sub-attributes":   {`{"op":"add","path":"name.middleName","value":"B"}`, []any{"name", "familyName"}, "Jensen"},
		"remove sub-attribute":        {`{"op":"remove","path":"name.givenName"}`, []any{"name", "givenName"}, nil},
		"merge complex":               {`{"op":"replace","path":"name","value":{"givenName":"Eve"}}`, []any{"name"}, map[string]any{"givenName": "Eve", "familyName": "Jensen"}},
		"without path":                {`{"op":"replace","value":{"title":"Chief","name.givenName":"Eve"}}`, []any{"name", "givenName"}, "Eve"},
		"without path, extension":     {`{"op":"add","value":{"` + enterprise + `:division":"North"}}`, []any{enterprise, "division"}, "North"},
		"extension":                   {`{"op":"replace","path":"` + enterprise + `:department","value":"Legal"}`, []any{enterprise, "department"}, "Legal"},
		"extension keeps the rest":    {`{"op":"replace","path":"` + enterprise + `:department","value":"Legal"}`, []any{enterprise, "employeeNumber"}, "0000000"},
		"extension sub-attribute":     {`{"op":"replace","path":"` + enterprise + `:manager.value","value":"m"}`, []any{enterprise, "manager", "value"}, "m"},
		"value path":                  {`{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@b.c"}`, []any{"emails", 0, "value"}, "a@b.c"},
		"value path spares others":    {`{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@b.c"}`, []any{"emails", 1, "value"}, "u0000000@home.org"},
		"value path with and":         {`{"op":"replace","path":"emails[type eq \"work\" and primary eq true].display","value":"d"}`, []any{"emails", 0, "display"}, "d"},
		"value path, element":         {`{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"a@b.c"}}`, []any{"emails", 1}, map[string]any{"value": "a@b.c"}},
		"value path, remove":          {`{"op":"remove","path":"emails[type eq \"work\"]"}`, []any{"emails", 0, "type"}, "home"},
		"value path, remove sub":      {`{"op":"remove","path":"emails[type eq \"work\"].primary"}`, []any{"emails", 0, "primary"}, nil},
		"value path, create":          {`{"op":"add","path":"emails[Type eq \"other\"].value","value":"a@b.c"}`, []any{"emails", 2}, map[string]any{"type": "other", "value": "a@b.c"}},
		"value path, create with and": {`{"op":"add","path":"emails[type eq \"other\" and primary eq true].value","value":"a@b.c"}`, []any{"emails", 2}, map[string]any{"type": "other", "primary": true, "value": "a@b.c"}},
		"remove complex":              {`{"op":"remove","path":"name"}`, []any{"name"}, nil},
		"add complex":                 {`{"op":"remove","path":"name"},{"op":"add","path":"name.givenName","value":"Eve"}`, []any{"name"}, map[string]any{"givenName": "Eve"}},
		"remove extension attribute":  {`{"op":"remove","path":"` + enterprise + `:department"}`, []any{enterprise, "department"}, nil},
		"core URI":                    {`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Chief"}`, []any{"title"}, "Chief"},
		"sub-attribute of all":        {`{"op":"replace","path":"emails.display","value":"d"}`, []any{"emails", 1, "display"}, "d"},
		"add element":                 {`{"op":"add","path":"emails","value":[{"value":"a@b.c","type":"other"}]}`, []any{"emails", 2, "value"}, "a@b.c"},
		"add element again":           {`{"op":"add","path":"emails","value":[{"value":"u0000000@home.org","type":"home"}]}`, []any{"emails", 2}, nil},
		"add elements":                {`{"op":"add","path":"addresses","value":[{"type":"work","formatted":"a"},{"type":"work","formatted":"b"}]}`, []any{"addresses", 1, "formatted"}, "b"},
		"remove elements":             {`{"op":"remove","path":"emails","value":[{"value":"u0000000@home.org","type":"home"}]}`, []any{"emails", 1}, nil},
		"replace all elements":        {`{"op":"replace","path":"emails","value":[{"value":"a@b.c"}]}`, []any{"emails"}, []any{map[string]any{"value": "a@b.c"}}},
		"remove last element":         {`{"op":"remove","path":"phoneNumbers[type eq \"work\"]"}`, []any{"phoneNumbers"}, nil},
		"two operations":              {`{"op":"remove","path":"title"},{"op":"add","path":"title","value":"Last"}`, []any{"title"}, "Last"},
	} {
		t.Run(name, func(t *testing.T) {
			h, _, ids := withUsers(t, 1)
			do(t, h, 200, "PATCH", "/Users/"+ids[0], patch(tt.operations))
			assert.Equal(t, tt.want, do(t, h, 200, "GET", "/Users/"+ids[0], nil).at(tt.path...))
		})
	}
}

func TestPatchRefused(t *testing.T) {
	h, _, ids := withUsers(t, 1)
	before := do(t, h, 200, "GET", "/Users/"+ids[0], nil)
	for _, operations := range []string{
		`{"op":"replace","path":"shoeSize","value":43}`,
		`{"op":"replace","path":"active","value":"maybe"}`,
		`{"op":"remove","path":"userName"}`,
		`{"op":"replace","path":"userName","value":""}`,
		`{"op":"add","path":"groups","value":[{"value":"x"}]}`,
		`{"op":"replace","path":"` + enterprise + `:manager.displayName","value":"x"}`,
		`{"op":"replace","path":"emails[type eq \"other\"].value","value":"a@b.c"}`,
		`{"op":"replace","path":"title","value":"Chief"},{"op":"remove","path":"userName"}`,
		`{"op":"add","path":"emails[not (type eq \"work\" or type eq \"home\")].value","value":"a@b.c"}`,
		`{"op":"add","path":"emails[type eq \"other\" or type eq \"else\"].value","value":"a@b.c"}`,
	} {
		do(t, h, 400, "PATCH", "/Users/"+ids[0], patch(operations))
	}
	assert.JSONEq(t, string(before.raw), string(do(t, h, 200, "GET", "/Users/"+ids[0], nil).raw))
}

func TestGroupMembers(t *testing.T) {
	h, store, ids := withUsers(t, 4)
	group := do(t, h, 201, "POST", "/Groups", GroupBody("Engineers", ids[:2])).id()
	assert.Equal(t, 1, store.Groups())
	path := "/Groups/" + group
	members := func() []string {
		var values []string
		for _, m := range do(t, h, 200, "GET", path, nil).list("members") {
			values = append(values, m.(map[string]any)["value"].(string))
		}
		return values
	}
	assert.Equal(t, ids[:2], members())

	do(t, h, 204, "PATCH", path, PatchAddMember(ids[2]))
	assert.Equal(t, ids[:3], members())
	do(t, h, 204, "PATCH", path, PatchAddMember(ids[2]))
	assert.Equal(t, ids[:3], members(), "a member is there once")
	do(t, h, 204, "PATCH", path, PatchRemoveMember(ids[0]))
	assert.Equal(t, ids[1:3], members())
	do(t, h, 204, "PATCH", path, PatchRemoveMember(ids[0]))
	assert.Equal(t, ids[1:3], members(), "who is not there cannot be removed")
	do(t, h, 204, "PATCH", path, patch(`{"op":"add","path":"members","value":[{"value":"`+ids[3]+`"},{"value":"`+ids[1]+`"},{"value":"`+ids[0]+`"}]}`))
	assert.Equal(t, []string{ids[1], ids[2], ids[3], ids[0]}, members())
	do(t, h, 204, "PATCH", path, patch(`{"op":"remove","path":"members","value":[{"value":"`+ids[3]+`"},{"value":"`+ids[1]+`"}]}`))
	assert.Equal(t, []string{ids[2], ids[0]}, members())

	a := search(t, h, "/Groups", `displayName eq "engineers"`)
	assert.EqualValues(t, 1, a.body["totalResults"])
	do(t, h, 204, "PATCH", path, patch(`{"op":"remove","path":"members"}`))
	assert.Empty(t, members())
}

func TestLargeGroup(t *testing.T) {
	const n = 10_000
	h, _ := New(Token)
	path := "/Groups/" + do(t, h, 201, "POST", "/Groups", GroupBody("All", nil)).id()
	ids := fakeIDs(n)
	put := do(t, h, 200, "PUT", path, GroupBody("All", ids))
	assert.Len(t, put.list("members"), n)
	assert.Equal(t, `W/"2"`, put.header.Get("Etag"))
	assert.Equal(t, ids[n-1], put.at("members", n-1, "value"))

	do(t, h, 204, "PATCH", path, PatchRemoveMember(ids[n/2]))
	got := do(t, h, 200, "GET", path, nil)
	assert.Len(t, got.list("members"), n-1)
	assert.Equal(t, ids[n/2+1], got.at("members", n/2, "value"))
	do(t, h, 204, "PATCH", path, PatchAddMember(ids[n/2]))
	got = do(t, h, 200, "GET", path, nil)
	assert.Len(t, got.list("members"), n)
	assert.Equal(t, ids[n/2], got.at("members", n-1, "value"))
}

func TestAuthentication(t *testing.T) {
	h, store := New(Token)
	floor := Floor(UserBody)
	for _, header := range []string{"", Token, "Basic " + Token, "Bearer", "Bearer ", "Bearer " + Token + "x"} {
		r := httptest.NewRequest("GET", "/Users", nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		for _, h := range []http.Handler{h, floor} {
			a := serve(h, r)
			assert.Equal(t, 401, a.status, header)
			assert.NotEmpty(t, a.header.Get("Www-Authenticate"))
			assert.Equal(t, "401", a.body["status"])
		}
	}
	assert.Equal(t, 401, (<-store.Events()).Status)
}

func TestBodyLimit(t *testing.T) {
	h, store := New(Token)
	body := append([]byte(nil), UserBody[:len(UserBody)-1]...)
	body = append(body, `,"nickName":"`+strings.Repeat("x", maxBody)+`"}`...)
	do(t, h, 400, "POST", "/Users", body)
	assert.Zero(t, store.Users())
}

func TestEvents(t *testing.T) {
	h, store := New(Token)
	id := do(t, h, 201, "POST", "/Users", UserBody).id()
	do(t, h, 404, "GET", "/Users/nobody", nil)
	e := <-store.Events()
	assert.Equal(t, []any{"POST", "/Users", 201}, []any{e.Method, e.Path, e.Status})
	assert.Positive(t, e.Duration)
	assert.NotZero(t, e.Time)
	e = <-store.Events()
	assert.Equal(t, []any{"GET", "/Users/nobody", 404}, []any{e.Method, e.Path, e.Status})

	// A channel that nobody reads stops nothing.
	for range eventBuffer + 10 {
		do(t, h, 200, "GET", "/Users/"+id, nil)
	}
	assert.Len(t, store.Events(), eventBuffer)
}

// TestConcurrent lets readers encode what writers replace. It is for the race
// detector.
func TestConcurrent(t *testing.T) {
	h, store, ids := withUsers(t, 20)
	group := do(t, h, 201, "POST", "/Groups", GroupBody("All", ids[:10])).id()
	var wg sync.WaitGroup
	run := func(f func(i int) int) {
		wg.Go(func() {
			for i := range 20 {
				assert.Less(t, f(i), 300)
			}
		})
	}
	status := func(method, target string, body []byte) int {
		return serve(h, request(method, target, body)).status
	}
	for w := range 2 {
		run(func(i int) int { return status("PATCH", "/Users/"+ids[i%20], PatchActive(i%2 == 0)) })
		run(func(i int) int {
			return status("PATCH", "/Users/"+ids[i%20], patch(`{"op":"replace","path":"emails[type eq \"work\"].display","value":"x"}`))
		})
		run(func(i int) int { return status("PATCH", "/Groups/"+group, PatchAddMember(ids[10+i%10])) })
		run(func(i int) int { return status("PATCH", "/Groups/"+group, PatchRemoveMember(ids[10+i%10])) })
		run(func(i int) int { return status("POST", "/Users", UserBodyN(1000+100*w+i)) })
		run(func(int) int { return status("GET", "/Users?count=100", nil) })
		run(func(int) int { return status("GET", "/Groups/"+group, nil) })
		run(func(int) int { return status("GET", "/Users?filter=active+eq+true", nil) })
	}
	wg.Wait()
	assert.Equal(t, 60, store.Users())
}

func TestFloor(t *testing.T) {
	a := do(t, Floor(UserBody), 200, "GET", "/Users/1", nil)
	assert.Equal(t, UserBody, a.raw)
	assert.Equal(t, contentType, a.header.Get("Content-Type"))
	assert.NotEmpty(t, a.header.Get("Etag"))
}

func TestBare(t *testing.T) {
	a := serve(Bare(200, UserBody), httptest.NewRequest("GET", "/Users/1", nil))
	assert.Equal(t, 200, a.status)
	assert.Equal(t, UserBody, a.raw)

	body := bytes.NewReader(UserBodyN(1))
	a = serve(Bare(201, UserBody), httptest.NewRequest("POST", "/Users", body))
	assert.Equal(t, 201, a.status)
	assert.Zero(t, body.Len(), "the body is read to its end")
}

func TestPlain(t *testing.T) {
	a := do(t, Plain(), 201, "POST", "/Users", UserBody)
	assert.JSONEq(t, string(UserBody), string(a.raw))
	do(t, Plain(), 400, "POST", "/Users", []byte("{"))
	assert.Equal(t, 401, serve(Plain(), httptest.NewRequest("POST", "/Users", bytes.NewReader(UserBody))).status)
}
