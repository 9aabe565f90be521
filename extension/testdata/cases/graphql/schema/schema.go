// Package schema is served by GraphQL.
package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
)

// Author is tracked, and a connection with mutations.
type Author struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Author) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Annotations implements ent.Interface.
func (Author) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entgql.RelayConnection(),
		entgql.QueryField(),
		entgql.Mutations(entgql.MutationCreate(), entgql.MutationUpdate()),
	}
}

// Fields implements ent.Interface.
func (Author) Fields() []ent.Field {
	return []ent.Field{field.String("name").Annotations(entgql.OrderField("NAME"))}
}

// Edges implements ent.Interface.
func (Author) Edges() []ent.Edge { return []ent.Edge{edge.To("books", Book.Type)} }

// Book is tracked.
type Book struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Book) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Book) Fields() []ent.Field { return []ent.Field{field.String("title")} }

// Edges implements ent.Interface.
func (Book) Edges() []ent.Edge {
	return []ent.Edge{edge.From("author", Author.Type).Ref("books").Unique()}
}
