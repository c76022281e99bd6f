package scim_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/scim"
)

const day = 24 * time.Hour

// TestLinkOnPost: a POST of a user whom the application has takes it over.
func TestLinkOnPost(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.Linker = linker{a: a}
		id := a.own("ann@example.com", "title", "Boss")
		r := a.do("POST", "/Users", userBody("ANN@example.com", `"externalId":"x1","displayName":"Ann"`)).is(201)
		assert.Equal(t, id, r.at("id"))
		assert.Equal(t, "Boss", r.at("title"), "its data stays")
		assert.Equal(t, "x1", r.at("externalId"))
		assert.Contains(t, r.header.Get("Location"), "/Users/"+id)
		assert.Contains(t, a.told(id), scim.UserLinked)
		assert.Contains(t, a.decisions(), "link linked")
		a.find("/Users", `userName eq "ann@example.com"`).total(1)

		// The same identity again is a 409, another one with the same name too.
		a.do("POST", "/Users", userBody("ann@example.com", `"externalId":"x1"`)).fails(409, "uniqueness")
		a.do("POST", "/Users", userBody("ann@example.com", `"externalId":"x2"`)).fails(409, "uniqueness")
		assert.Equal(t, "x1", a.get("/Users/"+id).is(200).at("externalId"))
	})
}

// TestLinkedBefore: who has been linked or created without an externalId is not linked
// again: active it is taken, suspended it returns.
func TestLinkedBefore(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.Linker = linker{a: a}
		found := a.own("ann")
		assert.Equal(t, found, a.create("/Users", userBody("ann", "")))
		for _, id := range []string{found, a.create("/Users", userBody("bob", ""))} {
			name := a.get("/Users/" + id).is(200).at("userName").(string)
			a.do("POST", "/Users", userBody(name, "")).fails(409, "uniqueness")
			a.suspend(id).is(200)
			r := a.do("POST", "/Users", userBody(name, "")).is(201)
			assert.Equal(t, id, r.at("id"))
			assert.Equal(t, true, r.at("active"))
			assert.Contains(t, a.told(id), scim.UserReturned)
		}
	})
}

// TestLinkByMail: an e-mail links only if the application calls it verified.
func TestLinkByMail(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.Linker = linker{a: a}
		verified, plain := a.own("bob", "title", "B"), a.own("eve")
		a.verified["bob@example.com"] = verified
		body := func(name string) string { return userBody(name, `"emails":[{"value":"`+name+`","type":"work"}]`) }
		assert.Equal(t, verified, a.create("/Users", body("bob@example.com")))
		assert.NotEqual(t, plain, a.create("/Users", body("eve@example.com")))
	})
}

// TestLinkByUserName: the userName says who is meant, in any case, and nobody who is
// privileged.
func TestLinkByUserName(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		id, root := a.own("ann@example.com"), a.own("root@example.com")
		a.settings.Linker = scim.LinkByUserName(a.store, func(_ context.Context, _ scim.Tenant, id string) (bool, error) { return id == root, nil })
		assert.Equal(t, id, a.do("POST", "/Users", userBody("ANN@example.com", `"externalId":"x1"`)).is(201).at("id"))
		assert.NotContains(t, []string{id, root}, a.create("/Users", userBody("bob@example.com", "")))
		a.do("POST", "/Users", userBody("root@example.com", "")).fails(409, "uniqueness")
		a.suspend(root).fails(403, "")
		g := a.create("/Groups", groupBody("Sales", "g1"))
		a.do("POST", "/Groups", groupBody("Sales", "g2")).fails(409, "uniqueness")
		a.get("/Groups/" + g).is(200)

		a.settings.Linker = scim.LinkByUserName(a.store, nil)
		assert.Equal(t, root, a.do("POST", "/Users", userBody("root@example.com", "")).is(201).at("id"))
	})
}

// TestLinkRefused: privileged users, and those of other tenants, are never taken over.
func TestLinkRefused(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		id := a.own("root@example.com")
		a.settings.Linker = linker{a: a, privileged: id}
		a.do("POST", "/Users", userBody("root@example.com", `"externalId":"x"`)).fails(409, "uniqueness")
		a.suspend(id).fails(403, "")
		a.do("DELETE", "/Users/"+id, "").fails(403, "")
		assert.Nil(t, a.get("/Users/"+id).is(200).at("externalId"))
		assert.Contains(t, a.decisions(), "link refused")

		foreign := a.as("foreign")
		other := foreign.create("/Users", userBody("root@example.com", ""))
		assert.NotEqual(t, id, other, "each tenant has its own")
		foreign.get("/Users/"+id).fails(404, "")
	})
}

