package conformance

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	entfield "entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	bare "github.com/sqlaudit/sqlaudit/internal/storm/bare/ent" // the same types of users, pets and groups, without the extension
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// What follows are upserts that ent makes without this library, and that are to be no others with it: each case has ent alone do it first.

// bare returns a client of the same users, pets and groups without the extension.
func (e *env) bare() *bare.Client {
	return bare.NewClient(bare.Driver(sql.OpenDB(e.backend.dialect, e.db)))
}

// upsertAlone upserts rows of a table as ent does it without the extension.
func upsertAlone(ctx context.Context, drv dialect.Driver, table string, rows []map[string]any, opts ...sql.ConflictOption) error {
	batch := &sqlgraph.BatchCreateSpec{OnConflict: opts}
	for _, r := range rows {
		s := sqlgraph.NewCreateSpec(table, sqlgraph.NewFieldSpec("id", entfield.TypeInt))
		for c, v := range r {
			s.SetField(c, entfield.TypeString, v)
		}
		batch.Nodes = append(batch.Nodes, s)
	}
	if len(rows) == 1 {
		batch.Nodes[0].OnConflict = opts
		return sqlgraph.CreateNode(ctx, drv, batch.Nodes[0])
	}
	return sqlgraph.BatchCreate(ctx, drv, batch)
}

// bareUpsert upserts rows of a table so, and takes that back.
func bareUpsert(t *testing.T, e *keysEnv, table string, rows []map[string]any, opts ...sql.ConflictOption) {
	t.Helper()
	name := e.backend.dialect
	tx, err := sql.OpenDB(name, e.db).Tx(e.ctx)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	require.NoError(t, upsertAlone(e.ctx, onTx{tx, name}, table, rows, opts...), "bare ent")
}

// onTx is a driver that writes in a transaction.
type onTx struct {
	dialect.ExecQuerier
	name string
}

func (d onTx) Dialect() string                        { return d.name }
func (d onTx) Close() error                           { return nil }
func (d onTx) Tx(context.Context) (dialect.Tx, error) { return dialect.NopTx(d), nil }

// A row with a composite id that another transaction has inserted since is not recorded as this one's.
func TestUpsertComposite(t *testing.T) {
	runWrites(t, []testCase{
		{"in a transaction", "its insert does nothing", func(t *testing.T, e *env) {
			p, tag := e.client.Post.Create().SetTitle("p").SaveX(e.ctx), e.client.Tag.Create().SetID("t").SaveX(e.ctx)
			e.interleave(t, "INSERT INTO \"taggings\"", func(c *ent.Client) {
				c.Tagging.Create().SetPost(p).SetTag(tag).SetWeight(1).ExecX(context.Background())
			})
			e.inTx(t, func(tx *ent.Tx) {
				tx.Tagging.Create().SetPost(p).SetTag(tag).SetWeight(2).OnConflictColumns("post_id", "tag_id").DoNothing().ExecX(e.ctx)
			})
			require.Equal(t, []string{"create Tagging", "update Post", "update Tag"}, brief(e.log(t)[2:]))
		}},
		{"bulk", "the other row is inserted", func(t *testing.T, e *env) {
			p, tag, u := e.client.Post.Create().SetTitle("p").SaveX(e.ctx), e.client.Tag.Create().SetID("t").SaveX(e.ctx), e.client.Tag.Create().SetID("u").SaveX(e.ctx)
			e.interleave(t, "INSERT INTO \"taggings\"", func(c *ent.Client) {
				c.Tagging.Create().SetPost(p).SetTag(tag).SetWeight(1).ExecX(context.Background())
			})
			e.client.Tagging.CreateBulk(
				e.client.Tagging.Create().SetPost(p).SetTag(tag).SetWeight(2), e.client.Tagging.Create().SetPost(p).SetTag(u).SetWeight(2),
			).OnConflictColumns("post_id", "tag_id").DoNothing().ExecX(e.ctx)
			require.Equal(t, 2, e.client.AuditLog.Query().Where(auditlog.ResourceType("Tagging")).CountX(e.ctx))
		}},
	}, dialect.Postgres)
}

