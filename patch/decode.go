package patch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// URN identifies a PATCH request (RFC 7644, section 3.5.2).
const URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// Request is a decoded PATCH request.
type Request struct {
	Ops []Op

	// Notes tell what the dialect took as something else than what was sent.
	Notes []schema.Note
}

// Decode reads the body of a PATCH request for a resource of type t. The error is
// an [*Error].
func Decode(t *schema.Type, body []byte, o Options) (Request, error) {
	d := decoder{t: t, o: o}
	raw, err := readEnvelope(body, o)
	if err != nil {
		return Request{}, err
	}
	for i, r := range raw {
		if err := d.operation(i, r); err != nil {
			return Request{}, err
		}
	}
	return Request{Ops: d.ops, Notes: d.notes}, nil
}

// member is one name and value of a JSON object; the value is a part of the body.
type member struct {
	name  string
	value jsontext.Value
}

// rawOp is an operation as it stands in the body.
type rawOp struct{ op, path, value jsontext.Value }

// readEnvelope reads the body's own members. Names ignore case; what it does not
// know is skipped.
func readEnvelope(body []byte, o Options) ([]rawOp, error) {
	members, err := readObject(body)
	if err != nil {
		return nil, err
	}
	var ops []rawOp
	sawSchemas, sawOps := false, false
	for _, m := range members {
		switch strings.ToLower(m.name) {
		case "schemas":
			if !strings.Contains(strings.ToLower(string(m.value)), strings.ToLower(URN)) && len(m.value) > len("[]") {
				return nil, whole("\"schemas\" of a PATCH must be [\"" + URN + "\"].")
			}
			sawSchemas = len(m.value) > len("[]") && m.value.Kind() == '['
		case "operations":
			if sawOps {
				return nil, whole("\"Operations\" is there twice.")
			}
			sawOps = true
			if ops, err = readOps(m.value); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case len(ops) == 0:
		return nil, whole("\"Operations\" must be a list of at least one operation.")
	case !sawSchemas && o.RefuseMissingSchemas:
		return nil, whole("\"schemas\" is missing; it must be [\"" + URN + "\"].")
	}
	return ops, nil
}

func readOps(list jsontext.Value) ([]rawOp, error) {
	if list.Kind() != '[' {
		return nil, whole("\"Operations\" must be a list.")
	}
	var ops []rawOp
	err := eachElement(list, func(v jsontext.Value) error {
		if v.Kind() != '{' {
			return &Error{Index: len(ops), Type: schema.ScimTypeInvalidSyntax, Msg: "an operation must be an object"}
		}
		members, err := readObject(v)
		if err != nil {
			return err
		}
		var op rawOp
		for _, m := range members {
			switch strings.ToLower(m.name) {
			case "op":
				op.op = m.value
			case "path":
				op.path = m.value
			case "value":
				op.value = m.value
			}
		}
		ops = append(ops, op)
		return nil
	})
	return ops, err
}

// readObject splits a JSON object into its members, in their order. Two names that
// differ only in case are one name twice, and refused by who looks at them.
func readObject(data []byte) ([]member, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
	if dec.PeekKind() != '{' {
		return nil, whole("A JSON object is expected.")
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, notJSON(dec)
	}
	var members []member
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, notJSON(dec)
		}
		m := member{name: name.String()}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, notJSON(dec)
		}
		end := int(dec.InputOffset())
		m.value = data[end-len(value) : end]
		members = append(members, m)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, notJSON(dec)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, whole("Something follows the JSON object.")
	}
	return members, nil
}

func eachElement(list jsontext.Value, do func(jsontext.Value) error) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(list), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return notJSON(dec)
	}
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return notJSON(dec)
		}
		end := int(dec.InputOffset())
		if err := do(list[end-len(value) : end]); err != nil {
			return err
		}
	}
	return nil
}

func notJSON(dec *jsontext.Decoder) error {
	return whole(fmt.Sprintf("The document is not valid JSON in UTF-8 near byte %d.", dec.InputOffset()))
}

// decoder collects the operations of one request.
type decoder struct {
	t     *schema.Type
	o     Options
	ops   []Op
	notes []schema.Note
}

func (d *decoder) note(path, rule string) {
	d.notes = append(d.notes, schema.Note{Path: clip(path), Rule: rule})
}

// operation reads one operation; without a path it becomes several.
func (d *decoder) operation(i int, r rawOp) error {
	op := Op{Index: i}
	if err := d.kind(&op, r.op); err != nil {
		return err
	}
	hasPath, err := d.path(&op, r)
	if err != nil {
		return err
	}
	hasValue := len(r.value) > 0
	switch {
	case op.Kind == Remove && !hasPath:
		return op.fail(schema.ScimTypeNoTarget, "remove needs a path")
	case op.Kind != Remove && !hasValue:
		return op.fail(schema.ScimTypeInvalidSyntax, "%s needs a value", op.Kind)
	case !hasPath:
		return d.pathless(op, r.value)
	}
	return d.target(op, r.value)
}

