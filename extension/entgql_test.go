package extension_test

import (
	"path/filepath"
	"testing"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	_ "github.com/hashicorp/go-multierror" // what entgql generates imports it
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/extension/testdata/cases/graphql/schema"
)

// Entgql derives a schema from the graph, to which we add a type whose id is of another type than the others.
func TestBesideEntgql(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		opts   func(g target) []entgql.ExtensionOption
		orders []bool // whether our extension comes first
	}{
		{
			name:   "plain",
			reason: "nodes, connections and mutation inputs of the tracked types",
			opts:   func(target) []entgql.ExtensionOption { return nil },
			orders: []bool{false},
		},
		{
			name:   "where inputs and schema",
			reason: "the log is in neither of the two",
			opts: func(g target) []entgql.ExtensionOption {
				return []entgql.ExtensionOption{
					entgql.WithWhereInputs(true),
					entgql.WithSchemaGenerator(),
					entgql.WithSchemaPath(filepath.Join(g.dir, "ent.graphql")),
				}
			},
			orders: []bool{false, true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newTarget(t)
			generate := func(oursFirst bool) map[string]string {
				gql, err := entgql.NewExtension(tt.opts(g)...)
				require.NoError(t, err)
				extensions := []entc.Extension{gql, newExtension(t)}
				if oursFirst {
					extensions[0], extensions[1] = extensions[1], extensions[0]
				}
				g.generate(t, g.config(), "graphql", specs(t, schema.Author{}, schema.Book{}), entc.Extensions(extensions...))
				return g.files(t)
			}
			files := generate(tt.orders[0])
			require.Contains(t, files, "gql_node.go")
			require.Contains(t, files, "sqlaudit.go")
			if sdl, ok := files["ent.graphql"]; ok {
				require.Contains(t, sdl, "type Author ")
				require.NotContains(t, sdl, "AuditLog")
				require.NotContains(t, files["gql_where_input.go"], "AuditLogWhereInput")
			}
			g.build(t)
			for _, oursFirst := range tt.orders[1:] {
				equalFiles(t, files, generate(oursFirst))
			}
		})
	}
}
