package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
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
)

const day = 24 * time.Hour

// product is the application as it is run. Its worker works when the test says so.
type product struct {
	*app
	url   string
	later *atomic.Int64
	said  *bytes.Buffer // the log, written by one request after the other
	mails map[string]string
}

func start(t *testing.T, db *sql.DB, change ...func(*config)) product {
	t.Helper()
	c := defaults()
	for _, f := range change {
		f(&c)
	}
	p := product{later: new(atomic.Int64), said: new(bytes.Buffer), mails: map[string]string{}}
	a, err := openApp(t.Context(), db, slog.New(slog.NewTextHandler(p.said, &slog.HandlerOptions{Level: slog.LevelDebug})), c)
	require.NoError(t, err)
	p.app = a
	a.now = func() time.Time { return time.Now().Add(time.Duration(p.later.Load())) }
	a.mail = func(to, text string) error {
		p.mails[to] = text
		return nil
	}
	server := httptest.NewUnstartedServer(nil)
	p.url = "http://" + server.Listener.Addr().String()
	require.NoError(t, a.provision(t.Context(), p.url))
	server.Config.Handler = a.mux()
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// connect makes a token and gives it to Azure.
func (p product) connect(t *testing.T) *entra.Client {
	t.Helper()
	_, secret, err := p.issue(t.Context(), "test")
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
	return list(t, p.db, `SELECT role FROM user_roles WHERE user_id = $1 AND given_by = 'scim' ORDER BY role`, id)
}

func (p product) membersIn(t *testing.T, group string) string {
	t.Helper()
	return list(t, p.db, `SELECT u.user_name FROM group_users g JOIN users u ON u.id = g.user_id WHERE g.group_id = $1 ORDER BY u.user_name`, group)
}

func (p product) as(t *testing.T, name string) *browser.Browser {
	t.Helper()
	b := browser.New(t, p.url)
	b.Post("/login", "name", name)
	return b
}

// person is a user as Azure sends it for this product.
func person(name string) entra.Object {
	email := name + "@acme.example"
	return entra.Object{
		"schemas":  []string{"urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:tim:1.0:User", "urn:ietf:params:scim:schemas:extension:tim:2.0:User"},
		"userName": email, "externalId": "az-" + name, "active": "True",
		"urn:ietf:params:scim:schemas:extension:tim:1.0:User": entra.Object{"email": email},
		"urn:ietf:params:scim:schemas:extension:tim:2.0:User": entra.Object{"vendor": "Azure"},
	}
}

// with returns a person with other attributes.
func with(p entra.Object, pairs ...any) entra.Object {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(p, pairs[i].(string))
		} else {
			p[pairs[i].(string)] = pairs[i+1]
		}
	}
	return p
}

// azureGroup is a group as Azure sends it.
func azureGroup(name, externalID string, members ...string) entra.Object {
	return entra.Object{
		"schemas":     []string{"urn:ietf:params:scim:schemas:core:2.0:Group", "urn:ietf:params:scim:schemas:extension:tim:2.0:Group"},
		"displayName": name, "externalId": externalID, "members": values(members...),
		"urn:ietf:params:scim:schemas:extension:tim:2.0:Group": entra.Object{"vendor": "Azure"},
	}
}

func values(ids ...string) []entra.Object {
	all := []entra.Object{}
	for _, id := range ids {
		all = append(all, entra.Object{"value": id})
	}
	return all
}

func createGroup(t *testing.T, e *entra.Client, name, externalID string, members ...string) (id string) {
	t.Helper()
	r := e.Do(http.MethodPost, "/Groups", azureGroup(name, externalID, members...))
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	return r.ID()
}

// on shows a behaviour on both databases, with another configuration if there is a change.
func on(show func(t *testing.T, p product), change ...func(*config)) func(t *testing.T) {
	return func(t *testing.T) {
		dbtest.Each(t, func(t *testing.T, db *sql.DB) { show(t, start(t, db, change...)) })
	}
}

// TestTIM shows each numbered behaviour of the product.
func TestTIM(t *testing.T) {
	trial.Lines(t, "TIM",
		trial.Show("1 token of sys.scim with a lifetime from configuration", on(tokens)),
		trial.Show("2 user attributes", on(userAttributes)),
		trial.Show("3 group attributes", on(groupAttributes)),
		trial.Show("4 groups that stand for roles", on(roleGroups, func(c *config) { c.InternalRoles = append(c.InternalRoles, "clientadmin") })),
		trial.Show("5 users who exist already", on(existingUsers)),
		trial.Show("6 disabled, deleted for good later, restored in time", func(t *testing.T) {
			t.Run("as the guide says", on(leavers))
			t.Run("as is configured", on(otherPeriods, func(c *config) { c.DisabledFor, c.DeletedFor = 2*day, 5*day }))
		}),
		trial.Show("7 initial password", on(initialPassword)),
		trial.Show("8 a group deleted in the app has its members back", on(groupComesBack)),
		trial.Show("9 nested groups, and no manager", func(t *testing.T) {
			t.Run("kept", on(nestedKept))
			t.Run("refused", on(nestedRefused, func(c *config) { c.NestedGroups = false }))
			t.Run("manager cleared", on(managerCleared))
		}),
		trial.Show("10 provision on demand", on(onDemand)),
	)
}

var shown = regexp.MustCompile(`<code id="secret">([^<]+)</code>`)

