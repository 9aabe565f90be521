package bench

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/extension"
)

const here = "github.com/sqlaudit/sqlaudit/internal/bench"

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
