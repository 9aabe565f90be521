package mixin

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// LogMixin makes a schema of the user's own the log, in the place of the one that the extension adds: for
// further columns, an index, a policy, or a table's name. Further fields must be optional or have a default in the
// database.
//
//	type AuditLog struct{ ent.Schema }
//
//	func (AuditLog) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.LogMixin{}} }
type LogMixin struct{ mixin.Schema }

// Fields implements ent.Mixin.
func (LogMixin) Fields() []ent.Field {
	id := map[string]string{dialect.MySQL: "char(36)"}
	text := func(name, comment string, size int) ent.Field {
		return field.String(name).Optional().Immutable().Annotations(entsql.Annotation{Size: int64(size)}).Comment(comment)
	}
	return []ent.Field{
		field.UUID(auditlog.ColumnID, uuid.UUID{}).SchemaType(id).Immutable().
			Comment("A version 7 UUID. The ids of an entity's entries sort in the order of its changes."),
		field.UUID(auditlog.ColumnTxID, uuid.UUID{}).SchemaType(id).Immutable().
			Comment("What has the same one was changed in one database transaction."),
		field.Time(auditlog.ColumnOccurredAt).SchemaType(map[string]string{dialect.MySQL: "datetime(6)"}).Immutable().
			Comment("When the entry was written, by the database's clock, to a microsecond."),
		field.String(auditlog.ColumnAction).Immutable().Annotations(entsql.Annotation{Size: 16}).
			Comment("create, update, delete or baseline."),
		field.String(auditlog.ColumnResourceType).Immutable().Annotations(entsql.Annotation{Size: auditlog.MaxLabel}).
			Comment("The changed entity's type, by its label."),
		field.String(auditlog.ColumnResourceID).Immutable().Annotations(entsql.Annotation{Size: auditlog.MaxResourceID}).
			Comment("The changed entity's id, as text."),
		text(auditlog.ColumnActorID, "Who made the change.", auditlog.MaxActorID),
		text(auditlog.ColumnActorType, "What kind of actor that is.", auditlog.MaxActorType),
		text(auditlog.ColumnActorName, "How the actor was called at the time.", auditlog.MaxActorName),
		text(auditlog.ColumnImpersonatorID, "Who acted as the actor.", auditlog.MaxActorID),
		text(auditlog.ColumnReason, "Why the change was made.", auditlog.MaxReason),
		field.JSON(auditlog.ColumnMetadata, map[string]any{}).Optional().Immutable().
			Comment("What else the context said."),
		// The generated upsert has a method UpdateNewValues of its own, which a field new_values would repeat.
		field.JSON("before", map[string]json.RawMessage{}).StorageKey(auditlog.ColumnBefore).Optional().Immutable().
			Comment("What changed, by field, as it was; of an edge to many, the links that went. Empty for a create and a baseline."),
		field.JSON("after", map[string]json.RawMessage{}).StorageKey(auditlog.ColumnAfter).Optional().Immutable().
			Comment("What changed, by field, as it is; of an edge to many, the links that came. Empty for a delete."),
		field.JSON(auditlog.ColumnRedacted, []string{}).Optional().Immutable().
			Comment("The sensitive fields that changed."),
	}
}

// Indexes implements ent.Mixin.
func (LogMixin) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields(auditlog.ColumnResourceType, auditlog.ColumnResourceID, auditlog.ColumnID),
		index.Fields(auditlog.ColumnActorID, auditlog.ColumnID),
		index.Fields(auditlog.ColumnTxID, auditlog.ColumnID), // also says at once whether a transaction has an entry after another
	}
}

// Annotations implements ent.Mixin.
func (LogMixin) Annotations() []schema.Annotation { return []schema.Annotation{logMark{Log: true}} }

type logMark struct{ Log bool }

// Name implements schema.Annotation.
func (logMark) Name() string { return "SQLAuditLog" }

// IsLog reports whether a type with these annotations is the log.
func IsLog(annotations map[string]any) bool {
	_, ok := annotations[logMark{}.Name()]
	return ok
}
