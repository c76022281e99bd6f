package mapping_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

const benchUser = `{"userName":"ann@example.com","externalId":"e1","active":true,"userType":"Premium","name":{"givenName":"Ann","familyName":"Lee"},
	"phoneNumbers":[{"type":"work","value":"1"},{"type":"mobile","value":"2"}],"roles":[{"value":"a","primary":true},{"value":"b"}],
	"` + enterpriseURN + `":{"department":"Legal","manager":{"value":"7"}},"` + folderURN + `":{"folders":["x","y"]},"` + metadataURN + `":{"site":"Ulm"}}`

// BenchmarkRead shows a row of fourteen fields.
func BenchmarkRead(b *testing.B) {
	table := accountTable(b)
	var row account
	require.NoError(b, write(table, &row, nil, decode(b, table.SCIMType(), benchUser)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.Read(&row); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadSmall shows a row of five fields, of which one is its version.
func BenchmarkReadSmall(b *testing.B) {
	table := must[tinyUser](b)(mapping.Users(mapping.Tags[tinyUser]()...))
	row := tinyUser{"1", "ann@example.com", "Ann", true, 7}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.Read(&row); err != nil {
			b.Fatal(err)
		}
	}
}

type tinyUser struct {
	ID      string `scim:"id"`
	Email   string `scim:"userName"`
	First   string `scim:"name.givenName"`
	Active  bool   `scim:"active"`
	Version int    `scim:"meta.version"`
}

// BenchmarkCreate writes all fields of a new row.
func BenchmarkCreate(b *testing.B) {
	table := accountTable(b)
	r := decode(b, table.SCIMType(), benchUser)
	w := scim.Write{New: r, Changed: r.Changed(nil)}
	b.ReportAllocs()
	for b.Loop() {
		var row account
		if err := table.Write(context.Background(), tenant, &row, w); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpdate writes one field, as PATCH of active does.
func BenchmarkUpdate(b *testing.B) {
	table := accountTable(b)
	var row account
	require.NoError(b, write(table, &row, nil, decode(b, table.SCIMType(), benchUser)))
	var writes [2]scim.Write
	on, err := table.Read(&row)
	require.NoError(b, err)
	off, err := on.Edit().Set("active", false).Build()
	require.NoError(b, err)
	writes[0] = scim.Write{Old: on, New: off, Changed: []string{"active"}}
	writes[1] = scim.Write{Old: off, New: on, Changed: []string{"active"}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := table.Write(context.Background(), tenant, &row, writes[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTable makes a table.
func BenchmarkTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.Users(accountBindings()...); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkList finds one of a thousand rows in a repository that lists them all.
func BenchmarkList(b *testing.B) {
	f := newFixture(b, 1000)
	q := f.query(`userName eq "u500"`)
	b.ReportAllocs()
	for b.Loop() {
		f.repo.lists = nil
		if _, err := f.store.ListUsers(context.Background(), tenant, q); err != nil {
			b.Fatal(err)
		}
	}
	_ = schema.UserURN
}
