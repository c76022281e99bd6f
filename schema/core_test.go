package schema_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
)

// published are the functions that return the schemas of the RFC, by the
// names of their golden files.
var published = map[string]func() schema.Schema{
	"user":                  schema.User,
	"group":                 schema.Group,
	"enterpriseuser":        schema.EnterpriseUser,
	"serviceproviderconfig": schema.ServiceProviderConfig,
	"resourcetype":          schema.ResourceType,
	"schema":                schema.SchemaDefinition,
}

// place is one characteristic of one attribute, or of a schema itself. The
// path is the schema's URI without "urn:ietf:params:scim:schemas:", and the
// attribute's path after a blank. The characteristic "attribute" stands for
// the whole attribute.
type place struct{ path, field string }

// sides are the values at a place, as JSON; absent if there is none.
type sides struct{ ours, theirs string }

const (
	absent, present = "(absent)", "(present)"
	schemasMember   = `["` + schema.SchemaURN + `"]`
)

// deliberate are the differences from the printed schemas of RFC 7643, section
// 8.7, that we want. Errata are verified unless it says otherwise.
var deliberate = []struct {
	place
	sides
	reason string
}{
	// The documents themselves.
	{place{"core:2.0:User", "schemas"}, sides{schemasMember, absent}, "every resource has it, section 3; see erratum 8417"},
	{place{"core:2.0:Group", "schemas"}, sides{schemasMember, absent}, "every resource has it, section 3; see erratum 8417"},
	{place{"extension:enterprise:2.0:User", "schemas"}, sides{schemasMember, absent}, "every resource has it, section 3; see erratum 8417"},
	{place{"core:2.0:ServiceProviderConfig", "schemas"}, sides{schemasMember, absent}, "erratum 8417"},
	{place{"core:2.0:ResourceType", "schemas"}, sides{schemasMember, absent}, "erratum 8417"},
	{place{"core:2.0:Schema", "schemas"}, sides{schemasMember, absent}, "erratum 8417"},
	{place{"core:2.0:User", "meta"}, sides{absent, `{"location":"/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User","resourceType":"Schema"}`}, "added where the base URL is known"},
	{place{"core:2.0:Group", "meta"}, sides{absent, `{"location":"/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group","resourceType":"Schema"}`}, "added where the base URL is known"},
	{place{"extension:enterprise:2.0:User", "meta"}, sides{absent, `{"location":"/v2/Schemas/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","resourceType":"Schema"}`}, "added where the base URL is known"},

	// User.
	{place{"core:2.0:User name", "uniqueness"}, sides{absent, `"none"`}, "erratum 6004"},
	{place{"core:2.0:User emails", "uniqueness"}, sides{absent, `"none"`}, "erratum 6004"},
	{place{"core:2.0:User addresses", "uniqueness"}, sides{absent, `"none"`}, "erratum 6004"},
	{place{"core:2.0:User addresses.primary", "attribute"}, sides{present, absent}, "the examples of section 8.2 and 8.3 use it"},
	{place{"core:2.0:User groups.$ref", "referenceTypes"}, sides{`["Group"]`, `["User","Group"]`}, "erratum 8471"},
	{place{"core:2.0:User roles.type", "canonicalValues"}, sides{absent, `[]`}, "an empty list says nothing; entitlements.type has none either"},
	{place{"core:2.0:User x509Certificates.type", "canonicalValues"}, sides{absent, `[]`}, "an empty list says nothing; entitlements.type has none either"},

	// Group.
	{place{"core:2.0:Group displayName", "required"}, sides{`true`, `false`}, "erratum 5368"},
	{place{"core:2.0:Group members.display", "attribute"}, sides{present, absent}, "erratum 6011, reported; immutable like all of members, section 4.2"},

	// Enterprise extension.
	{place{"extension:enterprise:2.0:User manager.value", "caseExact"}, sides{`true`, `false`}, "erratum 8472"},

	// ServiceProviderConfig.
	{place{"core:2.0:ServiceProviderConfig etag", "attribute"}, sides{present, absent}, "section 5 requires it"},
	{place{"core:2.0:ServiceProviderConfig pagination", "attribute"}, sides{present, absent}, "RFC 9865, section 4"},
	{place{"core:2.0:ServiceProviderConfig authenticationSchemes.type", "attribute"}, sides{present, absent}, "section 5 requires it; see erratum 8011, reported"},
	{place{"core:2.0:ServiceProviderConfig authenticationSchemes.primary", "attribute"}, sides{present, absent}, "the example of section 8.5 has it; erratum 7921, against it, was rejected"},

	// ResourceType.
	{place{"core:2.0:ResourceType name", "uniqueness"}, sides{`"server"`, `"none"`}, "erratum 8475"},
	{place{"core:2.0:ResourceType name", "caseExact"}, sides{`true`, `false`}, "erratum 8475"},
	{place{"core:2.0:ResourceType endpoint", "uniqueness"}, sides{`"server"`, `"none"`}, "erratum 8475"},
	{place{"core:2.0:ResourceType endpoint", "caseExact"}, sides{`true`, `false`}, "erratum 8475"},
	{place{"core:2.0:ResourceType schemaExtensions", "multiValued"}, sides{`true`, `false`}, "erratum 7522"},

	// Schema.
	{place{"core:2.0:Schema attributes.type", "canonicalValues"}, sides{`["string","complex","boolean","decimal","integer","dateTime","reference","binary"]`, `["string","complex","boolean","decimal","integer","dateTime","reference"]`}, "erratum 5606"},
	{place{"core:2.0:Schema attributes.subAttributes.type", "canonicalValues"}, sides{`["string","boolean","decimal","integer","dateTime","reference","binary"]`, `["string","complex","boolean","decimal","integer","dateTime","reference"]`}, "erratum 8415"},
	{place{"core:2.0:Schema attributes.subAttributes.referenceTypes", "multiValued"}, sides{`true`, `false`}, "erratum 5607"},
}

