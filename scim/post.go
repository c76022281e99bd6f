package scim

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// servePost creates a resource (RFC 7644, section 3.3).
func (c *collection) servePost(q *request) (*response, error) {
	q.entry.Resource = c.typ.Name()
	if c.members != nil && q.settings.NoGroupCreate {
		err := Forbidden("This connection may not create groups: the application does. Import its groups and assign members to them.")
		q.entry.refused("groups", err)
		return nil, err
	}
	p, err := q.projection(c.typ)
	if err != nil {
		return nil, err
	}
	doc, err := q.decode(c.typ)
	if err != nil {
		return nil, err
	}
	w, err := c.creation(q, doc)
	if err != nil {
		return nil, err
	}
	res, err := c.writes.create(q, w)
	if err != nil {
		return nil, err
	}
	if strings.Contains(res.Group.ID(), "bulkId") { // reserved (RFC 7643, section 3.1)
		return nil, fmt.Errorf("scim: the store gave %s the id %q, which must not contain \"bulkId\"", c.typ.Name(), res.Group.ID())
	}
	q.entry.wrote(w, res)
	return c.resourceResponse(q, http.StatusCreated, res.Group, c.shown(p, w.New))
}

// creation checks a decoded document and makes a write of it.
func (c *collection) creation(q *request, doc schema.Decoded) (GroupWrite, error) {
	delta, err := c.membersIn(doc.Resource)
	if err != nil {
		return GroupWrite{}, err
	}
	r, err := c.withoutMembers(doc.Resource)
	if err != nil {
		return GroupWrite{}, err
	}
	if r, err = c.defaulted(q, r, doc.Has); err != nil {
		return GroupWrite{}, err
	}
	if err := c.typ.Validate(r); err != nil {
		return GroupWrite{}, err
	}
	if delta, err = q.knownMembers("", delta); err != nil {
		return GroupWrite{}, err
	}
	w := Write{New: r, Changed: c.named(doc, r), Password: doc.Password}
	delta.Replace = false // there is nothing to replace yet
	return GroupWrite{Write: w, Members: delta}, nil
}

// named returns the paths of what the client gave a value, and of what it left
// unassigned by null or []: an application's default must not take its place.
func (c *collection) named(doc schema.Decoded, r *schema.Resource) []string {
	paths := r.Changed(nil)
	for a := range doc.Cleared(r) {
		if a.Mutability != schema.ReadOnly && a != c.edges() && !isCommon(a) && !a.IsPassword() {
			paths = append(paths, a.Path())
		}
	}
	return paths
}

// membersIn reads the members of a decoded group, as a replacement of the whole list.
func (c *collection) membersIn(r *schema.Resource) (patch.MemberDelta, error) {
	if c.members == nil {
		return patch.MemberDelta{}, nil
	}
	v := r.Value(c.members)
	if v.IsZero() {
		return patch.MemberDelta{Replace: true}, nil
	}
	return patch.Members(v)
}

// withoutMembers takes the members off a decoded group.
func (c *collection) withoutMembers(r *schema.Resource) (*schema.Resource, error) {
	if c.members == nil || r.Value(c.members).IsZero() {
		return r, nil
	}
	return r.Edit().Put(c.members, schema.Value{}).Build()
}

// shown adds to a projection what is returned on request and was just sent
// (RFC 7643, section 7).
func (c *collection) shown(p *schema.Projection, sent *schema.Resource) *schema.Projection {
	for _, a := range c.onRequest {
		if !sent.Value(a).IsZero() {
			p = p.With(a)
		}
	}
	return p
}
