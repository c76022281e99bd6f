package filter_test

import (
	"testing"

	"github.com/muster-scim/muster/filter"
)

// What the allocation tests and the benchmarks read.
const (
	equality  = `userName eq "alice@example.com"`
	complex5  = `userType eq "Employee" and (emails co "example.com" or not (title pr)) and emails[type eq "work"]`
	qualified = `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "2819c223"`
	valuePath = `emails[type eq "work" and primary eq true]`

	plainPath    = `active`
	filteredPath = `emails[type eq "work" and primary eq true].value`
	memberPath   = `members[value eq "2819c223-7f76-453a-919d-413861904646"]`
)

// TestAllocations holds what reading costs: the nodes, a string for each URI or
// sub-attribute, and the text that a comparison holds in an interface.
func TestAllocations(t *testing.T) {
	for _, test := range []struct {
		in   string
		most float64
		path bool
	}{
		{in: equality, most: 2},
		{in: complex5, most: 13},
		{in: qualified, most: 3},
		{in: valuePath, most: 5},
		{in: `emails[type eq "work"].value eq "x"`, most: 6},
		{in: `a eq "\u00e9\n"`, most: 3},
		{in: plainPath, path: true, most: 0},
		{in: `name.familyName`, path: true, most: 1},
		{in: `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`, path: true, most: 1},
		{in: memberPath, path: true, most: 2},
		{in: filteredPath, path: true, most: 5},
	} {
		got := testing.AllocsPerRun(100, func() {
			var err error
			if test.path {
				_, err = filter.ParsePath(test.in, filter.Leniency{})
			} else {
				_, err = filter.Parse(test.in, filter.Leniency{})
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		if got > test.most {
			t.Errorf("%s: %v allocations, want at most %v", test.in, got, test.most)
		}
	}
}
