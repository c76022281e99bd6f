package scim

import "net/http"

// serveDelete deletes a resource (RFC 7644, section 3.6).
func (c *collection) serveDelete(q *request) (*response, error) {
	q.entry.Resource, q.entry.ResourceID = c.typ.Name(), q.id
	version := ""
	if len(q.Header["If-Match"]) > 0 {
		r, err := c.get(q.ctx, q.scope.Tenant, q.id)
		if err != nil {
			return nil, err
		}
		if err := q.ifMatch(r.Version()); err != nil {
			return nil, err
		}
		version = r.Version()
	}
	if err := c.writes.delete(q, q.id, version); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}
