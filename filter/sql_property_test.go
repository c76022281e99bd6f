package filter_test

import (
	"database/sql"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/schema"
)

// roundsVariable says how many rounds the properties of SQL are tested, per
// database; the default is for every day.
const roundsVariable = "MUSTER_SQL_ROUNDS"

func sqlRounds(t *testing.T) int {
	text := os.Getenv(roundsVariable)
	if text == "" {
		return 300
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// What texts are drawn from beyond those of the other properties: what databases
// are known to read in their own way.
var sqlTexts = []any{
	"", "a", "A", "aB", "Ab", "b", "BA", "é", "É", "e\u0301", "ß", "SS", "%", "_", "a_b", "a%", `\`, `\%`, `'`, `"`, "''",
	"\x00", "a\x00b", "\x01", "\x02\x03", "a\x01", "\uFFFF", "\U0010FFFF", "a\U0010FFFF", "\uD7FF", "\uE000", "\U00010000",
	"null", "true", "1", "ı", "İ", "\u212A", " a", "a ",
}

var sqlDomains = map[schema.DataType][]any{
	schema.String:    sqlTexts,
	schema.Reference: {"", "a", "A", "https://e.com/A", "https://e.com/a", "'"},
	schema.Boolean:   {true, false},
	schema.Integer:   {0, 1, -1, 2, 9007199254740993, 9007199254740992, -9223372036854775808, 9223372036854775807},
	schema.Decimal:   {0, 1, -1, 1.5, -1.5, 0.1, 1e300, -1e300, 5e-324, 9007199254740993},
	schema.DateTime: {
		"2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00.000001Z", "2020-01-01T00:00:00.0000012Z",
		"0000-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999999-12:00", "2019-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.9Z",
	},
	schema.Binary: {"TWE=", "TWE", "twe=", "+/+/", "-_-_", ""},
}

func drawSQLValue(t *rapid.T, typ schema.DataType) any {
	return rapid.SampledFrom(sqlDomains[typ]).Draw(t, "value")
}

// drawAttributes draws attributes of a schema; complex ones if deep.
func drawAttributes(t *rapid.T, names []string, deep bool) []schema.Attribute {
	types := []schema.DataType{schema.String, schema.String, schema.Boolean, schema.Integer, schema.Decimal, schema.DateTime, schema.Binary, schema.Reference}
	if deep {
		types = append(types, schema.Complex, schema.Complex, schema.Complex)
	}
	var all []schema.Attribute
	for _, name := range names {
		if rapid.IntRange(0, 9).Draw(t, "has") < 4 {
			continue
		}
		a := schema.Attribute{Name: name, Type: rapid.SampledFrom(types).Draw(t, "type")}
		a.MultiValued = rapid.IntRange(0, 2).Draw(t, "multi") == 0
		a.CaseExact = rapid.Bool().Draw(t, "exact")
		if name == "primary" {
			a.Type, a.MultiValued = schema.Boolean, false
		}
		if a.Type == schema.Complex {
			a.MultiValued = rapid.Bool().Draw(t, "multi")
			a.Sub = drawAttributes(t, []string{"value", "type", "primary", "num", "when"}, false)
			if len(a.Sub) == 0 {
				a.Sub = []schema.Attribute{{Name: "value"}}
			}
		}
		all = append(all, a)
	}
	return all
}

func drawType(t *rapid.T) *schema.Type {
	c := schema.TypeConfig{
		Name:   "Thing",
		Schema: schema.Schema{ID: "urn:example:Thing", Attributes: drawAttributes(t, []string{"userName", "title", "flag", "list", "many", "one"}, true)},
		Extensions: []schema.Extension{
			{Schema: schema.Schema{ID: "urn:example:it's:\"2.0\":Extra", Attributes: drawAttributes(t, []string{"dept", "boss"}, true)}},
		},
	}
	if rapid.Bool().Draw(t, "open") {
		open := drawAttributes(t, []string{"any", "any2", "any3"}, false)
		if len(open) > 0 {
			c.Extensions = append(c.Extensions, schema.Extension{Schema: schema.Schema{ID: "urn:example:Open", Open: &open[0]}})
		}
	}
	return schema.MustCompile(c)
}

// openKeys are keys of the open extension; not all can be named in a filter.
var openKeys = []string{"k", "K2", `it's"`, "é", "a.b", "\x00", "$"}

// attrsOf returns the attributes that can have values: sub-attributes, and some
// keys of the open extension among them.
func attrsOf(typ *schema.Type, subs bool) []*schema.Attr {
	var all []*schema.Attr
	for _, a := range typ.Attrs() {
		if slices.Contains([]string{"id", "meta", "schemas"}, a.Path()) {
			continue
		}
		all = append(all, a)
		if subs {
			all = append(all, a.Subs()...)
		}
	}
	for _, key := range openKeys {
		if a, ok := typ.Attr("urn:example:Open:" + key); ok {
			all = append(all, a)
		}
	}
	return all
}

func drawOf(t *rapid.T, a schema.Attribute) any {
	one := func() any {
		if a.Type != schema.Complex {
			return drawSQLValue(t, a.Type)
		}
		o := map[string]any{}
		for _, s := range a.Sub {
			if rapid.IntRange(0, 2).Draw(t, "assigned") > 0 {
				o[s.Name] = drawOf(t, s)
			}
		}
		return o
	}
	if !a.MultiValued {
		return one()
	}
	var list []any
	for range rapid.IntRange(0, 3).Draw(t, "elements") {
		list = append(list, one())
	}
	return list
}

func drawResource(t *rapid.T, typ *schema.Type, i int) *schema.Resource {
	b := schema.New(typ).ID(fmt.Sprintf("id-%d", i))
	created := time.Date(2020, 1, 1, 0, 0, 0, rapid.SampledFrom([]int{0, 1000, 2000}).Draw(t, "created"), time.UTC)
	b.Meta(schema.Meta{Created: created, LastModified: created.Add(time.Microsecond), Version: strconv.Itoa(i)})
	for _, a := range attrsOf(typ, false) {
		if rapid.IntRange(0, 2).Draw(t, "assigned") > 0 {
			// What a type refuses, such as control characters in a userName,
			// is not stored.
			if v, err := a.Make(drawOf(t, a.Attribute)); err == nil {
				b.Put(a, v)
			}
		}
	}
	r, err := b.Build()
	require.NoError(t, err)
	return r
}

// drawSQLFilter draws a filter on any attribute of the type, or in brackets on those
// of one element.
func drawSQLFilter(t *rapid.T, typ *schema.Type, of *schema.Attr, depth int) filter.Expression {
	choice := rapid.IntRange(0, 9).Draw(t, "choice")
	if depth == 0 {
		choice = 9
	}
	if extensions := typ.Config().Extensions; of == nil && len(extensions) > 0 && rapid.IntRange(0, 19).Draw(t, "extension") == 0 {
		urn := rapid.SampledFrom(extensions).Draw(t, "urn").Schema.ID
		return &filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: urn}, Operator: filter.PR}
	}
	switch choice {
	case 0, 1, 2:
		op := rapid.SampledFrom([]filter.LogicalOperator{filter.AND, filter.OR}).Draw(t, "join")
		return &filter.LogicalExpression{Left: drawSQLFilter(t, typ, of, depth-1), Right: drawSQLFilter(t, typ, of, depth-1), Operator: op}
	case 3:
		return &filter.NotExpression{Expression: drawSQLFilter(t, typ, of, depth-1)}
	case 4, 5:
		if e := drawBrackets(t, typ, of, depth); e != nil {
			return e
		}
	}
	return drawSQLTerm(t, typ, of)
}

