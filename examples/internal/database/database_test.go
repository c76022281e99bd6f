package database_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/examples/internal/database"
	"github.com/muster-scim/muster/internal/dbtest"
)

func open(t *testing.T, name string) *sql.DB {
	t.Helper()
	db, err := database.Open(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// TestFile: what is acknowledged is on the disk, whatever the file is called.
func TestFile(t *testing.T) {
	for _, name := range []string{"a.db", "with space.db", "50%.db", "what?.db", "#1.db", "é.db"} {
		file := filepath.Join(t.TempDir(), name)
		db := open(t, file)
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "10000"} {
			var got string
			require.NoError(t, db.QueryRow("PRAGMA "+pragma).Scan(&got))
			assert.Equal(t, want, got, pragma)
		}
		_, err := db.Exec("CREATE TABLE x (a integer)")
		require.NoError(t, err)
		_, err = os.Stat(file)
		assert.NoError(t, err)
		_, err = open(t, file).Exec("INSERT INTO x VALUES (1)")
		assert.NoError(t, err)
	}
}

func TestServer(t *testing.T) {
	var one int
	require.NoError(t, open(t, dbtest.PostgresDSN(t)).QueryRow("SELECT 1").Scan(&one))
	assert.Equal(t, 1, one)
}

func TestErrors(t *testing.T) {
	folder := t.TempDir()
	for _, tt := range []struct{ name, want string }{
		{folder, "this is a folder"},
		{filepath.Join(folder, "missing", "a.db"), "a.db: "},
		{"mysql://root:secret@localhost/x", "mysql:// is no database that is known here"},
		{"postgres://me:secret@localhost:port/x", "looks like postgres://"},
		{"postgres://me:se%cret@localhost/x", "looks like postgres://"},
		{"postgres://me:secret@/x?host=" + folder, "-db postgres://me:xxxxx@/x?host="},
		{"postgres://me@/x?password=secret&host=" + folder, "password=xxxxx"},
	} {
		_, err := database.Open(context.Background(), tt.name)
		require.ErrorContains(t, err, tt.want, tt.name)
		assert.NotContains(t, err.Error(), "secret", tt.name)
	}
}

func TestDescribe(t *testing.T) {
	for name, want := range map[string]string{
		"users.db":                        "users.db",
		"postgres://a:b@h:1/d":            "postgres://a:xxxxx@h:1/d",
		"postgresql://h/d":                "postgresql://h/d",
		"postgres://a@h/d?password=b&x=1": "postgres://a@h/d?password=xxxxx&x=1",
		"postgres://a:%@h/d":              "postgres://…",
	} {
		assert.Equal(t, want, database.Describe(name))
	}
}
