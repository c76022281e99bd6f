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
BenchmarkGet/muster-8         	  500000	      2000 ns/op	     600 B/op	      12 allocs/op
BenchmarkGet/muster-8         	  500000	      1800 ns/op	     600 B/op	      13 allocs/op
BenchmarkGet/floor-8          	 1000000	      1500 ns/op	     100 B/op	       5 allocs/op
BenchmarkGet/peer             	  200000	      4000.5 ns/op
BenchmarkFilterEq/muster/1000-8 	  300000	      1900 ns/op	 12.5 MB/s	     700 B/op	      18 allocs/op
BenchmarkRate-8               	  300000	      77.0 req/s
BenchmarkStoreMemory/muster/10000-8 	 2 	 100 ns/op	 850.0 bytes/user	 10.00 objects/user
BenchmarkStoreMemory/muster/10000-8 	 2 	 100 ns/op	 840.0 bytes/user	 11.00 objects/user
BenchmarkBroken
--- BENCH: BenchmarkBroken
    x_test.go:1: BenchmarkBroken 1 2 3
PASS
ok  	example.com/x/scim	12.3s
`

func TestParse(t *testing.T) {
	got, err := parse(strings.NewReader(output))
	require.NoError(t, err)
	want := map[string]figure{
		"Get/muster":           {1800, 12},
		"Get/floor":            {1500, 5},
		"Get/peer":             {4000.5, -1},
		"FilterEq/muster/1000": {1900, 18},

		"StoreMemory/muster/10000":              {100, -1},
		"StoreMemory/muster/10000 bytes/user":   {840, -1},
		"StoreMemory/muster/10000 objects/user": {10, -1},
	}
	assert.Empty(t, cmp.Diff(want, got, cmp.AllowUnexported(figure{})))
}

func TestParseErrors(t *testing.T) {
	_, err := parse(strings.NewReader("BenchmarkX-8 10 fast ns/op\n"))
	require.ErrorContains(t, err, "BenchmarkX-8")
	_, err = parse(iotest.ErrReader(errors.New("broken pipe")))
	require.ErrorContains(t, err, "broken pipe")
}

func TestBestOfRuns(t *testing.T) {
	assert.Equal(t, figure{1, 2}, best(figure{1, 2}, figure{3, 4}))
	assert.Equal(t, figure{1, 2}, best(figure{3, 4}, figure{1, 2}))
	assert.Equal(t, figure{1, 4}, best(figure{1, -1}, figure{3, 4}), "unknown is not the lowest")
	assert.Equal(t, figure{1, 4}, best(figure{3, 4}, figure{1, -1}), "unknown is not the lowest")
}

func TestVerdicts(t *testing.T) {
	ratio := target{bench: "a", against: "b", must: "≤ 0.5×", limit: 0.5, allocs: atMost(3)}
	faster := target{bench: "a", against: "b", must: "≥ 400×", limit: 1. / 400}
	beyond := target{bench: "a", against: "b", limit: 100, allocs: atMostBeyond(2)}
	differs := target{bench: "a", against: "b", limit: 600, differs: true}
	tests := map[string]struct {
		target  target
		a, b    *figure
		ratio   string
		allocs  string
		verdict string
	}{
		"kept":                 {ratio, &figure{40, 2}, &figure{100, 9}, "0.4×", "2", "ok"},
		"at the limits":        {ratio, &figure{50, 3}, &figure{100, 9}, "0.5×", "3", "ok"},
		"too slow":             {ratio, &figure{51, 3}, &figure{100, 9}, "0.51×", "3", "over (time)"},
		"too many":             {ratio, &figure{50, 4}, &figure{100, 9}, "0.5×", "4", "over (allocs)"},
		"both":                 {ratio, &figure{51, 4}, &figure{100, 9}, "0.51×", "4", "over (time, allocs)"},
		"not measured":         {ratio, nil, &figure{100, 9}, "–", "–", "not measured"},
		"nothing to hold to":   {ratio, &figure{1, 1}, nil, "–", "1", "not measured"},
		"too many, no base":    {ratio, &figure{1, 4}, nil, "–", "4", "over (allocs)"},
		"no allocs":            {ratio, &figure{1, -1}, &figure{100, 9}, "0.01×", "–", "not measured"},
		"too slow, no allocs":  {ratio, &figure{99, -1}, &figure{100, 9}, "0.99×", "–", "over (time)"},
		"base of 1x run":       {ratio, &figure{1, 1}, &figure{0, 1}, "–", "1", "not measured"},
		"faster":               {faster, &figure{10, -1}, &figure{4000, 9}, "400× faster", "–", "ok"},
		"not fast enough":      {faster, &figure{10, -1}, &figure{3900, 9}, "390× faster", "–", "over (time)"},
		"beyond, kept":         {beyond, &figure{1, 11}, &figure{1, 9}, "1×", "11", "ok"},
		"beyond, over":         {beyond, &figure{1, 12}, &figure{1, 9}, "1×", "12", "over (allocs)"},
		"beyond, unknown":      {beyond, &figure{1, 12}, &figure{1, -1}, "1×", "12", "not measured"},
		"difference, kept":     {differs, &figure{1600, 0}, &figure{1000, 0}, "+ 600 ns", "0", "ok"},
		"difference, over":     {differs, &figure{2601, 0}, &figure{1000, 0}, "+ 1.60 µs", "0", "over (time)"},
		"difference, negative": {differs, &figure{900, 0}, &figure{1000, 0}, "− 100 ns", "0", "ok"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			figures := map[string]figure{}
			if tt.a != nil {
				figures["a"] = *tt.a
			}
			if tt.b != nil {
				figures["b"] = *tt.b
			}
			line := tt.target.judge(figures)
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
		assert.Equal(t, want, showTime(ns, true))
	}
	assert.Equal(t, "not measured", showTime(0, false))
}

func TestTargetsAreComplete(t *testing.T) {
	for _, tt := range targets {
		assert.NotEmpty(t, tt.work)
		assert.NotEmpty(t, tt.must, tt.work)
		assert.Positive(t, tt.limit, tt.work)
		assert.NotEqual(t, tt.bench, tt.against, tt.work)
		for _, name := range []string{tt.bench, tt.against} {
			assert.NotEmpty(t, name, tt.work)
			assert.NotRegexp(t, cpuSuffix, name, "the name would be cut when it is read")
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
	assert.Equal(t, []string{"| GET a user | 1.80 µs | Get/floor | 1.50 µs | 1.2× | ≤ 1.5× | 12 | ≤ its + 8 = 13 | ok |"},
		find("GET a user", "Get/floor"))
	assert.Equal(t, []string{"| GET a user | 1.80 µs | Get/peer | 4.00 µs | 0.45× | ≤ 0.5× | 12 | | ok |"},
		find("GET a user", "Get/peer"))
	assert.Equal(t, []string{"| userName eq, 1 thousand users | 1.90 µs | Get/muster | 1.80 µs | 1.06× | ≤ 1.3× | 18 | ≤ its + 6 = 18 | ok |"},
		find("1 thousand users"))
	assert.Equal(t, []string{"| PUT a group of 10,000 | not measured | PutGroup10k/peer | not measured | – | ≤ 0.15× | – | ≤ 40 | not measured |"},
		find("PUT a group"))
	assert.Equal(t, []string{"| bytes of a stored user, with indexes | 840 | – | | | ≤ 1100 | | | ok |"}, find("bytes of a stored user"))
	assert.Equal(t, []string{"| objects of it | 10 | – | | | ≤ 9 | | | over |"}, find("objects of it"))
}

func TestRunReportsBrokenInput(t *testing.T) {
	require.Error(t, run(strings.NewReader("BenchmarkX 1 x ns/op"), io.Discard, io.Discard))
}
