package schema

import (
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"sync"

	"github.com/muster-scim/muster/internal/jsonscan"
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
	// schema, and URIs that the type does not have (RFC 7643, section 3). Entra adds one to groups;
	// OneLogin sends those of SCIM 1.1.
	RefuseSchemas bool

	// RefuseDottedKeys: "name.givenName" and "urn:…:User:department" as keys of
	// the resource, and "manager.value" as a key of an extension. Entra sends
	// them to a tenant URL with the flag aadOptscim062020.
	RefuseDottedKeys bool

	// RefuseTwoPrimaries: more than one element with "primary": true. PingOne
	// sends that when one of two addresses is empty. Otherwise the first
	// stays primary.
	RefuseTwoPrimaries bool

	// RefusePasswords: "password", as if no schema had it, whatever RefuseUnknown
	// says. Okta sends one with each new user unless that is turned off.
	RefusePasswords bool

	// RefuseNonCanonical: values that an attribute's Canonical does not list.
	RefuseNonCanonical bool

	// KeepEmptyStrings: "" is a value, and wrong where the type is not written
	// as any text. Otherwise it is unassigned, since this is how Entra clears
	// an attribute. An empty password is never one.
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

	present []uint64 // top-level attributes, by number
	cleared bool     // some of them may have no value
}

// Has reports whether the document names top-level attribute a, be it with null or
// an empty list.
func (d Decoded) Has(a *Attr) bool {
	word := int(a.number / 64)
	return word < len(d.present) && d.present[word]&(1<<(a.number%64)) != 0
}

// Cleared yields the top-level attributes that the document names without a value: by
// null, an empty list and the like. r is its resource, or what was made of that.
func (d Decoded) Cleared(r *Resource) iter.Seq[*Attr] {
	return func(yield func(*Attr) bool) {
		if !d.cleared { // as hardly any is
			return
		}
		i := 0 // both are in the order of the attributes' numbers
		for w, word := range d.present {
			for ; word != 0; word &= word - 1 {
				number := 64*w + bits.TrailingZeros64(word)
				if number >= len(r.t.attrs) {
					return // what follows are extensions
				}
				for i < len(r.nodes) && int(r.nodes[i].attr) < number {
					i += r.nodes[i].span()
				}
				if (i == len(r.nodes) || int(r.nodes[i].attr) > number) && !yield(r.t.attrs[number]) {
					return
				}
			}
		}
	}
}

// Decode reads a resource of type t. Names are matched ignoring case; null, [] and
// objects without members are unassigned; readOnly attributes are skipped whatever
// they hold, as RFC 7644, sections 3.3 and 3.5.1, want it. Of elements that are in
// a list twice, see [Attr.Unique], the first stays. Whether required attributes
// are there is not checked, see [Type.Validate].
//
// The error is an [*Error]: ScimTypeInvalidSyntax for what is not JSON, not an
// object, not UTF-8, nested deeper than 10,000 levels or has an attribute twice,
// ScimTypeInvalidValue for a value of the wrong type. data is not kept.
func Decode(t *Type, data []byte, o Decoding) (Decoded, error) {
	d := newDecoder(t, data, o)
	defer d.release()
	if err := d.check(d.document()); err != nil {
		return Decoded{}, err
	}
	both := new(struct { // one piece of memory for what nearly every document needs
		Resource
		present [4]uint64
	})
	both.tape = d.finish()
	r, err := d.settle(&both.Resource)
	if err != nil {
		return Decoded{}, err
	}
	return Decoded{Resource: r, Password: d.password, Notes: d.notes, present: append(both.present[:0], d.seen...), cleared: d.cleared}, nil
}

// DecodeValue reads a value of attribute a, as a PATCH operation has it. If a
// is multi-valued the value is always a list; a single element is taken as a list
// of one (RFC 7644, section 3.5.2.1). The error is that of [Decode].
func DecodeValue(a *Attr, data []byte, o Decoding) (Value, []Note, error) {
	return decodeValue(a, data, o, a.MultiValued)
}

// DecodeElement reads one element of multi-valued attribute a, or the value of
// a single-valued one. The error is that of [Decode].
func DecodeElement(a *Attr, data []byte, o Decoding) (Value, []Note, error) {
	return decodeValue(a, data, o, false)
}

