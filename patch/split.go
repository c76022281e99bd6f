package patch

import (
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// Split takes the operations on members, a multi-valued attribute whose elements
// have the id of a resource in "value", out of ops and folds them into one delta.
// The order of the operations counts, as if each had been applied to the list.
// The error is an [*Error]: members can be added and removed but not changed
// (RFC 7643, section 4.2).
func Split(ops []Op, members *schema.Attr) (rest []Op, d MemberDelta, err error) {
	var f fold
	for i := range ops {
		op := &ops[i]
		if op.Target.Attr == nil || op.Target.Attr != members {
			rest = append(rest, *op)
			continue
		}
		if err := f.apply(op); err != nil {
			return nil, MemberDelta{}, err
		}
	}
	return rest, f.delta(), nil
}

// fold is a delta that is being made. The maps count: every id is in one of
// added and removed at most.
type fold struct {
	d       MemberDelta
	added   map[string]int // index into d.Add
	removed map[string]bool
}

func (f *fold) apply(op *Op) error {
	switch {
	case op.Target.Where != nil:
		return f.selected(op)
	case op.Target.Sub != nil:
		return op.fail(schema.ScimTypeMutability, "members can be added and removed, not changed")
	case op.Kind == Remove && op.Listed:
		return f.each(op, func(m Member) { f.remove(m.ID) })
	case op.Kind == Remove:
		f.replace()
		return nil
	case op.Kind == Replace:
		f.replace()
	}
	return f.each(op, f.add)
}

// selected works on members[…]: by id for "value eq", otherwise by a filter that is
// resolved later.
func (f *fold) selected(op *Op) error {
	id, byID := idOf(op)
	switch {
	case op.Kind == Remove && op.Target.Sub != nil:
		return op.fail(schema.ScimTypeMutability, "members can be added and removed, not changed")
	case op.Kind == Remove && byID:
		f.remove(id)
		return nil
	case op.Kind == Remove:
		f.removeWhere(op)
		return nil
	case !byID:
		return op.fail(schema.ScimTypeNoTarget, "name the member by members[value eq \"id\"]")
	case op.Target.Sub != nil && op.Target.Sub.Name == "value" && op.Value.String() != id:
		return op.fail(schema.ScimTypeMutability, "members can be added and removed, not changed")
	}
	f.add(Member{ID: id})
	return nil
}

// idOf returns the id of a filter that is value eq "id" and nothing else.
func idOf(op *Op) (string, bool) {
	terms, ok := op.Target.Where.Assertions()
	if !ok || len(terms) != 1 || terms[0].Sub == nil || terms[0].Sub.Name != "value" {
		return "", false
	}
	return terms[0].Value.String(), true
}

func (f *fold) each(op *Op, do func(Member)) error {
	for e := range op.Value.Elems() {
		m := MemberOf(e)
		if m.ID == "" {
			return op.fail(schema.ScimTypeInvalidValue, "each member needs a \"value\" with the id of a user or group")
		}
		do(m)
	}
	return nil
}

// Members reads the value of a whole "members" attribute as a delta that replaces
// the list. The error is an [*Error].
func Members(v schema.Value) (MemberDelta, error) {
	f := fold{d: MemberDelta{Replace: true}}
	op := Op{Index: -1, Value: v}
	if err := f.each(&op, f.add); err != nil {
		return MemberDelta{}, err
	}
	return f.delta(), nil
}

// MemberOf reads an element of "members". If "value" is missing, the id is the last
// part of "$ref".
func MemberOf(e schema.Value) Member {
	a := e.Attr()
	m := Member{
		ID:      e.Sub(a.SubAttr("value")).String(),
		Type:    e.Sub(a.SubAttr("type")).String(),
		Display: e.Sub(a.SubAttr("display")).String(),
	}
	if ref := e.Sub(a.SubAttr("$ref")).String(); m.ID == "" && ref != "" {
		m.ID = ref[strings.LastIndexByte(ref, '/')+1:]
	}
	return m
}

func (f *fold) replace() {
	*f = fold{d: MemberDelta{Replace: true}}
}

func (f *fold) add(m Member) {
	delete(f.removed, m.ID)
	if _, there := f.added[m.ID]; there {
		return
	}
	if f.added == nil {
		f.added = make(map[string]int)
	}
	f.added[m.ID] = len(f.d.Add)
	f.d.Add = append(f.d.Add, m)
}

func (f *fold) remove(id string) {
	f.drop(id)
	if f.d.Replace {
		return
	}
	if f.removed == nil {
		f.removed = make(map[string]bool)
	}
	f.removed[id] = true
}

// drop takes back an add. The place stays, without an id, until the delta is done.
func (f *fold) drop(id string) {
	if i, there := f.added[id]; there {
		f.d.Add[i] = Member{}
		delete(f.added, id)
	}
}

// removeWhere removes what the filter matches: of what was added so far now, of what
// the group has when it is resolved.
func (f *fold) removeWhere(op *Op) {
	for _, m := range f.d.Add {
		if m.ID != "" && op.Target.Where.Match(m.Value(op.Target.Attr)) {
			f.drop(m.ID)
		}
	}
	if !f.d.Replace {
		f.d.Where = append(f.d.Where, op.Target.Where)
	}
}

// Value makes an element of a, which is "members", of m.
func (m Member) Value(a *schema.Attr) schema.Value {
	var e schema.Value
	for name, text := range map[string]string{"value": m.ID, "type": m.Type, "display": m.Display} {
		if s := a.SubAttr(name); s != nil && text != "" {
			if v, err := s.Make(text); err == nil {
				e = e.With(a, s, v)
			}
		}
	}
	return e
}

func (f *fold) delta() MemberDelta {
	f.d.Add = slices.DeleteFunc(f.d.Add, func(m Member) bool { return m.ID == "" })
	for id := range f.removed {
		f.d.Remove = append(f.d.Remove, id)
	}
	slices.Sort(f.d.Remove)
	return f.d
}
