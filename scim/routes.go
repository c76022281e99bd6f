package scim

import (
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

	// public says that it may be read without a credential.
	public bool
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
	do     handlerFunc
	public bool
	reads  bool
}

// table has every path that is served.
func (h *Handler) table() map[string]*endpoint {
	t := map[string]*endpoint{
		"/serviceproviderconfig": {public: true, collection: methods{http.MethodGet: h.serviceProviderConfig}},
		"/resourcetypes": {public: true,
			collection: methods{http.MethodGet: h.resourceTypes},
			resource:   methods{http.MethodGet: h.resourceType}},
		"/schemas": {public: true,
			collection: methods{http.MethodGet: h.schemas},
			resource:   methods{http.MethodGet: h.schema}},
		"/me":   notServed("/Me"),
		"/bulk": notServed("/Bulk"),
	}
	for _, c := range h.collections {
		t[strings.ToLower(c.typ.Endpoint())] = &endpoint{
			collection: methods{http.MethodGet: c.serveList, http.MethodPost: c.servePost},
			resource: methods{
				http.MethodGet:    c.serveGet,
				http.MethodPut:    c.servePut,
				http.MethodPatch:  c.servePatch,
				http.MethodDelete: c.serveDelete,
			},
		}
	}
	return t
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
	found := handling{public: e.public}
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
	found.reads = method == http.MethodGet
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
	id, err := url.PathUnescape(q.rest[i+1:])
	if !ok || err != nil || id == "" || e.resource == nil {
		return nil, nil
	}
	q.id = id
	return e.resource, e
}

func (h *Handler) lookup(path string) (*endpoint, bool) {
	e, ok := h.routes[path]
	if !ok {
		e, ok = h.routes[strings.ToLower(path)]
	}
	return e, ok
}
