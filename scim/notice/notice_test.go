package notice_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/notice"
)

var (
	userType = schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User(), Extensions: []schema.Extension{
		{Schema: schema.EnterpriseUser()},
		{Schema: schema.Schema{ID: "urn:example:ext", Attributes: []schema.Attribute{
			{Name: "pin", Returned: schema.Never},
			{Name: "keys", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{{Name: "value"}, {Name: "secret", Returned: schema.Never}}},
		}}},
	}})
	groupType = schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: schema.Group()})
)

// resource makes a resource of paths and values by turns.
func resource(t *testing.T, typ *schema.Type, id, version string, pairs ...any) *schema.Resource {
	b := schema.New(typ).ID(id).Meta(schema.Meta{Version: version})
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), pairs[i+1])
	}
	r, err := b.Build()
	require.NoError(t, err)
	return r
}

// feed is that of the RFC's figures.
func feed(iat int64, full bool, audience ...string) notice.Feed {
	return notice.Feed{Issuer: "https://scim.example.com", Audience: audience, Full: full, Now: func() time.Time { return time.Unix(iat, 0) }}
}

const (
	feed1 = "https://scim.example.com/Feeds/98d52461fa5bbc879593b7754"
	feed2 = "https://scim.example.com/Feeds/5d7604516b1d08641d7676ee7"
)

func claims(t *testing.T, f notice.Feed, e scim.Event) map[string]any {
	t.Helper()
	c, ok := f.Claims(e)
	require.True(t, ok)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(text, &doc))
	return doc
}

// TestFigures makes the tokens of RFC 9967 that Muster has an event for. What it adds
// to them is listed.
func TestFigures(t *testing.T) {
	john := resource(t, userType, "44f6142df96bd6ab61e7521d9", "", "userName", "jdoe", "externalId", "jdoe",
		"name", map[string]any{"givenName": "John", "familyName": "Doe"}, "emails", map[string]any{"type": "work", "value": "jdoe@example.com"})
	crm := resource(t, groupType, "176f397ec4c44b94b2cfcb759780b8c2", "a330bc54f0671c9", "externalId", "crmUsers")
	jdoe := resource(t, userType, "2b2f880af6674ac284bae9381673d462", "", "externalId", "jdoe")
	created := scim.Event{Type: scim.UserCreated, Resource: "User", ResourceID: john.ID(), After: john, Changed: []string{"name", "userName", "emails"}}
	added := scim.Event{Type: scim.GroupUpdated, Resource: "Group", ResourceID: crm.ID(), Before: crm, After: crm, Added: []string{"2819c223-7f76-453a-919d-413861904646"}}
	tests := []struct {
		figure string
		feed   notice.Feed
		event  scim.Event
		want   string // sub_id and events
	}{
		{"2", feed(1458505044, false, feed1), scim.Event{Type: scim.UserLinked, Resource: "User", ResourceID: jdoe.ID(), Before: jdoe},
			`{"sub_id":{"format":"scim","uri":"/Users/2b2f880af6674ac284bae9381673d462","externalId":"jdoe"},
			"events":{"urn:ietf:params:scim:event:feed:add":{}}}`},
		{"4", feed(1458496404, true, feed1, feed2), created,
			`{"sub_id":{"format":"scim","uri":"/Users/44f6142df96bd6ab61e7521d9","externalId":"jdoe"},
			"events":{"urn:ietf:params:scim:event:prov:create:full":{"data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
			"id":"44f6142df96bd6ab61e7521d9","externalId":"jdoe","meta":{"resourceType":"User"},
			"emails":[{"type":"work","value":"jdoe@example.com"}],"userName":"jdoe","name":{"givenName":"John","familyName":"Doe"}}}}}`},
		{"5, without the password that events know nothing of", feed(1458496404, false, feed1, feed2), created,
			`{"sub_id":{"format":"scim","uri":"/Users/44f6142df96bd6ab61e7521d9","externalId":"jdoe"},
			"events":{"urn:ietf:params:scim:event:prov:create:notice":{"attributes":["id","name","userName","emails"]}}}`},
		{"6, without what follows from the value", feed(1458505044, true, feed1), added,
			`{"sub_id":{"format":"scim","uri":"/Groups/176f397ec4c44b94b2cfcb759780b8c2","externalId":"crmUsers"},
			"events":{"urn:ietf:params:scim:event:prov:patch:full":{"version":"a330bc54f0671c9","data":{
			"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
			"Operations":[{"op":"add","path":"members","value":[{"value":"2819c223-7f76-453a-919d-413861904646"}]}]}}}}`},
		{"7", feed(1458505044, false, feed1), added,
			`{"sub_id":{"format":"scim","uri":"/Groups/176f397ec4c44b94b2cfcb759780b8c2","externalId":"crmUsers"},
			"events":{"urn:ietf:params:scim:event:prov:patch:notice":{"attributes":["members"],"version":"a330bc54f0671c9"}}}`},
		{"10", feed(1458505044, true, feed1), scim.Event{Type: scim.UserDeleted, Resource: "User", ResourceID: jdoe.ID(), Before: jdoe},
			`{"sub_id":{"format":"scim","uri":"/Users/2b2f880af6674ac284bae9381673d462","externalId":"jdoe"},
			"events":{"urn:ietf:params:scim:event:prov:delete":{}}}`},
		{"11", feed(1458505044, false, feed1), scim.Event{Type: scim.UserReturned, Resource: "User", ResourceID: "2b2f880af6674ac284bae9381673d462"},
			`{"sub_id":{"format":"scim","uri":"/Users/2b2f880af6674ac284bae9381673d462"},
			"events":{"urn:ietf:params:scim:event:prov:activate":{}}}`},
	}
	for _, tt := range tests {
		t.Run("figure "+tt.figure, func(t *testing.T) {
			tt.event.ID, tt.event.At = "event-1", time.Unix(1458400000, 0)
			got := claims(t, tt.feed, tt.event)
			var want map[string]any
			require.NoError(t, json.Unmarshal([]byte(tt.want), &want))
			assert.Equal(t, want["sub_id"], got["sub_id"])
			assert.Equal(t, want["events"], got["events"])

			audience := []any{}
			for _, a := range tt.feed.Audience {
				audience = append(audience, a)
			}
			assert.Equal(t, audience, got["aud"])
			assert.Equal(t, "https://scim.example.com", got["iss"])
			assert.EqualValues(t, tt.feed.Now().Unix(), got["iat"])
			assert.EqualValues(t, 1458400000, got["toe"])
			assert.Equal(t, "event-1", got["txn"])
			assert.Len(t, got["jti"], 32)
			assert.Len(t, got, 8, "and no sub") // E-2.1-03
		})
	}
}

