package conformance

import (
	"context"
	"math"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

func TestFound(t *testing.T) { runWrites(t, foundCases) }

// Each of these was found by the search of internal/search.
var foundCases = []testCase{
	{"a raw statement through a client on a bare transaction", "it reaches the transaction, as without auditing", func(t *testing.T, e *env) {
		stdtx, err := e.db.Begin()
		require.NoError(t, err)
		defer func() { _ = stdtx.Rollback() }()
		client := ent.NewClient(ent.Driver(entsql.NewDriver(e.backend.dialect, entsql.Conn{ExecQuerier: stdtx})))
		_, err = client.ExecContext(e.ctx, "SAVEPOINT s")
		require.NoError(t, err)
		client.Twin.Create().SetName("a").ExecX(e.ctx)
		_, err = client.ExecContext(e.ctx, "ROLLBACK TO SAVEPOINT s")
		require.NoError(t, err)
		rows, err := client.QueryContext(e.ctx, "SELECT name FROM twins")
		require.NoError(t, err)
		require.False(t, rows.Next())
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
		client.Twin.Create().SetName("b").ExecX(e.ctx)
		require.NoError(t, stdtx.Commit())
		require.Len(t, e.log(t), 1)
	}},
	{"a panic while the rows are read again", "what was written cannot be committed, nor does a transaction stay open", func(t *testing.T, e *env) {
		u, p := e.user("a"), e.client.Pet.Create().SetName("p").SaveX(e.ctx)
		updated, reads := false, 0
		boom := func() {
			e.probe.reset()
			updated, reads = false, 0
			e.probe.fault = func(_ int, call string) error {
				if call[:6] == "UPDATE" {
					updated = true
				} else if updated && call[:6] == "SELECT" {
					if reads++; reads == 2 { // ent's own comes first
						panic("boom")
					}
				}
				return nil
			}
		}
		tx := e.begin(t, e.client)
		boom()
		require.Panics(t, func() { _ = tx.User.UpdateOneID(u.ID).SetAge(3).AddPets(p).Exec(e.ctx) })
		e.probe.reset()
		require.ErrorIs(t, tx.Commit(), sqlaudit.ErrIncomplete)
		boom()
		require.Panics(t, func() { _ = e.client.User.UpdateOneID(u.ID).SetAge(3).AddPets(p).Exec(e.ctx) })
		e.probe.reset()
		require.Zero(t, e.db.Stats().InUse)
	}},
	{"negative zero", "it stands in the log as it does in the row, also where the log's own type has none", func(t *testing.T, e *env) {
		e.client.Doc.Create().SetID("d").SetTitle("t").SetScore(math.Copysign(0, -1)).ExecX(e.ctx)
		d := e.client.Doc.GetX(e.ctx, "d")
		require.Equal(t, math.Signbit(d.Score), math.Signbit(changes(t, e, d.QueryHistory())["score"].New.(float64)))
	}},
	{"a bulk that a hook tries again", "an edge to what is not there is as it was the first time", func(t *testing.T, e *env) {
		e.client.User.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				if v, err := next.Mutate(ctx, m); err == nil {
					return v, nil
				}
				return next.Mutate(ctx, m)
			})
		})
		err := e.client.User.CreateBulk(
			e.client.User.Create().SetName("a").SetEmail("a").AddPetIDs(uuid.Max), e.client.User.Create().SetName("b").SetEmail("a"),
		).Exec(e.ctx)
		require.True(t, ent.IsConstraintError(err), err)
		require.Empty(t, e.log(t))
	}},
}

// The others have no deadlocks, or ignore what comes after them.
func TestFoundMariaDB(t *testing.T) { runWrites(t, foundMariaDBCases, dialect.MySQL) }

