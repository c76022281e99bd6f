package substitute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/muster-scim/muster/scim"
)

// The kinds of records: a hand-over, what it moves, and the heir that was chosen for a
// user.
const (
	kindHandover scim.Kind = "handover"
	kindBatch    scim.Kind = "batch"
	kindChoice   scim.Kind = "choice"
)

// plan is what is stored of a hand-over.
type plan struct {
	User       string       `json:"user"`
	N          int          `json:"n"` // the user's first, second, … hand-over
	Phase      Phase        `json:"phase"`
	Connection string       `json:"connection,omitempty"`
	Trigger    scim.Trigger `json:"trigger"`
	Manager    string       `json:"manager,omitempty"`
	At         time.Time    `json:"at"`
	Due        time.Time    `json:"due"`

	// Assigned is the heir that an administrator has named for this hand-over. Heir
	// is the one who gets the next batch, unless he has become unfit.
	Assigned string   `json:"assigned,omitempty"`
	Heir     string   `json:"heir,omitempty"`
	Source   string   `json:"source,omitempty"`
	Passed   []string `json:"passed,omitempty"`

	// Pass is how far the leaver's things have been gone through. Batches counts the
	// records of batches; Open says that the last of them may or may not have been
	// moved. Undo is the next one to take back.
	Pass    pass `json:"pass"`
	Batches int  `json:"batches,omitempty"`
	Open    bool `json:"open,omitempty"`
	Undo    int  `json:"undo,omitempty"`

	// Objects by kind: counted at the start, moved to heirs and not taken back, and
	// left with others when the rest was taken back.
	Total map[string]int `json:"total,omitempty"`
	Moved map[string]int `json:"moved,omitempty"`
	Left  map[string]int `json:"left,omitempty"`

	Problem  string    `json:"problem,omitempty"`
	Attempts int       `json:"attempts,omitempty"`
	Ended    time.Time `json:"ended,omitzero"`
	Returned time.Time `json:"returned,omitzero"` // when the user came back

	next time.Time // when a worker looks at it; State.Due
}

// pass is a place among what a user owns: behind After of this kind. First is where the
// pass through the kind began.
type pass struct {
	Kind  string `json:"kind,omitempty"`
	After string `json:"after,omitempty"`
	First string `json:"first,omitempty"`
}

// job is a plan with the record that holds it.
type job struct {
	plan
	tenant  scim.Tenant
	version int64
}

// key is the hand-over's id. Numbers are of one length, so that the last is the latest.
func (p *plan) key() string { return fmt.Sprintf("%s/%06d", p.User, p.N) }

func refOfUser(id string) string       { return "user/" + id }
func refOfPhase(p Phase) string        { return "phase/" + string(p) }
func batchKey(id string, n int) string { return fmt.Sprintf("%s/%08d", id, n) }

// moving reports whether a worker still has objects to move.
func (p *plan) moving() bool {
	return p.Open || p.Phase == Planned || p.Phase == Running || p.Phase == Undoing
}

// over reports whether a further departure is another hand-over.
func (p *plan) over() bool { return p.Phase == Cancelled || !p.Returned.IsZero() }

