package scim

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/muster-scim/muster/schema"
)

// eventJSON is an Event as JSON: what is in the outbox, and what applications put on
// a queue.
type eventJSON struct {
	ID         string          `json:"id"`
	At         time.Time       `json:"at"`
	Tenant     Tenant          `json:"tenant,omitempty"`
	Connection string          `json:"connection,omitempty"`
	Actor      string          `json:"actor,omitempty"`
	Type       EventType       `json:"type"`
	Resource   string          `json:"resource,omitempty"`
	ResourceID string          `json:"resourceId,omitempty"`
	Before     json.RawMessage `json:"before,omitempty"`
	After      json.RawMessage `json:"after,omitempty"`
	Changed    []string        `json:"changed,omitempty"`
	Added      []string        `json:"added,omitempty"`
	Removed    []string        `json:"removed,omitempty"`
	Many       bool            `json:"many,omitempty"`
	Detail     string          `json:"detail,omitempty"`
}

func newEventJSON(e Event) eventJSON {
	return eventJSON{
		ID: e.ID, At: e.At.UTC(), Tenant: e.Tenant, Connection: e.Connection, Actor: e.Actor,
		Type: e.Type, Resource: e.Resource, ResourceID: e.ResourceID,
		Before: resourceJSON(e.Before), After: resourceJSON(e.After),
		Changed: e.Changed, Added: e.Added, Removed: e.Removed, Many: e.Many, Detail: e.Detail,
	}
}

// MarshalJSON writes the event for a queue or a webhook. Before and After are written
// as SCIM resources without locations; what is never returned to a client is not
// written. [DecodeEvent] reads it.
func (e Event) MarshalJSON() ([]byte, error) { return json.Marshal(newEventJSON(e)) }

// DecodeEvent reads what [Event.MarshalJSON] has written. types are the resource types
// that Before and After may have; it is an error if that of the event is not there.
// What the type does not have any more is left out.
func DecodeEvent(data []byte, types ...*schema.Type) (Event, error) {
	var doc eventJSON
	if err := json.Unmarshal(data, &doc); err != nil {
		return Event{}, fmt.Errorf("scim: an event can't be read: %w", err)
	}
	return doc.event(func(name string) *schema.Type {
		i := slices.IndexFunc(types, func(t *schema.Type) bool { return t.Name() == name })
		if i < 0 {
			return nil
		}
		return types[i]
	})
}

// event is the way back from newEventJSON.
func (doc eventJSON) event(types func(name string) *schema.Type) (Event, error) {
	before, err := doc.restore(types, doc.Before)
	if err != nil {
		return Event{}, err
	}
	after, err := doc.restore(types, doc.After)
	if err != nil {
		return Event{}, err
	}
	return Event{
		ID: doc.ID, At: doc.At, Tenant: doc.Tenant, Connection: doc.Connection, Actor: doc.Actor,
		Type: doc.Type, Resource: doc.Resource, ResourceID: doc.ResourceID,
		Before: before, After: after,
		Changed: doc.Changed, Added: doc.Added, Removed: doc.Removed, Many: doc.Many, Detail: doc.Detail,
	}, nil
}

func (doc eventJSON) restore(types func(name string) *schema.Type, text json.RawMessage) (*schema.Resource, error) {
	if text == nil {
		return nil, nil
	}
	t := types(doc.Resource)
	if t == nil {
		return nil, fmt.Errorf("scim: event %s has a resource of type %q, which is not one of those that are known", doc.ID, doc.Resource)
	}
	r, err := schema.Restore(t, text)
	if err != nil {
		return nil, fmt.Errorf("scim: event %s: %w", doc.ID, err)
	}
	return r, nil
}

func resourceJSON(r *schema.Resource) json.RawMessage {
	if r == nil {
		return nil
	}
	return r.AppendJSON(nil, schema.Encoding{Projection: withRequested(r.Type())})
}

// withRequested shows all but what is never returned.
func withRequested(t *schema.Type) *schema.Projection {
	p := t.Project(nil, nil)
	for _, a := range t.Attrs() {
		if a.Returned == schema.OnRequest {
			p = p.With(a)
		}
		for _, s := range a.Subs() {
			if s.Returned == schema.OnRequest && a.Returned != schema.Never {
				p = p.With(s)
			}
		}
	}
	return p
}
