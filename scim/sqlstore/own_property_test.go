package sqlstore_test

import (
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

// What texts are drawn from: those that fold to the same, that SQL reads in its own way,
// and that are in order by one rule and not by another.
var ownTexts = []string{
	"a", "A", "aB", "Ab", "b", "BA", "é", "É", "e\u0301", "ß", "SS", "ss", "\u212A", "k", "K", "ı", "İ", "i", "ﬀ", "ff", "ＡNN", "ann", "%", "_", "a_b", `\`, `'`, `"`, "''",
	"\uFFFF", "\U0010FFFF", "a b", "Z", "z", "[", "1", "0", "null", "true", "free", "PAID", "Paid",
}

var ownTimes = []time.Time{
	time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 1, 1, 0, 0, 0, 500_000_000, time.UTC), time.Date(2020, 1, 1, 0, 0, 0, 500_001_000, time.UTC),
	time.Date(2020, 1, 1, 1, 0, 0, 0, time.FixedZone("", 3600)), time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2024, 2, 29, 10, 20, 30, 100_000, time.UTC),
}

// drawAccount inserts a row as an application may have it: with NULL where a field has
// no value, or with what stands for none.
func drawAccount(t *rapid.T, db *sql.DB, n int) {
	text := func(name string) any {
		switch i := rapid.IntRange(-2, len(ownTexts)-1).Draw(t, name); {
		case i == -2:
			return nil
		case i == -1:
			return ""
		default:
			return ownTexts[i]
		}
	}
	filled := func(name string) any {
		if v := text(name); v != nil {
			return v
		}
		return ""
	}
	maybe := func(name string, v ...any) any { return rapid.SampledFrom(append(v, nil)).Draw(t, name) }
	at := func(name string) any {
		if rapid.IntRange(0, 3).Draw(t, name+" is NULL") == 0 {
			return nil
		}
		return rapid.SampledFrom(ownTimes).Draw(t, name)
	}
	_, err := db.Exec(`
		INSERT INTO accounts (id, org_id, email, ext, "first name", last, title, work, home, plan, active, dept, boss, level, score, hired, badge, version, created_at, updated_at)
		VALUES ($1, 'acme', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		n, fmt.Sprintf("%s%d", rapid.SampledFrom(ownTexts[:26]).Draw(t, "email"), n), text("ext"), filled("first"), filled("last"), text("title"),
		text("work"), text("home"), maybe("plan", 1, 2), rapid.Bool().Draw(t, "active"), text("dept"), maybe("boss", 0, 1, 17), maybe("level", 0, 1, -3),
		rapid.SampledFrom([]float64{0, 1, -1.5, 0.1, 1e300}).Draw(t, "score"), at("hired"), maybe("badge", []byte{}, []byte{0, 255}, []byte("Mar")),
		rapid.Int64Range(1, 3).Draw(t, "version"), rapid.SampledFrom(ownTimes).Draw(t, "created"), rapid.SampledFrom(ownTimes).Draw(t, "updated"))
	require.NoError(t, err)
}

// ownPaths are the attributes of accounts that a column holds, with the operators for
// their types.
var ownPaths = []string{
	"id", "userName", "externalId", "name", "name.givenName", "name.familyName", "title", "active", "userType", "emails", "emails.value", "emails.type", "emails.primary",
	schema.EnterpriseUserURN + ":department", schema.EnterpriseUserURN + ":manager.value", hrURN + ":level", hrURN + ":score", hrURN + ":hired", hrURN + ":badge",
	"meta.created", "meta.lastModified", "meta.version",
}

func drawOwnTerm(t *rapid.T, typ *schema.Type, a *schema.Attr, name string) filter.Expression {
	e := &filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: name}}
	ops := []filter.CompareOperator{filter.EQ, filter.NE, filter.PR}
	var literal any
	switch a.Type {
	case schema.Boolean:
		literal = rapid.Bool().Draw(t, "literal")
	case schema.Binary:
		literal = rapid.SampledFrom([]string{"AP8=", "TWFy", ""}).Draw(t, "literal")
	case schema.Integer, schema.Decimal:
		literal = rapid.SampledFrom([]any{0, 1, -3, 2, 0.1, -1.5, 1e300}).Draw(t, "literal")
		ops = append(ops, filter.GT, filter.GE, filter.LT, filter.LE)
	case schema.DateTime:
		literal = rapid.SampledFrom(ownTimes).Draw(t, "literal").Add(rapid.SampledFrom([]time.Duration{0, 1, 1000}).Draw(t, "more")).Format(time.RFC3339Nano)
		ops = append(ops, filter.GT, filter.GE, filter.LT, filter.LE)
	default:
		literal = rapid.SampledFrom(slices.Concat(ownTexts, []string{"", "17", "1", "work", "HOME", `W/"1"`, `W/"2"`})).Draw(t, "literal")
		ops = append(ops, filter.GT, filter.GE, filter.LT, filter.LE, filter.CO, filter.SW, filter.EW)
	}
	if a.Type == schema.Complex {
		ops = []filter.CompareOperator{filter.PR}
	}
	e.Operator = rapid.SampledFrom(ops).Draw(t, "operator")
	if e.Operator != filter.PR && (e.Operator != filter.EQ && e.Operator != filter.NE || rapid.IntRange(0, 9).Draw(t, "null") > 0) {
		e.CompareValue = literal
	}
	return e
}

func drawOwnFilter(t *rapid.T, typ *schema.Type, depth int) filter.Expression {
	choice := rapid.IntRange(0, 9).Draw(t, "choice")
	switch {
	case depth > 0 && choice < 3:
		op := rapid.SampledFrom([]filter.LogicalOperator{filter.AND, filter.OR}).Draw(t, "join")
		return &filter.LogicalExpression{Left: drawOwnFilter(t, typ, depth-1), Right: drawOwnFilter(t, typ, depth-1), Operator: op}
	case depth > 0 && choice == 3:
		return &filter.NotExpression{Expression: drawOwnFilter(t, typ, depth-1)}
	case choice == 4:
		emails, _ := typ.Attr("emails")
		sub := rapid.SampledFrom([]string{"value", "type", "primary"}).Draw(t, "sub")
		other := rapid.SampledFrom([]string{"value", "type", "primary"}).Draw(t, "other")
		return &filter.ValuePath{AttributePath: filter.AttributePath{AttributeName: "emails"}, ValueFilter: &filter.LogicalExpression{
			Left: drawOwnTerm(t, typ, emails.SubAttr(sub), sub), Right: drawOwnTerm(t, typ, emails.SubAttr(other), other),
			Operator: rapid.SampledFrom([]filter.LogicalOperator{filter.AND, filter.OR}).Draw(t, "join"),
		}}
	}
	path := rapid.SampledFrom(ownPaths).Draw(t, "attribute")
	a, _ := typ.Attr(path)
	return drawOwnTerm(t, typ, a, path)
}

// ownRounds says how many rounds are run, per database; the default is for every day.
func ownRounds(t *testing.T) int {
	text := os.Getenv("MUSTER_SQL_ROUNDS")
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// TestOwnFilterIsMatch: on random rows of an application's table, with NULLs and texts
// that SQL does not fold, lists are what Filter.Match and scim.Compare say, in all pages.
// No filter on attributes that have a column is declined.
func TestOwnFilterIsMatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, accountDDL...)
		users := accountTable(t)
		accounts, err := sqlstore.Users(ctx, db, users, sqlstore.Table{Name: "accounts", Tenant: "org_id"}, sqlstore.Options{})
		require.NoError(t, err)
		store := mapping.UserStore(users, accounts)
		typ := users.SCIMType()
		matched, not := 0, 0
		property := func(t *rapid.T) {
			_, err := db.Exec("DELETE FROM accounts")
			require.NoError(t, err)
			for n := range rapid.IntRange(1, 6).Draw(t, "rows") {
				drawAccount(t, db, n+8)
			}
			all, err := store.ListUsers(ctx, acme, scim.Query{Count: 100})
			require.NoError(t, err)
			for range 5 {
				f, err := filter.Check(drawOwnFilter(t, typ, 3), typ, filter.Checking{KeepEmptyStrings: rapid.Bool().Draw(t, "keep")})
				if err != nil {
					continue
				}
				q := scim.Query{Filter: f, Count: 100}
				if rapid.Bool().Draw(t, "sorted") {
					q.SortBy, _ = typ.Attr(rapid.SampledFrom(ownPaths).Draw(t, "by"))
					q.Descending = rapid.Bool().Draw(t, "descending")
					if q.SortBy.Type == schema.Complex {
						q.SortBy = nil
					}
				}
				var want []*schema.Resource
				for _, r := range all.Resources {
					if f.Match(r) {
						want = append(want, r)
					}
				}
				matched, not = matched+len(want), not+len(all.Resources)-len(want)
				if q.SortBy != nil {
					slices.SortFunc(want, func(a, b *schema.Resource) int { return scim.Compare(a, b, q) })
				}
				page, err := store.ListUsers(ctx, acme, q)
				require.NoError(t, err, "%s", f)
				require.Equal(t, idsIn(want), idsIn(page.Resources), "%s by %v\n%s", f, q.SortBy, all.Resources)
				require.Equal(t, len(want), page.Total)
				require.Equal(t, idsIn(want), idsIn(walk(t, store, q)), "%s by %v, page by page\n%s", f, q.SortBy, all.Resources)
			}
		}
		for range (ownRounds(t) + 99) / 100 {
			rapid.Check(t, property)
		}
		t.Logf("%d matched, %d did not", matched, not)
	})
}

// walk reads all pages by key.
func walk(t require.TestingT, store scim.UserStore, q scim.Query) (all []*schema.Resource) {
	q.ByKey, q.Count = true, 2
	for {
		page, err := store.ListUsers(ctx, acme, q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Resources), 2)
		all = append(all, page.Resources...)
		if page.Next == "" {
			return all
		}
		q.After = page.Next
	}
}

func idsIn(all []*schema.Resource) []string {
	ids := []string{}
	for _, r := range all {
		ids = append(ids, r.ID())
	}
	return ids
}
