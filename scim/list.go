package scim

import (
	"errors"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// serveList reads a page of resources (RFC 7644, section 3.4.2).
func (c *collection) serveList(q *request) (*response, error) {
	s, err := q.urlSearch()
	if err != nil {
		return nil, err
	}
	return c.answer(q, &s)
}

// serveSearch is serveList with the parameters in the body (RFC 7644, section
// 3.4.3).
func (c *collection) serveSearch(q *request) (*response, error) {
	s, err := q.bodySearch()
	if err != nil {
		return nil, err
	}
	return c.answer(q, &s)
}

// answer answers a search for resources of one type.
func (c *collection) answer(q *request, s *search) (*response, error) {
	q.entry.Resource = c.typ.Name()
	query, err := c.queryOf(q, s)
	if err != nil {
		return nil, err
	}
	page, err := c.find(q, query)
	if err != nil {
		return nil, err
	}
	l := newList(q)
	l.add(c, c.typ.Project(s.attributes, s.excluded), page.Resources...)
	if query.ByKey {
		return l.endByKey(page.Total, q.h.cursors.seal(q, s, page.Next))
	}
	return l.end(page.Total, query.StartIndex)
}

// queryOf checks a search against the type.
func (c *collection) queryOf(q *request, s *search) (Query, error) {
	query := s.page(q)
	var err error
	if s.cursor != nil && q.h.byKey {
		query.ByKey, query.StartIndex = true, 1
		if query.After, err = q.h.cursors.open(q, s); err != nil {
			return Query{}, err
		}
	}
	if query.SortBy, err = c.order(s); err != nil {
		return Query{}, err
	}
	e, err := s.expression(q)
	if err != nil {
		return Query{}, err
	}
	query.Filter, err = filter.Check(e, c.typ, q.checking())
	return query, err
}

// checking is what filters of the connection may say.
func (q *request) checking() filter.Checking {
	o := q.settings.Dialect.Checking
	o.BaseURL = q.base.url
	return o
}

// order finds the attribute to sort by (RFC 7644, section 3.4.2.3).
func (c *collection) order(s *search) (*schema.Attr, error) {
	if s.sortBy == "" {
		return nil, nil
	}
	by, ok := c.typ.Attr(s.sortBy)
	if ok && by.Type == schema.Complex && by.MultiValued {
		by = by.SubAttr("value")
		ok = by != nil
	}
	if !ok || by.Type == schema.Complex || by.IsPassword() || by.Top() == c.edges() {
		return nil, badRequest(schema.ScimTypeInvalidPath, "sortBy must be the path of a simple attribute of "+c.typ.Name()+".")
	}
	return by, nil
}

// find asks the store, or does itself what the store can't.
func (c *collection) find(q *request, query Query) (Page, error) {
	if a := c.edges(); a != nil && query.Filter.Mentions(a) {
		return c.findByEdge(q, query)
	}
	page, err := c.list(q.ctx, q.scope.Tenant, query)
	if errors.Is(err, ErrNotImplemented) && (query.Filter != nil || query.SortBy != nil) {
		return c.scan(q, query, nil)
	}
	return page, err
}

// findByEdge does filters that name members of groups or groups of users, which no
// resource holds. One "members eq" that must hold is looked up; anything else needs
// the memberships of every candidate.
func (c *collection) findByEdge(q *request, query Query) (Page, error) {
	edges := c.edges()
	var rest []*filter.Filter
	wanted := ""
	for _, f := range query.Filter.Conjuncts() {
		if id, ok := c.edgeOf(q, f); ok && wanted == "" {
			wanted = id
			continue
		}
		rest = append(rest, f)
	}
	remaining := (*filter.Filter)(nil).And(rest...)
	if wanted == "" || remaining.Mentions(edges) {
		return c.scan(q, query, edges)
	}
	ids, err := c.neighbours(q, wanted)
	if err != nil {
		return Page{}, err
	}
	query.IDs, query.Filter = ids, remaining
	return c.find(q, query)
}

// edgeOf returns the id in a filter that is members.value eq "id", or names it by a
// "$ref", and nothing else.
func (c *collection) edgeOf(q *request, f *filter.Filter) (id string, ok bool) {
	a, key, exact, ok := f.Equality()
	if ok && exact && a.Top() == c.edges() && a.Name == "value" {
		return key, true
	}
	ref, ok := c.refOf(f.Expr())
	if !ok || !f.Mentions(c.edges()) {
		return "", false
	}
	for _, endpoint := range q.h.refs {
		at, id := path.Split(ref)
		base, found := strings.CutSuffix(strings.TrimSuffix(at, "/"), endpoint)
		if found && unversioned(base) == unversioned(q.base.url) {
			id, err := url.PathUnescape(id)
			return id, err == nil
		}
	}
	return "", false
}

// refOf returns the URI in members.$ref eq "…" or members[$ref eq "…"].
func (c *collection) refOf(e filter.Expression) (ref string, ok bool) {
	in := e
	if v, ok := e.(*filter.ValuePath); ok {
		in = v.ValueFilter
	}
	a, ok := in.(*filter.AttributeExpression)
	if !ok || !strings.EqualFold(string(a.Operator), string(filter.EQ)) {
		return "", false
	}
	name := a.AttributePath.AttributeName
	if in == e {
		name = a.AttributePath.SubAttributeName()
	}
	ref, ok = a.CompareValue.(string)
	return ref, ok && strings.EqualFold(name, "$ref")
}

// unversioned takes the version off a base URL: URIs of resources are the same with and
// without it (RFC 7643, section 2.4).
func unversioned(base string) string {
	at, last := path.Split(base)
	if _, err := strconv.Atoi(strings.TrimPrefix(last, "v")); strings.HasPrefix(last, "v") && err == nil {
		return strings.TrimSuffix(at, "/")
	}
	return base
}

// neighbours returns the groups that have a member, or the members of a group.
func (c *collection) neighbours(q *request, id string) ([]string, error) {
	query := MembershipQuery{Groups: []string{id}}
	if c.members != nil {
		query = MembershipQuery{Members: []string{id}}
	}
	page, err := q.edges(query)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(page.Edges))
	for i, e := range page.Edges {
		ids[i] = e.Member.ID
		if c.members != nil {
			ids[i] = e.GroupID
		}
	}
	return ids, nil
}

