package sqlstore_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// opener opens an empty store.
type opener func(o sqlstore.Options) *sqlstore.Store

// each runs a test on each kind of database.
func each(t *testing.T, f func(t *testing.T, open opener)) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		n := 0
		f(t, func(o sqlstore.Options) *sqlstore.Store {
			n++
			o.Prefix = fmt.Sprintf("t%d_", n)
			return openOn(t, db, o)
		})
	})
}

// eachEmptied is each for tests that want many empty stores, one after the other: it
// is one store that is emptied, since to make its tables takes longer than most tests.
func eachEmptied(t *testing.T, o sqlstore.Options, f func(t *testing.T, empty func(t require.TestingT) *sqlstore.Store)) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		s := openOn(t, db, o)
		f(t, func(t require.TestingT) *sqlstore.Store {
			for _, table := range []string{"resources", "members", "unique", "state", "refs"} {
				_, err := db.Exec("DELETE FROM muster_" + table)
				require.NoError(t, err)
			}
			return s
		})
	})
}

// openOn opens a store on what db has.
func openOn(t testing.TB, db *sql.DB, o sqlstore.Options) *sqlstore.Store {
	if o.UserType == nil {
		o.UserType, o.GroupType = userType, groupType
	}
	s, err := sqlstore.Open(ctx, db, o)
	require.NoError(t, err)
	return s
}

// same holds that two resources have the same values, ids and meta.
func same(t require.TestingT, want, got *schema.Resource, _ ...any) {
	require.True(t, want.Equal(got), "%s\n%s", want, got)
	require.Equal(t, want.Meta(), got.Meta())
}
