package schema

import (
	"slices"
	"time"
)

// Resource is a SCIM resource: typed values in the order of its [Type]. It is
// immutable, so it may be kept, shared between goroutines and handed out; a
// change makes a new one, see [Resource.Edit].
//
// A Resource never holds a password (see [Secret]), the members of a group or
// the groups of a user (they are edges, see package scim).
type Resource struct {
	tape
	id    string
	stamp stamp

	bareID bool // id is known to need no escaping
}

// Meta is what the service provider knows about a resource. Stores set it. A resource keeps
// the times as UTC and to the microsecond, which is how they are shown.
type Meta struct {
	Created, LastModified time.Time

	// Version is opaque: any text without quotes, other after each change. It
	// is sent as W/"…".
	Version string
}

// Type returns the resource's type.
func (r *Resource) Type() *Type { return r.t }

// ID returns the identifier that the store gave; empty before it is stored.
func (r *Resource) ID() string { return r.id }

// ExternalID returns the identifier that the client gave.
func (r *Resource) ExternalID() string { return r.Value(r.t.externalID).String() }

// Meta returns what the store knows about the resource.
func (r *Resource) Meta() Meta {
	return Meta{Created: r.stamp.created.time(), LastModified: r.stamp.modified.time(), Version: r.stamp.version}
}

// Version returns that of [Resource.Meta], alone.
func (r *Resource) Version() string { return r.stamp.version }

// stamp is a Meta in half its memory, since stores have a million of them.
type stamp struct {
	created, modified instant
	version           string
}

func stampOf(m Meta) stamp {
	return stamp{instantOf(m.Created), instantOf(m.LastModified), m.Version}
}

// instant is a time in microseconds since the zero time.Time, which is its zero value.
type instant int64

// epoch is the Unix epoch.
const epoch instant = 719_162 * 24 * 60 * 60 * 1e6

func instantOf(t time.Time) instant { return instant(t.UnixMicro()) + epoch }

func (i instant) time() time.Time { return time.UnixMicro(int64(i - epoch)).UTC() }

// append appends it as [FormatTime] writes it.
func (i instant) append(dst []byte) []byte { return appendTime(dst, i.time()) }

// Get returns the value at a path, ignoring case: "userName",
// "name.givenName", "urn:…:enterprise:2.0:User:department", "meta.created". It is
// the zero Value if that is unassigned or there is no such attribute. Below a
// multi-valued attribute it is that of the first element which has it.
func (r *Resource) Get(path string) Value {
	a, ok := r.t.Attr(path)
	if !ok {
		return Value{}
	}
	if a.parent == nil {
		return r.Value(a)
	}
	for e := range r.Value(a.parent).Elems() {
		if v := e.Sub(a); !v.IsZero() {
			return v
		}
	}
	return Value{}
}

// Value returns the value of a top-level attribute. Of a multi-valued one it is the
// list. An attribute of another type is found by its path: one schema may have been
// compiled more than once.
func (r *Resource) Value(a *Attr) Value {
	if a.t != r.t {
		if a = r.t.counterpart(a); a == nil {
			return Value{}
		}
	}
	if a.isBeside() {
		return r.common(a)
	}
	return r.at(r.find(a, 0, len(r.nodes)))
}

// common makes values of what is kept beside the tape.
func (r *Resource) common(a *Attr) Value {
	w := writer{t: r.t}
	switch a {
	case r.t.id:
		if r.id != "" {
			w.scalar(a, kindString, r.id)
		}
	case r.t.schemas:
		o := w.open(a, kindArray)
		for _, urn := range r.Schemas() {
			w.scalar(a, kindString, urn)
		}
		w.close(o)
	case r.t.meta:
		w.meta(r)
	}
	return w.result()
}

func (w *writer) meta(r *Resource) {
	m := r.t.metaSubs
	o := w.open(r.t.meta, kindObject)
	w.scalar(m.resourceType, kindString, r.t.Name())
	if r.stamp.created != 0 {
		w.scalar(m.created, kindString, FormatTime(r.stamp.created.time()))
	}
	if r.stamp.modified != 0 {
		w.scalar(m.lastModified, kindString, FormatTime(r.stamp.modified.time()))
	}
	if r.stamp.version != "" {
		w.scalar(m.version, kindString, ETag(r.stamp.version))
	}
	w.close(o)
}

// ETag returns a version as meta.version and the ETag header show it: a weak
// entity tag, because projections of one version differ in their bytes
// (RFC 7644, section 3.14).
func ETag(version string) string { return `W/"` + version + `"` }

// AppendETag appends [ETag] to dst.
func AppendETag(dst []byte, version string) []byte {
	dst = append(dst, `W/"`...)
	dst = append(dst, version...)
	return append(dst, '"')
}

// Schemas returns the URIs of the base schema and of each extension that the
// resource has data of.
func (r *Resource) Schemas() []string {
	urns := []string{r.t.exts[0].urn}
	last := uint16(0)
	for i := 0; i < len(r.nodes); i += r.nodes[i].span() {
		if ext := r.t.attrs[r.nodes[i].attr].ext; ext != last {
			urns = append(urns, r.t.exts[ext].urn)
			last = ext
		}
	}
	return urns
}

// Equal reports whether r and o have the same type, id and values. Meta is not
// compared.
func (r *Resource) Equal(o *Resource) bool {
	return r.t == o.t && r.id == o.id && r.text == o.text && slices.Equal(r.nodes, o.nodes)
}

// WithMeta returns r with another id and meta; the values are shared. Stores
// use it to stamp what they keep.
func (r *Resource) WithMeta(id string, m Meta) *Resource {
	c := *r
	c.id, c.stamp = id, stampOf(m)
	if id != r.id {
		c.bareID = isUnreserved(id)
	}
	return &c
}

// MarshalJSON encodes the resource without a location; package scim adds it.
func (r *Resource) MarshalJSON() ([]byte, error) {
	return r.AppendJSON(nil, Encoding{}), nil
}

// String returns the resource as JSON, for debugging.
func (r *Resource) String() string { return string(r.AppendJSON(nil, Encoding{})) }

// Prefetch has the processor fetch all of r at once. A store with a million resources in
// memory calls it as soon as it has found one: hardly any is in the processor's caches, and
// what is read piece by piece is waited for each time. What it returns means nothing.
//
//go:noinline
func (r *Resource) Prefetch() (sum byte) {
	const line, nodesInLine = 64, 5
	for i := 0; i < len(r.nodes); i += nodesInLine {
		sum += r.nodes[i].flags
	}
	for i := 0; i < len(r.text); i += line {
		sum += r.text[i]
	}
	if r.id != "" {
		sum += r.id[0]
	}
	return sum
}
