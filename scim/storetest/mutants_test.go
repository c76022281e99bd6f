package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// mutant is a store with one fault.
type mutant struct {
	fault string

	// meant is the case that is there for this fault. also are others of the same
	// suite that see it too, though not in every run if it is a race; "*" are any,
	// for faults that nearly every case sees.
	meant string
	also  string

	make func(f *faulty)

	memstore memstore.Options
	options  Options

	// full says that only the full size shows it.
	full bool
}

func allMutants() []mutant {
	return slices.Concat(writeMutants, uniqueMutants, listMutants, filterMutants, keyMutants, isolationMutants,
		groupMutants, edgeMutants, trashMutants, checkerMutants, roleMutants, txMutants, stateMutants)
}

func (m mutant) kit() *kit {
	o := m.options
	o.Short = !m.full
	o.Roles = rolesOfComplete()
	return newKit(func(testing.TB) Stores {
		f := newFaulty(newComplete(m.memstore))
		if m.make != nil {
			m.make(f)
		}
		return f.stores()
	}, o)
}

// concerns reports whether a case is run on m: that for which it is meant, and the
// others of the suite unless that takes too long.
func (m mutant) concerns(name string) bool {
	if m.full || raced || suite(name) != suite(m.meant) || slices.Contains(slow, name) {
		return name == m.meant
	}
	return true
}

// suite is the part of a case's name before the slash.
func suite(name string) string { return name[:strings.Index(name, "/")+1] }

// slow are run only on the mutants that are meant for them.
var slow = []string{"Users/ListManyIDs", "Groups/ListManyIDs", "Groups/EdgesOfMany", "State/Keys"}

// TestMutants holds the kit against stores with one fault each: the case that is
// meant for it must fail, and no other but those that are named.
func TestMutants(t *testing.T) {
	for _, m := range allMutants() {
		t.Run(m.fault, func(t *testing.T) {
			t.Parallel()
			if m.full && (raced || testing.Short()) {
				t.Skip("too large")
			}
			k := m.kit()
			var failed, texts []string
			for _, c := range Cases() {
				if !m.concerns(c.Name) {
					continue
				}
				if text := k.try(t, c).text(c); text != "" {
					failed = append(failed, c.Name)
					texts = append(texts, c.Name+": "+text)
				}
			}
			all := strings.Join(texts, "\n\n")
			require.Contains(t, failed, m.meant, all)
			if m.also == "*" {
				return
			}
			expected := []string{m.meant}
			for _, name := range strings.Fields(m.also) {
				expected = append(expected, suite(m.meant)+name)
			}
			assert.Empty(t, without(failed, expected), all)
		})
	}
}

// TestEveryCaseCatches: a case that no mutant is meant for may be one that never
// fails.
func TestEveryCaseCatches(t *testing.T) {
	meant := map[string]bool{}
	for _, m := range allMutants() {
		meant[m.meant] = true
	}
	for _, c := range Cases() {
		name := c.Name
		if s := suite(name); s == "Resources/" || s == "Groups/" && slices.ContainsFunc(Cases(), func(o Case) bool {
			return o.Name == "Resources/"+strings.TrimPrefix(name, s)
		}) {
			name = "Users/" + name[len(s):] // the same rule
		}
		assert.True(t, meant[name], "no mutant is meant for %s", c.Name)
	}
	known := map[string]bool{}
	for _, c := range Cases() {
		known[c.Name] = true
	}
	for name := range meant {
		assert.True(t, known[name], "there is no case %s", name)
	}
}

// What follows helps to make mutants.

// with returns r with a value for an attribute.
func with(r resource, path string, v any) resource {
	changed, err := r.Edit().Set(path, v).Build()
	if err != nil {
		panic(err)
	}
	return changed
}

// edit writes values to a user, whatever its version.
func (s *complete) edit(ctx contextT, t tenantT, id, path string, v any) {
	r, err := s.GetUser(ctx, t, id)
	if err != nil {
		return
	}
	next := with(r, path, v)
	_, _ = s.UpdateUser(ctx, t, id, scim.Write{Old: r, New: next, Changed: next.Changed(r)})
}

// everybody lists the users of a tenant.
func (s *complete) everybody(ctx contextT, t tenantT) []resource {
	page, _ := s.Store.ListUsers(ctx, t, scim.Query{StartIndex: 1, Count: 1 << 30})
	return page.Resources
}

// selected lists the users of a tenant that a function wants, as q says otherwise.
func (s *complete) selected(ctx contextT, t tenantT, q scim.Query, wants func(resource) bool) scim.Page {
	all := slices.DeleteFunc(s.everybody(ctx, t), func(r resource) bool {
		return !wants(r) || q.IDs != nil && !slices.Contains(q.IDs, r.ID())
	})
	page, err := scim.PageOf(all, q)
	if err != nil {
		panic(err)
	}
	return page
}

// checked makes a filter.
func checked(text string, t *schema.Type) *filter.Filter {
	e, err := filter.Parse(text, filter.Leniency{})
	if err != nil {
		panic(err)
	}
	f, err := filter.Check(e, t, filter.Checking{KeepEmptyStrings: true})
	if err != nil {
		panic(err)
	}
	return f
}

// rewritten lets a function change the text of a filter before it is looked at.
func (f *faulty) rewritten(change func(text string) string) {
	inner := f.listUsers
	f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
		if q.Filter != nil {
			q.Filter = checked(change(q.Filter.String()), q.Filter.Type())
		}
		return inner(ctx, t, q)
	}
}

// comparison returns a filter that is a single comparison.
func comparison(f *filter.Filter) (path string, e *filter.AttributeExpression) {
	a, ok := f.Expr().(*filter.AttributeExpression)
	if !ok {
		return "", nil
	}
	path, _, _ = strings.Cut(f.String(), " ")
	return path, a
}
