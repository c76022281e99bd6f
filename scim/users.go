package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/muster-scim/muster/schema"
)

// userWriter writes users with the policies. The order in which they are asked is in
// ARCHITECTURE.md.
type userWriter struct{ l *lifecycle }

// userChange is one attempt to write one user. It is made anew for each, since a
// transaction may be run more than once.
type userChange struct {
	l   *lifecycle
	q   *request
	ctx context.Context // of the transaction
	t   Tenant
	s   *Settings

	id       string
	old, new *schema.Resource // as the application has it, and as it shall be
	acc      *record[account]
	held     *record[retention] // what the Guard holds back; nil without one
	result   *schema.Resource

	// taken is why a user could not be created: it is here already.
	taken *Error

	events    []Event
	decisions []Decision
	records   []stored
	cut       []*record[job] // cutoffs to run after the commit
	erase     bool           // the user is to be erased right after the commit
	gained    bool           // there may be one more administrator
}

func (w userWriter) change(q *request, ctx context.Context) *userChange {
	return &userChange{l: w.l, q: q.within(ctx), ctx: ctx, t: q.scope.Tenant, s: q.settings}
}

// decide notes what a policy decided.
func (c *userChange) decide(policy, outcome, reason string) {
	c.decisions = append(c.decisions, Decision{Policy: policy, Outcome: outcome, Reason: reason})
}

func (c *userChange) event(e Event) {
	e.Resource, e.ResourceID = c.q.h.users.typ.Name(), c.id
	c.events = append(c.events, e)
}

// create brings a user in: a new one, or one who is here already, see [arrival].
func (w userWriter) create(q *request, gw GroupWrite) (GroupResult, error) {
	if err := w.l.refuseRoles(q, nil, gw.New); err != nil {
		return GroupResult{}, err
	}
	// Most users are new, so nobody looks first for one of the same name: the store says
	// so, and then the transaction is over.
	c, err := w.creating(q, gw.Write, nil)
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusConflict {
		c, err = w.creating(q, gw.Write, e)
	}
	if err != nil {
		return GroupResult{}, err
	}
	if c.old != nil {
		q.entry.turned(c.old, c.result)
	}
	w.finish(q, c)
	return resultOf(c.result, nil)
}

// creating does one attempt. taken is what the one before was refused with.
func (w userWriter) creating(q *request, write Write, taken *Error) (*userChange, error) {
	var c *userChange
	err := w.l.attempt(q.ctx, func(ctx context.Context) error {
		c = w.change(q, ctx)
		c.taken = taken
		return c.arrive(write)
	})
	return c, err
}

// arrive decides whom a POST means and writes it.
func (c *userChange) arrive(w Write) error {
	who, err := c.identify(w.New)
	if err != nil {
		return err
	}
	c.acc = who.acc
	if who.kind == fresh {
		return c.createNew(w)
	}
	c.id, c.old = who.user.ID(), who.user
	if c.new, err = who.merged(w.New); err != nil {
		return err
	}
	if err := c.q.h.users.typ.Validate(c.new); err != nil {
		return err
	}
	c.decide("link", who.kind.String(), who.reason)
	c.acc.Value.Links = linkTo(c.acc.Value.Links, c.q.scope.Connection, w.New.ExternalID(), who.reason, c.l.now())
	if who.kind == linked {
		c.event(Event{Type: UserLinked, Before: c.old, Detail: who.reason})
	}
	return c.apply(Write{Old: c.old, New: c.new, Changed: c.new.Changed(c.old), Version: c.old.Version(), Password: w.Password}, who.kind == revived)
}

