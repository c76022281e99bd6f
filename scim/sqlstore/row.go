package sqlstore

import (
	"database/sql"
	"slices"
	"strconv"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// Kinds of resources. A user that is hidden is of another kind: nothing that asks
// for users finds it.
const (
	userKind   = "user"
	hiddenKind = "hidden user"
	groupKind  = "group"
)

// otherKind returns the kind of resources of another type.
func otherKind(t *schema.Type) string { return "resource:" + t.Name() }

// row is a resource with what its columns have of it.
type row struct {
	keys
	resource *schema.Resource
	data     string
	search   string
	label    string
}

// keys are what a row is found by.
type keys struct {
	name, external sql.NullString
	unique         []uniqueKey
}

// newRow prepares a resource for storing.
func (s *shelf) newRow(tenant string, r *schema.Resource) *row {
	return &row{
		keys:     s.keysOf(tenant, r),
		resource: r,
		data:     encode(r),
		search:   string(filter.AppendDocument(nil, r)),
		label:    filter.SQLText(labelOf(r)),
	}
}

func (s *shelf) keysOf(tenant string, r *schema.Resource) keys {
	k := keys{unique: s.index.uniqueKeys(tenant, r)}
	if v := nameOf(s.index.name, r); !v.IsZero() {
		k.name = sql.NullString{String: s.index.nameKey(v.String()), Valid: true}
	}
	if v := r.Value(s.index.external); !v.IsZero() {
		k.external = sql.NullString{String: shortKey(s.index.external.Key(v.String())), Valid: true}
	}
	return k
}

func nameOf(a *schema.Attr, r *schema.Resource) schema.Value {
	if a == nil {
		return schema.Value{}
	}
	return r.Value(a)
}

// labelOf returns what a resource is shown as where it is a member: its
// displayName, or userName if it has none.
func labelOf(r *schema.Resource) string {
	if name := r.Get("displayName").String(); name != "" {
		return name
	}
	return r.Get("userName").String()
}

// twins returns what tells rows with the same key apart: nothing where the key
// must be unique.
func (s *shelf) twins(id string) (name, external string) {
	name, external = id, id
	if s.index.nameUnique && s.kind != hiddenKind {
		name = ""
	}
	if s.index.externalUnique && s.kind != hiddenKind {
		external = ""
	}
	return name, external
}

func (k keys) equal(o keys) bool {
	return k.name == o.name && k.external == o.external && slices.Equal(k.unique, o.unique)
}

// rowColumns are what scan reads.
const rowColumns = "r.id, r.version, r.created, r.modified, r.data"

// found is a row as it is stored.
type found struct {
	resource *schema.Resource
	data     string
}

// scan reads a row, and what follows rowColumns into more. Text is scanned as it comes;
// only what is kept is copied.
func (s *shelf) scan(rows Rows, more ...any) (found, error) {
	var id, data string
	var version, created, modified int64
	if err := rows.Scan(append([]any{&id, &version, &created, &modified, &data}, more...)...); err != nil {
		return found{}, err
	}
	r, err := decode(s.typ, data, id, meta(version, created, modified))
	return found{r, data}, err
}

func meta(version, created, modified int64) schema.Meta {
	return schema.Meta{Created: timeOf(created), LastModified: timeOf(modified), Version: formatVersion(version)}
}

// A version is the time of a change in microseconds, or one more than the last if
// that is not over yet. A count would come again after a transaction was undone.
func formatVersion(version int64) string { return strconv.FormatInt(version, 10) }

// parseVersion returns 0, which no row has, for what is no version.
func parseVersion(version string) int64 {
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil || formatVersion(n) != version {
		return 0
	}
	return n
}
