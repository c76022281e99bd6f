package trial

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// It may take maxWiring lines to put SCIM into an application, none of which is longer
// than maxColumns.
const (
	maxWiring  = 120
	maxColumns = 150
	tab        = 4 // columns
)

const module = "github.com/muster-scim/muster/"

// handled are the names of Muster's that the rest of an application may use: what it works
// with once SCIM is in it. All others are wiring.
var handled = []string{
	"schema.Secret",
	"scim.ErrGroupsManaged", "scim.Event", "scim.GroupEdit", "scim.Handler", "scim.Linker", "scim.Tenant", "scim.UserCreated",
	"sqlstore.DBTX", "sqlstore.Within",
	"substitute.Coordinator",
	"token.Expiry", "token.Issue", "token.LifetimeError", "token.Token", "token.Tokens",
}

// Wiring fails if the file scim.go of an example has more lines than wiring may take, or
// if there is wiring in another one, or in what examples share. Blank lines and comments
// don't count.
func Wiring(t *testing.T) {
	t.Helper()
	lines, long, err := codeLines("scim.go")
	require.NoError(t, err)
	assert.LessOrEqual(t, lines, maxWiring, "lines of scim.go")
	assert.Empty(t, long, "lines of more than %d columns", maxColumns)
	for _, folder := range []string{".", "../internal"} {
		err := filepath.WalkDir(folder, func(file string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") || file == "scim.go" {
				return err
			}
			names, err := namesOf(file)
			for _, name := range names {
				assert.Contains(t, handled, name, "%s has wiring: it belongs into scim.go, where it is counted", file)
			}
			return err
		})
		require.NoError(t, err)
	}
	t.Logf("%d lines of wiring", lines)
}

// codeLines counts the lines of a file that have code, and returns those that are too long.
func codeLines(file string) (n int, long []string, err error) {
	text, err := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		code := strings.TrimSpace(line)
		if code == "" || strings.HasPrefix(code, "//") {
			continue
		}
		n++
		if len(line)+(tab-1)*strings.Count(line, "\t") > maxColumns {
			long = append(long, code)
		}
	}
	return n, long, err
}

// namesOf returns what a file uses of Muster's packages, as "scim.Tenant". Packages that
// are imported by another name, or all of a package's names, are given by their paths.
func namesOf(file string) (names []string, err error) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	packages := map[string]bool{}
	for _, i := range f.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		rest, ours := strings.CutPrefix(path, module)
		switch {
		case !ours || strings.HasPrefix(rest, "examples/internal/"):
		case i.Name != nil:
			names = append(names, path)
		default:
			packages[filepath.Base(path)] = true
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && packages[x.Name] {
				names = append(names, x.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names), nil
}
