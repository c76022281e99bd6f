package scim

import (
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// PageOf orders resources as q says and cuts the page out, by number or by key: for
// stores that hold everything in memory. The filter is not looked at. The error is
// that of a Query.After which PageOf did not make.
func PageOf(matching []*schema.Resource, q Query) (Page, error) {
	page := Page{Total: len(matching)}
	if q.SortBy != nil || q.ByKey {
		matching = slices.Clone(matching)
		slices.SortFunc(matching, func(a, b *schema.Resource) int { return Compare(a, b, q) })
	}
	from := max(q.StartIndex-1, 0)
	if q.ByKey {
		behind, err := Behind(q)
		if err != nil {
			return Page{}, err
		}
		if from = slices.IndexFunc(matching, behind); from < 0 {
			from = len(matching)
		}
	}
	from = min(from, len(matching))
	to := min(from+q.Count, len(matching))
	page.Resources = matching[from:to]
	if q.ByKey && to > from && to < len(matching) {
		page.Next = PlaceOf(matching[to-1], q)
	}
	return page, nil
}

// Compare orders two resources as [Query.SortBy] says; without it, and for ties, by
// id.
func Compare(a, b *schema.Resource, q Query) int {
	if q.SortBy == nil {
		return strings.Compare(a.ID(), b.ID())
	}
	return compareValues(a.SortValue(q.SortBy), a.ID(), b.SortValue(q.SortBy), b.ID(), q)
}

func compareValues(v schema.Value, vID string, w schema.Value, wID string, q Query) int {
	order := schema.Compare(v, w)
	switch {
	case order == 0:
		return strings.Compare(vID, wID)
	case q.Descending:
		return -order
	}
	return order
}

// PlaceOf returns the place of r in the order that [Compare] makes, as Page.Next: its
// id, and what it is ordered by.
func PlaceOf(r *schema.Resource, q Query) string {
	if q.SortBy == nil {
		return r.ID()
	}
	return r.ID() + "\n" + string(r.SortValue(q.SortBy).AppendJSON(nil))
}

// Behind returns a function that reports whether a resource comes behind q.After,
// which is empty or made by [PlaceOf].
func Behind(q Query) (func(*schema.Resource) bool, error) {
	if q.After == "" {
		return func(*schema.Resource) bool { return true }, nil
	}
	id, value, _ := strings.Cut(q.After, "\n")
	var at schema.Value
	if q.SortBy != nil {
		var err error
		if at, _, err = schema.DecodeElement(q.SortBy, []byte(value), schema.Decoding{KeepEmptyStrings: true}); err != nil {
			return nil, errInvalidCursor
		}
	}
	return func(r *schema.Resource) bool {
		if q.SortBy == nil {
			return r.ID() > id
		}
		return compareValues(r.SortValue(q.SortBy), r.ID(), at, id, q) > 0
	}, nil
}
