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

// maxCandidates is how many rows are read to be compared in Go before a query is
// declined, and fewCandidates how many before another way is tried.
const (
	maxCandidates = 10_000
	fewCandidates = 1_000
)

// List returns the exact page. What the database can't compare is compared in Go, up to
// some thousand rows; beyond that, and if nothing of a filter is in a column, it is
// [scim.ErrNotImplemented].
func (r *Repository[T]) List(ctx context.Context, t scim.Tenant, q scim.RowQuery) (scim.Rows[T], error) {
	return r.find(ctx, t, q)
}

// filterColumns tells filters where the attributes are.
func (x *own[T]) filterColumns() (filter.Columns, func() string) {
	columns, doubt := x.m.SQL(x.d.dialect, x.column)
	if len(x.table.Folded) == 0 {
		return columns, doubt
	}
	return foldedColumns{columns, x.table.Folded}, doubt
}

// foldedColumns are columns beside which the application has some that are folded.
type foldedColumns struct {
	filter.Columns
	folded map[string]string
}

// Column is the method of [filter.Columns].
func (c foldedColumns) Column(a *schema.Attr, op filter.CompareOperator) (filter.Column, bool) {
	e, ok := c.folded[a.Path()]
	switch {
	case !ok:
		return c.Columns.Column(a, op)
	case op == filter.EQ:
		return filter.Scalar{SQL: e, Encode: func(v any) any {
			if v == "" {
				return nil // equals nothing
			}
			return v
		}}, true
	}
	return filter.Scalar{SQL: "NULLIF(" + e + ", '')"}, true
}

func (x *own[T]) find(ctx context.Context, t scim.Tenant, q scim.RowQuery) (found scim.Rows[T], err error) {
	found.Exact = true
	if err := ctx.Err(); err != nil {
		return found, err
	}
	q.StartIndex, q.Count = max(q.StartIndex, 1), max(q.Count, 0)
	if q.ByKey {
		q.StartIndex = 1
	}
	s := &search[T]{own: x, q: q, args: args{d: x.d}}
	ok, err := s.begin(t)
	if !ok || err != nil {
		return found, err
	}
	if s.isExact() {
		return s.page(ctx, s.filtered, s.filterArgs)
	}
	return s.compare(ctx)
}

// search is a query on its way into SQL.
type search[T any] struct {
	*own[T]
	q    scim.RowQuery
	args // of base
	base string

	// filtered is the filter as a condition whose arguments follow those of base; it
	// says nothing about rows in doubt. It is "" if the columns can't tell.
	filtered   string
	filterArgs []any
	doubt      string

	// order is that of the page; "" if the columns can't tell. sortDoubt is what it says
	// nothing about.
	order, sortDoubt string
}

// begin writes the parts of the statement; ok is false if there can't be any rows.
func (s *search[T]) begin(t scim.Tenant) (ok bool, err error) {
	if s.base, ok = s.own.base(t, &s.args); !ok {
		return false, nil
	}
	s.base = s.seen(s.base, s.q.Hidden)
	if s.q.IDs != nil {
		keys, err := s.keys(s.q.IDs)
		if err != nil || len(keys) == 0 {
			return false, err
		}
		s.base += " AND " + s.idColumn() + " " + s.among(&s.args, keys)
	}
	if err := s.sort(); err != nil {
		return false, err
	}
	columns, doubt := s.filterColumns()
	s.filtered, s.filterArgs, err = s.q.Filter.SQL(s.own.d.dialect, columns, len(s.all))
	s.doubt = doubt()
	if errors.Is(err, filter.ErrNoColumn) {
		return true, nil
	}
	return true, err
}

// among is what stands behind a key that may be one of a list.
func (x *own[T]) among(a *args, keys []any) string {
	return x.d.amongKeys(a, keys, x.columns[x.id].cast)
}

// sort writes the order. The rows' own is that of the keys, as the database has it.
func (s *search[T]) sort() error {
	by := s.q.SortBy
	if by == nil {
		s.order = s.idColumn()
		return s.seek()
	}
	columns, doubt := s.filterColumns()
	order, err := filter.OrderSQL(s.own.d.dialect, columns, by, s.q.Descending)
	if errors.Is(err, filter.ErrNoColumn) {
		return nil
	}
	s.order, s.sortDoubt = order, doubt()
	return err
}

// seek restricts the rows' own order to what comes behind q.After.
func (s *search[T]) seek() error {
	if !s.q.ByKey || s.q.After == "" {
		return nil
	}
	id, ok := s.m.Key(s.q.After)
	if !ok {
		return scim.Invalid("cursor", "is none that was handed out.")
	}
	key, err := s.key(id)
	if err != nil {
		return scim.Invalid("cursor", "is none that was handed out.")
	}
	s.base += " AND " + s.idColumn() + " > " + s.bind(key)
	return nil
}

