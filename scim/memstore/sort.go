package memstore

import (
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// ranked is a resource with what it is ordered by.
type ranked struct {
	res   *schema.Resource
	value schema.Value
	key   string // of text; made once rather than with each comparison
}

// sortResources orders resources as [scim.Query.SortBy] says. It is [scim.Compare]
// with the values taken out once.
func sortResources(resources []*schema.Resource, q scim.Query) {
	if q.SortBy == nil || len(resources) < 2 {
		return
	}
	all := make([]ranked, len(resources))
	isText := q.SortBy.Type == schema.String || q.SortBy.Type == schema.Reference
	for i, r := range resources {
		all[i] = ranked{res: r, value: r.SortValue(q.SortBy)}
		if isText {
			all[i].key = all[i].value.Key()
		}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		order := compareValues(&a, &b, isText)
		if order == 0 {
			return strings.Compare(a.res.ID(), b.res.ID())
		}
		if q.Descending {
			return -order
		}
		return order
	})
	for i := range all {
		resources[i] = all[i].res
	}
}

// compareValues is [schema.Compare].
func compareValues(a, b *ranked, isText bool) int {
	if isText && !a.value.IsZero() && !b.value.IsZero() {
		return strings.Compare(a.key, b.key)
	}
	return schema.Compare(a.value, b.value)
}
