package conformance

import (
	"context"
	stdsql "database/sql"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/doc"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/site"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

func TestCorner(t *testing.T) { runWrites(t, cornerCases) }

// Each of these was once a hole.
var cornerCases = []testCase{
	{"a condition that ends in a comment", "it does not take with it what is added to ent's statement: what is returned, the order, and the lock", func(t *testing.T, e *env) {
		u := e.user("a")
		e.user("b")
		where := func(s *entsql.Selector) { s.Where(entsql.ExprP("age IS NULL OR age < 100 -- all of them")) }
		n, err := e.client.User.Update().Where(user.NameNEQ("c"), where).Modify(setAge(5)).Save(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		e.client.User.Update().Where(where).AddGroups(e.group("g")).ExecX(e.ctx)
		if e.backend.dialect != dialect.SQLite {
			locked := false
			e.probe.fault = func(_ int, call string) error {
				if !locked && strings.HasPrefix(call, "UPDATE ") {
					locked = true
					ctx, cancel := context.WithTimeout(context.Background(), time.Second/2)
					defer cancel()
					require.Error(t, ent.NewClient(ent.Driver(entsql.OpenDB(e.backend.dialect, e.db))).User.UpdateOneID(u.ID).SetAge(3).Exec(ctx), "it waits")
				}
				return nil
			}
			require.NoError(t, e.client.User.Update().Where(where).Modify(setAge(6)).Exec(e.ctx))
			e.probe.fault = nil
			require.True(t, locked)
		}
		err = e.client.User.Update().Where(user.Name("a")).Modify(func(u *entsql.UpdateBuilder) { u.Set("age", entsql.Expr("7 -- seven")) }).Exec(e.ctx)
		require.ErrorContains(t, err, "remove it", "it would take the condition with it, and update all")
		require.False(t, e.client.User.Query().Where(user.Age(7)).ExistX(e.ctx))
		n, err = e.client.User.Delete().Where(user.NameNEQ("c"), where).Exec(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		e.client.Pet.Create().SetName("p").ExecX(e.ctx)
		n, err = e.client.Pet.Delete().Where(func(s *entsql.Selector) { s.Where(entsql.ExprP("name = 'p' -- nothing hangs on it")) }).Exec(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, "delete Pet", brief(e.log(t))[len(e.log(t))-1])
	}},
	{"a condition that a modifier adds", "it leaves rows out, and lets in none that were not read", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		e.client.User.Update().Where(user.Name("b")).SetAge(2).ExecX(e.ctx)
		set := func(p ...*entsql.Predicate) func(*entsql.UpdateBuilder) {
			return func(u *entsql.UpdateBuilder) {
				u.Set("age", entsql.Expr("5"))
				for _, p := range p {
					u.Where(p)
				}
			}
		}
		lets, g := entsql.ExprP("age IS NULL OR age = 2"), e.group("g")
		for _, m := range []func(*entsql.UpdateBuilder){set(lets), set(lets, entsql.NotNull("name")), set(entsql.NotNull("name"), lets)} {
			require.ErrorContains(t, e.client.User.Update().Where(user.Name("a")).Modify(m).Exec(e.ctx), "use sql.Or")
			require.ErrorContains(t, e.client.User.Update().Where(user.Name("a")).AddGroups(g).Modify(m).Exec(e.ctx), "use sql.Or")
			require.ErrorContains(t, e.client.User.UpdateOne(a).Modify(m).Exec(e.ctx), "use sql.Or")
			require.ErrorContains(t, e.client.User.UpdateOne(a).Where(user.Name("a")).Modify(m).Exec(e.ctx), "use sql.Or")
		}
		if e.backend.dialect == dialect.SQLite { // which takes parameters that are not in the statement
			instead := func(u *entsql.UpdateBuilder) { u.Set("age", entsql.Expr("5 WHERE 1 = 1 -- ")) }
			require.ErrorContains(t, e.client.User.Update().Where(user.Name("a")).Modify(instead).Exec(e.ctx), "by the modifier's Where")
			require.ErrorContains(t, e.client.User.UpdateOne(a).Modify(instead).Exec(e.ctx), "by the modifier's Where")
		}
		require.False(t, e.client.User.Query().Where(user.Age(5)).ExistX(e.ctx))
		or := entsql.Or(entsql.IsNull("age"), entsql.EQ("age", 2))
		require.Equal(t, 1, e.client.User.Update().Where(user.Name("a")).Modify(set(or)).SaveX(e.ctx))
		require.Equal(t, 1, e.client.User.Update().Where(user.NameIn("a", "b")).Modify(set(or, entsql.ExprP("name <> 'OR' -- not so"))).SaveX(e.ctx))
		e.client.User.UpdateOne(b).Where(user.Name("b"), user.Age(5)).Modify(set(entsql.EQ("age", 5), entsql.ExprP("(age = 4 OR age = 5)"))).SetName("c").ExecX(e.ctx)
		require.Equal(t, 2, e.client.User.Update().Modify(set(entsql.EQ("age", 5))).SetName("d").SaveX(e.ctx))
		require.Equal(t, 2, e.client.User.Query().Where(user.Age(5), user.Name("d")).CountX(e.ctx))
		p, q := e.client.Pet.Create().SetName("p").SaveX(e.ctx), e.client.Pet.Create().SetName("q").SaveX(e.ctx)
		e.client.User.UpdateOne(a).Modify(set(entsql.EQ("age", 5))).AddPets(p).ExecX(e.ctx) // by an update of pets
		e.client.User.UpdateOne(a).Modify(func(*entsql.UpdateBuilder) {}).AddPets(q).ExecX(e.ctx)
		require.Equal(t, 2, e.client.Pet.Query().Where(pet.HasOwner()).CountX(e.ctx))
	}},
	{"edges without a match", "an update of one entity that sets no column changes its edges although its predicate does not match", func(t *testing.T, e *env) {
		a := e.user("a")
		e.client.Pet.Create().SetName("p").SetOwner(a).ExecX(e.ctx)
		e.client.Card.Create().SetID("c").SetNumber("1").SetOwner(a).ExecX(e.ctx)
		e.client.User.UpdateOneID(a.ID).Where(user.Name("nobody")).ClearPets().ExecX(e.ctx)
		e.client.User.UpdateOneID(a.ID).Where(user.Name("nobody")).ClearCard().ExecX(e.ctx)
		require.Equal(t, []string{"update Pet", "update Card"}, brief(e.log(t)[3:]))
	}},
	{"predicates with more than conditions", "ent's statement takes the conditions alone, and so does the read", func(t *testing.T, e *env) {
		for _, name := range []string{"a", "b", "c"} {
			e.user(name)
		}
		first := func(s *entsql.Selector) { s.Limit(1).OrderBy(s.C("id")) }
		e.client.User.Update().Where(first).SetAge(4).ExecX(e.ctx)
		require.Equal(t, 3, e.client.User.Delete().Where(first).ExecX(e.ctx))
		require.Len(t, e.log(t), 9)
	}},
	{"predicates that are not the same twice", "what is written is what was read", func(t *testing.T, e *env) {
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			e.user(name)
		}
		n := 0
		even := func(s *entsql.Selector) {
			n++
			s.Where(entsql.EQ(s.C("name"), string(rune('a'+n))))
		}
		require.Equal(t, 1, e.client.User.Update().Where(even).SetAge(4).SaveX(e.ctx))
		require.Equal(t, 1, e.client.User.Delete().Where(even).ExecX(e.ctx))
		require.Len(t, e.log(t), 8)
	}},
	{"cascade over an untracked edge", "the tracked row that goes is recorded", func(t *testing.T, e *env) {
		a := e.user("a")
		e.client.Badge.Create().SetText("b").SetUser(a).ExecX(e.ctx)
		e.client.User.DeleteOne(a).ExecX(e.ctx)
		require.Equal(t, "delete Badge", brief(e.log(t))[3])
	}},
	{"cascade by two ways", "a row that is first reached by an edge that does not cascade is followed by the one that does", func(t *testing.T, e *env) {
		p := e.client.Node.Create().SetName("p").SaveX(e.ctx)
		c := e.client.Node.Create().SetName("c").SetParent(p).SetMentor(p).SaveX(e.ctx)
		e.client.Node.Create().SetName("g").SetParent(c).ExecX(e.ctx)
		e.client.Node.DeleteOne(p).ExecX(e.ctx)
		require.Equal(t, []string{"delete Node", "delete Node", "delete Node"}, brief(e.log(t)[3:]))
	}},
	{"a mutation of another client", "it is refused, whether it would be written elsewhere or not", func(t *testing.T, e *env) {
		other := ent.NewClient(ent.Driver(e.driver()))
		u := e.user("a")
		tx := e.begin(t, e.client)
		for _, m := range []ent.Mutation{
			e.client.User.Create().SetName("x").SetEmail("x").Mutation(),
			e.client.User.UpdateOne(u).SetAge(1).Mutation(),
		} {
			for _, c := range []*ent.Client{other, tx.Client()} {
				_, err := c.Mutate(e.ctx, m)
				require.ErrorIs(t, err, sqlaudit.ErrOtherClient)
			}
		}
		_, err := e.client.Debug().Mutate(e.ctx, e.client.User.UpdateOne(u).SetAge(1).Mutation())
		require.NoError(t, err)
		require.NoError(t, tx.Rollback())
		require.Len(t, e.log(t), 2)
	}},
	{"a hook that tries again", "each attempt of an untracked type's mutation is recorded, or refused, as the first", func(t *testing.T, e *env) {
		s := e.client.Site.Create().SetCode("s").SetCity("c").SaveX(e.ctx)
		e.client.Org.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (v ent.Value, err error) {
				for range 3 {
					if v, err = next.Mutate(ctx, m); err == nil {
						break
					}
				}
				return v, err
			})
		})
		o := e.client.Org.Create().SetName("o").AddSites(s).SaveX(e.ctx)
		require.Error(t, e.client.Org.Create().SetName("o").AddSites(s).Exec(e.ctx), "the site has an org")
		require.Equal(t, 1, e.client.Org.Query().CountX(e.ctx))
		require.Equal(t, "null → "+idText(t, o.ID), e.last(t).Change("org"))
	}},
	{"a bare transaction after a failure", "nothing more is written that might not be recorded", func(t *testing.T, e *env) {
		u := e.user("a")
		fail := func(c *ent.Client) error { // JSON has no form for the year 12000
			return c.Doc.Create().SetID("d").SetTitle("t").SetDue(time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)).Exec(e.ctx)
		}
		if e.backend.dialect != dialect.Postgres {
			e.refuseEntries(t)
			fail = func(c *ent.Client) error { return c.Memo.Create().SetText("m").Exec(e.ctx) }
		}
		stdtx, err := e.db.Begin()
		require.NoError(t, err)
		defer func() { _ = stdtx.Rollback() }()
		client := ent.NewClient(ent.Driver(entsql.NewDriver(e.backend.dialect, entsql.Conn{ExecQuerier: stdtx})))
		var we *sqlaudit.WriteError
		require.ErrorAs(t, fail(client), &we)
		require.ErrorIs(t, client.User.UpdateOneID(u.ID).SetAge(2).Exec(e.ctx), sqlaudit.ErrIncomplete)
		require.NoError(t, stdtx.Rollback())
		require.Len(t, e.log(t), 1)
	}},
	{"a client on a connection", "it has transactions, although ent's driver does not", func(t *testing.T, e *env) {
		conn, err := e.db.Conn(e.ctx)
		require.NoError(t, err)
		defer func() { require.NoError(t, conn.Close()) }()
		client := ent.NewClient(ent.Driver(entsql.NewDriver(e.backend.dialect, entsql.Conn{ExecQuerier: conn})))
		client.User.Create().SetName("a").SetEmail("a@x").SaveX(e.ctx).Update().SetAge(1).ExecX(e.ctx)
		require.Len(t, e.log(t), 2)
	}},
	{"a panic within a mutation", "what stays of it cannot be committed", func(t *testing.T, e *env) {
		u := e.user("a")
		tx := e.begin(t, e.client)
		e.probe.reset()
		e.probe.after = true
		e.probe.fault = func(_ int, call string) error {
			if strings.Contains(call, "UPDATE ") {
				panic("boom")
			}
			return nil
		}
		require.Panics(t, func() { _ = tx.User.UpdateOneID(u.ID).SetAge(3).Exec(e.ctx) })
		e.probe.reset()
		require.ErrorIs(t, tx.Commit(), sqlaudit.ErrIncomplete)
	}},
	{"many goroutines in one transaction", "mutations take turns, so that old and new values chain", func(t *testing.T, e *env) {
		e.user("a")
		tx := e.begin(t, e.client)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 10 {
					if err := tx.User.Update().AddAge(1).Exec(e.ctx); err != nil {
						t.Error(err)
					}
					if err := tx.User.Update().SetAge(0).Where(user.AgeIsNil()).Exec(e.ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		require.NoError(t, tx.Commit())
		require.Greater(t, len(e.log(t)), 30)
	}},
	{"a modifier that sets the id", "it is refused: the log names entities by their id", func(t *testing.T, e *env) {
		u := e.user("a")
		require.ErrorContains(t, e.client.User.Update().Modify(func(b *entsql.UpdateBuilder) { b.Set("id", u.ID+100000) }).Exec(e.ctx), "cannot change ids")
	}},
	{"a hook that changes the operation", "the statement that ent makes is what is recorded", func(t *testing.T, e *env) {
		e.user("a")
		e.client.User.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				m.(*ent.UserMutation).SetOp(ent.OpUpdateOne)
				return next.Mutate(ctx, m)
			})
		})
		require.Equal(t, 1, e.client.User.Update().SetAge(3).SaveX(e.ctx))
		require.Len(t, e.log(t), 2)
	}},
	{"a mutation put in the place of another", "one of an untracked type that would change tracked rows is refused", func(t *testing.T, e *env) {
		s := e.client.Site.Create().SetCode("s").SetCity("c").SaveX(e.ctx)
		e.client.Org.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, _ ent.Mutation) (ent.Value, error) {
				return next.Mutate(ctx, e.client.Org.Create().SetName("x").AddSites(s).Mutation())
			})
		})
		require.ErrorIs(t, e.client.Org.Create().SetName("o").Exec(e.ctx), sqlaudit.ErrHookMissing)
	}},
	{"has history, in a statement", "entries of the transaction count, also where the statement is not recorded", func(t *testing.T, e *env) {
		e.inTx(t, func(tx *ent.Tx) {
			tx.User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
			require.Equal(t, 1, tx.User.Update().Where(user.HasHistory()).SetSeen("x").SaveX(e.ctx))
		})
	}},
	{"on and on", "from a type to its history and back, and on from there", func(t *testing.T, e *env) {
		u := e.user("a")
		e.client.Pet.Create().SetName("p").SetOwner(u).ExecX(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: u.ID}))
		q := e.client.User.Query()
		require.Equal(t, 1, q.QueryHistory().QueryUser().QueryHistory().CountX(e.ctx))
		require.Equal(t, 1, q.QueryHistory().QueryUser().QueryPets().CountX(e.ctx))
		require.Equal(t, 1, e.client.Pet.QueryHistory().QueryActor().QueryPets().QueryHistory().CountX(e.ctx))
		require.Equal(t, 1, q.QueryHistory().QueryUser().Where(user.HasHistory()).CountX(e.ctx))
	}},
	{"eager loading of parts", "what leads from an entity to its entries is read in any case", func(t *testing.T, e *env) {
		e.client.Site.Create().SetCode("s").SetCity("c").ExecX(e.ctx)
		s := e.client.Site.Query().WithHistory(func(q *ent.AuditLogQuery) { q.Select(auditlog.FieldAction) }).Select(site.FieldCity).Clone().WithHistory().OnlyX(e.ctx)
		h, err := s.History()
		require.NoError(t, err)
		require.Len(t, h, 1)
		s = e.client.Site.Query().WithHistory(func(q *ent.AuditLogQuery) { q.Select(auditlog.FieldAction) }).OnlyX(e.ctx)
		h, err = s.History()
		require.NoError(t, err)
		require.Equal(t, "create", h[0].Action)
		part := e.client.Site.Query().Select(site.FieldCity).OnlyX(e.ctx)
		_, err = part.QueryHistory().All(e.ctx)
		require.ErrorContains(t, err, "read without it")
	}},
}

