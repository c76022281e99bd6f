package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"sync"
)

// maxPrepared bounds the statements that stay prepared: most are always the same, but
// those of filters are as many as clients think of.
const maxPrepared = 200

// prepared is a database whose statements stay prepared. It is for SQLite, which takes longer to read the text of a look-up than to do it; the
// drivers of PostgreSQL do the same by themselves.
type prepared struct {
	db *sql.DB

	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func newPrepared(db *sql.DB) *prepared { return &prepared{db: db, stmts: map[string]*sql.Stmt{}} }

// stmt returns the statement with that text, nil if there are too many. It is never
// closed: it ends with the database, and its connections with theirs.
func (p *prepared) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	stmt, n := p.find(query)
	if stmt != nil || n >= maxPrepared {
		return stmt, nil
	}
	// Nobody else waits for this, be it that there is no connection for it yet.
	stmt, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.stmts[query]; first != nil {
		return first, stmt.Close()
	}
	p.stmts[query] = stmt
	return stmt, nil
}

// find returns the statement with that text, if there is one, and how many there are.
func (p *prepared) find(query string) (*sql.Stmt, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stmts[query], len(p.stmts)
}

// add prepares statements for the next time. Errors come again with that.
func (p *prepared) add(ctx context.Context, queries []string) {
	for _, query := range queries {
		_, _ = p.stmt(ctx, query)
	}
}

func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := p.stmt(ctx, query)
	switch {
	case err != nil:
		return nil, err
	case stmt == nil:
		return p.db.ExecContext(ctx, query, args...)
	}
	return stmt.ExecContext(ctx, args...)
}

func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := p.stmt(ctx, query)
	switch {
	case err != nil:
		return nil, err
	case stmt == nil:
		return p.db.QueryContext(ctx, query, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// preparedTx sends statements to a transaction, those that are prepared as such. The others are
// noted: to prepare one takes another connection, and the transaction may have the last.
// Those that make tables are not, which are sent once.
type preparedTx struct {
	p *prepared
	t *tx
}

// stmt returns the statement with that text, nil if it is not prepared.
func (x preparedTx) stmt(ctx context.Context, query string) *sql.Stmt {
	stmt, _ := x.p.find(query)
	if stmt != nil {
		return x.t.sql.StmtContext(ctx, stmt)
	}
	if !strings.Contains(query, "CREATE ") {
		x.t.unprepared = append(x.t.unprepared, query)
	}
	return nil
}

func (x preparedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := x.stmt(ctx, query); stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return x.t.sql.ExecContext(ctx, query, args...)
}

func (x preparedTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if stmt := x.stmt(ctx, query); stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return x.t.sql.QueryContext(ctx, query, args...)
}
