package filter_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

const (
	userURN       = schema.UserURN
	enterpriseURN = schema.EnterpriseUserURN
	thingURN      = "urn:example:params:scim:schemas:2.0:Thing"
	contactsURN   = "urn:example:extension:2.0:User"
	openURN       = "urn:example:extension:2.0:User:Metadata"
)

// userType has the extensions that identity providers use: the enterprise one,
// one of a customer, and an open one.
var userType = schema.MustCompile(schema.TypeConfig{
	Name:   "User",
	Schema: schema.User(),
	Extensions: []schema.Extension{
		{Schema: schema.EnterpriseUser()},
		{Schema: schema.Schema{ID: contactsURN, Name: "Contacts", Attributes: []schema.Attribute{
			{Name: "contacts", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
				{Name: "value"},
				{Name: "type", Canonical: []string{"Friend", "colleague"}},
				{Name: "primary", Type: schema.Boolean},
			}},
			{Name: "title"},
			{Name: "division"},
		}}},
		{Schema: schema.Schema{ID: openURN, Name: "Metadata", Open: &schema.Attribute{}}},
	},
})

var groupType = schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: schema.Group()})

// thingType has what User has no attributes for.
var thingType = schema.MustCompile(schema.TypeConfig{
	Name: "Thing",
	Schema: schema.Schema{ID: thingURN, Name: "Thing", Attributes: []schema.Attribute{
		{Name: "name"},
		{Name: "strCI"},
		{Name: "strExact", CaseExact: true},
		{Name: "flag", Type: schema.Boolean},
		{Name: "num", Type: schema.Integer},
		{Name: "dec", Type: schema.Decimal},
		{Name: "when", Type: schema.DateTime},
		{Name: "bin", Type: schema.Binary},
		{Name: "ref", Type: schema.Reference, References: []string{"external"}},
		{Name: "wo", Mutability: schema.WriteOnly, Returned: schema.Never},
		{Name: "never", Returned: schema.Never},
		{Name: "tags", MultiValued: true},
		{Name: "nums", Type: schema.Integer, MultiValued: true},
		{Name: "owner", Type: schema.Complex, Sub: []schema.Attribute{
			{Name: "value"},
			{Name: "$ref", Type: schema.Reference, References: []string{"User"}},
			{Name: "names", MultiValued: true},
		}},
		{Name: "watchers", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
			{Name: "value"},
			{Name: "$ref", Type: schema.Reference, References: []string{"User"}},
		}},
		{Name: "items", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
			{Name: "kind", Canonical: []string{"Large", "small"}},
			{Name: "num", Type: schema.Integer},
			{Name: "when", Type: schema.DateTime},
			{Name: "ok", Type: schema.Boolean},
			{Name: "primary", Type: schema.Boolean},
			{Name: "labels", MultiValued: true},
			{Name: "exact", CaseExact: true, Canonical: []string{"One"}},
			{Name: "secret", Mutability: schema.WriteOnly, Returned: schema.Never},
		}},
		{Name: "vault", Type: schema.Complex, Mutability: schema.WriteOnly, Sub: []schema.Attribute{{Name: "value"}}},
	}},
})

var typesByName = map[string]*schema.Type{"User": userType, "Group": groupType, "Thing": thingType}

// parseFilter is for filters that are known to be well formed.
func parseFilter(t testing.TB, text string) filter.Expression {
	t.Helper()
	e, err := filter.Parse(text, filter.Leniency{})
	require.NoError(t, err, text)
	return e
}

func checkFilter(t testing.TB, text string, typ *schema.Type, o filter.Checking) *filter.Filter {
	t.Helper()
	f, err := filter.Check(parseFilter(t, text), typ, o)
	require.NoError(t, err, text)
	return f
}

