package main

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/examples/internal/browser"
	"github.com/muster-scim/muster/examples/internal/entra"
	"github.com/muster-scim/muster/examples/internal/trial"
	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token"
	"github.com/muster-scim/muster/substitute"
)

// product is the application as it is run. Its worker works when the test says so.
type product struct {
	*app
	url   string
	later *atomic.Int64
}

func start(t *testing.T, db *sql.DB) product {
	t.Helper()
	a, err := openApp(t.Context(), db, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	later := new(atomic.Int64) // nanoseconds that the clock is ahead
	a.now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	require.NoError(t, a.provision(t.Context(), url))
	server.Config.Handler = a.mux()
	server.Start()
	t.Cleanup(server.Close)
	return product{a, url, later}
}

// connect makes a token of a connection and gives it to its identity provider.
func (p product) connect(t *testing.T, connection string) *entra.Client {
	t.Helper()
	_, secret, err := p.tokens.Issue(t.Context(), demoWorkspace, token.Issue{Description: "test", Connection: connection})
	require.NoError(t, err)
	return entra.New(t, p.scimURL, secret.Reveal())
}

// work lets a time go by and the worker do what is due.
func (p product) work(t *testing.T, later time.Duration) {
	t.Helper()
	p.later.Add(int64(later))
	require.NoError(t, p.scim.RunOnce(t.Context()))
}

// one reads a value from the application's tables.
func one[T any](t *testing.T, db *sql.DB, query string, args ...any) (v T) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), query, args...).Scan(&v), query)
	return v
}

// list reads a column.
func list(t *testing.T, db *sql.DB, text string, args ...any) string {
	t.Helper()
	all, err := query(t.Context(), db, func(s *string) []any { return []any{s} }, text, args...)
	require.NoError(t, err)
	return strings.Join(all, ", ")
}

func (p product) rolesOf(t *testing.T, id string) string {
	t.Helper()
	return list(t, p.db, `SELECT role FROM member_roles WHERE member_id = $1 AND given_by = 'scim' ORDER BY role`, id)
}

func (p product) membersIn(t *testing.T, group string) string {
	t.Helper()
	return list(t, p.db, `SELECT m.email FROM group_members g JOIN members m ON m.id = g.member_id WHERE g.group_id = $1 ORDER BY m.email`, group)
}

// root is the administrator's browser.
func (p product) root(t *testing.T) *browser.Browser {
	t.Helper()
	return p.as(t, "root@acme.example")
}

func (p product) as(t *testing.T, email string) *browser.Browser {
	t.Helper()
	b := browser.New(t, p.url)
	b.Post("/login", "email", email)
	return b
}

// person is a user as Entra ID sends it for this product.
func person(name, userType string) entra.Object {
	email := name + "@acme.example"
	return entra.Object{"userName": email, "externalId": email, "active": true, "userType": userType,
		"name": entra.Object{"givenName": strings.ToUpper(name[:1]) + name[1:], "familyName": "Lee"}}
}

// give makes things that a member owns: a contract with an approval of somebody else's, a
// template, and an approval of the administrator's contract.
func (p product) give(t *testing.T, member, approver string) (contract string) {
	t.Helper()
	contract, err := p.addContract(t.Context(), visitor{listed: listed{ID: member}, Workspace: demoWorkspace}, "Supply", approver)
	require.NoError(t, err)
	for _, statement := range []string{
		`INSERT INTO templates (id, workspace_id, title, owner_id) VALUES ($1, 'acme', 'NDA', $2)`,
		`INSERT INTO approval_steps (id, workspace_id, contract_id, title, owner_id) VALUES ($1, 'acme', 'c-office', 'Legal review', $2)`,
	} {
		_, err := p.db.ExecContext(t.Context(), statement, "of-"+member, member)
		require.NoError(t, err)
	}
	return contract
}

// owned counts what a member owns of each kind.
func (p product) owned(t *testing.T, member string) [3]int {
	t.Helper()
	var n [3]int
	for i, table := range []string{"contracts", "templates", "approval_steps"} {
		n[i] = one[int](t, p.db, `SELECT count(*) FROM `+table+` WHERE owner_id = $1`, member)
	}
	return n
}

// on shows a behaviour on both databases.
func on(show func(t *testing.T, p product)) func(t *testing.T) {
	return func(t *testing.T) {
		dbtest.Each(t, func(t *testing.T, db *sql.DB) { show(t, start(t, db)) })
	}
}

// TestTEntra shows what the product does with Microsoft Entra ID.
func TestTEntra(t *testing.T) {
	trial.Lines(t, "T-Entra",
		trial.Show("1 set-up page and test connection", on(setUp)),
		trial.Show("2 attributes", on(attributes)),
		trial.Show("3 role by userType and plan", on(rolesByPlan)),
		trial.Show("4 provisioned, updated, deprovisioned and restored", on(lifeOfAUser)),
		trial.Show("5 groups of Entra ID and groups of the app", on(groupsOfBoth)),
		trial.Show("6 default substitute", on(defaultSubstitute)),
		trial.Show("7 group assignment restricted to the identity provider", on(groupLock)),
		trial.Show("8 access and permission groups", on(permissionGroups)),
	)
}

