package schema

import (
	"net/url"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Encoding says how a resource is written.
type Encoding struct {
	// Projection says what is shown; nil is the type's default.
	Projection *Projection

	// BaseURL is put before the endpoint in meta.location and in "$ref". If
	// empty, both are left out.
	BaseURL string

	// Endpoints has the endpoints of the resource types that references may
	// point to, by name, as "User": "/Users".
	Endpoints map[string]string

	// Tail, if not nil, appends further members, each with a comma before it:
	// what a Resource does not hold, such as a group's members.
	Tail func(dst []byte) []byte
}

// Location returns the URI of the resource of type t with that id.
func (t *Type) Location(baseURL, id string) string {
	return baseURL + t.config.Endpoint + "/" + url.PathEscape(id)
}

// AppendJSON appends the resource as JSON to dst: "schemas" and "id" first,
// then the attributes in canonical order, then extensions, then "meta".
// Unassigned attributes are left out (RFC 7643, section 2.5), and "meta" as long
// as the resource has no id.
func (r *Resource) AppendJSON(dst []byte, e Encoding) []byte {
	if e.Projection == nil {
		e.Projection = r.t.projection
	}
	enc := encoder{tape: &r.tape, Encoding: e, dst: dst}
	enc.schemas()
	if r.id != "" {
		enc.raw(`,"id":`)
		enc.quote(r.id)
	}
	enc.attributes()
	if e.Tail != nil {
		enc.dst = e.Tail(enc.dst)
	}
	enc.meta(r)
	enc.raw("}")
	return enc.dst
}

// AppendJSON appends the value as JSON to dst; null if it is unassigned. All
// sub-attributes are shown.
func (v Value) AppendJSON(dst []byte) []byte {
	if v.IsZero() {
		return append(dst, "null"...)
	}
	enc := encoder{tape: v.t, dst: dst}
	enc.value(v.i)
	return enc.dst
}

// AppendQuote appends s as a JSON string to dst. Bytes that are not UTF-8 become
// U+FFFD.
func AppendQuote(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// appendEscaped appends what stands between the quotes.
func appendEscaped(dst []byte, s string) []byte {
	if plain(s) != 0 {
		return append(dst, s...)
	}
	// The error says that s is not UTF-8; AppendQuote has mended that.
	quoted, _ := jsontext.AppendQuote(nil, s)
	return append(dst, quoted[1:len(quoted)-1]...)
}

func quote(s string) string { return string(AppendQuote(nil, s)) }

type encoder struct {
	*tape
	Encoding
	dst []byte
}

func (e *encoder) raw(s string) { e.dst = append(e.dst, s...) }

func (e *encoder) quote(s string) { e.dst = AppendQuote(e.dst, s) }

// shows reports whether the projection has node i.
func (e *encoder) shows(i int) bool {
	n, p := e.nodes[i], e.Projection
	switch {
	case p == nil:
		return true
	case n.flags&flagNamed != 0 && (p.only != nil || p.except != nil):
		return p.hasKey(e.t.attrs[n.attr].named(e.nameOf(i)))
	}
	return p.has(n.attr)
}

// schemas writes the URI of each schema that the resource has data of.
func (e *encoder) schemas() {
	e.raw(`{"schemas":[`)
	e.raw(e.t.exts[0].quoted)
	last := uint16(0)
	for i := 0; i < len(e.nodes); i += e.nodes[i].span() {
		if ext := e.t.attrs[e.nodes[i].attr].ext; ext != last {
			e.raw(",")
			e.raw(e.t.exts[ext].quoted)
			last = ext
		}
	}
	e.raw("]")
}

// attributes writes the top level. The attributes of an extension stand side by
// side on the tape; here they get their object.
func (e *encoder) attributes() {
	ext := uint16(0)
	for i := 0; i < len(e.nodes); i += e.nodes[i].span() {
		if !e.shows(i) {
			continue
		}
		a := e.t.attrs[e.nodes[i].attr]
		begin := len(e.dst)
		if a.ext != ext {
			e.extension(ext, a.ext)
		}
		if !e.member(a, i, a.ext == ext) {
			e.dst = e.dst[:begin]
			continue
		}
		ext = a.ext
	}
	if ext != 0 {
		e.raw("}")
	}
}

// extension ends the object of one extension and begins that of another.
func (e *encoder) extension(from, to uint16) {
	if from != 0 {
		e.raw("}")
	}
	e.raw(",")
	e.raw(e.t.exts[to].quoted)
	e.raw(":{")
}

// member writes a name and a value, and reports whether there was anything to
// write: an object of which nothing is shown is left out.
func (e *encoder) member(a *Attr, i int, comma bool) bool {
	begin := len(e.dst)
	if comma {
		e.raw(",")
	}
	if a.open {
		e.quote(e.nameOf(i))
		e.raw(":")
	} else {
		e.raw(a.key)
	}
	if !e.value(i) {
		e.dst = e.dst[:begin]
		return false
	}
	return true
}

// value writes node i and reports whether anything of it is shown.
func (e *encoder) value(i int) bool {
	n := e.nodes[i]
	switch n.kind {
	case kindTrue:
		e.raw("true")
	case kindFalse:
		e.raw("false")
	case kindNumber:
		e.raw(e.textOf(i))
	case kindObject:
		return e.object(i)
	case kindArray:
		return e.array(i)
	default:
		e.string(n)
	}
	return true
}

func (e *encoder) string(n node) {
	text := e.text[n.off : n.off+n.size]
	if n.flags&flagPlain == 0 {
		e.quote(text)
		return
	}
	e.raw(`"`)
	e.raw(text)
	e.raw(`"`)
}

func (e *encoder) object(i int) bool {
	e.raw("{")
	wrote := false
	for j, end := i+1, i+e.nodes[i].span(); j < end; j += e.nodes[j].span() {
		if e.shows(j) {
			wrote = e.member(e.t.attrs[e.nodes[j].attr], j, wrote) || wrote
		}
	}
	wrote = e.ref(i, wrote) || wrote
	e.raw("}")
	return wrote
}

// ref writes "$ref" of an object whose "value" is the id of a resource of one
// type: it follows from the id and the base URL (RFC 7643, section 2.4).
func (e *encoder) ref(i int, comma bool) bool {
	a := e.t.attrs[e.nodes[i].attr]
	if a.ref == nil || e.BaseURL == "" || !e.Projection.has(a.ref.number) {
		return false
	}
	endpoint, ok := e.Endpoints[a.ref.References[0]]
	id := e.find(a.value, i+1, i+e.nodes[i].span())
	if !ok || id < 0 {
		return false
	}
	if comma {
		e.raw(",")
	}
	e.raw(a.ref.key)
	e.location(endpoint, e.textOf(id))
	return true
}

// location writes the URI of a resource.
func (e *encoder) location(endpoint, id string) {
	e.raw(`"`)
	for _, part := range [...]string{e.BaseURL, endpoint, "/", url.PathEscape(id)} {
		e.dst = appendEscaped(e.dst, part)
	}
	e.raw(`"`)
}

func (e *encoder) array(i int) bool {
	e.raw("[")
	wrote := false
	for j, end := i+1, i+e.nodes[i].span(); j < end; j += e.nodes[j].span() {
		begin := len(e.dst)
		if wrote {
			e.raw(",")
		}
		if !e.value(j) {
			e.dst = e.dst[:begin]
			continue
		}
		wrote = true
	}
	e.raw("]")
	return wrote
}

// meta writes what is kept beside the tape (RFC 7643, section 3.1).
func (e *encoder) meta(r *Resource) {
	if r.id == "" || !e.Projection.has(r.t.meta.number) {
		return
	}
	begin := len(e.dst)
	e.raw(`,"meta":{`)
	empty := len(e.dst)
	m := r.t.metaSubs
	if e.metaKey(m.resourceType) {
		e.quote(r.t.config.Name)
	}
	if !r.meta.Created.IsZero() && e.metaKey(m.created) {
		e.time(r.meta.Created)
	}
	if !r.meta.LastModified.IsZero() && e.metaKey(m.lastModified) {
		e.time(r.meta.LastModified)
	}
	if e.BaseURL != "" && e.metaKey(m.location) {
		e.location(r.t.config.Endpoint, r.id)
	}
	if r.meta.Version != "" && e.metaKey(m.version) {
		e.raw(`"W/\"`)
		e.dst = appendEscaped(e.dst, r.meta.Version)
		e.raw(`\""`)
	}
	if len(e.dst) == empty {
		e.dst = e.dst[:begin]
		return
	}
	e.raw("}")
}

// metaKey writes the name of a sub-attribute of meta, if it is shown.
func (e *encoder) metaKey(a *Attr) bool {
	if !e.Projection.has(a.number) {
		return false
	}
	if e.dst[len(e.dst)-1] != '{' {
		e.raw(",")
	}
	e.raw(a.key)
	return true
}

func (e *encoder) time(t time.Time) {
	e.raw(`"`)
	e.dst = appendTime(e.dst, t)
	e.raw(`"`)
}
