package sqlstore_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim/storetest"
)

// TestOwnConformance holds stores over tables of applications to every rule for stores.
// The tables are made once and emptied for each case.
func TestOwnConformance(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *sql.DB) {
				apply(t, db, s.ddl...)
				stores := s.open(t, db)
				o := s.options(func() *sql.DB { return db })
				o.Short = true
				storetest.All(t, func(t testing.TB) storetest.Stores {
					for _, rows := range s.clear {
						_, err := db.Exec("DELETE FROM " + rows)
						require.NoError(t, err)
					}
					return stores
				}, o)
			})
		})
	}
}
