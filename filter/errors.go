package filter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// SyntaxError says what is wrong with the text of a filter or path, and where.
// It is the type of every error of [Parse] and [ParsePath]. The handler makes
// it a 400 with "invalidFilter" or "invalidPath" (RFC 7644, table 9).
type SyntaxError struct {
	// Input is the whole text. It may hold personal data, so that Error
	// leaves it out.
	Input string

	// Offset is where the text stops making sense: the number of bytes before
	// the token at fault, from 0 to len(Input).
	Offset int

	// Msg says what was found there or expected instead. Of Input it repeats names
	// and operators, never a value.
	Msg string
}

// Error returns the message and the offset. It is fit to be shown to the client
// that sent the text.
func (e *SyntaxError) Error() string {
	return "filter: " + e.Msg + " at byte " + strconv.Itoa(e.Offset)
}

// fail reports an error at an offset.
func (p *parser) fail(offset int, format string, args ...any) error {
	return &SyntaxError{Input: p.in, Offset: offset, Msg: fmt.Sprintf(format, args...)}
}

// expected reports that something else is at the current position.
func (p *parser) expected(what string) error {
	return p.fail(p.pos, "expected %s, found %s", what, p.found())
}

// found describes what is at the current position.
func (p *parser) found() string {
	rest := p.in[p.pos:]
	switch word := untilDelimiter(rest); {
	case rest == "":
		return "the end"
	case word == "":
		return quote(rest[:1])
	case p.pos == 0 || p.in[p.pos-1] == '.':
		return quote(word) // as a name can be, no value is here
	default:
		return told(word)
	}
}

// told describes a word that stands where it should not. It may be a part of a value
// whose quotes are missing, even of a password, so it is repeated only if it can't:
// if it is very short, or a word of this or of another query language.
func told(word string) string {
	const short = 3
	letters := strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(word) <= short || isFamiliar(letters) && len(word)-len(letters) <= short {
		return quote(word)
	}
	return otherText
}

const otherText = "other text"

// isFamiliar reports whether a word is one that people write between a name and a
// value, or between two terms, ignoring case.
func isFamiliar(word string) bool {
	switch strings.ToLower(word) {
	case "and", "or", "not", "xor", "true", "false", "null",
		"eq", "ne", "co", "sw", "ew", "pr", "gt", "ge", "lt", "le", "is", "in", "has", "like", "neq", "gte", "lte",
		"equal", "equals", "contains", "startswith", "endswith", "starts", "ends", "matches", "regex", "exists", "present", "between":
		return true
	}
	return false
}

// quote makes text of the client's fit for an error message: short, and without
// characters that could forge lines of a log.
func quote(text string) string {
	const most = 40
	if len(text) <= most {
		return strconv.Quote(text)
	}
	return strconv.Quote(text[:most]) + "…"
}
