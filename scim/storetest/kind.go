package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-scim/muster/schema"
)

func userType() *schema.Type {
	return schema.MustCompile(schema.TypeConfig{
		Name:       "User",
		Schema:     schema.User(),
		Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}},
	})
}

func groupType() *schema.Type {
	return schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: schema.Group()})
}

// resourceType has an attribute of each data type, single and several.
func resourceType() *schema.Type {
	return schema.MustCompile(schema.TypeConfig{Name: "Device", Schema: schema.Schema{
		ID:   "urn:example:params:scim:schemas:storetest:2.0:Device",
		Name: "Device",
		Attributes: []schema.Attribute{
			{Name: "hostName", Required: true, Uniqueness: schema.Server},
			{Name: "serial", CaseExact: true, Uniqueness: schema.Server},
			{Name: "model"},
			{Name: "note"},
			{Name: "managed", Type: schema.Boolean},
			{Name: "ports", Type: schema.Integer},
			{Name: "weight", Type: schema.Decimal},
			{Name: "bought", Type: schema.DateTime},
			{Name: "manual", Type: schema.Reference, References: []string{"external"}},
			{Name: "key", Type: schema.Binary},
			{Name: "tags", MultiValued: true},
			{Name: "place", Type: schema.Complex, Sub: []schema.Attribute{
				{Name: "room"}, {Name: "floor", Type: schema.Integer},
			}},
			{Name: "contacts", Type: schema.Complex, MultiValued: true, Sub: []schema.Attribute{
				{Name: "value"}, {Name: "type"}, {Name: "primary", Type: schema.Boolean},
			}},
		},
	}})
}

// shape is a Kind with what follows from it.
type shape struct {
	Kind
	typ *schema.Type

	// naming is the attribute that names a resource, such as userName.
	naming *schema.Attr

	// texts are attributes to write any text to, the best first; naming is the
	// last of them.
	texts []*schema.Attr

	// unique are those that must be unique and that the store keeps.
	unique []*schema.Attr
}

func newShape(k Kind, t *schema.Type, naming string) (*shape, error) {
	kind := &shape{Kind: k, typ: t}
	if kind.naming = namingOf(t, naming); kind.naming == nil {
		return nil, fmt.Errorf("type %s has no attribute that could name a resource", t.Name())
	}
	for _, top := range t.Attrs() {
		for _, a := range append([]*schema.Attr{top}, top.Subs()...) {
			switch {
			case !kind.writes(top) || !kind.keeps(a) || a.Type == schema.Complex:
			case kind.isUnique(a):
				kind.unique = append(kind.unique, a)
			case kind.isText(a):
				kind.texts = append(kind.texts, a)
			}
		}
	}
	slices.SortStableFunc(kind.texts, func(a, b *schema.Attr) int { return rankOf(a) - rankOf(b) })
	kind.texts = append(kind.texts, kind.naming)
	return kind, nil
}

// namingOf returns the attribute of that name or, if name is empty, the first
// that can name a resource.
func namingOf(t *schema.Type, name string) *schema.Attr {
	if a, ok := t.Attr(name); ok {
		return a
	}
	var found *schema.Attr
	for _, a := range t.Attrs() {
		if a.Path() == "id" || a.Path() == "externalId" || a.Type != schema.String || a.MultiValued || a.Mutability != schema.ReadWrite || len(a.Canonical) > 0 {
			continue
		}
		if found == nil || a.Required && !found.Required {
			found = a
		}
	}
	return found
}

// preferred are attributes to which applications put no conditions, peculiar
// those to which they often do.
var (
	preferred = []string{"title", "nickName", "displayName", "model", "note"}
	peculiar  = []string{"userType", "preferredLanguage", "locale", "timezone"}
)

func rankOf(a *schema.Attr) int {
	switch i := slices.Index(preferred, a.Path()); {
	case i >= 0:
		return i
	case a.Path() == "externalId":
		return len(preferred) + 2
	case a.Parent() != nil:
		return len(preferred) + 1
	}
	return len(preferred)
}

// isText reports whether any text can be written to a.
func (k *shape) isText(a *schema.Attr) bool {
	return a.Type == schema.String && !a.MultiValued && !a.Top().MultiValued && a.Mutability == schema.ReadWrite &&
		a.Returned != schema.Never && len(a.Canonical) == 0 && !a.Required && !k.refers(a) && a != k.naming &&
		!slices.Contains(peculiar, a.Path())
}

