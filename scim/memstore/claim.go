package memstore

import (
	"context"
	"time"

	"github.com/muster-scim/muster/scim"
)

// A record that is due some time waits in the queue of its kind. Of those with
// one lane only the oldest does, by when their keys were stored first, so that
// one which is tried again later is not overtaken. A record without a lane waits
// for nobody.

// schedule lets r wait for its time.
func (h *drawer) schedule(r *stateRecord) {
	if r.Lane == "" {
		h.queue.push(r)
		return
	}
	lane := h.lanes[r.Lane]
	if lane == nil {
		lane = &pile{
			less: func(a, b *stateRecord) bool { return a.seq < b.seq },
			slot: func(r *stateRecord) *int { return &r.lane },
		}
		h.lanes[r.Lane] = lane
	}
	head := lane.top()
	lane.push(r)
	h.relieve(head, lane.top())
}

// unschedule lets r wait no longer, if it does.
func (h *drawer) unschedule(r *stateRecord) {
	h.queue.remove(r)
	lane := h.lanes[r.Lane]
	if lane == nil || r.Lane == "" {
		return
	}
	lane.remove(r)
	if lane.top() == nil {
		delete(h.lanes, r.Lane)
		return
	}
	h.relieve(nil, lane.top())
}

// relieve lets a lane's new head wait in the place of its old one.
func (h *drawer) relieve(before, head *stateRecord) {
	if before != nil && before != head {
		h.queue.remove(before)
	}
	if head.queue == 0 {
		h.queue.push(head)
	}
}

// ClaimState returns due records, see [scim.StateStore], the longest due first. A
// claim is a write: it moves Due to now plus lease and stores the next version,
// so that a worker whose lease has run out can't store what another one has
// claimed. Without a Lane a record waits for no other; of records with one, the
// oldest is the one whose key was stored first.
func (s *Store) ClaimState(ctx context.Context, k scim.Kind, now time.Time, lease time.Duration, limit int) (map[scim.Tenant][]scim.State, error) {
	hold, err := s.d.lock(ctx, true)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	kind := s.d.states[k]
	if kind == nil {
		return nil, nil
	}
	claimed := map[scim.Tenant][]scim.State{}
	for _, r := range kind.due(now, limit) {
		c := &stateRecord{State: r.State, drawer: r.drawer, seq: r.seq}
		c.Due = now.Add(lease)
		c.Version++
		r.drawer.swap(r.Key, c)
		claimed[r.drawer.tenant] = append(claimed[r.drawer.tenant], c.copy())
	}
	return claimed, nil
}

// due takes up to limit records that are due out of the queue.
func (s *states) due(now time.Time, limit int) []*stateRecord {
	var due []*stateRecord
	for len(due) < limit {
		r := s.queue.top()
		if r == nil || r.Due.After(now) {
			break
		}
		s.queue.remove(r)
		due = append(due, r)
	}
	return due
}
