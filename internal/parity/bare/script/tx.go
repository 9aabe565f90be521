package script

import (
	"context"
	stdsql "database/sql"
	"errors"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/user"
)

var txScenes = []scene{
	{"transactions", "commit, rollback, what is seen in between, and what comes after", transactions},
	{"transaction hooks", "OnCommit and OnRollback: order, errors, changes in them", transactionHooks},
	{"errors in a transaction", "what goes on after a mutation that fails", errorsInTx},
	{"transaction options", "isolation, read only, and what is refused", txOptions},
	{"unwrap", "entities and edges after their transaction", unwrap},
	{"bare transaction", "a client on a *sql.Tx or a *sql.Conn", bareTransaction},
	{"exec and query", "raw statements, in a transaction and outside", execQuery},
	{"locks", "FOR UPDATE and FOR SHARE", locks},
	{"optimistic lock", "an update on the condition of a version", optimisticLock},
}

func transactions(s *Script) {
	c, ctx := s.Client, s.Ctx
	tx := s.Begin()
	u := tx.User.Create().SetName("a").SetEmail("a").SaveX(ctx)
	s.Got("within")(tx.User.Query().Count(ctx))
	s.Got("go on")(u.Update().SetAge(1).AddPets(tx.Pet.Create().SetName("p").SaveX(ctx)).Save(ctx))
	s.Got("edges")(u.QueryPets().Only(ctx))
	s.Err("rollback", tx.Rollback())
	s.Err("rollback again", tx.Rollback())
	s.Err("commit after a rollback", tx.Commit())
	s.Got("nothing is left")(c.User.Query().Count(ctx))
	s.Got("a mutation after the end")(tx.User.Create().SetName("b").SetEmail("b").Save(ctx))
	s.Got("an update after the end")(tx.User.Update().SetAge(1).Save(ctx))
	s.Got("a query after the end")(tx.User.Query().Count(ctx))
	tx = s.Begin()
	tx.User.Create().SetName("a").SetEmail("a").SetAge(4).ExecX(ctx)
	tx.User.Update().AddAge(1).ExecX(ctx)
	tx.User.CreateBulk(tx.User.Create().SetName("b").SetEmail("b")).ExecX(ctx)
	s.Got("delete within")(tx.User.Delete().Where(user.Name("b")).Exec(ctx))
	s.Err("commit", tx.Commit())
	s.Err("commit again", tx.Commit())
	s.Err("rollback after a commit", tx.Rollback())
	s.Got("left")(c.User.Query().All(ctx))
	tx = s.Begin()
	_, err := tx.Client().Tx(ctx)
	s.Err("a transaction in a transaction", err)
	s.Value("is it that error", errors.Is(err, ent.ErrTxStarted))
	s.Err("an empty commit", tx.Commit())
	s.Panics("a panic", func() {
		tx := s.Begin()
		defer func() { s.Err("rollback", tx.Rollback()) }()
		tx.User.Update().SetAge(99).ExecX(ctx)
		panic("in between")
	})
	from := ent.NewTxContext(ctx, tx)
	s.Value("from a context", ent.TxFromContext(from) == tx)
	s.Got("left")(c.User.Query().All(ctx))
}

