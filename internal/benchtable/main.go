// Command benchtable reads the output of "go test -bench" on its standard
// input and prints, as a Markdown table, how the figures stand to the targets
// the project set itself:
//
//	go test -run '^$' -bench . -benchmem ./filter ./scim | go run ./internal/benchtable
//
// A figure means little without one from the same machine and moment, so every
// target is a ratio to another way to do the same, or a difference from it, as package
// turns measures them. What is not in the input is "not measured".
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
	f, err := parse(io.TeeReader(in, raw))
	if err != nil {
		return err
	}
	lines := [][]string{header}
	for _, t := range targets {
		lines = append(lines, t.judge(f))
	}
	return writeTable(out, lines)
}