// again lets a worker look for the heir.
func (p *plan) again(now time.Time) {
	p.Phase, p.Problem, p.Attempts, p.Pass = Planned, "", 0, pass{}
	p.Ended = time.Time{}
	p.next = later(now, p.Due)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// clone returns a copy to change.
func (p *plan) clone() plan {
	c := *p
	c.Passed = slices.Clone(p.Passed)
	c.Total, c.Moved, c.Left = maps.Clone(p.Total), maps.Clone(p.Moved), maps.Clone(p.Left)
	return c
}

// state returns the record of p. Hand-overs of one user are carried out one after
// another.
func (p *plan) state(version int64) (scim.State, error) {
	data, err := json.Marshal(p)
	s := scim.State{
		Kind: kindHandover, Key: p.key(), Refs: []string{refOfUser(p.User), refOfPhase(p.Phase)},
		Due: p.next, Version: version, Data: data,
	}
	if p.moving() {
		s.Lane = p.User
	}
	return s, err
}

func readJob(t scim.Tenant, s scim.State) (*job, error) {
	j := &job{tenant: t, version: s.Version}
	if err := json.Unmarshal(s.Data, &j.plan); err != nil {
		return nil, fmt.Errorf("substitute: hand-over %q can't be read: %w", s.Key, err)
	}
	j.next = s.Due
	return j, nil
}

// save stores the changed plan of j, together with other records, and emits events. It
// is ErrVersionMismatch if somebody else has changed it; then j is as before.
func (c *Coordinator) save(ctx context.Context, j *job, changed plan, events []scim.Event, more ...scim.State) error {
	s, err := changed.state(j.version)
	if err != nil {
		return err
	}
	records := append([]scim.State{s}, more...)
	put := func(ctx context.Context) error {
		for _, e := range events {
			if err := c.s.Emit(ctx, j.tenant, e); err != nil {
				return err
			}
		}
		return c.s.State.PutState(ctx, j.tenant, records...)
	}
	if len(events) == 0 {
		err = put(ctx) // all or none as it is
	} else {
		err = c.s.InTx(ctx, put)
	}
	if err == nil {
		j.plan = changed
		j.version++
	}
	return err
}

// event tells of a hand-over.
func (c *Coordinator) event(j *job, typ scim.EventType, format string, args ...any) scim.Event {
	return scim.Event{
		At: c.s.Now(), Tenant: j.tenant, Connection: j.Connection,
		Type: typ, Resource: "User", ResourceID: j.User, Detail: fmt.Sprintf(format, args...),
	}
}

// end lets a plan be over: it is remembered for a while.
func (c *Coordinator) end(p *plan, phase Phase) {
	p.Phase, p.Ended, p.Problem, p.Attempts = phase, c.s.Now(), "", 0
	p.next = p.Ended.Add(c.config.Retention)
}

// load returns the hand-over with that id.
func (c *Coordinator) load(ctx context.Context, t scim.Tenant, id string) (*job, error) {
	found, _, err := c.s.State.ListState(ctx, t, scim.StateQuery{Kind: kindHandover, Keys: []string{id}})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return readJob(t, found[0])
}

// of returns all hand-overs of a user, the latest last.
func (c *Coordinator) of(ctx context.Context, t scim.Tenant, userID string) ([]*job, error) {
	found, _, err := c.s.State.ListState(ctx, t, scim.StateQuery{Kind: kindHandover, Ref: refOfUser(userID)})
	if err != nil {
		return nil, err
	}
	jobs := make([]*job, len(found)) // in the order of their keys
	for i, s := range found {
		if jobs[i], err = readJob(t, s); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// latest returns the user's latest hand-over, nil if there is none.
func (c *Coordinator) latest(ctx context.Context, t scim.Tenant, userID string) (*job, error) {
	jobs, err := c.of(ctx, t, userID)
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	return jobs[len(jobs)-1], nil
}

// maxTries bounds how often a change is tried that others come in the way of.
const maxTries = 10

// retry runs f until nobody has changed meanwhile what it has read.
func retry(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		if !errors.Is(err, scim.ErrVersionMismatch) || try == maxTries || ctx.Err() != nil {
			return err
		}
	}
}

// change lets f change a hand-over and tell of it, and wakes the worker.
func (c *Coordinator) change(ctx context.Context, t scim.Tenant, id string, f func(j *job, p *plan) ([]scim.Event, error)) error {
	if err := c.check(); err != nil {
		return err
	}
	err := retry(ctx, func() error {
		j, err := c.load(ctx, t, id)
		if err != nil {
			return err
		}
		p := j.clone()
		events, err := f(j, &p)
		if err != nil {
			return err
		}
		return c.save(ctx, j, p, events)
	})
	if err == nil {
		c.s.Wake()
	}
	return err
}
