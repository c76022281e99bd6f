package rolemap

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// New makes a resolver of a table. The error joins everything that is wrong with the
// table, each naming the entry: roles and values that are there twice or empty, roles that
// are not known or ignored, what has no effect.
//
// The resolver does not change with the table, and may be used from many goroutines.
func New(t Table) (scim.RoleResolver, error) {
	c := compiler{
		table:   t,
		known:   newNames(t.Known),
		ignored: newNames(t.Ignored),
	}
	r := c.resolver()
	if len(c.mistakes) > 0 {
		return nil, errors.Join(c.mistakes...)
	}
	return r, nil
}

// Must is New for tables in a program's own code. It panics if the table has mistakes.
func Must(t Table) scim.RoleResolver {
	r, err := New(t)
	if err != nil {
		panic(err)
	}
	return r
}

// compiler makes a resolver and collects mistakes.
type compiler struct {
	table          Table
	known, ignored names
	mistakes       []error
}

func (c *compiler) mistake(format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf("rolemap: "+format, args...))
}

func (c *compiler) resolver() *resolver {
	t := c.table
	c.checkLists()
	c.checkAttribute()
	c.checkPrefix()
	r := &resolver{
		attribute: t.Attribute,
		primary:   t.Primary,
		exact:     t.Exact,
		required:  t.Required,
		skip:      t.Unknown == SkipUnknown,
		values:    c.entries("Values", t.Values, !t.Exact),
		allowed:   t.Allowed(),
		groups:    c.entries("Groups", t.Groups, true),
		groupIDs:  map[string]string{},
		prefix:    schema.Fold(t.Prefix),
		known:     c.known,
		ignored:   c.ignored,
	}
	for group, role := range t.Groups {
		r.groupIDs[group] = c.known.spelling(role)
	}
	if t.Default != "" {
		r.fallback = c.role("Default", t.Default)
	}
	r.priority = c.priorities()
	return r
}

// checkLists looks at the lists of roles.
func (c *compiler) checkLists() {
	for _, list := range []struct {
		name  string
		roles []string
	}{{"Known", c.table.Known}, {"Ignored", c.table.Ignored}, {"Priority", c.table.Priority}} {
		seen := names{}
		for _, role := range list.roles {
			if role == "" {
				c.mistake("%s has an empty role", list.name)
				continue
			}
			if other, ok := seen.find(role); ok {
				c.mistake("%s has %q and %q, which are the same role", list.name, other, role)
			}
			seen[schema.Fold(role)] = role
		}
	}
}

func (c *compiler) checkAttribute() {
	t := c.table
	if t.Attribute == "" {
		for _, field := range []struct {
			name string
			set  bool
		}{
			{"Values", len(t.Values) > 0}, {"Primary", t.Primary}, {"Exact", t.Exact}, {"Required", t.Required}, {"Unknown", t.Unknown != RefuseUnknown},
		} {
			if field.set {
				c.mistake("%s is about an attribute, but Attribute is empty", field.name)
			}
		}
		return
	}
	if _, err := t.Unknown.MarshalText(); err != nil {
		c.mistake("Unknown is %d, which is neither RefuseUnknown nor SkipUnknown", t.Unknown)
	}
	switch p, err := filter.ParsePath(t.Attribute, filter.Leniency{}); {
	case err != nil:
		c.mistake("Attribute %q is no path: %v", t.Attribute, err)
	case p.ValueExpression != nil:
		c.mistake("Attribute %q has a filter; all elements count, or the primary one with Primary", t.Attribute)
	}
	if len(t.Values) == 0 {
		c.mistake("Attribute is %q, but Values is empty", t.Attribute)
	}
	if t.Required && t.Default != "" {
		c.mistake("Required has no effect, since Default is %q", t.Default)
	}
}

func (c *compiler) checkPrefix() {
	t := c.table
	if t.Prefix == "" {
		return
	}
	if len(t.Known) == 0 {
		c.mistake("Prefix is %q, but Known is empty: it lists the roles that groups may stand for", t.Prefix)
	}
	for _, group := range inOrder(maps.Keys(t.Groups)) {
		if strings.HasPrefix(schema.Fold(group), schema.Fold(t.Prefix)) {
			c.mistake("Groups has %q, which begins with Prefix: the application never has such a group", group)
		}
	}
}

// entries returns a map from names, as they are compared, to roles.
func (c *compiler) entries(field string, entries map[string]string, fold bool) map[string]string {
	roles := map[string]string{}
	spellings := map[string]string{}
	for _, name := range inOrder(maps.Keys(entries)) {
		key := name
		if fold {
			key = schema.Fold(name)
		}
		if name == "" {
			c.mistake("%s has an empty name", field)
		}
		if other, ok := spellings[key]; ok {
			c.mistake("%s has %q and %q, which are the same", field, other, name)
		}
		spellings[key] = name
		roles[key] = c.role(fmt.Sprintf("%s[%q]", field, name), entries[name])
	}
	return roles
}

// role checks a role that an entry gives, and returns it as Known spells it.
func (c *compiler) role(entry, role string) string {
	spelling, known := c.known.find(role)
	_, ignored := c.ignored.find(role)
	switch {
	case role == "":
		c.mistake("%s has no role", entry)
	case ignored:
		c.mistake("%s is %q, which Ignored says is never given", entry, role)
	case !known && len(c.known) > 0:
		c.mistake("%s is %q, which is not among Known", entry, role)
	case known:
		return spelling
	}
	return role
}

// priorities returns the roles of Priority as the table gives them.
func (c *compiler) priorities() []string {
	can := newNames(c.table.Roles())
	var roles []string
	for _, role := range c.table.Priority {
		spelling, ok := can.find(role)
		if !ok && role != "" {
			c.mistake("Priority has %q, which nothing in the table gives", role)
		}
		roles = append(roles, spelling)
	}
	return slices.Clip(roles)
}
