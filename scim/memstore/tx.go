package memstore

import (
	"context"
	"sync"
)

// undoLog has what takes changes back, in the order in which they were made.
type undoLog struct{ steps []func() }

func (u *undoLog) push(step func()) { u.steps = append(u.steps, step) }

// back takes back what was done since the log had n steps.
func (d *db) back(u *undoLog, n int) {
	d.undo = nil // what takes back is not to be taken back
	for i := len(u.steps) - 1; i >= n; i-- {
		u.steps[i]()
	}
	clear(u.steps[n:])
	u.steps = u.steps[:n]
}

// atomic runs f, and takes back what it did if it fails. The lock is held.
func (d *db) atomic(f func() error) error {
	outer := d.undo
	u := outer
	if u == nil {
		u = &undoLog{}
		d.undo = u
	}
	n := len(u.steps)
	err := f()
	if err != nil {
		d.back(u, n)
	}
	d.undo = outer
	return err
}

// tx is a transaction that holds the lock.
type tx struct {
	mu   sync.Mutex // one call after another
	done bool
}

// txKey finds the transaction of one store in a context.
type txKey struct{ d *db }

// enter returns the transaction that ctx belongs to, with its mutex held; nil if
// there is none or it has ended.
func (d *db) enter(ctx context.Context) *tx {
	t, ok := ctx.Value(txKey{d}).(*tx)
	if !ok {
		return nil
	}
	t.mu.Lock()
	if t.done {
		t.mu.Unlock()
		return nil
	}
	return t
}

// InTx runs f once. What f does to the store with the context it is given,
// memberships, roles and state records included, is done together, or not at
// all if f returns an error or panics; the error is returned as it is. With that
// context f sees its own changes; nobody else sees any of them before all are
// done.
//
// A transaction is alone in the store until f returns, readers included. So f
// should be short, and must not call the store with any other context: it would
// wait for itself. Within a transaction InTx joins it: what the inner f did is
// taken back if it fails, and otherwise shares the fate of the outer one. Calls
// with a context whose transaction has ended are calls on their own.
func (s *Store) InTx(ctx context.Context, f func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t := s.d.enter(ctx); t != nil {
		n := len(s.d.undo.steps)
		t.mu.Unlock()
		return s.d.joined(ctx, t, n, f)
	}
	return s.d.inTx(ctx, f)
}

func (d *db) inTx(ctx context.Context, f func(ctx context.Context) error) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, u := &tx{}, &undoLog{}
	d.undo = u
	returned := false
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.done = true; !returned || err != nil {
			d.back(u, 0)
		}
		d.undo = nil
	}()
	err = f(context.WithValue(ctx, txKey{d}, t))
	returned = true
	return err
}

// joined runs f within transaction t, whose log had n steps before.
func (d *db) joined(ctx context.Context, t *tx, n int, f func(ctx context.Context) error) error {
	err := f(ctx)
	if err == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := d.undo; !t.done {
		d.back(u, n)
		d.undo = u
	}
	return err
}
