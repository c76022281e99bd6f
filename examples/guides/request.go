package guides

import (
	"encoding/json"
	"net/url"
	"strings"
)

// Request is a request below the tenant URL. Path and Body may have placeholders:
//
//	{id} {member} {group}   ids of a user, of a member and of a group
//	{manager} {other}       ids of two users who are managers
//	{userName} {groupName}  what is looked for
//	{path} {value}          the attribute that changes, as JSON
//	{user}                  a user with all mapped attributes, as JSON
type Request struct {
	Method, Path, Body string

	// Assumed says that the provider does not publish the form of this request, and that
	// it is the usual one.
	Assumed bool
}

// Fill returns the request with placeholders replaced. In a path values are escaped.
func (r Request) Fill(values map[string]string) Request {
	for name, v := range values {
		r.Path = strings.ReplaceAll(r.Path, "{"+name+"}", url.QueryEscape(v))
		r.Body = strings.ReplaceAll(r.Body, "{"+name+"}", v)
	}
	return r
}

// CreateUser is the POST of a user with every mapped attribute. changed has values, by
// target, that are other than the table's examples; nil is no value.
func (p Provider) CreateUser(w Wire, changed map[string]any) Request {
	return w.Create.Fill(map[string]string{"user": p.user(changed, "")})
}

// UpdateUser is the request that changes a. changed has the values, by target, that
// were changed before: a PUT sends them again.
func (p Provider) UpdateUser(w Wire, a Attribute, changed map[string]any) Request {
	r := w.Update
	if w.UpdateElement.Method != "" && strings.Contains(a.Target, "[") {
		r = w.UpdateElement
	}
	all := map[string]any{a.Target: a.Changed}
	for target, v := range changed {
		all[target] = v
	}
	return r.Fill(map[string]string{"path": asJSON(a.Target), "value": asJSON(a.Changed), "user": p.user(all, p.Echo)})
}

// user is the JSON of a user with all attributes that a POST or PUT has, and of echo.
// changed has values by target; nil is no value.
func (p Provider) user(changed map[string]any, echo string) string {
	if p.Template != "" {
		return p.fillTemplate(changed)
	}
	doc := map[string]any{}
	mustDecode(p.Base, &doc)
	if echo != "" {
		mustDecode(echo, &doc)
	}
	for _, a := range p.Attributes {
		v := a.Value
		if c, ok := changed[a.Target]; ok {
			v = c
		}
		switch {
		case a.Later:
		case v == nil:
			remove(doc, a.Target)
		default:
			set(doc, a.Target, v)
		}
	}
	return asJSON(doc)
}

// fillTemplate replaces each source in the template by its value, as text, which is how
// such providers do it.
func (p Provider) fillTemplate(changed map[string]any) string {
	body := p.Template
	for _, a := range p.Attributes {
		v := a.Value
		if c, ok := changed[a.Target]; ok {
			v = c
		}
		text, _ := v.(string)
		quoted := asJSON(text)
		body = strings.ReplaceAll(body, a.Source, quoted[1:len(quoted)-1])
	}
	return body
}

func asJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // strings, booleans, and lists and maps of them
	}
	return strings.TrimSpace(b.String())
}

// mustDecode reads JSON of this package's own.
func mustDecode(text string, into any) {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		panic("guides: " + err.Error() + " in " + text)
	}
}
