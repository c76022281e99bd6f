package scim_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// policyModel does at random what identity providers, administrators and the
// application do, and holds the outcome to the rules of the policies.
type policyModel struct {
	a       *application
	users   []string // ids that were created and may be gone
	groups  []string
	names   int
	admins  bool // there has been an active administrator
	foreign string
}

var tables = []map[string]string{
	nil,
	{"admin": "Admin", "user": "Creator", "viewer": "Viewer"},
	{"admin": "Owner", "user": "Admin", "viewer": "Viewer"},
	{"user": "Contributor"},
}

// TestPoliciesModel: whatever comes in whatever order, a user's provisioned roles are
// the pure function of its attributes and groups, manual grants are never lost, an
// administrator is left, and another tenant does not change.
func TestPoliciesModel(t *testing.T) {
	onStores := map[string]func(t *testing.T) appStore{
		"memory": func(*testing.T) appStore { return memstore.New() },
		"sqlite": func(t *testing.T) appStore { return openStore(t, dbtest.SQLite(t)) },
	}
	for name, open := range onStores {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				m := newPolicyModel(t, open(t))
				steps := rapid.IntRange(1, 25).Draw(r, "steps")
				if name != "memory" {
					steps = min(steps, 8)
				}
				for range steps {
					m.step(r)
					m.check(r)
				}
			})
		})
	}
}

func openStore(t *testing.T, db *sql.DB) appStore {
	s, err := sqlstore.Open(t.Context(), db, sqlstore.Options{})
	require.NoError(t, err)
	return s
}

func newPolicyModel(t *testing.T, store appStore) *policyModel {
	a := newApplication(t, store)
	a.settings.Guard = a.guard(false)
	a.settings.OnDelete, a.settings.Retention = scim.Tombstone, 30*day
	m := &policyModel{a: a}
	foreign := a.as("foreign")
	id := foreign.userOf("user1", `"externalId":"x1","userType":"admin"`)
	foreign.create("/Groups", groupBody("role.x", "g1", id))
	m.foreign = m.snapshotOfForeign()
	return m
}

func (m *policyModel) snapshotOfForeign() string {
	foreign := m.a.as("foreign")
	return strings.ReplaceAll(foreign.get("/Users").is(200).text+foreign.get("/Groups").is(200).text, foreign.url, "")
}

func (m *policyModel) one(r *rapid.T, of []string, label string) string {
	if len(of) == 0 {
		return "none"
	}
	return rapid.SampledFrom(of).Draw(r, label)
}

func (m *policyModel) user(r *rapid.T) string  { return m.one(r, m.users, "user") }
func (m *policyModel) group(r *rapid.T) string { return m.one(r, m.groups, "group") }

// step does one thing.
func (m *policyModel) step(r *rapid.T) {
	a := m.a
	userType := func() string {
		return rapid.SampledFrom([]string{"admin", "user", "viewer", "unknown"}).Draw(r, "userType")
	}
	name := func() string {
		return rapid.SampledFrom([]string{"role.x", "Role.Y", "role.system", "Admins", "Team"}).Draw(r, "name")
	}
	switch rapid.IntRange(0, 12).Draw(r, "step") {
	case 0, 1:
		m.names++
		n := rapid.IntRange(1, m.names).Draw(r, "n")
		res := a.do("POST", "/Users", userBody(fmt.Sprintf("user%d", n), fmt.Sprintf(`"externalId":"x%d","userType":%q`, n, userType()))).is(201, 400, 409)
		if id, ok := res.at("id").(string); ok && !slices.Contains(m.users, id) {
			m.users = append(m.users, id)
		}
	case 2:
		a.patch("/Users/"+m.user(r), `{"op":"replace","path":"userType","value":"`+userType()+`"}`).is(200, 400, 404)
	case 3:
		a.suspend(m.user(r)).is(200, 404)
	case 4:
		a.patch("/Users/"+m.user(r), `{"op":"replace","path":"active","value":true}`).is(200, 404)
	case 5:
		a.do("DELETE", "/Users/"+m.user(r), "").is(204, 404)
	case 6:
		m.names++
		res := a.do("POST", "/Groups", groupBody(name(), fmt.Sprintf("g%d", m.names), m.user(r))).is(201, 409)
		if id, ok := res.at("id").(string); ok {
			m.groups = append(m.groups, id)
		}
	case 7:
		a.patch("/Groups/"+m.group(r), `{"op":"replace","path":"displayName","value":"`+name()+`"}`).is(204, 400, 404, 409)
	case 8:
		a.do("DELETE", "/Groups/"+m.group(r), "").is(204, 404)
	case 9:
		a.patch("/Groups/"+m.group(r), `{"op":"add","path":"members","value":[{"value":"`+m.user(r)+`"}]}`).is(204, 404)
	case 10:
		a.patch("/Groups/"+m.group(r), `{"op":"remove","path":"members[value eq \"`+m.user(r)+`\"]"}`).is(204, 404)
	case 11:
		table := tables[rapid.IntRange(0, len(tables)-1).Draw(r, "table")]
		require.NoError(a.t, a.handler.Admin().ChangeSettings(a.t.Context(), tenant, func(context.Context) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.settings.Roles = testRoles{table}
			return nil
		}))
	case 12: // a restart, and a grant by hand
		again := newApplication(a.t, a.store)
		again.settings, again.manual = a.settings, a.manual
		again.settings.Guard = again.guard(false)
		again.mu.Lock()
		if id := m.user(r); id != "none" && rapid.Bool().Draw(r, "grant") {
			again.manual[id] = append(again.manual[id], "Manual")
		}
		again.mu.Unlock()
		m.a = again
	}
}

