// Package schema has a log of its own.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/sqlaudit/sqlaudit"
)

// AuditLog is the log, with a tenant.
type AuditLog struct{ ent.Schema }

// Mixin implements ent.Interface.
func (AuditLog) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.LogMixin{}} }

// Annotations implements ent.Interface.
func (AuditLog) Annotations() []schema.Annotation { return []schema.Annotation{entsql.Table("trail")} }

// Fields implements ent.Interface.
func (AuditLog) Fields() []ent.Field {
	return []ent.Field{
		field.String("tenant").Optional(),
		field.String("region").Annotations(entsql.Default("eu")),
	}
}

// Indexes implements ent.Interface.
func (AuditLog) Indexes() []ent.Index { return []ent.Index{index.Fields("tenant")} }

// Invoice is tracked.
type Invoice struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Invoice) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Invoice) Fields() []ent.Field { return []ent.Field{field.Int("total")} }
