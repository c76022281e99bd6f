package mapping

import (
	"database/sql/driver"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// plainType returns the type that a pointer or an sql.Null is of.
func plainType(t reflect.Type) (base reflect.Type, nullable bool) {
	if t.Kind() == reflect.Pointer {
		return t.Elem(), true
	}
	if value, _, ok := nullFields(t); ok {
		return value.Type, true
	}
	return t, false
}

var valuerType = reflect.TypeFor[driver.Valuer]()

// isWhole reports whether the database has values of t as whole numbers of at most 64
// bits with a sign.
func isWhole(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return !t.Implements(valuerType)
	}
	return false
}

// scalar returns the column of a field as an expression of the values of a; ok is
// false if the column does not tell them.
func (c *sqlColumns) scalar(f *field, a *schema.Attr, op filter.CompareOperator) (s filter.Scalar, ok bool) {
	if f == nil || f.column == "" || f.computed || f.split != "" || f.join != "" {
		return s, false
	}
	e, kind := c.name(f.column)
	if e == "" {
		return s, false
	}
	base, nullable := plainType(f.typ)
	switch {
	case f.enumerated:
		return c.enum(f, a, e)
	case base.ConvertibleTo(timeType) && a.Type == schema.DateTime:
		return c.time(e, kind)
	case isText(base):
		return c.marshaled(f, e, kind, nullable)
	case base.Implements(valuerType):
		return s, false
	}
	switch a.Type {
	case schema.String, schema.Reference:
		return c.text(f, a, op, base, nullable)
	case schema.Boolean:
		return c.boolean(e, kind, f.negate, nullable)
	case schema.Integer, schema.Decimal:
		return c.number(a, e, base, nullable)
	case schema.Binary:
		return filter.Scalar{SQL: "CASE WHEN length(" + e + ") > 0 THEN " + e + " END"}, base.Kind() == reflect.Slice && op != filter.GT
	}
	return s, false
}

// text is for strings, of which "" is unassigned, and for keys that are numbers, of
// which 0 is.
func (c *sqlColumns) text(f *field, a *schema.Attr, op filter.CompareOperator, base reflect.Type, nullable bool) (filter.Scalar, bool) {
	e, kind := c.name(f.column)
	switch {
	case base.Kind() == reflect.String && f.prefix != "":
		return filter.Scalar{SQL: prefixedSQL(f.prefix, "NULLIF("+c.asText(e, kind)+", '')")}, true
	case base.Kind() == reflect.String:
		return c.plain(c.asText(e, kind), a, op), true
	case !isWhole(base):
		return filter.Scalar{}, false
	}
	e = "CAST(" + e + " AS text)"
	if !nullable {
		e = "NULLIF(" + e + ", '0')"
	}
	return filter.Scalar{SQL: prefixedSQL(f.prefix, e)}, true
}

func prefixedSQL(prefix, e string) string {
	if prefix == "" {
		return e
	}
	return "(" + quoteText(prefix) + " || " + e + ")"
}

// asText gives an expression the type text, and its bytes for comparing.
func (c *sqlColumns) asText(e, kind string) string {
	switch {
	case c.dialect == filter.SQLite:
		return "(" + e + " COLLATE BINARY)"
	case kind == "TEXT", kind == "VARCHAR":
		return e
	}
	return "CAST(" + e + " AS text)"
}

// plain is for text as it is stored. Equality can be looked up in an index of the
// column, if case counts.
func (c *sqlColumns) plain(e string, a *schema.Attr, op filter.CompareOperator) filter.Scalar {
	if a.Folds() {
		if op != filter.PR {
			c.doubtOf(c.notASCII(e))
		}
		e = c.lower(e)
	}
	if op == filter.EQ {
		return filter.Scalar{SQL: e, Encode: func(v any) any {
			if v == "" {
				return nil // equals nothing
			}
			return v
		}}
	}
	return filter.Scalar{SQL: "NULLIF(" + e + ", '')"}
}

// lower folds ASCII, whatever the database's language is.
func (c *sqlColumns) lower(e string) string {
	if c.dialect == filter.PostgreSQL {
		e += ` COLLATE "C"`
	}
	return "lower(" + e + ")"
}

// notASCII compares the number of bytes with that of characters. SQLite counts these
// up to the first U+0000 only.
func (c *sqlColumns) notASCII(e string) string {
	if c.dialect == filter.PostgreSQL {
		return "octet_length(" + e + ") <> char_length(" + e + ")"
	}
	return "length(CAST(" + e + " AS BLOB)) <> length(" + e + ")"
}

// marshaled is for types that turn themselves into text. The database is known to
// have the same text of a UUID, and of keys.
func (c *sqlColumns) marshaled(f *field, e, kind string, nullable bool) (filter.Scalar, bool) {
	uuid := c.dialect == filter.PostgreSQL && kind == "UUID"
	if !uuid && f.role != isID {
		return filter.Scalar{}, false
	}
	e = c.asText(e, kind)
	if !nullable {
		var zero any
		if text, ok := reflect.New(f.typ).Interface().(interface{ MarshalText() ([]byte, error) }); ok {
			if b, err := text.MarshalText(); err == nil {
				zero = string(b)
			}
		}
		if text, ok := zero.(string); ok {
			e = "NULLIF(" + e + ", " + quoteText(text) + ")"
		}
	}
	return filter.Scalar{SQL: prefixedSQL(f.prefix, e)}, !f.target.attr().Folds() || uuid
}

