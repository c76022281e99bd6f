package sqlstore_test

import (
	"database/sql"
	"testing"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim/storetest"
)

// TestOwnConformance holds stores over tables of applications to every rule for stores.
func TestOwnConformance(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			for name, open := range map[string]func(testing.TB) *sql.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
				t.Run(name, func(t *testing.T) {
					var db *sql.DB // of the case that is run
					o := s.options(func() *sql.DB { return db })
					o.Short = true
					storetest.All(t, func(t testing.TB) storetest.Stores {
						db = open(t)
						apply(t, db, s.ddl...)
						return s.open(t, db)
					}, o)
				})
			}
		})
	}
}
