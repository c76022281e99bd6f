package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"github.com/muster-scim/muster/filter"
)

// database sends statements, be it in a transaction or alone.
type database struct {
	db      *sql.DB
	conn    Conn // outside of transactions
	dialect filter.SQLDialect
	names   *strings.Replacer
	texts   sync.Map // statements in the dialect
	outer   func(ctx context.Context) Conn
	options Options
	stamper *stamper

	// prepared are the statements of SQLite; nil in PostgreSQL.
	prepared *prepared

	// writer is held by the one that writes to SQLite: waiting for it in turn
	// takes half the time of asking the file again and again. nil in PostgreSQL.
	writer chan struct{}
}

func newDatabase(db *sql.DB, o Options) *database {
	d := &database{db: db, dialect: o.Dialect, outer: o.Tx, options: o, stamper: &stamper{now: o.Now}}
	d.conn = FromSQL(db)
	if o.Dialect == filter.SQLite {
		d.writer = make(chan struct{}, 1)
		d.prepared = newPrepared(db)
		d.conn = FromSQL(d.prepared)
	}
	place := o.Prefix
	if o.Schema != "" {
		place = o.Schema + "." + o.Prefix
	}
	pairs := []string{"{prefix}", o.Prefix}
	for _, table := range []string{"resources", "members", "unique", "state", "refs", "migrations"} {
		pairs = append(pairs, "{"+table+"}", place+table)
	}
	d.names = strings.NewReplacer(pairs...)
	return d
}

// hold waits for its turn to write.
func (d *database) hold(ctx context.Context) error {
	if d.writer == nil {
		return nil
	}
	select {
	case d.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *database) release() {
	if d.writer != nil {
		<-d.writer
	}
}

// exec runs a statement that writes, and returns how many rows it has changed.
func (d *database) exec(ctx context.Context, statement string, args ...any) (affected int64, err error) {
	err = d.writing(ctx, func(c Conn) error {
		affected, err = c.Exec(ctx, d.text(statement), args...)
		return err
	})
	return affected, err
}

// change runs a statement that writes and returns rows; scan is called with each.
func (d *database) change(ctx context.Context, scan func(Rows) error, statement string, args ...any) error {
	return d.writing(ctx, func(c Conn) error { return each(ctx, c, scan, d.text(statement), args) })
}

// query runs a statement that reads.
func (d *database) query(ctx context.Context, scan func(Rows) error, statement string, args ...any) error {
	return d.queryText(ctx, scan, d.text(statement), args)
}

// queryText is query with a text that is in the dialect already.
func (d *database) queryText(ctx context.Context, scan func(Rows) error, text string, args []any) error {
	f := func(c Conn) error { return each(ctx, c, scan, text, args) }
	if t := d.current(ctx); t != nil {
		return t.run(d, f)
	}
	return f(d.conn)
}

// writing runs f in the transaction that ctx has, or alone.
func (d *database) writing(ctx context.Context, f func(c Conn) error) error {
	if t := d.current(ctx); t != nil {
		return t.run(d, f)
	}
	if err := d.hold(ctx); err != nil {
		return err
	}
	defer d.release()
	return f(d.conn)
}

// changeText is change with a text that is in the dialect already.
func (d *database) changeText(ctx context.Context, scan func(Rows) error, text string, args []any) error {
	return d.writing(ctx, func(c Conn) error { return each(ctx, c, scan, text, args) })
}

// execText is exec with a text that is in the dialect already.
func (d *database) execText(ctx context.Context, text string, args []any) (affected int64, err error) {
	err = d.writing(ctx, func(c Conn) error {
		affected, err = c.Exec(ctx, text, args...)
		return err
	})
	return affected, err
}

// each reads all rows, since a connection does nothing else meanwhile.
func each(ctx context.Context, c Conn, scan func(Rows) error, text string, args []any) error {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// alone runs f, which writes by one statement, again as long as others are in its
// way. In a transaction it is up to that to begin anew.
func (d *database) alone(ctx context.Context, f func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.current(ctx) != nil {
		return f(ctx)
	}
	return retrying(ctx, func() error { return f(ctx) })
}
