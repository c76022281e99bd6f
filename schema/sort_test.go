package schema_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

// TestSortValue: the value by which a resource is ordered (RFC 7644, section
// 3.4.2.3).
func TestSortValue(t *testing.T) {
	typ := schema.ThingType()
	r := decode(t, typ, `{"str":"s","tags":["b","a"],"one":{"must":"m","tags":["d","c"]},
		"plural":[{"value":"first"},{"value":"second","primary":true,"display":"D"}],"many":[{"num":1},{"str":"x"}],"members":[{"value":"m1"}]}`)
	for path, want := range map[string]string{
		"str":            `"s"`,
		"tags":           `"b"`, // the first
		"one.must":       `"m"`,
		"one.tags":       `"d"`,
		"plural.value":   `"second"`, // the primary
		"plural.display": `"D"`,
		"plural.type":    `null`,
		"many.num":       `1`,
		"many.str":       `null`, // the first element has none
		"members.value":  `"m1"`, // there is no "primary"
		"uniq":           `null`,
		"owner.value":    `null`,
	} {
		a, ok := typ.Attr(path)
		require.True(t, ok, path)
		assert.Equal(t, want, string(r.SortValue(a).AppendJSON(nil)), path)
	}
}

func TestCompare(t *testing.T) {
	typ := schema.ThingType()
	user := schema.UserType()
	tests := []struct {
		typ  *schema.Type
		path string
		want []any // in order; those that are equal follow each other as a []any
	}{
		{typ, "num", []any{-9223372036854775808, -1, 0, 9007199254740992, 9007199254740993, 9223372036854775807, nil}},
		{typ, "dec", []any{-1e300, -1, []any{1, 1.0}, 1.5, 2, 1e300, nil}},
		{typ, "bool", []any{false, true, nil}},
		{typ, "when", []any{"2008-01-23T04:56:22+01:00", []any{"2008-01-23T04:56:22Z", "2008-01-23T05:56:22+01:00"}, "2008-01-23T04:56:22.5Z", nil}},
		{typ, "str", []any{"", "A", []any{"b", "B"}, "bb", "ä", nil}},
		{typ, "strExact", []any{"", "B", "b", nil}},
		{user, "userName", []any{"a", []any{"B", "b"}, "c", nil}},
	}
	for _, tt := range tests {
		a, ok := tt.typ.Attr(tt.path)
		require.True(t, ok, tt.path)
		var values [][]schema.Value
		for _, group := range tt.want {
			list, ok := group.([]any)
			if !ok {
				list = []any{group}
			}
			var same []schema.Value
			for _, x := range list {
				v, err := a.Make(x)
				require.NoError(t, err)
				same = append(same, v)
			}
			values = append(values, same)
		}
		for i, x := range values {
			for j, y := range values {
				for _, v := range x {
					for _, w := range y {
						got := schema.Compare(v, w)
						assert.Equal(t, i < j, got < 0, "%s: %v, %v", tt.path, v, w)
						assert.Equal(t, i == j, got == 0, "%s: %v, %v", tt.path, v, w)
					}
				}
			}
		}
		all := slices.Concat(values...)
		slices.Reverse(all)
		slices.SortFunc(all, schema.Compare)
		assert.True(t, all[len(all)-1].IsZero(), "%s: unassigned comes last", tt.path)
	}
}
