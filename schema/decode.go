package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Decoding says what a reader refuses that real identity providers send. The
// zero value is the tolerant one: it takes all of this, and a [Note] tells of
// each value that was taken as something else than what was sent.
type Decoding struct {
	// RefuseStringBooleans: "True" and "False" for booleans. Entra ID sends
	// them unless its tenant URL has the flag aadOptscim062020; OneLogin's
	// templates make them.
	RefuseStringBooleans bool

	// RefuseShapes: an object or a string where a list of them is declared
	// (OneLogin), a list with one object where a single value is declared
	// (older Entra jobs), and the bare id of a resource where an object with
	// "value" is declared (Entra's manager).
	RefuseShapes bool

	// RefuseUnknown: attributes that no schema of the type has. Okta and
	// OneLogin send them as their templates say.
	RefuseUnknown bool

	// RefuseSchemas: a missing or empty "schemas", one without the base
	// schema, and URIs that the type does not have. Entra adds one to groups;
	// OneLogin sends those of SCIM 1.1.
	RefuseSchemas bool

	// RefuseDottedKeys: "name.givenName" and "urn:…:User:department" as keys of
	// the resource itself.
	RefuseDottedKeys bool

	// RefuseTwoPrimaries: more than one element with "primary": true. PingOne
	// sends that when one of two addresses is empty. Otherwise the first
	// stays primary.
	RefuseTwoPrimaries bool

	// RefuseNonCanonical: values that an attribute's Canonical does not list.
	RefuseNonCanonical bool

	// KeepEmptyStrings: "" is a value. Otherwise it is unassigned, since this
	// is how Entra clears an attribute.
	KeepEmptyStrings bool
}

// StrictDecoding follows RFC 7643 to the letter.
func StrictDecoding() Decoding {
	return Decoding{
		RefuseStringBooleans: true,
		RefuseShapes:         true,
		RefuseUnknown:        true,
		RefuseSchemas:        true,
		RefuseDottedKeys:     true,
		RefuseTwoPrimaries:   true,
		KeepEmptyStrings:     true,
	}
}

// Note tells of one value that a tolerance took as something else than what was
// sent. It never holds the value.
type Note struct {
	Path string // the attribute, or the key as it was sent
	Rule string // what was done, as "string taken as boolean"
}

// Decoded is what a document holds.
type Decoded struct {
	Resource *Resource
	Password Secret
	Notes    []Note
}

// maxDocument is what the offsets of a tape can count, with room to spare.
const maxDocument = 1 << 30

// Decode reads a resource of type t in one pass. Names are matched ignoring
// case; null, [] and objects without members are unassigned; readOnly attributes
// are skipped whatever they hold, as RFC 7644, sections 3.3 and 3.5.1, want it.
// Whether required attributes are there is not checked, see [Type.Validate].
//
// The error is an [*Error]: ScimTypeInvalidSyntax for what is not JSON, not an
// object, not UTF-8 or has an attribute twice, ScimTypeInvalidValue for a value of
// the wrong type.
func Decode(t *Type, data []byte, o Decoding) (Decoded, error) {
	d := newDecoder(t, data, o)
	defer d.release()
	if len(data) > maxDocument {
		return Decoded{}, syntax("The document is too large.")
	}
	if err := d.document(); err != nil {
		return Decoded{}, err
	}
	r := &Resource{tape: d.finish()}
	r, err := d.settle(r)
	if err != nil {
		return Decoded{}, err
	}
	return Decoded{Resource: r, Password: d.password, Notes: d.notes}, nil
}

// DecodeValue reads a value of attribute a, as a PATCH operation has it. If a
// is multi-valued the value is always a list; a single element is taken as a list
// of one (RFC 7644, section 3.5.2.1).
func DecodeValue(a *Attr, data []byte, o Decoding) (Value, []Note, error) {
	return decodeValue(a, data, o, a.MultiValued)
}

