package mapping

import (
	"slices"

	"github.com/muster-scim/muster/scim"
)

// Query is what a repository is asked to list. It is a [scim.Query], of which a
// repository does as much as it likes; what it answers says how much that was, see
// [Rows]. IDs are as the repository knows them, see [Table.Key]; Hidden is set only if
// the table has [DeletedAt].
type Query = scim.RowQuery

// Rows is what a repository lists. Its zero value has none.
type Rows[T any] = scim.Rows[T]

// Candidates are rows among which are all that the query asks for: those with a
// certain name, or simply all there are.
func Candidates[T any](rows []*T) Rows[T] { return Rows[T]{Rows: rows} }

// Exact is the page that the query asks for, and how many rows match in all.
func Exact[T any](page []*T, total int) Rows[T] {
	return Rows[T]{Rows: page, Exact: true, Total: total}
}

// onlyID returns the identifier that the filter or IDs restrict the result to, if it
// is one.
func onlyID(q Query) (id string, ok bool) {
	if id, ok := q.Equal("id"); ok {
		return id, q.IDs == nil || slices.Contains(q.IDs, id)
	}
	if len(q.IDs) == 1 {
		return q.IDs[0], true
	}
	return "", false
}
