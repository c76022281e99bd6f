package schema_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

// built returns what b builds, in the right form.
func built(t *testing.T, b *schema.Builder) *schema.Resource {
	t.Helper()
	r, err := b.Build()
	require.NoError(t, err)
	require.NoError(t, schema.CheckResource(r))
	return r
}

func TestBuilder(t *testing.T) {
	typ := schema.UserType()
	r := built(t, schema.New(typ).
		ID("7").
		Meta(someMeta).
		ExternalID("e").
		Set("USERNAME", "bjensen").
		Set("name.givenName", "Barbara").
		Set("active", true).
		Set("emails", []map[string]any{{"value": "b@x", "TYPE": "work"}, {"value": "b@y", "primary": true}}).
		Set(schema.EnterpriseUserURN+":manager.value", "m1"))
	assert.Same(t, typ, r.Type())
	assert.Equal(t, "7", r.ID())
	assert.Equal(t, "e", r.ExternalID())
	assert.Equal(t, schema.Meta{Created: someMeta.Created, LastModified: someMeta.LastModified.UTC(), Version: "17"}, r.Meta())
	assert.Zero(t, r.WithMeta("7", schema.Meta{}).Meta())
	assert.Equal(t, `{"id":"7","externalId":"e","userName":"bjensen","name":{"givenName":"Barbara"},"active":true,`+
		`"emails":[{"value":"b@x","type":"work"},{"value":"b@y","primary":true}],`+
		`"`+schema.EnterpriseUserURN+`":{"manager":{"value":"m1"}},`+
		`"meta":{"resourceType":"User","created":"2026-01-02T03:04:05Z","lastModified":"2026-01-02T02:04:05.6789Z","version":"W/\"17\""}}`, schema.Full(r))
}

