package scim

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/muster-scim/muster/schema"
)

// buffers keeps space for bodies and answers. What is decoded from a body is
// copied, so the space can be used again.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is the largest space that is kept: one huge request must not stay in
// memory for ever.
const maxKept = 64 << 10

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxKept {
		b.Reset()
		buffers.Put(b)
	}
}

// body reads the request's body; the caller gives the buffer back.
func (q *request) body() (*bytes.Buffer, error) {
	if err := checkContentType(q.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	b := buffers.Get().(*bytes.Buffer)
	if _, err := b.ReadFrom(q.Body); err != nil {
		putBuffer(b)
		if q.ctx.Err() != nil {
			return nil, q.ctx.Err()
		}
		if _, ok := err.(*http.MaxBytesError); ok {
			return nil, err
		}
		return nil, &Error{Status: http.StatusBadRequest, Type: schema.ScimTypeInvalidSyntax, Detail: "The body could not be read to its end.", Err: err}
	}
	return b, nil
}

// checkContentType takes JSON in UTF-8 by any of its names, and no name at all
// (RFC 7644, section 3.8; Okta sends application/json).
func checkContentType(header string) error {
	if header == "" || header == mediaType {
		return nil
	}
	media, params, err := mime.ParseMediaType(header)
	known := media == mediaType || media == "application/json" || media == "text/json"
	charset := params["charset"]
	if err == nil && known && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	return &Error{Status: http.StatusUnsupportedMediaType, Detail: "The body must be " + mediaType + " in UTF-8."}
}

// decode reads the body of a POST or PUT as a resource.
func (q *request) decode(t *schema.Type) (schema.Decoded, error) {
	b, err := q.body()
	if err != nil {
		return schema.Decoded{}, err
	}
	defer putBuffer(b)
	doc, err := schema.Decode(t, b.Bytes(), q.settings.Dialect.Decoding)
	q.entry.Notes = doc.Notes
	return doc, err
}

// params are the parameters of the query, by name in lower case: clients differ in
// the case of startIndex. A stray "&" is nothing, and so is an unknown name.
type params map[string][]string

func (q *request) params() (params, error) {
	if q.parsed {
		return q.query, nil
	}
	q.parsed = true
	if q.URL.RawQuery == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return nil, badRequest(schema.ScimTypeInvalidValue, "The query of the URL is not percent-encoded as it should be.")
	}
	q.query = make(params, len(values))
	for name, v := range values {
		q.query[strings.ToLower(name)] = append(q.query[strings.ToLower(name)], v...)
	}
	return q.query, nil
}

// get returns the first value of a parameter and whether it is there.
func (p params) get(name string) (string, bool) {
	v, ok := p[name]
	if !ok {
		return "", false
	}
	return v[0], true
}

// number returns an integer parameter, nil if it is not there.
func (p params) number(name, spelling string) (*int, error) {
	text, ok := p.get(name)
	if !ok || text == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, badRequest(schema.ScimTypeInvalidValue, spelling+" must be an integer.")
	}
	return &n, nil
}

// names returns a list of attribute names; commas, repeats and blanks are fine.
func (p params) names(name string) []string {
	var all []string
	for _, v := range p[name] {
		for n := range strings.SplitSeq(v, ",") {
			if n = strings.TrimSpace(n); n != "" && !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all
}

// projection reads attributes and excludedAttributes (RFC 7644, section 3.9).
func (q *request) projection(t *schema.Type) (*schema.Projection, error) {
	p, err := q.params()
	if err != nil {
		return nil, err
	}
	attributes, excluded := p.names("attributes"), p.names("excludedattributes")
	if len(attributes) > 0 && len(excluded) > 0 {
		return nil, badRequest(schema.ScimTypeInvalidValue, "attributes and excludedAttributes exclude each other.")
	}
	return t.Project(attributes, excluded), nil
}
