package extension

import (
	"fmt"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/entc/load"
	"entgo.io/ent/schema"

	"github.com/sqlaudit/sqlaudit/mixin"
)

const defaultTypeName = "AuditLog"

// A log is the schema of the type that the extension adds.
type log struct {
	ent.Schema
	annotations []schema.Annotation
}

// Mixin implements ent.Interface.
func (log) Mixin() []ent.Mixin { return []ent.Mixin{mixin.LogMixin{}} }

// Annotations implements ent.Interface.
func (l log) Annotations() []schema.Annotation { return l.annotations }

// added marks the type that the extension added, which a snapshot of ent's brings back.
type added struct{ Added bool }

// Name implements schema.Annotation.
func (added) Name() string { return "SQLAuditAdded" }

// IsAdded reports whether a type is the log that the extension added to the graph, and no schema of the user's.
func IsAdded(t *gen.Type) bool {
	_, ok := t.Annotations[added{}.Name()]
	return ok
}

// entgqlSkip keeps the type out of the GraphQL schema that contrib's entgql derives: its id is a UUID, and entgql takes ids of one
// type only. The value is that of entgql.Skip(entgql.SkipAll).
type entgqlSkip struct{ Skip int }

// Name implements schema.Annotation.
func (entgqlSkip) Name() string { return "EntGQL" }

const entgqlSkipAll = 63

// logType returns the log's type, which it adds to the graph, in place, if the user has none.
func (e *Extension) logType(g *gen.Graph) (*gen.Type, error) {
	var found *gen.Type
	for _, n := range g.Nodes {
		if !mixin.IsLog(n.Annotations) {
			continue
		}
		if found != nil {
			return nil, fail(n.Name, "LogMixin is used by %s too: keep it in one of them", found.Name)
		}
		found = n
	}
	if found != nil {
		if !IsAdded(found) {
			return found, e.checkOwnLog(found)
		}
		// Ent gave the type of the snapshot a range of ids, which it does not give to one added later.
		if starts, ok := g.Annotations[gen.IncrementStarts{}.Name()].(gen.IncrementStarts); ok {
			delete(starts, found.Table())
		}
		return found, nil
	}
	name := e.typeName
	if name == "" {
		name = defaultTypeName
	}
	for _, n := range g.Nodes {
		if n.Name == name {
			return nil, fail(name, "the type has the name of the log's: add sqlaudit.LogMixin{} to its Mixin() to make it the log, or name the log with extension.WithTypeName")
		}
	}
	t, err := e.newLogType(g, name)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: add type %s: %w", name, err)
	}
	for _, n := range g.Nodes {
		if n.Table() == t.Table() {
			return nil, fail(n.Name, "table %q is the log's too: name the log's with extension.WithTableName", n.Table())
		}
	}
	g.Nodes = append(g.Nodes, t)
	return t, nil
}

func (e *Extension) newLogType(g *gen.Graph, name string) (*gen.Type, error) {
	l := log{annotations: []schema.Annotation{added{Added: true}, entgqlSkip{Skip: entgqlSkipAll}}}
	if e.tableName != "" || e.schema != "" {
		l.annotations = append(l.annotations, entsql.Annotation{Table: e.tableName, Schema: e.schema})
	}
	b, err := load.MarshalSchema(l)
	if err != nil {
		return nil, err
	}
	s, err := load.UnmarshalSchema(b)
	if err != nil {
		return nil, err
	}
	s.Name = name
	t, err := gen.NewType(g.Config, s)
	if err != nil {
		return nil, err
	}
	for _, idx := range s.Indexes {
		if err := t.AddIndex(idx); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// checkOwnLog checks a log that is a schema of the user's.
func (e *Extension) checkOwnLog(t *gen.Type) error {
	switch {
	case e.typeName != "" && e.typeName != t.Name:
		return fail(t.Name, "the type is the log, so extension.WithTypeName(%q) has no effect: remove the option or the schema", e.typeName)
	case e.tableName != "":
		return fail(t.Name, "the type is the log, so extension.WithTableName has no effect: use entsql.Table in its Annotations()")
	case e.schema != "":
		return fail(t.Name, "the type is the log, so extension.WithDatabaseSchema has no effect: use entsql.Schema in its Annotations()")
	}
	reference, err := e.newLogType(&gen.Graph{Config: t.Config}, t.Name)
	if err != nil {
		return fmt.Errorf("sqlaudit: %w", err)
	}
	if t.ID == nil || t.ID.Type.String() != reference.ID.Type.String() {
		return fail(t.Name, `field "id" must be the one of sqlaudit.LogMixin: remove it from the schema`)
	}
	ours := make(map[string]bool)
	for _, want := range reference.Fields {
		ours[want.Name] = true
		f := field(t, want.Name)
		if f == nil || f.StorageKey() != want.StorageKey() || f.Type.String() != want.Type.String() {
			return fail(t.Name, "field %q must be the one of sqlaudit.LogMixin: remove it from the schema", want.Name)
		}
	}
	for _, f := range t.Fields {
		if ours[f.Name] || f.Optional || f.Nillable {
			continue
		}
		if a := f.EntSQL(); a != nil && (a.Default != "" || a.DefaultExpr != "" || len(a.DefaultExprs) > 0) {
			continue
		}
		return fail(t.Name, "field %q is required, and nothing fills it: make it Optional() or give it a default in the database with entsql.Default", f.Name)
	}
	for _, edge := range t.Edges {
		if !edge.Optional {
			return fail(t.Name, "edge %q is required, and nothing fills it: remove Required()", edge.Name)
		}
	}
	return nil
}

// databaseSchema returns the schema that the log's table is in by annotation, or "".
func databaseSchema(t *gen.Type) string {
	if a := t.EntSQL(); a != nil {
		return a.Schema
	}
	return ""
}

// enableSchemaConfig makes ent's queries name the schemas of tables, if the log's is in one and ent does not know it yet.
func enableSchemaConfig(g *gen.Graph, log *gen.Type) error {
	multi, err := g.FeatureEnabled("sql/multischema")
	if err != nil {
		return err
	}
	if multi && databaseSchema(log) == "" {
		return fail(log.Name, "every other type names its database schema: name the log's with extension.WithDatabaseSchema")
	}
	on, err := g.FeatureEnabled(gen.FeatureSchemaConfig.Name)
	if err != nil {
		return err
	}
	if !on && databaseSchema(log) != "" {
		g.Features = append(g.Features, gen.FeatureSchemaConfig)
	}
	return nil
}

// field returns the field of t with the given name, or nil.
func field(t *gen.Type, name string) *gen.Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// edge returns the edge of t with the given name, or nil.
func edge(t *gen.Type, name string) *gen.Edge {
	for _, e := range t.Edges {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// fail returns an error of one line that names the schema.
func fail(schemaName, format string, args ...any) error {
	return fmt.Errorf("sqlaudit: schema %s: "+format, append([]any{schemaName}, args...)...)
}
