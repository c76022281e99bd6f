package scim

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/muster-scim/muster/schema"
)

// kindRetained has what the Guard holds back, kindLock one record for each tenant,
// which those who might take the last administrator away write one after another.
const (
	kindRetained Kind = "retained"
	kindLock     Kind = "lock"
)

// retention is what a connection was told of a user and the application has not done:
// its key is the user's id.
type retention struct {
	Inactive   bool      `json:"inactive,omitempty"`
	Deleted    bool      `json:"deleted,omitempty"`
	Roles      bool      `json:"roles,omitempty"` // fewer roles than the user has
	Connection string    `json:"connection,omitempty"`
	At         time.Time `json:"at"`
}

// laidOver shows a user as the connection was told.
func laidOver(held *record[retention], r *schema.Resource) *schema.Resource {
	if held == nil || held.Delete || !held.Value.Inactive || r == nil {
		return r
	}
	shown, err := r.Edit().Set("active", false).Build()
	if err != nil {
		return r // a type without active
	}
	return shown.WithMeta(r.ID(), r.Meta())
}

// withoutRetention loads what is held back of a user and takes it out of a write whose
// Old was read through it.
func (c *userChange) withoutRetention(w *Write) error {
	if err := c.loadHeld(); err != nil || c.held == nil || !c.held.Value.Inactive {
		return err
	}
	stored, err := c.l.users.GetUser(c.ctx, c.t, c.id)
	if err != nil {
		return err
	}
	if slices.Contains(w.Changed, "active") {
		// The connection lets the user in again, who never was out.
		c.held.Value.Inactive = false
		c.dropHeld()
	}
	b := w.New.Edit().ID(stored.ID()).Meta(stored.Meta())
	if w.New, err = b.Set("active", isActive(stored)).Build(); err != nil {
		return err
	}
	w.Old, w.Changed = stored, w.New.Changed(stored)
	c.old, c.new = w.Old, w.New
	return nil
}

func (c *userChange) loadHeld() (err error) {
	if c.s.Guard == nil || c.held != nil {
		return nil
	}
	c.held, err = getRecord[retention](c.ctx, c.l.state, c.t, kindRetained, c.id)
	return err
}

// dropHeld deletes the retention if nothing is left of it, and else stores it.
func (c *userChange) dropHeld() {
	if c.held == nil || !c.held.exists() {
		return
	}
	v := c.held.Value
	c.held.Delete = !v.Inactive && !v.Deleted && !v.Roles
	c.hold()
}

// hold stores the retention with the change.
func (c *userChange) hold() {
	if !slices.Contains(c.records, stored(c.held)) {
		c.records = append(c.records, c.held)
	}
}

// last reports whether the user is the only administrator there is. Two at once can't
// both hear that there is another: they write the tenant's lock.
func (c *userChange) last() (bool, error) {
	held, err := c.holds()
	if err != nil || !held {
		return false, err
	}
	lock, err := getRecord[struct{}](c.ctx, c.l.state, c.t, kindLock, "guard")
	if err != nil {
		return false, err
	}
	if err := putRecords(c.ctx, c.l.state, c.t, lock); err != nil {
		return false, err
	}
	others, err := c.s.Guard.Others(c.ctx, c.t, []string{c.id})
	return others == 0, err
}

// holds reports whether the user is an administrator now.
func (c *userChange) holds() (bool, error) {
	if c.s.Guard.Holds != nil {
		return c.s.Guard.Holds(c.ctx, c.t, c.id)
	}
	return isActive(c.old) && c.s.Guard.Admin(c.acc.Value.Roles), nil
}

// guardLeaving keeps the access of the last administrator who becomes inactive, and
// takes active out of the write then. leaving is false if the user stays.
func (c *userChange) guardLeaving(w *Write) (leaving bool, err error) {
	if c.s.Guard == nil {
		return true, nil
	}
	last, err := c.last()
	if err != nil || !last {
		return true, err
	}
	if err := c.keep("suspending it would leave the tenant without an administrator"); err != nil {
		return true, err
	}
	c.held.Value.Inactive = true
	stored, err := w.New.Edit().Set("active", true).Build()
	if err != nil {
		return true, err
	}
	w.New = stored
	w.Changed = slices.DeleteFunc(slices.Clone(w.Changed), func(path string) bool { return path == "active" })
	c.new = w.New
	return false, nil
}

// guardDelete keeps the last administrator who is deleted: gone for SCIM, here for the
// application.
func (c *userChange) guardDelete() (kept bool, err error) {
	if c.s.Guard == nil {
		return false, nil
	}
	if err := c.loadHeld(); err != nil {
		return false, err
	}
	last, err := c.last()
	if err != nil {
		return false, err
	}
	if !last {
		c.held.Delete = true
		err := putRecords(c.ctx, c.l.state, c.t, c.held)
		c.held = nil
		return false, err
	}
	if err := c.keep("deleting it would leave the tenant without an administrator"); err != nil {
		return false, err
	}
	c.held.Value.Deleted = true
	return true, c.store()
}

