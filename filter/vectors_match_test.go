package filter_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// matchVector is what the tests of another library hold of a filter and a
// resource. It is described in vectors/README.md below $MUSTER_SHARED.
type matchVector struct {
	ID       string
	Filter   string
	Resource map[string]any
	Match    bool
	RFC      string // "agrees", "silent" or "contradicts"
	Options  struct {
		CaseExact any // true, "fn" or a list of paths
	}
}

// matchDisagreements lists every vector that contradicts the RFC, and those that
// we don't follow although the RFC has nothing against it. refused ones are
// errors; of the others our answer is the opposite.
var matchDisagreements = []struct {
	ids     []string
	refused bool
	why     string
}{
	{
		[]string{"fm-scimserver-044"}, false,
		`contradicts: id is case exact (RFC 7643, section 3.1), so "ABC" is not "abc"`,
	},
	{
		[]string{"fm-scimmy-012", "fm-scimmy-080"}, false,
		`contradicts: userName is not case exact, so "MeganB" contains "A"`,
	},
	{
		[]string{"fm-scimmy-201"}, false,
		`contradicts: userName is not case exact, so "AdeleV" contains "a"`,
	},
	{
		numbered("fm-scimmy-%03d", 109, 112, 117, 136), true,
		`silent: number compared with "6"; the source finds nothing, P-3.4.2.2-40 wants the client told`,
	},
	{
		[]string{"fm-scimmy-065", "fm-scimmy-067"}, true,
		`silent: boolean compared with "falsey"; the source finds nothing, P-3.4.2.2-40 wants the client told`,
	},
}

// numbered returns ids from first to last, for each pair of these.
func numbered(format string, pairs ...int) []string {
	var ids []string
	for i := 0; i < len(pairs); i += 2 {
		for n := pairs[i]; n <= pairs[i+1]; n++ {
			ids = append(ids, fmt.Sprintf(format, n))
		}
	}
	return ids
}

func TestMatchVectors(t *testing.T) {
	dir := os.Getenv("MUSTER_SHARED")
	if dir == "" {
		t.Skip("MUSTER_SHARED does not name the directory that has vectors/filter-match.json")
	}
	text, err := os.ReadFile(filepath.Join(dir, "vectors", "filter-match.json"))
	require.NoError(t, err)
	var vectors []matchVector
	require.NoError(t, json.Unmarshal(text, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) { checkMatchVector(t, v) })
	}
}

func checkMatchVector(t *testing.T, v matchVector) {
	e := adapted(parseFilter(t, v.Filter))
	for _, dates := range []schema.DataType{schema.String, schema.DateTime} {
		p := permissive{v: v, dates: dates}
		f, err := filter.Check(e, p.typeFor(t, e), filter.Checking{BaseURL: p.baseURL()})
		for _, d := range matchDisagreements {
			if slices.Contains(d.ids, v.ID) {
				assert.Equal(t, d.refused, err != nil, "%s: %v", d.why, err)
				if err == nil {
					assert.NotEqual(t, v.Match, f.Match(p.resource(t, f.Type())), d.why)
				}
				return
			}
		}
		require.NotEqual(t, "contradicts", v.RFC, "not in the table of disagreements")
		if err != nil && dates == schema.DateTime && v.RFC == "silent" {
			continue // half a date, or a part of one: no dateTime
		}
		require.NoError(t, err)
		assert.Equal(t, v.Match, f.Match(p.resource(t, f.Type())), "dates as %s", dates)
	}
}

// adapted writes versions as Muster shows them, and the "schemas" that are no
// URIs as such.
func adapted(e filter.Expression) filter.Expression {
	if a, ok := e.(*filter.AttributeExpression); ok {
		text, _ := a.CompareValue.(string)
		switch path, _, _ := strings.Cut(filter.String(e), " "); {
		case path == "meta.version":
			a.CompareValue = schema.ETag(text)
		case path == "schemas" && text != "":
			a.CompareValue = asURI(text)
		}
	}
	return e
}

func asURI(schema string) string {
	if strings.Contains(schema, ":") {
		return schema
	}
	return "urn:example:" + schema
}

