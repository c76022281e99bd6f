package schema

import (
	"strings"
	"unicode/utf8"
)

// TypeConfig is what [Compile] makes a [Type] of: RFC 7643, section 6, as a
// literal.
type TypeConfig struct {
	// Name is the resource type's name, as "User".
	Name string

	// Endpoint is the path below the base URL. If empty, it is "/" and Name
	// and "s" (RFC 7644, section 3.2).
	Endpoint    string
	Description string

	// Schema is the base schema, Extensions what may come on top.
	Schema     Schema
	Extensions []Extension
}

// Extension is a schema that a resource may carry beside its base schema.
type Extension struct {
	Schema Schema

	// Required says that a resource without any of its data is refused.
	Required bool
}

// Type is a resource type, compiled once: every attribute of its schemas has a
// number, and every way to write its path is found in one step. It is immutable
// and safe for use from many goroutines.
type Type struct {
	config     TypeConfig
	quotedName string      // as JSON
	usualMeta  string      // what "meta" begins with where nothing is left out
	exts       []extension // exts[0] is the base schema

	attrs    []*Attr  // by number, preorder
	forms    []form   // of attrs
	paths    []string // of attrs
	top      []*Attr  // top-level attributes in the order of their numbers
	declared []*Attr  // those of top that do not stand for keys of an open extension
	required []*Attr  // those of top that Validate has to look at

	// immutable are the immutable attributes, also below those of declared.
	immutable []*Attr

	byPath map[string]*Attr // exact, and folded
	urns   []urnKey         // longest first

	schemas, id, externalID, meta *Attr
	metaSubs                      metaAttrs
	password                      *Attr // nil if the type has none

	projection *Projection            // what an answer shows unless asked otherwise
	without    map[string]*Projection // that without one attribute, by path
}

type metaAttrs struct{ resourceType, created, lastModified, location, version *Attr }

// extension is a schema of a type with what decoding and encoding need of it.
type extension struct {
	urn      string
	quoted   string // as JSON
	required bool
	top      []*Attr // of the base schema with the common attributes
	names    attrIndex
	open     *Attr // nil unless it is open
}

type urnKey struct {
	folded string
	ext    int
}

// Attr is an [Attribute] at its place in a [Type]. It is found once, by
// [Type.Attr], and then gives access without any look-up by name. It must not
// be changed.
type Attr struct {
	// What comes first is looked at for each value: it is kept together, so that few lines
	// of the processor's cache are needed.
	number uint16
	ext    uint16 // index into Type.exts
	prep   preparation
	open   bool // stands for one key of an open extension
	traits

	Attribute

	subIndex attrIndex
	defaultSubs

	parent *Attr
	t      *Type
	path   string // canonical
	subs   []*Attr

	// bools are the two values of a boolean, which a PATCH of "active" makes again
	// and again: that of kindTrue, then that of kindFalse.
	bools [2]Value
}

// traits says what follows from the sub-attributes.
type traits struct {
	refers     bool // "value" is the id of a resource
	holdsLists bool // a sub-attribute is multi-valued
}

// defaultSubs has the sub-attributes to which RFC 7643, section 2.4, gives a
// meaning; nil where there is none. label is the one named "type".
type defaultSubs struct {
	// ref is "$ref", if it follows from "value".
	ref *Attr

	value, label, primary *Attr
}

// attrIndex finds attributes by name, in a table with a place for each name that three
// of its letters and its length tell, or the next one that was free: quicker than to hash
// all of the name, as a map would. Its size is a power of two, at least twice that of its
// content.
type attrIndex []namedAttr

// namedAttr is an attribute with its name beside it, so that only the one that is found
// has to be looked at.
type namedAttr struct {
	name string
	attr *Attr // nil in a free place
}

func newAttrIndex(attrs []*Attr) attrIndex {
	size := 1
	for size < 2*len(attrs) {
		size *= 2
	}
	x := make(attrIndex, size)
	for _, a := range attrs {
		i := place(x, a.Name)
		for x[i].attr != nil {
			i = (i + 1) & (size - 1)
		}
		x[i] = namedAttr{a.Name, a}
	}
	return x
}

// place returns where a name should be, whatever its case.
func place[T string | []byte](x attrIndex, name T) int {
	n := len(name)
	if n == 0 {
		return 0
	}
	const ignoreCase = 0x20
	sum := n + 7*int(name[0]|ignoreCase) + 31*int(name[n/2]|ignoreCase) + 3*int(name[n-1]|ignoreCase)
	return sum & (len(x) - 1)
}

// findName returns the attribute of that name, ignoring case, or nil.
func findName[T string | []byte](x attrIndex, name T) *Attr {
	if len(x) < 2 {
		return nil // no names were entered
	}
	first := place(x, name)
	for i := first; x[i].attr != nil; i = (i + 1) & (len(x) - 1) {
		if x[i].name == string(name) {
			return x[i].attr
		}
	}
	for i := first; x[i].attr != nil; i = (i + 1) & (len(x) - 1) {
		if equalFold(x[i].name, name) {
			return x[i].attr
		}
	}
	return nil
}

// findURN returns the index of the schema with that URI, ignoring case, or -1.
func findURN[T string | []byte](t *Type, urn T) int {
	for i := range t.exts {
		if t.exts[i].urn == string(urn) {
			return i
		}
	}
	for i := range t.exts {
		if equalFold(t.exts[i].urn, urn) {
			return i
		}
	}
	return -1
}

