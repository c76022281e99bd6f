package filter

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
)

// SQLDialect is what a database understands.
type SQLDialect uint8

const (
	// SQLite is SQLite from version 3.39 on.
	SQLite SQLDialect = iota + 1

	// PostgreSQL is PostgreSQL from version 12 on, and what speaks its
	// language, such as CockroachDB and YugabyteDB.
	PostgreSQL
)

// ErrNoColumn says that a filter or an order needs an attribute, or an operator
// on it, for which [Columns] have nothing. Errors of [Filter.SQL], [SortSQL] and
// [OrderSQL] that wrap it name both.
var ErrNoColumn = errors.New("filter: no column")

// Columns tells where a table has the values of attributes. All SQL comes from
// here, and nothing of it may be taken from a client.
type Columns interface {
	// Column returns where the values of a are. ok is false if they are
	// nowhere. op is the operator that they will be used with, [PR] if it
	// matters only whether there is a value, [GT] for an order: there may be
	// different columns for different operators, or none.
	//
	// Asked for are simple attributes; complex ones that are multi-valued; and
	// other complex ones with PR, where [Filter.SQL] can do without an answer.
	Column(a *schema.Attr, op CompareOperator) (c Column, ok bool)
}

// Column says where the values of an attribute are: a [Scalar], a [Document],
// [Rows] or [Cases].
type Column interface{ isColumn() }

// Scalar is the one value of an attribute as an SQL expression: a column, or what
// is computed of columns. It is NULL where the attribute is unassigned.
//
// What is compared with it are arguments of these types: for text a string in
// the form of [schema.Attr.Key], which means that the expression must give that
// form too; a bool; an int64; a float64; a time.Time in UTC; for Binary the bytes.
// Text must be distinguished by its bytes, which a collation such as NOCASE does
// not; for an order COLLATE "C" is put behind it in PostgreSQL.
//
// Of a complex attribute the expression only tells whether it is NULL.
type Scalar struct {
	SQL string

	// Encode, if not nil, turns such an argument into what the expression gives.
	// It must keep the order of values.
	Encode func(literal any) any

	// Precision is to what a dateTime is rounded down before it is stored; zero
	// is nothing.
	Precision time.Duration
}

// Document is an expression of a JSON document that [AppendDocument] has made: type
// jsonb in PostgreSQL, text in SQLite. It has the values of all attributes but
// the common ones, externalId excepted.
type Document struct{ SQL string }

// Rows says that each value of a multi-valued attribute has a row.
type Rows struct {
	// From is what stands after FROM: a table with an alias. Where joins it with
	// the resource; it may be empty. Order is what puts the rows into the order
	// of the values; without it there is no order by the attribute.
	From, Where, Order string

	// Of tells where a row has the sub-attributes or, if the attribute is not
	// complex, the value itself: it is then asked for the multi-valued attribute.
	Of Columns
}

// Cases are the texts that an attribute may have, such as the schemas of a
// resource. Several may hold at once.
type Cases []Case

// Case is a text and the condition under which the attribute has it. An empty
// condition is always true.
type Case struct{ Text, When string }

func (Scalar) isColumn()   {}
func (Document) isColumn() {}
func (Rows) isColumn()     {}
func (Cases) isColumn()    {}

// SQL returns the filter as a condition, which can be used with AND and NOT
// without parentheses around it, and the arguments it needs. Placeholders are
// numbered from argOffset+1 on, as "$3" in PostgreSQL and "+?3" in SQLite, whose
// planner makes one plan for all values then, be the statement prepared. The
// condition of a nil Filter is TRUE.
//
// A row satisfies the condition if and only if [Filter.Match] holds for the
// resource, given that columns are right; NULL is no result. The attributes
// meta.resourceType, "schemas" of the base schema, and "id" as to whether there
// is one, need no column. The column of meta.location gives what follows the
// slash behind the endpoint.
//
// The only error is one that wraps [ErrNoColumn]. SQL may be called from many
// goroutines at once.
func (f *Filter) SQL(d SQLDialect, c Columns, argOffset int) (where string, args []any, err error) {
	if f == nil {
		return "TRUE", nil, nil
	}
	w := &sqlWriter{dialect: d, t: f.t, top: c}
	where = w.condition(f.root, sqlScope{columns: c})
	if w.err != nil {
		return "", nil, w.err
	}
	where, args = w.number("("+where+")", argOffset)
	return where, args, nil
}

