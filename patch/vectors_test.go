package patch_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// vector is a case of another implementation: what its own passing test saw, and
// whether RFC 7644 agrees.
type vector struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	RFC      string          `json:"rfc"`
	Note     string          `json:"note"`
	Resource json.RawMessage `json:"resource"`
	Ops      json.RawMessage `json:"ops"`
	Body     json.RawMessage `json:"body"`
	Result   json.RawMessage `json:"result"`
	Error    json.RawMessage `json:"error"`
	Refused  bool            `json:"expect_error"`
}

func TestVectors(t *testing.T) {
	shared := os.Getenv("MUSTER_SHARED")
	if shared == "" {
		t.Skip("MUSTER_SHARED is not set: it names the folder with vectors/patch.json")
	}
	data, err := os.ReadFile(filepath.Join(shared, "vectors", "patch.json"))
	require.NoError(t, err)
	var vectors []vector
	require.NoError(t, json.Unmarshal(data, &vectors))
	used := map[string]bool{}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			problem := v.play(t)
			reason, listed := otherwise[v.ID]
			used[v.ID] = true
			switch {
			case problem != "" && !listed:
				t.Errorf("%s (RFC %s): %s\nops: %s\n%s", v.Note, v.RFC, problem, v.Ops, v.Body)
			case problem == "" && listed:
				t.Errorf("is listed as different (%s), but gives the same", reason)
			}
		})
	}
	for id := range otherwise {
		require.True(t, used[id], "%s is listed, but there is no such case", id)
	}
}

// options: what the RFC agrees with must hold for the strict dialect; the rest is
// about what the tolerant one does.
func (v vector) options() patch.Options {
	if v.RFC == "agrees" {
		return patch.Strict()
	}
	return patch.Options{}
}

// play returns how the outcome differs from the one expected, or "".
func (v vector) play(t *testing.T) string {
	if v.Kind == "request-validation" {
		_, err := patch.Decode(userType, v.Body, v.options())
		if v.Refused != (err != nil) {
			return "refused: " + errText(err)
		}
		return ""
	}
	typ := v.typ(t)
	got, err := v.apply(t, typ)
	if wantsError := len(v.Error) > 0 && len(v.Result) == 0; wantsError != (err != nil) {
		return "error: " + errText(err)
	}
	if err != nil {
		return ""
	}
	return cmp.Diff(plain(t, v.Result), plain(t, got))
}

func errText(err error) string {
	if err == nil {
		return "none, but one was expected"
	}
	return err.Error()
}

func (v vector) apply(t *testing.T, typ *schema.Type) (json.RawMessage, error) {
	r, members, err := v.decode(t, typ)
	if err != nil {
		return nil, err
	}
	body := append([]byte(`{"schemas":["`+patch.URN+`"],"Operations":`), v.Ops...)
	req, err := patch.Decode(typ, append(body, '}'), v.options())
	if err != nil {
		return nil, err
	}
	ops := req.Ops
	if a, ok := typ.Attr("members"); ok {
		var d patch.MemberDelta
		if ops, d, err = patch.Split(ops, a); err != nil {
			return nil, err
		}
		members = apply(a, members, d)
	}
	res, err := patch.Apply(r, ops, v.options())
	if err != nil {
		return nil, err
	}
	b := res.Resource.Edit()
	if len(members) > 0 {
		a, _ := typ.Attr("members")
		b.Put(a, a.List(members))
	}
	final, err := b.Build()
	require.NoError(t, err)
	return final.AppendJSON(nil, schema.Encoding{}), nil
}

// decode reads the resource and takes the members off it.
func (v vector) decode(t *testing.T, typ *schema.Type) (*schema.Resource, []schema.Value, error) {
	resource := v.Resource
	if len(resource) == 0 {
		resource = []byte("{}")
	}
	var doc map[string]any
	require.NoError(t, json.Unmarshal(resource, &doc))
	id, _ := doc["id"].(string)
	b := schema.New(typ).ID(id)
	for name, value := range doc {
		if a, ok := typ.Attr(name); ok && a.Mutability != schema.ReadOnly && name != "schemas" {
			if a.IsPassword() {
				continue
			}
			b.Set(name, value)
		} else if m, ok := value.(map[string]any); ok && name != "meta" {
			for sub, value := range m {
				b.Set(name+":"+sub, value)
			}
		}
	}
	var members []schema.Value
	if a, ok := typ.Attr("members"); ok {
		members = slices.Collect(b.Value(a).Elems())
		b.Put(a, schema.Value{})
	}
	r, err := b.Build()
	return r, members, err
}

