package filter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
)

// cheapFilters match without allocating: what is compared is ASCII, with
// capitals and without.
var cheapFilters = []struct{ name, in string }{
	{"equality", `userName eq "bjensen"`},
	{"miss", `userName eq "alice@example.com"`},
	{"five-terms", `userType eq "employee" and (emails co "JENSEN.org" or not (title pr)) and emails[type eq "work" and primary eq true]`},
	{"capitals", `displayName eq "BABS JENSEN" and displayName co "s j" and displayName sw "BABS" and displayName ew "Jensen" and displayName gt "a"`},
	{"id", `id eq "` + userID + `" and externalId ne "x" and id pr`},
	{"meta", `meta.lastModified ge "2011-05-13T00:00:00Z" and meta.created lt "2011-05-13T00:00:00Z" and meta.resourceType eq "User"`},
	{"extension", enterpriseURN + `:manager.value eq "Boss-26" and ` + enterpriseURN + `:department sw "Tour"`},
}

func TestMatchAllocations(t *testing.T) {
	r := decode(t, userType, bjensen)
	for _, test := range cheapFilters {
		f := checkFilter(t, test.in, userType, filter.Checking{})
		assert.Zero(t, testing.AllocsPerRun(100, func() { f.Match(r) }), test.in)
	}
	thingFilter := checkFilter(t, `num gt 9 and num lt 10.5 and dec ge 1.5 and when gt "2010-01-01T00:00:00Z" and flag eq false and tags eq "B" and nums le 1`, thingType, filter.Checking{})
	sample := decode(t, thingType, thing)
	require.True(t, thingFilter.Match(sample))
	assert.Zero(t, testing.AllocsPerRun(100, func() { thingFilter.Match(sample) }))

	emails := attrOf(t, userType, "emails")
	where, err := filter.CheckElement(parseFilter(t, `type eq "WORK" and value co "Example"`), emails, filter.Checking{})
	require.NoError(t, err)
	v := element(t, emails, `{"type":"Work","value":"BJensen@Example.com"}`)
	require.True(t, where.Match(v))
	assert.Zero(t, testing.AllocsPerRun(100, func() { where.Match(v) }))
}

func BenchmarkFilterMatch(b *testing.B) {
	r := decode(b, userType, bjensen)
	for _, test := range cheapFilters {
		f := checkFilter(b, test.in, userType, filter.Checking{})
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Match(r)
			}
		})
	}
}

func BenchmarkFilterCheck(b *testing.B) {
	for _, test := range cheapFilters {
		e := parseFilter(b, test.in)
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := filter.Check(e, userType, filter.Checking{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
