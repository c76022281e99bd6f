// Command benchtable reads the output of "go test -bench" on its standard
// input and prints, as a Markdown table, how the figures stand to the targets
// the project set itself:
//
//	go test -run '^$' -bench . -benchmem ./filter ./scim | go run ./internal/benchtable
//
// A figure means little without one from the same machine and minute, so every
// target is a ratio to another benchmark of the same run, or a difference from
// it. Of repeated runs (-count) the fastest counts: what disturbs a measurement
// only ever adds to it. Benchmarks that are not in the input are "not
// measured".
//
// The input is copied to standard error, so that it can be seen while it comes
// in. The verdicts do not change the exit status: times depend on the machine
// and are for people to judge, and what must hold everywhere is a test.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "benchtable:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out, raw io.Writer) error {
	figures, err := parse(io.TeeReader(in, raw))
	if err != nil {
		return err
	}
	lines := [][]string{header}
	for _, t := range targets {
		lines = append(lines, t.judge(figures))
	}
	return writeTable(out, lines)
}
