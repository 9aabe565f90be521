// Package schema is served by GraphQL. Its ids are integers: the log, whose ids are UUIDs, is an object that is no Node.
package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
)

// Customer is tracked, and a connection.
type Customer struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Customer) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Annotations implements ent.Interface.
func (Customer) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection(), entgql.QueryField()}
}

// Fields implements ent.Interface.
func (Customer) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Annotations(entgql.OrderField("NAME")),
		field.Int64("credit").Optional().Nillable().Annotations(entgql.Type("Int")),
		field.String("password").Sensitive().Optional(),
	}
}

// Edges implements ent.Interface.
func (Customer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("owner", User.Type).Ref("customers").Unique(),
		edge.To("friends", Customer.Type),
	}
}

// User is tracked.
type User struct{ ent.Schema }

// Mixin implements ent.Interface.
func (User) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{Label: "Staff"}.Track()} }

// Annotations implements ent.Interface.
func (User) Annotations() []schema.Annotation { return []schema.Annotation{entgql.QueryField()} }

// Fields implements ent.Interface.
func (User) Fields() []ent.Field {
	return []ent.Field{field.String("name")}
}

// Edges implements ent.Interface.
func (User) Edges() []ent.Edge { return []ent.Edge{edge.To("customers", Customer.Type)} }
