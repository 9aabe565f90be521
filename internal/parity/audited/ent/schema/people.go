// Package schema holds the types that the parity suite runs on.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/sqlaudit/sqlaudit/internal/parity/kinds"
)

// User has every kind of edge, and fields with defaults of every kind.
type User struct{ ent.Schema }

// Mixin implements ent.Interface.
func (User) Mixin() []ent.Mixin { return track("User") }

// Fields implements ent.Interface.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").NotEmpty().Validate(kinds.Validate),
		field.String("email").Unique(),
		field.Int("age").Optional().NonNegative(),
		field.String("nick").Optional().Nillable(),
		field.String("phone").Optional().Unique(),
		field.String("password").Sensitive().Optional(),
		field.Enum("role").Values("user", "admin", "free").Default("user"),
		field.String("origin").Immutable().Default("here"),
		field.Int("serial").DefaultFunc(kinds.Serial),
		field.Int("edits").Default(0).UpdateDefault(kinds.Serial),
		field.Strings("tags").Optional(),
	}
}

// Edges implements ent.Interface.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("pets", Pet.Type),
		edge.To("card", Card.Type).Unique(),
		edge.To("files", File.Type),
		edge.To("spouse", User.Type).Unique(),
		edge.To("children", User.Type).From("parent").Unique(),
		edge.To("following", User.Type).From("followers"),
		edge.To("peers", User.Type),
		edge.To("groups", Group.Type),
		edge.To("posts", Post.Type),
		edge.To("friends", User.Type).Through("friendships", Friendship.Type),
		edge.To("teams", Group.Type).Through("memberships", Membership.Type),
		edge.From("liked", Tweet.Type).Ref("likers").Through("likes", TweetLike.Type),
	}
}

// Pet has an optional owner, and tags that know nothing of it.
type Pet struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Pet) Mixin() []ent.Mixin { return track("Pet") }

// Fields implements ent.Interface.
func (Pet) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.Float("weight").Default(0),
		field.Bool("trained").Default(false),
	}
}

// Edges implements ent.Interface.
func (Pet) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("owner", User.Type).Ref("pets").Unique(),
		edge.From("team", Group.Type).Ref("mascots").Unique(),
		edge.To("tags", Tag.Type),
	}
}

// Card belongs to one user at most, by an edge that is bound to a field.
type Card struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Card) Mixin() []ent.Mixin { return track("Card") }

// Fields implements ent.Interface.
func (Card) Fields() []ent.Field {
	return []ent.Field{
		field.String("number").Immutable().MinLen(3),
		field.Float("balance").Default(0),
		field.Int("owner_id").Optional(),
	}
}

// Edges implements ent.Interface.
func (Card) Edges() []ent.Edge {
	return []ent.Edge{edge.From("owner", User.Type).Ref("card").Unique().Field("owner_id")}
}

// File is unique by its name and its owner.
type File struct{ ent.Schema }

// Mixin implements ent.Interface.
func (File) Mixin() []ent.Mixin { return track("File") }

// Fields implements ent.Interface.
func (File) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.Int("size").Default(1).Positive().StorageKey("fsize"),
		field.String("folder").Default("/"),
	}
}

// Edges implements ent.Interface.
func (File) Edges() []ent.Edge {
	return []ent.Edge{edge.From("owner", User.Type).Ref("files").Unique()}
}

// Indexes implements ent.Interface.
func (File) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name", "folder").Unique(),
		index.Fields("size").Edges("owner").Unique(),
	}
}

// Group is untracked. Its info is required.
type Group struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Group) Mixin() []ent.Mixin { return track("Group") }

// Fields implements ent.Interface.
func (Group) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").Unique(),
		field.Int("size").Default(10).Max(100),
	}
}

// Edges implements ent.Interface.
func (Group) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("users", User.Type).Ref("groups"),
		edge.To("info", Info.Type).Unique().Required(),
		edge.From("members", User.Type).Ref("teams").Through("memberships", Membership.Type),
		edge.To("mascots", Pet.Type),
	}
}

// Info has a text as its id.
type Info struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Info) Mixin() []ent.Mixin { return track("Info") }

// Fields implements ent.Interface.
func (Info) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(64),
		field.String("text").Default("none"),
	}
}

// Edges implements ent.Interface.
func (Info) Edges() []ent.Edge { return []ent.Edge{edge.From("groups", Group.Type).Ref("info")} }

// Post cannot be without its author, who never changes. Its comments go with it.
type Post struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Post) Mixin() []ent.Mixin { return track("Post") }

// Fields implements ent.Interface.
func (Post) Fields() []ent.Field {
	return []ent.Field{
		field.String("title"),
		field.Int("author_id").Immutable(),
	}
}

// Edges implements ent.Interface.
func (Post) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("author", User.Type).Ref("posts").Unique().Required().Immutable().Field("author_id"),
		edge.To("comments", Comment.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Comment is untracked.
type Comment struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Comment) Mixin() []ent.Mixin { return track("Comment") }

// Fields implements ent.Interface.
func (Comment) Fields() []ent.Field { return []ent.Field{field.String("text")} }

// Edges implements ent.Interface.
func (Comment) Edges() []ent.Edge {
	return []ent.Edge{edge.From("post", Post.Type).Ref("comments").Unique()}
}
