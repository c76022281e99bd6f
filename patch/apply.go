package patch

import (
	"slices"

	"github.com/muster-scim/muster/schema"
)

// Result is what operations made of a resource.
type Result struct {
	Resource *schema.Resource

	// Changed has the canonical paths of the top-level attributes that differ;
	// it is empty if nothing does, and Resource is then the one that came in.
	Changed []string

	// Password is set if one of the operations set it.
	Password schema.Secret
}

// maxListOps bounds the operations of one request on lists, each of which may have
// to look at every element.
const maxListOps = 1000

// Apply applies ops to r in order, each to the result of the one before (RFC 7644,
// section 3.5.2), and checks what is required and immutable at the end. r is not
// changed. The error is an [*Error]; then nothing is applied.
//
// Operations on members of groups must have been taken out by [Split].
func Apply(r *schema.Resource, ops []Op, o Options) (Result, error) {
	s := state{old: r, b: r.Edit(), o: o}
	for i := range ops {
		if err := s.apply(&ops[i]); err != nil {
			return Result{}, err
		}
	}
	s.closeLists()
	edited, err := s.b.Build()
	if err != nil {
		return Result{}, (&Op{Index: -1}).wrap(err)
	}
	changed := edited.Changed(r)
	if len(changed) == 0 {
		return Result{Resource: r, Password: s.password}, nil
	}
	if err := check(r, edited, changed); err != nil {
		return Result{}, err
	}
	return Result{Resource: edited, Changed: changed, Password: s.password}, nil
}

// check refuses a change that unassigns what is required or changes what is
// immutable. Attributes that the request did not touch are not looked at: a
// resource that was incomplete before must not become unchangeable.
func check(old, edited *schema.Resource, changed []string) error {
	for _, path := range changed {
		a, _ := old.Type().Attr(path)
		was, is := old.Value(a), edited.Value(a)
		switch {
		case a.Mutability == schema.Immutable && !was.IsZero():
			return &Error{-1, schema.ScimTypeMutability, path, path + " is immutable and has a value already."}
		case a.Required && is.IsZero():
			return &Error{-1, schema.ScimTypeMutability, path, path + " is required and can't be removed."}
		}
		if err := checkSubs(a, was, is); err != nil {
			return err
		}
	}
	if urn := old.Type().MissingExtension(edited); urn != "" && old.Type().MissingExtension(old) == "" {
		return &Error{-1, schema.ScimTypeMutability, urn, urn + " is required and can't be removed."}
	}
	return nil
}

func checkSubs(a *schema.Attr, was, is schema.Value) error {
	for _, s := range a.Subs() {
		switch {
		case s.Required && s.Mutability != schema.ReadOnly:
			for e := range is.Elems() {
				if e.Sub(s).IsZero() {
					return &Error{-1, schema.ScimTypeInvalidValue, s.Path(), s.Path() + " is required."}
				}
			}
		case s.Mutability == schema.Immutable && !a.MultiValued:
			if v := was.Sub(s); !v.IsZero() && !is.IsZero() && !v.Identical(is.Sub(s)) {
				return &Error{-1, schema.ScimTypeMutability, s.Path(), s.Path() + " is immutable and has a value already."}
			}
		}
	}
	return nil
}

// state is a resource between two operations.
type state struct {
	old      *schema.Resource
	b        *schema.Builder
	o        Options
	lists    []*list
	listOps  int
	password schema.Secret
}

func (s *state) apply(op *Op) error {
	t := op.Target
	switch {
	case t.URN != "":
		s.closeLists()
		s.b.ClearExtension(t.URN)
		return nil
	case op.Password.IsSet():
		s.password = op.Password
		return nil
	case t.Attr.Path() == "id":
		if op.Value.String() != s.old.ID() {
			return op.fail(schema.ScimTypeMutability, "is readOnly")
		}
		return nil
	case t.Attr.MultiValued:
		if s.listOps++; s.listOps > maxListOps {
			return op.fail(schema.ScimTypeInvalidValue, "the request has more than %d operations on lists", maxListOps)
		}
		return s.list(t.Attr).apply(op, s.o)
	case t.Attr.Type == schema.Complex:
		s.complex(op)
		return nil
	}
	s.simple(op)
	return nil
}

