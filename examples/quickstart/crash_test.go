package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
)

// TestCrash kills the program while clients write, again and again. Afterwards the
// database opens, has all that was acknowledged, and nothing is done by half.
func TestCrash(t *testing.T) {
	for name, db := range map[string]string{
		"sqlite":   filepath.Join(t.TempDir(), "crash.db"),
		"postgres": dbtest.PostgresDSN(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testCrash(t, db)
		})
	}
}

func testCrash(t *testing.T, db string) {
	crashes := 20
	if testing.Short() {
		crashes = 3
	}
	const writers = 4
	var all []*writer
	for crash := range crashes {
		p := startProcess(t, db)
		c := client(writers)
		for i := range writers {
			if crash == 0 {
				all = append(all, newWriter(t, c, p.url, i))
			}
			all[i].check(t, c, p.url)
		}
		// The process is killed behind some write, with others on their way.
		var acknowledged atomic.Int64
		last := rand.Int64N(200)
		var wg sync.WaitGroup
		for _, w := range all {
			wg.Go(func() {
				for w.write(t, c, p.url) {
					if acknowledged.Add(1) == last+1 {
						_ = p.cmd.Process.Kill()
					}
				}
			})
		}
		wg.Wait()
		p.kill()
	}
	p := startProcess(t, db)
	for _, w := range all {
		w.check(t, client(1), p.url)
		w.checkAll(t, client(1), p.url)
	}
}

// writer is a client that knows what the server has told it. It has a user and a group
// of its own; each round is a new user, a PATCH of two attributes, and a PATCH that
// names the group after the new user and adds it.
type writer struct {
	name        string
	user, group string
	sent, acked int      // the last round of which a PATCH of the user was sent, and acknowledged
	created     []string // users that were acknowledged
	members     []string // of these, those whose joining was acknowledged
	joining     string   // the one whose joining was sent last
}

func newWriter(t *testing.T, c *http.Client, url string, i int) *writer {
	w := &writer{name: fmt.Sprint("w", i)}
	w.user = create(t, c, url+"/Users", `{"userName":"`+w.name+`","nickName":"0","title":"0"}`)
	w.group = create(t, c, url+"/Groups", `{"displayName":"`+w.name+`"}`)
	return w
}

// write does a round and reports whether all of it was acknowledged. No answer is that
// of a process that was killed; any other than success is a failure.
func (w *writer) write(t *testing.T, c *http.Client, url string) bool {
	w.sent++
	n := strconv.Itoa(w.sent)
	if _, ok := w.send(t, c, "PATCH", url+"/Users/"+w.user,
		patchBegin+`{"op":"replace","path":"nickName","value":"`+n+`"},{"op":"replace","path":"title","value":"`+n+`"}]}`); !ok {
		return false
	}
	w.acked = w.sent
	text, ok := w.send(t, c, "POST", url+"/Users", `{"userName":"`+w.name+"."+n+`"}`)
	if !ok {
		return false
	}
	id := idIn(text)
	w.created = append(w.created, id)
	w.joining = id
	_, ok = w.send(t, c, "PATCH", url+"/Groups/"+w.group,
		patchBegin+`{"op":"replace","path":"displayName","value":"`+id+`"},{"op":"add","path":"members","value":[{"value":"`+id+`"}]}]}`)
	if ok {
		w.members = append(w.members, id)
	}
	return ok
}

func (w *writer) send(t *testing.T, c *http.Client, method, url, body string) (string, bool) {
	status, text, ok := send(c, method, url, body)
	return text, ok && assert.Less(t, status, 300, text)
}

// check holds what the server has to what it has acknowledged. What it was killed with
// may be done or not, but not by half.
func (w *writer) check(t *testing.T, c *http.Client, url string) {
	t.Helper()
	var u struct{ NickName, Title string }
	read(t, c, url+"/Users/"+w.user, &u)
	assert.Equal(t, u.NickName, u.Title, "half a PATCH")
	n, err := strconv.Atoi(u.Title)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, n, w.acked, "an acknowledged PATCH is lost")
	assert.LessOrEqual(t, n, w.sent)

	var g struct {
		DisplayName string
		Members     values
	}
	read(t, c, url+"/Groups/"+w.group, &g)
	members := g.Members.set(t)
	for _, id := range w.members {
		require.True(t, members[id], "an acknowledged member is lost")
	}
	switch {
	case len(members) == 0:
		assert.Equal(t, w.name, g.DisplayName, "half a PATCH")
	default:
		assert.True(t, members[g.DisplayName], "half a PATCH")
		assert.Contains(t, []string{w.joining, lastOf(w.members)}, g.DisplayName)
	}
	if n := len(w.created); n > 0 {
		read(t, c, url+"/Users/"+w.created[n-1], &u)
	}
}

// checkAll looks for every user that was acknowledged.
func (w *writer) checkAll(t *testing.T, c *http.Client, url string) {
	t.Helper()
	for _, id := range w.created {
		read(t, c, url+"/Users/"+id, &struct{}{})
	}
	t.Logf("%s: %d users, %d members, %d PATCHes acknowledged", w.name, len(w.created), len(w.members), w.acked)
}

func lastOf(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ids[len(ids)-1]
}

var idPattern = regexp.MustCompile(`"id":"([^"]+)"`)

// idIn returns the id in the text of a resource, "" if there is none.
func idIn(text string) string {
	if m := idPattern.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}