func TestTokenIDs(t *testing.T) { // E-2.2-02
	e := scim.Event{ID: "1", Type: scim.UserDeleted, Resource: "User", ResourceID: "u"}
	a := claims(t, feed(1, false, "a"), e)
	b := claims(t, feed(1, false, "b"), e)
	assert.Equal(t, a["txn"], b["txn"])
	assert.NotEqual(t, a["jti"], b["jti"])
	assert.Equal(t, a["jti"], claims(t, feed(2, false, "a"), e)["jti"], "a repetition can be told")
	e.ID = "2"
	assert.NotEqual(t, a["jti"], claims(t, feed(1, false, "a"), e)["jti"])
}

func TestChanges(t *testing.T) {
	before := resource(t, userType, "1", "1", "userName", "a", "active", true, "name", map[string]any{"familyName": "A"},
		"urn:example:ext:keys", map[string]any{"value": "k", "secret": "MARK"}, "urn:example:ext:pin", "MARK")
	after := resource(t, userType, "1", "2", "userName", "a", "active", false, "name", map[string]any{"familyName": "B", "givenName": "C"},
		"urn:example:ext:keys", map[string]any{"value": "l", "secret": "MARK"}, "urn:example:ext:pin", "MARK 2")
	e := scim.Event{Type: scim.UserSuspended, Resource: "User", ResourceID: "1", Before: before, After: after, Changed: after.Changed(before)}

	got := claims(t, feed(1, false), e)["events"]
	assert.Equal(t, map[string]any{
		notice.PatchNotice: map[string]any{"version": "2", "attributes": []any{"name", "active", "urn:example:ext:pin", "urn:example:ext:keys"}},
		notice.Deactivate:  map[string]any{},
	}, got)

	c, ok := feed(1, true).Claims(e)
	require.True(t, ok)
	assert.Contains(t, c.Events, notice.Deactivate)
	p := c.Events[notice.PatchFull]
	assert.Empty(t, p.Attributes, "data and attributes are never together") // E-2.4-02
	assert.NotContains(t, string(p.Data), "MARK")                           // E-2.4-03
	doc, err := patch.Decode(userType, p.Data, patch.Options{})
	require.NoError(t, err)
	res, err := patch.Apply(before, doc.Ops, patch.Options{})
	require.NoError(t, err)
	for _, path := range []string{"name", "active", "urn:example:ext:keys.value"} {
		assert.Equal(t, string(after.Get(path).AppendJSON(nil)), string(res.Resource.Get(path).AppendJSON(nil)), "the PATCH repeats the change")
	}

	e.After = resource(t, userType, "1", "3", "userName", "a", "active", true, "name", map[string]any{"familyName": "A"},
		"urn:example:ext:keys", map[string]any{"value": "k", "secret": "MARK"}, "urn:example:ext:pin", "MARK 2")
	e.Type, e.Changed = scim.UserUpdated, []string{"urn:example:ext:pin"}
	assert.Equal(t, map[string]any{notice.PatchNotice: map[string]any{"version": "3", "attributes": []any{"urn:example:ext:pin"}}},
		claims(t, feed(1, true), e)["events"], "of what is never returned there is a notice only")
}