func tokens(t *testing.T, p product) {
	b := p.as(t, "root@acme.example")
	_, text := b.Get("/admin")
	assert.Contains(t, text, "<code>"+p.url+"/api/scim</code>")
	_, text = b.Post("/admin/tokens", "description", "Azure AD")
	require.Regexp(t, shown, text)
	secret := shown.FindStringSubmatch(text)[1]
	e := entra.New(t, p.url+"/api/scim", secret)
	require.Equal(t, http.StatusOK, e.TestConnection().Status)
	_, text = b.Get("/admin")
	assert.NotContains(t, text, secret)

	// It is the system user's, who can't sign in, and whom Azure does not see.
	issued, err := p.tokens.List(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, issued, 1)
	assert.Equal(t, "sys.scim", issued[0].UserName)
	status, _ := browser.New(t, p.url).Post("/login", "name", "sys.scim")
	assert.Equal(t, http.StatusForbidden, status)
	assert.Empty(t, e.Find("userName", "sys.scim").Resources())
	assert.NotContains(t, e.Do(http.MethodGet, "/Users", nil).Text, "sys.scim")
	r := e.Post(with(person("ann"), "userName", "sys.scim"))
	assert.Equal(t, http.StatusConflict, r.Status, r.Text)

	// It lives as long as is configured: a year if nothing is.
	now := p.now()
	assert.WithinDuration(t, now.AddDate(1, 0, 0), issued[0].Expires, time.Minute)
	p.later.Store(int64(364 * day))
	assert.Equal(t, http.StatusOK, e.TestConnection().Status)
	p.later.Store(int64(367 * day))
	assert.Equal(t, http.StatusUnauthorized, e.TestConnection().Status)
	p.later.Store(0)
	for lifetime, ends := range map[string]time.Time{"6m": now.AddDate(0, 6, 0), "2w": now.AddDate(0, 0, 14), "30d": now.AddDate(0, 0, 30), "2y": now.AddDate(2, 0, 0)} {
		other := *p.app
		other.config.TokenLifetime = lifetime
		require.NoError(t, other.provision(t.Context(), p.url))
		tok, _, err := other.issue(t.Context(), "other")
		require.NoError(t, err)
		assert.InDelta(t, ends.Unix(), tok.Expires.Unix(), float64(2*day/time.Second), lifetime)
	}
	other := *p.app
	other.config.TokenLifetime = "a while"
	assert.ErrorContains(t, other.provision(t.Context(), p.url), "a while")
}

func userAttributes(t *testing.T, p product) {
	e := p.connect(t)
	const (
		tim1       = "urn:ietf:params:scim:schemas:extension:tim:1.0:User"
		tim2       = "urn:ietf:params:scim:schemas:extension:tim:2.0:User"
		enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	)
	for missing, body := range map[string]entra.Object{
		"userName": with(person("ann"), "userName", nil), "active": with(person("ann"), "active", nil), "externalId": with(person("ann"), "externalId", nil),
		"email": with(person("ann"), tim1, nil), "vendor": with(person("ann"), tim2, nil),
	} {
		r := e.Post(body)
		require.Equal(t, http.StatusBadRequest, r.Status, "%s: %s", missing, r.Text)
		assert.Equal(t, "invalidValue", r.Body["scimType"])
		assert.Contains(t, r.Detail(), missing)
	}
	r := e.Post(with(person("ann"), tim2, entra.Object{"vendor": "Okta"}))
	require.Equal(t, http.StatusBadRequest, r.Status, r.Text)
	assert.Contains(t, r.Detail(), "Azure")
	assert.Equal(t, 2, one[int](t, p.db, `SELECT count(*) FROM users`), "only those who were there")

	boss := e.Create(person("boss"))
	full := func() entra.Object {
		return with(person("ann"), "name", entra.Object{"givenName": "Ann", "familyName": "Lee"},
			"phoneNumbers", []entra.Object{{"type": "work", "value": "+49 7661 1"}, {"type": "mobile", "value": "+49 170 1"}},
			enterprise, entra.Object{"employeeNumber": "4711", "organization": "Acme", "department": "Sales", "manager": entra.Object{"value": boss}})
	}
	row := func(id string) string {
		return one[string](t, p.db, `SELECT user_name || '/' || email || '/' || external_id || '/' || first_name || '/' || last_name || '/' || phone || '/' || mobile
			|| '/' || employee_number || '/' || organization || '/' || department || '/' || coalesce(manager_id, '-') || '/' || CASE WHEN active THEN 'on' ELSE 'off' END FROM users WHERE id = $1`, id)
	}
	r = e.Post(full())
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	ann := r.ID()
	assert.Equal(t, "ann@acme.example/ann@acme.example/az-ann/Ann/Lee/+49 7661 1/+49 170 1/4711/Acme/Sales/"+boss+"/on", row(ann))
	assert.Equal(t, entra.Object{"email": "ann@acme.example"}, r.Body[tim1])
	assert.Equal(t, entra.Object{"vendor": "Azure"}, r.Body[tim2])
	assert.Equal(t, true, r.Body["active"], "a boolean again")

	// The forms of Switch(): strings, in any case.
	for _, active := range []string{"False", "True", "false", "true"} {
		require.Equal(t, http.StatusOK, e.Patch("/Users/"+ann, entra.Replace("active", active)).Status)
		assert.Equal(t, strings.EqualFold(active, "true"), one[bool](t, p.db, `SELECT active FROM users WHERE id = $1`, ann), active)
	}
	off := e.Create(with(person("off"), "active", "False"))
	assert.False(t, one[bool](t, p.db, `SELECT active FROM users WHERE id = $1`, off))

	// Each of them can be changed by its path; what has no path of its own stays.
	r = e.Patch("/Users/"+ann, entra.Replace(tim1+":email", "ann.lee@acme.example"), entra.Replace(tim2+":vendor", "Azure"), entra.Replace("name.givenName", "Anna"),
		entra.Replace(`phoneNumbers[type eq "work"].value`, "+49 7661 2"), entra.Remove(`phoneNumbers[type eq "mobile"].value`),
		entra.Replace(enterprise+":department", "Legal"), entra.Remove(enterprise+":organization"), entra.Replace("userName", "anna@acme.example"))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Equal(t, "anna@acme.example/ann.lee@acme.example/az-ann/Anna/Lee/+49 7661 2//4711//Legal/"+boss+"/on", row(ann))
	r = e.Patch("/Users/"+ann, entra.Add(`phoneNumbers[type eq "mobile"].value`, "+49 170 2"))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Equal(t, "+49 170 2", one[string](t, p.db, `SELECT mobile FROM users WHERE id = $1`, ann))
	for _, op := range []entra.Op{entra.Remove("externalId"), entra.Remove(tim1 + ":email"), entra.Replace(tim2+":vendor", "Okta"), entra.Remove("userName")} {
		r = e.Patch("/Users/"+ann, op)
		assert.Equal(t, http.StatusBadRequest, r.Status, "%v: %s", op, r.Text)
	}
	found := e.Find("externalId", "az-ann").Resources()
	require.Len(t, found, 1)
	assert.Equal(t, ann, found[0]["id"])
}

