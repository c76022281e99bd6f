package scim

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"time"

	"github.com/muster-scim/muster/schema"
)

const kindLog Kind = "log"

const (
	// A page of the log has defaultLogPage entries if nothing is said, and maxLogPage
	// at most.
	defaultLogPage = 100
	maxLogPage     = 1000

	// maxLogScan bounds the entries that are read for one page.
	maxLogScan = 5000

	// logTimeout bounds how long storing an entry may hold up its request.
	logTimeout = 5 * time.Second

	// purgeLease is how long other workers leave alone what one is about to delete.
	purgeLease = time.Minute
)

// Log is the provisioning log: each request of an identity provider with what it
// changed and what was decided, and why it was refused if it was. A [Handler] writes it
// if Settings.KeepLog is set; it is kept beside Muster's other records in a StateStore
// and forgotten when KeepLog is over.
type Log struct{ state StateStore }

// NewLog returns the log that is kept in a StateStore, to be read.
func NewLog(state StateStore) *Log { return &Log{state} }

// LogQuery asks for entries. Fields that are zero ask for nothing.
type LogQuery struct {
	// ResourceID is the id of a user, a group or another resource. The changes of
	// groups that a user was put into or taken out of are found by the user's id, too.
	ResourceID string

	// Connection is that of the identity provider.
	Connection string

	// Failed asks only for requests that were answered with an error.
	Failed bool

	// From and To bound the time: From is in, To is not.
	From, To time.Time

	// After is the Next of the page before. Limit is the most entries of a page; if
	// zero it is 100, and never more than 1000.
	After string
	Limit int
}

// LogPage has entries, the newest first.
type LogPage struct {
	Entries []Entry

	// Next continues after this page; it is empty if there is nothing more. A page
	// may have fewer entries than were asked for, or none, and a Next: so many were
	// looked through.
	Next string
}

// List returns a page of a tenant's log.
func (l *Log) List(ctx context.Context, t Tenant, q LogQuery) (LogPage, error) {
	limit := min(orDefault(q.Limit, defaultLogPage), maxLogPage)
	var page LogPage
	query := StateQuery{Kind: kindLog, Ref: q.ref(), After: q.start(), Limit: limit}
	for scanned := 0; scanned < maxLogScan; scanned += limit {
		records, next, err := l.state.ListState(ctx, t, query)
		if err != nil {
			return LogPage{}, fmt.Errorf("scim: reading the log: %w", err)
		}
		for i, r := range records {
			e, err := decodeEntry(r)
			if err != nil {
				return LogPage{}, err
			}
			if e.At.Before(q.From) {
				return LogPage{Entries: page.Entries}, nil
			}
			if !q.matches(&e) {
				continue
			}
			page.Entries = append(page.Entries, e)
			if len(page.Entries) == limit && (i < len(records)-1 || next != "") {
				page.Next = r.Key
				return page, nil
			}
		}
		if query.After, page.Next = next, next; next == "" {
			break
		}
	}
	return page, nil
}

func decodeEntry(r State) (e Entry, err error) {
	if err = json.Unmarshal(r.Data, &e); err != nil {
		err = fmt.Errorf("scim: the entry %s of the log can't be read: %w", r.Key, err)
	}
	return e, err
}

// ref returns the key of what is asked for that the fewest entries have.
func (q LogQuery) ref() string {
	switch {
	case q.ResourceID != "":
		return refOf("id", q.ResourceID)
	case q.Failed:
		return refFailed
	case q.Connection != "":
		return refOf("connection", q.Connection)
	}
	return ""
}

const refFailed = "failed"

func refOf(what, name string) string { return what + ":" + name }

// start returns the key behind which the entries begin.
func (q LogQuery) start() string {
	if q.After != "" || q.To.IsZero() {
		return q.After
	}
	return newestFirst(q.To) + "~" // behind all of that very moment
}

func (q LogQuery) matches(e *Entry) bool {
	return (q.Connection == "" || e.Scope.Connection == q.Connection) && (!q.Failed || e.failed())
}

// newestFirst returns a text that sorts before those of earlier times.
func newestFirst(t time.Time) string { return string(appendNewestFirst(nil, t)) }

func appendNewestFirst(dst []byte, t time.Time) []byte {
	var place [8]byte
	binary.BigEndian.PutUint64(place[:], uint64(math.MaxInt64-t.UnixNano()))
	return hex.AppendEncode(dst, place[:])
}

// logKey returns the key of a new entry.
func logKey(t time.Time) string {
	var random [8]byte
	binary.BigEndian.PutUint64(random[:], rand.Uint64()) // it need not be hard to guess
	var key [48]byte
	return string(hex.AppendEncode(append(appendNewestFirst(key[:0], t), '-'), random[:]))
}

