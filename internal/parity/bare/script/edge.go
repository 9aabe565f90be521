package script

import (
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/node"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/post"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/user"
)

var edgeScenes = []scene{
	{"one to one, two types", "a card and its owner, from either side", o2oTwoTypes},
	{"one to one, same type", "nodes of a list", o2oSameType},
	{"one to one, self", "spouses: setting one sets the other", o2oSelf},
	{"one to many, two types", "pets and their owner, from either side", o2mTwoTypes},
	{"one to many, same type", "parents and children", o2mSameType},
	{"many to many, two types", "users and groups, tracked and not", m2mTwoTypes},
	{"many to many, same type", "followers and who they follow", m2mSameType},
	{"many to many, self", "peers: adding one adds the other", m2mSelf},
	{"many to many, one side", "tags that know nothing of their pets", m2mOneSide},
	{"clear edges", "all at once, some, and by many entities", clearEdges},
	{"moving children", "what has a parent is not taken by another", movingChildren},
	{"immutable edge", "it is set once", immutableEdge},
}

func o2oTwoTypes(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	k := c.Card.Create().SetNumber("123").SetOwner(us[0]).SaveX(ctx)
	s.Value("card", k)
	s.Got("from the other side")(us[0].QueryCard().Only(ctx))
	s.Got("a second card for the same owner")(c.Card.Create().SetNumber("456").SetOwner(us[0]).Save(ctx))
	s.Got("the same from the other side")(c.User.Create().SetName("c").SetEmail("c").SetCard(k).Save(ctx))
	s.Got("an update from the other side")(us[1].Update().SetCard(k).SetAge(1).Save(ctx))
	s.Got("clear first")(us[0].Update().ClearCard().Save(ctx))
	s.Got("then set")(us[1].Update().SetCard(k).Save(ctx))
	s.Got("by the field")(k.Update().SetOwnerID(us[0].ID).Save(ctx))
	s.Got("clear by the field")(k.Update().ClearOwnerID().Save(ctx))
	s.Got("clear by the edge")(k.Update().SetOwner(us[1]).Save(ctx))
	s.Got("clear by the edge")(k.Update().ClearOwner().Save(ctx))
	s.Got("without an owner")(c.Card.Query().Where(card.Not(card.HasOwner())).Count(ctx))
	s.Got("an owner who is not there")(k.Update().SetOwnerID(99).Save(ctx))
	s.Got("a card that is not there")(us[0].Update().SetCardID(99).SetAge(7).Save(ctx))
	s.Got("create with one that is not there")(c.User.Create().SetName("d").SetEmail("d").SetCardID(99).Save(ctx))
	s.Got("many owners, one card")(c.User.Update().SetCard(k).Save(ctx))
	s.Got("one owner of many, by the field")(c.Card.Update().Where(card.IDEQ(k.ID)).SetOwner(us[1]).Save(ctx))
	s.Got("change and clear at once")(us[1].Update().ClearCard().SetCard(k).Save(ctx))
}

func o2oSameType(s *Script) {
	c, ctx := s.Client, s.Ctx
	head := c.Node.Create().SetValue(1).SaveX(ctx)
	second := c.Node.Create().SetValue(2).SetPrev(head).SaveX(ctx)
	third := c.Node.Create().SetValue(3).SaveX(ctx)
	s.Got("append")(second.Update().SetNext(third).Save(ctx))
	s.Got("walk")(head.QueryNext().QueryNext().Only(ctx))
	s.Got("back")(third.QueryPrev().QueryPrev().OnlyID(ctx))
	s.Got("taken")(c.Node.Create().SetValue(4).SetNext(third).Save(ctx))
	s.Got("taken from the other side")(c.Node.Create().SetValue(5).SetPrev(head).Save(ctx))
	s.Got("cut")(head.Update().ClearNext().Save(ctx))
	s.Got("a circle")(third.Update().SetNext(second).Save(ctx))
	s.Got("itself")(head.Update().SetNext(head).AddValue(10).Save(ctx))
	s.Got("between")(c.Node.Create().SetValue(6).SetPrev(head).Save(ctx))
	s.Got("without a next")(c.Node.Query().Where(node.Not(node.HasNext())).Order(node.ByID()).IDs(ctx))
	s.Got("cut all")(c.Node.Update().ClearNext().Save(ctx))
	s.Got("with a next")(c.Node.Query().Where(node.HasNext()).Count(ctx))
}

