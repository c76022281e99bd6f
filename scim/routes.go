package scim

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// handlerFunc serves one method of one endpoint. It returns its answer rather
// than write it.
type handlerFunc func(q *request) (*response, error)

// endpoint is a line of the table: what is served at a path, and below it at a
// path with one more segment.
type endpoint struct {
	collection methods
	resource   methods

	// public says that it may be read without a credential, search that a POST
	// reads, bulk that operations of a bulk request may name it.
	public, search, bulk bool

	// maxBody bounds the body; 0 is Config.MaxBody.
	maxBody int64
}

// methods has the handlers of a path by HTTP method.
type methods map[string]handlerFunc

// allow is the value of the Allow header.
func (m methods) allow() string {
	names := make([]string, 0, len(m)+2)
	for name := range m {
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	names = append(names, http.MethodOptions)
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// handling is what the table says of one request.
type handling struct {
	do      handlerFunc
	public  bool
	reads   bool
	maxBody int64
}

// table has every path that is served.
func (h *Handler) table() map[string]*endpoint {
	t := map[string]*endpoint{
		"/ServiceProviderConfig": {public: true, collection: methods{http.MethodGet: h.serviceProviderConfig}},
		"/ResourceTypes": {public: true,
			collection: methods{http.MethodGet: h.resourceTypes},
			resource:   methods{http.MethodGet: h.resourceType}},
		"/Schemas": {public: true,
			collection: methods{http.MethodGet: h.schemas},
			resource:   methods{http.MethodGet: h.schema}},
		"":         {collection: methods{http.MethodGet: h.serveRoot}},
		"/.search": {search: true, collection: methods{http.MethodPost: h.serveRootSearch}},
		"/Me":      h.meRoutes(),
		"/Bulk":    h.bulkRoutes(),
	}
	for _, c := range h.collections {
		path := c.typ.Endpoint()
		t[path] = c.routes()
		t[path+"/.search"] = &endpoint{search: true, collection: methods{http.MethodPost: c.serveSearch}}
	}
	for path, e := range t { // found as they are, or in any other case
		t[strings.ToLower(path)] = e
	}
	return t
}

// routes returns what is served for one resource type.
func (c *collection) routes() *endpoint {
	e := &endpoint{
		bulk:       true,
		collection: methods{http.MethodGet: c.serveList, http.MethodPost: c.servePost},
		resource:   c.resourceMethods(),
	}
	if c.readOnly {
		delete(e.collection, http.MethodPost)
	}
	return e
}

// resourceMethods returns what can be done with one resource.
func (c *collection) resourceMethods() methods {
	if c.readOnly {
		return methods{http.MethodGet: c.serveGet}
	}
	return methods{
		http.MethodGet:    c.serveGet,
		http.MethodPut:    c.servePut,
		http.MethodPatch:  c.servePatch,
		http.MethodDelete: c.serveDelete,
	}
}

func (h *Handler) bulkRoutes() *endpoint {
	if h.config.MaxBulkOperations == 0 {
		return notServed("/Bulk")
	}
	return &endpoint{maxBody: h.config.MaxBulkPayload, collection: methods{http.MethodPost: h.serveBulk}}
}

// notServed answers 501 to an endpoint that RFC 7644 has and this server has not.
func notServed(name string) *endpoint {
	m := methods{}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		m[method] = func(*request) (*response, error) {
			return nil, &Error{Status: http.StatusNotImplemented, Detail: name + " is not supported by this server."}
		}
	}
	return &endpoint{collection: m}
}

// route finds the handler of a request: 404 for an unknown path, 405 with Allow
// for an unknown method.
func (h *Handler) route(q *request) (handling, error) {
	m, e := h.find(q)
	if m == nil {
		return handling{}, &Error{Status: http.StatusNotFound, Detail: "There is no such endpoint."}
	}
	found := handling{public: e.public, maxBody: cmp.Or(e.maxBody, h.config.MaxBody)}
	method := q.Method
	switch method {
	case http.MethodHead:
		method = http.MethodGet
	case http.MethodOptions:
		found.do = func(*request) (*response, error) {
			return &response{status: http.StatusNoContent, allow: m.allow()}, nil
		}
		found.reads = true
		return found, nil
	}
	found.reads = method == http.MethodGet || e.search
	found.do = m[method]
	if found.do == nil {
		return found, &Error{Status: http.StatusMethodNotAllowed, Detail: "This endpoint does not take " + method + ".", Err: &methodError{m.allow()}}
	}
	return found, nil
}

// methodError is the cause of a 405.
type methodError struct{ allow string }

func (e *methodError) Error() string { return "scim: method not allowed" }

// find looks a path up; q.id is then the segment behind the endpoint.
func (h *Handler) find(q *request) (methods, *endpoint) {
	if e, ok := h.lookup(q.rest); ok {
		return e.collection, e
	}
	i := strings.LastIndexByte(q.rest, '/')
	if i < 0 {
		return nil, nil
	}
	e, ok := h.lookup(q.rest[:i])
	id := q.rest[i+1:]
	if strings.IndexByte(id, '%') >= 0 {
		var err error
		if id, err = url.PathUnescape(id); err != nil {
			return nil, nil
		}
	}
	if !ok || id == "" || e.resource == nil {
		return nil, nil
	}
	q.id = id
	return e.resource, e
}

func (h *Handler) lookup(path string) (*endpoint, bool) {
	if len(path) > h.longest { // as that of one resource nearly always is
		return nil, false
	}
	e, ok := h.routes[path]
	if !ok {
		e, ok = h.routes[strings.ToLower(path)]
	}
	return e, ok
}
