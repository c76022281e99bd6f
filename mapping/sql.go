package mapping

import (
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// SQL tells filters in which columns of the application's table the attributes are,
// for [filter.Filter.SQL] and [filter.OrderSQL]. name returns a column as the
// statement writes it, as u."email", and its type as
// [sql.ColumnType.DatabaseTypeName] says it; an empty expression means that the table
// has no such column.
//
// SQL folds ASCII alone, and reads only some spellings of a time, so there are rows
// about which a condition that was made with c says nothing: those for which doubt
// holds, which must be compared in Go ([Table.Read], [filter.Filter.Match]). Ask doubt
// when the statement has been written; it is empty if there are none.
//
// Attributes of which the table's columns do not tell the value are not in c: lists
// in one column, [Rest], [Open], and what [Func] computes. c is for one statement.
func (t *Table[T]) SQL(d filter.SQLDialect, name func(column string) (expression, kind string)) (c filter.Columns, doubt func() string) {
	return t.of.sql(d, name)
}

// HiddenSQL returns the conditions that a row is in sight and that it is not, see
// [DeletedAt]; both are empty if the table has no column that says so.
func (t *Table[T]) HiddenSQL(d filter.SQLDialect, name func(column string) (expression, kind string)) (visible, hidden string) {
	return t.of.hiddenSQL(name)
}

// Hidden reports whether a row is out of sight, see [DeletedAt].
func (t *Table[T]) Hidden(v *T) bool { return t.of.isHidden(v) }

func (t *table) sql(d filter.SQLDialect, name func(column string) (expression, kind string)) (c filter.Columns, doubt func() string) {
	w := &sqlColumns{table: t, dialect: d, name: name}
	return w, func() string { return strings.Join(w.doubts, " OR ") }
}

func (t *table) hiddenSQL(name func(column string) (expression, kind string)) (visible, hidden string) {
	f := t.special[isDeleted]
	if f == nil || f.column == "" {
		return "", ""
	}
	e, _ := name(f.column)
	base, nullable := plainType(f.typ)
	switch {
	case isFlag(base):
		return e + " IS NOT TRUE", e + " IS TRUE"
	case nullable:
		return e + " IS NULL", e + " IS NOT NULL"
	}
	// NULL is read as the zero time, and a time without a value may be stored as it.
	early := e + " < '0001-01-02'"
	return "(" + e + " IS NULL OR " + early + ")", "(" + e + " IS NOT NULL AND NOT " + early + ")"
}

// sqlColumns is what Table.SQL returns.
type sqlColumns struct {
	table   *table
	dialect filter.SQLDialect
	name    func(column string) (expression, kind string)
	doubts  []string
}

// Column is the method of [filter.Columns].
func (c *sqlColumns) Column(a *schema.Attr, op filter.CompareOperator) (filter.Column, bool) {
	t := c.table
	switch a.Path() {
	case "id", "meta.location":
		return found(c.scalar(t.special[isID], a, op))
	case "meta.created":
		return found(c.scalar(t.special[isCreated], a, op))
	case "meta.lastModified":
		return found(c.scalar(t.special[isModified], a, op))
	case "meta.version":
		return found(c.version(a))
	}
	s := t.bound[a.Top()]
	switch {
	case s == nil:
		return nil, false
	case a.Top().MultiValued:
		if a.Parent() == nil && s.whole == nil {
			return c.rows(s)
		}
		return nil, false
	case a.Parent() == nil:
		return found(c.scalar(s.whole, a, op))
	}
	return found(c.scalar(s.of(a), a, op))
}

func found(s filter.Scalar, ok bool) (filter.Column, bool) { return s, ok }

// of returns the field of a sub-attribute; nil if there is none.
func (s *slot) of(a *schema.Attr) *field {
	for _, f := range s.subs {
		if f.target.sub == a {
			return f
		}
	}
	return nil
}

// version is shown as an ETag. Only digits stay as they are in one.
func (c *sqlColumns) version(a *schema.Attr) (filter.Scalar, bool) {
	f := c.table.special[isVersion]
	if f == nil {
		return filter.Scalar{}, false
	}
	if base, nullable := plainType(f.typ); !isWhole(base) || nullable {
		return filter.Scalar{}, false
	}
	s, ok := c.scalar(f, a, filter.GT)
	s.SQL = `('W/"' || ` + s.SQL + ` || '"')`
	return s, ok
}

// doubtOf notes a condition under which SQL and Go may differ.
func (c *sqlColumns) doubtOf(condition string) {
	for _, d := range c.doubts {
		if d == condition {
			return
		}
	}
	c.doubts = append(c.doubts, condition)
}
