package patch_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// check runs a property on resources of both types.
func check(t *testing.T, property func(t *rapid.T, r *schema.Resource)) {
	for name, typ := range propertyTypes {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { property(t, drawResource(t, typ, "resource")) })
		})
	}
}

func drawOps(t *rapid.T, typ *schema.Type, most int) []string {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return drawOp(t, typ) }), 1, most).Draw(t, "ops")
}

// TestAtomic: whatever comes before, a request with one operation that fails fails,
// at that operation, and nothing is changed.
func TestAtomic(t *testing.T) {
	failing := map[*schema.Type][]string{
		richType:  {`{"op":"remove","path":"userName"}`, `{"op":"replace","value":{"id":"other"}}`, `{"op":"add","path":"active","value":5}`, `{"op":"mend"}`},
		thingType: {`{"op":"remove","path":"name"}`, `{"op":"remove","path":"$M"}`, `{"op":"add","path":"ro","value":"x"}`, `{"op":"add","path":"nums[value gt 100 or value lt -100]","value":5}`},
	}
	check(t, func(t *rapid.T, r *schema.Resource) {
		good := patch.Diff(r, drawResource(t, r.Type(), "other"))
		_, err := patch.Apply(r, good, patch.Options{})
		require.NoError(t, err)
		before := show(r)
		data := body(strings.Join(append(marshalled(t, good), rapid.SampledFrom(failing[r.Type()]).Draw(t, "failing")), ","))
		got, err := decodeAndApply(r, data, patch.Options{})
		require.Equal(t, len(good), asError(t, err).Index)
		require.Zero(t, got)
		require.Equal(t, before, show(r))
	})
}

func marshalled(t require.TestingT, ops []patch.Op) []string {
	var texts []string
	for _, op := range ops {
		text, err := op.MarshalJSON()
		require.NoError(t, err)
		texts = append(texts, string(text))
	}
	return texts
}

// TestOrder: operations in one request do what they do one after another. Only the
// state at the end is held to what is required and immutable, so more is possible in
// one.
func TestOrder(t *testing.T) {
	check(t, func(t *rapid.T, r *schema.Resource) {
		ops := drawOps(t, r.Type(), 6)
		now := r
		for _, op := range ops {
			got, err := decodeAndApply(now, body(op), patch.Options{})
			if err != nil {
				asError(t, err)
				return
			}
			now = got.Resource
		}
		got, err := decodeAndApply(r, body(strings.Join(ops, ",")), patch.Options{})
		require.NoError(t, err)
		// A key of an open extension may be spelled otherwise.
		require.Empty(t, got.Resource.Changed(now), "%s\n%s", now, got.Resource)
		require.Equal(t, strings.ToLower(strings.Join(now.Changed(r), " ")), strings.ToLower(strings.Join(got.Changed, " ")))
		require.Equal(t, len(got.Changed) == 0, r == got.Resource)
		valid(t, got.Resource)
	})
}

// TestTwice: an operation that is repeated changes nothing more. It may fail then,
// if it is one that no longer has anything to work on.
func TestTwice(t *testing.T) {
	check(t, func(t *rapid.T, r *schema.Resource) {
		op := drawOp(t, r.Type())
		if strings.Contains(op, "[primary") {
			return // those that are not primary are others afterwards
		}
		for _, o := range []patch.Options{{}, {RefuseCreateOnAdd: true, RefuseCreateOnReplace: true}} {
			once, err := decodeAndApply(r, body(op), o)
			if err != nil {
				asError(t, err)
				continue
			}
			twice, err := decodeAndApply(once.Resource, body(op), o)
			if err != nil {
				require.Equal(t, schema.ScimTypeNoTarget, asError(t, err).Type)
				require.NotContains(t, op, `"op":"remove"`)
				continue
			}
			require.Empty(t, twice.Changed, "%s\n%s\n%s", op, once.Resource, twice.Resource)
			require.True(t, once.Resource == twice.Resource)
		}
	})
}

