package mapping_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/mapping"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

var (
	anyText  = rapid.StringMatching(`[a-cA-C ä"\\;<é]{0,6}`)
	someText = rapid.StringMatching(`[a-cA-C][a-c ä"]{0,5}[a-c]`)
	anyTime  = rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "µs")).UTC()
	})
)

// anyAccount draws a row in the form in which writing leaves it: lists and maps that
// are empty are nil.
var anyAccount = rapid.Custom(func(t *rapid.T) account {
	a := account{
		ID:       rapid.Int64Range(1, 1<<40).Draw(t, "id"),
		Tenant:   anyText.Draw(t, "tenant"),
		Login:    anyText.Draw(t, "login"),
		Email:    someText.Draw(t, "email"),
		First:    anyText.Draw(t, "first"),
		Last:     anyText.Draw(t, "last"),
		Work:     anyText.Draw(t, "work"),
		Mobile:   anyText.Draw(t, "mobile"),
		Kind:     rapid.SampledFrom([]license{standard, premium}).Draw(t, "kind"),
		Disabled: rapid.Bool().Draw(t, "disabled"),
		Dept:     anyText.Draw(t, "dept"),
		Boss:     rapid.Int64Range(0, 3).Draw(t, "boss"),
		Hash:     anyText.Draw(t, "hash"),
		Created:  anyTime.Draw(t, "created"),
		Updated:  anyTime.Draw(t, "updated"),
	}
	if rapid.Bool().Draw(t, "external") {
		a.Ext = ptr(someText.Draw(t, "ext"))
	}
	a.Roles = append(a.Roles, rapid.SliceOfNDistinct(someText, 0, 3, rapid.ID).Draw(t, "roles")...)
	a.Folders = strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y z", "ü"}), 0, 3).Draw(t, "folders"), ";")
	if keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "Bb", "c-d"}), 0, 3, rapid.ID).Draw(t, "keys"); len(keys) > 0 {
		a.Meta = map[string]string{}
		for _, k := range keys {
			a.Meta[k] = someText.Draw(t, "value")
		}
	}
	return a
})

// unmapped leaves of a row what no attribute stands for.
func unmapped(a account) account {
	return account{ID: a.ID, Tenant: a.Tenant, Login: a.Login, Hash: a.Hash, Created: a.Created, Updated: a.Updated}
}

// TestRoundTrip: a row that is shown and written to a new row is the same row, but for
// what is the application's own.
func TestRoundTrip(t *testing.T) {
	table := accountTable(t)
	rapid.Check(t, func(t *rapid.T) {
		row := anyAccount.Draw(t, "row")
		before := row
		r, err := table.Read(&row)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, row); diff != "" {
			t.Fatalf("reading changed the row: %s", diff)
		}
		var again account
		if err := write(table, &again, nil, r); err != nil {
			t.Fatal(err)
		}
		want := row
		again.Created, want.Created, again.Updated, want.Updated = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		want.ID, want.Tenant, want.Login, want.Hash = 0, "", "", ""
		if diff := cmp.Diff(want, again); diff != "" {
			t.Fatalf("%s\n%s", r, diff)
		}
	})
}

// pieces are the parts of a row that a test changes on their own: each by what it
// copies from one row to another, and where that is in the resource.
var pieces = map[string]func(to, from *account){
	"userName":                       func(to, from *account) { to.Email = from.Email },
	"externalId":                     func(to, from *account) { to.Ext = from.Ext },
	"name.givenName":                 func(to, from *account) { to.First = from.First },
	"name.familyName":                func(to, from *account) { to.Last = from.Last },
	"phoneNumbers":                   func(to, from *account) { to.Work, to.Mobile = from.Work, from.Mobile },
	"userType":                       func(to, from *account) { to.Kind = from.Kind },
	"active":                         func(to, from *account) { to.Disabled = from.Disabled },
	enterpriseURN + ":department":    func(to, from *account) { to.Dept = from.Dept },
	enterpriseURN + ":manager.value": func(to, from *account) { to.Boss = from.Boss },
	"roles":                          func(to, from *account) { to.Roles = from.Roles },
	folderURN + ":folders":           func(to, from *account) { to.Folders = from.Folders },
}

