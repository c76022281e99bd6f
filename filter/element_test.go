package filter_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

func attrOf(t testing.TB, typ *schema.Type, path string) *schema.Attr {
	t.Helper()
	a, ok := typ.Attr(path)
	require.True(t, ok, path)
	return a
}

// element reads one element of a.
func element(t testing.TB, a *schema.Attr, data string) schema.Value {
	t.Helper()
	v, _, err := schema.DecodeElement(a, []byte(data), schema.Decoding{})
	require.NoError(t, err, data)
	return v
}

var elementTests = []struct {
	id, typ, attr, in, element string
	want                       bool
}{
	{"filtered-add-creates", "User", "emails", `type eq "work"`, `{"type":"WORK","value":"x"}`, true},
	{"filtered-add-creates", "User", "emails", `type eq "work"`, `{"type":"home"}`, false},
	{"filtered-add-creates", "User", "emails", `type eq "work"`, `{"value":"x"}`, false},
	{"string-booleans", "User", "roles", `primary eq "True"`, `{"primary":true}`, true},
	{"string-booleans", "User", "roles", `primary eq "True"`, `{"value":"x"}`, false},
	{"S-2.4-04", "User", "roles", `primary eq false`, `{"value":"x"}`, true},
	{"custom-extension-paths", "User", contactsURN + ":contacts", `primary eq true and not (type eq "friend")`, `{"primary":true,"type":"x"}`, true},
	{"P-3.5.2-members", "Group", "members", `value eq "2819"`, `{"value":"2819"}`, true},
	{"P-3.5.2-members", "Group", "members", `value eq "2819"`, `{"value":"2820"}`, false},
	{"P-3.4.2.2-44", "Thing", "tags", `value eq "B"`, `"b"`, true},
	{"P-3.4.2.2-44", "Thing", "tags", `VALUE pr and value sw "b"`, `"b"`, true},
	{"P-3.4.2.2-44", "Thing", "tags", `value ne "b"`, `"b"`, false},
	{"numbers", "Thing", "nums", `value gt 3 and value lt 5`, `4`, true},
	{"multi-valued sub-attribute", "Thing", "items", `labels eq "x"`, `{"labels":["y","x"]}`, true},
	{"dateTime", "Thing", "items", `when lt "2020-01-01T01:00:00+02:00"`, `{"when":"2019-12-31T22:59:59Z"}`, true},
	{"one element", "User", "name", `givenName eq "x"`, `{"givenName":"X"}`, true},
	{"computed", "Thing", "watchers", `$ref eq "http://other/Users/u2"`, `{"value":"u2"}`, true},
}

func TestElementMatch(t *testing.T) {
	for _, test := range elementTests {
		t.Run(test.id+" "+test.in, func(t *testing.T) {
			a := attrOf(t, typesByName[test.typ], test.attr)
			e := parseFilter(t, test.in)
			f, err := filter.CheckElement(e, a, filter.Checking{})
			require.NoError(t, err)
			assert.Equal(t, test.want, f.Match(element(t, a, test.element)))
			assert.Same(t, a, f.Attr())
			assert.Equal(t, e, f.Expr())
			assert.Equal(t, filter.String(e), f.String())

			not, err := filter.CheckElement(&filter.NotExpression{Expression: e}, a, filter.Checking{})
			require.NoError(t, err)
			assert.NotEqual(t, test.want, not.Match(element(t, a, test.element)))
		})
	}
}

func TestElementErrors(t *testing.T) {
	for _, test := range []struct{ typ, attr, in, path, msg string }{
		{"User", "emails", `kind eq "work"`, "emails", `has no sub-attribute "kind"; its brackets may name value, display, type, primary`},
		{"User", "emails", `emails.type eq "work"`, "emails", `has no sub-attribute`},
		{"User", "emails", `type eq 5.5`, "emails.type", `is a string`},
		{"User", "roles", `primary eq "yes"`, "roles.primary", `is a boolean`},
		{"User", "roles", `primary gt true`, "roles.primary", `not gt`},
		{"User", "emails", `value[type eq "x"]`, "emails", `can't hold another`},
		{"Thing", "tags", `tags eq "x"`, "tags", `may name "value"`},
		{"Thing", "items", `secret eq "x"`, "items.secret", `writeOnly`},
	} {
		_, err := filter.CheckElement(parseFilter(t, test.in), attrOf(t, typesByName[test.typ], test.attr), filter.Checking{})
		te, ok := errors.AsType[*filter.TypeError](err)
		require.True(t, ok, "%s: %T", test.in, err)
		assert.Equal(t, test.path, te.Path)
		assert.Contains(t, te.Msg, test.msg)
		assert.True(t, te.InFilter)
	}
	_, err := filter.CheckElement(parseFilter(t, `primary eq "True"`), attrOf(t, userType, "roles"), filter.StrictChecking())
	assert.Error(t, err)
}

