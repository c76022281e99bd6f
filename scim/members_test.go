package scim_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/scim"
)

// TestRemoveOneMember: in each wire form, of three members exactly two stay.
func TestRemoveOneMember(t *testing.T) {
	for name, form := range map[string]string{
		"filter path":             `{"op":"remove","path":"members[value eq \"%s\"]"}`,
		"filter path, Entra":      `{"op":"Remove","path":"members[value eq \"%s\"]"}`,
		"value array":             `{"op":"Remove","path":"members","value":[{"value":"%s"}]}`,
		"value array, null ref":   `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"%s"}]}`,
		"value object":            `{"op":"remove","path":"members","value":{"value":"%s"}}`,
		"object under its name":   `{"op":"remove","path":"members","value":{"members":[{"value":"%s"}]}}`,
		"bare id":                 `{"op":"remove","path":"members","value":"%s"}`,
		"list of bare ids":        `{"op":"remove","path":"members","value":["%s"]}`,
		"wrong case":              `{"op":"REMOVE","path":"Members","value":[{"Value":"%s"}]}`,
		"qualified path":          `{"op":"remove","path":"urn:ietf:params:scim:schemas:core:2.0:Group:members[value eq \"%s\"]"}`,
		"twice":                   `{"op":"remove","path":"members[value eq \"%[1]s\"]"},{"op":"remove","path":"members[value eq \"%[1]s\"]"}`,
		"taken out and in, out":   `{"op":"remove","path":"members[value eq \"%[1]s\"]"},{"op":"add","path":"members","value":[{"value":"%[1]s"}]},{"op":"remove","path":"members","value":[{"value":"%[1]s"}]}`,
		"reference only":          `{"op":"remove","path":"members","value":[{"$ref":"https://x.example/Users/%s"}]}`,
		"with the name changed":   `{"op":"remove","path":"members[value eq \"%s\"]"},{"op":"replace","path":"displayName","value":"H"}`,
		"with the group's own id": `{"op":"remove","path":"members[value eq \"%s\"]"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			a, b, c := s.user("a"), s.user("b"), s.user("c")
			g := s.group("G", a, b, c)
			s.patch("/Groups/"+g, fmt.Sprintf(form, b)).is(204)
			assert.ElementsMatch(t, []string{a, c}, s.members(g))
		})
	}
}

// TestRemoveOneMemberByWhole is removal without a path: the list as it shall be.
func TestRemoveOneMemberByWhole(t *testing.T) {
	s := newServer(t)
	a, b, c := s.user("a"), s.user("b"), s.user("c")
	g := s.group("G", a, b, c)
	s.patch("/Groups/"+g, `{"op":"replace","value":{"members":[`+memberList([]string{a, c})+`]}}`).is(204)
	assert.ElementsMatch(t, []string{a, c}, s.members(g))
}

// TestEmptyMatchNeverWipes: what removes nobody changes nothing, not even the
// version.
func TestEmptyMatchNeverWipes(t *testing.T) {
	for name, op := range map[string]string{
		"empty list":              `{"op":"Remove","path":"members","value":[]}`,
		"empty list under a name": `{"op":"Remove","path":"members","value":{"members":[]}}`,
		"nobody by value":         `{"op":"Remove","path":"members","value":[{"value":"nobody"}]}`,
		"nobody by filter":        `{"op":"remove","path":"members[value eq \"nobody\"]"}`,
		"no such kind":            `{"op":"remove","path":"members[type eq \"Group\"]"}`,
		"add nobody":              `{"op":"add","path":"members","value":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			a, b := s.user("a"), s.user("b")
			g := s.group("G", a, b)
			before := s.get("/Groups/" + g)
			s.patch("/Groups/"+g, op).is(204)
			assert.ElementsMatch(t, []string{a, b}, s.members(g))
			assert.Equal(t, before.header.Get("ETag"), s.get("/Groups/"+g).header.Get("ETag"))
		})
	}
}

