package sqlstore

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// list returns a page. A page that is not full tells the total, and to know that it is not
// one row more is asked for. Without a filter the index is counted by the same statement;
// a filter is counted by another, since to do so is to search once more. By key only the
// first page has a total: to count again for each would make the whole walk quadratic.
func (s *shelf) list(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	if err := ctx.Err(); err != nil {
		return scim.Page{}, err
	}
	q.StartIndex, q.Count = max(q.StartIndex, 1), max(q.Count, 0)
	if q.ByKey {
		q.StartIndex = 1
	}
	l, err := s.listing(t, q)
	if err != nil {
		return scim.Page{}, err
	}
	page := scim.Page{Total: unknown}
	if q.Count > 0 {
		if page, err = l.page(ctx); err != nil {
			return scim.Page{}, err
		}
	}
	if page.Total == unknown && (q.After == "" || q.Count == 0) {
		page.Total, err = l.count(ctx)
	}
	return page, err
}

// unknown is the total of a page that does not tell it.
const unknown = -1

// listing is a query on its way into SQL.
type listing struct {
	s      *shelf
	q      scim.Query
	tenant string
	where  string
	args   []any
	order  string

	// sort is what is ordered by before the id; empty if nothing is.
	sort string
}

func (s *shelf) listing(t scim.Tenant, q scim.Query) (*listing, error) {
	l := &listing{s: s, q: q, tenant: name(t), order: "r.id"}
	if q.IDs == nil && !s.isLookUp(q.Filter) {
		l.where = "r.shelf = " + l.bind(s.place(name(t)))
	} else {
		l.where = "r.tenant = " + l.bind(name(t)) + " AND r.kind = " + l.bind(s.kind)
	}
	if q.IDs != nil {
		l.where += " AND r.id " + s.d.oneOf(l.bind, q.IDs)
	}
	if err := l.filter(); err != nil {
		return nil, err
	}
	if err := l.sortBy(); err != nil {
		return nil, err
	}
	return l, nil
}

// isLookUp reports whether a filter demands a value that an index finds.
func (s *shelf) isLookUp(f *filter.Filter) bool {
	a, _, _, ok := f.Equality()
	return ok && (a.Path() == "id" || a == s.index.external || a == s.index.name && !s.index.nameFold)
}

// bind adds an argument and returns its placeholder.
func (l *listing) bind(v any) string {
	l.args = append(slices.Clip(l.args), v)
	return l.s.d.placeholder(len(l.args))
}

func (l *listing) filter() error {
	if l.q.Filter == nil {
		return nil
	}
	if l.q.Filter.Type() != l.s.typ {
		return errors.New("sqlstore: a filter for another type than the store's; see Store.UserType")
	}
	where, args, err := l.q.Filter.SQL(l.s.d.dialect, columns{l.s}, len(l.args))
	if err != nil {
		return declined(err)
	}
	l.where += " AND " + where
	l.args = append(l.args, args...)
	return nil
}

// declined leaves to package scim what has no column.
func declined(err error) error {
	if errors.Is(err, filter.ErrNoColumn) {
		return scim.ErrNotImplemented
	}
	return err
}

func (l *listing) sortBy() (err error) {
	if l.q.SortBy == nil {
		return nil
	}
	if l.s.edges(l.q.SortBy) {
		return scim.ErrNotImplemented
	}
	if l.sort, err = filter.SortSQL(l.s.d.dialect, columns{l.s}, l.q.SortBy); err != nil {
		return declined(err)
	}
	l.order, err = filter.OrderSQL(l.s.d.dialect, columns{l.s}, l.q.SortBy, l.q.Descending)
	return declined(err)
}

func (l *listing) count(ctx context.Context) (n int, err error) {
	err = l.s.d.queryText(ctx, func(rows Rows) error { return rows.Scan(&n) }, l.countText(), l.args)
	return n, err
}

func (l *listing) countText() string {
	return l.s.d.text("SELECT count(*) FROM {resources} r WHERE ") + l.where
}

// counts reports whether the page comes with the total.
func (l *listing) counts() bool { return l.q.Filter == nil && l.q.IDs == nil && l.q.After == "" }

// page reads the rows of the page and one more, which tells that there are others.
func (l *listing) page(ctx context.Context) (scim.Page, error) {
	text, args, err := l.pageText()
	if err != nil {
		return scim.Page{}, err
	}
	page, more := scim.Page{Total: unknown}, false
	err = l.s.d.queryText(ctx, func(rows Rows) error {
		if more = len(page.Resources) == l.q.Count; more {
			return nil
		}
		f, err := l.s.scan(rows, &page.Total)
		page.Resources = append(page.Resources, f.resource)
		return err
	}, text, args)
	if err != nil {
		return scim.Page{}, err
	}
	n := len(page.Resources)
	switch {
	case more && l.q.ByKey:
		page.Next = scim.PlaceOf(page.Resources[n-1], l.q)
	case !more && l.q.After == "" && (n > 0 || l.q.StartIndex == 1):
		page.Total = l.q.StartIndex - 1 + n
	}
	return page, nil
}

// pageText returns the statement and its arguments; those of the listing stay, to
// count by. What is skipped without a filter is skipped in the index. The limit is a part of
// the text, so that the planner knows how few rows are wanted.
func (l *listing) pageText() (string, []any, error) {
	p, total := *l, strconv.Itoa(unknown)
	if p.counts() {
		total = "(" + p.countText() + ")"
	}
	if err := p.seek(); err != nil {
		return "", nil, err
	}
	limit := " LIMIT " + strconv.Itoa(p.q.Count+1)
	if p.q.StartIndex > 1 {
		limit += " OFFSET " + p.bind(p.q.StartIndex-1)
		if p.q.Filter == nil && p.q.IDs == nil && p.sort == "" {
			p.where = "r.id IN (" + p.s.d.text("SELECT r.id FROM {resources} r WHERE ") + p.where + " ORDER BY r.id" + limit + ") AND r.tenant = " +
				p.bind(p.tenant) + " AND r.kind = " + p.bind(p.s.kind)
			limit = ""
		}
	}
	text := p.s.d.text("SELECT "+rowColumns+", ") + total + p.s.d.text(" FROM {resources} r WHERE ")
	return text + p.where + " ORDER BY " + p.order + limit, p.args, nil
}

// seek restricts the page to what comes behind q.After, which scim.PlaceOf has
// made.
func (l *listing) seek() error {
	if l.q.After == "" || !l.q.ByKey {
		return nil
	}
	if _, err := scim.Behind(l.q); err != nil {
		return err
	}
	id, value, _ := strings.Cut(l.q.After, "\n")
	if l.q.SortBy == nil {
		l.where += " AND r.id > " + l.bind(filter.SQLText(id))
		return nil
	}
	at, _, err := schema.DecodeElement(l.q.SortBy, []byte(value), schema.Decoding{KeepEmptyStrings: true})
	if err != nil {
		return err
	}
	where, args, err := filter.BehindSQL(l.s.d.dialect, columns{l.s}, l.q.SortBy, l.q.Descending, at, id, len(l.args))
	l.where += " AND " + where
	l.args = append(slices.Clip(l.args), args...)
	return declined(err)
}
