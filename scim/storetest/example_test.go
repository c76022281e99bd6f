package storetest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	"github.com/muster-scim/muster/scim/storetest"
)

// TestStore is all that an application writes: a function that opens empty stores,
// and what it does otherwise.
func TestStore(t *testing.T) {
	storetest.All(t, func(testing.TB) storetest.Stores {
		s := memstore.New()
		return storetest.Stores{Users: s, Groups: s, State: s}
	}, storetest.Options{Short: true})
}

// An application with its own struct for users says what that holds.
func ExampleOptions() {
	fields := map[string]bool{
		"name.givenName": true, "name.familyName": true, "emails.value": true, "active": true, "externalId": true,
	}
	test := func(t *testing.T) {
		storetest.Users(t, openUsers, storetest.Options{
			Users: storetest.Kind{
				Keeps:  func(path string) bool { return fields[path] },
				Unique: []string{"emails.value"},
			},
			Tenants: []scim.Tenant{""},
			Short:   true,
		})
	}
	_ = test // func TestUsers(t *testing.T)
}

func openUsers(testing.TB) scim.UserStore { return memstore.New() }

// careless deletes whatever version it is told.
type careless struct{ *memstore.Store }

func (s careless) DeleteUser(ctx context.Context, t scim.Tenant, id, _ string) error {
	return s.Store.DeleteUser(ctx, t, id, "")
}

// console prints failures. A test has a *testing.T in its place.
type console struct{ testing.TB }

func (console) Helper()                           {}
func (console) Logf(string, ...any)               {}
func (console) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func ExampleUsers() {
	open := func(testing.TB) scim.UserStore { return careless{memstore.New()} }
	storetest.Users(console{}, open, storetest.Options{Short: true})
	// Output:
	// Users/DeleteVersion: deleting with an old version: no error, want scim.ErrVersionMismatch
	// getting a User: scim: not found
	// rule:      With a version a resource is deleted only if the stored version equals it.
	// section:   RFC 7644, section 3.14
	// if broken: DELETE with If-Match erases an account that has changed meanwhile, for instance one that was activated again.
}

func ExampleCases() {
	for _, c := range storetest.Cases() {
		if c.Name == "Groups/Remove" {
			fmt.Println(c.Rule)
			fmt.Println(c.Section)
			fmt.Println(c.Consequence)
		}
	}
	// Output:
	// Members.Remove removes just these; all others stay. Ids that are no members, or unknown, change nothing. The result says who was really removed.
	// RFC 7644, section 3.5.2.2
	// Removing one leaver empties the whole group; or it is answered 200 and the leaver stays in.
}
