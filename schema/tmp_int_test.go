package schema

import (
	"sort"
	"testing"
	"time"

	"github.com/muster-scim/muster/internal/peer"
)

func TestTmpInt(t *testing.T) {
	user := MustCompile(TypeConfig{
		Name: "User", Schema: User(),
		Extensions: []Extension{{Schema: EnterpriseUser()}},
	})
	c, _ := newCursor(peer.UserBody)
	d0 := newDecoder(user, c, Decoding{})
	d0.document()
	var tp tape
	fs := []struct {
		name string
		f    func()
	}{
		{"cursor", func() { newCursor(peer.UserBody) }},
		{"new+release", func() { d := newDecoder(user, c, Decoding{}); d.release() }},
		{"+document", func() { d := newDecoder(user, c, Decoding{}); d.document(); d.release() }},
		{"skip", func() { c := c; c.skip() }},
		{"finish", func() { tp = d0.finish() }},
		{"settle", func() { d0.settle(&Resource{tape: tp}) }},
		{"all", func() { Decode(user, peer.UserBody, Decoding{}) }},
	}
	res := map[string][]float64{}
	for range 400 {
		for _, f := range fs {
			const n = 100
			s := time.Now()
			for range n {
				f.f()
			}
			res[f.name] = append(res[f.name], float64(time.Since(s).Nanoseconds())/n)
		}
	}
	for _, f := range fs {
		v := res[f.name]
		sort.Float64s(v)
		t.Logf("%-12s min %8.0f  p10 %8.0f median %8.0f", f.name, v[0], v[len(v)/10], v[len(v)/2])
	}
}
