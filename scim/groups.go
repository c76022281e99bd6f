package scim

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// kindGroup has one record for each group that a connection has written; its key is
// the group's id.
const kindGroup Kind = "group"

// groupAccount is what Muster remembers of a group.
type groupAccount struct {
	Links map[string]link `json:"links,omitempty"`
}

// groupWriter writes groups with the policies: linking, role groups, and the roles of
// those who come and go.
type groupWriter struct{ l *lifecycle }

// groupChange is one attempt to write one group.
type groupChange struct {
	l      *lifecycle
	q      *request // of the transaction
	ctx    context.Context
	t      Tenant
	s      *Settings
	id     string
	result GroupResult

	users     []*userChange // whose roles changed
	decisions []Decision
	changed   bool
}

func (w groupWriter) attempt(q *request, f func(c *groupChange) error) (GroupResult, error) {
	var c *groupChange
	err := w.l.attempt(q.ctx, func(ctx context.Context) error {
		c = &groupChange{l: w.l, q: q.within(ctx), ctx: ctx, t: q.scope.Tenant, s: q.settings}
		return f(c)
	})
	if err != nil {
		return GroupResult{}, err
	}
	w.l.h.decided(q, w.l.h.groups.typ, c.id, c.decisions)
	w.l.finishAll(q, c.users)
	if c.changed {
		w.l.wake()
	}
	return c.result, nil
}

func (c *groupChange) decide(policy, outcome, reason string) {
	c.decisions = append(c.decisions, Decision{Policy: policy, Outcome: outcome, Reason: reason})
}

// emit stores an event of the group.
func (c *groupChange) emit(e Event) error {
	c.changed = true
	e.Resource, e.ResourceID = c.q.h.groups.typ.Name(), c.id
	e.Added, e.Removed, e.Many = c.result.Added, c.result.Removed, c.result.Many
	return c.l.emit(c.ctx, c.t, e)
}

// use says what a group is for.
func (s *Settings) use(name, externalID string) GroupUse {
	if s.Roles == nil {
		return UseNone
	}
	return s.Roles.GroupUse(name, externalID)
}

func (s *Settings) useOf(group *schema.Resource) GroupUse {
	return s.use(group.Get("displayName").String(), group.ExternalID())
}

// create makes a group, or takes one over.
func (w groupWriter) create(q *request, gw GroupWrite) (GroupResult, error) {
	return w.attempt(q, func(c *groupChange) error {
		if c.s.useOf(gw.New) == UseRole {
			return c.createRoleGroup(gw)
		}
		return c.createGroup(gw)
	})
}

func (c *groupChange) createRoleGroup(gw GroupWrite) (err error) {
	if c.result, err = c.l.groups.CreateRoleGroup(c.ctx, c.t, gw); err != nil {
		return err
	}
	c.decide("roles", "role group", "kept by Muster: it stands for a role")
	return c.created(gw, "created")
}

func (c *groupChange) createGroup(gw GroupWrite) error {
	found, err := c.linkedGroup(gw.New)
	if err != nil {
		return err
	}
	if gw.Members, err = c.remembered(gw.New.ExternalID(), gw.Members); err != nil {
		return err
	}
	if found != nil {
		return c.takeOver(found, gw)
	}
	if c.result, err = c.l.groups.CreateGroup(c.ctx, c.t, gw); err != nil {
		return err
	}
	return c.created(gw, "created")
}

// created notes that the group is the connection's, and gives its members their roles.
func (c *groupChange) created(gw GroupWrite, reason string) error {
	c.id = c.result.Group.ID()
	if len(c.result.Added) == 0 && !c.result.Many {
		for _, m := range gw.Members.Add {
			c.result.Added = append(c.result.Added, m.ID)
		}
		c.result.Many = len(c.result.Added) > MaxEffective
	}
	if err := c.link(c.result.Group.ExternalID(), reason); err != nil {
		return err
	}
	if err := c.emit(Event{Type: GroupCreated, After: c.result.Group, Changed: gw.Changed}); err != nil {
		return err
	}
	return c.membersChanged(c.result.Group, c.result)
}

