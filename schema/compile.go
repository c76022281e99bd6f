package schema

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Compile checks c and makes a Type of it. The error joins everything that is
// wrong, each with the schema and the attribute it is in. c may be changed
// afterwards.
func Compile(c TypeConfig) (*Type, error) {
	if c.Endpoint == "" {
		c.Endpoint = "/" + c.Name + "s"
	}
	b := &compiler{t: &Type{
		config: c.clone(), quotedName: quote(c.Name),
		byPath: map[string]*Attr{},
	}}
	b.check()
	b.schema(b.t.config.Schema, false)
	for _, e := range b.t.config.Extensions {
		b.schema(e.Schema, e.Required)
	}
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	b.finish()
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

func (c TypeConfig) clone() TypeConfig {
	c.Schema = c.Schema.clone()
	c.Extensions = slices.Clone(c.Extensions)
	for i := range c.Extensions {
		c.Extensions[i].Schema = c.Extensions[i].Schema.clone()
	}
	return c
}

func (s Schema) clone() Schema {
	s.Attributes = cloneAttributes(s.Attributes)
	if s.Open != nil {
		s.Open = &cloneAttributes([]Attribute{*s.Open})[0]
	}
	return s
}

func cloneAttributes(attrs []Attribute) []Attribute {
	attrs = slices.Clone(attrs)
	for i := range attrs {
		a := &attrs[i]
		a.Canonical = slices.Clone(a.Canonical)
		a.References = slices.Clone(a.References)
		a.Sub = cloneAttributes(a.Sub)
	}
	return attrs
}

// maxAttributes is what the numbers of a tape can count.
const maxAttributes = 1 << 16

type compiler struct {
	t    *Type
	errs []error
	full bool // there are more than maxAttributes, which was reported
}

func (b *compiler) fail(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("schema: "+format, args...))
}

func (b *compiler) check() {
	c := &b.t.config
	if c.Name == "" {
		b.fail("a resource type needs a Name")
	}
	e := c.Endpoint
	if len(e) < 2 || e[0] != '/' || e[len(e)-1] == '/' || strings.ContainsAny(e, "?#{} ") {
		b.fail("type %s: endpoint %q must be a path such as \"/Users\"", c.Name, e)
	}
	if c.Schema.Open != nil {
		b.fail("schema %s: only an extension may be open", c.Schema.ID)
	}
}

// schema adds a schema: the base schema first, to which the common attributes
// belong.
func (b *compiler) schema(s Schema, required bool) {
	ext := len(b.t.exts)
	if !b.checkID(s.ID) {
		return
	}
	b.t.urns = append(b.t.urns, urnKey{foldASCII(s.ID), ext})
	b.t.exts = append(b.t.exts, extension{urn: s.ID, quoted: quote(s.ID), required: required})
	if ext == 0 {
		b.common()
	}
	for _, a := range s.Attributes {
		if ext > 0 || !b.isCommon(a.Name) {
			b.attr(a, nil, ext)
		}
	}
	if s.Open != nil && ext > 0 {
		b.open(s, ext)
	}
}

// checkID holds IDs to URIs: a key with a colon can then be told from the name
// of an attribute.
func (b *compiler) checkID(id string) bool {
	if id == "" {
		b.fail("type %s: a schema needs an ID", b.t.config.Name)
		return false
	}
	if findURN(b.t, id) >= 0 {
		b.fail("type %s: schema %s is there twice", b.t.config.Name, id)
		return false
	}
	if u, err := url.Parse(id); err != nil || u.Scheme == "" {
		b.fail("schema %s: the ID is no URI", id)
		return false
	}
	return true
}