var foundMariaDBCases = []testCase{
	{"a deadlock in the middle of a query", "also then nothing more goes through the transaction, which is no more", func(t *testing.T, e *env) {
		a, b, c := e.user("a"), e.user("b"), e.user("c")
		light, heavy := e.begin(t, e.client), e.begin(t, e.client)
		heavy.Twin.MapCreateBulk(make([]int, 50), func(c *ent.TwinCreate, _ int) { c.SetName("n") }).ExecX(e.ctx)
		light.User.UpdateOneID(a.ID).SetAge(1).ExecX(e.ctx)
		heavy.User.UpdateOneID(c.ID).SetAge(1).ExecX(e.ctx)
		done := make(chan error, 1)
		go func() { // b is read, and c is waited for
			done <- light.User.Update().Where(user.IDIn(b.ID, c.ID)).SetAge(2).Exec(context.Background())
		}()
		e.awaitLock(t)
		require.NoError(t, heavy.User.UpdateOneID(a.ID).SetAge(2).Exec(e.ctx))
		require.ErrorContains(t, <-done, "1213")
		require.ErrorContains(t, light.User.UpdateOneID(b.ID).SetAge(9).Exec(e.ctx), "rolled the transaction back")
		require.NoError(t, heavy.Commit())
		require.ErrorIs(t, light.Commit(), sqlaudit.ErrIncomplete)
	}},
	{"an upsert of rows that take keys from each other", "what a row conflicts with depends on the rows before it", func(t *testing.T, e *env) {
		g := e.group("b")
		e.client.Group.CreateBulk(
			e.client.Group.Create().SetID(g.ID).SetName("c"), e.client.Group.Create().SetName("b"), e.client.Group.Create().SetName("c").SetSize(4),
		).OnConflictColumns(group.FieldID).UpdateNewValues().ExecX(e.ctx)
		require.Equal(t, []string{"create Group", "update Group", "create Group"}, brief(e.log(t)))
		require.Equal(t, `"b" → "c"`, e.log(t)[1].Change("name"))
		require.Equal(t, "0 → 4", e.log(t)[1].Change("size"))
		// By a single key, which the update sets to another value.
		u := e.user("u")
		e.client.User.CreateBulk(
			e.client.User.Create().SetName("1").SetEmail(u.Email), e.client.User.Create().SetName("2").SetEmail(u.Email),
		).OnConflict(entsql.ResolveWith(func(s *entsql.UpdateSet) { s.Set("email", "other") })).ExecX(e.ctx)
		require.Equal(t, []string{"create User", "update User", "create User"}, brief(e.log(t)[3:]))
	}},
}

// The others' statements end by themselves where they are cancelled.
func TestFoundSQLite(t *testing.T) { runWrites(t, foundSQLiteCases, dialect.SQLite) }

var foundSQLiteCases = []testCase{
	{"a statement that is interrupted", "SQLite takes all of the transaction back, and nothing more goes through it", func(t *testing.T, e *env) {
		const slow = "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT count(*) FROM n)"
		u := e.user("a")
		tx := e.begin(t, e.client)
		tx.Twin.Create().SetName("lost").ExecX(e.ctx)
		ctx, cancel := context.WithTimeout(e.ctx, 200*time.Millisecond)
		defer cancel()
		err := tx.User.UpdateOneID(u.ID).Modify(func(u *entsql.UpdateBuilder) { u.Set("age", entsql.Expr(slow)) }).Exec(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, tx.Twin.Create().SetName("next").Exec(e.ctx), "rolled the transaction back")
		require.ErrorIs(t, tx.Commit(), sqlaudit.ErrIncomplete)
		require.Equal(t, []string{"create User"}, brief(e.log(t)))
	}},
}

// A row that has changed since the snapshot ends the transaction where MariaDB is set so.
func TestSnapshotIsolation(t *testing.T) {
	b := backends[2]
	db := testdb.MariaDB.Open(t, testdb.Params{"innodb_snapshot_isolation": "ON"})
	createTables(t, b, db)
	e := newEnv(t, b, db)
	u := e.user("a")
	tx := e.begin(t, e.client)
	tx.User.Query().CountX(e.ctx) // takes the snapshot
	tx.Twin.Create().SetName("lost").ExecX(e.ctx)
	e.client.User.UpdateOneID(u.ID).SetAge(5).ExecX(e.ctx)
	require.ErrorContains(t, tx.User.UpdateOneID(u.ID).SetAge(6).Exec(e.ctx), "1020")
	require.ErrorContains(t, tx.Twin.Create().SetName("next").Exec(e.ctx), "rolled the transaction back")
	require.ErrorIs(t, tx.Commit(), sqlaudit.ErrIncomplete)
	e.reconcile(t)
}
