package script

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/hook"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/user"
)

var hookScenes = []scene{
	{"hook order", "hooks of the client, of a type, and of a schema, for every operation", hookOrder},
	{"what hooks see", "the mutation as a hook finds it, before and after", whatHooksSee},
	{"old values", "from the entity in memory, from the database, or an error", oldValues},
	{"hooks that change", "values, edges, conditions", hooksThatChange},
	{"hooks that refuse", "before and after the write, with and without a transaction", hooksThatRefuse},
	{"hooks that answer", "a hook's own value, and one that does not call next", hooksThatAnswer},
	{"next twice", "a hook that calls the next one again", nextTwice},
	{"clients in hooks", "queries and mutations by m.Client(), with the context and with another", clientsInHooks},
	{"one connection", "hooks never wait for a connection that their own mutation holds", oneConnection},
	{"hooks of untracked types", "whose mutations change tracked entities by an edge", hooksOfUntracked},
	{"hook helpers", "On, Unless, If, Reject, FixedError, Chain", hookHelpers},
}

func hookOrder(s *Script) {
	c, ctx := s.Client, s.Ctx
	s.Watch(c, "client 1", "client 2")
	s.Watch(c.Task, "task 1")
	c.Task.Use(func(next ent.Mutator) ent.Mutator {
		s.Line("a hook is set up")
		return next
	})
	v := c.Task.Create().SetTitle(" t ").SaveX(ctx)
	s.Got("update one")(v.Update().SetTitle(" u ").Save(ctx))
	s.Got("update many")(c.Task.Update().SetTitle(" v ").Save(ctx))
	s.Err("delete one", c.Task.DeleteOne(v).Exec(ctx))
	s.Got("bulk")(c.Task.CreateBulk(c.Task.Create().SetTitle("a"), c.Task.Create().SetTitle("b")).Save(ctx))
	s.Got("delete many")(c.Task.Delete().Exec(ctx))
	s.Got("an untracked type")(c.Tag.Create().SetKey("k").Save(ctx))
	s.InTx(func(tx *ent.Tx) {
		s.Watch(tx.Task, "of the transaction")
		s.Got("in a transaction")(tx.Task.Create().SetTitle("tx").Save(ctx))
	})
	s.Watch(c.Task, "late")
	s.Got("afterwards")(c.Task.Create().SetTitle("late").Save(ctx))
}

// hookOfUsers returns a hook of users.
func hookOfUsers(f func(context.Context, *ent.UserMutation, ent.Mutator) (ent.Value, error)) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return hook.UserFunc(func(ctx context.Context, m *ent.UserMutation) (ent.Value, error) { return f(ctx, m, next) })
	}
}

func whatHooksSee(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	p := c.Pet.Create().SetName("p").SaveX(ctx)
	c.User.Use(hookOfUsers(func(ctx context.Context, m *ent.UserMutation, next ent.Mutator) (ent.Value, error) {
		see := func(when string) {
			s.describe(when, m)
			id, ok := m.ID()
			s.Line("%s, id: %d %v", when, id, ok)
			ids, err := m.IDs(ctx)
			slices.Sort(ids)
			s.Got(when+", ids")(ids, err)
		}
		see("before")
		v, err := next.Mutate(ctx, m)
		s.Got("value")(v, err)
		see("after")
		return v, err
	}))
	c.User.Create().SetName("c").SetEmail("c").SetTags([]string{"x"}).AddPets(p).AddFollowing(us...).SaveX(ctx)
	us[0].Update().SetAge(1).AddEdits(2).ClearNick().AppendTags([]string{"t"}).ClearPets().RemoveFollowers(us[1]).AddPeers(us[1]).SaveX(ctx)
	c.User.UpdateOneID(us[1].ID).ClearAge().SaveX(ctx)
	c.User.Update().Where(user.NameIn("a", "b")).AddAge(3).ClearSpouse().SaveX(ctx)
	s.Err("delete one", c.User.DeleteOne(us[0]).Exec(ctx))
	s.Got("delete many")(c.User.Delete().Where(user.Name("b")).Exec(ctx))
	s.Got("bulk")(c.User.CreateBulk(c.User.Create().SetName("d").SetEmail("d"), c.User.Create().SetName("e").SetEmail("e")).Save(ctx))
	s.Err("fails", c.User.UpdateOneID(99).SetAge(1).Exec(ctx))
}

