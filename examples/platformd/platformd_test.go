package main

import (
	"crypto/rand"
	"crypto/rsa"
	"database/sql"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/examples/internal/browser"
	"github.com/muster-scim/muster/examples/internal/entra"
	"github.com/muster-scim/muster/examples/internal/trial"
	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim/token"
)

// product is the application as it is run.
type product struct{ *app }

func start(t *testing.T, db *sql.DB) product {
	t.Helper()
	a, err := openApp(t.Context(), db, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	var mux http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mux.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	a.url = server.URL
	require.NoError(t, a.provision(t.Context()))
	mux = a.mux()
	return product{a}
}

// connect makes a password and gives it to Entra as the secret token.
func (p product) connect(t *testing.T) *entra.Client {
	t.Helper()
	_, secret, err := p.tokens.Issue(t.Context(), demoOrg, token.Issue{Connection: connection, UserName: connectorUser})
	require.NoError(t, err)
	return entra.New(t, p.url+basePath, secret.Reveal())
}

// root is the administrator that the customer begins with.
func (p product) root(t *testing.T) *browser.Browser {
	t.Helper()
	b := browser.New(t, p.url)
	status, text := b.Post("/login", "email", "root@acme.example")
	require.Equal(t, http.StatusOK, status, text)
	return b
}

// coursesOf are what a person sees in the app.
func (p product) coursesOf(t *testing.T, id string) string {
	t.Helper()
	all, err := p.courses(t.Context(), id)
	require.NoError(t, err)
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// column reads values from the application's tables.
func (p product) column(t *testing.T, text string, args ...any) string {
	t.Helper()
	all, err := query(t.Context(), p.db, func(v *string) []any { return []any{v} }, text, args...)
	require.NoError(t, err, text)
	return strings.Join(all, ", ")
}

// user is one who has all that is required.
func user(name string, more entra.Object) entra.Object {
	u := entra.Object{
		"userName": name + "@acme.example", "active": true, "userType": standard,
		"name": entra.Object{"givenName": strings.ToUpper(name[:1]) + name[1:], "familyName": "Lee"},
	}
	for k, v := range more {
		u[k] = v
	}
	return u
}

const foldersURN = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName"

// on shows a behaviour on both databases.
func on(show func(t *testing.T, p product)) func(t *testing.T) {
	return func(t *testing.T) {
		dbtest.Each(t, func(t *testing.T, db *sql.DB) { show(t, start(t, db)) })
	}
}

// TestPlatformD shows each numbered behaviour of the product.
func TestPlatformD(t *testing.T) {
	trial.Lines(t, "Platform-D",
		trial.Show("1 user name and password, or bearer", on(connector1)),
		trial.Show("2 required attributes", on(required)),
		trial.Show("3 userType is a licence", on(licences)),
		trial.Show("4 web access by app roles", on(webAccessByRoles)),
		trial.Show("5 folders", on(foldersOfPeople)),
		trial.Show("6 open metadata", on(openMetadata)),
		trial.Show("7 groups, import and deactivation", on(groupsAndImport)),
		trial.Show("8 login method", on(loginMethod)),
		trial.Show("9 sign-on by OpenID Connect", on(signOnByOpenID)),
	)
}

var shown = regexp.MustCompile(`<code id="password">([^<]+)</code>`)

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func connector1(t *testing.T, p product) {
	b := p.root(t)
	status, text := b.Post("/admin/password")
	require.Equal(t, http.StatusOK, status, text)
	require.Regexp(t, shown, text)
	password := shown.FindStringSubmatch(text)[1]
	for _, part := range []string{"SCIM URL", p.url + basePath, "User name", connectorUser} {
		assert.Contains(t, text, part)
	}
	_, text = b.Get("/admin/connector")
	assert.NotContains(t, text, password, "shown once")

	// Both are the same connection: who comes by one is known by the other.
	byName := entra.WithAuthorization(t, p.url+basePath, basic(connectorUser, password))
	byToken := entra.New(t, p.url+basePath, password)
	for _, e := range []*entra.Client{byName, byToken} {
		r := e.TestConnection()
		assert.Equal(t, http.StatusOK, r.Status, r.Text)
	}
	id := byName.Create(user("ann", nil))
	assert.Equal(t, http.StatusConflict, byToken.Post(user("ann", nil)).Status)
	assert.Equal(t, http.StatusOK, byToken.Patch("/Users/"+id, entra.Replace("name.givenName", "Anna")).Status)
	var links []string
	logged := byToken.Do(http.MethodGet, "/ServiceProviderConfig", nil)
	for _, scheme := range logged.Body["authenticationSchemes"].([]any) {
		links = append(links, scheme.(map[string]any)["type"].(string))
	}
	assert.ElementsMatch(t, []string{"oauthbearertoken", "httpbasic"}, links)

	for name, authorization := range map[string]string{
		"wrong password": basic(connectorUser, password+"0"), "wrong user": basic("root", password), "none": "", "wrong token": "Bearer " + password + "x",
	} {
		r := entra.WithAuthorization(t, p.url+basePath, authorization).TestConnection()
		assert.Equal(t, http.StatusUnauthorized, r.Status, name)
		challenges := strings.Join(r.Header.Values("WWW-Authenticate"), ", ")
		assert.Contains(t, challenges, "Basic", name)
		assert.Contains(t, challenges, "Bearer", name)
	}

	// A new password ends both forms of the one before.
	b.Post("/admin/password")
	assert.Equal(t, http.StatusUnauthorized, byName.TestConnection().Status)
	assert.Equal(t, http.StatusUnauthorized, byToken.TestConnection().Status)
}

func required(t *testing.T, p product) {
	e := p.connect(t)
	for _, missing := range []struct {
		body  entra.Object
		names []string
	}{
		{entra.Object{"userType": standard}, []string{"userName", "name.givenName", "name.familyName"}},
		{entra.Object{"userType": standard, "userName": "x@acme.example"}, []string{"name.givenName", "name.familyName"}},
		{entra.Object{"userType": standard, "userName": "x@acme.example", "name": nil}, []string{"name.givenName", "name.familyName"}},
		{user("x", entra.Object{"name": entra.Object{"givenName": "X"}}), []string{"name.familyName"}},
		{user("x", entra.Object{"name": entra.Object{"familyName": "X", "givenName": ""}}), []string{"name.givenName"}},
		{user("x", entra.Object{"userName": nil}), []string{"userName"}},
	} {
		r := e.Post(missing.body)
		require.Equal(t, http.StatusBadRequest, r.Status, r.Text)
		assert.Equal(t, "invalidValue", r.Body["scimType"])
		for _, name := range []string{"userName", "name.givenName", "name.familyName"} {
			if slices.Contains(missing.names, name) {
				assert.Contains(t, r.Detail(), name)
			} else {
				assert.NotContains(t, r.Detail(), name)
			}
		}
	}
	assert.Equal(t, "root@acme.example", p.column(t, `SELECT email FROM accounts`))

	// The address is unique, ignoring case, and found so.
	id := e.Create(user("ann", nil))
	r := e.Post(user("ann", entra.Object{"userName": "ANN@Acme.Example"}))
	assert.Equal(t, http.StatusConflict, r.Status)
	assert.Equal(t, "uniqueness", r.Body["scimType"])
	found := e.Find("userName", "Ann@ACME.example").Resources()
	require.Len(t, found, 1)
	assert.Equal(t, id, found[0]["id"])
	bob := e.Create(user("bob", nil))
	assert.Equal(t, http.StatusConflict, e.Patch("/Users/"+bob, entra.Replace("userName", "ANN@acme.example")).Status)

	for _, wrong := range []string{"ann", "Ann <a@acme.example>", "änn@acme.example"} {
		assert.Equal(t, http.StatusBadRequest, e.Patch("/Users/"+bob, entra.Replace("userName", wrong)).Status)
	}

	// They can be changed, not taken away.
	require.Equal(t, http.StatusOK, e.Patch("/Users/"+id, entra.Replace("name.familyName", "Park")).Status)
	for _, op := range []entra.Op{entra.Remove("name.familyName"), entra.Remove("name"), entra.Remove("userName"), entra.Replace("name.givenName", "")} {
		r := e.Patch("/Users/"+id, op)
		assert.Equal(t, http.StatusBadRequest, r.Status, "%v: %s", op, r.Text)
	}
	assert.Equal(t, "ann@acme.example Ann Park", p.column(t, `SELECT email || ' ' || first_name || ' ' || last_name FROM accounts WHERE id = $1`, id))
}

func licences(t *testing.T, p product) {
	e := p.connect(t)
	ann := e.Create(user("ann", entra.Object{"userType": premium}))
	assert.Equal(t, premium, p.column(t, `SELECT licence FROM accounts WHERE id = $1`, ann))
	for _, wrong := range []string{"premium", "PREMIUM", "Standard ", "Gold"} {
		r := e.Post(user("x", entra.Object{"userType": wrong}))
		require.Equal(t, http.StatusBadRequest, r.Status, "%s: %s", wrong, r.Text)
		for _, part := range []string{"userType", `"Premium"`, `"Standard"`, wrong} {
			assert.Contains(t, r.Detail(), part)
		}
		assert.Equal(t, http.StatusBadRequest, e.Patch("/Users/"+ann, entra.Replace("userType", wrong)).Status)
	}

	// Without a default, none is refused in every form.
	without := user("bob", nil)
	delete(without, "userType")
	for _, body := range []entra.Object{without, user("bob", entra.Object{"userType": nil})} {
		r := e.Post(body)
		require.Equal(t, http.StatusBadRequest, r.Status, r.Text)
		assert.Contains(t, r.Detail(), "userType")
	}
	for _, op := range []entra.Op{entra.Remove("userType"), entra.Replace("", entra.Object{"userType": nil})} {
		assert.Equal(t, http.StatusBadRequest, e.Patch("/Users/"+ann, op).Status, op)
	}
	assert.Equal(t, premium, p.column(t, `SELECT licence FROM accounts WHERE id = $1`, ann))

	// With one it is that.
	b := p.root(t)
	status, _ := b.Post("/admin/connector", "licence", "Gold")
	assert.Equal(t, http.StatusBadRequest, status)
	status, _ = b.Post("/admin/connector", "licence", standard)
	require.Equal(t, http.StatusOK, status)
	cid := user("cid", nil)
	delete(cid, "userType")
	for _, body := range []entra.Object{cid, user("bob", entra.Object{"userType": nil})} {
		id := e.Create(body)
		assert.Equal(t, standard, p.column(t, `SELECT licence FROM accounts WHERE id = $1`, id))
	}
	for _, op := range []entra.Op{entra.Remove("userType"), entra.Replace("", entra.Object{"userType": nil})} {
		require.Equal(t, http.StatusOK, e.Patch("/Users/"+ann, entra.Replace("userType", premium)).Status)
		r := e.Patch("/Users/"+ann, op)
		require.Equal(t, http.StatusOK, r.Status, r.Text)
		assert.Equal(t, standard, r.Body["userType"])
	}
	assert.Equal(t, http.StatusBadRequest, e.Post(user("x", entra.Object{"userType": "Gold"})).Status)

	// The licence decides what one sees.
	_, err := p.db.ExecContext(t.Context(), `INSERT INTO account_folders SELECT $1, id FROM folders WHERE name = 'Sales'`, ann)
	require.NoError(t, err)
	assert.Equal(t, "The price list", p.coursesOf(t, ann))
	_, err = p.db.ExecContext(t.Context(), `UPDATE accounts SET licence = 'Premium' WHERE id = $1`, ann)
	require.NoError(t, err)
	assert.Equal(t, "Negotiating, The price list", p.coursesOf(t, ann))
}

// web is what provisioning gives of web access.
func (p product) web(t *testing.T, id string) string {
	t.Helper()
	return p.column(t, `SELECT role FROM web_access WHERE account_id = $1 AND given_by = 'scim' ORDER BY role`, id)
}

func webAccessByRoles(t *testing.T, p product) {
	e := p.connect(t)
	ann := e.Create(user("ann", entra.Object{"roles": []entra.Object{{"primary": "True", "display": "User", "value": "User", "type": "WindowsAzureActiveDirectoryRole"}}}))
	assert.Equal(t, "User", p.web(t, ann))

	// The forms that Entra has for a change.
	for _, change := range []struct {
		op   entra.Op
		want string
	}{
		{entra.Replace(`roles[primary eq "True"].value`, "Admin"), "Admin"},
		{entra.Add(`roles[primary eq "True"].value`, "ReadOnly"), "ReadOnly"},
		{entra.Replace("roles", []entra.Object{{"primary": false, "display": "User", "value": "User"}, {"primary": false, "display": "EnterpriseAdmin", "value": "EnterpriseAdmin"}}), "EnterpriseAdmin"},
		{entra.Remove("roles"), ""},
		{entra.Add("roles", []entra.Object{{"value": `{"id":"06b0","value":"Admin","displayName":"Administrators"}`}}), "Admin"},
		{entra.Remove("roles"), ""},
		{entra.Add(`roles[primary eq "True"].value`, "User"), "User"},
	} {
		r := e.Patch("/Users/"+ann, change.op)
		require.Equal(t, http.StatusOK, r.Status, "%v: %s", change.op, r.Text)
		assert.Equal(t, change.want, p.web(t, ann), change.op)
	}
	assert.Equal(t, http.StatusOK, e.Do(http.MethodGet, "/Users?filter="+url.QueryEscape(`roles[primary eq "True"].value eq "User"`), nil).Status)

	r := e.Patch("/Users/"+ann, entra.Replace(`roles[primary eq "True"].value`, "Owner"))
	require.Equal(t, http.StatusBadRequest, r.Status)
	for _, role := range append(webRoles, "Owner", "roles") {
		assert.Contains(t, r.Detail(), role)
	}
	assert.Equal(t, "User", p.web(t, ann))

	// What was given by hand stays.
	_, err := p.db.ExecContext(t.Context(), `INSERT INTO web_access (account_id, role, given_by) VALUES ($1, 'ReadOnly', 'hand')`, ann)
	require.NoError(t, err)
	for _, op := range []entra.Op{entra.Remove("roles"), entra.Add(`roles[primary eq "True"].value`, "User")} {
		require.Equal(t, http.StatusOK, e.Patch("/Users/"+ann, op).Status)
		assert.Equal(t, "ReadOnly", p.column(t, `SELECT role FROM web_access WHERE account_id = $1 AND given_by = 'hand'`, ann), op)
	}
	assert.Equal(t, "User", p.web(t, ann))

	// Who has none has the app only.
	bob := e.Create(user("bob", entra.Object{"roles": []any{}}))
	assert.Empty(t, p.web(t, bob))
	for name, may := range map[string][]int{
		"bob": {http.StatusForbidden, http.StatusForbidden}, "ann": {http.StatusOK, http.StatusForbidden}, "root": {http.StatusOK, http.StatusOK},
	} {
		_, err = p.db.ExecContext(t.Context(), `UPDATE accounts SET login = 'built-in'`)
		require.NoError(t, err)
		b := browser.New(t, p.url)
		_, text := b.Post("/login", "email", name+"@acme.example")
		assert.Contains(t, text, "Your courses", name)
		for i, path := range []string{"/web", "/admin/connector"} {
			status, _ := b.Get(path)
			assert.Equal(t, may[i], status, "%s at %s", name, path)
		}
	}
	assert.Equal(t, "EnterpriseAdmin hand", p.column(t, `SELECT w.role || ' ' || w.given_by FROM web_access w JOIN accounts a ON a.id = w.account_id WHERE a.email = 'root@acme.example'`))
}

func foldersOfPeople(t *testing.T, p product) {
	e := p.connect(t)
	safety := p.column(t, `SELECT id FROM folders WHERE name = 'Safety'`)
	granted := func(id string) string {
		return p.column(t, `SELECT f.name FROM account_folders a JOIN folders f ON f.id = a.folder_id WHERE a.account_id = $1 ORDER BY f.name`, id)
	}
	// By external id or GUID, in any case.
	ann := e.Create(user("ann", entra.Object{foldersURN: entra.Object{"folders": []string{"onboarding", strings.ToUpper(safety)}}}))
	assert.Equal(t, "Onboarding, Safety", granted(ann))
	assert.Equal(t, "Your first week, Fire and first aid", p.coursesOf(t, ann))

	for _, change := range []struct {
		op   entra.Op
		want string
	}{
		{entra.Add(foldersURN+":folders", []string{"sales"}), "Onboarding, Safety, Sales"},
		{entra.Replace(foldersURN+":folders", []string{"sales", "sales", safety}), "Safety, Sales"},
		{entra.Replace("", entra.Object{foldersURN + ":folders": []string{"onboarding"}}), "Onboarding"},
		{entra.Replace("", entra.Object{foldersURN: entra.Object{"folders": []string{"sales"}}}), "Sales"},
		{entra.Replace(foldersURN+":folders", "onboarding"), "Onboarding"},
		{entra.Remove(foldersURN + ":folders"), ""},
		{entra.Add(foldersURN+":folders", []entra.Object{{"value": "safety"}}), "Safety"},
	} {
		r := e.Patch("/Users/"+ann, change.op)
		require.Equal(t, http.StatusOK, r.Status, "%v: %s", change.op, r.Text)
		assert.Equal(t, change.want, granted(ann), change.op)
	}

	// One that is not there is named, and nothing is done.
	for _, do := range []func() entra.Reply{
		func() entra.Reply {
			return e.Patch("/Users/"+ann, entra.Replace("name.givenName", "Other"), entra.Add(foldersURN+":folders", []string{"sales", "attic", "cellar"}))
		},
		func() entra.Reply {
			return e.Post(user("bob", entra.Object{foldersURN: entra.Object{"folders": []string{"attic", "cellar"}}}))
		},
	} {
		r := do()
		require.Equal(t, http.StatusBadRequest, r.Status, r.Text)
		assert.Equal(t, "invalidValue", r.Body["scimType"])
		for _, part := range []string{foldersURN + ":folders", "attic", "cellar", "GUIDs or external ids"} {
			assert.Contains(t, r.Detail(), part)
		}
	}
	assert.Equal(t, "Safety", granted(ann))
	assert.Equal(t, "Ann", p.column(t, `SELECT first_name FROM accounts WHERE id = $1`, ann))
	assert.Empty(t, e.Find("userName", "bob@acme.example").Resources())

	// A change of anything else leaves them alone, and they are shown as they were sent.
	r := e.Patch("/Users/"+ann, entra.Replace("name.familyName", "Park"))
	assert.Equal(t, []any{"safety"}, r.Body[foldersURN].(map[string]any)["folders"])
	assert.Equal(t, "Safety", granted(ann))
}

func openMetadata(t *testing.T, p product) {
	e := p.connect(t)
	metadata := func(r entra.Reply) map[string]any {
		m, _ := r.Body[metadataURN].(map[string]any)
		return m
	}
	r := e.Post(user("ann", entra.Object{metadataURN: entra.Object{
		"costCentre": 4711, "manager of": []string{"bob", "cid"}, "remote": true, "ratio": 1.50, "office": "Bern", "gone": nil, "address": entra.Object{"city": "Bern"},
	}}))
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	ann := r.ID()
	want := map[string]any{"costCentre": "4711", "manager of": `["bob","cid"]`, "remote": "true", "ratio": "1.5", "office": "Bern", "address": `{"city":"Bern"}`}
	assert.Equal(t, want, metadata(r))
	kept := p.column(t, `SELECT metadata FROM accounts WHERE id = $1`, ann)
	assert.JSONEq(t, `{"costCentre":"4711","manager of":"[\"bob\",\"cid\"]","remote":"true","ratio":"1.5","office":"Bern","address":"{\"city\":\"Bern\"}"}`, kept)

	// Keys that nobody has heard of are patched, in both forms, and taken away.
	r = e.Patch("/Users/"+ann, entra.Add(metadataURN+":badge", "A-17"), entra.Replace(metadataURN+":OFFICE", "Basel"),
		entra.Replace("", entra.Object{metadataURN + ":level": 3, metadataURN + ":remote": false}), entra.Remove(metadataURN+":address"))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	delete(want, "address")
	want["badge"], want["office"], want["level"], want["remote"] = "A-17", "Basel", "3", "false"
	assert.Equal(t, want, metadata(r))
	r = e.Patch("/Users/"+ann, entra.Remove(metadataURN+":costCentre"), entra.Replace("", entra.Object{metadataURN + ":office": nil}))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	delete(want, "costCentre")
	delete(want, "office")
	assert.Equal(t, want, metadata(e.Do(http.MethodGet, "/Users/"+ann, nil)))
	assert.JSONEq(t, `{"manager of":"[\"bob\",\"cid\"]","remote":"false","ratio":"1.5","badge":"A-17","level":"3"}`, p.column(t, `SELECT metadata FROM accounts WHERE id = $1`, ann))

	// Filters on them find exactly who has the value.
	bob := e.Create(user("bob", entra.Object{metadataURN: entra.Object{"level": 4, "Badge": "B-1"}}))
	for filter, found := range map[string][]string{
		metadataURN + `:level eq "3"`:                             {ann},
		metadataURN + `:LEVEL eq "4"`:                             {bob},
		metadataURN + `:badge sw "b-"`:                            {bob},
		metadataURN + `:badge pr`:                                 {ann, bob},
		metadataURN + `:remote eq "false" and active eq true`:     {ann},
		metadataURN + `:level eq "5"`:                             nil,
		metadataURN + `:nobody pr`:                                nil,
		`not (` + metadataURN + `:level pr) and userName sw "ro"`: {p.column(t, `SELECT id FROM accounts WHERE email = 'root@acme.example'`)},
	} {
		r := e.Do(http.MethodGet, "/Users?filter="+url.QueryEscape(filter), nil)
		require.Equal(t, http.StatusOK, r.Status, "%s: %s", filter, r.Text)
		var ids []string
		for _, u := range r.Resources() {
			ids = append(ids, u["id"].(string))
		}
		assert.ElementsMatch(t, found, ids, filter)
	}

	// The people page shows them.
	_, text := p.root(t).Get("/web")
	assert.Contains(t, text, "A-17")
}

func groupsAndImport(t *testing.T, p product) {
	e := p.connect(t)
	ids := map[string]string{}
	for _, name := range []string{"ann", "bob", "cid", "dan", "eve"} {
		ids[name] = e.Create(user(name, entra.Object{"externalId": "oid-" + name}))
	}
	members := func(team string) string {
		return p.column(t, `SELECT substr(a.email, 1, 3) FROM team_members m JOIN accounts a ON a.id = m.account_id WHERE m.team_id = $1 ORDER BY a.email`, team)
	}

	// A group arrives with its members; then one by one.
	require.Empty(t, e.FindGroup("Sales team").Resources())
	r := e.Do(http.MethodPost, "/Groups", entra.Object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "Sales team", "externalId": "g-1",
		"members": []entra.Object{{"value": ids["ann"]}, {"value": ids["bob"]}},
	})
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	team := r.ID()
	assert.Equal(t, "ann, bob", members(team))
	assert.Equal(t, http.StatusNoContent, e.AddMember(team, ids["cid"]).Status)
	assert.Equal(t, http.StatusNoContent, e.AddMember(team, ids["cid"]).Status, "again")
	assert.Equal(t, http.StatusNoContent, e.RemoveMember(team, ids["ann"]).Status)
	assert.Equal(t, "bob, cid", members(team))
	assert.Equal(t, http.StatusNoContent, e.Patch("/Groups/"+team, entra.Replace("displayName", "Sales EMEA")).Status)
	assert.Equal(t, "Sales EMEA", p.column(t, `SELECT name FROM teams`))
	assert.Equal(t, http.StatusConflict, e.Do(http.MethodPost, "/Groups", entra.Object{"displayName": "SALES emea"}).Status)
	empty := e.CreateGroup("Österreich", "g-2")
	assert.Empty(t, members(empty))
	require.Len(t, e.FindGroup("ÖSTERREICH").Resources(), 1)

	// What the team is given its members see, and nobody else.
	status, _ := p.root(t).Post("/admin/teams/"+team+"/folders", "folder", p.column(t, `SELECT id FROM folders WHERE name = 'Sales'`))
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, "The price list", p.coursesOf(t, ids["bob"]))
	assert.Empty(t, p.coursesOf(t, ids["ann"]))

	// Import: page by page, everybody once, the same total on each.
	var imported []string
	for from := 1; ; {
		r := e.Do(http.MethodGet, fmt.Sprintf("/Users?startIndex=%d&count=2", from), nil)
		require.Equal(t, http.StatusOK, r.Status, r.Text)
		require.EqualValues(t, 6, r.Body["totalResults"])
		require.EqualValues(t, from, r.Body["startIndex"])
		page := r.Resources()
		require.LessOrEqual(t, len(page), 2)
		require.LessOrEqual(t, len(imported), 6, "a page is there again")
		if len(page) == 0 {
			break
		}
		for _, u := range page {
			imported = append(imported, u["userName"].(string))
		}
		from += len(page)
	}
	slices.Sort(imported)
	assert.Equal(t, []string{"ann@acme.example", "bob@acme.example", "cid@acme.example", "dan@acme.example", "eve@acme.example", "root@acme.example"}, imported)

	// Deactivation deactivates, at once and everywhere; memberships wait for the return.
	_, err := p.db.ExecContext(t.Context(), `UPDATE accounts SET login = 'built-in' WHERE id = $1`, ids["bob"])
	require.NoError(t, err)
	bob := browser.New(t, p.url)
	_, text := bob.Post("/login", "email", "bob@acme.example")
	require.Contains(t, text, "The price list")
	require.Equal(t, http.StatusOK, e.Disable(ids["bob"]).Status)
	assert.Equal(t, "bob@acme.example", p.column(t, `SELECT email FROM accounts WHERE NOT active`))
	_, text = bob.Get("/")
	assert.Contains(t, text, "Sign in")
	status, _ = bob.Post("/login", "email", "bob@acme.example")
	assert.Equal(t, http.StatusForbidden, status)
	found := e.Find("externalId", "oid-bob").Resources()
	require.Len(t, found, 1)
	assert.Equal(t, false, found[0]["active"])
	assert.Equal(t, "bob, cid", members(team))
	require.Equal(t, http.StatusOK, e.Restore(ids["bob"]).Status)
	_, text = bob.Post("/login", "email", "bob@acme.example")
	assert.Contains(t, text, "The price list")

	// Deletion takes the membership along; deleting the group leaves the people.
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+ids["bob"], nil).Status)
	assert.Equal(t, "cid", members(team))
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Groups/"+team, nil).Status)
	assert.Equal(t, http.StatusNotFound, e.Do(http.MethodDelete, "/Groups/"+team, nil).Status)
	assert.Equal(t, "Österreich", p.column(t, `SELECT name FROM teams`))
	assert.Equal(t, ids["cid"], p.column(t, `SELECT id FROM accounts WHERE email = 'cid@acme.example'`))
}

