package mapping_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// broken has a field of many types.
type broken struct {
	ID      string
	Text    string
	Number  int
	Flag    bool
	At      time.Time
	List    []string
	Channel chan int
	Map     map[string]string
	Nested  struct{ City string }
	Plural  []struct{ Nothing chan int }
}

func text(path string) mapping.F[broken, string] {
	return mapping.Field(path, func(b *broken) *string { return &b.Text })
}

func brokenID() mapping.Binding[broken] {
	return mapping.ID(func(b *broken) *string { return &b.ID })
}

// TestTableErrors has one mistake per case; what the error says is the case's point.
func TestTableErrors(t *testing.T) {
	flag := func(path string) mapping.F[broken, bool] {
		return mapping.Field(path, func(b *broken) *bool { return &b.Flag })
	}
	number := func(path string) mapping.F[broken, int] {
		return mapping.Field(path, func(b *broken) *int { return &b.Number })
	}
	list := func(path string) mapping.F[broken, []string] {
		return mapping.Field(path, func(b *broken) *[]string { return &b.List })
	}
	for name, c := range map[string]struct {
		bindings []mapping.Binding[broken]
		words    []string
	}{
		"unknown path":           {b(text("usrName")), []string{"usrName", "is not an attribute of User"}},
		"unknown sub-attribute":  {b(text("name.givnName")), []string{"name.givnName", "has no sub-attribute", "givenName, middleName"}},
		"no path":                {b(text("name.givenName.x")), []string{"name.givenName.x"}},
		"short extension":        {b(text("department")), []string{"department", enterpriseURN + ":department is"}},
		"typo in extension":      {b(text(enterpriseURN + ":departmnt")), []string{"departmnt", "is not an attribute"}},
		"extension as a whole":   {b(text(enterpriseURN)), []string{"is a schema", "Open"}},
		"text for a boolean":     {b(text("active")), []string{"active", "a Go string can't hold", "boolean", "a bool can"}},
		"bool for a text":        {b(flag("title")), []string{"title", "a Go bool can't hold"}},
		"list for a text":        {b(list("title")), []string{"title", "[]string can't hold"}},
		"text for a list":        {b(text("emails")), []string{"emails", "a Go string can't hold a list", "a slice can"}},
		"struct without members": {b(mapping.Field("emails", func(b *broken) *[]struct{ Nothing chan int } { return &b.Plural })), []string{"emails", "no field of the Go struct"}},
		"impossible type":        {b(mapping.Field("title", func(b *broken) *chan int { return &b.Channel })), []string{"title", "chan int"}},
		"impossible new type":    {b(mapping.Field("urn:a:b:c", func(b *broken) *chan int { return &b.Channel })), []string{"urn:a:b:c", "no attribute can be made of a Go chan int"}},
		"no URI":                 {b(text("not a:path")), []string{"not a:path"}},
		"twice":                  {b(text("title"), text("TITLE")), []string{"TITLE", "is bound already, by title"}},
		"twice by URN":           {b(text("title"), text(schema.UserURN+":title")), []string{"is bound already, by title"}},
		"twice in an extension":  {b(text("urn:a:b:c"), text("urn:a:b:C")), []string{"urn:a:b:C", "is bound already"}},
		"value path twice": {b(text(`emails[type eq "work"].value`), text(`emails[type eq "WORK"].value`)),
			[]string{"is bound already"}},
		"whole and part":         {b(list("emails.value"), text(`emails[type eq "work"].value`)), []string{`emails[type eq "work"].value`, "has the whole attribute"}},
		"part and whole":         {b(text(`emails[type eq "work"].value`), list("emails")), []string{"emails", "part of the same attribute"}},
		"condition not eq":       {b(text(`emails[type ne "work"].value`)), []string{"conditions", "eq"}},
		"conditions with or":     {b(text(`emails[type eq "a" or type eq "b"].value`)), []string{"conditions", "and"}},
		"no sub-attribute":       {b(text(`emails[type eq "work"]`)), []string{"a sub-attribute is missing"}},
		"condition says it":      {b(text(`emails[type eq "work"].type`)), []string{"say already"}},
		"condition on a text":    {b(text(`title[value eq "x"].value`)), []string{"title", "is not a list"}},
		"unfinished path":        {b(text(`emails[type eq "work".value`)), []string{"emails[type", "expected"}},
		"the id":                 {b(text("id")), []string{"id", "is bound by ID"}},
		"the meta":               {b(text("meta.version")), []string{"meta.version", "Version"}},
		"the schemas":            {b(list("schemas")), []string{"schemas", "follows"}},
		"memberships":            {b(list("groups.value")), []string{"groups", "GroupRepository"}},
		"the password":           {b(text("password")), []string{"password", "is bound by Password"}},
		"a reference":            {b(text(enterpriseURN + ":manager.$ref")), []string{"$ref", "follows from"}},
		"Not of a text":          {b(text("title").Not()), []string{"title", "Not is for booleans"}},
		"Enum of a list":         {b(list("urn:a:b:c").Enum(map[string][]string{"x": nil})), []string{"Enum"}},
		"Enum with two texts":    {b(text("title").Enum(map[string]string{"a": "x", "b": "x"})), []string{"title", "two texts for the value x"}},
		"Enum for a boolean":     {b(text("active").Enum(map[string]string{"on": "x", "off": ""})), []string{"active", `texts are "true" and "false"`}},
		"OneOf of a list":        {b(list("emails.value").OneOf([]string{"x"})), []string{"emails.value", "OneOf takes texts"}},
		"Split of a slice":       {b(list("urn:a:b:c").Split(",")), []string{"urn:a:b:c", "Split is for"}},
		"Join of a text":         {b(text("title").Join(",")), []string{"title", "Join is for"}},
		"Prefix of no ID":        {b(text("title").Prefix("t")), []string{"title", "Prefix is for the ID"}},
		"no function":            {b(mapping.Field[broken, string]("title", nil)), []string{"title", "function is nil"}},
		"nil":                    {b(nil), []string{"binding 2", "is nil"}},
		"two IDs":                {b(brokenID()), []string{"the ID", "is bound twice"}},
		"a list as ID":           {[]mapping.Binding[broken]{text("userName"), mapping.ID(func(b *broken) *[]string { return &b.List })}, []string{"the ID", "[]string"}},
		"no ID":                  {[]mapping.Binding[broken]{text("userName")}, []string{"nothing is bound to the ID"}},
		"a bool as time":         {b(mapping.Modified(func(b *broken) *bool { return &b.Flag })), []string{"the time of the last change", "a Go bool"}},
		"a number as time":       {b(mapping.Created(func(b *broken) *int { return &b.Number })), []string{"the time of creation", "a Go int"}},
		"two rests":              {b(mapping.Rest(func(b *broken) *string { return &b.Text }), mapping.Rest(func(b *broken) *string { return &b.Text })), []string{"Rest", "twice"}},
		"rest and no rest":       {b(mapping.Rest(func(b *broken) *string { return &b.Text }), mapping.RefuseRest[broken]()), []string{"exclude each other"}},
		"rest without function":  {b(mapping.Rest[broken, string](nil)), []string{"Rest", "function is nil"}},
		"open without function":  {b(mapping.Open[broken, map[string]string]("urn:a:b", nil)), []string{"urn:a:b", "function is nil"}},
		"open twice":             {b(open("urn:a:b"), open("URN:a:B")), []string{"URN:a:B", "is open already"}},
		"open without URI":       {b(open("metadata")), []string{"metadata", "no URI"}},
		"two password functions": {b(password(), password()), []string{"Password", "twice"}},
		"nil password function":  {b(mapping.Password[broken](nil)), []string{"Password", "nil"}},
		"two role functions":     {b(roles(), roles()), []string{"Roles", "twice"}},
		"nil OnCreate":           {b(mapping.OnCreate[broken](nil)), []string{"OnCreate", "nil"}},
		"number as a list":       {b(number("emails")), []string{"emails", "a Go int can't hold a list"}},
	} {
		t.Run(name, func(t *testing.T) {
			bindings := c.bindings
			if !strings.HasPrefix(name, "no ID") && !strings.HasPrefix(name, "a list as ID") {
				bindings = append([]mapping.Binding[broken]{brokenID(), text("userName")}, bindings...)
			}
			_, err := mapping.Users(bindings...)
			require.Error(t, err)
			assert.Len(t, errorsOf(err), 1, "%v", err)
			assert.True(t, strings.HasPrefix(err.Error(), "mapping: "), err)
			for _, w := range c.words {
				assert.ErrorContains(t, err, w)
			}
		})
	}
}