// checkTests are filters that fit their type, whatever the Checking.
var checkTests = []struct{ id, typ, in string }{
	{"P-3.4.2.2-03", "User", `USERNAME eq "bjensen" and TITLE pr`},
	{"P-3.4.2.2-07", "User", `userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`},
	{"P-3.4.2.2-13", "User", `name pr and emails pr and active pr and x509Certificates pr`},
	{"P-3.4.2.2-13", "User", enterpriseURN + ` pr`},
	{"P-3.4.2.2-14", "Thing", `bin pr or num pr or when pr or ref pr`},
	{"P-3.4.2.2-15", "Thing", `num gt 9 or dec le 9.5 or strExact gt "a" or when lt "2011-05-13T04:42:34Z"`},
	{"P-3.4.2.2-20", "User", `meta.lastModified ge "2011-05-13T04:42:34Z" and meta.created pr and meta.version ne "x"`},
	{"P-3.4.2.2-24", "User", `emails[type eq "work" and value co "@example.com"]`},
	{"P-3.4.2.2-26", "User", `emails[not (type eq "home") and (value ew "com" or primary eq true)]`},
	{"P-3.4.2.2-32", "User", `emails co "jensen.org" or phoneNumbers sw "555" or x509Certificates eq "TWFu"`},
	{"P-3.4.2.2-37", "User", `schemas eq "urn:x" and meta.resourceType eq "User" and id eq "1" and externalId sw "2"`},
	{"P-3.4.2.2-38", "User", `title eq null or name ne null or emails eq null or active eq null or photos.value ne null`},
	{"P-3.4.2.2-39", "Thing", `dec gt -1.5e0 and num lt 9007199254740993 and num gt 1.5`},
	{"P-3.4.2.2-41", "User", userURN + `:userName sw "B" and ` + enterpriseURN + `:department eq "D"`},
	{"P-3.10-02", "User", strings.ToUpper(enterpriseURN) + `:MANAGER.VALUE eq "26"`},
	{"P-3.10-03", "User", enterpriseURN + `:manager.displayName pr and ` + userURN + `:name.givenName pr`},
	{"P-3.10-03", "User", enterpriseURN + `.department eq "D" and ` + enterpriseURN + `.manager pr`},
	{"P-3.4.2.2-44", "Thing", `tags eq "b" and tags[value eq "b"] and nums[VALUE gt 3] and nums le 4`},
	{"2.4 contacts", "User", contactsURN + `:contacts[primary eq true and type eq "x"]`},
	{"open", "User", openURN + `:costUnit eq "x" and ` + openURN + `:a.b pr`},
	{"S-7-16", "Thing", `never eq "x"`},
	{"one element", "User", `name[givenName eq "Barbara" and familyName pr]`},
	{"one element", "User", `meta[resourceType eq "User" and created pr]`},
	{"multi-valued sub-attribute", "Thing", `items.labels eq "x" and owner.names[value eq "y"]`},
	{"members are edges", "Group", `members eq "2819" or members.value eq "2819" or members[value eq "2819"]`},
	{"computed", "User", enterpriseURN + `:manager.$ref eq "https://example.com/Users/26"`},
	{"not computed", "Group", `members[$ref eq "https://example.com/Users/26"]`},
	{"location", "User", `meta.location pr and meta.location ne null`},
}

func TestCheck(t *testing.T) {
	for _, test := range checkTests {
		t.Run(test.id, func(t *testing.T) {
			e := parseFilter(t, test.in)
			for _, o := range []filter.Checking{{}, filter.StrictChecking()} {
				f, err := filter.Check(e, typesByName[test.typ], o)
				require.NoError(t, err)
				assert.Equal(t, e, f.Expr())
				assert.Equal(t, filter.String(e), f.String())
				assert.Same(t, typesByName[test.typ], f.Type())
			}
		})
	}
}