// DecodeElement reads one element of multi-valued attribute a, or the value of
// a single-valued one.
func DecodeElement(a *Attr, data []byte, o Decoding) (Value, []Note, error) {
	return decodeValue(a, data, o, false)
}

func decodeValue(a *Attr, data []byte, o Decoding, list bool) (Value, []Note, error) {
	d := newDecoder(a.t, data, o)
	defer d.release()
	d.element = true
	var err error
	if list {
		err = d.list(a)
	} else {
		err = d.single(a, a.MultiValued)
	}
	if err != nil {
		return Value{}, nil, d.asError(err)
	}
	if len(d.nodes) == 0 {
		return Value{}, d.notes, nil
	}
	t := d.finish()
	v := Value{&t, 0}
	if list {
		v, err = d.settleList(a, v)
	}
	return v, d.notes, err
}

// decoder writes nodes and text in the order in which they come; finish brings
// both into canonical order if they are not.
type decoder struct {
	t   *Type
	o   Decoding
	src bytes.Buffer
	dec *jsontext.Decoder

	nodes    []node
	text     []byte
	seen     []uint64 // top-level attributes, by number
	dirty    bool     // the text is not in the order of the nodes
	element  bool     // a value by itself: single elements are lists
	schemas  bool     // "schemas" was there
	password Secret
	late     []edit // dotted keys
	notes    []Note

	starts []int  // scratch of sort
	sorted []node // scratch of sort
}

// decoders keeps scratch space between calls; none of it is in a result.
var decoders = sync.Pool{New: func() any { return &decoder{dec: jsontext.NewDecoder(&bytes.Buffer{})} }}

func newDecoder(t *Type, data []byte, o Decoding) *decoder {
	d := decoders.Get().(*decoder)
	d.t, d.o = t, o
	d.src = *bytes.NewBuffer(data)
	// Duplicates are found by attribute, since names ignore case.
	d.dec.Reset(&d.src, jsontext.AllowDuplicateNames(true))
	words := (len(t.attrs) + 63) / 64
	if cap(d.seen) < words {
		d.seen = make([]uint64, words)
	}
	d.seen = d.seen[:words]
	clear(d.seen)
	return d
}

// maxScratch is the largest scratch space that is kept: one huge group must not
// stay in memory for ever.
const maxScratch = 64 << 10

func (d *decoder) release() {
	if cap(d.text) > maxScratch || cap(d.nodes)*12 > maxScratch {
		return
	}
	*d = decoder{dec: d.dec, nodes: d.nodes[:0], text: d.text[:0], seen: d.seen, starts: d.starts[:0], sorted: d.sorted[:0]}
	decoders.Put(d)
}

// document reads the top-level object and makes sure that nothing follows.
func (d *decoder) document() error {
	if err := d.root(); err != nil {
		return d.asError(err)
	}
	if _, err := d.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return syntax("Something follows the JSON object.")
	}
	if d.o.RefuseSchemas && !d.schemas {
		return syntax("\"schemas\" is missing.")
	}
	return nil
}

// asError turns what the JSON decoder reports into an *Error.
func (d *decoder) asError(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if d.dec.InputOffset() == 0 && len(bytes.TrimSpace(d.src.Bytes())) == 0 {
		return syntax("The document is empty; a JSON object is expected.")
	}
	return syntax(fmt.Sprintf("The document is not valid JSON in UTF-8 near byte %d.", d.dec.InputOffset()))
}