func loginMethod(t *testing.T, p product) {
	e := p.connect(t)
	ann := e.Create(user("ann", nil))
	login := func(id string) string { return p.column(t, `SELECT login FROM accounts WHERE id = $1`, id) }
	assert.Equal(t, external, login(ann), "who is provisioned signs in with the company")
	b := browser.New(t, p.url)
	status, text := b.Post("/login", "email", "ann@acme.example")
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, text, "external login")

	// An administrator chooses, and no form of provisioning chooses otherwise.
	root := p.root(t)
	status, _ = root.Post("/admin/accounts/"+ann+"/login", "login", builtIn)
	require.Equal(t, http.StatusOK, status)
	full := user("ann", entra.Object{"login": external, "loginMethod": external, "externalId": "oid-ann"})
	for name, write := range map[string]func() entra.Reply{
		"patch": func() entra.Reply {
			return e.Patch("/Users/"+ann, entra.Replace("name.familyName", "Park"), entra.Add("login", external))
		},
		"put":     func() entra.Reply { return e.Do(http.MethodPut, "/Users/"+ann, full) },
		"disable": func() entra.Reply { return e.Disable(ann) },
		"return":  func() entra.Reply { return e.Post(full) },
	} {
		r := write()
		require.Less(t, r.Status, 500, r.Text)
		assert.Equal(t, builtIn, login(ann), name)
	}
	require.Equal(t, http.StatusOK, e.Disable(ann).Status)
	r := e.Post(full)
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	assert.Equal(t, ann, r.ID(), "the same one comes back")
	assert.Equal(t, builtIn, login(ann))
	_, text = b.Post("/login", "email", "ann@acme.example")
	assert.Contains(t, text, "Your courses")

	// Somebody whom the application had already keeps the built-in login when linked.
	_, err := p.db.ExecContext(t.Context(), `
		INSERT INTO accounts (id, org_id, email, first_name, last_name, licence, login, created_at, updated_at)
		SELECT 'old', org_id, 'old@acme.example', 'Old', 'Hand', licence, login, created_at, updated_at FROM accounts WHERE email = 'root@acme.example'`)
	require.NoError(t, err)
	r = e.Post(user("old", entra.Object{"externalId": "oid-old"}))
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	assert.Equal(t, "old", r.ID())
	assert.Equal(t, builtIn, login("old"))
	assert.Equal(t, "oid-old", p.column(t, `SELECT external_id FROM accounts WHERE id = 'old'`))
}

