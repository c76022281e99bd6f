package scim

import (
	"errors"
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// serveRoot reads a page of resources of all types (RFC 7644, section 3.4.2.1).
func (h *Handler) serveRoot(q *request) (*response, error) {
	s, err := q.urlSearch()
	if err != nil {
		return nil, err
	}
	return h.answerRoot(q, &s)
}

// serveRootSearch is serveRoot with the parameters in the body.
func (h *Handler) serveRootSearch(q *request) (*response, error) {
	s, err := q.bodySearch()
	if err != nil {
		return nil, err
	}
	return h.answerRoot(q, &s)
}

// part is what one type contributes to a query of all.
type part struct {
	*collection
	query Query
}

func (h *Handler) answerRoot(q *request, s *search) (*response, error) {
	parts, err := h.parts(q, s)
	if err != nil {
		return nil, err
	}
	switch {
	case s.cursor != nil && h.byKey && s.sortBy != "":
		return nil, badRequest(schema.ScimTypeInvalidValue, "Queries of all types can't be sorted and paged by cursor at once.")
	case s.cursor != nil && h.byKey:
		return h.rootByKey(q, s, parts)
	case s.sortBy != "":
		return h.rootSorted(q, s, parts)
	}
	return h.rootInTurn(q, s, parts)
}

// parts checks the search against each type. An attribute that a type does not have
// counts as one without a value; one that no type has is an error.
func (h *Handler) parts(q *request, s *search) ([]part, error) {
	e, err := s.expression(q)
	if err != nil {
		return nil, err
	}
	if err := h.checkKnown(q, e); err != nil {
		return nil, err
	}
	parts := make([]part, len(h.collections))
	sortable := s.sortBy == ""
	for i, c := range h.collections {
		parts[i] = part{c, s.page(q)}
		if by, err := c.order(s); err == nil {
			parts[i].query.SortBy, sortable = by, true
		}
		if parts[i].query.Filter, err = filter.Check(c.fit(q, e), c.typ, q.checking()); err != nil {
			return nil, err
		}
	}
	if !sortable {
		return nil, badRequest(schema.ScimTypeInvalidPath, "No resource type has the simple attribute "+s.sortBy+" to sort by.")
	}
	return parts, nil
}

// checkKnown refuses a comparison with what no type has.
func (h *Handler) checkKnown(q *request, e filter.Expression) error {
	for _, leaf := range leaves(e) {
		var err error
		for _, c := range h.collections {
			if _, err = filter.Check(leaf, c.typ, q.checking()); !isUnknown(err) {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isUnknown(err error) bool {
	e, ok := errors.AsType[*filter.TypeError](err)
	return ok && e.Unknown
}

// leaves returns the comparisons of an expression.
func leaves(e filter.Expression) []filter.Expression {
	switch e := e.(type) {
	case nil:
		return nil
	case *filter.LogicalExpression:
		return append(leaves(e.Left), leaves(e.Right)...)
	case *filter.NotExpression:
		return leaves(e.Expression)
	}
	return []filter.Expression{e}
}

// fit replaces comparisons with attributes that the type does not have by what they
// are for an attribute without a value (RFC 7644, section 3.4.2.1).
func (c *collection) fit(q *request, e filter.Expression) filter.Expression {
	switch e := e.(type) {
	case nil:
		return nil
	case *filter.LogicalExpression:
		return &filter.LogicalExpression{Left: c.fit(q, e.Left), Operator: e.Operator, Right: c.fit(q, e.Right)}
	case *filter.NotExpression:
		return &filter.NotExpression{Expression: c.fit(q, e.Expression)}
	}
	if _, err := filter.Check(e, c.typ, q.checking()); isUnknown(err) {
		return constant(holdsWithoutValue(e))
	}
	return e
}

// holdsWithoutValue says what a comparison is for an attribute without a value.
func holdsWithoutValue(e filter.Expression) bool {
	a, ok := e.(*filter.AttributeExpression)
	if !ok {
		return false
	}
	if a.CompareValue == nil {
		return a.Operator == filter.EQ
	}
	return a.Operator == filter.NE
}

// constant is an expression that holds always or never: every resource has an id.
func constant(holds bool) filter.Expression {
	always := &filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: "id"}, Operator: filter.PR}
	if holds {
		return always
	}
	return &filter.NotExpression{Expression: always}
}

// rootInTurn answers with the types one after another.
func (h *Handler) rootInTurn(q *request, s *search, parts []part) (*response, error) {
	l := newList(q)
	whole := s.page(q)
	total, skip, want := 0, whole.StartIndex-1, whole.Count
	for _, p := range parts {
		p.query.StartIndex, p.query.Count = max(skip-total, 0)+1, want
		page, err := p.find(q, p.query)
		if err != nil {
			return nil, err
		}
		l.add(p.collection, p.typ.Project(s.attributes, s.excluded), page.Resources...)
		want -= len(page.Resources)
		total += page.Total
	}
	return l.end(total, whole.StartIndex)
}

// rootSorted merges the types in one order. It reads the pages before this one too.
func (h *Handler) rootSorted(q *request, s *search, parts []part) (*response, error) {
	whole := s.page(q)
	last := whole.StartIndex - 1 + whole.Count
	if last > h.config.MaxScan {
		return nil, ErrTooBroad
	}
	type item struct {
		part     part
		resource *schema.Resource
	}
	var items []item
	total := 0
	for _, p := range parts {
		p.query.StartIndex, p.query.Count = 1, last
		page, err := p.find(q, p.query)
		if err != nil {
			return nil, err
		}
		total += page.Total
		for _, r := range page.Resources {
			items = append(items, item{p, r})
		}
	}
	slices.SortStableFunc(items, func(a, b item) int {
		return compareValues(a.part.sortValue(a.resource), a.resource.ID(), b.part.sortValue(b.resource), b.resource.ID(), whole)
	})
	l := newList(q)
	for _, i := range items[min(whole.StartIndex-1, len(items)):min(last, len(items))] {
		l.add(i.part.collection, i.part.typ.Project(s.attributes, s.excluded), i.resource)
	}
	return l.end(total, whole.StartIndex)
}

func (p part) sortValue(r *schema.Resource) schema.Value {
	if p.query.SortBy == nil {
		return schema.Value{}
	}
	return r.SortValue(p.query.SortBy)
}

// rootByKey walks the types one after another; the cursor says which one it is at, and
// where there. A type that is not reached on this page is only counted.
func (h *Handler) rootByKey(q *request, s *search, parts []part) (*response, error) {
	place, err := h.cursors.open(q, s)
	if err != nil {
		return nil, err
	}
	at, after, _ := strings.Cut(place, "\n")
	l := newList(q)
	want, total, next := s.page(q).Count, 0, ""
	reached := at == ""
	for _, p := range parts {
		p.query.ByKey, p.query.StartIndex, p.query.Count = true, 1, 0
		if p.typ.Name() == at {
			reached, p.query.After = true, after
		}
		open := reached && next == ""
		if open {
			p.query.Count = want
		}
		page, err := p.find(q, p.query)
		if err != nil {
			return nil, err
		}
		total = addTotal(total, page.Total)
		switch {
		case open && page.Next != "":
			next = p.typ.Name() + "\n" + page.Next
		case open && want == 0 && l.n > 0 && page.Total != 0:
			next = p.typ.Name() + "\n" // the page is full, and this type begins the next
		}
		want -= len(page.Resources)
		l.add(p.collection, p.typ.Project(s.attributes, s.excluded), page.Resources...)
	}
	return l.endByKey(total, h.cursors.seal(q, s, next))
}

// addTotal adds totals of which one may be unknown.
func addTotal(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}