// A transaction of PostgreSQL's is over with the statement that fails.
func TestCornerBare(t *testing.T) {
	runWrites(t, []testCase{
		{"it is not known what is in a bare transaction", "the mutation's error says so, since the commit cannot", func(t *testing.T, e *env) {
			a, b := e.user("a"), e.user("b")
			p := e.client.Pet.Create().SetName("p").SetOwner(a).SaveX(e.ctx)
			e.refuseEntries(t)
			stdtx, err := e.db.Begin()
			require.NoError(t, err)
			defer func() { _ = stdtx.Rollback() }()
			client := ent.NewClient(ent.Driver(entsql.NewDriver(e.backend.dialect, entsql.Conn{ExecQuerier: stdtx})))
			err = client.User.UpdateOneID(b.ID).SetAge(9).AddPets(p).Exec(e.ctx)
			require.True(t, ent.IsConstraintError(err), err)
			require.ErrorIs(t, err, sqlaudit.ErrIncomplete)
			require.NoError(t, stdtx.Rollback())
		}},
	}, dialect.SQLite, dialect.MySQL)
}

// What only some of the databases do is tested there alone, and does not count as passed elsewhere.

// Where the driver writes arguments into its statements, MariaDB gives six digits of a FLOAT, to ent as to the log.
func TestFloatInText(t *testing.T) {
	b := on(testdb.MariaDB)
	b.open = func(t testing.TB) *stdsql.DB {
		return testdb.MariaDB.Open(t, testdb.Params{"interpolateParams": "true"})
	}
	runOn(t, []backend{b}, []testCase{{"a FLOAT", "in the log as ent reads it", func(t *testing.T, e *env) {
		testdb.Exec(t, e.db, "ALTER TABLE docs MODIFY score FLOAT")
		defer testdb.Exec(t, e.db, "ALTER TABLE docs MODIFY score DOUBLE")
		e.client.Doc.Create().SetID("a").SetTitle("a").SetScore(16777.217).ExecX(e.ctx)
		e.client.Doc.Update().SetTitle("c").ExecX(e.ctx)
		require.Equal(t, 16777.2, e.client.Doc.GetX(e.ctx, "a").Score)
		require.Equal(t, " → 16777.2", e.log(t)[0].Change("score"))
		require.Equal(t, " → ", e.log(t)[1].Change("score"))
		e.client.Doc.Delete().ExecX(e.ctx)
		require.Equal(t, "16777.2 → ", e.last(t).Change("score"))
	}}})
}