func TestClearMembers(t *testing.T) {
	for name, op := range map[string]string{
		"P-3.5.2.2-03 bare remove": `{"op":"remove","path":"members"}`,
		"replace by nothing":       `{"op":"replace","path":"members","value":[]}`,
		"without path":             `{"op":"replace","value":{"members":[]}}`,
		"members-replace-empty":    `{"op":"replace","path":"members","value":""}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			g := s.group("G", s.user("a"), s.user("b"))
			s.patch("/Groups/"+g, op).is(204)
			r := s.get("/Groups/" + g)
			assert.NotContains(t, r.doc, "members")
			s.find("/Groups", "members pr").total(0)
		})
	}
}

func TestMembersBothWays(t *testing.T) {
	s := newServer(t)
	a, b := s.user("a"), s.user("b")
	g, h := s.group("G", a, b), s.group("H")
	s.patch("/Groups/"+h, `{"op":"add","path":"members","value":[{"value":"`+g+`"}]}`).is(204)

	user := s.get("/Users/" + a)
	assert.Equal(t, []any{map[string]any{"value": g, "$ref": s.url + "/Groups/" + g, "display": "G", "type": "direct"}}, user.doc["groups"]) // S-4.1.2-08
	nested := s.get("/Groups/" + h)
	assert.Equal(t, []any{map[string]any{"value": g, "$ref": s.url + "/Groups/" + g, "display": "G", "type": "Group"}}, nested.doc["members"]) // S-4.2-04
	ref := s.get("/Groups/" + g).doc["members"].([]any)[0].(map[string]any)["$ref"].(string)
	assert.Contains(t, []string{s.url + "/Users/" + a, s.url + "/Users/" + b}, ref)

	s.do("DELETE", "/Users/"+a, "").is(204) // S-4.2-06
	assert.Equal(t, []string{b}, s.members(g))
	s.do("DELETE", "/Groups/"+g, "").is(204) // P-3.6-07
	assert.NotContains(t, s.get("/Users/"+b).doc, "groups")
	assert.Empty(t, s.members(h))
	s.patch("/Groups/"+h, `{"op":"add","path":"members","value":[{"value":"`+h+`"}]}`).fails(400, "invalidValue")
}

func TestMemberFilters(t *testing.T) { // AM-35
	s := newServer(t)
	a, b, c := s.user("a"), s.user("b"), s.user("c")
	g, h := s.group("G", a, b), s.group("H", a)
	s.group("Empty")
	for filter, want := range map[string][]string{
		`members eq "` + a + `"`:                               {g, h},
		`members.value eq "` + b + `"`:                         {g},
		`members[value eq "` + a + `"] and displayName eq "h"`: {h},
		`id eq "` + g + `" and members eq "` + a + `"`:         {g},
		`id eq "` + h + `" and members eq "` + b + `"`:         {},
		`members pr`: {g, h},
		`not (members eq "` + b + `") and members pr`:       {h},
		`members eq "` + a + `" and members eq "` + b + `"`: {g},
		`members.value eq "nobody"`:                         {},
		`members[$ref eq "` + s.url + `/Users/` + b + `"]`:  {g},
	} {
		t.Run(filter, func(t *testing.T) {
			s.t = t
			r := s.find("/Groups", filter).total(len(want))
			assert.ElementsMatch(t, want, r.values("Resources", "id"))
		})
	}
	s.t = t
	s.find("/Users", `groups.value eq "`+g+`"`).total(2)
	r := s.find("/Users", `not (groups pr)`).total(1)
	assert.Equal(t, []string{c}, r.values("Resources", "id"))
	s.find("/Users", `groups.display eq "h"`).total(1)
}

func TestExcludedMembers(t *testing.T) { // P-3.9-11, excluded-members
	s := newServer(t, func(c *scim.Config) { c.Groups = noEdges{c.Groups} })
	g := s.create("/Groups?excludedAttributes=members", `{"displayName":"G"}`)
	s.get("/Groups/" + g + "?excludedAttributes=members").is(200)
	s.get("/Groups?excludedAttributes=members&filter=displayName+eq+%22g%22").total(1)
	s.get("/Groups?attributes=displayName").total(1)
	s.patch("/Groups/"+g, `{"op":"replace","path":"displayName","value":"H"}`).is(204)
	s.get("/Groups/"+g).fails(500, "")
}

// TestUnknownMember: one that is gone must not block the rest.
func TestUnknownMember(t *testing.T) {
	s := newServer(t)
	a := s.user("a")
	g := s.group("G")
	op := `{"op":"add","path":"members","value":[{"value":"gone"},{"value":"` + a + `"}]}`
	s.patch("/Groups/"+g, op).is(204)
	assert.Equal(t, []string{a}, s.members(g))
	assert.True(t, slices.ContainsFunc(s.entries, func(e scim.Entry) bool { return len(e.Notes) > 0 && e.Notes[0].Path == "members" }))

	s = newServer(t, strict)
	a = s.user("a")
	g = s.group("G")
	op = `{"op":"add","path":"members","value":[{"value":"gone"},{"value":"` + a + `"}]}`
	s.patch("/Groups/"+g, op).fails(400, "invalidValue")
	assert.Empty(t, s.members(g))
}

func TestNestedGroupsRefused(t *testing.T) {
	s := newServer(t, func(c *scim.Config) { c.Settings = scim.Fixed(scim.Settings{NoNestedGroups: true}) })
	g, h := s.group("G"), s.group("H")
	s.patch("/Groups/"+h, `{"op":"add","path":"members","value":[{"value":"`+g+`"}]}`).fails(400, "invalidValue")
}

func TestNoGroupCreate(t *testing.T) {
	s := newServer(t, func(c *scim.Config) { c.Settings = scim.Fixed(scim.Settings{NoGroupCreate: true}) })
	s.do("POST", "/Groups", `{"displayName":"G"}`).fails(403, "")
}

// TestMembersWithoutValue: a list of members of which none says who it is does not empty
// the group.
func TestMembersWithoutValue(t *testing.T) {
	s := newServer(t)
	a, b := s.user("a"), s.user("b")
	g := s.group("G", a, b)
	for _, members := range []string{`[{}]`, `[null]`, `[{"value":""}]`, `[{"value":null,"display":null}]`, `[{"display":"a"}]`, `{}`} {
		for _, write := range []*reply{
			s.do("PUT", "/Groups/"+g, `{"displayName":"G","members":`+members+`}`),
			s.do("POST", "/Groups", `{"displayName":"H","members":`+members+`}`),
			s.patch("/Groups/"+g, `{"op":"replace","path":"members","value":`+members+`}`),
		} {
			write.fails(400, "invalidValue")
			assert.Regexp(t, `members\.value|path members: no element has a "value"`, write.doc["detail"], members)
		}
	}
	assert.ElementsMatch(t, []string{a, b}, s.members(g))
	s.get("/Groups").total(1)
	s.do("PUT", "/Groups/"+g, `{"displayName":"G","members":[{"$ref":"`+s.url+`/Users/`+a+`"}]}`).is(200)
	assert.Equal(t, []string{a}, s.members(g))
	s.do("PUT", "/Groups/"+g, `{"displayName":"G","members":[]}`).is(200)
	assert.Empty(t, s.members(g))
}

// TestRemoveByKindIsBounded: members are read in batches, and those that go are as many
// as Config.MaxScan at most.
func TestRemoveByKindIsBounded(t *testing.T) {
	const most = 3
	s := newServer(t, func(c *scim.Config) { c.MaxScan = most })
	inner := s.group("inner")
	ids := []string{inner}
	for i := range most + 1 {
		ids = append(ids, s.user(fmt.Sprint("u", i)))
	}
	g := s.group("G", ids...)
	const removeUsers = `{"op":"remove","path":"members[type eq \"User\"]"}`
	s.patch("/Groups/"+g, removeUsers).fails(400, "tooMany")
	assert.ElementsMatch(t, ids, s.members(g))
	s.patch("/Groups/"+g, `{"op":"remove","path":"members[value eq \"`+ids[1]+`\"]"},`+removeUsers).is(204)
	assert.Equal(t, []string{inner}, s.members(g))
}