func groupAttributes(t *testing.T, p product) {
	e := p.connect(t)
	ann := e.Create(person("ann"))
	const vendor = "urn:ietf:params:scim:schemas:extension:tim:2.0:Group"
	for missing, body := range map[string]entra.Object{
		"displayName": with(azureGroup("", "g-1"), "displayName", nil), "externalId": with(azureGroup("Sales", ""), "externalId", nil),
		"vendor": with(azureGroup("Sales", "g-1"), vendor, nil),
	} {
		r := e.Do(http.MethodPost, "/Groups", body)
		require.Equal(t, http.StatusBadRequest, r.Status, "%s: %s", missing, r.Text)
		assert.Contains(t, r.Detail(), missing)
	}
	r := e.Do(http.MethodPost, "/Groups", with(azureGroup("Sales", "g-1"), vendor, entra.Object{"vendor": "Okta"}))
	require.Equal(t, http.StatusBadRequest, r.Status, r.Text)
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM user_groups`))

	// Members may be empty, or not sent.
	empty := createGroup(t, e, "Empty", "g-0")
	r = e.Do(http.MethodPost, "/Groups", with(azureGroup("None", "g-2"), "members", nil))
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	sales := createGroup(t, e, "Sales", "g-1", ann)
	assert.Equal(t, "Sales g-1", one[string](t, p.db, `SELECT name || ' ' || external_id FROM user_groups WHERE id = $1`, sales))
	assert.Equal(t, "ann@acme.example", p.membersIn(t, sales))
	assert.Empty(t, p.membersIn(t, empty))
	r = e.Do(http.MethodGet, "/Groups/"+sales, nil)
	assert.Equal(t, entra.Object{"vendor": "Azure"}, r.Body[vendor])
	assert.Equal(t, "g-1", r.Body["externalId"])

	require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+sales, entra.Replace("displayName", "Sales EU"), entra.Replace("externalId", "g-9"), entra.Replace(vendor+":vendor", "Azure")).Status)
	assert.Equal(t, "Sales EU g-9", one[string](t, p.db, `SELECT name || ' ' || external_id FROM user_groups WHERE id = $1`, sales))
	require.Equal(t, http.StatusNoContent, e.RemoveMember(sales, ann).Status)
	assert.Empty(t, p.membersIn(t, sales))
}

// roleGroups has a subtest for each part of the line.
func roleGroups(t *testing.T, p product) {
	e := p.connect(t)
	ann, bob := e.Create(person("ann")), e.Create(person("bob"))
	groups := func(t *testing.T) int { return one[int](t, p.db, `SELECT count(*) FROM user_groups`) }
	approvers := createGroup(t, e, "role.approver", "r-1", ann)
	t.Run("4a no app group is made", func(t *testing.T) {
		assert.Zero(t, groups(t))
		createGroup(t, e.For(t), "roles of ours", "g-1")
		assert.Equal(t, 1, groups(t), "this is no role")
		_, text := p.as(t, "root@acme.example").Get("/admin")
		assert.NotContains(t, text, "role.approver")

		// It does not become one, and no app group becomes a role, by another name.
		e := e.For(t)
		other := createGroup(t, e, "role.user", "r-0", ann)
		require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+other, entra.Replace("displayName", "Sales")).Status)
		assert.Equal(t, 1, groups(t))
		require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Groups/"+other, nil).Status)
		p.work(t, time.Second)
		app := createGroup(t, e, "Plain", "g-2", ann)
		r := e.Patch("/Groups/"+app, entra.Replace("displayName", "role.processmanager"))
		assert.Equal(t, http.StatusBadRequest, r.Status, r.Text)
		assert.Equal(t, "approver", p.rolesOf(t, ann))
	})
	t.Run("4b members have the role, who leaves loses it", func(t *testing.T) {
		e := e.For(t)
		assert.Equal(t, "approver", p.rolesOf(t, ann))
		assert.Empty(t, p.rolesOf(t, bob))
		_, text := p.as(t, "bob@acme.example").Get("/")
		assert.NotContains(t, text, "Approve an invoice")
		require.Equal(t, http.StatusNoContent, e.AddMember(approvers, bob).Status)
		assert.Equal(t, "approver", p.rolesOf(t, bob))
		b := p.as(t, "bob@acme.example")
		_, text = b.Post("/processes/invoice")
		assert.Contains(t, text, "Started so far: 1")
		require.Equal(t, http.StatusNoContent, e.RemoveMember(approvers, bob).Status)
		assert.Empty(t, p.rolesOf(t, bob))
		status, _ := b.Post("/processes/invoice")
		assert.Equal(t, http.StatusForbidden, status)
		assert.Equal(t, "approver", p.rolesOf(t, ann))

		// What was given by hand stays.
		_, err := p.db.ExecContext(t.Context(), `INSERT INTO user_roles (user_id, role, given_by) VALUES ($1, 'approver', 'hand')`, bob)
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, e.AddMember(approvers, bob).Status)
		require.Equal(t, http.StatusNoContent, e.RemoveMember(approvers, bob).Status)
		assert.Equal(t, "hand", list(t, p.db, `SELECT given_by FROM user_roles WHERE user_id = $1`, bob))
	})
	t.Run("4c internal roles are never assigned", func(t *testing.T) {
		for i, role := range []string{"system", "timer", "viewer", "clientadmin"} { // the last one by configuration
			createGroup(t, e.For(t), "role."+role, fmt.Sprintf("i-%d", i), ann, bob)
		}
		assert.Equal(t, "approver", p.rolesOf(t, ann))
		assert.Empty(t, p.rolesOf(t, bob))
	})
	t.Run("4d unknown roles are skipped", func(t *testing.T) {
		e, before := e.For(t), groups(t)
		group := createGroup(t, e, "role.astronaut", "u-1", ann)
		require.Equal(t, http.StatusNoContent, e.AddMember(group, bob).Status)
		assert.Equal(t, "approver", p.rolesOf(t, ann))
		assert.Empty(t, p.rolesOf(t, bob))
		assert.Equal(t, before, groups(t))

		// They stand in the way of nothing: neither of another role, nor of a change.
		require.Equal(t, http.StatusNoContent, e.AddMember(approvers, bob).Status)
		assert.Equal(t, "approver", p.rolesOf(t, bob))
		require.Equal(t, http.StatusNoContent, e.RemoveMember(approvers, bob).Status)
		assert.Empty(t, p.rolesOf(t, bob))
		r := e.Patch("/Users/"+bob, entra.Replace("name.givenName", "Bob"))
		assert.Equal(t, http.StatusOK, r.Status, r.Text)
	})
	t.Run("4e names ignore case", func(t *testing.T) {
		e := e.For(t)
		group := createGroup(t, e, "Role.ProcessManager", "c-1", ann)
		assert.Equal(t, "approver, processmanager", p.rolesOf(t, ann))
		found := e.FindGroup("role.PROCESSMANAGER").Resources()
		require.Len(t, found, 1)
		assert.Equal(t, group, found[0]["id"])
		r := e.Do(http.MethodPost, "/Groups", azureGroup("ROLE.processmanager", "c-2"))
		assert.Equal(t, http.StatusConflict, r.Status, "the same group")
		require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Groups/"+group, nil).Status)
		assert.Equal(t, "approver", p.rolesOf(t, ann))

		// Those of the application's groups do, too.
		createGroup(t, e, "Marketing", "c-3")
		r = e.Do(http.MethodPost, "/Groups", azureGroup("MARKETING", "c-4"))
		assert.Equal(t, http.StatusConflict, r.Status, r.Text)
		require.Len(t, e.FindGroup("mArKeTiNg").Resources(), 1)
	})
	t.Run("4 Azure reads, filters, patches and deletes them like any other", func(t *testing.T) {
		e := e.For(t)
		r := e.Do(http.MethodGet, "/Groups/"+approvers, nil)
		require.Equal(t, http.StatusOK, r.Status, r.Text)
		assert.Equal(t, "role.approver", r.Body["displayName"])
		assert.Equal(t, "r-1", r.Body["externalId"])
		assert.Equal(t, entra.Object{"vendor": "Azure"}, r.Body["urn:ietf:params:scim:schemas:extension:tim:2.0:Group"])
		require.Len(t, r.Body["members"], 1)
		assert.Equal(t, ann, r.Body["members"].([]any)[0].(entra.Object)["value"])
		assert.Contains(t, e.Do(http.MethodGet, "/Groups?count=100", nil).Text, approvers)
		assert.Contains(t, e.Do(http.MethodGet, "/Users/"+ann, nil).Text, approvers)
		cid := e.Create(person("cid"))
		another := createGroup(t, e, "role.processmanager", "r-9", cid)
		for filter, want := range map[string][]string{
			`displayName eq "role.approver"`: {approvers}, `displayName eq "role.nobody"`: nil, `externalId eq "r-9"`: {another}, `id eq "` + another + `"`: {another},
			`displayName sw "role." and externalId sw "r-"`: {approvers, another}, `members eq "` + cid + `"`: {another},
		} {
			assert.ElementsMatch(t, want, idsOf(e.Do(http.MethodGet, "/Groups?filter="+url.QueryEscape(filter), nil)), filter)
		}
		require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+approvers, entra.Replace("externalId", "r-2")).Status)
		assert.Equal(t, "r-2", e.Do(http.MethodGet, "/Groups/"+approvers, nil).Body["externalId"])
		require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+approvers, entra.Replace("displayName", "role.user")).Status)
		p.work(t, time.Second)
		assert.Equal(t, "user", p.rolesOf(t, ann))
		require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Groups/"+approvers, nil).Status)
		assert.Equal(t, http.StatusNotFound, e.Do(http.MethodGet, "/Groups/"+approvers, nil).Status)
		assert.Empty(t, p.rolesOf(t, ann))
	})
}

func idsOf(r entra.Reply) (ids []string) {
	for _, resource := range r.Resources() {
		ids = append(ids, resource["id"].(string))
	}
	return ids
}

// insert makes a user as the product does itself.
func (p product) insert(t *testing.T, id, name, email string, externalID any) {
	t.Helper()
	_, err := p.db.ExecContext(t.Context(), `INSERT INTO users (id, user_name, email, external_id, language, department, must_change, created_at, updated_at)
		VALUES ($1, $2, $3, $4, 'de', 'Sales', FALSE, $5, $5)`, id, name, email, externalID, p.now().UTC())
	require.NoError(t, err)
	_, err = p.db.ExecContext(t.Context(), `INSERT INTO user_roles (user_id, role, given_by) VALUES ($1, 'user', 'hand')`, id)
	require.NoError(t, err)
	require.NoError(t, p.startProcess(t.Context(), id, "travel"))
}

func existingUsers(t *testing.T, p product) {
	e := p.connect(t)
	p.insert(t, "u-ext", "Ext", "ext@acme.example", "az-ext")
	p.insert(t, "u-name", "NAME@acme.example", "", nil)
	p.insert(t, "u-mail", "mail", "Mail@acme.example", nil)
	p.insert(t, "u-other", "other@acme.example", "other@acme.example", "az-somebody-else")
	users := one[int](t, p.db, `SELECT count(*) FROM users`)

	// With externalId, found by it; without, by name or by address, and given it.
	for id, name := range map[string]string{"u-ext": "ext", "u-name": "name", "u-mail": "mail"} {
		r := e.Post(with(person(name), "name", entra.Object{"givenName": "New"}))
		require.Equal(t, http.StatusCreated, r.Status, r.Text)
		assert.Equal(t, id, r.ID(), name)
		assert.Equal(t, "az-"+name+" New", one[string](t, p.db, `SELECT external_id || ' ' || first_name FROM users WHERE id = $1`, id))
		assert.Equal(t, "de Sales", one[string](t, p.db, `SELECT language || ' ' || department FROM users WHERE id = $1`, id), "all data is kept")
		assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM runs WHERE started_by = $1`, id))
		assert.Equal(t, "user", list(t, p.db, `SELECT role FROM user_roles WHERE user_id = $1`, id))

		r = e.Post(person(name))
		assert.Equal(t, http.StatusConflict, r.Status, "not a second time: %s", r.Text)
	}
	assert.Equal(t, users, one[int](t, p.db, `SELECT count(*) FROM users`))

	// Who has another externalId is somebody else.
	r := e.Post(person("other"))
	assert.Equal(t, http.StatusConflict, r.Status, r.Text)
	assert.Equal(t, "az-somebody-else", one[string](t, p.db, `SELECT external_id FROM users WHERE id = 'u-other'`))
	assert.Equal(t, users, one[int](t, p.db, `SELECT count(*) FROM users`))

	r = e.Post(with(person("another"), emailPath[:strings.LastIndex(emailPath, ":")], entra.Object{"email": "OTHER@acme.example"}))
	assert.Equal(t, http.StatusConflict, r.Status, "nor by the address: %s", r.Text)
	assert.Equal(t, users, one[int](t, p.db, `SELECT count(*) FROM users`))

	// An externalId that is empty rather than NULL is none.
	p.insert(t, "u-empty", "empty", "Empty.One@acme.example", "")
	r = e.Post(with(person("empty.one"), emailPath[:strings.LastIndex(emailPath, ":")], entra.Object{"email": "empty.one@acme.example"}))
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	assert.Equal(t, "u-empty", r.ID())

	// Nobody becomes the administrator by a name.
	r = e.Post(person("root"))
	assert.Equal(t, http.StatusConflict, r.Status, r.Text)
	assert.Equal(t, 0, one[int](t, p.db, `SELECT count(*) FROM users WHERE user_name = 'root@acme.example' AND external_id IS NOT NULL`))

	// Azure may also find a user by a filter and PATCH it.
	p.insert(t, "u-patch", "patch@acme.example", "patch@acme.example", nil)
	found := e.Find("userName", "patch@acme.example").Resources()
	require.Len(t, found, 1)
	r = e.Patch("/Users/u-patch", entra.Add("externalId", "az-patch"), entra.Replace("urn:ietf:params:scim:schemas:extension:tim:2.0:User:vendor", "Azure"))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Equal(t, "az-patch", one[string](t, p.db, `SELECT external_id FROM users WHERE id = 'u-patch'`))
}

