package mapping_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// write is put for a row that need not have been read before.
func write[T any](table *mapping.Table[T], v *T, old, next *schema.Resource) error {
	w := scim.Write{Old: old, New: next, Changed: next.Changed(old)}
	return table.Write(context.Background(), tenant, v, w)
}

// refused asserts a 400 invalidValue with words in its detail.
func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	e, ok := errors.AsType[*scim.Error](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, 400, e.Status)
	assert.Equal(t, schema.ScimTypeInvalidValue, e.Type)
	for _, w := range words {
		assert.Contains(t, e.Detail, w)
	}
}

func TestOneOf(t *testing.T) {
	table := tableOf(t, "text", func(f mapping.F[one[name], name]) mapping.F[one[name], name] { return f.OneOf("Premium", "Standard") })
	row := one[name]{V: "Standard"}
	refused(t, put(t, table, &row, `{"text":"Gold"}`), `text must be one of "Premium", "Standard".`)
	assert.Equal(t, name("Standard"), row.V)
	require.NoError(t, put(t, table, &row, `{"text":"premium"}`))
	assert.Equal(t, name("Premium"), row.V, "case does not count, so the spelling is the table's")
	require.NoError(t, put(t, table, &row, `{}`))
	assert.Equal(t, name(""), row.V)

	numbers := tableOf(t, "text", func(f mapping.F[one[int], int]) mapping.F[one[int], int] { return f.OneOf(1, 2) })
	refused(t, put(t, numbers, &one[int]{}, `{"text":"3"}`), `one of "1", "2"`)
	lists := tableOf(t, "items.value", func(f mapping.F[one[string], string]) mapping.F[one[string], string] { return f.OneOf("a").Split(",") })
	many := one[string]{}
	refused(t, put(t, lists, &many, `{"items":[{"value":"a"},{"value":"b"}]}`), `items.value must be "a".`)
	require.NoError(t, put(t, lists, &many, `{"items":[{"value":"a"}]}`))
}

func TestEnum(t *testing.T) {
	values := map[string]license{"Standard": standard, "Premium": premium}
	table := tableOf(t, "text", func(f mapping.F[one[license], license]) mapping.F[one[license], license] { return f.Enum(values) })
	row := one[license]{}
	assert.Equal(t, `"text":"Standard"`, shown(t, table, &row))
	require.NoError(t, put(t, table, &row, `{"text":"PREMIUM"}`))
	assert.Equal(t, premium, row.V)
	assert.Equal(t, `"text":"Premium"`, shown(t, table, &row))
	refused(t, put(t, table, &row, `{"text":"Gold"}`), `text must be one of "Premium", "Standard".`)
	require.NoError(t, put(t, table, &row, `{}`))
	assert.Equal(t, standard, row.V)
	_, err := table.Read(&one[license]{V: 7})
	assert.ErrorContains(t, err, "no text for the value 7")
	a, _ := table.SCIMType().Attr("text")
	assert.Equal(t, []string{"Premium", "Standard"}, a.Canonical)

	states := map[string]string{"true": "on", "false": "off"}
	flags := tableOf(t, "flag", func(f mapping.F[one[string], string]) mapping.F[one[string], string] { return f.Enum(states) })
	flag := one[string]{}
	assert.Equal(t, ``, shown(t, flags, &flag))
	require.NoError(t, put(t, flags, &flag, `{"flag":false}`))
	assert.Equal(t, "off", flag.V)
	assert.Equal(t, `"flag":false`, shown(t, flags, &flag))
}