func oldValues(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	c.User.UpdateOneID(u.ID).SetAge(10).SetNick("new").SetPassword("p").ExecX(ctx) // u is stale from now on
	c.User.Use(hookOfUsers(func(ctx context.Context, m *ent.UserMutation, next ent.Mutator) (ent.Value, error) {
		s.old(ctx, "before", m, user.FieldAge, user.FieldNick, user.FieldName, user.FieldEdits, user.FieldTags)
		v, err := next.Mutate(ctx, m)
		s.old(ctx, "after", m, user.FieldAge, user.FieldNick, user.FieldEdits)
		return v, err
	}))
	s.Got("a stale entity")(u.Update().SetAge(11).Save(ctx))
	s.Got("by id")(c.User.UpdateOneID(u.ID).SetAge(12).ClearNick().Save(ctx))
	s.Got("many")(c.User.Update().SetAge(13).Save(ctx))
	s.Got("create")(c.User.Create().SetName("b").SetEmail("b").Save(ctx))
	s.Err("delete one", c.User.DeleteOneID(u.ID).Exec(ctx))
	s.Got("one that is gone")(c.User.UpdateOneID(u.ID).SetAge(14).Save(ctx))
	s.InTx(func(tx *ent.Tx) {
		v := tx.User.Query().OnlyX(ctx)
		s.Got("in a transaction")(tx.User.UpdateOneID(v.ID).SetAge(15).Save(ctx))
	})
}

func hooksThatChange(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	ps := c.Pet.CreateBulk(c.Pet.Create().SetName("p"), c.Pet.Create().SetName("q")).SaveX(ctx)
	c.User.Use(hookOfUsers(func(ctx context.Context, m *ent.UserMutation, next ent.Mutator) (ent.Value, error) {
		switch age, _ := m.Age(); age {
		case 1:
			m.SetNick("by a hook")
			m.ResetAge()
			m.AddPetIDs(ps[0].ID)
		case 2:
			m.ClearAge()
			m.Where(user.Name("b"))
			m.ClearPets()
		case 3:
			m.SetAge(33)
			s.Err("set", m.SetField(user.FieldTags, []string{"h"}))
			m.SetSpouseID(us[1].ID)
		case 4:
			m.SetName("")
		case 5:
			m.RemovePetIDs(ps[0].ID)
			m.ResetPets()
			m.AddPetIDs(ps[1].ID)
		}
		return next.Mutate(ctx, m)
	}))
	s.Got("a field and an edge")(us[0].Update().SetAge(1).Save(ctx))
	s.Got("a condition that does not hold")(us[0].Update().SetAge(2).Save(ctx))
	s.Got("a condition on many")(c.User.Update().SetAge(2).Save(ctx))
	s.Got("create")(c.User.Create().SetName("c").SetEmail("c").SetAge(3).Save(ctx))
	s.Got("after the checks")(us[1].Update().SetAge(4).Save(ctx))
	s.Got("an edge in the place of another")(us[1].Update().SetAge(5).AddPets(ps[0]).Save(ctx))
	s.Got("bulk")(c.User.CreateBulk(c.User.Create().SetName("d").SetEmail("d").SetAge(2), c.User.Create().SetName("e").SetEmail("e").SetAge(0)).Save(ctx))
	s.Got("pets")(c.Pet.Query().WithOwner().Order(pet.ByID()).All(ctx))
}

func hooksThatRefuse(s *Script) {
	c, ctx := s.Client, s.Ctx
	boom := errors.New("boom")
	u := s.user("a")
	s.Watch(c.User, "outer")
	c.User.Use(hookOfUsers(func(ctx context.Context, m *ent.UserMutation, next ent.Mutator) (ent.Value, error) {
		age, _ := m.Age()
		if age == 1 {
			return nil, boom
		}
		v, err := next.Mutate(ctx, m)
		if age == 2 {
			return nil, fmt.Errorf("afterwards: %w", boom)
		}
		if age == 3 {
			return v, errors.Join(err, boom)
		}
		return v, err
	}))
	run := func(where string, c *ent.Client) {
		for age := 1; age <= 3; age++ {
			s.Got(fmt.Sprint(where, ", update one ", age))(c.User.UpdateOneID(u.ID).SetAge(age).Save(ctx))
			s.Got(fmt.Sprint(where, ", update many ", age))(c.User.Update().SetAge(age).Save(ctx))
			s.Got(fmt.Sprint(where, ", create ", age))(c.User.Create().SetName("b").SetEmail(fmt.Sprint(where, age)).SetAge(age).Save(ctx))
			s.Got(where + ", read")(c.User.Query().Order(user.ByID()).All(ctx))
		}
	}
	run("outside", c)
	tx := s.Begin()
	run("within", tx.Client())
	s.Err("commit", tx.Commit())
	_, err := u.Update().SetAge(1).Save(ctx)
	s.Value("the same error", errors.Is(err, boom))
}

