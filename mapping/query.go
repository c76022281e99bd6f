package mapping

import (
	"slices"

	"github.com/muster-scim/muster/scim"
)

// Query is what a repository is asked to list. It is a [scim.Query], of which a
// repository does as much as it likes; what it answers says how much that was, see
// [Rows]. IDs are as the repository knows them, see [Table.Key].
type Query struct {
	scim.Query

	// Hidden asks for the rows that are out of sight, rather than for the others.
	// It is set only if the table has [DeletedAt].
	Hidden bool
}

// IsAll reports whether the query asks for all rows in any fixed order: then
// StartIndex and Count are all there is to do.
func (q Query) IsAll() bool { return q.Filter == nil && q.IDs == nil && q.SortBy == nil && !q.ByKey }

// Offset returns how many rows are before the first that is asked for.
func (q Query) Offset() int { return max(q.StartIndex, 1) - 1 }

// Equal returns the text that an attribute must equal, if the filter demands that:
//
//	if name, ok := q.Equal("userName"); ok {
//		return mapping.Candidates(byFoldedName(name)), nil
//	}
//
// text is in the form of [schema.Attr.Key]: folded, so that "Ann" is "ann", unless
// the attribute's case counts, as that of externalId does. The repository compares it
// with values in the same form; it may find too much but must not miss anything.
func (q Query) Equal(path string) (text string, ok bool) {
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

// Rows is what a repository lists. Its zero value has none.
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

	// Next is [scim.Page.Next], if the query is ByKey and Rows are Exact. All pages
	// of a query are answered one way or the other.
	Next string
}

// Candidates are rows among which are all that the query asks for: those with a
// certain name, or simply all there are.
func Candidates[T any](rows []*T) Rows[T] { return Rows[T]{Rows: rows} }

// Exact is the page that the query asks for, and how many rows match in all.
func Exact[T any](page []*T, total int) Rows[T] {
	return Rows[T]{Rows: page, Exact: true, Total: total}
}

// id returns the identifier that the filter or IDs restrict the result to, if it is
// one.
func (q Query) id() (id string, ok bool) {
	if id, ok := q.Equal("id"); ok {
		return id, q.IDs == nil || slices.Contains(q.IDs, id)
	}
	if len(q.IDs) == 1 {
		return q.IDs[0], true
	}
	return "", false
}
