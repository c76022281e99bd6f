package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/sqlstore"
)

const extensionURN = "urn:example:params:scim:schemas:extension:test:2.0:User"

// extension has one attribute of each data type, and what is unique.
func extension() schema.Schema {
	return schema.Schema{ID: extensionURN, Name: "Test", Attributes: []schema.Attribute{
		{Name: "badge", Uniqueness: schema.Server},
		{Name: "passport", Uniqueness: schema.Global, CaseExact: true},
		{Name: "cards", MultiValued: true, Uniqueness: schema.Server},
		{Name: "devices", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
			{Name: "value", Uniqueness: schema.Server, CaseExact: true}, {Name: "type"}}},
		{Name: "since", Type: schema.DateTime, Uniqueness: schema.Server},
		{Name: "weight", Type: schema.Decimal, Uniqueness: schema.Server},
		{Name: "key", Type: schema.Binary, Uniqueness: schema.Server},
		{Name: "level", Type: schema.Integer},
		{Name: "score", Type: schema.Decimal},
		{Name: "hired", Type: schema.DateTime},
		{Name: "exact", CaseExact: true},
		{Name: "secret", Returned: schema.Never},
	}}
}

func compileUser() *schema.Type {
	return schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User(), Extensions: []schema.Extension{
		{Schema: schema.EnterpriseUser()},
		{Schema: extension()},
		{Schema: schema.Schema{ID: openURN, Name: "Open", Open: &schema.Attribute{}}},
	}})
}

const openURN = "urn:example:params:scim:schemas:extension:open:2.0:User"

var (
	userType  = compileUser()
	groupType = schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: schema.Group()})
)

var ctx = context.Background()

const (
	acme  scim.Tenant = "acme"
	other scim.Tenant = "other"
)

// values makes a resource: paths and Go values by turns.
func values(t require.TestingT, typ *schema.Type, pairs ...any) *schema.Resource {
	b := schema.New(typ)
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), pairs[i+1])
	}
	r, err := b.Build()
	require.NoError(t, err)
	return r
}

func user(t require.TestingT, name string, pairs ...any) *schema.Resource {
	return values(t, userType, append([]any{"userName", name}, pairs...)...)
}

func group(t require.TestingT, name string, pairs ...any) *schema.Resource {
	return values(t, groupType, append([]any{"displayName", name}, pairs...)...)
}

func ext(name string) string { return extensionURN + ":" + name }

// addUser creates a user in tenant acme and returns its id.
func addUser(t require.TestingT, s *sqlstore.Store, name string, pairs ...any) string {
	r, err := s.CreateUser(ctx, acme, scim.Write{New: user(t, name, pairs...)})
	require.NoError(t, err)
	return r.ID()
}

func addUsers(t require.TestingT, s *sqlstore.Store, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = addUser(t, s, fmt.Sprintf("user%07d", i))
	}
	return ids
}

func addGroup(t require.TestingT, s *sqlstore.Store, name string, members ...string) string {
	res, err := s.CreateGroup(ctx, acme, scim.GroupWrite{
		Write:   scim.Write{New: group(t, name)},
		Members: patch.MemberDelta{Add: membersOf(members...)},
	})
	require.NoError(t, err)
	return res.Group.ID()
}

func membersOf(ids ...string) []patch.Member {
	members := make([]patch.Member, len(ids))
	for i, id := range ids {
		members[i] = patch.Member{ID: id}
	}
	return members
}

// change returns the write that sets values of a stored resource.
func change(t require.TestingT, r *schema.Resource, pairs ...any) scim.Write {
	b := r.Edit()
	w := scim.Write{Old: r}
	for i := 0; i < len(pairs); i += 2 {
		path := pairs[i].(string)
		b.Set(path, pairs[i+1])
		a, ok := r.Type().Attr(path)
		require.True(t, ok, path)
		w.Changed = append(w.Changed, a.Top().Path())
	}
	var err error
	w.New, err = b.Build()
	require.NoError(t, err)
	return w
}

func updateUser(t require.TestingT, s *sqlstore.Store, id string, pairs ...any) (*schema.Resource, error) {
	r, err := s.GetUser(ctx, acme, id)
	require.NoError(t, err)
	return s.UpdateUser(ctx, acme, id, change(t, r, pairs...))
}

func updateMembers(s *sqlstore.Store, id string, d patch.MemberDelta) (scim.GroupResult, error) {
	return s.UpdateGroup(ctx, acme, id, scim.GroupWrite{Members: d})
}

func getGroup(t require.TestingT, s *sqlstore.Store, id string) *schema.Resource {
	g, err := s.GetGroup(ctx, acme, id)
	require.NoError(t, err)
	return g
}

// filterOf checks a filter against a type.
func filterOf(t require.TestingT, typ *schema.Type, text string) *filter.Filter {
	e, err := filter.Parse(text, filter.Leniency{})
	require.NoError(t, err, text)
	f, err := filter.Check(e, typ, filter.Checking{})
	require.NoError(t, err, text)
	return f
}

func attr(t require.TestingT, typ *schema.Type, path string) *schema.Attr {
	a, ok := typ.Attr(path)
	require.True(t, ok, path)
	return a
}

// userNames returns what a query finds.
func userNames(t require.TestingT, s *sqlstore.Store, q scim.Query) []string {
	if q.Count == 0 {
		q.Count = 1000
	}
	page, err := s.ListUsers(ctx, acme, q)
	require.NoError(t, err)
	return namesIn(page)
}

func namesIn(p scim.Page) []string {
	names := []string{}
	for _, r := range p.Resources {
		names = append(names, r.Get("userName").String())
	}
	return names
}

// memberIDs returns the members of a group.
func memberIDs(t require.TestingT, s *sqlstore.Store, group string) []string {
	page, err := s.ListMemberships(ctx, acme, scim.MembershipQuery{Groups: []string{group}})
	require.NoError(t, err)
	ids := []string{}
	for _, e := range page.Edges {
		require.Equal(t, group, e.GroupID)
		ids = append(ids, e.Member.ID)
	}
	return ids
}

// stoppedClock always tells the same time.
func stoppedClock() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC) }

// taken returns the attribute that an error says is in use, "" if there is no
// error.
func taken(t testing.TB, err error) string {
	if err == nil {
		return ""
	}
	var e *scim.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 409, e.Status)
	require.Equal(t, schema.ScimTypeUniqueness, e.Type)
	var path string
	_, scanErr := fmt.Sscanf(e.Detail, "%s is in use", &path)
	require.NoError(t, scanErr)
	return path
}

func mustGet(t require.TestingT, s *sqlstore.Store, id string) *schema.Resource {
	r, err := s.GetUser(ctx, acme, id)
	require.NoError(t, err)
	return r
}
