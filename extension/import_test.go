package extension

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
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
	dir := t.TempDir()
	require.NoError(t, importEnt(dir), "nothing is generated there")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "client.go"), []byte("package ent\n"), 0o600))
	require.ErrorContains(t, importEnt(dir), "does not import entgo.io/ent")
}