// isUnique reports whether no two resources may have the same value of a.
func (k *shape) isUnique(a *schema.Attr) bool {
	return a.Uniqueness != schema.NotUnique || slices.ContainsFunc(k.Unique, func(path string) bool {
		return strings.EqualFold(path, a.Path())
	})
}

// isUniqueIn reports whether a, or a sub-attribute of it, must be unique.
func (k *shape) isUniqueIn(a *schema.Attr) bool {
	return a == k.naming || k.isUnique(a) || slices.ContainsFunc(a.Subs(), k.isUnique)
}

// writes reports whether top-level attribute a is a client's to write. What is
// kept beside a resource is not: id, meta, passwords, memberships.
func (k *shape) writes(a *schema.Attr) bool {
	switch a.Path() {
	case "", "id", "meta", "schemas", "groups", "members":
		return false
	}
	return a.Mutability != schema.ReadOnly && !a.IsPassword()
}

// keeps reports whether the store keeps a, or any part of it.
func (k *shape) keeps(a *schema.Attr) bool {
	if subs := a.Subs(); len(subs) > 0 {
		return slices.ContainsFunc(subs, k.keeps)
	}
	if a.Mutability == schema.ReadOnly || a.IsComputed() {
		return false
	}
	return k.Keeps == nil || a == k.naming || k.Keeps(a.Path())
}

// refers reports whether a is the id of a resource: an application may refuse
// one that does not exist.
func (k *shape) refers(a *schema.Attr) bool {
	if a.Parent() == nil || a.Name != "value" {
		return false
	}
	ref := a.Parent().SubAttr("$ref")
	return ref != nil && !slices.Contains(ref.References, "external") && !slices.Contains(ref.References, "uri")
}

// samples are values that look real, since an application may check them.
var samples = map[string]string{
	"preferredLanguage":  "en",
	"locale":             "en-US",
	"timezone":           "Europe/Berlin",
	"addresses.country":  "SE",
	"phoneNumbers.value": "tel:+1-201-555-%04d",
	"emails.value":       "mail%d@example.com",
	"ims.value":          "im%d@example.com",
}

// sample returns a value for a that differs with n; nil if there is none. Those
// of unique attributes are never the same.
func (c *collection) sample(a *schema.Attr, n int) any {
	if a.MultiValued {
		return []any{c.sampleOne(a, n), c.sampleOne(a, n+1)}
	}
	return c.sampleOne(a, n)
}

func (c *collection) sampleOne(a *schema.Attr, n int) any {
	switch a.Type {
	case schema.Complex:
		values := map[string]any{}
		for _, s := range a.Subs() {
			if v := c.sampleSub(s, n); v != nil && c.keeps(s) {
				values[s.Name] = v
			}
		}
		return values
	case schema.Boolean:
		return n%2 == 0
	case schema.Integer:
		return n
	case schema.Decimal:
		return float64(n) + 0.25
	case schema.DateTime:
		return time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
	case schema.Reference:
		return fmt.Sprintf("https://example.com/%s/%d", strings.TrimPrefix(a.Name, "$"), n)
	case schema.Binary:
		return []byte{0, 1, 0xfe, 0xff, byte(n)}
	}
	return c.sampleText(a, n)
}

// sampleSub is sample for what has a meaning of its own within an element.
func (c *collection) sampleSub(a *schema.Attr, n int) any {
	switch {
	case a.Name == "primary":
		return nil // the first of a list is made so below
	case c.refers(a):
		return c.peer()
	}
	return c.sample(a, n)
}

func (c *collection) sampleText(a *schema.Attr, n int) any {
	switch {
	case a == c.naming:
		return c.name(n)
	case c.isUnique(a):
		return fmt.Sprintf("%s-%d", a.Name, c.number())
	case len(a.Canonical) > 0:
		return a.Canonical[n%len(a.Canonical)]
	}
	if s, ok := samples[a.Path()]; ok {
		if strings.Contains(s, "%") {
			return fmt.Sprintf(s, n)
		}
		return s
	}
	return fmt.Sprintf("%s %d", a.Name, n)
}

// name returns the n-th value of the naming attribute. That of users looks like
// an address, since many applications want one.
func (c *collection) name(n int) string {
	if c.naming.Path() == "userName" {
		return fmt.Sprintf("user%d@example.com", n)
	}
	return fmt.Sprintf("%s %d", strings.ToLower(c.typ.Name()), n)
}
