package scim

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// ListGroups lists both kinds. Without an order the application's come first, in its
// own order, then the role groups in the order of ids; with one the two are merged.
// Where no key helps, a page that has role groups, and one that is ordered or
// filtered, reads all role groups, of which there are maxRoleGroups at most.
func (g *roleGroups) ListGroups(ctx context.Context, t Tenant, q Query) (Page, error) {
	switch {
	case q.ByKey:
		return g.listByKey(ctx, t, q)
	case q.SortBy != nil:
		return g.listMerged(ctx, t, q)
	}
	return g.listInTurn(ctx, t, q)
}

// listApp asks the application for its part of q.
func (g *roleGroups) listApp(ctx context.Context, t Tenant, q Query) (Page, error) {
	ids, roles := splitIDs(q.IDs)
	if len(ids) == 0 && len(roles) > 0 {
		return Page{}, nil
	}
	q.IDs = ids
	return g.app.ListGroups(ctx, t, q)
}

// matching returns the role groups that q's filter and ids let through, in the order
// that q wants.
func (g *roleGroups) matching(ctx context.Context, t Tenant, q Query) ([]*schema.Resource, error) {
	look, ok := g.lookUpFor(q)
	if !ok {
		return nil, nil
	}
	groups, err := g.find(ctx, t, look)
	if err != nil {
		return nil, err
	}
	groups = slices.DeleteFunc(groups, func(r *schema.Resource) bool { return !q.Filter.Match(r) })
	if q.SortBy != nil {
		slices.SortFunc(groups, func(a, b *schema.Resource) int { return Compare(a, b, q) })
	}
	return groups, nil
}

// lookUpFor returns what has to be read to find what q may let through; ok is false
// if that is nothing.
func (g *roleGroups) lookUpFor(q Query) (look StateQuery, ok bool) {
	if q.IDs != nil {
		_, look.Keys = splitIDs(q.IDs)
	}
	if a, key, _, ok := q.Filter.Equality(); ok {
		switch {
		case a.Path() == "id" && !isRoleGroup(key):
			return look, false
		case a.Path() == "id" && look.Keys == nil:
			look.Keys = []string{key}
		case a.Path() == "externalId":
			look.Ref = refOfRoleExternalID(key)
		case g.name != nil && a.Path() == g.name.Path():
			look.Ref = refOfRoleName(key)
		}
	}
	return look, look.Keys == nil || len(look.Keys) > 0
}

// listInTurn returns a page of the application's groups, then the role groups.
func (g *roleGroups) listInTurn(ctx context.Context, t Tenant, q Query) (Page, error) {
	page, err := g.listApp(ctx, t, q)
	if err != nil {
		return Page{}, err
	}
	from, room := max(q.StartIndex-1, 0)-page.Total, q.Count-len(page.Resources)
	if (room <= 0 || from+q.Count <= 0) && q.Filter == nil && q.IDs == nil {
		n, _, err := g.counted(ctx, t, 0)
		page.Total += n
		return page, err
	}
	roles, err := g.matching(ctx, t, q)
	if err != nil {
		return Page{}, err
	}
	page.Total += len(roles)
	if room > 0 {
		page.Resources = slices.Concat(page.Resources, window(roles, max(from, 0), room))
	}
	return page, nil
}

// window returns n of the resources from an index on, or as many as there are.
func window(rs []*schema.Resource, from, n int) []*schema.Resource {
	from = min(from, len(rs))
	return rs[from:min(from+n, len(rs))]
}

// listMerged returns a page in the order of an attribute. Of k role groups at most k
// stand before the page, so that it begins at most k places earlier among the
// application's.
func (g *roleGroups) listMerged(ctx context.Context, t Tenant, q Query) (Page, error) {
	roles, err := g.matching(ctx, t, q)
	if err != nil {
		return Page{}, err
	}
	from := max(q.StartIndex-1, 0)
	skip := max(from-len(roles), 0)
	own := q
	own.StartIndex = skip + 1
	if q.Count > 0 {
		own.Count = from - skip + q.Count
	}
	page, err := g.listApp(ctx, t, own)
	if err != nil {
		return Page{}, err
	}
	switch {
	case skip > 0 && len(page.Resources) == 0: // the list ends before the page
	default:
		page.Resources = window(merge(page.Resources, roles, q), from-skip, q.Count)
	}
	page.Total += len(roles)
	return page, nil
}

