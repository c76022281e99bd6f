package schema

import (
	"net/url"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Encoding says how a resource is written.
type Encoding struct {
	// Projection says what is shown; nil is the type's default.
	Projection *Projection

	// Links are for meta.location and "$ref"; of nil, both are left out.
	Links *Links

	// Tail, if not nil, appends further members, each with a comma before it:
	// what a Resource does not hold, such as a group's members.
	Tail func(dst []byte) []byte
}

// Location returns the URI of the resource of type t with that id.
func (t *Type) Location(baseURL, id string) string {
	return string(t.appendLocation(nil, baseURL, escapeID(id)))
}

func (t *Type) appendLocation(dst []byte, baseURL, escapedID string) []byte {
	dst = append(dst, baseURL...)
	dst = append(dst, t.config.Endpoint...)
	dst = append(dst, '/')
	return append(dst, escapedID...)
}

// AppendLocation appends the URI of the resource to dst.
func (r *Resource) AppendLocation(dst []byte, baseURL string) []byte {
	return r.t.appendLocation(dst, baseURL, r.escapedID())
}

// escapedID is the id as a part of a URI.
func (r *Resource) escapedID() string {
	if r.bareID {
		return r.id
	}
	return escapeID(r.id)
}

// escapeID is url.PathEscape, quick for ids in which nothing has to be escaped.
func escapeID(id string) string {
	if isUnreserved(id) {
		return id
	}
	return url.PathEscape(id)
}

func isUnreserved(id string) bool {
	all := uint8(1)
	for i := range len(id) { // to the end, since it nearly always is
		all &= unreserved[id[i]]
	}
	return all == 1
}

// unreserved has 1 for the characters that need no escaping in a URI (RFC 3986, section 2.3).
var unreserved = func() (is [256]uint8) {
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~" {
		is[c] = 1
	}
	return is
}()

// AppendJSON appends the resource as JSON to dst: "schemas" and "id" first,
// then the attributes in canonical order, then extensions, then "meta".
// Unassigned attributes are left out (RFC 7643, section 2.5), and "meta" as long
// as the resource has no id. What is behind the result, up to the capacity of dst, may be
// written over.
func (r *Resource) AppendJSON(dst []byte, e Encoding) []byte {
	if e.Projection == nil {
		e.Projection = r.t.projection
	}
	enc := encoder{tape: r.tape, Encoding: e, shown: e.Projection.shown()}
	var space [2]section
	sections := enc.sections(space[:0])
	dst = enc.schemas(dst, sections)
	escaped := r.escapedID()
	if r.id != "" {
		dst = append(dst, enc.t.forms[r.t.id.number].name()...)
		if len(escaped) == len(r.id) { // then nothing in it is special in JSON
			dst = appendString(dst, r.id, flagPlain)
		} else {
			dst = AppendQuote(dst, r.id)
		}
	}
	dst = enc.attributes(dst, sections)
	if e.Tail != nil {
		dst = e.Tail(dst)
	}
	dst = enc.meta(dst, r, escaped)
	return append(dst, '}')
}

// AppendJSON appends the value as JSON to dst; null if it is unassigned. All
// sub-attributes are shown. What is behind the result, up to the capacity of dst, may be
// written over.
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
	shown []uint64 // of Projection; nil is everything
}

// form is what must be known of the attribute of each value. Those of a type lie side by
// side, since the attributes themselves are spread over more memory than the processor has
// at hand.
type form struct {
	key   string      // `,"name":"`, for strings
	block [block]byte // the beginning of key
	ext   uint16      // as in Attr

	refers     bool // has a "$ref" that follows from "value"
	holdsLists bool // as in traits
}

// name is `,"name":`.
func (f *form) name() string { return f.key[:len(f.key)-1] }

func (e *encoder) shows(number uint16) bool {
	return e.shown == nil || e.shown[number/64]&(1<<(number%64)) != 0
}