func TestNot(t *testing.T) {
	table := tableOf(t, "flag", func(f mapping.F[one[bool], bool]) mapping.F[one[bool], bool] { return f.Not() })
	row := one[bool]{}
	assert.Equal(t, `"flag":true`, shown(t, table, &row))
	require.NoError(t, put(t, table, &row, `{"flag":false}`))
	assert.True(t, row.V)
	require.NoError(t, put(t, table, &row, `{"flag":true}`))
	assert.False(t, row.V)
	require.NoError(t, put(t, table, &row, `{}`))
	assert.Equal(t, `"flag":false`, shown(t, table, &row), "no value is false")

	pointers := tableOf(t, "flag", func(f mapping.F[one[*bool], *bool]) mapping.F[one[*bool], *bool] { return f.Not() })
	p := one[*bool]{}
	require.NoError(t, put(t, pointers, &p, `{"flag":false}`))
	assert.True(t, *p.V)
	require.NoError(t, put(t, pointers, &p, `{}`))
	assert.Nil(t, p.V)
}

// TestActive: whoever says nothing of active does not lock anybody out.
func TestActive(t *testing.T) {
	type user struct {
		ID       string `scim:"id"`
		Name     string `scim:"userName"`
		Active   bool   `scim:"active"`
		Disabled bool
		Maybe    *bool
		State    string
	}
	id := mapping.ID(func(u *user) *string { return &u.ID })
	userName := mapping.Field("userName", func(u *user) *string { return &u.Name })
	for name, c := range map[string]struct {
		active             mapping.Binding[user]
		created, suspended user
	}{
		"bool": {mapping.Field("active", func(u *user) *bool { return &u.Active }), user{Active: true}, user{}},
		"not":  {mapping.Field("active", func(u *user) *bool { return &u.Disabled }).Not(), user{}, user{Disabled: true}},
		"said": {mapping.Field("active", func(u *user) *bool { return &u.Active }).Default(false), user{}, user{}},
		"null": {mapping.Field("active", func(u *user) **bool { return &u.Maybe }), user{}, user{Maybe: ptr(false)}},
		"enum": {mapping.Field("active", func(u *user) *string { return &u.State }).Enum(map[string]string{"true": "live", "false": "gone"}), user{State: "live"}, user{State: "gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			table := must[user](t)(mapping.Users(id, userName, c.active))
			var row user
			require.NoError(t, write(table, &row, nil, decode(t, table.SCIMType(), `{"userName":"a"}`)))
			c.created.Name, c.suspended.Name = "a", "a"
			assert.Equal(t, c.created, row)
			require.NoError(t, put(t, table, &row, `{"userName":"a","active":false}`))
			assert.Equal(t, c.suspended, row)
			require.NoError(t, put(t, table, &row, `{"userName":"a"}`))
			assert.Equal(t, c.created, row)
		})
	}
}

func TestDefault(t *testing.T) {
	table := tableOf(t, "text", func(f mapping.F[one[string], string]) mapping.F[one[string], string] { return f.Default("none") })
	row := one[string]{}
	require.NoError(t, write(table, &row, nil, decode(t, table.SCIMType(), `{}`)))
	assert.Equal(t, "none", row.V)
	require.NoError(t, put(t, table, &row, `{"text":"x"}`))
	assert.Equal(t, "x", row.V)
	require.NoError(t, put(t, table, &row, `{}`))
	assert.Equal(t, "none", row.V)
}

func TestSplitAndJoin(t *testing.T) {
	split := tableOf(t, "texts", func(f mapping.F[one[string], string]) mapping.F[one[string], string] { return f.Split(";") })
	row := one[string]{V: " a; ;b"}
	assert.Equal(t, `"texts":["a","b"]`, shown(t, split, &row))
	require.NoError(t, put(t, split, &row, `{"texts":["x","y","z"]}`))
	assert.Equal(t, "x;y;z", row.V)
	refused(t, put(t, split, &row, `{"texts":["x;y"]}`), `texts must not have ";" in a value`)
	require.NoError(t, put(t, split, &row, `{}`))
	assert.Equal(t, "", row.V)

	join := tableOf(t, "text", func(f mapping.F[one[names], names]) mapping.F[one[names], names] { return f.Join(",") })
	list := one[names]{V: names{"a", "b"}}
	assert.Equal(t, `"text":"a,b"`, shown(t, join, &list))
	require.NoError(t, put(t, join, &list, `{"text":"x, y,,z"}`))
	assert.Equal(t, names{"x", "y", "z"}, list.V)
	require.NoError(t, put(t, join, &list, `{}`))
	assert.Nil(t, list.V)
	_, err := join.Read(&one[names]{V: names{"a,b"}})
	assert.ErrorContains(t, err, `","`)
}

