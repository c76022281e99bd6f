package schema_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

const (
	baseURN  = "urn:example:Base"
	extraURN = "urn:example:Extra"
)

// attrs is a short way to write the attributes of a type under test.
type attrs = []schema.Attribute

func config(base attrs, exts ...schema.Schema) schema.TypeConfig {
	c := schema.TypeConfig{Name: "Thing", Schema: schema.Schema{ID: baseURN, Attributes: base}}
	for _, s := range exts {
		c.Extensions = append(c.Extensions, schema.Extension{Schema: s})
	}
	return c
}

func extra(list ...schema.Attribute) schema.Schema {
	return schema.Schema{ID: extraURN, Attributes: list}
}

// subs returns n sub-attributes.
func subs(n int) attrs {
	list := make(attrs, n)
	for i := range list {
		list[i].Name = "s" + strings.Repeat("x", i)
	}
	return list
}

func TestCompileErrors(t *testing.T) {
	str := schema.Attribute{Name: "str"}
	tests := []struct {
		name string
		c    schema.TypeConfig
		want []string // parts of the error; none if it compiles
	}{
		{"no name", schema.TypeConfig{Schema: schema.User()}, []string{"a resource type needs a Name"}},
		{"no schema ID", schema.TypeConfig{Name: "Thing"}, []string{"type Thing: a schema needs an ID"}},
		{"no extension ID", config(attrs{str}, schema.Schema{}), []string{"type Thing: a schema needs an ID"}},
		{"an ID that is no URI", config(attrs{str}, schema.Schema{ID: "name"}), []string{"schema name: the ID is no URI"}},
		{"an ID with a blank for a scheme", config(attrs{str}, schema.Schema{ID: "my urn:x"}), []string{"my urn:x", "no URI"}},
		{"endpoint without /", schema.TypeConfig{Name: "User", Endpoint: "Users", Schema: schema.User()}, []string{`type User: endpoint "Users"`}},
		{"endpoint /", schema.TypeConfig{Name: "User", Endpoint: "/", Schema: schema.User()}, []string{`type User: endpoint "/"`}},
		{"endpoint that ends in /", schema.TypeConfig{Name: "User", Endpoint: "/Users/", Schema: schema.User()}, []string{`"/Users/"`}},
		{"endpoint with a pattern", schema.TypeConfig{Name: "User", Endpoint: "/{x}", Schema: schema.User()}, []string{`"/{x}"`}},
		{"endpoint with a query", schema.TypeConfig{Name: "User", Endpoint: "/Users?x", Schema: schema.User()}, []string{`"/Users?x"`}},
		{"deep endpoint", schema.TypeConfig{Name: "User", Endpoint: "/v2/Users", Schema: schema.User()}, nil},
		{"the base schema is open", schema.TypeConfig{Name: "Thing", Schema: schema.Schema{ID: baseURN, Open: &schema.Attribute{}}},
			[]string{"schema " + baseURN + ": only an extension may be open"}},
		{"an open extension is Complex", config(nil, schema.Schema{ID: extraURN, Open: &schema.Attribute{Type: schema.Complex, Sub: attrs{str}}}),
			[]string{"schema " + extraURN + ": Open must not be Complex"}},
		{"an open extension of no type", config(nil, schema.Schema{ID: extraURN, Open: &schema.Attribute{Type: 99}}),
			[]string{"schema " + extraURN, "there is no data type 99"}},
		{"the same schema twice", config(attrs{str}, extra(str), schema.Schema{ID: strings.ToUpper(extraURN)}),
			[]string{"type Thing: schema URN:EXAMPLE:EXTRA is there twice"}},
		{"the base schema as an extension", config(attrs{str}, schema.Schema{ID: baseURN}), []string{"schema " + baseURN + " is there twice"}},
		{"the same attribute twice", config(attrs{str, {Name: "STR"}}), []string{"schema " + baseURN + ": attribute STR is there twice"}},
		{"the same in an extension", config(nil, extra(str, str)), []string{"schema " + extraURN + ": attribute " + extraURN + ":str is there twice"}},
		{"the same sub-attribute twice", config(attrs{{Name: "c", Type: schema.Complex, Sub: attrs{str, {Name: "Str"}}}}), []string{"schema " + baseURN + ": attribute c.Str is there twice"}},
		{"the same name in base and extension", config(attrs{str}, extra(str)), nil},
		{"the same name above and below", config(attrs{str, {Name: "c", Type: schema.Complex, Sub: attrs{str}}}), nil},

		// S-2.1-05, RFC 7643, section 2.1.
		{"a digit first", config(attrs{{Name: "1bad"}}), []string{"schema " + baseURN + ": attribute 1bad: \"1bad\" is no attribute name"}},
		{"a blank", config(attrs{{Name: "a b"}}), []string{`"a b" is no attribute name`}},
		{"a dot", config(attrs{{Name: "a.b"}}), []string{`"a.b" is no attribute name`}},
		{"a colon", config(attrs{{Name: "a:b"}}), []string{`"a:b" is no attribute name`}},
		{"not ASCII", config(attrs{{Name: "größe"}}), []string{`"größe" is no attribute name`}},
		{"no name at all", config(attrs{{}}), []string{`"" is no attribute name`}},
		{"$ first", config(attrs{{Name: "$id"}}), []string{`"$id" is no attribute name`}},
		{"below a complex attribute", config(attrs{{Name: "c", Type: schema.Complex, Sub: attrs{{Name: "1"}}}}), []string{"attribute c.1", `"1" is no attribute name`}},
		{"in an extension", config(nil, extra(schema.Attribute{Name: "-"})), []string{"schema " + extraURN, `"-" is no attribute name`}},
		{"all characters", config(attrs{{Name: "aZ0-_$"}, {Name: "c", Type: schema.Complex, Sub: attrs{{Name: "$ref", Type: schema.Reference}}}}), nil},

		// S-2.3.8-02, RFC 7643, section 2.3.8.
		{"complex below complex", config(attrs{{Name: "c", Type: schema.Complex, Sub: attrs{{Name: "d", Type: schema.Complex, Sub: attrs{str}}}}}),
			[]string{"schema " + baseURN + ": attribute c.d: a sub-attribute must not be Complex"}},
		{"complex without Sub", config(attrs{{Name: "c", Type: schema.Complex}}), []string{"attribute c: a Complex attribute needs Sub"}},
		{"Sub without Complex", config(attrs{{Name: "c", Sub: attrs{str}}}), []string{"attribute c: only a Complex attribute has Sub"}},
		{"too many sub-attributes", config(attrs{{Name: "c", Type: schema.Complex, Sub: subs(schema.MaxSubs + 1)}}), []string{"attribute c: more than 64 sub-attributes"}},
		{"just enough", config(attrs{{Name: "c", Type: schema.Complex, Sub: subs(schema.MaxSubs)}}), nil},
		{"References without Reference", config(attrs{{Name: "s", References: []string{"User"}}}), []string{"attribute s: only a Reference has References"}},
		{"no such type", config(attrs{{Name: "s", Type: 8}}), []string{"attribute s: there is no data type 8"}}, // S-2.3-01

		// S-2.4-02, RFC 7643, section 2.4.
		{"a primary that is a string", config(attrs{{Name: "c", Type: schema.Complex, MultiValued: true, Sub: attrs{{Name: "Primary"}}}}),
			[]string{"attribute c.Primary: the type must be boolean"}},
		{"a $ref that is a string", config(attrs{{Name: "c", Type: schema.Complex, MultiValued: true, Sub: attrs{{Name: "$ref"}}}}),
			[]string{"attribute c.$ref: the type must be reference"}},
		{"a primary of a single value", config(attrs{{Name: "c", Type: schema.Complex, Sub: attrs{{Name: "primary"}}}}), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			typ, err := schema.Compile(tt.c)
			if len(tt.want) == 0 {
				require.NoError(t, err)
				return
			}
			assert.Nil(t, typ)
			require.Error(t, err)
			for _, want := range tt.want {
				assert.ErrorContains(t, err, want)
			}
			for line := range strings.Lines(err.Error()) {
				assert.True(t, strings.HasPrefix(line, "schema: "), line)
			}
		})
	}
}

