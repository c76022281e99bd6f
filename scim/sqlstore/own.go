package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Mapper says how rows of an application's own table and resources stand for each
// other: a Table of package mapping does, whose methods these are.
type Mapper[T any] interface {
	scim.Typer

	// Scan returns the names of the columns, and a function that returns for a row
	// what each is scanned into and stored from; Assigned tells which of them have a
	// value rather than what stands for none.
	Scan() (columns []string, fields func(*T) []any)
	Assigned(*T) []bool

	// Holds returns the path of what a column holds: "id", "meta.version",
	// "userName"; "" for what is no attribute.
	Holds(column string) string

	// Plain returns the column that holds the values of an attribute as they are.
	Plain(path string) (column string, ok bool)

	// SQL tells filters where the attributes are. Hidden reports whether a row is out of
	// sight, and HiddenSQL are the conditions for it.
	SQL(d filter.SQLDialect, name func(column string) (expression, kind string)) (c filter.Columns, doubt func() string)
	Hidden(*T) bool
	HiddenSQL(d filter.SQLDialect, name func(column string) (expression, kind string)) (visible, hidden string)

	// Read returns the resource that a row stands for. Key is what identifies the row
	// in the table, of the id that clients see.
	Read(*T) (*schema.Resource, error)
	ID(*T) string
	Key(id string) (key string, ok bool)
	SetKey(v *T, key string) error
}

// Table is a table of the application. All names are quoted, so they are spelled as the
// database has them.
type Table struct {
	// Schema is the schema of PostgreSQL that the table is in; if empty it is found by
	// the search_path.
	Schema string
	Name   string

	// Tenant is the column with the tenant of a row. Without one all rows are those of
	// the tenant Only, which may be "", and other tenants have none.
	Tenant string
	Only   scim.Tenant

	// Where is a condition in SQL that rows must meet to be seen, as "kind = 'staff'".
	// What is created must meet it by the defaults of its columns.
	Where string

	// Folded names, for the paths of attributes of text, an expression that gives the
	// values in the form of [schema.Attr.Key], so that an index of it serves: "email" if
	// addresses are stored in lower case, lower(email) if they are ASCII. Without it
	// each look-up reads all rows of the tenant, since it must find those that the
	// database can't fold, see "Tables of the application".
	Folded map[string]string

	// NewKey makes the key of a new row. If nil the database does, or OnCreate of the
	// mapping.
	NewKey func() string

	// Roles says where the roles of users are that provisioning gives.
	Roles Roles
}

// own is a table of the application with what is known of it.
type own[T any] struct {
	d          *database
	m          Mapper[T]
	table      Table
	name       string // quoted
	columns    []column
	fields     func(*T) []any
	id         int // of columns
	tenantCast string
	version    int // -1 if there is none
	list       string

	visible, hidden string // conditions on t
	unique          []*schema.Attr
	lowered         map[string]string // by path of what is unique, see loweredOf

	// then, if not nil, is done with each row that has been stored.
	then func(ctx context.Context, t scim.Tenant, v *T) error
}

// alias names the application's table in statements.
const alias = "t"

// openOwn looks at the table, and reports all that does not fit.
func openOwn[T any](ctx context.Context, db *sql.DB, m Mapper[T], t Table, o Options) (*own[T], error) {
	o, err := o.complete(ctx, db)
	if err != nil {
		return nil, err
	}
	x := &own[T]{d: newDatabase(db, o), m: m, table: t, name: qualified(t.Schema, t.Name), version: -1}
	var names []string
	names, x.fields = m.Scan()
	found, err := x.d.describe(ctx, x.name, t.Schema, t.Name)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: table %s: %w", x.name, err)
	}
	if err := x.match(names, found); err != nil {
		return nil, err
	}
	x.visible, x.hidden = m.HiddenSQL(x.d.dialect, x.column)
	x.unique = uniqueOf(m.SCIMType())
	x.lowered = x.loweredOf()
	return x, x.checkUnique()
}

