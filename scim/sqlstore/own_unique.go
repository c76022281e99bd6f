package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// claim is a value that must be unique and that a write takes.
type claim struct {
	attr *schema.Attr
	text string
	f    *filter.Filter
}

// guard is the condition that nobody else in sight has the values that a write takes.
// It is part of the statement, so that nothing is looked up before; only the unique
// indexes of the table hold it against writes at the same time.
type guard struct {
	conditions []func(a *args) string
}

func (g *guard) condition(a *args) string {
	parts := []string{"TRUE"}
	for _, c := range g.conditions {
		parts = append(parts, c(a))
	}
	return strings.Join(parts, " AND ")
}

// claims lists the unique values of a row that old does not have. Those of a row that
// is out of sight are free.
func (x *own[T]) claims(v *T, old *schema.Resource) ([]claim, error) {
	if x.m.Hidden(v) {
		return nil, nil
	}
	r, err := x.m.Read(v)
	if err != nil {
		return nil, err
	}
	var all []claim
	for _, a := range x.unique {
		value := valueOf(r, a)
		if value.IsZero() || old != nil && valueOf(old, a).Key() == value.Key() {
			continue
		}
		f, err := filter.Check(equals(a, value.String()), x.m.SCIMType(), filter.Checking{})
		if err != nil {
			return nil, fmt.Errorf("sqlstore: %w", err)
		}
		all = append(all, claim{a, value.String(), f})
	}
	return all, nil
}

func valueOf(r *schema.Resource, a *schema.Attr) schema.Value {
	if a.Parent() != nil {
		return r.Value(a.Parent()).Sub(a)
	}
	return r.Value(a)
}

// equals is the filter path eq "text".
func equals(a *schema.Attr, text string) filter.Expression {
	path := filter.AttributePath{AttributeName: a.Name}
	if p := a.Parent(); p != nil {
		path.AttributeName, path.SubAttribute = p.Name, &a.Name
	}
	if urn := a.URN(); urn != "" {
		path.URIPrefix = &urn
	}
	return &filter.AttributeExpression{AttributePath: path, Operator: filter.EQ, CompareValue: text}
}

// attempt is a write that takes unique values.
type attempt[T any] struct {
	*own[T]
	tenant scim.Tenant
	self   *string // the key of the row; nil if it is new
	claims []claim
	hard   []claim // those that the database can't compare
	guard  *guard
	write  func(ctx context.Context, g *guard) (done bool, err error)

	refused error // by a unique index
}

// attempt prepares a write of v that takes the values which old does not have.
func (x *own[T]) attempt(t scim.Tenant, v *T, old *schema.Resource, self *string, write func(ctx context.Context, g *guard) (bool, error)) (*attempt[T], error) {
	claims, err := x.claims(v, old)
	if err != nil {
		return nil, err
	}
	p := &attempt[T]{own: x, tenant: t, self: self, claims: claims, write: write}
	p.guard, p.hard, err = x.guardOf(t, claims, self)
	return p, err
}

// run does it. Values that the database can't compare are looked up first.
func (p *attempt[T]) run(ctx context.Context) error {
	p.refused = nil
	if err := p.lookUp(ctx, p.tenant, p.hard, p.self); err != nil {
		return err
	}
	done, err := p.write(ctx, p.guard)
	switch {
	case isTaken(err):
		p.refused = err
		return fmt.Errorf("%w: %w", errSettled, err)
	case err == nil && !done:
		return errGuarded
	}
	return err
}

// settle makes the error of run say which value is in use. A transaction in which it was
// run, or the part of it, has been undone, so that it can be looked up.
func (p *attempt[T]) settle(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errGuarded):
		if err := p.lookUp(ctx, p.tenant, p.claims, p.self); err != nil {
			return err
		}
		return scim.ErrVersionMismatch // who had the value is gone meanwhile, or the row is
	case errors.Is(err, errSettled) && p.refused != nil:
		return p.refusal(ctx, p.tenant, p.claims, p.self, p.refused)
	}
	return err
}

// alone does it on its own: by one statement, or with more if several.
func (p *attempt[T]) alone(ctx context.Context, several bool) error {
	run := p.d.alone
	if several || len(p.hard) > 0 || p.d.current(ctx) != nil && p.d.dialect == filter.PostgreSQL {
		run = p.d.inTx
	}
	return p.settle(ctx, run(ctx, p.run))
}