// TestCompileAllErrors: whoever writes a schema learns all mistakes at once, and
// each once.
func TestCompileAllErrors(t *testing.T) {
	_, err := schema.Compile(schema.TypeConfig{
		Endpoint: "Things",
		Schema:   schema.Schema{ID: baseURN, Open: &schema.Attribute{}, Attributes: attrs{{Name: "1"}, {Name: "2", Type: 9}}},
		Extensions: []schema.Extension{
			{Schema: extra(schema.Attribute{Name: "c", Type: schema.Complex}, schema.Attribute{Name: "C"})},
			{Schema: extra()},
		},
	})
	require.Error(t, err)
	assert.Equal(t, []string{
		`schema: a resource type needs a Name`,
		`schema: type : endpoint "Things" must be a path such as "/Users"`,
		`schema: schema urn:example:Base: only an extension may be open`,
		`schema: schema urn:example:Base: attribute 1: "1" is no attribute name: a letter, then letters, digits, "-", "_" and "$"`,
		`schema: schema urn:example:Base: attribute 2: "2" is no attribute name: a letter, then letters, digits, "-", "_" and "$"`,
		`schema: schema urn:example:Base: attribute 2: there is no data type 9`,
		`schema: schema urn:example:Extra: attribute urn:example:Extra:c: a Complex attribute needs Sub`,
		`schema: schema urn:example:Extra: attribute urn:example:Extra:C is there twice`,
		`schema: type : schema urn:example:Extra is there twice`,
	}, strings.Split(err.Error(), "\n"))
}