func transactionHooks(s *Script) {
	c, ctx := s.Client, s.Ctx
	commit := func(name string, before, after error) ent.CommitHook {
		return func(next ent.Committer) ent.Committer {
			return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
				s.Line("%s", name)
				if before != nil {
					return before
				}
				err := next.Commit(ctx, tx)
				s.Err(name+" ends", err)
				return errors.Join(err, after)
			})
		}
	}
	tx := s.Begin()
	tx.OnCommit(commit("first", nil, nil))
	tx.OnCommit(commit("second", nil, nil))
	tx.OnRollback(func(next ent.Rollbacker) ent.Rollbacker {
		return ent.RollbackFunc(func(ctx context.Context, tx *ent.Tx) error {
			err := next.Rollback(ctx, tx)
			s.Err("rolled back", err)
			return err
		})
	})
	tx.Tag.Create().SetKey("untracked").ExecX(ctx)
	tx.Pet.Create().SetName("p").ExecX(ctx)
	s.Err("commit", tx.Commit())
	s.Err("rollback", tx.Rollback())

	tx = s.Begin()
	tx.OnCommit(commit("refuses", errors.New("no"), nil))
	tx.Pet.Create().SetName("never").ExecX(ctx)
	s.Err("commit", tx.Commit())
	s.Err("rollback", tx.Rollback())

	tx = s.Begin()
	tx.OnCommit(commit("fails late", nil, errors.New("late")))
	tx.Pet.Create().SetName("kept").ExecX(ctx)
	s.Err("commit", tx.Commit())

	tx = s.Begin()
	tx.OnCommit(func(next ent.Committer) ent.Committer {
		return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
			s.Got("in a commit")(tx.Pet.Create().SetName("last").Save(s.Ctx))
			s.Got("sees")(tx.Pet.Query().Count(s.Ctx))
			return next.Commit(ctx, tx)
		})
	})
	s.Err("commit", tx.Commit())
	s.Got("pets")(c.Pet.Query().Order(pet.ByID()).Select(pet.FieldName).Strings(ctx))

	tx = s.Begin()
	hook := func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			mtx, err := m.(*ent.PetMutation).Tx()
			s.Err("transaction of the mutation", err)
			if err == nil {
				mtx.OnCommit(commit("by a mutation", nil, nil))
			}
			return next.Mutate(ctx, m)
		})
	}
	c.Pet.Use(hook)
	tx.Pet.Use(hook)
	tx.Pet.Create().SetName("q").ExecX(ctx)
	s.Err("commit", tx.Commit())
	s.Got("outside")(c.Pet.Create().SetName("r").Save(ctx))
}

func errorsInTx(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	p := c.Pet.Create().SetName("p").SetOwner(us[0]).SaveX(ctx)
	tries := []struct {
		name string
		do   func(*ent.Tx) error
	}{
		{"validation", func(tx *ent.Tx) error { return tx.User.Create().SetName("").Exec(ctx) }},
		{"unique", func(tx *ent.Tx) error { return tx.User.Create().SetName("c").SetEmail(us[0].Email).Exec(ctx) }},
		{"unique update", func(tx *ent.Tx) error { return tx.User.UpdateOneID(us[1].ID).SetEmail(us[0].Email).Exec(ctx) }},
		{"half done", func(tx *ent.Tx) error { return tx.User.UpdateOneID(us[1].ID).SetAge(9).AddPets(p).Exec(ctx) }},
		{"half created", func(tx *ent.Tx) error { return tx.User.Create().SetName("d").SetEmail("d").AddPets(p).Exec(ctx) }},
		{"foreign key", func(tx *ent.Tx) error { return tx.Pet.UpdateOneID(p.ID).SetOwnerID(99).Exec(ctx) }},
		{"not found", func(tx *ent.Tx) error { return tx.User.UpdateOneID(99).SetAge(1).Exec(ctx) }},
		{"bulk", func(tx *ent.Tx) error {
			return tx.User.CreateBulk(tx.User.Create().SetName("e").SetEmail("e"), tx.User.Create().SetName("f").SetEmail("e")).Exec(ctx)
		}},
	}
	for _, try := range tries {
		tx := s.Begin()
		tx.Pet.Create().SetName(try.name).ExecX(ctx)
		s.Err(try.name, try.do(tx))
		s.Got(try.name + ", then")(tx.Pet.UpdateOneID(p.ID).AddWeight(1).Save(ctx))
		s.Err(try.name+", commit", tx.Commit())
		s.Got(try.name + ", pets")(c.Pet.Query().Order(pet.ByID()).Select(pet.FieldName).Strings(ctx))
		s.Got(try.name + ", users")(c.User.Query().Order(user.ByID()).All(ctx))
	}
	tx := s.Begin()
	tx.Pet.Create().SetName("before").ExecX(ctx)
	s.raw("savepoint", tx, "SAVEPOINT s")
	s.Err("fails", tx.User.Create().SetName("c").SetEmail(us[0].Email).Exec(ctx))
	s.raw("back to it", tx, "ROLLBACK TO SAVEPOINT s")
	s.Got("go on")(tx.Pet.Create().SetName("after").Save(ctx))
	s.Err("commit", tx.Commit())
}

