package schema

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// decodeSeeds are documents that fuzzing starts from; TestDecode has their meaning.
var decodeSeeds = []string{
	``, ` `, `null`, `[]`, `{}`, `{"schemas":["` + ThingURN + `"]}`, `{"a":1}x`, `{"name":"\ud800"}`, "{\"name\":\"\xff\"}",
	`{"NAME":"x","nums":[1,-2,3e1],"bool":"True","dec":1.50,"when":"2008-01-23T04:56:22Z","bin":"TWFu","link":"/a"}`,
	`{"one":{"must":"x","one":1,"TAGS":"t","tags":null},"owner":"u1","teams":[{"value":"t","$ref":"../t"},"x"]}`,
	`{"plural":[{"value":"a","type":"WORK","primary":true},{"value":"a","type":"work"},{"primary":"true","value":""}]}`,
	`{"` + EnterpriseUserURN + `":{"manager.value":"m","manager":{"displayName":"x"}},"one.str":"x","urn:x":[[{}]]}`,
	`{"` + MetadataURN + `":{"k":{"a":[1, 2]},"K":null,"known":"1","box.str":"s","":1},"` + MetadataURN + `.dot":true}`,
	`{"` + CountersURN + `":{"b":[1],"a":2,"A":[]},"` + CountersURN + `:c":[{"value":1}],"meta":{"x":[{"y":"\u00e9"}]}}`,
	`{"name":[{"value":"x"}],"one":[{"must":"\n\"\\"}],"canon":"ÜBUNG","nickName":5,"num":[{"VALUE":7,"value":8}]}`,
}

// decodings are the ways to read of all fuzz tests.
var decodings = []Decoding{{}, StrictDecoding(), lossless}

// FuzzDecode: no document makes Decode panic, every error is an *Error, what is no
// JSON is an error, and what is decoded has the right form and can be encoded and
// decoded again.
func FuzzDecode(f *testing.F) {
	for _, doc := range decodeSeeds {
		f.Add([]byte(doc))
	}
	types := []*Type{ThingType(), UserType(), GroupType()}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, typ := range types {
			for _, o := range decodings {
				fuzzDecode(t, typ, doc, o)
			}
		}
	})
}

func fuzzDecode(t *testing.T, typ *Type, doc []byte, o Decoding) {
	d, err := Decode(typ, doc, o)
	valid := jsontext.Value(doc).IsValid(jsontext.AllowDuplicateNames(true))
	if err != nil {
		checkError(t, err, valid)
		return
	}
	require.True(t, valid, "decoded what is no JSON")
	require.NoError(t, CheckResource(d.Resource))
	text := full(d.Resource)
	require.True(t, json.Valid([]byte(text)), text)
	again, err := Decode(typ, []byte(text), o)
	require.NoError(t, err, text)
	require.True(t, d.Resource.Equal(again.Resource), "%s\nbecame\n%s", text, full(again.Resource))
	require.Empty(t, d.Resource.Changed(again.Resource))
	if err := typ.Validate(d.Resource); err != nil {
		checkError(t, err, true)
	}
}

// checkError fails if err does not tell a client what is wrong with its JSON.
func checkError(t *testing.T, err error, valid bool) {
	var e *Error
	require.True(t, errors.As(err, &e), "%T: %v", err, err)
	require.Contains(t, []ScimType{ScimTypeInvalidSyntax, ScimTypeInvalidValue}, e.Type)
	require.NotEmpty(t, e.Msg)
	require.Less(t, len(e.Error()), 2000)
	if !valid && e.Path == "" {
		require.Equal(t, ScimTypeInvalidSyntax, e.Type)
	}
}

// FuzzDecodeValue is FuzzDecode for values of one attribute each.
func FuzzDecodeValue(f *testing.F) {
	typ := ThingType()
	var attrs []*Attr
	for _, a := range writable(typ) {
		attrs = append(attrs, a)
		attrs = append(attrs, a.subs...)
	}
	for i, text := range []string{
		``, `null`, `""`, `"x"`, `1`, `-1.5e3`, `true`, `"FALSE"`, `{}`, `[]`, `["a","A"]`, `[1,2,2]`, `"TWFu"`, `"/a"`, `x`, `1 2`,
		`{"value":"a"}`, `[{"value":"a"},{"value":"a","primary":true}]`, `"2008-01-23T04:56:22Z"`, `{"str":"a","STR":"b"}`,
	} {
		f.Add(uint(i), []byte(text))
		f.Add(uint(i+40), []byte(text))
	}
	f.Fuzz(func(t *testing.T, n uint, text []byte) {
		a := attrs[n%uint(len(attrs))]
		for _, o := range decodings {
			v, _, err := DecodeValue(a, text, o)
			fuzzValue(t, a, v, err, text, o, a.MultiValued)
			v, _, err = DecodeElement(a, text, o)
			fuzzValue(t, a, v, err, text, o, false)
		}
	})
}

func fuzzValue(t *testing.T, a *Attr, v Value, err error, text []byte, o Decoding, list bool) {
	valid := jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true))
	if err != nil {
		require.True(t, v.IsZero())
		checkError(t, err, valid)
		return
	}
	require.True(t, valid, "decoded what is no JSON")
	require.NoError(t, CheckValue(v))
	if v.IsZero() {
		return
	}
	require.Equal(t, list, v.IsList())
	again, _, err := decodeValue(a, v.AppendJSON(nil), o, list)
	require.NoError(t, err)
	require.True(t, v.Identical(again), "%s became %s", v.AppendJSON(nil), again.AppendJSON(nil))

	// What was decoded can be put where it belongs.
	if a.parent != nil && a.parent.MultiValued || a.IsComputed() || a.MultiValued && !list {
		return
	}
	r, err := New(a.t).Put(a, v).Build()
	require.NoError(t, err)
	require.NoError(t, CheckResource(r))
	require.True(t, r.Get(a.path).Identical(v) || a.isBeside(), "%s is %s", a.path, r)
}
