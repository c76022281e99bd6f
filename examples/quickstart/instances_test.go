package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
)

// TestInstances: four processes on one PostgreSQL add members to one group, and values
// to one user, all at once. Nothing is lost, nothing is there twice.
func TestInstances(t *testing.T) {
	instances, members, patches := 4, 2000, 500
	if testing.Short() {
		members, patches = 100, 50
	}
	const writers = 4 // to the group, of each instance
	db := dbtest.PostgresDSN(t)
	var all []*process
	for range instances {
		all = append(all, startProcess(t, db))
	}
	c := client(instances * (writers + 1))
	ids := createUsers(t, c, all, instances*members)
	group := create(t, c, all[0].url+"/Groups", `{"displayName":"all"}`)
	user := create(t, c, all[0].url+"/Users", `{"userName":"many"}`)

	var wg sync.WaitGroup
	for i, p := range all {
		mine := ids[i*members : (i+1)*members]
		for w := range writers {
			wg.Go(func() {
				for at := w; at < len(mine); at += writers {
					addTo(t, c, p.url+"/Groups/"+group, "members", mine[at])
				}
			})
		}
		wg.Go(func() {
			for n := range patches {
				addTo(t, c, p.url+"/Users/"+user+"?attributes=id", "entitlements", entitlement(i, n))
			}
		})
	}
	wg.Wait()

	var g struct{ Members values }
	read(t, c, all[0].url+"/Groups/"+group, &g)
	got := g.Members.set(t)
	assert.Len(t, got, len(ids))
	for _, id := range ids {
		require.True(t, got[id], "a member is lost")
	}
	var u struct{ Entitlements values }
	read(t, c, all[1].url+"/Users/"+user, &u)
	got = u.Entitlements.set(t)
	assert.Len(t, got, instances*patches)
	for i := range instances {
		for n := range patches {
			require.True(t, got[entitlement(i, n)], "%s is lost", entitlement(i, n))
		}
	}
}

func entitlement(instance, n int) string { return fmt.Sprintf("%d.%d", instance, n) }

// createUsers creates so many users through all instances.
func createUsers(t *testing.T, c *http.Client, all []*process, n int) []string {
	t.Helper()
	ids := make([]string, n)
	var wg sync.WaitGroup
	for i, p := range all {
		wg.Go(func() {
			for at := i; at < n; at += len(all) {
				status, text, ok := send(c, "POST", p.url+"/Users?attributes=id", fmt.Sprintf(`{"userName":"u%d"}`, at))
				if !assert.True(t, ok, text) || !assert.Equal(t, http.StatusCreated, status, text) {
					return
				}
				ids[at] = idIn(text)
			}
		})
	}
	wg.Wait()
	require.NotContains(t, ids, "")
	return ids
}

// addTo adds one value, and comes again when it is told to, as identity providers do.
func addTo(t *testing.T, c *http.Client, url, path, value string) {
	body := patchBegin + `{"op":"add","path":"` + path + `","value":[{"value":"` + value + `"}]}]}`
	for {
		status, text, ok := send(c, "PATCH", url, body)
		if !ok || status != http.StatusServiceUnavailable {
			assert.True(t, ok, text)
			assert.Less(t, status, 300, text)
			return
		}
	}
}
