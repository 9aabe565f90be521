package conformance

import (
	"context"
	stdsql "database/sql"
	"slices"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A joined driver has ent take part in a transaction that somebody else began: ent's own driver would panic as it begins one.
type joined struct{ *entsql.Driver }

func (d joined) Tx(context.Context) (dialect.Tx, error) { return dialect.NopTx(d), nil }

// join returns a client that takes part in a transaction so, on a driver that logs or not.
func (e *env) join(tx *stdsql.Tx, logs bool) *ent.Client {
	var drv dialect.Driver = joined{entsql.NewDriver(e.backend.dialect, entsql.Conn{ExecQuerier: tx})}
	if logs {
		drv = dialect.Debug(drv, func(...any) {})
	}
	return ent.NewClient(ent.Driver(drv))
}

// Where a driver's transaction is none, what a mutation does stays or goes with the one that somebody else began, and so does its record.
func TestJoined(t *testing.T) {
	runWrites(t, []testCase{
		{"all of it", "mutations, and transactions within, are of the one transaction", func(t *testing.T, e *env) {
			u := e.user("a")
			for _, commit := range []bool{false, true} {
				before := len(e.log(t))
				stdtx, err := e.db.Begin()
				require.NoError(t, err)
				defer func() { _ = stdtx.Rollback() }()
				report, err := sqlaudit.Reconcile(e.ctx, e.join(stdtx, commit))
				require.NoError(t, err)
				require.Empty(t, report.Differences)
				c := e.join(stdtx, commit)
				c.User.UpdateOneID(u.ID).AddAge(1).AddGroups(c.Group.Create().SetName("g").SaveX(e.ctx)).ExecX(e.ctx)
				tx, err := c.Tx(e.ctx)
				require.NoError(t, err)
				tx.User.Update().SetName("within").ExecX(e.ctx)
				require.NoError(t, tx.Commit())
				tx, err = c.Tx(e.ctx)
				require.NoError(t, err)
				tx.User.Create().SetName("n").SetEmail("n@x").ExecX(e.ctx)
				require.NoError(t, tx.Rollback()) // which does nothing
				if !commit {
					require.NoError(t, stdtx.Rollback())
					require.Len(t, e.log(t), before)
					continue
				}
				require.NoError(t, stdtx.Commit())
				require.Len(t, e.log(t), before+5)
				ids := map[string]bool{}
				for _, l := range e.log(t)[before:] {
					ids[l.TxID] = true
				}
				require.Len(t, ids, 1)
			}
		}},
	})
	// A transaction of PostgreSQL's is over with the statement that fails.
	runWrites(t, []testCase{{"an entry that cannot be written", "the commit within fails, and so does what comes after", func(t *testing.T, e *env) {
		u := e.user("a")
		e.refuseEntries(t)
		stdtx, err := e.db.Begin()
		require.NoError(t, err)
		defer func() { _ = stdtx.Rollback() }()
		c := e.join(stdtx, false)
		tx, err := c.Tx(e.ctx)
		require.NoError(t, err)
		var we *sqlaudit.WriteError
		require.ErrorAs(t, tx.User.UpdateOneID(u.ID).SetAge(1).Exec(e.ctx), &we)
		require.ErrorIs(t, tx.Commit(), sqlaudit.ErrIncomplete)
		require.ErrorIs(t, c.User.UpdateOneID(u.ID).SetAge(2).Exec(e.ctx), sqlaudit.ErrIncomplete)
		require.NoError(t, stdtx.Rollback())
	}}, {"half of it", "it is recorded", func(t *testing.T, e *env) {
		u, g := e.user("a"), e.group("g")
		stdtx, err := e.db.Begin()
		require.NoError(t, err)
		defer func() { _ = stdtx.Rollback() }()
		err = e.join(stdtx, false).User.UpdateOneID(u.ID).SetName("half done").AddGroups(g).SetSpouseID(999_999).Exec(e.ctx)
		require.True(t, ent.IsConstraintError(err), err)
		err = e.join(stdtx, false).User.UpdateOneID(u.ID).SetName("half done").AddGroups(g).AddFollowingIDs(999_999).Exec(e.ctx)
		require.True(t, ent.IsConstraintError(err), err)
		require.NoError(t, stdtx.Commit())
		require.Equal(t, "half done", e.client.User.GetX(e.ctx, u.ID).Name)
		require.True(t, slices.ContainsFunc(e.log(t), func(l logged) bool { return l.Change("name") == `"a" → "half done"` }))
	}}}, dialect.SQLite, dialect.MySQL)
}

// A transaction that a statement began on a client's connection would be ended by the mutation's own.
func TestBegunByStatement(t *testing.T) {
	runWrites(t, []testCase{{"on a connection", "refused, and what the transaction holds is rolled back by its own statement", func(t *testing.T, e *env) {
		conn, err := e.db.Conn(e.ctx)
		require.NoError(t, err)
		defer func() { require.NoError(t, conn.Close()) }()
		client := ent.NewClient(ent.Driver(entsql.NewDriver(e.backend.dialect, entsql.Conn{ExecQuerier: conn})))
		_, err = conn.ExecContext(e.ctx, "BEGIN")
		require.NoError(t, err)
		client.Room.Create().SetName("r").ExecX(e.ctx) // which is not tracked
		require.ErrorContains(t, client.User.Create().SetName("a").SetEmail("a@x").Exec(e.ctx), "a statement has begun a transaction")
		_, err = conn.ExecContext(e.ctx, "ROLLBACK")
		require.NoError(t, err)
		require.Zero(t, client.Room.Query().CountX(e.ctx))
		client.User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
		require.Len(t, e.log(t), 1)
	}}})
}

// What was not done, for SQLite was busy or the driver did not take an argument, is no reason for a commit to fail.
func TestNotDone(t *testing.T) {
	t.Run("busy", func(t *testing.T) {
		b := on(testdb.SQLite)
		source := testdb.SQLite.Source(t, testdb.Params{"_busy_timeout": "1"})
		b.open = func(t testing.TB) *stdsql.DB { return testdb.SQLite.Connect(t, source) }
		runOn(t, []backend{b}, []testCase{{"create", "done as it is tried again", func(t *testing.T, e *env) {
			other := b.open(t)
			tx := e.begin(t, e.client)
			user := tx.User.Create().SetName("a").SetEmail("a@x")
			held, err := other.Conn(e.ctx)
			require.NoError(t, err)
			defer func() { require.NoError(t, held.Close()) }()
			_, err = held.ExecContext(e.ctx, "BEGIN IMMEDIATE")
			require.NoError(t, err)
			require.ErrorContains(t, user.Exec(e.ctx), "locked")
			_, err = held.ExecContext(e.ctx, "ROLLBACK")
			require.NoError(t, err)
			require.NoError(t, user.Exec(e.ctx))
			require.NoError(t, tx.Commit())
			require.Len(t, e.log(t), 1)
		}}})
	})
	runWrites(t, []testCase{{"an argument", "what was done before is committed", func(t *testing.T, e *env) {
		tx := e.begin(t, e.client)
		tx.User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
		bad := entsql.ResolveWith(func(u *entsql.UpdateSet) { u.Set("name", struct{}{}) })
		for _, opts := range [][]entsql.ConflictOption{{entsql.ConflictColumns("email"), bad}, {entsql.ConflictColumns("id"), bad}} {
			require.Error(t, tx.User.Create().SetName("b").SetEmail("b@x").OnConflict(opts...).Exec(e.ctx))
		}
		require.NoError(t, tx.Commit())
		require.Equal(t, []string{"create User"}, brief(e.log(t)))
	}}})
}
