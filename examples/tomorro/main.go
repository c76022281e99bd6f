// Command tomorro is a small contract platform that Entra ID and OneLogin provision, each
// by a connection of its own that differs in settings only. It shows roles by pricing
// plan, groups that only one side has, a lock on groups, and what becomes of the contracts
// of those who leave.
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
		fmt.Fprintln(os.Stderr, "tomorro:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("tomorro", flag.ContinueOnError)
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
	var secrets [2]string
	for i, connection := range []string{"entra", "onelogin"} {
		_, secret, err := a.tokens.Issue(ctx, demoWorkspace, token.Issue{Description: "made when the program started", Connection: connection, Lifetime: "30d"})
		if err != nil {
			return err
		}
		secrets[i] = secret.Reveal()
	}
	fmt.Fprintf(out, greeting, local, a.scimURL, secrets[0], secrets[1])
	return host.Serve(ctx, l, a.mux(), out, a.scim.Run)
}

const greeting = `Tomorro: a contract platform, provisioned by Entra ID or OneLogin.

  The product:   %[1]s  (sign in as root@acme.example; there are no passwords)
  Tenant URL:    %[2]s
  Secret token:  %[3]s  (Entra ID)
  Bearer token:  %[4]s  (OneLogin)

Try it:

  # userType selects the role, by the plan of the workspace; another value is refused with those that there are
  curl -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/scim+json' %[2]s/Users \
    -d '{"userName":"ann@acme.example","externalId":"ann@acme.example","active":true,"userType":"manager"}'
  # OneLogin may not create groups, but imports those that are made here; Entra ID does not see them
  curl -H 'Authorization: Bearer %[4]s' %[2]s/Groups
  curl -H 'Authorization: Bearer %[3]s' %[2]s/Groups

Then sign in as ann@acme.example and make a contract, name a substitute as root@acme.example, and let Entra ID delete ann:
her contract has a new owner before she is gone.

  ann=$(curl -s -H 'Authorization: Bearer %[3]s' -G %[2]s/Users --data-urlencode 'filter=userName eq "ann@acme.example"' | sed 's/.*"id":"\([^"]*\)".*/\1/')
  curl -X DELETE -H 'Authorization: Bearer %[3]s' %[2]s/Users/$ann

Ctrl-C ends it.
`
