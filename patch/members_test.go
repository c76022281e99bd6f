package patch_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

var members = func() *schema.Attr {
	a, _ := groupType.Attr("members")
	return a
}()

// memberTests start from a group of m1, m2 and m3. want has the members afterwards,
// or is the scimType of the error; strict is that of the strict dialect if it is
// another.
var memberTests = []struct{ id, ops, want, strict string }{
	// Every form in which one member is removed removes exactly this one.
	{"P-3.5.2.2-04", `{"op":"remove","path":"members[value eq \"m2\"]"}`, "m1 m3", ""},
	{"P-3.5.2.2-04", `{"op":"Remove","path":"MEMBERS[VALUE EQ \"m2\"]"}`, "m1 m3", ""},
	{"P-3.5.2.2-04", `{"op":"remove","path":"$G:members[value eq \"m2\"]"}`, "m1 m3", ""},
	{"P-3.5.2.2-04", `{"op":"remove","path":"members[value eq m2]"}`, "m1 m3", "invalidFilter"},
	{"P-3.5.2.2-04", `{"op":"remove","path":"members[value eq \"m2\"]","value":null}`, "m1 m3", ""},
	{"P-3.5.2.2-04", `{"op":"remove","path":"members[value eq \"m2\"]","value":[]}`, "m1 m3", ""},
	{"P-3.5.2.2-04", `{"op":"remove","path":"members[value eq \"m2\"]","value":[{"value":"m2"}]}`, "m1 m3", ""},
	{"P-3.5.2.2-16 remove-with-value", `{"op":"Remove","path":"members","value":[{"value":"m2"}]}`, "m1 m3", "invalidSyntax"},
	{"remove-with-value", `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"m2"}]}`, "m1 m3", "invalidSyntax"},
	{"remove-with-value", `{"op":"remove","path":"members","value":{"value":"m2"}}`, "m1 m3", "invalidSyntax"},
	{"remove-with-value", `{"op":"remove","path":"members","value":"m2"}`, "m1 m3", "invalidSyntax"},
	{"remove-with-value", `{"op":"remove","path":"members","value":["m2"]}`, "m1 m3", "invalidSyntax"},
	{"remove-with-value", `{"op":"remove","path":"members","value":[{"value":"m2","display":"as it was","type":"User"}]}`, "m1 m3", "invalidSyntax"},
	{"remove-with-value", `{"op":"remove","path":"members","value":[{"$ref":"https://example.com/scim/Users/m2"}]}`, "m1 m3", "invalidSyntax"},
	{"remove-with-value", `{"op":"remove","path":"members","value":{"members":[{"value":"m2"}]}}`, "m1 m3", "invalidSyntax"},
	{"remove-with-value", `{"op":"remove","path":"members","value":{"Members":{"value":"m2"}}}`, "m1 m3", "invalidSyntax"},
	{"remove-with-value", `{"op":"remove","path":"$G:members","value":[{"value":"m2"}]}`, "m1 m3", "invalidSyntax"},
	{"replaced by nothing", `{"op":"replace","path":"members[value eq \"m2\"]","value":null}`, "m1 m3", ""},
	{"replaced by nothing", `{"op":"replace","path":"members[value eq \"m2\"]","value":""}`, "m1 m3", "invalidValue"},
	{"P-3.5.2.2-11", `{"op":"remove","path":"members[value eq \"m9\"]"}`, "m1 m2 m3", ""},
	{"P-3.5.2.2-11", `{"op":"remove","path":"members","value":[{"value":"m9"}]}`, "m1 m2 m3", "invalidSyntax"},

	// An empty list never wipes. That takes a remove without a value, or a replace.
	{"AM-10", `{"op":"remove","path":"members","value":[]}`, "m1 m2 m3", "invalidSyntax"},
	{"AM-10", `{"op":"remove","path":"members","value":{}}`, "m1 m2 m3", "invalidSyntax"},
	{"AM-10", `{"op":"remove","path":"members","value":""}`, "m1 m2 m3", "invalidSyntax"},
	{"AM-10", `{"op":"remove","path":"members","value":[{}]}`, "m1 m2 m3", "invalidSyntax"},
	{"AM-10", `{"op":"remove","path":"members","value":[null]}`, "m1 m2 m3", "invalidSyntax"},
	{"AM-10", `{"op":"remove","path":"members","value":{"members":[]}}`, "m1 m2 m3", "invalidSyntax"},
	{"AM-10", `{"op":"remove","path":"members","value":{"members":null}}`, "m1 m2 m3", "invalidSyntax"},
	{"AM-10", `{"op":"remove","path":"members","value":[{"id":"m2"}]}`, "m1 m2 m3", "invalidSyntax"},
	{"AM-10", `{"op":"remove","path":"members","value":[{"display":"who"}]}`, "invalidValue", "invalidSyntax"},
	{"P-3.5.2.2-03", `{"op":"remove","path":"members"}`, "", ""},
	{"P-3.5.2.2-03", `{"op":"remove","path":"members","value":null}`, "", ""},
	{"members-replace-empty", `{"op":"replace","path":"members","value":[]}`, "", ""},
	{"members-replace-empty", `{"op":"replace","path":"members","value":null}`, "", ""},
	{"members-replace-empty", `{"op":"replace","value":{"members":[],"id":"g1","displayName":"org-cd1:viewer"}}`, "", ""},
	{"replaced by nobody in particular", `{"op":"replace","path":"members","value":[{}]}`, "invalidValue", ""},
	{"replaced by nobody in particular", `{"op":"replace","path":"members","value":[{"value":null}]}`, "invalidValue", ""},
	{"replaced by nobody in particular", `{"op":"replace","path":"members","value":[{"id":"m2"}]}`, "invalidValue", "invalidSyntax"},
	{"replaced by nobody in particular", `{"op":"replace","path":"members","value":{}}`, "invalidValue", ""},
	{"replaced by nobody in particular", `{"op":"replace","value":{"members":[{"display":"who"}]}}`, "invalidValue", ""},

	// Adding.
	{"P-3.5.2.1-07", `{"op":"add","path":"members","value":[{"value":"m4"}]}`, "m1 m2 m3 m4", ""},
	{"member-idempotent", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"m4"}]}`, "m1 m2 m3 m4", ""},
	{"member-idempotent", `{"name":"addMember","op":"add","path":"members","value":[{"displayName":"new User","value":"m4"}]}`, "m1 m2 m3 m4", "invalidSyntax"},
	{"a bare id", `{"op":"add","path":"members","value":"m4"}`, "m1 m2 m3 m4", "invalidValue"},
	{"a bare id", `{"op":"add","path":"members","value":["m4","m5"]}`, "m1 m2 m3 m4 m5", "invalidValue"},
	{"one object", `{"op":"add","path":"members","value":{"value":"m4"}}`, "m1 m2 m3 m4", ""},
	{"no path", `{"op":"add","value":{"members":[{"value":"m4"}]}}`, "m1 m2 m3 m4", ""},
	{"qualified", `{"op":"add","value":{"$G:members":[{"value":"m4"}]}}`, "m1 m2 m3 m4", ""},
	{"$ref only", `{"op":"add","path":"members","value":[{"$ref":"https://example.com/scim/Users/m4"},{"$ref":"../Users/m%205"}]}`, "m 5 m1 m2 m3 m4", ""},
	{"filtered-add-creates", `{"op":"add","path":"members[value eq \"m4\"]","value":{"display":"d"}}`, "m1 m2 m3 m4", ""},
	{"filtered-add-creates", `{"op":"add","path":"members[value eq \"m4\"].display","value":"d"}`, "m1 m2 m3 m4", ""},
	{"filtered-add-creates", `{"op":"add","path":"members[value eq \"m4\"].value","value":"m4"}`, "m1 m2 m3 m4", ""},
	{"nobody", `{"op":"add","path":"members","value":[]}`, "m1 m2 m3", ""},
	{"nobody", `{"op":"add","path":"members","value":null}`, "m1 m2 m3", ""},
	{"nobody", `{"op":"add","path":"members[value eq \"m4\"]","value":null}`, "m1 m2 m3", ""},
	{"nobody", `{"op":"add","path":"members","value":[{"display":"who"}]}`, "invalidValue", ""},
	{"nobody", `{"op":"add","path":"members","value":[{"$ref":"https://example.com/scim/Users/"}]}`, "invalidValue", ""},
	{"P-3.5.2.1-09", `{"op":"add","path":"members","value":[{"value":"m2"}]}`, "m1 m2 m3", ""},
	{"P-3.5.2.1-12", `{"op":"add","path":"members","value":[{"value":"m2","display":"Other"},{"value":"m2","type":"User"}]}`, "m1 m2 m3", ""},
	{"P-3.5.2.1-11", `{"op":"add","path":"members","value":[{"value":"m4"},{"value":"m4"}]}`, "m1 m2 m3 m4", ""},

	// Replacing.
	{"P-3.5.2.3-03", `{"op":"replace","path":"members","value":[{"value":"m2"},{"value":"m4"}]}`, "m2 m4", ""},
	{"P-3.5.2.3-03", `{"op":"replace","value":{"members":[{"value":"m4","display":"x"}]}}`, "m4", ""},
	{"P-3.5.2.3-12", `{"op":"replace","path":"members","value":{"value":"m4"}}`, "m4", "invalidValue"},
	{"members can't be changed", `{"op":"replace","path":"members[value eq \"m2\"].value","value":"m4"}`, "mutability", ""},
	{"members can't be changed", `{"op":"replace","path":"members[value eq \"m2\"].value","value":null}`, "mutability", ""},
	{"members can't be changed", `{"op":"replace","path":"members[value eq \"m2\"]","value":{"value":"m4"}}`, "mutability", ""},
	{"members can't be changed", `{"op":"remove","path":"members[value eq \"m2\"].value"}`, "mutability", ""},
	{"members can't be changed", `{"op":"replace","path":"members[value eq \"m2\"].display","value":"D"}`, "mutability", ""},
	{"members can't be changed", `{"op":"replace","path":"members[type eq \"Group\"].type","value":"User"}`, "mutability", ""},
	{"members can't be changed", `{"op":"remove","path":"members.display"}`, "mutability", ""},
	{"AM-9", `{"op":"add","path":"members.value","value":"m4"}`, "noTarget", ""},
	{"no change", `{"op":"replace","path":"members[value eq \"m2\"]","value":{"value":"m2","display":"d"}}`, "m1 m2 m3", ""},

	// By something else than the id: m3 is a group.
	{"by type", `{"op":"remove","path":"members[type eq \"Group\"]"}`, "m1 m2", ""},
	{"by type", `{"op":"remove","path":"members[type eq \"User\"]"}`, "m3", ""},
	{"by type", `{"op":"remove","path":"members[value eq \"m3\" and type eq \"User\"]"}`, "m1 m2 m3", ""},
	{"by id", `{"op":"remove","path":"members[value eq \"m1\" or value eq \"m2\"]"}`, "m3", ""},
	{"by id", `{"op":"remove","path":"members[not (value eq \"m1\")]"}`, "m1", ""},
	{"by type, replaced by nothing", `{"op":"replace","path":"members[type eq \"Group\"]","value":null}`, "m1 m2", ""},
	{"by type, then added", `{"op":"remove","path":"members[type eq \"Group\"]"},{"op":"add","path":"members","value":[{"value":"m3"}]}`, "m1 m2 m3", ""},
	{"added, then by id", `{"op":"add","path":"members","value":[{"value":"m4"},{"value":"n5"}]},{"op":"remove","path":"members[value sw \"m\"]"}`, "n5", ""},
	{"added, then by type", `{"op":"add","path":"members","value":[{"value":"m4"}]},{"op":"remove","path":"members[type eq \"Group\"]"}`, "invalidFilter", ""},
	{"replaced, then by type", `{"op":"replace","path":"members","value":[{"value":"m4"}]},{"op":"remove","path":"members[value eq \"m4\" and type pr]"}`, "invalidFilter", ""},
	{"replaced, then by id", `{"op":"replace","path":"members","value":[{"value":"m4"},{"value":"m5"}]},{"op":"remove","path":"members[value co \"4\"]"}`, "m5", ""},
	{"add by type", `{"op":"add","path":"members[type eq \"Group\"]","value":{"value":"m4"}}`, "noTarget", ""},

	// Order.
	{"atomic-multi-op", `{"op":"add","path":"members","value":[{"value":"m4"}]},{"op":"remove","path":"members[value eq \"m4\"]"}`, "m1 m2 m3", ""},
	{"atomic-multi-op", `{"op":"remove","path":"members[value eq \"m2\"]"},{"op":"add","path":"members","value":[{"value":"m2"}]}`, "m1 m2 m3", ""},
	{"atomic-multi-op", `{"op":"remove","path":"members[value eq \"m1\"]"},{"op":"add","path":"members","value":[{"value":"m4","display":"test.user@okta.local"}]}`, "m2 m3 m4", ""},
	{"atomic-multi-op", `{"op":"replace","path":"members","value":[{"value":"m4"},{"value":"m5"}]},{"op":"remove","path":"members[value eq \"m4\"]"}`, "m5", ""},
	{"atomic-multi-op", `{"op":"add","path":"members","value":[{"value":"m4"}]},{"op":"remove","path":"members"},{"op":"add","path":"members","value":[{"value":"m5"}]}`, "m5", ""},
	{"atomic-multi-op", `{"op":"remove","path":"members"},{"op":"remove","path":"members[value eq \"m4\"]"}`, "", ""},
}

func TestMembers(t *testing.T) {
	for _, test := range memberTests {
		for name, o := range map[string]patch.Options{"tolerant": {}, "strict": patch.Strict()} {
			t.Run(test.id+" "+name, func(t *testing.T) {
				want := test.want
				if name == "strict" && test.strict != "" {
					want = test.strict
				}
				data := body(`{"op":"add","path":"displayName","value":"x"},` + test.ops)
				req, err := patch.Decode(groupType, data, o)
				var rest []patch.Op
				var d patch.MemberDelta
				if err == nil {
					rest, d, err = patch.Split(req.Ops, members)
				}
				notRepeated(t, data, req.Notes, err)
				if isScimType(want) {
					e := asError(t, err)
					assert.Equal(t, want, string(e.Type), e)
					assert.Positive(t, e.Index)
					assert.Contains(t, strings.ToLower(e.Path), "members")
					return
				}
				require.NoError(t, err)
				checkNormal(t, d)
				for _, op := range rest {
					assert.NotEqual(t, members, op.Target.Attr)
				}
				list := apply(members, []schema.Value{member("m1", "User"), member("m2", "User"), member("m3", "Group")}, d)
				assert.Equal(t, want, strings.Join(ids(list), " "))
				checkSplitAgain(t, req.Ops, d, o)
			})
		}
	}
}

func isScimType(want string) bool {
	return want == "mutability" || want == "noTarget" || strings.HasPrefix(want, "invalid")
}

// checkSplitAgain holds that operations that are marshalled and decoded give the same
// delta.
func checkSplitAgain(t *testing.T, ops []patch.Op, want patch.MemberDelta, o patch.Options) {
	t.Helper()
	var texts []string
	for _, op := range ops {
		text, err := json.Marshal(op)
		require.NoError(t, err)
		texts = append(texts, string(text))
	}
	req, err := patch.Decode(groupType, body(strings.Join(texts, ",")), o)
	require.NoError(t, err, "marshalled: %s", texts)
	_, got, err := patch.Split(req.Ops, members)
	require.NoError(t, err, "marshalled: %s", texts)
	assert.Equal(t, printDelta(want), printDelta(got), "marshalled: %s", texts)
}

func printDelta(d patch.MemberDelta) string {
	s := fmt.Sprint(d.Replace, d.Add, d.Remove)
	for _, w := range d.Where {
		s += " [" + w.String() + "]"
	}
	return s
}

// checkNormal holds that a delta is in normal form.
func checkNormal(t require.TestingT, d patch.MemberDelta) {
	seen := map[string]bool{}
	note := func(id string) {
		require.NotEmpty(t, id)
		require.False(t, seen[id], "%s is there twice", id)
		seen[id] = true
	}
	for _, m := range d.Add {
		note(m.ID)
	}
	for _, id := range d.Remove {
		note(id)
	}
	require.True(t, slices.IsSorted(d.Remove))
	if d.Replace {
		require.Empty(t, d.Remove)
		require.Empty(t, d.Where)
	}
}

func member(id, kind string) schema.Value { return patch.Member{ID: id, Type: kind}.Value(members) }

func ids(list []schema.Value) []string {
	var all []string
	for _, e := range list {
		all = append(all, patch.MemberOf(e).ID)
	}
	slices.Sort(all)
	return all
}

// kindOf is the type of a member: as in a store, it follows from the id.
func kindOf(id string) string {
	if strings.HasPrefix(id, "g") {
		return "Group"
	}
	return "User"
}

// The naive engine: a list to which each operation is applied by itself. It is
// written to be read beside RFC 7644, section 3.5.2, and shares nothing with the
// package.
type memberOp struct {
	kind  string // add, remove, remove listed, replace, remove by id, remove where, add by id
	ids   []string
	where string
	match func(id string) bool
	types bool // the filter looks at types
}

func (op memberOp) applyTo(list []string) []string {
	without := func(gone func(string) bool) []string { return slices.DeleteFunc(slices.Clone(list), gone) }
	switch op.kind {
	case "remove":
		return nil
	case "remove listed", "remove by id":
		return without(func(id string) bool { return slices.Contains(op.ids, id) })
	case "remove where":
		return without(op.match)
	case "replace":
		list = nil
	}
	for _, id := range op.ids {
		if !slices.Contains(list, id) {
			list = append(slices.Clone(list), id)
		}
	}
	return list
}

// json writes the operation in one of the forms that clients send.
func (op memberOp) json(t *rapid.T) string {
	form := rapid.IntRange(0, 3).Draw(t, "form")
	var elems []string
	for _, id := range op.ids {
		elems = append(elems, [...]string{
			`{"value":"` + id + `"}`, `"` + id + `"`, `{"$ref":null,"value":"` + id + `","type":"` + kindOf(id) + `"}`, `{"$ref":"https://x/` + id + `","display":"d"}`,
		}[form])
	}
	list := "[" + strings.Join(elems, ",") + "]"
	if len(elems) == 1 && rapid.Bool().Draw(t, "bare") {
		list = elems[0]
	}
	switch op.kind {
	case "remove":
		return `{"op":"remove","path":"members"}`
	case "remove listed":
		return [...]string{`{"op":"remove","path":"members","value":` + list + `}`, `{"op":"Remove","path":"members","value":{"members":` + list + `}}`}[form%2]
	case "remove by id":
		return [...]string{`{"op":"remove","path":"members[value eq \"` + op.ids[0] + `\"]"}`, `{"op":"replace","path":"$G:members[value eq \"` + op.ids[0] + `\"]","value":null}`}[form%2]
	case "remove where":
		return `{"op":"remove","path":"members[` + strings.ReplaceAll(op.where, `"`, `\"`) + `]"}`
	case "add by id":
		return `{"op":"add","path":"members[value eq \"` + op.ids[0] + `\"].display","value":"d"}`
	}
	return [...]string{`{"op":"` + op.kind + `","path":"members","value":` + list + `}`, `{"op":"` + op.kind + `","value":{"members":` + list + `}}`}[form%2]
}

func drawMemberOp(t *rapid.T) memberOp {
	id := rapid.SampledFrom([]string{"u1", "u2", "u3", "u4", "g1", "g2", "x1"})
	op := memberOp{kind: rapid.SampledFrom([]string{
		"add", "add", "add", "remove listed", "remove listed", "remove by id", "remove by id", "add by id", "replace", "remove", "remove where", "remove where",
	}).Draw(t, "kind")}
	switch op.kind {
	case "remove":
	case "remove by id", "add by id":
		op.ids = []string{id.Draw(t, "id")}
	case "remove where":
		op = drawWhere(t)
		op.kind = "remove where"
	default:
		op.ids = rapid.SliceOfN(id, 0, 4).Draw(t, "ids")
	}
	return op
}

func drawWhere(t *rapid.T) memberOp {
	return rapid.SampledFrom([]memberOp{
		{where: `type eq "Group"`, types: true, match: func(id string) bool { return kindOf(id) == "Group" }},
		{where: `type eq "User" and value ne "u1"`, types: true, match: func(id string) bool { return kindOf(id) == "User" && id != "u1" }},
		{where: `value sw "u"`, match: func(id string) bool { return id[0] == 'u' }},
		{where: `not (value eq "u1" or value eq "g1")`, match: func(id string) bool { return id != "u1" && id != "g1" }},
		{where: `value pr`, match: func(string) bool { return true }},
		{where: `value eq "u2" and value eq "u3"`, match: func(string) bool { return false }},
	}).Draw(t, "where")
}

// TestSplitIsSequence: what Split makes of any sequence of operations does to any
// list what the operations do one after another. It refuses only to look for the
// type of members that the same request added.
func TestSplitIsSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"u1", "u2", "u3", "u4", "g1", "g2", "x1"}), rapid.ID).Draw(t, "list")
		var values []schema.Value
		for _, id := range list {
			values = append(values, member(id, kindOf(id)))
		}
		ops := rapid.SliceOfN(rapid.Custom(drawMemberOp), 1, 8).Draw(t, "ops")
		want := list
		added := map[string]bool{}
		undecided := false
		var texts []string
		for _, op := range ops {
			texts = append(texts, op.json(t))
			undecided = undecided || op.types && len(added) > 0
			want = op.applyTo(want)
			switch op.kind {
			case "replace", "remove":
				clear(added)
			}
			for _, id := range op.ids {
				added[id] = op.kind == "add" || op.kind == "add by id" || op.kind == "replace"
				if !added[id] {
					delete(added, id)
				}
			}
			for id := range added {
				if op.match != nil && op.match(id) {
					delete(added, id)
				}
			}
		}
		req, err := patch.Decode(groupType, body(strings.Join(texts, ",")), patch.Options{})
		require.NoError(t, err, "%s", texts)
		rest, d, err := patch.Split(req.Ops, members)
		if undecided {
			require.Equal(t, schema.ScimTypeInvalidFilter, asError(t, err).Type)
			return
		}
		require.NoError(t, err, "%s", texts)
		require.Empty(t, rest)
		checkNormal(t, d)
		got := ids(apply(members, values, d))
		slices.Sort(want)
		require.Equal(t, strings.Join(want, " "), strings.Join(got, " "), "%s", texts)
		if d.IsZero() {
			require.Equal(t, strings.Join(ids(values), " "), strings.Join(got, " "))
		}
	})
}

// TestSplitMany: 10,000 operations take no time worth mentioning.
func TestSplitMany(t *testing.T) {
	forms := map[string]func(i int) string{
		"add and remove": func(i int) string {
			return [...]string{
				fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"m%d"}]}`, i),
				fmt.Sprintf(`{"op":"remove","path":"members[value eq \"m%d\"]"}`, i-i%7),
			}[i%2]
		},
		"replaced each time": func(i int) string { return fmt.Sprintf(`{"op":"replace","path":"members","value":["m%d"]}`, i) },
		"one and the same": func(i int) string {
			return [...]string{`{"op":"add","path":"members","value":"m1"}`, `{"op":"remove","path":"members","value":"m1"}`}[i%2]
		},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			ops := make([]string, patch.MaxOps)
			for i := range ops {
				ops[i] = form(i)
			}
			req, err := patch.Decode(groupType, body(strings.Join(ops, ",")), patch.Options{})
			require.NoError(t, err)
			_, d, err := patch.Split(req.Ops, members)
			require.NoError(t, err)
			checkNormal(t, d)
		})
	}
	t.Run("one of many", func(t *testing.T) {
		elems := make([]string, 100_000)
		for i := range elems {
			elems[i] = `{"value":"m` + strconv.Itoa(rand.IntN(50_000)) + `"}`
		}
		req, err := patch.Decode(groupType, body(`{"op":"add","path":"members","value":[`+strings.Join(elems, ",")+`]}`), patch.Options{})
		require.NoError(t, err)
		_, d, err := patch.Split(req.Ops, members)
		require.NoError(t, err)
		checkNormal(t, d)
	})
}

