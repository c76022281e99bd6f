package memstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/muster-scim/muster/scim"
)

// kind tells users, groups and other resources of a tenant apart.
type kind uint8

const (
	userKind kind = iota
	groupKind
	otherKinds // and from here on, in the order of [db.names]
)

// db is all that a store holds.
type db struct {
	options Options

	naming sync.Mutex // not mu, so that Resources can be called in a transaction
	names  []string   // of kinds beyond users and groups

	mu      sync.RWMutex // protects all below
	tenants map[scim.Tenant]*tenant
	globals map[globalKey]owner
	states  map[scim.Kind]*states
	stamper stamper

	handles []handle // see space

	// undo is not nil while changes may have to be taken back.
	undo *undoLog
}

func newDB(o Options) *db {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &db{
		options: o,
		tenants: map[scim.Tenant]*tenant{},
		globals: map[globalKey]owner{},
		states:  map[scim.Kind]*states{},
		stamper: stamper{now: o.Now},
	}
}

// space returns space for n handles, which is the caller's as long as it may write.
func (d *db) space(n int) []handle {
	const kept = 1 << 16
	if n > kept {
		return make([]handle, 0, n)
	}
	d.handles = slices.Grow(d.handles[:0], n)
	return d.handles
}

// kindNamed returns the kind of that name, beyond users and groups.
func (d *db) kindNamed(name string) kind {
	d.naming.Lock()
	defer d.naming.Unlock()
	i := slices.Index(d.names, name)
	if i < 0 {
		i = len(d.names)
		d.names = append(d.names, name)
	}
	return otherKinds + kind(i)
}

// hold is one call's hold of the lock: its own, or its turn in a transaction
// that has the lock.
type hold struct {
	d     *db
	tx    *tx
	write bool
}

// lock waits for the lock or, if ctx is that of a transaction of this store, for
// the transaction's other calls.
func (d *db) lock(ctx context.Context, write bool) (hold, error) {
	if err := ctx.Err(); err != nil {
		return hold{}, err
	}
	if t := d.enter(ctx); t != nil {
		return hold{d, t, write}, nil
	}
	if write {
		d.mu.Lock()
	} else {
		d.mu.RLock()
	}
	return hold{d, nil, write}, nil
}

func (h hold) release() {
	switch {
	case h.tx != nil:
		h.tx.mu.Unlock()
	case h.write:
		h.d.mu.Unlock()
	default:
		h.d.mu.RUnlock()
	}
}
