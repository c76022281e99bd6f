package patch

import "github.com/muster-scim/muster/filter"

// MemberDelta is what a request does to the members of a group, in normal form:
// after it the members are Add and, unless Replace is set, those of before that
// neither Remove names nor Where matches. Add and Remove have no id in common and
// none twice.
type MemberDelta struct {
	// Replace says that Add is the whole list. Remove and Where are empty then.
	Replace bool
	Add     []Member
	Remove  []string

	// Where removes members by something else than their id. Package scim
	// resolves it to ids; stores never see it.
	Where []*filter.ElementFilter
}

// IsZero reports whether d changes nothing, whatever the group has.
func (d MemberDelta) IsZero() bool {
	return !d.Replace && len(d.Add) == 0 && len(d.Remove) == 0 && len(d.Where) == 0
}
