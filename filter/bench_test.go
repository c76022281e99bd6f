package filter_test

import (
	"testing"

	peer "github.com/scim2/filter-parser/v2"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/internal/turns"
)

// BenchmarkFilterParse compares with the parser that belongs to the AST.
func BenchmarkFilterParse(b *testing.B) {
	filters := []struct{ name, in string }{
		{"equality", equality},
		{"complex", complex5},
		{"qualified", qualified},
		{"valuepath", valuePath},
	}
	paths := []struct{ name, in string }{
		{"path", plainPath},
		{"filteredpath", filteredPath},
		{"memberpath", memberPath},
	}
	for _, f := range filters {
		benchmark(b, f.name,
			func() error { _, err := filter.Parse(f.in, filter.Leniency{}); return err },
			func() error { _, err := peer.ParseFilter([]byte(f.in)); return err })
	}
	for _, p := range paths {
		benchmark(b, p.name,
			func() error { _, err := filter.ParsePath(p.in, filter.Leniency{}); return err },
			func() error { _, err := peer.ParsePath([]byte(p.in)); return err })
	}
}

func BenchmarkFilterString(b *testing.B) {
	e, err := filter.Parse(complex5, filter.Leniency{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		filter.String(e)
	}
}

// benchmark compares two parsers, of which ours is some hundred times as fast.
func benchmark(b *testing.B, name string, ours, theirs func() error) {
	parsing := func(name string, parse func() error) turns.Side {
		return turns.Side{Name: name, Do: func(b *testing.B, n int) {
			for range n {
				if err := parse(); err != nil {
					b.Fatal(err)
				}
			}
		}}
	}
	muster := parsing("muster", ours)
	muster.Times = 200
	b.Run(name, func(b *testing.B) { turns.Ratios(b, 20, muster, parsing("peer", theirs)) })
}
