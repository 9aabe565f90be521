package script

import (
	"context"
	"fmt"

	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/hook"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/user"
)

var nestedScenes = []scene{
	{"contexts in hooks", "a hook hands on another context than it got", contextsInHooks},
	{"transactions in hooks", "a hook that begins a transaction of its own", transactionsInHooks},
	{"hooks within hooks", "a mutation that makes others of its own type", hooksWithinHooks},
	{"mutations in interceptors", "a query that writes", mutationsInInterceptors},
}

func contextsInHooks(s *Script) {
	c := s.Client
	type key struct{}
	ctx := context.WithValue(s.Ctx, key{}, "of the caller")
	fresh := func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			s.Value("the hook's", ctx.Value(key{}))
			return next.Mutate(s.Ctx, m)
		})
	}
	c.Use(fresh, fresh)
	u, err := c.User.Create().SetName("a").SetEmail("a").AddPets(c.Pet.Create().SetName("p").SaveX(ctx)).Save(ctx)
	s.Got("create")(u, err)
	s.Got("update one")(u.Update().SetAge(1).ClearPets().Save(ctx))
	s.Got("update many")(c.User.Update().AddAge(1).AddPetIDs(1).Save(ctx))
	s.Got("bulk")(c.Pet.CreateBulk(c.Pet.Create().SetName("q"), c.Pet.Create().SetName("r")).Save(ctx))
	info := c.Info.Create().SetID("i").SaveX(ctx)
	g, err := c.Group.Create().SetName("g").SetInfo(info).AddMascotIDs(1).Save(ctx)
	s.Got("an untracked type")(g, err)
	s.Got("an untracked type, update")(g.Update().SetSize(5).ClearMascots().Save(ctx))
	s.Got("an untracked type, bulk")(c.Group.CreateBulk(c.Group.Create().SetName("h").SetInfo(info).AddMascotIDs(1), c.Group.Create().SetName("k").SetInfo(info)).Save(ctx))
	s.Got("an untracked type, delete")(c.Group.Delete().Exec(ctx))
	s.Err("delete one", c.User.DeleteOne(u).Exec(ctx))
	s.InTx(func(tx *ent.Tx) {
		s.Got("in a transaction")(tx.Pet.UpdateOneID(1).SetTrained(true).Save(ctx))
		s.Got("in a transaction, many")(tx.Pet.Update().AddWeight(1).Save(ctx))
	})
	s.Got("read")(c.Pet.Query().WithTeam().Order(pet.ByID()).All(ctx))
}

func transactionsInHooks(s *Script) {
	c, ctx := s.Client, s.Ctx
	info := c.Info.Create().SetID("i").SaveX(ctx)
	n := 0
	own := func(what string, ctx context.Context, c *ent.Client, commit bool) {
		n++
		tx, err := c.Tx(ctx)
		s.Err(what+", begin", err)
		if err != nil {
			return
		}
		s.Got(what)(tx.Tag.Create().SetKey(fmt.Sprint(what, n)).Save(ctx))
		s.Got(what + ", a tracked type")(tx.Info.UpdateOneID("i").SetText(fmt.Sprint(what, n)).Save(ctx))
		if commit {
			s.Err(what+", commit", tx.Commit())
			return
		}
		s.Err(what+", rollback", tx.Rollback())
	}
	around := func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			client := m.(interface{ Client() *ent.Client }).Client()
			own("before", ctx, client, true)
			v, err := next.Mutate(ctx, m)
			own("after", ctx, client, true)
			own("undone", ctx, client, false)
			return v, err
		})
	}
	c.Pet.Use(around)
	c.Group.Use(around)
	p, err := c.Pet.Create().SetName("p").Save(ctx)
	s.Got("create")(p, err)
	s.Got("update")(p.Update().SetTrained(true).Save(ctx))
	s.Got("untracked, with an edge")(c.Group.Create().SetName("g").SetInfo(info).AddMascots(p).Save(ctx))
	s.Got("untracked, delete")(c.Group.Delete().Exec(ctx))
	s.InTx(func(tx *ent.Tx) { s.Got("in a transaction")(tx.Pet.UpdateOneID(p.ID).AddWeight(1).Save(ctx)) })
	s.Got("tags")(c.Tag.Query().Order(ent.Asc("id")).Select("key").Strings(ctx))
	s.Got("info")(c.Info.Query().Only(ctx))
}

func hooksWithinHooks(s *Script) {
	c, ctx := s.Client, s.Ctx
	s.Watch(c.User, "outer")
	c.User.Use(hookOfUsers(func(ctx context.Context, m *ent.UserMutation, next ent.Mutator) (ent.Value, error) {
		if name, ok := m.Name(); ok && m.Op().Is(ent.OpCreate) && len(name) < 3 {
			friend, err := m.Client().User.Create().SetName(name + "+").SetEmail(name + "+").Save(ctx)
			s.Got("a friend")(friend, err)
			m.AddFollowingIDs(friend.ID)
		}
		v, err := next.Mutate(ctx, m)
		if v, ok := v.(*ent.User); ok && err == nil && v.Age < 3 {
			s.Got("older")(m.Client().User.UpdateOneID(v.ID).AddAge(1).Save(ctx))
		}
		return v, err
	}))
	u, err := c.User.Create().SetName("a").SetEmail("a").Save(ctx)
	s.Got("create")(u, err)
	s.Got("update")(u.Update().SetNick("n").Save(ctx))
	s.InTx(func(tx *ent.Tx) {
		s.Got("in a transaction")(tx.User.Create().SetName("b").SetEmail("b").Save(ctx))
	})
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}

func mutationsInInterceptors(s *Script) {
	c, ctx := s.Client, s.Ctx
	s.user("a")
	c.User.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			v, err := next.Query(ctx, q)
			s.Got("it writes")(c.Pet.Create().SetName("looked at").Save(ctx))
			return v, err
		})
	}))
	c.Pet.Use(func(next ent.Mutator) ent.Mutator {
		return hook.PetFunc(func(ctx context.Context, m *ent.PetMutation) (ent.Value, error) {
			s.describe("hook", m)
			return next.Mutate(ctx, m)
		})
	})
	s.Got("query")(c.User.Query().All(ctx))
	s.Got("update")(c.User.Update().Where(user.HasPets()).SetAge(1).Save(ctx))
	s.Got("pets")(c.Pet.Query().Count(ctx))
	s.Got("of a query")(c.Pet.Query().QueryOwner().All(ctx))
}