// TestLongLists: add and remove by value do to a list of any length what looking at
// each pair of elements does. Long lists are looked up by key. The first form of each
// attribute's elements makes as many as it takes.
func TestLongLists(t *testing.T) {
	for path, elements := range map[string][]string{
		"tags":   {`"%d"`, `"a"`, `"A"`, `"é"`, `"É"`, `"b"`},
		"nums":   {`%d`, `1`, `2`},
		"items":  {`{"value":"%d"}`, `{"value":"%d","type":"work"}`, `{"value":"a","type":"t%d"}`, `{"value":"A"}`, `{"type":"work"}`, `{"labels":["%d"]}`},
		"owners": {`{"value":"%d"}`, `{"value":"%d","type":"User"}`, `{"$ref":"Users/%d"}`, `{"value":"a"}`},
		"parts":  {`{"code":"%d"}`, `{"code":"a","note":"%d"}`},
	} {
		a, _ := thingType.Attr(path)
		draw := func(t *rapid.T, label string) schema.Value {
			forms := rapid.SliceOfN(rapid.SampledFrom(elements), 0, 30).Draw(t, label)
			for i, form := range forms {
				if strings.Contains(form, "%d") {
					forms[i] = fmt.Sprintf(form, rapid.IntRange(0, 30).Draw(t, "n"))
				}
			}
			for n := range rapid.SampledFrom([]int{0, 15, 40}).Draw(t, label+" more") {
				forms = append(forms, fmt.Sprintf(elements[0], n))
			}
			v, _, err := schema.DecodeValue(a, []byte("["+strings.Join(forms, ",")+"]"), schema.Decoding{})
			require.NoError(t, err)
			return a.Unique(v)
		}
		t.Run(path, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				have, more := draw(t, "have"), draw(t, "more")
				r, err := schema.New(thingType).Set("name", "t").Set(mustURN+":a", "x").Put(a, have).Build()
				require.NoError(t, err)
				op := patch.Op{Kind: patch.Add, Target: filter.Target{Attr: a}, Value: more}
				got, err := patch.Apply(r, []patch.Op{op}, patch.Options{})
				require.NoError(t, err)
				// What is the same differs by its type at most, which add takes over.
				want := a.Unique(a.List(slices.Collect(both(have, more))))
				require.Equal(t, keysOf(a, want), keysOf(a, got.Resource.Value(a)))

				op = patch.Op{Kind: patch.Remove, Target: filter.Target{Attr: a}, Value: more, Listed: true}
				got, err = patch.Apply(r, []patch.Op{op}, patch.Options{})
				require.NoError(t, err)
				require.Equal(t, keysOf(a, without(have, more)), keysOf(a, got.Resource.Value(a)))
			})
		})
	}
}

// TestLongOrder is TestOrder for a list that is looked up by key.
func TestLongOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var elems []string
		for n := range 30 {
			elems = append(elems, fmt.Sprintf(`{"value":"v%d","primary":%t}`, n, n == 0))
		}
		if rapid.Bool().Draw(t, "without a value") {
			elems = append(elems, `{"display":"d","primary":false}`)
		}
		now := resource(t, richType, `{"userName":"b","roles":[`+strings.Join(elems, ",")+`]}`)
		r := now
		var ops []string
		for range rapid.IntRange(1, 8).Draw(t, "ops") {
			element := fmt.Sprintf(`{"value":"v%d","primary":%t}`, rapid.IntRange(25, 35).Draw(t, "n"), rapid.Bool().Draw(t, "primary"))
			ops = append(ops, rapid.SampledFrom([]string{
				`{"op":"add","path":"roles","value":` + element + `}`,
				`{"op":"add","path":"roles","value":{"display":"d","primary":true}}`,
				`{"op":"add","path":"roles","value":{"display":"d","primary":false}}`,
				`{"op":"remove","path":"roles","value":` + element + `}`,
				`{"op":"remove","path":"roles[value eq \"v29\"]"}`,
				`{"op":"replace","path":"roles[value eq \"v28\"].value","value":"v31"}`,
				`{"op":"replace","path":"roles[display eq \"d\"].primary","value":true}`,
			}).Draw(t, "op"))
		}
		for _, op := range ops {
			got, err := decodeAndApply(now, body(op), patch.Options{})
			if err != nil {
				return
			}
			now = got.Resource
		}
		got, err := decodeAndApply(r, body(strings.Join(ops, ",")), patch.Options{})
		require.NoError(t, err)
		require.Equal(t, now.String(), got.Resource.String(), "%s", ops)
	})
}

