package filter_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/filter"
)

func TestString(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{` userName  EQ  "bj" `, `userName eq "bj"`},
		{`a PR AND NOT(b Pr)`, `a pr and not (b pr)`},
		{`((a pr) and ((b pr)))`, `a pr and b pr`},
		{`(a pr and b pr) or c pr`, `a pr and b pr or c pr`},
		{`(a pr or b pr) and c pr`, `(a pr or b pr) and c pr`},
		{`a pr and (b pr and c pr)`, `a pr and (b pr and c pr)`},
		{`a pr or (b pr or c pr)`, `a pr or (b pr or c pr)`},
		{`(a pr or b pr) or c pr`, `a pr or b pr or c pr`},
		{`not ((a pr or b pr))`, `not (a pr or b pr)`},
		{`a eq NULL`, `a eq null`},
		{`a eq True`, `a eq true`},
		{`a eq bare`, `a eq "bare"`},
		{`a eq "\/\u00e9\u000a\u0001\u001f\u007f\\\"\b\f\r\t"`, `a eq "/é\n\u0001\u001f` + "\x7f" + `\\\"\b\f\r\t"`},
		{`a eq -0`, `a eq 0`},
		{`a eq 1.50`, `a eq 1.5`},
		{`a eq 2E2`, `a eq 200.0`},
		{`a eq -0.0`, `a eq -0.0`},
		{`a eq 1e21`, `a eq 1e+21`},
		{`a eq 1E-7`, `a eq 1e-07`},
		{`emails [ type eq "work" ]`, `emails[type eq "work"]`},
		{`emails[type eq "work"].value eq "x"`, `emails[type eq "work" and value eq "x"]`},
		{`emails[a pr or b pr].value eq "x"`, `emails[(a pr or b pr) and value eq "x"]`},
		{`urn:x:2.0:User:a.b pr`, `urn:x:2.0:User:a.b pr`},
	} {
		e, err := filter.Parse(test.in, filter.Leniency{})
		require.NoError(t, err, test.in)
		assert.Equal(t, test.want, filter.String(e), test.in)
	}
}

func TestPathString(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{` members `, `members`},
		{`emails [type EQ work].value`, `emails[type eq "work"].value`},
		{`a.b[(c pr)]`, `a.b[c pr]`},
		{`urn:scim:schemas:core:2.0`, `urn:scim:schemas:core:2.0`},
	} {
		p, err := filter.ParsePath(test.in, filter.Leniency{})
		require.NoError(t, err, test.in)
		assert.Equal(t, test.want, filter.PathString(p), test.in)
	}
}

// TestStringByHand is about expressions that Parse does not make.
func TestStringByHand(t *testing.T) {
	equals := func(v any) filter.Expression {
		return &filter.AttributeExpression{
			AttributePath: filter.AttributePath{AttributeName: "a"}, Operator: filter.EQ, CompareValue: v,
		}
	}
	for _, test := range []struct {
		e    filter.Expression
		want string
	}{
		{nil, ``},
		{equals(json.Number("12.50")), `a eq 12.50`},
		{equals(int64(7)), `a eq "7"`},
		{equals(math.NaN()), `a eq "NaN"`},
		{equals(math.Inf(-1)), `a eq "-Inf"`},
		{equals("x\xffy"), `a eq "x�y"`},
	} {
		assert.Equal(t, test.want, filter.String(test.e))
	}
}

func TestStringRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := genExpression(3, true).Draw(t, "e")
		text := filter.String(e)
		for _, l := range []filter.Leniency{{}, strict()} {
			again, err := filter.Parse(text, l)
			require.NoError(t, err, text)
			require.Equal(t, e, again, text)
		}
	})
}

func TestPathStringRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := filter.Path{AttributePath: genAttributePath().Draw(t, "path")}
		if rapid.Bool().Draw(t, "filtered") {
			p.ValueExpression = genExpression(2, false).Draw(t, "filter")
			if rapid.Bool().Draw(t, "sub") {
				sub := genName().Draw(t, "name")
				p.SubAttribute = &sub
			}
		}
		text := filter.PathString(p)
		for _, l := range []filter.Leniency{{}, strict()} {
			again, err := filter.ParsePath(text, l)
			require.NoError(t, err, text)
			require.Equal(t, p, again, text)
		}
	})
}

// genExpression makes any expression that a filter can have, of so many levels
// at most. There are no value paths within value paths.
func genExpression(levels int, valuePaths bool) *rapid.Generator[filter.Expression] {
	if levels == 0 {
		return genComparison()
	}
	kinds := []*rapid.Generator[filter.Expression]{
		genComparison(),
		rapid.Custom(func(t *rapid.T) filter.Expression {
			return &filter.LogicalExpression{
				Left:     genExpression(levels-1, valuePaths).Draw(t, "left"),
				Right:    genExpression(levels-1, valuePaths).Draw(t, "right"),
				Operator: rapid.SampledFrom([]filter.LogicalOperator{filter.AND, filter.OR}).Draw(t, "operator"),
			}
		}),
		rapid.Custom(func(t *rapid.T) filter.Expression {
			return &filter.NotExpression{Expression: genExpression(levels-1, valuePaths).Draw(t, "negated")}
		}),
	}
	if valuePaths {
		kinds = append(kinds, rapid.Custom(func(t *rapid.T) filter.Expression {
			return &filter.ValuePath{
				AttributePath: genAttributePath().Draw(t, "path"),
				ValueFilter:   genExpression(levels-1, false).Draw(t, "filter"),
			}
		}))
	}
	return rapid.OneOf(kinds...)
}

func genComparison() *rapid.Generator[filter.Expression] {
	operators := []filter.CompareOperator{
		filter.PR, filter.EQ, filter.NE, filter.CO, filter.SW, filter.EW,
		filter.GT, filter.GE, filter.LT, filter.LE,
	}
	return rapid.Custom(func(t *rapid.T) filter.Expression {
		e := &filter.AttributeExpression{
			AttributePath: genAttributePath().Draw(t, "path"),
			Operator:      rapid.SampledFrom(operators).Draw(t, "operator"),
		}
		if e.Operator != filter.PR {
			e.CompareValue = genValue().Draw(t, "value")
		}
		return e
	})
}

func genValue() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int().AsAny(),
		rapid.Float64().AsAny(),
		rapid.String().AsAny(),
		rapid.StringMatching(`[\x00-\x7f]*`).AsAny(),
	)
}

func genAttributePath() *rapid.Generator[filter.AttributePath] {
	return rapid.Custom(func(t *rapid.T) filter.AttributePath {
		p := filter.AttributePath{AttributeName: genName().Draw(t, "name")}
		sub := genName().Draw(t, "sub")
		if rapid.Bool().Draw(t, "qualified") {
			uri := rapid.StringMatching(`[A-Za-z][A-Za-z0-9+.-]{0,4}:[A-Za-z0-9:./~?#@!&*+;=%$_-]{0,12}`).Draw(t, "uri")
			last := rapid.StringMatching(`[A-Za-z0-9/~?#@!&*+;=%$_-]{1,8}`)
			p.URIPrefix, p.AttributeName, sub = &uri, last.Draw(t, "name"), last.Draw(t, "sub")
		}
		if rapid.Bool().Draw(t, "dotted") {
			p.SubAttribute = &sub
		}
		return p
	})
}

func genName() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[$]?[A-Za-z][A-Za-z0-9$_-]{0,8}`),
		rapid.SampledFrom([]string{"not", "and", "or", "pr", "eq", "true", "null", "value", "$ref"}),
	)
}
