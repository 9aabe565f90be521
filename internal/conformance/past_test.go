package conformance

import (
	"context"
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
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/schema"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
)

func TestPast(t *testing.T) { runCases(t, pastCases) }

// newest returns the newest entry of the log.
func (e *env) newest() *ent.AuditLog {
	return e.client.AuditLog.Query().Order(auditlog.ByID(sql.OrderDesc())).FirstX(e.ctx)
}

// userText writes fields of a user.
func userText(u *ent.User) string {
	nick := "NULL"
	if u.Nick != nil {
		nick = *u.Nick
	}
	return fmt.Sprintf("%d %s %d %s", u.ID, u.Name, u.Age, nick)
}

var pastCases = []testCase{
	{"one entity", "each moment gives what was there then", func(t *testing.T, e *env) {
		a := e.user("a")
		created := e.newest()
		a.Update().SetAge(3).SetNick("x").SetSeen("today").SetPassword("secret").ExecX(e.ctx)
		updated := e.newest()
		a.Update().ClearNick().SetName("b").ExecX(e.ctx)
		cleared := e.newest()
		for entry, want := range map[*ent.AuditLog]string{
			created: "a 0 NULL", updated: "a 3 x", cleared: "b 3 NULL",
		} {
			want = idText(t, a.ID) + " " + want
			require.Equal(t, want, userText(e.client.User.At(entry).GetX(e.ctx, a.ID)))
			require.Equal(t, want, userText(e.client.User.AsOfTx(entry.TxID).GetX(e.ctx, a.ID)))
			require.Equal(t, want, userText(e.client.User.AsOf(entry.OccurredAt).GetX(e.ctx, a.ID)), "what is written at a time has happened then")
			require.Equal(t, want, userText(e.client.User.AsOf(entry.OccurredAt.In(time.FixedZone("", 3600))).GetX(e.ctx, a.ID)))
		}
		got := e.client.User.AsOf(cleared.OccurredAt.Add(-time.Nanosecond)).GetX(e.ctx, a.ID)
		require.Equal(t, "x", *got.Nick)
		v, ok := got.AuditVersion()
		require.True(t, ok)
		require.Equal(t, updated.ID, v.Entry)
		require.Equal(t, updated.TxID, v.TxID)
		require.True(t, updated.OccurredAt.Equal(v.Time))
		require.Equal(t, "update", v.Action)
		for field, known := range map[string]bool{"name": true, "nick": true, "seen": false, "password": false, "nonsense": false, "spouse": true, "groups": true, "pets": false} {
			require.Equal(t, known, v.Known(field), field)
		}
		require.Empty(t, got.Seen)
		_, err := v.Value("seen")
		require.ErrorIs(t, err, sqlaudit.ErrUnknown)
		_, ok = e.client.User.GetX(e.ctx, a.ID).AuditVersion()
		require.False(t, ok, "what was read from the table is no version")
	}},
	{"who and why", "a version says by whom it was made", func(t *testing.T, e *env) {
		u := e.user("a")
		ctx := sqlaudit.WithReason(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: 7, Type: "Job", Name: "nightly"}), "why")
		u.Update().SetAge(1).ExecX(sqlaudit.WithMetadata(ctx, map[string]any{"ip": "::1"}))
		v, _ := e.client.User.Now().GetX(e.ctx, u.ID).AuditVersion()
		require.Equal(t, []string{"7", "Job", "nightly", "why"}, []string{v.ActorID, v.ActorType, v.ActorName, v.Reason})
		require.JSONEq(t, `{"ip":"::1"}`, string(v.Metadata))
	}},
	{"not there", "each way of not being there has its error, and ent's", func(t *testing.T, e *env) {
		a := e.user("a")
		created := e.newest()
		e.client.User.DeleteOne(a).ExecX(e.ctx)
		deleted := e.newest()
		e.client.User.Create().SetName("again").SetEmail("a").ExecX(e.ctx)
		is := func(p *ent.UserPast, id int, want error) {
			t.Helper()
			_, err := p.Get(e.ctx, id)
			require.ErrorIs(t, err, want)
			require.True(t, ent.IsNotFound(err))
			var nt *sqlaudit.NotThereError
			require.ErrorAs(t, err, &nt)
			require.Equal(t, idText(t, id), nt.ID)
			for _, other := range []error{sqlaudit.ErrNotYet, sqlaudit.ErrGone, sqlaudit.ErrUnrecorded} {
				require.Equal(t, errors.Is(want, other), errors.Is(err, other))
			}
		}
		is(e.client.User.AsOf(created.OccurredAt.Add(-time.Microsecond)), a.ID, sqlaudit.ErrNotYet)
		is(e.client.User.AsOf(time.Time{}), a.ID, sqlaudit.ErrNotYet)
		is(e.client.User.AsOf(time.Unix(-5, 0)), a.ID, sqlaudit.ErrNotYet)
		is(e.client.User.At(deleted), a.ID, sqlaudit.ErrGone)
		is(e.client.User.Now(), a.ID, sqlaudit.ErrGone)
		is(e.client.User.Now(), a.ID+1000, sqlaudit.ErrUnrecorded)
		_, err := e.client.User.AsOfTx(uuid.New()).Get(e.ctx, a.ID)
		require.ErrorIs(t, err, sqlaudit.ErrNoTransaction)
		require.False(t, ent.IsNotFound(err))
		require.Panics(t, func() { e.client.User.Now().GetX(e.ctx, a.ID) })
	}},
	{"not recorded then", "before its first entry an entity may have been there already", func(t *testing.T, e *env) {
		e.exec(t, "INSERT INTO users (id, name, email) VALUES (99, 'n', 'n@example.com')")
		e.client.User.UpdateOneID(99).SetAge(1).ExecX(e.ctx)
		first := e.newest()
		_, err := e.client.User.AsOf(first.OccurredAt.Add(-time.Microsecond)).Get(e.ctx, 99)
		require.ErrorIs(t, err, sqlaudit.ErrUnrecorded)
		u := e.client.User.At(first).GetX(e.ctx, 99)
		v, _ := u.AuditVersion()
		require.Equal(t, []bool{true, false, false}, []bool{v.Known("age"), v.Known("name"), v.Known("groups")})
		require.Equal(t, 1, u.Age)
		require.Empty(t, u.Name)
		e.baseline(t)
		u = e.client.User.Now().GetX(e.ctx, 99)
		v, _ = u.AuditVersion()
		require.Equal(t, []bool{true, true, true}, []bool{v.Known("age"), v.Known("name"), v.Known("groups")})
		require.Equal(t, "n", u.Name)
		require.Equal(t, sqlaudit.ActionBaseline, v.Action)
		require.False(t, func() bool { v, _ := e.client.User.At(first).GetX(e.ctx, 99).AuditVersion(); return v.Known("name") }())
	}},
	{"a transaction as a whole", "a moment never cuts one in half", func(t *testing.T, e *env) {
		a := e.user("a")
		e.inTx(t, func(tx *ent.Tx) {
			tx.User.UpdateOneID(a.ID).SetAge(1).ExecX(e.ctx)
			_, err := tx.ExecContext(e.ctx, "UPDATE users SET age = age WHERE 1 = 0") // what came so far is written
			require.NoError(t, err)
			tx.User.UpdateOneID(a.ID).SetAge(2).ExecX(e.ctx)
			_, err = tx.ExecContext(e.ctx, "UPDATE users SET age = age WHERE 1 = 0")
			require.NoError(t, err)
			tx.User.Create().SetName("late").SetEmail("late").ExecX(e.ctx)
		})
		entries := e.client.AuditLog.Query().AllX(e.ctx)
		require.Len(t, entries, 4)
		require.Equal(t, entries[1].TxID, entries[3].TxID)
		require.True(t, entries[2].OccurredAt.Before(entries[3].OccurredAt))
		for i, want := range []int{0, 0, 0, 2} {
			require.Equal(t, want, e.client.User.AsOf(entries[i].OccurredAt).GetX(e.ctx, a.ID).Age, "as of entry %d", i)
		}
		require.Equal(t, 2, e.client.User.At(entries[1]).GetX(e.ctx, a.ID).Age, "at an entry is after all of its transaction")
		vs, err := e.client.User.Versions(a.ID).All(e.ctx)
		require.NoError(t, err)
		require.Len(t, vs, 2, "and it made one version")
	}},
	{"a new life", "an id that is used again begins anew", func(t *testing.T, e *env) {
		c := e.client.Card.Create().SetID("c").SetNumber("1").SetOwner(e.user("a")).SaveX(e.ctx)
		one := e.newest()
		e.client.Card.DeleteOne(c).ExecX(e.ctx)
		between := e.newest()
		e.client.Card.Create().SetID("c").SetNumber("2").ExecX(e.ctx)
		require.Equal(t, "1", e.client.Card.At(one).GetX(e.ctx, "c").Number)
		_, err := e.client.Card.At(between).Get(e.ctx, "c")
		require.ErrorIs(t, err, sqlaudit.ErrGone)
		got := e.client.Card.Now().GetX(e.ctx, "c")
		require.Equal(t, "2", got.Number)
		require.Zero(t, got.OwnerID, "nothing is left of the life before")
		vs, err := c.AuditVersions().All(e.ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"1", "2"}, []string{vs[0].Number, vs[1].Number}, "its end makes no version")
	}},
	{"versions", "first, last, the one before and the one after", func(t *testing.T, e *env) {
		a := e.user("a")
		for age := range 3 {
			a.Update().SetAge(age + 1).ExecX(e.ctx)
		}
		g := e.group("g")
		g.Update().AddUsers(a).ExecX(e.ctx)
		e.client.User.DeleteOne(a).ExecX(e.ctx)
		vs := e.client.User.Versions(a.ID)
		first, err := vs.First(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 0, first.Age)
		last, err := vs.Last(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 3, last.Age)
		v, _ := last.AuditVersion()
		ids, err := sqlaudit.EdgeIDs[uuid.UUID](v, user.EdgeGroups)
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{g.ID}, ids, "a link makes a version too")
		var ages []int
		for u := first; ; {
			ages = append(ages, u.Age)
			v, _ := u.AuditVersion()
			if u, err = u.AuditVersions().After(e.ctx, v); err != nil {
				break
			}
		}
		require.ErrorIs(t, err, sqlaudit.ErrNoVersion)
		require.Equal(t, []int{0, 1, 2, 3, 3}, ages)
		before, err := vs.Before(e.ctx, v)
		require.NoError(t, err)
		bv, _ := before.AuditVersion()
		ids, err = sqlaudit.EdgeIDs[uuid.UUID](bv, user.EdgeGroups)
		require.NoError(t, err)
		require.Empty(t, ids)
		fv, _ := first.AuditVersion()
		_, err = vs.Before(e.ctx, fv)
		require.ErrorIs(t, err, sqlaudit.ErrNoVersion)
		_, err = vs.Before(e.ctx, nil)
		require.ErrorIs(t, err, sqlaudit.ErrLive)
		_, err = e.client.User.Versions(a.ID + 1000).Last(e.ctx)
		require.ErrorIs(t, err, sqlaudit.ErrUnrecorded)
		require.True(t, ent.IsNotFound(err))
		n := 0
		for u, err := range vs.Each(e.ctx) {
			require.NoError(t, err)
			uv, _ := u.AuditVersion()
			same := e.client.User.AsOfTx(uv.TxID).GetX(e.ctx, a.ID)
			require.Equal(t, userText(same), userText(u), "a version is what AsOfTx gives")
			n++
		}
		require.Equal(t, 5, n)
	}},
	{"every kind of value", "a past entity has the values that the live one has", func(t *testing.T, e *env) {
		link, err := url.Parse("https://example.com/a?b=c")
		require.NoError(t, err)
		e.client.Doc.Create().SetID("d").SetTitle("t").SetBody([]byte{0, 255}).SetMeta(kinds.Meta{Source: "s", Counts: map[string]int{"a": 1}}).
			SetTags([]string{"x", "<y>"}).SetExtra(map[string]any{"k": "v"}).SetScore(0.1).SetPublished(true).SetViews(1 << 60).SetLength(time.Second).
			SetPrice(kinds.Cents(199)).SetLevel(kinds.High).SetDue(time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)).SetLink(link).ExecX(e.ctx)
		e.client.Doc.Create().SetID("empty").SetTitle("").ExecX(e.ctx)
		for _, id := range []string{"d", "empty"} {
			want, got := e.client.Doc.GetX(e.ctx, id), e.client.Doc.Now().GetX(e.ctx, id)
			require.Equal(t, jsonOf(t, want), jsonOf(t, got))
			require.Equal(t, want.Price, got.Price)
			require.Equal(t, want.Link, got.Link)
		}
	}},
	{"every kind of id", "the id is that by which the log names the entity", func(t *testing.T, e *env) {
		p := e.client.Pet.Create().SetName("p").SetChip(uuid.Max).SaveX(e.ctx)
		require.Equal(t, jsonOf(t, e.client.Pet.GetX(e.ctx, p.ID)), jsonOf(t, e.client.Pet.Now().GetX(e.ctx, p.ID)))
		e.client.Token.Create().SetID([]byte{1, 255}).SetScope("s").ExecX(e.ctx)
		require.Equal(t, "s", e.client.Token.Now().GetX(e.ctx, []byte{1, 255}).Scope)
		e.client.Account.Create().SetID("DE 1").ExecX(e.ctx)
		require.Equal(t, kinds.IBAN("DE 1"), e.client.Account.Now().GetX(e.ctx, "DE 1").ID)
		e.client.Page.Create().SetID(kinds.Path{Folder: "a", File: "b/c"}).SetText("x").ExecX(e.ctx)
		got := e.client.Page.Now().GetX(e.ctx, kinds.Path{Folder: "a", File: "b/c"})
		require.Equal(t, kinds.Path{Folder: "a", File: "b/c"}, got.ID)
		ids, err := e.client.Page.Now().Query().IDs(e.ctx)
		require.NoError(t, err)
		require.Equal(t, []kinds.Path{got.ID}, ids)
		e.client.Site.Create().SetCode("S").SetCity("x").ExecX(e.ctx)
		site := e.client.Site.Now().GetX(e.ctx, "S")
		require.Equal(t, []any{"S", "X", 0}, []any{site.Code, site.City, site.ID}, "the log does not know the id of an entity that it names otherwise")
		post := e.client.Post.Create().SetTitle("t").SaveX(e.ctx)
		tag := e.client.Tag.Create().SetID("a/b").SaveX(e.ctx)
		e.client.Tagging.Create().SetPost(post).SetTag(tag).SetWeight(5).ExecX(e.ctx)
		link := &ent.Tagging{PostID: post.ID, TagID: "a/b"}
		require.Equal(t, 5, e.client.Tagging.Now().GetX(e.ctx, link).Weight)
		vs, err := e.client.Tagging.Versions(link).All(e.ctx)
		require.NoError(t, err)
		require.Len(t, vs, 1)
		_, err = e.client.Site.Versions("").All(e.ctx)
		require.ErrorContains(t, err, "empty")
	}},
	{"a past entity is the client's", "its methods lead to what is there today", func(t *testing.T, e *env) {
		a := e.user("a")
		e.client.Pet.Create().SetName("p").SetOwner(a).ExecX(e.ctx)
		a.Update().SetAge(9).ExecX(e.ctx)
		past, err := e.client.User.Versions(a.ID).First(e.ctx)
		require.NoError(t, err)
		past.Update().SetNick("new").ExecX(e.ctx)
		require.Equal(t, idText(t, a.ID)+" a 9 new", userText(e.client.User.GetX(e.ctx, a.ID)))
		require.Equal(t, "null → \"new\"", e.last(t).Change("nick"), "the old value is that of the row")
		require.Equal(t, 1, past.QueryPets().CountX(e.ctx))
		require.Equal(t, 3, past.QueryHistory().CountX(e.ctx))
		require.NotEmpty(t, past.String())
		tx := e.begin(t, e.client)
		tx.User.UpdateOneID(a.ID).SetAge(10).ExecX(e.ctx)
		within := tx.User.Now().GetX(e.ctx, a.ID)
		require.Equal(t, 10, within.Age, "what the transaction has done is seen")
		require.NoError(t, tx.Commit())
		within.Unwrap().Update().SetAge(11).ExecX(e.ctx)
		require.Equal(t, 11, e.client.User.GetX(e.ctx, a.ID).Age)
	}},
	{"who may read", "interceptors and policy of the type apply, to what the entity was", func(t *testing.T, e *env) {
		m := e.client.Memo.Create().SetText("x").SaveX(e.ctx)
		written := e.newest()
		e.client.Memo.DeleteOne(m).ExecX(e.ctx)
		require.Equal(t, "x", e.client.Memo.At(written).GetX(e.ctx, m.ID).Text, "it was not deleted then")
		_, err := e.client.Memo.Now().Get(e.ctx, m.ID)
		require.True(t, ent.IsNotFound(err))
		require.NotErrorIs(t, err, sqlaudit.ErrGone)
		require.True(t, e.client.Memo.Now().GetX(withDeleted(e.ctx), m.ID).Deleted)
		_, err = e.client.Memo.At(written).Get(schema.Deny(e.ctx), m.ID)
		require.ErrorContains(t, err, "deny")
		_, err = e.client.Memo.At(written).Query().Count(schema.Deny(e.ctx))
		require.ErrorContains(t, err, "deny")
		vs, err := e.client.Memo.Versions(m.ID).All(e.ctx)
		require.NoError(t, err)
		require.Len(t, vs, 1, "the version that is hidden is left out")
		n, err := e.client.Memo.Now().Query().Count(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 0, n)
	}},
	{"an interceptor that is no traverser", "no query that it could stand before is run", func(t *testing.T, e *env) {
		m := e.client.Memo.Create().SetText("x").SaveX(e.ctx)
		e.client.Memo.Intercept(ent.InterceptFunc(func(ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(context.Context, ent.Query) (ent.Value, error) { return nil, errors.New("stopped") })
		}))
		require.ErrorContains(t, e.client.Memo.Query().Select("text").Scan(e.ctx, new([]any)), "stopped")
		require.Equal(t, "x", e.client.Memo.Now().GetX(e.ctx, m.ID).Text)
		require.Len(t, e.client.Memo.QueryHistory().AllX(e.ctx), 1)
	}},
	{"a value that cannot be read", "the others are known all the same", func(t *testing.T, e *env) {
		e.client.Doc.Create().SetID("d").SetTitle("t").SetMeta(kinds.Meta{Source: "s"}).SetViews(3).ExecX(e.ctx)
		text := `'{"title": "t", "views": "many", "meta": [1], "published": true}'`
		if e.backend.dialect == dialect.Postgres {
			text += "::jsonb"
		}
		e.exec(t, "%s", "UPDATE audit_logs SET new_values = "+text)
		d := e.client.Doc.Now().GetX(e.ctx, "d")
		require.Equal(t, "t", d.Title)
		v, _ := d.AuditVersion()
		require.Equal(t, []bool{true, false, false, true}, []bool{v.Known("title"), v.Known("views"), v.Known("meta"), v.Known("published")})
		for _, field := range []string{"views", "meta"} {
			_, err := v.Value(field)
			require.ErrorContains(t, err, field)
		}
		e.exec(t, "DELETE FROM audit_logs")
		e.exec(t, "DELETE FROM docs")
	}},
	{"statements", "one for a time, whatever there is", func(t *testing.T, e *env) {
		a := e.user("a")
		for age := range 20 {
			a.Update().SetAge(age + 1).ExecX(e.ctx)
		}
		entry := e.newest()
		calls := func(want int, f func() error) {
			t.Helper()
			e.probe.reset()
			require.NoError(t, f())
			require.Len(t, e.probe.noted(), want, e.probe.calls)
		}
		get := func(p *ent.UserPast) func() error {
			return func() error { _, err := p.Get(e.ctx, a.ID); return err }
		}
		calls(1, get(e.client.User.AsOf(entry.OccurredAt)))
		goldenPast(t, e, "get")
		calls(1, get(e.client.User.Now()))
		calls(2, get(e.client.User.At(entry)))
		goldenPast(t, e, "get_at_entry")
		calls(1, func() error { _, err := e.client.User.Versions(a.ID).All(e.ctx); return err })
		goldenPast(t, e, "versions")
		calls(2, func() error {
			_, err := e.client.User.AsOf(entry.OccurredAt).Diff(e.ctx, e.client.User.Now(), a.ID)
			return err
		})
		e.probe.reset()
		_, err := e.client.User.AsOf(time.Time{}).Get(e.ctx, a.ID)
		require.Error(t, err)
		require.Len(t, e.probe.noted(), 2)
		goldenPast(t, e, "get_not_there")
	}},
}
