package scim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// TestRoleByAttribute: T-Entra 3, the role follows userType; a value outside the table
// is refused with what is allowed, and nothing is written.
func TestRoleByAttribute(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		id := a.userOf("ann", `"userType":"user"`)
		assert.Equal(t, []string{"Contributor"}, a.roles(id))
		a.patch("/Users/"+id, `{"op":"replace","path":"userType","value":"admin"}`).is(200)
		assert.Equal(t, []string{"Admin"}, a.roles(id))

		r := a.patch("/Users/"+id, `{"op":"replace","path":"userType","value":"boss"},{"op":"add","path":"title","value":"x"}`).fails(400, "invalidValue")
		assert.Contains(t, r.at("detail"), "admin, user, viewer")
		assert.Nil(t, a.get("/Users/"+id).is(200).at("title"))
		a.do("POST", "/Users", userBody("bob", `"userType":"boss"`)).fails(400, "invalidValue")
		a.find("/Users", `userName eq "bob"`).total(0)
		assert.Contains(t, a.decisions(), "roles refused")
		assert.Equal(t, []scim.EventType{scim.UserCreated, scim.UserRoles, scim.UserUpdated, scim.UserRoles}, a.told(id))
	})
}

// TestRoleTableChanged: a table that has changed since is no reason to refuse what has
// nothing to do with it.
func TestRoleTableChanged(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		id, other := a.userOf("ann", `"userType":"user"`), a.userOf("bob", `"userType":"viewer"`)
		next := testRoles{map[string]string{"viewer": "Reader"}}

		preview, err := a.handler.Admin().Preview(t.Context(), tenant, next)
		require.NoError(t, err)
		assert.Equal(t, 2, preview.Users)
		assert.Len(t, preview.Changes, 2)
		for _, c := range preview.Changes {
			if c.UserID == other {
				assert.Equal(t, []string{"Reader"}, c.Gained)
				assert.Equal(t, []string{"Viewer"}, c.Lost)
			} else {
				assert.Contains(t, c.Refusal, "none of: viewer")
			}
		}
		assert.Equal(t, []string{"Viewer"}, a.roles(other), "a preview changes nothing")

		require.NoError(t, a.handler.Admin().ChangeSettings(t.Context(), tenant, func(context.Context) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.settings.Roles = next
			return nil
		}))
		a.patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`).is(200)
		a.work()
		assert.Equal(t, []string{"Contributor"}, a.roles(id), "kept: the attributes name no role any more")
		assert.Equal(t, []string{"Reader"}, a.roles(other))

		report, err := a.handler.Admin().Reconcile(t.Context(), tenant, nil)
		require.NoError(t, err)
		assert.Equal(t, 2, report.Users)
		assert.Len(t, report.Changes, 1)

		failed := errors.New("disk full")
		assert.ErrorIs(t, a.handler.Admin().ChangeSettings(t.Context(), tenant, func(context.Context) error { return failed }), failed)
	})
}

// TestRoleGroups: TIM 4a to 4e.
func TestRoleGroups(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		ann, bob := a.userOf("ann", ""), a.userOf("bob", "")
		appGroups := func() int {
			page, err := a.store.ListGroups(t.Context(), tenant, scim.Query{StartIndex: 1})
			require.NoError(t, err)
			return page.Total
		}
		role := a.create("/Groups", groupBody("Role.Processmanager", "r1", ann))
		t.Run("4a no application group is made", func(t *testing.T) {
			assert.Zero(t, appGroups())
			assert.Equal(t, []string{ann}, a.members(role))
			a.find("/Groups", `displayName eq "role.processmanager"`).total(1)
			a.find("/Groups", `externalId eq "r1"`).total(1)
		})
		t.Run("4b members get the role, and lose it", func(t *testing.T) {
			assert.Equal(t, []string{"processmanager"}, a.roles(ann))
			a.join(role, bob)
			assert.Equal(t, []string{"processmanager"}, a.roles(bob))
			a.part(role, ann)
			assert.Empty(t, a.roles(ann))
		})
		t.Run("4c system roles are never assigned", func(t *testing.T) {
			a.create("/Groups", groupBody("role.system", "r2", ann))
			assert.Empty(t, a.roles(ann))
		})
		t.Run("4d unknown roles are skipped", func(t *testing.T) {
			a.create("/Groups", groupBody("role.unknown", "r3", ann))
			assert.Empty(t, a.roles(ann))
			assert.Contains(t, a.decisions(), "roles noted")
		})
		t.Run("4e names ignore case", func(t *testing.T) {
			a.do("POST", "/Groups", groupBody("ROLE.PROCESSMANAGER", "r9")).fails(409, "uniqueness")
			a.find("/Groups", `displayName eq "ROLE.processManager"`).total(1)
		})
		t.Run("renamed among roles", func(t *testing.T) {
			a.patch("/Groups/"+role, `{"op":"replace","path":"displayName","value":"role.editor"}`).is(204)
			a.work()
			assert.Equal(t, []string{"editor"}, a.roles(bob))
		})
		t.Run("renamed away", func(t *testing.T) {
			a.patch("/Groups/"+role, `{"op":"replace","path":"displayName","value":"Plain"}`).is(204)
			a.work()
			assert.Empty(t, a.roles(bob))
			assert.Zero(t, appGroups())
			a.patch("/Groups/"+role, `{"op":"replace","path":"displayName","value":"role.editor"}`).is(204)
			a.work()
			assert.Equal(t, []string{"editor"}, a.roles(bob))
		})
		t.Run("renamed into", func(t *testing.T) {
			plain := a.group("Team", ann)
			a.patch("/Groups/"+plain, `{"op":"replace","path":"displayName","value":"role.editor2"}`).fails(400, "mutability")
			assert.Equal(t, "Team", a.get("/Groups/"+plain).is(200).at("displayName"))
		})
		t.Run("in several", func(t *testing.T) {
			second := a.create("/Groups", groupBody("role.auditor", "r4", bob))
			assert.Equal(t, []string{"auditor", "editor"}, a.roles(bob))
			a.do("DELETE", "/Groups/"+second, "").is(204)
			assert.Equal(t, []string{"editor"}, a.roles(bob))
			a.create("/Groups", groupBody("role.auditor", "r4", bob))
			assert.Equal(t, []string{"auditor", "editor"}, a.roles(bob))
		})
		t.Run("survives a restart", func(t *testing.T) {
			again := newApplication(t, a.store)
			assert.Equal(t, []string{bob}, again.members(role))
			assert.Equal(t, "role.editor", again.get("/Groups/"+role).is(200).at("displayName"))
		})
	})
}

// TestGroupDrivesRole: T-Entra 8, an application group that also drives a role.
func TestGroupDrivesRole(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		ann := a.userOf("ann", `"userType":"user"`)
		admins, team := a.group("Admins"), a.group("Team")
		a.join(team, ann)
		assert.Equal(t, []string{"Contributor"}, a.roles(ann), "an access group never drives a role")
		a.join(admins, ann)
		assert.Equal(t, []string{"Admin", "Contributor"}, a.roles(ann))
		a.patch("/Groups/"+admins, `{"op":"replace","path":"displayName","value":"Former admins"}`).is(204)
		a.work()
		assert.Equal(t, []string{"Contributor"}, a.roles(ann))
		a.patch("/Groups/"+admins, `{"op":"replace","path":"displayName","value":"Admins"}`).is(204)
		a.work()
		assert.Equal(t, []string{"Admin", "Contributor"}, a.roles(ann))

		// The application's own edits count through EditGroup.
		require.NoError(t, a.handler.Admin().EditGroup(t.Context(), tenant, scim.GroupEdit{GroupID: admins, Users: []string{ann}}, func(ctx context.Context) error {
			assert.False(t, scim.Provisioning(ctx))
			_, err := a.store.UpdateGroup(ctx, tenant, admins, scim.GroupWrite{Members: patch.MemberDelta{Remove: []string{ann}}})
			return err
		}))
		assert.Equal(t, []string{"Contributor"}, a.roles(ann))
	})
}

// TestManyMembers: more than a request recomputes itself is the worker's.
func TestManyMembers(t *testing.T) {
	a := newApplication(t, newMemory())
	var ids []string
	for i := range 250 {
		ids = append(ids, a.userOf(fmt.Sprintf("user%d", i), ""))
	}
	group := a.create("/Groups", groupBody("role.x", "", ids...))
	a.work()
	for _, id := range ids {
		assert.Equal(t, []string{"x"}, a.roles(id))
	}
	a.do("DELETE", "/Groups/"+group, "").is(204)
	a.work()
	for _, id := range ids {
		assert.Empty(t, a.roles(id))
	}
}

// TestGuard: the last administrator is kept, whatever would take it away.
func TestGuard(t *testing.T) {
	for name, take := range map[string]func(a *application, id string){
		"PATCH active": func(a *application, id string) {
			assert.Equal(a.t, false, a.suspend(id).is(200).at("active"), "the identity provider reads what it wrote")
			assert.Equal(a.t, false, a.get("/Users/"+id).is(200).at("active"))
			a.find("/Users", `active eq false`).total(1)
		},
		"PUT": func(a *application, id string) {
			a.do("PUT", "/Users/"+id, userBody("ann", `"userType":"admin","active":false`)).is(200)
			a.patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`).is(200)
			assert.Equal(a.t, false, a.get("/Users/"+id).is(200).at("active"))
		},
		"DELETE": func(a *application, id string) {
			a.do("DELETE", "/Users/"+id, "").is(204)
			a.get("/Users/"+id).fails(404, "")
			a.find("/Users", `userName eq "ann"`).total(0)
			a.do("DELETE", "/Users/"+id, "").fails(404, "")
		},
		"role": func(a *application, id string) {
			a.patch("/Users/"+id, `{"op":"replace","path":"userType","value":"user"}`).is(200)
			assert.Equal(a.t, "user", a.get("/Users/"+id).is(200).at("userType"))
		},
		"table": func(a *application, id string) {
			preview, err := a.handler.Admin().Preview(a.t.Context(), tenant, testRoles{map[string]string{"admin": "Nothing"}})
			require.NoError(a.t, err)
			assert.True(a.t, preview.NoAdmin)
			require.NoError(a.t, a.handler.Admin().ChangeSettings(a.t.Context(), tenant, func(context.Context) error {
				a.mu.Lock()
				defer a.mu.Unlock()
				a.settings.Roles = testRoles{map[string]string{"admin": "Nothing", "boss": "Admin", "user": "Contributor"}}
				return nil
			}))
			a.work()
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, a *application) {
				a.settings.Guard = a.guard(false)
				id := a.userOf("ann", `"userType":"admin"`)
				a.signIn(id)
				take(a, id)
				stored, err := a.store.GetUser(t.Context(), tenant, id)
				require.NoError(t, err)
				active, ok := stored.Get("active").Bool()
				assert.True(t, active || !ok, "the access stays")
				assert.Equal(t, []string{"Admin"}, a.roles(id))
				assert.True(t, a.signedIn(id))
				assert.Contains(t, a.told(id), scim.AccessKept)

				// As soon as there is another one, what was held back is done.
				role := "admin"
				if name == "table" {
					role = "boss"
				}
				a.userOf("bob", `"userType":"`+role+`"`)
				a.work()
				roles, err := a.store.UserRoles(t.Context(), tenant, id)
				stored, gone := a.store.GetUser(t.Context(), tenant, id)
				out := gone != nil || err != nil || !slices.Contains(roles, "Admin")
				if !out {
					active, ok := stored.Get("active").Bool()
					out = ok && !active
				}
				assert.True(t, out, "the access is gone now")
			})
		})
	}
}