func leavers(t *testing.T, p product) {
	e := p.connect(t)
	ann := e.Create(person("ann"))
	group, role := createGroup(t, e, "Sales", "g-1", ann), createGroup(t, e, "role.user", "r-1", ann)
	require.NoError(t, p.startProcess(t.Context(), ann, "travel"))
	_, err := p.db.ExecContext(t.Context(), `UPDATE users SET language = 'fr' WHERE id = $1`, ann)
	require.NoError(t, err)
	there := func() bool { return one[int](t, p.db, `SELECT count(*) FROM users WHERE id = $1`, ann) == 1 }
	same := func(why string) {
		t.Helper()
		assert.Equal(t, "fr on", one[string](t, p.db, `SELECT language || CASE WHEN active AND deleted_at IS NULL THEN ' on' ELSE ' off' END FROM users WHERE id = $1`, ann), why)
		assert.Equal(t, "user", p.rolesOf(t, ann), why)
		assert.Equal(t, "ann@acme.example", p.membersIn(t, group), why)
		assert.Contains(t, e.Do(http.MethodGet, "/Groups/"+role, nil).Text, ann, why)
		_, text := p.as(t, "ann@acme.example").Get("/")
		assert.Contains(t, text, "Started so far: 1", why)
	}

	// Disabled: signed out, and restored in time the same.
	b := p.as(t, "ann@acme.example")
	require.Equal(t, http.StatusOK, e.Disable(ann).Status)
	_, text := b.Get("/")
	assert.Contains(t, text, "Sign in")
	p.work(t, 29*day)
	require.True(t, there())
	require.Equal(t, http.StatusOK, e.Restore(ann).Status)
	p.work(t, 10*day)
	same("restored")

	// Disabled and deleted a day before it would go: the time begins anew.
	require.Equal(t, http.StatusOK, e.Disable(ann).Status)
	p.work(t, 29*day)
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+ann, nil).Status)
	assert.Equal(t, http.StatusNotFound, e.Do(http.MethodGet, "/Users/"+ann, nil).Status)
	assert.Empty(t, e.Find("externalId", "az-ann").Resources())
	p.work(t, 29*day)
	require.True(t, there())
	assert.Equal(t, ann, e.Create(person("ann")), "the same user again")
	p.work(t, 10*day)
	same("created again")

	// Not in time: gone for good, after a suspension and after a deletion.
	require.Equal(t, http.StatusOK, e.Disable(ann).Status)
	p.work(t, 30*day-time.Minute)
	require.True(t, there())
	p.work(t, 2*time.Minute)
	assert.False(t, there())
	assert.Equal(t, http.StatusNotFound, e.Do(http.MethodGet, "/Users/"+ann, nil).Status)
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM user_roles WHERE user_id = $1`, ann))
	assert.Empty(t, p.membersIn(t, group))
	assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM runs WHERE started_by IS NULL`), "what she has done stays")
	again := e.Create(person("ann"))
	assert.NotEqual(t, ann, again)
	ann = again
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+ann, nil).Status)
	p.work(t, 30*day-time.Minute)
	require.True(t, there())
	p.work(t, 2*time.Minute)
	assert.False(t, there())
}