func (d *decoder) kind(op *Op, raw jsontext.Value) error {
	text, ok := stringOf(raw)
	if ok {
		for k := Add; k <= Replace; k++ {
			if strings.EqualFold(text, k.String()) {
				if text != k.String() {
					d.note("op", "case of op ignored")
				}
				op.Kind = k
				return nil
			}
		}
	}
	return op.fail(schema.ScimTypeInvalidSyntax, "op must be \"add\", \"remove\" or \"replace\"")
}

// path reads the path and reports whether there is one.
func (d *decoder) path(op *Op, r rawOp) (bool, error) {
	if len(r.path) == 0 || r.path.Kind() == 'n' {
		return false, nil
	}
	text, ok := stringOf(r.path)
	if !ok {
		return false, op.fail(schema.ScimTypeInvalidSyntax, "path must be a string")
	}
	op.Path = text
	if text == "" {
		if len(r.value) == 0 || r.value.Kind() != '{' || d.o.RefuseEmptyPath {
			return false, op.fail(schema.ScimTypeInvalidPath, "the path is empty")
		}
		d.note("path", "empty path taken as none")
		return false, nil
	}
	return true, nil
}

// stringOf reads a JSON string.
func stringOf(raw jsontext.Value) (string, bool) {
	if len(raw) == 0 || raw.Kind() != '"' {
		return "", false
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return string(text), err == nil
}

// pathless makes an operation of each key of the value.
func (d *decoder) pathless(op Op, raw jsontext.Value) error {
	if raw.Kind() != '{' {
		return op.fail(schema.ScimTypeInvalidValue, "without a path the value must be an object of attributes")
	}
	return d.keys(op, "", raw)
}

// keys makes an operation of each member of an object: attributes of the
// resource, or with prefix a URN those of an extension.
func (d *decoder) keys(op Op, urn string, raw jsontext.Value) error {
	members, err := readObject(raw)
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		folded := strings.ToLower(m.name)
		if seen[folded] {
			return op.fail(schema.ScimTypeInvalidSyntax, "%s is there twice; names ignore case", clip(m.name))
		}
		seen[folded] = true
		key := op
		key.Key, key.Path, key.Target = true, m.name, filter.Target{}
		if urn != "" {
			key.Path = urn + ":" + m.name
		}
		if err := d.key(key, urn, m); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) key(op Op, urn string, m member) error {
	if urn != "" {
		if a, ok := d.t.ExtensionAttr(urn, m.name); ok {
			op.Target.Attr = a.Top()
			if a.Parent() != nil {
				op.Target.Sub = a
			}
			return d.resolved(op, m.value)
		}
	}
	if d.o.RefuseKeyPaths {
		if a, ok := d.t.Attr(m.name); ok && a.Parent() != nil {
			return op.fail(schema.ScimTypeInvalidSyntax, "a key must be the name of an attribute, not a path")
		}
	}
	return d.target(op, m.value)
}

// target resolves the path and reads the value as what it targets.
func (d *decoder) target(op Op, raw jsontext.Value) error {
	path, err := filter.ParsePath(op.Path, d.o.Path)
	if err == nil {
		op.Target, err = filter.ResolvePath(path, d.t, d.o.Checking)
	}
	if err != nil {
		return d.unresolved(op, err)
	}
	return d.resolved(op, raw)
}

// unresolved ignores paths that are well formed but name what the type does not
// have, as bodies of POST and PUT ignore such keys.
func (d *decoder) unresolved(op Op, err error) error {
	e, ok := errors.AsType[*filter.TypeError](err)
	_, syntax := errors.AsType[*filter.SyntaxError](err)
	if ok && e.Unknown && !e.InFilter && !d.o.RefuseUnknown || syntax && op.Key && !d.o.RefuseUnknown {
		d.note(op.Path, "unknown attribute ignored")
		return nil
	}
	return op.wrap(err)
}

func (d *decoder) resolved(op Op, raw jsontext.Value) error {
	if op.Target.URN != "" {
		return d.extension(op, raw)
	}
	if op.Target.Attr == d.schemas() {
		d.note("schemas", "follows from the data; ignored")
		return nil
	}
	if skip, err := d.readOnly(&op, raw); skip || err != nil {
		return err
	}
	if op.Target.Attr.IsPassword() {
		return d.password(op, raw)
	}
	if err := d.value(&op, raw); err != nil {
		return err
	}
	d.ops = append(d.ops, op)
	return nil
}

func (d *decoder) schemas() *schema.Attr {
	a, _ := d.t.Attr("schemas")
	return a
}

// extension spreads an operation on all of an extension's data.
func (d *decoder) extension(op Op, raw jsontext.Value) error {
	null := isNull(raw)
	switch {
	case op.Kind == Remove || null && op.Kind == Replace:
		op.Kind = Remove
		d.ops = append(d.ops, op)
		return nil
	case null:
		return nil
	case raw.Kind() != '{':
		return op.fail(schema.ScimTypeInvalidValue, "is an object with the extension's attributes")
	}
	return d.keys(op, op.Target.URN, raw)
}

// isNull reports whether a value stands for unassigned by itself.
func isNull(raw jsontext.Value) bool {
	return len(raw) == 0 || raw.Kind() == 'n' || string(raw) == `""`
}

// readOnly says what is done with an operation on what clients can't change.
// "id" is compared when the resource is known.
func (d *decoder) readOnly(op *Op, raw jsontext.Value) (skip bool, err error) {
	t := op.Target
	if t.Sub != nil && t.Sub.IsComputed() {
		d.note(op.Path, "$ref follows from value; ignored")
		return true, nil
	}
	if t.Attr.Mutability != schema.ReadOnly && (t.Sub == nil || t.Sub.Mutability != schema.ReadOnly) {
		return false, nil
	}
	if !op.Key || d.o.RefuseReadOnlyKeys {
		return false, op.fail(schema.ScimTypeMutability, "is readOnly")
	}
	if t.Attr.Path() == "id" {
		if v, ok := stringOf(raw); ok && op.Kind != Remove {
			op.Value, err = t.Attr.Make(v)
			d.ops = append(d.ops, *op)
		}
		return true, err
	}
	d.note(op.Path, "readOnly attribute ignored")
	return true, nil
}

func (d *decoder) password(op Op, raw jsontext.Value) error {
	if op.Kind == Remove || isNull(raw) {
		return nil
	}
	text, ok := stringOf(raw)
	if !ok {
		return op.fail(schema.ScimTypeInvalidValue, "is a string")
	}
	op.Password = schema.NewSecret(text)
	d.ops = append(d.ops, op)
	return nil
}

// value reads the value as what the target is.
func (d *decoder) value(op *Op, raw jsontext.Value) error {
	t := op.Target
	if op.Kind == Remove {
		return d.removed(op, raw)
	}
	a := t.Attr
	if t.Sub != nil {
		a = t.Sub
	}
	if t.Sub != nil && t.Attr.MultiValued && t.Where == nil {
		return op.fail(schema.ScimTypeNoTarget, "%s is multi-valued: say which element, as in %s[type eq \"work\"].%s", t.Attr.Path(), t.Attr.Path(), t.Sub.Name)
	}
	op.Null = isNull(raw)
	if string(raw) == `""` && a.Required && a.Parent() == nil {
		return op.fail(schema.ScimTypeInvalidValue, "is required and must not be empty")
	}
	read := schema.DecodeValue
	if t.Where != nil && t.Sub == nil {
		if read = schema.DecodeElement; op.Null || string(raw) == "[]" {
			return nil // replaced by nothing, they go
		}
	}
	v, notes, err := read(a, raw, d.o.Decoding)
	if err != nil {
		return op.wrap(err)
	}
	op.Value = v
	d.notes = append(d.notes, notes...)
	if a.Type == schema.Complex && raw.Kind() == '{' {
		op.Cleared, err = clearedSubs(a, raw, v)
	}
	return err
}

// removed reads the value of a remove: which elements go (Entra, authentik), or
// an object that has the list under the attribute's name (Salesforce).
func (d *decoder) removed(op *Op, raw jsontext.Value) error {
	t := op.Target
	a := t.Attr
	if t.Sub != nil && !t.Attr.MultiValued {
		a = t.Sub
	}
	if len(raw) == 0 || raw.Kind() == 'n' || t.Where != nil || a == t.Attr && t.Sub != nil || !a.MultiValued {
		return nil
	}
	if d.o.RefuseRemoveByValue {
		return op.fail(schema.ScimTypeInvalidSyntax, "remove takes no value: select elements by a filter in the path")
	}
	d.note(op.Path, "only the listed values removed")
	op.Listed = true
	if inner, ok := underName(a, raw); ok {
		raw = inner
	}
	v, notes, err := schema.DecodeValue(a, raw, d.o.Decoding)
	if err != nil {
		return op.wrap(err)
	}
	op.Value = v
	d.notes = append(d.notes, notes...)
	return nil
}

// underName finds the list in {"members": […]}.
func underName(a *schema.Attr, raw jsontext.Value) (jsontext.Value, bool) {
	if raw.Kind() != '{' || a.SubAttr(a.Name) != nil {
		return nil, false
	}
	members, err := readObject(raw)
	if err != nil {
		return nil, false
	}
	for _, m := range members {
		if strings.EqualFold(m.name, a.Name) {
			return m.value, true
		}
	}
	return nil, false
}

// clearedSubs returns the sub-attributes that an object names but gives no value.
func clearedSubs(a *schema.Attr, raw jsontext.Value, v schema.Value) ([]*schema.Attr, error) {
	members, err := readObject(raw)
	if err != nil {
		return nil, err
	}
	var cleared []*schema.Attr
	for _, m := range members {
		s := a.SubAttr(m.name)
		if s != nil && s.Mutability != schema.ReadOnly && !s.IsComputed() && v.Sub(s).IsZero() {
			cleared = append(cleared, s)
		}
	}
	return cleared, nil
}
