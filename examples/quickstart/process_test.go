package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary be the program itself.
const asProgram = "QUICKSTART_TEST_RUNS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the program in a process of its own.
type process struct {
	cmd *exec.Cmd
	url string
}

// startProcess runs the program on a database until it is killed, at the latest when
// the test ends.
func startProcess(t testing.TB, db string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-addr", "127.0.0.1:0", "-token", "t", "-db", db)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var failure bytes.Buffer
	cmd.Stderr = &failure
	require.NoError(t, cmd.Start())
	p := &process{cmd: cmd}
	t.Cleanup(p.kill)
	lines := bufio.NewScanner(out)
	for p.url == "" && lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "Tenant URL:"); ok {
			p.url = strings.TrimSpace(url)
		}
	}
	if p.url == "" {
		_ = cmd.Wait()
		require.Fail(t, "the program did not start", failure.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // a full pipe would stop it
	return p
}

// kill ends the process as a crash does. It may be called again.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // SIGKILL
	_ = p.cmd.Wait()
}

// client keeps its connections for itself: so many goroutines can use it.
func client(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
}

// send sends a request and returns status and body; ok is false if no answer came.
func send(c *http.Client, method, url, body string) (status int, text string, ok bool) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, err.Error(), false
	}
	req.Header.Set("Authorization", "Bearer t")
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := c.Do(req)
	if err != nil {
		return 0, err.Error(), false
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err == nil
}

// create posts a resource, which must succeed, and returns its id.
func create(t testing.TB, c *http.Client, url, body string) string {
	t.Helper()
	status, text, ok := send(c, "POST", url, body)
	require.True(t, ok, text)
	require.Equal(t, http.StatusCreated, status, text)
	var doc struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(text), &doc))
	return doc.ID
}

// read gets a resource into v.
func read(t testing.TB, c *http.Client, url string, v any) {
	t.Helper()
	status, text, ok := send(c, "GET", url, "")
	require.True(t, ok, text)
	require.Equal(t, http.StatusOK, status, "%s: %s", url, text)
	require.NoError(t, json.Unmarshal([]byte(text), v))
}

// values are elements of a multi-valued attribute.
type values []struct{ Value string }

// set returns the values, each of which must be there once.
func (v values) set(t testing.TB) map[string]bool {
	t.Helper()
	set := make(map[string]bool, len(v))
	for _, e := range v {
		assert.False(t, set[e.Value], "%s is there twice", e.Value)
		set[e.Value] = true
	}
	return set
}

const patchBegin = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`
