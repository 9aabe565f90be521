// Package schema has what ent's features act on.
package schema

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
)

// Account is tracked and has hooks, interceptors and a policy.
type Account struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Account) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Account) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Unique(),
		field.Int("balance").Default(0),
	}
}

// Edges implements ent.Interface.
func (Account) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("branch", Branch.Type).Ref("accounts").Unique(),
		edge.To("holders", Holder.Type),
	}
}

// Hooks implements ent.Interface.
func (Account) Hooks() []ent.Hook {
	return []ent.Hook{func(next ent.Mutator) ent.Mutator { return next }}
}

// Interceptors implements ent.Interface.
func (Account) Interceptors() []ent.Interceptor {
	return []ent.Interceptor{ent.InterceptFunc(func(next ent.Querier) ent.Querier { return next })}
}

// Policy implements ent.Interface.
func (Account) Policy() ent.Policy { return policy{} }

type policy struct{}

// EvalMutation implements ent.Policy.
func (policy) EvalMutation(context.Context, ent.Mutation) error { return nil }

// EvalQuery implements ent.Policy.
func (policy) EvalQuery(context.Context, ent.Query) error { return nil }

// Branch is not tracked, but accounts refer to it.
type Branch struct{ ent.Schema }

// Edges implements ent.Interface.
func (Branch) Edges() []ent.Edge { return []ent.Edge{edge.To("accounts", Account.Type)} }

// Holder shares accounts with others.
type Holder struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Holder) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Holder) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Edges implements ent.Interface.
func (Holder) Edges() []ent.Edge {
	return []ent.Edge{edge.From("accounts", Account.Type).Ref("holders")}
}