var shown = regexp.MustCompile(`<code id="secret">([^<]+)</code>`)

func setUp(t *testing.T, p product) {
	b := p.root(t)
	status, text := b.Get("/admin/provisioning")
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, "<code>"+p.url+"/api/scim</code>")
	_, text = b.Post("/admin/tokens", "description", "Entra ID", "connection", "entra", "expires", "6m")
	require.Regexp(t, shown, text)
	secret := shown.FindStringSubmatch(text)[1]
	e := entra.New(t, p.url+"/api/scim", secret)
	r := e.TestConnection()
	assert.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.EqualValues(t, 0, r.Body["totalResults"])
	_, text = b.Get("/admin/provisioning")
	assert.NotContains(t, text, secret)

	// It is for administrators: not for strangers, nor for other members.
	_, text = browser.New(t, p.url).Get("/admin/provisioning")
	assert.Contains(t, text, "Sign in")
	e.Create(person("ann", "manager"))
	status, text = p.as(t, "ann@acme.example").Get("/admin/provisioning")
	assert.Equal(t, http.StatusForbidden, status)
	assert.NotContains(t, text, "Tenant URL")

	// A wrong token is a 401, and so is one that was revoked.
	assert.Equal(t, http.StatusUnauthorized, entra.New(t, p.scimURL, secret+"x").TestConnection().Status)
	tokens, err := p.tokens.List(t.Context(), demoWorkspace)
	require.NoError(t, err)
	require.Len(t, tokens, 1)
	b.Post("/admin/tokens/" + tokens[0].ID + "/revoke")
	assert.Equal(t, http.StatusUnauthorized, e.TestConnection().Status)

	// Beside it on the mux the product answers.
	status, _ = browser.New(t, p.url).Get("/login")
	assert.Equal(t, http.StatusOK, status)
}

