package sqlstore_test

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"

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

// TestStatementsAreNotParsedAgain: what was done twice before is not parsed nor planned
// again for other values, with statistics and without, and within a transaction. SQLite
// asks its authorizer about each statement that it parses.
func TestStatementsAreNotParsedAgain(t *testing.T) {
	db := dbtest.SQLite(t)
	db.SetMaxOpenConns(1)
	c := newCrowd(t, db, 2000)
	for _, state := range []string{"without statistics", "with statistics"} {
		c.Store = openOn(t, db, sqlstore.Options{}) // which has prepared nothing yet
		parsed := 0
		authorize(t, db, func(action sqlite.AuthorizerActionCode, _, _, _, _ string) sqlite.AuthorizerReturnCode {
			if action != sqlite.AuthTransaction { // the driver's own
				parsed++
			}
			return sqlite.AuthorizerOK
		})
		for round := range 4 {
			for name, do := range c.lookUps(t) {
				parsed = 0
				_, _, err := do()
				require.NoError(t, err)
				if round > 1 {
					assert.Zero(t, parsed, "%s, %s", name, state)
				}
			}
			c.first++
		}
		_, err := db.Exec("ANALYZE")
		require.NoError(t, err)
	}
}

func authorize(t *testing.T, db *sql.DB, f sqlite.AuthorizerFn) {
	conn, err := db.Conn(ctx)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.Raw(func(c any) error {
		return c.(interface{ Unwrap() driver.Conn }).Unwrap().(sqlite.AuthorizerRegisterer).RegisterAuthorizer(f)
	}))
}