func TestMembers(t *testing.T) {
	g := resource(t, groupType, "g", "7", "displayName", "G")
	created := scim.Event{Type: scim.GroupCreated, Resource: "Group", ResourceID: "g", After: g, Changed: []string{"displayName"}, Added: []string{"a", `b"`}}
	text, err := json.Marshal(claims(t, feed(1, true), created)["events"])
	require.NoError(t, err)
	assert.Contains(t, string(text), `"members":[{"value":"a"},{"value":"b\""}]`)

	updated := scim.Event{Type: scim.GroupUpdated, Resource: "Group", ResourceID: "g", Removed: []string{"a"}}
	text, err = json.Marshal(claims(t, feed(1, true), updated)["events"])
	require.NoError(t, err)
	assert.JSONEq(t, `{"urn:ietf:params:scim:event:prov:patch:full":{"data":{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
		"Operations":[{"op":"remove","path":"members","value":[{"value":"a"}]}]}}}`, string(text))

	created.Added, created.Many = nil, true // E-5-05
	assert.Equal(t, map[string]any{notice.CreateNotice: map[string]any{"version": "7", "attributes": []any{"id", "displayName", "members"}}},
		claims(t, feed(1, true), created)["events"], "nobody wants a token of 50,000 members")
	updated.Removed, updated.Many = nil, true
	assert.Equal(t, map[string]any{notice.PatchNotice: map[string]any{"attributes": []any{"members"}}}, claims(t, feed(1, true), updated)["events"])
}

func TestLocations(t *testing.T) {
	f := feed(1, true)
	f.BaseURL = "https://app.example.com/scim/v2"
	e := scim.Event{Type: scim.UserCreated, Resource: "User", ResourceID: "a/b", After: resource(t, userType, "a/b", "1", "userName", "x")}
	got := claims(t, f, e)
	assert.Equal(t, "/Users/a%2Fb", got["sub_id"].(map[string]any)["uri"], "relative, and escaped") // E-2.1-04
	text, err := json.Marshal(got["events"])
	require.NoError(t, err)
	assert.Contains(t, string(text), `"location":"https://app.example.com/scim/v2/Users/a%2Fb"`)

	e = scim.Event{Type: scim.UserDeleted, Resource: "Person", ResourceID: "1"}
	assert.Equal(t, "/Persons/1", claims(t, f, e)["sub_id"].(map[string]any)["uri"])
	f.Endpoints = map[string]string{"Person": "/People"}
	assert.Equal(t, "/People/1", claims(t, f, e)["sub_id"].(map[string]any)["uri"])
}

func TestReturns(t *testing.T) {
	e := scim.Event{Type: scim.UserReturned, Resource: "User", ResourceID: "1", After: resource(t, userType, "1", "3", "userName", "a"), Changed: []string{"userName"}}
	assert.Equal(t, map[string]any{
		notice.CreateNotice: map[string]any{"version": "3", "attributes": []any{"id", "userName"}},
		notice.Activate:     map[string]any{},
	}, claims(t, feed(1, false), e)["events"], "after a deletion, of which receivers have been told")
	e.Before, e.Changed = e.After, []string{"active"}
	assert.Equal(t, map[string]any{
		notice.PatchNotice: map[string]any{"version": "3", "attributes": []any{"active"}},
		notice.Activate:    map[string]any{},
	}, claims(t, feed(1, false), e)["events"])
}

func TestNothingToTell(t *testing.T) {
	for _, typ := range []scim.EventType{
		scim.UserErased, scim.UserRoles, scim.AccessKept, scim.AccessCut, scim.HandoverPlanned, scim.HandoverMoved,
		scim.HandoverParked, scim.HandoverDone, scim.HandoverCancelled, scim.HandoverUndone, scim.HandoverAbandoned,
	} {
		_, ok := feed(1, true).Claims(scim.Event{Type: typ, Resource: "User", ResourceID: "1", Added: []string{"admin"}})
		assert.False(t, ok, typ)
	}
	_, ok := feed(1, true).Claims(scim.Event{Type: scim.UserUpdated, Resource: "User", ResourceID: "1"})
	assert.False(t, ok, "nothing changed")
}

func TestEveryURIIsRegistered(t *testing.T) { // RFC 9967, table 1
	const table = `feed:add feed:remove prov:create:notice prov:create:full prov:patch:notice prov:patch:full
		prov:put:notice prov:put:full prov:delete prov:activate prov:deactivate misc:asyncresp`
	for _, uri := range []string{
		notice.FeedAdd, notice.FeedRemove, notice.CreateNotice, notice.CreateFull, notice.PatchNotice, notice.PatchFull,
		notice.Delete, notice.Activate, notice.Deactivate,
	} {
		assert.Contains(t, strings.Fields(table), strings.TrimPrefix(uri, "urn:ietf:params:scim:event:"))
	}
}