// TestGuardRefuses: by choice the write is refused.
func TestGuardRefuses(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.Guard = a.guard(true)
		group := a.create("/Groups", groupBody("Admins", "g"))
		id := a.userOf("ann", "")
		a.join(group, id)
		assert.Equal(t, []string{"Admin"}, a.roles(id))
		a.suspend(id).fails(409, "")
		a.do("DELETE", "/Users/"+id, "").fails(409, "")
		a.patch("/Groups/"+group, `{"op":"remove","path":"members[value eq \"`+id+`\"]"}`).fails(409, "")
		assert.Equal(t, []string{id}, a.members(group))
		a.do("DELETE", "/Groups/"+group, "").fails(409, "")
		assert.Equal(t, true, a.get("/Users/"+id).is(200).at("active") != false)

		// An administrator by hand counts.
		a.mu.Lock()
		a.manual[a.own("root")] = []string{"Admin"}
		a.mu.Unlock()
		a.suspend(id).is(200)
	})
}

// TestGuardAtOnce: of two administrators who are suspended at the same moment one stays.
func TestGuardAtOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.Guard = a.guard(false)
		ids := []string{a.userOf("ann", `"userType":"admin"`), a.userOf("bob", `"userType":"admin"`)}
		for range 20 {
			var wg sync.WaitGroup
			for _, id := range ids {
				wg.Go(func() { a.suspend(id) })
			}
			wg.Wait()
			active := 0
			for _, id := range ids {
				r, err := a.store.GetUser(t.Context(), tenant, id)
				require.NoError(t, err)
				if v, ok := r.Get("active").Bool(); v || !ok {
					active++
				}
			}
			require.Equal(t, 1, active)
			for _, id := range ids {
				a.patch("/Users/"+id, `{"op":"replace","path":"active","value":true}`).is(200)
			}
		}
	})
}

