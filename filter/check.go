package filter

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// Checking says what [Check], [CheckElement] and [ResolvePath] refuse that real
// identity providers send. The zero value is the tolerant one, see also
// [StrictChecking]. It is a plain value.
type Checking struct {
	// RefuseStringBooleans refuses a boolean in quotes, as in
	// roles[primary eq "True"], which Entra ID sends in the paths of PATCH
	// operations.
	RefuseStringBooleans bool

	// RefuseBareNumbers refuses an integer where text is declared, as in
	// externalId eq 701984. Otherwise its digits are the text: whoever leaves
	// out the quotes, see [Leniency], does so around all text.
	RefuseBareNumbers bool

	// RefuseDates refuses a date without a time, as in
	// meta.lastModified gt "2025-03-01". Otherwise it means midnight UTC.
	RefuseDates bool

	// RefuseShortNames refuses an attribute of an extension without the URI,
	// as in manager.value eq "26118915". Otherwise it is found if just one
	// extension has it and the base schema has not.
	RefuseShortNames bool

	// RefuseBareReferences refuses to compare a single reference to a resource
	// as a whole, as in manager eq "26118915", with which Entra ID checks
	// references. Otherwise its "value" is compared. Lists of them are
	// compared by "value" always (RFC 7644, section 3.4.2.2 has an example).
	RefuseBareReferences bool

	// KeepEmptyStrings says that "" is a value that others can be compared
	// with. Otherwise eq "" means eq null and ne "" means ne null, as in
	// [schema.Decoding].
	KeepEmptyStrings bool

	// BaseURL is what meta.location starts with, as
	// "https://example.com/scim/v2". A resource does not hold its location,
	// so without BaseURL nothing can be compared with it.
	BaseURL string
}

// StrictChecking follows RFC 7644 to the letter.
func StrictChecking() Checking {
	return Checking{
		RefuseStringBooleans: true,
		RefuseBareNumbers:    true,
		RefuseDates:          true,
		RefuseShortNames:     true,
		RefuseBareReferences: true,
		KeepEmptyStrings:     true,
	}
}

// TypeError says why a filter or path does not fit a resource type. It is the
// type of every error of [Check], [CheckElement] and [ResolvePath]. The handler
// makes it a 400 with "invalidFilter" or "invalidPath" (RFC 7644, table 9). It
// never holds a value that attributes are compared with.
type TypeError struct {
	// Path is the attribute: in canonical spelling, or if there is no such
	// attribute as it was sent, shortened. It is empty if the fault is not
	// with an attribute.
	Path string

	// Msg says what is wrong and what is allowed.
	Msg string

	// InFilter says that the fault is in a filter, which may be one in the
	// brackets of a PATCH path. Otherwise the path itself is at fault.
	InFilter bool

	// Unknown says that there is no such attribute or sub-attribute.
	Unknown bool
}

// Error returns the path and the message. It is fit to be shown to the client
// that sent the text.
func (e *TypeError) Error() string {
	if e.Path == "" {
		return "filter: " + e.Msg
	}
	return "filter: " + e.Path + ": " + e.Msg
}

// Check holds e against the attributes of t: it resolves paths, ignoring case
// (RFC 7644, section 3.10), and checks that each operator and value fits the
// attribute (section 3.4.2.2). The result matches resources without looking
// anything up again. A nil e, which is no filter, is a nil Filter.
//
// Every error is a [*TypeError]. An attribute that t does not have is one, and
// so is a value of the wrong type: a client that is told so can be mended,
// while one that finds nothing creates duplicates. A password and whatever else
// is writeOnly can't be used, since the answers would tell its value bit by bit;
// what is merely never returned can (RFC 7643, section 7). Check may be called
// from many goroutines at once.
func Check(e Expression, t *schema.Type, o Checking) (*Filter, error) {
	if e == nil {
		return nil, nil
	}
	c := checker{t: t, o: o, inFilter: true}
	root, err := c.expression(e)
	if err != nil {
		return nil, err
	}
	return &Filter{expr: e, t: t, root: root}, nil
}

// checker turns an Expression into the nodes that match.
type checker struct {
	t        *schema.Type
	of       *schema.Attr // within brackets: the attribute before them
	o        Checking
	inFilter bool // goes into errors
}

func (c checker) expression(e Expression) (node, error) {
	switch e := e.(type) {
	case *AttributeExpression:
		return c.comparison(e)
	case *LogicalExpression:
		return c.logical(e)
	case *NotExpression:
		n, err := c.expression(e.Expression)
		return &negation{n}, err
	case *ValuePath:
		return c.valuePath(e)
	}
	return nil, c.fail("", "an operand is missing")
}

