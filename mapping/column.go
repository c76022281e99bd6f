package mapping

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// Column is a column of the application's SQL table.
type Column struct {
	// Name is what [F.Column] says.
	Name string

	// Path is the path of the binding in canonical spelling, as "userName" or
	// emails[type eq "work"].value; "id", "meta.version", "meta.created" and
	// "meta.lastModified" for these; empty for [DeletedAt] and [Rest]. For [Open] it
	// is the extension's URI.
	Path string

	// Attr is the attribute or sub-attribute whose values the column holds; nil if
	// Path is empty or a URI.
	Attr *schema.Attr

	// Where are the conditions of a value path: the column holds the value of the
	// one element that has these.
	Where []filter.Assertion

	// List says that the column holds all values of a list.
	List bool

	// Transformed says that the column does not hold the attribute's values as they
	// are: [F.Not], [F.Enum], [F.Split], [F.Join] and [Func]. Arg tells what stands
	// for one of them.
	Transformed bool

	Unique, Required, ReadOnly bool

	// Deleted and Rest say what a column without a Path is for.
	Deleted, Rest bool

	// Go is the type of the field.
	Go reflect.Type

	arg func(v schema.Value) (any, error)
}

// Arg returns the value as the column holds it, to be an argument of a statement;
// what an attribute without a value is stored as, for the zero Value. The error says
// that the column can't hold it, so no row does.
func (c Column) Arg(v schema.Value) (any, error) {
	if c.arg == nil {
		return nil, fmt.Errorf("mapping: column %s holds no single value", c.Name)
	}
	return c.arg(v)
}

// Columns returns the columns of all bindings that have one, in the order of
// [Table.Scan].
func (t *Table[T]) Columns() []Column { return t.of.columns() }

// ColumnOf returns the column that holds attribute a of every resource; ok is false if
// there is none, or if it holds that of some elements of a list only.
func (t *Table[T]) ColumnOf(a *schema.Attr) (c Column, ok bool) { return t.of.columnOf(a) }

// Scan returns the names of all columns, and a function that returns for a row what
// each is scanned into. The same are the arguments that store the row; pointers, that
// is, so they are read when the statement is run. Lists, structs and maps are in
// columns of JSON, unless their type says otherwise ([sql.Scanner]).
func (t *Table[T]) Scan() (columns []string, fields func(v *T) []any) {
	columns, of := t.of.scan()
	return columns, func(v *T) []any { return of(v) }
}

// Assigned reports for each column of [Table.Scan] whether the row has a value there,
// rather than what stands for none, such as "" and the zero time.
func (t *Table[T]) Assigned(v *T) []bool { return t.of.assigned(v) }

// Holds returns the path of what a column holds, see [Column.Path]; "" if the column
// is unknown or has none.
func (t *Table[T]) Holds(column string) string { return t.of.holds(column) }

// Plain returns the column that holds the values of the attribute with that path as
// text and as they are.
func (t *Table[T]) Plain(path string) (column string, ok bool) { return t.of.plain(path) }

// SetKey gives v the identifier that the repository knows as key, see [Table.Key].
func (t *Table[T]) SetKey(v *T, key string) error { return t.of.setKey(v, key) }

func (t *table) columns() []Column {
	var all []Column
	for _, f := range t.special {
		if f != nil && f.column != "" {
			all = append(all, f.columnOf())
		}
	}
	for _, f := range t.fields {
		if f.column != "" {
			all = append(all, f.columnOf())
		}
	}
	for _, o := range t.opens {
		if o.column != "" {
			all = append(all, Column{Name: o.column, Path: o.urn, Transformed: true, Go: reflect.TypeFor[map[string]string]()})
		}
	}
	if t.rest != nil && t.rest.column != "" {
		all = append(all, Column{Name: t.rest.column, Rest: true, Transformed: true, Go: bytesType})
	}
	return all
}

func (t *table) columnOf(a *schema.Attr) (c Column, ok bool) {
	for _, c := range t.columns() {
		if c.Attr == a && len(c.Where) == 0 && !c.Deleted {
			return c, true
		}
	}
	return Column{}, false
}

func (t *table) scan() (columns []string, fields func(v row) []any) {
	for _, c := range t.columns() {
		columns = append(columns, c.Name)
	}
	var get []func(v row) any
	for _, f := range t.special {
		if f != nil && f.column != "" {
			get = append(get, f.place)
		}
	}
	for _, f := range t.fields {
		if f.column != "" {
			get = append(get, f.place)
		}
	}
	for _, o := range t.opens {
		if o.column != "" {
			get = append(get, o.at)
		}
	}
	if t.rest != nil && t.rest.column != "" {
		get = append(get, t.rest.at)
	}
	return columns, func(v row) []any {
		all := make([]any, len(get))
		for i, g := range get {
			all[i] = g(v)
		}
		return all
	}
}

