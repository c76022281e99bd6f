package schema_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

const baseURL = "https://example.com/scim/v2"

// fullEncoding is one with everything that a handler gives.
func fullEncoding(p *schema.Projection) schema.Encoding {
	return schema.Encoding{Projection: p, Links: schema.NewLinks(baseURL, map[string]string{"User": "/Users", "Team": "/Teams"})}
}

var someMeta = schema.Meta{
	Created:      time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	LastModified: time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.FixedZone("", 3600)),
	Version:      "17",
}

func TestAppendJSON(t *testing.T) {
	const (
		thing = `{"schemas":["` + schema.ThingURN + `"]`
		ext   = `{"schemas":["` + schema.ThingURN + `","` + schema.ThingExtURN + `"]`
	)
	tests := []struct{ id, doc, want string }{
		{"nothing", `{}`, thing + `}`},
		{"S-2.1-02", `{"NAME":"x"}`, thing + `,"name":"x"}`},
		{"S-2.3.1-04", `{"str":"Zoë 😀 \"q\" \\ \n","name":"\u0000\u001f\u007f\u2028<>&"}`,
			thing + `,"str":"Zoë 😀 \"q\" \\ \n","name":"\u0000\u001f` + "\u007f\u2028" + `<>&"}`},
		{"S-2.3.4-02", `{"num":9007199254740993,"dec":1.50}`, thing + `,"dec":1.50,"num":9007199254740993}`},
		{"S-2.5-03", `{"str":null,"tags":[]}`, thing + `}`},
		{"S-3.3-04", `{"str":"a","` + schema.ThingExtURN + `":{"str":"b","one":{"num":1}}}`, ext + `,"str":"a","` + schema.ThingExtURN + `":{"str":"b","one":{"num":1}}}`},
		{"S-3.3-06, two extensions", `{"` + schema.ThingExtURN + `":{"bool":true},"` + schema.EnterpriseUserURN + `":{"department":"D"}}`,
			`{"schemas":["` + schema.ThingURN + `","` + schema.EnterpriseUserURN + `","` + schema.ThingExtURN + `"],"` +
				schema.EnterpriseUserURN + `":{"department":"D"},"` + schema.ThingExtURN + `":{"bool":true}}`},
		{"open keys are escaped", `{"` + schema.MetadataURN + `":{"a\"b":"x","ä":"y"}}`,
			`{"schemas":["` + schema.ThingURN + `","` + schema.MetadataURN + `"],"` + schema.MetadataURN + `":{"a\"b":"x","ä":"y"}}`},
		{"S-7-14, S-7-16", `{"wo":"x","never":"y","one":{"must":"z","never":"y"}}`, thing + `,"one":{"must":"z"}}`},
		{"S-7-18", `{"req":"x","one":{"must":"z","req":"y"}}`, thing + `,"one":{"must":"z"}}`},
		{"nothing is left to show", `{"one":{"never":"y"},"never":"x"}`, thing + `}`},
		{"a computed $ref", `{"owner":{"value":"u1","display":"U"},"teams":[{"value":"a b/c"},{"display":"no value"}]}`,
			thing + `,"owner":{"value":"u1","display":"U","$ref":"` + baseURL + `/Users/u1"},"teams":[{"value":"a b/c","$ref":"` + baseURL + `/Teams/a%20b%2Fc"},{"display":"no value"}]}`},
		{"a $ref that is data", `{"members":[{"value":"a","$ref":"x"}]}`, thing + `,"members":[{"value":"a","$ref":"x"}]}`},
	}
	typ := schema.ThingType()
	for _, tt := range tests {
		got := string(decode(t, typ, tt.doc).AppendJSON(nil, fullEncoding(nil)))
		assert.Equal(t, tt.want, got, tt.id)
		assert.True(t, json.Valid([]byte(got)), tt.id)
	}
}

