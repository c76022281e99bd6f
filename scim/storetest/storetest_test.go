package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// TestMemstore holds memstore as it is against all cases.
func TestMemstore(t *testing.T) {
	All(t, func(testing.TB) Stores {
		s := memstore.New()
		return Stores{Users: s, Groups: s, State: s, Resources: s.Resources("Device")}
	}, Options{
		Short: raced,
		Roles: Roles{Of: func(ctx context.Context, s scim.UserStore, t scim.Tenant, id string) ([]string, error) {
			return s.(*memstore.Store).UserRoles(ctx, t, id)
		}},
	})
}

// TestParts runs each part on its own, on stores of other options.
func TestParts(t *testing.T) {
	o := memstore.Options{UniqueExternalID: true, DuplicateGroupNames: true}
	options := Options{
		Short:               true,
		DuplicateGroupNames: true,
		Users:               Kind{Unique: []string{"externalId"}},
		Groups:              Kind{Unique: []string{"externalId"}},
		Resources:           Kind{Unique: []string{"externalId"}},
	}
	t.Run("Users", func(t *testing.T) {
		Users(t, func(testing.TB) scim.UserStore { return o.New() }, options)
	})
	t.Run("Groups", func(t *testing.T) {
		Groups(t, func(testing.TB) (scim.UserStore, scim.GroupStore) { s := o.New(); return s, s }, options)
	})
	t.Run("Resources", func(t *testing.T) {
		Resources(t, func(testing.TB) scim.ResourceStore { return o.NewResources() }, options)
	})
	t.Run("State", func(t *testing.T) {
		State(t, func(testing.TB) scim.StateStore { return memstore.New() }, options)
	})
	t.Run("OneTenant", func(t *testing.T) {
		options := options
		options.Tenants = []scim.Tenant{""}
		Groups(t, func(testing.TB) (scim.UserStore, scim.GroupStore) { s := o.New(); return s, s }, options)
	})
}

// results runs cases and returns what failed and what was skipped, by name.
func results(t *testing.T, k *kit, cases []Case) (failed, skipped map[string]string) {
	failed, skipped = map[string]string{}, map[string]string{}
	for _, c := range cases {
		x := k.try(t, c)
		if text := x.text(c); text != "" {
			failed[c.Name] = text
		} else if x.skipped != "" {
			skipped[c.Name] = x.skipped
		}
	}
	return failed, skipped
}

// TestComplete: on a store that has everything no case fails and none is skipped
// but those for what the types do not have.
func TestComplete(t *testing.T) {
	k := newKit(func(testing.TB) Stores { return newComplete(memstore.Options{}).stores() }, Options{Short: true, Roles: rolesOfComplete()})
	failed, skipped := results(t, k, Cases())
	assert.Empty(t, failed)
	assert.Equal(t, map[string]string{
		"Users/UniqueAbsent":    "what is unique is required",
		"Groups/UniqueAbsent":   "what is unique is required",
		"Groups/FilterElements": "the store keeps no list whose elements have a value and a type",
		"Groups/SortElements":   "the store keeps no list whose elements have a value and a type",
		"Groups/NamesMayRepeat": "Options.DuplicateGroupNames is not set",
	}, skipped)
}

// declining refuses every filter and order, and all abilities.
type declining struct{ *memstore.Store }

func (s declining) ListUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	if q.Filter != nil || q.SortBy != nil {
		return scim.Page{}, fmt.Errorf("users: %w", scim.ErrNotImplemented)
	}
	return s.Store.ListUsers(ctx, t, q)
}

func (declining) ListsByKey() bool { return false }

func (s declining) InTx(context.Context, func(context.Context) error) error {
	return scim.ErrNotImplemented
}

func (s declining) SetUserRoles(context.Context, scim.Tenant, string, []string) error {
	return scim.ErrNotImplemented
}

func (s declining) HideUser(context.Context, scim.Tenant, string, string) error {
	return scim.ErrNotImplemented
}

func (s declining) RestoreUser(context.Context, scim.Tenant, string, scim.Write) (*schema.Resource, error) {
	return nil, scim.ErrNotImplemented
}

func (s declining) HiddenUsers(context.Context, scim.Tenant, scim.Query) (scim.Page, error) {
	return scim.Page{}, scim.ErrNotImplemented
}

