package conformance

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the statements in testdata")

var anyID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// golden compares statements with those in a file of testdata: name is that of a concept and of what is done. Ids are left out.
func (b backend) golden(t *testing.T, name, got string) {
	t.Helper()
	got = anyID.ReplaceAllString(got, "<id>")
	file := filepath.Join("testdata", "sql", filepath.FromSlash(name)+"."+strings.TrimSuffix(b.name, ", prepared")+".sql")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(want), got, "run the test with -update, and read the difference")
}
