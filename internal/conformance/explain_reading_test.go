package conformance

import (
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/history"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// explainReading has the database say how it would run the statements of the reading methods, and the reads of undoing.
func (e *env) explainReading(t *testing.T, txs []uuid.UUID, times []time.Time) {
	const id = 7
	mid := times[len(times)/2].Add(time.Millisecond)
	entries := e.client.AuditLog.Query().Where(user.HistoryOf(id)).AllX(e.ctx)
	require.Len(t, entries, 8)
	entry, last := entries[4], entries[7]
	then, err := e.client.User.AsOf(mid).Get(e.ctx, id)
	require.NoError(t, err)
	version, _ := then.AuditVersion()
	whole, err := e.client.AuditLog.Query().Page(e.ctx, sqlaudit.PageArgs{})
	require.NoError(t, err)
	ofCard := card.HistoryOf(e.client.AuditLog.Query().Where(auditlog.ResourceType("Card")).FirstX(e.ctx).ResourceID)
	one, err := e.client.AuditLog.Query().Where(ofCard).Page(e.ctx, sqlaudit.PageArgs{Size: 1})
	require.NoError(t, err)
	e.client.User.DeleteOneID(9).ExecX(e.ctx)

	testdb.Exec(t, e.db, "INSERT INTO cards (id, card_number) SELECT resource_id, resource_id FROM audit_logs WHERE resource_type = 'Card' AND resource_id LIKE '7%' GROUP BY resource_id")
	testdb.Exec(t, e.db, map[string]string{dialect.MySQL: "ANALYZE TABLE cards"}[e.backend.dialect]+map[bool]string{true: "ANALYZE"}[e.backend.dialect != dialect.MySQL])

	page := func(args sqlaudit.PageArgs) func(*ent.Client) error {
		return func(c *ent.Client) error { _, err := c.AuditLog.Query().Page(e.ctx, args); return err }
	}
	for _, tt := range []struct {
		name    string
		indexes []string
		read    func(*ent.Client) error
	}{
		{"a page", []string{byKey}, page(sqlaudit.PageArgs{After: whole.Next})},
		{"a page, backwards", []string{byKey}, page(sqlaudit.PageArgs{Before: whole.Next})},
		{"a page, newest first", []string{byKey}, page(sqlaudit.PageArgs{After: whole.Next, NewestFirst: true})},
		{"a page of one entity", []string{byResource}, func(c *ent.Client) error {
			_, err := c.AuditLog.Query().Where(ofCard).Page(e.ctx, sqlaudit.PageArgs{Size: 1, After: one.Next})
			return err
		}},
		{"each of one entity", []string{byResource}, func(c *ent.Client) error {
			for _, err := range c.AuditLog.Query().Where(ofCard).Each(e.ctx, sqlaudit.PageArgs{Size: 1}) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"history of an entity", []string{byResource}, func(c *ent.Client) error {
			_, err := c.User.QueryHistory(&ent.User{ID: id}).All(e.ctx)
			return err
		}},
		{"history from a query", []string{byResource}, func(c *ent.Client) error {
			_, err := c.User.Query().Where(user.Email("e7.7")).QueryHistory().All(e.ctx)
			return err
		}},
		{"eager loading", []string{byResource}, func(c *ent.Client) error {
			_, err := c.User.Query().Where(user.IDLT(10)).WithHistory().All(e.ctx)
			return err
		}},
		{"entities with history", []string{byResource}, func(c *ent.Client) error {
			_, err := c.User.Query().Where(user.HasHistoryWith(auditlog.Action("update"))).All(e.ctx)
			return err
		}},
		{"history from a query, by text", []string{byResource}, func(c *ent.Client) error {
			_, err := c.Card.Query().Where(card.Number("7")).QueryHistory().All(e.ctx)
			return err
		}},
		{"entities with history, by text", []string{byResource}, func(c *ent.Client) error {
			_, err := c.Card.Query().Where(card.HasHistoryWith(auditlog.Action("create"))).All(e.ctx)
			return err
		}},
		{"the entities of entries, by text", []string{byTx}, func(c *ent.Client) error {
			_, err := c.AuditLog.Query().Where(auditlog.TxID(txs[100])).QueryCard().All(e.ctx)
			return err
		}},
		{"the log against a table", []string{byResource}, func(c *ent.Client) error {
			_, err := sqlaudit.Reconcile(e.ctx, c, sqlaudit.Types("User"))
			return err
		}},
		{"the entity of an entry", []string{byKey}, func(c *ent.Client) error {
			_, err := c.AuditLog.GetX(e.ctx, entry.ID).QueryUser().Only(e.ctx)
			return err
		}},
		{"the entities of entries", []string{byTx}, func(c *ent.Client) error {
			_, err := c.AuditLog.Query().Where(auditlog.TxID(txs[100])).QueryUser().All(e.ctx)
			return err
		}},
		{"as of a time", []string{byResource, byTx}, func(c *ent.Client) error { _, err := c.User.AsOf(mid).Get(e.ctx, id); return err }},
		{"as of a transaction", []string{byResource, byTx}, func(c *ent.Client) error { _, err := c.User.AsOfTx(entry.TxID).Get(e.ctx, id); return err }},
		{"at an entry", []string{byResource, byTx}, func(c *ent.Client) error { _, err := c.User.At(entry).Get(e.ctx, id); return err }},
		{"now", []string{byResource}, func(c *ent.Client) error { _, err := c.User.Now().Get(e.ctx, id); return err }},
		{"not there", []string{byResource, byTx}, func(c *ent.Client) error {
			_, err := c.User.AsOf(times[0].Add(-time.Hour)).Get(e.ctx, id)
			require.ErrorIs(t, err, sqlaudit.ErrNotYet)
			return nil
		}},
		{"the first version", []string{byResource, byTx}, func(c *ent.Client) error { _, err := c.User.Versions(id).First(e.ctx); return err }},
		{"the last version", []string{byResource, byTx}, func(c *ent.Client) error { _, err := c.User.Versions(id).Last(e.ctx); return err }},
		{"the version before", []string{byResource, byTx}, func(c *ent.Client) error {
			_, err := c.User.Versions(id).Before(e.ctx, version)
			return err
		}},
		{"the version after", []string{byResource, byTx}, func(c *ent.Client) error {
			_, err := c.User.Versions(id).After(e.ctx, version)
			return err
		}},
		{"all versions", []string{byResource, byTx}, func(c *ent.Client) error { _, err := c.User.Versions(id).All(e.ctx); return err }},
		{"a set", []string{byResource, byTx}, func(c *ent.Client) error {
			us, err := c.User.AsOf(mid).Query().BatchSize(100).All(e.ctx)
			require.Len(t, us, 250)
			return err
		}},
		{"a set of some", []string{byResource, byTx}, func(c *ent.Client) error { _, err := c.User.AsOf(mid).Query().Of(id, 8).All(e.ctx); return err }},
		{"a set with predicates", []string{byResource, byTx}, func(c *ent.Client) error {
			_, err := c.User.AsOf(mid).Query().Where(user.AgeGT(1)).Count(e.ctx)
			return err
		}},
		{"a set after a transaction", []string{byResource, byTx}, func(c *ent.Client) error {
			_, err := c.User.AsOfTx(txs[100]).Query().IDs(e.ctx)
			return err
		}},
		{"what changed of one", []string{byResource, byTx}, func(c *ent.Client) error {
			_, err := c.User.AsOf(mid).Diff(e.ctx, c.User.AsOf(times[150]), id)
			return err
		}},
		{"what changed of all", []string{byResource, byTx}, func(c *ent.Client) error {
			for _, err := range c.User.AsOf(mid).Diffs(e.ctx, c.User.AsOf(times[150])) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"a transaction", []string{byTx}, func(c *ent.Client) error { _, err := c.AuditTransaction(e.ctx, txs[100]); return err }},
		{"the transactions of an entity", []string{byResource, byTx}, func(c *ent.Client) error {
			_, err := c.User.QueryHistory(&ent.User{ID: id}).Transactions(e.ctx)
			return err
		}},
		{"undoing an entry", []string{byResource}, func(c *ent.Client) error { return c.AuditRevert(e.ctx, last) }},
		{"undoing what came after a time", []string{byResource, byTx}, func(c *ent.Client) error { return c.User.RevertTo(e.ctx, 8, history.AsOf(mid)) }},
		{"undoing a deletion", []string{byResource}, func(c *ent.Client) error { _, err := c.User.Undelete(e.ctx, 9); return err }},
	} {
		t.Run(tt.name, func(t *testing.T) { e.explained(t, tt.read, tt.indexes...) })
	}
}
