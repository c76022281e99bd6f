package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/peer"
	"github.com/muster-scim/muster/schema"
)

// TestAllocations: allocations are exact, so they can be a test. The limits are
// those of internal/benchtable or less.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too, and empties pools")
	}
	typ := schema.UserType()
	r := stored(t, typ)
	p := typ.Project([]string{"userName", "emails.value"}, nil)
	full := fullEncoding(nil)
	department, _ := typ.Attr(schema.EnterpriseUserURN + ":department")
	active, _ := typ.Attr("active")
	off, err := active.Make(false)
	require.NoError(t, err)
	buf := make([]byte, 0, 4096)
	var sink int
	tests := []struct {
		work string
		most float64
		f    func()
	}{
		// The resource, its nodes, its text, and which attributes were there.
		{"decode and validate", 4, func() {
			d, err := schema.Decode(typ, peer.UserBody, schema.Decoding{})
			if err != nil || typ.Validate(d.Resource) != nil {
				panic(err)
			}
		}},
		{"encode", 0, func() { buf = r.AppendJSON(buf[:0], schema.Encoding{}) }},
		{"encode with location and $ref", 0, func() { buf = r.AppendJSON(buf[:0], full) }},
		{"encode a projection", 0, func() { buf = r.AppendJSON(buf[:0], schema.Encoding{Projection: p}) }},
		{"get by path", 0, func() { sink += len(r.Get("name.familyName").String()) }},
		{"get by path in another case", 1, func() { sink += len(r.Get("NAME.FAMILYNAME").String()) }},
		{"get by attribute", 0, func() { sink += len(r.Value(department).String()) }},
		{"go through a list", 0, func() {
			for e := range r.Get("emails").Elems() {
				sink += len(e.Get("value").String())
			}
		}},
		{"validate", 0, func() { _ = typ.Validate(r) }},
		{"the key of a value in lower case", 0, func() { sink += len(r.Get("userName").Key()) }},
		{"put and build", 6, func() { _, _ = r.Edit().Put(active, off).Build() }},
	}
	for _, tt := range tests {
		assert.LessOrEqual(t, testing.AllocsPerRun(200, tt.f), tt.most, tt.work)
	}
	assert.NotZero(t, sink)
}

// TestAllocationsOfMembers: a group of 10,000 is decoded with few of them.
func TestAllocationsOfMembers(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too")
	}
	body := []byte(`{"displayName":"g","members":[` + strings.Repeat(`{"value":"26118915-6090-4610-87e4-49d8ca9f808d","type":"User"},`, 9_999) + `{"value":"x"}]}`)
	typ := schema.GroupType()
	most := 60.0 // the scratch space grows by doubling
	assert.LessOrEqual(t, testing.AllocsPerRun(5, func() {
		d, err := schema.Decode(typ, body, schema.Decoding{})
		if err != nil || d.Resource.Get("members").Len() != 10_000 {
			panic(err)
		}
	}), most)
}