func TestCheck(t *testing.T) {
	boom := errors.New("the database is gone")
	table := must[account](t)(mapping.Users(
		mapping.ID(func(a *account) *int64 { return &a.ID }),
		mapping.Field("userName", func(a *account) *string { return &a.Email }).Check(func(v string) error {
			if !strings.Contains(v, "@") {
				return errors.New("must be an e-mail address")
			}
			return nil
		}).Check(func(v string) error {
			if strings.HasSuffix(v, ".invalid") {
				return scim.Forbidden("This domain is not yours.")
			}
			return nil
		}),
		mapping.Field(folderURN+":folders", func(a *account) *[]string { return &a.Roles }).CheckContext(func(_ context.Context, t scim.Tenant, v []string) error {
			switch v[0] {
			case "broken":
				return boom
			case "unknown":
				return scim.Invalid(folderURN+":folders", "has folders that %s does not know: %q.", t, v)
			}
			return nil
		}),
		mapping.Func("title", func(a *account) string { return a.Work }, func(a *account, v string) error {
			if v == "King" {
				return errors.New("is not given here")
			}
			a.Work = v
			return nil
		}),
	))
	row := account{Email: "a@x", Login: "own"}
	refused(t, put(t, table, &row, `{"userName":"ann"}`), "userName must be an e-mail address.")
	err := put(t, table, &row, `{"userName":"ann@x.invalid"}`)
	e, ok := errors.AsType[*scim.Error](err)
	require.True(t, ok)
	assert.Equal(t, 403, e.Status)
	refused(t, put(t, table, &row, `{"userName":"ann","`+folderURN+`":{"folders":["unknown"]}}`),
		"userName must be an e-mail address.", `folders that acme does not know: ["unknown"].`)
	assert.ErrorIs(t, put(t, table, &row, `{"userName":"ann","`+folderURN+`":{"folders":["broken"]}}`), boom)
	refused(t, put(t, table, &row, `{"userName":"a@x","title":"King"}`), "title is not given here.")
	assert.Equal(t, account{Email: "a@x", Login: "own"}, row)
	require.NoError(t, put(t, table, &row, `{"userName":"b@x","title":"Boss","`+folderURN+`":{"folders":["f"]}}`))
	assert.Equal(t, account{Email: "b@x", Login: "own", Work: "Boss", Roles: []string{"f"}}, row)
}

// TestRequired: what the schema can't demand the table does.
func TestRequired(t *testing.T) {
	table := must[account](t)(mapping.Users(
		mapping.ID(func(a *account) *int64 { return &a.ID }),
		mapping.Field("userName", func(a *account) *string { return &a.Email }),
		mapping.Field("externalId", func(a *account) **string { return &a.Ext }).Required(),
		mapping.Field(`phoneNumbers[type eq "work"].value`, func(a *account) *string { return &a.Work }).Required(),
		mapping.Field(`phoneNumbers[type eq "mobile"].value`, func(a *account) *string { return &a.Mobile }),
	))
	var row account
	refused(t, write(table, &row, nil, decode(t, table.SCIMType(), `{"userName":"a","phoneNumbers":[{"type":"mobile","value":"1"}]}`)),
		"externalId is required.", `phoneNumbers[type eq "work"].value is required.`)
	full := `{"userName":"a","externalId":"e","phoneNumbers":[{"type":"work","value":"1"}]}`
	require.NoError(t, write(table, &row, nil, decode(t, table.SCIMType(), full)))
	refused(t, put(t, table, &row, `{"userName":"a"}`), "externalId is required.", "is required.")
	assert.Equal(t, "e", *row.Ext)
}