// TestCompileManyAttributes looks at the limit of numbers from both sides.
func TestCompileManyAttributes(t *testing.T) {
	const common = 9 // schemas, id, externalId, meta and what is below it
	list := make(attrs, 1<<16-common)
	for i := range list {
		name := []byte("aaaaa")
		for j, n := 1, i; n > 0; j, n = j+1, n/26 {
			name[j] = 'a' + byte(n%26)
		}
		list[i].Name = string(name)
	}
	_, err := schema.Compile(config(list))
	require.NoError(t, err)
	_, err = schema.Compile(config(append(list, schema.Attribute{Name: "one"}, schema.Attribute{Name: "two"})))
	require.ErrorContains(t, err, "attribute one: the type Thing has more than 65536 attributes")
	assert.NotContains(t, err.Error(), "\n", "it is said once")
	_, err = schema.Compile(config(list, schema.Schema{ID: extraURN, Open: &schema.Attribute{}}))
	require.ErrorContains(t, err, "schema "+extraURN)
}

func TestMustCompile(t *testing.T) {
	assert.Panics(t, func() { schema.MustCompile(schema.TypeConfig{}) })
}

// TestCompileCopies: a configuration may be changed when it has been compiled.
func TestCompileCopies(t *testing.T) {
	c := config(attrs{
		{Name: "canon", Canonical: []string{"a"}},
		{Name: "c", Type: schema.Complex, Sub: attrs{{Name: "s"}, {Name: "link", Type: schema.Reference, References: []string{"User"}}}},
	}, schema.Schema{ID: extraURN, Open: &schema.Attribute{Canonical: []string{"a"}}})
	typ := schema.MustCompile(c)
	c.Schema.Attributes[0].Canonical[0] = "changed"
	c.Schema.Attributes[1].Sub[0].Name = "changed"
	c.Schema.Attributes[1].Sub[1].References[0] = "changed"
	c.Extensions[0].Schema.Open.Canonical[0] = "changed"
	c.Extensions[0].Schema.ID = "changed"

	got := typ.Config()
	assert.Equal(t, "a", got.Schema.Attributes[0].Canonical[0])
	assert.Equal(t, "s", got.Schema.Attributes[1].Sub[0].Name)
	assert.Equal(t, "User", got.Schema.Attributes[1].Sub[1].References[0])
	assert.Equal(t, "a", got.Extensions[0].Schema.Open.Canonical[0])
	assert.Equal(t, extraURN, got.Extensions[0].Schema.ID)
	a, _ := typ.Attr("canon")
	assert.Equal(t, "a", a.Canonical[0])
}

func TestTypeDefaults(t *testing.T) {
	typ := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	assert.Equal(t, "User", typ.Name())
	assert.Equal(t, "/Users", typ.Endpoint(), "RFC 7644, section 3.2")
	typ = schema.MustCompile(schema.TypeConfig{Name: "Person", Endpoint: "/People", Schema: schema.User()})
	assert.Equal(t, "/People", typ.Endpoint())
	assert.Equal(t, "https://example.com/v2/People/a%2Fb", typ.Location("https://example.com/v2", "a/b"))
}

