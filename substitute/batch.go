package substitute

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/muster-scim/muster/scim"
)

// BatchState is what has become of a batch.
type BatchState string

// What becomes of batches.
const (
	// BatchRecorded is being moved, or was when a worker died.
	BatchRecorded BatchState = "recorded"

	// BatchMoved belongs to the heir.
	BatchMoved BatchState = "moved"

	// BatchReturned has been taken back: by Undo, because the user came back, or
	// because the heir has become unfit meanwhile.
	BatchReturned BatchState = "returned"
)

// Batch tells of objects that were moved at once. It is written before they are, so
// that it is known after a crash, whatever was done.
type Batch struct {
	N        int        `json:"n"` // from 1
	Kind     string     `json:"kind"`
	IDs      []string   `json:"ids"`
	From     string     `json:"from"`
	To       string     `json:"to"`
	State    BatchState `json:"state"`
	Recorded time.Time  `json:"recorded"`
	Changed  time.Time  `json:"changed,omitzero"`

	// Missed has those of IDs that could not be moved, since somebody else had them
	// or they were gone. Left has those that could not be taken back, since the heir
	// had given them on.
	Missed []string `json:"missed,omitempty"`
	Left   []string `json:"left,omitempty"`

	id      string // of the hand-over
	version int64
}

// moved returns the ids that were moved, as far as that is known.
func (b *Batch) moved() []string {
	return slices.DeleteFunc(slices.Clone(b.IDs), func(id string) bool { return slices.Contains(b.Missed, id) })
}

func (b *Batch) encode() (scim.State, error) {
	data, err := json.Marshal(b)
	return scim.State{Kind: kindBatch, Key: batchKey(b.id, b.N), Refs: []string{b.id}, Version: b.version, Data: data}, err
}

func readBatch(id string, s scim.State) (Batch, error) {
	b := Batch{id: id, version: s.Version}
	if err := json.Unmarshal(s.Data, &b); err != nil {
		return Batch{}, fmt.Errorf("substitute: batch %q can't be read: %w", s.Key, err)
	}
	return b, nil
}

// batch returns one batch of a hand-over.
func (c *Coordinator) batch(ctx context.Context, t scim.Tenant, id string, n int) (*Batch, error) {
	found, _, err := c.s.State.ListState(ctx, t, scim.StateQuery{Kind: kindBatch, Keys: []string{batchKey(id, n)}})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("substitute: batch %d of hand-over %q is gone", n, id)
	}
	b, err := readBatch(id, found[0])
	return &b, err
}

// Batches returns what a hand-over has moved, the first batch first, beginning behind
// batch number after: every object is in one of them. limit bounds the result; 0 is no
// limit.
func (c *Coordinator) Batches(ctx context.Context, t scim.Tenant, id string, after, limit int) ([]Batch, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	q := scim.StateQuery{Kind: kindBatch, Ref: id, After: batchKey(id, after), Limit: limit}
	found, _, err := c.s.State.ListState(ctx, t, q)
	if err != nil {
		return nil, err
	}
	batches := make([]Batch, len(found))
	for i, s := range found {
		if batches[i], err = readBatch(id, s); err != nil {
			return nil, err
		}
	}
	return batches, nil
}
