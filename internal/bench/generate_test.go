package bench

import (
	"fmt"
	"os"
	"os/exec"
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

// What go generate takes for 50 schemas, with the extension and a tracked type in each, times what it takes without, and entc.Generate of that.
func BenchmarkGenerate(b *testing.B) {
	const schemas = 50
	bare, audited := target(b, schemas, ""), target(b, schemas, "sqlaudit.Mixin{}.Track()")
	generate := func(dir string, opts ...entc.Option) {
		config := &gen.Config{Target: filepath.Join(dir, "ent"), Package: path.Join(here, filepath.ToSlash(dir), "ent")}
		require.NoError(b, entc.Generate("./"+filepath.ToSlash(filepath.Join(dir, "schema")), config, opts...))
	}
	audit, err := extension.New()
	require.NoError(b, err)
	command := func(dir string) {
		out, err := exec.Command("go", "generate", "./"+filepath.ToSlash(filepath.Join(dir, "ent"))).CombinedOutput() //nolint:gosec // of this file
		require.NoError(b, err, string(out))
	}
	for _, way := range []struct {
		name          string
		bare, audited func()
	}{
		{"go generate", func() { command(bare) }, func() { command(audited) }},
		{"entc.Generate", func() { generate(bare) }, func() { generate(audited, entc.Extensions(audit)) }},
	} {
		ratios := byTurns(b, way.bare, way.audited)
		fmt.Printf("\n%s of %d schemas, %d rounds: %.2f (%.2f–%.2f) times ent alone\n", way.name, schemas, turns, median(ratios), ratios[0], ratios[turns-1])
	}
}

// target writes schemas, with a mixin or none, of six fields and an edge each, and returns their folder.
func target(b *testing.B, many int, mixin string) string {
	b.Helper()
	require.NoError(b, os.MkdirAll("testdata", 0o750))
	dir, err := os.MkdirTemp("testdata", "tmp-")
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, os.RemoveAll(dir)) })
	write := func(file, text string) {
		file = filepath.Join(dir, file)
		require.NoError(b, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(b, os.WriteFile(file, []byte(text), 0o600))
	}
	write("ent/generate.go", "package ent\n\n//go:generate go run -mod=mod entc.go\n")
	imports, body, method := "", `	if err := entc.Generate("../schema", &gen.Config{}); err != nil {`, ""
	if mixin != "" {
		imports = "\n\n\t\"github.com/sqlaudit/sqlaudit/extension\""
		body = `	audit, err := extension.New()
	if err != nil {
		log.Fatal(err)
	}
	if err := entc.Generate("../schema", &gen.Config{}, entc.Extensions(audit)); err != nil {`
	}
	write("ent/entc.go", `//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"`+imports+`
)

func main() {
`+body+`
		log.Fatal(err)
	}
}
`)
	imports = ""
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
		write(path.Join("schema", strings.ToLower(name)+".go"), strings.ReplaceAll(text, "@", name))
	}
	return dir
}
