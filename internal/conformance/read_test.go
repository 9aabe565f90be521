package conformance

import (
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/site"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

func TestRead(t *testing.T) { runCases(t, readCases) }

var readCases = []testCase{
	{"from a type", "all of it, also of what is gone; or of the entities given", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		e.client.User.DeleteOne(a).ExecX(e.ctx)
		e.client.Pet.Create().SetName("p").ExecX(e.ctx)
		require.Equal(t, 3, e.client.User.QueryHistory().CountX(e.ctx))
		require.Equal(t, 2, e.client.User.QueryHistory(a).CountX(e.ctx))
		require.Equal(t, 3, e.client.User.QueryHistory(a, b).CountX(e.ctx))
		require.Equal(t, 0, e.client.User.QueryHistory([]*ent.User{}...).CountX(e.ctx), "an empty list matches nothing")
		require.Equal(t, 2, a.QueryHistory().CountX(e.ctx))
		require.Equal(t, 0, e.client.Card.QueryHistory().CountX(e.ctx))
	}},
	{"ids of every type", "entries and entities find each other", func(t *testing.T, e *env) {
		a := e.user("a")
		p := e.client.Pet.Create().SetName("p").SetOwner(a).SaveX(e.ctx)
		c := e.client.Card.Create().SetID("c'1").SetNumber("1").SaveX(e.ctx)
		s := e.client.Site.Create().SetCode("S").SetCity("x").SaveX(e.ctx)
		require.Equal(t, a.ID, a.QueryHistory().OnlyX(e.ctx).QueryUser().OnlyIDX(e.ctx))
		require.Equal(t, p.ID, p.QueryHistory().OnlyX(e.ctx).QueryPet().OnlyIDX(e.ctx))
		require.Equal(t, c.ID, c.QueryHistory().OnlyX(e.ctx).QueryCard().OnlyIDX(e.ctx))
		require.Equal(t, s.ID, s.QueryHistory().OnlyX(e.ctx).QuerySite().OnlyIDX(e.ctx))
		require.Equal(t, "S", s.QueryHistory().OnlyX(e.ctx).ResourceID)
		require.Equal(t, 1, e.client.User.Query().Where(user.HasHistory()).CountX(e.ctx))
		require.Equal(t, 1, e.client.Pet.Query().Where(pet.HasHistory()).CountX(e.ctx))
		require.Equal(t, 1, e.client.Card.Query().Where(card.HasHistory()).CountX(e.ctx))
		require.Equal(t, 1, e.client.Site.Query().Where(site.HasHistory()).CountX(e.ctx))
		require.Equal(t, 1, e.client.Pet.Query().QueryHistory().CountX(e.ctx))
		require.Equal(t, 1, e.client.Site.Query().QueryHistory().CountX(e.ctx))
		require.Equal(t, []string{c.ID}, e.client.AuditLog.Query().QueryCard().IDsX(e.ctx))
		require.Equal(t, 1, e.client.AuditLog.Query().QuerySite().CountX(e.ctx))
		require.Equal(t, 1, e.client.AuditLog.Query().QueryPet().CountX(e.ctx))
		require.Equal(t, 0, a.QueryHistory().OnlyX(e.ctx).QueryPet().CountX(e.ctx), "the entry is about a user")
		require.Equal(t, 1, a.QueryPets().QueryHistory().CountX(e.ctx), "on from an edge")
	}},
	{"similar ids", "an id is compared as a whole and with its case", func(t *testing.T, e *env) {
		for _, id := range []string{"a", "A", "ä", "7", "7abc"} {
			e.client.Card.Create().SetID(id).SetNumber("1").ExecX(e.ctx)
		}
		for _, id := range []string{"a", "A", "ä", "7", "7abc"} {
			c := e.client.Card.GetX(e.ctx, id)
			require.Equal(t, id, c.QueryHistory().OnlyX(e.ctx).ResourceID)
			require.Equal(t, 1, e.client.Card.Query().Where(card.ID(id)).QueryHistory().CountX(e.ctx))
		}
	}},
	{"from a query", "the history of what the query selects, with all that an ent query can do", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		a.Update().SetAge(1).ExecX(sqlaudit.WithReason(e.ctx, "why"))
		b.Update().SetAge(2).ExecX(e.ctx)
		q := e.client.User.Query().Where(user.Name("a"))
		require.Equal(t, 2, q.QueryHistory().CountX(e.ctx))
		require.Equal(t, 1, q.QueryHistory().Where(auditlog.Reason("why")).CountX(e.ctx))
		require.Equal(t, 2, e.client.User.Query().Order(user.ByID()).Limit(1).QueryHistory().CountX(e.ctx))
		require.Equal(t, 4, e.client.User.Query().QueryHistory().CountX(e.ctx))
		require.Equal(t, "update", e.client.User.QueryHistory().Order(auditlog.ByID(sql.OrderDesc())).FirstX(e.ctx).Action)
		require.Equal(t, "create", e.client.User.QueryHistory().FirstX(e.ctx).Action, "oldest first, unless told otherwise")
		var v []struct {
			Action string
			Count  int
		}
		e.client.User.QueryHistory().GroupBy(auditlog.FieldAction).Aggregate(ent.Count()).ScanX(e.ctx, &v)
		require.Len(t, v, 2)
	}},
	{"eager loading", "two statements, whatever the number of entities", func(t *testing.T, e *env) {
		for _, name := range []string{"a", "b", "c", "d"} {
			e.user(name)
		}
		e.client.User.Update().SetAge(1).ExecX(e.ctx)
		e.probe.reset()
		q := e.client.User.Query().WithHistory().Clone()
		users := q.AllX(e.ctx)
		require.Equal(t, []string{"SELECT", "SELECT log"}, e.probe.noted())
		for _, u := range users {
			h, err := u.History()
			require.NoError(t, err)
			require.Equal(t, []string{"create", "update"}, []string{h[0].Action, h[1].Action})
			require.Equal(t, idText(t, u.ID), h[0].ResourceID)
		}
		_, err := e.client.User.Query().FirstX(e.ctx).History()
		require.True(t, ent.IsNotLoaded(err))
		u := e.client.User.Query().WithHistory().WithHistory(func(q *ent.AuditLogQuery) { q.Where(auditlog.Action("update")) }).FirstX(e.ctx)
		h, err := u.History()
		require.NoError(t, err)
		require.Len(t, h, 1, "the second replaces the first")
		require.Equal(t, 4, e.client.User.Query().WithHistory().CountX(e.ctx))
		p := e.client.Pet.Create().SetName("p").SetOwner(u).SaveX(e.ctx)
		loaded := e.client.Pet.Query().WithOwner(func(q *ent.UserQuery) { q.WithHistory() }).OnlyX(e.ctx)
		h, err = loaded.Edges.Owner.History()
		require.NoError(t, err)
		require.Len(t, h, 2)
		require.Empty(t, e.client.User.Query().Where(user.Name("nobody")).WithHistory().AllX(e.ctx))
		_ = p
	}},
	{"by history", "entities are selected by what happened to them", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		a.Update().SetAge(1).ExecX(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: b.ID}))
		q := e.client.User.Query().Where(user.HasHistoryWith(auditlog.ActorID(idText(t, b.ID)), auditlog.Action("update")))
		require.Equal(t, a.ID, q.OnlyIDX(e.ctx))
		require.Equal(t, 2, e.client.User.Query().Where(user.HasHistoryWith(auditlog.Or(auditlog.Action("update"), auditlog.Action("create")))).CountX(e.ctx))
		require.Equal(t, 1, e.client.User.Query().Where(user.Not(user.HasHistoryWith(auditlog.Action("update")))).CountX(e.ctx))
		require.Equal(t, 0, e.client.Pet.Query().Where(pet.HasHistory()).CountX(e.ctx))
	}},
	{"actors", "from an entry to who made the change", func(t *testing.T, e *env) {
		a := e.user("a")
		as := func(actor sqlaudit.Actor) *ent.AuditLog {
			a.Update().AddAge(1).ExecX(sqlaudit.NewContext(e.ctx, actor))
			a.Update().SetAge(1).ExecX(sqlaudit.NewContext(e.ctx, actor))
			return a.QueryHistory().Order(auditlog.ByID(sql.OrderDesc())).FirstX(e.ctx)
		}
		require.Equal(t, a.ID, as(sqlaudit.Actor{ID: a.ID}).QueryActor().OnlyIDX(e.ctx))
		require.Equal(t, []int{a.ID}, a.QueryHistory().QueryActor().IDsX(e.ctx))
		require.Equal(t, 0, as(sqlaudit.Actor{ID: a.ID + 1, Type: "Job"}).QueryActor().CountX(e.ctx))
		require.Equal(t, 0, e.user("b").QueryHistory().OnlyX(e.ctx).QueryActor().CountX(e.ctx))
		require.Equal(t, 1, a.QueryHistory().QueryActor().CountX(e.ctx))
	}},
	{"statements that start from the log", "the log is an ent type like any other to read", func(t *testing.T, e *env) {
		u := e.user("a")
		l := e.client.AuditLog.Query().Where(auditlog.ResourceType("User")).OnlyX(e.ctx)
		require.Equal(t, e.last(t).ID, l.ID.String())
		require.Equal(t, e.last(t).TxID, l.TxID.String())
		require.WithinDuration(t, e.last(t).OccurredAt, l.OccurredAt, 0)
		require.Equal(t, 1, e.client.AuditLog.Query().Where(auditlog.ResourceID(idText(t, u.ID))).CountX(e.ctx))
	}},
}