func o2oSelf(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	s.Got("marry")(us[0].Update().SetSpouse(us[1]).Save(ctx))
	s.Got("both")(us[1].QuerySpouse().Only(ctx))
	s.Got("a third")(us[2].Update().SetSpouse(us[1]).SetAge(5).Save(ctx))
	s.Got("born married")(c.User.Create().SetName("d").SetEmail("d").SetSpouse(us[2]).Save(ctx))
	s.Got("born married to a married one")(c.User.Create().SetName("e").SetEmail("e").SetSpouse(us[0]).Save(ctx))
	s.Got("again")(us[0].Update().SetSpouse(us[1]).Save(ctx))
	s.Got("divorce and marry at once")(us[0].Update().ClearSpouse().SetSpouse(us[1]).Save(ctx))
	s.Got("divorce")(us[1].Update().ClearSpouse().Save(ctx))
	s.Got("both are free")(c.User.Query().Where(user.Not(user.HasSpouse())).Order(user.ByID()).IDs(ctx))
	s.Got("all are free")(c.User.Update().ClearSpouse().Save(ctx))
	s.Got("married")(c.User.Query().Where(user.HasSpouse()).Count(ctx))
}

func o2mTwoTypes(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	ps := make([]*ent.Pet, 4)
	for i := range ps {
		ps[i] = c.Pet.Create().SetName(string(rune('p' + i))).SaveX(ctx)
	}
	s.Got("add")(us[0].Update().AddPets(ps[0], ps[1]).Save(ctx))
	s.Got("add twice")(us[0].Update().AddPets(ps[2], ps[2]).AddPetIDs(ps[2].ID).Save(ctx))
	s.Got("create with pets")(c.User.Create().SetName("c").SetEmail("c").AddPets(ps[3]).Save(ctx))
	s.Got("from the other side")(ps[0].Update().SetOwner(us[1]).Save(ctx))
	s.Got("remove")(us[0].Update().RemovePets(ps[1]).Save(ctx))
	s.Got("remove what is another's")(us[0].Update().RemovePets(ps[0]).Save(ctx))
	s.Got("remove and add")(us[0].Update().RemovePets(ps[2]).AddPets(ps[1]).SetAge(3).Save(ctx))
	s.Got("set the owner of many")(c.Pet.Update().Where(pet.Not(pet.HasOwner())).SetOwner(us[0]).Save(ctx))
	s.Got("owned")(c.Pet.Query().Where(pet.HasOwnerWith(user.Name("a"))).Order(pet.ByID()).IDs(ctx))
	s.Got("one that is not there")(us[0].Update().AddPetIDs(99).SetAge(9).Save(ctx))
	s.Got("remove one that is not there")(us[0].Update().RemovePetIDs(98).Save(ctx))
	s.Got("an owner who is not there")(ps[0].Update().SetOwnerID(99).SetName("x").Save(ctx))
	s.Got("clear the owner of many")(c.Pet.Update().ClearOwner().Save(ctx))
	s.Got("to many owners")(c.User.Update().AddPets(ps[0]).Save(ctx))
	s.Got("to one of many")(c.User.Update().Where(user.Name("b")).AddPets(ps[1]).SetAge(8).Save(ctx))
	s.Got("read")(c.Pet.Query().WithOwner().Order(pet.ByID()).All(ctx))
}

func o2mSameType(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("p", "a", "b", "c")
	s.Got("add")(us[0].Update().AddChildren(us[1], us[2]).Save(ctx))
	s.Got("set")(us[3].Update().SetParent(us[2]).Save(ctx))
	s.Got("grandchildren")(us[0].QueryChildren().QueryChildren().IDs(ctx))
	s.Got("create in between")(c.User.Create().SetName("m").SetEmail("m").SetParent(us[0]).AddChildren(us[0]).Save(ctx))
	s.Got("its own parent")(us[3].Update().SetParent(us[3]).Save(ctx))
	s.Got("remove")(us[0].Update().RemoveChildren(us[2]).AddAge(1).Save(ctx))
	s.Got("parents of many")(c.User.Update().Where(user.NameIn("a", "b")).SetParent(us[3]).AddAge(1).Save(ctx))
	s.Got("clear")(c.User.Update().ClearParent().ClearChildren().Save(ctx))
	s.Got("with a parent")(c.User.Query().Where(user.HasParent()).Count(ctx))
}

