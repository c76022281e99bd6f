package scim

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// maxTrusted is for how large a body there is room at once if its header says so.
const maxTrusted = 1 << 20

// body reads the request's body; the caller releases the space.
func (q *request) body() (*space, error) {
	if err := q.checkContentType(); err != nil {
		return nil, err
	}
	b := newSpace()
	if q.ContentLength > 0 {
		b.grow(int(min(q.ContentLength, q.maxBody, maxTrusted)) + bytes.MinRead)
	}
	if err := b.read(q.limited()); err != nil {
		b.release()
		return nil, q.unread(err)
	}
	return b, nil
}

// limited returns the body, which ends with an error behind the limit. An operation
// of a bulk request has no limit of its own.
func (q *request) limited() io.Reader {
	if q.w == nil {
		return q.Body
	}
	return http.MaxBytesReader(q.w, q.Body, q.maxBody)
}

// unread says why the body could not be read to its end.
func (q *request) unread(err error) error {
	if q.ctx.Err() != nil {
		return q.ctx.Err()
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	return &Error{Status: http.StatusBadRequest, Type: schema.ScimTypeInvalidSyntax, Detail: "The body could not be read to its end.", Err: err}
}

// checkContentType takes JSON in UTF-8 by any of its names, and no name at all
// (RFC 7644, section 3.8; Okta sends application/json), unless the dialect refuses that.
func (q *request) checkContentType() error {
	header, strict := firstOf(q.Header["Content-Type"]), q.settings.Dialect.RefusePlainJSON
	if header == "" && !strict || header == mediaType {
		return nil
	}
	media, params, err := mime.ParseMediaType(header)
	known := media == mediaType || !strict && (media == "application/json" || media == "text/json")
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
	defer b.release()
	doc, err := schema.Decode(t, b.bytes, q.settings.Dialect.Decoding)
	q.entry.Notes = doc.Notes
	return doc, err
}

// params are the parameters of the query. Names ignore case: clients differ in that
// of startIndex. A stray "&" is nothing, and so is an unknown name.
type params []param

type param struct{ name, value string }

func (q *request) params() (params, error) {
	if q.parsed {
		return q.query, nil
	}
	q.parsed = true
	if q.URL.RawQuery == "" {
		return nil, nil
	}
	var err error
	q.query, err = appendParams(q.params4[:0], q.URL.RawQuery)
	return q.query, err
}

// appendParams is url.ParseQuery without the map.
func appendParams(p params, query string) (params, error) {
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil || strings.Contains(pair, ";") {
			return nil, badRequest(schema.ScimTypeInvalidValue, "The query of the URL is not percent-encoded as it should be.")
		}
		p = append(p, param{name, value})
	}
	return p, nil
}

// find returns the first value of a parameter, nil if it is not there.
func (p params) find(name string) *string {
	for i := range p {
		if strings.EqualFold(p[i].name, name) {
			return &p[i].value
		}
	}
	return nil
}

// get returns the first value of a parameter and whether it is there.
func (p params) get(name string) (string, bool) {
	if v := p.find(name); v != nil {
		return *v, true
	}
	return "", false
}

// number returns an integer parameter, nil if it is not there.
func (p params) number(name string) (*int, error) {
	text, ok := p.get(name)
	if !ok || text == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, badRequest(schema.ScimTypeInvalidValue, name+" must be an integer.")
	}
	return &n, nil
}

// names returns a list of attribute names; commas, repeats and blanks are fine.
func (p params) names(name string) []string { return p.appendNames(nil, name) }

// appendNames appends it to all.
func (p params) appendNames(all []string, name string) []string {
	for i := range p {
		if !strings.EqualFold(p[i].name, name) {
			continue
		}
		for n := range strings.SplitSeq(p[i].value, ",") {
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
	var space [2][4]string
	attributes, excluded := p.appendNames(space[0][:0], "attributes"), p.appendNames(space[1][:0], "excludedAttributes")
	if len(attributes) > 0 && len(excluded) > 0 {
		return nil, badRequest(schema.ScimTypeInvalidValue, "attributes and excludedAttributes exclude each other.")
	}
	return t.Project(attributes, excluded), nil
}