// What a user writes into a condition of the key does not hide that the insert may update.
func TestUpsertConflictWhere(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		texts := []string{"TRUE /* it's all of them */", "TRUE /* :) */", "TRUE -- don't\n"}
		if e.backend.dialect == dialect.Postgres {
			texts = append(texts, `b IS DISTINCT FROM E'it\'s'`, `b IS DISTINCT FROM $$it's$$`)
		}
		for _, text := range texts {
			t.Run(text, func(t *testing.T) {
				testdb.Exec(t, e.db, "DELETE FROM numbers")
				testdb.Exec(t, e.db, "DELETE FROM audit_logs")
				e.client.Number.Create().SetHits(1).ExecX(e.ctx) // a is filled by the database
				opts := []sql.ConflictOption{sql.ConflictColumns("a"), sql.ConflictWhere(sql.ExprP(text)), sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("hits", 2) })}
				bareUpsert(t, e, "numbers", []map[string]any{{"hits": 2}}, opts...)
				require.NoError(t, e.client.Number.Create().SetHits(2).OnConflict(opts...).Exec(e.ctx))
				require.Equal(t, []string{"create Number", "update Number"}, e.log(t))
			})
		}
		testdb.Exec(t, e.db, "DELETE FROM numbers")
		testdb.Exec(t, e.db, "DELETE FROM audit_logs")
	}, dialect.Postgres, dialect.SQLite)
}

// What stands in a comment, or in dollars, is no parameter.
func TestUpsertComments(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		text := "TRUE /* all of them? really? all? */"
		if e.backend.dialect == dialect.Postgres {
			text = "b IS DISTINCT FROM $$its$$"
		}
		e.client.Number.Create().SetHits(1).ExecX(e.ctx)
		opts := []sql.ConflictOption{sql.ConflictColumns("a"), sql.ConflictWhere(sql.ExprP(text)), sql.ResolveWith(func(u *sql.UpdateSet) { u.SetExcluded("hits") })}
		bareUpsert(t, e, "numbers", []map[string]any{{"hits": 2}}, opts...)
		require.NotPanics(t, func() { require.NoError(t, e.client.Number.Create().SetHits(2).OnConflict(opts...).Exec(e.ctx)) })
	}, dialect.Postgres, dialect.SQLite)
}

// Nor does anything else that ends what the library adds, in what is set or in the condition of the update.
func TestUpsertExpressions(t *testing.T) {
	runWrites(t, []testCase{{"texts", "as ent alone has them", func(t *testing.T, e *env) {
		texts := []string{"TRUE /* it's all of them */", "TRUE /* :) */", "TRUE /* a WHERE b */", "TRUE -- don't\n"}
		if e.backend.dialect == dialect.Postgres {
			texts = append(texts, `users.name <> E'it\'s'`, `users.name <> $$it's$$`, `users.name <> $$x WHERE y$$`)
		}
		for _, text := range texts {
			for where, opts := range map[string][]sql.ConflictOption{
				"set":   {sql.ConflictColumns("email"), sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("age", sql.Expr(" 1 + CASE WHEN "+text+" THEN 1 ELSE 2 END")) })},
				"where": {sql.ConflictColumns("email"), sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("age", 1) }), sql.UpdateWhere(sql.ExprP(text))},
			} {
				t.Run(where+" "+text, func(t *testing.T) {
					testdb.Exec(t, e.db, "DELETE FROM users")
					testdb.Exec(t, e.db, "DELETE FROM audit_logs")
					require.NoError(t, e.bare().User.Create().SetName("a").SetEmail("bare").Exec(e.ctx))
					require.NoError(t, e.bare().User.Create().SetName("b").SetEmail("bare").OnConflict(opts...).Exec(e.ctx), "bare ent")
					testdb.Exec(t, e.db, "DELETE FROM users")
					e.client.User.Create().SetName("a").SetEmail("k").ExecX(e.ctx)
					require.NoError(t, e.client.User.Create().SetName("b").SetEmail("k").OnConflict(opts...).Exec(e.ctx))
				})
			}
		}
	}}}, dialect.Postgres, dialect.SQLite)
}