func TestReadOnly(t *testing.T) {
	table := must[account](t)(mapping.Users(
		mapping.ID(func(a *account) *int64 { return &a.ID }),
		mapping.Field("userName", func(a *account) *string { return &a.Email }),
		mapping.Field("name.familyName", func(a *account) *string { return &a.Last }).ReadOnly(),
		mapping.Field("name.givenName", func(a *account) *string { return &a.First }),
		mapping.Func("name.formatted", func(a *account) string { return strings.TrimSpace(a.First + " " + a.Last) }, nil),
	))
	row := account{Email: "a", First: "Ann", Last: "Lee"}
	r, err := table.Read(&row)
	require.NoError(t, err)
	assert.Equal(t, "Ann Lee", r.Get("name.formatted").String())
	next, err := r.Edit().Set("name", map[string]any{"givenName": "Bea", "familyName": "Ray", "formatted": "x"}).Build()
	require.NoError(t, err)
	require.NoError(t, write(table, &row, r, next))
	assert.Equal(t, account{Email: "a", First: "Bea", Last: "Lee"}, row)
	for path, want := range map[string]schema.Mutability{"name": schema.ReadWrite, "name.familyName": schema.ReadOnly, "name.formatted": schema.ReadOnly, "name.givenName": schema.ReadWrite} {
		a, ok := table.SCIMType().Attr(path)
		require.True(t, ok)
		assert.Equal(t, want, a.Mutability, path)
	}
}

func TestConstant(t *testing.T) {
	const vendor = "urn:ietf:params:scim:schemas:extension:tim:2.0:User:vendor"
	table := must[account](t)(mapping.Users(
		mapping.ID(func(a *account) *int64 { return &a.ID }),
		mapping.Field("userName", func(a *account) *string { return &a.Email }),
		mapping.Constant[account](vendor, "TIM").Required(),
	))
	var row account
	refused(t, write(table, &row, nil, decode(t, table.SCIMType(), `{"userName":"a"}`)), vendor+" is required.")
	refused(t, write(table, &row, nil, decode(t, table.SCIMType(), `{"userName":"a","`+vendor[:len(vendor)-7]+`":{"vendor":"TAM"}}`)), vendor+` must be "TIM".`)
	require.NoError(t, write(table, &row, nil, decode(t, table.SCIMType(), `{"userName":"a","`+vendor[:len(vendor)-7]+`":{"vendor":"TIM"}}`)))
	assert.Equal(t, `"userName":"a","`+vendor[:len(vendor)-7]+`":{"vendor":"TIM"}`, shown(t, table, &row))
	refused(t, put(t, table, &row, `{"userName":"a"}`), vendor+" is required.")
	assert.Error(t, table.SCIMType().Validate(decode(t, table.SCIMType(), `{"userName":"a"}`)), "clients must send it")

	optional := must[account](t)(mapping.Users(
		mapping.ID(func(a *account) *int64 { return &a.ID }),
		mapping.Field("userName", func(a *account) *string { return &a.Email }),
		mapping.Constant[account]("urn:x:Own:version", 3),
	))
	require.NoError(t, put(t, optional, &row, `{"userName":"b"}`), "nobody has to send it")
	assert.Equal(t, `"userName":"b","urn:x:Own":{"version":3}`, shown(t, optional, &row))
}

// TestNoPlace: a binding may say that a row has no such field.
func TestNoPlace(t *testing.T) {
	type profile struct{ City string }
	type user struct {
		ID, Name string
		Profile  *profile
	}
	table := must[user](t)(mapping.Users(
		mapping.ID(func(u *user) *string { return &u.ID }),
		mapping.Field("userName", func(u *user) *string { return &u.Name }),
		mapping.Field("locale", func(u *user) *string {
			if u.Profile == nil {
				return nil
			}
			return &u.Profile.City
		}),
	))
	row := user{Name: "a"}
	assert.Equal(t, `"userName":"a"`, shown(t, table, &row))
	err := put(t, table, &row, `{"userName":"a","locale":"x"}`)
	assert.ErrorContains(t, err, "locale")
	assert.ErrorContains(t, err, "no place")
	row.Profile = &profile{}
	require.NoError(t, put(t, table, &row, `{"userName":"a","locale":"x"}`))
	assert.Equal(t, "x", row.Profile.City)
}

