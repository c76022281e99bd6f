package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
)

// expectStored reports where got is not the resource that want is: id, type, meta
// and all values.
func (c *collection) expectStored(what string, got, want *schema.Resource) {
	if got.ID() != want.ID() {
		c.errorf("%s: id is %q, want %q", what, got.ID(), want.ID())
	}
	if g, w := got.Meta(), want.Meta(); g.Version != w.Version || !g.Created.Equal(w.Created) || !g.LastModified.Equal(w.LastModified) {
		c.errorf("%s: meta is %+v, want %+v", what, g, w)
	}
	c.expectValues(what, got, want)
}

// expectValues reports which values of want, as far as the store keeps them, got
// has otherwise. Values of got that want does not have are not looked at: the
// application may have defaults.
func (c *collection) expectValues(what string, got, want *schema.Resource) {
	if got.Type() != c.typ {
		c.errorf("%s: the resource is of type %s, which is not the one that was handed in", what, got.Type().Name())
		return
	}
	for _, a := range c.typ.Attrs() {
		if !c.writes(a) || !c.keeps(a) || want.Value(a).IsZero() {
			continue
		}
		if g, w := c.canon(got.Value(a)), c.canon(want.Value(a)); g != w {
			c.errorf("%s: %s is %s, want %s", what, a.Path(), orNothing(g), w)
		}
	}
}

func orNothing(s string) string {
	if s == "" {
		return "unassigned"
	}
	return s
}

// canon returns a text that is the same for values that mean the same: where case
// does not count a store may change it (RFC 7643, section 7), elements have no
// order (section 2.4), and not to be primary is the default.
func (c *collection) canon(v schema.Value) string {
	switch {
	case v.IsZero():
		return ""
	case v.IsList():
		var elems []string
		for e := range v.Elems() {
			elems = append(elems, c.canon(e))
		}
		slices.Sort(elems)
		return "[" + strings.Join(elems, " ") + "]"
	case v.IsObject():
		var members []string
		for a, m := range v.Members() {
			if p, ok := m.Bool(); c.keeps(a) && !(a.Name == "primary" && ok && !p) {
				members = append(members, a.Name+":"+c.canon(m))
			}
		}
		return "{" + strings.Join(members, " ") + "}"
	}
	return canonScalar(v)
}

func canonScalar(v schema.Value) string {
	switch v.Attr().Type {
	case schema.Integer, schema.Decimal:
		if f, ok := v.Float(); ok {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	case schema.DateTime:
		if t, ok := v.Time(); ok {
			return t.UTC().Format(time.RFC3339Nano)
		}
	case schema.Binary:
		if b, err := schema.DecodeBinary(v.String()); err == nil {
			return fmt.Sprintf("%x", b)
		}
	}
	return strconv.Quote(v.Key())
}

// expectText reports if an attribute of text has not the value, "" for
// unassigned.
func (c *collection) expectText(what string, r *schema.Resource, a *schema.Attr, want string) {
	if got := r.Get(a.Path()); a.Key(got.String()) != a.Key(want) {
		c.errorf("%s: %s is %q, want %q", what, a.Path(), got.String(), want)
	}
}

// expectIDs reports if two lists do not have the same ids. With inOrder the order
// must be the same too.
func (x *trial) expectIDs(what string, got, want []string, inOrder bool) {
	g, w := got, want
	if !inOrder {
		g, w = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	}
	if slices.Equal(g, w) {
		return
	}
	switch missing, extra := without(w, g), without(g, w); {
	case len(missing) > 0 || len(extra) > 0:
		x.errorf("%s: %d ids, want %d; missing are %s, too many are %s", what, len(g), len(w), brief(missing), brief(extra))
	case len(g) != len(w):
		x.errorf("%s: %d ids, want %d: some are there twice", what, len(g), len(w))
	default:
		x.errorf("%s: the order is %s, want %s", what, brief(g), brief(w))
	}
}

// without returns what of a is not in b.
func without(a, b []string) []string {
	in := map[string]bool{}
	for _, s := range b {
		in[s] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return in[s] })
}

// brief prints a list, but not one of thousands.
func brief(ids []string) string {
	const enough = 12
	if len(ids) > enough {
		return fmt.Sprintf("%q and %d more", ids[:enough], len(ids)-enough)
	}
	return fmt.Sprintf("%q", ids)
}
