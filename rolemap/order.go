package rolemap

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// inOrder returns texts in an order that people expect: ignoring case.
func inOrder(texts iter.Seq[string]) []string {
	return slices.SortedFunc(texts, func(a, b string) int {
		return cmp.Or(strings.Compare(schema.Fold(a), schema.Fold(b)), strings.Compare(a, b))
	})
}
