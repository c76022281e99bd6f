package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const output = `goos: linux
goarch: amd64
pkg: example.com/x/scim
cpu: Some CPU @ 2.00GHz
BenchmarkGet-8         	 500	 13.00 allocs/muster	 5.000 allocs/floor	 9.000 allocs/peer	 1.200 muster/floor	 0.4500 muster/peer	 1800 ns/muster	 1500 ns/floor	 4000.5 ns/peer
BenchmarkFilterEqSize  	 300	 18.00 allocs/1000	 18.00 allocs/100000	 1500 100000-1000	 1900 ns/1000	 3400 ns/100000
BenchmarkStoreMemory/muster/10000-8 	 2 	 100 ns/op	 850.0 bytes/user	 11.00 objects/user
BenchmarkStoreMemory/muster/10000-8 	 2 	 100 ns/op	 840.0 bytes/user	 10.00 objects/user
BenchmarkBroken
--- BENCH: BenchmarkBroken
    x_test.go:1: BenchmarkBroken 1 2 3
PASS
ok  	example.com/x/scim	12.3s
`

func TestParse(t *testing.T) {
	got, err := parse(strings.NewReader(output))
	require.NoError(t, err)
	want := figures{
		"Get allocs/muster": 13, "Get allocs/floor": 5, "Get allocs/peer": 9, "Get muster/floor": 1.2, "Get muster/peer": 0.45,
		"Get ns/muster": 1800, "Get ns/floor": 1500, "Get ns/peer": 4000.5,
		"FilterEqSize allocs/1000": 18, "FilterEqSize allocs/100000": 18, "FilterEqSize 100000-1000": 1500,
		"FilterEqSize ns/1000": 1900, "FilterEqSize ns/100000": 3400,
		"StoreMemory/muster/10000 ns/op": 100, "StoreMemory/muster/10000 bytes/user": 840, "StoreMemory/muster/10000 objects/user": 10,
	}
	assert.Empty(t, cmp.Diff(want, got))
}

func TestParseErrors(t *testing.T) {
	_, err := parse(strings.NewReader("BenchmarkX-8 10 fast ns/op\n"))
	require.ErrorContains(t, err, "BenchmarkX-8")
	_, err = parse(iotest.ErrReader(errors.New("broken pipe")))
	require.ErrorContains(t, err, "broken pipe")
}

func TestVerdicts(t *testing.T) {
	ratio := target{bench: "x", side: "a", against: "b", must: "≤ 0.5×", limit: 0.5, allocs: atMost(3)}
	faster := target{bench: "x", side: "a", against: "b", must: "≥ 400×", limit: 1. / 400}
	beyond := target{bench: "x", side: "a", against: "b", limit: 100, allocs: atMostBeyond(2)}
	differs := target{bench: "x", side: "a", against: "b", limit: 600, differs: true}
	tests := map[string]struct {
		target  target
		figures figures
		ratio   string
		allocs  string
		verdict string
	}{
		"kept":                 {ratio, figures{"x a/b": 0.4, "x allocs/a": 2}, "0.4×", "2", "ok"},
		"at the limits":        {ratio, figures{"x a/b": 0.5, "x allocs/a": 3}, "0.5×", "3", "ok"},
		"too slow":             {ratio, figures{"x a/b": 0.51, "x allocs/a": 3}, "0.51×", "3", "over (time)"},
		"too many":             {ratio, figures{"x a/b": 0.5, "x allocs/a": 4}, "0.5×", "4", "over (allocs)"},
		"both":                 {ratio, figures{"x a/b": 0.51, "x allocs/a": 4}, "0.51×", "4", "over (time, allocs)"},
		"not measured":         {ratio, figures{}, "–", "–", "not measured"},
		"another benchmark":    {ratio, figures{"y a/b": 0.4, "y allocs/a": 2}, "–", "–", "not measured"},
		"too many, no time":    {ratio, figures{"x allocs/a": 4}, "–", "4", "over (allocs)"},
		"no allocs":            {ratio, figures{"x a/b": 0.01}, "0.01×", "–", "not measured"},
		"too slow, no allocs":  {ratio, figures{"x a/b": 0.99}, "0.99×", "–", "over (time)"},
		"faster":               {faster, figures{"x a/b": 1. / 400}, "400× faster", "–", "ok"},
		"not fast enough":      {faster, figures{"x a/b": 1. / 390}, "390× faster", "–", "over (time)"},
		"beyond, kept":         {beyond, figures{"x a/b": 1, "x allocs/a": 11, "x allocs/b": 9}, "1×", "11", "ok"},
		"beyond, over":         {beyond, figures{"x a/b": 1, "x allocs/a": 12, "x allocs/b": 9}, "1×", "12", "over (allocs)"},
		"beyond, unknown":      {beyond, figures{"x a/b": 1, "x allocs/a": 12}, "1×", "12", "not measured"},
		"difference, kept":     {differs, figures{"x a-b": 600}, "+ 600 ns", "–", "ok"},
		"difference, over":     {differs, figures{"x a-b": 1601}, "+ 1.60 µs", "–", "over (time)"},
		"difference, negative": {differs, figures{"x a-b": -100}, "− 100 ns", "–", "ok"},
		"no difference":        {differs, figures{"x a/b": 1}, "–", "–", "not measured"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			line := tt.target.judge(tt.figures)
			require.Len(t, line, len(header))
			assert.Equal(t, tt.ratio, line[4])
			assert.Equal(t, tt.allocs, line[6])
			assert.Equal(t, tt.verdict, line[8])
		})
	}
}

