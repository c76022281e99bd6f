package scim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/peer"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// The benchmarks hold Muster against a server of elimity-com/scim over a store that
// was written with equal care, against a handler that only writes bytes (floor) and one
// that decodes into a map and encodes it again (plain). All do the same chores: the
// hash of a token, a limit on the body, one event for each request.

// side is a server under measurement.
type side struct {
	b testing.TB
	http.Handler
	auth string
}

func muster(b testing.TB) side {
	store := memstore.New()
	events := make(chan scim.Entry, 1024)
	h, err := scim.New(scim.Config{
		BaseURL:    "http://example.com/v2",
		Auth:       scim.StaticToken(peer.Token, scim.Scope{Tenant: "t"}),
		Users:      store,
		Groups:     store,
		MaxBody:    8 << 20,
		MaxResults: 1000,
		Record: func(e scim.Entry) {
			select {
			case events <- e:
			default:
			}
		},
	})
	require.NoError(b, err)
	return side{b, h, "Bearer " + peer.Token}
}

func other(b testing.TB, h http.Handler) side { return side{b, h, "Bearer " + peer.Token} }

func elimity(b testing.TB) side {
	h, _ := peer.New(peer.Token)
	return other(b, h)
}

// do sends one request through a recorder.
func (s side) do(method, path string, body []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "/v2"+path, bytes.NewReader(body))
	req.Header["Authorization"] = []string{s.auth}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	return w
}

// create posts and returns the id.
func (s side) create(path string, body []byte) string {
	w := s.do("POST", path, body)
	require.Equal(s.b, http.StatusCreated, w.Code, w.Body)
	var doc struct{ ID string }
	require.NoError(s.b, json.Unmarshal(w.Body.Bytes(), &doc))
	return doc.ID
}

func (s side) fill(n int) (ids []string) {
	for i := range n {
		ids = append(ids, s.create("/Users", peer.UserBodyN(i)))
	}
	return ids
}

// loop measures requests that must succeed.
func (s side) loop(b *testing.B, status int, request func(i int) (method, path string, body []byte)) {
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		method, path, body := request(i)
		if w := s.do(method, path, body); w.Code != status {
			b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	get := func(path string) func(int) (string, string, []byte) {
		return func(int) (string, string, []byte) { return "GET", path, nil }
	}
	m := muster(b)
	path := "/Users/" + m.fill(1)[0]
	b.Run("muster", func(b *testing.B) { m.loop(b, 200, get(path)) })
	b.Run("floor", func(b *testing.B) { other(b, peer.Floor(m.do("GET", path, nil).Body.Bytes())).loop(b, 200, get(path)) })
	e := elimity(b)
	ePath := "/Users/" + e.fill(1)[0]
	b.Run("peer", func(b *testing.B) { e.loop(b, 200, get(ePath)) })
}

func BenchmarkPost(b *testing.B) {
	for name, s := range map[string]side{"muster": muster(b), "peer": elimity(b), "plain": other(b, peer.Plain())} {
		n := 0
		b.Run(name, func(b *testing.B) {
			s.loop(b, 201, func(int) (string, string, []byte) {
				n++
				return "POST", "/Users", peer.UserBodyN(n)
			})
		})
	}
}

func BenchmarkPatch(b *testing.B) {
	for name, s := range map[string]side{"muster": muster(b), "peer": elimity(b)} {
		path := "/Users/" + s.fill(1)[0]
		bodies := [][]byte{peer.PatchActive(false), peer.PatchActive(true)}
		n := 0
		b.Run(name, func(b *testing.B) {
			s.loop(b, 200, func(int) (string, string, []byte) {
				n++
				return "PATCH", path, bodies[n%2]
			})
		})
	}
}

func BenchmarkList100(b *testing.B) {
	for name, s := range map[string]side{"muster": muster(b), "peer": elimity(b)} {
		s.fill(100)
		b.Run(name, func(b *testing.B) {
			s.loop(b, 200, func(int) (string, string, []byte) { return "GET", "/Users?count=100", nil })
		})
	}
}

// BenchmarkFilterEq asks for random users by userName.
func BenchmarkFilterEq(b *testing.B) {
	sizes := []int{1000, 100_000}
	if os.Getenv("MUSTER_BENCH_LARGE") != "" { // a million users take a while to make
		sizes = append(sizes, 1_000_000)
	}
	for _, size := range sizes {
		m := muster(b)
		m.fill(size)
		paths := make([]string, 1<<14)
		for i := range paths {
			paths[i] = byUserName(int(uint64(i) * 2654435761 % uint64(size)))
		}
		b.Run(fmt.Sprintf("muster/%d", size), func(b *testing.B) {
			m.loop(b, 200, func(i int) (string, string, []byte) { return "GET", paths[i%len(paths)], nil })
		})
	}
	e := elimity(b)
	e.fill(1000)
	b.Run("peer/1000", func(b *testing.B) {
		e.loop(b, 200, func(i int) (string, string, []byte) {
			return "GET", byUserName(i % 1000), nil
		})
	})
}

// byUserName returns the path that looks up user i.
func byUserName(i int) string {
	return "/Users?filter=" + url.QueryEscape(`userName eq "`+peer.UserNameN(i)+`"`)
}

func BenchmarkPutGroup10k(b *testing.B) {
	const size = 10_000
	for name, s := range map[string]side{"muster": muster(b), "peer": elimity(b)} {
		ids := s.fill(size + 1)
		path := "/Groups/" + s.create("/Groups", peer.GroupBody("G", ids[:size])) + "?excludedAttributes=members"
		bodies := [][]byte{peer.GroupBody("G", ids[1:]), peer.GroupBody("G", ids[:size])}
		n := 0
		b.Run(name, func(b *testing.B) {
			s.loop(b, 200, func(int) (string, string, []byte) {
				n++
				return "PUT", path, bodies[n%2]
			})
		})
	}
}