// TestPublishedSchemas compares our schemas with the printed ones, attribute
// by attribute. It fails for a difference that is not in the table, and for
// one in the table that there is not.
//
// Descriptions are in our own words. A characteristic that the printed text
// leaves out is the default of section 2.2; we write all of them.
func TestPublishedSchemas(t *testing.T) {
	want := map[place]sides{}
	for _, d := range deliberate {
		assert.NotEmpty(t, d.reason, d.place)
		assert.NotContains(t, want, d.place, "listed twice")
		want[d.place] = d.sides
	}
	found := differences{}
	for _, theirs := range printed(t) {
		id := theirs["id"].(string)
		ours, ok := asPublished(t)[id]
		require.True(t, ok, "we have no %s", id)
		found.schema(ours, theirs)
	}
	if diff := cmp.Diff(want, map[place]sides(found), cmp.AllowUnexported(place{}, sides{})); diff != "" {
		t.Errorf("differences that are listed (-) and that there are (+):\n%s", diff)
	}
}

// printed returns the schemas of RFC 7643, sections 8.7.1 and 8.7.2.
func printed(t *testing.T) []map[string]any {
	t.Helper()
	shared := os.Getenv("MUSTER_SHARED")
	if shared == "" {
		t.Skip("MUSTER_SHARED is not set: it names the folder that has rfc/schemas-7643-8.7.1.json")
	}
	var all []map[string]any
	for _, name := range []string{"schemas-7643-8.7.1.json", "schemas-7643-8.7.2.json"} {
		data, err := os.ReadFile(filepath.Join(shared, "rfc", name))
		require.NoError(t, err)
		var schemas []map[string]any
		require.NoError(t, json.Unmarshal(data, &schemas))
		require.Len(t, schemas, 3)
		all = append(all, schemas...)
	}
	return all
}

// asPublished returns our schemas by id, read from their JSON without the help
// of the package.
func asPublished(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for _, f := range published {
		data, err := json.Marshal(f())
		require.NoError(t, err)
		var doc map[string]any
		require.NoError(t, json.Unmarshal(data, &doc))
		all[f().ID] = doc
	}
	return all
}

type differences map[place]sides

func (d differences) schema(ours, theirs map[string]any) {
	path := strings.TrimPrefix(theirs["id"].(string), "urn:ietf:params:scim:schemas:")
	for _, field := range fields(ours, theirs) {
		d.note(path, field, text(ours, field), text(theirs, field))
	}
	d.attributes(path+" ", ours["attributes"], theirs["attributes"])
}

func (d differences) attributes(parent string, ours, theirs any) {
	a, b := byName(ours), byName(theirs)
	for name := range a {
		if b[name] == nil {
			d.note(parent+name, "attribute", present, absent)
			continue
		}
		d.attribute(parent+name, a[name], b[name])
	}
	for name := range b {
		if a[name] == nil {
			d.note(parent+name, "attribute", absent, present)
		}
	}
}

