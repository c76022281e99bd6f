package scim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-scim/muster/schema"
)

// errNoResource is a mistake of the caller.
var errNoResource = errors.New("scim: Write.New is nil")

// CreateRoleGroup is CreateGroup of a group that stands for a role. Its name must be
// that of no other group, whichever kind.
func (g *roleGroups) CreateRoleGroup(ctx context.Context, t Tenant, w GroupWrite) (res GroupResult, err error) {
	if w.New == nil {
		return GroupResult{}, errNoResource
	}
	err = g.attempt(ctx, func(ctx context.Context) error {
		res, err = g.create(ctx, t, w)
		return err
	})
	return res, err
}

func (g *roleGroups) create(ctx context.Context, t Tenant, w GroupWrite) (GroupResult, error) {
	d := roleDelta{}
	var err error
	if d.add, err = g.known(ctx, t, w.Members.Add); err != nil {
		return GroupResult{}, err
	}
	if err := g.checkName(ctx, t, w.New.WithMeta("", schema.Meta{})); err != nil {
		return GroupResult{}, err
	}
	n, count, err := g.counted(ctx, t, 1)
	if err != nil {
		return GroupResult{}, err
	}
	if n >= g.most {
		return GroupResult{}, Forbidden("There are %d groups that stand for roles already, and there can be no more. Delete those that are not needed.", n)
	}
	now := g.stamp()
	r := w.New.WithMeta(newRoleGroupID(), schema.Meta{Created: now, LastModified: now, Version: roleGroupVersion(firstVersion)})
	group, err := g.encode(r, 0)
	if err != nil {
		return GroupResult{}, err
	}
	records := append([]State{group, count}, claim(g.nameKey(r), r.ID())...)
	if err := g.put(ctx, t, append(records, d.records(r.ID())...)); err != nil {
		return GroupResult{}, err
	}
	return d.result(r), nil
}

func (g *roleGroups) stamp() time.Time { return g.now().UTC().Truncate(time.Microsecond) }

// update changes a role group. What is only told of members that are hidden is no
// change.
func (g *roleGroups) update(ctx context.Context, t Tenant, id string, w GroupWrite) (GroupResult, error) {
	old, version, err := g.read(ctx, t, id)
	if err != nil {
		return GroupResult{}, err
	}
	if w.Version != "" && w.Version != old.Version() {
		return GroupResult{}, ErrVersionMismatch
	}
	r, err := merged(old, w.Write)
	if err != nil {
		return GroupResult{}, err
	}
	d, err := g.effective(ctx, t, id, w.Members)
	if err != nil {
		return GroupResult{}, err
	}
	var records []State
	if r != old || d.isVisible() {
		r = g.successor(old, r, version)
		if records, err = g.replaced(ctx, t, old, r, version); err != nil {
			return GroupResult{}, err
		}
	}
	if err := g.put(ctx, t, append(records, d.records(id)...)); err != nil {
		return GroupResult{}, err
	}
	return d.result(r), nil
}

// renames reports whether a write may change the name of a group.
func (g *roleGroups) renames(w Write) bool {
	return g.name != nil && w.New != nil && slices.Contains(w.Changed, g.name.Path())
}

// merged returns old with the values of w.New for what w.Changed names; old itself if
// nothing differs.
func merged(old *schema.Resource, w Write) (*schema.Resource, error) {
	if len(w.Changed) == 0 {
		return old, nil
	}
	if w.New == nil {
		return nil, errNoResource
	}
	b := old.Edit()
	for _, path := range w.Changed {
		a, ok := w.New.Type().Attr(path)
		if !ok {
			return nil, fmt.Errorf("scim: Write.Changed names %q, which %s does not have", path, w.New.Type().Name())
		}
		b.Put(a.Top(), w.New.Value(a.Top()))
	}
	r, err := b.Build()
	if err == nil && r.Equal(old) {
		return old, nil
	}
	return r, err
}

// successor stamps r, which takes the place of old. Its time is later even if the
// clock is not.
func (g *roleGroups) successor(old, r *schema.Resource, version int64) *schema.Resource {
	m := old.Meta()
	now := g.stamp()
	if !now.After(m.LastModified) {
		now = m.LastModified.Add(time.Microsecond)
	}
	m.LastModified, m.Version = now, roleGroupVersion(version+1)
	return r.WithMeta(old.ID(), m)
}

// replaced returns the records that put r in the place of old.
func (g *roleGroups) replaced(ctx context.Context, t Tenant, old, r *schema.Resource, version int64) ([]State, error) {
	group, err := g.encode(r, version)
	if err != nil {
		return nil, err
	}
	records := []State{group}
	if was, is := g.nameKey(old), g.nameKey(r); was != is {
		if err := g.checkName(ctx, t, r); err != nil {
			return nil, err
		}
		records = append(append(records, release(was)...), claim(is, r.ID())...)
	}
	return records, nil
}

// delete erases a role group, but for its memberships.
func (g *roleGroups) delete(ctx context.Context, t Tenant, id, version string) error {
	r, stored, err := g.read(ctx, t, id)
	if err != nil {
		return err
	}
	if version != "" && version != r.Version() {
		return ErrVersionMismatch
	}
	_, count, err := g.counted(ctx, t, -1)
	if err != nil {
		return err
	}
	return g.put(ctx, t, append([]State{{Kind: kindRoleGroup, Key: id, Version: stored, Delete: true}, count}, release(g.nameKey(r))...))
}

// clear erases the memberships of a role group that is gone, a part at a time:
// without their group nobody sees them.
func (g *roleGroups) clear(ctx context.Context, t Tenant, id string) error {
	for {
		next := ""
		err := g.attempt(ctx, func(ctx context.Context) error {
			members, more, err := g.memberships(ctx, t, StateQuery{Ref: refOfRoleGroup(id), Limit: batch})
			if err != nil {
				return err
			}
			next = more
			d := roleDelta{}
			for _, m := range members {
				d.remove = append(d.remove, m.member)
			}
			return g.put(ctx, t, d.records(id))
		})
		if err != nil || next == "" {
			return err
		}
	}
}