func (d *decoder) root() error {
	if k := d.dec.PeekKind(); k != '{' {
		if _, err := d.dec.ReadToken(); err != nil {
			return err
		}
		return syntax("A JSON object is expected.")
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	last, unsorted := -1, false
	for d.dec.PeekKind() != '}' {
		name, err := d.name()
		if err != nil {
			return err
		}
		i := len(d.nodes)
		if err := d.key(name); err != nil {
			return err
		}
		if len(d.nodes) > i {
			n := int(d.nodes[i].attr)
			unsorted = unsorted || n < last
			last = int(d.nodes[i].attr)
		}
	}
	if unsorted {
		d.sort(0)
	}
	_, err := d.dec.ReadToken()
	return err
}

// name reads the name of a member. It is valid until the next read.
func (d *decoder) name() ([]byte, error) {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	return jsontext.AppendUnquote(nil, raw)
}

// key reads one member of the resource: an attribute, or the object of an
// extension.
func (d *decoder) key(name []byte) error {
	a := lookup(d.t.byKey, name)
	if a != nil {
		return d.top(a)
	}
	if ext, ok := d.t.extension(name); ok && ext > 0 {
		return d.extension(ext)
	}
	return d.unknown(string(name))
}

func lookup(m map[string]*Attr, name []byte) *Attr {
	if a, ok := m[string(name)]; ok {
		return a
	}
	return m[foldASCII(string(name))]
}

// extension finds an extension by its URN.
func (t *Type) extension(name []byte) (int, bool) {
	for i := 1; i < len(t.exts); i++ {
		if t.exts[i].urn == string(name) {
			return i, true
		}
	}
	for _, u := range t.urns {
		if len(u.folded) == len(name) && u.folded == foldASCII(string(name)) {
			return u.ext, true
		}
	}
	return 0, false
}

// top reads a top-level attribute.
func (d *decoder) top(a *Attr) error {
	bit := uint64(1) << (a.number % 64)
	if d.seen[a.number/64]&bit != 0 {
		return twice(a.path)
	}
	d.seen[a.number/64] |= bit
	switch {
	case a == d.t.schemas:
		return d.readSchemas()
	case a.Mutability == ReadOnly:
		return d.dec.SkipValue()
	case a == d.t.password:
		return d.readPassword()
	}
	return d.attribute(a)
}

func twice(path string) error {
	return &Error{Type: ScimTypeInvalidSyntax, Path: path, Msg: "is there twice; names ignore case"}
}

func (d *decoder) attribute(a *Attr) error {
	if a.MultiValued {
		return d.list(a)
	}
	return d.single(a, false)
}

// extension reads the object of an extension into the top level, where its
// attributes follow those of the base schema.
func (d *decoder) extension(ext int) error {
	e := &d.t.exts[ext]
	switch k := d.dec.PeekKind(); k {
	case 'n':
		return d.dec.SkipValue()
	case '{':
	default:
		return invalid(e.urn, "is an object with the extension's attributes, not "+kindName(k))
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	first, last, unsorted := len(d.nodes), -1, false
	for d.dec.PeekKind() != '}' {
		name, err := d.name()
		if err != nil {
			return err
		}
		i := len(d.nodes)
		if err := d.extensionKey(e, name); err != nil {
			return err
		}
		if len(d.nodes) > i {
			unsorted = unsorted || int(d.nodes[i].attr) < last || d.nodes[i].flags&flagNamed != 0
			last = int(d.nodes[i].attr)
		}
	}
	if unsorted {
		d.sort(first)
		if err := d.checkNames(e, first); err != nil {
			return err
		}
	}
	_, err := d.dec.ReadToken()
	return err
}

func (d *decoder) extensionKey(e *extension, name []byte) error {
	if a := lookup(e.attrs, name); a != nil {
		return d.top(a)
	}
	if e.open == nil {
		return d.unknown(e.urn + ":" + string(name))
	}
	if len(name) == 0 || len(name) > maxName {
		return invalid(e.urn, fmt.Sprintf("has a key that is empty or longer than %d bytes", maxName))
	}
	return d.openKey(e.open, name)
}

// openKey reads one key of an open extension: the name goes before the value.
func (d *decoder) openKey(a *Attr, name []byte) error {
	i, begin := len(d.nodes), len(d.text)
	d.text = append(d.text, name...)
	d.text = append(d.text, byte(len(name)), byte(len(name)>>8))
	if err := d.attribute(a); err != nil {
		return err
	}
	if len(d.nodes) == i {
		d.text = d.text[:begin]
		return nil
	}
	d.nodes[i].flags |= flagNamed
	return nil
}

// checkNames refuses a key of an open extension that is there twice.
func (d *decoder) checkNames(e *extension, first int) error {
	last := ""
	for i := first; i < len(d.nodes); i += d.nodes[i].span() {
		if d.nodes[i].flags&flagNamed == 0 {
			continue
		}
		name := foldASCII(nameBefore(string(d.text), d.nodes[i]))
		if name == last {
			return twice(e.urn + ":" + name)
		}
		last = name
	}
	return nil
}

// unknown reads a key that is no attribute: a path, or something to ignore.
func (d *decoder) unknown(key string) error {
	if a, ok := d.t.Attr(key); ok && !d.o.RefuseDottedKeys && (a.parent == nil || !a.parent.MultiValued) {
		return d.dotted(key, a)
	}
	if d.o.RefuseUnknown {
		return &Error{Type: ScimTypeInvalidSyntax, Path: clip(key), Msg: "is not an attribute of " + d.t.Name()}
	}
	d.note(clip(key), "unknown attribute ignored")
	return d.dec.SkipValue()
}

// dotted reads "name.givenName" and the like; it is set when the rest is done.
func (d *decoder) dotted(key string, a *Attr) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	if a.Mutability == ReadOnly || a.Top().Mutability == ReadOnly || a.IsComputed() {
		return nil
	}
	v, notes, err := DecodeValue(a, raw, d.o)
	if err != nil {
		return err
	}
	d.notes = append(d.notes, notes...)
	d.note(clip(key), "key taken as a path")
	if a == d.t.password {
		d.password = NewSecret(v.String())
		return nil
	}
	d.late = append(d.late, edit{a, v})
	return nil
}

func (d *decoder) note(path, rule string) { d.notes = append(d.notes, Note{path, rule}) }

// clip keeps what a client sent as a name from filling logs.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

func (d *decoder) readPassword() error {
	switch k := d.dec.PeekKind(); k {
	case 'n':
		return d.dec.SkipValue()
	case '"':
	default:
		return invalid(d.t.password.path, "is a string, not "+kindName(k))
	}
	t, err := d.dec.ReadToken()
	if err == nil && t.String() != "" {
		d.password = NewSecret(t.String())
	}
	return err
}

// readSchemas checks the URIs; which schemas a resource has follows from its data.
func (d *decoder) readSchemas() error {
	if d.dec.PeekKind() != '[' {
		if d.o.RefuseSchemas {
			return &Error{Type: ScimTypeInvalidSyntax, Path: "schemas", Msg: "is a list of URIs"}
		}
		return d.dec.SkipValue()
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	base, any := false, false
	for d.dec.PeekKind() != ']' {
		uri, err := d.readURI()
		if err != nil {
			return err
		}
		any = true
		switch ext, known := d.t.extension([]byte(uri)); {
		case known:
			base = base || ext == 0
		case d.o.RefuseSchemas:
			return &Error{Type: ScimTypeInvalidSyntax, Path: "schemas", Msg: "has a URI that is no schema of " + d.t.Name()}
		default:
			d.note("schemas", "unknown URI ignored")
		}
	}
	d.schemas = any
	if d.o.RefuseSchemas && !base {
		return &Error{Type: ScimTypeInvalidSyntax, Path: "schemas", Msg: "lacks " + d.t.exts[0].urn}
	}
	_, err := d.dec.ReadToken()
	return err
}

func (d *decoder) readURI() (string, error) {
	k := d.dec.PeekKind()
	if k != '"' {
		if d.o.RefuseSchemas {
			return "", &Error{Type: ScimTypeInvalidSyntax, Path: "schemas", Msg: "is a list of URIs, not of " + kindName(k)}
		}
		return "", d.dec.SkipValue()
	}
	t, err := d.dec.ReadToken()
	if err != nil {
		return "", err
	}
	return t.String(), nil
}

// list reads the value of a multi-valued attribute.
func (d *decoder) list(a *Attr) error {
	k := d.dec.PeekKind()
	if k == 'n' {
		return d.dec.SkipValue()
	}
	o := d.open(a, kindArray)
	if k != '[' {
		if d.o.RefuseShapes && !d.element {
			return invalid(a.path, "is a list, not "+kindName(k))
		}
		if !d.element {
			d.note(a.path, "single value taken as a list")
		}
		if err := d.single(a, true); err != nil {
			return err
		}
		d.close(o)
		return nil
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	for d.dec.PeekKind() != ']' {
		if err := d.single(a, true); err != nil {
			return err
		}
	}
	d.close(o)
	_, err := d.dec.ReadToken()
	return err
}

func (d *decoder) open(a *Attr, k kind) int {
	d.nodes = append(d.nodes, node{attr: a.number, kind: k, off: uint32(len(d.text))})
	return len(d.nodes) - 1
}

// close ends an object or list; an empty one is unassigned.
func (d *decoder) close(o int) {
	if len(d.nodes) == o+1 {
		d.nodes = d.nodes[:o]
		return
	}
	d.nodes[o].size = uint32(len(d.nodes) - o - 1)
}

// single reads one value of a; inList says that it is an element.
func (d *decoder) single(a *Attr, inList bool) error {
	switch k := d.dec.PeekKind(); k {
	case 'n':
		return d.dec.SkipValue()
	case '"':
		if a.Type == Complex {
			return d.bareID(a)
		}
		return d.string(a)
	case 't', 'f':
		if a.Type == Boolean {
			return d.boolean(a, k == 't')
		}
	case '0':
		if a.Type == Integer || a.Type == Decimal {
			return d.number(a)
		}
	case '{':
		if a.Type == Complex {
			return d.object(a)
		}
	case '[':
		if !inList && !d.o.RefuseShapes && !a.open {
			return d.unwrap(a)
		}
	default:
		_, err := d.dec.ReadToken() // not JSON: the decoder says why
		if err == nil {
			err = syntax("A value is missing.")
		}
		return err
	}
	if a.open && a.Type == String {
		return d.anyAsString(a)
	}
	return invalid(a.path, "is "+article(a.Type)+", not "+kindName(d.dec.PeekKind()))
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 't', 'f':
		return "a boolean"
	case '{':
		return "an object"
	case '[':
		return "a list"
	}
	return "null"
}

func (d *decoder) scalar(a *Attr, k kind, begin int, flags uint8) {
	d.nodes = append(d.nodes, node{attr: a.number, kind: k, flags: flags, off: uint32(begin), size: uint32(len(d.text) - begin)})
}

func (d *decoder) boolean(a *Attr, v bool) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	d.bool(a, v)
	return nil
}

func (d *decoder) bool(a *Attr, v bool) {
	k := kindFalse
	if v {
		k = kindTrue
	}
	d.scalar(a, k, len(d.text), flagPlain)
}

func (d *decoder) number(a *Attr) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	if err := checkNumber(a, string(raw)); err != nil {
		return err
	}
	begin := len(d.text)
	d.text = append(d.text, raw...)
	d.scalar(a, kindNumber, begin, flagPlain)
	return nil
}

