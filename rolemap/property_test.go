package rolemap_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// words are few, so that values, roles and groups meet.
var words = []string{"admin", "user", "viewer", "system", "élan", "straße", "a"}

// spelled draws a word in some case.
func spelled(t *rapid.T, label string) string {
	return inSomeCase(t, rapid.SampledFrom(words).Draw(t, label))
}

// inSomeCase draws another spelling of a text, which is the same ignoring case.
func inSomeCase(t *rapid.T, text string) string {
	if strings.Contains(text, "ß") {
		return text // its capital is two letters
	}
	letters := []rune(text)
	for i := range letters {
		if rapid.Bool().Draw(t, "capital") {
			letters[i] = unicode.ToUpper(letters[i])
		}
	}
	return string(letters)
}

// drawTable draws a table without mistakes.
func drawTable(t *rapid.T) rolemap.Table {
	table := rolemap.Table{
		Prefix:  rapid.SampledFrom([]string{"", "role.", "Rolle-"}).Draw(t, "prefix"),
		Known:   rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 5, rapid.ID).Draw(t, "known"),
		Ignored: rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, 2, rapid.ID).Draw(t, "ignored"),
	}
	given := slices.DeleteFunc(slices.Clone(table.Known), func(r string) bool { return slices.Contains(table.Ignored, r) })
	if len(given) == 0 {
		return table
	}
	roles := rapid.SampledFrom(given)
	if rapid.Bool().Draw(t, "attribute") {
		table.Attribute = rapid.SampledFrom([]string{"userType", "roles"}).Draw(t, "path")
		table.Values = rapid.MapOfN(rapid.SampledFrom(words), roles, 1, 4).Draw(t, "values")
		table.Exact = rapid.Bool().Draw(t, "exact")
		table.Primary = rapid.Bool().Draw(t, "primary")
		table.Unknown = rapid.SampledFrom([]rolemap.Unknown{rolemap.RefuseUnknown, rolemap.SkipUnknown}).Draw(t, "unknown")
	}
	if rapid.Bool().Draw(t, "default") {
		table.Default = roles.Draw(t, "default role")
	}
	table.Groups = rapid.MapOfN(rapid.SampledFrom(words), roles, 0, 3).Draw(t, "groups")
	if can := table.Roles(); len(can) > 0 && rapid.Bool().Draw(t, "prefer") {
		table.Priority = rapid.SliceOfNDistinct(rapid.SampledFrom(can), 0, len(can), rapid.ID).Draw(t, "priority")
	}
	return table
}

// person is what a user is made of, so that it can be spelled otherwise.
type person struct {
	values []string
	main   int // which is primary
}

func (p person) resource(t *rapid.T) *schema.Resource {
	b := schema.New(richType).Set("userName", "a")
	if len(p.values) > 0 {
		b.Set("userType", p.values[0])
	}
	var elems []map[string]any
	for i, v := range p.values {
		elems = append(elems, map[string]any{"value": v, "primary": i == p.main})
	}
	r, err := b.Set("roles", elems).Build()
	require.NoError(t, err)
	return r
}

func drawPerson(t *rapid.T) person {
	values := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return spelled(t, "value") }), 0, 3).Draw(t, "values")
	return person{values, rapid.IntRange(0, 3).Draw(t, "primary")}
}

func drawGroups(t *rapid.T, prefix string) []scim.GroupRef {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) scim.GroupRef {
		g := scim.GroupRef{ID: rapid.StringMatching(`[a-z]{4}`).Draw(t, "id"), Name: spelled(t, "group"), Role: rapid.Bool().Draw(t, "role")}
		if rapid.IntRange(0, 2).Draw(t, "with prefix") > 0 {
			g.Name = inSomeCase(t, prefix+g.Name)
		}
		return g
	}), 0, 6).Draw(t, "groups")
}

