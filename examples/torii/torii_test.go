package main

import (
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
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
	"github.com/muster-scim/muster/scim/token"
)

// product is the application as it is run: behind a proxy that ends TLS.
type product struct {
	*app
	url   string // of the proxy
	later *atomic.Int64
}

func start(t *testing.T, db *sql.DB) product {
	t.Helper()
	a, err := openApp(t.Context(), db, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	later := new(atomic.Int64) // nanoseconds that the clock is ahead
	a.now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	var backend *httptest.Server
	proxy := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := url.Parse(backend.URL)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		forward := httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.SetXForwarded()
			if host := p.In.Header.Get("X-Forwarded-Host"); host != "" {
				p.Out.Header.Set("X-Forwarded-Host", host) // as a careless proxy does
			}
		}}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	require.NoError(t, a.provision(t.Context(), proxy.URL))
	backend = httptest.NewServer(a.mux())
	t.Cleanup(backend.Close)
	return product{a, proxy.URL, later}
}

// connect makes an API key and gives it to Entra.
func (p product) connect(t *testing.T) *entra.Client {
	t.Helper()
	_, secret, err := p.keys.Issue(t.Context(), demoOrg, token.Issue{Description: "Entra", Connection: connection})
	require.NoError(t, err)
	return entra.New(t, p.scimURL, secret.Reveal())
}

// one reads a value from the application's tables.
func one[T any](t *testing.T, db *sql.DB, query string, args ...any) (v T) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), query, args...).Scan(&v), query)
	return v
}

// rolesOf are the roles of a person that provisioning has given.
func (p product) rolesOf(t *testing.T, id string) string {
	t.Helper()
	roles, err := query(t.Context(), p.db, func(r *string) []any { return []any{r} },
		`SELECT role FROM person_roles WHERE person_id = $1 AND given_by = 'scim' ORDER BY role`, id)
	require.NoError(t, err)
	return strings.Join(roles, ", ")
}

// on shows a behaviour on both databases.
func on(show func(t *testing.T, p product)) func(t *testing.T) {
	return func(t *testing.T) {
		dbtest.Each(t, func(t *testing.T, db *sql.DB) { show(t, start(t, db)) })
	}
}

// TestTorii shows each numbered behaviour of the product.
func TestTorii(t *testing.T) {
	trial.Lines(t, "Torii",
		trial.Show("1 deep base path behind a proxy", on(deepBasePath)),
		trial.Show("2 API keys", on(apiKeys)),
		trial.Show("3 attributes and valid addresses", on(attributes)),
		trial.Show("4 userType is a role of the product", on(userTypeIsRole)),
		trial.Show("5 created, kept in sync and removed", on(keptInSync)),
	)
}

func deepBasePath(t *testing.T, p product) {
	e := p.connect(t)
	tenant := p.url + "/v1.0/scim/v2"
	require.True(t, strings.HasPrefix(tenant, "https://"))

	r := e.Do(http.MethodPost, "/Users", entra.Object{"userName": "ann@acme.example"},
		"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "http", "X-Forwarded-Prefix", "/elsewhere", "Forwarded", "host=evil.example;proto=http")
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	at := tenant + "/Users/" + r.ID()
	assert.Equal(t, at, r.Header.Get("Location"))
	assert.Equal(t, at, r.Body["meta"].(map[string]any)["location"])
	assert.NotContains(t, r.Text, "evil.example")

	// What is at the location can be read there.
	other := entra.WithAuthorization(t, "", "")
	assert.Equal(t, http.StatusUnauthorized, other.Do(http.MethodGet, at, nil).Status)
	found := e.Find("userName", "ann@acme.example").Resources()
	require.Len(t, found, 1)
	assert.Equal(t, at, found[0]["meta"].(map[string]any)["location"])
	r = e.Patch("/Users/"+r.ID(), entra.Replace("name.givenName", "Ann"))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Equal(t, at, r.Body["meta"].(map[string]any)["location"])

	types := e.Do(http.MethodGet, "/ResourceTypes/User", nil)
	assert.Equal(t, tenant+"/ResourceTypes/User", types.Body["meta"].(map[string]any)["location"])
	schemas := e.Do(http.MethodGet, "/Schemas", nil)
	for _, s := range schemas.Resources() {
		assert.Equal(t, tenant+"/Schemas/"+s["id"].(string), s["meta"].(map[string]any)["location"])
	}

	// Beside it the product answers, not SCIM.
	status, text := browser.New(t, p.url).Get("/login")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, "Sign in")
}

