package mapping

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// Write changes v as w says: a new row if w.Old is nil, otherwise the row that w.Old
// was read from. Only the fields of attributes that w.Changed names and that differ
// between w.Old and w.New are written; of a new row all are, and what [OnCreate] does
// comes last. Versions are not compared.
//
// The error is an [*scim.Error] if the client can do something about it; it names
// every attribute that can't be stored. v is then as it was, unless a function of
// [Func], [Password] or OnCreate failed.
func (t *Table[T]) Write(ctx context.Context, tenant scim.Tenant, v *T, w scim.Write) error {
	return t.of.write(ctx, tenant, v, w)
}

func (t *table) write(ctx context.Context, tenant scim.Tenant, v row, w scim.Write) error {
	kind := changes
	if w.Old == nil {
		kind = creates
	}
	p, err := t.plan(ctx, tenant, w, kind)
	if err != nil {
		return err
	}
	return p.apply(v, time.Now())
}

// change says what a write does to a row.
type change uint8

const (
	changes  change = iota
	creates         // the row is new
	restores        // the row shall be w.New, whatever it is now
)

// plan is a change that was found right before the row is at hand: whatever takes
// time or can be refused comes before locks and transactions.
type plan struct {
	table    *table
	kind     change
	next     *schema.Resource
	paths    []string // top-level, that change
	steps    []step
	keys     []key
	password schema.Secret
}

// step gives a field a value.
type step struct {
	field *field
	value schema.Value
}

// key changes a key of an open extension.
type key struct {
	open  *openField
	name  string
	value schema.Value
}

// plan works out what w changes. Its error joins what all fields refuse.
func (t *table) plan(ctx context.Context, tenant scim.Tenant, w scim.Write, kind change) (*plan, error) {
	p := &plan{table: t, kind: kind, next: w.New, paths: w.Changed}
	if w.New == nil {
		p.kind, p.paths = changes, nil
		return p, nil
	}
	if err := t.check(w); err != nil {
		return nil, err
	}
	if t.password != nil {
		p.password = w.Password
	}
	if kind == changes {
		p.differences(w.Old)
	} else {
		p.paths = w.New.Changed(nil)
		for _, s := range t.slots {
			s.values(p.next, schema.Value{}, p.set)
		}
	}
	for _, o := range t.opens {
		for _, a := range o.keys(t, p.paths) {
			p.keys = append(p.keys, key{o, a.Name, p.next.Value(a)})
		}
	}
	return p, p.verify(ctx, tenant)
}

// check refuses resources of another type: every look-up in them would find nothing.
func (t *table) check(w scim.Write) error {
	if w.New.Type() != t.typ || w.Old != nil && w.Old.Type() != t.typ {
		return errors.New("mapping: the resource is not of the type that SCIMType returns")
	}
	return nil
}

// set adds a step.
func (p *plan) set(f *field, v schema.Value) {
	if !f.readOnly {
		p.steps = append(p.steps, step{f, v})
	}
}

// differences adds a step for each field of a changed attribute whose value is
// another than in old; for each field, if nobody knows what it was.
func (p *plan) differences(old *schema.Resource) {
	for _, path := range p.paths {
		a, _ := p.table.typ.Attr(path)
		s := p.table.bound[a]
		if s == nil {
			continue
		}
		if old == nil {
			s.values(p.next, schema.Value{}, p.set)
			continue
		}
		was := map[*field]schema.Value{}
		s.values(old, schema.Value{}, func(f *field, v schema.Value) { was[f] = v })
		s.values(p.next, old.Value(a), func(f *field, v schema.Value) {
			if !v.Identical(was[f]) || p.table.rest != nil && f.target.isAnyElement() {
				p.set(f, v)
			}
		})
	}
}