// Path returns the attribute's path in canonical spelling, as
// "name.givenName" or "urn:…:User:manager.value".
func (a *Attr) Path() string { return a.path }

// Parent returns the complex attribute of which a is a sub-attribute, or nil.
func (a *Attr) Parent() *Attr { return a.parent }

// Top returns a itself or its parent: the attribute that a resource holds.
func (a *Attr) Top() *Attr {
	if a.parent != nil {
		return a.parent
	}
	return a
}

// SubAttr returns the sub-attribute of that name, ignoring case, or nil.
func (a *Attr) SubAttr(name string) *Attr { return findName(a.subIndex, name) }

// Subs returns the sub-attributes. The slice must not be changed.
func (a *Attr) Subs() []*Attr { return a.subs }

// URN returns the URI of the extension that defines the attribute. It is empty
// for attributes of the base schema and for common ones.
func (a *Attr) URN() string {
	if a.ext == 0 {
		return ""
	}
	return a.t.exts[a.ext].urn
}

// isKey reports whether a stands for one key of an open extension, rather than
// for all of them.
func (a *Attr) isKey() bool { return a.open && a != a.t.exts[a.ext].open }

// IsPassword reports whether a is the password that decoding splits off, see
// [Secret].
func (a *Attr) IsPassword() bool { return a == a.t.password }

// IsComputed reports whether a is a "$ref" that follows from its sibling
// "value", because it points to resources of one type. It is not kept, whatever a
// client sends for it, but written from the id and the base URL, so that it is
// right behind any proxy and after any move.
func (a *Attr) IsComputed() bool { return a.parent != nil && a.parent.ref == a }

// isCommon reports whether a is one of the common attributes, or below one.
func (a *Attr) isCommon() bool { return a.number <= a.t.metaSubs.version.number }

// isBeside reports whether the value of a is kept beside the tape.
func (a *Attr) isBeside() bool { return a.isCommon() && a != a.t.externalID }

// Of returns the resource type that a belongs to.
func (a *Attr) Of() *Type { return a.t }

// Name returns the resource type's name, as "User".
func (t *Type) Name() string { return t.config.Name }

// Endpoint returns the path below the base URL, as "/Users".
func (t *Type) Endpoint() string { return t.config.Endpoint }

// Config returns what the type was compiled of. It must not be changed.
func (t *Type) Config() TypeConfig { return t.config }

// Attrs returns the top-level attributes, common ones first, then those of the
// base schema, then of each extension. The slice must not be changed. An open
// extension's keys are not among them.
func (t *Type) Attrs() []*Attr { return t.declared }

// Attr finds an attribute by its path, ignoring case: "name.givenName",
// "urn:…:core:2.0:User:userName", "urn:…:enterprise:2.0:User:manager.value". The
// separator after a URN may be a dot, as older Entra jobs write it. If several
// URNs fit, the longest counts.
//
// Below the URN of an open extension every name is found that may be a key:
// UTF-8 of at most 1,024 bytes.
func (t *Type) Attr(path string) (*Attr, bool) {
	if a, ok := t.byPath[path]; ok {
		return a, true
	}
	folded := foldASCII(path)
	if a, ok := t.byPath[folded]; ok {
		return a, true
	}
	for _, u := range t.urns {
		rest, ok := strings.CutPrefix(folded, u.folded)
		if ok && len(rest) > 1 && (rest[0] == ':' || rest[0] == '.') {
			return t.attrOf(u.ext, path[len(u.folded)+1:])
		}
	}
	return nil, false
}

// attrOf finds an attribute by its name below a URN.
func (t *Type) attrOf(ext int, rest string) (*Attr, bool) {
	e := &t.exts[ext]
	name, sub, dotted := strings.Cut(rest, ".")
	a := findName(e.names, name)
	if a != nil && dotted {
		a = a.SubAttr(sub)
	}
	if a == nil && e.open != nil && validKey(rest) {
		a = e.open.named(rest)
	}
	return a, a != nil
}

// validKey reports whether name may be a key of an open extension.
func validKey(name string) bool {
	return name != "" && len(name) <= maxName && utf8.ValidString(name)
}

// named returns the attribute for one key of an open extension. It is made
// anew each time; two are the same if number and folded name are.
func (a *Attr) named(name string) *Attr {
	n := *a
	n.Name = name
	n.path = a.t.exts[a.ext].urn + ":" + name
	return &n
}

// counterpart returns the attribute that has the path of one of another type, or nil.
func (t *Type) counterpart(a *Attr) *Attr {
	own, _ := t.Attr(a.path)
	return own
}

// ExtensionOf reports whether path is the URI of an extension, ignoring case,
// and returns the URI as it was registered. As a PATCH path it means all of the
// extension's data.
func (t *Type) ExtensionOf(path string) (urn string, ok bool) {
	if ext := findURN(t, path); ext > 0 {
		return t.exts[ext].urn, true
	}
	return "", false
}

// ExtensionAttr finds an attribute of the extension with that URI by its name
// alone, as "manager" or "manager.value". Case is ignored.
func (t *Type) ExtensionAttr(urn, name string) (*Attr, bool) {
	if ext := findURN(t, urn); ext > 0 {
		return t.attrOf(ext, name)
	}
	return nil, false
}
