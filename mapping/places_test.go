package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// contact has one field for each of several elements.
type contact struct {
	ID, Name             string
	Work, WorkShown      string
	Home, Other, Primary string
}

func contactTable(t testing.TB, bindings ...mapping.Binding[contact]) *mapping.Table[contact] {
	t.Helper()
	return must[contact](t)(mapping.Users(append([]mapping.Binding[contact]{
		mapping.ID(func(c *contact) *string { return &c.ID }),
		mapping.Field("userName", func(c *contact) *string { return &c.Name }),
	}, bindings...)...))
}

func email(path string, p func(*contact) *string) mapping.F[contact, string] {
	return mapping.Field("emails"+path, p)
}

var (
	work    = email(`[type eq "work"].value`, func(c *contact) *string { return &c.Work })
	display = email(`[type eq "work"].display`, func(c *contact) *string { return &c.WorkShown })
	home    = email(`[type eq "home"].value`, func(c *contact) *string { return &c.Home })
	other   = email(`.value`, func(c *contact) *string { return &c.Other })
	main    = email(`[primary eq true].value`, func(c *contact) *string { return &c.Primary })
)

// TestPlaces: which element goes to which field, and what is shown of it.
func TestPlaces(t *testing.T) {
	list := func(b ...mapping.Binding[contact]) []mapping.Binding[contact] { return b }
	for name, c := range map[string]struct {
		bindings []mapping.Binding[contact]
		sent     string
		want     contact
		shown    string
	}{
		"one":                  {list(work), `{"type":"work","value":"w"}`, contact{Work: "w"}, `{"value":"w","type":"work","primary":true}`},
		"case":                 {list(work), `{"type":"WORK","value":"w"}`, contact{Work: "w"}, `{"value":"w","type":"work","primary":true}`},
		"no type":              {list(work), `{"value":"w"}`, contact{Work: "w"}, `{"value":"w","type":"work","primary":true}`},
		"another type":         {list(work), `{"type":"home","value":"h"}`, contact{}, ``},
		"two of the type":      {list(work), `{"type":"work","value":"a"},{"type":"work","value":"b","primary":true}`, contact{Work: "b"}, `{"value":"b","type":"work","primary":true}`},
		"typed before untyped": {list(work), `{"value":"a","primary":true},{"type":"work","value":"b"}`, contact{Work: "b"}, `{"value":"b","type":"work","primary":true}`},
		"display too":          {list(work, display), `{"type":"work","value":"w","display":"W"}`, contact{Work: "w", WorkShown: "W"}, `{"value":"w","display":"W","type":"work","primary":true}`},
		"display alone":        {list(work, display), `{"type":"work","display":"W"}`, contact{WorkShown: "W"}, `{"display":"W","type":"work","primary":true}`},
		"two":                  {list(work, home), `{"type":"home","value":"h"},{"type":"work","value":"w"}`, contact{Work: "w", Home: "h"}, `{"value":"w","type":"work"},{"value":"h","type":"home"}`},
		"two, one marked":      {list(work, home.Primary()), `{"type":"home","value":"h"},{"type":"work","value":"w"}`, contact{Work: "w", Home: "h"}, `{"value":"w","type":"work"},{"value":"h","type":"home","primary":true}`},
		"two, second only":     {list(work, home), `{"type":"home","value":"h"}`, contact{Home: "h"}, `{"value":"h","type":"home"}`},
		"untyped goes first":   {list(work, home), `{"value":"x"},{"type":"home","value":"h"}`, contact{Work: "x", Home: "h"}, `{"value":"x","type":"work"},{"value":"h","type":"home"}`},
		"any":                  {list(other), `{"type":"home","value":"h"},{"type":"work","value":"w","primary":true}`, contact{Other: "w"}, `{"value":"w"}`},
		"any, none primary":    {list(other), `{"type":"home","value":"h"},{"type":"work","value":"w"}`, contact{Other: "h"}, `{"value":"h"}`},
		"any after the others": {list(other, work), `{"type":"home","value":"h"},{"type":"work","value":"w"}`, contact{Other: "h", Work: "w"}, `{"value":"w","type":"work"},{"value":"h"}`},
		"primary":              {list(main), `{"type":"home","value":"h"},{"type":"work","value":"w","primary":true}`, contact{Primary: "w"}, `{"value":"w","primary":true}`},
		"primary not said":     {list(main), `{"type":"home","value":"h"}`, contact{Primary: "h"}, `{"value":"h","primary":true}`},
		"primary denied":       {list(main), `{"value":"h","primary":false}`, contact{}, ``},
		"nothing":              {list(work, home), ``, contact{}, ``},
	} {
		t.Run(name, func(t *testing.T) {
			table := contactTable(t, c.bindings...)
			row := contact{Work: "old", WorkShown: "old", Home: "old", Other: "old", Primary: "old"}
			fresh := contact{}
			next := decodeTolerant(t, table.SCIMType(), `{"userName":"n","emails":[`+c.sent+`]}`)
			require.NoError(t, write(table, &fresh, nil, next))
			c.want.Name = "n"
			assert.Equal(t, c.want, fresh)
			want := `"userName":"n"`
			if c.shown != "" {
				want += `,"emails":[` + c.shown + `]`
			}
			assert.Equal(t, want, shown(t, table, &fresh))

			old, err := table.Read(&row)
			require.NoError(t, err)
			require.NoError(t, write(table, &row, old, next))
			assert.Equal(t, shown(t, table, &fresh), shown(t, table, &row), "a row that had others")
		})
	}
}

