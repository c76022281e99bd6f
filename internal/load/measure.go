package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// times are how long requests took.
type times struct {
	each  []time.Duration // in order
	total time.Duration   // from the first to the last
}

func (t times) rate() float64 { return float64(len(t.each)) / t.total.Seconds() }

// percentile returns the time that p of 100 requests did not exceed.
func (t times) percentile(p int) time.Duration {
	if len(t.each) == 0 {
		return 0
	}
	return t.each[min(len(t.each)*p/100, len(t.each)-1)]
}

// each runs do for 0, 1, 2 … up to n on several workers, until the time is over. The
// first error ends it.
func each(ctx context.Context, workers, n int, limit time.Duration, do func(ctx context.Context, i int) error) (times, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wait sync.WaitGroup
	took := make([][]time.Duration, workers)
	begin := time.Now()
	for w := range workers {
		wait.Go(func() {
			for ctx.Err() == nil && (limit == 0 || time.Since(begin) < limit) {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				at := time.Now()
				if err := do(ctx, i); err != nil {
					cancel(err)
					return
				}
				took[w] = append(took[w], time.Since(at))
			}
		})
	}
	wait.Wait()
	t := times{slices.Concat(took...), time.Since(begin)}
	slices.Sort(t.each)
	return t, context.Cause(ctx)
}

// world is what was made before anything is measured.
type world struct {
	ids   []string // of users
	group string
}

// populate makes users and a group with members.
func populate(ctx context.Context, c *client, o options, out io.Writer) (*world, error) {
	if o.fixed {
		ids := make([]string, max(o.users, 1))
		for i := range ids {
			ids[i] = "26118915-6090-4610-87e4-49d8ca9f808d"
		}
		return &world{ids, ids[0]}, nil
	}
	w := &world{ids: make([]string, max(o.users, o.members+1, 1))}
	_, err := each(ctx, o.workers, len(w.ids), 0, func(ctx context.Context, i int) (err error) {
		w.ids[i], err = c.create(ctx, "/Users", userBody(i))
		if (i+1)%100_000 == 0 {
			fmt.Fprintf(out, "%d users\n", i+1)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if w.group, err = c.create(ctx, "/Groups", groupBody(0)); err != nil {
		return nil, err
	}
	for part := range slices.Chunk(w.ids[:o.members], 10_000) {
		if _, err := c.do(ctx, call{"PATCH", "/Groups/" + w.group, addMembers(part)}); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// kind is one kind of request.
type kind struct {
	name string
	make func(i int) call
}

func (w *world) kinds(o options) []kind {
	some := func() string { return w.ids[rand.IntN(len(w.ids))] }
	// Each is taken out and put back, so that every request is a change.
	guest := w.ids[len(w.ids)-1]
	member := [][]byte{addMembers([]string{guest}), removeMember(guest)}
	active := [][]byte{patchActive(false), patchActive(true)}
	return []kind{
		{"GET", func(int) call { return call{"GET", "/Users/" + some(), nil} }},
		{"userName eq", func(int) call { return call{"GET", byUserName(rand.IntN(len(w.ids))), nil} }},
		{"list of 100", func(int) call { return call{"GET", "/Users?count=100", nil} }},
		{"POST", func(i int) call { return call{"POST", "/Users", userBody(5_000_000 + i)} }},
		{"PATCH active", func(i int) call { return call{"PATCH", "/Users/" + some(), active[i%2]} }},
		{"group, no members", func(int) call { return call{"GET", "/Groups/" + w.group + "?excludedAttributes=members", nil} }},
		{"member add, remove", func(i int) call { return call{"PATCH", "/Groups/" + w.group, member[i%2]} }},
	}
}

func measureAll(ctx context.Context, c *client, s *server, o options, out io.Writer) error {
	begin := time.Now()
	w, err := populate(ctx, c, o, io.Discard)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s: %d users, %d members; made in %.1f s; peak memory %d MB\n\n", o.name, o.users, o.members, time.Since(begin).Seconds(), s.peak()>>20)
	fmt.Fprintf(out, "| %-18s | requests/s | p50 ms | p99 ms | server CPU µs |\n| %s | --- | --- | --- | --- |\n", "request", "------------------")
	for _, k := range w.kinds(o) {
		cpu := s.cpu()
		t, err := each(ctx, o.workers, o.requests, o.limit, func(ctx context.Context, i int) error {
			_, err := c.do(ctx, k.make(i))
			return err
		})
		if err != nil {
			return err
		}
		used := s.cpu() - cpu
		fmt.Fprintf(out, "| %-18s | %10.0f | %6.2f | %6.2f | %13.1f |\n", k.name, t.rate(),
			ms(t.percentile(50)), ms(t.percentile(99)), float64(used.Microseconds())/float64(max(len(t.each), 1)))
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
