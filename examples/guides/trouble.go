package guides

import (
	"strconv"
	"strings"

	"github.com/muster-scim/muster/scim"
)

// Trouble is something that goes wrong between a provider and an application.
type Trouble uint8

const (
	// None is a trouble that no answer of the application shows.
	None Trouble = iota

	WrongToken     // the token is not, or no longer, valid
	NoUserName     // the mapping of userName is missing, or its source is empty
	BadValue       // an attribute gets a value of another type
	UnknownRole    // userType is not in the table of roles
	Duplicate      // the user is there already
	RenameConflict // a user gets the userName of another one
	GroupExists    // the group is there already
	NoGroups       // the connection may not make groups
	Gone           // the user is no longer there
	UnknownMember  // a member was never provisioned, or is gone
	WrongURL       // the tenant URL lacks its end, or has too much
	AppFailed      // the application's store fails
)

// WrongTokenValue is the token that WrongToken is sent with.
const WrongTokenValue = "expired"

// Attempt is a request that a trouble is made of.
type Attempt struct {
	Request
	Token string // if not empty, instead of the connection's
}

// Provoke returns the requests that end in the trouble, in the provider's own form. The
// last one is answered by what the guide quotes. For Duplicate and GroupExists the
// application has the user or the group of that name, for UnknownMember it has {group}.
func (p Provider) Provoke(t Trouble) []Attempt {
	w := p.Wires[0]
	create := Attempt{Request: p.CreateUser(w, nil)}
	with := func(target string, v any) Attempt {
		return Attempt{Request: p.CreateUser(w, map[string]any{target: v})}
	}
	switch t {
	case WrongToken:
		return []Attempt{{w.Test, WrongTokenValue}}
	case NoUserName:
		return []Attempt{with("userName", nil)}
	case BadValue:
		return []Attempt{with("active", "enabled")}
	case UnknownRole:
		return []Attempt{with("userType", "owner")}
	case Duplicate:
		return []Attempt{create}
	case RenameConflict:
		rename := p.UpdateUser(w, p.attribute("userName"), nil)
		rename.Body = strings.ReplaceAll(rename.Body, asJSON(p.attribute("userName").Changed), `"{managerName}"`)
		return []Attempt{create, {Request: rename}}
	case GroupExists, NoGroups:
		return []Attempt{{Request: w.CreateGroup}}
	case Gone:
		return []Attempt{{Request: p.SetActive(w, false, nil).Fill(map[string]string{"id": "2c5f0000"})}}
	case UnknownMember:
		return []Attempt{{Request: w.AddMember.Fill(map[string]string{"member": "2c5f0000"})}}
	case AppFailed:
		return []Attempt{{Request: w.Test}}
	case WrongURL:
		test := w.Test
		test.Path = strings.Replace(test.Path, "/Users", "/v2/Users", 1)
		return []Attempt{{Request: test}}
	}
	return nil
}

// TroubleSettings returns the settings of the connection that has the trouble.
func (p Provider) TroubleSettings(t Trouble) scim.Settings {
	s := p.ConnectionSettings()
	s.NoGroupCreate = t == NoGroups
	return s
}

// attribute returns the mapping with a target.
func (p Provider) attribute(target string) Attribute {
	for _, a := range p.Attributes {
		if a.Target == target {
			return a
		}
	}
	panic("guides: " + p.Name + " does not map " + target)
}

// activeValue is how a whole user says whether it is active.
func (p Provider) activeValue(active bool) any {
	if _, text := p.attribute("active").Value.(string); text {
		return strconv.FormatBool(active)
	}
	return active
}

// SetActive is the request that deactivates a user, or makes it active again. changed
// has the values, by target, that were changed before.
func (p Provider) SetActive(w Wire, active bool, changed map[string]any) Request {
	r := w.Deactivate
	if active {
		r = w.Activate
	}
	all := map[string]any{"active": p.activeValue(active)}
	for target, v := range changed {
		if target != "active" {
			all[target] = v
		}
	}
	return r.Fill(map[string]string{"user": p.user(all, p.Echo)})
}