// checkErrorTests are refused by every Checking. path and msg, which may be a
// part, are what the administrator of an identity provider reads.
var checkErrorTests = []struct{ id, typ, in, path, msg string }{
	{"P-3.4.2.2-21", "User", `active gt false`, `active`, `is a boolean: it takes eq, ne and pr, not gt`},
	{"P-3.4.2.2-22", "User", `active ge false`, `active`, `not ge`},
	{"P-3.4.2.2-22", "User", `active lt true`, `active`, `not lt`},
	{"P-3.4.2.2-22", "User", `active le true`, `active`, `not le`},
	{"P-3.4.2.2-22", "User", `emails.primary gt true`, `emails.primary`, `not gt`},
	{"P-3.4.2.2-23", "Thing", `bin gt "AAAA"`, `bin`, `is a binary: it takes eq, ne and pr, not gt`},
	{"P-3.4.2.2-23", "User", `x509Certificates.value lt "AAAA"`, `x509Certificates.value`, `not lt`},
	{"P-3.4.2.2-23", "User", `x509Certificates lt "AAAA"`, `x509Certificates.value`, `not lt`},
	{"P-3.4.2.2-23", "User", `x509Certificates[value le "AAAA"]`, `x509Certificates.value`, `not le`},
	{"P-3.4.2.2-25", "User", `emails[userName eq "x"]`, `emails`, `has no sub-attribute "userName"; its brackets may name value, display, type, primary`},
	{"P-3.4.2.2-25", "User", `emails[emails.value eq "x"]`, `emails`, `has no sub-attribute "emails.value"`},
	{"P-3.4.2.2-25", "User", `emails[` + userURN + `:emails eq "x"]`, `emails`, `has no sub-attribute`},
	{"P-3.4.2.2-25", "Thing", `tags[type eq "x"]`, `tags`, `its brackets may name "value"`},
	{"P-3.4.2.2-31", "User", `name eq "Barbara"`, `name`, `is complex: compare one of its sub-attributes, such as name.formatted`},
	{"P-3.4.2.2-31", "User", `name co "Barbara"`, `name`, `is complex`},
	{"P-3.4.2.2-31", "User", `addresses co "Hollywood"`, `addresses`, `is complex: compare one of its sub-attributes, such as addresses.formatted`},
	{"P-3.4.2.2-31", "User", `meta gt "2011"`, `meta`, `is complex`},
	{"P-3.4.2.2-31", "Thing", `items eq "x"`, `items`, `such as items.kind`},
	{"P-3.4.2.2-40", "User", `active eq "yes"`, `active`, `is a boolean: it is compared with true or false, not with this text`},
	{"P-3.4.2.2-40", "User", `active eq 1`, `active`, `not with a number`},
	{"P-3.4.2.2-40", "User", `active co true`, `active`, `not co`},
	{"P-3.4.2.2-40", "Thing", `num co "1"`, `num`, `is an integer: it takes eq, ne, gt, ge, lt, le and pr, not co`},
	{"P-3.4.2.2-40", "Thing", `num eq "1"`, `num`, `is an integer: it is compared with a number, not with this text`},
	{"P-3.4.2.2-40", "Thing", `dec eq true`, `dec`, `is a decimal: it is compared with a number, not with a boolean`},
	{"P-3.4.2.2-40", "Thing", `nums[value eq "1"]`, `nums`, `is an integer`},
	{"P-3.4.2.2-40", "Thing", `when eq "yesterday"`, `when`, `is a dateTime: it is compared with a dateTime such as "2008-01-23T04:56:22Z", not with this text`},
	{"P-3.4.2.2-40", "Thing", `when eq 5`, `when`, `not with a number`},
	{"P-3.4.2.2-40", "Thing", `when sw "2011"`, `when`, `is a dateTime: it takes eq, ne, gt, ge, lt, le and pr, not sw`},
	{"P-3.4.2.2-40", "Thing", `bin eq "!"`, `bin`, `is a binary: it is compared with base64 in double quotes, not with this text`},
	{"P-3.4.2.2-40", "Thing", `bin eq 5`, `bin`, `base64`},
	{"P-3.4.2.2-40", "Thing", `bin co "TWFu"`, `bin`, `not co`},
	{"P-3.4.2.2-40", "User", `userName eq 5.5`, `userName`, `is a string: it is compared with text in double quotes, not with a number`},
	{"P-3.4.2.2-40", "User", `externalId eq true`, `externalId`, `not with a boolean`},
	{"P-3.4.2.2-40", "User", `profileUrl eq 5.5`, `profileUrl`, `is a reference: it is compared with text in double quotes`},
	{"P-3.4.2.2-38", "User", `title gt null`, `title`, `only eq and ne take null, not gt`},
	{"P-3.4.2.2-38", "User", `title co null`, `title`, `only eq and ne take null, not co`},
	{"P-3.4.2.2-38", "User", `active le null`, `active`, `not le`},
	{"AM-21", "User", `shoeSize eq 5`, `shoeSize`, `is not an attribute of User`},
	{"AM-21", "User", `name.nick eq "x"`, `name`, `has no sub-attribute "nick"; it has formatted, familyName`},
	{"AM-21", "User", `userName.value eq "x"`, `userName`, `has no sub-attribute "value"`},
	{"AM-21", "Thing", `tags.value eq "x"`, `tags`, `has no sub-attribute "value"`},
	{"AM-21", "User", `urn:example:other:2.0:User:userName eq "x"`, `urn:example:other:2.0:User:userName`, `is not an attribute of User`},
	{"AM-21", "User", enterpriseURN + ` eq "x"`, enterpriseURN, `is a schema; the attribute is missing`},
	{"AM-21", "User", userURN + ` pr`, userURN, `is the schema of the resource itself`},
	{"AM-21", "User", `emailz[type eq "work"]`, `emailz`, `is not an attribute of User`},
	{"AM-21", "User", `division eq "x"`, `division`, `is not an attribute of User`}, // two extensions have it
	{"P-3.4.2.2-24", "User", `userName[value eq "x"]`, `userName`, `has a single value without sub-attributes`},
	{"S-7-16", "User", `password eq "x"`, `password`, `is writeOnly, so a filter can't use it`},
	{"S-7-16", "User", `password pr`, `password`, `is writeOnly`},
	{"S-7-16", "User", `not (title pr or ` + userURN + `:PassWord sw "a")`, `password`, `is writeOnly`},
	{"S-7-16", "Thing", `wo pr`, `wo`, `is writeOnly`},
	{"S-7-16", "Thing", `items.secret pr`, `items.secret`, `is writeOnly`},
	{"S-7-16", "Thing", `items[secret eq "x"]`, `items.secret`, `is writeOnly`},
	{"S-7-16", "Thing", `vault.value eq "x"`, `vault.value`, `is writeOnly`},
	{"S-7-16", "Thing", `vault[value eq "x"]`, `vault.value`, `is writeOnly`},
	{"location", "User", `meta.location eq "https://example.com/Users/1"`, `meta.location`, `can't be compared here; id can`},
	{"location", "User", `meta[location co "Users"]`, `meta.location`, `can't be compared here`},
	{"computed", "User", enterpriseURN + `:manager.$ref co "Users"`, enterpriseURN + `:manager.$ref`, `follows from "value": it takes eq, ne and pr`},
	{"computed", "User", enterpriseURN + `:manager.$ref eq 5`, enterpriseURN + `:manager.$ref`, `follows from "value"`},
	{"computed", "User", enterpriseURN + `:manager.$ref eq "https://example.com/"`, enterpriseURN + `:manager.$ref`, `ends with an id`},
}