func signOnByOpenID(t *testing.T, p product) {
	e := p.connect(t)
	provider := newOpenID(t)
	b := browser.New(t, p.url)
	_, text := b.Get("/sso/start")
	assert.Contains(t, text, "not set up")
	root := p.root(t)
	status, _ := root.Post("/admin/connector", "issuer", provider.URL, "client", provider.clientID, "secret", provider.secret)
	require.Equal(t, http.StatusOK, status)
	_, text = root.Get("/admin/connector")
	assert.NotContains(t, text, provider.secret)

	ann := e.Create(user("ann", entra.Object{"externalId": "oid-ann"}))
	bob := e.Create(user("bob", nil))
	rows := func() string {
		return p.column(t, `SELECT id || coalesce(external_id, '') || email || login || CAST(version AS TEXT) FROM accounts ORDER BY id`)
	}
	signIn := func(claims map[string]any) (*browser.Browser, int, string) {
		provider.is(claims)
		b := browser.New(t, p.url)
		status, text := b.Get("/sso/start")
		return b, status, text
	}
	before := rows()

	// By object id, whatever address the provider has meanwhile; then by a verified one.
	for name, claims := range map[string]map[string]any{
		"object id":             {"sub": "s1", "oid": "oid-ann", "email": "other@acme.example"},
		"subject":               {"sub": "oid-ann"},
		"object id goes before": {"sub": "s1", "oid": "oid-ann", "email": "bob@acme.example", "email_verified": true},
	} {
		b, status, text := signIn(claims)
		require.Equal(t, http.StatusOK, status, text)
		assert.Contains(t, text, "ann@acme.example", name)
		_, text = b.Get("/")
		assert.Contains(t, text, "ann@acme.example", name)
	}
	_, status, text = signIn(map[string]any{"sub": "s2", "oid": "oid-bob", "email": "BOB@acme.example", "email_verified": true})
	require.Equal(t, http.StatusOK, status, text)
	assert.Contains(t, text, "bob@acme.example")

	// Nobody else comes in, and nobody is made.
	refused := func(name string, status int, text, reason string) {
		t.Helper()
		assert.Equal(t, http.StatusForbidden, status, name)
		assert.Contains(t, text, reason, name)
		assert.Contains(t, text, "Sign in", name)
	}
	for name, claims := range map[string]map[string]any{
		"not provisioned":    {"sub": "s3", "oid": "oid-eve", "email": "eve@acme.example", "email_verified": true},
		"address unverified": {"sub": "s2", "oid": "oid-bob", "email": "bob@acme.example", "email_verified": false},
		"address unsaid":     {"sub": "s2", "oid": "oid-bob", "email": "bob@acme.example"},
		"empty id":           {"sub": "s4", "oid": "", "email": ""},
	} {
		_, status, text := signIn(claims)
		refused(name, status, text, "no active account")
	}
	assert.Equal(t, before, rows(), "a sign-on changes nobody")

	// A deactivated one is refused, even with a session, until restored.
	require.Equal(t, http.StatusOK, e.Disable(ann).Status)
	assert.Equal(t, "0", p.column(t, `SELECT CAST(count(*) AS TEXT) FROM sessions WHERE account_id = $1`, ann))
	_, status, text = signIn(map[string]any{"sub": "s1", "oid": "oid-ann", "email": "ann@acme.example", "email_verified": true})
	refused("deactivated", status, text, "no active account")
	require.Equal(t, http.StatusOK, e.Restore(ann).Status)

	// The built-in login is not touched: neither signed in nor changed.
	status, _ = root.Post("/admin/accounts/"+bob+"/login", "login", builtIn)
	require.Equal(t, http.StatusOK, status)
	before = rows()
	_, status, text = signIn(map[string]any{"sub": "s2", "oid": "oid-bob", "email": "bob@acme.example", "email_verified": true})
	refused("built-in", status, text, "built-in login")
	_, status, text = signIn(map[string]any{"sub": "r", "oid": "r", "email": "root@acme.example", "email_verified": true})
	refused("root", status, text, "built-in login")
	assert.Equal(t, before, rows())
	assert.Equal(t, "0", p.column(t, `SELECT CAST(count(*) AS TEXT) FROM sessions WHERE account_id = $1`, bob))
	status, _ = root.Post("/admin/accounts/"+bob+"/login", "login", external)
	require.Equal(t, http.StatusOK, status)
	// What is not the provider's answer to this browser is not taken.
	forger, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, spoil := range map[string]func(){
		"signature": func() { provider.forged = forger },
		"nonce":     func() { provider.spoil = func(c map[string]any) { c["nonce"] = "another" } },
		"audience":  func() { provider.spoil = func(c map[string]any) { c["aud"] = "another" } },
		"issuer":    func() { provider.spoil = func(c map[string]any) { c["iss"] = "https://another.example" } },
		"expired":   func() { provider.spoil = func(c map[string]any) { c["exp"] = 1 } },
	} {
		provider.is(map[string]any{"sub": "s1", "oid": "oid-ann"})
		spoil()
		status, text := browser.New(t, p.url).Get("/sso/start")
		refused(name, status, text, "can&#39;t be used")
	}
	provider.is(map[string]any{"sub": "s1", "oid": "oid-ann"})
	provider.state = "another"
	status, text = browser.New(t, p.url).Get("/sso/start")
	refused("another state", status, text, "begun elsewhere")
	status, text = browser.New(t, p.url).Get(callbackPath + "?code=x&state=y")
	refused("begun elsewhere", status, text, "begun elsewhere")
}

