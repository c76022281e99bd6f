package filter_test

import (
	"database/sql"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// accountType is what an application has columns for.
var accountType = schema.MustCompile(schema.TypeConfig{
	Name: "Account",
	Schema: schema.Schema{ID: "urn:example:Account", Attributes: []schema.Attribute{
		{Name: "userName"}, {Name: "code", CaseExact: true}, {Name: "flag", Type: schema.Boolean}, {Name: "num", Type: schema.Integer},
		{Name: "dec", Type: schema.Decimal}, {Name: "when", Type: schema.DateTime}, {Name: "bin", Type: schema.Binary},
		{Name: "name", Type: schema.Complex, Sub: []schema.Attribute{{Name: "first"}, {Name: "last"}}},
		{Name: "tags", MultiValued: true},
		{Name: "mails", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
			{Name: "value"}, {Name: "type"}, {Name: "primary", Type: schema.Boolean}}},
		{Name: "hidden"},
	}},
})

// accounts is a table of an application's own making, with tables below it.
type accounts struct{ db database }

func createAccounts(t *testing.T, db *sql.DB, d filter.SQLDialect) {
	bytes, double := "bytea", "double precision"
	if d == filter.SQLite {
		bytes, double = "blob", "real"
	}
	for _, statement := range []string{
		"CREATE TABLE account (id text, name_key text, code text, flag boolean, num bigint, dec " + double + ", at bigint, bin " + bytes + ", first text, last text)",
		"CREATE TABLE tag (account text, n integer, tag text)",
		"CREATE TABLE mail (account text, n integer, address text, kind text, main boolean)",
	} {
		_, err := db.Exec(statement)
		require.NoError(t, err)
	}
}

// Column is the method of filter.Columns.
func (accounts) Column(a *schema.Attr, op filter.CompareOperator) (filter.Column, bool) {
	scalars := map[string]string{
		"id": "a.id", "userName": "a.name_key", "code": "a.code", "flag": "a.flag", "num": "a.num", "dec": "a.dec", "bin": "a.bin",
		"name.first": "a.first", "name.last": "a.last", "tags": "", "mails": "",
	}
	switch a.Path() {
	case "when":
		return filter.Scalar{SQL: "a.at", Precision: time.Microsecond, Encode: func(v any) any { return v.(time.Time).UnixMicro() }}, true
	case "tags":
		return filter.Rows{From: "tag x", Where: "x.account = a.id", Order: "x.n", Of: only{"tags": "x.tag"}}, true
	case "mails":
		return filter.Rows{From: "mail x", Where: "x.account = a.id", Order: "x.n",
			Of: only{"mails.value": "x.address", "mails.type": "x.kind", "mails.primary": "x.main"}}, true
	}
	column := scalars[a.Path()]
	return filter.Scalar{SQL: column}, column != ""
}

// only has columns by path.
type only map[string]string

// Column is the method of filter.Columns.
func (o only) Column(a *schema.Attr, _ filter.CompareOperator) (filter.Column, bool) {
	return filter.Scalar{SQL: o[a.Path()]}, o[a.Path()] != ""
}

// nullable returns what a column gets: keys, as databases can hold them.
func nullable(r *schema.Resource, path string) any {
	v := r.Get(path)
	if v.IsZero() {
		return nil
	}
	switch v.Attr().Type {
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
		at, _ := v.Time()
		return at.UnixMicro()
	case schema.Binary:
		b, _ := schema.DecodeBinary(v.String())
		return b
	}
	return v.Key()
}

func (x accounts) put(t require.TestingT, all []*schema.Resource) {
	exec := func(statement string, args ...any) {
		_, err := x.db.Exec(statement, args...)
		require.NoError(t, err)
	}
	for _, r := range all {
		exec("INSERT INTO account VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", r.ID(), nullable(r, "userName"), nullable(r, "code"),
			nullable(r, "flag"), nullable(r, "num"), nullable(r, "dec"), nullable(r, "when"), nullable(r, "bin"), nullable(r, "name.first"), nullable(r, "name.last"))
		n := 0
		for v := range r.Get("tags").Elems() {
			n++
			exec("INSERT INTO tag VALUES ($1, $2, $3)", r.ID(), n, v.Key())
		}
		for v := range r.Get("mails").Elems() {
			one := schema.New(accountType).Set("mails", []schema.Value{v})
			e, err := one.Build()
			require.NoError(t, err)
			n++
			exec("INSERT INTO mail VALUES ($1, $2, $3, $4, $5)", r.ID(), n, nullable(e, "mails.value"), nullable(e, "mails.type"), nullable(e, "mails.primary"))
		}
	}
}

