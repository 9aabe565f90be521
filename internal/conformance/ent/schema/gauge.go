package schema

import (
	"sync/atomic"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
)

// Gauge has fields with every kind of default, one that no update writes, and one that is required and not tracked.
type Gauge struct{ ent.Schema }

// checks counts the updates.
var checks atomic.Int32

// Mixin implements ent.Interface.
func (Gauge) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Exclude: []string{"serial"}}.Track()}
}

// Fields implements ent.Interface.
func (Gauge) Fields() []ent.Field {
	return []ent.Field{
		field.Int("level").Optional().Default(5),
		field.String("mode").Optional().Annotations(entsql.Default("auto")),
		field.Int("checks").Optional().UpdateDefault(func() int { return int(checks.Add(1)) }),
		field.String("maker").Immutable(),
		field.String("serial"),
	}
}