// verify asks every field that is to be written.
func (p *plan) verify(ctx context.Context, tenant scim.Tenant) error {
	var refused []*scim.Error
	for _, s := range p.steps {
		err := s.field.verify(ctx, tenant, s.value)
		if err == nil {
			continue
		}
		e, ok := errors.AsType[*scim.Error](err)
		if !ok {
			return err
		}
		refused = append(refused, e)
	}
	if p.table.refuse {
		if paths := p.table.refusals(p.next, p.paths); len(paths) > 0 {
			refused = append(refused, scim.Invalid(strings.Join(paths, ", "), "can't be kept here."))
		}
	}
	return together(refused)
}

// keepsRest reports whether something changes of what has no field.
func (p *plan) keepsRest() bool { return p.table.rest != nil && len(p.paths) > 0 }

// isEmpty reports whether nothing of the row changes.
func (p *plan) isEmpty() bool {
	return p.kind == changes && len(p.steps) == 0 && len(p.keys) == 0 && !p.keepsRest() && !p.password.IsSet()
}

// apply changes the row. It may be called again with another one.
func (p *plan) apply(v row, now time.Time) error {
	switch p.kind {
	case creates:
		if err := p.write(v); err != nil {
			return err
		}
		return p.table.begin(v, now)
	case restores:
		p.table.clear(v)
		if err := p.write(v); err != nil {
			return err
		}
		return p.table.touch(v, now)
	}
	return p.change(v, now, false)
}

// change is apply for a row in sight. One that looks the same afterwards has not
// changed, unless something else has moved: not every field can tell that its
// attribute was removed.
func (p *plan) change(v row, now time.Time, moved bool) error {
	before, err := p.table.resource(v)
	if err != nil {
		return err
	}
	if err := p.write(v); err != nil {
		return err
	}
	after, err := p.table.resource(v)
	if err == nil && (moved || !after.Equal(before) || p.password.IsSet()) {
		err = p.table.touch(v, now)
	}
	return err
}

// clear removes what fields can't say to be unassigned.
func (t *table) clear(v row) {
	for _, o := range t.opens {
		o.store(v, nil)
	}
	if t.rest != nil {
		t.rest.store(v, nil)
	}
}

// write does the steps.
func (p *plan) write(v row) error {
	for _, s := range p.steps {
		if p.kind == creates && s.value.IsZero() && !s.field.hasDefault {
			continue // as it is in a new row
		}
		if err := s.field.write(v, s.value); err != nil {
			return err
		}
	}
	for _, k := range p.keys {
		k.open.write(v, k.name, k.value)
	}
	if p.keepsRest() {
		if err := p.table.writeRest(v, p.next, p.paths); err != nil {
			return err
		}
	}
	if p.password.IsSet() {
		return p.table.password(v, p.password)
	}
	return nil
}

// begin finishes a new row.
func (t *table) begin(v row, now time.Time) error {
	created, err := t.time(v, isCreated)
	if err != nil {
		return err
	}
	if created.IsZero() {
		if err := t.setTime(v, isCreated, now.Truncate(time.Microsecond)); err != nil {
			return err
		}
	}
	if err := t.touch(v, now); err != nil {
		return err
	}
	for _, f := range t.onCreate {
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}

// touch moves the time of the last change and the version, if they are the table's
// to move.
func (t *table) touch(v row, now time.Time) error {
	last, err := t.time(v, isModified)
	if err != nil {
		return err
	}
	// Answers have microseconds, so that is the least that two changes differ by.
	now = now.Truncate(time.Microsecond)
	if !now.After(last) {
		now = last.Truncate(time.Microsecond).Add(time.Microsecond)
	}
	if err := t.setTime(v, isModified, now); err != nil {
		return err
	}
	return t.count(v)
}

func (t *table) setTime(v row, role role, at time.Time) error {
	f := t.special[role]
	if f == nil || f.readOnly {
		return nil
	}
	value, err := t.attrs[role].Make(at)
	if err == nil {
		err = f.write(v, value)
	}
	return err
}
