package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// errStateRace says that a record of the state changed between reading and writing.
// The whole attempt is done again: it is nothing that a client could know of.
var errStateRace = errors.New("scim: what is remembered of the resource changed meanwhile")

// record is a record of the state with its content, which is kept as JSON.
type record[T any] struct {
	State
	Value T
}

// stored is a record of any content.
type stored interface {
	encode() (State, error)
	written()
}

func (r *record[T]) encode() (State, error) {
	var err error
	if !r.Delete {
		r.Data, err = json.Marshal(&r.Value)
	}
	return r.State, err
}

// written notes that the record is stored, so that it can be written once more.
func (r *record[T]) written() { r.Version++ }

// exists reports whether the record has been stored.
func (r *record[T]) exists() bool { return r.Version > 0 }

// rawRecord is a record whose content is encoded already.
type rawRecord struct{ State }

func (r rawRecord) encode() (State, error) { return r.State, nil }
func (rawRecord) written()                 {}

// newRecord returns a record that is not stored yet.
func newRecord[T any](kind Kind, key string) *record[T] {
	return &record[T]{State: State{Kind: kind, Key: key}}
}

func decodeRecord[T any](s State) (*record[T], error) {
	r := &record[T]{State: s}
	if err := json.Unmarshal(s.Data, &r.Value); err != nil {
		return nil, fmt.Errorf("scim: the record %s %q of the state can't be read: %w", s.Kind, s.Key, err)
	}
	return r, nil
}

// findRecords returns records and where to continue.
func findRecords[T any](ctx context.Context, s StateStore, t Tenant, q StateQuery) ([]*record[T], string, error) {
	states, next, err := s.ListState(ctx, t, q)
	if err != nil {
		return nil, "", err
	}
	records := make([]*record[T], len(states))
	for i, state := range states {
		if records[i], err = decodeRecord[T](state); err != nil {
			return nil, "", err
		}
	}
	return records, next, nil
}

// getRecords returns the records with these keys; those that are not stored yet are
// new.
func getRecords[T any](ctx context.Context, s StateStore, t Tenant, kind Kind, keys ...string) (map[string]*record[T], error) {
	found, _, err := findRecords[T](ctx, s, t, StateQuery{Kind: kind, Keys: keys})
	if err != nil {
		return nil, err
	}
	records := make(map[string]*record[T], len(keys))
	for _, r := range found {
		records[r.Key] = r
	}
	for _, key := range keys {
		if records[key] == nil {
			records[key] = newRecord[T](kind, key)
		}
	}
	return records, nil
}

// getRecord returns one record, a new one if it is not stored yet.
func getRecord[T any](ctx context.Context, s StateStore, t Tenant, kind Kind, key string) (*record[T], error) {
	records, err := getRecords[T](ctx, s, t, kind, key)
	if err != nil {
		return nil, err
	}
	return records[key], nil
}

// putRecords stores or deletes records, all or none. A deletion of what is not
// stored is left out.
func putRecords(ctx context.Context, s StateStore, t Tenant, records ...stored) error {
	states := make([]State, 0, len(records))
	kept := records[:0:0]
	for _, r := range records {
		state, err := r.encode()
		if err != nil {
			return err
		}
		if state.Delete && state.Version == 0 {
			continue
		}
		states = append(states, state)
		kept = append(kept, r)
	}
	if len(states) == 0 {
		return nil
	}
	err := s.PutState(ctx, t, states...)
	if errors.Is(err, ErrVersionMismatch) {
		return errStateRace
	}
	if err != nil {
		return err
	}
	for _, r := range kept {
		r.written()
	}
	return nil
}