// TestBuilderEdits changes a resource in all ways; the one it starts from stays.
func TestBuilderEdits(t *testing.T) {
	const (
		ent = schema.EnterpriseUserURN
		md  = schema.MetadataURN
		doc = `{"str":"s","name":"n","one":{"str":"1","must":"m"},"many":[{"num":1}],"` + ent + `":{"department":"D","manager":{"value":"m"}},"` + md + `":{"known":1,"a":"1","b":"2"}}`
	)
	typ := schema.ThingType()
	attr := func(path string) *schema.Attr {
		a, ok := typ.Attr(path)
		require.True(t, ok, path)
		return a
	}
	value := func(path string, v any) schema.Value {
		made, err := attr(path).Make(v)
		require.NoError(t, err)
		return made
	}
	replace := func(from, to string) string {
		require.Contains(t, doc, from)
		return strings.Replace(doc, from, to, 1)
	}
	base := decode(t, typ, doc)
	tests := []struct {
		about string
		edit  func(*schema.Builder)
		want  string
	}{
		{"nothing", func(*schema.Builder) {}, doc},
		{"a new value", func(b *schema.Builder) { b.Set("str", "t") }, replace(`"s"`, `"t"`)},
		{"the same value", func(b *schema.Builder) { b.Set("str", "s") }, doc},
		{"the last counts", func(b *schema.Builder) { b.Set("str", "t").Set("STR", nil).Set("str", "u") }, replace(`"s"`, `"u"`)},
		{"unassigned", func(b *schema.Builder) { b.Set("str", nil) }, replace(`"str":"s",`, ``)},
		{"unassigned what is not there", func(b *schema.Builder) { b.Set("dec", nil).Put(attr("tags"), schema.Value{}) }, doc},
		{"first", func(b *schema.Builder) { b.ExternalID("e") }, replace(`{`, `{"externalId":"e",`)},
		{"first and gone", func(b *schema.Builder) { b.ExternalID("e").ExternalID("") }, doc},
		{"between", func(b *schema.Builder) { b.Set("num", 7) }, replace(`"s",`, `"s","num":7,`)},
		{"last", func(b *schema.Builder) { b.Set(schema.CountersURN+":c", 7) }, replace(`"2"}}`, `"2"},"`+schema.CountersURN+`":{"c":[7]}}`)},
		{"a sub-attribute", func(b *schema.Builder) { b.Set("one.str", "2").Set("one.num", 3) }, replace(`"str":"1","must"`, `"str":"2","num":3,"must"`)},
		{"a sub-attribute gone", func(b *schema.Builder) { b.Set("one.str", nil) }, replace(`"str":"1",`, ``)},
		{"all of them gone", func(b *schema.Builder) { b.Set("one.str", nil).Set("one.must", ""). /* a value */ Set("one.must", nil) }, replace(`"one":{"str":"1","must":"m"},`, ``)},
		{"a sub-attribute of nothing", func(b *schema.Builder) { b.Set("owner.value", "u") }, replace(`"many":[{"num":1}],`, `"many":[{"num":1}],"owner":{"value":"u"},`)},
		{"what is computed", func(b *schema.Builder) { b.Set("owner.$ref", "https://x").Set(ent+":manager.$ref", nil) }, doc},
		{"a list", func(b *schema.Builder) { b.Set("many", []any{map[string]any{"num": 2}, map[string]any{"num": 1}}) }, replace(`[{"num":1}]`, `[{"num":2},{"num":1}]`)},
		{"a list of nothing", func(b *schema.Builder) { b.Set("many", []any{}) }, replace(`"many":[{"num":1}],`, ``)},
		{"one element for the list", func(b *schema.Builder) { b.Set("many", map[string]any{"num": 2}) }, replace(`[{"num":1}]`, `[{"num":2}]`)},
		{"an element for the list", func(b *schema.Builder) {
			for e := range value("many", map[string]any{"num": 2}).Elems() {
				b.Put(attr("many"), e)
			}
		}, replace(`[{"num":1}]`, `[{"num":2}]`)},
		{"a value of another attribute", func(b *schema.Builder) { b.Put(attr("str"), value("uniq", "t")) }, replace(`"s"`, `"t"`)},
		{"a value of another type", func(b *schema.Builder) {
			user, _ := schema.UserType().Attr("userName")
			v, err := user.Make("t")
			require.NoError(t, err)
			b.Put(attr("str"), v)
		}, replace(`"s"`, `"t"`)},
		{"an object of another attribute", func(b *schema.Builder) {
			b.Put(attr("many"), value(schema.ThingExtURN+":one", map[string]any{"num": 2}))
		}, replace(`[{"num":1}]`, `[{"num":2}]`)},
		{"a part of the base", func(b *schema.Builder) { b.Put(attr("tags"), base.Get("str")) }, replace(`"s",`, `"s","tags":["s"],`)},
		{"an extension gone", func(b *schema.Builder) { b.ClearExtension(strings.ToUpper(ent)) }, replace(`"`+ent+`":{"department":"D","manager":{"value":"m"}},`, ``)},
		{"an extension gone and back", func(b *schema.Builder) { b.Set(ent+":division", "V").ClearExtension(ent).Set(ent+":costCenter", "C") },
			replace(`{"department":"D","manager":{"value":"m"}}`, `{"costCenter":"C"}`)},
		{"a sub-attribute of what is cleared", func(b *schema.Builder) { b.ClearExtension(ent).Set(ent+":manager.value", "x") },
			replace(`{"department":"D","manager":{"value":"m"}}`, `{"manager":{"value":"x"}}`)},
		{"an extension that there is not", func(b *schema.Builder) { b.ClearExtension("urn:x").ClearExtension(schema.ThingURN).ClearExtension("") }, doc},
		{"an open extension gone", func(b *schema.Builder) { b.ClearExtension(md) }, replace(`,"`+md+`":{"known":1,"a":"1","b":"2"}`, ``)},
		{"a key", func(b *schema.Builder) { b.Set(md+":aa", "3") }, replace(`"a":"1",`, `"a":"1","aa":"3",`)},
		{"a key again", func(b *schema.Builder) { b.Set(md+":A", "3") }, replace(`"a":"1"`, `"A":"3"`)},
		{"a key gone", func(b *schema.Builder) { b.Set(md+":B", nil) }, replace(`,"b":"2"`, ``)},
		{"a key gone and back", func(b *schema.Builder) { b.Set(md+":B", nil).Set(md+":b", "3") }, replace(`"b":"2"`, `"b":"3"`)},
	}
	for _, tt := range tests {
		t.Run(tt.about, func(t *testing.T) {
			b := base.Edit()
			tt.edit(b)
			r := built(t, b)
			assert.Equal(t, tt.want, schema.Full(r))
			assert.Equal(t, doc, schema.Full(base), "the base has changed")
			assert.True(t, r.Equal(built(t, b)), "Build builds the same again")
			assert.True(t, r.Equal(decode(t, typ, tt.want)))
		})
	}
}

