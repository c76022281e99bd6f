package filter

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
)

// Match reports whether the resource matches (RFC 7644, section 3.4.2.2). A nil
// Filter matches every resource. Match may be called from many goroutines at once; as
// long as what is compared is ASCII it allocates nothing.
//
// If r is of another type than f was checked against, its attributes are found by
// their paths, and what its type does not have is unassigned: nothing is missed only
// because a schema was compiled twice.
//
//   - A multi-valued attribute matches if any value does, and attr[…] if any
//     one element matches all of the brackets. This goes for ne as well, so
//     that emails.type ne "work" asks for an e-mail that is not of type work,
//     and not (emails.type eq "work") for a user without any that is.
//   - ne is true of what is unassigned, every other comparison is false. A
//     "primary" that is missing counts as false (RFC 7643, section 2.4).
//   - Text is compared in the form of [schema.Attr.Key], on both sides, and
//     ordered by code points; numbers by value, dateTimes as instants, binaries
//     by their bytes.
//   - pr is true of what has a value other than "", be it false or 0.
//
// What a resource does not hold does not match: a group's members and a user's
// groups are edges, which the caller has to look at if [Filter.Mentions] says so.
func (f *Filter) Match(r *schema.Resource) bool {
	return f == nil || f.root.holds(scope{r: r})
}

// scope is what a node is asked about: a resource, or within brackets one
// element.
type scope struct {
	r *schema.Resource // nil within brackets
	v schema.Value
}

// node is a part of a checked filter: a conjunction, disjunction, *negation,
// *some, *presence or *term.
type node interface {
	holds(s scope) bool
}

// conjunction and disjunction have two operands at least, none of them of their
// own kind.
type (
	conjunction []node
	disjunction []node
)

// negation is the strict complement of its operand.
type negation struct{ operand node }

// some holds if one element matches.
type some struct {
	place
	filter node
}

// presence holds if there is a value.
type presence struct{ place }

// extended asks whether there is any data of an extension: the URI of one with pr.
type extended struct{ urn string }

// place says where values are.
type place struct {
	attr   *schema.Attr // what the filter names, or its "value"
	top    *schema.Attr // the attribute of the resource
	sub    *schema.Attr // the sub-attribute of its elements; nil for these themselves
	source source
}

// term compares values with a literal.
type term struct {
	place
	op     CompareOperator // any but PR
	absent bool            // what an element without a value gives

	// The literal, by kind.
	kind    kind
	key     string // in the form of attr.Key
	folds   bool   // attr.Key changes capitals
	boolean bool
	integer int64
	decimal float64
	instant time.Time
	data    []byte

	literal any    // as it was sent, but of the attribute's type
	base    string // of locations
}

// kind says how a term compares.
type kind uint8

const (
	isText kind = iota
	isBoolean
	isInteger
	isDecimal
	isInstant
	isBinary
)

// source says what holds the values of an attribute. Common attributes are kept
// beside the others; taking them from there makes no [schema.Value] of them.
type source uint8

const (
	onTape source = iota
	atSchemas
	atID
	atResourceType
	atCreated
	atLastModified
	atLocation
	atVersion
)

func sourceOf(a *schema.Attr) source {
	switch a.Path() {
	case "schemas":
		return atSchemas
	case "id":
		return atID
	case "meta.resourceType":
		return atResourceType
	case "meta.created":
		return atCreated
	case "meta.lastModified":
		return atLastModified
	case "meta.location":
		return atLocation
	case "meta.version":
		return atVersion
	}
	return onTape
}

func (c conjunction) holds(s scope) bool {
	for _, n := range c {
		if !n.holds(s) {
			return false
		}
	}
	return true
}

func (d disjunction) holds(s scope) bool {
	for _, n := range d {
		if n.holds(s) {
			return true
		}
	}
	return false
}

func (n *negation) holds(s scope) bool { return !n.operand.holds(s) }

func (n *some) holds(s scope) bool {
	for e := range s.r.Value(n.top).Elems() {
		if n.sub != nil {
			e = e.Sub(n.sub)
		}
		for v := range e.Elems() {
			if n.filter.holds(scope{v: v}) {
				return true
			}
		}
	}
	return false
}

func (n *extended) holds(s scope) bool { return slices.Contains(s.r.Schemas(), n.urn) }

func (p *presence) holds(s scope) bool {
	switch {
	case s.r == nil:
		return p.inElement(s.v)
	case p.source == atID, p.source == atLocation:
		return s.r.ID() != ""
	}
	for e := range s.r.Value(p.top).Elems() {
		if p.inElement(e) {
			return true
		}
	}
	return false
}

func (p *presence) inElement(e schema.Value) bool {
	if p.sub == nil {
		return hasValue(e)
	}
	return hasValue(e.Sub(p.sub))
}

// hasValue reports whether v, or anything in it, is more than "" (RFC 7644,
// table 3: "a non-empty or non-null value", "a non-empty node for complex
// attributes").
func hasValue(v schema.Value) bool {
	switch {
	case v.IsList():
		for e := range v.Elems() {
			if hasValue(e) {
				return true
			}
		}
		return false
	case v.IsObject():
		for _, m := range v.Members() {
			if hasValue(m) {
				return true
			}
		}
		return false
	}
	return v.String() != ""
}

func (t *term) holds(s scope) bool {
	switch {
	case s.r == nil:
		return t.inElement(s.v)
	case t.source != onTape:
		return t.inCommon(s.r)
	}
	v := s.r.Value(t.top)
	if v.IsZero() {
		return t.op == NE
	}
	if !v.IsList() {
		return t.inElement(v)
	}
	for e := range v.Elems() {
		if t.inElement(e) {
			return true
		}
	}
	return false
}