// raw executes a statement in a transaction.
func (s *Script) raw(what string, tx *ent.Tx, query string, args ...any) {
	res, err := tx.ExecContext(s.Ctx, query, args...)
	s.Err(what, err)
	if err == nil {
		n, err := res.RowsAffected()
		s.Got(what+", rows")(n, err)
	}
}

func txOptions(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	tx, err := c.BeginTx(ctx, &stdsql.TxOptions{Isolation: stdsql.LevelSerializable})
	s.Err("serializable", err)
	if err == nil {
		s.Got("update")(tx.User.UpdateOne(u).SetAge(1).Save(ctx))
		s.Err("commit", tx.Commit())
	}
	tx, err = c.BeginTx(ctx, &stdsql.TxOptions{ReadOnly: true})
	s.Err("read only", err)
	if err == nil {
		s.Got("query")(tx.User.Query().Count(ctx))
		if s.Dialect != dialect.SQLite { // whose driver lets such a transaction write
			s.Got("update")(tx.User.UpdateOneID(u.ID).SetAge(2).Save(ctx))
			s.Got("update many")(tx.Client().User.Update().SetAge(2).Save(ctx))
			s.Got("delete")(tx.Client().User.Delete().Exec(ctx))
			s.Got("create")(tx.Pet.Create().SetName("p").Save(ctx))
		}
		s.Err("rollback", tx.Rollback())
	}
	_, err = c.BeginTx(ctx, &stdsql.TxOptions{Isolation: stdsql.LevelLinearizable})
	s.Err("unknown isolation", err)
	s.Got("read")(c.User.Query().All(ctx))
}

func unwrap(s *Script) {
	c, ctx := s.Client, s.Ctx
	tx := s.Begin()
	u := tx.User.Create().SetName("a").SetEmail("a").SaveX(ctx)
	p := tx.Pet.Create().SetName("p").SetOwner(u).SaveX(ctx)
	loaded := tx.User.Query().WithPets().OnlyX(ctx)
	s.Err("commit", tx.Commit())
	s.Got("without")(u.Update().SetAge(1).Save(ctx))
	s.Got("query without")(u.QueryPets().All(ctx))
	s.Got("update with")(u.Unwrap().Update().SetAge(1).Save(ctx))
	s.Got("query with")(p.Unwrap().QueryOwner().Only(ctx))
	s.Got("loaded")(loaded.Unwrap().Edges.PetsOrErr())
	s.Panics("twice", func() { u.Unwrap() })
	s.Panics("of another", func() { c.User.Query().OnlyX(ctx).Unwrap() })
	s.Err("delete", c.Pet.DeleteOne(p).Exec(ctx))
}

// bareTransaction makes only what is one statement of ent's: for others ent begins a transaction, which panics on such a client. With
// auditing it does not, and nobody will miss that.
func bareTransaction(s *Script) {
	ctx := s.Ctx
	for _, end := range []string{"commit", "rollback"} {
		stdtx, err := s.DB.BeginTx(ctx, nil)
		s.Err("begin", err)
		c := ent.NewClient(ent.Driver(sql.NewDriver(s.Dialect, sql.Conn{ExecQuerier: stdtx})))
		u := c.User.Create().SetName(end).SetEmail(end).SaveX(ctx)
		s.Got("update many")(c.User.Update().AddAge(1).Save(ctx))
		s.Got("bulk")(c.Pet.CreateBulk(c.Pet.Create().SetName("q").SetOwner(u), c.Pet.Create().SetName("r")).Save(ctx))
		s.Got("delete")(c.Pet.Delete().Where(pet.Name("r")).Exec(ctx))
		s.Err("delete one", c.Pet.DeleteOneID(99).Exec(ctx))
		s.Got("query")(c.User.Query().WithPets().Where(user.Name(end)).Only(ctx))
		if end == "commit" {
			s.Err(end, stdtx.Commit())
		} else {
			s.Err(end, stdtx.Rollback())
		}
	}
	conn, err := s.DB.Conn(ctx)
	s.Err("connection", err)
	defer func() { s.Err("close", conn.Close()) }()
	c := ent.NewClient(ent.Driver(sql.NewDriver(s.Dialect, sql.Conn{ExecQuerier: conn})))
	s.Got("on a connection: create")(c.Pet.Create().SetName("c").Save(ctx))
	s.Got("on a connection: query")(c.Pet.Query().Order(pet.ByID()).All(ctx))
}