func decodeTolerant(t testing.TB, typ *schema.Type, doc string) *schema.Resource {
	t.Helper()
	d, err := schema.Decode(typ, []byte(doc), schema.Decoding{})
	require.NoError(t, err, doc)
	return d.Resource
}

// TestPlacesPatched: operations by value path reach the field that is meant, and no
// other.
func TestPlacesPatched(t *testing.T) {
	for name, c := range map[string]struct {
		op   string
		want contact
	}{
		"replace work":         {`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"x"}`, contact{Work: "x", Home: "h"}},
		"replace home":         {`{"op":"Replace","path":"emails[type eq \"home\"].value","value":"x"}`, contact{Work: "w", Home: "x"}},
		"add another":          {`{"op":"Add","path":"emails[type eq \"other\"].value","value":"x"}`, contact{Work: "w", Home: "h"}},
		"remove work":          {`{"op":"Remove","path":"emails[type eq \"work\"]"}`, contact{Home: "h"}},
		"remove work's value":  {`{"op":"Remove","path":"emails[type eq \"work\"].value"}`, contact{Home: "h"}},
		"remove all":           {`{"op":"Remove","path":"emails"}`, contact{}},
		"replace all":          {`{"op":"Replace","path":"emails","value":[{"type":"home","value":"x"}]}`, contact{Home: "x"}},
		"swap":                 {`{"op":"Replace","path":"emails","value":[{"type":"home","value":"w"},{"type":"work","value":"h"}]}`, contact{Work: "h", Home: "w"}},
		"add with the same":    {`{"op":"Add","path":"emails","value":[{"type":"work","value":"w"}]}`, contact{Work: "w", Home: "h"}},
		"keys that are paths":  {`{"op":"Add","value":{"emails[type eq \"work\"].value":"x"}}`, contact{Work: "x", Home: "h"}},
		"another attribute":    {`{"op":"Replace","path":"userName","value":"n"}`, contact{Work: "w", Home: "h"}},
		"an unbound attribute": {`{"op":"Add","path":"nickName","value":"n"}`, contact{Work: "w", Home: "h"}},
	} {
		t.Run(name, func(t *testing.T) {
			table := contactTable(t, work, home)
			row := contact{Name: "n", Work: "w", Home: "h", Other: "own"}
			require.NoError(t, patched(t, table, &row, c.op))
			c.want.Name, c.want.Other = "n", "own"
			assert.Equal(t, c.want, row)
		})
	}
}

// patched applies operations to a row as the handler does.
func patched[T any](t testing.TB, table *mapping.Table[T], v *T, ops string) error {
	t.Helper()
	old, err := table.Read(v)
	require.NoError(t, err)
	doc, err := patch.Decode(table.SCIMType(), []byte(`{"Operations":[`+ops+`]}`), patch.Options{})
	require.NoError(t, err)
	result, err := patch.Apply(old, doc.Ops, patch.Options{})
	require.NoError(t, err)
	return write(table, v, old, result.Resource)
}

// TestSingleEmailIsPrimary: the path that Entra ID uses for the primary address finds
// the only one there is.
func TestSingleEmailIsPrimary(t *testing.T) {
	table := contactTable(t, work)
	row := contact{Name: "n", Work: "w"}
	require.NoError(t, patched(t, table, &row, `{"op":"Replace","path":"emails[primary eq \"True\"].value","value":"x"}`))
	assert.Equal(t, "x", row.Work)
}

// TestAnyEmail: an application with one address takes the one that was sent last,
// however the client chooses it; what is sent again changes nothing.
func TestAnyEmail(t *testing.T) {
	table := contactTable(t, other)
	row := contact{Name: "n"}
	for _, step := range []struct{ op, want string }{
		{`{"op":"Add","path":"emails[type eq \"work\"].value","value":"a"}`, "a"},
		{`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"b"}`, "b"},
		{`{"op":"Replace","path":"emails[primary eq true].value","value":"c"}`, "c"},
		{`{"op":"Replace","path":"emails","value":[{"type":"work","value":"d","primary":true},{"type":"home","value":"x"}]}`, "d"},
		{`{"op":"Replace","path":"emails","value":[{"type":"work","value":"d","primary":true},{"type":"home","value":"x"}]}`, "d"},
		{`{"op":"Replace","path":"emails","value":[{"type":"work","value":"e"},{"type":"home","value":"x"}]}`, "e"},
		{`{"op":"Replace","path":"emails","value":[{"type":"work","value":"e"},{"type":"home","value":"x"}]}`, "e"},
		{`{"op":"Replace","path":"userName","value":"n"}`, "e"},
		{`{"op":"Remove","path":"emails[type eq \"home\"]"}`, "e"},
		{`{"op":"Remove","path":"emails"}`, ""},
	} {
		require.NoError(t, patched(t, table, &row, step.op))
		assert.Equal(t, step.want, row.Other, step.op)
	}
}