// TestProgram runs it as the README says, and does what it prints to try.
func TestProgram(t *testing.T) {
	databases := map[string]string{"a file of its own": "", "postgres": dbtest.PostgresDSN(t), "sqlite": filepath.Join(t.TempDir(), "platformd.db")}
	for name, db := range databases {
		t.Run(name, func(t *testing.T) {
			found := trial.Run(t, run, regexp.MustCompile(`SCIM URL:\s+(\S+)\n\s+User name:\s+(\S+)\n\s+Password:\s+(\S+) `), "-db", db)
			e := entra.WithAuthorization(t, found[0], basic(found[1], found[2]))
			require.Equal(t, http.StatusOK, e.TestConnection().Status)
			r := e.Do(http.MethodPost, "/Users", `{
				"userName":"ann@acme.example","name":{"givenName":"Ann","familyName":"Lee"},"userType":"Premium","roles":[{"value":"User","primary":true}],
				"urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName":{"folders":["onboarding","sales"]},
				"urn:ietf:params:scim:schemas:extension:2.0:Metadata":{"costCentre":4711}}`)
			require.Equal(t, http.StatusCreated, r.Status, r.Text)
			r = entra.New(t, found[0], found[2]).Do(http.MethodPost, "/Users", `{"userName":"bob@acme.example"}`)
			require.Equal(t, http.StatusBadRequest, r.Status)
			assert.Contains(t, r.Detail(), "name.givenName")

			b := browser.New(t, strings.TrimSuffix(found[0], basePath))
			b.Post("/login", "email", "root@acme.example")
			_, text := b.Get("/web")
			assert.Contains(t, text, "Ann Lee")
			assert.Contains(t, text, "4711")
		})
	}
}

func TestWiring(t *testing.T) { trial.Wiring(t) }
