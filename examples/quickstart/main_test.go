package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/examples/internal/database"
	"github.com/muster-scim/muster/internal/dbtest"
)

// output is what the program prints, readable while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	line chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.line <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var greeting = regexp.MustCompile(`Tenant URL:\s+(\S+)\n\s+Secret token:\s+(\S+)\n`)

// start runs the program until the test ends, and returns what it greets with.
func start(t *testing.T, args ...string) (url, token string, out *output) {
	t.Helper()
	url, token, out, stop := startStoppable(t, args...)
	t.Cleanup(stop)
	return url, token, out
}

// startStoppable runs the program until stop is called.
func startStoppable(t *testing.T, args ...string) (url, token string, out *output, stop func()) {
	t.Helper()
	out = &output{line: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), out) }()
	stop = func() {
		cancel()
		require.NoError(t, <-done)
	}
	deadline := time.After(time.Minute)
	for {
		if m := greeting.FindStringSubmatch(out.String()); m != nil {
			return m[1], m[2], out, stop
		}
		select {
		case <-out.line:
		case err := <-done:
			done <- err
			t.Fatalf("ended: %v\n%s", err, out)
		case <-deadline:
			t.Fatalf("no greeting:\n%s", out)
		}
	}
}

func do(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

// places are where the program can keep its data.
func places(t *testing.T) map[string]string {
	return map[string]string{
		"memory":   database.Memory,
		"sqlite":   filepath.Join(t.TempDir(), "users.db"),
		"postgres": dbtest.PostgresDSN(t),
	}
}

// TestQuickstart is what the README promises.
func TestQuickstart(t *testing.T) {
	for name, db := range places(t) {
		t.Run(name, func(t *testing.T) { testQuickstart(t, db) })
	}
}

func testQuickstart(t *testing.T, db string) {
	url, token, out := start(t, "-token", "t", "-db", db)
	require.Equal(t, "t", token)
	require.True(t, strings.HasSuffix(url, "/scim/v2"), url)

	status, text := do(t, "POST", url+"/Users", token, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@example.com","active":true}`)
	require.Equal(t, http.StatusCreated, status, text)
	id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(text)[1]
	status, text = do(t, "GET", url+`/Users?filter=userName+eq+%22ANN@example.com%22`, token, "")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, id)
	status, _ = do(t, "PATCH", url+"/Users/"+id, token,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`)
	assert.Equal(t, http.StatusOK, status)
	_, text = do(t, "GET", url+"/Users/"+id, token, "")
	assert.Contains(t, text, `"active":false`)
	status, _ = do(t, "GET", url+"/Users", "wrong", "")
	assert.Equal(t, http.StatusUnauthorized, status)
	assert.Contains(t, out.String(), "active: string taken as boolean")
}

func TestFreshToken(t *testing.T) {
	_, a, _ := start(t)
	_, b, _ := start(t)
	assert.NotEqual(t, a, b)
	assert.GreaterOrEqual(t, len(a), 26)
}

// TestRestart: what is in a database is there the next time, and is found as before.
func TestRestart(t *testing.T) {
	for name, db := range places(t) {
		if db == database.Memory {
			continue
		}
		t.Run(name, func(t *testing.T) {
			url, token, _, stop := startStoppable(t, "-token", "t", "-db", db)
			status, text := do(t, "POST", url+"/Users", token, `{"userName":"Ann","externalId":"7"}`)
			require.Equal(t, http.StatusCreated, status, text)
			id := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(text)[1]
			status, text = do(t, "POST", url+"/Groups", token, `{"displayName":"G","members":[{"value":"`+id+`"}]}`)
			require.Equal(t, http.StatusCreated, status, text)
			_, before := do(t, "GET", url+"/Users/"+id, token, "")
			stop()

			again, token, _ := start(t, "-token", "t", "-db", db)
			_, after := do(t, "GET", again+"/Users/"+id, token, "")
			assert.JSONEq(t, before, strings.ReplaceAll(after, again, url))
			_, text = do(t, "GET", again+`/Users?filter=userName+eq+%22ann%22`, token, "")
			assert.Contains(t, text, id)
			status, _ = do(t, "POST", again+"/Users", token, `{"userName":"ANN"}`)
			assert.Equal(t, http.StatusConflict, status)
		})
	}
}

// TestBadDatabase: the program says what is wrong with a database, and ends.
func TestBadDatabase(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.db")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("this is a text ", 100)), 0o600))
	for db, want := range map[string]string{
		text:                           "file is not a database",
		t.TempDir():                    "this is a folder",
		"mysql://localhost/x":          "mysql:// is no database that is known here",
		"postgres://a:b@localhost:x/y": "looks like postgres://",
	} {
		err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-db", db}, io.Discard)
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "-db ")
	}
}
