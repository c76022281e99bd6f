package schema_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

func TestValue(t *testing.T) {
	typ := schema.ThingType()
	r := decode(t, typ, `{"str":"s","bool":true,"flags":[false],"dec":1.50,"num":-7,"when":"2026-01-02T03:04:05+01:00","bin":"TWFu","link":"/a",
		"tags":["a","b"],"nums":[9223372036854775807],"one":{"must":"m","num":1,"tags":["c"]},"many":[{"num":1},{"str":"x"},{"str":"y"}],"`+schema.MetadataURN+`":{"Key":"v"}}`)
	type want struct {
		text           string
		isList, isObj  bool
		len            int
		bool, isBool   bool
		int            int64
		isInt, isFloat bool
		float          float64
	}
	tests := map[string]want{
		"str":                         {text: "s", len: 1},
		"bool":                        {text: "true", len: 1, bool: true, isBool: true},
		"dec":                         {text: "1.50", len: 1, float: 1.5, isFloat: true},
		"num":                         {text: "-7", len: 1, int: -7, isInt: true, float: -7, isFloat: true},
		"when":                        {text: "2026-01-02T03:04:05+01:00", len: 1},
		"bin":                         {text: "TWFu", len: 1},
		"link":                        {text: "/a", len: 1},
		"tags":                        {isList: true, len: 2},
		"one":                         {isObj: true, len: 1},
		"one.num":                     {text: "1", len: 1, int: 1, isInt: true, float: 1, isFloat: true},
		"one.tags":                    {isList: true, len: 1},
		"many":                        {isList: true, len: 3},
		"many.str":                    {text: "x", len: 1}, // of the first element that has one
		"uniq":                        {},
		"nope":                        {},
		"one.str":                     {},
		schema.MetadataURN + ":key":   {text: "v", len: 1},
		schema.MetadataURN + ":other": {},
		schema.MetadataURN:            {},
	}
	for path, want := range tests {
		v := r.Get(path)
		assert.Equal(t, want.text, v.String(), path)
		assert.Equal(t, want.isList, v.IsList(), path)
		assert.Equal(t, want.isObj, v.IsObject(), path)
		assert.Equal(t, want.len, v.Len(), path)
		assert.Equal(t, want.len == 0, v.IsZero(), path)
		assert.Len(t, slices.Collect(v.Elems()), want.len, path)
		is, ok := v.Bool()
		assert.Equal(t, [2]bool{want.bool, want.isBool}, [2]bool{is, ok}, path)
		n, ok := v.Int()
		assert.Equal(t, want.int, n, path)
		assert.Equal(t, want.isInt, ok, path)
		f, ok := v.Float()
		assert.Equal(t, want.isFloat, ok, path)
		if ok {
			assert.InDelta(t, want.float, f, 0, path)
		} else {
			assert.True(t, math.IsNaN(f), path)
		}
		at, ok := v.Time()
		assert.Equal(t, path == "when", ok, path)
		assert.Equal(t, ok, !at.IsZero(), path)
	}

	flag := slices.Collect(r.Get("flags").Elems())[0]
	is, ok := flag.Bool()
	assert.False(t, is)
	assert.True(t, ok)
	assert.Equal(t, "false", flag.String())
	last := slices.Collect(r.Get("nums").Elems())[0]
	n, ok := last.Int()
	assert.Equal(t, int64(math.MaxInt64), n)
	assert.True(t, ok)
	at, _ := r.Get("when").Time()
	assert.True(t, at.Equal(time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC)))
	assert.Equal(t, "s", r.Get("str").Key())
	assert.Empty(t, schema.Value{}.Key())
}

func TestValueAttr(t *testing.T) {
	typ := schema.ThingType()
	r := decode(t, typ, `{"str":"s","many":[{"num":1}],"`+schema.MetadataURN+`":{"Key":"v"},"`+schema.CountersURN+`":{"c":[1]}}`)
	for _, path := range []string{"str", "many", "many.num", schema.MetadataURN + ":Key", schema.CountersURN + ":c"} {
		assert.Equal(t, path, r.Get(path).Attr().Path())
	}
	for e := range r.Get("many").Elems() {
		assert.Equal(t, "many", e.Attr().Path())
	}
	assert.Nil(t, schema.Value{}.Attr())
}