// TestGroupsManaged: T-Entra 7, while the identity provider has the groups the
// application's own edits are refused, and its own go on.
func TestGroupsManaged(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.GroupsManaged = true
		id := a.userOf("ann", "")
		group := a.group("G")
		edit := scim.GroupEdit{GroupID: group, Users: []string{id}}
		ran := 0
		do := func(context.Context) error { ran++; return nil }
		assert.ErrorIs(t, a.handler.Admin().EditGroup(t.Context(), tenant, edit, do), scim.ErrGroupsManaged)
		assert.Zero(t, ran)
		a.join(group, id)
		a.settings.GroupsManaged = false
		assert.NoError(t, a.handler.Admin().EditGroup(t.Context(), tenant, edit, do))
		assert.Positive(t, ran)
	})
}

// TestMemberMemory: TIM 8, a group that the application deleted has its members back
// when the identity provider creates it again.
func TestMemberMemory(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		a.settings.RememberMembers = 10 * day
		ann, bob := a.userOf("ann", ""), a.userOf("bob", "")
		deleteGroup := func(id string) {
			require.NoError(t, a.handler.Admin().EditGroup(t.Context(), tenant, scim.GroupEdit{GroupID: id, Delete: true}, func(ctx context.Context) error {
				return a.store.DeleteGroup(ctx, tenant, id, "")
			}))
		}
		deleteGroup(a.create("/Groups", groupBody("Admins", "x1", ann, bob)))
		assert.Empty(t, a.roles(ann), "the role of the deleted group is gone")
		a.do("DELETE", "/Users/"+bob, "").is(204)
		group := a.create("/Groups", groupBody("Admins", "x1"))
		assert.Equal(t, []string{ann}, a.members(group), "who does not exist any more is left out")
		assert.Equal(t, []string{"Admin"}, a.roles(ann))

		deleteGroup(group)
		a.later(11 * day)
		assert.Empty(t, a.members(a.create("/Groups", groupBody("Admins", "x1"))), "the time is over")
	})
}

// TestGroupLinked: an application group of the same name is taken over only if the
// connection says so.
func TestGroupLinked(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *application) {
		ann, bob := a.userOf("ann", ""), a.userOf("bob", "")
		own := a.group("Team", ann)
		a.do("POST", "/Groups", groupBody("Team", "x1", bob)).fails(409, "uniqueness")
		a.settings.Linker = linker{a: a}
		r := a.do("POST", "/Groups", groupBody("team", "x1", bob)).is(201)
		assert.Equal(t, own, r.at("id"))
		assert.ElementsMatch(t, []string{ann, bob}, a.members(own))
		assert.Contains(t, a.told(own), scim.GroupLinked)
		a.do("POST", "/Groups", groupBody("team", "x2", bob)).fails(409, "uniqueness")
	})
}