func TestAppendJSONMeta(t *testing.T) {
	typ := schema.MustCompile(schema.TypeConfig{Name: "Big \"Thing\"", Endpoint: "/Things", Schema: schema.Schema{ID: baseURN, Attributes: attrs{{Name: "a"}}}})
	r := decode(t, typ, `{"a":"x"}`)
	const head = `{"schemas":["` + baseURN + `"]`
	tests := []struct {
		about string
		id    string
		meta  schema.Meta
		base  string
		want  string
	}{
		{"before it is stored", "", someMeta, baseURL, head + `,"a":"x"}`},
		{"S-3.1-01", "7", someMeta, baseURL, head + `,"id":"7","a":"x","meta":{"resourceType":"Big \"Thing\"","created":"2026-01-02T03:04:05Z",` +
			`"lastModified":"2026-01-02T02:04:05.6789Z","location":"` + baseURL + `/Things/7","version":"W/\"17\""}}`},
		{"only an id", "7", schema.Meta{}, "", head + `,"id":"7","a":"x","meta":{"resourceType":"Big \"Thing\""}}`},
		{"an odd id", "a/\"é\n", schema.Meta{}, baseURL, head + `,"id":"a/\"é\n","a":"x","meta":{"resourceType":"Big \"Thing\"","location":"` + baseURL + `/Things/a%2F%22%C3%A9%0A"}}`},
		{"an odd base URL", "7", schema.Meta{}, `https://x/"`, head + `,"id":"7","a":"x","meta":{"resourceType":"Big \"Thing\"","location":"https://x/\"/Things/7"}}`},
		{"an odd version", "7", schema.Meta{Version: "\\\x01"}, "", head + `,"id":"7","a":"x","meta":{"resourceType":"Big \"Thing\"","version":"W/\"\\\u0001\""}}`},
		{"not UTF-8", "\xff", schema.Meta{}, "", head + `,"id":"` + "\ufffd" + `","a":"x","meta":{"resourceType":"Big \"Thing\""}}`},
	}
	for _, tt := range tests {
		got := string(r.WithMeta(tt.id, tt.meta).AppendJSON(nil, schema.Encoding{Links: schema.NewLinks(tt.base, nil)}))
		assert.Equal(t, tt.want, got, tt.about)
		assert.True(t, json.Valid([]byte(got)), tt.about)
	}
	assert.Equal(t, head+`,"a":"x"}`, r.String(), "WithMeta leaves r as it was")
}

// TestAppendJSONAppends: what is there before stays, whatever the capacity.
func TestAppendJSONAppends(t *testing.T) {
	r := decode(t, schema.UserType(), `{"userName":"x"}`)
	for n := range 300 {
		got := r.AppendJSON(append(make([]byte, 0, n+4), "list"...), schema.Encoding{})
		require.Equal(t, "list"+r.String(), string(got))
	}
	assert.Equal(t, "x", string(schema.Value{}.AppendJSON([]byte("x"))[:1]))
	assert.Equal(t, `["a"]`, string(decode(t, schema.ThingType(), `{"tags":["a"]}`).Get("tags").AppendJSON(nil)))
}

func TestEncodingTail(t *testing.T) {
	tail := func(dst []byte) []byte { return append(dst, `,"members":[{"value":"a"}]`...) }
	typ := schema.GroupType()
	r := decode(t, typ, `{"displayName":"g"}`).WithMeta("7", schema.Meta{})
	assert.Equal(t, `{"schemas":["`+schema.GroupURN+`"],"id":"7","displayName":"g","members":[{"value":"a"}],"meta":{"resourceType":"Group"}}`,
		string(r.AppendJSON(nil, schema.Encoding{Tail: tail})))
	assert.Equal(t, `{"schemas":["`+schema.GroupURN+`"],"members":[{"value":"a"}]}`,
		string(schema.NewResource(t, typ).AppendJSON(nil, schema.Encoding{Tail: tail})))
	user := decode(t, schema.UserType(), `{"`+schema.EnterpriseUserURN+`":{"department":"D"}}`)
	assert.True(t, json.Valid(user.AppendJSON(nil, schema.Encoding{Tail: tail})), "behind an extension")
}

func TestMarshalJSON(t *testing.T) {
	r := decode(t, schema.UserType(), `{"userName":"x"}`)
	text, err := json.Marshal(map[string]any{"r": r})
	require.NoError(t, err)
	assert.Equal(t, `{"r":`+r.String()+`}`, string(text))
}

func TestAppendQuote(t *testing.T) {
	for _, s := range []string{"", "a", "ä😀", "\"\\/", "\x00\x1f \x7f", "\u2028\u2029\ufffd", "<&>", "\xff", "a\xc0", "\xed\xa0\x80", strings.Repeat("x", 100) + "\n"} {
		got := schema.AppendQuote([]byte("="), s)
		var back string
		require.NoError(t, json.Unmarshal(got[1:], &back), "%q", got)
		assert.Equal(t, string([]rune(s)), back)
		assert.Equal(t, byte('='), got[0])
	}
}

// projected has a bit of everything.
const projected = `{"name":"n","str":"s","always":"a","never":"x","wo":"x","req":"r","externalId":"e",
	"one":{"must":"m","str":"s","always":"a","never":"x","req":"r"},
	"many":[{"str":"1","num":1},{"str":"2"}],
	"owner":{"value":"u1"},
	"` + schema.EnterpriseUserURN + `":{"department":"D","manager":{"value":"m1"}},
	"` + schema.ThingExtURN + `":{"must":"m","one":{"str":"s"}},
	"` + schema.MetadataURN + `":{"known":1,"key":"v","Other":"w"},
	"` + schema.CountersURN + `":{"c":[1]}}`

