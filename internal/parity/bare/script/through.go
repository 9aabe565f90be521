package script

import (
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/friendship"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/tweetlike"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/parity/kinds"
)

var throughScenes = []scene{
	{"edge schema", "written by the edge, with the defaults of its schema", edgeSchema},
	{"edge schema, both ways", "an edge of a type to itself", edgeSchemaSelf},
	{"edge schema, on its own", "created, changed and deleted as an entity", edgeSchemaAlone},
	{"edge schema, composed id", "which has no id field", edgeSchemaComposed},
	{"edge schema hooks", "the hooks and defaults that an edge runs, and those that it does not", edgeSchemaHooks},
}

func edgeSchema(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	info := c.Info.Create().SetID("i").SaveX(ctx)
	g := c.Group.Create().SetName("g").SetInfo(info).AddMembers(us[0]).SaveX(ctx)
	s.Got("by the edge")(c.Membership.Query().All(ctx))
	s.Got("from the other side")(us[1].Update().AddTeams(g).SetAge(1).Save(ctx))
	s.Got("again")(us[1].Update().AddTeams(g).Save(ctx))
	s.Got("many")(c.User.Update().AddTeams(g).Save(ctx))
	s.Got("members")(g.QueryMembers().Order(user.ByID()).IDs(ctx))
	s.Got("loaded")(c.Group.Query().WithMemberships(func(q *ent.MembershipQuery) { q.Order(ent.Asc("id")).WithUser() }).OnlyX(ctx).Edges.MembershipsOrErr())
	s.Got("remove")(g.Update().RemoveMembers(us[0]).Save(ctx))
	s.Got("one that is not there")(g.Update().AddMemberIDs(99).Save(ctx))
	s.Got("bulk")(c.Group.CreateBulk(
		c.Group.Create().SetName("h").SetInfo(info).AddMembers(us[0]), c.Group.Create().SetName("k").SetInfo(info).AddMembers(us[2]),
	).Save(ctx))
	s.Got("clear")(us[2].Update().ClearTeams().Save(ctx))
	s.Err("delete of the user", c.User.DeleteOne(us[2]).Exec(ctx))
	s.Err("delete of a member", c.User.DeleteOne(us[1]).Exec(ctx))
	s.Got("left")(c.Membership.Query().Order(ent.Asc("id")).All(ctx))
}

func edgeSchemaSelf(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	s.Got("add")(us[0].Update().AddFriends(us[1]).Save(ctx))
	s.Got("both rows")(c.Friendship.Query().Order(friendship.ByID()).All(ctx))
	s.Got("create")(c.User.Create().SetName("d").SetEmail("d").AddFriends(us[2]).Save(ctx))
	s.Got("remove")(us[1].Update().RemoveFriends(us[0]).Save(ctx))
	s.Got("clear")(us[0].Update().ClearFriends().Save(ctx))
	s.Got("friends")(c.User.Query().Where(user.HasFriends()).Order(user.ByID()).IDs(ctx))
	s.Got("by the schema")(us[2].QueryFriendships().QueryFriend().Only(ctx))
	s.Got("weights")(c.Friendship.Update().AddWeight(5).Save(ctx))
	s.Got("rows")(c.Friendship.Query().Order(friendship.ByID()).All(ctx))
}

