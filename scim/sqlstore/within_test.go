package sqlstore_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// TestWithin: the application's statements are part of the transaction that the store has
// begun, and its errors end it.
func TestWithin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		s, err := sqlstore.OpenState(ctx, db, sqlstore.Options{})
		require.NoError(t, err)
		_, err = db.ExecContext(ctx, `CREATE TABLE seats (name TEXT PRIMARY KEY)`)
		require.NoError(t, err)
		count := func(ctx context.Context) (n int) {
			require.NoError(t, sqlstore.Within(ctx, db).QueryRowContext(ctx, `SELECT count(*) FROM seats`).Scan(&n))
			return n
		}
		take := func(ctx context.Context, name string) error {
			_, err := sqlstore.Within(ctx, db).ExecContext(ctx, `INSERT INTO seats (name) VALUES ($1)`, name)
			return err
		}
		record := scim.State{Kind: "k", Key: "a"}

		// With the records of the store: both or neither.
		err = s.InTx(ctx, func(ctx context.Context) error {
			require.NoError(t, s.PutState(ctx, acme, record))
			require.NoError(t, take(ctx, "ann"))
			assert.Equal(t, 1, count(ctx), "it sees what it has written")
			return s.InTx(ctx, func(ctx context.Context) error { return take(ctx, "bob") })
		})
		require.NoError(t, err)
		assert.Equal(t, 2, count(ctx))
		err = s.InTx(ctx, func(ctx context.Context) error {
			require.NoError(t, take(ctx, "cid"))
			assert.ErrorIs(t, s.InTx(ctx, func(ctx context.Context) error {
				require.NoError(t, take(ctx, "dan"))
				return errUndo
			}), errUndo)
			assert.Equal(t, 3, count(ctx), "what is nested is undone by itself")
			return errUndo
		})
		require.ErrorIs(t, err, errUndo)
		assert.Equal(t, 2, count(ctx))

		// Prepared, and read in rows.
		err = s.InTx(ctx, func(ctx context.Context) error {
			statement, err := sqlstore.Within(ctx, db).PrepareContext(ctx, `INSERT INTO seats (name) VALUES ($1)`)
			require.NoError(t, err)
			_, err = statement.ExecContext(ctx, "eve")
			require.NoError(t, err)
			require.NoError(t, statement.Close())
			rows, err := sqlstore.Within(ctx, db).QueryContext(ctx, `SELECT name FROM seats ORDER BY name`)
			require.NoError(t, err)
			var names []string
			for rows.Next() {
				var name string
				require.NoError(t, rows.Scan(&name))
				names = append(names, name)
			}
			require.NoError(t, rows.Err())
			require.NoError(t, rows.Close())
			assert.Equal(t, []string{"ann", "bob", "eve"}, names)
			return errUndo
		})
		require.ErrorIs(t, err, errUndo)

		// Where an error of the database ends a transaction, it is not taken for
		// committed, whatever the function makes of the error.
		for name, wrong := range map[string]func(tx sqlstore.DBTX) error{
			"exec": func(tx sqlstore.DBTX) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO nowhere VALUES (1)`)
				return err
			},
			"prepare": func(tx sqlstore.DBTX) error { _, err := tx.PrepareContext(ctx, `SELECT * FROM nowhere`); return err },
			"row":     func(tx sqlstore.DBTX) error { return tx.QueryRowContext(ctx, `SELECT 1 FROM nowhere`).Err() },
			"query": func(tx sqlstore.DBTX) error {
				rows, err := tx.QueryContext(ctx, `SELECT 1 FROM nowhere`)
				if err == nil {
					err = rows.Err()
					assert.NoError(t, rows.Close())
				}
				return err
			},
		} {
			err = s.InTx(ctx, func(ctx context.Context) error {
				require.NoError(t, take(ctx, name))
				assert.Error(t, wrong(sqlstore.Within(ctx, db)), name)
				return nil
			})
			taken := count(ctx) == 3
			assert.Equal(t, err == nil, taken, "%s: %v", name, err)
			_, err = db.ExecContext(ctx, `DELETE FROM seats WHERE name = $1`, name)
			require.NoError(t, err)
		}

		// Outside, and when it is over, it is the database.
		var over context.Context
		require.NoError(t, s.InTx(ctx, func(ctx context.Context) error { over = ctx; return nil }))
		assert.Same(t, db, sqlstore.Within(ctx, db))
		assert.Same(t, db, sqlstore.Within(over, db))
	})
}

// TestThen: what is to be done with a row that is stored is done in the same transaction,
// by whichever way the row is stored.
func TestThen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, append(accountDDL, `CREATE TABLE seen (id BIGINT NOT NULL, title @text)`)...)
		table := accountTable(t)
		accounts, err := sqlstore.Users(ctx, db, table, sqlstore.Table{Name: "accounts", Tenant: "org_id"}, sqlstore.Options{})
		require.NoError(t, err)
		users := mapping.UserStore(table, accounts.Then(func(ctx context.Context, tenant scim.Tenant, v *account) error {
			assert.Equal(t, acme, tenant)
			assert.NotZero(t, v.ID)
			_, err := sqlstore.Within(ctx, db).ExecContext(ctx, `INSERT INTO seen (id, title) VALUES ($1, $2)`, v.ID, v.Title)
			require.NoError(t, err)
			if v.Title == "refused" {
				return errUndo
			}
			return nil
		}))
		seen := func() (n int, last string) {
			require.NoError(t, db.QueryRowContext(ctx, `SELECT count(*), coalesce(max(title), '') FROM seen`).Scan(&n, &last))
			return n, last
		}
		make := func(title string, old *schema.Resource) *schema.Resource {
			b := schema.New(table.SCIMType())
			if old != nil {
				b = old.Edit()
			}
			r, err := b.Set("userName", "ann@example.com").Set("title", title).Build()
			require.NoError(t, err)
			return r
		}
		expect := func(n int, title string) {
			t.Helper()
			got, last := seen()
			assert.Equal(t, n, got)
			assert.Equal(t, title, last)
		}

		_, err = users.CreateUser(ctx, acme, scim.Write{New: make("refused", nil)})
		require.ErrorIs(t, err, errUndo)
		expect(0, "")
		ann, err := users.CreateUser(ctx, acme, scim.Write{New: make("a", nil)})
		require.NoError(t, err)
		expect(1, "a")
		for i, version := range []string{"", ann.Meta().Version} { // under a lock, and by one statement
			old, err := users.GetUser(ctx, acme, ann.ID())
			require.NoError(t, err)
			if version != "" {
				version = old.Meta().Version
			}
			_, err = users.UpdateUser(ctx, acme, ann.ID(), scim.Write{Old: old, New: make("refused", old), Changed: []string{"title"}, Version: version})
			require.ErrorIs(t, err, errUndo)
			title := string(rune('b' + i))
			_, err = users.UpdateUser(ctx, acme, ann.ID(), scim.Write{Old: old, New: make(title, old), Changed: []string{"title"}, Version: version})
			require.NoError(t, err)
			expect(2+i, title)
			now, err := users.GetUser(ctx, acme, ann.ID())
			require.NoError(t, err)
			assert.Equal(t, title, now.Get("title").String())
		}
	})
}