// createNew stores a user whom nobody knew.
func (c *userChange) createNew(w Write) error {
	c.new = w.New
	if err := c.admit(isActive(w.New), false); err != nil {
		return err
	}
	if err := c.l.intend(c.q, job{Name: nameKey(w.New)}); err != nil {
		return err
	}
	var err error
	if c.result, err = c.l.users.CreateUser(c.ctx, c.t, w); err != nil {
		return err
	}
	c.id = c.result.ID()
	if c.acc, err = c.l.accountOf(c.ctx, c.t, c.id); err != nil {
		return err
	}
	c.acc.Value.Links = linkTo(c.acc.Value.Links, c.q.scope.Connection, w.New.ExternalID(), "created", c.l.now())
	c.event(Event{Type: UserCreated, After: c.result, Changed: w.Changed})
	if err := c.assignAnew(nil); err != nil { // nobody who is new is in a group
		return err
	}
	if !isActive(c.result) {
		c.acc.Value.Gone, c.acc.Value.GoneAt = TriggerSuspend, c.l.now()
	}
	return c.store()
}

// update changes a user.
func (w userWriter) update(q *request, id string, gw GroupWrite) (GroupResult, error) {
	var c *userChange
	err := w.l.attempt(q.ctx, func(ctx context.Context) error {
		c = w.change(q, ctx)
		c.id = id
		return c.update(gw.Write)
	})
	if err != nil {
		return GroupResult{}, err
	}
	w.finish(q, c)
	return resultOf(c.result, nil)
}

func (c *userChange) update(w Write) error {
	var err error
	if c.acc, err = c.l.accountOf(c.ctx, c.t, c.id); err != nil {
		return err
	}
	if err := c.linkWrite(w); err != nil {
		return err
	}
	c.old, c.new = w.Old, w.New
	if err := c.withoutRetention(&w); err != nil {
		return err
	}
	return c.apply(w, false)
}

// apply writes c.new over c.old and everything that follows. revive says that c.old is
// hidden.
func (c *userChange) apply(w Write, revive bool) error {
	returning := revive || !isActive(c.old) && isActive(c.new)
	leaving := !revive && isActive(c.old) && !isActive(c.new)
	var err error
	if err := c.admit(returning && isActive(c.new), true); err != nil {
		return err
	}
	if err := c.l.refuseRoles(c.q, c.old, c.new); err != nil {
		return err
	}
	if leaving {
		if leaving, err = c.guardLeaving(&w); err != nil {
			return err
		}
	}
	if err := c.l.intend(c.q, job{UserID: c.id}); err != nil {
		return err
	}
	if revive {
		c.result, err = c.l.trash.RestoreUser(c.ctx, c.t, c.id, w)
	} else if len(w.Changed) > 0 || w.Password.IsSet() {
		c.result, err = c.l.users.UpdateUser(c.ctx, c.t, c.id, w)
	} else {
		c.result = c.old
	}
	if err != nil {
		return err
	}
	if !returning && !leaving && len(w.Changed) > 0 {
		c.event(Event{Type: UserUpdated, Before: c.old, After: c.result, Changed: w.Changed})
	}
	if err := c.assignNow(); err != nil {
		return err
	}
	switch {
	case leaving:
		err = c.depart(TriggerSuspend, w.Changed)
	case returning:
		err = c.comeBack(w.Changed)
	}
	if err != nil {
		return err
	}
	c.result = laidOver(c.held, c.result)
	return c.store()
}

// admit asks whether a user may come in.
func (c *userChange) admit(comesIn, returning bool) error {
	if c.s.Admission == nil || !comesIn {
		return nil
	}
	if err := c.s.Admission(c.ctx, c.t, c.new, returning); err != nil {
		c.q.entry.refused("admission", err)
		return err
	}
	return nil
}

// store writes what is to be remembered, and the events.
func (c *userChange) store() error {
	if m := schema.AsUser(c.result).Manager(); m != "" {
		c.acc.Value.Manager = m
	}
	c.acc.Value.Writer = c.q.scope.Connection
	return c.save()
}