func (c *sqlColumns) boolean(e, kind string, negate, nullable bool) (filter.Scalar, bool) {
	if c.dialect == filter.PostgreSQL && kind != "BOOL" && kind != "" {
		return filter.Scalar{}, false
	}
	if !nullable {
		e = "coalesce(" + e + ", FALSE)"
	}
	if negate {
		e = "(NOT " + e + ")"
	}
	return filter.Scalar{SQL: e}, true
}

// number leaves out float32, which is not the decimal that it is shown as.
func (c *sqlColumns) number(a *schema.Attr, e string, base reflect.Type, nullable bool) (filter.Scalar, bool) {
	if !isWhole(base) && base.Kind() != reflect.Float64 {
		return filter.Scalar{}, false
	}
	typ := "bigint"
	if a.Type == schema.Decimal {
		typ = "double precision"
	}
	e = "CAST(" + e + " AS " + typ + ")"
	if !nullable {
		e = "coalesce(" + e + ", 0)"
	}
	return filter.Scalar{SQL: e}, true
}

// time takes the zero time as unassigned, as it is read.
func (c *sqlColumns) time(e, kind string) (filter.Scalar, bool) {
	if c.dialect == filter.SQLite {
		return c.sqliteTime(e), true
	}
	switch kind {
	case "DATE":
		e = "CAST(" + e + " AS timestamp)"
	case "TIMESTAMP", "TIMESTAMPTZ":
	default:
		return filter.Scalar{}, false
	}
	return filter.Scalar{SQL: "NULLIF(" + e + ", '0001-01-01 00:00:00+00')", Precision: time.Microsecond}, true
}

// sqliteTime brings times that are text and end as UTC does into one spelling, which
// sorts as they do. Others are in doubt.
func (c *sqlColumns) sqliteTime(e string) filter.Scalar {
	digits := strings.NewReplacer("d", "[0-9]").Replace("dddd-dd-dd?dd:dd:dd*")
	fraction := "substr(" + e + ", 20)"
	utc := "CASE WHEN " + fraction + " LIKE '%Z' THEN substr(" + fraction + ", 1, length(" + fraction + ") - 1)" +
		" WHEN " + fraction + " LIKE '% +0000 UTC' THEN substr(" + fraction + ", 1, length(" + fraction + ") - 10)" +
		" WHEN " + fraction + " LIKE '%+00:00' THEN substr(" + fraction + ", 1, length(" + fraction + ") - 6) END"
	known := "(typeof(" + e + ") = 'text' AND " + e + " GLOB '" + digits + "' AND (" + utc + " = '' OR " + utc + " GLOB '.[0-9]*'))"
	c.doubtOf(e + " IS NOT NULL AND " + known + " IS NOT TRUE")
	plain := "replace(substr(" + e + ", 1, 19), 'T', ' ') || CASE WHEN " + utc + " = '' THEN '' ELSE rtrim(rtrim(" + utc + ", '0'), '.') END"
	return filter.Scalar{
		SQL:    "CASE WHEN " + known + " THEN NULLIF(" + plain + ", '0001-01-01 00:00:00') END",
		Encode: func(v any) any { return v.(time.Time).UTC().Format("2006-01-02 15:04:05.999999999") },
	}
}

// enum spells out which value of the column stands for what.
func (c *sqlColumns) enum(f *field, a *schema.Attr, e string) (filter.Scalar, bool) {
	var cases strings.Builder
	for _, text := range f.texts {
		made, err := enumText(a, text)
		if err != nil {
			return filter.Scalar{}, false
		}
		v, err := a.Make(made)
		if err != nil {
			return filter.Scalar{}, false
		}
		held, err := f.arg(v)
		if err != nil {
			return filter.Scalar{}, false
		}
		literal, isString, ok := literalOf(held)
		if !ok {
			return filter.Scalar{}, false
		}
		column := e
		if isString {
			column = c.asText(e, "")
		}
		condition := column + " = " + literal
		if reflect.ValueOf(held).IsZero() {
			condition += " OR " + column + " IS NULL"
		}
		then := quoteText(a.Key(text))
		if a.Type == schema.Boolean {
			then = strings.ToUpper(text)
		}
		cases.WriteString(" WHEN " + condition + " THEN " + then)
	}
	return filter.Scalar{SQL: "CASE" + cases.String() + " END"}, cases.Len() > 0
}

// literalOf writes a value of the application's code as SQL.
func literalOf(v any) (text string, isString, ok bool) {
	held, err := driver.DefaultParameterConverter.ConvertValue(v)
	if err != nil {
		return "", false, false
	}
	switch held := held.(type) {
	case int64:
		return strconv.FormatInt(held, 10), false, true
	case bool:
		return strings.ToUpper(strconv.FormatBool(held)), false, true
	case string:
		return quoteText(held), true, !strings.Contains(held, "\x00")
	}
	return "", false, false
}

// quoteText writes text of the application's code as SQL.
func quoteText(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
