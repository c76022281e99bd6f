package patch

import (
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/internal/idindex"
	"github.com/muster-scim/muster/schema"
)

// MaxWhere bounds the removals of members by something else than their ids in one
// request: each has to look at every member. Identity providers send none.
const MaxWhere = 20

// Split takes the operations on members, a multi-valued attribute whose elements
// have the id of a resource in "value", out of ops and folds them into one delta.
// The order of the operations counts, as if each had been applied to the list. The
// error is an [*Error]: members can be added and removed but not changed (RFC 7643,
// section 4.2), and what the request itself adds can't be removed by its type or
// name again, which only the store knows.
func Split(ops []Op, members *schema.Attr) (rest []Op, d MemberDelta, err error) {
	var f fold
	rest = ops[:0:0]
	for i := range ops {
		op := &ops[i]
		switch {
		case members == nil || op.Target.Attr != members:
			rest = append(rest, *op)
		default:
			if err := f.apply(op); err != nil {
				return nil, MemberDelta{}, err
			}
		}
	}
	return rest, f.delta(), nil
}

// fold is a delta that is being made. An id is in one of added and removed at most.
type fold struct {
	d       MemberDelta
	added   idindex.Index // places in d.Add
	live    int           // of d.Add, without those that were taken back
	removed map[string]bool
	wheres  int
}

func (f *fold) apply(op *Op) error {
	switch {
	case op.Target.Where != nil:
		return f.selected(op)
	case op.Target.Sub != nil:
		return op.unchangeable()
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

func (op *Op) unchangeable() *Error {
	return op.fail(schema.ScimTypeMutability, "members can be added and removed, not changed")
}

func (f *fold) each(op *Op, do func(Member)) error {
	read := readerOf(op.Value)
	for e := range op.Value.Elems() {
		m := read.member(e)
		if m.ID == "" {
			return op.fail(schema.ScimTypeInvalidValue, "%s.value is missing: each element needs the id of a user or group", e.Attr().Path())
		}
		do(m)
	}
	return nil
}

// selected works on members[…]: by id for "value eq", otherwise by a filter that is
// resolved later. To replace a member by nothing is to remove it.
func (f *fold) selected(op *Op) error {
	id, byID := idOf(op)
	sub := op.Target.Sub
	gone := op.Kind == Remove || op.Kind == Replace && op.Value.IsZero()
	switch {
	case sub != nil && (gone || op.Kind == Replace && sub != op.Target.Attr.SubAttr("value")):
		return op.unchangeable()
	case gone && byID:
		f.remove(id)
		return nil
	case gone:
		return f.removeWhere(op)
	case !byID:
		return op.fail(schema.ScimTypeNoTarget, "name the member by members[value eq \"id\"]")
	case op.Value.IsZero():
		return nil
	}
	e := op.Value
	if sub != nil {
		e = schema.Value{}.With(op.Target.Attr, sub, op.Value)
	}
	m := MemberOf(e)
	if m.ID != "" && m.ID != id {
		return op.unchangeable()
	}
	m.ID = id
	f.add(m)
	return nil
}

// idOf returns the id of a filter that is value eq "id" and nothing else.
func idOf(op *Op) (string, bool) {
	terms, ok := op.Target.Where.Assertions()
	if !ok || len(terms) != 1 || terms[0].Sub != op.Target.Attr.SubAttr("value") {
		return "", false
	}
	return terms[0].Value.String(), true
}

func (f *fold) replace() {
	*f = fold{d: MemberDelta{Replace: true}, wheres: f.wheres}
}

func (f *fold) add(m Member) {
	if len(f.removed) > 0 {
		delete(f.removed, m.ID)
	}
	f.d.Add = append(f.d.Add, m)
	if !f.added.Add(len(f.d.Add)-1, f.id) {
		f.d.Add = f.d.Add[:len(f.d.Add)-1]
		return
	}
	f.live++
}

func (f *fold) id(place int) string { return f.d.Add[place].ID }

// grow makes room for n members more.
func (f *fold) grow(n int) {
	f.d.Add = slices.Grow(f.d.Add, n)
	f.added.Grow(n, f.id)
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
	if i, there := f.added.Find(id, f.id); there {
		f.d.Add[i] = Member{}
		f.live--
	}
}

// removeWhere removes what the filter matches: of what was added so far now, of what
// the group has when it is resolved.
func (f *fold) removeWhere(op *Op) error {
	where := op.Target.Where
	f.wheres++
	switch {
	case f.wheres > MaxWhere:
		return op.fail(schema.ScimTypeInvalidFilter, "more than %d removals by something else than the id", MaxWhere)
	case f.live > 0 && !onlyValue(where.Expr()):
		return op.fail(schema.ScimTypeInvalidFilter, "after members were added, remove by \"value\" alone")
	}
	for _, m := range f.d.Add {
		if m.ID != "" && where.Match(Member{ID: m.ID}.Value(op.Target.Attr)) {
			f.drop(m.ID)
		}
	}
	if !f.d.Replace {
		f.d.Where = append(f.d.Where, where)
	}
	return nil
}

// onlyValue reports whether a filter on members looks at nothing but their ids.
func onlyValue(e filter.Expression) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return onlyValue(e.Left) && onlyValue(e.Right)
	case *filter.NotExpression:
		return onlyValue(e.Expression)
	case *filter.AttributeExpression:
		return strings.EqualFold(e.AttributePath.AttributeName, "value")
	}
	return false
}

func (f *fold) delta() MemberDelta {
	f.d.Add = slices.DeleteFunc(f.d.Add, func(m Member) bool { return m.ID == "" })
	for id := range f.removed {
		f.d.Remove = append(f.d.Remove, id)
	}
	slices.Sort(f.d.Remove)
	return f.d
}