// scan reads all resources, up to Config.MaxScan, and filters and orders them here.
// With edges it gives each its memberships to look at.
func (c *collection) scan(q *request, query Query, edges *schema.Attr) (Page, error) {
	all := Query{IDs: query.IDs, StartIndex: 1, Count: q.h.config.MaxScan + 1}
	page, err := c.list(q.ctx, q.scope.Tenant, all)
	if err != nil {
		return Page{}, err
	}
	if page.Total > q.h.config.MaxScan {
		return Page{}, ErrTooBroad
	}
	candidates := page.Resources
	if edges != nil {
		if candidates, err = c.withEdges(q, page.Resources, edges); err != nil {
			return Page{}, err
		}
	}
	var matching []*schema.Resource
	for i, r := range candidates {
		if query.Filter.Match(r) {
			matching = append(matching, page.Resources[i])
		}
	}
	return PageOf(matching, query)
}

// withEdges returns the resources with their memberships as values, for filters
// to look at.
func (c *collection) withEdges(q *request, resources []*schema.Resource, a *schema.Attr) ([]*schema.Resource, error) {
	ids := make([]string, len(resources))
	for i, r := range resources {
		ids[i] = r.ID()
	}
	page, err := c.listEdges(q, ids, "", maxListEdges)
	if err != nil {
		return nil, err
	}
	if page.Next != "" {
		return nil, ErrTooBroad
	}
	edges := make(map[string][]Membership, len(ids))
	for _, e := range page.Edges {
		edges[c.placeOf(&e)] = append(edges[c.placeOf(&e)], e)
	}
	with := make([]*schema.Resource, len(resources))
	for i, r := range resources {
		var values []map[string]any
		for _, e := range edges[r.ID()] {
			values = append(values, c.edgeValue(q, e))
		}
		if with[i], err = r.Edit().Set(a.Name, values).Build(); err != nil {
			return nil, err
		}
	}
	return with, nil
}
