package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// figures has what benchmarks reported: by name, without "Benchmark" and without the
// number of processors, then a blank and the unit.
type figures map[string]float64

// of returns one figure of a benchmark.
func (f figures) of(bench, unit string) (n float64, ok bool) {
	n, ok = f[bench+" "+unit]
	return n, ok
}

// time returns what one side of a benchmark takes, to be read.
func (f figures) time(bench, side string) string {
	if ns, ok := f.of(bench, "ns/"+side); ok {
		return showTime(ns)
	}
	return notMeasured
}

// cpuSuffix is the number of processors that go test puts after the name of a
// benchmark, except for one.
var cpuSuffix = regexp.MustCompile(`-\d+$`)

// parse reads the lines of benchmarks and passes over all others. Of a benchmark that was
// run several times the last one counts.
func parse(in io.Reader) (figures, error) {
	all := figures{}
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		fields := strings.Fields(scanner.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := cpuSuffix.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		for pairs := fields[2:]; len(pairs) > 1; pairs = pairs[2:] {
			n, err := strconv.ParseFloat(pairs[0], 64)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", scanner.Text(), err)
			}
			all[name+" "+pairs[1]] = n
		}
	}
	return all, scanner.Err()
}