// link notes that the connection holds the group.
func (c *groupChange) link(externalID, reason string) error {
	acc, err := getRecord[groupAccount](c.ctx, c.l.state, c.t, kindGroup, c.id)
	if err != nil {
		return err
	}
	connection := c.q.scope.Connection
	known, ok := acc.Value.Links[connection]
	if ok && known.ExternalID == externalID {
		return nil
	}
	acc.Value.Links = linkTo(acc.Value.Links, connection, externalID, reason, c.l.now())
	acc.Refs = linkRefs(acc.Value.Links)
	return putRecords(c.ctx, c.l.state, c.t, acc)
}

// linkedGroup finds the application's group that a POST means, nil if there is none. One
// that the connection has linked already is taken.
func (c *groupChange) linkedGroup(incoming *schema.Resource) (*schema.Resource, error) {
	connection, ext := c.q.scope.Connection, incoming.ExternalID()
	if ext != "" {
		accounts, _, err := findRecords[groupAccount](c.ctx, c.l.state, c.t, StateQuery{Kind: kindGroup, Ref: refOfLink(connection, ext)})
		if err != nil {
			return nil, err
		}
		for _, acc := range accounts {
			switch _, err := c.l.groups.GetGroup(c.ctx, c.t, acc.Key); {
			case err == nil:
				return nil, Taken("externalId")
			case !errors.Is(err, ErrNotFound):
				return nil, err
			}
		}
	}
	if c.s.Linker == nil {
		return nil, nil
	}
	found, err := c.s.Linker.FindGroup(c.ctx, c.t, incoming)
	if err != nil || found == nil {
		return nil, err
	}
	name := incoming.Get("displayName").String()
	if found.Privileged {
		return nil, c.refuse("The group " + name + " exists and is privileged: it can't be taken over by provisioning.")
	}
	group, err := c.l.groups.app.GetGroup(c.ctx, c.t, found.ID)
	if errors.Is(err, ErrNotFound) {
		return nil, c.refuse("The group that was found for " + name + " does not exist in this tenant.")
	}
	if err != nil {
		return nil, err
	}
	acc, err := getRecord[groupAccount](c.ctx, c.l.state, c.t, kindGroup, found.ID)
	if err != nil {
		return nil, err
	}
	if boundElsewhere(group, acc.Value.Links[connection], incoming) {
		return nil, c.refuse("The group " + name + " is bound to another group (externalId) already.")
	}
	c.decide("link", "linked", found.Reason)
	return group, nil
}

func (c *groupChange) refuse(detail string) error {
	e := &Error{Status: http.StatusConflict, Type: schema.ScimTypeUniqueness, Detail: detail}
	c.q.entry.refused("link", e)
	return e
}

// takeOver links a group of the application's: what the connection sends is added.
func (c *groupChange) takeOver(group *schema.Resource, gw GroupWrite) error {
	merged, err := arrival{kind: linked, user: group}.merged(gw.New)
	if err != nil {
		return err
	}
	c.id = group.ID()
	c.result, err = c.l.groups.UpdateGroup(c.ctx, c.t, c.id, GroupWrite{
		Write:   Write{Old: group, New: merged, Changed: merged.Changed(group), Version: group.Version()},
		Members: patch.MemberDelta{Add: gw.Members.Add},
	})
	if err != nil {
		return err
	}
	if c.result.Group == nil {
		if c.result.Group, err = c.l.groups.GetGroup(c.ctx, c.t, c.id); err != nil {
			return err
		}
	}
	if err := c.link(c.result.Group.ExternalID(), "linked"); err != nil {
		return err
	}
	if err := c.emit(Event{Type: GroupLinked, Before: group, After: c.result.Group, Changed: merged.Changed(group)}); err != nil {
		return err
	}
	return c.membersChanged(c.result.Group, c.result)
}

// update changes attributes and members of a group.
func (w groupWriter) update(q *request, id string, gw GroupWrite) (GroupResult, error) {
	return w.attempt(q, func(c *groupChange) error {
		c.id = id
		return c.update(gw)
	})
}

