package scim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
)

// Entry tells of one request, or of one operation of a bulk request. What policies
// decide later, when no client waits, has entries without Method, Path and Status. It
// tells no credentials, no passwords and no values of attributes that are never
// returned, but other personal data: see Changes.
type Entry struct {
	// ID is unique. That of a later entry sorts before it.
	ID string

	At       time.Time
	Duration time.Duration
	Scope    Scope

	Method string
	Path   string // below the base URL, without the query
	Status int

	// Operation says that this is an operation of a bulk request. The request has an
	// Entry of its own, which comes after those of its operations.
	Operation bool

	// Resource is the type, ResourceID the id of what was read or written, if
	// it was one resource.
	Resource   string
	ResourceID string

	// Changed has the canonical paths that a write changed.
	Changed []string

	// Decisions tell what the policies made of the request.
	Decisions []Decision

	// Notes tell what the dialect took as something else than what was sent.
	Notes []schema.Note

	// Detail is what the client was told of an error.
	Detail string

	// RequestID is the id under which the application's log has the cause of a 5xx.
	RequestID string

	// What Changes are made of, if anybody wants them: to write all values as text takes
	// longer than many a request. Those of an entry that was read are there already.
	write   written
	changes []Change
}

// written is what a request has done.
type written struct {
	before, after  *schema.Resource
	turned         bool // these are set by turned
	password       bool
	added, removed []string
	many           bool
}

// Decision is what a policy decided.
type Decision struct {
	Policy  string `json:"policy"`  // "link", "roles", "guard", "admission", "deprovision", …
	Outcome string `json:"outcome"` // as "bound", "refused"
	Reason  string `json:"reason,omitempty"`

	// ResourceID is the id of the resource if it is not the entry's: of a user whose
	// roles a change of a group has changed.
	ResourceID string `json:"resourceId,omitempty"`
}

