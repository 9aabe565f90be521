package extension_test

import (
	"io/fs"
	"testing"

	"entgo.io/ent"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/entc/load"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"
)

// A thing is a schema that a test makes up.
type thing struct {
	ent.Schema
	name        string
	view        bool
	mixin       []ent.Mixin
	fields      []ent.Field
	edges       []ent.Edge
	annotations []schema.Annotation
}

// Mixin implements ent.Interface.
func (s thing) Mixin() []ent.Mixin { return s.mixin }

// Fields implements ent.Interface.
func (s thing) Fields() []ent.Field { return s.fields }

// Edges implements ent.Interface.
func (s thing) Edges() []ent.Edge { return s.edges }

// Annotations implements ent.Interface.
func (s thing) Annotations() []schema.Annotation { return s.annotations }

// specs returns the schemas as ent loads them, without a package to load them from.
func specs(t *testing.T, schemas ...ent.Interface) []*load.Schema {
	t.Helper()
	var specs []*load.Schema
	for _, s := range schemas {
		b, err := load.MarshalSchema(s)
		require.NoError(t, err)
		spec, err := load.UnmarshalSchema(b)
		require.NoError(t, err)
		if s, ok := s.(thing); ok {
			spec.Name, spec.View = s.name, s.view
		}
		specs = append(specs, spec)
	}
	return specs
}

// newGraph returns the graph of the schemas.
func newGraph(c *gen.Config, schemas []*load.Schema) (*gen.Graph, error) {
	if c.Storage == nil {
		storage, err := gen.NewStorage("sql")
		if err != nil {
			return nil, err
		}
		c.Storage = storage
	}
	return gen.NewGraph(c, schemas...)
}

// walk calls fn with every file below the root.
func walk(root fs.FS, fn func(name string, b []byte)) error {
	return fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, name)
		fn(name, b)
		return err
	})
}

// Group and Member meet in Membership, whose id is both of theirs.
type (
	Group      struct{ ent.Schema }
	Member     struct{ ent.Schema }
	Membership struct{ ent.Schema }
)

// Edges implements ent.Interface.
func (Group) Edges() []ent.Edge {
	return []ent.Edge{edge.To("members", Member.Type).Through("memberships", Membership.Type)}
}

// Edges implements ent.Interface.
func (Member) Edges() []ent.Edge {
	return []ent.Edge{edge.From("groups", Group.Type).Ref("members").Through("memberships", Membership.Type)}
}

func (Membership) thing() thing {
	return thing{
		name:   "Membership",
		fields: []ent.Field{field.Int("group_id"), field.Int("member_id"), field.String("role")},
		edges: []ent.Edge{
			edge.To("group", Group.Type).Unique().Required().Field("group_id"),
			edge.To("member", Member.Type).Unique().Required().Field("member_id"),
		},
		annotations: []schema.Annotation{field.ID("group_id", "member_id")},
	}
}
