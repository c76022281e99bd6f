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
	"github.com/muster-scim/muster/internal/turns"
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
	events := make(chan peer.Event, 1024)
	h, err := scim.New(scim.Config{
		BaseURL:    "http://example.com/v2",
		Auth:       scim.StaticToken(peer.Token, scim.Scope{Tenant: "t"}),
		Users:      store,
		Groups:     store,
		MaxBody:    8 << 20,
		MaxResults: 1000,
		Record: func(e scim.Entry) {
			select {
			case events <- peer.Event{Time: e.At, Duration: e.Duration, Method: e.Method, Path: e.Path, Status: e.Status}:
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

// as makes a side of a comparison of requests that must succeed.
func (s side) as(name string, status int, request func(i int) (method, path string, body []byte)) turns.Side {
	i := 0
	return turns.Side{Name: name, Do: func(b *testing.B, n int) {
		for range n {
			method, path, body := request(i)
			if i++; s.do(method, path, body).Code != status {
				b.Fatalf("%s: %s %s did not end with %d", name, method, path, status)
			}
		}
	}}
}

// quick lets a side take turns as long as those of one that is so many times slower: what it
// takes to get going again behind the others is shared by as much work.
func quick(times int, s turns.Side) turns.Side {
	s.Times = times
	return s
}

// reading is a request that reads.
func reading(path string) func(int) (string, string, []byte) {
	return func(int) (string, string, []byte) { return "GET", path, nil }
}

func BenchmarkGet(b *testing.B) {
	m, e := muster(b), elimity(b)
	path, ePath := "/Users/"+m.fill(1)[0], "/Users/"+e.fill(1)[0]
	floor := other(b, peer.Floor(m.do("GET", path, nil).Body.Bytes()))
	turns.Ratios(b, 1000, quick(5, m.as("muster", 200, reading(path))), quick(5, floor.as("floor", 200, reading(path))), e.as("peer", 200, reading(ePath)))
}

// BenchmarkPost creates users in a store that is empty before each turn: one that grew from
// turn to turn would be the garbage collector's work for the other sides, too.
func BenchmarkPost(b *testing.B) {
	const users = 1000 // for all sides: the more a store has, the more work it is
	bodies := make([][]byte, users)
	for i := range bodies {
		bodies[i] = peer.UserBodyN(i)
	}
	posting := func(name string, empty func() side) turns.Side {
		var s side
		return turns.Side{Name: name,
			Prepare: func(*testing.B) { s = empty() },
			Do: func(b *testing.B, n int) {
				for i := range n {
					if s.do("POST", "/Users", bodies[i]).Code != 201 {
						b.Fatalf("%s: user %d was not created", name, i)
					}
				}
			}}
	}
	turns.Ratios(b, users,
		posting("muster", func() side { return muster(b) }),
		posting("plain", func() side { return other(b, peer.Plain()) }),
		posting("peer", func() side { return elimity(b) }))
}

func BenchmarkPatch(b *testing.B) {
	bodies := [][]byte{peer.PatchActive(false), peer.PatchActive(true)}
	patching := func(name string, s side) turns.Side {
		path := "/Users/" + s.fill(1)[0]
		return s.as(name, 200, func(i int) (string, string, []byte) { return "PATCH", path, bodies[i%2] })
	}
	turns.Ratios(b, 300, quick(8, patching("muster", muster(b))), patching("peer", elimity(b)))
}

func BenchmarkList100(b *testing.B) {
	m, e := muster(b), elimity(b)
	m.fill(100)
	e.fill(100)
	list := reading("/Users?count=100")
	turns.Ratios(b, 25, quick(15, m.as("muster", 200, list)), e.as("peer", 200, list))
}

// BenchmarkFilterEq asks for a user by userName, among a thousand.
func BenchmarkFilterEq(b *testing.B) {
	m, e := muster(b), elimity(b)
	id := m.fill(1000)[7]
	e.fill(1000)
	paths := randomUserNames(1000)
	byName := func(i int) (string, string, []byte) { return "GET", paths[i%len(paths)], nil }
	b.Run("get", func(b *testing.B) {
		turns.Ratios(b, 5000, m.as("muster", 200, byName), m.as("get", 200, reading("/Users/"+id)))
	})
	b.Run("peer", func(b *testing.B) {
		turns.Ratios(b, 20, quick(150, m.as("muster", 200, byName)), e.as("peer", 200, byName))
	})
}

// BenchmarkFilterEqSize asks for random users among more and more.
func BenchmarkFilterEqSize(b *testing.B) {
	sizes := []int{1000, 100_000}
	if os.Getenv("MUSTER_BENCH_LARGE") != "" { // a million users take a while to make
		sizes = append(sizes, 1_000_000)
	}
	var sides []turns.Side
	for _, size := range sizes {
		m := muster(b)
		m.fill(size)
		paths := randomUserNames(size)
		sides = append(sides, m.as(fmt.Sprint(size), 200, func(i int) (string, string, []byte) { return "GET", paths[i%len(paths)], nil }))
	}
	turns.Differences(b, 5000, sides...)
}

// randomUserNames returns the paths that look up users out of size.
func randomUserNames(size int) []string {
	paths := make([]string, 1<<14)
	for i := range paths {
		paths[i] = byUserName(int(uint64(i) * 2654435761 % uint64(size)))
	}
	return paths
}

// byUserName returns the path that looks up user i.
func byUserName(i int) string {
	return "/Users?filter=" + url.QueryEscape(`userName eq "`+peer.UserNameN(i)+`"`)
}

func BenchmarkPutGroup10k(b *testing.B) {
	const size = 10_000
	putting := func(name string, s side) turns.Side {
		ids := s.fill(size + 1)
		path := "/Groups/" + s.create("/Groups", peer.GroupBody("G", ids[:size])) + "?excludedAttributes=members"
		bodies := [][]byte{peer.GroupBody("G", ids[1:]), peer.GroupBody("G", ids[:size])}
		return s.as(name, 200, func(i int) (string, string, []byte) { return "PUT", path, bodies[i%2] })
	}
	turns.Ratios(b, 16, putting("muster", muster(b)), putting("peer", elimity(b)))
}
