// Package turns measures several ways to do the same thing, for benchmarks. A shared
// machine has quick and slow moments, which come and go within a second, so that what is
// measured one after the other can't be compared. Here the sides take turns of some
// milliseconds, each is held against the first by the turns that are next to each other,
// and the median of all these counts.
package turns

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// Side is one of those that are compared.
type Side struct {
	// Name must not have blanks.
	Name string

	// Do does the work n times.
	Do func(b *testing.B, n int)

	// Clock, if not nil, tells the time that counts, such as that of another process.
	Clock func(b *testing.B) time.Duration

	// Times lets a side that is quicker than the others do so many times as much in its
	// turns; 0 is 1. Turns should be about as long as each other, and some ten milliseconds,
	// since what it takes to get going again after the others is no part of the work. The
	// figures are of one piece of work all the same.
	Times int

	// Prepare, if not nil, is called before each turn. Its time does not count. A side
	// without it begins each turn with some work that does not count either.
	Prepare func(b *testing.B)
}

// Ratios lets the sides take turns for as long as b says, each turn n times the work. With
// sides "a", "b" and "c" it reports "ns/a" and so on, "allocs/a" and so on, and how the
// first stands to the others: "a/b" and "a/c".
func Ratios(b *testing.B, n int, sides ...Side) {
	first, others := take(b, n, sides)
	for _, s := range others {
		b.ReportMetric(first.held(s, func(x, y float64) float64 { return x / y }), first.Name+"/"+s.Name)
	}
}

// Differences is Ratios with the nanoseconds that the others take more than the first:
// "b-a" and "c-a".
func Differences(b *testing.B, n int, sides ...Side) {
	first, others := take(b, n, sides)
	for _, s := range others {
		b.ReportMetric(first.held(s, func(x, y float64) float64 { return y - x }), s.Name+"-"+first.Name)
	}
}

// series is what a side did.
type series struct {
	Side
	ns     []float64 // of each turn, per piece of work
	allocs float64   // per piece of work, in the turn that had the fewest
}

func take(b *testing.B, n int, sides []Side) (first *series, others []*series) {
	all := make([]*series, len(sides))
	for i, side := range sides {
		all[i] = &series{Side: side, allocs: -1}
		all[i].warmUp(b, n)
	}
	for b.Loop() {
		for _, s := range all {
			s.take(b, n)
		}
	}
	b.ReportMetric(0, "ns/op") // a round of all is nothing to know
	for _, s := range all {
		b.ReportMetric(median(s.ns), "ns/"+s.Name)
		b.ReportMetric(s.allocs, "allocs/"+s.Name)
	}
	return all[0], all[1:]
}

func (s *series) warmUp(b *testing.B, n int) {
	if s.Prepare != nil {
		s.Prepare(b)
		s.Do(b, max(1, n*s.times()/10))
		return
	}
	s.getGoing(b, n*s.times())
}

// getGoing works until memory that was given back to the system is there again, and caches
// are filled. What was prepared is for the work that counts.
func (s *series) getGoing(b *testing.B, n int) {
	if s.Prepare == nil {
		s.Do(b, max(1, n/10))
	}
}

func (s *series) times() int { return max(s.Times, 1) }

func (s *series) take(b *testing.B, n int) {
	n *= s.times()
	if s.Prepare != nil {
		s.Prepare(b)
	}
	runtime.GC() // each side has to do with its own garbage only
	s.getGoing(b, n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	took := s.clocked(b, func() { s.Do(b, n) })
	runtime.ReadMemStats(&after)
	s.ns = append(s.ns, float64(took.Nanoseconds())/float64(n))
	// What other goroutines allocate meanwhile is counted with it, but not in each turn.
	if allocs := float64((after.Mallocs - before.Mallocs) / uint64(n)); s.allocs < 0 || allocs < s.allocs {
		s.allocs = allocs
	}
}

func (s *series) clocked(b *testing.B, do func()) time.Duration {
	if s.Clock == nil {
		begin := time.Now()
		do()
		return time.Since(begin)
	}
	begin := s.Clock(b)
	do()
	return s.Clock(b) - begin
}

// held holds two series against each other.
func (s *series) held(other *series, by func(x, y float64) float64) float64 {
	all := make([]float64, len(s.ns))
	for i := range all {
		all[i] = by(s.ns[i], other.ns[i])
	}
	return median(all)
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	if n := len(xs); n%2 == 0 {
		return (xs[n/2-1] + xs[n/2]) / 2
	}
	return xs[len(xs)/2]
}