// string reads a JSON string as whatever a is.
func (d *decoder) string(a *Attr) error {
	begin := len(d.text)
	flags, err := d.unquote()
	if err != nil {
		return err
	}
	text := d.text[begin:]
	if len(text) == 0 && !(d.o.KeepEmptyStrings && a.Type == String) {
		return nil
	}
	if a.Type == Boolean && !d.o.RefuseStringBooleans {
		if v, ok := parseBool(text); ok {
			d.text = d.text[:begin]
			d.note(a.path, "string taken as boolean")
			d.bool(a, v)
			return nil
		}
	}
	if a.Type != String {
		if err := checkString(a, string(text)); err != nil {
			return err
		}
	}
	if len(a.Canonical) > 0 {
		if flags, err = d.canonical(a, begin, flags); err != nil {
			return err
		}
	}
	d.scalar(a, kindString, begin, flags)
	return nil
}

// unquote appends the text of the next JSON string.
func (d *decoder) unquote() (flags uint8, err error) {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return 0, err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		d.text = append(d.text, raw[1:len(raw)-1]...)
		return flagPlain, nil
	}
	begin := len(d.text)
	d.text, err = jsontext.AppendUnquote(d.text, raw)
	return plain(string(d.text[begin:])), err
}

func parseBool(text []byte) (v, ok bool) {
	switch {
	case bytes.EqualFold(text, []byte("true")):
		return true, true
	case bytes.EqualFold(text, []byte("false")):
		return false, true
	}
	return false, false
}

