package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	"github.com/muster-scim/muster/filter"
)

// tx is a transaction: one of ours, or one that the application has begun.
type tx struct {
	conn Conn
	sql  *sql.Tx // nil if the application has begun it
	of   *database

	mu    sync.Mutex // one statement after another
	done  bool
	saves int // savepoints so far

	// unprepared are statements to prepare when the transaction has ended.
	unprepared []string

	// broken is why PostgreSQL does nothing more in this transaction.
	broken error
}

// txKey finds the transaction in a context, whichever store on the same database has
// begun it: Muster's own records and the application's rows share theirs.
type txKey struct{ db *sql.DB }

// current returns the transaction that ctx belongs to, nil if there is none or it
// has ended.
func (d *database) current(ctx context.Context) *tx {
	if t, ok := ctx.Value(txKey{d.db}).(*tx); ok && t.isOpen() {
		return t
	}
	if d.outer == nil {
		return nil
	}
	if c := d.outer(ctx); c != nil {
		return &tx{conn: c}
	}
	return nil
}

func (t *tx) isOpen() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.done
}

// run runs one statement. After an error PostgreSQL refuses all others until the
// transaction, or the part since a savepoint, is undone; that is remembered.
func (t *tx) run(d *database, f func(c Conn) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken != nil {
		return fmt.Errorf("sqlstore: the transaction is broken: %w", t.broken)
	}
	err := f(t.conn)
	if err != nil && d.dialect == filter.PostgreSQL {
		t.broken = err
	}
	return err
}

// InTx runs f in a transaction: what f does to the store with the context it is
// given is done together, or not at all if f returns an error or panics; the error
// is returned as it is. f is run again if another transaction was in its way, or
// if a value was taken between being looked up and being written; so it has no
// effects outside.
//
// Within a transaction InTx joins it: what the inner f did is undone if it fails,
// and otherwise shares the fate of the outer one. The same goes for a transaction
// of the application, see [Options.Tx]; f is run once then. Calls with a context
// whose transaction has ended are calls on their own.
//
// In SQLite a transaction is the only writer until f returns; who writes to the
// store with another context meanwhile waits, and f itself would for ever.
func (s *State) InTx(ctx context.Context, f func(ctx context.Context) error) error {
	return s.d.inTx(ctx, f)
}

func (d *database) inTx(ctx context.Context, f func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t := d.current(ctx); t != nil {
		return d.nested(ctx, t, f)
	}
	return retrying(ctx, func() error { return d.transact(ctx, f) })
}

// transact runs f in a transaction of its own, once.
func (d *database) transact(ctx context.Context, f func(ctx context.Context) error) error {
	if err := d.hold(ctx); err != nil {
		return err
	}
	defer d.release()
	c, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	t := &tx{of: d}
	defer func() {
		_ = c.Close()
		if d.prepared != nil {
			d.prepared.add(ctx, t.unprepared)
		}
	}()
	if err = t.begin(ctx, c); err != nil {
		return err
	}
	err = errPanic
	defer func() {
		if err == errPanic {
			_ = t.end(c, t.sql.Rollback)
		}
	}()
	err = f(context.WithValue(ctx, txKey{d.db}, t))
	return t.finish(ctx, c, err)
}

// begin is IMMEDIATE in SQLite, so that a transaction which reads first does not fail at
// its first write because of another's. Package database/sql can't say so: what it has
// begun, which has not touched the file, is ended and begun again. It lasts however long
// ctx does, see end.
func (t *tx) begin(ctx context.Context, c *sql.Conn) (err error) {
	if t.sql, err = c.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		return err
	}
	t.conn = FromSQL(t.sql)
	if t.of.dialect == filter.PostgreSQL {
		return nil
	}
	t.conn = FromSQL(preparedTx{t.of.prepared, t})
	for _, statement := range []string{"COMMIT", "BEGIN IMMEDIATE"} {
		if _, err = t.conn.Exec(ctx, statement); err != nil {
			_ = t.end(c, t.sql.Rollback)
			return err
		}
	}
	return nil
}

// errSettled says that a value is taken and that running the function again would find
// the same.
var errSettled = errors.New("sqlstore: a value is in use")

// errPanic stands for the error of a function that has not returned.
var errPanic = fmt.Errorf("sqlstore: panic in a transaction")

// finish commits, or undoes everything if err is not nil or the transaction is
// broken.
func (t *tx) finish(ctx context.Context, c *sql.Conn, err error) error {
	switch broken := t.failure(); {
	case isPassing(broken), isTaken(broken) && !errors.Is(err, errSettled):
		err = fmt.Errorf("%w: %w", errAgain, broken)
	case err == nil && broken != nil:
		err = broken
	case err == nil:
		err = ctx.Err()
	}
	if err != nil {
		_ = t.end(c, t.sql.Rollback)
		return err
	}
	return t.end(c, t.sql.Commit)
}

// end ends the transaction, also if the context has ended. A connection on which
// that fails is not used again.
func (t *tx) end(c *sql.Conn, end func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done = true
	err := end()
	if err != nil {
		_ = c.Raw(func(any) error { return driver.ErrBadConn })
	}
	return err
}

// nested runs f as a part of t that is undone by itself if it fails.
func (d *database) nested(ctx context.Context, t *tx, f func(ctx context.Context) error) error {
	t.mu.Lock()
	t.saves++
	name := fmt.Sprintf("muster_%d", t.saves)
	t.mu.Unlock()
	step := func(statement string) error {
		return t.run(d, func(c Conn) error {
			_, err := c.Exec(context.WithoutCancel(ctx), statement+" "+name)
			return err
		})
	}
	if err := step("SAVEPOINT"); err != nil {
		return err
	}
	err := f(context.WithValue(ctx, txKey{d.db}, t))
	broken := t.failure()
	if err == nil && broken == nil {
		return step("RELEASE SAVEPOINT")
	}
	if err == nil {
		err = broken
	}
	if !isPassing(broken) {
		t.mend()
		if undone := step("ROLLBACK TO SAVEPOINT"); undone == nil {
			_ = step("RELEASE SAVEPOINT")
		}
	}
	return err
}

// failure returns why the transaction is broken, nil if it is not.
func (t *tx) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.broken
}

// mend is called before what has broken the transaction is undone.
func (t *tx) mend() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = nil
}
