package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
)

// Token has an id of bytes, with which ent allows no edges.
type Token struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Token) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Token) Fields() []ent.Field {
	return []ent.Field{
		field.Bytes("id").MaxLen(32).SchemaType(map[string]string{dialect.MySQL: "varbinary(32)"}),
		field.String("scope"),
	}
}

// Account has an id of a Go type of its own, and amounts of another.
type Account struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Account) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Account) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").GoType(kinds.IBAN("")),
		field.Other("balance", kinds.Decimal{}).SchemaType(map[string]string{
			dialect.SQLite: "text", dialect.Postgres: "numeric(20,4)", dialect.MySQL: "decimal(20,4)",
		}).Default(kinds.ParseDecimal("0.0000")),
		field.Int64("version").Default(1),
	}
}

// Edges implements ent.Interface.
func (Account) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("linked", Account.Type),
		edge.To("branches", Account.Type).From("head").Unique(),
	}
}

// Page has an id that is stored in another form than it has in Go.
type Page struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Page) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Page) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").GoType(kinds.Path{}).ValueScanner(kinds.PathScanner),
		field.String("text"),
	}
}
