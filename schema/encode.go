package schema

import (
	"net/url"

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
// Unassigned attributes are left out (RFC 7643, section 2.5).
func (r *Resource) AppendJSON(dst []byte, e Encoding) []byte {
	if e.Projection == nil {
		e.Projection = r.t.projection
	}
	enc := encoder{tape: &r.tape, Encoding: e, dst: dst}
	enc.schemas(r)
	if r.id != "" {
		enc.dst = append(enc.dst, `,"id":`...)
		enc.dst = AppendQuote(enc.dst, r.id)
	}
	enc.attributes()
	if e.Tail != nil {
		enc.dst = e.Tail(enc.dst)
	}
	enc.meta(r)
	return append(enc.dst, '}')
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

// AppendQuote appends s as a JSON string to dst.
func AppendQuote(dst []byte, s string) []byte {
	if plain(s) != 0 {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	quoted, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		// s is not UTF-8: AppendQuote has put U+FFFD where it is broken.
		return quoted
	}
	return quoted
}

func quote(s string) string { return string(AppendQuote(nil, s)) }

type encoder struct {
	*tape
	Encoding
	dst []byte
}

// shows reports whether the projection has node i.
func (e *encoder) shows(i int) bool {
	n := e.nodes[i]
	if e.Projection == nil {
		return true
	}
	return e.Projection.has(n.attr) && (n.flags&flagNamed == 0 || e.Projection.hasKey(e.t.attrs[n.attr], e.nameOf(i)))
}

func (e *encoder) schemas(r *Resource) {
	e.dst = append(e.dst, `{"schemas":[`...)
	e.dst = AppendQuote(e.dst, e.t.exts[0].urn)
	last := uint16(0)
	for i := 0; i < len(r.nodes); i += r.nodes[i].span() {
		if ext := r.t.attrs[r.nodes[i].attr].ext; ext != last {
			e.dst = append(e.dst, ',')
			e.dst = AppendQuote(e.dst, e.t.exts[ext].urn)
			last = ext
		}
	}
	e.dst = append(e.dst, ']')
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
		e.dst = append(e.dst, '}')
	}
}

// extension ends the object of one extension and begins that of another.
func (e *encoder) extension(from, to uint16) {
	if from != 0 {
		e.dst = append(e.dst, '}')
	}
	e.dst = append(e.dst, ',')
	e.dst = append(e.dst, e.t.exts[to].key...)
}

// member writes a name and a value, and reports whether there was anything to
// write: an object of which nothing is shown is left out.
func (e *encoder) member(a *Attr, i int, comma bool) bool {
	begin := len(e.dst)
	if comma {
		e.dst = append(e.dst, ',')
	}
	if a.open {
		e.dst = AppendQuote(e.dst, e.nameOf(i))
		e.dst = append(e.dst, ':')
	} else {
		e.dst = append(e.dst, a.key...)
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
		e.dst = append(e.dst, "true"...)
	case kindFalse:
		e.dst = append(e.dst, "false"...)
	case kindNumber:
		e.dst = append(e.dst, e.textOf(i)...)
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
		e.dst = AppendQuote(e.dst, text)
		return
	}
	e.dst = append(e.dst, '"')
	e.dst = append(e.dst, text...)
	e.dst = append(e.dst, '"')
}

func (e *encoder) object(i int) bool {
	e.dst = append(e.dst, '{')
	wrote := false
	for j, end := i+1, i+e.nodes[i].span(); j < end; j += e.nodes[j].span() {
		if e.shows(j) {
			wrote = e.member(e.t.attrs[e.nodes[j].attr], j, wrote) || wrote
		}
	}
	wrote = e.ref(i, wrote) || wrote
	e.dst = append(e.dst, '}')
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
	id := (Value{e.tape, i}).Sub(a.SubAttr("value"))
	if !ok || id.IsZero() {
		return false
	}
	if comma {
		e.dst = append(e.dst, ',')
	}
	e.dst = append(e.dst, a.ref.key...)
	e.dst = AppendQuote(e.dst, e.BaseURL+endpoint+"/"+url.PathEscape(id.String()))
	return true
}

func (e *encoder) array(i int) bool {
	e.dst = append(e.dst, '[')
	wrote := false
	for j, end := i+1, i+e.nodes[i].span(); j < end; j += e.nodes[j].span() {
		begin := len(e.dst)
		if wrote {
			e.dst = append(e.dst, ',')
		}
		if !e.value(j) {
			e.dst = e.dst[:begin]
			continue
		}
		wrote = true
	}
	e.dst = append(e.dst, ']')
	return wrote
}

// meta writes what is kept beside the tape (RFC 7643, section 3.1).
func (e *encoder) meta(r *Resource) {
	m, p := r.t.metaSubs, e.Projection
	if r.id == "" || !p.has(r.t.meta.number) {
		return
	}
	e.dst = append(e.dst, `,"meta":{`...)
	begin := len(e.dst)
	e.metaString(m.resourceType, r.t.config.Name)
	if !r.meta.Created.IsZero() {
		e.metaString(m.created, FormatTime(r.meta.Created))
	}
	if !r.meta.LastModified.IsZero() {
		e.metaString(m.lastModified, FormatTime(r.meta.LastModified))
	}
	if e.BaseURL != "" {
		e.metaString(m.location, r.t.Location(e.BaseURL, r.id))
	}
	if r.meta.Version != "" {
		e.metaString(m.version, ETag(r.meta.Version))
	}
	if len(e.dst) > begin {
		e.dst = e.dst[:len(e.dst)-1]
	}
	e.dst = append(e.dst, '}')
}

func (e *encoder) metaString(a *Attr, s string) {
	if e.Projection.has(a.number) {
		e.dst = append(e.dst, a.key...)
		e.dst = AppendQuote(e.dst, s)
		e.dst = append(e.dst, ',')
	}
}
