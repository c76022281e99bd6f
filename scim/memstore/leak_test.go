package memstore

import (
	"context"
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	h := n.byID[res.Group.ID()]
	assert.Nil(t, n.records.at(h).members)
	require.NoError(t, s.DeleteGroup(ctx, "t", res.Group.ID(), ""))

	assert.Empty(t, n.byID)
	assert.Empty(t, n.roles)
	assert.Empty(t, s.d.globals)
	for _, p := range n.records.pages {
		assert.Nil(t, p.records)
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

// TestOldVersionsGo: keys of indexes are parts of resources. They are those of the
// version that is stored, or the older one would stay in memory with them.
func TestOldVersionsGo(t *testing.T) {
	users := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	s, ctx := New(), context.Background()
	r, err := schema.New(users).Set("userName", "ann").Build()
	require.NoError(t, err)
	r, err = s.CreateUser(ctx, "t", scim.Write{New: r})
	require.NoError(t, err)
	next, err := r.Edit().Set("title", "Lead").Build()
	require.NoError(t, err)
	r, err = s.UpdateUser(ctx, "t", r.ID(), scim.Write{Old: r, New: next, Changed: []string{"title"}})
	require.NoError(t, err)
	for key := range s.d.tenants["t"].collections[userKind].indexes["userName"].first {
		assert.Same(t, unsafe.StringData(r.Get("userName").String()), unsafe.StringData(key))
	}
}