// sqlWriter writes conditions. Its methods go on after an error, which is kept.
type sqlWriter struct {
	dialect SQLDialect
	t       *schema.Type
	top     Columns
	args    []any // see bind
	err     error
}

// sqlScope is what a condition is about: a row of the table, or within brackets
// one element.
type sqlScope struct {
	columns Columns
	inside  bool
}

// mark stands before and behind the number of an argument until all is written:
// databases refuse arguments that a statement does not use, and what uses one may
// turn out to be a constant.
const mark = "\x00"

// bind keeps an argument and returns what stands for it.
func (w *sqlWriter) bind(v any) string {
	w.args = append(w.args, v)
	return mark + strconv.Itoa(len(w.args)-1) + mark
}

// number puts placeholders in place of what bind has returned, numbered as they
// appear, and returns the arguments that are used.
func (w *sqlWriter) number(text string, offset int) (string, []any) {
	sign := "+?"
	if w.dialect == PostgreSQL {
		sign = "$"
	}
	var b strings.Builder
	var used []any
	numbers := map[string]string{}
	for i, part := range strings.Split(text, mark) {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		if numbers[part] == "" {
			arg, _ := strconv.Atoi(part)
			used = append(used, w.args[arg])
			numbers[part] = sign + strconv.Itoa(offset+len(used))
		}
		b.WriteString(numbers[part])
	}
	return b.String(), used
}

// column asks for a column, and opens documents.
func (w *sqlWriter) column(c Columns, a *schema.Attr, op CompareOperator) Column {
	found, ok := w.find(c, a, op)
	if !ok && w.err == nil {
		w.err = fmt.Errorf("%w for %s %s", ErrNoColumn, a.Path(), op)
	}
	return found
}

func (w *sqlWriter) find(c Columns, a *schema.Attr, op CompareOperator) (Column, bool) {
	found, ok := c.Column(a, op)
	if !ok {
		return Scalar{SQL: "NULL"}, false
	}
	if doc, isDocument := found.(Document); isDocument {
		return w.document(doc).Column(a, op)
	}
	return found, true
}

// condition writes a node. What it returns may be NULL instead of false, which is
// the same for AND, OR, WHERE and IS NOT TRUE.
func (w *sqlWriter) condition(n node, s sqlScope) string {
	switch n := n.(type) {
	case conjunction:
		return w.join(n, s, " AND ")
	case disjunction:
		return w.join(n, s, " OR ")
	case *negation:
		return "(" + w.condition(n.operand, s) + ") IS NOT TRUE"
	case *some:
		return w.some(n)
	case *presence:
		return w.presence(n, s)
	case *extended:
		schemas, _ := w.t.Attr("schemas") // each type has it
		return w.cases(schemas, func(urn string) bool { return urn == n.urn }, false)
	}
	return w.term(n.(*term), s)
}

func (w *sqlWriter) join(nodes []node, s sqlScope, operator string) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = w.condition(n, s)
	}
	return "(" + strings.Join(parts, operator) + ")"
}

// exists writes that there is a row for which a condition holds; an empty one
// holds for all.
func exists(r Rows, condition string) string {
	text := "EXISTS (SELECT 1 FROM " + r.From
	if both := conjoined(r.Where, condition); both != "" {
		text += " WHERE " + both
	}
	return text + ")"
}

func conjoined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " AND " + b
}

