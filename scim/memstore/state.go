package memstore

import (
	"bytes"
	"context"
	"iter"
	"slices"

	"github.com/muster-scim/muster/scim"
)

// stateRecord is a stored record. It does not change: another version is
// another record.
type stateRecord struct {
	scim.State
	drawer *drawer
	seq    uint64 // when the key was stored first

	lane, queue int // slots in these piles
}

// states has the records of one kind.
type states struct {
	d       *db
	tenants map[scim.Tenant]*drawer
	queue   pile // what can be claimed some time, by due time
	seq     uint64
}

// drawer has those of one tenant.
type drawer struct {
	*states
	tenant scim.Tenant
	byKey  map[string]*stateRecord
	keys   set[string]
	refs   map[string]*set[string]
	lanes  map[string]*pile // what is due some time, the oldest on top
}

// state returns the records of a kind, which is made if there is none.
func (d *db) state(k scim.Kind) *states {
	s := d.states[k]
	if s == nil {
		s = &states{d: d, tenants: map[scim.Tenant]*drawer{}, queue: pile{
			less: func(a, b *stateRecord) bool {
				if !a.Due.Equal(b.Due) {
					return a.Due.Before(b.Due)
				}
				return a.seq < b.seq
			},
			slot: func(r *stateRecord) *int { return &r.queue },
		}}
		d.states[k] = s
	}
	return s
}

// drawer returns the records of a tenant.
func (s *states) drawer(t scim.Tenant) *drawer {
	h := s.tenants[t]
	if h == nil {
		h = &drawer{
			states: s, tenant: t, byKey: map[string]*stateRecord{},
			refs: map[string]*set[string]{}, lanes: map[string]*pile{},
		}
		s.tenants[t] = h
	}
	return h
}

// ListState returns records, see [scim.StateStore], in the order of their keys.
// With both keys and a ref it returns those with the keys that have the ref. next
// is empty if there are no more.
func (s *Store) ListState(ctx context.Context, t scim.Tenant, q scim.StateQuery) (records []scim.State, next string, err error) {
	hold, err := s.d.lock(ctx, false)
	if err != nil {
		return nil, "", err
	}
	defer hold.release()
	kind := s.d.states[q.Kind]
	if kind == nil || kind.tenants[t] == nil {
		return nil, "", nil
	}
	drawer := kind.tenants[t]
	for key := range drawer.keysFor(q) {
		if q.Limit > 0 && len(records) == q.Limit {
			return records, records[q.Limit-1].Key, nil
		}
		records = append(records, drawer.byKey[key].copy())
	}
	return records, "", nil
}

// keysFor yields the keys that q asks for, in order.
func (h *drawer) keysFor(q scim.StateQuery) iter.Seq[string] {
	keys := &h.keys
	if q.Ref != "" {
		keys = h.withRef(q.Ref)
	}
	if q.Refs != nil {
		keys = h.withAnyRef(q, keys)
	}
	if q.Keys != nil {
		return present(q.Keys, keys, q.After)
	}
	return behind(keys, q.After).each
}

// behind returns the keys that follow after, all if it is empty.
func behind(keys *set[string], after string) run[string] {
	if after == "" {
		return keys.all()
	}
	return keys.after(after)
}

// withRef returns the keys of the records that have a ref.
func (h *drawer) withRef(ref string) *set[string] {
	if keys := h.refs[ref]; keys != nil {
		return keys
	}
	return &set[string]{}
}

// withAnyRef returns those among keys whose records have one of q.Refs. A page takes
// one more than its limit of each ref at most.
func (h *drawer) withAnyRef(q scim.StateQuery, keys *set[string]) *set[string] {
	some := &set[string]{}
	for _, ref := range q.Refs {
		found := 0
		for key := range behind(h.withRef(ref), q.After).each {
			if !keys.has(key) {
				continue
			}
			some.add(key)
			if found++; q.Keys == nil && q.Limit > 0 && found > q.Limit {
				break
			}
		}
	}
	return some
}

// present yields those of asked that are in keys and behind after, in order.
func present(asked []string, keys *set[string], after string) iter.Seq[string] {
	asked = slices.Clone(asked)
	slices.Sort(asked)
	asked = slices.Compact(asked)
	return func(yield func(string) bool) {
		for _, key := range asked {
			if (after == "" || key > after) && keys.has(key) && !yield(key) {
				return
			}
		}
	}
}

// copy returns the record for a caller.
func (r *stateRecord) copy() scim.State {
	c := r.State
	c.Refs = slices.Clone(c.Refs)
	return c
}

// PutState stores or deletes records, all or none, see [scim.StateStore]. The
// error is [scim.ErrVersionMismatch]. What is given is copied.
func (s *Store) PutState(ctx context.Context, t scim.Tenant, records ...scim.State) error {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return err
	}
	defer hold.release()
	return s.d.atomic(func() error {
		for _, r := range records {
			if err := s.d.state(r.Kind).drawer(t).put(r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *drawer) put(s scim.State) error {
	old := h.byKey[s.Key]
	switch {
	case old == nil && s.Version != 0, old != nil && s.Version != old.Version:
		return scim.ErrVersionMismatch
	case s.Delete:
		h.swap(s.Key, nil)
		return nil
	}
	s.Version++
	s.Refs, s.Data = slices.Clone(s.Refs), bytes.Clone(s.Data)
	r := &stateRecord{State: s, drawer: h}
	if old != nil {
		r.seq = old.seq
	} else {
		h.seq++
		r.seq = h.seq
	}
	h.swap(s.Key, r)
	return nil
}

// swap puts a record in the place of what the key has; nil deletes.
func (h *drawer) swap(key string, r *stateRecord) {
	old := h.byKey[key]
	if old != nil {
		h.unlink(old)
	}
	if r != nil {
		h.link(r)
	}
	if u := h.d.undo; u != nil {
		u.push(func() { h.swap(key, old) })
	}
}

func (h *drawer) link(r *stateRecord) {
	h.byKey[r.Key] = r
	h.keys.add(r.Key)
	for _, ref := range r.Refs {
		if h.refs[ref] == nil {
			h.refs[ref] = &set[string]{}
		}
		h.refs[ref].add(r.Key)
	}
	if !r.Due.IsZero() {
		h.schedule(r)
	}
}

func (h *drawer) unlink(r *stateRecord) {
	delete(h.byKey, r.Key)
	h.keys.remove(r.Key)
	for _, ref := range r.Refs {
		keys := h.refs[ref]
		if keys == nil {
			continue // named twice
		}
		if keys.remove(r.Key); keys.len() == 0 {
			delete(h.refs, ref)
		}
	}
	h.unschedule(r)
}