func m2mTwoTypes(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	info := c.Info.Create().SetID("i").SaveX(ctx)
	g := c.Group.Create().SetName("g").SetInfo(info).AddUsers(us...).SaveX(ctx)
	h := c.Group.Create().SetName("h").SetInfo(info).SaveX(ctx)
	s.Got("add")(us[0].Update().AddGroups(h).Save(ctx))
	s.Got("add again")(us[0].Update().AddGroups(h).SetAge(4).Save(ctx))
	s.Got("create with groups")(c.User.Create().SetName("c").SetEmail("c").AddGroups(g, h).Save(ctx))
	s.Got("create with one that is not there")(c.User.Create().SetName("d").SetEmail("d").AddGroupIDs(99).Save(ctx))
	s.Got("remove")(us[0].Update().RemoveGroups(g).Save(ctx))
	s.Got("remove what is not there")(us[0].Update().RemoveGroups(g).RemoveGroupIDs(99).Save(ctx))
	s.Got("remove and add")(us[0].Update().RemoveGroups(h).AddGroups(g).SetAge(5).Save(ctx))
	s.Got("many")(c.User.Update().AddGroups(h).Save(ctx))
	s.Got("many that have none")(c.User.Update().Where(user.Not(user.HasGroups())).AddGroups(h).Save(ctx))
	s.Got("from the other side")(h.Update().RemoveUsers(us[1]).SetSize(20).Save(ctx))
	s.Got("clear")(us[1].Update().ClearGroups().Save(ctx))
	s.Got("clear from the other side")(c.Group.Update().ClearUsers().Save(ctx))
	s.Got("users")(c.User.Query().Order(user.ByID()).All(ctx))
	s.Got("the required edge")(c.Group.Create().SetName("k").Save(ctx))
	s.Got("clearing the required edge")(g.Update().ClearInfo().Save(ctx))
	s.Got("deleting its far end")(0, c.Info.DeleteOne(info).Exec(ctx))
}

func m2mSameType(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	s.Got("follow")(us[0].Update().AddFollowing(us[1], us[2]).Save(ctx))
	s.Got("follow back")(us[1].Update().AddFollowing(us[0]).Save(ctx))
	s.Got("itself")(us[2].Update().AddFollowing(us[2]).Save(ctx))
	s.Got("followers")(us[2].QueryFollowers().Order(user.ByID()).IDs(ctx))
	s.Got("create")(c.User.Create().SetName("d").SetEmail("d").AddFollowers(us...).AddFollowing(us[0]).Save(ctx))
	s.Got("remove")(us[0].Update().RemoveFollowers(us[1]).RemoveFollowing(us[2]).Save(ctx))
	s.Got("again")(us[0].Update().AddFollowing(us[1]).Save(ctx))
	s.Got("clear")(c.User.Update().Where(user.Name("d")).ClearFollowers().Save(ctx))
	s.Got("by count")(c.User.Query().Order(user.ByFollowersCount(), user.ByID()).IDs(ctx))
}

func m2mSelf(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	s.Got("add")(us[0].Update().AddPeers(us[1], us[2]).Save(ctx))
	s.Got("of the other")(us[2].QueryPeers().IDs(ctx))
	s.Got("add the other way")(us[1].Update().AddPeers(us[0]).Save(ctx))
	s.Got("itself")(us[1].Update().AddPeers(us[1]).Save(ctx))
	s.Got("create")(c.User.Create().SetName("d").SetEmail("d").AddPeers(us[0]).Save(ctx))
	s.Got("remove")(us[2].Update().RemovePeers(us[0]).Save(ctx))
	s.Got("clear")(us[0].Update().ClearPeers().Save(ctx))
	s.Got("alone")(c.User.Query().Where(user.Not(user.HasPeers())).Order(user.ByID()).IDs(ctx))
}