// TestAttr looks up each attribute in all the spellings that clients use.
func TestAttr(t *testing.T) {
	typ := schema.MustCompile(schema.TypeConfig{
		Name:   "User",
		Schema: schema.User(),
		Extensions: []schema.Extension{
			{Schema: schema.EnterpriseUser()},
			{Schema: schema.Schema{ID: extraURN, Attributes: attrs{{Name: "a"}, {Name: "Sub", Type: schema.Complex, Sub: attrs{{Name: "b"}}}}}},
			// Its URN is a longer one with the URN above as its beginning.
			{Schema: schema.Schema{ID: extraURN + ":Sub", Attributes: attrs{{Name: "c"}, {Name: "b"}}}},
			{Schema: schema.Schema{ID: schema.MetadataURN, Open: &schema.Attribute{}, Attributes: attrs{
				{Name: "known", Type: schema.Integer},
				{Name: "box", Type: schema.Complex, Sub: attrs{{Name: "s"}}},
			}}},
		},
	})
	const ent = schema.EnterpriseUserURN
	tests := []struct {
		path string
		want string // the canonical path; empty if there is none
	}{
		// The base schema.
		{"userName", "userName"},
		{"USERNAME", "userName"},
		{"username", "userName"},
		{"name.givenName", "name.givenName"},
		{"NAME.GIVENNAME", "name.givenName"},
		{"emails.value", "emails.value"},
		{"groups.$ref", "groups.$ref"},
		{"urn:ietf:params:scim:schemas:core:2.0:User:userName", "userName"},
		{"URN:IETF:PARAMS:SCIM:SCHEMAS:CORE:2.0:USER:NAME.GIVENNAME", "name.givenName"},
		{"urn:ietf:params:scim:schemas:core:2.0:User.userName", "userName"},

		// Common attributes (S-3-05).
		{"id", "id"},
		{"ID", "id"},
		{"EXTERNALID", "externalId"},
		{"meta.LASTMODIFIED", "meta.lastModified"},
		{"schemas", "schemas"},
		{"urn:ietf:params:scim:schemas:core:2.0:User:id", "id"},
		{"urn:ietf:params:scim:schemas:core:2.0:User:meta.created", "meta.created"},

		// Extensions (P-3.10, quirk custom-extension-paths).
		{ent + ":department", ent + ":department"},
		{strings.ToUpper(ent) + ":DEPARTMENT", ent + ":department"},
		{ent + ".department", ent + ":department"},
		{ent + ":manager", ent + ":manager"},
		{ent + ":manager.value", ent + ":manager.value"},
		{ent + ".Manager.Value", ent + ":manager.value"},
		{ent + ":manager.$ref", ent + ":manager.$ref"},

		// The longest URN counts.
		{extraURN + ":a", extraURN + ":a"},
		{extraURN + ":Sub", extraURN + ":Sub"},
		{extraURN + ":Sub.b", extraURN + ":Sub.b"},
		{extraURN + ":sub:C", extraURN + ":Sub:c"},
		{extraURN + ":Sub.c", extraURN + ":Sub:c"},
		{extraURN + ":Sub:b", extraURN + ":Sub:b"},
		{extraURN + ":Sub:a", ""},

		// Open extensions.
		{schema.MetadataURN + ":anything", schema.MetadataURN + ":anything"},
		{strings.ToUpper(schema.MetadataURN) + ":AnyThing", schema.MetadataURN + ":AnyThing"},
		{schema.MetadataURN + ":a.b:c d", schema.MetadataURN + ":a.b:c d"},
		{schema.MetadataURN + ".ä", schema.MetadataURN + ":ä"},
		{schema.MetadataURN + ":KNOWN", schema.MetadataURN + ":known"},
		{schema.MetadataURN + ":box.S", schema.MetadataURN + ":box.s"},
		{schema.MetadataURN + ":box.other", schema.MetadataURN + ":box.other"},
		{schema.MetadataURN + ":known.x", schema.MetadataURN + ":known.x"},
		{schema.MetadataURN + ":" + strings.Repeat("k", schema.MaxName), schema.MetadataURN + ":" + strings.Repeat("k", schema.MaxName)},
		{schema.MetadataURN + ":" + strings.Repeat("k", schema.MaxName+1), ""},
		{schema.MetadataURN + ":\xff", ""},
		{schema.MetadataURN + ":", ""},
		{schema.MetadataURN, ""},

		// What there is not. Unqualified names of extensions are not resolved (AM-47).
		{"department", ""},
		{"manager.value", ""},
		{"nope", ""},
		{"name.nope", ""},
		{"userName.value", ""},
		{"name.givenName.x", ""},
		{"", ""},
		{".", ""},
		{":", ""},
		{ent, ""},
		{ent + ":", ""},
		{ent + ":nope", ""},
		{ent + ":manager.nope", ""},
		{ent + "/department", ""},
		{"urn:other:User:userName", ""},
		{"userName ", ""},
		// Letters that fold to ASCII ones are not ASCII: U+212A is the Kelvin sign.
		{"nic\u212aName", ""},
		{"urn:ietf:params:scim:schemas:core:2.0:User:nic\u212aName", ""},
		{"urn:\u0131etf:params:scim:schemas:core:2.0:USER:userName", ""},
	}
	for _, tt := range tests {
		a, ok := typ.Attr(tt.path)
		if assert.Equal(t, tt.want != "", ok, tt.path) && ok {
			assert.Equal(t, tt.want, a.Path(), tt.path)
			again, ok := typ.Attr(a.Path())
			require.True(t, ok, "the canonical path %s is not found", a.Path())
			assert.Equal(t, a.Path(), again.Path())
			assert.Same(t, typ, a.Of())
		}
	}
}

