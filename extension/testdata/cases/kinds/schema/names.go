package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
)

type tracked struct{ ent.Schema }

// Mixin implements ent.Interface.
func (tracked) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (tracked) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Each of these is tracked.
type (
	History struct{ tracked }
	State   struct{ tracked }
	Table   struct{ tracked }
	Target  struct{ tracked }
	Slices  struct{ tracked }
	Node    struct{ tracked }
)

// Edges implements ent.Interface.
func (Node) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("target", Target.Type).Unique(),
		edge.To("children", Node.Type).From("parent").Unique(),
	}
}
