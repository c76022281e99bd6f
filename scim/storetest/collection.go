package storetest

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// collection is what a store holds of one kind, the noun taken off the store's
// methods: users, groups and others have most rules in common.
type collection struct {
	*trial
	*shape

	get    func(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error)
	list   func(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error)
	create func(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error)
	update func(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error)
	delete func(ctx context.Context, t scim.Tenant, id, version string) error

	store any
}

func (x *trial) users() *collection {
	s := x.Users
	c := x.collection(s, x.o.Users, x.k.userType, "userName")
	c.get, c.list, c.create, c.update, c.delete = s.GetUser, s.ListUsers, s.CreateUser, s.UpdateUser, s.DeleteUser
	return c
}

func (x *trial) resources() *collection {
	s := x.Resources
	c := x.collection(s, x.o.Resources, x.k.resourceType, "")
	c.get, c.list, c.create, c.update, c.delete = s.Get, s.List, s.Create, s.Update, s.Delete
	return c
}

func (x *trial) groups() *collection {
	s := x.Groups
	kind := x.o.Groups
	if !x.o.DuplicateGroupNames {
		kind.Unique = append(slices.Clone(kind.Unique), "displayName")
	}
	c := x.collection(s, kind, x.k.groupType, "displayName")
	c.get, c.list, c.delete = s.GetGroup, s.ListGroups, s.DeleteGroup
	c.create = func(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
		res, err := s.CreateGroup(ctx, t, scim.GroupWrite{Write: w})
		return c.ofResult(res, err)
	}
	c.update = func(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
		res, err := s.UpdateGroup(ctx, t, id, scim.GroupWrite{Write: w})
		return c.ofResult(res, err)
	}
	return c
}

// ofResult returns the group of a result.
func (c *collection) ofResult(res scim.GroupResult, err error) (*schema.Resource, error) {
	switch {
	case err != nil:
		return nil, err
	case res.Group == nil:
		c.fatalf("GroupResult.Group is nil; it may be only if nothing but members changed")
	case res.Version != res.Group.Version():
		c.errorf("GroupResult.Version is %q, but that of its Group %q", res.Version, res.Group.Version())
	}
	return res.Group, nil
}

func (x *trial) collection(store any, k Kind, t *schema.Type, naming string) *collection {
	if k.Type != nil {
		t = k.Type
	} else if s, ok := store.(scim.Typer); ok {
		t = s.SCIMType()
	}
	kind, err := newShape(k, t, naming)
	x.must(err, "storetest")
	return &collection{trial: x, shape: kind, store: store}
}

// assign is a value for an attribute; nil unassigns it.
type assign struct {
	a *schema.Attr
	v any
}

// fresh makes a resource to be created: with a new name, what is required and the
// given values.
func (c *collection) fresh(values ...assign) *schema.Resource {
	n := c.number()
	b := schema.New(c.typ)
	c.put(b, assign{c.naming, c.name(n)})
	for _, a := range c.typ.Attrs() {
		if a.Required && c.writes(a) && a != c.naming {
			c.put(b, assign{a, c.sample(a, n)})
		}
	}
	if c.Fill != nil {
		c.Fill(b, n)
	}
	for _, v := range values {
		c.put(b, v)
	}
	return c.build(b)
}

func (c *collection) put(b *schema.Builder, v assign) {
	made, err := v.a.Make(v.v)
	c.must(err, "storetest: a value of %s", v.a.Path())
	b.Put(v.a, made)
}

func (c *collection) build(b *schema.Builder) *schema.Resource {
	r, err := b.Build()
	c.must(err, "storetest: a resource of type %s", c.typ.Name())
	return r
}

// full makes a resource with a value for all that the store keeps. What types of
// users there are is left to the application.
func (c *collection) full() *schema.Resource {
	n := c.number()
	r := c.fresh()
	b := r.Edit()
	for _, a := range c.typ.Attrs() {
		if !c.writes(a) || !c.keeps(a) || !r.Value(a).IsZero() || a.Path() == "userType" {
			continue
		}
		v, err := a.Make(c.sample(a, n))
		c.must(err, "storetest: a value of %s", a.Path())
		b.Put(a, c.onePrimary(a, v))
	}
	return c.build(b)
}

// onePrimary makes the first element of a list primary, if elements can be.
func (c *collection) onePrimary(a *schema.Attr, v schema.Value) schema.Value {
	p := a.SubAttr("primary")
	if !a.MultiValued || p == nil || !c.keeps(p) {
		return v
	}
	isPrimary, err := p.Make(true)
	c.must(err, "storetest: primary")
	elems := slices.Collect(v.Elems())
	if len(elems) > 0 {
		elems[0] = elems[0].With(a, p, isPrimary)
	}
	return a.List(elems)
}

// peer returns the id of a resource that another one may refer to.
func (c *collection) peer() any {
	if c.Users == nil {
		return nil
	}
	u := c.trial.users()
	r, err := u.create(u.ctx, u.tenant, u.writeOf(u.fresh()))
	c.must(err, "creating a user to refer to")
	return r.ID()
}

