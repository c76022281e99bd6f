package scim

import "net/http"

// serveGet reads one resource (RFC 7644, section 3.4.1).
func (c *collection) serveGet(q *request) (*response, error) {
	p, err := q.projection(c.typ)
	if err != nil {
		return nil, err
	}
	r, err := c.get(q.ctx, q.scope.Tenant, q.id)
	if err != nil {
		return nil, err
	}
	q.entry.Resource = c.typ.Name()
	if q.notModified(r.Meta().Version) {
		return c.headers(q, http.StatusNotModified, r), nil
	}
	return c.resourceResponse(q, http.StatusOK, r, p)
}
