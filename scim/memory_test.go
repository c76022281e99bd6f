package scim_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/peer"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// allocatedBy returns how many bytes f allocates, whether they are freed again or not: more
// than f ever has at once.
func allocatedBy(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// large is the size of a test: its own or, if MUSTER_BENCH_LARGE is set, that of
// BENCHMARKS.md.
func large(own, larger int) int {
	if os.Getenv("MUSTER_BENCH_LARGE") != "" {
		return larger
	}
	return own
}

// TestManyMemberOperationsNeedLittleMemory: 10,000 operations, each with a member of its
// own, need a few times the memory of their text.
func TestManyMemberOperationsNeedLittleMemory(t *testing.T) {
	if raced {
		t.Skip("the race detector has memory of its own")
	}
	m := muster(t)
	ids := m.fill(10_000)
	group := "/Groups/" + m.create("/Groups", peer.GroupBody("g", nil))
	ops := make([]string, len(ids))
	for i, id := range ids {
		ops[i] = fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":%q}]}`, id)
	}
	body := []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(ops, ",") + `]}`)
	const most = 20 << 20
	got := allocatedBy(func() { require.Equal(t, http.StatusNoContent, m.do("PATCH", group, body).Code) })
	t.Logf("a body of %d KB: %d KB allocated", len(body)>>10, got>>10)
	assert.Less(t, got, most)
}

// TestBulkNeedsLittleMemory: what operations are done with is not kept, so that a request
// has little more than its own text in memory.
func TestBulkNeedsLittleMemory(t *testing.T) {
	if raced {
		t.Skip("the race detector has memory of its own")
	}
	const most = 4                       // times its text
	operations := large(10_000, 160_000) // of 650 bytes
	ops := make([]string, 0, operations)
	for i := range operations {
		ops = append(ops, fmt.Sprintf(`{"method":"PUT","path":"/Users/nobody","data":%s}`, peer.UserBodyN(i)))
	}
	body := []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + strings.Join(ops, ",") + `]}`)
	ops = nil
	var peak uint64
	n := 0
	store := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL:           "http://example.com/v2",
		Auth:              scim.StaticToken(peer.Token, scim.Scope{Tenant: "t"}),
		Users:             store,
		MaxBulkOperations: operations,
		MaxBulkPayload:    int64(len(body)),
		Record: func(scim.Entry) {
			if n++; n%(operations/10) == 0 {
				runtime.GC() // what is left is in use
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		},
	})
	require.NoError(t, err)
	req := httptest.NewRequest("POST", "/v2/Bulk", bytes.NewReader(body))
	req.Header["Authorization"] = []string{"Bearer " + peer.Token}
	w := &discarded{header: http.Header{}}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	h.ServeHTTP(w, req)
	require.Equal(t, http.StatusOK, w.status)
	require.GreaterOrEqual(t, n, operations)
	more := int(peak) - int(before.HeapAlloc)
	t.Logf("a body of %d MB: at most %d MB more than before are in use", len(body)>>20, more>>20)
	assert.Less(t, more, most*len(body))
}

// TestWalkNeedsLittleMemory: a page of many users costs what one of few costs.
func TestWalkNeedsLittleMemory(t *testing.T) {
	if raced {
		t.Skip("the race detector has memory of its own")
	}
	m := muster(t)
	m.fill(large(10_000, 1_000_000))
	var page struct{ NextCursor string }
	var most, pages int
	for first := true; first || page.NextCursor != ""; first = false {
		path := "/v2/Users?count=1000&cursor=" + url.QueryEscape(page.NextCursor)
		w := &headed{discarded: discarded{header: http.Header{}}}
		req := httptest.NewRequest("GET", path, nil)
		req.Header["Authorization"] = []string{m.auth}
		got := allocatedBy(func() { m.ServeHTTP(w, req) })
		require.Equal(t, http.StatusOK, w.status)
		page.NextCursor = w.cursor()
		if pages++; pages > 1 { // the first makes the space that the others use
			most = max(most, got)
		}
	}
	t.Logf("%d pages of 1,000 users: at most %d KB allocated for one", pages, most>>10)
	assert.Less(t, most, 4<<20)
}

// headed keeps the head of an answer, in which a list has its cursor.
type headed struct {
	discarded
	head []byte
}

func (w *headed) Write(b []byte) (int, error) {
	if w.head == nil {
		w.head = bytes.Clone(b[:min(len(b), 1000)])
	}
	return w.discarded.Write(b)
}

func (w *headed) cursor() string {
	_, rest, _ := strings.Cut(string(w.head), `"nextCursor":"`)
	cursor, _, _ := strings.Cut(rest, `"`)
	return cursor
}
