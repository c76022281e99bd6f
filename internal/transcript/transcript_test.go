package transcript

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const smallest = `{"idp":"any","scenario":"s","source":"x","verbatim":false,"provenance":"composed",
	"steps":[{"method":"GET","path":"/Users","headers":{},"expect":{"status":[200]}}]}`

func TestLoadReadsAFolderInOrder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.json", "a.json", "README.md"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(smallest), 0o600))
	}
	all, err := Load(dir)
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Equal(t, "a", all[0].Name)
	assert.Equal(t, "b", all[1].Name)
	assert.Equal(t, "composed", all[0].Provenance)
}

func TestLoadReportsEveryBadFile(t *testing.T) {
	_, err := Load(t.TempDir())
	require.ErrorContains(t, err, "no transcripts")

	dir := t.TempDir()
	for _, name := range []string{"bad1.json", "bad2.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(`{"steps":[]}`), 0o600))
	}
	_, err = Load(dir)
	require.ErrorContains(t, err, "bad1.json: no steps")
	require.ErrorContains(t, err, "bad2.json: no steps")

	dir = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.json"), 0o700))
	_, err = Load(dir)
	require.ErrorContains(t, err, "folder.json")
}

func TestParseTellsAnEmptyQueryFromNone(t *testing.T) {
	tr, err := Parse("q", []byte(`{"steps":[
		{"method":"GET","path":"/a","query":"","expect":{"status":[200]}},
		{"method":"GET","path":"/a","expect":{"status":[200]}}]}`))
	require.NoError(t, err)
	require.NotNil(t, tr.Steps[0].Query)
	assert.Empty(t, *tr.Steps[0].Query)
	assert.Nil(t, tr.Steps[1].Query)
}

func TestParseRefuses(t *testing.T) {
	step := func(s string) string { return `{"steps":[` + s + `]}` }
	check := func(a string) string {
		return step(`{"method":"GET","path":"/a","expect":{"status":[200],"assert":[` + a + `]}}`)
	}
	tests := map[string]struct{ in, want string }{
		"not JSON":            {`{`, "unexpected EOF"},
		"two values":          {smallest + smallest, "more than one JSON value"},
		"unknown member":      {`{"step":[]}`, `unknown field "step"`},
		"unknown in a step":   {step(`{"methode":"GET"}`), `unknown field "methode"`},
		"no method":           {step(`{"path":"/a","expect":{"status":[200]}}`), "step 1: no method"},
		"relative path":       {step(`{"method":"GET","path":"Users","expect":{"status":[200]}}`), "does not start with /"},
		"query in path":       {step(`{"method":"GET","path":"/a?b","expect":{"status":[200]}}`), "has a query"},
		"no status":           {step(`{"method":"GET","path":"/a"}`), "no status"},
		"assertion, no ptr":   {check(`{"eq":1}`), "ptr is missing"},
		"assertion, array":    {check(`[]`), "cannot unmarshal array"},
		"bad pointer":         {check(`{"ptr":"a","eq":1}`), "not a JSON Pointer"},
		"no kind":             {check(`{"ptr":"/a"}`), "not exactly one kind"},
		"two kinds":           {check(`{"ptr":"/a","eq":1,"len":1}`), "not exactly one kind"},
		"unknown kind":        {check(`{"ptr":"/a","equals":1}`), `unknown kind "equals"`},
		"absent false":        {check(`{"ptr":"/a","absent":false}`), "can't have the operand false"},
		"exists string":       {check(`{"ptr":"/a","exists":"yes"}`), "can't have the operand"},
		"len of text":         {check(`{"ptr":"/a","len":"2"}`), "can't have the operand"},
		"lenLte of text":      {check(`{"ptr":"/a","lenLte":"2"}`), "can't have the operand"},
		"gte of text":         {check(`{"ptr":"/a","gte":"2"}`), "can't have the operand"},
		"anyMatch of array":   {check(`{"ptr":"/a","anyMatch":[]}`), "can't have the operand"},
		"setEqBy without eq":  {check(`{"ptr":"/a","setEqBy":"value"}`), "setEqBy needs"},
		"setEqBy of a number": {check(`{"ptr":"/a","setEqBy":1,"eq":[]}`), "setEqBy needs"},
		"setEqBy eq object":   {check(`{"ptr":"/a","setEqBy":"value","eq":{}}`), "can't have the operand"},
		"setEqBy and len":     {check(`{"ptr":"/a","setEqBy":"value","eq":[],"len":1}`), "not exactly one kind"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("x", []byte(tt.in))
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestNeeds(t *testing.T) {
	assert.Equal(t, Needs{Users: 11}, (&Transcript{Name: "entra-logicapp-pagination"}).Needs())
	assert.Equal(t, Needs{Extension: ContactsExtension},
		(&Transcript{Name: "entra-custom-ext-boolean-filter-in-path"}).Needs())
	assert.Zero(t, (&Transcript{Name: "okta-create-user"}).Needs())
}

// TestLoadRecorded reads the recorded transcripts themselves, where they are
// at hand. They are data to test with and not part of this repository.
func TestLoadRecorded(t *testing.T) {
	shared := os.Getenv("MUSTER_SHARED")
	if shared == "" {
		t.Skip("MUSTER_SHARED is not set: it names the folder with idp/transcripts")
	}
	all, err := Load(filepath.Join(shared, "idp", "transcripts"))
	require.NoError(t, err)
	names := map[string]bool{}
	for _, tr := range all {
		names[tr.Name] = true
		for i, s := range tr.Steps {
			vars := newVariables("t", nil)
			for _, earlier := range tr.Steps[:i] {
				for name := range earlier.Capture {
					vars[name] = "id"
				}
			}
			_, err := vars.expand(s.Path, verbatim)
			assert.NoError(t, err, "%s, step %d", tr.Name, i+1)
			if s.Query != nil {
				_, err = vars.expand(*s.Query, verbatim)
				assert.NoError(t, err, "%s, step %d", tr.Name, i+1)
			}
			if len(s.Body) > 0 {
				_, err = vars.expandJSON(s.Body)
				assert.NoError(t, err, "%s, step %d", tr.Name, i+1)
			}
		}
	}
	assert.True(t, names["entra-logicapp-pagination"], "Needs names a transcript that is gone")
	assert.True(t, names["entra-custom-ext-boolean-filter-in-path"], "Needs names a transcript that is gone")
}
