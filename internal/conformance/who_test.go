package conformance

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
)

func TestWho(t *testing.T) { runWrites(t, whoCases) }

var whoCases = []testCase{
	{"everything a context says", "it stands in the entry", func(t *testing.T, e *env) {
		ctx := sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: "42", Type: "User", Name: "ada@example.com"})
		ctx = sqlaudit.WithReason(ctx, "ticket 7")
		ctx = sqlaudit.WithImpersonator(ctx, 7)
		ctx = sqlaudit.WithMetadata(ctx, map[string]any{"ip": "::1", "n": 1})
		ctx = sqlaudit.WithMetadata(ctx, map[string]any{"n": 2})
		e.client.User.Create().SetName("a").SetEmail("a@x").ExecX(ctx)
		l := e.last(t)
		require.Equal(t, []string{"42", "User", "ada@example.com", "7", "ticket 7"}, []string{l.ActorID, l.ActorType, l.ActorName, l.ImpersonatorID, l.Reason})
		require.JSONEq(t, `{"ip":"::1","n":2}`, l.Metadata)
	}},
	{"scope", "a context says nothing about its parent", func(t *testing.T, e *env) {
		parent := sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: 1})
		_ = sqlaudit.WithReason(sqlaudit.WithMetadata(parent, map[string]any{"a": 1}), "inner")
		child := sqlaudit.WithReason(parent, "kept")
		child = sqlaudit.NewContext(child, sqlaudit.Actor{ID: 2})
		e.client.User.Create().SetName("a").SetEmail("a@x").ExecX(parent)
		require.Empty(t, e.last(t).Reason+e.last(t).Metadata)
		e.client.User.Create().SetName("b").SetEmail("b@x").ExecX(child)
		require.Equal(t, "2 kept", e.last(t).ActorID+" "+e.last(t).Reason)
	}},
	{"ids", "an actor's id may be text, an integer or a UUID", func(t *testing.T, e *env) {
		id := uuid.New()
		for want, v := range map[string]any{"x": "x", "5": 5, "6": int64(6), "7": uint8(7), id.String(): id} {
			ctx := sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: v})
			e.client.Memo.Create().SetText("m").ExecX(ctx)
			require.Equal(t, want, e.last(t).ActorID)
		}
	}},
	{"nobody", "an unknown actor is unknown", func(t *testing.T, e *env) {
		e.user("a")
		require.Empty(t, e.last(t).ActorID)
	}},
	{"limits", "a value that is too long fails the mutation before anything is written", func(t *testing.T, e *env) {
		actor := func(a sqlaudit.Actor) context.Context { return sqlaudit.NewContext(e.ctx, a) }
		e.client.Memo.Create().SetText("fits").ExecX(sqlaudit.WithReason(actor(sqlaudit.Actor{ID: strings.Repeat("ä", 256)}), strings.Repeat("ü", 512)))
		e.probe.reset()
		for name, ctx := range map[string]context.Context{
			"actor id":        actor(sqlaudit.Actor{ID: strings.Repeat("x", 257)}),
			"actor type":      actor(sqlaudit.Actor{ID: 1, Type: strings.Repeat("x", 129)}),
			"actor name":      actor(sqlaudit.Actor{ID: 1, Name: "\xff"}),
			"impersonator id": sqlaudit.WithImpersonator(e.ctx, strings.Repeat("x", 257)),
			"reason":          sqlaudit.WithReason(e.ctx, strings.Repeat("x", 513)),
			"metadata":        sqlaudit.WithMetadata(e.ctx, map[string]any{"f": func() {}}),
		} {
			err := e.client.Memo.Create().SetText("m").Exec(ctx)
			var ve *sqlaudit.ValueError
			require.ErrorAs(t, err, &ve)
			require.Equal(t, name, ve.Name)
		}
		require.ErrorContains(t, e.client.Memo.Create().SetText("m").Exec(actor(sqlaudit.Actor{ID: 1.5})), "float64 is no id")
		require.Empty(t, e.probe.noted())
	}},
	{"texts that look like something else", "few entries and many are written as they are", func(t *testing.T, e *env) {
		odd := `{"a\"',\\u0041,null,NULL,$1,?,[]} <&> ☃ \N` + "\t\n\u2028"
		ctx := sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: odd, Name: "NULL"})
		ctx = sqlaudit.WithMetadata(sqlaudit.WithReason(ctx, odd), map[string]any{odd: odd})
		for _, n := range []int{1, 8, 9, 50} {
			e.client.Memo.MapCreateBulk(make([]int, n), func(c *ent.MemoCreate, i int) { c.SetText(fmt.Sprint(i, odd)) }).ExecX(ctx)
			log := e.log(t)
			for i, l := range log[len(log)-n:] {
				require.Equal(t, []string{odd, "NULL", odd}, []string{l.ActorID, l.ActorName, l.Reason})
				var metadata map[string]string
				require.NoError(t, json.Unmarshal([]byte(l.Metadata), &metadata))
				require.Equal(t, map[string]string{odd: odd}, metadata)
				var text string
				require.NoError(t, json.Unmarshal(l.New["text"], &text))
				require.Equal(t, fmt.Sprint(i, odd), text)
			}
		}
	}},
	{"the entity's own actor", "ActorField is used where nobody else is known", func(t *testing.T, e *env) {
		s := e.client.Site.Create().SetCode("S").SetCity("a").SetEditedBy(5).SaveX(e.ctx)
		require.Equal(t, "5", e.last(t).ActorID)
		s.Update().SetCity("b").SetEditedBy(6).ExecX(e.ctx)
		require.Equal(t, "6", e.last(t).ActorID)
		s.Update().SetCity("c").ExecX(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: 9}))
		require.Equal(t, "9", e.last(t).ActorID)
		s.Update().ClearEditedBy().ExecX(e.ctx)
		require.Empty(t, e.last(t).ActorID)
		s.Update().SetEditedBy(7).ExecX(e.ctx)
		e.client.Site.DeleteOne(s).ExecX(e.ctx)
		require.Equal(t, "7", e.last(t).ActorID)
	}},
	{"in bulk", "each member has what its own context says, also from a hook", func(t *testing.T, e *env) {
		n := 0
		e.client.Pet.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				n++
				return next.Mutate(sqlaudit.NewContext(ctx, sqlaudit.Actor{ID: n}), m)
			})
		})
		e.client.Pet.CreateBulk(e.client.Pet.Create().SetName("a"), e.client.Pet.Create().SetName("b")).ExecX(e.ctx)
		entries := e.log(t)
		require.Equal(t, []string{"1", "2"}, []string{entries[0].ActorID, entries[1].ActorID})
	}},
	{"many goroutines", "contexts are shared safely", func(t *testing.T, e *env) {
		base := sqlaudit.WithMetadata(e.ctx, map[string]any{"base": true})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				ctx := sqlaudit.WithMetadata(sqlaudit.NewContext(base, sqlaudit.Actor{ID: i}), map[string]any{"i": i})
				e.client.Memo.Create().SetText(idText(t, i)).ExecX(ctx)
			})
		}
		wg.Wait()
		for _, l := range e.log(t) {
			require.Equal(t, `"`+l.ActorID+`"`, string(l.New["text"]))
			require.JSONEq(t, `{"base":true,"i":`+l.ActorID+`}`, l.Metadata)
		}
	}},
}

