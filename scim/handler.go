package scim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/muster-scim/muster/schema"
)

// Handler serves SCIM 2.0. It is safe for use from many goroutines.
type Handler struct {
	config  Config
	base    base
	routes  map[string]*endpoint
	longest int // of the paths of routes

	collections []*collection
	users       *collection // nil without Config.Users
	groups      *collection // nil without Config.Groups

	// refs has the endpoints that references may point to, by type name.
	refs map[string]string

	life *lifecycle // the policies; nil without Config.State

	fit atomic.Pointer[Settings] // the last that were checked and found to be

	cursors *cursors
	byKey   bool // every store can page by key, so cursors are offered
}

// base is a BaseURL in the two forms that requests need.
type base struct {
	url   string // without a slash at the end
	path  string // what the mux may have left on request paths
	links *schema.Links
}

// New checks c and returns a handler to mount on a mux. The error joins
// everything that is wrong with c.
func New(c Config) (*Handler, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	h := &Handler{config: c, refs: map[string]string{}, byKey: true}
	if c.Users != nil {
		h.users = h.collect(userCollection(c.UserType, c.Users))
	}
	if c.Groups != nil {
		h.groups = h.collect(groupCollection(c.GroupType, c.Groups))
		h.users.groupsAttr = attrOf(c.UserType, "groups")
	}
	for _, r := range c.Resources {
		h.collect(resourceCollection(r.Type, r.Store)).readOnly = r.ReadOnly
	}
	h.base = h.baseAt(c.BaseURL)
	if c.State != nil {
		h.life = newLifecycle(h)
		h.life.stand()
	}
	h.routes = h.table()
	for path := range h.routes {
		h.longest = max(h.longest, len(path))
	}
	for _, c := range h.collections {
		h.byKey = h.byKey && c.byKey
		h.warnOfDoubles(c.typ)
	}
	var err error
	h.cursors, err = newCursors(c)
	return h, err
}

func (h *Handler) collect(c *collection) *collection {
	h.collections = append(h.collections, c)
	h.refs[c.typ.Name()] = c.typ.Endpoint()
	return c
}

// warnOfDoubles logs attributes of extensions that have the name of a base attribute
// (RFC 7643, section 3.3): clients will take one for the other.
func (h *Handler) warnOfDoubles(t *schema.Type) {
	for _, a := range t.Attrs() {
		if base, ok := t.Attr(a.Name); ok && a.URN() != "" && base.URN() == "" {
			h.config.Logger.Warn("An extension has an attribute of the base schema again.", "type", t.Name(), "schema", a.URN(), "attribute", a.Name)
		}
	}
}

func attrOf(t *schema.Type, path string) *schema.Attr {
	a, _ := t.Attr(path)
	return a
}

// baseAt returns the base at a URL, which may have slashes at its end.
func (h *Handler) baseAt(rawURL string) base {
	rawURL = strings.TrimRight(rawURL, "/")
	b := base{url: rawURL, links: schema.NewLinks(rawURL, h.refs)}
	if u, err := url.Parse(rawURL); err == nil {
		b.path = u.EscapedPath()
	}
	return b
}

// request is one HTTP request on its way through the handler.
type request struct {
	*http.Request
	h        *Handler
	ctx      context.Context
	scope    Scope
	known    bool // the scope is that of a credential
	settings *Settings
	base     base
	rest     string // path below the base URL
	id       string // of the resource, if the path has one
	query    params
	parsed   bool
	entry    *Entry // what is told of the request
	w        http.ResponseWriter
	maxBody  int64

	ids   []string   // space for those that a store does not keep; nothing is in it
	parts []listPart // of the list that is the answer

	intent    *record[job] // of a write without a shared transaction
	replaying bool         // the write was held back, and answered, before

	// What lies with the request, in one piece of memory, rather than beside it.
	own     Entry
	answer  response
	params4 [4]param

	out *handedOut
}

// handedOut is what others are given of a request and may keep longer than it lives: a
// store its context and the ids that it is asked for, net/http the values of headers.
// All else of a request is used again.
type handedOut struct {
	scopedContext
	values [maxValues]string
	id1    [1]string
}

// requests keeps the space of requests that are over.
var requests = sync.Pool{New: func() any { return new(request) }}

// over gives back the space of a request that has been answered.
func (q *request) over() {
	clear(q.parts)
	ids, parts := q.ids, q.parts[:0]
	*q = request{} // and not with these in it, which would be made elsewhere and copied
	q.ids, q.parts = ids, parts
	requests.Put(q)
}

// ServeHTTP answers a request. Handlers return what they have to say; only here is
// anything written, and only here errors are turned into answers.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := requests.Get().(*request)
	q.h, q.w, q.Request, q.base = h, w, r, h.base
	q.entry = &q.own
	q.entry.At, q.entry.Method = h.config.Now(), r.Method
	q.handOut(r.Context())
	resp, err := h.serve(q)
	if err != nil {
		resp = h.failed(q, err)
	}
	err = resp.write(w, q)
	h.record(q, resp.status)
	if err != nil {
		h.config.Logger.ErrorContext(q.ctx, "SCIM answer broken off", "tenant", string(q.scope.Tenant), "path", q.entry.Path, "error", err)
		panic(http.ErrAbortHandler) // the client must not take the half for all
	}
	q.over()
}

