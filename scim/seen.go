package scim

import (
	"context"
	"errors"
	"slices"

	"github.com/muster-scim/muster/schema"
)

// seenUsers is the store of users as a connection sees it: what the Guard holds back
// is laid over, and with OnlyLinkedUsers the rest is out of sight. It looks at the
// settings in the context, and reads nothing more without these two.
type seenUsers struct {
	UserStore
	l *lifecycle
}

// seenGroups does the same for groups.
type seenGroups struct {
	GroupStore
	l *lifecycle
}

func (s seenUsers) GetUser(ctx context.Context, t Tenant, id string) (*schema.Resource, error) {
	r, err := s.UserStore.GetUser(ctx, t, id)
	settings := settingsFrom(ctx)
	if err != nil || settings == nil {
		return r, err
	}
	if settings.Guard != nil {
		held, err := getRecord[retention](ctx, s.l.state, t, kindRetained, id)
		if err != nil {
			return nil, err
		}
		if held.Value.Deleted {
			return nil, ErrNotFound
		}
		r = laidOver(held, r)
	}
	if settings.OnlyLinkedUsers {
		return r, s.l.mustBeLinked(ctx, t, kindAccount, id)
	}
	return r, nil
}

func (s seenUsers) ListUsers(ctx context.Context, t Tenant, q Query) (Page, error) {
	settings := settingsFrom(ctx)
	if settings == nil {
		return s.UserStore.ListUsers(ctx, t, q)
	}
	list := s.UserStore.ListUsers
	if settings.OnlyLinkedUsers {
		list = s.l.onlyLinked(kindAccount, list)
	}
	if settings.Guard != nil {
		return s.l.listRetained(ctx, t, q, list)
	}
	return list(ctx, t, q)
}

func (s seenGroups) GetGroup(ctx context.Context, t Tenant, id string) (*schema.Resource, error) {
	r, err := s.GroupStore.GetGroup(ctx, t, id)
	if settings := settingsFrom(ctx); err == nil && settings != nil && settings.OnlyLinkedGroups {
		err = s.l.mustBeLinked(ctx, t, kindGroup, id)
	}
	return r, err
}

func (s seenGroups) ListGroups(ctx context.Context, t Tenant, q Query) (Page, error) {
	if settings := settingsFrom(ctx); settings != nil && settings.OnlyLinkedGroups {
		return s.l.onlyLinked(kindGroup, s.GroupStore.ListGroups)(ctx, t, q)
	}
	return s.GroupStore.ListGroups(ctx, t, q)
}

// links is what the records of users and groups have in common.
type links struct {
	Links map[string]link `json:"links"`
}

// mustBeLinked is ErrNotFound unless the connection of ctx has linked a resource.
func (l *lifecycle) mustBeLinked(ctx context.Context, t Tenant, kind Kind, id string) error {
	scope, _ := ScopeFrom(ctx)
	r, err := getRecord[links](ctx, l.state, t, kind, id)
	if err != nil {
		return err
	}
	if _, ok := r.Value.Links[scope.Connection]; !ok {
		return ErrNotFound
	}
	return nil
}

type listFunc func(ctx context.Context, t Tenant, q Query) (Page, error)

// onlyLinked lists what the connection of ctx has linked. An equality is looked up, and
// what is found is looked at; anything else is asked for by the ids of all that the
// connection has.
func (l *lifecycle) onlyLinked(kind Kind, list listFunc) listFunc {
	return func(ctx context.Context, t Tenant, q Query) (Page, error) {
		scope, _ := ScopeFrom(ctx)
		if _, _, _, ok := q.Filter.Equality(); ok && q.StartIndex == 1 && !q.ByKey && q.IDs == nil {
			page, err := list(ctx, t, q)
			if err != nil || page.Total > len(page.Resources) || page.Total > batch {
				return l.listLinked(ctx, t, kind, scope.Connection, q, list, err)
			}
			return l.linkedOf(ctx, t, kind, scope.Connection, page)
		}
		return l.listLinked(ctx, t, kind, scope.Connection, q, list, nil)
	}
}

// linkedOf leaves of a page what the connection has linked.
func (l *lifecycle) linkedOf(ctx context.Context, t Tenant, kind Kind, connection string, page Page) (Page, error) {
	ids := make([]string, len(page.Resources))
	for i, r := range page.Resources {
		ids[i] = r.ID()
	}
	records, err := getRecords[links](ctx, l.state, t, kind, ids...)
	if err != nil {
		return Page{}, err
	}
	var kept []*schema.Resource
	for _, r := range page.Resources {
		if _, ok := records[r.ID()].Value.Links[connection]; ok {
			kept = append(kept, r)
		}
	}
	return Page{Resources: kept, Total: len(kept)}, nil
}