// TestLinkOnPatch: a connection that finds an account by a filter never POSTs it. Its
// first write links, or is refused.
func TestLinkOnPatch(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.Linker = linker{a: a}
		id, bound := a.own("ann"), a.own("bob", "externalId", "elsewhere")
		a.patch("/Users/"+id, `{"op":"add","path":"externalId","value":"x1"}`).is(200)
		assert.Contains(t, a.told(id), scim.UserLinked)
		a.patch("/Users/"+bound, `{"op":"replace","path":"externalId","value":"x2"}`).is(200, 409)

		a.settings.Linker = nobody{}
		a.patch("/Users/"+a.own("cid"), `{"op":"replace","path":"title","value":"x"}`).fails(403, "")
		a.patch("/Users/"+id, `{"op":"replace","path":"title","value":"x"}`).is(200) // linked before
	})
}

// TestOnlyLinked: what the application made itself is out of sight.
func TestOnlyLinked(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.OnlyLinkedUsers, a.settings.OnlyLinkedGroups = true, true
		own, theirs := a.own("own"), a.userOf("theirs", "")
		a.get("/Users/"+own).fails(404, "")
		a.suspend(own).fails(404, "")
		a.do("DELETE", "/Users/"+own, "").fails(404, "")
		a.find("/Users", `userName eq "own"`).total(0)
		a.find("/Users", `userName eq "theirs"`).total(1)
		assert.Equal(t, []string{theirs}, a.get("/Users").total(1).values("Resources", "id"))
		a.as("other").get("/Users").total(0)
		a.settings.OnlyLinkedUsers, a.settings.OnlyLinkedGroups = false, false
		group := a.as("other").create("/Groups", groupBody("App", "", own))
		a.settings.OnlyLinkedGroups = true
		a.get("/Groups/"+group).fails(404, "")
		a.patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"`+theirs+`"}]}`).fails(404, "")
		a.find("/Groups", `displayName eq "App"`).total(0)
		a.get("/Groups").total(0)
	})
}

// TestOnlyLinkedEdges: neither are memberships that lead there.
func TestOnlyLinkedEdges(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		own, theirs := a.own("own"), a.userOf("theirs", "")
		app := a.as("other").create("/Groups", groupBody("App", "", theirs))
		group := a.create("/Groups", groupBody("Theirs", "", own, theirs))
		assert.ElementsMatch(t, []string{app, group}, a.get("/Users/"+theirs).values("groups", "value"))
		assert.ElementsMatch(t, []string{own, theirs}, a.get("/Groups/"+group).values("members", "value"))

		a.settings.OnlyLinkedUsers, a.settings.OnlyLinkedGroups = true, true
		assert.Equal(t, []string{group}, a.get("/Users/"+theirs).values("groups", "value"))
		assert.Equal(t, []string{theirs}, a.get("/Groups/"+group).values("members", "value"))
		assert.NotContains(t, a.get("/Groups").total(1).text, own)
		a.find("/Users", `groups.value eq "`+app+`"`).total(0)
		a.find("/Users", `groups.value eq "`+group+`"`).total(1)
		a.find("/Groups", `members.value eq "`+own+`"`).total(0)
	})
}

// TestReturn: a re-POST, and active true, find the suspended user again.
func TestReturn(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		id := a.userOf("ann", `"externalId":"x1","userType":"user","title":"Boss"`)
		group := a.group("G", id)
		a.signIn(id)
		assert.Equal(t, false, a.suspend(id).is(200).at("active"))
		assert.False(t, a.signedIn(id), "access is cut before the answer")
		r := a.do("POST", "/Users", userBody("ann", `"externalId":"x1"`)).is(201)
		assert.Equal(t, id, r.at("id"))
		assert.Equal(t, true, r.at("active"))
		assert.Equal(t, "Boss", r.at("title"))
		assert.Equal(t, []string{id}, a.members(group))
		assert.Equal(t, []string{"Contributor"}, a.roles(id))

		a.suspend(id).is(200)
		a.patch("/Users/"+id, `{"op":"Replace","path":"active","value":"True"}`).is(200)
		assert.Equal(t, []scim.EventType{
			scim.UserCreated, scim.UserRoles,
			scim.UserSuspended, scim.AccessCut, scim.UserReturned,
			scim.UserSuspended, scim.AccessCut, scim.UserReturned,
		}, a.told(id))
	})
}

// TestCutoffRetried: what could not be cut is cut later, once, and not for a user who is
// back.
func TestCutoffRetried(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		ann, bob := a.userOf("ann", ""), a.userOf("bob", "")
		a.signIn(ann)
		a.signIn(bob)
		a.cutFails = 4
		a.suspend(ann).is(200)
		a.suspend(bob).is(200)
		a.patch("/Users/"+bob, `{"op":"Replace","path":"active","value":true}`).is(200)
		assert.True(t, a.signedIn(ann))
		a.later(time.Minute) // fails once more
		assert.True(t, a.signedIn(ann))
		a.later(2 * time.Hour)
		a.later(2 * time.Hour)
		assert.False(t, a.signedIn(ann))
		assert.True(t, a.signedIn(bob), "who is back keeps the session")
		assert.Contains(t, a.told(ann), scim.AccessCut)
		assert.NotContains(t, a.told(bob), scim.AccessCut)
	})
}

// TestDeletePolicies: DELETE is a 404 at once, whatever becomes of the user.
func TestDeletePolicies(t *testing.T) {
	for name, tt := range map[string]struct {
		settings      scim.Settings
		revived, gone bool // within the time, after it
	}{
		"erase":     {scim.Settings{}, false, true},
		"suspend":   {scim.Settings{OnDelete: scim.Suspend}, true, false},
		"tombstone": {scim.Settings{OnDelete: scim.Tombstone, Retention: 30 * day}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, a *application) {
				a.settings = tt.settings
				a.settings.Roles = testRoles{}
				id := a.userOf("ann", `"externalId":"x1","userType":"user"`)
				other := a.userOf("bob", `"externalId":"x2"`)
				group := a.group("G", id, other)
				a.signIn(id)
				a.do("DELETE", "/Users/"+id, "").is(204)
				assert.False(t, a.signedIn(id))
				a.get("/Users/"+id).fails(404, "")
				a.do("DELETE", "/Users/"+id, "").fails(404, "")
				a.find("/Users", `userName eq "ann"`).total(0)
				assert.Equal(t, []string{other}, a.members(group))
				a.later(29 * day)

				back := a.do("POST", "/Users", userBody("ann", `"externalId":"x1"`)).is(201).at("id").(string)
				assert.Equal(t, tt.revived, back == id)
				if tt.revived {
					assert.ElementsMatch(t, []string{id, other}, a.members(group))
					assert.Equal(t, []string{"Contributor"}, a.roles(id))
				}

				// A second leave, to the end.
				a.do("DELETE", "/Users/"+other, "").is(204)
				a.later(31 * day)
				hidden, err := a.store.HiddenUsers(t.Context(), tenant, scim.Query{StartIndex: 1, Count: 10})
				assert.NoError(t, err)
				assert.Equal(t, !tt.gone, hidden.Total == 1)
				assert.Equal(t, tt.gone, slices.Contains(a.told(other), scim.UserErased))
			})
		})
	}
}

// TestRecycledName: somebody else with the leaver's address is somebody else.
func TestRecycledName(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.OnDelete, a.settings.Retention = scim.Tombstone, 30*day
		id := a.userOf("j.doe@example.com", `"externalId":"j.doe@example.com","name":{"givenName":"John","familyName":"Doe"}`)
		a.do("DELETE", "/Users/"+id, "").is(204)
		jane := a.userOf("j.doe@example.com", `"externalId":"j.doe@example.com","name":{"givenName":"Jane","familyName":"Doe"}`)
		assert.NotEqual(t, id, jane)
		a.do("DELETE", "/Users/"+jane, "").is(204)
		again := a.userOf("j.doe@example.com", `"externalId":"other"`)
		assert.NotContains(t, []string{id, jane}, again)
	})
}

// TestSuspendedFor: TIM 6, disabled and deleted for good later; both are settings.
func TestSuspendedFor(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.OnDeactivate, a.settings.SuspendedFor = scim.Tombstone, 30*day
		gone, back := a.userOf("ann", ""), a.userOf("bob", "")
		a.suspend(gone).is(200)
		a.suspend(back).is(200)
		a.later(29 * day)
		assert.Equal(t, false, a.get("/Users/"+gone).is(200).at("active"))
		a.patch("/Users/"+back, `{"op":"Replace","path":"active","value":true}`).is(200)
		a.later(2 * day)
		a.get("/Users/"+gone).fails(404, "")
		a.get("/Users/" + back).is(200)

		a.settings.OnDeactivate = scim.Erase
		a.suspend(back).is(200)
		a.get("/Users/"+back).fails(404, "")
	})
}

// TestAdmission: seats are counted when somebody comes in, new or back.
func TestAdmission(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		ann, bob := a.userOf("ann", ""), a.userOf("bob", "")
		a.suspend(ann).is(200)
		a.settings.Admission = seats(a, 1)
		r := a.do("POST", "/Users", userBody("cid", "")).fails(403, "")
		assert.Contains(t, r.at("detail"), "All 1 seats are taken")
		a.patch("/Users/"+ann, `{"op":"Replace","path":"active","value":true}`).fails(403, "")
		a.userOf("inactive", `"active":false`) // takes no seat
		assert.Contains(t, a.decisions(), "admission refused")
		a.suspend(bob).is(200)
		a.patch("/Users/"+ann, `{"op":"Replace","path":"active","value":true}`).is(200)
	})
}
