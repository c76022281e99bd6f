// The command existingapp is an application with accounts and teams in tables of its
// own, to which scim.go adds SCIM.
//
//	go run ./examples/existingapp
//	go run ./examples/existingapp -db app.db
//	go run ./examples/existingapp -db postgres://user:password@localhost/database
package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

const (
	basePath = "/scim/v2"

	// grace is how long requests may take to finish after a signal.
	grace = 10 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.Fatal("existingapp: ", err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("existingapp", flag.ContinueOnError)
	addr := flags.String("addr", "localhost:8080", "address to listen on")
	token := flags.String("token", "", "bearer token to accept (default: a fresh one)")
	name := flags.String("db", "", "a file of SQLite, or a postgres:// URL (default: a file that is gone when the program ends)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *token == "" {
		*token = rand.Text()
	}
	if *name == "" {
		dir, err := os.MkdirTemp("", "existingapp")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		*name = filepath.Join(dir, "app.db")
	}
	db, err := openDatabase(ctx, *name)
	if err != nil {
		return err
	}
	defer db.Close()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	url := "http://" + l.Addr().String()
	mux, err := newMux(ctx, db, url, *token)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, greeting, url, basePath, *token)
	return serve(ctx, l, mux)
}

const greeting = `The application: %[1]s/profile/{email}, %[1]s/teams/{name}
  Tenant URL:    %[1]s%[2]s
  Secret token:  %[3]s

Try it:

  curl -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/scim+json' %[1]s%[2]s/Users \
    -d '{"userName":"ann@acme.example","name":{"givenName":"Ann","familyName":"Lee"},"userType":"Manager"}'
  curl %[1]s/profile/ann@acme.example

Ctrl-C ends it.
`

// newMux has the application's own pages and, below a path of its own, SCIM.
func newMux(ctx context.Context, db *sql.DB, url, token string) (*http.ServeMux, error) {
	mux := http.NewServeMux()
	(&app{db}).register(mux)
	provisioning, err := newSCIM(ctx, db, url+basePath, token)
	if err != nil {
		return nil, err
	}
	mux.Handle(basePath+"/", provisioning)
	return mux, nil
}

// openDatabase opens the application's database and makes its tables.
func openDatabase(ctx context.Context, name string) (*sql.DB, error) {
	driver, types := "pgx", strings.NewReplacer("KEY,", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,", "TIME NOT", "TIMESTAMPTZ NOT")
	if !strings.HasPrefix(name, "postgres://") && !strings.HasPrefix(name, "postgresql://") {
		driver, types = "sqlite", strings.NewReplacer("KEY,", "INTEGER PRIMARY KEY AUTOINCREMENT,", "TIME NOT", "TIMESTAMP NOT")
		name = "file:" + name + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		if _, err := db.ExecContext(ctx, types.Replace(table)); err != nil {
			_ = db.Close()
			return nil, err
		}
	}
	return db, nil
}

// serve answers requests until ctx ends, then lets those under way finish.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return server.Shutdown(ctx)
}
