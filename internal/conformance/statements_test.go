package conformance

import (
	"database/sql"
	"fmt"
	"iter"
	"strings"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	sqlauditlog "github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/history"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

// TestReadingStatements holds the statements of each reading method against those in testdata, on an entity that has one entry, and sees that there are as many of them for
// 1,000 entities and an entity with 1,000 entries.
func TestReadingStatements(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		u := e.user("a")
		first := e.newest()
		byTime := history.AsOf(first.OccurredAt)
		then, err := e.client.User.Now().Get(e.ctx, u.ID)
		require.NoError(t, err)
		version, _ := then.AuditVersion()
		moment := func() *ent.UserPast { return e.client.User.AsOf(first.OccurredAt) }
		beside := func(_ *ent.User, err error) error {
			if err != nil {
				require.ErrorIs(t, err, sqlaudit.ErrNoVersion)
			}
			return nil
		}
		reads := []struct {
			name string
			run  func() error
		}{
			{"history", func() error { return second(e.client.User.QueryHistory(u).All(e.ctx)) }},
			{"history_of_all", func() error { return second(e.client.User.QueryHistory().All(e.ctx)) }},
			{"history_of_query", func() error {
				return second(e.client.User.Query().Where(user.NameNEQ("nobody")).QueryHistory().All(e.ctx))
			}},
			{"history_filtered", func() error {
				return second(e.client.User.QueryHistory().Where(user.NameChangedTo("a"), auditlog.Not(auditlog.Actor(7))).All(e.ctx))
			}},
			{"history_each", func() error { return ended(u.QueryHistory().Each(e.ctx, sqlaudit.PageArgs{Size: 10_000})) }},
			{"with_history", func() error { return second(e.client.User.Query().WithHistory().All(e.ctx)) }},
			{"has_history", func() error {
				return second(e.client.User.Query().Where(user.HasHistoryWith(auditlog.Action("create"))).All(e.ctx))
			}},
			{"query_user", func() error { return second(e.client.AuditLog.Query().QueryUser().All(e.ctx)) }},
			{"query_actor", func() error { return second(e.client.AuditLog.Query().QueryActor().All(e.ctx)) }},
			{"transaction", func() error { return second(e.client.AuditTransaction(e.ctx, first.TxID)) }},
			{"transactions", func() error { return second(u.QueryHistory().Transactions(e.ctx)) }},
			{"get_after_tx", func() error { return second(e.client.User.AsOfTx(first.TxID).Get(e.ctx, u.ID)) }},
			{"get_now", func() error { return second(e.client.User.Now().Get(e.ctx, u.ID)) }},
			{"versions", func() error { return beside(e.client.User.Versions(u.ID).First(e.ctx)) }},
			{"versions", func() error { return beside(e.client.User.Versions(u.ID).Last(e.ctx)) }},
			{"versions", func() error { return beside(e.client.User.Versions(u.ID).Before(e.ctx, version)) }},
			{"versions", func() error { return beside(e.client.User.Versions(u.ID).After(e.ctx, version)) }},
			{"versions", func() error { return second(e.client.User.Versions(u.ID).All(e.ctx)) }},
			{"versions", func() error { return ended(e.client.User.Versions(u.ID).Each(e.ctx)) }},
			{"set_all", func() error { return second(moment().Query().All(e.ctx)) }},
			{"set_all", func() error { return second(moment().Query().IDs(e.ctx)) }},
			{"set_all", func() error { return second(moment().Query().Count(e.ctx)) }},
			{"set_all", func() error { return ended(moment().Query().Stream(e.ctx)) }},
			{"set_of", func() error { return second(moment().Query().Of(u.ID).All(e.ctx)) }},
			{"set_with", func() error { return second(moment().Query().With(user.EdgeGroups).All(e.ctx)) }},
			{"diff", func() error { return second(moment().Diff(e.ctx, e.client.User.Now(), u.ID)) }},
			{"diffs", func() error { return ended(moment().Diffs(e.ctx, e.client.User.Now())) }},
		}
		counts := make([][]string, len(reads))
		for i, r := range reads {
			e.probe.reset()
			require.NoError(t, r.run(), r.name)
			goldenPast(t, e, r.name)
			counts[i] = e.probe.noted()
		}
		// Undoing also writes: of that, the reads of the log.
		undo := func(name string, run func() error) int {
			e.probe.reset()
			require.NoError(t, run(), name)
			var calls []string
			for _, c := range e.probe.calls {
				if strings.HasPrefix(c, "SELECT") && strings.Contains(c, "resource_id") {
					calls = append(calls, c)
				}
			}
			if e.probe.calls = calls; name != "" {
				goldenPast(t, e, name)
			}
			return len(calls)
		}
		change := func() *ent.AuditLog {
			u.Update().SetAge(7).ExecX(e.ctx)
			return e.newest()
		}
		entry := change()
		revert := undo("revert", func() error { return e.client.AuditRevert(e.ctx, entry) })
		entry = change()
		revertTransaction := undo("revert_transaction", func() error { return e.client.AuditRevertTransaction(e.ctx, entry.TxID) })
		change()
		revertTo := undo("revert_to", func() error { return e.client.User.RevertTo(e.ctx, u.ID, byTime) })
		e.client.User.DeleteOne(u).ExecX(e.ctx)
		undelete := undo("undelete", func() error { return second(e.client.User.Undelete(e.ctx, u.ID)) })

		e.client.User.MapCreateBulk(make([]int, 999), func(c *ent.UserCreate, i int) { c.SetName("n").SetEmail(fmt.Sprint(i)) }).ExecX(e.ctx)
		first = e.newest() // all of them are in its transaction
		e.manyEntries(t, u.ID, 999)
		past, err := e.client.User.Versions(u.ID).Last(e.ctx)
		require.NoError(t, err)
		version, _ = past.AuditVersion()
		u = e.client.User.GetX(e.ctx, u.ID)
		for i, r := range reads {
			if r.name == "get_after_tx" {
				first = e.newest()
			}
			e.probe.reset()
			require.NoError(t, r.run(), r.name)
			require.Equal(t, counts[i], e.probe.noted(), "%s: as many as for one", r.name)
		}
		entry = change()
		require.Equal(t, revert, undo("", func() error { return e.client.AuditRevert(e.ctx, entry) }))
		entry = change()
		require.Equal(t, revertTransaction, undo("", func() error { return e.client.AuditRevertTransaction(e.ctx, entry.TxID) }))
		change()
		require.Equal(t, revertTo, undo("", func() error { return e.client.User.RevertTo(e.ctx, u.ID, byTime) }))
		e.client.User.DeleteOne(u).ExecX(e.ctx)
		require.Equal(t, undelete, undo("", func() error { return second(e.client.User.Undelete(e.ctx, u.ID)) }))
	})
}

// manyEntries writes updates of a user that change nothing in the end.
func (e *env) manyEntries(t *testing.T, id, n int) {
	t.Helper()
	tx, err := entsql.OpenDB(e.backend.dialect, e.db).Tx(e.ctx)
	require.NoError(t, err)
	entries := make([]*sqlauditlog.Entry, n)
	for i := range entries {
		entries[i] = &sqlauditlog.Entry{
			Action: "update", ResourceType: "User", ResourceID: fmt.Sprint(id),
			Before: `{"name":"a"}`, After: `{"name":"a"}`,
		}
	}
	require.NoError(t, sqlauditlog.NewWriter(e.backend.dialect, "", "audit_logs").Write(e.ctx, tx, uuid.New(), entries))
	require.NoError(t, tx.Commit())
}

func second[T any](_ T, err error) error { return err }

func ended[T any](seq iter.Seq2[T, error]) error {
	for _, err := range seq {
		if err != nil {
			return err
		}
	}
	return nil
}
