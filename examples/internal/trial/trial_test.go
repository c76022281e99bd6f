package trial

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSystems finds each product in the tests of exactly one example, 36 behaviours in
// all.
func TestSystems(t *testing.T) {
	files, err := filepath.Glob("../../*/*_test.go")
	require.NoError(t, err)
	shown, behaviours := map[string]int{}, 0
	for _, file := range files {
		for _, system := range systemsIn(t, file) {
			shown[system]++
			behaviours += systems[system]
		}
	}
	once := map[string]int{}
	for system := range systems {
		once[system] = 1
	}
	assert.Equal(t, once, shown)
	assert.Equal(t, 36, behaviours)
}

// systemsIn returns the products whose lines the tests in a file run.
func systemsIn(t *testing.T, file string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Lines" {
			name, err := strconv.Unquote(call.Args[1].(*ast.BasicLit).Value)
			require.NoError(t, err)
			names = append(names, name)
		}
		return true
	})
	return names
}

// TestNumbers compares the numbers with the description of the products, where that is at
// hand.
func TestNumbers(t *testing.T) {
	shared := os.Getenv("MUSTER_SHARED")
	if shared == "" {
		t.Skip("MUSTER_SHARED is not set")
	}
	text, err := os.ReadFile(filepath.Join(shared, "SYSTEMS.md"))
	require.NoError(t, err)
	described := map[string]int{}
	heading, number := regexp.MustCompile(`^## ([\w-]+):`), regexp.MustCompile(`^(\d+)\. `)
	system := ""
	for line := range strings.Lines(string(text)) {
		if m := heading.FindStringSubmatch(line); m != nil {
			system = m[1]
		}
		if m := number.FindStringSubmatch(line); m != nil {
			described[system]++
			assert.Equal(t, strconv.Itoa(described[system]), m[1])
		}
	}
	assert.Equal(t, systems, described)
}

func TestNamesOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.go")
	require.NoError(t, os.WriteFile(file, []byte(`package x

import (
	"context"

	"github.com/muster-scim/muster/examples/internal/host"
	"github.com/muster-scim/muster/mapping"
	other "github.com/muster-scim/muster/rolemap"
	"github.com/muster-scim/muster/scim"
)

type app struct{ scim *scim.Handler }

func (a *app) f(ctx context.Context) (scim.Config, error) {
	a.scim.Run(ctx)
	return scim.Config{Users: mapping.UserStore(other.New, host.Serve)}, nil
}
`), 0o600))
	names, err := namesOf(file)
	require.NoError(t, err)
	assert.Equal(t, []string{"github.com/muster-scim/muster/rolemap", "mapping.UserStore", "scim.Config", "scim.Handler"}, names)
}

func TestCodeLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.go")
	require.NoError(t, os.WriteFile(file, []byte("package x\n\n// comment\n\tvar a int // x\n\t\t"+strings.Repeat("y", 143)+"\n"), 0o600))
	n, long, err := codeLines(file)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	assert.Equal(t, []string{strings.Repeat("y", 143)}, long)
}
