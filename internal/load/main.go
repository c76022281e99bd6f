// Command load measures a SCIM server from outside: requests a second, their times, and
// what the server's process needs of processor and memory. It starts the server itself,
// as a process of its own, and talks to 127.0.0.1 only.
//
//	go run ./internal/load -users 100000 -members 10000 -- bin/quickstart -addr ADDR -token TOKEN
//	go run ./internal/load -cycle -users 200000 -groups 2000 -memberships 1000000 -- bin/quickstart …
//
// ADDR and TOKEN in the command of the server are replaced. Time and count of all it
// does are bounded: -for and -requests for each kind of request, the numbers of users
// and memberships for what is made.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

// options say what is done.
type options struct {
	name, path               string
	users, members           int
	groups, memberships      int
	requests, workers, batch int
	limit                    time.Duration
	cycle, fixed             bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.StringVar(&o.name, "name", "server", "what the table calls the server")
	flags.StringVar(&o.path, "path", "/scim/v2", "path of the base URL")
	flags.IntVar(&o.users, "users", 1000, "users to create first")
	flags.IntVar(&o.members, "members", 10, "members of the group that is measured")
	flags.IntVar(&o.requests, "requests", 20_000, "most requests of each kind")
	flags.DurationVar(&o.limit, "for", 5*time.Second, "most time for each kind")
	flags.IntVar(&o.workers, "workers", 8, "requests at once")
	flags.BoolVar(&o.fixed, "fixed", false, "the server answers the same to everything: create nothing")
	flags.BoolVar(&o.cycle, "cycle", false, "simulate an initial cycle instead")
	flags.IntVar(&o.groups, "groups", 2000, "groups of the cycle")
	flags.IntVar(&o.memberships, "memberships", 1_000_000, "memberships of the cycle")
	flags.IntVar(&o.batch, "batch", 100, "members that one request of the cycle adds")
	if err := flags.Parse(args); err != nil {
		return err
	}
	server, err := start(ctx, flags.Args(), o.path)
	if err != nil {
		return err
	}
	defer server.stop()
	c := newClient(server.url, server.token, o.workers)
	if o.cycle {
		return runCycle(ctx, c, server, o, out)
	}
	return measureAll(ctx, c, server, o, out)
}