func attributes(t *testing.T, p product) {
	e := p.connect(t, "entra")
	row := func(id string) string {
		return one[string](t, p.db, `SELECT email || '/' || external_id || '/' || first_name || '/' || last_name || '/' || user_type || '/' ||
			CASE WHEN active THEN 'on' ELSE 'off' END || '/' || signature FROM members WHERE id = $1`, id)
	}
	ann := e.Create(person("ann", "user"))
	assert.Equal(t, "ann@acme.example/ann@acme.example/Ann/Lee/user/on/", row(ann))
	for _, attribute := range []string{"userName", "externalId"} {
		found := e.Find(attribute, "ann@acme.example").Resources()
		require.Len(t, found, 1, attribute)
		assert.Equal(t, ann, found[0]["id"])
	}

	// Nothing else is needed.
	id := e.Create(entra.Object{"userName": "min@acme.example"})
	assert.Equal(t, "Viewer", p.rolesOf(t, id))

	// Anything else does no harm: it is neither refused nor kept, and the application's own
	// columns stay.
	_, err := p.db.ExecContext(t.Context(), `UPDATE members SET signature = 'A. Lee' WHERE id = $1`, ann)
	require.NoError(t, err)
	more := person("bob", "user")
	for k, v := range (entra.Object{
		"displayName": "Bob Lee", "title": nil, "roles": []any{}, "preferredLanguage": "en", "nickName": "B", "adreses": 1,
		"emails":       []entra.Object{{"primary": true, "type": "work", "value": "bob@acme.example"}},
		"phoneNumbers": []entra.Object{{"type": "mobile", "value": "+1 555"}},
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": entra.Object{"department": "Legal", "manager": ann},
		"urn:example:anything:2.0:User":                              entra.Object{"shoeSize": 44},
	}) {
		more[k] = v
	}
	bob := e.Create(more)
	assert.Equal(t, "bob@acme.example/bob@acme.example/Bob/Lee/user/on/", row(bob))
	r := e.Patch("/Users/"+ann, entra.Replace("name.familyName", "Park"), entra.Add("displayName", "Ann Park"),
		entra.Add(`emails[type eq "work"].value`, "ann.park@acme.example"), entra.Add("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "Legal"))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Equal(t, "ann@acme.example/ann@acme.example/Ann/Park/user/on/A. Lee", row(ann))
}

func rolesByPlan(t *testing.T, p product) {
	e := p.connect(t, "entra")
	plans := map[int]map[string]string{
		4: {"admin": "Admin", "manager": "Manager", "user": "Contributor", "viewer": "Viewer"},
		5: {"admin": "Admin", "manager": "Manager", "user": "Contributor", "viewer": "Viewer"},
		6: {"admin": "Admin", "manager": "Creator - Manager", "user": "Creator - Contributor", "viewer": "Viewer"},
		7: {"admin": "Admin", "manager": "Creator - Manager", "user": "Creator - Contributor", "viewer": "Viewer"},
	}
	ids := map[string]string{}
	for _, plan := range []int{6, 4, 7, 5} {
		require.NoError(t, p.setPlan(t.Context(), demoWorkspace, plan))
		p.work(t, time.Second)
		for userType, id := range ids { // those who were there follow the plan
			assert.Equal(t, plans[plan][userType], p.rolesOf(t, id), "V%d %s", plan, userType)
		}
		for userType, role := range plans[plan] { // and so do new ones
			id := e.Create(person(userType+string(rune('a'+plan)), userType))
			assert.Equal(t, role, p.rolesOf(t, id), "V%d %s", plan, userType)
			ids[userType] = id
		}
	}

	// A later change of userType changes the role, and what she may do.
	ann := e.Create(person("ann", "viewer"))
	b := p.as(t, "ann@acme.example")
	status, _ := b.Post("/contracts", "title", "Lease")
	assert.Equal(t, http.StatusForbidden, status)
	r := e.Patch("/Users/"+ann, entra.Replace("userType", "manager"))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Equal(t, "Manager", p.rolesOf(t, ann))
	status, text := b.Post("/contracts", "title", "Lease")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, "Lease")

	// A value outside of the table is refused with those that are allowed.
	for _, r := range []entra.Reply{e.Post(person("cid", "boss")), e.Patch("/Users/"+ann, entra.Replace("userType", "boss"))} {
		require.Equal(t, http.StatusBadRequest, r.Status, r.Text)
		assert.Equal(t, "invalidValue", r.Body["scimType"])
		for _, part := range []string{"userType", "boss", "admin", "manager", "user", "viewer"} {
			assert.Contains(t, r.Detail(), part)
		}
	}
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM members WHERE email = 'cid@acme.example'`))
	assert.Equal(t, "Manager", p.rolesOf(t, ann))
}

func lifeOfAUser(t *testing.T, p product) {
	e := p.connect(t, "entra")
	require.Empty(t, e.Find("userName", "ann@acme.example").Resources())
	ann := e.Create(person("ann", "manager"))
	group := e.CreateGroup("Sales", "g-1")
	require.Equal(t, http.StatusNoContent, e.AddMember(group, ann).Status)
	contract := p.give(t, ann, ann)

	// Updated.
	r := e.Patch("/Users/"+ann, entra.Replace("userName", "ann.park@acme.example"), entra.Replace("externalId", "ann.park@acme.example"), entra.Replace("name.familyName", "Park"))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Equal(t, "ann.park@acme.example Park", one[string](t, p.db, `SELECT email || ' ' || last_name FROM members WHERE id = $1`, ann))

	// Deprovisioned: signed out and not let in; all she has is kept.
	b := p.as(t, "ann.park@acme.example")
	_, text := b.Get("/")
	require.Contains(t, text, "Supply")
	require.Equal(t, http.StatusOK, e.Disable(ann).Status)
	assert.False(t, one[bool](t, p.db, `SELECT active FROM members WHERE id = $1`, ann))
	_, text = b.Get("/")
	assert.Contains(t, text, "Sign in")
	status, _ := b.Post("/login", "email", "ann.park@acme.example")
	assert.Equal(t, http.StatusForbidden, status)
	found := e.Find("userName", "ann.park@acme.example").Resources()
	require.Len(t, found, 1)
	assert.Equal(t, false, found[0]["active"])

	// Restored: the same, with role, group and contract.
	require.Equal(t, http.StatusOK, e.Restore(ann).Status)
	assert.Equal(t, "Creator - Manager", p.rolesOf(t, ann))
	assert.Equal(t, "ann.park@acme.example", p.membersIn(t, group))
	_, text = b.Post("/login", "email", "ann.park@acme.example")
	assert.Contains(t, text, "Supply")

	// Suspended, and assigned again later: a POST means her too.
	require.Equal(t, http.StatusOK, e.Disable(ann).Status)
	again := person("ann.park", "manager")
	assert.Equal(t, ann, e.Create(again))
	assert.True(t, one[bool](t, p.db, `SELECT active FROM members WHERE id = $1`, ann))
	assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM members WHERE email LIKE 'ann%'`))
	assert.Equal(t, ann, one[string](t, p.db, `SELECT owner_id FROM contracts WHERE id = $1`, contract))

	// Deleted: gone for Entra ID at once, and for good as soon as nothing needs her.
	require.NoError(t, p.setSubstitute(t.Context(), demoWorkspace, "root@acme.example"))
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+ann, nil).Status)
	assert.Equal(t, http.StatusNotFound, e.Do(http.MethodDelete, "/Users/"+ann, nil).Status)
	assert.Equal(t, http.StatusNotFound, e.Do(http.MethodGet, "/Users/"+ann, nil).Status)
	assert.Empty(t, e.Find("userName", "ann.park@acme.example").Resources())
	status, _ = b.Post("/login", "email", "ann.park@acme.example")
	assert.Equal(t, http.StatusForbidden, status)
	p.work(t, time.Minute)
	p.work(t, time.Minute)
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM members WHERE id = $1`, ann))
	assert.Empty(t, p.membersIn(t, group))
	assert.NotEqual(t, ann, e.Create(again), "another person")
}

func groupsOfBoth(t *testing.T, p product) {
	e := p.connect(t, "entra")
	ann, bob := e.Create(person("ann", "user")), e.Create(person("bob", "user"))
	legal := one[string](t, p.db, `SELECT id FROM member_groups WHERE name = 'Legal'`)
	require.NoError(t, p.putIn(t.Context(), demoWorkspace, legal, ann))

	// Created, filled, renamed, emptied and deleted.
	require.Empty(t, e.FindGroup("Sales").Resources())
	sales := e.CreateGroup("Sales", "g-1")
	assert.Equal(t, "Sales g-1", one[string](t, p.db, `SELECT name || ' ' || external_id FROM member_groups WHERE id = $1`, sales))
	require.Len(t, e.FindGroup("sales").Resources(), 1)
	for _, id := range []string{ann, bob, ann} { // once more does no harm
		require.Equal(t, http.StatusNoContent, e.AddMember(sales, id).Status)
	}
	assert.Equal(t, "ann@acme.example, bob@acme.example", p.membersIn(t, sales))
	require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+sales, entra.Replace("displayName", "Sales EU")).Status)
	assert.Equal(t, "Sales EU", one[string](t, p.db, `SELECT name FROM member_groups WHERE id = $1`, sales))
	require.Equal(t, http.StatusNoContent, e.RemoveMember(sales, bob).Status)
	assert.Equal(t, "ann@acme.example", p.membersIn(t, sales))

	// Whom a group lets read a contract.
	_, err := p.db.ExecContext(t.Context(), `INSERT INTO contracts (id, workspace_id, title, owner_id, group_id)
		SELECT 'c-sales', 'acme', 'Distribution', id, $1 FROM members WHERE email = 'root@acme.example'`, sales)
	require.NoError(t, err)
	_, text := p.as(t, "ann@acme.example").Get("/")
	assert.Contains(t, text, "Distribution")
	_, text = p.as(t, "bob@acme.example").Get("/")
	assert.NotContains(t, text, "Distribution")

	// A group that is made here is not seen, in no way: not by its name, in no list, not by
	// its id, not at a user.
	assert.Empty(t, e.FindGroup("Legal").Resources())
	all := e.Do(http.MethodGet, "/Groups", nil)
	require.Len(t, all.Resources(), 1)
	assert.Equal(t, sales, all.Resources()[0]["id"])
	user := e.Do(http.MethodGet, "/Users/"+ann, nil)
	assert.Contains(t, user.Text, sales)
	assert.NotContains(t, user.Text, legal)

	// Nor disturbed: not by its id, and not by one of its name, which is another group.
	for _, r := range []entra.Reply{
		e.Do(http.MethodGet, "/Groups/"+legal, nil),
		e.Do(http.MethodPatch, "/Groups/"+legal, entra.Object{"Operations": []entra.Op{entra.Replace("displayName", "Mine")}}),
		e.Do(http.MethodPatch, "/Groups/"+legal, entra.Object{"Operations": []entra.Op{entra.Add("members", []entra.Object{{"value": bob}})}}),
		e.Do(http.MethodDelete, "/Groups/"+legal, nil),
	} {
		assert.Equal(t, http.StatusNotFound, r.Status, r.Text)
	}
	same := e.CreateGroup("Legal", "g-2")
	assert.NotEqual(t, legal, same)
	require.Equal(t, http.StatusNoContent, e.AddMember(same, bob).Status)
	require.Len(t, e.FindGroup("Legal").Resources(), 1)
	assert.Equal(t, "ann@acme.example", p.membersIn(t, legal))
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Groups/"+same, nil).Status)
	assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM member_groups WHERE name = 'Legal' AND external_id IS NULL`))

	// Unless the connection says so: then it is taken over, with its members.
	require.NoError(t, p.setConnection(t.Context(), demoWorkspace, connection{Name: "entra", CreatesGroups: true, AdoptsGroups: true}))
	assert.Equal(t, legal, e.CreateGroup("legal", "g-3"))
	require.Equal(t, http.StatusNoContent, e.AddMember(legal, bob).Status)
	assert.Equal(t, "ann@acme.example, bob@acme.example", p.membersIn(t, legal))
	require.Len(t, e.FindGroup("Legal").Resources(), 1)

	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Groups/"+sales, nil).Status)
	assert.Equal(t, http.StatusNotFound, e.Do(http.MethodGet, "/Groups/"+sales, nil).Status)
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM member_groups WHERE id = $1`, sales))
	assert.Equal(t, 2, one[int](t, p.db, `SELECT count(*) FROM members WHERE id IN ($1, $2)`, ann, bob), "the members stay")
}

func defaultSubstitute(t *testing.T, p product) {
	e := p.connect(t, "entra")
	ids := map[string]string{}
	for _, name := range []string{"ann", "bob", "cid", "dan", "eve", "fay"} {
		ids[name] = e.Create(person(name, "manager"))
	}
	boss := one[string](t, p.db, `SELECT id FROM members WHERE email = 'root@acme.example'`)
	leave := func(name string) string {
		p.give(t, ids[name], boss)
		require.Equal(t, [3]int{1, 1, 1}, p.owned(t, ids[name]))
		require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+ids[name], nil).Status)
		p.work(t, time.Minute)
		p.work(t, time.Minute)
		return ids[name]
	}
	parked := func(id string) substitute.Handover {
		t.Helper()
		assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM members WHERE id = $1`, id), "still there")
		assert.Equal(t, [3]int{1, 1, 1}, p.owned(t, id), "nothing is lost")
		all, err := p.offboard.Parked(t.Context(), demoWorkspace)
		require.NoError(t, err)
		for _, h := range all {
			if h.UserID == id {
				return h
			}
		}
		t.Fatal("not parked")
		return substitute.Handover{}
	}

	// No substitute: it is parked until there is one, and administrators see that.
	ann := leave("ann")
	parked(ann)
	_, text := p.root(t).Get("/admin/provisioning")
	assert.Contains(t, text, "Waiting for a substitute")
	assert.Contains(t, text, "What ann@acme.example owned, by kind: approval step 1. contract 1. template 1.")

	// Who owns only what no foreign key protects, the same.
	_, err := p.db.ExecContext(t.Context(), `INSERT INTO templates (id, workspace_id, title, owner_id) VALUES ('of-fay', 'acme', 'NDA', $1)`, ids["fay"])
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+ids["fay"], nil).Status)
	p.work(t, time.Minute)
	assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM members WHERE id = $1`, ids["fay"]), "still there")
	assert.Equal(t, [3]int{0, 1, 0}, p.owned(t, ids["fay"]))

	// One who is not active, the same.
	require.NoError(t, p.setSubstitute(t.Context(), demoWorkspace, "eve@acme.example"))
	require.Equal(t, http.StatusOK, e.Disable(ids["eve"]).Status)
	bob := leave("bob")
	assert.Contains(t, strings.Join(parked(bob).PassedOver, " "), "is not active")
	parked(ann)

	// The leaver is the substitute: the same.
	require.NoError(t, p.setSubstitute(t.Context(), demoWorkspace, "cid@acme.example"))
	p.work(t, time.Minute)
	assert.Equal(t, [3]int{2, 3, 2}, p.owned(t, ids["cid"]), "what was parked has gone to cid")
	_, err = p.db.ExecContext(t.Context(), `DELETE FROM templates WHERE owner_id = $1`, ids["cid"])
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+ids["cid"], nil).Status)
	p.work(t, time.Minute)
	assert.Equal(t, [3]int{2, 0, 2}, p.owned(t, ids["cid"]))
	assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM members WHERE id = $1`, ids["cid"]))

	// A substitute, picked on the page: everything is his, before the leaver is gone.
	status, text := p.root(t).Post("/admin/settings", "plan", "6", "substitute", "root@acme.example")
	require.Equal(t, http.StatusOK, status, text)
	p.work(t, time.Minute)
	p.work(t, time.Minute)
	before := p.owned(t, boss)
	dan := leave("dan")
	assert.Equal(t, [3]int{before[0] + 1, before[1] + 1, before[2] + 2}, p.owned(t, boss), "and the step that was his anyway")
	for _, id := range []string{ann, bob, ids["cid"], dan, ids["fay"]} {
		assert.Equal(t, [3]int{}, p.owned(t, id))
		assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM members WHERE id = $1`, id), "gone for good")
	}
	left, err := p.offboard.Parked(t.Context(), demoWorkspace)
	require.NoError(t, err)
	assert.Empty(t, left)
	_, text = p.root(t).Get("/")
	assert.Contains(t, text, "Supply")
	assert.NotContains(t, text, "dan@acme.example")
}

func groupLock(t *testing.T, p product) {
	e := p.connect(t, "entra")
	ann := e.Create(person("ann", "user"))
	sales := e.CreateGroup("Sales", "g-1")
	legal := one[string](t, p.db, `SELECT id FROM member_groups WHERE name = 'Legal'`)
	b := p.root(t)
	status, text := b.Post("/admin/settings", "plan", "6", "lock", "on")
	require.Equal(t, http.StatusOK, status, text)

	// No edit from inside the app goes through, whatever it is.
	ctx := t.Context()
	for name, edit := range map[string]func() error{
		"create": func() error { _, err := p.createGroup(ctx, demoWorkspace, "Mine"); return err },
		"rename": func() error { return p.renameGroup(ctx, demoWorkspace, legal, "Mine") },
		"add":    func() error { return p.putIn(ctx, demoWorkspace, legal, ann) },
		"remove": func() error { return p.takeOut(ctx, demoWorkspace, sales, ann) },
		"clear":  func() error { return p.clearGroups(ctx, demoWorkspace) },
		"delete": func() error { return p.deleteGroup(ctx, demoWorkspace, sales) },
	} {
		require.ErrorIs(t, edit(), scim.ErrGroupsManaged, name)
	}
	status, text = b.Post("/admin/groups", "do", "add", "group", legal, "member", ann)
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, text, "managed by your identity provider")
	assert.Empty(t, p.membersIn(t, legal))
	assert.Equal(t, "Legal, Sales", list(t, p.db, `SELECT name FROM member_groups ORDER BY name`))

	// Those of SCIM do.
	require.Equal(t, http.StatusNoContent, e.AddMember(sales, ann).Status)
	require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+sales, entra.Replace("displayName", "Sales EU")).Status)
	e.CreateGroup("Finance", "g-2")
	assert.Equal(t, "ann@acme.example", p.membersIn(t, sales))
	assert.Equal(t, "Finance, Legal, Sales EU", list(t, p.db, `SELECT name FROM member_groups ORDER BY name`))

	// Off again, both do.
	status, _ = b.Post("/admin/settings", "plan", "6")
	require.Equal(t, http.StatusOK, status)
	status, _ = b.Post("/admin/groups", "do", "add", "group", legal, "member", ann)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "ann@acme.example", p.membersIn(t, legal))
	require.NoError(t, p.takeOut(ctx, demoWorkspace, sales, ann))
	assert.Empty(t, p.membersIn(t, sales))
	require.Equal(t, http.StatusNoContent, e.AddMember(sales, ann).Status)
}

func permissionGroups(t *testing.T, p product) {
	e := p.connect(t, "entra")
	ann := e.Create(person("ann", "viewer"))
	admins, access := e.CreateGroup("Admins", "g-1"), e.CreateGroup("All staff", "g-2")

	// An access group never drives a role, whatever it is called like.
	require.Equal(t, http.StatusNoContent, e.AddMember(access, ann).Status)
	for _, name := range []string{"admin", "Admins of Sales", "manager"} {
		require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+access, entra.Replace("displayName", name)).Status)
		p.work(t, time.Second)
		assert.Equal(t, "Viewer", p.rolesOf(t, ann))
	}

	// The permission group does, as long as she is in it. It goes before userType.
	status, _ := p.as(t, "ann@acme.example").Get("/admin/groups")
	assert.Equal(t, http.StatusForbidden, status)
	require.Equal(t, http.StatusNoContent, e.AddMember(admins, ann).Status)
	assert.Equal(t, "Admin", p.rolesOf(t, ann))
	b := p.as(t, "ann@acme.example")
	status, _ = b.Get("/admin/groups")
	assert.Equal(t, http.StatusOK, status)
	require.Equal(t, http.StatusOK, e.Patch("/Users/"+ann, entra.Replace("userType", "user")).Status)
	assert.Equal(t, "Admin", p.rolesOf(t, ann))
	require.Equal(t, http.StatusNoContent, e.RemoveMember(admins, ann).Status)
	assert.Equal(t, "Creator - Contributor", p.rolesOf(t, ann))
	status, _ = b.Get("/admin/groups")
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, p.membersIn(t, access), "ann@acme.example", "access is another matter")

	// Who is put in by hand has the role as well; a deleted group gives none.
	require.NoError(t, p.putIn(t.Context(), demoWorkspace, admins, ann))
	assert.Equal(t, "Admin", p.rolesOf(t, ann))
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Groups/"+admins, nil).Status)
	assert.Equal(t, "Creator - Contributor", p.rolesOf(t, ann))
}

// TestTOneLogin shows the same product with OneLogin: the program is the same, and its
// connection differs in settings only.
func TestTOneLogin(t *testing.T) {
	trial.Lines(t, "T-OneLogin",
		trial.Show("1 users by the template", on(oneLoginTemplate)),
		trial.Show("2 role by title", on(roleByTitle)),
		trial.Show("3 groups are imported, not created", on(importedGroups)),
		trial.Show("4 memberships cleared and synchronised anew", on(resynchronised)),
	)
}

// oneLogin sends what OneLogin sends: its template, no User-Agent, PUT, and lower-case
// operations.
type oneLogin struct{ *entra.Client }

// filled is the product's JSON template, with the values that OneLogin puts in.
func filled(name, title string) entra.Object {
	return entra.Object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": name + "@acme.example", "userType": title,
		"name": entra.Object{"givenName": strings.ToUpper(name[:1]) + name[1:], "familyName": "Lee"},
	}
}

func (o oneLogin) send(method, path string, body any) entra.Reply {
	return o.Do(method, path, body, "User-Agent", "", "Content-Type", "application/scim+json", "Accept", "application/json")
}

func (o oneLogin) create(t *testing.T, name, title string) (id string) {
	t.Helper()
	r := o.send(http.MethodPost, "/Users?", filled(name, title))
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	return r.ID()
}

func (o oneLogin) assign(group string, op string, ids ...string) entra.Reply {
	var members []entra.Object
	for _, id := range ids {
		members = append(members, entra.Object{"value": id})
	}
	return o.send(http.MethodPatch, "/Groups/"+group+"?", entra.Object{
		"schemas":    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []entra.Op{{Op: op, Path: "members", Value: members}},
	})
}

func oneLoginTemplate(t *testing.T, p product) {
	o := oneLogin{p.connect(t, "onelogin")}
	r := o.send(http.MethodGet, "/Users?filter=userName%20eq%20%22nobody@acme.example%22&", nil)
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Empty(t, r.Resources())

	r = o.send(http.MethodPost, "/Users?", filled("ann", "manager"))
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	ann := r.ID()
	assert.Equal(t, entra.Object{"givenName": "Ann", "familyName": "Lee"}, r.Body["name"], "OneLogin wants it back")
	row := func() string {
		return one[string](t, p.db, `SELECT email || '/' || coalesce(external_id, '-') || '/' || first_name || '/' || last_name || '/' || user_type || '/' ||
			CASE WHEN active THEN 'on' ELSE 'off' END FROM members WHERE id = $1`, ann)
	}
	assert.Equal(t, "ann@acme.example/-/Ann/Lee/manager/on", row())
	r = o.send(http.MethodGet, "/Users?filter=userName%20eq%20%22ann@acme.example%22&", nil)
	require.Len(t, r.Resources(), 1)

	// Updates are the whole template again. It has no active, which stays as it is.
	changed := filled("ann", "user")
	changed["name"] = entra.Object{"givenName": "Ann", "familyName": "Park"}
	r = o.send(http.MethodPut, "/Users/"+ann+"?", changed)
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Equal(t, "ann@acme.example/-/Ann/Park/user/on", row())
	out := filled("ann", "user")
	out["active"] = false
	require.Equal(t, http.StatusOK, o.send(http.MethodPut, "/Users/"+ann+"?", out).Status)
	require.Equal(t, http.StatusOK, o.send(http.MethodPut, "/Users/"+ann+"?", changed).Status)
	assert.Equal(t, "ann@acme.example/-/Ann/Park/user/off", row())
	out["active"] = "true"
	require.Equal(t, http.StatusOK, o.send(http.MethodPut, "/Users/"+ann+"?", out).Status)
	assert.Equal(t, "ann@acme.example/-/Ann/Lee/user/on", row())

	require.Equal(t, http.StatusNoContent, o.send(http.MethodDelete, "/Users/"+ann+"?", nil).Status)
	p.work(t, time.Minute)
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM members WHERE id = $1`, ann))
}

