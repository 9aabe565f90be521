package script

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/user"
)

var errorScenes = []scene{
	{"not found", "what is not there, for every builder", notFound},
	{"not singular and not loaded", "more than was asked for, and less", notSingular},
	{"constraints", "unique values, foreign keys and required ones", constraints},
	{"validation", "values, missing ones, and edges that are refused before a statement", validation},
	{"panics", "what the X of a method does with an error", panics},
	{"cancelled", "a context that has ended, before and within a transaction", cancelled},
	{"unknown names", "fields and edges by name, as in SetField", unknownNames},
	{"unique constraint", "an update to what another has", uniqueConstraint},
}

func notFound(s *Script) {
	c, ctx := s.Client, s.Ctx
	s.Got("get")(c.User.Get(ctx, 99))
	s.Got("only")(c.User.Query().Only(ctx))
	s.Got("first")(c.User.Query().First(ctx))
	s.Got("first id")(c.User.Query().FirstID(ctx))
	s.Got("update")(c.User.UpdateOneID(99).SetAge(1).Save(ctx))
	s.Got("update of nothing")(c.User.UpdateOneID(99).Save(ctx))
	s.Got("update of an edge")(c.User.UpdateOneID(99).ClearPets().Save(ctx))
	s.Got("update with an edge")(c.User.UpdateOneID(99).AddGroupIDs(99).SetAge(1).Save(ctx))
	s.Err("exec", c.User.UpdateOneID(99).SetAge(1).Exec(ctx))
	s.Err("delete", c.User.DeleteOneID(99).Exec(ctx))
	u := s.user("a")
	s.Got("a condition")(u.Update().Where(user.Name("b")).SetAge(1).Save(ctx))
	s.Got("a condition, without a change")(u.Update().Where(user.Name("b")).Save(ctx))
	s.Err("delete on a condition", c.User.DeleteOne(u).Where(user.Name("b")).Exec(ctx))
	s.Err("delete", c.User.DeleteOne(u).Exec(ctx))
	s.Got("update of the deleted")(u.Update().SetAge(1).Save(ctx))
	s.Err("delete of the deleted", c.User.DeleteOne(u).Exec(ctx))
	s.Got("old value of the deleted")(u.Update().Mutation().OldName(ctx))
	s.Got("a text id")(c.Info.UpdateOneID("nothing").SetText("x").Save(ctx))
	var nf *ent.NotFoundError
	s.Value("as", errors.As(c.Info.DeleteOneID("nothing").Exec(ctx), &nf))
	s.Value("no rows", errors.Is(c.User.DeleteOneID(99).Exec(ctx), sql.ErrNoRows))
}

func notSingular(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	s.Got("only")(c.User.Query().Only(ctx))
	s.Got("only id")(c.User.Query().OnlyID(ctx))
	s.Got("not loaded")(us[0].Edges.PetsOrErr())
	s.Got("not loaded, unique")(us[0].Edges.CardOrErr())
	s.Got("loaded, none")(c.User.Query().Where(user.ID(1)).WithCard().OnlyX(ctx).Edges.CardOrErr())
	s.Got("after an update")(us[0].Update().SetAge(1).SaveX(ctx).Edges.PetsOrErr())
}

func constraints(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	_, err := c.User.Create().SetName("b").SetEmail(u.Email).Save(ctx)
	s.Err("unique", err)
	var ce *ent.ConstraintError
	s.Value("as", errors.As(err, &ce))
	s.Err("unwrapped", errors.Unwrap(err))
	s.Got("a foreign key")(c.Pet.Create().SetName("p").SetOwnerID(99).Save(ctx))
	s.Got("a foreign key of an update")(c.File.Create().SetName("f").SetOwnerID(98).Save(ctx))
	s.Got("composite index")(c.File.Create().SetName("f").Save(ctx))
	s.Got("composite index")(c.File.Create().SetName("f").SetSize(2).Save(ctx))
	s.Got("an id that is taken")(c.Info.CreateBulk(c.Info.Create().SetID("i"), c.Info.Create().SetID("i")).Save(ctx))
	s.Got("bulk")(c.User.CreateBulk(
		c.User.Create().SetName("c").SetEmail("c"), c.User.Create().SetName("d").SetEmail(u.Email),
	).Save(ctx))
	s.Got("of the bulk")(c.User.Query().Count(ctx))
	post := c.Post.Create().SetTitle("t").SetAuthor(u).SaveX(ctx)
	s.Err("deleting what is referred to", c.User.DeleteOne(u).Exec(ctx))
	s.Got("deleting many")(c.User.Delete().Exec(ctx))
	s.Got("still there")(post.QueryAuthor().Only(ctx))
}

