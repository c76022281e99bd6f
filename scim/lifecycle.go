package scim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/muster-scim/muster/schema"
)

// lifecycle has the policies: what happens to users and groups beside being stored.
// It stands between the handlers and the stores, see [writer]. There is one if
// Config.State is set.
type lifecycle struct {
	h        *Handler
	users    UserStore // the application's own, without what is laid over it
	groups   *roleGroups
	trash    UserTrash
	roles    RoleSetter
	tx       Transactor // nil if users and state share no transaction
	state    StateStore
	outbox   *outbox
	cutoffs  []Cutoff
	offboard Offboarding
	log      *slog.Logger
	now      func() time.Time
	wakes    chan struct{}

	since  time.Time   // when the handler was made
	ran    atomic.Bool // the application has a worker
	warned atomic.Bool // it was told that it has none
}

// workerWait is how long an application may take to start a worker.
const workerWait = time.Minute

func newLifecycle(h *Handler) *lifecycle {
	c := h.config
	l := &lifecycle{
		h: h, users: c.Users, state: c.State, cutoffs: c.Cutoffs, offboard: c.Offboard,
		log: c.Logger, now: c.Now, wakes: make(chan struct{}, 1), since: c.Now(),
	}
	l.trash, _ = c.Users.(UserTrash)
	l.roles, _ = c.Users.(RoleSetter)
	if tx, ok := c.Users.(Transactor); ok && (c.StateInTx || same(c.Users, c.State)) {
		l.tx = tx
	}
	if c.Events != nil {
		l.outbox = newOutbox(c.State, h.typeNamed, c.Now)
	}
	if c.Groups != nil {
		l.groups = newRoleGroups(c.Groups, c.Users, c.GroupType, c.State, c.Now, l.inTx)
	}
	if l.offboard != nil {
		l.offboard.Bind(l.services())
	}
	return l
}

// same reports whether two stores are one.
func same(users UserStore, state StateStore) bool {
	t := reflect.TypeOf(users)
	return t == reflect.TypeOf(state) && t.Comparable() && any(users) == any(state)
}

// stand takes the place between the handlers and the stores.
func (l *lifecycle) stand() {
	users := l.h.users
	seen := seenUsers{l.users, l}
	users.get, users.list = seen.GetUser, seen.ListUsers
	users.writes = userWriter{l}
	if l.groups == nil {
		return
	}
	l.h.config.Groups = l.groups
	groups := l.h.groups
	*groups = *groupCollection(groups.typ, seenGroups{l.groups, l})
	groups.byKey = l.groups.ListsByKey()
	groups.writes = groupWriter{l}
}

func (h *Handler) typeNamed(name string) *schema.Type {
	for _, c := range h.collections {
		if c.typ.Name() == name {
			return c.typ
		}
	}
	return nil
}

// services is what an Offboarding works with.
func (l *lifecycle) services() Services {
	return Services{
		Users:    l.users,
		State:    l.state,
		Settings: l.h.config.Settings,
		InTx:     l.inTx,
		Emit:     l.emit,
		Leaving:  l.isLeaving,
		Wake:     l.wake,
		Now:      l.now,
		Logger:   l.log,
	}
}

// isLeaving reports whether a user is no heir: suspended, deleted or unknown.
func (l *lifecycle) isLeaving(ctx context.Context, t Tenant, userID string) (bool, error) {
	r, err := l.users.GetUser(ctx, t, userID)
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	if err != nil || !isActive(r) {
		return true, err
	}
	acc, err := l.accountOf(ctx, t, userID)
	if err != nil || acc.Value.Gone != "" {
		return true, err
	}
	held, err := getRecord[retention](ctx, l.state, t, kindRetained, userID)
	return err == nil && (held.Value.Inactive || held.Value.Deleted), err
}

// wake makes the worker look at what is due. If there is none by now, the application has
// forgotten it: it is told once.
func (l *lifecycle) wake() {
	if !l.ran.Load() && l.now().Sub(l.since) > workerWait && !l.warned.Swap(true) {
		l.log.Warn("SCIM: there is work to do, and neither Handler.Run nor Handler.RunOnce has been called: retries, erasures, hand-overs and events wait.")
	}
	select {
	case l.wakes <- struct{}{}:
	default: // it is going to look anyway
	}
}

// inTx runs f in a transaction of users and state, or without one where they share
// none. f may be run more than once.
func (l *lifecycle) inTx(ctx context.Context, f func(ctx context.Context) error) error {
	if l.tx == nil {
		return f(ctx)
	}
	return l.tx.InTx(ctx, f)
}

// attempt runs f in a transaction until it does not lose a race for a record of the
// state.
func (l *lifecycle) attempt(ctx context.Context, f func(ctx context.Context) error) error {
	for try := 1; ; try++ {
		err := l.inTx(ctx, f)
		if !errors.Is(err, errStateRace) || ctx.Err() != nil {
			return err
		}
		if try == maxTries {
			return &Error{Status: http.StatusServiceUnavailable, Detail: "Others are changing the same resource. Try again.", Err: err}
		}
	}
}

// emit stores an event, if the application wants to be told.
func (l *lifecycle) emit(ctx context.Context, t Tenant, e Event) error {
	return l.outbox.emit(ctx, t, e)
}

// put stores records together with events, in one call: where there are no
// transactions, none is there without the others.
func (l *lifecycle) put(ctx context.Context, t Tenant, records []stored, events ...Event) error {
	if l.outbox == nil {
		events = nil
	}
	for _, e := range events {
		r, err := l.outbox.record(ctx, t, e)
		if err != nil {
			return err
		}
		records = append(records, rawRecord{r})
	}
	return putRecords(ctx, l.state, t, records...)
}

// job returns a request that no client has sent: for what the worker and the
// application do. Nothing but its context, scope, settings and base URL is used.
func (l *lifecycle) job(ctx context.Context, t Tenant, connection string) (*request, error) {
	q := &request{h: l.h, base: l.h.base, scope: Scope{Tenant: t, Connection: connection, Actor: "muster"}}
	q.Request = &http.Request{Header: http.Header{}}
	q.entry = &q.own
	q.handOut(ctx)
	settings, err := l.h.config.Settings(q.ctx, q.scope)
	if err != nil {
		return nil, fmt.Errorf("scim: the settings of tenant %q can't be read: %w", t, err)
	}
	q.useSettings(settings)
	return q, nil
}

// within returns the request with another context: that of a transaction.
func (q *request) within(ctx context.Context) *request {
	inner := *q
	inner.ctx = ctx
	return &inner
}

// writer does the writes of a collection: with the store alone, or with the policies
// before and after it. The handlers have checked what they are given against the
// schema.
type writer interface {
	create(q *request, w GroupWrite) (GroupResult, error)

	// update is given Old unless only members change.
	update(q *request, id string, w GroupWrite) (GroupResult, error)

	delete(q *request, id, version string) error
}

// plainWriter is the writer without policies.
type plainWriter struct{ c *collection }

func (p plainWriter) create(q *request, w GroupWrite) (GroupResult, error) {
	return p.c.create(q.ctx, q.scope.Tenant, w)
}

func (p plainWriter) update(q *request, id string, w GroupWrite) (GroupResult, error) {
	return p.c.update(q.ctx, q.scope.Tenant, id, w)
}

func (p plainWriter) delete(q *request, id, version string) error {
	return p.c.delete(q.ctx, q.scope.Tenant, id, version)
}