func roleByTitle(t *testing.T, p product) {
	o := oneLogin{p.connect(t, "onelogin")}
	ids := map[string]string{}
	for title, role := range map[string]string{"admin": "Admin", "manager": "Creator - Manager", "user": "Creator - Contributor", "viewer": "Viewer"} {
		ids[title] = o.create(t, title, title)
		assert.Equal(t, role, p.rolesOf(t, ids[title]), title)
	}
	require.Equal(t, http.StatusOK, o.send(http.MethodPut, "/Users/"+ids["user"]+"?", filled("user", "manager")).Status)
	assert.Equal(t, "Creator - Manager", p.rolesOf(t, ids["user"]))

	for _, r := range []entra.Reply{
		o.send(http.MethodPost, "/Users?", filled("bob", "Head of Sales")),
		o.send(http.MethodPut, "/Users/"+ids["user"]+"?", filled("user", "Head of Sales")),
	} {
		require.Equal(t, http.StatusBadRequest, r.Status, r.Text)
		for _, part := range []string{"userType", "Head of Sales", "admin", "manager", "user", "viewer"} {
			assert.Contains(t, r.Detail(), part)
		}
	}
	assert.Equal(t, "Creator - Manager", p.rolesOf(t, ids["user"]))

	require.NoError(t, p.setPlan(t.Context(), demoWorkspace, 4))
	p.work(t, time.Second)
	assert.Equal(t, "Manager", p.rolesOf(t, ids["manager"]))
}