func TestNilElementFilter(t *testing.T) {
	a := attrOf(t, userType, "emails")
	f, err := filter.CheckElement(nil, a, filter.Checking{})
	require.NoError(t, err)
	require.Nil(t, f)
	assert.True(t, f.Match(element(t, a, `{"value":"x"}`)))
	assert.Nil(t, f.Attr())
	assert.Nil(t, f.Expr())
	assert.Empty(t, f.String())
	_, ok := f.Assertions()
	assert.False(t, ok)
}

// TestAssertions: want has the sub-attributes and values as JSON; it is empty if
// the filter describes no element.
func TestAssertions(t *testing.T) {
	for _, test := range []struct {
		typ, attr, in string
		want          []string
	}{
		{"User", "emails", `type eq "work"`, []string{"type", `"work"`}},
		{"User", "emails", `type eq "WORK"`, []string{"type", `"work"`}},
		{"User", "emails", `type eq "Elsewhere"`, []string{"type", `"Elsewhere"`}},
		{"User", "emails", `value eq "A@B"`, []string{"value", `"A@B"`}},
		{"User", "emails", `type eq "work" and primary eq true`, []string{"type", `"work"`, "primary", `true`}},
		{"User", "emails", `type eq "work" and (primary eq "False" and value eq "x")`, []string{"type", `"work"`, "primary", `false`, "value", `"x"`}},
		{"User", contactsURN + ":contacts", `type eq "FRIEND"`, []string{"type", `"Friend"`}},
		{"Thing", "items", `kind eq "LARGE" and num eq 5`, []string{"kind", `"Large"`, "num", `5`}},
		{"Thing", "items", `num eq 5.0`, []string{"num", `5`}},
		{"Thing", "items", `exact eq "one"`, []string{"exact", `"one"`}},
		{"Thing", "items", `labels eq "x"`, []string{"labels", `["x"]`}},
		{"Thing", "items", `when eq "2020-01-01T00:00:00+01:00"`, []string{"when", `"2020-01-01T00:00:00+01:00"`}},
		{"Thing", "items", `when eq "2020-01-01"`, []string{"when", `"2020-01-01T00:00:00Z"`}},
		{"Thing", "items", `kind eq 5`, []string{"kind", `"5"`}},
		{"Thing", "watchers", `$ref eq "https://x/Users/u1"`, []string{"value", `"u1"`}},
		{"Thing", "tags", `value eq "X"`, []string{"", `"X"`}},
		{"Thing", "nums", `value eq 7`, []string{"", `7`}},

		{"User", "emails", `type eq "work" or type eq "home"`, nil},
		{"User", "emails", `not (type eq "work")`, nil},
		{"User", "emails", `type ne "work"`, nil},
		{"User", "emails", `type sw "work"`, nil},
		{"User", "emails", `type pr`, nil},
		{"User", "emails", `type eq null`, nil},
		{"User", "emails", `type eq ""`, nil},
		{"User", "emails", `type eq "work" and type eq "home"`, nil},
		{"User", "emails", `type eq "work" and value co "x"`, nil},
		{"Thing", "items", `num eq 5.5`, nil},
		{"Thing", "tags", `value eq "x" and value eq "y"`, nil},
	} {
		a := attrOf(t, typesByName[test.typ], test.attr)
		f, err := filter.CheckElement(parseFilter(t, test.in), a, filter.Checking{})
		require.NoError(t, err, test.in)
		all, ok := f.Assertions()
		assert.Equal(t, test.want != nil, ok, test.in)
		var got []string
		made := schema.Value{}
		for _, x := range all {
			if x.Sub == nil {
				got, made = append(got, "", string(x.Value.AppendJSON(nil))), x.Value
				continue
			}
			assert.Same(t, a, x.Sub.Parent())
			got, made = append(got, x.Sub.Name, string(x.Value.AppendJSON(nil))), made.With(a, x.Sub, x.Value)
		}
		assert.Equal(t, test.want, got, test.in)
		if ok {
			assert.True(t, f.Match(made), "%s does not match what it describes", test.in)
		}
	}
}