// append stores an entry for a time.
func (l *Log) append(ctx context.Context, e *Entry, keep time.Duration) error {
	e.changes = e.Changes() // once, for the text and for the ids in it
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	refs := []string{refOf("connection", e.Scope.Connection)}
	for _, id := range e.concerns() {
		refs = append(refs, refOf("id", id))
	}
	if e.failed() {
		refs = append(refs, refFailed)
	}
	return l.state.PutState(ctx, e.Scope.Tenant, State{Kind: kindLog, Key: e.ID, Refs: refs, Due: e.At.Add(keep), Data: data})
}

// purge deletes up to limit entries whose time is over, and reports whether there may be
// more of them.
func (l *Log) purge(ctx context.Context, now time.Time, limit int) (more bool, err error) {
	due, err := l.state.ClaimState(ctx, kindLog, now, purgeLease, limit)
	if err != nil {
		return false, fmt.Errorf("scim: purging the log: %w", err)
	}
	n := 0
	for t, records := range due {
		for i := range records {
			records[i].Delete = true
		}
		if err := l.state.PutState(ctx, t, records...); err != nil {
			return false, fmt.Errorf("scim: purging the log: %w", err)
		}
		n += len(records)
	}
	return n == limit && n > 0, nil
}

// record tells of a request that has been answered to whoever wants to know. Nothing of
// it changes the answer.
func (h *Handler) record(q *request, status int) {
	e := q.entry
	keep := h.keepLog(q)
	debug := h.config.Logger.Enabled(q.ctx, slog.LevelDebug)
	watch, _ := q.ctx.Value(recordKey{}).(func(Entry))
	if h.config.Record == nil && watch == nil && keep <= 0 && len(e.Decisions) == 0 && !debug {
		return
	}
	e.ID, e.Status, e.Scope = logKey(e.At), status, q.scope
	e.Duration = h.config.Now().Sub(e.At)
	e.Path = cut(e.Path, maxEntryPath)
	e.complete()
	if keep > 0 {
		h.store(q, keep)
	}
	h.narrate(q, debug)
	if watch != nil {
		watch(*e)
	}
	if h.config.Record != nil {
		h.config.Record(*e)
	}
}

type recordKey struct{}

// WithRecord returns a context for a request whose entries f is told of, beside
// Config.Record: for a middleware that wants to know what the handler made of the
// request. f is called on the request's goroutine when it has been answered.
func WithRecord(ctx context.Context, f func(Entry)) context.Context {
	return context.WithValue(ctx, recordKey{}, f)
}

// decided notes what policies decided about a resource: in the entry of the request, or
// in one of its own if it is the worker or the application that has something done.
func (h *Handler) decided(q *request, t *schema.Type, id string, decisions []Decision) {
	for i := range decisions {
		decisions[i].ResourceID = id
	}
	if q.URL != nil {
		q.entry.Decisions = append(q.entry.Decisions, decisions...)
		return
	}
	if len(decisions) == 0 {
		return
	}
	own := *q
	own.known = true
	own.entry = &Entry{At: h.config.Now(), Resource: t.Name(), ResourceID: id, Decisions: decisions}
	h.record(&own, 0)
}

// keepLog returns how long the request is kept in the log. Of a stranger's nothing is:
// whose log would it be, and anybody could fill it.
func (h *Handler) keepLog(q *request) time.Duration {
	if h.config.State == nil || !q.known {
		return 0
	}
	if q.settings == nil { // refused before they were needed
		var err error
		if q.settings, err = h.config.Settings(q.ctx, q.scope); err != nil {
			q.settings = new(Settings) // the answer to a request that needs them is a 503
		}
	}
	return q.settings.KeepLog
}

// store keeps the entry, even if the client has gone away meanwhile.
func (h *Handler) store(q *request, keep time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.ctx), logTimeout)
	defer cancel()
	if err := NewLog(h.config.State).append(ctx, q.entry, keep); err != nil {
		h.config.Logger.ErrorContext(q.ctx, "The provisioning log could not be written.",
			"tenant", string(q.scope.Tenant), "method", q.Method, "path", q.entry.Path, "error", err)
	}
}

// narrate tells people of decisions, and of each request if they want to know.
func (h *Handler) narrate(q *request, debug bool) {
	e, log := q.entry, h.config.Logger
	for _, d := range e.Decisions {
		log.InfoContext(q.ctx, "SCIM "+d.Policy+": "+d.Outcome,
			"reason", d.Reason, "tenant", string(e.Scope.Tenant), "connection", e.Scope.Connection,
			"resource", e.Resource, "id", e.ResourceID, "about", cmp.Or(d.ResourceID, e.ResourceID), "entry", e.ID)
	}
	if !debug || e.Method == "" {
		return
	}
	args := []any{"method", e.Method, "path", e.Path, "status", e.Status, "duration", e.Duration,
		"tenant", string(e.Scope.Tenant), "connection", e.Scope.Connection, "entry", e.ID}
	if len(e.Changed) > 0 {
		args = append(args, "changed", e.Changed)
	}
	for _, n := range e.Notes {
		args = append(args, slog.Group("note", "path", n.Path, "rule", n.Rule))
	}
	if e.Detail != "" {
		args = append(args, "detail", e.Detail)
	}
	log.DebugContext(q.ctx, "SCIM request", args...)
}
