package schema_test

import (
	"encoding/json"
	"testing"

	"github.com/muster-scim/muster/internal/peer"
	"github.com/muster-scim/muster/schema"
)

func BenchmarkDecode(b *testing.B) {
	user := schema.MustCompile(schema.TypeConfig{
		Name: "User", Schema: schema.User(),
		Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}},
	})
	b.Run("muster", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d, err := schema.Decode(user, peer.UserBody, schema.Decoding{})
			if err != nil {
				b.Fatal(err)
			}
			if err := user.Validate(d.Resource); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encodingjson", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var m map[string]any
			if err := json.Unmarshal(peer.UserBody, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
