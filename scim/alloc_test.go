package scim_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/muster-scim/muster/internal/peer"
)

// TestAllocations holds whole requests to the allocations in ARCHITECTURE's budget, as
// BENCHMARKS.md has them: the recorder's and the request's own are counted with them,
// since those of the peer are, too. Allocations are exact, so they can be a test.
func TestAllocations(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates too, and empties pools")
	}
	m := muster(t)
	ids := m.fill(1000)
	get := "/Users/" + ids[0]
	floor := other(t, peer.Floor(m.do("GET", get, nil).Body.Bytes()))
	patches := [][]byte{peer.PatchActive(false), peer.PatchActive(true)}
	members := [][]byte{peer.PatchRemoveMember(ids[3]), peer.PatchAddMember(ids[3])}
	replacements := [][]byte{peer.GroupBody("g", ids[1:]), peer.GroupBody("g", ids)}
	n := 1000
	count := func(s side, status int, request func(int) (method, path string, body []byte)) float64 {
		return testing.AllocsPerRun(100, func() {
			n++
			method, path, body := request(n)
			if w := s.do(method, path, body); w.Code != status {
				t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
			}
		})
	}
	least := count(floor, 200, reading(get))
	own := count(m, 200, reading(get))
	assert.LessOrEqual(t, own, least+8, "GET a user: beyond a handler that writes bytes (%v)", least)
	assert.LessOrEqual(t, count(m, 200, reading(byUserName(7))), own+6, "userName eq: beyond GET (%v)", own)
	type work struct {
		name    string
		most    float64
		status  int
		request func(int) (string, string, []byte)
	}
	hold := func(works ...work) {
		for _, w := range works {
			assert.LessOrEqual(t, count(m, w.status, w.request), w.most, w.name)
		}
	}
	hold(
		work{"list 100 users", 40, 200, reading("/Users?count=100")},
		work{"list 1,000 users", 40, 200, reading("/Users?count=1000")},
		work{"PATCH active", 40, 200, func(n int) (string, string, []byte) { return "PATCH", "/Users/" + ids[1], patches[n%2] }},
	)
	// The bodies are made before: making them is not the server's work.
	bodies := make([][]byte, 200)
	for i := range bodies {
		bodies[i] = peer.UserBodyN(10_000 + i)
	}
	post := func(int) (string, string, []byte) {
		body := bodies[0]
		bodies = bodies[1:]
		return "POST", "/Users", body
	}
	hold(work{"POST a user", 34, 201, post})

	group := "/Groups/" + m.create("/Groups", peer.GroupBody("g", ids))
	quiet := group + "?excludedAttributes=members"
	hold(
		work{"one member more or less", 47, 204, func(n int) (string, string, []byte) { return "PATCH", group, members[n%2] }},
		work{"PUT a group of 1,000", 40, 200, func(n int) (string, string, []byte) {
			return "PUT", quiet, replacements[n%2]
		}},
	)
}
