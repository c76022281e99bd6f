package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
// number, and every way to write its path is a key of one map. It is immutable
// and safe for use from many goroutines.
type Type struct {
	config TypeConfig
	exts   []extension // exts[0] is the base schema

	attrs  []*Attr          // by number, preorder
	top    []*Attr          // top-level attributes in the order of their numbers
	byPath map[string]*Attr // exact, and folded
	byKey  map[string]*Attr // the same, top-level base attributes only: what a body's keys are looked up in
	urns   []urnKey         // longest first

	schemas, id, externalID, meta *Attr
	metaSubs                      metaAttrs
	password                      *Attr // nil if the type has none

	projection *Projection // what an answer shows unless asked otherwise
}

type metaAttrs struct{ resourceType, created, lastModified, location, version *Attr }

// extension is a schema of a type with what decoding and encoding need of it.
type extension struct {
	urn      string
	key      string // `"urn…":{`
	required bool
	attrs    map[string]*Attr // exact, and folded
	open     *Attr            // nil unless it is open
}

type urnKey struct {
	folded string
	ext    int
}

// Attr is an [Attribute] at its place in a [Type]. It is found once, by
// [Type.Attr], and then gives access without any look-up by name. It must not
// be changed.
type Attr struct {
	Attribute

	number uint16
	ext    uint16 // index into Type.exts
	open   bool   // stands for one key of an open extension
	parent *Attr
	path   string // canonical
	key    string // `"name":`
	subs   []*Attr
	byName map[string]*Attr // exact, and folded
	prep   preparation
	ref    *Attr // the sub-attribute "$ref", if it follows from "value"
	t      *Type
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
func (a *Attr) SubAttr(name string) *Attr {
	if s, ok := a.byName[name]; ok {
		return s
	}
	return a.byName[foldASCII(name)]
}

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

// IsPassword reports whether a is the password that decoding splits off, see
// [Secret].
func (a *Attr) IsPassword() bool { return a == a.t.password }

// Of returns the resource type that a belongs to.
func (a *Attr) Of() *Type { return a.t }

// Compile checks c and makes a Type of it. The error joins everything that is
// wrong, each with the schema and the attribute it is in. c may be changed
// afterwards.
func Compile(c TypeConfig) (*Type, error) {
	if c.Endpoint == "" {
		c.Endpoint = "/" + c.Name + "s"
	}
	b := &compiler{t: &Type{
		config: c,
		byPath: map[string]*Attr{},
		byKey:  map[string]*Attr{},
	}}
	b.check(c)
	b.common()
	b.schema(c.Schema, false)
	for _, e := range c.Extensions {
		b.schema(e.Schema, e.Required)
	}
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	slices.SortStableFunc(b.t.urns, func(x, y urnKey) int { return len(y.folded) - len(x.folded) })
	b.t.projection = b.t.defaultProjection()
	return b.t, nil
}

// MustCompile is [Compile] for literals; it panics if c is wrong.
func MustCompile(c TypeConfig) *Type {
	t, err := Compile(c)
	if err != nil {
		panic(err)
	}
	return t
}

// maxAttributes is what the numbers of a tape can count.
const maxAttributes = 1 << 16

type compiler struct {
	t    *Type
	errs []error
}

func (b *compiler) fail(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("schema: "+format, args...))
}

func (b *compiler) check(c TypeConfig) {
	if c.Name == "" {
		b.fail("a resource type needs a Name")
	}
	if !strings.HasPrefix(c.Endpoint, "/") || strings.HasSuffix(c.Endpoint, "/") || strings.ContainsAny(c.Endpoint, "?#{}") {
		b.fail("type %s: endpoint %q must be a path such as \"/Users\"", c.Name, c.Endpoint)
	}
	seen := map[string]bool{}
	for i := -1; i < len(c.Extensions); i++ {
		s := c.Schema
		if i >= 0 {
			s = c.Extensions[i].Schema
		}
		switch key := foldASCII(s.ID); {
		case s.ID == "":
			b.fail("type %s: a schema needs an ID", c.Name)
		case seen[key]:
			b.fail("type %s: schema %s is there twice", c.Name, s.ID)
		default:
			seen[key] = true
		}
	}
	if c.Schema.Open != nil {
		b.fail("schema %s: only an extension may be open", c.Schema.ID)
	}
}