var shown = regexp.MustCompile(`<code id="secret">([^<]+)</code>`)

func apiKeys(t *testing.T, p product) {
	b := browser.New(t, p.url)
	b.Post("/login", "email", "root@acme.example")
	status, text := b.Post("/admin/keys", "description", "Entra, production", "expires", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
	require.Equal(t, http.StatusOK, status, text)
	require.Regexp(t, shown, text)
	secret := shown.FindStringSubmatch(text)[1]
	assert.Contains(t, text, p.url+"/v1.0/scim/v2")

	// It is shown this once, and listed by its description.
	_, text = b.Get("/admin/provisioning")
	assert.NotContains(t, text, secret)
	assert.Contains(t, text, "Entra, production")
	assert.Contains(t, text, "never")

	// No table has it.
	kept, err := query(t.Context(), p.db, func(text *string) []any { return []any{text} }, `SELECT data FROM muster_state`)
	require.NoError(t, err)
	dump := strings.Join(kept, "\n")
	require.Contains(t, dump, "Entra, production")
	assert.NotContains(t, dump, strings.Split(secret, "_")[1])

	e := entra.New(t, p.scimURL, secret)
	r := e.TestConnection()
	assert.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.EqualValues(t, 0, r.Body["totalResults"])

	// An expiration date that is no such date, or over, is not taken.
	for _, date := range []string{"tomorrow", "2020-01-31"} {
		status, text = b.Post("/admin/keys", "description", "x", "expires", date)
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Contains(t, text, date)
	}

	// One that is revoked is refused at once.
	keys, err := p.keys.List(t.Context(), demoOrg)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	assert.Equal(t, "Entra, production", keys[0].Description)
	b.Post("/admin/keys/" + keys[0].ID + "/revoke")
	r = e.TestConnection()
	assert.Equal(t, http.StatusUnauthorized, r.Status)
	assert.Contains(t, r.Header.Get("WWW-Authenticate"), "Bearer")
	_, text = b.Get("/admin/provisioning")
	assert.Contains(t, text, "revoked")

	// One that has expired is refused from then on.
	_, text = b.Post("/admin/keys", "description", "for a month", "expires", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
	e = entra.New(t, p.scimURL, shown.FindStringSubmatch(text)[1])
	assert.Equal(t, http.StatusOK, e.TestConnection().Status)
	p.later.Store(int64(40 * 24 * time.Hour))
	assert.Equal(t, http.StatusUnauthorized, e.TestConnection().Status)
	_, text = b.Get("/admin/provisioning")
	assert.Contains(t, text, "expired")
	p.later.Store(0)

	// Keys are an administrator's: nobody else sees the page.
	e = p.connect(t)
	e.Create(entra.Object{"userName": "ann@acme.example", "userType": "Finance"})
	ann := browser.New(t, p.url)
	ann.Post("/login", "email", "ann@acme.example")
	status, text = ann.Get("/admin/provisioning")
	assert.Equal(t, http.StatusForbidden, status)
	assert.NotContains(t, text, "Entra, production")
}

func attributes(t *testing.T, p product) {
	e := p.connect(t)
	for _, refused := range []struct {
		name any
		says string
	}{
		{nil, "userName"},
		{"ann", "must be an e-mail address"},
		{"Ann <ann@acme.example>", "must be an e-mail address"},
		{"ann@acme", "valid domain"},
		{"ann@-acme.example", "valid domain"},
		{"ann@acme_.example", "valid domain"},
		{"ann@10.0.0.1", "valid domain"},
		{"ann@acme..example", "must be an e-mail address"},
		{"änn@acme.example", "must be an e-mail address"},
	} {
		r := e.Post(entra.Object{"userName": refused.name})
		require.Equal(t, http.StatusBadRequest, r.Status, "%v: %s", refused.name, r.Text)
		assert.Equal(t, "invalidValue", r.Body["scimType"])
		assert.Contains(t, r.Detail(), "userName")
		assert.Contains(t, r.Detail(), refused.says)
	}
	assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM people`), "only the administrator that was there")

	id := e.Create(entra.Object{
		"userName": "Ann.Lee@acme.example", "active": true, "userType": "Finance",
		"name": entra.Object{"givenName": "Ann", "familyName": "Lee", "formatted": "Ann Lee"},
		// What Entra maps by default and the product does not have does no harm.
		"externalId": "ann", "displayName": "Ann Lee", "roles": []any{}, "title": nil,
		"emails": []entra.Object{{"primary": true, "type": "work", "value": "ann.lee@acme.example"}},
	})
	row := one[string](t, p.db, `SELECT email || '/' || first_name || '/' || last_name || '/' || user_type || '/' || CASE WHEN active THEN 'on' ELSE 'off' END FROM people WHERE id = $1`, id)
	assert.Equal(t, "Ann.Lee@acme.example/Ann/Lee/Finance/on", row)

	// It is found by any spelling of its name, and there once.
	for _, name := range []string{"Ann.Lee@acme.example", "ANN.LEE@ACME.EXAMPLE"} {
		found := e.Find("userName", name).Resources()
		require.Len(t, found, 1)
		assert.Equal(t, id, found[0]["id"])
	}
	assert.Empty(t, e.Find("userName", "bob@acme.example").Resources())
	r := e.Post(entra.Object{"userName": "ann.lee@ACME.example"})
	assert.Equal(t, http.StatusConflict, r.Status)
	assert.Equal(t, "uniqueness", r.Body["scimType"])

	// An update is held to the same.
	r = e.Patch("/Users/"+id, entra.Replace("name.familyName", "Park"), entra.Replace("userName", "ann"))
	assert.Equal(t, http.StatusBadRequest, r.Status)
	assert.Contains(t, r.Detail(), "must be an e-mail address")
	assert.Equal(t, "Lee", one[string](t, p.db, `SELECT last_name FROM people WHERE id = $1`, id), "all or nothing")
}

func userTypeIsRole(t *testing.T, p product) {
	e := p.connect(t)
	ann := e.Create(entra.Object{"userName": "ann@acme.example", "userType": "Finance"})
	assert.Equal(t, "Finance", p.rolesOf(t, ann))
	for i, empty := range []any{nil, ""} {
		id := e.Create(entra.Object{"userName": string(rune('b'+i)) + "@acme.example", "userType": empty})
		assert.Equal(t, "Employee", p.rolesOf(t, id))
	}

	// Another one is refused with the names of those that there are; case counts.
	for _, unknown := range []string{"Boss", "finance", "Finance "} {
		r := e.Post(entra.Object{"userName": "x@acme.example", "userType": unknown})
		require.Equal(t, http.StatusBadRequest, r.Status, r.Text)
		assert.Equal(t, "invalidValue", r.Body["scimType"])
		for _, part := range []string{"userType", "Admin", "App Owner", "Employee", "Finance", unknown} {
			assert.Contains(t, r.Detail(), part)
		}
		r = e.Patch("/Users/"+ann, entra.Replace("userType", unknown))
		require.Equal(t, http.StatusBadRequest, r.Status, r.Text)
	}
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM people WHERE email = 'x@acme.example'`))
	assert.Equal(t, "Finance", p.rolesOf(t, ann))

	// A change changes the role, and what she may see.
	b := browser.New(t, p.url)
	b.Post("/login", "email", "ann@acme.example")
	_, text := b.Get("/")
	assert.Contains(t, text, "What the company pays")
	require.Equal(t, http.StatusOK, e.Patch("/Users/"+ann, entra.Remove("userType")).Status)
	assert.Equal(t, "Employee", p.rolesOf(t, ann))
	_, text = b.Get("/")
	assert.NotContains(t, text, "What the company pays")

	// A role that the customer makes can be named from then on; one given by hand stays.
	root := browser.New(t, p.url)
	root.Post("/login", "email", "root@acme.example")
	status, text := root.Post("/admin/roles", "name", "Boss", "spend", "on")
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, "Boss")
	_, err := p.db.ExecContext(t.Context(), `INSERT INTO person_roles (person_id, role, given_by) VALUES ($1, 'App Owner', 'hand')`, ann)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, e.Patch("/Users/"+ann, entra.Add("userType", "Boss")).Status)
	assert.Equal(t, "Boss", p.rolesOf(t, ann))
	assert.Equal(t, 1, one[int](t, p.db, `SELECT count(*) FROM person_roles WHERE person_id = $1 AND given_by = 'hand'`, ann))
	_, text = b.Get("/")
	assert.Contains(t, text, "What the company pays")
}

