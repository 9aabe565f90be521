// Package schema tracks types in every way that the mixin knows.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit"
)

// User has an int id, a sensitive field and one that is never tracked.
type User struct{ ent.Schema }

// Mixin implements ent.Interface.
func (User) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Label: "person", ActorField: "edited_by"}.Track()}
}

// Fields implements ent.Interface.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.String("nick").Optional().Nillable(),
		field.String("password").Sensitive(),
		field.Time("seen_at").Optional().Annotations(sqlaudit.Ignore()),
		field.JSON("settings", map[string]any{}).Optional(),
		field.Int("edited_by").Optional(),
	}
}

// Edges implements ent.Interface.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("pets", Pet.Type),
		edge.To("cards", Card.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("labels", Label.Type),
		edge.To("spouse", User.Type).Unique().Annotations(sqlaudit.Ignore()),
	}
}

// Pet has a UUID id, a table and columns of other names, and edges without a field.
type Pet struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Pet) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Exclude: []string{"weight"}}.Track()}
}

// Annotations implements ent.Interface.
func (Pet) Annotations() []schema.Annotation { return []schema.Annotation{entsql.Table("animals")} }

// Fields implements ent.Interface.
func (Pet) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(uuid.New).StorageKey("animal_id"),
		field.String("name").StorageKey("animal_name"),
		field.Float("weight").Optional(),
	}
}

// Edges implements ent.Interface.
func (Pet) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("owner", User.Type).Ref("pets").Unique(),
		edge.From("shelter", Shelter.Type).Ref("pets").Unique(),
	}
}

// Card has a string id, is named in the log by its number, and belongs to somebody by a field.
type Card struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Card) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Fields: []string{"limit"}, Edges: []string{"owner"}, ResourceID: "number"}.Track()}
}

// Fields implements ent.Interface.
func (Card) Fields() []ent.Field {
	return []ent.Field{
		field.String("id"),
		field.Int64("number").Unique().Immutable().StorageKey("card_number"),
		field.Int("limit").Default(0),
		field.String("note").Optional(),
		field.Int("owner_id").Optional().Nillable().StorageKey("card_owner"),
	}
}

// Edges implements ent.Interface.
func (Card) Edges() []ent.Edge {
	return []ent.Edge{edge.From("owner", User.Type).Ref("cards").Unique().Field("owner_id")}
}

// Shelter is not tracked, but pets refer to it.
type Shelter struct{ ent.Schema }

// Edges implements ent.Interface.
func (Shelter) Edges() []ent.Edge { return []ent.Edge{edge.To("pets", Pet.Type)} }

// Label has an edge that is never tracked, nor the field it is bound to.
type Label struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Label) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Label) Fields() []ent.Field {
	return []ent.Field{field.String("text"), field.Int("author_id").Optional()}
}

// Edges implements ent.Interface.
func (Label) Edges() []ent.Edge {
	return []ent.Edge{edge.From("author", User.Type).Ref("labels").Unique().Field("author_id").Annotations(sqlaudit.Ignore())}
}

// Plain has nothing to do with the log.
type Plain struct{ ent.Schema }
