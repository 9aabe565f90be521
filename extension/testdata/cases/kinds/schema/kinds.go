// Package schema has ids, fields and edges of the rarer kinds.
package schema

import (
	"net/url"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/extension/testdata/cases/kinds/units"
)

// Link has an id that ent turns into text, and says who wrote it by a UUID or not at all.
type Link struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Link) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{ResourceID: "token", ActorField: "writer"}.Track()}
}

// Fields implements ent.Interface.
func (Link) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").GoType(&url.URL{}).ValueScanner(field.BinaryValueScanner[*url.URL]{}),
		field.UUID("token", uuid.UUID{}).Unique().Immutable(),
		field.UUID("writer", uuid.UUID{}).Optional().Nillable(),
		field.String("target").GoType(&url.URL{}).ValueScanner(field.BinaryValueScanner[*url.URL]{}),
	}
}

// Blob has an id of bytes.
type Blob struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Blob) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Blob) Fields() []ent.Field {
	return []ent.Field{field.Bytes("id").GoType(units.Digest{}).MaxLen(32), field.Enum("state").Values("new", "done")}
}

// Club has an int id of the user's, and members through a type of its own.
type Club struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Club) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Club) Fields() []ent.Field {
	return []ent.Field{field.Int("id").GoType(units.Number(0)), field.Strings("names")}
}

// Edges implements ent.Interface.
func (Club) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("members", Member.Type).Through("memberships", Membership.Type),
		edge.To("rooms", Room.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Member is one of a club, and has a successor and nothing else.
type Member struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Member) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Edges implements ent.Interface.
func (Member) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("clubs", Club.Type).Ref("members").Through("memberships", Membership.Type),
		edge.To("successor", Member.Type).Unique().From("predecessor").Unique(),
	}
}

// Membership is an edge with an id and a field. It cannot be tracked.
type Membership struct{ ent.Schema }

// Fields implements ent.Interface.
func (Membership) Fields() []ent.Field {
	return []ent.Field{field.Int("club_id").GoType(units.Number(0)), field.Int("member_id"), field.String("role")}
}

// Edges implements ent.Interface.
func (Membership) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("club", Club.Type).Unique().Required().Field("club_id"),
		edge.To("member", Member.Type).Unique().Required().Field("member_id"),
	}
}

// Room is not tracked, but goes with its club, and what is in it with the room.
type Room struct{ ent.Schema }

// Edges implements ent.Interface.
func (Room) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("club", Club.Type).Ref("rooms").Unique(),
		edge.To("chairs", Chair.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Chair is tracked, and goes with its room.
type Chair struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Chair) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Edges implements ent.Interface.
func (Chair) Edges() []ent.Edge {
	return []ent.Edge{edge.From("room", Room.Type).Ref("chairs").Unique().Required()}
}

// Report is a view.
type Report struct{ ent.View }

// Annotations implements ent.Interface.
func (Report) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.View("SELECT names FROM clubs")}
}

// Fields implements ent.Interface.
func (Report) Fields() []ent.Field { return []ent.Field{field.Strings("names")} }
