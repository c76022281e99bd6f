package rolemap

import (
	"encoding/json"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// valuesOf returns the texts that attribute a of a user has: of complex elements the
// sub-attribute that a is, or value, or if that is missing display. With primary it is one
// at most.
func valuesOf(u *schema.Resource, a *schema.Attr, primary bool) []string {
	var values []string
	first := -1
	for e := range u.Value(a.Top()).Elems() {
		text := textOf(e, a)
		if text == "" {
			continue
		}
		if p, ok := e.Get("primary").Bool(); ok && p && first < 0 {
			first = len(values)
		}
		values = append(values, text)
	}
	if primary && len(values) > 0 {
		first = max(first, 0)
		return values[first : first+1]
	}
	return values
}

// textOf returns the text of one element.
func textOf(e schema.Value, a *schema.Attr) string {
	switch {
	case a.Parent() != nil:
		return e.Sub(a).String()
	case !e.IsObject():
		return e.String()
	}
	if v := e.Get("value").String(); v != "" {
		return v
	}
	return e.Get("display").String()
}

// appRole is how Entra ID's SingleAppRoleAssignment and AppRoleAssignmentsComplex write an
// app role into a string.
type appRole struct {
	Value       string `json:"value"`
	DisplayName string `json:"displayName"`
}

// valuesIn returns the values of a text that is a JSON document, as
// {"id":"…","value":"Admin","displayName":"Administrators"} or a list of such objects; nil
// if it is something else. An app role without a value counts by its name.
func valuesIn(text string) []string {
	text = strings.TrimSpace(text)
	var roles []appRole
	switch {
	case strings.HasPrefix(text, "["):
		if json.Unmarshal([]byte(text), &roles) != nil {
			return nil
		}
	case strings.HasPrefix(text, "{"):
		roles = make([]appRole, 1)
		if json.Unmarshal([]byte(text), &roles[0]) != nil {
			return nil
		}
	}
	var values []string
	for _, r := range roles {
		if r.Value == "" {
			r.Value = r.DisplayName
		}
		if r.Value != "" {
			values = append(values, r.Value)
		}
	}
	return values
}
