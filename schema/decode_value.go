package schema

import (
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
	switch k := d.First(); {
	case k == 'n':
		d.Skip()
		return nil
	case k == '[':
		return d.array(a)
	case d.o.RefuseShapes:
		return invalid(a.path, "is a list, not "+kindName(k))
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
	k := d.First()
	err := d.single(a, true)
	d.close(o)
	d.hollow = k == '{' && len(d.nodes) == o
	return err
}

func (d *decoder) array(a *Attr) error {
	o, n := d.open(a, kindArray), 0
	for d.Enter(); d.More(']'); n++ {
		if err := d.single(a, true); err != nil {
			return err
		}
	}
	d.close(o)
	d.hollow = n > 0 && len(d.nodes) == o
	return nil
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
	k := d.First()
	isNumber := k == '-' || k >= '0' && k <= '9'
	switch {
	case k == '"' && a.Type != Complex:
		return d.string(a)
	case k == '{' && a.Type == Complex:
		return d.object(a)
	case (k == 't' || k == 'f') && a.Type == Boolean:
		d.boolean(a, string(d.Literal()) == "true")
		return nil
	case isNumber && (a.Type == Integer || a.Type == Decimal):
		return d.number(a)
	case k == 'n':
		d.Skip()
		return nil
	case k == '"':
		return d.bareID(a)
	case a.open && a.Type == String:
		d.anyAsString(a)
		return nil
	case k == '[' && !inList && !d.o.RefuseShapes:
		return d.unwrap(a)
	case k == '{' && inList && a.MultiValued && !d.o.RefuseShapes:
		return d.element(a)
	}
	return invalid(a.path, "is "+article(a.Type)+", not "+kindName(k))
}

func (d *decoder) scalar(a *Attr, k kind, begin int, flags uint8) {
	d.nodes = append(d.nodes, node{attr: a.number, kind: k, flags: flags, off: uint32(begin), size: uint32(len(d.text) - begin)})
}

func (d *decoder) boolean(a *Attr, v bool) { d.scalar(a, kindOf(v), len(d.text), flagPlain) }

func (d *decoder) number(a *Attr) error {
	raw := d.Literal()
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
	flags := d.unquoted()
	text := d.text[begin:]
	if len(text) == 0 && !d.o.KeepEmptyStrings {
		return nil
	}
	if a.Type == Boolean && !d.o.RefuseStringBooleans {
		if v, ok := parseBool(text); ok {
			d.text = d.text[:begin]
			d.note(a.path, "string taken as boolean")
			d.boolean(a, v)
			return nil
		}
	}
	if a.Type != String || a.prep == username && !d.verbatim && hasInvisible(text) {
		if err := checkString(a, string(text)); err != nil {
			return err
		}
	}
	switch c, ok := a.canonical(text); {
	case ok && c != string(text) && !d.verbatim:
		d.text = append(d.text[:begin], c...)
		flags = plain(c)
	case !ok && d.o.RefuseNonCanonical && len(a.Canonical) > 0:
		return invalid(a.path, "is one of "+strings.Join(a.Canonical, ", "))
	}
	d.scalar(a, kindString, begin, flags)
	return nil
}

// unquoted appends the text of the next JSON string.
func (d *decoder) unquoted() (flags uint8) {
	if text, ok := d.AppendPlain(d.text); ok {
		d.text = text
		return flagPlain
	}
	quoted, escaped := d.Quoted()
	switch {
	case escaped:
		begin := len(d.text)
		d.text = d.Unquote(d.text, quoted)
		return plain(d.text[begin:])
	case len(quoted) > 0:
		d.text = append(d.text, quoted[1:len(quoted)-1]...)
	}
	return flagPlain
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

// canonical returns text in the spelling that the schema declares, if it differs
// by case at most ("WORK"; RFC 7643, section 2.4).
func (a *Attr) canonical(text []byte) (string, bool) {
	for _, c := range a.Canonical {
		if c == string(text) {
			return c, true
		}
	}
	for _, c := range a.Canonical {
		if !a.CaseExact && strings.EqualFold(c, string(text)) {
			return c, true
		}
	}
	return "", false
}

// anyAsString reads any JSON value as a string: what an open extension keeps.
// Empty lists and objects are unassigned there, too.
func (d *decoder) anyAsString(a *Attr) {
	v := jsontext.Value(d.Value()).Clone()
	// An error means that it is no JSON, which d knows.
	_ = v.Compact()
	if s := string(v); s == "[]" || s == "{}" {
		return
	}
	begin := len(d.text)
	d.text = append(d.text, v...)
	d.note(a.path, "value taken as a string")
	d.scalar(a, kindString, begin, plain(d.text[begin:]))
}

// bareID reads a string where an object is declared: the id of a resource, as
// Entra sends a manager and old clients send members.
func (d *decoder) bareID(a *Attr) error {
	if !a.refers || d.o.RefuseShapes {
		return d.emptyOnly(a)
	}
	o := d.open(a, kindObject)
	err := d.string(a.value)
	d.close(o)
	if len(d.nodes) > o {
		d.note(a.path, "string taken as \"value\"")
	}
	return err
}

// emptyOnly takes "" for a complex attribute as unassigned and refuses any other
// string.
func (d *decoder) emptyOnly(a *Attr) error {
	if text, _ := d.Quoted(); len(text) == len(`""`) && !d.o.KeepEmptyStrings {
		return nil
	}
	return invalid(a.path, "is "+article(a.Type)+", not a string")
}

// unwrap reads a list where a single value is declared: one object, of which a
// simple attribute takes "value".
func (d *decoder) unwrap(a *Attr) error {
	i := len(d.nodes)
	d.Enter()
	for n := 0; d.More(']'); n++ {
		if n > 0 || d.First() != '{' {
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
	return nil
}

// element reads an object in a list of simple values: what "value" is in a list of complex
// ones, as identity providers write every list that has more than one value.
func (d *decoder) element(a *Attr) error {
	i := len(d.nodes)
	err := d.wrapped(a)
	if len(d.nodes) > i {
		d.note(a.path, "object taken as its \"value\"")
	}
	return err
}

// wrapped reads {"value": …} as the simple value it wraps.
func (d *decoder) wrapped(a *Attr) error {
	d.Enter()
	for seen := false; d.More('}'); {
		if !equalFold("value", d.Name()) {
			d.Skip()
			continue
		}
		if seen {
			return twice(a.path)
		}
		seen = true
		if d.First() == '{' {
			return invalid(a.path, "is "+article(a.Type)+", not an object")
		}
		if err := d.single(a, true); err != nil {
			return err
		}
	}
	return nil
}

// maxSubs is how many sub-attributes one word can count.
const maxSubs = bits.UintSize

// object reads a complex value.
func (d *decoder) object(a *Attr) error {
	o := d.open(a, kindObject)
	var seen uint
	last, unsorted := a.number, false
	place := d.guesses.within(a)
	for d.Enter(); d.More('}'); {
		s, name := d.member(place, a.subIndex)
		if s == nil {
			if err := d.unknownSub(a, string(name)); err != nil {
				return err
			}
			continue
		}
		place = d.guesses.behind(s)
		bit := uint(1) << (s.number - a.number - 1)
		if seen&bit != 0 {
			return twice(s.path)
		}
		seen |= bit
		if s.Mutability == ReadOnly && !d.verbatim || s.IsComputed() {
			d.Skip()
			continue
		}
		i := len(d.nodes)
		if err := d.attribute(s); err != nil {
			return err
		}
		if len(d.nodes) > i {
			unsorted = unsorted || s.number < last
			last = s.number
		}
	}
	if unsorted {
		d.sort(o + 1)
	}
	d.close(o)
	return nil
}

func (d *decoder) unknownSub(a *Attr, name string) error {
	path := a.path + "." + name
	if d.o.RefuseUnknown {
		return &Error{Type: ScimTypeInvalidSyntax, Path: clip(path), Msg: "is not a sub-attribute of " + a.path}
	}
	d.note(path, "unknown attribute ignored")
	d.Skip()
	return nil
}

// kindName names a kind of value by its first byte.
func kindName(first byte) string {
	switch first {
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 'n':
		return "null"
	}
	return "a number"
}