// common adds the attributes that every resource has (RFC 7643, section 3.1).
// They win over a schema that lists them too.
func (b *compiler) common() {
	t := b.t
	t.exts = append(t.exts, extension{urn: t.config.Schema.ID, attrs: t.byKey})
	t.urns = append(t.urns, urnKey{foldASCII(t.config.Schema.ID), 0})
	t.schemas = b.attr(Attribute{Name: "schemas", Type: Reference, MultiValued: true, Required: true, Returned: Always,
		Description: "The URIs of the schemas that the resource has data of."}, nil, 0)
	t.id = b.attr(Attribute{Name: "id", CaseExact: true, Mutability: ReadOnly, Returned: Always, Uniqueness: Server,
		Description: "The identifier that the service provider gave."}, nil, 0)
	t.externalID = b.attr(Attribute{Name: "externalId", CaseExact: true,
		Description: "The identifier that the provisioning client gave."}, nil, 0)
	t.meta = b.attr(Attribute{Name: "meta", Type: Complex, Mutability: ReadOnly,
		Description: "What the service provider knows about the resource.",
		Sub: []Attribute{
			{Name: "resourceType", CaseExact: true, Mutability: ReadOnly},
			{Name: "created", Type: DateTime, Mutability: ReadOnly},
			{Name: "lastModified", Type: DateTime, Mutability: ReadOnly},
			{Name: "location", Type: Reference, Mutability: ReadOnly, References: []string{"uri"}},
			{Name: "version", CaseExact: true, Mutability: ReadOnly},
		}}, nil, 0)
	s := t.meta.subs
	t.metaSubs = metaAttrs{s[0], s[1], s[2], s[3], s[4]}
}

func (b *compiler) schema(s Schema, required bool) {
	ext := len(b.t.exts)
	if s.ID == b.t.config.Schema.ID {
		ext = 0
	} else {
		b.t.exts = append(b.t.exts, extension{urn: s.ID, key: quote(s.ID) + ":{", required: required, attrs: map[string]*Attr{}})
		b.t.urns = append(b.t.urns, urnKey{foldASCII(s.ID), ext})
	}
	for _, a := range s.Attributes {
		if ext == 0 && b.isCommon(a.Name) {
			continue
		}
		b.attr(a, nil, ext)
	}
	if s.Open != nil && ext > 0 {
		b.open(s, ext)
	}
}

func (b *compiler) isCommon(name string) bool {
	a, ok := b.t.byKey[foldASCII(name)]
	return ok && a.number <= b.t.metaSubs.version.number
}

func (b *compiler) open(s Schema, ext int) {
	def := *s.Open
	if def.Type == Complex {
		b.fail("schema %s: Open must not be Complex", s.ID)
		return
	}
	a := &Attr{Attribute: def, number: uint16(len(b.t.attrs)), ext: uint16(ext), open: true, t: b.t}
	b.t.attrs = append(b.t.attrs, a)
	b.t.top = append(b.t.top, a)
	b.t.exts[ext].open = a
}

// attr gives def a number and all its keys. Sub-attributes follow their parent.
func (b *compiler) attr(def Attribute, parent *Attr, ext int) *Attr {
	t := b.t
	a := &Attr{Attribute: def, number: uint16(len(t.attrs)), ext: uint16(ext), parent: parent, t: t, key: quote(def.Name) + ":"}
	a.path = a.canonicalPath()
	b.checkAttr(a)
	if len(t.attrs) == maxAttributes {
		b.fail("type %s: more than %d attributes", t.config.Name, maxAttributes)
		return a
	}
	t.attrs = append(t.attrs, a)
	if parent == nil {
		t.top = append(t.top, a)
		b.enter(t.exts[ext].attrs, a.Name, a)
	}
	b.enter(t.byPath, a.path, a)
	a.prep = preparationOf(a)
	if a.isPassword() {
		t.password = a
	}
	a.byName = map[string]*Attr{}
	for _, s := range def.Sub {
		sub := b.attr(s, a, ext)
		a.subs = append(a.subs, sub)
		b.enter(a.byName, sub.Name, sub)
	}
	a.ref = a.computedRef()
	return a
}

// computedRef returns "$ref" if it points to resources of one type by the id in
// "value". It is then not kept but written from the id and the base URL, so that
// it is right behind any proxy and after any move.
func (a *Attr) computedRef() *Attr {
	ref := a.SubAttr("$ref")
	if ref == nil || a.SubAttr("value") == nil || len(ref.References) != 1 {
		return nil
	}
	if r := ref.References[0]; r == "external" || r == "uri" {
		return nil
	}
	return ref
}

// IsComputed reports whether a is a "$ref" that follows from its sibling
// "value": what a client sends for it is dropped.
func (a *Attr) IsComputed() bool { return a.parent != nil && a.parent.ref == a }

func (a *Attr) canonicalPath() string {
	switch {
	case a.parent != nil:
		return a.parent.path + "." + a.Name
	case a.ext > 0:
		return a.t.exts[a.ext].urn + ":" + a.Name
	}
	return a.Name
}

// isPassword: a top-level writeOnly attribute of the base schema of that name.
// Other writeOnly attributes are data like any other, but never returned.
func (a *Attr) isPassword() bool {
	return a.parent == nil && a.ext == 0 && a.Mutability == WriteOnly && foldASCII(a.Name) == "password"
}

