package script

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/hook"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/user"
)

var bulkScenes = []scene{
	{"bulk", "many at once: entities, ids, edges, none at all", bulk},
	{"bulk hooks", "their order, what they see, and what they change", bulkHooks},
	{"bulk failures", "one of many fails, in a hook, a check, or the database", bulkFailures},
	{"builders used twice", "a builder that is saved again", twice},
}

func bulk(s *Script) {
	c, ctx := s.Client, s.Ctx
	s.Got("none")(c.User.CreateBulk().Save(ctx))
	s.Err("none, exec", c.Pet.CreateBulk().Exec(ctx))
	make3 := func(prefix string) []*ent.UserCreate {
		var bs []*ent.UserCreate
		for i := range 3 {
			bs = append(bs, c.User.Create().SetName(prefix).SetEmail(fmt.Sprint(prefix, i)).SetNillableAge(&i))
		}
		return bs
	}
	us := c.User.CreateBulk(make3("a")...).SaveX(ctx)
	s.Value("three", us)
	s.Err("exec", c.User.CreateBulk(make3("b")...).Exec(ctx))
	s.Got("different columns")(c.User.CreateBulk(
		c.User.Create().SetName("c").SetEmail("c1").SetPhone("1"), c.User.Create().SetName("c").SetEmail("c2").SetTags([]string{"t"}),
	).Save(ctx))
	s.Got("map")(c.Pet.MapCreateBulk(us, func(b *ent.PetCreate, i int) { b.SetName(us[i].Email).SetOwner(us[i]) }).Save(ctx))
	s.Got("map of what is no slice")(c.Pet.MapCreateBulk(7, func(*ent.PetCreate, int) {}).Save(ctx))
	s.Got("edges in other tables")(c.User.CreateBulk(
		c.User.Create().SetName("d").SetEmail("d1").AddPeers(us[0]).AddPetIDs(1), c.User.Create().SetName("d").SetEmail("d2").SetSpouse(us[1]),
	).Save(ctx))
	s.Got("free pets")(c.User.CreateBulk(
		c.User.Create().SetName("e").SetEmail("e1").AddPets(c.Pet.Create().SetName("p").SaveX(ctx)),
		c.User.Create().SetName("e").SetEmail("e2").AddFollowers(us[0], us[1]),
	).Save(ctx))
	s.Got("given ids")(c.Info.CreateBulk(c.Info.Create().SetID("z"), c.Info.Create().SetID("a")).Save(ctx))
	s.Got("one")(c.Tag.CreateBulk(c.Tag.Create().SetKey("k")).Save(ctx))
	s.InTx(func(tx *ent.Tx) {
		got := tx.Pet.CreateBulk(tx.Pet.Create().SetName("t1"), tx.Pet.Create().SetName("t2")).SaveX(ctx)
		s.Value("in a transaction", got)
		s.Got("go on with one")(got[1].Update().SetTrained(true).Save(ctx))
	})
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}

func bulkHooks(s *Script) {
	c, ctx := s.Client, s.Ctx
	c.User.Use(s.watcher("outer"), func(next ent.Mutator) ent.Mutator {
		return hook.UserFunc(func(ctx context.Context, m *ent.UserMutation) (ent.Value, error) {
			name, _ := m.Name()
			m.SetName(name + "!")
			_, known := m.ID()
			s.Line("inner: %s, id known: %v", name, known)
			v, err := next.Mutate(ctx, m)
			id, known := m.ID()
			s.Line("inner ends: %s, id: %d %v", name, id, known)
			s.Got("value")(v, err)
			return v, err
		})
	})
	s.Got("bulk")(c.User.CreateBulk(
		c.User.Create().SetName("a").SetEmail("a"), c.User.Create().SetName("b").SetEmail("b"), c.User.Create().SetName("c").SetEmail("c"),
	).Save(ctx))
	type key struct{}
	c.Pet.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			s.Value("depth of the context", ctx.Value(key{}))
			return next.Mutate(context.WithValue(ctx, key{}, "within"), m)
		})
	})
	s.Got("contexts")(c.Pet.CreateBulk(c.Pet.Create().SetName("p"), c.Pet.Create().SetName("q")).Save(ctx))
}

