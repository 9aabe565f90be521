package extension

import (
	"bytes"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/imports"
)

func TestImportEnt(t *testing.T) {
	const body = "\n\t\"example.com/app/ent/migrate\"\n)\n\nvar _ ent.Hook\n"
	for _, tt := range []struct{ name, reason, in, want string }{
		{"right", "it stays as it is", "package ent\n\nimport (\n\t\"entgo.io/ent\"" + body, "package ent\n\nimport (\n\t\"entgo.io/ent\"" + body},
		{"another", "of a package beside", "package ent\n\nimport (\n\t\"example.com/app/other/ent\"" + body, "package ent\n\nimport (\n\t\"entgo.io/ent\"" + body},
		{"both", "the other has a use of its own", "package ent\n\nimport (\n\tother \"example.com/app/other/ent\"\n\t\"entgo.io/ent\"" + body,
			"package ent\n\nimport (\n\tother \"example.com/app/other/ent\"\n\t\"entgo.io/ent\"" + body},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "client.go")
			require.NoError(t, os.WriteFile(name, []byte(tt.in), 0o600))
			require.NoError(t, importEnt(dir))
			got, err := os.ReadFile(name) //nolint:gosec // the test's own
			require.NoError(t, err)
			require.Equal(t, tt.want, string(got), tt.reason)
		})
	}
	t.Run("generated", func(t *testing.T) {
		want, err := os.ReadFile("../example/ent/client.go")
		require.NoError(t, err)
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "", want, parser.ParseComments)
		require.NoError(t, err)
		require.True(t, astutil.DeleteImport(fset, f, entPackage))
		require.True(t, astutil.AddImport(fset, f, "github.com/sqlaudit/sqlaudit/example/ent"))
		var b bytes.Buffer
		require.NoError(t, format.Node(&b, fset, f))
		wrong, err := imports.Process("", b.Bytes(), &imports.Options{FormatOnly: true, Comments: true, TabIndent: true, TabWidth: 8})
		require.NoError(t, err)
		dir := t.TempDir()
		name := filepath.Join(dir, "client.go")
		require.NoError(t, os.WriteFile(name, wrong, 0o600))
		require.NoError(t, importEnt(dir))
		got, err := os.ReadFile(name) //nolint:gosec // the test's own
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "as if it had been right at once")
	})
	dir := t.TempDir()
	require.NoError(t, importEnt(dir), "nothing is generated there")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "client.go"), []byte("package ent\n"), 0o600))
	require.ErrorContains(t, importEnt(dir), "does not import entgo.io/ent")
}
