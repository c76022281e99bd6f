package filter_test

import (
	"cmp"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// The reference below reads RFC 7644, section 3.4.2.2, off the AST and a plain
// map, as slowly as can be. It shares nothing with the package but the AST.

// shape is the type of an attribute in the reference.
type shape struct {
	kind  string // folded, exact, username, boolean, number, decimal, dateTime, binary; empty if complex
	multi bool
	subs  map[string]shape
}

var elementShapes = map[string]shape{
	"value": {kind: "folded"}, "code": {kind: "exact"}, "primary": {kind: "boolean"}, "ok": {kind: "boolean"},
	"num": {kind: "number"}, "labels": {kind: "folded", multi: true},
}

var shapes = map[string]shape{
	"userName": {kind: "username"}, "title": {kind: "folded"}, "code": {kind: "exact"}, "active": {kind: "boolean"},
	"num": {kind: "number"}, "dec": {kind: "decimal"}, "when": {kind: "dateTime"}, "bin": {kind: "binary"},
	"tags": {kind: "folded", multi: true}, "nums": {kind: "number", multi: true},
	"one": {subs: elementShapes}, "many": {subs: elementShapes, multi: true},
}

// Two types of the same attributes, in any order.
var propertyType, propertyTypeAgain = compileShapes(), compileShapes()

func compileShapes() *schema.Type {
	types := map[string]schema.DataType{"boolean": schema.Boolean, "number": schema.Integer, "decimal": schema.Decimal, "dateTime": schema.DateTime, "binary": schema.Binary, "": schema.Complex}
	var attributes func(m map[string]shape) []schema.Attribute
	attributes = func(m map[string]shape) []schema.Attribute {
		var all []schema.Attribute
		for name, s := range m {
			a := schema.Attribute{Name: name, Type: types[s.kind], MultiValued: s.multi, CaseExact: s.kind == "exact", Sub: attributes(s.subs)}
			all = append(all, a)
		}
		return all
	}
	return schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.Schema{ID: "urn:example:User", Attributes: attributes(shapes)}})
}

// What values and literals are drawn from: few, so that they meet often. Of the
// texts some fold to the same, and some begin or end with others.
var domains = map[string][]any{
	"text":     {"", "a", "A", "aB", "Ab", "b", "BA", "é", "É", "e\u0301", "E\u0301A", "aé", "ß", "SS", "zZz"},
	"boolean":  {true, false},
	"number":   {-2, -1, 0, 1, 2, 9007199254740993, 9007199254740992},
	"decimal":  {-2, -1.5, 0, 1, 1.5, 1e300},
	"dateTime": {"2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00.5Z", "2019-12-31T23:59:59", "2021-05-05T00:00:00-08:00"},
	"binary":   {"TWE=", "TWE", "twe=", "+/+/", "-_-_", "TWFu"},
}

func domainOf(kind string) []any {
	if d, ok := domains[kind]; ok {
		return d
	}
	return domains["text"]
}

func drawValue(t *rapid.T, s shape) any {
	one := func() any {
		if s.subs != nil {
			return drawObject(t, s.subs)
		}
		return rapid.SampledFrom(domainOf(s.kind)).Draw(t, "value")
	}
	if !s.multi {
		return one()
	}
	var list []any
	for range rapid.IntRange(0, 3).Draw(t, "elements") {
		list = append(list, one())
	}
	return list
}

func drawObject(t *rapid.T, m map[string]shape) map[string]any {
	o := map[string]any{}
	for _, name := range sortedNames(m) {
		if rapid.IntRange(0, 2).Draw(t, "assigned") > 0 {
			o[name] = drawValue(t, m[name])
		}
	}
	return o
}