func TestProject(t *testing.T) {
	const (
		ent  = schema.EnterpriseUserURN
		ext  = schema.ThingExtURN
		md   = schema.MetadataURN
		id   = `"id":"7",`
		meta = `,"meta":{"resourceType":"Thing","location":"` + baseURL + `/Things/7"}`

		one     = `"one":{"str":"s","must":"m","always":"a"}`
		many    = `"many":[{"str":"1","num":1},{"str":"2"}]`
		owner   = `"owner":{"value":"u1","$ref":"` + baseURL + `/Users/u1"}`
		entData = `"` + ent + `":{"department":"D","manager":{"value":"m1","$ref":"` + baseURL + `/Users/m1"}}`
		extData = `"` + ext + `":{"must":"m","one":{"str":"s"}}`
		mdData  = `"` + md + `":{"known":1,"key":"v","Other":"w"}`
		counts  = `"` + schema.CountersURN + `":{"c":[1]}`
	)
	all := `"externalId":"e","str":"s","name":"n","always":"a",` + one + `,` + many + `,` + owner + `,` + entData + `,` + extData + `,` + mdData + `,` + counts
	less := func(what ...string) string {
		text := all + meta
		for i := 0; i < len(what); i += 2 {
			require.Contains(t, text, what[i])
			text = strings.Replace(text, what[i], what[i+1], 1)
		}
		return id + text
	}
	tests := []struct {
		id                   string
		attributes, excluded string // separated by commas
		want                 string // without "schemas", which are always there
	}{
		{"neither", "", "", id + all + meta},
		{"P-3.9-02, S-7-15, S-3.1-10, S-3.1-25", "name", "", id + `"name":"n","always":"a"`},
		{"P-3.9-02", "name,one.str", "", id + `"name":"n","always":"a","one":{"str":"s","always":"a"}`},
		{"P-3.9-03", "", "many,one.str", less(many+",", "", one, `"one":{"must":"m","always":"a"}`)},
		{"P-3.9-04, attributes win", "name", "name", id + `"name":"n","always":"a"`},
		{"P-3.9-05", "many.num", "", id + `"always":"a","many":[{"num":1}]`},
		{"P-3.9-05", "", "many.str", less(many, `"many":[{"num":1}]`)},
		{"P-3.9-06", ent, "", id + `"always":"a",` + entData},
		{"P-3.9-06", ent + ":manager.value", "", id + `"always":"a","` + ent + `":{"manager":{"value":"m1"}}`},
		{"P-3.9-06", ent + ":manager", "", id + `"always":"a","` + ent + `":{"manager":{"value":"m1","$ref":"` + baseURL + `/Users/m1"}}`},
		{"P-3.9-06", ent + ":manager.$ref", "", id + `"always":"a","` + ent + `":{"manager":{"$ref":"` + baseURL + `/Users/m1"}}`},
		{"P-3.9-06", "", ent, less(entData+",", "")},
		{"P-3.9-06", "", ent + ":department", less(`"department":"D",`, "")},
		{"P-3.9-06", "", ent + ":manager.$ref", less(`,"$ref":"`+baseURL+`/Users/m1"`, "")},
		{"P-3.9-06, two", ent + ":department," + ext + ":must", "", id + `"always":"a","` + ent + `":{"department":"D"},"` + ext + `":{"must":"m"}`},
		{"P-3.9-07", "nope," + ent + ":nope,one.nope", "", id + `"always":"a"`},
		{"P-3.9-07", "", "nope", id + all + meta},
		{"P-3.9-08", "NAME,STR,name", "", id + `"str":"s","name":"n","always":"a"`},
		{"P-3.9-08", strings.ToUpper(ent), "", id + `"always":"a",` + entData},
		{"P-3.9-09", "", "schemas,id", id + all + meta},
		{"P-3.9-10", "never,wo,req,one.never,password", "", id + `"always":"a","req":"r"`},
		{"P-3.9-10", "one.req,one.never", "", id + `"always":"a","one":{"always":"a","req":"r"}`},
		{"S-7-18", "one", "", id + `"always":"a",` + one},
		{"S-7-15", "", "always,one.always", id + all + meta},
		{"S-3.1-25", "meta.location", "", id + `"always":"a","meta":{"location":"` + baseURL + `/Things/7"}`},
		{"S-3.1-25", "meta", "", id + `"always":"a"` + meta},
		{"nothing of meta", "meta.version", "", id + `"always":"a"`},
		{"nothing of meta", "", "meta.resourceType,meta.location", less(meta, "")},
		{"nothing of an object", "owner.display,many.when,one.tags", "", id + `"always":"a","one":{"always":"a"}`},
		{"nothing of an extension", ext + ":one.num," + ext + ":str", "", id + `"always":"a"`},
		{"between extensions", ent + "," + ext + ":one.num," + md + ":known", "", id + `"always":"a",` + entData + `,"` + md + `":{"known":1}`},
		{"an open extension", md, "", id + `"always":"a",` + mdData},
		{"one key", md + ":KEY", "", id + `"always":"a","` + md + `":{"key":"v"}`},
		{"one key and what is declared", md + ":key," + md + ":known", "", id + `"always":"a","` + md + `":{"known":1,"key":"v"}`},
		{"a key and all", md + ":key," + md, "", id + `"always":"a",` + mdData},
		{"a key and another open extension", md + ":key," + schema.CountersURN, "", id + `"always":"a","` + md + `":{"key":"v"},` + counts},
		{"a key that is not there", md + ":nope", "", id + `"always":"a"`},
		{"without a key", "", md + ":Key", less(`"key":"v",`, "")},
		{"without keys", "", md + ":key," + md + ":other", less(`,"key":"v","Other":"w"`, "")},
		{"without the open extension", "", md, less(mdData+",", "")},
	}
	typ := schema.ThingType()
	r := decode(t, typ, projected).WithMeta("7", schema.Meta{})
	for _, tt := range tests {
		p := typ.Project(split(tt.attributes), split(tt.excluded))
		got := string(r.AppendJSON(nil, fullEncoding(p)))
		_, got, _ = strings.Cut(got, "],")
		assert.Equal(t, tt.want+"}", got, "%s: %s - %s", tt.id, tt.attributes, tt.excluded)
	}
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// TestProjectOpen: what an open extension says of its keys counts for each of them.
func TestProjectOpen(t *testing.T) {
	const key = schema.MetadataURN + ":k"
	for returned, want := range map[schema.Returned][3]bool{ // by default, named, excluded
		schema.ByDefault: {true, true, false},
		schema.Always:    {true, true, true},
		schema.Never:     {false, false, false},
		schema.OnRequest: {false, true, false},
	} {
		typ := schema.MustCompile(config(nil, schema.Schema{ID: schema.MetadataURN, Open: &schema.Attribute{Returned: returned}}))
		r := decode(t, typ, `{"`+schema.MetadataURN+`":{"k":"v"}}`)
		a, _ := typ.Attr(key)
		for i, p := range []*schema.Projection{typ.Project(nil, nil), typ.Project([]string{key}, nil), typ.Project(nil, []string{key})} {
			shown := strings.Contains(string(r.AppendJSON(nil, schema.Encoding{Projection: p})), `"k":"v"`)
			assert.Equal(t, want[i], shown, "%s %d", returned, i)
			assert.Equal(t, want[i], p.Shows(a), "%s %d", returned, i)
		}
	}
}

func TestProjectionShows(t *testing.T) {
	typ := schema.GroupType()
	members, _ := typ.Attr("members")
	name, _ := typ.Attr("displayName")
	p := typ.Project(nil, []string{"Members"}) // quirk excluded-members
	assert.False(t, p.Shows(members))
	assert.True(t, p.Shows(name))
	assert.True(t, typ.Project(nil, nil).Shows(members))
	assert.False(t, typ.Project([]string{"displayName"}, nil).Shows(members))
	assert.True(t, typ.Project([]string{"members.value"}, nil).Shows(members))
}

// TestProjectionWith: what a client has just sent is shown (S-7-18).
func TestProjectionWith(t *testing.T) {
	typ := schema.ThingType()
	r := decode(t, typ, `{"req":"r","never":"x","one":{"req":"r","must":"m"},"`+schema.MetadataURN+`":{"k":"v","l":"w"}}`)
	before := typ.Project([]string{"id"}, nil)
	p := before
	for _, path := range []string{"req", "never", "one.req", schema.MetadataURN + ":K"} {
		a, ok := typ.Attr(path)
		require.True(t, ok)
		p = p.With(a)
	}
	_, got, _ := strings.Cut(string(r.AppendJSON(nil, schema.Encoding{Projection: p})), "],")
	assert.Equal(t, `"req":"r","one":{"req":"r"},"`+schema.MetadataURN+`":{"k":"v"}}`, got)
	assert.Equal(t, `{"schemas":["`+schema.ThingURN+`","`+schema.MetadataURN+`"]}`, string(r.AppendJSON(nil, schema.Encoding{Projection: before})), "With leaves it as it was")
}
