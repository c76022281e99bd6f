package turns

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestMain keeps the benchmarks of the tests short.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.benchtime", "10x"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

var sink []byte

// allocating is a side whose work allocates some times.
func allocating(name string, times int) Side {
	return Side{Name: name, Do: func(_ *testing.B, n int) {
		for range n * times {
			sink = make([]byte, 1<<10)
		}
	}}
}

func TestRatios(t *testing.T) {
	prepared := 0
	one, ten := allocating("one", 1), allocating("ten", 10)
	one.Times = 50
	ten.Prepare = func(*testing.B) { prepared++ }
	rounds := 0
	r := testing.Benchmark(func(b *testing.B) {
		prepared = 0
		Ratios(b, 100, one, ten)
		rounds = b.N
	})
	assert.Equal(t, rounds+1, prepared, "before each turn, and before the one that does not count")
	assert.Equal(t, 1., r.Extra["allocs/one"])
	assert.Equal(t, 10., r.Extra["allocs/ten"])
	for _, name := range []string{"ns/one", "ns/ten", "one/ten"} {
		assert.Positive(t, r.Extra[name], name)
	}
}

func TestDifferences(t *testing.T) {
	r := testing.Benchmark(func(b *testing.B) { Differences(b, 10, allocating("small", 1), allocating("large", 5)) })
	assert.Contains(t, r.Extra, "large-small")
	assert.Equal(t, 5., r.Extra["allocs/large"])
}

// TestClock: the side's own clock counts.
func TestClock(t *testing.T) {
	ticking := func(name string, per time.Duration) Side {
		var passed time.Duration
		return Side{
			Name:  name,
			Do:    func(_ *testing.B, n int) { passed += time.Duration(n) * per },
			Clock: func(*testing.B) time.Duration { return passed },
		}
	}
	var a, b series
	a.Side, b.Side = ticking("a", time.Millisecond), ticking("b", 2*time.Millisecond)
	a.Times = 50
	bench := &testing.B{}
	for range 3 {
		a.take(bench, 2)
		b.take(bench, 2)
	}
	assert.Equal(t, []float64{1e6, 1e6, 1e6}, a.ns, "each piece of work counts, however many there are in a turn")
	assert.Equal(t, 0.5, a.held(&b, func(x, y float64) float64 { return x / y }))
}

func TestMedian(t *testing.T) {
	assert.Equal(t, 2., median([]float64{3, 1, 2}))
	assert.Equal(t, 2.5, median([]float64{4, 1, 2, 3}))
	a, b := series{ns: []float64{1, 4, 3}}, series{ns: []float64{2, 2, 6}}
	assert.Equal(t, 0.5, a.held(&b, func(x, y float64) float64 { return x / y }), "of the turns next to each other")
}