// listLinked restricts a query to the ids that the connection has linked.
func (l *lifecycle) listLinked(ctx context.Context, t Tenant, kind Kind, connection string, q Query, list listFunc, err error) (Page, error) {
	if err != nil {
		return Page{}, err
	}
	records, _, err := findRecords[links](ctx, l.state, t, StateQuery{Kind: kind, Ref: refOfConnection(connection)})
	if err != nil {
		return Page{}, err
	}
	ids := make([]string, 0, len(records))
	for _, r := range records {
		if q.wants(r.Key) {
			ids = append(ids, r.Key)
		}
	}
	q.IDs = ids
	return list(ctx, t, q)
}

// listRetained lays over a list what the Guard holds back. That is very little: one
// look in most tenants. Where there is some, all that match are read, up to
// Config.MaxScan, and counted and paged here; beyond it a filter on active may miss
// them.
func (l *lifecycle) listRetained(ctx context.Context, t Tenant, q Query, list listFunc) (Page, error) {
	held, _, err := findRecords[retention](ctx, l.state, t, StateQuery{Kind: kindRetained})
	if err != nil {
		return Page{}, err
	}
	byID := map[string]*record[retention]{}
	for _, r := range held {
		if r.Value.Deleted || r.Value.Inactive {
			byID[r.Key] = r
		}
	}
	if len(byID) == 0 {
		return list(ctx, t, q)
	}
	all, err := list(ctx, t, Query{IDs: q.IDs, StartIndex: 1, Count: l.h.config.MaxScan + 1})
	switch {
	case err != nil && !errors.Is(err, ErrNotImplemented):
		return Page{}, err
	case err != nil || all.Total > l.h.config.MaxScan:
		page, err := list(ctx, t, q)
		page.Resources = l.shown(page.Resources, byID, nil)
		return page, err
	}
	return PageOf(l.shown(all.Resources, byID, q.Filter.Match), q)
}

// shown lays what is held back over resources and leaves out what is deleted or does
// not match.
func (l *lifecycle) shown(resources []*schema.Resource, held map[string]*record[retention], match func(*schema.Resource) bool) []*schema.Resource {
	var shown []*schema.Resource
	for _, r := range resources {
		h := held[r.ID()]
		if h != nil && h.Value.Deleted {
			continue
		}
		if r = laidOver(h, r); match == nil || match(r) {
			shown = append(shown, r)
		}
	}
	return shown
}

// edges lists memberships as the connection sees them: those of groups and of users that
// are out of its sight are not there.
func (q *request) edges(query MembershipQuery) (MembershipPage, error) {
	page, err := q.h.config.Groups.ListMemberships(q.ctx, q.scope.Tenant, query)
	if err != nil || q.h.life == nil || len(page.Edges) == 0 {
		return page, err
	}
	if q.settings.OnlyLinkedGroups {
		if err := q.h.life.linkedEdges(q, kindGroup, &page, func(e Membership) string { return e.GroupID }); err != nil {
			return page, err
		}
	}
	if q.settings.OnlyLinkedUsers {
		err = q.h.life.linkedEdges(q, kindAccount, &page, func(e Membership) string {
			if e.Member.Type == q.h.groups.typ.Name() {
				return ""
			}
			return e.Member.ID
		})
	}
	return page, err
}

// linkedEdges leaves of a page the edges one end of which the connection has linked. An
// end without an id is seen.
func (l *lifecycle) linkedEdges(q *request, kind Kind, page *MembershipPage, end func(Membership) string) error {
	var ids []string
	for _, e := range page.Edges {
		if id := end(e); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	known := map[string]bool{"": true}
	for part := range slices.Chunk(slices.Compact(ids), maxIDs) {
		records, err := getRecords[links](q.ctx, l.state, q.scope.Tenant, kind, part...)
		if err != nil {
			return err
		}
		for id, r := range records {
			_, known[id] = r.Value.Links[q.scope.Connection]
		}
	}
	page.Edges = slices.DeleteFunc(slices.Clone(page.Edges), func(e Membership) bool { return !known[end(e)] })
	return nil
}