func TestMaxWhere(t *testing.T) {
	const where = `{"op":"remove","path":"members[type eq \"Group\"]"}`
	for n, ok := range map[int]bool{patch.MaxWhere: true, patch.MaxWhere + 1: false} {
		for _, first := range []string{"", `{"op":"remove","path":"members"},`} {
			req, err := patch.Decode(groupType, body(first+strings.TrimSuffix(strings.Repeat(where+",", n), ",")), patch.Options{})
			require.NoError(t, err)
			_, _, err = patch.Split(req.Ops, members)
			if ok {
				require.NoError(t, err)
			} else {
				assert.Contains(t, asError(t, err).Msg, "more than 20")
			}
		}
	}
}

// TestSplitRest: other operations stay as they are, in their order; of a type without
// members all do.
func TestSplitRest(t *testing.T) {
	req, err := patch.Decode(groupType, body(`{"op":"add","path":"displayName","value":"a"},{"op":"add","path":"members","value":"m1"},{"op":"remove","path":"externalId"}`), patch.Options{})
	require.NoError(t, err)
	rest, d, err := patch.Split(req.Ops, members)
	require.NoError(t, err)
	assert.Equal(t, []patch.Op{req.Ops[0], req.Ops[2]}, rest)
	assert.Equal(t, patch.MemberDelta{Add: []patch.Member{{ID: "m1"}}}, d)

	rest, d, err = patch.Split(req.Ops, nil)
	require.NoError(t, err)
	assert.Equal(t, req.Ops, rest)
	assert.True(t, d.IsZero())
}

