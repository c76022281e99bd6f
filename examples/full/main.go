// Command full is a SCIM endpoint with everything switched on, for conformance
// suites to be pointed at: bulk requests, cursors, /Me, searches and queries of all
// types, a resource type of its own at /Things, roles and entitlements. Four tokens
// open four connections to the same data: one takes what identity providers send, one
// holds to the RFCs to the letter, and two to profiles of them.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/muster-scim/muster/examples/internal/database"
	"github.com/muster-scim/muster/scim"
)

// basePath is where SCIM is mounted.
const basePath = "/scim/v2"

// grace is how long requests that are under way may take to end.
const grace = 5 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "full:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("full", flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("addr", "127.0.0.1:8080", "address to listen on")
	db := flags.String("db", database.Memory, database.Usage)
	var o options
	flags.StringVar(&o.token, "token", rand.Text(), "bearer token of the tolerant connection")
	flags.StringVar(&o.strictToken, "strict-token", rand.Text(), "bearer token of the strict connection")
	flags.StringVar(&o.interopToken, "interop-token", rand.Text(), "bearer token of the connection with the interoperability profile")
	flags.StringVar(&o.ipsieToken, "ipsie-token", rand.Text(), "bearer token of the connection with the IPSIE profile")
	flags.StringVar(&o.me, "me", "bjensen", "userName of the user that /Me means")
	if err := flags.Parse(args); err != nil {
		return err
	}
	d, closeData, err := openData(ctx, *db)
	if err != nil {
		return err
	}
	defer closeData()
	o.data = d
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	o.baseURL = "http://" + l.Addr().String() + basePath
	o.log = slog.New(slog.NewTextHandler(out, nil))
	h, err := o.handler()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `Muster with everything switched on, on data in %[4]s.

  Base URL:      %[1]s
  Token:         %[2]s  (takes what identity providers send)
  Strict token:  %[3]s  (RFC 7643 and RFC 7644 to the letter)
  Interop token: %[5]s  (draft-zollner-scim-interop-profile)
  IPSIE token:   %[6]s  (IPSIE AL SCIM 2.0 Profile)

Try it:

  curl %[1]s/ServiceProviderConfig
  curl -H 'Authorization: Bearer %[2]s' -H 'Content-Type: application/scim+json' %[1]s/Users -d '{"userName":"ann@example.com"}'

Ctrl-C ends it.
`, o.baseURL, o.token, o.strictToken, database.Describe(*db), o.interopToken, o.ipsieToken)
	return serve(ctx, l, h)
}

// serve answers requests until ctx ends, then lets those under way finish.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	mux := http.NewServeMux()
	mux.Handle(basePath+"/", h)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
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

// The connections of the tokens.
const (
	tolerantConnection = "tolerant"
	strictConnection   = "strict"
	interopConnection  = "interop"
	ipsieConnection    = "ipsie"
)

// settings says how each connection is spoken with.
func settings(_ context.Context, s scim.Scope) (*scim.Settings, error) {
	switch s.Connection {
	case strictConnection:
		return &scim.Settings{Dialect: scim.Strict()}, nil
	case interopConnection:
		return &scim.Settings{Dialect: scim.Interop()}, nil
	case ipsieConnection:
		return &scim.Settings{Dialect: scim.IPSIE()}, nil
	}
	return &scim.Settings{}, nil
}
