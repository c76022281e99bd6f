package scim

import (
	"net/http"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// servePut replaces a resource (RFC 7644, section 3.5.1).
func (c *collection) servePut(q *request) (*response, error) {
	q.entry.Resource, q.entry.ResourceID = c.typ.Name(), q.id
	p, err := q.projection(c.typ)
	if err != nil {
		return nil, err
	}
	doc, err := q.decode(c.typ)
	if err != nil {
		return nil, err
	}
	var stored *schema.Resource
	err = c.retrying(q, func() error {
		stored, err = c.replace(q, doc)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.resourceResponse(q, http.StatusOK, stored, c.shown(p, doc.Resource))
}

// replace does one attempt.
func (c *collection) replace(q *request, doc schema.Decoded) (*schema.Resource, error) {
	old, err := c.get(q.ctx, q.scope.Tenant, q.id)
	if err != nil {
		return nil, err
	}
	if err := q.ifMatch(old.Version()); err != nil {
		return nil, err
	}
	delta, err := c.membersIn(doc.Resource)
	if err != nil {
		return nil, err
	}
	if c.members != nil && !doc.Has(c.members) {
		delta = patch.MemberDelta{} // not sent is not cleared: a rename must not empty a group
	}
	r, err := c.kept(old, doc.Resource)
	if err != nil {
		return nil, err
	}
	if r, err = c.keptRequired(q, r); err != nil {
		return nil, err
	}
	if err := c.typ.ValidateReplace(old, r); err != nil {
		return nil, err
	}
	if delta, err = q.knownMembers(q.id, delta); err != nil {
		return nil, err
	}
	res, err := c.write(q, old, r, r.Changed(old), delta, doc.Password)
	return res.Group, err
}

// kept returns r, a decoded resource, without members and with what a replacement must
// not lose: what clients can't write, what they can't read, what is immutable, and whether a
// user is active. A PUT that says nothing of "active" must not let a suspended user in again.
func (c *collection) kept(old, r *schema.Resource) (*schema.Resource, error) {
	var b *schema.Builder // made if it is needed, as it seldom is
	if c.members != nil && !r.Value(c.members).IsZero() {
		b = r.Edit().Put(c.members, schema.Value{})
	}
	for _, a := range c.typ.Attrs() {
		keep := a.Mutability != schema.ReadWrite || a.Returned == schema.Never || a.Path() == "active"
		if !keep || a == c.edges() || isCommon(a) || !r.Value(a).IsZero() {
			continue
		}
		if v := old.Value(a); !v.IsZero() {
			if b == nil {
				b = r.Edit()
			}
			b.Put(a, v)
		}
	}
	if b == nil {
		return r.WithMeta(old.ID(), old.Meta()), nil
	}
	return b.ID(old.ID()).Meta(old.Meta()).Build()
}

// isCommon reports whether a is kept beside the values.
func isCommon(a *schema.Attr) bool {
	switch a.Path() {
	case "id", "meta", "schemas":
		return true
	}
	return false
}

// write stores a change; without one nothing is written, and version and time
// stay.
func (c *collection) write(q *request, old, r *schema.Resource, changed []string, delta patch.MemberDelta, password schema.Secret) (GroupResult, error) {
	w := GroupWrite{
		Write:   Write{Old: old, New: r, Changed: changed, Version: old.Version(), Password: password},
		Members: delta,
	}
	if len(w.Changed) == 0 && delta.IsZero() && !(password.IsSet() && c.keepsPasswords) {
		return GroupResult{Group: old, Version: old.Version()}, nil
	}
	res, err := c.writes.update(q, q.id, w)
	if err == nil && res.Group == nil {
		res.Group, err = c.get(q.ctx, q.scope.Tenant, q.id)
	}
	if err == nil {
		q.entry.wrote(w, res)
	}
	return res, err
}

// maxTries bounds how often a write that lost a race is tried again.
const maxTries = 5

// retrying runs attempt again as long as another write came in between, unless
// the client said which version it means.
func (c *collection) retrying(q *request, attempt func() error) error {
	for try := 1; ; try++ {
		err := attempt()
		if !c.lostRace(q, err) {
			return err
		}
		if try == maxTries {
			return &Error{Status: http.StatusServiceUnavailable, Detail: "Others are changing the same resource. Try again.", Err: err}
		}
	}
}