func keptInSync(t *testing.T, p product) {
	e := p.connect(t)
	root := browser.New(t, p.url)
	root.Post("/login", "email", "root@acme.example")
	members := func() string {
		_, text := root.Get("/admin/members")
		return text
	}

	// One cycle: test connection, match, create.
	require.Equal(t, http.StatusOK, e.TestConnection().Status)
	ids := map[string]string{}
	for name, userType := range map[string]string{"ann": "Finance", "bob": "", "cid": "Employee"} {
		require.Empty(t, e.Find("userName", name+"@acme.example").Resources())
		ids[name] = e.Create(entra.Object{
			"userName": name + "@acme.example", "active": true, "userType": userType, "name": entra.Object{"givenName": strings.ToUpper(name)},
		})
	}
	assert.Equal(t, 4, one[int](t, p.db, `SELECT count(*) FROM people WHERE org_id = 'acme'`))
	assert.Contains(t, members(), "ann@acme.example")
	for _, name := range []string{"bob", "cid"} {
		assert.NotContains(t, members(), name+"@acme.example", "only the default role")
		b := browser.New(t, p.url)
		_, text := b.Post("/login", "email", name+"@acme.example")
		assert.Contains(t, text, "Your software", "but provisioned")
	}
	assert.Contains(t, members(), "2 more")

	// Kept in sync: name, address and role.
	r := e.Patch("/Users/"+ids["bob"], entra.Replace("name.givenName", "Robert"), entra.Add("name.familyName", "Ray"), entra.Replace("userName", "bob.ray@acme.example"), entra.Add("userType", "App Owner"))
	require.Equal(t, http.StatusOK, r.Status, r.Text)
	assert.Equal(t, "bob.ray@acme.example Robert Ray", one[string](t, p.db, `SELECT email || ' ' || first_name || ' ' || last_name FROM people WHERE id = $1`, ids["bob"]))
	assert.Contains(t, members(), "Robert Ray")
	assert.Contains(t, members(), "1 more")

	// Out of scope: signed out everywhere, and the licence can be taken back. The role is kept.
	status, _ := root.Post("/licences", "app", "salesforce", "email", "ann@acme.example")
	require.Equal(t, http.StatusOK, status)
	ann := browser.New(t, p.url)
	ann.Post("/login", "email", "ann@acme.example")
	_, text := ann.Get("/")
	require.Contains(t, text, "Salesforce")
	require.Equal(t, http.StatusOK, e.Disable(ids["ann"]).Status)
	assert.False(t, one[bool](t, p.db, `SELECT active FROM people WHERE id = $1`, ids["ann"]))
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM sessions WHERE person_id = $1`, ids["ann"]))
	_, text = ann.Get("/")
	assert.Contains(t, text, "Sign in")
	status, _ = ann.Post("/login", "email", "ann@acme.example")
	assert.Equal(t, http.StatusForbidden, status)
	_, text = root.Get("/")
	assert.Contains(t, text, "save 1980")

	// She is still there for Entra, and comes back as the same.
	found := e.Find("userName", "ann@acme.example").Resources()
	require.Len(t, found, 1)
	assert.Equal(t, false, found[0]["active"])
	require.Equal(t, http.StatusOK, e.Restore(ids["ann"]).Status)
	assert.Equal(t, "Finance", p.rolesOf(t, ids["ann"]))
	_, text = ann.Post("/login", "email", "ann@acme.example")
	assert.Contains(t, text, "Salesforce")

	// Removed: gone, with the licence. A second time she is unknown.
	require.Equal(t, http.StatusNoContent, e.Do(http.MethodDelete, "/Users/"+ids["ann"], nil).Status)
	assert.Equal(t, http.StatusNotFound, e.Do(http.MethodDelete, "/Users/"+ids["ann"], nil).Status)
	assert.Empty(t, e.Find("userName", "ann@acme.example").Resources())
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM people WHERE id = $1`, ids["ann"]))
	assert.Zero(t, one[int](t, p.db, `SELECT count(*) FROM licences WHERE app_id = 'salesforce'`))
	assert.NotContains(t, members(), "ann@acme.example")
	_, text = ann.Get("/")
	assert.Contains(t, text, "Sign in")

	// Who was here before is taken over by the address, but no administrator is.
	_, err := p.db.ExecContext(t.Context(), `INSERT INTO people (id, org_id, email, created_at, updated_at) VALUES ('eve', 'acme', 'eve@acme.example', $1, $1)`, time.Now().UTC())
	require.NoError(t, err)
	r = e.Post(entra.Object{"userName": "eve@acme.example", "userType": "Finance"})
	require.Equal(t, http.StatusCreated, r.Status, r.Text)
	assert.Equal(t, "eve", r.ID())
	boss := e.Find("userName", "root@acme.example").Resources()
	require.Len(t, boss, 1)
	assert.Equal(t, http.StatusForbidden, e.Disable(boss[0]["id"].(string)).Status)
	assert.Equal(t, http.StatusConflict, e.Post(entra.Object{"userName": "root@acme.example"}).Status)
	assert.True(t, one[bool](t, p.db, `SELECT active FROM people WHERE email = 'root@acme.example'`))
}

