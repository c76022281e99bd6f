// Package dbtest gives a test a database of its own: SQLite in a file, and
// PostgreSQL on a server that is named or started for the purpose. Every
// statement is recorded, see [Statements].
//
// MUSTER_POSTGRES names a server, as postgres://user:password@host/database; the
// user must be allowed to create schemas. Without it, and with the binaries of
// PostgreSQL at hand, one private server is started per test process; it ends
// with the process, however that ends. Without these either, tests that want
// PostgreSQL are skipped, or fail if CI is "true".
package dbtest

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each runs f as a subtest on an empty database of each kind, on all at once: while
// one is waited for, another is asked. It is what a test does last.
func Each(t *testing.T, f func(t *testing.T, db *sql.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t))
	})
}

// pragmas are those that package sqlstore recommends, but for synchronous: tests
// end no machine.
const pragmas = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=mmap_size(2000000000)&_pragma=synchronous(OFF)"

// SQLite returns an empty database in a file that goes with the test.
func SQLite(t testing.TB) *sql.DB {
	t.Helper()
	return OpenSQLite(t, filepath.Join(t.TempDir(), "test.db"))
}

// OpenSQLite opens the database in a file: a second pool on what another one has.
func OpenSQLite(t testing.TB, file string) *sql.DB {
	t.Helper()
	return open(t, sqliteConnector("file:"+file+pragmas))
}

// Postgres returns a database with an empty schema that is searched first, and
// that goes with the test.
func Postgres(t testing.TB) *sql.DB {
	t.Helper()
	return OpenPostgres(t, PostgresDSN(t))
}

// OpenPostgres opens the database that [PostgresDSN] has named: a second pool on
// what another one has.
func OpenPostgres(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	c, err := postgresConnector(dsn)
	if err != nil {
		t.Fatal("dbtest: ", err)
	}
	return open(t, c)
}

// PostgresDSN names a database with an empty schema, as drivers and other
// processes take it.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	server, err := server()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("dbtest: ", err)
		}
		t.Skip("dbtest: ", err)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	c, err := postgresConnector(server)
	if err != nil {
		t.Fatal("dbtest: ", err)
	}
	admin := sql.OpenDB(c)
	run := func(statement string) {
		if _, err := admin.Exec(statement); err != nil {
			t.Error("dbtest: ", err)
		}
	}
	run("CREATE SCHEMA " + schema)
	t.Cleanup(func() {
		run("DROP SCHEMA " + schema + " CASCADE")
		_ = admin.Close()
	})
	separator := "?"
	if strings.Contains(server, "?") {
		separator = "&"
	}
	return fmt.Sprintf("%s%ssearch_path=%s", server, separator, schema)
}