func TestCheckErrors(t *testing.T) {
	for _, test := range checkErrorTests {
		t.Run(test.id+" "+test.in, func(t *testing.T) {
			e := parseFilter(t, test.in)
			for _, o := range []filter.Checking{{}, filter.StrictChecking()} {
				f, err := filter.Check(e, typesByName[test.typ], o)
				assert.Nil(t, f)
				te, ok := errors.AsType[*filter.TypeError](err)
				require.True(t, ok, "%T is no *TypeError", err)
				assert.Equal(t, test.path, te.Path)
				assert.Contains(t, te.Msg, test.msg)
				assert.True(t, te.InFilter)
				unknown := strings.Contains(test.msg, "has no sub-attribute") || strings.Contains(test.msg, "is not an attribute") || strings.Contains(test.msg, "brackets may name")
				assert.Equal(t, unknown, te.Unknown)
				assert.Equal(t, "filter: "+te.Path+": "+te.Msg, te.Error())
			}
		})
	}
}

// checkingTests are refused by one field of Checking and accepted otherwise, as
// identity providers send them. same is an equal filter that all accept.
var checkingTests = []struct {
	id, typ, in, same string
	refuse            filter.Checking
}{
	{"string-booleans", "User", `active eq "True"`, `active eq true`, filter.Checking{RefuseStringBooleans: true}},
	{"string-booleans", "User", `roles[primary eq "FALSE"]`, `roles[primary eq false]`, filter.Checking{RefuseStringBooleans: true}},
	{"dates", "User", `meta.lastModified gt "2011-05-13"`, `meta.lastModified gt "2011-05-13T00:00:00Z"`, filter.Checking{RefuseDates: true}},
	{"bare numbers", "User", `externalId eq 701984 or userName sw -5`, `externalId eq "701984" or userName sw "-5"`, filter.Checking{RefuseBareNumbers: true}},
	{"E15", "User", `id eq 54D3 and manager eq 2819`, `id eq "54D3" and ` + enterpriseURN + `:manager.value eq "2819"`, filter.Checking{RefuseShortNames: true}},
	{"short names", "User", `Department eq "x"`, enterpriseURN + `:department eq "x"`, filter.Checking{RefuseShortNames: true}},
	{"short names", "User", `manager.value eq "x"`, enterpriseURN + `:manager.value eq "x"`, filter.Checking{RefuseShortNames: true}},
	{"short names", "User", `contacts[type eq "x"]`, contactsURN + `:contacts[type eq "x"]`, filter.Checking{RefuseShortNames: true}},
	{"bare references", "User", enterpriseURN + `:manager eq "2819"`, enterpriseURN + `:manager.value eq "2819"`, filter.Checking{RefuseBareReferences: true}},
	{"bare references", "Thing", `owner ne "2819"`, `owner.value ne "2819"`, filter.Checking{RefuseBareReferences: true}},
}

