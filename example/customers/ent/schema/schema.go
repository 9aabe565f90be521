// Package schema has users, and customers, who are tracked.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
)

// User is somebody who uses the system.
type User struct{ ent.Schema }

// Fields of the User.
func (User) Fields() []ent.Field { return []ent.Field{field.Int("id").StorageKey("user_id")} }

// Edges of the User.
func (User) Edges() []ent.Edge { return []ent.Edge{edge.To("customers", Customer.Type)} }

// Customer is tracked for changes in the specified fields.
type Customer struct{ ent.Schema }

// Mixin of the Customer.
func (Customer) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Fields: []string{"name", "email", "user_id"}, Label: "Customer"}.Track()}
}

// Fields of the Customer.
func (Customer) Fields() []ent.Field {
	return []ent.Field{
		field.Int("id").StorageKey("customer_id"),
		field.String("name"),
		field.String("email"),
		field.Int("user_id"),
	}
}

// Edges of the Customer.
func (Customer) Edges() []ent.Edge {
	return []ent.Edge{edge.From("user", User.Type).Ref("customers").Field("user_id").Unique().Required()}
}
