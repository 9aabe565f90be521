package conformance

import (
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
)

func TestTransaction(t *testing.T) { runCases(t, transactionCases) }

var transactionCases = []testCase{
	{"as one thing", "all that it changed, of whatever types, in order, with who and why", func(t *testing.T, e *env) {
		u := e.user("a")
		ctx := sqlaudit.WithImpersonator(sqlaudit.WithReason(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: 42, Type: "User", Name: "Ada"}), "ticket 7"), "root")
		e.inTx(t, func(tx *ent.Tx) {
			tx.User.UpdateOne(u).SetName("b").SetAge(0).ExecX(ctx)
			tx.Card.Create().SetID("c").SetNumber("1").SetOwner(u).ExecX(ctx)
			tx.Card.DeleteOneID("c").ExecX(ctx)
		})
		e.user("later")
		entry := u.QueryHistory().Where(auditlog.Action("update")).OnlyX(e.ctx)
		e.probe.reset()
		got, err := e.client.AuditTransaction(e.ctx, entry.TxID)
		require.NoError(t, err)
		require.Equal(t, []string{"SELECT log"}, e.probe.noted())
		e.backend.golden(t, "transaction/one", e.probe.calls[0]+"\n")
		require.Equal(t, entry.TxID, got.ID)
		require.Equal(t, entry.OccurredAt, got.Time)
		require.Equal(t, sqlaudit.Actor{ID: "42", Type: "User", Name: "Ada"}, got.Actor)
		require.Equal(t, []sqlaudit.Actor{got.Actor}, got.Actors)
		require.Equal(t, []string{"ticket 7", "root"}, []string{got.Reason, got.Impersonator})
		require.Equal(t, []string{"ticket 7"}, got.Reasons)
		var types []string
		for _, l := range got.Entries {
			types = append(types, l.Action+" "+l.ResourceType)
		}
		require.Equal(t, []string{"update User", "create Card", "delete Card"}, types)
		id := idText(t, u.ID)
		require.Equal(t, strings.Join([]string{
			got.Time.Format("2006-01-02T15:04:05.999999999Z07:00") + " by Ada (User 42) through root: ticket 7",
			"  update User " + id,
			`    name: "a" → "b"`,
			"    age: ∅ → 0",
			"  create Card c",
			`    number: ∅ → "1"`,
			"    owner_id: ∅ → " + id,
			"  delete Card c",
			`    number: "1" → ∅`,
			"    owner_id: " + id + " → ∅",
			"",
		}, "\n"), got.String())
		again, err := entry.Transaction(e.ctx)
		require.NoError(t, err)
		require.Equal(t, got.String(), again.String())
	}},
	{"several actors and reasons", "what is not common stands with each entry", func(t *testing.T, e *env) {
		ada, bob := sqlaudit.Actor{ID: "1", Name: "Ada"}, sqlaudit.Actor{ID: "2"}
		e.inTx(t, func(tx *ent.Tx) {
			tx.Card.Create().SetID("a").SetNumber("1").ExecX(sqlaudit.WithReason(sqlaudit.NewContext(e.ctx, ada), "x"))
			tx.Card.Create().SetID("b").SetNumber("1").ExecX(sqlaudit.WithReason(sqlaudit.NewContext(e.ctx, bob), "y"))
			tx.Card.Create().SetID("c").SetNumber("1").ExecX(e.ctx)
		})
		got, err := e.client.AuditTransaction(e.ctx, e.newest().TxID)
		require.NoError(t, err)
		require.True(t, got.Actor.IsZero())
		require.Empty(t, got.Reason)
		require.Equal(t, []sqlaudit.Actor{ada, bob}, got.Actors)
		require.Equal(t, []string{"x", "y"}, got.Reasons)
		require.Contains(t, got.String(), "\n  create Card a by Ada (1): x\n")
		require.Contains(t, got.String(), "\n  create Card b by 2: y\n")
		require.Contains(t, got.String(), "\n  create Card c\n")
	}},
	{"of an entity, and of a query", "each as a whole, in one statement, however many", func(t *testing.T, e *env) {
		u := e.user("u")
		for i := range 3 {
			e.inTx(t, func(tx *ent.Tx) {
				tx.User.UpdateOne(u).SetAge(i).ExecX(e.ctx)
				tx.Pet.Create().SetName(fmt.Sprint(i)).ExecX(e.ctx)
			})
		}
		e.client.Pet.Create().SetName("alone").ExecX(e.ctx)
		e.probe.reset()
		got, err := u.QueryHistory().Transactions(e.ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"SELECT log"}, e.probe.noted())
		e.backend.golden(t, "transaction/of_query", e.probe.calls[0]+"\n")
		var sizes []int
		for _, tx := range got {
			sizes = append(sizes, len(tx.Entries))
		}
		require.Equal(t, []int{1, 2, 2, 2}, sizes)
		got, err = u.QueryHistory().Limit(2).Transactions(e.ctx)
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.Equal(t, 1, len(got[0].Entries), "the oldest entries unless ordered otherwise")
		got, err = e.client.User.QueryHistory().Order(auditlog.ByID(sql.OrderDesc())).Limit(1).Transactions(e.ctx)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Len(t, got[0].Entries, 2)
		got, err = e.client.User.QueryHistory([]*ent.User{}...).Transactions(e.ctx)
		require.NoError(t, err)
		require.Empty(t, got)
	}},
	{"a thousand entries", "as many statements as for one", func(t *testing.T, e *env) {
		e.client.Pet.MapCreateBulk(make([]int, 1000), func(c *ent.PetCreate, _ int) { c.SetName("p") }).ExecX(e.ctx)
		id := e.newest().TxID
		e.probe.reset()
		got, err := e.client.AuditTransaction(e.ctx, id)
		require.NoError(t, err)
		require.Len(t, got.Entries, 1000)
		require.Len(t, e.probe.noted(), 1)
		e.probe.reset()
		require.NoError(t, e.client.AuditRevertTransaction(e.ctx, id))
		reads := 0
		for _, query := range e.probe.calls {
			if strings.HasPrefix(query, "SELECT") && strings.Contains(query, "resource_id") {
				reads++
			}
		}
		require.Equal(t, 2, reads, "the log is read twice: what to undo, and what came later")
		require.Equal(t, 0, e.client.Pet.Query().CountX(e.ctx))
	}},
	{"one that is not in the log", "its own error", func(t *testing.T, e *env) {
		e.user("a")
		_, err := e.client.AuditTransaction(e.ctx, uuid.New())
		require.ErrorIs(t, err, sqlaudit.ErrNoTransaction)
	}},
}