func bulkFailures(s *Script) {
	c, ctx := s.Client, s.Ctx
	two := func(second string) *ent.TaskCreateBulk {
		return c.Task.CreateBulk(c.Task.Create().SetTitle(" first "), c.Task.Create().SetTitle(second))
	}
	s.Got("a schema hook refuses")(two("veto").Save(ctx))
	s.Got("none refuses")(two(" second ").Save(ctx))
	s.Got("what is missing")(c.Task.CreateBulk(c.Task.Create().SetTitle("x"), c.Task.Create()).Save(ctx))
	c.Task.Use(func(next ent.Mutator) ent.Mutator {
		return hook.TaskFunc(func(ctx context.Context, m *ent.TaskMutation) (ent.Value, error) {
			v, err := next.Mutate(ctx, m)
			if title, _ := m.Title(); title == "late" {
				return nil, errors.New("too late")
			}
			return v, err
		})
	})
	s.Got("a hook fails afterwards")(two("late").Save(ctx))
	s.Got("what stays")(c.Task.Query().Order(ent.Asc("id")).All(ctx))
	s.Got("the database refuses")(c.User.CreateBulk(
		c.User.Create().SetName("a").SetEmail("same"), c.User.Create().SetName("b").SetEmail("same"),
	).Save(ctx))
	p := c.Pet.Create().SetName("p").SetOwner(s.user("o")).SaveX(ctx)
	s.Got("an edge is refused")(c.User.CreateBulk(
		c.User.Create().SetName("a").SetEmail("a"), c.User.Create().SetName("b").SetEmail("b").AddPets(p),
	).Save(ctx))
	s.Got("users")(c.User.Query().Count(ctx))
}

func twice(s *Script) {
	c, ctx := s.Client, s.Ctx
	create := c.Pet.Create().SetName("p")
	s.Got("create")(create.Save(ctx))
	s.Got("create again")(create.Save(ctx))
	s.Got("changed in between")(create.SetName("q").SetTrained(true).Save(ctx))
	given := c.Info.Create().SetID("i")
	s.Got("a given id")(given.Save(ctx))
	s.Got("a given id again")(given.Save(ctx))
	bulk := c.Pet.CreateBulk(c.Pet.Create().SetName("b1"), c.Pet.Create().SetName("b2"))
	s.Got("bulk")(bulk.Save(ctx))
	s.Got("bulk again")(bulk.Save(ctx))
	u := s.user("a")
	one := u.Update().AddAge(1).AddPetIDs(1)
	s.Got("update")(one.Save(ctx))
	s.Got("update again")(one.Save(ctx))
	many := c.User.Update().AddAge(10).Where(user.Name("a"))
	s.Got("update many")(many.Save(ctx))
	s.Got("update many again")(many.Save(ctx))
	s.users("b")
	s.Got("conditions added in between")(many.Where(user.AgeGT(0)).Save(ctx))
	s.users("a2")
	moving := c.User.Update().Where(user.AgeIsNil()).SetAge(0)
	s.Got("a builder's conditions are its own")(moving.Save(ctx))
	s.users("c")
	s.Got("and match what came since")(moving.Save(ctx))
	byEdge := c.User.Update().Where(user.Not(user.HasPets())).AddPetIDs(2).SetAge(9)
	s.Got("with an edge")(byEdge.Save(ctx))
	m := c.Pet.Create().SetName("m").Mutation()
	s.Got("mutate")(c.Mutate(ctx, m))
	s.Got("mutate again")(c.Mutate(ctx, m))
	del := c.Pet.DeleteOneID(1)
	s.Err("delete", del.Exec(ctx))
	s.Err("delete again", del.Exec(ctx))
}
