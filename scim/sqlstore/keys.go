package sqlstore

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// maxKey bounds what goes into an index: PostgreSQL refuses a third of a page, that
// is 2,700 bytes for all columns.
const maxKey = 256

// shortKey returns a text that is equal for equal keys, of maxKey bytes or a few
// more.
func shortKey(key string) string {
	key = filter.SQLText(key)
	if len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return strings.ToValidUTF8(key[:maxKey-2*len(sum)+8], "") + "#" + hex.EncodeToString(sum[:])
}

// uniqueKey is a value of an attribute that must be unique, other than the name and
// externalId.
type uniqueKey struct{ space, path, key string }

// The spaces in which keys must be unique: a tenant, whose name follows, and all.
const (
	inTenant   = "t"
	everywhere = "g"
)

// indexing says what the rows of one kind are found by.
type indexing struct {
	name           *schema.Attr // has a column; nil if there is none
	nameUnique     bool
	nameFold       bool // ignoring case, although the attribute does not
	external       *schema.Attr
	externalUnique bool
	unique         []*schema.Attr // the others that must be unique
}

func newIndexing(kind string, t *schema.Type, o Options) indexing {
	x := indexing{externalUnique: o.UniqueExternalID}
	x.external, _ = t.Attr("externalId")
	switch kind {
	case userKind, hiddenKind:
		x.name, x.nameUnique = simple(t, "userName"), true
	case groupKind:
		x.name, x.nameUnique = simple(t, "displayName"), !o.DuplicateGroupNames
		x.nameFold = x.name != nil && x.name.CaseExact
	default:
		x.name = simple(t, "displayName")
	}
	for _, top := range t.Attrs() {
		if slices.Contains([]string{"id", "meta", "schemas"}, top.Path()) {
			continue
		}
		for _, a := range append([]*schema.Attr{top}, top.Subs()...) {
			if x.needsTable(a) {
				x.unique = append(x.unique, a)
			}
		}
	}
	return x
}

// simple returns the attribute if it is text with a single value.
func simple(t *schema.Type, path string) *schema.Attr {
	if a, ok := t.Attr(path); ok && a.Type == schema.String && !a.MultiValued {
		return a
	}
	return nil
}

// needsTable reports whether a must be unique and no column sees to it.
func (x *indexing) needsTable(a *schema.Attr) bool {
	switch {
	case a.Type == schema.Complex:
		return false
	case a.Uniqueness == schema.Global:
		return true
	}
	return a.Uniqueness == schema.Server && (a != x.name || !x.nameUnique) && (a != x.external || !x.externalUnique)
}

// nameKey returns the key of a name.
func (x *indexing) nameKey(text string) string {
	if x.nameFold {
		return shortKey(schema.Fold(text))
	}
	return shortKey(x.name.Key(text))
}

// uniqueKeys returns the values of r that go into the table of unique values.
func (x *indexing) uniqueKeys(tenant string, r *schema.Resource) []uniqueKey {
	var keys []uniqueKey
	for _, a := range x.unique {
		space := inTenant + tenant
		if a.Uniqueness == schema.Global {
			space = everywhere
		}
		for _, key := range keysIn(a, r) {
			keys = append(keys, uniqueKey{space, a.Path(), key})
		}
	}
	return keys
}

// keysIn returns the keys of one attribute in order, each once.
func keysIn(a *schema.Attr, r *schema.Resource) []string {
	var keys []string
	for v := range r.Value(a.Top()).Elems() {
		if a.Parent() != nil {
			v = v.Sub(a)
		}
		for e := range v.Elems() {
			keys = append(keys, shortKey(keyText(a, e)))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keyText returns a text that is the same for equal values.
func keyText(a *schema.Attr, v schema.Value) string {
	switch a.Type {
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
			return hex.EncodeToString(b)
		}
	}
	return v.Key()
}