func TestAttrPlaces(t *testing.T) {
	typ := schema.UserType()
	given, _ := typ.Attr("name.givenName")
	name, _ := typ.Attr("name")
	manager, _ := typ.Attr(schema.EnterpriseUserURN + ":manager")
	password, _ := typ.Attr("password")

	assert.Same(t, name, given.Parent())
	assert.Same(t, name, given.Top())
	assert.Same(t, name, name.Top())
	assert.Nil(t, name.Parent())
	assert.Same(t, given, name.SubAttr("GIVENNAME"))
	assert.Nil(t, name.SubAttr("nope"))
	assert.Nil(t, given.SubAttr("x"))
	assert.Len(t, name.Subs(), 6)
	assert.Empty(t, given.Subs())
	assert.Empty(t, name.URN())
	assert.Equal(t, schema.EnterpriseUserURN, manager.URN())
	assert.Equal(t, schema.EnterpriseUserURN, manager.SubAttr("value").URN())
	assert.True(t, password.IsPassword())
	assert.False(t, name.IsPassword())
	assert.True(t, manager.SubAttr("$ref").IsComputed(), "it points to one type")
	assert.False(t, manager.SubAttr("value").IsComputed())

	members, _ := schema.GroupType().Attr("members")
	assert.False(t, members.SubAttr("$ref").IsComputed(), "it may point to a User or a Group")
	location, _ := typ.Attr("meta.location")
	assert.False(t, location.IsComputed())
}

// TestAttrOfOpenExtension: a key is an attribute like others.
func TestAttrOfOpenExtension(t *testing.T) {
	typ := schema.ThingType()
	a, ok := typ.Attr(schema.CountersURN + ":Key")
	require.True(t, ok)
	assert.Equal(t, "Key", a.Name)
	assert.Equal(t, schema.Integer, a.Type)
	assert.True(t, a.MultiValued)
	assert.Equal(t, schema.CountersURN, a.URN())
	assert.Nil(t, a.Parent())
	assert.Same(t, a, a.Top())
	assert.Nil(t, a.SubAttr("value"))
	assert.Empty(t, a.Subs())
	assert.False(t, a.IsComputed())
	assert.False(t, a.IsPassword())
	assert.Same(t, typ, a.Of())
	v, err := a.Make([]any{1, 2})
	require.NoError(t, err)
	one, several := a.OnePrimary(v, 0)
	assert.False(t, several)
	assert.Equal(t, v, a.Unique(one))
}

// TestAttrs: common attributes come first, then the base schema's, then each
// extension's, and keys of open extensions are none of them.
func TestAttrs(t *testing.T) {
	typ := schema.MustCompile(config(attrs{{Name: "a"}, {Name: "b"}}, extra(schema.Attribute{Name: "c"}),
		schema.Schema{ID: schema.MetadataURN, Open: &schema.Attribute{}, Attributes: attrs{{Name: "d"}}}))
	var paths []string
	for _, a := range typ.Attrs() {
		paths = append(paths, a.Path())
	}
	assert.Equal(t, []string{"schemas", "id", "externalId", "meta", "a", "b", extraURN + ":c", schema.MetadataURN + ":d"}, paths)
}