func drawBrackets(t *rapid.T, typ *schema.Type, of *schema.Attr, depth int) filter.Expression {
	if of != nil {
		return nil
	}
	var candidates []*schema.Attr
	for _, a := range append(attrsOf(typ, true), typ.Attrs()...) {
		if (a.MultiValued || a.Type == schema.Complex) && namable(a) {
			candidates = append(candidates, a)
		}
	}
	a := rapid.SampledFrom(candidates).Draw(t, "brackets")
	return &filter.ValuePath{AttributePath: filter.AttributePath{AttributeName: a.Path()}, ValueFilter: drawSQLFilter(t, typ, a, depth-1)}
}

// namable says whether the path can stand in an AST as one name: it is looked up
// as it stands.
func namable(a *schema.Attr) bool { return a.Path() != "" }

// commonAttrs are compared with what they have, or nearly.
var commonAttrs = map[string][]any{
	"id":                {"id-0", "ID-0", "id-1", "id", ""},
	"schemas":           {"urn:example:Thing", "urn:example:it's:\"2.0\":Extra", "urn:example:Open", "urn", ""},
	"meta.resourceType": {"Thing", "thing"},
	"meta.created":      {"2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000001Z", "2020-01-01T00:00:00.0000015Z", "2020-01-01T00:00:00.000002Z"},
	"meta.lastModified": {"2020-01-01T00:00:00.000001Z", "2020-01-01T00:00:00.0000015Z", "2020-01-01T00:00:00.000002Z"},
	"meta.version":      {`W/"0"`, `W/"1"`, `W`, `1"`},
	"meta.location":     {"https://e.com/Things/id-0", "https://e.com/Things/id-1", "https", "0"},
}