// TestPure: the same input gives the same output, whatever order groups are in and how
// often one is there; no role is given that the table can't give.
func TestPure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		r, err := rolemap.New(table)
		require.NoError(t, err, "%+v", table)
		in := scim.RoleInput{User: drawPerson(t).resource(t), Groups: drawGroups(t, table.Prefix)}
		before := slices.Clone(in.Groups)
		out := r.Resolve(in)
		assert.Equal(t, before, in.Groups, "the groups were changed")

		again := scim.RoleInput{User: in.User, Groups: rapid.Permutation(append(slices.Clone(in.Groups), in.Groups...)).Draw(t, "order")}
		assert.Empty(t, cmp.Diff(out, r.Resolve(again)))
		same, err := rolemap.New(table)
		require.NoError(t, err)
		assert.Empty(t, cmp.Diff(out, same.Resolve(in)), "another resolver of the same table")

		can := table.Roles()
		for _, role := range out.Roles {
			assert.Contains(t, can, role)
			assert.Contains(t, table.Known, role)
			assert.NotContains(t, table.Ignored, role)
		}
		if out.Refusal != nil {
			assert.Empty(t, out.Roles)
			assert.Equal(t, rolemap.RefuseUnknown, table.Unknown)
			assert.Contains(t, out.Refusal.Detail, table.Attribute)
		}
		if len(table.Priority) > 0 && slices.ContainsFunc(out.Roles, func(role string) bool { return slices.Contains(table.Priority, role) }) {
			assert.Len(t, out.Roles, 1)
		}
	})
}

// TestCase: the case of names does not count, and that of values only in exact tables.
func TestCase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		r := rolemap.Must(table)
		p := drawPerson(t)
		groups := drawGroups(t, table.Prefix)
		out := r.Resolve(scim.RoleInput{User: p.resource(t), Groups: groups})

		other := person{slices.Clone(p.values), p.main}
		for i, v := range p.values {
			if !table.Exact {
				other.values[i] = inSomeCase(t, v)
			}
		}
		renamed := slices.Clone(groups)
		for i, g := range groups {
			renamed[i].Name = inSomeCase(t, g.Name)
			assert.Equal(t, r.GroupUse(g.Name, ""), r.GroupUse(renamed[i].Name, ""))
		}
		got := r.Resolve(scim.RoleInput{User: other.resource(t), Groups: renamed})
		assert.Equal(t, out.Roles, got.Roles)
		assert.Equal(t, out.Refusal == nil, got.Refusal == nil)

		if table.Exact {
			for _, v := range p.values {
				if _, ok := table.Values[v]; !ok && table.Attribute == "roles" && table.Unknown == rolemap.RefuseUnknown && !table.Primary {
					assert.NotNil(t, out.Refusal, "%q is not in the table", v)
				}
			}
		}
	})
}

// TestModel compares the roles with those that a few plain rules give.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		p := drawPerson(t)
		groups := drawGroups(t, table.Prefix)
		out := rolemap.Must(table).Resolve(scim.RoleInput{User: p.resource(t), Groups: groups})
		want, refused := model(table, p, groups)
		require.Equal(t, refused, out.Refusal != nil, "refused")
		assert.Equal(t, fmt.Sprint(want), fmt.Sprint(out.Roles))
	})
}

func model(table rolemap.Table, p person, groups []scim.GroupRef) (roles []string, refused bool) {
	got := map[string]bool{}
	same := func(a, b string) bool { return schema.Fold(a) == schema.Fold(b) }
	for _, g := range groups {
		for name, role := range table.Groups {
			if !g.Role && same(name, g.Name) {
				got[role] = true
			}
		}
		for _, role := range table.Known {
			ignored := slices.ContainsFunc(table.Ignored, func(i string) bool { return same(i, role) })
			if g.Role && table.Prefix != "" && same(g.Name, table.Prefix+role) && !ignored {
				got[role] = true
			}
		}
	}
	values := p.values
	switch {
	case len(values) == 0 || table.Attribute == "":
	case table.Attribute == "userType", table.Primary && p.main >= len(values):
		values = values[:1]
	case table.Primary:
		values = values[p.main : p.main+1]
	}
	if table.Attribute == "" {
		values = nil
	}
	for _, v := range values {
		found := false
		for name, role := range table.Values {
			if v == name || !table.Exact && same(v, name) {
				got[role], found = true, true
			}
		}
		refused = refused || !found && table.Unknown == rolemap.RefuseUnknown
	}
	if table.Default != "" && (table.Attribute != "" && len(values) == 0 || table.Attribute == "" && len(got) == 0) {
		got[table.Default] = true
	}
	if refused {
		return nil, true
	}
	for _, role := range table.Priority {
		if got[role] {
			return []string{role}, false
		}
	}
	return slices.Sorted(maps.Keys(got)), false
}
