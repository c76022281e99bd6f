package sqlstore_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/scim/sqlstore"
)

func BenchmarkCreate(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *sql.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := openOn(b, open(b), sqlstore.Options{})
			i := 0
			for b.Loop() {
				addUser(b, s, fmt.Sprint("u", i))
				i++
			}
		})
	}
}
