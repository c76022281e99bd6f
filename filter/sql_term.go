package filter

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/muster-scim/muster/schema"
)

// term writes a comparison.
func (w *sqlWriter) term(t *term, s sqlScope) string {
	switch {
	case t.source == atResourceType:
		return constant(t.acceptsText(w.t.Name()))
	case t.source == atSchemas && !s.inside:
		return w.cases(t.attr, t.acceptsText, false)
	case t.source == atLocation:
		return w.location(t)
	case s.inside && t.sub == nil:
		return w.values(t, s.columns, t.attr, false)
	case s.inside:
		return w.values(t, s.columns, t.sub, t.absent)
	case t.sub == nil || !t.top.MultiValued:
		return w.values(t, s.columns, t.attr, t.op == NE)
	}
	r, ok := w.rows(s.columns, t.top, t.op)
	if !ok {
		return "FALSE"
	}
	found := exists(r, w.values(t, r.Of, t.sub, t.absent))
	if t.op == NE {
		return either("NOT "+exists(r, ""), found)
	}
	return found
}

// values writes that one of the values of a is as t wants it or, if absent is set,
// that there is none.
func (w *sqlWriter) values(t *term, c Columns, a *schema.Attr, absent bool) string {
	switch found := w.column(c, a, t.op).(type) {
	case Cases:
		return found.accepted(t.acceptsText, absent)
	case Rows:
		one, ok := w.column(found.Of, a, t.op).(Scalar)
		if !ok {
			return "FALSE"
		}
		condition := exists(found, w.compare(t, one))
		if absent {
			return either("NOT "+exists(found, ""), condition)
		}
		return condition
	case Scalar:
		return w.compareOrAbsent(t, found, absent)
	}
	return "FALSE"
}

func (w *sqlWriter) compareOrAbsent(t *term, s Scalar, absent bool) string {
	condition := w.compare(t, s)
	if absent {
		return either(s.SQL+" IS NULL", condition)
	}
	return condition
}

// location writes a comparison with meta.location, which is made of the id.
func (w *sqlWriter) location(t *term) string {
	s, ok := w.column(w.top, t.attr, t.op).(Scalar)
	if !ok {
		return "FALSE"
	}
	base := w.bind(t.base + w.t.Endpoint() + "/")
	if w.dialect == PostgreSQL {
		base += "::text"
	}
	return w.compare(t, Scalar{SQL: "(" + base + " || " + s.SQL + ")"})
}

// compare writes the comparison of a value that is not NULL with the literal.
func (w *sqlWriter) compare(t *term, s Scalar) string {
	switch t.kind {
	case isText:
		return w.compareText(t, s)
	case isBoolean:
		return w.operate(s, t.op, t.boolean)
	case isBinary:
		return w.operate(s, t.op, t.data)
	case isInstant:
		return w.compareInstant(t, s)
	}
	return w.compareNumber(t, s)
}

var sqlOperators = map[CompareOperator]string{EQ: " = ", NE: " <> ", GT: " > ", GE: " >= ", LT: " < ", LE: " <= "}

// operate writes one of the operators that SQL has too.
func (w *sqlWriter) operate(s Scalar, op CompareOperator, literal any) string {
	return s.SQL + sqlOperators[op] + w.bind(s.encoded(literal))
}

func (s Scalar) encoded(literal any) any {
	if s.Encode == nil {
		return literal
	}
	return s.Encode(literal)
}

// always and never write what the comparison of any value with a literal gives
// that no value equals.
func always(s Scalar) string { return s.SQL + " IS NOT NULL" }

func never(s Scalar, op CompareOperator) string {
	if op == NE {
		return always(s)
	}
	return "FALSE"
}

// between writes a comparison with a literal that lies between two values that can
// be stored, of which below is the smaller.
func (w *sqlWriter) between(s Scalar, op CompareOperator, below any) string {
	switch op {
	case LT, LE:
		return w.operate(s, LE, below)
	case GT, GE:
		return w.operate(s, GT, below)
	}
	return never(s, op)
}

func (w *sqlWriter) compareInstant(t *term, s Scalar) string {
	instant := t.instant.UTC()
	if s.Precision > 0 {
		if below := floor(instant, s.Precision); !below.Equal(instant) {
			return w.between(s, t.op, below)
		}
	}
	return w.operate(s, t.op, instant)
}

// floor rounds down, before the year 1 too.
func floor(t time.Time, to time.Duration) time.Time {
	if f := t.Truncate(to); !f.After(t) {
		return f
	}
	return t.Truncate(to).Add(-to)
}

// compareNumber keeps integers apart from floats, which hold 53 bits of them.
func (w *sqlWriter) compareNumber(t *term, s Scalar) string {
	switch {
	case t.kind == isInteger:
		return w.operate(s, t.op, t.integer)
	case t.attr.Type == schema.Decimal:
		return w.operate(s, t.op, t.decimal)
	}
	below := math.Floor(t.decimal)
	switch {
	case t.decimal >= 1<<63 && (t.op == LT || t.op == LE), t.decimal < -1<<63 && (t.op == GT || t.op == GE):
		return always(s)
	case t.decimal >= 1<<63, t.decimal < -1<<63:
		return never(s, t.op)
	case below == t.decimal:
		return w.operate(s, t.op, int64(below))
	}
	return w.between(s, t.op, int64(below))
}