// canonical brings a value into the spelling that the schema declares, if it
// differs by case only ("WORK"; RFC 7643, section 2.4).
func (d *decoder) canonical(a *Attr, begin int, flags uint8) (uint8, error) {
	text := d.text[begin:]
	for _, c := range a.Canonical {
		if c == string(text) {
			return flags, nil
		}
		if !a.CaseExact && strings.EqualFold(c, string(text)) {
			d.text = append(d.text[:begin], c...)
			return plain(c), nil
		}
	}
	if d.o.RefuseNonCanonical {
		return 0, invalid(a.path, "is one of "+strings.Join(a.Canonical, ", "))
	}
	return flags, nil
}

// anyAsString reads any JSON value as a string: what an open extension keeps.
func (d *decoder) anyAsString(a *Attr) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	begin := len(d.text)
	v := raw.Clone()
	if err := v.Compact(); err != nil {
		return err
	}
	d.text = append(d.text, v...)
	d.note(a.t.exts[a.ext].urn, "value taken as a string")
	d.scalar(a, kindString, begin, plain(string(v)))
	return nil
}

// bareID reads a string where an object is declared: the id of a resource, as
// Entra sends a manager and old clients send members.
func (d *decoder) bareID(a *Attr) error {
	if !a.refersToResources() || d.o.RefuseShapes {
		return d.emptyOnly(a)
	}
	o := d.open(a, kindObject)
	if err := d.string(a.SubAttr("value")); err != nil {
		return err
	}
	if len(d.nodes) > o+1 {
		d.note(a.path, "string taken as \"value\"")
	}
	d.close(o)
	return nil
}