func otherPeriods(t *testing.T, p product) {
	e := p.connect(t)
	ann, bob := e.Create(person("ann")), e.Create(person("bob"))
	require.Equal(t, http.StatusOK, e.Disable(ann).Status)
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+bob, nil).Status)
	left := func() string {
		return list(t, p.db, `SELECT user_name FROM users WHERE id IN ($1, $2) ORDER BY user_name`, ann, bob)
	}
	p.work(t, 2*day-time.Minute)
	assert.Equal(t, "ann@acme.example, bob@acme.example", left())
	p.work(t, 2*time.Minute)
	assert.Equal(t, "bob@acme.example", left())
	p.work(t, 3*day-2*time.Minute)
	assert.Equal(t, "bob@acme.example", left())
	p.work(t, 2*time.Minute)
	assert.Empty(t, left())
}

var sent = regexp.MustCompile(`initial password is (\S+) –`)

func initialPassword(t *testing.T, p product) {
	e := p.connect(t)
	const theirs = "Pw-of-Azure-4711"
	r := e.Post(with(person("ann"), "password", theirs))
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	ann := r.ID()
	answers := r.Text
	p.work(t, time.Second)
	require.Regexp(t, sent, p.mails["ann@acme.example"])
	password := sent.FindStringSubmatch(p.mails["ann@acme.example"])[1]

	// It follows the policy, and is another one each time.
	assert.Len(t, password, 16)
	for _, class := range classes {
		assert.True(t, strings.ContainsAny(password, class), "%q has none of %s", password, class)
	}
	e.Create(person("bob"))
	p.work(t, time.Second)
	assert.NotEqual(t, password, sent.FindStringSubmatch(p.mails["bob@acme.example"])[1])

	// What is kept of it is a hash.
	hashed := one[string](t, p.db, `SELECT password FROM users WHERE id = $1`, ann)
	assert.True(t, isPassword(hashed, password))
	assert.False(t, isPassword(hashed, password+"x"))
	assert.False(t, isPassword(hashed, theirs))

	// It is never returned and never logged, and neither is one that Azure sends.
	answers += e.Find("userName", "ann@acme.example").Text + e.Do(http.MethodGet, "/Users/"+ann, nil).Text + e.Patch("/Users/"+ann, entra.Replace("password", theirs)).Text
	tables := list(t, p.db, `SELECT data FROM muster_state`)
	require.Contains(t, answers, "ann@acme.example")
	require.Contains(t, tables, ann)
	for where, text := range map[string]string{"answers": answers, "log": p.said.String(), "records and provisioning log": tables} {
		for _, secret := range []string{password, theirs, hashed} {
			assert.NotContains(t, text, secret, where)
		}
	}
	assert.True(t, isPassword(one[string](t, p.db, `SELECT password FROM users WHERE id = $1`, ann), password), "Azure sets none")

	// Who was here already, or comes back, keeps the password they have.
	p.insert(t, "u-cid", "cid@acme.example", "cid@acme.example", nil)
	assert.Equal(t, "u-cid", e.Create(person("cid")))
	require.Equal(t, http.StatusOK, e.Disable(ann).Status)
	require.Equal(t, http.StatusOK, e.Restore(ann).Status)
	p.work(t, time.Second)
	assert.NotContains(t, p.mails, "cid@acme.example")
	assert.Equal(t, hashed, one[string](t, p.db, `SELECT password FROM users WHERE id = $1`, ann))

	// A letter that can't be sent is sent later.
	p.app.mail = func(string, string) error { return io.ErrClosedPipe }
	e.Create(person("dan"))
	require.ErrorIs(t, p.scim.RunOnce(t.Context()), io.ErrClosedPipe)
	assert.NotContains(t, p.mails, "dan@acme.example")
	p.app.mail = func(to, text string) error {
		p.mails[to] = text
		return nil
	}
	p.work(t, time.Hour)
	require.Regexp(t, sent, p.mails["dan@acme.example"])
	assert.True(t, isPassword(one[string](t, p.db, `SELECT password FROM users WHERE user_name = 'dan@acme.example'`), sent.FindStringSubmatch(p.mails["dan@acme.example"])[1]))
	assert.ErrorContains(t, func() error { _, err := (policy{Length: 4}).make(); return err }(), "12")
}

