package conformance

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/account"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/doc"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/page"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/post"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/predicate"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/site"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/tag"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/tagging"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/team"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/token"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
)

func TestFilter(t *testing.T) { runCases(t, filterCases) }

// found returns the entries that p selects, each as "action type/id", in their order.
func (e *env) found(t *testing.T, p ...predicate.AuditLog) []string {
	t.Helper()
	entries, err := e.client.AuditLog.Query().Where(p...).All(e.ctx)
	require.NoError(t, err)
	found := make([]string, len(entries))
	for i, l := range entries {
		found[i] = fmt.Sprintf("%s %s/%s", l.Action, l.ResourceType, l.ResourceID)
	}
	return found
}

var filterCases = []testCase{
	{"integers beyond 64 bits", "they have all their digits, but for SQLite within a document", func(t *testing.T, e *env) {
		long := func(last string) map[string]any {
			return map[string]any{"n": json.Number("1234567890123456789012" + last)}
		}
		e.client.Doc.Create().SetID("d").SetTitle("t").SetExtra(long("3")).ExecX(e.ctx)
		require.Len(t, e.found(t, doc.ExtraChangedTo(long("3"))), 1)
		require.Equal(t, e.backend.dialect == dialect.SQLite, len(e.found(t, doc.ExtraChangedTo(long("4")))) == 1)
	}},
	{"what is not given", "filters of ours tell it from what is; ent's own, of columns that may be NULL, do so where they are asked", func(t *testing.T, e *env) {
		e.client.Card.Create().SetID("none").SetNumber("1").ExecX(e.ctx)
		e.client.Card.Create().SetID("why").SetNumber("1").ExecX(sqlaudit.WithReason(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: "7"}), "r"))
		e.client.Card.Create().SetID("other").SetNumber("1").ExecX(sqlaudit.WithReason(e.ctx, "s"))
		none, other := "create Card/none", "create Card/other"
		require.Equal(t, []string{none, other}, e.found(t, auditlog.Not(auditlog.Actor("7"))))
		require.Equal(t, []string{other}, e.found(t, auditlog.Not(auditlog.Reason("r"))))
		require.Equal(t, []string{none, other}, e.found(t, auditlog.Or(auditlog.ReasonIsNil(), auditlog.Not(auditlog.Reason("r")))))
	}},
	{"ids of every type", "one or many, and none matches nothing", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		p := e.client.Pet.Create().SetName("p").SaveX(e.ctx)
		e.client.Card.Create().SetID("c'1").SetNumber("1").ExecX(e.ctx)
		e.client.Token.Create().SetID([]byte{1, 255}).SetScope("s").ExecX(e.ctx)
		e.client.Account.Create().SetID("DE1").ExecX(e.ctx)
		e.client.Page.Create().SetID(kinds.Path{Folder: "f", File: "x"}).SetText("t").ExecX(e.ctx)
		e.client.Team.Create().SetSlug("red").ExecX(e.ctx)
		e.client.Site.Create().SetCode("S").SetCity("x").ExecX(e.ctx)
		po := e.client.Post.Create().SetTitle("t").SaveX(e.ctx)
		e.client.Tag.Create().SetID("a/b").ExecX(e.ctx)
		e.client.Tagging.Create().SetPostID(po.ID).SetTagID("a/b").ExecX(e.ctx)

		ua, ub := "create User/"+idText(t, a.ID), "create User/"+idText(t, b.ID)
		for _, c := range []struct {
			p    predicate.AuditLog
			want []string
		}{
			{user.HistoryOf(a.ID), []string{ua}},
			{user.HistoryOf(b.ID, a.ID, -1), []string{ua, ub}},
			{user.HistoryOf(), nil},
			{user.HistoryOf([]int{}...), nil},
			{auditlog.Resource("User", a.ID), []string{ua}},
			{auditlog.Resource("User", idText(t, a.ID), int64(b.ID), uint8(200)), []string{ua, ub}},
			{auditlog.Resource("User"), nil},
			{auditlog.Resource("User", []any{}...), nil},
			{auditlog.Resource("Pet", a.ID), nil},
			{pet.HistoryOf(p.ID), []string{"create Pet/" + p.ID.String()}},
			{auditlog.Resource("Pet", p.ID, &p.ID), []string{"create Pet/" + p.ID.String()}},
			{card.HistoryOf("c'1", "C'1"), []string{"create Card/c'1"}},
			{token.HistoryOf([]byte{1, 255}), []string{"create Token/01ff"}},
			{account.HistoryOf("DE1"), []string{"create Account/DE1"}},
			{page.HistoryOf(kinds.Path{Folder: "f", File: "x"}), []string{"create Page/f/x"}},
			{team.HistoryOf("red"), []string{"create Team/red"}},
			{site.HistoryOf("S"), []string{"create site/S"}},
			{tagging.HistoryOf(po.ID, "a/b"), []string{fmt.Sprintf("create Tagging/%d/a%%2Fb", po.ID)}},
			{auditlog.Not(auditlog.Or(auditlog.ResourceTypeNEQ("User"), user.HistoryOf(a.ID))), []string{ub}},
		} {
			require.Equal(t, append([]string{}, c.want...), e.found(t, c.p))
		}
		_, err := e.client.AuditLog.Query().Where(auditlog.Resource("User", 1.5)).All(e.ctx)
		require.ErrorContains(t, err, "sqlaudit: invalid User id: float64 is no id")
	}},
	{"who and why", "each of the things that a context says", func(t *testing.T, e *env) {
		as := func(name string, actor sqlaudit.Actor, more ...string) {
			ctx := sqlaudit.NewContext(e.ctx, actor)
			if len(more) > 0 {
				ctx = sqlaudit.WithImpersonator(sqlaudit.WithReason(ctx, more[0]), more[1])
			}
			e.client.Card.Create().SetID(name).SetNumber("1").ExecX(ctx)
		}
		id := uuid.New()
		as("int", sqlaudit.Actor{ID: 7})
		as("text", sqlaudit.Actor{ID: "7", Type: "Job"})
		as("uuid", sqlaudit.Actor{ID: id}, "why", "root")
		as("nobody", sqlaudit.Actor{})
		as("case", sqlaudit.Actor{ID: "A"})
		c := func(names ...string) []string {
			out := []string{}
			for _, n := range names {
				out = append(out, "create Card/"+n)
			}
			return out
		}
		require.Equal(t, c("int", "text"), e.found(t, auditlog.Actor(7)))
		require.Equal(t, c("text"), e.found(t, auditlog.Actor(sqlaudit.Actor{ID: 7, Type: "Job"})))
		require.Equal(t, c("int", "text", "uuid"), e.found(t, auditlog.Actor(id, "7", sqlaudit.Actor{ID: 9, Type: "Job"})))
		require.Equal(t, c(), e.found(t, auditlog.Actor()))
		require.Equal(t, c(), e.found(t, auditlog.Actor("a")))
		require.Equal(t, c("nobody", "case"), e.found(t, auditlog.Not(auditlog.Actor(7, id))), "also what nobody is known to have done")
		require.Equal(t, c("uuid"), e.found(t, auditlog.Impersonator("root")))
		require.Equal(t, c("uuid"), e.found(t, auditlog.Impersonator(sqlaudit.Actor{ID: "root"})))
		require.Equal(t, c("int", "text", "nobody", "case"), e.found(t, auditlog.Not(auditlog.Impersonator("root"))))
		require.Equal(t, c("uuid"), e.found(t, auditlog.Reason("why")))
		require.Equal(t, c("int"), e.found(t, auditlog.TxID(uuid.MustParse(e.log(t)[0].TxID))))
		_, err := e.client.AuditLog.Query().Where(auditlog.Actor(7, nil)).Count(e.ctx)
		require.ErrorContains(t, err, "sqlaudit: invalid actor id")
	}},
	{"metadata", "by key and by value, whatever a key is made of", func(t *testing.T, e *env) {
		keys := []string{"a", "A", `a"b`, `a\b`, "é", "🐘", "<&>", "a.b", "", " ", "*", "$", "\u2028", "\n", "a'b", `\u0041`, "[0]"}
		for i, k := range keys {
			ctx := sqlaudit.WithMetadata(e.ctx, map[string]any{k: map[string]any{"n": i, "k": k}, "other": k})
			e.client.Card.Create().SetID(idText(t, i)).SetNumber("1").ExecX(ctx)
		}
		e.client.Card.Create().SetID("none").SetNumber("1").ExecX(e.ctx)
		for i, k := range keys {
			want := []string{fmt.Sprintf("create Card/%d", i)}
			require.Equal(t, want, e.found(t, auditlog.Metadata(k)), "%q", k)
			require.Equal(t, want, e.found(t, auditlog.MetadataValue("other", k)), "%q", k)
			require.Equal(t, want, e.found(t, auditlog.MetadataValue(k, map[string]any{"k": k, "n": float64(i)})), "%q", k)
			require.Empty(t, e.found(t, auditlog.MetadataValue(k, map[string]any{"k": k})), "a part of it")
			require.Empty(t, e.found(t, auditlog.MetadataValue(k, map[string]any{"k": k, "n": i + 1})))
			require.Len(t, e.found(t, auditlog.Not(auditlog.Metadata(k))), len(keys))
			require.Len(t, e.found(t, auditlog.Not(auditlog.MetadataValue("other", k))), len(keys))
		}
		_, err := e.client.AuditLog.Query().Where(auditlog.MetadataValue("a", math.NaN())).All(e.ctx)
		require.ErrorContains(t, err, `sqlaudit: invalid metadata "a": not encodable as JSON`)
	}},
	{"a range of time", "half-open, in any zone, and either end may be open", func(t *testing.T, e *env) {
		for _, id := range []string{"a", "b", "c"} {
			e.client.Card.Create().SetID(id).SetNumber("1").ExecX(e.ctx)
		}
		at := make([]time.Time, 3)
		for i, l := range e.log(t) {
			at[i] = l.OccurredAt.In(time.FixedZone("", 5*3600+1800))
		}
		all := []string{"create Card/a", "create Card/b", "create Card/c"}
		var open time.Time
		for _, c := range []struct {
			from, to time.Time
			want     []string
		}{
			{open, open, all},
			{at[0], open, all},
			{at[1], open, all[1:]},
			{at[1].Add(1), open, all[2:]},
			{open, at[2], all[:2]},
			{open, at[2].Add(time.Microsecond), all},
			{at[0], at[2], all[:2]},
			{at[1], at[1], nil},
			{at[1], at[1].Add(1), all[1:2]},
			{time.Unix(-1e9, 0), time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC), all},
		} {
			require.Equal(t, append([]string{}, c.want...), e.found(t, auditlog.During(c.from, c.to)))
		}
		require.Empty(t, e.found(t, auditlog.Not(auditlog.During(open, open))))
	}},
	{"a range of time that ends before it starts", "it is an error of every way to run a query, and never an empty result", func(t *testing.T, e *env) {
		e.user("a")
		p := auditlog.During(time.Unix(1, 0), time.Unix(0, 0))
		q := func() *ent.AuditLogQuery { return e.client.User.QueryHistory().Where(p) }
		ways := map[string]func() error{
			"All":     func() error { _, err := q().All(e.ctx); return err },
			"Count":   func() error { _, err := q().Count(e.ctx); return err },
			"IDs":     func() error { _, err := q().IDs(e.ctx); return err },
			"Exist":   func() error { _, err := q().Exist(e.ctx); return err },
			"First":   func() error { _, err := q().First(e.ctx); return err },
			"GroupBy": func() error { _, err := q().GroupBy(auditlog.FieldAction).Strings(e.ctx); return err },
			"Select":  func() error { _, err := q().Select(auditlog.FieldAction).Strings(e.ctx); return err },
			"Not":     func() error { _, err := e.client.AuditLog.Query().Where(auditlog.Not(p)).All(e.ctx); return err },
			"Or": func() error {
				_, err := e.client.AuditLog.Query().Where(auditlog.Or(auditlog.Action("create"), p)).All(e.ctx)
				return err
			},
			"HasHistory": func() error { _, err := e.client.User.Query().Where(user.HasHistoryWith(p)).All(e.ctx); return err },
			"QueryUser":  func() error { _, err := q().QueryUser().All(e.ctx); return err },
			"QueryActor": func() error { _, err := q().QueryActor().Count(e.ctx); return err },
			"Page":       func() error { _, err := q().Page(e.ctx, sqlaudit.PageArgs{}); return err },
			"WithHistory": func() error {
				_, err := e.client.User.Query().WithHistory(func(q *ent.AuditLogQuery) { q.Where(p) }).All(e.ctx)
				return err
			},
			"QueryHistory": func() error {
				_, err := e.client.User.Query().Where(user.HasHistoryWith(p)).QueryHistory().All(e.ctx)
				return err
			},
		}
		for name, way := range ways {
			require.ErrorContains(t, way(), "sqlaudit: invalid time range: it starts at ", name)
		}
		_, err := q().Select(auditlog.FieldAction).Strings(e.ctx)
		var ve *sqlaudit.ValueError
		require.ErrorAs(t, err, &ve)
	}},
	{"fields that changed", "in an update, a create or a delete, and those of which the value is not told", func(t *testing.T, e *env) {
		a := e.user("a")
		id := idText(t, a.ID)
		a.Update().SetAge(1).ExecX(e.ctx)
		a.Update().SetPassword("x").ExecX(e.ctx)
		a.Update().SetAge(2).SetName("b").ExecX(e.ctx)
		e.client.Pet.Create().SetName("p").ExecX(e.ctx)
		e.client.User.DeleteOne(a).ExecX(e.ctx)
		u := "update User/" + id
		require.Equal(t, []string{"create User/" + id, u, u, "delete User/" + id}, e.found(t, user.AgeChanged()))
		require.Equal(t, []string{u}, e.found(t, user.PasswordChanged(), auditlog.Action("update")))
		require.Len(t, e.found(t, user.NameChanged()), 3)
		require.Len(t, e.found(t, auditlog.FieldChanged("name")), 4, "of any type")
		require.Len(t, e.found(t, auditlog.FieldChanged("password", "age"), auditlog.Action("update")), 3)
		require.Len(t, e.found(t, auditlog.Not(user.AgeChanged())), 2)
		require.Empty(t, e.found(t, auditlog.FieldChanged()))
		require.Empty(t, e.found(t, auditlog.FieldChanged("nam", "%", `n"`, "")))
		require.Equal(t, []string{u}, e.found(t, user.AgeChangedFrom(1), user.AgeChangedTo(2)))
		require.Equal(t, []string{u}, e.found(t, user.AgeChangedFromNil(), user.AgeChangedTo(1)))
		require.Equal(t, []string{"create User/" + id}, e.found(t, user.AgeChangedToNil()))
		require.Len(t, e.found(t, auditlog.Not(user.AgeChangedTo(2))), 5)
		require.Empty(t, e.found(t, user.AgeChangedTo(12)))
		require.Empty(t, e.found(t, pet.NameChangedTo("a")), "of the type alone")
	}},
	{"edges", "to one by value, to many by the ids that came and went", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		g := e.client.Group.Create().SetName("g").AddUsers(a).SaveX(e.ctx)
		g.Update().AddUsers(b).RemoveUsers(a).ExecX(e.ctx)
		p := e.client.Pet.Create().SetName("p").SetOwner(a).SaveX(e.ctx)
		p.Update().SetOwner(b).ExecX(e.ctx)
		p.Update().ClearOwner().ExecX(e.ctx)
		gs, ps, as, bs := "Group/"+g.ID.String(), "Pet/"+p.ID.String(), "User/"+idText(t, a.ID), "User/"+idText(t, b.ID)
		require.Equal(t, []string{"create " + gs}, e.found(t, group.UsersAdded(a.ID)))
		require.Equal(t, []string{"create " + gs, "update " + gs}, e.found(t, group.UsersAdded(a.ID, b.ID, -1)))
		require.Equal(t, []string{"update " + gs}, e.found(t, group.UsersRemoved(a.ID)))
		require.Empty(t, e.found(t, group.UsersRemoved(b.ID)))
		require.Empty(t, e.found(t, group.UsersAdded()))
		require.Empty(t, e.found(t, user.GroupsAdded([]uuid.UUID{}...)))
		require.Len(t, e.found(t, auditlog.Not(group.UsersAdded(a.ID))), len(e.log(t))-1)
		require.Equal(t, []string{"update " + as, "update " + bs}, e.found(t, user.GroupsAdded(g.ID)))
		require.Equal(t, []string{"update " + as}, e.found(t, user.GroupsRemoved(g.ID)))
		require.Equal(t, []string{"update " + as}, e.found(t, auditlog.EdgeRemoved("groups", g.ID)))
		require.Equal(t, []string{"create " + gs}, e.found(t, auditlog.EdgeAdded("users", a.ID, "1", nil)))
		require.Empty(t, e.found(t, auditlog.EdgeAdded("owner", a.ID)), "that leads to one")
		require.Equal(t, []string{"create " + ps}, e.found(t, pet.OwnerChangedTo(a.ID)))
		require.Equal(t, []string{"update " + ps}, e.found(t, pet.OwnerChangedFrom(b.ID), pet.OwnerChangedToNil()))
		require.Len(t, e.found(t, user.GroupsChanged()), 3)
		po := e.client.Post.Create().SetTitle("t").AddTags(e.client.Tag.Create().SetID(`a", "b`).SaveX(e.ctx)).SaveX(e.ctx)
		require.Equal(t, []string{"create Post/" + idText(t, po.ID)}, e.found(t, post.TagsAdded(`a", "b`)))
		require.Empty(t, e.found(t, post.TagsAdded(`a`, `b`, `, `, `"`)))
		require.Equal(t, []string{"update Tag/" + `a", "b`}, e.found(t, tag.PostsAdded(po.ID)))
	}},
	{"links of large ids", "a number is compared with all its digits", func(t *testing.T, e *env) {
		const big = 1 << 53
		a := e.client.User.Create().SetName("a").SetEmail("a").SaveX(e.ctx)
		moved(t, e, a.ID, big+1)
		g := e.client.Group.Create().SetName("g").AddUserIDs(big + 1).SaveX(e.ctx)
		require.Empty(t, e.found(t, group.UsersAdded(big)))
		require.Empty(t, e.found(t, group.UsersAdded(big+2)))
		require.Equal(t, []string{"create Group/" + g.ID.String()}, e.found(t, group.UsersAdded(big+1)))
		e.client.Group.DeleteOne(g).ExecX(e.ctx)
		moved(t, e, big+1, a.ID)
	}},
	{"values of every type", "each is found by itself, and by no other of its kind", func(t *testing.T, e *env) {
		for _, v := range values(e.backend.dialect) {
			v.run(t, e)
		}
	}},
	{"times", "an instant is the same in every zone", func(t *testing.T, e *env) {
		at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
		zone := time.FixedZone("", -3*3600-1800)
		fine := at.Add(123456 * time.Microsecond)
		if e.backend.dialect == dialect.MySQL {
			fine = at.Add(time.Second) // the column keeps whole seconds
		}
		for i, v := range []time.Time{at, fine.In(zone), time.Date(1969, 12, 31, 23, 59, 58, 0, zone), at.In(zone).Add(time.Hour)} {
			d := e.client.Doc.Create().SetID(idText(t, i)).SetTitle("t").SetDue(v).SaveX(e.ctx)
			for _, z := range []*time.Location{time.UTC, zone, time.FixedZone("", 20*3600), time.Local} {
				require.Equal(t, []string{"create Doc/" + d.ID}, e.found(t, doc.DueChangedTo(v.In(z))))
				require.Equal(t, []string{"create Doc/" + d.ID}, e.found(t, auditlog.FieldTo("due", v.In(z))))
			}
			require.Empty(t, e.found(t, doc.DueChangedTo(v.Add(time.Microsecond))))
			require.Empty(t, e.found(t, doc.DueChangedTo(v.Add(-time.Microsecond))))
			d.Update().ClearDue().ExecX(e.ctx)
			require.Equal(t, []string{"update Doc/" + d.ID}, e.found(t, doc.DueChangedFrom(v.In(zone))))
		}
		require.Len(t, e.found(t, doc.DueChangedToNil()), 4)
	}},
	{"untyped values", "their form follows from their Go type", func(t *testing.T, e *env) {
		p := e.client.Pet.Create().SetName("p").SetChip(uuid.Max).SaveX(e.ctx)
		e.client.Doc.Create().SetID("d").SetTitle("t").SetMeta(kinds.Meta{Source: "s", Counts: map[string]int{"a": 1}}).SetBody([]byte{1}).
			SetLevel(kinds.High).SetLength(time.Second).SetScore(2).ExecX(e.ctx)
		ps, ds := []string{"create Pet/" + p.ID.String()}, []string{"create Doc/d"}
		require.Equal(t, ps, e.found(t, auditlog.FieldTo("chip", uuid.Max)))
		require.Equal(t, ps, e.found(t, auditlog.FieldTo("owner", nil)))
		require.Equal(t, ps, e.found(t, auditlog.FieldTo("kind", pet.KindCat)))
		require.Equal(t, ds, e.found(t, auditlog.FieldTo("meta", map[string]any{"counts": map[string]any{"a": 1.0}, "source": "s"})), "in whatever order")
		require.Equal(t, ds, e.found(t, auditlog.FieldTo("meta", json.RawMessage(`{"source":"s","counts":{"a":1e0}}`))))
		require.Equal(t, ds, e.found(t, auditlog.FieldTo("body", []byte{1})))
		require.Equal(t, ds, e.found(t, auditlog.FieldTo("level", kinds.High)))
		require.Equal(t, ds, e.found(t, auditlog.FieldTo("length", time.Second)))
		require.Equal(t, ds, e.found(t, auditlog.FieldTo("score", 2)))
		require.Empty(t, e.found(t, auditlog.FieldTo("score", "2")))
		_, err := e.client.AuditLog.Query().Where(auditlog.FieldTo("x", json.RawMessage(`{`))).All(e.ctx)
		require.ErrorContains(t, err, `sqlaudit: invalid value of "x"`)
	}},
	{"a value that cannot be stored", "it is an error, and not a value that nothing has", func(t *testing.T, e *env) {
		_, err := e.client.AuditLog.Query().Where(doc.ExtraChangedTo(map[string]any{"f": func() {}})).All(e.ctx)
		require.ErrorContains(t, err, `sqlaudit: invalid value of "extra"`)
		_, err = e.client.AuditLog.Query().Where(doc.HistoryOf("d"), doc.TagsChangedFrom([]string{"\x00"})).All(e.ctx)
		require.NoError(t, err)
	}},
}

