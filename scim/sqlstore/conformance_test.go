package sqlstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim/sqlstore"
	"github.com/muster-scim/muster/scim/storetest"
)

// TestConformance runs the kit for stores, each case on an empty one.
func TestConformance(t *testing.T) {
	o := sqlstore.Options{UserType: schema.MustCompile(schema.TypeConfig{
		Name: "User", Schema: schema.User(), Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}},
	}), GroupType: groupType}
	eachEmptied(t, o, func(t *testing.T, empty func(require.TestingT) *sqlstore.Store) {
		storetest.All(t, func(t testing.TB) storetest.Stores {
			s := empty(t)
			return storetest.Stores{Users: s, Groups: s, State: s}
		}, storetest.Options{
			Users:  storetest.Kind{Type: o.UserType},
			Groups: storetest.Kind{Type: o.GroupType},
			Short:  true,
		})
	})
}
