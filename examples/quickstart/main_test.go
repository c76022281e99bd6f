package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	out = &output{line: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), out) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	deadline := time.After(time.Minute)
	for {
		if m := greeting.FindStringSubmatch(out.String()); m != nil {
			return m[1], m[2], out
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

// TestQuickstart is what the README promises.
func TestQuickstart(t *testing.T) {
	url, token, out := start(t, "-token", "t")
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