func both(v, w schema.Value) iter.Seq[schema.Value] {
	return func(yield func(schema.Value) bool) {
		for _, list := range []schema.Value{v, w} {
			for e := range list.Elems() {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// without is the list without what a remove lists: of what has a value, that value
// tells, and the type if it is given; anything else must have all that is said.
func without(v, listed schema.Value) schema.Value {
	var kept []schema.Value
	for e := range v.Elems() {
		gone := false
		for l := range listed.Elems() {
			switch {
			case !e.IsObject():
				gone = gone || e.Key() == l.Key()
			case !l.Get("value").IsZero():
				gone = gone || e.Get("value").Key() == l.Get("value").Key() && (l.Get("type").IsZero() || l.Get("type").Key() == e.Get("type").Key())
			default:
				all := true
				for s, w := range l.Members() {
					all = all && e.Sub(s).Key() == w.Key() && string(e.Sub(s).AppendJSON(nil)) == string(w.AppendJSON(nil))
				}
				gone = gone || all
			}
		}
		if !gone {
			kept = append(kept, e)
		}
	}
	if len(kept) == 0 {
		return schema.Value{}
	}
	return kept[0].Attr().List(kept)
}

// keysOf prints what tells the elements of a list apart.
func keysOf(a *schema.Attr, v schema.Value) string {
	var keys []string
	for e := range v.Elems() {
		if value := e.Get("value"); e.IsObject() && !value.IsZero() {
			keys = append(keys, value.Key())
			if a.Name != "owners" {
				keys = append(keys, e.Get("type").Key())
			}
			continue
		}
		keys = append(keys, strings.ToLower(string(e.AppendJSON(nil))))
	}
	return strings.Join(keys, " ")
}

// valid holds that a resource is one that can be stored: its JSON is read as the
// same, and no attribute has two primaries.
func valid(t require.TestingT, r *schema.Resource) {
	r, err := r.Edit().ID("").Build()
	require.NoError(t, err)
	d, err := schema.Decode(r.Type(), []byte(r.String()), schema.StrictDecoding())
	require.NoError(t, err)
	require.Equal(t, r.String(), d.Resource.String())
}

func TestLimits(t *testing.T) {
	r := resource(t, richType, onlyName)
	many := func(n int, op string) string { return strings.TrimSuffix(strings.Repeat(op+",", n), ",") }
	elems := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,{"value":"` + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + `","type":"t` + strings.Repeat("y", i/182) + `"}`)
		}
		return "[" + b.String()[1:] + "]"
	}
	const rebuilds, visits = patch.MaxRebuilds, patch.MaxVisits
	replace := `{"op":"replace","path":"emails","value":` + elems(5000) + `},`
	for _, test := range []struct {
		name, ops string
		ok        bool
	}{
		{"rebuilds of a list", many(rebuilds, `{"op":"add","path":"emails","value":{"value":"x"}}`), true},
		{"rebuilds of a list", many(rebuilds+1, `{"op":"add","path":"emails","value":{"value":"x"}}`), false},
		{"rebuilds of a complex value", many(rebuilds, `{"op":"add","path":"name.givenName","value":"x"}`), true},
		{"rebuilds of a complex value", many(rebuilds+1, `{"op":"add","path":"name.givenName","value":"x"}`), false},
		{"rebuilds of both", many(rebuilds/2, `{"op":"add","path":"name.givenName","value":"x"},{"op":"remove","path":"emails"}`), true},
		{"simple attributes", many(patch.MaxOps, `{"op":"add","path":"nickName","value":"x"}`), true},
		{"visits", replace + many(visits/5000, `{"op":"remove","path":"emails[type eq \"none\"]"}`), true},
		{"visits", replace + many(visits/5000+1, `{"op":"remove","path":"emails[type eq \"none\"]"}`), false},
		{"visits of a long filter", replace + many(visits/10_000, `{"op":"remove","path":"emails[type eq \"`+strings.Repeat("n", 64)+`\"]"}`), true},
		{"visits of a long filter", replace + many(visits/10_000+1, `{"op":"remove","path":"emails[type eq \"`+strings.Repeat("n", 64)+`\"]"}`), false},
		{"visits for each that is listed", replace + many(visits/10_000+1, `{"op":"remove","path":"emails","value":[{"type":"none"},{"type":"no"}]}`), false},
		{"visits of long text", `{"op":"add","path":"name.formatted","value":"` + strings.Repeat("x", 256*5000) + `"},` + many(visits/5000+1, `{"op":"add","path":"name.givenName","value":"x"}`), false},
		{"visits of long text", `{"op":"add","path":"emails","value":{"value":"` + strings.Repeat("x", 256*5000) + `"}},` + many(visits/5000+1, `{"op":"remove","path":"emails[type eq \"none\"]"}`), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := decodeAndApply(r, body(test.ops), patch.Options{})
			if test.ok {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, schema.ScimTypeInvalidValue, asError(t, err).Type)
			assert.Contains(t, err.Error(), "too much work")
		})
	}
}
