package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/history"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
)

// MySQL and MariaDB take texts for equal that differ by spaces at their ends. The log does not.
func TestPadding(t *testing.T) { runCases(t, paddingCases) }

// padded has cards whose ids differ by spaces live one after the other: "a" twice, of which the second life lasts, and "a " and "a  " in between.
func (e *env) padded(t *testing.T) {
	t.Helper()
	for _, id := range []string{"a", "a ", "a  "} {
		e.client.Card.Create().SetID(id).SetNumber("number of " + id + "|").ExecX(e.ctx)
		e.client.Card.DeleteOneID(id).ExecX(e.ctx)
	}
	e.client.Card.Create().SetID("a").SetNumber("again").ExecX(e.ctx)
}

var paddingCases = []testCase{
	{"filters", "of entities, actors and impersonators", func(t *testing.T, e *env) {
		e.padded(t)
		one, two := []string{"create Card/a ", "delete Card/a "}, []string{"create Card/a", "delete Card/a", "create Card/a"}
		require.Equal(t, one, e.found(t, card.HistoryOf("a ")))
		require.Equal(t, two, e.found(t, card.HistoryOf("a")))
		require.Equal(t, two, e.found(t, card.HistoryOf("a", "b")))
		require.Equal(t, []string{"create Card/a", "delete Card/a", "create Card/a ", "delete Card/a ", "create Card/a"}, e.found(t, card.HistoryOf("a", "a ")))
		require.Equal(t, []string{"create Card/a  ", "delete Card/a  "}, e.found(t, auditlog.Not(card.HistoryOf("a", "a "))))
		require.Equal(t, one, e.found(t, auditlog.Resource("Card", "a ")))
		require.Empty(t, e.found(t, auditlog.Resource("Card ", "a")))
		ctx := sqlaudit.WithImpersonator(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: "ada", Type: "User"}), "root")
		e.client.Tag.Create().SetID("t").ExecX(ctx)
		tag := []string{"create Tag/t"}
		for _, p := range [][2]func() []string{
			{func() []string { return e.found(t, auditlog.Actor("ada")) }, func() []string { return e.found(t, auditlog.Actor("ada ")) }},
			{func() []string { return e.found(t, auditlog.Actor(sqlaudit.Actor{ID: "ada", Type: "User"})) }, func() []string { return e.found(t, auditlog.Actor(sqlaudit.Actor{ID: "ada", Type: "User "})) }},
			{func() []string { return e.found(t, auditlog.Impersonator("root")) }, func() []string { return e.found(t, auditlog.Impersonator("root ")) }},
		} {
			require.Equal(t, tag, p[0]())
			require.Empty(t, p[1]())
		}
	}},
	{"histories", "from an entity, a query and an entry, and to the entity", func(t *testing.T, e *env) {
		e.padded(t)
		require.Len(t, e.client.Card.QueryHistory(&ent.Card{ID: "a "}).AllX(e.ctx), 2)
		require.Len(t, e.client.Card.GetX(e.ctx, "a").QueryHistory().AllX(e.ctx), 3)
		require.Len(t, e.client.Card.Query().Where(card.Number("again")).QueryHistory().AllX(e.ctx), 3)
		loaded, err := e.client.Card.Query().WithHistory().OnlyX(e.ctx).History()
		require.NoError(t, err)
		require.Len(t, loaded, 3)
		require.True(t, e.client.Card.Query().Where(card.HasHistoryWith(auditlog.ResourceID("a"), card.NumberChangedTo("again"))).ExistX(e.ctx))
		require.False(t, e.client.Card.Query().Where(card.HasHistoryWith(card.NumberChangedTo("number of a |"))).ExistX(e.ctx))
		other := e.client.AuditLog.Query().Where(card.HistoryOf("a "))
		require.False(t, other.Clone().QueryCard().ExistX(e.ctx))
		require.False(t, other.FirstX(e.ctx).QueryCard().ExistX(e.ctx))
		require.True(t, e.newest().QueryCard().ExistX(e.ctx))
	}},
	{"the past", "each entity is itself, in sets too", func(t *testing.T, e *env) {
		e.padded(t)
		_, err := e.client.Card.Now().Get(e.ctx, "a ")
		require.ErrorIs(t, err, sqlaudit.ErrGone)
		versions, err := e.client.Card.Versions("a").All(e.ctx)
		require.NoError(t, err)
		require.Len(t, versions, 2)
		entries := e.client.AuditLog.Query().Order(auditlog.ByID()).AllX(e.ctx)
		for i, want := range [][]string{{"a"}, {}, {"a "}, {}, {"a  "}, {}, {"a"}} {
			for _, size := range []int{1, 1000} {
				ids, err := e.client.Card.At(entries[i]).Query().BatchSize(size).IDs(e.ctx)
				require.NoError(t, err)
				require.Equal(t, want, ids)
				ids, err = e.client.Card.At(entries[i]).Query().BatchSize(size).Of("a", "a ", "a  ").IDs(e.ctx)
				require.NoError(t, err)
				require.Equal(t, want, ids)
			}
		}
		var changed []string
		for d, err := range e.client.Card.At(entries[2]).Diffs(e.ctx, e.client.Card.At(entries[6])) {
			require.NoError(t, err)
			changed = append(changed, d.Action+" "+d.ID)
		}
		require.Equal(t, []string{"create a", "delete a "}, changed)
	}},
	{"undoing", "of an entity, whatever became of the other", func(t *testing.T, e *env) {
		e.padded(t)
		at := e.client.AuditLog.Query().Order(auditlog.ByID()).FirstX(e.ctx)
		e.client.Card.DeleteOneID("a").ExecX(e.ctx)
		got, err := e.client.Card.Undelete(e.ctx, "a ")
		require.NoError(t, err)
		require.Equal(t, []string{"a ", "number of a |"}, []string{got.ID, got.Number})
		e.client.Card.DeleteOneID("a ").ExecX(e.ctx)
		require.NoError(t, e.client.Card.RevertTo(e.ctx, "a", history.AfterTx(at.TxID)))
		require.Equal(t, "number of a|", e.client.Card.GetX(e.ctx, "a").Number)
	}},
	{"log against tables", "each entity is looked for", func(t *testing.T, e *env) {
		e.padded(t)
		e.client.Card.DeleteOneID("a").ExecX(e.ctx)
		require.Empty(t, e.differences(t))
		e.client.Card.Create().SetID("a ").SetNumber("1").ExecX(e.ctx)
		e.exec(t, "DELETE FROM cards")
		for _, size := range []int{1, 2, 500} {
			require.Equal(t, []string{"Card a : is not there, but in the log"}, e.differences(t, sqlaudit.BatchSize(size)))
		}
		state, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.IDs("a", "b"))
		require.NoError(t, err)
		require.Zero(t, state.Len())
		state, err = sqlaudit.Replay(e.ctx, e.client, sqlaudit.IDs("a "))
		require.NoError(t, err)
		require.Equal(t, 1, state.Len())
		e.exec(t, "DELETE FROM audit_logs")
	}},
}
