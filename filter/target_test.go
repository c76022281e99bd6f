package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
)

// targetTests have the target as attribute | filter | sub-attribute | URN. Paths
// that refuse is set for are refused by it.
var targetTests = []struct {
	id, typ, in, want string
	refuse            filter.Checking
}{
	{"P-3.5.2", "User", `active`, `active|||`, filter.Checking{}},
	{"P-3.5.2", "User", `name.familyName`, `name||familyName|`, filter.Checking{}},
	{"P-3.5.2", "User", `NAME.FAMILYNAME`, `name||familyName|`, filter.Checking{}},
	{"P-3.5.2", "User", `emails.value`, `emails||value|`, filter.Checking{}},
	{"P-3.5.2", "User", `password`, `password|||`, filter.Checking{}},
	{"P-3.5.2", "User", `id`, `id|||`, filter.Checking{}},
	{"P-3.5.2", "User", `meta.created`, `meta||created|`, filter.Checking{}},
	{"P-3.5.2", "User", `addresses[type eq "work"]`, `addresses|type eq "work"||`, filter.Checking{}},
	{"P-3.5.2", "User", `Addresses[TYPE eq "work"].Formatted`, `addresses|TYPE eq "work"|formatted|`, filter.Checking{}},
	{"P-3.5.2", "Group", `members[value eq "2819"].display`, `members|value eq "2819"|display|`, filter.Checking{}},
	{"P-3.5.2", "Group", `members.$ref`, `members||$ref|`, filter.Checking{}},
	{"P-3.10-01", "User", userURN + `:name.givenName`, `name||givenName|`, filter.Checking{}},
	{"P-3.10-02", "User", `urn:IETF:params:scim:schemas:core:2.0:user:NAME.GIVENNAME`, `name||givenName|`, filter.Checking{}},
	{"P-3.10-03", "User", userURN + `:emails[type eq "work"].value`, `emails|type eq "work"|value|`, filter.Checking{}},
	{"dotted-urn-keys", "User", enterpriseURN + `:department`, enterpriseURN + `:department|||`, filter.Checking{}},
	{"dotted-urn-keys", "User", enterpriseURN + `.department`, enterpriseURN + `:department|||`, filter.Checking{}},
	{"manager-shapes", "User", enterpriseURN + `:manager`, enterpriseURN + `:manager|||`, filter.Checking{}},
	{"manager-shapes", "User", enterpriseURN + `.manager`, enterpriseURN + `:manager|||`, filter.Checking{}},
	{"manager-shapes", "User", enterpriseURN + `:manager.value`, enterpriseURN + `:manager||value|`, filter.Checking{}},
	{"manager-shapes", "User", enterpriseURN + `:manager.$ref`, enterpriseURN + `:manager||$ref|`, filter.Checking{}},
	{"manager-shapes", "User", `manager`, enterpriseURN + `:manager|||`, filter.Checking{RefuseShortNames: true}},
	{"manager-shapes", "User", `Manager.Value`, enterpriseURN + `:manager||value|`, filter.Checking{RefuseShortNames: true}},
	{"extension", "User", enterpriseURN, `|||` + enterpriseURN, filter.Checking{}},
	{"extension", "User", strings.ToLower(enterpriseURN), `|||` + enterpriseURN, filter.Checking{}},
	{"extension", "User", contactsURN, `|||` + contactsURN, filter.Checking{}},
	{"custom-extension-paths", "User", contactsURN + `:contacts[primary eq true].value`, contactsURN + `:contacts|primary eq true|value|`, filter.Checking{}},
	{"custom-extension-paths", "User", contactsURN + `:contacts[primary eq true]`, contactsURN + `:contacts|primary eq true||`, filter.Checking{}},
	{"custom-extension-paths", "User", `contacts[primary eq true].value`, contactsURN + `:contacts|primary eq true|value|`, filter.Checking{RefuseShortNames: true}},
	{"longest URI", "User", openURN, `|||` + openURN, filter.Checking{}}, // contactsURN + ":Metadata" too
	{"longest URI", "User", openURN + `:costUnit`, openURN + `:costUnit|||`, filter.Checking{}},
	{"open", "User", openURN + `:a.b`, openURN + `:a.b|||`, filter.Checking{}},
	{"string-booleans", "User", `roles[primary eq "True"].display`, `roles|primary eq "True"|display|`, filter.Checking{RefuseStringBooleans: true}},
	{"P-3.4.2.2-44", "Thing", `tags`, `tags|||`, filter.Checking{}},
	{"P-3.4.2.2-44", "Thing", `tags[value eq "x"]`, `tags|value eq "x"||`, filter.Checking{}},
	{"P-3.4.2.2-44", "Thing", `tags[value eq "x"].value`, `tags|value eq "x"||`, filter.Checking{}},
	{"multi-valued sub-attribute", "Thing", `items[num eq 1].labels`, `items|num eq 1|labels|`, filter.Checking{}},
	{"multi-valued sub-attribute", "Thing", `owner.names`, `owner||names|`, filter.Checking{}},
}

