package guides_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/examples/guides"
)

var update = flag.Bool("update", false, "write the guides anew")

// TestGuides plays each provider, and holds its guide to what was answered.
func TestGuides(t *testing.T) {
	for _, p := range guides.Providers() {
		t.Run(p.File, func(t *testing.T) {
			answers := guides.Answers{Steps: map[string]int{}, Troubles: map[guides.Trouble]guides.Answer{}}
			for i, w := range p.Wires {
				t.Run("provisioning "+w.Name, func(t *testing.T) {
					for step, status := range play(t, p, w) {
						answers.Steps[guides.StepKey(i, step)] = status
					}
				})
			}
			for _, s := range p.Symptoms {
				if s.Trouble != guides.None {
					t.Run(s.See, func(t *testing.T) { answers.Troubles[s.Trouble] = provoke(t, p, s.Trouble) })
				}
			}
			if t.Failed() {
				return
			}
			text, err := p.Markdown(baseURL, answers)
			require.NoError(t, err, "run the whole test of this provider")
			golden(t, p.File+".md", text)
		})
	}
}

func TestIndex(t *testing.T) {
	text, err := guides.Index(guides.Providers())
	require.NoError(t, err)
	golden(t, "README.md", text)
}

// golden compares a file with what it should be, or writes it.
func golden(t *testing.T, file, want string) {
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is out of date; go test ./examples/guides -update writes it anew (-want +file):\n%s", file, diff)
	}
}

// TestTables: the tables are whole.
func TestTables(t *testing.T) {
	for _, p := range guides.Providers() {
		t.Run(p.File, func(t *testing.T) {
			targets := map[string]bool{}
			for _, a := range p.Attributes {
				assert.False(t, targets[a.Target], "%s is there twice", a.Target)
				targets[a.Target] = true
				assert.NotNil(t, a.Value, a.Target)
				assert.NotEqual(t, a.Value, a.Changed, a.Target)
				assert.Equal(t, a.Target == "active", a.Changed == nil, "only active is changed by requests of its own: %s", a.Target)
			}
			for _, required := range []string{"userName", "active", "name.givenName", "name.familyName"} {
				assert.True(t, targets[required], required)
			}
			seen := map[guides.Trouble]bool{}
			for _, s := range p.Symptoms {
				assert.False(t, s.Trouble != guides.None && seen[s.Trouble], "%s: its trouble is there twice", s.See)
				seen[s.Trouble] = true
			}
			for _, must := range []guides.Trouble{guides.WrongToken, guides.WrongURL, guides.NoUserName, guides.Duplicate, guides.Gone, guides.AppFailed} {
				assert.True(t, seen[must], "every guide has trouble %d", must)
			}
			assert.Equal(t, targets["userType"], seen[guides.UnknownRole], "who sends a role can send a wrong one")
			assert.Equal(t, p.Wires[0].CreateGroup.Method != "", seen[guides.NoGroups], "who pushes groups can be refused")
		})
	}
}

// TestTemplate: a template is JSON with the source of each attribute at its target, and
// with nothing else to fill in.
func TestTemplate(t *testing.T) {
	templates := 0
	for _, p := range guides.Providers() {
		if p.Template == "" {
			continue
		}
		templates++
		var doc map[string]any
		require.NoError(t, json.Unmarshal([]byte(p.Template), &doc))
		for _, a := range p.Attributes {
			assert.Equal(t, a.Source, guides.Get(doc, a.Target), a.Target)
		}
		assert.Equal(t, len(p.Attributes), strings.Count(p.Template, "{$"), "macros")
		for _, w := range p.Wires {
			assert.NotContains(t, p.CreateUser(w, nil).Body, "{$", "every macro is filled")
		}
	}
	assert.Equal(t, 1, templates, "OneLogin has a template")
}