// checkUnique refuses what nothing would keep unique although the schema promises it.
func (x *own[T]) checkUnique() error {
	var errs []error
	columns, _ := x.filterColumns()
	for _, a := range x.unique {
		if _, ok := columns.Column(a, filter.EQ); !ok {
			errs = append(errs, fmt.Errorf("sqlstore: table %s: %s must be unique, so that it needs a column, with a unique index", x.name, a.Path()))
		}
	}
	return errors.Join(errs...)
}

// match finds the columns of the mapping in the table.
func (x *own[T]) match(names []string, found []column) error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("sqlstore: table %s: "+format, append([]any{x.name}, args...)...))
	}
	used := []string{x.table.Tenant}
	x.id = -1
	for i, name := range names {
		k := slices.IndexFunc(found, func(c column) bool { return c.name == name })
		if k < 0 {
			fail("it has no column %q, which the mapping has for %s", name, cmpOr(x.m.Holds(name), "a field"))
			continue
		}
		c := found[k]
		c.path = x.m.Holds(name)
		x.columns = append(x.columns, c)
		used = append(used, name)
		switch c.path {
		case "id":
			x.id = i
		case "meta.version":
			x.version = i
		}
	}
	if x.id < 0 {
		fail("no column holds the id: name it by Column")
	}
	if t := x.table.Tenant; t != "" {
		k := slices.IndexFunc(found, func(c column) bool { return c.name == t })
		if k < 0 {
			fail("it has no column %q for the tenant", t)
		} else {
			x.tenantCast = found[k].cast
		}
	}
	for _, c := range found {
		if !c.nullable && !c.hasDefault && !slices.Contains(used, c.name) && c.name != x.table.Roles.Column {
			fail("column %q may not be NULL and has no default: new rows need a value, from a default or from the mapping", c.name)
		}
	}
	var quoted []string
	for _, c := range x.columns {
		quoted = append(quoted, quote(c.name))
	}
	x.list = strings.Join(quoted, ", ")
	return errors.Join(errs...)
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// column is what a Mapper asks for a column.
func (x *own[T]) column(name string) (expression, kind string) {
	for _, c := range x.columns {
		if c.name == name {
			return alias + "." + quote(name), c.kind
		}
	}
	return "", ""
}

// idColumn is the column that rows are found by.
func (x *own[T]) idColumn() string { return alias + "." + quote(x.columns[x.id].name) }

// quote makes an identifier of a name, whatever is in it.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func qualified(schema, name string) string {
	if schema == "" {
		return quote(name)
	}
	return quote(schema) + "." + quote(name)
}

// uniqueOf lists the attributes of text that two rows must not share and that have one
// value.
func uniqueOf(t *schema.Type) (all []*schema.Attr) {
	for _, top := range t.Attrs() {
		if slices.Contains([]string{"id", "meta", "schemas"}, top.Path()) || top.MultiValued {
			continue
		}
		for _, a := range append([]*schema.Attr{top}, top.Subs()...) {
			if a.Type == schema.String && !a.MultiValued && a.Uniqueness != schema.NotUnique {
				all = append(all, a)
			}
		}
	}
	return all
}

// args are the arguments of a statement that is being written.
type args struct {
	d   *database
	all []any
}

// bind adds an argument and returns its placeholder.
func (a *args) bind(v any) string {
	a.all = append(a.all, v)
	return a.d.placeholder(len(a.all))
}

// base is the condition that a row is one of the tenant's; ok is false if the tenant
// has none.
func (x *own[T]) base(t scim.Tenant, a *args) (where string, ok bool) {
	where = "TRUE"
	switch {
	case x.table.Tenant != "":
		where = alias + "." + quote(x.table.Tenant) + " = " + a.bind(string(t))
	case t != x.table.Only:
		return "", false
	}
	if x.table.Where != "" {
		where += " AND (" + x.table.Where + ")"
	}
	return where, !strings.Contains(string(t), "\x00")
}

// seen adds the condition that rows are in sight, or that they are not.
func (x *own[T]) seen(where string, hidden bool) string {
	switch {
	case hidden && x.hidden == "":
		return "FALSE"
	case hidden:
		return where + " AND " + x.hidden
	case x.visible != "":
		return where + " AND " + x.visible
	}
	return where
}