func TestValueMembers(t *testing.T) {
	typ := schema.ThingType()
	r := decode(t, typ, `{"one":{"must":"m","str":"s","tags":["t"]},"many":[{"str":"a"},{"num":1,"str":"b"}]}`)
	var got []string
	for a, v := range r.Get("one").Members() {
		got = append(got, a.Path()+" "+string(v.AppendJSON(nil)))
	}
	assert.Equal(t, []string{`one.str "s"`, `one.tags ["t"]`, `one.must "m"`}, got)
	assert.Empty(t, maps.Collect(r.Get("many").Members()), "a list has no members")
	assert.Empty(t, maps.Collect(schema.Value{}.Members()))
	for range r.Get("one").Members() {
		break // may stop
	}
	for range r.Get("many").Elems() {
		break
	}

	one, many := r.Get("one"), r.Get("many")
	assert.Equal(t, "s", one.Get("STR").String())
	assert.True(t, one.Get("nope").IsZero())
	assert.Equal(t, "1", many.Get("num").String(), "of the first element that has it")
	assert.True(t, schema.Value{}.Get("str").IsZero())
	assert.True(t, one.Sub(nil).IsZero())
	str := one.Attr().SubAttr("str")
	assert.Equal(t, "s", one.Sub(str).String())
	assert.True(t, many.Sub(str).IsZero(), "a list has no sub-attributes")
	assert.True(t, schema.Value{}.Sub(str).IsZero())
	foreign, _ := schema.ThingType().Attr("one.str")
	assert.Equal(t, "s", one.Sub(foreign).String(), "an attribute of another type")
	name, _ := schema.UserType().Attr("name.familyName")
	assert.True(t, one.Sub(name).IsZero(), "an attribute that this type does not have")
}

func TestIdentical(t *testing.T) {
	typ := schema.ThingType()
	a := decode(t, typ, `{"str":"x","uniq":"x","dec":1.0,"num":1,"bool":true,"flags":[true],"tags":["a","b"],"one":{"must":"m","str":"x"},"many":[{"str":"x"}]}`)
	b := decode(t, typ, `{"str":"X","dec":1,"bool":false,"tags":["b","a"],"one":{"must":"x","str":"m"},"many":[{"str":"x"},{"num":1}]}`)
	for _, path := range []string{"str", "dec", "num", "bool", "tags", "one", "many", "nope"} {
		assert.True(t, a.Get(path).Identical(a.Get(path)), path)
		assert.Equal(t, path == "nope", a.Get(path).Identical(b.Get(path)), path)
	}
	assert.True(t, a.Get("str").Identical(a.Get("uniq")), "values, not attributes, are compared")
	assert.False(t, a.Get("num").Identical(a.Get("str")))
	assert.False(t, a.Get("bool").Identical(a.Get("flags")))
	assert.False(t, a.Get("str").Identical(schema.Value{}))
	assert.True(t, schema.Value{}.Identical(schema.Value{}))
}

func TestWith(t *testing.T) {
	typ := schema.ThingType()
	one, _ := typ.Attr("one")
	made := func(name string, v any) schema.Value {
		x, err := one.SubAttr(name).Make(v)
		require.NoError(t, err)
		return x
	}
	v := decode(t, typ, `{"one":{"must":"m","str":"s"}}`).Get("one")
	tests := []struct {
		name string
		w    schema.Value
		want string
	}{
		{"str", made("str", "t"), `{"str":"t","must":"m"}`},
		{"str", schema.Value{}, `{"must":"m"}`},
		{"num", made("num", 1), `{"str":"s","num":1,"must":"m"}`},
		{"tags", made("tags", []string{"a", "b"}), `{"str":"s","tags":["a","b"],"must":"m"}`},
		{"req", made("req", "r"), `{"str":"s","must":"m","req":"r"}`},
		{"dec", schema.Value{}, `{"str":"s","must":"m"}`},
	}
	for _, tt := range tests {
		checkValue(t, tt.name, tt.want, v.With(one, one.SubAttr(tt.name), tt.w), nil)
	}
	checkValue(t, "v itself", `{"str":"s","must":"m"}`, slices.Collect(decode(t, typ, `{"one":{"must":"m","str":"s"}}`).Get("one").Elems())[0].With(one, one.SubAttr("dec"), schema.Value{}), nil)
	checkValue(t, "from nothing", `{"num":1}`, schema.Value{}.With(one, one.SubAttr("num"), made("num", 1)), nil)
	assert.True(t, schema.Value{}.With(one, one.SubAttr("num"), schema.Value{}).IsZero())
	assert.True(t, v.With(one, one.SubAttr("str"), schema.Value{}).With(one, one.SubAttr("must"), schema.Value{}).IsZero())

	owner, _ := typ.Attr("owner")
	ref := owner.SubAttr("$ref")
	link, err := ref.Make("https://x")
	require.NoError(t, err)
	assert.True(t, schema.Value{}.With(owner, ref, link).IsZero(), "computed")
}

