package sqlaudit_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/sqlaudit/sqlaudit"

// goList returns the lines that go list prints.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// within reports whether pkg is one of the packages, or below one.
func within(pkg string, packages ...string) bool {
	return slices.ContainsFunc(packages, func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") })
}

// An application links what it imports, and generating code is no part of it.
func TestRunTimeReachesNoGenerator(t *testing.T) {
	for _, pkg := range []string{".", "./mixin", "./hook", "./auditlog", "./auditdriver", "./replay", "./history", "./undo", "./auditgql"} {
		t.Run(pkg, func(t *testing.T) {
			deps := goList(t, "-deps", pkg)
			require.True(t, slices.Contains(deps, "entgo.io/ent/dialect"), "the list is of the wrong package")
			for _, dep := range deps {
				require.False(t, within(dep, "entgo.io/ent/entc", "golang.org/x/tools", module+"/extension", module+"/templates"),
					"%s reaches %s", pkg, dep)
			}
		})
	}
}

// An application that serves no GraphQL links nothing of it, nor does the generation of one that does not.
func TestGraphQLIsOptional(t *testing.T) {
	for _, pkg := range []string{".", "./extension", "./example"} {
		for _, dep := range goList(t, "-deps", pkg) {
			require.False(t, within(dep, "entgo.io/contrib", "github.com/99designs/gqlgen", module+"/auditgql"), "%s reaches %s", pkg, dep)
		}
	}
}

// The arrows between the packages point down only.
func TestImportsPointDown(t *testing.T) {
	allowed := map[string][]string{
		".":             {"auditlog", "history", "mixin", "replay", "undo"},
		"auditlog":      {},
		"auditgql":      {"auditlog"},
		"auditdriver":   {"auditlog"},
		"hook":          {"auditdriver", "auditlog", "mixin"},
		"replay":        {"auditdriver", "auditlog", "internal/rows"},
		"history":       {"auditdriver", "auditlog", "internal/rows", "replay"},
		"undo":          {"auditdriver", "auditlog", "history", "internal/rows", "replay"},
		"internal/rows": {},
		"mixin":         {"auditlog"},
		"templates":     {},
		"extension":     {"auditlog", "mixin", "templates"},
		// Code that serves no GraphQL is generated without it as well.
		"extension/graphql": {"auditlog", "extension", "mixin", "templates"},
	}
	for name, want := range allowed {
		t.Run(name, func(t *testing.T) {
			pkg := "./" + name
			for _, dep := range goList(t, "-f", `{{join .Imports "\n"}}`, pkg) {
				if within(dep, module) {
					require.Contains(t, want, strings.TrimPrefix(dep, module+"/"), "%s imports it", pkg)
				}
			}
		})
	}
}

// The root is the front door: nothing behind it goes out to come in again.
func TestNothingInsideImportsTheRoot(t *testing.T) {
	packages := goList(t, "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	require.Greater(t, len(packages), 5)
	for _, line := range packages {
		imports := strings.Fields(line)
		if within(imports[0], module+"/example", module+"/internal") {
			continue
		}
		require.NotContains(t, imports[1:], module, "%s imports the root", imports[0])
	}
}