func groupComesBack(t *testing.T, p product) {
	e := p.connect(t)
	ann, bob, cid := e.Create(person("ann")), e.Create(person("bob")), e.Create(person("cid"))
	inner := createGroup(t, e, "Inner", "g-0")
	sales := createGroup(t, e, "Sales", "g-1", ann, bob, cid, inner)
	other := createGroup(t, e, "Other", "g-2", ann)

	root := p.as(t, "root@acme.example")
	for _, id := range []string{sales, other} {
		status, text := root.Post("/admin/groups/" + id + "/delete")
		require.Equal(t, http.StatusOK, status, text)
	}
	assert.Equal(t, "Inner", list(t, p.db, `SELECT name FROM user_groups`))
	assert.Equal(t, http.StatusNotFound, e.Do(http.MethodGet, "/Groups/"+sales, nil).Status)
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+cid, nil).Status)

	// Azure makes it again, without members.
	p.work(t, 200*day)
	assert.Empty(t, p.membersIn(t, createGroup(t, e, "Third", "g-3")), "of another externalId")
	again := createGroup(t, e, "Sales", "g-1")
	assert.NotEqual(t, sales, again)
	assert.Equal(t, "ann@acme.example, bob@acme.example", p.membersIn(t, again), "but for who is gone")
	assert.Equal(t, "Inner", list(t, p.db, `SELECT g.name FROM group_groups n JOIN user_groups g ON g.id = n.inner_id WHERE n.outer_id = $1`, again))

	// Not those of a group that Azure has deleted itself.
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Groups/"+again, nil).Status)
	assert.Empty(t, p.membersIn(t, createGroup(t, e, "Sales", "g-1")))

	// Nor for ever.
	p.work(t, 200*day)
	e = p.connect(t) // the other token has expired
	assert.Empty(t, p.membersIn(t, createGroup(t, e, "Other", "g-2")))
}

