package patch_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

var propertyTypes = map[string]*schema.Type{"User": richType, "Thing": thingType}

// TestDiff: the operations make one resource of the other, and so do those that a
// client would read and send again.
func TestDiff(t *testing.T) {
	for name, typ := range propertyTypes {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				old, new := drawResource(t, typ, "old"), drawResource(t, typ, "new")
				before := show(old)
				ops := patch.Diff(old, new)
				require.Equal(t, old.Equal(new), len(ops) == 0)
				for _, o := range []patch.Options{{}, patch.Strict(), {OverwriteComplex: true}} {
					checkMakes(t, old, ops, new, o)
					checkMakes(t, old, again(t, typ, ops, o), new, o)
				}
				require.Equal(t, before, show(old))
			})
		})
	}
}

func checkMakes(t *rapid.T, old *schema.Resource, ops []patch.Op, want *schema.Resource, o patch.Options) {
	got, err := patch.Apply(old, ops, o)
	require.NoError(t, err)
	require.Equal(t, show(want), show(got.Resource))
	require.True(t, want.Equal(got.Resource))
	require.Equal(t, want.Changed(old), got.Changed)
}

// again marshals operations and decodes them.
func again(t require.TestingT, typ *schema.Type, ops []patch.Op, o patch.Options) []patch.Op {
	if len(ops) == 0 {
		return nil
	}
	texts := make([]string, len(ops))
	for i, op := range ops {
		text, err := json.Marshal(op)
		require.NoError(t, err)
		texts[i] = string(text)
	}
	req, err := patch.Decode(typ, body(strings.Join(texts, ",")), o)
	require.NoError(t, err, "marshalled: %s", texts)
	return req.Ops
}

func TestDiffOps(t *testing.T) {
	for _, test := range []struct{ typ, old, new, want string }{
		{"User", user1, user1, ``},
		{"User", user1, onlyName, `{"op":"remove","path":"name"} {"op":"remove","path":"displayName"} {"op":"remove","path":"nickName"} {"op":"remove","path":"active"} {"op":"remove","path":"emails"}`},
		{"User", onlyName, `{"id":"u1","userName":"b","title":"T","$E":{"manager":{"value":"m"}}}`, `{"op":"replace","path":"userName","value":"b"} {"op":"replace","path":"title","value":"T"} {"op":"replace","path":"$E:manager.value","value":"m"}`},
		{"User", `{"userName":"b","name":{"givenName":"A","familyName":"F"}}`, `{"userName":"b","name":{"familyName":"G","middleName":"M"}}`,
			`{"op":"replace","path":"name.familyName","value":"G"} {"op":"remove","path":"name.givenName"} {"op":"replace","path":"name.middleName","value":"M"}`},
		{"User", `{"userName":"b","emails":[{"value":"a"}]}`, `{"userName":"b","emails":[{"value":"a"},{"value":"b"}]}`, `{"op":"replace","path":"emails","value":[{"value":"a"},{"value":"b"}]}`},
		{"User", `{"userName":"b","$O":{"k":"1","a key":"2","other key":"3"}}`, `{"userName":"b","$O":{"k":"4","a key":"5"}}`,
			`{"op":"replace","path":"$O","value":{"a key":"5"}} {"op":"replace","path":"$O:k","value":"4"} {"op":"replace","path":"$O","value":{"other key":null}}`},
		{"Thing", `{"name":"t","ro":"a"}`, `{"name":"t","ro":"b"}`, `{"op":"replace","path":"ro","value":"b"}`},
	} {
		typ := propertyTypes[test.typ]
		var got []string
		for i, op := range patch.Diff(resource(t, typ, test.old), resource(t, typ, test.new)) {
			assert.Equal(t, i, op.Index)
			text, err := json.Marshal(op)
			require.NoError(t, err)
			got = append(got, string(text))
		}
		assert.Equal(t, macros.Replace(test.want), strings.Join(got, " "))
	}
}

// TestMarshal: what is read is written again, and a password is not.
func TestMarshal(t *testing.T) {
	for ops, want := range map[string]string{
		`{"op":"Remove","path":"emails","value":[{"value":"x"}]}`:                              `{"op":"remove","path":"emails","value":[{"value":"x"}]}`,
		`{"op":"remove","path":"emails","value":[]}`:                                           `{"op":"remove","path":"emails","value":[]}`,
		`{"op":"remove","path":"emails"}`:                                                      `{"op":"remove","path":"emails"}`,
		`{"op":"add","path":"name","value":{}}`:                                                `{"op":"add","path":"name","value":{}}`,
		`{"op":"add","path":"name","value":null}`:                                              `{"op":"add","path":"name","value":null}`,
		`{"op":"add","path":"name","value":{"familyName":"F","givenName":"","middleName":""}}`: `{"op":"add","path":"name","value":{"familyName":"F","givenName":null,"middleName":null}}`,
		`{"op":"add","path":"emails","value":null}`:                                            `{"op":"add","path":"emails","value":[]}`,
		`{"op":"add","path":"emails[type eq \"work\"]","value":{"display":null}}`:              `{"op":"add","path":"emails[type eq \"work\"]","value":{"display":null}}`,
		`{"op":"replace","value":{"id":"u1"}}`:                                                 `{"op":"replace","value":{"id":"u1"}}`,
		`{"op":"replace","value":{"name.givenName":"G"}}`:                                      `{"op":"replace","path":"name.givenName","value":"G"}`,
		`{"op":"replace","value":{"$O":{"a key":"x"}}}`:                                        `{"op":"replace","path":"$O","value":{"a key":"x"}}`,
		`{"op":"replace","value":{"$L":{"a key":["x"]}}}`:                                      `{"op":"replace","path":"$L","value":{"a key":["x"]}}`,
		`{"op":"add","path":"$O:*","value":"x"}`:                                               `{"op":"add","path":"$O:*","value":"x"}`,
		`{"op":"remove","path":"$E"}`:                                                          `{"op":"remove","path":"$E"}`,
		`{"op":"replace","path":"password","value":"t1meMa$heen"}`:                             `{"op":"replace","path":"password","value":null}`,
	} {
		req, err := patch.Decode(richType, body(ops), patch.Options{})
		require.NoError(t, err)
		require.Len(t, req.Ops, 1, ops)
		got, err := json.Marshal(req.Ops[0])
		require.NoError(t, err)
		assert.Equal(t, macros.Replace(want), string(got), ops)
	}
}

// TestMarshalNothing: what no operation of a request can say is an error, rather than
// one that does more.
func TestMarshalNothing(t *testing.T) {
	a, ok := richType.ExtensionAttr(tagsURN, "a key")
	require.True(t, ok)
	v, err := a.Make([]string{"x"})
	require.NoError(t, err)
	_, err = patch.Op{Kind: patch.Remove, Listed: true, Path: a.Path(), Target: filter.Target{Attr: a}, Value: v}.MarshalJSON()
	assert.ErrorContains(t, err, "patch: ")
}
