package sqlstore_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/storetest"
)

// TestConformance runs the kit for stores, on a fresh set of tables per case.
func TestConformance(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		n := 0
		plain, err := sqlstore.Open(ctx, db, sqlstore.Options{})
		require.NoError(t, err)
		storetest.All(t, func(tb testing.TB) storetest.Stores {
			n++
			s, err := sqlstore.Open(ctx, db, sqlstore.Options{
				Prefix: fmt.Sprintf("c%d_", n), UserType: plain.UserType(), GroupType: plain.GroupType()})
			require.NoError(tb, err)
			return storetest.Stores{Users: s, Groups: s, State: s}
		}, storetest.Options{
			Users:  storetest.Kind{Type: plain.UserType()},
			Groups: storetest.Kind{Type: plain.GroupType()},
			Short:  true,
		})
	})
}