func (t *table) assigned(v row) []bool {
	var all []bool
	each := func(f *field) {
		if f == nil || f.column == "" {
			return
		}
		read, err := f.read(v)
		all = append(all, err != nil || read != nil)
	}
	for _, f := range t.special {
		each(f)
	}
	for _, f := range t.fields {
		each(f)
	}
	for _, o := range t.opens {
		if o.column != "" {
			all = append(all, len(o.load(v)) > 0)
		}
	}
	if t.rest != nil && t.rest.column != "" {
		all = append(all, len(t.rest.load(v)) > 0)
	}
	return all
}

func (t *table) holds(column string) string {
	for _, c := range t.columns() {
		if c.Name == column {
			return c.Path
		}
	}
	return ""
}

func (t *table) plain(path string) (column string, ok bool) {
	for _, c := range t.columns() {
		if c.Path != path || c.Transformed || c.List {
			continue
		}
		base, _ := plainType(c.Go)
		return c.Name, base.Kind() == reflect.String && !base.Implements(valuerType)
	}
	return "", false
}

func (t *table) setKey(v row, key string) error { return t.setID(v, t.special[isID].prefix+key) }

// place returns what the column of the field is scanned into.
func (f *field) place(v row) any {
	p := f.pointer(v)
	if f.asJSON() {
		return jsonColumn{p}
	}
	return p
}

// asJSON reports whether the database has no type for the field.
func (f *field) asJSON() bool {
	t := f.typ
	if t.ConvertibleTo(bytesType) && t.Kind() == reflect.Slice {
		return false
	}
	isList := t.Kind() == reflect.Slice || t.Kind() == reflect.Struct && f.target.attr().Type == schema.Complex
	return isList && !reflect.PointerTo(t).Implements(reflect.TypeFor[sql.Scanner]())
}

func (f *field) columnOf() Column {
	c := Column{
		Name: f.column, Attr: f.target.attr(), Where: f.target.where, Go: f.typ,
		Path: f.path, Unique: f.unique || f.role == isID, Required: f.required || f.role == isID, ReadOnly: f.readOnly,
		Transformed: f.negate || f.split != "" || f.join != "" || f.prefix != "" || f.enumerated || f.computed,
		Deleted:     f.role == isDeleted,
	}
	if f.role == isDeleted {
		c.Path, c.Attr = "", nil
	}
	c.List = f.role == isAttribute && f.isList()
	if !c.List && f.target.attr().Type != schema.Complex {
		c.arg = f.arg
	}
	return c
}

// arg converts a value into one of the field's type.
func (f *field) arg(v schema.Value) (any, error) {
	if len(f.texts) > 0 && !v.IsZero() {
		if err := f.verifyText(v); err != nil {
			return nil, err
		}
	}
	p := reflect.New(f.typ)
	if err := f.codec.set(p.UnsafePointer(), v); err != nil {
		return nil, err
	}
	return p.Elem().Interface(), nil
}

// funcColumn is a column whose value a pair of functions reads and writes.
type funcColumn[T, V any] struct {
	row *T
	get func(*T) V
	set func(*T, V) error
}

// Scan gives the row a value of the database.
func (c funcColumn[T, V]) Scan(src any) error {
	var v sql.Null[V]
	if err := v.Scan(src); err != nil || c.set == nil {
		return err
	}
	return c.set(c.row, v.V)
}

// Value returns what the database gets.
func (c funcColumn[T, V]) Value() (driver.Value, error) {
	return driver.DefaultParameterConverter.ConvertValue(c.get(c.row))
}

// jsonColumn is a column that holds what p points to as JSON.
type jsonColumn struct{ p any }

// Scan reads JSON; NULL and nothing leave nothing.
func (c jsonColumn) Scan(src any) error {
	reflect.ValueOf(c.p).Elem().SetZero()
	var text []byte
	switch src := src.(type) {
	case nil:
		return nil
	case []byte:
		text = src
	case string:
		text = []byte(src)
	default:
		return fmt.Errorf("mapping: a column of JSON holds a Go %T", src)
	}
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, c.p)
}

// Value writes JSON.
func (c jsonColumn) Value() (driver.Value, error) {
	text, err := json.Marshal(reflect.ValueOf(c.p).Elem().Interface())
	return string(text), err
}
