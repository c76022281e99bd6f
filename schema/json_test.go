package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func TestSchemaGolden(t *testing.T) {
	for name, f := range published {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(f())
			require.NoError(t, err)
			var got bytes.Buffer
			require.NoError(t, json.Indent(&got, data, "", "  "))
			got.WriteByte('\n')

			file := filepath.Join("testdata", name+".json")
			if *update {
				require.NoError(t, os.WriteFile(file, got.Bytes(), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

func TestSchemaRoundTrip(t *testing.T) {
	for name, f := range published {
		t.Run(name, func(t *testing.T) {
			s := f()
			data, err := json.Marshal(&s)
			require.NoError(t, err)
			var got schema.Schema
			require.NoError(t, json.Unmarshal(data, &got))
			if diff := cmp.Diff(f(), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestSchemaMembers: every attribute has all characteristics, and of those
// that do not always apply only the ones that do.
func TestSchemaMembers(t *testing.T) {
	always := []string{"name", "type", "multiValued", "description", "required", "caseExact", "mutability", "returned"}
	var walk func(path string, list any)
	walk = func(path string, list any) {
		for name, a := range byName(list) {
			path := path + name
			want := slices.Clone(always)
			switch a["type"] {
			case "complex":
				want = append(want, "subAttributes")
			case "reference":
				want = append(want, "uniqueness", "referenceTypes")
			default:
				want = append(want, "uniqueness")
			}
			if values, ok := a["canonicalValues"]; ok {
				want = append(want, "canonicalValues")
				assert.NotEmpty(t, values, path)
			}
			var got []string
			for member, v := range a {
				got = append(got, member)
				assert.NotNil(t, v, "%s: %s is null", path, member)
			}
			assert.ElementsMatch(t, want, got, path)
			walk(path+".", a["subAttributes"])
		}
	}
	for id, doc := range asPublished(t) {
		assert.Equal(t, []any{schema.SchemaURN}, doc["schemas"], id)
		assert.NotContains(t, doc, "meta", id)
		walk(id+" ", doc["attributes"])
	}
}

func TestMarshalSchema(t *testing.T) {
	const head = `{"schemas":["` + schema.SchemaURN + `"],"id":"urn:x","name":"","description":"","attributes":`
	for _, c := range []struct {
		name string
		s    schema.Schema
		want string // after head
	}{
		{"no attributes", schema.Schema{ID: "urn:x"}, `[]}`},
		{"open is left out", schema.Schema{ID: "urn:x", Open: &schema.Attribute{Name: "any"}}, `[]}`},
		{"defaults are written", schema.Schema{ID: "urn:x", Attributes: []schema.Attribute{{Name: "a"}}},
			`[{"name":"a","type":"string","multiValued":false,"description":"","required":false,"caseExact":false,` +
				`"mutability":"readWrite","returned":"default","uniqueness":"none"}]}`},
		{"a reference to nothing in particular", schema.Schema{ID: "urn:x", Attributes: []schema.Attribute{{Name: "a", Type: schema.Reference}}},
			`[{"name":"a","type":"reference","multiValued":false,"description":"","required":false,"caseExact":false,` +
				`"mutability":"readWrite","returned":"default","uniqueness":"none","referenceTypes":[]}]}`},
		{"references of a string", schema.Schema{ID: "urn:x", Attributes: []schema.Attribute{{Name: "a", References: []string{"User"}, Sub: []schema.Attribute{{Name: "b"}}}}},
			`[{"name":"a","type":"string","multiValued":false,"description":"","required":false,"caseExact":false,` +
				`"mutability":"readWrite","returned":"default","uniqueness":"none"}]}`},
		{"uniqueness of a complex attribute", schema.Schema{ID: "urn:x", Attributes: []schema.Attribute{{Name: "a", Type: schema.Complex, Uniqueness: schema.Server}}},
			`[{"name":"a","type":"complex","multiValued":false,"description":"","required":false,"caseExact":false,` +
				`"mutability":"readWrite","returned":"default","subAttributes":[]}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(c.s)
			require.NoError(t, err)
			assert.Equal(t, head+c.want, string(got))
		})
	}
}

func TestMarshalSchemaErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		a    schema.Attribute
		want string
	}{
		{"type", schema.Attribute{Name: "a", Type: 8}, `schema: urn:x: attribute "a": type: there is no schema.DataType 8`},
		{"mutability", schema.Attribute{Name: "a", Mutability: 4}, `schema: urn:x: attribute "a": mutability: there is no schema.Mutability 4`},
		{"returned", schema.Attribute{Name: "a", Returned: 4}, `schema: urn:x: attribute "a": returned: there is no schema.Returned 4`},
		{"uniqueness", schema.Attribute{Name: "a", Uniqueness: 3}, `schema: urn:x: attribute "a": uniqueness: there is no schema.Uniqueness 3`},
		{"sub-attribute", schema.Attribute{Name: "a", Type: schema.Complex, Sub: []schema.Attribute{{Name: "ok"}, {Name: "b", Type: 200}}},
			`schema: urn:x: attribute "a.b": type: there is no schema.DataType 200`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := schema.Schema{ID: "urn:x", Attributes: []schema.Attribute{c.a}}
			_, err := s.MarshalJSON()
			assert.EqualError(t, err, c.want)
			_, err = json.Marshal(s)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestUnmarshalSchema(t *testing.T) {
	attr := func(a schema.Attribute) schema.Schema {
		return schema.Schema{ID: "urn:x", Attributes: []schema.Attribute{a}}
	}
	for _, c := range []struct {
		name, in string
		want     schema.Schema
	}{
		{"only an id", `{"id":"urn:x"}`, schema.Schema{ID: "urn:x"}},
		{"no schemas, as printed in the RFC", `{"id":"urn:x","name":"X","description":"Y","attributes":[]}`,
			schema.Schema{ID: "urn:x", Name: "X", Description: "Y"}},
		{"schemas in another case", `{"schemas":["` + strings.ToUpper(schema.SchemaURN) + `"],"id":"urn:x"}`, schema.Schema{ID: "urn:x"}},
		{"meta and unknown members", `{"id":"urn:x","meta":{"resourceType":"Schema"},"x":[1],"attributes":[{"name":"a","x":{}}]}`,
			attr(schema.Attribute{Name: "a"})},
		{"defaults of section 2.2", `{"id":"urn:x","attributes":[{"name":"a"}]}`, attr(schema.Attribute{Name: "a"})},
		{"null is missing", `{"schemas":null,"id":"urn:x","name":null,"attributes":[{"name":"a","type":null,"multiValued":null,"description":null,
			"required":null,"canonicalValues":null,"caseExact":null,"mutability":null,"returned":null,"uniqueness":null,
			"referenceTypes":null,"subAttributes":null}]}`, attr(schema.Attribute{Name: "a"})},
		{"empty lists are none", `{"id":"urn:x","attributes":[{"name":"a","canonicalValues":[],"referenceTypes":[],"subAttributes":[]}]}`,
			attr(schema.Attribute{Name: "a"})},
		{"everything set", `{"id":"urn:x","attributes":[{"name":"a","type":"reference","multiValued":true,"description":"d","required":true,
			"canonicalValues":["v","w"],"caseExact":true,"mutability":"immutable","returned":"request","uniqueness":"global","referenceTypes":["User","uri"]}]}`,
			attr(schema.Attribute{Name: "a", Type: schema.Reference, MultiValued: true, Description: "d", Required: true,
				Canonical: []string{"v", "w"}, CaseExact: true, Mutability: schema.Immutable, Returned: schema.OnRequest,
				Uniqueness: schema.Global, References: []string{"User", "uri"}})},
		{"sub-attributes", `{"id":"urn:x","attributes":[{"name":"a","type":"complex","subAttributes":[{"name":"b","type":"binary"},{"name":"c","uniqueness":"server"}]}]}`,
			attr(schema.Attribute{Name: "a", Type: schema.Complex, Sub: []schema.Attribute{
				{Name: "b", Type: schema.Binary}, {Name: "c", Uniqueness: schema.Server}}})},
		// Compile judges these.
		{"what makes no sense is kept", `{"id":"urn:x","attributes":[{"name":"a","type":"complex","uniqueness":"server","referenceTypes":["User"]},{"name":"b","subAttributes":[{"name":"c"}]}]}`,
			schema.Schema{ID: "urn:x", Attributes: []schema.Attribute{
				{Name: "a", Type: schema.Complex, Uniqueness: schema.Server, References: []string{"User"}},
				{Name: "b", Sub: []schema.Attribute{{Name: "c"}}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := schema.Schema{ID: "before", Name: "before", Description: "before",
				Attributes: []schema.Attribute{{Name: "before"}}, Open: &schema.Attribute{}}
			require.NoError(t, json.Unmarshal([]byte(c.in), &got))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestUnmarshalSchemaNull(t *testing.T) {
	got := schema.Group()
	require.NoError(t, json.Unmarshal([]byte("null"), &got))
	assert.Empty(t, cmp.Diff(schema.Group(), got), "null changes nothing")
}

func TestUnmarshalSchemaErrors(t *testing.T) {
	in := func(attribute string) string { return `{"id":"urn:x","attributes":[{"name":"ok"},` + attribute + `]}` }
	for _, c := range []struct{ name, in, want string }{
		{"array", `[]`, `schema: a schema: a JSON array instead of an object`},
		{"no id", `{"name":"X"}`, `schema: a schema needs an id`},
		{"empty id", `{"id":""}`, `schema: a schema needs an id`},
		{"id of the wrong type", `{"id":5}`, `schema: a schema: id: a JSON number does not fit`},
		{"another kind of resource", `{"schemas":["` + schema.UserURN + `"],"id":"2819"}`,
			`schema: 2819: no schema but ["` + schema.UserURN + `"]`},
		{"attributes of the wrong type", `{"attributes":{},"id":"urn:x"}`, `schema: urn:x: attributes: a JSON object does not fit`},
		{"attribute of the wrong type", in(`"a"`), `schema: urn:x: attribute "[1]": a JSON string instead of an object`},
		{"attribute is null", in(`null`), `schema: urn:x: attribute "[1]": it needs a name`},
		{"no name", in(`{"type":"string"}`), `schema: urn:x: attribute "[1]": it needs a name`},
		{"unknown type", in(`{"type":"text","name":"a"}`),
			`schema: urn:x: attribute "a": type: "text" is not one of ["string" "boolean" "decimal" "integer" "dateTime" "binary" "reference" "complex"]`},
		{"type in another case", in(`{"name":"a","type":"datetime"}`),
			`schema: urn:x: attribute "a": type: "datetime" is not one of ["string" "boolean" "decimal" "integer" "dateTime" "binary" "reference" "complex"]`},
		{"empty type", in(`{"name":"a","type":""}`),
			`schema: urn:x: attribute "a": type: "" is not one of ["string" "boolean" "decimal" "integer" "dateTime" "binary" "reference" "complex"]`},
		{"unknown mutability", in(`{"name":"a","mutability":"never"}`),
			`schema: urn:x: attribute "a": mutability: "never" is not one of ["readWrite" "readOnly" "immutable" "writeOnly"]`},
		{"unknown returned", in(`{"name":"a","returned":"none"}`),
			`schema: urn:x: attribute "a": returned: "none" is not one of ["default" "always" "never" "request"]`},
		{"unknown uniqueness", in(`{"name":"a","uniqueness":"yes"}`),
			`schema: urn:x: attribute "a": uniqueness: "yes" is not one of ["none" "server" "global"]`},
		{"a string for a boolean", in(`{"required":"true","name":"a"}`), `schema: urn:x: attribute "a": required: a JSON string does not fit`},
		{"a string for a list", in(`{"name":"a","canonicalValues":"work"}`), `schema: urn:x: attribute "a": canonicalValues: a JSON string does not fit`},
		{"in a sub-attribute", in(`{"name":"a","type":"complex","subAttributes":[{"name":"b"},{"name":"c","type":"int"}]}`),
			`schema: urn:x: attribute "a.c": type: "int" is not one of ["string" "boolean" "decimal" "integer" "dateTime" "binary" "reference" "complex"]`},
		{"sub-attribute without name", in(`{"name":"a","type":"complex","subAttributes":[{}]}`), `schema: urn:x: attribute "a.[0]": it needs a name`},
		{"too deep", in(strings.Repeat(`{"name":"a","type":"complex","subAttributes":[`, 3) + `{"name":"a"}` + strings.Repeat(`]}`, 3)),
			`schema: urn:x: attribute "a.a.a": sub-attributes are nested too deep`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := schema.Group()
			assert.EqualError(t, got.UnmarshalJSON([]byte(c.in)), c.want)
			assert.ErrorContains(t, json.Unmarshal([]byte(c.in), &got), c.want)
			assert.Empty(t, cmp.Diff(schema.Group(), got), "an error changes nothing")
		})
	}
	var s schema.Schema
	assert.Error(t, s.UnmarshalJSON([]byte(`{"id":`)), "no JSON")
}

// TestUnmarshalPrinted reads the RFC's own documents: what they leave out has
// the values that our literals leave out.
func TestUnmarshalPrinted(t *testing.T) {
	for _, doc := range printed(t) {
		data, err := json.Marshal(doc)
		require.NoError(t, err)
		var s schema.Schema
		require.NoError(t, json.Unmarshal(data, &s))
		assert.Equal(t, doc["id"], s.ID)
		assert.Len(t, s.Attributes, len(doc["attributes"].([]any)))
	}
}

// FuzzUnmarshalSchema: whatever can be read can be written, and then reads and
// writes as the same.
func FuzzUnmarshalSchema(f *testing.F) {
	// Small ones: the fuzzer spends its time on shortening large ones.
	f.Add([]byte(`{"schemas":["` + schema.SchemaURN + `"],"id":"urn:x","name":"X","description":"Y"}`))
	f.Add([]byte(`{"id":"urn:x","attributes":[{"name":"a","type":"reference","multiValued":true,"description":"","required":true,"mutability":"readOnly","returned":"always"}]}`))
	f.Add([]byte(`{"id":"urn:x","attributes":[{"name":"a","type":"complex","uniqueness":"global","subAttributes":[{"name":"<\u2028"}]}]}`))
	f.Add([]byte(`{"id":"urn:x","attributes":[{"name":"a","referenceTypes":[""],"canonicalValues":[null]},null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s schema.Schema
		if json.Unmarshal(data, &s) != nil || s.ID == "" {
			return
		}
		first, err := json.Marshal(s)
		require.NoError(t, err)
		var again schema.Schema
		require.NoError(t, json.Unmarshal(first, &again))
		second, err := json.Marshal(again)
		require.NoError(t, err)
		assert.Equal(t, string(first), string(second))
	})
}
