package mapping_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// fixture is a store over twelve users, u00 to u11, of whom every third is premium.
type fixture struct {
	t     testing.TB
	repo  *repo[account]
	store scim.UserStore
	log   *bytes.Buffer
	ids   []string
}

func newFixture(t testing.TB, n int) *fixture {
	t.Helper()
	f := &fixture{t: t, repo: accountRepo(accountTable(t)), log: &bytes.Buffer{}}
	f.store = mapping.UserStore(f.repo.table, f.repo, mapping.WithLogger(slog.New(slog.NewTextHandler(f.log, nil))))
	for i := range n {
		kind := []string{"Premium", "Standard", "Standard"}[i%3]
		doc := fmt.Sprintf(`{"userName":"u%02d","userType":%q,"name":{"familyName":"F%d"}}`, i, kind, i%5)
		r, err := f.store.CreateUser(t.Context(), tenant, scim.Write{New: decode(t, f.repo.table.SCIMType(), doc)})
		require.NoError(t, err)
		f.ids = append(f.ids, r.ID())
	}
	return f
}

func (f *fixture) query(text string) scim.Query {
	f.t.Helper()
	q := scim.Query{StartIndex: 1, Count: 100}
	if text == "" {
		return q
	}
	e, err := filter.Parse(text, filter.Leniency{})
	require.NoError(f.t, err)
	q.Filter, err = filter.Check(e, f.repo.table.SCIMType(), filter.Checking{})
	require.NoError(f.t, err)
	return q
}

// list returns the userNames of a page, and the total.
func (f *fixture) list(q scim.Query) ([]string, int) {
	f.t.Helper()
	f.repo.lists, f.repo.gets = nil, 0
	page, err := f.store.ListUsers(f.t.Context(), tenant, q)
	require.NoError(f.t, err)
	return userNames(page.Resources), page.Total
}

func userNames(resources []*schema.Resource) []string {
	var names []string
	for _, r := range resources {
		names = append(names, schema.AsUser(r).UserName())
	}
	return names
}

// TestListEverything: a repository that can do nothing but list all its rows, in
// another order each time, gives right answers.
func TestListEverything(t *testing.T) {
	f := newFixture(t, 12)
	all, total := f.list(f.query(""))
	assert.Equal(t, 12, total)
	assert.Equal(t, "u00 u01 u02 u03 u04 u05 u06 u07 u08 u09 u10 u11", strings.Join(all, " "), "in the order of creation")
	for range 5 {
		var paged []string
		for start := 1; start <= 12; start += 5 {
			q := f.query("")
			q.StartIndex, q.Count = start, 5
			page, total := f.list(q)
			assert.Equal(t, 12, total)
			paged = append(paged, page...)
		}
		assert.Equal(t, all, paged, "pages fit together")
	}
	for text, want := range map[string]string{
		`userName eq "U07"`:                                            "u07",
		`userName eq "nobody"`:                                         "",
		`userType eq "premium" and userName gt "u03"`:                  "u06 u09",
		`not (userType eq "Standard")`:                                 "u00 u03 u06 u09",
		`name.familyName eq "F1" or userName eq "u00"`:                 "u00 u01 u06 u11",
		`active eq false`:                                              "",
		`phoneNumbers pr`:                                              "",
		`meta.created gt "2001-01-01T00:00:00Z" and userName lt "u02"`: "u00 u01",
	} {
		names, total := f.list(f.query(text))
		assert.Equal(t, want, strings.Join(names, " "), text)
		assert.Equal(t, len(strings.Fields(want)), total, text)
	}
	q := f.query(`userType eq "Standard"`)
	q.SortBy, _ = f.repo.table.SCIMType().Attr("name.familyName")
	q.Descending, q.StartIndex, q.Count = true, 2, 3
	names, total := f.list(q)
	assert.Equal(t, "u08 u02 u07", strings.Join(names, " "))
	assert.Equal(t, 8, total)
	q = f.query("")
	q.Count = 0
	names, total = f.list(q)
	assert.Empty(t, names)
	assert.Equal(t, 12, total)
	q.StartIndex, q.Count = 13, 5
	names, _ = f.list(q)
	assert.Empty(t, names)
	assert.Empty(t, f.log.String(), "twelve rows are not worth a word")
}