func hooksThatAnswer(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	c.User.Use(hookOfUsers(func(ctx context.Context, m *ent.UserMutation, next ent.Mutator) (ent.Value, error) {
		age, _ := m.Age()
		switch age {
		case 1:
			return u, nil
		case 2:
			return 7, nil
		case 3:
			return nil, nil
		}
		v, err := next.Mutate(ctx, m)
		if age == 4 {
			if n, ok := v.(int); ok {
				return n * 100, err
			}
			return &ent.User{ID: 1000, Name: "another"}, err
		}
		if v, ok := v.(*ent.User); ok {
			v.Name += " (seen by a hook)"
		}
		return v, err
	}))
	for age := 0; age <= 4; age++ {
		s.Panics(fmt.Sprint("update one ", age), func() { s.Got("value")(c.User.UpdateOneID(u.ID).SetAge(age).Save(ctx)) })
		s.Panics(fmt.Sprint("update many ", age), func() { s.Got("value")(c.User.Update().SetAge(age).Save(ctx)) })
		s.Panics(fmt.Sprint("create ", age), func() {
			s.Got("value")(c.User.Create().SetName("b").SetEmail(fmt.Sprint(age)).SetAge(age).Save(ctx))
		})
	}
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}

func nextTwice(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	again := func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			v, err := next.Mutate(ctx, m)
			s.Got("first")(v, err)
			v, err = next.Mutate(ctx, m)
			s.Got("second")(v, err)
			return v, err
		})
	}
	c.User.Use(again)
	c.Pet.Use(again)
	s.Got("update one")(u.Update().AddAge(1).Save(ctx))
	s.Got("update many")(c.User.Update().AddAge(10).Save(ctx))
	s.Got("create")(c.Pet.Create().SetName("p").Save(ctx))
	s.Got("create what is unique")(c.User.Create().SetName("b").SetEmail("b").Save(ctx))
	s.Got("bulk")(c.Pet.CreateBulk(c.Pet.Create().SetName("q"), c.Pet.Create().SetName("r")).Save(ctx))
	s.Got("delete many")(c.Pet.Delete().Where(pet.Name("q")).Exec(ctx))
	s.Err("delete one", c.User.DeleteOne(u).Exec(ctx))
	s.InTx(func(tx *ent.Tx) {
		s.Got("in a transaction")(tx.Pet.Create().SetName("t").Save(ctx))
		s.Got("in a transaction")(tx.Pet.Update().AddWeight(1).Save(ctx))
	})
}

func clientsInHooks(s *Script) {
	c := s.Client
	us := s.users("a", "b")
	c.Pet.Use(func(next ent.Mutator) ent.Mutator {
		return hook.PetFunc(func(ctx context.Context, m *ent.PetMutation) (ent.Value, error) {
			s.Got("before, the count")(m.Client().Pet.Query().Count(ctx))
			s.Got("before, another type")(m.Client().User.UpdateOneID(us[0].ID).AddAge(1).Save(ctx))
			_, err := m.Tx()
			s.Err("the transaction", err)
			v, err := next.Mutate(ctx, m)
			s.Got("after, the count")(m.Client().Pet.Query().Count(ctx))
			s.Got("after, another type")(m.Client().User.Update().AddAge(10).Save(ctx))
			s.Err("after, an untracked type", m.Client().Tag.Create().SetKey(fmt.Sprint(m.Op(), len(s.Lines()))).Exec(ctx))
			if m.Op().Is(ent.OpCreate) {
				id, _ := m.ID()
				s.Got("after, the same entity")(m.Client().Pet.UpdateOneID(id).AddWeight(1).Save(ctx))
			}
			return v, err
		})
	})
	run := func(c *ent.Client) {
		p, err := c.Pet.Create().SetName("p").SetOwner(us[1]).Save(s.Ctx)
		s.Got("create")(p, err)
		s.Got("update")(c.Pet.UpdateOneID(p.ID).SetTrained(true).Save(s.Ctx))
		s.Got("bulk")(c.Pet.CreateBulk(c.Pet.Create().SetName("q"), c.Pet.Create().SetName("r")).Save(s.Ctx))
		s.Got("delete")(c.Pet.Delete().Where(pet.Name("q")).Exec(s.Ctx))
	}
	run(c)
	s.InTx(func(tx *ent.Tx) { run(tx.Client()) })
}