// showsKey is shows for a key of an open extension.
func (e *encoder) showsKey(n *node) bool {
	if p := e.Projection; p != nil && (p.only != nil || p.except != nil) {
		return p.hasKey(e.t.attrs[n.attr].named(nameBefore(e.text, *n)))
	}
	return e.shows(n.attr)
}

// section is the part of the top level that has the attributes of one schema.
type section struct {
	ext    uint16
	i, end int
}

// sections appends those of all schemas of which there are attributes. They stand side by
// side on the tape, that of the base schema first: all before it has been looked at.
func (e *encoder) sections(dst []section) []section {
	for end := len(e.nodes); end > 0; {
		s := section{ext: e.extAt(end - 1), end: end}
		if s.ext > 0 {
			for s.i = end - 1; s.i > 0 && e.extAt(s.i-1) == s.ext; {
				s.i--
			}
		}
		dst = append(dst, s)
		end = s.i
	}
	slices.Reverse(dst)
	return dst
}

// extAt returns to which schema node i belongs.
func (e *encoder) extAt(i int) uint16 { return e.t.forms[e.nodes[i].attr].ext }

// schemas writes the URI of each schema that the resource has data of.
func (e *encoder) schemas(dst []byte, sections []section) []byte {
	dst = append(dst, `{"schemas":[`...)
	dst = append(dst, e.t.exts[0].quoted...)
	for _, s := range sections {
		if s.ext > 0 {
			dst = append(dst, ',')
			dst = append(dst, e.t.exts[s.ext].quoted...)
		}
	}
	return append(dst, ']')
}

// attributes writes the top level.
func (e *encoder) attributes(dst []byte, sections []section) []byte {
	for _, s := range sections {
		dst = e.section(dst, s)
	}
	return dst
}

// section writes the attributes of one schema, those of an extension in an object.
func (e *encoder) section(dst []byte, s section) []byte {
	if s.ext == 0 {
		return e.members(dst, s.i, s.end)
	}
	begin := len(dst)
	dst = append(dst, ',')
	dst = append(dst, e.t.exts[s.ext].quoted...)
	dst = append(dst, ':')
	object := len(dst)
	if dst = e.members(dst, s.i, s.end); len(dst) == object {
		return dst[:begin]
	}
	dst[object] = '{'
	return append(dst, '}')
}

// members writes the names and values of the siblings from node i up to end.
func (e *encoder) members(dst []byte, i, end int) []byte {
	for i < end {
		n := &e.nodes[i]
		if n.kind == kindString && n.flags == flagPlain { // as most are
			if e.shows(n.attr) {
				dst = e.plainMember(dst, n)
			}
			i++
			continue
		}
		switch {
		case n.flags&flagNamed != 0:
			dst = e.key(dst, i)
		case e.shows(n.attr):
			begin := len(dst)
			dst = append(dst, e.t.forms[n.attr].name()...)
			value := len(dst)
			if dst = e.value(dst, i); len(dst) == value {
				dst = dst[:begin]
			}
		}
		i += n.span()
	}
	return dst
}

// block is up to how many bytes a name and a text are copied as a whole, and what is too
// much is written over: that is quicker than to copy just as many as there are.
const block = 32

// plainMember writes the name and the text of a string that needs no escaping.
func (e *encoder) plainMember(dst []byte, n *node) []byte {
	f, at, off := &e.t.forms[n.attr], len(dst), int(n.off)
	if cap(dst)-at < 3*block || off+block > len(e.text) || n.size > block || len(f.key) > block {
		dst = append(dst, f.key...)
		dst = append(dst, e.text[off:off+int(n.size)]...)
		return append(dst, '"')
	}
	space := dst[at : at+3*block]
	*(*[block]byte)(space) = f.block
	space = space[len(f.key):]
	copy(space[:block/2], e.text[off:off+block/2]) // in halves, which need no call
	copy(space[block/2:block], e.text[off+block/2:off+block])
	space[n.size] = '"'
	return dst[:at+len(f.key)+int(n.size)+1]
}