// apply does to a list what a store does to its edges.
func apply(a *schema.Attr, list []schema.Value, d patch.MemberDelta) []schema.Value {
	if d.Replace {
		list = nil
	}
	list = slices.DeleteFunc(list, func(e schema.Value) bool {
		for _, w := range d.Where {
			if w.Match(e) {
				return true
			}
		}
		return slices.Contains(d.Remove, patch.MemberOf(e).ID)
	})
	for _, m := range d.Add {
		if !slices.ContainsFunc(list, func(e schema.Value) bool { return patch.MemberOf(e).ID == m.ID }) {
			list = append(list, m.Value(a))
		}
	}
	return list
}

// typ is User or Group, with what else the case has in it.
func (v vector) typ(t *testing.T) *schema.Type {
	base, extensions := schema.User(), []schema.Extension{{Schema: schema.EnterpriseUser()}}
	if strings.Contains(string(v.Resource)+string(v.Ops), "members") {
		base, extensions = schema.Group(), nil
		base.Attributes = append(base.Attributes, schema.User().Attributes...)
		base.Attributes = slices.DeleteFunc(base.Attributes, twice())
	}
	for _, doc := range []json.RawMessage{v.Resource, v.Result} {
		var m map[string]any
		if len(doc) > 0 {
			require.NoError(t, json.Unmarshal(doc, &m))
		}
		base.Attributes = extend(base.Attributes, m, 0)
	}
	typ, err := schema.Compile(schema.TypeConfig{Name: "Case", Schema: base, Extensions: extensions})
	require.NoError(t, err)
	return typ
}

func twice() func(schema.Attribute) bool {
	seen := map[string]bool{}
	return func(a schema.Attribute) bool {
		was := seen[a.Name]
		seen[a.Name] = true
		return was
	}
}

// extend adds what a document has and the attributes have not: a strict server
// refuses names it does not know, which is not what the cases are about.
func extend(attrs []schema.Attribute, doc map[string]any, depth int) []schema.Attribute {
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		common := depth == 0 && slices.Contains([]string{"id", "externalId", "meta", "schemas"}, name)
		if common || strings.ContainsAny(name, ":.") || name == "" {
			continue
		}
		i := slices.IndexFunc(attrs, func(a schema.Attribute) bool { return strings.EqualFold(a.Name, name) })
		if i < 0 {
			attrs = append(attrs, schema.Attribute{Name: name})
			i = len(attrs) - 1
			infer(&attrs[i], doc[name])
		}
		if list, ok := doc[name].([]any); ok && len(list) > 0 && len(objects(list)) == 0 {
			attrs[i] = schema.Attribute{Name: name, MultiValued: true} // the case has a list of strings there
		}
		for _, m := range objects(doc[name]) {
			if depth == 0 {
				attrs[i].Type = schema.Complex
				attrs[i].Sub = extend(attrs[i].Sub, m, 1)
			}
		}
	}
	return attrs
}

func objects(v any) []map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return []map[string]any{v}
	case []any:
		var all []map[string]any
		for _, e := range v {
			all = append(all, objects(e)...)
		}
		return all
	}
	return nil
}

// infer gives a the type of a value.
func infer(a *schema.Attribute, v any) {
	if a.Name == "$ref" {
		a.Type = schema.Reference
		return
	}
	switch v := v.(type) {
	case bool:
		a.Type = schema.Boolean
	case float64:
		a.Type = schema.Decimal
	case []any:
		a.MultiValued = true
		if len(v) > 0 {
			infer(a, v[0])
		}
	}
}