// TestByID: a single id is got, not listed.
func TestByID(t *testing.T) {
	f := newFixture(t, 12)
	for _, text := range []string{`id eq "%s"`, `id eq "%s" and userType eq "Premium"`, `userName eq "u03" and id eq "%s"`} {
		names, total := f.list(f.query(fmt.Sprintf(text, f.ids[3])))
		assert.Equal(t, []string{"u03"}, names)
		assert.Equal(t, 1, total)
		assert.Empty(t, f.repo.lists)
		assert.Equal(t, 1, f.repo.gets)
	}
	names, total := f.list(f.query(`id eq "` + f.ids[3] + `" and userType eq "Standard"`))
	assert.Empty(t, names)
	assert.Zero(t, total)
	names, _ = f.list(f.query(`id eq "x"`))
	assert.Empty(t, names)
	assert.Zero(t, f.repo.gets, "x is no key")

	q := f.query("")
	q.IDs = []string{f.ids[2], "x", f.ids[1], f.ids[2]}
	names, total = f.list(q)
	assert.Equal(t, []string{"u01", "u02"}, names)
	assert.Equal(t, 2, total)
	require.Len(t, f.repo.lists, 1)
	assert.Equal(t, []string{f.ids[2], f.ids[1], f.ids[2]}, f.repo.lists[0].IDs)
	q.IDs = []string{}
	names, _ = f.list(q)
	assert.Empty(t, names, "no ids, not all")
	f.repo.find = func([]*account, mapping.Query) (mapping.Rows[account], error) {
		return mapping.Rows[account]{}, fmt.Errorf("ids: %w", scim.ErrNotImplemented)
	}
	q.IDs = []string{f.ids[2], f.ids[0]}
	names, _ = f.list(q)
	assert.Equal(t, []string{"u00", "u02"}, names, "what can't be listed is got one by one")
}

// TestPushDown: a repository looks up what it has an index for.
func TestPushDown(t *testing.T) {
	f := newFixture(t, 12)
	f.repo.find = func(all []*account, q mapping.Query) (mapping.Rows[account], error) {
		slices.SortFunc(all, func(a, b *account) int { return strings.Compare(a.Email, b.Email) })
		if name, ok := q.Equal("userName"); ok {
			all = slices.DeleteFunc(all, func(a *account) bool { return schema.FoldUserName(a.Email) != name })
			return mapping.Candidates(all), nil
		}
		if q.IsAll() {
			from := min(q.Offset(), len(all))
			return mapping.Exact(all[from:min(from+q.Count, len(all))], len(all)), nil
		}
		return mapping.Rows[account]{}, scim.ErrNotImplemented
	}
	names, total := f.list(f.query(`userType eq "Premium" and userName eq "U03"`))
	assert.Equal(t, []string{"u03"}, names)
	assert.Equal(t, 1, total)
	names, total = f.list(f.query(`userName eq "u04" and userType eq "Premium"`))
	assert.Empty(t, names, "what is found is held against the whole filter")
	assert.Zero(t, total)
	q := f.query("")
	q.StartIndex, q.Count = 3, 2
	names, total = f.list(q)
	assert.Equal(t, []string{"u02", "u03"}, names)
	assert.Equal(t, 12, total)
	_, err := f.store.ListUsers(t.Context(), tenant, f.query(`userType eq "Premium"`))
	assert.ErrorIs(t, err, scim.ErrNotImplemented, "package scim does the rest")
}

func TestEqual(t *testing.T) {
	f := newFixture(t, 0)
	for _, c := range []struct{ text, path, want string }{
		{`userName eq "Ann"`, "userName", "ann"},
		{`userName eq "Ann"`, "USERNAME", "ann"},
		{`userName eq "Ann"`, "externalId", "-"},
		{`userName eq "Ann"`, "unknown", "-"},
		{`externalId eq "Ex" and userName eq "Ann"`, "externalId", "Ex"},
		{`externalId eq "Ex" and userName eq "Ann"`, "userName", "ann"},
		{`externalId eq "Ex" or userName eq "Ann"`, "userName", "-"},
		{`not (userName eq "Ann")`, "userName", "-"},
		{`userName sw "Ann"`, "userName", "-"},
		{`phoneNumbers[type eq "work" and value eq "1"]`, "phoneNumbers.value", "1"},
		{enterpriseURN + `:department eq "Legal"`, enterpriseURN + ":department", "legal"},
	} {
		text, ok := mapping.Query{Query: f.query(c.text)}.Equal(c.path)
		assert.Equal(t, c.want != "-", ok, c.text)
		if ok {
			assert.Equal(t, c.want, text, c.text)
		}
	}
	_, ok := mapping.Query{}.Equal("userName")
	assert.False(t, ok)
}

