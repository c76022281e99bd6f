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

// The bounds on what the operations of one request may cost. Each of those on
// complex and multi-valued attributes and on whole extensions copies what there is,
// and may look at every element of it.
const (
	// MaxRebuilds bounds how many of them there may be.
	MaxRebuilds = 1000

	// MaxVisits bounds how many elements they look at together, where long ones and
	// long filters count as several: 1,000 operations on a list of 500.
	MaxVisits = 500_000
)

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
	edited, err := s.build()
	if err != nil {
		return Result{}, err
	}
	changed := edited.Changed(r)
	if len(changed) == 0 {
		return Result{Resource: r, Password: s.password}, nil
	}
	c := check{old: r, edited: edited, ops: ops}
	if err := c.all(changed); err != nil {
		return Result{}, err
	}
	return Result{Resource: edited, Changed: changed, Password: s.password}, nil
}

// state is a resource between two operations.
type state struct {
	old      *schema.Resource
	b        *schema.Builder
	o        Options
	lists    []*list
	puts     int
	rebuilds int
	visits   int
	password schema.Secret
}

func (s *state) apply(op *Op) error {
	t := op.Target
	switch {
	case t.URN != "":
		s.closeLists()
		s.b.ClearExtension(t.URN)
		return s.spend(op, 0)
	case t.Attr.IsPassword():
		s.password = op.Password
		return nil
	case t.Attr.Path() == "id":
		if op.Value.String() != s.old.ID() {
			return op.fail(schema.ScimTypeMutability, "is readOnly")
		}
		return nil
	case t.Attr.MultiValued:
		l := s.list(t.Attr)
		if err := s.spend(op, l.visits(op)); err != nil {
			return err
		}
		return l.apply(op, s.o)
	case t.Attr.Type == schema.Complex:
		if err := s.spend(op, weigh(s.b.Value(t.Attr))); err != nil {
			return err
		}
		s.b.Put(t.Attr, s.complex(op))
		return nil
	case op.Kind == Remove:
		return s.put(t.Attr, schema.Value{})
	}
	return s.put(t.Attr, op.Value)
}

// spend counts what op costs.
func (s *state) spend(op *Op, visits int) error {
	s.rebuilds++
	s.visits += visits
	if s.rebuilds > MaxRebuilds || s.visits > MaxVisits {
		return op.fail(schema.ScimTypeInvalidValue, "too much work in one request: at most %d operations on complex and multi-valued attributes and whole extensions, which look at no more than %d elements", MaxRebuilds, MaxVisits)
	}
	return nil
}

// put sets a single value. The builder looks through all that was set before, which
// the keys of an open extension can make many, so now and then there is a new one.
func (s *state) put(a *schema.Attr, v schema.Value) error {
	s.b.Put(a, v)
	if s.puts++; s.puts%256 != 0 {
		return nil
	}
	r, err := s.build()
	if err == nil {
		s.b = r.Edit()
	}
	return err
}

func (s *state) build() (*schema.Resource, error) {
	r, err := s.b.Build()
	if err != nil {
		return nil, (&Op{Index: -1}).wrap(err)
	}
	return r, nil
}

// complex returns what op makes of a singular complex attribute: values are merged,
// sub by sub.
func (s *state) complex(op *Op) schema.Value {
	a, sub := op.Target.Attr, op.Target.Sub
	was := s.b.Value(a)
	var now schema.Value
	switch {
	case sub != nil && sub.MultiValued:
		l := listOf(sub, was.Sub(sub))
		l.whole(op)
		now = was.With(a, sub, sub.List(l.elems))
	case sub != nil && op.Kind == Remove:
		now = was.With(a, sub, schema.Value{})
	case sub != nil:
		now = was.With(a, sub, op.Value)
	case op.Kind == Remove || op.Null:
	case op.Kind == Replace && s.o.OverwriteComplex:
		now = op.Value
	default:
		now = merge(a, was, op)
	}
	if isReference(a) && !was.Get("value").IsZero() && now.Get("value").IsZero() && !writable(now) {
		return schema.Value{}
	}
	return now
}

// writable reports whether a client can have set anything of an object. What is left
// of a reference without its value is no more than the name of whom it was about.
func writable(v schema.Value) bool {
	for sub := range v.Members() {
		if sub.Mutability != schema.ReadOnly && sub.Name != "$ref" {
			return true
		}
	}
	return false
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

// list opens a multi-valued attribute, or goes on with it. The attributes of open
// extensions are made anew at each look-up, so paths tell whether it is the same.
func (s *state) list(a *schema.Attr) *list {
	i := slices.IndexFunc(s.lists, func(l *list) bool {
		return l.a == a || foldASCII(l.a.Path()) == foldASCII(a.Path())
	})
	if i >= 0 {
		return s.lists[i]
	}
	l := listOf(a, s.b.Value(a))
	s.lists = append(s.lists, l)
	return l
}

func (s *state) closeLists() {
	for _, l := range s.lists {
		s.b.Put(l.a, l.a.List(l.elems))
	}
	s.lists = nil
}