func (c *groupChange) update(gw GroupWrite) error {
	if c.s.OnlyLinkedGroups && gw.Old == nil {
		if err := c.l.mustBeLinked(c.ctx, c.t, kindGroup, c.id); err != nil {
			return err
		}
	}
	if err := c.mayRename(gw); err != nil {
		return err
	}
	group := gw.Old
	if group == nil && c.s.Roles != nil {
		var err error
		if group, err = c.l.groups.GetGroup(c.ctx, c.t, c.id); err != nil {
			return err
		}
	}
	var err error
	if c.result, err = c.l.groups.UpdateGroup(c.ctx, c.t, c.id, gw); err != nil {
		return err
	}
	if len(gw.Changed) > 0 {
		if err := c.link(gw.New.ExternalID(), "written"); err != nil {
			return err
		}
	}
	if len(gw.Changed) == 0 && len(c.result.Added) == 0 && len(c.result.Removed) == 0 && !c.result.Many {
		return nil
	}
	if err := c.emit(Event{Type: GroupUpdated, Before: gw.Old, After: c.result.Group, Changed: gw.Changed}); err != nil {
		return err
	}
	if c.renamed(gw) {
		return c.queueGroup(c.id)
	}
	return c.membersChanged(group, c.result)
}

// mayRename refuses to make a role group of the application's group: a new name must
// give no rights.
func (c *groupChange) mayRename(gw GroupWrite) error {
	if gw.Old == nil || isRoleGroup(c.id) || c.s.useOf(gw.New) != UseRole || c.s.useOf(gw.Old) == UseRole {
		return nil
	}
	e := badRequest(schema.ScimTypeMutability, "A group can't become a role by being renamed to "+gw.New.Get("displayName").String()+": delete it and create it anew.")
	c.q.entry.refused("roles", e)
	return e
}

// renamed reports whether other roles follow from what the group is called now.
func (c *groupChange) renamed(gw GroupWrite) bool {
	if gw.Old == nil || c.s.Roles == nil {
		return false
	}
	if !slices.Contains(gw.Changed, "displayName") && !slices.Contains(gw.Changed, "externalId") {
		return false
	}
	return isRoleGroup(c.id) || c.s.useOf(gw.Old) != UseNone || c.s.useOf(gw.New) != UseNone
}

// membersChanged gives those who came and went their roles: a few at once, many by the
// worker.
func (c *groupChange) membersChanged(group *schema.Resource, res GroupResult) error {
	if c.s.Roles == nil || group == nil || !isRoleGroup(c.id) && c.s.useOf(group) != UseBoth {
		return nil
	}
	ids := slices.Concat(res.Added, res.Removed)
	switch {
	case res.Many:
		return c.queueGroup(c.id)
	case len(ids) > directly:
		return c.queue(job{Type: jobGroup, GroupID: c.id, UserIDs: ids, Members: true})
	}
	return c.recompute(ids)
}

func (c *groupChange) recompute(ids []string) error {
	changes, err := c.l.recompute(c.q, ids)
	c.users = append(c.users, changes...)
	return err
}

// queueGroup lets the worker recompute all whose roles the group gave or gives.
func (c *groupChange) queueGroup(id string) error {
	return c.queue(job{Type: jobGroup, GroupID: id})
}

func (c *groupChange) queue(j job) error {
	j.Connection = c.q.scope.Connection
	c.changed = true
	return putRecords(c.ctx, c.l.state, c.t, newJob(j, c.l.now()))
}

// delete deletes a group. Those who have roles by it lose them: a few at once.
func (w groupWriter) delete(q *request, id, version string) error {
	_, err := w.attempt(q, func(c *groupChange) error {
		c.id = id
		return c.delete(version)
	})
	return err
}