// PostgreSQL ignores the statements of a transaction that has failed, and SQLite has no deadlocks.
func TestCornerMariaDB(t *testing.T) { runWrites(t, mariadbCases, dialect.MySQL) }

var mariadbCases = []testCase{
	{"a FLOAT", "has all its digits, also where a statement has no arguments", func(t *testing.T, e *env) {
		testdb.Exec(t, e.db, "ALTER TABLE docs MODIFY score FLOAT DEFAULT 16777.217")
		defer testdb.Exec(t, e.db, "ALTER TABLE docs MODIFY score DOUBLE")
		e.client.Doc.Create().SetID("a").SetTitle("a").SetScore(16777.217).ExecX(e.ctx)
		e.client.Doc.Create().SetID("b").SetTitle("b").ExecX(e.ctx) // by the default
		e.client.Doc.Update().ClearTags().ExecX(e.ctx)
		e.client.Doc.Update().SetTitle("c").ExecX(e.ctx)
		e.client.Doc.Update().Where(doc.TagsIsNil()).SetTitle("d").ExecX(e.ctx)
		require.NoError(t, e.client.Doc.Update().Modify(func(u *entsql.UpdateBuilder) { u.Set("doc_title", entsql.Expr("'e'")) }).Exec(e.ctx))
		report, err := sqlaudit.Reconcile(e.ctx, e.client, sqlaudit.Types("Doc"))
		require.NoError(t, err)
		require.Empty(t, report.Differences)
		e.client.Doc.Delete().ExecX(e.ctx)
		var changes []string
		for _, entry := range e.log(t) {
			if c := entry.Change("score"); c != " → " {
				changes = append(changes, c)
			}
		}
		require.Equal(t, []string{" → 16777.217", " → 16777.217", "16777.217 → ", "16777.217 → "}, changes)
	}},
	{"a deadlock that is ignored", "MariaDB has rolled the transaction back: nothing more goes through it", func(t *testing.T, e *env) {
		a, b, c := e.user("a"), e.user("b"), e.user("c")
		light, heavy := e.begin(t, e.client), e.begin(t, e.client)
		heavy.Twin.MapCreateBulk(make([]int, 50), func(c *ent.TwinCreate, _ int) { c.SetName("n") }).ExecX(e.ctx)
		light.User.UpdateOneID(a.ID).SetAge(1).ExecX(e.ctx)
		heavy.User.UpdateOneID(b.ID).SetAge(1).ExecX(e.ctx)
		done := make(chan error, 1)
		go func() { done <- light.User.UpdateOneID(b.ID).SetAge(2).Exec(e.ctx) }()
		e.awaitLock(t)
		require.NoError(t, heavy.User.UpdateOneID(a.ID).SetAge(2).Exec(e.ctx))
		require.ErrorContains(t, <-done, "1213")
		require.ErrorContains(t, light.User.UpdateOneID(c.ID).SetAge(9).Exec(e.ctx), "1213")
		require.NoError(t, heavy.Commit())
		require.ErrorIs(t, light.Commit(), sqlaudit.ErrIncomplete)
	}},
}