func (s *state) simple(op *Op) {
	if op.Kind == Remove {
		op.Value = schema.Value{}
	}
	s.b.Put(op.Target.Attr, op.Value)
}

// complex works on a singular complex attribute: values are merged, sub by sub.
func (s *state) complex(op *Op) {
	a, sub := op.Target.Attr, op.Target.Sub
	now := s.b.Value(a)
	switch {
	case sub != nil && sub.MultiValued:
		l := &list{a: sub, elems: slices.Collect(now.Sub(sub).Elems())}
		l.whole(op)
		now = now.With(a, sub, sub.List(l.elems))
	case sub != nil && op.Kind == Remove:
		now = now.With(a, sub, schema.Value{})
	case sub != nil:
		now = now.With(a, sub, op.Value)
	case op.Kind == Remove || op.Null:
		now = schema.Value{}
	case op.Kind == Replace && s.o.OverwriteComplex:
		now = op.Value
	default:
		now = merge(a, now, op)
	}
	s.b.Put(a, now)
}

// merge puts what the operation's object has over v: values over values, and null
// or "" takes them away.
func merge(a *schema.Attr, v schema.Value, op *Op) schema.Value {
	v = v.Merge(op.Value)
	for _, s := range op.Cleared {
		v = v.With(a, s, schema.Value{})
	}
	return v
}

// list is a multi-valued attribute while operations are applied.
type list struct {
	a     *schema.Attr
	elems []schema.Value
}

// list opens a multi-valued attribute, or goes on with it.
func (s *state) list(a *schema.Attr) *list {
	for _, l := range s.lists {
		if l.a.Path() == a.Path() {
			return l
		}
	}
	l := &list{a: a, elems: slices.Collect(s.b.Value(a).Elems())}
	s.lists = append(s.lists, l)
	return l
}

func (s *state) closeLists() {
	for _, l := range s.lists {
		s.b.Put(l.a, l.a.List(l.elems))
	}
	s.lists = nil
}

func (l *list) apply(op *Op, o Options) error {
	t := op.Target
	switch {
	case t.Where != nil:
		return l.selected(op, o)
	case t.Sub != nil: // remove only; add and replace were refused
		l.each(func(schema.Value) bool { return true }, op)
	default:
		l.whole(op)
	}
	return nil
}

// whole works on the list as such.
func (l *list) whole(op *Op) {
	switch {
	case op.Kind == Remove && op.Listed:
		l.removeListed(op.Value)
	case op.Kind == Remove:
		l.elems = nil
	case op.Kind == Replace:
		l.elems = slices.Collect(op.Value.Elems())
	default:
		l.add(op.Value)
	}
}

// add appends elements that are not there yet. One that is there takes what the
// new one says beside the value; the last primary wins.
func (l *list) add(v schema.Value) {
	for e := range v.Elems() {
		i := slices.IndexFunc(l.elems, func(have schema.Value) bool { return l.a.SameElement(have, e) })
		if i < 0 {
			l.elems = append(l.elems, e)
			i = len(l.elems) - 1
		} else if l.a.Type == schema.Complex {
			l.elems[i] = l.elems[i].Merge(e)
		}
		l.primary(i)
	}
}

// removeListed takes out the elements that a remove lists: those that agree with
// one of them in everything it says.
func (l *list) removeListed(v schema.Value) {
	for listed := range v.Elems() {
		l.elems = slices.DeleteFunc(l.elems, func(have schema.Value) bool { return agrees(have, listed) })
	}
}

func agrees(have, listed schema.Value) bool {
	if !listed.IsObject() {
		return have.Key() == listed.Key()
	}
	for s, v := range listed.Members() {
		if have.Sub(s).IsZero() || have.Sub(s).Key() != v.Key() {
			return false
		}
	}
	return true
}

