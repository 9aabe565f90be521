package conformance

import (
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/history"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
)

// What is in the way of an undoing: it is named and nothing is changed, unless the caller says what is to happen.
func TestUndoConflicts(t *testing.T) { runCases(t, undoConflictCases) }

var undoConflictCases = []testCase{
	{"later changes", "they are named and nothing is changed, or they are overwritten", func(t *testing.T, e *env) {
		g, h := e.group("g"), e.group("h")
		u := e.user("u")
		u.Update().SetAge(1).SetName("v").AddGroups(g, h).ExecX(e.ctx)
		entry := u.QueryHistory().Order(auditlog.ByID(sql.OrderDesc())).FirstX(e.ctx)
		u.Update().SetNick("n").ExecX(e.ctx) // which is none of its fields
		u.Update().SetAge(2).ExecX(e.ctx)
		u.Update().SetAge(1).RemoveGroups(g).ExecX(e.ctx) // also if it is the same again
		before, n := e.tables(t), len(e.log(t))
		name := "User " + idText(t, u.ID)
		err := e.client.AuditRevert(e.ctx, entry)
		require.Equal(t, []string{name + ": age was changed again", name + ": groups to " + g.ID.String() + " was changed again"}, conflictsOf(t, err))
		require.Contains(t, err.Error(), "sqlaudit: later changes would be lost: "+name+": age was changed again (entry ")
		require.Equal(t, before, e.tables(t))
		require.Len(t, e.log(t), n)
		require.NoError(t, e.client.AuditRevert(e.ctx, entry, sqlaudit.Overwrite()))
		got := e.client.User.GetX(e.ctx, u.ID)
		require.Equal(t, []any{"u", 0, "n", 0}, []any{got.Name, got.Age, *got.Nick, got.QueryGroups().CountX(e.ctx)})
	}},
	{"a link that went and came again", "it is as it was, and yet another", func(t *testing.T, e *env) {
		g, u := e.group("g"), e.user("u")
		u.Update().AddGroups(g).ExecX(e.ctx)
		entry := u.QueryHistory().Where(auditlog.Action("update")).OnlyX(e.ctx)
		u.Update().RemoveGroups(g).ExecX(e.ctx)
		want := []string{"User " + idText(t, u.ID) + ": groups to " + g.ID.String() + " was changed again"}
		require.Equal(t, want, conflictsOf(t, e.client.AuditRevert(e.ctx, entry)))
		u.Update().AddGroups(g).ExecX(e.ctx)
		require.Equal(t, want, conflictsOf(t, e.client.AuditRevert(e.ctx, entry)))
	}},
	{"what was written around ent", "it would be lost too", func(t *testing.T, e *env) {
		u := e.user("u")
		u.Update().SetAge(1).ExecX(e.ctx)
		e.exec(t, "UPDATE users SET age = 5")
		require.Equal(t, []string{"User " + idText(t, u.ID) + ": age is not what the log says it was changed to"}, conflictsOf(t, e.revert()))
		e.exec(t, "UPDATE users SET age = 1")
		require.NoError(t, e.revert())
	}},
	{"what is gone", "it is named, or created again", func(t *testing.T, e *env) {
		u := e.client.User.Create().SetName("u").SetEmail("u").SetAge(4).SaveX(e.ctx)
		u.Update().SetName("v").ExecX(e.ctx)
		entry := e.newest()
		u.Update().SetAge(5).ExecX(e.ctx)
		e.client.User.DeleteOne(u).ExecX(e.ctx)
		require.Equal(t, []string{"User " + idText(t, u.ID) + ": is gone"}, conflictsOf(t, e.client.AuditRevert(e.ctx, entry)))
		require.NoError(t, e.client.AuditRevert(e.ctx, entry, sqlaudit.Overwrite()))
		got := e.client.User.GetX(e.ctx, u.ID)
		require.Equal(t, []any{"u", 5}, []any{got.Name, got.Age}, "with the values that it had last")
		create := u.QueryHistory().FirstX(e.ctx)
		e.client.User.DeleteOne(u).ExecX(e.ctx)
		require.Equal(t, []string{"User " + idText(t, u.ID) + ": is gone"}, conflictsOf(t, e.client.AuditRevert(e.ctx, create)))
		require.NoError(t, e.client.AuditRevert(e.ctx, create, sqlaudit.Overwrite()), "and so it is to be")
	}},
	{"what was created anew", "it is another, unless told otherwise", func(t *testing.T, e *env) {
		c := e.client.Card.Create().SetID("c").SetNumber("1").SaveX(e.ctx)
		created := e.newest()
		c.Update().SetNumber("2").ExecX(e.ctx)
		updated := e.newest()
		e.client.Card.DeleteOne(c).ExecX(e.ctx)
		deleted := e.newest()
		e.client.Card.Create().SetID("c").SetNumber("2").ExecX(e.ctx)
		for _, entry := range []*ent.AuditLog{created, updated, deleted} {
			require.Equal(t, []string{"Card c: was created anew"}, conflictsOf(t, e.client.AuditRevert(e.ctx, entry)))
		}
		require.Equal(t, []string{"Card c: was created anew"}, conflictsOf(t, e.client.Card.RevertTo(e.ctx, "c", history.AfterTx(created.TxID))))
		require.NoError(t, e.client.Card.RevertTo(e.ctx, "c", history.AfterTx(created.TxID), sqlaudit.Overwrite()))
		require.Equal(t, "1", e.client.Card.GetX(e.ctx, "c").Number)
	}},
	{"what refers to a creation", "it would go, or be left alone", func(t *testing.T, e *env) {
		u := e.user("u")
		created := e.newest()
		p := e.client.Pet.Create().SetName("p").SetOwner(u).SaveX(e.ctx)
		e.client.Card.Create().SetID("c").SetNumber("1").SetOwner(u).ExecX(e.ctx)
		g := e.group("g").Update().AddUsers(u).SaveX(e.ctx)
		name := "User " + idText(t, u.ID)
		require.ElementsMatch(t, []string{
			name + ": groups was changed again", name + ": Pet " + p.ID.String() + " refers to it by user_pets",
			name + ": Card c refers to it by card_owner", name + ": group_users " + g.ID.String() + "/" + idText(t, u.ID) + " refers to it by user_id",
		}, conflictsOf(t, e.client.AuditRevert(e.ctx, created)))
		require.NoError(t, e.client.AuditRevert(e.ctx, created, sqlaudit.Overwrite()))
		require.Equal(t, 0, e.client.User.Query().CountX(e.ctx)+e.client.Card.Query().CountX(e.ctx))
	}},
	{"what a link led to is gone", "it is named, or left out", func(t *testing.T, e *env) {
		g := e.group("g")
		owner := e.user("o")
		u := e.client.User.Create().SetName("u").SetEmail("u").AddGroups(g).SaveX(e.ctx)
		p := e.client.Pet.Create().SetName("p").SetOwner(owner).SaveX(e.ctx)
		e.client.User.DeleteOne(u).ExecX(e.ctx)
		e.client.Pet.DeleteOne(p).ExecX(e.ctx)
		e.client.Group.DeleteOne(g).ExecX(e.ctx)
		e.client.User.DeleteOne(owner).ExecX(e.ctx)
		_, err := e.client.User.Undelete(e.ctx, u.ID)
		require.Equal(t, []string{"User " + idText(t, u.ID) + ": groups: " + g.ID.String() + " is gone"}, conflictsOf(t, err))
		_, err = e.client.User.Undelete(e.ctx, u.ID, sqlaudit.Overwrite())
		require.NoError(t, err)
		_, err = e.client.Pet.Undelete(e.ctx, p.ID)
		require.Equal(t, []string{"Pet " + p.ID.String() + ": owner: " + idText(t, owner.ID) + " is gone"}, conflictsOf(t, err))
		_, err = e.client.Pet.Undelete(e.ctx, p.ID, sqlaudit.Overwrite())
		require.NoError(t, err)
	}},
	{"what a link led to is taken", "it is named, or taken back", func(t *testing.T, e *env) {
		x := e.client.Box.Create().SetLabel("x").SaveX(e.ctx)
		s, o := e.client.Shelf.Create().SetName("s").AddBoxes(x).SaveX(e.ctx), e.client.Shelf.Create().SetName("o").SaveX(e.ctx)
		s.Update().ClearBoxes().ExecX(e.ctx)
		entry := e.newest()
		o.Update().AddBoxes(x).ExecX(e.ctx)
		require.Equal(t, []string{"Shelf " + idText(t, s.ID) + ": boxes: " + idText(t, x.ID) + " is linked to another by now"}, conflictsOf(t, e.client.AuditRevert(e.ctx, entry)))
		require.NoError(t, e.client.AuditRevert(e.ctx, entry, sqlaudit.Overwrite()))
		require.Equal(t, x.ID, s.QueryBoxes().OnlyIDX(e.ctx))
		require.Equal(t, 0, o.QueryBoxes().CountX(e.ctx))
	}},
	{"redacted fields", "their old values are unknown: they are left, or given", func(t *testing.T, e *env) {
		u := e.client.User.Create().SetName("u").SetEmail("u").SetPassword("old").SaveX(e.ctx)
		u.Update().SetName("v").SetPassword("new").ExecX(e.ctx)
		entry := e.newest()
		err := e.client.AuditRevert(e.ctx, entry)
		var ue *sqlaudit.UnknownError
		require.ErrorAs(t, err, &ue)
		require.Equal(t, []sqlaudit.Unknown{{Type: "User", ID: idText(t, u.ID), Field: "password", Redacted: true}}, ue.Fields)
		require.Contains(t, err.Error(), "password is redacted")
		require.NoError(t, e.client.AuditRevert(e.ctx, entry, sqlaudit.LeaveUnknown()))
		got := e.client.User.GetX(e.ctx, u.ID)
		require.Equal(t, []string{"u", "new"}, []string{got.Name, got.Password})
		require.NoError(t, e.client.AuditRevert(e.ctx, e.newest()))
		require.NoError(t, e.client.AuditRevert(e.ctx, entry, sqlaudit.With("User.password", "old"), sqlaudit.Overwrite()))
		got = e.client.User.GetX(e.ctx, u.ID)
		require.Equal(t, []string{"u", "old"}, []string{got.Name, got.Password})
		e.client.User.DeleteOne(u).ExecX(e.ctx)
		_, err = e.client.User.Undelete(e.ctx, u.ID)
		require.ErrorAs(t, err, &ue)
		got, err = e.client.User.Undelete(e.ctx, u.ID, sqlaudit.With("password", "given"))
		require.NoError(t, err)
		require.Equal(t, "given", got.Password)
		require.ErrorContains(t, e.client.AuditRevert(e.ctx, entry, sqlaudit.With("password", 3), sqlaudit.Overwrite()), "password")
	}},
	{"what is not in the log", "an error says so", func(t *testing.T, e *env) {
		require.ErrorIs(t, e.client.AuditRevert(e.ctx, &ent.AuditLog{ID: uuid.New()}), sqlaudit.ErrNoEntry)
		require.ErrorIs(t, e.client.AuditRevertTransaction(e.ctx, uuid.New()), sqlaudit.ErrNoTransaction)
		e.exec(t, "INSERT INTO badges (id, text) VALUES (900, 'x')")
		e.baseline(t)
		require.ErrorIs(t, e.revert(), sqlaudit.ErrBaseline)
		require.ErrorIs(t, e.client.AuditRevertTransaction(e.ctx, e.newest().TxID), sqlaudit.ErrBaseline)
		require.ErrorIs(t, e.client.Badge.RevertTo(e.ctx, 900, history.AsOf(e.newest().OccurredAt.Add(-1e9))), sqlaudit.ErrUnrecorded, "who knows")
		require.NoError(t, e.client.Badge.RevertTo(e.ctx, 900, history.AsOf(e.newest().OccurredAt)))
	}},
}
