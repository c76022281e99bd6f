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
	return string(t.AppendLocation(nil, baseURL, id))
}

// AppendLocation appends [Type.Location] to dst.
func (t *Type) AppendLocation(dst []byte, baseURL, id string) []byte {
	dst = append(dst, baseURL...)
	dst = append(dst, t.config.Endpoint...)
	dst = append(dst, '/')
	return append(dst, escapeID(id)...)
}

// escapeID is url.PathEscape, quick for ids in which nothing has to be escaped.
func escapeID(id string) string {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', 'A' <= c && c <= 'Z', c == '-', c == '_', c == '.':
		default:
			return url.PathEscape(id)
		}
	}
	return id
}

// AppendJSON appends the resource as JSON to dst: "schemas" and "id" first,
// then the attributes in canonical order, then extensions, then "meta".
// Unassigned attributes are left out (RFC 7643, section 2.5), and "meta" as long
// as the resource has no id.
func (r *Resource) AppendJSON(dst []byte, e Encoding) []byte {
	if e.Projection == nil {
		e.Projection = r.t.projection
	}
	enc := encoder{tape: r.tape, Encoding: e, plainBase: plain(e.BaseURL) != 0}
	dst = enc.schemas(dst)
	escaped := escapeID(r.id)
	if r.id != "" {
		dst = append(dst, r.t.id.key...)
		if escaped == r.id { // then nothing in it is special in JSON
			dst = appendString(dst, r.id, flagPlain)
		} else {
			dst = AppendQuote(dst, r.id)
		}
	}
	dst = enc.attributes(dst)
	if e.Tail != nil {
		dst = e.Tail(dst)
	}
	dst = enc.meta(dst, r, escaped)
	return append(dst, '}')
}

// AppendJSON appends the value as JSON to dst; null if it is unassigned. All
// sub-attributes are shown.
func (v Value) AppendJSON(dst []byte) []byte {
	if v.IsZero() {
		return append(dst, "null"...)
	}
	enc := encoder{tape: *v.t}
	return enc.value(dst, v.i)
}

// AppendQuote appends s as a JSON string to dst. Bytes that are not UTF-8 become
// U+FFFD.
func AppendQuote(dst []byte, s string) []byte { return appendString(dst, s, plain(s)) }

