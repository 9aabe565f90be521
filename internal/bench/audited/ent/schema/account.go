// Package schema holds what the benchmarks of writes change: an account of seven columns.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/sqlaudit/sqlaudit"
)

// Account is tracked as a whole.
type Account struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Account) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{}.Track()}
}

// Fields implements ent.Interface.
func (Account) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.String("email"),
		field.String("city").Optional().Nillable(),
		field.Int64("balance"),
		field.Bool("active").Default(true),
		field.Int("region"),
	}
}

// Indexes implements ent.Interface.
func (Account) Indexes() []ent.Index {
	return []ent.Index{index.Fields("region")}
}
