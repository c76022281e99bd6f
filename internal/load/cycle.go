package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// runCycle does what an identity provider does with a new connection: it looks each user
// up and creates it, then the groups, then it adds members, some with each request. It
// prints how quick that is along the way.
func runCycle(ctx context.Context, c *client, s *server, o options, out io.Writer) error {
	begin := time.Now()
	ids, groups := make([]string, o.users), make([]string, o.groups)
	if err := phase(ctx, out, "users", o, o.users, func(ctx context.Context, i int) (err error) {
		if _, err := c.do(ctx, call{"GET", byUserName(i), nil}); err != nil {
			return err
		}
		ids[i], err = c.create(ctx, "/Users", userBody(i))
		return err
	}); err != nil {
		return err
	}
	if err := phase(ctx, out, "groups", o, o.groups, func(ctx context.Context, i int) (err error) {
		groups[i], err = c.create(ctx, "/Groups", groupBody(i))
		return err
	}); err != nil {
		return err
	}
	perGroup := o.memberships / max(o.groups, 1)
	steps := max(perGroup/o.batch, 1)
	if err := phase(ctx, out, "memberships, a request each "+fmt.Sprint(o.batch), o, o.groups*steps, func(ctx context.Context, i int) error {
		g, step := i/steps, i%steps
		members := make([]string, 0, o.batch)
		for k := range min(o.batch, perGroup) {
			members = append(members, ids[(g*101+step*o.batch+k)%len(ids)])
		}
		_, err := c.do(ctx, call{"PATCH", "/Groups/" + groups[g], addMembers(members)})
		return err
	}); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: all in %.0f s, peak memory of the server %d MB, its CPU %.0f s\n", o.name, time.Since(begin).Seconds(), s.peak()>>20, s.cpu().Seconds())
	return nil
}

// phase does n things in ten parts and prints the rate of each.
func phase(ctx context.Context, out io.Writer, name string, o options, n int, do func(ctx context.Context, i int) error) error {
	var first, last float64
	begin := time.Now()
	for part := range 10 {
		from, to := n*part/10, n*(part+1)/10
		t, err := each(ctx, o.workers, to-from, 0, func(ctx context.Context, i int) error { return do(ctx, from+i) })
		if err != nil {
			return err
		}
		if last = t.rate(); part == 0 {
			first = last
		}
		fmt.Fprintf(out, "%s: %d of %d, %.0f/s, p99 %.1f ms\n", name, to, n, last, ms(t.percentile(99)))
	}
	fmt.Fprintf(out, "%s: %.0f s; the last tenth at %.2f of the rate of the first\n", name, time.Since(begin).Seconds(), last/max(first, 1e-9))
	return nil
}
