package filter

import (
	"strings"

	"github.com/muster-scim/muster/schema"
)

// Filter is an [Expression] that [Check] has held against a resource type. It is
// immutable and may be used from many goroutines at once. A nil *Filter is no
// filter: it matches everything, and all methods can be called on it.
type Filter struct {
	expr Expression
	t    *schema.Type
	root node
}

// Expr returns the expression that was checked; nil for a nil Filter. It must
// not be changed.
func (f *Filter) Expr() Expression {
	if f == nil {
		return nil
	}
	return f.expr
}

// String returns the canonical text of the filter, see [String]. It is empty for
// a nil Filter.
func (f *Filter) String() string { return String(f.Expr()) }

// Type returns the resource type that the filter was checked against; nil for a
// nil Filter.
func (f *Filter) Type() *schema.Type {
	if f == nil {
		return nil
	}
	return f.t
}

// And returns a filter that matches what f and all of fs match. nil ones are
// left out; if there are no others the result is nil. All must have been checked
// against the same type.
func (f *Filter) And(fs ...*Filter) *Filter {
	all := f
	for _, g := range fs {
		switch {
		case g == nil:
		case all == nil:
			all = g
		default:
			all = all.and(g)
		}
	}
	return all
}

func (f *Filter) and(g *Filter) *Filter {
	e := f.expr
	for _, operand := range conjuncts(g.expr) {
		e = &LogicalExpression{Left: e, Right: operand, Operator: AND}
	}
	var nodes conjunction
	nodes = append(nodes, conjunctsOf(f.root)...)
	nodes = append(nodes, conjunctsOf(g.root)...)
	return &Filter{expr: e, t: f.t, root: nodes}
}

// Conjuncts returns the filters that f joins by "and": all of them must match. A
// filter of another form is the only one. A nil Filter has none.
func (f *Filter) Conjuncts() []*Filter {
	if f == nil {
		return nil
	}
	nodes := conjunctsOf(f.root)
	if len(nodes) == 1 {
		return []*Filter{f}
	}
	var all []*Filter
	for i, e := range conjuncts(f.expr) {
		all = append(all, &Filter{expr: e, t: f.t, root: nodes[i]})
	}
	return all
}

// conjuncts returns what e joins by "and". The nodes of a conjunction are in the
// same order.
func conjuncts(e Expression) []Expression {
	if l, ok := e.(*LogicalExpression); ok && isKeyword(string(l.Operator), string(AND)) {
		return operands(l, AND)
	}
	return []Expression{e}
}

func conjunctsOf(n node) []node {
	if c, ok := n.(conjunction); ok {
		return c
	}
	return []node{n}
}

// Equality reports one comparison of a string attribute with eq that everything
// f matches must satisfy, so that a store can look it up in an index by key,
// which is [schema.Attr.Key] of the value, and match what it finds there. exact
// says that f is nothing but this comparison: what is found need not be matched.
//
// Of several, it is the one by which fewest are found: id, userName, externalId,
// displayName, emails.value, then any other attribute of which a resource has
// one value, then the "value" of a list. An element filter such as
// emails[type eq "work" and value eq "x"] demands emails.value eq "x". ok is
// false if there is none.
func (f *Filter) Equality() (a *schema.Attr, key string, exact, ok bool) {
	if f == nil {
		return nil, "", false, false
	}
	best, exact := equalityIn(f.root)
	if best == nil {
		return nil, "", false, false
	}
	return best.attr, best.key, exact, true
}

// equalityIn returns the best comparison that n demands, and whether n is
// nothing else.
func equalityIn(n node) (best *term, alone bool) {
	switch n := n.(type) {
	case *term:
		if n.op == EQ && n.kind == isText && rankOf(n.attr) < rankNone {
			return n, true
		}
	case *some:
		return equalityIn(n.filter)
	case conjunction:
		for _, operand := range n {
			t, _ := equalityIn(operand)
			if t != nil && (best == nil || rankOf(t.attr) < rankOf(best.attr)) {
				best = t
			}
		}
	}
	return best, false
}

// The order in which Equality prefers attributes, from zero.
var ranked = []string{"id", "userName", "externalId", "displayName", "emails.value"}

const (
	rankSingle = 100 + iota
	rankValue
	rankNone
)

// rankOf says how well an index of a serves. Those of meta and schemas, which
// nearly all resources share, don't.
func rankOf(a *schema.Attr) int {
	for i, path := range ranked {
		if a.Path() == path {
			return i
		}
	}
	top := a.Top()
	switch {
	case a.Type != schema.String || top.Path() == "meta":
		return rankNone
	case !a.MultiValued && !top.MultiValued:
		return rankSingle
	case a != top && !a.MultiValued && isKeyword(a.Name, "value"):
		return rankValue
	}
	return rankNone
}

// Mentions reports whether the filter names a or, if a is an attribute of the
// resource itself, any sub-attribute of it.
func (f *Filter) Mentions(a *schema.Attr) bool {
	return f != nil && mentions(f.root, a)
}

func mentions(n node, a *schema.Attr) bool {
	switch n := n.(type) {
	case conjunction:
		return anyMentions(n, a)
	case disjunction:
		return anyMentions(n, a)
	case *negation:
		return mentions(n.operand, a)
	case *some:
		return n.names(a) || mentions(n.filter, a)
	case *presence:
		return n.names(a)
	case *term:
		return n.names(a)
	}
	return false
}

func anyMentions(nodes []node, a *schema.Attr) bool {
	for _, n := range nodes {
		if mentions(n, a) {
			return true
		}
	}
	return false
}

func (p *place) names(a *schema.Attr) bool { return same(p.attr, a) || same(p.top, a) }

// same compares by path too: the attributes of an open extension are made anew
// each time they are looked up.
func same(a, b *schema.Attr) bool {
	return a == b || a.Of() == b.Of() && strings.EqualFold(a.Path(), b.Path())
}