func oneConnection(s *Script) {
	s.DB.SetMaxOpenConns(1)
	defer s.DB.SetMaxOpenConns(0)
	c, ctx := s.Client, s.Ctx
	c.User.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			s.Got("before")(c.User.Query().Count(s.Ctx))
			v, err := next.Mutate(ctx, m)
			s.Got("after")(c.User.Query().Count(s.Ctx))
			s.Err("a change with another context", c.Pet.Create().SetName("by a hook").Exec(s.Ctx))
			return v, err
		})
	})
	u := c.User.Create().SetName("a").SetEmail("a").AddPets(c.Pet.Create().SetName("p").SaveX(ctx)).SaveX(ctx)
	s.Got("update")(u.Update().AddAge(1).ClearPets().Save(ctx))
	s.Got("many")(c.User.Update().AddAge(1).AddPetIDs(1).Save(ctx))
	s.Got("bulk")(c.User.CreateBulk(c.User.Create().SetName("b").SetEmail("b"), c.User.Create().SetName("c").SetEmail("c")).Save(ctx))
	s.Got("delete")(c.User.Delete().Exec(ctx))
	s.Got("a query that loads edges")(c.Pet.Query().WithOwner().WithTags().All(ctx))
}

func hooksOfUntracked(s *Script) {
	c, ctx := s.Client, s.Ctx
	ps := c.Pet.CreateBulk(c.Pet.Create().SetName("p"), c.Pet.Create().SetName("q")).SaveX(ctx)
	info := c.Info.Create().SetID("i").SaveX(ctx)
	fails := false
	s.Watch(c.Group, "outer")
	c.Group.Use(func(next ent.Mutator) ent.Mutator {
		return hook.GroupFunc(func(ctx context.Context, m *ent.GroupMutation) (ent.Value, error) {
			_, err := m.Tx()
			s.Err("the transaction", err)
			v, err := next.Mutate(ctx, m)
			s.Got("sees")(m.Client().Pet.Query().Where(pet.HasTeam()).Count(ctx))
			if fails {
				return nil, errors.New("afterwards")
			}
			return v, err
		})
	})
	g := c.Group.Create().SetName("g").SetInfo(info).AddMascots(ps[0]).SaveX(ctx)
	s.Got("add")(g.Update().AddMascots(ps[1]).SetSize(20).Save(ctx))
	s.Got("remove")(g.Update().RemoveMascots(ps[0]).Save(ctx))
	s.Got("taken")(c.Group.Create().SetName("h").SetInfo(info).AddMascots(ps[1]).Save(ctx))
	s.Got("clear")(c.Group.Update().ClearMascots().Save(ctx))
	s.Got("no edges")(g.Update().SetSize(30).Save(ctx))
	fails = true
	s.Got("fails afterwards")(g.Update().SetSize(40).Save(ctx))
	s.Got("fails afterwards, with an edge")(g.Update().AddMascots(ps...).Save(ctx))
	s.Err("a delete that fails afterwards", c.Group.DeleteOne(g).Exec(ctx))
	s.Got("pets")(c.Pet.Query().WithTeam().Order(pet.ByID()).All(ctx))
	s.Got("groups")(c.Group.Query().All(ctx))
}

func hookHelpers(s *Script) {
	c, ctx := s.Client, s.Ctx
	c.User.Use(
		hook.On(s.watcher("on create or delete one"), ent.OpCreate|ent.OpDeleteOne),
		hook.Unless(s.watcher("unless update"), ent.OpUpdate|ent.OpUpdateOne),
		hook.If(s.watcher("if age was added"), hook.HasAddedFields(user.FieldAge)),
		hook.If(s.watcher("if nick was cleared"), hook.And(hook.HasClearedFields(user.FieldNick), hook.Not(hook.HasFields(user.FieldAge)))),
		hook.NewChain(s.watcher("chain 1"), s.watcher("chain 2")).Append(s.watcher("chain 3")).Hook(),
		hook.If(hook.FixedError(errors.New("fixed")), hook.HasFields(user.FieldPhone)),
		hook.Reject(ent.OpDelete),
	)
	u := s.user("a")
	s.Got("add")(u.Update().AddAge(1).Save(ctx))
	s.Got("clear")(u.Update().ClearNick().Save(ctx))
	s.Got("fixed")(u.Update().SetPhone("1").Save(ctx))
	s.Got("reject")(c.User.Delete().Exec(ctx))
	s.Err("delete", c.User.DeleteOne(u).Exec(ctx))
}
