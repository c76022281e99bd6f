package scim

import (
	"context"
	"time"
)

// Kind groups the records of a StateStore.
type Kind string

// State is one record that Muster itself must remember beside the application's
// data. Its content is Muster's own business.
type State struct {
	Kind Kind
	Key  string // unique within tenant and kind

	// Refs are further keys to find the record by; several records may share
	// one.
	Refs []string

	// Due, if not zero, is when ClaimState hands the record out. Of records
	// with one Lane it hands out only the oldest.
	Lane string
	Due  time.Time

	// Version is 0 for a record that must not exist yet; PutState compares it
	// with the stored one and stores the next. Delete deletes the record.
	Version int64
	Delete  bool

	Data []byte
}

// StateQuery asks for records of one kind: those with the given keys, those with
// one Ref, those with any of Refs, or all, in the order of their keys. Each is
// returned once. Of several conditions all must hold.
type StateQuery struct {
	Kind  Kind
	Keys  []string // if not nil
	Ref   string   // if not empty
	Refs  []string // if not nil
	After string   // continue behind this key
	Limit int      // 0 is no limit
}

// StateStore keeps what Muster must remember: links, provenance of roles, role
// groups, tombstones, jobs, events, tokens. It belongs beside the application's
// tables, and into their transactions if the store is a [Transactor].
// memstore.Store is one.
type StateStore interface {
	// ListState returns records and, if the limit was reached, the key to
	// continue after. The returned Data must not be changed.
	ListState(ctx context.Context, t Tenant, q StateQuery) (records []State, next string, err error)

	// PutState stores or deletes records, all or none. If the version of one is
	// not the stored one it returns ErrVersionMismatch.
	PutState(ctx context.Context, t Tenant, s ...State) error

	// ClaimState returns up to limit records of a kind that are due, of any
	// tenant, the oldest of a lane only, and moves their Due by lease, so that
	// another worker gets them only if this one dies.
	ClaimState(ctx context.Context, k Kind, now time.Time, lease time.Duration, limit int) (map[Tenant][]State, error)
}