// common adds the attributes that every resource has (RFC 7643, section 3.1).
// They win over a schema that lists them too.
func (b *compiler) common() {
	t := b.t
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

func (b *compiler) isCommon(name string) bool {
	a := b.t.byPath[foldASCII(name)]
	return a != nil && a.isCommon()
}

// open gives all keys of an open extension one number.
func (b *compiler) open(s Schema, ext int) {
	a := &Attr{Attribute: *s.Open, ext: uint16(ext), open: true, path: s.ID + ":*", t: b.t}
	b.number(a)
	if a.Type == Complex {
		b.fail("schema %s: Open must not be Complex", s.ID)
		return
	}
	b.checkType(a)
	a.prep = preparationOf(a)
	b.t.top = append(b.t.top, a)
	b.t.exts[ext].open = a
}

// attr gives def a number and a path. Sub-attributes follow their parent.
func (b *compiler) attr(def Attribute, parent *Attr, ext int) *Attr {
	t := b.t
	a := &Attr{Attribute: def, ext: uint16(ext), parent: parent, t: t}
	a.path = a.canonicalPath()
	b.number(a)
	b.checkName(a)
	b.checkType(a)
	key := foldASCII(a.path)
	if _, dup := t.byPath[key]; dup {
		b.fail("%s is there twice", a.where())
	}
	t.byPath[a.path], t.byPath[key] = a, a
	if parent == nil {
		t.top = append(t.top, a)
		t.exts[ext].top = append(t.exts[ext].top, a)
	}
	a.prep = preparationOf(a)
	if a.isPassword() {
		t.password = a
	}
	for _, s := range def.Sub {
		a.subs = append(a.subs, b.attr(s, a, ext))
	}
	a.subIndex = newAttrIndex(a.subs)
	a.findDefaultSubs()
	if a.Type == Boolean {
		for i := range a.bools {
			w := writer{t: t}
			w.scalar(a, kindTrue+kind(i), "")
			a.bools[i] = w.result()
		}
	}
	return a
}

// number numbers a. All that do not fit are reported once.
func (b *compiler) number(a *Attr) {
	if len(b.t.attrs) == maxAttributes {
		if !b.full {
			b.fail("%s: the type %s has more than %d attributes", a.where(), b.t.config.Name, maxAttributes)
		}
		b.full = true
		return
	}
	a.number = uint16(len(b.t.attrs))
	b.t.attrs = append(b.t.attrs, a)
	f := form{key: "," + quote(a.Name) + `:"`, ext: a.ext}
	copy(f.block[:], f.key)
	b.t.forms = append(b.t.forms, f)
}

// finish makes what needs all attributes.
func (b *compiler) finish() {
	t := b.t
	for i := range t.exts {
		t.exts[i].names = newAttrIndex(t.exts[i].top)
	}
	slices.SortStableFunc(t.urns, func(x, y urnKey) int { return len(y.folded) - len(x.folded) })
	for _, a := range t.top {
		if !a.open {
			t.declared = append(t.declared, a)
			for _, part := range append([]*Attr{a}, a.subs...) {
				if part.Mutability == Immutable {
					t.immutable = append(t.immutable, part)
				}
			}
		}
		if a.isRequired() || slices.ContainsFunc(a.subs, (*Attr).isRequired) {
			t.required = append(t.required, a)
		}
	}
	for i, a := range t.attrs {
		t.forms[i].refers, t.forms[i].holdsLists = a.ref != nil, a.holdsLists
		t.paths = append(t.paths, a.path)
	}
	t.usualMeta = `,"meta":{"resourceType":` + t.quotedName + `,"created":"`
	t.projection, t.without = t.defaultProjection(), map[string]*Projection{}
	for _, a := range t.declared {
		t.without[a.path] = t.Project(nil, []string{a.path})
	}
}

// isRequired reports whether a client must send a: what it can't send, or what
// is not kept, is never missing.
func (a *Attr) isRequired() bool {
	top := a.Top()
	return a.Required && a.Mutability != ReadOnly && top.Mutability != ReadOnly &&
		!top.isCommon() && !a.open && !a.IsPassword() && !a.IsComputed()
}

// findDefaultSubs finds them, when the sub-attributes are known, and what follows from them.
func (a *Attr) findDefaultSubs() {
	a.defaultSubs = defaultSubs{value: a.SubAttr("value"), label: a.SubAttr("type"), primary: a.SubAttr("primary")}
	a.holdsLists = slices.ContainsFunc(a.subs, func(s *Attr) bool { return s.MultiValued })
	ref := a.SubAttr("$ref")
	if a.value == nil || ref == nil || len(ref.References) == 0 {
		return
	}
	if r := ref.References[0]; r == "external" || r == "uri" {
		return
	}
	a.refers = true
	if len(ref.References) == 1 {
		a.ref = ref
	}
}

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
	return a.parent == nil && a.ext == 0 && a.Mutability == WriteOnly && equalFold(a.Name, "password")
}

// where names the schema and the attribute, for errors.
func (a *Attr) where() string {
	return fmt.Sprintf("schema %s: attribute %s", a.t.exts[a.ext].urn, a.path)
}

func (b *compiler) checkName(a *Attr) {
	if !validName(a.Name) {
		b.fail("%s: %q is no attribute name: a letter, then letters, digits, \"-\", \"_\" and \"$\"", a.where(), a.Name)
	}
	want := a.Type
	switch foldASCII(a.Name) {
	case "primary":
		want = Boolean
	case "$ref":
		want = Reference
	}
	if a.Type != want && a.parent != nil && a.parent.MultiValued {
		b.fail("%s: the type must be %s (RFC 7643, section 2.4)", a.where(), want)
	}
}

func (b *compiler) checkType(a *Attr) {
	if _, err := a.Type.MarshalText(); err != nil {
		b.fail("%s: there is no data type %d", a.where(), a.Type)
	}
	if a.Type == Complex && a.parent != nil {
		b.fail("%s: a sub-attribute must not be Complex", a.where())
	}
	if a.Type == Complex && len(a.Sub) == 0 {
		b.fail("%s: a Complex attribute needs Sub", a.where())
	}
	if len(a.Sub) > maxSubs {
		b.fail("%s: more than %d sub-attributes", a.where(), maxSubs)
	}
	if a.Type != Complex && len(a.Sub) > 0 {
		b.fail("%s: only a Complex attribute has Sub", a.where())
	}
	if a.Type != Reference && len(a.References) > 0 {
		b.fail("%s: only a Reference has References", a.where())
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
