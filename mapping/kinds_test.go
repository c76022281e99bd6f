package mapping_test

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// one is a row with one field of type V.
type one[V any] struct {
	ID string
	V  V
}

// thing is a resource type with an attribute of each kind.
var thing = schema.TypeConfig{Name: "Thing", Schema: schema.Schema{ID: "urn:x:Thing", Name: "Thing", Attributes: []schema.Attribute{
	{Name: "text"},
	{Name: "flag", Type: schema.Boolean},
	{Name: "whole", Type: schema.Integer},
	{Name: "decimal", Type: schema.Decimal},
	{Name: "at", Type: schema.DateTime},
	{Name: "bin", Type: schema.Binary},
	{Name: "ref", Type: schema.Reference, References: []string{"external"}},
	{Name: "texts", MultiValued: true},
	{Name: "numbers", Type: schema.Integer, MultiValued: true},
	{Name: "box", Type: schema.Complex, Sub: []schema.Attribute{{Name: "size", Type: schema.Integer}, {Name: "label"}, {Name: "marks", MultiValued: true}}},
	{Name: "items", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
		{Name: "value"}, {Name: "type"}, {Name: "primary", Type: schema.Boolean}, {Name: "count", Type: schema.Integer}}},
	{Name: "spots", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{{Name: "type"}, {Name: "city"}}},
	{Name: "urls", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{{Name: "size"}}},
}}}

// tableOf binds V to a path of thing.
func tableOf[V any](t testing.TB, path string, options ...func(mapping.F[one[V], V]) mapping.F[one[V], V]) *mapping.Table[one[V]] {
	t.Helper()
	f := mapping.Field(path, func(o *one[V]) *V { return &o.V })
	for _, option := range options {
		f = option(f)
	}
	table, err := mapping.Resources(thing, mapping.ID(func(o *one[V]) *string { return &o.ID }), mapping.Binding[one[V]](f))
	require.NoError(t, err)
	return table
}

// decode reads a resource as a strict reader does, so that nothing is mended.
func decode(t testing.TB, typ *schema.Type, doc string) *schema.Resource {
	t.Helper()
	d, err := schema.Decode(typ, []byte(doc), schema.Decoding{RefuseUnknown: true})
	require.NoError(t, err, doc)
	return d.Resource
}

// put changes a row from what it shows to doc.
func put[T any](t testing.TB, table *mapping.Table[T], v *T, doc string) error {
	t.Helper()
	old, err := table.Read(v)
	require.NoError(t, err)
	next := decode(t, table.SCIMType(), doc)
	return table.Write(context.Background(), tenant, v, scim.Write{Old: old, New: next, Changed: next.Changed(old)})
}

// shown returns what a row shows, without what every resource has.
func shown[T any](t testing.TB, table *mapping.Table[T], v *T) string {
	t.Helper()
	r, err := table.Read(v)
	require.NoError(t, err)
	text := string(r.WithMeta("", schema.Meta{}).AppendJSON(nil, schema.Encoding{}))
	_, rest, _ := strings.Cut(text, `]`)
	return strings.TrimPrefix(strings.TrimSuffix(rest, "}"), ",")
}

// testKind writes text and expects value, reads it back, and takes it away.
func testKind[V any](t *testing.T, path, json string, value V, options ...func(mapping.F[one[V], V]) mapping.F[one[V], V]) {
	t.Run(path+" "+json, func(t *testing.T) {
		table := tableOf(t, path, options...)
		top := path[:len(path)-len(strings.TrimLeft(path, "abcdefghijklmnopqrstuvwxyz"))]
		row := one[V]{ID: "1"}
		before := shown(t, table, &row)
		doc := `"` + top + `":` + json
		require.NoError(t, put(t, table, &row, "{"+doc+"}"))
		assert.Equal(t, value, row.V)
		assert.Equal(t, doc, shown(t, table, &row))
		require.NoError(t, put(t, table, &row, "{}"))
		var zero V
		assert.Equal(t, zero, row.V)
		assert.Equal(t, before, shown(t, table, &row))
	})
}

