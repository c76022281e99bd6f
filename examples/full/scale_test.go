package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBulkOfOneThousand: a thousand resources, created in one request, of which each
// refers to others that refer back to it: groups to users and to groups, users to users
// and to groups.
func TestBulkOfOneThousand(t *testing.T) {
	c := newSuite(t)
	const n = 500
	var ops []string
	for i := range n {
		next := (i + 1) % n
		ops = append(ops,
			bulkPost("/Groups", fmt.Sprintf("g%d", i), fmt.Sprintf(`{"displayName":"G%d","members":[{"value":"bulkId:u%d"},{"value":"bulkId:g%d"}]}`, i, i, next)),
			bulkPost("/Users", fmt.Sprintf("u%d", i), fmt.Sprintf(`{"userName":"u%d","profileUrl":"https://example.com/Groups/bulkId:g%d","$E":{"manager":{"value":"bulkId:u%d"}}}`, i, i, next)))
	}
	a := c.bulk(strings.Join(ops, ",")).is(200)
	require.Equal(t, strings.TrimSpace(strings.Repeat("201 ", 2*n)), bulkStatuses(a))
	group := func(i int) string { return bulkID(c, a, 2*(i%n)) }
	user := func(i int) string { return bulkID(c, a, 2*(i%n)+1) }
	for i := range n {
		require.ElementsMatch(t, []string{user(i), group(i + 1)}, c.get("/Groups/"+group(i)).is(200).each("value", "members"))
		u := c.get("/Users/" + user(i)).is(200)
		require.Equal(t, user(i+1), u.at("$E", "manager", "value"))
		require.Equal(t, "https://example.com/Groups/"+group(i), u.at("profileUrl"))
	}
	c.get("/Users").total(n)
	c.get("/Groups").total(n)
}

// TestBulkBeyondTheLimit: as many operations as are advertised are done, of one more
// none is.
func TestBulkBeyondTheLimit(t *testing.T) {
	c := newSuite(t)
	c.get("/ServiceProviderConfig").is(200).has(10_000, "bulk", "maxOperations")
	ops := make([]string, 10_001)
	for i := range ops {
		ops[i] = bulkPost("/Users", fmt.Sprint(i), fmt.Sprintf(`{"userName":"u%d"}`, i))
	}
	a := c.bulk(strings.Join(ops, ",")).fails(413, "")
	assert.Contains(t, a.doc["detail"], "maxOperations (10000)")
	c.get("/Users").total(0)
	c.bulk(strings.Join(ops[1:], ",")).is(200)
	c.get("/Users").total(10_000)
}

// TestWalkOfTenThousand reads ten thousand users page by page, by cursor, while another
// client creates users and deletes some of them: whoever was there all the time is seen
// exactly once, and nobody twice.
func TestWalkOfTenThousand(t *testing.T) {
	for name, query := range map[string]string{"as created": "", "sorted": "&sortBy=userName"} {
		t.Run(name, func(t *testing.T) { walkAmongWrites(newSuite(t), query) })
	}
}

func walkAmongWrites(c *suite, query string) {
	const n, leaving = 10_000, 10 // every tenth may be deleted on the way
	ops := make([]string, n)
	for i := range ops {
		ops[i] = bulkPost("/Users", fmt.Sprint(i), fmt.Sprintf(`{"userName":"u%05d"}`, i))
	}
	a := c.bulk(strings.Join(ops, ",")).is(200)
	var leavers []string
	stays := make(map[string]bool, n)
	for i, location := range a.each("location", "Operations") {
		id := location[strings.LastIndexByte(location, '/')+1:]
		if i%leaving == 0 {
			leavers = append(leavers, id)
		} else {
			stays[id] = true
		}
	}
	require.Len(c, stays, n-n/leaving)

	// The other client writes during every page: it does not go on before the page is
	// read, and the next page is not asked for before it has written.
	wrote, done := make(chan struct{}), make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for k := 0; ; k++ {
			body := fmt.Sprintf(`{"userName":"%c%05d-new"}`, "atuvz"[k%5], k*37%n)
			assert.Equal(c, 201, c.post("/Users", body).status)
			for range 3 { // before, near and behind the place of the reader
				at := k * 61 % len(leavers)
				assert.Equal(c, 204, c.delete("/Users/"+leavers[at]).status)
				leavers[at] = leavers[len(leavers)-1]
				leavers = leavers[:len(leavers)-1]
			}
			select {
			case wrote <- struct{}{}:
			case <-done:
				return
			}
		}
	}()
	seen, pages := map[string]int{}, 0
	for cursor, more := "", true; more; pages++ {
		a := c.get("/Users?count=100&attributes=id" + query + "&cursor=" + cursor).is(200)
		for _, id := range a.each("id", "Resources") {
			seen[id]++
		}
		cursor, more = a.doc["nextCursor"].(string)
		<-wrote
	}
	close(done)
	<-stopped
	assert.GreaterOrEqual(c, pages, (n-n/leaving)/100)
	for id, times := range seen {
		require.Equal(c, 1, times, id)
	}
	for id := range stays {
		require.Equal(c, 1, seen[id], "%s was there all the time", id)
	}
}
