package schema

import (
	"net/url"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/internal/parity/kinds"
)

// Sample has every kind of field, and no edges.
type Sample struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Sample) Mixin() []ent.Mixin { return track("Sample") }

// Fields implements ent.Interface.
func (Sample) Fields() []ent.Field {
	micro := map[string]string{dialect.MySQL: "datetime(6)"}
	return []ent.Field{
		field.Int("int").Default(0),
		field.Int8("int8").Optional(),
		field.Int64("int64").Optional().Nillable(),
		field.Uint32("uint32").Optional(),
		field.Float("float").Optional(),
		field.Float32("float32").Optional(),
		field.Bool("flag").Optional().Nillable(),
		field.Bytes("data").Optional(),
		field.Text("text").Optional(),
		field.String("must").Nillable().Default("must"),
		field.Time("at").Optional().Nillable().SchemaType(micro),
		field.Int64("span").GoType(time.Duration(0)).Optional(),
		field.UUID("uuid", uuid.UUID{}).Optional(),
		field.Enum("level").GoType(kinds.Level("")).Optional().Nillable(),
		field.String("pair").GoType(kinds.Pair{}).DefaultFunc(func() kinds.Pair { return kinds.Pair{Left: "a", Right: "b"} }).SchemaType(map[string]string{dialect.MySQL: "varchar(255)"}),
		field.String("link").GoType(&url.URL{}).ValueScanner(field.BinaryValueScanner[*url.URL]{}).Optional(),
		field.JSON("meta", &kinds.Meta{}).Optional(),
		field.JSON("any", map[string]any{}).Optional(),
		field.Ints("ints").Optional(),
		field.Strings("texts").Optional(),
	}
}

// Node is in a list.
type Node struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Node) Mixin() []ent.Mixin { return track("Node") }

// Fields implements ent.Interface.
func (Node) Fields() []ent.Field { return []ent.Field{field.Int("value")} }

// Edges implements ent.Interface.
func (Node) Edges() []ent.Edge {
	return []ent.Edge{edge.To("next", Node.Type).Unique().From("prev").Unique()}
}

// Blob has a UUID as its id.
type Blob struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Blob) Mixin() []ent.Mixin { return track("Blob") }

// Fields implements ent.Interface.
func (Blob) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(func() uuid.UUID { return uuid.UUID{15: byte(kinds.Serial())} }),
		field.UUID("key", uuid.UUID{}).Unique(),
		field.Int("count").Default(0),
	}
}

// Edges implements ent.Interface.
func (Blob) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("parent", Blob.Type).Unique(),
		edge.To("links", Blob.Type),
	}
}

// Doc has an id of a Go type of its own.
type Doc struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Doc) Mixin() []ent.Mixin { return track("Doc") }

// Fields implements ent.Interface.
func (Doc) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").GoType(kinds.Key("")).MaxLen(36).NotEmpty().Unique().Immutable().
			DefaultFunc(func() kinds.Key { return kinds.Key('a' + rune(kinds.Serial())) }),
		field.String("text").Optional(),
	}
}

// Edges implements ent.Interface.
func (Doc) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("children", Doc.Type).From("parent").Unique(),
		edge.To("related", Doc.Type),
	}
}

// Memo is deleted softly.
type Memo struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Memo) Mixin() []ent.Mixin { return track("Memo") }

// Fields implements ent.Interface.
func (Memo) Fields() []ent.Field {
	return []ent.Field{
		field.String("text"),
		field.Bool("deleted").Default(false),
	}
}

// Note is guarded by a policy.
type Note struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Note) Mixin() []ent.Mixin { return track("Note") }

// Fields implements ent.Interface.
func (Note) Fields() []ent.Field {
	return []ent.Field{
		field.String("text"),
		field.Bool("secret").Default(false),
	}
}

// Task has a version, by which it is locked optimistically, and hooks.
type Task struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Task) Mixin() []ent.Mixin { return track("Task") }

// Fields implements ent.Interface.
func (Task) Fields() []ent.Field {
	return []ent.Field{
		field.String("title"),
		field.Int("version").Default(1),
		field.Int("points").Default(0),
		field.Enum("state").Values("open", "done").Default("open"),
	}
}
