package memstore_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// TestModel does random things to a store and to a model of it that has maps,
// looks at everything for every question, and undoes by copying. After each
// step both must say the same.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{s: memstore.New(), ctx: ctx, m: newModel()}
		actions := w.actions()
		actions["InTx"] = w.inTx
		actions[""] = w.check
		t.Repeat(actions)
	})
}

// model is what a store should hold. Its order is that of ids.
type model struct {
	docs  map[string]*doc
	order []string
	edges map[[2]string]bool // group, member
}

// doc is a user or group.
type doc struct {
	tenant scim.Tenant
	typ    *schema.Type
	attrs  map[string]any // top-level values by path
	meta   schema.Meta
	hidden bool
	roles  []string
}

func newModel() *model {
	return &model{docs: map[string]*doc{}, edges: map[[2]string]bool{}}
}

func (m *model) clone() *model {
	c := &model{docs: map[string]*doc{}, order: slices.Clone(m.order), edges: maps.Clone(m.edges)}
	for id, d := range m.docs {
		e := *d
		e.attrs = maps.Clone(d.attrs)
		c.docs[id] = &e
	}
	return c
}

func (d *doc) resource(t require.TestingT, id string) *schema.Resource {
	b := schema.New(d.typ)
	for path, v := range d.attrs {
		b.Set(path, v)
	}
	r, err := b.Build()
	require.NoError(t, err)
	return r.WithMeta(id, d.meta)
}

// ids returns those of a tenant and type, in order.
func (m *model) ids(tenant scim.Tenant, typ *schema.Type, hidden bool) []string {
	var ids []string
	for _, id := range m.order {
		if d := m.docs[id]; d.tenant == tenant && d.typ == typ && d.hidden == hidden {
			ids = append(ids, id)
		}
	}
	return ids
}

// unique has what is unique, in the order of the type's attributes.
var unique = []struct {
	typ    *schema.Type
	path   string
	fold   func(string) string
	global bool
}{
	{userType, "userName", schema.FoldUserName, false},
	{groupType, "displayName", schema.Fold, false},
	{userType, ext("badge"), schema.Fold, false},
	{userType, ext("passport"), strings.Clone, true},
}

// conflict returns the unique attribute that d shares with another resource.
func (m *model) conflict(id string, d *doc) string {
	for _, u := range unique {
		for oid, o := range m.docs {
			a, _ := d.attrs[u.path].(string)
			b, _ := o.attrs[u.path].(string)
			if oid != id && !o.hidden && o.typ == d.typ && u.typ == d.typ && (u.global || o.tenant == d.tenant) &&
				a != "" && u.fold(a) == u.fold(b) {
				return u.path
			}
		}
	}
	return ""
}
