package main

import (
	"io"
	"strings"
	"unicode/utf8"
)

// writeTable writes lines of cells as a Markdown table whose columns are
// aligned, to be read as it is. The first line is the header.
func writeTable(w io.Writer, lines [][]string) error {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var text strings.Builder
	for i, line := range lines {
		writeLine(&text, line, widths, " ")
		if i == 0 {
			writeLine(&text, make([]string, len(line)), widths, "-")
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// writeLine writes a line of cells, each filled up to its width.
func writeLine(text *strings.Builder, cells []string, widths []int, fill string) {
	for i, cell := range cells {
		text.WriteString("| " + cell)
		text.WriteString(strings.Repeat(fill, widths[i]-utf8.RuneCountInString(cell)))
		text.WriteString(" ")
	}
	text.WriteString("|\n")
}
