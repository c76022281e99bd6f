package muster_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/muster-scim/muster"

// allowed lists the packages of this module and, for each, which others of
// this module it may import. A package imports only what lies below it, and
// the outer ring does not import itself, so that each part of it can be used,
// replaced or left out alone. internal/… may be imported by all and examples/…
// may import all; neither is listed.
var allowed = map[string][]string{
	"schema": {},
	"filter": {"schema"},
	"patch":  {"filter", "schema"},
	"scim":   {"patch", "filter", "schema"},

	// The outer ring.
	"mapping":        outer(),
	"rolemap":        outer(),
	"substitute":     outer(),
	"scim/elimity":   outer(),
	"scim/memstore":  outer(),
	"scim/scimtest":  outer(),
	"scim/sqlstore":  outer(),
	"scim/storetest": outer(),
	"scim/notice":    outer(),
	"scim/otel":      outer(),
	"scim/token":     outer(),
	"scim/token/jwt": outer(),
	// The console is a page on what these three do.
	"scim/console": outer("scim/token", "rolemap", "substitute"),
}

func outer(more ...string) []string {
	return append([]string{"scim", "patch", "filter", "schema"}, more...)
}

// pure lists the packages that work on values: HTTP and databases are no
// business of theirs.
var pure = []string{"schema", "filter", "patch"}

// drivers lists SQL drivers. Which one is used is the application's choice,
// so only tests and examples import one. A module stands for all its packages.
var drivers = []string{
	"github.com/go-sql-driver/mysql",
	"github.com/jackc/pgx",
	"github.com/lib/pq",
	"github.com/mattn/go-sqlite3",
	"github.com/ncruces/go-sqlite3",
	"modernc.org/sqlite",
	"zombiezen.com/go/sqlite",
}

// checkPackage reports a package that has no place among the others.
func checkPackage(pkg string) error {
	if _, ok := allowed[pkg]; ok || isBelow(pkg, "internal") || isBelow(pkg, "examples") {
		return nil
	}
	return fmt.Errorf("package %q is in no layer: give it one in imports_test.go and ARCHITECTURE.md", pkg)
}

// checkImport reports whether a package may import another. pkg is relative to
// the module, path is an import path.
func checkImport(pkg, path string) error {
	if isBelow(pkg, "examples") {
		return nil
	}
	// internal/dbtest opens databases for tests; only they import it.
	if pkg != "internal/dbtest" && slices.ContainsFunc(drivers, func(driver string) bool { return isBelow(path, driver) }) {
		return fmt.Errorf("%s imports the SQL driver %s: only tests and examples may", pkg, path)
	}
	if slices.Contains(pure, pkg) && (isBelow(path, "net/http") || isBelow(path, "database/sql")) {
		return fmt.Errorf("%s imports %s: it knows neither HTTP nor databases", pkg, path)
	}
	if !isBelow(path, module) {
		return nil
	}

	other := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	switch {
	case isBelow(pkg, "internal") && isBelow(pkg, other):
		return nil // a command that belongs to a package lies below it
	case isBelow(pkg, "internal"):
		return fmt.Errorf("%s imports %s: internal packages import nothing of ours", pkg, other)
	case isBelow(other, "internal"), slices.Contains(allowed[pkg], other):
		return nil
	}
	return fmt.Errorf("%s imports %s, which does not lie below it", pkg, other)
}

// isBelow reports whether path is root or a path below it.
func isBelow(path, root string) bool {
	return path == root || strings.HasPrefix(path, root+"/")
}

func TestImportRule(t *testing.T) {
	packages := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			// The folders that the go command leaves out, too.
			name := entry.Name()
			if name == "testdata" || name == "vendor" || len(name) > 1 && strings.ContainsAny(name[:1], "._") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := filepath.ToSlash(filepath.Dir(file))
		packages[pkg] = true
		checkFile(t, pkg, file)
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, packages, "no package was found, so nothing was checked")
	for pkg := range packages {
		assert.NoError(t, checkPackage(pkg))
	}
}

func checkFile(t *testing.T, pkg, file string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	require.NoError(t, err)
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		assert.NoError(t, checkImport(pkg, path), file)
	}
}