func decodeValue(a *Attr, data []byte, o Decoding, list bool) (Value, []Note, error) {
	if a.Type == Boolean && !list { // "active" is what most operations are on
		switch string(data) {
		case "true":
			return a.is(true), nil, nil
		case "false":
			return a.is(false), nil, nil
		}
	}
	d := newDecoder(a.t, data, o)
	defer d.release()
	if err := d.check(d.alone(a, list)); err != nil {
		return Value{}, nil, err
	}
	if len(d.nodes) == 0 {
		return Value{}, d.notes, nil
	}
	if len(d.nodes) == 1 && !list {
		return d.scalarAlone(), d.notes, nil
	}
	t := d.finish()
	v, err := d.settleValue(a, Value{&t, 0})
	if err != nil {
		return Value{}, nil, err
	}
	return v, d.notes, nil
}

// scalarAlone returns the one value there is, with its node in one piece of memory.
func (d *decoder) scalarAlone() Value {
	if n := d.nodes[0]; n.kind == kindTrue || n.kind == kindFalse {
		return d.t.attrs[n.attr].is(n.kind == kindTrue)
	}
	var alone struct {
		tape
		node [1]node
	}
	alone.node[0] = d.nodes[0]
	alone.tape = tape{t: d.t, nodes: alone.node[:], text: string(d.text)}
	return Value{&alone.tape, 0}
}

// decoder writes nodes and text in the order in which they come, and sorts what is not in
// the canonical one.
type decoder struct {
	jsonscan.Scanner
	t *Type
	o Decoding

	nodes    []node
	text     []byte
	seen     []uint64 // attributes by number, then extensions
	password Secret
	late     []edit // sub-attributes by dotted keys
	notes    []Note

	last     uint16 // number of the last top-level attribute
	based    bool   // "schemas" has the base schema
	keyed    bool   // there are keys of open extensions
	cleared  bool   // some attributes are named without a value
	hollow   bool   // the last list has elements, but nothing in them
	unsorted bool   // top-level attributes are not in order
	verbatim bool   // what is read is the application's own, see Restore

	guesses guesses // which are kept for the next document

	// Scratch of sort.
	starts []int
	sorted []node
	moved  []byte
}

// decoders keeps scratch space between calls; none of it is in a result.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

func newDecoder(t *Type, data []byte, o Decoding) *decoder {
	d := decoders.Get().(*decoder)
	d.Scanner, d.t, d.o = jsonscan.New(data), t, o
	d.guesses.of(t)
	words := (len(t.attrs) + len(t.exts) + 63) / 64
	if cap(d.seen) < words {
		d.seen = make([]uint64, words)
	}
	d.seen = d.seen[:words]
	clear(d.seen)
	if len(data) > large {
		// There is no more text than data, and hardly more nodes than such a part.
		d.text, d.nodes = slices.Grow(d.text, len(data)), slices.Grow(d.nodes, len(data)/16)
	}
	return d
}

// large is the size of a document from which on room for the result is made at once.
const large = 16 << 10

// maxScratch is the largest scratch space that is kept: a group of 10,000 members
// fits in, while one of a million must not stay.
const maxScratch = 1 << 20

// release puts the scratch space back, and lets go of everything else.
func (d *decoder) release() {
	if max(cap(d.text), cap(d.moved), 16*cap(d.nodes), 16*cap(d.sorted)) > maxScratch {
		return
	}
	nodes, text, seen := d.nodes[:0], d.text[:0], d.seen
	starts, sorted, moved, guesses := d.starts[:0], d.sorted[:0], d.moved[:0], d.guesses
	*d = decoder{} // and not with these in it, which would be made elsewhere and copied
	d.nodes, d.text, d.seen = nodes, text, seen
	d.starts, d.sorted, d.moved, d.guesses = starts, sorted, moved, guesses
	decoders.Put(d)
}

// check returns what is wrong with the JSON, or else err.
func (d *decoder) check(err error) error {
	if err == nil {
		d.End()
	}
	if msg := d.Err(); msg != "" {
		return syntax(msg)
	}
	return err
}