// isExact reports whether the database does all of it.
func (s *search[T]) isExact() bool {
	return s.filtered != "" && s.doubt == "" && s.order != "" && s.sortDoubt == ""
}

// page reads the page of the rows for which a condition holds.
func (s *search[T]) page(ctx context.Context, condition string, more []any) (found scim.Rows[T], err error) {
	found.Exact = true
	where := s.base + " AND " + condition
	all := slices.Concat(s.all, more)
	if s.q.Count > 0 {
		if found.Rows, err = s.pageRows(ctx, where, all); err != nil {
			return found, err
		}
	}
	if s.q.ByKey && len(found.Rows) > s.q.Count {
		found.Rows = found.Rows[:s.q.Count]
		if found.Next, err = s.placeOf(found.Rows[len(found.Rows)-1]); err != nil {
			return found, err
		}
	}
	n := len(found.Rows)
	switch {
	case s.q.ByKey && s.q.Count > 0 && s.q.After != "":
		found.Total = -1 // to count again for each page would make the whole walk quadratic
	case s.q.ByKey && s.q.Count > 0 && found.Next == "":
		found.Total = n
	case n > 0 && n < s.q.Count, n == 0 && s.q.Count > 0 && s.q.StartIndex == 1:
		found.Total = s.q.StartIndex - 1 + n
	default:
		err = s.own.d.queryText(ctx, func(rows Rows) error { return rows.Scan(&found.Total) },
			"SELECT count(*) FROM "+s.name+" AS "+alias+" WHERE "+where, all)
	}
	return found, err
}

// pageRows reads the rows of a page; by key one more, which tells that there are others.
func (s *search[T]) pageRows(ctx context.Context, where string, all []any) (rows []*T, err error) {
	limit := " LIMIT " + strconv.Itoa(s.q.Count) + " OFFSET " + strconv.Itoa(s.q.StartIndex-1)
	if s.q.ByKey {
		limit = " LIMIT " + strconv.Itoa(s.q.Count+1)
		if s.q.SortBy != nil && s.q.After != "" {
			behind, more, err := s.behind(len(all))
			if err != nil {
				return nil, err
			}
			where += " AND " + behind
			all = slices.Concat(all, more)
		}
	}
	err = s.eachFrom(ctx, s.from(where), all, s.order+limit, func(v *T) error {
		rows = append(rows, v)
		return nil
	})
	return rows, err
}

// from is what a page is read from. PostgreSQL has no statistics of what a partial index
// computes, takes some thousand rows for the one that has a name, and would go through
// the whole table in the order of the page to find the first of them. What OFFSET stands
// in is planned without a look at the order.
func (s *search[T]) from(where string) string {
	from := s.name + " AS " + alias + " WHERE " + where
	if s.own.d.dialect == filter.PostgreSQL && s.q.SortBy == nil && s.findsFew() {
		return "(SELECT " + s.list + " FROM " + from + " OFFSET 0) AS " + alias
	}
	return from
}

// findsFew reports whether the filter demands a value that one row has, or hardly more.
func (s *search[T]) findsFew() bool {
	a, _, _, ok := s.q.Filter.Equality()
	return ok && (a.Path() == "externalId" || slices.Contains(s.unique, a))
}

// behind is the condition that a row comes behind q.After, which scim.PlaceOf has made.
func (s *search[T]) behind(offset int) (string, []any, error) {
	if _, err := scim.Behind(s.q.Query); err != nil {
		return "", nil, err
	}
	id, value, _ := strings.Cut(s.q.After, "\n")
	at, _, err := schema.DecodeElement(s.q.SortBy, []byte(value), schema.Decoding{KeepEmptyStrings: true})
	if err != nil {
		return "", nil, err
	}
	columns, _ := s.filterColumns()
	return filter.BehindSQL(s.own.d.dialect, columns, s.q.SortBy, s.q.Descending, at, id, offset)
}

func (s *search[T]) placeOf(v *T) (string, error) {
	r, err := s.m.Read(v)
	if err != nil {
		return "", err
	}
	return scim.PlaceOf(r, s.q.Query), nil
}

// each reads rows one by one.
func (x *own[T]) each(ctx context.Context, where string, all []any, order string, do func(*T) error) error {
	return x.eachFrom(ctx, x.name+" AS "+alias+" WHERE "+where, all, order, do)
}

func (x *own[T]) eachFrom(ctx context.Context, from string, all []any, order string, do func(*T) error) error {
	return x.d.queryText(ctx, func(rows Rows) error {
		v, err := x.scan(rows)
		if err != nil {
			return err
		}
		return do(v)
	}, "SELECT "+x.list+" FROM "+from+" ORDER BY "+order, all)
}

