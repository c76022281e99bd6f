package memstore

import (
	"github.com/muster-scim/muster/scim"
)

// tenant is what belongs to one customer. All kinds share the handles, since users and
// groups can be members.
type tenant struct {
	d           *db
	name        scim.Tenant
	records     table
	collections []*collection // by kind; nil if there is none yet
	roles       map[handle][]string
}

// tenant returns t, which is made if there is none.
func (d *db) tenant(t scim.Tenant) *tenant {
	n := d.tenants[t]
	if n == nil {
		n = &tenant{d: d, name: t, roles: map[handle][]string{}}
		d.tenants[t] = n
	}
	return n
}

// collection returns that of a kind, which is made if there is none.
func (n *tenant) collection(k kind) *collection {
	for len(n.collections) <= int(k) {
		n.collections = append(n.collections, nil)
	}
	c := n.collections[k]
	if c == nil {
		c = newCollection(n, k)
		n.collections[k] = c
	}
	return c
}

// find returns the collection of a kind, for reading; nil if there is none.
func (d *db) find(t scim.Tenant, k kind) *collection {
	n := d.tenants[t]
	if n == nil || int(k) >= len(n.collections) {
		return nil
	}
	return n.collections[k]
}

// lookup returns the handle of id, hidden or not, if it is of kind k.
func (c *collection) lookup(id string) (handle, bool) {
	if c == nil {
		return 0, false
	}
	h, ok := c.n.handleOf(id)
	return h, ok && c.n.records.at(h).kind == c.kind
}

// visible is lookup without what is hidden.
func (c *collection) visible(id string) (handle, bool) {
	h, ok := c.lookup(id)
	return h, ok && !c.n.records.at(h).hidden
}