// moved gives a user another id, around ent.
func moved(t *testing.T, e *env, from, to int) {
	t.Helper()
	_, err := e.db.Exec(fmt.Sprintf("UPDATE users SET id = %d WHERE id = %d", to, from))
	require.NoError(t, err)
	_, err = e.db.Exec(fmt.Sprintf("UPDATE audit_logs SET resource_id = '%d' WHERE resource_type = 'User' AND resource_id = '%d'", to, from))
	require.NoError(t, err)
}

// A valueTest has entities with values of one field, each of which is looked for.
type valueTest struct {
	name string
	run  func(*testing.T, *env)
}

// each makes a test of distinct values of a field.
func each[V any](name string, set func(*ent.DocCreate, V), to, from func(V) predicate.AuditLog, values ...V) valueTest {
	return valueTest{name, func(t *testing.T, e *env) {
		ids := make([]string, len(values))
		for i, v := range values {
			ids[i] = fmt.Sprintf("%s%d", name, i)
			c := e.client.Doc.Create().SetID(ids[i]).SetTitle(name)
			set(c, v)
			c.ExecX(e.ctx)
		}
		mine := doc.HistoryOf(ids...)
		for i, v := range values {
			require.Equal(t, []string{"create Doc/" + ids[i]}, e.found(t, mine, to(v)), "%s %#v", name, v)
			require.Empty(t, e.found(t, mine, from(v)), "%s %#v", name, v)
			rest := e.found(t, mine, auditlog.Not(to(v)))
			require.NotContains(t, rest, "create Doc/"+ids[i])
			require.Len(t, rest, len(values)-1, "the condition is never NULL")
		}
		e.client.Doc.Delete().ExecX(e.ctx)
		for i, v := range values {
			require.Equal(t, []string{"delete Doc/" + ids[i]}, e.found(t, mine, from(v)), "%s %#v", name, v)
		}
	}}
}