type (
	name   string
	truth  bool
	size   uint8
	ratio  float32
	moment time.Time
	blob   []byte
	names  []name
)

func ptr[V any](v V) *V { return &v }

// TestKinds has each kind of Go type, written, read and cleared.
func TestKinds(t *testing.T) {
	at := time.Date(2024, 2, 29, 12, 0, 0, 5000, time.UTC)
	testKind(t, "text", `"a"`, "a")
	testKind(t, "text", `"a"`, name("a"))
	testKind(t, "text", `"a"`, ptr("a"))
	testKind(t, "text", `"a"`, ptr(name("a")))
	testKind(t, "text", `"a"`, sql.NullString{String: "a", Valid: true})
	testKind(t, "text", `"a"`, sql.Null[string]{V: "a", Valid: true})
	testKind(t, "text", `"a"`, sql.Null[name]{V: "a", Valid: true})
	testKind(t, "text", `"42"`, 42)
	testKind(t, "text", `"-42"`, int64(-42))
	testKind(t, "text", `"42"`, size(42))
	testKind(t, "text", `"0"`, ptr(0))
	testKind(t, "text", `"0"`, sql.NullInt64{Valid: true})
	testKind(t, "text", `"10.0.0.1"`, netip.MustParseAddr("10.0.0.1"))
	testKind(t, "text", `"10.0.0.1"`, ptr(netip.MustParseAddr("10.0.0.1")))
	testKind(t, "ref", `"https://x.example/"`, "https://x.example/")
	testKind(t, "flag", `true`, true)
	testKind(t, "flag", `true`, truth(true))
	testKind(t, "flag", `false`, ptr(false))
	testKind(t, "flag", `false`, sql.NullBool{Valid: true})
	testKind(t, "whole", `-5`, -5)
	testKind(t, "whole", `-5`, int8(-5))
	testKind(t, "whole", `-5`, int16(-5))
	testKind(t, "whole", `-5`, int32(-5))
	testKind(t, "whole", `5`, uint(5))
	testKind(t, "whole", `255`, size(255))
	testKind(t, "whole", `5`, uint16(5))
	testKind(t, "whole", `5`, uint32(5))
	testKind(t, "whole", `9223372036854775807`, uint64(math.MaxInt64))
	testKind(t, "whole", `0`, ptr(0))
	testKind(t, "whole", `7`, sql.NullInt32{Int32: 7, Valid: true})
	testKind(t, "decimal", `1.5`, 1.5)
	testKind(t, "decimal", `1.5`, ratio(1.5))
	testKind(t, "decimal", `3`, 3)
	testKind(t, "decimal", `1.5`, sql.NullFloat64{Float64: 1.5, Valid: true})
	testKind(t, "at", `"2024-02-29T12:00:00.000005Z"`, at)
	testKind(t, "at", `"2024-02-29T12:00:00.000005Z"`, moment(at))
	testKind(t, "at", `"2024-02-29T12:00:00.000005Z"`, &at)
	testKind(t, "at", `"2024-02-29T12:00:00.000005Z"`, sql.NullTime{Time: at, Valid: true})
	testKind(t, "at", `"2024-02-29T12:00:00.000005Z"`, "2024-02-29T12:00:00.000005Z")
	testKind(t, "bin", `"AQI="`, []byte{1, 2})
	testKind(t, "bin", `"AQI="`, blob{1, 2})
	testKind(t, "bin", `"AQI="`, "AQI=")
	testKind(t, "texts", `["a","b"]`, []string{"a", "b"})
	testKind(t, "texts", `["a","b"]`, names{"a", "b"})
	testKind(t, "texts", `["a","b"]`, []*string{ptr("a"), ptr("b")})
	testKind(t, "texts", `["1","2"]`, []int{1, 2})
	testKind(t, "texts", `["10.0.0.1"]`, []netip.Addr{netip.MustParseAddr("10.0.0.1")})
	testKind(t, "numbers", `[3,0,1]`, []int64{3, 0, 1})
	testKind(t, "box", `{"size":1,"label":"l","marks":["a","b"]}`, struct {
		Size  *int
		Label string
		Marks []string
	}{ptr(1), "l", []string{"a", "b"}})
	testKind(t, "box.size", `{"size":1}`, sql.NullInt16{Int16: 1, Valid: true})
	testKind(t, "box.marks", `{"marks":["a"]}`, []string{"a"})
	testKind(t, "items", `[{"value":"a","primary":true},{"value":"b"}]`, []string{"a", "b"})
	testKind(t, "items.value", `[{"value":"a","primary":true},{"value":"b"}]`, []string{"a", "b"})
	testKind(t, "items.count", `[{"primary":true,"count":2},{"count":1}]`, []int{2, 1})
	testKind(t, "items.value", `[{"value":"a"}]`, "a")
	testKind(t, "items", `[{"value":"a","type":"t"},{"value":"b","primary":true}]`, []item{{Value: "a", Kind: "t"}, {Value: "b", Main: true}})
	testKind(t, "items", `[{"value":"a","type":"t"}]`, []*item{{Value: "a", Kind: "t"}})
	testKind(t, `items[type eq "t"].value`, `[{"value":"a","type":"t","primary":true}]`, ptr("a"))
	testKind(t, `items[type eq "t" and primary eq false].value`, `[{"value":"a","type":"t","primary":false}]`, "a")
	testKind(t, "urls", `[{"size":"s"}]`, []struct{ Size string }{{"s"}})
}

