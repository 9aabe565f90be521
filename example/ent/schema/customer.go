package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
)

// Customer is somebody who buys. Tracked are the fields named, and who looks after the customer.
type Customer struct{ ent.Schema }

// Mixin of the Customer.
func (Customer) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{
		Fields: []string{"name", "email", "plan", "credit"},
		Edges:  []string{"owner"},
	}.Track()}
}

// Fields of the Customer.
func (Customer) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.String("email").Unique(),
		field.Enum("plan").Values("free", "team", "enterprise").Default("free"),
		field.Int("credit").Default(0),
		field.Time("seen_at").Default(time.Now),
	}
}

// Edges of the Customer.
func (Customer) Edges() []ent.Edge {
	return []ent.Edge{edge.From("owner", User.Type).Ref("customers").Unique()}
}
