package mapping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// lister is List of a repository, or Hidden.
type lister[T any] func(ctx context.Context, t scim.Tenant, q Query) (Rows[T], error)

// list returns a page of what list finds.
func (s *rows[T]) list(ctx context.Context, t scim.Tenant, q Query, list lister[T]) (scim.Page, error) {
	if err := s.foreign(q.Query); err != nil {
		return scim.Page{}, err
	}
	if s.asksForEdges(q) {
		return scim.Page{}, scim.ErrNotImplemented
	}
	q.StartIndex, q.Count = max(q.StartIndex, 1), max(q.Count, 0)
	found, err := s.find(ctx, t, q, list)
	switch {
	case err != nil:
		return scim.Page{}, err
	case found.Exact:
		return s.page(found, q)
	}
	return s.choose(ctx, found.Rows, q)
}

// asksForEdges reports whether q names the members of groups or the groups of users,
// which no row holds.
func (s *rows[T]) asksForEdges(q Query) bool {
	for _, path := range []string{"members", "groups"} {
		a, ok := s.table.typ.Attr(path)
		if !ok || s.table.bound[a] != nil || a.URN() != "" {
			continue
		}
		if q.Filter.Mentions(a) || q.SortBy != nil && q.SortBy.Top() == a {
			return true
		}
	}
	return false
}

// find asks the repository, and for single rows Get.
func (s *rows[T]) find(ctx context.Context, t scim.Tenant, q Query, list lister[T]) (Rows[T], error) {
	if id, ok := onlyID(q); ok && !q.Hidden {
		return s.byIDs(ctx, t, []string{id})
	}
	asked := q
	if q.IDs != nil {
		asked.IDs = s.keys(q.IDs)
	}
	found, err := list(ctx, t, asked)
	if errors.Is(err, scim.ErrNotImplemented) && q.IDs != nil && !q.Hidden {
		return s.byIDs(ctx, t, q.IDs)
	}
	return found, err
}

// keys returns what the repository knows identifiers by. It is not nil, since that
// would not restrict anything.
func (s *rows[T]) keys(ids []string) []string {
	keys := make([]string, 0, len(ids))
	for _, id := range ids {
		if key, ok := s.table.key(id); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// byIDs gets one row after the other.
func (s *rows[T]) byIDs(ctx context.Context, t scim.Tenant, ids []string) (Rows[T], error) {
	var found []*T
	for _, id := range ids {
		v, err := s.row(ctx, t, id)
		switch {
		case err == nil:
			found = append(found, v)
		case !errors.Is(err, scim.ErrNotFound):
			return Rows[T]{}, err
		}
	}
	return Candidates(found), nil
}

// page makes a page of rows that are one already.
func (s *rows[T]) page(found Rows[T], q Query) (scim.Page, error) {
	if len(found.Rows) > q.Count {
		return scim.Page{}, fmt.Errorf("mapping: the repository calls %d rows exact where %d were asked for", len(found.Rows), q.Count)
	}
	page := scim.Page{Total: found.Total, Next: found.Next, Resources: make([]*schema.Resource, len(found.Rows))}
	for i, v := range found.Rows {
		if s.table.special[isDeleted] != nil && s.table.isHidden(v) != q.Hidden {
			return scim.Page{}, errors.New("mapping: the repository has not looked at Query.Hidden, but calls its answer exact")
		}
		var err error
		if page.Resources[i], err = s.table.read(v); err != nil {
			return scim.Page{}, err
		}
	}
	return page, nil
}

// candidate is a row with what it is ordered by if nobody says what by.
type candidate[T any] struct {
	row     *T
	id      string
	created time.Time
}

// choose filters, orders and pages rows. Without a filter and an order only those of
// the page are read.
func (s *rows[T]) choose(ctx context.Context, found []*T, q Query) (scim.Page, error) {
	candidates, err := s.candidates(found, q)
	if err != nil {
		return scim.Page{}, err
	}
	if q.Filter == nil && q.SortBy == nil && !q.ByKey {
		page := scim.Page{Total: len(candidates)}
		from := min(q.Offset(), len(candidates))
		page.Resources, err = s.matching(ctx, candidates[from:min(from+q.Count, len(candidates))], q)
		s.advise(len(found), len(page.Resources), q)
		return page, err
	}
	matching, err := s.matching(ctx, candidates, q)
	if err != nil {
		return scim.Page{}, err
	}
	s.advise(len(found), len(matching), q)
	return scim.PageOf(matching, q.Query)
}

// candidates leaves out rows that q does not ask for by id, and puts the others in an
// order that is the same for each page, whatever order the repository has them in.
func (s *rows[T]) candidates(found []*T, q Query) ([]candidate[T], error) {
	wanted := map[string]bool{}
	for _, id := range q.IDs {
		wanted[id] = true
	}
	hides := s.table.special[isDeleted] != nil
	all := make([]candidate[T], 0, len(found))
	for _, v := range found {
		if v == nil || hides && s.table.isHidden(v) != q.Hidden {
			continue
		}
		created, err := s.table.time(v, isCreated)
		if err != nil {
			return nil, err
		}
		if c := (candidate[T]{v, s.table.id(v), created}); q.IDs == nil || wanted[c.id] {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b candidate[T]) int {
		return cmp.Or(a.created.Compare(b.created), strings.Compare(a.id, b.id))
	})
	return slices.CompactFunc(all, func(a, b candidate[T]) bool { return a.id == b.id }), nil
}

// patience is how many rows are read before the context is asked again.
const patience = 1024

// matching reads rows and keeps those that match.
func (s *rows[T]) matching(ctx context.Context, candidates []candidate[T], q Query) ([]*schema.Resource, error) {
	var matching []*schema.Resource
	for i, c := range candidates {
		if i%patience == patience-1 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r, err := s.table.read(c.row)
		if err != nil {
			return nil, err
		}
		if q.Filter.Match(r) {
			matching = append(matching, r)
		}
	}
	return matching, nil
}

// hintAbove is how many rows may be read in vain before the log says so.
const hintAbove = 100

// advise tells once that the repository lists much more than it is asked for.
func (s *rows[T]) advise(read, used int, q Query) {
	if read-used <= hintAbove {
		return
	}
	s.hint.Do(func() {
		s.logger.Warn("SCIM: the repository lists many rows of which few are asked for. "+
			"The answers are right; Query.Equal, Query.IDs and Query.IsAll tell what an index can serve.",
			"type", s.table.typ.Name(), "rows", read, "used", used, "filter", filterShape(q))
	})
}

// filterShape names the attribute that a filter is about, without the values in it.
func filterShape(q Query) string {
	if a, _, _, ok := q.Filter.Equality(); ok {
		return a.Path() + " eq"
	}
	if q.Filter != nil {
		return "another"
	}
	return "none"
}
