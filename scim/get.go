package scim

import "net/http"

// serveGet reads one resource (RFC 7644, section 3.4.1).
func (c *collection) serveGet(q *request) (*response, error) {
	q.entry.Resource, q.entry.ResourceID = c.typ.Name(), q.id
	p, err := q.projection(c.typ)
	if err != nil {
		return nil, err
	}
	r, err := c.get(q.ctx, q.scope.Tenant, q.id)
	if err != nil {
		return nil, err
	}
	if q.notModified(r.Version()) {
		return c.headers(q, http.StatusNotModified, r), nil
	}
	return c.resourceResponse(q, http.StatusOK, r, p)
}
