package schema

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/internal/jsonscan"
)

// CheckResource returns an error if the tape of r does not have the form that
// tape.go promises.
func CheckResource(r *Resource) error {
	c := tapeChecker{tape: &r.tape}
	if err := c.siblings(nil, 0, len(r.nodes)); err != nil {
		return fmt.Errorf("%w in %+v %q", err, r.nodes, r.text)
	}
	if c.pos != uint32(len(r.text)) {
		return fmt.Errorf("%d bytes of text belong to no node: %q", uint32(len(r.text))-c.pos, r.text)
	}
	return nil
}

// CheckValue returns an error if the tape that v stands on does not have the form
// that tape.go promises. v must not be a part of a resource.
func CheckValue(v Value) error {
	if v.IsZero() {
		return nil
	}
	c := tapeChecker{tape: v.t}
	if v.i != 0 || v.node().span() != len(v.t.nodes) {
		return fmt.Errorf("%d nodes, of which the value has %d from %d on", len(v.t.nodes), v.node().span(), v.i)
	}
	a := v.t.t.attrs[v.node().attr]
	if err := c.value(a, 0, v.IsList()); err != nil {
		return fmt.Errorf("%w in %+v %q", err, v.t.nodes, v.t.text)
	}
	if c.pos != uint32(len(v.t.text)) {
		return fmt.Errorf("%d bytes of text belong to no node: %q", uint32(len(v.t.text))-c.pos, v.t.text)
	}
	return nil
}

type tapeChecker struct {
	*tape
	pos uint32 // where the text of the next node must begin
}

// siblings checks the members of parent, or with nil the top level.
func (c *tapeChecker) siblings(parent *Attr, i, end int) error {
	last, lastName := -1, ""
	for i < end {
		n := c.nodes[i]
		if int(n.attr) >= len(c.t.attrs) {
			return fmt.Errorf("node %d: there is no attribute %d", i, n.attr)
		}
		a := c.t.attrs[n.attr]
		name := c.nameOf(i)
		switch {
		case a.parent != parent:
			return fmt.Errorf("node %d: %s is in the wrong place", i, a.path)
		case parent == nil && (a.isBeside() || a.IsPassword()):
			return fmt.Errorf("node %d: %s is on the tape", i, a.path)
		case a.IsComputed():
			return fmt.Errorf("node %d: %s is computed", i, a.path)
		case a.open != (n.flags&flagNamed != 0):
			return fmt.Errorf("node %d: %s has flags %b", i, a.path, n.flags)
		case a.open && !validKey(name):
			return fmt.Errorf("node %d: %s has the key %q", i, a.path, name)
		case int(n.attr) < last, int(n.attr) == last && (!a.open || compareFold(lastName, name) >= 0):
			return fmt.Errorf("node %d: %s %q after %d %q", i, a.path, name, last, lastName)
		}
		if a.open {
			if start(c.text, n) != c.pos {
				return fmt.Errorf("node %d: the key begins at %d, not at %d", i, start(c.text, n), c.pos)
			}
			c.pos = n.off
		}
		if err := c.value(a, i, a.MultiValued); err != nil {
			return err
		}
		last, lastName = int(n.attr), name
		i += n.span()
	}
	if i != end {
		return fmt.Errorf("the members end at %d, not at %d", i, end)
	}
	return nil
}

// value checks node i as a value of a.
func (c *tapeChecker) value(a *Attr, i int, list bool) error {
	n := c.nodes[i]
	switch {
	case n.attr != a.number:
		return fmt.Errorf("node %d: attribute %d instead of %s", i, n.attr, a.path)
	case n.off != c.pos:
		return fmt.Errorf("node %d: the text of %s begins at %d, not at %d", i, a.path, n.off, c.pos)
	case n.kind >= kindObject && n.size == 0:
		return fmt.Errorf("node %d: %s is empty", i, a.path)
	case list != (n.kind == kindArray):
		return fmt.Errorf("node %d: %s has kind %d", i, a.path, n.kind)
	case n.kind == kindArray:
		return c.elements(a, i+1, i+n.span())
	case (a.Type == Complex) != (n.kind == kindObject):
		return fmt.Errorf("node %d: %s has kind %d", i, a.path, n.kind)
	case n.kind == kindObject:
		return c.siblings(a, i+1, i+n.span())
	}
	c.pos += n.size
	return checkScalar(a, n, c.textOf(i))
}

func (c *tapeChecker) elements(a *Attr, i, end int) error {
	for i < end {
		if c.nodes[i].flags&flagNamed != 0 {
			return fmt.Errorf("node %d: an element has a name", i)
		}
		if err := c.value(a, i, false); err != nil {
			return err
		}
		i += c.nodes[i].span()
	}
	if i != end {
		return fmt.Errorf("the elements end at %d, not at %d", i, end)
	}
	return nil
}

func checkScalar(a *Attr, n node, text string) error {
	if n.flags&flagPlain != plain(text) {
		return fmt.Errorf("%s: %q has flags %b", a.path, text, n.flags)
	}
	switch n.kind {
	case kindTrue, kindFalse:
		if a.Type != Boolean || text != "" {
			return fmt.Errorf("%s is a boolean %q", a.path, text)
		}
		return nil
	case kindNumber:
		if !json.Valid([]byte(text)) {
			return fmt.Errorf("%s is no JSON number: %s", a.path, text)
		}
		return checkNumber(a, text)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%s is not UTF-8: %q", a.path, text)
	}
	return checkString(a, text)
}

// Bounds that tests look at from both sides.
const (
	MaxName  = maxName
	MaxKeys  = maxKeys
	MaxSubs  = maxSubs
	MaxDepth = jsonscan.MaxDepth
)

// Full returns the JSON of all that r holds, but for "schemas".
func Full(r *Resource) string {
	_, rest, _ := strings.Cut(full(r), "]")
	return "{" + strings.TrimPrefix(rest, ",")
}

// NewResource returns a resource without any data.
func NewResource(t require.TestingT, typ *Type) *Resource {
	r, err := New(typ).Build()
	require.NoError(t, err)
	return r
}
