package patch

import (
	"errors"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/internal/jsonscan"
	"github.com/muster-scim/muster/schema"
)

// URN identifies a PATCH request (RFC 7644, section 3.5.2).
const URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// MaxOps bounds the operations of one request, where each key of a value without a
// path is one: an operation takes up many times the memory of its text. The identity
// providers that say how many they send stay below 1,000.
const MaxOps = 10_000

// Request is a decoded PATCH request.
type Request struct {
	Ops []Op

	// Notes tell what the dialect took as something else than what was sent; one
	// that would say the same again is left out.
	Notes []schema.Note
}

// Decode reads the body of a PATCH request for a resource of type t. The error is
// an [*Error]. body is not kept.
func Decode(t *schema.Type, body []byte, o Options) (Request, error) {
	d := decoder{t: t, o: o}
	if err := d.body(body); err != nil {
		return Request{}, err
	}
	return Request{Ops: d.ops, Notes: d.notes}, nil
}

// decoder collects the operations of one request.
type decoder struct {
	t     *schema.Type
	o     Options
	ops   []Op
	notes []schema.Note
}

// maxNotes bounds the notes of one request, which end in a log.
const maxNotes = 100

func (d *decoder) note(notes ...schema.Note) {
	for _, n := range notes {
		if len(d.notes) < maxNotes && !slices.Contains(d.notes, n) {
			d.notes = append(d.notes, n)
		}
	}
}

func (d *decoder) noteAt(op *Op, rule string) {
	d.note(schema.Note{Path: op.shownPath(), Rule: rule})
}

// add keeps an operation that has been read.
func (d *decoder) add(op Op) error {
	if len(d.ops) == MaxOps {
		return op.fail(schema.ScimTypeInvalidValue, "more than %d attributes in one request", MaxOps)
	}
	d.ops = append(d.ops, op)
	return nil
}

