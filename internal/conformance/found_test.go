package conformance

import (
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
)

func TestFound(t *testing.T) { runCases(t, foundCases) }

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
		u := e.user("a")
		n := 0
		boom := func() {
			e.probe.reset()
			n = 0
			e.probe.fault = func(_ int, call string) error {
				if call[:6] == "UPDATE" {
					n++
				} else if n > 0 && call[:6] == "SELECT" {
					n++
					if n == 3 { // ent's own comes first
						panic("boom")
					}
				}
				return nil
			}
		}
		tx := e.begin(t, e.client)
		boom()
		require.Panics(t, func() { _ = tx.User.UpdateOneID(u.ID).SetAge(3).Exec(e.ctx) })
		e.probe.reset()
		require.ErrorIs(t, tx.Commit(), sqlaudit.ErrIncomplete)
		boom()
		require.Panics(t, func() { _ = e.client.User.UpdateOneID(u.ID).SetAge(3).Exec(e.ctx) })
		e.probe.reset()
		require.Zero(t, e.db.Stats().InUse)
	}},
}