// key writes a key of an open extension with its value.
func (e *encoder) key(dst []byte, i int) []byte {
	if !e.showsKey(&e.nodes[i]) {
		return dst
	}
	dst = append(dst, ',')
	dst = AppendQuote(dst, e.nameOf(i))
	dst = append(dst, ':')
	return e.value(dst, i)
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
	dst = e.members(dst, i+1, end)
	if f := &e.t.forms[e.nodes[i].attr]; f.refers && e.Links != nil {
		dst = e.ref(dst, e.t.attrs[e.nodes[i].attr], i+1, end)
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
	if !e.shows(a.ref.number) {
		return dst
	}
	to, ok := e.Links.to(a.ref.References[0])
	id := e.find(a.value, i, end)
	if !ok || id < 0 {
		return dst
	}
	dst = append(dst, e.t.forms[a.ref.number].name()...)
	return e.Links.append(dst, to, escapeID(e.textOf(id)))
}

// meta writes what is kept beside the tape (RFC 7643, section 3.1).
func (e *encoder) meta(dst []byte, r *Resource, escapedID string) []byte {
	if r.id == "" || !e.shows(r.t.meta.number) {
		return dst
	}
	if usual, ok := e.usualMeta(dst, r, escapedID); ok {
		return usual
	}
	begin := len(dst)
	dst = append(dst, e.t.forms[r.t.meta.number].name()...)
	object, m := len(dst), r.t.metaSubs
	if e.shows(m.resourceType.number) {
		dst = append(dst, e.t.forms[m.resourceType.number].name()...)
		dst = append(dst, r.t.quotedName...)
	}
	if r.stamp.created != 0 && e.shows(m.created.number) {
		dst = append(dst, e.t.forms[m.created.number].key...)
		dst = append(r.stamp.created.append(dst), '"')
	}
	if r.stamp.modified != 0 && e.shows(m.lastModified.number) {
		dst = append(dst, e.t.forms[m.lastModified.number].key...)
		dst = append(r.stamp.modified.append(dst), '"')
	}
	if e.Links != nil && e.shows(m.location.number) {
		dst = append(dst, e.t.forms[m.location.number].name()...)
		dst = e.Links.append(dst, e.Links.at(r.t.config.Endpoint), escapedID)
	}
	if r.stamp.version != "" && e.shows(m.version.number) {
		dst = append(dst, e.t.forms[m.version.number].name()...)
		dst = appendQuotedETag(dst, r.stamp.version)
	}
	if len(dst) == object {
		return dst[:begin]
	}
	dst[object] = '{'
	return append(dst, '}')
}

// usualMeta does what meta does, in half the time, for resources that have all of it and
// nothing in it to escape, which an answer shows as a whole: nearly all are so.
func (e *encoder) usualMeta(dst []byte, r *Resource, escapedID string) (with []byte, ok bool) {
	s := &r.stamp
	if e.shown != nil || e.Links == nil || s.created == 0 || s.modified == 0 || s.version == "" || plain(s.version) == 0 {
		return dst, false
	}
	to := e.Links.at(r.t.config.Endpoint)
	if to.quoted == "" {
		return dst, false
	}
	dst = append(dst, r.t.usualMeta...)
	created := len(dst)
	dst = s.created.append(dst)
	end := len(dst)
	dst = append(dst, `","lastModified":"`...)
	if s.modified == s.created { // as long as nobody has changed it
		dst = append(dst, dst[created:end]...)
	} else {
		dst = s.modified.append(dst)
	}
	dst = append(dst, `","location":`...)
	dst = append(dst, to.quoted...)
	dst = append(dst, escapedID...)
	dst = append(dst, `","version":"W/\"`...)
	dst = append(dst, s.version...)
	return append(dst, `\""}`...), true
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