func TestDeclining(t *testing.T) {
	k := newKit(func(testing.TB) Stores { return Stores{Users: declining{memstore.New()}} }, Options{Short: true})
	failed, skipped := results(t, k, casesWithin(needUsers|anyAbility))
	assert.Empty(t, failed)
	for _, c := range casesWithin(needUsers | anyAbility) {
		part, name, _ := strings.Cut(c.Name, "/")
		if part != "Users" || strings.HasPrefix(name, "Filter") && name != "FilterPages" || strings.HasPrefix(name, "Sort") || strings.HasPrefix(name, "Key") {
			assert.NotEmpty(t, skipped[c.Name], c.Name)
		}
	}
}

// mapped keeps few attributes, as an application's own struct does, and is a Typer.
type mapped struct {
	*memstore.Store
	typ *schema.Type
}

func (s mapped) SCIMType() *schema.Type { return s.typ }

var mappedPaths = map[string]bool{
	"name.givenName": true, "name.familyName": true, "emails.value": true, "active": true, "userType": true,
	schema.EnterpriseUserURN + ":employeeNumber": true,
}

// keep leaves of r what the struct has.
func (s mapped) keep(r *schema.Resource) *schema.Resource {
	b := schema.New(s.typ).ID(r.ID()).Meta(r.Meta())
	b.Put(attrOf(s.typ, "userName"), r.Get("userName"))
	for path := range mappedPaths {
		a := attrOf(s.typ, path)
		if a.Top() != a && a.Top().MultiValued {
			for e := range r.Value(a.Top()).Elems() {
				b.Set(a.Top().Path(), []map[string]any{{a.Name: e.Sub(a).String()}})
				break
			}
			continue
		}
		b.Put(a, r.Get(path))
	}
	kept, err := b.Build()
	if err != nil {
		panic(err)
	}
	return kept
}

func attrOf(t *schema.Type, path string) *schema.Attr {
	a, ok := t.Attr(path)
	if !ok {
		panic(path)
	}
	return a
}

func (s mapped) check(r *schema.Resource) error {
	if r.Get("userType").String() != "employee" {
		return scim.Invalid("userType", "must be \"employee\"")
	}
	return nil
}

func (s mapped) CreateUser(ctx context.Context, t scim.Tenant, w scim.Write) (*schema.Resource, error) {
	if err := s.check(w.New); err != nil {
		return nil, err
	}
	w.New = s.keep(w.New)
	return s.Store.CreateUser(ctx, t, w)
}

func (s mapped) UpdateUser(ctx context.Context, t scim.Tenant, id string, w scim.Write) (*schema.Resource, error) {
	w.New = s.keep(w.New)
	return s.Store.UpdateUser(ctx, t, id, w)
}

// TestMapped: with Options that say what a store keeps it passes, without them it
// is told what is missing.
func TestMapped(t *testing.T) {
	open := func(testing.TB) Stores {
		s := mapped{memstore.New(), userType()}
		return Stores{Users: s, Groups: s.Store}
	}
	fill := func(b *schema.Builder, _ int) { b.Set("userType", "employee") }
	o := Options{Short: true}
	o.Users = Kind{Fill: fill, Keeps: func(path string) bool { return mappedPaths[path] && path != "emails.value" }}
	failed, _ := results(t, newKit(open, o), Cases())
	assert.Empty(t, failed)

	o.Users.Keeps = nil
	failed, _ = results(t, newKit(open, o), Cases())
	assert.Contains(t, failed["Users/Values"], "title is unassigned, want")

	o.Users.Fill = nil
	failed, _ = results(t, newKit(open, o), Cases())
	assert.Contains(t, failed["Users/Create"], "userType must be \"employee\"")
	assert.Contains(t, failed["Users/Create"], "see Kind.Fill and Kind.Keeps")
}

// hanging does not come back from a deletion, whatever its context says.
type hanging struct {
	*memstore.Store
	release chan struct{}
}

func (s hanging) DeleteUser(context.Context, scim.Tenant, string, string) error {
	<-s.release
	return nil
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	k := newKit(func(testing.TB) Stores { return Stores{Users: hanging{memstore.New(), release}} }, Options{Timeout: 20 * time.Millisecond})
	failed, _ := results(t, k, only("Users/Delete", "Users/Create"))
	require.Len(t, failed, 1)
	assert.Contains(t, failed["Users/Delete"], "did not end within 20ms")
	assert.Contains(t, failed["Users/Delete"], "hanging.DeleteUser", "it shows where it hangs")
}