// enter makes a known under key, as it is and folded.
func (b *compiler) enter(m map[string]*Attr, key string, a *Attr) {
	if _, dup := m[foldASCII(key)]; dup {
		b.fail("schema %s: attribute %s is there twice", b.t.exts[a.ext].urn, a.path)
	}
	m[key], m[foldASCII(key)] = a, a
}

func (b *compiler) checkAttr(a *Attr) {
	where := fmt.Sprintf("schema %s: attribute %s", b.t.exts[a.ext].urn, a.path)
	if !validName(a.Name) {
		b.fail("%s: %q is no attribute name: a letter, then letters, digits, \"-\", \"_\" and \"$\"", where, a.Name)
	}
	if _, err := a.Type.MarshalText(); err != nil {
		b.fail("%s: there is no data type %d", where, a.Type)
	}
	if a.Type == Complex && a.parent != nil {
		b.fail("%s: a sub-attribute must not be Complex", where)
	}
	if a.Type == Complex && len(a.Sub) == 0 {
		b.fail("%s: a Complex attribute needs Sub", where)
	}
	if len(a.Sub) > maxSubs {
		b.fail("%s: more than %d sub-attributes", where, maxSubs)
	}
	if a.Type != Complex && len(a.Sub) > 0 {
		b.fail("%s: only a Complex attribute has Sub", where)
	}
	if a.Type != Reference && len(a.References) > 0 {
		b.fail("%s: only a Reference has References", where)
	}
}

// validName holds names to RFC 7643, section 2.1; "$ref" is the one exception.
func validName(name string) bool {
	if name == "$ref" {
		return true
	}
	for i, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '-' || c == '_' || c == '$')) {
			return false
		}
	}
	return name != ""
}

// Name returns the resource type's name, as "User".
func (t *Type) Name() string { return t.config.Name }

// Endpoint returns the path below the base URL, as "/Users".
func (t *Type) Endpoint() string { return t.config.Endpoint }

// Config returns what the type was compiled of. It must not be changed.
func (t *Type) Config() TypeConfig { return t.config }

// Attrs returns the top-level attributes, common ones first, then those of the
// base schema, then of each extension. The slice must not be changed. An open
// extension's keys are not among them.
func (t *Type) Attrs() []*Attr { return t.top }

// Attr finds an attribute by its path, ignoring case: "name.givenName",
// "urn:…:core:2.0:User:userName", "urn:…:enterprise:2.0:User:manager.value".
// A key of an open extension is always found. The separator after a URN may be
// a dot, as older Entra jobs write it.
func (t *Type) Attr(path string) (*Attr, bool) {
	if a, ok := t.byPath[path]; ok {
		return a, true
	}
	folded := foldASCII(path)
	if a, ok := t.byPath[folded]; ok {
		return a, true
	}
	for _, u := range t.urns {
		if len(folded) > len(u.folded)+1 && strings.HasPrefix(folded, u.folded) && strings.IndexByte(":.", folded[len(u.folded)]) >= 0 {
			return t.attrOf(u.ext, path[len(u.folded)+1:])
		}
	}
	return nil, false
}

// attrOf finds an attribute by its name below a URN.
func (t *Type) attrOf(ext int, rest string) (*Attr, bool) {
	e := &t.exts[ext]
	name, sub, dotted := strings.Cut(rest, ".")
	a := e.attrs[name]
	if a == nil {
		a = e.attrs[foldASCII(name)]
	}
	switch {
	case a != nil && !dotted:
		return a, true
	case a != nil:
		s := a.SubAttr(sub)
		return s, s != nil
	case e.open != nil && rest != "":
		return e.open.named(rest), true
	}
	return nil, false
}

// named returns the attribute for one key of an open extension. It is made
// anew each time; two are the same if number and folded name are.
func (a *Attr) named(name string) *Attr {
	n := *a
	n.Name = name
	n.path = a.t.exts[a.ext].urn + ":" + name
	n.key = quote(name) + ":"
	return &n
}

// ExtensionOf reports whether path is the URI of an extension, ignoring case,
// and returns the URI as it was registered. As a PATCH path it means all of the
// extension's data.
func (t *Type) ExtensionOf(path string) (urn string, ok bool) {
	folded := foldASCII(path)
	for _, u := range t.urns {
		if u.ext > 0 && u.folded == folded {
			return t.exts[u.ext].urn, true
		}
	}
	return "", false
}

// ExtensionAttr finds an attribute of the extension with that URI by its name
// alone, ignoring case.
func (t *Type) ExtensionAttr(urn, name string) (*Attr, bool) {
	for i := 1; i < len(t.exts); i++ {
		if t.exts[i].urn == urn {
			return t.attrOf(i, name)
		}
	}
	return nil, false
}
