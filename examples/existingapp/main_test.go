package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
)

// TestWiring counts what SCIM takes: the lines of scim.go with code on them. Each
// column is named once, so that renaming one is a change in one place.
func TestWiring(t *testing.T) {
	source, err := os.ReadFile("scim.go")
	require.NoError(t, err)
	lines := 0
	for line := range strings.Lines(string(source)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			lines++
		}
	}
	t.Logf("%d lines", lines)
	assert.LessOrEqual(t, lines, 60)
	for _, m := range regexp.MustCompile(`Column\("(\w+)"\)`).FindAllStringSubmatch(string(source), -1) {
		if m[1] != "id" && m[1] != "updated_at" { // both tables have these
			assert.Equal(t, 1, strings.Count(string(source), strconv.Quote(m[1])), m[1])
		}
	}
}

var greeted = regexp.MustCompile(`(?s)The application: (\S+)/profile/.*Tenant URL:\s+(\S+)\n\s+Secret token:\s+(\S+)\n`)

// directory is an identity provider, and a person at the application.
type directory struct {
	t                *testing.T
	app, scim, token string
	db               *sql.DB
}

// start runs the program until the test ends.
func start(t *testing.T, name string) *directory {
	out, in := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", "127.0.0.1:0", "-db", name}, in)
		_ = in.CloseWithError(err)
		done <- err
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	var text bytes.Buffer
	for !strings.Contains(text.String(), "Ctrl-C") {
		part := make([]byte, 4096)
		n, err := out.Read(part)
		text.Write(part[:n])
		require.NoError(t, err)
	}
	m := greeted.FindStringSubmatch(text.String())
	require.NotNil(t, m, text.String())
	db, err := openDatabase(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return &directory{t, m[1], m[2], m[3], db}
}

func (d *directory) do(method, url, body string, status int) map[string]any {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, url, strings.NewReader(body))
	require.NoError(d.t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(d.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(d.t, err)
	require.Equal(d.t, status, resp.StatusCode, "%s %s: %s", method, url, text)
	var doc map[string]any
	if len(text) > 0 && text[0] == '{' {
		require.NoError(d.t, json.Unmarshal(text, &doc))
	}
	return doc
}

func (d *directory) patch(path, operations string, status int) map[string]any {
	d.t.Helper()
	return d.do("PATCH", d.scim+path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+operations+`]}`, status)
}

// find asks as Entra ID does before it creates anybody.
func (d *directory) find(endpoint, filter string) []any {
	d.t.Helper()
	list := d.do("GET", d.scim+endpoint+"?filter="+url.QueryEscape(filter), "", http.StatusOK)
	found, _ := list["Resources"].([]any)
	require.EqualValues(d.t, len(found), list["totalResults"])
	return found
}

// row returns columns of the account with an address, as text.
func (d *directory) row(columns, email string) string {
	d.t.Helper()
	var text string
	require.NoError(d.t, d.db.QueryRow("SELECT "+columns+" FROM accounts WHERE email = $1", email).Scan(&text))
	return text
}

func each(t *testing.T, f func(d *directory)) {
	t.Run("sqlite", func(t *testing.T) { f(start(t, filepath.Join(t.TempDir(), "app.db"))) })
	t.Run("postgres", func(t *testing.T) { f(start(t, dbtest.PostgresDSN(t))) })
}

// TestProvisioning is an identity provider at work, seen from the application's tables.
func TestProvisioning(t *testing.T) {
	each(t, func(d *directory) {
		t := d.t
		_, err := d.db.Exec("INSERT INTO accounts (org, email, first_name) VALUES ('acme', 'old@example.com', 'Olaf'), ('globex', 'ann@example.com', 'Other')")
		require.NoError(t, err)

		require.Empty(t, d.find("/Users", `userName eq "ann@example.com"`), "that of another organisation")
		ann := d.do("POST", d.scim+"/Users", `{
			"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
			"userName": "Ann@example.com", "externalId": "dir-1", "name": {"givenName": "Ann", "familyName": "Ash"}, "active": true, "userType": "manager",
			"phoneNumbers": [{"type": "work", "value": "+1 555 0100"}],
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Legal"}}`, http.StatusCreated)
		path := "/Users/" + ann["id"].(string)
		const all = "org || '|' || directory_id || '|' || first_name || '|' || last_name || '|' || phone || '|' || department || '|' || role || '|' || theme"
		assert.Equal(t, "acme|dir-1|Ann|Ash|+1 555 0100|Legal|manager|light", d.row(all, "Ann@example.com"))
		assert.Equal(t, "uniqueness", d.do("POST", d.scim+"/Users",
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"OLD@example.com"}`, http.StatusConflict)["scimType"])

		// The application goes on with what is its own.
		assert.Equal(t, "Ann Ash", d.do("GET", d.app+"/profile/ann@example.com", "", http.StatusOK)["Name"])
		d.do("PUT", d.app+"/profile/ann@example.com/theme/dark", "", http.StatusOK)

		d.patch(path, `{"op": "Replace", "path": "active", "value": "False"}, {"op": "Add", "path": "name.familyName", "value": "Oak"}`, http.StatusOK)
		assert.Equal(t, "acme|dir-1|Ann|Oak|+1 555 0100|Legal|manager|dark", d.row(all, "Ann@example.com"))
		d.do("GET", d.app+"/profile/ann@example.com", "", http.StatusNotFound)
		require.Len(t, d.find("/Users", `active eq false and externalId eq "dir-1"`), 1)
		require.Len(t, d.find("/Users", `phoneNumbers[type eq "work" and value sw "+1"]`), 1)
		d.patch(path, `{"op": "Replace", "value": {"active": true, "userName": "ann.oak@example.com"}}`, http.StatusOK)
		assert.Equal(t, "dark", d.do("GET", d.app+"/profile/ann.oak@example.com", "", http.StatusOK)["Theme"])

		// Teams.
		old := d.find("/Users", `userName eq "old@example.com"`)[0].(map[string]any)["id"].(string)
		team := d.do("POST", d.scim+"/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Builders",
			"members":[{"value":"`+ann["id"].(string)+`"}]}`, http.StatusCreated)
		members := func() any { return d.do("GET", d.app+"/teams/Builders", "", http.StatusOK)["members"] }
		assert.Equal(t, []any{"ann.oak@example.com"}, members())
		group := "/Groups/" + team["id"].(string)
		d.patch(group, `{"op": "Add", "path": "members", "value": [{"value": "`+old+`"}]}`, http.StatusNoContent)
		assert.Equal(t, []any{"ann.oak@example.com", "old@example.com"}, members())
		d.patch(group, `{"op": "Remove", "path": "members[value eq \"`+ann["id"].(string)+`\"]"}`, http.StatusNoContent)
		assert.Equal(t, []any{"old@example.com"}, members())
		shown := d.do("GET", d.scim+"/Users/"+old, "", http.StatusOK)["groups"].([]any)
		assert.Equal(t, "Builders", shown[0].(map[string]any)["display"])

		d.do("DELETE", d.scim+"/Users/"+old, "", http.StatusNoContent)
		assert.Equal(t, []any{}, members())
		d.do("DELETE", d.scim+group, "", http.StatusNoContent)
		var rows int
		require.NoError(t, d.db.QueryRow("SELECT count(*) FROM accounts").Scan(&rows))
		assert.Equal(t, 2, rows, "Ann, and who is of another organisation")
		assert.Equal(t, "Other", d.row("first_name", "ann@example.com"))
	})
}

// TestTableThatDoesNotFit: what is wrong is said at the start, all at once.
func TestTableThatDoesNotFit(t *testing.T) {
	db, err := openDatabase(t.Context(), filepath.Join(t.TempDir(), "app.db"))
	require.NoError(t, err)
	defer db.Close()
	for _, text := range []string{
		"ALTER TABLE accounts RENAME COLUMN phone TO telephone", "ALTER TABLE accounts RENAME COLUMN org TO organisation",
	} {
		_, err := db.Exec(text)
		require.NoError(t, err)
	}
	_, err = newMux(t.Context(), db, "http://localhost", "t")
	require.Error(t, err)
	for _, words := range []string{`no column "phone"`, `phoneNumbers[type eq "work"].value`, `no column "org" for the tenant`, `"organisation" may not be NULL`} {
		assert.Contains(t, err.Error(), words)
	}
}
