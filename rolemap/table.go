package rolemap

import (
	"encoding"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/muster-scim/muster/schema"
)

// Table says which roles users have. It is data only: its JSON form has the names below
// in lower case. The zero value gives nobody a role.
type Table struct {
	// Attribute is the path of an attribute of users whose values Values translates.
	// If empty, no attribute counts.
	Attribute string `json:"attribute,omitempty"`

	// Primary takes of several values only that of the primary element, or of the first
	// one if none is primary.
	Primary bool `json:"primary,omitzero"`

	// Values has the role for each value, see [Same] where they are called the same.
	Values map[string]string `json:"values,omitempty"`

	// Exact makes case count in values.
	Exact bool `json:"exact,omitzero"`

	// Default is the role of a user whose attribute has no value or, in a table without
	// Attribute, who is in no group that gives one. If empty there is none.
	Default string `json:"default,omitempty"`

	// Required refuses a user whose attribute has no value.
	Required bool `json:"required,omitzero"`

	// Unknown says what happens if a value is not in Values.
	Unknown Unknown `json:"unknown,omitzero"`

	// Groups has the role that a group of the application gives to its members, by the
	// group's displayName or externalId.
	Groups map[string]string `json:"groups,omitempty"`

	// Prefix begins the names of groups that stand for a role, as "role."; what follows
	// is one of Known. If empty there are no such groups.
	Prefix string `json:"prefix,omitempty"`

	// Known are the roles that the application has. If it is not empty, the table may
	// name no others.
	Known []string `json:"known,omitempty"`

	// Ignored are roles that are never given, as those of the application's own system
	// users, even if they are Known.
	Ignored []string `json:"ignored,omitempty"`

	// Priority, from the highest, has roles that go without others: who would have one of
	// them has only the first of these. Who would have none of them has all others.
	Priority []string `json:"priority,omitempty"`
}

// Unknown is what happens if an attribute has a value that a table does not. In JSON it
// is "refuse" or "skip".
type Unknown uint8

const (
	// RefuseUnknown refuses the user with a 400 that names the attribute and the values
	// that are allowed.
	RefuseUnknown Unknown = iota

	// SkipUnknown leaves the value out, with a note in the log.
	SkipUnknown
)

var unknownNames = [...]string{RefuseUnknown: "refuse", SkipUnknown: "skip"}

var (
	_ encoding.TextMarshaler   = Unknown(0)
	_ encoding.TextUnmarshaler = (*Unknown)(nil)
)

// String returns the name that stands in JSON.
func (u Unknown) String() string {
	if int(u) < len(unknownNames) {
		return unknownNames[u]
	}
	return fmt.Sprintf("Unknown(%d)", uint8(u))
}

// MarshalText returns the name. A value that is none of the constants is an error.
func (u Unknown) MarshalText() ([]byte, error) {
	if int(u) >= len(unknownNames) {
		return nil, fmt.Errorf("rolemap: %v is no way to treat unknown values", u)
	}
	return []byte(u.String()), nil
}

// UnmarshalText reads a name, ignoring case.
func (u *Unknown) UnmarshalText(text []byte) error {
	i := slices.IndexFunc(unknownNames[:], func(name string) bool { return strings.EqualFold(name, string(text)) })
	if i < 0 {
		return fmt.Errorf("rolemap: unknown values are treated by %q, not by %q", unknownNames, text)
	}
	*u = Unknown(i)
	return nil
}

// Parse reads the JSON form of a table. A name that a table does not have is an error, and
// so is one that is there twice: of two roles for one value none is taken. What the
// table says is checked by [New].
func Parse(text []byte) (Table, error) {
	var t Table
	if err := json.Unmarshal(text, &t, json.RejectUnknownMembers(true)); err != nil {
		return Table{}, fmt.Errorf("rolemap: %w", err)
	}
	return t, nil
}

// Same makes the Values of roles that the identity provider calls what the application
// does.
func Same(roles ...string) map[string]string {
	values := make(map[string]string, len(roles))
	for _, role := range roles {
		values[role] = role
	}
	return values
}

// Allowed returns the values that the attribute may have, in order: for the page on which
// an administrator sets up the identity provider. In a table with SkipUnknown it may have
// others, which give no role.
func (t Table) Allowed() []string { return inOrder(maps.Keys(t.Values)) }

// Roles returns every role that the table can give, in order.
func (t Table) Roles() []string {
	all := slices.Concat(slices.Collect(maps.Values(t.Values)), slices.Collect(maps.Values(t.Groups)))
	if t.Prefix != "" {
		all = append(all, t.Known...)
	}
	if t.Default != "" {
		all = append(all, t.Default)
	}
	names := newNames(t.Known)
	ignored := newNames(t.Ignored)
	var roles []string
	for _, role := range all {
		if _, no := ignored.find(role); !no {
			roles = append(roles, names.spelling(role))
		}
	}
	return slices.Compact(inOrder(slices.Values(roles)))
}

// RoleGroups returns the names of the groups that stand for a role, in order: for the
// administrator who has to create them. It is nil if there is no Prefix.
func (t Table) RoleGroups() []string {
	if t.Prefix == "" {
		return nil
	}
	ignored := newNames(t.Ignored)
	var groups []string
	for _, role := range t.Known {
		if _, no := ignored.find(role); !no {
			groups = append(groups, t.Prefix+role)
		}
	}
	return inOrder(slices.Values(groups))
}

// names finds spellings by what counts.
type names map[string]string

func newNames(all []string) names {
	n := names{}
	for _, name := range all {
		if _, ok := n.find(name); !ok {
			n[schema.Fold(name)] = name
		}
	}
	return n
}

func (n names) find(name string) (string, bool) {
	spelling, ok := n[schema.Fold(name)]
	return spelling, ok
}

// spelling returns the name as n has it, or else as it is.
func (n names) spelling(name string) string {
	if s, ok := n.find(name); ok {
		return s
	}
	return name
}
