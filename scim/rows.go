package scim

// RowQuery is what a repository of an application's own rows is asked to list: a
// [Query] for the resources that the rows stand for. Package mapping asks it, and
// package sqlstore answers it; the type is here for both.
type RowQuery struct {
	Query

	// Hidden asks for the rows that are out of sight, rather than for the others.
	// It is set only if the rows have a field that says so.
	Hidden bool
}

// IsAll reports whether the query asks for all rows in any fixed order: then
// StartIndex and Count are all there is to do.
func (q RowQuery) IsAll() bool { return q.Filter == nil && q.IDs == nil && q.SortBy == nil && !q.ByKey }

// Offset returns how many rows are before the first that is asked for.
func (q RowQuery) Offset() int { return max(q.StartIndex, 1) - 1 }

// Equal returns the text that an attribute must equal, if the filter demands that:
//
//	if name, ok := q.Equal("userName"); ok {
//		return mapping.Candidates(byFoldedName(name)), nil
//	}
//
// text is in the form of [schema.Attr.Key]: folded, so that "Ann" is "ann", unless
// the attribute's case counts, as that of externalId does. The repository compares it
// with values in the same form; it may find too much but must not miss anything.
func (q RowQuery) Equal(path string) (text string, ok bool) {
	if q.Filter == nil {
		return "", false
	}
	wanted, ok := q.Filter.Type().Attr(path)
	if !ok {
		return "", false
	}
	for _, f := range q.Filter.Conjuncts() {
		if a, key, _, ok := f.Equality(); ok && a == wanted {
			return key, true
		}
	}
	return "", false
}

// Rows is what a repository lists; its zero value has none. See RowQuery.
type Rows[T any] struct {
	// Rows are the application's to give away: they are read after List has
	// returned, while nobody writes to them.
	Rows []*T

	// Exact says that Rows are the page that was asked for: filtered, ordered, from
	// StartIndex on, Count at most. Total is then how many match in all. Otherwise
	// all that match are among Rows, and maybe others: they are filtered, ordered
	// and counted here.
	Exact bool
	Total int

	// Next is [Page.Next], if the query is ByKey and Rows are Exact. All pages
	// of a query are answered one way or the other.
	Next string
}

// MemberEffect has the ids of the members that a delta really added and removed.
type MemberEffect struct{ Added, Removed []string }

// Changes reports whether there are any.
func (e MemberEffect) Changes() bool { return len(e.Added) > 0 || len(e.Removed) > 0 }
