package guides

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
)

// Answer is what the application answered to a request.
type Answer struct {
	Status   int
	ScimType string
	Detail   string
}

// Answers has what a guide quotes: the status of each step, by the index of the wire and
// the step's key, and the answer to each trouble.
type Answers struct {
	Steps    map[string]int
	Troubles map[Trouble]Answer
}

// StepKey is the key in Answers.Steps.
func StepKey(wire int, step string) string { return fmt.Sprint(wire, step) }

//go:embed guide.md.tmpl
var guideText string

//go:embed index.md.tmpl
var indexText string

// Markdown is the provider's guide. tenantURL is what the administrator is to paste.
func (p Provider) Markdown(tenantURL string, answers Answers) (string, error) {
	g := guide{p, tenantURL, answers}
	return execute("guide", guideText, template.FuncMap{
		"wires": g.wires, "symptoms": g.symptoms, "setup": g.setup,
		"roles":  func() string { return sourceOf("roles") },
		"source": func() string { return sourceOf(p.Settings) },
		"cell":   cell, "code": codeCell,
		"usesRoleTable": func() bool { return strings.Contains(sourceOf(p.Settings), "roles()") },
	}, p)
}

// Index is the list of the guides, in Markdown.
func Index(providers []Provider) (string, error) {
	return execute("index", indexText, nil, providers)
}

func execute(name, text string, funcs template.FuncMap, data any) (string, error) {
	t, err := template.New(name).Funcs(funcs).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", err
	}
	return b.String(), nil
}

type guide struct {
	p         Provider
	tenantURL string
	answers   Answers
}

func (g guide) setup() []string {
	var steps []string
	for _, s := range g.p.Setup {
		steps = append(steps, strings.ReplaceAll(s, "{tenantURL}", g.tenantURL))
	}
	return steps
}

// shownWire and shownStep are a Wire as a guide shows it.
type shownWire struct {
	Name  string
	Steps []shownStep
}

type shownStep struct {
	Title, Line string
	Status      int
	Assumed     bool
	Text, JSON  string // one of them, or none
}

// wires returns the requests: all of the first wire, and of others what differs.
func (g guide) wires() ([]shownWire, error) {
	var all []shownWire
	for i, w := range g.p.Wires {
		shown := shownWire{Name: w.Name}
		for _, s := range w.Steps() {
			if i > 0 && sends(g.p.Wires[0], s) {
				continue
			}
			status, ok := g.answers.Steps[StepKey(i, s.Key)]
			if !ok {
				return nil, fmt.Errorf("guides: there is no answer to %q of %s", s.Title, g.p.Name)
			}
			step, err := g.step(w, s)
			if err != nil {
				return nil, err
			}
			step.Status = status
			shown.Steps = append(shown.Steps, step)
		}
		all = append(all, shown)
	}
	return all, nil
}

// sends reports whether a wire has the same request.
func sends(w Wire, s Step) bool {
	for _, other := range w.Steps() {
		if other == s {
			return true
		}
	}
	return false
}

func (g guide) step(w Wire, s Step) (shownStep, error) {
	r := s.Request
	shown := shownStep{Title: s.Title, Line: r.Method + " " + r.Path, Assumed: r.Assumed}
	switch {
	case r.Body == "{user}" && s.Key == "create":
		r = g.p.CreateUser(w, nil)
	case r.Body == "{user}" && s.Key == "update":
		shown.Text = "The whole user as in the POST, with what has changed."
	case r.Body == "{user}":
		shown.Text = fmt.Sprintf("The whole user, with `\"active\": %s`.", asJSON(g.p.activeValue(s.Key == "activate")))
	case s.Key == "update":
		r = g.p.UpdateUser(w, g.p.attribute("name.familyName"), nil)
	case s.Key == "updateElement":
		r = g.p.UpdateUser(w, g.p.attribute(`emails[type eq "work"].value`), nil)
	}
	if r.Body == "" || shown.Text != "" {
		return shown, nil
	}
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace([]byte(r.Body)), "", "  "); err != nil {
		return shown, fmt.Errorf("guides: %q of %s: %w", s.Title, g.p.Name, err)
	}
	shown.JSON = b.String()
	return shown, nil
}

// shownSymptom is a Symptom with the answer that makes it.
type shownSymptom struct {
	See, Answer, Do string
}

func (g guide) symptoms() ([]shownSymptom, error) {
	var all []shownSymptom
	for _, s := range g.p.Symptoms {
		shown := shownSymptom{s.See, "", s.Do}
		if s.Trouble != None {
			a, ok := g.answers.Troubles[s.Trouble]
			if !ok {
				return nil, fmt.Errorf("guides: there is no answer for %q of %s", s.See, g.p.Name)
			}
			shown.Answer = strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.ScimType))
			if a.Detail != "" {
				shown.Answer += ": “" + a.Detail + "”"
			}
		}
		all = append(all, shown)
	}
	return all, nil
}

// cell is a text that may stand in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// codeCell is a path, a macro or the name of an attribute in a table, as code; words that
// describe a source stay words.
func codeCell(s string) string {
	words := strings.Contains(s, " ") && !strings.ContainsAny(s, "[$")
	if words || strings.HasPrefix(s, "(") {
		return cell(s)
	}
	return "`" + cell(s) + "`"
}
