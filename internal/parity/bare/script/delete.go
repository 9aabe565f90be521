package script

import (
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/schema"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/user"
)

var deleteScenes = []scene{
	{"delete", "one, some, all, none: the counts", deleting},
	{"delete with edges", "the database sets null, cascades, or refuses", deletingWithEdges},
	{"soft delete", "a hook turns a delete into an update, an interceptor hides what is deleted", softDelete},
	{"created anew", "an id that was deleted and is used again", createdAnew},
}

func deleting(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c", "d", "e")
	s.Err("one", c.User.DeleteOne(us[0]).Exec(ctx))
	s.Err("by id", c.User.DeleteOneID(us[1].ID).Exec(ctx))
	s.Err("with a condition", c.User.DeleteOneID(us[2].ID).Where(user.Name("c")).Exec(ctx))
	s.Got("some")(c.User.Delete().Where(user.Name("d")).Exec(ctx))
	s.Got("none")(c.User.Delete().Where(user.Name("d")).Exec(ctx))
	s.Got("by an edge")(c.User.Delete().Where(user.HasPets()).Exec(ctx))
	s.Value("all", c.User.Delete().ExecX(ctx))
	s.Got("nothing left")(c.User.Delete().Exec(ctx))
	again := c.User.Delete().Where(user.NameHasPrefix("x"))
	s.users("x1", "x2")
	s.Got("a builder used")(again.Exec(ctx))
	s.users("x3")
	s.Got("a builder used again")(again.Exec(ctx))
}

func deletingWithEdges(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	us[0].Update().AddPets(c.Pet.Create().SetName("p").SaveX(ctx)).AddChildren(us[1]).SetSpouse(us[2]).AddFollowing(us[1]).AddPeers(us[2]).
		SetCard(c.Card.Create().SetNumber("123").SaveX(ctx)).ExecX(ctx)
	s.Err("to optional edges", c.User.DeleteOne(us[0]).Exec(ctx))
	s.Got("pets")(c.Pet.Query().WithOwner().All(ctx))
	s.Got("cards")(c.Card.Query().All(ctx))
	s.Got("married")(us[2].QuerySpouse().Exist(ctx))
	s.Got("following")(us[1].QueryFollowers().Count(ctx))
	post := c.Post.Create().SetTitle("t").SetAuthor(us[1]).SaveX(ctx)
	c.Comment.Create().SetText("x").SetPost(post).ExecX(ctx)
	s.Err("to a required edge", c.User.DeleteOne(us[1]).Exec(ctx))
	s.Got("some of many")(c.User.Delete().Exec(ctx))
	s.Err("cascade", c.Post.DeleteOne(post).Exec(ctx))
	s.Got("comments")(c.Comment.Query().Count(ctx))
	s.Got("now")(c.User.Delete().Exec(ctx))
	s.Got("of pets with an owner")(c.Pet.Delete().Where(pet.HasOwner()).Exec(ctx))
}

func softDelete(s *Script) {
	c, ctx := s.Client, s.Ctx
	all := schema.WithDeleted(ctx)
	ms := c.Memo.MapCreateBulk([]string{"a", "b", "c", "d"}, func(m *ent.MemoCreate, i int) { m.SetText(string(rune('a' + i))) }).SaveX(ctx)
	s.Watch(c.Memo, "hook")
	s.Err("one", c.Memo.DeleteOne(ms[0]).Exec(ctx))
	s.Err("one that is deleted", c.Memo.DeleteOne(ms[0]).Exec(ctx))
	s.Got("visible")(c.Memo.Query().Order(ent.Asc("id")).All(ctx))
	s.Got("visible to those who look")(c.Memo.Query().Order(ent.Asc("id")).All(all))
	s.Got("get")(c.Memo.Get(ctx, ms[0].ID))
	s.Got("update of the deleted")(ms[0].Update().SetText("x").Save(ctx))
	s.Got("old value of the deleted")(c.Memo.UpdateOneID(ms[0].ID).Mutation().OldText(ctx))
	s.Got("many")(c.Memo.Update().SetText("many").Save(ctx))
	s.Got("delete many")(c.Memo.Delete().Exec(ctx))
	s.Got("for good")(c.Memo.Delete().Exec(all))
	s.InTx(func(tx *ent.Tx) {
		m := tx.Memo.Create().SetText("tx").SaveX(ctx)
		s.Err("in a transaction", tx.Memo.DeleteOne(m).Exec(ctx))
		s.Got("visible")(tx.Memo.Query().Count(ctx))
		s.Err("for good", tx.Memo.DeleteOne(m).Exec(all))
	})
}

func createdAnew(s *Script) {
	c, ctx := s.Client, s.Ctx
	i := c.Info.Create().SetID("i").SetText("first").SaveX(ctx)
	s.Got("taken")(c.Info.Create().SetID("i").Save(ctx))
	c.Info.DeleteOne(i).ExecX(ctx)
	s.Got("anew")(c.Info.Create().SetID("i").SetText("second").Save(ctx))
	s.Got("the old entity")(i.Update().SetText("third").Save(ctx))
	s.InTx(func(tx *ent.Tx) {
		tx.Info.DeleteOneID("i").ExecX(ctx)
		s.Got("in one transaction")(tx.Info.Create().SetID("i").Save(ctx))
	})
	s.Got("read")(c.Info.Query().All(ctx))
}