// errGuarded says that a guard held.
var errGuarded = errors.New("sqlstore: a value is in use by another row")

// guardOf makes a guard of the claims that the database can check; hard are those that
// have to be looked up.
func (x *own[T]) guardOf(t scim.Tenant, claims []claim, self *string) (g *guard, hard []claim, err error) {
	g = &guard{}
	for _, c := range claims {
		columns, doubt := x.filterColumns()
		if _, _, err := c.f.SQL(x.d.dialect, columns, 0); err != nil || doubt() != "" && !isASCII(c.text) {
			if err != nil && !errors.Is(err, filter.ErrNoColumn) {
				return nil, nil, err
			}
			hard = append(hard, c)
			continue
		}
		var key any
		if self != nil {
			if key, err = x.key(*self); err != nil {
				return nil, nil, err
			}
		}
		g.conditions = append(g.conditions, func(a *args) string {
			// It has been written before, so there is no error.
			where, _ := x.base(t, a)
			columns, _ := x.filterColumns()
			text, more, _ := c.f.SQL(x.d.dialect, columns, len(a.all))
			a.all = append(a.all, more...)
			where = x.seen(where, false) + " AND " + text
			if e := x.lowered[c.attr.Path()]; e != "" && isASCII(c.text) {
				where += " AND " + e + " = " + a.bind(c.attr.Key(c.text))
			}
			if key != nil {
				where += " AND " + x.idColumn() + " <> " + a.bind(key)
			}
			return "NOT EXISTS (SELECT 1 FROM " + x.name + " AS " + alias + " WHERE " + where + ")"
		})
	}
	return g, hard, nil
}

// loweredOf writes columns as unique indexes usually have them: lower(email). What the
// condition of a guard compares is spelled otherwise, so that it is the same in each
// database, and no index would serve it. Where text is ASCII both say the same.
func (x *own[T]) loweredOf() map[string]string {
	all := map[string]string{}
	for _, a := range x.unique {
		name, ok := x.m.Plain(a.Path())
		if _, declared := x.table.Folded[a.Path()]; !ok || declared || !a.Folds() {
			continue
		}
		for _, c := range x.columns {
			if c.name == name && c.lowers {
				all[a.Path()] = "lower(" + alias + "." + quote(name) + ")"
			}
		}
	}
	return all
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 })
}

// lookUp is Taken if another row in sight has one of the values.
func (x *own[T]) lookUp(ctx context.Context, t scim.Tenant, claims []claim, self *string) error {
	for _, c := range claims {
		found, err := x.find(ctx, t, scim.RowQuery{Query: scim.Query{Filter: c.f, StartIndex: 1, Count: 2}})
		if errors.Is(err, scim.ErrNotImplemented) {
			continue // it is in no column: nobody can look it up
		}
		if err != nil {
			return err
		}
		for _, v := range found.Rows {
			if key, ok := x.m.Key(x.m.ID(v)); ok && (self == nil || key != *self) {
				return scim.Taken(c.attr.Path())
			}
		}
	}
	return nil
}

// refusal says which attribute a unique index is about: the database names the columns,
// or else it is looked up who has one of the values.
func (x *own[T]) refusal(ctx context.Context, t scim.Tenant, claims []claim, self *string, err error) error {
	path := x.named(err)
	if path == "" {
		if taken := x.lookUp(ctx, t, claims, self); taken != nil {
			return taken
		}
	}
	if path == "" && len(claims) > 0 {
		path = claims[0].attr.Path()
	}
	taken := scim.Taken(cmpOr(path, "A value"))
	taken.Err = err
	return taken
}

var words = regexp.MustCompile(`[\pL_][\pL\pN_$]*`)

// named finds the column of an attribute in what the database says: the last one of a
// key, since a tenant comes first.
func (x *own[T]) named(err error) string {
	text := err.Error()
	if detail := detailOf(err); detail != "" {
		text, _, _ = strings.Cut(detail, ")=(") // behind it are the values
	}
	found := words.FindAllString(text, -1)
	slices.Reverse(found)
	for _, word := range found {
		for i, c := range x.columns {
			if c.name == word && i != x.id && c.path != "" {
				return c.path
			}
		}
	}
	return ""
}

// detailOf returns what drivers of PostgreSQL have in a field Detail of their errors,
// such as: Key (org_id, lower(email))=(1, ann) already exists.
func detailOf(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.ValueOf(err)
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			continue
		}
		if f := v.FieldByName("Detail"); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
	}
	return ""
}
