package sqlstore

import (
	"context"
	"database/sql"
)

// Conn is what statements are sent to: a transaction of the application, see
// [Options.Tx]. [FromSQL] makes one of a *sql.Tx; over another driver's interface
// it takes a few lines.
type Conn interface {
	// Exec runs a statement and returns how many rows it has changed.
	Exec(ctx context.Context, query string, args ...any) (affected int64, err error)

	// Query runs a statement that returns rows. The caller closes them.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
}

// Rows are the result of a query, as database/sql and pgx have them.
type Rows interface {
	Next() bool
	Scan(dst ...any) error
	Err() error
	Close()
}

// SQL is what *sql.Tx, *sql.Conn and *sql.DB have in common.
type SQL interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// FromSQL makes a Conn of a transaction or connection of package database/sql.
func FromSQL(c SQL) Conn { return sqlConn{c} }

type sqlConn struct{ c SQL }

func (c sqlConn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := c.c.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c sqlConn) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	rows, err := c.c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return sqlRows{rows}, nil
}

type sqlRows struct{ *sql.Rows }

// Close drops the error: what went wrong with the rows is known from Err.
func (r sqlRows) Close() { _ = r.Rows.Close() }
