package scim

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// serveList reads a page of resources (RFC 7644, section 3.4.2).
func (c *collection) serveList(q *request) (*response, error) {
	q.entry.Resource = c.typ.Name()
	p, err := q.projection(c.typ)
	if err != nil {
		return nil, err
	}
	query, err := c.queryOf(q)
	if err != nil {
		return nil, err
	}
	page, err := c.find(q, query)
	if err != nil {
		return nil, err
	}
	edges, err := c.loadEdges(q, p, page.Resources...)
	if err != nil {
		return nil, err
	}
	return c.listResponse(q, query.StartIndex, page, p, edges), nil
}

// queryOf reads the parameters of a query.
func (c *collection) queryOf(q *request) (Query, error) {
	p, err := q.params()
	if err != nil {
		return Query{}, err
	}
	query := Query{}
	if query.StartIndex, err = p.number("startindex", "startIndex", 1); err != nil {
		return Query{}, err
	}
	query.StartIndex = max(query.StartIndex, 1)
	if query.Count, err = p.number("count", "count", q.h.config.MaxResults); err != nil {
		return Query{}, err
	}
	query.Count = min(max(query.Count, 0), q.h.config.MaxResults)
	if query.SortBy, query.Descending, err = c.order(p); err != nil {
		return Query{}, err
	}
	query.Filter, err = c.filter(q, p)
	return query, err
}

// filter reads the filter; nil is none.
func (c *collection) filter(q *request, p params) (*filter.Filter, error) {
	text, ok := p.get("filter")
	if !ok {
		return nil, nil
	}
	e, err := filter.Parse(text, q.settings.Dialect.Path)
	if err != nil {
		return nil, err
	}
	return filter.Check(e, c.typ, q.settings.Dialect.Checking)
}

// order reads sortBy and sortOrder (RFC 7644, section 3.4.2.3).
func (c *collection) order(p params) (by *schema.Attr, descending bool, err error) {
	switch order, _ := p.get("sortorder"); strings.ToLower(order) {
	case "", "ascending":
	case "descending":
		descending = true
	default:
		return nil, false, badRequest(schema.ScimTypeInvalidValue, "sortOrder must be \"ascending\" or \"descending\".")
	}
	path, ok := p.get("sortby")
	if !ok || path == "" {
		return nil, false, nil
	}
	by, ok = c.typ.Attr(path)
	if ok && by.Type == schema.Complex && by.MultiValued {
		by = by.SubAttr("value")
		ok = by != nil
	}
	if !ok || by.Type == schema.Complex || by.IsPassword() || by.Top() == c.edges() {
		return nil, false, badRequest(schema.ScimTypeInvalidPath, "sortBy must be the path of a simple attribute of "+c.typ.Name()+".")
	}
	return by, descending, nil
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
		a, key, exact, ok := f.Equality()
		if ok && exact && wanted == "" && a.Top() == edges && a.Name == "value" {
			wanted = key
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

// neighbours returns the groups that have a member, or the members of a group.
func (c *collection) neighbours(q *request, id string) ([]string, error) {
	query := MembershipQuery{Groups: []string{id}}
	if c.members != nil {
		query = MembershipQuery{Members: []string{id}}
	}
	page, err := q.h.config.Groups.ListMemberships(q.ctx, q.scope.Tenant, query)
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
	return PageOf(matching, query), nil
}

// withEdges returns the resources with their memberships as values, for filters
// to look at.
func (c *collection) withEdges(q *request, resources []*schema.Resource, a *schema.Attr) ([]*schema.Resource, error) {
	edges, err := c.loadEdges(q, c.typ.Project([]string{a.Name}, nil), resources...)
	if err != nil {
		return nil, err
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

// PageOf orders resources as q says and cuts the page out: for stores that hold
// everything in memory. The filter is not looked at.
func PageOf(matching []*schema.Resource, q Query) Page {
	if q.SortBy != nil {
		matching = slices.Clone(matching)
		slices.SortFunc(matching, func(a, b *schema.Resource) int { return Compare(a, b, q) })
	}
	page := Page{Total: len(matching)}
	if from := q.StartIndex - 1; from < len(matching) && q.Count > 0 {
		page.Resources = matching[max(from, 0):min(max(from, 0)+q.Count, len(matching))]
	}
	return page
}

// Compare orders two resources as [Query.SortBy] says.
func Compare(a, b *schema.Resource, q Query) int {
	order := schema.Compare(a.SortValue(q.SortBy), b.SortValue(q.SortBy))
	if order == 0 {
		return strings.Compare(a.ID(), b.ID())
	}
	if q.Descending {
		return -order
	}
	return order
}

// listResponse answers with a ListResponse.
func (c *collection) listResponse(q *request, startIndex int, page Page, p *schema.Projection, edges edgeList) *response {
	b := buffers.Get().(*bytes.Buffer)
	head := b.AvailableBuffer()
	head = append(head, `{"schemas":["`+listURN+`"],"totalResults":`...)
	head = strconv.AppendInt(head, int64(page.Total), 10)
	head = append(head, `,"startIndex":`...)
	head = strconv.AppendInt(head, int64(startIndex), 10)
	head = append(head, `,"itemsPerPage":`...)
	head = strconv.AppendInt(head, int64(len(page.Resources)), 10)
	head = append(head, `,"Resources":[`...)
	b.Write(head)
	for i, r := range page.Resources {
		if i > 0 {
			b.WriteByte(',')
		}
		c.encode(q, b, r, p, edges)
	}
	b.WriteString("]}")
	return &response{status: http.StatusOK, body: b}
}
