package filter_test

import (
	"regexp"
	"strings"
	"testing"

	peer "github.com/scim2/filter-parser/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
)

// The parser that belongs to the AST is the oracle here: what both accept must
// mean the same.

// differences lists where it may not, or where just one of the two accepts a
// text. A peer or ours that is empty means that it refuses.
var differences = []struct{ in, peer, ours, why string }{
	{`a eq "\n"`, `(eq a "\\n")`, `(eq a "\n")`, `the peer leaves escapes in strings`},
	{`a eq 9007199254740993`, `(eq a 9007199254740992)`, `(eq a 9007199254740993)`, `the peer reads integers as float64`},

	{`a eq "\u00e9"`, ``, `(eq a "é")`, `the peer wants capitals in \u`},
	{`a$b pr`, ``, `(pr a$b)`, `RFC 7643, section 2.1 allows "$"`},
	{`urn:a_b:c:d pr`, ``, `(pr <urn:a_b:c>d)`, `a URI may hold more than the peer allows`},
	{`urn:a:2.0 pr`, ``, `(pr <urn:a>2.0)`, `may be the end of a URN`},
	{`a[b pr and c pr and d pr]`, ``, `(some a (and (and (pr b) (pr c)) (pr d)))`, `the peer takes two terms in brackets`},
	{`a[(b pr)]`, ``, `(some a (pr b))`, `the peer takes no parentheses in brackets`},
	{` a pr `, ``, `(pr a)`, `blanks at the ends`},
	{`a[b pr].c pr`, ``, `(some a (and (pr b) (pr c)))`, `sub-attribute after a filter`},
	{`a eq b`, ``, `(eq a "b")`, `bare words`},

	{`a[b eq "x"and c pr]`, `(some a (and (eq b "x") (pr c)))`, ``, `the grammar wants blanks around "and"`},
	{`urn:a pr`, `(pr <urn>a)`, ``, `"urn" alone is no URI`},
	{`1:a:b pr`, `(pr <1:a>b)`, ``, `a URI starts with a scheme, a scheme with a letter`},
	{"a eq \"\xff\"", "(eq a \"\\xff\")", ``, `invalid UTF-8`},
	{`a eq "\u0041\uD800"`, `(eq a "\\u0041\\uD800")`, ``, `half of a surrogate pair`},
}

func TestDifferences(t *testing.T) {
	for _, d := range differences {
		outlineOf := func(e filter.Expression, err error) string {
			if err != nil {
				return ""
			}
			return outline(e)
		}
		assert.Equal(t, d.peer, outlineOf(peer.ParseFilter([]byte(d.in))), "the peer: %s", d.why)
		assert.Equal(t, d.ours, outlineOf(filter.Parse(d.in, filter.Leniency{})), "ours: %s", d.why)
	}
}

func TestDifferential(t *testing.T) {
	both := 0
	for _, in := range fuzzInputs() {
		if sameMeaning(t, in) {
			both++
		}
	}
	assert.Greater(t, both, 60, "too few texts that both accept")
}

func FuzzDifferential(f *testing.F) {
	for _, in := range fuzzInputs() {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) { sameMeaning(t, in) })
}

// manyDigits is what a float64 may not hold exactly.
var manyDigits = regexp.MustCompile(`[0-9]{16}`)

// sameMeaning checks that what both parsers make of a text is equal, as a filter
// and as a path, and reports whether there was something to compare.
func sameMeaning(t *testing.T, in string) bool {
	t.Helper()
	// The first of the differences, and what takes the peer too long.
	if strings.Contains(in, `\`) || manyDigits.MatchString(in) || len(in) > 200 {
		return false
	}
	compared := false
	theirs, theirErr := peer.ParseFilter([]byte(in))
	ours, ourErr := filter.Parse(in, filter.Leniency{})
	if theirErr == nil && ourErr == nil {
		require.Equal(t, theirs, ours, in)
		compared = true
	}
	theirPath, theirErr := peer.ParsePath([]byte(in))
	ourPath, ourErr := filter.ParsePath(in, filter.Leniency{})
	if theirErr == nil && ourErr == nil {
		require.Equal(t, theirPath, ourPath, in)
		compared = true
	}
	return compared
}
