package extension_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/entc/load"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/extension"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const here = "github.com/sqlaudit/sqlaudit/extension"

// TestMain lets memory grow, which saves time: generating and compiling leave much to collect.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	_ = os.Setenv("GOGC", "400") // of the go commands
	os.Exit(m.Run())
}

// A target is a generated package.
type target struct {
	dir, pkg string
}

// newTarget returns a package inside the module, where generated code finds its imports. It is removed after the test.
func newTarget(t *testing.T) target {
	t.Helper()
	parent, err := os.MkdirTemp("testdata", "tmp-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(parent)) })
	dir := filepath.Join(parent, "ent")
	return target{dir: dir, pkg: path.Join(here, filepath.ToSlash(dir))}
}

// config returns a configuration that generates into the target.
func (g target) config(features ...gen.Feature) *gen.Config {
	return &gen.Config{Target: g.dir, Package: g.pkg, Features: features}
}

// generate generates the package for the schemas of a case, as entc.Generate does once it has loaded them.
func (g target) generate(t *testing.T, c *gen.Config, name string, schemas []*load.Schema, opts ...entc.Option) {
	t.Helper()
	c.Schema = path.Join(here, "testdata", "cases", name, "schema")
	for _, opt := range opts {
		require.NoError(t, opt(c))
	}
	graph, err := newGraph(c, schemas)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(g.dir, 0o755))
	require.NoError(t, graph.Gen())
}

// build compiles the package and those below it.
func (g target) build(t *testing.T) {
	t.Helper()
	// Nobody runs the code: the compiler can save itself the pains.
	out, err := exec.Command("go", "build", "-gcflags=-N -l", "./"+filepath.ToSlash(g.dir)+"/...").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// read returns a generated file, with its package's path replaced by one that is the same in every run.
func (g target) read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(g.dir, name))
	require.NoError(t, err)
	return bytes.ReplaceAll(b, []byte(g.pkg), []byte(here+"/testdata/ent"))
}

// files returns all generated files by name.
func (g target) files(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := os.DirFS(g.dir)
	require.NoError(t, walk(root, func(name string, b []byte) { files[name] = string(b) }))
	return files
}

// equalFiles compares two sets of files.
func equalFiles(t *testing.T, want, got map[string]string) {
	t.Helper()
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
	for name := range want {
		require.Equal(t, want[name], got[name], name)
	}
}

// newExtension returns the extension under test.
func newExtension(t *testing.T, opts ...extension.Option) *extension.Extension {
	t.Helper()
	e, err := extension.New(opts...)
	require.NoError(t, err)
	return e
}

// equalGolden compares what we wrote of a generated file, b, with a golden file of a case.
func equalGolden(t *testing.T, name, file string, b []byte) {
	t.Helper()
	if path.Base(file) == "where.go" {
		i := bytes.Index(b, []byte("// HasHistory "))
		require.NotEqual(t, -1, i, "%s has nothing of ours", file)
		b = b[i:]
	}
	golden := filepath.Join("testdata", "cases", name, "golden", strings.ReplaceAll(file, "/", "_")+".golden")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
		require.NoError(t, os.WriteFile(golden, b, 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(want), string(b), "run the test with -update, and read the difference")
}

func TestGenerate(t *testing.T) {
	tests := []struct {
		name     string
		reason   string
		features []gen.Feature
		opts     []extension.Option
		goldens  []string
	}{
		{
			name:    "basic",
			reason:  "each id type, storage keys, edges with and without a field, and each setting of the mixin",
			goldens: []string{"sqlaudit.go", "sqlaudit_history.go", "sqlaudit_pages.go", "card/where.go"},
		},
		{
			name:     "features",
			reason:   "what we add goes with everything that ent can generate",
			features: gen.AllFeatures,
			goldens:  []string{"sqlaudit.go", "sqlaudit_history.go"},
		},
		{
			name:    "ownlog",
			reason:  "a schema with LogMixin is the log, with its own table and columns",
			goldens: []string{"sqlaudit.go"},
		},
		{
			name:   "options",
			reason: "each name of ours can be changed where the user has it already",
			opts: []extension.Option{
				extension.WithTypeName("Trace"),
				extension.WithTableName("audit_traces"),
				extension.WithDatabaseSchema("audit"),
				extension.WithActorType("Doctor"),
				extension.WithHistoryName("audit_trail"),
				extension.WithFilterPrefix("Log"),
			},
			goldens: []string{"sqlaudit.go", "sqlaudit_history.go"},
		},
		{
			name:   "kinds",
			reason: "ids, fields and edges of the rarer kinds, and types whose names are like some of ours",
		},
		{
			name:   "untracked",
			reason: "what is generated compiles before anything is tracked",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newTarget(t)
			schema := filepath.Join("testdata", "cases", tt.name, "schema")
			require.NoError(t, entc.Generate("./"+schema, g.config(tt.features...), entc.Extensions(newExtension(t, tt.opts...))))
			for _, file := range tt.goldens {
				equalGolden(t, tt.name, file, g.read(t, file))
			}
			g.build(t)
		})
	}
}