func TestMerge(t *testing.T) {
	typ := schema.ThingType()
	value := func(doc string) schema.Value { return decode(t, typ, `{"one":`+doc+`}`).Get("one") }
	tests := []struct{ v, w, want string }{
		{`{"str":"s","must":"m"}`, `{"str":"t","num":1}`, `{"str":"t","num":1,"must":"m"}`},
		{`{"tags":["a"]}`, `{"tags":["b"]}`, `{"tags":["b"]}`},
		{`null`, `{"str":"t"}`, `{"str":"t"}`},
		{`{"str":"s"}`, `null`, `{"str":"s"}`},
		{`null`, `null`, `null`},
	}
	for _, tt := range tests {
		got := value(tt.v).Merge(value(tt.w))
		assert.Equal(t, tt.want, string(got.AppendJSON(nil)), "%s, %s", tt.v, tt.w)
	}
}

func TestList(t *testing.T) {
	typ := schema.ThingType()
	a, _ := typ.Attr("plural")
	r := decode(t, typ, `{"plural":[{"value":"a"},{"value":"b","type":"work"},{"value":"c"}]}`)
	elems := slices.Collect(r.Value(a).Elems())
	checkValue(t, "fewer", `[{"value":"c"},{"value":"a"}]`, a.List([]schema.Value{elems[2], {}, elems[0]}), nil)
	assert.True(t, a.List(nil).IsZero())
	assert.True(t, a.List([]schema.Value{{}, {}}).IsZero())
	assert.True(t, r.Value(a).Identical(a.List(elems)))
}

// TestUnique: lists of any length, since long ones are compared in another way.
func TestUnique(t *testing.T) {
	typ := schema.ThingType()
	a, _ := typ.Attr("plural")
	members, _ := typ.Attr("members")
	for _, n := range []int{1, 2, 15, 16, 17, 18, 100} {
		var elems []map[string]any
		for i := range n {
			elems = append(elems, map[string]any{"value": fmt.Sprint("v", i), "type": "work"})
		}
		list := func(more ...map[string]any) schema.Value {
			v, err := a.Make(append(slices.Clone(elems), more...))
			require.NoError(t, err)
			return v
		}
		v := list()
		assert.True(t, v == a.Unique(v), "%d: nothing is copied", n)
		got := a.Unique(list(
			map[string]any{"value": "V0", "type": "WORK", "display": "the same"},
			map[string]any{"value": "v0", "type": "home"},
			map[string]any{"value": "v0"},
			map[string]any{"value": "v0"},
		))
		require.NoError(t, schema.CheckValue(got))
		assert.Equal(t, n+2, got.Len(), n)
		assert.Equal(t, "v0", got.Get("value").String(), "the first stays")

		got = a.Unique(list(map[string]any{"display": "x"}, map[string]any{"display": "X"}, map[string]any{"display": "x"}))
		assert.Equal(t, n+2, got.Len(), "%d: without value they must be identical", n)

		refs, err := members.Make(append(slices.Clone(elems[:0]), map[string]any{"value": "a", "display": "1"}, map[string]any{"value": "A"}, map[string]any{"value": "a", "display": "2"}))
		require.NoError(t, err)
		assert.Equal(t, 2, members.Unique(refs).Len(), "references are the same by value alone")
	}
	assert.True(t, a.Unique(schema.Value{}).IsZero())
}

func TestOnePrimary(t *testing.T) {
	typ := schema.ThingType()
	a, _ := typ.Attr("plural")
	for _, n := range []int{2, 16, 17, 40} {
		var elems []map[string]any
		for i := range n {
			elems = append(elems, map[string]any{"value": fmt.Sprint(i), "primary": i%2 == 1})
		}
		v, err := a.Make(elems)
		require.NoError(t, err)
		for keep, want := range map[int]int{0: 1, 1: 1, n - 1: n - 1, n: 1, -1: 1} {
			if keep%2 == 0 {
				want = 1 // keep is not primary
			}
			got, several := a.OnePrimary(v, keep)
			require.NoError(t, schema.CheckValue(got))
			assert.Equal(t, n > 3, several, n)
			assert.Equal(t, n, got.Len())
			i := 0
			for e := range got.Elems() {
				is, ok := e.Get("primary").Bool()
				assert.True(t, ok, "false, not unassigned (RFC 7644, section 3.5.2)")
				assert.Equal(t, i == want, is, "%d of %d, keep %d", i, n, keep)
				i++
			}
		}
	}
	tags, _ := typ.Attr("tags")
	v, err := tags.Make([]string{"a", "b"})
	require.NoError(t, err)
	got, several := tags.OnePrimary(v, 0)
	assert.False(t, several)
	assert.Equal(t, v, got)
}