func TestBuilderValue(t *testing.T) {
	typ := schema.ThingType()
	b := decode(t, typ, `{"str":"s","name":"n"}`).Edit().Set("str", "t").Set("one.must", "m")
	for path, want := range map[string]string{"str": `"t"`, "name": `"n"`, "one": `{"must":"m"}`, "tags": `null`} {
		a, _ := typ.Attr(path)
		assert.Equal(t, want, string(b.Value(a).AppendJSON(nil)), path)
	}
}

// TestBuilderErrors: everything that is wrong is reported at the end.
func TestBuilderErrors(t *testing.T) {
	typ := schema.UserType()
	group, _ := schema.GroupType().Attr("displayName")
	name, err := group.Make("x")
	require.NoError(t, err)
	tests := []struct {
		edit func(*schema.Builder)
		want string
	}{
		{func(b *schema.Builder) { b.Set("nope", 1) }, "nope: there is no such attribute"},
		{func(b *schema.Builder) { b.Set("nope", nil) }, "nope: there is no such attribute"},
		{func(b *schema.Builder) { b.Set("id", "x") }, "id: is set by ID and Meta"},
		{func(b *schema.Builder) { b.Set("schemas", []string{"x"}) }, "schemas: is set by ID and Meta"},
		{func(b *schema.Builder) { b.Set("meta.version", "x") }, "meta.version: is set by ID and Meta"},
		{func(b *schema.Builder) { b.Set("emails.value", "x") }, "emails.value: is below a multi-valued attribute"},
		{func(b *schema.Builder) { b.Set("password", "x") }, "password: is never part of a resource"},
		{func(b *schema.Builder) { b.Set("active", "true") }, "active: is a boolean, not a string"},
		{func(b *schema.Builder) { b.Set("emails", []any{map[string]any{"x": 1}}) }, `emails: has no sub-attribute "x"`},
		{func(b *schema.Builder) { b.Put(group, name) }, "displayName: is an attribute of another resource type"},
	}
	for _, tt := range tests {
		b := schema.New(typ).Set("userName", "x")
		tt.edit(b)
		r, err := b.Build()
		assert.Nil(t, r)
		assertError(t, err, invalidValue, tt.want)
	}
	b := schema.New(typ)
	for _, tt := range tests {
		tt.edit(b)
	}
	_, err = b.Set("active", true).Build()
	for _, tt := range tests {
		assert.ErrorContains(t, err, tt.want)
	}
	var joined interface{ Unwrap() []error }
	require.True(t, errors.As(err, &joined))
	for _, e := range joined.Unwrap() {
		assert.IsType(t, &schema.Error{}, e)
	}
	assert.NotContains(t, err.Error(), "true", "values are not repeated")
}

// TestBuilderKeys: keys of open extensions are bounded, also when they come one by
// one.
func TestBuilderKeys(t *testing.T) {
	typ := schema.ThingType()
	key := func(i int) string { return fmt.Sprint(schema.MetadataURN, ":k", i) }
	b := schema.New(typ)
	for i := range schema.MaxKeys {
		b.Set(key(i), "x")
	}
	r := built(t, b)
	_, err := r.Edit().Set(schema.CountersURN+":k", 1).Build()
	assertError(t, err, invalidValue, "makes more than 1000 keys")
	built(t, r.Edit().Set(schema.CountersURN+":k", 1).Set(key(0), nil))

	b = r.Edit().ClearExtension(schema.MetadataURN)
	for i := range schema.MaxKeys {
		b.Set(key(-1-i), "y")
	}
	assert.Equal(t, "y", built(t, b).Get(key(-1)).String(), "all may be replaced")
	b = r.Edit()
	for i := range 10 * schema.MaxKeys {
		b.Set(key(i), nil)
	}
	_, err = b.Build()
	require.Error(t, err)
}