func (c *groupChange) delete(version string) error {
	group, err := c.q.h.groups.get(c.ctx, c.t, c.id)
	if err != nil {
		return err
	}
	citing, _, err := findRecords[account](c.ctx, c.l.state, c.t, StateQuery{Kind: kindAccount, Ref: refOfDriver(c.id), Limit: directly + 1})
	if err != nil {
		return err
	}
	if err := c.l.groups.DeleteGroup(c.ctx, c.t, c.id, version); err != nil {
		return err
	}
	acc, err := getRecord[groupAccount](c.ctx, c.l.state, c.t, kindGroup, c.id)
	if err != nil {
		return err
	}
	acc.Delete = true
	if err := putRecords(c.ctx, c.l.state, c.t, acc); err != nil {
		return err
	}
	if err := c.emit(Event{Type: GroupDeleted, Before: group}); err != nil {
		return err
	}
	c.q.entry.turned(group, nil)
	if len(citing) > directly {
		return c.queueGroup(c.id)
	}
	ids := make([]string, len(citing))
	for i, r := range citing {
		ids[i] = r.Key
	}
	return c.recompute(ids)
}

// kindMemory has the members of groups that the application has deleted, in parts; all
// parts of a group have its externalId as Ref.
const kindMemory Kind = "memory"

// memory is a part of a deleted group's members.
type memory struct {
	Members []patch.Member `json:"members"`
	Until   time.Time      `json:"until"`
}

func refOfMemory(externalID string) string { return "m\n" + externalID }

// remembered adds the members that a group of this externalId had when the application
// deleted it: the identity provider does not send them again. Who does not exist any
// more is left out.
func (c *groupChange) remembered(externalID string, d patch.MemberDelta) (patch.MemberDelta, error) {
	if c.s.RememberMembers == 0 || externalID == "" {
		return d, nil
	}
	parts, _, err := findRecords[memory](c.ctx, c.l.state, c.t, StateQuery{Kind: kindMemory, Ref: refOfMemory(externalID)})
	if err != nil || len(parts) == 0 {
		return d, err
	}
	there := make(map[string]bool, len(d.Add))
	for _, m := range d.Add {
		there[m.ID] = true
	}
	var had []patch.Member
	for _, r := range parts {
		if r.Value.Until.After(c.l.now()) {
			for _, m := range r.Value.Members {
				if !there[m.ID] {
					there[m.ID] = true
					had = append(had, m)
				}
			}
		}
		r.Delete = true
		if err := putRecords(c.ctx, c.l.state, c.t, r); err != nil {
			return d, err
		}
	}
	if err := c.q.findTypes(had); err != nil {
		return d, err
	}
	n := 0
	for _, m := range had {
		if m.Type != "" {
			d.Add = append(d.Add, m)
			n++
		}
	}
	if n > 0 {
		c.decide("memory", "restored", "members of the group that was deleted in the application")
	}
	return d, nil
}

// remember stores the members of a group that the application is about to delete.
func (c *groupChange) remember(group *schema.Resource) error {
	ext := group.ExternalID()
	if c.s.RememberMembers == 0 || ext == "" {
		return nil
	}
	until := c.l.now().Add(c.s.RememberMembers)
	after := ""
	for part := 0; ; part++ {
		page, err := c.l.groups.app.ListMemberships(c.ctx, c.t, MembershipQuery{Groups: []string{group.ID()}, After: after, Limit: jobBatch})
		if err != nil {
			return err
		}
		r := newJob(job{}, until)
		m := newRecord[memory](kindMemory, r.Key)
		m.Refs, m.Due = []string{refOfMemory(ext)}, until
		m.Value.Until = until
		for _, e := range page.Edges {
			m.Value.Members = append(m.Value.Members, e.Member)
		}
		if err := putRecords(c.ctx, c.l.state, c.t, m); err != nil {
			return err
		}
		if after = page.Next; after == "" {
			return nil
		}
	}
}

// workMemory forgets the members of deleted groups whose time is over.
func (l *lifecycle) workMemory(ctx context.Context) (bool, error) {
	due, err := l.state.ClaimState(ctx, kindMemory, l.now(), lease, claims)
	if err != nil {
		return false, err
	}
	for t, states := range due {
		for _, s := range states {
			s.Delete = true
			if err := l.state.PutState(ctx, t, s); err != nil && !errors.Is(err, ErrVersionMismatch) {
				return true, err
			}
		}
	}
	return len(due) > 0, nil
}