func TestMembersOfResource(t *testing.T) {
	list := func(doc string) schema.Value {
		v, _, err := schema.DecodeValue(members, []byte(doc), schema.Decoding{})
		require.NoError(t, err)
		return v
	}
	d, err := patch.Members(list(`[{"value":"a","type":"User","display":"A"},"b",{"$ref":"Users/c"},{"value":"a"}]`))
	require.NoError(t, err)
	assert.Equal(t, patch.MemberDelta{Replace: true, Add: []patch.Member{{ID: "a", Type: "User", Display: "A"}, {ID: "b"}, {ID: "c"}}}, d)
	d, err = patch.Members(schema.Value{})
	require.NoError(t, err)
	assert.Equal(t, patch.MemberDelta{Replace: true}, d)
	assert.False(t, d.IsZero())

	_, err = patch.Members(list(`[{"value":"a"},{"display":"secret"}]`))
	e := asError(t, err)
	assert.Equal(t, -1, e.Index)
	assert.Equal(t, schema.ScimTypeInvalidValue, e.Type)
	assert.NotContains(t, e.Error(), "secret")

	for doc, want := range map[string]patch.Member{
		`{"value":"a","$ref":"Users/b"}`:           {ID: "a"},
		`{"$ref":"https://x.example/Users/b%2Fc"}`: {ID: "b/c"},
		`{"$ref":"b"}`: {ID: "b"},
		`{"value":"a","type":"group","display":"x"}`: {ID: "a", Type: "Group", Display: "x"},
	} {
		v, _, err := schema.DecodeElement(members, []byte(doc), schema.Decoding{})
		require.NoError(t, err)
		assert.Equal(t, want, patch.MemberOf(v))
		assert.Equal(t, want, patch.MemberOf(want.Value(members)))
	}
	assert.Zero(t, patch.MemberOf(schema.Value{}))
	tags, _ := thingType.Attr("tags")
	assert.Zero(t, patch.Member{ID: "a"}.Value(tags), "an attribute that has no sub-attributes")
}