// TestProgram runs it as the README says, and does what it prints to try.
func TestProgram(t *testing.T) {
	databases := map[string]string{"a file of its own": "", "postgres": dbtest.PostgresDSN(t), "sqlite": filepath.Join(t.TempDir(), "torii.db")}
	for name, db := range databases {
		t.Run(name, func(t *testing.T) {
			found := trial.Run(t, run, regexp.MustCompile(`Tenant URL:\s+(\S+)\n\s+Secret token:\s+(\S+)\n`), "-db", db)
			e := entra.New(t, found[0], found[1])
			require.Equal(t, http.StatusOK, e.TestConnection().Status)
			e.Create(entra.Object{"userName": "ann@acme.example", "active": true, "name": entra.Object{"givenName": "Ann", "familyName": "Lee"}, "userType": "Finance"})
			r := e.Do(http.MethodPost, "/Users", entra.Object{"userName": "bob@acme.example", "userType": "Boss"})
			require.Equal(t, http.StatusBadRequest, r.Status)
			assert.Contains(t, r.Detail(), "Finance")

			b := browser.New(t, strings.TrimSuffix(found[0], basePath))
			_, text := b.Post("/login", "email", "ann@acme.example")
			assert.Contains(t, text, "What the company pays")
		})
	}
}

func TestWiring(t *testing.T) { trial.Wiring(t) }