// emptyOnly takes "" for a complex attribute as unassigned and refuses any other
// string.
func (d *decoder) emptyOnly(a *Attr) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	if len(raw) == len(`""`) && !d.o.KeepEmptyStrings {
		return nil
	}
	return invalid(a.path, "is "+article(a.Type)+", not a string")
}

// refersToResources reports whether "value" of a is the id of a resource.
func (a *Attr) refersToResources() bool {
	ref := a.SubAttr("$ref")
	return ref != nil && a.SubAttr("value") != nil && len(ref.References) > 0 && ref.References[0] != "external" && ref.References[0] != "uri"
}

// unwrap reads a list where a single value is declared: one object, of which a
// simple attribute takes "value".
func (d *decoder) unwrap(a *Attr) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	i := len(d.nodes)
	for n := 0; d.dec.PeekKind() != ']'; n++ {
		if k := d.dec.PeekKind(); n > 0 || k != '{' {
			return invalid(a.path, "is "+article(a.Type)+", not a list")
		}
		read := d.wrapped
		if a.Type == Complex {
			read = d.object
		}
		if err := read(a); err != nil {
			return err
		}
	}
	if len(d.nodes) > i {
		d.note(a.path, "list taken as a single value")
	}
	_, err := d.dec.ReadToken()
	return err
}