// document reads a resource.
func (d *decoder) document() error {
	if d.First() != '{' {
		return syntax("A JSON object is expected.")
	}
	place := d.guesses.extension(0)
	for d.Enter(); d.More('}'); {
		a, name := d.member(place, d.t.exts[0].names)
		if a == nil {
			if err := d.key(name); err != nil {
				return err
			}
			continue
		}
		if err := d.top(a); err != nil {
			return err
		}
		place = d.guesses.behind(a)
	}
	if d.o.RefuseSchemas && !d.based {
		return badSchemas("lacks " + d.t.exts[0].urn)
	}
	if d.unsorted {
		d.sort(0)
	}
	if d.keyed {
		return d.checkKeys()
	}
	return nil
}

// alone reads a value that stands for itself.
func (d *decoder) alone(a *Attr, list bool) error {
	switch k := d.First(); {
	case !list:
		return d.single(a, a.MultiValued)
	case k == '[' || k == 'n':
		return d.list(a)
	}
	return d.listOfOne(a)
}

// key reads a member of the resource that is no attribute of the base schema: the object of
// an extension, or something else.
func (d *decoder) key(name []byte) error {
	if ext := findURN(d.t, name); ext > 0 {
		return d.extension(ext)
	}
	return d.unknown(string(name))
}

// top reads a top-level attribute.
func (d *decoder) top(a *Attr) error {
	if d.sawBefore(int(a.number)) {
		return twice(a.path)
	}
	switch {
	case d.verbatim && (a.isBeside() || a == d.t.password):
		d.Skip()
		return nil
	case a == d.t.schemas:
		return d.readSchemas()
	case a.Mutability == ReadOnly && !d.verbatim:
		d.Skip()
		d.cleared = true
		return nil
	case a == d.t.password && d.o.RefusePasswords:
		return &Error{Type: ScimTypeInvalidSyntax, Path: a.path, Msg: "is not supported"}
	case a == d.t.password:
		return d.readPassword()
	}
	i := len(d.nodes)
	d.hollow = false
	err := d.attribute(a)
	d.cleared = d.cleared || len(d.nodes) == i
	switch {
	case len(d.nodes) > i:
		d.unsorted = d.unsorted || a.number < d.last
		d.last = a.number
	case err == nil && d.hollow && a.refers:
		// An empty list would mean that nobody is referred to.
		return invalid(a.value.path, "is missing in every element; an empty list removes all")
	}
	return err
}

// sawBefore reports whether it was called with bit before.
func (d *decoder) sawBefore(bit int) bool {
	word, mask := &d.seen[bit/64], uint64(1)<<(bit%64)
	saw := *word&mask != 0
	*word |= mask
	return saw
}

func twice(path string) *Error {
	return &Error{Type: ScimTypeInvalidSyntax, Path: clip(path), Msg: "is there twice; names ignore case"}
}

// extension reads the object of an extension into the top level, where its
// attributes follow those of the base schema.
func (d *decoder) extension(ext int) error {
	e := &d.t.exts[ext]
	if d.sawBefore(len(d.t.attrs) + ext) {
		return twice(e.urn)
	}
	switch k := d.First(); k {
	case 'n':
		d.Skip()
		return nil
	case '{':
	default:
		return invalid(e.urn, "is an object with the extension's attributes, not "+kindName(k))
	}
	place := d.guesses.extension(ext)
	for d.Enter(); d.More('}'); {
		a, name := d.member(place, e.names)
		if a == nil {
			if err := d.extensionKey(ext, name); err != nil {
				return err
			}
			continue
		}
		if err := d.top(a); err != nil {
			return err
		}
		place = d.guesses.behind(a)
	}
	return nil
}

// extensionKey reads a member that the extension does not declare.
func (d *decoder) extensionKey(ext int, name []byte) error {
	e := &d.t.exts[ext]
	if e.open == nil {
		return d.unknown(e.urn + ":" + string(name))
	}
	a, ok := d.t.attrOf(ext, string(name))
	switch {
	case !ok:
		return invalid(e.urn, fmt.Sprintf("has a key that is empty or longer than %d bytes", maxName))
	case !a.open:
		return d.unknown(e.urn + ":" + string(name))
	}
	return d.openKey(a)
}

