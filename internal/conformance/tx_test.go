package conformance

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

func TestTx(t *testing.T) { runWrites(t, txCases) }

var txCases = []testCase{
	{"no transaction", "the change and its entry share one that the mutation opens", func(t *testing.T, e *env) {
		e.user("a")
		e.user("b")
		entries := e.log(t)
		require.NotEqual(t, entries[0].TxID, entries[1].TxID)
	}},
	{"commit", "everything of a transaction has its tx_id, in order", func(t *testing.T, e *env) {
		e.inTx(t, func(tx *ent.Tx) {
			u := tx.User.Create().SetName("a").SetEmail("a@x").SaveX(e.ctx)
			u.Update().SetAge(1).ExecX(e.ctx)
			tx.User.Update().AddAge(1).ExecX(e.ctx)
			tx.Pet.Create().SetName("p").SetOwner(u).ExecX(e.ctx)
			tx.User.DeleteOne(u).ExecX(e.ctx)
		})
		entries := e.log(t)
		require.Equal(t, []string{"create User", "update User", "update User", "create Pet", "delete User", "update Pet"}, brief(entries))
		for _, l := range entries {
			require.Equal(t, entries[0].TxID, l.TxID)
		}
	}},
	{"rollback", "what is rolled back was never recorded", func(t *testing.T, e *env) {
		tx := e.begin(t, e.client)
		tx.User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
		require.NoError(t, tx.Rollback())
		require.Empty(t, e.log(t))
	}},
	{"panic before commit", "it leaves nothing", func(t *testing.T, e *env) {
		func() {
			tx := e.begin(t, e.client)
			defer func() {
				require.NotNil(t, recover())
				require.NoError(t, tx.Rollback())
			}()
			tx.User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
			panic("gone")
		}()
		require.Empty(t, e.log(t))
	}},
	{"one insert a transaction", "entries are collected, and written before the commit", func(t *testing.T, e *env) {
		u := e.user("a")
		tx := e.begin(t, e.client)
		for i := range 10 {
			tx.User.UpdateOneID(u.ID).SetAge(i).ExecX(e.ctx)
		}
		e.probe.reset()
		require.NoError(t, tx.Commit())
		want := []string{"INSERT log", "COMMIT"}
		switch {
		case e.backend.prepares: // each was written with its change
			want = want[1:]
		case e.backend.dialect == dialect.SQLite: // the newest entry is looked up
			want = append([]string{"SELECT log"}, want...)
		}
		require.Equal(t, want, e.probe.noted())
		require.Len(t, e.log(t), 11)
	}},
	{"reading within the transaction", "it sees its own entries", func(t *testing.T, e *env) {
		e.inTx(t, func(tx *ent.Tx) {
			u := tx.User.Create().SetName("a").SetEmail("a@x").SaveX(e.ctx)
			require.Equal(t, 1, u.QueryHistory().CountX(e.ctx))
			require.Equal(t, 1, tx.User.Query().Where(user.HasHistory()).CountX(e.ctx))
			u.Update().SetAge(1).ExecX(e.ctx)
			require.Equal(t, 2, tx.Client().User.QueryHistory(u).CountX(e.ctx))
		})
	}},
	{"BeginTx with options", "options reach the database", func(t *testing.T, e *env) {
		tx, err := e.client.BeginTx(e.ctx, &entsql.TxOptions{Isolation: sql.LevelSerializable})
		require.NoError(t, err)
		tx.User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
		require.NoError(t, tx.Commit())
		require.Len(t, e.log(t), 1)
	}},
	{"clients within a transaction", "tx.Client(), debug clients and Mutate record the same", func(t *testing.T, e *env) {
		e.inTx(t, func(tx *ent.Tx) {
			tx.Client().User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
			tx.Client().Debug().User.Update().SetAge(1).ExecX(e.ctx)
		})
		silent := ent.NewClient(ent.Driver(e.driver()), ent.Log(func(...any) {}), ent.Debug())
		silent.User.Update().SetAge(2).ExecX(e.ctx)
		tx := e.begin(t, silent)
		tx.User.Update().SetAge(3).ExecX(e.ctx)
		require.NoError(t, tx.Commit())
		_, err := e.client.Mutate(e.ctx, e.client.User.Create().SetName("b").SetEmail("b@x").Mutation())
		require.NoError(t, err)
		require.Equal(t, []string{"create User", "update User", "update User", "update User", "create User"}, brief(e.log(t)))
	}},
	{"hooks of the transaction", "OnCommit runs around the flush and the commit", func(t *testing.T, e *env) {
		tx := e.begin(t, e.client)
		tx.User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
		tx.OnCommit(func(next ent.Committer) ent.Committer {
			return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
				tx.User.Update().SetAge(1).ExecX(ctx)
				return next.Commit(ctx, tx)
			})
		})
		require.NoError(t, tx.Commit())
		require.Len(t, e.log(t), 2)
	}},
	{"savepoints", "what is rolled back to a savepoint is not recorded, what was before it is", func(t *testing.T, e *env) {
		u := e.user("a")
		e.inTx(t, func(tx *ent.Tx) {
			tx.User.UpdateOneID(u.ID).SetAge(1).ExecX(e.ctx)
			raw(t, e, tx, "SAVEPOINT s")
			tx.User.UpdateOneID(u.ID).SetAge(2).ExecX(e.ctx)
			_, err := tx.User.Create().SetName("b").SetEmail("a@example.com").Save(e.ctx)
			require.True(t, ent.IsConstraintError(err))
			raw(t, e, tx, "ROLLBACK TO SAVEPOINT s")
			tx.User.UpdateOneID(u.ID).SetAge(3).ExecX(e.ctx)
		})
		entries := e.log(t)
		require.Len(t, entries, 3)
		require.Equal(t, "1 → 3", entries[2].Change("age"))
	}},
	{"a mutation that fails half done", "what stays of it in the user's transaction is recorded", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		p := e.client.Pet.Create().SetName("p").SetOwner(a).SaveX(e.ctx)
		e.inTx(t, func(tx *ent.Tx) {
			// The column is written first; then the pet turns out to have an owner.
			err := tx.User.UpdateOneID(b.ID).SetAge(9).AddPets(p).Exec(e.ctx)
			require.True(t, ent.IsConstraintError(err), err)
			err = tx.User.Create().SetName("c").SetEmail("c@x").AddPets(p).Exec(e.ctx)
			require.True(t, ent.IsConstraintError(err), err)
		})
		require.Equal(t, []string{"update User", "create User"}, brief(e.log(t)[3:]))
	}},
	{"a create that fails outright", "a row that was there before is not taken for its result", func(t *testing.T, e *env) {
		e.client.Card.Create().SetID("c").SetNumber("1").ExecX(e.ctx)
		tx := e.begin(t, e.client)
		err := tx.Card.Create().SetID("c").SetNumber("2").Exec(e.ctx)
		require.True(t, ent.IsConstraintError(err), err)
		err = tx.Card.CreateBulk(tx.Card.Create().SetID("c").SetNumber("2")).Exec(e.ctx)
		require.Error(t, err)
		if e.backend.dialect == dialect.Postgres {
			require.NoError(t, tx.Rollback())
		} else {
			require.NoError(t, tx.Commit())
		}
		require.Len(t, e.log(t), 1)
	}},
	{"a client on a bare transaction", "entries are written at once, since its commit is not seen", func(t *testing.T, e *env) {
		stdtx, err := e.db.Begin()
		require.NoError(t, err)
		client := ent.NewClient(ent.Driver(entsql.NewDriver(e.backend.dialect, entsql.Conn{ExecQuerier: stdtx})))
		u := client.User.Create().SetName("a").SetEmail("a@x").SaveX(e.ctx)
		u.Update().SetAge(1).ExecX(e.ctx)
		client.User.Update().SetAge(2).ExecX(e.ctx)
		client.User.Create().SetName("b").SetEmail("b@x").ExecX(e.ctx)
		_, err = client.Tx(e.ctx)
		require.Error(t, err)
		require.NoError(t, stdtx.Commit())
		entries := e.log(t)
		require.Len(t, entries, 4)
		require.Equal(t, entries[0].TxID, entries[3].TxID)
	}},
	{"two clients on one database", "each records what it does, in the order in which it is done", func(t *testing.T, e *env) {
		other := ent.NewClient(ent.Driver(entsql.OpenDB(e.backend.dialect, e.db)))
		u := e.user("a")
		for i := range 3 {
			e.client.User.UpdateOneID(u.ID).SetAge(2*i + 1).ExecX(e.ctx)
			other.User.Update().SetAge(2*i + 2).ExecX(e.ctx)
		}
		require.Len(t, e.log(t), 7)
		require.Equal(t, "5 → 6", e.last(t).Change("age"))
	}},
	{"a builder saved twice", "each time is a mutation of its own", func(t *testing.T, e *env) {
		create := e.client.Memo.Create().SetText("m")
		a, b := create.SaveX(e.ctx), create.SaveX(e.ctx)
		b.Update().SetText("n").ExecX(e.ctx)
		update := e.client.Memo.Update().SetText("o")
		update.ExecX(e.ctx)
		one := a.Update().SetText("p")
		one.SaveX(e.ctx).Update().SetText("q").ExecX(e.ctx)
		one.SaveX(e.ctx).Update().SetText("r").ExecX(e.ctx)
		update.ExecX(e.ctx)
		bulk := e.client.Memo.CreateBulk(e.client.Memo.Create().SetText("x"), e.client.Memo.Create().SetText("y"))
		for range 2 {
			bulk.SaveX(e.ctx)[1].Update().SetText("z").ExecX(e.ctx)
		}
		remove := e.client.Memo.Delete()
		require.Equal(t, 6, remove.ExecX(withDeleted(e.ctx)))
		require.Equal(t, 0, remove.ExecX(withDeleted(e.ctx)))
		require.Len(t, e.log(t), 22)
	}},
	{"a driver that wraps", "one beneath that adds to every statement, as sqlcomment does", func(t *testing.T, e *env) {
		e.client = ent.NewClient(ent.Driver(commenter{e.probe}))
		u, g := e.user("a"), e.group("g")
		u.Update().SetAge(1).AddGroups(g).ExecX(e.ctx)
		e.client.User.Create().SetName("b").SetEmail(u.Email).OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(e.ctx)
		e.inTx(t, func(tx *ent.Tx) {
			tx.User.Update().AddAge(1).ClearGroups().ExecX(e.ctx)
			tx.User.DeleteOne(u).ExecX(e.ctx)
		})
		require.Equal(t, []string{"create User", "create Group", "update User", "update Group", "update User", "update User", "update Group", "delete User"}, brief(e.log(t)))
	}},
	{"an entity after its transaction", "Unwrap leads back to the client's driver", func(t *testing.T, e *env) {
		var u *ent.User
		e.inTx(t, func(tx *ent.Tx) { u = tx.User.Create().SetName("a").SetEmail("a@x").SaveX(e.ctx) })
		u = u.Unwrap().Update().SetAge(1).SaveX(e.ctx)
		u.Update().SetAge(2).ExecX(e.ctx)
		require.Len(t, e.log(t), 3)
		e.inTx(t, func(tx *ent.Tx) { u = tx.User.UpdateOne(u).SetAge(3).SaveX(e.ctx) })
		u.Unwrap().Update().SetAge(4).ExecX(e.ctx)
		require.Len(t, e.log(t), 5)
	}},
	{"an id that cannot be recorded", "it is refused before it is written, and spoils nothing else", func(t *testing.T, e *env) {
		long := strings.Repeat("x", 257)
		e.inTx(t, func(tx *ent.Tx) {
			e.probe.reset()
			var ve *sqlaudit.ValueError
			err := tx.Site.Create().SetCode(long[:250] + "äöüäöüä").SetCity("c").Exec(e.ctx)
			require.ErrorAs(t, err, &ve)
			require.Empty(t, e.probe.noted())
			tx.Site.Create().SetCode(long[:255]).SetCity("c").ExecX(e.ctx)
		})
		require.Len(t, e.log(t), 1)
	}},
	{"a cancelled context", "it leaves neither change nor entry", func(t *testing.T, e *env) {
		u := e.user("a")
		ctx, cancel := context.WithCancel(e.ctx)
		cancel()
		require.ErrorIs(t, u.Update().SetAge(1).Exec(ctx), context.Canceled)
		tx := e.begin(t, e.client)
		require.ErrorIs(t, tx.User.UpdateOneID(u.ID).SetAge(1).Exec(ctx), context.Canceled)
		require.NoError(t, tx.Rollback())
		require.Len(t, e.log(t), 1)
	}},
	{"statements", "each mutation takes a constant number of round trips", func(t *testing.T, e *env) {
		lock := func(calls ...string) []string {
			if e.backend.dialect != dialect.SQLite {
				return append([]string{"BEGIN"}, calls...)
			}
			return append([]string{"BEGIN", "DELETE log"}, calls...)
		}
		check := func(what string, want []string, f func()) {
			e.probe.reset()
			f()
			if e.backend.dialect == dialect.SQLite { // the newest entry is looked up
				want = slices.Clone(want)
				if i := slices.Index(want, "INSERT log"); i >= 0 {
					want = slices.Insert(want, i, "SELECT log")
				}
			}
			require.Equal(t, want, e.probe.noted(), what)
		}
		ctx := e.ctx
		m := e.client.Memo.Create().SetText("a").SaveX(ctx) // what is asked once about a table is asked here
		e.client.Memo.Update().SetText("b").ExecX(ctx)
		// Ent's own statement tells what it changes.
		create, one, remove := []string{"BEGIN", "INSERT", "INSERT log", "COMMIT"}, lock("SELECT", "UPDATE", "SELECT", "INSERT log", "COMMIT"),
			[]string{"BEGIN", "DELETE", "INSERT log", "COMMIT"}
		var many []string
		createOne, removeOne := create, remove
		switch {
		case e.backend.prepares: // and is one with the record
			create, one, many, remove = []string{"INSERT log"}, []string{"BEGIN", "UPDATE log", "SELECT", "COMMIT"}, []string{"UPDATE log"}, []string{"DELETE log"}
			createOne, removeOne = create, remove
		case e.backend.dialect == dialect.Postgres:
			one, many = []string{"BEGIN", "UPDATE", "SELECT", "INSERT log", "COMMIT"}, []string{"BEGIN", "UPDATE", "INSERT log", "COMMIT"}
		case e.backend.dialect == dialect.MySQL: // but for updates
			many = lock("SELECT", "UPDATE", "SELECT", "INSERT log", "COMMIT")
		default: // where it is of many; before updates of many it is asked what may change
			many = lock("SELECT", "SELECT", "UPDATE", "INSERT log", "COMMIT")
			createOne, removeOne = []string{"BEGIN", "INSERT", "SELECT", "INSERT log", "COMMIT"}, lock("SELECT", "DELETE", "INSERT log", "COMMIT")
		}
		check("create", createOne, func() { m = e.client.Memo.Create().SetText("a").SaveX(ctx) })
		check("create bulk", create, func() {
			e.client.Memo.MapCreateBulk(make([]int, 50), func(c *ent.MemoCreate, _ int) { c.SetText("b") }).ExecX(ctx)
		})
		check("update one", one, func() { m.Update().SetText("c").ExecX(ctx) })
		check("update many", many, func() { e.client.Memo.Update().SetText("d").ExecX(ctx) })
		check("delete one", removeOne, func() { e.client.Memo.DeleteOne(m).ExecX(withDeleted(ctx)) })
		check("delete many", remove, func() { e.client.Memo.Delete().ExecX(withDeleted(ctx)) })
		u, v := e.user("a"), e.user("v")
		g := e.group("g")
		e.client.User.Update().SetAge(1).ExecX(ctx)
		check("untracked column", []string{"BEGIN", "UPDATE", "SELECT", "COMMIT"}, func() { u.Update().SetSeen("x").ExecX(ctx) })
		// Links: PostgreSQL says which came; the others are asked which are there.
		came := map[string][]string{
			dialect.SQLite:   {"SELECT", "INSERT"},
			dialect.Postgres: {"INSERT"},
			dialect.MySQL:    {"SELECT", "INSERT"},
		}[e.backend.dialect]
		check("add a link", lock(append(came, "SELECT", "SELECT", "INSERT log", "COMMIT")...), func() { u.Update().AddGroups(g).SaveX(ctx) })
		check("remove a link", lock("SELECT", "DELETE", "SELECT", "SELECT", "INSERT log", "COMMIT"), func() { u.Update().RemoveGroups(g).SaveX(ctx) })
		check("add a link to many", lock(append(append([]string{"SELECT", "SELECT"}, came...), "SELECT", "INSERT log", "COMMIT")...), func() {
			e.client.User.Update().Where(user.IDIn(u.ID, v.ID)).AddGroups(g).ExecX(ctx)
		})
		upsert := func(emails ...string) {
			e.client.User.MapCreateBulk(emails, func(c *ent.UserCreate, i int) { c.SetName("n").SetEmail(emails[i]) }).
				OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(ctx)
		}
		if e.backend.dialect == dialect.MySQL { // rows are looked up before they are locked
			many = []string{"BEGIN", "SELECT", "SELECT", "UPDATE", "SELECT", "INSERT log", "COMMIT"}
		}
		check("update by a predicate", many, func() {
			e.client.User.Update().Where(user.Name("a")).SetAge(70).ExecX(ctx)
		})
		one = lock("SELECT", "INSERT", "SELECT", "INSERT log", "COMMIT")
		many = lock("SELECT", "SAVEPOINT", "INSERT", "RELEASE", "SELECT", "INSERT log", "COMMIT") // a savepoint to come back to
		switch {
		case e.backend.prepares:
			one = []string{"INSERT log"}
			many = []string{"BEGIN", "SELECT", "SAVEPOINT", "INSERT", "RELEASE", "INSERT log", "COMMIT"}
		case e.backend.dialect == dialect.Postgres:
			one = []string{"BEGIN", "SELECT", "INSERT", "INSERT log", "COMMIT"}
			many = []string{"BEGIN", "SELECT", "SAVEPOINT", "INSERT", "RELEASE", "INSERT log", "COMMIT"}
		case e.backend.dialect == dialect.MySQL: // what is there is read, and then locked; what is not is inserted by itself
			one = []string{"BEGIN", "SELECT", "SELECT", "INSERT", "SELECT", "INSERT log", "COMMIT"}
			many = []string{"BEGIN", "SELECT", "SELECT", "SAVEPOINT", "INSERT", "INSERT", "RELEASE", "SELECT", "INSERT log", "COMMIT"}
		}
		upsert("warm up") // MariaDB's unique indexes are looked up once
		check("upsert", one, func() { upsert("a@example.com") })
		check("upsert many", many, func() { upsert("a@example.com", "new", "newer") })
	}},
}