func validation(s *Script) {
	c, ctx := s.Client, s.Ctx
	s.Got("missing")(c.User.Create().SetName("a").Save(ctx))
	s.Got("missing, other order")(c.User.Create().SetEmail("a").Save(ctx))
	s.Got("empty")(c.User.Create().SetName("").SetEmail("a").Save(ctx))
	s.Got("own validator")(c.User.Create().SetName(" a").SetEmail("a").Save(ctx))
	s.Got("enum")(c.User.Create().SetName("a").SetEmail("a").SetRole("king").Save(ctx))
	s.Got("too short")(c.Card.Create().SetNumber("1").Save(ctx))
	s.Got("too long an id")(c.Info.Create().SetID(string(make([]byte, 65))).Save(ctx))
	s.Got("missing id")(c.Info.Create().Save(ctx))
	s.Got("missing edge")(c.Post.Create().SetTitle("t").Save(ctx))
	u := s.user("a")
	s.Got("update one")(u.Update().SetName("").Save(ctx))
	s.Got("update many")(c.User.Update().SetAge(-1).Save(ctx))
	s.Got("no validation of increments")(u.Update().AddAge(-1).Save(ctx))
	s.Got("bulk")(c.User.CreateBulk(c.User.Create().SetName("b").SetEmail("b"), c.User.Create().SetName("")).Save(ctx))
	s.Got("enum of an update")(c.Task.Create().SetTitle("t").SetState("lost").Save(ctx))
	var ve *ent.ValidationError
	if errors.As(c.Card.Create().SetNumber("1").Exec(ctx), &ve) {
		s.Value("name", ve.Name)
	}
	s.Got("users")(c.User.Query().Count(ctx))
}

func panics(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	s.Panics("save", func() { c.User.Create().SaveX(ctx) })
	s.Panics("exec", func() { c.User.Create().SetName("b").SetEmail(u.Email).ExecX(ctx) })
	s.Panics("bulk", func() { c.User.CreateBulk(c.User.Create()).SaveX(ctx) })
	s.Panics("update one", func() { c.User.UpdateOneID(99).SetAge(1).SaveX(ctx) })
	s.Panics("update many", func() { c.User.Update().SetAge(-1).ExecX(ctx) })
	s.Panics("delete one", func() { c.User.DeleteOneID(99).ExecX(ctx) })
	s.Panics("delete many", func() { s.Value("deleted", c.User.Delete().ExecX(ctx)) })
	s.Panics("get", func() { c.User.GetX(ctx, 99) })
	s.Panics("only", func() { c.User.Query().OnlyX(ctx) })
	s.Panics("unwrap", func() { u.Unwrap() })
	s.Panics("a hook that panics", func() {
		c.User.Use(func(ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) { panic("from a hook") })
		})
		s.user("b")
	})
	s.Panics("a condition that panics", func() {
		c.Pet.Update().SetName("x").Where(nil).SaveX(ctx)
	})
	s.Got("afterwards")(c.Pet.Create().SetName("p").Save(ctx))
}

func cancelled(s *Script) {
	c := s.Client
	u := s.user("a")
	ctx, cancel := context.WithCancel(s.Ctx)
	tx := s.Begin()
	cancel()
	for _, cl := range []*ent.Client{c, tx.Client()} {
		s.Err("create", cl.User.Create().SetName("b").SetEmail("b").Exec(ctx))
		s.Err("create with an edge", cl.User.Create().SetName("b").SetEmail("b").AddPetIDs(1).Exec(ctx))
		s.Err("bulk", cl.User.CreateBulk(cl.User.Create().SetName("b").SetEmail("b")).Exec(ctx))
		s.Got("update")(cl.User.UpdateOneID(u.ID).SetAge(1).Save(ctx))
		s.Got("update many")(cl.User.Update().SetAge(1).Save(ctx))
		s.Got("delete")(cl.User.Delete().Exec(ctx))
		s.Err("delete one", cl.User.DeleteOneID(u.ID).Exec(ctx))
		s.Got("query")(cl.User.Query().Count(ctx))
	}
	s.Got("the transaction afterwards")(tx.User.UpdateOneID(u.ID).SetAge(2).Save(s.Ctx))
	s.Err("commit", tx.Commit())
	_, err := c.Tx(ctx)
	s.Err("begin", err)
	late, stop := context.WithCancel(s.Ctx)
	c.User.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			stop()
			return next.Mutate(ctx, m)
		})
	})
	s.Got("by a hook")(c.User.Update().SetAge(3).Save(late))
	s.Got("read")(c.User.Query().All(s.Ctx))
}

func unknownNames(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	m := u.Update().Mutation()
	s.Err("set", m.SetField("unknown", 1))
	s.Err("set to another type", m.SetField(user.FieldName, 1))
	s.Err("add", m.AddField(user.FieldName, 1))
	s.Err("clear", m.ClearField(user.FieldName))
	s.Err("reset", m.ResetField("unknown"))
	s.Err("clear an edge", m.ClearEdge("unknown"))
	s.Err("reset an edge", m.ResetEdge("unknown"))
	s.old(ctx, "unknown", m, "unknown")
	s.Value("an edge that is not cleared", m.EdgeCleared("unknown"))
	s.Value("ids of it", m.AddedIDs("unknown"))
	s.Err("set by name", m.SetField(user.FieldName, "b"))
	s.Err("clear by name", m.ClearField(user.FieldAge))
	s.Err("clear an edge by name", m.ClearEdge(user.EdgePets))
	s.describe("mutation", m)
	s.Got("mutate")(c.Mutate(ctx, m))
}

func uniqueConstraint(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	s.Got("phone")(us[0].Update().SetPhone("1").Save(ctx))
	s.Got("the same")(us[0].Update().SetPhone("1").Save(ctx))
	s.Got("another's")(us[1].Update().SetPhone("1").SetAge(5).Save(ctx))
	s.Got("many")(c.User.Update().SetPhone("2").Save(ctx))
	s.Got("many, of which one matches")(c.User.Update().Where(user.Name("b")).SetPhone("2").Save(ctx))
	s.Got("cleared")(us[0].Update().ClearPhone().Save(ctx))
	s.Got("free again")(us[1].Update().SetPhone("1").Save(ctx))
	s.Got("empty is a value")(c.User.Update().SetPhone("").Save(ctx))
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}