// Several that upsert the same new key at once wait for one another, and do not deadlock.
func TestUpsertSameNewKey(t *testing.T) {
	const writers, rounds = 8, 20
	race := func(t *testing.T, do func(email string) error) (failed int) {
		t.Helper()
		var mu sync.Mutex
		texts := map[string]int{}
		for r := range rounds {
			var wg sync.WaitGroup
			for range writers {
				wg.Add(1)
				go func() {
					defer wg.Done()
					if err := do(fmt.Sprint(r)); err != nil {
						mu.Lock()
						defer mu.Unlock()
						texts[err.Error()]++
						failed++
					}
				}()
			}
			wg.Wait()
		}
		t.Log(texts)
		return failed
	}
	for _, own := range []bool{true, false} {
		runWrites(t, []testCase{{fmt.Sprint("alone ", own), "and in transactions of the user's", func(t *testing.T, e *env) {
			b := e.bare()
			require.Zero(t, race(t, func(email string) error {
				tx, err := b.Tx(e.ctx)
				if err != nil {
					return err
				}
				defer func() { _ = tx.Rollback() }()
				if err := tx.User.Create().SetName("n").SetEmail(email).SetAge(0).OnConflictColumns("email").Update(func(u *bare.UserUpsert) { u.AddAge(1) }).Exec(e.ctx); err != nil {
					return err
				}
				return tx.Commit()
			}), "bare ent")
			testdb.Exec(t, e.db, "DELETE FROM users")
			require.Zero(t, race(t, func(email string) error {
				upsert := func(c *ent.UserClient) error {
					return c.Create().SetName("n").SetEmail(email).SetAge(0).OnConflictColumns("email").Update(func(u *ent.UserUpsert) { u.AddAge(1) }).Exec(e.ctx)
				}
				if own {
					return upsert(e.client.User)
				}
				tx, err := e.client.Tx(e.ctx)
				if err != nil {
					return err
				}
				defer func() { _ = tx.Rollback() }()
				if err := upsert(tx.User); err != nil {
					return err
				}
				return tx.Commit()
			}), "audited")
		}}}, dialect.MySQL)
	}
}

// At SERIALIZABLE a read locks the gap where a row is to be: two that upsert other new keys do not meet there.
func TestUpsertSerializable(t *testing.T) {
	runWrites(t, []testCase{{"two new keys", "one after the other, while both transactions are open", func(t *testing.T, e *env) {
		ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
		defer cancel()
		opts := &sql.TxOptions{Isolation: stdsql.LevelSerializable}
		b := e.bare()
		one, err := b.BeginTx(ctx, opts)
		require.NoError(t, err)
		two, err := b.BeginTx(ctx, opts)
		require.NoError(t, err)
		require.NoError(t, one.User.Create().SetName("n").SetEmail("b1").OnConflictColumns("email").UpdateNewValues().Exec(ctx), "bare ent")
		require.NoError(t, two.User.Create().SetName("n").SetEmail("b2").OnConflictColumns("email").UpdateNewValues().Exec(ctx), "bare ent")
		require.NoError(t, one.Rollback())
		require.NoError(t, two.Rollback())

		upsert := func(c *ent.Client, email string) {
			tx, err := c.BeginTx(ctx, opts)
			require.NoError(t, err)
			defer func() { _ = tx.Rollback() }()
			require.NoError(t, tx.User.Create().SetName("n").SetEmail(email).OnConflictColumns("email").UpdateNewValues().Exec(ctx))
			require.NoError(t, tx.Commit())
		}
		e.interleave(t, "INSERT INTO `users`", func(c *ent.Client) { upsert(c, "a2") })
		upsert(e.client, "a1")
		upsert(e.client, "a1") // which is there by now
	}}}, dialect.MySQL)
}

// Rows are locked as PostgreSQL's own upsert locks them: one that sets no key of theirs does not wait for what refers to them, and one that does nothing for nothing.
func TestUpsertLocks(t *testing.T) {
	runWrites(t, []testCase{{"a row that another transaction refers to", "", func(t *testing.T, e *env) {
		u := e.user("k")
		tx, other := e.begin(t, e.client), e.begin(t, e.client)
		tx.Pet.Create().SetName("p").SetOwner(u).ExecX(e.ctx) // FOR KEY SHARE of the user
		ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
		defer cancel()
		b := e.bare().User.Create().SetName("b").SetEmail(u.Email)
		require.NoError(t, b.OnConflictColumns("email").Update(func(u *bare.UserUpsert) { u.SetIgnore("age") }).Exec(ctx), "bare ent")
		require.ErrorIs(t, b.OnConflictColumns("email").DoNothing().Exec(ctx), stdsql.ErrNoRows, "bare ent")
		require.NoError(t, e.client.User.Create().SetName("b").SetEmail(u.Email).OnConflictColumns("email").Update(func(u *ent.UserUpsert) { u.SetAge(1) }).Exec(ctx))
		require.ErrorIs(t, other.User.Create().SetName("b").SetEmail(u.Email).OnConflictColumns("email").DoNothing().Exec(ctx), stdsql.ErrNoRows)
		require.NoError(t, other.User.Create().SetName("b").SetEmail(u.Email).OnConflictColumns("email").Update(func(u *ent.UserUpsert) { u.SetAge(2) }).Exec(ctx))
		require.NoError(t, other.Commit())
		require.Equal(t, "1 → 2", e.last(t).Change("age"))
		require.NoError(t, tx.Commit())
	}}}, dialect.Postgres)
}

