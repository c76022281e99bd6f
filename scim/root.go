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
	return h.answerRoot(q, s)
}

// serveRootSearch is serveRoot with the parameters in the body.
func (h *Handler) serveRootSearch(q *request) (*response, error) {
	s, err := q.bodySearch()
	if err != nil {
		return nil, err
	}
	return h.answerRoot(q, s)
}

// part is what one type contributes to a query of all.
type part struct {
	*collection
	query Query
}

func (h *Handler) answerRoot(q *request, s search) (*response, error) {
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
func (h *Handler) parts(q *request, s search) ([]part, error) {
	e, err := s.expression(q)
	if err != nil {
		return nil, err
	}
	var parts []part
	var unknown error
	known, sortable := false, s.sortBy == ""
	for _, c := range h.collections {
		p := part{c, s.page(q)}
		if by, err := c.order(s); err == nil {
			p.query.SortBy, sortable = by, true
		}
		fitted, err := c.fit(q, e)
		if err != nil {
			return nil, err
		}
		if fitted.unknown == nil {
			known = true
		} else {
			unknown = fitted.unknown
		}
		if p.query.Filter, err = filter.Check(fitted.e, c.typ, q.checking()); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	if !sortable {
		return nil, badRequest(schema.ScimTypeInvalidPath, "No resource type has an attribute "+s.sortBy+" to sort by.")
	}
	if !known && unknown != nil && h.unknownToAll(q, e) {
		return nil, unknown
	}
	return parts, nil
}

// unknownToAll reports whether some comparison names what no type has.
func (h *Handler) unknownToAll(q *request, e filter.Expression) bool {
	return slices.ContainsFunc(leaves(e), func(leaf filter.Expression) bool {
		return !slices.ContainsFunc(h.collections, func(c *collection) bool {
			_, err := filter.Check(leaf, c.typ, q.checking())
			return !isUnknown(err)
		})
	})
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

// fitted is an expression with what a type does not have taken out.
type fitted struct {
	e       filter.Expression
	unknown error // why, if something was
}

// fit replaces comparisons with attributes that the type does not have by what they
// are for an attribute without a value.
func (c *collection) fit(q *request, e filter.Expression) (fitted, error) {
	switch e := e.(type) {
	case nil:
		return fitted{}, nil
	case *filter.LogicalExpression:
		left, err := c.fit(q, e.Left)
		if err != nil {
			return fitted{}, err
		}
		right, err := c.fit(q, e.Right)
		joined := &filter.LogicalExpression{Left: left.e, Operator: e.Operator, Right: right.e}
		return fitted{joined, either(left.unknown, right.unknown)}, err
	case *filter.NotExpression:
		inner, err := c.fit(q, e.Expression)
		return fitted{&filter.NotExpression{Expression: inner.e}, inner.unknown}, err
	}
	_, err := filter.Check(e, c.typ, q.checking())
	if isUnknown(err) {
		return fitted{constant(holdsWithoutValue(e)), err}, nil
	}
	return fitted{e: e}, err
}

func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
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
func (h *Handler) rootInTurn(q *request, s search, parts []part) (*response, error) {
	l := newList(q)
	whole := s.page(q)
	total, skip, want := 0, whole.StartIndex-1, whole.Count
	for _, p := range parts {
		p.query.StartIndex, p.query.Count = max(skip-total, 0)+1, want
		page, err := p.find(q, p.query)
		if err != nil {
			return nil, err
		}
		if err := l.add(p.collection, p.typ.Project(s.attributes, s.excluded), page.Resources); err != nil {
			return nil, err
		}
		want -= len(page.Resources)
		total += page.Total
	}
	return l.end(total, whole.StartIndex), nil
}

// rootSorted merges the types in one order. It reads the pages before this one too.
func (h *Handler) rootSorted(q *request, s search, parts []part) (*response, error) {
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
		if err := l.add(i.part.collection, i.part.typ.Project(s.attributes, s.excluded), []*schema.Resource{i.resource}); err != nil {
			return nil, err
		}
	}
	return l.end(total, whole.StartIndex), nil
}

func (p part) sortValue(r *schema.Resource) schema.Value {
	if p.query.SortBy == nil {
		return schema.Value{}
	}
	return r.SortValue(p.query.SortBy)
}

// rootByKey walks the types one after another; the cursor says which one it is at.
func (h *Handler) rootByKey(q *request, s search, parts []part) (*response, error) {
	place, err := h.cursors.open(q, s)
	if err != nil {
		return nil, err
	}
	name, after, _ := strings.Cut(place, "\n")
	l := newList(q)
	want := s.page(q).Count
	total, next := 0, ""
	for _, p := range parts {
		p.query.ByKey, p.query.StartIndex, p.query.Count = true, 1, want
		reached := name == "" || name == p.typ.Name()
		if !reached || next != "" {
			p.query.Count = 0 // only counted
		}
		if name == p.typ.Name() {
			p.query.After = after
			name = ""
		}
		page, err := p.find(q, p.query)
		if err != nil {
			return nil, err
		}
		total = addTotal(total, page.Total)
		if p.query.Count == 0 {
			if reached && next == "" && want == 0 && page.Total != 0 {
				next = p.typ.Name() + "\n"
			}
			continue
		}
		if err := l.add(p.collection, p.typ.Project(s.attributes, s.excluded), page.Resources); err != nil {
			return nil, err
		}
		want -= len(page.Resources)
		if page.Next != "" {
			next = p.typ.Name() + "\n" + page.Next
		}
	}
	if s.count != nil && *s.count <= 0 {
		next = ""
	}
	return l.endByKey(total, h.cursors.seal(q, s, next)), nil
}

// addTotal adds totals of which one may be unknown.
func addTotal(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}
