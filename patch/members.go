package patch

import (
	"net/url"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// Member is one element of a group's "members".
type Member struct {
	ID      string
	Type    string // "User" or "Group"; empty if nobody said
	Display string // for reading; stores need not keep it
}

// MemberOf reads an element of "members". If "value" is missing, the id is the last
// part of "$ref".
func MemberOf(e schema.Value) Member { return readerOf(e).member(e) }

// memberReader knows the sub-attributes of "members", so that they are looked up once
// for a list.
type memberReader struct{ value, typ, display, ref *schema.Attr }

// readerOf returns a reader for a list of members, or for one.
func readerOf(v schema.Value) memberReader {
	a := v.Attr()
	if a == nil {
		return memberReader{}
	}
	return memberReader{a.SubAttr("value"), a.SubAttr("type"), a.SubAttr("display"), a.SubAttr("$ref")}
}

func (r memberReader) member(e schema.Value) (m Member) {
	for s, v := range e.Members() {
		switch s {
		case r.value:
			m.ID = v.String()
		case r.typ:
			m.Type = v.String()
		case r.display:
			m.Display = v.String()
		}
	}
	if m.ID == "" {
		m.ID = idIn(e.Sub(r.ref).String())
	}
	return m
}

// idIn returns the id that a URI of a resource ends with; empty if there is none.
func idIn(ref string) string {
	id, _ := url.PathUnescape(ref[strings.LastIndexByte(ref, '/')+1:])
	return id
}

// Value makes an element of a, which is "members", of m.
func (m Member) Value(a *schema.Attr) schema.Value {
	var e schema.Value
	for _, sub := range [...]struct{ name, text string }{{"value", m.ID}, {"type", m.Type}, {"display", m.Display}} {
		s := a.SubAttr(sub.name)
		if s == nil || sub.text == "" {
			continue
		}
		// What a schema takes for no value of s is left out.
		if v, err := s.Make(sub.text); err == nil {
			e = e.With(a, s, v)
		}
	}
	return e
}

// Members reads the value of a whole "members" attribute as a delta that replaces
// the list. The error is an [*Error].
func Members(v schema.Value) (MemberDelta, error) {
	f := fold{d: MemberDelta{Replace: true}}
	f.grow(v.Len())
	op := Op{Index: -1, Value: v}
	if err := f.each(&op, f.add); err != nil {
		return MemberDelta{}, err
	}
	return f.delta(), nil
}
