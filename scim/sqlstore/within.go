package sqlstore

import (
	"context"
	"database/sql"

	"github.com/muster-scim/muster/filter"
)

// DBTX is what statements are sent to by package database/sql: a *sql.DB, *sql.Conn or
// *sql.Tx. Generators of queries call it so.
type DBTX interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Within returns what the application's own statements are sent to if they belong to ctx:
// the transaction that a store on db has begun, or else db. What package scim calls in a
// transaction needs it (scim.Admission, scim.Guard, a scim.Linker, the functions given to
// scim.Admin), and so does a method that overrides one of a [Repository]:
//
//	func (a *App) seats(ctx context.Context, t scim.Tenant) (n int, err error) {
//		err = sqlstore.Within(ctx, a.db).QueryRowContext(ctx, `SELECT count(*) FROM …`).Scan(&n)
//		return n, err
//	}
//
// Sent to db itself, a statement would not see what the transaction has written; in
// SQLite it would wait for the transaction's end, and that for it.
func Within(ctx context.Context, db *sql.DB) DBTX {
	if t, ok := ctx.Value(txKey{db}).(*tx); ok && t.isOpen() && t.sql != nil {
		return within{t}
	}
	return db
}

// within sends statements to a transaction and notes which of them broke it.
type within struct{ t *tx }

func (w within) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = w.t.run(w.t.of, func(Conn) error {
		result, err = w.t.sql.ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

func (w within) PrepareContext(ctx context.Context, query string) (statement *sql.Stmt, err error) {
	err = w.t.run(w.t.of, func(Conn) error {
		statement, err = w.t.sql.PrepareContext(ctx, query)
		return err
	})
	return statement, err
}

func (w within) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	err = w.t.run(w.t.of, func(Conn) error {
		rows, err = w.t.sql.QueryContext(ctx, query, args...)
		return err
	})
	return rows, err
}

// QueryRowContext sends the statement even to a transaction that is broken, since only the
// database can make a Row of the error.
func (w within) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	w.t.mu.Lock()
	defer w.t.mu.Unlock()
	row := w.t.sql.QueryRowContext(ctx, query, args...)
	if err := row.Err(); err != nil && w.t.broken == nil && w.t.of.dialect == filter.PostgreSQL {
		w.t.broken = err
	}
	return row
}