// TestHint: the log says once, without values, that a repository reads too much.
func TestHint(t *testing.T) {
	f := newFixture(t, 120)
	f.list(f.query(""))
	assert.Empty(t, f.log.String(), "all that is read is shown")
	names, _ := f.list(f.query(`userName eq "secret"`))
	assert.Empty(t, names)
	f.list(f.query(`userName eq "secret"`))
	assert.Equal(t, 1, strings.Count(f.log.String(), "\n"), f.log)
	assert.Contains(t, f.log.String(), "rows=120 used=0")
	assert.Contains(t, f.log.String(), `filter="userName eq"`)
	assert.NotContains(t, f.log.String(), "secret")
}

// TestWrongRepositories: what a repository must not do is an error rather than a wrong
// answer.
func TestWrongRepositories(t *testing.T) {
	f := newFixture(t, 5)
	list := func(q scim.Query) error {
		_, err := f.store.ListUsers(t.Context(), tenant, q)
		return err
	}
	q := f.query("")
	q.Count = 2
	f.repo.find = func(all []*account, _ mapping.Query) (mapping.Rows[account], error) {
		return mapping.Exact(all, len(all)), nil
	}
	assert.ErrorContains(t, list(q), "calls 5 rows exact where 2 were asked for")
	require.NoError(t, f.store.(scim.UserTrash).HideUser(t.Context(), tenant, f.ids[0], ""))
	assert.ErrorContains(t, list(f.query("")), "Query.Hidden")
	f.repo.find = func([]*account, mapping.Query) (mapping.Rows[account], error) {
		return mapping.Rows[account]{}, scim.Unsupported("userName eq")
	}
	assert.ErrorContains(t, list(f.query(`active eq true`)), "Supported are: userName eq.")
	f.repo.find = func(all []*account, _ mapping.Query) (mapping.Rows[account], error) {
		return mapping.Candidates(append(all, append(all, nil)...)), nil
	}
	names, total := f.list(f.query(""))
	assert.Len(t, names, 4, "rows that are listed twice are one")
	assert.Equal(t, 4, total)

	other := newFixture(t, 0)
	assert.ErrorContains(t, list(other.query(`userName eq "x"`)), "another resource type")
	q = f.query("")
	q.SortBy, _ = other.repo.table.SCIMType().Attr("userName")
	assert.ErrorContains(t, list(q), "another resource type")
	assert.ErrorIs(t, list(f.query(`groups.value eq "g"`)), scim.ErrNotImplemented)
	f.repo.find = nil
	f.repo.rows[tenant]["9"] = account{ID: 9, Email: "\xff"}
	assert.ErrorContains(t, list(f.query("")), `User "9"`)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	many := newFixture(t, 1100)
	_, err := many.store.ListUsers(ctx, tenant, many.query(`phoneNumbers pr or active eq true`))
	assert.ErrorIs(t, err, context.Canceled)
}

// cursorRepo says that it lists by key.
type cursorRepo struct{ *repo[account] }

func (cursorRepo) ListsByKey() bool { return true }

// TestByKey: with one method more, a repository that lists everything can be paged by
// key.
func TestByKey(t *testing.T) {
	f := newFixture(t, 12)
	lists, ok := f.store.(scim.CursorLister)
	require.True(t, ok)
	assert.False(t, lists.ListsByKey())
	f.store = mapping.UserStore(f.repo.table, mapping.Repository[account](cursorRepo{f.repo}))
	assert.True(t, f.store.(scim.CursorLister).ListsByKey())
	var names []string
	q := f.query(`userType eq "Standard"`)
	q.ByKey, q.Count = true, 3
	for {
		page, err := f.store.ListUsers(t.Context(), tenant, q)
		require.NoError(t, err)
		names = append(names, userNames(page.Resources)...)
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	assert.Len(t, names, 8)
	slices.Sort(names)
	assert.Len(t, slices.Compact(names), 8)
}