// permissive makes a type that has all that a vector names: what RFC 7643 has,
// and of other things whatever the JSON looks like. Unknown strings that are
// dates can be dateTimes.
type permissive struct {
	v     matchVector
	dates schema.DataType
}

func (p permissive) typeFor(t *testing.T, e filter.Expression) *schema.Type {
	base, extensions := schema.User(), []schema.Extension{}
	for i, urn := range p.schemas() {
		switch {
		case i == 0:
			base.ID = urn
		case urn == enterpriseURN:
			extensions = append(extensions, schema.Extension{Schema: schema.EnterpriseUser()})
		default:
			extensions = append(extensions, schema.Extension{Schema: schema.Schema{ID: urn, Attributes: []schema.Attribute{{Name: "any"}}}})
		}
	}
	if len(extensions) == 0 {
		extensions = append(extensions, schema.Extension{Schema: schema.EnterpriseUser()})
	}
	values := map[string]any{}
	literals(e, values)
	for name, value := range p.v.Resource {
		values[name] = value
	}
	for name, value := range values {
		if !p.known(base, name) {
			base.Attributes = append(base.Attributes, schema.Attribute{Name: name, Type: p.typeOf(value)})
		}
	}
	for i, a := range base.Attributes {
		// A list or "fn" names attributes that RFC 7643 has case exact as well.
		if p.v.Options.CaseExact == true {
			base.Attributes[i].CaseExact = a.Type == schema.String
		}
	}
	typ, err := schema.Compile(schema.TypeConfig{Name: "User", Schema: base, Extensions: extensions})
	require.NoError(t, err)
	return typ
}

// literals collects what attributes without a value are compared with.
func literals(e filter.Expression, into map[string]any) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		literals(e.Left, into)
		literals(e.Right, into)
	case *filter.NotExpression:
		literals(e.Expression, into)
	case *filter.AttributeExpression:
		if e.AttributePath.URIPrefix == nil && e.AttributePath.SubAttribute == nil {
			into[e.AttributePath.AttributeName] = e.CompareValue
		}
	}
}

func (p permissive) known(base schema.Schema, name string) bool {
	common := []string{"schemas", "id", "externalId", "meta"}
	return strings.Contains(name, ":") ||
		slices.ContainsFunc(common, func(c string) bool { return strings.EqualFold(c, name) }) ||
		slices.ContainsFunc(base.Attributes, func(a schema.Attribute) bool { return strings.EqualFold(a.Name, name) })
}

func (p permissive) typeOf(value any) schema.DataType {
	switch value := value.(type) {
	case bool:
		return schema.Boolean
	case float64, int:
		return schema.Integer
	case string:
		if _, ok := schema.ParseTime(value); ok {
			return p.dates
		}
	}
	return schema.String
}

func (p permissive) schemas() []string {
	var all []string
	list, _ := p.v.Resource["schemas"].([]any)
	for _, s := range list {
		all = append(all, asURI(s.(string)))
	}
	return all
}

func (p permissive) meta(name string) string {
	meta, _ := p.v.Resource["meta"].(map[string]any)
	s, _ := meta[name].(string)
	return s
}

func (p permissive) baseURL() string {
	base, _, _ := strings.Cut(p.meta("location"), "/Users/")
	return base
}

func (p permissive) resource(t *testing.T, typ *schema.Type) *schema.Resource {
	data, err := json.Marshal(p.v.Resource)
	require.NoError(t, err)
	doc, err := schema.Decode(typ, data, schema.Decoding{})
	require.NoError(t, err)
	id := ""
	if v, ok := p.v.Resource["id"]; ok {
		id = fmt.Sprint(v)
	}
	created, _ := schema.ParseTime(p.meta("created"))
	modified, _ := schema.ParseTime(p.meta("lastModified"))
	r := doc.Resource
	for _, urn := range p.schemas() {
		if a, ok := typ.Attr(urn + ":any"); ok { // schemas follow from the data
			r, err = r.Edit().Set(a.Path(), "x").Build()
			require.NoError(t, err)
		}
	}
	version := strings.TrimSuffix(strings.TrimPrefix(p.meta("version"), `W/"`), `"`)
	return r.WithMeta(id, schema.Meta{Created: created, LastModified: modified, Version: version})
}
