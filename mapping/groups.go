package mapping

import (
	"context"
	"slices"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// GroupStore makes a store of a repository of groups. It is as [UserStore]; of
// abilities it passes on [scim.Transactor] and [scim.CursorLister].
func GroupStore[G any](t *Table[G], r GroupRepository[G], options ...Option) scim.GroupStore {
	s := &groupStore[G]{newRows(t, r, options), r}
	if tx, ok := r.(scim.Transactor); ok {
		return struct {
			*groupStore[G]
			scim.Transactor
		}{s, tx}
	}
	return s
}

type groupStore[G any] struct {
	*rows[G]
	repo GroupRepository[G]
}

func (s *groupStore[G]) GetGroup(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	return s.get(ctx, t, id)
}

func (s *groupStore[G]) ListGroups(ctx context.Context, t scim.Tenant, q scim.Query) (scim.Page, error) {
	return s.list(ctx, t, Query{Query: q}, s.repo.List)
}

func (s *groupStore[G]) CreateGroup(ctx context.Context, t scim.Tenant, w scim.GroupWrite) (scim.GroupResult, error) {
	p, err := s.table.plan(ctx, t, w.Write, creates)
	if err != nil {
		return scim.GroupResult{}, err
	}
	g := new(G)
	if err := p.apply(g, s.now()); err != nil {
		return scim.GroupResult{}, err
	}
	if err := s.repo.Create(ctx, t, g, w.Members.Add); err != nil {
		return scim.GroupResult{}, err
	}
	var e Effect
	for _, m := range w.Members.Add {
		e.Added = append(e.Added, m.ID)
	}
	r, err := s.created(ctx, t, g)
	if err != nil {
		return scim.GroupResult{}, err
	}
	return resultOf(r, e), nil
}

// UpdateGroup moves version and time only if something really changes: an attribute
// that has a field, or a member.
func (s *groupStore[G]) UpdateGroup(ctx context.Context, t scim.Tenant, id string, w scim.GroupWrite) (scim.GroupResult, error) {
	p, err := s.table.plan(ctx, t, w.Write, changes)
	if err != nil {
		return scim.GroupResult{}, err
	}
	if p.isEmpty() && w.Members.IsZero() {
		r, err := s.unchanged(ctx, t, id, w.Version)
		if err != nil {
			return scim.GroupResult{}, err
		}
		return resultOf(r, Effect{}), nil
	}
	key, err := s.key(id)
	if err != nil {
		return scim.GroupResult{}, err
	}
	members := false
	var row *G
	call, done := once(func(g *G) error {
		row = g
		if s.table.isHidden(g) {
			return scim.ErrNotFound
		}
		if err := s.checkVersion(g, w.Version); err != nil {
			return err
		}
		return p.change(g, s.now(), members)
	})
	change := func(g *G, changed bool) error {
		members = changed
		return call(g)
	}
	e, err := s.repo.Update(ctx, t, key, change, w.Members)
	if err := done(err); err != nil {
		return scim.GroupResult{}, err
	}
	r, err := s.written(ctx, t, id, row)
	if err != nil {
		return scim.GroupResult{}, err
	}
	return resultOf(r, e), nil
}

// resultOf says what a write did.
func resultOf(r *schema.Resource, e Effect) scim.GroupResult {
	res := scim.GroupResult{Group: r, Version: r.Version(), Added: e.Added, Removed: e.Removed}
	if len(e.Added)+len(e.Removed) > scim.MaxEffective {
		res.Added, res.Removed, res.Many = nil, nil, true
	}
	return res
}

func (s *groupStore[G]) DeleteGroup(ctx context.Context, t scim.Tenant, id, version string) error {
	return s.delete(ctx, t, id, version)
}

func (s *groupStore[G]) ListMemberships(ctx context.Context, t scim.Tenant, q scim.MembershipQuery) (scim.MembershipPage, error) {
	prefix := s.table.special[isID].prefix
	if q.Groups != nil {
		q.Groups = s.keys(q.Groups)
	}
	page, err := s.repo.Memberships(ctx, t, q)
	if prefix == "" || err != nil {
		return page, err
	}
	page.Edges = slices.Clone(page.Edges)
	for i := range page.Edges {
		page.Edges[i].GroupID = prefix + page.Edges[i].GroupID
	}
	return page, nil
}
