package filter

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// SortSQL returns an expression for the value by which resources are ordered, see
// [schema.Resource.SortValue]: NULL if there is none. Its order is that of
// [schema.Compare]. It is empty if all resources have the same value. It has no
// arguments: by a key of an open extension, which a client may have made up, nothing
// is ordered.
//
// The only error is one that wraps [ErrNoColumn].
func SortSQL(d SQLDialect, c Columns, by *schema.Attr) (string, error) {
	switch sourceOf(by) {
	case atSchemas, atResourceType, atLocation:
		return "", nil
	}
	w := &sqlWriter{dialect: d, t: by.Of(), top: c}
	if isOpenKey(by) || by.Type == schema.Complex {
		return "", fmt.Errorf("%w for an order by %s", ErrNoColumn, by.Path())
	}
	s := w.sortValue(by)
	if w.err != nil {
		return "", w.err
	}
	if by.Type == schema.String || by.Type == schema.Reference || by.Type == schema.Binary {
		s = w.ordered(s, GT)
	}
	return s.SQL, nil
}

// OrderSQL returns what stands after ORDER BY: resources without a value come last,
// or first if descending, and ties are in the order of ids.
//
// The only error is one that wraps [ErrNoColumn].
func OrderSQL(d SQLDialect, c Columns, by *schema.Attr, descending bool) (string, error) {
	value, err := SortSQL(d, c, by)
	if err != nil {
		return "", err
	}
	id, ok := by.Of().Attr("id")
	if !ok {
		return "", fmt.Errorf("%w for an order by id", ErrNoColumn)
	}
	ids, err := SortSQL(d, c, id)
	switch {
	case err != nil || value == "":
		return ids, err
	case descending:
		return value + " DESC NULLS FIRST, " + ids, nil
	}
	return value + " ASC NULLS LAST, " + ids, nil
}

// BehindSQL returns the condition that a row comes behind a place in the order that
// [OrderSQL] makes: that of a resource with this sort value, which is the zero Value
// if it has none, and this id. The arguments are numbered as those of [Filter.SQL].
//
// The only error is one that wraps [ErrNoColumn].
func BehindSQL(d SQLDialect, c Columns, by *schema.Attr, descending bool, at schema.Value, id string, argOffset int) (where string, args []any, err error) {
	expression, err := SortSQL(d, c, by)
	if err != nil {
		return "", nil, err
	}
	w := &sqlWriter{dialect: d, t: by.Of(), top: c}
	ids, err := w.idAfter(id)
	if err != nil {
		return "", nil, err
	}
	where = ids
	switch {
	case expression == "":
	case at.IsZero() && descending:
		where = either(expression+" IS NOT NULL", conjoined(expression+" IS NULL", ids))
	case at.IsZero():
		where = conjoined(expression+" IS NULL", ids)
	default:
		where = w.behind(expression, w.bind(w.sortValue(by).encoded(literalOf(by, at))), ids, descending)
	}
	where, args = w.number("("+where+")", argOffset)
	return where, args, nil
}

// behind writes what comes behind a value: a greater one, the same with a greater
// id, or none; a smaller one if descending.
func (w *sqlWriter) behind(expression, value, ids string, descending bool) string {
	same := conjoined(expression+" = "+value, ids)
	if descending {
		return either(expression+" < "+value, same)
	}
	return either(expression+" > "+value, same, expression+" IS NULL")
}

func (w *sqlWriter) idAfter(id string) (string, error) {
	a, _ := w.t.Attr("id")
	expression, err := SortSQL(w.dialect, w.top, a)
	return expression + " > " + w.bind(id), err
}

// literalOf returns a value as Columns take it.
func literalOf(a *schema.Attr, v schema.Value) any {
	switch a.Type {
	case schema.Boolean:
		b, _ := v.Bool()
		return b
	case schema.Integer:
		n, _ := v.Int()
		return n
	case schema.Decimal:
		f, _ := v.Float()
		return f
	case schema.DateTime:
		t, _ := v.Time()
		return t.UTC()
	}
	return v.Key()
}

// sortValue finds the value that counts.
func (w *sqlWriter) sortValue(by *schema.Attr) Scalar {
	parent := by.Parent()
	if parent == nil || !parent.MultiValued {
		return w.first(w.top, by)
	}
	r, ok := w.rows(w.top, parent, GT)
	if !ok {
		return Scalar{}
	}
	return w.pick(r, w.first(r.Of, by), w.primaryFirst(r, parent))
}

// first returns the one value of an attribute, or the first of several.
func (w *sqlWriter) first(c Columns, a *schema.Attr) Scalar {
	switch found := w.column(c, a, GT).(type) {
	case Scalar:
		return found
	case Rows:
		one, _ := w.column(found.Of, a, GT).(Scalar)
		return w.pick(found, one, "")
	}
	w.fail(a)
	return Scalar{}
}

func (w *sqlWriter) fail(a *schema.Attr) {
	if w.err == nil {
		w.err = fmt.Errorf("%w for an order by %s", ErrNoColumn, a.Path())
	}
}

// primaryFirst orders the primary element before the others.
func (w *sqlWriter) primaryFirst(r Rows, parent *schema.Attr) string {
	primary := parent.SubAttr("primary")
	if primary == nil {
		return ""
	}
	s, ok := w.column(r.Of, primary, EQ).(Scalar)
	if !ok {
		w.fail(primary)
		return ""
	}
	return "CASE WHEN " + s.SQL + " = " + literal(s.encoded(true)) + " THEN 0 ELSE 1 END, "
}

// literal writes what a column has for true. It comes from Columns, as all SQL
// does.
func literal(v any) string {
	switch v := v.(type) {
	case bool:
		return constant(v)
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case int:
		return strconv.Itoa(v)
	}
	return fmt.Sprint(v)
}

// pick returns the value of the first row.
func (w *sqlWriter) pick(r Rows, s Scalar, before string) Scalar {
	if r.Order == "" && w.err == nil {
		w.err = fmt.Errorf("%w for the order of values in %s", ErrNoColumn, r.From)
	}
	where := ""
	if r.Where != "" {
		where = " WHERE " + r.Where
	}
	s.SQL = "(SELECT " + s.SQL + " FROM " + r.From + where + " ORDER BY " + before + r.Order + " LIMIT 1)"
	return s
}