func (c checker) logical(e *LogicalExpression) (node, error) {
	op := LogicalOperator(strings.ToLower(string(e.Operator)))
	if op != AND && op != OR {
		return nil, c.fail("", "there is no logical operator %s", quote(string(e.Operator)))
	}
	var nodes []node
	for _, operand := range operands(e, op) {
		n, err := c.expression(operand)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	if op == OR {
		return disjunction(nodes), nil
	}
	return conjunction(nodes), nil
}

// operands returns what a chain of one operator joins, from left to right. It
// follows the left in a loop, since that is how chains lean.
func operands(e Expression, op LogicalOperator) []Expression {
	var right [][]Expression
	for {
		l, ok := e.(*LogicalExpression)
		if !ok || !isKeyword(string(l.Operator), string(op)) {
			break
		}
		right = append(right, operands(l.Right, op))
		e = l.Left
	}
	all := []Expression{e}
	for _, r := range slices.Backward(right) {
		all = append(all, r...)
	}
	return all
}

// valuePath checks attr[…] (RFC 7644, table 5). A complex attribute that is not
// multi-valued may stand there too: it is one element.
func (c checker) valuePath(e *ValuePath) (node, error) {
	if c.of != nil {
		return nil, c.fail(c.of.Path(), "a value filter can't hold another")
	}
	a, err := c.find(joined(e.AttributePath))
	if err != nil {
		return nil, err
	}
	if !a.MultiValued && a.Type != schema.Complex {
		return nil, c.fail(a.Path(), "has a single value without sub-attributes, so brackets have nothing to choose from")
	}
	n := &some{place: c.placeOf(a)}
	c.of = a
	n.filter, err = c.expression(e.ValueFilter)
	return n, err
}

// comparison checks one term.
func (c checker) comparison(e *AttributeExpression) (node, error) {
	op, value := CompareOperator(strings.ToLower(string(e.Operator))), e.CompareValue
	if op == PR && c.of == nil {
		if urn, ok := c.t.ExtensionOf(joined(e.AttributePath)); ok {
			return &extended{urn}, nil
		}
	}
	a, err := c.attribute(e.AttributePath)
	if err != nil {
		return nil, err
	}
	if a.IsComputed() {
		if op, value, err = c.reference(a, op, value); err != nil {
			return nil, err
		}
		a = a.Parent().SubAttr("value")
	}
	if op == PR || value == nil && (op == EQ || op == NE) {
		return c.presence(a, op), nil
	}
	if a, err = c.simple(a); err != nil {
		return nil, err
	}
	if value == "" && !c.o.KeepEmptyStrings && (op == EQ || op == NE) {
		return c.presence(a, op), nil
	}
	return c.term(a, op, value)
}

// presence is what pr, "ne null" and its complement "eq null" ask for.
func (c checker) presence(a *schema.Attr, op CompareOperator) node {
	p := &presence{c.placeOf(a)}
	if op == EQ {
		return &negation{p}
	}
	return p
}

// reference turns a comparison of a "$ref" that is not kept but follows from its
// sibling "value" into one of that: the id is the last segment of the URI. What
// is before it differs with the address by which the client knows the service
// provider.
func (c checker) reference(a *schema.Attr, op CompareOperator, value any) (CompareOperator, any, error) {
	uri, isText := value.(string)
	if op != EQ && op != NE || !isText {
		if op == PR || value == nil {
			return op, value, nil
		}
		return op, nil, c.fail(a.Path(), `follows from "value": it takes eq, ne and pr, and a URI in double quotes`)
	}
	id := uri[strings.LastIndexByte(uri, '/')+1:]
	if unescaped, err := url.PathUnescape(id); err == nil {
		id = unescaped
	}
	if id == "" && uri != "" {
		return op, nil, c.fail(a.Path(), "is compared with a URI that ends with an id")
	}
	return op, id, nil
}

// attribute finds what a term is about, in brackets or outside.
func (c checker) attribute(p AttributePath) (*schema.Attr, error) {
	var a *schema.Attr
	var err error
	if c.of == nil {
		a, err = c.find(joined(p))
	} else {
		a, err = c.inside(p)
	}
	if err != nil {
		return nil, err
	}
	return a, c.mayCompare(a)
}

// mayCompare refuses secrets (RFC 7643, section 7, "writeOnly" and "never").
func (c checker) mayCompare(a *schema.Attr) error {
	if a.IsPassword() || a.Mutability == schema.WriteOnly || a.Top().Mutability == schema.WriteOnly {
		return c.fail(a.Path(), "is writeOnly, so a filter can't use it")
	}
	return nil
}

// joined returns the text that a path was split from, see "Paths" in the package
// documentation.
func joined(p AttributePath) string {
	if p.URIPrefix == nil && p.SubAttribute == nil {
		return p.AttributeName
	}
	return string(appendPath(nil, p))
}

// find returns the attribute at a path.
func (c checker) find(path string) (*schema.Attr, error) {
	if a, ok := c.t.Attr(path); ok {
		return a, nil
	}
	if a := c.short(path); a != nil && !c.o.RefuseShortNames {
		return a, nil
	}
	return nil, c.unknown(path)
}

// short finds an attribute of an extension by its name alone, if there is just
// one of that name.
func (c checker) short(path string) *schema.Attr {
	name, sub, dotted := strings.Cut(path, ".")
	var found *schema.Attr
	for _, a := range c.t.Attrs() {
		// The attribute that stands for the keys of an open extension has no
		// path of its own.
		if a.URN() == "" || a.Path() == "" || !strings.EqualFold(a.Name, name) {
			continue
		}
		if found != nil {
			return nil
		}
		found = a
	}
	if found != nil && dotted {
		return found.SubAttr(sub)
	}
	return found
}

// unknown says what may have been meant by a path that is not found.
func (c checker) unknown(path string) error {
	e := c.fail(clip(path), "is not an attribute of %s", c.t.Name())
	e.Unknown = true
	if urn, ok := c.t.ExtensionOf(path); ok {
		e.Path, e.Msg, e.Unknown = urn, "is a schema; the attribute is missing", false
		return e
	}
	if strings.EqualFold(path, c.t.Config().Schema.ID) {
		e.Msg, e.Unknown = "is the schema of the resource itself; the attribute is missing", false
		return e
	}
	if a := c.short(path); a != nil {
		e.Msg += "; " + a.Path() + " is"
		return e
	}
	if dot := strings.LastIndexByte(path, '.'); dot >= 0 {
		if a, ok := c.t.Attr(path[:dot]); ok {
			e.Path = a.Path()
			e.Msg = fmt.Sprintf("has no sub-attribute %s%s", quote(path[dot+1:]), subNames(a, "; it has "))
		}
	}
	return e
}

// subNames lists the sub-attributes of a behind a few words, if it has any.
func subNames(a *schema.Attr, words string) string {
	if len(a.Subs()) == 0 {
		return ""
	}
	var names []string
	for _, s := range a.Subs() {
		names = append(names, s.Name)
	}
	return words + strings.Join(names, ", ")
}

// inside finds a sub-attribute of the attribute before the brackets: nothing
// else may stand there (RFC 7644, section 3.4.2.2). The elements of a list of
// simple values are called "value".
func (c checker) inside(p AttributePath) (*schema.Attr, error) {
	if p.URIPrefix == nil && p.SubAttribute == nil {
		if s := c.of.SubAttr(p.AttributeName); s != nil {
			return s, nil
		}
		if c.of.Type != schema.Complex && isKeyword(p.AttributeName, "value") {
			return c.of, nil
		}
	}
	allowed := subNames(c.of, "; its brackets may name ")
	if allowed == "" {
		allowed = `; its brackets may name "value"`
	}
	e := c.fail(c.of.Path(), "has no sub-attribute %s%s", quote(joined(p)), allowed)
	e.Unknown = true
	return nil, e
}

// simple returns what is compared if a is named: of a list of complex values
// their "value" (RFC 7644, section 3.4.2.2: emails co "example.com").
func (c checker) simple(a *schema.Attr) (*schema.Attr, error) {
	if a.Type != schema.Complex {
		return a, nil
	}
	value, ref := a.SubAttr("value"), a.SubAttr("$ref")
	isReference := ref != nil && ref.IsComputed() && !c.o.RefuseBareReferences
	if value == nil || !a.MultiValued && !isReference {
		return nil, c.fail(a.Path(), "is complex: compare one of its sub-attributes, such as %s", a.Subs()[0].Path())
	}
	return value, c.mayCompare(value)
}

// placeOf says where the values of a are.
func (c checker) placeOf(a *schema.Attr) place {
	p := place{attr: a, top: a.Top(), source: sourceOf(a)}
	if a.Parent() != nil && a != c.of {
		p.sub = a
	}
	return p
}

// fail makes an error about the attribute at path.
func (c checker) fail(path, format string, args ...any) *TypeError {
	return &TypeError{Path: path, Msg: fmt.Sprintf(format, args...), InFilter: c.inFilter}
}

// clip keeps what a client sent as a name from filling logs.
func clip(name string) string {
	const most = 200
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}
