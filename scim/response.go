package scim

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
)

const (
	mediaType   = "application/scim+json"
	errorURN    = "urn:ietf:params:scim:api:messages:2.0:Error"
	listURN     = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	etagHeader  = "Etag" // as net/http writes it
	allowHeader = "Allow"

	// overrideHeader names another method than the request has; here as net/http has
	// it, which spares making it so.
	overrideHeader = "X-Http-Method-Override"
)

// response is what a handler has to say. Headers that are empty are not sent.
type response struct {
	status    int
	location  string
	etag      string
	allow     string
	challenge []string
	requestID string

	// retryAfter is what a 429 or 503 says.
	retryAfter time.Duration

	// body is released when it has been written; nil is none.
	body *space

	// holes are places in the body for memberships that are read while it is written,
	// since they are too many to have them in it.
	holes []hole
}

// defaultRetryAfter lets identity providers back off.
const defaultRetryAfter = 30 * time.Second

// Shared header values: net/http only reads them.
var (
	scimJSON  = []string{mediaType}
	plainJSON = []string{"application/json"}
)

// write is the only place that writes an answer.
// The error says that it was not written to its end.
func (resp *response) write(w http.ResponseWriter, q *request) error {
	h := w.Header()
	set := headerSetter{h: h, values: q.out.values[:0]}
	set.value("Location", resp.location)
	set.value("Content-Location", resp.contentLocation())
	set.value(etagHeader, resp.etag)
	set.value(allowHeader, resp.allow)
	set.value("X-Request-Id", resp.requestID)
	if len(resp.challenge) > 0 {
		h["Www-Authenticate"] = resp.challenge
	}
	if resp.status == http.StatusServiceUnavailable || resp.status == http.StatusTooManyRequests {
		set.value("Retry-After", strconv.Itoa(int(cmp.Or(resp.retryAfter, defaultRetryAfter)/time.Second)))
	}
	if resp.body == nil {
		w.WriteHeader(resp.status)
		return nil
	}
	defer resp.body.release()
	h["Content-Type"] = scimJSON
	if wantsPlainJSON(q.Header["Accept"]) && (q.settings == nil || !q.settings.Dialect.RefusePlainJSON) {
		h["Content-Type"] = plainJSON
	}
	length := len(resp.body.bytes)
	if len(resp.holes) == 0 && (length > countedByServer || q.Method == http.MethodHead) {
		set.value("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(resp.status)
	if q.Method == http.MethodHead {
		return nil
	}
	// If a write fails the client is gone: there is nobody to tell.
	body, at := resp.body.bytes, 0
	for _, h := range resp.holes {
		_, _ = w.Write(body[at:h.at])
		at = h.at
		if err := h.fill(w); err != nil {
			return err
		}
	}
	_, _ = w.Write(body[at:])
	return nil
}

// countedByServer is up to which length net/http sets Content-Length by itself.
const countedByServer = 2 << 10

// maxValues is the most headers that one answer has besides those with shared values.
const maxValues = 6

// headerSetter puts values of headers into one array instead of one for each.
type headerSetter struct {
	h      http.Header
	values []string
}

func (s *headerSetter) value(name, value string) {
	if value == "" {
		return
	}
	s.values = append(s.values, value)
	n := len(s.values)
	s.h[name] = s.values[n-1 : n : n]
}

// wantsPlainJSON reports whether the client names application/json and not
// application/scim+json, as OneLogin's documentation asks for.
func wantsPlainJSON(accept []string) bool {
	if len(accept) == 0 || len(accept) == 1 && accept[0] == mediaType {
		return false
	}
	all := strings.ToLower(strings.Join(accept, ","))
	return strings.Contains(all, "application/json") && !strings.Contains(all, mediaType) && !strings.Contains(all, "*/*")
}

// contentLocation is the URI of the resource in the body, which equals its
// meta.location (RFC 7643, section 3.1).
func (resp *response) contentLocation() string {
	if resp.body == nil {
		return ""
	}
	return resp.location
}

// resourceResponse answers with one resource.
func (c *collection) resourceResponse(q *request, status int, r *schema.Resource, p *schema.Projection) (*response, error) {
	resp := c.headers(q, status, r)
	edges, err := c.edgesOf(q, p, r)
	if err != nil {
		return nil, err
	}
	resp.body = newSpace()
	resp.body.bytes = c.encode(q, resp.body.bytes, r, p, edges)
	if edges != nil {
		resp.holes = edges.holes
	}
	return resp, nil
}

// headers answers with what the headers say of a resource, and no body.
func (c *collection) headers(q *request, status int, r *schema.Resource) *response {
	q.entry.ResourceID = r.ID()
	var space [256]byte
	text := r.AppendLocation(space[:0], q.base.url)
	n := len(text)
	if v := r.Version(); v != "" {
		text = schema.AppendETag(text, v)
	}
	both := string(text) // one string for two headers
	q.answer = response{status: status, location: both[:n], etag: both[n:]}
	return &q.answer
}

func etagOf(version string) string {
	if version == "" {
		return ""
	}
	return schema.ETag(version)
}

// encode appends a resource to dst, which is all of the answer so far.
func (c *collection) encode(q *request, dst []byte, r *schema.Resource, p *schema.Projection, edges *edgeWriter) []byte {
	e := schema.Encoding{Projection: p, Links: q.base.links}
	if edges != nil {
		edges.id = r.ID()
		e.Tail = edges.tail
	}
	return r.AppendJSON(slices.Grow(dst, typicalSize), e)
}

// typicalSize is what most resources fit in, so that the buffer grows before they are
// written rather than while.
const typicalSize = 1 << 10

// errorResponse answers with an error (RFC 7644, section 3.12).
func errorResponse(q *request, e *Error) *response {
	resp := &response{status: e.Status, requestID: q.entry.RequestID, retryAfter: e.RetryAfter}
	if m, ok := errors.AsType[*methodError](e.Err); ok {
		resp.allow = m.allow
	}
	switch _, sent := BearerToken(q.Request); {
	case e.Status == http.StatusUnauthorized:
		resp.challenge = challenges(q, sent)
	case sent && errors.Is(e.Err, ErrInsufficientScope):
		resp.challenge = []string{bearer.Challenge + realm + `, error="insufficient_scope"`}
	}
	resp.body = newSpace()
	resp.body.bytes = append(resp.body.bytes, errorDocument(e, resp.requestID)...)
	return resp
}

// errorDocument is the body of an error.
func errorDocument(e *Error, requestID string) []byte {
	detail := e.Detail
	if requestID != "" {
		detail += " Request id: " + requestID
	}
	b := []byte(`{"schemas":["` + errorURN + `"],"status":"` + strconv.Itoa(e.Status) + `"`)
	if e.Type != "" {
		b = schema.AppendQuote(append(b, `,"scimType":`...), string(e.Type))
	}
	b = schema.AppendQuote(append(b, `,"detail":`...), detail)
	return append(b, '}')
}

const realm = ` realm="SCIM"`

// challenges says how to authenticate (RFC 7644, section 2; RFC 6750, section 3). sent
// tells that the client has tried so with a bearer token.
func challenges(q *request, sent bool) []string {
	var all []string
	for _, s := range schemesOf(q.h.config.Auth) {
		c := s.Challenge + realm
		if sent && s.Challenge == bearer.Challenge {
			c += `, error="invalid_token"`
		}
		if !slices.Contains(all, c) { // opaque tokens and JWTs are both bearer tokens
			all = append(all, c)
		}
	}
	return all
}
