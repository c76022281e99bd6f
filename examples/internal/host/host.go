// Package host has what the examples need and none is about: a database by a flag, and a
// server that ends when it is told to.
package host

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/muster-scim/muster/examples/internal/database"
)

// DBUsage explains the flag -db.
const DBUsage = "`database`: a file of SQLite, or postgres://user:password@host/name (default: a file that goes when the program ends)"

// grace is how long requests that are under way may take to end.
const grace = 5 * time.Second

// OpenDB opens the database that the flag -db names. The caller calls done at the end.
func OpenDB(ctx context.Context, name string) (db *sql.DB, done func(), err error) {
	remove := func() {}
	if name == "" {
		folder, err := os.MkdirTemp("", "muster-")
		if err != nil {
			return nil, nil, err
		}
		remove = func() { _ = os.RemoveAll(folder) }
		name = filepath.Join(folder, "example.db")
	}
	if db, err = database.Open(ctx, name); err != nil {
		remove()
		return nil, nil, err
	}
	return db, func() { _ = db.Close(); remove() }, nil
}

// CreateTables runs statements that are written for PostgreSQL and that SQLite
// understands too, but for the name of one type.
func CreateTables(ctx context.Context, db *sql.DB, ddl string) error {
	var version string
	if db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version) == nil {
		ddl = strings.ReplaceAll(ddl, "TIMESTAMPTZ", "TIMESTAMP") // which the driver gives as time.Time
	}
	if _, err := db.ExecContext(ctx, ddl); err != nil {
		return fmt.Errorf("the application's tables: %w", err)
	}
	return nil
}

// Serve answers requests until ctx ends, then lets those under way finish. work runs
// beside it, as scim.Handler.Run does, and has ended when Serve returns.
func Serve(ctx context.Context, l net.Listener, h http.Handler, out io.Writer, work func(context.Context) error) error {
	working, stop := context.WithCancel(ctx)
	worked := make(chan error, 1)
	go func() { worked <- work(working) }()
	defer func() {
		stop()
		<-worked
	}()
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "Stopping.")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}