// writeOf returns the write that creates r.
func (c *collection) writeOf(r *schema.Resource) scim.Write {
	return scim.Write{New: r, Changed: r.Changed(nil)}
}

// change returns the write that assigns values to a stored resource, whatever its
// version.
func (c *collection) change(old *schema.Resource, values ...assign) scim.Write {
	b := old.Edit()
	for _, v := range values {
		c.put(b, v)
	}
	r := c.build(b)
	return scim.Write{Old: old, New: r, Changed: r.Changed(old)}
}

// add creates a resource, which has to work.
func (c *collection) add(values ...assign) *schema.Resource { return c.insert(c.fresh(values...)) }

func (c *collection) insert(r *schema.Resource) *schema.Resource {
	stored, err := c.create(c.ctx, c.tenant, c.writeOf(r))
	if err != nil {
		c.fatalf("creating a valid %s: %v\nsent: %s\n(see Kind.Fill and Kind.Keeps if the application demands or drops something)", c.typ.Name(), err, r)
	}
	if stored == nil {
		c.fatalf("creating a %s: neither a resource nor an error", c.typ.Name())
	}
	return stored
}

// adds creates n resources.
func (c *collection) adds(n int) []*schema.Resource {
	all := make([]*schema.Resource, n)
	for i := range all {
		all[i] = c.add()
	}
	return all
}

// read gets a resource that has to be there.
func (c *collection) read(id string) *schema.Resource {
	r, err := c.get(c.ctx, c.tenant, id)
	c.must(err, "getting a %s", c.typ.Name())
	if r == nil {
		c.fatalf("getting a %s: neither a resource nor an error", c.typ.Name())
	}
	return r
}

// edit writes values to a resource, which has to work.
func (c *collection) edit(old *schema.Resource, values ...assign) *schema.Resource {
	return c.write(old.ID(), c.change(old, values...))
}

func (c *collection) write(id string, w scim.Write) *schema.Resource {
	r, err := c.update(c.ctx, c.tenant, id, w)
	c.must(err, "updating %v of a %s", w.Changed, c.typ.Name())
	if r == nil {
		c.fatalf("updating a %s: neither a resource nor an error", c.typ.Name())
	}
	return r
}

// erase deletes a resource, which has to work.
func (c *collection) erase(id string) {
	c.must(c.delete(c.ctx, c.tenant, id, ""), "deleting a %s", c.typ.Name())
}

// maxAll is more than any case creates but those about many.
const maxAll = 1000

// all lists all resources of a tenant in the store's order.
func (c *collection) all() []*schema.Resource { return c.allOf(c.tenant) }

func (c *collection) allOf(t scim.Tenant) []*schema.Resource {
	page, err := c.list(c.ctx, t, scim.Query{StartIndex: 1, Count: maxAll})
	c.must(err, "listing all")
	return page.Resources
}

// page does a query that no store may refuse.
func (c *collection) page(q scim.Query) scim.Page {
	page, err := c.list(c.ctx, c.tenant, q)
	c.must(err, "listing")
	return page
}

// text returns the i-th attribute to which any text can be written, which may be
// the naming one if need be.
func (c *collection) text(i int) *schema.Attr {
	if i >= len(c.texts) {
		c.skipf("the store keeps too few attributes of text")
	}
	return c.texts[i]
}

// note returns an attribute of text whose value two resources may share.
func (c *collection) note() *schema.Attr {
	a := c.text(0)
	if c.isUnique(a) {
		c.skipf("the store keeps no attribute of text that need not be unique")
	}
	return a
}

// word returns a text that is another one each time.
func (c *collection) word() string { return c.name(c.number()) }

// attrs lists the simple attributes that the store keeps, sub-attributes too.
func (c *collection) attrs() []*schema.Attr {
	var all []*schema.Attr
	for _, top := range c.typ.Attrs() {
		if !c.writes(top) {
			continue
		}
		for _, a := range append([]*schema.Attr{top}, top.Subs()...) {
			if a.Type != schema.Complex && c.keeps(a) {
				all = append(all, a)
			}
		}
	}
	return all
}

// checkStamp reports what a store should have given a resource.
func (c *collection) checkStamp(r *schema.Resource) {
	m := r.Meta()
	switch {
	case r.ID() == "" || !utf8.ValidString(r.ID()):
		c.errorf("the id is %q", r.ID())
	case strings.Contains(r.ID(), "bulkId"):
		c.errorf("the id %q contains \"bulkId\"", r.ID())
	}
	if m.Version == "" || strings.Contains(m.Version, `"`) {
		c.errorf("the version is %q, want a text without quotes", m.Version)
	}
	if m.Created.IsZero() || m.LastModified.IsZero() {
		c.errorf("the resource was created %v and modified %v", m.Created, m.LastModified)
	}
}

func idsOf(resources []*schema.Resource) []string {
	ids := make([]string, len(resources))
	for i, r := range resources {
		ids[i] = r.ID()
	}
	return ids
}
