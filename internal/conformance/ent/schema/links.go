package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit"
)

// Group has many users, and a join table on both of whose sides the links are recorded.
type Group struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Group) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Group) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Default(uuid.New),
		field.String("name").Unique(),
		field.Int("size").Default(0),
	}
}

// Edges implements ent.Interface.
func (Group) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("users", User.Type),
		edge.To("rooms", Room.Type),
	}
}

// Room is not tracked, but the edges of groups to it are.
type Room struct{ ent.Schema }

// Fields implements ent.Interface.
func (Room) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Edges implements ent.Interface.
func (Room) Edges() []ent.Edge { return []ent.Edge{edge.From("groups", Group.Type).Ref("rooms")} }

// Team is named in the log by its slug, and has members through a type of its own.
type Team struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Team) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{ResourceID: "slug"}.Track()} }

// Fields implements ent.Interface.
func (Team) Fields() []ent.Field { return []ent.Field{field.String("slug").Unique().Immutable()} }

// Edges implements ent.Interface.
func (Team) Edges() []ent.Edge {
	return []ent.Edge{edge.To("members", User.Type).Through("memberships", Membership.Type)}
}

// Membership is an edge schema with an id of its own.
type Membership struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Membership) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Membership) Fields() []ent.Field {
	return []ent.Field{
		field.Int("team_id"),
		field.Int("user_id"),
		field.String("role").Default("member"),
	}
}

// Edges implements ent.Interface.
func (Membership) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("team", Team.Type).Unique().Required().Field("team_id").Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("user", User.Type).Unique().Required().Field("user_id").Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Tag has a string id, and posts through a type with a composite one.
type Tag struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Tag) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Tag) Fields() []ent.Field {
	return []ent.Field{field.String("id"), field.String("title").Optional()}
}

// Edges implements ent.Interface.
func (Tag) Edges() []ent.Edge {
	return []ent.Edge{edge.From("posts", Post.Type).Ref("tags").Through("taggings", Tagging.Type)}
}

// Post has tags.
type Post struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Post) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Post) Fields() []ent.Field { return []ent.Field{field.String("title")} }

// Edges implements ent.Interface.
func (Post) Edges() []ent.Edge {
	return []ent.Edge{edge.To("tags", Tag.Type).Through("taggings", Tagging.Type)}
}

// Tagging is an edge schema with a composite id.
type Tagging struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Tagging) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Annotations implements ent.Interface.
func (Tagging) Annotations() []schema.Annotation {
	return []schema.Annotation{field.ID("post_id", "tag_id")}
}

// Fields implements ent.Interface.
func (Tagging) Fields() []ent.Field {
	return []ent.Field{
		field.Int("post_id"),
		field.String("tag_id"),
		field.Int("weight").Default(1),
		field.Time("at").Default(func() time.Time { return time.Unix(1_700_000_000, 0) }),
	}
}

// Edges implements ent.Interface.
func (Tagging) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("post", Post.Type).Unique().Required().Field("post_id").Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("tag", Tag.Type).Unique().Required().Field("tag_id").Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Shelf has books that know it, boxes that do not and are not tracked, and a lamp, to one, that does not either.
type Shelf struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Shelf) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Fields: []string{"name"}, Edges: []string{"books", "boxes", "lamp"}}.Track()}
}

// Fields implements ent.Interface.
func (Shelf) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Edges implements ent.Interface.
func (Shelf) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("books", Book.Type),
		edge.To("boxes", Box.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("lamp", Lamp.Type).Unique(),
	}
}

// Book is on a shelf. Two fields together are unique.
type Book struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Book) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Book) Fields() []ent.Field {
	return []ent.Field{
		field.String("author"),
		field.String("title").StorageKey("book_title"),
		field.Int("copies").Default(1),
	}
}

// Indexes implements ent.Interface.
func (Book) Indexes() []ent.Index { return []ent.Index{index.Fields("author", "title").Unique()} }

// Edges implements ent.Interface.
func (Book) Edges() []ent.Edge {
	return []ent.Edge{edge.From("shelf", Shelf.Type).Ref("books").Unique()}
}

// Box is not tracked: its shelf's edge is.
type Box struct{ ent.Schema }

// Fields implements ent.Interface.
func (Box) Fields() []ent.Field { return []ent.Field{field.String("label")} }

// Lamp is tracked, and does not know its shelf.
type Lamp struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Lamp) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Lamp) Fields() []ent.Field { return []ent.Field{field.Int("watts").Default(40)} }
