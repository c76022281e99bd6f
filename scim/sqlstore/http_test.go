package sqlstore_test

import (
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// serve starts a server on an empty store and returns its base URL.
func serve(t testing.TB, db *sql.DB, o sqlstore.Options) string {
	s, err := sqlstore.Open(ctx, db, o)
	require.NoError(t, err)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	h, err := scim.New(scim.Config{
		BaseURL: server.URL + "/scim/v2",
		Auth:    scim.StaticToken("secret", scim.Scope{Tenant: "t", Connection: "test"}),
		Users:   s, UserType: s.UserType(),
		Groups: s, GroupType: s.GroupType(),
	})
	require.NoError(t, err)
	mux.Handle("/scim/v2/", h)
	return server.URL + "/scim/v2"
}

// call sends a request and returns status and body.
func call(t testing.TB, method, url, body string) (int, string) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer secret")
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

// TestHandler goes once around through HTTP.
func TestHandler(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		url := serve(t, db, sqlstore.Options{})
		status, body := call(t, "POST", url+"/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"Ann","active":true}`)
		require.Equal(t, 201, status, body)
		_, rest, _ := strings.Cut(body, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)

		status, body = call(t, "POST", url+"/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann"}`)
		assert.Equal(t, 409, status, body)
		status, body = call(t, "POST", url+"/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"G","members":[{"value":"`+id+`"}]}`)
		require.Equal(t, 201, status, body)
		for path, want := range map[string]string{
			`/Users?filter=userName+eq+"ANN"`:                     `"totalResults":1`,
			`/Users?filter=not+(active+eq+true)`:                  `"totalResults":0`,
			`/Users?filter=groups.display+eq+"G"&sortBy=userName`: `"totalResults":1`,
			`/Groups?filter=members+eq+"` + id + `"`:              `"totalResults":1`,
			"/Users?cursor&count=1":                               `"Resources":[{`,
			"/Users/" + id:                                        `"display":"G"`,
		} {
			status, body := call(t, "GET", url+path, "")
			assert.Equal(t, 200, status, "%s %s", path, body)
			assert.Contains(t, body, want, path)
		}
		status, body = call(t, "PATCH", url+"/Users/"+id,
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`)
		assert.Equal(t, 200, status, body)
		assert.Contains(t, body, `"active":false`)
		status, _ = call(t, "DELETE", url+"/Users/"+id, "")
		assert.Equal(t, 204, status)
		status, _ = call(t, "GET", url+"/Users/"+id, "")
		assert.Equal(t, 404, status)
	})
}
