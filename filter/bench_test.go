package filter_test

import (
	"testing"

	peer "github.com/scim2/filter-parser/v2"

	"github.com/muster-scim/muster/filter"
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
		benchmark(b, "muster/"+f.name, func() error { _, err := filter.Parse(f.in, filter.Leniency{}); return err })
		benchmark(b, "peer/"+f.name, func() error { _, err := peer.ParseFilter([]byte(f.in)); return err })
	}
	for _, p := range paths {
		benchmark(b, "muster/"+p.name, func() error { _, err := filter.ParsePath(p.in, filter.Leniency{}); return err })
		benchmark(b, "peer/"+p.name, func() error { _, err := peer.ParsePath([]byte(p.in)); return err })
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

func benchmark(b *testing.B, name string, parse func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := parse(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