// body reads the body's own members. Names ignore case; what it does not know is
// skipped.
func (d *decoder) body(body []byte) error {
	var schemas, list jsontext.Value
	err := eachMember(body, func(name []byte, value jsontext.Value) error {
		switch {
		case isNamed(name, "schemas"):
			schemas = value
		case isNamed(name, "Operations") && list != nil:
			return whole("\"Operations\" is there twice.")
		case isNamed(name, "Operations"):
			list = value
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := d.schemas(schemas); err != nil {
		return err
	}
	return d.operations(list)
}

// schemas reports whether the body says that it is a PATCH.
func (d *decoder) schemas(raw jsontext.Value) error {
	said, found := false, false
	look := func(v jsontext.Value) error {
		said = true
		found = found || v.Kind() == '"' && isNamed(unquoted(v), URN)
		return nil
	}
	switch {
	case len(raw) == 0 || raw.Kind() == 'n':
	case raw.Kind() == '[':
		if err := eachElement(raw, look); err != nil {
			return err
		}
	case !d.o.RefuseMissingSchemas:
		_ = look(raw)
	}
	switch {
	case found || !said && !d.o.RefuseMissingSchemas:
		return nil
	case said:
		return whole("\"schemas\" of a PATCH must be [\"" + URN + "\"].")
	}
	return whole("\"schemas\" is missing; it must be [\"" + URN + "\"].")
}

func (d *decoder) operations(list jsontext.Value) error {
	n := 0
	if len(list) > 0 && list.Kind() == '[' {
		s := jsonscan.Again(list)
		for s.Enter(); s.More(']'); n++ {
			if err := d.operation(Op{Index: n}, &s); err != nil {
				return err
			}
		}
	}
	if n == 0 {
		return whole("\"Operations\" must be a list of at least one operation.")
	}
	return nil
}

// operation reads the next operation; without a path it becomes several.
func (d *decoder) operation(op Op, s *jsonscan.Scanner) error {
	if op.Index >= MaxOps {
		return op.fail(schema.ScimTypeInvalidValue, "more than %d operations in one request", MaxOps)
	}
	if s.First() != '{' {
		return op.fail(schema.ScimTypeInvalidSyntax, "an operation must be an object")
	}
	r, err := op.parts(s)
	if err != nil {
		return err
	}
	if err := d.kind(&op, r.op); err != nil {
		return err
	}
	hasPath, err := d.path(&op, r)
	if err != nil {
		return err
	}
	switch {
	case op.Kind == Remove && !hasPath:
		return op.fail(schema.ScimTypeNoTarget, "remove needs a path")
	case op.Kind != Remove && len(r.value) == 0:
		return op.fail(schema.ScimTypeInvalidSyntax, "%s needs a value", op.Kind)
	case !hasPath && d.o.RefuseNoPath:
		return op.fail(schema.ScimTypeInvalidSyntax, "every operation needs a path")
	case !hasPath && r.value.Kind() != '{':
		return op.fail(schema.ScimTypeInvalidValue, "without a path the value must be an object of attributes")
	case !hasPath:
		return d.keys(op, "", r.value)
	}
	if err := d.find(&op); err != nil {
		return d.unresolved(&op, err)
	}
	return d.resolved(op, r.value)
}

// parts has the members of an operation as they stand in the body.
type parts struct{ op, path, value jsontext.Value }

func (op *Op) parts(s *jsonscan.Scanner) (p parts, err error) {
	for s.Enter(); s.More('}'); {
		name, value := s.Name(), s.Value()
		var part *jsontext.Value
		switch {
		case isNamed(name, "op"):
			part = &p.op
		case isNamed(name, "path"):
			part = &p.path
		case isNamed(name, "value"):
			part = &p.value
		default:
			continue
		}
		if *part != nil {
			return p, op.twice(string(name))
		}
		*part = value
	}
	return p, nil
}

func (d *decoder) kind(op *Op, raw jsontext.Value) error {
	var text []byte
	if len(raw) > 0 && raw.Kind() == '"' {
		text = unquoted(raw)
	}
	for k := Add; k <= Replace; k++ {
		if !isNamed(text, k.String()) {
			continue
		}
		if string(text) != k.String() {
			d.note(schema.Note{Path: "op", Rule: "case of op ignored"})
		}
		op.Kind = k
		return nil
	}
	return op.fail(schema.ScimTypeInvalidSyntax, "op must be \"add\", \"remove\" or \"replace\"")
}

// path reads the path and reports whether there is one.
func (d *decoder) path(op *Op, r parts) (bool, error) {
	if len(r.path) == 0 || r.path.Kind() == 'n' {
		return false, nil
	}
	text, ok := stringOf(r.path)
	if !ok {
		return false, op.fail(schema.ScimTypeInvalidSyntax, "path must be a string")
	}
	op.Path = text
	if text != "" {
		return true, nil
	}
	if len(r.value) == 0 || r.value.Kind() != '{' || d.o.RefuseEmptyPath {
		return false, op.fail(schema.ScimTypeInvalidPath, "the path is empty")
	}
	d.note(schema.Note{Path: "path", Rule: "empty path taken as none"})
	return false, nil
}

// find resolves the path.
func (d *decoder) find(op *Op) error {
	if a, ok := d.t.Attr(op.Path); ok && a.Path() == op.Path && a.Parent() == nil && a.URN() == "" {
		op.Target.Attr = a // a plain name needs no parser
		return nil
	}
	path, err := filter.ParsePath(op.Path, d.o.Path)
	if err == nil {
		op.Target, err = filter.ResolvePath(path, d.t, d.o.Checking)
	}
	return err
}

// keys makes an operation of each member of an object: attributes of the
// resource, or with urn those of an extension.
func (d *decoder) keys(op Op, urn string, object jsontext.Value) error {
	seen := map[string]bool{}
	return eachMember(object, func(text []byte, value jsontext.Value) error {
		name := string(text)
		folded := foldASCII(name)
		if seen[folded] {
			return op.twice(name)
		}
		seen[folded] = true
		key := Op{Index: op.Index, Kind: op.Kind, Key: true, Path: name}
		if urn != "" {
			key.Path = urn + ":" + name
		}
		if err := d.findKey(&key, urn, name); err != nil {
			return d.unresolved(&key, err)
		}
		return d.key(key, urn != "", value)
	})
}

// findKey resolves a key. What has brackets may be a path with a filter on an
// attribute that a schema declares; all other keys are looked up as they are, since
// those of an open extension need not be paths.
func (d *decoder) findKey(op *Op, urn, name string) error {
	if strings.IndexByte(name, '[') >= 0 && d.find(op) == nil {
		if a, _ := d.t.Attr(op.Target.Attr.Path()); a == op.Target.Attr {
			return nil
		}
	}
	a, ok := d.t.ExtensionAttr(urn, name)
	if urn == "" {
		a, ok = d.t.Attr(name)
	}
	if !ok {
		return d.find(op)
	}
	op.Target = filter.Target{Attr: a.Top()}
	if a.Parent() != nil {
		op.Target.Sub = a
	}
	return nil
}

// key reads the value of a key that was found; inside says that it stands in the
// object of an extension.
func (d *decoder) key(op Op, inside bool, raw jsontext.Value) error {
	t := op.Target
	qualified := !inside && t.URN == "" && strings.IndexByte(op.Path, ':') >= 0
	if t.Sub != nil || t.Where != nil || qualified {
		if d.o.RefuseKeyPaths {
			return op.fail(schema.ScimTypeInvalidSyntax, "a key must be the name of an attribute, not a path")
		}
		d.noteAt(&op, "key taken as a path")
	}
	return d.resolved(op, raw)
}

// unresolved ignores what is well formed but names what the type does not have, and
// any key, as bodies of POST and PUT ignore them.
func (d *decoder) unresolved(op *Op, err error) error {
	e, ok := errors.AsType[*filter.TypeError](err)
	unknown := ok && e.Unknown && !e.InFilter || op.Key && !ok
	switch {
	case unknown && !d.o.RefuseUnknown:
		d.noteAt(op, "unknown attribute ignored")
		return nil
	case unknown && op.Key:
		return op.fail(schema.ScimTypeInvalidSyntax, "is not an attribute of %s", d.t.Name())
	}
	failure := op.wrap(err)
	if unknown && d.o.UnknownIsSyntax {
		failure.Type = schema.ScimTypeInvalidSyntax
	}
	return failure
}

// resolved reads the value, now that the target is known.
func (d *decoder) resolved(op Op, raw jsontext.Value) error {
	t := op.Target
	if t.URN != "" {
		return d.extension(op, raw)
	}
	if t.Attr.Path() == "schemas" {
		d.note(schema.Note{Path: "schemas", Rule: "follows from the data; ignored"})
		return nil
	}
	if t.Sub != nil && t.Sub.IsComputed() {
		d.noteAt(&op, "$ref follows from value; ignored")
		return nil
	}
	if t.Attr.Mutability == schema.ReadOnly || t.Sub != nil && t.Sub.Mutability == schema.ReadOnly {
		return d.readOnly(op, raw)
	}
	if t.Attr.IsPassword() {
		return d.password(op, raw)
	}
	if t.Where != nil && t.Sub == nil && d.o.RefuseElements {
		return op.fail(schema.ScimTypeInvalidPath, "a sub-attribute must follow the filter")
	}
	if err := d.value(&op, raw); err != nil {
		return err
	}
	return d.add(op)
}

// extension spreads an operation on all of an extension's data.
func (d *decoder) extension(op Op, raw jsontext.Value) error {
	switch null := d.unassigns(raw); {
	case op.Kind == Remove || null && op.Kind == Replace:
		op.Kind = Remove
		return d.add(op)
	case null:
		return nil
	case raw.Kind() != '{':
		return op.fail(schema.ScimTypeInvalidValue, "is an object with the extension's attributes")
	}
	return d.keys(op, op.Target.URN, raw)
}

// unassigns reports whether a value stands for unassigned by itself.
func (d *decoder) unassigns(raw jsontext.Value) bool {
	return len(raw) == 0 || raw.Kind() == 'n' || string(raw) == `""` && !d.o.Decoding.KeepEmptyStrings
}

// readOnly says what is done with an operation on what clients can't change. As a
// key it is ignored; "id" is compared when the resource is known.
func (d *decoder) readOnly(op Op, raw jsontext.Value) error {
	if op.Key && op.Target.Attr.Path() == "id" {
		if d.unassigns(raw) {
			return nil
		}
		id, _ := stringOf(raw)
		op.Value, _ = op.Target.Attr.Make(id)
		return d.add(op)
	}
	if !op.Key || d.o.RefuseReadOnlyKeys {
		return op.fail(schema.ScimTypeMutability, "is readOnly")
	}
	d.noteAt(&op, "readOnly attribute ignored")
	return nil
}

// password splits a new password off. There is no way to take one away.
func (d *decoder) password(op Op, raw jsontext.Value) error {
	if d.o.Decoding.RefusePasswords {
		return op.fail(schema.ScimTypeInvalidSyntax, "is not supported")
	}
	if op.Kind == Remove || d.unassigns(raw) || string(raw) == `""` {
		return nil
	}
	text, ok := stringOf(raw)
	if !ok {
		return op.fail(schema.ScimTypeInvalidValue, "is a string")
	}
	var err error
	if op.Password, err = schema.PreparePassword(text); err != nil {
		return op.wrap(err)
	}
	return d.add(op)
}