func either(conditions ...string) string {
	if len(conditions) == 1 {
		return conditions[0]
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
}

func constant(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

// some writes attr[…]: one element for which all of the brackets hold.
func (w *sqlWriter) some(n *some) string {
	if n.source == atSchemas {
		return w.cases(n.attr, func(text string) bool { return holdsFor(n.filter, text) }, false)
	}
	c := w.top
	if n.top.MultiValued {
		outer, ok := w.rows(c, n.top, PR)
		if !ok {
			return "FALSE"
		}
		if n.sub == nil {
			return exists(outer, w.condition(n.filter, sqlScope{outer.Of, true}))
		}
		return exists(outer, w.someOf(n, outer.Of))
	}
	if n.sub != nil {
		return w.someOf(n, c)
	}
	return "(" + conjoined(w.assigned(c, n.top), w.condition(n.filter, sqlScope{c, true})) + ")"
}

// holdsFor evaluates what stands in brackets for an element that is a text.
func holdsFor(n node, text string) bool {
	switch n := n.(type) {
	case conjunction:
		return !slices.ContainsFunc(n, func(m node) bool { return !holdsFor(m, text) })
	case disjunction:
		return slices.ContainsFunc(n, func(m node) bool { return holdsFor(m, text) })
	case *negation:
		return !holdsFor(n.operand, text)
	case *term:
		return n.acceptsText(text)
	}
	return text != "" // pr
}

// someOf writes attr.sub[…]: one of the values of a sub-attribute.
func (w *sqlWriter) someOf(n *some, c Columns) string {
	r, ok := w.rows(c, n.sub, PR)
	if !ok {
		return "FALSE"
	}
	return exists(r, w.condition(n.filter, sqlScope{r.Of, true}))
}

// rows asks for the rows of a multi-valued attribute.
func (w *sqlWriter) rows(c Columns, a *schema.Attr, op CompareOperator) (Rows, bool) {
	r, ok := w.column(c, a, op).(Rows)
	if !ok && w.err == nil {
		w.err = fmt.Errorf("%w for %s: a multi-valued attribute needs rows", ErrNoColumn, a.Path())
	}
	return r, ok
}

// assigned writes that a complex attribute with a single value has one. Without an
// expression for the whole it is assigned if one of its parts is.
func (w *sqlWriter) assigned(c Columns, a *schema.Attr) string {
	if a.Path() == "meta" {
		return "TRUE"
	}
	if found, ok := w.find(c, a, PR); ok {
		if s, isScalar := found.(Scalar); isScalar {
			return s.SQL + " IS NOT NULL"
		}
	}
	var any []string
	for _, s := range a.Subs() {
		if s.IsComputed() {
			continue
		}
		switch found := w.column(c, s, PR).(type) {
		case Scalar:
			any = append(any, found.SQL+" IS NOT NULL")
		case Rows:
			any = append(any, exists(found, ""))
		case Cases:
			any = append(any, found.any())
		}
	}
	return either(any...)
}

// cases writes that one of the texts of an attribute that accept takes is there,
// or, if absent is set, that there is none at all.
func (w *sqlWriter) cases(a *schema.Attr, accept func(text string) bool, absent bool) string {
	cases, ok := w.casesOf(a)
	if !ok {
		return "FALSE"
	}
	return cases.accepted(accept, absent)
}

func (w *sqlWriter) casesOf(a *schema.Attr) (Cases, bool) {
	base := Case{Text: w.t.Config().Schema.ID}
	if len(w.t.Config().Extensions) == 0 {
		return Cases{base}, true
	}
	cases, ok := w.column(w.top, a, PR).(Cases)
	if !ok && w.err == nil {
		w.err = fmt.Errorf("%w for %s: it needs cases", ErrNoColumn, a.Path())
	}
	return append(Cases{base}, cases...), ok
}

func (c Cases) accepted(accept func(text string) bool, absent bool) string {
	conditions := []string{"FALSE"}
	for _, one := range c {
		if accept(one.Text) {
			conditions = append(conditions, one.condition())
		}
	}
	if absent {
		conditions = append(conditions, "("+c.any()+") IS NOT TRUE")
	}
	return either(conditions...)
}

func (c Case) condition() string {
	if c.When == "" {
		return "TRUE"
	}
	return "(" + c.When + ")"
}

// any writes that one of the cases holds.
func (c Cases) any() string {
	conditions := []string{"FALSE"}
	for _, one := range c {
		conditions = append(conditions, one.condition())
	}
	return either(conditions...)
}
