package script

import (
	"context"
	"strings"
	"sync"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/hook"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/user"
)

var clientScenes = []scene{
	{"mutate", "mutations by client.Mutate, of every type and operation", mutate},
	{"debug", "a client that says what it does answers the same", debugging},
	{"several clients", "entities of one client with another on the same database", severalClients},
	{"at the same time", "many goroutines, one client", concurrently},
	{"drivers", "a driver of the user's own, and ent's that says what it does, below the client", drivers},
	{"entities afterwards", "what a mutation returns can go on", entitiesAfterwards},
}

func mutate(s *Script) {
	c, ctx := s.Client, s.Ctx
	s.Watch(c, "hook")
	u := s.user("a")
	s.Got("create")(c.Mutate(ctx, c.Pet.Create().SetName("p").SetOwner(u).Mutation()))
	s.Got("without the defaults")(c.Mutate(ctx, c.User.Create().SetName("b").Mutation()))
	s.Got("update one")(c.Mutate(ctx, u.Update().SetAge(1).Mutation()))
	s.Got("update many")(c.Mutate(ctx, c.User.Update().Where(user.Name("a")).SetAge(2).Mutation()))
	c.Pet.Use(func(next ent.Mutator) ent.Mutator {
		return hook.PetFunc(func(ctx context.Context, m *ent.PetMutation) (ent.Value, error) {
			if !m.Op().Is(ent.OpDelete|ent.OpDeleteOne) || ctx.Value(nobodys{}) != nil {
				return next.Mutate(ctx, m)
			}
			return m.Client().Mutate(context.WithValue(ctx, nobodys{}, true), m)
		})
	})
	s.Err("delete one", c.Pet.DeleteOneID(1).Exec(ctx))
	s.Got("delete many")(c.Pet.Delete().Exec(ctx))
	s.Got("an untracked type")(c.Mutate(ctx, c.Tag.Create().SetKey("k").Mutation()))
	s.Got("a type of nobody's")(c.Mutate(ctx, nobodys{}))
	s.InTx(func(tx *ent.Tx) {
		s.Got("in a transaction")(tx.Client().Mutate(ctx, tx.User.UpdateOneID(u.ID).SetAge(3).Mutation()))
	})
	s.Got("read")(c.User.Query().All(ctx))
}

type nobodys struct{ ent.Mutation }

func (nobodys) Op() ent.Op { return ent.OpCreate }

func (nobodys) Type() string { return "Nobody" }

func debugging(s *Script) {
	var mu sync.Mutex
	said := 0
	log := ent.Log(func(...any) {
		mu.Lock()
		defer mu.Unlock()
		said++
	})
	ctx := s.Ctx
	for i, c := range []*ent.Client{s.NewClient(log).Debug(), s.NewClient(log, ent.Debug()), s.NewClient(log).Debug().Debug()} {
		name := strings.Repeat("x", i+1)
		u := c.User.Create().SetName(name).SetEmail(name).AddPets(c.Pet.Create().SetName(name).SaveX(ctx)).SaveX(ctx)
		s.Got("update")(u.Update().AddAge(1).AddPeers(u).Save(ctx))
		s.Got("many")(c.User.Update().AddAge(1).Save(ctx))
		s.Got("bulk")(c.Pet.CreateBulk(c.Pet.Create().SetName("b"), c.Pet.Create().SetName("c")).Save(ctx))
		s.Got("conflict")(c.User.Create().SetName(name).SetEmail(name).Save(ctx))
		tx, err := c.Tx(ctx)
		s.Err("begin", err)
		s.Got("within")(tx.User.UpdateOneID(u.ID).SetAge(9).Save(ctx))
		s.Got("debugged within")(tx.Client().Debug().Pet.Delete().Where(pet.Name("c")).Exec(ctx))
		s.Err("commit", tx.Commit())
		s.Err("delete", c.User.DeleteOneID(u.ID).Exec(ctx))
		_, err = c.ExecContext(ctx, "UPDATE pets SET trained = true")
		s.Err("exec", err)
	}
	s.Value("it was said", said > 0)
}

func severalClients(s *Script) {
	ctx := s.Ctx
	one, two := s.Client, s.NewClient()
	s.Watch(one, "one")
	s.Watch(two, "two")
	u := one.User.Create().SetName("a").SetEmail("a").SaveX(ctx)
	s.Got("an entity of another")(two.User.UpdateOne(u).SetAge(1).Save(ctx))
	s.Got("an edge to it")(two.Pet.Create().SetName("p").SetOwner(u).Save(ctx))
	one.Pet.Use(func(next ent.Mutator) ent.Mutator {
		return hook.PetFunc(func(ctx context.Context, m *ent.PetMutation) (ent.Value, error) {
			s.Got("the other, in a hook")(two.User.UpdateOneID(u.ID).AddAge(1).Save(ctx))
			v, err := next.Mutate(ctx, m)
			s.Got("the other, after it")(two.Pet.Update().AddWeight(1).Save(ctx))
			return v, err
		})
	})
	s.Got("create")(one.Pet.Create().SetName("q").SetOwner(u).Save(ctx))
	s.Got("read")(one.Pet.Query().Order(pet.ByID()).All(ctx))
}

