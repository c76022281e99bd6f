package scim

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/muster-scim/muster/schema"
)

const (
	// lease is how long a worker may take for one thing before another one does it.
	lease = time.Minute

	// claims is how much a worker takes at once.
	claims = 20

	// logPurge is how many entries of the log are forgotten at once.
	logPurge = 1000

	// pollEvery is how often a worker looks at what others have left.
	pollEvery = 10 * time.Second

	// maxRounds bounds RunOnce.
	maxRounds = 10_000
)

// Run does what is not done while a client waits: cutoffs that failed, hand-overs,
// erasures when their time has come, recomputation of many, delivery of events. It
// returns when ctx ends, with its error. An application that sets Config.State calls
// it once per instance; several share the work. Without Config.State there is nothing
// to do.
func (h *Handler) Run(ctx context.Context) error {
	if h.life == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	h.life.ran.Store(true)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := h.RunOnce(ctx); err != nil && ctx.Err() == nil {
			h.config.Logger.ErrorContext(ctx, "SCIM worker", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.life.wakes:
		case <-tick.C:
		}
	}
}

// RunOnce does all that is due and returns: for programs that run for a request and end,
// and for tests. What fails is tried again later, by the next call at the earliest; the
// error tells of it. The other kinds of work are done all the same.
func (h *Handler) RunOnce(ctx context.Context) error {
	if h.life == nil {
		return nil
	}
	h.life.ran.Store(true)
	return h.life.workOff(ctx)
}

// workOff does bounded parts of each kind of work in turn, until there is none or ctx
// ends.
func (l *lifecycle) workOff(ctx context.Context) error {
	kinds := []func(context.Context) (bool, error){l.workJobs, l.workErasures, l.workOffboarding, l.workMemory, l.workLog, l.workEvents}
	var errs []error
	for range maxRounds {
		more := false
		for i, work := range kinds {
			if work == nil {
				continue
			}
			if ctx.Err() != nil {
				return errors.Join(append(errs, ctx.Err())...)
			}
			did, err := l.safely(ctx, work)
			if err != nil {
				errs, kinds[i] = append(errs, err), nil
			}
			more = more || did && err == nil
		}
		if !more {
			break
		}
	}
	return errors.Join(errs...)
}

// safely turns a panic of what the application has given into an error: the other work
// goes on.
func (l *lifecycle) safely(ctx context.Context, work func(context.Context) (bool, error)) (more bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			more, err = false, fmt.Errorf("panic: %v", p)
		}
	}()
	return work(ctx)
}

// workJobs does jobs that are due.
func (l *lifecycle) workJobs(ctx context.Context) (bool, error) {
	due, err := l.state.ClaimState(ctx, kindJob, l.now(), lease, claims)
	if err != nil {
		return false, err
	}
	for t, states := range due {
		for _, s := range states {
			r, err := decodeRecord[job](s)
			if err != nil {
				return true, err
			}
			if err := l.runJob(ctx, t, r); err != nil && !errors.Is(err, errStateRace) {
				r.Delete = false
				l.failed(ctx, t, r, err)
			}
		}
	}
	return len(due) > 0, nil
}

// workErasures erases users whose time has come.
func (l *lifecycle) workErasures(ctx context.Context) (bool, error) {
	due, err := l.state.ClaimState(ctx, kindAccount, l.now(), lease, claims)
	if err != nil {
		return false, err
	}
	for t, states := range due {
		for _, s := range states {
			q, err := l.job(ctx, t, "")
			if err != nil {
				return true, err
			}
			if err := l.eraseNow(q.ctx, t, s.Key); err != nil {
				l.log.WarnContext(ctx, "A user who left could not be erased; it is tried again.", "tenant", string(t), "user", s.Key, "error", err)
			}
		}
	}
	return len(due) > 0, nil
}

func (l *lifecycle) workOffboarding(ctx context.Context) (bool, error) {
	if l.offboard == nil {
		return false, nil
	}
	return l.offboard.Work(ctx)
}

func (l *lifecycle) workEvents(ctx context.Context) (bool, error) {
	if l.h.config.Events == nil {
		return false, nil
	}
	return l.outbox.deliver(ctx, claims, l.h.config.Events)
}

// workLog forgets entries of the log whose time is over.
func (l *lifecycle) workLog(ctx context.Context) (bool, error) {
	return NewLog(l.state).purge(ctx, l.now(), logPurge)
}

// usersAfter returns the ids of a part of a tenant's users, in an order that holds
// while others come and go if the store can page by key.
func (l *lifecycle) usersAfter(q *request, after string) (ids []string, next string, err error) {
	users := l.plainUsers()
	query := Query{StartIndex: 1, Count: min(jobBatch, l.h.config.MaxScan)}
	if users.byKey {
		query.ByKey, query.After = true, after
	} else if after != "" {
		if query.StartIndex, err = strconv.Atoi(after); err != nil {
			return nil, "", err
		}
	}
	page, err := users.list(q.ctx, q.scope.Tenant, query)
	if err != nil {
		return nil, "", err
	}
	for _, r := range page.Resources {
		ids = append(ids, r.ID())
	}
	if users.byKey {
		return ids, page.Next, nil
	}
	if end := query.StartIndex + len(ids); len(ids) > 0 && end <= page.Total {
		next = strconv.Itoa(end)
	}
	return ids, next, nil
}

// userByNameKey finds a user by its userName as it is compared.
func (l *lifecycle) userByNameKey(q *request, key string) (*schema.Resource, error) {
	b, err := schema.New(l.h.users.typ).Set("userName", key).Build()
	if err != nil {
		return nil, err
	}
	return l.userNamed(q, b)
}
