package sqlstore

import (
	"time"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// columns tells filters where the table has the attributes of a kind.
type columns struct{ s *shelf }

// Column is the method of [filter.Columns]. Equal names and externalIds are found
// by an index. Memberships are not in the table.
func (c columns) Column(a *schema.Attr, op filter.CompareOperator) (filter.Column, bool) {
	switch a.Path() {
	case "id", "meta.location":
		return filter.Scalar{SQL: "r.id"}, true
	case "meta.version":
		return filter.Scalar{SQL: `('W/"' || CAST(r.version AS text) || '"')`}, true
	case "meta.created":
		return stamp("r.created"), true
	case "meta.lastModified":
		return stamp("r.modified"), true
	case "schemas":
		return document.ExtensionCases(c.s.d.dialect, a.Of()), true
	case "groups", "groups.value", "members", "members.value":
		if c.s.edges(a) {
			return nil, false
		}
	}
	switch {
	case op == filter.EQ && a == c.s.index.name && !c.s.index.nameFold:
		return key("r.name_key"), true
	case op == filter.EQ && a == c.s.index.external:
		return key("r.external_key"), true
	}
	return document, true
}

var document = filter.Document{SQL: "r.search"}

// key is a column with what shortKey makes.
func key(column string) filter.Scalar {
	return filter.Scalar{SQL: column, Encode: func(v any) any { return shortKey(v.(string)) }}
}

// stamp is a column with microseconds.
func stamp(column string) filter.Scalar {
	return filter.Scalar{SQL: column, Precision: time.Microsecond, Encode: func(v any) any { return v.(time.Time).UnixMicro() }}
}

// edges reports whether a is about memberships, which resources don't hold.
func (s *shelf) edges(a *schema.Attr) bool {
	switch s.kind {
	case userKind, hiddenKind:
		return a.Top().Path() == "groups"
	case groupKind:
		return a.Top().Path() == "members"
	}
	return false
}