func TestEqual(t *testing.T) {
	typ := schema.ThingType()
	a := decode(t, typ, `{"name":"x","one":{"str":"s","must":"m"}}`)
	assert.True(t, a.Equal(decode(t, typ, `{"one":{"must":"m","str":"s"},"name":"x"}`)))
	assert.True(t, a.Equal(a.WithMeta("", someMeta)), "meta is not compared")
	assert.False(t, a.Equal(a.WithMeta("7", schema.Meta{})))
	assert.False(t, a.Equal(decode(t, typ, `{"name":"X","one":{"str":"s","must":"m"}}`)))
	assert.False(t, a.Equal(decode(t, typ, `{"name":"xs","one":{"str":"","must":"m"}}`)))
	assert.False(t, a.Equal(decode(t, schema.ThingType(), `{"name":"x","one":{"str":"s","must":"m"}}`)), "another type")
	md := func(doc string) *schema.Resource { return decode(t, typ, `{"`+schema.MetadataURN+`":`+doc+`}`) }
	assert.True(t, md(`{"ab":"c"}`).Equal(md(`{"ab":"c"}`)))
	assert.False(t, md(`{"ab":"c"}`).Equal(md(`{"a":"bc"}`)))
	assert.False(t, md(`{"ab":"c"}`).Equal(md(`{"AB":"c"}`)), "the spelling of a key is kept")
}

func TestChanged(t *testing.T) {
	typ := schema.ThingType()
	const md = schema.MetadataURN
	tests := []struct {
		old, doc string
		want     []string
	}{
		{`{}`, `{}`, nil},
		{`{"name":"x"}`, `{"name":"x"}`, nil},
		{`{"name":"x"}`, `{"name":"X"}`, []string{"name"}},
		{`{"name":"x"}`, `{}`, []string{"name"}},
		{`{}`, `{"name":"x","one":{"must":"m"}}`, []string{"name", "one"}},
		{`{"str":"a","name":"x","one":{"must":"m"}}`, `{"name":"x","one":{"must":"n"},"tags":["t"]}`, []string{"str", "tags", "one"}},
		{`{"` + md + `":{"a":"1","b":"2","known":1}}`, `{"` + md + `":{"B":"2","c":"3","known":2}}`, []string{md + ":known", md + ":a", md + ":c"}},
		{`{"externalId":"a"}`, `{"externalId":"b"}`, []string{"externalId"}},
	}
	for _, tt := range tests {
		old, r := decode(t, typ, tt.old), decode(t, typ, tt.doc)
		assert.Equal(t, tt.want, r.Changed(old), "%s → %s", tt.old, tt.doc)
		assert.Len(t, old.Changed(r), len(tt.want))
	}
	assert.Equal(t, []string{"str", "name"}, decode(t, typ, `{"name":"x","str":"y"}`).Changed(nil))
}

// TestResourceBeside: what is kept beside the tape is read like the rest.
func TestResourceBeside(t *testing.T) {
	typ := schema.UserType()
	r := decode(t, typ, `{"userName":"x","`+schema.EnterpriseUserURN+`":{"department":"D"}}`)
	assert.True(t, r.Get("id").IsZero())
	r = r.WithMeta("7", someMeta)
	for path, want := range map[string]string{
		"id":                `"7"`,
		"ID":                `"7"`,
		"schemas":           `["` + schema.UserURN + `","` + schema.EnterpriseUserURN + `"]`,
		"meta.created":      `"2026-01-02T03:04:05Z"`,
		"meta.lastModified": `"2026-01-02T02:04:05.6789Z"`,
		"meta.version":      `"W/\"17\""`,
		"meta.resourceType": `"User"`,
		"meta.location":     `null`,
		"externalId":        `null`,
	} {
		v := r.Get(path)
		assert.Equal(t, want, string(v.AppendJSON(nil)), path)
	}
	created, ok := r.Get("meta.created").Time()
	assert.True(t, ok)
	assert.True(t, created.Equal(someMeta.Created))
	for path, want := range map[string]string{"id": `"7"`, "displayName": `null`, "members": `null`} {
		foreign, _ := schema.GroupType().Attr(path)
		assert.Equal(t, want, string(r.Value(foreign).AppendJSON(nil)), "%s of another type", path)
	}
}