// item is an element of a list as applications have them.
type item struct {
	Key      int    // the application's own
	Kind     string `scim:"type"`
	Value    string
	Main     bool `scim:"primary"`
	Verified bool
}

// TestRefusedValues: what a Go type can't hold is a 400 that says what it can.
func TestRefusedValues(t *testing.T) {
	refuse := func(t *testing.T, err error, words ...string) {
		t.Helper()
		e, ok := errors.AsType[*scim.Error](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, 400, e.Status)
		assert.Equal(t, schema.ScimTypeInvalidValue, e.Type)
		for _, w := range words {
			assert.Contains(t, e.Detail, w)
		}
	}
	small := one[int8]{V: 1}
	refuse(t, put(t, tableOf[int8](t, "whole"), &small, `{"whole":128}`), "whole", "from -128 to 127.")
	assert.Equal(t, int8(1), small.V)
	unsigned := one[size]{}
	refuse(t, put(t, tableOf[size](t, "whole"), &unsigned, `{"whole":-1}`), "from 0 to 255.")
	wide := one[int64]{}
	refuse(t, put(t, tableOf[int64](t, "text"), &wide, `{"text":"x1"}`), "text", "from -9223372036854775808 to 9223372036854775807.")
	big := one[uint64]{}
	refuse(t, put(t, tableOf[uint64](t, "text"), &big, `{"text":"-1"}`), "from 0 to 18446744073709551615.")
	fraction := one[int]{}
	refuse(t, put(t, tableOf[int](t, "decimal"), &fraction, `{"decimal":1.5}`), "decimal must be a whole number")
	address := one[netip.Addr]{}
	refuse(t, put(t, tableOf[netip.Addr](t, "text"), &address, `{"text":"ten"}`), "text can't be read")
	pointer := one[*int8]{V: ptr(int8(1))}
	kept := pointer.V
	refuse(t, put(t, tableOf[*int8](t, "whole"), &pointer, `{"whole":1000}`), "whole")
	assert.Same(t, kept, pointer.V)
	box := one[struct{ Size int8 }]{}
	refuse(t, put(t, tableOf[struct{ Size int8 }](t, "box"), &box, `{"box":{"size":1000}}`), "box size must be")
	list := one[[]int8]{}
	refuse(t, put(t, tableOf[[]int8](t, "numbers"), &list, `{"numbers":[1,1000]}`), "numbers must be")
	assert.Nil(t, list.V)
}