// plain is a document to compare: without what is unassigned and without schemas,
// names in lower case.
func plain(t *testing.T, doc json.RawMessage) any {
	var v any
	require.NoError(t, json.Unmarshal(doc, &v))
	m, _ := v.(map[string]any)
	delete(m, "schemas")
	delete(m, "meta")
	return prune(v)
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, e := range v {
			if e = prune(e); e != nil {
				out[strings.ToLower(name)] = e
			}
		}
		if len(out) > 0 {
			return out
		}
		return nil
	case []any:
		var out []any
		for _, e := range v {
			if e = prune(e); e != nil {
				out = append(out, e)
			}
		}
		if len(out) > 0 {
			return out
		}
		return nil
	}
	return v
}

var userType = schema.MustCompile(schema.TypeConfig{
	Name: "User", Schema: schema.User(), Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}},
})

// otherwise lists the cases in which Muster differs on purpose, with the reason.
var otherwise = map[string]string{
	// The RFC contradicts the other implementation.
	"pt-scimpatch-025": "a string is no name",
	"pt-scimpatch-037": "replace without a filter replaces the list",
	"pt-scimpatch-040": "an object is no e-mail address",
	"pt-scimpatch-072": "there is one primary",
	"pt-scimpatch-073": "there is one primary",
	"pt-scimpatch-096": "the path is not in the grammar",
	"pt-scim2-076":     "a number is no list of addresses",
	"pt-scimmy-004":    "members can't be changed, and $ref follows from the id",

	// A complex attribute within a complex one, which RFC 7643, section 2.3.8,
	// does not allow and a schema can't say.
	"pt-scimpatch-023": "complex in complex",
	"pt-scimpatch-051": "complex in complex",
	"pt-scimpatch-056": "complex in complex",
	"pt-scimpatch-066": "complex in complex",
	"pt-scimpatch-083": "complex in complex",
	"pt-scimpatch-086": "complex in complex",
	"pt-scimpatch-087": "complex in complex",
	"pt-scimpatch-088": "complex in complex",
	"pt-scimpatch-089": "complex in complex",
	"pt-scimpatch-093": "complex in complex",

	// Attributes that clients can't write or read.
	"pt-goscim-002": "id is readOnly",
	"pt-goscim-003": "meta is readOnly",
	"pt-goscim-010": "id is readOnly",
	"pt-goscim-011": "meta is readOnly",
	"pt-goscim-017": "meta is readOnly",
	"pt-scim2-061":  "meta is readOnly",
	"pt-scim2-073":  "a password is split off and never in a resource",
	"pt-scimmy-002": "a password is split off and never in a resource",
	"pt-scim2-046":  "userName is required",
	"pt-goscim-025": "an empty path is refused by the strict dialect, the tolerant one takes it as none",
	"pt-scimmy-008": "$ref of a member follows from its id",

	// The strict dialect refuses what the tolerant one takes.
	"pt-scim2-054":  "remove takes no value",
	"pt-scimmy-015": "an object is no list",

	// What Muster chose where the RFC is silent or can be read in two ways.
	"pt-scimpatch-031": "replacing selected elements replaces them, but for what the filter says",
	"pt-scimpatch-032": "replacing selected elements replaces them, but for what the filter says",
	"pt-scimpatch-039": "replacing selected elements replaces them, but for what the filter says",
	"pt-scimpatch-036": "a sub-attribute of all elements can be removed, not set: which one is meant is not said",
	"pt-goscim-006":    "a sub-attribute of all elements can be removed, not set: which one is meant is not said",
	"pt-scimpatch-082": "an e-mail without its address goes: its type and primary flag alone are none",
	"pt-goscim-007":    "the primary that was becomes false, as the RFC says, not unassigned",
	"pt-goscim-020":    "the primary that was becomes false, as the RFC says, not unassigned",
	"pt-scimpatch-084": "removing what is not there succeeds",
	"pt-goscim-009":    "removing what is not there succeeds",
	"pt-scim2-018":     "adding by a filter sets the sub-attribute of what matches",
	"pt-scim2-019":     "adding by a filter sets the sub-attribute of what matches",
	"pt-scim2-020":     "adding by a filter sets the sub-attribute of what matches",
	"pt-scim2-025":     "adding by a filter sets the sub-attribute of what matches",
	"pt-scim2-023":     "preferredLanguage is no list",
	"pt-scimmy-014":    "replacing a complex value merges (Options.OverwriteComplex does not)",
}
