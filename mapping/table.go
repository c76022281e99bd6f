package mapping

import (
	"strings"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Table says how a resource type and the application's type T stand for each
// other. It is immutable and may be used from many goroutines at once.
type Table[T any] struct{ of *table }

// table is a Table as all of this package but its surface knows it. What it does is the
// same for every T, so it is compiled once and not for each.
type table struct {
	typ     *schema.Type
	fields  []*field
	special [isDeleted + 1]*field
	empty   *schema.Resource

	slots []*slot
	opens []*openField
	rest  *restField

	refuse   bool // refuse what has no field
	onCreate []func(row) error
	roles    func(row, []string) error
	password func(row, schema.Secret) error

	bound map[*schema.Attr]*slot
	all   *schema.Projection
	attrs [isDeleted + 1]*schema.Attr // of special

	// unversioned says that nothing in a row tells that a group's members have
	// changed.
	unversioned bool
}

// Users makes the table of a type of users: of the attributes of [schema.User] and
// [schema.EnterpriseUser], those that have a binding. The errors of all bindings
// are joined; each names its path, and the field of a struct that a tag is at.
func Users[T any](bindings ...Binding[T]) (*Table[T], error) {
	return build(kind{edges: "groups", config: schema.TypeConfig{
		Name:        "User",
		Description: "User accounts.",
		Schema:      schema.User(),
		Extensions:  []schema.Extension{{Schema: schema.EnterpriseUser()}},
	}}, bindings)
}

// Groups makes the table of a type of groups: of the attributes of [schema.Group],
// those that have a binding, and members, which come from the [GroupRepository].
// Errors are those of [Users].
//
// A change of members shows in the version or the time of the last change. A group
// that has neither Version nor Modified has no version at all: one that follows from
// its attributes would not move when members do.
func Groups[T any](bindings ...Binding[T]) (*Table[T], error) {
	t, err := build(kind{edges: "members", config: schema.TypeConfig{
		Name:        "Group",
		Description: "Groups of users.",
		Schema:      schema.Group(),
	}}, bindings)
	if err != nil {
		return nil, err
	}
	t.of.unversioned = t.of.special[isVersion] == nil && t.of.special[isModified] == nil
	return t, nil
}

// Resources makes the table of any other resource type: of the attributes of its
// schemas, those that have a binding. Errors are those of [Users].
func Resources[T any](c schema.TypeConfig, bindings ...Binding[T]) (*Table[T], error) {
	return build(kind{config: c}, bindings)
}

// Must returns the table and panics if there is an error: for tables in package
// variables.
func Must[T any](t *Table[T], err error) *Table[T] {
	if err != nil {
		panic(err)
	}
	return t
}

// SCIMType returns the resource type with the attributes that have a field, as
// /Schemas shows it. See [scim.Typer].
func (t *Table[T]) SCIMType() *schema.Type { return t.of.typ }

var _ scim.Typer = (*Table[struct{}])(nil)

// index prepares what reading and writing look up.
func (t *table) index() {
	t.bound = map[*schema.Attr]*slot{}
	for _, s := range t.slots {
		t.bound[s.attr] = s
	}
	// A builder without changes can't fail.
	t.empty, _ = schema.New(t.typ).Build()
	var names []string
	for _, a := range t.typ.Attrs() {
		names = append(names, a.Path())
	}
	for _, e := range t.typ.Config().Extensions {
		names = append(names, e.Schema.ID)
	}
	t.all = t.typ.Project(names, nil)
	for role, path := range roleAttrs {
		t.attrs[role], _ = t.typ.Attr(path)
	}
	for _, o := range t.opens {
		for _, a := range t.typ.Attrs() {
			o.declared[a] = strings.EqualFold(a.URN(), o.urn)
		}
	}
}

// openOf returns the binding of the open extension that a is a key of, nil if it is
// none.
func (t *table) openOf(a *schema.Attr) *openField {
	for _, o := range t.opens {
		if strings.EqualFold(o.urn, a.URN()) && !o.declared[a] {
			return o
		}
	}
	return nil
}