// save stores the account with the other records and events of the change.
func (c *userChange) save() error {
	c.acc.Refs = c.acc.Value.refs()
	c.records = append(c.records, c.acc)
	if c.q.intent != nil {
		c.q.intent.Delete = true
		c.records = append(c.records, c.q.intent)
	}
	return c.l.put(c.ctx, c.t, c.records, c.events...)
}

// finish does what has effects outside the transaction.
func (w userWriter) finish(q *request, c *userChange) {
	w.l.h.decided(q, w.l.h.users.typ, c.id, c.decisions)
	w.l.runCutoffs(q, c.cut)
	if c.erase {
		if err := w.l.eraseNow(q.ctx, c.t, c.id); err != nil {
			w.l.log.WarnContext(q.ctx, "A user who left could not be erased yet; the worker tries again.", "tenant", string(c.t), "user", c.id, "error", err)
		}
	}
	if c.gained {
		w.l.releaseHeld(q, c.id)
	}
	if len(c.events) > 0 || len(c.cut) > 0 {
		w.l.wake()
	}
}

// delete takes a user away, as Settings.OnDelete says.
func (w userWriter) delete(q *request, id, version string) error {
	var c *userChange
	err := w.l.attempt(q.ctx, func(ctx context.Context) error {
		c = w.change(q, ctx)
		c.id = id
		return c.delete(version)
	})
	if err != nil {
		return err
	}
	q.entry.turned(c.old, nil)
	w.finish(q, c)
	return nil
}

func (c *userChange) delete(version string) error {
	if !c.q.replaying { // what is hidden from the connection it can't delete
		if _, err := c.q.h.users.get(c.ctx, c.t, c.id); err != nil {
			return err
		}
	}
	var err error
	if c.old, err = c.l.users.GetUser(c.ctx, c.t, c.id); err != nil {
		return err
	}
	if version != "" && version != c.old.Version() {
		return ErrVersionMismatch
	}
	c.result = c.old
	if c.acc, err = c.l.accountOf(c.ctx, c.t, c.id); err != nil {
		return err
	}
	if err := c.linkWrite(Write{Old: c.old, New: c.old}); err != nil {
		return err
	}
	if kept, err := c.guardDelete(); kept || err != nil {
		return err
	}
	if err := c.l.intend(c.q, job{UserID: c.id}); err != nil {
		return err
	}
	if c.s.onDelete() == Erase && c.l.offboard == nil {
		return c.eraseAtOnce()
	}
	if c.l.trash == nil {
		return fmt.Errorf("scim: Settings.OnDelete keeps deleted users, but the store of users is no UserTrash")
	}
	if err := c.l.trash.HideUser(c.ctx, c.t, c.id, version); err != nil {
		return err
	}
	c.hidden()
	if err := c.depart(TriggerDelete, nil); err != nil {
		return err
	}
	return c.store()
}

// hidden notes of a user who is out of sight how it is found again, and how long it is
// kept.
func (c *userChange) hidden() {
	c.acc.Value.HiddenID, c.acc.Value.HiddenName = c.old.ExternalID(), nameKey(c.old)
	switch c.s.onDelete() {
	case Tombstone:
		c.acc.Due = c.l.now().Add(c.s.Retention)
	case Erase:
		c.acc.Due, c.erase = c.l.now(), true
	default:
		c.acc.Due = time.Time{} // until it comes back
	}
}

// eraseAtOnce deletes a user who owns nothing that Muster knows of.
func (c *userChange) eraseAtOnce() error {
	if err := c.l.users.DeleteUser(c.ctx, c.t, c.id, c.old.Version()); err != nil {
		return err
	}
	if err := c.l.forget(c.ctx, c.t, c.id); err != nil {
		return err
	}
	if err := c.planCutoffs(); err != nil {
		return err
	}
	c.event(Event{Type: UserDeleted, Before: c.old})
	c.event(Event{Type: UserErased})
	c.decide("deprovision", "erased", "")
	c.acc.Delete = true
	return c.store()
}