func values(dialectName string) []valueTest {
	texts := []string{"a", "A", "a ", " a", "ä", "a\u0308", "", "1", "1.0", "null", "true", `"`, `\`, `\"`, "<&>", "🐘", "\u2028", "a\nb", "%", "_", "'", "[]", "{}", `{"$json":null}`, "$", "?", "\x01"}
	floats := []float64{0, 1, 0.1, math.Nextafter(0.1, 1), 1.0 / 3, 1e20, 1e21, 1e-7, 1 << 53, 1e300, -2.5, 123456789.123}
	if dialectName != dialect.Postgres {
		texts = append(texts, "\x00", "a\x00b")
	}
	if dialectName != dialect.MySQL {
		floats = append(floats, 5e-324, math.MaxFloat64, math.Inf(1), math.Inf(-1))
	}
	if dialectName == dialect.Postgres {
		floats = append(floats, math.NaN())
	}
	documents := []map[string]any{
		{}, {"a": 1}, {"a": 1.5}, {"a": "1"}, {"a": true}, {"a": nil}, {"a": []any{}}, {"a": map[string]any{}}, {"a": []any{1, 2}}, {"a": []any{2, 1}}, {"a": []any{1, 2, 2}},
		{"a": []any{1, []any{2}}}, {"a": []any{[]any{1}, 2}}, {"a": 1, "b": 2}, {"a": 2, "b": 1}, {"b": map[string]any{"a": 1}}, {"$json": nil}, {"$bytes": "AA=="}, {"$x": 1}, {"a.b": 1},
		{"a": map[string]any{"b": 1}}, {`a"b`: "<é🐘\u2028>"}, {"a": 1 << 53}, {"a": 1<<53 - 1},
	}
	link := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			panic(err)
		}
		return u
	}
	tests := []valueTest{
		each("score", func(c *ent.DocCreate, v float64) { c.SetScore(v) }, doc.ScoreChangedTo, doc.ScoreChangedFrom, floats...),
		each("views", func(c *ent.DocCreate, v int64) { c.SetViews(v) }, doc.ViewsChangedTo, doc.ViewsChangedFrom,
			0, 1, -1, 10, 1<<53, 1<<53+1, math.MaxInt64, math.MaxInt64-1, math.MinInt64),
		each("body", func(c *ent.DocCreate, v []byte) { c.SetBody(v) }, doc.BodyChangedTo, doc.BodyChangedFrom, []byte{}, []byte{0}, []byte{0, 0}, []byte{255}, []byte("null")),
		each("extra", func(c *ent.DocCreate, v map[string]any) { c.SetExtra(v) }, doc.ExtraChangedTo, doc.ExtraChangedFrom, documents...),
		each("tags", func(c *ent.DocCreate, v []string) { c.SetTags(v) }, doc.TagsChangedTo, doc.TagsChangedFrom, nil, []string{}, []string{"a"}, []string{"a", "b"}, []string{"b", "a"}, []string{"a", "a"}),
		each("meta", func(c *ent.DocCreate, v kinds.Meta) { c.SetMeta(v) }, doc.MetaChangedTo, doc.MetaChangedFrom, kinds.Meta{}, kinds.Meta{Source: "a"}, kinds.Meta{Source: "a", Counts: map[string]int{"x": 1, "y": 2}}),
		each("published", func(c *ent.DocCreate, v bool) { c.SetPublished(v) }, doc.PublishedChangedTo, doc.PublishedChangedFrom, true, false),
		each("length", func(c *ent.DocCreate, v time.Duration) { c.SetLength(v) }, doc.LengthChangedTo, doc.LengthChangedFrom, 0, time.Nanosecond, time.Hour),
		each("price", func(c *ent.DocCreate, v kinds.Money) { c.SetPrice(v) }, doc.PriceChangedTo, doc.PriceChangedFrom, kinds.Cents(0), kinds.Cents(1), kinds.Cents(10)),
		each("level", func(c *ent.DocCreate, v kinds.Level) { c.SetLevel(v) }, doc.LevelChangedTo, doc.LevelChangedFrom, kinds.Low, kinds.High),
		each("link", func(c *ent.DocCreate, v *url.URL) { c.SetLink(v) }, doc.LinkChangedTo, doc.LinkChangedFrom, link("https://example.com"), link("https://example.com/a?b=c")),
	}
	return append(tests, each("title", func(c *ent.DocCreate, v string) { c.SetTitle(v) }, doc.TitleChangedTo, doc.TitleChangedFrom, texts...))
}

