package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit/internal/parity/kinds"
)

// Friendship is the edge schema of an edge from a type to itself. It has an id and defaults.
type Friendship struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Friendship) Mixin() []ent.Mixin { return track("Friendship") }

// Fields implements ent.Interface.
func (Friendship) Fields() []ent.Field {
	return []ent.Field{
		field.Int("weight").Default(1),
		field.Time("since").Default(kinds.Epoch),
		field.Int("user_id"),
		field.Int("friend_id"),
	}
}

// Edges implements ent.Interface.
func (Friendship) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Unique().Required().Field("user_id"),
		edge.To("friend", User.Type).Unique().Required().Field("friend_id"),
	}
}

// Membership is the edge schema of an edge between a tracked type and an untracked one.
type Membership struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Membership) Mixin() []ent.Mixin { return track("Membership") }

// Fields implements ent.Interface.
func (Membership) Fields() []ent.Field {
	return []ent.Field{
		field.String("rank").Default("member"),
		field.Int("user_id"),
		field.Int("group_id"),
	}
}

// Edges implements ent.Interface.
func (Membership) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Unique().Required().Field("user_id"),
		edge.To("group", Group.Type).Unique().Required().Field("group_id"),
	}
}

// Tweet is liked by users.
type Tweet struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Tweet) Mixin() []ent.Mixin { return track("Tweet") }

// Fields implements ent.Interface.
func (Tweet) Fields() []ent.Field { return []ent.Field{field.Text("text")} }

// Edges implements ent.Interface.
func (Tweet) Edges() []ent.Edge {
	return []ent.Edge{edge.To("likers", User.Type).Through("likes", TweetLike.Type)}
}

// TweetLike is an edge schema whose id is composed.
type TweetLike struct{ ent.Schema }

// Mixin implements ent.Interface.
func (TweetLike) Mixin() []ent.Mixin { return track("TweetLike") }

// Annotations implements ent.Interface.
func (TweetLike) Annotations() []schema.Annotation {
	return []schema.Annotation{field.ID("tweet_id", "user_id")}
}

// Fields implements ent.Interface.
func (TweetLike) Fields() []ent.Field {
	return []ent.Field{
		field.Time("at").Default(kinds.Epoch),
		field.Int("user_id"),
		field.Int("tweet_id"),
	}
}

// Edges implements ent.Interface.
func (TweetLike) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Unique().Required().Field("user_id"),
		edge.To("tweet", Tweet.Type).Unique().Required().Field("tweet_id"),
	}
}

// Tag is untracked and has no edges.
type Tag struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Tag) Mixin() []ent.Mixin { return track("Tag") }

// Fields implements ent.Interface.
func (Tag) Fields() []ent.Field {
	return []ent.Field{
		field.String("key").Unique(),
		field.String("value").Optional(),
	}
}