func sortedNames(m map[string]shape) []string {
	var names []string
	for _, name := range []string{"userName", "title", "code", "active", "num", "dec", "when", "bin", "tags", "nums", "one", "many", "value", "primary", "ok", "labels"} {
		if _, ok := m[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

// drawFilter draws a filter on the attributes of m. outside says that brackets
// and dots are allowed.
func drawFilter(t *rapid.T, m map[string]shape, depth int, outside bool) filter.Expression {
	choice := rapid.IntRange(0, 9).Draw(t, "choice")
	if depth == 0 {
		choice = 9
	}
	switch choice {
	case 0, 1, 2:
		op := rapid.SampledFrom([]filter.LogicalOperator{filter.AND, filter.OR}).Draw(t, "join")
		return &filter.LogicalExpression{Left: drawFilter(t, m, depth-1, outside), Right: drawFilter(t, m, depth-1, outside), Operator: op}
	case 3:
		return &filter.NotExpression{Expression: drawFilter(t, m, depth-1, outside)}
	case 4, 5:
		if !outside {
			break
		}
		name := rapid.SampledFrom([]string{"tags", "nums", "one", "many"}).Draw(t, "brackets")
		return &filter.ValuePath{
			AttributePath: filter.AttributePath{AttributeName: name},
			ValueFilter:   drawFilter(t, subsOf(m[name]), depth-1, false),
		}
	}
	return drawTerm(t, m)
}

func drawTerm(t *rapid.T, m map[string]shape) filter.Expression {
	name := rapid.SampledFrom(sortedNames(m)).Draw(t, "attribute")
	s := m[name]
	e := &filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: name}}
	if s.subs != nil {
		if name == "many" && rapid.Bool().Draw(t, "bare") {
			s = elementShapes["value"]
		} else {
			sub := rapid.SampledFrom(sortedNames(s.subs)).Draw(t, "sub")
			e.AttributePath.SubAttribute, s = &sub, s.subs[sub]
		}
	}
	ops := []filter.CompareOperator{filter.EQ, filter.NE, filter.PR}
	switch s.kind {
	case "boolean", "binary":
	case "number", "decimal", "dateTime":
		ops = append(ops, filter.GT, filter.GE, filter.LT, filter.LE)
	default:
		ops = append(ops, filter.GT, filter.GE, filter.LT, filter.LE, filter.CO, filter.SW, filter.EW)
	}
	e.Operator = rapid.SampledFrom(ops).Draw(t, "operator")
	switch {
	case e.Operator == filter.PR:
	case (e.Operator == filter.EQ || e.Operator == filter.NE) && rapid.IntRange(0, 9).Draw(t, "null") == 0:
	case s.kind == "number" && rapid.IntRange(0, 4).Draw(t, "float") == 0:
		e.CompareValue = rapid.SampledFrom([]float64{-1.5, 0, 1, 1.5, 1e300, -1e300}).Draw(t, "float")
	default:
		e.CompareValue = rapid.SampledFrom(domainOf(s.kind)).Draw(t, "literal")
	}
	return e
}

// reference is the naive evaluator.
type reference struct{ keepEmpty bool }

// holds evaluates e on a resource, or in brackets on an element, of which m are
// the attributes. An element of a list of simple values is a map with "value".
// inList says that there may be others beside the element.
func (x reference) holds(e filter.Expression, m map[string]shape, o map[string]any, inList bool) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			return x.holds(e.Left, m, o, inList) && x.holds(e.Right, m, o, inList)
		}
		return x.holds(e.Left, m, o, inList) || x.holds(e.Right, m, o, inList)
	case *filter.NotExpression:
		return !x.holds(e.Expression, m, o, inList)
	case *filter.ValuePath:
		name := e.AttributePath.AttributeName
		s := m[name]
		for _, v := range elementsOf(o[name]) {
			if s.subs == nil {
				v = map[string]any{"value": v}
			}
			if x.holds(e.ValueFilter, subsOf(s), v.(map[string]any), s.multi) {
				return true
			}
		}
		return false
	}
	return x.term(e.(*filter.AttributeExpression), m, o, inList)
}

func subsOf(s shape) map[string]shape {
	if s.subs == nil {
		return map[string]shape{"value": {kind: s.kind}}
	}
	return s.subs
}

func (x reference) term(e *filter.AttributeExpression, m map[string]shape, o map[string]any, inList bool) bool {
	name, sub := e.AttributePath.AttributeName, ""
	if e.AttributePath.SubAttribute != nil {
		sub = *e.AttributePath.SubAttribute
	}
	if e.Operator == filter.PR || e.CompareValue == nil {
		return x.isPresent(o[name], sub) != (e.Operator == filter.EQ)
	}
	s := m[name]
	if s.subs != nil && sub == "" {
		sub = "value"
	}
	if e.CompareValue == "" && !x.keepEmpty && (e.Operator == filter.EQ || e.Operator == filter.NE) {
		return x.isPresent(o[name], sub) != (e.Operator == filter.EQ)
	}
	elements := elementsOf(o[name])
	if sub == "" {
		return x.any(s.kind, e, elements, inList && name == "primary")
	}
	for _, v := range elements {
		if x.any(s.subs[sub].kind, e, elementsOf(v.(map[string]any)[sub]), s.multi && sub == "primary") {
			return true
		}
	}
	return len(elements) == 0 && e.Operator == filter.NE
}

// any reports whether one of the values is as e wants, or that there is none.
func (x reference) any(kind string, e *filter.AttributeExpression, values []any, primary bool) bool {
	if len(values) == 0 && primary {
		values = []any{false}
	}
	for _, v := range values {
		if compare(kind, e.Operator, v, e.CompareValue) {
			return true
		}
	}
	return len(values) == 0 && e.Operator == filter.NE
}

func (x reference) isPresent(v any, sub string) bool {
	for _, e := range elementsOf(v) {
		if o, ok := e.(map[string]any); ok {
			for name, w := range o {
				if (sub == "" || sub == name) && x.isPresent(w, "") {
					return true
				}
			}
		} else if e != "" {
			return true
		}
	}
	return false
}

func elementsOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func compare(kind string, op filter.CompareOperator, v, literal any) bool {
	c := 0
	switch kind {
	case "boolean":
		return (v == literal) == (op == filter.EQ)
	case "binary":
		return (bytesOf(v) == bytesOf(literal)) == (op == filter.EQ)
	case "number", "decimal":
		c = compareNumbers(v, literal)
	case "dateTime":
		c = timeOf(v).Compare(timeOf(literal))
	default:
		a, b := fold(kind, v.(string)), fold(kind, literal.(string))
		switch op {
		case filter.CO:
			return strings.Contains(a, b)
		case filter.SW:
			return strings.HasPrefix(a, b)
		case filter.EW:
			return strings.HasSuffix(a, b)
		}
		c = strings.Compare(a, b)
	}
	return map[filter.CompareOperator]bool{
		filter.EQ: c == 0, filter.NE: c != 0, filter.GT: c > 0, filter.GE: c >= 0, filter.LT: c < 0, filter.LE: c <= 0,
	}[op]
}

func compareNumbers(v, literal any) int {
	a, isInt := v.(int)
	b, both := literal.(int)
	if isInt && both {
		return a - b
	}
	return cmp.Compare(floatOf(v), floatOf(literal))
}

func floatOf(v any) float64 {
	if n, ok := v.(int); ok {
		return float64(n)
	}
	return v.(float64)
}

// fold does for the texts above what schema.Fold and PRECIS do for all.
func fold(kind, s string) string {
	if kind == "exact" {
		return s
	}
	s = norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
	if kind == "folded" {
		s = strings.ReplaceAll(s, "ß", "ss")
	}
	return s
}

func bytesOf(v any) string {
	text := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(v.(string))
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func timeOf(v any) time.Time {
	text := v.(string)
	if len(text) == len("2006-01-02T15:04:05") {
		text += "Z"
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// assigned drops what is no value: empty lists and objects.
func assigned(v any) any {
	switch v := v.(type) {
	case []any:
		var kept []any
		for _, e := range v {
			if e = assigned(e); e != nil {
				kept = append(kept, e)
			}
		}
		if len(kept) > 0 {
			return kept
		}
		return nil
	case map[string]any:
		kept := map[string]any{}
		for name, e := range v {
			if e = assigned(e); e != nil {
				kept[name] = e
			}
		}
		if len(kept) > 0 {
			return kept
		}
		return nil
	}
	return v
}

// TestMatchIsReference holds Match against the naive evaluator, on random
// filters and resources.
func TestMatchIsReference(t *testing.T) {
	matched, not := 0, 0
	check := func(t *rapid.T) {
		object, _ := assigned(drawObject(t, shapes)).(map[string]any)
		b := schema.New(propertyType)
		for name, v := range object {
			b.Set(name, v)
		}
		r, err := b.Build()
		require.NoError(t, err)
		again := schema.New(propertyTypeAgain)
		for name, v := range object {
			again.Set(name, v)
		}
		ofOther, err := again.Build()
		require.NoError(t, err)
		e := drawFilter(t, shapes, 4, true)
		for _, keep := range []bool{false, true} {
			f, err := filter.Check(e, propertyType, filter.Checking{KeepEmptyStrings: keep})
			require.NoError(t, err, filter.String(e))
			want := reference{keepEmpty: keep}.holds(e, shapes, object, false)
			require.Equal(t, want, f.Match(r), "%s\n%s", f, r)
			require.Equal(t, want, f.Match(ofOther), "of another type: %s\n%s", f, r)
			checkConjuncts(t, f, r)
			checkEquality(t, f, r)
			if want {
				matched++
			} else {
				not++
			}
		}
	}
	for range 20 { // a filter has many forms
		rapid.Check(t, check)
	}
	t.Logf("%d matched, %d did not", matched, not)
}

// checkConjuncts holds that the conjuncts together are the filter.
func checkConjuncts(t require.TestingT, f *filter.Filter, r *schema.Resource) {
	all := true
	for _, c := range f.Conjuncts() {
		all = all && c.Match(r)
	}
	require.Equal(t, f.Match(r), all, "%s", f)
	var none *filter.Filter
	require.Equal(t, all, none.And(f.Conjuncts()...).Match(r), "%s", f)
}

// checkEquality holds that what Equality demands is there if the filter matches,
// and the other way round if it is exact.
func checkEquality(t require.TestingT, f *filter.Filter, r *schema.Resource) {
	a, key, exact, ok := f.Equality()
	if !ok {
		return
	}
	found := false
	for e := range r.Value(a.Top()).Elems() {
		if a != a.Top() {
			e = e.Sub(a)
		}
		found = found || !e.IsZero() && a.Key(e.String()) == key
	}
	if exact {
		require.Equal(t, found, f.Match(r), "%s\n%s", f, r)
	}
	require.True(t, found || !f.Match(r), "%s\n%s", f, r)
}