func drawSQLTerm(t *rapid.T, typ *schema.Type, of *schema.Attr) filter.Expression {
	var candidates []*schema.Attr
	switch {
	case of == nil:
		candidates = attrsOf(typ, true)
		for _, path := range slices.Sorted(maps.Keys(commonAttrs)) {
			a, _ := typ.Attr(path)
			candidates = append(candidates, a)
		}
		meta, _ := typ.Attr("meta")
		candidates = append(candidates, meta)
	case of.Type == schema.Complex:
		candidates = of.Subs()
	default:
		candidates = []*schema.Attr{of}
	}
	a := rapid.SampledFrom(candidates).Draw(t, "attribute")
	e := &filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: a.Path()}}
	if of != nil {
		e.AttributePath.AttributeName = a.Name
		if a == of {
			e.AttributePath.AttributeName = "value"
		}
	}
	ops := []filter.CompareOperator{filter.EQ, filter.NE, filter.PR}
	switch a.Type {
	case schema.Boolean, schema.Binary:
	case schema.Integer, schema.Decimal, schema.DateTime:
		ops = append(ops, filter.GT, filter.GE, filter.LT, filter.LE)
	default:
		ops = append(ops, filter.GT, filter.GE, filter.LT, filter.LE, filter.CO, filter.SW, filter.EW)
	}
	e.Operator = rapid.SampledFrom(ops).Draw(t, "operator")
	common := commonAttrs[a.Path()]
	switch {
	case e.Operator == filter.PR:
	case (e.Operator == filter.EQ || e.Operator == filter.NE) && rapid.IntRange(0, 9).Draw(t, "null") == 0:
	case common != nil:
		e.CompareValue = rapid.SampledFrom(common).Draw(t, "literal")
	case a.Type == schema.Integer && rapid.IntRange(0, 2).Draw(t, "float") == 0:
		e.CompareValue = rapid.SampledFrom([]float64{-1.5, 0, 1, 1.5, 1e300, -1e300, 1 << 63, -(1 << 63), 0.5}).Draw(t, "float")
	case a.Type == schema.Complex:
		e.CompareValue = drawSQLValue(t, schema.String)
		if v := a.SubAttr("value"); v != nil {
			e.CompareValue = drawSQLValue(t, v.Type)
		}
	default:
		e.CompareValue = drawSQLValue(t, a.Type)
	}
	return e
}

// documents is a table with a document for each resource, and columns for what
// documents don't have.
type documents struct {
	db      database
	dialect filter.SQLDialect
}

// database is an [*sql.DB] or an [*sql.Tx].
type database interface {
	Exec(statement string, args ...any) (sql.Result, error)
	Query(statement string, args ...any) (*sql.Rows, error)
}

// atOnce runs one round in a transaction that is undone: what it stores is for
// its own statements only, and costs a database the less.
func atOnce(t require.TestingT, db *sql.DB, round func(database)) {
	tx, err := db.Begin()
	require.NoError(t, err)
	defer tx.Rollback()
	round(tx)
}

func createDocuments(t *testing.T, db *sql.DB, d filter.SQLDialect) {
	json := "text"
	if d == filter.PostgreSQL {
		json = "jsonb"
	}
	_, err := db.Exec("CREATE TABLE things (id text PRIMARY KEY, version bigint, created bigint, modified bigint, doc " + json + ")")
	require.NoError(t, err)
}

func (d documents) put(t require.TestingT, all []*schema.Resource) {
	for _, r := range all {
		_, err := d.db.Exec("INSERT INTO things VALUES ($1, $2, $3, $4, $5)", r.ID(), r.Meta().Version,
			r.Meta().Created.UnixMicro(), r.Meta().LastModified.UnixMicro(), string(filter.AppendDocument(nil, r)))
		require.NoError(t, err)
	}
}

