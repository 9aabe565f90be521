package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
)

// uuidsIn returns the ids of a JSON array.
func uuidsIn(t *testing.T, array string) (out []uuid.UUID) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(array), &out))
	return out
}

func TestDiff(t *testing.T) { runCases(t, diffCases) }

var diffCases = []testCase{
	{"between two moments", "typed, in the order of the schema, and a line for each change", func(t *testing.T, e *env) {
		g, h := e.group("g"), e.group("h")
		a := e.client.User.Create().SetName("a").SetEmail("a").SetNick("x").AddGroups(g).SaveX(e.ctx)
		from := e.newest()
		a.Update().SetAge(1).SetPassword("one").ExecX(e.ctx)
		a.Update().SetAge(2).ClearNick().RemoveGroups(g).AddGroups(h).SetSeen("untracked").ExecX(e.ctx)
		to := e.newest()
		a.Update().SetName("later").ExecX(e.ctx)

		d, err := e.client.User.At(from).Diff(e.ctx, e.client.User.At(to), a.ID)
		require.NoError(t, err)
		require.Equal(t, sqlaudit.Diff{Type: "User", ID: idText(t, a.ID), Action: "update", Changes: []sqlaudit.Change{
			{Field: "age", New: 2},
			{Field: "nick", Old: "x"},
			{Field: "password", Redacted: true},
			{Field: "groups", Old: []uuid.UUID{g.ID}, New: []uuid.UUID{h.ID}},
		}}, d)
		name := "User " + idText(t, a.ID) + ": "
		require.Equal(t, strings.Join([]string{
			name + "age: ∅ → 2", name + `nick: "x" → ∅`, name + "password: changed (redacted)",
			name + fmt.Sprintf("groups: %v → %v", []uuid.UUID{g.ID}, []uuid.UUID{h.ID}), "",
		}, "\n"), d.String())

		back, err := e.client.User.At(to).Diff(e.ctx, e.client.User.At(from), a.ID)
		require.NoError(t, err)
		require.Equal(t, sqlaudit.Change{Field: "age", Old: 2}, back.Changes[0], "backwards too")
		now, err := e.client.User.At(to).Diff(e.ctx, e.client.User.Now(), a.ID)
		require.NoError(t, err)
		require.Equal(t, name+"name: \"a\" → \"later\"\n", now.String())
		none, err := e.client.User.At(to).Diff(e.ctx, e.client.User.AsOf(to.OccurredAt), a.ID)
		require.NoError(t, err)
		require.Empty(t, none.Action)
		require.Empty(t, none.String())

		one, _ := e.client.User.At(from).GetX(e.ctx, a.ID).AuditVersion()
		two, _ := e.client.User.At(to).GetX(e.ctx, a.ID).AuditVersion()
		require.Equal(t, d, one.Diff(two), "between two versions")
	}},
	{"what came and went", "an entity that is only there at one of the points", func(t *testing.T, e *env) {
		d := e.client.Doc.Create().SetID("d").SetTitle("t").SetPrice(kinds.Cents(5)).SaveX(e.ctx)
		there := e.newest()
		e.client.Doc.DeleteOne(d).ExecX(e.ctx)
		came, err := e.client.Doc.AsOf(time.Time{}).Diff(e.ctx, e.client.Doc.At(there), "d")
		require.NoError(t, err)
		require.Equal(t, "create", came.Action)
		require.Equal(t, there.Changes(), came.Changes)
		require.True(t, strings.HasPrefix(came.String(), "Doc d: created\nDoc d: title: ∅ → \"t\"\n"), came)
		went, err := e.client.Doc.At(there).Diff(e.ctx, e.client.Doc.Now(), "d")
		require.NoError(t, err)
		require.Equal(t, "delete", went.Action)
		require.Equal(t, sqlaudit.Change{Field: "title", Old: "t"}, went.Changes[0])
		_, err = e.client.Doc.AsOf(time.Time{}).Diff(e.ctx, e.client.Doc.Now(), "d")
		require.ErrorIs(t, err, sqlaudit.ErrNotYet)
		_, err = e.client.Doc.AsOfTx(uuid.New()).Diff(e.ctx, e.client.Doc.Now(), "d")
		require.ErrorIs(t, err, sqlaudit.ErrNoTransaction)
		_, err = e.client.Doc.Now().Diff(e.ctx, e.client.Doc.AsOfTx(uuid.New()), "d")
		require.ErrorIs(t, err, sqlaudit.ErrNoTransaction)
	}},
	{"what is known at one point only", "is neither a change nor none", func(t *testing.T, e *env) {
		e.exec(t, "INSERT INTO users (id, name, email) VALUES (99, 'n', 'n@example.com')")
		e.client.User.UpdateOneID(99).SetAge(1).ExecX(e.ctx)
		first := e.newest()
		e.baseline(t)
		d, err := e.client.User.At(first).Diff(e.ctx, e.client.User.Now(), 99)
		require.NoError(t, err)
		require.Equal(t, "name", d.Changes[0].Field)
		require.ErrorIs(t, d.Changes[0].Err, sqlaudit.ErrUnknown)
		require.Nil(t, d.Changes[0].Old)
		require.Equal(t, `"n"`, jsonOf(t, d.Changes[0].New))
	}},
	{"links that are known at one point only", "they are not taken to have come or gone", func(t *testing.T, e *env) {
		g, h := e.group("g"), e.group("h")
		u := e.client.User.Create().SetName("a").SetEmail("a").AddGroups(g).SaveX(e.ctx)
		e.forget(t)
		u.Update().SetName("b").ExecX(e.ctx)
		first := e.newest()
		u.Update().AddGroups(h).ExecX(e.ctx)
		second := e.client.User.QueryHistory(u).Order(auditlog.ByID(entsql.OrderDesc())).FirstX(e.ctx)
		e.baseline(t)
		last := e.newest()
		at := e.client.User.At
		links := func(from, to *ent.UserPast) *sqlaudit.Change {
			d, err := from.Diff(e.ctx, to, u.ID)
			require.NoError(t, err)
			for all, err := range from.Diffs(e.ctx, to) {
				require.NoError(t, err)
				require.Equal(t, d, all)
			}
			for _, c := range d.Changes {
				if c.Field == "groups" {
					return &c
				}
			}
			return nil
		}
		both := fmt.Sprintf("[%s,%s]", jsonOf(t, g.ID), jsonOf(t, h.ID))
		for _, c := range []struct {
			name     string
			from, to *ent.UserPast
			old, new string
		}{
			{"known later", at(first), e.client.User.Now(), "null", both},
			{"known before", e.client.User.Now(), at(first), both, "null"},
			{"known at neither", at(first), at(second), "[]", fmt.Sprintf("[%s]", jsonOf(t, h.ID))},
			{"not known where it is there alone", e.client.User.AsOf(time.Time{}), at(second), "null", fmt.Sprintf("[%s]", jsonOf(t, h.ID))},
		} {
			got := links(c.from, c.to)
			require.NotNil(t, got, c.name)
			require.ErrorIs(t, got.Err, sqlaudit.ErrUnknown, c.name)
			require.ElementsMatch(t, uuidsIn(t, c.old), uuidsIn(t, jsonOf(t, got.Old)), c.name)
			require.ElementsMatch(t, uuidsIn(t, c.new), uuidsIn(t, jsonOf(t, got.New)), c.name)
		}
		u.Update().RemoveGroups(g).ExecX(e.ctx)
		require.Equal(t, &sqlaudit.Change{Field: "groups", Old: []uuid.UUID{g.ID}, New: []uuid.UUID{}}, links(at(last), e.client.User.Now()), "known at both")
	}},
	{"all of a type", "each entity of which something changed", func(t *testing.T, e *env) {
		a, b, _ := e.user("a"), e.user("b"), e.user("unchanged")
		from := e.newest()
		a.Update().SetAge(1).ExecX(e.ctx)
		e.client.User.DeleteOne(b).ExecX(e.ctx)
		d := e.user("d")
		x := e.user("x")
		e.client.User.DeleteOne(x).ExecX(e.ctx)
		got := map[string]string{}
		e.probe.reset()
		for diff, err := range e.client.User.At(from).Diffs(e.ctx, e.client.User.Now()) {
			require.NoError(t, err)
			got[diff.ID] = fmt.Sprint(diff.Action, len(diff.Changes))
		}
		require.Equal(t, map[string]string{
			idText(t, a.ID): "update1", idText(t, b.ID): "delete5", idText(t, d.ID): "create5",
		}, got)
		require.Equal(t, []string{"BEGIN", "SELECT log", "SELECT log", "SELECT log", "SELECT log", "ROLLBACK"}, e.probe.noted(), "the moment, the ids, and the entries twice")
		for _, err := range e.client.User.At(from).Diffs(e.ctx, e.client.User.Now()) {
			require.NoError(t, err)
			break // and it can be left
		}
		for _, err := range e.client.User.Now().Diffs(e.ctx, e.client.User.AsOfTx(uuid.New())) {
			require.ErrorIs(t, err, sqlaudit.ErrNoTransaction)
		}
	}},
}