func TestChecking(t *testing.T) {
	for _, test := range checkingTests {
		t.Run(test.id+" "+test.in, func(t *testing.T) {
			typ := typesByName[test.typ]
			e := parseFilter(t, test.in)
			for _, o := range []filter.Checking{test.refuse, filter.StrictChecking()} {
				_, err := filter.Check(e, typ, o)
				assert.Error(t, err)
			}
			f, err := filter.Check(e, typ, filter.Checking{})
			require.NoError(t, err)
			same := checkFilter(t, test.same, typ, filter.StrictChecking())
			for _, r := range samples(t)[test.typ] {
				assert.Equal(t, same.Match(r), f.Match(r), "%s", r)
			}
		})
	}
}

// TestUnknownNamesWhatIsMeant: an attribute of an extension without its URI is
// the usual mistake.
func TestUnknownNamesWhatIsMeant(t *testing.T) {
	_, err := filter.Check(parseFilter(t, `department eq "x"`), userType, filter.StrictChecking())
	assert.EqualError(t, err, "filter: department: is not an attribute of User; "+enterpriseURN+":department is")
}

// TestTitleIsNotShort: the base schema's attribute wins over an extension's.
func TestTitleIsNotShort(t *testing.T) {
	f := checkFilter(t, `title pr`, userType, filter.Checking{})
	title, _ := userType.Attr("title")
	other, _ := userType.Attr(contactsURN + ":title")
	assert.True(t, f.Mentions(title))
	assert.False(t, f.Mentions(other))
}

func TestErrorsRepeatNoValues(t *testing.T) {
	const secret = "s3cret-value"
	for _, in := range []string{`active eq "s3cret-value"`, `when eq "s3cret-value"`, `bin eq "s3cret-value!"`, `num eq "s3cret-value"`} {
		for _, typ := range []*schema.Type{userType, thingType} {
			if _, err := filter.Check(parseFilter(t, in), typ, filter.Checking{}); err != nil {
				assert.NotContains(t, err.Error(), secret)
			}
		}
	}
	long := strings.Repeat("a", 5000)
	_, err := filter.Check(parseFilter(t, long+` pr`), userType, filter.Checking{})
	assert.Less(t, len(err.Error()), 300)
	_, err = filter.Check(parseFilter(t, `name.`+long+` pr`), userType, filter.Checking{})
	assert.Less(t, len(err.Error()), 300)
}

func TestCheckNil(t *testing.T) {
	f, err := filter.Check(nil, userType, filter.Checking{})
	assert.NoError(t, err)
	assert.Nil(t, f)
	assert.True(t, f.Match(samples(t)["User"][0]))
}

// TestCheckHandMade holds that an expression which no parser makes gives an error
// or a filter, but no panic.
func TestCheckHandMade(t *testing.T) {
	eq := func(value any) filter.Expression {
		return &filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: "num"}, Operator: "EQ", CompareValue: value}
	}
	for _, e := range []filter.Expression{
		eq(int64(5)), eq(5), eq(5.0), eq(json.Number("5")), eq(json.Number("5.0")),
		&filter.LogicalExpression{Left: eq(5), Right: &filter.LogicalExpression{Left: eq(5), Right: eq(5), Operator: "And"}, Operator: "AND"},
	} {
		f, err := filter.Check(e, thingType, filter.Checking{})
		require.NoError(t, err)
		assert.True(t, f.Match(decode(t, thingType, `{"num":5}`)))
		assert.False(t, f.Match(decode(t, thingType, `{"num":6}`)))
		for _, c := range f.And(f).Conjuncts() {
			assert.True(t, c.Match(decode(t, thingType, `{"num":5}`)))
		}
	}
	for _, e := range []filter.Expression{
		eq([]byte("x")), eq(math.NaN()), eq(math.Inf(1)), eq(json.Number("x")), eq(struct{}{}), eq([]any{}),
		&filter.NotExpression{},
		&filter.LogicalExpression{Left: eq(5), Operator: filter.AND},
		&filter.LogicalExpression{Left: eq(5), Right: eq(5), Operator: "xor"},
		&filter.ValuePath{AttributePath: filter.AttributePath{AttributeName: "tags"}},
		&filter.ValuePath{AttributePath: filter.AttributePath{AttributeName: "tags"}, ValueFilter: &filter.ValuePath{
			AttributePath: filter.AttributePath{AttributeName: "tags"}}},
		&filter.AttributeExpression{},
		&filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: "name"}, Operator: "regex", CompareValue: ".*"},
	} {
		f, err := filter.Check(e, thingType, filter.Checking{})
		assert.Nil(t, f)
		_, ok := errors.AsType[*filter.TypeError](err)
		assert.True(t, ok, "%v", err)
	}
	_, err := filter.Check(&filter.NotExpression{}, thingType, filter.Checking{})
	assert.EqualError(t, err, "filter: an operand is missing")
}
