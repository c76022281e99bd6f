package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Log has the statements that were sent to a database, in order. Its methods may
// be called from many goroutines at once.
type Log struct {
	mu   sync.Mutex
	sent []Statement
}

// Statement is one that was sent, each time that it was.
type Statement struct {
	Text string
	Args []any
}

// Statements returns the log of a database that this package has opened.
func Statements(db *sql.DB) *Log { return db.Driver().(*recorder).log }

// Reset forgets what was recorded.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = nil
}

// All returns the texts of everything that was sent.
func (l *Log) All() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return texts(l.sent)
}

// Work returns the texts of what was sent but for the statements that begin and end
// transactions and savepoints.
func (l *Log) Work() []string { return texts(l.Statements()) }

// Statements returns what Work does, with arguments.
func (l *Log) Statements() []Statement {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.sent), func(s Statement) bool {
		word, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(s.Text)), " ")
		return slices.Contains([]string{"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}, strings.TrimSuffix(word, ";"))
	})
}

func texts(all []Statement) []string {
	var texts []string
	for _, s := range all {
		texts = append(texts, s.Text)
	}
	return texts
}

func (l *Log) add(text string, args []driver.NamedValue) {
	s := Statement{Text: text}
	for _, a := range args {
		s.Args = append(s.Args, a.Value)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, s)
}

// open returns a pool whose statements are recorded.
func open(t testing.TB, c driver.Connector) *sql.DB {
	t.Helper()
	db := sql.OpenDB(&recorder{c, &Log{}})
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error("dbtest: ", err)
		}
	})
	return db
}

// dsnConnector connects by a driver that has no connectors.
type dsnConnector struct {
	driver driver.Driver
	dsn    string
}

func (c *dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c *dsnConnector) Driver() driver.Driver                        { return c.driver }

// recorder is a connector, and the driver that belongs to it.
type recorder struct {
	driver.Connector
	log *Log
}

func (r *recorder) Driver() driver.Driver { return r }

func (r *recorder) Open(string) (driver.Conn, error) { return r.Connect(context.Background()) }

func (r *recorder) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{c.(fullConn), r.log}, nil
}

// fullConn is what the drivers used here offer.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type conn struct {
	fullConn
	log *Log
}

// BeginTx records the statements that drivers send by themselves.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.log.add("BEGIN", nil)
	t, err := c.fullConn.BeginTx(ctx, opts)
	return tx{t, c.log}, err
}

// tx is a transaction, whose end is recorded.
type tx struct {
	driver.Tx
	log *Log
}

func (t tx) Commit() error {
	t.log.add("COMMIT", nil)
	return t.Tx.Commit()
}

func (t tx) Rollback() error {
	t.log.add("ROLLBACK", nil)
	return t.Tx.Rollback()
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &stmt{s.(fullStmt), query, c.log}, nil
}

// fullStmt is what the drivers used here offer.
type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// stmt is a prepared statement, which is recorded each time that it is run.
type stmt struct {
	fullStmt
	text string
	log  *Log
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.log.add(s.text, args)
	return s.fullStmt.ExecContext(ctx, args)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.log.add(s.text, args)
	return s.fullStmt.QueryContext(ctx, args)
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.log.add(query, args)
	return c.fullConn.ExecContext(ctx, query, args)
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.log.add(query, args)
	return c.fullConn.QueryContext(ctx, query, args)
}

// Unwrap returns the driver's connection, for what only that driver has.
func (c *conn) Unwrap() driver.Conn { return c.fullConn }

// What follows passes on what a driver may offer beyond that.

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.fullConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *conn) ResetSession(ctx context.Context) error {
	if resetter, ok := c.fullConn.(driver.SessionResetter); ok {
		return resetter.ResetSession(ctx)
	}
	return nil
}

func (c *conn) IsValid() bool {
	if validator, ok := c.fullConn.(driver.Validator); ok {
		return validator.IsValid()
	}
	return true
}

func (c *conn) Ping(ctx context.Context) error {
	if pinger, ok := c.fullConn.(driver.Pinger); ok {
		return pinger.Ping(ctx)
	}
	return nil
}
