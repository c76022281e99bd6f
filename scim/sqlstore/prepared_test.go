package sqlstore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// TestPreparedStatements: more different statements than are kept prepared, from many
// goroutines, find the same; also over a single connection, for which they wait.
func TestPreparedStatements(t *testing.T) {
	db := dbtest.SQLite(t)
	db.SetMaxOpenConns(1)
	s := openOn(t, db, sqlstore.Options{})
	addUsers(t, s, 3)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i := range 300 {
				q := scim.Query{StartIndex: 1, Count: 3 + i} // which is a part of the text
				page, err := s.ListUsers(ctx, acme, q)
				if !assert.NoError(t, err) || !assert.Len(t, page.Resources, 3, fmt.Sprint(i)) {
					return
				}
			}
		})
	}
	wait.Wait()
	require.Zero(t, db.Stats().InUse)
}
