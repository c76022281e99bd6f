package sqlstore_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/dbtest"
	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// TestNested: groups and users in one group are listed and changed as one list, though
// they lie in two tables.
func TestNested(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		apply(t, db, accountDDL...)
		s := openAccounts(t, db)
		user := func(name string) string {
			r, err := schema.New(s.Users.(scim.Typer).SCIMType()).Set("userName", name).Build()
			require.NoError(t, err)
			r, err = s.Users.CreateUser(ctx, acme, scim.Write{New: r})
			require.NoError(t, err)
			return r.ID()
		}
		group := func(name string, members ...patch.Member) string {
			r, err := schema.New(s.Groups.(scim.Typer).SCIMType()).Set("displayName", name).Build()
			require.NoError(t, err)
			res, err := s.Groups.CreateGroup(ctx, acme, scim.GroupWrite{Write: scim.Write{New: r}, Members: patch.MemberDelta{Add: members}})
			require.NoError(t, err)
			return res.Group.ID()
		}
		member := func(id string) patch.Member { return patch.Member{ID: id, Type: "User"} }
		nested := func(id string) patch.Member { return patch.Member{ID: id, Type: "Group"} }
		ann, bob, cid := user("ann"), user("bob"), user("cid")
		inner, other := group("Inner", member(bob)), group("Other")
		outer := group("Outer", member(ann), nested(inner))
		edges := func(q scim.MembershipQuery) (ids, types []string) {
			for {
				page, err := s.Groups.ListMemberships(ctx, acme, q)
				require.NoError(t, err)
				for _, e := range page.Edges {
					ids, types = append(ids, e.Member.ID), append(types, e.Member.Type)
				}
				if q.After = page.Next; q.After == "" {
					return ids, types
				}
			}
		}
		for limit := range 4 {
			ids, types := edges(scim.MembershipQuery{Groups: []string{outer}, Limit: limit})
			assert.ElementsMatch(t, []string{ann, inner}, ids, "pages of %d", limit)
			assert.ElementsMatch(t, []string{"User", "Group"}, types)
		}
		page, err := s.Groups.ListMemberships(ctx, acme, scim.MembershipQuery{Members: []string{inner}})
		require.NoError(t, err)
		require.Len(t, page.Edges, 1)
		assert.Equal(t, outer, page.Edges[0].GroupID)
		assert.Equal(t, "Inner", page.Edges[0].Member.Display)

		change := func(d patch.MemberDelta) scim.GroupResult {
			res, err := s.Groups.UpdateGroup(ctx, acme, outer, scim.GroupWrite{Members: d})
			require.NoError(t, err)
			return res
		}
		res := change(patch.MemberDelta{Add: []patch.Member{member(bob), nested(other), member(ann), nested(inner)}, Remove: []string{cid}})
		assert.ElementsMatch(t, []string{bob, other}, res.Added)
		assert.Empty(t, res.Removed)
		res = change(patch.MemberDelta{Remove: []string{ann, inner}})
		assert.ElementsMatch(t, []string{ann, inner}, res.Removed)
		res = change(patch.MemberDelta{Replace: true, Add: []patch.Member{nested(inner), member(bob)}})
		assert.Equal(t, []string{inner}, res.Added)
		assert.Equal(t, []string{other}, res.Removed)
		_, err = s.Groups.UpdateGroup(ctx, acme, outer, scim.GroupWrite{Members: patch.MemberDelta{Add: []patch.Member{nested("team-999")}}})
		require.Error(t, err, "there is no such group")

		// What is deleted is in no group, and has no members.
		require.NoError(t, s.Groups.DeleteGroup(ctx, acme, inner, ""))
		ids, _ := edges(scim.MembershipQuery{Groups: []string{outer}})
		assert.Equal(t, []string{bob}, ids)
		change(patch.MemberDelta{Add: []patch.Member{nested(other)}})
		require.NoError(t, s.Groups.DeleteGroup(ctx, acme, outer, ""))
		var left int
		require.NoError(t, db.QueryRow(`SELECT (SELECT count(*) FROM team_teams) + (SELECT count(*) FROM team_members)`).Scan(&left))
		assert.Zero(t, left)
	})
}
