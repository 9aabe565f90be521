package conformance

import (
	"context"
	"errors"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/memo"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/privacy"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/schema"
)

func TestGuard(t *testing.T) { runWrites(t, guardCases) }

var guardCases = []testCase{
	{"entries are read-only", "no entry is made, changed or removed through a client", func(t *testing.T, e *env) {
		u := e.user("a")
		entry := u.QueryHistory().OnlyX(e.ctx)
		check := func(c *ent.AuditLogClient) {
			require.ErrorIs(t, c.Create().Exec(e.ctx), sqlaudit.ErrReadOnly)
			require.ErrorIs(t, c.CreateBulk(c.Create()).Exec(e.ctx), sqlaudit.ErrReadOnly)
			require.ErrorIs(t, c.Update().Exec(e.ctx), sqlaudit.ErrReadOnly)
			require.ErrorIs(t, c.UpdateOne(entry).Exec(e.ctx), sqlaudit.ErrReadOnly)
			require.ErrorIs(t, c.DeleteOne(entry).Exec(e.ctx), sqlaudit.ErrReadOnly)
			_, err := c.Delete().Exec(e.ctx)
			require.ErrorIs(t, err, sqlaudit.ErrReadOnly)
		}
		check(e.client.AuditLog)
		e.inTx(t, func(tx *ent.Tx) { check(tx.AuditLog); check(tx.Client().AuditLog) })
		require.Len(t, e.log(t), 1)
	}},
	{"a tracked type without the hook", "its first write fails, and says what to do", func(t *testing.T, e *env) {
		e.probe.reset()
		require.ErrorIs(t, e.client.Broken.Create().SetName("b").Exec(e.ctx), sqlaudit.ErrHookMissing)
		require.ErrorIs(t, e.client.Broken.CreateBulk(e.client.Broken.Create().SetName("b")).Exec(e.ctx), sqlaudit.ErrHookMissing)
		require.ErrorIs(t, e.client.Broken.Update().SetName("b").Exec(e.ctx), sqlaudit.ErrHookMissing)
		_, err := e.client.Broken.Delete().Exec(e.ctx)
		require.ErrorIs(t, err, sqlaudit.ErrHookMissing)
		require.ErrorContains(t, err, "type Broken")
		require.Empty(t, e.probe.noted())
	}},
	{"a driver in between", "a mutation whose driver cannot be recognised is refused", func(t *testing.T, e *env) {
		require.ErrorIs(t, e.wrapped().Memo.Create().SetText("m").Exec(e.ctx), sqlaudit.ErrDriver)
	}},
	{"hooks", "the hook is the innermost: what is recorded is what other hooks left to be written", func(t *testing.T, e *env) {
		// With one connection, whatever a hook does beside an open transaction waits for ever.
		e.db.SetMaxOpenConns(1)
		defer e.db.SetMaxOpenConns(0)
		s := e.client.Site.Create().SetCode("S").SetCity("oslo").SaveX(e.ctx)
		require.Equal(t, `"OSLO"`, string(e.last(t).New["city"]))
		require.ErrorContains(t, s.Update().SetCity("veto").Exec(e.ctx), "vetoed")
		require.Len(t, e.log(t), 1)
		inTx := false
		e.client.Site.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				e.client.Memo.Create().SetText("from a hook").ExecX(context.Background())
				v, err := next.Mutate(ctx, m)
				e.client.Memo.Create().SetText("after").ExecX(context.Background())
				_, txErr := m.(*ent.SiteMutation).Tx()
				inTx = txErr == nil
				return v, err
			})
		})
		s.Update().SetCity("rome").ExecX(e.ctx)
		require.False(t, inTx, "hooks see the mutation outside of a transaction, as without auditing")
		require.Equal(t, []string{"create Memo", "update site", "create Memo"}, brief(e.log(t)[1:]))
	}},
	{"hooks of an untracked type", "they run outside of what its mutation changes in tracked rows, and what they change there is recorded once", func(t *testing.T, e *env) {
		e.db.SetMaxOpenConns(1)
		defer e.db.SetMaxOpenConns(0)
		s := e.client.Site.Create().SetCode("S").SetCity("x").SaveX(e.ctx)
		e.client.Org.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				e.client.Memo.Create().SetText("before").ExecX(context.Background())
				v, err := next.Mutate(ctx, m)
				e.client.Site.UpdateOneID(s.ID).SetCity("y").ClearOrg().ExecX(ctx)
				return v, errors.Join(err, errors.New("too late"))
			})
		})
		require.ErrorContains(t, e.client.Org.Create().SetName("o").AddSites(s).Exec(e.ctx), "too late")
		require.Equal(t, []string{"create Memo", "update site", "update site"}, brief(e.log(t)[1:]))
		o := e.client.Org.Query().OnlyX(e.ctx)
		require.Error(t, o.Update().SetName("p").AddSites(s).Exec(e.ctx))
		_, err := e.client.Org.Delete().Exec(e.ctx)
		require.ErrorContains(t, err, "too late")
		require.Equal(t, []string{"create Memo", "update site", "update site"}, brief(e.log(t)[4:7]))
		// Also in a transaction, and where ent has nothing to write.
		e.client = ent.NewClient(ent.Driver(e.driver()))
		e.inTx(t, func(tx *ent.Tx) {
			tx.Org.Use(func(next ent.Mutator) ent.Mutator {
				return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
					v, err := next.Mutate(ctx, m)
					tx.Site.UpdateOneID(s.ID).SetCity("z").ExecX(ctx)
					return v, err
				})
			})
			tx.Org.Update().Modify(func(*entsql.UpdateBuilder) {}).ExecX(e.ctx)
			tx.Box.Use(func(next ent.Mutator) ent.Mutator {
				return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
					v, err := next.Mutate(ctx, m)
					tx.Site.UpdateOneID(s.ID).SetCity("w").ExecX(ctx)
					return v, err
				})
			})
			tx.Box.Update().Modify(func(*entsql.UpdateBuilder) {}).ExecX(e.ctx)
		})
	}},
	{"two clients", "a context that is in one client's mutation says nothing to another client", func(t *testing.T, e *env) {
		probe := &probe{Driver: entsql.OpenDB(e.backend.dialect, e.db)}
		other := ent.NewClient(ent.Driver(probe))
		e.client.Org.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				v, err := next.Mutate(ctx, m)
				other.Memo.Query().CountX(ctx)
				e.client.Memo.Create().SetText("together").ExecX(ctx)
				return v, err
			})
		})
		s := e.client.Site.Create().SetCode("S").SetCity("x").SaveX(e.ctx)
		e.client.Org.Create().SetName("o").AddSites(s).ExecX(e.ctx)
		require.Equal(t, []string{"SELECT"}, probe.noted())
		require.Equal(t, []string{"update site", "create Memo"}, brief(e.log(t)[1:]))
	}},
	{"a hook that fails afterwards", "outside a transaction the change has happened, and is recorded", func(t *testing.T, e *env) {
		e.client.Memo.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				if _, err := next.Mutate(ctx, m); err != nil {
					return nil, err
				}
				return nil, errors.New("too late")
			})
		})
		require.ErrorContains(t, e.client.Memo.Create().SetText("m").Exec(e.ctx), "too late")
		require.Len(t, e.log(t), 1)
	}},
	{"soft delete", "what really happens is an update", func(t *testing.T, e *env) {
		m := e.client.Memo.Create().SetText("m").SaveX(e.ctx)
		e.client.Memo.DeleteOne(m).ExecX(e.ctx)
		l := e.last(t)
		require.Equal(t, "update", l.Action)
		require.Equal(t, "false → true", l.Change("deleted"))
		require.Equal(t, 0, e.client.Memo.Query().CountX(e.ctx))
		e.client.Memo.Update().SetText("hidden rows are written all the same").ExecX(e.ctx)
		require.Len(t, e.log(t), 3, "interceptors do not apply to mutations, nor to what is read for the record")
		e.client.Memo.DeleteOne(m).ExecX(withDeleted(e.ctx))
		require.Equal(t, "delete", e.last(t).Action)
	}},
	{"policy", "a mutation that is denied leaves no entry; one that is allowed needs no right to read", func(t *testing.T, e *env) {
		m := e.client.Memo.Create().SetText("m").SaveX(e.ctx)
		denied := schema.Deny(e.ctx)
		require.ErrorIs(t, m.Update().SetText("n").Exec(denied), privacy.Deny)
		require.Len(t, e.log(t), 1)
		e.client.Memo.Update().SetText("n").ExecX(privacy.DecisionContext(denied, privacy.Allow))
		require.Len(t, e.log(t), 2)
	}},
	{"who may read", "the policy and the interceptors of a type apply to queries that start from it", func(t *testing.T, e *env) {
		gone := e.client.Memo.Create().SetText("gone").SaveX(e.ctx)
		kept := e.client.Memo.Create().SetText("kept").SaveX(e.ctx)
		e.client.Memo.DeleteOne(gone).ExecX(e.ctx)
		denied := schema.Deny(e.ctx)
		for _, q := range []*ent.AuditLogQuery{e.client.Memo.QueryHistory(), e.client.Memo.QueryHistory(kept), kept.QueryHistory(), e.client.Memo.Query().QueryHistory()} {
			_, err := q.Clone().All(denied)
			require.ErrorIs(t, err, privacy.Deny)
			require.Equal(t, 1, q.CountX(e.ctx), "the interceptor hides the one that is deleted")
		}
		require.Equal(t, 0, gone.QueryHistory().CountX(e.ctx))
		require.Equal(t, 3, e.client.Memo.QueryHistory().CountX(withDeleted(e.ctx))-0, "a context that sees everything sees all of the history")
		_, err := e.client.Memo.Query().WithHistory().All(denied)
		require.ErrorIs(t, err, privacy.Deny)
		_, err = kept.QueryHistory().QueryMemo().All(denied)
		require.ErrorIs(t, err, privacy.Deny)
		require.Equal(t, []int{kept.ID}, e.client.AuditLog.Query().QueryMemo().Order(memo.ByID()).IDsX(e.ctx))
	}},
}

// wrapped returns a client over which something else has put a driver of its own.
func (e *env) wrapped() *ent.Client {
	c := ent.NewClient(ent.Driver(e.driver()))
	ent.WrapDriver(c, func(d dialect.Driver) dialect.Driver { return struct{ dialect.Driver }{d} })
	return c
}
