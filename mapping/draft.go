package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// draft is a table that is being made. It collects what bindings say and all that
// is wrong with it.
type draft struct {
	kind  kind
	table *table
	defs  definitions
	paths []*pathOf // of the fields that are attributes
	errs  []error
}

// kind says what a table is for.
type kind struct {
	config schema.TypeConfig

	// edges is the attribute that resources never hold, see package scim.
	edges string
}

// pathOf is the path of a field, read.
type pathOf struct {
	*field
	parsed filter.Path

	// full is what the path means in the definitions before unbound attributes
	// are left out.
	full target
}

// target is what a path means in a resource type.
type target struct {
	top *schema.Attr
	sub *schema.Attr // nil for the attribute itself

	// where are the conditions of a value path; hasWhere says that there are
	// some, even if they can't be used.
	where    []filter.Assertion
	hasWhere bool
}

// attr returns what values are of.
func (t target) attr() *schema.Attr {
	if t.sub != nil {
		return t.sub
	}
	return t.top
}

func (d *draft) fail(name, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("mapping: "+name+": "+format, args...))
}

// failure adds an error, with everything that it joins on its own.
func (d *draft) failure(name string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			d.failure(name, e)
		}
		return
	}
	if err != nil {
		d.errs = append(d.errs, fmt.Errorf("mapping: %s: %w", name, err))
	}
}

// add takes a field.
func (d *draft) add(f *field) {
	for _, err := range f.errs {
		d.failure(f.name(), err)
	}
	if len(f.errs) > 0 {
		return
	}
	if f.role != isAttribute {
		d.addRole(f)
		return
	}
	p, err := filter.ParsePath(f.path, filter.Leniency{RefuseBareWords: true})
	if err != nil {
		d.failure(f.name(), err)
		return
	}
	d.paths = append(d.paths, &pathOf{field: f, parsed: p})
}

// addRole takes a field of which there is one at most.
func (d *draft) addRole(f *field) {
	if d.table.special[f.role] != nil {
		d.fail(f.name(), "is bound twice")
		return
	}
	d.table.special[f.role] = f
}

// build makes a table of bindings.
func build[T any](k kind, bindings []Binding[T]) (*Table[T], error) {
	d := &draft{kind: k, table: &table{}, defs: newDefinitions(k.config)}
	for i, b := range bindings {
		if b == nil {
			d.fail(fmt.Sprintf("binding %d", i), "is nil")
			continue
		}
		b.bind(d, nil)
	}
	if err := d.build(); err != nil {
		return nil, err
	}
	return &Table[T]{d.table}, nil
}

// build makes the table of what was bound. Each step adds what it finds wrong, so that
// all of it is reported together; a step that needs what an earlier one could not make
// is left out.
func (d *draft) build() error {
	d.checkRoles()
	if d.resolve() && d.compile() {
		d.fit()
		d.finish()
	}
	return errors.Join(d.errs...)
}

func (d *draft) checkRoles() {
	if d.table.special[isID] == nil {
		d.fail(d.kind.config.Name, "nothing is bound to the ID: add ID")
	}
	if d.table.rest != nil && d.table.refuse {
		d.fail(d.kind.config.Name, "Rest and RefuseRest exclude each other")
	}
}

// resolve finds what each path means among all that could be bound, and reports
// whether the definitions make sense.
func (d *draft) resolve() bool {
	d.take(func(p *pathOf) error {
		if p.parsed.ValueExpression != nil {
			return nil
		}
		return d.defs.declare(p.path, p.typ, p.options)
	})
	full, err := schema.Compile(d.defs.config)
	if err != nil {
		d.failure(d.kind.config.Name, err)
		return false
	}
	d.take(func(p *pathOf) error {
		if p.full, err = resolvePath(p.parsed, full); err != nil {
			return err
		}
		return d.mayBind(p.full)
	})
	return true
}

// take does a step with each path. One that has no meaning is reported and taken no
// further.
func (d *draft) take(step func(p *pathOf) error) {
	d.paths = slices.DeleteFunc(d.paths, func(p *pathOf) bool {
		err := step(p)
		d.failure(p.name(), err)
		return err != nil
	})
}

