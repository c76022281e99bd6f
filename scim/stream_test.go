package scim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// crowds is a store whose groups have members that nobody has to make or keep.
type crowds struct {
	*memstore.Store
	size map[string]int // members by the id of the group

	calls, most int    // of ListMemberships, and the most edges of one
	peak        uint64 // of the heap, at the calls
	failAt      int    // the call that fails; 0 is none
	weighs      bool
}

func (c *crowds) ListMemberships(_ context.Context, _ scim.Tenant, q scim.MembershipQuery) (page scim.MembershipPage, err error) {
	if c.calls++; c.calls == c.failAt {
		return page, errors.New("the database is gone")
	}
	if c.weighs {
		runtime.GC() // what is left is in use
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.peak = max(c.peak, m.HeapAlloc)
	}
	group, from, _ := strings.Cut(q.After, ".")
	begin, _ := strconv.Atoi(from)
	for _, id := range q.Groups {
		if id < group {
			continue
		}
		for i := begin; i < c.size[id]; i++ {
			if q.Limit > 0 && len(page.Edges) == q.Limit {
				page.Next = fmt.Sprintf("%s.%d", id, i)
				return page, nil
			}
			page.Edges = append(page.Edges, scim.Membership{GroupID: id, Member: patch.Member{ID: fmt.Sprintf("u%d", i), Type: "User"}})
			c.most = max(c.most, len(page.Edges))
		}
		begin = 0
	}
	return page, nil
}

// crowded returns a server with groups of these sizes, and their ids.
func crowded(t *testing.T, sizes ...int) (side, *crowds, []string) {
	store := &crowds{Store: memstore.New(), size: map[string]int{}}
	h, err := scim.New(scim.Config{
		BaseURL: "http://example.com/v2",
		Auth:    scim.AuthenticatorFunc(func(*http.Request) (scim.Scope, error) { return scim.Scope{Tenant: "t"}, nil }),
		Users:   store.Store, Groups: store,
	})
	require.NoError(t, err)
	s := side{t, h, ""}
	ids := make([]string, len(sizes))
	for i, n := range sizes {
		ids[i] = s.create("/Groups", fmt.Appendf(nil, `{"displayName":"g%d"}`, i))
		store.size[ids[i]] = n
	}
	store.calls, store.most = 0, 0
	return s, store, ids
}

type group struct {
	ID      string
	Members []struct{ Value, Type, Ref string }
	Meta    struct{ Location string }
}

func (g group) isWhole(t *testing.T, n int) {
	require.Len(t, g.Members, n, g.ID)
	for i, m := range g.Members {
		if m.Value != "u"+strconv.Itoa(i) || m.Type != "User" {
			require.Fail(t, "another member", "%d: %+v", i, m)
		}
	}
	assert.NotEmpty(t, g.Meta.Location, "what comes behind the members")
}

// TestLargeGroupIsStreamed: no more than a page of members is read at once, and what is
// read is written before the next.
func TestLargeGroupIsStreamed(t *testing.T) {
	for n, calls := range map[int]int{0: 1, 1: 1, 10_000: 1, 10_001: 2, 25_000: 3} {
		s, store, ids := crowded(t, n)
		w := s.do("GET", "/Groups/"+ids[0], nil)
		require.Equal(t, 200, w.Code)
		isCounted := w.Header().Get("Content-Length") != "" || w.Body.Len() <= 2<<10 // net/http counts short ones
		assert.Equal(t, n <= 10_000, isCounted, "the length is known only if all is: %d", n)
		var g group
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &g), n)
		g.isWhole(t, n)
		assert.Equal(t, calls, store.calls, n)
		assert.LessOrEqual(t, store.most, 10_000)
		assert.Empty(t, s.do("HEAD", "/Groups/"+ids[0], nil).Body.String())
	}
}

// TestListOfLargeGroupsIsStreamed: groups come as they are, whether they were read with
// the first 100,000 memberships or are read when the answer is written.
func TestListOfLargeGroupsIsStreamed(t *testing.T) {
	sizes := []int{3, 0, 99_990, 15_000, 0, 7}
	s, store, _ := crowded(t, sizes...)
	w := s.do("GET", "/Groups", nil)
	require.Equal(t, 200, w.Code)
	var list struct {
		TotalResults int
		Resources    []group
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
	require.Len(t, list.Resources, len(sizes))
	for i, g := range list.Resources {
		g.isWhole(t, sizes[i])
	}
	assert.LessOrEqual(t, store.most, 100_000)

	store.calls = 0
	s.do("GET", "/Groups?excludedAttributes=members", nil)
	assert.Zero(t, store.calls, "what is not shown is not read")
}

// discarded counts an answer and keeps nothing of it.
type discarded struct {
	header http.Header
	status int
	n      int
}

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) WriteHeader(status int)      { d.status = status }
func (d *discarded) Write(b []byte) (int, error) { d.n += len(b); return len(b), nil }

// TestLargeGroupNeedsLittleMemory: the heap does not grow with the group.
func TestLargeGroupNeedsLittleMemory(t *testing.T) {
	if raced {
		t.Skip("the race detector has memory of its own")
	}
	const most = 8 << 20
	members := large(300_000, 1_000_000)
	s, store, ids := crowded(t, members)
	store.weighs = true
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	w := &discarded{header: http.Header{}}
	s.ServeHTTP(w, httptest.NewRequest("GET", "/v2/Groups/"+ids[0], nil))
	assert.Equal(t, 200, w.status)
	assert.Greater(t, w.n, members*60)
	peak := int(store.peak) - int(before.HeapAlloc)
	t.Logf("%d members, an answer of %d MB: at most %d KB more than before are in use", members, w.n>>20, peak>>10)
	assert.Less(t, peak, most)
}

// TestBrokenStreamIsSeen: a client must not take half of the members for all of them.
func TestBrokenStreamIsSeen(t *testing.T) {
	s, store, ids := crowded(t, 25_000)
	store.failAt = 2
	server := httptest.NewServer(s)
	defer server.Close()
	resp, err := http.Get(server.URL + "/v2/Groups/" + ids[0])
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	assert.Error(t, err)
}