// Change is what a write did to one attribute.
type Change struct {
	Path string `json:"path"`

	// Before and After are the values as JSON, empty if there was none. A password,
	// and any attribute that is never returned, is "[redacted]" (with the quotes).
	// What is longer than [MaxChangeValue] is cut, and ends with "…".
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`

	// Added and Removed are ids of members, in a change of a group's "members". More
	// says that there are others, or that they were too many to tell.
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
	More    bool     `json:"more,omitempty"`
}

const (
	// MaxChangeValue is the most bytes of a value that a [Change] holds: of a
	// photograph or a certificate nobody needs more.
	MaxChangeValue = 1000

	// maxChanges bounds the changes of an entry: open extensions may have many keys.
	maxChanges = 100

	// maxChangeMembers bounds the members of a Change, each of Added and Removed.
	maxChangeMembers = 100

	// maxEntryPath bounds what a client can write into the log by a path.
	maxEntryPath = 500
)

const redactedJSON = `"[redacted]"`

// wrote notes a write that was done.
func (e *Entry) wrote(w GroupWrite, res GroupResult) {
	if !e.write.turned {
		e.Changed, e.write.before, e.write.after = w.Changed, w.Old, w.New
	}
	e.write.password = w.Password.IsSet()
	e.write.added, e.write.removed, e.write.many = res.Added, res.Removed, res.Many
}

// turned notes what became of a resource, where that is not what the client asked for: a
// POST may have met a resource that was there. after is nil if it is gone.
func (e *Entry) turned(before, after *schema.Resource) {
	e.write.before, e.write.after, e.write.turned = before, after, true
	if after != nil {
		e.Changed = after.Changed(before)
	} else {
		e.Changed = before.Changed(nil)
	}
}

// refused notes that a policy refused the request: once, however often the write was
// tried.
func (e *Entry) refused(policy string, err error) {
	d := Decision{Policy: policy, Outcome: "refused", Reason: asError(err).Detail}
	if !slices.Contains(e.Decisions, d) {
		e.Decisions = append(e.Decisions, d)
	}
}

// complete is called when the request has been answered.
func (e *Entry) complete() {
	for i := range e.Decisions {
		if d := &e.Decisions[i]; d.ResourceID == e.ResourceID {
			d.ResourceID = ""
		}
	}
}

// Changes returns what stood there and what stands there now. It is made anew by each
// call. An application that must not keep values leaves it out: see WithoutChanges.
func (e Entry) Changes() []Change {
	if e.changes != nil {
		return e.changes
	}
	w := e.write
	changes := changesOf(w.before, w.after, e.Changed)
	if w.password {
		changes = append(changes, Change{Path: "password", After: redactedJSON})
	}
	if w.many || len(w.added)+len(w.removed) > 0 {
		changes = append(changes, Change{
			Path:  "members",
			Added: w.added[:min(len(w.added), maxChangeMembers)], Removed: w.removed[:min(len(w.removed), maxChangeMembers)],
			More: w.many || len(w.added) > maxChangeMembers || len(w.removed) > maxChangeMembers,
		})
	}
	return changes
}

// WithoutChanges returns the entry without its Changes, so that as JSON, too, it has the
// paths that were changed but no values.
func (e Entry) WithoutChanges() Entry {
	e.write, e.changes = written{}, nil
	return e
}

// changesOf returns what differs between two resources, of which one may be nil, at
// these paths.
func changesOf(before, after *schema.Resource, paths []string) []Change {
	if before == nil && after == nil {
		return nil
	}
	paths = paths[:min(len(paths), maxChanges)]
	changes := make([]Change, len(paths), len(paths)+1)
	// All values are parts of one text: two allocations rather than two for each.
	b := newSpace()
	defer b.release()
	ends := make([][2]int32, 0, 20) // on the stack, for most
	for _, path := range paths {
		b.bytes = appendValue(b.bytes, before, path)
		middle := len(b.bytes)
		b.bytes = appendValue(b.bytes, after, path)
		ends = append(ends, [2]int32{int32(middle), int32(len(b.bytes))})
	}
	text, begin := string(b.bytes), int32(0)
	for i, path := range paths {
		middle, end := ends[i][0], ends[i][1]
		changes[i] = Change{Path: path, Before: text[begin:middle], After: text[middle:end]}
		begin = end
	}
	return changes
}

// appendValue appends a value as the log has it; nothing if there is none.
func appendValue(dst []byte, r *schema.Resource, path string) []byte {
	if r == nil {
		return dst
	}
	a, ok := r.Type().Attr(path)
	if !ok {
		return dst
	}
	v := r.Value(a)
	switch {
	case v.IsZero():
		return dst
	case isSecret(a):
		return append(dst, redactedJSON...)
	}
	begin := len(dst)
	dst = withoutSecrets(a, v).AppendJSON(dst)
	if text := dst[begin:]; len(text) > MaxChangeValue {
		dst = append(dst[:begin], cut(string(text), MaxChangeValue)...)
	}
	return dst
}

// isSecret reports whether values of a are for nobody to read.
func isSecret(a *schema.Attr) bool {
	return a.Returned == schema.Never || a.Mutability == schema.WriteOnly || a.IsPassword()
}

// withoutSecrets takes out sub-attributes that are secret.
func withoutSecrets(a *schema.Attr, v schema.Value) schema.Value {
	for _, s := range a.Subs() {
		if !isSecret(s) {
			continue
		}
		var elems []schema.Value
		for e := range v.Elems() {
			elems = append(elems, e.With(a, s, schema.Value{}))
		}
		switch {
		case a.MultiValued:
			v = a.List(elems)
		case len(elems) > 0:
			v = elems[0]
		}
	}
	return v
}

// cut shortens text to most bytes of whole characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// concerns returns the ids that the entry is about.
func (e *Entry) concerns() []string {
	var ids []string
	if e.ResourceID != "" {
		ids = append(ids, e.ResourceID)
	}
	for _, c := range e.Changes() {
		ids = append(append(ids, c.Added...), c.Removed...)
	}
	for _, d := range e.Decisions {
		if d.ResourceID != "" {
			ids = append(ids, d.ResourceID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// failed reports whether the client was told of an error.
func (e *Entry) failed() bool { return e.Status >= http.StatusBadRequest }

// entryJSON is an Entry as JSON.
type entryJSON struct {
	ID         string     `json:"id,omitempty"`
	At         time.Time  `json:"at"`
	Duration   float64    `json:"durationMs"`
	Tenant     Tenant     `json:"tenant,omitempty"`
	Connection string     `json:"connection,omitempty"`
	Actor      string     `json:"actor,omitempty"`
	Method     string     `json:"method"`
	Path       string     `json:"path"`
	Status     int        `json:"status"`
	Operation  bool       `json:"operation,omitempty"`
	Resource   string     `json:"resource,omitempty"`
	ResourceID string     `json:"resourceId,omitempty"`
	Changed    []string   `json:"changed,omitempty"`
	Changes    []Change   `json:"changes,omitempty"`
	Decisions  []Decision `json:"decisions,omitempty"`
	Notes      []noteJSON `json:"notes,omitempty"`
	Detail     string     `json:"detail,omitempty"`
	RequestID  string     `json:"requestId,omitempty"`
}

type noteJSON struct {
	Path string `json:"path"`
	Rule string `json:"rule"`
}

// MarshalJSON writes the entry for a log; of the scope it has the tenant, the
// connection and the actor.
func (e Entry) MarshalJSON() ([]byte, error) {
	doc := entryJSON{
		ID: e.ID, At: e.At.UTC(), Duration: float64(e.Duration.Microseconds()) / 1000,
		Tenant: e.Scope.Tenant, Connection: e.Scope.Connection, Actor: e.Scope.Actor,
		Method: e.Method, Path: e.Path, Status: e.Status, Operation: e.Operation, Resource: e.Resource, ResourceID: e.ResourceID,
		Changed: e.Changed, Changes: e.Changes(), Decisions: e.Decisions, Detail: e.Detail, RequestID: e.RequestID,
	}
	for _, n := range e.Notes {
		doc.Notes = append(doc.Notes, noteJSON(n))
	}
	return json.Marshal(doc)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (e *Entry) UnmarshalJSON(data []byte) error {
	var doc entryJSON
	if err := json.Unmarshal(data, &doc); err != nil {
		return err
	}
	*e = Entry{
		ID: doc.ID, At: doc.At, Duration: time.Duration(doc.Duration*1000+0.5) * time.Microsecond,
		Scope:  Scope{Tenant: doc.Tenant, Connection: doc.Connection, Actor: doc.Actor},
		Method: doc.Method, Path: doc.Path, Status: doc.Status, Operation: doc.Operation, Resource: doc.Resource, ResourceID: doc.ResourceID,
		Changed: doc.Changed, changes: doc.Changes, Decisions: doc.Decisions, Detail: doc.Detail, RequestID: doc.RequestID,
	}
	for _, n := range doc.Notes {
		e.Notes = append(e.Notes, schema.Note(n))
	}
	return nil
}
