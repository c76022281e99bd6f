package mapping

import (
	"strconv"
	"strings"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
)

// rows makes a list out of the columns that hold its elements: a row for each.
func (c *sqlColumns) rows(s *slot) (filter.Column, bool) {
	if c.table.rest != nil || len(s.primaries()) > 1 {
		return nil, false // which elements there are does not follow from the columns
	}
	of := elementColumns{}
	var elements []string
	for k, p := range s.places {
		element, ok := c.element(s.attr, p, k, of)
		if !ok {
			return nil, false
		}
		elements = append(elements, element)
	}
	return filter.Rows{From: "(" + strings.Join(elements, " UNION ALL ") + ") AS e", Order: "e.k", Of: of}, true
}

// primaries returns the places whose element may be the primary one.
func (s *slot) primaries() (all []*place) {
	sub := s.attr.SubAttr("primary")
	for _, p := range s.places {
		if sub != nil && (p.binds(sub) || !p.base.Sub(sub).IsZero()) {
			all = append(all, p)
		}
	}
	return all
}

// elementColumns tells where a row of a list has the sub-attributes.
type elementColumns map[*schema.Attr]filter.Scalar

// Column is the method of [filter.Columns].
func (c elementColumns) Column(a *schema.Attr, _ filter.CompareOperator) (filter.Column, bool) {
	s, ok := c[a]
	return s, ok
}

// element selects the element of a place: what the fields hold on top of what the
// conditions say, if they hold anything. A false says nothing on its own.
func (c *sqlColumns) element(list *schema.Attr, p *place, k int, of elementColumns) (string, bool) {
	columns := []string{strconv.Itoa(k) + " AS k"}
	var said []string
	for i, sub := range list.Subs() {
		if sub.IsComputed() || sub.MultiValued || sub.Type != schema.String && sub.Type != schema.Reference && sub.Type != schema.Boolean {
			if p.binds(sub) {
				return "", false
			}
			continue
		}
		value := c.constant(p, sub)
		if f := p.fieldOf(sub); f != nil {
			s, ok := c.scalar(f, sub, filter.GT)
			if !ok || s.Encode != nil {
				return "", false
			}
			value = s.SQL
			if sub.Type == schema.Boolean {
				said = append(said, value+" IS TRUE")
			} else {
				said = append(said, value+" IS NOT NULL")
			}
		}
		name := "c" + strconv.Itoa(i)
		columns = append(columns, value+" AS "+name)
		of[sub] = filter.Scalar{SQL: "e." + name}
	}
	return "SELECT " + strings.Join(columns, ", ") + " WHERE " + strings.Join(said, " OR "), len(said) > 0
}

// constant is what the conditions of a place say of a sub-attribute.
func (c *sqlColumns) constant(p *place, sub *schema.Attr) string {
	v := p.base.Sub(sub)
	if b, ok := v.Bool(); ok {
		return strings.ToUpper(strconv.FormatBool(b))
	}
	switch {
	case sub.Type == schema.Boolean:
		return "CAST(NULL AS boolean)"
	case v.IsZero():
		return "CAST(NULL AS text)"
	}
	return "CAST(" + quoteText(v.Key()) + " AS text)"
}

func (p *place) fieldOf(sub *schema.Attr) *field {
	for _, f := range p.fields {
		if f.target.sub == sub {
			return f
		}
	}
	return nil
}