// b is a list of bindings.
func b(bindings ...mapping.Binding[broken]) []mapping.Binding[broken] { return bindings }

func open(urn string) mapping.Binding[broken] {
	return mapping.Open(urn, func(b *broken) *map[string]string { return &b.Map })
}

func password() mapping.Binding[broken] {
	return mapping.Password(func(*broken, schema.Secret) error { return nil })
}

func roles() mapping.Binding[broken] {
	return mapping.Roles(func(*broken, []string) error { return nil })
}

func errorsOf(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// TestTableErrorsTogether: whoever makes a table learns of all mistakes at once.
func TestTableErrorsTogether(t *testing.T) {
	_, err := mapping.Users(
		text("usrName"),
		text("active"),
		text("title"),
		text("title"),
		text(`emails[type ne "work"].value`),
		text("nickName").Not(),
		mapping.OnCreate[broken](nil),
	)
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	for i, words := range []string{
		"OnCreate: the function is nil",
		"User: nothing is bound to the ID",
		"usrName: usrName is not an attribute",
		`emails[type ne "work"].value: the conditions`,
		"userName: is required by the schema and has no field",
		"active: a Go string can't hold",
		"title: is bound already",
		"nickName: Not is for booleans",
	} {
		require.Greater(t, len(lines), i, err)
		assert.Contains(t, lines[i], words)
	}
	assert.Len(t, lines, 8)
	assert.Panics(t, func() { mapping.Must(mapping.Users(text("usrName"))) })
}

// TestGroupAndResourceErrors: other types have rules of their own.
func TestGroupAndResourceErrors(t *testing.T) {
	_, err := mapping.Groups(brokenID(), text("displayName"), mapping.Field("members.value", func(b *broken) *[]string { return &b.List }))
	assert.ErrorContains(t, err, "memberships come from the GroupRepository")
	_, err = mapping.Groups(brokenID())
	assert.ErrorContains(t, err, "displayName: is required by the schema and has no field")
	device := schema.TypeConfig{Name: "Device", Schema: schema.Schema{ID: "urn:x:Device", Attributes: []schema.Attribute{{Name: "serial", Required: true}, {Name: "note"}}}}
	_, err = mapping.Resources(device, brokenID(), text("note"))
	assert.ErrorContains(t, err, "serial: is required by the schema and has no field")
	_, err = mapping.Resources(schema.TypeConfig{Name: "Device"}, brokenID())
	assert.ErrorContains(t, err, "a schema needs an ID")
	table, err := mapping.Resources(device, brokenID(), text("serial"))
	require.NoError(t, err)
	_, ok := table.SCIMType().Attr("note")
	assert.False(t, ok)
	_, err = mapping.Resources(device, brokenID(), mapping.Rest(func(b *broken) *string { return &b.Text }))
	assert.NoError(t, err, "the rest holds what is required")
}

// TestSchemas: /Schemas lists what has a field, as the table says, and nothing else.
func TestSchemas(t *testing.T) {
	table := must[account](t)(mapping.Users(
		mapping.ID(func(a *account) *int64 { return &a.ID }),
		mapping.Field("userName", func(a *account) *string { return &a.Email }),
		mapping.Field("name.givenName", func(a *account) *string { return &a.First }).Required(),
		mapping.Field("name.familyName", func(a *account) *string { return &a.Last }).ReadOnly(),
		mapping.Field("nickName", func(a *account) *string { return &a.Login }).ReadOnly(),
		mapping.Field("title", func(a *account) *string { return &a.Work }).Immutable().Unique(),
		mapping.Field("userType", func(a *account) *string { return &a.Dept }).OneOf("b", "a"),
		mapping.Field(`phoneNumbers[type eq "work"].value`, func(a *account) *string { return &a.Work }),
		mapping.Field(`phoneNumbers[type eq "mobile"].value`, func(a *account) *string { return &a.Mobile }).Required(),
		mapping.Field("urn:x:Own:since", func(a *account) *time.Time { return &a.Created }),
		mapping.Field("urn:x:Own:count", func(a *account) *int64 { return &a.Boss }).Required(),
		mapping.Field("urn:x:Own:flag", func(a *account) **bool { panic("only the type counts") }),
		mapping.Field("urn:x:Own:tags", func(a *account) *[]string { return &a.Roles }),
		mapping.Field("urn:x:Own:box.size", func(a *account) *float64 { panic("only the type counts") }),
	))
	var got []string
	for _, s := range append([]schema.Schema{table.SCIMType().Config().Schema}, extensionSchemas(table)...) {
		got = append(got, describe(s.ID+":", s.Attributes)...)
	}
	const core = schema.UserURN + ":"
	assert.Equal(t, []string{
		core + "userName string required server",
		core + "name complex required",
		core + "name.familyName string readOnly",
		core + "name.givenName string required",
		core + "nickName string readOnly",
		core + "title string immutable server",
		core + `userType string ["b" "a"]`,
		core + "phoneNumbers complex list required",
		core + "phoneNumbers.value string",
		core + `phoneNumbers.type string ["work" "mobile"]`,
		core + "phoneNumbers.primary boolean",
		core + "groups complex list readOnly",
		core + "groups.value string readOnly",
		core + "groups.$ref reference readOnly",
		core + "groups.display string readOnly",
		core + `groups.type string readOnly ["direct" "indirect"]`,
		"urn:x:Own:since dateTime",
		"urn:x:Own:count integer required",
		"urn:x:Own:flag boolean",
		"urn:x:Own:tags string list",
		"urn:x:Own:box complex",
		"urn:x:Own:box.size decimal",
	}, got)
	own := table.SCIMType().Config().Extensions[0]
	assert.True(t, own.Required, "it has a required attribute")
	assert.Equal(t, "Own", own.Schema.Name)
	_, err := json.Marshal(own.Schema)
	assert.NoError(t, err)
}

func extensionSchemas[T any](table *mapping.Table[T]) []schema.Schema {
	var all []schema.Schema
	for _, e := range table.SCIMType().Config().Extensions {
		all = append(all, e.Schema)
	}
	return all
}

// describe writes the characteristics that are not the default.
func describe(prefix string, attrs []schema.Attribute) []string {
	var lines []string
	for _, a := range attrs {
		line := prefix + a.Name + " " + a.Type.String()
		if a.MultiValued {
			line += " list"
		}
		if a.Required {
			line += " required"
		}
		if a.Mutability != schema.ReadWrite {
			line += " " + a.Mutability.String()
		}
		if a.Uniqueness != schema.NotUnique {
			line += " " + a.Uniqueness.String()
		}
		if len(a.Canonical) > 0 {
			line += " [\"" + strings.Join(a.Canonical, `" "`) + `"]`
		}
		lines = append(append(lines, line), describe(prefix+a.Name+".", a.Sub)...)
	}
	return lines
}

// TestExtend: a definition of the application's own counts before what follows from
// Go types.
func TestExtend(t *testing.T) {
	ext := schema.Extension{Schema: schema.Schema{ID: "urn:x:Own", Name: "Own", Attributes: []schema.Attribute{
		{Name: "code", CaseExact: true, Description: "A code."}, {Name: "unused"},
		{Name: "spots", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{{Name: "kind"}, {Name: "value"}}},
	}}}
	table := must[broken](t)(mapping.Users(brokenID(), text("userName"), text("URN:x:own:CODE"), mapping.Extend[broken](ext),
		mapping.Field(`urn:x:Own:spots[kind eq "a"].value`, func(b *broken) *string { return &b.Nested.City })))
	a, ok := table.SCIMType().Attr("urn:x:Own:code")
	require.True(t, ok)
	assert.True(t, a.CaseExact)
	_, ok = table.SCIMType().Attr("urn:x:Own:unused")
	assert.False(t, ok)
	_, ok = table.SCIMType().Attr("urn:x:Own:spots.kind")
	assert.True(t, ok)
	_, err := mapping.Users(brokenID(), text("userName"), text("urn:x:Own:cod"), mapping.Extend[broken](ext))
	assert.ErrorContains(t, err, "urn:x:Own:cod")
}

// TestInterfaces: what package scim looks for is there.
func TestInterfaces(t *testing.T) {
	table := accountTable(t)
	store := mapping.UserStore(table, mapping.Repository[account](accountRepo(table)))
	typer, ok := store.(scim.Typer)
	require.True(t, ok)
	assert.Same(t, table.SCIMType(), typer.SCIMType())
	keeper, ok := store.(scim.PasswordKeeper)
	require.True(t, ok)
	assert.True(t, keeper.KeepsPasswords())
	assert.True(t, errors.Is(scim.ErrNotFound, scim.ErrNotFound))
}
