package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Stores are the stores of one application, opened for one case. Those that are
// nil are left out.
type Stores struct {
	Users     scim.UserStore
	Groups    scim.GroupStore
	Resources scim.ResourceStore
	State     scim.StateStore
}

// Options say in what a store differs from one that keeps everything. The zero
// value is right for one that does.
type Options struct {
	// Users, Groups and Resources describe what is stored.
	Users, Groups, Resources Kind

	// DuplicateGroupNames says that groups may have the same displayName.
	// Otherwise the second is expected to be [scim.Taken], ignoring case.
	DuplicateGroupNames bool

	// Tenants are two tenants that every opened store has; nil is "acme" and
	// "globex". With only one, the cases that need two are left out.
	Tenants []scim.Tenant

	// Roles lets the cases of a [scim.RoleSetter] see what it does.
	Roles Roles

	// StateApart says that State has no part in the transactions of Users,
	// because it is in another database.
	StateApart bool

	// Short makes the big cases small: a group of 2,000 members rather than of
	// 100,000, whose memory is not looked at. Tests with -short do so too.
	Short bool

	// Timeout ends a case that does not come back, so that the others are
	// still run; 0 is five minutes.
	Timeout time.Duration
}

// Kind describes one type of resources as a store keeps it.
type Kind struct {
	// Type is the resource type. If nil it is what the store says as a
	// [scim.Typer], or else for users User with EnterpriseUser, for groups
	// Group, for others a type of this package with an attribute of each data
	// type.
	Type *schema.Type

	// Keeps reports whether the store keeps a simple attribute, by its canonical
	// path: "title", "name.givenName", "emails.value",
	// "urn:…:User:department". A store that maps an application's own struct
	// keeps what the struct has. If nil all are kept. The attribute that names a
	// resource, as userName, is kept in any case.
	Keeps func(path string) bool

	// Unique lists the canonical paths of further attributes that must be
	// unique within a tenant, as "externalId" or "emails.value". Those of which
	// the schema says so need not be listed.
	Unique []string

	// Fill, if not nil, adds what the application demands of a new resource
	// beyond what the schema requires. n is another one each time.
	Fill func(b *schema.Builder, n int)
}

// Roles lets the cases see the roles of users. Without Of they check errors only.
type Roles struct {
	// Names are three roles that the application has; nil is "admin", "auditor"
	// and "editor".
	Names []string

	// Of returns all roles of a user, whoever gave them, in any order.
	Of func(ctx context.Context, s scim.UserStore, t scim.Tenant, id string) ([]string, error)

	// Grant gives a user a role by hand, as the application's administrator
	// does. If nil, roles are given by provisioning only.
	Grant func(ctx context.Context, s scim.UserStore, t scim.Tenant, id, role string) error
}

// All runs every case on the stores that open returns. open is called once for
// each case and returns empty stores; it closes them by t.Cleanup. Each case is
// a subtest if t is a [*testing.T].
func All(t testing.TB, open func(testing.TB) Stores, o Options) {
	t.Helper()
	newKit(open, o).runAll(t, Cases())
}

// Users runs the cases on users, with the abilities that the store has.
func Users(t testing.TB, open func(testing.TB) scim.UserStore, o Options) {
	t.Helper()
	k := newKit(func(t testing.TB) Stores { return Stores{Users: open(t)} }, o)
	k.runAll(t, casesWithin(needUsers|anyAbility))
}

// Groups runs the cases on groups and memberships, with the abilities that the
// stores have. Members are users, so it needs both stores; the cases on users
// alone are those of [Users].
func Groups(t testing.TB, open func(testing.TB) (scim.UserStore, scim.GroupStore), o Options) {
	t.Helper()
	k := newKit(func(t testing.TB) Stores {
		users, groups := open(t)
		return Stores{Users: users, Groups: groups}
	}, o)
	var cases []Case
	for _, c := range casesWithin(needUsers | needGroups | anyAbility) {
		if c.needs&(needGroups|needTx) != 0 {
			cases = append(cases, c)
		}
	}
	k.runAll(t, cases)
}

// Resources runs the cases on resources of another type.
func Resources(t testing.TB, open func(testing.TB) scim.ResourceStore, o Options) {
	t.Helper()
	k := newKit(func(t testing.TB) Stores { return Stores{Resources: open(t)} }, o)
	k.runAll(t, casesWithin(needResources|anyAbility))
}

// State runs the cases on Muster's own records.
func State(t testing.TB, open func(testing.TB) scim.StateStore, o Options) {
	t.Helper()
	k := newKit(func(t testing.TB) Stores { return Stores{State: open(t)} }, o)
	k.runAll(t, casesWithin(needState|anyAbility))
}