// merge puts the application's groups and role groups into one order: that of q, or
// without one role groups last.
func merge(app, roles []*schema.Resource, q Query) []*schema.Resource {
	all := make([]*schema.Resource, 0, len(app)+len(roles))
	for len(app) > 0 && len(roles) > 0 {
		if q.SortBy == nil || Compare(app[0], roles[0], q) < 0 {
			all, app = append(all, app[0]), app[1:]
		} else {
			all, roles = append(all, roles[0]), roles[1:]
		}
	}
	return append(append(all, app...), roles...)
}

// listByKey returns a page that begins behind a place, which is one place among the
// groups of each kind.
func (g *roleGroups) listByKey(ctx context.Context, t Tenant, q Query) (Page, error) {
	at, err := parsePlaces(q.After)
	if err != nil {
		return Page{}, err
	}
	q.After = at.role
	behind, err := Behind(q)
	if err != nil {
		return Page{}, err
	}
	roles, err := g.matching(ctx, t, q)
	if err != nil {
		return Page{}, err
	}
	total := len(roles)
	roles = slices.DeleteFunc(roles, func(r *schema.Resource) bool { return !behind(r) })

	q.After = at.app
	page := Page{Total: -1}
	if !at.appDone {
		if page, err = g.listApp(ctx, t, q); err != nil {
			return Page{}, err
		}
	}
	if page.Total >= 0 {
		page.Total += total
	}
	return g.pageByKey(ctx, t, q, at, page, roles)
}

// pageByKey makes the page of what follows of each kind: page of the application's
// groups, and all role groups that are left.
func (g *roleGroups) pageByKey(ctx context.Context, t Tenant, q Query, at places, page Page, roles []*schema.Resource) (Page, error) {
	own := page.Resources
	page.Resources = window(merge(own, roles, q), 0, q.Count)
	taken := len(page.Resources)
	for _, r := range page.Resources {
		if isRoleGroup(r.ID()) {
			taken--
		}
	}
	if taken == len(own) && page.Next != "" {
		// The application has more, which may come before the next role group.
		for n := len(page.Resources); n > 0 && isRoleGroup(page.Resources[n-1].ID()); n-- {
			page.Resources = page.Resources[:n-1]
		}
	}
	rolesTaken := len(page.Resources) - taken
	next := places{appDone: at.appDone || taken == len(own) && page.Next == "", app: page.Next, role: at.role}
	if taken < len(own) {
		if next.app = at.app; taken > 0 {
			// Where the application's part ends is known to the application only.
			q.Count = taken
			shorter, err := g.listApp(ctx, t, q)
			if err != nil {
				return Page{}, err
			}
			next.app, next.appDone = shorter.Next, shorter.Next == ""
			page.Resources = merge(shorter.Resources, roles[:rolesTaken], q)
		}
	}
	if rolesTaken > 0 {
		next.role = PlaceOf(roles[rolesTaken-1], q)
	}
	page.Next = ""
	if len(page.Resources) > 0 && !(next.appDone && rolesTaken == len(roles)) {
		page.Next = next.String()
	}
	return page, nil
}

// places is where a page ends: a place among the application's groups, in its own
// form, and one among the role groups. The application's may be done.
type places struct {
	appDone   bool
	app, role string
}

// String returns the places as one text.
func (p places) String() string {
	done := ""
	if p.appDone {
		done = "-"
	}
	return done + strconv.Itoa(len(p.app)) + ":" + p.app + p.role
}

// parsePlaces reads what String has made; "" is the beginning.
func parsePlaces(text string) (p places, err error) {
	if text == "" {
		return p, nil
	}
	text, p.appDone = strings.CutPrefix(text, "-")
	size, both, ok := strings.Cut(text, ":")
	n, err := strconv.Atoi(size)
	if !ok || err != nil || n < 0 || n > len(both) {
		return p, errInvalidCursor
	}
	p.app, p.role = both[:n], both[n:]
	return p, nil
}
