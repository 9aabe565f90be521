package bench

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/extension"
)

const here = "github.com/sqlaudit/sqlaudit/internal/bench"

// turns of what is compared in BenchmarkGenerate and BenchmarkApplication.
const turns = 10

// byTurns times each of two functions by turns, whose order is drawn, and returns the ratios of the second to the first, sorted.
func byTurns(b *testing.B, first, second func()) []float64 {
	b.Helper()
	timed := func(f func()) float64 {
		begin := time.Now()
		f()
		return time.Since(begin).Seconds()
	}
	first()
	second()
	ratios := make([]float64, turns)
	for i := range ratios {
		var a, c float64
		if rand.IntN(2) == 0 {
			a = timed(first)
			c = timed(second)
		} else {
			c = timed(second)
			a = timed(first)
		}
		ratios[i] = c / a
	}
	slices.Sort(ratios)
	return ratios
}

// What entc.Generate takes for 50 schemas, which is what go generate runs, with the extension and a tracked type in each, times what it takes without.
func BenchmarkGenerate(b *testing.B) {
	const schemas = 50
	bare, audited := target(b, schemas, ""), target(b, schemas, "sqlaudit.Mixin{}.Track()")
	generate := func(dir string, opts ...entc.Option) {
		config := &gen.Config{Target: filepath.Join(dir, "ent"), Package: path.Join(here, filepath.ToSlash(dir), "ent")}
		require.NoError(b, entc.Generate("./"+filepath.ToSlash(filepath.Join(dir, "schema")), config, opts...))
	}
	audit, err := extension.New()
	require.NoError(b, err)
	ratios := byTurns(b, func() { generate(bare) }, func() { generate(audited, entc.Extensions(audit)) })
	fmt.Printf("\ngenerating %d schemas, %d rounds: %.2f (%.2f–%.2f) times ent alone\n", schemas, turns, median(ratios), ratios[0], ratios[turns-1])
}

// target writes schemas, with a mixin or none, of six fields and an edge each, and returns their folder.
func target(b *testing.B, many int, mixin string) string {
	b.Helper()
	require.NoError(b, os.MkdirAll("testdata", 0o750))
	dir, err := os.MkdirTemp("testdata", "tmp-")
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, os.RemoveAll(dir)) })
	require.NoError(b, os.MkdirAll(filepath.Join(dir, "schema"), 0o750))
	imports, method := "", ""
	if mixin != "" {
		imports = "\n\t\"github.com/sqlaudit/sqlaudit\""
		method = "\n\nfunc (@) Mixin() []ent.Mixin { return []ent.Mixin{" + mixin + "} }"
	}
	for i := range many {
		text := `package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"` + imports + `
)

type @ struct{ ent.Schema }` + method + `

func (@) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.String("email").Unique(),
		field.String("city").Optional(),
		field.Int64("balance").Default(0),
		field.Bool("active").Default(true),
		field.Time("seen_at").Default(time.Now),
	}
}

func (@) Edges() []ent.Edge { return []ent.Edge{edge.To("next", Type` + fmt.Sprintf("%02d", (i+1)%many) + `.Type).Unique()} }
`
		name := fmt.Sprintf("Type%02d", i)
		require.NoError(b, os.WriteFile(filepath.Join(dir, "schema", strings.ToLower(name)+".go"), []byte(strings.ReplaceAll(text, "@", name)), 0o600))
	}
	return dir
}

// How much larger an application becomes, and how much longer it takes to start, by a log.
func BenchmarkApplication(b *testing.B) {
	dir := b.TempDir()
	build := func(variant string) (file string, size int64) {
		file = filepath.Join(dir, variant)
		out, err := exec.Command("go", "build", "-o", file, "./"+variant+"/app").CombinedOutput() //nolint:gosec // of this file
		require.NoError(b, err, string(out))
		info, err := os.Stat(file)
		require.NoError(b, err)
		return file, info.Size()
	}
	bare, without := build("bare")
	audited, with := build("audited")
	start := func(file string) func() {
		return func() {
			for range 20 {
				require.NoError(b, exec.Command(file).Run()) //nolint:gosec // of this file
			}
		}
	}
	ratios := byTurns(b, start(bare), start(audited))
	fmt.Printf("\nan application: %.2f MB, and %.2f MB larger with a log; %d rounds of starting it: %.2f (%.2f–%.2f) times without\n",
		float64(without)/1e6, float64(with-without)/1e6, turns, median(ratios), ratios[0], ratios[turns-1])
}
