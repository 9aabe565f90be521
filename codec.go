package sqlaudit

import (
	"entgo.io/ent/schema"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// A Codec says how values of a Go type stand in the log, for types of which the form that they have by themselves does not carry all. It is given to a
// client by its option AuditCodec, and is documented in package auditlog.
//
//	client, err := ent.Open(dialect.Postgres, dsn, ent.AuditCodec(sqlaudit.Codec[Money]{Encode: encodeMoney, Decode: decodeMoney}))
type Codec[T any] = auditlog.Codec[T]

// ErrNoCodec is the error of a change that a codec wrote which the client does not have.
var ErrNoCodec = auditlog.ErrNoCodec

// RenamedFrom returns an annotation for a field or an edge that had other names before. What the log has under them is read under the
// present one. For a type see Mixin.RenamedFrom.
//
//	field.String("email").Annotations(sqlaudit.RenamedFrom("mail", "address"))
func RenamedFrom(names ...string) schema.Annotation { return mixin.RenamedFrom(names...) }
