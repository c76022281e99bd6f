package sqlstore

import (
	"context"
	"database/sql"
	"sync"
)

// maxPrepared bounds the statements that stay prepared: most are always the same, but
// those of filters are as many as clients think of.
const maxPrepared = 200

// prepared is a database whose statements outside of transactions stay prepared. It is
// for SQLite, which takes longer to read the text of a look-up than to do it; the
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
	p.mu.Lock()
	stmt, n := p.stmts[query], len(p.stmts)
	p.mu.Unlock()
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
