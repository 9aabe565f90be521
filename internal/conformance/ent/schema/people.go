// Package schema holds the types that the conformance suite runs on.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit"
)

// User has an int id and every kind of edge.
type User struct{ ent.Schema }

// Mixin implements ent.Interface.
func (User) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.String("email").Unique(),
		field.Int("age").Optional(),
		field.String("nick").Optional().Nillable(),
		field.String("password").Sensitive().Optional(),
		field.String("seen").Optional().Annotations(sqlaudit.Ignore()),
	}
}

// Edges implements ent.Interface.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("pets", Pet.Type),
		edge.To("card", Card.Type).Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("spouse", User.Type).Unique(),
		edge.To("badges", Badge.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.From("groups", Group.Type).Ref("users"),
		edge.From("teams", Team.Type).Ref("members").Through("memberships", Membership.Type),
		edge.To("friends", User.Type),
		edge.To("following", User.Type).From("followers"),
	}
}

// Pet has a UUID id and a foreign key that is no field.
type Pet struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Pet) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Pet) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(uuid.New),
		field.String("name"),
		field.Enum("kind").Values("cat", "dog").Default("cat"),
		field.UUID("chip", uuid.UUID{}).Optional(),
	}
}

// Edges implements ent.Interface.
func (Pet) Edges() []ent.Edge {
	return []ent.Edge{edge.From("owner", User.Type).Ref("pets").Unique()}
}

// Card has a string id and an edge that is bound to a field. It goes with its owner.
type Card struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Card) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Fields: []string{"number"}, Edges: []string{"owner"}}.Track()}
}

// Fields implements ent.Interface.
func (Card) Fields() []ent.Field {
	return []ent.Field{
		field.String("id"),
		field.String("number").StorageKey("card_number"),
		field.Int("owner_id").Optional().StorageKey("card_owner"),
	}
}

// Edges implements ent.Interface.
func (Card) Edges() []ent.Edge {
	return []ent.Edge{edge.From("owner", User.Type).Ref("card").Unique().Field("owner_id")}
}

// Node refers to its own type, and goes with its parent.
type Node struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Node) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Node) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Edges implements ent.Interface.
func (Node) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("pupils", Node.Type).From("mentor").Unique(),
		edge.To("children", Node.Type).Annotations(entsql.OnDelete(entsql.Cascade)).From("parent").Unique(),
	}
}

// Badge goes with its user, though that edge is not tracked.
type Badge struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Badge) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Fields: []string{"text"}}.Track()}
}

// Fields implements ent.Interface.
func (Badge) Fields() []ent.Field { return []ent.Field{field.String("text")} }

// Edges implements ent.Interface.
func (Badge) Edges() []ent.Edge {
	return []ent.Edge{edge.From("user", User.Type).Ref("badges").Unique()}
}
