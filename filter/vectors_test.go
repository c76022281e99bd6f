package filter_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
)

// vector is a text that the tests of another library hold valid or not. It is
// described in vectors/README.md below $MUSTER_SHARED.
type vector struct {
	ID     string
	Filter string
	Path   string
	Valid  bool
	RFC    string // "agrees", "silent" or "contradicts"
	AST    map[string]any
	ASTRFC map[string]any `json:"ast_rfc"`
}

// outcome is what we do with a text where a vector is not followed.
type outcome int

const (
	refused  outcome = iota // by every leniency
	tolerant                // accepted, unless the Leniency refuses it
	otherAST                // accepted, and read in another way
)

// disagreements lists every vector that contradicts the RFC, and those that we
// don't follow although the RFC has nothing against it.
var disagreements = map[string]struct {
	outcome outcome
	why     string
}{
	"fp-scim2parsefilter-057":  {refused, nestedBrackets},
	"fp-scim2parsefilter-126":  {refused, nestedBrackets},
	"fp-scim2parsefilter-069":  {refused, `\u without hexadecimal digits; read as it stands, "\n" would be ambiguous`},
	"fp-scim2parsefilter-083":  {refused, bareNot},
	"fp-scim2parsefilter-084":  {refused, bareNot},
	"fp-scim2parsefilter-085":  {refused, bareNot},
	"fp-scim2parsefilter-123":  {otherAST, `the source splits it into two terms, which different elements may match`},
	"fp-scim2parsefilter-124":  {otherAST, `the source splits it into two terms, which different elements may match`},
	"fp-scim2parsefilter-127":  {refused, `a name starts with a letter`},
	"fp-scim2filterparser-021": {refused, operatorAfterBrackets},
	"fp-scim2filterparser-022": {refused, operatorAfterBrackets},
	"fp-scimmy-011":            {refused, `a name starts with a letter`},
	"fp-scimmy-014":            {tolerant, bareWord},
	"fp-scimmy-016":            {tolerant, bareWord},
	"fp-scimmy-017":            {tolerant, bareWord + `; "not" is the attribute then`},
	"fp-scimmy-018":            {refused, bareNot},
	"fp-scimmy-023":            {refused, bareNot},
	"fp-scimmy-024":            {refused, bareNot},
	"fp-scimmy-025":            {refused, bareNot},
	"fp-scimmy-026":            {refused, bareNot},
	"fp-scimmy-030":            {refused, bareNot},
	"fp-scimmy-038":            {refused, operatorAfterBrackets},
	"fp-scimmy-039":            {refused, operatorAfterBrackets},
	"fp-scimmy-040":            {refused, operatorAfterBrackets},
	"fp-scimmy-041":            {refused, operatorAfterBrackets},
	"fp-scimmy-042":            {refused, operatorAfterBrackets},
	"fp-scimmy-043":            {refused, bareNot},
	"fp-scimmy-044":            {refused, bareNot},
	"fp-scimmy-045":            {refused, operatorAfterBrackets},
	"fp-scimmy-046":            {refused, bareNot},
	"fp-scimmy-047":            {refused, bareNot},
	"fp-scimmy-049":            {refused, operatorAfterBrackets},
	"fp-scimmy-060":            {refused, bareNot},
	"fp-scimmy-061":            {refused, bareNot},
	"fp-scimmy-062":            {refused, bareNot},
	"fp-scimmy-063":            {refused, bareNot},
	"fp-scimmy-064":            {refused, operatorAfterBrackets},
	"fp-rfc7644-018":           {tolerant, bareWord + `, from an example of the RFC itself`},
	"fp-scimreferencecode-002": {tolerant, bareWord},
	"fp-scimreferencecode-003": {tolerant, bareWord},
	"fp-scimreferencecode-004": {tolerant, bareWord},

	"pa-scim2-017":     {refused, deepPath},
	"pa-scim2-018":     {refused, deepPath},
	"pa-scim2-030":     {refused, uriAlone},
	"pa-scim2-092":     {refused, deepPath},
	"pa-scim2-093":     {refused, deepPath},
	"pa-scim2-094":     {refused, deepPath},
	"pa-scim2-095":     {refused, deepPath},
	"pa-scim2-096":     {refused, deepPath},
	"pa-scim2-098":     {refused, deepPath},
	"pa-scim2-100":     {refused, deepPath},
	"pa-scim2-103":     {refused, deepPath},
	"pa-scim2-108":     {refused, deepPath},
	"pa-scim2-109":     {refused, deepPath},
	"pa-scim2-158":     {refused, `P-3.5.2-08: an empty path is malformed; no path at all is for the caller to see`},
	"pa-scim2-159":     {refused, uriAlone},
	"pa-scim2-160":     {refused, deepPath},
	"pa-scimpatch-029": {refused, deepPath},
}

const (
	bareNot               = `"not" without parentheses: nobody is known to send it, and how far it reaches is a guess`
	nestedBrackets        = `P-3.4.2.2-27: "[" within "[" is outside the grammar, and complex attributes don't nest`
	operatorAfterBrackets = `an operator or a second filter straight behind "]" has no defined meaning`
	deepPath              = `figure 7 ends with a sub-attribute; attributes nest no deeper`
	uriAlone              = `a path that ends with a colon names no attribute; a bare URN is accepted without it`
	bareWord              = `text without quotes, as Leniency.RefuseBareWords says`
)

