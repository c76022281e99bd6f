package schema_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/peer"
	"github.com/muster-scim/muster/internal/turns"
	"github.com/muster-scim/muster/schema"
)

// stored returns the user of the benchmarks as a store has it: with an id and meta.
func stored(tb testing.TB, typ *schema.Type) *schema.Resource {
	d, err := schema.Decode(typ, peer.UserBody, schema.Decoding{})
	require.NoError(tb, err)
	return d.Resource.WithMeta("26118915-6090-4610-87e4-49d8ca9f808d", someMeta)
}

// BenchmarkDecode holds decoding and validation of a body of 600 bytes against
// encoding/json, which reads it into a map and checks nothing.
func BenchmarkDecode(b *testing.B) {
	typ := schema.UserType()
	turns.Ratios(b, 2000,
		turns.Side{Name: "muster", Times: 4, Do: func(b *testing.B, n int) {
			for range n {
				d, err := schema.Decode(typ, peer.UserBody, schema.Decoding{})
				if err != nil {
					b.Fatal(err)
				}
				if err := typ.Validate(d.Resource); err != nil {
					b.Fatal(err)
				}
			}
		}},
		turns.Side{Name: "encodingjson", Do: func(b *testing.B, n int) {
			for range n {
				var m map[string]any
				if err := json.Unmarshal(peer.UserBody, &m); err != nil {
					b.Fatal(err)
				}
			}
		}})
}

// BenchmarkEncode holds encoding of a stored user, 780 bytes with meta, against
// encoding/json of the same as a map.
func BenchmarkEncode(b *testing.B) {
	r := stored(b, schema.UserType())
	var m map[string]any
	require.NoError(b, json.Unmarshal([]byte(r.String()), &m))
	var buf []byte
	turns.Ratios(b, 1000,
		turns.Side{Name: "muster", Times: 20, Do: func(_ *testing.B, n int) {
			for range n {
				buf = r.AppendJSON(buf[:0], schema.Encoding{})
			}
		}},
		turns.Side{Name: "encodingjson", Do: func(b *testing.B, n int) {
			for range n {
				if _, err := json.Marshal(m); err != nil {
					b.Fatal(err)
				}
			}
		}})
}

// BenchmarkEdit changes one attribute of a user.
func BenchmarkEdit(b *testing.B) {
	typ := schema.UserType()
	r := stored(b, typ)
	active, _ := typ.Attr("active")
	off, err := active.Make(false)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Edit().Put(active, off).Build(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGet reads a value by its path, and by its attribute.
func BenchmarkGet(b *testing.B) {
	typ := schema.UserType()
	r := stored(b, typ)
	const path = schema.EnterpriseUserURN + ":department"
	b.Run("path", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if r.Get(path).String() != "Sales" {
				b.Fatal("another department")
			}
		}
	})
	b.Run("attribute", func(b *testing.B) {
		department, _ := typ.Attr(path)
		b.ReportAllocs()
		for b.Loop() {
			if r.Value(department).String() != "Sales" {
				b.Fatal("another department")
			}
		}
	})
}