// TestSQLOnOwnTables is TestSQLIsMatch on columns and tables of an application. In
// PostgreSQL they hold no U+0000, but filters may.
func TestSQLOnOwnTables(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, db *sql.DB, d filter.SQLDialect) {
		createAccounts(t, db, d)
		round := func(t *rapid.T, table accounts) {
			var all []*schema.Resource
			for i := range rapid.IntRange(1, 4).Draw(t, "resources") {
				r := drawResource(t, accountType, i)
				if text := string(filter.AppendDocument(nil, r)); d == filter.PostgreSQL && text != withoutNUL(text) {
					continue
				}
				// What the table can't hold.
				b := r.Edit().Set("hidden", nil)
				if at, ok := r.Get("when").Time(); ok {
					b.Set("when", nil)
					if text := schema.FormatTime(at); at.UTC().Year() > 0 && at.UTC().Year() < 10000 {
						b.Set("when", text)
					}
				}
				r, err := b.Build()
				require.NoError(t, err)
				all = append(all, r)
			}
			table.put(t, all)
			for range 6 {
				f, err := filter.Check(drawSQLFilter(t, accountType, nil, 4), accountType, filter.Checking{KeepEmptyStrings: true})
				if err != nil {
					continue
				}
				where, args, err := f.SQL(d, table, 0)
				if err != nil {
					require.ErrorIs(t, err, filter.ErrNoColumn)
					continue
				}
				want := []string{}
				for _, r := range all {
					if f.Match(r) {
						want = append(want, r.ID())
					}
				}
				rows := documents{table.db, d}.idsFrom(t, "account a", "a.id", "WHERE "+where+" ORDER BY a.id", args...)
				require.Equal(t, want, rows, "%s\n%s %q\n%s", f, where, args, all)
			}
		}
		checkRounds(t, sqlRounds(t), func(t *rapid.T) {
			atOnce(t, db, func(tx database) { round(t, accounts{tx}) })
		})
	})
}

// withoutNUL tells resources with the characters that SQLText encodes.
func withoutNUL(text string) string {
	b, err := hex.DecodeString(hex.EncodeToString([]byte(text)))
	if err != nil {
		return ""
	}
	kept := b[:0:0]
	for i := 0; i < len(b); i++ {
		if i+6 <= len(b) && string(b[i:i+5]) == `\u000` {
			continue
		}
		kept = append(kept, b[i])
	}
	return string(kept)
}

// TestNoColumn: what has no column is an error that names it, wherever it stands.
func TestNoColumn(t *testing.T) {
	for _, text := range []string{`hidden eq "x"`, `not (hidden pr)`, `userName eq "a" or hidden eq "b"`} {
		e, err := filter.Parse(text, filter.Leniency{})
		require.NoError(t, err)
		f, err := filter.Check(e, accountType, filter.Checking{})
		require.NoError(t, err)
		_, _, err = f.SQL(filter.SQLite, accounts{}, 0)
		require.ErrorIs(t, err, filter.ErrNoColumn)
		assert.ErrorContains(t, err, "hidden")
	}
	hidden, _ := accountType.Attr("hidden")
	_, err := filter.OrderSQL(filter.SQLite, accounts{}, hidden, false)
	assert.ErrorIs(t, err, filter.ErrNoColumn)
}

// TestSQLTexts shows what becomes of filters: arguments in place of values, and an
// index to be used where there is one.
func TestSQLTexts(t *testing.T) {
	for _, tt := range []struct {
		text string
		d    filter.SQLDialect
		want string
		args []any
	}{
		{`userName eq "ANN' OR 1=1"`, filter.PostgreSQL, "(a.name_key = $4)", []any{"ann' or 1=1"}},
		{`userName sw "Ann%"`, filter.SQLite, "((a.name_key >= +?4 AND a.name_key < +?5))", []any{"ann%", "ann&"}},
		{`num gt 1.5`, filter.SQLite, "(a.num > +?4)", []any{int64(1)}},
		{`num lt 1e300`, filter.SQLite, "(a.num IS NOT NULL)", nil},
		{`mails[type eq "work" and primary eq true]`, filter.PostgreSQL,
			"(EXISTS (SELECT 1 FROM mail x WHERE x.account = a.id AND (x.kind = $4 AND x.main = $5)))", []any{"work", true}},
		{`not (flag eq true)`, filter.SQLite, "((a.flag = +?4) IS NOT TRUE)", []any{true}},
		{`code ne "x"`, filter.SQLite, "((a.code IS NULL OR a.code <> +?4))", []any{"x"}},
		{`meta.resourceType eq "Account"`, filter.SQLite, "(TRUE)", nil},
	} {
		e, err := filter.Parse(tt.text, filter.Leniency{})
		require.NoError(t, err)
		f, err := filter.Check(e, accountType, filter.Checking{})
		require.NoError(t, err)
		where, args, err := f.SQL(tt.d, accounts{}, 3)
		require.NoError(t, err)
		assert.Equal(t, tt.want, where, tt.text)
		assert.Equal(t, tt.args, args, tt.text)
	}
	var none *filter.Filter
	where, args, err := none.SQL(filter.SQLite, accounts{}, 0)
	require.NoError(t, err)
	assert.Equal(t, "TRUE", where)
	assert.Empty(t, args)
}

// TestSQLText holds that the form for databases keeps order and parts.
func TestSQLText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune{0, 1, 2, 3, 4, 'a', 'é', 0x10FFFF}))
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		x, y := filter.SQLText(a), filter.SQLText(b)
		require.Equal(t, a, filter.PlainText(x))
		require.NotContains(t, x, "\x00")
		require.Equal(t, a < b, x < y)
		require.Equal(t, contains(a, b), contains(x, y))
	})
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}
