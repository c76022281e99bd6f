package rolemap

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// resolver is a table that has been checked.
type resolver struct {
	attribute      string
	primary, exact bool
	required, skip bool
	values         map[string]string // by value, folded unless exact
	allowed        []string
	fallback       string
	groups         map[string]string // by folded name
	groupIDs       map[string]string // by externalId, as it is
	prefix         string            // folded
	known, ignored names
	priority       []string
}

// outcome is what is found out about one user.
type outcome struct {
	roles   map[string]bool
	notes   map[string]bool
	refusal *scim.Error
}

func (o *outcome) note(format string, args ...any) { o.notes[fmt.Sprintf(format, args...)] = true }

// GroupUse implements [scim.RoleResolver]. A group that begins with the prefix is a role
// group, whether its role is known or not: otherwise the application would get a group
// for each role that it does not have.
func (r *resolver) GroupUse(name, externalID string) scim.GroupUse {
	if _, ok := r.roleName(name); ok {
		return scim.UseRole
	}
	if _, ok := r.groupRole(name, externalID); ok {
		return scim.UseBoth
	}
	return scim.UseNone
}

// roleName returns what follows the prefix in a group's name, as it is compared.
func (r *resolver) roleName(name string) (role string, ok bool) {
	if r.prefix == "" {
		return "", false
	}
	return strings.CutPrefix(schema.Fold(name), r.prefix)
}

// groupRole returns the role that a group of the application gives.
func (r *resolver) groupRole(name, externalID string) (role string, ok bool) {
	if role, ok = r.groupIDs[externalID]; ok && externalID != "" {
		return role, true
	}
	role, ok = r.groups[schema.Fold(name)]
	return role, ok && name != ""
}

// Resolve implements [scim.RoleResolver]. Roles and notes are in order.
func (r *resolver) Resolve(in scim.RoleInput) scim.RoleOutcome {
	o := &outcome{roles: map[string]bool{}, notes: map[string]bool{}}
	for _, g := range in.Groups {
		r.addGroup(o, g)
	}
	switch {
	case r.attribute != "":
		r.addValues(o, in.User)
	case len(o.roles) == 0 && r.fallback != "":
		o.roles[r.fallback] = true
	}
	out := scim.RoleOutcome{Refusal: o.refusal, Notes: inOrder(maps.Keys(o.notes))}
	if o.refusal == nil {
		out.Roles = r.first(inOrder(maps.Keys(o.roles)))
	}
	return out
}

// first leaves of roles only the first that has priority, if one has.
func (r *resolver) first(roles []string) []string {
	for _, role := range r.priority {
		if slices.Contains(roles, role) {
			return []string{role}
		}
	}
	return roles
}

// addGroup adds what a group gives. What a group is for was decided when it was created:
// a role group is none of the application's, whatever it is called now, and the other way
// round.
func (r *resolver) addGroup(o *outcome, g scim.GroupRef) {
	if !g.Role {
		if role, ok := r.groupRole(g.Name, g.ExternalID); ok {
			o.roles[role] = true
		}
		return
	}
	name, ok := r.roleName(g.Name)
	if !ok {
		return // it was renamed, or is another table's
	}
	role, known := r.known.find(name)
	switch _, ignored := r.ignored.find(name); {
	case ignored:
		o.note("The group %s stands for a role that is never given.", quoted(g.Name))
	case !known:
		o.note("The group %s stands for a role that the application does not have.", quoted(g.Name))
	default:
		o.roles[role] = true
	}
}

// addValues adds what the attribute of a user gives.
func (r *resolver) addValues(o *outcome, u *schema.Resource) {
	if u == nil {
		return
	}
	a, ok := u.Type().Attr(r.attribute)
	if !ok {
		// To take this for an empty value would give everybody the default.
		o.note("Users have no attribute %s.", r.attribute)
		return
	}
	values := valuesOf(u, a, r.primary)
	switch {
	case len(values) > 0:
	case r.fallback != "":
		o.roles[r.fallback] = true
	case r.required:
		o.refusal = scim.Invalid(r.attribute, "is required and must be %s.", r.choice())
	}
	for _, v := range values {
		r.addValue(o, v)
	}
}

func (r *resolver) addValue(o *outcome, v string) {
	role, ok := r.lookUp(v)
	if ok {
		o.roles[role] = true
		return
	}
	// A value may be a document with values in it, unless the table has it as it is.
	inner := valuesIn(v)
	for _, v := range inner {
		if role, ok := r.lookUp(v); ok {
			o.roles[role] = true
		} else {
			r.unknown(o, v)
		}
	}
	if inner == nil {
		r.unknown(o, v)
	}
}

func (r *resolver) lookUp(value string) (role string, ok bool) {
	if !r.exact {
		value = schema.Fold(value)
	}
	role, ok = r.values[value]
	return role, ok
}

// unknown notes or refuses a value. The first one is told of.
func (r *resolver) unknown(o *outcome, value string) {
	switch {
	case r.skip:
		o.note("%s %s gives no role.", r.attribute, quoted(value))
	case o.refusal == nil:
		o.refusal = scim.Invalid(r.attribute, "must be %s, not %s.", r.choice(), quoted(value))
	}
}

// choice lists the values that are allowed.
func (r *resolver) choice() string {
	texts := make([]string, len(r.allowed))
	for i, v := range r.allowed {
		texts[i] = quoted(v)
	}
	if n := len(texts); n > 1 {
		return "one of " + strings.Join(texts[:n-1], ", ") + " and " + texts[n-1]
	}
	return strings.Join(texts, "")
}

// maxQuoted is how many bytes of a client's value are repeated.
const maxQuoted = 100

// quoted returns a value for a sentence.
func quoted(s string) string {
	if len(s) <= maxQuoted {
		return fmt.Sprintf("%q", s)
	}
	n := maxQuoted
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("%q…", s[:n])
}