// TestUnreadableRows: a value that the schema does not take names the row.
func TestUnreadableRows(t *testing.T) {
	_, err := tableOf[string](t, "text").Read(&one[string]{ID: "7", V: "\xff"})
	assert.ErrorContains(t, err, `Thing "7"`)
	assert.ErrorContains(t, err, "text")
	_, err = tableOf[float64](t, "decimal").Read(&one[float64]{ID: "7", V: math.NaN()})
	assert.ErrorContains(t, err, "decimal")
	_, err = tableOf[string](t, "at").Read(&one[string]{ID: "7", V: "yesterday"})
	assert.ErrorContains(t, err, "at")
}

// TestNothingShared: what a row had before a change is as it was, since a copy of the
// row may share it.
func TestNothingShared(t *testing.T) {
	pointer := one[*string]{V: ptr("a")}
	was := pointer.V
	require.NoError(t, put(t, tableOf[*string](t, "text"), &pointer, `{"text":"b"}`))
	assert.Equal(t, "a", *was)

	list := one[[]string]{V: []string{"a", "b"}}
	old := list.V
	require.NoError(t, put(t, tableOf[[]string](t, "texts"), &list, `{"texts":["c","d"]}`))
	assert.Equal(t, []string{"a", "b"}, old)

	items := one[[]*item]{V: []*item{{Value: "a", Kind: "t", Key: 5}}}
	first := items.V[0]
	require.NoError(t, put(t, tableOf[[]*item](t, "items"), &items, `{"items":[{"value":"a","type":"u"}]}`))
	assert.Equal(t, item{Value: "a", Kind: "t", Key: 5}, *first)
	assert.Equal(t, item{Value: "a", Kind: "u", Key: 5}, *items.V[0])
}

// TestElementsKeepTheirOwn: fields of an element that no attribute is bound to stay
// with its value, and never go to another one.
func TestElementsKeepTheirOwn(t *testing.T) {
	for name, c := range map[string]struct {
		doc  string
		want []item
	}{
		"same":            {`[{"value":"a","type":"t"},{"value":"b"}]`, []item{{1, "t", "a", false, true}, {2, "", "b", false, true}}},
		"primary":         {`[{"value":"a","type":"t","primary":true},{"value":"b"}]`, []item{{1, "t", "a", true, true}, {2, "", "b", false, true}}},
		"other order":     {`[{"value":"b"},{"value":"a","type":"t"}]`, []item{{2, "", "b", false, true}, {1, "t", "a", false, true}}},
		"another type":    {`[{"value":"a","type":"u"}]`, []item{{1, "u", "a", false, true}}},
		"new value":       {`[{"value":"c","type":"t"}]`, []item{{0, "t", "c", false, false}}},
		"one more":        {`[{"value":"a","type":"t"},{"value":"a","type":"u"},{"value":"b"}]`, []item{{1, "t", "a", false, true}, {0, "u", "a", false, false}, {2, "", "b", false, true}}},
		"case of a value": {`[{"value":"A","type":"t"}]`, []item{{1, "t", "A", false, true}}},
	} {
		t.Run(name, func(t *testing.T) {
			row := one[[]item]{V: []item{{1, "t", "a", false, true}, {2, "", "b", false, true}}}
			require.NoError(t, put(t, tableOf[[]item](t, "items"), &row, `{"items":`+c.doc+`}`))
			assert.Equal(t, c.want, row.V)
		})
	}
	type spot struct {
		Key  int
		Type string
		City string
	}
	row := one[[]spot]{V: []spot{{1, "a", "Ulm"}, {2, "b", "Bonn"}}}
	require.NoError(t, put(t, tableOf[[]spot](t, "spots"), &row, `{"spots":[{"type":"b","city":"Köln"},{"type":"c"}]}`))
	assert.Equal(t, []spot{{2, "b", "Köln"}, {0, "c", ""}}, row.V)
}