// appendString appends s with quotes, and as it is if flags say that it is plain.
func appendString(dst []byte, s string, flags uint8) []byte {
	if flags&flagPlain == 0 {
		// The error says that s was not UTF-8, which is mended then.
		dst, _ = jsontext.AppendQuote(dst, s)
		return dst
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func quote(s string) string { return string(AppendQuote(nil, s)) }

// encoder writes what its projection shows; everything if that is nil. Of an object
// or list of which nothing is shown it writes nothing. Members and elements are
// written with a comma before them; that of the first becomes the bracket.
type encoder struct {
	tape
	Encoding
	plainBase bool // BaseURL needs no escaping
}

func (e *encoder) shows(n *node) bool { return e.Projection == nil || e.Projection.has(n.attr) }

// showsTop is shows for the top level, where keys of open extensions are.
func (e *encoder) showsTop(n *node) bool {
	p := e.Projection
	if p == nil {
		return true
	}
	if n.flags&flagNamed != 0 && (p.only != nil || p.except != nil) {
		return p.hasKey(e.t.attrs[n.attr].named(nameBefore(e.text, *n)))
	}
	return p.has(n.attr)
}

// schemas writes the URI of each schema that the resource has data of.
func (e *encoder) schemas(dst []byte) []byte {
	dst = append(dst, `{"schemas":[`...)
	dst = append(dst, e.t.exts[0].quoted...)
	last := uint16(0)
	for i := 0; i < len(e.nodes); i += e.nodes[i].span() {
		if ext := e.t.attrs[e.nodes[i].attr].ext; ext != last {
			dst = append(dst, ',')
			dst = append(dst, e.t.exts[ext].quoted...)
			last = ext
		}
	}
	return append(dst, ']')
}

// attributes writes the top level. The attributes of an extension stand side by
// side on the tape; here they get their object.
func (e *encoder) attributes(dst []byte) []byte {
	last := uint16(0)
	for i := 0; i < len(e.nodes); i += e.nodes[i].span() {
		n := &e.nodes[i]
		if !e.showsTop(n) {
			continue
		}
		ext := e.t.attrs[n.attr].ext
		if ext == last {
			dst = e.member(dst, i)
			continue
		}
		begin := len(dst)
		dst = e.extension(dst, last, ext)
		first := len(dst)
		if dst = e.member(dst, i); len(dst) == first {
			dst = dst[:begin]
			continue
		}
		dst[first] = '{'
		last = ext
	}
	if last != 0 {
		dst = append(dst, '}')
	}
	return dst
}

// extension ends the object of one extension and begins that of another.
func (e *encoder) extension(dst []byte, from, to uint16) []byte {
	if from != 0 {
		dst = append(dst, '}')
	}
	dst = append(dst, ',')
	dst = append(dst, e.t.exts[to].quoted...)
	return append(dst, ':')
}

// member writes the name and the value of node i.
func (e *encoder) member(dst []byte, i int) []byte {
	begin, n := len(dst), &e.nodes[i]
	if n.flags&flagNamed != 0 {
		dst = append(dst, ',')
		dst = AppendQuote(dst, e.nameOf(i))
		dst = append(dst, ':')
	} else {
		dst = append(dst, e.t.attrs[n.attr].key...)
	}
	if n.kind == kindString {
		return appendString(dst, e.text[n.off:n.off+n.size], n.flags)
	}
	value := len(dst)
	if dst = e.value(dst, i); len(dst) == value {
		return dst[:begin]
	}
	return dst
}

func (e *encoder) value(dst []byte, i int) []byte {
	n := &e.nodes[i]
	switch n.kind {
	case kindTrue:
		return append(dst, "true"...)
	case kindFalse:
		return append(dst, "false"...)
	case kindNumber:
		return append(dst, e.textOf(i)...)
	case kindObject:
		return e.object(dst, i)
	case kindArray:
		return e.array(dst, i)
	}
	return appendString(dst, e.text[n.off:n.off+n.size], n.flags)
}

func (e *encoder) object(dst []byte, i int) []byte {
	begin, end := len(dst), i+e.nodes[i].span()
	for j := i + 1; j < end; j += e.nodes[j].span() {
		if e.shows(&e.nodes[j]) {
			dst = e.member(dst, j)
		}
	}
	if a := e.t.attrs[e.nodes[i].attr]; a.ref != nil {
		dst = e.ref(dst, a, i+1, end)
	}
	if len(dst) == begin {
		return dst
	}
	dst[begin] = '{'
	return append(dst, '}')
}

func (e *encoder) array(dst []byte, i int) []byte {
	begin, end := len(dst), i+e.nodes[i].span()
	for j := i + 1; j < end; j += e.nodes[j].span() {
		dst = append(dst, ',')
		value := len(dst)
		if dst = e.value(dst, j); len(dst) == value {
			dst = dst[:value-1]
		}
	}
	if len(dst) == begin {
		return dst
	}
	dst[begin] = '['
	return append(dst, ']')
}

// ref writes "$ref" of an object of a with the members from i up to end. Its
// "value" is the id of a resource of one type, so that "$ref" follows from that and
// the base URL (RFC 7643, section 2.4).
func (e *encoder) ref(dst []byte, a *Attr, i, end int) []byte {
	if e.BaseURL == "" || !e.Projection.has(a.ref.number) {
		return dst
	}
	endpoint, ok := e.Endpoints[a.ref.References[0]]
	id := e.find(a.value, i, end)
	if !ok || id < 0 {
		return dst
	}
	dst = append(dst, a.ref.key...)
	return e.location(dst, endpoint, escapeID(e.textOf(id)))
}

// location writes the URI of a resource, of which escaped is the id.
func (e *encoder) location(dst []byte, endpoint, escaped string) []byte {
	if !e.plainBase || plain(endpoint) == 0 {
		return AppendQuote(dst, e.BaseURL+endpoint+"/"+escaped)
	}
	dst = append(dst, '"')
	dst = append(dst, e.BaseURL...)
	dst = append(dst, endpoint...)
	dst = append(dst, '/')
	dst = append(dst, escaped...)
	return append(dst, '"')
}

// meta writes what is kept beside the tape (RFC 7643, section 3.1).
func (e *encoder) meta(dst []byte, r *Resource, escapedID string) []byte {
	if r.id == "" || !e.Projection.has(r.t.meta.number) {
		return dst
	}
	begin := len(dst)
	dst = append(dst, r.t.meta.key...)
	first, m := len(dst), r.t.metaSubs
	if e.Projection.has(m.resourceType.number) {
		dst = append(dst, m.resourceType.key...)
		dst = append(dst, r.t.quotedName...)
	}
	if !r.meta.Created.IsZero() && e.Projection.has(m.created.number) {
		dst = append(dst, m.created.key...)
		dst = appendQuotedTime(dst, r.meta.Created)
	}
	if !r.meta.LastModified.IsZero() && e.Projection.has(m.lastModified.number) {
		dst = append(dst, m.lastModified.key...)
		dst = appendQuotedTime(dst, r.meta.LastModified)
	}
	if e.BaseURL != "" && e.Projection.has(m.location.number) {
		dst = append(dst, m.location.key...)
		dst = e.location(dst, r.t.config.Endpoint, escapedID)
	}
	if r.meta.Version != "" && e.Projection.has(m.version.number) {
		dst = append(dst, m.version.key...)
		dst = appendQuotedETag(dst, r.meta.Version)
	}
	if len(dst) == first {
		return dst[:begin]
	}
	dst[first] = '{'
	return append(dst, '}')
}

func appendQuotedTime(dst []byte, t time.Time) []byte {
	dst = append(dst, '"')
	dst = appendTime(dst, t)
	return append(dst, '"')
}

// appendQuotedETag writes [ETag] as JSON.
func appendQuotedETag(dst []byte, version string) []byte {
	if plain(version) == 0 {
		return AppendQuote(dst, ETag(version))
	}
	dst = append(dst, `"W/\"`...)
	dst = append(dst, version...)
	return append(dst, `\""`...)
}