func TestMake(t *testing.T) {
	typ := schema.ThingType()
	other, _ := schema.UserType().Attr("userName")
	name, err := other.Make("x")
	require.NoError(t, err)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_007, time.FixedZone("", -3600))
	tests := []struct {
		path string
		v    any
		want string // or an error, if it begins with "!"
	}{
		{"str", "x", `"x"`},
		{"str", "", `""`},
		{"str", "é\n\x00", `"é\n\u0000"`},
		{"str", nil, `null`},
		{"str", schema.Value{}, `null`},
		{"str", name, `"x"`},
		{"str", "\xff", "!str: is not UTF-8"},
		{"str", 1, "!str: is a string, not a Go int"},
		{"str", true, "!str: is a string, not a Go bool"},
		{"str", []byte("x"), "!str: is a string, not a Go []uint8"},
		{"str", []string{"x"}, "!str: is a string, not a Go []string"},
		{"str", at, "!str: is a string, not a Go time.Time"},
		{"str", map[string]any{}, "!str: is a string and has no sub-attributes"},
		{"str", struct{}{}, "!str: is a string, not a Go struct {}"},

		{"bool", true, `true`},
		{"bool", false, `false`},
		{"bool", "true", "!bool: is a boolean, not a string"},
		{"bool", 1, "!bool: is a boolean, not a Go int"},
		{"bool", name, "!bool: is a boolean, not a string"},

		{"num", 7, `7`},
		{"num", int8(-8), `-8`},
		{"num", int16(-8), `-8`},
		{"num", int32(-8), `-8`},
		{"num", int64(math.MinInt64), `-9223372036854775808`},
		{"num", uint(7), `7`},
		{"num", uint8(7), `7`},
		{"num", uint16(7), `7`},
		{"num", uint32(7), `7`},
		{"num", uint64(math.MaxInt64), `9223372036854775807`},
		{"num", uint64(math.MaxInt64 + 1), "!num: is an integer, not a Go uint64"},
		{"num", uint(math.MaxUint64), "!num: is an integer, not a Go uint"},
		{"num", 7.0, `7`},
		{"num", float32(-7), `-7`},
		{"num", 7.5, "!num: is an integer, not a Go float64"},
		{"num", 9.3e18, "!num: is an integer, not a Go float64"},
		{"num", math.NaN(), "!num: is an integer, not a Go float64"},
		{"num", "7", "!num: is an integer, not a string"},

		{"dec", 7, `7`},
		{"dec", uint64(math.MaxUint64), `18446744073709551615`},
		{"dec", 0.1, `0.1`},
		{"dec", float32(0.1), `0.1`},
		{"dec", 1e21, `1e+21`},
		{"dec", -1e-7, `-1e-07`},
		{"dec", math.Inf(1), "!dec: is a decimal, not a Go float64"},
		{"dec", math.NaN(), "!dec: is a decimal, not a Go float64"},
		{"dec", "1", "!dec: is a decimal, not a string"},

		{"when", at, `"2026-01-02T04:04:05.000006Z"`},
		{"when", "2026-01-02T03:04:05+01:00", `"2026-01-02T03:04:05+01:00"`},
		{"when", "2026-01-02", "!when: is not a dateTime"},
		{"when", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "!when: is not a dateTime"},
		{"when", 7, "!when: is a dateTime, not a Go int"},

		{"bin", []byte("Man"), `"TWFu"`},
		{"bin", []byte{}, `""`},
		{"bin", "TWFu", `"TWFu"`},
		{"bin", "!", "!bin: is not base64"},

		{"link", "/a", `"/a"`},
		{"link", "http://[", "!link: is not a URI"},

		{"one", map[string]any{"MUST": "m", "num": 1, "tags": "t", "str": nil}, `{"num":1,"tags":["t"],"must":"m"}`},
		{"one", map[string]any{"ro": "the application may"}, `{"ro":"the application may"}`},
		{"one", map[string]any{}, `null`},
		{"one", map[string]any{"str": nil, "tags": []any{nil}}, `null`},
		{"one", map[string]any{"str": "a", "STR": "b"}, "!one.str: is there twice"},
		{"one", map[string]any{"nope": 1}, `!one: has no sub-attribute "nope"`},
		{"one", map[string]any{"num": "x"}, "!one.num: is an integer, not a string"},
		{"one", "x", "!one: is complex (a JSON object), not a string"},
		{"one", name, "!one: is complex (a JSON object), not a string"},
		{"owner", map[string]any{"value": "u", "$ref": "https://x"}, `{"value":"u"}`},
		{"owner", map[string]any{"$ref": "https://x"}, `null`},
		{"members", map[string]any{"value": "u", "$ref": "https://x"}, `[{"value":"u","$ref":"https://x"}]`},

		{"tags", []string{"a", "b"}, `["a","b"]`},
		{"tags", []any{"a", nil, schema.Value{}, name}, `["a","x"]`},
		{"tags", []schema.Value{name, {}}, `["x"]`},
		{"tags", []string{}, `null`},
		{"tags", []any{nil}, `null`},
		{"tags", "a", `["a"]`},
		{"tags", nil, `null`},
		{"tags", name, `["x"]`},
		{"tags", []any{"a", 1}, "!tags: is a string, not a Go int"},
		{"tags", []any{[]any{"a"}}, "!tags: is a string, not a Go []interface {}"},
		{"tags", []int{1}, "!tags: is a string, not a Go []int"},
		{"nums", []any{1, int64(2)}, `[1,2]`},
		{"nums", []schema.Value{name}, "!nums: is an integer, not a string"},
		{"plural", []map[string]any{{"value": "a"}, {}}, `[{"value":"a"}]`},
		{"plural", []map[string]any{{"value": 1}}, "!plural.value: is a string, not a Go int"},

		{"one.num", 7, `7`},
		{"one.tags", []string{"a"}, `["a"]`},
		{schema.MetadataURN + ":key", "v", `"v"`},
		{schema.MetadataURN + ":key", 1, "!" + schema.MetadataURN + ":key: is a string, not a Go int"},
		{schema.CountersURN + ":key", 1, `[1]`},
	}
	for _, tt := range tests {
		a, ok := typ.Attr(tt.path)
		require.True(t, ok, tt.path)
		v, err := a.Make(tt.v)
		if want, ok := strings.CutPrefix(tt.want, "!"); ok {
			var e *schema.Error
			if assert.ErrorAs(t, err, &e, "%s %v", tt.path, tt.v) {
				assert.Contains(t, e.Error(), want)
			}
			assert.True(t, v.IsZero())
			continue
		}
		checkValue(t, tt.path, tt.want, v, err)
	}
}

