// Command torii is a small SaaS-management product that Entra ID provisions: people come
// in with their roles, and what they may see follows. It shows API keys, a deep base path
// behind a proxy, checks of one's own, and roles that customers make themselves.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/muster-scim/muster/examples/internal/host"
	"github.com/muster-scim/muster/scim/token"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "torii:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("torii", flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("addr", "127.0.0.1:8080", "address to listen on")
	public := flags.String("url", "", "`URL` that customers see, if there is a proxy in front (default: http:// and the address)")
	name := flags.String("db", "", host.DBUsage)
	if err := flags.Parse(args); err != nil {
		return err
	}
	db, done, err := host.OpenDB(ctx, *name)
	if err != nil {
		return err
	}
	defer done()
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	local := "http://" + l.Addr().String()
	if *public == "" {
		*public = local
	}
	a, err := openApp(ctx, db, slog.New(slog.NewTextHandler(out, nil)))
	if err != nil {
		return err
	}
	if err := a.provision(ctx, *public); err != nil {
		return err
	}
	_, key, err := a.keys.Issue(ctx, demoOrg, token.Issue{Description: "made when the program started", Connection: connection, Lifetime: "30d"})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, greeting, local, a.scimURL, key.Reveal())
	return host.Serve(ctx, l, a.mux(), out, a.scim.Run)
}

const greeting = `Torii: a SaaS-management product, provisioned by Entra ID.

  The product:   %[1]s  (sign in as root@acme.example; there are no passwords)
  Tenant URL:    %[2]s
  Secret token:  %[3]s

Try it:

  # somebody comes in as Finance, and sees what the company spends
  curl -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/scim+json' %[2]s/Users \
    -d '{"userName":"ann@acme.example","active":true,"name":{"givenName":"Ann","familyName":"Lee"},"userType":"Finance"}'
  # a role that the product does not have is refused, with those that it has
  curl -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/scim+json' %[2]s/Users \
    -d '{"userName":"bob@acme.example","userType":"Boss"}'

Then sign in as ann@acme.example, and see API keys and members as root@acme.example. Ctrl-C ends it.
`