// inElement looks at one value of the attribute, or of the one before brackets.
func (t *term) inElement(e schema.Value) bool {
	if t.sub == nil {
		return t.accepts(e)
	}
	v := e.Sub(t.sub)
	if v.IsZero() {
		return t.absent
	}
	if !v.IsList() {
		return t.accepts(v)
	}
	for w := range v.Elems() {
		if t.accepts(w) {
			return true
		}
	}
	return false
}

// inCommon looks at what a resource keeps beside its other attributes. Times
// have the precision with which clients see them.
func (t *term) inCommon(r *schema.Resource) bool {
	switch t.source {
	case atID:
		return t.acceptsIf(r.ID() != "", r.ID())
	case atResourceType:
		return t.acceptsText(r.Type().Name())
	case atCreated:
		return t.acceptsStamp(r.Meta().Created)
	case atLastModified:
		return t.acceptsStamp(r.Meta().LastModified)
	case atVersion:
		return t.acceptsIf(r.Version() != "", schema.ETag(r.Version()))
	case atLocation:
		return t.acceptsIf(r.ID() != "", r.Type().Location(t.base, r.ID()))
	}
	for _, urn := range r.Schemas() {
		if t.acceptsText(urn) {
			return true
		}
	}
	return false
}

func (t *term) acceptsIf(assigned bool, text string) bool {
	if !assigned {
		return t.op == NE
	}
	return t.acceptsText(text)
}

func (t *term) acceptsStamp(stamp time.Time) bool {
	if stamp.IsZero() {
		return t.op == NE
	}
	return t.ordered(stamp.Truncate(time.Microsecond).Compare(t.instant))
}

// accepts compares a value that is assigned and no list.
func (t *term) accepts(v schema.Value) bool {
	switch t.kind {
	case isText:
		return t.acceptsText(v.String())
	case isBoolean:
		b, _ := v.Bool()
		return (b == t.boolean) == (t.op == EQ)
	case isInstant:
		instant, _ := v.Time()
		return t.ordered(instant.Compare(t.instant))
	case isBinary:
		data, err := schema.DecodeBinary(v.String())
		return (err == nil && bytes.Equal(data, t.data)) == (t.op == EQ)
	}
	return t.ordered(t.compareNumber(v))
}

// compareNumber compares integers without loss: a float64 holds 53 bits.
func (t *term) compareNumber(v schema.Value) int {
	if t.attr.Type == schema.Integer {
		if n, ok := v.Int(); ok {
			if t.kind == isInteger {
				return cmp.Compare(n, t.integer)
			}
			return compareMixed(n, t.decimal)
		}
	}
	f, _ := v.Float()
	return cmp.Compare(f, t.decimal)
}

func compareMixed(n int64, f float64) int {
	switch {
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Floor(f)
	if c := cmp.Compare(n, int64(whole)); c != 0 || whole == f {
		return c
	}
	return -1
}

// ordered turns the comparison of a value with the literal into the answer.
func (t *term) ordered(c int) bool {
	switch t.op {
	case EQ:
		return c == 0
	case NE:
		return c != 0
	case GT:
		return c > 0
	case GE:
		return c >= 0
	case LT:
		return c < 0
	}
	return c <= 0
}

// acceptsText compares text as it is stored.
func (t *term) acceptsText(s string) bool {
	if t.folds {
		switch letters := lettersOf(s); {
		case letters == capitals && len(s) <= maxInPlace:
			return t.acceptsCapitals(s)
		case letters != plain:
			s = t.attr.Key(s)
		}
	}
	switch t.op {
	case EQ:
		return s == t.key
	case NE:
		return s != t.key
	case CO:
		return strings.Contains(s, t.key)
	case SW:
		return strings.HasPrefix(s, t.key)
	case EW:
		return strings.HasSuffix(s, t.key)
	}
	return t.ordered(strings.Compare(s, t.key))
}

// letters says what has to be done to text to make it comparable.
type letters uint8

const (
	plain    letters = iota // nothing
	capitals                // ASCII that has some
	foreign                 // more than ASCII
)

func lettersOf(s string) letters {
	found := plain
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80:
			return foreign
		case 'A' <= c && c <= 'Z':
			found = capitals
		}
	}
	return found
}

// maxInPlace bounds what is compared without a copy in lower case, since looking
// for a part that way takes time by the product of both lengths. Names and
// addresses are shorter.
const maxInPlace = 256

// acceptsCapitals is acceptsText for ASCII with capitals: it compares in lower
// case, without a copy.
func (t *term) acceptsCapitals(s string) bool {
	switch t.op {
	case EQ:
		return len(s) == len(t.key) && beginsWith(s, t.key)
	case NE:
		return len(s) != len(t.key) || !beginsWith(s, t.key)
	case CO:
		return contains(s, t.key)
	case SW:
		return beginsWith(s, t.key)
	case EW:
		return len(s) >= len(t.key) && beginsWith(s[len(s)-len(t.key):], t.key)
	}
	return t.ordered(compareLower(s, t.key))
}

// lower makes an ASCII capital a small letter.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= toLower
	}
	return c
}

// beginsWith reports whether s in lower case has the prefix key.
func beginsWith(s, key string) bool {
	if len(s) < len(key) {
		return false
	}
	for i := range len(key) {
		if lower(s[i]) != key[i] {
			return false
		}
	}
	return true
}

func contains(s, key string) bool {
	for i := 0; i+len(key) <= len(s); i++ {
		if beginsWith(s[i:], key) {
			return true
		}
	}
	return false
}

// compareLower compares s in lower case with key.
func compareLower(s, key string) int {
	for i := range min(len(s), len(key)) {
		if c := cmp.Compare(lower(s[i]), key[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(s), len(key))
}