func nestedKept(t *testing.T, p product) {
	e := p.connect(t)
	ann, boss := e.Create(person("ann")), e.Create(person("boss"))
	inner, outer := createGroup(t, e, "Inner", "g-1", ann), createGroup(t, e, "Outer", "g-2")
	users := one[int](t, p.db, `SELECT count(*) FROM users`)
	require.Equal(t, http.StatusNoContent, e.AddMember(outer, inner).Status)
	require.Equal(t, http.StatusNoContent, e.AddMember(outer, boss).Status)
	within := func() string {
		return list(t, p.db, `SELECT g.name FROM group_groups n JOIN user_groups g ON g.id = n.inner_id WHERE n.outer_id = $1`, outer)
	}
	assert.Equal(t, "Inner", within())
	assert.Equal(t, "boss@acme.example", p.membersIn(t, outer), "it is no user")
	assert.Equal(t, users, one[int](t, p.db, `SELECT count(*) FROM users`))
	types := map[any]any{}
	for _, m := range e.Do(http.MethodGet, "/Groups/"+outer, nil).Body["members"].([]any) {
		types[m.(entra.Object)["value"]] = m.(entra.Object)["type"]
	}
	assert.Equal(t, map[any]any{inner: "Group", boss: "User"}, types)
	require.Equal(t, http.StatusNoContent, e.RemoveMember(outer, inner).Status)
	assert.Empty(t, within())

	// A group that stands for a role has groups in it, too, whose members do not have the
	// role. The application does not have it, so it is in no group of the application's.
	role := createGroup(t, e, "role.user", "r-1", inner)
	assert.Contains(t, e.Do(http.MethodGet, "/Groups/"+role, nil).Text, inner)
	assert.Empty(t, p.rolesOf(t, ann))
	r := e.AddMember(outer, role)
	assert.Equal(t, http.StatusBadRequest, r.Status, r.Text)
	assert.Contains(t, r.Detail(), "stands for a role")
}

