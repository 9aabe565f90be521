package conformance

import (
	stdsql "database/sql"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// What README says is not done fails before anything is written, or is seen to happen.
func TestLimits(t *testing.T) {
	runWrites(t, []testCase{
		{"a document that jsonb does not take", "the write fails", func(t *testing.T, e *env) {
			testdb.Exec(t, e.db, "ALTER TABLE docs ALTER COLUMN extra TYPE json USING extra::json")
			defer testdb.Exec(t, e.db, "ALTER TABLE docs ALTER COLUMN extra TYPE jsonb USING extra::jsonb")
			err := e.client.Doc.Create().SetID("d").SetTitle("t").SetExtra(map[string]any{"k": "\x00"}).Exec(e.ctx)
			require.Error(t, err)
			require.Zero(t, e.client.Doc.Query().CountX(e.ctx))
		}},
		{"a view", "the write fails", func(t *testing.T, e *env) {
			testdb.Exec(t, e.db, "ALTER TABLE cards RENAME TO cards_kept")
			testdb.Exec(t, e.db, "CREATE VIEW cards AS SELECT * FROM cards_kept")
			defer testdb.Exec(t, e.db, "ALTER TABLE cards_kept RENAME TO cards")
			defer testdb.Exec(t, e.db, "DROP VIEW cards")
			require.Error(t, e.client.Card.Create().SetID("c").SetNumber("1").Exec(e.ctx))
			require.Zero(t, e.client.Card.Query().CountX(e.ctx))
		}},
	}, dialect.Postgres)
	runWrites(t, []testCase{{"a row that a trigger refuses by RAISE", "the commit fails", func(t *testing.T, e *env) {
		testdb.Exec(t, e.db, "CREATE TRIGGER refuse BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END")
		defer testdb.Exec(t, e.db, "DROP TRIGGER refuse")
		tx := e.begin(t, e.client)
		require.ErrorContains(t, tx.User.Create().SetName("a").SetEmail("a@x").Exec(e.ctx), "no")
		require.ErrorIs(t, tx.Commit(), sqlaudit.ErrIncomplete)
	}}}, dialect.SQLite)
	b := on(testdb.MariaDB)
	b.open = func(t testing.TB) *stdsql.DB {
		db := testdb.MariaDB.Open(t, nil)
		db.SetMaxOpenConns(1)
		return db
	}
	runOn(t, []backend{b}, []testCase{{"a transaction that a statement began on a pool of one", "a mutation ends it, and is recorded", func(t *testing.T, e *env) {
		testdb.Exec(t, e.db, "BEGIN")
		e.user("a")
		testdb.Exec(t, e.db, "ROLLBACK")
		require.Equal(t, 1, e.client.User.Query().CountX(e.ctx))
		require.Len(t, e.log(t), 1)
	}}})
}