func resolvePath(p filter.Path, t *schema.Type) (target, error) {
	r, err := filter.ResolvePath(p, t, filter.StrictChecking())
	switch {
	case err != nil:
		if e, ok := errors.AsType[*filter.TypeError](err); ok {
			return target{}, errors.New(e.Path + " " + e.Msg)
		}
		return target{}, err
	case r.Attr == nil:
		return target{}, errors.New("is a schema, not an attribute; for an extension with any keys there is Open")
	case r.Where == nil:
		return target{top: r.Attr, sub: r.Sub}, nil
	}
	where, ok := r.Where.Assertions()
	switch {
	case !ok || slices.ContainsFunc(where, func(w filter.Assertion) bool { return w.Sub == nil }):
		return target{}, errors.New("the conditions in brackets must be comparisons of sub-attributes with eq, joined by and")
	case r.Sub == nil:
		return target{}, errors.New("a sub-attribute is missing behind the brackets, such as .value")
	case slices.ContainsFunc(where, func(w filter.Assertion) bool { return w.Sub.MultiValued }):
		return target{}, errors.New("the conditions in brackets must be about sub-attributes with a single value")
	case slices.ContainsFunc(where, func(w filter.Assertion) bool { return w.Sub == r.Sub }):
		return target{}, errors.New("the conditions in brackets say already what the sub-attribute is")
	}
	return target{r.Attr, r.Sub, where, true}, nil
}

// mayBind refuses what has a binding of its own kind, or no place in a resource.
func (d *draft) mayBind(t target) error {
	switch t.top.Path() {
	case "id":
		return errors.New("is bound by ID")
	case "meta":
		return errors.New("is bound by Version, Created, Modified and Times")
	case "schemas":
		return errors.New("follows from the other attributes")
	case d.kind.edges:
		return errors.New("is no part of a resource: memberships come from the GroupRepository")
	}
	switch {
	case t.top.IsPassword():
		return errors.New("is bound by Password")
	case t.attr().IsComputed():
		return errors.New("follows from the sub-attribute value")
	}
	return nil
}

// compile leaves out of the definitions what has no field, and makes the type.
func (d *draft) compile() bool {
	marks := marking{keepAll: d.table.rest != nil || d.table.refuse, password: d.table.password != nil, edges: d.kind.edges}
	for _, p := range d.paths {
		marks.mark(p.full, p.typ, p.options)
	}
	for _, missing := range d.defs.prune(marks) {
		d.fail(missing, "is required by the schema and has no field")
	}
	t, err := schema.Compile(d.defs.config)
	if err != nil {
		d.failure(d.kind.config.Name, err)
		return false
	}
	d.table.typ = t
	return true
}

// fit gives each field its target in the type and its codec.
func (d *draft) fit() {
	seen := map[string]string{}
	d.take(func(p *pathOf) (err error) {
		if p.target, err = resolvePath(p.parsed, d.table.typ); err != nil {
			return err
		}
		path := canonicalPath(p.target)
		if before, twice := seen[path]; twice {
			return fmt.Errorf("is bound already, by %s", before)
		}
		seen[path] = p.name()
		if err := p.compile(p.target.attr(), p.isList()); err != nil {
			return err
		}
		p.path = path
		return nil
	})
	for _, p := range d.paths {
		d.table.fields = append(d.table.fields, p.field)
	}
	for role, f := range d.table.special {
		if f != nil {
			d.failure(f.name(), d.fitRole(f, roleAttrs[role]))
		}
	}
}

// roleAttrs names the attributes as which the fields with a role are read.
var roleAttrs = [...]string{isID: "id", isVersion: "meta.version", isCreated: "meta.created", isModified: "meta.lastModified", isDeleted: "meta.created"}

func (d *draft) fitRole(f *field, path string) error {
	a, _ := d.table.typ.Attr(path)
	f.target = target{top: a}
	if f.role == isDeleted && isFlag(f.typ) {
		f.codec = boolCodec
		return nil
	}
	return f.compile(a, false)
}

// isList reports whether the field holds all values of a list.
func (f *field) isList() bool {
	return f.target.isList(holdsList(f.typ, f.options))
}

// isList reports whether a field is for a whole list; manyValues says that it can
// hold one.
func (t target) isList(manyValues bool) bool {
	if t.sub == nil {
		return t.top.MultiValued
	}
	return t.sub.MultiValued || t.top.MultiValued && !t.hasWhere && manyValues
}

// isAnyElement reports whether a field is for a sub-attribute of whichever element of a
// list: beside a Rest, which has the others, the old list does not tell which it is.
func (t target) isAnyElement() bool {
	return t.sub != nil && t.top.MultiValued && !t.hasWhere && !t.sub.MultiValued
}

// canonicalPath returns the path in the spelling of the schema.
func canonicalPath(t target) string {
	if !t.hasWhere {
		return t.attr().Path()
	}
	var terms []string
	for _, w := range t.where {
		terms = append(terms, w.Sub.Name+" eq "+string(w.Value.AppendJSON(nil)))
	}
	slices.Sort(terms)
	return t.top.Path() + "[" + strings.Join(terms, " and ") + "]." + t.sub.Name
}

func (d *draft) finish() {
	t := d.table
	d.buildSlots()
	if len(d.errs) > 0 {
		return
	}
	t.index()
}