// check holds the state to the rules, when the worker has done what is due.
func (m *policyModel) check(r *rapid.T) {
	a := m.a
	a.work()
	groups := map[string][]scim.GroupRef{}
	for _, g := range a.list("/Groups?count=200") {
		id, name := g["id"].(string), g["displayName"].(string)
		use := testRoles{}.GroupUse(name, "")
		for _, member := range a.members(id) {
			if len(id) > 3 && id[:3] == "rg-" || use == scim.UseBoth {
				groups[member] = append(groups[member], scim.GroupRef{ID: id, Name: name})
			}
		}
	}
	admins := 0
	page, err := a.store.ListUsers(a.t.Context(), tenant, scim.Query{StartIndex: 1, Count: 1000})
	require.NoError(a.t, err)
	type kept struct {
		id         string
		have, want []string
	}
	var differ []kept
	for _, user := range page.Resources {
		have := a.roles(user.ID())
		if active, ok := user.Get("active").Bool(); (active || !ok) && slices.Contains(have, "Admin") {
			admins++
		}
		out := a.settings.Roles.Resolve(scim.RoleInput{User: user, Groups: groups[user.ID()]})
		if out.Refusal != nil {
			continue // the roles that it has stay
		}
		want := slices.Clone(out.Roles)
		slices.Sort(want)
		want = slices.Compact(want)
		if !slices.Equal(have, want) && len(have)+len(want) > 0 {
			differ = append(differ, kept{user.ID(), have, want})
		}
	}
	for _, d := range differ {
		// Only the last administrator has other roles than follow.
		assert.True(r, slices.Contains(d.have, "Admin") && !slices.Contains(d.want, "Admin") && admins == 1, "user %s has %v, want %v; %d administrators", d.id, d.have, d.want, admins)
	}
	m.admins = m.admins || admins > 0
	assert.True(r, !m.admins || admins > 0, "the last administrator is gone")
	assert.Equal(r, m.foreign, m.snapshotOfForeign(), "another tenant changed")
	if r.Failed() {
		r.FailNow()
	}
}

// list returns the resources of a page.
func (s *server) list(path string) []map[string]any {
	s.t.Helper()
	elements, _ := s.get(path).is(200).doc["Resources"].([]any)
	var all []map[string]any
	for _, e := range elements {
		all = append(all, e.(map[string]any))
	}
	return all
}

// TestGuardRounds: two administrators who are suspended at once on PostgreSQL, again and
// again: one stays.
func TestGuardRounds(t *testing.T) {
	rounds := 1000
	if testing.Short() || raced {
		rounds = 20
	}
	a := newApplication(t, openStore(t, dbtest.Postgres(t)))
	a.settings.Guard = a.guard(false)
	ids := []string{a.userOf("ann", `"userType":"admin"`), a.userOf("bob", `"userType":"admin"`)}
	for range rounds {
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() { a.suspend(id) })
		}
		wg.Wait()
		active := 0
		for _, id := range ids {
			r, err := a.store.GetUser(t.Context(), tenant, id)
			require.NoError(t, err)
			if schema.AsUser(r).Active() {
				active++
			}
		}
		require.Equal(t, 1, active)
		for _, id := range ids {
			a.patch("/Users/"+id, `{"op":"replace","path":"active","value":true}`).is(200)
		}
	}
}