// Column is the method of filter.Columns.
func (d documents) Column(a *schema.Attr, _ filter.CompareOperator) (filter.Column, bool) {
	micros := func(v any) any { return v.(time.Time).UnixMicro() }
	doc := filter.Document{SQL: "t.doc"}
	switch a.Path() {
	case "id", "meta.location":
		return filter.Scalar{SQL: "t.id"}, true
	case "meta.version":
		return filter.Scalar{SQL: `('W/"' || CAST(t.version AS text) || '"')`}, true
	case "meta.created":
		return filter.Scalar{SQL: "t.created", Encode: micros, Precision: time.Microsecond}, true
	case "meta.lastModified":
		return filter.Scalar{SQL: "t.modified", Encode: micros, Precision: time.Microsecond}, true
	case "schemas":
		return doc.ExtensionCases(d.dialect, a.Of()), true
	}
	return doc, true
}

func (d documents) ids(t require.TestingT, rest string, args ...any) []string {
	return d.idsFrom(t, "things t", "t.id", rest, args...)
}

func (d documents) idsFrom(t require.TestingT, table, column, rest string, args ...any) []string {
	rows, err := d.db.Query("SELECT "+column+" FROM "+table+" "+rest, args...)
	require.NoError(t, err, "%s %q", rest, args)
	defer rows.Close()
	ids := []string{}
	for rows.Next() {
		var id string
		require.NoError(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(t, rows.Err(), "%s %q", rest, args)
	return ids
}

func eachDialect(t *testing.T, f func(t *testing.T, db *sql.DB, d filter.SQLDialect)) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := filter.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			d = filter.PostgreSQL
		}
		f(t, db, d)
	})
}

// TestSQLIsMatch holds SQL on documents against Match, on random schemas, resources
// and filters.
func TestSQLIsMatch(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, db *sql.DB, d filter.SQLDialect) {
		createDocuments(t, db, d)
		matched, not, refused := 0, 0, 0
		round := func(t *rapid.T, table documents) {
			typ := drawType(t)
			var all []*schema.Resource
			for i := range rapid.IntRange(1, 4).Draw(t, "resources") {
				all = append(all, drawResource(t, typ, i))
			}
			table.put(t, all)
			for range 6 {
				e := drawSQLFilter(t, typ, nil, 4)
				f, err := filter.Check(e, typ, filter.Checking{KeepEmptyStrings: rapid.Bool().Draw(t, "keep"), BaseURL: "https://e.com"})
				if err != nil {
					refused++
					continue
				}
				where, args, err := f.SQL(d, table, 0)
				require.NoError(t, err)
				want := []string{}
				for _, r := range all {
					if f.Match(r) {
						want = append(want, r.ID())
					}
				}
				matched, not = matched+len(want), not+len(all)-len(want)
				require.Equal(t, want, table.ids(t, "WHERE "+where+" ORDER BY id", args...), "%s\n%s %q\n%s", f, where, args, all)
			}
			checkOrder(t, table, typ, all)
		}
		checkRounds(t, sqlRounds(t), func(t *rapid.T) {
			atOnce(t, db, func(tx database) { round(t, documents{tx, d}) })
		})
		t.Logf("%d matched, %d did not, %d filters were refused", matched, not, refused)
	})
}

// checkOrder holds OrderSQL against schema.Compare.
func checkOrder(t *rapid.T, table documents, typ *schema.Type, all []*schema.Resource) {
	var simple []*schema.Attr
	for _, a := range append(attrsOf(typ, true), typ.Attrs()...) {
		if a.Type != schema.Complex {
			simple = append(simple, a)
		}
	}
	by := rapid.SampledFrom(simple).Draw(t, "by")
	descending := rapid.Bool().Draw(t, "descending")
	order, err := filter.OrderSQL(table.dialect, table, by, descending)
	if err != nil {
		require.ErrorIs(t, err, filter.ErrNoColumn)
		require.True(t, by.Type == schema.Binary || by.URN() == "urn:example:Open", "%s", by.Path())
		return
	}
	sorted := slices.SortedFunc(slices.Values(all), func(a, b *schema.Resource) int {
		c := schema.Compare(a.SortValue(by), b.SortValue(by))
		if descending {
			c = -c
		}
		if c == 0 {
			c = strings.Compare(a.ID(), b.ID())
		}
		return c
	})
	var want []string
	for _, r := range sorted {
		want = append(want, r.ID())
	}
	require.Equal(t, want, table.ids(t, "ORDER BY "+order), "%s\n%s\n%s", by.Path(), order, all)
}

// checkRounds runs a property that many times.
func checkRounds(t *testing.T, rounds int, property func(*rapid.T)) {
	const each = 100 // what rapid does unless told otherwise
	for range (rounds + each - 1) / each {
		rapid.Check(t, property)
	}
}