func m2mOneSide(s *Script) {
	c, ctx := s.Client, s.Ctx
	x, y := c.Tag.Create().SetKey("x").SaveX(ctx), c.Tag.Create().SetKey("y").SaveX(ctx)
	p := c.Pet.Create().SetName("p").AddTags(x, y).SaveX(ctx)
	s.Got("tags")(p.QueryTags().Count(ctx))
	s.Got("remove")(p.Update().RemoveTags(x).Save(ctx))
	s.Got("many")(c.Pet.Update().AddTags(x).SetTrained(true).Save(ctx))
	s.Err("delete the far end", c.Tag.DeleteOne(x).Exec(ctx))
	s.Got("tags")(p.QueryTags().All(ctx))
	s.Err("delete the near end", c.Pet.DeleteOne(p).Exec(ctx))
	s.Got("bulk")(c.Pet.CreateBulk(c.Pet.Create().SetName("q").AddTags(y), c.Pet.Create().SetName("r").AddTags(y)).Save(ctx))
}

func clearEdges(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	for _, u := range us {
		c.Pet.Create().SetName(u.Name).SetOwner(u).ExecX(ctx)
		c.Card.Create().SetNumber("12" + u.Name).SetOwner(u).ExecX(ctx)
		c.File.Create().SetName(u.Name).SetOwner(u).ExecX(ctx)
	}
	us[0].Update().AddChildren(us[1]).AddPeers(us[1]).AddFollowing(us[1]).ExecX(ctx)
	one := us[0].Update().ClearPets().ClearCard().ClearChildren().ClearPeers().ClearFollowing().SetAge(1)
	s.describe("one", one.Mutation())
	s.Got("one")(one.Save(ctx))
	s.Got("pets of the other")(us[1].QueryPets().Count(ctx))
	s.Got("many")(c.User.Update().ClearPets().ClearCard().ClearFiles().Save(ctx))
	s.Got("what has none")(us[0].Update().ClearPets().ClearParent().ClearSpouse().Save(ctx))
	s.Got("remove some, which clears nothing else")(us[1].Update().RemovePetIDs(1, 2, 3).Save(ctx))
	s.Got("none that match")(c.User.Update().Where(user.Name("z")).ClearPets().Save(ctx))
	s.Got("one that matches no more")(c.User.UpdateOneID(us[0].ID).Where(user.Name("z")).ClearFiles().Save(ctx))
}

func movingChildren(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	p := c.Pet.Create().SetName("p").SetOwner(us[0]).SaveX(ctx)
	q := c.Pet.Create().SetName("q").SaveX(ctx)
	s.Got("taken, with a free one removed")(us[1].Update().AddPets(p).RemovePets(q).Save(ctx))
	s.Got("taken, by a create")(c.User.Create().SetName("c").SetEmail("c").AddPets(p).Save(ctx))
	s.Got("taken, by a bulk")(c.User.CreateBulk(
		c.User.Create().SetName("d").SetEmail("d"), c.User.Create().SetName("e").SetEmail("e").AddPets(p),
	).Save(ctx))
	s.Got("one's own")(us[0].Update().AddPets(p).Save(ctx))
	s.Got("the owner")(p.QueryOwner().OnlyID(ctx))
	s.Got("users")(c.User.Query().Order(user.ByID()).IDs(ctx))
	s.Got("from the other side")(p.Update().SetOwner(us[1]).Save(ctx))
}

func immutableEdge(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	p, err := c.Post.Create().SetTitle("t").SetAuthor(us[0]).Save(ctx)
	s.Got("create")(p, err)
	s.Got("without an author")(c.Post.Create().SetTitle("t").Save(ctx))
	s.Got("an author who is not there")(c.Post.Create().SetTitle("t").SetAuthorID(99).Save(ctx))
	s.Got("update")(p.Update().SetTitle("u").Save(ctx))
	s.Got("from the other side")(us[1].Update().AddPosts(p).Save(ctx))
	s.Got("removed from the other side")(us[0].Update().RemovePosts(p).SetAge(1).Save(ctx))
	s.Got("cleared from the other side")(us[0].Update().ClearPosts().SetAge(2).Save(ctx))
	s.Got("by a mutation")(0, c.Post.UpdateOne(p).Mutation().SetField(post.FieldAuthorID, us[1].ID))
	s.Got("author")(p.QueryAuthor().Only(ctx))
}