// TestWriteTouchesOnlyWhatChanges: of a row, some attributes are changed to what
// another row has; then just their fields are as in the other row. Fields are written
// over before, so that writing one that did not change would show.
func TestWriteTouchesOnlyWhatChanges(t *testing.T) {
	table := accountTable(t)
	names := slices.Sorted(maps.Keys(pieces))
	rapid.Check(t, func(t *rapid.T) {
		read, source, fresh := anyAccount.Draw(t, "read"), anyAccount.Draw(t, "source"), anyAccount.Draw(t, "fresh")
		chosen := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID).Draw(t, "chosen")
		key := rapid.SampledFrom([]string{"a", "Bb", "c-d"}).Draw(t, "key")

		edited := read
		edited.Meta = maps.Clone(read.Meta)
		for _, name := range chosen {
			pieces[name](&edited, &source)
		}
		if edited.Meta == nil {
			edited.Meta = map[string]string{}
		}
		if v := source.Meta[key]; v != "" {
			edited.Meta[key] = v
		} else {
			delete(edited.Meta, key)
		}
		old, err1 := table.Read(&read)
		next, err2 := table.Read(&edited)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}

		row, want := fresh, fresh
		if err := write(table, &row, old, next); err != nil {
			t.Fatal(err)
		}
		for name, copyPiece := range pieces {
			if diff := cmp.Diff(withPiece(read, copyPiece), withPiece(edited, copyPiece)); diff != "" && name != "phoneNumbers" {
				copyPiece(&want, &edited)
			}
		}
		if read.Work != edited.Work {
			want.Work = edited.Work
		}
		if read.Mobile != edited.Mobile {
			want.Mobile = edited.Mobile
		}
		if read.Meta[key] != edited.Meta[key] {
			want.Meta = maps.Clone(fresh.Meta)
			if want.Meta == nil {
				want.Meta = map[string]string{}
			}
			delete(want.Meta, key)
			if v := edited.Meta[key]; v != "" {
				want.Meta[key] = v
			}
		}
		row.Updated, want.Updated = time.Time{}, time.Time{}
		if diff := cmp.Diff(want, row); diff != "" {
			t.Fatalf("changed %v and %s: %s", chosen, key, diff)
		}
		if diff := cmp.Diff(unmapped(want), unmapped(row)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// withPiece is an empty row with one piece of another.
func withPiece(from account, copyPiece func(to, from *account)) account {
	var to account
	copyPiece(&to, &from)
	return to
}

// anyUser draws a user that has what a keeper has fields for, and more.
func anyUser(t *rapid.T, typ *schema.Type) *schema.Resource {
	b := schema.New(typ).Set("userName", someText.Draw(t, "userName"))
	for _, path := range []string{"title", "nickName", "name.givenName", "name.familyName", enterpriseURN + ":department", enterpriseURN + ":division"} {
		if rapid.Bool().Draw(t, path) {
			b.Set(path, someText.Draw(t, "text"))
		}
	}
	types := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"work", "home", "other"}), 0, 3, rapid.ID).Draw(t, "types")
	primary := rapid.IntRange(-1, 2).Draw(t, "primary")
	var emails []map[string]any
	for i, kind := range types {
		e := map[string]any{"type": kind, "value": someText.Draw(t, "email")}
		if i == primary {
			e["primary"] = true
		}
		if rapid.Bool().Draw(t, "display") {
			e["display"] = someText.Draw(t, "text")
		}
		emails = append(emails, e)
	}
	b.Set("emails", emails)
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b"}), 0, 2, rapid.ID).Draw(t, "keys") {
		b.Set(metadataURN+":"+key, someText.Draw(t, "text"))
	}
	r, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRestKeepsAll: with Rest a user comes back as it was written, whatever it was
// before.
func TestRestKeepsAll(t *testing.T) {
	rest := mapping.Rest(func(k *keeper) *[]byte { return &k.Rest })
	t.Run("work", func(t *testing.T) { testRestKeepsAll(t, keeperTable(t, rest)) })
	t.Run("any", func(t *testing.T) {
		testRestKeepsAll(t, must[keeper](t)(mapping.Users(
			mapping.ID(func(k *keeper) *string { return &k.ID }),
			mapping.Field("userName", func(k *keeper) *string { return &k.Name }),
			mapping.Field("emails.value", func(k *keeper) *string { return &k.Work }),
			mapping.Field("emails.type", func(k *keeper) *string { return &k.Dept }),
			mapping.Open(metadataURN, func(k *keeper) *map[string]string { return &k.Meta }), rest)))
	})
}

func testRestKeepsAll(t *testing.T, table *mapping.Table[keeper]) {
	rapid.Check(t, func(t *rapid.T) {
		var row keeper
		var old *schema.Resource
		for i := range 3 {
			next := anyUser(t, table.SCIMType())
			if err := write(table, &row, old, next); err != nil {
				t.Fatal(err)
			}
			var err error
			if old, err = table.Read(&row); err != nil {
				t.Fatal(err)
			}
			if !old.Equal(next) {
				t.Fatalf("write %d of\n%s\nis read as\n%s\nfrom %s", i, next, old, fmt.Sprintf("%+v %s", row, row.Rest))
			}
		}
	})
}

// TestVersionFollowsContent: without a field for it, rows with the same content have
// the same version, and others another.
func TestVersionFollowsContent(t *testing.T) {
	table := accountTable(t)
	version := func(t *rapid.T, a account) string {
		r, err := table.Read(&a)
		if err != nil {
			t.Fatal(err)
		}
		return r.Meta().Version
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyAccount.Draw(t, "a"), anyAccount.Draw(t, "b")
		same := a
		same.Login, same.Hash, same.Tenant = b.Login, b.Hash, b.Tenant
		if version(t, a) != version(t, same) {
			t.Fatal("what is not shown is no part of the version")
		}
		for name, copyPiece := range pieces {
			other := a
			copyPiece(&other, &b)
			if diff := cmp.Diff(a, other); (diff == "") != (version(t, a) == version(t, other)) {
				t.Fatalf("%s: %s", name, diff)
			}
		}
	})
	_ = scim.Write{}
}