func execQuery(s *Script) {
	c, ctx := s.Client, s.Ctx
	s.users("a", "b")
	res, err := c.ExecContext(ctx, "UPDATE users SET age = 5")
	s.Err("exec", err)
	s.Got("rows")(res.RowsAffected())
	s.Got("query")(gather(c.QueryContext(ctx, "SELECT name FROM users ORDER BY id")))
	_, err = c.ExecContext(ctx, "UPDATE nothing SET age = 5")
	s.Err("exec of nonsense", err)
	s.Got("query of nonsense")(gather(c.QueryContext(ctx, "SELECT nothing FROM users")))
	tx := s.Begin()
	s.raw("within", tx, "UPDATE users SET age = 6 WHERE name = 'a'")
	s.Got("seen by ent")(tx.User.Query().Where(user.Age(6)).Count(ctx))
	s.Got("and by updates")(tx.User.Update().Where(user.Age(6)).AddAge(1).Save(ctx))
	s.Got("query")(gather(tx.QueryContext(ctx, "SELECT name FROM users WHERE age = 7")))
	s.Err("rollback", tx.Rollback())
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}

// gather returns the texts of the rows of a query, and closes them.
func gather(rows *stdsql.Rows, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}

func locks(s *Script) {
	ctx := s.Ctx
	u := s.user("a")
	s.Got("outside a transaction")(s.Client.User.Query().ForUpdate().All(ctx))
	s.InTx(func(tx *ent.Tx) {
		s.Got("for update")(tx.User.Query().Where(user.ID(u.ID)).ForUpdate().Only(ctx))
		s.Got("for share")(tx.User.Query().ForShare().All(ctx))
		s.Got("update")(tx.User.UpdateOneID(u.ID).SetAge(1).Save(ctx))
		s.Got("for update, after it")(tx.User.Query().ForUpdate().WithPets().Only(ctx))
	})
}

func optimisticLock(s *Script) {
	c, ctx := s.Client, s.Ctx
	v := c.Task.Create().SetTitle(" t ").SaveX(ctx)
	s.Value("created", v)
	next, err := v.Update().SetVersion(v.Version).SetPoints(1).Save(ctx)
	s.Got("first")(next, err)
	s.Got("stale")(v.Update().SetVersion(v.Version).SetPoints(2).Save(ctx))
	s.Got("fresh")(next.Update().SetVersion(next.Version).AddPoints(5).Save(ctx))
	s.Got("refused by a hook")(next.Update().SetTitle("veto").Save(ctx))
	s.Got("many are not counted")(c.Task.Update().SetTitle(" many ").Save(ctx))
	s.Got("delete of many is refused")(c.Task.Delete().Exec(ctx))
	s.InTx(func(tx *ent.Tx) {
		one := tx.Task.GetX(ctx, v.ID)
		s.Got("in a transaction")(one.Update().SetVersion(one.Version).SetPoints(7).Save(ctx))
		s.Got("stale in it")(one.Update().SetVersion(one.Version).SetPoints(8).Save(ctx))
	})
	s.Got("read")(c.Task.Query().Only(ctx))
	s.Err("delete", c.Task.DeleteOne(v).Exec(ctx))
}