// TestCommonAttributesWin: an older schema that lists common attributes has no say
// in what they are (S-3.1-03). An extension may have the same names for its own.
func TestCommonAttributesWin(t *testing.T) {
	typ := schema.MustCompile(config(attrs{
		{Name: "ID"}, {Name: "Meta", Type: schema.Integer}, {Name: "externalId", Type: schema.Boolean}, {Name: "schemas"}, {Name: "other"},
	}, extra(schema.Attribute{Name: "id", Type: schema.Integer})))
	for _, name := range []string{"schemas", "id", "externalId", "meta"} {
		a, ok := typ.Attr(name)
		require.True(t, ok)
		assert.Equal(t, name, a.Name)
	}
	id, _ := typ.Attr("id")
	assert.Equal(t, schema.ReadOnly, id.Mutability)
	assert.Equal(t, schema.Always, id.Returned)
	assert.True(t, id.CaseExact)
	external, _ := typ.Attr("externalId")
	assert.Equal(t, schema.String, external.Type)
	assert.Len(t, typ.Attrs(), 6)
	own, ok := typ.Attr(extraURN + ":id")
	require.True(t, ok)
	assert.Equal(t, schema.Integer, own.Type)
}

func TestExtensionLookUp(t *testing.T) {
	typ := schema.UserType()
	urn, ok := typ.ExtensionOf(strings.ToUpper(schema.EnterpriseUserURN))
	assert.True(t, ok)
	assert.Equal(t, schema.EnterpriseUserURN, urn)
	for _, path := range []string{schema.UserURN, "urn:x", "", schema.EnterpriseUserURN + ":"} {
		_, ok := typ.ExtensionOf(path)
		assert.False(t, ok, path)
	}

	for _, name := range []string{"manager.value", "MANAGER.VALUE"} {
		a, ok := typ.ExtensionAttr(strings.ToLower(schema.EnterpriseUserURN), name)
		require.True(t, ok)
		assert.Equal(t, schema.EnterpriseUserURN+":manager.value", a.Path())
	}
	for _, where := range [][2]string{{schema.UserURN, "userName"}, {schema.EnterpriseUserURN, "userName"}, {"urn:x", "a"}, {schema.EnterpriseUserURN, ""}} {
		_, ok := typ.ExtensionAttr(where[0], where[1])
		assert.False(t, ok, where)
	}
	open, ok := schema.ThingType().ExtensionAttr(schema.MetadataURN, "any.thing")
	require.True(t, ok)
	assert.Equal(t, schema.MetadataURN+":any.thing", open.Path())
}

// TestKey: what counts as equal, see RFC 7643, section 2.2, and RFC 7644, section 5.
func TestKey(t *testing.T) {
	user, thing := schema.UserType(), schema.ThingType()
	tests := []struct {
		typ  *schema.Type
		path string
		same []string // values with one key
		not  []string // each with another
	}{
		{user, "userName", []string{"BJensen", "bjensen", "BJENSEN"}, []string{"b.jensen", "bjensen "}}, // S-4.1.1-03
		{user, "userName", []string{"Zoë", "ZOË", "Zoe\u0308"}, []string{"Zoe"}},                        // AM-30
		{user, "userName", []string{"ＡＬＩＣＥ", "alice"}, nil},
		{user, "userName", []string{"Ann Lee", "ann lee"}, nil},
		{user, "userName", []string{"Zoë Lee", "ZOË LEE"}, []string{"ZoëLee"}}, // PRECIS has no blanks
		{user, "displayName", []string{"Straße", "STRASSE", "strasse"}, []string{"strase"}},
		{user, "displayName", []string{"Ꭰ", "ꭰ"}, []string{"Ꭱ"}},
		{user, "externalId", []string{"a"}, []string{"A"}},                             // S-3.1-15
		{user, "id", []string{"a"}, []string{"A"}},                                     // S-3.1-09
		{user, "profileUrl", []string{"https://e.com/A"}, []string{"https://e.com/a"}}, // S-2.3.7-05
		{thing, "strExact", []string{"Abc"}, []string{"abc"}},                          // S-7-06
		{thing, "bin", []string{"TWFu"}, []string{"twfu"}},                             // S-2.3.6-04
	}
	for _, tt := range tests {
		a, ok := tt.typ.Attr(tt.path)
		require.True(t, ok)
		want := a.Key(tt.same[0])
		for _, v := range tt.same {
			assert.Equal(t, want, a.Key(v), "%s %q", tt.path, v)
		}
		for _, v := range tt.not {
			assert.NotEqual(t, want, a.Key(v), "%s %q", tt.path, v)
		}
	}
}

