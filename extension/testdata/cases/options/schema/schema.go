// Package schema has names that the log and the history have by default.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
)

// AuditLog is a type of the user's that is not the log.
type AuditLog struct{ ent.Schema }

// Fields implements ent.Interface.
func (AuditLog) Fields() []ent.Field { return []ent.Field{field.String("line")} }

// Patient is tracked and has a history already.
type Patient struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Patient) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Patient) Fields() []ent.Field { return []ent.Field{field.String("history")} }

// Doctor makes changes.
type Doctor struct{ ent.Schema }

// Fields implements ent.Interface.
func (Doctor) Fields() []ent.Field { return []ent.Field{field.String("id")} }