// TestMakeValue: a value that a resource has can be made into one of another
// attribute, also as a list.
func TestMakeValue(t *testing.T) {
	typ := schema.ThingType()
	r := decode(t, typ, `{"many":[{"str":"a","num":1},{"str":"b"}],"one":{"str":"c","must":"m"},"tags":["x","y"]}`)
	many, _ := typ.Attr("many")
	one, _ := typ.Attr("one")
	tags, _ := typ.Attr(schema.ThingExtURN + ":tags")
	v, err := many.Make(r.Get("many"))
	require.NoError(t, err)
	assert.True(t, v.Identical(r.Get("many")))
	v, err = tags.Make(r.Get("tags"))
	checkValue(t, "tags", `["x","y"]`, v, err)
	_, err = many.Make(r.Get("one"))
	assertError(t, err, invalidSyntax, "many.must: is not a sub-attribute of many")
	_, err = one.Make(r.Get("many"))
	assertError(t, err, invalidValue, "one: is complex (a JSON object), not a list")
	for e := range r.Get("many").Elems() {
		v, err = one.Make(e)
		require.NoError(t, err)
		assert.Equal(t, e.Get("str").String(), v.Get("str").String())
		require.NoError(t, schema.CheckValue(v))
	}
}

// TestListOfBooleans: one that changes is another list, other than a single boolean, whose
// text is shared.
func TestListOfBooleans(t *testing.T) {
	typ := schema.ThingType()
	for _, flags := range [][]any{{true}, {true, false}} {
		r, err := schema.New(typ).Set("name", "n").Set("flags", []any{false}).Build()
		require.NoError(t, err)
		r, err = r.Edit().Set("flags", flags).Build()
		require.NoError(t, err)
		want, err := schema.New(typ).Set("name", "n").Set("flags", flags).Build()
		require.NoError(t, err)
		require.True(t, want.Equal(r), r)
	}
}