// TestValidateMissingExtension: of an extension that must be there, what must be in it is
// named, since that is what somebody has to send.
func TestValidateMissingExtension(t *testing.T) {
	typ := schema.MustCompile(schema.TypeConfig{
		Name:   "Thing",
		Schema: schema.Schema{ID: baseURN, Attributes: attrs{{Name: "name"}}},
		Extensions: []schema.Extension{
			{Required: true, Schema: extra(schema.Attribute{Name: "must", Required: true}, schema.Attribute{Name: "may"})},
			{Required: true, Schema: schema.Schema{ID: schema.MetadataURN, Attributes: attrs{{Name: "may"}}}},
		},
	})
	assert.EqualError(t, typ.Validate(decode(t, typ, `{"name":"x"}`)), extraURN+":must, "+schema.MetadataURN+" are required")
	assert.EqualError(t, typ.Validate(decode(t, typ, `{"`+extraURN+`":{"may":"x"},"`+schema.MetadataURN+`":{"may":"x"}}`)), extraURN+":must: is required")
	assert.NoError(t, typ.Validate(decode(t, typ, `{"`+extraURN+`":{"must":"x"},"`+schema.MetadataURN+`":{"may":"x"}}`)))
}

func TestValidate(t *testing.T) {
	typ := schema.MustCompile(schema.TypeConfig{
		Name: "Thing",
		Schema: schema.Schema{ID: baseURN, Attributes: attrs{
			{Name: "name", Required: true},
			{Name: "ro", Required: true, Mutability: schema.ReadOnly},
			{Name: "password", Required: true, Mutability: schema.WriteOnly},
			{Name: "one", Type: schema.Complex, Sub: attrs{{Name: "must", Required: true}, {Name: "may"}}},
			{Name: "many", Type: schema.Complex, MultiValued: true, Sub: attrs{{Name: "must", Required: true}, {Name: "may"}}},
			{Name: "auto", Type: schema.Complex, Mutability: schema.ReadOnly, Sub: attrs{{Name: "must", Required: true}}},
			{Name: "boss", Type: schema.Complex, Sub: attrs{
				{Name: "value"}, {Name: "$ref", Required: true, Type: schema.Reference, References: []string{"User"}},
			}},
		}},
		Extensions: []schema.Extension{
			{Schema: extra(schema.Attribute{Name: "must", Required: true}, schema.Attribute{Name: "may"})},
			{Required: true, Schema: schema.Schema{ID: schema.MetadataURN, Open: &schema.Attribute{Required: true}}},
		},
	})
	const meta = `"` + schema.MetadataURN + `":{"k":"v"}`
	tests := []struct{ doc, want string }{
		{`{"name":"x",` + meta + `}`, ""},
		{`{` + meta + `}`, "name: is required"},
		{`{"name":"",` + meta + `}`, "name: is required"},      // S-4.1.1-01
		{`{"name":"x"}`, schema.MetadataURN + ": is required"}, // S-6-04
		{`{}`, "name, " + schema.MetadataURN + " are required"},
		{`{"name":"x","one":{"may":"x"},` + meta + `}`, "one.must: is required"},
		{`{"name":"x","one":{"must":"x"},` + meta + `}`, ""},
		{`{"name":"x","many":[{"must":"x"},{"may":"x"},{"may":"y"}],` + meta + `}`, "many.must: is required"}, // S-4.2-03
		{`{"name":"x","many":[{"must":"x"}],` + meta + `}`, ""},
		{`{"name":"x","boss":{"value":"x"},` + meta + `}`, ""},
		{`{"name":"x","` + extraURN + `":{"may":"x"},` + meta + `}`, extraURN + ":must: is required"},
		{`{"name":"x","` + extraURN + `":{"must":"x"},` + meta + `}`, ""},
	}
	for _, tt := range tests {
		err := typ.Validate(decode(t, typ, tt.doc))
		if tt.want == "" {
			assert.NoError(t, err, tt.doc)
			continue
		}
		assertError(t, err, schema.ScimTypeInvalidValue, tt.want, tt.doc)
	}
	assert.Equal(t, schema.MetadataURN, typ.MissingExtension(decode(t, typ, `{}`)))
	assert.Empty(t, typ.MissingExtension(decode(t, typ, `{`+meta+`}`)))

	// What must be in a complex attribute is named where all of it is missing.
	typ = schema.MustCompile(schema.TypeConfig{Name: "X", Schema: schema.Schema{ID: "urn:example:x", Attributes: attrs{
		{Name: "name", Required: true, Type: schema.Complex, Sub: attrs{{Name: "first", Required: true}, {Name: "last", Required: true}, {Name: "title"}}},
		{Name: "address", Required: true, Type: schema.Complex, Sub: attrs{{Name: "city"}}},
	}}})
	assert.EqualError(t, typ.Validate(decode(t, typ, `{"address":{"city":"x"}}`)), "name.first, name.last are required")
	assert.EqualError(t, typ.Validate(decode(t, typ, `{"name":{"first":"x"}}`)), "name.last, address are required")
}