// compareText writes comparisons by bytes, which in UTF-8 are those by code points.
func (w *sqlWriter) compareText(t *term, s Scalar) string {
	key, isText := s.encoded(t.key).(string)
	if !isText {
		return w.operate(s, t.op, t.key)
	}
	whole := true
	if w.dialect == PostgreSQL {
		key, whole = storable(key)
	}
	plain := Scalar{SQL: s.SQL}
	switch {
	case !whole && (t.op == CO || t.op == SW || t.op == EW):
		return "FALSE"
	case !whole:
		return w.between(w.ordered(plain, t.op), t.op, key)
	case t.op == EQ || t.op == NE:
		return w.operate(plain, t.op, key)
	case key == "" && (t.op == CO || t.op == SW || t.op == EW):
		return always(plain)
	case t.op == CO:
		return w.contains(plain, key)
	case t.op == SW:
		return w.startsWith(plain, key)
	case t.op == EW:
		return w.endsWith(plain, key)
	}
	return w.operate(w.ordered(plain, t.op), t.op, key)
}

// storable returns what of key a column of PostgreSQL can hold, which takes no
// U+0000. No text that it does hold lies between the result and key, unless the
// result is key, which whole says.
func storable(key string) (cut string, whole bool) {
	cut, _, found := strings.Cut(key, "\x00")
	return cut, !found
}

// ordered gives text the order of code points.
func (w *sqlWriter) ordered(s Scalar, op CompareOperator) Scalar {
	if w.dialect == PostgreSQL && op != EQ && op != NE {
		s.SQL += ` COLLATE "C"`
	}
	return s
}

func (w *sqlWriter) contains(s Scalar, key string) string {
	function := "instr"
	if w.dialect == PostgreSQL {
		function = "strpos"
	}
	return function + "(" + s.SQL + ", " + w.bind(key) + ") > 0"
}

// startsWith is a range, which an index serves.
func (w *sqlWriter) startsWith(s Scalar, key string) string {
	s = w.ordered(s, SW)
	condition := s.SQL + " >= " + w.bind(key)
	if end := afterPrefix(key); end != "" {
		condition = "(" + condition + " AND " + s.SQL + " < " + w.bind(end) + ")"
	}
	return condition
}

// afterPrefix returns the first text that comes after all that begin with key;
// none does after U+10FFFF.
func afterPrefix(key string) string {
	key = strings.TrimRight(key, string(utf8.MaxRune))
	last, size := utf8.DecodeLastRuneInString(key)
	if size == 0 {
		return ""
	}
	if last++; last == 0xD800 {
		last = 0xE000 // surrogates are no characters
	}
	return key[:len(key)-size] + string(last)
}

// endsWith compares bytes in SQLite, whose substr stops at U+0000.
func (w *sqlWriter) endsWith(s Scalar, key string) string {
	if w.dialect == PostgreSQL {
		return "right(" + s.SQL + ", " + w.bind(utf8.RuneCountInString(key)) + ") = " + w.bind(key)
	}
	return "substr(CAST(" + s.SQL + " AS BLOB), " + w.bind(-len(key)) + ") = " + w.bind([]byte(key))
}

// presence writes that there is a value other than "".
func (w *sqlWriter) presence(p *presence, s sqlScope) string {
	switch {
	case p.source == atLocation && s.inside:
		return "FALSE"
	case p.source != onTape && p.source != atCreated && p.source != atLastModified, p.attr.Path() == "meta":
		return "TRUE"
	case s.inside && p.sub == nil:
		return w.elementPresent(s.columns, p.attr)
	case s.inside:
		return w.present(s.columns, p.sub)
	case p.sub == nil || !p.top.MultiValued:
		return w.present(s.columns, p.attr)
	}
	r, ok := w.rows(s.columns, p.top, PR)
	if !ok {
		return "FALSE"
	}
	return exists(r, w.present(r.Of, p.sub))
}

// present writes that an attribute has a value other than "".
func (w *sqlWriter) present(c Columns, a *schema.Attr) string {
	if a.Type == schema.Complex && !a.MultiValued {
		return w.anyPresent(c, a)
	}
	switch found := w.column(c, a, PR).(type) {
	case Rows:
		return exists(found, w.elementPresent(found.Of, a))
	case Cases:
		return found.accepted(func(text string) bool { return text != "" }, false)
	case Scalar:
		return scalarPresent(found, a)
	}
	return "FALSE"
}

// elementPresent is present for one element of a, which c is about.
func (w *sqlWriter) elementPresent(c Columns, a *schema.Attr) string {
	if a.Type == schema.Complex {
		return w.anyPresent(c, a)
	}
	if s, ok := w.column(c, a, PR).(Scalar); ok {
		return scalarPresent(s, a)
	}
	return "FALSE"
}

func (w *sqlWriter) anyPresent(c Columns, a *schema.Attr) string {
	conditions := []string{"FALSE"}
	for _, s := range a.Subs() {
		if !s.IsComputed() {
			conditions = append(conditions, w.present(c, s))
		}
	}
	return either(conditions...)
}

func scalarPresent(s Scalar, a *schema.Attr) string {
	switch a.Type {
	case schema.String, schema.Reference:
		return s.SQL + " <> ''"
	case schema.Binary:
		return "length(" + s.SQL + ") > 0"
	}
	return s.SQL + " IS NOT NULL"
}
