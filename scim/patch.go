package scim

import (
	"errors"
	"net/http"
	"strings"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// servePatch changes a resource (RFC 7644, section 3.5.2).
func (c *collection) servePatch(q *request) (*response, error) {
	q.entry.Resource, q.entry.ResourceID = c.typ.Name(), q.id
	p, err := q.projection(c.typ)
	if err != nil {
		return nil, err
	}
	doc, err := q.decodePatch(c.typ)
	if err != nil {
		return nil, err
	}
	rest, delta, err := c.split(doc.Ops)
	if err != nil {
		return nil, err
	}
	if delta, err = q.knownMembers(q.id, delta); err != nil {
		return nil, err
	}
	var res GroupResult
	err = c.retrying(q, func() error {
		res, err = c.applyOnce(q, rest, delta)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.patched(q, res, p, rest)
}

func (q *request) decodePatch(t *schema.Type) (patch.Request, error) {
	b, err := q.body()
	if err != nil {
		return patch.Request{}, err
	}
	defer b.release()
	doc, err := patch.Decode(t, b.bytes, q.settings.Dialect.Options)
	q.entry.Notes = doc.Notes
	return doc, err
}

// split takes operations on members out.
func (c *collection) split(ops []patch.Op) ([]patch.Op, patch.MemberDelta, error) {
	if c.members == nil {
		return ops, patch.MemberDelta{}, nil
	}
	return patch.Split(ops, c.members)
}

// applyOnce does one attempt. A change of members alone needs nothing that the
// group holds, so the group is not read.
func (c *collection) applyOnce(q *request, ops []patch.Op, delta patch.MemberDelta) (GroupResult, error) {
	if len(ops) == 0 && c.members != nil && len(delta.Where) == 0 && len(q.Header["If-Match"]) == 0 {
		res, err := c.writes.update(q, q.id, GroupWrite{Members: delta})
		q.entry.wrote(GroupWrite{}, res)
		return res, err
	}
	old, err := c.get(q.ctx, q.scope.Tenant, q.id)
	if err != nil {
		return GroupResult{}, err
	}
	if err := q.ifMatch(old.Version()); err != nil {
		return GroupResult{}, err
	}
	if delta, err = q.resolveWhere(delta); err != nil {
		return GroupResult{}, err
	}
	if ops, err = c.defaultedOps(q, ops); err != nil {
		return GroupResult{}, err
	}
	result, err := patch.Apply(old, ops, q.settings.Dialect.Options)
	if err != nil {
		return GroupResult{}, err
	}
	return c.write(q, old, result.Resource, result.Changed, delta, result.Password)
}

// lostRace reports whether a write failed because the resource changed between
// reading and writing. ErrNotFound may mean that too.
func (c *collection) lostRace(q *request, err error) bool {
	if errors.Is(err, ErrVersionMismatch) {
		return !q.conditional() && q.ctx.Err() == nil
	}
	if !errors.Is(err, ErrNotFound) {
		return false
	}
	_, err = c.get(q.ctx, q.scope.Tenant, q.id)
	return err == nil
}

// patched answers 200 with the resource, or 204: for groups unless the client or
// the dialect wants the body, so that members are not read only to be shown.
func (c *collection) patched(q *request, res GroupResult, p *schema.Projection, ops []patch.Op) (*response, error) {
	prefer := strings.ToLower(firstOf(q.Header["Prefer"]))
	_, asked := q.query.get("attributes")
	minimal := strings.Contains(prefer, "return=minimal")
	full := asked || strings.Contains(prefer, "return=representation") || c.members == nil || q.settings.Dialect.PatchGroupBody
	if minimal && !asked || !full {
		return &response{
			status:   http.StatusNoContent,
			location: c.typ.Location(q.base.url, q.id),
			etag:     etagOf(res.Version),
		}, nil
	}
	if res.Group == nil {
		var err error
		if res.Group, err = c.get(q.ctx, q.scope.Tenant, q.id); err != nil {
			return nil, err
		}
	}
	for _, op := range ops {
		if a := op.Target.Attr; a != nil && a.Returned == schema.OnRequest {
			p = p.With(a)
		}
	}
	return c.resourceResponse(q, http.StatusOK, res.Group, p)
}
