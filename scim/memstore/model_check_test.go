package memstore_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// check compares the answers to all questions.
func (w *world) check(t *rapid.T) {
	tenant := drawTenant(t)
	for _, typ := range []*schema.Type{userType, groupType} {
		w.checkLists(t, tenant, typ, false)
	}
	w.checkLists(t, tenant, userType, true)
	w.checkMemberships(t, tenant)
	for _, id := range w.m.ids(tenant, userType, false) {
		r, err := w.s.GetUser(w.ctx, tenant, id)
		require.NoError(t, err)
		require.True(t, w.m.docs[id].resource(t, id).Equal(r))
		require.Equal(t, w.m.docs[id].meta, r.Meta())
		roles, err := w.s.UserRoles(w.ctx, tenant, id)
		require.NoError(t, err)
		require.Equal(t, w.m.docs[id].roles, roles)
	}
}

var userFilters = []string{
	"", `userName eq "U0"`, `userName eq "Ä"`, `displayName eq "ann"`, `externalId eq "x1"`, `emails.value eq "a@x.org"`,
	`emails[type eq "work" and value eq "a@x.org"]`, `displayName eq "ann" and active eq true`, `userName eq "u1" or userName eq "u2"`,
	`not (userName eq "u0")`, `title pr`, `userName sw "u"`, ext("badge") + ` eq "A"`, ext("level") + ` ge 2`, `active eq false`,
	ext("passport") + ` eq "p" and title pr`, `meta.created gt "2001-01-01T00:00:00Z"`,
}

var groupFilters = []string{"", `displayName eq "STRASSE"`, `displayName sw "g"`, `externalId eq "x1"`, `not (externalId pr)`}

var sortPaths = map[*schema.Type][]string{
	userType:  {"", "userName", "title", "displayName", "id", "externalId", "active", "emails.value", "emails", ext("level"), ext("hired"), "meta.created", "meta.lastModified"},
	groupType: {"", "displayName", "externalId", "meta.version"},
}

func (w *world) checkLists(t *rapid.T, tenant scim.Tenant, typ *schema.Type, hidden bool) {
	filters, list := userFilters, w.s.ListUsers
	if typ == groupType {
		filters, list = groupFilters, w.s.ListGroups
	}
	if hidden {
		list = w.s.HiddenUsers
	}
	q := scim.Query{StartIndex: 1, Count: rapid.IntRange(1, 5).Draw(t, "count"), Descending: rapid.Bool().Draw(t, "descending")}
	all := w.m.ids(tenant, typ, hidden)
	if text := rapid.SampledFrom(filters).Draw(t, "filter"); text != "" {
		q.Filter = filterOf(t, typ, text)
	} else if rapid.Bool().Draw(t, "by id") && len(all) > 0 {
		q.Filter = filterOf(t, typ, fmt.Sprintf("id eq %q", pick(t, all, "id")))
	}
	if path := rapid.SampledFrom(sortPaths[typ]).Draw(t, "sortBy"); path != "" {
		q.SortBy = attr(t, typ, path)
	}
	if rapid.IntRange(0, 3).Draw(t, "ids") == 0 {
		q.IDs = append([]string{"unknown"}, w.m.order[:len(w.m.order)/2]...)
	}
	q.ByKey = rapid.Bool().Draw(t, "by key")
	w.checkList(t, tenant, all, q, list)
}

type lister = func(context.Context, scim.Tenant, scim.Query) (scim.Page, error)

// checkList walks along the pages of q.
func (w *world) checkList(t *rapid.T, tenant scim.Tenant, all []string, q scim.Query, list lister) {
	var want []*schema.Resource
	for _, id := range all {
		r := w.m.docs[id].resource(t, id)
		if q.Filter.Match(r) && (q.IDs == nil || slices.Contains(q.IDs, id)) {
			want = append(want, r)
		}
	}
	if q.SortBy != nil {
		slices.SortFunc(want, func(a, b *schema.Resource) int { return scim.Compare(a, b, q) })
	}
	for from := 0; ; from += q.Count {
		page, err := list(w.ctx, tenant, q)
		require.NoError(t, err)
		require.Equal(t, len(want), page.Total)
		from = min(from, len(want))
		part := want[from:min(from+q.Count, len(want))]
		require.Len(t, page.Resources, len(part))
		for i, r := range page.Resources {
			require.Equal(t, part[i].ID(), r.ID())
			require.Equal(t, part[i].Meta(), r.Meta())
			require.True(t, part[i].Equal(r))
		}
		more := from+q.Count < len(want)
		require.Equal(t, q.ByKey && more, page.Next != "")
		if q.After = page.Next; q.ByKey && !more || len(part) == 0 {
			return
		}
		if !q.ByKey {
			q.StartIndex += q.Count
		}
	}
}

func (w *world) checkMemberships(t *rapid.T, tenant scim.Tenant) {
	users, groups := w.m.ids(tenant, userType, false), w.m.ids(tenant, groupType, false)
	q := scim.MembershipQuery{Limit: rapid.IntRange(0, 3).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "groups") {
		q.Groups = drawSome(t, append(groups, "unknown"), "groups")
	}
	if rapid.Bool().Draw(t, "members") {
		q.Members = drawSome(t, slices.Concat(users, groups, w.m.ids(tenant, userType, true)), "members")
	}
	var want, got []scim.Membership
	for _, g := range groups {
		for _, id := range w.m.order {
			asked := (q.Groups == nil || slices.Contains(q.Groups, g)) && (q.Members == nil || slices.Contains(q.Members, id)) &&
				(q.Groups != nil || q.Members != nil)
			if asked && w.m.edges[[2]string{g, id}] && !w.m.docs[id].hidden {
				want = append(want, w.edge(g, id))
			}
		}
	}
	for {
		page, err := w.s.ListMemberships(w.ctx, tenant, q)
		require.NoError(t, err)
		got = append(got, page.Edges...)
		if q.After = page.Next; q.After == "" {
			break
		}
		require.Len(t, page.Edges, q.Limit)
	}
	require.Equal(t, want, got)
}

func drawSome(t *rapid.T, ids []string, label string) []string {
	some := []string{}
	for _, id := range ids {
		if rapid.Bool().Draw(t, label) {
			some = append(some, id)
		}
	}
	return some
}

func (w *world) edge(g, id string) scim.Membership {
	d := w.m.docs[id]
	display, _ := d.attrs["displayName"].(string)
	if display == "" {
		display, _ = d.attrs["userName"].(string)
	}
	return scim.Membership{
		GroupID: g, GroupName: w.m.docs[g].attrs["displayName"].(string),
		Member: patch.Member{ID: id, Type: d.typ.Name(), Display: display},
	}
}