func TestFilterVectors(t *testing.T) {
	checkVectors(t, "filter-parse.json", func(v vector, l filter.Leniency) (any, error) {
		e, err := filter.Parse(v.Filter, l)
		if err != nil {
			return nil, err
		}
		sameMeaning(t, v.Filter)
		return vectorAST(e), nil
	}, normalizeAST)
}

func TestPathVectors(t *testing.T) {
	checkVectors(t, "path.json", func(v vector, l filter.Leniency) (any, error) {
		p, err := filter.ParsePath(v.Path, l)
		if err != nil {
			return nil, err
		}
		sameMeaning(t, v.Path)
		return vectorPathAST(p), nil
	}, func(want map[string]any) any {
		if f, ok := want["filter"].(map[string]any); ok {
			want["filter"] = normalizeAST(f)
		}
		return want
	})
}

// checkVectors runs parse on each vector of a file and compares what it returns
// with the expectation, normalized.
func checkVectors(
	t *testing.T, file string,
	parse func(vector, filter.Leniency) (any, error), normalize func(map[string]any) any,
) {
	for _, v := range readVectors(t, file) {
		t.Run(v.ID, func(t *testing.T) {
			got, tolerantErr := parse(v, filter.Leniency{})
			_, strictErr := parse(v, strict())
			if d, ok := disagreements[v.ID]; ok {
				accepted := d.outcome != refused
				assert.Equal(t, accepted, tolerantErr == nil, "%s: %v", d.why, tolerantErr)
				assert.Error(t, strictErr)
				return
			}
			require.NotEqual(t, "contradicts", v.RFC, "not in the table of disagreements")
			if !v.Valid {
				assert.Error(t, strictErr)
				return
			}
			require.NoError(t, tolerantErr)
			if v.RFC == "agrees" {
				assert.NoError(t, strictErr)
			}
			want := v.AST
			if want == nil {
				want = v.ASTRFC
			}
			require.NotNil(t, want)
			assert.Equal(t, normalize(want), got)
		})
	}
}

func readVectors(t *testing.T, file string) []vector {
	t.Helper()
	dir := os.Getenv("MUSTER_SHARED")
	if dir == "" {
		t.Skip("MUSTER_SHARED does not name the directory that has vectors/" + file)
	}
	text, err := os.ReadFile(filepath.Join(dir, "vectors", file))
	require.NoError(t, err)
	var vectors []vector
	require.NoError(t, json.Unmarshal(text, &vectors))
	require.NotEmpty(t, vectors)
	return vectors
}

// vectorAST writes an expression as the vectors do.
func vectorAST(e filter.Expression) any {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		ast := map[string]any{"op": string(e.Operator), "path": filter.PathString(filter.Path{AttributePath: e.AttributePath})}
		if e.Operator != filter.PR {
			ast["value"] = e.CompareValue
			if n, ok := e.CompareValue.(int); ok {
				ast["value"] = float64(n)
			}
		}
		return ast
	case *filter.LogicalExpression:
		return flatten(string(e.Operator), vectorAST(e.Left), vectorAST(e.Right))
	case *filter.NotExpression:
		return map[string]any{"op": "not", "arg": vectorAST(e.Expression)}
	case *filter.ValuePath:
		return map[string]any{
			"op": "valuepath", "path": filter.PathString(filter.Path{AttributePath: e.AttributePath}),
			"filter": vectorAST(e.ValueFilter),
		}
	}
	return nil
}

// vectorPathAST writes a path as the vectors do: before a filter, a dot is part
// of the attribute.
func vectorPathAST(p filter.Path) any {
	ast := map[string]any{"attr": p.AttributePath.AttributeName}
	if uri := p.AttributePath.URIPrefix; uri != nil {
		ast["urn"] = *uri
	}
	sub := p.AttributePath.SubAttribute
	if p.ValueExpression != nil {
		if sub != nil {
			ast["attr"] = p.AttributePath.AttributeName + "." + *sub
		}
		ast["filter"] = vectorAST(p.ValueExpression)
		sub = p.SubAttribute
	}
	if sub != nil {
		ast["sub"] = *sub
	}
	return ast
}

// flatten joins operands, of which some may be joined by the same operator.
func flatten(op string, operands ...any) any {
	var args []any
	for _, o := range operands {
		if m := o.(map[string]any); m["op"] == op {
			args = append(args, m["args"].([]any)...)
		} else {
			args = append(args, o)
		}
	}
	return map[string]any{"op": op, "args": args}
}

// normalizeAST flattens the AST of a vector, and puts what follows a filter in
// brackets into them.
func normalizeAST(ast map[string]any) any {
	switch ast["op"] {
	case "and", "or":
		var args []any
		for _, arg := range ast["args"].([]any) {
			args = append(args, normalizeAST(arg.(map[string]any)))
		}
		return flatten(ast["op"].(string), args...)
	case "not":
		return map[string]any{"op": "not", "arg": normalizeAST(ast["arg"].(map[string]any))}
	case "valuepath":
		f := normalizeAST(ast["filter"].(map[string]any))
		if sub, ok := ast["subexp"].(map[string]any); ok {
			f = flatten("and", f, normalizeAST(sub))
		}
		return map[string]any{"op": "valuepath", "path": ast["path"], "filter": f}
	}
	return ast
}