func TestSpecialFields(t *testing.T) {
	type doc struct {
		ID      string
		Name    string
		Version int64
		Created time.Time
		Updated *time.Time
		Owner   string
	}
	table := must[doc](t)(mapping.Users(
		mapping.ID(func(d *doc) *string { return &d.ID }).Prefix("u-"),
		mapping.Field("userName", func(d *doc) *string { return &d.Name }),
		mapping.CountedVersion(func(d *doc) *int64 { return &d.Version }),
		mapping.Created(func(d *doc) *time.Time { return &d.Created }),
		mapping.Modified(func(d *doc) **time.Time { return &d.Updated }),
		mapping.OnCreate(func(d *doc) error { d.Owner = d.Name + "!"; return nil }),
		mapping.OnCreate(func(d *doc) error { d.Owner += "!"; return nil }),
	))
	var row doc
	require.NoError(t, write(table, &row, nil, decode(t, table.SCIMType(), `{"userName":"a"}`)))
	require.NoError(t, table.SetID(&row, "u-1"))
	assert.ErrorContains(t, table.SetID(&row, "1"), `must begin with "u-"`)
	assert.Equal(t, "1", row.ID)
	assert.Equal(t, "a!!", row.Owner)
	assert.Equal(t, int64(1), row.Version)
	assert.Equal(t, row.Created, *row.Updated)
	r, err := table.Read(&row)
	require.NoError(t, err)
	assert.Equal(t, "u-1", r.ID())
	assert.Equal(t, schema.Meta{Created: row.Created, LastModified: *row.Updated, Version: "1"}, r.Meta())

	before := *row.Updated
	require.NoError(t, put(t, table, &row, `{"userName":"b"}`))
	assert.Equal(t, int64(2), row.Version)
	assert.True(t, row.Updated.After(before))
	assert.Equal(t, "a!!", row.Owner, "OnCreate is for new rows")
	future := time.Now().Add(time.Hour).Truncate(time.Microsecond)
	row.Updated = &future
	require.NoError(t, put(t, table, &row, `{"userName":"c"}`))
	assert.True(t, future.Add(time.Microsecond).Equal(*row.Updated), "times only go on")

	for id, want := range map[string]string{"u-1": "1", "1": "", "u-": "", "v-1": ""} {
		key, ok := table.Key(id)
		assert.Equal(t, want, key)
		assert.Equal(t, want != "", ok)
	}
	numbers := accountTable(t)
	for id, want := range map[string]string{"7": "7", "007": "", "x": "", "": "", "-1": "-1", "99999999999999999999": "", "7 ": ""} {
		key, _ := numbers.Key(id)
		assert.Equal(t, want, key, id)
	}
}

// TestOnCreateFails: the application can refuse a new row.
func TestOnCreateFails(t *testing.T) {
	refuse := errors.New("no seats left")
	table := accountTable(t, mapping.OnCreate(func(*account) error { return refuse }))
	assert.ErrorIs(t, write(table, &account{}, nil, decode(t, table.SCIMType(), `{"userName":"a"}`)), refuse)
	hash := mapping.Password(func(*account, schema.Secret) error { return refuse })
	passwords := must[account](t)(mapping.Users(
		mapping.ID(func(a *account) *int64 { return &a.ID }), mapping.Field("userName", func(a *account) *string { return &a.Email }), hash))
	r := decode(t, passwords.SCIMType(), `{"userName":"a"}`)
	err := passwords.Write(context.Background(), tenant, &account{}, scim.Write{New: r, Password: schema.NewSecret("x")})
	assert.ErrorIs(t, err, refuse)
}

// TestForeignType: resources of another type would look empty.
func TestForeignType(t *testing.T) {
	one, other := accountTable(t), accountTable(t)
	r := decode(t, other.SCIMType(), `{"userName":"a"}`)
	assert.ErrorContains(t, write(one, &account{}, nil, r), "SCIMType")
}
