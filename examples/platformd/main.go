// Command platformd is a small training platform that is connected to Entra ID: people
// come in with a licence, folders, web access and facts of any kind, and sign in by OpenID
// Connect. It shows a connector with user name and password, required attributes,
// extensions, and single sign-on beside provisioning.
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
		fmt.Fprintln(os.Stderr, "platformd:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("platformd", flag.ContinueOnError)
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
	a, err := openApp(ctx, db, slog.New(slog.NewTextHandler(out, nil)))
	if err != nil {
		return err
	}
	if a.url = *public; a.url == "" {
		a.url = local
	}
	if err := a.provision(ctx); err != nil {
		return err
	}
	_, secret, err := a.tokens.Issue(ctx, demoOrg, token.Issue{
		Description: "made when the program started", Connection: connection, UserName: connectorUser, Lifetime: "30d",
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, greeting, local, a.url+basePath, secret.Reveal(), connectorUser)
	return host.Serve(ctx, l, a.mux(), out, a.scim.Run)
}

const greeting = `Platform-D: a training platform, connected to Entra ID.

  The product:   %[1]s  (sign in as root@acme.example; there are no passwords)
  SCIM URL:      %[2]s
  User name:     %[4]s
  Password:      %[3]s  (or, as a bearer token, the secret token)

Try it:

  # somebody comes in with a licence, two folders, web access and a fact of the company's own
  curl -u %[4]s:%[3]s -H 'Content-Type: application/scim+json' %[2]s/Users -d '{
    "userName":"ann@acme.example","name":{"givenName":"Ann","familyName":"Lee"},"userType":"Premium","roles":[{"value":"User","primary":true}],
    "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName":{"folders":["onboarding","sales"]},
    "urn:ietf:params:scim:schemas:extension:2.0:Metadata":{"costCentre":4711}}'
  # what is missing is named
  curl -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/scim+json' %[2]s/Users -d '{"userName":"bob@acme.example"}'

Then sign in as root@acme.example, and see people, teams and the connector. Ctrl-C ends it.
`
