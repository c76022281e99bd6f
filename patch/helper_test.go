package patch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

const (
	thingURN    = "urn:example:schemas:2.0:Thing"
	contactsURN = "urn:example:extension:2.0:User"
	openURN     = "urn:example:extension:2.0:Metadata"
	tagsURN     = "urn:example:extension:2.0:Tags"
	needyURN    = "urn:example:extension:2.0:Needy"
	mustURN     = "urn:example:extension:2.0:Must"
)

// macros are the abbreviations in the tables.
var macros = strings.NewReplacer(
	"$U:", schema.UserURN+":", "$G:", schema.GroupURN+":", "$T:", thingURN+":",
	"$E", schema.EnterpriseUserURN, "$C", contactsURN, "$O", openURN, "$L", tagsURN, "$N", needyURN, "$M", mustURN,
)

var groupType = schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: schema.Group()})

// richType is a User with extensions of all kinds.
var richType = schema.MustCompile(schema.TypeConfig{
	Name: "User", Schema: schema.User(), Extensions: []schema.Extension{
		{Schema: schema.EnterpriseUser()},
		{Schema: schema.Schema{ID: contactsURN, Attributes: []schema.Attribute{
			{Name: "contacts", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
				{Name: "value"}, {Name: "primary", Type: schema.Boolean},
			}},
		}}},
		{Schema: schema.Schema{ID: openURN, Open: &schema.Attribute{}}},
		{Schema: schema.Schema{ID: tagsURN, Open: &schema.Attribute{MultiValued: true}}},
		{Schema: schema.Schema{ID: needyURN, Attributes: []schema.Attribute{{Name: "needed", Required: true}, {Name: "other"}}}},
	},
})

// thingType has what User has not.
var thingType = schema.MustCompile(schema.TypeConfig{
	Name: "Thing",
	Schema: schema.Schema{ID: thingURN, Attributes: []schema.Attribute{
		{Name: "name", Required: true},
		{Name: "num", Type: schema.Integer},
		{Name: "dec", Type: schema.Decimal},
		{Name: "when", Type: schema.DateTime},
		{Name: "exact", CaseExact: true},
		{Name: "ro", Mutability: schema.ReadOnly},
		{Name: "imm", Mutability: schema.Immutable},
		{Name: "wo", Mutability: schema.WriteOnly, Returned: schema.Never},
		{Name: "immTags", Mutability: schema.Immutable, MultiValued: true},
		{Name: "tags", MultiValued: true},
		{Name: "nums", Type: schema.Integer, MultiValued: true},
		{Name: "box", Type: schema.Complex, Sub: []schema.Attribute{
			{Name: "size"}, {Name: "labels", MultiValued: true}, {Name: "imm", Mutability: schema.Immutable},
			{Name: "ro", Mutability: schema.ReadOnly},
		}},
		{Name: "lock", Type: schema.Complex, Sub: []schema.Attribute{{Name: "key", Required: true}, {Name: "note"}}},
		{Name: "items", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
			{Name: "value"}, {Name: "type"}, {Name: "display"}, {Name: "labels", MultiValued: true},
			{Name: "imm", Mutability: schema.Immutable}, {Name: "ro", Mutability: schema.ReadOnly},
		}},
		{Name: "parts", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{{Name: "code", Required: true}, {Name: "note"}}},
		{Name: "owners", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
			{Name: "value"}, {Name: "type"}, {Name: "$ref", Type: schema.Reference, References: []string{"User", "Group"}},
			{Name: "primary", Type: schema.Boolean},
		}},
		{Name: "boss", Type: schema.Complex, Sub: []schema.Attribute{
			{Name: "value"}, {Name: "$ref", Type: schema.Reference, References: []string{"User"}},
			{Name: "displayName", Mutability: schema.ReadOnly}, {Name: "note"},
		}},
	}},
	Extensions: []schema.Extension{{Required: true, Schema: schema.Schema{ID: mustURN, Attributes: []schema.Attribute{{Name: "a"}, {Name: "b"}}}}},
})

