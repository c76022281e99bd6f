package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// figure is what was measured of one benchmark.
type figure struct {
	ns     float64 // per operation
	allocs float64 // per operation; unknown if negative
}

// cpuSuffix is the number of processors that go test puts after the name of a
// benchmark, except for one.
var cpuSuffix = regexp.MustCompile(`-\d+$`)

// parse reads the lines of benchmarks and passes over all others. Its result
// is by name, without "Benchmark" and without the number of processors.
func parse(in io.Reader) (map[string]figure, error) {
	figures := map[string]figure{}
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		fields := strings.Fields(scanner.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		f, ok, err := parseFigures(fields[2:])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", scanner.Text(), err)
		}
		if !ok {
			continue
		}
		name := cpuSuffix.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		addMetrics(figures, name, fields[2:])
		if before, ok := figures[name]; ok {
			f = best(before, f)
		}
		figures[name] = f
	}
	return figures, scanner.Err()
}

// metrics are the units of what benchmarks measure besides time. Each is a figure of its
// own, whose name ends with the unit.
var metrics = []string{"bytes/user", "objects/user", "statements/op"}

func addMetrics(figures map[string]figure, name string, pairs []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		n, err := strconv.ParseFloat(pairs[i], 64)
		if err != nil || !slices.Contains(metrics, pairs[i+1]) {
			continue
		}
		key := name + " " + pairs[i+1]
		f := figure{n, -1}
		if before, ok := figures[key]; ok {
			f = best(before, f)
		}
		figures[key] = f
	}
}

// parseFigures reads pairs of a number and a unit, such as "12.5 ns/op". There
// is nothing to keep where no time is among them.
func parseFigures(pairs []string) (f figure, ok bool, err error) {
	f.allocs = -1
	for i := 0; i+1 < len(pairs); i += 2 {
		n, err := strconv.ParseFloat(pairs[i], 64)
		if err != nil {
			return figure{}, false, err
		}
		switch pairs[i+1] {
		case "ns/op":
			f.ns, ok = n, true
		case "allocs/op":
			f.allocs = n
		}
	}
	return f, ok, nil
}

// best returns the lowest figures of two runs.
func best(a, b figure) figure {
	if a.allocs >= 0 && (b.allocs < 0 || a.allocs < b.allocs) {
		b.allocs = a.allocs
	}
	b.ns = min(a.ns, b.ns)
	return b
}