// managerCleared goes through the forms in which a manager is given and taken away.
func managerCleared(t *testing.T, p product) {
	e := p.connect(t)
	ann, boss := e.Create(person("ann")), e.Create(person("boss"))
	const urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	manager := func() string {
		return one[string](t, p.db, `SELECT coalesce(manager_id, '-') FROM users WHERE id = $1`, ann)
	}
	forms := []any{
		entra.Remove(urn + ":manager"), entra.Remove(urn + ":manager.value"), entra.Remove("manager"),
		entra.Replace(urn+":manager", ""), entra.Replace(urn+":manager", entra.Object{"value": ""}), entra.Replace(urn+":manager", entra.Object{"value": nil}),
		entra.Replace(urn+":manager", []any{}), entra.Replace(urn+":manager.value", ""), entra.Replace("", entra.Object{urn + ":manager": ""}),
		entra.Replace("", entra.Object{urn: entra.Object{"manager": nil}}), entra.Replace("", entra.Object{urn + ":manager": entra.Object{"value": ""}}),
		`{"op":"Replace","path":"` + urn + `:manager","value":null}`, `{"op":"Remove","path":"` + urn + `:manager","value":""}`,
		`{"op":"Add","path":"` + urn + `:manager","value":""}`,
	}
	sets := []any{
		entra.Add(urn+":manager", boss), entra.Add(urn+":manager", entra.Object{"value": boss}), entra.Add("manager", []any{entra.Object{"$ref": "x", "value": boss}}),
		entra.Replace(urn+":manager.value", boss), entra.Add("", entra.Object{urn + ":manager": boss}),
	}
	for i, clears := range forms {
		r := e.Do(http.MethodPatch, "/Users/"+ann, entra.Object{"Operations": []any{raw(t, sets[i%len(sets)])}})
		require.Equal(t, http.StatusOK, r.Status, r.Text)
		require.Equal(t, boss, manager(), "%v", sets[i%len(sets)])
		r = e.Do(http.MethodPatch, "/Users/"+ann, entra.Object{"Operations": []any{raw(t, clears)}})
		require.Equal(t, http.StatusOK, r.Status, "%v: %s", clears, r.Text)
		assert.Equal(t, "-", manager(), "%v", clears)
		assert.NotContains(t, r.Text, "manager")
	}

	// So is one in a replacement, which has none, and nobody comes in with one.
	whole := []entra.Object{
		with(person("ann"), urn, entra.Object{"department": "Sales"}), person("ann"),
		with(person("ann"), urn, entra.Object{"manager": nil}), with(person("ann"), urn, entra.Object{"manager": ""}), with(person("ann"), urn, entra.Object{"manager": []any{}}),
		with(person("ann"), urn, entra.Object{"manager": entra.Object{}}), with(person("ann"), urn, entra.Object{"manager": entra.Object{"value": ""}}),
		with(person("ann"), urn, entra.Object{"manager": entra.Object{"value": nil}}),
	}
	for i, body := range whole {
		r := e.Do(http.MethodPut, "/Users/"+ann, with(person("ann"), urn, entra.Object{"manager": entra.Object{"value": boss}}))
		require.Equal(t, http.StatusOK, r.Status, r.Text)
		require.Equal(t, boss, manager())
		r = e.Do(http.MethodPut, "/Users/"+ann, body)
		require.Equal(t, http.StatusOK, r.Status, "%v: %s", body, r.Text)
		assert.Equal(t, "-", manager(), "%v", body)
		name := fmt.Sprintf("new%d", i)
		id := e.Create(with(body, "userName", name+"@acme.example", "externalId", name, emailPath[:strings.LastIndex(emailPath, ":")], entra.Object{"email": name + "@acme.example"}))
		assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM users WHERE id = $1 AND manager_id IS NULL`, id), "%v", body)
	}
}

func nestedRefused(t *testing.T, p product) {
	e := p.connect(t)
	ann := e.Create(person("ann"))
	inner, outer := createGroup(t, e, "Inner", "g-1"), createGroup(t, e, "Outer", "g-2")

	// By no way, and not into a group that stands for a role either.
	role := createGroup(t, e, "role.user", "r-1")
	for _, r := range []entra.Reply{
		e.Do(http.MethodPost, "/Groups", azureGroup("Third", "g-3", ann, inner)),
		e.Do(http.MethodPost, "/Groups", azureGroup("role.approver", "r-2", ann, inner)),
		e.Do(http.MethodPut, "/Groups/"+outer, azureGroup("Other", "g-2", ann, inner)),
		e.Patch("/Groups/"+outer, entra.Replace("displayName", "Other"), entra.Replace("members", values(ann, inner))),
		e.AddMember(outer, inner), e.AddMember(role, inner), e.AddMember(outer, role),
	} {
		assert.Equal(t, http.StatusBadRequest, r.Status, r.Text)
		assert.Contains(t, r.Detail(), "only users")
	}
	assert.Zero(t, one[int](t, p.db, `SELECT (SELECT count(*) FROM group_groups) + (SELECT count(*) FROM group_users)`))
	assert.Equal(t, "Inner, Outer", list(t, p.db, `SELECT name FROM user_groups ORDER BY name`), "nothing is done by half")
	assert.Empty(t, e.FindGroup("role.approver").Resources())
	assert.Empty(t, p.rolesOf(t, ann))

	// Users can be members, now as before.
	require.Equal(t, http.StatusNoContent, e.AddMember(outer, ann).Status)
	assert.Equal(t, "ann@acme.example", p.membersIn(t, outer))
}

func onDemand(t *testing.T, p product) {
	e := p.connect(t)
	var ids, names []string
	for i := range 12 {
		name := fmt.Sprintf("u%02d", i)
		require.Empty(t, e.Find("externalId", "az-"+name).Resources()) // one user at a time
		ids, names = append(ids, e.Create(person(name))), append(names, name+"@acme.example")
		found := e.Find("externalId", "az-"+name).Resources()
		require.Len(t, found, 1)
		assert.Equal(t, ids[i], found[0]["id"])
	}

	// A group and a role, five members at a time; those of before stay.
	sales, role := createGroup(t, e, "Sales", "g-1"), createGroup(t, e, "role.user", "r-1")
	for from := 0; from < len(ids); from += 5 {
		to := min(from+5, len(ids))
		for _, group := range []string{sales, role} {
			require.Len(t, e.FindGroup(map[string]string{sales: "Sales", role: "role.user"}[group]).Resources(), 1)
			require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+group, entra.Add("members", values(ids[from:to]...))).Status)
		}
		assert.Equal(t, strings.Join(names[:to], ", "), p.membersIn(t, sales))
		assert.Equal(t, to, one[int](t, p.db, `SELECT count(*) FROM user_roles WHERE role = 'user' AND given_by = 'scim'`))
	}

	// The same five once more change nothing, and five go again.
	require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+sales, entra.Add("members", values(ids[:5]...))).Status)
	assert.Equal(t, strings.Join(names, ", "), p.membersIn(t, sales))
	for _, group := range []string{sales, role} {
		require.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+group, entra.Op{Op: "Remove", Path: "members", Value: values(ids[:5]...)}).Status)
	}
	assert.Equal(t, strings.Join(names[5:], ", "), p.membersIn(t, sales))
	assert.Equal(t, 7, one[int](t, p.db, `SELECT count(*) FROM user_roles WHERE role = 'user' AND given_by = 'scim'`))
}

// TestProgram runs it as the README says, and does what it prints to try.
func TestProgram(t *testing.T) {
	databases := map[string]string{"a file of its own": "", "postgres": dbtest.PostgresDSN(t), "sqlite": filepath.Join(t.TempDir(), "tim.db")}
	for name, db := range databases {
		t.Run(name, func(t *testing.T) {
			found := trial.Run(t, run, regexp.MustCompile(`Tenant URL:\s+(\S+)\n\s+Secret token:\s+(\S+)\n`), "-db", db,
				"-token-lifetime", "6m", "-disabled-for", "2w", "-deleted-for", "1m", "-internal-roles", "system,timer")
			e := entra.New(t, found[0], found[1])
			require.Equal(t, http.StatusOK, e.TestConnection().Status)
			ann := e.Create(person("ann"))
			createGroup(t, e, "role.approver", "g-1", ann)
			b := browser.New(t, strings.TrimSuffix(found[0], basePath))
			_, text := b.Post("/login", "name", "ann@acme.example")
			assert.Contains(t, text, "Approve an invoice")
			b = browser.New(t, strings.TrimSuffix(found[0], basePath))
			b.Post("/login", "name", "root@acme.example")
			_, text = b.Get("/admin")
			assert.Contains(t, text, "336h0m0s")
			assert.Contains(t, text, "system, timer<")
		})
	}
	assert.ErrorContains(t, run(t.Context(), []string{"-disabled-for", "soon"}, io.Discard), "soon")
}

func TestWiring(t *testing.T) { trial.Wiring(t) }

// raw is an operation as it is sent.
func raw(t *testing.T, op any) any {
	t.Helper()
	if text, ok := op.(string); ok {
		return jsonText(text)
	}
	return op
}

// jsonText is marshalled as it is.
type jsonText string

func (j jsonText) MarshalJSON() ([]byte, error) { return []byte(j), nil }