// only returns the cases of these names.
func only(names ...string) []Case {
	var cases []Case
	for _, c := range Cases() {
		for _, name := range names {
			if c.Name == name {
				cases = append(cases, c)
			}
		}
	}
	return cases
}

// recorder is a TB that is no *testing.T: it has no subtests.
type recorder struct {
	testing.TB
	failures, logs []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}
func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

// broken panics on filters and has no totals.
type broken struct{ *memstore.Store }

func (s broken) ListUsers(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	if q.Filter != nil {
		panic("unsupported filter")
	}
	page, err := s.Store.ListUsers(ctx, t, q)
	page.Total = -1
	return page, err
}

// TestReport: all failures are reported, each with its rule, section and
// consequence; a panic ends only its case.
func TestReport(t *testing.T) {
	r := &recorder{TB: t}
	Users(r, func(testing.TB) scim.UserStore { return broken{memstore.New()} }, Options{Short: true})
	byName := map[string]string{}
	for _, text := range r.failures {
		name, rest, _ := strings.Cut(text, ": ")
		byName[name] = rest
	}
	for name, wants := range map[string][]string{
		"Users/ListCountZero": {
			"total -1, want none and 3",
			"\nrule:      Count 0 asks for the total alone.",
			"\nsection:   RFC 7644, section 3.4.2.4",
			"\nif broken: A connection test",
		},
		"Users/FilterEquality": {"panic: unsupported filter", "broken.ListUsers"},
		"Users/ListPages":      {"\nand ", " more\nrule:"},
	} {
		for _, want := range wants {
			assert.Contains(t, byName[name], want, name)
		}
	}
	assert.NotContains(t, byName, "Users/Create")
	assert.Contains(t, strings.Join(r.logs, "\n"), "Users/UniqueAbsent: does not apply, what is unique is required")
}

// TestAbsent: for a store that is not there open is called once.
func TestAbsent(t *testing.T) {
	opened := 0
	k := newKit(func(testing.TB) Stores { opened++; return Stores{State: memstore.New()} }, Options{Short: true})
	failed, skipped := results(t, k, only("Users/Create", "Users/Update", "Groups/Edges", "Resources/Create", "State/Put", "Trash/Hide", "Roles/Unknown"))
	assert.Empty(t, failed)
	assert.Equal(t, 2, opened)
	assert.Equal(t, map[string]string{
		"Users/Create":     "there is no UserStore",
		"Users/Update":     "there is no UserStore",
		"Groups/Edges":     "there is no UserStore",
		"Resources/Create": "there is no ResourceStore",
		"Trash/Hide":       "there is no UserStore",
		"Roles/Unknown":    "there is no UserStore",
	}, skipped)
}

func TestCases(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		assert.False(t, seen[c.Name], "%s is there twice", c.Name)
		seen[c.Name] = true
		assert.Regexp(t, `^(Users|Groups|Resources|Trash|Roles|Tx|State)/[A-Z]\w+$`, c.Name)
		for what, text := range map[string]string{"rule": c.Rule, "consequence": c.Consequence} {
			assert.Regexp(t, `^\S.*\S\.$`, text, "the %s of %s", what, c.Name)
		}
		assert.Regexp(t, `^(RFC \d{4}, sections? [\d.]+( and [\d.]+)?|scim\.\w+)$`, c.Section, c.Name)
		assert.NotNil(t, c.run, c.Name)
		assert.NotZero(t, c.needs, c.Name)
	}
	// Nothing is lost between All and its parts.
	parts := map[string]bool{}
	for _, n := range []need{needUsers, needUsers | needGroups, needResources, needState} {
		for _, c := range casesWithin(n | anyAbility) {
			parts[c.Name] = true
		}
	}
	assert.Len(t, parts, len(seen))
}

func TestTwice(t *testing.T) {
	ctx := context.Background()
	s := memstore.New()
	user, err := schema.New(userType()).Set("userName", "ann").Build()
	require.NoError(t, err)
	tx := Twice(s)
	runs := 0
	err = tx.InTx(ctx, func(ctx context.Context) error {
		runs++
		_, err := s.CreateUser(ctx, "acme", scim.Write{New: user})
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, 2, runs)
	page, err := s.ListUsers(ctx, "acme", scim.Query{StartIndex: 1, Count: 10})
	require.NoError(t, err)
	assert.Equal(t, 1, page.Total)

	runs = 0
	want := errors.New("no")
	assert.ErrorIs(t, tx.InTx(ctx, func(context.Context) error { runs++; return want }), want)
	assert.Equal(t, 1, runs)
}