// A row is not waited for that has a unique key of what is given, where it is by another that the upsert conflicts.
func TestUpsertOtherKey(t *testing.T) {
	runWrites(t, []testCase{{"a row that another transaction holds", "it is another's", func(t *testing.T, e *env) {
		a, b := e.group("a"), e.group("b")
		tx := e.begin(t, e.client)
		tx.Group.UpdateOneID(b.ID).SetSize(9).ExecX(e.ctx)
		ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
		defer cancel()
		require.NoError(t, e.bare().Group.Create().SetID(a.ID).SetName("b").OnConflictColumns("id").Update(func(u *bare.GroupUpsert) { u.UpdateSet.SetIgnore("name") }).Exec(ctx), "bare ent")
		require.NoError(t, e.client.Group.Create().SetID(a.ID).SetName("b").OnConflictColumns("id").Update(func(u *ent.GroupUpsert) { u.UpdateSet.Add("size", 1) }).Exec(ctx))
		require.NoError(t, tx.Commit())
	}}}, dialect.Postgres, dialect.MySQL)
}

// A bulk that fails leaves nothing in the user's transaction, as one statement would.
func TestUpsertAtomic(t *testing.T) {
	runWrites(t, []testCase{{"in a transaction", "and nothing is recorded", func(t *testing.T, e *env) {
		e.client.User.Create().SetName("a").SetEmail("there").ExecX(e.ctx)
		count := func() int { return e.client.User.Query().CountX(e.ctx) }

		btx, err := e.bare().Tx(e.ctx)
		require.NoError(t, err)
		require.Error(t, btx.User.CreateBulk(btx.User.Create().SetName("n").SetEmail("new"), btx.User.Create().SetName("n").SetEmail("there")).
			OnConflictColumns("email").Update(func(u *bare.UserUpsert) { u.UpdateSet.Set("user_spouse", 999_999) }).Exec(e.ctx)) // its foreign key
		require.NoError(t, btx.Commit())
		require.Equal(t, 1, count(), "bare ent")

		tx := e.begin(t, e.client)
		require.Error(t, tx.User.CreateBulk(tx.User.Create().SetName("n").SetEmail("new"), tx.User.Create().SetName("n").SetEmail("there")).
			OnConflictColumns("email").Update(func(u *ent.UserUpsert) { u.UpdateSet.Set("user_spouse", 999_999) }).Exec(e.ctx))
		require.NoError(t, tx.Commit())
		require.Equal(t, 1, count())
		require.Len(t, e.log(t), 1)
	}}}, dialect.MySQL)
}

// Of a row that a bulk with DO NOTHING passes over ent has no id. With edges in other tables it fails then, and of your transaction nothing else is lost.
func TestUpsertNoID(t *testing.T) {
	runWrites(t, []testCase{{"a bulk with edges that passes over a row", "the database refuses its links, and what stays of it is committed", func(t *testing.T, e *env) {
		e.user("a")
		g := e.client.Group.Create().SetName("g").SaveX(e.ctx).ID
		b, err := e.bare().Tx(e.ctx)
		require.NoError(t, err)
		user := func(email string) *bare.UserCreate {
			return b.User.Create().SetName("z").SetEmail(email).AddGroupIDs(g)
		}
		require.Error(t, b.User.CreateBulk(user("n@x"), user("a@example.com"), user("m@x")).OnConflict(sql.DoNothing()).Exec(e.ctx), "bare ent")
		require.NoError(t, b.Rollback())

		tx := e.begin(t, e.client)
		tx.User.Create().SetName("early").SetEmail("early@x").ExecX(e.ctx)
		err = tx.User.MapCreateBulk([]string{"n@x", "a@example.com", "m@x"}, func(c *ent.UserCreate, i int) {
			c.SetName("z").SetEmail([]string{"n@x", "a@example.com", "m@x"}[i]).AddGroupIDs(g)
		}).OnConflict(sql.DoNothing()).Exec(e.ctx)
		require.ErrorContains(t, err, "add m2m edge for table group_users")
		require.NoError(t, tx.Commit())
		require.Equal(t, 4, e.client.User.Query().CountX(e.ctx))
		require.Equal(t, []string{"create User", "create User", "create User"}, brief(e.log(t)[2:]))
		e.reconcile(t)
	}}}, dialect.MySQL, dialect.SQLite)
}

