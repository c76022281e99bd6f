package schema

import "iter"

// UserView reads a Resource as the User of RFC 7643, section 4.1. It copies
// nothing.
type UserView struct{ *Resource }

// AsUser returns a view of r.
func AsUser(r *Resource) UserView { return UserView{r} }

// UserName returns userName as the client sent it; compare it by
// [FoldUserName].
func (u UserView) UserName() string { return u.Get("userName").String() }

// Active reports whether the user may sign in. A user of whom nothing is said is
// active.
func (u UserView) Active() bool {
	active, ok := u.Get("active").Bool()
	return active || !ok
}

// UserType returns userType.
func (u UserView) UserType() string { return u.Get("userType").String() }

// DisplayName returns displayName.
func (u UserView) DisplayName() string { return u.Get("displayName").String() }

// GivenName returns name.givenName.
func (u UserView) GivenName() string { return u.Get("name.givenName").String() }

// FamilyName returns name.familyName.
func (u UserView) FamilyName() string { return u.Get("name.familyName").String() }

// Manager returns the id of the user's manager, from the enterprise extension.
func (u UserView) Manager() string { return u.Get(EnterpriseUserURN + ":manager.value").String() }

// Email returns the primary e-mail address, or the first if none is primary.
func (u UserView) Email() string {
	first := ""
	for e := range u.Get("emails").Elems() {
		address := e.Get("value").String()
		if primary, _ := e.Get("primary").Bool(); primary && address != "" {
			return address
		}
		if first == "" {
			first = address
		}
	}
	return first
}

// Emails yields the type and address of each e-mail.
func (u UserView) Emails() iter.Seq2[string, string] {
	return func(yield func(kind, address string) bool) {
		for e := range u.Get("emails").Elems() {
			if !yield(e.Get("type").String(), e.Get("value").String()) {
				return
			}
		}
	}
}

// GroupView reads a Resource as the Group of RFC 7643, section 4.2. Its members
// are edges, kept beside it.
type GroupView struct{ *Resource }

// AsGroup returns a view of r.
func AsGroup(r *Resource) GroupView { return GroupView{r} }

// DisplayName returns displayName as the client sent it.
func (g GroupView) DisplayName() string { return g.Get("displayName").String() }
