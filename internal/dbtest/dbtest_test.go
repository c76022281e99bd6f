package dbtest_test

import (
	"database/sql"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
)

func TestEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		_, err := db.Exec("CREATE TABLE x (a integer)")
		require.NoError(t, err)
		tx, err := db.Begin()
		require.NoError(t, err)
		_, err = tx.Exec("INSERT INTO x VALUES (1)")
		require.NoError(t, err)
		require.NoError(t, tx.Commit())
		log := dbtest.Statements(db)
		require.Equal(t, []string{"CREATE TABLE x (a integer)", "INSERT INTO x VALUES (1)"}, log.Work())
		require.Equal(t, []string{"CREATE TABLE x (a integer)", "BEGIN", "INSERT INTO x VALUES (1)", "COMMIT"}, log.All())
		log.Reset()
		var n int
		require.NoError(t, db.QueryRow("SELECT a FROM x WHERE a = $1", 1).Scan(&n))
		require.Equal(t, 1, n)
		require.Equal(t, "SELECT a FROM x WHERE a = $1", log.Statements()[0].Text)
		require.EqualValues(t, 1, log.Statements()[0].Args[0])
		require.Len(t, log.All(), 1)
	})
}

// TestPostgresDoesNotSortByCodePoints holds the private server to a collation
// that shows where an order is not asked for explicitly.
func TestPostgresDoesNotSortByCodePoints(t *testing.T) {
	if os.Getenv("MUSTER_POSTGRES") != "" {
		return // a server of somebody else's
	}
	var less bool
	require.NoError(t, dbtest.Postgres(t).QueryRow("SELECT 'a' < 'B'").Scan(&less))
	require.True(t, less)
}