func TestResolvePath(t *testing.T) {
	for _, test := range targetTests {
		t.Run(test.id+" "+test.in, func(t *testing.T) {
			p, err := filter.ParsePath(test.in, filter.Leniency{})
			require.NoError(t, err)
			target, err := filter.ResolvePath(p, typesByName[test.typ], filter.Checking{})
			require.NoError(t, err)
			assert.Equal(t, test.want, outlineTarget(target))
			_, err = filter.ResolvePath(p, typesByName[test.typ], filter.StrictChecking())
			assert.Equal(t, test.refuse == filter.Checking{}, err == nil)
			_, err = filter.ResolvePath(p, typesByName[test.typ], test.refuse)
			assert.Equal(t, test.refuse == filter.Checking{}, err == nil)
		})
	}
}

func outlineTarget(target filter.Target) string {
	parts := []string{"", target.Where.String(), "", target.URN}
	if target.Attr != nil {
		parts[0] = target.Attr.Path()
	}
	if target.Sub != nil {
		parts[2] = target.Sub.Name
	}
	return strings.Join(parts, "|")
}

func TestResolvePathErrors(t *testing.T) {
	for _, test := range []struct {
		id, typ, in, path, msg string
		inFilter, unknown      bool
	}{
		{"P-3.5.2-16", "User", `userName[value eq "x"]`, "userName", "can't have a filter", false, false},
		{"P-3.5.2-16", "User", `name[givenName eq "x"].familyName`, "name", "can't have a filter", false, false},
		{"P-3.5.2-16", "User", enterpriseURN + `:manager[value eq "x"]`, enterpriseURN + ":manager", "can't have a filter", false, false},
		{"P-3.5.2-16", "User", `name.givenName[value eq "x"]`, "name.givenName", "can't have a filter", false, false},
		{"P-3.5.2-16", "Thing", `items.labels[value eq "x"]`, "items.labels", "can't have a filter", false, false},
		{"undeclared", "User", `shoeSize`, "shoeSize", "is not an attribute of User", false, true},
		{"undeclared", "User", `shoeSize[value eq "x"]`, "shoeSize", "is not an attribute of User", false, true},
		{"undeclared", "User", `name.nick`, "name", `has no sub-attribute "nick"`, false, true},
		{"undeclared", "User", `userName.value`, "userName", `has no sub-attribute "value"`, false, true},
		{"undeclared", "User", `emails[type eq "work"].nick`, "emails", `has no sub-attribute "nick"; it has value`, false, true},
		{"undeclared", "Thing", `tags[value eq "work"].type`, "tags", `has no sub-attribute "type"`, false, true},
		{"undeclared", "User", `division`, "division", "is not an attribute", false, true},
		{"undeclared", "User", "urn:example:other:User", "urn:example:other:User", "is not an attribute", false, true},
		{"undeclared", "User", enterpriseURN + ":shoeSize", enterpriseURN + ":shoeSize", "is not an attribute", false, true},
		{"base schema", "User", userURN, userURN, "is the schema of the resource itself", false, false},
		{"extension", "User", enterpriseURN + `[department eq "x"]`, enterpriseURN, "is a schema", false, false},
		{"in filter", "User", `emails[kind eq "work"]`, "emails", `has no sub-attribute "kind"`, true, true},
		{"in filter", "User", `emails[type eq 5.5].value`, "emails.type", "is a string", true, false},
		{"in filter", "User", `roles[primary eq "yes"].value`, "roles.primary", "is a boolean", true, false},
	} {
		t.Run(test.id+" "+test.in, func(t *testing.T) {
			p, err := filter.ParsePath(test.in, filter.Leniency{})
			require.NoError(t, err)
			for _, o := range []filter.Checking{{}, filter.StrictChecking()} {
				target, err := filter.ResolvePath(p, typesByName[test.typ], o)
				te, ok := errors.AsType[*filter.TypeError](err)
				require.True(t, ok, "%T", err)
				assert.Zero(t, target)
				assert.Equal(t, test.path, te.Path)
				assert.Contains(t, te.Msg, test.msg)
				assert.Equal(t, test.inFilter, te.InFilter)
				assert.Equal(t, test.unknown, te.Unknown)
			}
		})
	}
}

// TestResolvePeerPath: the parser that belongs to the AST splits paths in its own
// way.
func TestResolvePeerPath(t *testing.T) {
	sub := "familyName"
	target, err := filter.ResolvePath(filter.Path{AttributePath: filter.AttributePath{AttributeName: "name"}, SubAttribute: &sub}, userType, filter.Checking{})
	require.NoError(t, err)
	assert.Equal(t, "name||familyName|", outlineTarget(target))
}