// guardRoles keeps the roles of the last administrator who would be none.
func (c *userChange) guardRoles(roles []string) (kept bool, err error) {
	g := c.s.Guard
	if g == nil || !g.Admin(c.acc.Value.Roles) || g.Admin(roles) {
		return false, c.rolesFree()
	}
	last, err := c.last()
	if err != nil || !last {
		return false, errors.Join(err, c.rolesFree())
	}
	if g.Holds != nil { // perhaps by hand, too
		if err := c.l.roles.SetUserRoles(c.ctx, c.t, c.id, roles); err != nil {
			return false, err
		}
		still, err := g.Holds(c.ctx, c.t, c.id)
		if err != nil || still {
			return false, err
		}
		if err := c.l.roles.SetUserRoles(c.ctx, c.t, c.id, c.acc.Value.Roles); err != nil {
			return false, err
		}
	}
	if err := c.keep("without its roles the tenant would have no administrator"); err != nil {
		return false, err
	}
	c.held.Value.Roles = true
	return true, nil
}

// rolesFree notes that no roles are held back any more.
func (c *userChange) rolesFree() error {
	if err := c.loadHeld(); err != nil || c.held == nil || !c.held.Value.Roles {
		return err
	}
	c.held.Value.Roles = false
	c.dropHeld()
	return nil
}

// keep notes that the user keeps its access, or refuses the write.
func (c *userChange) keep(why string) error {
	if c.s.Guard.Refuse {
		e := &Error{Status: http.StatusConflict, Detail: "This user is the last administrator: " + why + ". Make somebody else an administrator first."}
		c.q.entry.refused("guard", e)
		return e
	}
	if err := c.loadHeld(); err != nil {
		return err
	}
	c.held.Value.Connection, c.held.Value.At = c.q.scope.Connection, c.l.now()
	c.hold()
	c.decide("guard", "kept", why)
	c.event(Event{Type: AccessKept, Before: c.old, Detail: "This user is the last administrator: " + why + "."})
	return nil
}

// releaseHeld does what was held back, after somebody else has become administrator.
// What does not work now is left to the worker.
func (l *lifecycle) releaseHeld(q *request, except string) {
	if err := l.release(context.WithoutCancel(q.ctx), q.scope.Tenant, except); err != nil {
		l.log.WarnContext(q.ctx, "What the guard holds back could not be looked at; it stays.", "tenant", string(q.scope.Tenant), "error", err)
	}
}

// release tries anew each write that the Guard held back. What still may not be done is
// held back again.
func (l *lifecycle) release(ctx context.Context, t Tenant, except string) error {
	held, _, err := findRecords[retention](ctx, l.state, t, StateQuery{Kind: kindRetained})
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range held {
		if r.Key != except {
			errs = append(errs, l.replay(ctx, t, r))
		}
	}
	return errors.Join(errs...)
}

// replay does one write that was held back, if there is another administrator now.
func (l *lifecycle) replay(ctx context.Context, t Tenant, held *record[retention]) error {
	q, err := l.job(ctx, t, held.Value.Connection)
	if err != nil || q.settings.Guard == nil {
		return err
	}
	others, err := q.settings.Guard.Others(q.ctx, t, []string{held.Key})
	if err != nil || others == 0 {
		return err
	}
	q.replaying = true
	w := userWriter{l}
	switch {
	case held.Value.Deleted:
		return ignoreNotFound(w.delete(q, held.Key, ""))
	case held.Value.Inactive:
		return ignoreNotFound(w.suspend(q, held.Key))
	}
	_, err = l.recomputeNow(q, []string{held.Key})
	return err
}

// suspend makes a user inactive, as a connection was told already.
func (w userWriter) suspend(q *request, id string) error {
	var c *userChange
	err := w.l.attempt(q.ctx, func(ctx context.Context) error {
		c = w.change(q, ctx)
		c.id = id
		var err error
		if c.old, err = w.l.users.GetUser(ctx, c.t, id); err != nil {
			return err
		}
		if c.acc, err = w.l.accountOf(ctx, c.t, id); err != nil {
			return err
		}
		if err := c.loadHeld(); err != nil {
			return err
		}
		c.held.Value.Inactive = false
		c.dropHeld()
		b := c.old.Edit().Set("active", false)
		if c.new, err = b.Build(); err != nil {
			return err
		}
		return c.apply(Write{Old: c.old, New: c.new, Changed: c.new.Changed(c.old), Version: c.old.Version()}, false)
	})
	if err == nil {
		w.finish(q, c)
	}
	return err
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