// The others lock rows in one strength.
func TestCornerPostgres(t *testing.T) { runWrites(t, postgresCases, dialect.Postgres) }

var postgresCases = []testCase{
	{"no deadlock of our making", "rows are locked as PostgreSQL's own update locks them", func(t *testing.T, e *env) {
		u := e.user("a")
		tx := e.begin(t, e.client)
		tx.Pet.Create().SetName("p").SetOwner(u).ExecX(e.ctx) // a foreign key's share lock on the user
		done := make(chan error, 1)
		go func() { done <- e.client.User.UpdateOneID(u.ID).SetEmail("new").Exec(e.ctx) }()
		e.awaitLock(t)
		require.NoError(t, tx.User.UpdateOneID(u.ID).SetAge(1).Exec(e.ctx))
		require.NoError(t, tx.Commit())
		require.NoError(t, <-done)
		require.Equal(t, "null → 1", e.log(t)[2].Change("age"))
	}},
}

// On SQLite a write on an old snapshot fails, with or without auditing.
func TestSnapshot(t *testing.T) { runWrites(t, snapshotCases, dialect.Postgres, dialect.MySQL) }

var snapshotCases = []testCase{
	{"a snapshot older than the row", "what another transaction changed in between is not taken for this one's change", func(t *testing.T, e *env) {
		u := e.user("a")
		tx := e.begin(t, e.client)
		tx.User.Query().CountX(e.ctx) // takes the snapshot, on MariaDB
		e.client.User.UpdateOneID(u.ID).SetAge(5).ExecX(e.ctx)
		tx.User.Update().SetName("a").ExecX(e.ctx) // changes nothing
		tx.User.Update().SetNick("n").ExecX(e.ctx)
		require.NoError(t, tx.Commit())
		require.Equal(t, []string{"create User", "update User", "update User"}, brief(e.log(t)))
		require.Equal(t, `null → "n"`, e.last(t).Change("nick"))
	}},
	{"a snapshot older than the row that an update names", "nor where ent's own read says what became of it", func(t *testing.T, e *env) {
		u := e.user("a")
		tx := e.begin(t, e.client)
		tx.User.Query().CountX(e.ctx)
		e.client.User.UpdateOneID(u.ID).SetAge(5).ExecX(e.ctx)
		require.Equal(t, 5, tx.User.UpdateOneID(u.ID).SetName("a").SaveX(e.ctx).Age) // changes nothing
		tx.User.UpdateOneID(u.ID).SetNick("n").ExecX(e.ctx)
		require.NoError(t, tx.Commit())
		require.Equal(t, []string{"create User", "update User", "update User"}, brief(e.log(t)))
		require.Equal(t, `null → "n"`, e.last(t).Change("nick"))
	}},
}

// awaitLock returns when a transaction waits for another's lock in the suite's own schema or database: others may be waiting elsewhere on the same server.
func (e *env) awaitLock(t *testing.T) {
	t.Helper()
	query := map[string]string{
		dialect.Postgres: "SELECT count(*) FROM pg_stat_activity AS a, unnest(pg_blocking_pids(a.pid)) AS b (pid) JOIN pg_locks AS l ON l.pid = b.pid " +
			"JOIN pg_class AS c ON c.oid = l.relation WHERE a.wait_event_type = 'Lock' AND c.relnamespace = current_schema()::regnamespace",
		dialect.MySQL: "SELECT count(*) FROM information_schema.innodb_trx JOIN information_schema.processlist AS p ON p.id = trx_mysql_thread_id " +
			"WHERE trx_state = 'LOCK WAIT' AND p.db = DATABASE()",
	}[e.backend.dialect]
	require.Eventually(t, func() bool {
		var n int
		return e.db.QueryRow(query).Scan(&n) == nil && n > 0
	}, 20*time.Second, 200*time.Millisecond) // InnoDB does not renew what it shows while it is read more often than every 100 ms
}
