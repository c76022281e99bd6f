package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
)

// fuzzInputs are all texts of the tables, so that what they have seen is where
// fuzzing starts.
func fuzzInputs() []string {
	var inputs []string
	add := func(marked string) { inputs = append(inputs, strings.ReplaceAll(marked, "‸", "")) }
	for _, test := range parseTests {
		add(test.in)
	}
	for _, test := range leniencyTests {
		add(test.in)
	}
	for _, test := range errorTests {
		add(test.in)
	}
	for _, test := range bareWordErrorTests {
		add(test.in)
	}
	for _, test := range pathTests {
		add(test.in)
	}
	for _, test := range pathErrorTests {
		add(test.in)
	}
	return inputs
}

// FuzzParse holds that an error is a *SyntaxError within the input, that what
// parses prints to something that parses to the same, strictly too, and that the
// strict parser accepts nothing else than the tolerant one.
func FuzzParse(f *testing.F) {
	for _, in := range fuzzInputs() {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		e, err := filter.Parse(in, filter.Leniency{})
		if err != nil {
			checkFuzzError(t, in, err)
			_, err = filter.Parse(in, strict())
			assert.Error(t, err)
			return
		}
		if other, err := filter.Parse(in, strict()); err == nil {
			assert.Equal(t, e, other)
		} else {
			checkFuzzError(t, in, err)
		}
		text := filter.String(e)
		if len(text) > filter.MaxLength {
			return
		}
		for _, l := range []filter.Leniency{{}, strict()} {
			again, err := filter.Parse(text, l)
			require.NoError(t, err, "printed as %s", text)
			require.Equal(t, e, again, "printed as %s", text)
			require.Equal(t, text, filter.String(again))
		}
	})
}

// FuzzParsePath holds for paths what FuzzParse holds for filters. What has no
// filter loses nothing.
func FuzzParsePath(f *testing.F) {
	for _, in := range fuzzInputs() {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		p, err := filter.ParsePath(in, filter.Leniency{})
		if err != nil {
			checkFuzzError(t, in, err)
			_, err = filter.ParsePath(in, strict())
			assert.Error(t, err)
			return
		}
		text := filter.PathString(p)
		if p.ValueExpression == nil {
			assert.Equal(t, strings.Trim(in, " "), text)
		}
		if len(text) > filter.MaxLength {
			return
		}
		for _, l := range []filter.Leniency{{}, strict()} {
			again, err := filter.ParsePath(text, l)
			require.NoError(t, err, "printed as %s", text)
			require.Equal(t, p, again, "printed as %s", text)
			require.Equal(t, text, filter.PathString(again))
		}
	})
}

func checkFuzzError(t *testing.T, in string, err error) {
	t.Helper()
	var syntax *filter.SyntaxError
	require.True(t, errors.As(err, &syntax), "%T is no *SyntaxError", err)
	assert.Equal(t, in, syntax.Input)
	assert.GreaterOrEqual(t, syntax.Offset, 0)
	assert.LessOrEqual(t, syntax.Offset, len(in))
	assert.NotEmpty(t, syntax.Msg)
	assert.Less(t, len(syntax.Msg), 300)
}
