package patch_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// fuzzUser and fuzzGroup have something for every operation of the tables.
var (
	fuzzUser = strings.TrimSuffix(user1, "}") + `,"title":"T","addresses":[{"type":"work","formatted":"F","locality":"L"}],"phoneNumbers":[{"value":"1","type":"work"},{"value":"2","type":"work"}],
		"roles":[{"value":"r","primary":true}],"$E":{"department":"D","manager":{"value":"m"}},"$C":{"contacts":[{"value":"c","primary":true}]},
		"$O":{"team":"red","a key":"x"},"$L":{"team":["red"]},"$N":{"needed":"n","other":"o"}}`
	fuzzGroup = group1
)

// FuzzDecode holds that nothing a client sends makes the package panic; that an error
// is an *Error; that what is applied gives a resource that can be stored and read
// again, leaves alone the one that came in, and that operations do the same when they
// are marshalled and decoded.
func FuzzDecode(f *testing.F) {
	for _, test := range applyTests {
		f.Add(body(test.ops))
	}
	for _, test := range memberTests {
		f.Add(body(test.ops))
	}
	for _, test := range envelopeTests {
		if len(test.body) < 1000 {
			f.Add([]byte(test.body))
		}
	}
	user, group := resource(f, richType, fuzzUser), resource(f, groupType, fuzzGroup)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []patch.Options{{}, patch.Strict(), {RefuseKeyPaths: true, OverwriteComplex: true, RefuseCreateOnAdd: true}} {
			fuzzOne(t, user, data, o)
			fuzzOne(t, group, data, o)
		}
	})
}

func fuzzOne(t require.TestingT, r *schema.Resource, data []byte, o patch.Options) {
	before := show(r)
	req, err := patch.Decode(r.Type(), data, o)
	if err != nil {
		asError(t, err)
		return
	}
	ops, d := fuzzSplit(t, r.Type(), req.Ops)
	got, err := patch.Apply(r, ops, o)
	require.Equal(t, before, show(r))
	if err != nil {
		asError(t, err)
		return
	}
	valid(t, got.Resource)
	require.Equal(t, got.Resource.Changed(r), got.Changed)

	// Marshalled, keys may have become paths.
	o.RefuseKeyPaths = false
	ops, e := fuzzSplit(t, r.Type(), again(t, r.Type(), req.Ops, o))
	require.Equal(t, printDelta(d), printDelta(e))
	same, err := patch.Apply(r, ops, o)
	require.NoError(t, err)
	require.Equal(t, show(got.Resource), show(same.Resource))
}

func fuzzSplit(t require.TestingT, typ *schema.Type, ops []patch.Op) ([]patch.Op, patch.MemberDelta) {
	if typ != groupType {
		return ops, patch.MemberDelta{}
	}
	rest, d, err := patch.Split(ops, members)
	if err != nil {
		asError(t, err)
		return nil, patch.MemberDelta{}
	}
	checkNormal(t, d)
	return rest, d
}

// TestAnything holds what FuzzDecode does for requests that are well formed, but with
// values of any shape.
func TestAnything(t *testing.T) {
	for name, r := range map[string]*schema.Resource{
		"User":  resource(t, richType, fuzzUser),
		"Group": resource(t, groupType, fuzzGroup),
		"Thing": resource(t, thingType, `{"id":"u1","name":"n","$M":{"a":"x"},"tags":["x","1"],"nums":[1],"box":{"size":"s","labels":["x"]},"lock":{"key":"k"},
			"items":[{"value":"x","type":"work","imm":"i","labels":["x"]},{"value":"a"}],"parts":[{"code":"c"}],"owners":[{"value":"u1","primary":true}],"boss":{"value":"b"}}`),
	} {
		names := []string{"id", "nope", "name.givenName", "a key", "schemas", "urn:nope", openURN + ":team", `items[value eq "x"]`, `emails[type eq "work"].value`}
		for _, a := range r.Type().Attrs() {
			names = append(names, a.Name, a.Path(), strings.ToUpper(a.Path()))
			if a.MultiValued {
				names = append(names, a.Path()+"[value pr]", a.Path()+`[type eq "work"]`, a.Path()+`[not (value eq "x")]`)
			}
			for _, s := range a.Subs() {
				names = append(names, s.Name, s.Path())
				if a.MultiValued {
					names = append(names, a.Path()+"[value pr]."+s.Name, a.Path()+`[type eq "other"].`+s.Name)
				}
			}
		}
		for _, e := range r.Type().Config().Extensions {
			names = append(names, e.Schema.ID, e.Schema.ID+":k", e.Schema.ID+".k", e.Schema.ID+`:k[value eq "red"]`)
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				var ops []string
				for range rapid.IntRange(1, 4).Draw(rt, "ops") {
					if rapid.IntRange(0, 2).Draw(rt, "good") > 0 {
						ops = append(ops, drawOp(rt, r.Type()))
						continue
					}
					op := map[string]any{
						"op":    rapid.SampledFrom([]string{"add", "remove", "Replace"}).Draw(rt, "op"),
						"value": drawJSON(rt, names, 3),
					}
					if rapid.IntRange(0, 3).Draw(rt, "path") > 0 {
						op["path"] = rapid.SampledFrom(names).Draw(rt, "path")
					}
					text, err := json.Marshal(op)
					require.NoError(rt, err)
					ops = append(ops, string(text))
				}
				list := strings.Join(ops, ",")
				for _, o := range []patch.Options{{}, patch.Strict()} {
					fuzzOne(rt, r, body(list), o)
				}
			})
		})
	}
}
