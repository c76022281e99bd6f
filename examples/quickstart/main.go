// Command quickstart is a SCIM endpoint on data in memory, in a file or in
// PostgreSQL, ready for an identity provider: it prints the URL and the token to
// paste.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/muster-scim/muster/examples/internal/database"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// basePath is where SCIM is mounted.
const basePath = "/scim/v2"

// grace is how long requests that are under way may take to end.
const grace = 5 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("addr", "127.0.0.1:8080", "address to listen on")
	token := flags.String("token", "", "bearer token to accept (default: a fresh one)")
	db := flags.String("db", database.Memory, database.Usage)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *token == "" {
		*token = rand.Text()
	}
	config := scim.Config{
		Auth:   scim.StaticToken(*token, scim.Scope{Connection: "quickstart"}),
		Record: func(e scim.Entry) { printEntry(out, e) },
	}
	closeStore, err := keep(ctx, &config, *db)
	if err != nil {
		return err
	}
	defer closeStore()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	config.BaseURL = "http://" + l.Addr().String() + basePath
	handler, err := scim.New(config)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(basePath+"/", handler)
	greet(out, config.BaseURL, *token, *db)
	return serve(ctx, l, mux, out)
}

// keep has users and groups kept in memory or in a database, which is closed by the
// function that it returns.
func keep(ctx context.Context, c *scim.Config, name string) (closeStore func() error, err error) {
	if name == database.Memory {
		store := memstore.New()
		c.Users, c.Groups = store, store
		return func() error { return nil }, nil
	}
	db, err := database.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.Open(ctx, db, sqlstore.Options{})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	c.Users, c.UserType = store, store.UserType()
	c.Groups, c.GroupType = store, store.GroupType()
	return db.Close, nil
}

func greet(out io.Writer, url, token, db string) {
	where := "in memory, gone when this program ends"
	if db != database.Memory {
		where = "in " + database.Describe(db)
	}
	fmt.Fprintf(out, `Muster quickstart: SCIM 2.0 on data %[3]s.

  Tenant URL:    %[1]s
  Secret token:  %[2]s

Try it:

  curl -H 'Authorization: Bearer %[2]s' %[1]s/Users \
    -H 'Content-Type: application/scim+json' \
    -d '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@example.com"}'
  curl -H 'Authorization: Bearer %[2]s' -G %[1]s/Users --data-urlencode 'filter=userName eq "ann@example.com"'

Ctrl-C ends it. Requests:
`, url, token, where)
}

// printEntry writes a line that a person can follow.
func printEntry(out io.Writer, e scim.Entry) {
	line := fmt.Sprintf("%s %d %-6s %s", e.At.Format(time.TimeOnly), e.Status, e.Method, e.Path)
	if e.ResourceID != "" && e.Method == http.MethodPost {
		line += " → " + e.ResourceID
	}
	if len(e.Changed) > 0 {
		line += fmt.Sprintf(" changed %v", e.Changed)
	}
	for _, n := range e.Notes {
		line += fmt.Sprintf(" [%s: %s]", n.Path, n.Rule)
	}
	if e.Detail != "" {
		line += " – " + e.Detail
	}
	fmt.Fprintln(out, line)
}

// serve answers requests until ctx ends, then lets those under way finish.
func serve(ctx context.Context, l net.Listener, h http.Handler, out io.Writer) error {
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
	return server.Shutdown(ctx)
}