func TestShowTime(t *testing.T) {
	for ns, want := range map[float64]string{
		0.25: "0.25 ns", 999: "999 ns", 1500: "1.50 µs", 2.5e6: "2.50 ms", 3e9: "3.00 s",
	} {
		assert.Equal(t, want, showTime(ns))
	}
}

func TestTargetsAreComplete(t *testing.T) {
	for _, tt := range targets {
		assert.NotEmpty(t, tt.work)
		assert.NotEmpty(t, tt.must, tt.work)
		assert.Positive(t, tt.limit, tt.work)
		assert.NotEmpty(t, tt.bench, tt.work)
		assert.NotRegexp(t, cpuSuffix, tt.bench, "the name would be cut when it is read")
		if tt.unit == "" {
			assert.NotEmpty(t, tt.side, tt.work)
			assert.NotEmpty(t, tt.against, tt.work)
		}
	}
}

func TestRun(t *testing.T) {
	var out, raw bytes.Buffer
	require.NoError(t, run(strings.NewReader(output), &out, &raw))
	assert.Equal(t, output, raw.String(), "the input must be shown as it came")

	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, len(targets)+2)
	for _, line := range lines {
		assert.Len(t, []rune(line), len([]rune(lines[0])), "the columns are not aligned")
		assert.Equal(t, len(header)+1, strings.Count(line, "|"))
	}
	find := func(parts ...string) (found []string) {
	next:
		for _, line := range lines {
			for _, part := range parts {
				if !strings.Contains(line, part) {
					continue next
				}
			}
			found = append(found, strings.Join(strings.Fields(line), " "))
		}
		return found
	}
	assert.Equal(t, []string{"| GET a user | 1.80 µs | floor | 1.50 µs | 1.2× | ≤ 1.5× | 13 | ≤ its + 8 = 13 | ok |"},
		find("GET a user", "floor"))
	assert.Equal(t, []string{"| GET a user | 1.80 µs | peer | 4.00 µs | 0.45× | ≤ 0.5× | 13 | | ok |"},
		find("GET a user", "peer"))
	assert.Equal(t, []string{"| userName eq, 100 thousand | 3.40 µs | 1000 | 1.90 µs | + 1.50 µs | ≤ + 2.5 µs | 18 | ≤ its + 0 = 18 | ok |"},
		find("eq, 100 thousand"))
	assert.Equal(t, []string{"| PUT a group of 10,000 | not measured | peer | not measured | – | ≤ 0.15× | – | ≤ 40 | not measured |"},
		find("PUT a group"))
	assert.Equal(t, []string{"| bytes of a stored user, with indexes | 840 | – | | | ≤ 1100 | | | ok |"}, find("bytes of a stored user"))
	assert.Equal(t, []string{"| objects of it | 10 | – | | | ≤ 9 | | | over |"}, find("objects of it"))
}

func TestRunReportsBrokenInput(t *testing.T) {
	require.Error(t, run(strings.NewReader("BenchmarkX 1 x ns/op"), io.Discard, io.Discard))
}
