package conformance

import (
	"context"
	stdsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/history"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/hook"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/schema"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
)

// revert undoes the newest entry.
func (e *env) revert(opts ...sqlaudit.UndoOption) error {
	return e.client.AuditRevert(e.ctx, e.newest(), opts...)
}

// conflictsOf returns the conflicts of an error, without the ids of entries, and sees that each names an entry where one is to blame.
func conflictsOf(t *testing.T, err error) []string {
	t.Helper()
	var ce *sqlaudit.ConflictError
	require.ErrorAs(t, err, &ce)
	var out []string
	for _, c := range ce.Conflicts {
		require.Equal(t, c.Entry == uuid.Nil, c.TxID == uuid.Nil)
		c.Entry, c.TxID = uuid.Nil, uuid.Nil
		out = append(out, c.String())
	}
	return out
}

// tables returns what is tracked of each table, read by plain SQL: a line for each row.
func (e *env) tables(t *testing.T) map[string]map[string]map[string]string {
	return oracle.Rows(t, e.db)
}

// fullDoc creates a doc with a value in every field.
func (e *env) fullDoc(t *testing.T, id string) *ent.Doc {
	t.Helper()
	link, err := url.Parse("https://example.com/a?b=c")
	require.NoError(t, err)
	return e.client.Doc.Create().SetID(id).SetTitle("t").SetBody([]byte{0, 255}).
		SetMeta(kinds.Meta{Source: "s", Counts: map[string]int{"a": 1}}).SetTags([]string{"x", "<y>"}).
		SetExtra(map[string]any{"k": "v"}).SetScore(0.1).SetPublished(true).SetViews(1 << 60).SetLength(time.Second).
		SetPrice(kinds.Cents(199)).SetLevel(kinds.High).SetDue(time.Date(2026, 2, 3, 4, 5, 6, 0, time.FixedZone("", 7200))).SetLink(link).SaveX(e.ctx)
}

func TestUndo(t *testing.T) { runCases(t, undoCases) }

// Undoing reads and writes where the client is told which database schemas its tables are in.
func TestUndoInDatabaseSchemas(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *stdsql.DB) {
		e := newEnv(t, b, db)
		there := b.open(t)
		c := e.clientOf(t, there)
		g := c.Group.Create().SetName("g").SaveX(e.ctx)
		u := c.User.Create().SetName("u").SetEmail("u").AddGroups(g).SaveX(e.ctx)
		c.Pet.Create().SetName("p").SetOwner(u).ExecX(e.ctx)
		before := oracle.Rows(t, there)
		c.User.DeleteOne(u).ExecX(e.ctx)
		entry := u.QueryHistory().Order(auditlog.ByID(sql.OrderDesc())).FirstX(e.ctx)
		list, err := u.QueryHistory().Transactions(e.ctx)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.NoError(t, c.AuditRevertTransaction(e.ctx, entry.TxID))
		require.Equal(t, before, oracle.Rows(t, there))
		require.NoError(t, c.User.RevertTo(e.ctx, u.ID, history.AfterTx(list[0].ID)))
		oracle.Reconcile(t, there)
		require.Empty(t, e.log(t))
	}, dialect.Postgres, dialect.MySQL)
}