func (d differences) attribute(path string, ours, theirs map[string]any) {
	defaults := map[string]string{
		"multiValued": "false", "required": "false", "caseExact": "false",
		"mutability": `"readWrite"`, "returned": `"default"`, "uniqueness": `"none"`,
	}
	for _, field := range fields(ours, theirs) {
		a, b := text(ours, field), text(theirs, field)
		if def, ok := defaults[field]; ok && b == absent && a != absent {
			b = def
		}
		d.note(path, field, a, b)
	}
	d.attributes(path+".", ours["subAttributes"], theirs["subAttributes"])
}

func (d differences) note(path, field, ours, theirs string) {
	if ours != theirs {
		d[place{path, field}] = sides{ours, theirs}
	}
}

// fields returns what a and b have, but for descriptions and for the
// attributes, which are compared one by one.
func fields(a, b map[string]any) []string {
	var names []string
	for _, m := range []map[string]any{a, b} {
		for name := range m {
			if !slices.Contains([]string{"description", "attributes", "subAttributes"}, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func byName(attributes any) map[string]map[string]any {
	all := map[string]map[string]any{}
	list, _ := attributes.([]any)
	for _, a := range list {
		m := a.(map[string]any)
		all[m["name"].(string)] = m
	}
	return all
}

func text(m map[string]any, field string) string {
	v, ok := m[field]
	if !ok {
		return absent
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // it has just been read
	}
	return string(data)
}

func TestURNs(t *testing.T) {
	for urn, f := range map[string]func() schema.Schema{
		schema.UserURN:                  schema.User,
		schema.GroupURN:                 schema.Group,
		schema.EnterpriseUserURN:        schema.EnterpriseUser,
		schema.ServiceProviderConfigURN: schema.ServiceProviderConfig,
		schema.ResourceTypeURN:          schema.ResourceType,
		schema.SchemaURN:                schema.SchemaDefinition,
	} {
		assert.Equal(t, urn, f().ID)
	}
}

// TestDescriptions: a schema and its attributes are described where they can
// be (RFC 7643, section 7).
func TestDescriptions(t *testing.T) {
	for _, f := range published {
		s := f()
		assert.NotEmpty(t, s.Name, s.ID)
		assert.NotEmpty(t, s.Description, s.ID)
		eachAttribute(s.Attributes, s.ID+" ", func(path string, a *schema.Attribute) {
			assert.NotEmpty(t, a.Description, path)
			assert.Equal(t, a.Type == schema.Complex, len(a.Sub) > 0, path)
			assert.Equal(t, a.Type == schema.Reference, len(a.References) > 0, path)
		})
	}
}

// TestDiscoveryIsReadOnly: clients can't write anything of discovery (RFC
// 7643, sections 5 to 7).
func TestDiscoveryIsReadOnly(t *testing.T) {
	for _, s := range []schema.Schema{schema.ServiceProviderConfig(), schema.ResourceType(), schema.SchemaDefinition()} {
		eachAttribute(s.Attributes, s.ID+" ", func(path string, a *schema.Attribute) {
			assert.Equal(t, schema.ReadOnly, a.Mutability, path)
		})
	}
}

// TestCompilePublished: all can be resource types, but for the schema of
// schemas, which has complex attributes inside of complex ones.
func TestCompilePublished(t *testing.T) {
	for name, f := range published {
		_, err := schema.Compile(schema.TypeConfig{Name: "X", Schema: f()})
		if name == "schema" {
			assert.ErrorContains(t, err, "attributes.subAttributes")
			continue
		}
		assert.NoError(t, err, name)
	}
}

// TestFresh spoils everything that one call returned and looks at the next.
func TestFresh(t *testing.T) {
	for name, f := range published {
		want, err := json.Marshal(f())
		require.NoError(t, err)
		s := f()
		eachAttribute(s.Attributes, "", func(_ string, a *schema.Attribute) {
			for i := range a.Canonical {
				a.Canonical[i] = "spoiled"
			}
			for i := range a.References {
				a.References[i] = "spoiled"
			}
			_ = append(a.Canonical, "spoiled")
			_ = append(a.References, "spoiled")
			_ = append(a.Sub, schema.Attribute{Name: "spoiled"})
			a.Name, a.Required = "spoiled", !a.Required
		})
		got, err := json.Marshal(f())
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), name)
	}
}

// eachAttribute visits attributes and sub-attributes, the inner ones first.
func eachAttribute(attrs []schema.Attribute, parent string, visit func(path string, a *schema.Attribute)) {
	for i := range attrs {
		a := &attrs[i]
		eachAttribute(a.Sub, parent+a.Name+".", visit)
		visit(parent+a.Name, a)
	}
}
