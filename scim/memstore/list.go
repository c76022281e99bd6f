package memstore

import (
	"context"
	"slices"
	"sort"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// list returns a page of what is live or hidden. The lock is held only to take
// what may match: resources are immutable, so matching and sorting a million
// stops no writer.
func (s shelf) list(ctx context.Context, t scim.Tenant, q scim.Query, hidden bool) (scim.Page, error) {
	if s.asksForEdges(q) {
		return scim.Page{}, scim.ErrNotImplemented
	}
	q.StartIndex, q.Count = max(q.StartIndex, 1), max(q.Count, 0)
	page, exact, err := s.candidates(ctx, t, q, hidden)
	if err != nil || exact {
		return page, err
	}
	matching, err := match(ctx, q.Filter, page.Resources)
	if err != nil {
		return scim.Page{}, err
	}
	sortResources(matching, q)
	return window(matching, q)
}

// asksForEdges reports whether q names what resources don't have.
func (s shelf) asksForEdges(q scim.Query) bool {
	name := ""
	switch s.kind {
	case userKind:
		name = "groups"
	case groupKind:
		name = "members"
	default:
		return false
	}
	if q.SortBy != nil && q.SortBy.Top().Path() == name {
		return true
	}
	if q.Filter == nil {
		return false
	}
	if a, _, alone, ok := q.Filter.Equality(); ok && alone { // as most filters are
		return a.Top().Path() == name
	}
	a, ok := q.Filter.Type().Attr(name)
	return ok && q.Filter.Mentions(a)
}

// candidates returns resources among which are all that match, in order of
// creation. If exact is set, the page is the answer.
func (s shelf) candidates(ctx context.Context, t scim.Tenant, q scim.Query, hidden bool) (page scim.Page, exact bool, err error) {
	hold, err := s.d.lock(ctx, false)
	if err != nil {
		return scim.Page{}, false, err
	}
	defer hold.release()
	c := s.d.find(t, s.kind)
	if c == nil {
		return scim.Page{}, true, nil
	}
	if q.IDs != nil {
		return scim.Page{Resources: c.byIDs(q.IDs, hidden)}, false, nil
	}
	if !hidden {
		if found, ok := c.byEquality(q.Filter); ok {
			return scim.Page{Resources: found}, false, nil
		}
	}
	all := &c.live
	if hidden {
		all = &c.hidden
	}
	if q.Filter == nil && q.SortBy == nil {
		return c.page(all, q), true, nil
	}
	return scim.Page{Resources: c.resources(all)}, false, nil
}

// byIDs returns the resources with these ids.
func (c *collection) byIDs(ids []string, hidden bool) []*schema.Resource {
	hs := make([]handle, 0, len(ids))
	for _, id := range ids {
		if h, ok := c.lookup(id); ok && c.n.records.at(h).hidden == hidden {
			hs = append(hs, h)
		}
	}
	slices.Sort(hs)
	hs = slices.Compact(hs)
	return c.having(hs)
}

// having returns the resources with these handles.
func (c *collection) having(hs []handle) []*schema.Resource {
	found := make([]*schema.Resource, len(hs))
	for i, h := range hs {
		found[i] = c.n.records.at(h).res
		found[i].Prefetch()
	}
	return found
}

// byEquality returns the resources that may have what f demands, if there is an
// index for it.
func (c *collection) byEquality(f *filter.Filter) (found []*schema.Resource, ok bool) {
	a, key, _, ok := f.Equality()
	if !ok {
		return nil, false
	}
	if a.Path() == "id" {
		return c.byIDs([]string{key}, false), true
	}
	x := c.indexes[a.Path()]
	if x == nil {
		return nil, false
	}
	var buf [4]handle
	return c.having(x.appendTo(buf[:0], digestOf(key))), true
}

// page returns a page of all that is in s.
func (c *collection) page(s *set[handle], q scim.Query) scim.Page {
	page := scim.Page{Total: s.len()}
	if q.Count == 0 {
		return page
	}
	page.Resources = make([]*schema.Resource, 0, min(q.Count, page.Total))
	for h := range c.begin(s, q).each {
		if n := len(page.Resources); n == q.Count {
			if q.ByKey {
				page.Next = scim.PlaceOf(page.Resources[n-1], q)
			}
			break
		}
		page.Resources = append(page.Resources, c.n.records.at(h).res)
	}
	return page
}

// begin returns what a page begins with, and all behind it.
func (c *collection) begin(s *set[handle], q scim.Query) run[handle] {
	switch {
	case !q.ByKey:
		return s.from(q.StartIndex - 1)
	case q.After == "":
		return s.all()
	}
	if h, ok := c.n.handleOf(q.After); ok {
		return s.after(h)
	}
	// It is gone, but its id tells its place: ids are in the order of handles.
	return s.from(s.rank(func(h handle) bool { return c.n.records.at(h).res.ID() > q.After }))
}

// resources returns all that is in s.
func (c *collection) resources(s *set[handle]) []*schema.Resource {
	all := make([]*schema.Resource, 0, s.len())
	for h := range s.all().each {
		all = append(all, c.n.records.at(h).res)
	}
	return all
}

// patience is how many resources are matched before the context is asked again.
const patience = 1024

// match keeps of resources, which it overwrites, those that match.
func match(ctx context.Context, f *filter.Filter, resources []*schema.Resource) ([]*schema.Resource, error) {
	if f == nil {
		return resources, nil
	}
	matching := resources[:0]
	for i, r := range resources {
		if i%patience == patience-1 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if f.Match(r) {
			matching = append(matching, r)
		}
	}
	clear(resources[len(matching):])
	return matching, nil
}

// window cuts the page out of what matches, which is in order. It is copied if it
// is small, so that it does not keep all the rest in memory.
func window(matching []*schema.Resource, q scim.Query) (scim.Page, error) {
	page := scim.Page{Total: len(matching)}
	from := min(q.StartIndex-1, len(matching))
	if q.ByKey {
		behind, err := scim.Behind(q)
		if err != nil {
			return scim.Page{}, err
		}
		from = sort.Search(len(matching), func(i int) bool { return behind(matching[i]) })
	}
	rest := matching[from:]
	part := rest[:min(q.Count, len(rest))]
	if len(part) == 0 {
		return page, nil
	}
	if q.ByKey && len(part) < len(rest) {
		page.Next = scim.PlaceOf(part[len(part)-1], q)
	}
	if len(part) < len(matching) {
		part = slices.Clone(part)
	}
	page.Resources = part
	return page, nil
}

// ListsByKey says that pages can be asked for by where the last one ended, see
// [scim.CursorLister].
func (s *Store) ListsByKey() bool { return true }

// ListsByKey says that pages can be asked for by where the last one ended, see
// [scim.CursorLister].
func (r *Resources) ListsByKey() bool { return true }
