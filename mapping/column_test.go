package mapping_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
)

// echo is a database whose only answer is one row with the arguments of the query.
type echo struct{}

func (echo) Connect(context.Context) (driver.Conn, error) { return echo{}, nil }
func (echo) Driver() driver.Driver                        { return nil }
func (echo) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("not here") }
func (echo) Begin() (driver.Tx, error)                    { return nil, errors.New("not here") }
func (echo) Close() error                                 { return nil }
func (echo) QueryContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	return &echoed{args: args}, nil
}

type echoed struct {
	args []driver.NamedValue
	done bool
}

func (e *echoed) Columns() []string { return make([]string, len(e.args)) }
func (e *echoed) Close() error      { return nil }
func (e *echoed) Next(dest []driver.Value) error {
	if e.done {
		return io.EOF
	}
	for i, a := range e.args {
		dest[i] = a.Value
	}
	e.done = true
	return nil
}

// through sends a row to the database and back.
func through[T any](t testing.TB, table *mapping.Table[T], v *T) T {
	t.Helper()
	db := sql.OpenDB(echo{})
	defer db.Close()
	_, fields := table.Scan()
	var back T
	require.NoError(t, db.QueryRow("echo", fields(v)...).Scan(fields(&back)...))
	return back
}

// TestScan: what a row is stored as is what it is read from.
func TestScan(t *testing.T) {
	table := accountTable(t)
	columns, _ := table.Scan()
	assert.Equal(t, "id deleted_at email ext first last work mobile kind disabled dept boss roles folders meta", strings.Join(columns, " "))
	row := account{ID: 7, Email: "a", Ext: ptr("e"), First: "A", Work: "1", Kind: premium, Disabled: true, Boss: 3,
		Roles: []string{"x", "y"}, Folders: "f;g", Meta: map[string]string{"k": "v"}, Deleted: time.Now().UTC().Round(0)}
	assert.Equal(t, row, through(t, table, &row))
	assert.Equal(t, account{}, through(t, table, &account{}))

	type other struct {
		ID    string            `scim:"id,column=id"`
		Name  string            `scim:"userName,column=name"`
		Mails []item            `scim:"emails,column=mails"`
		Rest  string            `scim:",rest,column=rest"`
		Any   map[string]string `scim:"urn:x:M:*,column=any"`
		At    sql.NullTime      `scim:"meta.created,column=at"`
		Part  *struct {
			Title string `scim:"title,column=title"`
		} `scim:",inline"`
		Code string
	}
	computed := mapping.Func("nickName", func(o *other) string { return "<" + o.Code + ">" }, func(o *other, v string) error {
		o.Code = strings.Trim(v, "<>")
		return nil
	}).Column("code")
	tagged := must[other](t)(mapping.Users(mapping.Tags[other](computed)...))
	o := other{ID: "1", Name: "n", Mails: []item{{Key: 5, Value: "v"}}, Rest: `{"locale":"x"}`, Any: map[string]string{"k": "v"}, Code: "c"}
	back := through(t, tagged, &o)
	o.Part = back.Part
	require.NotNil(t, back.Part, "there is a column in it")
	assert.Equal(t, o, back)
	assert.Equal(t, other{Part: back.Part}, func() other { o := through(t, tagged, &other{}); o.Part = back.Part; return o }())
}

func TestColumns(t *testing.T) {
	table := accountTable(t)
	byName := map[string]mapping.Column{}
	for _, c := range table.Columns() {
		byName[c.Name] = c
	}
	a, _ := table.SCIMType().Attr("userName")
	c, ok := table.ColumnOf(a)
	require.True(t, ok)
	assert.Equal(t, "email", c.Name)
	assert.True(t, c.Unique)
	assert.False(t, c.Transformed)
	a, _ = table.SCIMType().Attr("id")
	c, ok = table.ColumnOf(a)
	require.True(t, ok)
	assert.Equal(t, "id", c.Name)
	a, _ = table.SCIMType().Attr("meta.created")
	_, ok = table.ColumnOf(a)
	assert.False(t, ok, "it has no column")
	a, _ = table.SCIMType().Attr("phoneNumbers.value")
	_, ok = table.ColumnOf(a)
	assert.False(t, ok, "there are two for parts of the list")

	assert.Equal(t, `phoneNumbers[type eq "work"].value`, byName["work"].Path)
	require.Len(t, byName["work"].Where, 1)
	assert.Equal(t, "work", byName["work"].Where[0].Value.String())
	assert.True(t, byName["deleted_at"].Deleted)
	assert.Empty(t, byName["deleted_at"].Path)
	assert.True(t, byName["roles"].List)
	assert.Equal(t, metadataURN, byName["meta"].Path)

	arg := func(name string, v any) any {
		t.Helper()
		value, err := byName[name].Attr.Make(v)
		require.NoError(t, err)
		got, err := byName[name].Arg(value)
		require.NoError(t, err)
		return got
	}
	assert.Equal(t, "Ann", arg("email", "Ann"))
	assert.Equal(t, true, arg("disabled", false))
	assert.Equal(t, premium, arg("kind", "Premium"))
	assert.Equal(t, int64(7), arg("id", "7"))
	assert.Equal(t, ptr("e"), arg("ext", "e"))
	assert.True(t, byName["disabled"].Transformed)
	assert.True(t, byName["kind"].Transformed)
	value, _ := byName["kind"].Attr.Make("Gold")
	_, err := byName["kind"].Arg(value)
	assert.ErrorContains(t, err, "must be one of")
	value, _ = byName["id"].Attr.Make("x")
	_, err = byName["id"].Arg(value)
	assert.ErrorContains(t, err, "whole number")
	_, err = byName["roles"].Arg(value)
	assert.ErrorContains(t, err, "no single value")
}
