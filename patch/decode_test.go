package patch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

const (
	oneOp    = `{"op":"replace","path":"nickName","value":"x"}`
	patchOps = `"schemas":["` + patch.URN + `"],"Operations":`
)

// envelopeTests have the scimType for each dialect; empty if the request is read.
var envelopeTests = []struct{ id, body, tolerant, strict string }{
	{"P-3.5.2-02", `{` + patchOps + `[` + oneOp + `]}`, "", ""},
	{"P-3.5.2-02", `{"Operations":[` + oneOp + `]}`, "", "invalidSyntax"},
	{"P-3.5.2-02", `{"schemas":["` + schema.UserURN + `"],"Operations":[` + oneOp + `]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-02", `{"schemas":["` + patch.URN + `2"],"Operations":[` + oneOp + `]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-02", `{"schemas":[5],"Operations":[` + oneOp + `]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-02", `{"schemas":{"a":"` + patch.URN + `"},"Operations":[` + oneOp + `]}`, "invalidSyntax", "invalidSyntax"},
	{"patch-envelope", `{"schemas":null,"Operations":[` + oneOp + `]}`, "", "invalidSyntax"},
	{"patch-envelope", `{"schemas":[],"Operations":[` + oneOp + `]}`, "", "invalidSyntax"},
	{"patch-envelope", `{"schemas":"` + patch.URN + `","Operations":[` + oneOp + `]}`, "", "invalidSyntax"},
	{"patch-envelope", `{"schemas":["urn:other","` + strings.ToUpper(patch.URN) + `"],"Operations":[` + oneOp + `]}`, "", ""},
	{"patch-envelope", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:\u0050atchOp"],"Operations":[` + oneOp + `]}`, "", ""},
	{"patch-envelope", `{"id":"x","Operations":[{"name":"addMember",` + oneOp[1:] + `],"SCHEMAS":["` + patch.URN + `"]}`, "", ""},
	{"patch-envelope", `{"schemas":["urn:scim:schemas:core:1.0"],"members":[{"value":"x","operation":"add"}]}`, "invalidSyntax", "invalidSyntax"},
	{"patch-envelope", ` { "schemas" : [ "` + patch.URN + `" ] , "Operations" : [ ` + oneOp + ` ] } `, "", ""},

	{"P-3.5.2-03", `{` + patchOps[:len(patchOps)-len(`,"Operations":`)] + `}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-03", `{` + patchOps + `[]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-03", `{` + patchOps + `null}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-03", `{` + patchOps + oneOp + `}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-03", `{` + patchOps + `[` + oneOp + `],"operations":[` + oneOp + `]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-03", `{` + patchOps + `["x"]}`, "invalidSyntax", "invalidSyntax"},

	{"P-3.5.2-04", `{` + patchOps + `[{"path":"nickName","value":"x"}]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-04", `{` + patchOps + `[{"op":"move","path":"nickName","value":"x"}]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-04", `{` + patchOps + `[{"op":"test","path":"nickName","value":"x"}]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-04", `{` + patchOps + `[{"op":null,"path":"nickName","value":"x"}]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-04", `{` + patchOps + `[{"op":["add"],"path":"nickName","value":"x"}]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-04", `{` + patchOps + `[{"op":"add","OP":"remove","path":"nickName","value":"x"}]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-04", `{` + patchOps + `[{"op":"add","path":"nickName","Path":"title","value":"x"}]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-04", `{` + patchOps + `[{"op":"add","path":"nickName","value":"x","value":"y"}]}`, "invalidSyntax", "invalidSyntax"},
	{"P-3.5.2-05", `{` + patchOps + `[{"op":"aDD","path":"nickName","value":"x"}]}`, "", ""},
	{"P-3.5.2-06", `{` + patchOps + `[{"op":"add","path":null,"value":{"nickName":"x"}}]}`, "", ""},
	{"P-3.5.2-06", `{` + patchOps + `[{"op":"add","path":"","value":{"nickName":"x"}}]}`, "", "invalidPath"},
	{"P-3.5.2-06", `{` + patchOps + `[{"op":"add","path":5,"value":"x"}]}`, "invalidSyntax", "invalidSyntax"},

	{"no JSON", ``, "invalidSyntax", "invalidSyntax"},
	{"no JSON", `xyzzy`, "invalidSyntax", "invalidSyntax"},
	{"no JSON", `{`, "invalidSyntax", "invalidSyntax"},
	{"no JSON", `{"schemas"`, "invalidSyntax", "invalidSyntax"},
	{"no JSON", `{"schemas":`, "invalidSyntax", "invalidSyntax"},
	{"no JSON", `{` + patchOps + `[` + oneOp, "invalidSyntax", "invalidSyntax"},
	{"no JSON", `{` + patchOps + `[{"op":"add","path":"nickName","value":tru}]}`, "invalidSyntax", "invalidSyntax"},
	{"no JSON", `{` + patchOps + `[` + oneOp + `]}}`, "invalidSyntax", "invalidSyntax"},
	{"no JSON", `{` + patchOps + `[` + oneOp + `]} {}`, "invalidSyntax", "invalidSyntax"},
	{"no JSON", "{" + patchOps + `[{"op":"add","path":"nickName","value":"` + "\xff" + `"}]}`, "invalidSyntax", "invalidSyntax"},
	{"no JSON", "{" + patchOps + `[{"op":"add","path":"nickName","value":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}]}`, "invalidSyntax", "invalidSyntax"},
	{"no object", `[` + oneOp + `]`, "invalidSyntax", "invalidSyntax"},
	{"no object", `null`, "invalidSyntax", "invalidSyntax"},
}

func TestDecodeEnvelope(t *testing.T) {
	for _, test := range envelopeTests {
		for want, o := range map[string]patch.Options{"tolerant " + test.tolerant: {}, "strict " + test.strict: patch.Strict()} {
			t.Run(test.id+" "+want, func(t *testing.T) {
				_, want, _ := strings.Cut(want, " ")
				req, err := patch.Decode(richType, []byte(test.body), o)
				if want == "" {
					require.NoError(t, err)
					assert.Len(t, req.Ops, 1)
					return
				}
				assert.Equal(t, want, string(asError(t, err).Type))
				assert.Zero(t, req)
			})
		}
	}
}

// TestDecodeOps: want prints each operation: kind, target, value, and what else is
// set.
func TestDecodeOps(t *testing.T) {
	for _, test := range []struct {
		id, ops string
		want    []string
	}{
		{"a path", `{"op":"Add","path":"NICKNAME","value":"x"}`, []string{`0 add NICKNAME → nickName "x"`}},
		{"a sub-attribute", `{"op":"replace","path":"name.givenName","value":"x"}`, []string{`0 replace name.givenName → name .givenName "x"`}},
		{"a filter", `{"op":"replace","path":"emails[type eq \"work\"].value","value":"x"}`, []string{`0 replace emails[type eq "work"].value → emails [type eq "work"] .value "x"`}},
		{"a list of one", `{"op":"add","path":"emails","value":{"value":"x"}}`, []string{`0 add emails → emails [{"value":"x"}]`}},
		{"an element", `{"op":"add","path":"emails[type eq \"work\"]","value":{"value":"x"}}`, []string{`0 add emails[type eq "work"] → emails [type eq "work"] {"value":"x"}`}},
		{"null", `{"op":"replace","path":"nickName","value":null},{"op":"replace","path":"name","value":""},{"op":"replace","path":"name","value":{}},{"op":"replace","path":"emails","value":[]}`,
			[]string{`0 replace nickName → nickName null Null`, `1 replace name → name null Null`, `2 replace name → name null`, `3 replace emails → emails null`}},
		{"cleared", `{"op":"replace","path":"name","value":{"givenName":null,"familyName":"F","formatted":"","nope":null}}`,
			[]string{`0 replace name → name {"familyName":"F"} Cleared name.givenName name.formatted`}},
		{"remove", `{"op":"remove","path":"emails"},{"op":"remove","path":"nickName","value":"x"}`, []string{`0 remove emails → emails null`, `1 remove nickName → nickName null`}},
		{"remove-with-value", `{"op":"Remove","path":"emails","value":[{"value":"x"}]}`, []string{`0 remove emails → emails [{"value":"x"}] Listed`}},
		{"remove-with-value", `{"op":"Remove","path":"emails","value":{"EMAILS":[{"value":"x"}]}}`, []string{`0 remove emails → emails [{"value":"x"}] Listed`}},
		{"remove-with-value", `{"op":"Remove","path":"emails","value":[]}`, []string{`0 remove emails → emails null Listed`}},
		{"keys", `{"op":"add","value":{"nickName":"x","name.givenName":"y","$E:department":"d","$E":{"division":"v","manager.value":"m"},"emails[type eq \"work\"].display":"z"}}`,
			[]string{
				`0 add nickName → nickName "x" Key`, `0 add name.givenName → name .givenName "y" Key`, `0 add $E:department → $E:department "d" Key`,
				`0 add $E:division → $E:division "v" Key`, `0 add $E:manager.value → $E:manager .value "m" Key`,
				`0 add emails[type eq "work"].display → emails [type eq "work"] .display "z" Key`,
			}},
		{"nothing to do", `{"op":"add","value":{}},{"op":"add","value":{"schemas":["x"],"meta":{},"nope":1,"id":null,"password":""}}`, nil},
		{"id", `{"op":"add","value":{"id":"u1"}}`, []string{`0 add id → id "u1" Key`}},
		{"an extension", `{"op":"add","path":"$E","value":{"division":"v"}},{"op":"remove","path":"$E"},{"op":"replace","path":"$E","value":null},{"op":"add","path":"$E","value":null}`,
			[]string{`0 add $E:division → $E:division "v" Key`, `1 remove $E → $E`, `2 remove $E → $E`}},
		{"a password", `{"op":"replace","path":"password","value":"t1meMa$heen"},{"op":"add","value":{"PASSWORD":"s3cret"}},{"op":"remove","path":"password"},{"op":"replace","path":"password","value":null}`,
			[]string{`0 replace password → password null Password t1meMa$heen`, `1 add PASSWORD → password null Key Password s3cret`}},
		{"escapes", `{"\u006fp":"\u0061dd","path":"nick\u004eame","value":"\u0078"},{"op":"add","value":{"nick\u004eame":"y"}}`,
			[]string{`0 add nickName → nickName "x"`, `1 add nickName → nickName "y" Key`}},
	} {
		t.Run(test.id, func(t *testing.T) {
			data := body(test.ops)
			req, err := patch.Decode(richType, data, patch.Options{})
			require.NoError(t, err)
			clear(data) // it may be used again
			var got []string
			for _, op := range req.Ops {
				got = append(got, printOp(op))
			}
			for i := range test.want {
				test.want[i] = macros.Replace(test.want[i])
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func printOp(op patch.Op) string {
	s := fmt.Sprintf("%d %s %s →", op.Index, op.Kind, op.Path)
	if op.Target.URN != "" {
		return s + " " + op.Target.URN
	}
	s += " " + op.Target.Attr.Path()
	if op.Target.Where != nil {
		s += " [" + op.Target.Where.String() + "]"
	}
	if op.Target.Sub != nil {
		s += " ." + op.Target.Sub.Name
	}
	s += " " + string(op.Value.AppendJSON(nil))
	for name, is := range map[string]bool{"Listed": op.Listed, "Null": op.Null, "Key": op.Key} {
		if is {
			s += " " + name
		}
	}
	if len(op.Cleared) > 0 {
		s += " Cleared"
	}
	for _, a := range op.Cleared {
		s += " " + a.Path()
	}
	if op.Password.IsSet() {
		s += " Password " + op.Password.Reveal()
	}
	return s
}

func TestDecodeNotes(t *testing.T) {
	for _, test := range []struct {
		id, ops string
		want    []schema.Note
	}{
		{"nothing to tell", `{"op":"add","path":"nickName","value":"x"},{"op":"add","value":{"title":"x"}}`, nil},
		{"op-case", `{"op":"Replace","path":"nickName","value":"x"},{"op":"Replace","path":"title","value":"x"}`, []schema.Note{{Path: "op", Rule: "case of op ignored"}}},
		{"string-booleans", `{"op":"replace","path":"active","value":"False"}`, []schema.Note{{Path: "active", Rule: "string taken as boolean"}}},
		{"remove-with-value", `{"op":"remove","path":"emails","value":[{"value":"secret@example.com"}]}`, []schema.Note{{Path: "emails", Rule: "only the listed values removed"}}},
		{"dotted-urn-keys", `{"op":"add","value":{"name.givenName":"x","$E:department":"y","emails[value eq \"secret@example.com\"].display":"z"}}`, []schema.Note{
			{Path: "name.givenName", Rule: "key taken as a path"}, {Path: "$E:department", Rule: "key taken as a path"}, {Path: "emails[…].display", Rule: "key taken as a path"}}},
		{"manager-shapes", `{"op":"add","path":"$E:manager","value":"26118"}`, []schema.Note{{Path: "$E:manager", Rule: `string taken as "value"`}}},
		{"manager-shapes", `{"op":"add","path":"$E:manager","value":[{"value":"26118"}]}`, []schema.Note{{Path: "$E:manager", Rule: "list taken as a single value"}}},
		{"manager-shapes", `{"op":"add","path":"$E:manager.$ref","value":"http://example.com"}`, []schema.Note{{Path: "$E:manager.$ref", Rule: "$ref follows from value; ignored"}}},
		{"nulls-unknowns", `{"op":"add","path":"shoeSize","value":42},{"op":"add","path":"emails[value eq \"secret@example.com\"].shoeSize","value":42},{"op":"add","value":{"user mobile":"x"}},{"op":"add","path":"name","value":{"shoeSize":42}}`, []schema.Note{
			{Path: "shoeSize", Rule: "unknown attribute ignored"}, {Path: "emails[…]", Rule: "unknown attribute ignored"},
			{Path: "user mobile", Rule: "unknown attribute ignored"}, {Path: "name.shoeSize", Rule: "unknown attribute ignored"}}},
		{"id-in-patch-value", `{"op":"add","value":{"id":"u1","schemas":["x"],"meta":{"a":1}}}`, []schema.Note{
			{Path: "schemas", Rule: "follows from the data; ignored"}, {Path: "meta", Rule: "readOnly attribute ignored"}}},
		{"patch-envelope", `{"op":"add","path":"","value":{"nickName":"x"}}`, []schema.Note{{Path: "path", Rule: "empty path taken as none"}}},
	} {
		t.Run(test.id, func(t *testing.T) {
			data := body(test.ops)
			req, err := patch.Decode(richType, data, patch.Options{})
			require.NoError(t, err)
			for i := range test.want {
				test.want[i].Path = macros.Replace(test.want[i].Path)
			}
			assert.Equal(t, test.want, req.Notes)
			notRepeated(t, data, req.Notes, nil)
		})
	}
}

// TestErrors holds what an administrator reads.
func TestErrors(t *testing.T) {
	for _, test := range []struct{ ops, path, text string }{
		{`{"op":"add","path":"nickName","value":"x"},{"op":"mend"}`, "", `Operations[1]: op must be "add", "remove" or "replace"`},
		{`{"op":"remove"}`, "", `Operations[0]: remove needs a path`},
		{`{"op":"add","path":"title"}`, "title", `Operations[0], path title: add needs a value`},
		{`{"op":"add","path":"active","value":"perhaps"}`, "active", `Operations[0], path active: is a boolean, not a string`},
		{`{"op":"add","path":"$E","value":{"manager":5}}`, "$E:manager", `Operations[0], path $E:manager: is complex (a JSON object), not a number`},
		{`{"op":"add","path":"name","value":{"givenName":5}}`, "name", `Operations[0], path name: name.givenName: is a string, not a number`},
		{`{"op":"add","value":{"emails.value":"x"}}`, "emails.value", `Operations[0], path emails.value: emails is multi-valued: say which element, as in emails[type eq "work"].value`},
		{`{"op":"replace","path":"userName","value":""}`, "userName", `Operations[0], path userName: is required and must not be empty`},
		{`{"op":"replace","path":"meta.version","value":""}`, "meta.version", `Operations[0], path meta.version: is readOnly`},
		{`{"op":"add","path":"emails[not (type eq \"work\")].value","value":"x"}`, "emails[…].value", `Operations[0], path emails[…].value: no element matches the filter`},
		{`{"op":"add","path":"emails[type ne \"work\"]","value":{"value":"x"}}`, "emails[…]", `Operations[0], path emails[…]: no element matches the filter`},
		{`{"op":"add","path":"name..givenName","value":"x"}`, "name..givenName", `Operations[0], path name..givenName: expected `},
		{`{"op":"replace","path":"userName[value eq \"hush\"]","value":"x"}`, "userName[…]", `Operations[0], path userName[…]: `},
		{`{"op":"remove","path":"title"},{"op":"remove","path":"userName"}`, "userName", `Operations[1], path userName: is required and can't be removed`},
		{`{"op":"add","path":"$N:other","value":"x"}`, "$N:needed", `Operations[0], path $N:needed: is required`},
		{`{"op":"add","value":{"id":"x"}}`, "id", `Operations[0], path id: is readOnly`},
		{`{"op":"add","path":"` + strings.Repeat("é", 200) + `[","value":"x"}`, strings.Repeat("é", 150) + "…", `Operations[0], path ` + strings.Repeat("é", 150) + "…"},
	} {
		data := body(test.ops)
		_, err := decodeAndApply(resource(t, richType, `{"userName":"b"}`), data, patch.Options{})
		e := asError(t, err)
		assert.Equal(t, macros.Replace(test.path), e.Path)
		assert.Contains(t, e.Error(), macros.Replace(test.text))
		notRepeated(t, data, nil, err)
	}
	assert.EqualError(t, &patch.Error{Index: -1, Path: "x", Msg: "What is wrong."}, "What is wrong.")
}

func decodeAndApply(r *schema.Resource, data []byte, o patch.Options) (patch.Result, error) {
	req, err := patch.Decode(r.Type(), data, o)
	if err != nil {
		return patch.Result{}, err
	}
	return patch.Apply(r, req.Ops, o)
}

// TestOptions walks the refusals, each alone: what the tolerant dialect takes is an
// error of that type.
func TestOptions(t *testing.T) {
	const noSchemas = `{"Operations":[` + oneOp + `]}`
	for _, test := range []struct {
		name string
		o    patch.Options
		body string
		want schema.ScimType
	}{
		{"RefuseMissingSchemas", patch.Options{RefuseMissingSchemas: true}, noSchemas, schema.ScimTypeInvalidSyntax},
		{"RefuseRemoveByValue", patch.Options{RefuseRemoveByValue: true}, string(body(`{"op":"remove","path":"emails","value":[{"value":"x"}]}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseKeyPaths", patch.Options{RefuseKeyPaths: true}, string(body(`{"op":"add","value":{"name.givenName":"x"}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseKeyPaths", patch.Options{RefuseKeyPaths: true}, string(body(`{"op":"add","value":{"$E:department":"x"}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseKeyPaths", patch.Options{RefuseKeyPaths: true}, string(body(`{"op":"add","value":{"$E":{"manager.value":"x"}}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseKeyPaths", patch.Options{RefuseKeyPaths: true}, string(body(`{"op":"add","value":{"emails[type eq \"work\"].value":"x"}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseUnknown", patch.Options{RefuseUnknown: true}, string(body(`{"op":"add","path":"shoeSize","value":"x"}`)), schema.ScimTypeInvalidPath},
		{"RefuseUnknown", patch.Options{RefuseUnknown: true}, string(body(`{"op":"add","value":{"shoeSize":"x"}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseUnknown", patch.Options{RefuseUnknown: true}, string(body(`{"op":"add","value":{"shoe size":"x"}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseReadOnlyKeys", patch.Options{RefuseReadOnlyKeys: true}, string(body(`{"op":"add","value":{"groups":[]}}`)), schema.ScimTypeMutability},
		{"RefuseEmptyPath", patch.Options{RefuseEmptyPath: true}, string(body(`{"op":"add","path":"","value":{"nickName":"x"}}`)), schema.ScimTypeInvalidPath},
		{"RefuseNoPath", patch.Options{RefuseNoPath: true}, string(body(`{"op":"replace","value":{"active":false}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseNoPath", patch.Options{RefuseNoPath: true}, string(body(`{"op":"replace","path":null,"value":{"active":false}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseNoPath", patch.Options{RefuseNoPath: true}, string(body(`{"op":"replace","path":"","value":{"active":false}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseAddOfOne", patch.Options{RefuseAddOfOne: true}, string(body(`{"op":"add","path":"emails","value":{"value":"x"}}`)), schema.ScimTypeInvalidValue},
		{"RefuseAddOfOne", patch.Options{RefuseAddOfOne: true}, string(body(`{"op":"add","value":{"emails":{"value":"x"}}}`)), schema.ScimTypeInvalidValue},
		{"RefuseElements", patch.Options{RefuseElements: true}, string(body(`{"op":"remove","path":"emails[type eq \"work\"]"}`)), schema.ScimTypeInvalidPath},
		{"UnknownIsSyntax", patch.Options{RefuseUnknown: true, UnknownIsSyntax: true}, string(body(`{"op":"add","path":"shoeSize","value":"x"}`)), schema.ScimTypeInvalidSyntax},
		{"UnknownIsSyntax", patch.Options{RefuseUnknown: true, UnknownIsSyntax: true}, string(body(`{"op":"add","path":"name.shoeSize","value":"x"}`)), schema.ScimTypeInvalidSyntax},
		{"RefusePasswords", patch.Options{Decoding: schema.Decoding{RefusePasswords: true}}, string(body(`{"op":"add","path":"password","value":"x"}`)), schema.ScimTypeInvalidSyntax},
		{"RefusePasswords", patch.Options{Decoding: schema.Decoding{RefusePasswords: true}}, string(body(`{"op":"remove","path":"password"}`)), schema.ScimTypeInvalidSyntax},
		{"RefusePasswords", patch.Options{Decoding: schema.Decoding{RefusePasswords: true}}, string(body(`{"op":"add","value":{"password":"x"}}`)), schema.ScimTypeInvalidSyntax},
		{"RefuseCreateOnAdd", patch.Options{RefuseCreateOnAdd: true}, string(body(`{"op":"add","path":"ims[type eq \"aim\"].value","value":"x"}`)), schema.ScimTypeNoTarget},
		{"RefuseCreateOnReplace", patch.Options{RefuseCreateOnReplace: true}, string(body(`{"op":"replace","path":"ims[type eq \"aim\"].value","value":"x"}`)), schema.ScimTypeNoTarget},
		{"Decoding", patch.Options{Decoding: schema.StrictDecoding()}, string(body(`{"op":"add","path":"active","value":"True"}`)), schema.ScimTypeInvalidValue},
		{"Path", patch.Options{Path: filter.Leniency{RefuseBareWords: true}}, string(body(`{"op":"remove","path":"emails[value eq x]"}`)), schema.ScimTypeInvalidFilter},
		{"Checking", patch.Options{Checking: filter.StrictChecking()}, string(body(`{"op":"remove","path":"emails[primary eq \"True\"]"}`)), schema.ScimTypeInvalidFilter},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := resource(t, richType, user1)
			_, err := decodeAndApply(r, []byte(test.body), patch.Options{})
			require.NoError(t, err)
			_, err = decodeAndApply(r, []byte(test.body), test.o)
			assert.Equal(t, test.want, asError(t, err).Type)
		})
	}
}

// TestOverwriteComplex is AM-5 as the interoperability profile has it.
func TestOverwriteComplex(t *testing.T) {
	r := resource(t, richType, user1)
	o := patch.Options{OverwriteComplex: true}
	for ops, want := range map[string]string{
		`{"op":"replace","path":"name","value":{"familyName":"New"}}`:      `{"familyName":"New"}`,
		`{"op":"replace","value":{"name":{"familyName":"New"}}}`:           `{"familyName":"New"}`,
		`{"op":"add","path":"name","value":{"familyName":"New"}}`:          `{"givenName":"Barbara","familyName":"New"}`,
		`{"op":"replace","path":"name.familyName","value":"New"}`:          `{"givenName":"Barbara","familyName":"New"}`,
		`{"op":"replace","path":"name","value":{}}`:                        `null`,
		`{"op":"replace","path":"name","value":{"familyName":null}}`:       `null`,
		`{"op":"replace","path":"name","value":{"honorificPrefix":"Ms."}}`: `{"honorificPrefix":"Ms."}`,
	} {
		got, err := decodeAndApply(r, body(ops), o)
		require.NoError(t, err)
		assert.JSONEq(t, want, string(got.Resource.Get("name").AppendJSON(nil)), ops)
	}
}

func TestMaxOps(t *testing.T) {
	const n = patch.MaxOps
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":1`, i)
		}
		return `{"op":"add","path":"$O","value":{` + b.String()[1:] + `}}`
	}
	for _, test := range []struct {
		ops string
		ok  bool
	}{
		{strings.Repeat(oneOp+",", n-1) + oneOp, true},
		{strings.Repeat(oneOp+",", n) + oneOp, false},
		{keys(n), true},
		{keys(n + 1), false},
		{oneOp + "," + keys(n), false},
	} {
		req, err := patch.Decode(richType, body(test.ops), patch.Options{})
		if test.ok {
			require.NoError(t, err)
			assert.Len(t, req.Ops, n)
			continue
		}
		assert.Contains(t, asError(t, err).Msg, "more than 10000")
	}
}

// TestManyNotes: one request does not fill the log.
func TestManyNotes(t *testing.T) {
	var ops []string
	for i := range 1000 {
		ops = append(ops, fmt.Sprintf(`{"op":"Add","path":"unknown%d","value":1}`, i))
	}
	req, err := patch.Decode(richType, body(strings.Join(ops, ",")), patch.Options{})
	require.NoError(t, err)
	assert.Len(t, req.Notes, 100)
	assert.Len(t, slices.Compact(req.Notes), 100)
}

func TestKind(t *testing.T) {
	assert.Equal(t, "add remove replace", fmt.Sprint(patch.Add, patch.Remove, patch.Replace))
}