func raw(t *testing.T, e *env, tx *ent.Tx, query string) {
	t.Helper()
	_, err := tx.ExecContext(e.ctx, query)
	require.NoError(t, err)
}

func TestCommitFailure(t *testing.T) {
	eachWay(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		tx := e.begin(t, e.client)
		tx.User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
		e.probe.reset()
		e.probe.fault = func(int, string) error { return errFault }
		err := tx.Commit()
		e.probe.reset()
		require.ErrorIs(t, err, sqlaudit.ErrIncomplete)
		require.ErrorIs(t, err, errFault)
		var we *sqlaudit.WriteError
		require.ErrorAs(t, err, &we)
		e.reconcile(t)
		require.Empty(t, e.log(t))
	})
}

// Times are right whatever zone the connection and the server's session speak. The drivers of the other databases pass instants.
func TestZones(t *testing.T) {
	eachWay(t, func(t *testing.T, b backend, db *sql.DB) {
		var name string
		require.NoError(t, db.QueryRow("SELECT DATABASE()").Scan(&name))
		cfg, err := mysql.ParseDSN(testdb.DSN(t, "SQLAUDIT_TEST_MYSQL"))
		require.NoError(t, err)
		cfg.DBName, cfg.ParseTime = name, true
		for _, zone := range []string{"UTC", "America/New_York", "Asia/Kolkata"} {
			for _, session := range []string{"+00:00", "-08:00"} {
				cfg.Loc, err = time.LoadLocation(zone)
				require.NoError(t, err)
				cfg.Params = map[string]string{"time_zone": "'" + session + "'"}
				zoned, err := sql.Open("mysql", cfg.FormatDSN())
				require.NoError(t, err)
				client := ent.NewClient(ent.Driver(entsql.OpenDB(b.dialect, zoned)))
				start := time.Now().Add(-time.Second)
				m := client.Memo.Create().SetText("m").SaveX(context.Background())
				l := m.QueryHistory().OnlyX(context.Background())
				require.WithinRange(t, l.OccurredAt, start, time.Now().Add(time.Second), "%s, %s", zone, session)
				require.WithinDuration(t, auditlog.TimeOf(l.ID), l.OccurredAt, 2*time.Microsecond)
				require.NoError(t, zoned.Close())
			}
		}
	}, dialect.MySQL)
}

// commenter is a driver that adds a comment to each statement.
type commenter struct{ dialect.Driver }

const comment = " /* by a test */"

func (c commenter) Exec(ctx context.Context, query string, args, v any) error {
	return c.Driver.Exec(ctx, query+comment, args, v)
}

func (c commenter) Query(ctx context.Context, query string, args, v any) error {
	return c.Driver.Query(ctx, query+comment, args, v)
}

func (c commenter) Tx(ctx context.Context) (dialect.Tx, error) {
	tx, err := c.Driver.Tx(ctx)
	return commentedTx{tx}, err
}

type commentedTx struct{ dialect.Tx }

func (c commentedTx) Exec(ctx context.Context, query string, args, v any) error {
	return c.Tx.Exec(ctx, query+comment, args, v)
}

func (c commentedTx) Query(ctx context.Context, query string, args, v any) error {
	return c.Tx.Query(ctx, query+comment, args, v)
}
