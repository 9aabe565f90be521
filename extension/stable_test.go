package extension_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/extension/testdata/cases/features/schema"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// userTemplates use the extension points that ours use, and write a file.
const userTemplates = `
{{ define "config/init/fields/zzz_user" }}
	cfg.made = true
{{ end }}

{{ define "config/fields/user" }}
	made bool
{{ end }}

{{ define "where/additional/user" }}
	// Anything applies to everything.
	func Anything() predicate.{{ $.Name }} { return func(*sql.Selector) {} }
{{ end }}

{{ define "mutation/fields/user" }}
	note string
{{ end }}

{{ define "catalog" }}
{{ template "header" $ }}

// Catalog lists the types.
var Catalog = []string{ {{ range $n := $.Nodes }}{{ $n.TypeName }}, {{ end }} }
{{ end }}
`

// userOptions are templates and a hook of the user's.
func userOptions() entc.Option {
	return func(c *gen.Config) error {
		c.Templates = append(c.Templates, gen.MustParse(gen.NewTemplate("user").Parse(userTemplates)))
		c.Hooks = append(c.Hooks, func(next gen.Generator) gen.Generator {
			return gen.GenerateFunc(func(g *gen.Graph) error {
				for _, n := range g.Nodes {
					for _, f := range n.Fields {
						f.StructTag = `user:"` + f.Name + `"`
					}
				}
				return next.Generate(g)
			})
		})
		return nil
	}
}

// bank are the schemas of the case "features".
func bank() []ent.Interface {
	return []ent.Interface{schema.Account{}, schema.Branch{}, schema.Holder{}}
}

func TestSameTwice(t *testing.T) {
	g := newTarget(t)
	generate := func(oursFirst bool) map[string]string {
		opts := []entc.Option{entc.Extensions(newExtension(t)), userOptions()}
		if !oursFirst {
			opts[0], opts[1] = opts[1], opts[0]
		}
		g.generate(t, g.config(gen.AllFeatures...), "features", specs(t, bank()...), opts...)
		return g.files(t)
	}
	check := func(files map[string]string) {
		require.Contains(t, files["catalog.go"], "TypeAccount")
		require.Contains(t, files["account.go"], `user:"balance"`, "the user's hook is kept")
		require.Contains(t, files["account/where.go"], "func HasHistory()")
		require.Contains(t, files["account/where.go"], "func Anything()")
	}
	other := generate(false)
	check(other)
	files := generate(true)
	check(files)
	require.NotEqual(t, other["auditlog.go"], files["auditlog.go"], "the user's hook sees the log only if ours runs before it")
	equalFiles(t, files, generate(true))
	g.build(t)
}

// Adding a type and changing another leaves nothing behind when it is undone, but for the new type's range of ids, which ent
// keeps. The log's ids are no numbers: it takes no range, and no type's range moves because of it.
func TestRevert(t *testing.T) {
	g := newTarget(t)
	generate := func(schemas ...ent.Interface) (map[string]string, string) {
		g.generate(t, g.config(gen.AllFeatures...), "features", specs(t, schemas...), entc.Extensions(newExtension(t)))
		files := g.files(t)
		ranges := files["internal/globalid.go"]
		delete(files, "internal/globalid.go")
		return files, ranges
	}
	before, ranges := generate(bank()...)
	require.Contains(t, ranges, `{\"accounts\":0,\"branches\":4294967296,\"holders\":8589934592}`)

	changed := track(thing{name: "Holder", fields: []ent.Field{field.String("title")}, edges: schema.Holder{}.Edges()}, mixin.Mixin{Label: "owner"})
	added := track(thing{name: "Alarm", fields: []ent.Field{field.String("text")}}, mixin.Mixin{})
	between, ranges := generate(schema.Account{}, schema.Branch{}, changed, added)
	require.Contains(t, between["sqlaudit.go"], "TypeAlarm")
	require.Contains(t, between["sqlaudit.go"], "holder.FieldTitle")
	require.Contains(t, ranges, `{\"accounts\":0,\"alarms\":12884901888,\"branches\":4294967296,\"holders\":8589934592}`)

	after, _ := generate(bank()...)
	equalFiles(t, before, after)
}

const recoverySchema = `package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
)

type User struct{ ent.Schema }

func (User) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

func (User) Fields() []ent.Field { return []ent.Field{field.String("name")} }
`

const recoveryHook = `package schema

import (
	"context"

	"entgo.io/ent"

	gen "PACKAGE"
	"PACKAGE/hook"
)

func (User) Hooks() []ent.Hook {
	return []ent.Hook{func(next ent.Mutator) ent.Mutator {
		return hook.UserFunc(func(ctx context.Context, m *gen.UserMutation) (ent.Value, error) { return next.Mutate(ctx, m) })
	}}
}
`

// A schema that imports generated code cannot be loaded when that is broken: ent then generates from its snapshot first,
// where the log is a type like others. Then it must not stay as one, nor keep the range of ids that it got there.
func TestSnapshotRecovers(t *testing.T) {
	g := newTarget(t)
	dir := filepath.Join(g.dir, "schema")
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "PACKAGE", g.pkg)), 0o644))
	}
	generate := func(t *testing.T) map[string]string {
		c := g.config(gen.FeatureSnapshot, gen.FeatureGlobalID)
		require.NoError(t, entc.Generate("./"+dir, c, entc.Extensions(newExtension(t))))
		return g.files(t)
	}
	write("user.go", recoverySchema)
	generate(t)
	write("hook.go", recoveryHook)
	files := generate(t)
	require.Equal(t, 1, strings.Count(files["migrate/schema.go"], "AuditLogsTable = "))

	tests := []struct {
		name   string
		reason string
		damage func(t *testing.T)
	}{
		{
			name:   "conflict",
			reason: "two branches changed the schema",
			damage: func(t *testing.T) {
				conflict := "<<<<<<< ours\n" + files["client.go"] + "=======\n" + files["client.go"] + ">>>>>>> theirs\n"
				require.NoError(t, os.WriteFile(filepath.Join(g.dir, "client.go"), []byte(conflict), 0o644))
			},
		},
		{
			name:   "log missing",
			reason: "the snapshot has the log, and the schema does not",
			damage: func(t *testing.T) {
				require.NoError(t, os.Remove(filepath.Join(g.dir, "auditlog.go")))
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.damage(t)
			equalFiles(t, files, generate(t))
		})
	}
}
