package substitute_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/substitute"
)

// fault is what happens at a fault point.
type fault int

const (
	kill   fault = iota // nothing this process does afterwards has an effect
	fail                // one error
	panics              // one panic
)

var errFault = errors.New("fault")

// faults counts the calls that one process makes, and lets one of them go wrong.
type faults struct {
	mu    sync.Mutex
	calls int
	at    int // which call; 0 is none
	after bool
	what  fault
	dead  bool

	// die, if not nil, kills this process for real.
	die func()
}

// call makes one call. A nil faults lets everything pass.
func (f *faults) call(do func() error) error {
	if f == nil {
		return do()
	}
	f.mu.Lock()
	f.calls++
	now := f.calls == f.at
	dead := f.dead
	f.mu.Unlock()
	if dead {
		return errFault
	}
	if now && !f.after {
		return f.strike()
	}
	err := do()
	if now && f.after {
		return f.strike()
	}
	return err
}

func (f *faults) strike() error {
	if f.die != nil {
		f.die()
	}
	if f.what == panics {
		panic(errFault)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = f.what == kill
	return errFault
}

func (f *faults) store(s store) store {
	if f == nil {
		return s
	}
	return faultyStore{s, f}
}

type faultyStore struct {
	store
	f *faults
}

func (s faultyStore) GetUser(ctx context.Context, t scim.Tenant, id string) (r *schema.Resource, err error) {
	err = s.f.call(func() error { r, err = s.store.GetUser(ctx, t, id); return err })
	return r, err
}

func (s faultyStore) ListState(ctx context.Context, t scim.Tenant, q scim.StateQuery) (all []scim.State, next string, err error) {
	err = s.f.call(func() error { all, next, err = s.store.ListState(ctx, t, q); return err })
	return all, next, err
}

func (s faultyStore) PutState(ctx context.Context, t scim.Tenant, records ...scim.State) error {
	return s.f.call(func() error { return s.store.PutState(ctx, t, records...) })
}

func (s faultyStore) ClaimState(ctx context.Context, k scim.Kind, now time.Time, lease time.Duration, limit int) (claimed map[scim.Tenant][]scim.State, err error) {
	err = s.f.call(func() error { claimed, err = s.store.ClaimState(ctx, k, now, lease, limit); return err })
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// InTx is two fault points more: before it begins, and after it has committed.
func (s faultyStore) InTx(ctx context.Context, do func(ctx context.Context) error) error {
	return s.f.call(func() error { return s.store.InTx(ctx, do) })
}

func (f *faults) owned(o substitute.Owned) substitute.Owned {
	if f == nil {
		return o
	}
	return faultyOwned{o, f}
}

type faultyOwned struct {
	substitute.Owned
	f *faults
}

func (o faultyOwned) Count(ctx context.Context, t scim.Tenant, owner string) (n int, err error) {
	err = o.f.call(func() error { n, err = o.Owned.Count(ctx, t, owner); return err })
	return n, err
}

func (o faultyOwned) List(ctx context.Context, t scim.Tenant, owner, after string, limit int) (ids []string, err error) {
	err = o.f.call(func() error { ids, err = o.Owned.List(ctx, t, owner, after, limit); return err })
	return ids, err
}

func (o faultyOwned) Move(ctx context.Context, t scim.Tenant, ids []string, from, to string) (others []string, err error) {
	err = o.f.call(func() error { others, err = o.Owned.Move(ctx, t, ids, from, to); return err })
	return others, err
}