// serve takes a request through the steps that all have in common. A panic of a
// store or a policy costs this request, not the process.
func (h *Handler) serve(q *request) (resp *response, err error) {
	defer h.recovered(&resp, &err)
	authErr := h.authenticate(q)
	if q.scope.BaseURL != "" {
		q.base = h.baseAt(q.scope.BaseURL)
	}
	q.rest = below(escapedPath(q.URL), q.base.path)
	q.entry.Path = q.rest
	handle, routeErr := h.route(q)
	if authErr != nil && !(handle.public && firstOf(q.Header["Authorization"]) == "" && !h.config.PrivateDiscovery) {
		return nil, authErr
	}
	if routeErr != nil {
		return nil, routeErr
	}
	if q.scope.ReadOnly && !handle.reads {
		return nil, &Error{Status: http.StatusForbidden, Detail: "This credential may only read.", Err: ErrInsufficientScope}
	}
	if err := h.loadSettings(q); err != nil {
		return nil, err
	}
	if firstOf(q.Header[overrideHeader]) != "" {
		return nil, badRequest("", "X-HTTP-Method-Override is not supported: send the method itself.")
	}
	if q.ContentLength > handle.maxBody { // refused without waiting for it
		return nil, &http.MaxBytesError{Limit: handle.maxBody}
	}
	q.maxBody = handle.maxBody
	return handle.do(q)
}

// loadSettings asks for the settings of the scope, once.
func (h *Handler) loadSettings(q *request) error {
	settings, err := h.config.Settings(q.ctx, q.scope)
	if err != nil {
		return &Error{Status: http.StatusServiceUnavailable, Detail: "The settings of this connection can't be read now. Try again later.", Err: err}
	}
	if settings != h.fit.Load() { // which nobody has changed since they were checked
		if err := h.checkSettings(settings); err != nil {
			return unfit(err)
		}
		h.fit.Store(settings)
	}
	q.useSettings(settings)
	return nil
}

// recovered turns a panic into an error.
func (h *Handler) recovered(resp **response, err *error) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		*resp, *err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}

// authenticate finds the scope. Nobody learns what exists before that.
func (h *Handler) authenticate(q *request) error {
	scope, err := h.config.Auth.Authenticate(q.Request)
	if err == nil {
		q.scope, q.out.scope, q.known = scope, scope, true
	}
	return err
}

// handOut makes the context that stores are given.
func (q *request) handOut(ctx context.Context) {
	q.out = &handedOut{scopedContext: scopedContext{Context: ctx, scope: q.scope}}
	q.ctx = &q.out.scopedContext
}

// escapedPath is u.EscapedPath, quick for paths in which nothing is escaped. A RawPath says
// that something is: "a%2Fb" is one segment, though Path has two.
func escapedPath(u *url.URL) string {
	if u.RawPath != "" {
		return u.EscapedPath()
	}
	for i := range len(u.Path) {
		switch c := u.Path[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', 'A' <= c && c <= 'Z', c == '/', c == '-', c == '_', c == '.':
		default:
			return u.EscapedPath()
		}
	}
	return u.Path
}

// below takes the mount point off a path, if the mux has left it on, and slashes
// off its end.
func below(path, prefix string) string {
	if prefix != "" && strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/') {
		path = path[len(prefix):]
	}
	return strings.TrimRight(path, "/")
}

// failed turns an error into an answer.
func (h *Handler) failed(q *request, err error) *response {
	return errorResponse(q, h.explain(q, err))
}

// explain turns an error into what the client is told, and logs what it must not see.
func (h *Handler) explain(q *request, err error) *Error {
	e := asError(err)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		e = q.tooLarge(tooLarge.Limit)
	}
	q.entry.Detail = e.Detail
	if e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented {
		q.entry.RequestID = q.requestID()
		h.config.Logger.ErrorContext(q.ctx, "SCIM request failed",
			"request_id", q.entry.RequestID, "tenant", string(q.scope.Tenant), "connection", q.scope.Connection,
			"method", q.Method, "path", q.entry.Path, "status", e.Status, "error", err)
	}
	return e
}

// tooLarge names the limit by the name that /ServiceProviderConfig has for it.
func (q *request) tooLarge(limit int64) *Error {
	name := "The limit"
	if strings.EqualFold(q.rest, "/Bulk") {
		name = "maxPayloadSize"
	}
	return &Error{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("The body is too large. %s (%d) is the most bytes that it may have.", name, limit)}
}

// requestID returns the id that the client or a proxy gave, or a new one.
func (q *request) requestID() string {
	const most = 128
	id := q.Header.Get("X-Request-Id")
	ok := id != "" && len(id) <= most
	for i := 0; ok && i < len(id); i++ {
		ok = id[i] > ' ' && id[i] < 0x7f && id[i] != '"' && id[i] != '\\'
	}
	if !ok {
		return rand.Text()
	}
	return id
}
