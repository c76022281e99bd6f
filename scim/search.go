package scim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

const searchURN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

// search is what a query asks for, wherever it stands: in the URL or in the body of a
// /.search (RFC 7644, sections 3.4.2 and 3.4.3; RFC 9865).
type search struct {
	filter               *string
	sortBy               string
	descending           bool
	startIndex, count    *int
	cursor               *string
	attributes, excluded []string
}

// urlSearch reads the parameters of a GET.
func (q *request) urlSearch() (search, error) {
	p, err := q.params()
	if err != nil {
		return search{}, err
	}
	s := search{attributes: p.names("attributes"), excluded: p.names("excludedAttributes")}
	s.sortBy, _ = p.get("sortBy")
	s.filter, s.cursor = p.find("filter"), p.find("cursor")
	if s.startIndex, err = p.number("startIndex"); err != nil {
		return search{}, err
	}
	if s.count, err = p.number("count"); err != nil {
		return search{}, err
	}
	order, _ := p.get("sortOrder")
	return s, s.check(q, order)
}

// bodySearch reads a SearchRequest.
func (q *request) bodySearch() (search, error) {
	b, err := q.body()
	if err != nil {
		return search{}, err
	}
	defer b.release()
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(b.bytes, &doc); err != nil || doc == nil {
		return search{}, badRequest(schema.ScimTypeInvalidSyntax, "A JSON object is expected.")
	}
	r := searchReader{strict: q.settings.Dialect.RefuseMissingSchemas}
	for name, value := range doc {
		r.member(strings.ToLower(name), value)
	}
	if r.err == nil && !r.named && (r.strict || doc["schemas"] != nil) {
		r.err = badRequest(schema.ScimTypeInvalidSyntax, "\"schemas\" must be [\""+searchURN+"\"].")
	}
	if r.err != nil {
		return search{}, r.err
	}
	return r.s, r.s.check(q, r.sortOrder)
}

// searchReader reads the members of a SearchRequest; the first error stays.
type searchReader struct {
	s         search
	sortOrder string
	named     bool // "schemas" has the URN
	strict    bool
	err       error
}

func (r *searchReader) member(name string, value json.RawMessage) {
	if string(value) == "null" {
		return
	}
	switch name {
	case "schemas":
		urns := r.list(name, value)
		r.named = slices.ContainsFunc(urns, func(urn string) bool { return strings.EqualFold(urn, searchURN) })
	case "filter":
		r.s.filter = r.text(name, value)
	case "sortby":
		r.s.sortBy = *r.text(name, value)
	case "sortorder":
		r.sortOrder = *r.text(name, value)
	case "cursor":
		r.s.cursor = r.text(name, value)
	case "startindex":
		r.s.startIndex = r.number(name, value)
	case "count":
		r.s.count = r.number(name, value)
	case "attributes":
		r.s.attributes = r.list(name, value)
	case "excludedattributes":
		r.s.excluded = r.list(name, value)
	}
}

func (r *searchReader) fail(name, what string) {
	if r.err == nil {
		r.err = badRequest(schema.ScimTypeInvalidValue, name+" must be "+what+".")
	}
}

func (r *searchReader) text(name string, value json.RawMessage) *string {
	text := ""
	if json.Unmarshal(value, &text) != nil {
		r.fail(name, "a string")
	}
	return &text
}

func (r *searchReader) number(name string, value json.RawMessage) *int {
	n, err := strconv.Atoi(strings.Trim(string(value), `"`))
	if quoted := value[0] == '"'; err != nil || quoted && r.strict {
		r.fail(name, "an integer")
	}
	return &n
}

// list reads a list of names. One string with commas is taken too, as in a URL.
func (r *searchReader) list(name string, value json.RawMessage) []string {
	var all []string
	if json.Unmarshal(value, &all) == nil {
		return all
	}
	if r.strict {
		r.fail(name, "a list of strings")
		return nil
	}
	return params{{name, *r.text(name, value)}}.names(name)
}

// check refuses what does not go together.
func (s *search) check(q *request, sortOrder string) error {
	switch strings.ToLower(sortOrder) {
	case "", "ascending":
	case "descending":
		s.descending = true
	default:
		return badRequest(schema.ScimTypeInvalidValue, "sortOrder must be \"ascending\" or \"descending\".")
	}
	switch {
	case len(s.attributes) > 0 && len(s.excluded) > 0:
		return badRequest(schema.ScimTypeInvalidValue, "attributes and excludedAttributes exclude each other.")
	case s.cursor != nil && s.startIndex != nil && q.h.byKey:
		return badRequest(schema.ScimTypeInvalidValue, "cursor and startIndex exclude each other.")
	}
	return nil
}

// page returns the part of a Query that is about numbers.
func (s *search) page(q *request) Query {
	query := Query{StartIndex: 1, Count: q.maxResults(), Descending: s.descending}
	if s.startIndex != nil {
		query.StartIndex = max(*s.startIndex, 1)
	}
	if s.count != nil {
		query.Count = min(max(*s.count, 0), q.maxResults())
	}
	return query
}

// expression reads the filter; nil is none.
func (s *search) expression(q *request) (filter.Expression, error) {
	if s.filter == nil {
		return nil, nil
	}
	return filter.Parse(*s.filter, q.settings.Dialect.Path)
}
