package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
)

// FuzzMatch holds, for any text that is a filter on users, that every error is a
// *TypeError of readable length, that not (f) is the strict complement of f, that
// the canonical text matches the same, and what Conjuncts and Equality promise.
func FuzzMatch(f *testing.F) {
	for _, test := range checkTests {
		f.Add(test.in)
	}
	for _, test := range checkErrorTests {
		f.Add(test.in)
	}
	for _, test := range checkingTests {
		f.Add(test.in)
	}
	for _, test := range matchTests {
		f.Add(test.in)
	}
	resources := samples(f)["User"]
	f.Fuzz(func(t *testing.T, in string) {
		e, err := filter.Parse(in, filter.Leniency{})
		if err != nil {
			return
		}
		for _, o := range []filter.Checking{{}, filter.StrictChecking(), {BaseURL: exampleIn}} {
			c, err := filter.Check(e, userType, o)
			if err != nil {
				te, ok := errors.AsType[*filter.TypeError](err)
				require.True(t, ok, "%T", err)
				require.True(t, te.InFilter)
				require.Less(t, len(te.Error()), 1000)
				continue
			}
			not := checkExpression(t, &filter.NotExpression{Expression: e}, o)
			again := c
			if text := c.String(); len(text) <= filter.MaxLength {
				again = checkExpression(t, parseFilter(t, text), o)
			}
			for _, r := range resources {
				matches := c.Match(r)
				require.Equal(t, !matches, not.Match(r), in)
				require.Equal(t, matches, again.Match(r), in)
				checkConjuncts(t, c, r)
				checkEquality(t, c, r)
			}
		}
	})
}

func checkExpression(t *testing.T, e filter.Expression, o filter.Checking) *filter.Filter {
	t.Helper()
	f, err := filter.Check(e, userType, o)
	require.NoError(t, err, filter.String(e))
	return f
}

// FuzzResolvePath holds that a target is one, and that errors say whether the
// path is at fault or its filter.
func FuzzResolvePath(f *testing.F) {
	for _, test := range targetTests {
		f.Add(test.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		p, err := filter.ParsePath(in, filter.Leniency{})
		if err != nil {
			return
		}
		for _, o := range []filter.Checking{{}, filter.StrictChecking()} {
			target, err := filter.ResolvePath(p, userType, o)
			if err != nil {
				te, ok := errors.AsType[*filter.TypeError](err)
				require.True(t, ok, "%T", err)
				require.Less(t, len(te.Error()), 1000)
				require.True(t, !te.InFilter || strings.Contains(in, "["))
				continue
			}
			require.NotEqual(t, target.URN == "", target.Attr == nil)
			require.Equal(t, p.ValueExpression == nil, target.Where == nil)
			if target.Sub != nil {
				require.Same(t, target.Attr, target.Sub.Parent())
			}
			if target.Where != nil {
				require.True(t, target.Attr.MultiValued)
				target.Where.Assertions()
			}
		}
	})
}
