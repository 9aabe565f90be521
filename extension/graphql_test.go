package extension_test

import (
	"path"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/entc"
	entschema "entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/extension"
	"github.com/sqlaudit/sqlaudit/extension/graphql"
	"github.com/sqlaudit/sqlaudit/extension/testdata/cases/graphql/schema"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// served returns the audit extension and entgql's with the log in its schema.
func served(t *testing.T, audit []extension.Option, opts ...graphql.Option) []entc.Extension {
	t.Helper()
	a := newExtension(t, audit...)
	gql, err := graphql.New(a, opts...)
	require.NoError(t, err)
	return []entc.Extension{a, gql}
}

// schemaOf returns the options by which entgql writes the schema, and more.
func schemaOf(g target, more ...entgql.ExtensionOption) graphql.Option {
	return graphql.WithEntGQL(append(more, entgql.WithSchemaGenerator(), entgql.WithSchemaPath(filepath.Join(g.dir, "ent.graphql")))...)
}

// What is generated compiles, and is the same whichever extension comes first.
func TestServed(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		audit  []extension.Option
		opts   func(target) []graphql.Option
		want   []string
		none   []string
	}{
		{
			name:   "plain",
			reason: "the log is shown below its entities only",
			opts:   func(g target) []graphql.Option { return []graphql.Option{schemaOf(g)} },
			want:   []string{"type AuditLog {", "  history(", `): AuditLogConnection! @goField(name: "HistoryConnection", forceResolver: false)`, "orderBy: AuditLogOrder"},
			none:   []string{"AuditLogWhereInput", "auditLogs("},
		},
		{
			name:   "other names",
			reason: "of the log, its database schema and the history; a query field and where inputs",
			audit:  []extension.Option{extension.WithTypeName("Trace"), extension.WithDatabaseSchema("audit"), extension.WithHistoryName("audit_trail")},
			opts: func(g target) []graphql.Option {
				return []graphql.Option{graphql.WithQueryField("traces"), schemaOf(g, entgql.WithWhereInputs(true))}
			},
			want: []string{"type Trace {", "  auditTrail(", `@goField(name: "AuditTrailConnection"`, "where: TraceWhereInput", "  traces("},
			none: []string{"AuditLog", "history("},
		},
		{
			name:   "schema by hand",
			reason: "the methods are there to be bound",
			opts:   func(target) []graphql.Option { return nil },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newTarget(t)
			generate := func(oursFirst bool) map[string]string {
				extensions := served(t, tt.audit, tt.opts(g)...)
				if !oursFirst {
					extensions[0], extensions[1] = extensions[1], extensions[0]
				}
				g.generate(t, g.config(), "graphql", specs(t, schema.Author{}, schema.Book{}), entc.Extensions(extensions...))
				return g.files(t)
			}
			files := generate(true)
			for _, s := range tt.want {
				require.Contains(t, files["ent.graphql"], s, tt.reason)
			}
			for _, s := range tt.none {
				require.NotContains(t, files["ent.graphql"], s, tt.reason)
			}
			require.Contains(t, files["sqlaudit_graphql.go"], "Connection(ctx context.Context, after *Cursor")
			g.build(t)
			equalFiles(t, files, generate(false))
		})
	}
}

// graphs of which the log is a part, or is not.
var (
	authored = thing{name: "Author", fields: []ent.Field{field.String("name")}, mixin: []ent.Mixin{mixin.Mixin{}.Track()}}
	byUUID   = thing{name: "Tag", fields: []ent.Field{field.UUID("id", uuid.UUID{}), field.String("name")}, mixin: []ent.Mixin{mixin.Mixin{}.Track()}}
	byString = thing{name: "Code", fields: []ent.Field{field.String("id")}}
)

func skipped(s thing) thing {
	s.annotations = append(s.annotations, entgql.Skip(entgql.SkipAll))
	return s
}

func TestNode(t *testing.T) {
	const node, object = "type AuditLog implements Node {", "type AuditLog {"
	tests := []struct {
		name    string
		reason  string
		schemas []ent.Interface
		want    string // in the schema, or in the error
	}{
		{"UUIDs", "ids are of the type of the log's", []ent.Interface{byUUID}, node},
		{"integers", "entgql takes ids of one type", []ent.Interface{authored}, object},
		{"strings", "the log's id is none, and cannot be read as one", []ent.Interface{byString}, object},
		{"both", "entgql refuses such a graph, without the log as well", []ent.Interface{byUUID, authored}, "entgql: mixed id types"},
		{"others left out", "what is not in the schema has no say", []ent.Interface{byUUID, skipped(authored)}, node},
		{"composite ids", "entgql leaves such types out", []ent.Interface{Group{}, Member{}, Membership{}.thing()}, object},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newTarget(t)
			if err := g.try(t, tt.schemas, served(t, nil, schemaOf(g))); err != nil {
				require.ErrorContains(t, err, tt.want, tt.reason)
				return
			}
			files := g.files(t)
			require.Contains(t, files["ent.graphql"], tt.want, tt.reason)
			require.Equal(t, tt.want == node, strings.Contains(files["gql_node.go"], "AuditLog"), tt.reason)
		})
	}
}