// openKey reads one key of an open extension: the name goes before the value.
// Which keys there are is not known before the end, see checkKeys.
func (d *decoder) openKey(a *Attr) error {
	i, begin := len(d.nodes), len(d.text)
	d.text = appendName(d.text, a.Name)
	err := d.attribute(a)
	if len(d.nodes) == i {
		d.text = d.text[:begin]
		return err
	}
	d.nodes[i].flags |= flagNamed
	d.keyed, d.unsorted = true, true
	return err
}

// checkKeys refuses a key of an open extension that is there twice, and too many
// of them.
func (d *decoder) checkKeys() error {
	last := -1
	for i := 0; i < len(d.nodes); i += d.nodes[i].span() {
		n := d.nodes[i]
		if n.flags&flagNamed == 0 {
			continue
		}
		if last >= 0 && d.compare(last, i) == 0 {
			return twice(d.t.exts[d.t.attrs[n.attr].ext].urn + ":" + string(nameBefore(d.text, n)))
		}
		last = i
	}
	return countKeys(d.t, d.nodes)
}

// unknown reads a key that is no attribute: a path, or something to ignore.
func (d *decoder) unknown(key string) error {
	if a, ok := d.t.Attr(key); ok && !d.o.RefuseDottedKeys && a != d.t.schemas && (a.parent == nil || !a.parent.MultiValued) {
		d.note(key, "key taken as a path")
		return d.path(a)
	}
	if d.o.RefuseUnknown {
		return &Error{Type: ScimTypeInvalidSyntax, Path: clip(key), Msg: "is not an attribute of " + d.t.Name()}
	}
	d.note(key, "unknown attribute ignored")
	d.Skip()
	return nil
}

// path reads the value of "name.givenName" and the like. A sub-attribute is set
// when the rest is done.
func (d *decoder) path(a *Attr) error {
	switch {
	case a.open:
		return d.openKey(a)
	case a.parent == nil:
		return d.top(a)
	}
	raw := d.Value()
	if a.Mutability == ReadOnly || a.parent.Mutability == ReadOnly || a.IsComputed() {
		return nil
	}
	if slices.ContainsFunc(d.late, func(e edit) bool { return e.a == a }) {
		return twice(a.path)
	}
	v, notes, err := DecodeValue(a, raw, d.o)
	d.notes = append(d.notes, notes...)
	d.late, d.cleared = append(d.late, edit{a, v}), true // it may be
	return err
}

func (d *decoder) note(path, rule string) { d.notes = append(d.notes, Note{clip(path), rule}) }

func (d *decoder) readPassword() error {
	switch k := d.First(); k {
	case 'n':
		d.Skip()
	case '"':
		if text := d.Str(); len(text) > 0 {
			var err error
			d.password, err = PreparePassword(string(text))
			return err
		}
	default:
		return invalid(d.t.password.path, "is a string, not "+kindName(k))
	}
	return nil
}

func badSchemas(msg string) *Error {
	return &Error{Type: ScimTypeInvalidSyntax, Path: "schemas", Msg: msg}
}

// readSchemas checks the URIs; which schemas a resource has follows from its data.
func (d *decoder) readSchemas() error {
	switch k := d.First(); {
	case k == '[':
	case d.o.RefuseSchemas:
		return badSchemas("is a list of URIs, not " + kindName(k))
	default:
		if k != 'n' {
			d.note("schemas", "ignored, since it is no list")
		}
		d.Skip()
		return nil
	}
	for d.Enter(); d.More(']'); {
		if err := d.readURI(); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) readURI() error {
	for ext := range d.t.exts { // as they are registered, which is how they are nearly always sent
		if d.Took(d.t.exts[ext].quoted) {
			d.based = d.based || ext == 0
			return nil
		}
	}
	var uri []byte
	if k := d.First(); k == '"' {
		uri = d.Str()
	} else if d.Skip(); d.o.RefuseSchemas {
		return badSchemas("is a list of URIs, not of " + kindName(k))
	}
	switch ext := findURN(d.t, uri); {
	case ext >= 0:
		d.based = d.based || ext == 0
	case d.o.RefuseSchemas:
		return badSchemas("has a URI that is no schema of " + d.t.Name())
	default:
		d.note("schemas", "unknown URI ignored")
	}
	return nil
}
