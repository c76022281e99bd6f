package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOnlyThisMachine: there is no way to aim it at anybody else.
func TestOnlyThisMachine(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "127.9.9.9:1": true,
		"localhost:80": false, "10.0.0.1:80": false, "example.com:443": false, "nonsense": false,
	} {
		assert.Equal(t, ok, checkLoopback(addr) == nil, addr)
	}
	_, err := newClient("http://192.0.2.1", "token", 1).do(t.Context(), call{"GET", "/Users", nil})
	assert.ErrorContains(t, err, "not an address of this machine")
}

func TestEachIsBounded(t *testing.T) {
	var calls atomic.Int64
	done, err := each(t.Context(), 3, 100, 0, func(context.Context, int) error { calls.Add(1); return nil })
	require.NoError(t, err)
	assert.EqualValues(t, 100, calls.Load())
	assert.Len(t, done.each, 100)

	done, err = each(t.Context(), 3, 1<<30, time.Nanosecond, func(context.Context, int) error { return nil })
	require.NoError(t, err)
	assert.Less(t, len(done.each), 1<<30, "the time was over")

	broken := errors.New("broken")
	_, err = each(t.Context(), 3, 1<<30, 0, func(_ context.Context, i int) error {
		if i == 5 {
			return broken
		}
		return nil
	})
	assert.ErrorIs(t, err, broken)
}

func TestPercentile(t *testing.T) {
	var t100 times
	for i := range 100 {
		t100.each = append(t100.each, time.Duration(i))
	}
	assert.EqualValues(t, 50, t100.percentile(50))
	assert.EqualValues(t, 99, t100.percentile(99))
	assert.EqualValues(t, 99, t100.percentile(100))
	assert.Zero(t, times{}.percentile(50))
}

func TestProc(t *testing.T) {
	assert.Equal(t, 350*time.Millisecond, cpuOf("7 (a) b c) S 1 7 7 0 -1 4 1 0 0 0 30 5 0 0 20 0"))
	assert.Zero(t, cpuOf("nonsense"))
	assert.Equal(t, 12<<10, peakOf("Name:\tx\nVmHWM:\t      12 kB\nVmRSS: 3 kB\n"))
	assert.Zero(t, peakOf("Name:\tx\n"))
}

// count is a server that creates and counts.
type count struct {
	n    atomic.Int64
	seen [5]atomic.Int64
}

func (c *count) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for i, method := range []string{"GET", "POST", "PATCH"} {
		if r.Method == method {
			c.seen[i].Add(1)
		}
	}
	if r.Body != nil && r.Method != "GET" && !json.Valid(readAll(r)) {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, `{"id":"%d"}`, c.n.Add(1))
}

func readAll(r *http.Request) []byte {
	var b bytes.Buffer
	_, _ = b.ReadFrom(r.Body)
	return b.Bytes()
}

func TestRuns(t *testing.T) {
	var c count
	hs := httptest.NewServer(&c)
	defer hs.Close()
	self := &server{url: hs.URL, cmd: exampleCommand()}
	o := options{name: "x", users: 20, members: 10, requests: 6, workers: 2, groups: 10, memberships: 100, batch: 5}
	var out bytes.Buffer
	require.NoError(t, measureAll(t.Context(), newClient(hs.URL, "token", 2), self, o, &out))
	for _, k := range []string{"GET", "userName eq", "list of 100", "POST", "PATCH active", "group, no members", "member add, remove"} {
		assert.Contains(t, out.String(), "| "+k)
	}
	assert.EqualValues(t, 4*6, c.seen[0].Load(), "GET")
	assert.EqualValues(t, 20+1+6, c.seen[1].Load(), "POST")
	assert.EqualValues(t, 1+2*6, c.seen[2].Load(), "PATCH")

	before := c.seen[2].Load()
	require.NoError(t, runCycle(t.Context(), newClient(hs.URL, "token", 2), self, o, &out))
	assert.EqualValues(t, 20, c.seen[2].Load()-before, "10 groups of 10 by 5")
	assert.Contains(t, out.String(), "x: all in")

	o.fixed = true
	require.NoError(t, measureAll(t.Context(), newClient(hs.URL, "token", 2), self, o, &out))
	assert.Error(t, run(t.Context(), nil, &out), "no command of a server")
}

// exampleCommand stands for the process of a server: this one.
func exampleCommand() *exec.Cmd {
	p, _ := os.FindProcess(os.Getpid())
	return &exec.Cmd{Process: p}
}
