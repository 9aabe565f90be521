// Package schema holds types whose unique keys are not stored as they are given, or not given at all.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/sqlaudit/sqlaudit"
)

// tracked is what all have in common.
type tracked struct{ ent.Schema }

// Mixin implements ent.Interface.
func (tracked) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Label has an id, and no field.
type Label struct{ tracked }

// Fields implements ent.Interface.
func (Label) Fields() []ent.Field { return []ent.Field{field.String("id")} }

// Edges implements ent.Interface.
func (Label) Edges() []ent.Edge { return []ent.Edge{edge.To("slugs", Slug.Type)} }

// Slug is unique with a column that the database fills.
type Slug struct{ tracked }

// Fields implements ent.Interface.
func (Slug) Fields() []ent.Field {
	return []ent.Field{
		field.String("tenant").Optional().Annotations(entsql.Default("main")),
		field.String("slug"),
		field.String("title").Default(""),
	}
}

// Indexes implements ent.Interface.
func (Slug) Indexes() []ent.Index { return []ent.Index{index.Fields("tenant", "slug").Unique()} }

// Number has two unique fields, one of which the database fills.
type Number struct{ tracked }

// Fields implements ent.Interface.
func (Number) Fields() []ent.Field {
	return []ent.Field{
		field.String("a").Unique().Optional().Annotations(entsql.Default("x")),
		field.String("b").Unique().Optional(),
		field.Int("hits").Default(0),
	}
}

// Moment is unique by a time of ent's own type, which MariaDB stores without fractions of a second.
type Moment struct{ tracked }

// Fields implements ent.Interface.
func (Moment) Fields() []ent.Field {
	return []ent.Field{field.Time("at").Unique(), field.Int("hits").Default(0)}
}

// Price is unique by a number that is rounded.
type Price struct{ tracked }

// Fields implements ent.Interface.
func (Price) Fields() []ent.Field {
	return []ent.Field{
		field.Float("amount").SchemaType(map[string]string{dialect.MySQL: "decimal(10,2)", dialect.Postgres: "numeric(10,2)"}).Unique(),
		field.Int("hits").Default(0),
	}
}

// Code is unique, on MariaDB, by the beginning of a text.
type Code struct{ tracked }

// Fields implements ent.Interface.
func (Code) Fields() []ent.Field {
	return []ent.Field{field.String("code"), field.Int("hits").Default(0)}
}

// Indexes implements ent.Interface.
func (Code) Indexes() []ent.Index {
	return []ent.Index{index.Fields("code").Unique().Annotations(entsql.Prefix(3))}
}