func edgeSchemaAlone(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	f, err := c.Friendship.Create().SetUser(us[0]).SetFriend(us[1]).SetWeight(3).Save(ctx)
	s.Got("create")(f, err)
	s.Got("missing")(c.Friendship.Create().SetUser(us[0]).Save(ctx))
	s.Got("the edge")(us[0].QueryFriends().All(ctx))
	s.Got("update")(f.Update().SetWeight(4).SetFriend(us[0]).Save(ctx))
	s.Got("bulk")(c.Friendship.CreateBulk(
		c.Friendship.Create().SetUser(us[1]).SetFriend(us[0]), c.Friendship.Create().SetUserID(us[1].ID).SetFriendID(us[1].ID),
	).Save(ctx))
	s.Got("taken")(c.Friendship.Create().SetUser(us[1]).SetFriend(us[0]).Save(ctx))
	s.Got("an edge that is not there")(c.Friendship.Create().SetUser(us[0]).SetFriendID(99).Save(ctx))
	on := append(s.on(friendship.FieldUserID, friendship.FieldFriendID), sql.ResolveWithNewValues())
	s.Got("upsert")(c.Friendship.Create().SetUser(us[1]).SetFriend(us[0]).SetWeight(9).OnConflict(on...).ID(ctx))
	s.Got("update many")(c.Friendship.Update().Where(friendship.WeightGT(1)).AddWeight(1).Save(ctx))
	s.Err("delete one", c.Friendship.DeleteOne(f).Exec(ctx))
	s.Got("delete many")(c.Friendship.Delete().Where(friendship.HasUserWith(user.Name("b"))).Exec(ctx))
	s.Got("left")(c.Friendship.Query().Count(ctx))
}

func edgeSchemaComposed(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	t := c.Tweet.Create().SetText("t").AddLikers(us[0]).SaveX(ctx)
	s.Got("by the edge")(c.TweetLike.Query().All(ctx))
	s.Got("from the other side")(us[1].Update().AddLiked(t).Save(ctx))
	s.Got("again")(us[1].Update().AddLiked(t).SetAge(1).Save(ctx))
	s.Got("on its own")(c.TweetLike.Create().SetUser(us[2]).SetTweet(t).SetAt(kinds.Epoch().AddDate(1, 0, 0)).Save(ctx))
	s.Got("on its own again")(c.TweetLike.Create().SetUser(us[2]).SetTweet(t).Save(ctx))
	s.Got("missing")(c.TweetLike.Create().SetTweet(t).Save(ctx))
	s.Got("update many")(c.TweetLike.Update().Where(tweetlike.UserID(us[0].ID)).SetAt(kinds.Epoch()).Save(ctx))
	on := append(s.on(tweetlike.FieldUserID, tweetlike.FieldTweetID), sql.ResolveWithNewValues())
	s.Err("upsert", c.TweetLike.Create().SetUser(us[2]).SetTweet(t).OnConflict(on...).Exec(ctx))
	s.Got("bulk")(c.TweetLike.CreateBulk(c.TweetLike.Create().SetUser(us[0]).SetTweet(c.Tweet.Create().SetText("u").SaveX(ctx))).Save(ctx))
	s.Got("remove")(t.Update().RemoveLikers(us[0]).SetText("edited").Save(ctx))
	s.Got("delete many")(c.TweetLike.Delete().Where(tweetlike.UserID(us[1].ID)).Exec(ctx))
	s.Got("likers")(t.QueryLikers().IDs(ctx))
	s.Got("loaded")(c.Tweet.Query().Order(ent.Asc("id")).WithLikes().WithLikers().All(ctx))
	s.Got("left")(c.TweetLike.Query().Order(tweetlike.ByTweetID()).All(ctx))
	s.Got("clear")(us[2].Update().ClearLiked().Save(ctx))
	s.Err("delete of a liked tweet", c.Tweet.DeleteOne(t).Exec(ctx))
	s.Err("delete of a liker", c.User.DeleteOne(us[0]).Exec(ctx))
}

func edgeSchemaHooks(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	s.Watch(c, "hook")
	s.Got("by the edge")(us[0].Update().AddFriends(us[1]).Save(ctx))
	s.Got("remove")(us[0].Update().RemoveFriends(us[1]).Save(ctx))
	f, err := c.Friendship.Create().SetUser(us[0]).SetFriend(us[1]).Save(ctx)
	s.Got("on its own")(f, err)
	s.Got("update")(f.Update().AddWeight(1).Save(ctx))
	t := c.Tweet.Create().SetText("t").AddLikers(us...).SaveX(ctx)
	s.Got("composed")(c.TweetLike.Update().SetAt(kinds.Epoch()).Save(ctx))
	s.Got("delete")(c.TweetLike.Delete().Where(tweetlike.TweetID(t.ID)).Exec(ctx))
}
