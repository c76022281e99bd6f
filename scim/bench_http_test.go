package scim_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/peer"
	"github.com/muster-scim/muster/internal/turns"
)

// serveFor names the server that a process of the benchmarks is; empty is none.
const serveFor = "MUSTER_BENCH_SERVE"

// TestServeForBenchmarks is the server of [BenchmarkServerCPU], in a process of its own.
// It ends with its standard input, which is when the benchmark ends.
func TestServeForBenchmarks(t *testing.T) {
	what := os.Getenv(serveFor)
	if what == "" {
		return
	}
	m := muster(t)
	id := m.fill(1000)[7]
	var h http.Handler = m
	if what != "muster" {
		status, _ := strconv.Atoi(what)
		h = peer.Bare(status, m.do("GET", "/Users/"+id, nil).Body.Bytes())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = http.Serve(l, h) }()
	fmt.Println("serving", l.Addr(), id)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// process is a server under measurement in a process of its own.
type process struct {
	addr, id string
	pid      int
	sent     int // requests so far
}

func startProcess(b *testing.B, what string) *process {
	cmd := exec.Command(os.Args[0], "-test.run=^TestServeForBenchmarks$", "-test.v")
	cmd.Env = append(os.Environ(), serveFor+"="+what)
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	p := &process{pid: cmd.Process.Pid}
	var text bytes.Buffer
	for space := make([]byte, 256); ; {
		n, err := out.Read(space)
		text.Write(space[:n])
		if _, line, ok := strings.Cut(text.String(), "serving "); ok && strings.Contains(line, "\n") {
			_, err = fmt.Sscan(line, &p.addr, &p.id)
			require.NoError(b, err)
			return p
		}
		require.NoError(b, err)
	}
}

// cpu returns the processor time that the process has used.
func (p *process) cpu(b *testing.B) time.Duration {
	used, err := processTime(p.pid)
	if err != nil {
		b.Skip("the processor time of another process is not known here: ", err)
	}
	return used
}

// BenchmarkServerCPU compares the processor time that servers need for a request over
// loopback HTTP, their kernel's included: that of Muster, and of a handler that reads the
// request and writes the same bytes.
func BenchmarkServerCPU(b *testing.B) {
	patches := [][]byte{peer.PatchActive(false), peer.PatchActive(true)}
	for _, k := range []struct {
		name    string
		bare    int // its status
		request func(id string, i int) (method, path string, body []byte)
	}{
		{"get", 200, func(id string, _ int) (string, string, []byte) { return "GET", "/Users/" + id, nil }},
		{"filter", 200, func(string, int) (string, string, []byte) { return "GET", byUserName(7), nil }},
		{"post", 201, func(_ string, i int) (string, string, []byte) { return "POST", "/Users", peer.UserBodyN(5000 + i) }},
		{"patch", 200, func(id string, i int) (string, string, []byte) { return "PATCH", "/Users/" + id, patches[i%2] }},
	} {
		b.Run(k.name, func(b *testing.B) {
			side := func(name, what string) turns.Side {
				p := startProcess(b, what)
				return turns.Side{Name: name, Clock: p.cpu, Do: func(b *testing.B, n int) { p.load(b, n, k.bare, k.request) }}
			}
			turns.Ratios(b, 2000, side("muster", "muster"), side("bytes", strconv.Itoa(k.bare)))
		})
	}
}

// load sends n requests by as many connections as identity providers use, so that the
// server is never idle: what a processor does to wake up is no work of a request.
func (p *process) load(b *testing.B, n, want int, request func(id string, i int) (method, path string, body []byte)) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var done sync.WaitGroup
	for c := range connections {
		done.Go(func() {
			for i := c; i < n; i += connections {
				method, path, body := request(p.id, p.sent+i)
				status, err := sendBy(client, method, "http://"+p.addr+"/v2"+path, body)
				if err != nil || status != want {
					b.Errorf("%s %s: %d, %v", method, path, status, err)
					return
				}
			}
		})
	}
	done.Wait()
	p.sent += n
}

// connections is how many the load comes from.
const connections = 8

// sendBy does one request and reads the answer to its end.
func sendBy(client *http.Client, method, url string, body []byte) (status int, err error) {
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header["Authorization"] = []string{"Bearer " + peer.Token}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}