// TestImportRuleCatches holds the rule itself to imports that are made up: a
// rule that never fails would pass on any code.
func TestImportRuleCatches(t *testing.T) {
	const ours = module + "/"
	tests := []struct {
		pkg, path string
		want      string // part of the error; empty if there must be none
	}{
		// Down is allowed.
		{"filter", ours + "schema", ""},
		{"patch", ours + "filter", ""},
		{"scim", ours + "patch", ""},
		{"mapping", ours + "scim", ""},
		{"scim/sqlstore", ours + "filter", ""},
		{"scim/memstore", ours + "internal/x", ""},
		{"schema", ours + "internal/x/y", ""},
		{"examples/quickstart", ours + "scim/memstore", ""},
		{"examples/quickstart", ours + "internal/x", ""},

		// Up and across are not.
		{"schema", ours + "filter", "does not lie below"},
		{"filter", ours + "patch", "does not lie below"},
		{"patch", ours + "scim", "does not lie below"},
		{"scim", ours + "mapping", "does not lie below"},
		{"scim", ours + "scim/memstore", "does not lie below"},
		{"scim", ours + "examples/quickstart", "does not lie below"},
		{"scim/sqlstore", ours + "mapping", "does not lie below"},
		{"scim/memstore", ours + "scim/storetest", "does not lie below"},
		{"rolemap", ours + "substitute", "does not lie below"},
		{"scim", module, "does not lie below"},
		{"scim", ours + "scimtest", "does not lie below"},

		// The console has three exceptions and no more.
		{"scim/console", ours + "scim/token", ""},
		{"scim/console", ours + "rolemap", ""},
		{"scim/console", ours + "substitute", ""},
		{"scim/console", ours + "scim/memstore", "does not lie below"},
		{"scim/token", ours + "scim/console", "does not lie below"},

		// Internal packages know nothing of ours, each other included.
		{"internal/x", ours + "schema", "nothing of ours"},
		{"internal/x", ours + "internal/y", "nothing of ours"},
		{"internal/x/command", ours + "internal/x", ""},
		{"internal/x", "net/http", ""},

		// HTTP and databases.
		{"schema", "net/http", "neither HTTP nor databases"},
		{"filter", "net/http/httptest", "neither HTTP nor databases"},
		{"patch", "database/sql", "neither HTTP nor databases"},
		{"filter", "database/sql/driver", "neither HTTP nor databases"},
		{"filter", "net/url", ""},
		{"scim", "net/http", ""},
		{"scim/sqlstore", "database/sql", ""},

		// SQL drivers.
		{"scim/sqlstore", "modernc.org/sqlite", "SQL driver"},
		{"scim/sqlstore", "github.com/jackc/pgx/v5/stdlib", "SQL driver"},
		{"internal/x", "github.com/lib/pq", "SQL driver"},
		{"internal/dbtest", "modernc.org/sqlite", ""},
		{"examples/sqlite", "modernc.org/sqlite", ""},
		{"scim/sqlstore", "modernc.org/sqlitefoo", ""},

		// Paths that only look like ours.
		{"schema", module + "-extras/filter", ""},
		{"internalx", ours + "schema", "does not lie below"},
	}
	for _, tt := range tests {
		err := checkImport(tt.pkg, tt.path)
		if tt.want == "" {
			assert.NoError(t, err, "%s → %s", tt.pkg, tt.path)
		} else {
			assert.ErrorContains(t, err, tt.want, "%s → %s", tt.pkg, tt.path)
		}
	}
}

func TestEveryPackageHasALayer(t *testing.T) {
	for _, pkg := range []string{"schema", "scim/console", "internal/a/b", "examples/quickstart"} {
		assert.NoError(t, checkPackage(pkg))
	}
	for _, pkg := range []string{".", "util", "filter/sql", "scim/memstore/x", "internalx", "examplesx"} {
		assert.ErrorContains(t, checkPackage(pkg), "in no layer", pkg)
	}
	for pkg, below := range allowed {
		for _, other := range below {
			assert.Contains(t, allowed, other, "%s may import a package that is in no layer", pkg)
			assert.NotContains(t, allowed[other], pkg, "%s and %s may import each other", pkg, other)
		}
	}
}
