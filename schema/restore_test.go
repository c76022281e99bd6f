package schema

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestRestore holds that what is read is what was written, whatever a client could
// have sent: all that a projection shows, with id and meta.
func TestRestore(t *testing.T) {
	types := []*Type{ThingType(), UserType(), GroupType()}
	rapid.Check(t, func(t *rapid.T) {
		typ := types[rapid.IntRange(0, len(types)-1).Draw(t, "type")]
		m := genModel(t, typ)
		delete(m, "userName") // which not every text can be
		for _, a := range typ.Attrs() {
			if a.Mutability == ReadOnly && !a.isBeside() && !a.IsComputed() && rapid.Bool().Draw(t, "has "+a.path) {
				m[a.path] = genValue(t, a)
			}
		}
		r := build(t, typ, m)
		when := time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "created")).UTC()
		r = r.WithMeta("a/b \"c\"", Meta{Created: when, LastModified: when.Add(time.Hour), Version: "7"})

		values := r.AppendValues([]byte("x"))
		stored, err := Restore(typ, values[1:])
		require.NoError(t, err, "%s", values)
		assert.True(t, stored.Equal(r.WithMeta("", Meta{})), "%s", values)
		assert.Equal(t, Meta{}, stored.Meta())

		everything, shown := typ.Project(nil, nil), r.Edit()
		for _, a := range typ.Attrs() {
			everything = everything.With(a)
			for _, s := range a.Subs() {
				if a.Returned != Never {
					everything = everything.With(s)
				}
			}
			if a.Returned == Never && !a.IsPassword() {
				shown.Put(a, Value{})
			}
		}
		want, err := shown.Build()
		require.NoError(t, err)
		text := want.AppendJSON(nil, Encoding{Projection: everything})
		got, err := Restore(typ, text)
		require.NoError(t, err, "%s", text)
		require.NoError(t, CheckResource(got))
		assert.Equal(t, want.Meta(), got.Meta())
		assert.Equal(t, string(text), string(got.AppendJSON(nil, Encoding{Projection: everything})))
		assert.Equal(t, string(text), string(r.AppendJSON(nil, Encoding{Projection: everything})))
		if !hasNeverSub(want) {
			assert.True(t, got.Equal(want), "%s", text)
		}
	})
}

// hasNeverSub reports whether r holds a sub-attribute that no projection shows.
func hasNeverSub(r *Resource) bool {
	for _, n := range r.nodes {
		if a := r.t.attrs[n.attr]; a.parent != nil && a.Returned == Never {
			return true
		}
	}
	return false
}

func TestRestoreAsItStands(t *testing.T) {
	user := UserType()
	t.Run("what a client may not send stays", func(t *testing.T) {
		r, err := Restore(user, []byte(`{"schemas":["`+UserURN+`"],"id":"1","userName":"a\u200bb","title":"",
			"emails":[{"value":"x@y.z","type":"WORK","primary":true},{"value":"x@y.z","type":"WORK","primary":true}],
			"`+EnterpriseUserURN+`":{"manager":{"value":"2","displayName":"Boss"}},
			"meta":{"resourceType":"User","created":"2026-01-02T03:04:05Z","version":"W/\"7\""}}`))
		require.NoError(t, err)
		assert.Equal(t, "a\u200bb", r.Get("userName").String())
		assert.False(t, r.Get("title").IsZero())
		assert.Equal(t, 2, r.Get("emails").Len())
		assert.Equal(t, "WORK", r.Get("emails.type").String())
		assert.Equal(t, "Boss", r.Get(EnterpriseUserURN+":manager.displayName").String())
		assert.Equal(t, "1", r.ID())
		assert.Equal(t, Meta{Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Version: "7"}, r.Meta())
	})
	t.Run("what there is no more is left out, and a password", func(t *testing.T) {
		r, err := Restore(user, []byte(`{"userName":"x","password":"secret","shoeSize":44,"urn:gone":{"a":1}}`))
		require.NoError(t, err)
		assert.Equal(t, []string{"userName"}, r.Changed(nil))
	})
	for name, text := range map[string]string{
		"no JSON":      `{"userName":`,
		"no object":    `[]`,
		"a wrong type": `{"active":"True"}`,
		"a wrong time": `{"id":"1","meta":{"created":"yesterday"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Restore(user, []byte(text))
			assert.ErrorAs(t, err, new(*Error))
		})
	}
}