// compare answers a query of which the database can't tell all. It reads the rows that
// may match and compares them. If they are many, those that are in doubt are compared
// alone, and the others left to the database.
func (s *search[T]) compare(ctx context.Context) (scim.Rows[T], error) {
	splits := s.filtered != "" && s.order != "" && s.sortDoubt == ""
	most := maxCandidates
	if splits {
		most = fewCandidates
	}
	where, more, err := s.mayMatch()
	if err != nil {
		return scim.Rows[T]{}, err
	}
	matching, complete, err := s.matching(ctx, where, more, most)
	switch {
	case err != nil:
		return scim.Rows[T]{}, err
	case complete:
		return s.pageOf(matching)
	case !splits:
		return scim.Rows[T]{}, scim.ErrNotImplemented
	}
	inDoubt, complete, err := s.matching(ctx, s.base+" AND ("+s.doubt+")", nil, maxCandidates)
	if err != nil || !complete {
		return scim.Rows[T]{}, cmpErr(err, scim.ErrNotImplemented)
	}
	return s.around(ctx, inDoubt)
}

func cmpErr(a, b error) error {
	if a == nil {
		return b
	}
	return a
}

// around is a page of the rows that the database finds and of some others.
func (s *search[T]) around(ctx context.Context, others []match[T]) (scim.Rows[T], error) {
	condition := s.filtered + " AND (" + s.doubt + ") IS NOT TRUE"
	if len(others) == 0 {
		return s.page(ctx, condition, s.filterArgs)
	}
	ids := make([]string, len(others))
	for i, o := range others {
		ids[i], _ = s.m.Key(o.resource.ID())
	}
	keys, err := s.keys(ids)
	if err != nil {
		return scim.Rows[T]{}, err
	}
	a := &args{d: s.own.d, all: slices.Concat(s.all, s.filterArgs)}
	condition = "((" + condition + ") OR " + s.idColumn() + " " + s.among(a, keys) + ")"
	return s.page(ctx, condition, a.all[len(s.all):])
}

// mayMatch is the condition that a row may match: that all parts of the filter which the
// database can tell hold, or are in doubt.
func (s *search[T]) mayMatch() (where string, more []any, err error) {
	where = s.base
	parts := 0
	for _, f := range s.q.Filter.Conjuncts() {
		columns, doubt := s.filterColumns()
		text, args, err := f.SQL(s.own.d.dialect, columns, len(s.all)+len(more))
		switch {
		case errors.Is(err, filter.ErrNoColumn):
			continue
		case err != nil:
			return "", nil, err
		}
		parts++
		more = append(more, args...)
		if d := doubt(); d != "" {
			text = "(" + text + " OR " + d + ")"
		}
		where += " AND " + text
	}
	if parts == 0 && s.q.Filter != nil {
		return "", nil, scim.ErrNotImplemented
	}
	return where, more, nil
}

// match is a row that matches.
type match[T any] struct {
	row      *T
	resource *schema.Resource
}

// matching reads rows in their own order and keeps those that match; complete is false
// if there are more than most.
func (s *search[T]) matching(ctx context.Context, where string, more []any, most int) (all []match[T], complete bool, err error) {
	read := 0
	err = s.each(ctx, where, slices.Concat(s.all, more), s.idColumn()+" LIMIT "+strconv.Itoa(most+1), func(v *T) error {
		r, err := s.m.Read(v)
		if err != nil {
			return err
		}
		if read++; s.q.Filter.Match(r) {
			all = append(all, match[T]{v, r})
		}
		return nil
	})
	return all, read <= most, err
}

// pageOf cuts the page out of all rows that match, which are in their own order.
func (s *search[T]) pageOf(all []match[T]) (scim.Rows[T], error) {
	rows := map[*schema.Resource]*T{}
	resources := make([]*schema.Resource, len(all))
	for i, m := range all {
		rows[m.resource], resources[i] = m.row, m.resource
	}
	var page scim.Page
	var err error
	if s.q.SortBy != nil || !s.q.ByKey {
		page, err = scim.PageOf(resources, s.q.Query)
	} else { // what is behind After was asked for
		page = scim.Page{Resources: resources[:min(s.q.Count, len(resources))], Total: len(resources)}
		if n := len(page.Resources); n > 0 && n < len(resources) {
			page.Next = resources[n-1].ID()
		}
		if s.q.After != "" {
			page.Total = -1
		}
	}
	found := scim.Rows[T]{Exact: true, Total: page.Total, Next: page.Next}
	for _, r := range page.Resources {
		found.Rows = append(found.Rows, rows[r])
	}
	return found, err
}