// selected works on the elements that the path's filter selects, and makes one if
// there are none.
func (l *list) selected(op *Op, o Options) error {
	if l.each(op.Target.Where.Match, op) || op.Kind == Remove {
		return nil
	}
	made, err := l.create(op, o)
	if err != nil || made.IsZero() {
		return err
	}
	l.elems = append(l.elems, made)
	l.primary(len(l.elems) - 1)
	return nil
}

// each applies op to the elements that match and reports whether there was one.
func (l *list) each(match func(schema.Value) bool, op *Op) bool {
	found := false
	kept := l.elems[:0:0]
	primary := -1
	for _, e := range l.elems {
		if match(e) {
			found = true
			if e = l.element(e, op); e.IsZero() {
				continue
			}
			if l.isPrimary(e) && primary < 0 {
				primary = len(kept)
			}
		}
		kept = append(kept, e)
	}
	l.elems = kept
	if primary >= 0 && op.Kind != Remove {
		l.primary(primary)
	}
	return found
}

// element returns what op makes of one element; unassigned if it goes.
func (l *list) element(e schema.Value, op *Op) schema.Value {
	sub := op.Target.Sub
	if sub != nil && sub.Parent() == nil {
		sub = nil // "value" of a simple attribute is the element itself
	}
	switch {
	case sub != nil && (op.Kind == Remove || op.Value.IsZero()):
		return l.without(e, sub)
	case sub != nil:
		return e.With(l.a, sub, op.Value)
	case op.Kind == Remove || op.Kind == Replace && op.Value.IsZero():
		return schema.Value{}
	case op.Value.IsZero():
		return merge(l.a, e, op)
	case l.a.Type != schema.Complex:
		return op.Value
	case op.Kind == Add:
		return merge(l.a, e, op)
	}
	return l.asserted(op).Merge(op.Value)
}

// without takes a sub-attribute from an element. If that was its value, and only
// its type, display or primary flag is left, the element goes.
func (l *list) without(e schema.Value, sub *schema.Attr) schema.Value {
	e = e.With(l.a, sub, schema.Value{})
	if sub != l.a.SubAttr("value") {
		return e
	}
	for s := range e.Members() {
		switch s {
		case l.a.SubAttr("type"), l.a.SubAttr("display"), l.a.SubAttr("primary"), l.a.SubAttr("$ref"):
		default:
			return e
		}
	}
	return schema.Value{}
}

// asserted returns an element of what the filter's "eq" terms say.
func (l *list) asserted(op *Op) schema.Value {
	var e schema.Value
	terms, _ := op.Target.Where.Assertions()
	for _, t := range terms {
		if t.Sub != nil && t.Sub.Mutability != schema.ReadOnly {
			e = e.With(l.a, t.Sub, t.Value)
		}
	}
	return e
}

// create makes the element that a filter without a match describes.
func (l *list) create(op *Op, o Options) (schema.Value, error) {
	_, simple := op.Target.Where.Assertions()
	refused := op.Kind == Add && o.RefuseCreateOnAdd || op.Kind == Replace && o.RefuseCreateOnReplace
	switch {
	case refused || !simple:
		return schema.Value{}, op.fail(schema.ScimTypeNoTarget, "no element matches the filter")
	case op.Value.IsZero():
		return schema.Value{}, nil
	case l.a.Type != schema.Complex:
		return op.Value, nil
	case op.Target.Sub != nil:
		return l.asserted(op).With(l.a, op.Target.Sub, op.Value), nil
	}
	return l.asserted(op).Merge(op.Value), nil
}

func (l *list) isPrimary(e schema.Value) bool {
	p, _ := e.Sub(l.a.SubAttr("primary")).Bool()
	return p
}

// primary makes element i the only primary one, if it is primary
// (RFC 7644, section 3.5.2).
func (l *list) primary(i int) {
	if !l.isPrimary(l.elems[i]) {
		return
	}
	v, _ := l.a.OnePrimary(l.a.List(l.elems), i)
	l.elems = slices.Collect(v.Elems())
}