// wrapped reads {"value": …} as the simple value it wraps.
func (d *decoder) wrapped(a *Attr) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	seen := false
	for d.dec.PeekKind() != '}' {
		name, err := d.name()
		if err != nil {
			return err
		}
		if !bytes.EqualFold(name, []byte("value")) {
			if err := d.dec.SkipValue(); err != nil {
				return err
			}
			continue
		}
		if seen {
			return twice(a.path)
		}
		seen = true
		if err := d.single(a, true); err != nil {
			return err
		}
	}
	_, err := d.dec.ReadToken()
	return err
}

// maxSubs is how many sub-attributes one word can count.
const maxSubs = bits.UintSize

// object reads a complex value.
func (d *decoder) object(a *Attr) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	o := d.open(a, kindObject)
	var seen uint
	last, unsorted := -1, false
	for d.dec.PeekKind() != '}' {
		name, err := d.name()
		if err != nil {
			return err
		}
		s := lookup(a.byName, name)
		if s == nil {
			if err := d.unknownSub(a, string(name)); err != nil {
				return err
			}
			continue
		}
		bit := uint(1) << (s.number - a.number - 1)
		if seen&bit != 0 {
			return twice(s.path)
		}
		seen |= bit
		if s.Mutability == ReadOnly || s.IsComputed() {
			if err := d.dec.SkipValue(); err != nil {
				return err
			}
			continue
		}
		i := len(d.nodes)
		if err := d.attribute(s); err != nil {
			return err
		}
		if len(d.nodes) > i {
			unsorted = unsorted || int(s.number) < last
			last = int(s.number)
		}
	}
	if unsorted {
		d.sort(o + 1)
	}
	d.close(o)
	_, err := d.dec.ReadToken()
	return err
}

func (d *decoder) unknownSub(a *Attr, name string) error {
	if d.o.RefuseUnknown {
		return &Error{Type: ScimTypeInvalidSyntax, Path: a.path + "." + clip(name), Msg: "is not a sub-attribute of " + a.path}
	}
	d.note(a.path+"."+clip(name), "unknown attribute ignored")
	return d.dec.SkipValue()
}

// sort brings the siblings from index i to the end into canonical order. Their
// text stays where it is until finish.
func (d *decoder) sort(i int) {
	d.dirty = true
	d.starts = d.starts[:0]
	for k := i; k < len(d.nodes); k += d.nodes[k].span() {
		d.starts = append(d.starts, k)
	}
	for k := 1; k < len(d.starts); k++ {
		for j := k; j > 0 && d.after(d.starts[j-1], d.starts[j]); j-- {
			d.starts[j-1], d.starts[j] = d.starts[j], d.starts[j-1]
		}
	}
	d.sorted = d.sorted[:0]
	for _, k := range d.starts {
		d.sorted = append(d.sorted, d.nodes[k:k+d.nodes[k].span()]...)
	}
	copy(d.nodes[i:], d.sorted)
}

func (d *decoder) after(i, j int) bool {
	a, b := d.nodes[i], d.nodes[j]
	if a.attr != b.attr {
		return a.attr > b.attr
	}
	text := string(d.text)
	return compareNames(nameBefore(text, a), nameBefore(text, b)) > 0
}

// finish copies what was written out of the scratch space, the text in the
// order of the nodes.
func (d *decoder) finish() tape {
	t := tape{t: d.t, nodes: append([]node(nil), d.nodes...), text: string(d.text)}
	if !d.dirty {
		return t
	}
	ordered := make([]byte, 0, len(t.text))
	for i, n := range t.nodes {
		from := start(t.text, n)
		to := n.off
		if n.kind < kindObject {
			to += n.size
		}
		t.nodes[i].off = uint32(len(ordered)) + n.off - from
		ordered = append(ordered, t.text[from:to]...)
	}
	t.text = string(ordered)
	return t
}
