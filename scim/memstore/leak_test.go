package memstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// TestNothingStays: what is deleted leaves nothing behind.
func TestNothingStays(t *testing.T) {
	core := schema.User()
	core.Attributes[2].Uniqueness = schema.Global // displayName
	users := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: core})
	groups := schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: schema.Group()})
	s, ctx := New(), context.Background()

	var ids []string
	var members []patch.Member
	for i := range 300 {
		r, err := schema.New(users).Set("userName", fmt.Sprint(i)).Set("displayName", fmt.Sprint(i)).Set("externalId", fmt.Sprint(i/3)).Build()
		require.NoError(t, err)
		r, err = s.CreateUser(ctx, "t", scim.Write{New: r})
		require.NoError(t, err)
		require.NoError(t, s.SetUserRoles(ctx, "t", r.ID(), []string{"role"}))
		require.NoError(t, s.PutState(ctx, "t", scim.State{Kind: "k", Key: r.ID(), Refs: []string{"a", "a"}, Lane: "l", Due: time.Unix(1, 0)}))
		ids, members = append(ids, r.ID()), append(members, patch.Member{ID: r.ID()})
	}
	g, err := schema.New(groups).Set("displayName", "g").Build()
	require.NoError(t, err)
	res, err := s.CreateGroup(ctx, "t", scim.GroupWrite{Write: scim.Write{New: g}, Members: patch.MemberDelta{Add: members}})
	require.NoError(t, err)
	for i, id := range ids {
		if i%2 == 0 {
			require.NoError(t, s.HideUser(ctx, "t", id, ""))
		}
		require.NoError(t, s.DeleteUser(ctx, "t", id, ""))
		require.NoError(t, s.PutState(ctx, "t", scim.State{Kind: "k", Key: id, Version: 1, Delete: true}))
	}
	n := s.d.tenants["t"]
	h, ok := n.handleOf(res.Group.ID())
	require.True(t, ok)
	assert.Nil(t, n.records.at(h).members)
	require.NoError(t, s.DeleteGroup(ctx, "t", res.Group.ID(), ""))

	_, ok = n.handleOf(res.Group.ID())
	assert.False(t, ok)
	assert.Empty(t, n.roles)
	assert.Empty(t, s.d.globals)
	for _, p := range n.records.pages {
		assert.Nil(t, p)
	}
	for _, c := range n.collections {
		assert.Zero(t, c.live.len()+c.hidden.len())
		for path, x := range c.indexes {
			assert.Empty(t, x.first, path)
			assert.Empty(t, x.more, path)
		}
	}
	kind := s.d.states["k"]
	assert.Empty(t, kind.queue.records)
	d := kind.tenants["t"]
	assert.Empty(t, d.byKey)
	assert.Empty(t, d.refs)
	assert.Empty(t, d.lanes)
	assert.Zero(t, d.keys.len())
}

// TestDigestsMayCollide: what has the digest of a key need not have the key.
func TestDigestsMayCollide(t *testing.T) {
	users := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	s, ctx := New(), context.Background()
	create := func(name string) (string, error) {
		r, err := schema.New(users).Set("userName", name).Build()
		require.NoError(t, err)
		r, err = s.CreateUser(ctx, "t", scim.Write{New: r})
		if err != nil {
			return "", err
		}
		return r.ID(), nil
	}
	ann, err := create("ann")
	require.NoError(t, err)
	n := s.d.tenants["t"]
	h, ok := n.handleOf(ann)
	require.True(t, ok)
	n.collections[userKind].indexes["userName"].add(digestOf("bob"), h)

	bob, err := create("bob")
	require.NoError(t, err, "ann is no bob")
	_, err = create("BOB")
	assert.Error(t, err)
	e, err := filter.Parse(`userName eq "bob"`, filter.Leniency{})
	require.NoError(t, err)
	f, err := filter.Check(e, users, filter.Checking{})
	require.NoError(t, err)
	page, err := s.ListUsers(ctx, "t", scim.Query{Filter: f, StartIndex: 1, Count: 10})
	require.NoError(t, err)
	require.Len(t, page.Resources, 1)
	assert.Equal(t, bob, page.Resources[0].ID())
}

// TestHandleOf: an id is found by what its end says, but only whole.
func TestHandleOf(t *testing.T) {
	users := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	s, ctx := New(), context.Background()
	var ids []string
	for _, tenant := range []scim.Tenant{"t", "other"} {
		for i := range 2 * pageSize {
			r, err := schema.New(users).Set("userName", strconv.Itoa(i)).Build()
			require.NoError(t, err)
			r, err = s.CreateUser(ctx, tenant, scim.Write{New: r})
			require.NoError(t, err)
			ids = append(ids, r.ID())
		}
	}
	n := s.d.tenants["t"]
	for i, id := range ids {
		h, ok := n.handleOf(id)
		assert.Equal(t, i < 2*pageSize, ok, "of this tenant only")
		if ok {
			assert.Equal(t, handle(i), h)
		}
	}
	id := ids[pageSize]
	for _, other := range []string{
		"", "x", id[:idSize-1], id + "0", id[1:], strings.ToUpper(id[:8]) + "x" + id[9:], id[:idSize-8] + "ffffffff", id[:idSize-8] + "-0000001", id[:idSize-8] + "0000000g",
	} {
		_, ok := n.handleOf(other)
		assert.False(t, ok, other)
	}
	require.NoError(t, s.DeleteUser(ctx, "t", id, ""))
	_, ok := n.handleOf(id)
	assert.False(t, ok)
}
