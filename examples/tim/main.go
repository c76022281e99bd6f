// Command tim is a small workflow product that Azure AD provisions: users start processes
// if they have the role for it. It shows groups that stand for roles, extensions of the
// product's own, users who are there already, and what becomes of those who leave.
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
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/muster-scim/muster/examples/internal/host"
	"github.com/muster-scim/muster/scim/token"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "tim:", err)
		os.Exit(1)
	}
}

// period is a flag for a time in the form of a token's lifetime.
type period struct{ d *time.Duration }

func (p period) String() string { return "" }

func (p period) Set(text string) error {
	now := time.Now()
	end, err := token.Expiry(now, text)
	*p.d = end.Sub(now)
	return err
}

func run(ctx context.Context, args []string, out io.Writer) error {
	c := defaults()
	flags := flag.NewFlagSet("tim", flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("addr", "127.0.0.1:8080", "address to listen on")
	public := flags.String("url", "", "`URL` that Azure sees, if there is a proxy in front (default: http:// and the address)")
	name := flags.String("db", "", host.DBUsage)
	letters := flags.String("letters", "", "`folder` that letters are put into, in place of a mail server (default: one that goes when the program ends)")
	flags.StringVar(&c.TokenLifetime, "token-lifetime", c.TokenLifetime, "how long tokens of "+systemUser+" live: 1y, 6m, 2w, 30d")
	flags.Var(period{&c.DisabledFor}, "disabled-for", "when a user whom Azure has disabled is deleted for good (default 30d)")
	flags.Var(period{&c.DeletedFor}, "deleted-for", "when a user whom Azure has deleted is deleted for good (default 30d)")
	flags.BoolVar(&c.NestedGroups, "nested", c.NestedGroups, "keep groups in groups; otherwise they are refused")
	flags.Func("internal-roles", "`roles` that are never assigned, with commas between (default "+strings.Join(c.InternalRoles, ",")+")", func(text string) error {
		c.InternalRoles = strings.Split(text, ",")
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	db, done, err := host.OpenDB(ctx, *name)
	if err != nil {
		return err
	}
	defer done()
	if *letters == "" {
		if *letters, err = os.MkdirTemp("", "tim-letters-"); err != nil {
			return err
		}
		defer os.RemoveAll(*letters)
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	local := "http://" + l.Addr().String()
	if *public == "" {
		*public = local
	}
	a, err := openApp(ctx, db, slog.New(slog.NewTextHandler(out, nil)), c)
	if err != nil {
		return err
	}
	a.mail = func(to, text string) error {
		return os.WriteFile(filepath.Join(*letters, uuid.NewString()+".txt"), []byte("To: "+to+"\n\n"+text+"\n"), 0o600)
	}
	if err := a.provision(ctx, *public); err != nil {
		return err
	}
	_, secret, err := a.issue(ctx, "made when the program started")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, greeting, local, a.scimURL, secret.Reveal(), *letters)
	return host.Serve(ctx, l, a.mux(), out, a.scim.Run)
}

const greeting = `TIM: a workflow product, provisioned by Azure AD.

  The product:   %[1]s  (sign in as root@acme.example; the sign-in page believes everybody)
  Tenant URL:    %[2]s
  Secret token:  %[3]s
  Letters:       %[4]s

Try it:

  # a user comes in, and a letter with an initial password goes out
  curl -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/scim+json' %[2]s/Users -d '{"userName":"ann@acme.example",
    "active":"True","externalId":"a-1","urn:ietf:params:scim:schemas:extension:tim:1.0:User":{"email":"ann@acme.example"},
    "urn:ietf:params:scim:schemas:extension:tim:2.0:User":{"vendor":"Azure"}}'
  # a group that stands for a role: who is in it may approve invoices
  ann=$(curl -s -H 'Authorization: Bearer %[3]s' -G %[2]s/Users --data-urlencode 'filter=externalId eq "a-1"' | sed 's/.*"id":"\([^"]*\)".*/\1/')
  curl -H 'Authorization: Bearer %[3]s' -H 'Content-Type: application/scim+json' %[2]s/Groups -d '{"displayName":"role.approver",
    "externalId":"g-1","members":[{"value":"'$ann'"}],"urn:ietf:params:scim:schemas:extension:tim:2.0:Group":{"vendor":"Azure"}}'

Then sign in as ann@acme.example. Ctrl-C ends it.
`
