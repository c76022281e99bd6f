package mapping_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
)

type fullName struct {
	Given  string `scim:"givenName,column=first"`
	Family string `scim:"familyName"`
}

type employment struct {
	Number string `scim:"employeeNumber"`
	Boss   *boss  `scim:"manager"`
}

type boss struct {
	ID int `scim:"value"`
}

// Stamps is embedded, as many applications do.
type Stamps struct {
	CreatedAt time.Time `scim:"meta.created"`
	UpdatedAt time.Time `scim:"meta.lastModified"`
	hidden    int
}

type address struct {
	Type, Locality string
	Zip            string `scim:"postalCode"`
	Geo            float64
}

type tagged struct {
	Stamps
	ID       int64           `scim:"id,column=id,prefix=u"`
	Email    string          `scim:"userName,unique,required,column=email"`
	Name     fullName        `scim:"name"`
	Job      *employment     `scim:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	More     extras          `scim:",inline"`
	Phone    string          `scim:"phoneNumbers[type eq \"work\"].value,column=phone"`
	Fax      string          `scim:"phoneNumbers[type eq \"fax, old\" and display eq \"a]b\"].value"`
	Disabled bool            `scim:"active,not,column=disabled"`
	Kind     string          `scim:"userType,oneof=Staff|Guest"`
	Tags     string          `scim:"urn:x:Own:tags,split=\",\""`
	Homes    []address       `scim:"addresses"`
	Labels   map[string]name `scim:"-"`
	Own      string
	Locked   string `scim:"title,readonly"`
	Once     string `scim:"nickName,immutable"`
	Counter  int    `scim:"meta.version,counted"`
	Any      stringMap
	Open     stringMap    `scim:"urn:x:Meta:*,column=meta"`
	Gone     sql.NullTime `scim:",deleted"`
}

type stringMap map[string]string

type extras struct {
	Ext   sql.NullString `scim:"externalId,column=ext"`
	Shown *string        `scim:"displayName"`
}

// TestTags: the table of a struct with every kind of tag.
func TestTags(t *testing.T) {
	table := must[tagged](t)(mapping.Users(mapping.Tags[tagged](mapping.OnCreate(func(u *tagged) error { u.Own = "new"; return nil }))...))
	doc := `{"userName":"a","name":{"familyName":"Lee","givenName":"Ann"},"externalId":"e","displayName":"A L","active":false,
		"userType":"Staff","nickName":"An","addresses":[{"type":"home","locality":"Ulm","postalCode":"89073"}],
		"phoneNumbers":[{"type":"work","value":"1"},{"type":"fax, old","value":"2"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"n","manager":{"value":"7"}},
		"urn:x:Own":{"tags":["a","b"]},"urn:x:Meta":{"k":"v"}}`
	var row tagged
	require.NoError(t, write(table, &row, nil, decode(t, table.SCIMType(), doc)))
	require.NoError(t, table.SetID(&row, "u5"))
	stamps := row.Stamps
	assert.False(t, stamps.CreatedAt.IsZero())
	shown := "A L"
	want := tagged{
		Stamps: stamps, ID: 5, Email: "a", Name: fullName{"Ann", "Lee"}, Job: &employment{"n", &boss{7}},
		More:  extras{sql.NullString{String: "e", Valid: true}, &shown},
		Phone: "1", Fax: "2", Disabled: true, Kind: "Staff", Tags: "a,b", Homes: []address{{Type: "home", Locality: "Ulm", Zip: "89073"}},
		Own: "new", Once: "An", Counter: 1, Open: stringMap{"k": "v"},
	}
	assert.Equal(t, want, row)
	r, err := table.Read(&row)
	require.NoError(t, err)
	assert.Equal(t, "u5", r.ID())
	assert.Equal(t, "1", r.Meta().Version)
	assert.True(t, r.Meta().LastModified.Equal(row.UpdatedAt))

	again := tagged{}
	require.NoError(t, write(table, &again, nil, r))
	again.ID, again.Stamps = row.ID, row.Stamps
	assert.Equal(t, row, again)

	refused(t, write(table, &tagged{}, nil, decode(t, table.SCIMType(), `{"userName":"a","userType":"King"}`)), `userType must be one of "Staff", "Guest".`)
	for path, want := range map[string]schema.Mutability{"title": schema.ReadOnly, "nickName": schema.Immutable} {
		a, _ := table.SCIMType().Attr(path)
		assert.Equal(t, want, a.Mutability)
	}
}

// TestTagsBehindPointers: a struct behind a nil pointer is unassigned, and writing to
// one makes a new one.
func TestTagsBehindPointers(t *testing.T) {
	table := must[tagged](t)(mapping.Users(mapping.Tags[tagged]()...))
	row := tagged{Email: "a"}
	require.NoError(t, put(t, table, &row, `{"userName":"b"}`))
	assert.Nil(t, row.Job, "reading and writing something else makes nothing")

	require.NoError(t, put(t, table, &row, `{"userName":"b","`+enterpriseURN+`":{"employeeNumber":"1"}}`))
	assert.Equal(t, &employment{Number: "1"}, row.Job)
	copied := row
	require.NoError(t, put(t, table, &row, `{"userName":"b","`+enterpriseURN+`":{"employeeNumber":"2","manager":{"value":"3"}}}`))
	assert.Equal(t, &employment{Number: "2", Boss: &boss{3}}, row.Job)
	assert.Equal(t, &employment{Number: "1"}, copied.Job, "a copy of the row shares nothing that is written")
	require.NoError(t, put(t, table, &row, `{"userName":"b"}`))
	assert.Equal(t, &employment{Boss: &boss{}}, row.Job)
	assert.NotContains(t, shown(t, table, &row), enterpriseURN)
}

// TestTagErrors: what is wrong with a tag names the field.
func TestTagErrors(t *testing.T) {
	type inner struct {
		X string `scim:"nothing"`
	}
	type wrong struct {
		ID      string         `scim:"id"`
		Email   string         `scim:"userName"`
		Typo    string         `scim:"usrName"`
		Type    int            `scim:"active"`
		Option  string         `scim:"title,requird"`
		Value   string         `scim:"nickName,column"`
		private string         `scim:"locale"`
		Empty   string         `scim:",required"`
		Name    inner          `scim:"name"`
		Rest    int            `scim:",rest"`
		Open    map[string]int `scim:"urn:x:M:*"`
		Element []struct {
			A string `scim:"b"`
			v string `scim:"value"`
		} `scim:"emails"`
	}
	_, err := mapping.Users(mapping.Tags[wrong]()...)
	require.Error(t, err)
	for _, words := range []string{
		"field Typo (usrName): usrName is not an attribute of User",
		"field Type (active): a Go int can't hold",
		`field mapping_test.wrong.Option: the tag has an option "requird"`,
		`field mapping_test.wrong.Value: the tag has an option "column"`,
		"field mapping_test.wrong.private: has a tag but is not exported",
		"field mapping_test.wrong.Empty: the tag has no path",
		"field X (name.nothing): name has no sub-attribute",
		"field mapping_test.wrong.Rest: a Go int can't hold the rest",
		"field mapping_test.wrong.Open: a Go map[string]int can't hold an open extension",
		`field Element (emails): field A: emails has no sub-attribute "b"`,
		"field Element (emails): field v has a tag but is not exported",
	} {
		assert.ErrorContains(t, err, words)
	}
	assert.Len(t, errorsOf(err), 11, "%v", err)
	_, err = mapping.Users(mapping.Tags[int]()...)
	assert.ErrorContains(t, err, "is no struct")
	_ = wrong{private: ""}
	_ = Stamps{hidden: 0}
}

// TestTagsRest: the rest may be text, and behind a pointer.
func TestTagsRest(t *testing.T) {
	type keep struct {
		Rest string            `scim:",rest,column=rest"`
		Open map[string]string `scim:"urn:x:Meta:*"`
	}
	type row struct {
		ID   string `scim:"id"`
		Name string `scim:"userName"`
		Keep *keep  `scim:",inline"`
	}
	table := must[row](t)(mapping.Users(mapping.Tags[row]()...))
	var v row
	assert.Equal(t, ``, shown(t, table, &v))
	require.NoError(t, put(t, table, &v, `{"userName":"a"}`))
	require.NoError(t, put(t, table, &v, `{"userName":"a","title":"T","urn:x:Meta":{"k":"v"}}`))
	assert.Equal(t, &keep{`{"title":"T"}`, map[string]string{"k": "v"}}, v.Keep)
	assert.Equal(t, `"userName":"a","title":"T","urn:x:Meta":{"k":"v"}`, shown(t, table, &v))
}
