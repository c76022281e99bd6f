package memstore

import (
	"strconv"
	"time"

	"github.com/muster-scim/muster/schema"
)

// field is an attribute of a type that is indexed.
type field struct {
	attr   *schema.Attr
	index  *index
	unique bool
	global bool // unique across tenants too
	fold   bool // unique ignoring case, although the attribute does not
}

// indexed has the paths by which IdPs look resources up, besides what is unique.
var indexed = [...]string{"userName", "externalId", "displayName", "emails.value"}

// fieldsOf returns the indexed attributes of t; indexes are found by name, and
// made if there are none.
func (c *collection) fieldsOf(t *schema.Type) []field {
	var fields []field
	for _, top := range t.Attrs() {
		// The attributes of an open extension stand for keys that nobody knows.
		if isCommon(top) || top.Path() == "" {
			continue
		}
		for _, a := range append([]*schema.Attr{top}, top.Subs()...) {
			fields = append(fields, c.fieldsOfAttr(a)...)
		}
	}
	return fields
}

// isCommon reports whether a is kept beside the values of a resource.
func isCommon(a *schema.Attr) bool {
	return a.Path() == "id" || a.Path() == "meta" || a.Path() == "schemas"
}

func (c *collection) fieldsOfAttr(a *schema.Attr) []field {
	if a.Type == schema.Complex {
		return nil
	}
	f := field{attr: a, global: a.Uniqueness == schema.Global}
	f.unique = f.global || a.Uniqueness == schema.Server || c.isUnique(a.Path())
	found := f.unique || c.indexes[a.Path()] != nil // by another type
	for _, path := range indexed {
		found = found || a.Path() == path
	}
	if !found {
		return nil
	}
	f.index = c.index(a.Path())
	if !c.isUniqueFolded(a.Path()) {
		return []field{f}
	}
	if !a.CaseExact {
		f.unique = true // its key is folded
		return []field{f}
	}
	return []field{f, {attr: a, index: c.index(a.Path() + " folded"), unique: true, fold: true}}
}

// isUnique says what is unique whatever the schema says.
func (c *collection) isUnique(path string) bool {
	switch path {
	case "userName":
		return c.kind == userKind
	case "externalId":
		return c.n.d.options.UniqueExternalID
	}
	return false
}

// isUniqueFolded says what is unique ignoring case, whatever the schema says.
func (c *collection) isUniqueFolded(path string) bool {
	return path == "displayName" && c.kind == groupKind && !c.n.d.options.DuplicateGroupNames
}

// sameIn reports whether two resources have the same value here, and so the same keys.
func (f *field) sameIn(was, is *schema.Resource) bool {
	return was != nil && is != nil && was.Type() == is.Type() && was.Value(f.attr.Top()).Identical(is.Value(f.attr.Top()))
}

// appendKeys appends the keys under which r is found by f; none for nil.
func (f *field) appendKeys(dst []string, r *schema.Resource) []string {
	if r == nil {
		return dst
	}
	top := f.attr.Top()
	if v := r.Value(top); v.IsZero() {
		return dst
	} else if top == f.attr && !v.IsList() {
		return append(dst, f.keyOf(v))
	}
	for v := range r.Value(top).Elems() {
		if top != f.attr {
			v = v.Sub(f.attr)
		}
		for e := range v.Elems() {
			dst = append(dst, f.keyOf(e))
		}
	}
	return dst
}

// keyOf returns a text that is the same for equal values.
func (f *field) keyOf(v schema.Value) string {
	switch f.attr.Type {
	case schema.Decimal:
		if n, ok := v.Float(); ok {
			return strconv.FormatFloat(n, 'g', -1, 64)
		}
	case schema.DateTime:
		if t, ok := v.Time(); ok {
			return t.UTC().Format(time.RFC3339Nano)
		}
	case schema.Binary:
		if b, err := schema.DecodeBinary(v.String()); err == nil {
			return string(b)
		}
	}
	if f.fold {
		return schema.Fold(v.String())
	}
	return v.Key()
}