// The resources that most cases start from.
const (
	user1 = `{"id":"u1","userName":"bjensen","displayName":"Babs Jensen","nickName":"Babs","active":true,
		"name":{"givenName":"Barbara","familyName":"Jensen"},
		"emails":[{"value":"b@work.example","type":"work","display":"Work","primary":true},{"value":"b@home.example","type":"home"}]}`
	thing1 = `{"id":"t1","name":"thing","imm":"a","tags":["a","b"],"$M":{"a":"x"}}`
	group1 = `{"id":"g1","displayName":"Tour Guides"}`
)

// body is a request with these operations, which are a JSON list without its
// brackets.
func body(ops string) []byte {
	return []byte(`{"schemas":["` + patch.URN + `"],"Operations":[` + macros.Replace(ops) + `]}`)
}

// resource reads a resource, with its id and with what is readOnly.
func resource(t require.TestingT, typ *schema.Type, doc string) *schema.Resource {
	doc = macros.Replace(doc)
	d, err := schema.Decode(typ, []byte(doc), schema.Decoding{})
	require.NoError(t, err, doc)
	var set struct{ ID, RO string }
	require.NoError(t, json.Unmarshal([]byte(doc), &set))
	b := d.Resource.Edit().ID(set.ID)
	if set.RO != "" {
		b.Set("ro", set.RO)
	}
	r, err := b.Build()
	require.NoError(t, err)
	return r
}

// show returns all that a resource holds as JSON, secrets too.
func show(r *schema.Resource) string {
	var b bytes.Buffer
	b.WriteString(r.ID() + string(r.AppendJSON(nil, schema.Encoding{})))
	for _, a := range r.Type().Attrs() {
		if a.Returned == schema.Never && !a.IsPassword() {
			b.Write(r.Value(a).AppendJSON(nil))
		}
	}
	return b.String()
}

// asError checks the promises of an error.
func asError(t require.TestingT, err error) *patch.Error {
	e, ok := errors.AsType[*patch.Error](err)
	require.True(t, ok, "%T is no *patch.Error: %v", err, err)
	assert.NotEmpty(t, e.Msg)
	assert.Contains(t, e.Error(), e.Msg)
	assert.Contains(t, []schema.ScimType{
		schema.ScimTypeInvalidSyntax, schema.ScimTypeInvalidPath, schema.ScimTypeInvalidValue,
		schema.ScimTypeInvalidFilter, schema.ScimTypeMutability, schema.ScimTypeNoTarget,
	}, e.Type)
	return e
}

// sent returns the texts that are values in a request: what no error and no note may
// repeat. Short ones are left out, which may be in any text, and labels that the
// schema declares.
func sent(t testing.TB, request []byte) []string {
	var doc struct {
		Operations []struct {
			Path  any
			Value any
		}
	}
	if json.Unmarshal(request, &doc) != nil {
		return nil
	}
	var all []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if len(v) >= 5 && !slices.Contains([]string{"pager", "other", "Group"}, v) && !strings.HasPrefix(v, "urn:") {
				all = append(all, v)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	for _, op := range doc.Operations {
		walk(op.Value)
		path, _ := op.Path.(string)
		for i, part := range strings.Split(path, `"`) {
			if i%2 == 1 {
				walk(part)
			}
		}
	}
	return all
}

// notRepeated fails if an error or a note repeats what was sent as a value.
func notRepeated(t testing.TB, request []byte, notes []schema.Note, err error) {
	t.Helper()
	texts := make([]string, 0, len(notes)+1)
	for _, n := range notes {
		texts = append(texts, n.Path+" "+n.Rule)
	}
	if err != nil {
		texts = append(texts, err.Error(), asError(t, err).Path)
	}
	for _, value := range sent(t, request) {
		for _, text := range texts {
			assert.NotContains(t, text, value)
		}
	}
}

// isError reports whether what a table expects is a scimType rather than JSON.
func isError(want string) bool { return want != "" && want[0] != '{' && want[0] != '[' }