func importedGroups(t *testing.T, p product) {
	o := oneLogin{p.connect(t, "onelogin")}
	ann := o.create(t, "ann", "user")
	legal := one[string](t, p.db, `SELECT id FROM member_groups WHERE name = 'Legal'`)
	sales, err := p.createGroup(t.Context(), demoWorkspace, "Sales")
	require.NoError(t, err)

	r := o.send(http.MethodPost, "/Groups?", entra.Object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "Mine"})
	assert.Equal(t, http.StatusForbidden, r.Status, r.Text)
	assert.NotEmpty(t, r.Detail())
	assert.Equal(t, "Legal, Sales", list(t, p.db, `SELECT name FROM member_groups ORDER BY name`))

	// Refresh.
	r = o.send(http.MethodGet, "/Groups", nil)
	require.Equal(t, http.StatusOK, r.Status)
	got := map[any]any{}
	for _, g := range r.Resources() {
		got[g["displayName"]] = g["id"]
	}
	assert.Equal(t, map[any]any{"Legal": legal, "Sales": sales}, got)

	// Rules.
	require.Equal(t, http.StatusNoContent, o.assign(sales, "add", ann).Status)
	assert.Equal(t, "ann@acme.example", p.membersIn(t, sales))
	require.Equal(t, http.StatusNoContent, o.assign(legal, "add", ann).Status)
	require.Equal(t, http.StatusNoContent, o.assign(sales, "remove", ann).Status)
	assert.Empty(t, p.membersIn(t, sales))
	assert.Equal(t, "ann@acme.example", p.membersIn(t, legal))
	_, text := p.as(t, "ann@acme.example").Get("/")
	assert.Contains(t, text, "Office lease", "which Legal may read")

	// It is a setting of the connection: Entra ID's may.
	e := p.connect(t, "entra")
	e.CreateGroup("Mine", "g-1")
	require.NoError(t, p.setConnection(t.Context(), demoWorkspace, connection{Name: "onelogin", CreatesGroups: true, SeesAll: true}))
	r = o.send(http.MethodPost, "/Groups?", entra.Object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "Ours"})
	assert.Equal(t, http.StatusCreated, r.Status, r.Text)
}

