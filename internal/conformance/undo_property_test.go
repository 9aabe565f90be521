package conformance

import (
	"database/sql"
	"errors"
	"slices"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sqlaudit/sqlaudit"
	sqlauditlog "github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/history"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/undo"
)

// Random changes of many types, and a random one undone: where nothing came later, all tables are as they were, and undoing that gives
// them back. An entity put back to a moment is what it was, or what is in the way is said.
func TestUndoProperty(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		alone := 0 // how often one entry was undone
		rapid.Check(t, func(rt *rapid.T) {
			e := newEnv(t, b, db)
			d := &drawer{T: rt, ctx: e.ctx}
			for _, name := range []string{"x", "y"} {
				e.client.Room.Create().SetName(name).ExecX(e.ctx)
				e.client.Box.Create().SetLabel(name).ExecX(e.ctx)
				e.client.Lamp.Create().ExecX(e.ctx)
			}
			e.client.Team.Create().SetSlug("t").ExecX(e.ctx)
			d.all(e, 3, 8)
			then := e.newest()

			// A whole transaction.
			before := e.tables(t)
			id, ok := d.all(e, 1, 6)
			if !ok { // what was drawn did not fit
				e.client.User.Create().SetName("n").SetEmail("nobody's").ExecX(e.ctx)
				id = e.newest().TxID
			}
			after := e.tables(t)
			require.NoError(rt, e.client.AuditRevertTransaction(e.ctx, id))
			require.Equal(rt, before, e.tables(t))
			e.check(t, rt)
			if back := e.newest(); back.TxID != id {
				require.NoError(rt, e.client.AuditRevertTransaction(e.ctx, back.TxID))
				require.Equal(rt, after, e.tables(t))
				e.check(t, rt)
			}

			// One entity, to the moment.
			d.all(e, 2, 4)
			entries := e.client.AuditLog.Query().Order(auditlog.ByID(entsql.OrderDesc())).AllX(e.ctx)
			entry := entries[rapid.IntRange(0, len(entries)-1).Draw(rt, "entry")]
			undoing := e.revertTo(t, entry, history.AfterTx(then.TxID))
			typ := entry.ResourceType
			switch row, there := before[typ][entry.ResourceID]; {
			case errors.As(undoing, new(*sqlaudit.NotThereError)):
				require.False(rt, there, "it was there")
			case undoing == nil:
				require.True(rt, there)
				require.Equal(rt, row, e.tables(t)[typ][entry.ResourceID])
			default:
				d.inTheWay(undoing)
			}
			e.check(t, rt)

			// One entry, with nothing later.
			was := e.tables(t)
			id, ok = d.all(e, 1, 1)
			list := single(e.client.AuditLog.Query().Where(auditlog.TxID(id)).AllX(e.ctx))
			if ok && len(list) > 0 {
				alone++
				entry := list[rapid.IntRange(0, len(list)-1).Draw(rt, "of the last")]
				typ := entry.ResourceType
				if err := e.client.AuditRevert(e.ctx, entry); err != nil {
					d.inTheWay(err)
				} else {
					require.Equal(rt, was[typ][entry.ResourceID], e.tables(t)[typ][entry.ResourceID])
				}
				e.check(t, rt)
			}
		})
		require.Positive(t, alone, "one entry was undone")
	})
}

// single returns the entries of a list that are the only ones about their entity: a step may be two mutations.
func single(list []*ent.AuditLog) []*ent.AuditLog {
	type name struct{ typ, id string }
	about := make(map[name]int)
	for _, l := range list {
		about[name{l.ResourceType, l.ResourceID}]++
	}
	return slices.DeleteFunc(list, func(l *ent.AuditLog) bool { return about[name{l.ResourceType, l.ResourceID}] > 1 })
}

// check is reconcile, whose failure rapid sees.
func (e *env) check(t *testing.T, rt *rapid.T) {
	report, err := sqlaudit.Reconcile(e.ctx, e.client)
	require.NoError(rt, err)
	require.True(rt, report.OK(), report)
	failed := t.Failed()
	oracle.Reconcile(t, e.db)
	require.Equal(rt, failed, t.Failed())
}

// revertTo has the entity that an entry is about be what it was at a moment.
func (e *env) revertTo(t *testing.T, entry *ent.AuditLog, m history.Moment) error {
	t.Helper()
	var (
		n    int
		id   uuid.UUID
		text string
	)
	parse := func(dest ...any) { require.NoError(t, sqlauditlog.ParseKey(entry.ResourceID, dest...)) }
	switch c := e.client; entry.ResourceType {
	case "User":
		parse(&n)
		return c.User.RevertTo(e.ctx, n, m)
	case "Pet":
		parse(&id)
		return c.Pet.RevertTo(e.ctx, id, m)
	case "Card":
		return c.Card.RevertTo(e.ctx, entry.ResourceID, m)
	case "Group":
		parse(&id)
		return c.Group.RevertTo(e.ctx, id, m)
	case "Shelf":
		parse(&n)
		return c.Shelf.RevertTo(e.ctx, n, m)
	case "Book":
		parse(&n)
		return c.Book.RevertTo(e.ctx, n, m)
	case "Lamp":
		parse(&n)
		return c.Lamp.RevertTo(e.ctx, n, m)
	case "Node":
		parse(&n)
		return c.Node.RevertTo(e.ctx, n, m)
	case "Team":
		return c.Team.RevertTo(e.ctx, entry.ResourceID, m)
	case "Membership":
		parse(&n)
		return c.Membership.RevertTo(e.ctx, n, m)
	case "Tag":
		return c.Tag.RevertTo(e.ctx, entry.ResourceID, m)
	case "Doc":
		return c.Doc.RevertTo(e.ctx, entry.ResourceID, m)
	case "Post":
		parse(&n)
		return c.Post.RevertTo(e.ctx, n, m)
	default:
		parse(&n, &text)
		return c.Tagging.RevertTo(e.ctx, n, text, m)
	}
}

// inTheWay sees that an undoing failed by what of other entities is in the way.
func (d *drawer) inTheWay(err error) {
	var ce *sqlaudit.ConflictError
	if errors.As(err, &ce) {
		for _, c := range ce.Conflicts {
			require.Contains(d, []undo.Kind{undo.NoTarget, undo.Taken, undo.Recreated, undo.Referred}, c.Kind, c)
		}
		return
	}
	require.True(d, ent.IsConstraintError(err), err)
}