// The keys of the rows that are there come on top of ent's own parameters, of which PostgreSQL takes 65,535.
func TestUpsertParameters(t *testing.T) {
	runOn(t, []backend{on(testdb.Postgres)}, []testCase{{"11,000 rows of five columns", "twice, so that all are there", func(t *testing.T, e *env) {
		for age := range 2 {
			require.NoError(t, e.client.User.MapCreateBulk(make([]int, 11_000), func(c *ent.UserCreate, i int) {
				c.SetName("n").SetEmail(fmt.Sprint(i)).SetAge(age).SetNick("n").SetPassword("p")
			}).OnConflictColumns("email").UpdateNewValues().Exec(e.ctx))
		}
		require.Equal(t, 11_000, e.client.User.Query().Where(user.Age(1)).CountX(e.ctx))
	}}})
}

// What an upsert of many has passed over, as its own condition says, is told from rows that came meanwhile.
func TestUpsertConditionOfMany(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		opts := []sql.ConflictOption{sql.ConflictColumns("b"), setHits("numbers.hits + 1"), sql.UpdateWhere(sql.ExprP("numbers.hits > 5"))}
		e.client.Number.Create().SetA("1").SetB("1").ExecX(e.ctx)
		t.Run("the constraint of another key", func(t *testing.T) {
			bareUpsert(t, e, "numbers", []map[string]any{{"a": "2", "b": "1", "hits": 0}, {"a": "3", "hits": 0}}, opts...)
			require.NoError(t, e.client.Number.CreateBulk(e.client.Number.Create().SetA("2").SetB("1"), e.client.Number.Create().SetA("3")).OnConflict(opts...).Exec(e.ctx))
		})
		t.Run("others each time", func(t *testing.T) {
			bareUpsert(t, e, "numbers", []map[string]any{{"a": "2", "b": "1", "hits": 0}, {"hits": 0}}, opts...)
			require.NoError(t, e.client.Number.CreateBulk(e.client.Number.Create().SetA("2").SetB("1"), e.client.Number.Create()).OnConflict(opts...).Exec(e.ctx))
		})
	}, dialect.Postgres)
}

// A row may meet what an earlier one of the same upsert has changed.
func TestUpsertChain(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		e.client.Number.Create().SetA("1").SetB("1").ExecX(e.ctx)
		opts := []sql.ConflictOption{sql.ConflictColumns("a"), sql.ResolveWithNewValues(), sql.UpdateWhere(sql.ExprP("numbers.hits < 5"))}
		bareUpsert(t, e, "numbers", []map[string]any{{"a": "1", "b": "2", "hits": 0}, {"a": "5", "b": "1", "hits": 0}}, opts...)
		require.NoError(t, e.client.Number.CreateBulk(e.client.Number.Create().SetA("1").SetB("2"), e.client.Number.Create().SetA("5").SetB("1")).OnConflict(opts...).Exec(e.ctx))
	}, dialect.SQLite)
}

// A key that is made of itself is another.
func TestUpsertNextKey(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		e.client.Price.Create().SetAmount(1).ExecX(e.ctx)
		opt := sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("amount", sql.Expr("`amount` + 1")) })
		bareUpsert(t, e, "prices", []map[string]any{{"amount": 1, "hits": 0}, {"amount": 2, "hits": 0}}, opt)
		require.NoError(t, e.client.Price.CreateBulk(e.client.Price.Create().SetAmount(1), e.client.Price.Create().SetAmount(2)).OnConflict(opt).Exec(e.ctx))
		require.Equal(t, 3.0, e.client.Price.Query().OnlyX(e.ctx).Amount) // 1 → 2 → 3
	}, dialect.MySQL)
}

// Rows of a bulk may be equal to the database, and not to Go.
func TestUpsertEqualKeys(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		testdb.Exec(t, e.db, "DROP TABLE numbers")
		testdb.Exec(t, e.db, "CREATE TABLE numbers (id integer PRIMARY KEY AUTOINCREMENT, a text DEFAULT 'x' UNIQUE, b text COLLATE NOCASE UNIQUE, hits integer NOT NULL DEFAULT 0)")
		opts := []sql.ConflictOption{sql.ConflictColumns("b"), sql.ResolveWith(func(u *sql.UpdateSet) { u.SetExcluded("hits") })}
		bareUpsert(t, e, "numbers", []map[string]any{{"a": "1", "b": "k", "hits": 0}, {"a": "2", "b": "K", "hits": 1}}, opts...)
		require.NoError(t, e.client.Number.CreateBulk(e.client.Number.Create().SetA("1").SetB("k"), e.client.Number.Create().SetA("2").SetB("K").SetHits(1)).OnConflict(opts...).Exec(e.ctx))
	}, dialect.SQLite)
}