func concurrently(s *Script) {
	c, ctx := s.Client, s.Ctx
	p := c.Pet.Create().SetName("p").SaveX(ctx)
	var wg sync.WaitGroup
	failed := make([]error, 8)
	for i := range failed {
		wg.Go(func() {
			for range 5 {
				if err := c.Pet.UpdateOneID(p.ID).AddWeight(1).Exec(ctx); err != nil {
					failed[i] = err
				}
			}
		})
	}
	wg.Wait()
	for _, err := range failed {
		s.Err("errors", err)
	}
	s.Value("all are counted", c.Pet.GetX(ctx, p.ID).Weight)
	for i := range failed {
		wg.Go(func() { failed[i] = c.Pet.Create().SetName("q").SetWeight(1).Exec(ctx) })
	}
	wg.Wait()
	for _, err := range failed {
		s.Err("errors", err)
	}
	s.Got("pets")(c.Pet.Delete().Where(pet.Name("q")).Exec(ctx))
}

// ownDriver is a driver as a user may write it: reads go one way, and writes another.
type ownDriver struct {
	dialect.Driver
	reads dialect.Driver
}

func (d *ownDriver) Query(ctx context.Context, query string, args, v any) error {
	if strings.HasPrefix(query, "SELECT") {
		return d.reads.Query(ctx, query, args, v)
	}
	return d.Driver.Query(ctx, query, args, v)
}

func (d *ownDriver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	return d.Driver.(*sql.Driver).BeginTx(ctx, opts)
}

func drivers(s *Script) {
	ctx := s.Ctx
	drv := sql.OpenDB(s.Dialect, s.DB)
	silent := func(context.Context, ...any) {}
	for i, c := range []*ent.Client{
		ent.NewClient(ent.Driver(&ownDriver{Driver: drv, reads: drv})),
		ent.NewClient(ent.Driver(dialect.DebugWithContext(drv, silent))),
		ent.NewClient(ent.Driver(dialect.DebugWithContext(&ownDriver{Driver: drv, reads: drv}, silent)), ent.Debug(), ent.Log(func(...any) {})),
	} {
		name := strings.Repeat("x", i+1)
		u, err := c.User.Create().SetName(name).SetEmail(name).AddPets(c.Pet.Create().SetName(name).SaveX(ctx)).Save(ctx)
		s.Got("create")(u, err)
		s.Got("update")(u.Update().AddAge(1).AddPeers(u).Save(ctx))
		s.Got("many")(c.User.Update().AddAge(1).Save(ctx))
		s.Got("bulk")(c.Pet.CreateBulk(c.Pet.Create().SetName("b"), c.Pet.Create().SetName("c")).Save(ctx))
		s.Got("conflict")(c.User.Create().SetName(name).SetEmail(name).Save(ctx))
		tx, err := c.Tx(ctx)
		s.Err("begin", err)
		s.Got("within")(tx.User.UpdateOneID(u.ID).SetAge(9).Save(ctx))
		s.Err("commit", tx.Commit())
		s.Got("delete")(c.Pet.Delete().Where(pet.Name("c")).Exec(ctx))
		tx, err = c.BeginTx(ctx, nil)
		s.Err("begin with options", err)
		if err == nil {
			s.Err("rollback", tx.Rollback())
		}
		_, err = c.ExecContext(ctx, "UPDATE pets SET trained = true")
		s.Err("exec", err)
		s.Got("query")(gather(c.QueryContext(ctx, "SELECT name FROM users")))
		s.Got("read")(c.User.Query().WithPets().Order(user.ByID()).All(ctx))
	}
}

func entitiesAfterwards(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	p := c.Pet.Create().SetName("p").SetOwner(u).SaveX(ctx)
	s.Got("a created one: query")(p.QueryOwner().Only(ctx))
	s.Got("update")(p.Update().SetName("q").Save(ctx))
	v := u.Update().SetAge(1).SaveX(ctx)
	s.Got("an updated one: query")(v.QueryPets().Only(ctx))
	s.Got("update")(v.Update().AddAge(1).Save(ctx))
	for _, b := range c.Pet.CreateBulk(c.Pet.Create().SetName("b"), c.Pet.Create().SetName("c")).SaveX(ctx) {
		s.Got("one of a bulk: update")(b.Update().SetOwner(u).Save(ctx))
		s.Got("query")(b.QueryOwner().OnlyID(ctx))
	}
	s.Got("value that is no column")(v.Value("nothing"))
	s.Err("delete", c.Pet.DeleteOne(p).Exec(ctx))
	s.Got("a deleted one: query")(p.QueryOwner().Exist(ctx))
	s.Got("its text stays")(p.String(), nil)
	s.Line("json: %s", s.json(v))
}