var undoCases = []testCase{
	{"an update", "fields are as they were, NULL too, and the undoing is recorded with what it reverted, why and by whom", func(t *testing.T, e *env) {
		u := e.client.User.Create().SetName("a").SetEmail("a@x").SetAge(0).SaveX(e.ctx)
		before := e.tables(t)
		u.Update().SetName("b").ClearAge().SetNick("n").ExecX(e.ctx)
		entry := e.newest()
		ctx := sqlaudit.WithMetadata(sqlaudit.WithReason(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: 7}), "a mistake"), map[string]any{"ip": "::1"})
		require.NoError(t, e.client.AuditRevert(ctx, entry))
		require.Equal(t, before, e.tables(t))
		got := e.newest()
		require.Equal(t, "7", got.ActorID)
		require.Equal(t, "a mistake", got.Reason)
		require.JSONEq(t, fmt.Sprintf(`{"ip":"::1","sqlaudit":{"reverts":{"entry":"%s"}}}`, entry.ID), jsonOf(t, got.Metadata))
		require.Equal(t, `"b" → "a"`, e.last(t).Change("name"))
		require.Equal(t, `null → 0`, e.last(t).Change("age"))
		require.Equal(t, `"n" → null`, e.last(t).Change("nick"))
		require.NoError(t, e.client.AuditRevert(e.ctx, got), "what undid can be undone")
		require.Equal(t, "b", e.client.User.GetX(e.ctx, u.ID).Name)
		require.NotEmpty(t, conflictsOf(t, e.client.AuditRevert(e.ctx, entry)), "but what was undone cannot be undone again")
	}},
	{"a creation", "what was created goes", func(t *testing.T, e *env) {
		before := e.tables(t)
		e.user("a")
		require.NoError(t, e.revert())
		require.Equal(t, before, e.tables(t))
		require.Equal(t, []string{"create User", "delete User"}, brief(e.log(t)))
	}},
	{"a deletion", "the entity is there again, with its old id, its values and its links", func(t *testing.T, e *env) {
		g, f := e.group("g"), e.user("f")
		u := e.client.User.Create().SetName("a").SetEmail("a@x").SetNick("").AddGroups(g).AddFriends(f).AddFollowers(f).SetSpouse(f).SaveX(e.ctx)
		before := e.tables(t)
		e.client.User.DeleteOne(u).ExecX(e.ctx)
		got, err := e.client.User.Undelete(e.ctx, u.ID)
		require.NoError(t, err)
		require.Equal(t, u.ID, got.ID)
		require.Equal(t, "a", got.Name)
		require.Equal(t, before, e.tables(t))
		require.Equal(t, g.ID, got.QueryGroups().OnlyIDX(e.ctx), "the entity's client is not that of the transaction")
		e.user("b") // a sequence gives other ids
		_, err = e.client.User.Undelete(e.ctx, u.ID)
		require.ErrorIs(t, err, sqlaudit.ErrNotDeleted)
		_, err = e.client.User.Undelete(e.ctx, 1<<30)
		require.ErrorIs(t, err, sqlaudit.ErrNotDeleted)
	}},
	{"ids of every kind", "each comes back with its own, and with immutable fields", func(t *testing.T, e *env) {
		p := e.client.Pet.Create().SetName("p").SetKind("dog").SetChip(uuid.New()).SaveX(e.ctx)
		c := e.client.Card.Create().SetID("c/1").SetNumber("1").SaveX(e.ctx)
		tok := e.client.Token.Create().SetID([]byte{0, 0xff}).SetScope("s").SaveX(e.ctx)
		acc := e.client.Account.Create().SetID("DE1").SetBalance(kinds.ParseDecimal("1.5000")).SaveX(e.ctx)
		pg := e.client.Page.Create().SetID(kinds.Path{Folder: "a", File: "b"}).SetText("t").SaveX(e.ctx)
		s := e.client.Site.Create().SetCode("S").SetCity("X").SaveX(e.ctx)
		post := e.client.Post.Create().SetTitle("p").SaveX(e.ctx)
		tag := e.client.Tag.Create().SetID("t/%").SaveX(e.ctx)
		e.client.Tagging.Create().SetPost(post).SetTag(tag).SetWeight(3).ExecX(e.ctx)
		before := e.tables(t)
		e.client.Tagging.Delete().ExecX(e.ctx)
		_, err := e.client.Tagging.Undelete(e.ctx, post.ID, tag.ID)
		require.NoError(t, err)
		e.client.Pet.DeleteOne(p).ExecX(e.ctx)
		_, err = e.client.Pet.Undelete(e.ctx, p.ID)
		require.NoError(t, err)
		e.client.Card.DeleteOne(c).ExecX(e.ctx)
		_, err = e.client.Card.Undelete(e.ctx, c.ID)
		require.NoError(t, err)
		e.client.Token.DeleteOne(tok).ExecX(e.ctx)
		_, err = e.client.Token.Undelete(e.ctx, tok.ID)
		require.NoError(t, err)
		e.client.Account.DeleteOne(acc).ExecX(e.ctx)
		_, err = e.client.Account.Undelete(e.ctx, acc.ID)
		require.NoError(t, err)
		e.client.Page.DeleteOne(pg).ExecX(e.ctx)
		_, err = e.client.Page.Undelete(e.ctx, pg.ID)
		require.NoError(t, err)
		require.Equal(t, before, e.tables(t))
		e.client.Site.DeleteOne(s).ExecX(e.ctx)
		site, err := e.client.Site.Undelete(e.ctx, s.Code)
		require.NoError(t, err)
		require.Equal(t, "S", site.Code, "the log names it by its code, and does not have its id")
	}},
	{"every kind of field", "values come back as they were, and NULL where there is a default", func(t *testing.T, e *env) {
		d := e.fullDoc(t, "d")
		n := e.client.Doc.Create().SetID("n").SetTitle("n").SaveX(e.ctx)
		before := e.tables(t)
		e.client.Doc.Delete().ExecX(e.ctx)
		require.NoError(t, e.client.AuditRevertTransaction(e.ctx, e.newest().TxID))
		require.Equal(t, before, e.tables(t))
		d.Update().SetTitle("x").ClearBody().ClearMeta().ClearTags().ClearScore().SetPublished(false).ClearLevel().ClearDue().ClearLink().ClearPrice().ExecX(e.ctx)
		require.NoError(t, e.revert())
		require.Equal(t, before, e.tables(t), "also a revision that each update changes")
		require.NoError(t, e.client.Doc.RevertTo(e.ctx, n.ID, history.Moment{}))
	}},
	{"JSON documents", "they are written themselves, with what their Go type does not hold", func(t *testing.T, e *env) {
		extra := map[string]any{"n": int64(1<<53 + 1), "list": []any{json.Number("0.12345678901234567890"), "<y>"}}
		d := e.client.Doc.Create().SetID("d").SetTitle("t").SetExtra(extra).SaveX(e.ctx)
		e.exec(t, `UPDATE docs SET meta = '{"source":"s","removed":1}'`)
		e.exec(t, "DELETE FROM audit_logs")
		e.baseline(t) // as if an older type had written it
		before := e.tables(t)
		d.Update().SetExtra(map[string]any{"n": 1}).SetMeta(kinds.Meta{Source: "x"}).ExecX(e.ctx)
		require.NoError(t, e.revert())
		require.Equal(t, before, e.tables(t))
		e.client.Doc.DeleteOneID("d").ExecX(e.ctx)
		_, err := e.client.Doc.Undelete(e.ctx, "d")
		require.NoError(t, err)
		require.Equal(t, before, e.tables(t))
	}},
	{"JSON documents that a hook changes", "what it makes of them is written, also if it changes them in place", func(t *testing.T, e *env) {
		e.client.Doc.Create().SetID("d").SetTitle("t").SetExtra(map[string]any{"n": int64(1<<53 + 1)}).SetTags([]string{"a"}).ExecX(e.ctx)
		e.client.Doc.Use(func(next ent.Mutator) ent.Mutator {
			return hook.DocFunc(func(ctx context.Context, m *ent.DocMutation) (ent.Value, error) {
				if extra, ok := m.Extra(); ok {
					extra["hook"] = true
				}
				if _, ok := m.Tags(); ok {
					m.SetTags([]string{"b"})
				}
				return next.Mutate(ctx, m)
			})
		})
		want := func() {
			got := e.client.Doc.GetX(e.ctx, "d")
			require.Equal(t, true, got.Extra["hook"])
			require.Equal(t, []string{"b"}, got.Tags)
		}
		e.client.Doc.DeleteOneID("d").ExecX(e.ctx)
		require.NoError(t, e.revert())
		want()
		e.client.Doc.UpdateOneID("d").ClearExtra().ClearTags().ExecX(e.ctx)
		require.NoError(t, e.revert())
		want()
	}},
	{"UpdateDefault", "a field that every update changes is no conflict, and takes its new value", func(t *testing.T, e *env) {
		g := e.client.Gauge.Create().SetMaker("m").SetSerial("s").SaveX(e.ctx)
		g.Update().SetLevel(6).ExecX(e.ctx)
		first := e.newest()
		require.Contains(t, first.After, "checks")
		g.Update().SetMode("off").ExecX(e.ctx)
		then := e.client.Gauge.GetX(e.ctx, g.ID)
		require.NoError(t, e.client.AuditRevert(e.ctx, first))
		now := e.client.Gauge.GetX(e.ctx, g.ID)
		require.Equal(t, []any{5, "off"}, []any{now.Level, now.Mode})
		require.Greater(t, now.Checks, then.Checks)
	}},
	{"defaults", "neither ent's nor the database's overwrites what was NULL; what is not tracked is asked for", func(t *testing.T, e *env) {
		g := e.client.Gauge.Create().SetMaker("m").SetSerial("s").SaveX(e.ctx)
		created := e.tables(t)
		require.Equal(t, map[string]string{"level": "5", "mode": "auto", "checks": "NULL", "maker": "m"}, created["Gauge"][idText(t, g.ID)])
		g.Update().ClearLevel().ClearMode().ClearChecks().SetSerial("s").ExecX(e.ctx)
		cleared := e.tables(t)
		e.client.Gauge.DeleteOne(g).ExecX(e.ctx)
		_, err := e.client.Gauge.Undelete(e.ctx, g.ID)
		var ue *sqlaudit.UnknownError
		require.ErrorAs(t, err, &ue)
		require.Equal(t, []sqlaudit.Unknown{{Type: "Gauge", ID: idText(t, g.ID), Field: "serial", Required: true}}, ue.Fields)
		_, err = e.client.Gauge.Undelete(e.ctx, g.ID, sqlaudit.LeaveUnknown())
		require.ErrorAs(t, err, &ue, "what is required cannot be left")
		got, err := e.client.Gauge.Undelete(e.ctx, g.ID, sqlaudit.With("Gauge.serial", "other"))
		require.NoError(t, err)
		require.Equal(t, []string{"m", "other"}, []string{got.Maker, got.Serial})
		require.Equal(t, cleared, e.tables(t))
		got.Update().SetLevel(7).ExecX(e.ctx)
		require.Contains(t, e.newest().After, "checks", "which each update sets")
		require.NoError(t, e.revert())
		require.Equal(t, cleared, e.tables(t), "but for one that puts it back")
		require.NoError(t, e.client.AuditRevert(e.ctx, g.QueryHistory().Where(auditlog.Action("update")).FirstX(e.ctx), sqlaudit.Overwrite()))
		require.Equal(t, "5", e.tables(t)["Gauge"][idText(t, g.ID)]["level"])
		e.client.Gauge.Update().Modify(func(u *sql.UpdateBuilder) { u.Set("maker", "n") }).ExecX(e.ctx)
		require.ErrorIs(t, e.revert(), sqlaudit.ErrImmutable)
	}},
	{"links to many", "what came goes and what went comes, from either side", func(t *testing.T, e *env) {
		g, h := e.group("g"), e.group("h")
		u, f := e.user("u"), e.user("f")
		u.Update().AddGroups(g).AddFriends(f).ExecX(e.ctx)
		before := e.tables(t)
		u.Update().AddGroups(h).RemoveGroups(g).RemoveFriends(f).AddFollowing(f).ExecX(e.ctx)
		require.NoError(t, e.client.AuditRevert(e.ctx, u.QueryHistory().Order(auditlog.ByID(sql.OrderDesc())).FirstX(e.ctx)))
		require.Equal(t, before, e.tables(t))
		g.Update().ClearUsers().ExecX(e.ctx)
		require.NoError(t, e.client.AuditRevert(e.ctx, g.QueryHistory().Order(auditlog.ByID(sql.OrderDesc())).FirstX(e.ctx)))
		require.Equal(t, before, e.tables(t))
	}},
	{"links that are rows of others", "books, boxes and the lamp of a shelf", func(t *testing.T, e *env) {
		b, c := e.client.Book.Create().SetAuthor("a").SetTitle("b").SaveX(e.ctx), e.client.Book.Create().SetAuthor("a").SetTitle("c").SaveX(e.ctx)
		x := e.client.Box.Create().SetLabel("x").SaveX(e.ctx)
		l, k := e.client.Lamp.Create().SaveX(e.ctx), e.client.Lamp.Create().SaveX(e.ctx)
		s := e.client.Shelf.Create().SetName("s").AddBooks(b).AddBoxes(x).SetLamp(l).SaveX(e.ctx)
		before := e.tables(t)
		s.Update().RemoveBooks(b).AddBooks(c).ClearBoxes().ClearLamp().SetLamp(k).ExecX(e.ctx)
		require.NoError(t, e.client.AuditRevertTransaction(e.ctx, e.newest().TxID))
		require.Equal(t, before, e.tables(t))
		other := e.client.Shelf.Create().SetName("o").SaveX(e.ctx)
		before = e.tables(t)
		e.inTx(t, func(tx *ent.Tx) { // to another shelf, from either side
			tx.Shelf.UpdateOne(s).RemoveBooks(b).RemoveBoxes(x).ClearLamp().ExecX(e.ctx)
			tx.Shelf.UpdateOne(other).AddBooks(b).AddBoxes(x).SetLamp(l).ExecX(e.ctx)
		})
		require.NoError(t, e.client.AuditRevertTransaction(e.ctx, e.newest().TxID))
		require.Equal(t, before, e.tables(t))
		b.Update().SetShelf(other).ExecX(e.ctx)
		require.NoError(t, e.client.AuditRevertTransaction(e.ctx, e.newest().TxID))
		require.Equal(t, before, e.tables(t))
	}},
	{"a shelf that took a box that was there", "the box does not go with it", func(t *testing.T, e *env) {
		x := e.client.Box.Create().SetLabel("x").SaveX(e.ctx)
		before := e.tables(t)
		s := e.client.Shelf.Create().SetName("s").AddBoxes(x).SaveX(e.ctx)
		require.NoError(t, e.client.AuditRevertTransaction(e.ctx, s.QueryHistory().OnlyX(e.ctx).TxID))
		require.Equal(t, 1, e.client.Box.Query().CountX(e.ctx))
		require.Equal(t, before, e.tables(t))
	}},
	{"a transaction across types", "all of it, in one transaction, whatever refers to what", func(t *testing.T, e *env) {
		g, keep := e.group("g"), e.user("keep")
		pet := e.client.Pet.Create().SetName("p").SetOwner(keep).SaveX(e.ctx)
		before := e.tables(t)
		e.inTx(t, func(tx *ent.Tx) {
			a := tx.User.Create().SetName("a").SetEmail("a").AddGroups(g).SaveX(e.ctx)
			b := tx.User.Create().SetName("b").SetEmail("b").SetSpouse(a).SaveX(e.ctx)
			tx.Card.Create().SetID("c").SetNumber("1").SetOwner(b).ExecX(e.ctx)
			tx.Pet.UpdateOne(pet).SetOwner(a).SetName("q").ExecX(e.ctx)
			tx.User.UpdateOne(keep).SetEmail("other").AddFriends(a).ExecX(e.ctx)
			tx.User.Create().SetName("c").SetEmail("keep@example.com").ExecX(e.ctx)
		})
		id := e.newest().TxID
		n := len(e.log(t))
		require.NoError(t, e.client.AuditRevertTransaction(e.ctx, id))
		require.Equal(t, before, e.tables(t))
		for _, l := range e.log(t)[n:] {
			require.Equal(t, e.last(t).TxID, l.TxID)
		}
		back := e.newest()
		require.JSONEq(t, fmt.Sprintf(`{"sqlaudit":{"reverts":{"tx":"%s"}}}`, id), jsonOf(t, back.Metadata))
		require.NoError(t, e.client.AuditRevertTransaction(e.ctx, back.TxID), "and back again")
		require.Equal(t, 4, e.client.User.Query().CountX(e.ctx))
		require.Equal(t, 1, e.client.Card.Query().CountX(e.ctx))
	}},
	{"a cascade", "what the database deleted comes back with what it went with, parents first", func(t *testing.T, e *env) {
		root := e.client.Node.Create().SetName("0").SaveX(e.ctx)
		mid := e.client.Node.Create().SetName("1").SetParent(root).SetMentor(root).SaveX(e.ctx)
		e.client.Node.Create().SetName("2").SetParent(mid).SetMentor(root).ExecX(e.ctx)
		root.Update().SetMentor(mid).ExecX(e.ctx) // in a circle
		u := e.user("a")
		e.client.Card.Create().SetID("c").SetNumber("1").SetOwner(u).ExecX(e.ctx)
		e.client.Pet.Create().SetName("p").SetOwner(u).ExecX(e.ctx)
		team := e.client.Team.Create().SetSlug("t").SaveX(e.ctx)
		e.client.Membership.Create().SetTeam(team).SetUser(u).SetRole("boss").ExecX(e.ctx)
		before := e.tables(t)
		e.inTx(t, func(tx *ent.Tx) {
			tx.User.DeleteOne(u).ExecX(e.ctx)
			tx.Node.DeleteOne(root).ExecX(e.ctx)
		})
		require.Equal(t, 0, e.client.Node.Query().CountX(e.ctx)+e.client.Card.Query().CountX(e.ctx)+e.client.Membership.Query().CountX(e.ctx))
		require.NoError(t, e.client.AuditRevertTransaction(e.ctx, e.newest().TxID))
		require.Equal(t, before, e.tables(t))
	}},
	{"to a moment", "fields and links as they were then, by time and by transaction", func(t *testing.T, e *env) {
		g, h := e.group("g"), e.group("h")
		u := e.user("u")
		u.Update().SetAge(1).AddGroups(g).ExecX(e.ctx)
		before := e.tables(t)
		at := e.newest()
		u.Update().SetAge(2).AddGroups(h).ExecX(e.ctx)
		u.Update().SetAge(3).SetName("v").RemoveGroups(g).ExecX(e.ctx)
		late := e.newest().OccurredAt
		require.NoError(t, e.client.User.RevertTo(e.ctx, u.ID, history.AfterTx(at.TxID)))
		require.Equal(t, before, e.tables(t))
		require.NoError(t, e.client.User.RevertTo(e.ctx, u.ID, history.AsOf(late)))
		require.Equal(t, 3, e.client.User.GetX(e.ctx, u.ID).Age)
		require.NoError(t, e.client.User.RevertTo(e.ctx, u.ID, history.AsOf(at.OccurredAt)))
		require.Equal(t, before, e.tables(t))
		n := len(e.log(t))
		require.NoError(t, e.client.User.RevertTo(e.ctx, u.ID, history.Moment{}))
		require.Len(t, e.log(t), n, "now is as it is")
		require.Equal(t, map[string]any{"type": "User", "id": idText(t, u.ID), "to": history.AsOf(at.OccurredAt).String()}, e.newest().Metadata["sqlaudit"].(map[string]any)["reverts"])

		w := e.user("w")
		require.ErrorIs(t, e.client.User.RevertTo(e.ctx, w.ID, history.AsOf(at.OccurredAt)), sqlaudit.ErrNotYet)
		unknown := e.client.User.RevertTo(e.ctx, 1<<30, history.AsOf(at.OccurredAt))
		require.ErrorIs(t, unknown, sqlaudit.ErrUnrecorded)
		require.True(t, ent.IsNotFound(unknown))
		require.ErrorIs(t, e.client.User.RevertTo(e.ctx, u.ID, history.AfterTx(uuid.New())), history.ErrNoTransaction)
		before = e.tables(t)
		created := e.newest()
		w.Update().SetAge(4).ExecX(e.ctx)
		e.client.User.DeleteOne(w).ExecX(e.ctx)
		require.NoError(t, e.client.User.RevertTo(e.ctx, w.ID, history.AfterTx(created.TxID)), "it is created again, as it was then")
		require.Equal(t, before, e.tables(t))
	}},
	{"in a transaction of the user's", "it is part of it", func(t *testing.T, e *env) {
		u := e.user("u")
		u.Update().SetAge(1).ExecX(e.ctx)
		entry := e.newest()
		tx := e.begin(t, e.client)
		require.NoError(t, tx.Client().AuditRevert(e.ctx, entry))
		got := tx.User.GetX(e.ctx, u.ID)
		require.Equal(t, 0, got.Age)
		got.Update().SetAge(7).ExecX(e.ctx)
		last := tx.AuditLog.Query().Order(auditlog.ByID(sql.OrderDesc())).FirstX(e.ctx)
		require.NoError(t, tx.Client().AuditRevert(e.ctx, last), "also of what the transaction itself did")
		require.NoError(t, tx.Rollback())
		require.Equal(t, 1, e.client.User.GetX(e.ctx, u.ID).Age)
		require.Len(t, e.log(t), 2)
		e.inTx(t, func(tx *ent.Tx) {
			tx.User.UpdateOneID(u.ID).SetName("w").ExecX(e.ctx)
			require.NoError(t, tx.Client().AuditRevert(e.ctx, entry))
		})
		require.Equal(t, e.log(t)[2].TxID, e.log(t)[3].TxID)
	}},
	{"on a bare transaction, and a client that debugs", "as on any other client", func(t *testing.T, e *env) {
		u := e.user("u")
		u.Update().SetAge(1).ExecX(e.ctx)
		stdtx, err := e.db.BeginTx(e.ctx, nil)
		require.NoError(t, err)
		bare := ent.NewClient(ent.Driver(sql.NewDriver(e.backend.dialect, sql.Conn{ExecQuerier: stdtx})))
		require.NoError(t, bare.AuditRevert(e.ctx, bare.AuditLog.Query().Order(auditlog.ByID(sql.OrderDesc())).FirstX(e.ctx)))
		require.NoError(t, stdtx.Commit())
		require.Equal(t, 0, e.client.User.GetX(e.ctx, u.ID).Age)
		require.NoError(t, e.client.Debug().AuditRevert(e.ctx, e.newest()))
		require.Equal(t, 1, e.client.User.GetX(e.ctx, u.ID).Age)
		require.ErrorIs(t, ent.NewClient().AuditRevert(e.ctx, e.newest()), sqlaudit.ErrDriver)
	}},
	{"hooks, validators and policies of the user's", "they take part, and what they refuse is not half done", func(t *testing.T, e *env) {
		a := e.client.Site.Create().SetCode("a").SetCity("X").SaveX(e.ctx)
		e.exec(t, "UPDATE sites SET city = 'veto'")
		e.exec(t, "UPDATE audit_logs SET new_values = '{\"city\":\"veto\",\"code\":\"a\",\"org\":null,\"edited_by\":null}'")
		u := e.user("u")
		e.inTx(t, func(tx *ent.Tx) {
			tx.Site.UpdateOne(a).SetCity("y").ExecX(e.ctx)
			tx.User.UpdateOne(u).SetName("v").ExecX(e.ctx)
		})
		before := e.tables(t)
		require.ErrorContains(t, e.client.AuditRevertTransaction(e.ctx, e.newest().TxID), "vetoed")
		require.Equal(t, before, e.tables(t))
		m := e.client.Memo.Create().SetText("m").SaveX(e.ctx)
		m.Update().SetText("n").ExecX(e.ctx)
		require.Error(t, e.client.AuditRevert(schema.Deny(e.ctx), e.newest()))
		require.NoError(t, e.revert())
		e.client.Memo.DeleteOne(m).ExecX(e.ctx) // softly
		require.NoError(t, e.revert())
		require.Equal(t, 1, e.client.Memo.Query().CountX(e.ctx))
	}},
	{"unique values", "a value that another has by now is ent's constraint error, and nothing is changed", func(t *testing.T, e *env) {
		u := e.user("u")
		u.Update().SetEmail("v").ExecX(e.ctx)
		entry := e.newest()
		e.client.User.Create().SetName("w").SetEmail("u@example.com").ExecX(e.ctx)
		before := e.tables(t)
		require.True(t, ent.IsConstraintError(e.client.AuditRevert(e.ctx, entry)))
		require.Equal(t, before, e.tables(t))
	}},
	{"who undoes", "the client's function gives the actor, before the transaction begins", func(t *testing.T, e *env) {
		u := e.user("u")
		u.Update().SetAge(1).ExecX(e.ctx)
		var client *ent.Client
		client = ent.NewClient(ent.Driver(e.probe), ent.AuditActor(func(ctx context.Context) (sqlaudit.Actor, error) {
			return sqlaudit.Actor{ID: client.User.Query().CountX(ctx), Type: "count"}, nil
		}))
		e.db.SetMaxOpenConns(1)
		defer e.db.SetMaxOpenConns(0)
		require.NoError(t, client.AuditRevert(e.ctx, e.newest()))
		require.Equal(t, "count", e.newest().ActorType)
		no := errors.New("nobody")
		client = ent.NewClient(ent.Driver(e.probe), ent.AuditActor(func(context.Context) (sqlaudit.Actor, error) { return sqlaudit.Actor{}, no }))
		require.ErrorIs(t, client.AuditRevert(e.ctx, e.newest()), no)
	}},
}