func TestValidateReplace(t *testing.T) {
	typ := schema.ThingType()
	tests := []struct{ old, doc, want string }{
		{`{"name":"x","imm":"a"}`, `{"name":"y","imm":"a"}`, ""},                  // P-3.5.1-05
		{`{"name":"x","imm":"a"}`, `{"name":"y","imm":"b"}`, "imm: is immutable"}, // P-3.5.1-05, S-7-12
		{`{"name":"x","imm":"a"}`, `{"name":"y"}`, "imm: is immutable"},           // S-7-12
		{`{"name":"x"}`, `{"name":"y","imm":"b"}`, ""},                            // P-3.5.1-06, S-7-11
		{`{"name":"x"}`, `{"imm":"b"}`, "name: is required"},                      // P-3.5.1-08
		{`{"name":"x","one":{"must":"x","imm":"a"}}`, `{"name":"y","one":{"must":"y","imm":"a"}}`, ""},
		{`{"name":"x","one":{"must":"x","imm":"a"}}`, `{"name":"y","one":{"must":"y","imm":"b"}}`, "one.imm: is immutable"},
		{`{"name":"x","one":{"must":"x","imm":"a"}}`, `{"name":"y"}`, "one.imm: is immutable"},
		{`{"name":"x","one":{"must":"x"}}`, `{"name":"y","one":{"must":"x","imm":"b"}}`, ""},
	}
	for _, tt := range tests {
		err := typ.ValidateReplace(decode(t, typ, tt.old), decode(t, typ, tt.doc))
		switch {
		case tt.want == "":
			assert.NoError(t, err, tt.doc)
		case strings.Contains(tt.want, "required"):
			assertError(t, err, schema.ScimTypeInvalidValue, tt.want, tt.doc)
		default:
			assertError(t, err, schema.ScimTypeMutability, tt.want, tt.doc)
		}
	}
	group := schema.GroupType()
	err := group.ValidateReplace(decode(t, group, `{"displayName":"g","members":[{"value":"a"}]}`),
		decode(t, group, `{"displayName":"g","members":[{"value":"b"}]}`))
	assert.NoError(t, err, "members come and go, S-4.2-02")
}

// decode reads a document with all tolerances.
func decode(t *testing.T, typ *schema.Type, doc string) *schema.Resource {
	t.Helper()
	d, err := schema.Decode(typ, []byte(doc), schema.Decoding{})
	require.NoError(t, err, doc)
	require.NoError(t, schema.CheckResource(d.Resource), doc)
	return d.Resource
}

// assertError fails unless err is an *Error of that type, with want in its text.
func assertError(t *testing.T, err error, typ schema.ScimType, want string, about ...any) {
	t.Helper()
	var e *schema.Error
	if assert.ErrorAs(t, err, &e, about...) {
		assert.Equal(t, typ, e.Type, about...)
		assert.Contains(t, e.Error(), want, about...)
	}
}

// TestFixtureHasEverything: ThingType has each data type on each level.
func TestFixtureHasEverything(t *testing.T) {
	found := map[string]bool{}
	for _, a := range schema.ThingType().Attrs() {
		level := "base "
		if a.URN() != "" {
			level = "extension "
		}
		found[level+a.Type.String()] = true
		for _, s := range a.Subs() {
			found[level+"sub "+s.Type.String()] = true
		}
	}
	for _, level := range []string{"base ", "extension ", "base sub ", "extension sub "} {
		for typ := schema.String; typ < schema.Complex; typ++ {
			assert.True(t, found[level+typ.String()], level+typ.String())
		}
	}
	assert.False(t, slices.ContainsFunc(schema.ThingType().Attrs(), func(a *schema.Attr) bool { return a.Name == "" }))
}