// try generates the package, and returns the error.
func (g target) try(t *testing.T, schemas []ent.Interface, extensions []entc.Extension) error {
	t.Helper()
	c := g.config()
	c.Schema = path.Join(here, "testdata", "cases", "graphql", "schema")
	require.NoError(t, entc.Extensions(extensions...)(c))
	graph, err := newGraph(c, specs(t, schemas...))
	require.NoError(t, err)
	return graph.Gen()
}

// A graph keeps what was said about the log, as does one that ent recovers from its snapshot.
func TestServedAgain(t *testing.T) {
	g := newTarget(t)
	c := g.config()
	c.Schema = path.Join(here, "testdata", "cases", "graphql", "schema")
	require.NoError(t, entc.Extensions(served(t, nil, graphql.WithQueryField("auditLogs"), schemaOf(g))...)(c))
	graph, err := newGraph(c, specs(t, authored))
	require.NoError(t, err)
	require.NoError(t, graph.Gen())
	files := g.files(t)
	require.NoError(t, graph.Gen())
	equalFiles(t, files, g.files(t))
}

func TestErrorsOfGraphQL(t *testing.T) {
	named := func(name string) thing {
		s := authored
		s.fields = []ent.Field{field.String(name)}
		return s
	}
	queried, mapped, linked, hidden := ownLog(), authored, authored, skipped(ownLog())
	queried.annotations = []entschema.Annotation{entgql.QueryField()}
	mapped.fields = []ent.Field{field.String("name").Annotations(entgql.MapsTo("history"))}
	linked.edges = []ent.Edge{edge.To("history_connection", Owner.Type).Unique()}
	tests := []struct {
		name    string
		reason  string
		schemas []ent.Interface
		audit   []extension.Option
		opts    []graphql.Option
		want    string
	}{
		{
			name:    "field history_connection",
			reason:  "entities have a method HistoryConnection",
			schemas: []ent.Interface{named("history_connection")},
			want:    `sqlaudit: schema Author: field "history_connection" makes HistoryConnection, which is the method of the history in GraphQL: rename the field, or the history with extension.WithHistoryName`,
		},
		{
			name:    "edge history_connection",
			reason:  "as for fields",
			schemas: []ent.Interface{linked, owner, pet},
			want:    `sqlaudit: schema Author: edge "history_connection" makes HistoryConnection, which is the method of the history in GraphQL: rename the edge, or the history with extension.WithHistoryName`,
		},
		{
			name:    "GraphQL field history",
			reason:  "a field of another name can be shown as history",
			schemas: []ent.Interface{mapped},
			want:    `sqlaudit: schema Author: its GraphQL type has a field "history" already: rename it, or the history with extension.WithHistoryName`,
		},
		{
			name:    "type AuditLogEdge",
			reason:  "the connection has a type of that name",
			schemas: []ent.Interface{authored, thing{name: "AuditLogEdge"}},
			want:    `sqlaudit: schema AuditLogEdge: the log has a generated type of that name: rename the type, or the log with extension.WithTypeName`,
		},
		{
			name:    "type AuditValue",
			reason:  "recorded values have it",
			schemas: []ent.Interface{authored, thing{name: "AuditValue"}},
			want:    `sqlaudit: schema AuditLog: the GraphQL schema has a type AuditValue already, which the log needs: rename it with entgql.Type`,
		},
		{
			name:    "log left out",
			reason:  "the one says to show it, the other not to",
			schemas: []ent.Interface{authored, hidden},
			want:    `sqlaudit: schema Trail: entgql.Skip keeps the log out of GraphQL: remove the annotation, or use entgql.NewExtension instead of graphql.New`,
		},
		{
			name:    "log with a query field",
			reason:  "a feature is switched on in one place",
			schemas: []ent.Interface{authored, queried},
			want:    `sqlaudit: schema Trail: entgql.QueryField is on the log: use graphql.WithQueryField instead`,
		},
		{
			name:    "order of the log",
			reason:  "pages are by id",
			schemas: []ent.Interface{authored, ownLog(field.String("tenant").Optional().Annotations(entgql.OrderField("TENANT")))},
			want:    `sqlaudit: schema Trail: entries are ordered by their id: remove entgql.OrderField from field "tenant"`,
		},
		{
			name:    "field graph_ql_changes",
			reason:  "entries have a method GraphQLChanges",
			schemas: []ent.Interface{authored, ownLog(field.String("graph_ql_changes").Optional())},
			want:    `sqlaudit: schema Trail: field "graph_ql_changes" has the name of the entry's changes in GraphQL: rename it`,
		},
		{
			name:    "no Relay",
			reason:  "connections are Relay's",
			schemas: []ent.Interface{authored},
			opts:    []graphql.Option{graphql.WithEntGQL(entgql.WithRelaySpec(false))},
			want:    `entgql: must enable relay specification via the WithRelaySpec option`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newTarget(t)
			err := g.try(t, tt.schemas, served(t, tt.audit, append(tt.opts, schemaOf(g))...))
			require.EqualError(t, err, tt.want, tt.reason)
		})
	}
}

func TestErrorsOfGraphQLOptions(t *testing.T) {
	_, err := graphql.New(newExtension(t), graphql.WithQueryField(""))
	require.EqualError(t, err, `sqlaudit: WithQueryField: the name is empty`)
	_, err = graphql.New(newExtension(t), graphql.WithEntGQL(entgql.WithConfigPath("testdata/none/gqlgen.yml")))
	require.ErrorContains(t, err, "sqlaudit: unable to enter config dir")
}