// TestFilterDocuments looks for JSON documents among others like them.
func TestFilterDocuments(t *testing.T) {
	var document func(depth int) *rapid.Generator[any]
	document = func(depth int) *rapid.Generator[any] {
		scalars := []*rapid.Generator[any]{
			rapid.Just[any](nil), rapid.Just[any](true),
			rapid.Map(rapid.SampledFrom([]string{"", "a", "A", "1", "é", `"`, `\`, "<", "null"}), func(s string) any { return s }),
			rapid.Map(rapid.SampledFrom([]float64{0, 1, -1, 0.1, 1e21, 1e-7, 100}), func(f float64) any { return f }),
		}
		if depth > 0 {
			scalars = append(scalars,
				rapid.Map(rapid.SliceOfN(document(depth-1), 0, 2), func(v []any) any { return v }),
				rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "$json", `"`, ".", "é"}), document(depth-1), 0, 2), func(v map[string]any) any { return v }))
		}
		return rapid.OneOf(scalars...)
	}
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		rapid.Check(t, func(rt *rapid.T) {
			e.client.Doc.Delete().ExecX(e.ctx)
			start := e.client.AuditLog.Query().CountX(e.ctx)
			docs := rapid.SliceOfN(rapid.MapOfN(rapid.SampledFrom([]string{"a", "b"}), document(2), 0, 2), 1, 6).Draw(rt, "documents")
			for i, d := range docs {
				e.client.Doc.Create().SetID(idText(t, i)).SetTitle("t").SetExtra(d).ExecX(e.ctx)
			}
			later := e.client.AuditLog.Query().IDsX(e.ctx)[start]
			for _, d := range docs {
				var want []string
				for i, other := range docs {
					if reflect.DeepEqual(d, other) {
						want = append(want, "create Doc/"+idText(t, i))
					}
				}
				if got := e.found(t, doc.ExtraChangedTo(d), auditlog.IDGTE(later)); !slices.Equal(got, want) {
					rt.Fatalf("%v: found %v, want %v of %v", d, got, want, docs)
				}
			}
		})
	})
}
