package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table fits the code: it is run more rarely than the code changes.
func TestTable(t *testing.T) {
	names := map[string]bool{}
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) {
			code, err := os.ReadFile(filepath.Join("..", "..", b.file))
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(code), b.old), "%s has it once: %s", b.file, b.old)
			require.NotEqual(t, b.old, b.new)
			require.False(t, names[b.name], "the name is taken")
			names[b.name] = true
		})
	}
}
