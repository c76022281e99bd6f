package schema

import (
	"bytes"
	"math/bits"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// This file has the part of the decoder that reads values, once it is known which
// attribute they are of.

func (d *decoder) attribute(a *Attr) error {
	if a.MultiValued {
		return d.list(a)
	}
	return d.single(a, false)
}

// list reads the value of a multi-valued attribute.
func (d *decoder) list(a *Attr) error {
	switch k := d.dec.PeekKind(); {
	case k == 'n':
		return d.dec.SkipValue()
	case k == '[':
		return d.array(a)
	case d.o.RefuseShapes:
		return d.refuse(invalid(a.path, "is a list, not "+kindName(k)))
	}
	i := len(d.nodes)
	err := d.listOfOne(a)
	if len(d.nodes) > i {
		d.note(a.path, "single value taken as a list")
	}
	return err
}

// listOfOne reads one element as the list.
func (d *decoder) listOfOne(a *Attr) error {
	o := d.open(a, kindArray)
	if err := d.single(a, true); err != nil {
		return err
	}
	d.close(o)
	return nil
}

func (d *decoder) array(a *Attr) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	o := d.open(a, kindArray)
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
	k := d.dec.PeekKind()
	switch {
	case k == '"' && a.Type != Complex:
		return d.string(a)
	case k == '{' && a.Type == Complex:
		return d.object(a)
	case (k == 't' || k == 'f') && a.Type == Boolean:
		return d.boolean(a, k == 't')
	case k == '0' && (a.Type == Integer || a.Type == Decimal):
		return d.number(a)
	case k == 'n':
		return d.dec.SkipValue()
	case k == '"':
		return d.bareID(a)
	case a.open && a.Type == String:
		return d.anyAsString(a)
	case k == '[' && !inList && !d.o.RefuseShapes:
		return d.unwrap(a)
	}
	return d.refuse(invalid(a.path, "is "+article(a.Type)+", not "+kindName(k)))
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
	_, err := d.dec.ReadToken()
	d.scalar(a, kindOf(v), len(d.text), flagPlain)
	return err
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
	if len(text) == 0 && !d.o.KeepEmptyStrings {
		return nil
	}
	if a.Type == Boolean && !d.o.RefuseStringBooleans {
		if v, ok := parseBool(text); ok {
			d.text = d.text[:begin]
			d.note(a.path, "string taken as boolean")
			d.scalar(a, kindOf(v), begin, flagPlain)
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
	return plain(d.text[begin:]), err
}

func parseBool(text []byte) (v, ok bool) {
	switch {
	case equalFold("true", text):
		return true, true
	case equalFold("false", text):
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
	}
	for _, c := range a.Canonical {
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
// Empty lists and objects are unassigned there, too.
func (d *decoder) anyAsString(a *Attr) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	v := raw.Clone()
	if err := v.Compact(); err != nil {
		return err
	}
	if k := v.Kind(); (k == '[' || k == '{') && len(v) == len("[]") {
		return nil
	}
	begin := len(d.text)
	d.text = append(d.text, v...)
	d.note(a.path, "value taken as a string")
	d.scalar(a, kindString, begin, plain(d.text[begin:]))
	return nil
}

// bareID reads a string where an object is declared: the id of a resource, as
// Entra sends a manager and old clients send members.
func (d *decoder) bareID(a *Attr) error {
	if !a.refers || d.o.RefuseShapes {
		return d.emptyOnly(a)
	}
	o := d.open(a, kindObject)
	if err := d.string(a.value); err != nil {
		return err
	}
	d.close(o)
	if len(d.nodes) > o {
		d.note(a.path, "string taken as \"value\"")
	}
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

// unwrap reads a list where a single value is declared: one object, of which a
// simple attribute takes "value".
func (d *decoder) unwrap(a *Attr) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	i := len(d.nodes)
	for n := 0; d.dec.PeekKind() != ']'; n++ {
		if n > 0 || d.dec.PeekKind() != '{' {
			return d.refuse(invalid(a.path, "is "+article(a.Type)+", not a list"))
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
	seen := false
	return d.members(func(name []byte) error {
		if !equalFold("value", name) {
			return d.dec.SkipValue()
		}
		if seen {
			return twice(a.path)
		}
		seen = true
		return d.single(a, true)
	})
}

// maxSubs is how many sub-attributes one word can count.
const maxSubs = bits.UintSize

// object reads a complex value.
func (d *decoder) object(a *Attr) error {
	var seen uint
	last, unsorted := 0, false
	o := d.open(a, kindObject)
	err := d.members(func(name []byte) error {
		s := subAttr(a, name)
		if s == nil {
			return d.unknownSub(a, string(name))
		}
		bit := uint(1) << (s.number - a.number - 1)
		if seen&bit != 0 {
			return twice(s.path)
		}
		seen |= bit
		if s.Mutability == ReadOnly || s.IsComputed() {
			return d.dec.SkipValue()
		}
		i := len(d.nodes)
		if err := d.attribute(s); err != nil {
			return err
		}
		if len(d.nodes) > i {
			unsorted = unsorted || int(s.number) < last
			last = int(s.number)
		}
		return nil
	})
	if unsorted {
		d.sort(o + 1)
	}
	d.close(o)
	return err
}

func (d *decoder) unknownSub(a *Attr, name string) error {
	path := a.path + "." + clip(name)
	if d.o.RefuseUnknown {
		return d.refuse(&Error{Type: ScimTypeInvalidSyntax, Path: path, Msg: "is not a sub-attribute of " + a.path})
	}
	d.note(path, "unknown attribute ignored")
	return d.dec.SkipValue()
}
