package scim_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
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
	const most = 40 << 20
	got := allocatedBy(func() { require.Equal(t, http.StatusNoContent, m.do("PATCH", group, body).Code) })
	assert.Less(t, got, most, "for a body of %d KB", len(body)>>10)
}

// TestBulkNeedsLittleMemory: what operations are done with is not kept, so that a request
// has little more than its own text in memory.
func TestBulkNeedsLittleMemory(t *testing.T) {
	if raced {
		t.Skip("the race detector has memory of its own")
	}
	const operations, most = 10_000, 4 // times its text
	var ops []string
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
			if n++; n%1000 == 0 {
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
	assert.Less(t, int(peak)-int(before.HeapAlloc), most*len(body), "for a body of %d MB", len(body)>>20)
}
