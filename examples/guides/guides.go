// Package guides has a guide per identity provider: what its administrator clicks and
// pastes, which attributes are mapped, what to expect and what to do about trouble. The
// guides are the Markdown files beside it; start with README.md.
//
// The facts of a guide are data here: attributes, paths, templates, requests. The tests
// make the files of them, and send the same data to a handler:
//
//	go test ./examples/guides           # fails if a file is not what the data says
//	go test ./examples/guides -update   # writes the files anew
//
// So what a guide says arrives, and the texts of errors in it are those that are sent. An
// application can use the package to show its own administrators the same tables, with
// its own URL.
package guides

// Provider is what the guide to one identity provider says. Texts are Markdown.
type Provider struct {
	Name string // as its maker writes it
	File string // the name of the guide without its ending

	// Summary says what to know before starting.
	Summary string

	// Setup has the steps of the administrator.
	Setup []string

	// Attributes and GroupAttributes are the table of mappings.
	Attributes      []Attribute
	GroupAttributes []Attribute

	// Template is the body of users for providers that let the administrator write it;
	// each Source stands in it at its Target. Otherwise Base is the JSON object that the
	// attributes are put into.
	Template string
	Base     string

	// Echo has, as JSON, what a PUT sends beyond a POST.
	Echo string

	// Settings names the function that makes the settings for a connection of this
	// provider.
	Settings string

	// Wires are the ways in which the provider sends changes; most have one.
	Wires []Wire

	// Expect says what happens when; Symptoms what to do if it does not.
	Expect   []string
	Symptoms []Symptom
}

// Attribute is one line of a table of mappings.
type Attribute struct {
	Source string // as the provider names it, or an expression of it
	Target string // the SCIM path
	Note   string

	// Value is an example, as it is sent in a POST. Changed is what it is changed to;
	// without one it is changed by its own requests only, as active is.
	Value, Changed any

	// Reads is how Value is read back where that differs, as "True" is read as true.
	Reads any

	// Later says that the attribute is sent in an update after the POST.
	Later bool
}

// Wire is one way in which a provider sends changes. A request without a method is one
// that it does not send.
type Wire struct {
	Name string // empty if it is the only one

	Test, Find, Create Request
	Update             Request // changes the attribute {path} to {value}, or sends all of {user}
	UpdateElement      Request // the same for a path with a filter, if it differs
	Deactivate         Request
	Activate, Delete   Request
	FindGroup          Request
	CreateGroup        Request
	RenameGroup        Request
	AddMember          Request
	RemoveMember       Request
	ClearMembers       Request
	DeleteGroup        Request
}

// Step is a request of a Wire with what it is for.
type Step struct {
	Key, Title string
	Request    Request
}

// Steps returns the requests that are sent, in the order of a provisioning story.
func (w Wire) Steps() []Step {
	all := []Step{
		{"test", "Test of the connection", w.Test},
		{"find", "Is the user there already?", w.Find},
		{"create", "New user", w.Create},
		{"update", "Changed attribute", w.Update},
		{"updateElement", "Changed element of a list", w.UpdateElement},
		{"findGroup", "Is the group there already?", w.FindGroup},
		{"createGroup", "New group", w.CreateGroup},
		{"renameGroup", "Renamed group", w.RenameGroup},
		{"addMember", "New member of a group", w.AddMember},
		{"removeMember", "Member removed", w.RemoveMember},
		{"clearMembers", "Group emptied", w.ClearMembers},
		{"deleteGroup", "Deleted group", w.DeleteGroup},
		{"deactivate", "User loses access", w.Deactivate},
		{"activate", "User comes back", w.Activate},
		{"delete", "Deleted user", w.Delete},
	}
	var sent []Step
	for _, s := range all {
		if s.Request.Method != "" {
			sent = append(sent, s)
		}
	}
	return sent
}

// Symptom is one line of the table of troubles.
type Symptom struct {
	See string // what the administrator sees
	Do  string // what to do

	// Trouble is how the symptom is made, so that the guide can quote the answer; None
	// is for what is not answered by the application.
	Trouble Trouble
}

// Providers returns all providers in the order of the index.
func Providers() []Provider {
	all := []Provider{entra(), okta(), oneLogin(), jumpCloud(), google(), ping()}
	for i := range all {
		all[i].Symptoms = append(all[i].Symptoms, Symptom{
			Trouble: AppFailed,
			See:     "Everything fails, or some of it does now and then.",
			Do:      "The application failed. Send its developer the request id at the end of the answer: its log has the cause under it.",
		})
	}
	return all
}

// The URNs of the schemas.
const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	patchURN      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// patchOf is the body of a PATCH with these operations.
func patchOf(operations string) string {
	return `{"schemas":["` + patchURN + `"],"Operations":[` + operations + `]}`
}

// users and groups are the schemas of bodies that begin as most do.
const (
	userBase  = `{"schemas":["` + userURN + `","` + enterpriseURN + `"]}`
	groupBase = `"schemas":["` + groupURN + `"]`
)