func resynchronised(t *testing.T, p product) {
	o := oneLogin{p.connect(t, "onelogin")}
	ctx := context.WithoutCancel(t.Context())
	ann, bob, cid := o.create(t, "ann", "user"), o.create(t, "bob", "user"), o.create(t, "cid", "user")
	legal := one[string](t, p.db, `SELECT id FROM member_groups WHERE name = 'Legal'`)
	admins, err := p.createGroup(ctx, demoWorkspace, "Admins")
	require.NoError(t, err)
	for group, members := range map[string][]string{legal: {ann, bob}, admins: {cid}} { // as it was by hand
		for _, id := range members {
			require.NoError(t, p.putIn(ctx, demoWorkspace, group, id))
		}
	}
	assert.Equal(t, "Admin", p.rolesOf(t, cid))

	// Cleared.
	status, _ := p.root(t).Post("/admin/groups", "do", "clear")
	require.Equal(t, http.StatusOK, status)
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM group_members`))
	assert.Equal(t, "Creator - Contributor", p.rolesOf(t, cid))
	r := o.send(http.MethodGet, "/Groups", nil)
	require.Len(t, r.Resources(), 2)
	for _, g := range r.Resources() {
		assert.Empty(t, g["members"])
	}

	// Synchronised, some of it twice.
	for range 2 {
		require.Equal(t, http.StatusNoContent, o.assign(legal, "add", ann, cid).Status)
		require.Equal(t, http.StatusNoContent, o.assign(legal, "add", ann).Status)
		require.Equal(t, http.StatusNoContent, o.assign(admins, "add", bob).Status)
	}
	assert.Equal(t, 3, one[int](t, p.db, `SELECT count(*) FROM group_members`))
	assert.Equal(t, "ann@acme.example, cid@acme.example", p.membersIn(t, legal))
	assert.Equal(t, "bob@acme.example", p.membersIn(t, admins))
	assert.Equal(t, "Admin", p.rolesOf(t, bob))
	assert.Equal(t, 2, one[int](t, p.db, `SELECT count(*) FROM member_groups`))
	assert.Equal(t, 4, one[int](t, p.db, `SELECT count(*) FROM members`))

	// Restricted from then on.
	require.NoError(t, p.lockGroups(ctx, demoWorkspace, true))
	require.ErrorIs(t, p.putIn(ctx, demoWorkspace, legal, bob), scim.ErrGroupsManaged)
	require.Equal(t, http.StatusNoContent, o.assign(legal, "add", bob).Status)
	assert.Equal(t, "ann@acme.example, bob@acme.example, cid@acme.example", p.membersIn(t, legal))
}

// TestProgram runs it as the README says, and does what it prints to try.
func TestProgram(t *testing.T) {
	databases := map[string]string{"a file of its own": "", "postgres": dbtest.PostgresDSN(t), "sqlite": filepath.Join(t.TempDir(), "tomorro.db")}
	for name, db := range databases {
		t.Run(name, func(t *testing.T) {
			found := trial.Run(t, run, regexp.MustCompile(`Tenant URL:\s+(\S+)\n\s+Secret token:\s+(\S+) .*\n\s+Bearer token:\s+(\S+) `), "-db", db)
			e, o := entra.New(t, found[0], found[1]), oneLogin{entra.New(t, found[0], found[2])}
			require.Equal(t, http.StatusOK, e.TestConnection().Status)
			e.Create(entra.Object{"userName": "ann@acme.example", "externalId": "ann@acme.example", "active": true, "userType": "manager"})
			assert.Empty(t, e.Do(http.MethodGet, "/Groups", nil).Resources())
			assert.Len(t, o.send(http.MethodGet, "/Groups", nil).Resources(), 1)

			b := browser.New(t, strings.TrimSuffix(found[0], basePath))
			_, text := b.Post("/login", "email", "ann@acme.example")
			assert.Contains(t, text, "New contract")
		})
	}
}

func TestWiring(t *testing.T) { trial.Wiring(t) }