func TestActorFunction(t *testing.T) {
	eachWay(t, func(t *testing.T, b backend, db *sql.DB) {
		var calls int
		fail := false
		e := newEnv(t, b, db, ent.AuditActor(func(context.Context) (sqlaudit.Actor, error) {
			calls++
			if fail {
				return sqlaudit.Actor{}, errors.New("no session")
			}
			return sqlaudit.Actor{ID: "fn"}, nil
		}))
		e.user("a")
		require.Equal(t, "fn", e.last(t).ActorID)
		e.client.Memo.Create().SetText("m").ExecX(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: "ctx"}))
		require.Equal(t, "ctx", e.last(t).ActorID)
		require.Equal(t, 1, calls, "it is asked only where the context says nothing")
		e.client.Plain.Create().SetName("p").ExecX(e.ctx)
		require.Equal(t, 1, calls, "it is not asked for untracked types")
		e.client.Site.Create().SetCode("S").SetCity("c").SetEditedBy(3).ExecX(e.ctx)
		require.Equal(t, "fn", e.last(t).ActorID, "it comes before the entity's own field")
		fail = true
		e.probe.reset()
		require.ErrorContains(t, e.client.Memo.Create().SetText("m").Exec(e.ctx), "no session")
		require.Empty(t, e.probe.noted(), "it is asked before a transaction opens")
		e.reconcile(t)
	})
}
